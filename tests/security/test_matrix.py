"""Every address, by its methods, for everybody in every relation, at every visibility: let in, or how not.

Proved: each cell answers as expected.py says, where the tables of the policy are written out again; there is a row
for every address of the URLconf and no row for an address that is gone. A request is a real one, through the whole
stack, under row security; what it writes is taken back before the next. And each request leaves its trace in the audit,
and one only: a refusal one event in the site's chain, anything else at most one in the chain of each initiative.
Not proved: what stands in an answer. Templates are empty here, since nobody is let in or kept out by one; pages
are read in test_either_wall.py.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.http import HttpResponse

from confidentiality.guard import table_in
from confidentiality.models import SITE_STREAM
from tests.security import blank
from tests.security.asking import METHODS, SAFE, Request, request_as
from tests.security.expected import (
    FORBIDDEN,
    HIDDEN,
    NAMED,
    NO_METHOD,
    OPEN,
    ROWS,
    SIGN_IN,
    Row,
)
from tests.security.relations import COLUMNS, RELATIONS, TEAM, Related, make_related
from tests.security.routes import Route, every_route

ROUTES = every_route()
# Who asks by every method. Others ask only by those that an address has: that it has no other one, and that HEAD
# answers like GET, does not depend on who asks, and these are let in wherever anybody is, or nowhere.
BY_EVERY_METHOD = ("lead", "coordinator", "anonymous")
DONE, REFUSED = {200, 201, 204}, {400, 409, 412, 422}
ANSWERS = {401: SIGN_IN, 403: FORBIDDEN, 404: HIDDEN, 405: NO_METHOD}
# Read while finding out who asks, and whether there is such an address for coordinators alone.
OF_THE_READER = {"", "accounts_accesstoken", "initiatives_coordinatormandate"}


@pytest.fixture(autouse=True)
def _only_the_doors(settings: Any) -> Iterator[None]:
    settings.TEMPLATES = blank.TEMPLATES
    logging.disable(logging.ERROR)
    yield
    logging.disable(logging.NOTSET)


def test_every_parameter_is_explained() -> None:
    unexplained = []
    for route in ROUTES:
        try:
            route.kinds()
        except LookupError as missing:
            unexplained.append(str(missing))

    assert unexplained == []


def test_every_address_has_a_row() -> None:
    known = {route.pattern for route in ROUTES}
    advice = "say in ROWS of tests/security/expected.py which gate stands at which of its methods"

    assert [f"{pattern}: {advice}" for pattern in sorted(known - ROWS.keys())] == []
    assert sorted(ROWS.keys() - known) == [], "addresses that are gone"


@pytest.mark.django_db
@pytest.mark.parametrize("relation", RELATIONS)
def test_everybody_is_let_in_as_the_tables_say(relation: str) -> None:
    related = make_related()
    request = request_as(related.users[relation])
    request("get", "/api/v1/me/")  # The use of a token is written down once a minute.
    cells, mismatches = 0, []
    for route in (route for route in ROUTES if route.pattern in ROWS):
        for method in methods_of(ROWS[route.pattern], relation):
            found = answers(request, route, method, relation, related)
            for column in COLUMNS:
                expected = ROWS[route.pattern].expected(method, relation, column)
                cells += 1
                if found[column] not in expected:
                    mismatches.append((route.pattern, method, column, found[column], *expected))

    assert mismatches == []
    assert cells >= len(ROWS) * len(COLUMNS)


def methods_of(row: Row, relation: str) -> list[str]:
    """By which methods somebody asks; GET always, so that no address is left out."""
    asked = {"get", *row.methods} - {"head", "options"}
    return [method for method in METHODS if method in asked or relation in BY_EVERY_METHOD]


def answers(
    request: Request, route: Route, method: str, relation: str, related: Related
) -> Mapping[str, str]:
    """How an address answers at each visibility.

    What is asked with the same words once is asked once. And an answer for which no record of a column was asked for
    by its id, and nothing confidential was read, cannot depend on one: it holds for every column.
    """
    row, kinds = ROWS[route.pattern], route.kinds()
    found: dict[str, str] = {}
    heard: dict[Any, str] = {}
    for column in COLUMNS:
        ids = {**related.ids[column], "colleague": colleague(relation, related)}
        path = route.path({name: ids.get(kind, UUID(int=7)) for name, kind in kinds.items()})
        extra = sent(row, method, path, ids)
        if (words := (path, str(extra))) not in heard:
            reading = Reading(related.own_ids(column))
            with connection.execute_wrapper(reading), taken_back(method):
                heard[words] = told(request(method, path, **extra), row.body(method) is not None)
            assert reading.traces_are_right(heard[words]), (method, path, heard[words], reading.traces)
            if not reading.of_records:
                return dict.fromkeys(COLUMNS, heard[words])
        found[column] = heard[words]
    return found


class Reading:
    """Notices when a statement of a request reads a confidential table or names one of the records, and what it adds to
    the audit: the (stream, action) of each event, by statement."""

    def __init__(self, ids: Any) -> None:
        self.ids, self.of_records = set(ids), False
        self.traces: list[list[tuple[str, str]]] = []

    def traces_are_right(self, answer: str) -> bool:
        """One statement at most; for a refusal one event, which says so; else one for each chain at most."""
        if answer in (HIDDEN, FORBIDDEN):
            return self.traces == [[(str(SITE_STREAM), "deny")]]
        streams = [stream for stream, _action in chain(*self.traces)]
        refused = any(action == "deny" for _stream, action in chain(*self.traces))
        return len(self.traces) <= 1 and len(streams) == len(set(streams)) and not refused

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        named = not many and any(isinstance(value, UUID) and value in self.ids for value in params or ())
        if named or table_in(sql) not in OF_THE_READER:
            self.of_records = True
        if "append_audit" in sql:
            self.traces.append([(event["stream"], event["action"]) for event in json.loads(params[2])])
        return execute(sql, params, many, context)


def colleague(relation: str, related: Related) -> UUID:
    """Whom somebody would put on a team: a colleague of the house, or oneself."""
    user = related.users["house" if relation in TEAM else relation]
    return user.pk if user else uuid4()


@contextmanager
def taken_back(method: str) -> Iterator[None]:
    """What a request writes is gone afterwards."""
    if method in SAFE:
        yield
        return
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def sent(row: Row, method: str, path: str, ids: Mapping[str, UUID]) -> dict[str, Any]:
    """What a row sends with a method, as the address takes it."""
    body = row.body(method)
    if path.startswith("/account/"):
        cache.clear()  # The library counts attempts.
    if body is None:
        return {}
    filled = {
        name: value.format_map(ids) if isinstance(value, str) else value for name, value in body.items()
    }
    if method in SAFE or not path.startswith("/api/"):
        return {"data": filled}
    return {"data": json.dumps(filled)}


def told(response: HttpResponse, with_body: bool) -> str:
    """What an answer says of who asks. A body that is right is only refused for what it names."""
    status = response.status_code
    if status == 302:
        return SIGN_IN if response["Location"].startswith("/account/login/?next") else OPEN
    if status in REFUSED:
        return NAMED if with_body else OPEN
    return OPEN if status in DONE else ANSWERS.get(status, f"status {status}")
