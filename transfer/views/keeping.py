"""Pages of what is kept of an outcome: its versions, its deletion with a reason, and the way back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.forms import add_errors
from confidentiality.codes import Action
from confidentiality.policy import allows
from confidentiality.records import Stale
from transfer import services
from transfer.forms import OutcomeForm, ReasonForm
from transfer.forms.outcomes import as_sent, in_words
from transfer.services.outcomes import kept_fields
from transfer.services.permission import gone_out, told
from transfer.views.found import choices_of, context_of, found, revisions_of

PER_PAGE = 25
REFUSED, OVERTAKEN = 422, 409
# Which field of the form shows a field of the service.
SHOWN_IN = {"participation": ("whose",), "party": ("whose",), "change": ("change_from", "change_to")}


@login_required
@require_GET
def history(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Who saved which version when, what changed with it, and why; the newest first."""
    shown, initiative, standing = found(request, pk)
    page = Paginator(revisions_of(request, shown), PER_PAGE).get_page(request.GET.get("page"))
    rows = [(row, _changed(shown.kind, row), row.kept["reason"]) for row in page.object_list]
    context = {**context_of(request, initiative, standing), "outcome": shown, "page": page, "rows": rows}
    return render(request, "transfer/outcome_history.html", context)


def _changed(kind: str, row: Any) -> list[Any]:
    """Names of what changed, as the form calls it; what is not in the form says what was done."""
    fields = OutcomeForm.base_fields
    names = [name for changed in row.kept["changed"] for name in SHOWN_IN.get(changed, (changed,))]
    labels = [fields[name].label for name in dict.fromkeys(names) if name in fields]
    if "deleted" in names:
        labels.append(_("deleted") if row.kept["fields"].get("deleted") else _("restored"))
    return labels


@login_required
@require_GET
def revision(request: HttpRequest, pk: UUID, revision: UUID) -> HttpResponse:
    """The outcome as it stood after one save."""
    shown, initiative, standing = found(request, pk)
    kept = get_object_or_404(revisions_of(request, shown), pk=revision)
    choices = choices_of(request.user, initiative)
    fields = {**kept_fields(shown), **kept.kept["fields"]}
    if fields["repeats"] not in choices.outcomes and not allows(standing, Action.EDIT_OUTCOMES):
        fields["repeats"] = None  # An observer learns of no outcome that is closed to observers.
    context = {
        **context_of(request, initiative, standing),
        "outcome": shown,
        "revision": kept,
        "newest": kept.number == shown.version,
        "texts": in_words(OutcomeForm(kind=shown.kind, choices=choices), as_sent(fields)),
        "changed": [name for one in kept.kept["changed"] for name in SHOWN_IN.get(one, (one,))],
        "reason": kept.kept["reason"],
    }
    return render(request, "transfer/outcome_revision.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take an outcome out of the lists, with a reason."""
    shown, initiative, standing = found(request, pk, Action.EDIT_OUTCOMES)
    form = ReasonForm(request.POST or None, initial={"version": shown.version})
    status = 200
    if request.method == "POST":
        status = REFUSED
        if form.is_valid():
            try:
                services.delete_outcome(by=request.user, outcome=shown, **form.cleaned_data)
            except Stale:
                form = ReasonForm(initial={**form.cleaned_data, "version": shown.version})
                return _delete_page(request, shown, initiative, standing, form, OVERTAKEN, overtaken=True)
            except ValidationError as error:
                add_errors(form, error)
            else:
                messages.success(
                    request, _("Deleted. Its page stays, with its history, and it can be restored.")
                )
                return redirect("transfer:outcomes", pk=initiative.pk)
    return _delete_page(request, shown, initiative, standing, form, status)


def _delete_page(
    request: HttpRequest,
    shown: Any,
    initiative: Any,
    standing: Any,
    form: ReasonForm,
    status: int,
    **more: Any,
) -> HttpResponse:
    context = {
        **context_of(request, initiative, standing),
        "outcome": shown,
        "form": form,
        "gone": told(gone_out(by=request.user, outcome=shown)),
        **more,
    }
    return render(request, "transfer/outcome_delete.html", context, status=status)


@login_required
@require_POST
def restore(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Bring a deleted outcome back."""
    shown, _initiative, _standing = found(request, pk, Action.EDIT_OUTCOMES)
    services.restore_outcome(by=request.user, outcome=shown)
    messages.success(request, _("Restored, as it was."))
    return redirect("transfer:outcome", pk=pk)
