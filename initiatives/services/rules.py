"""What follows when the rule of a session, or its audience, becomes another one.

A rule may forbid to store what stands there already: it is asked about, and then taken out, of the history too. And
it may let observers read what was closed to them: that is said before it happens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from confidentiality import policy
from confidentiality.codes import Action, Audience, Rule, TeamRole
from confidentiality.fields import if_it_opens
from confidentiality.policy import (
    AGREED_FOR_OBSERVERS,
    CLOSED_TO_OBSERVERS,
    FACTS_FOR_OBSERVERS,
    WITHOUT_ATTENDANCE,
    WITHOUT_NOTES,
    lets_out_more,
)
from initiatives import embargo
from initiatives.models import Initiative, Retention, Session, SessionReader
from initiatives.models.session import MOVED, SESSION_NOTES
from initiatives.services.overriding import as_one
from initiatives.services.versions import Fields, change_versions, kept_of


@dataclass(frozen=True, slots=True)
class Keeper:
    """What another app keeps of who was in the room.

    name: what it is called in a history. there: whether it keeps anything of a session. forget: take that out.
    said: what the question says. follows: what else the new rule or embargo brings about, in a question; by session,
    how both stood before and who changes it. Raises ValidationError where it cannot be, or is not for them.
    ended: take it out of a session, by its id, whose time is over; for the worker, as nobody in particular.
    """

    name: str
    there: Callable[[Session], bool]
    forget: Callable[[Session, User], None]
    said: str | Promise
    follows: Callable[[Session, Mapping[str, Any], User], str] = lambda session, before, by: ""
    ended: Callable[[UUID], None] = lambda session_id: None


_keepers: list[Keeper] = []
# What an app above asks about texts of an initiative, or of one of its sessions: questions by field.
Reader = Callable[..., dict[str, str]]
_readers: list[Reader] = []


def looks_for_people(reader: Reader) -> None:
    """Said by an app above, when the program starts."""
    _readers.append(reader)


def tells_of_people(
    by: User, initiative: Initiative, texts: Mapping[str, Any], session: Session | None = None
) -> dict[str, str]:
    """What to ask whoever writes these texts of an initiative, or of this session: they may say who takes part."""
    found: dict[str, str] = {}
    for reader in _readers:
        found |= reader(by=by, initiative=initiative, session=session, texts=texts)
    return found


def keeps_who_was_there(keeper: Keeper) -> None:
    """Said by an app above, when the program starts."""
    _keepers.append(keeper)


def consequences(session: Session, before: Mapping[str, Any], by: User) -> str:
    """What the new rule, embargo or audience brings about, in sentences, or nothing. `before`: how they stood."""
    said = [str(keeper.said) for keeper in _against(session)] if session.rule != before["rule"] else []
    if session.rule != before["rule"] and _noted_before(session):
        said.append(_("Earlier versions hold notes. Under this rule none are kept: they will be taken out."))
    if said:
        _refuse_taking_out(session, by)
    if number := _new_readers(session, before):
        said.append(opened_to(number))
    if (session.rule, session.embargo_until) != (before["rule"], before["embargo_until"]):
        said += [keeper.follows(session, before, by) for keeper in _keepers]
    return as_one(said)


def _refuse_taking_out(session: Session, by: User) -> None:
    """Whoever was let in for a day destroys nothing, and nobody does while the initiative is held."""
    if session.standing_of(by).for_a_day:
        policy.require(by, Action.END_TEXTS, session)
    if Retention.objects.filter(initiative=session.initiative_id).holding().exists():
        text = _(
            "Somebody holds this initiative: what the new rule forbids to store is not taken out until it is let go. "
            "“%(rule)s” keeps it inside meanwhile."
        )
        raise ValidationError({"rule": text % {"rule": Rule.PARTICIPANTS_ONLY.label}})


def loosened(session: Session, before: str, by: User) -> str:
    """What to ask whoever gives a session a rule under which more is read, taken out or stored. The group agreed on the
    other: raises ValidationError for those who may not send anything anyway. A slip just made is mended by whoever
    made it, without a word, while nobody else has saved the session."""
    known = session.rule in Rule.values  # What is no rule is refused when it is saved.
    if not known or not lets_out_more(session.rule, before) or _is_own_slip(session, by):
        return ""
    was = {"rule": Rule(before).label}
    # It outlives the day for which somebody was let in.
    if session.standing_of(by).for_a_day or not policy.may(by, Action.EDIT_TRANSFERS, session):
        text = _(
            "The group agreed on “%(rule)s”. A lead or facilitator changes it to a rule that lets out more; for a "
            "week, whoever logged the session, while nobody else has saved it."
        )
        raise ValidationError({"rule": ValidationError(text % was, code="invalid")})
    return _("The group agreed on “%(rule)s”, under which less leaves the room. Say why more may.") % was


def _is_own_slip(session: Session, by: User) -> bool:
    """Not of a session that was moved: whoever took it there has not logged it."""
    if not session.just_logged_by(by) or session.revisions.exclude(by=by).exists():
        return False
    kept = (if_it_opens(revision, "kept") for revision in session.revisions.all())
    return not any(one is None or MOVED in one["changed"] for one in kept)


def ended_sooner(session: Session, before: date | None, by: User) -> str:
    """What to ask whoever lifts an embargo that stands, or makes it shorter. The group agreed on that day: raises
    ValidationError for those who may not send anything anyway."""
    if before is None or not embargo.ends_earlier(before, session.embargo_until):
        return ""
    day = {"day": date_format(before, "j F Y")}
    if not policy.may(by, Action.EDIT_TRANSFERS, session):
        text = _("An embargo stands until %(day)s. A lead or facilitator lifts it or makes it shorter.") % day
        raise ValidationError({"embargo_until": ValidationError(text, code="invalid")})
    return _("An embargo stands until %(day)s, as the group agreed. Say why it ends sooner.") % day


def opened_to(number: int) -> str:
    """That so many observers come to read something, in a sentence."""
    text = ngettext(
        "%(number)d observer of the team will read what was closed to observers until now.",
        "%(number)d observers of the team will read what was closed to observers until now.",
        number,
    )
    return text % {"number": number}


def observers_of(session: Session) -> set[UUID]:
    """Who observes on its team."""
    observing = session.initiative.members.current().filter(role=TeamRole.OBSERVER)
    return set(observing.values_list("user_id", flat=True))


def reached_by_move(session: Session, moved: Session) -> str:
    """That observers of the other team will read a session that is moved there, in a sentence, or nothing."""
    reading = observers_of(moved) - closed_to(moved)
    already = observers_of(session) - closed_to(session)
    if not (number := len(reading - already)):
        return ""
    text = ngettext(
        "%(number)d observer of the other team will read it there.",
        "%(number)d observers of the other team will read it there.",
        number,
    )
    return text % {"number": number}


def closed_to(session: Session) -> set[UUID]:
    """The observers of the team who do not see this session."""
    observers = observers_of(session)
    if session.rule in CLOSED_TO_OBSERVERS:
        return observers
    if session.audience != Audience.NAMED:
        return set()
    return observers - set(SessionReader.objects.filter(session=session).values_list("user_id", flat=True))


def forget_who_was_there(session: Session, by: User) -> None:
    """Of a session that goes elsewhere nothing stays behind that says who was in the room, deleted or not."""
    for keeper in _keepers:
        if keeper.there(session):
            keeper.forget(session, by)


def forget_ended(session_id: UUID) -> None:
    """Of a session whose time is over."""
    for keeper in _keepers:
        keeper.ended(session_id)


def forget_against_the_rule(session: Session, by: User) -> list[str]:
    """Take out what the rule forbids to store; the names of what went."""
    against = _against(session)
    for keeper in against:
        keeper.forget(session, by)
    if _noted_before(session):
        change_versions(session, _without_notes)
    return [keeper.name for keeper in against]


def _against(session: Session) -> list[Keeper]:
    if session._state.adding or session.rule not in WITHOUT_ATTENDANCE:
        return []
    return [keeper for keeper in _keepers if keeper.there(session)]


def _noted_before(session: Session) -> bool:
    if session._state.adding or session.rule not in WITHOUT_NOTES:
        return False
    return any(fields.get(name) for fields in kept_of(session) for name in SESSION_NOTES)


def _without_notes(fields: Fields) -> Fields:
    return {**fields, **dict.fromkeys(SESSION_NOTES, "")}


def _new_readers(session: Session, before: Mapping[str, Any]) -> int:
    """How many observers of the team read more of it than before."""
    now = {name: getattr(session, name) for name in ("rule", "audience")}
    if session._state.adding or all(before[name] == value for name, value in now.items()):
        return 0
    observers = session.initiative.members.current().filter(role=TeamRole.OBSERVER)
    named = set(SessionReader.objects.filter(session=session).values_list("user_id", flat=True))
    listed = [user in named for user in observers.values_list("user_id", flat=True)]
    return sum(_reads(now, one) > _reads(before, one) for one in listed)


def _reads(terms: Mapping[str, Any], listed: bool) -> int:
    """How much an observer reads: nothing, the facts and what is agreed, the facts and what came out of it, or all."""
    if terms["rule"] in CLOSED_TO_OBSERVERS or (terms["audience"] == Audience.NAMED and not listed):
        return 0
    if terms["rule"] in AGREED_FOR_OBSERVERS:
        return 1
    return 2 if terms["rule"] in FACTS_FOR_OBSERVERS else 3
