"""Which conflicts, cards and team members a user may see: the one door for reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any, Self
from uuid import UUID

from django.apps import apps
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection, models
from django.db.models import Case, F, Q, When
from django.db.models.expressions import RawSQL
from django.db.models.query import ModelIterable
from django.utils import timezone

from confidentiality.codes import Audience, TeamRole, Visibility
from confidentiality.policy import CLOSED_TO_OBSERVERS, FACTS_FOR_OBSERVERS
from initiatives.dates import first_day
from initiatives.embargo import begun_everywhere
from initiatives.enums import InitiativeStatus, Matching, OrganisationRole, Precision, PurgeState

CONVENING = (OrganisationRole.CONVENER, OrganisationRole.CO_CONVENER)
LOCKOUT_DAYS = 90
CONVENED = "SELECT convened_cards(%s, %s)"
# Nobody types more words than this to find something; each is three comparisons a row.
SEARCH_WORDS = 10


def reads_reference(user: Any) -> bool:
    """Shared reference is read by every member of a vetted organisation, and by coordinators."""
    return bool(user.is_authenticated and (user.is_vetted() or user.mandates.live().exists()))


def within_reach(user: Any, conflict: str = "conflict") -> Q:
    """What the token is for with which the user acts: everything, or some conflicts with all below them.

    `conflict`: the path to the conflict of a row. Every `visible_to` of what is inside, or on a card, goes by it.
    """
    return Q(**{f"{conflict}__lineage__overlap": list(user.narrowed_to)}) if user.narrowed_to else Q()


def reaches(name: str, day: date) -> Q:
    """Dates whose period goes on to this day or beyond. `name`: of the fields, `began` for began_on and
    began_precision."""
    found = Q(**{f"{name}_on__gte": day})
    for precision in (Precision.MONTH, Precision.QUARTER, Precision.YEAR):
        found |= Q(**{f"{name}_precision": precision, f"{name}_on__gte": first_day(day, precision)})
    return found


class ReferenceQuerySet(models.QuerySet):
    """Shared reference: conflicts, parties, official tracks, phases, deadlines."""

    def visible_to(self, user: Any) -> Self:
        return self if reads_reference(user) else self.none()


class ConflictQuerySet(ReferenceQuerySet):
    def on_line_of(self, lineages: Iterable[list[UUID]]) -> Self:
        """The conflicts themselves, all their ancestors and all their descendants.

        `lineages`: each a conflict's path of ids from its root down to itself.
        """
        listed = [list(lineage) for lineage in lineages]
        above = {pk for lineage in listed for pk in lineage}
        return self.filter(Q(pk__in=above) | Q(lineage__overlap=[lineage[-1] for lineage in listed]))

    def within(self, conflict_ids: Iterable[UUID]) -> Self:
        """The conflicts and everything below them."""
        return self.filter(lineage__overlap=list(conflict_ids))

    def covered_by(self, user: Any) -> Self:
        """Conflicts over which the user holds a coordinator's mandate."""
        if not user.is_authenticated:
            return self.none()
        mandated = list(user.mandates.live().values_list("conflict_id", flat=True))
        reached = self.within(user.narrowed_to) if user.narrowed_to else self
        if None in mandated:
            return reached
        return reached.within(mandated) if mandated else self.none()

    def coordinated_by(self, user: Any) -> Self:
        """Covered by a mandate, and not locked out: a broker may not mediate in the same family.

        Locked is every family in which the user was on a team within the last 90 days.
        """
        return self.covered_by(user).exclude(root_id__in=locked_families(user))


class MandateQuerySet(models.QuerySet):
    def live(self) -> Self:
        """Not ended; asked of one user, and granted since the account was last recovered."""
        # Set by `user.mandates`.
        whose = self._hints.get("instance")  # type: ignore[attr-defined]
        since = whose.recovered_at if isinstance(whose, AbstractBaseUser) else None  # type: ignore[attr-defined]
        live = self.filter(ended_at=None)
        return live.filter(created_at__gt=since) if since else live

    def visible_to(self, user: Any) -> Self:
        """One's own; all for a steward."""
        if not user.is_authenticated:
            return self.none()
        return self if user.runs_the_site else self.filter(user=user)


class InitiativeQuerySet(models.QuerySet):
    def of_team(self, user: Any) -> Self:
        """Initiatives on whose team the user is now."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(pk__in=user.team_memberships.live().values("initiative_id"))

    def visible_to(self, user: Any) -> Self:
        """Cards the user may read; the table is policy.CARD, written here as conditions."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(self._card_readable_by(user), within_reach(user))

    def _card_readable_by(self, user: Any) -> Q:
        readable = Q(pk__in=user.team_memberships.live().values("initiative_id"))
        own = user.organisation_ids()
        if own:
            readable |= Q(registered_by__in=own, public_record=True)
            readable |= Q(visibility=Visibility.NETWORK, pk__in=self._with(own, CONVENING))
            named = self._with(own, (OrganisationRole.PARTNER,))
            readable |= Q(visibility__in=_FROM_PARTNERS, pk__in=named)
        if user.is_vetted():
            readable |= Q(visibility=Visibility.NETWORK)
            readable |= Q(visibility=Visibility.CIRCLE, conflict__in=circle_conflicts(user))
        covered = _conflicts().covered_by(user)
        return readable | Q(visibility__in=_FROM_CIRCLE, conflict__in=covered)

    def _with(self, organisations: list[UUID], roles: tuple[str, ...]) -> models.QuerySet:
        named = _model("InitiativeOrganisation").objects.filter(
            organisation__in=organisations, role__in=roles
        )
        return named.values("initiative_id")

    def comparable(self) -> Self:
        """What detection may read: everybody who asked to be compared."""
        return self.filter(matching=Matching.ON)

    def on_conflicts(self, conflict_ids: Iterable[UUID]) -> Self:
        """On the conflicts or anything below them."""
        return self.filter(conflict__lineage__overlap=list(conflict_ids))

    def running(self) -> Self:
        return self.exclude(
            status__in=(
                InitiativeStatus.CLOSED,
                InitiativeStatus.ARCHIVED,
                InitiativeStatus.MERGED,
                InitiativeStatus.HANDED_OVER,
                InitiativeStatus.GRADUATED_TO_T1,
            )
        )

    def search(self, text: str) -> Self:
        """Codename, public line and published title; never content."""
        found = Q()
        for word in text.split()[:SEARCH_WORDS]:
            found &= Q(codename__icontains=word) | Q(public_line__icontains=word) | Q(title__icontains=word)
        return self.filter(found)


def locked_families(user: Any) -> RawSQL:
    """Ids of the root conflicts in whose family the user was on a team within the last 90 days.

    Asked of the database (functions.sql), since a lock rests on initiatives that the user does not see any more.
    """
    return RawSQL("SELECT locked_families(%s, %s)", [user.pk, LOCKOUT_DAYS])


def convened_by_organisations_of(user: Any) -> RawSQL:
    """Ids of the initiatives that the user's organisations convene, or did until 90 days after the user left.

    A convener speaks for itself. A co-convener may have been named by somebody else, to keep its coordinators
    away; it counts once a member of it is on the team. Asked of the database, since the user need not see them.
    """
    return RawSQL(CONVENED, [user.pk, LOCKOUT_DAYS])  # nosec B611 # a constant; what varies is a parameter


def convened_ids(user: Any) -> set[UUID]:
    """The same, as values."""
    with connection.cursor() as cursor:
        cursor.execute(CONVENED, [user.pk, LOCKOUT_DAYS])
        return {pk for (pk,) in cursor.fetchall()}


_FROM_PARTNERS = (Visibility.PARTNERS, Visibility.CIRCLE, Visibility.NETWORK)
_FROM_CIRCLE = (Visibility.CIRCLE, Visibility.NETWORK)


def _model(name: str) -> Any:
    """A model of this app by name: models import querysets, so querysets cannot import models."""
    return apps.get_model("initiatives", name)


def _conflicts() -> ConflictQuerySet:
    return _model("Conflict").objects.all()


def circle_conflicts(user: Any) -> models.QuerySet:
    """Conflicts in whose circle the user's vetted organisations are: declared, confirmed, and all on that line."""
    declared = (
        _model("CircleDeclaration").objects.standing().filter(organisation__in=user.vetted_organisation_ids())
    )
    lineages = list(declared.values_list("conflict__lineage", flat=True))
    if not lineages:
        return _conflicts().none().values("pk")
    line = _conflicts().on_line_of(lineages)
    return (line.within(user.narrowed_to) if user.narrowed_to else line).values("pk")


class InitiativePartQuerySet(models.QuerySet):
    """What hangs on a card and is read with it: its organisations and parties."""

    def visible_to(self, user: Any) -> Self:
        return self.filter(initiative__in=_model("Initiative").objects.visible_to(user).values("pk"))


class TeamMemberQuerySet(models.QuerySet):
    def current(self) -> Self:
        """Begun and not ended, whether or not they open anything at this moment."""
        now = timezone.now()
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now), began_at__lte=now)

    def live(self) -> Self:
        """Current, and granted since the account was last recovered: what opens an initiative.

        Of one user it is asked without their row: beside thousands of accesses the join is what takes the time.
        """
        # Set by `user.team_memberships`.
        whose = self._hints.get("instance")  # type: ignore[attr-defined]
        if isinstance(whose, AbstractBaseUser):
            since: Any = whose.recovered_at  # type: ignore[attr-defined]
            reached = self.current().filter(within_reach(whose, "initiative__conflict"))
            return reached.filter(admitted_at__gt=since) if since else reached
        return self.current().filter(Q(user__recovered_at=None) | Q(admitted_at__gt=F("user__recovered_at")))

    def waiting(self) -> Self:
        """Current, and to be admitted again, since the account was recovered."""
        return self.current().filter(user__recovered_at__gte=F("admitted_at"))

    def recent(self, days: int) -> Self:
        """Live, or ended within so many days."""
        now = timezone.now()
        since = now - timedelta(days=days)
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=since), began_at__lte=now)

    def visible_to(self, user: Any) -> Self:
        """Members of the teams one is on; nobody else learns who is on a team."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(initiative__in=user.team_memberships.live().values("initiative_id"))


class CircleDeclarationQuerySet(models.QuerySet):
    def standing(self) -> Self:
        """Confirmed and not withdrawn."""
        return self.filter(confirmed_at__isnull=False, withdrawn_at=None)

    def visible_to(self, user: Any) -> Self:
        """One's own organisations', those of a circle one is in, and those one's mandate covers."""
        if not user.is_authenticated:
            return self.none()
        seen = Q(organisation__in=user.organisation_ids())
        if user.is_vetted():
            seen |= Q(confirmed_at__isnull=False, withdrawn_at=None, conflict__in=circle_conflicts(user))
        return self.filter(seen | Q(conflict__in=_conflicts().covered_by(user)), within_reach(user))


class ContentQuerySet(models.QuerySet):
    """What is inside an initiative: brief, ground rules, and whatever else its team alone reads."""

    def visible_to(self, user: Any) -> Self:
        """Of the initiatives on whose team the user is now."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(initiative__in=user.team_memberships.live().values("initiative_id"))


class LoggedContentQuerySet(ContentQuerySet):
    """What those read who also write it: leads, facilitators and rapporteurs, but no observers."""

    def visible_to(self, user: Any) -> Self:
        if not user.is_authenticated:
            return self.none()
        own = user.team_memberships.live().exclude(role=TeamRole.OBSERVER)
        return self.filter(initiative__in=own.values("initiative_id"))


def closed_sessions(user: Any) -> models.QuerySet:
    """Ids of sessions of the user's teams that are closed to the user, who observes there."""
    observed = user.team_memberships.live().filter(role=TeamRole.OBSERVER).values("initiative_id")
    listed = _model("SessionReader").objects.filter(user=user).values("session_id")
    unlisted = Q(audience=Audience.NAMED) & ~Q(pk__in=listed)
    sessions = _model("Session").objects.filter(initiative__in=observed)
    return sessions.filter(Q(rule__in=CLOSED_TO_OBSERVERS) | unlisted).values("pk")


class KeptQuerySet(ContentQuerySet):
    """Content that is deleted by a mark, with a reason and a way back."""

    def kept(self) -> Self:
        """What nobody deleted."""
        return self.filter(deleted_at=None)


class _AsFarAsRead(ModelIterable):
    """Sessions whose texts are not for this reader come without them, whoever asked and whatever for."""

    def __iter__(self) -> Iterator[Any]:
        for session in super().__iter__():
            if session.facts_only:
                session.leave_facts()
            yield session


class SessionQuerySet(KeptQuerySet):
    def visible_to(self, user: Any) -> Self:
        """Of one's teams; where one observes, without those closed to observers, and of some without the texts.

        Each with `facts_only`: whether this reader is told no more than that it took place, and how many came.
        """
        if not user.is_authenticated:
            return super().visible_to(user)
        observed = user.team_memberships.live().filter(role=TeamRole.OBSERVER).values("initiative_id")
        narrowed = When(rule__in=FACTS_FOR_OBSERVERS, initiative__in=observed, then=True)
        inside = super().visible_to(user).exclude(pk__in=closed_sessions(user))
        found = inside.annotate(facts_only=Case(narrowed, default=False))
        found._iterable_class = _AsFarAsRead
        return found

    def with_clock(self) -> Self:
        """Whose texts are destroyed on a day, deleted ones too."""
        return self.filter(texts_gone_at=None).exclude(keep_texts_until=None)

    def near(self, days: int) -> Self:
        """Whose texts are destroyed in so many days, or now; and whose initiative nobody holds."""
        held = _model("Retention").objects.holding()
        soon = self.with_clock().filter(keep_texts_until__lte=begun_everywhere() + timedelta(days))
        return soon.exclude(initiative__in=held.values("initiative_id"))

    def from_day(self, day: date) -> Self:
        """Those that may still go on, or come, on this day or after it."""
        return self.filter(reaches("ended", day) | Q(ended_on=None) & reaches("began", day))

    def released(self) -> Self:
        """Under no embargo, or under none any more."""
        return self.exclude(embargo_until__gt=begun_everywhere())


class OfSessionQuerySet(ContentQuerySet):
    """What hangs on a session, and is seen with it."""

    def visible_to(self, user: Any) -> Self:
        inside = super().visible_to(user)
        return inside.exclude(session__in=closed_sessions(user)) if user.is_authenticated else inside


class RetentionQuerySet(ContentQuerySet):
    def holding(self) -> Self:
        """Which somebody holds."""
        return self.exclude(held_at=None)

    def ended(self) -> Self:
        """Whose time is over, and which nobody holds."""
        return self.filter(keep_until__lte=begun_everywhere(), held_at=None)

    def near(self, days: int) -> Self:
        """Whose time is over in so many days, or is; and which nobody holds."""
        return self.filter(keep_until__lte=begun_everywhere() + timedelta(days), held_at=None)


class DraftQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> Self:
        """One's own, outside of initiatives and inside of those on whose team one is now."""
        if not user.is_authenticated:
            return self.none()
        inside = Q(initiative__in=user.team_memberships.live().values("initiative_id"))
        # Those outside lie under the user's own key: what was begun before a recovery is not for whoever came after.
        since = {"updated_at__gt": user.recovered_at} if user.recovered_at else {}
        outside = Q() if user.narrowed_to else Q(initiative=None, **since)
        return self.filter(outside | inside, user=user)


class PurgeRequestQuerySet(models.QuerySet):
    def open(self) -> Self:
        """Asked or confirmed. Some of them may have lapsed."""
        return self.filter(state__in=(PurgeState.ASKED, PurgeState.CONFIRMED))

    def visible_to(self, user: Any) -> Self:
        """Of the teams one is on, and those on which one was asked as an owner of the convening organisation."""
        if not user.is_authenticated:
            return self.none()
        team = Q(initiative__in=user.team_memberships.live().values("initiative_id"))
        asked = Q() if user.narrowed_to else Q(asked_of=user, organisation__in=user.organisation_ids())
        return self.filter(team | asked)


class TombstoneQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> Self:
        """Of initiatives that one led at the end, or whose purge one decided on. Which conflict it was is not kept."""
        if not user.is_authenticated or user.narrowed_to:
            return self.none()
        return self.filter(readers__contains=[user.pk])


class EmergencyAccessQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> Self:
        """Requests of organisations that one owns. They name an initiative, and no conflict."""
        if not user.is_authenticated or user.narrowed_to:
            return self.none()
        return self.filter(organisation__in=user.owned_organisation_ids())
