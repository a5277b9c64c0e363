"""A sign-in ends when nobody uses it, and after eight hours; what was typed is there afterwards."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import timezone

from conftest import World
from initiatives.models import Draft
from tests import factories as make

pytestmark = pytest.mark.django_db

TEMPLATES = Path(settings.BASE_DIR) / "templates"


def signed_in_client() -> Client:
    client = Client()
    client.force_login(make.make_user("Ann"))
    return client


def answers(
    client: Client, start: datetime, *minutes: float, path: str = "/account/", **headers: str
) -> list[int]:
    """What the client is answered so many minutes after the start."""
    found = []
    for after in minutes:
        with time_machine.travel(start + timedelta(minutes=after), tick=False):
            found.append(client.get(path, headers=headers).status_code)
    return found


def test_it_ends_when_nobody_uses_it() -> None:
    client, start = signed_in_client(), timezone.now()

    assert answers(client, start, 14, 28, 42, 58) == [200, 200, 200, 302]


def test_it_ends_after_eight_hours_however_busy() -> None:
    client, start = signed_in_client(), timezone.now()

    assert set(answers(client, start, *range(10, 480, 10))) == {200}
    assert answers(client, start, 481) == [302]


def test_what_a_page_asks_by_itself_keeps_nobody_signed_in() -> None:
    client, start = signed_in_client(), timezone.now()

    asked = answers(client, start, 5, 10, 14, 16, **{"T2D-Polling": "1"})
    with time_machine.travel(start + timedelta(minutes=17), tick=False):
        told = client.get("/account/", headers={"T2D-Polling": "1"})

    assert asked == [200, 200, 200, 204]
    assert (told["HX-Refresh"], told.content) == ("true", b"")


def test_every_part_that_asks_by_itself_says_so() -> None:
    asking = re.compile(r'hx-trigger="[^"]*\b(?:every|load)\b[^"]*"')
    found = [
        (path.name, tag)
        for path in TEMPLATES.rglob("*.html")
        for tag in re.findall(r"<[^>]*hx-trigger[^>]*>", path.read_text())
        if asking.search(tag)
    ]

    assert found
    told = [(name, re.search(r"hx-headers='([^']*)' ", tag)) for name, tag in found]
    assert [name for name, said in told if said is None or set(json.loads(said[1])) != {"T2D-Polling"}] == []


def test_a_use_is_written_down_once_a_minute(django_assert_num_queries: object) -> None:
    client, start = signed_in_client(), timezone.now()
    answers(client, start, 2)
    before = dict(client.session.items())
    answers(client, start, 2.5)
    after = dict(client.session.items())

    assert before == after


def test_a_half_typed_session_is_there_after_signing_in_again(world: World) -> None:
    client, start = Client(), timezone.now()
    client.force_login(world.alice)
    address = f"/sessions/new/?initiative={world.secret.pk}"
    page = client.get(address).content.decode()
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    assert fields["draft"].startswith("session")
    client.post("/drafts/", fields | {"purpose": "Half a sentence of"})
    assert Draft.objects.count() == 1

    assert answers(client, start, 16, path=address) == [302]
    client.force_login(world.alice)
    assert "Half a sentence of" in client.get(address).content.decode()
