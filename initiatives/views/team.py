"""Pages of the team: who is on it, adding, changing and ending an access, and naming a successor."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms import add_errors
from confidentiality import policy
from confidentiality.codes import Action, TeamRole
from confidentiality.policy import allows
from confidentiality.records import Stale
from initiatives import services
from initiatives.forms import NAMES, MemberForm, NewMemberForm, SuccessorForm
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
    manages = allows(_require_team(request, shown), Action.MANAGE_TEAM)
    members = team_of(request, shown)
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
    """Change the role or the last day of somebody on the team, or end the access now."""
    shown = visible_initiative(request, pk)
    standing = _require_team(request, shown)
    live = TeamMember.objects.visible_to(request.user).live().filter(initiative=shown).select_related("user")
    found = get_object_or_404(live, pk=member)
    leaves = found.user_id == request.user.pk
    if not leaves:
        policy.require(request.user, Action.MANAGE_TEAM, shown)
    act = request.POST.get("act", "") if request.method == "POST" else ""
    form = MemberForm(request.POST if act == "change" else None, initial=_stands(found))
    ending = SuccessorForm(
        request.POST if act == "end" else None,
        by=request.user,
        initial={"successor": shown.successor_id, "version": found.version},
    )
    if act and _done(request, found, act, form, ending):
        left = leaves and act == "end"
        return redirect("initiatives:initiatives") if left else redirect("initiatives:team", pk=pk)
    head = card_context(request, shown)
    context = {
        **head,
        "sight": of_team(shown, head["who"].team_size),
        "member": found,
        "form": form,
        "ending": ending,
        "leaves": leaves,
        "manages": allows(standing, Action.MANAGE_TEAM),
    }
    status = max(answer_of(form), answer_of(ending))
    return render(request, "initiatives/member.html", context, status=status)


def _stands(found: TeamMember) -> dict[str, Any]:
    until = timezone.localdate(found.expires_at) if found.expires_at else None
    return {"role": found.role, "until": until, "version": found.version}


def _done(request: HttpRequest, found: TeamMember, act: str, form: MemberForm, ending: SuccessorForm) -> bool:
    """Carry out the act; a refusal comes back to the form it belongs to."""
    concerned = ending if act == "end" else form
    if not concerned.is_valid():
        return False
    chosen = concerned.cleaned_data
    try:
        if act == "end":
            services.remove_team_member(
                by=request.user, member=found, successor=chosen["successor"], version=chosen["version"]
            )
            messages.success(request, _("%(name)s has no access any more.") % {"name": found.user.name})
        else:
            services.change_team_member(
                by=request.user,
                member=found,
                role=chosen["role"],
                expires_at=chosen["until"],
                version=chosen["version"],
            )
            messages.success(request, _("Saved."))
    except Stale:
        found.refresh_from_db()
        concerned.data = concerned.data.copy()
        concerned.data["version"] = str(found.version)
        concerned.add_error(None, _overtaken(found))
        return False
    except ValidationError as error:
        add_errors(concerned, error, NAMES)
        return False
    return True


def _overtaken(found: TeamMember) -> str:
    return _(
        "Somebody else changed this access while you had it open. It is now: %(role)s. "
        "What you chose still stands below; save again to put it in force."
    ) % {"role": found.get_role_display()}
