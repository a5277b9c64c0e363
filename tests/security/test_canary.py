"""A unique word in every confidential text, and no trace of it wherever a stranger can look.

Proved: with a canary in every text of every confidential model (found by looking at the models), no answer to
anybody outside the team holds one, whatever the address and the method; and after the team has worked on its pages and
over the API, made mistakes and met faults, there is none in logs, broker, cache, mail, sessions, or the files of the
database's log. Looked for in plain, base64, hex, percent-encoded and compressed form; the same scanner finds them
where they belong. What a dump holds is proved in test_dump.py.
Not proved: that nothing can be inferred, from counts or times for instance (test_two_worlds.py); nor what a browser,
a proxy or an operator who reads memory sees.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.core.cache import cache

from confidentiality.fields import Encrypted
from conftest import World
from coordination.models import CoordinationLink, OverlapFlag
from tests.logins import WEB, logged_in_as
from tests.security.asking import Request, methods_at, request_as, routes, whole
from tests.security.canaries import (
    CARD,
    CONTENT,
    Planted,
    confidential_texts,
    found_in,
    percent,
    plant,
    word,
)
from tests.security.conftest import Secrets
from tests.security.traces import USUAL, lying_in, stores, traces
from tests.security.work import work

WATCHERS = ("anonymous", "rita", "sam", "harry", "stella", "cora")
# Only a card of the public record has these, and it has no team.
REFUSED = {f"initiatives.Initiative.{name}" for name in ("title", "reference", "source")}
# Part of every canary: a search for it finds them all, and is itself none.
PART = "x0"


@pytest.fixture(autouse=True)
def _asked_as_often_as_it_takes(settings: Any) -> None:
    """Whoever is told to wait is told nothing."""
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": {"user": "1000000/min"}}


@pytest.fixture
def planted(secrets: Secrets) -> Planted:
    return plant(secrets.hidden)


def asked_as(world: World, watcher: str) -> Request:
    """Somebody outside. The coordinator is one without a flag: where a pair overlaps, part of the card is shown."""
    if watcher == "cora":
        CoordinationLink.objects.all().delete()
        OverlapFlag.objects.all().delete()
    return request_as(None if watcher == "anonymous" else getattr(world, watcher))


def addresses(secrets: Secrets) -> list[str]:
    """Every address of the site, with the ids of the hidden records in it, and every list searched."""
    ids = secrets.ids()
    found = []
    for route in routes():
        path = route.path({name: ids.get(kind, uuid4()) for name, kind in route.kinds().items()})
        found += [path] if route.parameters else [path, f"{path}?q={PART}&search={PART}"]
    return found


# --- The canaries and the scanner -----------------------------------------------------------------------------


@pytest.mark.django_db
def test_every_confidential_text_holds_a_canary(planted: Planted) -> None:
    fields = {f"{field.model._meta.label}.{field.name}" for field in confidential_texts()}
    encrypted = [field for field in confidential_texts() if isinstance(field, Encrypted)]

    assert planted.fields() | planted.refused == fields
    assert planted.refused == REFUSED
    assert len(planted.fields(CONTENT)) == len(encrypted) > 5


DISGUISES: dict[str, Any] = {
    "plain": str,
    "in capitals": str.upper,
    "hex": lambda text: text.encode().hex(),
    "hex in capitals": lambda text: text.encode().hex().upper(),
    "percent-encoded": percent,
    "percent-encoded twice": lambda text: quote(percent(text)),
    "base64 of JSON, which a broker holds": lambda text: base64.b64encode(f'{{"a": "{text}"}}'.encode()).decode(),
    "compressed, as in a cookie": lambda text: (
        "." + base64.urlsafe_b64encode(zlib.compress(text.encode() * 3)).decode().rstrip("=") + ":signed"
    ),
    "JSON": lambda text: f'{{"title": "\\u00e4{text}"}}',
} | {
    f"base64, {before} before": lambda text, before=before: base64.b64encode(b"-" * before + text.encode()).decode()
    for before in range(3)
}  # fmt: skip


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("mark", [CONTENT, CARD], ids=["content", "card"])
def test_the_scanner_sees_through_every_disguise(mark: str, disguise: str) -> None:
    canary = word(mark)
    text = f"<p>before {DISGUISES[disguise](canary)} after</p>"

    assert any(found.startswith(mark) for found in found_in(text))
    assert found_in("nothing %41%42 cXppbm5v 717a ...") == set()


@pytest.mark.django_db
def test_the_scanner_finds_them_on_the_pages_of_the_team(
    world: World, secrets: Secrets, planted: Planted
) -> None:
    """The control of all that follows: the same crawl, as a member of the team."""
    request = request_as(world.alice)
    found = {canary for path in addresses(secrets) for canary in found_in(whole(request("get", path)))}
    brief = {f"initiatives.Brief.{name}" for name in ("title", "objective", "legal_note", "exit_plan")}

    assert brief | {"initiatives.Initiative.codename", "initiatives.Draft.data"} <= planted.names(found)


# --- Answers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("watcher", WATCHERS)
@pytest.mark.django_db
def test_no_answer_holds_a_canary(world: World, secrets: Secrets, planted: Planted, watcher: str) -> None:
    request = asked_as(world, watcher)
    found, answers = set(), set()
    for path in addresses(secrets):
        for method in methods_at(path, every=watcher == "harry" and "?" not in path):
            cache.clear()  # The library counts attempts.
            response = request(method, path)
            answers.add(response.status_code)
            heard = whole(response) + response.cookies.output().encode()
            found |= {(method, path, name) for name in planted.names(found_in(heard))}

    assert found == set()
    assert {404, 405} <= answers or watcher == "anonymous"
    assert max(answers) < 500
    assert 429 not in answers


# --- Traces ---------------------------------------------------------------------------------------------------


def test_nothing_stays_where_a_stranger_or_a_thief_could_look(
    transactional_db: None, world: World, secrets: Secrets, planted: Planted, settings: Any
) -> None:
    """Logs, broker, cache, mail, sessions, and what the services log: after a day's work of the team."""
    paths = addresses(secrets)
    settings.ROOT_URLCONF = "tests.security.strange"
    alice, strangers = (
        request_as(world.alice),
        [asked_as(world, watcher) for watcher in ("rita", "harry", "cora")],
    )
    with traces() as left:
        with logged_in_as(WEB):
            answers = work(alice, secrets, paths)
            for request in strangers:
                for path in paths:
                    request("get", path)
        texts = left() | {"cookies of the team": "".join(answer.cookies.output() for answer in answers)}
    world.secret.refresh_from_db()

    assert world.secret.visibility == "team"
    assert {200, 201, 302, 400, 404, 422, 500} <= {answer.status_code for answer in answers}
    assert {place for place, text in texts.items() if not text and not place.endswith(".log")} == set()
    assert any(found.startswith(CONTENT) for found in found_in(texts.pop(USUAL)))
    assert {(place, name) for place, text in texts.items() for name in planted.names(found_in(text))} == set()


@pytest.mark.django_db
def test_what_is_kept_of_a_request_cannot_be_guessed_at(world: World) -> None:
    """A plain digest of a short text tells the text to whoever tries all that it could be."""
    address, body = "/api/v1/briefs/", {"initiative": str(world.secret.pk), "title": word(CONTENT)}
    request = request_as(world.alice)
    response = request("post", address, data=body, headers={"Idempotency-Key": "once"})
    kept = "".join(lying_in(stores()["cache"]))
    texts = [json.dumps(said, sort_keys=True) for said in (["POST", address, "", body], body, body["title"])]

    assert response.status_code == 201
    assert "idempotency:" in kept
    assert [text for text in texts if hashlib.sha256(text.encode()).hexdigest() in kept] == []
