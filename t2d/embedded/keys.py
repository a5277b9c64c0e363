"""The keys of one data folder: a key file, a key store, and the key service's process.

Both lie beside the database here: whoever copies the whole folder can open everything. See docs/howto/keys.md.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from confidentiality import keyring
from confidentiality.keys import KeyServiceAway, SocketKeyService
from confidentiality.keystore import KeyStore, StoreUnusable
from t2d.embedded import processes, stopping
from t2d.embedded.supervision import Supervised

START_PATIENCE = 30  # seconds
STOP_PATIENCE = 5
# The key service needs none of these, and what it is not told it cannot lose.
_NOT_TOLD = ("T2D_", "DATABASE_", "CELERY_", "CACHE_")


class NoKeys(Exception):
    """The keys of the folder cannot be used; the message says why."""


def key_file(path: Path) -> Path:
    return path / "keys" / "keys.json"


def store_folder(path: Path) -> Path:
    return Path(os.environ.get("T2D_KEY_STORE") or path / "keystore")


def make(path: Path, folder: Path) -> None:
    """Key file and key store of a new data folder. No new keys in the place of lost ones."""
    store = KeyStore(folder)
    try:
        store.prepare()
        if not key_file(path).exists():
            if store.names():
                raise NoKeys(
                    f"{store.folder} holds data keys, and the key file {key_file(path)} that opens them is gone. "
                    "Restore it (see docs/howto/keys.md)."
                )
            keyring.create_file(key_file(path))
        keyring.read_file(key_file(path))
    except (keyring.Unusable, StoreUnusable) as error:
        raise NoKeys(str(error)) from None


def in_process(path: Path) -> dict[str, str]:
    """For commands without a server: every process reads the key file itself, unless the environment names a
    key service."""
    if named := _named(path):
        return named
    make(path, store_folder(path))
    return {"T2D_KEY_SERVICE": f"file:{key_file(path)}", "T2D_KEY_STORE": str(store_folder(path))}


def private(path: Path) -> dict[str, str]:
    """For tests and throwaway runs: keys of their own, whatever the environment says."""
    make(path, path / "keystore")
    return {"T2D_KEY_SERVICE": f"file:{key_file(path)}", "T2D_KEY_STORE": str(path / "keystore")}


@contextlib.contextmanager
def service(path: Path, sockets: Path) -> Iterator[tuple[dict[str, str], list[Supervised]]]:
    """The key service's process for the time of the block: the environment that leads to it, and what to look after.
    Where T2D_KEY_SERVICE names one, that one is used."""
    if named := _named(path):
        yield named, []
        return
    make(path, store_folder(path))
    socket = sockets / "keys.sock"
    command = [sys.executable, "-m", "confidentiality.keyserver"]
    command += ["--socket", str(socket), "--keys", str(key_file(path))]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_TOLD)}
    part = Supervised("keyserver", command, environment, path)
    part.start()
    try:
        _wait(part, socket)
        yield {"T2D_KEY_SERVICE": f"unix:{socket}", "T2D_KEY_STORE": str(store_folder(path))}, [part]
    finally:
        processes.stop([part.child] if part.child else [], patience=STOP_PATIENCE)


def _named(path: Path) -> dict[str, str]:
    """What the environment says of the key service, with the key store that goes with it; empty if nothing."""
    address = os.environ.get("T2D_KEY_SERVICE", "")
    if not address:
        return {}
    KeyStore(store_folder(path)).prepare()
    return {"T2D_KEY_SERVICE": address, "T2D_KEY_STORE": str(store_folder(path))}


def _wait(part: Supervised, socket: Path) -> None:
    deadline = time.monotonic() + START_PATIENCE
    while True:
        stopping.leave_if_told()
        with contextlib.suppress(KeyServiceAway):
            SocketKeyService(socket).verifying_key()
            return
        child = part.child
        if child is None or child.ended() or time.monotonic() > deadline:
            raise NoKeys(f"The key service did not start:\n{child.last_words() if child else ''}")
