"""Who mediates, or belongs to a convener, opens no flags there; nor for 90 days after."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from confidentiality.actor import actor
from conftest import World
from coordination.models import OverlapFlag
from tests import factories as make

pytestmark = pytest.mark.django_db

AGO = pytest.mark.parametrize(("days", "opens"), [(None, False), (0, False), (89, False), (91, True)])


@pytest.fixture
def flag(world: World) -> OverlapFlag:
    return make.make_flag(world.secret, world.rival)


def opened_by(user: User) -> bool:
    with actor(user):
        return OverlapFlag.objects.visible_to(user).exists()


@AGO
def test_a_mediator_of_the_family(world: World, flag: OverlapFlag, days: int | None, opens: bool) -> None:
    """On any initiative of the family, not only on one of the pair."""
    assert opened_by(world.cora)
    elsewhere = make.make_initiative(world.child, world.house, lead=world.alice)
    member = make.make_member(elsewhere, world.cora)
    if days is not None:
        member.began_at = timezone.now() - timedelta(days=200)
        member.expires_at = timezone.now() - timedelta(days=days)
        member.save()
    assert opened_by(world.cora) is opens


@AGO
def test_a_member_of_a_convener(world: World, flag: OverlapFlag, days: int | None, opens: bool) -> None:
    nora = make.make_member_of(world.house, "Nora")
    make.make_mandate(nora)
    if days is not None:
        nora.memberships.update(ended_at=timezone.now() - timedelta(days=days))
    assert opened_by(nora) is opens
