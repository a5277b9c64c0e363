"""Comparing the rows of a register with what is stored: what would be made, changed, or left alone.

Reads the database and writes nothing, so that a dry run is the plan of a real one. The number of queries does
not depend on the number of rows, but for the batches in which stored cards are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from accounts.models import Organisation, User
from confidentiality.codes import Visibility
from initiatives import codenames
from initiatives.dates import last_day
from initiatives.enums import InitiativeStatus, Matching, OrganisationRole, Precision
from initiatives.models import Conflict, Initiative, InitiativeOrganisation, InitiativeParty, Party
from initiatives.models.conflict import normalised
from initiatives.services.importing.conflicts import place_rows
from initiatives.services.importing.reading import Row
from initiatives.services.importing.table import Problem

BATCH = 1000
# Of a stored card a register says these things; everything else stays as people set it.
FIELDS = (
    "title",
    "public_line",
    "conflict_id",
    "track_type",
    "status",
    "themes",
    "countries",
    "began_on",
    "began_precision",
    "ended_on",
    "ended_precision",
    "source",
    "confidence",
)
FOLLOWING_THE_END = (InitiativeStatus.ACTIVE, InitiativeStatus.CLOSED)
CONVENING = {OrganisationRole.CONVENER, OrganisationRole.CO_CONVENER}

# Called with "compared" or "written", how many, of how many.
Progress = Callable[[str, int, int], None]
Named = set[tuple[UUID, str]]


@dataclass(slots=True)
class Card:
    """A card as the register wants it, with the ids of its parties and of its organisations in their roles."""

    initiative: Initiative
    parties: set[UUID]
    organisations: Named


@dataclass(slots=True)
class Plan:
    """What an import does. New records have their ids already."""

    conflicts: list[Conflict] = field(default_factory=list)
    parties: list[Party] = field(default_factory=list)
    organisations: list[Organisation] = field(default_factory=list)
    created: list[Card] = field(default_factory=list)
    updated: list[Card] = field(default_factory=list)
    unchanged: int = 0
    touched: dict[int, Conflict] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def make_plan(
    *, rows: list[Row], by: User, register: Organisation, lock: bool, progress: Progress | None
) -> Plan:
    """Compare. `lock` holds the stored cards until the transaction ends."""
    existing = Conflict.objects.all()
    tree, placed, problems = place_rows(rows, existing)
    if problems:
        return Plan(problems=problems)
    plan = Plan(conflicts=tree.made, touched=placed)
    organisations = _organisations(rows, plan)
    parties = _parties(rows, placed, plan)
    today = timezone.localdate()
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        stored = _stored(register, [row.ref for row in batch], lock)
        for row in batch:
            named = {party.pk for party in _sides(row, placed[row.number], parties)}
            _compare(row, placed[row.number], named, _named(row, organisations), stored, today, plan)
        if progress:
            progress("compared", min(start + BATCH, len(rows)), len(rows))
    for card in plan.created:
        card.initiative.registered_by, card.initiative.created_by = register, by
    return plan


def _organisations(rows: list[Row], plan: Plan) -> dict[str, UUID]:
    """Ids of the organisations by name as written; new ones are unvetted and have no members.

    PostgreSQL compares the names, since its own idea of lower case decides which are the same.
    """
    names = sorted({name for row in rows for name in (row.convener, *row.co_conveners)})
    statement = (
        "SELECT written, lower(written), min(stored.id::text) FROM unnest(%s::text[]) AS written "
        "LEFT JOIN accounts_organisation AS stored ON lower(stored.name) = lower(written) "
        "GROUP BY written ORDER BY written"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [names])
        found = cursor.fetchall()
    ids: dict[str, UUID] = {}
    for written, key, stored in found:
        if key not in ids:
            ids[key] = UUID(stored) if stored else _new_organisation(written, plan)
    return {written: ids[key] for written, key, _stored_id in found}


def _new_organisation(name: str, plan: Plan) -> UUID:
    organisation = Organisation(name=name)
    plan.organisations.append(organisation)
    return organisation.pk


def _named(row: Row, organisations: dict[str, UUID]) -> Named:
    """A co-convener that is the convener as well is named once, as the convener."""
    convener = organisations[row.convener]
    others = {organisations[name] for name in row.co_conveners} - {convener}
    return {(convener, OrganisationRole.CONVENER.value)} | {
        (other, OrganisationRole.CO_CONVENER.value) for other in others
    }


def _parties(rows: list[Row], placed: dict[int, Conflict], plan: Plan) -> dict[tuple[UUID, str], Party]:
    """Parties by root and normalised name; new ones are plain parties.

    A name such as "MFDC (Salif Sadio)" is taken as it is written. Whether it is a faction is for a coordinator
    to say: brackets mean many things.
    """
    roots = {conflict.root_id for conflict in placed.values()} - {conflict.pk for conflict in plan.conflicts}
    known = {
        (party.conflict_id, party.normalised_name): party
        for party in Party.objects.filter(conflict__in=roots)
    }
    for row in rows:
        root = placed[row.number].root_id
        for side in row.sides:
            key = (root, normalised(side))
            if key not in known:
                known[key] = Party(conflict_id=root, name=side, normalised_name=key[1])
                plan.parties.append(known[key])
    return known


def _sides(row: Row, conflict: Conflict, parties: dict[tuple[UUID, str], Party]) -> Iterator[Party]:
    return (parties[conflict.root_id, normalised(side)] for side in row.sides)


def _stored(register: Organisation, references: Sequence[str], lock: bool) -> dict[str, Card]:
    """Cards of the register by reference."""
    cards = Initiative.objects.filter(registered_by=register, reference__in=references).order_by("pk")
    if lock:
        cards = cards.select_for_update(no_key=True, of=("self",))
    found = {card.pk: Card(card, set(), set()) for card in cards}
    for initiative, party in _links(InitiativeParty, found, "party_id"):
        found[initiative].parties.add(party)
    named = InitiativeOrganisation.objects.filter(initiative__in=found, role__in=CONVENING)
    for initiative, organisation, role in named.values_list("initiative_id", "organisation_id", "role"):
        found[initiative].organisations.add((organisation, role))
    return {card.initiative.reference: card for card in found.values()}


def _links(model: Any, initiatives: Iterable[UUID], column: str) -> Iterable[tuple[UUID, UUID]]:
    return model.objects.filter(initiative__in=list(initiatives)).values_list("initiative_id", column)


def _compare(
    row: Row,
    conflict: Conflict,
    parties: set[UUID],
    named: Named,
    stored: dict[str, Card],
    today: date,
    plan: Plan,
) -> None:
    wanted = _fields(row, conflict, today)
    card = stored.get(row.ref)
    if card is None:
        plan.created.append(Card(_new_card(row.ref, wanted), parties, named))
        return
    if card.initiative.status not in FOLLOWING_THE_END:
        wanted["status"] = card.initiative.status
    same = all(getattr(card.initiative, name) == value for name, value in wanted.items())
    if same and card.parties == parties and card.organisations == named:
        plan.unchanged += 1
        return
    for name, value in wanted.items():
        setattr(card.initiative, name, value)
    plan.updated.append(Card(card.initiative, parties, named))


def _new_card(reference: str, wanted: dict[str, Any]) -> Initiative:
    return Initiative(
        reference=reference,
        codename=codenames.draw(),
        visibility=Visibility.NETWORK,
        matching=Matching.ON,
        public_record=True,
        **wanted,
    )


def _fields(row: Row, conflict: Conflict, today: date) -> dict[str, Any]:
    past = row.end is not None and last_day(row.end.on, row.end.precision) < today
    values = (
        row.title,
        row.objective,
        conflict.pk,
        row.track_type,
        InitiativeStatus.CLOSED if past else InitiativeStatus.ACTIVE,
        list(row.themes),
        list(row.countries),
        row.start.on,
        row.start.precision,
        row.end.on if row.end else None,
        row.end.precision if row.end else Precision.DAY,
        row.source,
        row.confidence,
    )
    return dict(zip(FIELDS, values, strict=True))
