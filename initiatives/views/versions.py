"""Two pages for whatever has a history: its versions, and one of them, from where it can be brought back.

A record brings how its versions are read, told and written again (Told); the rest is here, once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.forms import add_errors
from confidentiality import policy
from confidentiality.codes import Action
from confidentiality.policy import may
from confidentiality.records import Stale
from initiatives.forms import BringBackForm
from initiatives.services.overriding import Doubt
from initiatives.services.versions import Version, numbered

PER_PAGE = 25
REFUSED, OVERTAKEN = 422, 409
Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """A record with its versions.

    headings: of the list, and of one version with %(number)s. trail: (address, name) of what stands above. home,
    history, version: addresses of the record, of the list, and of a version by its key. labels: of what a version
    calls changed. tell: what a version said, (field, its name, text) in order. write: the act that bringing back is.
    bring_back: takes by, number, reason, version, override_reason. page: what the head needs.
    """

    record: Any
    versions: list[Version]
    headings: tuple[str, str]
    trail: list[tuple[str, Any]]
    history: str
    version: Callable[[UUID], str]
    labels: Fields
    tell: Callable[[Fields], list[tuple[str, Any, Any]]]
    write: Action
    bring_back: Callable[..., Any]
    page: Fields = field(default_factory=dict)

    @property
    def home(self) -> str:
        return self.trail[-1][0]


def pages(told: Callable[[HttpRequest, UUID], Told]) -> tuple[Any, Any]:
    """The two pages of whatever `told` finds by its key: (history, version)."""

    @login_required
    @require_GET
    def history(request: HttpRequest, pk: UUID) -> HttpResponse:
        """Who saved which version when, what changed with it, and why; the newest first."""
        return _listed(request, told(request, pk))

    @login_required
    @require_http_methods(["GET", "HEAD", "POST"])
    def version(request: HttpRequest, pk: UUID, revision: UUID) -> HttpResponse:
        """The record as it stood after one save, what that changed, and the way back to it."""
        found = told(request, pk)
        shown = next((one for one in found.versions if one.pk == revision), None)
        if shown is None:
            raise Http404
        if request.method == "POST":
            policy.require(request.user, found.write, found.record)
            return _brought_back(request, found, shown)
        return _shown(request, found, shown, BringBackForm(initial={"version": found.record.version}))

    return history, version


def _listed(request: HttpRequest, told: Told) -> HttpResponse:
    page = Paginator(told.versions, PER_PAGE).get_page(request.GET.get("page"))
    rows = [(row, told.version(row.pk), _changed(told, row)) for row in page.object_list]
    heading = told.headings[0]
    context = {**told.page, "trail": told.trail, "heading": heading, "page": page, "rows": rows, "query": ""}
    return render(request, "initiatives/history.html", context)


def _changed(told: Told, row: Version) -> list[Any]:
    """What a save changed, in words; a name that nobody knows stands for itself."""
    return list(dict.fromkeys(_label(told, row, name) for name in row.changed))


def _label(told: Told, row: Version, name: str) -> Any:
    if name in ("deleted", "deleted_at"):
        return _("deleted") if row.fields.get("deleted") else _("restored")
    return told.labels.get(name, name)


def _brought_back(request: HttpRequest, told: Told, shown: Version) -> HttpResponse:
    form = BringBackForm(request.POST)
    if not form.is_valid():
        return _shown(request, told, shown, form, REFUSED)
    reason = form.cleaned_data["reason"]
    try:
        told.bring_back(
            by=request.user,
            number=shown.number,
            reason=reason,
            version=form.cleaned_data["version"],
            override_reason=form.override(),
        )
    except Stale as stale:
        form = BringBackForm({**request.POST.dict(), "version": str(stale.current)})
        form.add_error(None, _("Somebody saved another version meanwhile. Look at it, then send this again."))
        return _shown(request, told, shown, form, OVERTAKEN)
    except ValidationError as error:
        add_errors(form, error)
        if isinstance(error, Doubt):
            form.ask()
        return _shown(request, told, shown, form, REFUSED)
    text = _("Version %(number)s stands there again, as a new one.") % {"number": shown.number}
    messages.success(request, text)
    return redirect(told.home)


def _shown(
    request: HttpRequest, told: Told, shown: Version, form: BringBackForm, status: int = 200
) -> HttpResponse:
    before = next((one for one in told.versions if one.number < shown.number), None)
    texts = {name: text for name, _name, text in told.tell(before.fields)} if before else None
    newest = shown.number == told.record.version
    deleted = getattr(told.record, "deleted_at", None) or getattr(told.record, "ended_on", None)
    context = {
        **told.page,
        "trail": [*told.trail, (told.history, told.headings[0])],
        "heading": told.headings[1] % {"number": shown.number},
        "revision": shown,
        "newest": newest,
        "changed": _changed(told, shown),
        "texts": [
            (label, text, _differing(texts, name, text)) for name, label, text in told.tell(shown.fields)
        ],
        "form": form,
        "may_bring_back": not newest
        and not deleted
        and bool(shown.fields)
        and may(request.user, told.write, told.record),
        "now": numbered(told.versions, told.record.version),
    }
    return render(request, "initiatives/version.html", context, status=status)


def _differing(before: Mapping[str, Any] | None, name: str, text: Any) -> Any:
    """What stood there before, where that was something else; None where it was the same, or nothing is known."""
    if before is None or before.get(name, "") == text:
        return None
    return before.get(name, "") or _("nothing was written")
