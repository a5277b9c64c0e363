"""The keys of script/server as somebody at a terminal meets them: kept apart, started again, missed."""

from __future__ import annotations

import os
import signal
import stat
from pathlib import Path

import pytest

from tests.faults.test_server import (
    PATIENCE,
    _nothing_left_behind,  # noqa: F401 - a fixture
    assert_all_gone,
    launch,
    manage,
    pid_of,
    running,
    tree_of,
)

pytestmark = [pytest.mark.serial, pytest.mark.xdist_group("server")]

SEAL = """
from uuid import UUID
from confidentiality import vault
place = {"field_id": "a.b", "row": UUID(int=1), "scope": "user:1"}
"""


def seal(data: Path) -> str:
    done = manage(data, "shell", "-v0", "-c", f"{SEAL}\nprint(vault.seal(b'kept', **place).hex())")
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def opened(data: Path, sealed: str) -> str:
    script = f"{SEAL}\nprint(vault.unseal(bytes.fromhex('{sealed}'), **place).decode(), vault.key_service())"
    done = manage(data, "shell", "-v0", "-c", script)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_key_service_of_a_server(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running(data, tmp_path, T2D_DEMO="0") as server:
        sealed = seal(data)
        assert opened(data, sealed).startswith("kept <key service at /")
        assert [stat.S_IMODE((data / name).stat().st_mode) for name in ("keys", "keys/keys.json", "keystore")] == [
            0o700, 0o600, 0o700,
        ]  # fmt: skip
        keyserver = pid_of(server, "confidentiality.keyserver")
        told = Path(f"/proc/{keyserver}/environ").read_bytes() if os.geteuid() == 0 else b""
        assert b"T2D_" not in told
        assert b"DATABASE_" not in told

        os.kill(keyserver, signal.SIGKILL)
        server.wait_until_said("keyserver ended unasked (-9); starting it again")
        assert opened(data, sealed).startswith("kept")

        rotated = manage(data, "rotate_keys")
        assert "1 data keys under the new master key, 1 wrapped anew" in rotated.stdout, rotated.stderr
        assert opened(data, sealed).startswith("kept")
        tree = tree_of(server.process.pid)
    assert_all_gone(tree)
    assert opened(data, sealed).startswith("kept <key service at /")  # one of its own, for one command

    (data / "keys/keys.json").chmod(0o644)
    refused(data, tmp_path, "keys.json is open to other users of this machine: chmod 600 /")
    (data / "keys/keys.json").rename(tmp_path / "lost.json")
    refused(data, tmp_path, "keys/keys.json that opens them is gone. Restore it")
    assert not (data / "keys/keys.json").exists()
    (tmp_path / "lost.json").rename(data / "keys/keys.json")
    (data / "keys/keys.json").chmod(0o600)
    assert opened(data, sealed).startswith("kept")


def refused(data: Path, tmp_path: Path, words: str) -> None:
    server = launch(data, tmp_path / "refused.out", T2D_DEMO="0")
    assert server.process.wait(PATIENCE) == 1
    assert words in server.said
    assert "Traceback" not in server.said
