"""A backup is whole and can be restored; whoever may not see everything gets none instead of half of one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from conftest import World
from t2d.embedded import binaries
from tests import factories as make

RESTORED = "t2d_restored"
pytestmark = pytest.mark.django_db(transaction=True)


def program(name: str, *arguments: str, database: str, role: str) -> subprocess.CompletedProcess[bytes]:
    host = str(connection.settings_dict["HOST"])
    command = [binaries.postgres_folder() / name, "-h", host, "-U", role, "-d", database, *arguments]
    return subprocess.run(command, capture_output=True, check=False)


def dump(role: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return program("pg_dump", "-Fc", *arguments, database=str(connection.settings_dict["NAME"]), role=role)


def as_superuser(database: str) -> psycopg.Connection[tuple[Any, ...]]:
    host = str(connection.settings_dict["HOST"])
    return psycopg.connect(host=host, user="postgres", dbname=database, autocommit=True)


def contents(database: str) -> dict[str, int]:
    """How many rows each table has, and how many policies and functions there are."""
    with as_superuser(database) as asking:
        tables = asking.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        found = {name: asking.execute(f'SELECT count(*) FROM "{name}"').fetchone() for (name,) in tables}
        found["policies"] = asking.execute("SELECT count(*) FROM pg_policies").fetchone()
        found["functions"] = asking.execute(
            "SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        ).fetchone()
    return {name: row[0] for name, row in found.items() if row is not None}


@pytest.fixture
def empty() -> Iterator[str]:
    """An empty database with the roles' rights, as roles.sql makes it."""
    with as_superuser("postgres") as asking:
        asking.execute(f"CREATE DATABASE {RESTORED}")
    with as_superuser(RESTORED) as asking:
        asking.execute((Path(settings.BASE_DIR) / "deploy" / "roles.sql").read_bytes())
    yield RESTORED
    with as_superuser("postgres") as asking:
        asking.execute(f"DROP DATABASE {RESTORED} WITH (FORCE)")


def migrate(database: str) -> None:
    host = connection.settings_dict["HOST"]
    addresses = {
        "DATABASE_URL": f"postgresql://t2d_app@/{database}?host={host}",
        "DATABASE_OWNER_URL": f"postgresql://t2d_owner@/{database}?host={host}",
        "T2D_MODE": "embedded",
    }
    command = [sys.executable, "manage.py", "migrate", "--noinput", "-v0"]
    subprocess.run(command, env=os.environ | addresses, cwd=settings.BASE_DIR, check=True)


def test_a_dump_is_whole_and_can_be_restored(world: World, empty: str, tmp_path: Path) -> None:
    make.make_flag(world.secret, world.rival)
    before = contents(str(connection.settings_dict["NAME"]))
    made = dump("t2d_backup", "--enable-row-security")
    assert made.returncode == 0, made.stderr.decode()
    file = tmp_path / "t2d.dump"
    file.write_bytes(made.stdout)

    restored = program("pg_restore", "--exit-on-error", str(file), database=empty, role="postgres")
    assert restored.returncode == 0, restored.stderr.decode()
    with as_superuser(empty) as asking:  # as a dump from before there was a wall would be
        asking.execute("DROP POLICY t2d_app_select ON initiatives_teammember")
        asking.execute(
            "ALTER TABLE initiatives_teammember NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY"
        )
    migrate(empty)

    assert before["initiatives_initiative"] == 2
    assert contents(empty) == before
    with as_superuser(empty) as asking:
        forced = "SELECT relforcerowsecurity FROM pg_class WHERE relname = 'initiatives_teammember'"
        assert asking.execute(forced).fetchone() == (True,)


@pytest.mark.parametrize("role", ["t2d_app", "t2d_worker", "t2d_owner", "t2d_backup"])
def test_a_dump_without_the_switch_stops_with_an_error(world: World, role: str) -> None:
    assert dump(role).returncode != 0


@pytest.mark.parametrize("role", ["t2d_app", "t2d_worker"])
def test_a_dump_of_pages_or_worker_stops_with_an_error(world: World, role: str) -> None:
    assert dump(role, "--enable-row-security").returncode != 0
