"""The documents name what there is: no link leads nowhere, and no proof is named that does not exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")), *sorted(ROOT.glob("*/*.md"))]
LINK = re.compile(r"\]\(([^)#\s]+)")
NAMED_TEST = re.compile(r"\btests/\w+/test_\w+\.py\b")


def named(document: Path, pattern: re.Pattern[str]) -> set[str]:
    return set(pattern.findall(document.read_text(encoding="utf-8")))


@pytest.mark.parametrize("document", sorted(set(DOCUMENTS)), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_and_tests_exist(document: Path) -> None:
    links = {link for link in named(document, LINK) if "://" not in link}
    assert {link for link in links if not (document.parent / link).exists()} == set()
    assert {test for test in named(document, NAMED_TEST) if not (ROOT / test).exists()} == set()


def test_the_threat_model_opens_with_what_no_software_changes() -> None:
    text = (ROOT / "THREAT_MODEL.md").read_text(encoding="utf-8")
    first = "**An operator who has the database, the keys and the code can read everything.**"
    assert text.split("\n\n")[1].startswith(first)
    assert len(named(ROOT / "THREAT_MODEL.md", NAMED_TEST)) > 10
