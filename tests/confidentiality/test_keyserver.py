"""The key service's process: whom it answers, what it survives, and how its clients notice."""

from __future__ import annotations

import os
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from confidentiality import keys, keyserver
from confidentiality.keyring import Refused
from confidentiality.keys import FileKeyService, KeyServiceAway, Operation, SocketKeyService, Status

PROJECT = Path(__file__).resolve().parents[2]
DATA_KEY = bytes(range(32))
COMMAND = [sys.executable, "-m", "confidentiality.keyserver"]


@dataclass
class Served:
    """A running key service in a folder of its own."""

    path: Path
    process: subprocess.Popen[str]

    @property
    def socket(self) -> Path:
        return self.path / "s"

    @property
    def keys(self) -> Path:
        return self.path / "keys.json"

    def connect(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(10)
        connection.connect(str(self.socket))
        return connection

    def answers(self) -> bool:
        return len(SocketKeyService(self.socket).verifying_key()) == 32

    def stop(self) -> None:
        """Stand it still, and return when every thread of it does."""
        os.kill(self.process.pid, signal.SIGSTOP)
        tasks = Path(f"/proc/{self.process.pid}/task")
        while any(" T " not in (task / "stat").read_text() for task in tasks.iterdir()):
            time.sleep(0.01)

    def end(self) -> str:
        """Kill it, and return what it said since it was ready."""
        if self.process.stderr is None or self.process.stderr.closed:
            return ""
        self.process.kill()
        return self.process.communicate()[1]


def launch(path: Path, *more: str) -> Served:
    arguments = ["--socket", str(path / "s"), "--keys", str(path / "keys.json"), "--create", *more]
    process = subprocess.Popen([*COMMAND, *arguments], cwd=PROJECT, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("The key service answers"):
            break
    launched.append(Served(path, process))
    return launched[-1]


launched: list[Served] = []


@pytest.fixture(autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    yield
    while launched:
        launched.pop().end()


@pytest.fixture
def served(tmp_path: Path) -> Served:
    return launch(tmp_path)


@pytest.fixture
def service(served: Served) -> SocketKeyService:
    return SocketKeyService(served.socket)


# --- What it does ---------------------------------------------------------------------------------------------


def test_answers_as_the_key_file_does(served: Served, service: SocketKeyService) -> None:
    file = FileKeyService(served.keys)

    assert file.unwrap(service.wrap(DATA_KEY)) == service.unwrap(file.wrap(DATA_KEY)) == DATA_KEY
    assert service.blind("name", "é") == file.blind("name", "é")
    assert service.sign(b"x") == file.sign(b"x")
    assert service.verifying_key() == file.verifying_key()


def test_refuses_as_the_key_file_does(served: Served, service: SocketKeyService) -> None:
    for act in (
        lambda: service.unwrap(b"nonsense"),
        lambda: service.rewrap(b""),
        lambda: service.blind("", "x"),
    ):
        with pytest.raises(Refused):
            act()
    assert served.answers()


def test_rotates(served: Served, service: SocketKeyService) -> None:
    wrapped = service.wrap(DATA_KEY)
    service.begin_rotation()
    renewed = service.rewrap(wrapped)
    service.finish_rotation()

    assert service.unwrap(renewed) == DATA_KEY
    with pytest.raises(Refused):
        service.unwrap(wrapped)


def test_too_much_is_not_even_sent(service: SocketKeyService) -> None:
    assert len(service.sign(b"x" * 65000)) == 64
    with pytest.raises(ValueError, match="too much"):
        service.sign(b"x" * keys.LARGEST_FRAME)


def test_does_not_know_django() -> None:
    script = (
        "import sys, confidentiality.keyserver; print([name for name in sys.modules if 'django' in name])"
    )

    told = subprocess.run(
        [sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, check=True
    )

    assert told.stdout.strip() == "[]"


def test_says_nothing_of_what_it_is_asked(served: Served, service: SocketKeyService) -> None:
    service.blind("name", "samira al haddad")
    service.unwrap(service.wrap(DATA_KEY))
    with pytest.raises(Refused):
        service.unwrap(b"nonsense")

    assert served.end() == ""


# --- Whom it answers ------------------------------------------------------------------------------------------


def test_socket_is_for_its_owner_alone(served: Served) -> None:
    assert stat.S_IMODE(served.socket.stat().st_mode) == 0o600
    assert stat.S_IMODE(served.keys.stat().st_mode) == 0o600


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """One that every user of the machine may enter, which pytest's own may not be."""
    with tempfile.TemporaryDirectory(prefix="t2d-open-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


AS_NOBODY = """
import os, socket, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534)
client = socket.socket(socket.AF_UNIX)
client.settimeout(10)
client.connect(sys.argv[1])
try:
    client.sendall(bytes([0, 0, 0, 1, 5]))
    print(len(client.recv(100)))
except OSError:
    print(0)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
@pytest.mark.parametrize(("allowed", "answer"), [([], "0"), (["--allow-uid", "65534"], "37")])
def test_other_users_are_answered_only_where_named(
    open_folder: Path, allowed: list[str], answer: str
) -> None:
    served = launch(open_folder, *allowed)
    # Whatever the files allow: it is the process at the other end that counts.
    served.socket.chmod(0o777)

    told = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, str(served.socket)], capture_output=True, text=True, check=False
    )

    assert (told.stdout.strip(), told.stderr) == (answer, "")
    assert served.answers()
    turned_away = "A process of user 65534 was turned away.\n"
    assert served.end() == ("" if allowed else turned_away)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a socket to a group")
def test_group_may_open_the_socket_where_named(tmp_path: Path) -> None:
    served = launch(tmp_path, "--group", "65534")

    found = served.socket.stat()
    assert (stat.S_IMODE(found.st_mode), found.st_gid) == (0o660, 65534)
    assert served.answers()


@pytest.mark.skipif(sys.platform != "linux", reason="asked of the kernel")
def test_memory_is_out_of_reach(served: Served) -> None:
    limits = Path(f"/proc/{served.process.pid}/limits").read_text()

    assert "Max core file size        0                    0" in limits
    owner = Path(f"/proc/{served.process.pid}/mem").stat().st_uid
    assert owner == 0  # the kernel's, since it is not dumpable


# --- What it survives -----------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=80), min_size=1, max_size=4), st.booleans())
@example([b"\xff\xff\xff\xff"], True)
@example([b"\0\1\0\1"], True)
@example([b"\0\0\0\0"], True)
@example([b"\0\0\0\1\0"], True)
@example([b"\0\0\0\5\1\xff\xff\xff\xff"], True)
@example([b"\0\0\0\5\3\0\0\0\0"], True)
@example([b"\0\0\0\x0a\3\0\0\0\1\xff\0\0\0\0"], True)
def test_no_frame_ends_it(served: Served, chunks: list[bytes], waits: bool) -> None:
    with served.connect() as client:
        try:
            for chunk in chunks:
                client.sendall(chunk)
            client.shutdown(socket.SHUT_WR)
            while waits and client.recv(1000):
                pass
        except OSError:
            pass

    assert served.answers()


@pytest.mark.parametrize(
    "body", [b"\x63", b"\1", b"\3\0\0\0\1a", b"\1\0\0\0\0\0\0\0\0", b"\3\0\0\0\1\xff\0\0\0\0"]
)
def test_what_is_no_question_is_refused_and_the_next_answered(served: Served, body: bytes) -> None:
    with served.connect() as client:
        client.sendall(struct.pack(">I", len(body)) + body)
        assert keys.receive(client) == bytes([Status.REFUSED])
        client.sendall(keys.packed(Operation.VERIFYING_KEY))
        assert len(keys.receive(client)) == 33


def test_client_that_dies_half_way_disturbs_nobody(served: Served, service: SocketKeyService) -> None:
    for part in (b"", b"\0", b"\0\0\0\xff", b"\0\0\0\xff\1abc"):
        client = served.connect()
        client.sendall(part)
        client.close()
    question = keys.packed(Operation.WRAP, DATA_KEY)
    impatient = [served.connect() for _ in range(20)]
    for client in impatient:
        client.sendall(question)
        client.close()

    assert service.unwrap(service.wrap(DATA_KEY)) == DATA_KEY


def test_client_that_dawdles_is_left(served: Served) -> None:
    with served.connect() as client:
        client.sendall(b"\0\0")
        started = time.monotonic()
        assert client.recv(10) == b""
        assert 4 < time.monotonic() - started < 9


def test_many_ask_at_once(service: SocketKeyService) -> None:
    def ask(number: int) -> bool:
        value = f"somebody {number}"
        wrapped = service.wrap(DATA_KEY)
        return service.unwrap(wrapped) == DATA_KEY and service.blind("name", value) == tokens[number]

    tokens = [service.blind("name", f"somebody {number}") for number in range(400)]
    with ThreadPoolExecutor(32) as pool:
        assert all(pool.map(ask, range(400)))
    assert len(service._idle) <= 32


def test_more_clients_than_it_takes_do_not_end_it(served: Served) -> None:
    crowd = []
    until = time.monotonic() + 10
    while len(crowd) < keyserver.MOST_CLIENTS + 20 and time.monotonic() < until:
        try:
            crowd.append(served.connect())
        except BlockingIOError:  # more than wait at the door
            time.sleep(0.01)
    with pytest.raises(KeyServiceAway, match="does not answer"):
        served.answers()

    for client in crowd:
        client.close()

    def back() -> bool:
        try:
            return served.answers()
        except KeyServiceAway:
            return False

    while not back():
        assert time.monotonic() < until


# --- How clients notice ---------------------------------------------------------------------------------------


def test_restart_goes_unnoticed(served: Served, service: SocketKeyService) -> None:
    wrapped = service.wrap(DATA_KEY)
    served.end()
    later = threading.Timer(0.3, lambda: launch(served.path))
    later.start()

    assert service.unwrap(wrapped) == DATA_KEY

    later.join()


def test_service_that_is_gone_is_said_to_be_away(served: Served, service: SocketKeyService) -> None:
    wrapped = service.wrap(DATA_KEY)
    served.end()
    started = time.monotonic()

    with pytest.raises(KeyServiceAway, match=r"cannot be reached at .*: Connection refused"):
        service.unwrap(wrapped)
    assert time.monotonic() - started < 3


def test_service_that_hangs_is_said_to_be_away(
    served: Served, service: SocketKeyService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "ANSWER_SECONDS", 0.3)
    wrapped = service.wrap(DATA_KEY)
    served.stop()

    for _ in range(2):  # on a connection that it had, and on a new one
        with pytest.raises(KeyServiceAway, match="does not answer"):
            service.unwrap(wrapped)

    os.kill(served.process.pid, signal.SIGCONT)
    assert service.unwrap(wrapped) == DATA_KEY


def test_late_answer_does_not_reach_the_next_question(
    served: Served, service: SocketKeyService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "ANSWER_SECONDS", 0.3)
    first = service.blind("name", "first")
    served.stop()
    with pytest.raises(KeyServiceAway):
        service.blind("name", "first")
    os.kill(served.process.pid, signal.SIGCONT)

    assert service.blind("name", "second") != first


def test_key_file_that_is_gone_or_open_to_others_is_said_so(
    served: Served, service: SocketKeyService
) -> None:
    wrapped = service.wrap(DATA_KEY)
    served.keys.chmod(0o644)
    with pytest.raises(KeyServiceAway, match="cannot use its key file"):
        service.unwrap(wrapped)

    served.keys.chmod(0o600)
    assert service.unwrap(wrapped) == DATA_KEY


def test_nonsense_from_the_other_side_is_no_answer(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()

        def talk_nonsense() -> None:
            client, _ = listener.accept()
            with client:
                client.recv(1000)
                client.sendall(b"\xff" * 100)

        talker = threading.Thread(target=talk_nonsense)
        talker.start()
        with pytest.raises(KeyServiceAway, match="answers nonsense"):
            SocketKeyService(tmp_path / "s").verifying_key()
        talker.join()


def test_forked_child_has_connections_of_its_own(service: SocketKeyService) -> None:
    """Otherwise parent and child would read each other's answers."""
    tokens = {number: service.blind("name", str(number)) for number in range(200)}
    child = os.fork()
    right = all(service.blind("name", str(number)) == token for number, token in tokens.items())
    if child == 0:
        os._exit(0 if right else 1)

    assert right
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


# --- Start and end --------------------------------------------------------------------------------------------


def run(*arguments: str) -> tuple[int, str]:
    told = subprocess.run(
        [*COMMAND, *arguments], cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False
    )
    return told.returncode, told.stderr


def test_makes_keys_only_when_told_to(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "keys.json"

    code, told = run("--keys", str(path), "--socket", str(tmp_path / "s"))
    assert (code, told) == (1, f"There is no key file {path}. Restore it, or make one for a new site.\n")

    code, told = run("--keys", str(path), "--create")
    assert (code, told.startswith(f"Made the key file {path}. Back it up now")) == (0, True)
    assert run("--keys", str(path), "--create") == (0, "")


def test_does_not_start_with_a_key_file_that_others_can_read(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    run("--keys", str(path), "--create")
    path.chmod(0o640)

    code, told = run("--keys", str(path), "--socket", str(tmp_path / "s"))

    assert (code, told) == (
        1,
        f"The key file {path} is open to other users of this machine: chmod 600 {path}\n",
    )


def test_socket_of_a_killed_process_is_no_obstacle(served: Served) -> None:
    served.end()
    assert served.socket.exists()

    after = launch(served.path)

    assert after.answers()
    assert sorted(file.name for file in served.path.iterdir()) == ["keys.json", "s"]


def test_second_service_takes_over_and_the_first_ends(served: Served, service: SocketKeyService) -> None:
    wrapped = service.wrap(DATA_KEY)

    launch(served.path)

    assert served.process.wait(10) == 0
    assert service.unwrap(wrapped) == DATA_KEY


def test_ends_when_its_socket_is_removed(served: Served) -> None:
    served.socket.unlink()

    assert served.process.wait(10) == 0
