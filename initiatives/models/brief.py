"""The brief: what an initiative is about, how it works and how it ends, for its team alone."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from confidentiality.fields import EncryptedJSONField, EncryptedTextField
from confidentiality.wall import DATABASE_CASCADE, TEAM_CONTENT, Wall
from initiatives.models.content import InitiativeContent, RecordRevision
from initiatives.models.initiative import Initiative
from initiatives.querysets import ContentQuerySet

TITLE_LENGTH, NAME_LENGTH, TEXT_LENGTH = 200, 200, 8000
# What is kept as it was: nobody changes or deletes it, not even its author.
WRITERS = (
    "initiative_id IN (SELECT coordinated_initiatives())"  # Leads and facilitators, as policy.TEAM says.
)
APPEND_ONLY = Wall(select=TEAM_CONTENT.select, insert=WRITERS)
NEVER_DELETED = Wall(select=TEAM_CONTENT.select, insert=WRITERS, update=WRITERS)


class Brief(InitiativeContent):
    """What a team tells itself about its initiative, on a page that can be carried into a room.

    One for an initiative, made with the first text. Not the card, of which others may learn, and not a report:
    what happened is in sessions and outcomes. Ground rules have versions and assents of their own (GroundRules);
    the successor stands on the card.
    """

    initiative = models.OneToOneField(Initiative, DATABASE_CASCADE, related_name="brief", editable=False)
    title = EncryptedTextField(_("title"), field_id="brief.title", max_length=TITLE_LENGTH, blank=True)
    objective = EncryptedTextField(
        _("objective"), field_id="brief.objective", max_length=TEXT_LENGTH, blank=True
    )
    guiding_theory = EncryptedTextField(
        _("guiding theory"), field_id="brief.guiding_theory", max_length=TEXT_LENGTH, blank=True
    )
    criteria_and_roles = EncryptedTextField(
        _("criteria and roles"), field_id="brief.criteria_and_roles", max_length=TEXT_LENGTH, blank=True
    )
    legal_note = EncryptedTextField(
        _("legal note"), field_id="brief.legal_note", max_length=TEXT_LENGTH, blank=True
    )
    exit_plan = EncryptedTextField(
        _("exit plan"), field_id="brief.exit_plan", max_length=TEXT_LENGTH, blank=True
    )

    objects = ContentQuerySet.as_manager()

    wall = NEVER_DELETED

    def __str__(self) -> str:
        return f"brief of {self.initiative_id}"

    @property
    def revisions(self) -> Any:
        """Its versions: there is one brief in an initiative."""
        return self.initiative.brief_revisions


class BriefRevision(RecordRevision):
    """A brief as it stood after one save: all its texts, not a difference."""

    initiative = models.ForeignKey(
        Initiative, DATABASE_CASCADE, related_name="brief_revisions", editable=False
    )
    kept = EncryptedJSONField(field_id="brief_revision.kept", editable=False)

    objects = ContentQuerySet.as_manager()

    wall = APPEND_ONLY

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["initiative", "number"], name="brief_revision_once")]


class GroundRules(InitiativeContent):
    """One version of the rules that those in the room agree on. A new version leaves the old ones as they are."""

    initiative = models.ForeignKey(Initiative, DATABASE_CASCADE, related_name="ground_rules", editable=False)
    number = models.PositiveIntegerField(editable=False)
    text = EncryptedTextField(_("ground rules"), field_id="ground_rules.text", max_length=TEXT_LENGTH)
    adopted_on = models.DateField(_("adopted on"), default=timezone.localdate)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)

    objects = ContentQuerySet.as_manager()

    wall = APPEND_ONLY

    class Meta:
        ordering = ["-number"]
        verbose_name_plural = "ground rules"
        constraints = [
            models.UniqueConstraint(fields=["initiative", "number"], name="ground_rules_version_once")
        ]

    def __str__(self) -> str:
        return f"ground rules of {self.initiative_id}, version {self.number}"


class GroundRulesAssent(InitiativeContent):
    """Somebody's yes to one version of the ground rules, on a day, until withdrawn. Not a user, and not a signature.

    A withdrawal is written next to it; the row stays.
    """

    initiative = models.ForeignKey(Initiative, DATABASE_CASCADE, related_name="+", editable=False)
    rules = models.ForeignKey(GroundRules, DATABASE_CASCADE, related_name="assents", editable=False)
    who = EncryptedTextField(_("who"), field_id="ground_rules_assent.who", max_length=NAME_LENGTH)
    assented_on = models.DateField(_("assented on"), default=timezone.localdate)
    withdrawn_on = models.DateField(_("withdrawn on"), null=True, blank=True, editable=False)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)

    objects = ContentQuerySet.as_manager()

    wall = NEVER_DELETED

    class Meta:
        ordering = ["assented_on", "created_at"]
        indexes = [models.Index(fields=["initiative", "rules"], name="assent_by_initiative")]

    def __str__(self) -> str:
        return f"assent {self.pk}"

    def clean(self) -> None:
        if self.assented_on and self.assented_on > timezone.localdate():
            raise ValidationError({"assented_on": _("This day has not come yet.")})
