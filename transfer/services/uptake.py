"""What became of a transfer: dated steps on the uptake ladder. They are added and never changed."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from confidentiality import policy
from confidentiality.codes import Action
from confidentiality.records import hold, save
from initiatives.dates import first_day, last_day
from initiatives.enums import Confidence, Precision
from transfer.enums import Evidence, TransferStatus, Uptake
from transfer.ladder import is_backwards, latest
from transfer.models import Transfer, UptakeStep


@transaction.atomic
def record_step(
    *,
    by: User,
    transfer: Transfer,
    uptake: str,
    on: date,
    precision: str = Precision.DAY,
    evidence: str = Evidence.UNKNOWN,
    confidence: str = Confidence.MEDIUM,
    substantiated: bool = False,
    reason: str = "",
    note: str = "",
) -> UptakeStep:
    """Add a step. One that leads down the ladder, or lies before the last one, needs a reason."""
    policy.require(by, Action.EDIT_TRANSFERS, transfer)
    transfer = hold(Transfer, transfer.pk, None)
    step = UptakeStep(
        initiative=transfer.initiative,
        transfer=transfer,
        uptake=uptake,
        on=on,
        precision=precision,
        evidence=evidence,
        confidence=confidence,
        substantiated=substantiated,
        reason=reason,
        note=note,
        by=by,
    )
    _refuse_impossible(transfer, step)
    _ask_why(transfer, step)
    save(step)
    return step


def _refuse_impossible(transfer: Transfer, step: UptakeStep) -> None:
    errors: dict[str, str] = {}
    if transfer.deleted_at is not None:
        raise ValidationError(_("This transfer was deleted. Bring it back first."))
    if transfer.outcome.deleted_at is not None:
        raise ValidationError(_("This outcome was deleted. Bring it back first."))
    if transfer.status != TransferStatus.DONE and step.uptake != Uptake.NOT_SENT:
        errors["uptake"] = _("This has not been carried yet: record that it was done first.")
    known = step.precision in Precision.values
    if step.on and known and first_day(step.on, step.precision) > timezone.localdate():
        errors["on"] = _("This day has not come yet.")
    sent = transfer.sent_on if transfer.status == TransferStatus.DONE else None
    if sent and known and step.uptake != Uptake.NOT_SENT and last_day(step.on, step.precision) < sent:
        errors["on"] = _("This lies before the day on which it was sent.")
    if errors:
        raise ValidationError(errors)


def _ask_why(transfer: Transfer, step: UptakeStep) -> None:
    if step.reason.strip() or not step.on:
        return
    steps = list(UptakeStep.objects.filter(transfer=transfer).only("uptake", "on", "precision", "created_at"))
    last = latest(steps)
    if last is not None and step.on < last.on:
        raise ValidationError({"reason": _("This lies before the last step. Say why it is added now.")})
    if is_backwards(step.uptake, transfer.status, steps):
        raise ValidationError({"reason": _("This leads down the ladder. Say why.")})
