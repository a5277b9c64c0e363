"""Importing a table into the record: each row through the service that a form would call, all rows or none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from confidentiality import noted
from initiatives.services.importing.table import Problem, Values
from initiatives.services.overriding import Confirm, Doubt

# Of a file with a record, which holds far less than a register: 500 sessions with long notes.
LIMIT_BYTES = 5 * 2**20
MOST_ROWS = 500


@dataclass(slots=True)
class TableReport:
    """What an import did, or with dry_run would do. `doubts` pass with a reason; `known`: rows that are there."""

    made: list[int] = field(default_factory=list)
    known: list[int] = field(default_factory=list)
    rejected: list[Problem] = field(default_factory=list)
    doubts: list[Problem] = field(default_factory=list)
    dry_run: bool = False

    @property
    def ok(self) -> bool:
        return not self.rejected

    @property
    def done(self) -> bool:
        """Whether anything was written."""
        return self.ok and not self.doubts and not self.dry_run


def write_rows(
    rows: Iterable[tuple[int, Values]],
    write: Callable[[int, Values], Any],
    *,
    dry_run: bool,
    column_of: Mapping[str, str],
) -> TableReport:
    """Hand every row to `write`, and take all of it back where one was refused or doubted, or with `dry_run`.

    `write` gets the number of a row and what it says, and answers with what it made, None for one that is there.
    column_of: the column of each field that a refusal may name.
    """
    report = TableReport(dry_run=dry_run)
    with transaction.atomic():
        for number, values in rows:
            try:
                with transaction.atomic():
                    (report.known if write(number, values) is None else report.made).append(number)
            except Doubt as doubt:
                report.doubts += _problems(number, doubt, column_of)
            except ValidationError as error:
                report.rejected += _problems(number, error, column_of)
        if not report.done:
            transaction.set_rollback(True)
            noted.taken_back()
    return report


def _problems(number: int, error: ValidationError, column_of: Mapping[str, str]) -> Iterator[Problem]:
    said = error.error_dict if hasattr(error, "error_dict") else {"": error.error_list}
    for name, problems in said.items():
        for one in problems:
            asked = one.code.asked if isinstance(one.code, Confirm) else ""
            yield from (Problem(number, column_of.get(name, ""), str(text), asked) for text in one.messages)
