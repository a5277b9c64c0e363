"""The key service as a process of its own: `python -m confidentiality.keyserver --socket S --keys F`.

It reads the key file, answers on a unix socket, and gives no key out. Only processes of its own user are answered
(and of those named by --allow-uid), as the kernel tells who they are. It imports no Django, knows no database and
logs neither questions nor answers. Whoever may ask can have any data key unwrapped: this keeps the master key out of
the web process, its memory and its backups; it does not judge who may read what.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import resource
import socket
import struct
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from confidentiality import keyring
from confidentiality.keyring import Refused, Unusable
from confidentiality.keys import (
    ANSWER_SECONDS,
    LENGTH,
    FileKeyService,
    KeyService,
    KeyServiceAway,
    Malformed,
    Operation,
    Status,
    receive,
    unpacked,
)

MOST_CLIENTS = 256
LOOK_EVERY = 1.0  # seconds
_PR_SET_DUMPABLE = 4


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m confidentiality.keyserver", description="The key service."
    )
    parser.add_argument("--keys", type=Path, required=True, help="the key file")
    parser.add_argument("--socket", type=Path, help="where to answer; without it, only --create is done")
    parser.add_argument("--create", action="store_true", help="make the key file if there is none")
    parser.add_argument("--allow-uid", type=int, action="append", default=[], help="who else may ask")
    parser.add_argument(
        "--group", type=int, help="group id that may open the socket, where another user asks"
    )
    chosen = parser.parse_args(arguments)
    try:
        if chosen.create and keyring.create_file(chosen.keys):
            told(f"Made the key file {chosen.keys}. Back it up now: without it nothing can ever be opened.")
        keyring.read_file(chosen.keys)
        if chosen.socket is not None:
            serve(chosen.socket, chosen.keys, {os.geteuid(), *chosen.allow_uid}, chosen.group)
    except (Unusable, OSError) as error:
        told(str(error))
        return 1
    return 0


def serve(path: Path, key_file: Path, allowed: set[int], group: int | None = None) -> None:
    """Answer until another process takes the socket's name, or the parent dies (see t2d.embedded.processes)."""
    keep_out_of_dumps()
    service = FileKeyService(key_file)
    places = threading.BoundedSemaphore(MOST_CLIENTS)
    with listen(path, group) as listener:
        mine = path.stat().st_ino
        told(f"The key service answers at {path}.")
        while is_mine(path, mine):
            try:
                client, _ = listener.accept()
            except TimeoutError:
                continue
            except OSError as error:  # too many open files, for instance: the next one may fit
                told(f"A client could not be taken: {error.strerror}.")
                threading.Event().wait(0.1)
                continue
            if not may_ask(client, allowed) or not places.acquire(blocking=False):
                client.close()
                continue
            try:
                threading.Thread(target=attend, args=(client, service, places.release), daemon=True).start()
            except RuntimeError:  # no more threads
                client.close()
                places.release()


def listen(path: Path, group: int | None) -> socket.socket:
    """Bound under another name and renamed: the socket is never there with wider rights, and one that a killed
    process left is replaced in the same step."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    unfinished.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        listener.bind(str(unfinished))
    finally:
        os.umask(before)
    if group is not None:
        os.chown(unfinished, -1, group)
        os.chmod(unfinished, 0o660)  # nosec B103 # for the one group that was named, beside the owner
    listener.listen(128)
    listener.settimeout(LOOK_EVERY)
    unfinished.rename(path)
    return listener


def is_mine(path: Path, inode: int) -> bool:
    """Whether the name still leads here: two services must not share one key file for long."""
    try:
        return path.stat().st_ino == inode
    except OSError:
        return False


def may_ask(client: socket.socket, allowed: set[int]) -> bool:
    """By the user of the process at the other end. Where the system does not tell, the socket's mode must do."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    _pid, uid, _gid = struct.unpack("3i", client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    if uid not in allowed:
        told(f"A process of user {uid} was turned away.")
    return uid in allowed


def attend(client: socket.socket, service: KeyService, leave: Callable[[], None]) -> None:
    """One client's questions, one after the other, until it goes or sends what is no question."""
    try:
        with client, contextlib.suppress(OSError, EOFError, Malformed):
            while True:
                client.settimeout(None)
                client.recv(1, socket.MSG_PEEK)  # waits for the next question as long as it takes
                client.settimeout(ANSWER_SECONDS)
                answer = answered(receive(client), service)
                client.sendall(LENGTH.pack(len(answer)) + answer)
    finally:
        leave()


def answered(question: bytes, service: KeyService) -> bytes:
    """Status and result. Raises Malformed for what no client of ours sends."""
    number, arguments = unpacked(question)
    try:
        return bytes([Status.DONE]) + done(Operation(number), arguments, service)
    except (Refused, ValueError):
        return bytes([Status.REFUSED])
    except (KeyServiceAway, Unusable, OSError):
        return bytes([Status.UNUSABLE])


def done(operation: Operation, arguments: list[bytes], service: KeyService) -> bytes:
    match operation, arguments:
        case Operation.WRAP, [data_key]:
            return service.wrap(data_key)
        case Operation.UNWRAP, [wrapped]:
            return service.unwrap(wrapped)
        case Operation.BLIND, [kind, value]:
            return service.blind(kind.decode(), value.decode())
        case Operation.SIGN, [data]:
            return service.sign(data)
        case Operation.VERIFYING_KEY, []:
            return service.verifying_key()
        case Operation.REWRAP, [wrapped]:
            return service.rewrap(wrapped)
        case Operation.BEGIN_ROTATION, []:
            service.begin_rotation()
        case Operation.FINISH_ROTATION, []:
            service.finish_rotation()
        case _:
            raise Refused
    return b""


def keep_out_of_dumps() -> None:
    """No core file, and no look into this process's memory by others of the same user (on Linux)."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def told(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
