"""Arranging coordination between two initiatives, and ending it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from confidentiality import policy
from confidentiality.codes import Action, TeamRole
from confidentiality.policy import Standing
from confidentiality.records import hold, save
from coordination.models import CoordinationLink, MatchingCard, OverlapFlag
from initiatives.models import Conflict, Initiative
from initiatives.querysets import convened_ids
from initiatives.signals import initiative_changed

# A side may be known by its card, or by its matching card alone.
Side = Initiative | MatchingCard
ALREADY = _("This is arranged between the two already.")


@dataclass(frozen=True)
class Pair:
    """Two initiatives that are to be joined, before there is a record of it. `first` < `second` by id."""

    first: Side
    second: Side

    @classmethod
    def of(cls, one: Side, other: Side) -> Pair:
        first, second = sorted((one, other), key=lambda initiative: initiative.pk)
        return cls(first, second)

    def standing_of(self, user: Any) -> Standing:
        """Open to somebody who leads both, and to a coordinator who knows of both: by a flag, or by the cards.

        A mandate alone shows no card of a team: guessing an id must find nothing.
        """
        if not user.is_authenticated:
            return Standing()
        opens = _leads_both(user, self) or (_coordinates(user, self) and _knows_of(user, self))
        grants = frozenset({Action.ARRANGE_COORDINATION}) if opens else frozenset()
        return Standing(visible=opens or _reads_both(user, self), grants=grants)


@transaction.atomic
def arrange_coordination(
    *,
    by: User,
    first: Side,
    second: Side,
    mechanism: str,
    depth: str,
    note: str = "",
    began_on: date | None = None,
) -> CoordinationLink:
    """Record that two initiatives coordinate. Their flag is shown as coordinated for as long as a link lives."""
    pair = Pair.of(first, second)
    policy.require(by, Action.ARRANGE_COORDINATION, pair)
    if pair.first.pk == pair.second.pk:
        raise ValidationError({"second": _("Choose another initiative: one cannot coordinate with itself.")})
    link = CoordinationLink(
        first_id=pair.first.pk,
        second_id=pair.second.pk,
        mechanism=mechanism,
        depth=depth,
        note=note.strip(),
        arranged_by=by,
        began_on=began_on or timezone.localdate(),
    )
    _refuse_second(link)
    try:
        with transaction.atomic():
            save(link)
    except IntegrityError:
        raise ValidationError({"mechanism": ALREADY}) from None
    initiative_changed.send(CoordinationLink, initiative_ids=[link.first_id, link.second_id])
    return link


@transaction.atomic
def end_coordination(*, by: User, link: CoordinationLink, version: int | None = None) -> CoordinationLink:
    """End an arrangement. If the two still overlap, their flag is open again."""
    policy.require(by, Action.ARRANGE_COORDINATION, link)
    link = hold(CoordinationLink, link.pk, version)
    if link.ended_at is not None:
        raise ValidationError({"ended_at": _("This arrangement has ended already.")})
    link.ended_at = timezone.now()
    save(link)
    initiative_changed.send(CoordinationLink, initiative_ids=[link.first_id, link.second_id])
    return link


def _refuse_second(link: CoordinationLink) -> None:
    same = CoordinationLink.objects.live().filter(
        first=link.first_id, second=link.second_id, mechanism=link.mechanism
    )
    if same.exists():
        raise ValidationError({"mechanism": ALREADY})


def _ids(pair: Pair) -> set[UUID]:
    return {pair.first.pk, pair.second.pk}


def _all(pair: Pair, found: Any) -> bool:
    return bool(found.filter(pk__in=_ids(pair)).count() == len(_ids(pair)))


def _leads_both(user: Any, pair: Pair) -> bool:
    led = user.team_memberships.live().filter(role=TeamRole.LEAD).values("initiative_id")
    return _all(pair, Initiative.objects.filter(pk__in=led))


def _reads_both(user: Any, pair: Pair) -> bool:
    return _all(pair, Initiative.objects.visible_to(user))


def _coordinates(user: Any, pair: Pair) -> bool:
    """The rule of querysets.opened_by, asked of two initiatives instead of a stored pair."""
    conflicts = {pair.first.conflict_id, pair.second.conflict_id}
    covered = Conflict.objects.coordinated_by(user).filter(pk__in=conflicts)
    return covered.count() == len(conflicts) and _ids(pair).isdisjoint(convened_ids(user))


def _knows_of(user: Any, pair: Pair) -> bool:
    flag = OverlapFlag.objects.visible_to(user).current().filter(first=pair.first.pk, second=pair.second.pk)
    return flag.exists() or _reads_both(user, pair)
