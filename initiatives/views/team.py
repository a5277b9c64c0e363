"""Pages of the team: who is on it, adding, changing and ending an access, and naming a successor."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms import VersionedForm, add_errors
from confidentiality import policy
from confidentiality.codes import Action, TeamRole
from confidentiality.policy import allows
from confidentiality.records import Stale
from initiatives import services
from initiatives.forms import NAMES, ExtendForm, MemberForm, NewMemberForm, SuccessorForm
from initiatives.models import Initiative, TeamMember
from initiatives.views.cards import answer_of, card_context, team_of, visible_initiative
from initiatives.views.sight import of_role, of_team


def _require_team(request: HttpRequest, shown: Initiative) -> Any:
    """The reader's standing; who is not on the team learns nothing of it."""
    standing = shown.standing_of(request.user)
    if standing.team_role is None:
        raise Http404
    return standing


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def team(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The team, with a form to add a colleague for those who lead it."""
    shown = visible_initiative(request, pk)
    standing = _require_team(request, shown)
    manages = allows(standing, Action.MANAGE_TEAM)
    members = team_of(request, shown)
    for member in members:
        member.may_admit = manages and request.user.vouches_for(member.user)
    form = None
    if manages:
        on_team = [member.user_id for member in members]
        form = NewMemberForm(
            request.POST if request.method == "POST" else None, by=request.user, on_team=on_team
        )
    if request.method == "POST":
        policy.require(request.user, Action.MANAGE_TEAM, shown)
        if form is not None and form.is_valid() and _added(request, shown, form):
            return redirect("initiatives:team", pk=pk)
    context = _team_context(request, shown, members, manages, form)
    context["purges"] = allows(standing, Action.ASK_PURGE)
    return render(request, "initiatives/team.html", context, status=answer_of(form))


def _added(request: HttpRequest, shown: Initiative, form: NewMemberForm) -> bool:
    chosen = form.cleaned_data
    try:
        services.add_team_member(
            by=request.user,
            initiative=shown,
            user=chosen["user"],
            role=chosen["role"],
            expires_at=chosen["until"],
        )
    except ValidationError as error:
        add_errors(form, error, NAMES)
        return False
    messages.success(request, _("%(name)s is on the team.") % {"name": chosen["user"].name})
    return True


def _team_context(
    request: HttpRequest,
    shown: Initiative,
    members: list[TeamMember],
    manages: bool,
    form: NewMemberForm | None,
) -> dict[str, Any]:
    successor = None
    if manages:
        initial = {"successor": shown.successor_id, "version": shown.version, "seen": shown.successor_id}
        successor = SuccessorForm(initial=initial, by=request.user)
    return {
        **card_context(request, shown),
        "sight": of_team(shown, len(members)),
        "members": members,
        "manages": manages,
        "form": form,
        "successor_form": successor,
        "roles": [(role.label, of_role(role)) for role in TeamRole],
    }


@login_required
@require_POST
def successor(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Name who becomes lead when the last lead goes."""
    shown = visible_initiative(request, pk)
    _require_team(request, shown)
    form = SuccessorForm(request.POST, by=request.user)
    policy.require(request.user, Action.MANAGE_TEAM, shown)
    try:
        if form.is_valid():
            chosen = form.cleaned_data["successor"]
            services.name_successor(
                by=request.user,
                initiative=shown,
                successor=chosen,
                version=form.cleaned_data["version"],
                seen=form.cleaned_data["seen"],
            )
            messages.success(request, _("Saved."))
        else:
            messages.error(request, _("Choose one of your colleagues."))
    except Stale:
        messages.error(
            request, _("Somebody else changed this card while you had it open. Look, then choose again.")
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("initiatives:team", pk=pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def member(request: HttpRequest, pk: UUID, member: UUID) -> HttpResponse:
    """Extend or end somebody's access, or change the role. What another page sent and is refused is answered here."""
    shown = visible_initiative(request, pk)
    standing = _require_team(request, shown)
    live = (
        TeamMember.objects.visible_to(request.user).current().filter(initiative=shown).select_related("user")
    )
    found = get_object_or_404(live, pk=member)
    leaves = found.user_id == request.user.pk
    if not leaves:
        policy.require(request.user, Action.MANAGE_TEAM, shown)
    act = request.POST.get("act", "") if request.method == "POST" else ""
    forms = _forms(request, shown, found, act)
    if act in ACTS and _done(request, found, act, forms[act]):
        return redirect("initiatives:initiatives") if leaves and act == "end" else _back(request, pk)
    head = card_context(request, shown)
    context = {
        **head,
        "sight": of_team(shown, head["who"].team_size),
        "member": found,
        "form": forms["change"],
        "ending": forms["end"],
        "extending": forms["extend"],
        "leaves": leaves,
        "manages": allows(standing, Action.MANAGE_TEAM),
    }
    status = max(answer_of(form) for form in forms.values())
    return render(request, "initiatives/member.html", context, status=status)


def _forms(request: HttpRequest, shown: Initiative, found: TeamMember, act: str) -> dict[str, Any]:
    """The forms of the page; what was sent belongs to the one that is named by the act."""
    sent = {act: request.POST}
    until = timezone.localdate(found.expires_at) if found.expires_at else None
    stands = {"role": found.role, "until": until, "version": found.version}
    follows = {"successor": shown.successor_id, "version": found.version}
    return {
        "admit": VersionedForm(sent.get("admit"), initial=stands),
        "change": MemberForm(sent.get("change"), initial=stands),
        "extend": ExtendForm(sent.get("extend"), initial=stands),
        "end": SuccessorForm(sent.get("end"), by=request.user, initial=follows),
    }


def _back(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The page from which the act was sent."""
    place = request.POST.get("back", "")
    if place == "home":
        return redirect("home")
    return redirect("initiatives:who" if place == "who" else "initiatives:team", pk=pk)


def _done(request: HttpRequest, found: TeamMember, act: str, form: Any) -> bool:
    """Carry out the act; a refusal comes back to the form it belongs to."""
    if not form.is_valid():
        return False
    before = found.expires_at
    try:
        after = ACTS[act](request.user, found, form)
    except Stale:
        found.refresh_from_db()
        form.data = form.data.copy()
        form.data["version"] = str(found.version)
        form.add_error(None, _overtaken(found))
        return False
    except ValidationError as error:
        add_errors(form, error, NAMES)
        return False
    if act == "admit":
        messages.success(request, _("%(name)s is admitted again.") % {"name": after.user.name})
    elif act == "change":
        messages.success(request, _("Saved."))
    else:
        _offer_undo(request, after, act, before)
    return True


def _change(by: Any, found: TeamMember, form: MemberForm) -> TeamMember:
    chosen = form.cleaned_data
    return services.change_team_member(
        by=by, member=found, role=chosen["role"], expires_at=chosen["until"], version=chosen["version"]
    )


def _extend(by: Any, found: TeamMember, form: ExtendForm) -> TeamMember:
    version = form.cleaned_data["version"]
    return services.extend_access(by=by, member=found, days=form.chosen(), version=version)


def _end(by: Any, found: TeamMember, form: SuccessorForm) -> TeamMember:
    chosen = form.cleaned_data
    return services.remove_team_member(
        by=by, member=found, successor=chosen["successor"], version=chosen["version"]
    )


def _admit(by: Any, found: TeamMember, form: VersionedForm) -> TeamMember:
    return services.admit_again(by=by, member=found, version=form.cleaned_data["version"])


ACTS = {"admit": _admit, "change": _change, "extend": _extend, "end": _end}


def _overtaken(found: TeamMember) -> str:
    return _(
        "Somebody else changed this access while you had it open. It is now: %(role)s. "
        "What you chose still stands below; save again to put it in force."
    ) % {"role": found.get_role_display()}


def _offer_undo(request: HttpRequest, after: TeamMember, act: str, before: datetime | None) -> None:
    """Say what was done. To those who may take it back the notice offers it, with what stood there before kept in
    the session: it is offered once, to this person, and compared with what stands by then."""
    # Whoever left cannot take it back, and emergency access is asked for anew, by two owners.
    final = act == "end" and (after.user_id == request.user.pk or after.in_emergency)
    messages.success(request, _said(after, act), extra_tags="" if final else "undo")
    if final:
        return
    request.session["undo"] = {
        "url": reverse("initiatives:undo_access", args=[after.initiative_id, after.pk]),
        "member": str(after.pk),
        "act": act,
        "until": before.isoformat() if before else "",
        "version": after.version,
        "back": request.POST.get("back", ""),
    }


def _said(after: TeamMember, act: str) -> str:
    name = after.user.name
    if act == "end":
        return _("%(name)s has no access any more.") % {"name": name}
    if after.expires_at is None:
        return _("%(name)s has access without an end.") % {"name": name}
    day = date_format(timezone.localtime(after.expires_at), "j F Y")
    return _("%(name)s has access until %(day)s.") % {"name": name, "day": day}


@login_required
@require_POST
def undo(request: HttpRequest, pk: UUID, member: UUID) -> HttpResponse:
    """Take back what the notice offered to take back: an access that was extended or ended just now."""
    shown = visible_initiative(request, pk)
    _require_team(request, shown)
    policy.require(request.user, Action.MANAGE_TEAM, shown)
    offer = request.session.pop("undo", {})
    found = TeamMember.objects.visible_to(request.user).filter(initiative=shown, pk=member).first()
    if found is None or offer.get("member") != str(member):
        messages.error(request, _("There is nothing to undo any more."))
        return redirect("initiatives:team", pk=pk)
    try:
        restored = _undone(request.user, found, offer)
        messages.success(request, _("Undone.") + " " + _said(restored, "extend"))
    except Stale:
        messages.error(request, _("Somebody else changed this access meanwhile. Nothing was undone."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("home") if offer["back"] == "home" else redirect("initiatives:team", pk=pk)


def _undone(by: Any, found: TeamMember, offer: dict[str, Any]) -> TeamMember:
    """The access as it stood: the same row where it was extended, a new one where it had ended."""
    until = datetime.fromisoformat(offer["until"]) if offer["until"] else None
    if found.user.recovered_at and found.user.recovered_at >= found.admitted_at:
        raise ValidationError(
            _(
                "The way into this account was set up anew meanwhile. Add the person again, if it is really them."
            )
        )
    if offer["act"] == "extend":
        return services.change_team_member(
            by=by, member=found, role=found.role, expires_at=until, version=offer["version"]
        )
    return services.add_team_member(
        by=by, initiative=found.initiative, user=found.user, role=found.role, expires_at=until
    )


@login_required
@require_POST
def admit_lead(request: HttpRequest, member: UUID) -> HttpResponse:
    """For a successor outside the team: say of its only lead, whose account was set up anew, that it is them."""
    services.admit_lead(by=request.user, member=member)
    messages.success(request, _("Said. The lead reads the initiative again."))
    return redirect("home")
