"""Pages of conflicts and initiatives, as people use them: read, filter, open, edit, widen, team, circle."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from conftest import World
from tests import factories as make

pytestmark = pytest.mark.django_db


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def alice(world: World) -> Client:
    return signed_in(world.alice)


@pytest.mark.parametrize("name", ["initiative", "edit", "status", "visibility", "team", "who"])
def test_every_page_of_an_initiative_opens_for_its_lead(world: World, alice: Client, name: str) -> None:
    answer = alice.get(reverse(f"initiatives:{name}", args=[world.secret.pk]))
    assert answer.status_code == 200
    assert "Secret Heron" in answer.content.decode()


@pytest.mark.parametrize("name", ["initiative", "edit", "status", "visibility", "team", "who"])
def test_a_hidden_initiative_is_missing_on_every_page(world: World, name: str) -> None:
    for user in (world.rita, world.harry, world.cora, world.stella, world.sam):
        answer = signed_in(user).get(reverse(f"initiatives:{name}", args=[world.secret.pk]))
        assert answer.status_code == 404
        assert "Secret Heron" not in answer.content.decode()


def test_lists_and_conflict_page_open(world: World, alice: Client) -> None:
    make.make_track(world.conflict)
    make.make_deadline(world.conflict)
    for path in (
        reverse("initiatives:conflicts"),
        reverse("initiatives:initiatives"),
        reverse("initiatives:conflict", args=[world.conflict.pk]),
        reverse("initiatives:open"),
        reverse("initiatives:open") + f"?conflict={world.child.pk}",
    ):
        answer = alice.get(path)
        assert answer.status_code == 200, path
        assert "<h1>" in answer.content.decode()
