"""Importing sessions of one initiative from a table, as an organisation that kept them in a spreadsheet has them."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from functools import partial
from typing import Any, BinaryIO

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from confidentiality import policy
from confidentiality.codes import Action, Rule
from confidentiality.fields import if_it_opens
from initiatives.dates import PreciseDate, parse
from initiatives.enums import Precision, SessionFormat, SessionStatus, Theme
from initiatives.models import Initiative, Session
from initiatives.models.conflict import normalised
from initiatives.models.session import LINE_LENGTH, MOST_PRESENT, NOTES_LENGTH, PLACE_LENGTH
from initiatives.services.countries import country_codes
from initiatives.services.importing.records import LIMIT_BYTES, MOST_ROWS, TableReport, write_rows
from initiatives.services.importing.table import (
    Columns,
    Reader,
    Values,
    code_in,
    expected_of,
    read_table,
    text_in,
)
from initiatives.services.overriding import Reason
from initiatives.services.sessions import log_session

PRESENT = "present: "
NO_SIDE = "no side"
ANSWERS = {"yes": True, "no": False, "": None}
# Columns whose name is not that of the field which a refusal names.
_COLUMN_OF = {
    "began_on": "date", "began_precision": "date", "ended_on": "until", "ended_precision": "until",
    "agenda_themes": "themes", **{name: name for name in (
        "format", "status", "rule", "purpose", "next_step", "place", "country", "product_made", "notes", "incidents",
        "embargo_until",
    )},
}  # fmt: skip


def session_columns(initiative: Initiative) -> Columns:
    """What a table of its sessions may hold: a column for each field, and one for the numbers of each side."""
    sides = initiative.sides.select_related("party").order_by("party__normalised_name")
    named = [f"{PRESENT}{side.party.normalised_name}" for side in sides]
    readers: dict[str, Reader] = {
        "date": parse,
        "until": _until,
        "format": partial(code_in, codes=SessionFormat.values),
        "status": partial(code_in, codes=SessionStatus.values, required=False),
        "rule": partial(code_in, codes=Rule.values, required=False),
        **dict.fromkeys([*named, PRESENT + NO_SIDE], _number),
        "purpose": partial(text_in, longest=LINE_LENGTH),
        "next_step": partial(text_in, longest=LINE_LENGTH),
        "themes": _themes,
        "country": _country,
        "place": partial(text_in, longest=PLACE_LENGTH),
        "notes": partial(text_in, longest=NOTES_LENGTH),
        "product_made": _answer,
        "incidents": partial(text_in, longest=NOTES_LENGTH),
        "embargo_until": _day,
    }
    prose = ("notes", "incidents")
    return Columns(
        readers, needed=("date", "format"), prose=prose, closed=True, separators=",;\t", most=MOST_ROWS
    )


@transaction.atomic
def import_sessions(
    *, by: User, initiative: Initiative, lines: BinaryIO, dry_run: bool = False, override_reason: str = ""
) -> TableReport:
    """Log every row of a table as a session; with `dry_run` say what that would do. All or nothing.

    A row whose days, format and purpose are those of a session that stands there already is that session, and changes
    nothing: the same file again adds nothing. What `log_session` doubts passes with `override_reason`, kept with each.
    """
    policy.require(by, Action.EDIT_SESSIONS, Session(initiative=initiative))
    rows, problems = read_table(lines, LIMIT_BYTES, session_columns(initiative))
    if problems:
        return TableReport(rejected=problems, dry_run=dry_run)
    parties = {
        side.party.normalised_name: str(side.party_id) for side in initiative.sides.select_related("party")
    }
    standing = Counter(
        (session.began_on, session.began_precision, session.format, if_it_opens(session, "purpose"))
        for session in Session.objects.visible_to(by).kept().filter(initiative=initiative)
    )

    def write(number: int, values: Values) -> Session | None:
        fields = _fields(values, parties)
        key = (fields["began_on"], fields["began_precision"], fields["format"], fields.get("purpose", ""))
        if standing[key]:
            standing[key] -= 1
            return None
        reason = Reason.at(override_reason, number)
        return log_session(by=by, initiative=initiative, override_reason=reason, **fields)

    return write_rows(rows, write, dry_run=dry_run, column_of=_COLUMN_OF)


def _fields(values: Values, parties: dict[str, str]) -> dict[str, Any]:
    """What a row says, as the service takes it; an empty cell says nothing."""
    said = {name: value for name, value in values.items() if value not in (None, "", ())}
    found: dict[str, Any] = {}
    present = {}
    for name, value in said.items():
        if name.startswith(PRESENT):
            side = name.removeprefix(PRESENT)
            present[parties.get(side, "")] = value
        elif name in ("date", "until"):
            field = "began" if name == "date" else "ended"
            found |= {f"{field}_on": value.on, f"{field}_precision": value.precision}
        else:
            found["agenda_themes" if name == "themes" else name] = value
    return {**found, "present": present} if present else found


def _day(cell: str) -> date | None:
    if not cell:
        return None
    found = parse(cell)
    if found.precision != Precision.DAY:
        raise ValueError(_("Expected a day, as 2026-07-15."))
    return found.on


def _until(cell: str) -> PreciseDate | None:
    return parse(cell) if cell else None


def _number(cell: str) -> int | None:
    if not cell:
        return None
    if not (cell.isascii() and cell.isdigit() and len(cell) < 6 and int(cell) <= MOST_PRESENT):
        text = _("Expected a whole number from 0 to %(most)d, found “%(found)s”.")
        raise ValueError(text % {"most": MOST_PRESENT, "found": cell[:60]})
    return int(cell)


def _themes(cell: str) -> list[str]:
    """Codes with spaces, commas, semicolons or bars between them."""
    return [code_in(code, codes=Theme.values) for code in re.split(r"[\s,;|]+", cell) if code]


def _country(cell: str) -> str:
    if cell and cell not in country_codes():
        text = _("Expected an ISO 3166 code of two capital letters, found “%(found)s”.")
        raise ValueError(text % {"found": cell[:60]})
    return cell


def _answer(cell: str) -> bool | None:
    if normalised(cell) not in ANSWERS:
        raise ValueError(expected_of(cell, [answer for answer in ANSWERS if answer]))
    return ANSWERS[normalised(cell)]
