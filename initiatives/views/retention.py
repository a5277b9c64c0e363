"""How long an initiative is kept: the page with its clocks, setting an end, holding it and letting go."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.forms import add_errors
from confidentiality import policy
from confidentiality.codes import Action
from confidentiality.fields import if_it_opens
from confidentiality.policy import Standing, allows
from confidentiality.records import Stale
from initiatives import services
from initiatives.forms.retention import NO_END, UNTIL, HoldForm, ReleaseForm, RetentionForm
from initiatives.models import Initiative, Retention
from initiatives.views.cards import answer_of
from initiatives.views.inside import entered, frame

ACTS: dict[str, Action] = {
    "set": Action.ASK_PURGE,
    "hold": Action.HOLD_RETENTION,
    "release": Action.HOLD_RETENTION,
}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def retention(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Until when it is kept, for the whole team: set by leads, held and let go by whoever leads or facilitates."""
    shown, standing = entered(request, pk)
    found = services.retention_of(by=request.user, initiative=shown)
    act = request.POST.get("act", "") if request.method == "POST" else ""
    if act in ACTS:
        policy.require(request.user, ACTS[act], shown)
    forms = _forms(request, found, act)
    if act in ACTS and _done(request, shown, act, forms[act]):
        return redirect("initiatives:retention", pk)
    context = {
        **frame(request, shown, standing),
        "retention": found,
        "reason": if_it_opens(found, "hold_reason") if found and found.held else "",
        "forms": forms,
        "may_set": allows(standing, Action.ASK_PURGE),
        "may_release": _may_release(request, found, standing),
        "may_hold": allows(standing, Action.HOLD_RETENTION),
        "sessions": services.sessions_ending(by=request.user, initiative=shown),
    }
    status = max(answer_of(form) for form in forms.values())
    return render(request, "initiatives/retention.html", context, status=status)


def _may_release(request: HttpRequest, found: Retention | None, standing: Standing) -> bool:
    """Whether there is a button; whether it is so at this moment is said by the service."""
    holds = found is not None and found.held_by_id == request.user.pk
    return allows(standing, Action.HOLD_RETENTION if holds else Action.ASK_PURGE)


def _forms(request: HttpRequest, found: Retention | None, act: str) -> dict[str, Any]:
    version = {"version": found.version if found else 0}
    until = found.keep_until if found else None
    initial = {**version, "ends": UNTIL if until else NO_END, "keep_until": until}
    return {
        "set": RetentionForm(request.POST if act == "set" else None, initial=initial, prefix=None),
        "hold": HoldForm(request.POST if act == "hold" else None, initial=version, auto_id="hold_%s"),
        "release": ReleaseForm(request.POST if act == "release" else None, initial=version, auto_id="go_%s"),
    }


def _done(request: HttpRequest, shown: Initiative, act: str, form: Any) -> bool:
    """Carry out the act; a refusal comes back to its form."""
    if not form.is_valid():
        return False
    given: dict[str, Any] = form.arguments() if act == "set" else form.cleaned_data
    serve, said = {
        "set": (services.set_retention, _("Saved.")),
        "hold": (services.hold_retention, _("Held. Nothing is destroyed until you let go, or another lead.")),
        "release": (services.release_retention, _("Its time runs again.")),
    }[act]
    try:
        serve(by=request.user, initiative=shown, **given)
    except Stale:
        form.add_error(
            None, _("Somebody else changed this while you had the page open. Look, then try again.")
        )
        return False
    except ValidationError as error:
        add_errors(form, error)
        return False
    messages.success(request, said)
    return True
