"""Who was at a session: written as a set, so that two people who tick at the same time lose nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from confidentiality import policy
from confidentiality.codes import Action
from confidentiality.fields import if_it_opens
from confidentiality.policy import WITHOUT_ATTENDANCE
from confidentiality.records import hold, save
from confidentiality.words import listed
from initiatives.enums import SessionStatus
from initiatives.models import Session
from initiatives.services.overriding import doubt
from initiatives.services.rules import Keeper
from initiatives.services.turns import take_turn
from initiatives.services.versions import forget_change, tells_of
from participants.enums import ParticipationStatus
from participants.models import Attendance, Participation, ParticipationRevision
from participants.services.history import keep_participation

CHANGED = "attendance"  # said of a version, as what it changed


@transaction.atomic
def mark_attendance(
    *,
    by: User,
    session: Session,
    participations: Iterable[Participation],
    seen: Collection[UUID] | None = None,
    override_reason: str = "",
) -> None:
    """Write down who was there, in place of what stood there.

    `seen`: ids of the participations that were ticked when the form was opened. Then only what was ticked and unticked
    since is written, and what somebody else wrote meanwhile stays.
    """
    policy.require(by, Action.EDIT_SESSIONS, session)
    session = hold(Session, session.pk, None)  # Its rule stays what it is until this is written.
    take_turn("attendance", session.pk)
    policy.require(by, Action.EDIT_SESSIONS, session)  # Again: the turn was waited for.
    there = {part.pk: part for part in participations}
    _refuse_strangers(session, there.values())
    stand = {row.participation_id: row for row in Attendance.objects.filter(session=session)}
    before = set(stand) if seen is None else set(seen)
    new = [part for pk, part in there.items() if pk not in before and pk not in stand]
    gone = [row for pk, row in stand.items() if pk in before and pk not in there]
    if new:
        _refuse_ended(session)
        _refuse_rule(session)
        _doubt_withdrawn(by, session, new, override_reason)
    for part in new:
        save(Attendance(initiative=session.initiative, session=session, participation=part))
    for row in gone:
        row.delete()
    for part in _withdrawn_before(session, new):
        # Whoever wrote it down against the odds said why; it stands in the history of the participation.
        held = hold(Participation, part.pk, None)
        save(held)
        keep_participation(held, by=by, changed=[CHANGED], reason=override_reason, about=session.pk)


def _there(session: Session) -> bool:
    return Attendance.objects.filter(session=session).exists() or bool(_said_of(session))


def _said_of(session: Session) -> set[UUID]:
    """Participations of which the history says that they came to this session, against the odds; and why."""
    rows = ParticipationRevision.objects.filter(initiative=session.initiative_id)
    return {row.participation_id for row in rows if tells_of(if_it_opens(row, "kept"), CHANGED, session.pk)}


def _forget(session: Session, by: User) -> None:
    Attendance.objects.filter(session=session).delete()
    for part in Participation.objects.filter(pk__in=_said_of(session)).order_by("pk"):
        forget_change(part, CHANGED, session.pk)


def _ended(session_id: UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT forget_attendance(%s)", [session_id])


KEEPER = Keeper(
    "attendance",
    _there,
    _forget,
    gettext_lazy("It stands there who came. Under this rule that is not stored: it will be taken out."),
    ended=_ended,
)


def _refuse_strangers(session: Session, there: Iterable[Participation]) -> None:
    if any(part.initiative_id != session.initiative_id for part in there):
        text = _("Only people who take part in the initiative of this session can have been there.")
        raise ValidationError({"participations": text})


def _refuse_ended(session: Session) -> None:
    if session.texts_gone_at is not None:
        text = _("The time is over for which it was to be kept who was there: nobody writes it down again.")
        raise ValidationError({"participations": text})


def _refuse_rule(session: Session) -> None:
    """Some rules forbid to store who was there; and nobody has been at what did not take place."""
    if session.rule in WITHOUT_ATTENDANCE:
        text = _("Under the rule “%(rule)s” it is not stored who was there, only how many.")
        raise ValidationError({"participations": text % {"rule": session.get_rule_display()}})
    planned = session.status == SessionStatus.PLANNED and session.began_on <= timezone.localdate()
    if session.deleted_at or not (session.status == SessionStatus.HELD or planned):
        text = _("This session was not held: nobody can have been there.")
        raise ValidationError({"participations": text})


def _withdrawn_before(session: Session, parts: Iterable[Participation]) -> list[Participation]:
    """Those who had withdrawn before the last day on which the session can have taken place."""
    return [
        part
        for part in parts
        if part.status == ParticipationStatus.WITHDREW
        and (part.withdrew_on is None or part.withdrew_on < session.days.first)
    ]


def _doubt_withdrawn(by: User, session: Session, new: Iterable[Participation], reason: str) -> None:
    named = [
        _("%(person)s withdrew on %(day)s")
        % {"person": part.person.pseudonym, "day": date_format(part.withdrew_on, "j F Y")}
        if part.withdrew_on
        else _("%(person)s withdrew, on a day that nobody wrote down") % {"person": part.person.pseudonym}
        for part in _withdrawn_before(session, new)
    ]
    if named:
        text = _("%(people)s, before this session.") % {"people": listed(named, facts=True)}
        doubt({"participations": text}, reason, by=by, about="attendance")
