"""No process of the site works with a database role that no wall would stop.

Proved, with processes of their own: pages, worker and operator's commands end at once, with one clear sentence
and a code that is not 0, when DATABASE_URL leads to a superuser, the owner, a role with BYPASSRLS, one that may
become the owner or the policies' functions, or one that owns a table; with the application's and the worker's logins
they start, and so does a web process whose database is not there yet.
Not proved: that an operator cannot hand out another role's rights later; `manage.py check` says what it finds then.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from django.db import connection

from tests.security.test_roles import APPLICATION, WORKER

# One after the other: they make roles, which belong to the whole cluster.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("startup")]

PROJECT = Path(__file__).resolve().parents[2]
USE = "Use t2d_app (see deploy/roles.sql)."
# Roles that only these tests make, and how each could pass the wall.
MADE = {
    "startup_bypass": "CREATE ROLE startup_bypass LOGIN BYPASSRLS",
    "startup_heir": "CREATE ROLE startup_heir LOGIN NOINHERIT; GRANT t2d_owner TO startup_heir",
    "startup_policy": "CREATE ROLE startup_policy LOGIN NOINHERIT; GRANT t2d_policy TO startup_policy",
}
MIGHTY = {
    "postgres": "is a superuser",
    "startup_bypass": "has BYPASSRLS",
    "startup_heir": "may become other roles",
    "startup_policy": "may become other roles",
    "t2d_owner": "owns tables",
}


@pytest.fixture(scope="module")
def mighty() -> Iterator[None]:
    """The roles are there for the time of these tests. They belong to the whole cluster, which is the test run's."""
    with superuser() as asking:
        for name, made in MADE.items():
            asking.execute(f"DROP ROLE IF EXISTS {name}")
            asking.execute(made.encode())
    yield
    with superuser() as asking:
        for name in MADE:
            asking.execute(f"DROP ROLE {name}".encode())


def superuser() -> psycopg.Connection[tuple[object, ...]]:
    host = str(connection.settings_dict["HOST"])
    return psycopg.connect(host=host, user="postgres", dbname="postgres", autocommit=True)


def environment(login: str, **more: str) -> dict[str, str]:
    """Of a process as script/server starts it: not in the tests' mode, in which everything is allowed."""
    host, name = connection.settings_dict["HOST"], connection.settings_dict["NAME"]
    address = f"postgresql://{login}@/{name}?host={quote(str(host))}"
    return os.environ | {"T2D_MODE": "embedded", "DATABASE_URL": address, "PYTHONPATH": str(PROJECT)} | more


def run(*arguments: str, login: str = APPLICATION, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], env=environment(login, **more), cwd=PROJECT, capture_output=True, text=True,
        check=False, timeout=120, stdin=subprocess.DEVNULL,
    )  # fmt: skip


PAGES = ("-c", "import t2d.wsgi")
SERVER = ("-m", "gunicorn", "t2d.wsgi", "--bind", "127.0.0.1:0", "--workers", "1", "--no-control-socket")
WORK = (
    "-m",
    "celery",
    "-A",
    "t2d",
    "worker",
    "-c",
    "1",
    "-l",
    "INFO",
    "--without-gossip",
    "--without-mingle",
)
COMMAND = ("manage.py", "detect_overlaps")


# --- Refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("login", MIGHTY)
def test_pages_do_not_start_as(transactional_db: None, mighty: None, login: str) -> None:
    done = run(*PAGES, login=login)

    assert done.returncode == 1
    assert_told(done.stderr.splitlines()[-1], login)


@pytest.mark.parametrize(
    ("arguments", "login"),
    [(SERVER, "postgres"), (WORK, "postgres"), (WORK, "startup_bypass"), (COMMAND, "t2d_owner")],
)
def test_server_worker_and_commands_end_at_once(
    transactional_db: None, mighty: None, arguments: tuple[str, ...], login: str
) -> None:
    done = run(*arguments, login=login)
    told = [line for line in done.stderr.splitlines() if "DATABASE_URL" in line]

    assert done.returncode != 0
    assert_told(told[-1], login)
    assert "ready." not in done.stderr + done.stdout


def test_a_worker_whose_login_becomes_the_owner_does_not_start(transactional_db: None, mighty: None) -> None:
    """The login is judged, not only the role that it works in at first."""
    host = connection.settings_dict["HOST"]
    address = (
        f"postgresql://startup_heir@/{connection.settings_dict['NAME']}?host={host}&assume_role=t2d_owner"
    )
    done = run(*PAGES, login="startup_heir", DATABASE_URL=address)

    assert done.returncode == 1
    assert_told(done.stderr.splitlines()[-1], "startup_heir")


def assert_told(line: str, login: str) -> None:
    """One sentence: who connects, why that will not do, and what to use instead."""
    assert f"DATABASE_URL connects as {login}, which " in line
    assert MIGHTY[login] in line
    assert line.endswith(USE)


def test_a_worker_whose_keys_others_can_read_does_not_start(transactional_db: None, tmp_path: Path) -> None:
    open_to_all = tmp_path / "keystore"
    open_to_all.mkdir()
    open_to_all.chmod(0o755)
    done = run(*WORK, login=WORKER, T2D_KEY_STORE=str(open_to_all))

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith(f"chmod 700 {open_to_all}")


# --- Not refused ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("login", [APPLICATION, WORKER, f"{WORKER}&assume_role=t2d_app"])
def test_pages_start_as(transactional_db: None, login: str) -> None:
    name, _and, options = login.partition("&")
    address = environment(name)["DATABASE_URL"] + (f"&{options}" if options else "")
    done = run(*PAGES, login=name, DATABASE_URL=address)

    assert done.returncode == 0, done.stderr


def test_a_worker_starts(transactional_db: None) -> None:
    work = subprocess.Popen(
        [sys.executable, *WORK], env=environment(WORKER), cwd=PROJECT, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    with work:
        assert work.stdout is not None
        told = next((line for line in work.stdout if " ready." in line or "DATABASE_URL" in line), "")
        work.terminate()
        work.stdout.read()

    assert " ready." in told


def test_a_database_that_is_not_there_yet_stops_nobody(transactional_db: None, tmp_path: Path) -> None:
    address = f"postgresql://t2d_app@/t2d?host={tmp_path}"
    done = run(*PAGES, login=APPLICATION, DATABASE_URL=address)

    assert done.returncode == 0, done.stderr
