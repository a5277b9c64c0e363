"""Ticks inside the bar of an initiative: its sessions and transfers, told apart by their shape, not by colour alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from initiatives.drawings.sheet import Axis, Sheet

LANE = 18
HALF = 5.0


@dataclass(frozen=True)
class Tick:
    """One dated thing inside a bar. `first` to `last`: the days on which it may have been; `exact`, all of them.

    `shape`: a key of SHAPES. `told`: the whole in words. `href`: its page.
    """

    shape: str
    first: date
    last: date
    told: str
    href: str
    exact: bool = True


def _held(sheet: Sheet, x: float, y: float) -> None:
    sheet.line(x, y - 7, x, y + 7, "tick")


def _planned(sheet: Sheet, x: float, y: float) -> None:
    sheet.disc(x, y, HALF, "tick-p")


def _postponed(sheet: Sheet, x: float, y: float) -> None:
    for side in (-3.0, 3.0):
        sheet.line(x + side, y - 6, x + side, y + 6, "tick-n")


def _cancelled(sheet: Sheet, x: float, y: float) -> None:
    for end in (-HALF, HALF):
        sheet.line(x - HALF, y - end, x + HALF, y + end, "tick-n")


def _carried(sheet: Sheet, x: float, y: float) -> None:
    sheet.polygon([(x - 6, y + 5), (x, y - 6), (x + 6, y + 5)], "fboth")


Shape = Callable[[Sheet, float, float], None]
# Sessions by their status, and what was carried out of the initiative.
SHAPES: dict[str, Shape] = {
    "held": _held,
    "planned": _planned,
    "postponed": _postponed,
    "cancelled": _cancelled,
    "carried": _carried,
}


def lanes(ticks: Sequence[Tick]) -> list[list[Tick]]:
    """Sessions above, what was carried below: two things of one day do not cover each other."""
    carried = [tick for tick in ticks if tick.shape == "carried"]
    sessions = [tick for tick in ticks if tick.shape != "carried"]
    return [lane for lane in (sessions, carried) if lane]


def draw_ticks(sheet: Sheet, axis: Axis, ticks: Sequence[Tick], top: float) -> None:
    for number, lane in enumerate(lanes(ticks)):
        for tick in lane:
            with sheet.link(tick.href, tick.told):
                _draw(sheet, axis, tick, top + LANE * number + LANE / 2)


def _draw(sheet: Sheet, axis: Axis, tick: Tick, y: float) -> None:
    """A band where its days are wider than the shape, dashed where the day is not known; the shape in its middle."""
    left, right = axis.x(tick.first), axis.x(tick.last + timedelta(days=1))
    if right - left > 2 * HALF:
        sheet.rect(left, y - HALF, right - left, 2 * HALF, "span" if tick.exact else "span dash")
    SHAPES[tick.shape](sheet, (left + right) / 2, y)
