"""Which country codes exist (ISO 3166-1, two letters) and what the countries are called."""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path

_FILE = Path(__file__).resolve().parent.parent / "data" / "countries.csv"


@lru_cache(maxsize=1)
def _table() -> dict[str, dict[str, str]]:
    with _FILE.open(encoding="utf-8", newline="") as lines:
        return {row["alpha2"]: row for row in csv.DictReader(lines)}


def country_codes() -> frozenset[str]:
    return frozenset(_table())


def country_name(code: str, language: str = "en") -> str:
    """The name in a language, else in English; an unknown code stands for itself."""
    names = _table().get(code, {})
    return names.get(language) or names.get("en") or code


def country_choices(language: str = "en") -> list[tuple[str, str]]:
    """Code and name, by name, for a form."""
    return sorted(((code, country_name(code, language)) for code in _table()), key=lambda pair: pair[1])
