"""How long what is inside is kept: a clock for an initiative and for each session, held with a reason.

What the clocks say is carried out by the worker, in the role that purges. An initiative whose time is over is purged as
one that two people agreed on (purging.py), with one difference: nobody is asked on the day. Therefore an end lies a
month ahead when it is set, the whole team sees it coming, and whoever leads or facilitates can hold it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.db.models import F, Q, Value
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import User
from confidentiality import policy
from confidentiality.actor import PURGE, actor
from confidentiality.codes import Action, TeamRole
from confidentiality.policy import Standing
from confidentiality.records import Stale, hold, save
from initiatives.embargo import begun_everywhere
from initiatives.models import Initiative, Retention, Session, TeamMember
from initiatives.models.retention import NOTICE_DAYS, earliest_end
from initiatives.models.session import SESSION_TOLD, untold
from initiatives.querysets import SessionQuerySet
from initiatives.services.purging import AWAY
from initiatives.services.rules import forget_ended
from initiatives.services.turns import take_turn
from initiatives.services.versions import needed_reason

log = logging.getLogger(__name__)

# Of a session whose time is over these stay as they are.
ENDS = {*SESSION_TOLD, "keep_texts_until"}
HOLDS = (TeamRole.LEAD, TeamRole.FACILITATOR)
NOTICE = timedelta(NOTICE_DAYS)


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
    _refuse_begun(initiative)
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
    _refuse_begun(initiative)
    retention = _for_change(initiative, by, version)
    if retention.held:
        raise ValidationError(_("Somebody holds it already."))
    retention.hold_reason = needed_reason(reason)
    retention.held_by, retention.held_at = by, timezone.now()
    save(retention)
    return retention


@transaction.atomic
def release_retention(*, by: User, initiative: Initiative, version: int | None = None) -> Retention:
    """Let the clocks run again. For whoever holds it, and for leads who did not set the end (see _refuse_alone).

    What came near meanwhile, the end or the clock of a session, is announced for a month again. Who set it stays named.
    """
    policy.require(by, Action.HOLD_RETENTION, initiative)
    take_turn("purge", initiative.pk)
    standing = policy.require(by, Action.HOLD_RETENTION, initiative)
    retention = _for_change(initiative, by, version)
    if retention.held_by_id != by.pk or standing.for_a_day:
        policy.require(by, Action.ASK_PURGE, initiative)
    if not retention.held:
        return retention
    _refuse_begun(initiative)
    if retention.held_by_id != by.pk:
        _refuse_alone(retention, by)
    retention.held_by = retention.held_at = None
    retention.hold_reason = ""
    if retention.keep_until is not None:
        retention.keep_until = max(retention.keep_until, earliest_end())
    _announce_texts_again(initiative)
    save(retention)
    return retention


def _refuse_alone(retention: Retention, by: User) -> None:
    """Who set an end does not overrule the hold of somebody else while anybody else leads or facilitates, whether or
    not their account opens anything now. Nor by putting them out, or giving them another role, before: then it stays
    held for a month more. Before an end is set, this is so for every lead.
    """
    if retention.keep_until is not None and retention.set_by_id != by.pk:
        return
    others = TeamMember.objects.filter(initiative=retention.initiative_id).exclude(user=by)
    if others.current().filter(role__in=HOLDS).exists():
        raise ValidationError(
            _(
                "Whoever holds it lets go, or a lead who did not set the end: not you, while others decide with you."
            )
        )
    if until := _alone_from(others):
        text = _(
            "You lead alone since a short while ago: you can let go of what somebody else holds from %(day)s."
        )
        raise ValidationError(text % {"day": date_format(timezone.localtime(until), "j F Y, H:i")})


def _alone_from(others: Any) -> datetime | None:
    """A month after the last access of somebody else ended or became another; None once it is past."""
    now = timezone.now()
    ended = Q(expires_at__lte=now, expires_at__gt=now - NOTICE)
    changed = Q(version__gt=1, updated_at__gt=now - NOTICE)
    rows = others.filter(ended | changed).values_list("expires_at", "updated_at", "version")
    # An end that lies ahead is none yet; a row that is as it was made was not changed.
    moments = [
        moment
        for expires_at, updated_at, version in rows
        for moment in (expires_at, updated_at if version > 1 else None)
        if moment is not None and moment <= now
    ]
    return max(moments) + NOTICE if moments else None


def _announce_texts_again(initiative: Initiative) -> None:
    """Clocks of sessions that came near while somebody held it, of deleted ones too: whoever lets go reads them all."""
    near = Session.objects.with_clock().filter(initiative=initiative, keep_texts_until__lt=earliest_end())
    near.update(keep_texts_until=earliest_end(), version=F("version") + 1, updated_at=timezone.now())


def has_begun(initiative: Initiative) -> bool:
    """Whether the worker purges it: what was cut short is finished."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT purge_has_begun(%s)", [initiative.pk])
        (begun,) = cursor.fetchone()
    return bool(begun)


def _refuse_begun(initiative: Initiative) -> None:
    """Nobody is told that it is held, or kept longer, once the worker has begun."""
    if has_begun(initiative):
        raise ValidationError(_("It is too late: the purge has begun."))


def retention_of(*, by: User, initiative: Initiative) -> Retention | None:
    """As its team sees it; None where nobody has set an end."""
    seen = Retention.objects.visible_to(by).filter(initiative=initiative)
    return seen.select_related("set_by", "held_by").first()


def near_ends(*, by: User, initiative: Initiative) -> dict[str, date | None]:
    """The day on which it is purged, and the first on which texts of a session are destroyed, once they are near.

    For a notice on every page, without opening a record: one query.
    """
    whole = Retention.objects.visible_to(by).near(NOTICE_DAYS).filter(initiative=initiative)
    texts = Session.objects.visible_to(by).near(NOTICE_DAYS).filter(initiative=initiative)
    found: dict[str, date | None] = {"ends_on": None, "texts_end_on": None}
    days = whole.order_by().values_list(Value("ends_on"), "keep_until")
    for name, day in days.union(texts.order_by().values_list(Value("texts_end_on"), "keep_texts_until")):
        found[name] = min(found[name] or day, day)
    return found


def ending_for(user: User) -> list[Retention]:
    """Of one's teams, what is purged within a month, the first of them first."""
    near = Retention.objects.visible_to(user).near(NOTICE_DAYS)
    return list(near.select_related("initiative").order_by("keep_until", "pk"))


def texts_ending_for(user: User) -> list[Session]:
    """Of one's teams, sessions whose texts are destroyed within a month, the first of them first."""
    near = Session.objects.visible_to(user).near(NOTICE_DAYS)
    return list(near.select_related("initiative").order_by("keep_texts_until", "pk"))


def ending_after_leaving() -> list[tuple[str, date]]:
    """What one led or facilitated until lately and is purged within a month, by its codename: whoever was put out
    reads nothing of it any more, and is not put out to be kept from objecting.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT codename, keep_until FROM ends_after_leaving()")
        return cursor.fetchall()


def refuse_clock(standing: Standing, keep_texts_until: date | None) -> None:
    """The clock of a session: set by those who could hold it, and announced as long. Raises ValidationError."""
    if not policy.allows(standing, Action.END_TEXTS):
        text = _("A lead or facilitator says until when its texts are kept.")
        raise ValidationError({"keep_texts_until": text})
    if keep_texts_until is not None and keep_texts_until < earliest_end():
        text = _("Expected %(day)s or later: your team sees it coming for a month.")
        raise ValidationError({"keep_texts_until": text % {"day": date_format(earliest_end(), "j F Y")}})


def refuse_ended(session: Session, changed: Iterable[str]) -> None:
    """What was destroyed on its day is not written again, and there is no second day on which it would be."""
    text = _("The time for which its texts were to be kept is over: none is written any more.")
    if session.texts_gone_at is not None and (names := ENDS.intersection(changed)):
        raise ValidationError(dict.fromkeys(sorted(names), text))


def sessions_ending(*, by: User, initiative: Initiative) -> list[Session]:
    """Its sessions with a clock of their own, the first to end first. Deleted ones too: their clocks run."""
    seen = Session.objects.visible_to(by).with_clock().filter(initiative=initiative)
    return list(seen.select_related("clock_set_by").order_by("keep_texts_until", "pk"))


# --- The worker's part ----------------------------------------------------------------------------------------


def forget_ended_texts() -> int:
    """Destroy the texts of sessions whose time is over. How many; safe to run twice and to be killed."""
    with actor(PURGE):
        found = list(_texts_due().order_by("pk").values_list("pk", "initiative_id"))
    return sum(_forgotten(pk, initiative_id) for pk, initiative_id in found)


def _texts_due() -> SessionQuerySet:
    return Session.objects.filter(keep_texts_until__lte=begun_everywhere(), texts_gone_at=None)


def _forgotten(pk: UUID, initiative_id: UUID) -> bool:
    """One that fails keeps no other from being done. Logs an id and the kind of error."""
    try:
        with actor(PURGE):
            take_turn("purge", initiative_id)
            # Again: to seal an empty text for an initiative that was purged meanwhile would make it a key anew.
            if not _texts_due().filter(pk=pk).exists():
                return False
            return _forget(Session(pk=pk, initiative_id=initiative_id))
    except (DatabaseError, *AWAY) as error:
        log.warning("texts of session %s are put off: %s", pk, type(error).__name__)
        return False


def _forget(session: Session) -> bool:
    empty = [_sealed(session, name, nothing) for name, nothing in untold().items() if name != "product_made"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT forget_texts(%s, %s, %s, %s, %s, %s, %s)", [session.pk, *empty])
        (done,) = cursor.fetchone()
    if done:
        forget_ended(session.pk)
    return bool(done)


def _sealed(session: Session, name: str, nothing: Any) -> bytes:
    field: Any = Session._meta.get_field(name)
    sealed: bytes = field.sealed(session, field.to_bytes(nothing))
    return sealed
