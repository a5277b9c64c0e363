"""Who reads a card: every relation at every visibility, against the table written out again."""

from __future__ import annotations

import pytest

from confidentiality.codes import Visibility
from conftest import World
from initiatives.models import Initiative
from tests import factories as make

# The card table of docs/confidentiality, written out on purpose: who reads the card at which visibility.
READERS = {
    "team": {"team"},
    "partners": {"team", "partner"},
    "circle": {"team", "partner", "circle", "coordinator"},
    "network": {"team", "house", "partner", "circle", "network", "coordinator"},
}


@pytest.mark.parametrize("visibility", Visibility.values)
def test_card_is_read_by_exactly_those_of_the_table(world: World, visibility: str) -> None:
    partner = make.make_organisation("Partner")
    circle = make.make_organisation("Circle")
    make.make_partner(world.secret, partner)
    make.make_declaration(circle, world.child)
    unconfirmed = make.make_organisation("Unconfirmed")
    make.make_declaration(unconfirmed, world.conflict, confirmed=False)
    users = {
        "team": world.bob,
        "house": world.harry,
        "partner": make.make_member_of(partner),
        "circle": make.make_member_of(circle),
        "unconfirmed": make.make_member_of(unconfirmed),
        "network": world.rita,
        "coordinator": world.cora,
        "steward": world.stella,
        "stranger": world.sam,
    }
    Initiative.objects.filter(pk=world.secret.pk).update(visibility=visibility)
    world.secret.refresh_from_db()

    readers = {name for name, user in users.items() if world.secret in Initiative.objects.visible_to(user)}
    standing = {name for name, user in users.items() if world.secret.standing_of(user).visible}

    expected = READERS[visibility] | ({"unconfirmed"} if visibility == "network" else set())
    assert readers == expected
    assert standing == expected


def test_expired_member_reads_nothing(world: World) -> None:
    member = world.secret.members.get(user=world.bob)
    member.expires_at = member.began_at
    member.save()

    assert list(Initiative.objects.visible_to(world.bob)) == []
