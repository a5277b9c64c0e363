"""The drawn network: who stands in it for whom, and that it says what a recomputation says."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import World
from participants.drawings import Edge
from participants.models import Participation
from participants.services import reach_on
from participants.views.network import edges_of
from tests import factories as make
from tests.record import make_body, make_participation, make_person, make_tie

pytestmark = pytest.mark.django_db

NETWORK_QUERIES = 20
SMALL = st.integers(0, 2)


def page_of(user: Any, query: str = "") -> str:
    client = Client()
    client.force_login(user)
    answer = client.get(reverse("participants:network") + query)
    assert answer.status_code == 200
    return answer.content.decode()


def filled(world: World) -> None:
    person = make_participation(
        world.secret, make_person(world.house, pseudonym="Kestrel", party=world.up)
    ).person
    make_tie(person, make_body(world.conflict, "Water Ministry", world.up), strength=4)
    make_body(world.conflict, "Defence Council", world.down)


def test_drawing_and_table_say_the_same(world: World) -> None:
    filled(world)
    page = page_of(world.alice)
    drawing = re.search(r"<svg class=\"pic fix\".*?</svg>", page, re.DOTALL)
    assert drawing is not None
    table = page[drawing.end() :]
    for word in ("Kestrel", "Secret Heron", "Water Ministry", "Defence Council"):
        assert word in drawing[0].replace("\u2068", "").replace("\u2069", "")
        assert word in table
    assert 'class="ed w4"' in drawing[0]
    assert "nobody with a live tie" in drawing[0]
    assert "Upstream" in table
    assert re.findall(r"</svg><bdi>(\w+)</bdi>", page) == ["Downstream", "Upstream"]  # what the shapes mean


def test_observers_see_people_without_ties_and_outsiders_nobody(world: World) -> None:
    filled(world)
    observer = make.make_member_of(world.house, "Observer")
    make.make_member(world.secret, observer, "observer")
    seen = page_of(observer)
    assert "Kestrel" in seen
    assert "Current adviser" not in seen
    assert "ed w4" not in seen
    assert "nobody with" not in seen
    for user in (world.harry, world.rita, world.cora):
        assert "Kestrel" not in page_of(user)
    assert "Kestrel" not in page_of(world.alice, f"?conflict={make.make_conflict('Hills').pk}")


@pytest.mark.parametrize("rows", [1, 3])
def test_the_network_asks_as_often_for_three_as_for_one(world: World, rows: int) -> None:
    for _row in range(rows):
        body = make_body(world.conflict, party=world.up)
        other = make.make_initiative(world.conflict, world.house, lead=world.alice)
        person = make_participation(world.secret).person
        make_participation(other, person)
        make_tie(person, body)
    client = Client()
    client.force_login(world.alice)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(reverse("participants:network")).status_code == 200
    assert len(asked) == NETWORK_QUERIES


@given(
    parts=st.sets(st.tuples(SMALL, SMALL), max_size=6),
    ties=st.lists(st.tuples(SMALL, SMALL, st.integers(0, 300), st.integers(0, 4)), max_size=8),
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_edges_equal_a_recomputation(world: World, parts: set[Any], ties: list[Any]) -> None:
    conflict = make.make_conflict()
    cards = [make.make_initiative(conflict, world.house, lead=world.alice) for _card in range(3)]
    people, bodies = (
        [make_person(world.house) for _one in range(3)],
        [make_body(conflict) for _one in range(3)],
    )
    for who, where in parts:
        make_participation(cards[where], people[who])
    for who, where, days, strength in ties:
        day = timezone.localdate() - timedelta(days=days)
        make_tie(people[who], bodies[where], strength=strength, last_confirmed_on=day)
    expected = set()
    for card in range(3):
        for body in range(3):
            found = [
                (days <= 180, strength)
                for who, where, days, strength in ties
                if where == body and (who, card) in parts
            ]
            if found:
                live, strength = max(found)
                expected.add(Edge(cards[card].pk, bodies[body].pk, strength, not live))

    seen = Participation.objects.visible_to(world.alice).filter(initiative__in=cards)

    assert set(edges_of(seen, reach_on(world.alice, conflict))) == expected
