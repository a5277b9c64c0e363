"""Reading a register: a table whose rows stand for initiatives of the public record (table.py reads the cells)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

from django.utils.translation import gettext as _

from initiatives.dates import PreciseDate, days_of, parse
from initiatives.enums import Confidence, Theme, TrackType
from initiatives.services.countries import country_codes
from initiatives.services.importing.table import (
    Columns,
    Problem,
    Reader,
    Values,
    code_in,
    each_once,
    list_in,
    name_in,
    read_table,
    text_in,
)

LARGEST_INTEGER = 2**31 - 1
# Asked for in every row, and an enumeration makes its list anew each time.
_THEMES = list(Theme.values)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a register, read and found sound by itself. Not yet a card: it holds names, not records."""

    number: int
    ref: str
    title: str
    conflict: str
    ucdp_conflict_id: int | None
    parent_conflict: str
    countries: tuple[str, ...]
    convener: str
    co_conveners: tuple[str, ...]
    track_type: str
    start: PreciseDate
    end: PreciseDate | None
    sides: tuple[str, ...]
    themes: tuple[str, ...]
    objective: str
    source: str
    confidence: str


def read(lines: BinaryIO, limit: int) -> tuple[list[Row], list[Problem]]:
    """Every row of the file, and every problem. Rows are usable only when there is no problem."""
    seen: dict[str, int] = {}

    def between(number: int, values: Values) -> Iterator[Problem]:
        return _problems_between_cells(number, values, seen)

    rows, problems = read_table(lines, limit, Columns(COLUMNS, needed=list(COLUMNS)), between)
    return ([] if problems else [Row(number=number, **values) for number, values in rows]), problems


def _problems_between_cells(number: int, values: Values, seen: dict[str, int]) -> Iterator[Problem]:
    start, end = values.get("start"), values.get("end")
    if start and end:
        days = days_of(start.on, start.precision, end.on, end.precision)
        if days.last < days.first:
            yield Problem(number, "end", _("The end lies before the start."))
    if ref := values.get("ref"):
        first = seen.setdefault(ref, number)
        if first != number:
            yield Problem(number, "ref", _("Row %(row)d has the same ref.") % {"row": first})


def _sides(cell: str) -> tuple[str, ...]:
    return tuple(name_in(entry) for entry in list_in(cell, longest=200))


def _themes(cell: str) -> tuple[str, ...]:
    return tuple(code_in(entry, codes=_THEMES) for entry in list_in(cell, longest=200))


def _countries(cell: str) -> tuple[str, ...]:
    for code in cell.split():
        if code not in country_codes():
            text = _("Expected ISO 3166 codes of two capital letters with spaces between, found “%(found)s”.")
            raise ValueError(text % {"found": code[:60]})
    return each_once(cell.split())


def _number(cell: str) -> int | None:
    if not cell:
        return None
    if not (cell.isascii() and cell.isdigit() and len(cell) < 11 and 0 < int(cell) <= LARGEST_INTEGER):
        raise ValueError(_("Expected a whole number, found “%(found)s”.") % {"found": cell[:60]})
    return int(cell)


def _end(cell: str) -> PreciseDate | None:
    return parse(cell) if cell else None


COLUMNS: dict[str, Reader] = {
    "ref": partial(text_in, longest=60, required=True),
    "title": partial(text_in, longest=300, required=True),
    "conflict": partial(name_in, required=True),
    "ucdp_conflict_id": _number,
    "parent_conflict": name_in,
    "countries": _countries,
    "convener": partial(text_in, longest=200, required=True),
    "co_conveners": partial(list_in, longest=200),
    "track_type": partial(code_in, codes=TrackType.values),
    "start": parse,
    "end": _end,
    "sides": _sides,
    "themes": _themes,
    "objective": partial(text_in, longest=300),
    "source": partial(text_in, longest=500),
    "confidence": partial(code_in, codes=Confidence.values, required=False),
}
