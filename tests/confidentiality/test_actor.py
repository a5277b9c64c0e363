"""The acting user: set inside a transaction, seen by PostgreSQL, gone afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from confidentiality.actor import actor, become, current
from confidentiality.middleware import ActorMiddleware
from tests import factories as make
from tests.logins import WORKER, logged_in_as


@pytest.fixture(autouse=True)
def _worker(transactional_db: None) -> Iterator[None]:
    """A process that nobody acts in by itself, and that may take on every role."""
    with logged_in_as(WORKER):
        yield


def seen_by_database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('t2d.actor', true), '')")
        return cursor.fetchone()[0]


def test_actor_ends_with_its_transaction() -> None:
    with actor("system:detector"):
        assert (current(), seen_by_database()) == ("system:detector", "system:detector")

    assert (current(), seen_by_database()) == ("", "")


def test_inner_actor_gives_way_to_the_outer() -> None:
    with actor("one"):
        with actor("two"):
            assert seen_by_database() == "two"
        assert (current(), seen_by_database()) == ("one", "one")
        become("three")
        assert seen_by_database() == "three"


def test_error_leaves_no_actor_behind() -> None:
    with actor("one"):
        with pytest.raises(DatabaseError), actor("two"), connection.cursor() as cursor:
            cursor.execute("SELECT 1/0")
        assert (current(), seen_by_database()) == ("one", "one")
    assert (current(), seen_by_database()) == ("", "")


def test_callbacks_on_commit_have_no_actor() -> None:
    heard: list[str] = []
    with actor("one"):
        transaction.on_commit(lambda: heard.append(current()))

    assert heard == [""]


def test_middleware_acts_as_the_signed_in_user() -> None:
    user = make.make_user("Ann")
    request: HttpRequest = RequestFactory().get("/")
    request.user = user
    heard: list[str] = []

    def view(request: HttpRequest) -> HttpResponse:
        heard.append(seen_by_database())
        return HttpResponse()

    ActorMiddleware(view)(request)

    assert (heard, seen_by_database()) == ([str(user.pk)], "")
