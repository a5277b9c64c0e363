"""Outcomes: what changed in somebody, and what a group made, with how far it may travel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from confidentiality import policy
from confidentiality.codes import Action
from confidentiality.fields import if_it_opens
from confidentiality.policy import AGREED_FOR_OBSERVERS
from confidentiality.records import hold, save
from initiatives.models import Initiative, Party, Session
from initiatives.services.overriding import concerning, doubt
from initiatives.services.sessions import was_moved
from initiatives.services.turns import take_turn
from initiatives.services.versions import (
    Version,
    keep_version,
    named_then,
    needed_reason,
    older_version,
    versions_of,
)
from participants.models import Participation
from transfer.enums import SIDES_THAT_AGREE, OutcomeKind
from transfer.models import Outcome
from transfer.services.judging import DECIDED, doubts, refuse_unfit
from transfer.services.permission import NOWHERE, reach_of, read_again

OF_INDIVIDUALS = ("participation", "party", "change", "observed_by", "consented")
OF_GROUPS = ("endorsed_by",)
RELATIONS = ("session", "participation", "party", "repeats")
SEALED = ("change", "statement", "interest_addressed", "evidence")
# What only the team says, where its observers read what the sides agreed on.
REMARKS = ("interest_addressed", "evidence")
OUTCOME_FIELDS = (
    "content_kind",
    "statement",
    *OF_INDIVIDUALS,
    *OF_GROUPS,
    "session",
    "travel_permission",
    "interest_addressed",
    "repeats",
    "contributes_to",
    "confidence",
    "evidence",
)


@transaction.atomic
def record_outcome(
    *,
    by: User,
    initiative: Initiative,
    kind: str,
    travel_permission: str,
    override_reason: str = "",
    **fields: Any,
) -> Outcome:
    """Write down what changed. `fields`: of OUTCOME_FIELDS; `endorsed_by` as parties, `change` {"from": n, "to": n}.

    The permission has no default: whoever writes says what the group agreed. Raises Doubt for what looks wrong,
    unless there is a reason for it.
    """
    outcome = Outcome(initiative=initiative, by=by, kind=kind)
    policy.require(by, Action.EDIT_OUTCOMES, outcome)
    given = {"travel_permission": travel_permission, **fields, **_origin_held(outcome, fields)}
    return _written(by, outcome, given, override_reason)


@transaction.atomic
def edit_outcome(
    *,
    by: User,
    outcome: Outcome,
    version: int | None = None,
    override_reason: str = "",
    reason: str = "",
    **fields: Any,
) -> Outcome:
    """Change some of OUTCOME_FIELDS; what stands there already changes nothing. What kind it is stays.

    `version` is the one that was read. Raises Stale when it is another one by now, Doubt for what looks wrong,
    unless there is a reason for it.
    """
    policy.require(by, Action.EDIT_OUTCOMES, outcome)
    fields |= _origin_held(outcome, fields)
    take_turn("outcomes", outcome.initiative_id)  # Two who make each repeat the other would make a circle.
    outcome = hold(Outcome, outcome.pk, version)
    policy.require(by, Action.EDIT_OUTCOMES, outcome)  # Again: the turn was waited for.
    if outcome.deleted_at is not None:
        raise ValidationError(_("This outcome was deleted. Restore it first."), code="deleted")
    return _written(by, outcome, fields, override_reason, reason)


def outcome_versions(*, by: User, outcome: Outcome) -> list[Version]:
    """Its versions, the newest first. An observer reads none that came out of a session which is closed to observers,
    of no outcome that came out of one, and of "agreed text only" those that were agreed, without what only the team
    says."""
    if policy.may(by, Action.EDIT_OUTCOMES, outcome):
        return versions_of(by, outcome)
    inside = outcome.initiative_id
    # Of what is closed to them, observers do not even see that it is there: only what is open can be asked for.
    open_sessions = Session.objects.visible_to(by).filter(initiative=inside).values_list("pk", "rule")
    rules: dict[str | None, str | None] = {None: None}
    rules |= {str(pk): rule for pk, rule in open_sessions}
    open_outcomes = Outcome.objects.visible_to(by).filter(initiative=inside).values_list("pk", flat=True)
    outcomes = {None, *map(str, open_outcomes)}

    def seen(fields: Mapping[str, Any]) -> Mapping[str, Any] | None:
        session = fields.get("session")
        if session not in rules or (rules[session] in AGREED_FOR_OBSERVERS and not _was_agreed(fields)):
            return None
        shown = fields if fields.get("repeats") in outcomes else {**fields, "repeats": None}
        return without_remarks(shown) if narrowed(shown) else shown

    def narrowed(fields: Mapping[str, Any]) -> bool:
        now = outcome.session.rule if outcome.session else None
        return not AGREED_FOR_OBSERVERS.isdisjoint({now, rules[fields.get("session")]})

    found = versions_of(by, outcome, seen)
    return [replace(one, reason="") if narrowed(one.fields) else one for one in found]


def without_remarks(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """A version without what only the team says, for an observer of agreed texts."""
    return {name: value for name, value in fields.items() if name not in REMARKS}


def _was_agreed(fields: Mapping[str, Any]) -> bool:
    return (
        fields.get("kind") == OutcomeKind.COLLECTIVE
        and len(fields.get("endorsed_by", ())) >= SIDES_THAT_AGREE
    )


@transaction.atomic
def bring_back_outcome(
    *,
    by: User,
    outcome: Outcome,
    number: int,
    reason: str,
    version: int | None = None,
    override_reason: str = "",
) -> Outcome:
    """Write an older version again, as a new one with a reason. Raises Stale, and Doubt as `edit_outcome` does."""
    policy.require(by, Action.EDIT_OUTCOMES, outcome)
    _origin_held(outcome, {})
    take_turn("outcomes", outcome.initiative_id)
    outcome = hold(Outcome, outcome.pk, version)
    then = older_version(outcome_versions(by=by, outcome=outcome), number, outcome).fields
    fields = {name: then[name] for name in OUTCOME_FIELDS if name in then}
    models = {"session": Session, "participation": Participation, "party": Party, "repeats": Outcome}
    for name in models.keys() & fields.keys():
        fields[name] = named_then(by, models[name], fields[name], name)
    if "endorsed_by" in fields:
        fields["endorsed_by"] = [named_then(by, Party, pk, "endorsed_by") for pk in fields["endorsed_by"]]
    reason = needed_reason(reason)
    return edit_outcome(by=by, outcome=outcome, override_reason=override_reason, reason=reason, **fields)


@transaction.atomic
def delete_outcome(*, by: User, outcome: Outcome, reason: str, version: int | None = None) -> Outcome:
    """Take an outcome out of every list. It keeps its history and can be restored. Deleting twice is once."""
    policy.require(by, Action.EDIT_OUTCOMES, outcome)
    reason = needed_reason(reason)
    outcome = hold(Outcome, outcome.pk, version)
    if outcome.deleted_at is None:
        outcome.deleted_at = timezone.now()
        keep_outcome(by, outcome, ["deleted"], reason)
    return outcome


@transaction.atomic
def restore_outcome(*, by: User, outcome: Outcome, version: int | None = None) -> Outcome:
    """Bring a deleted outcome back as it was. One that was not deleted stays as it is. What has gone out, and would be
    read there again, is brought back by whoever may send it."""
    policy.require(by, Action.EDIT_OUTCOMES, outcome)
    outcome = hold(Outcome, outcome.pk, version)
    if outcome.deleted_at is not None:
        _refuse_left_behind(outcome.session)
        outcome.deleted_at = None
        if read_again(by=by, outcome=outcome, before=NOWHERE) and not policy.may(
            by, Action.EDIT_TRANSFERS, outcome
        ):
            raise ValidationError(DECIDED, code="invalid")
        keep_outcome(by, outcome, ["deleted"], "")
    return outcome


def _refuse_left_behind(session: Session | None) -> None:
    """Elsewhere the rule of its session may become another one, and this outcome would not hear of it."""
    if session is not None and session.deleted_at is not None and was_moved(session):
        text = _("The session from which it came was moved to another initiative. Record the outcome there.")
        raise ValidationError(text, code="moved")


def _origin_held(outcome: Outcome, given: Mapping[str, Any]) -> dict[str, Session]:
    """Hold the sessions from which it comes, so that their rule stays what it is until this is written; the new one
    as it stands now. Before the turn and the outcome, as whoever changes a rule holds them."""
    new = given.get("session")
    wanted = {pk for pk in (outcome.session_id, new.pk if new else None) if pk}
    # Only to wait for each other: whether it may be named is judged afterwards, of what the writer sees.
    held = {
        one.pk: one
        for one in Session.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by("pk")
    }
    return {"session": held[new.pk]} if new and new.pk in held else {}


def _written(
    by: User, outcome: Outcome, given: Mapping[str, Any], override_reason: str, reason: str = ""
) -> Outcome:
    if unknown := sorted(set(given) - set(OUTCOME_FIELDS)):
        raise TypeError(f"unknown fields: {', '.join(unknown)}")
    stood = _standing(outcome)
    _refuse_damaged(stood, given)
    fields = {name: _as_stored(name, value) for name, value in given.items()}
    changed = [
        name for name in OUTCOME_FIELDS if name in fields and _as_kept(name, fields[name]) != stood[name]
    ]
    if not changed and not outcome._state.adding:
        return outcome
    before = NOWHERE if outcome._state.adding else reach_of(outcome)
    for name in changed:
        setattr(outcome, name, fields[name])
    refuse_unfit(by=by, outcome=outcome, changed=changed, stood=stood, before=before)
    asked = doubts(by=by, outcome=outcome, changed=changed, stood=stood, before=before)
    if asked:
        rule = outcome.session and outcome.session.rule
        about = concerning("outcome", outcome, outcome.initiative_id, outcome.session_id, rule)
        doubt(asked, override_reason, by=by, about=about)
    keep_outcome(by, outcome, changed, override_reason or reason)
    return outcome


def keep_outcome(by: User, outcome: Outcome, changed: list[str], reason: str) -> None:
    """Store the outcome, and beside it how it stands now."""
    save(outcome)
    keep_version(outcome, by=by, fields=kept_fields(outcome), changed=changed, reason=reason)


def kept_fields(outcome: Outcome) -> dict[str, Any]:
    """Everything that an outcome says, as its history keeps it."""
    return {"kind": outcome.kind, **_standing(outcome), "deleted": outcome.deleted_at is not None}


def _standing(outcome: Outcome) -> dict[str, Any]:
    """What stands in each field; None for a text that does not open."""
    return {
        name: _as_kept(
            name, if_it_opens(outcome, name) if name in SEALED else getattr(outcome, _column(name))
        )
        for name in OUTCOME_FIELDS
    }


def _column(name: str) -> str:
    return f"{name}_id" if name in RELATIONS else name


def _as_stored(name: str, value: Any) -> Any:
    if name == "endorsed_by":
        return sorted({party.pk for party in _parties(value)})
    if name == "change":
        return {end: value[end] for end in ("from", "to") if value.get(end) is not None} if value else {}
    return value


def _parties(value: Iterable[Any] | None) -> Iterable[Any]:
    return value or ()


def _as_kept(name: str, value: Any) -> Any:
    """A value as JSON holds it."""
    if name == "endorsed_by":
        return [str(pk) for pk in sorted(value)]
    if name in RELATIONS and value is not None:
        return str(value if isinstance(value, UUID) else value.pk)
    return value


def _refuse_damaged(stood: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """A text that does not open is replaced by a new one, or the outcome stays as it is."""
    text = _("This text cannot be opened. Give a new one, or have the site's operator restore it.")
    if damaged := [name for name in SEALED if stood[name] is None and not given.get(name)]:
        raise ValidationError(dict.fromkeys(damaged, text))
