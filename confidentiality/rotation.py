"""A new master key: every data key is wrapped anew, and the old master key is forgotten.

No row of the database is touched. A rotation that was cut off, at whatever point, is gone on with by the next one:
until the last data key is wrapped anew, the key service keeps both master keys. Texts may be opened and closed all
the while, and initiatives opened. The blind key and the signing key stay: tokens and signatures outlive a master key.
No Django here.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from confidentiality.keyring import Refused
from confidentiality.keys import KeyService
from confidentiality.keystore import KeyStore

TELL_EVERY = 100  # keys
LOCK = ".rotating"


class Busy(Exception):
    """Another rotation is under way on this key store."""


class Unreadable(Exception):
    """Data keys that no master key opens; the old master key was kept. Carries the names of their files."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(names)
        self.names = names


@dataclass(frozen=True)
class Rotated:
    """How many data keys there are, and how many of them this run wrapped anew."""

    keys: int
    rewrapped: int


def rotate(service: KeyService, store: KeyStore, tell: Callable[[str], object]) -> Rotated:
    """Begin or go on, and finish. Raises Busy, Unreadable, and whatever keeps the key service from answering."""
    with _alone(store):
        store.tidy()
        service.begin_rotation()
        rewrapped = _rewrap_all(service, store, tell)
        while not _finished(service, store):
            rewrapped += _rewrap_all(service, store, tell)
        return Rotated(len(store.names()), rewrapped)


def unreadable(service: KeyService, store: KeyStore) -> list[str]:
    """Names of the data keys that the key service does not open: a look that changes nothing."""
    return [name for name in store.names() if (wrapped := store.get(name)) and not _opens(service, wrapped)]


def _finished(service: KeyService, store: KeyStore) -> bool:
    """Forget the old master key if nothing needs it. Nobody can bring in a key that it wrapped in between."""
    with store.standing_still():
        lost = []
        for name, wrapped in store.all():
            try:
                if service.rewrap(wrapped) != wrapped:
                    return False
            except Refused:
                lost.append(name)
        if lost:
            raise Unreadable(lost)
        service.finish_rotation()
        return True


def _rewrap_all(service: KeyService, store: KeyStore, tell: Callable[[str], object]) -> int:
    names, done = store.names(), 0
    for number, name in enumerate(names, 1):
        done += _rewrap(service, store, name)
        if number % TELL_EVERY == 0 or number == len(names):
            tell(f"{number} of {len(names)} data keys looked at, {done} wrapped anew")
    return done


def _rewrap(service: KeyService, store: KeyStore, name: str) -> bool:
    """Not where the key is gone or was replaced meanwhile: whoever did that knew better."""
    wrapped = store.get(name)
    if wrapped is None:
        return False
    try:
        renewed = service.rewrap(wrapped)
    except Refused:
        return False
    return renewed != wrapped and store.replace(name, wrapped, renewed)


def _opens(service: KeyService, wrapped: bytes) -> bool:
    try:
        service.unwrap(wrapped)
    except Refused:
        return False
    return True


@contextmanager
def _alone(store: KeyStore) -> Iterator[None]:
    """The lock goes with the process that holds it, however that ends."""
    handle = os.open(store.folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Busy from None
    else:
        yield
    finally:
        os.close(handle)
