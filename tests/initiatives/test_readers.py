"""The list behind "who can see this": organisations with their reasons, members with what their role opens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AccessToken
from accounts.services import create_token, revoke_token
from confidentiality import policy
from confidentiality.actor import actor
from confidentiality.codes import Access, TeamRole
from confidentiality.policy import Forbidden, Hidden
from conftest import World
from initiatives import services
from initiatives.models import Initiative
from tests import factories as make

# Which of the organisations below read at each visibility, and by what.
EXPECTED = {
    "team": {},
    "partners": {"Both": ["partner"], "Partner": ["partner"]},
    "circle": {"Both": ["partner", "circle"], "Circle": ["circle"], "Partner": ["partner"]},
    "network": {
        "Both": ["partner", "circle", "network"],
        "Circle": ["circle", "network"],
        "House of Alice": ["house", "network"],
        "Other House": ["network"],
        "Partner": ["partner", "network"],
    },
}


def shown(world: World, visibility: str) -> Initiative:
    Initiative.objects.filter(pk=world.secret.pk).update(visibility=visibility)
    return Initiative.objects.get(pk=world.secret.pk)


def effective(world: World, initiative: Initiative) -> services.EffectiveAccess:
    """As the lead's own request would have it: through both walls."""
    with actor(world.alice):
        return services.effective_access(by=world.alice, initiative=initiative)


@pytest.mark.parametrize("visibility", EXPECTED)
def test_every_organisation_that_reads_is_listed_with_its_reasons(world: World, visibility: str) -> None:
    partner, circle, both = (make.make_organisation(name) for name in ("Partner", "Circle", "Both"))
    for organisation in (partner, both):
        make.make_partner(world.secret, organisation)
    for organisation in (circle, both):
        make.make_declaration(organisation, world.child)
    make.make_declaration(make.make_organisation("Unconfirmed"), world.conflict, confirmed=False)
    people = {
        organisation.name: make.make_member_of(organisation)
        for organisation in (partner, circle, both, world.house, world.other)
    }
    initiative = shown(world, visibility)

    listed = effective(world, initiative).readers

    found = {each.organisation.name: [str(relation) for relation in each.relations] for each in listed}
    assert {name: found[name] for name in found if name in people} == EXPECTED[visibility]
    assert {
        name for name, user in people.items() if initiative in Initiative.objects.visible_to(user)
    } == EXPECTED[visibility].keys()
    assert "Unconfirmed" not in found or found["Unconfirmed"] == ["network"]


def test_a_circle_is_explained_by_the_declared_conflict(world: World) -> None:
    """Also to a lead whose organisation is not in that circle."""
    circle = make.make_organisation("Circle")
    make.make_declaration(circle, world.child)
    make.make_declaration(circle, world.conflict)

    (reader,) = effective(world, shown(world, "circle")).readers

    assert [conflict.name for conflict in reader.declared_for] == ["Valley of Test", "Lower Test"]


@pytest.mark.parametrize("role", TeamRole)
def test_a_member_reads_what_the_policy_opens_to_the_role(world: World, role: TeamRole) -> None:
    make.make_member(world.secret, world.harry, role)

    members = {each.member.user: each for each in effective(world, world.secret).members}

    table = {area: access for area, access in policy.TEAM[role].items() if access is not Access.NONE}
    assert members[world.harry].areas == table
    assert set(members) == {world.alice, world.bob, world.harry}


def test_who_has_gone_is_not_listed(world: World) -> None:
    services.remove_team_member(by=world.alice, member=world.secret.members.get(user=world.bob))

    assert [each.member.user for each in effective(world, world.secret).members] == [world.alice]


def by_token(world: World) -> dict[str, bool]:
    return {each.member.user.name: each.by_token for each in effective(world, world.secret).members}


def test_a_lead_is_told_whether_a_program_may_read(world: World) -> None:
    assert by_token(world) == {"Alice": False, "Bobirian": False}
    token, _plain = create_token(by=world.bob, scope="read")
    assert by_token(world) == {"Alice": False, "Bobirian": True}
    revoke_token(by=world.bob, token=token)
    assert by_token(world) == {"Alice": False, "Bobirian": False}


@pytest.mark.parametrize("change", ["expired", "no sign-in"])
def test_a_token_that_does_not_work_is_none(world: World, change: str) -> None:
    create_token(by=world.bob, scope="read")
    if change == "expired":
        AccessToken.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    else:
        world.bob.is_active = False
        world.bob.save()

    assert by_token(world) == {"Alice": False, "Bobirian": False}


def test_number_and_scope_of_tokens_are_told_to_their_owner_alone(world: World) -> None:
    for user, scope in (
        (world.alice, "read"),
        (world.alice, "read"),
        (world.alice, "write"),
        (world.bob, "read"),
    ):
        create_token(by=user, scope=scope)

    own = {each.member.user.name: each.own_tokens for each in effective(world, world.secret).members}

    assert own == {"Alice": {"read": 2, "write": 1}, "Bobirian": {}}


@pytest.mark.parametrize("who", ["bob", "harry", "rita", "cora", "stella", "sam"])
@pytest.mark.parametrize("visibility", ["team", "network"])
def test_only_leads_get_the_list(world: World, who: str, visibility: str) -> None:
    user: Any = getattr(world, who)
    initiative = shown(world, visibility)
    sees = initiative in Initiative.objects.visible_to(user)

    with actor(user), pytest.raises(Forbidden if sees else Hidden):
        services.effective_access(by=user, initiative=initiative)


def test_no_function_of_the_database_tells_others(world: World) -> None:
    """A facilitator, or anybody else, learns of nobody's token by asking the database, a stranger of no circle."""
    create_token(by=world.alice, scope="read")
    make.make_declaration(make.make_organisation(), world.conflict)
    for user in (world.bob, world.harry, world.rita, world.cora):
        with actor(user):
            assert services.readers._token_holders(world.secret) == set()
    with actor(world.harry):
        assert services.readers._declared(world.secret) == {}
    with actor(world.bob):
        assert services.readers._declared(world.secret) != {}
