"""Names in texts: found however they are commonly written, and not in words that are none."""

from __future__ import annotations

import csv
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from participants.services.likeness import RUNNING, Known, folded, known_as, said_in, words_in

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Amina Haddad", "Haddad's proposal"),
        ("Amina Haddad", "Haddad’s proposal"),
        ("Amina Haddad", "the Haddad-led group"),
        ("Amina Haddad", "l'avis d'Amina"),
        ("Amina Haddad", "l’avis d’Haddad"),
        ("Amina Haddad", "Had\u00addad said no"),
        ("Amina Haddad", "Amina Had\u200bdad"),
        ("Amina Haddad", "Amina\u200bHaddad"),
        ("Amina Haddad", "what Had-\ndad wants"),
        ("Amina Haddad", "#Haddad2026"),
        ("Amina Haddad", "Haddad2, and so on"),
        ("Amina Haddad", "write to @AminaHaddad"),
        ("Yusuf al-Khatib", "Khatib said no"),
        ("Yusuf al-Khatib", "what Al Khatib wants"),
        ("Yusuf Al Khatib", "what Al-Khatib wants"),
        ("Jean-Pierre Duval", "Jean Pierre was there"),
        ("ʿAbd al-Raḥmān", "Abd al-Rahman said"),
        ("Nu'man Saad", "Numan said"),
        ("Numan Saad", "Nu’man said"),
        ("Lech Wałęsa", "Walesa was there"),
        ("Søren Østergaard", "Ostergaard was there"),
        ("Søren Østergaard", "Oestergaard was there"),
        ("Sørensen", "Sorensen"),
        ("Ayşe Yıldız", "Yildiz was there"),
        ("Ayşe YILDIZ", "Yıldız geldi"),
        ("Đorđe Đukić", "Dukic was there"),
        ("Đorđe Đukić", "Djukic was there"),
        ("Jürgen Müller", "Herr Mueller"),
        ("Jürgen Mueller", "Herr Müller"),
        ("Þórður Æsisson", "Thordur, or Aesisson"),
        ("سمير حداد", "قال أحمد وسمير"),
        ("سمير حداد", "رسالة لسمير"),
        ("سمير حداد", "وسمير حداد أيضاً"),
        ("يوسف الخطيب", "والخطيب يوافق"),
        ("يوسف الخطيب", "رسالة للخطيب"),
        ("كريم يزدي", "کریم یزدی گفت"),
        ("كريم يزدي", "کریم‌یزدی گفت"),
        ("יוסף כהן", "רק לכהן"),
        ("יוסף כהן", "ולכהן אמר"),
        ("王伟", "王伟说不行"),
        ("佐藤 健", "佐藤さんが言った"),
        ("김철수", "김철수는 반대했다"),
        ("김철수", "김 철수는 반대했다"),
        ("ဒေါ်အောင်ဆန်းစုကြည်", "ဒေါ်အောင်ဆန်းစုကြည်ကပြောသည်"),
        ("สมชาย ใจดี", "นายสมชายกล่าวว่า"),
        ("अहमद खान", "खान ने कहा"),
        ("Володимир Шевченко", "Шевченка не було"),
        ("Володимир Шевченко", "сказано Шевченком"),
        ("Иван Петров", "сказал Петрову"),
        ("Лев Толстой", "у Толстого"),
        ("Ivan Petrović", "rekao Petroviću"),
        ("Ivan Petrović", "Petrovićeva izjava"),
        ("Mehmet Demir", "Demirin önerisi"),
        ("Mehmet Demir", "Demir’in önerisi"),
    ],
)
def test_the_common_ways_of_writing_a_name(name: str, text: str) -> None:
    assert said_in(text, known_as([name]))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("سمير حداد", "ناقشوا المياه والحدود"),
        ("يوسف الخطيب", "وصل الوفد إلى القاعة"),
        ("كريم سعد", "ريم قالت"),
        ("שלמה לוי", "למה"),
        ("Amina Haddad", "the sheep had a dad"),
        ("Amina Haddad", "a haddad, which is a smith"),
        ("Amina Haddad", "The Haddadian school"),
        ("Georg Baum", "Georgia and the Baumgarten"),
        ("Иван Петров", "Петрозаводск"),
        ("Ali Bin Reza", "an alignment in the bin"),
        ("김철수", "이철수는 반대했다"),
    ],
)
def test_other_words_stay_words(name: str, text: str) -> None:
    assert said_in(text, known_as([name])) == []


def test_a_name_and_not_also_its_parts() -> None:
    known = known_as(["Amina Haddad"])
    assert said_in("Amina Haddad said it", known) == ["amina haddad"]
    assert said_in("Amina Haddad said it, and Haddad again", known) == ["amina haddad", "haddad"]


@pytest.mark.parametrize("word", ["a", "王", "я", "ä", "m'"])
def test_a_word_as_long_as_a_text_takes_no_longer(word: str) -> None:
    assert said_in(f"{word * 50_000} Haddad", known_as(["Amina Haddad", "李伟"])) == ["haddad"]


letters = st.characters(categories=("Lu", "Ll", "Lo", "Mc", "Mn"), codec="utf-8")
names = st.text(letters, min_size=5, max_size=12).filter(lambda text: len(folded(text).replace(" ", "")) > 4)


@given(name=names, before=names, after=names, form=st.sampled_from(("NFC", "NFD", "NFKC", "NFKD")))
def test_a_name_is_found_in_any_case_and_form(name: str, before: str, after: str, form: Any) -> None:
    assume(
        folded(name) == folded(name.swapcase())
    )  # A few letters have no case of their own on the way back.
    text = unicodedata.normalize(form, f"{before}, {name.swapcase()}: {after}")
    assert said_in(text, Known(wholes=frozenset({folded(name)})))


LATIN = "abcdefghijklmnopqrstuvwxyzàéîõüčšžąłøđıæœßþ"
latin = st.text(LATIN, min_size=5, max_size=10).map(str.capitalize)
WAYS: tuple[Any, ...] = (
    lambda name: f"#{name}2026",
    lambda name: f"{name}'s",
    lambda name: f"l’{name}",
    lambda name: f"{name}-led",
    lambda name: name.upper(),
    lambda name: f"{name[:2]}\u00ad{name[2:]}",
    lambda name: f"{name[:3]}\u200b{name[3:]}",
    lambda name: f"{name[:3]}-\n{name[3:]}",
    lambda name: "".join(letter for letter in unicodedata.normalize("NFD", name) if letter.isalpha()),
    lambda name: name.translate(str.maketrans("łøđı", "lodi")),
)


@given(name=latin, way=st.sampled_from(WAYS), before=latin, after=latin)
def test_a_latin_name_is_found_in_each_of_these_ways(name: str, way: Any, before: str, after: str) -> None:
    assert said_in(f"{before} {way(name)} {after}", known_as([f"Jan {name}"]))


@given(name=st.text("абвгдежзийклмнопрстуфхцчшщьюяіїє", min_size=5, max_size=9).map(str.capitalize),
       ending=st.sampled_from(("а", "у", "ом", "ем", "ого", "ыми", "")))  # fmt: skip
def test_a_cyrillic_name_is_found_with_an_ending(name: str, ending: str) -> None:
    assert said_in(f"от {name}{ending}", known_as([name]))


@given(name=st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=2, max_size=4),
       around=st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), max_size=6))  # fmt: skip
def test_a_name_is_found_inside_of_a_script_without_spaces(name: str, around: str) -> None:
    assert said_in(f"{around}{name}{around}", known_as([name]))


def words_of_the_register() -> list[str]:
    """Every word of the public record and of the overlaps that are known of it."""
    found: set[str] = set()
    for path in sorted((ROOT / "demo").rglob("*.csv")):
        for row in csv.reader(path.read_text(encoding="utf-8-sig").splitlines()):
            found.update(word for cell in row for word in words_in(cell))
    return sorted(found)


@given(name=st.sampled_from(words_of_the_register()), other=st.sampled_from(words_of_the_register()))
def test_a_word_is_not_taken_for_another(name: str, other: str) -> None:
    """But for a form of it: what begins with it, with an ending, or is written like it."""
    assume(not RUNNING.search(name))
    found = said_in(other, known_as([f"Xenia {name}"]))
    first = min(4, len(folded(name)) - 1)
    assert found == [] or folded(other)[:first] == folded(name)[:first]
