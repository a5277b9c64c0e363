"""The application's role owns nothing, bypasses nothing, and is what everything but a migration runs as."""

from __future__ import annotations

import psycopg
import pytest
from django.db import connection

from confidentiality.actor import DETECTOR, PURGE, SITE, actor
from conftest import World

ATTEMPTS = [
    "CREATE TABLE public.mine (id int)",
    "CREATE TEMP TABLE mine (id int)",
    "TRUNCATE accounts_user CASCADE",
    "DROP TABLE initiatives_initiative CASCADE",
    "ALTER TABLE initiatives_initiative ADD COLUMN mine int",
    "GRANT t2d_owner TO t2d_app",
    "SET ROLE t2d_owner",
    "SET ROLE t2d_policy",
    "SET ROLE t2d_test",
    "SET ROLE t2d_detector",
    "SET ROLE t2d_site",
    "SET ROLE t2d_purge",
    "SET ROLE t2d_worker",
    "CREATE SCHEMA mine",
    "UPDATE django_migrations SET app = app",
    "COPY accounts_user TO PROGRAM 'cat'",
]


@pytest.fixture
def application(db: None) -> psycopg.Connection:
    """A connection that logs in as the application itself, not as the test role that may become it."""
    with psycopg.connect(
        host=connection.settings_dict["HOST"],
        dbname=connection.settings_dict["NAME"],
        user="t2d_app",
        autocommit=True,
    ) as direct:
        yield direct


@pytest.mark.parametrize("statement", ATTEMPTS)
def test_application_may_not(application: psycopg.Connection, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        application.execute(statement)


def test_application_owns_nothing(application: psycopg.Connection) -> None:
    owned = application.execute(
        "SELECT count(*) FROM pg_class WHERE relowner = 't2d_app'::regrole"
    ).fetchone()
    role = application.execute(
        "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolinherit FROM pg_roles WHERE rolname = 't2d_app'"
    ).fetchone()

    assert owned == (0,)
    assert role == (False, False, False, False, False)


@pytest.mark.parametrize(
    ("who", "role"),
    [
        ("user", "t2d_app"),
        (None, "t2d_app"),
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
