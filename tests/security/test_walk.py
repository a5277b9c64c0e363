"""Walks every address as those who may know nothing, and looks for anything of a team-only card.

Generated from the URLconf. Three questions: is there a word of it in any answer; does what is hidden answer like
what does not exist; is the whole transcript the same in a world where it was never made.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.services import create_token
from conftest import World
from coordination.models import CoordinationLink, OverlapFlag
from initiatives.models import Initiative
from tests.security.conftest import REFERENCE, Secrets
from tests.security.routes import Route, every_route

METHODS = ("get", "head", "options", "post", "put", "patch", "delete")
WATCHERS = ("anonymous", "rita", "sam", "harry", "stella")
# Signing out ends the walk; it is walked alone in tests/accounts.
SKIPPED = ("account/logout/",)
# Tokens against forged requests, times of day, signed values: new in every answer whoever asks.
VOLATILE = re.compile(
    rb'name="csrfmiddlewaretoken" value="[^"]+"|"X-CSRFTOKEN": "[^"]+"|X-CSRFTOKEN[^,}]+'
    rb"|\d\d:\d\d(:\d\d)?|:[\w]{6}:[\w-]{43}"
)

OWN_HEADERS = {"RateLimit-Remaining", "RateLimit-Reset", "RateLimit", "Content-Length"}
QUERIES = ("?q=heron", "?search=heron", "?conflict={conflict}", "?ordering=codename")

Request = Callable[..., HttpResponse]


def routes() -> list[Route]:
    return [route for route in every_route() if route.pattern not in SKIPPED]


def request_as(world: World, watcher: str) -> Request:
    """A client of the watcher; the API is asked with a token, pages with a session."""
    client = Client(raise_request_exception=False)
    token = ""
    if watcher != "anonymous":
        user = getattr(world, watcher)
        client.force_login(user)
        token = create_token(by=user, scope="write")[1]

    def request(method: str, path: str, **extra: Any) -> HttpResponse:
        if path.startswith("/api/v1/") and token:
            extra["headers"] = {"Authorization": f"Bearer {token}"}
        if method in ("post", "put", "patch") and path.startswith("/api/"):
            extra.setdefault("data", "{}")
            extra.setdefault("content_type", "application/json")
        return getattr(client, method)(path, **extra)

    return request


def whole(response: HttpResponse) -> bytes:
    """Status, headers and body. Left out is what counts the reader's own requests, and the body's length."""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    headers = {name: value for name, value in response.headers.items() if name not in OWN_HEADERS}
    return b"\n".join([str(response.status_code).encode(), json.dumps(headers).encode(), body])


@pytest.mark.django_db
def test_every_parameter_is_explained() -> None:
    unexplained = []
    for route in every_route():
        try:
            route.kinds()
        except LookupError as missing:
            unexplained.append(str(missing))

    assert unexplained == []


@pytest.mark.parametrize("watcher", WATCHERS)
def test_no_answer_holds_a_word_of_it(world: World, secrets: Secrets, watcher: str) -> None:
    """Asked with the ids of the hidden records themselves, by every method."""
    # Harry and Alice are of one house: a colleague's name and the house's own declaration are no secret to him.
    # A steward lists the members of organisations.
    own = {world.bob.name} if watcher in ("harry", "stella") else set()
    if watcher == "harry":
        own |= {str(secrets.records["declaration"].pk), secrets.records["declaration"].pk.hex}
    request = request_as(world, watcher)
    ids, words = secrets.ids(), [word for word in secrets.words() if word not in own]
    found = []
    for route in routes():
        values = {name: ids.get(kind, uuid4()) for name, kind in route.kinds().items()}
        asked = {str(value) for value in values.values()} | {value.hex for value in values.values()}
        for method in METHODS:
            answer = whole(request(method, route.path(values))).decode(errors="replace")
            found += [(route.pattern, method, word) for word in words if word in answer and word not in asked]
            status = int(answer.split("\n", 1)[0])
            if status >= 500:
                found.append((route.pattern, method, f"answered {status}"))

    assert found == []


@pytest.mark.parametrize("watcher", WATCHERS)
def test_hidden_answers_like_missing(world: World, secrets: Secrets, watcher: str) -> None:
    """Status, headers, body and number of queries, for every address that names a hidden record."""
    request = request_as(world, watcher)
    different = []
    for route in routes():
        kinds = route.kinds()
        hidden = {name: kind for name, kind in kinds.items() if kind not in REFERENCE and kind != "-"}
        if not hidden or (watcher == "harry" and "declaration" in hidden.values()):
            continue
        ids = {name: secrets.ids().get(kind, uuid4()) for name, kind in kinds.items()}
        strange = {name: uuid4() if name in hidden else value for name, value in ids.items()}
        for method in ("get", "post", "patch", "delete"):
            request(method, route.path(strange))  # What is read once only, such as a token's last use.
            for_hidden = _ask(request, method, route, ids)
            for_missing = _ask(request, method, route, strange)
            if for_hidden != for_missing:
                different.append((route.pattern, method, for_hidden[0], for_missing[0]))

    assert different == []


def _ask(request: Request, method: str, route: Route, values: dict[str, UUID]) -> tuple[Any, ...]:
    with CaptureQueriesContext(connection) as queries:
        response = request(method, route.path(values))
    body = whole(response)
    for value in values.values():
        body = body.replace(str(value).encode(), b"ID").replace(value.hex.encode(), b"ID")
    return response.status_code, len(queries), VOLATILE.sub(b"", body)


@pytest.mark.parametrize("watcher", WATCHERS)
def test_transcript_is_the_same_in_a_world_without_it(world: World, secrets: Secrets, watcher: str) -> None:
    """Every list, count, order, choice and page of a reader who may know nothing of it."""
    request = request_as(world, watcher)
    request("get", "/api/v1/me/")  # Marks the token as used, before the page that shows its last use is read.
    with_it = _transcript(request, world, secrets)
    CoordinationLink.objects.all().delete()
    OverlapFlag.objects.all().delete()
    Initiative.objects.filter(pk=world.secret.pk).delete()
    without_it = _transcript(request, world, secrets)

    assert [path for path in with_it if with_it[path] != without_it[path]] == []


def _transcript(request: Request, world: World, secrets: Secrets) -> dict[str, Any]:
    own = {"initiative": world.rival.pk, "member": world.rival.members.get().pk}
    heard = {}
    for route in routes():
        values = {
            name: secrets.ids()[kind] if kind in REFERENCE else own.get(kind, UUID(int=7))
            for name, kind in route.kinds().items()
        }
        for query in ("", *(QUERIES if not values else ())):
            path = route.path(values) + query.format(conflict=world.conflict.pk)
            heard[path] = _ask_path(request, path)
    return heard


def _ask_path(request: Request, path: str) -> tuple[int, int, bytes]:
    with CaptureQueriesContext(connection) as queries:
        response = request("get", path)
    return response.status_code, len(queries), VOLATILE.sub(b"", whole(response))
