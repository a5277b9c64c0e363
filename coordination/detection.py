"""When two initiatives overlap, and by how many points. Pure: no database, no clock, integers only.

Two initiatives are candidates when their conflicts are the same or one lies above the other, and their days
meet. A candidate pair gets points from table v1: agreement adds, clear disagreement subtracts, missing evidence
adds nothing. `score` is the one definition; `overlaps` finds the pairs worth scoring among many and asks it.

The table is frozen: a change of any number is a new TABLE_VERSION. Fractions are compared as integers (0.35 is
20 * shared >= 7 * union), since two engines once disagreed about a pair that sat exactly on a threshold.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from coordination.enums import Band, OverlapKind
from initiatives.dates import FOREVER, Days, length, shared_days

TABLE_VERSION = 1
WATCH_POINTS = 8
FLAG_POINTS = 12

TRACK_TYPE_POINTS = 1


@dataclass(frozen=True)
class MatchingCard:
    """What detection knows of an initiative: its matching card, and nothing from inside.

    `lineage` is the path of conflicts from the root down to its own. `parties` has factions already replaced by
    the party they belong to.
    """

    id: UUID
    lineage: tuple[UUID, ...]
    track_type: str
    days: Days
    themes: frozenset[str]
    parties: frozenset[UUID]

    @property
    def conflict(self) -> UUID:
        return self.lineage[-1]

    @cached_property
    def evidence(self) -> str:
        """What a person judges by, as text; days are left out, see `fingerprint`."""
        parties = sorted(str(party) for party in self.parties)
        return "|".join(
            (str(self.conflict), self.track_type, ",".join(sorted(self.themes)), ",".join(parties))
        )


class Score(NamedTuple):
    """The points of a pair with the counts behind them. `factors` is stored and shown as it stands."""

    points: int
    band: Band
    kinds: tuple[OverlapKind, ...]
    factors: dict[str, dict[str, Any]]
    fingerprint: str


class Overlap(NamedTuple):
    """A pair that reached a band; `first` < `second` by id."""

    first: UUID
    second: UUID
    score: Score


def theme_points(shared: int, union: int) -> int:
    """For lists that are both given: how much of all their themes they share."""
    if not shared:
        return -4
    if 2 * shared >= union:
        return 8
    if 20 * shared >= 7 * union:
        return 6
    return 3 if 5 * shared >= union else 1


def party_points(shared: int, smaller: int) -> int:
    """For lists that are both given: how much of the shorter one lies in the other."""
    if not shared:
        return -3
    if shared == smaller:
        return 3
    return 2 if 2 * shared >= smaller else 1


def time_points(shared: int, shorter: int) -> int:
    """How many days of the shorter range they share."""
    if 2 * shared >= shorter:
        return 2
    return 1 if 4 * shared >= shorter else 0


def conflict_points(distance: int) -> int:
    """How far one conflict lies above the other."""
    return max(0, 2 - distance)


def distance_of(one: Sequence[UUID], other: Sequence[UUID]) -> int | None:
    """Steps from one conflict up to the other; None when neither lies above the other."""
    if one[-1] not in other and other[-1] not in one:
        return None
    return abs(len(one) - len(other))


def band_of(points: int) -> Band | None:
    """The band that the points reach; below `watch` nothing is stored."""
    if points >= FLAG_POINTS:
        return Band.FLAG
    return Band.WATCH if points >= WATCH_POINTS else None


def score(one: MatchingCard, other: MatchingCard) -> Score | None:
    """Points of a pair by table v1, with reasons; None when they are no candidates or stay below `watch`."""
    factors = factors_of(one, other)
    if factors is None:
        return None
    points = sum(factor["points"] for factor in factors.values())
    band = band_of(points)
    if band is None:
        return None
    kinds = (OverlapKind.SAME_CONFLICT_SAME_GOAL,)
    return Score(points, band, kinds, factors, fingerprint(one, other, factors))


def factors_of(one: MatchingCard, other: MatchingCard) -> dict[str, dict[str, Any]] | None:
    """Every factor with its counts and points, whatever they add up to; None when they are no candidates."""
    distance = distance_of(one.lineage, other.lineage)
    if distance is None:
        return None
    days = shared_days(one.days, other.days)
    if not days:
        return None
    shorter = min(length(one.days), length(other.days))
    equal = one.track_type == other.track_type
    return {
        "themes": _themes(one.themes, other.themes),
        "parties": _parties(one.parties, other.parties),
        "time": {
            "points": time_points(days, shorter),
            "shared_days": days,
            "shorter_days": shorter,
            # Both still running: the numbers of days reach to the end of the calendar and mean nothing.
            "open": one.days.last == other.days.last == FOREVER,
        },
        "conflict": {"points": conflict_points(distance), "distance": distance},
        "track_type": {"points": TRACK_TYPE_POINTS if equal else 0, "equal": equal},
    }


def _themes(one: frozenset[str], other: frozenset[str]) -> dict[str, Any]:
    shared, union = len(one & other), len(one | other)
    points = theme_points(shared, union) if one and other else 0
    return {"points": points, "shared": shared, "union": union}


def _parties(one: frozenset[UUID], other: frozenset[UUID]) -> dict[str, Any]:
    shared, smaller = len(one & other), min(len(one), len(other))
    points = party_points(shared, smaller) if smaller else 0
    return {"points": points, "shared": shared, "smaller": smaller}


def fingerprint(one: MatchingCard, other: MatchingCard, factors: dict[str, dict[str, Any]]) -> str:
    """Digest of what a judgement of this pair rests on; a dismissal holds for as long as it stays the same.

    Material are both conflicts and the way between them, track types, themes, parties, and of time the level it
    reaches: correcting a date by a day must not bring a dismissed pair back.
    """
    first, second = sorted((one, other), key=lambda card: card.id)
    parts = (
        str(TABLE_VERSION),
        first.evidence,
        second.evidence,
        str(factors["time"]["points"]),
        str(factors["conflict"]["distance"]),
    )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


class _Packed(NamedTuple):
    """A card as numbers, so that most pairs are turned away by a few operations on integers."""

    first: int
    last: int
    length: int
    themes: int
    parties: int
    track_type: str
    card: MatchingCard


def overlaps(cards: Iterable[MatchingCard], among: Collection[UUID] | None = None) -> Iterator[Overlap]:
    """Every pair of cards that reaches a band; with `among`, only pairs in which one of these takes part.

    The cards of each conflict are sorted by their first day, so that those meeting a card are one slice.
    """
    groups = _pack(cards)
    for conflict, group in groups.items():
        lineage = group[0].card.lineage
        for above in lineage:
            if above not in groups:
                continue
            distance = len(lineage) - 1 - lineage.index(above)
            for one, near in _meeting(group, groups[above], above == conflict, among):
                yield from _scored(one, near, conflict_points(distance))


def _pack(cards: Iterable[MatchingCard]) -> dict[UUID, list[_Packed]]:
    """Cards by conflict, each list sorted by first day; themes and parties as bits."""
    bits: dict[Any, int] = defaultdict(lambda: 1 << len(bits))
    groups: dict[UUID, list[_Packed]] = defaultdict(list)
    for card in cards:
        packed = _Packed(
            first=card.days.first.toordinal(),
            last=card.days.last.toordinal(),
            length=length(card.days),
            themes=sum(bits[theme] for theme in card.themes),
            parties=sum(bits[party] for party in card.parties),
            track_type=card.track_type,
            card=card,
        )
        groups[card.conflict].append(packed)
    for group in groups.values():
        group.sort(key=lambda packed: (packed.first, packed.card.id))
    return dict(groups)


def _meeting(
    group: list[_Packed], above: list[_Packed], same: bool, among: Collection[UUID] | None
) -> Iterator[tuple[_Packed, list[_Packed]]]:
    """Each card with the others whose days meet its own, every pair once."""
    wanted = group if among is None else [packed for packed in group if packed.card.id in among]
    rest = [] if among is None else [packed for packed in group if packed.card.id not in among]
    if same:
        yield from _within(wanted)
        yield from _between(wanted, rest)
        return
    yield from _between(wanted, above)
    if among is not None:
        yield from _between(rest, [packed for packed in above if packed.card.id in among])


def _within(group: list[_Packed]) -> Iterator[tuple[_Packed, list[_Packed]]]:
    starts = [packed.first for packed in group]
    for place, one in enumerate(group):
        yield one, group[place + 1 : bisect_right(starts, one.last)]


def _between(left: list[_Packed], right: list[_Packed]) -> Iterator[tuple[_Packed, list[_Packed]]]:
    """First those on the right that begin while the left one runs, then those on the left that begin later."""
    starts = [packed.first for packed in right]
    for one in left:
        yield one, right[bisect_left(starts, one.first) : bisect_right(starts, one.last)]
    starts = [packed.first for packed in left]
    for other in right:
        yield other, left[bisect_right(starts, other.first) : bisect_right(starts, other.last)]


def _scored(one: _Packed, near: list[_Packed], from_conflict: int) -> Iterator[Overlap]:
    """Scores those of `near` that reach a band. Points come first, on integers alone; reasons only for these."""
    if one.themes:  # both listed and none shared: -4, and nothing else makes up for that
        near = [other for other in near if other.themes & one.themes or not other.themes]
    for other in near:
        if from_conflict + _points(one, other) < WATCH_POINTS:
            continue
        found = score(one.card, other.card)
        if found:
            first, second = sorted((one.card.id, other.card.id))
            yield Overlap(first, second, found)


def _points(one: _Packed, other: _Packed) -> int:
    """Everything but the conflict."""
    days = min(one.last, other.last) - max(one.first, other.first) + 1
    return (
        _from_themes(one.themes, other.themes)
        + _from_parties(one.parties, other.parties)
        + time_points(days, min(one.length, other.length))
        + (TRACK_TYPE_POINTS if one.track_type == other.track_type else 0)
    )


@lru_cache(maxsize=65536)
def _from_themes(one: int, other: int) -> int:
    return theme_points((one & other).bit_count(), (one | other).bit_count()) if one and other else 0


@lru_cache(maxsize=65536)
def _from_parties(one: int, other: int) -> int:
    if not (one and other):
        return 0
    return party_points((one & other).bit_count(), min(one.bit_count(), other.bit_count()))
