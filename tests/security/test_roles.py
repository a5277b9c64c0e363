"""What each login of the database may not do, asked of PostgreSQL through a connection of that login.

Proved: no login of a deployment can change tables, policies or functions, become somebody else than listed, switch
row security off, leave the database or make anything of its own; without an actor, and under the names of the
site's own work, the application sees no confidential row; the worker has no rights until it takes on a role; each
role of the site's own work reads the texts written out here and no others; dumps read everything and write nothing.
Not proved: that SQL sent by an attacker as the application is stopped. Whoever can send any statement can set the
actor as well: row security is a wall against mistakes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any

import psycopg
import pytest
from django.db import DataError, connection
from psycopg.errors import InsufficientPrivilege

from confidentiality.actor import DETECTOR, OWNER, PURGE, SETUP, SITE, actor
from confidentiality.fields import Encrypted
from confidentiality.wall import walled_models
from conftest import World
from tests.logins import logged_in_as
from tests.security.canaries import confidential_texts
from tests.security.conftest import Secrets

Login = Callable[..., psycopg.Connection[Any]]

APPLICATION, WORKER, BACKUP = "t2d_app", "t2d_worker", "t2d_backup"
SITE_ROLES = ("t2d_detector", "t2d_site", "t2d_purge")
# (login, role that it takes on). The owner is no login of a running deployment.
WORKING = [
    (APPLICATION, ""),
    (WORKER, ""),
    *((WORKER, role) for role in (APPLICATION, *SITE_ROLES)),
    (BACKUP, ""),
]
as_each = pytest.mark.parametrize(("login", "role"), WORKING, ids="-".join)

TABLE = "initiatives_initiative"
FORBIDDEN = [
    # Things of one's own, which could shadow or keep what belongs to others.
    "CREATE TABLE public.mine (id int)",
    "CREATE TEMP TABLE mine (id int)",
    "CREATE VIEW public.mine AS SELECT 1",
    "CREATE SCHEMA mine",
    "CREATE DATABASE mine",
    "CREATE EXTENSION hstore",
    "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    # The tables and their walls.
    f"DROP TABLE {TABLE} CASCADE",
    f"TRUNCATE {TABLE} CASCADE",
    "TRUNCATE accounts_user CASCADE",
    f"ALTER TABLE {TABLE} ADD COLUMN mine int",
    f"ALTER TABLE {TABLE} DISABLE ROW LEVEL SECURITY",
    f"ALTER TABLE {TABLE} NO FORCE ROW LEVEL SECURITY",
    f"CREATE POLICY mine ON {TABLE} USING (true)",
    f"DROP POLICY t2d_app_select ON {TABLE}",
    f"CREATE TRIGGER mine BEFORE UPDATE ON {TABLE} EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    f"CREATE RULE mine AS ON DELETE TO {TABLE} DO INSTEAD NOTHING",
    "UPDATE django_migrations SET app = app",
    "SELECT setval('coordination_outboxentry_id_seq', 1)",
    "SELECT last_value FROM coordination_outboxentry_id_seq",
    # The functions behind the policies.
    "CREATE OR REPLACE FUNCTION public.actor_id() RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid'",
    "ALTER FUNCTION public.actor_id() OWNER TO CURRENT_USER",
    "DROP FUNCTION public.actor_id() CASCADE",
    # Roles and settings.
    "CREATE ROLE mine",
    "ALTER ROLE CURRENT_USER BYPASSRLS",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "ALTER ROLE CURRENT_USER SET t2d.actor = 'system:owner'",
    "ALTER ROLE t2d_owner PASSWORD 'mine'",
    "GRANT t2d_owner TO t2d_app",
    "ALTER SYSTEM SET log_statement = 'all'",
    "SET session_replication_role = replica",
    "SET SESSION AUTHORIZATION t2d_owner",
    # Out of the database.
    "COPY django_migrations TO PROGRAM 'cat'",
    "COPY django_migrations TO '/tmp/mine'",
    "SELECT pg_read_file('PG_VERSION')",
    "SELECT pg_ls_dir('.')",
    "SELECT lo_import('/etc/passwd')",
]
# Who may become whom, as roles.sql says; the role that tests log in as is left out.
MEMBERSHIPS = {
    ("t2d_policy", "t2d_owner"),
    (APPLICATION, WORKER),
    *((role, WORKER) for role in SITE_ROLES),
}
ALL_ROLES = ("postgres", "t2d_owner", "t2d_policy", "t2d_test", APPLICATION, WORKER, BACKUP, *SITE_ROLES)

# Every text that a role of the site's own work may read. What is encrypted is read by none of them.
TEXTS = {
    "t2d_detector": {
        "initiatives.Initiative.codename",
        "coordination.OverlapFlag.factors",
        "coordination.OverlapFlag.fingerprint",
        "coordination.OverlapFlag.note",
        "coordination.CoordinationLink.note",
    },
    # Ids, codes and hashes: what is signed every hour and verified by the operator's command.
    "t2d_site": {
        *(f"confidentiality.AuditEvent.{name}" for name in ("actor", "route", "facts", "previous", "hash")),
        "confidentiality.AuditHead.hash",
        "confidentiality.AuditCheckpoint.body",
        "confidentiality.AuditCheckpoint.signature",
    },
    "t2d_purge": set(),
}


@pytest.fixture
def logged_in() -> Iterator[Login]:
    """Opens connections that log in as a role itself, not as the tests' role that may become any."""
    place = {"host": connection.settings_dict["HOST"], "dbname": connection.settings_dict["NAME"]}
    with ExitStack() as opened:

        def log_in(login: str, role: str = "") -> psycopg.Connection[Any]:
            made = opened.enter_context(psycopg.connect(**place, user=login, autocommit=True))
            if role:
                made.execute(f"SET ROLE {role}")
            return made

        yield log_in


def is_refused(direct: psycopg.Connection[Any], statement: str) -> bool:
    """For want of a right; anything else that happens is a surprise."""
    try:
        direct.execute(statement)
    except InsufficientPrivilege:
        return True
    return False


def rows(direct: psycopg.Connection[Any], statement: str, *values: Any) -> set[tuple[Any, ...]]:
    return set(direct.execute(statement, values or None).fetchall())


def count(direct: psycopg.Connection[Any], table: str) -> int:
    (row,) = rows(direct, f'SELECT count(*) FROM "{table}"')
    return int(row[0])


def tables() -> list[str]:
    return sorted(model._meta.db_table for model in walled_models())


# --- Whatever the login ---------------------------------------------------------------------------------------


@as_each
def test_nobody_changes_what_holds_the_walls(db: None, logged_in: Login, login: str, role: str) -> None:
    direct = logged_in(login, role)
    statements = [statement for statement in FORBIDDEN if not (login == BACKUP and "last_value" in statement)]

    assert [statement for statement in statements if not is_refused(direct, statement)] == []


@as_each
def test_nobody_becomes_anybody_else(db: None, logged_in: Login, login: str, role: str) -> None:
    """Not by SET ROLE, and not when the role was reset before."""
    may = {login} | {member for member, of in MEMBERSHIPS if of == login}
    direct = logged_in(login, role)
    became = {other for other in ALL_ROLES if not is_refused(direct, f"SET ROLE {other}")}
    direct.execute("RESET ROLE")
    after = {other for other in ALL_ROLES if not is_refused(direct, f"SET ROLE {other}")}

    assert (became, after) == (may, may)


@as_each
def test_row_security_cannot_be_switched_off(db: None, logged_in: Login, login: str, role: str) -> None:
    """The switch makes a query fail that it would have cut."""
    direct = logged_in(login, role)
    direct.execute("SET row_security = off")

    assert [table for table in tables() if not is_refused(direct, f'SELECT FROM "{table}"')] == []


def test_no_login_is_mighty_and_memberships_are_those_listed(db: None, logged_in: Login) -> None:
    direct = logged_in(APPLICATION)
    mighty = rows(
        direct,
        "SELECT rolname FROM pg_roles WHERE rolname LIKE 't2d%' AND (rolsuper OR rolbypassrls OR rolcreaterole"
        " OR rolreplication OR rolinherit OR (rolcreatedb AND rolname NOT IN ('t2d_test', 't2d_owner')))",
    )
    members = rows(
        direct,
        "SELECT roleid::regrole::text, member::regrole::text FROM pg_auth_members"
        " WHERE roleid::regrole::text LIKE 't2d%' AND member::regrole::text NOT IN ('t2d_test', 'startup_heir',"
        " 'startup_policy')",
    )
    owners = rows(
        direct,
        "SELECT DISTINCT relowner::regrole::text FROM pg_class WHERE relnamespace = 'public'::regnamespace",
    )

    assert (mighty, members) == (set(), MEMBERSHIPS)
    assert owners == {("t2d_owner",), ("t2d_policy",)}


# --- The application without anybody, and under names that are not its own -----------------------------------


@pytest.mark.parametrize("name", ["", OWNER, DETECTOR, SITE, PURGE, SETUP, "t2d_owner"])
@pytest.mark.parametrize(("login", "role"), [(APPLICATION, ""), (WORKER, APPLICATION)], ids="-".join)
def test_names_of_the_sites_work_open_nothing_to_the_application(
    transactional_db: None, secrets: Secrets, logged_in: Login, login: str, role: str, name: str
) -> None:
    """It is the role that opens: a page that called itself the detector would see what nobody sees."""
    direct = logged_in(login, role)
    direct.execute("SELECT set_config('t2d.actor', %s, false)", [name])
    readable = [table for table in tables() if not is_refused(direct, f'SELECT FROM "{table}"')]

    assert {table: count(direct, table) for table in readable} == dict.fromkeys(readable, 0)
    assert set(tables()) - set(readable) == {"coordination_outboxentry", "confidentiality_auditcheckpoint"}


def test_there_is_something_to_be_seen(transactional_db: None, secrets: Secrets, logged_in: Login) -> None:
    """The control of the proof above, and what a dump is for: every table has rows, and a dump has them all."""
    direct = logged_in(BACKUP)
    stored = {model._meta.db_table: model._default_manager.count() for model in walled_models()}

    assert {table: count(direct, table) for table in tables()} == stored
    assert 0 not in stored.values()


def test_worker_is_nothing_until_it_takes_on_a_role(db: None, logged_in: Login) -> None:
    direct = logged_in(WORKER)
    every = rows(direct, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")

    assert len(every) > len(tables())
    assert [table for (table,) in every if not is_refused(direct, f'SELECT FROM "{table}"')] == []


def test_dumps_write_nothing_and_run_nothing_of_ours(db: None, logged_in: Login) -> None:
    direct = logged_in(BACKUP)
    writes = rows(
        direct,
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v')"
        " AND has_table_privilege(oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER, MAINTAIN')",
    )
    counts = rows(
        direct,
        "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'"
        " AND has_sequence_privilege(format('%I', sequencename), 'USAGE, UPDATE')",
    )
    runs = rows(
        direct,
        "SELECT proname FROM pg_proc WHERE proowner = 't2d_policy'::regrole AND has_function_privilege(oid, 'EXECUTE')",
    )

    assert (writes, counts, runs) == (set(), set(), set())


# --- The site's own work --------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", SITE_ROLES)
def test_the_sites_work_reads_the_texts_listed_and_no_others(db: None, role: str) -> None:
    """By column: a new text is closed to all of them until somebody opens it here as well."""
    texts = confidential_texts()
    found = {f"{field.model._meta.label}.{field.name}" for field in texts if may_read(role, field)}

    assert found == TEXTS[role]
    assert [field for field in texts if isinstance(field, Encrypted) and may_read(role, field)] == []


def may_read(role: str, field: Any) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_column_privilege(%s, %s, %s, 'SELECT')",
            [role, field.model._meta.db_table, field.column],
        )
        (found,) = cursor.fetchone()
    return bool(found)


@pytest.mark.parametrize(
    "table",
    [
        "accounts_user.password",
        "accounts_user.email",
        "accounts_signin.session_data",
        "accounts_signin.session_key",
        "mfa_authenticator.data",
    ],
)
def test_accounts_and_sign_ins_are_for_pages_and_dumps(db: None, logged_in: Login, table: str) -> None:
    """t2d_policy is nobody's login: its functions hand out ids, and yes or no."""
    name, column = table.split(".")
    direct = logged_in(APPLICATION)
    readers = rows(
        direct,
        "SELECT rolname FROM pg_roles WHERE rolname LIKE 't2d%%' AND has_column_privilege(rolname, %s, %s, 'SELECT')",
        name,
        column,
    )

    assert readers == {("t2d_app",), ("t2d_owner",), ("t2d_policy",), ("t2d_backup",)}


@pytest.mark.parametrize(
    ("role", "name", "statement"),
    [
        ("t2d_detector", DETECTOR, "SELECT public_line FROM initiatives_initiative"),
        ("t2d_detector", DETECTOR, "SELECT * FROM initiatives_initiative"),
        ("t2d_detector", DETECTOR, "SELECT FROM initiatives_teammember"),
        ("t2d_detector", DETECTOR, "UPDATE initiatives_initiative SET updated_at = now()"),
        ("t2d_detector", DETECTOR, "UPDATE initiatives_initiative SET matching = 'on'"),
        ("t2d_detector", DETECTOR, "DELETE FROM initiatives_initiative"),
        ("t2d_site", SITE, "SELECT codename FROM initiatives_initiative"),
        ("t2d_site", SITE, "UPDATE initiatives_initiative SET visibility = 'network'"),
        ("t2d_site", SITE, "DELETE FROM initiatives_teammember"),
        ("t2d_site", SITE, "SELECT data FROM initiatives_draft"),
        ("t2d_purge", PURGE, "SELECT codename FROM initiatives_initiative"),
        ("t2d_purge", PURGE, "SELECT FROM initiatives_brief"),
        ("t2d_purge", PURGE, "DELETE FROM accounts_user"),
    ],
)
def test_the_sites_work_does_no_more_than_its_own(
    transactional_db: None, world: World, logged_in: Login, role: str, name: str, statement: str
) -> None:
    direct = logged_in(WORKER, role)
    direct.execute("SELECT set_config('t2d.actor', %s, false)", [name])

    assert is_refused(direct, statement)


@pytest.mark.parametrize(
    ("who", "role"),
    [
        ("user", APPLICATION),
        (None, APPLICATION),
        (DETECTOR, "t2d_detector"),
        (SITE, "t2d_site"),
        (PURGE, "t2d_purge"),
    ],
)
@pytest.mark.django_db
def test_whoever_acts_takes_on_the_role(world: World, who: str | None, role: str) -> None:
    with actor(world.alice if who == "user" else who), connection.cursor() as cursor:
        cursor.execute("SELECT current_user")

        assert cursor.fetchone() == (role,)


@pytest.mark.parametrize("fails", [False, True], ids=["done", "failed"])
def test_after_a_piece_of_work_the_worker_is_the_application_again(
    transactional_db: None, world: World, fails: bool
) -> None:
    """Also where one piece lies within another. What it did as somebody else ends with the transaction."""
    with logged_in_as(WORKER):
        for who in (DETECTOR, SITE, PURGE, world.alice, None):
            with suppress(DataError), actor(who), actor(SITE), connection.cursor() as cursor:
                cursor.execute("SELECT 1 / CAST(%s AS int)", ["nought" if fails else "1"])
            with connection.cursor() as cursor:
                cursor.execute("SELECT session_user, current_user, current_setting('t2d.actor', true)")

                assert cursor.fetchone() in ((WORKER, APPLICATION, ""), (WORKER, APPLICATION, None))
