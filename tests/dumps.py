"""Backups of the test's database, and databases made from them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection

from t2d.embedded import binaries

BACKUP = "t2d_backup"


def name() -> str:
    return str(connection.settings_dict["NAME"])


def program(name: str, *arguments: str, database: str, role: str) -> subprocess.CompletedProcess[bytes]:
    host = str(connection.settings_dict["HOST"])
    command = [binaries.postgres_folder() / name, "-h", host, "-U", role, "-d", database, *arguments]
    return subprocess.run(command, capture_output=True, check=False)


def dump(role: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """In the custom format, as whoever; without the switch that a backup needs."""
    return program("pg_dump", "-Fc", *arguments, database=name(), role=role)


def backup(*arguments: str) -> bytes:
    """A whole one, as it is to be taken."""
    made = dump(BACKUP, "--enable-row-security", *arguments)
    assert made.returncode == 0, made.stderr.decode()
    return made.stdout


def as_superuser(database: str) -> psycopg.Connection[tuple[Any, ...]]:
    host = str(connection.settings_dict["HOST"])
    return psycopg.connect(host=host, user="postgres", dbname=database, autocommit=True)


@contextmanager
def empty_database() -> Iterator[str]:
    """With the roles' rights, as roles.sql makes it. Processes that test at the same time have each their own."""
    database = f"{name()}_restored"
    with as_superuser("postgres") as asking:
        asking.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)".encode())
        asking.execute(f"CREATE DATABASE {database}".encode())
    with as_superuser(database) as asking:
        asking.execute((Path(settings.BASE_DIR) / "deploy" / "roles.sql").read_bytes())
    try:
        yield database
    finally:
        with as_superuser("postgres") as asking:
            asking.execute(f"DROP DATABASE {database} WITH (FORCE)".encode())


def restore(made: bytes, database: str, file: Path) -> None:
    """As the documentation says: into an empty database, and migrated afterwards."""
    file.write_bytes(made)
    done = program("pg_restore", "--exit-on-error", str(file), database=database, role="postgres")
    assert done.returncode == 0, done.stderr.decode()
    migrate(database)


def migrate(database: str) -> None:
    host = connection.settings_dict["HOST"]
    addresses = {
        "DATABASE_URL": f"postgresql://t2d_app@/{database}?host={host}",
        "DATABASE_OWNER_URL": f"postgresql://t2d_owner@/{database}?host={host}",
        "T2D_MODE": "embedded",
    }
    command = [sys.executable, "manage.py", "migrate", "--noinput", "-v0"]
    subprocess.run(command, env=os.environ | addresses, cwd=settings.BASE_DIR, check=True)
