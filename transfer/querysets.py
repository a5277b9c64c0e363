"""Which outcomes and transfers a user may see: the one door for reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

from django.apps import apps
from django.db import models
from django.db.models import Case, Exists, OuterRef, Q, Subquery, When
from django.db.models.query import ModelIterable

from confidentiality.codes import TeamRole
from confidentiality.policy import AGREED_FOR_OBSERVERS
from initiatives.querysets import KeptQuerySet, closed_sessions
from transfer.enums import SIDES_THAT_AGREE, OutcomeKind, TransferStatus


def closed_outcomes(user: Any) -> models.QuerySet:
    """Outcomes of the user's teams that are closed to the user, who observes there. By few initiatives, or none."""
    observed = user.team_memberships.live().filter(role=TeamRole.OBSERVER).values("initiative_id")
    inside = apps.get_model("transfer", "Outcome").objects.filter(initiative__in=observed)
    agreed = Q(kind=OutcomeKind.COLLECTIVE, endorsed_by__len__gte=SIDES_THAT_AGREE)
    unagreed = Q(session__rule__in=AGREED_FOR_OBSERVERS) & ~agreed
    return inside.filter(Q(session__in=closed_sessions(user)) | unagreed)


class _AsFarAsAgreed(ModelIterable):
    """Records of which this reader is told what the sides agreed on come without the rest, whoever asked."""

    def __iter__(self) -> Iterator[Any]:
        for record in super().__iter__():
            if record.agreed_only:
                record.leave_agreed()
            yield record


def _as_far_as_agreed(inside: Any, user: Any, session: str) -> Any:
    """Each with `agreed_only`: whether it came out of a session under "agreed text only" and the reader observes there.
    `session`: the path to it."""
    observed = user.team_memberships.live().filter(role=TeamRole.OBSERVER).values("initiative_id")
    narrowed = When(**{f"{session}__rule__in": AGREED_FOR_OBSERVERS, "initiative__in": observed}, then=True)
    found = inside.annotate(agreed_only=Case(narrowed, default=False))
    found._iterable_class = _AsFarAsAgreed
    return found


class OutcomeQuerySet(KeptQuerySet):
    def visible_to(self, user: Any) -> Self:
        """Of one's teams; where one observes, without what came out of sessions that are closed to observers, without
        what is not agreed yet of sessions under "agreed text only", and of these without what only the team says."""
        inside = super().visible_to(user)
        if not user.is_authenticated:
            return inside
        open_ones = inside.exclude(pk__in=closed_outcomes(user).values("pk"))
        return _as_far_as_agreed(open_ones, user, "session")

    def with_travelled(self) -> Self:
        """Each with `travelled`: whether it was carried out of the team at least once."""
        done = apps.get_model("transfer", "Transfer").objects.filter(
            outcome=OuterRef("pk"), status=TransferStatus.DONE, deleted_at=None
        )
        return self.annotate(travelled=Exists(done))

    def with_seen_repeats(self, user: Any) -> Self:
        """Each with `seen_repeats`: the id of what it repeats, where the user sees that; else None."""
        outcomes: Any = apps.get_model("transfer", "Outcome").objects.all()
        seen = outcomes.visible_to(user).filter(pk=OuterRef("repeats"))
        return self.annotate(seen_repeats=Subquery(seen.values("pk")))


class OfOutcomeQuerySet(KeptQuerySet):
    """What hangs on an outcome, and is seen with it.

    Left out by the few outcomes that are closed, not by a join with every outcome there is.
    """

    def visible_to(self, user: Any) -> Self:
        inside = super().visible_to(user)
        if not user.is_authenticated:
            return inside
        return inside.exclude(**{f"{self.hangs_on}__in": self._closed(user).values("pk")})

    hangs_on = "outcome"

    def _closed(self, user: Any) -> models.QuerySet:
        return closed_outcomes(user)


class TransferQuerySet(OfOutcomeQuerySet):
    def visible_to(self, user: Any) -> Self:
        inside = super().visible_to(user)
        return _as_far_as_agreed(inside, user, "outcome__session") if user.is_authenticated else inside

    def kept(self) -> Self:
        """What nobody deleted, nor the outcome that was carried."""
        return super().kept().filter(outcome__deleted_at=None)

    def with_seen_link(self, user: Any) -> Self:
        """Each with `seen_link`: the id of the link by which it went, where the user reads links; else None."""
        links: Any = apps.get_model("participants", "OfficialLink").objects.all()
        seen = links.visible_to(user).filter(pk=OuterRef("link"))
        return self.annotate(seen_link=Subquery(seen.values("pk")))


class OfTransferQuerySet(OfOutcomeQuerySet):
    """What hangs on a transfer, and is seen with it."""

    hangs_on = "transfer"

    def _closed(self, user: Any) -> models.QuerySet:
        return apps.get_model("transfer", "Transfer").objects.filter(outcome__in=super()._closed(user))


class StepQuerySet(OfTransferQuerySet):
    def visible_to(self, user: Any) -> Self:
        inside = super().visible_to(user)
        return (
            _as_far_as_agreed(inside, user, "transfer__outcome__session") if user.is_authenticated else inside
        )


class ReceivedTransferQuerySet(models.QuerySet):
    """Rows of a view that shows a liaison what was transferred to own bodies, and nobody anything else."""

    def visible_to(self, user: Any) -> Self:
        if not user.is_authenticated:
            return self.none()
        return self.filter(body__in=user.liaison_mandates.serving().values("body_id"))
