"""Organisations: the stewards' list, vetting, and the page of one with its members."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts import services
from accounts.enums import LinkPurpose, MembershipRole
from accounts.forms import InviteForm, MembershipForm, VetForm, add_errors
from accounts.models import Membership, Organisation, Register, SingleUseLink
from accounts.views.answers import answer_of, keep_typed, posted_id
from confidentiality import policy
from confidentiality.codes import Action
from confidentiality.policy import allows
from confidentiality.records import Stale
from initiatives.forms import EmergencyForm
from initiatives.models import EmergencyAccess
from initiatives.services import ask_emergency, confirm_emergency, end_membership, withdraw_emergency

PER_PAGE = 25


@login_required
@require_GET
def organisations(request: HttpRequest) -> HttpResponse:
    """For stewards: who waits to be vetted, and who is in the network."""
    policy.require(request.user, Action.EDIT_ORGANISATION, Register())
    vetted = request.GET.get("vetted") == "1"
    text = " ".join(request.GET.get("q", "").split())[:100]
    visible = Organisation.objects.visible_to(request.user)
    members = Count("memberships", filter=Q(memberships__ended_at=None))
    found = visible.filter(vetted_at__isnull=not vetted).annotate(members=members).select_related("vetted_by")
    if text:
        found = found.filter(name__icontains=text)
    page = Paginator(found.order_by("-members", "name"), PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "vetted": vetted, "q": text}
    return render(request, "accounts/organisations.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def vet(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Let an organisation into the network, or take it out again, with a sentence why."""
    organisation = get_object_or_404(Organisation.objects.visible_to(request.user), pk=pk)
    policy.require(request.user, Action.VET_ORGANISATION, organisation)
    form = VetForm(
        request.POST if request.method == "POST" else None, initial={"version": organisation.version}
    )
    if request.method == "POST" and form.is_valid() and _vetted(request, organisation, form):
        return redirect("accounts:organisations")
    people = organisation.memberships.active().select_related("user").order_by("user__name")
    context = {"organisation": organisation, "form": form, "people": people}
    return render(request, "accounts/vet.html", context, status=answer_of(form))


def _vetted(request: HttpRequest, organisation: Organisation, form: VetForm) -> bool:
    into = not organisation.is_vetted
    try:
        services.vet_organisation(
            by=request.user,
            organisation=organisation,
            note=form.cleaned_data["note"],
            vetted=into,
            version=form.cleaned_data["version"],
        )
    except Stale:
        organisation.refresh_from_db()
        keep_typed(form, organisation.version)
        form.add_error(
            None, _("Somebody else decided about this organisation meanwhile. Look again before you do.")
        )
        return False
    except ValidationError as error:
        add_errors(form, error, {"vetting_note": "note"})
        return False
    said = _("%(name)s is in the network.") if into else _("%(name)s is out of the network.")
    messages.success(request, said % {"name": organisation.name})
    return True


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def organisation(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One organisation: who works there, for those who do; who comes and goes, for its owners and stewards."""
    shown = get_object_or_404(Organisation.objects.visible_to(request.user), pk=pk)
    act = request.POST.get("act", "") if request.method == "POST" else ""
    form = InviteForm(request.POST if act == "invite" else None)
    if act in ACTS:
        done = ACTS[act](request, shown, form)
        if done is not None:
            return done
    return _organisation_page(request, shown, form=form)


def _organisation_page(
    request: HttpRequest, shown: Organisation, *, form: InviteForm | None = None, asking: Any = None
) -> HttpResponse:
    standing = shown.standing_of(request.user)
    manages = allows(standing, Action.MANAGE_MEMBERS)
    places = Membership.objects.visible_to(request.user).active().filter(organisation=shown)
    members = list(places.select_related("user").order_by("user__name", "pk"))
    for place in members:
        place.may_admit = manages and place.waits and request.user.vouches_for(place.user)
        place.form = MembershipForm(
            initial={"role": place.role, "version": place.version}, auto_id=f"id_%s_{place.pk}"
        )
    owns = allows(standing, Action.ASK_EMERGENCY)
    context = {
        "organisation": shown,
        "members": members,
        "own": next((place for place in members if place.user_id == request.user.pk), None),
        "manages": manages,
        "form": form or InviteForm(),
        "invited": _invited(request, shown) if manages else [],
        "sends_mail": settings.SENDS_MAIL,
        "owns": owns,
        "asking": asking or EmergencyForm(),
        "emergencies": _emergencies(request, shown) if owns else [],
    }
    return render(request, "accounts/organisation.html", context, status=answer_of(form, asking))


def _invited(request: HttpRequest, shown: Organisation) -> list[SingleUseLink]:
    invitations = SingleUseLink.objects.visible_to(request.user).live().filter(organisation=shown)
    return list(invitations.filter(purpose=LinkPurpose.JOIN).select_related("made_by"))


def _emergencies(request: HttpRequest, shown: Organisation) -> list[EmergencyAccess]:
    found = EmergencyAccess.objects.visible_to(request.user).filter(organisation=shown)
    requests = list(found.select_related("asked_by", "confirmed_by")[:10])
    for each in requests:
        each.may_confirm = policy.may(request.user, Action.CONFIRM_EMERGENCY, each)
    return requests


def _invite(request: HttpRequest, shown: Organisation, form: InviteForm) -> HttpResponse | None:
    policy.require(request.user, Action.MANAGE_MEMBERS, shown)
    if not form.is_valid():
        return None
    origin = request.build_absolute_uri("/")
    try:
        services.invite(by=request.user, organisation=shown, origin=origin, **form.cleaned_data)
    except ValidationError as error:
        add_errors(form, error)
        return None
    messages.success(request, _("Invitation sent."))
    return redirect("accounts:organisation", shown.pk)


def _withdraw(request: HttpRequest, shown: Organisation, form: InviteForm) -> HttpResponse:
    links = SingleUseLink.objects.visible_to(request.user).filter(organisation=shown)
    link = get_object_or_404(links, pk=posted_id(request, "link"))
    services.withdraw_invitation(by=request.user, link=link)
    messages.success(request, _("The invitation is withdrawn."))
    return redirect("accounts:organisation", shown.pk)


def _of_member(
    change: Callable[[HttpRequest, Membership], str],
) -> Callable[[HttpRequest, Organisation, InviteForm], HttpResponse]:
    """An act on one member: what it answers, or why it was refused, stands above the page that follows."""

    def act(request: HttpRequest, shown: Organisation, form: InviteForm) -> HttpResponse:
        places = Membership.objects.visible_to(request.user).active().filter(organisation=shown)
        place = get_object_or_404(
            places.select_related("user", "organisation"), pk=posted_id(request, "member")
        )
        try:
            messages.success(request, change(request, place))
        except Stale:
            messages.error(request, _("Somebody else changed this meanwhile. Look, then choose again."))
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        if not request.user.is_authenticated:
            return redirect("account_login")
        return redirect("accounts:organisation", shown.pk)

    return act


def _change_role(request: HttpRequest, place: Membership) -> str:
    form = MembershipForm(request.POST)
    if not form.is_valid():
        raise ValidationError([message for messages in form.errors.values() for message in messages])
    services.change_membership_role(by=request.user, membership=place, **form.cleaned_data)
    role = MembershipRole(form.cleaned_data["role"]).label
    return _("%(name)s: %(role)s.") % {"name": place.user.name, "role": role}


def _end(request: HttpRequest, place: Membership) -> str:
    """One's own place ends the sign-in with it."""
    end_membership(by=request.user, membership=place)
    if place.user_id == request.user.pk:
        logout(request)
        return _("You left %(name)s. Everything that came with it has ended.") % {
            "name": place.organisation.name
        }
    return _("%(name)s does not belong here any more. Everything that came with it has ended.") % {
        "name": place.user.name
    }


def _admit(request: HttpRequest, place: Membership) -> str:
    services.admit_member_again(by=request.user, membership=place)
    return _("%(name)s is admitted again.") % {"name": place.user.name}


ACTS: dict[str, Callable[[HttpRequest, Organisation, InviteForm], HttpResponse | None]] = {
    "invite": _invite,
    "withdraw": _withdraw,
    "role": _of_member(_change_role),
    "end": _of_member(_end),
    "admit": _of_member(_admit),
}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def emergency(request: HttpRequest, pk: UUID) -> HttpResponse:
    """For owners: ask to be let into an initiative of the organisation for a day; a second owner confirms."""
    shown = get_object_or_404(Organisation.objects.visible_to(request.user), pk=pk)
    policy.require(request.user, Action.ASK_EMERGENCY, shown)
    act = request.POST.get("act", "")
    if act == "ask":
        return _asked(request, shown)
    if act not in ("confirm", "withdraw"):
        return redirect("accounts:organisation", pk)
    known = EmergencyAccess.objects.visible_to(request.user).filter(organisation=shown)
    found = get_object_or_404(known, pk=posted_id(request, "request"))
    if not found.is_open:
        messages.error(request, _("This was decided already, or waited too long."))
    elif act == "confirm":
        _confirm(request, found)
    else:
        withdraw_emergency(by=request.user, request=found)
        messages.success(request, _("The request is withdrawn."))
    return redirect("accounts:organisation", pk)


def _confirm(request: HttpRequest, found: EmergencyAccess) -> None:
    try:
        confirm_emergency(by=request.user, request=found, origin=request.build_absolute_uri("/"))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return
    messages.success(
        request, _("Confirmed. Where there is an initiative of that name, its team is told now.")
    )


def _asked(request: HttpRequest, shown: Organisation) -> HttpResponse:
    form = EmergencyForm(request.POST)
    if form.is_valid():
        try:
            ask_emergency(by=request.user, organisation=shown, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Asked. It waits for another owner, three days at most."))
            return redirect("accounts:organisation", shown.pk)
    return _organisation_page(request, shown, asking=form)
