"""Taking a session to another initiative, under whose key everything of it is sealed again."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from confidentiality import policy
from confidentiality.codes import Action, TeamRole
from confidentiality.policy import Standing
from confidentiality.records import hold, save
from confidentiality.words import listed
from initiatives.embargo import begun_everywhere
from initiatives.models import Initiative, PurgeRequest, Retention, Session, SessionRevision
from initiatives.models.retention import earliest_end
from initiatives.models.session import MOVED, SESSION_TEXTS, untold
from initiatives.services.drafts import forget_drafts_of_session
from initiatives.services.overriding import as_one, concerning, doubt
from initiatives.services.retention import has_begun
from initiatives.services.rules import forget_who_was_there, reached_by_move, tells_of_people
from initiatives.services.sessions import (
    hanging_on,
    keep_session,
    refuse_damaged,
    refuse_deleted,
    stands_of,
)
from initiatives.services.turns import take_turn
from initiatives.services.versions import Fields, change_versions, kept_of, needed_reason, reasons_of


@transaction.atomic
def move_session(
    *,
    by: User,
    session: Session,
    initiative: Initiative,
    version: int | None = None,
    override_reason: str = "",
) -> Session:
    """Take a session to another initiative in which the same person writes sessions: the new session.

    Every text is opened and sealed again under the key of the other initiative, the history with it. What stays
    behind is a deleted session without its texts, which says nothing of where it went. Observers are listed anew there.
    Its clock goes with it, a month ahead at least: who reads it there has not seen it coming. Raises Doubt where its
    texts name people of the other initiative and its rule keeps them inside, and where observers there will read it,
    unless there is a reason for it.
    """
    policy.require(by, Action.MOVE_SESSION, session)
    policy.require(by, Action.EDIT_SESSIONS, Session(initiative=initiative))
    for place in sorted((session.initiative_id, initiative.pk)):
        take_turn("purge", place)
    take_turn("move", session.pk)
    # Again: the turns were waited for.
    standing = policy.require(by, Action.MOVE_SESSION, session)
    there = policy.require(by, Action.EDIT_SESSIONS, Session(initiative=initiative))
    session = hold(Session, session.pk, version)
    refuse_deleted(session)
    _refuse_move(session, initiative)
    _refuse_taking(session, by, standing)
    _refuse_ending(initiative)
    moved = Session(initiative=initiative, by=by, version=session.version + 1)
    for name, value in stands_of(session).items():
        setattr(moved, name, value)
    _take_clock(session, moved, there)
    _ask_of_people(by, session, moved, override_reason)
    save(moved)
    _copy_history(session, moved, by)
    keep_session(moved, by, [MOVED], override_reason or MOVED)
    _leave_behind(session, by)
    return moved


def may_take(session: Session, by: User, standing: Standing) -> bool:
    """Whether somebody may take a session elsewhere at all.

    It takes a record from one team for good, before the eyes of another, whoever is on it today. So a lead of the
    team that loses it does it; and a mistake just made stays easy to mend for whoever made it.
    """
    if not policy.allows(standing, Action.MOVE_SESSION):
        return False
    mends = session.just_logged_by(by) and policy.allows(standing, Action.HOLD_RETENTION)
    return standing.team_role == TeamRole.LEAD or mends


def _refuse_taking(session: Session, by: User, standing: Standing) -> None:
    if not may_take(session, by, standing):
        text = _("A lead of this team moves it; and for a week whoever logged it, as facilitator.")
        raise ValidationError({"initiative": text})
    if Retention.objects.filter(initiative=session.initiative_id).holding().exists():
        text = _("Somebody holds this initiative: nothing is taken out of it until it is let go.")
        raise ValidationError({"initiative": text})
    until = session.keep_texts_until
    if session.texts_gone_at is None and until is not None and until <= begun_everywhere():
        text = _("The time for which its texts were to be kept is over. They are destroyed at any moment.")
        raise ValidationError({"initiative": text})


def _refuse_ending(initiative: Initiative) -> None:
    """Where it goes, it must not be destroyed sooner than the team that loses it could have seen coming."""
    ends = Retention.objects.filter(
        initiative=initiative, held_at=None, keep_until__lt=earliest_end()
    ).exists()
    asked = PurgeRequest.objects.filter(initiative=initiative).open()
    if ends or has_begun(initiative) or any(request.is_open for request in asked):
        text = _("The other initiative is to be purged soon: nothing is taken there.")
        raise ValidationError({"initiative": text})


def _take_clock(session: Session, moved: Session, there: Standing) -> None:
    moved.texts_gone_at, moved.keep_texts_until = session.texts_gone_at, None
    if session.keep_texts_until is None or session.texts_gone_at is not None:
        return
    if not policy.allows(there, Action.END_TEXTS):
        text = _(
            "Its texts are kept until a day: a lead or facilitator of the other initiative takes it there."
        )
        raise ValidationError({"initiative": text})
    moved.keep_texts_until = max(session.keep_texts_until, earliest_end())
    moved.clock_set_by, moved.clock_set_at = moved.by, timezone.now()


def _ask_of_people(by: User, session: Session, moved: Session, override_reason: str) -> None:
    """Its texts, older ones too, were compared with the names of those who take part where it was written; and other
    observers read it."""
    if override_reason.strip():
        needed_reason(override_reason, "override_reason")
    stood = [{name: getattr(moved, name) for name in SESSION_TEXTS}, *kept_of(session)]
    texts = {name: "\n".join({str(one.get(name) or "") for one in stood}) for name in SESSION_TEXTS}
    # Why something was changed is read there as well, and has no field of its own.
    texts["purpose"] = "\n".join([texts["purpose"], *reasons_of(session)])
    about = concerning("move", session, moved.initiative_id, moved.rule)
    named = tells_of_people(by, moved.initiative, texts, session=moved).values()
    asked = as_one([*named, reached_by_move(session, moved)])
    doubt({"initiative": asked} if asked else {}, override_reason, by=by, about=about)


def _leave_behind(session: Session, by: User) -> None:
    """The facts, deleted: the record is where it was moved to, and what is taken out there is nowhere else."""
    forget_who_was_there(session, by)
    change_versions(session, _without_texts)
    for name, nothing in untold().items():
        setattr(session, name, nothing)
    session.deleted_at = timezone.now()
    session.keep_texts_until = session.clock_set_by = session.clock_set_at = None
    save(session)
    forget_drafts_of_session(session.pk)
    keep_session(session, by, ["deleted", MOVED], MOVED)


def _without_texts(fields: Fields) -> Fields:
    return {**fields, **{name: nothing for name, nothing in untold().items() if name in fields}}


def _refuse_move(session: Session, initiative: Initiative) -> None:
    if initiative.pk == session.initiative_id:
        raise ValidationError({"initiative": _("It is there already.")})
    refuse_damaged(stands_of(session), {})
    if hanging := hanging_on(session):
        words = {"attendances": _("who came"), "outcomes": _("outcomes")}
        text = _("It cannot be moved while this hangs on it: %(what)s. Take that out first.")
        what = listed(words.get(name, name) for name in sorted(hanging))
        raise ValidationError({"initiative": text % {"what": what}})
    sides = {str(pk) for pk in initiative.sides.values_list("party_id", flat=True)}
    if set(session.present) - sides - {""}:
        text = _("Numbers are given for a side that the other initiative does not have. Correct them first.")
        raise ValidationError({"initiative": text})


def _copy_history(session: Session, moved: Session, by: User) -> None:
    """Every version, under the other key; `at` keeps when it was saved, since the row is new.

    Who saved it is kept of those who are or were on the team there: it is not told of others that they work here, nor
    who observed. Theirs bear the name of whoever moved it.
    """
    known = {str(pk) for pk in moved.initiative.members.values_list("user_id", flat=True)}
    for revision in SessionRevision.objects.filter(session=session).order_by("number"):
        then = revision.kept
        who = then.get("by") or str(revision.by_id)
        kept = {
            "fields": {**then.get("fields", {}), "readers": []},
            "changed": then.get("changed", []),
            "reason": then.get("reason", ""),
            "at": then.get("at") or revision.created_at.isoformat(),
            **({"by": who} if who in known else {}),
        }
        scope = {"initiative": moved.initiative, "session": moved}
        save(SessionRevision(**scope, number=revision.number, by=by, kept=kept))
