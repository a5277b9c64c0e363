"""Ties of persons to official bodies."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation
from confidentiality.codes import Action
from confidentiality.fields import EncryptedJSONField, EncryptedTextField
from confidentiality.policy import Standing
from confidentiality.wall import DATABASE_CASCADE, same_for_all
from participants.enums import Authorised, LinkAccess, LinkType
from participants.models.person import REGISTRAR, InRegister, Person
from participants.querysets import LinkQuerySet

LIVE_DAYS = 180
STRONGEST = 4
# Whoever keeps the register, and who works with the person: every role but the observer's.
KNOWN_WELL = f"{REGISTRAR} OR person_id IN (SELECT worked_persons())"
NOTE_LENGTH = 2000
CODES: Mapping[str, type[models.TextChoices]] = {
    "link_type": LinkType,
    "access": LinkAccess,
    "authorised": Authorised,
}


class OfficialLink(InRegister):
    """A person's tie to an official body. Live for 180 days after it was last confirmed. Not a transfer.

    To which body and of what kind is sealed: a pseudonym with a kinship to one office is hardly a pseudonym. So the
    database cannot search it; whoever asks "who reaches this body" opens the links that one may see. `tie`:
    {"body": id, "track": id or "", "link_type", "access", "authorised": codes, "two_way": bool or null,
    "strength": 0 to 4, "reason": why an office of another conflict is right, or ""}.
    """

    organisation = models.ForeignKey(Organisation, DATABASE_CASCADE, related_name="+", editable=False)
    person = models.ForeignKey(Person, DATABASE_CASCADE, related_name="links", editable=False)
    tie = EncryptedJSONField(field_id="official_link.tie", editable=False)
    note = EncryptedTextField(_("note"), field_id="official_link.note", max_length=NOTE_LENGTH, blank=True)
    last_confirmed_on = models.DateField(_("last confirmed on"), default=timezone.localdate)
    ended_on = models.DateField(_("ended on"), null=True, blank=True, editable=False)

    objects = LinkQuerySet.as_manager()

    wall = same_for_all(KNOWN_WELL)

    class Meta:
        ordering = ["-last_confirmed_on", "id"]
        indexes = [models.Index(fields=["organisation", "person"], name="link_in_register")]

    def __str__(self) -> str:
        return f"link {self.pk}"

    def standing_of(self, user: Any) -> Standing:
        return self.standing_towards(user, self.person_id, Action.READ_LINKS)

    @property
    def body_id(self) -> UUID:
        return UUID(self.tie["body"])

    @property
    def track_id(self) -> UUID | None:
        return UUID(self.tie["track"]) if self.tie.get("track") else None

    @property
    def strength(self) -> int:
        return int(self.tie["strength"])

    def is_live(self, on: date | None = None) -> bool:
        """Confirmed within 180 days before that day (today by default), and not ended by then."""
        on = on or timezone.localdate()
        ended = self.ended_on is not None and self.ended_on <= on
        return not ended and on - timedelta(days=LIVE_DAYS) <= self.last_confirmed_on

    def clean(self) -> None:
        errors: dict[str, Any] = {}
        for name, codes in CODES.items():
            if self.tie.get(name) not in codes.values:
                errors[name] = _("Expected one of the codes.")
        strength = self.tie.get("strength")
        if type(strength) is not int or not 0 <= strength <= STRONGEST:
            errors["strength"] = _("Expected a number from 0 to 4.")
        if self.last_confirmed_on and self.last_confirmed_on > timezone.localdate():
            errors["last_confirmed_on"] = _("This day has not come yet.")
        if errors:
            # What is sealed in `tie` has no field of its own: a form shows these at the fields that it made of it.
            raise ValidationError(errors)
