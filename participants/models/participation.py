"""Persons in an initiative: their participation, the sessions they came to, and what they were weighed by."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from confidentiality.fields import EncryptedTextField
from confidentiality.wall import DATABASE_CASCADE, TEAM_CONTENT, Wall, same_for_all
from initiatives.dates import wrong_with
from initiatives.models import Initiative, Session
from initiatives.models.content import InitiativeContent
from initiatives.models.session import LOGGED, NOT_CLOSED
from initiatives.querysets import ContentQuerySet, LoggedContentQuerySet, OfSessionQuerySet
from participants.enums import Capacity, Consent, Criterion, ParticipationStatus, RoomRole
from participants.models.person import Person

NOTE_LENGTH = 2000
MOST = 4  # of a rating


class Participation(InitiativeContent):
    """A person in an initiative: in which role, in what capacity, how far the invitation is. Not an attendance.

    Only persons of the register of the organisation in whose name the initiative was opened take part.
    """

    initiative = models.ForeignKey(
        Initiative, DATABASE_CASCADE, related_name="participations", editable=False
    )
    person = models.ForeignKey(Person, DATABASE_CASCADE, related_name="participations", editable=False)
    role = models.CharField(_("role"), max_length=20, choices=RoomRole, default=RoomRole.PARTICIPANT)
    capacity = models.CharField(_("capacity"), max_length=10, choices=Capacity, default=Capacity.UNKNOWN)
    status = models.CharField(
        _("status"), max_length=10, choices=ParticipationStatus, default=ParticipationStatus.CONSIDERED
    )
    consents = ArrayField(
        models.CharField(max_length=25, choices=Consent),
        verbose_name=_("consents"),
        default=list,
        blank=True,
    )
    withdrew_on = models.DateField(_("withdrew on"), null=True, blank=True)
    note = EncryptedTextField(_("note"), field_id="participation.note", max_length=NOTE_LENGTH, blank=True)

    objects = ContentQuerySet.as_manager()

    wall = Wall(
        select=TEAM_CONTENT.select,
        insert=f"{LOGGED} AND may_take_part(initiative_id, person_id)",
        update=LOGGED,
    )

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["initiative", "person"],
                name="person_once_in_initiative",
                violation_error_message=_("This person takes part already."),
            )
        ]
        indexes = [models.Index(fields=["person", "initiative"], name="participation_by_person")]

    def __str__(self) -> str:
        return f"participation {self.pk}"

    def clean_fields(self, exclude: Any = None) -> None:
        """Without a person who is being added at this moment: the participation comes first (see may_register)."""
        new = {"person"} if self.person._state.adding else set()
        super().clean_fields(exclude={*(exclude or ()), *new})

    def clean(self) -> None:
        if self.withdrew_on and self.status != ParticipationStatus.WITHDREW:
            raise ValidationError({"withdrew_on": _("Only somebody who withdrew has a day of withdrawal.")})
        if text := wrong_with(self.withdrew_on):
            raise ValidationError({"withdrew_on": text})


# What a clock destroyed is not written again (initiatives/services/retention.py).
_TEXTS_STAND = """
    NOT EXISTS (SELECT FROM initiatives_session ended WHERE ended.id = session_id AND ended.texts_gone_at IS NOT NULL)
"""


class Attendance(InitiativeContent):
    """Somebody was at a session. No row for who was not; none at all under rules that forbid to store it."""

    initiative = models.ForeignKey(Initiative, DATABASE_CASCADE, related_name="+", editable=False)
    session = models.ForeignKey(Session, DATABASE_CASCADE, related_name="attendances", editable=False)
    participation = models.ForeignKey(
        Participation, DATABASE_CASCADE, related_name="attendances", editable=False
    )

    objects = OfSessionQuerySet.as_manager()

    # A rule that comes later may forbid to store who was there: then no event of the audit says it either.
    untied = (
        "participation",
        "participationrevision",
        "person",
        "personidentity",
        "personrevision",
        "selectionrating",
        "officiallink",
        "officiallinkrevision",
    )
    wall = Wall(
        select=f"{TEAM_CONTENT.select} AND {NOT_CLOSED}",
        insert=f"{LOGGED} AND {_TEXTS_STAND}",
        delete=LOGGED,
        others={"t2d_policy": {"DELETE": "true"}},
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "participation"], name="attendance_once")]
        indexes = [models.Index(fields=["initiative", "session"], name="attendance_inside")]

    def __str__(self) -> str:
        return f"attendance {self.pk}"


class SelectionRating(InitiativeContent):
    """How a participation was weighed against one criterion, 0 to 4, by those who select. Never ranked or totalled.

    Read by those who log, not by observers of the team.
    """

    initiative = models.ForeignKey(Initiative, DATABASE_CASCADE, related_name="+", editable=False)
    participation = models.ForeignKey(Participation, DATABASE_CASCADE, related_name="ratings", editable=False)
    criterion = models.CharField(_("criterion"), max_length=30, choices=Criterion)
    rating = models.PositiveSmallIntegerField(_("rating"), validators=[MaxValueValidator(MOST)])
    by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)

    objects = LoggedContentQuerySet.as_manager()

    wall = same_for_all(LOGGED, free=("by_id",))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["participation", "criterion"], name="rated_once_by_criterion")
        ]
        indexes = [models.Index(fields=["initiative", "participation"], name="rating_inside")]

    def __str__(self) -> str:
        return f"rating {self.pk}"
