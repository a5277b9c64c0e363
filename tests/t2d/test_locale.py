"""Every text of the product stands in French and Arabic, and what is committed compiled is what was translated.

Works without gettext's programs: the marked texts are read from the source as Python and Django read them.
"""

from __future__ import annotations

import ast
import gettext
import io
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from django.utils.translation import gettext as translated
from django.utils.translation import override
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
APPS = ("t2d", "coordination", "transfer", "participants", "initiatives", "accounts", "confidentiality")
LANGUAGES = ("fr", "ar")
# Numbers that stand for each plural form, in the order of the forms.
FORMS = {"fr": (1, 2), "ar": (0, 1, 2, 3, 11, 100)}
# Name of the marking function: places of context, text and plural among its arguments.
MARKS: dict[str, tuple[int | None, int, int | None]] = {
    "_": (None, 0, None),
    "gettext": (None, 0, None),
    "gettext_lazy": (None, 0, None),
    "ngettext": (None, 0, 1),
    "ngettext_lazy": (None, 0, 1),
    "pgettext": (0, 1, None),
    "pgettext_lazy": (0, 1, None),
    "npgettext": (0, 1, 2),
    "npgettext_lazy": (0, 1, 2),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]")


class Text(NamedTuple):
    context: str | None
    text: str
    plural: str | None


class Entry(NamedTuple):
    key: Text
    forms: list[str]
    fuzzy: bool


@cache
def catalogue(language: str) -> dict[Text, Entry]:
    """The entries of a .po file, without its header."""
    path = ROOT / "locale" / language / "LC_MESSAGES" / "django.po"
    blocks = path.read_text(encoding="utf-8").split("\n\n")
    entries = [_entry(block) for block in blocks if "msgid" in block]
    return {entry.key: entry for entry in entries if entry.key.text}


def _entry(block: str) -> Entry:
    fields: dict[str, str] = {}
    name = ""
    for line in block.splitlines():
        if found := re.match(r'(msg\w+(?:\[\d\])?) (".*")$', line):
            name = found[1]
            fields[name] = ast.literal_eval(found[2])
        elif line.startswith('"'):
            fields[name] += ast.literal_eval(line)
    forms = [value for name, value in sorted(fields.items()) if name.startswith("msgstr")]
    key = Text(fields.get("msgctxt"), fields["msgid"], fields.get("msgid_plural"))
    return Entry(key, forms, bool(re.search(r"^#,.*\bfuzzy\b", block, re.MULTILINE)))


def marked() -> Iterator[Text]:
    """Every text that the source marks for translation."""
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            yield from _marked_in(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "templates").rglob("*.html")):
        yield from _marked_in_template(path.read_text(encoding="utf-8"))


def _marked_in(source: str) -> Iterator[Text]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in MARKS:
            context, text, plural = MARKS[node.func.id]  # type: ignore[attr-defined]
            values = [
                argument.value if isinstance(argument, ast.Constant) else None for argument in node.args
            ]
            if isinstance(values[text], str):
                yield Text(*(None if place is None else values[place] for place in (context, text, plural)))


def _marked_in_template(source: str) -> Iterator[Text]:
    """Django turns a template into calls between other characters; each call is read as Python."""
    calls = re.finditer(r"\b(?:_|n?p?gettext)\(", text := templatize(source))
    for call in calls:
        yield from _marked_in(text[call.start() : _end_of_call(text, call.end())])


def _end_of_call(text: str, start: int) -> int:
    """Where the call ends whose parenthesis was opened before `start`; texts inside may hold parentheses."""
    place = start
    while text[place] != ")":
        if quoted := re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\"""", re.DOTALL).match(text, place):
            place = quoted.end()
        else:
            place += 1
    return place + 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_marked_text_is_in_the_catalogue(language: str) -> None:
    known = {(entry.context, entry.text) for entry in catalogue(language)}
    missing = {text.text for text in marked() if (text.context, text.text) not in known}

    assert sorted(missing) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated(language: str) -> None:
    unfinished = [
        entry.key.text for entry in catalogue(language).values() if entry.fuzzy or not all(entry.forms)
    ]

    assert unfinished == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_are_kept(language: str) -> None:
    """A plural form may leave a number out ("one day"), and none may name what is not there."""
    wrong = []
    for key, entry in catalogue(language).items():
        given = set(PLACEHOLDER.findall(key.text)) | set(PLACEHOLDER.findall(key.plural or ""))
        for form in entry.forms:
            found = set(PLACEHOLDER.findall(form))
            if not found <= given or (key.plural is None and found != given):
                wrong.append(form)

    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_compiled_catalogue_is_current(language: str) -> None:
    path = ROOT / "locale" / language / "LC_MESSAGES" / "django.mo"
    compiled = gettext.GNUTranslations(io.BytesIO(path.read_bytes()))
    stale = [
        key.text
        for key, entry in catalogue(language).items()
        if _read(compiled, key, language) != entry.forms
    ]

    assert stale == []


def _read(compiled: gettext.GNUTranslations, key: Text, language: str) -> list[str]:
    if key.plural is None:
        return [compiled.pgettext(key.context, key.text) if key.context else compiled.gettext(key.text)]
    if key.context:
        return [compiled.npgettext(key.context, key.text, key.plural, n) for n in FORMS[language]]
    return [compiled.ngettext(key.text, key.plural, n) for n in FORMS[language]]


def test_words_of_the_field() -> None:
    with override("fr"):
        assert translated("Overlaps") == "Chevauchements"
        assert translated("Track Two, hard") == "Deuxième voie (Track Two), dure"
    with override("ar"):
        assert translated("Overlaps") == "التداخلات"
        assert translated("Track Two, hard") == "المسار الثاني، الصلب"
