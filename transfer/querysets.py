"""Which outcomes and transfers a user may see: the one door for reads."""

from __future__ import annotations

from typing import Any, Self

from django.apps import apps
from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery

from initiatives.querysets import KeptQuerySet, closed_sessions
from transfer.enums import TransferStatus


class OutcomeQuerySet(KeptQuerySet):
    def visible_to(self, user: Any) -> Self:
        """Of one's teams; where one observes, without what came out of sessions that are closed to observers."""
        inside = super().visible_to(user)
        if not user.is_authenticated:
            return inside
        return inside.filter(Q(session=None) | ~Q(session__in=closed_sessions(user)))

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
        return apps.get_model("transfer", "Outcome").objects.filter(session__in=closed_sessions(user))


class TransferQuerySet(OfOutcomeQuerySet):
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


class ReceivedTransferQuerySet(models.QuerySet):
    """Rows of a view that shows a liaison what was transferred to own bodies, and nobody anything else."""

    def visible_to(self, user: Any) -> Self:
        if not user.is_authenticated:
            return self.none()
        return self.filter(body__in=user.liaison_mandates.live().values("body_id"))
