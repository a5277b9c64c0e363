"""The keys themselves, and the file of mode 0600 that they lie in.

For whoever holds them: the key service's own process, or a process that reads the key file itself. Everybody else
asks through keys.py and never sees one. No Django here.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import hmac
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

KEY_BYTES = 32
VERSION = 1
ID_BYTES, NONCE_BYTES = 8, 12
WRAPPED = b"t2d wrapped data key"


class Refused(Exception):
    """Not wrapped by a key that is held here, or malformed. No detail."""


class Unusable(Exception):
    """The key file is missing, open to others, or not a key file. The message says which."""


@dataclass(frozen=True)
class Ring:
    """The keys themselves. `masters`: the current one first, then one that a rotation has not retired yet."""

    masters: tuple[bytes, ...]
    blind_key: bytes
    sign_key: bytes

    def __repr__(self) -> str:
        return f"<ring of {len(self.masters)} master keys>"

    @classmethod
    def new(cls) -> Ring:
        return cls((os.urandom(KEY_BYTES),), os.urandom(KEY_BYTES), os.urandom(KEY_BYTES))

    def wrap(self, data_key: bytes) -> bytes:
        header = bytes([VERSION]) + key_id(self.masters[0])
        nonce = os.urandom(NONCE_BYTES)
        return header + nonce + AESGCM(self.masters[0]).encrypt(nonce, data_key, WRAPPED + header)

    def unwrap(self, wrapped: bytes) -> bytes:
        header, rest = wrapped[: 1 + ID_BYTES], wrapped[1 + ID_BYTES :]
        nonce, sealed = rest[:NONCE_BYTES], rest[NONCE_BYTES:]
        for master in self.masters:
            if hmac.compare_digest(header, bytes([VERSION]) + key_id(master)):
                with contextlib.suppress(InvalidTag, ValueError):
                    return AESGCM(master).decrypt(nonce, sealed, WRAPPED + header)
        raise Refused

    def rewrap(self, wrapped: bytes) -> bytes:
        data_key = self.unwrap(wrapped)
        current = wrapped[1 : 1 + ID_BYTES] == key_id(self.masters[0])
        return wrapped if current else self.wrap(data_key)

    def blind(self, kind: str, value: str) -> bytes:
        if not kind or "\0" in kind:
            raise Refused
        return hmac.digest(self.blind_key, kind.encode() + b"\0" + value.encode(), "sha256")

    def sign(self, data: bytes) -> bytes:
        return Ed25519PrivateKey.from_private_bytes(self.sign_key).sign(data)

    def verifying_key(self) -> bytes:
        public = Ed25519PrivateKey.from_private_bytes(self.sign_key).public_key()
        return public.public_bytes(Encoding.Raw, PublicFormat.Raw)

    def to_json(self) -> bytes:
        keys = {"masters": self.masters, "blind": (self.blind_key,), "sign": (self.sign_key,)}
        shown = {name: [base64.b64encode(key).decode() for key in held] for name, held in keys.items()}
        return json.dumps({"version": VERSION, **shown}, indent=1).encode() + b"\n"

    @classmethod
    def from_json(cls, text: bytes) -> Ring:
        """Raises ValueError, without a word of what it read."""
        try:
            stored = json.loads(text)
            held = {
                name: tuple(base64.b64decode(key, validate=True) for key in stored[name])
                for name in ("masters", "blind", "sign")
            }
            (blind_key,), (sign_key,) = held["blind"], held["sign"]
            right = stored["version"] == VERSION and 1 <= len(held["masters"]) <= 2
        except (ValueError, KeyError, TypeError):
            raise ValueError from None
        if not right or any(len(key) != KEY_BYTES for keys in held.values() for key in keys):
            raise ValueError
        return cls(held["masters"], blind_key, sign_key)


def key_id(key: bytes) -> bytes:
    """By which a key is recognised: says nothing about the key, and is the same wherever it is used."""
    return hmac.digest(key, b"t2d key id", "sha256")[:ID_BYTES]


# --- The key file ---------------------------------------------------------------------------------------------


def create_file(path: Path) -> bool:
    """Make a key file with new keys, and its folder. False if there is one already: it is never overwritten."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with alone(path):
        if path.exists():
            return False
        _replace(path, Ring.new())
    return True


def read_file(path: Path) -> Ring:
    """Raises Unusable with a sentence for whoever runs the site; it never shows what is in the file."""
    try:
        with open(path, "rb") as file:
            found = os.fstat(file.fileno())
            if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise Unusable(
                    f"The key file {path} is open to other users of this machine: chmod 600 {path}"
                )
            return Ring.from_json(file.read(65536))
    except FileNotFoundError:
        raise Unusable(f"There is no key file {path}. Restore it, or make one for a new site.") from None
    except OSError as error:
        raise Unusable(f"The key file {path} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise Unusable(f"{path} is not a key file of this program, or is damaged. Restore it.") from None


def write_file(path: Path, ring: Ring) -> None:
    """Replace the keys in one step that is on the disk when this returns. To be called within `alone`."""
    with open(path, "r+b") as former:
        _replace(path, ring)
        overwrite(former)


def _replace(path: Path, ring: Ring) -> None:
    unfinished = path.with_name(f"{path.name}.new")
    if unfinished.exists():  # of a process that was killed
        with open(unfinished, "r+b") as left:
            overwrite(left)
        unfinished.unlink()
    write_new(unfinished, ring.to_json())
    unfinished.replace(path)
    sync_folder(path.parent)


def overwrite(file: IO[bytes]) -> None:
    """As far as the file system writes in place: a copy in a journal or on a flash disk may live longer."""
    file.seek(0)
    file.write(bytes(os.fstat(file.fileno()).st_size))
    file.flush()
    os.fsync(file.fileno())


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Changes of one key file wait for each other, in whichever processes."""
    handle = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def write_new(path: Path, content: bytes) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """A name in a folder is only safe from a power cut once the folder itself is written."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
