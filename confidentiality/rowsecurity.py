"""The second wall: what each database role may do, and in which rows, written from the models' declarations.

Run by the owner at the end of every migrate. There are no default privileges on purpose: a table that nobody
declared is unusable, not open. About a hundred lines of our own instead of a package, see docs/decisions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import DEFAULT_DB_ALIAS, connections, models, transaction

from confidentiality.actor import APPLICATION_ROLE, OWNER
from confidentiality.wall import DATABASE_CASCADE, Predicate, Wall, wall_of, walled_models

POLICY_ROLE, OWNER_ROLE, BACKUP_ROLE = "t2d_policy", "t2d_owner", "t2d_backup"
SITE_ROLES = ("t2d_detector", "t2d_site", "t2d_purge")
IS_OWNER = f"(SELECT current_setting('t2d.actor', true)) = '{OWNER}'"

OWNED_VIEWS = "SELECT format('%%I', viewname) FROM pg_views WHERE viewowner = %s"
OWNED_FUNCTIONS = "SELECT oid::regprocedure::text FROM pg_proc WHERE proowner = %s::regrole"

OWNED_TRIGGERS = """
SELECT format('DROP TRIGGER %%I ON %%s', tgname, tgrelid::regclass) FROM pg_trigger
JOIN pg_proc ON pg_proc.oid = tgfoid WHERE proowner = %s::regrole
"""
# For whom a function is, where its comment says so: "for t2d_detector". By default for everybody who works.
FUNCTIONS_FOR = """
SELECT oid::regprocedure::text, substring(obj_description(oid, 'pg_proc') FROM '^for (.+)$')
FROM pg_proc WHERE proowner = %s::regrole
"""

CASCADE = """
SELECT oid, conname, confrelid::regclass::text FROM pg_constraint
WHERE contype = 'f' AND conrelid = %s::regclass AND confdeltype <> 'c'
    AND conkey = ARRAY(SELECT attnum FROM pg_attribute WHERE attrelid = conrelid AND attname = %s)
"""


def sync(alias: str = DEFAULT_DB_ALIAS) -> None:
    """Bring grants, functions, policies and cascades in step with the models, in one transaction."""
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        # Two processes may migrate at once.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('t2d.rowsecurity'))")
        _clear(cursor)
        _grant_tables(cursor, alias)
        _write_functions(cursor)
        for model in walled_models():
            _wall(cursor, model)
        for model in walled_models():
            _cascade(cursor, model)


def make_way(alias: str = DEFAULT_DB_ALIAS) -> None:
    """Take policies, views and functions away before a migration, which could not alter what they rest on.

    Until `sync` has made them again nobody but the owner sees a row.
    """
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        _clear(cursor)


def _clear(cursor: Any) -> None:
    cursor.execute("SELECT format('DROP POLICY %I ON %I', policyname, tablename) FROM pg_policies")
    _run_all(cursor)
    cursor.execute(OWNED_TRIGGERS, [POLICY_ROLE])
    _run_all(cursor)
    # By name, not by what the code knows: also what an older release left behind.
    cursor.execute(OWNED_VIEWS, [POLICY_ROLE])
    views = cursor.fetchall()
    cursor.execute(OWNED_FUNCTIONS, [POLICY_ROLE])
    functions = cursor.fetchall()
    cursor.execute(f"SET LOCAL ROLE {POLICY_ROLE}")
    for kind, names in (("VIEW", views), ("FUNCTION", functions)):
        if names:
            cursor.execute(f"DROP {kind} {', '.join(name for (name,) in names)}")
    cursor.execute(f"SET LOCAL ROLE {OWNER_ROLE}")


def _run_all(cursor: Any) -> None:
    """Run the statements that the last query wrote."""
    for (statement,) in cursor.fetchall():
        cursor.execute(statement)


def _grant_tables(cursor: Any, alias: str) -> None:
    """Unwalled tables to the application, all of them to dumps, and to the site's roles what a model opens."""
    connection = connections[alias]
    quote = connection.ops.quote_name
    walled = {model._meta.db_table for model in walled_models()}
    roles = ", ".join((APPLICATION_ROLE, POLICY_ROLE, BACKUP_ROLE, *SITE_ROLES))
    tables = [
        info.name for info in connection.introspection.get_table_list(cursor) if info.type in ("t", "p")
    ]
    for table in tables:
        cursor.execute(f"REVOKE ALL ON {quote(table)} FROM {roles}")
        cursor.execute(f"GRANT SELECT ON {quote(table)} TO {POLICY_ROLE}, {BACKUP_ROLE}")
        if table not in walled:
            # The record of migrations is read only, so that the application cannot lie about the schema.
            rights = "SELECT" if table == "django_migrations" else "SELECT, INSERT, UPDATE, DELETE"
            cursor.execute(f"GRANT {rights} ON {quote(table)} TO {APPLICATION_ROLE}")
    for model in apps.get_models():
        columns = getattr(model, "open_columns", {})
        for role in getattr(model, "open_to", ()):
            right = _right("SELECT", columns.get(role, ()))
            cursor.execute(f"GRANT {right} ON {quote(model._meta.db_table)} TO {role}")
    # A temporary table could shadow a real one.
    cursor.execute(f"REVOKE TEMPORARY ON DATABASE {quote(connection.settings_dict['NAME'])} FROM PUBLIC")
    # How far a counter has come tells how much there is that nobody may see: only dumps read it. Whoever inserts into
    # a table with an identity column needs no right to its counter.
    cursor.execute(f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {roles}")
    cursor.execute(f"GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO {BACKUP_ROLE}")


def _write_functions(cursor: Any) -> None:
    """Each app's functions.sql, as the role that may read what they rest on."""
    cursor.execute(f"GRANT CREATE ON SCHEMA public TO {POLICY_ROLE}")
    cursor.execute("SET LOCAL check_function_bodies = off")
    cursor.execute(f"SET LOCAL ROLE {POLICY_ROLE}")
    for path in function_files():
        cursor.execute(path.read_text(encoding="utf-8").replace("%", "%%"), [])
    cursor.execute(FUNCTIONS_FOR, [POLICY_ROLE])
    for name, roles in cursor.fetchall():
        cursor.execute(f"REVOKE EXECUTE ON FUNCTION {name} FROM PUBLIC")
        everybody = ", ".join((APPLICATION_ROLE, *SITE_ROLES))
        cursor.execute(f"GRANT EXECUTE ON FUNCTION {name} TO {OWNER_ROLE}, {roles or everybody}")
    cursor.execute(f"SET LOCAL ROLE {OWNER_ROLE}")
    cursor.execute(f"REVOKE CREATE ON SCHEMA public FROM {POLICY_ROLE}")


def function_files() -> Iterator[Path]:
    """From the ground floor up: a function may call those below it."""
    for config in reversed(list(apps.get_app_configs())):
        path = Path(config.path) / "functions.sql"
        if path.exists():
            yield path


def _wall(cursor: Any, model: type[models.Model]) -> None:
    """Row security on, also for the owner, and exactly the policies that the model declares."""
    table = f'"{model._meta.db_table}"'
    cursor.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    for role, command, predicate in policies_of(model):
        cursor.execute(_policy(table, role, command, predicate))
    for role, rights in grants_of(model):
        cursor.execute(f"GRANT {rights} ON {table} TO {role}")
    names = ", ".join(f"'{column}'" for column in kept_columns(model))
    cursor.execute(
        f"CREATE TRIGGER keep_columns BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION keep_columns({names})"
    )
    for name, when in _declared(model).triggers.items():
        cursor.execute(f"CREATE TRIGGER {name} {when} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")
    if signed := ", ".join(f"'{column}'" for column in signed_columns(model)):
        cursor.execute(
            f"CREATE TRIGGER sign_columns BEFORE INSERT OR UPDATE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION sign_columns({signed})"
        )


def kept_columns(model: type[models.Model]) -> list[str]:
    """Columns that the application never changes: the keys of a row, and what its wall names."""
    wall = _declared(model)
    fields = model._meta.concrete_fields
    keys = [str(field.column) for field in fields if field.is_relation or field.primary_key]
    return [column for column in (*keys, *wall.kept) if column not in wall.free]


def signed_columns(model: type[models.Model]) -> list[str]:
    """Columns that say by whom something was done: keys of a user named `by`, or something with `_by`."""
    return [
        str(field.column)
        for field in model._meta.concrete_fields
        if field.related_model is get_user_model() and (field.name == "by" or field.name.endswith("_by"))
    ]


def policies_of(model: type[models.Model]) -> Iterator[tuple[str, str, Predicate]]:
    """(role, command, predicate) of every policy on a model's table."""
    wall = _declared(model)
    for command, predicate in wall.commands().items():
        yield APPLICATION_ROLE, command, predicate
    yield OWNER_ROLE, "ALL", IS_OWNER
    yield POLICY_ROLE, "SELECT", "true"
    yield BACKUP_ROLE, "SELECT", "true"
    for role, commands in wall.others.items():
        for command, predicate in commands.items():
            yield role, command, predicate


def _declared(model: type[models.Model]) -> Wall:
    wall = wall_of(model)
    if wall is None:
        raise TypeError(f"{model._meta.label} declares no wall.")
    return wall


def grants_of(model: type[models.Model]) -> Iterator[tuple[str, str]]:
    """(role, rights); for a role that may read some columns only, those columns."""
    wall = _declared(model)
    if wall.commands():
        yield APPLICATION_ROLE, ", ".join(wall.commands())
    for role, commands in wall.others.items():
        columns = wall.columns.get(role, {})
        yield role, ", ".join(_right(command, columns.get(command, ())) for command in commands)


def _right(command: str, columns: Iterable[str]) -> str:
    listed = ", ".join(f'"{column}"' for column in columns)
    return f"{command} ({listed})" if listed else command


def _policy(table: str, role: str, command: str, predicate: Predicate) -> str:
    before, after = predicate if isinstance(predicate, tuple) else (predicate, predicate)
    using = f" USING ({before})" if command != "INSERT" else ""
    check = f" WITH CHECK ({after})" if command not in ("SELECT", "DELETE") else ""
    return f'CREATE POLICY "{role}_{command.lower()}" ON {table} FOR {command} TO {role}{using}{check}'


def _cascade(cursor: Any, model: type[models.Model]) -> None:
    """ON DELETE CASCADE in the database, wherever the model says DATABASE_CASCADE."""
    table = f'"{model._meta.db_table}"'
    for field in model._meta.concrete_fields:
        if getattr(field.remote_field, "on_delete", None) is not DATABASE_CASCADE:
            continue
        cursor.execute(CASCADE, [table, field.column])
        for _oid, name, target in cursor.fetchall():
            cursor.execute(
                f'ALTER TABLE {table} DROP CONSTRAINT "{name}", ADD CONSTRAINT "{name}" FOREIGN KEY '
                f'("{field.column}") REFERENCES {target} ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED'
            )
