"""Each wall alone stops every leak when the other is switched off.

Wall 1 is the policy in Python: here every `visible_to` in turn, and then all of them, answers with everything. Wall 2
is row security: here it is switched off on every table. The same outsiders walk all addresses. With both off the
secrets are found, or the walk would prove nothing. What is not shown: that the views behave well with a wall off;
they may answer with an error, as long as it says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, models

from accounts.models import Letter, User
from confidentiality.wall import walled_models
from conftest import World
from tests.security.asking import request_as, routes, whole
from tests.security.conftest import Secrets
from tests.security.routes import Route
from tests.security.rows import words_of

OUTSIDERS = ("rita", "harry", "sam", "stella", "anonymous")
Doors = dict[str, type[models.QuerySet]]


@cache
def doors() -> Doors:
    """Every class that answers `visible_to` for a confidential model, each once."""
    found = {type(model._default_manager.all()) for model in walled_models()}
    return {door.__name__: door for door in found if hasattr(door, "visible_to")}


def taken_out(doors: Iterable[type[models.QuerySet]], monkeypatch: pytest.MonkeyPatch) -> None:
    for door in doors:
        monkeypatch.setattr(door, "visible_to", lambda self, user: self.all())


def row_security_off() -> None:
    """Until the transaction of the test is rolled back."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for model in walled_models():
            cursor.execute(f'ALTER TABLE "{model._meta.db_table}" DISABLE ROW LEVEL SECURITY')


def unknown_to(who: str, world: World, secrets: Secrets) -> list[str]:
    """Words that this outsider cannot know. Colleagues know each other, and what their house has declared."""
    own = {world.bob.name} if who in ("harry", "stella") else set()
    if who == "harry":
        declared = secrets.records["declaration"].pk
        own |= {str(declared), declared.hex}
    if who == "stella":  # Stewards say who is liaison, and hand letters over.
        letters = [row for row in secrets.hidden if isinstance(row, Letter)]
        own |= {word for row in (secrets.records["liaison"], *letters) for word in words_of(row)}
    return [word for word in secrets.words() if word not in own]


def leaks(
    user: User | None,
    words: list[str],
    ids: dict[str, UUID],
    walked: Iterable[Route] | None = None,
    arrived: Callable[[Route], None] = lambda route: None,
) -> list[tuple[str, str]]:
    """(address, word) wherever a word shows that was not in the question. `arrived` is told before each address."""
    request, found = request_as(user), []
    for route in routes() if walked is None else walked:
        arrived(route)
        values: dict[str, Any] = {name: ids.get(kind, uuid4()) for name, kind in route.kinds().items()}
        asked = {form for value in values.values() for form in (str(value), getattr(value, "hex", ""))}
        text = whole(request("get", route.path(values))).decode(errors="replace")
        found += [(route.pattern, word) for word in words if word in text and word not in asked]
    return found


def walk(who: str, world: World, secrets: Secrets, **how: Any) -> list[tuple[str, str]]:
    return leaks(getattr(world, who, None), unknown_to(who, world, secrets), secrets.ids(), **how)


# Who -> door -> the addresses where it is knocked at while all are closed; found out once.
Knocks = dict[str, dict[str, list[Route]]]


@pytest.fixture(scope="module")
def knocks() -> Knocks:
    return {}


def knocked_at(who: str, world: World, secrets: Secrets) -> dict[str, list[Route]]:
    """An address that never knocks at a door while it is closed cannot answer otherwise when it is open."""
    knocked: dict[str, list[Route]] = {name: [] for name in doors()}
    here: list[Route] = []

    def spied(original: Callable[..., Any]) -> Callable[..., Any]:
        def visible_to(self: models.QuerySet, user: Any) -> Any:
            # A door that another one inherits opens it as well.
            for name, door in doors().items():
                if isinstance(self, door) and here[-1] not in knocked[name]:
                    knocked[name].append(here[-1])
            return original(self, user)

        return visible_to

    with pytest.MonkeyPatch.context() as patched:
        for door in doors().values():
            patched.setattr(door, "visible_to", spied(door.visible_to))
        assert walk(who, world, secrets, arrived=here.append) == []
    return knocked


@pytest.mark.parametrize("door", sorted(doors()))
def test_row_security_stops_what_one_open_door_would_show(
    world: World, secrets: Secrets, knocks: Knocks, monkeypatch: pytest.MonkeyPatch, door: str
) -> None:
    for who in ("rita", "harry"):
        if who not in knocks:
            knocks[who] = knocked_at(who, world, secrets)
    taken_out([doors()[door]], monkeypatch)

    for who in ("rita", "harry"):
        assert walk(who, world, secrets, walked=knocks[who][door]) == []


@pytest.mark.parametrize("who", OUTSIDERS)
def test_row_security_stops_everything_when_every_door_is_open(
    world: World, secrets: Secrets, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    taken_out(doors().values(), monkeypatch)

    assert walk(who, world, secrets) == []


@pytest.mark.parametrize("who", OUTSIDERS)
def test_policy_stops_everything_when_row_security_is_off(world: World, secrets: Secrets, who: str) -> None:
    row_security_off()

    assert walk(who, world, secrets) == []


def test_a_coordinator_meets_no_more_than_matching_cards_behind_either_wall(
    world: World, secrets: Secrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one outsider who may open the flag: of the card its matching part, of the inside nothing."""
    words = [
        "Canary of the hidden public line",
        "Canary of the title",
        "Canary of the aim",
        "Canary of the ground rules",
        "Canary who assented",
        "Canary of a draft",
        "Canary of a label",
        world.bob.name,
    ]
    with monkeypatch.context() as patched:
        taken_out(doors().values(), patched)
        by_row_security = leaks(world.cora, words, secrets.ids())
    row_security_off()

    assert (by_row_security, leaks(world.cora, words, secrets.ids())) == ([], [])


def test_with_both_off_the_secrets_are_found(
    world: World, secrets: Secrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    row_security_off()
    taken_out(doors().values(), monkeypatch)
    found = walk("rita", world, secrets)

    assert len({word for _pattern, word in found}) > 5
    assert len({pattern for pattern, _word in found}) > 5
