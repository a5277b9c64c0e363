"""Weighing participants: ratings by criterion, and the quadrant that follows from them and from live links."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from confidentiality import policy
from confidentiality.codes import Action
from confidentiality.fields import if_it_opens
from confidentiality.records import Stale, save
from initiatives.models import Initiative
from initiatives.services.turns import take_turn
from participants.analysis import Standpoint, Suggestion, suggestions
from participants.enums import OUT, Criterion
from participants.models import OfficialLink, Participation, SelectionRating


@transaction.atomic
def rate(
    *,
    by: User,
    participation: Participation,
    criterion: str,
    rating: int | None,
    version: int | None = None,
) -> SelectionRating | None:
    """Weigh a participation against one criterion, 0 to 4; None takes the rating back."""
    policy.require(by, Action.EDIT_PEOPLE, participation)
    if criterion not in Criterion.values:
        raise ValidationError({"criterion": _("Expected one of the codes.")})
    take_turn("ratings", participation.pk)
    standing = SelectionRating.objects.filter(participation=participation, criterion=criterion).first()
    if version is not None and (standing is None or standing.version != version):
        raise Stale(standing.version if standing else 0)
    if rating is None:
        if standing is not None:
            standing.delete()
        return None
    stored = standing or SelectionRating(
        initiative=participation.initiative, participation=participation, criterion=criterion
    )
    if standing is not None and standing.rating == rating:
        return standing
    stored.rating, stored.by = rating, by
    save(stored)
    return stored


@dataclass(frozen=True, slots=True)
class Picture:
    """The quadrants of an initiative: each participation with where it stands, and who could be paired."""

    standpoints: list[tuple[Participation, Standpoint[UUID]]]
    suggestions: list[tuple[str, list[Participation], list[Participation]]]


def picture_of(*, by: User, initiative: Initiative, on: date | None = None) -> Picture:
    """For those who read links. Leaves out who declined, withdrew or is blocked. A fixed number of queries."""
    policy.require(by, Action.READ_LINKS, Participation(initiative=initiative))
    parts = list(
        Participation.objects.visible_to(by)
        .filter(initiative=initiative)
        .exclude(status__in=OUT)
        .select_related("person__party")
        .order_by("person__pseudonym", "pk")
    )
    ratings = _ratings(by, initiative)
    strengths = strengths_of(by=by, persons=[part.person_id for part in parts], on=on)
    stand = [
        Standpoint(
            part.pk, part.person.party_id, ratings.get(part.pk, {}), tuple(strengths.get(part.person_id, ()))
        )
        for part in parts
    ]
    by_key = {part.pk: part for part in parts}
    return Picture(
        list(zip(parts, stand, strict=True)), [_named(each, by_key) for each in suggestions(stand)]
    )


def _named(
    each: Suggestion[UUID], parts: dict[UUID, Participation]
) -> tuple[str, list[Participation], list[Participation]]:
    experts = [parts[key] for key in each.experts]
    party = experts[0].person.party
    return (party.name if party else "", experts, [parts[key] for key in each.connectors])


def _ratings(by: User, initiative: Initiative) -> dict[UUID, dict[str, int]]:
    found: dict[UUID, dict[str, int]] = {}
    for row in SelectionRating.objects.visible_to(by).filter(initiative=initiative):
        found.setdefault(row.participation_id, {})[row.criterion] = row.rating
    return found


def strengths_of(*, by: User, persons: list[UUID], on: date | None = None) -> dict[UUID, list[int]]:
    """Strengths of the live links that one may read, by person. A link that does not open counts as none."""
    found: dict[UUID, list[int]] = {}
    for link in OfficialLink.objects.visible_to(by).filter(person__in=persons):
        tie = if_it_opens(link, "tie")
        if tie and link.is_live(on) and isinstance(tie.get("strength"), int):
            found.setdefault(link.person_id, []).append(tie["strength"])
    return found
