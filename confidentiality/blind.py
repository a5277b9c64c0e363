"""Tokens by which the same person is recognised in two places without being named in either.

A token is HMAC-SHA256 under the blind key, which only the key service has: from a copy of the database nobody can
try out names. Not anonymity: whoever may ask the key service can ask about any name, so tokens are made by a task of
the site and never at the wish of a page.

What is written in different ways is brought to one first: form of the characters, capitals, accents, titles, order of
the parts. Cyrillic letters become Latin ones. Arabic letters that are written in several ways become one, and stay
Arabic: the script has no short vowels, so that a name in Arabic letters and the same in Latin ones do not meet by
name. Neither do two spellings in Latin letters (Mohammed, Muhammad). A year of birth does not change that; an e-mail
address or a telephone number does.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from confidentiality import vault

NAME, NAME_YEAR, EMAIL, PHONE = KINDS = ("name", "name_year", "email", "phone")

# A number is compared by its last digits: with and without the country's code it is the same telephone.
PHONE_DIGITS, FEWEST_DIGITS = 9, 7

TITLES = """
mr mrs ms miss mx sir dame lord lady dr doctor prof professor hon rev sr jr phd md esq gen general col colonel maj
capt captain lt amb ambassador minister senator judge imam mullah sheikh shaykh sheik cheikh sayyid sayed hajj haji
m mme mlle monsieur madame mademoiselle maitre me herr frau excellency ustadh ustaz gospodin gospozha
السيد السيدة الآنسة الدكتور الدكتورة د الأستاذ الأستاذة الشيخ الحاج الحاجة المهندس المهندسة اللواء العميد العقيد
السفير السفيرة الوزير الوزيرة سعادة معالي
"""
# Articles that some write apart, some joined by a hyphen, and some not at all.
ARTICLES = frozenset({"al", "el", "ال"})

CYRILLIC = {
    "а": "a", "б": "b", "в": "v", "г": "g", "ґ": "g", "д": "d", "ђ": "dj", "ѓ": "g", "е": "e", "ё": "e", "є": "ye",
    "ж": "zh", "з": "z", "ѕ": "dz", "и": "i", "і": "i", "ї": "i", "й": "i", "ј": "j", "к": "k", "ќ": "k", "л": "l",
    "љ": "lj", "м": "m", "н": "n", "њ": "nj", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "ћ": "c", "у": "u",
    "ў": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "џ": "dz", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y",
    "ь": "", "э": "e", "ю": "yu", "я": "ya",
}  # fmt: skip
# One letter for those that keyboards and languages write in several ways.
ARABIC = {
    "آ": "ا", "أ": "ا", "إ": "ا", "ٱ": "ا", "ؤ": "و", "ئ": "ي", "ى": "ي", "ی": "ي", "ې": "ي", "ے": "ي", "ة": "ه",
    "ۀ": "ه", "ہ": "ه", "ھ": "ه", "ک": "ك", "ء": "", "ـ": "",
}  # fmt: skip
# Letters that are no letter with an accent, and are written with others where the keyboard lacks them.
LATIN = {
    "ß": "ss",
    "æ": "ae",
    "œ": "oe",
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "þ": "th",
    "ı": "i",
    "ŋ": "n",
}
LETTERS = str.maketrans(CYRILLIC | ARABIC | LATIN)
BETWEEN = re.compile(r"[\W_]+")


def token(kind: str, value: str) -> str:
    """64 hexadecimal digits, the same for all ways of writing one value; empty where there is nothing to compare.

    Kinds: name; name_year ("NAME|1961"); email; phone. Raises ValueError for another, KeyServiceAway.
    """
    normal = normalise(kind, value)
    return vault.key_service().blind(kind, normal).hex() if normal else ""


def normalise(kind: str, value: str) -> str:
    """One way of writing a value; empty where too little is left to tell people apart."""
    if kind == NAME:
        parts = name_parts(value)
        return " ".join(parts) if len(parts) > 1 else ""
    if kind == NAME_YEAR:
        name, _, year = value.rpartition("|")
        parts, digits = name_parts(name), _digits(year)
        return f"{' '.join(parts)} {digits}" if parts and len(digits) == 4 else ""
    if kind == EMAIL:
        return _email(value)
    if kind == PHONE:
        digits = _digits(value)
        return digits[-PHONE_DIGITS:] if len(digits) >= FEWEST_DIGITS else ""
    raise ValueError(f"no kind of token: {kind!r}")


def name_parts(name: str) -> list[str]:
    """The parts of a name in one order, without titles and articles."""
    words = BETWEEN.split(_plain(name).replace(".", " "))
    parts = [_without_article(word) for word in words]
    return sorted(part for part in parts if part and part not in _titles() and part not in ARTICLES)


@cache
def _titles() -> frozenset[str]:
    """In the form that names are compared in."""
    return frozenset(_without_article(word) for word in _plain(TITLES).split())


def _plain(text: str) -> str:
    """Without accents, vowel signs and capitals, in Latin or Arabic letters."""
    small = unicodedata.normalize("NFKC", text).casefold().translate(LETTERS)
    apart = unicodedata.normalize("NFKD", small)
    return "".join(each for each in apart if unicodedata.category(each) not in ("Mn", "Cf"))


def _without_article(word: str) -> str:
    """Arabic joins its article to the word."""
    return word[2:] if word.startswith("ال") and len(word) > 4 else word


def _digits(text: str) -> str:
    """In whatever script they are written."""
    return "".join(str(unicodedata.digit(each)) for each in text if each.isdecimal())


def _email(text: str) -> str:
    """Without what somebody added behind a plus sign."""
    address = "".join(unicodedata.normalize("NFKC", text).casefold().split())
    local, _, domain = address.rpartition("@")
    local = local.partition("+")[0]
    return f"{local}@{domain}" if local and "." in domain else ""
