"""What the site writes by mail: never more than that something waits, and where.

Written beside the answer and not before it, so that nobody learns from the time of an answer whether there was anybody
to write to. In this process and not by a worker, whose role in the database reads no addresses.
"""

from __future__ import annotations

import logging
import threading
from smtplib import SMTPException
from uuid import UUID, uuid4

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.core.mail import send_mail
from django.db import connection, transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import User

log = logging.getLogger(__name__)


def ask_for_reset(*, address: str, origin: str) -> None:
    """Whoever forgot the password of this address gets a link; for an address that nobody has, a letter to nobody is
    written. `origin`: of this site, with its scheme. One that is lost with the process is asked for again."""
    found = User.objects.filter(email__iexact=address, is_active=True)
    user_id = found.values_list("pk", flat=True).first() or uuid4()
    transaction.on_commit(lambda: _beside(user_id, origin), robust=True)


def _beside(user_id: UUID, origin: str) -> None:
    threading.Thread(target=_written, args=(user_id, origin), daemon=True).start()


def _written(user_id: UUID, origin: str) -> None:
    try:
        send_reset_link(user_id=user_id, origin=origin)
    except (SMTPException, OSError) as error:
        log.warning("no letter to user %s: %s", user_id, type(error).__name__)
    finally:
        connection.close()


def send_reset_link(*, user_id: UUID, origin: str) -> None:
    """Send it, in the user's language. Sent twice, both links open."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        return
    key = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
    with override(user.language):
        lines = (
            _("Somebody asked for a new password for your account. If it was you, open this within an hour:"),
            origin.rstrip("/") + reverse("account_reset_password_from_key", kwargs=key),
            _("If it was not you, do nothing."),
        )
        send_mail(_("A new password"), "\n\n".join(lines), None, [user.email])
