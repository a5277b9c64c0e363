"""A list as a file, CSV or XLSX, for people who go on working in a spreadsheet.

What a file holds is what the list answers, row by row, so that no export shows more than the API. A spreadsheet
runs what begins like a formula, whoever wrote it: such texts are written with an apostrophe before them.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import xlsxwriter
from django.http import HttpResponse

MOST_ROWS = 10_000
TOO_MANY = "too_many"
# Rows of which a preview shows what would leave.
PREVIEWED = 5
# A cell that begins so is a formula to one spreadsheet or another; so is one with these after a tab or line break.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# Excel cuts longer ones off without a word.
LONGEST_CELL = 32_767
WATERMARK = "exported"
BOM = "\ufeff"  # by which Excel knows UTF-8

Row = Mapping[str, Any]


def as_file(format: str, name: str, columns: Sequence[str], rows: Iterable[Row]) -> HttpResponse:
    """An answer that browsers save as `name`: never a codename, since a download list is read by others."""
    media, write = FORMATS[format]
    table = [[cell_of(row.get(column)) for column in columns] for row in rows]
    response = HttpResponse(write(list(columns), table), content_type=media)
    response["Content-Disposition"] = f'attachment; filename="{name}.{format}"'
    return response


def marked(
    columns: Sequence[str], rows: Iterable[Row], *, by: str, at: datetime
) -> tuple[list[str], list[Row]]:
    """With a last column that says who took the row out and when, in every row: whoever finds a part of the file knows
    whose it was. Sorting and filtering keep it, and imports pass over it."""
    text = f"{by}, {at:%Y-%m-%d %H:%M} UTC"
    return [*columns, WATERMARK], [{**row, WATERMARK: text} for row in rows]


def left_out(known: Sequence[Row], leaving: Sequence[Row], kept_by: Callable[[Row], str]) -> dict[str, Any]:
    """What did not leave with a file, for the ledger: rows that stayed and rows whose texts stayed, each by what kept
    them, as `kept_by` says of a row."""
    there = {_key(row): row for row in leaving}
    rows = Counter(kept_by(row) for row in known if _key(row) not in there)
    texts = Counter(
        kept_by(row) for row in known if _key(row) in there and dict(row) != dict(there[_key(row)])
    )
    return {"left_out": dict(sorted(rows.items())), "without_texts": dict(sorted(texts.items()))}


def _key(row: Row) -> Any:
    """Of what there is one for each initiative, that one's."""
    return row.get("id", row.get("initiative"))


def cell_of(value: Any) -> str | int | float | bool | None:
    """One value as a cell: numbers stay numbers, lists are joined, what has parts is written as JSON."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list) and not any(isinstance(each, dict | list) for each in value):
        value = "; ".join(str(each) for each in value)
    elif isinstance(value, dict | list):
        value = json.dumps(value, ensure_ascii=False)
    return neutral(str(value))


def neutral(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text


def _csv(columns: list[str], table: list[list[Any]]) -> bytes:
    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerow(columns)
    writer.writerows(table)
    return (BOM + lines.getvalue()).encode()


def _xlsx(columns: list[str], table: list[list[Any]]) -> bytes:
    stored = io.BytesIO()
    # Strings stay strings: no formulas, no links, no numbers made of text.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(stored, options)
    sheet = book.add_worksheet()
    bold = book.add_format({"bold": True})
    sheet.write_row(0, 0, columns, bold)
    sheet.freeze_panes(1, 0)
    for number, cells in enumerate(table, 1):
        for place, value in enumerate(cells):
            if isinstance(value, str):
                sheet.write_string(number, place, value[:LONGEST_CELL])
            elif value is not None:
                sheet.write(number, place, value)
    book.close()
    return stored.getvalue()


FORMATS: Mapping[str, tuple[str, Callable[[list[str], list[list[Any]]], bytes]]] = {
    "csv": ("text/csv; charset=utf-8", _csv),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _xlsx),
}
