"""Nobody learns from an answer whether an address has an account here: same bytes, same work, same order of time."""

from __future__ import annotations

import re
import statistics
import time
from typing import Any

import pytest
from django.contrib.auth.hashers import ScryptPasswordHasher, make_password
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from tests import factories as make
from tests.second_factor import set_up_app

pytestmark = pytest.mark.django_db
KNOWN, UNKNOWN = "ann@known.example", "bob@other.example"  # of one length: the form says the address again
VOLATILE = re.compile(rb'name="csrfmiddlewaretoken" value="[^"]+"|"X-CSRFTOKEN": "[^"]+"')


@pytest.fixture
def computed(settings: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each time a password is hashed, as slowly as in production."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
    done: list[str] = []
    encode = ScryptPasswordHasher.encode

    def counted(self: Any, password: str, salt: str, *more: Any, **named: Any) -> str:
        done.append("hashed")
        return encode(self, password, salt, *more, **named)

    monkeypatch.setattr(ScryptPasswordHasher, "encode", counted)
    return done


@pytest.fixture
def ann(computed: list[str]) -> User:
    """With a second factor, so that a right password would lead on."""
    user = make.make_user("Ann", email=KNOWN)
    User.objects.filter(pk=user.pk).update(password=make_password(make.PASSWORD))
    set_up_app(user)
    return user


def asked(path: str, address: str, **typed: str) -> tuple[int, str, bytes, int, float]:
    """The answer to a stranger: status, where it leads, bytes, queries, seconds."""
    cache.clear()
    client = Client()
    began = time.perf_counter()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = client.post(path, {**typed, "login": address, "email": address})
    seconds = time.perf_counter() - began
    body = VOLATILE.sub(b"", answer.content.replace(address.encode(), b"ADDRESS"))
    return answer.status_code, answer.get("Location", ""), body, len(queries), seconds


@pytest.mark.parametrize(
    ("path", "typed"),
    [("/account/login/", {"password": "guessed-in-the-dark-1"}), ("/account/password/reset/", {})],
)
def test_a_known_address_is_answered_like_an_unknown_one(
    ann: User, computed: list[str], path: str, typed: dict[str, str]
) -> None:
    found = []
    for address in (KNOWN, UNKNOWN):
        computed.clear()
        found.append((*asked(path, address, **typed)[:4], len(computed)))

    (status, _place, _body, _queries, hashed), unknown = found
    assert found[0] == unknown
    assert (status, hashed) in ((200, 1), (302, 0))


def test_a_closed_account_is_answered_like_none_to_whoever_guesses(ann: User, computed: list[str]) -> None:
    User.objects.filter(pk=ann.pk).update(is_active=False)
    found = []
    for address in (KNOWN, UNKNOWN):
        computed.clear()
        found.append(
            (*asked("/account/login/", address, password="guessed-in-the-dark-1")[:4], len(computed))
        )

    assert found[0] == found[1]


def test_both_take_the_same_order_of_time(ann: User) -> None:
    """By the medians of turns, since others work on the machine: the one hash is nearly all there is to wait for."""
    turns: dict[str, list[float]] = {KNOWN: [], UNKNOWN: []}
    for _turn in range(5):
        for address, taken in turns.items():
            taken.append(asked("/account/login/", address, password="guessed-in-the-dark-1")[4])
    known, unknown = (statistics.median(taken) for taken in turns.values())

    assert 0.5 < known / unknown < 2
