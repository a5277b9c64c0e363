"""How long what is inside is kept: a clock for an initiative and for each session, held with a reason.

What the clocks say is carried out by the worker, in the role that purges. An initiative whose time is over is purged as
one that two people agreed on (purging.py), with one difference: nobody is asked on the day. Therefore an end lies a
month ahead when it is set, the whole team sees it coming, and whoever leads or facilitates can hold it.
"""

from __future__ import annotations

import logging
from datetime import date
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import User
from confidentiality import policy
from confidentiality.actor import PURGE, actor
from confidentiality.codes import Action
from confidentiality.records import Stale, hold, save
from initiatives.embargo import begun_everywhere
from initiatives.models import Initiative, Retention, Session
from initiatives.models.retention import NOTICE_DAYS, earliest_end
from initiatives.models.session import SESSION_TEXTS
from initiatives.services.purging import AWAY
from initiatives.services.rules import forget_ended
from initiatives.services.turns import take_turn
from initiatives.services.versions import needed_reason

log = logging.getLogger(__name__)


@transaction.atomic
def set_retention(
    *, by: User, initiative: Initiative, keep_until: date | None, version: int | None = None
) -> Retention:
    """Say until when an initiative is kept, or that there is no end (None). For leads. A month ahead at least.

    `version`: that was read, 0 for none. Raises Stale.
    """
    policy.require(by, Action.ASK_PURGE, initiative)
    take_turn("purge", initiative.pk)
    policy.require(by, Action.ASK_PURGE, initiative)  # Again: the turn was waited for.
    retention = _for_change(initiative, by, version)
    if not retention._state.adding and retention.keep_until == keep_until:
        return retention
    _refuse_soon(initiative, keep_until)
    retention.keep_until, retention.set_by, retention.set_at = keep_until, by, timezone.now()
    save(retention)
    return retention


def _for_change(initiative: Initiative, by: User, version: int | None) -> Retention:
    found = Retention.objects.filter(initiative=initiative).first()
    if found is not None:
        return hold(Retention, found.pk, version)
    if version:
        raise Stale(0)
    return Retention(initiative=initiative, set_by=by)


def _refuse_soon(initiative: Initiative, keep_until: date | None) -> None:
    if keep_until is None:
        return
    first = earliest_end()
    ended = initiative.days.last if initiative.ended_on else None
    if keep_until < first:
        text = _("Expected %(day)s or later: your team sees it coming for a month, and can hold it.")
        raise ValidationError({"keep_until": text % {"day": date_format(first, "j F Y")}})
    if ended is not None and keep_until < ended:
        text = _("It runs until %(day)s: keep it at least as long.")
        raise ValidationError({"keep_until": text % {"day": date_format(ended, "j F Y")}})


@transaction.atomic
def hold_retention(*, by: User, initiative: Initiative, reason: str, version: int | None = None) -> Retention:
    """Keep everything for now, whatever the clocks say. For leads and facilitators, also before an end is set."""
    policy.require(by, Action.HOLD_RETENTION, initiative)
    take_turn("purge", initiative.pk)
    policy.require(by, Action.HOLD_RETENTION, initiative)
    retention = _for_change(initiative, by, version)
    if retention.held:
        raise ValidationError(_("Somebody holds it already."))
    retention.hold_reason = needed_reason(reason)
    retention.held_by, retention.held_at = by, timezone.now()
    save(retention)
    return retention


@transaction.atomic
def release_retention(*, by: User, initiative: Initiative, version: int | None = None) -> Retention:
    """Let the clocks run again. For leads. An end that came near meanwhile is announced for a month again."""
    policy.require(by, Action.ASK_PURGE, initiative)
    take_turn("purge", initiative.pk)
    policy.require(by, Action.ASK_PURGE, initiative)
    retention = _for_change(initiative, by, version)
    if not retention.held:
        return retention
    retention.held_by = retention.held_at = None
    retention.hold_reason = ""
    if retention.keep_until is not None and retention.keep_until < earliest_end():
        retention.keep_until, retention.set_by, retention.set_at = earliest_end(), by, timezone.now()
    save(retention)
    return retention


def retention_of(*, by: User, initiative: Initiative) -> Retention | None:
    """As its team sees it; None where nobody has set an end."""
    seen = Retention.objects.visible_to(by).filter(initiative=initiative)
    return seen.select_related("set_by", "held_by").first()


def ends_on(*, by: User, initiative: Initiative) -> date | None:
    """The day on which it is purged, once that is near; for a notice on every page, without opening the record."""
    near = Retention.objects.visible_to(by).near(NOTICE_DAYS).filter(initiative=initiative)
    return near.values_list("keep_until", flat=True).first()


def ending_for(user: User) -> list[Retention]:
    """Of one's teams, what is purged within a month, the first of them first."""
    near = Retention.objects.visible_to(user).near(NOTICE_DAYS)
    return list(near.select_related("initiative").order_by("keep_until", "pk"))


def refuse_soon(keep_texts_until: date | None) -> None:
    """The clock of a session: announced as long. Raises ValidationError."""
    if keep_texts_until is not None and keep_texts_until < earliest_end():
        text = _("Expected %(day)s or later: your team sees it coming for a month.")
        raise ValidationError({"keep_texts_until": text % {"day": date_format(earliest_end(), "j F Y")}})


def sessions_ending(*, by: User, initiative: Initiative) -> list[Session]:
    """Its sessions with a clock of their own, the first to end first."""
    seen = Session.objects.visible_to(by).kept().filter(initiative=initiative, texts_gone_at=None)
    return list(seen.exclude(keep_texts_until=None).order_by("keep_texts_until", "pk"))


# --- The worker's part ----------------------------------------------------------------------------------------


def forget_ended_texts() -> int:
    """Destroy the texts of sessions whose time is over. How many; safe to run twice and to be killed."""
    with actor(PURGE):
        due = Session.objects.filter(keep_texts_until__lte=begun_everywhere(), texts_gone_at=None)
        found = list(due.order_by("pk").values_list("pk", "initiative_id"))
    return sum(_forgotten(pk, initiative_id) for pk, initiative_id in found)


def _forgotten(pk: UUID, initiative_id: UUID) -> bool:
    """One that fails keeps no other from being done. Logs an id and the kind of error."""
    try:
        with actor(PURGE):
            take_turn("purge", initiative_id)
            return _forget(Session(pk=pk, initiative_id=initiative_id))
    except (DatabaseError, *AWAY) as error:
        log.warning("texts of session %s are put off: %s", pk, type(error).__name__)
        return False


def _forget(session: Session) -> bool:
    empty = [_sealed(session, name) for name in SESSION_TEXTS]
    with connection.cursor() as cursor:
        cursor.execute("SELECT forget_texts(%s, %s, %s, %s, %s, %s)", [session.pk, *empty])
        (done,) = cursor.fetchone()
    if done:
        forget_ended(session.pk)
    return bool(done)


def _sealed(session: Session, name: str) -> bytes:
    field: Any = Session._meta.get_field(name)
    sealed: bytes = field.sealed(session, field.to_bytes(""))
    return sealed
