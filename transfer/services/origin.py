"""What the rule of a session means for the outcomes that came out of it, when it becomes another one.

Under some rules it is not stored who was there, and so not whose change it was, nor in any version. And under another
rule something may come before its readers again that was kept from them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from confidentiality import policy
from confidentiality.codes import Action
from confidentiality.fields import if_it_opens
from confidentiality.policy import WITHOUT_ATTENDANCE
from confidentiality.records import hold
from confidentiality.words import listed
from initiatives.models import Session
from initiatives.services.overriding import Naming, as_one
from initiatives.services.rules import Keeper
from initiatives.services.turns import take_turn
from initiatives.services.versions import Fields, change_versions
from transfer.models import Outcome, OutcomeRevision
from transfer.services.judging import DECIDED
from transfer.services.naming import in_texts, messages_that_name, words_of
from transfer.services.outcomes import keep_outcome
from transfer.services.permission import told, turned_by


def _histories(session: Session) -> dict[Outcome, list[Fields]]:
    """Every outcome of which the row or a version says that it came out of this session, with its versions."""
    inside = {one.pk: one for one in Outcome.objects.filter(initiative=session.initiative_id)}
    found: dict[Outcome, list[Fields]] = {}
    for row in OutcomeRevision.objects.filter(initiative=session.initiative_id):
        kept = if_it_opens(row, "kept") or {}
        found.setdefault(inside[row.outcome_id], []).append(kept.get("fields", {}))
    return {
        one: versions for one, versions in found.items() if _is_of(session, one) or _said(session, versions)
    }


def _is_of(session: Session, outcome: Outcome) -> bool:
    return outcome.session_id == session.pk


def _said(session: Session, versions: Iterable[Fields]) -> bool:
    return any(fields.get("session") == str(session.pk) for fields in versions)


def _names_somebody(outcome: Outcome, versions: Iterable[Fields]) -> bool:
    return outcome.participation_id is not None or any(fields.get("participation") for fields in versions)


def names_whose(session: Session) -> bool:
    """Whether an outcome, as it stands or stood once, says of whom something came out of this session."""
    return any(_names_somebody(outcome, versions) for outcome, versions in _histories(session).items())


def forget_whose(session: Session, by: User) -> None:
    """The side instead of the participant, in the outcome and in its history. Of an outcome that is not of this
    session any more, the history forgets that it was."""
    take_turn("outcomes", session.initiative_id)
    for found, versions in _histories(session).items():
        if not _names_somebody(found, versions):
            continue
        outcome = hold(Outcome, found.pk, None)
        if not _is_of(session, outcome):
            change_versions(outcome, lambda fields: _without_origin(fields, session))
            continue
        if outcome.participation is not None:
            outcome.party = outcome.participation.person.party
            outcome.participation = outcome.consented = None
            keep_outcome(by, outcome, ["participation", "party"], "")
        change_versions(outcome, _without_whose)


def _without_whose(fields: Fields) -> Fields:
    return {**fields, "participation": None, "consented": None}


def _without_origin(fields: Fields, session: Session) -> Fields:
    return {**fields, "session": None} if fields.get("session") == str(session.pk) else fields


def follows(session: Session, before: Mapping[str, Any], by: User) -> str:
    """What of it comes before its readers again or is kept from them, in sentences. Raises ValidationError where that
    is not for `by` to decide, and where a side cannot stand for a participant who has none."""
    if session.rule in WITHOUT_ATTENDANCE and session.rule != before["rule"]:
        _refuse_sideless(session)
    turned, said = turned_by(by=by, session=session, before=before), []
    if session.rule != before["rule"]:
        said.append(_names_in(session, by))
    if turned.again:
        _refuse_undecided(session, before, by)
        text = _(
            "What came out of this session has gone out before: %(where)s. It would be read there again."
        )
        said.append(text % {"where": told(turned.again)})
    if turned.kept:
        text = _(
            "What came out of this session has gone out: %(where)s. Until then it is not read there any more."
        )
        said.append(text % {"where": told(turned.kept)})
    return as_one(said)


def _names_in(session: Session, by: User) -> str:
    """What to ask because somebody is named in outcomes and messages whom the new rule keeps inside."""
    words: list[str] = []
    outcomes = Outcome.objects.visible_to(by).filter(session=session).order_by("created_at")
    found = []
    for outcome in outcomes.select_related("initiative"):
        if questions := in_texts(by=by, outcome=outcome, session=session).values():
            found.append(str(outcome.get_content_kind_display()))
            words += [word for question in questions for word in words_of(question)]
        sent, named = messages_that_name(by=by, outcome=outcome, session=session)
        found += [told(sent)] if sent else []
        words += named
    if not found:
        return ""
    text = _(
        "Names on record of somebody who takes part stand in what came out of it: %(where)s. Under “%(rule)s” they may "
        "not: look at it, too."
    )
    where = {"where": listed(found, facts=True), "rule": session.get_rule_display()}
    return Naming(text % where, words)


def _refuse_undecided(session: Session, before: Mapping[str, Any], by: User) -> None:
    if not policy.may(by, Action.EDIT_TRANSFERS, Outcome(initiative=session.initiative)):
        name = "rule" if session.rule != before["rule"] else "embargo_until"
        raise ValidationError({name: ValidationError(DECIDED, code="invalid")})


def _refuse_sideless(session: Session) -> None:
    of_people = Outcome.objects.filter(session=session).exclude(participation=None)
    people = of_people.filter(participation__person__party=None).values_list(
        "participation__person__pseudonym", flat=True
    )
    if named := sorted(set(people)):
        text = _(
            "Outcomes of this session name %(people)s, who is on no side that could stand there instead. Give these "
            "outcomes a side first, or the person."
        )
        raise ValidationError({"rule": text % {"people": listed(named)}})


KEEPER = Keeper(
    "outcomes",
    names_whose,
    forget_whose,
    gettext_lazy(
        "Outcomes name the participant whose change it was, now or in earlier versions. Under this rule that is not "
        "stored: the side will stand there instead. Who carried something to an office stays with the transfer."
    ),
    follows,
)
