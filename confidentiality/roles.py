"""The database roles: who owns the tables, and who only works in them.

`default` is always the application's role. Whoever migrates or flushes reconnects that same alias as the owner,
with credentials that only the migrating process has (settings.DATABASE_OWNER). No second alias, no router.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections

from confidentiality.actor import OWNER

APPLICATION_ROLE = "t2d_app"


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
    connection.close()
    # A copy: other threads keep the application's credentials.
    connection.settings_dict = {
        **shared,
        **settings.DATABASE_OWNER,
        "OWNER": True,
        "OPTIONS": {**options, "options": f"-c t2d.actor={OWNER}"},
    }
    connection.t2d_actor = OWNER
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict = shared
        connection.t2d_actor = ""


def grant(alias: str = DEFAULT_DB_ALIAS) -> None:
    """Let the application's role work in every table, and own none. Run by the owner after each migrate.

    There are no default privileges on purpose: a table that nobody granted is unusable, not open. The record of
    migrations is read only, so that the application cannot lie about the schema.
    """
    quote = connections[alias].ops.quote_name
    with connections[alias].cursor() as cursor:
        for table in connections[alias].introspection.table_names(cursor):
            rights = "SELECT" if table == "django_migrations" else "SELECT, INSERT, UPDATE, DELETE"
            cursor.execute(f"GRANT {rights} ON {quote(table)} TO {APPLICATION_ROLE}")
        # A temporary table could shadow a real one.
        database = quote(connections[alias].settings_dict["NAME"])
        cursor.execute(f"REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC")
        cursor.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {APPLICATION_ROLE}")
