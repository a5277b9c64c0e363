"""Inviting somebody into an organisation, and what comes of it."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import letters
from accounts.enums import LinkPurpose, MembershipRole
from accounts.models import Membership, Organisation, SingleUseLink, User
from accounts.services.links import make_link, path_of, take
from accounts.services.organisations import has_had_an_owner, require_owner_for
from confidentiality import policy
from confidentiality.codes import Action
from confidentiality.records import hold, save

# At most so many live ones for an organisation: who can send letters in the site's name shall not flood others.
WAITING_AT_MOST = 50


@transaction.atomic
def invite(*, by: User, organisation: Organisation, address: str, role: str, origin: str) -> SingleUseLink:
    """Send somebody a link by which to join. The same is done whether or not the address has an account here."""
    policy.require(by, Action.MANAGE_MEMBERS, organisation)
    address = address.strip().lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise ValidationError({"address": error}) from None
    if role not in MembershipRole.values:
        raise ValidationError({"role": _("Expected owner, registrar or member.")})
    require_owner_for(by=by, organisation=organisation, role=role)
    waiting = SingleUseLink.objects.live().filter(organisation=organisation, purpose=LinkPurpose.JOIN)
    if waiting.count() >= WAITING_AT_MOST:
        text = _("%(number)d invitations wait already. Withdraw some of them first.")
        raise ValidationError({"address": text % {"number": WAITING_AT_MOST}})
    link, plain = make_link(
        purpose=LinkPurpose.JOIN, address=address, made_by=by, organisation=organisation, role=role
    )
    letters.send_invitation(by=by, link=link, url=origin.rstrip("/") + path_of(plain))
    return link


@transaction.atomic
def join(*, user: User, link: SingleUseLink) -> Membership:
    """Somebody who has an account here takes the invitation up. Who is a member already keeps the role."""
    if link.purpose != LinkPurpose.JOIN or user.email != link.address:
        raise ValidationError(
            _("This link was sent to another address. Sign in with the account it was sent to.")
        )
    link = take(link)
    _require_inviter(link)
    known = user.memberships.active().filter(organisation=link.organisation).first()
    if known is not None:
        return known
    membership = Membership(organisation=link.organisation, user=user, role=_role_of(link))
    if user.recovered_at and not (
        link.made_by and link.made_by.vouches_for(user) and link.created_at > user.recovered_at
    ):
        # Whoever set the account up anew, or may have, does not say that it is really them by inviting it; nor does a
        # link that was sent before.
        membership.admitted_at = user.recovered_at
    save(membership)
    user.forget_standing()
    return membership


@transaction.atomic
def join_as_new(*, link: SingleUseLink, name: str, password: str, language: str) -> User:
    """Somebody who is new here takes the invitation up, under the address to which it went."""
    if link.purpose != LinkPurpose.JOIN:
        raise ValidationError(_("This link was used already, or is too old. Ask for a new one."))
    address = link.address
    user = User(email=address, name=" ".join(name.split()), language=language)
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ValidationError({"password": error}) from None
    link = take(link)
    _require_inviter(link)
    if User.objects.filter(email__iexact=address).exists():
        # Told to whoever reads the letters of this address, and to nobody else.
        raise ValidationError(_("You have an account here already. Sign in, then open the link again."))
    try:
        user = User.objects.create_user(email=address, password=password, name=user.name, language=language)
    except IntegrityError:
        raise ValidationError(_("This link was used already, or is too old. Ask for a new one.")) from None
    save(Membership(organisation=link.organisation, user=user, role=_role_of(link)))
    return user


def _require_inviter(link: SingleUseLink) -> None:
    """Whoever invited may still do so: the word of somebody who left, or whose account was ended, lets nobody in."""
    if link.organisation_id is not None:
        hold(Organisation, link.organisation_id, None)  # Of two who come first, one does.
    by, organisation = link.made_by, link.organisation
    stands = by is not None and by.is_active and organisation is not None
    if not stands or not (by.is_steward or organisation.pk in by.owned_organisation_ids()):  # type: ignore[union-attr]
        raise ValidationError(_("This link was used already, or is too old. Ask for a new one."))


def _role_of(link: SingleUseLink) -> str:
    """As what somebody joins. More than a member only by an owner's word that still stands, in a letter that went by
    mail: one that a steward hands over could be opened by the steward. The first owner is by a steward's."""
    organisation = link.organisation
    if organisation is None or not has_had_an_owner(organisation):
        return link.role
    owner = link.made_by is not None and organisation.pk in link.made_by.owned_organisation_ids()
    return link.role if owner and settings.SENDS_MAIL else MembershipRole.MEMBER
