"""Persons in an organisation's register: a pseudonym for many eyes, and an identity for few."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.enums import MembershipRole
from accounts.models import Organisation
from confidentiality.codes import Action, TeamRole
from confidentiality.fields import EncryptedJSONField, EncryptedTextField
from confidentiality.policy import Standing, allows
from confidentiality.wall import DATABASE_CASCADE, Confidential, Wall
from initiatives.models import Party
from participants.enums import Background
from participants.querysets import IdentityQuerySet, PersonQuerySet

NAME_LENGTH, CONTACTS_LENGTH = 200, 2000
REGISTRAR = "organisation_id IN (SELECT registered_organisations())"
# What a register lets its keepers do, whoever takes part in what.
KEEPING = frozenset(
    {
        Action.READ_PEOPLE,
        Action.EDIT_PEOPLE,
        Action.OPEN_IDENTITY,
        Action.EDIT_IDENTITY,
        Action.READ_LINKS,
        Action.EDIT_LINKS,
    }
)


class InRegister(Confidential):
    """A record in an organisation's register of persons, under the register's key. Not content of an initiative."""

    scope: ClassVar[str] = "organisation"

    class Meta:
        abstract = True

    def standing_towards(self, user: Any, person_id: Any, reading: Action) -> Standing:
        """As keeper of the register, or by the highest role on the teams in whose initiatives the person takes part."""
        if not user.is_authenticated:
            return Standing()
        kept = user.memberships.standing().filter(
            role=MembershipRole.REGISTRAR, organisation=getattr(self, "organisation_id", None)
        )
        if not user.narrowed_to and kept.exists():
            return Standing(visible=True, grants=KEEPING)
        roles = set(
            user.team_memberships.live()
            .filter(initiative__participations__person=person_id)
            .values_list("role", flat=True)
        )
        role = next((role for role in TeamRole if role in roles), None)  # Listed from the highest down.
        standing = Standing(team_role=role, visible=role is not None)
        return standing if role and allows(standing, reading) else Standing()


class Person(InRegister):
    """A participant, by pseudonym. Not a user, and not the identity, which lies apart (PersonIdentity).

    Seen by those who keep the register, and by the teams of initiatives in which the person takes part. `party`: the
    side, empty for somebody of no side.
    """

    organisation = models.ForeignKey(Organisation, DATABASE_CASCADE, related_name="register", editable=False)
    pseudonym = models.CharField(_("pseudonym"), max_length=60, editable=False)
    party = models.ForeignKey(
        Party, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("party")
    )
    background = models.CharField(
        _("background"), max_length=20, choices=Background, default=Background.UNKNOWN
    )

    objects = PersonQuerySet.as_manager()

    wall = Wall(
        select=f"{REGISTRAR} OR id IN (SELECT team_persons())",
        insert=f"{REGISTRAR} OR may_register(id, organisation_id)",
        update=f"{REGISTRAR} OR id IN (SELECT worked_persons())",
        free=("party_id",),
    )

    class Meta:
        ordering = ["pseudonym"]
        verbose_name_plural = "people"
        indexes = [models.Index(fields=["organisation", "pseudonym"], name="person_in_register")]

    def __str__(self) -> str:
        return self.pseudonym

    def standing_of(self, user: Any) -> Standing:
        return self.standing_towards(user, self.pk, Action.READ_PEOPLE)


class PersonIdentity(InRegister):
    """Who a person is. Opened deliberately, by those who keep the register, and by leads and facilitators.

    Apart from the person, so that the second wall guards it by itself: a rapporteur's query finds no such row.
    `other_names`: [{"name": text, "script": ISO 15924 code or ""}].
    """

    organisation = models.ForeignKey(Organisation, DATABASE_CASCADE, related_name="+", editable=False)
    person = models.OneToOneField(Person, DATABASE_CASCADE, related_name="identity", editable=False)
    name = EncryptedTextField(_("name"), field_id="identity.name", max_length=NAME_LENGTH, blank=True)
    other_names = EncryptedJSONField(
        _("other names"), field_id="identity.other_names", default=list, blank=True
    )
    birth_year = EncryptedTextField(
        _("year of birth"), field_id="identity.birth_year", max_length=4, blank=True
    )
    contacts = EncryptedTextField(
        _("contacts"), field_id="identity.contacts", max_length=CONTACTS_LENGTH, blank=True
    )
    affiliation = EncryptedTextField(
        _("affiliation"), field_id="identity.affiliation", max_length=NAME_LENGTH, blank=True
    )

    objects = IdentityQuerySet.as_manager()

    wall = Wall(
        select=f"{REGISTRAR} OR person_id IN (SELECT opened_persons())",
        # Whoever adds a person may write down who it is, and need not be allowed to read it afterwards.
        insert=f"{REGISTRAR} OR may_identify(person_id, organisation_id)",
        update=f"{REGISTRAR} OR person_id IN (SELECT opened_persons())",
        delete="person_id IN (SELECT erasable_persons())",
    )

    class Meta:
        verbose_name_plural = "identities"
        indexes = [models.Index(fields=["organisation"], name="identity_in_register")]

    def __str__(self) -> str:
        return f"identity {self.pk}"

    def standing_of(self, user: Any) -> Standing:
        return self.standing_towards(user, self.person_id, Action.OPEN_IDENTITY)
