"""Everything of one initiative as one file: what its lead hands to the convening organisation before it is destroyed.

Not more than the lists give one by one: a file leaves the room, and what rules keep there stays. The API writes every
list and counts what stays; this only puts them together.
"""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from confidentiality import noted
from confidentiality.codes import Action, ExportReason
from initiatives.models import Initiative
from initiatives.views.files import NAMED, of_api
from initiatives.views.inside import entered, frame

# The lists of the API that can be asked for what is inside one initiative; a test says which is missing.
LISTS: Mapping[str, Any] = {
    "briefs": gettext_lazy("Brief"),
    "ground-rules": gettext_lazy("Ground rules"),
    "ground-rules-assents": gettext_lazy("Assents to the ground rules"),
    "team-members": gettext_lazy("Team"),
    "retentions": gettext_lazy("Until when it is kept"),
    "sessions": NAMED["sessions"],
    "attendances": gettext_lazy("Who was at which session"),
    "participations": NAMED["participations"],
    "selection-ratings": gettext_lazy("Selection ratings"),
    "outcomes": NAMED["outcomes"],
    "transfers": NAMED["transfers"],
    "uptake-steps": gettext_lazy("Steps of uptake"),
    "coordination-links": gettext_lazy("Arrangements with other initiatives"),
    "audit-events": NAMED["audit-events"],
}
ARCHIVE = "initiative.zip"  # Never a codename: a list of downloads is read by others.


@dataclass(frozen=True, slots=True)
class Part:
    """One list: how many rows leave, stay, and leave with less than the team reads."""

    code: str
    name: str
    leave: int
    stay: int
    less: int


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def everything(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What would leave, list by list; then, for those who lead, all of it as one file."""
    shown, standing = entered(request, pk, Action.TAKE_OUT)
    why = request.POST.get("why", "")
    if request.method == "POST" and why in ExportReason.values:
        return _archive(request, shown, why)
    context = {
        **frame(request, shown, standing),
        "parts": [part for part in _parts(request, shown) if part.leave or part.stay],
        "reasons": ExportReason.choices,
        "why": why or ExportReason.HAND_OVER,
        "unsaid": request.method == "POST",
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "initiatives/everything.html", context, status=status)


def _parts(request: HttpRequest, shown: Initiative) -> list[Part]:
    found = []
    for code, name in LISTS.items():
        counted = _asked(request, shown, code, preview="yes").data
        stay, less = sum(counted["left_out"].values()), sum(counted["without_texts"].values())
        found.append(Part(code, str(name), counted["rows"], stay, less))
    return found


def _asked(request: HttpRequest, shown: Initiative, code: str, **query: str) -> Any:
    return of_api(request, reverse(f"api-{code}-list"), {"initiative": shown.pk, **query})


def _archive(request: HttpRequest, shown: Initiative, why: str) -> HttpResponse:
    parts, stored = _parts(request, shown), io.BytesIO()
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in parts:
            if part.leave:
                file = _asked(request, shown, part.code, export="csv", why=why)
                archive.writestr(f"{part.code}.csv", file.content)
        archive.writestr("READ-ME.txt", _said(request, parts))
    totals: Counter[str] = Counter()
    for part in parts:
        totals.update(rows=part.leave, left_out=part.stay, without_texts=part.less)
    # One line in the ledger for the one file, in place of those of its parts.
    noted.exported("everything", counts={shown.pk: totals}, format="zip", why=why)
    response = HttpResponse(stored.getvalue(), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{ARCHIVE}"'
    return response


def _said(request: HttpRequest, parts: list[Part]) -> str:
    """What is in it and what is not, for whoever opens it later."""
    head = _("Taken out by %(name)s on %(day)s UTC.") % {
        "name": request.user.name,
        "day": f"{datetime.now(UTC):%Y-%m-%d %H:%M}",
    }
    row = _(
        "%(list)s: %(leave)d rows are here, %(stay)d stayed, %(less)d are here with less than the team reads."
    )
    rows = [
        row % {"list": part.name, "leave": part.leave, "stay": part.stay, "less": part.less}
        for part in parts
        if part.leave or part.stay
    ]
    tail = _(
        "Who people are is in none of these files, and neither is what the rules of the sessions keep inside."
    )
    return "\n".join([head, "", *rows, "", tail, ""])
