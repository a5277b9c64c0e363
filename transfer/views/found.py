"""What every page of an outcome begins with: the outcome, its initiative, and what it can name, in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.text import Truncator

from confidentiality.codes import Action
from confidentiality.fields import if_it_opens
from confidentiality.policy import Standing, allows
from initiatives.models import Initiative, Party, Session
from initiatives.templatetags.desk import when
from initiatives.views.inside import entered, frame
from initiatives.views.sessions import sight_with
from participants.models import Participation
from transfer.forms.outcomes import Choices
from transfer.models import Outcome
from transfer.services.permission import is_closed_to_observers

LABEL_LENGTH = 60


def found(
    request: HttpRequest, pk: UUID, action: Action = Action.READ_OUTCOMES
) -> tuple[Outcome, Initiative, Standing]:
    """The outcome, its initiative and how the reader stands to it; or 404. Raises Forbidden for what the role may
    not."""
    outcomes = Outcome.objects.visible_to(request.user).select_related("session")
    shown = get_object_or_404(outcomes, pk=pk)
    initiative, standing = entered(request, shown.initiative_id, action)
    return shown, initiative, standing


def context_of(
    request: HttpRequest, initiative: Initiative, standing: Standing, outcome: Outcome | None = None
) -> dict[str, Any]:
    """What the head of every page of outcomes needs, and of what hangs on one, which is seen with its session."""
    found = {
        **frame(request, initiative, standing),
        "may_edit_outcomes": allows(standing, Action.EDIT_OUTCOMES),
    }
    if outcome is not None and outcome.session is not None:
        outcome.session.initiative = initiative
        found["sight"] = sight_with(outcome.session, closed=is_closed_to_observers(outcome))
    return found


def choices_of(user: Any, initiative: Initiative, about: Outcome | None = None) -> Choices:
    """What an outcome can name. What `about` names already can stay, whatever became of it."""
    inside = {"initiative": initiative}
    sessions = _by_id(Session.objects.visible_to(user).kept().filter(**inside))
    present = Participation.objects.visible_to(user).filter(**inside).select_related("person")
    people = _by_id(present.order_by("person__pseudonym"))
    earlier = _by_id(Outcome.objects.visible_to(user).kept().filter(**inside).exclude(pk=about and about.pk))
    wanted = set(initiative.sides.values_list("party_id", flat=True))
    if about is not None:
        wanted |= {*about.endorsed_by, *([about.party_id] if about.party_id else [])}
        _keep(sessions, Session, about.session_id)
        _keep(earlier, Outcome, about.repeats_id)
    sides = _by_id(Party.objects.filter(pk__in=wanted))
    labels = {pk: called(session) for pk, session in sessions.items() if session.began_on}
    labels |= {pk: one.person.pseudonym for pk, one in people.items()}
    labels |= {pk: side.name for pk, side in sides.items()}
    labels |= {pk: name_of(outcome) for pk, outcome in earlier.items() if outcome.kind}
    return Choices(sessions, people, sides, earlier, labels)


def _by_id(records: Iterable[Any]) -> dict[str, Any]:
    return {str(record.pk): record for record in records}


def _keep(known: dict[str, Any], model: Any, pk: UUID | None) -> None:
    """What is named stays a choice, though it cannot be seen any more."""
    if pk is not None:
        known.setdefault(str(pk), model(pk=pk))


def called(session: Session) -> str:
    """A session in a list: when, in what form, and what for."""
    on = when(session.began_on, session.began_precision)
    purpose = Truncator(if_it_opens(session, "purpose") or "").chars(LABEL_LENGTH)
    return " · ".join(text for text in (on, session.get_format_display(), purpose) if text)


def name_of(outcome: Outcome) -> str:
    """An outcome in a list: what it is, and how its statement begins."""
    statement = Truncator(if_it_opens(outcome, "statement") or "").chars(LABEL_LENGTH)
    return " · ".join(text for text in (outcome.get_content_kind_display(), statement) if text)
