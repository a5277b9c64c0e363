"""docs/glossary.md names every code of every vocabulary, and no code that does not exist."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest
from django.db.models import TextChoices

GLOSSARY = Path(__file__).resolve().parents[2] / "docs" / "glossary.md"
MODULES = {
    "confidentiality": "confidentiality.codes",
    "accounts": "accounts.enums",
    "initiatives": "initiatives.enums",
    "participants": "participants.enums",
    "transfer": "transfer.enums",
    "coordination": "coordination.enums",
}


def vocabularies() -> dict[str, list[str]]:
    """Codes by the heading of their section: "app: Class"."""
    return {
        f"{app}: {name}": list(vocabulary.values)
        for app, module in MODULES.items()
        for name, vocabulary in inspect.getmembers(import_module(module), inspect.isclass)
        if issubclass(vocabulary, TextChoices) and vocabulary.__module__ == module
    }


def sections() -> dict[str, list[str]]:
    """Codes in the first column of each section's table."""
    found: dict[str, list[str]] = {}
    for section in GLOSSARY.read_text(encoding="utf-8").split("\n### ")[1:]:
        heading, _, body = section.partition("\n")
        found[heading] = re.findall(r"^\| `(\w+)` \|", body, re.MULTILINE)
    return found


def test_every_vocabulary_has_a_section_and_no_other_has() -> None:
    assert sorted(sections()) == sorted(vocabularies())


@pytest.mark.parametrize("heading", sorted(vocabularies()))
def test_the_section_lists_exactly_the_codes(heading: str) -> None:
    assert sorted(sections()[heading]) == sorted(vocabularies()[heading])


def test_every_code_says_what_it_means() -> None:
    rows = re.findall(r"^\| `\w+` \|(.*)\|$", GLOSSARY.read_text(encoding="utf-8"), re.MULTILINE)
    assert [row for row in rows if not row.strip()] == []
