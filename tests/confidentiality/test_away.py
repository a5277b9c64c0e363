"""Pages and endpoints while the key service does not answer: later, in words, and nothing is half saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from conftest import World
from initiatives.models import Brief
from tests import factories as make
from tests.clients import client_of, get, patch

pytestmark = pytest.mark.django_db

SENTENCE = "What keeps the keys of this site does not answer. Nothing is lost"


@pytest.fixture
def away(world: World, settings: Any, tmp_path: Path) -> World:
    """The brief of `secret` is there, and nobody holds its keys."""
    make.make_brief(world.secret, world.alice)
    settings.KEY_SERVICE = f"file:{tmp_path / 'keys.json'}"
    return world


@pytest.fixture
def page(world: World) -> Client:
    client = Client()
    client.force_login(world.alice)
    return client


def test_page_says_that_it_can_be_had_later(away: World, page: Client, caplog: Any) -> None:
    answer = page.get(reverse("initiatives:brief", args=[away.secret.pk]))

    assert (answer.status_code, answer["Retry-After"], answer["Cache-Control"]) == (
        503,
        "5",
        "no-store, private",
    )
    assert SENTENCE in answer.content.decode()
    assert "The key file" not in answer.content.decode()
    assert [line.name for line in caplog.records if "cannot be read" in line.message] == [
        "confidentiality.middleware"
    ]


def test_page_says_it_in_the_readers_language(away: World, page: Client) -> None:
    away.alice.language = "ar"
    away.alice.save()

    text = page.get(reverse("initiatives:brief", args=[away.secret.pk])).content.decode()

    assert 'lang="ar" dir="rtl"' in text
    assert SENTENCE not in text


def test_nothing_is_half_saved(away: World, page: Client) -> None:
    before = Brief.objects.values().get()

    answer = page.post(
        reverse("initiatives:edit_brief", args=[away.secret.pk]),
        {"title": "New", "version": before["version"]},
    )

    assert answer.status_code == 503
    assert Brief.objects.values().get() == before


def test_api_answers_with_a_problem(away: World) -> None:
    client = client_of(away.alice)
    read = get(client, f"briefs/{away.secret.pk}/")
    written = patch(client, f"briefs/{away.secret.pk}/", {"title": "New"})

    for answer in (read, written):
        assert (answer.status_code, answer["Retry-After"]) == (503, "5")
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["type"] == "urn:t2d:problem:unavailable"


def test_strangers_notice_nothing(away: World) -> None:
    client = Client()
    client.force_login(away.rita)

    hidden = client.get(reverse("initiatives:brief", args=[away.secret.pk]))

    assert hidden.status_code == 404
    assert get(client_of(away.rita), f"briefs/{away.secret.pk}/").status_code == 404


def test_one_damaged_text_takes_nothing_else_away(world: World, page: Client, caplog: Any) -> None:
    damaged = make.make_brief(world.secret, world.alice)
    whole = make.make_initiative(world.conflict, world.house, lead=world.alice)
    make.make_brief(whole, world.alice, title="Still readable")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE initiatives_brief SET title = substr(title, 2) WHERE initiative_id = %s",
            [world.secret.pk],
        )

    home = page.get(reverse("home")).content.decode()
    found = page.post(reverse("initiatives:search"), {"q": "readable"}).content.decode()

    assert "Still readable" in home
    assert world.secret.codename in home
    assert "Still readable" in found
    assert f"brief.title of {damaged.pk} does not open" in caplog.messages
