"""What users do to their own account: what it says, tokens, sign-ins."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.enums import FeedWording, RecordKind, TokenScope
from accounts.models import AccessToken, SignIn, User
from accounts.services.links import withdraw_links_of
from confidentiality import policy
from confidentiality.codes import Action
from confidentiality.records import hold, save
from confidentiality.words import listed

TOKEN_DAYS = 90
TOKEN_DAYS_AT_MOST = 366


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
def create_token(
    *,
    by: User,
    scope: str,
    label: str = "",
    days: int = TOKEN_DAYS,
    kinds: Iterable[str] = (),
    conflicts: Iterable[UUID] = (),
) -> tuple[AccessToken, str]:
    """Make a token for one's own REST client. Returns the stored row and the token, which is shown once only.

    `kinds`: codes of RecordKind for which it is; none: for all. `conflicts`: ids of those on which, with all below
    them; none: on all. It is never widened afterwards. An id of no conflict opens nothing.
    """
    policy.require(by, Action.EDIT_ACCOUNT, by)
    if scope not in (TokenScope.READ, TokenScope.WRITE):
        raise ValidationError({"scope": _("Expected read or write.")})
    wanted = [kind for kind in RecordKind.values if kind in set(kinds)]
    if unknown := sorted(set(kinds) - set(RecordKind.values)):
        text = _("No such kind of record: %(codes)s. There are: %(known)s.")
        raise ValidationError(
            {"kinds": text % {"codes": listed(unknown), "known": listed(RecordKind.values)}}
        )
    what = {"scope": scope, "kinds": wanted, "conflicts": sorted(set(conflicts))}
    return _made(by, "t2d_" + secrets.token_urlsafe(32), label, days, **what)


@transaction.atomic
def create_feed(
    *, by: User, wording: str, label: str = "", days: int = TOKEN_DAYS
) -> tuple[AccessToken, str]:
    """Make the key of one's own calendar as a file, to be fetched by a phone. It opens nothing else, and no other token
    opens that file. Its wording is for good, like the scope of every token.

    Nothing in the key says of which product it is: it lies with whoever makes the phone.
    """
    policy.require(by, Action.EDIT_ACCOUNT, by)
    if wording not in FeedWording.values:
        text = _("Expected one of: %(names)s.") % {"names": listed(FeedWording.values)}
        raise ValidationError({"wording": text})
    plain = secrets.token_urlsafe(32)
    return _made(by, plain, label, days, scope=TokenScope.CALENDAR, wording=wording)


def _made(by: User, plain: str, label: str, days: int, **what: Any) -> tuple[AccessToken, str]:
    if not 1 <= days <= TOKEN_DAYS_AT_MOST:
        raise ValidationError({"days": _("Expected 1 to %(most)d days.") % {"most": TOKEN_DAYS_AT_MOST}})
    token = AccessToken(
        user=by,
        label=label.strip(),
        digest=AccessToken.digest_of(plain),
        round=by.round,
        expires_at=timezone.now() + timedelta(days=days),
        **what,
    )
    save(token)
    return token, plain


@transaction.atomic
def end_sign_in(*, by: User, sign_in: SignIn) -> None:
    """End one of one's own sign-ins: its browser is signed out at its next request."""
    policy.require(by, Action.EDIT_ACCOUNT, by)
    SignIn.objects.visible_to(by).filter(pk=sign_in.pk).delete()


def forget_sign_ins(user: User, but: str = "") -> None:
    """Take the rows of sign-ins away that are ended: nobody shall read that a lost device is still in. `but`: the
    digest of the one that goes on."""
    SignIn.objects.filter(user=user).exclude(pk=but).delete()


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
    forget_sign_ins(user)
    withdraw_links_of(user)
    return len(tokens)
