"""Who is on a team, as what, until when, and who follows.

An initiative never loses its last lead unless a successor takes over in the same moment.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from types import EllipsisType
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from confidentiality import policy
from confidentiality.codes import Action, TeamRole
from confidentiality.records import Stale, hold, save
from initiatives.models import Initiative, TeamMember

EXTENDED_AT_MOST = 366


@transaction.atomic
def add_team_member(
    *, by: User, initiative: Initiative, user: User, role: str, expires_at: datetime | None = None
) -> TeamMember:
    """Let a colleague onto the team, from now until the expiry (None: no end yet)."""
    policy.require(by, Action.MANAGE_TEAM, initiative)
    # Whoever is put out of an organisation at this moment is not added meanwhile.
    user = hold(User, user.pk, None)
    initiative = hold(Initiative, initiative.pk, None)
    policy.require(by, Action.MANAGE_TEAM, initiative)  # Again: the lock may have been waited for.
    if not is_colleague(by, user):
        raise ValidationError({"user": _("Choose a colleague who can sign in.")})
    if initiative.public_record:
        raise ValidationError({"initiative": _("A card of the public record has no team.")})
    _refuse_past(expires_at)
    if initiative.members.current().filter(user=user).exists():
        raise ValidationError({"user": _("This person is on the team already.")})
    if not _counts_in(by, initiative, user):
        raise ValidationError({"user": _say_first()})
    member = TeamMember(initiative=initiative, user=user, role=role, expires_at=expires_at, added_by=by)
    save(member)
    return member


def _counts_in(by: User, initiative: Initiative, user: User) -> bool:
    """Whether a new access opens anything: whoever set the account up anew, or may have, lets in by it only somebody
    of whom an owner has said, where the initiative was opened, that it is really them. may_admit() says it too."""
    vouched = user.recovered_at is None or by.vouches_for(user)
    return vouched or initiative.registered_by_id in user.organisation_ids()


def _say_first() -> str:
    return _("The way into this account was set up anew. An owner has to say first that it is really them.")


def is_colleague(by: User, user: User) -> bool:
    """Whether somebody signs in, and works in one of the organisations of whoever acts."""
    own = by.organisation_ids()
    return user.is_active and user.memberships.active().filter(organisation__in=own).exists()


@transaction.atomic
def change_team_member(
    *, by: User, member: TeamMember, role: str, expires_at: datetime | None, version: int | None = None
) -> TeamMember:
    """Give a member another role, or another expiry."""
    policy.require(by, Action.MANAGE_TEAM, member)
    initiative = hold(Initiative, member.initiative_id, None)
    policy.require(by, Action.MANAGE_TEAM, initiative)
    member = hold(TeamMember, member.pk, version)
    _refuse_past(expires_at)
    _require_live(member)
    _refuse_longer_emergency(member)
    stays = role == TeamRole.LEAD
    if member.role == TeamRole.LEAD and not _other_leads(member) and (not stays or expires_at):
        _require_successor(by, initiative, member, "role" if not stays else "expires_at")
    if not stays:
        _promote(initiative, leaving=member)
    member.role, member.expires_at = role, expires_at
    save(member)
    return member


@transaction.atomic
def extend_access(
    *, by: User, member: TeamMember, days: int | None, version: int | None = None
) -> TeamMember:
    """Move the end of an access so many days on, or take it away (None).

    An end only ever moves away, so the last lead needs no successor for it. What has no end yet stays so.
    """
    policy.require(by, Action.MANAGE_TEAM, member)
    initiative = hold(Initiative, member.initiative_id, None)
    policy.require(by, Action.MANAGE_TEAM, initiative)
    member = hold(TeamMember, member.pk, version)
    _require_live(member)
    _refuse_longer_emergency(member)
    if days is not None and not 1 <= days <= EXTENDED_AT_MOST:
        raise ValidationError({"days": _("Expected 1 to %(most)d days.") % {"most": EXTENDED_AT_MOST}})
    if member.expires_at is not None:
        member.expires_at = None if days is None else extended(member.expires_at, days)
        save(member)
    return member


def extended(expires_at: datetime, days: int) -> datetime:
    """The same time of day, so many days later: a last day stays a whole day when the clocks change."""
    local = timezone.localtime(expires_at)
    day: date = local.date() + timedelta(days=days)
    return timezone.make_aware(datetime.combine(day, local.time()))


@transaction.atomic
def admit_again(*, by: User, member: TeamMember, version: int | None = None) -> TeamMember:
    """A lead's word that it is really them: an account that somebody else set up anew opens this initiative again.
    Another lead's than whoever set it up."""
    policy.require(by, Action.MANAGE_TEAM, member)
    member = hold(TeamMember, member.pk, version)
    _require_live(member)
    if not by.vouches_for(member.user):
        raise ValidationError(
            _(
                "Another lead has to say that it is really them: not whoever set the account up anew, and no steward "
                "where the link may have gone through a steward's hands."
            )
        )
    member.admitted_at = timezone.now()
    save(member)
    return member


@transaction.atomic
def remove_team_member(
    *, by: User, member: TeamMember, successor: User | None = None, version: int | None = None
) -> TeamMember:
    """End a member's access at once. The last lead can only leave to a successor, who becomes lead."""
    leaves = by.pk == member.user_id and member.is_live
    if not leaves:
        policy.require(by, Action.MANAGE_TEAM, member)
    initiative = hold(Initiative, member.initiative_id, None)
    if not leaves:
        policy.require(by, Action.MANAGE_TEAM, initiative)
    member = hold(TeamMember, member.pk, version)
    if not member.is_live:
        return member
    if successor is not None:
        policy.require(by, Action.MANAGE_TEAM, member)
        _set_successor(initiative, successor)
    if member.role == TeamRole.LEAD and not _other_leads(member):
        _require_successor(by, initiative, member, "successor")
    _promote(initiative, leaving=member)
    member.expires_at = timezone.now()
    save(member)
    return member


@transaction.atomic
def name_successor(
    *,
    by: User,
    initiative: Initiative,
    successor: User | None,
    version: int | None = None,
    seen: UUID | EllipsisType | None = ...,
) -> Initiative:
    """Name who becomes lead when the last lead leaves or expires.

    The card's version does not move with this, so `seen` is what guards against two leads who choose at the same
    time: the successor who stood there when the choice was made. Raises Stale when it is another one by now.
    """
    policy.require(by, Action.MANAGE_TEAM, initiative)
    initiative = hold(Initiative, initiative.pk, version)
    policy.require(by, Action.MANAGE_TEAM, initiative)
    if seen is not ... and seen != initiative.successor_id:
        raise Stale(initiative.version)
    _set_successor(initiative, successor)
    return initiative


@transaction.atomic
def hand_over_to_successors() -> int:
    """Make successors lead where the last lead has expired. The site's own work; safe to run twice."""
    leads = TeamMember.objects.current().filter(
        initiative=OuterRef("pk"), role=TeamRole.LEAD, user__is_active=True
    )
    orphaned = Initiative.objects.filter(successor__is_active=True).exclude(Exists(leads)).order_by("pk")
    # No more than who follows: the role of the site's own work may read nothing else of a card or an account.
    orphaned = orphaned.select_related("successor").only(
        "pk", "successor__is_active", "successor__recovered_at"
    )
    locked = list(orphaned.select_for_update(no_key=True, of=("self",), skip_locked=True))
    for initiative in locked:
        _promote(initiative)
    return len(locked)


def _other_leads(member: TeamMember) -> bool:
    """Whether another lead stays without an end."""
    leads = member.initiative.members.live().filter(role=TeamRole.LEAD, expires_at=None, user__is_active=True)
    return leads.exclude(pk=member.pk).exists()


def _require_successor(by: User, initiative: Initiative, member: TeamMember, field: str) -> None:
    heir = initiative.successor
    if heir is None or heir.pk == member.user_id or not heir.is_active:
        raise ValidationError(
            {field: _("This is the last lead. Name a successor first, who then becomes lead.")},
            code="last_lead",
        )
    if heir.recovered_at and not _opens(by, initiative, heir):
        text = _("The way into the successor's account was set up anew. Say first that it is really them.")
        raise ValidationError({field: text}, code="waits")


def _opens(by: User, initiative: Initiative, heir: User) -> bool:
    """Whether a lead's place would open anything to an heir whose account was set up anew."""
    if not heir.organisation_ids() or initiative.members.waiting().filter(user=heir).exists():
        return False
    return initiative.members.live().filter(user=heir).exists() or _counts_in(by, initiative, heir)


def _set_successor(initiative: Initiative, successor: User | None) -> None:
    if successor is not None and not successor.is_active:
        raise ValidationError({"successor": _("Choose a colleague who can sign in.")})
    if (
        successor is not None
        and initiative.members.current().filter(user=successor, in_emergency=True).exists()
    ):
        raise ValidationError({"successor": _("An emergency access ends by itself and cannot be extended.")})
    if initiative.successor_id != getattr(successor, "pk", None):
        _store_successor(initiative, successor)


def _store_successor(initiative: Initiative, successor: User | None) -> None:
    """Without a new version or time: those are seen by every reader of the card, and this is the team's alone."""
    initiative.successor = successor
    Initiative.objects.filter(pk=initiative.pk).update(successor=successor)


def _promote(initiative: Initiative, leaving: TeamMember | None = None) -> None:
    """Make the successor lead if no lead is left, whatever role they had before.

    `leaving` is about to go and does not count. Called before that: afterwards they may not change the team. Who does
    not lead, or waits, changes nothing by going. Where nobody does this, the site being at its own work, it opens
    nothing to an account that was recovered: a steward who sets up a successor's account anew shall not wait for the
    lead to expire.
    """
    leads = initiative.members.live().filter(role=TeamRole.LEAD, user__is_active=True)
    if leaving is not None:
        if not leads.filter(pk=leaving.pk).exists():
            return
        leads = leads.exclude(pk=leaving.pk)
    if initiative.successor is None or not initiative.successor.is_active or leads.exists():
        return
    recovered = initiative.successor.recovered_at if leaving is None else None
    admitted = {"admitted_at": recovered} if recovered else {}
    before = initiative.members.current().filter(user=initiative.successor_id).first()
    if before:
        before.role, before.expires_at = TeamRole.LEAD, None
        save(before)
    else:
        save(TeamMember(initiative=initiative, user=initiative.successor, role=TeamRole.LEAD, **admitted))
    _store_successor(initiative, None)


def _require_live(member: TeamMember) -> None:
    if not member.is_live:
        raise ValidationError({"expires_at": _("This access has ended; add the person again.")})


def _refuse_longer_emergency(member: TeamMember) -> None:
    if member.in_emergency:
        raise ValidationError({"expires_at": _("An emergency access ends by itself and cannot be extended.")})


def _refuse_past(expires_at: datetime | None) -> None:
    if expires_at is not None and expires_at <= timezone.now():
        raise ValidationError({"expires_at": _("Expected a time in the future.")})
