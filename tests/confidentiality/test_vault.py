"""The vault: what is sealed opens in its place and nowhere else, and not without its key."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from confidentiality import keyring, vault
from confidentiality.keyring import create_file
from confidentiality.keys import FileKeyService, KeyServiceAway
from confidentiality.keystore import KeyStore, StoreUnusable
from confidentiality.vault import CannotOpen, Vault

ROW, SCOPE, FIELD = UUID(int=7), "initiative:00000000-0000-0000-0000-000000000001", "brief.title"
PLACE: dict[str, Any] = {"field_id": FIELD, "row": ROW, "scope": SCOPE}
ONCE = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def make_vault(path: Path) -> Vault:
    create_file(path / "keys" / "keys.json")
    store = KeyStore(path / "store")
    store.prepare()
    return Vault(FileKeyService(path / "keys" / "keys.json"), store)


def again(held: Vault) -> Vault:
    """As another process has it: nothing remembered."""
    assert isinstance(held.service, FileKeyService)
    return Vault(FileKeyService(held.service.path), held.store)


@pytest.fixture
def held(tmp_path: Path) -> Vault:
    return make_vault(tmp_path)


def opens(held: Vault, sealed: bytes, **place: Any) -> bool:
    try:
        held.unseal(sealed, **{**PLACE, **place})
    except CannotOpen:
        return False
    return True


# --- In its place ---------------------------------------------------------------------------------------------


@ONCE
@given(st.binary(max_size=300), st.integers(0, 100))
@example(b"", 0)
@example(b"", 64)
@example(b"\x80", 64)
@example(b"\x80\0\0", 64)
@example(b"\0" * 64, 64)
def test_what_is_sealed_opens(held: Vault, plain: bytes, pad: int) -> None:
    sealed = held.seal(plain, pad=pad, **PLACE)

    assert again(held).unseal(sealed, **PLACE) == plain


@ONCE
@given(st.text(max_size=100))
def test_any_text_opens(held: Vault, text: str) -> None:
    assert held.unseal(held.seal(text.encode(), pad=64, **PLACE), **PLACE).decode() == text


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=15,
)


@ONCE
@given(JSON_VALUES)
def test_any_json_opens(held: Vault, value: Any) -> None:
    sealed = held.seal(json.dumps(value).encode(), **PLACE)

    assert json.loads(held.unseal(sealed, **PLACE)) == value


@ONCE
@given(st.binary(max_size=63), st.binary(max_size=63))
def test_short_values_are_of_one_length(held: Vault, one: bytes, other: bytes) -> None:
    assert len(held.seal(one, pad=64, **PLACE)) == len(held.seal(other, pad=64, **PLACE))


@pytest.mark.parametrize(("size", "steps"), [(0, 1), (63, 1), (64, 2), (127, 2), (128, 3)])
def test_length_shows_in_steps(held: Vault, size: int, steps: int) -> None:
    overhead = 1 + 8 + 12 + 16

    assert len(held.seal(b"x" * size, pad=64, **PLACE)) == overhead + 64 * steps


def test_same_text_never_looks_the_same(held: Vault) -> None:
    assert len({held.seal(b"text", pad=64, **PLACE) for _ in range(200)}) == 200


# --- Anywhere else --------------------------------------------------------------------------------------------


def test_every_flipped_bit_is_found(held: Vault) -> None:
    sealed = held.seal(b"Talks in the grey house", pad=64, **PLACE)

    for bit in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << bit % 8
        assert not opens(held, bytes(changed)), bit


def test_every_cut_is_found(held: Vault) -> None:
    sealed = held.seal(b"Talks in the grey house", pad=64, **PLACE)

    for length in range(len(sealed)):
        assert not opens(held, sealed[:length]), length
        assert not opens(held, sealed[length + 1 :]), length


@ONCE
@given(st.binary(min_size=1, max_size=80))
@example(b"\0")
def test_what_is_added_is_found(held: Vault, more: bytes) -> None:
    sealed = held.seal(b"text", pad=64, **PLACE)

    assert not opens(held, sealed + more)
    assert not opens(held, more + sealed)


@ONCE
@given(st.binary(max_size=200))
def test_nonsense_does_not_open(held: Vault, nonsense: bytes) -> None:
    held.seal(b"", **PLACE)

    assert not opens(held, nonsense)
    assert not opens(held, bytes([vault.VERSION]) + nonsense)


@ONCE
@given(st.binary(max_size=60), st.binary(max_size=60), st.data())
def test_parts_of_two_texts_do_not_make_a_third(held: Vault, one: bytes, other: bytes, data: Any) -> None:
    first, second = held.seal(one, pad=64, **PLACE), held.seal(other, pad=64, **PLACE)
    third = first[: data.draw(st.integers(10, len(first) - 1))]
    third += second[len(third) :]
    assume(third not in (first, second))  # one byte of the nonces is the same in one pair of 256

    assert not opens(held, third)


@pytest.mark.parametrize(
    "place",
    [
        {"field_id": "brief.objective"},
        {"row": UUID(int=8)},
        {"scope": "initiative:00000000-0000-0000-0000-000000000002"},
        {"scope": "user:00000000-0000-0000-0000-000000000001"},
        {"field_id": "brief.titl", "scope": f"e{SCOPE}"},
        {"field_id": "", "scope": ""},
    ],
)
def test_text_opens_in_no_other_place(held: Vault, place: dict[str, Any]) -> None:
    sealed = held.seal(b"text", **PLACE)
    if "scope" in place:  # a place with a key of its own
        held.seal(b"other", **{**PLACE, **place})

    assert not opens(held, sealed, **place)
    assert opens(held, sealed)


@ONCE
@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
@example("", f"{ROW.bytes.decode()}s", ROW.bytes.decode(), "s")  # one behind the other they are the same
def test_no_two_places_are_written_alike(field: str, scope: str, other_field: str, other_scope: str) -> None:
    same = vault._place(b"h", field, ROW, scope) == vault._place(b"h", other_field, ROW, other_scope)

    assert same == ((field, scope) == (other_field, other_scope))


def test_version_is_bound(held: Vault) -> None:
    sealed = held.seal(b"text", **PLACE)

    for version in range(256):
        assert opens(held, bytes([version]) + sealed[1:]) == (version == vault.VERSION)


def test_nobody_is_told_why(held: Vault) -> None:
    sealed = held.seal(b"text", **PLACE)
    reasons = [
        (sealed[:-1], PLACE), (b"", PLACE), (b"\x01" + bytes(40), PLACE), (b"\x02" + sealed[1:], PLACE),
        (sealed, {**PLACE, "row": UUID(int=8)}), (sealed, {**PLACE, "scope": "user:none"}),
    ]  # fmt: skip

    for text, place in reasons:
        with pytest.raises(CannotOpen) as refused:
            held.unseal(text, **place)
        error = refused.value
        assert (error.args, error.__cause__) == ((), None)
        assert error.__context__ is None or error.__suppress_context__


# --- Keys -----------------------------------------------------------------------------------------------------


def test_each_scope_has_a_key_of_its_own(held: Vault) -> None:
    ids = {held.seal(b"x", **{**PLACE, "scope": f"user:{number}"})[1:9] for number in range(5)}

    assert (len(ids), len(held.store.names())) == (5, 5)


def test_opening_makes_no_key(held: Vault) -> None:
    sealed = held.seal(b"text", **PLACE)
    held.destroy_key(SCOPE)

    assert not opens(held, sealed)
    assert not opens(again(held), sealed)
    assert held.store.names() == []


def test_what_was_sealed_before_a_key_was_destroyed_never_opens_again(held: Vault) -> None:
    before = held.seal(b"before", **PLACE)
    held.destroy_key(SCOPE)
    held.destroy_key(SCOPE)

    after = held.seal(b"after", **PLACE)

    assert not opens(held, before)
    assert opens(held, after)


def test_another_process_forgets_a_destroyed_key_within_a_minute(
    held: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = again(held)
    sealed = held.seal(b"text", **PLACE)
    assert opens(other, sealed)
    held.destroy_key(SCOPE)
    assert opens(other, sealed)

    later = vault.time.monotonic() + 60.1
    monkeypatch.setattr(vault.time, "monotonic", lambda: later)

    assert not opens(other, sealed)


def test_key_that_was_replaced_meanwhile_is_read_again(held: Vault) -> None:
    other = again(held)
    assert opens(other, held.seal(b"text", **PLACE))

    held.destroy_key(SCOPE)

    assert opens(other, held.seal(b"new", **PLACE))


def test_few_keys_are_remembered(held: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vault, "REMEMBERED_KEYS", 3)

    sealed = {number: held.seal(b"x", **{**PLACE, "scope": f"user:{number}"}) for number in range(8)}

    assert len(held._known) == 3
    assert all(opens(held, text, scope=f"user:{number}") for number, text in sealed.items())


def test_keys_of_two_scopes_swapped_in_the_store_open_nothing(held: Vault) -> None:
    here, there = held.seal(b"here", **PLACE), held.seal(b"there", **{**PLACE, "scope": "user:2"})
    one, other = (held.store.folder / held.name_of(scope) for scope in (SCOPE, "user:2"))
    one.rename(held.store.folder / "x")
    other.rename(one)
    (held.store.folder / "x").rename(other)

    fresh = again(held)

    assert not opens(fresh, here)
    assert not opens(fresh, there, scope="user:2")


def test_damaged_key_opens_nothing_and_is_not_replaced(held: Vault) -> None:
    sealed = held.seal(b"text", **PLACE)
    path = held.store.folder / held.name_of(SCOPE)
    damaged = bytes([*path.read_bytes()[:-1], path.read_bytes()[-1] ^ 1])
    path.write_bytes(damaged)

    assert not opens(again(held), sealed)
    with pytest.raises(CannotOpen):
        again(held).seal(b"text", **PLACE)
    assert path.read_bytes() == damaged


def test_without_key_service_nothing_opens_and_nobody_is_told_it_was_tampered_with(held: Vault) -> None:
    sealed = held.seal(b"text", **PLACE)
    fresh = again(held)
    assert isinstance(fresh.service, FileKeyService)
    fresh.service.path.unlink()

    with pytest.raises(KeyServiceAway):
        fresh.unseal(sealed, **PLACE)
    with pytest.raises(KeyServiceAway):
        fresh.seal(b"text", **PLACE)
    assert opens(held, sealed)  # for a minute


def test_without_key_store_no_new_key_is_made(held: Vault) -> None:
    sealed = held.seal(b"text", **PLACE)
    away = held.store.folder.with_name("away")
    held.store.folder.rename(away)
    fresh = again(held)

    with pytest.raises(StoreUnusable, match="cannot be used"):
        fresh.unseal(sealed, **PLACE)
    with pytest.raises(StoreUnusable):
        fresh.seal(b"text", **PLACE)

    away.rename(held.store.folder)
    assert opens(fresh, sealed)


def test_file_names_do_not_tell_the_scope(held: Vault) -> None:
    held.seal(b"text", **PLACE)

    (name,) = held.store.names()
    assert name == keyring.read_file(held.service.path).blind("scope", SCOPE).hex()  # type: ignore[attr-defined]


def test_nothing_shown_by_accident_holds_a_key(held: Vault) -> None:
    held.seal(b"text", **PLACE)
    assert isinstance(held.service, FileKeyService)
    ring = held.service.ring()

    shown = repr((held, held.service, ring, ring.masters, held._known)[:3]) + repr(held._known)

    assert not any(repr(key)[2:-1] in shown or key.hex() in shown for key in (*ring.masters, ring.blind_key))


def test_vault_of_the_settings(settings: Any) -> None:
    row = uuid4()
    sealed = vault.seal(b"text", field_id=FIELD, row=row, scope=SCOPE)
    assert vault.unseal(sealed, field_id=FIELD, row=row, scope=SCOPE) == b"text"
    assert str(settings.KEY_STORE).startswith(os.environ["T2D_DATA"])

    vault.destroy_key(SCOPE)

    with pytest.raises(CannotOpen):
        vault.unseal(sealed, field_id=FIELD, row=row, scope=SCOPE)
