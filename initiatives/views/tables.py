"""Importing a table into the record of one initiative: choose a file, look at what it would do, confirm.

One pair of steps for sessions and for people; what they are is said by ImportedTable.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from confidentiality.codes import Action
from confidentiality.words import listed
from initiatives.enums import SessionFormat, SessionStatus
from initiatives.forms.importing import TableForm, packed
from initiatives.services.importing.records import TableReport
from initiatives.services.importing.sessions import import_sessions, session_columns
from initiatives.services.importing.table import Columns
from initiatives.views.inside import entered, frame
from initiatives.views.sending import sent_once

REFUSED = 422
PROBLEMS_SHOWN = 100


@dataclass(frozen=True, slots=True)
class ImportedTable:
    """What is imported where.

    heading, tab, crumb: of the page. here, back: its address, and that of the list. columns: what may stand in the
    file. hints: what is to be known of some of them, as sentences. frame: what the head of the page needs. run: takes
    lines, dry_run, override_reason. known_again: how a row is recognised that was imported before.
    """

    heading: str
    tab: str
    crumb: str
    here: str
    back: str
    columns: Columns
    hints: list[str]
    known_again: str
    frame: Mapping[str, Any]
    run: Callable[..., TableReport]


def import_table(request: HttpRequest, table: ImportedTable) -> HttpResponse:
    """The page, and what it answers to a file and to its confirmation."""
    if request.GET.get("part") == "empty":
        return _empty(table)
    if request.method != "POST":
        return _page(request, table, TableForm())
    form = TableForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, table, form, REFUSED)
    confirmed = not request.FILES
    report = table.run(
        lines=BytesIO(form.cleaned_data["content"]),
        dry_run=not confirmed,
        override_reason=form.cleaned_data["override_reason"],
    )
    if report.done:
        messages.success(request, _said(report))
        return redirect(table.back)
    return _preview(request, table, form, report, confirmed)


def _empty(table: ImportedTable) -> HttpResponse:
    """A file with the names of the columns, to be filled. A mark at its start tells spreadsheets that it is UTF-8."""
    response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{table.tab}.csv"'
    csv.writer(response).writerow(table.columns.readers)
    return response


def _page(request: HttpRequest, table: ImportedTable, form: TableForm, status: int = 200) -> HttpResponse:
    return render(request, "initiatives/table_import.html", _head(table, form), status=status)


def _head(table: ImportedTable, form: TableForm) -> dict[str, Any]:
    # For whoever looks at the page; a confirmation comes without the one, and a first look without the other.
    form.fields["file"].required = form.fields["override_reason"].required = True
    needed = [(name, name in table.columns.needed) for name in table.columns.readers]
    return {**table.frame, "table": table, "form": form, "columns": needed}


def _preview(
    request: HttpRequest, table: ImportedTable, form: TableForm, report: TableReport, confirmed: bool
) -> HttpResponse:
    """What it would do; a confirmation comes here again where something stood in its way meanwhile."""
    asks = bool(report.doubts)
    form.fields["override_reason"].asked = [one.asked for one in report.doubts]
    if confirmed and asks and not form.cleaned_data["override_reason"].strip():
        form.add_error("override_reason", _("Say why, in a few words."))
    context = {
        **_head(table, form),
        "report": report,
        # All that is asked about: the reason counts for what was shown.
        "problems": report.rejected[:PROBLEMS_SHOWN] or report.doubts,
        "total": len(report.rejected or report.doubts),
        "asks": asks,
        "new": len(report.made) + len({doubt.row for doubt in report.doubts}),
        "register": packed(form.cleaned_data["content"]) if report.ok else "",
    }
    status = 200 if report.ok and not confirmed else REFUSED
    return render(request, "initiatives/table_import.html", context, status=status)


def _said(report: TableReport) -> str:
    counts = {"new": len(report.made), "known": len(report.known)}
    return _("Imported. New: %(new)d, there already: %(known)d.") % counts


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@sent_once
def sessions(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Sessions that somebody kept in a spreadsheet until now."""
    shown, standing = entered(request, pk, Action.EDIT_SESSIONS)
    dates = _("A date is written as 2002, 2002-Q3, 2002-07 or 2002-07-15, as exactly as it is known.")
    codes = _(
        "A format is one of %(formats)s; a status one of %(statuses)s, and without one the session was held."
    )
    numbers = _(
        "Numbers of those who came stand in a column for each side. Without a rule, the Chatham House rule."
    )
    table = ImportedTable(
        heading=_("Import sessions"),
        tab="sessions",
        crumb=_("Sessions"),
        here=reverse("initiatives:import_sessions", args=[pk]),
        back=reverse("initiatives:sessions", args=[pk]),
        columns=session_columns(shown),
        hints=[
            dates,
            codes % {"formats": listed(SessionFormat.values), "statuses": listed(SessionStatus.values)},
            numbers,
        ],
        known_again=_(
            "A row with the day, the format and the purpose of a session that is there is not added again."
        ),
        frame=frame(request, shown, standing),
        run=lambda **given: import_sessions(by=request.user, initiative=shown, **given),
    )
    return import_table(request, table)
