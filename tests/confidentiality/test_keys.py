"""The keys and their file: who may read it, what it answers, and what a damaged one does."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from confidentiality import keyring, keys
from confidentiality.keyring import Refused, Ring, Unusable
from confidentiality.keys import FileKeyService, KeyServiceAway

PROJECT = Path(__file__).resolve().parents[2]
DATA_KEY = bytes(range(32))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    keyring.create_file(tmp_path / "keys" / "keys.json")
    return tmp_path / "keys" / "keys.json"


def test_new_file_is_for_its_owner_alone(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [file.name for file in path.parent.iterdir()] == ["keys.json"]


def test_file_that_is_there_is_never_overwritten(path: Path) -> None:
    before = path.read_bytes()

    assert keyring.create_file(path) is False
    assert path.read_bytes() == before


def test_three_keys_are_three(path: Path) -> None:
    ring = keyring.read_file(path)

    assert len({*ring.masters, ring.blind_key, ring.sign_key}) == 3


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o622])
def test_file_open_to_others_is_refused_in_words(path: Path, mode: int) -> None:
    path.chmod(mode)

    with pytest.raises(Unusable, match=r"is open to other users of this machine: chmod 600 /"):
        keyring.read_file(path)
    with pytest.raises(KeyServiceAway, match="open to other users"):
        FileKeyService(path).wrap(DATA_KEY)


def test_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="There is no key file"):
        keyring.read_file(tmp_path / "none.json")
    with pytest.raises(KeyServiceAway, match="cannot be read"):
        FileKeyService(tmp_path / "none.json").blind("name", "x")


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_nonsense_is_no_key_file(nonsense: bytes) -> None:
    with pytest.raises(ValueError, match=r"^$"):
        Ring.from_json(nonsense)


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2}, {"masters": []}, {"masters": None}, {"blind": []}, {"sign": ["AAAA"]},
        {"masters": ["A" * 44]}, {"masters": ["?" * 44]}, {"blind": 5},
    ],
)  # fmt: skip
def test_damaged_file_is_refused_without_a_word_of_it(path: Path, change: dict[str, object]) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | change))

    with pytest.raises(Unusable, match="is not a key file of this program, or is damaged") as refused:
        keyring.read_file(path)
    assert refused.value.__suppress_context__


def test_file_is_read_again_when_it_changed(path: Path) -> None:
    here, there = FileKeyService(path), FileKeyService(path)
    wrapped = here.wrap(DATA_KEY)

    there.begin_rotation()
    renewed = there.rewrap(wrapped)
    there.finish_rotation()

    assert here.unwrap(renewed) == DATA_KEY
    with pytest.raises(Refused):
        here.unwrap(wrapped)


# --- What is answered -----------------------------------------------------------------------------------------


def test_wrapped_key_opens_and_never_looks_the_same(path: Path) -> None:
    service = FileKeyService(path)
    one, other = service.wrap(DATA_KEY), service.wrap(DATA_KEY)

    assert one != other
    assert (service.unwrap(one), service.unwrap(other)) == (DATA_KEY, DATA_KEY)
    assert DATA_KEY not in one


def test_every_change_of_a_wrapped_key_is_refused(path: Path) -> None:
    service = FileKeyService(path)
    wrapped = service.wrap(DATA_KEY)
    changed = [bytes([*wrapped[:at], wrapped[at] ^ 1, *wrapped[at + 1 :]]) for at in range(len(wrapped))]

    for each in [*changed, *(wrapped[:length] for length in range(len(wrapped))), wrapped + b"\0", b""]:
        with pytest.raises(Refused):
            service.unwrap(each)
        with pytest.raises(Refused):
            service.rewrap(each)


def test_blind_token_is_a_keyed_hash_of_kind_and_value(path: Path) -> None:
    service = FileKeyService(path)
    blind_key = keyring.read_file(path).blind_key

    token = service.blind("name", "al haddad samira")

    assert token == hmac.new(blind_key, b"name\0al haddad samira", hashlib.sha256).digest()
    assert len({token, service.blind("email", "al haddad samira"), service.blind("name", "samira")}) == 3
    for kind in ("", "a\0b"):
        with pytest.raises(Refused):
            service.blind(kind, "x")


def test_signature_is_checked_without_the_key_service(path: Path) -> None:
    service = FileKeyService(path)
    public = Ed25519PublicKey.from_public_bytes(service.verifying_key())

    signature = service.sign(b"head of the chain")

    public.verify(signature, b"head of the chain")
    with pytest.raises(InvalidSignature):
        public.verify(signature, b"another head")


# --- Rotation -------------------------------------------------------------------------------------------------


def test_rotation_keeps_what_outlives_a_master_key(path: Path) -> None:
    service = FileKeyService(path)
    token, public, wrapped = service.blind("name", "x"), service.verifying_key(), service.wrap(DATA_KEY)
    former = keyring.read_file(path).masters[0]

    service.begin_rotation()
    assert service.unwrap(wrapped) == DATA_KEY
    renewed = service.rewrap(wrapped)
    assert service.rewrap(renewed) == renewed
    service.finish_rotation()

    assert (service.blind("name", "x"), service.verifying_key()) == (token, public)
    assert service.unwrap(renewed) == DATA_KEY
    assert former not in keyring.read_file(path).masters


def test_rotation_begins_and_finishes_once(path: Path) -> None:
    service = FileKeyService(path)
    before = path.read_bytes()
    service.finish_rotation()
    assert path.read_bytes() == before

    service.begin_rotation()
    begun = path.read_bytes()
    service.begin_rotation()

    assert path.read_bytes() == begun
    assert len(keyring.read_file(path).masters) == 2


def test_former_key_file_is_overwritten(path: Path) -> None:
    with open(path, "rb") as former:
        service = FileKeyService(path)
        service.begin_rotation()
        service.finish_rotation()

        assert set(former.read()) == {0}


def test_half_written_key_file_of_a_killed_process_is_removed(path: Path) -> None:
    left = path.with_name("keys.json.new")
    left.write_bytes(b"half")

    FileKeyService(path).begin_rotation()

    assert not left.exists()


@pytest.mark.parametrize("address", ["", "file:", "unix:", "https://kms", "/path"])
def test_other_addresses_are_refused(address: str) -> None:
    with pytest.raises(Unusable, match="expected unix:/path or file:/path"):
        keys.at(address)


# --- Settings -------------------------------------------------------------------------------------------------


def settings_say(**more: str) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("T2D_KEY")}
    environment = kept | {"T2D_MODE": "production", "T2D_HOSTS": "desk.example.org"} | more
    told = subprocess.run(
        [sys.executable, "-c", "import t2d.settings as s; print(s.KEY_SERVICE, s.KEY_STORE)"],
        cwd=PROJECT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return told.stdout.strip() or told.stderr.strip().splitlines()[-1]


def test_production_says_where_the_keys_are() -> None:
    service, store = "unix:/run/t2d/keys.sock", "/var/lib/t2d/keystore"

    assert settings_say(T2D_KEY_SERVICE=service, T2D_KEY_STORE=store) == f"{service} {store}"
    assert settings_say(T2D_KEY_STORE=store).endswith("T2D_KEY_SERVICE is not set.")
    assert settings_say(T2D_KEY_SERVICE=service).endswith("T2D_KEY_STORE is not set.")


@pytest.mark.parametrize("address", ["keys.json", "unix:keys.sock", "https://keys", "file:"])
def test_nonsense_in_the_settings_is_refused(address: str) -> None:
    told = settings_say(T2D_KEY_SERVICE=address, T2D_KEY_STORE="/var/lib/t2d/keystore")

    assert "T2D_KEY_SERVICE is to be unix:/path/of/a/socket or file:/path/of/a/key/file" in told
    assert "a full path" in settings_say(T2D_KEY_SERVICE="file:/keys", T2D_KEY_STORE="store")


# --- At the start ---------------------------------------------------------------------------------------------


def start(module: str, **more: str) -> str:
    """The last line of what a process says that loads what a server calls; empty if it would serve."""
    script = f"import {module}"
    if module == "t2d.celery":
        script = "import django, t2d.celery as c; django.setup(); c.worker_init.send(sender=None)"
    told = subprocess.run(
        [sys.executable, "-c", script],
        cwd=PROJECT, env=os.environ | {"DJANGO_SETTINGS_MODULE": "t2d.settings"} | more,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return told.stderr.strip().splitlines()[-1] if told.returncode else ""


@pytest.mark.parametrize("module", ["t2d.wsgi", "t2d.celery"])
def test_nothing_starts_on_keys_that_others_can_read(module: str, path: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    store.mkdir(mode=0o700)
    named = {"T2D_KEY_SERVICE": f"file:{path}", "T2D_KEY_STORE": str(store)}
    assert start(module, **named) == ""
    assert start(module, **(named | {"T2D_KEY_SERVICE": f"unix:{tmp_path / 'later'}"})) == ""

    path.chmod(0o640)
    assert start(module, **named).endswith(f"is open to other users of this machine: chmod 600 {path}")
    path.chmod(0o600)
    store.chmod(0o750)
    assert start(module, **named).endswith(f"is open to other users of this machine: chmod 700 {store}")
    store.rmdir()
    assert start(module, **named).endswith(
        f"The key store {store} cannot be used: No such file or directory."
    )
