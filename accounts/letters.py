"""What the site writes to people: never more than that something waits, and where.

By mail, or, where there is no mail server, as letters that a steward hands over (models.Letter). Written beside the
answer and not before it, so that nobody learns from the time of an answer whether there was anybody to write to. In
this process and not by a worker, whose role in the database reads no addresses.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from smtplib import SMTPException
from uuid import UUID, uuid4

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import send_mail
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import Letter, SingleUseLink, User
from confidentiality.actor import actor
from confidentiality.records import save

log = logging.getLogger(__name__)
# A letter that tells something and opens nothing waits so long for a steward.
NEWS_KEPT = timedelta(days=7)


def ask_for_reset(*, address: str, origin: str) -> None:
    """Whoever forgot the password of this address gets a link; for an address that nobody has, a letter to nobody is
    written. `origin`: of this site, with its scheme. One that is lost with the process is asked for again."""
    found = User.objects.filter(email__iexact=address, is_active=True)
    user_id = found.values_list("pk", flat=True).first() or uuid4()
    _beside(user_id, lambda: send_reset_link(user_id=user_id, origin=origin))


def send_reset_link(*, user_id: UUID, origin: str) -> None:
    """Send it, in the user's language. Sent twice, both links open.

    None for a steward where stewards hand letters over: whoever read another's would be two of them, and admit what one
    of the two recovered. Whoever operates the site helps instead. Asked and answered as for an address that nobody has.
    """
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None or (user.is_steward and not settings.SENDS_MAIL):
        return
    key = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
    with actor(user), override(user.language):
        lines = (
            _("Somebody asked for a new password for your account. If it was you, open this within an hour:"),
            origin.rstrip("/") + reverse("account_reset_password_from_key", kwargs=key),
            _("If it was not you, do nothing."),
        )
        until = timezone.now() + timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)
        _deliver(user, user.email, _("A new password"), lines, until=until)


def send_invitation(*, by: User, link: SingleUseLink, url: str) -> None:
    """In the language of whoever invites: the language of who is invited is not known, or not to be told."""
    with override(by.language):
        lines = (
            _("Somebody who works here invites you. Open this within a week; it works once:"),
            url,
            _("If you do not know what this is about, do nothing."),
        )
        _later(by, link.address, _("An invitation"), lines, until=link.expires_at)


def send_recovery(*, link: SingleUseLink, by: User, url: str) -> None:
    with override(link.user.language if link.user else "en"):
        lines = (
            _(
                "A steward set up your account anew. Open this within two days and choose a password; it works once:"
            ),
            url,
            _("If you did not ask for this, tell somebody you work with, by another way than this."),
        )
        _later(by, link.address, _("Your account"), lines, until=link.expires_at)


def tell_former_address(*, user: User, by: User, address: str) -> None:
    """Word to the address that an account had, when a steward gave it another one."""
    with override(user.language):
        lines = (
            _("A steward set up your account anew and gave it another address."),
            _("If you did not ask for this, tell somebody you work with, by another way than this."),
        )
        _later(by, address, _("Your account"), lines, until=timezone.now() + NEWS_KEPT)


def send_new_address(*, by: User, link: SingleUseLink, url: str) -> None:
    """A link to the new address, and word of it to the old one."""
    with override(by.language):
        lines = (
            _(
                "Somebody wants this address for an account. If it was you, open this within a day; it works once:"
            ),
            url,
            _("If it was not you, do nothing."),
        )
        _later(by, link.address, _("An address"), lines, until=link.expires_at)
        told = (
            _("Somebody who is signed in with your account asked for another address for it."),
            _("If it was not you, sign in, end all sign-ins, and choose another password."),
        )
        _later(by, by.email, _("Your account"), told, until=timezone.now() + NEWS_KEPT)


def tell(*, by: User, user_ids: Iterable[UUID], origin: str) -> None:
    """Something waits for these people here. Nothing about what. By mail alone: a steward who hands letters over would
    read off them who belongs together; the home page says it all the same."""
    if not settings.SENDS_MAIL:
        return
    for user in User.objects.filter(pk__in=list(user_ids), is_active=True):
        with override(user.language):
            lines = (
                _("Something here waits for you. Sign in and look at your home page:"),
                origin.rstrip("/") + "/",
            )
            _later(by, user.email, _("Something waits for you"), lines, until=timezone.now() + NEWS_KEPT)


def _later(by: User, address: str, subject: str, lines: Iterable[str], *, until: datetime) -> None:
    text = tuple(str(line) for line in lines)

    def written() -> None:
        with actor(by):
            _deliver(by, address, subject, text, until=until)

    _beside(by.pk, written)


def _beside(user_id: UUID, write: Callable[[], None]) -> None:
    """Once what is done is stored. `user_id`: about whom, for the log."""

    def start() -> None:
        threading.Thread(target=_written, args=(user_id, write), daemon=True).start()

    transaction.on_commit(start, robust=True)


def _written(user_id: UUID, write: Callable[[], None]) -> None:
    try:
        write()
    except (SMTPException, OSError) as error:
        log.warning("no letter to user %s: %s", user_id, type(error).__name__)
    finally:
        connection.close()


def _deliver(by: User, address: str, subject: str, lines: Iterable[str], *, until: datetime) -> None:
    text = "\n\n".join(lines)
    if settings.SENDS_MAIL:
        send_mail(subject, text, None, [address])
        return
    save(Letter(written_by=by, address=address, subject=subject, text=text, expires_at=until))
