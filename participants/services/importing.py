"""Importing people of one initiative from a table: each under a pseudonym that is drawn."""

from __future__ import annotations

from functools import partial
from typing import Any, BinaryIO

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from confidentiality import policy
from confidentiality.codes import Action
from initiatives.models import Initiative
from initiatives.models.conflict import normalised
from initiatives.services.importing.records import LIMIT_BYTES, MOST_ROWS, TableReport, write_rows
from initiatives.services.importing.table import (
    Columns,
    Reader,
    Values,
    code_in,
    expected_of,
    list_in,
    read_table,
    text_in,
)
from initiatives.services.overriding import Reason, doubt
from initiatives.services.turns import take_turn
from participants.enums import Background, Capacity, Consent, ParticipationStatus, RoomRole
from participants.models import Participation, Person
from participants.models.participation import NOTE_LENGTH
from participants.models.person import CONTACTS_LENGTH, NAME_LENGTH
from participants.services.identities import names_inside
from participants.services.people import add_person, sides_of

IDENTITY = ("name", "other_names", "birth_year", "affiliation", "contacts")
_PARTICIPATION = ("role", "capacity", "status", "consents", "note")
_COLUMN_OF = {"party": "side", **{name: name for name in ("background", *IDENTITY, *_PARTICIPATION)}}


def people_columns(initiative: Initiative) -> Columns:
    """What a table of its people may hold. The columns of the identity may be left out."""
    sides = [party.normalised_name for party in sides_of(initiative)]
    readers: dict[str, Reader] = {
        "side": partial(_side, sides=sides),
        "background": partial(code_in, codes=Background.values, required=False),
        "role": partial(code_in, codes=RoomRole.values, required=False),
        "capacity": partial(code_in, codes=Capacity.values, required=False),
        "status": partial(code_in, codes=ParticipationStatus.values, required=False),
        "consents": _consents,
        "note": partial(text_in, longest=NOTE_LENGTH),
        "name": partial(text_in, longest=NAME_LENGTH),
        "other_names": partial(list_in, longest=NAME_LENGTH),
        "birth_year": partial(text_in, longest=4),
        "affiliation": partial(text_in, longest=NAME_LENGTH),
        "contacts": partial(text_in, longest=CONTACTS_LENGTH),
    }
    prose = ("note", "contacts")
    return Columns(readers, needed=("side",), prose=prose, closed=True, separators=",;\t", most=MOST_ROWS)


@transaction.atomic
def import_people(
    *, by: User, initiative: Initiative, lines: BinaryIO, dry_run: bool = False, override_reason: str = ""
) -> TableReport:
    """Add every row of a table as a person who takes part; with `dry_run` say what that would do. All or nothing.

    A row with the name of somebody who takes part already is that person, and changes nothing, as far as `by` may open
    who they are. Whoever may not, and rows without a name, are not known again. One name on two sides of the table is
    a doubt, which passes with `override_reason`.
    """
    policy.require(by, Action.EDIT_PEOPLE, Participation(initiative=initiative))
    rows, problems = read_table(lines, LIMIT_BYTES, people_columns(initiative))
    if problems:
        return TableReport(rejected=problems, dry_run=dry_run)
    take_turn("import_people", initiative.pk)
    parties = {party.normalised_name: party for party in sides_of(initiative)}
    known = {name: len(there) for name, there in names_inside(by=by, initiative=initiative).items()}
    side_of: dict[str, str] = {}

    def write(number: int, values: Values) -> Person | None:
        said = {name: value for name, value in values.items() if value not in ("", ())}
        name = normalised(said.get("name", ""))
        if name and known.get(name):
            known[name] -= 1
            return None
        side = said.get("side", "")
        if name and side_of.setdefault(name, side) != side:
            doubt(
                {"name": _("This name stands on two sides in this table. Is it somebody else?")},
                Reason.at(override_reason, number),
                by=by,
                about="person",
            )
        return add_person(
            by=by,
            initiative=initiative,
            party=parties.get(said.pop("side", "")),
            identity=_identity(said) or None,
            known={},
            **{name: value for name, value in said.items() if name not in IDENTITY},
        )

    return write_rows(rows, write, dry_run=dry_run, column_of=_COLUMN_OF)


def _identity(said: Values) -> dict[str, Any]:
    found = {name: said[name] for name in IDENTITY if name in said}
    if "other_names" in found:
        found["other_names"] = [{"name": name, "script": ""} for name in found["other_names"]]
    return found


def _side(cell: str, *, sides: list[str]) -> str:
    if cell and normalised(cell) not in sides:
        raise ValueError(expected_of(cell, sides))
    return normalised(cell)


def _consents(cell: str) -> list[str]:
    return [code_in(code, codes=Consent.values) for code in list_in(cell.replace(",", ";"), longest=40)]
