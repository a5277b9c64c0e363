"""Opening an initiative: the conflict first, what was tried there before, then the card."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.forms import add_errors
from initiatives import services
from initiatives.enums import DraftPlace
from initiatives.forms import EXPLAINED, NAMES, OpenForm
from initiatives.models import Conflict, Initiative
from initiatives.views.cards import answer_of
from initiatives.views.conflicts import in_tree, visible_conflict
from initiatives.views.drafts import Place

SHOWN_BEFORE = 12


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def open_initiative(request: HttpRequest) -> HttpResponse:
    """Step one chooses the conflict; step two shows previous efforts on it and asks for the card."""
    if not request.user.is_vetted():
        return render(request, "initiatives/open_unvetted.html")
    if not request.GET.get("conflict"):
        rows = in_tree(Conflict.objects.visible_to(request.user))
        return render(request, "initiatives/open_conflict.html", {"rows": rows})
    conflict = visible_conflict(request, _key(request.GET["conflict"]))
    place = Place(DraftPlace.OPEN_INITIATIVE, conflict=conflict)
    draft = place.draft_of(request.user) if request.method != "POST" else None
    form = OpenForm(
        request.POST if request.method == "POST" else None,
        initial=draft.values(OpenForm.base_fields) if draft else None,
        user=request.user,
        conflict=conflict,
    )
    if request.method == "POST" and form.is_valid():
        try:
            opened = services.open_initiative(by=request.user, conflict=conflict, **form.arguments())
            place.saved(request)
            messages.success(request, _("Opened. Only your team sees its card, and you are its lead."))
            return redirect("initiatives:initiative", pk=opened.pk)
        except ValidationError as error:
            add_errors(form, error, NAMES)
    context = {**_context(request.user, conflict, form), **place.fields(request, draft)}
    return render(request, "initiatives/open.html", context, status=answer_of(form))


def _key(text: str) -> UUID:
    """What is no key leads nowhere, like a key that nobody has."""
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None


def _context(user: Any, conflict: Conflict, form: OpenForm) -> dict[str, Any]:
    line = Conflict.objects.visible_to(user).on_line_of([conflict.lineage])
    before = (
        Initiative.objects.visible_to(user)
        .filter(conflict__in=line)
        .select_related("conflict")
        .order_by("-began_on", "pk")
    )
    efforts = list(before[: SHOWN_BEFORE + 1])
    services.entitle(by=user, initiatives=efforts)
    return {
        "conflict": conflict,
        "form": form,
        "efforts": efforts[:SHOWN_BEFORE],
        "more": len(efforts) > SHOWN_BEFORE,
        "explained": EXPLAINED,
    }
