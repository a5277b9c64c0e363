"""Which outcomes and transfers a user may see: the one door for reads."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import Q

from initiatives.querysets import KeptQuerySet, closed_sessions


class OutcomeQuerySet(KeptQuerySet):
    def visible_to(self, user: Any) -> Self:
        """Of one's teams; where one observes, without what came out of sessions that are closed to observers."""
        inside = super().visible_to(user)
        if not user.is_authenticated:
            return inside
        return inside.filter(Q(session=None) | ~Q(session__in=closed_sessions(user)))


class OfOutcomeQuerySet(KeptQuerySet):
    """What hangs on an outcome, and is seen with it."""

    outcome = "outcome"

    def visible_to(self, user: Any) -> Self:
        inside = super().visible_to(user)
        if not user.is_authenticated:
            return inside
        origin = f"{self.outcome}__session"
        return inside.filter(Q(**{origin: None}) | ~Q(**{f"{origin}__in": closed_sessions(user)}))


class OfTransferQuerySet(OfOutcomeQuerySet):
    outcome = "transfer__outcome"


class ReceivedTransferQuerySet(models.QuerySet):
    """Rows of a view that shows a liaison what was transferred to own bodies, and nobody anything else."""

    def visible_to(self, user: Any) -> Self:
        if not user.is_authenticated:
            return self.none()
        return self.filter(body__in=user.liaison_mandates.live().values("body_id"))
