"""Runs the comparison: of what waits in the outbox, or of everything. Both act as the detector.

One transaction for each family (a root conflict and all below it), since no pair reaches across families. In it,
in this order: the family's advisory lock, so that an older score never overwrites a newer one; the rows of the
outbox, skipping those that somebody holds; the cards; the scores; the flags; the rows are deleted. Killed at any
moment, it leaves the rows where they were, and whoever comes next does the work.

While a row of the outbox is claimed, whoever changes that initiative waits for the end of this transaction, some
milliseconds; and never for the advisory lock, which is taken before any row.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db import IntegrityError, InterfaceError, OperationalError, connection
from django.db.models import Min, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from confidentiality.actor import DETECTOR, actor
from coordination.detection import MatchingCard, overlaps
from coordination.models import OutboxEntry, OverlapFlag
from coordination.services.reconciliation import Outcome, Pair, reconcile, stored_flags
from initiatives.dates import days_of
from initiatives.models import Conflict, Initiative, InitiativeParty

logger = logging.getLogger("coordination.comparison")

BATCH = 500
# With more initiatives waiting than this, reading the whole family is cheaper than asking for what is near.
FEW = 64
# A stored end is the first day of its period, and no period is longer.
LONGEST_PERIOD = timedelta(days=366)

Progress = Callable[[int, int], None]


@dataclass
class Counts:
    """What a full run did. `faults` are pairs that differed although nothing was waiting to be compared."""

    initiatives: int = 0
    created: int = 0
    updated: int = 0
    removed: int = 0
    unchanged: int = 0
    faults: int = 0

    def as_dict(self) -> dict[str, int]:
        return asdict(self)

    def add(self, outcome: Outcome) -> None:
        self.created += outcome.created
        self.updated += outcome.updated
        self.removed += outcome.removed
        self.unchanged += outcome.unchanged


def compare_waiting(*, limit: int = BATCH) -> int:
    """Compare every initiative that waits, at most `limit` in one transaction; answer with how many it was.

    A family in which something fails is left to the next run and does not keep the others waiting.
    """
    with actor(DETECTOR):
        waiting = OutboxEntry.objects.values("initiative__conflict__root_id").annotate(since=Min("queued_at"))
        families = [row["initiative__conflict__root_id"] for row in waiting.order_by("since")]
    compared = 0
    for family in families:
        try:
            compared += _compare_waiting_in(family, limit)
        except (IntegrityError, OperationalError, InterfaceError) as problem:
            logger.warning("family %s is put off: %s", family, type(problem).__name__)
            if not connection.in_atomic_block:
                connection.close_if_unusable_or_obsolete()
    return compared


def compare_everything(progress: Progress | None = None) -> Counts:
    """Compare every pair there is, family by family. `progress` hears how many initiatives of all are done."""
    counts = Counts()
    with actor(DETECTOR):
        total = Initiative.objects.comparable().count()
        families = list(
            Conflict.objects.filter(initiatives__isnull=False)
            .order_by("root_id")
            .values_list("root_id", flat=True)
            .distinct()
        )
    for family in families:
        with _collector_at_rest(), actor(DETECTOR):
            _compare_family(family, counts)
        if progress:
            progress(min(counts.initiatives, total), total)
    if counts.faults:
        logger.error("full run: %d pairs differed from what was compared before", counts.faults)
    return counts


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """A family may hold a hundred thousand pairs, none of them in a cycle: looking for cycles doubles the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _compare_waiting_in(family: UUID, limit: int) -> int:
    compared = 0
    while True:
        with actor(DETECTOR):
            claimed, settled = _compare_batch(family, limit)
        compared += settled
        if claimed < limit or not settled:
            return compared


def _compare_batch(family: UUID, limit: int) -> tuple[int, int]:
    """Compare some of the waiting initiatives of a family: how many were claimed, how many are settled."""
    _lock(family)
    entries = OutboxEntry.objects.filter(initiative__conflict__root=family).order_by("id")
    # Asked for again under the lock: what has moved to another family meanwhile is left to that one.
    claimed = list(entries.select_for_update(skip_locked=True, of=("self",))[:limit])
    waiting = {entry.initiative_id for entry in claimed}
    if not waiting:
        return 0, 0
    found = overlaps(_cards_near(family, waiting), waiting)
    stored = stored_flags(OverlapFlag.objects.touching(waiting))
    outcome = reconcile(family=family, found=found, stored=stored)
    again = {pk for pair in outcome.put_off for pk in pair}
    settled = [entry.pk for entry in claimed if entry.initiative_id not in again]
    OutboxEntry.objects.filter(pk__in=settled).delete()
    return len(claimed), len(settled)


def _compare_family(family: UUID, counts: Counts) -> None:
    _lock(family)
    cards = _cards(_comparable_in(family))
    stored = stored_flags(OverlapFlag.objects.filter(first__conflict__root=family))
    outcome = reconcile(family=family, found=overlaps(cards), stored=stored)
    counts.initiatives += len(cards)
    counts.add(outcome)
    # Read last, so that it holds every change that the cards above may have contained already.
    waiting = set(
        OutboxEntry.objects.filter(initiative__conflict__root=family).values_list("initiative_id", flat=True)
    )
    counts.faults += sum(waiting.isdisjoint(pair) for pair in outcome.changed)
    _wait_again(outcome.put_off, waiting)


def _wait_again(put_off: Iterable[Pair], waiting: set[UUID]) -> None:
    """Somebody was changing these pairs. Their own change brings them back, unless it fails: so remember them."""
    again = {pair[0] for pair in put_off if waiting.isdisjoint(pair)}
    OutboxEntry.objects.bulk_create(
        [OutboxEntry(initiative_id=pk) for pk in sorted(again)], ignore_conflicts=True
    )


def _lock(family: UUID) -> None:
    """One comparison of a family at a time, until the transaction ends."""
    with connection.cursor() as cursor:
        key = int.from_bytes(family.bytes[:8], signed=True)
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])


def _comparable_in(family: UUID) -> QuerySet[Initiative]:
    return Initiative.objects.comparable().filter(conflict__root=family)


def _cards_near(family: UUID, waiting: Collection[UUID]) -> list[MatchingCard]:
    """The waiting cards and those that could be candidates for them.

    Among few, the database leaves out conflicts on other lines and what surely ran at another time; `overlaps`
    decides all the same. The waiting cards cannot change in between: their rows in the outbox are held.
    """
    everything = _comparable_in(family)
    if len(waiting) > FEW:
        return _cards(everything)
    own = _cards(everything.filter(pk__in=waiting))
    if not own:
        return []
    line = Conflict.objects.on_line_of([list(card.lineage) for card in own]).values("pk")
    first = min(card.days.first for card in own)
    last = max(card.days.last for card in own)
    early = first - LONGEST_PERIOD if first - date.min > LONGEST_PERIOD else date.min
    near = everything.filter(
        Q(ended_on=None) | Q(ended_on__gte=early), conflict__in=line, began_on__lte=last
    ).exclude(pk__in=waiting)
    return own + _cards(near)


def _cards(initiatives: QuerySet[Initiative]) -> list[MatchingCard]:
    """Matching cards in one statement, so that no card is half from before a change and half from after it."""
    parties = InitiativeParty.objects.filter(initiative=OuterRef("pk")).order_by()
    folded = ArraySubquery(parties.values_list(Coalesce("party__parent_id", "party_id")))
    rows: Any = initiatives.order_by().values_list(
        "pk",
        "conflict__lineage",
        "track_type",
        "themes",
        folded,
        "began_on",
        "began_precision",
        "ended_on",
        "ended_precision",
    )
    return [
        MatchingCard(
            id=pk,
            lineage=tuple(lineage),
            track_type=track_type,
            days=days_of(*dates),
            themes=frozenset(themes),
            parties=frozenset(sides),
        )
        for pk, lineage, track_type, themes, sides, *dates in rows
    ]
