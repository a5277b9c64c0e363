"""The inside of an initiative: what its team alone reads and writes, each by role."""

from __future__ import annotations

from typing import Any

from django.db import models

from accounts.models import User
from confidentiality.codes import TeamRole
from confidentiality.policy import Standing
from confidentiality.wall import Confidential
from initiatives.models.initiative import Initiative
from initiatives.querysets import within_reach


class InitiativeContent(Confidential):
    """A record inside an initiative. Seen by the team as it is now, whoever may read the card; not a card itself.

    A subclass has a foreign key `initiative` with on_delete=DATABASE_CASCADE, which leads in its indexes, and `objects`
    of its own: ContentQuerySet, or one that shows less.
    """

    class Meta:
        abstract = True

    def standing_of(self, user: Any) -> Standing:
        return standing_inside(getattr(self, self.scope), user)


def standing_inside(initiative: Initiative, user: Any) -> Standing:
    """How somebody stands to what is inside: by the role on the team as it is now, and by nothing else."""
    if not user.is_authenticated:
        return Standing()
    member = initiative.members.live().filter(within_reach(user, "initiative__conflict"), user=user).first()
    if member is None:
        return Standing()
    return Standing(team_role=TeamRole(member.role), visible=True, for_a_day=member.in_emergency)


class RecordRevision(InitiativeContent):
    """A record inside an initiative as it stood after one save: who saved it, what changed, and why. Never changed,
    except that what a later rule forbids to keep is taken out.

    A subclass has the foreign keys `initiative` and of the record, and `kept`, encrypted:
    {"fields": {name: value}, "changed": [name], "reason": text}. `number` is the version of the record.
    """

    number = models.PositiveIntegerField(editable=False)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"version {self.number}"
