"""Sessions: logged, corrected, deleted and brought back, each save with a version in the history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from confidentiality import policy
from confidentiality.codes import Action, Audience, TeamRole
from confidentiality.fields import encrypted_fields, if_it_opens
from confidentiality.policy import (
    CLOSED_TO_OBSERVERS,
    FACTS_FOR_OBSERVERS,
    WITHOUT_ATTENDANCE,
    WITHOUT_NOTES,
)
from confidentiality.records import hold, save
from confidentiality.words import listed
from initiatives.enums import Precision, SessionStatus, Theme
from initiatives.models import Initiative, Session, SessionReader, SessionRevision
from initiatives.models.session import MOST_PRESENT, MOVED, SESSION_NOTES, SESSION_TEXTS, SESSION_TOLD
from initiatives.services.countries import country_codes
from initiatives.services.drafts import forget_drafts_of_session
from initiatives.services.overriding import concerning, doubt, together
from initiatives.services.retention import refuse_clock, refuse_ended
from initiatives.services.rules import (
    consequences,
    ended_sooner,
    forget_against_the_rule,
    loosened,
    tells_of_people,
)
from initiatives.services.turns import take_turn
from initiatives.services.versions import Version, keep_version, needed_reason, older_version, versions_of

SESSION_FIELDS = (
    "status", "began_on", "began_precision", "ended_on", "ended_precision", "format", "rule", "embargo_until",
    "keep_texts_until", "audience", "country", "product_made", "present", "agenda_themes", "purpose", "next_step",
    "place", "notes", "incidents",
)  # fmt: skip
# What decides who reads it.
READ_BY = ("rule", "embargo_until", "audience")
# What an older version does not bring back.
STAYS = (*READ_BY, "keep_texts_until")
_WHEN = {"status", "began_on", "began_precision", "ended_on", "ended_precision"}


@transaction.atomic
def log_session(*, by: User, initiative: Initiative, override_reason: str = "", **fields: Any) -> Session:
    """Write a session down: any of SESSION_FIELDS, of which a date and a format are needed.

    `present` is {party id: number}, "" for those who belong to no side. Raises Doubt where the date and the status do
    not go together, unless `override_reason` says why they do.
    """
    session = Session(initiative=initiative, by=by)
    policy.require(by, Action.EDIT_SESSIONS, session)
    changed = _apply(session, fields, fresh=True)
    _judge(by, session, changed, override_reason)
    save(session)
    keep_session(session, by, changed, override_reason)
    return session


@transaction.atomic
def edit_session(
    *,
    by: User,
    session: Session,
    version: int | None = None,
    override_reason: str = "",
    reason: str = "",
    **changes: Any,
) -> Session:
    """Change any of SESSION_FIELDS; what stands there already changes nothing.

    A session is postponed, cancelled or held through its `status`. Raises Stale, and Doubt as `log_session` does, and
    where the new rule or audience has consequences or an embargo ends sooner (rules.py).
    """
    policy.require(by, Action.EDIT_SESSIONS, session)
    if changes.get("rule") in WITHOUT_NOTES | WITHOUT_ATTENDANCE:
        # It may take something out: whoever holds the initiative meanwhile takes the same turn.
        take_turn("purge", session.initiative_id)
    session = hold(Session, session.pk, version)
    refuse_deleted(session)
    before = {name: getattr(session, name) for name in READ_BY}
    changed = _apply(session, changes)
    if not changed:
        return session
    _judge(by, session, changed, override_reason, before)
    if "rule" in changed:
        changed += forget_against_the_rule(session, by)
    save(session)
    if "rule" in changed and session.rule in WITHOUT_NOTES:
        forget_drafts_of_session(session.pk)  # Of everybody: notes that were typed and not saved are notes.
    keep_session(session, by, changed, override_reason or reason)
    return session


def session_versions(*, by: User, session: Session) -> list[Version]:
    """Its versions, the newest first, as far as `by` may read the session now and might have read it then.

    An observer reads none that was closed to observers as it stood, and no more than the facts where the rule gives
    observers these, now or then.
    """
    observes = session.standing_of(by).team_role == TeamRole.OBSERVER

    def seen(fields: Mapping[str, Any]) -> Mapping[str, Any] | None:
        if not observes:
            return fields
        if _was_closed(fields, by):
            return None
        narrowed = FACTS_FOR_OBSERVERS & {session.rule, fields.get("rule")}
        return {name: value for name, value in fields.items() if not narrowed or name not in SESSION_TOLD}

    found = versions_of(by, session, seen)
    return [_as_observed(session, version) for version in found] if observes else found


def _as_observed(session: Session, version: Version) -> Version:
    """Why something changed is a text as well."""
    narrowed = FACTS_FOR_OBSERVERS & {session.rule, version.fields.get("rule")}
    return replace(version, reason="") if narrowed else version


def _was_closed(fields: Mapping[str, Any], observer: User) -> bool:
    named = fields.get("audience") == Audience.NAMED and str(observer.pk) not in fields.get("readers", [])
    return fields.get("rule") in CLOSED_TO_OBSERVERS or named


@transaction.atomic
def bring_back_session(
    *,
    by: User,
    session: Session,
    number: int,
    reason: str,
    version: int | None = None,
    override_reason: str = "",
) -> Session:
    """Write an older version again, as a new one with a reason. Its rule, embargo and audience stay, and so
    who reads it, and its clock. Raises Stale, and Doubt as `edit_session` does.
    """
    policy.require(by, Action.EDIT_SESSIONS, session)
    session = hold(Session, session.pk, version)
    then = older_version(session_versions(by=by, session=session), number, session).fields
    fields = {name: then[name] for name in SESSION_FIELDS if name in then and name not in STAYS}
    for name in {"began_on", "ended_on"} & set(fields):
        fields[name] = date.fromisoformat(fields[name]) if fields[name] else None
    reason = needed_reason(reason)
    return edit_session(by=by, session=session, override_reason=override_reason, reason=reason, **fields)


@transaction.atomic
def delete_session(*, by: User, session: Session, reason: str, version: int | None = None) -> Session:
    """Take a session out of the lists. It stays, with its history, and can be brought back."""
    policy.require(by, Action.EDIT_SESSIONS, session)
    session = hold(Session, session.pk, version)
    if session.deleted_at is not None:
        return session
    reason = needed_reason(reason)
    session.deleted_at = timezone.now()
    save(session)
    keep_session(session, by, ["deleted"], reason)
    return session


@transaction.atomic
def restore_session(*, by: User, session: Session, version: int | None = None, reason: str = "") -> Session:
    """Bring a deleted session back, as it was. Not one that was moved: it stands where it was moved to."""
    policy.require(by, Action.EDIT_SESSIONS, session)
    session = hold(Session, session.pk, version)
    if session.deleted_at is None:
        return session
    if was_moved(session):
        raise ValidationError(
            _("This session was moved to another initiative. Bringing it back would make two.")
        )
    session.deleted_at = None
    save(session)
    keep_session(session, by, ["deleted"], reason)
    return session


@transaction.atomic
def name_reader(*, by: User, session: Session, user: User) -> None:
    """List an observer of the team, who then reads this session although its audience is `named`."""
    policy.require(by, Action.EDIT_SESSIONS, session)
    session = hold(Session, session.pk, None)
    refuse_deleted(session)
    observing = session.initiative.members.current().filter(role=TeamRole.OBSERVER, user=user)
    if not observing.exists():
        raise ValidationError(
            {"user": _("Only observers of the team are listed; the others read it anyway.")}
        )
    if SessionReader.objects.filter(session=session, user=user).exists():
        return
    save(SessionReader(initiative=session.initiative, session=session, user=user))
    save(session)
    keep_session(session, by, ["readers"])


@transaction.atomic
def unname_reader(*, by: User, session: Session, user: User) -> None:
    """Take an observer off the list. Who is not on it stays off it."""
    policy.require(by, Action.EDIT_SESSIONS, session)
    session = hold(Session, session.pk, None)
    refuse_deleted(session)
    if SessionReader.objects.filter(session=session, user=user).delete()[0]:
        save(session)
        keep_session(session, by, ["readers"])


def keep_session(session: Session, by: User, changed: list[str], reason: str = "") -> None:
    """The session as it stands, into its history."""
    fields = {name: getattr(session, name) for name in SESSION_FIELDS}
    readers = SessionReader.objects.filter(session=session).values_list("user_id", flat=True)
    fields |= {"deleted": session.deleted_at is not None, "readers": sorted(str(pk) for pk in readers)}
    keep_version(session, by=by, fields=fields, changed=changed, reason=reason)


def was_moved(session: Session) -> bool:
    """Whether what stands here is what a move left behind."""
    newest = session.revisions.order_by(
        "-number"
    ).first()  # None once its texts are gone, as their time was over.
    kept = if_it_opens(newest, "kept") if newest else None
    return kept is not None and MOVED in kept["changed"]


def refuse_deleted(session: Session) -> None:
    if session.deleted_at is not None:
        raise ValidationError(_("This session is deleted. Bring it back first."))


# --- What is written ------------------------------------------------------------------------------------------


def _apply(session: Session, given: Mapping[str, Any], *, fresh: bool = False) -> list[str]:
    """Set what was given; the names of what is another value now."""
    if unknown := sorted(set(given) - set(SESSION_FIELDS)):
        raise TypeError(f"unknown fields: {', '.join(unknown)}")
    given = dict(given)
    if "present" in given:
        given["present"] = _present(session, given["present"], fresh)
    if "agenda_themes" in given:
        given["agenda_themes"] = _themes(given["agenda_themes"])
    stands = stands_of(session)
    refuse_damaged(stands, given)
    changed = [name for name, value in given.items() if fresh or value != stands[name]]
    for name in changed:
        setattr(session, name, given[name])
    if session.ended_on is None:
        session.ended_precision = Precision.DAY
    return [name for name in SESSION_FIELDS if name in changed]


def stands_of(session: Session) -> dict[str, Any]:
    """The values as they are; None for one that does not open."""
    sealed = {field.name for field in encrypted_fields(Session)}
    return {
        name: if_it_opens(session, name) if name in sealed else getattr(session, name)
        for name in SESSION_FIELDS
    }


def refuse_damaged(stands: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """A text that does not open is replaced by a new one, or the session stays as it is."""
    sealed = {field.name for field in encrypted_fields(Session)}
    text = _("This text cannot be opened. Give a new one, or have the site's operator restore it.")
    if damaged := [name for name in sealed if stands[name] is None and not given.get(name)]:
        raise ValidationError(dict.fromkeys(damaged, text))


def _present(session: Session, given: Any, fresh: bool) -> dict[str, int]:
    """Numbers by side, in one order. A side that has left the card since may keep its number."""
    if not isinstance(given, Mapping):
        raise ValidationError({"present": _("Expected a number for each side.")})
    sides = {str(pk) for pk in session.initiative.sides.values_list("party_id", flat=True)}
    known = sides | {""} | (set() if fresh else set(if_it_opens(session, "present") or {}))
    found = {str(party): number for party, number in given.items() if number is not None}
    if set(found) - known:
        raise ValidationError({"present": _("Numbers are given for sides of this initiative only.")})
    for number in found.values():
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= MOST_PRESENT:
            text = _("Expected whole numbers from 0 to %(most)d.") % {"most": MOST_PRESENT}
            raise ValidationError({"present": text})
    return dict(sorted(found.items()))


def _themes(given: Any) -> list[str]:
    codes = [str(code) for code in given] if isinstance(given, list | tuple) else [""]
    if unknown := [code for code in codes if code not in Theme.values]:
        text = _("No such theme: %(codes)s.") % {"codes": listed(unknown)}
        raise ValidationError({"agenda_themes": text})
    return list(dict.fromkeys(codes))


# --- What does not go together --------------------------------------------------------------------------------


def _judge(
    by: User,
    session: Session,
    changed: list[str],
    override_reason: str,
    before: Mapping[str, Any] | None = None,
) -> None:
    """Refuse what cannot be, and ask about what is unlikely. `before`: READ_BY of one that stood."""
    if override_reason.strip():
        needed_reason(override_reason, "override_reason")
    if session.country and session.country not in country_codes():
        raise ValidationError({"country": _("Expected a country of ISO 3166 by its two letters.")})
    _judge_rule(session, changed)
    refuse_ended(session, changed)
    if "keep_texts_until" in changed:
        _set_clock(by, session)
    doubts = _of_readers(by, session, changed, before) if before else {}
    if _WHEN.intersection(changed) and session.began_on and _is_whole(session):
        session.clean_fields()
        session.clean()
        doubts |= unlikely(session)
    asked = SESSION_TEXTS if "rule" in changed else set(SESSION_TEXTS).intersection(changed)
    texts = {name: if_it_opens(session, name) for name in asked}
    doubts = together(doubts, tells_of_people(by, session.initiative, texts, session=session))
    about = concerning("session", session, session.initiative_id, session.rule)
    doubt(doubts, override_reason, by=by, about=about)


def _set_clock(by: User, session: Session) -> None:
    """Who says when its texts are destroyed is named beside it. A new session without such a day says nothing."""
    if session.keep_texts_until is None and session._state.adding:
        return
    standing = session.standing_of(by)
    if standing.for_a_day:
        policy.require(by, Action.END_TEXTS, session)
    refuse_clock(standing, session.keep_texts_until)
    set_now = session.keep_texts_until is not None
    session.clock_set_by, session.clock_set_at = (by, timezone.now()) if set_now else (None, None)


def _of_readers(by: User, session: Session, changed: list[str], before: Mapping[str, Any]) -> dict[str, str]:
    """What to ask because somebody reads it who did not, or not any more: now, or sooner than was agreed."""
    doubts: dict[str, str] = {}
    if "embargo_until" in changed and (text := ended_sooner(session, before["embargo_until"], by)):
        doubts["embargo_until"] = text
    decided = [name for name in READ_BY if name in changed]
    if decided and (text := consequences(session, before, by)):
        doubts = together(doubts, {decided[0]: text})
    if "rule" in changed and (text := loosened(session, before["rule"], by)):
        doubts = together(doubts, {"rule": text})
    return doubts


def _is_whole(session: Session) -> bool:
    """Whether its days can be told; what is wrong with them is said when it is saved."""
    return session.began_precision in Precision.values and session.ended_precision in Precision.values


def _judge_rule(session: Session, changed: list[str]) -> None:
    stand = [name for name in SESSION_NOTES if session.rule in WITHOUT_NOTES and getattr(session, name)]
    if written := [name for name in stand if name in changed]:
        raise ValidationError(dict.fromkeys(written, _("Under this rule no notes are kept.")))
    if stand:
        text = _("Notes or incidents stand in this session. Under this rule none are kept.")
        raise ValidationError({"rule": text})


def unlikely(session: Session) -> dict[str, str]:
    """What is said of dates that do not go with the status, by field."""
    today, days = timezone.localdate(), session.days
    if session.status == SessionStatus.HELD and days.first > today:
        return {"began_on": _("This day is still to come. Was the session held?")}
    if session.status == SessionStatus.PLANNED and days.last < today:
        return {"began_on": _("This day has passed. Is the session still planned?")}
    return {}


def hanging_on(session: Session) -> set[str]:
    """What refers to a session from other apps: names of relations such as attendances and outcomes."""
    if session._state.adding:
        return set()
    own = {SessionReader, SessionRevision}
    found = set()
    for relation in Session._meta.related_objects:
        model, name = relation.related_model, relation.get_accessor_name()
        if model in own or name is None:
            continue
        rows = model._default_manager.filter(**{relation.field.name: session})
        if "deleted_at" in {field.name for field in model._meta.concrete_fields}:
            rows = rows.filter(deleted_at=None)
        if rows.exists():
            found.add(name)
    return found


def writes_sessions_in(user: User) -> list[Initiative]:
    """Initiatives in which somebody logs sessions, with the one last used first."""
    from_team = user.team_memberships.live().exclude(role=TeamRole.OBSERVER).values("initiative_id")
    cards = list(
        Initiative.objects.visible_to(user)
        .filter(pk__in=from_team, public_record=False)
        .select_related("conflict")
    )
    last: dict[UUID, Any] = {}
    logged = Session.objects.visible_to(user).filter(initiative__in=cards, by=user).order_by("created_at")
    for initiative, at in logged.values_list("initiative_id", "created_at"):
        last[initiative] = at
    return sorted(
        cards, key=lambda card: (-last[card.pk].timestamp() if card.pk in last else 0, card.codename)
    )
