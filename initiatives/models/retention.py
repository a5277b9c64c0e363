"""Until when what is inside an initiative is kept, and who holds it beyond that."""

from __future__ import annotations

from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from confidentiality.fields import EncryptedTextField
from confidentiality.wall import DATABASE_CASCADE, TEAM_CONTENT, Wall
from initiatives.dates import wrong_with
from initiatives.embargo import begun_everywhere
from initiatives.models.brief import WRITERS
from initiatives.models.content import InitiativeContent
from initiatives.models.initiative import Initiative
from initiatives.querysets import RetentionQuerySet

# Between the moment in which an end is set and the end: what is destroyed without a second person's word is announced
# to the whole team for so long, and anybody who leads or facilitates can hold it.
NOTICE_DAYS = 30
REASON_LENGTH = 500
# The day that has begun everywhere, as embargo.py counts it, for SQL.
TODAY = "(now() AT TIME ZONE 'Etc/GMT+12')::date"
_ANNOUNCED = f"(keep_until IS NULL OR held_at IS NOT NULL OR keep_until >= {TODAY} + {NOTICE_DAYS})"

# Who was let in for a day holds it, and decides nothing that outlives the day.
_LASTING = "(held_at IS NOT NULL OR initiative_id NOT IN (SELECT emergency_initiatives()))"


class Retention(InitiativeContent):
    """How long an initiative is kept: its clock, and whether somebody holds it. One for an initiative, made when
    somebody first sets an end. Not a purge request, which two people make and which waits for a day.

    `keep_until`: the day on which it is purged, with no further word; None: no end. Held, with a reason that the team
    reads, nothing happens until somebody lets go.
    """

    initiative = models.OneToOneField(Initiative, DATABASE_CASCADE, related_name="retention", editable=False)
    keep_until = models.DateField(_("kept until"), null=True, blank=True)
    set_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)
    set_at = models.DateTimeField(default=timezone.now, editable=False)
    held_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", editable=False)
    held_at = models.DateTimeField(null=True, editable=False)
    hold_reason = EncryptedTextField(
        _("reason"), field_id="retention.hold_reason", max_length=REASON_LENGTH, blank=True
    )

    objects = RetentionQuerySet.as_manager()

    wall = Wall(
        select=TEAM_CONTENT.select,
        insert=f"{WRITERS} AND {_ANNOUNCED} AND {_LASTING}",
        update=(WRITERS, f"{WRITERS} AND {_ANNOUNCED} AND {_LASTING}"),
        others={
            "t2d_purge": {"SELECT": f"keep_until <= {TODAY} AND held_at IS NULL"},
            # put_off_end() takes an end further away.
            "t2d_policy": {"UPDATE": "true"},
        },
        columns={
            "t2d_purge": {
                "SELECT": ("id", "initiative_id", "keep_until", "set_by_id", "set_at", "held_at"),
            }
        },
        free=("set_by_id", "held_by_id"),
        triggers={"guard_hold": "BEFORE INSERT OR UPDATE"},
    )

    class Meta:
        ordering = ["keep_until"]
        constraints = [
            models.CheckConstraint(
                condition=Q(held_at=None, held_by=None) | Q(held_at__isnull=False, held_by__isnull=False),
                name="hold_says_by_whom",
            )
        ]

    def __str__(self) -> str:
        return f"retention of {self.initiative_id}"

    @property
    def held(self) -> bool:
        return self.held_at is not None

    @property
    def asked_anew(self) -> bool:
        """Whether it ends nothing before a lead sets it again: the account of who set it was set up anew since."""
        recovered = self.set_by.recovered_at
        return self.keep_until is not None and recovered is not None and recovered >= self.set_at

    @property
    def is_near(self) -> bool:
        """Whether its end is announced on every page inside."""
        near = self.keep_until is not None and self.keep_until <= begun_everywhere() + timedelta(NOTICE_DAYS)
        return near and not self.held

    @property
    def days_left(self) -> int | None:
        return None if self.keep_until is None else max(0, (self.keep_until - begun_everywhere()).days)

    def clean(self) -> None:
        if text := wrong_with(self.keep_until):
            raise ValidationError({"keep_until": text})


def earliest_end() -> date:
    """The first day that may be set as an end."""
    return begun_everywhere() + timedelta(NOTICE_DAYS)
