"""A real worker on a real broker, disturbed: killed in the middle, without its broker, cut off the database."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit, urlunsplit

import psycopg
import pytest
import redis
from celery import current_app
from django.conf import settings as django_settings
from django.db import connection, transaction
from kombu import pools

from confidentiality import hints
from conftest import World
from coordination.models import OutboxEntry, OverlapFlag
from coordination.services import outbox
from initiatives import services
from t2d.embedded import data, processes
from t2d.embedded.folder import socket_folder

pytestmark = [
    pytest.mark.serial,
    pytest.mark.xdist_group("worker"),
    pytest.mark.django_db(transaction=True),
]

PROJECT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0  # seconds; far more than anything here takes on an idle machine


def wait_until(condition: Callable[[], bool], patience: float = PATIENCE) -> float:
    """Seconds until it held."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() < began + patience, "waited in vain"
        time.sleep(0.01)
    return time.monotonic() - began


class Broker:
    """A Valkey of its own, so that stopping it stops nobody else's."""

    def __init__(self, path: Path) -> None:
        self.running = data.Services(path, socket_folder(path))
        self.socket = self.running.sockets / "valkey.sock"
        self.url = f"redis+socket://{self.socket}?virtual_host=0"

    def answers(self) -> bool:
        with contextlib.suppress(redis.RedisError), redis.Redis(unix_socket_path=str(self.socket)) as client:
            return bool(client.ping())
        return False

    def start(self) -> None:
        data.start_valkey(self.running, override=True)
        wait_until(self.answers)

    def stop(self) -> None:
        processes.stop(self.running.children, patience=10)
        self.running.children.clear()


@pytest.fixture
def broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    """The site's broker for one test, in this process and in the workers it starts."""
    started = Broker(tmp_path)
    monkeypatch.setenv("CELERY_BROKER_URL", started.url)
    monkeypatch.setattr(django_settings, "CELERY_BROKER_URL", started.url)
    monkeypatch.setattr(hints, "_closed_until", 0.0)
    forget_connections()
    started.start()
    yield started
    started.stop()
    forget_connections()
    started.running.sockets.rmdir()


def forget_connections() -> None:
    """Celery keeps its pools for as long as the process lives."""
    pools.reset()
    current_app._pool = None
    current_app.amqp._producer_pool = None


class Worker:
    """A Celery worker on the test's database, with the schedule in it."""

    def __init__(self, log: Path) -> None:
        self.log = log
        url = urlsplit(os.environ["DATABASE_URL"])
        place = urlunsplit(url._replace(path=f"/{connection.settings_dict['NAME']}"))
        command = [sys.executable, "-m", "celery", "-A", "t2d", "worker", "-B", "-c", "1", "-l", "INFO"]
        command += ["--without-gossip", "--without-mingle", "-s", str(log.with_suffix(".schedule"))]
        with open(log, "wb") as output:
            self.process = subprocess.Popen(
                command,
                cwd=PROJECT,
                env=os.environ | {"DATABASE_URL": place},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_until(lambda: " ready." in self.said or self.process.poll() is not None)
        assert self.process.poll() is None, self.said

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def kill(self) -> None:
        """Everything of it, without a word of warning."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def start_worker(tmp_path: Path, transactional_db: None, broker: Broker) -> Iterator[Callable[[], Worker]]:
    started: list[Worker] = []

    def start() -> Worker:
        started.append(Worker(tmp_path / f"worker{len(started)}.log"))
        return started[-1]

    yield start
    for worker in started:
        worker.kill()


def superuser() -> psycopg.Connection[tuple[int]]:
    """Of the test run's own cluster."""
    sockets = parse_qs(urlsplit(os.environ["DATABASE_URL"]).query)["host"][0]
    return psycopg.connect(host=sockets, user="postgres", dbname="postgres", autocommit=True)


def waiting_for_parties() -> list[int]:
    """Server processes that wait for the lock of `in_the_middle`."""
    with superuser() as server:
        found = server.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"
            " AND strpos(query, 'initiatives_initiativeparty') > 0",
            [connection.settings_dict["NAME"]],
        )
        return [row[0] for row in found]


@contextlib.contextmanager
def in_the_middle(world: World) -> Iterator[None]:
    """Something waits, and the worker stands still with its rows claimed: before it can read the parties."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE initiatives_initiativeparty IN ACCESS EXCLUSIVE MODE")
        saver = threading.Thread(target=enqueue_elsewhere, args=[world])
        saver.start()
        saver.join()
        wait_until(lambda: bool(waiting_for_parties()))
        yield


def enqueue_elsewhere(world: World) -> None:
    try:
        outbox.enqueue(initiative_ids=[world.secret.pk])
    finally:
        connection.close()


def flags_of(world: World) -> int:
    return OverlapFlag.objects.touching([world.secret.pk]).count()


def save(world: World) -> float:
    """Save as a page does; seconds it took."""
    began = time.monotonic()
    services.edit_initiative(by=world.alice, initiative=world.secret, public_line="Something new.")
    return time.monotonic() - began


def test_saved_becomes_flagged_and_the_log_holds_ids_only(
    world: World, start_worker: Callable[[], Worker]
) -> None:
    worker = start_worker()
    save(world)
    assert wait_until(lambda: flags_of(world) == 1) < 10
    wait_until(lambda: not OutboxEntry.objects.exists())

    for word in ("Secret Heron", "Rival Kite", "Something new", "Valley of Test", "@test.example"):
        assert word not in worker.said
    assert "Traceback" not in worker.said


def test_killed_in_the_middle_the_next_worker_finishes(
    world: World, start_worker: Callable[[], Worker]
) -> None:
    first = start_worker()
    with in_the_middle(world):
        first.kill()
    assert flags_of(world) == 0
    assert OutboxEntry.objects.count() == 1

    start_worker()
    wait_until(lambda: flags_of(world) == 1)
    wait_until(lambda: not OutboxEntry.objects.exists())


def test_cut_off_the_database_in_the_middle_it_tries_again(
    world: World, start_worker: Callable[[], Worker]
) -> None:
    worker = start_worker()
    with in_the_middle(world), superuser() as server:
        for pid in waiting_for_parties():
            server.execute("SELECT pg_terminate_backend(%s)", [pid])
        wait_until(lambda: "is put off" in worker.said)

    wait_until(lambda: flags_of(world) == 1)
    assert worker.process.poll() is None


def test_without_broker_saving_works_and_flags_appear_when_it_is_back(
    world: World, start_worker: Callable[[], Worker], broker: Broker
) -> None:
    start_worker()
    broker.stop()
    took = [save(world) for _ in range(3)]
    assert max(took) < 2.0, "a save waited for the broker"
    assert OutboxEntry.objects.count() == 1

    broker.start()
    wait_until(lambda: flags_of(world) == 1)
