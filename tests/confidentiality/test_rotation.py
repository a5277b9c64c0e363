"""Rotation: a new master key under a working site, cut off at any point, and nothing is lost."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from confidentiality import rotation
from confidentiality.keyring import Refused, create_file, read_file
from confidentiality.keys import FileKeyService, SocketKeyService
from confidentiality.keystore import KeyStore
from confidentiality.vault import CannotOpen, Vault
from tests.confidentiality.test_vault import PLACE, again, make_vault

PROJECT = Path(__file__).resolve().parents[2]
KILLS = 20
KEYS = 60

ROTATE = """
import sys
from pathlib import Path
from confidentiality import keys, rotation
from confidentiality.keystore import KeyStore
print("begins", flush=True)
rotation.rotate(keys.at(sys.argv[1]), KeyStore(Path(sys.argv[2])), lambda told: None)
print("done", flush=True)
"""


@pytest.fixture
def held(tmp_path: Path) -> Vault:
    return make_vault(tmp_path)


def quiet(told: str) -> None:
    pass


def fill(held: Vault, count: int = KEYS) -> dict[str, bytes]:
    """A sealed text in each of so many scopes."""
    return {scope: held.seal(scope.encode(), **here(scope)) for scope in (f"user:{n}" for n in range(count))}


def here(scope: str) -> dict[str, Any]:
    return {**PLACE, "scope": scope}


def all_open(held: Vault, texts: dict[str, bytes]) -> bool:
    fresh = again(held) if isinstance(held.service, FileKeyService) else Vault(held.service, held.store)
    return all(fresh.unseal(text, **here(scope)) == scope.encode() for scope, text in texts.items())


def masters(held: Vault) -> tuple[bytes, ...]:
    assert isinstance(held.service, FileKeyService)
    return read_file(held.service.path).masters


def wrapped_keys(store: KeyStore) -> list[bytes]:
    return [store.get(name) or b"" for name in store.names()]


# --- As it should go ------------------------------------------------------------------------------------------


def test_every_data_key_is_wrapped_anew_and_the_old_master_key_is_gone(held: Vault) -> None:
    texts, before, (old,) = fill(held), wrapped_keys(held.store), masters(held)

    done = rotation.rotate(held.service, held.store, quiet)

    assert (done.keys, done.rewrapped) == (KEYS, KEYS)
    assert all_open(held, texts)
    assert not set(before) & set(wrapped_keys(held.store))
    assert (len(masters(held)), old in masters(held)) == (1, False)
    with pytest.raises(Refused):
        held.service.unwrap(before[0])


def test_site_without_texts_gets_a_new_master_key_too(held: Vault) -> None:
    (old,) = masters(held)

    assert rotation.rotate(held.service, held.store, quiet).keys == 0
    assert masters(held) != (old,)


def test_destroyed_key_is_not_brought_back(held: Vault) -> None:
    texts = fill(held, 3)
    real, destroyed = held.service.rewrap, []

    class Purging:
        """A key service during whose work a scope is purged."""

        def __getattr__(self, name: str) -> Any:
            return getattr(held.service, name)

        def rewrap(self, wrapped: bytes) -> bytes:
            if not destroyed:
                destroyed.append(held.store.names()[0])
                held.store.destroy(destroyed[0])
            return real(wrapped)

    done = rotation.rotate(Purging(), held.store, quiet)

    assert done.keys == 2
    assert destroyed[0] not in held.store.names()
    opened = []
    for scope, text in texts.items():
        try:
            opened.append(again(held).unseal(text, **here(scope)).decode())
        except CannotOpen:
            continue
    assert len(opened) == 2


def test_key_that_is_being_made_while_a_rotation_ends_is_waited_for(held: Vault) -> None:
    wrapped, store = threading.Event(), held.store

    def make() -> bytes:
        made = held.service.wrap(bytes(32))
        wrapped.set()
        time.sleep(0.5)
        return made

    maker = threading.Thread(target=store.create, args=("a" * 64, make))
    maker.start()
    wrapped.wait()
    done = rotation.rotate(held.service, store, quiet)
    maker.join()

    assert done.keys == 1
    assert held.service.unwrap(store.get("a" * 64) or b"") == bytes(32)


def test_key_that_was_read_before_a_rotation_ended_is_read_again(held: Vault) -> None:
    texts = fill(held, 1)
    rotated = []

    class Slow:
        """A key service that is asked just after a rotation has finished."""

        def __getattr__(self, name: str) -> Any:
            return getattr(held.service, name)

        def unwrap(self, wrapped: bytes) -> bytes:
            if not rotated:
                rotated.append(rotation.rotate(held.service, held.store, quiet))
            return held.service.unwrap(wrapped)

    late = Vault(Slow(), held.store)

    assert all(late.unseal(text, **here(scope)) == scope.encode() for scope, text in texts.items())
    assert late.seal(b"x", **here("user:0"))


def test_two_rotations_do_not_meet(held: Vault) -> None:
    with rotation._alone(held.store), pytest.raises(rotation.Busy):
        rotation.rotate(held.service, held.store, quiet)


def test_key_that_nothing_opens_keeps_the_old_master_key(held: Vault) -> None:
    texts = fill(held, 3)
    foreign = "f" * 64
    held.store.create(foreign, lambda: b"not one of ours")

    with pytest.raises(rotation.Unreadable) as refused:
        rotation.rotate(held.service, held.store, quiet)

    assert (refused.value.names, len(masters(held))) == ([foreign], 2)
    assert all_open(held, texts)
    held.store.destroy(foreign)
    assert rotation.rotate(held.service, held.store, quiet).keys == 3
    assert len(masters(held)) == 1


# --- Cut off --------------------------------------------------------------------------------------------------


def rotate_and_kill(address: str, store: KeyStore, after: float) -> None:
    command = [sys.executable, "-c", ROTATE, address, str(store.folder)]
    victim = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE)
    assert victim.stdout is not None
    victim.stdout.readline()
    time.sleep(after)
    os.kill(victim.pid, signal.SIGKILL)
    victim.communicate()


def time_of_rotation(address: str, store: KeyStore) -> float:
    command = [sys.executable, "-c", ROTATE, address, str(store.folder)]
    runner = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE)
    assert runner.stdout is not None
    runner.stdout.readline()
    started = time.monotonic()
    runner.communicate(timeout=120)
    assert runner.returncode == 0
    return time.monotonic() - started


def test_rotation_killed_at_random_points_loses_nothing(held: Vault) -> None:
    texts = fill(held)
    assert isinstance(held.service, FileKeyService)
    address, chance = f"file:{held.service.path}", random.Random(20)
    whole = time_of_rotation(address, held.store)
    halves = 0

    for _ in range(KILLS):
        first = masters(held)[0]
        rotate_and_kill(address, held.store, chance.uniform(0, whole))
        assert all_open(held, texts)
        halves += len(masters(held)) == 2
        assert len(masters(held)) <= 2
        assert len(masters(held)) == 1 or first in masters(held)
    assert halves, "no kill met a rotation half-way"

    before = wrapped_keys(held.store)
    old = masters(held)
    rotation.rotate(held.service, held.store, quiet)
    assert all_open(held, texts)
    assert len(masters(held)) == 1
    assert masters(held)[0] == old[0] if len(old) == 2 else masters(held)[0] not in old
    assert len(wrapped_keys(held.store)) == len(before) == KEYS
    assert all(path.name in {".rotating", *held.store.names()} for path in held.store.folder.iterdir())


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Vault, list[subprocess.Popen[bytes]]]]:
    """A vault whose keys a process of its own holds; the list has the process that runs now."""
    key_file, socket = tmp_path / "keys" / "keys.json", tmp_path / "s"
    create_file(key_file)
    store = KeyStore(tmp_path / "store")
    store.prepare()
    processes = [serve(key_file, socket)]
    yield Vault(SocketKeyService(socket), store), processes
    for process in processes:
        process.kill()
        process.communicate()


def serve(key_file: Path, socket: Path) -> subprocess.Popen[bytes]:
    command = [
        sys.executable,
        "-m",
        "confidentiality.keyserver",
        "--keys",
        str(key_file),
        "--socket",
        str(socket),
    ]
    process = subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.PIPE)
    assert process.stderr is not None
    process.stderr.readline()
    return process


def test_key_service_and_rotation_killed_at_random_points_lose_nothing(
    served: tuple[Vault, list[subprocess.Popen[bytes]]], tmp_path: Path
) -> None:
    held, processes = served
    texts, chance = fill(held), random.Random(21)
    address = f"unix:{tmp_path / 's'}"
    whole = time_of_rotation(address, held.store)

    for round_ in range(8):
        victim = threading.Timer(chance.uniform(0, whole), processes[-1].kill)
        victim.start()
        rotate_and_kill(address, held.store, chance.uniform(0, whole) if round_ % 2 else whole)
        victim.join()
        processes[-1].wait()
        processes.append(serve(tmp_path / "keys" / "keys.json", tmp_path / "s"))
        assert all_open(held, texts)

    rotation.rotate(held.service, held.store, quiet)
    assert all_open(held, texts)
    assert len(read_file(tmp_path / "keys" / "keys.json").masters) == 1


SEAL = """
import json, sys
from pathlib import Path
from uuid import UUID
from confidentiality import keys
from confidentiality.keystore import KeyStore
from confidentiality.vault import Vault
name, address, folder = sys.argv[1:]
print("begins", flush=True)
number = 0
while not Path(folder, ".stop").exists():
    scope = f"user:{name}-{number}"
    held = Vault(keys.at(address), KeyStore(Path(folder)))
    text = held.seal(scope.encode(), field_id="brief.title", row=UUID(int=7), scope=scope)
    fresh = Vault(keys.at(address), KeyStore(Path(folder)))
    assert fresh.unseal(text, field_id="brief.title", row=UUID(int=7), scope=scope) == scope.encode()
    print(json.dumps([scope, text.hex()]), flush=True)
    number += 1
"""


@pytest.mark.parametrize("kind", ["file", "unix"])
def test_initiatives_opened_during_rotations_are_not_lost(
    kind: str, served: tuple[Vault, list[subprocess.Popen[bytes]]], tmp_path: Path
) -> None:
    store = served[0].store
    address = f"file:{tmp_path / 'keys' / 'keys.json'}" if kind == "file" else f"unix:{tmp_path / 's'}"
    command = [sys.executable, "-c", SEAL]
    writers = [
        subprocess.Popen(
            [*command, name, address, str(store.folder)], cwd=PROJECT, stdout=subprocess.PIPE, text=True
        )
        for name in "ab"
    ]
    for writer in writers:
        assert writer.stdout is not None
        writer.stdout.readline()
    service = served[0].service if kind == "unix" else FileKeyService(tmp_path / "keys" / "keys.json")

    until = time.monotonic() + 3
    rounds = 0
    while time.monotonic() < until or rounds < 3:
        rotation.rotate(service, store, quiet)
        rounds += 1
    (store.folder / ".stop").touch()
    # Without a time: with one, what the reader of the first line holds already would be passed by.
    lines = "".join(writer.communicate()[0] for writer in writers).splitlines()

    assert [writer.returncode for writer in writers] == [0, 0]
    texts = {scope: bytes.fromhex(text) for scope, text in map(json.loads, lines)}
    assert len(texts) > 20
    assert all_open(Vault(service, store), texts)


# --- The command ----------------------------------------------------------------------------------------------


@pytest.fixture
def site(tmp_path: Path, settings: Any) -> Vault:
    """The settings lead to a vault of this test."""
    held = make_vault(tmp_path)
    assert isinstance(held.service, FileKeyService)
    settings.KEY_SERVICE, settings.KEY_STORE = f"file:{held.service.path}", held.store.folder
    return held


def say(*arguments: str) -> str:
    said = StringIO()
    call_command("rotate_keys", *arguments, stdout=said)
    return said.getvalue()


def test_command_tells_how_far_it_is(site: Vault) -> None:
    texts = fill(site, 120)

    said = say()

    assert said.splitlines() == [
        "100 of 120 data keys looked at, 100 wrapped anew",
        "120 of 120 data keys looked at, 120 wrapped anew",
        "Done: 120 data keys under the new master key, 120 wrapped anew by this run. "
        "The old master key is forgotten. Back up the key file and the key store now.",
    ]
    assert all_open(site, texts)


def test_command_goes_on_where_it_was_cut_off(site: Vault) -> None:
    fill(site, 5)
    site.service.begin_rotation()
    begun = masters(site)
    name = site.store.names()[0]
    wrapped = site.store.get(name) or b""
    site.store.replace(name, wrapped, site.service.rewrap(wrapped))

    said = say()

    assert "5 data keys under the new master key, 4 wrapped anew by this run" in said
    assert masters(site) == begun[:1]


def test_command_looks_without_changing_anything(site: Vault) -> None:
    fill(site, 2)
    before = masters(site), wrapped_keys(site.store)

    assert say("--check") == "All 2 data keys open.\n"
    site.store.create("f" * 64, lambda: b"not one of ours")
    with pytest.raises(CommandError, match=f"{'f' * 64}\nNo master key opens these"):
        say("--check")
    with pytest.raises(CommandError, match="The old master key was kept"):
        say()

    assert masters(site)[-1:] == before[0]


def test_command_says_when_the_key_service_is_away(site: Vault) -> None:
    assert isinstance(site.service, FileKeyService)
    site.service.path.unlink()

    with pytest.raises(CommandError, match="Nothing is lost; run it again when it is there"):
        say()


def test_command_says_that_another_is_under_way(site: Vault) -> None:
    with rotation._alone(site.store), pytest.raises(CommandError, match="Another rotation is under way"):
        say()
