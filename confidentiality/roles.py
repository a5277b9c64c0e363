"""The database roles: who owns the tables, and who only works in them.

`default` is always the application's role. Whoever migrates or flushes reconnects that same alias as the owner,
with credentials that only the migrating process has (settings.DATABASE_OWNER). No second alias, no router.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections

from confidentiality.actor import OWNER, current

BYPASSES = """
WITH reached AS (
    SELECT role.* FROM pg_roles role, pg_roles login
    WHERE login.rolname = session_user AND (
        role.oid = login.oid OR role.rolname = current_user OR pg_has_role(login.oid, role.oid, 'MEMBER')
        OR role.rolname = 't2d_policy'
    )
)
SELECT login.rolname,
    EXISTS (SELECT FROM reached WHERE rolsuper),
    EXISTS (SELECT FROM reached WHERE rolbypassrls),
    EXISTS (
        SELECT FROM pg_roles WHERE oid <> login.oid AND pg_has_role(login.oid, oid, 'MEMBER')
            AND NOT (login.rolname = 't2d_worker'
                AND rolname IN ('t2d_app', 't2d_detector', 't2d_site', 't2d_purge'))
    ),
    EXISTS (SELECT FROM pg_class WHERE relowner IN (login.oid, acting.oid) AND relkind IN ('r', 'p', 'v'))
FROM pg_roles login, pg_roles acting
WHERE login.rolname = session_user AND acting.rolname = current_user
"""


@contextmanager
def as_owner(alias: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Work on `alias` as the owning role. Never inside a transaction. Nests."""
    connection: Any = connections[alias]
    if connection.in_atomic_block:
        raise RuntimeError("as_owner() inside a transaction")
    shared = connection.settings_dict
    if shared.get("OWNER"):
        yield
        return
    options = {key: value for key, value in shared["OPTIONS"].items() if key not in ("assume_role", "pool")}
    before = current(alias)
    connection.close()
    # A copy: other threads keep the application's credentials.
    connection.settings_dict = {
        **shared,
        **settings.DATABASE_OWNER,
        "OWNER": True,
        "ACTOR": OWNER,
        "OPTIONS": {**options, "options": f"-c t2d.actor={OWNER}"},
    }
    connection.t2d_actor = OWNER
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict = shared
        connection.t2d_actor = before


class CanBypass(Exception):
    """The role in which this process works could pass the row policies. The message says how."""


def refuse_bypassing(connection: Any, **kwargs: Any) -> None:
    """Receiver of connection_created: no process works with a role that no wall stops.

    Asked once in the life of a process, before its first statement. The owner's own work is exempt: it migrates.
    """
    shared = connection.settings_dict
    if shared.get("OWNER") or shared.get("ACTOR") == OWNER or shared.get("CHECKED"):
        return
    if reason := way_around(connection):
        connection.close()
        raise CanBypass(reason)
    shared["CHECKED"] = True


def way_around(connection: Any) -> str:
    """How the connection's role could pass the wall, in words; empty if it cannot."""
    with connection.cursor() as cursor:
        cursor.execute(BYPASSES)
        name, superuser, bypasses, becomes, owns = cursor.fetchone()
    ways = {
        "is a superuser": superuser,
        "has BYPASSRLS": bypasses,
        "may become other roles": becomes,
        "owns tables": owns,
    }
    how = [way for way, holds in ways.items() if holds]
    text = "DATABASE_URL connects as {}, which {}: row security would not hold. Use t2d_app (see deploy/roles.sql)."
    return text.format(name, " and ".join(how)) if how else ""


def meet_the_database() -> None:
    """At the start of a process: connect once, so that a wrong role is refused before the first request.

    A database that is not there yet is no reason to end: the first connection asks the same question.
    """
    with suppress(OperationalError):
        connections[DEFAULT_DB_ALIAS].ensure_connection()
    connections[DEFAULT_DB_ALIAS].close()
