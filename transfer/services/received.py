"""What a liaison does with transfers to their body: read the message, and say that it has arrived."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from confidentiality import policy, vault
from confidentiality.codes import Action
from confidentiality.fields import PAD
from confidentiality.policy import Hidden
from confidentiality.wall import content_opened
from transfer.models import ReceivedTransfer


def message_of(received: ReceivedTransfer) -> str:
    """The message, opened; blank where it does not open, which the vault has logged or the page says."""
    scope = _scope(received)
    try:
        plain = vault.unseal(
            bytes(received.message), field_id="transfer.message", row=received.pk, scope=scope
        )
    except vault.CannotOpen:
        return ""
    content_opened.send(sender=ReceivedTransfer, scope=scope, record_id=received.pk)
    return plain.decode()


@transaction.atomic
def acknowledge(*, by: User, received: ReceivedTransfer, on: date | None = None) -> date:
    """Say that it has arrived: one step on its ladder, in the name of the office. Saying it twice is once.

    Raises Hidden where mandate or permission have gone meanwhile.
    """
    policy.require(by, Action.ACKNOWLEDGE_TRANSFER, received)
    on = on or timezone.localdate()
    _refuse_impossible(received, on)
    step = uuid4()
    reason, note = (
        vault.seal(b"", pad=PAD, field_id=f"uptake_step.{name}", row=step, scope=_scope(received))
        for name in ("reason", "note")
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT acknowledge_transfer(%s, %s, %s, %s, %s)", [received.pk, step, on, reason, note]
        )
        arrived = cursor.fetchone()[0]
    if not arrived:
        raise Hidden
    return on


def _refuse_impossible(received: ReceivedTransfer, on: date) -> None:
    if on > timezone.localdate():
        raise ValidationError({"on": _("This day has not come yet.")})
    if on < received.sent_on:
        raise ValidationError({"on": _("This lies before the day on which it was sent.")})


def _scope(received: ReceivedTransfer) -> str:
    return f"initiative:{received.initiative_id}"
