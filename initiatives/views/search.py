"""The search: what one may read, and where in it the words stand.

The words are sent in the body: they may be those of a secret title, and an address stays in the history of the
browser and in the logs of whatever stands in between.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from confidentiality.fields import if_it_opens
from initiatives import services
from initiatives.forms import FindForm
from initiatives.models import Conflict, Initiative, Session
from initiatives.models.session import SESSION_TEXTS
from participants.models import OfficialBody, Person
from transfer.models import Outcome, Transfer

SHOWN = 50
SHOWN_OF_A_KIND = 20
LABEL_LENGTH = 120
WHERE = {
    "brief.title": _("in the title"),
    "brief.objective": _("in the objective"),
    "codename": _("in the codename"),
    "public_line": _("in the public line"),
    "title": _("in the published title"),
    "purpose": _("in the purpose"),
    "next_step": _("in the next step"),
    "place": _("in the place"),
    "notes": _("in the notes"),
    "incidents": _("in the incidents"),
    "pseudonym": _("in the pseudonym"),
    "statement": _("in the statement"),
    "interest_addressed": _("in the interest addressed"),
    "evidence": _("in the evidence"),
    "message": _("in the message"),
    "note": _("in the note"),
    "name": _("in the name"),
}
OUTCOME = ("statement", "interest_addressed", "evidence")
TRANSFER = ("message", "note")


@dataclass(frozen=True, slots=True)
class Kind:
    """Records of one kind: the rows that a user may see, the fields that are looked through, where a hit leads.

    Every row is read, so of a row only what is looked through and what it needs to be opened and called something.
    Who a person is, is opened deliberately, one by one, and so is not searched.
    """

    heading: Any
    records: Callable[[Any], Any]
    fields: tuple[str, ...]
    address: str
    about: str
    otherwise: Callable[[Any], Any] = str


KINDS = (
    Kind(
        _("Sessions"),
        lambda user: Session.objects.visible_to(user).kept().only("initiative", "format", *SESSION_TEXTS),
        SESSION_TEXTS,
        "initiatives:session",
        "initiative",
        lambda session: session.get_format_display(),
    ),
    Kind(
        _("Outcomes"),
        lambda user: Outcome.objects.visible_to(user).kept().only("initiative", *OUTCOME),
        OUTCOME,
        "transfer:outcome",
        "initiative",
    ),
    Kind(
        _("Transfers"),
        lambda user: Transfer.objects.visible_to(user).kept().only("initiative", "channel", *TRANSFER),
        TRANSFER,
        "transfer:transfer",
        "initiative",
        lambda transfer: transfer.get_channel_display(),
    ),
    Kind(
        _("People"),
        lambda user: Person.objects.visible_to(user).only("organisation", "pseudonym"),
        ("pseudonym",),
        "participants:person",
        "",
    ),
    Kind(
        _("Official bodies"),
        lambda user: OfficialBody.objects.visible_to(user).only("conflict", "name"),
        ("name",),
        "participants:body",
        "conflict",
    ),
    Kind(
        _("Conflicts"), lambda user: Conflict.objects.visible_to(user), ("name",), "initiatives:conflict", ""
    ),
)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def search(request: HttpRequest) -> HttpResponse:
    """Titles and objectives of one's own teams and what is inside, cards one may see, and shared reference."""
    text = FindForm(request.POST).words()
    hits = services.find(by=request.user, text=text, limit=SHOWN + 1)
    own = set(Initiative.objects.of_team(request.user).values_list("pk", flat=True)) if hits else set()
    found = [(kind, _rows(kind, request.user, text)) for kind in KINDS] if text else []
    context = {
        "q": text,
        "hits": [(hit.initiative, [WHERE[place] for place in hit.places]) for hit in hits[:SHOWN]],
        "more": len(hits) > SHOWN,
        "own": own,
        "found": [
            (kind, rows[:SHOWN_OF_A_KIND], len(rows) > SHOWN_OF_A_KIND) for kind, rows in found if rows
        ],
    }
    return render(request, "initiatives/search.html", context)


def _rows(kind: Kind, user: Any, text: str) -> list[dict[str, Any]]:
    """What a hit is called, what it belongs to, and where the words stand."""
    found = services.find_records(kind.records(user), kind.fields, text, limit=SHOWN_OF_A_KIND + 1)
    if kind.about:
        prefetch_related_objects([row for row, _places in found], kind.about)
    services.entitle(
        by=user, initiatives=[row.initiative for row, _places in found if kind.about == "initiative"]
    )
    return [
        {
            "label": _label(kind, record),
            "pk": record.pk,
            "about": getattr(record, kind.about) if kind.about else None,
            "where": [WHERE[place] for place in places],
        }
        for record, places in found
    ]


def _label(kind: Kind, record: Any) -> Any:
    text = " ".join((if_it_opens(record, kind.fields[0]) or "").split())
    return Truncator(text).chars(LABEL_LENGTH) if text else kind.otherwise(record)
