"""The inside of an initiative: what its team alone reads and writes, each by role."""

from __future__ import annotations

from typing import Any

from confidentiality.codes import TeamRole
from confidentiality.policy import Standing
from confidentiality.wall import Confidential
from initiatives.models.initiative import Initiative
from initiatives.querysets import ContentQuerySet


class InitiativeContent(Confidential):
    """A record inside an initiative. Seen by the team as it is now, whoever may read the card; not a card itself.

    A subclass has a foreign key `initiative` with on_delete=DATABASE_CASCADE, which leads in its indexes.
    """

    objects = ContentQuerySet.as_manager()

    class Meta:
        abstract = True

    def standing_of(self, user: Any) -> Standing:
        return standing_inside(getattr(self, self.scope), user)


def standing_inside(initiative: Initiative, user: Any) -> Standing:
    """How somebody stands to what is inside: by the role on the team as it is now, and by nothing else."""
    if not user.is_authenticated:
        return Standing()
    member = initiative.members.live().filter(user=user).first()
    if member is None:
        return Standing()
    return Standing(team_role=TeamRole(member.role), visible=True)
