"""Leaving an organisation: everything that came with it ends in the same moment."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.enums import MembershipRole
from accounts.models import Membership, Organisation, User
from accounts.services import forget_sign_ins, require_another_owner, withdraw_invitations_by
from confidentiality import policy
from confidentiality.codes import Action, TeamRole
from confidentiality.records import hold, save
from confidentiality.words import listed
from initiatives.models import Initiative, TeamMember


@transaction.atomic
def end_membership(*, by: User, membership: Membership, version: int | None = None) -> Membership:
    """End somebody's place in an organisation: one's own, or by an owner or a steward.

    With it end, at once: places on teams that the organisation convenes, being named successor there, unfinished
    forms, every sign-in and every token. When it was the last organisation, all places on teams. Whoever leaves names a
    successor first where they are the only lead; whoever is put out does not: the owner knows of no initiative.
    """
    leaves = by.pk == membership.user_id
    if not leaves:
        policy.require(by, Action.MANAGE_MEMBERS, membership.organisation)
    hold(Organisation, membership.organisation_id, None)  # Two owners do not go at once.
    membership = hold(Membership, membership.pk, version)
    if membership.ended_at is not None:
        return membership
    if leaves:
        _require_successors(by)
    if membership.role == MembershipRole.OWNER and (leaves or not by.is_steward):
        require_another_owner(membership)
    # Before the places on teams end: whoever is about to add this person to one waits, and looks again.
    gone = hold(User, membership.user_id, None)
    membership.ended_at = timezone.now()
    save(membership)
    withdraw_invitations_by(gone, membership.organisation)
    with connection.cursor() as cursor:
        cursor.execute("SELECT end_accesses(%s, %s)", [membership.user_id, membership.organisation_id])
    gone.round += 1
    save(gone)
    forget_sign_ins(gone)
    by.forget_standing()
    return membership


def _require_successors(user: User) -> None:
    """Nobody walks away from an initiative that nobody else leads."""
    led = Initiative.objects.filter(
        pk__in=user.team_memberships.live().filter(role=TeamRole.LEAD).values("initiative_id")
    )
    others = TeamMember.objects.visible_to(user).live().exclude(user=user)
    others = others.filter(role=TeamRole.LEAD, user__is_active=True)
    alone = led.filter(successor=None).exclude(pk__in=others.values("initiative_id")).order_by("codename")
    if names := list(alone.values_list("codename", flat=True)):
        text = _("You are the only lead of %(names)s. Name a successor there first, or another lead.")
        raise ValidationError(text % {"names": listed(names)})
