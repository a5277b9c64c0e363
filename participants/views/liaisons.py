"""For stewards: who is liaison of which office, since when and by whom; granting a mandate, and ending one."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms import add_errors
from accounts.models import Register
from confidentiality import policy
from confidentiality.codes import Action
from initiatives.views.cards import answer_of
from participants import services
from participants.forms import GrantLiaisonForm
from participants.models import LiaisonMandate

ENDED_SHOWN = 25


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def liaisons(request: HttpRequest) -> HttpResponse:
    """Mandates that stand, those that ended, and a form to grant one. `?body=` chooses the office in it."""
    policy.require(request.user, Action.GRANT_MANDATE, Register())
    chosen = {"body": request.GET.get("body", "")}
    form = GrantLiaisonForm(request.POST or None, by=request.user, initial=chosen)
    if request.method == "POST" and form.is_valid() and _granted(request, form):
        return redirect("participants:liaisons")
    mandates = LiaisonMandate.objects.visible_to(request.user).with_names()
    ended = mandates.exclude(ended_at=None).order_by("-ended_at", "pk")
    page = Paginator(ended, ENDED_SHOWN).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "live": mandates.live().order_by("body__normalised_name", "user__name", "pk"),
        "page": page,
        "query": "",
    }
    return render(request, "participants/liaisons.html", context, status=answer_of(form))


def _granted(request: HttpRequest, form: GrantLiaisonForm) -> bool:
    user, body = form.cleaned_data["user"], form.cleaned_data["body"]
    try:
        services.grant_liaison(by=request.user, user=user, body=body)
    except ValidationError as error:
        add_errors(form, error)
        return False
    said = _("%(name)s is liaison of %(body)s from now on.")
    messages.success(request, said % {"name": user.name, "body": body.name})
    return True


@login_required
@require_POST
def end(request: HttpRequest, pk: UUID) -> HttpResponse:
    """End a mandate, at once. Whoever holds it may read it, and not end it."""
    found = get_object_or_404(LiaisonMandate.objects.visible_to(request.user).with_names(), pk=pk)
    services.end_liaison(by=request.user, mandate=found)
    said = _("%(name)s is not liaison of %(body)s any more.")
    messages.success(request, said % {"name": found.user.name, "body": found.body.name})
    return redirect("participants:liaisons")
