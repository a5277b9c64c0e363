"""The acting user of a transaction, set where PostgreSQL can see it, and the database role that goes with it.

`t2d.actor` is set transaction-locally, so that it can never leak to the next user of the connection. It holds a
user's id, `system:NAME` for the site's own work, or nothing for a visitor. Row security reads it.

A user and a visitor act as the application's role, the site's own work as a role of its own with no more than it
needs. The web process cannot take on any of these: it logs in as the application, which is a member of nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction

# The site's own work: comparison; successors and what expires; purges; migrations. Setting up (first accounts, the
# demonstration) is done as the application, which sees nothing confidential while nobody in particular acts.
SETUP = "system:setup"
DETECTOR = "system:detector"
SITE = "system:site"
PURGE = "system:purge"
OWNER = "system:owner"

APPLICATION_ROLE = "t2d_app"
ROLES: Mapping[str, str] = {
    DETECTOR: "t2d_detector",
    SITE: "t2d_site",
    PURGE: "t2d_purge",
    OWNER: "t2d_owner",
}


def current(alias: str = DEFAULT_DB_ALIAS) -> str:
    """The actor of the running transaction, or an empty string."""
    return acting_on(connections[alias])


def acting_on(connection: Any) -> str:
    """The same, of one connection."""
    return str(getattr(connection, "t2d_actor", at_rest(connection)))


def at_rest(connection: Any) -> str:
    """Who acts on the connection when nobody does: nobody, unless it was made for the owner."""
    return str(connection.settings_dict.get("ACTOR", ""))


def become(who: Any, *, conflicts: Iterable[Any] = (), alias: str = DEFAULT_DB_ALIAS) -> None:
    """Change the actor inside a running transaction (token authentication happens after the middleware).

    `conflicts`: ids of those to which the token is narrowed; none: not narrowed.
    """
    _set(connections[alias], name_of(who), ",".join(str(pk) for pk in conflicts))


def name_of(who: Any) -> str:
    """A user's id, or the name of the site's own work, as text."""
    return str(getattr(who, "pk", who) or "")


def role_of(name: str) -> str:
    """The database role in which an actor works."""
    return ROLES.get(name, APPLICATION_ROLE)


@contextmanager
def actor(who: Any, alias: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Open a transaction and act in it as `who`: a user, a `system:` name, or None for a visitor.

    Nests: the outer actor is restored. On an error nothing is done, since the rollback restores the settings.
    Raises a database error ("permission denied to set role") where this process may not do that work.
    """
    connection = connections[alias]
    before, narrowed = current(alias), getattr(connection, "t2d_conflicts", "")
    try:
        with transaction.atomic(using=alias):
            _set(connection, name_of(who))
            yield
            nested = len(connection.atomic_blocks) > 1
            if nested and not connection.needs_rollback:
                _set(connection, before, narrowed)
            # Before the commit: callbacks on commit have no actor and must take one themselves.
            connection.t2d_actor = before if nested else at_rest(connection)  # type: ignore[attr-defined]
    finally:
        inside = connection.in_atomic_block
        connection.t2d_actor = before if inside else at_rest(connection)  # type: ignore[attr-defined]
        connection.t2d_conflicts = narrowed if inside else ""  # type: ignore[attr-defined]


def _set(connection: Any, value: str, conflicts: str = "") -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('role', %s, true), set_config('t2d.actor', %s, true),"
            " set_config('t2d.conflicts', %s, true)",
            [role_of(value), value, conflicts],
        )
    connection.t2d_actor, connection.t2d_conflicts = value, conflicts
