"""The acting user of a transaction, set where PostgreSQL can see it.

`t2d.actor` is set transaction-locally, so that it can never leak to the next user of the connection. It holds a
user's id, `system:NAME` for the site's own work, or nothing for a visitor. Row security reads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction

DETECTOR = "system:detector"
OWNER = "system:owner"
SETUP = "system:setup"


def current(alias: str = DEFAULT_DB_ALIAS) -> str:
    """The actor of the running transaction, or an empty string."""
    return str(getattr(connections[alias], "t2d_actor", ""))


def become(who: Any, alias: str = DEFAULT_DB_ALIAS) -> None:
    """Change the actor inside a running transaction (token authentication happens after the middleware)."""
    _set(connections[alias], name_of(who))


def name_of(who: Any) -> str:
    """A user's id, or the name of the site's own work, as text."""
    return str(getattr(who, "pk", who) or "")


@contextmanager
def actor(who: Any, alias: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Open a transaction and act in it as `who`: a user, a `system:` name, or None for a visitor.

    Nests: the outer actor is restored. On an error nothing is done, since the rollback restores the setting.
    """
    connection = connections[alias]
    before = current(alias)
    try:
        with transaction.atomic(using=alias):
            _set(connection, name_of(who))
            yield
            nested = len(connection.atomic_blocks) > 1
            if nested and not connection.needs_rollback:
                _set(connection, before)
            # Before the commit: callbacks on commit have no actor and must take one themselves.
            connection.t2d_actor = before if nested else ""  # type: ignore[attr-defined]
    finally:
        connection.t2d_actor = before if connection.in_atomic_block else ""  # type: ignore[attr-defined]


def _set(connection: Any, value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('t2d.actor', %s, true)", [value])
    connection.t2d_actor = value
