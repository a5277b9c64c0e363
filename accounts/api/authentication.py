"""Who calls: bearer tokens, and what their scope allows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS, BasePermission

from accounts.enums import TokenScope
from accounts.models import AccessToken
from confidentiality.actor import become

TOUCH_EVERY = timedelta(minutes=1)
# What of a token the API takes: the key of a calendar is none of its own.
OF_THE_API = (TokenScope.READ, TokenScope.WRITE)
NOBODY = UUID(int=0)


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`. The token is looked up by its digest; it is stored nowhere.

    Runs after the middleware that sets the actor of the transaction, and therefore sets it again. Expired,
    revoked, unknown, switched-off and the key of a calendar answer alike.
    """

    def authenticate(self, request: Any) -> tuple[Any, AccessToken] | None:
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != b"bearer":
            return None
        if len(words) != 2:
            raise AuthenticationFailed(_("Write the header as: Authorization: Bearer <token>"))
        token = self._token(words[1].decode("latin-1"))
        touch(token)
        return token.user, token

    def authenticate_header(self, request: Any) -> str:
        return 'Bearer realm="api"'

    def _token(self, plain: str) -> AccessToken:
        token = token_of(plain, OF_THE_API)
        if token is None:
            raise AuthenticationFailed(_("This token is not valid, or not any more."))
        return token


def _narrow(token: AccessToken) -> None:
    """From here on its user sees no more than the token is for: kinds in Python, conflicts in the database as well."""
    token.user.only_kinds = tuple(token.kinds)
    if token.conflicts:
        token.user.narrowed_to = tuple(token.conflicts)
        become(token.user, conflicts=token.user.narrowed_to)


def token_of(plain: str, scopes: Iterable[str]) -> AccessToken | None:
    """The token, if it works and is of one of these scopes; its user acts from now on. Otherwise None, and nobody acts.

    Nobody acts yet, so nobody sees a token: the database says whose it is, and that user finds it. For a token that is
    unknown somebody looks who does not exist, so that it takes the same statements as one that does not work any more.
    """
    digest = AccessToken.digest_of(plain)
    with connection.cursor() as cursor:
        cursor.execute("SELECT user_of_token(%s)", [digest])
        (user,) = cursor.fetchone()
    become(user or NOBODY)
    live = AccessToken.objects.live().filter(digest=digest, scope__in=scopes, user__is_active=True)
    token = live.select_related("user").first()
    if token is None:
        become(None)
        return None
    _narrow(token)
    return token


def touch(token: AccessToken) -> None:
    """Remember the use, at most once a minute: not a write for every read."""
    now = timezone.now()
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - TOUCH_EVERY)
    if token.last_used_at is None or token.last_used_at < now - TOUCH_EVERY:
        AccessToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)


class HasScope(BasePermission):
    """Signed in, for a change not with a token that may only read, and with none that is for other kinds of record.
    What is allowed beyond is the policy's."""

    message = _("This token may only read. Make one with the scope: write.")
    narrow = _("This token is for other kinds of record. Make one that is for these as well.")

    def has_permission(self, request: Any, view: Any) -> bool:
        if not request.user or not request.user.is_authenticated:
            return False
        # Addresses that do not exist, and the document of the API, answer no record.
        kind = view.kind_of(view.action) if hasattr(view, "kind_of") else None
        further = getattr(view, "further_kinds", {}).get(getattr(view, "action", None))
        if not (opens(request, kind) and opens(request, further)):
            self.message = self.narrow
            return False
        if request.method in SAFE_METHODS or request.auth is None:
            return True
        # What is of no kind is everybody's, or one's own: a token that is for some kinds changes none of it.
        if request.auth.kinds and kind is None:
            self.message = self.narrow
            return False
        return request.auth.scope == TokenScope.WRITE


def opens(request: Any, kind: str | None) -> bool:
    """Whether whoever calls may ask for records of this kind: everybody who signed in, and a token that is for them."""
    return bool(request.user.opens(kind))
