"""An access that ends is gone at once: in browsers that are open, and with tokens that were given before."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.services import create_token, revoke_token
from confidentiality.actor import actor
from conftest import World
from tests import factories as make

pytestmark = pytest.mark.django_db


def answers(world: World, browser: Client, token: str) -> list[int]:
    """Of pages and endpoints of the hidden initiative, its brief among them."""
    pk = world.secret.pk
    program: dict[str, Any] = {"headers": {"Authorization": f"Bearer {token}"}}
    return [
        browser.get(reverse("initiatives:initiative", args=[pk])).status_code,
        browser.get(reverse("initiatives:brief", args=[pk])).status_code,
        Client().get(f"/api/v1/initiatives/{pk}/", **program).status_code,
        Client().get(f"/api/v1/briefs/{pk}/", **program).status_code,
    ]


def test_browser_and_token_open_nothing_of_a_team_that_was_left(world: World) -> None:
    make.make_brief(world.secret, world.alice)
    browser = Client()
    browser.force_login(world.bob)
    with actor(world.bob):
        _token, plain = create_token(by=world.bob, scope="write")
    before = answers(world, browser, plain)
    world.secret.members.filter(user=world.bob).update(expires_at=timezone.now())

    assert (before, answers(world, browser, plain)) == ([200] * 4, [404] * 4)


def test_a_revoked_token_opens_nothing(world: World) -> None:
    with actor(world.bob):
        token, plain = create_token(by=world.bob, scope="read")
        headers = {"Authorization": f"Bearer {plain}"}
        before = Client().get("/api/v1/me/", headers=headers).status_code
        revoke_token(by=world.bob, token=token)

    assert (before, Client().get("/api/v1/me/", headers=headers).status_code) == (200, 401)
