"""Reading a table of CSV: bytes into rows of values, or into problems that name row, column and what was expected.

What columns mean is said by whoever reads: a function for each, which takes a cleaned cell and raises ValueError with
what it expected. Pure: knows no database and no user. Rows are counted as a person counts them: the header is row 1.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from confidentiality.words import listed
from initiatives.models.conflict import normalised

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# Who took a list of the desk out and when: in every file, and nothing to be read in again.
WATERMARK = "exported"
Reader = Callable[[str], Any]
Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a file is refused. `column` is empty when the whole row is meant."""

    row: int
    column: str
    problem: str
    asked: str = ""  # of a doubt: what comes back with the reason


@dataclass(frozen=True, slots=True)
class Columns:
    """What a table may hold.

    readers: by name of the column. needed: those without which it is refused. prose: those whose line breaks stay.
    closed: no other column may be there, since what it says would get lost. separators: of which one stands between
    cells. most: rows.
    """

    readers: Mapping[str, Reader]
    needed: Collection[str]
    prose: Collection[str] = ()
    closed: bool = False
    separators: str = ","
    most: int | None = None


def read_table(
    lines: BinaryIO,
    limit: int,
    columns: Columns,
    between: Callable[[int, Values], Iterable[Problem]] = lambda number, values: (),
) -> tuple[list[tuple[int, Values]], list[Problem]]:
    """Every row with its number, and every problem. Rows are usable only when there is no problem.

    `between` finds what is wrong between the cells of a row.
    """
    data = lines.read(limit + 1)
    if len(data) > limit:
        text = _("The file is larger than %(limit)d MB. Split it.") % {"limit": limit // 2**20}
        return [], [Problem(1, "", text)]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return [], [Problem(_line_at(data, error.start), "", _not_utf_8(data))]
    return _read_records(_records(text, columns.separators), columns, between)


def _line_at(data: bytes, position: int) -> int:
    before = data[:position]
    return max(before.count(b"\n"), before.count(b"\r")) + 1


def _not_utf_8(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _("The file is in UTF-16. Save it as CSV in UTF-8.")
    return _("A character here is not UTF-8. Save the file as CSV in UTF-8.")


def _records(text: str, separators: str) -> Iterator[tuple[int, list[str] | Problem]]:
    """Numbered records; a file that stops being CSV ends with a problem."""
    first = text.partition("\n")[0]
    separator = max(separators, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=separator)
    number = 0
    try:
        for number, record in enumerate(reader, 1):
            yield number, record
    except csv.Error as error:
        problem = _("This is not a line of CSV, perhaps a quotation mark is missing: %(error)s.")
        yield number + 1, Problem(number + 1, "", problem % {"error": error})


def _read_records(
    records: Iterator[tuple[int, list[str] | Problem]],
    columns: Columns,
    between: Callable[[int, Values], Iterable[Problem]],
) -> tuple[list[tuple[int, Values]], list[Problem]]:
    rows: list[tuple[int, Values]] = []
    problems: list[Problem] = []
    header: list[str] | None = None
    for number, record in records:
        if isinstance(record, Problem):
            problems.append(record)
        elif not any(cell.strip() for cell in record):
            continue
        elif header is None:
            header = [normalised(cell) for cell in record]
            if wrong := list(_problems_of_header(number, header, columns)):
                return [], wrong
        elif columns.most is not None and len(rows) >= columns.most:
            text = _("At most %(most)d rows at a time. Split the file.") % {"most": columns.most}
            return [], [*problems, Problem(number, "", text)]
        else:
            values, found = _read_record(number, header, record, columns)
            problems += [*found, *between(number, values)]
            rows.append((number, values))
    if header is None and not problems:
        problems.append(Problem(1, "", _("The file is empty. The first row names the columns.")))
    return rows, problems


def _problems_of_header(number: int, header: list[str], columns: Columns) -> Iterator[Problem]:
    missing = [column for column in columns.needed if column not in header]
    if len(header) == 1 and len(missing) >= len(columns.needed) - 1 and missing:
        text = _("Expected columns that are separated by commas: %s.")
        yield Problem(number, "", text % ",".join(columns.readers))
        return
    for column in missing:
        yield Problem(number, column, _("This column is missing."))
    for column in columns.readers:
        if header.count(column) > 1:
            yield Problem(number, column, _("This column is there twice."))
    if columns.closed:
        expected = listed(columns.readers)
        for column in header:
            if column not in (*columns.readers, WATERMARK):
                text = _("There is no such column here. Expected some of: %(columns)s.")
                yield Problem(number, column[:60], text % {"columns": expected})


def _read_record(
    number: int, header: list[str], record: list[str], columns: Columns
) -> tuple[Values, list[Problem]]:
    if len(record) != len(header):
        counts = {"expected": len(header), "found": len(record)}
        text = _("Expected %(expected)d cells as in the header, found %(found)d.") % counts
        return {}, [Problem(number, "", text)]
    cells = dict(zip(header, record, strict=True))
    values: Values = {}
    problems = []
    for column, reader in columns.readers.items():
        if column not in cells:
            continue
        try:
            values[column] = reader(_clean(cells[column], lines=column in columns.prose))
        except ValueError as error:
            problems.append(Problem(number, column, str(error)))
    return values, problems


# --- Cells ----------------------------------------------------------------------------------------------------


def _clean(text: str, *, lines: bool = False) -> str:
    """One spelling of one text: composed characters, single spaces, nothing invisible."""
    if lines:
        return "\n".join(_clean(line) for line in text.strip().splitlines())
    text = " ".join(unicodedata.normalize("NFC", text).split())
    if _CONTROL.search(text):
        raise ValueError(_("There is a control character in this cell."))
    return text


def text_in(cell: str, *, longest: int, required: bool = False) -> str:
    if required and not cell:
        raise ValueError(_("This cell is empty. It is needed."))
    if len(cell) > longest:
        values = {"longest": longest, "found": len(cell)}
        raise ValueError(_("At most %(longest)d characters, found %(found)d.") % values)
    return cell


def name_in(cell: str, *, required: bool = False) -> str:
    """A name of a conflict or party; the spelling by which it is compared must fit as well."""
    text_in(normalised(cell), longest=200)
    return text_in(cell, longest=200, required=required)


def code_in(cell: str, *, codes: list[str], required: bool = True) -> str:
    if cell in codes or not (cell or required):
        return cell
    raise ValueError(expected_of(cell, codes))


def expected_of(cell: str, codes: list[str]) -> str:
    return _("Expected one of %(codes)s, found “%(found)s”.") % {
        "codes": listed(codes),
        "found": cell[:60],
    }


def list_in(cell: str, *, longest: int) -> tuple[str, ...]:
    """Entries between semicolons, each once."""
    if not cell:
        return ()
    entries = [text_in(entry.strip(), longest=longest) for entry in cell.split(";")]
    if not all(entries):
        raise ValueError(_("There is a semicolon without an entry beside it."))
    return each_once(entries)


def each_once(entries: list[str]) -> tuple[str, ...]:
    known: set[str] = set()
    for entry in entries:
        if normalised(entry) in known:
            raise ValueError(_("“%(entry)s” is there twice.") % {"entry": entry})
        known.add(normalised(entry))
    return tuple(entries)
