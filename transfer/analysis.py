"""How far ideas got, who can reach whom, which side's ideas travel, what waits, and how long it takes.

Pure: plain values in, plain values out; no database, no today, no words. What exactly caused what is unknowable, so
everything here counts what teams wrote down. Nothing here is a score, and nothing puts persons or organisations in an
order. The concepts are those of the literature on transfer (Fisher; Çuhadar; Mitchell): who carries, to whom, how far
it is taken up, and how unequal the ways of the sides are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from statistics import median_low
from typing import NamedTuple

from transfer.enums import LEAVES_THE_TEAM, OFF_THE_LADDER, RANKS, Uptake

# An id as text: thousands of them are looked up, and text is hashed once.
Key = str

IDEA_WAITS, TRANSFER_WAITS = 30, 60  # days
# Nothing more is expected of these: it is done, or answered.
ENDED = frozenset({Uptake.REJECTED, Uptake.OVERTAKEN})
# By plain text, which is compared faster than a member of the enumeration.
RANK_OF = {str(step): rank for step, rank in RANKS.items()}
NOT_SENT, SENT, TOP = RANKS[Uptake.NOT_SENT], RANKS[Uptake.SENT], RANKS[Uptake.IMPLEMENTED]


class Idea(NamedTuple):
    """An outcome. `owners`: sides whose change it is or whose people stand behind it; factions count as their party.

    `since`: the day by which it was there. `session_on`: the last day of its session, if that is known to the day.
    """

    id: Key
    initiative: Key
    permission: str
    since: date
    session_on: date | None
    soft: bool
    owners: frozenset[Key]


class Carried(NamedTuple):
    """A transfer: done, planned, or neither (abandoned). `person` and `side`: of its carrier, if that is known.

    `sent_last`: the last day on which it may have been sent. `sent_exact`: the day, if it is known to the day.
    """

    id: Key
    idea: Key
    body: Key | None
    done: bool
    planned: bool
    upward: bool
    sent_on: date | None
    sent_last: date | None
    sent_exact: date | None
    person: Key | None
    side: Key | None
    precision: str = "day"


class Move(NamedTuple):
    """A step on the uptake ladder, or off it. `last`: the last day on which it may have been; `exact`: as above."""

    uptake: str
    last: date
    exact: date | None


class Tie(NamedTuple):
    """An official link of somebody who takes part."""

    person: Key
    side: Key | None
    body: Key
    live: bool


class Office(NamedTuple):
    """An official body. No `side`: a joint one, or of a third party. `gate`: the body through which it is reached."""

    id: Key
    side: Key | None
    gate: Key | None


# --- How far ------------------------------------------------------------------------------------------------------


class Reached(NamedTuple):
    """`highest` rung ever and `current` one, as ranks; `beside`: the latest step where it is off the ladder.

    `moved_on`: when something was last heard of it.
    """

    highest: int
    current: int
    beside: str
    moved_on: date | None


def reached(carried: Iterable[Carried], moves: Mapping[Key, list[Move]]) -> dict[Key, Reached]:
    """How far each transfer got. `moves`: by transfer, in their order. A transfer that was done was at least sent."""
    return {transfer.id: _reached(transfer, moves.get(transfer.id, ())) for transfer in carried}


def _reached(transfer: Carried, moves: Collection[Move]) -> Reached:
    start = SENT if transfer.done else NOT_SENT
    highest, current, beside, moved_on = start, start, "", transfer.sent_last if transfer.done else None
    for move in moves:
        rank = RANK_OF.get(move.uptake)
        if rank is None:
            beside = move.uptake
        else:
            beside, current = "", rank
            if rank > highest:
                highest = rank
        if moved_on is None or move.last > moved_on:
            moved_on = move.last
    return Reached(highest, current, beside, moved_on)


class Place(NamedTuple):
    """Where an outcome stands: over its transfers the highest rung ever, the best current one, and what is beside."""

    highest: int
    current: int
    beside: frozenset[str]


def board(ideas: Iterable[Idea], carried: Iterable[Carried], far: Mapping[Key, Reached]) -> dict[Key, Place]:
    """The place of every outcome; what has no transfer is not sent."""
    highest: dict[Key, int] = {}
    current: dict[Key, int] = {}
    beside: dict[Key, set[str]] = defaultdict(set)
    for transfer in carried:
        got, idea = far[transfer.id], transfer.idea
        if got.highest > highest.get(idea, NOT_SENT):
            highest[idea] = got.highest
        if got.current > current.get(idea, NOT_SENT):
            current[idea] = got.current
        if got.beside and got.beside in OFF_THE_LADDER:
            beside[idea].add(got.beside)
    return {
        idea.id: Place(
            highest.get(idea.id, NOT_SENT),
            current.get(idea.id, NOT_SENT),
            frozenset(beside.get(idea.id, ())),
        )
        for idea in ideas
    }


# --- Who can reach whom -------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Cell:
    """One side towards one official body. `needed`: it is the side's own office, or a joint one.

    `carried`: transfers done to that body, by somebody of that side or with an idea of that side. `gate`: live links
    of the side to the body's gatekeeper.
    """

    needed: bool
    live: int = 0
    stale: int = 0
    gate: int = 0
    carried: int = 0
    last_on: date | None = None
    precision: str = "day"
    highest: int | None = None

    @property
    def nobody(self) -> bool:
        return self.needed and not self.live

    @property
    def blank(self) -> bool:
        """Not this side's office, and nothing leads there."""
        return not (self.needed or self.live or self.stale or self.carried)

    def add(self, transfer: Carried, highest: int) -> None:
        self.carried += 1
        on = transfer.sent_on
        if on is not None and (self.last_on is None or on > self.last_on):
            self.last_on, self.precision = on, transfer.precision
        self.highest = highest if self.highest is None else max(self.highest, highest)


@dataclass(slots=True)
class Row:
    """One official body: a cell for each side, and what was carried there by whomever."""

    cells: dict[Key, Cell]
    whole: Cell

    @property
    def nobody(self) -> bool:
        """No side that needs it has a live link."""
        return any(cell.needed for cell in self.cells.values()) and all(
            cell.nobody for cell in self.cells.values() if cell.needed
        )


def gap_matrix(
    offices: Iterable[Office],
    sides: Collection[Key],
    ties: Iterable[Tie],
    carried: Iterable[Carried],
    owners: Mapping[Key, frozenset[Key]],
    far: Mapping[Key, Reached],
) -> dict[Key, Row]:
    """Every official body against every side. `owners`: the sides of each outcome."""
    listed = list(offices)
    rows = {
        office.id: Row({side: Cell(office.side in (None, side)) for side in sides}, Cell(needed=True))
        for office in listed
    }
    for tie in ties:
        if (row := rows.get(tie.body)) is not None:
            for cell in filter(None, (row.cells.get(tie.side) if tie.side else None, row.whole)):
                cell.live += tie.live
                cell.stale += not tie.live
    for transfer in carried:
        if transfer.done and transfer.body in rows:
            row = rows[transfer.body]
            highest = far[transfer.id].highest
            row.whole.add(transfer, highest)
            for side in of_sides(transfer, owners):
                if side in row.cells:
                    row.cells[side].add(transfer, highest)
    for office in listed:
        if office.gate in rows:
            for side, cell in rows[office.id].cells.items():
                cell.gate = rows[office.gate].cells[side].live
    return rows


def of_sides(transfer: Carried, owners: Mapping[Key, frozenset[Key]]) -> frozenset[Key]:
    """Whose transfer it is: of the side of the idea, and of the side of whoever carried it."""
    found, side = owners.get(transfer.idea, frozenset()), transfer.side
    return found if side is None or side in found else found | {side}


# --- Asymmetry ----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Share:
    """What of one side travelled up: how many people carried, how many ideas went, to how many offices; and how many
    people have a live link. Counts beside each other, never a quotient."""

    linked: set[Key] = field(default_factory=set)
    carriers: set[Key] = field(default_factory=set)
    ideas: set[Key] = field(default_factory=set)
    offices: set[Key] = field(default_factory=set)


def asymmetry(
    sides: Collection[Key],
    ties: Iterable[Tie],
    carried: Iterable[Carried],
    owners: Mapping[Key, frozenset[Key]],
) -> dict[Key, Share]:
    """People and ideas that travelled, side by side. Only what was done, and only upward."""
    shares = {side: Share() for side in sides}
    for tie in ties:
        if tie.live and tie.side in shares:
            shares[tie.side].linked.add(tie.person)
    for transfer in carried:
        if not (transfer.done and transfer.upward):
            continue
        if transfer.side in shares and transfer.person:
            shares[transfer.side].carriers.add(transfer.person)
        for side in owners.get(transfer.idea, ()):
            if side in shares:
                shares[side].ideas.add(transfer.idea)
                if transfer.body:
                    shares[side].offices.add(transfer.body)
    return shares


# --- What waits ---------------------------------------------------------------------------------------------------


class Stuck(NamedTuple):
    """An outcome that may travel and has not (no `transfer`, or the planned one), or a transfer without an answer."""

    days: int
    idea: Key
    transfer: Key | None
    done: bool
    current: int


def stuck(
    ideas: Iterable[Idea], carried: Iterable[Carried], far: Mapping[Key, Reached], today: date
) -> list[Stuck]:
    """What waits, longest first. Not of soft Track Two, which owes nobody a conclusion, and not what is to stay."""
    waiting = {idea.id: idea for idea in ideas if idea.permission in LEAVES_THE_TEAM and not idea.soft}
    travelled: set[Key] = set()
    planned: dict[Key, Key] = {}
    found = []
    for transfer in carried:
        if transfer.done:
            travelled.add(transfer.idea)
            if transfer.idea in waiting and (one := _unanswered(transfer, far[transfer.id], today)):
                found.append(one)
        elif transfer.planned:
            planned.setdefault(transfer.idea, transfer.id)
    for pk, idea in waiting.items():
        days = (today - idea.since).days
        if pk not in travelled and days >= IDEA_WAITS:
            found.append(Stuck(days, pk, planned.get(pk), done=False, current=NOT_SENT))
    return sorted(found, key=lambda one: (-one.days, str(one.idea), str(one.transfer)))


def _unanswered(transfer: Carried, got: Reached, today: date) -> Stuck | None:
    if got.moved_on is None or got.current == TOP or got.beside in ENDED:
        return None
    days = (today - got.moved_on).days
    return Stuck(days, transfer.idea, transfer.id, True, got.current) if days >= TRANSFER_WAITS else None


# --- How long -----------------------------------------------------------------------------------------------------


class Spread(NamedTuple):
    """Days, over `number` cases: the shortest, the middle one (the lower of two), the longest."""

    number: int
    least: int
    middle: int
    most: int


def lags(
    ideas: Iterable[Idea], carried: Iterable[Carried], moves: Mapping[Key, list[Move]]
) -> tuple[Spread | None, dict[int, Spread]]:
    """From the session to the first transfer of its outcome; from a transfer to the first step onto each rung.

    Only between days that are known to the day.
    """
    first: dict[Key, date] = {}
    climbs: dict[int, list[int]] = defaultdict(list)
    for transfer in carried:
        sent = transfer.sent_exact
        if not transfer.done or sent is None:
            continue
        first[transfer.idea] = min(sent, first.get(transfer.idea, sent))
        if transfer.id in moves:
            for rank, on in _first_steps(moves[transfer.id]).items():
                if on is not None:
                    climbs[rank].append((on - sent).days)
    waits = [
        (first[idea.id] - idea.session_on).days for idea in ideas if idea.session_on and idea.id in first
    ]
    return _spread(waits), {rank: _of(days) for rank, days in sorted(climbs.items())}


def _first_steps(moves: Iterable[Move]) -> dict[int, date | None]:
    """The first step onto each rung above "sent", and its day, if that is known."""
    found: dict[int, date | None] = {}
    for move in moves:
        rank = RANK_OF.get(move.uptake)
        if rank is not None and rank > SENT:
            found.setdefault(rank, move.exact)
    return found


def _spread(days: list[int]) -> Spread | None:
    return _of(days) if days else None


def _of(days: list[int]) -> Spread:
    return Spread(len(days), min(days), median_low(days), max(days))
