"""The data services of one folder: PostgreSQL and Valkey on private sockets, started and stopped."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import redis
from psycopg import sql
from redis.backoff import NoBackoff
from redis.retry import Retry

from t2d.embedded import binaries, folder, processes, stopping

ROLES_SQL = folder.PROJECT / "deploy" / "roles.sql"
START_PATIENCE = 120  # seconds; recovery after a crash can take a while on a slow disk
STOP_PATIENCE = 20

# Nothing of a statement or of a row may reach the log: it would hold what the vault keeps closed.
_QUIET = ("log_min_error_statement=panic", "log_error_verbosity=terse")
_LOSABLE = (
    "fsync=off", "full_page_writes=off", "synchronous_commit=off", "autovacuum=off", "max_wal_size=2GB",
)  # fmt: skip


class DidNotStart(Exception):
    """A data service ended, or stayed silent, while starting; the message shows its last words."""


@dataclass
class Services:
    """What runs, and the environment that leads to it. Holds no connection."""

    path: Path
    sockets: Path
    losable: bool = False  # test and check runs: faster, and gone after a crash
    children: list[processes.Child] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)


@contextlib.contextmanager
def services(path: Path, *, losable: bool = False, everything: bool = False) -> Iterator[Services]:
    """Starts what no variable names (or `everything`), and stops it at the end. The caller holds `path`."""
    running = Services(path, folder.socket_folder(path), losable=losable)
    try:
        if everything or not os.environ.get("DATABASE_URL"):
            start_postgres(running)
        if everything or not (os.environ.get("CELERY_BROKER_URL") and os.environ.get("CACHE_URL")):
            start_valkey(running, override=everything)
        _wait(running)
        yield running
    finally:
        processes.stop(running.children, patience=STOP_PATIENCE)
        shutil.rmtree(running.sockets, ignore_errors=True)


def start_postgres(running: Services) -> None:
    data = running.path / "postgres"
    sockets = running.sockets / "pg"
    _make_cluster(data, losable=running.losable)
    _check_version(data)
    _give(data)
    _end_predecessor(data)
    shutil.rmtree(sockets, ignore_errors=True)  # with the lock file of a socket whose server was killed
    sockets.mkdir(mode=0o700)
    _give(sockets)
    settings = ["listen_addresses=", f"unix_socket_directories={sockets}", "unix_socket_permissions=0700"]
    settings += ["max_connections=100", *_QUIET, *(_LOSABLE if running.losable else ())]
    options = [word for setting in settings for word in ("-c", setting)]
    command = binaries.postgres_command("postgres", "-D", str(data), *options)
    log = running.path / "postgres.log"
    running.children.append(processes.start("postgres", command, log=log, stop_signal=signal.SIGINT))
    running.environment |= {
        "DATABASE_URL": f"postgresql://t2d_app@/t2d?host={sockets}",
        "DATABASE_OWNER_URL": f"postgresql://t2d_owner@/t2d?host={sockets}",
        "DATABASE_WORKER_URL": f"postgresql://t2d_worker@/t2d?host={sockets}&assume_role=t2d_app",
    }


def start_valkey(running: Services, *, override: bool) -> None:
    data = running.path / "valkey"
    data.mkdir(mode=0o700, exist_ok=True)
    socket = running.sockets / "valkey.sock"
    _end_older_valkey(socket)
    keep = ["--appendonly", "no" if running.losable else "yes", "--appendfsync", "everysec", "--save", ""]
    # Queued work must never be thrown out to make room: better to refuse, which the outbox survives.
    keep += ["--dir", str(data), "--maxmemory-policy", "noeviction", "--databases", "64"]
    listen = ["--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700"]
    command = [str(binaries.valkey_server()), *listen, *keep]
    running.children.append(processes.start("valkey", command, log=running.path / "valkey.log"))
    found = {
        "CELERY_BROKER_URL": f"redis+socket://{socket}?virtual_host=0",
        "CACHE_URL": f"unix://{socket}?db=1",
    }
    running.environment |= {name: url for name, url in found.items() if override or not os.environ.get(name)}


def _end_older_valkey(socket: Path) -> None:
    """Where a killed parent did not take it along: two servers must not write one file of queued work."""
    with contextlib.suppress(redis.RedisError), _valkey(socket) as client:
        client.shutdown()
    socket.unlink(missing_ok=True)


def _make_cluster(data: Path, *, losable: bool) -> None:
    """initdb into another name, renamed when done: a half-made cluster is never mistaken for a good one."""
    if (data / "PG_VERSION").exists():
        return
    unfinished = data.with_name("postgres.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    _give(unfinished)
    # One order of characters everywhere, whatever locales the machine has; the embedded build has no ICU.
    builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    locale = ["--locale=C", *(builtin if binaries.postgres_major() >= 17 else [])]
    options = ["-U", "postgres", "--auth=trust", "-E", "UTF8", *locale, *(["--no-sync"] if losable else [])]
    command = binaries.postgres_command("initdb", "-D", str(unfinished), *options)
    made = stopping.run(command, cwd="/")
    if made.returncode:
        raise DidNotStart(f"PostgreSQL could not make its data folder:\n{made.stdout}{made.stderr}")
    unfinished.rename(data)


def _check_version(data: Path) -> None:
    made_by = (data / "PG_VERSION").read_text(encoding="ascii").strip()
    if made_by != str(binaries.postgres_major()):
        raise DidNotStart(
            f"{data} was made by PostgreSQL {made_by}, and {binaries.postgres_major()} is installed. "
            "Start once with the former, dump, and restore into a fresh data folder."
        )


def _give(path: Path) -> None:
    """Makes PostgreSQL's user the owner of its files: who that is depends on the machine."""
    uid = binaries.postgres_uid()
    if path.stat().st_uid == uid:
        return
    for place, _, names in os.walk(path):
        for each in (place, *(os.path.join(place, name) for name in names)):
            os.chown(each, uid, -1, follow_symlinks=False)


def _end_predecessor(data: Path) -> None:
    """After a kill -9. We hold the folder, so postmaster.pid names the dead, a stranger or an orphan."""
    pid_file = data / "postmaster.pid"
    for attempt in range(200):
        words = pid_file.read_text(encoding="ascii").split() if pid_file.exists() else []
        if not words or str(data) not in _command_line(int(words[0])):
            break
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(words[0]), signal.SIGINT if attempt < 100 else signal.SIGQUIT)
        stopping.pause(0.1)
    pid_file.unlink(missing_ok=True)


def _command_line(pid: int) -> str:
    """Of a process; empty when it is gone or a zombie."""
    if Path("/proc/self/cmdline").exists():
        with contextlib.suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
        return ""
    told = subprocess.run(  # nosec B603 # of input it holds a number
        ["/bin/ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return told.stdout


def _wait(running: Services) -> None:
    deadline = time.monotonic() + START_PATIENCE
    for child in running.children:
        answers = _database_answers if child.name == "postgres" else _valkey_answers
        while not answers(running):
            if child.ended() or time.monotonic() > deadline:
                raise DidNotStart(f"{child.name} did not start:\n{child.last_words()}")
            stopping.pause(0.03)
        if child.name == "postgres":
            _make_database(running)


def superuser(running: Services, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
    """A connection as the cluster's own superuser, which no setting names and the application never uses."""
    sockets = str(running.sockets / "pg")
    return psycopg.connect(host=sockets, user="postgres", dbname=database, autocommit=True)


def _database_answers(running: Services) -> bool:
    with contextlib.suppress(psycopg.OperationalError), superuser(running):
        return True
    return False


def _valkey_answers(running: Services) -> bool:
    with contextlib.suppress(redis.RedisError), _valkey(running.sockets / "valkey.sock") as client:
        return bool(client.ping())
    return False


def _valkey(socket: Path) -> redis.Redis:
    """A client that gives up at once; left alone, it would try for seconds."""
    return redis.Redis(unix_socket_path=str(socket), retry=Retry(NoBackoff(), retries=0))


def _make_database(running: Services) -> None:
    """Creates the database and its roles once, and again whenever roles.sql has changed."""
    script = ROLES_SQL.read_text(encoding="utf-8")
    mark = hashlib.sha256(script.encode()).hexdigest()[:16]
    with superuser(running) as connection:
        found = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = 't2d'"
        ).fetchone()
        if found and found[0] == mark:
            return
        with superuser(running, "template1") as template:  # what is made from it starts with the same rights
            template.execute(script.encode())
        if not found:
            connection.execute("CREATE DATABASE t2d OWNER t2d_owner")
    with superuser(running, "t2d") as connection:
        connection.execute(script.encode())
        connection.execute(sql.SQL("COMMENT ON DATABASE t2d IS {}").format(mark))
