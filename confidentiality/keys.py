"""The key service: holds the master key, the blind key and the signing key, and never gives one of them out.

Four calls for every day (wrap, unwrap, blind, sign), and three for a rotation of the master key. Two ways to have
it: a key file that this process reads itself (FileKeyService), or a process of its own behind a unix socket
(keyserver.py), reached by SocketKeyService. That process uses this module too, so it imports no Django.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
import time
from dataclasses import replace
from enum import IntEnum
from pathlib import Path
from typing import Protocol

from confidentiality.keyring import KEY_BYTES, Refused, Ring, Unusable, alone, read_file, write_file

CONNECT_SECONDS, ANSWER_SECONDS = 1.0, 5.0
LARGEST_FRAME = 64 * 1024  # bytes
LENGTH = struct.Struct(">I")


class KeyServiceAway(Exception):
    """The key service does not answer: nothing can be opened or closed until it does. Nothing is lost."""


class KeyService(Protocol):
    """What the vault asks of whoever holds the keys."""

    def wrap(self, data_key: bytes) -> bytes:
        """A data key, encrypted under the current master key."""

    def unwrap(self, wrapped: bytes) -> bytes:
        """The data key; Refused if it was not wrapped by a master key that is held here."""

    def blind(self, kind: str, value: str) -> bytes:
        """HMAC-SHA256 of kind and value under the blind key: 32 bytes, the same for ever."""

    def sign(self, data: bytes) -> bytes:
        """An Ed25519 signature, 64 bytes, of up to 64,000 bytes. Whoever has `verifying_key` can check it anywhere."""

    def verifying_key(self) -> bytes:
        """The public half of the signing key, 32 bytes."""

    def begin_rotation(self) -> None:
        """Make a new master key and wrap with it from now on; the old one still unwraps. Once more: nothing."""

    def rewrap(self, wrapped: bytes) -> bytes:
        """The same data key under the current master key; the same bytes if it is there already."""

    def finish_rotation(self) -> None:
        """Forget the old master key. Without a rotation: nothing."""


class FileKeyService:
    """Reads the key file in this process, and again when it changed: other processes may rotate."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._held: tuple[tuple[int, ...], Ring] | None = None

    def __repr__(self) -> str:
        return f"<key file {self.path}>"

    def ring(self) -> Ring:
        """The keys as the file has them now."""
        try:
            found = self.path.stat()
        except OSError as error:
            raise KeyServiceAway(f"The key file {self.path} cannot be read: {error.strerror}.") from None
        mark = (found.st_ino, found.st_mtime_ns, found.st_size, found.st_mode)
        with self._lock:
            if self._held is None or self._held[0] != mark:
                try:
                    self._held = (mark, read_file(self.path))
                except Unusable as error:
                    raise KeyServiceAway(str(error)) from None
            return self._held[1]

    def wrap(self, data_key: bytes) -> bytes:
        return self.ring().wrap(data_key)

    def unwrap(self, wrapped: bytes) -> bytes:
        return self.ring().unwrap(wrapped)

    def blind(self, kind: str, value: str) -> bytes:
        return self.ring().blind(kind, value)

    def sign(self, data: bytes) -> bytes:
        return self.ring().sign(data)

    def verifying_key(self) -> bytes:
        return self.ring().verifying_key()

    def rewrap(self, wrapped: bytes) -> bytes:
        return self.ring().rewrap(wrapped)

    def begin_rotation(self) -> None:
        with alone(self.path):
            ring = self.ring()
            if len(ring.masters) == 1:
                write_file(self.path, replace(ring, masters=(os.urandom(KEY_BYTES), *ring.masters)))

    def finish_rotation(self) -> None:
        with alone(self.path):
            ring = self.ring()
            if len(ring.masters) > 1:
                write_file(self.path, replace(ring, masters=ring.masters[:1]))


# --- On the socket --------------------------------------------------------------------------------------------
# A frame is its length (4 bytes) and so many bytes: of a question the operation and each argument with its length,
# of an answer the status and the result.


class Operation(IntEnum):
    WRAP = 1
    UNWRAP = 2
    BLIND = 3
    SIGN = 4
    VERIFYING_KEY = 5
    REWRAP = 6
    BEGIN_ROTATION = 7
    FINISH_ROTATION = 8


class Status(IntEnum):
    DONE = 0
    REFUSED = 1
    UNUSABLE = 2  # the service's own key file is gone or open to others


class Malformed(Exception):
    """Not a frame of ours."""


def packed(head: int, *parts: bytes) -> bytes:
    """A whole question. Raises ValueError where it would be too large to be read."""
    body = bytes([head]) + b"".join(LENGTH.pack(len(part)) + part for part in parts)
    if len(body) > LARGEST_FRAME:
        raise ValueError("too much for the key service")
    return LENGTH.pack(len(body)) + body


def unpacked(body: bytes) -> tuple[int, list[bytes]]:
    """The operation and its arguments."""
    parts, at = [], 1
    while at < len(body):
        end = at + LENGTH.size
        if end > len(body) or end + (size := LENGTH.unpack_from(body, at)[0]) > len(body):
            raise Malformed
        parts.append(body[end : end + size])
        at = end + size
    if not body:
        raise Malformed
    return body[0], parts


def receive(connection: socket.socket) -> bytes:
    """One frame's body. Raises Malformed for one that is too long, EOFError where the other side has gone."""
    (size,) = LENGTH.unpack(_exactly(connection, LENGTH.size))
    if size > LARGEST_FRAME:
        raise Malformed
    return _exactly(connection, size)


def _exactly(connection: socket.socket, size: int) -> bytes:
    found = bytearray()
    while len(found) < size:
        more = connection.recv(size - len(found))
        if not more:
            raise EOFError
        found += more
    return bytes(found)


class SocketKeyService:
    """Asks the key service's process. Threads share the idle connections; a forked child opens its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._idle: list[socket.socket] = []
        self._lock = threading.Lock()
        self._pid = os.getpid()

    def __repr__(self) -> str:
        return f"<key service at {self.path}>"

    def wrap(self, data_key: bytes) -> bytes:
        return self._ask(Operation.WRAP, data_key)

    def unwrap(self, wrapped: bytes) -> bytes:
        return self._ask(Operation.UNWRAP, wrapped)

    def blind(self, kind: str, value: str) -> bytes:
        return self._ask(Operation.BLIND, kind.encode(), value.encode())

    def sign(self, data: bytes) -> bytes:
        return self._ask(Operation.SIGN, data)

    def verifying_key(self) -> bytes:
        return self._ask(Operation.VERIFYING_KEY)

    def rewrap(self, wrapped: bytes) -> bytes:
        return self._ask(Operation.REWRAP, wrapped)

    def begin_rotation(self) -> None:
        self._ask(Operation.BEGIN_ROTATION)

    def finish_rotation(self) -> None:
        self._ask(Operation.FINISH_ROTATION)

    def _ask(self, operation: Operation, *arguments: bytes) -> bytes:
        """Every question may be asked twice: on a connection that died while idle it is asked again on a new one."""
        question = packed(operation, *arguments)
        while connection := self._take():
            try:
                return self._answer(connection, question)
            except (OSError, EOFError) as error:
                connection.close()
                if isinstance(error, TimeoutError):
                    raise self._away("does not answer") from None
        with contextlib.suppress(OSError, EOFError):
            return self._answer(self._connect(), question)
        raise self._away("does not answer")

    def _answer(self, connection: socket.socket, question: bytes) -> bytes:
        try:
            connection.sendall(question)
            answer = receive(connection)
        except Malformed:
            connection.close()
            raise self._away("answers nonsense") from None
        self._give_back(connection)
        if answer[:1] == bytes([Status.DONE]):
            return answer[1:]
        if answer[:1] == bytes([Status.REFUSED]):
            raise Refused
        raise self._away("cannot use its key file")

    def _connect(self) -> socket.socket:
        """Tries for a second: a service that is being started again is back by then."""
        until = time.monotonic() + CONNECT_SECONDS
        while True:
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(CONNECT_SECONDS)
            try:
                connection.connect(str(self.path))
            except OSError as error:
                connection.close()
                if time.monotonic() > until or isinstance(error, PermissionError):
                    raise self._away(f"cannot be reached at {self.path}: {error.strerror or error}") from None
                time.sleep(0.05)
                continue
            connection.settimeout(ANSWER_SECONDS)
            return connection

    def _take(self) -> socket.socket | None:
        with self._lock:
            if self._pid != os.getpid():
                # The parent's connections: an answer to its question must not reach us. Closed here, open there.
                self._idle, self._pid = [], os.getpid()
            return self._idle.pop() if self._idle else None

    def _give_back(self, connection: socket.socket) -> None:
        with self._lock:
            self._idle.append(connection)

    def _away(self, why: str) -> KeyServiceAway:
        return KeyServiceAway(f"The key service {why}.")


def at(address: str) -> KeyService:
    """The key service of an address: file:/path of a key file, unix:/path of a socket."""
    kind, _, path = address.partition(":")
    if kind == "file" and path:
        return FileKeyService(Path(path))
    if kind == "unix" and path:
        return SocketKeyService(Path(path))
    raise Unusable(f"The key service is {address!r}; expected unix:/path or file:/path.")
