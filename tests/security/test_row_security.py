"""The second wall stands in the database as the models declare it, for every model there is.

Proved, by asking PostgreSQL itself: row security is enabled and forced on every confidential table; each role has
exactly the policies and the rights that the model declares, and nobody else has any; what nobody declared is of no
use to anybody; the system checks find a model without a wall and a wall that fell.
Not proved: that what is declared is right. The declarations are compared with the policy in test_walls_agree.py
and seen at work in test_matrix.py and test_either_wall.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import ProgrammingError, connection, models, transaction
from django.test.utils import isolate_apps

from confidentiality import declared
from confidentiality.actor import DETECTOR, PURGE, SITE, actor
from confidentiality.declared import own_models
from confidentiality.records import Record
from confidentiality.wall import TEAM_CONTENT, walled_models
from conftest import World
from initiatives.models import Initiative

pytestmark = pytest.mark.django_db

COMMANDS = ("SELECT", "INSERT", "UPDATE", "DELETE")
APPLICATION, SITE_ROLES = "t2d_app", ("t2d_detector", "t2d_site", "t2d_purge")
# Whatever a model declares: migrations, the functions behind the policies, dumps.
EVERYWHERE = {("t2d_owner", "ALL"), ("t2d_policy", "SELECT"), ("t2d_backup", "SELECT")}
WORKING_ROLES = (APPLICATION, *SITE_ROLES, "t2d_policy", "t2d_backup", "t2d_worker")
# Libraries whose tables lie in the same database. None of them holds a word about an initiative.
LIBRARIES = {"account", "auth", "contenttypes", "mfa", "sessions"}

UNDECLARED = (
    "SELECT id FROM fresh",
    "INSERT INTO fresh VALUES (1)",
    "UPDATE fresh SET id = 2",
    "DELETE FROM fresh",
)

WALLED = sorted(walled_models(), key=lambda model: model._meta.label)
every_walled = pytest.mark.parametrize("model", WALLED, ids=lambda model: model._meta.label)


def asked(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        return list(cursor.fetchall())


def declared_for(model: type[models.Model]) -> set[tuple[str, str]]:
    """(role, command) of every policy that a model asks for, read off its declaration."""
    wall: Any = model.wall  # type: ignore[attr-defined]
    own = {"SELECT": wall.select, "INSERT": wall.insert, "UPDATE": wall.update, "DELETE": wall.delete}
    application = {(APPLICATION, command) for command, predicate in own.items() if predicate}
    others = {(role, command) for role, commands in wall.others.items() for command in commands}
    return application | others


# --- The tables -----------------------------------------------------------------------------------------------


@every_walled
def test_row_security_is_enabled_and_forced(model: type[models.Model]) -> None:
    found = asked(
        "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = %s::regclass",
        model._meta.db_table,
    )

    assert found == [(True, True)]


@every_walled
def test_policies_are_those_declared_and_name_their_role(model: type[models.Model]) -> None:
    found = asked(
        "SELECT roles::text[], cmd, permissive FROM pg_policies WHERE schemaname = 'public' AND tablename = %s",
        model._meta.db_table,
    )
    expected = declared_for(model) | EVERYWHERE

    assert {(tuple(roles), command) for roles, command, _kind in found} == {
        ((role,), command) for role, command in expected
    }
    assert {kind for _roles, _command, kind in found} == {"PERMISSIVE"}


@every_walled
def test_policies_let_everything_pass_only_where_declared(model: type[models.Model]) -> None:
    """`true` is for roles that nobody logs in as, for dumps, and for the site's own work where a model says so."""
    wall: Any = model.wall  # type: ignore[attr-defined]
    found = asked(
        "SELECT roles[1], cmd FROM pg_policies WHERE tablename = %s AND 'true' IN (qual, with_check)",
        model._meta.db_table,
    )
    said = {
        (role, command)
        for role, commands in wall.others.items()
        for command, predicate in commands.items()
        if "true" in ((predicate,) if isinstance(predicate, str) else predicate)
    }

    assert set(found) == said | (EVERYWHERE - {("t2d_owner", "ALL")})
    assert APPLICATION not in {role for role, _command in found}


@every_walled
def test_rights_are_those_declared(model: type[models.Model]) -> None:
    """On the table or on some of its columns; nobody may truncate, refer to it or hang a trigger on it."""
    found = {
        (role, command)
        for role in WORKING_ROLES
        for command in COMMANDS
        for (may,) in asked(f"SELECT {_right(command)}", role, model._meta.db_table, command)
        if may
    }
    more = asked(
        "SELECT grantee, privilege_type FROM information_schema.role_table_grants"
        " WHERE table_name = %s AND grantee <> 't2d_owner' AND NOT (privilege_type = ANY (%s))",
        model._meta.db_table,
        list(COMMANDS),
    )

    assert found == declared_for(model) | {("t2d_policy", "SELECT"), ("t2d_backup", "SELECT")}
    assert more == []


def _right(command: str) -> str:
    if command == "DELETE":
        return "has_table_privilege(%s, %s, %s)"
    return "has_any_column_privilege(%s, %s, %s)"


@every_walled
def test_roles_of_some_columns_may_touch_no_others(model: type[models.Model]) -> None:
    wall: Any = model.wall  # type: ignore[attr-defined]
    for role, commands in wall.columns.items():
        for command, columns in commands.items():
            found = asked(
                "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
                " AND NOT attisdropped AND has_column_privilege(%s, attrelid, attnum, %s)",
                model._meta.db_table,
                role,
                command,
            )

            assert {name for (name,) in found} == set(columns), (role, command)


@every_walled
def test_rows_hang_on_what_they_belong_to_in_the_database(model: type[models.Model]) -> None:
    """Django's own cascade sees only what the actor sees, and would leave the rest behind."""
    found = asked(
        "SELECT attname, confdeltype::text FROM pg_constraint JOIN pg_attribute"
        " ON attrelid = conrelid AND ARRAY[attnum] = conkey WHERE contype = 'f' AND conrelid = %s::regclass",
        model._meta.db_table,
    )
    actions = dict(found)
    hanging = {
        field.column
        for field in model._meta.concrete_fields
        if field.remote_field and getattr(field.remote_field.on_delete, "__name__", "") == "DATABASE_CASCADE"
    }

    assert {column for column, action in actions.items() if action == "c"} == hanging


# --- What stands around them ----------------------------------------------------------------------------------


def test_nothing_is_given_to_everybody() -> None:
    tables = asked(
        "SELECT table_name, privilege_type FROM information_schema.role_table_grants"
        " WHERE grantee = 'PUBLIC' AND table_schema = 'public'"
    )
    functions = asked(
        "SELECT proname FROM pg_proc, aclexplode(coalesce(proacl, acldefault('f', proowner))) WHERE grantee = 0"
        " AND pronamespace = 'public'::regnamespace AND proowner = 't2d_policy'::regrole"
    )
    defaults = asked("SELECT count(*) FROM pg_default_acl")

    assert (tables, functions, defaults) == ([], [], [(0,)])


def test_functions_behind_the_policies_trust_no_search_path() -> None:
    """Whoever acts may make no function or table that one of these would take for another."""
    found = asked(
        "SELECT proname, proowner::regrole::text, proconfig FROM pg_proc"
        " WHERE pronamespace = 'public'::regnamespace AND (prosecdef OR proowner = 't2d_policy'::regrole)"
    )
    paths = {"search_path=pg_catalog, pg_temp", "search_path=pg_catalog, public, pg_temp"}

    assert found
    assert [name for name, owner, _settings in found if owner != "t2d_policy"] == []
    assert [name for name, _owner, settings in found if not paths & set(settings or ())] == []


def test_every_table_is_declared_or_a_librarys() -> None:
    tables = {
        name
        for (name,) in asked(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p')"
            " AND relnamespace = 'public'::regnamespace"
        )
    }
    known = {model._meta.db_table for model in own_models()} | {"django_migrations"}
    known |= {
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label in LIBRARIES
    }

    assert tables == known, "A new library with tables: say in LIBRARIES that it holds nothing confidential."


def test_every_model_of_the_house_says_who_reaches_its_rows() -> None:
    labels = {"accounts", "initiatives", "participants", "transfer", "coordination", "confidentiality", "t2d"}
    house = {model for model in apps.get_models() if model._meta.app_label in labels and model._meta.managed}
    silent = [model._meta.label for model in house if not (_wall(model) or _open(model))]

    assert house == set(own_models())
    assert silent == []
    assert [model._meta.label for model in house if _wall(model) and _open(model)] == []


def _wall(model: type[models.Model]) -> Any:
    return getattr(model, "wall", None)


def _open(model: type[models.Model]) -> str:
    return getattr(model, "open_because", "")


@pytest.mark.parametrize("who", ["user", None, DETECTOR, SITE, PURGE])
def test_a_table_that_nobody_declared_is_of_no_use(world: World, who: str | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE fresh (id int)")
    for command in UNDECLARED:
        refused = pytest.raises(ProgrammingError, match="permission denied for table fresh")
        with refused, transaction.atomic(), actor(world.alice if who == "user" else who):
            asked(command)


# --- System checks --------------------------------------------------------------------------------------------


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Models made in the test are all the models there are, for the checks."""
    with isolate_apps("initiatives", "accounts") as alone:
        monkeypatch.setattr(declared, "apps", alone)
        yield


def test_checks_find_nothing_to_say() -> None:
    assert declared.every_model_says_who_reads_it() == []
    assert declared.content_has_a_wall() == []
    assert declared.walls_stand(databases=["default"]) == []


def test_check_finds_a_model_that_says_nothing(registry: None) -> None:
    class Silent(Record):
        class Meta:
            app_label = "initiatives"

    class Open(Record):
        open_because = "a test says so"

        class Meta:
            app_label = "initiatives"

    class Walled(Record):
        wall = TEAM_CONTENT

        class Meta:
            app_label = "initiatives"

    found = declared.every_model_says_who_reads_it()

    assert [(error.id, error.obj) for error in found] == [("confidentiality.E001", Silent)]


def test_check_finds_what_hangs_on_a_confidential_record_without_a_wall(registry: None) -> None:
    class Note(Record):
        """Opened by mistake: it tells that there is an initiative."""

        open_because = "somebody thought it harmless"
        initiative = models.ForeignKey(Initiative, models.CASCADE, related_name="+")

        class Meta:
            app_label = "initiatives"

    found = declared.content_has_a_wall()

    assert [(error.id, error.obj) for error in found] == [("confidentiality.E002", Note)]


@pytest.mark.parametrize("fallen", ["NO FORCE", "DISABLE"])
def test_check_finds_a_wall_that_fell(fallen: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE initiatives_initiative {fallen} ROW LEVEL SECURITY")

    found = declared.walls_stand(databases=["default"])

    assert [(error.id, "initiatives_initiative" in error.msg) for error in found] == [
        ("confidentiality.E003", True)
    ]
