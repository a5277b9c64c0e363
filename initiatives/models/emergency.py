"""Emergency access: two owners of the convening organisation open an initiative whose team nobody reaches."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, User
from confidentiality.codes import Action
from confidentiality.policy import Standing
from confidentiality.records import Record
from confidentiality.wall import ME, NOT_NARROWED, Wall
from initiatives.enums import EmergencyReason
from initiatives.querysets import EmergencyAccessQuerySet

# How long one that is confirmed lasts (open_in_emergency() says it too), and how long one waits for a second owner.
LASTS = timedelta(hours=24)
WAITS = timedelta(days=3)

_OWNED = f"organisation_id IN (SELECT owned_organisations()) AND {NOT_NARROWED}"


class EmergencyAccess(Record):
    """An owner's request to be let into an initiative of the organisation for a day, and a second owner's word.

    Not a relation to an initiative: owners do not learn what their organisation convenes. `codename` is what the owner
    was told; whether there is one of that name shows only to those whom it lets in.
    """

    wall = Wall(
        select=_OWNED,
        insert=f"{_OWNED} AND asked_by_id = {ME} AND confirmed_by_id IS NULL AND withdrawn_at IS NULL",
        update=(
            f"{_OWNED} AND confirmed_by_id IS NULL AND withdrawn_at IS NULL",
            f"{_OWNED} AND ((confirmed_by_id = {ME} AND asked_by_id <> {ME} AND withdrawn_at IS NULL)"
            " OR (confirmed_by_id IS NULL AND withdrawn_at IS NOT NULL))",
        ),
        free=("confirmed_by_id",),
        kept=("codename", "reason", "asked_at"),
    )

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="+", editable=False)
    codename = models.CharField(_("codename"), max_length=60)
    reason = models.CharField(_("reason"), max_length=20, choices=EmergencyReason)
    asked_by = models.ForeignKey(User, models.CASCADE, related_name="+", editable=False)
    asked_at = models.DateTimeField(default=timezone.now, editable=False)
    confirmed_by = models.ForeignKey(User, models.CASCADE, null=True, editable=False, related_name="+")
    confirmed_at = models.DateTimeField(null=True, editable=False)
    withdrawn_at = models.DateTimeField(null=True, editable=False)

    objects = EmergencyAccessQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=F("asked_by")), name="emergency_takes_two"
            )
        ]

    def __str__(self) -> str:
        return f"emergency access {self.pk}"

    @property
    def lapses_at(self) -> datetime:
        return self.asked_at + WAITS

    @property
    def is_open(self) -> bool:
        """Whether a second owner may still confirm it."""
        decided = self.confirmed_at or self.withdrawn_at
        return not decided and self.lapses_at > timezone.now()

    @property
    def ends_at(self) -> datetime | None:
        return self.confirmed_at + LASTS if self.confirmed_at else None

    def standing_of(self, user: Any) -> Standing:
        """Owners see it; another than who asked confirms it, and either lets it go."""
        visible = type(self).objects.visible_to(user).filter(pk=self.pk).exists()
        grants = set()
        if visible and self.is_open:
            grants.add(Action.WITHDRAW_EMERGENCY)
            if user.pk != self.asked_by_id:
                grants.add(Action.CONFIRM_EMERGENCY)
        return Standing(visible=visible, grants=frozenset(grants))
