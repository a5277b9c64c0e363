"""Outcomes, how they are carried to official bodies, and what became of them there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from confidentiality.codes import Action
from confidentiality.fields import EncryptedJSONField, EncryptedTextField
from confidentiality.policy import Standing
from confidentiality.wall import DATABASE_CASCADE, TEAM_CONTENT, Wall
from initiatives.dates import wrong_with
from initiatives.enums import Confidence, Precision, Theme
from initiatives.models import Conflict, Initiative, OfficialTrack, Party, Session
from initiatives.models.brief import WRITERS
from initiatives.models.content import InitiativeContent, RecordRevision
from initiatives.models.session import LOGGED
from participants.models import OfficialBody, OfficialLink, Participation
from transfer.enums import (
    COLLECTIVE_KINDS,
    INDIVIDUAL_KINDS,
    Agent,
    Channel,
    ContentKind,
    Contribution,
    Direction,
    Evidence,
    Fidelity,
    ObservedBy,
    OutcomeKind,
    TransferStatus,
    TravelPermission,
    Uptake,
)
from transfer.querysets import (
    OfOutcomeQuerySet,
    OfTransferQuerySet,
    OutcomeQuerySet,
    ReceivedTransferQuerySet,
    StepQuerySet,
    TransferQuerySet,
)

# What an outcome says in words. Not its change, which is two numbers.
OUTCOME_TEXTS = ("statement", "interest_addressed", "evidence")
STATEMENT_LENGTH, TEXT_LENGTH, MESSAGE_LENGTH = 4000, 4000, 8000
SCALE = 2  # attitudes and stances run from -2 to +2
SHOWN = "(session_id IS NULL OR session_id NOT IN (SELECT closed_sessions()))"
WITH_OUTCOME = "outcome_id NOT IN (SELECT closed_outcomes())"
WITH_TRANSFER = "transfer_id NOT IN (SELECT closed_transfers())"


class Outcome(InitiativeContent):
    """What changed. Individual: in one participant or one side. Collective: what the group made. Not a transfer of it.

    `participation` or `party` say whose an individual change is, by pseudonym; `change`, sealed: {"from": -2..2,
    "to": -2..2}. `endorsed_by`: ids of the parties whose people stand behind a collective outcome.
    `travel_permission`: how far the group agreed that it may travel; nothing goes further, see services.
    Claims with evidence and confidence: what exactly caused what is unknowable.
    """

    initiative = models.ForeignKey(Initiative, DATABASE_CASCADE, related_name="outcomes", editable=False)
    session = models.ForeignKey(
        Session, DATABASE_CASCADE, null=True, blank=True, related_name="outcomes", verbose_name=_("session")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=OutcomeKind)
    content_kind = models.CharField(_("what it is"), max_length=30, choices=ContentKind)
    contributes_to = models.CharField(
        _("contributes to"), max_length=8, choices=Contribution, default=Contribution.UNKNOWN
    )
    travel_permission = models.CharField(
        _("may travel to"), max_length=10, choices=TravelPermission, default=TravelPermission.NONE
    )
    participation = models.ForeignKey(
        Participation,
        DATABASE_CASCADE,
        null=True,
        blank=True,
        related_name="outcomes",
        verbose_name=_("whose"),
    )
    party = models.ForeignKey(
        Party, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("side")
    )
    endorsed_by = ArrayField(models.UUIDField(), verbose_name=_("endorsed by"), default=list, blank=True)
    observed_by = models.CharField(
        _("observed by"), max_length=20, choices=ObservedBy, default=ObservedBy.UNKNOWN
    )
    consented = models.BooleanField(_("the participant consented to this record"), null=True, blank=True)
    repeats = models.ForeignKey(
        "self", DATABASE_CASCADE, null=True, blank=True, related_name="repeated_by", verbose_name=_("repeats")
    )
    confidence = models.CharField(
        _("confidence"), max_length=6, choices=Confidence, default=Confidence.MEDIUM
    )
    change = EncryptedJSONField(field_id="outcome.change", default=dict, blank=True)
    statement = EncryptedTextField(_("statement"), field_id="outcome.statement", max_length=STATEMENT_LENGTH)
    interest_addressed = EncryptedTextField(
        _("interest addressed"), field_id="outcome.interest_addressed", max_length=TEXT_LENGTH, blank=True
    )
    evidence = EncryptedTextField(
        _("evidence"), field_id="outcome.evidence", max_length=TEXT_LENGTH, blank=True
    )
    by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = OutcomeQuerySet.as_manager()

    wall = Wall(
        select=f"{TEAM_CONTENT.select} AND {SHOWN}",
        insert=LOGGED,
        update=LOGGED,
        free=("session_id", "participation_id", "party_id", "repeats_id"),
    )

    class Meta:
        ordering = ["-created_at", "id"]
        indexes = [models.Index(fields=["initiative", "created_at"], name="outcome_by_initiative")]

    def __str__(self) -> str:
        return f"outcome {self.pk}"

    # Set by visible_to: whether this reader, an observer, is told only what the sides agreed on.
    agreed_only = False

    def leave_agreed(self) -> None:
        """Take out of this object what only the team says. Never saved."""
        self.interest_addressed = self.evidence = ""

    def clean(self) -> None:
        errors: dict[str, Any] = {}
        kinds = INDIVIDUAL_KINDS if self.kind == OutcomeKind.INDIVIDUAL else COLLECTIVE_KINDS
        if self.kind in OutcomeKind.values and self.content_kind and self.content_kind not in kinds:
            errors["content_kind"] = _("This does not go with the kind of outcome that was chosen.")
        if self.kind == OutcomeKind.COLLECTIVE and (self.participation_id or self.change):
            errors["participation"] = _("A collective outcome is nobody's own change.")
        if self.kind == OutcomeKind.INDIVIDUAL and self.endorsed_by:
            errors["endorsed_by"] = _("Sides endorse what the group made, not a change in one of them.")
        if self.repeats_id is not None and self.repeats_id == self.pk:
            errors["repeats"] = _("An outcome does not repeat itself.")
        for name in ("from", "to"):
            value = self.change.get(name)
            if value is not None and (type(value) is not int or not -SCALE <= value <= SCALE):
                errors["change"] = _("Expected a number from -2 to 2.")
        if errors:
            raise ValidationError(errors)


class OutcomeRevision(RecordRevision):
    """An outcome as it stood after one save."""

    initiative = models.ForeignKey(Initiative, DATABASE_CASCADE, related_name="+", editable=False)
    outcome = models.ForeignKey(Outcome, DATABASE_CASCADE, related_name="revisions", editable=False)
    kept = EncryptedJSONField(field_id="outcome_revision.kept", editable=False)

    objects = OfOutcomeQuerySet.as_manager()

    wall = Wall(
        select=f"{TEAM_CONTENT.select} AND {WITH_OUTCOME}", insert=LOGGED, update=LOGGED, kept=("number",)
    )

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["outcome", "number"], name="outcome_revision_once")]
        indexes = [models.Index(fields=["initiative", "outcome"], name="outcome_revision_inside")]


class Transfer(InitiativeContent):
    """An outcome carried to an official body, or to be carried. Not what the body makes of it (UptakeStep).

    `body` and `sent_on` are in clear: that two initiatives go to one office is what detection has to see. The day of
    a planned transfer is the day on which it is meant to happen. No body: it went elsewhere, such as into the press.
    """

    initiative = models.ForeignKey(Initiative, DATABASE_CASCADE, related_name="transfers", editable=False)
    outcome = models.ForeignKey(Outcome, DATABASE_CASCADE, related_name="transfers", editable=False)
    status = models.CharField(
        _("status"), max_length=10, choices=TransferStatus, default=TransferStatus.PLANNED
    )
    direction = models.CharField(_("direction"), max_length=10, choices=Direction, default=Direction.UPWARD)
    channel = models.CharField(_("channel"), max_length=40, choices=Channel, default=Channel.UNKNOWN)
    agent = models.CharField(_("carried by"), max_length=20, choices=Agent)
    carrier = models.ForeignKey(
        Participation,
        DATABASE_CASCADE,
        null=True,
        blank=True,
        related_name="carried",
        verbose_name=_("carrier"),
    )
    link = models.ForeignKey(
        OfficialLink, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("link used")
    )
    body = models.ForeignKey(
        OfficialBody,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="transfers",
        verbose_name=_("official body"),
    )
    track = models.ForeignKey(
        OfficialTrack,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("official track"),
    )
    sent_on = models.DateField(_("date"), null=True, blank=True)
    sent_precision = models.CharField(
        _("known to the"), max_length=7, choices=Precision, default=Precision.DAY
    )
    fidelity = models.CharField(_("fidelity"), max_length=10, choices=Fidelity, default=Fidelity.UNKNOWN)
    message = EncryptedTextField(
        _("message"), field_id="transfer.message", max_length=MESSAGE_LENGTH, blank=True
    )
    note = EncryptedTextField(_("note"), field_id="transfer.note", max_length=TEXT_LENGTH, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = TransferQuerySet.as_manager()

    wall = Wall(
        select=f"{TEAM_CONTENT.select} AND {WITH_OUTCOME}",
        insert=WRITERS,
        update=WRITERS,
        # unlink_ties() takes away by whose tie it went.
        others={"t2d_policy": {"UPDATE": "true"}},
        columns={"t2d_policy": {"UPDATE": ("link_id",)}},
        free=("carrier_id", "link_id", "body_id", "track_id"),
    )

    class Meta:
        ordering = ["-sent_on", "-created_at", "id"]
        indexes = [
            models.Index(fields=["initiative", "outcome"], name="transfer_by_initiative"),
            models.Index(fields=["body", "status"], name="transfer_by_body"),
        ]

    def __str__(self) -> str:
        return f"transfer {self.pk}"

    # Set by visible_to: whether this reader, an observer, is told only what the sides agreed on.
    agreed_only = False

    def leave_agreed(self) -> None:
        """Take out of this object what only the team says. Never saved."""
        self.note = ""

    def clean(self) -> None:
        errors: dict[str, Any] = {}
        if text := wrong_with(self.sent_on, self.sent_precision):
            errors["sent_on"] = text
        if self.status == TransferStatus.DONE and self.sent_on is None:
            errors["sent_on"] = _("Say when it was carried.")
        if errors:
            raise ValidationError(errors)


class TransferRevision(RecordRevision):
    """A transfer as it stood after one save."""

    initiative = models.ForeignKey(Initiative, DATABASE_CASCADE, related_name="+", editable=False)
    transfer = models.ForeignKey(Transfer, DATABASE_CASCADE, related_name="revisions", editable=False)
    kept = EncryptedJSONField(field_id="transfer_revision.kept", editable=False)

    objects = OfTransferQuerySet.as_manager()

    wall = Wall(select=f"{TEAM_CONTENT.select} AND {WITH_TRANSFER}", insert=WRITERS)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["transfer", "number"], name="transfer_revision_once")]
        indexes = [models.Index(fields=["initiative", "transfer"], name="transfer_revision_inside")]


class TransferStance(InitiativeContent):
    """What a transfer says on one theme, from -2 (against) to +2 (for). In clear, so that contradictions are found."""

    initiative = models.ForeignKey(Initiative, DATABASE_CASCADE, related_name="+", editable=False)
    transfer = models.ForeignKey(Transfer, DATABASE_CASCADE, related_name="stances", editable=False)
    theme = models.CharField(_("theme"), max_length=40, choices=Theme)
    stance = models.SmallIntegerField(
        _("stance"), validators=[MinValueValidator(-SCALE), MaxValueValidator(SCALE)]
    )

    objects = OfTransferQuerySet.as_manager()

    wall = Wall(
        select=f"{TEAM_CONTENT.select} AND {WITH_TRANSFER}", insert=WRITERS, update=WRITERS, delete=WRITERS
    )

    class Meta:
        ordering = ["theme"]
        constraints = [models.UniqueConstraint(fields=["transfer", "theme"], name="one_stance_on_a_theme")]
        indexes = [models.Index(fields=["initiative", "transfer"], name="stance_inside")]

    def __str__(self) -> str:
        return f"{self.theme} {self.stance}"


class UptakeStep(InitiativeContent):
    """A dated move on the uptake ladder: a claim, with its evidence and how sure it is. Never changed: a later step
    corrects it, backwards only with a reason.
    """

    initiative = models.ForeignKey(Initiative, DATABASE_CASCADE, related_name="+", editable=False)
    transfer = models.ForeignKey(Transfer, DATABASE_CASCADE, related_name="steps", editable=False)
    uptake = models.CharField(_("step"), max_length=25, choices=Uptake)
    on = models.DateField(_("on"))
    precision = models.CharField(_("known to the"), max_length=7, choices=Precision, default=Precision.DAY)
    evidence = models.CharField(_("evidence"), max_length=25, choices=Evidence, default=Evidence.UNKNOWN)
    confidence = models.CharField(
        _("confidence"), max_length=6, choices=Confidence, default=Confidence.MEDIUM
    )
    substantiated = models.BooleanField(_("substantiated by somebody independent"), default=False)
    reason = EncryptedTextField(
        _("reason"), field_id="uptake_step.reason", max_length=TEXT_LENGTH, blank=True
    )
    note = EncryptedTextField(_("note"), field_id="uptake_step.note", max_length=TEXT_LENGTH, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)

    objects = StepQuerySet.as_manager()

    # A liaison's acknowledgement is written by acknowledge_transfer (functions.sql), as the functions' owner.
    wall = Wall(
        select=f"{TEAM_CONTENT.select} AND {WITH_TRANSFER}",
        insert=WRITERS,
        others={"t2d_policy": {"INSERT": "true"}},
    )

    class Meta:
        ordering = ["on", "created_at"]
        indexes = [models.Index(fields=["initiative", "transfer"], name="uptake_inside")]

    def __str__(self) -> str:
        return f"{self.uptake} {self.on}"

    # Set by visible_to: whether this reader, an observer, is told only what the sides agreed on.
    agreed_only = False

    def leave_agreed(self) -> None:
        """Take out of this object what only the team says. Never saved."""
        self.reason = self.note = ""

    def clean(self) -> None:
        if text := wrong_with(self.on, self.precision):
            raise ValidationError({"on": text})


class ReceivedTransfer(models.Model):
    """What a liaison learns of a transfer to their body: when, how, and the message. Not the initiative's record.

    A view of the database (functions.sql), which shows the acting user done transfers to bodies for which they are
    liaison, while the outcome may travel to officials. `message` is sealed: see services.message_of.
    """

    id = models.UUIDField(primary_key=True)
    # Only for the key of the message; never shown, and no way to the initiative.
    initiative_id = models.UUIDField()
    conflict = models.ForeignKey(Conflict, models.DO_NOTHING, related_name="+", db_constraint=False)
    body = models.ForeignKey(OfficialBody, models.DO_NOTHING, related_name="+", db_constraint=False)
    track = models.ForeignKey(
        OfficialTrack, models.DO_NOTHING, null=True, related_name="+", db_constraint=False
    )
    direction = models.CharField(max_length=10, choices=Direction)
    channel = models.CharField(max_length=40, choices=Channel)
    sent_on = models.DateField()
    sent_precision = models.CharField(max_length=7, choices=Precision)
    message = models.BinaryField()
    acknowledged_on = models.DateField(null=True)

    objects = ReceivedTransferQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "received_transfer"
        ordering = ["-sent_on", "id"]

    def __str__(self) -> str:
        return f"received {self.pk}"

    def standing_of(self, user: Any) -> Standing:
        """For the liaison of the body, and for nobody else."""
        visible = type(self).objects.visible_to(user).filter(pk=self.pk).exists()
        grants: Iterable[Action] = (Action.READ_RECEIVED, Action.ACKNOWLEDGE_TRANSFER) if visible else ()
        return Standing(visible=visible, grants=frozenset(grants))
