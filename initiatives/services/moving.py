"""Taking a session to another initiative, under whose key everything of it is sealed again."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from confidentiality import policy
from confidentiality.codes import Action, TeamRole
from confidentiality.records import hold, save
from confidentiality.words import listed
from initiatives.models import Initiative, Session, SessionRevision
from initiatives.models.session import SESSION_TEXTS, untold
from initiatives.services.overriding import doubt
from initiatives.services.rules import forget_who_was_there, tells_of_people
from initiatives.services.sessions import (
    MOVED,
    hanging_on,
    keep_session,
    refuse_damaged,
    refuse_deleted,
    stands_of,
)
from initiatives.services.turns import take_turn
from initiatives.services.versions import Fields, change_versions, needed_reason

# It takes a session out of the reach of one team and before the eyes of another, whoever is on it today: for those
# who answer for what is said.
DECIDES = (TeamRole.LEAD, TeamRole.FACILITATOR)


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
    A lead or facilitator moves it; who was there today could be another tomorrow. Raises Doubt where its texts name
    people of the other initiative and its rule keeps them inside, unless there is a reason for it.
    """
    standing = policy.require(by, Action.EDIT_SESSIONS, session)
    policy.require(by, Action.EDIT_SESSIONS, Session(initiative=initiative))
    take_turn("move", session.pk)
    session = hold(Session, session.pk, version)
    refuse_deleted(session)
    _refuse_move(session, initiative)
    if standing.team_role not in DECIDES:
        raise ValidationError({"initiative": _("A lead or facilitator of this team moves it.")})
    moved = Session(initiative=initiative, by=by, version=session.version + 1)
    for name, value in stands_of(session).items():
        setattr(moved, name, value)
    _ask_of_people(by, moved, override_reason)
    save(moved)
    _copy_history(session, moved, by)
    keep_session(moved, by, [MOVED], override_reason or MOVED)
    _leave_behind(session, by)
    return moved


def _ask_of_people(by: User, moved: Session, override_reason: str) -> None:
    """Its texts were compared with the names of those who take part where it was written."""
    if override_reason.strip():
        needed_reason(override_reason, "override_reason")
    found = tells_of_people(by, moved, {name: getattr(moved, name) for name in SESSION_TEXTS})
    doubt({"initiative": " ".join(dict.fromkeys(found.values()))} if found else {}, override_reason)


def _leave_behind(session: Session, by: User) -> None:
    """The facts, deleted: the record is where it was moved to, and what is taken out there is nowhere else."""
    forget_who_was_there(session, by)
    change_versions(session, _without_texts)
    for name, nothing in untold().items():
        setattr(session, name, nothing)
    session.deleted_at, session.keep_texts_until = timezone.now(), None
    save(session)
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
