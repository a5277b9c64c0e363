"""What follows a sign-in, and a second factor that is set up, shown or taken away."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import password_changed, password_reset
from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_removed, authenticator_used
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_save
from django.dispatch import receiver

from accounts.services import forget_sign_ins, mark_recovered
from accounts.sessions import forget_second_factor, note_second_factor, note_sign_in


@receiver(user_logged_in, dispatch_uid="accounts.note_sign_in")
def remember_when(request: Any, **more: Any) -> None:
    """The hours of a sign-in count from here."""
    note_sign_in(request.session, request.headers.get("User-Agent", ""))


@receiver(authenticator_used, dispatch_uid="accounts.note_second_factor")
def remember_second_factor(request: Any, user: Any, **more: Any) -> None:
    note_second_factor(request.session, user)


@receiver(post_save, sender=Authenticator, dispatch_uid="accounts.note_set_up")
def remember_what_was_set_up(instance: Authenticator, created: bool, **more: Any) -> None:
    """Whoever sets one up shows that they hold it. At once: allauth's own signal comes after the session is stored."""
    request = context.request
    if created and request is not None and getattr(request, "user", None) == instance.user:
        note_second_factor(request.session, instance.user)


@receiver(authenticator_removed, dispatch_uid="accounts.forget_second_factor")
def without_the_last_it_is_to_be_set_up_again(request: Any, user: Any, **more: Any) -> None:
    if not Authenticator.objects.filter(user_id=user.pk).exists():
        forget_second_factor(request.session)


@receiver(password_reset, dispatch_uid="accounts.reset_by_hand")
def a_link_that_went_through_hands_is_a_recovery(user: Any, **more: Any) -> None:
    """Without a mail server a steward hands links over, and could use one. Where a second factor is set up, it stands
    in the way; where none is, what was granted before opens nothing until somebody says that it is really them."""
    forget_sign_ins(user)
    if not settings.SENDS_MAIL and not is_mfa_enabled(user):
        mark_recovered(user, by=None)


@receiver(password_changed, dispatch_uid="accounts.forget_sign_ins")
def other_sign_ins_have_ended(request: Any, user: Any, **more: Any) -> None:
    """All but the one in which the password was changed ended with it."""
    forget_sign_ins(user, but=request.session.digest)
