"""A row of any model, filled by looking at its fields: what is added later is filled as well.

Every text holds a word of its own that stands nowhere else, so that it can be looked for. Not for tests of what a
model means: those use tests/factories.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import cycle
from typing import Any
from uuid import uuid4

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from accounts.models import User
from confidentiality.fields import EncryptedJSONField
from confidentiality.wall import wall_of, walled_models
from initiatives.models.conflict import Reference

# By class of a related model: what a foreign key may name; a second key of a row names the second of them.
Given = Mapping[type[models.Model], Sequence[models.Model]]
HASH_LENGTH = 64
SHORT = 7
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def canary() -> str:
    """A word that stands nowhere else."""
    return f"canary{uuid4().hex}"


def made(model: type[models.Model], given: Given) -> models.Model:
    """A new stored row of the model, hanging on what is given."""
    values, named = {}, {kind: cycle(records) for kind, records in given.items()}
    for field in model._meta.concrete_fields:
        if _is_needed(field, given):
            values[field.name] = (
                next(named[field.related_model]) if field.is_relation else _value(field, given)
            )
    try:
        return model._default_manager.create(**values)
    except Exception as error:
        error.add_note(
            f"Make a {model._meta.label} in tests/security/conftest.py: it cannot be filled by its fields."
        )
        raise


def _is_needed(field: Any, given: Given) -> bool:
    """Whatever has no value of its own, every text, and every relation to something confidential."""
    if field.primary_key or getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
        return False
    if field.is_relation:
        return field.related_model in given and (not field.null or wall_of(field.related_model) is not None)
    return not field.has_default() and (not field.null or _is_text(field))


def _is_text(field: Any) -> bool:
    return isinstance(field, models.CharField | models.TextField | models.JSONField) and not field.choices


def _value(field: Any, given: Given) -> Any:
    if field.choices:
        # Where nothing need be chosen, nothing is: a choice may be for rows of another kind alone.
        return "" if field.blank else field.choices[0][0]
    if isinstance(field, ArrayField):
        # Ids in a list are those of readers.
        return [given[User][0].pk] if isinstance(field.base_field, models.UUIDField) else []
    for kinds, value in VALUES:
        if isinstance(field, kinds):
            return value(field)
    raise TypeError(f"{field} is of a kind that tests/security/rows.py does not fill yet")


# The first that fits. A text is as long as the field allows; JSON keeps its word where pages look for texts.
VALUES: tuple[tuple[Any, Any], ...] = (
    (EncryptedJSONField, lambda field: {"texts": {"title": canary()}, "changed": ["title"]}),
    (models.JSONField, lambda field: {"text": canary()}),
    (models.URLField, lambda field: f"https://{canary()}.example"),
    ((models.CharField, models.TextField), lambda field: canary()[: field.max_length or HASH_LENGTH]),
    (models.DateTimeField, lambda field: timezone.now()),
    (models.DateField, lambda field: date(2026, 1, 1)),
    (models.BooleanField, lambda field: False),
    ((models.IntegerField, models.FloatField, models.DecimalField), lambda field: 1),
    (models.UUIDField, lambda field: uuid4()),
    (models.BinaryField, lambda field: canary().encode()),
)


def made_of_every_model(given: Given) -> list[models.Model]:
    """A row of every confidential model that is not given, each hanging on what is given or was made before it."""
    known: dict[type[models.Model], Sequence[models.Model]] = dict(given)
    waiting = [model for model in (*walled_models(), *_further_reference()) if model not in known]
    while ready := [model for model in waiting if _needs(model) <= known.keys()]:
        for model in ready:
            known[model] = [made(model, known)]
        waiting = [model for model in waiting if model not in known]
    if waiting:
        raise LookupError(f"Say in tests/security/conftest.py what these hang on: {waiting}")
    return [row for model, rows in known.items() if model not in given and wall_of(model) for row in rows]


def _further_reference() -> list[type[models.Model]]:
    """Open records that confidential ones hang on."""
    needed = {kind for model in walled_models() for kind in _needs(model)}
    return [model for model in needed if issubclass(model, Reference)]


def _needs(model: type[models.Model]) -> set[type[models.Model]]:
    """What a row cannot be without, and what is confidential and can be named in it."""
    relations = [field for field in model._meta.concrete_fields if field.is_relation]
    return {
        field.related_model
        for field in relations
        if not field.null or (wall_of(field.related_model) and field.related_model is not model)
    }


def words_of(record: models.Model) -> Iterator[str]:
    """By what a record could be recognised: its id in both forms, and every text of its own that is no code."""
    if hasattr(record.pk, "hex"):
        yield from (str(record.pk), record.pk.hex)
    for field in record._meta.concrete_fields:
        if _is_text(field) and not field.is_relation:
            # A short text or a single plain word may stand on a page for another reason.
            found = _texts(getattr(record, field.attname))
            yield from (
                text for text in found if len(text) > SHORT and not text.isalpha() and not _is_open(text)
            )


def _is_open(text: str) -> bool:
    """A code of a vocabulary, or the id of shared reference: everybody may read these."""
    if ID.fullmatch(text):
        return any(model._default_manager.filter(pk=text).exists() for model in Reference.__subclasses__())
    return text in {code for vocabulary in models.TextChoices.__subclasses__() for code in vocabulary.values}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)
