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
from confidentiality.wall import DATABASE_CASCADE, EVERYTHING, Wall
from coordination.enums import Assessment, Band, Depth, FlagState, Harm, Mechanism, OverlapKind
from coordination.querysets import CoordinationLinkQuerySet, OverlapFlagQuerySet
from initiatives.dates import Days, days_of
from initiatives.enums import Matching, Precision, Theme, TrackType
from initiatives.models import Conflict, Initiative, Party


class MatchingCard(models.Model):
    """What a coordinator learns of a hidden initiative, inside a flag and nowhere else. Not the card.

    A view of the database (functions.sql), which shows the acting user the two sides of the flags that they may
    open, and the detector every card that asks to be compared. A title is there where the card is public record.
    """

    id = models.UUIDField(primary_key=True)
    codename = models.CharField(max_length=60)
    conflict = models.ForeignKey(Conflict, models.DO_NOTHING, related_name="+", db_constraint=False)
    track_type = models.CharField(max_length=12, choices=TrackType)
    themes = ArrayField(models.CharField(max_length=40, choices=Theme))
    began_on = models.DateField()
    began_precision = models.CharField(max_length=7, choices=Precision)
    ended_on = models.DateField(null=True)
    ended_precision = models.CharField(max_length=7, choices=Precision)
    matching = models.CharField(max_length=3, choices=Matching)
    public_record = models.BooleanField()
    title = models.CharField(max_length=300)
    parties = models.ManyToManyField(Party, through="MatchingSide", related_name="+")

    class Meta:
        managed = False
        db_table = "matching_card"

    def __str__(self) -> str:
        return self.codename

    @property
    def label(self) -> str:
        """The published title, or the codename."""
        return self.title or self.codename

    @property
    def days(self) -> Days:
        """The days on which it may have run."""
        return days_of(self.began_on, self.began_precision, self.ended_on, self.ended_precision)


class MatchingSide(models.Model):
    """A party on a matching card."""

    id = models.UUIDField(primary_key=True)
    card = models.ForeignKey(MatchingCard, models.DO_NOTHING, related_name="sides", db_constraint=False)
    party = models.ForeignKey(Party, models.DO_NOTHING, related_name="+", db_constraint=False)

    class Meta:
        managed = False
        db_table = "matching_side"

    def __str__(self) -> str:
        return str(self.party_id)


# A pair is open to a coordinator when both sides are, and while it overlaps.
_OPEN_PAIR = "id IN (SELECT opened_flags())"
_BROKERED = """
    first_id IN (SELECT brokered_cards()) AND second_id IN (SELECT brokered_cards())
"""
_BOTH_READABLE = """
    EXISTS (SELECT FROM initiatives_initiative card WHERE card.id = first_id)
    AND EXISTS (SELECT FROM initiatives_initiative card WHERE card.id = second_id)
"""
_OF_OWN_TEAM = """
    (first_id IN (SELECT coordinated_initiatives())
    OR second_id IN (SELECT coordinated_initiatives()))
"""
_OF_TWO_OWN_TEAMS = """
    first_id IN (SELECT coordinated_initiatives())
    AND second_id IN (SELECT coordinated_initiatives())
"""
# A coordinator knows of a pair by its flag, or by both cards.
_KNOWN = f"""
    (({_BOTH_READABLE}) OR EXISTS (
        SELECT FROM coordination_overlapflag flag
        WHERE flag.first_id = coordination_coordinationlink.first_id
            AND flag.second_id = coordination_coordinationlink.second_id AND NOT flag.superseded
    ))
"""  # nosec B608 # a predicate of this file, put together once


class OverlapFlag(Record):
    """A machine suggestion that two initiatives may be in each other's way, with its reasons.

    Not a judgement: it asks a coordinator for one. `first` < `second` by id. `factors` are the raw counts and
    points, built from the matching cards alone: {"themes": {"points": 8, "shared": 3, "union": 5}, ...}; see
    detection.py. `superseded` flags are history: a dismissal that no longer holds because the inputs changed.
    """

    wall = Wall(
        select=_OPEN_PAIR,
        update=_OPEN_PAIR,
        others={"t2d_detector": EVERYTHING},
        free=("decided_by_id",),
    )

    # In the database these refer to the card itself. They are read as matching cards, which is all that a flag shows.
    first = models.ForeignKey(MatchingCard, DATABASE_CASCADE, related_name="+", db_constraint=False)
    second = models.ForeignKey(MatchingCard, DATABASE_CASCADE, related_name="+", db_constraint=False)
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

    def clean_fields(self, exclude: Any = None) -> None:
        """Without the pair, which only the detector writes."""
        super().clean_fields(exclude={*(exclude or ()), "first", "second"})

    def standing_of(self, user: Any) -> Standing:
        visible = type(self).objects.visible_to(user).filter(pk=self.pk).exists()
        grants = {Action.ASSESS_FLAG, Action.ARRANGE_COORDINATION} if visible else set()
        return Standing(visible=visible, grants=frozenset(grants))


class CoordinationLink(Record):
    """An arrangement between two initiatives. Live until it is ended; a pair may have one of each mechanism."""

    wall = Wall(
        select=f"({_BOTH_READABLE} AND {_OF_OWN_TEAM}) OR ({_BROKERED} AND {_KNOWN})",
        insert=f"({_BROKERED} AND {_KNOWN}) OR ({_OF_TWO_OWN_TEAMS})",
        update=f"({_BROKERED} AND {_KNOWN}) OR ({_OF_TWO_OWN_TEAMS})",
        others={"t2d_detector": {"SELECT": "true"}},
    )

    first = models.ForeignKey(Initiative, DATABASE_CASCADE, related_name="+")
    second = models.ForeignKey(Initiative, DATABASE_CASCADE, related_name="+")
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

    def clean_fields(self, exclude: Any = None) -> None:
        """Without the pair: a coordinator may join two whose cards stay closed."""
        super().clean_fields(exclude={*(exclude or ()), "first", "second"})

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

    Its key is a counter that is never shown. The age of the oldest row is the health of detection. Written through
    a function of the database, read by the detector alone.
    """

    wall = Wall(
        select="", others={"t2d_detector": EVERYTHING, "t2d_policy": {"INSERT": "true", "UPDATE": "true"}}
    )

    id = models.BigAutoField(primary_key=True)
    initiative = models.OneToOneField(Initiative, DATABASE_CASCADE, related_name="+")
    queued_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "outbox entries"

    def __str__(self) -> str:
        return str(self.initiative_id)
