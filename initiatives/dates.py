"""Dates that are known to the day, month, quarter or year, and the days they cover.

A date of precision `quarter` is stored as the first day of its quarter and covers all of its days. An end that is
None means "still running". Pure: no database, no today.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date
from typing import NamedTuple

from django.utils.translation import gettext as _

from initiatives.enums import Precision

FOREVER = date.max
# Whoever types another year means another one.
FIRST_YEAR, LAST_YEAR = 1800, 2200

_FORM = re.compile(
    r"(?P<year>\d{4})(?:-Q(?P<quarter>[1-4])|-(?P<month>\d{2})(?:-(?P<day>\d{2}))?)?", re.ASCII
)


class PreciseDate(NamedTuple):
    """The first day of a period, and which period it is."""

    on: date
    precision: Precision


class Days(NamedTuple):
    """An inclusive range of days. `last` is FOREVER for what is still running."""

    first: date
    last: date


def wrong_with(on: date | None, precision: str = Precision.DAY) -> str:
    """What cannot be right of a date as it is stored; empty where nothing, or no date. An unknown precision is said
    at its own field."""
    if on is None:
        return ""
    if not FIRST_YEAR <= on.year <= LAST_YEAR:
        years = {"first": FIRST_YEAR, "last": LAST_YEAR}
        return _("Expected a year from %(first)d to %(last)d.") % years
    if precision in Precision.values and on != first_day(on, precision):
        return _("With this precision, give the first day of the period.")
    return ""


def parse(text: str) -> PreciseDate:
    """Read 2002, 2002-Q3, 2002-07 or 2002-07-15; the length says how exactly it is known.

    Raises ValueError naming what was expected.
    """
    found = _FORM.fullmatch(text.strip())
    if not found:
        raise ValueError(_("Write a date as 2002, 2002-Q3, 2002-07 or 2002-07-15."))
    year, quarter, month, day = (found[name] for name in ("year", "quarter", "month", "day"))
    try:
        if quarter:
            return PreciseDate(date(int(year), 3 * int(quarter) - 2, 1), Precision.QUARTER)
        precision = Precision.DAY if day else Precision.MONTH if month else Precision.YEAR
        return PreciseDate(date(int(year), int(month or 1), int(day or 1)), precision)
    except ValueError:
        raise ValueError(_("There is no such date: %(text)s.") % {"text": text.strip()}) from None


def text_of(on: date | None, precision: str) -> str:
    """The inverse of `parse`; an empty string for None."""
    if on is None:
        return ""
    if precision == Precision.QUARTER:
        return f"{on.year:04d}-Q{(on.month + 2) // 3}"
    return on.isoformat()[: {Precision.YEAR: 4, Precision.MONTH: 7}.get(Precision(precision), 10)]


def first_day(on: date, precision: str) -> date:
    """First day of the period in which the date lies."""
    if precision == Precision.YEAR:
        return date(on.year, 1, 1)
    if precision == Precision.QUARTER:
        return date(on.year, 3 * ((on.month - 1) // 3) + 1, 1)
    if precision == Precision.MONTH:
        return on.replace(day=1)
    return on


def last_day(on: date, precision: str) -> date:
    """Last day of the period in which the date lies: a year means the whole year."""
    if precision == Precision.DAY:
        return on
    month = {Precision.YEAR: 12, Precision.QUARTER: 3 * ((on.month + 2) // 3)}.get(
        Precision(precision), on.month
    )
    return date(on.year, month, monthrange(on.year, month)[1])


def days_of(began_on: date, began_precision: str, ended_on: date | None, ended_precision: str) -> Days:
    """Every day on which something may have run, precision-aware; never empty for a valid pair."""
    last = FOREVER if ended_on is None else last_day(ended_on, ended_precision)
    return Days(first_day(began_on, began_precision), last)


def shared_days(one: Days, other: Days) -> int:
    """Days in both ranges; 0 when they do not meet."""
    return max(0, (min(one.last, other.last) - max(one.first, other.first)).days + 1)


def length(days: Days) -> int:
    return (days.last - days.first).days + 1
