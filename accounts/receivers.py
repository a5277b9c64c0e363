"""What follows a sign-in."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver

from accounts.sessions import note_sign_in


@receiver(user_logged_in, dispatch_uid="accounts.note_sign_in")
def remember_when(request: Any, **more: Any) -> None:
    """The hours of a sign-in count from here."""
    note_sign_in(request.session)
