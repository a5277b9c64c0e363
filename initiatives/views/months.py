"""One month on paper: its weeks of seven days, what stands on which day, and what is known less exactly than that.

Pure: it is given what the reader may see, and reads nothing.
"""

from __future__ import annotations

from calendar import MONDAY, SATURDAY, Calendar
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from initiatives.dates import FIRST_YEAR, LAST_YEAR, Days, last_day
from initiatives.enums import Precision

# With which day a week begins, by language. Not Django's table, which has the Sunday of the United States for English
# and nothing for Arabic; days are written here as in Britain.
WEEK_BEGINS = {"ar": SATURDAY}
_COARSER = (Precision.DAY, Precision.MONTH, Precision.QUARTER, Precision.YEAR)


@dataclass(frozen=True, slots=True)
class Entry:
    """Something with a date. `precision`: of the less exactly known of its two ends. `dated`: the date in words.

    `kind`: session, deadline or transfer. `state`: by which shape it is told (initiatives/_tick.html).
    """

    kind: str
    state: str
    state_label: str
    span: Days
    precision: str
    dated: str
    name: str
    what: str
    href: str

    @property
    def exact(self) -> bool:
        return self.precision == Precision.DAY

    @property
    def long(self) -> bool:
        return self.exact and self.span.first != self.span.last

    @property
    def order(self) -> tuple[bool, bool, str]:
        """Within a day: what presses from outside first, what does not come about last."""
        return (self.kind != "deadline", self.state in ("postponed", "cancelled"), self.name.casefold())


@dataclass(frozen=True, slots=True)
class Day:
    """`inside`: of the month that is shown."""

    on: date
    inside: bool
    is_today: bool
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Month:
    """weeks: all days, for a table. days: those on which something begins or goes on into the month, for a list.
    loose: what is known to no day, by how exactly it is."""

    first: date
    weekdays: tuple[tuple[Any, Any], ...]
    weeks: tuple[tuple[Day, ...], ...]
    days: tuple[Day, ...]
    loose: tuple[tuple[str, tuple[Entry, ...]], ...]

    @property
    def last(self) -> date:
        return last_day(self.first, Precision.MONTH)

    @property
    def is_empty(self) -> bool:
        return not self.days and not self.loose


def coarser(*precisions: str) -> str:
    """The least exact of them."""
    return max((Precision(one) for one in precisions), key=_COARSER.index)


def laid_out(first: date, entries: Iterable[Entry], today: date) -> Month:
    """The month that begins with this day. Entries that do not touch it are left out."""
    last = last_day(first, Precision.MONTH)
    known = [entry for entry in entries if entry.span.first <= last and entry.span.last >= first]
    exact = sorted((entry for entry in known if entry.exact), key=lambda entry: entry.order)
    on_days: dict[date, list[Entry]] = {}
    begin: dict[date, list[Entry]] = {}
    for entry in exact:
        begin.setdefault(max(first, entry.span.first), []).append(entry)
        for on in _days(max(first, entry.span.first), min(last, entry.span.last)):
            on_days.setdefault(on, []).append(entry)
    begins = WEEK_BEGINS.get((get_language() or "en").split("-")[0], MONDAY)
    order = [(begins + place) % 7 for place in range(7)]
    return Month(
        first=first,
        weekdays=tuple((WEEKDAYS[one], WEEKDAYS_ABBR[one]) for one in order),
        weeks=tuple(
            tuple(_day(on, first, today, on_days) for on in week)
            for week in Calendar(begins).monthdatescalendar(first.year, first.month)
        ),
        days=tuple(_day(on, first, today, begin) for on in sorted(begin)),
        loose=_loose(known),
    )


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=past) for past in range((last - first).days + 1))


def _day(on: date, first: date, today: date, entries: Mapping[date, list[Entry]]) -> Day:
    inside = (on.year, on.month) == (first.year, first.month)
    return Day(on, inside, inside and on == today, tuple(entries.get(on, ())))


def _loose(known: Iterable[Entry]) -> tuple[tuple[str, tuple[Entry, ...]], ...]:
    """Never on a day: nobody has said one."""
    called = {
        Precision.MONTH: _("Some time in this month"),
        Precision.QUARTER: _("Some time in this quarter"),
        Precision.YEAR: _("Some time in this year"),
    }
    listed = sorted(known, key=lambda entry: (entry.span.first, *entry.order))
    rows = {
        title: tuple(entry for entry in listed if entry.precision == precision)
        for precision, title in called.items()
    }
    return tuple((title, found) for title, found in rows.items() if found)


def beside(first: date) -> tuple[date | None, date | None]:
    """The first days of the months before and after; None beyond the years that dates may have."""
    before = (first - timedelta(days=1)).replace(day=1)
    after = last_day(first, Precision.MONTH) + timedelta(days=1)
    return (before if before.year >= FIRST_YEAR else None, after if after.year <= LAST_YEAR else None)
