"""The list behind the sentence: which organisations read a card and why, and who on the team reads what.

For those who lead the team and answer for it. `visibility.who_can_see` is the short answer for everybody else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection

from accounts.models import AccessToken, Organisation, User
from confidentiality import policy
from confidentiality.codes import Access, Action, CardView, Relation, TeamRole, Visibility
from initiatives.enums import OrganisationRole
from initiatives.models import Conflict, Initiative, TeamMember
from initiatives.querysets import CONVENING
from initiatives.services.visibility import by_name, readers_at

CLOSEST_FIRST = (Relation.HOUSE, Relation.PARTNER, Relation.CIRCLE, Relation.NETWORK)


@dataclass(frozen=True, slots=True)
class Reader:
    """An organisation whose active members read a card. How many they are is that organisation's own business.

    relations: every relation that opens the card to them now, closest first. declared_for: the conflicts by whose
    declaration it is in the circle.
    """

    organisation: Organisation
    relations: tuple[Relation, ...]
    declared_for: tuple[Conflict, ...] = ()

    @property
    def only_network(self) -> bool:
        return self.relations == (Relation.NETWORK,)


@dataclass(frozen=True, slots=True)
class MemberAccess:
    """What one member of the team reads, through which door.

    areas: what the role opens, from policy.TEAM. by_token: whether a program may read it in the member's name now. A
    program is a reader whom nobody meets, so a lead is told yes or no; a token is not made for one initiative, so its
    number, scope, label and last use would tell of the member's other work, and stay the member's own.
    own_tokens: for the asking lead's own row alone, live tokens by scope.
    """

    member: TeamMember
    areas: Mapping[str, Access]
    by_token: bool
    own_tokens: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EffectiveAccess:
    """Everybody who reads a card or what is inside now. Coordinators are a relation and no list: see WhoCanSee."""

    readers: list[Reader]
    members: list[MemberAccess]


def effective_access(*, by: User, initiative: Initiative) -> EffectiveAccess:
    """The whole list, for leads. Organisations by name, members by what they may do."""
    policy.require(by, Action.MANAGE_TEAM, initiative)
    return EffectiveAccess(readers=_readers(initiative), members=_members(by, initiative))


def _readers(initiative: Initiative) -> list[Reader]:
    opened = {
        relation
        for relation, view in policy.CARD[Visibility(initiative.visibility)].items()
        if view is CardView.FULL
    }
    named = list(initiative.named.values_list("organisation", "role"))
    house = {organisation for organisation, role in named if role in CONVENING}
    partners = {organisation for organisation, role in named if role == OrganisationRole.PARTNER}
    declared = _declared(initiative) if Relation.CIRCLE in opened else {}
    found = []
    for organisation in by_name(readers_at(initiative, initiative.visibility, None).values()):
        holds = {
            Relation.HOUSE: organisation.pk in house,
            Relation.PARTNER: organisation.pk in partners,
            Relation.CIRCLE: organisation.pk in declared,
            Relation.NETWORK: organisation.is_vetted,
        }
        relations = tuple(each for each in CLOSEST_FIRST if each in opened and holds[each])
        found.append(Reader(organisation, relations, tuple(declared.get(organisation.pk, ()))))
    return found


def _declared(initiative: Initiative) -> dict[UUID, list[Conflict]]:
    """The conflicts for which each organisation of the circle has declared. A lead need not be in that circle, so
    the database is asked, which answers to teams that work there."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT organisation_id, declared_id FROM circle_declarations(%s)", [initiative.conflict_id]
        )
        rows = cursor.fetchall()
    conflicts = Conflict.objects.in_bulk({conflict for _organisation, conflict in rows})
    found: dict[UUID, list[Conflict]] = {}
    for organisation, conflict in sorted(rows, key=lambda row: len(conflicts[row[1]].lineage)):
        found.setdefault(organisation, []).append(conflicts[conflict])
    return found


def _members(by: User, initiative: Initiative) -> list[MemberAccess]:
    roles = list(TeamRole)
    team = sorted(
        initiative.members.live().select_related("user"),
        key=lambda member: (roles.index(TeamRole(member.role)), member.user.name.casefold()),
    )
    holders = _token_holders(initiative)
    own = Counter(AccessToken.objects.visible_to(by).live().values_list("scope", flat=True))
    return [
        MemberAccess(
            member=member,
            areas=areas_of(member.role),
            by_token=member.user.is_active and member.user_id in holders,
            own_tokens=dict(own) if member.user_id == by.pk else {},
        )
        for member in team
    ]


def areas_of(role: str) -> dict[str, Access]:
    """What a role on the team opens, by area; what it does not open is left out."""
    return {area: access for area, access in policy.TEAM[TeamRole(role)].items() if access is not Access.NONE}


def _token_holders(initiative: Initiative) -> set[UUID]:
    """Members with a token that works now. Nobody sees another's tokens, so the database is asked."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT token_holder_ids(%s)", [initiative.pk])
        return {pk for (pk,) in cursor.fetchall()}
