"""Storing what was planned, in the caller's transaction, in batches."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from accounts.models import Organisation
from initiatives.models import Conflict, Initiative, InitiativeOrganisation, InitiativeParty, Party
from initiatives.services.importing.planning import BATCH, CONVENING, FIELDS, Card, Plan, Progress


def write(plan: Plan, progress: Progress | None = None) -> list[UUID]:
    """Store everything; answers with the ids of the cards that are new or changed."""
    Conflict.objects.bulk_create(plan.conflicts, batch_size=BATCH)
    Party.objects.bulk_create(plan.parties, batch_size=BATCH)
    Organisation.objects.bulk_create(plan.organisations, batch_size=BATCH)
    total = len(plan.created) + len(plan.updated)
    done = 0
    for cards, store in ((plan.created, _create), (plan.updated, _update)):
        for start in range(0, len(cards), BATCH):
            batch = cards[start : start + BATCH]
            store(batch)
            done += len(batch)
            if progress:
                progress("written", done, total)
    return [card.initiative.pk for card in (*plan.created, *plan.updated)]


def _create(cards: Sequence[Card]) -> None:
    Initiative.objects.bulk_create([card.initiative for card in cards])
    _name(cards)


def _update(cards: Sequence[Card]) -> None:
    """One statement for the batch: the rows exist and are locked, so that each becomes an update."""
    for card in cards:
        card.initiative.version += 1
    Initiative.objects.bulk_create(
        [card.initiative for card in cards],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=[*(name.removesuffix("_id") for name in FIELDS), "version", "updated_at"],
    )
    ids = [card.initiative.pk for card in cards]
    parties = {(card.initiative.pk, party) for card in cards for party in card.parties}
    stored = InitiativeParty.objects.filter(initiative__in=ids).values_list("pk", "initiative_id", "party_id")
    InitiativeParty.objects.filter(pk__in=[pk for pk, *link in stored if tuple(link) not in parties]).delete()
    InitiativeOrganisation.objects.filter(pk__in=_outdated(cards, ids)).delete()
    _name(cards)


def _outdated(cards: Sequence[Card], ids: list[UUID]) -> list[UUID]:
    """Organisations that a register named before and does not name any more."""
    wanted = {(card.initiative.pk, *named) for card in cards for named in card.organisations}
    stored = InitiativeOrganisation.objects.filter(initiative__in=ids, role__in=CONVENING)
    rows = stored.values_list("pk", "initiative_id", "organisation_id", "role")
    return [pk for pk, *link in rows if tuple(link) not in wanted]


def _name(cards: Sequence[Card]) -> None:
    """Store parties and organisations of the cards; those that are stored already stay as they are."""
    InitiativeParty.objects.bulk_create(
        [
            InitiativeParty(initiative=card.initiative, party_id=party)
            for card in cards
            for party in sorted(card.parties)
        ],
        batch_size=BATCH,
        ignore_conflicts=True,
    )
    InitiativeOrganisation.objects.bulk_create(
        [
            InitiativeOrganisation(initiative=card.initiative, organisation_id=organisation, role=role)
            for card in cards
            for organisation, role in sorted(card.organisations)
        ],
        batch_size=BATCH,
        ignore_conflicts=True,
    )
