"""Sessions: when, how and under which rule people met, and what was said, for their team."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from confidentiality.codes import Audience, Rule
from confidentiality.fields import EncryptedJSONField, EncryptedTextField
from confidentiality.wall import DATABASE_CASCADE, TEAM_CONTENT, Wall
from initiatives import embargo
from initiatives.dates import Days, days_of, wrong_with
from initiatives.enums import Precision, SessionFormat, SessionStatus
from initiatives.models.content import InitiativeContent, RecordRevision
from initiatives.models.initiative import Initiative
from initiatives.querysets import OfSessionQuerySet, SessionQuerySet

LOGGED = "initiative_id IN (SELECT logged_initiatives())"
NOT_CLOSED = "session_id NOT IN (SELECT closed_sessions())"
# What is told beyond the fact, the day and the numbers: in words,
SESSION_TEXTS = ("purpose", "next_step", "place", "notes", "incidents")
# and in codes, which say as well what it was about and what came of it.
SESSION_TOLD = (*SESSION_TEXTS, "agenda_themes", "product_made")
# What was said and what happened, at length: under rules without notes there is none of it.
SESSION_NOTES = ("notes", "incidents")
LINE_LENGTH, PLACE_LENGTH, NOTES_LENGTH = 500, 200, 20000
MOST_PRESENT = 9999
# So long whoever logged a session mends a slip by themselves: the wrong rule, the wrong initiative.
SLIP = timedelta(days=7)
MOVED = "moved"  # said of a version, as what it changed


def untold() -> dict[str, Any]:
    """What stands in a session in place of everything that is told beyond the facts."""
    return {**dict.fromkeys(SESSION_TEXTS, ""), "agenda_themes": [], "product_made": None}


class Session(InitiativeContent):
    """A meeting, planned or held. Not a product of it, not an outcome, and not a web session (Django's own).

    `began_on` and `ended_on` are first days of their period (dates.py); no end means the same day. Dates, country,
    format, rule and status are in clear, so that a timeline can be drawn and dates compared without the vault.
    `embargo_until`: nothing of it leaves the team before this day, whatever the rule lets go (embargo.py).
    `keep_texts_until`: on this day its texts, its earlier versions and who was there are destroyed
    (services/retention.py), and `texts_gone_at` says that they were; the facts and what came out of it stay, and no
    text is written in their place. `clock_set_by` set that day, at `clock_set_at`.
    `present`: how many came for each side, {party id: number}; "" stands for those who belong to none.
    A deleted session keeps its row and its history until the initiative is purged; lists leave it out.
    """

    initiative = models.ForeignKey(Initiative, DATABASE_CASCADE, related_name="sessions", editable=False)
    status = models.CharField(_("status"), max_length=10, choices=SessionStatus, default=SessionStatus.HELD)
    began_on = models.DateField(_("began on"))
    began_precision = models.CharField(
        _("beginning known to the"), max_length=7, choices=Precision, default=Precision.DAY
    )
    ended_on = models.DateField(_("ended on"), null=True, blank=True)
    ended_precision = models.CharField(
        _("end known to the"), max_length=7, choices=Precision, default=Precision.DAY
    )
    format = models.CharField(_("format"), max_length=15, choices=SessionFormat)
    rule = models.CharField(_("rule"), max_length=25, choices=Rule, default=Rule.CHATHAM_HOUSE)
    embargo_until = models.DateField(_("embargo until"), null=True, blank=True)
    audience = models.CharField(_("audience"), max_length=5, choices=Audience, default=Audience.TEAM)
    country = models.CharField(_("country"), max_length=2, blank=True)
    product_made = models.BooleanField(_("a product was made"), null=True, blank=True)
    present = EncryptedJSONField(_("present"), field_id="session.present", default=dict, blank=True)
    agenda_themes = EncryptedJSONField(
        _("agenda themes"), field_id="session.agenda_themes", default=list, blank=True
    )
    purpose = EncryptedTextField(_("purpose"), field_id="session.purpose", max_length=LINE_LENGTH, blank=True)
    next_step = EncryptedTextField(
        _("next step"), field_id="session.next_step", max_length=LINE_LENGTH, blank=True
    )
    place = EncryptedTextField(_("place"), field_id="session.place", max_length=PLACE_LENGTH, blank=True)
    notes = EncryptedTextField(_("notes"), field_id="session.notes", max_length=NOTES_LENGTH, blank=True)
    incidents = EncryptedTextField(
        _("incidents"), field_id="session.incidents", max_length=NOTES_LENGTH, blank=True
    )
    keep_texts_until = models.DateField(_("texts kept until"), null=True, blank=True)
    clock_set_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", editable=False)
    clock_set_at = models.DateTimeField(null=True, editable=False)
    texts_gone_at = models.DateTimeField(null=True, blank=True, editable=False)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = SessionQuerySet.as_manager()

    wall = Wall(
        select=f"{TEAM_CONTENT.select} AND id NOT IN (SELECT closed_sessions())",
        insert=LOGGED,
        update=LOGGED,
        others={
            "t2d_purge": {"SELECT": "keep_texts_until IS NOT NULL AND texts_gone_at IS NULL"},
            # forget_texts() takes them out.
            "t2d_policy": {"UPDATE": "true"},
        },
        columns={"t2d_purge": {"SELECT": ("id", "initiative_id", "keep_texts_until", "texts_gone_at")}},
        free=("clock_set_by_id",),
        kept=("texts_gone_at",),
        triggers={"guard_clock": "BEFORE INSERT OR UPDATE"},
    )

    class Meta:
        ordering = ["-began_on", "-created_at"]
        indexes = [models.Index(fields=["initiative", "began_on"], name="session_by_initiative")]

    def __str__(self) -> str:
        return f"session {self.pk}"

    @property
    def days(self) -> Days:
        """The days on which it may have taken place."""
        ended_on, precision = self.ended_on, self.ended_precision
        if ended_on is None:
            ended_on, precision = self.began_on, self.began_precision
        return days_of(self.began_on, self.began_precision, ended_on, precision)

    @property
    def embargoed(self) -> bool:
        return embargo.stands(self.embargo_until)

    def just_logged_by(self, user: User) -> bool:
        return self.by_id == user.pk and self.created_at > timezone.now() - SLIP

    # Set by visible_to: whether this reader gets no text of it.
    facts_only = False

    def leave_facts(self) -> None:
        """Take out of this object what a reader is not told, whom the rule tells no more than the fact. Never saved."""
        for name, nothing in untold().items():
            setattr(self, name, nothing)

    def clean(self) -> None:
        errors: dict[str, Any] = {}
        for name in ("began", "ended"):
            if text := wrong_with(getattr(self, f"{name}_on"), getattr(self, f"{name}_precision")):
                errors[f"{name}_on"] = text
        if not errors and self.began_on and self.ended_on and self.days.last < self.days.first:
            errors["ended_on"] = _("The end lies before the beginning.")
        for name in ("embargo_until", "keep_texts_until"):
            if text := wrong_with(getattr(self, name)):
                errors[name] = text
        if errors:
            raise ValidationError(errors)


class SessionRevision(RecordRevision):
    """A session as it stood after one save. `kept`: {"fields": {name: value}, "changed": [name], "reason": text}."""

    initiative = models.ForeignKey(
        Initiative, DATABASE_CASCADE, related_name="session_revisions", editable=False
    )
    session = models.ForeignKey(Session, DATABASE_CASCADE, related_name="revisions", editable=False)
    kept = EncryptedJSONField(field_id="session_revision.kept", editable=False)

    objects = OfSessionQuerySet.as_manager()

    wall = Wall(
        select=f"{TEAM_CONTENT.select} AND {NOT_CLOSED}",
        insert=LOGGED,
        update=LOGGED,
        others={"t2d_policy": {"DELETE": "true"}},
        kept=("number",),
    )

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["session", "number"], name="session_revision_once")]
        indexes = [models.Index(fields=["initiative", "session"], name="session_revision_inside")]


class SessionReader(InitiativeContent):
    """An observer who is listed for a session whose audience is `named`. Whoever writes sessions reads them anyway."""

    initiative = models.ForeignKey(Initiative, DATABASE_CASCADE, related_name="+", editable=False)
    session = models.ForeignKey(Session, DATABASE_CASCADE, related_name="readers", editable=False)
    user = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)

    objects = OfSessionQuerySet.as_manager()

    wall = Wall(select=f"{TEAM_CONTENT.select} AND {NOT_CLOSED}", insert=LOGGED, delete=LOGGED)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "user"], name="session_reader_once")]
        indexes = [models.Index(fields=["initiative", "session"], name="session_reader_inside")]

    def __str__(self) -> str:
        return f"reader {self.pk}"
