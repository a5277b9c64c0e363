"""Drafts: what somebody typed into a form and has not saved."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from accounts.models import User
from confidentiality.codes import Action
from confidentiality.fields import EncryptedJSONField
from confidentiality.policy import Standing
from confidentiality.wall import DATABASE_CASCADE, NOT_NARROWED, Confidential, same_for_all
from initiatives.enums import DraftPlace
from initiatives.models.conflict import Conflict
from initiatives.models.content import standing_inside
from initiatives.models.initiative import Initiative
from initiatives.querysets import DraftQuerySet

DAYS_KEPT = 30

OWN = (
    "user_id = (SELECT actor_id())"
    f" AND ((initiative_id IS NULL AND updated_at > (SELECT actor_recovered_at()) AND {NOT_NARROWED})"
    " OR initiative_id IN (SELECT visible_initiatives()))"
)
OLD = f"updated_at < now() - interval '{DAYS_KEPT} days'"


class Draft(Confidential):
    """A form as one user left it, until it is saved, discarded or too old. Never seen by anybody else.

    One for each user and place; `about`: the record inside the initiative that was being changed, where it is one of
    many. A draft inside an initiative is its content: it lies under the initiative's key and is out of reach as soon as
    its author has left the team. Others lie under the key of their author. `data` holds what the form would send:
    {field: [text]}.
    """

    scope: ClassVar[str] = "user"
    audited: ClassVar[bool] = False
    wall = same_for_all(
        OWN,
        # end_accesses() takes away what somebody who has left did not finish.
        others={"t2d_site": {"SELECT": OLD, "DELETE": OLD}, "t2d_policy": {"DELETE": "true"}},
        columns={"t2d_site": {"SELECT": ("id", "updated_at")}},
    )

    user = models.ForeignKey(User, DATABASE_CASCADE, related_name="drafts", editable=False)
    place = models.CharField(max_length=20, choices=DraftPlace, editable=False)
    initiative = models.ForeignKey(
        Initiative, DATABASE_CASCADE, null=True, blank=True, related_name="+", editable=False
    )
    conflict = models.ForeignKey(
        Conflict, DATABASE_CASCADE, null=True, blank=True, related_name="+", editable=False
    )
    about = models.UUIDField(null=True, blank=True, editable=False)
    data = EncryptedJSONField(field_id="draft.data", editable=False)

    objects = DraftQuerySet.as_manager()

    class Meta:
        ordering = ["-updated_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "place", "initiative", "conflict", "about"],
                nulls_distinct=False,
                name="draft_once_in_a_place",
            )
        ]
        indexes = [models.Index(fields=["updated_at"], name="draft_by_age")]

    def __str__(self) -> str:
        return f"draft {self.pk}"

    @property
    def key_scope(self) -> str:
        return f"initiative:{self.initiative_id}" if self.initiative_id else super().key_scope

    def standing_of(self, user: Any) -> Standing:
        """One's own, while one may still see what it is about."""
        own = bool(user.is_authenticated and user.pk == self.user_id)
        if own and self.initiative is not None:
            own = standing_inside(self.initiative, user).visible
        return Standing(visible=own, grants=frozenset({Action.EDIT_DRAFT}) if own else frozenset())
