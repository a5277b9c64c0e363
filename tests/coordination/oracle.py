"""The points table written out a second time, as plainly as it can be, to judge detection.py by.

It shares no code with it: fractions are exact, dates are counted one by one where they end, and every pair of a
list is looked at.
"""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from itertools import combinations
from typing import Any

NEVER_ENDS = date(9999, 12, 31)


def span(card: dict[str, Any]) -> tuple[date, date]:
    """First and last day on which something may have run."""
    return (
        _first(card["began_on"], card["began_precision"]),
        NEVER_ENDS if card["ended_on"] is None else _last(card["ended_on"], card["ended_precision"]),
    )


def _first(day: date, precision: str) -> date:
    months = {"year": [1] * 12, "quarter": [1, 1, 1, 4, 4, 4, 7, 7, 7, 10, 10, 10], "month": range(1, 13)}
    return day if precision == "day" else date(day.year, months[precision][day.month - 1], 1)


def _last(day: date, precision: str) -> date:
    """Walks forward until the next day lies in another period."""
    if precision == "day":
        return day
    period = _first(day, precision)
    while day < NEVER_ENDS and _first(day + timedelta(days=1), precision) == period:
        day += timedelta(days=1)
    return day


def points(one: dict[str, Any], other: dict[str, Any]) -> int | None:
    """Points of a pair; None when it is no candidate. `path` is the conflict's path from the root."""
    if one["matching"] != "on" or other["matching"] != "on":
        return None
    short, long = sorted((one["path"], other["path"]), key=len)
    if long[: len(short)] != short:
        return None
    (a, b), (c, d) = span(one), span(other)
    days = (min(b, d) - max(a, c)).days + 1
    if days <= 0:
        return None
    total = 0

    themes, others = set(one["themes"]), set(other["themes"])
    if themes and others:
        jaccard = Fraction(len(themes & others), len(themes | others))
        if jaccard >= Fraction(50, 100):
            total += 8
        elif jaccard >= Fraction(35, 100):
            total += 6
        elif jaccard >= Fraction(20, 100):
            total += 3
        elif jaccard > 0:
            total += 1
        else:
            total -= 4

    sides, opposite = set(one["sides"]), set(other["sides"])
    if sides and opposite:
        overlap = Fraction(len(sides & opposite), min(len(sides), len(opposite)))
        if overlap == 1:
            total += 3
        elif overlap >= Fraction(50, 100):
            total += 2
        elif overlap > 0:
            total += 1
        else:
            total -= 3

    share = Fraction(days, min((b - a).days, (d - c).days) + 1)
    if share >= Fraction(50, 100):
        total += 2
    elif share >= Fraction(25, 100):
        total += 1

    steps = len(long) - len(short)
    total += 2 if steps == 0 else 1 if steps == 1 else 0
    total += 1 if one["track_type"] == other["track_type"] else 0
    return total


def pairs(cards: dict[Any, dict[str, Any]]) -> dict[tuple[Any, Any], tuple[int, str]]:
    """(first, second) by id -> (points, band) of every pair that is worth storing."""
    found = {}
    for first, second in combinations(sorted(cards), 2):
        total = points(cards[first], cards[second])
        if total is not None and total >= 8:
            found[first, second] = (total, "flag" if total >= 12 else "watch")
    return found
