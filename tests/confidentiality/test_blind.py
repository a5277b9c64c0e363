"""Blind tokens: one for all ways of writing, none for too little, and none without the blind key."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confidentiality import blind, keyring, vault
from confidentiality.blind import normalise, token
from confidentiality.keys import FileKeyService, KeyServiceAway

ALIKE = {
    "name": [
        ["Samira al-Haddad", "AL-HADDAD, Samira", "Dr. Samira Al Haddad", "samira  haddad",
         "Prof. Dr. Samira el Haddad",
         "Ｓａｍｉｒａ Haddad", "Samira\u200f al‑Haddad"],
        ["Zoë Müller-Lüdenscheidt", "ZOE MULLER LUDENSCHEIDT", "Müller-Lüdenscheidt, Zoë",
         "Frau Zoe\u0308 Muller-Ludenscheidt"],
        ["Иван Петров", "ПЕТРОВ Иван", "Ivan Petrov"],
        ["سميرة الحداد", "د. سميرة الحدّاد", "الدكتورة سميره حداد", "حداد سَمِيرة"],
        ["أحمد الهاشمي", "احمد الهاشمى", "الشيخ أحمد الهاشمی"],
        ["Søren Kjærgaard", "Soren Kjaergaard"],
        ["Mme Françoise d'Œuvre", "OEUVRE D Francoise"],
    ],
    "name_year": [["Samira al-Haddad|1961", "haddad samira|1961", "Dr Samira Haddad|١٩٦١"]],
    "email": [["Samira@Example.org", " samira@example.org ", "samira+talks@example.org"]],
    "phone": [["+41 79 123 45 67", "0041791234567", "079 123 45 67", "٠٧٩١٢٣٤٥٦٧", "(079) 123-45-67"]],
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "ways"), [(kind, ways) for kind, groups in ALIKE.items() for ways in groups]
)
def test_all_ways_of_writing_have_one_token(kind: str, ways: list[str]) -> None:
    assert {way: normalise(kind, way) for way in ways} == dict.fromkeys(ways, normalise(kind, ways[0]))
    assert re.fullmatch(r"[0-9a-f]{64}", token(kind, ways[0]))


def test_others_have_others() -> None:
    firsts = [(kind, ways[0]) for kind, groups in ALIKE.items() for ways in groups]
    values = [
        *firsts,
        ("name", "Samir Haddad"),
        ("name_year", "Samira Haddad|1962"),
        ("phone", "+41 79 123 45 68"),
    ]

    assert len({token(kind, value) for kind, value in values}) == len(values)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("name", ""), ("name", "Samira"), ("name", "Dr. Samira"), ("name", " - . "), ("name_year", "Samira Haddad"),
        ("name_year", "|1961"), ("name_year", "Samira|61"), ("email", "samira"), ("email", "@example.org"),
        ("email", "samira@"), ("phone", "123456"), ("phone", "unknown"),
    ],
)  # fmt: skip
def test_too_little_has_no_token(kind: str, value: str) -> None:
    assert (normalise(kind, value), token(kind, value)) == ("", "")


def test_one_name_with_its_year_is_enough() -> None:
    assert normalise("name_year", "Dr. Samira|1961") == "samira 1961"


@pytest.mark.parametrize("kind", ["", "scope", "Name", "passport"])
def test_other_kinds_are_refused(kind: str) -> None:
    with pytest.raises(ValueError, match="no kind of token"):
        token(kind, "Samira Haddad")


def test_token_is_made_with_the_blind_key_and_no_other(settings: Any) -> None:
    service = vault.key_service()
    assert isinstance(service, FileKeyService)
    blind_key = keyring.read_file(service.path).blind_key

    expected = hmac.new(blind_key, b"name\0haddad samira", hashlib.sha256).hexdigest()

    assert token("name", "Samira al-Haddad") == expected
    assert token("name", "Samira al-Haddad") != token("name_year", "Samira al-Haddad|1961")


def test_kinds_are_kept_apart() -> None:
    service = vault.key_service()

    assert len({service.blind(kind, "same") for kind in (*blind.KINDS, "scope")}) == 5


def test_without_key_service_there_is_no_token(settings: Any, tmp_path: Any) -> None:
    settings.KEY_SERVICE = f"file:{tmp_path / 'none'}"

    with pytest.raises(KeyServiceAway):
        token("name", "Samira Haddad")


@given(st.sampled_from(blind.KINDS), st.text(max_size=60))
def test_what_is_normal_is_one_line_and_stays_as_it_is(kind: str, value: str) -> None:
    normal = normalise(kind, value)

    assert normal == normal.strip()
    assert not re.search(r"[\s\x00-\x1f]", normal.replace(" ", ""))
    if kind == "phone":
        assert normal == "" or normal.isdigit()
    if kind == "name" and normal:
        assert normalise(kind, normal.upper()) in ("", normalise(kind, normal))


@given(st.permutations(["samira", "leila", "haddad", "nour"]))
def test_order_does_not_matter(parts: list[str]) -> None:
    assert normalise("name", " ".join(parts)) == "haddad leila nour samira"
