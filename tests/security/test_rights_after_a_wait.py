"""Whoever waits for their turn is asked again what they may do: a right that ended meanwhile is gone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from confidentiality.actor import actor
from confidentiality.policy import Forbidden, Hidden
from conftest import World
from initiatives.models import TeamMember
from initiatives.services import ask_purge, edit_brief
from initiatives.services.turns import take_turn
from participants.services import mark_attendance, write_identity
from tests.record import make_outcome, make_participation, make_person, make_session
from transfer.services import edit_outcome

Act = Callable[[], Any]


def brief(world: World) -> tuple[str, Any, Act]:
    return "brief", world.secret, lambda: edit_brief(by=world.alice, initiative=world.secret, title="Late")


def outcome(world: World) -> tuple[str, Any, Act]:
    made = make_outcome(world.secret, world.alice)
    return "outcomes", world.secret, lambda: edit_outcome(by=world.alice, outcome=made, statement="Late")


def identity(world: World) -> tuple[str, Any, Act]:
    person = make_person(world.house, "Known")
    make_participation(world.secret, person)
    return "identity", person, lambda: write_identity(by=world.alice, person=person, affiliation="Late")


def attendance(world: World) -> tuple[str, Any, Act]:
    session = make_session(world.secret, world.alice, began_on=date(2026, 3, 4))
    there = make_participation(world.secret)
    act = lambda: mark_attendance(by=world.alice, session=session, participations=[there], seen=())  # noqa: E731
    return "attendance", session, act


def purge(world: World) -> tuple[str, Any, Act]:
    return (
        "purge",
        world.secret,
        lambda: ask_purge(by=world.alice, initiative=world.secret, reason="legal_order"),
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("case", [brief, outcome, identity, attendance, purge])
def test_a_right_that_ended_while_a_turn_was_waited_for_is_gone(
    transactional_db: None, request: pytest.FixtureRequest, case: Callable[[World], tuple[str, Any, Act]]
) -> None:
    world: World = request.getfixturevalue("world")
    kind, record, act = case(world)
    answers: list[type[BaseException] | None] = []
    begun = threading.Event()

    def late() -> None:
        begun.set()
        try:
            with actor(world.alice):
                act()
        except (Hidden, Forbidden) as refusal:
            answers.append(type(refusal))
        else:
            answers.append(None)
        finally:
            connection.close()

    waiting = threading.Thread(target=late)
    with transaction.atomic():
        take_turn(kind, record.pk)
        waiting.start()
        begun.wait()
        waiting.join(timeout=0.7)
        assert waiting.is_alive(), "it did not wait for its turn"
        TeamMember.objects.filter(user=world.alice).update(expires_at=timezone.now())
    waiting.join(timeout=10)

    assert answers in ([Hidden], [Forbidden])
