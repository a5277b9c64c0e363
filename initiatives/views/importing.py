"""Importing a register as a page: choose the file, look at what it would do, confirm."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.forms import add_errors
from initiatives.forms.importing import ImportForm, packed
from initiatives.services.importing import COLUMNS, ImportReport, import_initiatives

REFUSED = 422
PROBLEMS_SHOWN = 200
PROGRESS_SECONDS = 60


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def import_register(request: HttpRequest) -> HttpResponse:
    """Upload, preview, import. Coordinators only; for everybody else there is no such page."""
    if not request.user.mandates.live().exists():
        raise Http404
    if request.GET.get("part") == "progress":
        return render(request, "initiatives/_import_progress.html", {"progress": _progress(request)})
    if request.method != "POST":
        return _page(request, ImportForm(user=request.user))
    form = ImportForm(request.POST, request.FILES, user=request.user)
    if not form.is_valid():
        return _page(request, form, REFUSED)
    confirmed = not request.FILES
    try:
        report = _run(request, form, dry_run=not confirmed)
    except ValidationError as error:
        add_errors(form, error)
        return _page(request, form, REFUSED)
    if confirmed and report.ok:
        messages.success(request, _said(report))
        return redirect("initiatives:import")
    return _preview(request, form, report)


def _run(request: HttpRequest, form: ImportForm, *, dry_run: bool) -> ImportReport:
    key = _key(request)

    def progress(stage: str, done: int, total: int) -> None:
        cache.set(key, {"stage": stage, "done": done, "total": total}, PROGRESS_SECONDS)

    try:
        return import_initiatives(
            by=request.user,
            lines=BytesIO(form.cleaned_data["content"]),
            dry_run=dry_run,
            organisation=form.cleaned_data["organisation"],
            progress=progress,
        )
    finally:
        cache.delete(key)


def _key(request: HttpRequest) -> str:
    return f"import:{request.user.pk}"


def _progress(request: HttpRequest) -> dict[str, Any] | None:
    """How far the reader's running import is; numbers only."""
    found: dict[str, Any] | None = cache.get(_key(request))
    return found


def _page(request: HttpRequest, form: ImportForm, status: int = 200) -> HttpResponse:
    form.fields["file"].required = True  # for whoever looks at the page; a confirmation comes without
    context = {
        "form": form,
        "columns": COLUMNS,
        "several": form.fields["organisation"].queryset.count() > 1,
        "progress": _progress(request),
    }
    return render(request, "initiatives/import.html", context, status=status)


def _preview(request: HttpRequest, form: ImportForm, report: ImportReport) -> HttpResponse:
    context = {
        "report": report,
        "problems": report.rejected[:PROBLEMS_SHOWN],
        "total": report.created + report.updated + report.unchanged,
        "register": packed(form.cleaned_data["content"]) if report.ok else "",
        "organisation": form.cleaned_data["organisation"],
    }
    status = 200 if report.ok else REFUSED
    return render(request, "initiatives/import_preview.html", context, status=status)


def _said(report: ImportReport) -> str:
    return _("Imported. New: %(created)d, changed: %(updated)d, the same as before: %(unchanged)d.") % {
        "created": report.created,
        "updated": report.updated,
        "unchanged": report.unchanged,
    }
