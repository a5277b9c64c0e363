"""Brings the stored flags of some pairs in step with their scores, and writes nothing where nothing changed.

What becomes of a flag:

- a pair that overlaps and has no flag gets one, in state `new`;
- a flag whose counts changed is updated in place. An assessment stays: the points under it moved, and the
  coordinator sees both; only a person takes a judgement back;
- a dismissed flag is updated in place for as long as its fingerprint stays the same. When it changes, the
  dismissed flag becomes history (`superseded`) and a new one points to it (`previous`);
- a flag that no longer holds is deleted if nobody ever touched it or a predecessor; otherwise it is kept in state
  `expired`. When the pair overlaps again, it returns to what it was: assessed, dismissed (under the same rule of
  the fingerprint), or new;
- a flag of a pair with a live link is kept as it last was, even if the pair no longer overlaps, so that ending
  the link brings back what it settled. It goes once the link ends, or one side is no longer compared.

`last_seen_at` moves only with a write. The caller holds the lock of the family; see comparison.py.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from django.db import connection
from django.db.models import F, QuerySet
from django.utils import timezone

from coordination.detection import TABLE_VERSION, Overlap, Score
from coordination.enums import FlagState
from coordination.models import CoordinationLink, OverlapFlag
from initiatives.models import Initiative

BATCH = 1000
INSERTED_AT_ONCE = 5000

INSERT = """
INSERT INTO coordination_overlapflag (
    id, first_id, second_id, previous_id, kinds, band, points, factors, table_version, fingerprint, version,
    created_at, updated_at, first_seen_at, last_seen_at,
    state, assessment, harms, note, decided_by_id, decided_at, review_on, superseded
)
SELECT id, first, second, previous, kinds, band, points, factors, table_version, fingerprint, 1,
    %(now)s, %(now)s, %(now)s, %(now)s, 'new', '', '{}', '', NULL, NULL, NULL, FALSE
FROM jsonb_to_recordset(%(rows)s) AS found (
    id uuid, first uuid, second uuid, previous uuid, kinds text[], band text, points smallint, factors jsonb,
    table_version smallint, fingerprint text
)
"""

Pair = tuple[UUID, UUID]


class Stored(NamedTuple):
    """A flag as it is stored, as far as a comparison must know it."""

    pk: UUID
    first: UUID
    second: UUID
    version: int
    state: str
    points: int
    band: str
    kinds: list[str]
    factors: Mapping[str, Any]
    table_version: int
    fingerprint: str
    assessment: str
    decided_at: Any
    previous: UUID | None

    @property
    def pair(self) -> Pair:
        return self.first, self.second

    @property
    def live_state(self) -> str:
        """Its state; for an expired flag the state it had before, which follows from what was decided."""
        if self.state != FlagState.EXPIRED:
            return self.state
        if self.assessment:
            return FlagState.ASSESSED
        return FlagState.DISMISSED if self.decided_at else FlagState.NEW

    def shows(self, score: Score) -> bool:
        """Whether it says what the score says."""
        return (
            self.fingerprint == score.fingerprint
            and self.points == score.points
            and self.band == score.band
            and self.factors == score.factors
            and self.table_version == TABLE_VERSION
            and tuple(self.kinds) == score.kinds
        )


@dataclass
class Plan:
    """What is to be written, before anything is locked."""

    create: list[tuple[Overlap, UUID | None]] = field(default_factory=list)
    update: list[tuple[Stored, Score]] = field(default_factory=list)
    supersede: list[Stored] = field(default_factory=list)
    expire: list[Stored] = field(default_factory=list)
    delete: list[Stored] = field(default_factory=list)
    unchanged: int = 0

    def touched(self) -> list[Stored]:
        """Stored flags that would change."""
        return [*(stored for stored, _score in self.update), *self.supersede, *self.expire, *self.delete]

    def without(self, pairs: Collection[Pair]) -> Plan:
        """The same, leaving some pairs for later."""
        return Plan(
            create=[new for new in self.create if (new[0].first, new[0].second) not in pairs],
            update=[changed for changed in self.update if changed[0].pair not in pairs],
            supersede=[stored for stored in self.supersede if stored.pair not in pairs],
            expire=[stored for stored in self.expire if stored.pair not in pairs],
            delete=[stored for stored in self.delete if stored.pair not in pairs],
            unchanged=self.unchanged,
        )


class Outcome(NamedTuple):
    """What was written. `put_off` are pairs that somebody was changing at this moment: compare them again."""

    created: int
    updated: int
    removed: int
    unchanged: int
    changed: set[Pair]
    put_off: set[Pair]


def stored_flags(flags: QuerySet[OverlapFlag]) -> list[Stored]:
    """The current flags among these."""
    return [Stored(*row) for row in flags.filter(superseded=False).order_by().values_list(*Stored._fields)]


def reconcile(*, family: UUID, found: Iterable[Overlap], stored: list[Stored]) -> Outcome:
    """Make the stored flags equal what was found. `stored` must hold every current flag of the pairs compared."""
    plan = plan_for(found, stored)
    put_off = _held_by_others(family, plan)
    plan = plan.without(put_off)
    _write(plan)
    changed = {(overlap.first, overlap.second) for overlap, _previous in plan.create}
    changed.update(flag.pair for flag in plan.touched())
    return Outcome(
        created=len(plan.create),
        updated=len(plan.update),
        removed=len(plan.expire) + len(plan.delete),
        unchanged=plan.unchanged,
        changed=changed,
        put_off=put_off,
    )


def plan_for(found: Iterable[Overlap], stored: list[Stored]) -> Plan:
    """Decide what becomes of each pair."""
    overlaps = {(overlap.first, overlap.second): overlap for overlap in found}
    plan = Plan()
    gone = []
    for flag in stored:
        overlap = overlaps.pop(flag.pair, None)
        if overlap is None:
            gone.append(flag)
        elif flag.live_state == FlagState.DISMISSED and flag.fingerprint != overlap.score.fingerprint:
            plan.supersede.append(flag)
            plan.create.append((overlap, flag.pk))
        elif flag.state != flag.live_state or not flag.shows(overlap.score):
            plan.update.append((flag, overlap.score))
        else:
            plan.unchanged += 1
    plan.create.extend((overlap, None) for overlap in overlaps.values())
    _plan_end(plan, [flag for flag in gone if flag.state != FlagState.EXPIRED])
    return plan


def _plan_end(plan: Plan, gone: list[Stored]) -> None:
    """Flags that no longer hold: kept while linked, deleted if nobody touched them, expired otherwise."""
    kept = _linked(gone)
    for flag in gone:
        if flag.pair in kept:
            plan.unchanged += 1
        elif flag.state == FlagState.NEW and flag.previous is None:
            plan.delete.append(flag)
        else:
            plan.expire.append(flag)


def _linked(flags: list[Stored]) -> set[Pair]:
    """Pairs with a live link of which both sides are still compared."""
    if not flags:
        return set()
    links = CoordinationLink.objects.live().filter(
        first__in=[flag.first for flag in flags], second__in=[flag.second for flag in flags]
    )
    linked = set(links.order_by().values_list("first_id", "second_id"))
    ends = {pk for pair in linked for pk in pair}
    compared = set(Initiative.objects.comparable().filter(pk__in=ends).values_list("pk", flat=True))
    return {pair for pair in linked if compared.issuperset(pair)}


def _held_by_others(family: UUID, plan: Plan) -> set[Pair]:
    """Lock what the plan rests on without waiting, and name the pairs where that fails.

    A flag may be in a coordinator's hands; an initiative may be on its way to another family, whose worker would
    not see the flag we are about to write. Not waiting means that nobody can wait for us in a circle.
    """
    touched = plan.touched()
    put_off: set[Pair] = set()
    if touched:
        flags = OverlapFlag.objects.filter(pk__in=[flag.pk for flag in touched]).order_by("id")
        versions = {
            flag.pk: flag.version for flag in flags.select_for_update(skip_locked=True).only("version")
        }
        put_off.update(flag.pair for flag in touched if versions.get(flag.pk) != flag.version)
    new = {(overlap.first, overlap.second) for overlap, _previous in plan.create}
    if new:
        ends = Initiative.objects.filter(pk__in={pk for pair in new for pk in pair}, conflict__root=family)
        ends = ends.order_by("id").select_for_update(skip_locked=True, no_key=True, of=("self",)).only("pk")
        here = {initiative.pk for initiative in ends}
        put_off.update(pair for pair in new if not here.issuperset(pair))
    return put_off


def _write(plan: Plan) -> None:
    now = timezone.now()
    _mark(plan.supersede, superseded=True, updated_at=now)
    _mark(plan.expire, state=FlagState.EXPIRED, updated_at=now)
    if plan.delete:
        OverlapFlag.objects.filter(pk__in=[flag.pk for flag in plan.delete]).delete()
    shown = ("kinds", "band", "points", "factors", "table_version", "fingerprint")
    OverlapFlag.objects.bulk_update(
        (
            OverlapFlag(
                pk=flag.pk,
                version=flag.version + 1,
                state=flag.live_state,
                last_seen_at=now,
                updated_at=now,
                **_shown(score),
            )
            for flag, score in plan.update
        ),
        [*shown, "version", "state", "last_seen_at", "updated_at"],
        batch_size=BATCH,
    )
    for begin in range(0, len(plan.create), INSERTED_AT_ONCE):
        _insert(plan.create[begin : begin + INSERTED_AT_ONCE], now)


def _insert(new: list[tuple[Overlap, UUID | None]], now: datetime) -> None:
    """Store new flags, all rows as one value: a parameter for each of their fields takes ten times longer.

    The columns are those of the model, with the values of a flag that nobody has touched yet.
    """
    rows = [
        {
            "id": str(uuid4()),
            "first": str(overlap.first),
            "second": str(overlap.second),
            "previous": str(previous) if previous else None,
            **_shown(overlap.score),
        }
        for overlap, previous in new
    ]
    with connection.cursor() as cursor:
        cursor.execute(INSERT, {"rows": json.dumps(rows), "now": now})


def _shown(score: Score) -> dict[str, Any]:
    return {
        "kinds": list(score.kinds),
        "band": score.band,
        "points": score.points,
        "factors": score.factors,
        "table_version": TABLE_VERSION,
        "fingerprint": score.fingerprint,
    }


def _mark(flags: list[Stored], **fields: Any) -> None:
    if flags:
        chosen = OverlapFlag.objects.filter(pk__in=[flag.pk for flag in flags])
        chosen.update(version=F("version") + 1, **fields)
