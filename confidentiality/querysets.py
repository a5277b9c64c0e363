"""Whose chain of the audit a user reads: of the teams in which the role includes it, as the team is now."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models

from confidentiality.codes import Access, TeamRole
from confidentiality.policy import team_access


class OfStream(models.QuerySet):
    """Rows that belong to a stream. This app knows no initiative: it asks the user's own relation to teams."""

    column: ClassVar[str]

    def visible_to(self, user: Any) -> Self:
        if not user.is_authenticated:
            return self.none()
        roles = [role for role in TeamRole if team_access(role, "audit") is not Access.NONE]
        streams = user.team_memberships.live().filter(role__in=roles).values("initiative_id")
        return self.filter(**{f"{self.column}__in": streams})


class AuditEventQuerySet(OfStream):
    column = "stream"


class AuditHeadQuerySet(OfStream):
    column = "id"
