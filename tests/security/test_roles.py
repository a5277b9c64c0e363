"""The application's role owns nothing, bypasses nothing, and is what everything but a migration runs as."""

from __future__ import annotations

import os

import psycopg
import pytest
from django.db import connection

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


@pytest.mark.django_db
def test_suite_runs_as_the_application() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("t2d_app",)
    assert "t2d_test@" in os.environ["DATABASE_URL"]
