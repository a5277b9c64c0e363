"""Who may read a card: the preview before a change, the change, and the answer in facts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import Organisation, User
from confidentiality import policy
from confidentiality.codes import Action, Visibility
from confidentiality.records import hold, save
from confidentiality.words import listed
from initiatives.enums import Matching, OrganisationRole
from initiatives.models import Initiative
from initiatives.querysets import CONVENING
from initiatives.services.cards import require_partners, set_organisations
from initiatives.signals import initiative_changed

ORDER = (Visibility.TEAM, Visibility.PARTNERS, Visibility.CIRCLE, Visibility.NETWORK)


@dataclass(frozen=True, slots=True)
class VisibilityPreview:
    """What a change of visibility would do, named before it happens.

    readers: organisations whose members may read the card afterwards. gains, loses: the difference to now.
    coordinators: whether coordinators of the conflict read the card afterwards.
    """

    visibility: str
    readers: list[Organisation] = field(default_factory=list)
    gains: list[Organisation] = field(default_factory=list)
    loses: list[Organisation] = field(default_factory=list)
    coordinators: bool = False
    coordinators_gain: bool = False

    @property
    def widens(self) -> bool:
        return bool(self.gains) or self.coordinators_gain


@dataclass(frozen=True, slots=True)
class WhoCanSee:
    """Who may read a card now, in facts that a page puts into words.

    organisations: those whose members may read it, as far as the reader may know them. matching: whether
    coordinators may meet its matching card inside a flag. reads_audit: whether this reader reads who looked.
    """

    visibility: str
    team_size: int
    organisations: list[Organisation]
    coordinators: bool
    matching: bool
    reads_audit: bool
    content: str = "team"


def preview_visibility(
    *, by: User, initiative: Initiative, visibility: str, partners: Iterable[Organisation] | None = None
) -> VisibilityPreview:
    """Name exactly who would gain and who would lose sight of the card. Changes nothing."""
    policy.require(by, Action.CHANGE_VISIBILITY, initiative)
    if visibility not in Visibility.values:
        raise ValidationError({"visibility": _("Expected one of: %(codes)s.") % {"codes": listed(ORDER)}})
    now = readers_at(initiative, initiative.visibility, None)
    then = readers_at(initiative, visibility, partners)
    reads, read = _coordinators_read(visibility), _coordinators_read(initiative.visibility)
    return VisibilityPreview(
        visibility=visibility,
        readers=by_name(then.values()),
        gains=by_name(then[pk] for pk in then.keys() - now.keys()),
        loses=by_name(now[pk] for pk in now.keys() - then.keys()),
        coordinators=reads,
        coordinators_gain=reads and not read,
    )


@transaction.atomic
def change_visibility(
    *,
    by: User,
    initiative: Initiative,
    visibility: str,
    partners: Iterable[Organisation] | None = None,
    version: int | None = None,
) -> Initiative:
    """Widen or narrow who reads the card. `partners` None leaves the partners named on it as they are."""
    policy.require(by, Action.CHANGE_VISIBILITY, initiative)
    initiative = hold(Initiative, initiative.pk, version)
    policy.require(by, Action.CHANGE_VISIBILITY, initiative)  # Again: the lock may have been waited for.
    initiative.visibility = visibility
    save(initiative)
    if partners is not None:
        set_organisations(initiative, OrganisationRole.PARTNER, partners)
    require_partners(initiative)
    initiative_changed.send(Initiative, initiative_ids=[initiative.pk])
    return initiative


def who_can_see(*, by: User, initiative: Initiative) -> WhoCanSee:
    """Who may read this card, for anybody who may read it.

    Only the team learns the team's size and the names of partners and circle; others get the level alone.
    """
    standing = policy.require(by, Action.READ_CARD, initiative)
    own = standing.team_role is not None
    return WhoCanSee(
        visibility=initiative.visibility,
        team_size=initiative.members.live().count() if own else 0,
        organisations=by_name(readers_at(initiative, initiative.visibility, None).values()) if own else [],
        coordinators=_coordinators_read(initiative.visibility),
        matching=initiative.matching == Matching.ON,
        reads_audit=policy.allows(standing, Action.READ_AUDIT),
    )


def readers_at(initiative: Initiative, visibility: str, partners: Iterable[Organisation] | None) -> dict:
    """Organisations by id whose active members may read the card at this visibility."""
    found: set = set()
    if visibility != Visibility.TEAM:
        if partners is None:
            found |= set(
                initiative.named.filter(role=OrganisationRole.PARTNER).values_list("organisation", flat=True)
            )
        else:
            found |= {partner.pk for partner in partners}
    if visibility == Visibility.CIRCLE:
        found |= _circle(initiative)
    chosen = Q(pk__in=found)
    if visibility == Visibility.NETWORK:
        # Whoever is named reads with the network, vetted or not: the house always, partners as they are chosen.
        house = initiative.named.filter(role__in=CONVENING).values("organisation")
        chosen |= Q(vetted_at__isnull=False) | Q(pk__in=house)
    return {organisation.pk: organisation for organisation in Organisation.objects.filter(chosen)}


def _circle(initiative: Initiative) -> set[UUID]:
    """Organisations in the circle of its conflict. A team may know them before it shows them its card, without
    being in that circle itself: so the database is asked, which answers to teams that work there."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT circle_organisations(%s)", [initiative.conflict_id])
        return {pk for (pk,) in cursor.fetchall()}


def _coordinators_read(visibility: str) -> bool:
    return visibility in (Visibility.CIRCLE, Visibility.NETWORK)


def by_name(organisations: Iterable[Organisation]) -> list[Organisation]:
    return sorted(organisations, key=lambda organisation: organisation.name.casefold())
