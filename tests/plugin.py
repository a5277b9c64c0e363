"""Starts one PostgreSQL and one Valkey for the whole test run, before Django's settings are read.

Given to pytest with -p, since a conftest would come too late. The workers of pytest-xdist share what the main
process started. Services named by the environment are not used: tests never touch anybody's data.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from t2d.embedded import data, folder, keys

PREFIX = "t2d-test-"

# t2d_test may become the owner (what tests are between requests), the application (what requests run as) and the
# roles of the site's own work; a deployment has no such role. Proofs of privileges log in as t2d_app itself.
TEST_ROLES = b"""
CREATE ROLE t2d_test LOGIN NOINHERIT CREATEDB;
GRANT t2d_owner, t2d_app, t2d_detector, t2d_site, t2d_purge TO t2d_test;
ALTER ROLE t2d_owner CREATEDB;
GRANT CONNECT ON DATABASE t2d TO t2d_test;
"""


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Generator[None, object, object]:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker:
        use_own_numbers(int(worker.removeprefix("gw")))
    else:
        start_services()
    return (yield)


def use_own_numbers(worker: int) -> None:
    """Databases are pytest-django's concern; in Valkey each worker gets two numbers of its own."""
    for offset, name in enumerate(("CELERY_BROKER_URL", "CACHE_URL")):
        address = os.environ[name].rpartition("=")[0]
        os.environ[name] = f"{address}={2 + 2 * worker + offset}"


def start_services() -> None:
    _remove_leftovers()
    path = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
    stack = contextlib.ExitStack()
    # Last in, first out: the folder goes when nothing writes to it any more.
    stack.callback(shutil.rmtree, path, ignore_errors=True)
    stack.enter_context(folder.claim(path, "tests"))
    running = stack.enter_context(data.services(path, losable=True, everything=True))
    atexit.register(stack.close)
    with data.superuser(running) as connection:
        connection.execute(TEST_ROLES)
    os.environ.update(running.environment | keys.private(path))
    os.environ["DATABASE_URL"] = running.environment["DATABASE_URL"].replace("t2d_app@", "t2d_test@")
    os.environ.update(T2D_MODE="test", T2D_DATA=str(path), T2D_SECRET_KEY="only-for-tests")


def _remove_leftovers() -> None:
    """Folders of runs that were killed: theirs is the lock that nobody holds."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        if path.stat().st_uid == os.getuid() and (path / "lock").exists():
            with contextlib.suppress(folder.Busy), folder.claim(path, "tests"):
                shutil.rmtree(path, ignore_errors=True)
