"""What of an outcome cannot be, and what looks wrong and may be right."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from functools import reduce
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from confidentiality import policy
from confidentiality.codes import Action, Rule
from confidentiality.policy import AGREED_FOR_OBSERVERS, WITHOUT_ATTENDANCE, WITHOUT_NOTES
from initiatives.enums import SessionStatus
from initiatives.models import Session
from initiatives.services.overriding import Naming, together
from initiatives.services.rules import closed_to, observers_of, opened_to
from initiatives.services.versions import kept_of
from participants.enums import Consent
from participants.models import Participation
from transfer.enums import SIDES_THAT_AGREE, ObservedBy, OutcomeKind
from transfer.models import OUTCOME_TEXTS, Outcome
from transfer.services.naming import in_texts, messages_that_name
from transfer.services.permission import (
    PEOPLE,
    Reach,
    embargo_ends,
    gone_out,
    kept_inside,
    reach_of,
    read_again,
    told,
)

DECIDED = gettext_lazy(
    "This has gone out already and would be read there again. A lead or facilitator decides that."
)
TAKEN_OUT = gettext_lazy(
    "Its session keeps this inside, by its rule or an embargo. A lead or facilitator decides that it is taken out."
)
NOT_HELD = (SessionStatus.PLANNED, SessionStatus.POSTPONED, SessionStatus.CANCELLED)


def refuse_unfit(
    *, by: Any, outcome: Outcome, changed: Collection[str], stood: Mapping[str, Any], before: Reach
) -> None:
    """Raise ValidationError for what contradicts itself or reaches beyond the initiative. Only what changed is asked
    about: what was right when it was saved stays. `before`: how far it could go."""
    errors = _unfit_origin(by, outcome, changed)
    errors |= _unfit_whose(by, outcome, changed, stood)
    errors |= _unfit_leaving(by, outcome, changed, stood)
    errors |= _unfit_widening(by, outcome, changed, before)
    if outcome.kind == OutcomeKind.INDIVIDUAL:
        errors |= _unfit_individual(outcome, changed)
    else:
        errors |= _unfit_collective(outcome)
    if errors:
        raise ValidationError({name: ValidationError(text, code="invalid") for name, text in errors.items()})


def _unfit_origin(by: Any, outcome: Outcome, changed: Collection[str]) -> dict[str, str]:
    errors = {}
    inside = {"initiative": outcome.initiative_id}
    if "session" in changed and outcome.session_id:
        sessions = Session.objects.visible_to(by).kept().filter(**inside, pk=outcome.session_id)
        if not sessions.exists():
            errors["session"] = _("This is no session of this initiative.")
    if "repeats" in changed and outcome.repeats_id:
        earlier = Outcome.objects.visible_to(by).kept().filter(**inside, pk=outcome.repeats_id)
        if text := _unfit_repeat(outcome, earlier.first()):
            errors["repeats"] = text
    return errors


def _unfit_repeat(outcome: Outcome, earlier: Outcome | None) -> str:
    if outcome.repeats_id == outcome.pk:
        return _("An outcome does not repeat itself.")
    if earlier is None:
        return _("This is no outcome of this initiative.")
    if earlier.pk in _repeating(outcome):
        return _("That one repeats this one already: say which of them came first.")
    if outcome.session and earlier.session and earlier.session.began_on > outcome.session.days.last:
        return _("That one came out of a later session: only an earlier outcome is repeated.")
    return ""


def _repeating(outcome: Outcome) -> set[UUID]:
    """Outcomes that repeat this one, at whatever remove; deleted ones among them, since they can come back."""
    links = Outcome.objects.filter(initiative=outcome.initiative_id).exclude(pk=outcome.pk)
    followers: dict[UUID, list[UUID]] = {}
    for pk, repeats in links.exclude(repeats=None).values_list("pk", "repeats_id"):
        followers.setdefault(repeats, []).append(pk)
    found: set[UUID] = set()
    waiting = [outcome.pk]
    while waiting:
        nearer = [pk for pk in followers.get(waiting.pop(), []) if pk not in found]
        found.update(nearer)
        waiting.extend(nearer)
    return found


def _unfit_whose(
    by: Any, outcome: Outcome, changed: Collection[str], stood: Mapping[str, Any]
) -> dict[str, str]:
    errors = {}
    if "participation" in changed and outcome.participation_id:
        inside = Participation.objects.visible_to(by).filter(initiative=outcome.initiative_id)
        if not inside.filter(pk=outcome.participation_id).exists():
            errors["participation"] = _("This is nobody who takes part in this initiative.")
    if not {"party", "endorsed_by"} & set(changed):
        return errors
    sides = set(outcome.initiative.sides.values_list("party_id", flat=True))
    if "party" in changed and outcome.party_id and outcome.party_id not in sides:
        errors["party"] = _("This is no side of this initiative.")
    known = sides | {UUID(pk) for pk in stood["endorsed_by"]}
    if "endorsed_by" in changed and not set(outcome.endorsed_by) <= known:
        errors["endorsed_by"] = _("Only sides of this initiative can endorse what it made.")
    return errors


def _unfit_individual(outcome: Outcome, changed: Collection[str]) -> dict[str, str]:
    errors = {}
    if not outcome.participation_id and not outcome.party_id:
        errors["participation"] = _("Say whose change this is: a participant's, or a side's.")
    elif outcome.participation_id and outcome.party_id:
        errors["party"] = _("Either a participant or a side, not both.")
    elif outcome.participation_id and outcome.session and outcome.session.rule in WITHOUT_ATTENDANCE:
        errors["participation"] = _(
            "Under the rule of this session it is not stored who was there. Say the side."
        )
    elif outcome.participation_id and "participation" in changed and _came_out_of_it(outcome):
        errors["participation"] = _(
            "It once stood here as coming out of a session whose rule forbids to store who was there. Say the side."
        )
    if len(outcome.change) == 1:
        errors["change"] = _("Give both ends: where it stood before, and where it stands now.")
    if outcome.party_id and outcome.consented is not None:
        errors["consented"] = _("A participant consents; a side is not asked.")
    return errors


def _came_out_of_it(outcome: Outcome) -> bool:
    """Whether an earlier version and this one together would say who was in the room."""
    if outcome._state.adding:
        return False
    said = {fields["session"] for fields in kept_of(outcome) if fields.get("session")}
    return Session.objects.filter(pk__in=said, rule__in=WITHOUT_ATTENDANCE).exists()


def _unfit_collective(outcome: Outcome) -> dict[str, str]:
    """A change, who saw it and whose it is belong to people."""
    text = _("This is said of a change in somebody, not of what the group made.")
    given = {
        "participation": outcome.participation_id,
        "party": outcome.party_id,
        "change": outcome.change,
        "observed_by": outcome.observed_by != ObservedBy.UNKNOWN,
        "consented": outcome.consented is not None,
    }
    return {name: text for name, value in given.items() if value}


def _unfit_widening(by: Any, outcome: Outcome, changed: Collection[str], before: Reach) -> dict[str, str]:
    """What went out once is put before its readers again by whoever may send it there, and by nobody else."""
    again = read_again(by=by, outcome=outcome, before=before)
    if not again or policy.may(by, Action.EDIT_TRANSFERS, outcome):
        return {}
    return {_decided_by(changed): str(DECIDED)}


def _unfit_leaving(
    by: Any, outcome: Outcome, changed: Collection[str], stood: Mapping[str, Any]
) -> dict[str, str]:
    """What its session keeps inside is taken out of it by whoever may send it, and by nobody else."""
    if not _leaves_its_session(outcome, changed, stood) or policy.may(by, Action.EDIT_TRANSFERS, outcome):
        return {}
    return {"session": str(TAKEN_OUT)}


def _leaves_its_session(outcome: Outcome, changed: Collection[str], stood: Mapping[str, Any]) -> bool:
    """Whether the rule or an embargo of the session out of which it came kept something inside, and does not now."""
    if "session" not in changed or outcome._state.adding or not stood["session"]:
        return False
    before = Session.objects.get(pk=stood["session"])
    less = kept_inside(before, outcome) - kept_inside(outcome.session, outcome)
    return bool(less) or embargo_ends(before, outcome.session)


def _decided_by(changed: Collection[str]) -> str:
    """The field that decides how far it reaches now."""
    return next((name for name in ("travel_permission", "session") if name in changed), "endorsed_by")


def doubts(
    *, by: Any, outcome: Outcome, changed: Collection[str], stood: Mapping[str, Any], before: Reach
) -> dict[str, str]:
    """What looks wrong, by field. Only what changed is asked about: what was saved with a reason has one."""
    asked = set(changed)
    found: list[Mapping[str, str]] = []
    if "change" in asked and outcome.change and outcome.change["from"] == outcome.change["to"]:
        found.append({"change": _("It stands where it stood before. Is this a change?")})
    if "session" in asked:
        found.append(_of_origin(outcome.session))
        found.append(_of_leaving(outcome, asked, stood))
    if {"session", "endorsed_by"} & asked and (number := _newly_read(outcome, stood)):
        found.append({"session" if "session" in asked else "endorsed_by": opened_to(number)})
    if {"session", "repeats"} & asked:
        found.append(_of_repeating(outcome))
    found.append(_of_names(by, outcome, asked))
    if {"participation", "consented"} & asked and outcome.participation:
        found.append(_of_consent(outcome, outcome.participation))
    if {"travel_permission", "session", "endorsed_by"} & asked and not outcome._state.adding:
        found.append(_of_narrowing(by, outcome, changed, before))
        found.append(_of_widening(by, outcome, changed, before))
    nothing: dict[str, str] = {}
    return reduce(together, found, nothing)


def _of_leaving(outcome: Outcome, changed: Collection[str], stood: Mapping[str, Any]) -> dict[str, str]:
    if not _leaves_its_session(outcome, changed, stood):
        return {}
    return {
        "session": _("Its session keeps this inside, by its rule or an embargo. Say why it is taken out.")
    }


def _of_repeating(outcome: Outcome) -> dict[str, str]:
    """Whether it says again, in a record of its own, what the session of an earlier one keeps inside."""
    earlier, seen = outcome.repeats, {outcome.pk}
    while earlier is not None and earlier.pk not in seen:
        less = kept_inside(earlier.session, earlier) - kept_inside(outcome.session, outcome) - {PEOPLE}
        if less or embargo_ends(earlier.session, outcome.session):
            text = _("What it repeats is kept inside by its session. Does the group want this to go further?")
            return {"repeats": text}
        seen.add(earlier.pk)
        earlier = earlier.repeats
    return {}


def _of_names(by: Any, outcome: Outcome, asked: AbstractSet[str]) -> dict[str, str]:
    """In its texts; and with another session, or none, in all of them and in messages written before."""
    another = "session" in asked and not outcome._state.adding
    names = OUTCOME_TEXTS if "session" in asked else asked & set(OUTCOME_TEXTS)
    found = in_texts(by=by, outcome=outcome, session=outcome.session, names=names) if names else {}
    if not another:
        return found
    sent, words = messages_that_name(by=by, outcome=outcome, session=outcome.session)
    if sent:
        text = _("Names on record stand in what was written from it: %(where)s. Look at these messages, too.")
        found["session"] = Naming(text % {"where": told(sent)}, words)
    return found


def _of_origin(session: Session | None) -> dict[str, str]:
    if session is None:
        return {}
    if session.status in NOT_HELD:
        text = _("This session is marked as: %(status)s. Nothing comes out of it before it is held.")
        return {"session": text % {"status": session.get_status_display()}}
    if session.rule in WITHOUT_NOTES:
        text = _(
            "This session was held under the rule “%(rule)s”. Is the group content that this is written down?"
        )
        return {"session": text % {"rule": Rule(session.rule).label}}
    return {}


def _newly_read(outcome: Outcome, stood: Mapping[str, Any]) -> int:
    """How many observers of the team read it now who did not: its session is another one, or the sides agree."""
    if outcome._state.adding:
        return 0
    before = Session.objects.get(pk=stood["session"]) if stood["session"] else None
    closed = _closed(before, outcome.kind, stood["endorsed_by"])
    return len(closed - _closed(outcome.session, outcome.kind, outcome.endorsed_by))


def _closed(session: Session | None, kind: str, endorsed_by: Collection[Any]) -> set[UUID]:
    """The observers who do not see an outcome of this session, behind which these sides stand."""
    if session is None:
        return set()
    agreed = kind == OutcomeKind.COLLECTIVE and len(endorsed_by) >= SIDES_THAT_AGREE
    if session.rule in AGREED_FOR_OBSERVERS and not agreed:
        return observers_of(session)
    return closed_to(session)


def _of_consent(outcome: Outcome, participation: Participation) -> dict[str, str]:
    if outcome.consented:
        return {}
    if outcome.consented is False:
        text = _(
            "This participant said no. Say the side instead, so that nobody is recorded who is against it."
        )
        return {"consented": text}
    if Consent.TO_BE_RECORDED in participation.consents:
        return {}
    text = _("This participant has not agreed to be on record here. Ask, or say the side instead.")
    return {"participation": text}


def _of_widening(by: Any, outcome: Outcome, changed: Collection[str], before: Reach) -> dict[str, str]:
    again = read_again(by=by, outcome=outcome, before=before)
    if not again:
        return {}
    text = _("This has gone out before: %(where)s. It would be read there again.")
    return {_decided_by(changed): text % {"where": told(again)}}


def _of_narrowing(by: Any, outcome: Outcome, changed: Collection[str], before: Reach) -> dict[str, str]:
    """Only what could go its way so far and cannot any more."""
    now = reach_of(outcome)
    beyond = [
        sent
        for sent in gone_out(by=by, outcome=outcome)
        if before.allows(sent.channel) and not now.allows(sent.channel)
    ]
    if not beyond:
        return {}
    text = _(
        "This has gone out already: %(where)s. Narrowing it brings nothing back; liaisons no longer see it here."
    )
    return {_decided_by(changed): text % {"where": told(beyond)}}
