"""Names in a sentence, separated as each language does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.template import engines
from django.utils.translation import override

from confidentiality.words import listed

ROOT = Path(__file__).resolve().parents[2]
# A list for a program or for a field of a form keeps the Latin comma: the OpenAPI document, what is typed, SQL, logs.
# So do errors that only a programmer meets, written as f-strings.
FOR_PROGRAMS = {
    "accounts/api/export.py",
    "accounts/api/schema.py",
    "confidentiality/rowsecurity.py",
    "initiatives/views/concurrency.py",
    "t2d/logs.py",
    "templates/initiatives/import.html",
}


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "Rhine, Danube"), ("fr", "Rhine, Danube"), ("ar", "\u2068Rhine\u2069، \u2068Danube\u2069")],
)
def test_comma_is_that_of_the_language(language: str, text: str) -> None:
    with override(language):
        assert listed(["Rhine", "Danube"]) == text


def test_one_name_and_none() -> None:
    assert (listed(["Rhine"]), listed([])) == ("Rhine", "")


def test_facts_are_set_apart_by_semicolons() -> None:
    assert listed(["one, two", "three"], facts=True) == "one, two; three"
    with override("ar"):
        assert "؛ " in listed(["one, two", "three"], facts=True)


def test_templates_join_as_the_code_does() -> None:
    template = engines["django"].from_string("{{ names|listed }}{% comma %}<bdi>")

    with override("ar"):
        text = template.render({"names": ["<b>", "c"]})

    assert text == "\u2068&lt;b&gt;\u2069، \u2068c\u2069، <bdi>"


def test_no_sentence_joins_names_with_a_comma_of_its_own() -> None:
    """Neither code nor template: each goes through `listed` or `comma`."""
    joins = re.compile(r"""(?<!{)["'][,;] ["']\)?\.join\(|\|join:|%}, ?(<|{)|}}, ?{{""")
    # What is translated whole has the commas of its translation.
    marked = re.compile(r"{% blocktranslate.*?{% endblocktranslate %}", re.DOTALL)
    sources = [
        path
        for app in (
            "t2d",
            "coordination",
            "transfer",
            "participants",
            "initiatives",
            "accounts",
            "confidentiality",
        )
        for path in (ROOT / app).rglob("*.py")
    ]
    found = {
        str(path.relative_to(ROOT))
        for path in [*sources, *(ROOT / "templates").rglob("*.html")]
        if joins.search(marked.sub("", path.read_text(encoding="utf-8")))
    }

    assert found - FOR_PROGRAMS == set()
