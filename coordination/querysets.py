"""Which flags and links a user may see."""

from __future__ import annotations

from typing import Any, Self

from django.apps import apps
from django.db import models
from django.db.models import Exists, OuterRef, Q

from coordination.enums import FlagState
from initiatives.enums import Matching
from initiatives.models import Conflict, Initiative
from initiatives.querysets import convened_by_organisations_of


def known_on(conflicts: Any, end: str) -> Q:
    """Pairs of which one end ("first" or "second") is on these conflicts, as far as the actor knows of it: by the
    card, or by a flag."""
    flagged = apps.get_model("coordination", "MatchingCard").objects.filter(conflict__in=conflicts)
    cards = Initiative.objects.filter(conflict__in=conflicts)
    return Q(**{f"{end}__in": cards.values("pk")}) | Q(**{f"{end}__in": flagged.values("pk")})


class PairQuerySet(models.QuerySet):
    """Rows about an ordered pair of initiatives, `first` and `second`."""

    def within(self, conflicts: Any) -> Self:
        """One end or both are on these conflicts (ids) or below them."""
        below = Conflict.objects.within(conflicts).values("pk")
        return self.filter(known_on(below, "first") | known_on(below, "second"))

    def on_conflicts(self, conflicts: Any) -> Self:
        """Both ends are on these conflicts (ids)."""
        return self.filter(known_on(conflicts, "first") & known_on(conflicts, "second"))

    def opened_by(self, user: Any) -> Self:
        """Pairs that the user may open as coordinator: the mandate covers both conflicts, and nothing locks it.

        Locked: a family in which the user mediates, a pair that one of the user's organisations convenes; both
        until 90 days after it ended.
        """
        if not user.is_authenticated:
            return self.none()
        convened = convened_by_organisations_of(user)
        covered = self.on_conflicts(Conflict.objects.coordinated_by(user).values("pk"))
        return covered.exclude(Q(first__in=convened) | Q(second__in=convened))

    def touching(self, initiative_ids: Any) -> Self:
        return self.filter(Q(first__in=initiative_ids) | Q(second__in=initiative_ids))


class OverlapFlagQuerySet(PairQuerySet):
    def visible_to(self, user: Any) -> Self:
        """Coordinators whose mandate opens the pair. A team is told by introduction, never by this list.

        Whoever switches matching off is out of it at once, history included, not when the worker comes by.
        """
        return self.opened_by(user).holding()

    def on_conflicts(self, conflicts: Any) -> Self:
        return self.filter(first__conflict__in=conflicts, second__conflict__in=conflicts)

    def holding(self) -> Self:
        """Flags of pairs that overlap now, with the history of those pairs.

        Both sides still ask to be compared, and the newest flag of the pair has not expired: a matching card is
        shown only if another initiative overlaps, and what is edited after that is nobody else's.
        """
        newest = self.model._default_manager.filter(first=OuterRef("first"), second=OuterRef("second"))
        newest = newest.filter(superseded=False).exclude(state=FlagState.EXPIRED)
        return self.filter(Exists(newest), first__matching=Matching.ON, second__matching=Matching.ON)

    def current(self) -> Self:
        """The newest flag of each pair; older ones are the history of a dismissal."""
        return self.filter(superseded=False)

    def with_coordinated(self) -> Self:
        """Adds `coordinated`: whether a live link joins the two."""
        flags: Any = self.model
        links = flags.live_links().filter(first=OuterRef("first"), second=OuterRef("second"))
        return self.annotate(coordinated=Exists(links))


class CoordinationLinkQuerySet(PairQuerySet):
    def live(self) -> Self:
        return self.filter(ended_at=None)

    def visible_to(self, user: Any) -> Self:
        """Coordinators who know of the pair; and leads and facilitators of one side who may read both cards.

        A link between cards that a team cannot both read stays with the coordinator, or it would tell one
        convener of the other. A coordinator knows of a pair by a flag or by both cards: a matching card is shown
        inside a flag and nowhere else, so a link must not outlive it.
        """
        if not user.is_authenticated:
            return self.none()
        cards = Initiative.objects.visible_to(user).values("pk")
        teams = user.team_memberships.live().filter(role__in=("lead", "facilitator")).values("initiative_id")
        own = Q(first__in=cards, second__in=cards) & (Q(first__in=teams) | Q(second__in=teams))
        flags = apps.get_model("coordination", "OverlapFlag").objects.current().holding()
        flagged = Exists(flags.filter(first=OuterRef("first"), second=OuterRef("second")))
        known = flagged | Q(first__in=cards, second__in=cards)
        everything: Any = self.model._default_manager
        opened = everything.opened_by(user).filter(known)
        return self.filter(own | Q(pk__in=opened.values("pk")))
