"""What is done to organisations and to their members."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.enums import MembershipRole, OrganisationKind
from accounts.models import Membership, Organisation, Register, User
from confidentiality import policy
from confidentiality.codes import Action
from confidentiality.records import hold, save


@transaction.atomic
def create_organisation(
    *, by: User, name: str, kind: str = OrganisationKind.UNKNOWN, country: str = "", website: str = ""
) -> Organisation:
    """Register an organisation, unvetted. Done by a steward."""
    policy.require(by, Action.EDIT_ORGANISATION, Register())
    organisation = Organisation(name=" ".join(name.split()), kind=kind, country=country, website=website)
    save(organisation)
    return organisation


@transaction.atomic
def edit_organisation(
    *, by: User, organisation: Organisation, version: int | None = None, **changes: str
) -> Organisation:
    """Change what an organisation says of itself: name, kind, country, website."""
    policy.require(by, Action.EDIT_ORGANISATION, organisation)
    organisation = hold(Organisation, organisation.pk, version)
    for field in ("name", "kind", "country", "website"):
        if field in changes:
            setattr(organisation, field, changes[field])
    save(organisation)
    return organisation


@transaction.atomic
def vet_organisation(
    *, by: User, organisation: Organisation, note: str, vetted: bool = True, version: int | None = None
) -> Organisation:
    """Let an organisation into the network, or take it out again; `note` says what was checked or why."""
    policy.require(by, Action.VET_ORGANISATION, organisation)
    organisation = hold(Organisation, organisation.pk, version)
    if not note.strip():
        raise ValidationError({"vetting_note": _("Say in a sentence what was checked.")})
    organisation.vetted_at = timezone.now() if vetted else None
    organisation.vetted_by = by
    organisation.vetting_note = note.strip()
    save(organisation)
    by.forget_standing()
    return organisation


@transaction.atomic
def add_membership(
    *, by: User, organisation: Organisation, user: User, role: str = MembershipRole.MEMBER
) -> Membership:
    """Make a user a member of an organisation."""
    policy.require(by, Action.MANAGE_MEMBERS, organisation)
    membership = Membership(organisation=organisation, user=user, role=role)
    save(membership)
    user.forget_standing()
    return membership


@transaction.atomic
def change_membership_role(
    *, by: User, membership: Membership, role: str, version: int | None = None
) -> Membership:
    """Make a member an owner or a registrar, or no more than a member. An organisation keeps an owner."""
    policy.require(by, Action.MANAGE_MEMBERS, membership.organisation)
    hold(Organisation, membership.organisation_id, None)  # Two owners do not go at once.
    by.forget_standing()
    policy.require(by, Action.MANAGE_MEMBERS, membership.organisation)
    membership = hold(Membership, membership.pk, version)
    _require_active(membership)
    require_owner_for(by=by, organisation=membership.organisation, role=role)
    if membership.role == MembershipRole.OWNER and role != MembershipRole.OWNER:
        require_another_owner(membership)
    membership.role = role
    save(membership)
    by.forget_standing()
    return membership


@transaction.atomic
def admit_member_again(*, by: User, membership: Membership, version: int | None = None) -> Membership:
    """A word that it is really them, after somebody else set up the account anew: by an owner, or by a steward who is
    not the one that did; where that is not known, by no steward. Nobody gives it for the own account."""
    policy.require(by, Action.MANAGE_MEMBERS, membership.organisation)
    membership = hold(Membership, membership.pk, version)
    _require_active(membership)
    if not by.vouches_for(membership.user):
        raise ValidationError(
            _(
                "Somebody else has to say that it is really them: an owner, or another steward; no steward where the "
                "link may have gone through a steward's hands."
            )
        )
    membership.admitted_at = timezone.now()
    save(membership)
    return membership


def require_owner_for(*, by: User, organisation: Organisation, role: str) -> None:
    """A registrar opens identities, and two owners an initiative: such roles are given by owners. A steward makes the
    first owner and no more, or would read what stewards do not. Raises ValidationError."""
    if role == MembershipRole.MEMBER or organisation.pk in by.owned_organisation_ids():
        return
    if role != MembershipRole.OWNER or has_had_an_owner(organisation):
        raise ValidationError(
            {"role": _("Owners give this role. A steward makes the first owner, and no more.")}
        )


def has_had_an_owner(organisation: Organisation) -> bool:
    """Also one who left: ending the last one shall not make way for another of the steward's choice."""
    return organisation.memberships.filter(role=MembershipRole.OWNER).exists()


def require_another_owner(membership: Membership) -> None:
    """Raises ValidationError where this is the last one who may speak for the organisation."""
    owners = membership.organisation.memberships.active().filter(role=MembershipRole.OWNER)
    if not owners.exclude(pk=membership.pk).filter(user__is_active=True).exists():
        raise ValidationError({"role": _("This is the last owner. Make somebody else an owner first.")})


def _require_active(membership: Membership) -> None:
    if membership.ended_at is not None:
        raise ValidationError(_("This membership has ended."))
