"""Pages of what is kept of an outcome: its versions, its deletion with a reason, and the way back."""

from __future__ import annotations

from functools import cache, partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms import add_errors
from confidentiality.codes import Action
from confidentiality.records import Stale
from initiatives.views.versions import Told, pages
from transfer import services
from transfer.forms import OutcomeForm, ReasonForm
from transfer.forms.outcomes import NAMES, as_sent, in_words
from transfer.services.outcomes import kept_fields
from transfer.services.permission import gone_out, told
from transfer.views.found import choices_of, context_of, found

REFUSED, OVERTAKEN = 422, 409


def _told(request: HttpRequest, pk: UUID) -> Told:
    """An outcome with its versions, for their pages."""
    shown, initiative, standing = found(request, pk)

    @cache
    def form() -> OutcomeForm:
        return OutcomeForm(kind=shown.kind, choices=choices_of(request.user, initiative))

    labels = {name: one.label for name, one in OutcomeForm.base_fields.items()}
    return Told(
        record=shown,
        versions=services.outcome_versions(by=request.user, outcome=shown),
        headings=(_("History of the outcome"), _("Version %(number)s of the outcome")),
        trail=[
            (reverse("transfer:outcomes", args=[initiative.pk]), _("Outcomes")),
            (reverse("transfer:outcome", args=[pk]), shown.get_content_kind_display()),
        ],
        history=reverse("transfer:outcome_history", args=[pk]),
        version=lambda key: reverse("transfer:outcome_revision", args=[pk, key]),
        labels={**labels, **{name: labels[field] for name, field in NAMES.items()}},
        tell=lambda fields: in_words(form(), as_sent({**kept_fields(shown), **fields})),
        write=Action.EDIT_OUTCOMES,
        bring_back=partial(services.bring_back_outcome, outcome=shown),
        page={**context_of(request, initiative, standing, shown), "tab": "outcomes"},
    )


history, revision = pages(_told)


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
        **context_of(request, initiative, standing, shown),
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
    try:
        services.restore_outcome(by=request.user, outcome=shown)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("Restored, as it was."))
    return redirect("transfer:outcome", pk=pk)
