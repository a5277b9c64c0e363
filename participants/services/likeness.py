"""Names in texts: in which ways one is written, and where one stands. Words only; knows no record.

Rather too much is asked than too little: a question costs a tap, a name that leaves may cost somebody the freedom.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property

# A part of a name counts by itself from so many letters on: "Ali" in "alignment" is none, and neither is "bin".
SHORTEST_PART = 4
# Fewer where vowels are not written, or are no letters of their own. Not in Arabic: there "Ali" is written like "on".
SHORT = re.compile("[\u0590-\u05ff\u0900-\u0dff]")
SHORTEST_OF_SHORT = 3
# Scripts that put no space between words, or tie particles to them: names are looked for inside of words.
RUNNING = re.compile(
    "[\u0e00-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)
SHORTEST_OF_RUNNING = 2
# From so many letters on a name is also looked for with an ending, which its language gives it.
SHORTEST_WITH_ENDING, LONGEST_ENDING = 5, 3
_CYRILLIC = re.compile("[\u0400-\u052f]+")
_CYRILLIC_VOWELS = "аеиоуыэюяьъі"
# Of Turkish and South Slavic names, folded as they are below.
_ENDINGS = frozenset(
    [
        *(
            "a",
            "e",
            "i",
            "u",
            "in",
            "un",
            "nin",
            "nun",
            "yi",
            "yu",
            "ya",
            "ye",
            "da",
            "de",
            "ta",
            "te",
            "dan",
            "den",
        ),
        *("tan", "ten", "la", "le", "yla", "yle", "lar", "ler"),
        *("om", "em", "ov", "ev", "ova", "ovo", "eva", "evo"),
    ]
)
_STEM = "~"
# "And", "in", "the", "to", "from", "as" and "that", before a word.
_HEBREW_PREFIXES = frozenset("ובהלמכש")

# --- One form for all ways of writing a letter ---------------------------------------------------------------------


class _Letters(dict[int, int | str | None]):
    """Every character as part of a word, or as what stands between words; worked out once for each."""

    def __missing__(self, code: int) -> int | str | None:
        category = unicodedata.category(chr(code))
        kept: int | str | None = code if category[0] in "LMN" else " "
        self[code] = None if category == "Cf" else kept
        return self[code]


class _Bare(dict[int, int | None]):
    """Without accents, vowel signs of Arabic and Hebrew and what else hangs on a letter."""

    def __missing__(self, code: int) -> int | None:
        self[code] = None if unicodedata.combining(chr(code)) else code
        return self[code]


_LETTERS, _BARE = _Letters(), _Bare()
# Letters without an accent to take off, what is written for hamza and ain, and Arabic letters for one another.
_PLAIN = str.maketrans(
    {
        "ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ħ": "h", "ŋ": "n", "ə": "a",
        "ʿ": "", "ʾ": "", "ʻ": "", "ʼ": "", "ʽ": "", "ˈ": "", "ـ": "",
        "ک": "ك", "ی": "ي", "ے": "ي", "ہ": "ه", "ھ": "ه", "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه",
    }
)  # fmt: skip
# As they are written where a keyboard lacks them.
_WIDE: Mapping[str, str] = {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "đ": "dj", "ў": "у"}
_WITH_WIDE = re.compile(f"[{''.join(_WIDE)}]", re.IGNORECASE)
# An apostrophe inside of a word, or the end of a line. Only what breaks it: where a script has no spaces a word may be
# as long as the text.
_BREAK = re.compile(r"(?<=[^\W\d_])(?:['’‘`´ʼ]|[-‐\u00ad][ \t]*\r?\n\s*)(?=[^\W\d_])")
_BEFORE, _AFTER = re.compile(r"[^\W\d_]{1,40}\Z"), re.compile(r"[^\W\d_]{1,40}")
# They stand inside of words, where a text was copied from a page, and between words.
_UNSEEN = re.compile("[\u200b\u200c\u2060\ufeff]")
_TOKEN = re.compile(r"\d+|[^\d\s]+")


def words_in(text: str) -> list[str]:
    """The words of a text as they stand, without what is tied to them: "Haddad's", "the Haddad-led group", "#Haddad26"
    and "l'avis d'Amina" hold names. A number is a word of its own."""
    return _TOKEN.findall(unicodedata.normalize("NFKC", text).translate(_LETTERS))


def folded(text: str) -> str:
    """Words in one form: without case, accents, vowel signs, punctuation and what is not seen, one space between."""
    return " ".join(word for word in _folded(words_in(text)) if word)


def _folded(words: Iterable[str]) -> list[str]:
    """Each word; one that was a sign only is empty."""
    plain = unicodedata.normalize(
        "NFKD", unicodedata.normalize("NFC", "\n".join(words).casefold()).translate(_PLAIN)
    )
    return unicodedata.normalize("NFC", plain.translate(_BARE)).translate(_PLAIN).split("\n")


def ways_of_writing(name: str) -> set[str]:
    """A name as somebody types it who has other keys, or none for its accents; folded."""
    ways = {name, _widened(name), _BREAK.sub("", name)}
    return {folded(way) for way in ways} - {""}


def _widened(text: str) -> str:
    """Lower case is all that is needed of it."""
    lower = unicodedata.normalize("NFC", text).casefold()
    return "".join(_WIDE.get(letter, letter) for letter in lower)


# --- Whom a text may name ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Known:
    """By what people are known, folded: `wholes` wherever they stand; `parts` of names only where they are written like
    a name, since many a name is a common word as well."""

    wholes: frozenset[str] = frozenset()
    parts: frozenset[str] = frozenset()

    def without(self, words: AbstractSet[str]) -> Known:
        return Known(self.wholes - words, self.parts - words)

    @cached_property
    def sought(self) -> list[tuple[str, list[frozenset[str]]]]:
        """What to look for as whole words, the longest first: with the forms in which each of its words may stand."""
        found = [(name, [_keys(word) for word in name.split()]) for name in self.wholes | self.parts]
        # As in an address or behind a "#", written in one.
        tied = {name.replace(" ", "") for name in self.wholes if " " in name} - self.wholes - self.parts
        found += [(name, [frozenset({name})]) for name in tied if len(name) > SHORTEST_WITH_ENDING]
        return sorted(found, key=lambda one: (-len(one[0]), one[0]))

    @cached_property
    def beginning(self) -> dict[str, list[int]]:
        """By the form of a first word: which of `sought` may begin there. A text is compared with these alone."""
        found: dict[str, list[int]] = {}
        for number, (_name, keys) in enumerate(self.sought):
            for key in keys[0]:
                found.setdefault(key, []).append(number)
        return found

    @cached_property
    def running(self) -> list[tuple[str, str]]:
        """What to look for inside of words, the longest first: as it is called, and without spaces."""
        found = [(name, name.replace(" ", "")) for name in self.wholes | self.parts if RUNNING.search(name)]
        long = [one for one in found if sum(map(str.isalpha, one[1])) >= SHORTEST_OF_RUNNING]
        return sorted(long, key=lambda one: (-len(one[1]), one[0]))


def known_as(names: Iterable[str], whole: Iterable[str] = ()) -> Known:
    """`names` of people, also by their parts; `whole`: what is looked for as a whole alone, such as an office."""
    ways = {way for name in names for way in ways_of_writing(name)}
    parts = {word for way in ways for word in way.split() if _counts_alone(word)}
    return Known(frozenset(ways.union(*map(ways_of_writing, whole))), frozenset(parts))


def _counts_alone(word: str) -> bool:
    if not word[0].isalpha():
        return False
    if RUNNING.search(word):
        return sum(map(str.isalpha, word)) >= SHORTEST_OF_RUNNING
    return len(word) >= (SHORTEST_OF_SHORT if SHORT.search(word) else SHORTEST_PART)


def said_in(text: str, known: Known) -> list[str]:
    """Which of them a text holds, each once and the longest first: a name and not also its parts."""
    words, like_names = _read(text)
    found = _as_words(words, like_names, known) + _as_runs(" ".join(words), known)
    return sorted(dict.fromkeys(found), key=lambda name: (-len(name), name))


def _read(text: str) -> tuple[list[str], list[bool]]:
    """The words of a text, folded, and which of them are written like a name; behind them, after a gap, what else the
    words of it may be."""
    plain = [*words_in(text), "\n".join(["", ""])]
    for way in _otherwise(text):
        plain += [*words_in(way), "\n"]
    given = [word if word.strip() else "" for word in plain]
    return _folded(given), [bool(word) and not word[0].islower() for word in given]


def _otherwise(text: str) -> Iterator[str]:
    for match in _BREAK.finditer(text):
        before = _BEFORE.search(text[max(0, match.start() - 40) : match.start()])
        after = _AFTER.match(text, match.end())
        yield "".join(part[0] for part in (before, after) if part)
    for word in words_in(text):
        if _WITH_WIDE.search(word):
            yield _widened(word) if word[0].islower() else _widened(word).capitalize()
    if _UNSEEN.search(text):
        yield _UNSEEN.sub(" ", text)


def _as_words(words: list[str], like_names: list[bool], known: Known) -> list[str]:
    once = {one: _forms(*one) for one in set(zip(words, like_names, strict=True))}
    forms = [once[one] for one in zip(words, like_names, strict=True)]
    places: dict[str, list[int]] = {}
    for place, ways in enumerate(forms):
        for way in ways:
            places.setdefault(way, []).append(place)
    found, taken = [], set[int]()
    for number in sorted({number for way in places for number in known.beginning.get(way, ())}):
        name, keys = known.sought[number]
        for start in sorted({place for key in keys[0] for place in places.get(key, ())}):
            span = range(start, start + len(keys))
            fits = span.stop <= len(words) and all(
                forms[at] & key for at, key in zip(span, keys, strict=True)
            )
            named = name in known.wholes or name not in known.parts or like_names[start]
            if fits and named and taken.isdisjoint(span):
                taken.update(span)
                found.append(name)
    return found


def _as_runs(text: str, known: Known) -> list[str]:
    """Also where a text has spaces of its own inside of a name, if that is long enough not to arise by chance."""
    if not known.running:
        return []
    found, tied = [], text.replace(" ", "")
    for name, run in known.running:
        if run in text or (len(run) > SHORTEST_OF_RUNNING and run in tied):
            found.append(name)
            text, tied = text.replace(run, "\n"), tied.replace(run, "\n")
    return found


# --- What a language ties to a name --------------------------------------------------------------------------------


def _keys(word: str) -> frozenset[str]:
    """The forms in which a word of a name stands in a text, see `_forms`."""
    found = {word, *_without(word, "ال")}
    if len(word) >= SHORTEST_WITH_ENDING and _CYRILLIC.fullmatch(word):
        stems = {word, word[:-1] if word[-1] in _CYRILLIC_VOWELS else word}
        found |= {_STEM + stem for stem in stems}
    return frozenset(found)


def _forms(word: str, like_a_name: bool) -> frozenset[str]:
    """What a word of a text may be a form of. Endings only of what is written like a name."""
    if not word:
        return frozenset()
    first, found = word[0], {word}
    if "\u0621" <= first <= "\u064a":
        found |= _without_arabic(word)
    elif "\u05d0" <= first <= "\u05ea":
        tied = [word[:number] for number in (1, 2) if set(word[:number]) <= _HEBREW_PREFIXES]
        found |= {rest for prefix in tied for rest in _without(word, prefix)}
    elif like_a_name and "\u0400" <= first <= "\u052f":
        cuts = range(min(LONGEST_ENDING, len(word) - SHORTEST_PART) + 1)
        found |= {_STEM + word[: len(word) - cut] for cut in cuts}
    elif like_a_name and len(word) > SHORTEST_WITH_ENDING:
        cuts = range(1, min(LONGEST_ENDING, len(word) - SHORTEST_WITH_ENDING) + 1)
        found |= {word[:-cut] for cut in cuts if word[-cut:] in _ENDINGS}
    return frozenset(found)


def _without_arabic(word: str) -> set[str]:
    """Without what is written as one with it: "and", "so"; then "by", "for", "as"; then the article."""
    found = {word}
    for tied in (("و", "ف"), ("ب", "ل", "ك"), ("ال", "لل")):
        found |= {rest for one in found for prefix in tied for rest in _without(one, prefix)}
    return found


def _without(word: str, prefix: str) -> list[str]:
    """Nothing where fewer than three letters are left."""
    return [word[len(prefix) :]] if word.startswith(prefix) and len(word) - len(prefix) >= 3 else []
