"""What actor and walls add to a whole request: the same pages with them and without, by turns, in one process.

`actor` is the middleware that opens the transaction and sets who acts; `walls` is row security on every confidential
table, with the guard in Python. Through Django's test client on the demonstration, so without network and gunicorn.
"""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from typing import Any

from benchmarks.support.services import migrated_services

ROUNDS, TURNS = 40, 5
WHO = {
    "mediator@demo.example": ("/", "/initiatives/", "/account/"),
    "coordinator@demo.example": ("/overlaps/",),
}


def main() -> None:
    with migrated_services():
        from django.core.management import call_command

        call_command("collectstatic", verbosity=0, interactive=False, ignore_patterns=["redoc"])
        call_command("load_demo", stdout=io.StringIO())
        for email, paths in WHO.items():
            client = _signed_in(email)
            for path in paths:
                _compare(client, path)
        _actor_alone()


def _signed_in(email: str) -> Any:
    from django.test import Client

    from accounts.models import User

    client = Client()
    client.force_login(User.objects.get(email=email))
    return client


def _compare(client: Any, path: str) -> None:
    both: list[float] = []
    walls_off: list[float] = []
    for _turn in range(TURNS):
        both += _times(client, path)
        with _walls_off():
            walls_off += _times(client, path)
    with_walls, without = statistics.median(both), statistics.median(walls_off)
    print(
        f"{path:<14} {with_walls:6.1f} ms with walls, {without:6.1f} ms without, ratio {with_walls / without:.2f}",
        flush=True,
    )


def _times(client: Any, path: str) -> list[float]:
    found = []
    for _round in range(ROUNDS // TURNS + 1):
        began = time.perf_counter()
        response = client.get(path)
        found.append(1000 * (time.perf_counter() - began))
        assert response.status_code == 200, (path, response.status_code)
    return found[1:]


@contextmanager
def _walls_off() -> Iterator[None]:
    """No policies and no guard; the roles' grants stay."""
    from django.db import connection

    from confidentiality import guard
    from confidentiality.wall import walled_models

    def switch(word: str) -> None:
        from confidentiality.roles import as_owner

        with as_owner(), connection.cursor() as cursor:
            for model in walled_models():
                cursor.execute(f'ALTER TABLE "{model._meta.db_table}" {word} ROW LEVEL SECURITY')

    real: Callable[..., Any] = guard.guard
    with ExitStack() as stack:
        switch("DISABLE")
        stack.callback(switch, "ENABLE")
        guard.guard = lambda execute, sql, params, many, context: execute(sql, params, many, context)
        stack.callback(setattr, guard, "guard", real)
        connection.close()
        yield
    connection.close()


def _actor_alone() -> None:
    """A transaction with its actor, and the same transaction without one."""
    from django.db import connection, transaction

    from confidentiality.actor import SETUP, actor

    def taken(around: Callable[[], Any]) -> float:
        found = []
        for _round in range(400):
            began = time.perf_counter()
            with transaction.atomic(), around(), connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            found.append(1000 * (time.perf_counter() - began))
        return statistics.median(found)

    bare, acted = taken(nullcontext), taken(lambda: actor(SETUP))
    print(f"a transaction with one statement: {bare:.2f} ms, with an actor in it {acted:.2f} ms")


if __name__ == "__main__":
    main()
