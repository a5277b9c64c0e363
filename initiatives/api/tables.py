"""Importing a table over the API: the text of a CSV file, looked at or written, in one call."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.response import Response

from accounts.api.fields import StrictParts
from initiatives.api.brief import OwnInitiative
from initiatives.api.overriding import Overridable
from initiatives.services.importing.records import TableReport
from initiatives.services.importing.table import Problem
from initiatives.services.overriding import Confirm


class TableSerializer(Overridable, StrictParts):
    initiative = OwnInitiative(help_text=_("Into which initiative."))
    table = serializers.CharField(
        trim_whitespace=False,
        help_text=_("The text of a CSV file: a line that names the columns, then the rows."),
    )
    dry_run = serializers.BooleanField(help_text=_("Only say what it would do. A choice without default."))


class RowProblemSerializer(serializers.Serializer):
    row = serializers.IntegerField(help_text=_("As a person counts: the line with the names is row 1."))
    column = serializers.CharField(help_text=_("Empty where the whole row is meant."))
    detail = serializers.CharField(source="problem")
    asked = serializers.CharField(help_text=_("Of a doubt: what is sent back in `asked`; else empty."))


class ReportSerializer(serializers.Serializer):
    """What an import did, or with dry_run would do."""

    written = serializers.BooleanField(source="done", help_text=_("All rows were written; else none was."))
    new = serializers.ListField(
        child=serializers.IntegerField(), source="made", help_text=_("Rows that are new.")
    )
    known = serializers.ListField(
        child=serializers.IntegerField(), help_text=_("Rows that are there already, and change nothing.")
    )
    rejected = RowProblemSerializer(many=True, help_text=_("What cannot be imported."))
    doubts = RowProblemSerializer(many=True, help_text=_("What passes with a reason."))


def imported(view: Any, run: Any) -> Response:
    """Run an import of the body of a request. Of a dry run the answer tells what is wrong; else that is a refusal, at
    /table/ROW/COLUMN."""
    fields = view.read_body(TableSerializer)
    lines = BytesIO(fields.pop("table").encode())
    report: TableReport = run(by=view.request.user, lines=lines, **fields)
    if not (report.done or report.dry_run):
        raise ValidationError({"table": _by_place(report)})
    told = dict(ReportSerializer(report).data)
    if report.done:
        view.told = told  # Numbers of rows: what was done is told again, see accounts/api/idempotency.py.
    return Response(told)


def _by_place(report: TableReport) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in report.rejected:
        _at(found, one).append(ErrorDetail(one.problem, "invalid"))
    for one in report.doubts:
        _at(found, one).append(ErrorDetail(one.problem, Confirm([one.asked])))
    return found


def _at(found: dict[str, Any], one: Problem) -> list[ErrorDetail]:
    columns: dict[str, list[ErrorDetail]] = found.setdefault(str(one.row), {})
    return columns.setdefault(one.column or "row", [])
