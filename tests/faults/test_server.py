"""script/server as somebody at a terminal meets it: started, disturbed, killed, started again.

Real processes on a data folder of their own. All tests run in one worker, one after the other, and share the
folder: a first start costs seconds, a later one little.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = [pytest.mark.serial, pytest.mark.xdist_group("server")]

PROJECT = Path(__file__).resolve().parents[2]
PATIENCE = 180.0  # seconds; far more than anything here takes, even on a busy machine


@dataclass
class Server:
    """A started script/server. `said` is everything it printed so far, errors included."""

    process: subprocess.Popen[bytes]
    output: Path

    @property
    def said(self) -> str:
        return self.output.read_text(encoding="utf-8")

    @property
    def address(self) -> str:
        return next(line.split()[1] for line in self.said.splitlines() if line.startswith("READY"))

    def wait_until_said(self, words: str) -> None:
        wait_until(lambda: words in self.said or self.process.poll() is not None)
        assert words in self.said, self.said

    def end(self, sign: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(sign)
        return self.process.wait(PATIENCE)


def wait_until(condition, patience: float = PATIENCE) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def environment(data: Path, **more: str) -> dict[str, str]:
    """This machine's, without what belongs to the test run's own services."""
    foreign = ("T2D_", "DATABASE_", "CELERY_", "CACHE_", "DJANGO_", "PYTEST_", "PORT")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return kept | {"T2D_DATA": str(data)} | more


started: list[Server] = []


@pytest.fixture(autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    """A test that fails does not leave its servers to the next one; those of `running` end by themselves."""
    yield
    while started:
        server = started.pop()
        if server.process.poll() is None:
            server.end()


def launch(data: Path, output: Path, **more: str) -> Server:
    started.append(_start(data, output, **more))
    return started[-1]


def _start(data: Path, output: Path, **more: str) -> Server:
    with open(output, "wb") as file:
        process = subprocess.Popen(
            ["script/server"], cwd=PROJECT, env=environment(data, **more), stdin=subprocess.DEVNULL,
            stdout=file, stderr=subprocess.STDOUT,
        )  # fmt: skip
    return Server(process, output)


@contextmanager
def running(data: Path, tmp_path: Path, **more: str) -> Iterator[Server]:
    server = _start(data, tmp_path / f"{data.name}.out", **more)
    try:
        server.wait_until_said("READY")
        yield server
    finally:
        if server.process.poll() is None:
            server.end()


def manage(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["script/manage", *arguments], cwd=PROJECT, env=environment(data), capture_output=True, text=True,
        stdin=subprocess.DEVNULL, timeout=PATIENCE, check=False,
    )  # fmt: skip


def processes() -> dict[int, tuple[int, str]]:
    """pid -> parent and command line of everything alive; zombies are not."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state != "Z":
            found[int(folder.name)] = (int(parent), line)
    return found


def tree_of(root: int) -> dict[int, str]:
    """The process and all below it, with their command lines."""
    alive = processes()
    tree = {root}
    while more := {pid for pid, (parent, _) in alive.items() if parent in tree} - tree:
        tree |= more
    return {pid: alive[pid][1] for pid in tree if pid in alive}


def assert_all_gone(tree: dict[int, str]) -> None:
    """Of the very processes that were seen: a number may be in use again, by something else."""
    wait_until(lambda: not any(processes().get(pid, (0, ""))[1] == line for pid, line in tree.items()))


def strike(pid: int, sign: signal.Signals) -> None:
    """Unless it has ended since it was seen: a child that has done its work, or whose parent was struck before."""
    with suppress(ProcessLookupError):
        os.kill(pid, sign)


def kill_everything(server: Server) -> None:
    for pid in tree_of(server.process.pid):
        strike(pid, signal.SIGKILL)
    server.process.wait(PATIENCE)


def pid_of(server: Server, words: str) -> int:
    """The topmost process of the server whose command line holds the words."""
    return min(pid for pid, line in tree_of(server.process.pid).items() if words in line)


def answers(address: str) -> bool:
    with urllib.request.urlopen(f"{address}healthz/", timeout=10) as response:
        return response.status == 200


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server") / "data"


def test_a_start_says_where_it_is_and_who_may_come_in(data: Path, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with running(data, tmp_path, PORT=str(port)) as server:
            first, *accounts = server.said[server.said.index("READY") :].splitlines()
            assert first == f"READY {server.address}"
            assert server.address != f"http://127.0.0.1:{port}/"
            assert answers(server.address)
            for name in ("rapporteur", "mediator", "rival", "coordinator", "steward"):
                assert f"{name}@demo.example" in "\n".join(accounts)

            second = launch(data, tmp_path / "second.out")
            assert second.process.wait(PATIENCE) == 1
            assert "already running" in second.said
            assert answers(server.address)

            tree = tree_of(server.process.pid)
            assert server.end(signal.SIGINT) == 0
    assert_all_gone(tree)
    assert data.stat().st_mode & 0o777 == 0o700
    assert (data / "secret_key").stat().st_mode & 0o777 == 0o600


def test_sigterm_leaves_no_process_even_before_ready(data: Path, tmp_path: Path) -> None:
    server = launch(data, tmp_path / "early.out")
    wait_until(lambda: any("postgres" in line for line in tree_of(server.process.pid).values()))
    tree = tree_of(server.process.pid)
    assert server.end() == 0
    assert_all_gone(tree)


def test_two_folders_at_once_and_the_parts_that_die(data: Path, tmp_path: Path) -> None:
    other = data.with_name("other")
    with (
        running(data, tmp_path, PORT="8700") as one,
        running(other, tmp_path, PORT="8700", T2D_DEMO="0") as two,
    ):
        assert one.address != two.address
        assert "create_steward" in two.said

        os.kill(pid_of(one, "celery -A t2d worker"), signal.SIGKILL)
        one.wait_until_said("worker ended unasked (-9); starting it again")
        os.kill(pid_of(one, "gunicorn"), signal.SIGKILL)
        assert answers(one.address)  # waits for the new process instead of being refused

        tree = tree_of(two.process.pid)
        os.kill(pid_of(two, "valkey-server"), signal.SIGKILL)
        assert two.process.wait(PATIENCE) == 1
        assert "valkey ended unasked; all stops" in two.said
        assert_all_gone(tree)
        assert answers(one.address)


def test_a_killed_parent_takes_everything_along(data: Path, tmp_path: Path) -> None:
    server = launch(data, tmp_path / "killed.out")
    server.wait_until_said("READY")
    tree = tree_of(server.process.pid)
    server.end(signal.SIGKILL)
    assert_all_gone(tree)


REGISTER = """\
ref,title,conflict,ucdp_conflict_id,parent_conflict,countries,convener,co_conveners,track_type,start,end,\
sides,themes,objective,source,confidence
K1,First talks,Conflict of the fault test,,,,House one,,t2_hard,2001-01,2001-12,Up;Down,refugees_return,One,A book,high
K2,Second talks,Conflict of the fault test,,,,House two,,t2_hard,2001-02,2001-11,Up;Down,refugees_return,Two,A book,high
"""

STATE = """
from confidentiality.actor import actor
from coordination.models import OutboxEntry, OverlapFlag
with actor("system:detector"):
    print(OutboxEntry.objects.count(), OverlapFlag.objects.count())
"""


def waiting_and_flags(data: Path) -> tuple[int, int]:
    """How many initiatives wait to be compared, and how many flags there are."""
    done = manage(data, "shell", "-v0", "-c", STATE)
    assert done.returncode == 0, done.stderr
    waiting, flags = done.stdout.split()
    return int(waiting), int(flags)


def test_after_killing_everything_the_queued_work_is_done(data: Path, tmp_path: Path) -> None:
    register = tmp_path / "register.csv"
    register.write_text(REGISTER, encoding="utf-8")
    server = launch(data, tmp_path / "queued.out")
    server.wait_until_said("READY")
    wait_until(lambda: waiting_and_flags(data)[0] == 0)
    _, flags_before = waiting_and_flags(data)

    for name in ("celery -A t2d worker", "celery -A t2d beat"):
        for pid in tree_of(pid_of(server, name)):
            strike(pid, signal.SIGSTOP)
    imported = manage(data, "import_initiatives", str(register), "--as", "coordinator@demo.example")
    assert imported.returncode == 0, imported.stderr
    assert waiting_and_flags(data) == (2, flags_before)
    kill_everything(server)

    with running(data, tmp_path):
        wait_until(lambda: waiting_and_flags(data) == (0, flags_before + 1))


def test_services_of_ones_own_are_used_and_none_is_started(tmp_path: Path) -> None:
    broker = os.environ["CELERY_BROKER_URL"].rpartition("=")[0] + "=60"
    cache = os.environ["CACHE_URL"].rpartition("=")[0] + "=61"
    database = os.environ["DATABASE_OWNER_URL"].replace("t2d_owner@", "t2d_app@")
    own = {
        "DATABASE_URL": database,
        "DATABASE_OWNER_URL": os.environ["DATABASE_OWNER_URL"],
        "DATABASE_WORKER_URL": database.replace("t2d_app@", "t2d_worker@") + "&assume_role=t2d_app",
    }
    data = tmp_path / "external"
    with running(data, tmp_path, **own, CELERY_BROKER_URL=broker, CACHE_URL=cache, T2D_DEMO="0") as server:
        lines = tree_of(server.process.pid).values()
        assert not [line for line in lines if "postgres" in line or "valkey-server" in line]
        assert answers(server.address)
        assert not (data / "postgres").exists()
