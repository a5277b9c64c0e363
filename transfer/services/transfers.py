"""Carrying outcomes to official bodies: planned, done, given up, corrected, deleted and brought back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from confidentiality import policy
from confidentiality.codes import Action
from confidentiality.fields import encrypted_fields, if_it_opens
from confidentiality.policy import AGREED_FOR_OBSERVERS, may
from confidentiality.records import Record, hold, save
from initiatives.dates import parse, text_of
from initiatives.enums import Theme
from initiatives.models import OfficialTrack
from initiatives.services.versions import (
    Version,
    keep_version,
    named_then,
    needed_reason,
    older_version,
    versions_of,
)
from participants.models import OfficialBody, OfficialLink, Participation
from transfer.enums import TransferStatus
from transfer.models import SCALE, Outcome, Transfer, TransferStance
from transfer.services.travel import check

PLAIN = ("direction", "channel", "agent", "sent_on", "sent_precision", "fidelity", "message", "note")
RELATED = ("carrier", "link", "body", "track")
FIELDS = (*PLAIN, *RELATED)
Stances = Mapping[str, int]


def plan_transfer(*, by: User, outcome: Outcome, **fields: Any) -> Transfer:
    """Write down that an outcome is to be carried. `fields`: see _make."""
    return _make(by=by, outcome=outcome, status=TransferStatus.PLANNED, **fields)


def record_transfer(*, by: User, outcome: Outcome, **fields: Any) -> Transfer:
    """Write down that an outcome was carried. `fields`: see _make."""
    return _make(by=by, outcome=outcome, status=TransferStatus.DONE, **fields)


@transaction.atomic
def _make(
    *,
    by: User,
    outcome: Outcome,
    status: TransferStatus,
    stances: Stances | None = None,
    override_reason: str = "",
    **fields: Any,
) -> Transfer:
    """`fields`: any of FIELDS. `stances`: from -2 to +2 by theme. `override_reason`: why what looks wrong is right."""
    policy.require(by, Action.EDIT_TRANSFERS, Transfer(initiative=outcome.initiative, outcome=outcome))
    outcome = _outcome_for_change(by, outcome)
    _refuse_unknown(fields)
    transfer = Transfer(initiative=outcome.initiative, outcome=outcome, status=status, by=by, **fields)
    check(by, transfer, changed={"status", *FIELDS}, reason=override_reason)
    wanted = _checked_stances(stances)
    save(transfer)
    _set_stances(transfer, wanted)
    changed = [*fields, *(["stances"] if wanted else [])]
    _keep(transfer, by, changed=["status", *changed], reason=override_reason)
    return transfer


@transaction.atomic
def edit_transfer(
    *,
    by: User,
    transfer: Transfer,
    version: int | None = None,
    stances: Stances | None = None,
    override_reason: str = "",
    reason: str = "",
    **fields: Any,
) -> Transfer:
    """Correct a transfer: any of FIELDS; `stances`, if given, are all there are. What stands already changes nothing.

    Raises Stale when somebody else was quicker.
    """
    policy.require(by, Action.EDIT_TRANSFERS, transfer)
    _refuse_unknown(fields)
    transfer = _for_change(by, transfer, version)
    return _change(by, transfer, fields, stances, override_reason, reason=reason)


def transfer_versions(*, by: User, transfer: Transfer) -> list[Version]:
    """Its versions, the newest first; for who reads no ties, without the one that was used, and for an observer of
    agreed texts without what only the team says."""
    unseen = set() if may(by, Action.READ_LINKS, transfer) else {"link"}
    origin = transfer.outcome.session
    observes = not may(by, Action.EDIT_OUTCOMES, transfer)
    narrowed = observes and origin is not None and origin.rule in AGREED_FOR_OBSERVERS
    unseen |= {"note"} if narrowed else set()

    def seen(fields: Mapping[str, Any]) -> Mapping[str, Any]:
        return {name: value for name, value in fields.items() if name not in unseen}

    found = versions_of(by, transfer, seen)
    return [replace(one, reason="") for one in found] if narrowed else found


@transaction.atomic
def bring_back_transfer(
    *,
    by: User,
    transfer: Transfer,
    number: int,
    reason: str,
    version: int | None = None,
    override_reason: str = "",
) -> Transfer:
    """Write an older version again, as a new one with a reason. Whether it was carried, and its steps, stay.

    Raises Stale, and Doubt as `edit_transfer` does.
    """
    policy.require(by, Action.EDIT_TRANSFERS, transfer)
    transfer = _for_change(by, transfer, version)
    then = older_version(transfer_versions(by=by, transfer=transfer), number, transfer).fields
    fields = {name: then[name] for name in FIELDS if name in then}
    if fields.get("sent_on"):
        fields["sent_on"] = parse(fields["sent_on"]).on
    elif "sent_on" in fields:
        fields["sent_on"] = None
    for name in _MODELS.keys() & fields.keys():
        fields[name] = named_then(by, _MODELS[name], fields[name], name)
    stances, reason = then.get("stances"), needed_reason(reason)
    return _change(by, transfer, fields, stances, override_reason, reason=reason)


_MODELS: Mapping[str, type[Record]] = {
    "carrier": Participation, "link": OfficialLink, "body": OfficialBody, "track": OfficialTrack
}  # fmt: skip


@transaction.atomic
def carry_out(
    *,
    by: User,
    transfer: Transfer,
    version: int | None = None,
    stances: Stances | None = None,
    override_reason: str = "",
    **fields: Any,
) -> Transfer:
    """A transfer that was planned, or given up too early, has happened. `fields` correct what was planned."""
    policy.require(by, Action.EDIT_TRANSFERS, transfer)
    _refuse_unknown(fields)
    transfer = _for_change(by, transfer, version)
    if transfer.status == TransferStatus.DONE:
        raise ValidationError({"status": _("This has been recorded as done already.")})
    return _change(by, transfer, fields, stances, override_reason, status=TransferStatus.DONE)


@transaction.atomic
def abandon_transfer(*, by: User, transfer: Transfer, reason: str, version: int | None = None) -> Transfer:
    """A transfer that was planned will not happen; why stays in its history."""
    policy.require(by, Action.EDIT_TRANSFERS, transfer)
    transfer = _for_change(by, transfer, version)
    reason = needed_reason(reason)
    if transfer.status == TransferStatus.DONE:
        text = _("This was carried already. Record what became of it as a step, or delete it if it is wrong.")
        raise ValidationError({"status": text})
    if transfer.status == TransferStatus.ABANDONED:
        return transfer
    transfer.status = TransferStatus.ABANDONED
    return _stored(by, transfer, ["status"], reason)


@transaction.atomic
def delete_transfer(*, by: User, transfer: Transfer, reason: str, version: int | None = None) -> Transfer:
    """Take a transfer out of every list, a liaison's too. It can be brought back. Deleting twice is once."""
    policy.require(by, Action.EDIT_TRANSFERS, transfer)
    transfer = hold(Transfer, transfer.pk, version)
    reason = needed_reason(reason)
    if transfer.deleted_at is not None:
        return transfer
    transfer.deleted_at = timezone.now()
    return _stored(by, transfer, ["deleted"], reason)


@transaction.atomic
def restore_transfer(*, by: User, transfer: Transfer, version: int | None = None) -> Transfer:
    """Bring a deleted transfer back, as far as its outcome may still travel that way."""
    policy.require(by, Action.EDIT_TRANSFERS, transfer)
    outcome = _outcome_for_change(by, transfer.outcome)
    transfer = hold(Transfer, transfer.pk, version)
    if transfer.deleted_at is None:
        return transfer
    transfer.outcome = outcome
    if transfer.status != TransferStatus.ABANDONED:
        check(by, transfer, changed={"channel"}, reason="")
    transfer.deleted_at = None
    return _stored(by, transfer, ["deleted"], "")


# --- Steps on the way ---------------------------------------------------------------------------------------------


def _outcome_for_change(by: User, outcome: Outcome) -> Outcome:
    """The outcome as it stands, held so that its permission cannot be narrowed meanwhile."""
    held = hold(Outcome, outcome.pk, None)
    if held.deleted_at is not None:
        text = _("This outcome was deleted. Bring it back first.")
        raise ValidationError({"outcome": text})
    policy.require(by, Action.READ_OUTCOMES, held)
    return held


def _for_change(by: User, transfer: Transfer, version: int | None) -> Transfer:
    """The transfer with its outcome, both held, the outcome first as everywhere."""
    outcome = _outcome_for_change(by, transfer.outcome)
    held = hold(Transfer, transfer.pk, version)
    if held.deleted_at is not None:
        raise ValidationError(_("This transfer was deleted. Bring it back first."))
    held.outcome = outcome
    return held


def _change(
    by: User,
    transfer: Transfer,
    fields: Mapping[str, Any],
    stances: Stances | None,
    override_reason: str,
    *,
    status: TransferStatus | None = None,
    reason: str = "",
) -> Transfer:
    before = _stances_of(transfer)
    wanted = before if stances is None else _checked_stances(stances)
    _refuse_damaged(transfer, fields)
    values = {**fields, **({"status": status} if status else {})}
    changed = [name for name, value in values.items() if _stands(transfer, name) != _key(name, value)]
    for name in changed:
        setattr(transfer, name, values[name])
    if wanted != before:
        changed.append("stances")
    if not changed:
        return transfer
    if transfer.status != TransferStatus.ABANDONED:
        # What was right when it was planned, or not asked when it was given up, is asked again when it was done.
        every = {*FIELDS, "status"} - {"body"} if status else set()
        check(by, transfer, changed={*changed, *every}, reason=override_reason)
    save(transfer)
    if wanted != before:
        _set_stances(transfer, wanted)
    _keep(transfer, by, changed, override_reason or reason)
    return transfer


def _stored(by: User, transfer: Transfer, changed: list[str], reason: str) -> Transfer:
    save(transfer)
    _keep(transfer, by, changed, reason)
    return transfer


def _stands(transfer: Transfer, name: str) -> Any:
    if name in RELATED:
        return getattr(transfer, f"{name}_id")
    return if_it_opens(transfer, name)


def _key(name: str, value: Any) -> Any:
    return getattr(value, "pk", None) if name in RELATED else value


def _refuse_unknown(fields: Mapping[str, Any]) -> None:
    if unknown := sorted(set(fields) - set(FIELDS)):
        raise TypeError(f"unknown fields: {', '.join(unknown)}")


def _refuse_damaged(transfer: Transfer, fields: Mapping[str, Any]) -> None:
    """A text that does not open is replaced by a new one, or the transfer stays as it is: nothing is lost unnoticed."""
    text = _("This text cannot be opened. Give a new one, or have the site's operator restore it.")
    names = [field.name for field in encrypted_fields(Transfer)]
    if damaged := [name for name in names if if_it_opens(transfer, name) is None and not fields.get(name)]:
        raise ValidationError(dict.fromkeys(damaged, text))


# --- Stances and history ------------------------------------------------------------------------------------------


def _checked_stances(stances: Stances | None) -> dict[str, int]:
    wanted = dict(stances or {})
    for theme, stance in wanted.items():
        if theme not in Theme.values:
            text = _("There is no theme “%(theme)s”.") % {"theme": theme}
            raise ValidationError({"stances": text})
        if type(stance) is not int or not -SCALE <= stance <= SCALE:
            raise ValidationError({"stances": _("Expected a number from -2 to 2.")})
    return wanted


def _stances_of(transfer: Transfer) -> dict[str, int]:
    return dict(TransferStance.objects.filter(transfer=transfer).values_list("theme", "stance"))


def _set_stances(transfer: Transfer, wanted: Stances) -> None:
    kept = {row.theme: row for row in TransferStance.objects.filter(transfer=transfer)}
    gone = [row.pk for theme, row in kept.items() if theme not in wanted]
    TransferStance.objects.filter(pk__in=gone).delete()
    for theme, stance in wanted.items():
        row = kept.get(theme) or TransferStance(
            initiative=transfer.initiative, transfer=transfer, theme=theme
        )
        if row.stance != stance:
            row.stance = stance
            save(row)


def _keep(transfer: Transfer, by: User, changed: list[str], reason: str) -> None:
    """A version for the history, with everything as it stands now."""
    fields = {name: getattr(transfer, name) for name in (*PLAIN, "status")}
    fields["sent_on"] = text_of(transfer.sent_on, transfer.sent_precision)
    for name in RELATED:
        pk = getattr(transfer, f"{name}_id")
        fields[name] = str(pk) if pk else ""
    fields["stances"] = _stances_of(transfer)
    fields["deleted"] = transfer.deleted_at is not None
    keep_version(transfer, by=by, fields=fields, changed=sorted(set(changed)), reason=reason)
