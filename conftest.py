"""How the suite meets the database: built by the owner, used by the application's role.

The database of each test process is made and migrated as the owner. From then on everything runs as the
application, as in production. Django's flush after a test with real transactions runs as the owner too (see
confidentiality/management/commands/flush.py).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import Organisation, User
from confidentiality.roles import as_owner
from initiatives.models import Conflict, Initiative, Party
from t2d.collection import settle
from t2d.frames import with_room
from tests import factories as make
from tests.second_factor import with_both


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, Any]:
    """As on a server (t2d/wsgi.py), and there below pytest: by far the most time goes into requests."""
    pyfuncitem.obj = with_room(pyfuncitem.obj)
    return (yield)


@pytest.fixture(scope="session", autouse=True)
def _as_settled_as_a_server() -> None:
    settle()


@pytest.fixture(scope="session")
def _as_owner_during_setup(django_db_modify_db_settings: None) -> Iterator[ExitStack]:
    with ExitStack() as stack:
        stack.enter_context(as_owner())
        yield stack


@pytest.fixture(scope="session")
def django_db_setup(_as_owner_during_setup: ExitStack, django_db_setup: None) -> None:
    """From here on the application's role."""
    _as_owner_during_setup.close()


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """Rate limits and idempotency keys of one test are not those of the next."""
    cache.clear()


@pytest.fixture(autouse=True)
def _sign_ins_have_a_second_factor(monkeypatch: pytest.MonkeyPatch) -> None:
    """force_login leaves out how somebody signs in, so it leaves the second factor out as well."""
    monkeypatch.setattr(Client, "force_login", with_both)


@dataclass
class World:
    """Two organisations on one conflict that know nothing of each other, and everybody around them."""

    alice: User  # lead of `secret`, owner in house
    bob: User  # facilitator of `secret`, same house
    harry: User  # same house, not on the team
    rita: User  # lead of `rival`, owner in the rival organisation
    cora: User  # coordinator with a mandate for all, an organisation of her own
    stella: User  # steward
    sam: User  # member of an organisation that nobody vetted
    house: Organisation
    other: Organisation
    conflict: Conflict
    child: Conflict
    up: Party
    down: Party
    secret: Initiative  # visible to its team alone, matching on
    rival: Initiative  # the same, of the other organisation


@pytest.fixture
def world(db: None) -> World:
    house, other = make.make_organisation("House of Alice"), make.make_organisation("Other House")
    conflict = make.make_conflict("Valley of Test")
    child = make.make_conflict("Lower Test", conflict)
    up, down = make.make_party(conflict, "Upstream"), make.make_party(conflict, "Downstream")
    alice = make.make_member_of(house, "Alice", "owner")
    rita = make.make_member_of(other, "Rita", "owner")
    bob = make.make_member_of(house, "Bobirian")
    cora = make.make_member_of(make.make_organisation("Coordination Office"), "Cora", "owner")
    make.make_mandate(cora)
    card = {"themes": ["ceasefire", "elections"], "parties": (up, down)}
    secret = make.make_initiative(conflict, house, lead=alice, codename="Secret Heron", **card)
    make.make_member(secret, bob)
    return World(
        alice=alice,
        bob=bob,
        harry=make.make_member_of(house, "Harry"),
        rita=rita,
        cora=cora,
        stella=make.make_user("Stella", is_steward=True),
        sam=make.make_member_of(make.make_organisation("Unvetted", vetted=False), "Sam"),
        house=house,
        other=other,
        conflict=conflict,
        child=child,
        up=up,
        down=down,
        secret=secret,
        rival=make.make_initiative(conflict, other, lead=rita, codename="Rival Kite", **card),
    )
