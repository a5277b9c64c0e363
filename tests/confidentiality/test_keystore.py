"""The key store: whole or not at all, first come first kept, destroyed for good."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from confidentiality.keystore import KeyStore, StoreUnusable

PROJECT = Path(__file__).resolve().parents[2]
NAME, OTHER = "a" * 64, "b" * 64


@pytest.fixture
def store(tmp_path: Path) -> KeyStore:
    made = KeyStore(tmp_path / "store")
    made.prepare()
    return made


def files(store: KeyStore) -> list[str]:
    return sorted(path.name for path in store.folder.iterdir())


def test_folder_and_files_are_for_their_owner_alone(store: KeyStore) -> None:
    store.create(NAME, lambda: b"wrapped")

    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((store.folder / NAME).stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o750, 0o705, 0o770])
def test_folder_open_to_others_is_refused_in_words(store: KeyStore, mode: int) -> None:
    store.folder.chmod(mode)

    for act in (store.prepare, store.names, lambda: store.get(NAME)):
        with pytest.raises(StoreUnusable, match="is open to other users of this machine: chmod 700 /"):
            act()


def test_missing_folder_is_not_made_by_the_way(tmp_path: Path) -> None:
    store = KeyStore(tmp_path / "store")

    for act in (lambda: store.get(NAME), lambda: store.create(NAME, lambda: b"x"), store.names):
        with pytest.raises(StoreUnusable, match="cannot be used: No such file"):
            act()
    assert not store.folder.exists()


def test_first_key_is_kept(store: KeyStore) -> None:
    assert store.get(NAME) is None
    assert store.create(NAME, lambda: b"first") == b"first"
    assert store.create(NAME, lambda: b"second") == b"first"
    assert (store.get(NAME), store.names(), files(store)) == (b"first", [NAME], [NAME])


def test_key_is_replaced_only_where_it_is_the_one_that_was_read(store: KeyStore) -> None:
    store.create(NAME, lambda: b"old")

    assert store.replace(NAME, b"other", b"new") is False
    assert store.get(NAME) == b"old"
    assert store.replace(NAME, b"old", b"new") is True
    assert (store.get(NAME), files(store)) == (b"new", [NAME])


def test_destroyed_key_does_not_come_back(store: KeyStore) -> None:
    store.create(NAME, lambda: b"wrapped")
    store.create(OTHER, lambda: b"other")
    with open(store.folder / NAME, "rb") as file:
        store.destroy(NAME)
        store.destroy(NAME)
        assert file.read() == bytes(7)

    assert store.replace(NAME, b"wrapped", b"new") is False
    assert (store.get(NAME), files(store)) == (None, [OTHER])


def test_what_killed_processes_left_is_no_key_and_is_removed(store: KeyStore) -> None:
    store.create(OTHER, lambda: b"other")
    for name in (f".dying-{NAME}", ".new-0123456789abcdef", ".rotating"):
        (store.folder / name).write_bytes(b"left")
    assert (store.names(), store.get(NAME)) == ([OTHER], None)

    store.tidy()

    assert files(store) == [".rotating", OTHER]


@pytest.mark.parametrize("name", ["", "..", "../keys", "a" * 63, "A" * 64, f"{'a' * 64}/x", "\0" * 64])
def test_only_names_of_keys_are_names(store: KeyStore, name: str) -> None:
    with pytest.raises(ValueError, match="not the name of a key"):
        store.get(name)
    with pytest.raises(ValueError, match="not the name of a key"):
        store.create(name, lambda: b"x")


# --- Several processes ----------------------------------------------------------------------------------------

RACE = """
import os, sys, time
from pathlib import Path
from confidentiality.keystore import KeyStore
store, start = KeyStore(Path(sys.argv[1])), float(sys.argv[2])
time.sleep(max(0, start - time.time()))
for number in range(40):
    own = os.urandom(16)
    print(store.create(f"{number:064x}", lambda: own).hex())
"""


def test_processes_that_create_at_once_end_with_the_same_keys(store: KeyStore) -> None:
    start = str(time.time() + 1)
    command = [sys.executable, "-c", RACE, str(store.folder), start]
    racers = [subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    told = [racer.communicate(timeout=60)[0].split() for racer in racers]

    assert [racer.returncode for racer in racers] == [0] * 4
    assert len(told[0]) == 40
    assert all(keys == told[0] for keys in told)
    assert [store.get(f"{number:064x}").hex() for number in range(40)] == told[0]  # type: ignore[union-attr]
    assert len(files(store)) == 40


STRUGGLE = """
import os, sys
from pathlib import Path
from confidentiality.keystore import KeyStore
store = KeyStore(Path(sys.argv[1]))
print("ready", flush=True)
while True:
    for number in range(5):
        name = f"{number:064x}"
        store.destroy(name)
        made = store.create(name, lambda: os.urandom(8) * 8)
        store.replace(name, made, os.urandom(8) * 8)
"""


def test_killed_processes_leave_whole_keys(store: KeyStore) -> None:
    for round_ in range(8):
        command = [sys.executable, "-c", STRUGGLE, str(store.folder)]
        victims = [subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE) for _ in range(2)]
        for victim in victims:
            assert victim.stdout is not None
            victim.stdout.readline()
        time.sleep(0.05 + 0.03 * round_)
        for victim in victims:
            os.kill(victim.pid, signal.SIGKILL)
            victim.communicate()

        found = [store.get(name) or b"" for name in store.names()]
        assert all(len(key) == 64 and key == key[:8] * 8 for key in found)
        store.tidy()
        assert files(store) == store.names()
