"""The uptake ladder: in which order steps stand, how far a transfer got, and how long each rung took.

Pure: anything with `uptake`, `on`, `precision` and `created_at` is a step. No database, no today. A lag is a claim
about dates, not about causes: what brought a rung about is unknowable.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple, Protocol, TypeVar

from initiatives.dates import Days, first_day, last_day
from transfer.enums import RANKS, TransferStatus, Uptake


class Step(Protocol):
    """A dated move."""

    uptake: str
    on: date
    precision: str
    created_at: datetime


StepT = TypeVar("StepT", bound=Step)


def rank_of(uptake: str) -> int | None:
    """The rung of a code; None off the ladder, and for a code that nobody knows."""
    return RANKS.get(Uptake(uptake)) if uptake in Uptake.values else None


def in_order(steps: Iterable[StepT]) -> list[StepT]:
    """By the day on which they happened; those of one day as they were written down."""
    return sorted(steps, key=lambda step: (step.on, step.created_at))


def latest(steps: Iterable[StepT]) -> StepT | None:
    ordered = in_order(steps)
    return ordered[-1] if ordered else None


def standing(status: str, steps: Iterable[Step]) -> str:
    """Where a transfer stands: the latest step. Without one: sent if it was carried, else not sent."""
    step = latest(steps)
    if step is not None:
        return step.uptake
    return Uptake.SENT if status == TransferStatus.DONE else Uptake.NOT_SENT


def rung(status: str, steps: Iterable[Step]) -> Uptake:
    """The rung on which it stands: the latest step that is on the ladder, whatever happened beside it since."""
    on_ladder = latest(step for step in steps if rank_of(step.uptake) is not None)
    return Uptake(standing(status, [on_ladder] if on_ladder else []))


def reached(steps: Iterable[StepT]) -> dict[Uptake, StepT]:
    """The first step onto each rung, in the order of the ladder."""
    first: dict[str, StepT] = {}
    for step in in_order(steps):
        first.setdefault(step.uptake, step)
    return {code: first[code] for code in RANKS if code in first}


def is_backwards(uptake: str, status: str, steps: Iterable[Step]) -> bool:
    """Whether a step leads down the ladder. A move off it leads nowhere on it."""
    rank = rank_of(uptake)
    return rank is not None and rank < RANKS[rung(status, steps)]


class Lag(NamedTuple):
    """Days between two dates: at least and at most so many, since either may be known to a month only."""

    least: int
    most: int

    @property
    def is_exact(self) -> bool:
        return self.least == self.most


@dataclass(frozen=True)
class Lags:
    """How long it took from the session to the transfer and to each rung; without a session, from the transfer."""

    to_transfer: Lag | None = None
    to_rungs: dict[Uptake, Lag] = field(default_factory=dict)
    from_session: bool = True


def days_at(on: date, precision: str) -> Days:
    """Every day that a date with its precision may mean."""
    return Days(first_day(on, precision), last_day(on, precision))


def between(start: Days, end: Days) -> Lag:
    """From one day that is known so exactly to another. Negative where the second lies before the first."""
    return Lag((end.first - start.last).days, (end.last - start.first).days)


def lags(*, session: Days | None, sent: Days | None, steps: Iterable[Step]) -> Lags:
    """`session`: the days on which it may have ended."""
    start = session or sent
    if start is None:
        return Lags()
    found = {code: between(start, days_at(step.on, step.precision)) for code, step in reached(steps).items()}
    to_transfer = between(session, sent) if session and sent else None
    return Lags(to_transfer, found, from_session=session is not None)
