"""The data folder: who holds it, its sockets, its secret, the environment it gives to commands."""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import shlex
import stat
import tempfile
from pathlib import Path
from typing import IO

PROJECT = Path(__file__).resolve().parents[2]


class Busy(Exception):
    """Another process holds the data folder. `purpose` is what it said it is doing: serve or run."""

    def __init__(self, purpose: str) -> None:
        super().__init__(purpose)
        self.purpose = purpose


def data_folder() -> Path:
    """T2D_DATA, or var/ in the project; made if absent, closed to others."""
    path = Path(os.environ.get("T2D_DATA") or PROJECT / "var").expanduser().resolve()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SystemExit(f"The data folder {path} cannot be made: {error.strerror}.") from None
    return path


def claim(folder: Path, purpose: str) -> IO[str]:
    """Holds the folder until the returned file is closed or this process ends, however it ends."""
    handle = open(folder / "lock", "a+", encoding="utf-8")  # noqa: SIM115 - kept open on purpose
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.seek(0)
        told = handle.read().strip()
        handle.close()
        raise Busy(told or "serve") from None
    handle.truncate(0)
    handle.write(purpose)
    handle.flush()
    return handle


def socket_folder(folder: Path) -> Path:
    """A private folder with a short name: paths of unix sockets end at 107 bytes. Same folder, same name."""
    name = f"t2d-{os.getuid()}-{hashlib.sha256(str(folder).encode()).hexdigest()[:10]}"
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    parent = runtime if runtime and os.access(runtime, os.W_OK) else tempfile.gettempdir()
    path = Path(parent) / name
    path.mkdir(mode=0o700, exist_ok=True)
    found = path.lstat()
    # Anybody may make a folder in /tmp: one that is not ours, or open to others, is not to be trusted.
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise SystemExit(f"{path} is not a private folder of this user; remove it and start again.")
    return path


def secret_key(folder: Path) -> str:
    """Made once, kept in the data folder, readable by its owner only."""
    path = folder / "secret_key"
    if not path.exists():
        unfinished = folder / "secret_key.new"
        _write_private(unfinished, secrets.token_urlsafe(50))
        unfinished.replace(path)
    return path.read_text(encoding="utf-8").strip()


def write_environment(folder: Path, values: dict[str, str]) -> None:
    """What a command needs in order to use the running services; a file that a shell can read, too."""
    lines = [f"{name}={shlex.quote(value)}\n" for name, value in sorted(values.items())]
    unfinished = folder / "env.new"
    _write_private(unfinished, "".join(lines))
    unfinished.replace(folder / "env")


def read_environment(folder: Path) -> dict[str, str] | None:
    path = folder / "env"
    if not path.exists():
        return None
    pairs = (line.split("=", 1) for line in shlex.split(path.read_text(encoding="utf-8")))
    return {name: value for name, value in pairs}


def forget_environment(folder: Path) -> None:
    (folder / "env").unlink(missing_ok=True)


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
