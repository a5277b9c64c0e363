"""Wrapped data keys, one file for each scope, in a folder apart from the database.

What lies here is encrypted under the master key, and file names do not tell the scope; without this folder nothing
in the database can be opened. To destroy a file is to make a scope unreadable, in old dumps of the database too,
once the last backup of this folder that holds it has expired. Not a cache, and not the place of the master key.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from confidentiality.keyring import overwrite, sync_folder, write_new
from confidentiality.keys import KeyServiceAway

NAME = re.compile(r"[0-9a-f]{64}")
LARGEST = 4096  # bytes; a wrapped key has 69
PATIENCE = 10.0  # seconds to wait for another process; each of its steps takes milliseconds
DYING, UNFINISHED = ".dying-", ".new-"


class StoreUnusable(KeyServiceAway):
    """The folder is missing, open to others, or cannot be read or written. The message says which."""


class KeyStore:
    """A folder of mode 0700. Every operation is on the disk when it returns, and whole or not at all.

    Reading waits for a creation under way: whoever sees a key may encrypt with it, so it must not get lost in a
    power cut. Creating, replacing and destroying wait for each other, in whichever processes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __repr__(self) -> str:
        return f"<key store {self.folder}>"

    def prepare(self) -> None:
        """Make the folder. Called by whoever sets up a site: a folder that is missing later was not mounted."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._check()

    def get(self, name: str) -> bytes | None:
        """The wrapped key, or None."""
        with self._locked(fcntl.LOCK_SH):
            return self._read(name)

    def create(self, name: str, make: Callable[[], bytes]) -> bytes:
        """The wrapped key that is there afterwards: another process may have been quicker."""
        with self._locked(fcntl.LOCK_EX):
            found = self._read(name)
            if found is not None:
                return found
            wrapped = make()
            unfinished = self._write_unfinished(wrapped)
            # A link, since it fails where a rename would overwrite.
            os.link(unfinished, self._path(name))
            unfinished.unlink()
            sync_folder(self.folder)
            return wrapped

    def replace(self, name: str, old: bytes, new: bytes) -> bool:
        """Put `new` where `old` is. False if something else or nothing is there: a destroyed key stays destroyed."""
        with self._locked(fcntl.LOCK_EX):
            if self._read(name) != old:
                return False
            self._write_unfinished(new).replace(self._path(name))
            sync_folder(self.folder)
            return True

    def destroy(self, name: str) -> None:
        """Overwrite and remove. From the first step on the key is gone for everybody."""
        with self._locked(fcntl.LOCK_EX):
            with contextlib.suppress(FileNotFoundError):
                self._path(name).rename(self.folder / f"{DYING}{name}")
                sync_folder(self.folder)
            self._bury()

    def tidy(self) -> None:
        """Remove what killed processes left."""
        with self._locked(fcntl.LOCK_EX):
            self._bury()

    def names(self) -> list[str]:
        with self._locked(fcntl.LOCK_SH):
            return sorted(path.name for path in self.folder.iterdir() if NAME.fullmatch(path.name))

    @contextlib.contextmanager
    def standing_still(self) -> Iterator[None]:
        """Nothing is created, replaced or destroyed by others meanwhile. Nothing of this class may be called in it
        but `all`: it would wait for itself."""
        with self._locked(fcntl.LOCK_EX):
            yield

    def all(self) -> Iterator[tuple[str, bytes]]:
        """Every (name, wrapped key). Takes no lock: for use within `standing_still`."""
        for path in sorted(self.folder.iterdir()):
            if NAME.fullmatch(path.name) and (wrapped := self._read(path.name)) is not None:
                yield path.name, wrapped

    def _bury(self) -> None:
        """What a killed process left: half-written files, and keys that were to be destroyed."""
        for path in (*self.folder.glob(f"{DYING}*"), *self.folder.glob(f"{UNFINISHED}*")):
            with contextlib.suppress(FileNotFoundError):
                with open(path, "r+b") as file:
                    overwrite(file)
                path.unlink()
        sync_folder(self.folder)

    def _read(self, name: str) -> bytes | None:
        try:
            with open(self._path(name), "rb") as file:
                return file.read(LARGEST)
        except FileNotFoundError:
            return None

    def _path(self, name: str) -> Path:
        if not NAME.fullmatch(name):
            raise ValueError("not the name of a key")
        return self.folder / name

    def _write_unfinished(self, content: bytes) -> Path:
        path = self.folder / f"{UNFINISHED}{os.urandom(8).hex()}"
        write_new(path, content)
        return path

    @contextlib.contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        """By a lock on the folder itself: no file of a lock to lose, and the system lets go when a process dies."""
        handle = -1
        try:
            handle = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
            self._check(handle)
            self._wait_for(handle, how)
            yield
        except OSError as error:
            raise StoreUnusable(f"The key store {self.folder} cannot be used: {error.strerror}.") from None
        finally:
            if handle >= 0:
                os.close(handle)

    def _wait_for(self, handle: int, how: int) -> None:
        """Not for ever: whoever holds the lock may have been stopped."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return fcntl.flock(handle, how | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > until:
                    raise StoreUnusable(f"The key store {self.folder} is held by another process.") from None
                time.sleep(0.002)

    def _check(self, handle: int | None = None) -> None:
        found = os.fstat(handle) if handle is not None else self.folder.stat()
        if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            text = "The key store {0} is open to other users of this machine: chmod 700 {0}"
            raise StoreUnusable(text.format(self.folder))
