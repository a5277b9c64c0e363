"""What is done to organisations, memberships, accounts and tokens."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.enums import MembershipRole, OrganisationKind, TokenScope
from accounts.models import AccessToken, Membership, Organisation, Register, SignIn, User
from confidentiality import policy
from confidentiality.codes import Action
from confidentiality.records import hold, save

TOKEN_DAYS = 90
TOKEN_DAYS_AT_MOST = 366


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
    *, by: User, organisation: Organisation, version: int | None = None, **changes: Any
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
    policy.require(by, Action.EDIT_ORGANISATION, organisation)
    membership = Membership(organisation=organisation, user=user, role=role)
    save(membership)
    user.forget_standing()
    return membership


@transaction.atomic
def edit_account(*, by: User, user: User, version: int | None = None, **changes: Any) -> User:
    """Change one's own name, language or display."""
    policy.require(by, Action.EDIT_ACCOUNT, user)
    user = hold(User, user.pk, version)
    for field in ("name", "language", "theme"):
        if field in changes:
            setattr(user, field, changes[field])
    save(user)
    return user


@transaction.atomic
def create_token(*, by: User, scope: str, label: str = "", days: int = TOKEN_DAYS) -> tuple[AccessToken, str]:
    """Make a token for one's own REST client. Returns the stored row and the token, which is shown once only."""
    policy.require(by, Action.EDIT_ACCOUNT, by)
    if scope not in TokenScope.values:
        raise ValidationError({"scope": _("Expected read or write.")})
    if not 1 <= days <= TOKEN_DAYS_AT_MOST:
        raise ValidationError({"days": _("Expected 1 to %(most)d days.") % {"most": TOKEN_DAYS_AT_MOST}})
    plain = "t2d_" + secrets.token_urlsafe(32)
    token = AccessToken(
        user=by,
        label=label.strip(),
        digest=AccessToken.digest_of(plain),
        scope=scope,
        expires_at=timezone.now() + timedelta(days=days),
    )
    save(token)
    return token, plain


@transaction.atomic
def end_sign_in(*, by: User, sign_in: SignIn) -> None:
    """End one of one's own sign-ins: its browser is signed out at its next request."""
    policy.require(by, Action.EDIT_ACCOUNT, by)
    SignIn.objects.visible_to(by).filter(pk=sign_in.pk).delete()


@transaction.atomic
def revoke_token(*, by: User, token: AccessToken) -> AccessToken:
    """End a token at once."""
    policy.require(by, Action.EDIT_ACCOUNT, token)
    token = hold(AccessToken, token.pk, None)
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        save(token)
    return token


@transaction.atomic
def end_everything(*, by: User, user: User) -> int:
    """End all sign-ins and all tokens of one's own account at once. Returns how many tokens there were."""
    policy.require(by, Action.EDIT_ACCOUNT, user)
    tokens = list(AccessToken.objects.visible_to(by).live())
    for token in tokens:
        revoke_token(by=by, token=token)
    user = hold(User, user.pk, None)
    user.round += 1
    save(user)
    return len(tokens)
