"""What is done to a transfer with one button: carried out, given up, deleted, brought back, and its steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.forms import add_errors
from confidentiality.codes import Action
from confidentiality.records import Stale
from initiatives.services.overriding import Doubt
from initiatives.views.sending import sent_once
from transfer import services
from transfer.forms import NAMES, CarriedForm, StepForm, WhyForm
from transfer.models import Transfer
from transfer.views.transfers import entered_transfer, transfer_page

REFUSED, OVERTAKEN = 422, 409


@login_required
@require_POST
@sent_once
def add_step(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Add a step on the ladder."""
    form = StepForm(request.POST)
    return _done(
        request, pk, form, "step_form", lambda found: _step(request, found, form), _("The step is recorded.")
    )


def _step(request: HttpRequest, found: Transfer, form: Any) -> None:
    services.record_step(by=request.user, transfer=found, **form.arguments())


@login_required
@require_POST
def carry_out(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What was planned has happened."""
    form = CarriedForm(request.POST)

    def act(found: Transfer) -> None:
        on, precision = form.cleaned_data["sent"]
        reason = form.cleaned_data["override_reason"]
        services.carry_out(
            by=request.user,
            transfer=found,
            version=form.cleaned_data["version"],
            sent_on=on,
            sent_precision=precision,
            override_reason=reason,
        )

    return _done(request, pk, form, "carried_form", act, _("Recorded."))


@login_required
@require_POST
def abandon(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What was planned will not happen."""
    form = WhyForm(request.POST)

    def act(found: Transfer) -> None:
        services.abandon_transfer(by=request.user, transfer=found, **form.cleaned_data)

    return _done(request, pk, form, "why_form", act, _("Given up. Why stays in the history."))


@login_required
@require_POST
def delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take it out of every list."""
    form = WhyForm(request.POST)

    def act(found: Transfer) -> None:
        services.delete_transfer(by=request.user, transfer=found, **form.cleaned_data)

    return _done(request, pk, form, "why_form", act, _("Deleted. It can be brought back on this page."))


@login_required
@require_POST
def restore(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Bring a deleted transfer back."""
    found, shown, standing = entered_transfer(request, pk, Action.EDIT_TRANSFERS)
    try:
        services.restore_transfer(by=request.user, transfer=found)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return transfer_page(request, found, shown, standing, status=REFUSED)
    messages.success(request, _("It is back."))
    return redirect("transfer:transfer", pk=pk)


def _done(
    request: HttpRequest, pk: UUID, form: Any, name: str, act: Callable[[Transfer], None], said: str
) -> HttpResponse:
    """Do it, or show the page with what is wrong at its field."""
    found, shown, standing = entered_transfer(request, pk, Action.EDIT_TRANSFERS)
    if form.is_valid():
        try:
            act(found)
        except ValidationError as error:
            if isinstance(error, Doubt) and hasattr(form, "ask_for_a_reason"):
                form.ask_for_a_reason()
            add_errors(form, error, NAMES)
        except Stale:
            form.add_error(
                None, _("Somebody changed this transfer meanwhile. Look at it, then send this again.")
            )
            return transfer_page(
                request, found, shown, standing, status=OVERTAKEN, failed=form, **{name: form}
            )
        else:
            messages.success(request, said)
            return redirect("transfer:transfer", pk=pk)
    return transfer_page(request, found, shown, standing, status=REFUSED, failed=form, **{name: form})
