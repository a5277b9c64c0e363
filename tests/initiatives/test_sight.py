"""The words of "who can see this": what the policy says, said; and nothing that a reader may not know."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from accounts.services import create_token
from confidentiality import policy
from confidentiality.codes import Access, CardView, Relation, TeamRole, Visibility
from conftest import World
from initiatives import services
from initiatives.models import Initiative
from initiatives.services.readers import CLOSEST_FIRST, Reader
from initiatives.views import sight
from tests import factories as make


def said(world: World, reader: str, visibility: str) -> str:
    Initiative.objects.filter(pk=world.secret.pk).update(visibility=visibility)
    initiative = Initiative.objects.get(pk=world.secret.pk)
    who = services.who_can_see(by=getattr(world, reader), initiative=initiative)
    return str(sight.of_card(initiative, who))


@pytest.mark.parametrize(
    ("reader", "visibility", "words"),
    [
        ("alice", "team", "Who can see this: your team of 2."),
        ("alice", "partners", "Card seen by Ford, Mill; content by your team of 2."),
        ("alice", "circle", "Card seen by the circle of the conflict and its coordinators; content by your team of 2."),
        ("alice", "network", "Card seen by the whole network; content by your team of 2."),
        ("cora", "circle", "Who can see this card: its team, the circle of the conflict and its coordinators."),
        ("rita", "network", "Who can see this card: members of every vetted organisation."),
    ],
)  # fmt: skip
def test_a_card_says_who_sees_it(world: World, reader: str, visibility: str, words: str) -> None:
    for name in ("Ford", "Mill"):
        make.make_partner(world.secret, make.make_organisation(name))

    assert said(world, reader, visibility) == words


def test_one_alone_is_no_team(world: World) -> None:
    world.secret.members.filter(user=world.bob).delete()

    assert said(world, "alice", "team") == "Who can see this: you alone."


def test_names_in_arabic_are_set_apart_in_arabic(world: World) -> None:
    for name in ("Ford", "Mill"):
        make.make_partner(world.secret, make.make_organisation(name))

    with override("ar"):
        assert "\u2068Ford\u2069، \u2068Mill\u2069" in said(world, "alice", "partners")


def test_every_area_and_access_of_the_policy_has_words() -> None:
    areas = {area for table in policy.TEAM.values() for area in table}

    assert areas <= sight.AREAS.keys()
    assert set(Access) - {Access.NONE} == sight.ACCESSES.keys()


@pytest.mark.parametrize("role", TeamRole)
@pytest.mark.parametrize("language", ["en", "fr", "ar"])
def test_a_role_says_every_area_that_it_opens_and_no_other(role: TeamRole, language: str) -> None:
    with override(language):
        words = sight.of_role(role)
        found = {area for area in policy.TEAM[role] if str(sight.AREAS[area]) in words}

    assert found == services.areas_of(role).keys()


def test_every_relation_that_reads_a_card_by_an_organisation_has_words(world: World) -> None:
    """A relation that the policy opens to members of organisations is one that the list can name."""
    personal = {Relation.TEAM, Relation.RECORDER, Relation.COORDINATOR}
    opened = {
        relation
        for table in policy.CARD.values()
        for relation, view in table.items()
        if view is CardView.FULL and relation not in personal
    }

    assert opened == set(CLOSEST_FIRST)
    for relation in CLOSEST_FIRST:
        assert sight.of_reader(Reader(world.house, (relation,), (world.child,)))


def test_reasons_are_told_closest_first(world: World) -> None:
    everything = Reader(world.other, CLOSEST_FIRST, (world.conflict, world.child))

    assert sight.of_reader(everything) == (
        "convenes it; partner; circle, by its declaration for Valley of Test, Lower Test"
    )
    assert sight.of_reader(Reader(world.other, (Relation.NETWORK,))) == "in the network"


def test_doors_are_told_as_far_as_the_lead_may_know(world: World) -> None:
    make.make_member(world.secret, world.harry, "observer")
    world.harry.is_active = False
    world.harry.save()
    for user, scope in (
        (world.alice, "write"),
        (world.alice, "read"),
        (world.bob, "write"),
        (world.harry, "read"),
    ):
        create_token(by=user, scope=scope)

    access = services.effective_access(by=world.alice, initiative=world.secret)

    assert {each.member.user.name: sight.of_doors(each) for each in access.members} == {
        "Alice": "signed in, and by 2 tokens of yours, of which 1 may write",
        "Bobirian": "signed in, and by an API token",
        "Harry": "cannot sign in",
    }


@pytest.mark.parametrize("name", sight.PAGES)
def test_rings_of_a_page_are_those_of_a_visibility(name: str) -> None:
    assert sight.PAGES[name].visibility in Visibility.values
