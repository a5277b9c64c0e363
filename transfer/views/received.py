"""What a liaison sees of transfers to their office: when, by which way, and the message. Nothing of the initiative."""

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
from django.views.decorators.http import require_GET, require_POST

from accounts.forms import add_errors
from initiatives.models import Conflict
from transfer import services
from transfer.forms import AcknowledgeForm
from transfer.models import ReceivedTransfer

REFUSED, PER_PAGE = 422, 25


def received_by(user: Any) -> Any:
    return ReceivedTransfer.objects.visible_to(user).select_related("body", "conflict", "track")


@login_required
@require_GET
def received(request: HttpRequest) -> HttpResponse:
    """Everything that came to one's offices, the newest first."""
    page = Paginator(received_by(request.user), PER_PAGE).get_page(request.GET.get("page"))
    offices = request.user.liaison_mandates.serving().select_related("body").order_by("body__name")
    # Two of one day and one way would look the same without their words.
    rows = [(one, services.message_of(one)) for one in page.object_list]
    context = {"page": page, "rows": rows, "query": "", "offices": [mandate.body.name for mandate in offices]}
    return render(request, "transfer/received.html", context)


@login_required
@require_GET
def message(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One of them, opened."""
    found = get_object_or_404(received_by(request.user), pk=pk)
    return _page(request, found, AcknowledgeForm())


@login_required
@require_POST
def acknowledge(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say that it has arrived."""
    found = get_object_or_404(received_by(request.user), pk=pk)
    form = AcknowledgeForm(request.POST)
    if form.is_valid():
        try:
            services.acknowledge(by=request.user, received=found, on=form.cleaned_data["on"])
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(
                request, _("Acknowledged. Whoever sent it learns the day and the office, not your name.")
            )
            return redirect("transfer:received_transfer", pk=pk)
    return _page(request, found, form, status=REFUSED)


def _page(
    request: HttpRequest, found: ReceivedTransfer, form: AcknowledgeForm, *, status: int = 200
) -> HttpResponse:
    opens = Conflict.objects.visible_to(request.user).filter(pk=found.conflict_id).exists()
    context = {
        "received": found,
        "message": services.message_of(found),
        "form": form,
        "opens_conflict": opens,
    }
    return render(request, "transfer/received_transfer.html", context, status=status)
