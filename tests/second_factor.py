"""Signing in as the product wants it, in two steps, and the short way that most tests take."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, generate_totp_secret, hotp_value
from allauth.mfa.utils import decrypt, encrypt
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from accounts.sessions import note_second_factor
from tests import factories as make

LONGEST_TEST = 3600
LOGIN, SECOND = "/account/login/", "/account/second-factor/authenticate/"
with_password_alone = Client.force_login
# Pages for whoever has set one up: looked at in tests/browser/test_second_factor.py, since elsewhere nobody has.
OF_SECOND_FACTOR = {
    "account/second-factor/authenticate/",
    "account/second-factor/reauthenticate/",
    "account/second-factor/recovery-codes/",
    "account/second-factor/recovery-codes/generate/",
    "account/second-factor/totp/deactivate/",
    "account/second-factor/webauthn/",
    "account/second-factor/webauthn/keys/<int:pk>/edit/",
    "account/second-factor/webauthn/keys/<int:pk>/remove/",
    "account/second-factor/webauthn/reauthenticate/",
}


def with_both(self: Client, user: User, backend: str | None = None) -> None:
    """What stands in for Client.force_login: a sign-in that was just made, with a second factor."""
    with_password_alone(self, user, backend)
    session: Any = self.session
    note_second_factor(session, user)
    # Just made, however long the test goes on asking; tests/accounts/test_confirming.py has one that is not.
    at = time.time() + LONGEST_TEST
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "mfa", "type": "totp", "at": at}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()


def set_up_app(user: User) -> str:
    """An app that shows codes; returns its secret."""
    secret = generate_totp_secret()
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": encrypt(secret)})
    return secret


def shown_for(secret: str) -> str:
    """What the app shows now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def sign_in(client: Client, user: User) -> HttpResponse:
    """By the pages, in both steps. The user has no app yet, or one that was set up here."""
    found = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
    secret = set_up_app(user) if found is None else decrypt(found.data["secret"])
    client.post(LOGIN, {"login": user.email, "password": make.PASSWORD})
    cache.clear()  # A code counts once; here the same user comes twice within its seconds.
    return client.post(SECOND, {"code": shown_for(secret)})
