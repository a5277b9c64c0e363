"""Everything in the foreground: data services, migrations, demo, worker, beat and web, until told to stop."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import socket
import sys
import time
from pathlib import Path

from t2d.embedded import data, folder, keys, processes, stopping
from t2d.embedded.supervision import Supervised, supervise

SERVICE_VARIABLES = ("DATABASE_URL", "CELERY_BROKER_URL", "CACHE_URL")
FIRST_PORT = 8000
WEB_PATIENCE = 180  # seconds until the first page must be there, on a busy machine too
STOP_PATIENCE = 10  # seconds for requests and tasks under way; what is cut off is queued again


class Failed(Exception):
    """The server cannot start or go on; the message is for whoever started it."""


def serve(path: Path) -> int:
    try:
        lock = folder.claim(path, "serve")
    except folder.Busy as busy:
        doing = "A server is already running" if busy.purpose == "serve" else "A command is running"
        raise Failed(f"{doing} on {path}. Set T2D_DATA to use another data folder.") from None
    folder.forget_environment(path)  # a server that was killed may have left it
    with (
        lock,
        stopping.signals_noted(),
        data.services(path) as running,
        keys.service(path, running.sockets) as (key_environment, key_parts),
    ):
        running.environment |= key_environment
        environment = os.environ | common_environment(path) | running.environment
        _migrate(path, environment)
        _collect_static(path, environment)
        folder.write_environment(path, common_environment(path) | running.environment)
        try:
            _serve_application(path, environment, running, key_parts)
        finally:
            folder.forget_environment(path)
    return 0


def common_environment(path: Path) -> dict[str, str]:
    """What every process of the application needs besides the addresses of services; the environment wins."""
    return {
        "DJANGO_SETTINGS_MODULE": "t2d.settings",
        "T2D_DATA": str(path),
        "T2D_MODE": os.environ.get("T2D_MODE") or "embedded",
        "T2D_SECRET_KEY": os.environ.get("T2D_SECRET_KEY") or folder.secret_key(path),
    }


def _migrate(path: Path, environment: dict[str, str]) -> None:
    """As the owner, which no other process is told of. Skipped when this code has done it on this cluster."""
    stamp, done = path / "migrated", ""
    if not os.environ.get("DATABASE_URL"):
        made_at = (path / "postgres" / "PG_VERSION").stat().st_mtime_ns
        done = f"{_fingerprint()} {made_at}"
    if done and stamp.exists() and stamp.read_text(encoding="ascii") == done:
        return
    for name, purpose in (("OWNER", "migrating"), ("WORKER", "the worker")):
        if not environment.get(f"DATABASE_{name}_URL"):
            told = f"DATABASE_URL is set: set DATABASE_{name}_URL too, for {purpose} (see deploy/roles.sql)."
            raise Failed(told)
    stamp.unlink(missing_ok=True)
    _manage(["migrate", "--noinput"], environment, what="Migrating")
    if done:
        stamp.write_text(done, encoding="ascii")


def _fingerprint() -> str:
    """Of all code and versions that could change what the database should look like."""
    found = hashlib.sha256((folder.PROJECT / "requirements" / "runtime.txt").read_bytes())
    for app in sorted(path.parent for path in folder.PROJECT.glob("*/__init__.py")):
        files = [*app.rglob("*.py"), *app.glob("*.sql")] if app.name != "tests" else []
        for file in sorted(files):
            found.update(str(file.relative_to(folder.PROJECT)).encode() + file.read_bytes())
    return found.hexdigest()


def _collect_static(path: Path, environment: dict[str, str]) -> None:
    """Style and scripts under names that hold their hash, compressed once; again when one of them changed."""
    found = hashlib.sha256((folder.PROJECT / "requirements" / "runtime.txt").read_bytes())
    for file in sorted(file for file in (folder.PROJECT / "static").rglob("*") if file.is_file()):
        found.update(str(file.relative_to(folder.PROJECT)).encode() + file.read_bytes())
    stamp = path / "collected"
    there = (path / "static" / "staticfiles.json").exists() or bool(os.environ.get("T2D_STATIC"))
    if there and stamp.exists() and stamp.read_text(encoding="ascii") == found.hexdigest():
        return
    stamp.unlink(missing_ok=True)
    _manage(
        ["collectstatic", "--noinput", "--ignore", "redoc", "--ignore", "rest_framework"],
        environment,
        what="Collecting style and scripts",
    )
    stamp.write_text(found.hexdigest(), encoding="ascii")


def for_site(environment: dict[str, str]) -> dict[str, str]:
    """For the worker and the operator's commands: a login that may take on the roles of the site's own work.

    Where the services are somebody's own and DATABASE_WORKER_URL is not set, they work as the pages do, and the
    database refuses comparison, successors and purges.
    """
    worker = os.environ.get("DATABASE_WORKER_URL") or environment.get("DATABASE_WORKER_URL")
    return environment | ({"DATABASE_URL": worker} if worker else {})


def for_pages(environment: dict[str, str]) -> dict[str, str]:
    """For the web process, which is told of no other login than its own."""
    hidden = ("DATABASE_OWNER_URL", "DATABASE_WORKER_URL")
    return {name: value for name, value in environment.items() if name not in hidden}


def _manage(arguments: list[str], environment: dict[str, str], *, what: str) -> str:
    """Runs a management command to its end and returns what it printed."""
    command = [sys.executable, "manage.py", *arguments]
    done = stopping.run(command, cwd=folder.PROJECT, env=environment)
    if done.returncode:
        raise Failed(f"{what} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def _serve_application(
    path: Path, environment: dict[str, str], running: data.Services, key_parts: list[Supervised]
) -> None:
    environment = {name: value for name, value in environment.items() if name != "DATABASE_OWNER_URL"}
    with _listen(_wanted_port()) as listener:
        port = listener.getsockname()[1]
        parts = _parts(path, environment, listener)
        try:
            for part in parts:
                part.start()
            accounts = _load_demo(environment)
            _wait_for_page(port, parts[0])
            print(f"READY http://127.0.0.1:{port}/\n{accounts}", end="", flush=True)
            supervise([*key_parts, *parts], running.children)
        finally:
            processes.stop([part.child for part in parts if part.child], patience=STOP_PATIENCE)


def _parts(path: Path, environment: dict[str, str], listener: socket.socket) -> list[Supervised]:
    python = [sys.executable, "-m"]
    web = ["gunicorn", "t2d.wsgi", "--bind", f"fd://{listener.fileno()}", "--worker-class", "gthread"]
    web += ["--workers", "1", "--threads", "8", "--graceful-timeout", "5", "--no-control-socket"]
    worker = [
        "celery",
        "-A",
        "t2d",
        "worker",
        "-c",
        "2",
        "-l",
        "INFO",
        "--without-gossip",
        "--without-mingle",
    ]
    beat = ["celery", "-A", "t2d", "beat", "-l", "INFO", "--pidfile=", "-s", str(path / "beat.schedule")]
    broker = "" if os.environ.get("CELERY_BROKER_URL") else environment["CELERY_BROKER_URL"]
    return [
        Supervised("web", python + web, for_pages(environment), path, pass_fds=(listener.fileno(),)),
        Supervised("worker", python + worker, for_site(environment), path, broker=broker),
        Supervised("beat", python + beat, for_pages(environment), path),
    ]


def _load_demo(environment: dict[str, str]) -> str:
    """Loads the demo the first time, and returns its accounts every time."""
    if os.environ.get("T2D_DEMO") == "0":
        return "Started without the demo. First user: script/manage create_steward EMAIL\n"
    return _manage(
        ["load_demo"], for_site(environment), what="Loading the demo (T2D_DEMO=0 starts without it)"
    )


def _wanted_port() -> int:
    wanted = os.environ.get("PORT") or str(FIRST_PORT)
    if not (wanted.isdecimal() and 0 < int(wanted) < 65536):
        raise Failed(f"PORT is {wanted!r}; expected a number from 1 to 65535.")
    return int(wanted)


def _listen(first: int) -> socket.socket:
    """The first free port from `first` on. We hold the socket and hand it down: nobody can take it between,
    and callers wait, instead of being refused, while the web process is restarted."""
    for port in (*range(first, min(first + 100, 65536)), 0):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
            listener.listen(256)
        except OSError:
            listener.close()
            continue
        return listener
    raise Failed("No port is free.")


def _wait_for_page(port: int, web: Supervised) -> None:
    deadline = time.monotonic() + WEB_PATIENCE
    problem = "no answer"
    while time.monotonic() < deadline:
        try:
            answer = _health(port)
            if answer == 200:
                return
            problem = f"answers {answer}"
        except (OSError, http.client.HTTPException) as error:
            problem = str(error)
        if web.child is None or web.child.ended():
            break
        stopping.pause(0.05)
    words = web.child.last_words() if web.child else ""
    raise Failed(f"The web process did not come up ({problem}):\n{words}")


def _health(port: int) -> int:
    """The status with which the web process answers. Straight to it: no proxy of the environment is asked."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        connection.request("GET", "/healthz/")
        return connection.getresponse().status
