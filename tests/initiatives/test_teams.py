"""The end of an access moved away or brought about, and rights that end while somebody waits for a lock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from confidentiality.policy import Forbidden, Hidden
from confidentiality.records import Stale
from conftest import World
from initiatives import services
from initiatives.models import Initiative, TeamMember
from initiatives.services.teams import extended
from tests import factories as make


@pytest.fixture
def guest(world: World) -> TeamMember:
    """Somebody on Alice's team whose access ends in ten days."""
    soon = timezone.now() + timedelta(days=10)
    return make.make_member(world.secret, world.harry, "rapporteur", expires_at=soon)


def stored(member: TeamMember) -> tuple[str, datetime | None, int]:
    member.refresh_from_db()
    return member.role, member.expires_at, member.version


@pytest.mark.parametrize("days", [1, 30, 90, 366])
def test_the_end_moves_so_many_days_on(world: World, guest: TeamMember, days: int) -> None:
    before = guest.expires_at

    services.extend_access(by=world.alice, member=guest, days=days, version=1)

    assert stored(guest) == ("rapporteur", before + timedelta(days=days), 2)


def test_the_end_is_taken_away_and_what_has_none_stays_so(world: World, guest: TeamMember) -> None:
    services.extend_access(by=world.alice, member=guest, days=None)
    services.extend_access(by=world.alice, member=guest, days=30)

    assert stored(guest) == ("rapporteur", None, 2)


@pytest.mark.parametrize("days", [0, -30, 367])
def test_other_numbers_of_days_are_refused(world: World, guest: TeamMember, days: int) -> None:
    before = stored(guest)

    with pytest.raises(ValidationError) as caught:
        services.extend_access(by=world.alice, member=guest, days=days)

    assert caught.value.message_dict == {"days": ["Expected 1 to 366 days."]}
    assert stored(guest) == before


def test_what_has_ended_is_not_extended(world: World, guest: TeamMember) -> None:
    services.remove_team_member(by=world.alice, member=guest)

    with pytest.raises(ValidationError) as caught:
        services.extend_access(by=world.alice, member=guest, days=30)

    assert caught.value.message_dict == {"expires_at": ["This access has ended; add the person again."]}


def test_who_was_slower_gets_an_answer(world: World, guest: TeamMember) -> None:
    services.extend_access(by=world.alice, member=guest, days=30, version=1)

    with pytest.raises(Stale):
        services.extend_access(by=world.alice, member=guest, days=30, version=1)


@pytest.mark.parametrize("who", ["bob", "harry", "rita", "cora", "stella", "sam"])
def test_only_leads_extend(world: World, guest: TeamMember, who: str) -> None:
    before, on_team = stored(guest), who in ("bob", "harry")

    with pytest.raises(Forbidden if on_team else Hidden):
        services.extend_access(by=getattr(world, who), member=guest, days=30)

    assert stored(guest) == before


def test_the_last_lead_is_extended_without_a_successor(world: World) -> None:
    """An end that moves away leaves nobody without a lead sooner than before."""
    lead = world.secret.members.get(user=world.alice)
    TeamMember.objects.filter(pk=lead.pk).update(expires_at=timezone.now() + timedelta(days=1))

    services.extend_access(by=world.alice, member=lead, days=None)

    assert stored(lead)[1] is None


def test_a_last_day_stays_a_whole_day_when_the_clocks_change() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    with timezone.override(berlin):
        end = extended(datetime(2026, 10, 20, 23, 59, 59, 999999, tzinfo=berlin), 30)

    assert end == datetime(2026, 11, 19, 23, 59, 59, 999999, tzinfo=berlin)


Act = Callable[[World, TeamMember], Any]
ACTS: dict[str, Act] = {
    "add": lambda world, guest: services.add_team_member(
        by=world.alice, initiative=world.secret, user=world.cora, role="observer"
    ),
    "change": lambda world, guest: services.change_team_member(
        by=world.alice, member=guest, role="lead", expires_at=None
    ),
    "extend": lambda world, guest: services.extend_access(by=world.alice, member=guest, days=30),
    "remove": lambda world, guest: services.remove_team_member(by=world.alice, member=guest),
    "name a successor": lambda world, guest: services.name_successor(
        by=world.alice, initiative=world.secret, successor=world.harry
    ),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ACTS)
def test_right_that_ended_while_waiting_for_the_lock_is_gone(
    transactional_db: None, request: pytest.FixtureRequest, name: str
) -> None:
    """The lead is removed by somebody who holds the card, while the lead's own act waits for it."""
    world: World = request.getfixturevalue("world")
    guest: TeamMember = request.getfixturevalue("guest")
    before = team_of(world)
    asked = threading.Event()
    answers: list[type[BaseException] | None] = []

    def act() -> None:
        asked.set()
        try:
            ACTS[name](world, guest)
        except (Hidden, Forbidden) as refusal:
            answers.append(type(refusal))
        else:
            answers.append(None)
        finally:
            connection.close()

    waiting = threading.Thread(target=act)
    with transaction.atomic():
        Initiative.objects.select_for_update(no_key=True).get(pk=world.secret.pk)
        waiting.start()
        asked.wait()
        waiting.join(timeout=0.5)
        assert waiting.is_alive(), "the act did not wait for the lock"
        TeamMember.objects.filter(user=world.alice).update(expires_at=timezone.now())
    waiting.join(timeout=10)

    assert answers == [Hidden]
    assert team_of(world) == before


def team_of(world: World) -> list[Any]:
    """Everything about the team but Alice's own row, which the test itself ends."""
    rows = TeamMember.objects.exclude(user=world.alice).filter(initiative=world.secret).order_by("pk")
    successor = Initiative.objects.values_list("successor", flat=True).get(pk=world.secret.pk)
    return [successor, *rows.values_list("user", "role", "expires_at", "version")]
