"""Setting up the way into an account anew, by somebody else; and a change of address, by its user.

A steward who could reset a password and read on would be the lead of everything. So what an account held before opens
nothing afterwards, until somebody who knows the person says that it is really them: an owner for the organisation, a
lead (or the successor of the only lead) for each initiative.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import letters
from accounts.enums import LinkPurpose
from accounts.models import Register, SingleUseLink, User
from accounts.services.links import make_link, path_of, take, withdraw_links_of
from accounts.services.own import forget_sign_ins
from confidentiality import policy
from confidentiality.codes import Action
from confidentiality.records import hold, save

# So many letters to addresses of one's own choice within a day: who is signed in shall not flood others.
ADDRESSES_AT_MOST = 5

_goes_with_recovery: list[Callable[[UUID], None]] = []


def goes_with_recovery(forget: Callable[[UUID], None]) -> None:
    """Said by an app above, when the program starts: what somebody kept for themselves alone, and is not for whoever
    comes after."""
    _goes_with_recovery.append(forget)


def account_of(*, by: User, address: str) -> User | None:
    """The account of an address, for a steward who was asked for help; nobody else has a list of people."""
    policy.require(by, Action.MANAGE_ACCOUNTS, Register())
    return User.objects.filter(email__iexact=address.strip(), is_active=True).first()


@transaction.atomic
def recover_account(*, by: User, user: User, address: str = "", origin: str) -> SingleUseLink:
    """A steward sets up somebody's way in anew: the second factor is taken away, every sign-in and token ends, and a
    link for a new password goes to the address, or to a new one. `address`: the new one, if it changes too."""
    policy.require(by, Action.MANAGE_ACCOUNTS, Register())
    if by.pk == user.pk:
        raise ValidationError(_("Another steward has to do this for your own account."))
    user = hold(User, user.pk, None)
    if user.is_steward:
        # Whoever could set up another steward's account would be two stewards, and admit what they recovered.
        raise ValidationError(_("A steward's account is set up anew by whoever operates the site."))
    former = user.email
    if address := address.strip().lower():
        _refuse_address(address, user)
        user.email = address
    user.set_unusable_password()
    mark_recovered(user, by=by)
    Authenticator.objects.filter(user=user).delete()
    withdraw_links_of(user)
    link, plain = make_link(purpose=LinkPurpose.RECOVER, address=user.email, made_by=by, user=user)
    letters.send_recovery(link=link, by=by, url=origin.rstrip("/") + path_of(plain))
    if user.email != former:
        letters.tell_former_address(user=user, by=by, address=former)
    return link


def mark_recovered(user: User, *, by: User | None) -> None:
    """From now on what was granted before opens nothing, and nobody is signed in. `by`: None where it is not known
    who used a link; whoever did it before stays named, or would say afterwards that it is really them."""
    # One name is kept. Where somebody else did it before, either may have: then no steward's word counts, nor after a
    # third time, which would leave the second name alone.
    twice = user.recovered_by_id is not None and by is not None and user.recovered_by_id != by.pk
    user.recovered_at, user.recovered_by = timezone.now(), by or user.recovered_by
    by_hand = by is None or twice or not settings.SENDS_MAIL
    user.recovered_by_hand = user.recovered_by_hand or by_hand
    # An operator makes stewards, and makes this one again: else a steward's account in other hands would be two.
    user.is_steward = False
    user.round += 1
    save(user)
    forget_sign_ins(user)
    for forget in _goes_with_recovery:
        forget(user.pk)


@transaction.atomic
def take_back_account(*, link: SingleUseLink, password: str) -> User:
    """The user of a recovered account chooses a password. The second factor is set up at the first sign-in."""
    if link.purpose != LinkPurpose.RECOVER or link.user is None:
        raise ValidationError(_("This link was used already, or is too old. Ask for a new one."))
    try:
        validate_password(password, link.user)
    except ValidationError as error:
        raise ValidationError({"password": error}) from None
    link = take(link)
    user = hold(User, link.user_id, None)
    user.set_password(password)
    # Whoever was told before that it is really them was told of somebody who had not been here yet; so was an operator
    # who made a steward of this account meanwhile.
    user.recovered_at, user.is_steward = timezone.now(), False
    save(user)
    return user


@transaction.atomic
def set_up_steward_anew(*, user: User, password: str) -> User:
    """For whoever operates the site, since no steward does it to another: a new password, no second factor, nobody
    signed in. What the account held besides waits like that of anybody else."""
    user = hold(User, user.pk, None)
    mark_recovered(user, by=None)
    Authenticator.objects.filter(user=user).delete()
    withdraw_links_of(user)
    user.set_password(password)
    user.is_steward = user.is_active = True
    save(user)
    return user


@transaction.atomic
def end_account(*, by: User, user: User) -> User:
    """Nobody signs in with it any more. Its name stays where it stands; places in organisations are ended apart."""
    policy.require(by, Action.MANAGE_ACCOUNTS, Register())
    if by.pk == user.pk:
        raise ValidationError(_("Another steward has to do this for your own account."))
    user = hold(User, user.pk, None)
    user.is_active = False
    user.round += 1
    save(user)
    forget_sign_ins(user)
    withdraw_links_of(user)
    return user


@transaction.atomic
def ask_for_address(*, by: User, address: str, origin: str) -> SingleUseLink:
    """Ask for another address of one's own. A link goes to the new one, and the old one is told. The same is done
    whether or not somebody else has it."""
    policy.require(by, Action.EDIT_ACCOUNT, by)
    address = address.strip().lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise ValidationError({"address": error}) from None
    hold(User, by.pk, None)  # Of two that come at once, one is counted first.
    links = SingleUseLink.objects.filter(user=by, purpose=LinkPurpose.ADDRESS)
    if links.filter(created_at__gt=timezone.now() - timedelta(days=1)).count() >= ADDRESSES_AT_MOST:
        raise ValidationError({"address": _("You asked for this often enough today. Try again tomorrow.")})
    links.live().update(withdrawn_at=timezone.now(), address="")
    link, plain = make_link(purpose=LinkPurpose.ADDRESS, address=address, made_by=by, user=by)
    letters.send_new_address(by=by, link=link, url=origin.rstrip("/") + path_of(plain))
    return link


@transaction.atomic
def take_on_address(*, user: User, link: SingleUseLink) -> User:
    """Whoever reads the letters of the new address, and is signed in, takes it on."""
    if link.purpose != LinkPurpose.ADDRESS or link.user_id != user.pk:
        raise ValidationError(_("Sign in with the account for which this link was made."))
    address = link.address
    take(link)
    user = hold(User, user.pk, None)
    _refuse_address(address, user)
    user.email = address
    save(user)
    return user


def _refuse_address(address: str, user: User) -> None:
    try:
        validate_email(address)
    except ValidationError as error:
        raise ValidationError({"address": error}) from None
    if User.objects.filter(email__iexact=address).exclude(pk=user.pk).exists():
        raise ValidationError({"address": _("This address cannot be used here.")})
