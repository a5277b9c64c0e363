"""Reading a register: bytes into rows, or into problems that name row, column and what was expected.

Pure: knows no database and no user. Rows are counted as a person counts them: the header is row 1.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from confidentiality.words import listed
from initiatives.dates import PreciseDate, days_of, parse
from initiatives.enums import Confidence, Theme, TrackType
from initiatives.models.conflict import normalised
from initiatives.services.countries import country_codes

LARGEST_INTEGER = 2**31 - 1
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# Asked for in every row, and an enumeration makes its list anew each time.
_THEMES = list(Theme.values)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a file is refused. `column` is empty when the whole row is meant."""

    row: int
    column: str
    problem: str


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
    data = lines.read(limit + 1)
    if len(data) > limit:
        text = _("The file is larger than %(limit)d MB. Split it.") % {"limit": limit // 2**20}
        return [], [Problem(1, "", text)]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return [], [Problem(_line_at(data, error.start), "", _not_utf_8(data))]
    return _read_records(_records(text))


def _line_at(data: bytes, position: int) -> int:
    before = data[:position]
    return max(before.count(b"\n"), before.count(b"\r")) + 1


def _not_utf_8(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _("The file is in UTF-16. Save it as CSV in UTF-8.")
    return _("A character here is not UTF-8. Save the file as CSV in UTF-8.")


def _records(text: str) -> Iterator[tuple[int, list[str] | Problem]]:
    """Numbered records; a file that stops being CSV ends with a problem."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    number = 0
    try:
        for number, record in enumerate(reader, 1):
            yield number, record
    except csv.Error as error:
        problem = _("This is not a line of CSV, perhaps a quotation mark is missing: %(error)s.")
        yield number + 1, Problem(number + 1, "", problem % {"error": error})


def _read_records(records: Iterator[tuple[int, list[str] | Problem]]) -> tuple[list[Row], list[Problem]]:
    rows: list[Row] = []
    problems: list[Problem] = []
    header: list[str] | None = None
    seen: dict[str, int] = {}
    for number, record in records:
        if isinstance(record, Problem):
            problems.append(record)
        elif not any(cell.strip() for cell in record):
            continue
        elif header is None:
            header = [cell.strip().lower() for cell in record]
            if wrong := list(_problems_of_header(number, header)):
                return [], wrong
        else:
            row, found = _read_record(number, header, record, seen)
            problems += found
            if row is not None:
                rows.append(row)
    if header is None and not problems:
        problems.append(Problem(1, "", _("The file is empty. The first row names the columns.")))
    return rows, problems


def _problems_of_header(number: int, header: list[str]) -> Iterator[Problem]:
    missing = [column for column in COLUMNS if column not in header]
    if len(header) == 1 and len(missing) >= len(COLUMNS) - 1:
        yield Problem(number, "", _("Expected columns that are separated by commas: %s.") % ",".join(COLUMNS))
        return
    for column in missing:
        yield Problem(number, column, _("This column is missing."))
    for column in COLUMNS:
        if header.count(column) > 1:
            yield Problem(number, column, _("This column is there twice."))


def _read_record(
    number: int, header: list[str], record: list[str], seen: dict[str, int]
) -> tuple[Row | None, list[Problem]]:
    if len(record) != len(header):
        counts = {"expected": len(header), "found": len(record)}
        text = _("Expected %(expected)d cells as in the header, found %(found)d.") % counts
        return None, [Problem(number, "", text)]
    cells = dict(zip(header, record, strict=True))
    values: dict[str, Any] = {}
    problems = []
    for column, reader in COLUMNS.items():
        try:
            values[column] = reader(_clean(cells[column]))
        except ValueError as error:
            problems.append(Problem(number, column, str(error)))
    problems += _problems_between_cells(number, values, seen)
    return (None if problems else Row(number=number, **values)), problems


def _problems_between_cells(number: int, values: dict[str, Any], seen: dict[str, int]) -> Iterator[Problem]:
    start, end = values.get("start"), values.get("end")
    if start and end:
        days = days_of(start.on, start.precision, end.on, end.precision)
        if days.last < days.first:
            yield Problem(number, "end", _("The end lies before the start."))
    if ref := values.get("ref"):
        first = seen.setdefault(ref, number)
        if first != number:
            yield Problem(number, "ref", _("Row %(row)d has the same ref.") % {"row": first})


def _clean(text: str) -> str:
    """One spelling of one text: composed characters, single spaces, nothing invisible."""
    text = " ".join(unicodedata.normalize("NFC", text).split())
    if _CONTROL.search(text):
        raise ValueError(_("There is a control character in this cell."))
    return text


def _text(cell: str, *, longest: int, required: bool = False) -> str:
    if required and not cell:
        raise ValueError(_("This cell is empty. It is needed."))
    if len(cell) > longest:
        values = {"longest": longest, "found": len(cell)}
        raise ValueError(_("At most %(longest)d characters, found %(found)d.") % values)
    return cell


def _name(cell: str, *, required: bool = False) -> str:
    """A name of a conflict or party; the spelling by which it is compared must fit as well."""
    _text(normalised(cell), longest=200)
    return _text(cell, longest=200, required=required)


def _code(cell: str, *, codes: list[str], required: bool = True) -> str:
    if cell in codes or not (cell or required):
        return cell
    raise ValueError(_expected(cell, codes))


def _expected(cell: str, codes: list[str]) -> str:
    return _("Expected one of %(codes)s, found “%(found)s”.") % {
        "codes": listed(codes),
        "found": cell[:60],
    }


def _list(cell: str, *, longest: int) -> tuple[str, ...]:
    """Entries between semicolons, each once."""
    if not cell:
        return ()
    entries = [_text(entry.strip(), longest=longest) for entry in cell.split(";")]
    if not all(entries):
        raise ValueError(_("There is a semicolon without an entry beside it."))
    return _each_once(entries)


def _each_once(entries: list[str]) -> tuple[str, ...]:
    known: set[str] = set()
    for entry in entries:
        if normalised(entry) in known:
            raise ValueError(_("“%(entry)s” is there twice.") % {"entry": entry})
        known.add(normalised(entry))
    return tuple(entries)


def _sides(cell: str) -> tuple[str, ...]:
    return tuple(_name(entry) for entry in _list(cell, longest=200))


def _themes(cell: str) -> tuple[str, ...]:
    return tuple(_code(entry, codes=_THEMES) for entry in _list(cell, longest=200))


def _countries(cell: str) -> tuple[str, ...]:
    for code in cell.split():
        if code not in country_codes():
            text = _("Expected ISO 3166 codes of two capital letters with spaces between, found “%(found)s”.")
            raise ValueError(text % {"found": code[:60]})
    return _each_once(cell.split())


def _number(cell: str) -> int | None:
    if not cell:
        return None
    if not (cell.isascii() and cell.isdigit() and len(cell) < 11 and 0 < int(cell) <= LARGEST_INTEGER):
        raise ValueError(_("Expected a whole number, found “%(found)s”.") % {"found": cell[:60]})
    return int(cell)


def _end(cell: str) -> PreciseDate | None:
    return parse(cell) if cell else None


COLUMNS: dict[str, Callable[[str], Any]] = {
    "ref": partial(_text, longest=60, required=True),
    "title": partial(_text, longest=300, required=True),
    "conflict": partial(_name, required=True),
    "ucdp_conflict_id": _number,
    "parent_conflict": _name,
    "countries": _countries,
    "convener": partial(_text, longest=200, required=True),
    "co_conveners": partial(_list, longest=200),
    "track_type": partial(_code, codes=TrackType.values),
    "start": parse,
    "end": _end,
    "sides": _sides,
    "themes": _themes,
    "objective": partial(_text, longest=300),
    "source": partial(_text, longest=500),
    "confidence": partial(_code, codes=Confidence.values, required=False),
}
