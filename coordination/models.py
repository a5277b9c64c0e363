"""What the machine suggests and what people arrange between initiatives."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from confidentiality.codes import Action, TeamRole
from confidentiality.policy import Standing
from confidentiality.records import Record
from coordination.enums import Assessment, Band, Depth, FlagState, Harm, Mechanism, OverlapKind
from coordination.querysets import CoordinationLinkQuerySet, OverlapFlagQuerySet
from initiatives.models import Initiative


class OverlapFlag(Record):
    """A machine suggestion that two initiatives may be in each other's way, with its reasons.

    Not a judgement: it asks a coordinator for one. `first` < `second` by id. `factors` are the raw counts and
    points, built from the matching cards alone: {"themes": {"points": 8, "shared": 3, "union": 5}, ...}; see
    detection.py. `superseded` flags are history: a dismissal that no longer holds because the inputs changed.
    """

    first = models.ForeignKey(Initiative, models.CASCADE, related_name="+")
    second = models.ForeignKey(Initiative, models.CASCADE, related_name="+")
    kinds = ArrayField(models.CharField(max_length=30, choices=OverlapKind))
    band = models.CharField(_("band"), max_length=5, choices=Band)
    points = models.SmallIntegerField(_("points"))
    factors = models.JSONField()
    table_version = models.PositiveSmallIntegerField()
    fingerprint = models.CharField(max_length=64)
    state = models.CharField(_("state"), max_length=20, choices=FlagState, default=FlagState.NEW)
    assessment = models.CharField(_("assessment"), max_length=25, choices=Assessment, blank=True)
    harms = ArrayField(models.CharField(max_length=30, choices=Harm), default=list, blank=True)
    note = models.CharField(_("why, in a sentence"), max_length=500, blank=True)
    decided_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True, editable=False)
    review_on = models.DateField(_("look again on"), null=True, blank=True)
    previous = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    superseded = models.BooleanField(default=False, editable=False)
    first_seen_at = models.DateTimeField(default=timezone.now, editable=False)
    last_seen_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = OverlapFlagQuerySet.as_manager()

    class Meta:
        ordering = ["-points", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["first", "second"], condition=Q(superseded=False), name="one_current_flag_of_a_pair"
            ),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="flag_pair_is_ordered"),
        ]
        indexes = [models.Index(fields=["second", "first"], name="flag_by_second")]

    def __str__(self) -> str:
        return f"{self.band} {self.points}"

    @staticmethod
    def live_links() -> models.QuerySet:
        """Live links, for the annotation `coordinated`."""
        return CoordinationLink.objects.live()

    @property
    def on_public_record(self) -> bool:
        """Whether one of the two is a card of the public record, where living organisations are not judged."""
        return self.first.public_record or self.second.public_record

    def standing_of(self, user: Any) -> Standing:
        visible = type(self).objects.visible_to(user).filter(pk=self.pk).exists()
        grants = {Action.ASSESS_FLAG, Action.ARRANGE_COORDINATION} if visible else set()
        return Standing(visible=visible, grants=frozenset(grants))


class CoordinationLink(Record):
    """An arrangement between two initiatives. Live until it is ended; a pair may have one of each mechanism."""

    first = models.ForeignKey(Initiative, models.CASCADE, related_name="+")
    second = models.ForeignKey(Initiative, models.CASCADE, related_name="+")
    mechanism = models.CharField(_("mechanism"), max_length=30, choices=Mechanism)
    depth = models.CharField(_("depth"), max_length=12, choices=Depth, default=Depth.AWARE)
    began_on = models.DateField(_("since"), default=timezone.localdate)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True, editable=False)
    note = models.CharField(_("note"), max_length=500, blank=True)
    arranged_by = models.ForeignKey(User, models.SET_NULL, null=True, editable=False, related_name="+")

    objects = CoordinationLinkQuerySet.as_manager()

    class Meta:
        ordering = ["-began_on", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["first", "second", "mechanism"],
                condition=Q(ended_at=None),
                name="one_live_link_of_a_kind",
            ),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="link_pair_is_ordered"),
        ]
        indexes = [models.Index(fields=["second", "first"], name="link_by_second")]

    def __str__(self) -> str:
        return self.mechanism

    def standing_of(self, user: Any) -> Standing:
        """Arranged and ended by whoever may open the pair, or by somebody who leads both sides."""
        manager = type(self).objects
        opens = leads = manager.none()
        if user.is_authenticated:
            opens = manager.opened_by(user).filter(pk=self.pk)
            led = user.team_memberships.live().filter(role=TeamRole.LEAD).values("initiative_id")
            leads = manager.filter(pk=self.pk, first__in=led, second__in=led)
        grants = {Action.READ_LINK}
        if opens.exists() or leads.exists():
            grants.add(Action.ARRANGE_COORDINATION)
        visible = manager.visible_to(user).filter(pk=self.pk).exists()
        return Standing(visible=visible, grants=frozenset(grants))


class OutboxEntry(models.Model):
    """An initiative waiting to be compared. One row at most for each; written in the transaction of the change.

    Its key is a counter that is never shown. The age of the oldest row is the health of detection.
    """

    id = models.BigAutoField(primary_key=True)
    initiative = models.OneToOneField(Initiative, models.CASCADE, related_name="+")
    queued_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "outbox entries"

    def __str__(self) -> str:
        return str(self.initiative_id)
