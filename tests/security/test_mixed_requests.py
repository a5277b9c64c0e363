"""Two thousand requests of several users over a few shared connections, some failing in every way a request can fail:
nobody ever reads a word of somebody else's, and no connection keeps an actor.

Proved, with the application as a web server calls it, logged in as it is in production, in threads, with real
transactions: over persistent connections and over a pool of psycopg's. Among the requests are views that raise after
they wrote, that go on after an error of the database, that stream, that read when their transaction is over, that
are refused, and visitors. After each of them the connection is at rest: nobody acts, no transaction is open, and
past the guard it reaches no row. The same when PostgreSQL cuts connections off in the middle of their work. That it
would be noticed is shown with a view that does what must never be done.
Not proved: pools of other makers, such as pgbouncer, and views that are asynchronous, of which there are none.
"""

from __future__ import annotations

import gc
import io
import logging
import random
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from django.conf import settings as site
from django.core.handlers.wsgi import WSGIHandler
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections
from django.middleware.csrf import CSRF_SECRET_LENGTH
from django.test import Client, RequestFactory

from accounts.services import create_token
from initiatives.models import Initiative
from tests import factories as make
from tests.logins import WEB, logged_in_as
from tests.security.strange import LOST

PEOPLE, THREADS, REQUESTS, CUTS = 6, 4, 1000, 30
CUT_OFF = 599
WORD = re.compile(r"kestrel\d+")
CSRF = "c" * CSRF_SECRET_LENGTH
Way = Callable[[int], dict[str, Any]]
AT_REST = (WEB, WEB, "", 0, False, "")


def persistent(connections: int) -> dict[str, Any]:
    """One for each thread, however many there are."""
    return {"CONN_MAX_AGE": 3600}


def pooled(connections: int) -> dict[str, Any]:
    pool = {"min_size": 1, "max_size": connections, "timeout": 60}
    return {"CONN_MAX_AGE": 0, "OPTIONS": {"pool": pool}}


each_way = pytest.mark.parametrize("way", [persistent, pooled])


@dataclass(frozen=True)
class Person:
    """Somebody with an initiative, and a word that stands in its brief and nowhere else."""

    word: str
    initiative: str
    cookie: str
    token: str


@dataclass(frozen=True)
class Kind:
    """A kind of request: how often it is made, and how it is to be answered. `own`: with one's own word in it."""

    weight: int
    method: str
    path: str
    status: int
    own: bool = True
    body: str = ""
    visitor: bool = False


KINDS = [
    Kind(4, "GET", "/initiatives/{own}/brief/", 200),
    Kind(3, "GET", "/initiatives/", 200),
    Kind(1, "GET", "/initiatives/{own}/", 200),
    Kind(12, "GET", "/api/v1/briefs/{own}/", 200),
    Kind(12, "GET", "/api/v1/briefs/", 200),
    Kind(4, "GET", "/initiatives/{other}/brief/", 404, own=False),
    Kind(8, "GET", "/api/v1/briefs/{other}/", 404, own=False),
    Kind(1, "POST", "/search/", 200, body="q=kestrel"),
    Kind(1, "POST", "/initiatives/{own}/brief/edit/", 422, body="title=x&version=nonsense", own=False),
    Kind(2, "PATCH", "/api/v1/briefs/{own}/", 200, body='{"objective": "Gauges"}'),
    Kind(4, "PATCH", "/api/v1/briefs/{own}/", 400, body='{"title": ["a list"]}', own=False),
    Kind(4, "PATCH", "/api/v1/briefs/{other}/", 404, body='{"title": "Mine"}', own=False),
    Kind(6, "GET", "/strange/{own}/raises/", 500, own=False),
    Kind(6, "GET", "/strange/{own}/is-refused/", 500, own=False),
    Kind(6, "GET", "/strange/{own}/swallows/", 500, own=False),
    Kind(6, "GET", "/strange/{own}/goes-back/", 200),
    Kind(6, "GET", "/strange/{own}/streams/", 200),
    Kind(4, "GET", "/strange/{own}/streams-as-nobody/", 200, own=False),
    Kind(4, "GET", "/strange/{own}/commits/", 200, own=False),
    Kind(4, "GET", "/strange/{other}/plain/", 200, own=False),
    Kind(3, "GET", "/nowhere/", 404, own=False),
    Kind(4, "GET", "/initiatives/{own}/brief/", 302, own=False, visitor=True),
    Kind(4, "GET", "/api/v1/briefs/", 401, own=False, visitor=True),
]


@pytest.fixture
def people(transactional_db: None, settings: Any) -> list[Person]:
    settings.ROOT_URLCONF = "tests.security.strange"
    conflict = make.make_conflict("Valley of Test")
    return [_person(conflict, number) for number in range(PEOPLE)]


def _person(conflict: Any, number: int) -> Person:
    word, house = f"kestrel{number}", make.make_organisation()
    user = make.make_member_of(house, f"Person {number}", "owner", email=f"person{number}@test.example")
    initiative = make.make_initiative(conflict, house, lead=user, codename=f"Card of {word}")
    make.make_brief(initiative, user, title=f"Brief of {word}")
    client = Client()
    client.force_login(user)
    cookies = {name: morsel.value for name, morsel in client.cookies.items()} | {site.CSRF_COOKIE_NAME: CSRF}
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    return Person(word, str(initiative.pk), cookie, create_token(by=user, scope="write")[1])


# --- Asking ---------------------------------------------------------------------------------------------------

application = WSGIHandler()


def ask(kind: Kind, person: Person, other: Person) -> tuple[int, str]:
    """Status and text of an answer, read to its end and closed, as a web server does."""
    heard: list[str] = []
    response = application(
        environ(kind, person, other), lambda status, headers: heard.append(f"{status} {headers}")
    )
    text, status = "", int(heard[0][:3])
    try:
        for part in response:
            text += part.decode()
    except OperationalError:
        status = CUT_OFF  # in the middle of its body: a web server closes the connection to the reader
    finally:
        response.close()
    return status, heard[0] + text


def environ(kind: Kind, person: Person, other: Person) -> dict[str, Any]:
    body = kind.body.encode()
    path = kind.path.format(own=person.initiative, other=other.initiative)
    known = {} if kind.visitor else (
        {"HTTP_AUTHORIZATION": f"Bearer {person.token}"} if path.startswith("/api/") else {"HTTP_COOKIE": person.cookie}
    )  # fmt: skip
    return RequestFactory()._base_environ(
        REQUEST_METHOD=kind.method, PATH_INFO=path, HTTP_X_CSRFTOKEN=CSRF, CONTENT_LENGTH=str(len(body)),
        CONTENT_TYPE="application/json" if body.startswith(b"{") else "application/x-www-form-urlencoded", **known,
    ) | {"wsgi.input": io.BytesIO(body)}  # fmt: skip


def resting() -> tuple[tuple[Any, ...], int]:
    """How the connection of this thread stands, asked past Django and the guard; and which connection it is."""
    connection: Any = connections[DEFAULT_DB_ALIAS]
    pooled = bool(connection.settings_dict["OPTIONS"].get("pool"))
    standing = (connection.in_atomic_block, getattr(connection, "t2d_actor", ""))
    connection.ensure_connection()
    row = connection.connection.execute(
        "SELECT session_user::text, current_user::text, coalesce(current_setting('t2d.actor', true), ''),"
        " (SELECT count(*) FROM initiatives_brief), pg_backend_pid()"
    ).fetchone()
    if pooled:
        connection.close()
    return (*row[:4], *standing), row[4]


def settled() -> tuple[Any, ...]:
    """The same of a connection that may be cut off while it is asked."""
    connection: Any = connections[DEFAULT_DB_ALIAS]
    for _time in range(10):
        connection.close_if_unusable_or_obsolete()
        try:
            return resting()[0]
        except (psycopg.OperationalError, OperationalError):
            connection.close()
    raise AssertionError("no connection lasted long enough to be asked")


# --- Two thousand requests ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Seen:
    kind: Kind
    person: str
    status: int
    words: frozenset[str]
    rest: tuple[Any, ...]
    connection: int


def asked(people: list[Person], seed: int) -> list[Seen]:
    """One thread's share of the requests."""
    chance = random.Random(seed)
    seen = []
    try:
        for _number in range(REQUESTS // THREADS):
            (kind,) = chance.choices(KINDS, [kind.weight for kind in KINDS])
            person, other = chance.sample(people, 2)
            status, text = ask(kind, person, other)
            seen.append(Seen(kind, person.word, status, frozenset(WORD.findall(text)), *resting()))
    finally:
        connections.close_all()
    return seen


@contextmanager
def served(way: dict[str, Any]) -> Iterator[Any]:
    """As a web process with connections of this way. Without the log, which would take longer than the requests."""
    with logged_in_as(WEB, **way) as connection:
        logging.disable()
        try:
            yield connection
        finally:
            logging.disable(logging.NOTSET)
            connection.close()
            connection.close_pool()


@each_way
def test_nobody_reads_a_word_of_anybody_else(people: list[Person], way: Way) -> None:
    with served(way(THREADS - 1)), ThreadPoolExecutor(THREADS) as threads:
        seen = [
            one for share in threads.map(lambda seed: asked(people, seed), range(THREADS)) for one in share
        ]
    users = defaultdict(set)
    for one in seen:
        users[one.connection].add(one.person)

    assert [one for one in seen if one.words - {one.person}] == []
    assert [one for one in seen if one.rest != AT_REST] == []
    assert [one for one in seen if one.status != one.kind.status] == []
    assert [one for one in seen if one.kind.own and not one.words] == []
    assert not Initiative.objects.filter(public_line=LOST).exists()
    # That there was something to be mixed up.
    assert len(seen) == REQUESTS
    assert {one.kind for one in seen} == set(KINDS)
    assert [one.status for one in seen].count(500) > REQUESTS / 10
    assert len(users) <= THREADS
    assert {len(served_by_one) for served_by_one in users.values()} == {PEOPLE}


# Where rows are read by a cursor of the server, a cut leaves it open, and nobody is there to close it.
@pytest.mark.filterwarnings("ignore:Exception ignored in.*ServerCursorMixin")
@each_way
def test_who_is_cut_off_leaves_nothing_to_the_next(people: list[Person], way: Way) -> None:
    """PostgreSQL ends all connections of the site, several times, in the middle of what they do."""
    with served(way(THREADS - 1)) as connection, ThreadPoolExecutor(THREADS + 1) as threads:
        cutting = threads.submit(cut_off, dict(connection.settings_dict))
        heard = [
            one for share in threads.map(lambda seed: some(people, seed), range(THREADS)) for one in share
        ]
        cut = cutting.result()
        afterwards = [ask(KINDS[0], person, people[0])[0] for person in people]
    gc.collect()
    unlucky = {status for kind, _person, status, _words, _rest in heard if status != kind.status}

    assert cut > THREADS
    assert unlucky
    assert unlucky <= {500, CUT_OFF}
    assert [words - {person} for _kind, person, _status, words, _rest in heard if words - {person}] == []
    assert {rest for _kind, _person, _status, _words, rest in heard} == {AT_REST}
    assert afterwards == [200] * PEOPLE


def cut_off(place: dict[str, Any]) -> int:
    """How many connections were ended."""
    ended = 0
    with psycopg.connect(host=place["HOST"], user="postgres", dbname="postgres", autocommit=True) as server:
        for _time in range(CUTS):
            time.sleep(0.1)
            found = server.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = %s AND datname = %s"
                " AND state <> 'idle'",
                [WEB, place["NAME"]],
            ).fetchone()
            ended += found[0] if found else 0
    return ended


def some(people: list[Person], seed: int) -> list[tuple[Kind, str, int, set[str], tuple[Any, ...]]]:
    """Requests of one thread, each with its answer's status and words, and how it left the connection."""
    chance, heard = random.Random(seed), []
    until = time.monotonic() + CUTS * 0.1
    try:
        while time.monotonic() < until:
            (kind,) = chance.choices(KINDS, [kind.weight for kind in KINDS])
            person, other = chance.sample(people, 2)
            status, text = ask(kind, person, other)
            heard.append((kind, person.word, status, set(WORD.findall(text)), settled()))
    finally:
        connections.close_all()
    return heard


@each_way
def test_an_actor_that_stays_would_be_noticed(people: list[Person], way: Way) -> None:
    """The control: a setting of the session instead of the transaction, as most packages make it."""
    with served(way(1)):
        before, first = resting()
        ask(Kind(1, "GET", "/strange/{own}/stays/", 200), people[0], people[1])
        after, second = resting()

    assert first == second
    assert before == AT_REST
    assert after[2] != ""
    assert after[3] == 1, "Past the guard, somebody's brief could be read by whoever comes next."
