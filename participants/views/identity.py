"""Who a person is: opened by a deliberate act, shown once, corrected and erased. Never by an address alone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms import add_errors
from confidentiality import policy
from confidentiality.codes import Action
from confidentiality.fields import if_it_opens
from confidentiality.records import Stale
from initiatives.models import TeamMember
from initiatives.views.sight import of_identity
from participants import services
from participants.forms import ERASED, EraseForm, IdentityForm
from participants.models import Person, PersonIdentity
from participants.querysets import OPENING
from participants.views.mentions import mentions
from participants.views.people import OVERTAKEN, REFUSED, head_of, visible_person


@login_required
@require_POST
def opened(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show who somebody is, once, to those who may know it."""
    shown = visible_person(request, pk)
    identity = services.open_identity(by=request.user, person=shown)
    return _page(request, shown, identity, IdentityForm(initial=_initial(identity)))


@login_required
@require_POST
def write(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Write down or correct who somebody is."""
    shown = visible_person(request, pk)
    policy.require(request.user, Action.EDIT_IDENTITY, shown)
    form = IdentityForm(request.POST)
    status = REFUSED
    if form.is_valid():
        try:
            services.write_identity(
                by=request.user, person=shown, version=form.cleaned_data["version"], **form.identity()
            )
        except Stale as stale:
            data = request.POST.copy()
            data["version"] = str(stale.current)
            form, status = IdentityForm(data), OVERTAKEN
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Written down."))
            return redirect("participants:person", pk=pk)
    identity = services.open_identity(by=request.user, person=shown)
    return _page(request, shown, identity, form, status)


def _initial(identity: PersonIdentity | None) -> dict[str, Any]:
    """What stands there, as the form sends it; what does not open is written anew."""
    if identity is None:
        return {"version": 0}
    found = {name: if_it_opens(identity, name) for name in services.IDENTITY_FIELDS}
    names = "\n".join(str(entry.get("name", "")) for entry in found.pop("other_names") or [])
    texts = {name: value or "" for name, value in found.items()}
    return {**texts, "other_names": names, "version": identity.version}


def _page(
    request: HttpRequest,
    shown: Person,
    identity: PersonIdentity | None,
    form: IdentityForm,
    status: int = 200,
) -> HttpResponse:
    facts = []
    if identity is not None:
        facts = [
            (str(form.fields[name].label), if_it_opens(identity, name))
            for name in services.IDENTITY_FIELDS
            if name != "other_names"
        ]
    context = {
        **head_of(request, shown),
        "sight": of_identity(shown.organisation.name, _others(request, shown)),
        "identity": identity,
        "facts": facts,
        "names": (if_it_opens(identity, "other_names") or []) if identity else [],
        "form": form,
        "overtaken": status == OVERTAKEN,
    }
    return render(request, "participants/identity.html", context, status=status)


def _others(request: HttpRequest, shown: Person) -> list[str]:
    """Names of those on the reader's own teams who open this identity, too."""
    members = TeamMember.objects.visible_to(request.user).live().filter(role__in=OPENING)
    members = members.filter(initiative__participations__person=shown).exclude(user=request.user)
    return sorted(set(members.values_list("user__name", flat=True)))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Forget somebody who asks for it, after showing where the name stands in texts. Not undone by anybody."""
    shown = visible_person(request, pk)
    policy.require(request.user, Action.EDIT_IDENTITY, shown)
    form = EraseForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            everything = form.cleaned_data["what"] == EraseForm.ALL
            forget = services.forget_person if everything else services.erase_identity
            forget(by=request.user, person=shown, reason=form.cleaned_data["reason"])
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Forgotten. The pseudonym stays."))
            return redirect("participants:person", pk=pk)
    context = {
        **head_of(request, shown),
        "form": form,
        "explained": ERASED,
        "mentions": mentions(request.user, shown),
    }
    return render(request, "participants/erase.html", context, status=REFUSED if form.is_bound else 200)
