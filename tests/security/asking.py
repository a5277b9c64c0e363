"""How the proofs ask: as somebody, by a method, at an address; and what of an answer can be compared.

Requests are real ones, through the whole stack, as the database role that a user acts in. Pages are asked with a
session, the API with a token.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any

from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.services import create_token
from accounts.sessions import USED
from tests.second_factor import LONGEST_TEST
from tests.security.routes import Route, every_route

METHODS = ("get", "head", "options", "post", "put", "patch", "delete")
# What pages and the API answer to. Who is asked for does not decide whether an address knows a method, so one
# watcher asks by every method and the others by these.
OF_PAGES, OF_THE_API = ("get", "post"), ("get", "post", "patch", "delete")
# What cannot change anything.
SAFE = ("get", "head", "options")
# Signing out ends the walk; it is walked alone in tests/accounts.
SKIPPED = ("account/logout/", "account/end-everything/")

# Tokens against forged requests, times of day, signed values, and what a second factor that is set up begins with: new
# in every answer whoever asks.
VOLATILE = re.compile(
    rb'name="csrfmiddlewaretoken" value="[^"]+"|"X-CSRFTOKEN": "[^"]+"|X-CSRFTOKEN[^,}]+'
    rb"|\d\d:\d\d(:\d\d(\.\d+)?)?|:[\w]{6}:[\w-]{43}"
    rb'|src="data:image/svg[^"]+"|id="secret" dir="ltr">[A-Z2-7]+<|"challenge": "[\w-]+"'
)
# What counts the reader's own requests, and the length of a body that holds something volatile.
OWN_HEADERS = {"RateLimit-Remaining", "RateLimit-Reset", "RateLimit", "Content-Length"}

Request = Callable[..., HttpResponse]


def routes() -> list[Route]:
    """Every address that can be walked."""
    return [route for route in every_route() if route.pattern not in SKIPPED]


def methods_at(path: str, *, every: bool) -> tuple[str, ...]:
    """By which methods an address is asked: every one, or those that one of its kind can have."""
    if every:
        return METHODS
    return OF_THE_API if path.lstrip("/").startswith("api/") else OF_PAGES


def request_as(user: User | None) -> Request:
    """A client of the user, or of a visitor. Exceptions become answers, as on a server."""
    pages, api = Client(raise_request_exception=False), Client(raise_request_exception=False)
    if user is not None:
        pages.force_login(user)
        used_later(pages)
        api.defaults["HTTP_AUTHORIZATION"] = f"Bearer {create_token(by=user, scope='write')[1]}"

    # One request does not prepare the next: nobody is signed out by it, and no message waits.
    signed_in = {name: morsel.value for name, morsel in pages.cookies.items()}

    def request(method: str, path: str, **extra: Any) -> HttpResponse:
        if not path.startswith("/api/v1/"):
            pages.cookies = SimpleCookie(signed_in)
            return getattr(pages, method)(path, **extra)
        if method in ("post", "put", "patch"):
            extra = {"data": "{}", "content_type": "application/json", **extra}
        return getattr(api, method)(path, **extra)

    return request


def used_later(client: Client) -> None:
    """Once a minute it is written down that a sign-in is used: that one request would ask more than the others."""
    session: Any = client.session
    session[USED] = time.time() + LONGEST_TEST
    session.save()


def whole(response: HttpResponse) -> bytes:
    """Status, headers and body."""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    headers = {name: value for name, value in response.headers.items() if name not in OWN_HEADERS}
    return b"\n".join([str(response.status_code).encode(), json.dumps(headers).encode(), body])


@dataclass(frozen=True)
class Answer:
    """What somebody who watches closely learns from one request."""

    status: int
    queries: int
    text: bytes


def answer(request: Request, method: str, path: str, *unnamed: Any, **extra: Any) -> Answer:
    """Ask, and leave out what is new in every answer and the ids that were asked for."""
    connection.queries_log.clear()  # It holds some thousands, and counts no further.
    with CaptureQueriesContext(connection) as queries:
        response = request(method, path, **extra)
    text = whole(response)
    for value in unnamed:
        text = text.replace(str(value).encode(), b"ID").replace(value.hex.encode(), b"ID")
    return Answer(response.status_code, len(queries), VOLATILE.sub(b"", text))
