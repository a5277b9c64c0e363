"""How allauth behaves here: accounts are made by stewards and commands, nobody signs up, secrets lie in the vault."""

from __future__ import annotations

import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any
from uuid import UUID

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings

from confidentiality import vault

# One key for all: allauth names no user when it closes a secret. A text moved to another account would open there;
# whoever can write that table could as well take the account's second factor away.
PLACE = {"field_id": "second_factor.secret", "row": UUID(int=0), "scope": "sign-in"}


class DeskAccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: Any) -> bool:
        return False

    def is_reauthentication_required(self, *, app: str, **more: Any) -> bool:
        """Signing in itself counts: who did it a minute ago is not asked again."""
        records = get_authentication_records(context.request, context.request.user)
        fresh = records and time.time() - records[-1]["at"] < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
        return not fresh and super().is_reauthentication_required(app=app, **more)


class DeskMFAAdapter(DefaultMFAAdapter):
    def encrypt(self, text: str) -> str:
        return urlsafe_b64encode(vault.seal(text.encode(), **PLACE)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return vault.unseal(urlsafe_b64decode(encrypted_text), **PLACE).decode()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """The last one stays: add another first."""
        others = Authenticator.objects.filter(user_id=authenticator.user_id).exclude(pk=authenticator.pk)
        return others.exclude(type=Authenticator.Type.RECOVERY_CODES).exists()
