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
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.api import resource
from confidentiality import noted
from confidentiality.codes import Action, ExportReason
from confidentiality.models import AuditEvent
from initiatives.models import Initiative
from initiatives.views.files import NAMED, TooLong, named_in, of_api
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
    """One list, or a part of a long one: how many rows leave, stay, and leave with less than the team reads; where in
    them names stand, and which address of the API gives them."""

    file: str
    code: str
    name: str
    leave: int
    stay: int
    less: int
    named: list[tuple[str, str]]
    asked: Mapping[str, Any]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def everything(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What would leave, list by list; then, for those who lead, all of it as one file."""
    shown, standing = entered(request, pk, Action.TAKE_OUT)
    why = request.POST.get("why", "")
    if request.method == "POST" and why in ExportReason.values:
        try:
            return _archive(request, shown, why)
        except TooLong:
            pass  # Told on the page, with the list that it is.
    context = {
        **frame(request, shown, standing),
        **_told(request, shown),
        "reasons": ExportReason.choices,
        "why": why or ExportReason.HAND_OVER,
        "unsaid": request.method == "POST" and why not in ExportReason.values,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "initiatives/everything.html", context, status=status)


def _told(request: HttpRequest, shown: Initiative) -> dict[str, Any]:
    """What the page says of the lists; of one that no file holds, which it is."""
    try:
        parts = [part for part in _parts(request, shown) if part.leave or part.stay]
    except TooLong as error:
        return {"too_long": str(error)}
    return {"parts": parts, "named": [(part.name, part.named) for part in parts if part.named]}


def _parts(request: HttpRequest, shown: Initiative) -> list[Part]:
    found = []
    for code, name in LISTS.items():
        pieces = _pieces(request, shown, code)
        for number, piece in enumerate(pieces, 1):
            try:
                counted = _asked(request, shown, code, **piece, preview="yes").data
            except TooLong as error:
                raise TooLong(f"{name}: {error}") from error
            stay, less = sum(counted["left_out"].values()), sum(counted["without_texts"].values())
            many = f" {number}" if len(pieces) > 1 else ""
            found.append(
                Part(
                    file=f"{code}{many.replace(' ', '-')}.csv",
                    code=code,
                    name=f"{name}{many}",
                    leave=counted["rows"],
                    stay=stay,
                    less=less,
                    named=named_in(code, counted, shown.pk),
                    asked=piece,
                )
            )
    return found


def _pieces(request: HttpRequest, shown: Initiative, code: str) -> list[dict[str, Any]]:
    """How a list is asked for: whole; but who looked at what grows with every look, so that is asked for in parts."""
    if code != "audit-events":
        return [{}]
    seen = AuditEvent.objects.visible_to(request.user).filter(stream=shown.pk)
    last = seen.aggregate(last=Max("position"))["last"] or 0
    starts = range(0, last, resource.MOST_ROWS)
    return [{"after_position": at, "up_to_position": at + resource.MOST_ROWS} for at in starts] or [{}]


def _asked(request: HttpRequest, shown: Initiative, code: str, **query: Any) -> Any:
    return of_api(request, reverse(f"api-{code}-list"), {"initiative": shown.pk, **query})


def _archive(request: HttpRequest, shown: Initiative, why: str) -> HttpResponse:
    parts, stored = _parts(request, shown), io.BytesIO()
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in parts:
            if part.leave:
                file = _asked(request, shown, part.code, **part.asked, export="csv", why=why)
                archive.writestr(part.file, file.content)
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
