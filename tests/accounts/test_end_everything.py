"""The button for whoever lost a device: every sign-in and every token of one's own ends, nobody else's does."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import AccessToken
from accounts.services import create_token, end_everything
from confidentiality.policy import Hidden
from conftest import World
from tests.clients import client_with, get

pytestmark = pytest.mark.django_db
ADDRESS = "/account/end-everything/"


def signed_in(user: object) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_everything_of_ones_own_ends_and_nothing_of_others(world: World) -> None:
    here, lost, other = signed_in(world.alice), signed_in(world.alice), signed_in(world.bob)
    keys = [client_with(create_token(by=user, scope="read")[1]) for user in (world.alice, world.bob)]

    answer = here.post(ADDRESS, follow=True)

    assert "All your sign-ins and tokens are ended" in answer.content.decode()
    assert [client.get("/account/").status_code for client in (here, lost, other)] == [302, 302, 200]
    assert [get(key, "me/").status_code for key in keys] == [401, 200]


def test_looking_ends_nothing(world: World) -> None:
    client = signed_in(world.alice)
    create_token(by=world.alice, scope="read")

    assert "1 token of your programs" in client.get(ADDRESS).content.decode()
    assert client.get("/account/").status_code == 200
    assert AccessToken.objects.live().count() == 1


def test_signing_in_again_works(world: World) -> None:
    signed_in(world.alice).post(ADDRESS)
    world.alice.refresh_from_db()

    assert signed_in(world.alice).get("/account/").status_code == 200


def test_it_works_without_a_script_and_is_on_every_page(world: World) -> None:
    """A link in the menu that a phone shows under More, then a button of a plain form."""
    client = signed_in(world.alice)

    assert client.get("/").content.decode().count(f'href="{ADDRESS}"') == 2
    assert '<form method="post" class="d-grid">' in client.get(ADDRESS).content.decode()


def test_a_forged_request_ends_nothing(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.alice)

    assert client.post(ADDRESS).status_code == 403
    assert client.get("/account/").status_code == 200


def test_nobody_ends_what_is_anothers(world: World) -> None:
    with pytest.raises(Hidden):
        end_everything(by=world.bob, user=world.alice)
