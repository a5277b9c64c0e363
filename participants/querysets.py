"""Which participants, links and official bodies a user may see: the one door for reads."""

from __future__ import annotations

from typing import Any, Self

from django.apps import apps
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from accounts.enums import MembershipRole, RecordKind
from confidentiality.codes import TeamRole
from initiatives.querysets import ReferenceQuerySet, within_reach

OPENING = (TeamRole.LEAD, TeamRole.FACILITATOR)
LOGGING = (*OPENING, TeamRole.RAPPORTEUR)


def _registers_of(user: Any) -> models.QuerySet:
    """Organisations whose register the user keeps. A register is of no conflict: none for a token that is narrowed."""
    if user.narrowed_to:
        return user.memberships.none().values("organisation_id")
    return user.memberships.standing().filter(role=MembershipRole.REGISTRAR).values("organisation_id")


def _persons_of(user: Any, roles: tuple[str, ...] = tuple(TeamRole.values)) -> models.QuerySet:
    """Persons who take part in initiatives in which the user has one of the roles."""
    own = user.team_memberships.live().filter(role__in=roles).values("initiative_id")
    return (
        apps.get_model("participants", "Participation").objects.filter(initiative__in=own).values("person_id")
    )


class PersonQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> Self:
        """In a register that one keeps, or taking part in an initiative on whose team one is."""
        if not user.is_authenticated:
            return self.none()
        return self.known_to(user, tuple(TeamRole.values))

    def known_to(self, user: Any, roles: tuple[str, ...]) -> Self:
        """In a register that one keeps, or taking part in an initiative in which one has one of the roles."""
        return self.filter(Q(organisation__in=_registers_of(user)) | Q(pk__in=_persons_of(user, roles)))


class OfPersonQuerySet(models.QuerySet):
    """What hangs on a person and is seen by those who keep the register, and by some roles of the teams."""

    roles: tuple[str, ...] = ()
    # Asked here and not by the API alone: names and ties are compared with in other records' services, too.
    kind: RecordKind

    def visible_to(self, user: Any) -> Self:
        if not user.is_authenticated or not user.opens(self.kind):
            return self.none()
        register = Q(organisation__in=_registers_of(user))
        return self.filter(register | Q(person__in=_persons_of(user, self.roles)))


class IdentityQuerySet(OfPersonQuerySet):
    roles = OPENING
    kind = RecordKind.IDENTITY


class LinkQuerySet(OfPersonQuerySet):
    roles = LOGGING
    kind = RecordKind.LINKS


class PersonRevisionQuerySet(LinkQuerySet):
    kind = RecordKind.PEOPLE


class OfficialBodyQuerySet(ReferenceQuerySet):
    def with_liaisons_of(self, user: Any) -> Self:
        """Offices for which the user says who is liaison: all for a steward, who reads no more of them than names."""
        return self if user.is_authenticated and user.runs_the_site else self.none()


class LiaisonMandateQuerySet(models.QuerySet):
    def live(self) -> Self:
        return self.filter(ended_at=None)

    def serving(self) -> Self:
        """Live, of accounts that are for nothing else: whoever came to work here in another way reads nothing by it."""
        of_user = {"user": OuterRef("user")}
        # Set by `user.liaison_mandates`.
        whose = self._hints.get("instance")  # type: ignore[attr-defined]
        reached = within_reach(whose, "body__conflict") if isinstance(whose, AbstractBaseUser) else Q()
        return self.live().filter(
            reached,
            ~Exists(apps.get_model("accounts", "Membership").objects.active().filter(**of_user)),
            ~Exists(apps.get_model("initiatives", "CoordinatorMandate").objects.live().filter(**of_user)),
            ~Exists(apps.get_model("initiatives", "TeamMember").objects.current().filter(**of_user)),
            Q(user__recovered_at=None) | Q(created_at__gt=F("user__recovered_at")),
            user__is_steward=False,
        )

    def visible_to(self, user: Any) -> Self:
        """One's own; all for a steward."""
        if not user.is_authenticated:
            return self.none()
        return self if user.runs_the_site else self.filter(user=user)

    def with_names(self) -> Self:
        """With everything that a list of them says."""
        return self.select_related("user", "body__conflict", "granted_by", "ended_by")
