"""Opening and closing texts: AES-256-GCM under a data key for each scope.

A scope is an initiative, an organisation's register or a user. Its data key is made at the first text that is
closed, lies wrapped in the key store, and is unwrapped by the key service. A sealed text is bound to its field, row
and scope: moved elsewhere it does not open. Whoever may see what is not decided here (policy.py, rowsecurity.py).

    sealed = version (1 byte) | key id (8) | nonce (12) | ciphertext | tag (16)
"""

from __future__ import annotations

import hmac
import os
import struct
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from confidentiality import keys
from confidentiality.keyring import ID_BYTES, KEY_BYTES, NONCE_BYTES, Refused, key_id, read_file
from confidentiality.keys import FileKeyService, KeyService
from confidentiality.keystore import KeyStore

VERSION = 1
HEADER_BYTES = 1 + ID_BYTES
REMEMBERED_SECONDS = 60.0
REMEMBERED_KEYS = 8192  # for somebody who is on thousands of teams; a few megabytes
# Ends every plaintext, before the filling of zeros: where a text ends is never a guess.
END = b"\x80"


class CannotOpen(Exception):
    """Tampered, truncated, moved, or its key is gone: nobody is told which.

    A template that names such a text leaves the place empty instead of taking the whole page away; the page says
    so at its top (`unopened` of the template tags).
    """

    silent_variable_failure = True


@dataclass(frozen=True)
class DataKey:
    """An unwrapped data key, ready for use, and until when this process may remember it (monotonic seconds)."""

    id: bytes
    cipher: AESGCM
    until: float

    def __repr__(self) -> str:
        return "<data key>"


@dataclass
class Vault:
    """A key service and a key store, and the data keys that this process remembers for a minute."""

    service: KeyService
    store: KeyStore
    _known: OrderedDict[str, DataKey] = field(default_factory=OrderedDict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def seal(self, plain: bytes, *, field_id: str, row: UUID, scope: str, pad: int = 0) -> bytes:
        data_key = self._key_for_closing(scope)
        header = bytes([VERSION]) + data_key.id
        nonce = os.urandom(NONCE_BYTES)
        place = _place(header, field_id, row, scope)
        return header + nonce + data_key.cipher.encrypt(nonce, _filled(plain, pad), place)

    def unseal(self, sealed: bytes, *, field_id: str, row: UUID, scope: str) -> bytes:
        header, rest = sealed[:HEADER_BYTES], sealed[HEADER_BYTES:]
        if len(header) < HEADER_BYTES or header[0] != VERSION:
            raise CannotOpen
        data_key = self._key_for_opening(scope, header[1:])
        try:
            place = _place(header, field_id, row, scope)
            filled = data_key.cipher.decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], place)
        except (InvalidTag, ValueError):
            raise CannotOpen from None
        return _emptied(filled)

    def destroy_key(self, scope: str) -> None:
        self.store.destroy(self.name_of(scope))
        self.forget(scope)

    def forget(self, scope: str | None = None) -> None:
        """Drop one remembered key, or all."""
        with self._lock:
            for known in [scope] if scope is not None else list(self._known):
                self._known.pop(known, None)

    def name_of(self, scope: str) -> str:
        """The name of a scope's key in the store. Without the blind key it does not lead back to the scope."""
        return self.service.blind("scope", scope).hex()

    def _key_for_closing(self, scope: str) -> DataKey:
        if known := self._remembered(scope):
            return known
        name = self.name_of(scope)
        return self._loaded(scope, name, self.store.get(name) or self.store.create(name, self._new_key))

    def _key_for_opening(self, scope: str, wanted: bytes) -> DataKey:
        """Never makes one: under a fresh key nothing that was closed before would open."""
        known = self._remembered(scope)
        if known is None or known.id != wanted:
            name = self.name_of(scope)
            known = self._loaded(scope, name, self.store.get(name))
        if not hmac.compare_digest(known.id, wanted):
            raise CannotOpen
        return known

    def _loaded(self, scope: str, name: str, wrapped: bytes | None) -> DataKey:
        """Unwrapped and remembered. A rotation may have finished since it was read: then it is read again."""
        while wrapped is not None:
            try:
                return self._remember(scope, self.service.unwrap(wrapped))
            except Refused:
                before, wrapped = wrapped, self.store.get(name)
                if wrapped == before:
                    break
        self.forget(scope)
        raise CannotOpen from None

    def _new_key(self) -> bytes:
        return self.service.wrap(os.urandom(KEY_BYTES))

    def _remember(self, scope: str, key: bytes) -> DataKey:
        found = DataKey(key_id(key), AESGCM(key), time.monotonic() + REMEMBERED_SECONDS)
        with self._lock:
            self._known[scope] = found
            self._known.move_to_end(scope)
            while len(self._known) > REMEMBERED_KEYS:
                self._known.popitem(last=False)
        return found

    def _remembered(self, scope: str) -> DataKey | None:
        with self._lock:
            known = self._known.get(scope)
            if known is not None and known.until < time.monotonic():
                del self._known[scope]
                return None
            return known


def _place(header: bytes, field_id: str, row: UUID, scope: str) -> bytes:
    """What a sealed text is bound to, each part with its length in front so that no two places look the same."""
    parts = (header, field_id.encode(), row.bytes, scope.encode())
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


def _filled(plain: bytes, pad: int) -> bytes:
    """With its end marked, and zeros up to the next multiple of `pad` bytes."""
    marked = plain + END
    return marked + bytes(-len(marked) % pad) if pad > 1 else marked


def _emptied(filled: bytes) -> bytes:
    marked = filled.rstrip(b"\0")
    if not marked.endswith(END):
        raise CannotOpen
    return marked[: -len(END)]


# --- The vault of the settings --------------------------------------------------------------------------------


def configured() -> Vault:
    """The vault that the settings name. One for the whole process."""
    return _at(settings.KEY_SERVICE, str(settings.KEY_STORE))


@lru_cache(maxsize=8)
def _at(address: str, folder: str) -> Vault:
    return Vault(keys.at(address), KeyStore(Path(folder)))


def seal(plain: bytes, *, field_id: str, row: UUID, scope: str, pad: int = 0) -> bytes:
    """Close a text for good. `pad`: bytes of the steps in which its length shows (0: as it is)."""
    return configured().seal(plain, field_id=field_id, row=row, scope=scope, pad=pad)


def unseal(sealed: bytes, *, field_id: str, row: UUID, scope: str) -> bytes:
    """Open a text in the place where it was sealed. Raises CannotOpen, and KeyServiceAway."""
    return configured().unseal(sealed, field_id=field_id, row=row, scope=scope)


def destroy_key(scope: str) -> None:
    """Make everything of a scope unreadable. Other processes may remember its key for up to a minute more."""
    configured().destroy_key(scope)


def meet_the_keys() -> None:
    """Before the first request or task: a key file or a key store that others can read stops the start, and so does
    a key file or a key store that is not there. A key service that is not up yet does not: it will be."""
    held = configured()
    held.store.names()
    if isinstance(held.service, FileKeyService):
        read_file(held.service.path)


def key_service() -> KeyService:
    """For whoever blinds (blind.py) or signs."""
    return configured().service
