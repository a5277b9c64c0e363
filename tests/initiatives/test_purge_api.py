"""Purges over REST: read only, and no more than the pages show."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from conftest import World
from initiatives import services
from initiatives.models import PurgeRequest
from initiatives.tasks import purge_due
from tests import factories as make
from tests.clients import client_of

pytestmark = pytest.mark.django_db
REQUEST_QUERIES, TOMBSTONE_QUERIES = 11, 10
BASE = "/api/v1/"


def results(client: APIClient, path: str) -> list[dict[str, Any]]:
    answer = client.get(BASE + path)
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def confirmed(world: World, reason: str = "risk_to_participants") -> PurgeRequest:
    asked = services.ask_purge(by=world.alice, initiative=world.secret, reason=reason)
    return services.confirm_purge(by=world.bob, request=asked, name="secret heron")


def test_team_follows_a_purge_from_request_to_tombstone(world: World) -> None:
    client = client_of(world.alice)
    purge = confirmed(world)
    (row,) = results(client, "purge-requests/?state=confirmed")
    assert (row["id"], row["initiative"], row["reason"]) == (
        str(purge.pk),
        str(world.secret.pk),
        "risk_to_participants",
    )
    assert (row["asked_by"], row["confirmed_by"]) == (str(world.alice.pk), str(world.bob.pk))
    assert results(client, "tombstones/") == []

    purge_due()

    assert results(client, "purge-requests/") == []
    (row,) = results(client, f"tombstones/?initiative={world.secret.pk}")
    assert (row["id"], row["initiative"], row["state"]) == (str(purge.pk), str(world.secret.pk), "done")
    assert client.get(f"{BASE}tombstones/{purge.pk}/").json() == row


@pytest.mark.parametrize("who", ["harry", "rita", "cora", "stella", "sam"])
def test_others_find_nothing(world: World, who: str) -> None:
    client = client_of(getattr(world, who))
    purge = confirmed(world, "other")
    grave = make.make_tombstone(world.alice, world.bob)
    for resource, record in (("purge-requests", purge), ("tombstones", grave)):
        assert results(client, f"{resource}/") == []
        hidden, missing = (client.get(f"{BASE}{resource}/{pk}/") for pk in (record.pk, uuid4()))
        assert (hidden.status_code, hidden.content) == (404, missing.content)


@pytest.mark.parametrize("method", ["post", "patch", "delete"])
def test_nothing_is_written_here(world: World, method: str) -> None:
    client = client_of(world.alice)
    purge = confirmed(world, "other")

    answers = [
        getattr(client, method)(f"{BASE}{path}", {"reason": "other"}, format="json")
        for path in ("purge-requests/", f"purge-requests/{purge.pk}/", "tombstones/")
    ]

    assert {answer.status_code for answer in answers} == {405}


@pytest.mark.parametrize("number", [1, 3])
def test_lists_ask_as_much_for_three_rows_as_for_one(
    world: World, number: int, django_assert_num_queries: Any
) -> None:
    for _index in range(number):
        card = make.make_initiative(world.conflict, world.house, lead=world.alice)
        make.make_purge_request(card, world.alice)
        make.make_tombstone(world.alice, world.bob)
    client = client_of(world.alice)
    client.get(BASE + "me/")  # Marks the token as used.
    for path, expected in (("purge-requests/", REQUEST_QUERIES), ("tombstones/", TOMBSTONE_QUERIES)):
        with django_assert_num_queries(expected):
            assert len(results(client, path)) == number
