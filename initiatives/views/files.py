"""Lists as files: the way from a page's list to its file, past a preview of what leaves the team, and why not the rest.

The API writes them and counts for the preview: one place decides what leaves the room. An address holds codes and ids,
and never words that were searched for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import copy
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import resolve, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from accounts.api.export import FORMATS, TOO_MANY, WATERMARK
from confidentiality.codes import ExportReason, KeptBy, Rule
from confidentiality.words import listed

PSEUDONYMS = _("By pseudonym: who people are is in no file.")
LEFT_OUT: Mapping[str, Any] = {
    "sessions": _(
        "Left out, because a file leaves the room: sessions for participants only, deleted ones, and of sessions "
        "without notes, with agreed texts only, or under an embargo everything but the facts and the numbers."
    ),
    "people": PSEUDONYMS,
    "participations": _("By pseudonym: who people are is in no file, and neither are the notes on them."),
    "official-bodies": _(
        "Left out: who can reach these offices. It is in the file of ties, for those who see them."
    ),
    "official-links": _(
        "The ties that you may see, by pseudonym: who people are is in no file, and neither are the notes on ties."
    ),
    "outcomes": _(
        "Left out, because a file leaves the room: every text that the group did not agree to let travel, or whose "
        "session was without notes, for agreed texts only or under an embargo; what came out of sessions for "
        "participants only; and whose change it was, unless the session was on the record."
    ),
    "transfers": _(
        "Left out, because a file leaves the room: transfers on a way that their outcome may not travel, by agreement "
        "or by the rule or an embargo of its session; by whose link they went; and who carried them, unless the "
        "session was on the record."
    ),
    "received-transfers": _("Nothing is left out: the file says what this page says."),
    "audit-events": _(
        "Ids, codes and times; people stand by their ids. Left out: which records they were, where who was at a "
        "session was among them; and every event that speaks of a session for participants only."
    ),
}
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TECHNICAL = ("id", "version", "created_at", "updated_at", "deleted_at", WATERMARK)
YES_NO = {"yes": "true", "no": "false"}


# Where a record of a list stands, for lists whose texts are looked through for names.
PAGES: Mapping[str, str] = {
    "sessions": "initiatives:session",
    "outcomes": "transfer:outcome",
    "transfers": "transfer:transfer",
    "briefs": "initiatives:brief",
    "ground-rules": "initiatives:ground_rules_version",
}
# Of these, inside which initiative is said in the address too.
PAGES_INSIDE = {"ground-rules"}
NAMED_SHOWN = 20


# Lists of which a page offers files, and the page that the preview leads back to.
NAMED: Mapping[str, Any] = {
    "sessions": _("Sessions"),
    "people": _("People"),
    "participations": _("Participations"),
    "official-bodies": _("Official bodies"),
    "official-links": _("Ties to officials"),
    "outcomes": _("Outcomes"),
    "transfers": _("Transfers"),
    "received-transfers": _("Received"),
    "audit-events": _("Audit"),
}
# Where what kept something inside has other words of its own.
OTHERWISE: Mapping[tuple[str, str], Any] = {
    ("transfers", KeptBy.PERMISSION): _("what it carried may not travel that way"),
}


def files_of(resource: str, filters: Mapping[str, Any]) -> dict[str, Any]:
    """The way from a list to its file. `filters`: of the API; empty ones are none."""
    chosen = {name: YES_NO.get(str(value), value) for name, value in filters.items() if value}
    asked = f"?{urlencode(chosen)}" if chosen else ""
    return {"preview": reverse("initiatives:files", args=[resource]) + asked}


@login_required
@require_GET
def files(request: HttpRequest, resource: str) -> HttpResponse:
    """What leaves the team with a list, and why not the rest; then for what it is taken, and the file."""
    if resource not in NAMED:
        raise Http404
    address = reverse(f"api-{resource}-list")
    try:
        counted = _counted(request, address)
    except TooLong as error:
        too_long = {"name": NAMED[resource], "why": str(error)}
        return render(request, "initiatives/files_too_long.html", too_long)
    told = _telling(counted)
    context = {
        "resource": resource,
        "name": NAMED[resource],
        "address": address,
        "chosen": _filters(request),
        "why": request.GET.get("why", ""),
        "searched": "searched" in request.GET,
        "rows": counted["rows"],
        "stays": _in_words(resource, counted["left_out"]),
        "wordless": _in_words(resource, counted["without_texts"]),
        "columns": told,
        "besides": [name for name in counted["columns"] if name not in told],
        "first": [[row[name] for name in told] for row in counted["first"]],
        "named": named_in(resource, counted)[:NAMED_SHOWN],
        "named_number": len(counted["named"]),
        "unsearched": counted["unsearched"],
        "formats": [(name, name.upper()) for name in FORMATS],
        "reasons": ExportReason.choices,
        "left_out": str(LEFT_OUT[resource]),
    }
    return render(request, "initiatives/files.html", context)


def _counted(request: HttpRequest, address: str) -> dict[str, Any]:
    """As the API counts it for this reader. What it refuses is an address that no page of ours leads to."""
    counted: dict[str, Any] = of_api(request, address, {**_filters(request), "preview": "yes"}).data
    return counted


class TooLong(Exception):
    """A list has more rows than one file holds. Says how many."""


def of_api(request: HttpRequest, address: str, query: Mapping[str, Any]) -> Any:
    """What the API answers this reader to a list; 404 where it refuses. Raises TooLong."""
    asked = copy(request)
    asked.method = "GET"
    # What the reader's browser takes is said of the page, not of what the API answers here; and who reads a page is who
    # is signed in: a token beside the cookie would act, and be written down, in the name of its user.
    sent = {"QUERY_STRING": urlencode(query), "HTTP_ACCEPT": "application/json"}
    kept = {name: value for name, value in request.META.items() if name != "HTTP_AUTHORIZATION"}
    asked.environ = asked.META = {**kept, **sent}  # type: ignore[attr-defined]
    for name in ("GET", "headers"):
        asked.__dict__.pop(name, None)  # Read anew from there.
    with transaction.atomic():  # What the API refuses it rolls back, and here a page is to follow.
        answer: Any = resolve(address).func(asked)
    if answer.status_code != 200:
        said = [one["detail"] for one in answer.data.get("errors", ()) if one["code"] == TOO_MANY]
        raise TooLong(said[0]) if said else Http404
    return answer


def named_in(resource: str, counted: Mapping[str, Any], inside: UUID | None = None) -> list[tuple[str, str]]:
    """(where it stands, which words) of the texts that leave and hold names. `inside`: the initiative, where all of
    them are of one."""
    if resource not in PAGES:
        return []
    where = [inside] if resource in PAGES_INSIDE else []
    return [
        (reverse(PAGES[resource], args=[*where, one["id"]]), listed(one["words"])) for one in counted["named"]
    ]


def _telling(counted: Mapping[str, Any]) -> list[str]:
    """The columns that somebody reads: not ids and times of the record, nor what is empty in all the rows shown."""

    def tells(name: str) -> bool:
        cells = [row.get(name) for row in counted["first"]]
        return any(cell not in (None, "", "{}") and not ID.search(str(cell)) for cell in cells)

    return [name for name in counted["columns"] if name not in TECHNICAL and tells(name)]


def _filters(request: HttpRequest) -> dict[str, str]:
    """Of the API: without what is about the file, and that the page was searched."""
    return {name: value for name, value in request.GET.items() if name not in ("searched", "why")}


def _in_words(resource: str, counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """(why, how many), the most first."""
    words = [(_why(resource, code), number) for code, number in counts.items()]
    return sorted(words, key=lambda pair: -pair[1])


def _why(resource: str, code: str) -> str:
    return str(OTHERWISE.get((resource, code)) or kept_by(code))


def kept_by(code: str) -> str:
    """What kept something inside, in words."""
    if code in Rule.values:
        return str(Rule(code).label)
    return str(KeptBy(code).label if code in KeptBy.values else _("it is for the team's own pages"))
