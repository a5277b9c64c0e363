"""What was written of a person, a tie or a participation before: who saved it, what changed, and why. Never changed."""

from __future__ import annotations

from typing import Any

from django.db import models

from accounts.models import Organisation, User
from confidentiality.codes import Action
from confidentiality.fields import EncryptedJSONField
from confidentiality.policy import Standing
from confidentiality.wall import DATABASE_CASCADE, Wall
from initiatives.models import Initiative
from initiatives.models.content import RecordRevision
from initiatives.models.session import LOGGED
from initiatives.querysets import LoggedContentQuerySet
from participants.models.links import KNOWN_WELL, OfficialLink
from participants.models.participation import Participation
from participants.models.person import REGISTRAR, InRegister, Person
from participants.querysets import LinkQuerySet, PersonRevisionQuerySet


class RegisterRevision(InRegister):
    """What hangs on a person in a register as it stood after one save, and is read by who writes it: every role but
    the observer's. Of the shape of a RecordRevision.

    A subclass has the foreign keys `organisation`, `person` and of the record, and `kept`, encrypted.
    """

    number = models.PositiveIntegerField(editable=False)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"version {self.number}"

    def standing_of(self, user: Any) -> Standing:
        return self.standing_towards(user, self.person_id, Action.READ_LINKS)  # type: ignore[attr-defined]


class PersonRevision(RegisterRevision):
    """A person as it stood after one save, never the identity: of that, only that it was written or erased, and why."""

    organisation = models.ForeignKey(Organisation, DATABASE_CASCADE, related_name="+", editable=False)
    person = models.ForeignKey(Person, DATABASE_CASCADE, related_name="revisions", editable=False)
    kept = EncryptedJSONField(field_id="person_revision.kept", editable=False)

    objects = PersonRevisionQuerySet.as_manager()

    wall = Wall(
        select=f"{REGISTRAR} OR person_id IN (SELECT worked_persons())",
        insert=f"{REGISTRAR} OR may_identify(person_id, organisation_id)",
    )

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["person", "number"], name="person_revision_once")]
        indexes = [models.Index(fields=["organisation", "person"], name="person_revision_in_register")]


class OfficialLinkRevision(RegisterRevision):
    """A tie to an official body as it stood after one save. Sealed whole, as the tie is."""

    organisation = models.ForeignKey(Organisation, DATABASE_CASCADE, related_name="+", editable=False)
    person = models.ForeignKey(Person, DATABASE_CASCADE, related_name="+", editable=False)
    link = models.ForeignKey(OfficialLink, DATABASE_CASCADE, related_name="revisions", editable=False)
    kept = EncryptedJSONField(field_id="official_link_revision.kept", editable=False)

    objects = LinkQuerySet.as_manager()

    wall = Wall(select=KNOWN_WELL, insert=KNOWN_WELL)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["link", "number"], name="official_link_revision_once")]
        indexes = [
            models.Index(fields=["organisation", "person"], name="link_revision_in_register"),
            models.Index(fields=["link"], name="link_revision_by_link"),
        ]


class ParticipationRevision(RecordRevision):
    """A participation as it stood after one save; once the person is forgotten, without its note.

    `kept`: {"fields": {}, "changed": [name], "reason": text}.
    """

    initiative = models.ForeignKey(Initiative, DATABASE_CASCADE, related_name="+", editable=False)
    participation = models.ForeignKey(
        Participation, DATABASE_CASCADE, related_name="revisions", editable=False
    )
    kept = EncryptedJSONField(field_id="participation_revision.kept", editable=False)

    objects = LoggedContentQuerySet.as_manager()

    wall = Wall(select=LOGGED, insert=LOGGED, update=LOGGED, kept=("number",))

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["participation", "number"], name="participation_revision_once")
        ]
        indexes = [models.Index(fields=["initiative", "participation"], name="participation_revision_in")]
