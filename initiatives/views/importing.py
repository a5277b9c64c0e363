"""Importing a register as a page: choose the file, look at what it would do, confirm.

Between the two steps the file travels in the page itself, compressed, and is checked anew when it comes back. So
the server keeps no copy, on disk or in the cache, and what is imported is what was shown.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from io import BytesIO
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.forms import add_errors
from accounts.models import Organisation
from initiatives.services.importing import COLUMNS, ImportReport, import_initiatives

REFUSED = 422
PROBLEMS_SHOWN = 200
PROGRESS_SECONDS = 60


class ImportForm(forms.Form):
    """A register as a file, or as the page before sent it back."""

    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        required=False,
        help_text=gettext_lazy("UTF-8, with the columns named below. At most 30 MB."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
    )
    register = forms.CharField(required=False, widget=forms.HiddenInput)
    organisation = forms.ModelChoiceField(
        label=gettext_lazy("Kept by"),
        queryset=Organisation.objects.none(),
        required=False,
        empty_label=None,
        help_text=gettext_lazy("Its members can correct the cards later."),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = Organisation.objects.filter(memberships__in=user.memberships.active())
        self.fields["organisation"].queryset = own.order_by("memberships__created_at")

    def clean(self) -> dict[str, Any]:
        """Leaves the bytes of the file in `content`."""
        file, register = self.cleaned_data.get("file"), self.cleaned_data.get("register")
        if file is None and not register and "file" not in self.errors:
            self.add_error("file", _("Choose a file."))
        elif file is not None and file.size > settings.IMPORT_LIMIT_BYTES:
            self.add_error("file", _("The file is larger than 30 MB. Split it."))
        elif file is not None:
            self.cleaned_data["content"] = file.read()
        elif register:
            self.cleaned_data["content"] = self._unpacked(register)
        return self.cleaned_data

    def _unpacked(self, register: str) -> bytes:
        try:
            return unpacked(register)
        except ValueError:
            self.add_error("file", _("The file got lost on the way. Choose it again."))
            return b""


def packed(content: bytes) -> str:
    return base64.b64encode(zlib.compress(content)).decode()


def unpacked(text: str) -> bytes:
    """The inverse of `packed`; ValueError for anything else, also for what would unpack to more than is allowed."""
    try:
        unpacking = zlib.decompressobj()
        content = unpacking.decompress(base64.b64decode(text, validate=True), settings.IMPORT_LIMIT_BYTES)
    except (binascii.Error, zlib.error) as error:
        raise ValueError("not a packed register") from error
    if not unpacking.eof:
        raise ValueError("too large, or cut off")
    return content


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
