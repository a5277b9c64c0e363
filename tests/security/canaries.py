"""Words that must not come out: one for every confidential field, and what finds them again in disguise.

The fields are found by looking at the models: whatever has a wall and can hold a text gets a canary. A kind of field
that is not known here fails the proofs until somebody says what it can hold. Two marks tell the canaries apart: what
is encrypted (CONTENT), and what lies in clear by design (CARD).
"""

from __future__ import annotations

import base64
import re
import secrets
import string
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from django.contrib.postgres.fields import ArrayField
from django.db import IntegrityError, models, transaction

from confidentiality.fields import Encrypted
from confidentiality.wall import walled_models


def _mark(begins: str) -> str:
    """New in every run, and all small letters: nothing escapes, folds or capitalises it out of sight."""
    return begins + "".join(secrets.choice(string.ascii_lowercase) for _ in range(12))


CONTENT, CARD = _mark("qzin"), _mark("qzout")
LENGTH = 40  # characters a field must be able to hold; shorter ones hold codes of countries and the like
NOT_TEXTS = (
    models.AutoField, models.BooleanField, models.DateField, models.DurationField, models.DecimalField,
    models.FloatField, models.IntegerField, models.UUIDField, models.ForeignKey,
)  # fmt: skip
_number = count(1)


def word(mark: str) -> str:
    """A canary of its own: the mark, and a number by which one is told from another."""
    return f"{mark}x{next(_number):05d}x"


# --- Fields ---------------------------------------------------------------------------------------------------


def holds_text(field: models.Field) -> bool:
    """Whether somebody could write a text of their own into this field."""
    if isinstance(field, Encrypted | models.JSONField):
        return True
    if isinstance(field, ArrayField):
        return holds_text(field.base_field)
    if isinstance(field, models.CharField | models.TextField):
        return not field.choices and (field.max_length is None or field.max_length >= LENGTH)
    if isinstance(field, NOT_TEXTS):
        return False
    raise AssertionError(
        f"{field}: say in tests/security/canaries.py whether a {type(field).__name__} holds a text"
    )


def texts_of(model: type[models.Model]) -> list[models.Field]:
    return [field for field in model._meta.concrete_fields if holds_text(field)]


def confidential_texts() -> list[models.Field]:
    """Every field of a model with a wall that can hold a text."""
    return [field for model in walled_models() for field in texts_of(model)]


def mark_of(field: models.Field) -> str:
    return CONTENT if isinstance(field, Encrypted) else CARD


# --- Records --------------------------------------------------------------------------------------------------


@dataclass
class Planted:
    """What stands where: {canary: "app.Model.field"}. `refused`: fields into which the database lets no text of a
    hidden initiative."""

    words: dict[str, str]
    refused: set[str]

    def fields(self, mark: str = "") -> set[str]:
        return {field for canary, field in self.words.items() if canary.startswith(mark)}

    def names(self, found: Iterable[str]) -> set[str]:
        """The fields of canaries that were found; the mark itself, where it was found in disguise."""
        return {self.words.get(canary, canary) for canary in found}


def plant(records: Iterable[models.Model]) -> Planted:
    """A canary in every text of the records. As the owner, who may write all of them."""
    planted = Planted({}, set())
    for record in records:
        _plant(record, planted)
    return planted


def _plant(record: models.Model, planted: Planted) -> None:
    for field in texts_of(type(record)):
        name, canary = f"{record._meta.label}.{field.name}", word(mark_of(field))
        before = getattr(record, field.attname)
        setattr(record, field.attname, _with(field, before, canary))
        try:
            with transaction.atomic():
                record.save()
        except IntegrityError:
            setattr(record, field.attname, before)
            planted.refused.add(name)
        else:
            planted.words[canary] = name


def _with(field: Any, before: Any, canary: str) -> Any:
    if isinstance(field, ArrayField):
        return [canary]
    if not isinstance(field, models.JSONField):
        return canary
    after = _in_place(before, canary)
    if canary in repr(after):
        return after
    return [*after, canary] if isinstance(after, list) else {**(after or {}), "canary": canary}


def _in_place(value: Any, canary: str) -> Any:
    """The same structure with a canary for every text that somebody wrote; codes and numbers stay."""
    if isinstance(value, dict):
        return {name: _in_place(inner, canary) for name, inner in value.items()}
    if isinstance(value, list):
        return [_in_place(inner, canary) for inner in value]
    written = isinstance(value, str) and (" " in value or value != value.lower())
    return canary if written else value


# --- Finding them again ---------------------------------------------------------------------------------------


@cache
def disguises(mark: str) -> dict[str, bytes]:
    """How a text that holds the mark looks: {disguise: bytes to look for}. Percent-encoding is undone instead.

    Of base64 what does not depend on the neighbours, for each of the three ways in which it can fall.
    """
    looks = {"hex": mark.encode().hex().encode(), "utf-16": mark.encode("utf-16-le")}
    for spelled in (mark, mark.upper(), mark.capitalize()):
        for shift in range(3):
            encoded = base64.b64encode(b"\0" * shift + spelled.encode())
            whole = encoded[-(-shift * 4 // 3) : len(encoded) - 4]
            looks[f"base64 of {spelled[:5]}, {shift} before"] = whole
    return looks


# Something compressed, as Django signs it into cookies and sessions.
PACKED = re.compile(rb"[A-Za-z0-9_-]{24,}")


def found_in(text: bytes | str, marks: Iterable[str] = (CONTENT, CARD)) -> set[str]:
    """The canaries in a text, plain or disguised; a disguised one by its mark alone."""
    raw = text.encode(errors="surrogateescape") if isinstance(text, str) else text
    found: set[str] = set()
    for layer in (raw, *_opened(raw)):
        lowered = layer.lower()
        for mark in marks:
            looks = disguises(mark)
            found |= {hit.decode() for hit in re.findall(mark.encode() + rb"(?:x\d{5}x)?", lowered)}
            if any(look in (layer if name.startswith("base64") else lowered) for name, look in looks.items()):
                found.add(mark)
    return found


def _opened(raw: bytes) -> Iterator[bytes]:
    """What is inside: percent-encoding undone, twice, and what was compressed."""
    if b"%" in raw:
        once = unquote_to_bytes(raw)
        yield once
        if b"%" in once:
            yield unquote_to_bytes(once)
    for packed in PACKED.findall(raw):
        try:
            yield zlib.decompress(base64.urlsafe_b64decode(packed + b"=" * (-len(packed) % 4)))
        except (ValueError, zlib.error):
            continue


def percent(text: str) -> str:
    """Every byte of it percent-encoded."""
    return "".join(f"%{byte:02X}" for byte in text.encode()) if text.isalnum() else quote(text)
