"""The database as a process of a deployment meets it: logged in as its own role, nobody acting.

For tests with real transactions. Everywhere else a test's connection rests as the owner, see docs/decisions.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

WEB, WORKER = "t2d_app", "t2d_worker"


@contextmanager
def logged_in_as(login: str, **more: Any) -> Iterator[Any]:
    """Everything on the default alias, in this thread and those started within, as a login of a deployment."""
    connection = connections[DEFAULT_DB_ALIAS]
    assert not connection.in_atomic_block, "needs a test with real transactions"
    shared = connection.settings_dict
    before = dict(shared)
    connection.close()
    shared.update(USER=login, ACTOR="", OPTIONS={"assume_role": "t2d_app"} if login == WORKER else {})
    shared.update(more)
    connection.__dict__.pop("t2d_actor", None)
    try:
        yield connection
    finally:
        connection.close()
        shared.clear()
        shared.update(before)
        connection.__dict__.pop("t2d_actor", None)
