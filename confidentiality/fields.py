"""Model fields whose values lie encrypted in the database and are opened when somebody looks at them.

    class Brief(Confidential):
        title = EncryptedTextField(_("title"), field_id="brief.title", pad=64, max_length=200)

`field_id` binds a text to its field and must never change; table, column and attribute may be renamed freely. A
record loads closed (`Sealed`); reading the attribute opens it with the record's key and row. The database cannot
compare, sort or compute with such a field, so everything that would need this raises a FieldError. Not for what
must be found or matched by the database: that is a blind token (blind.py) or stands in clear (docs/decisions).
"""

from __future__ import annotations

import json
import logging
import re
from collections import Counter
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from django import forms
from django.apps import apps
from django.core.checks import CheckMessage, Error
from django.core.exceptions import FieldError, ValidationError
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models.constants import OnConflict
from django.db.models.expressions import Col
from django.db.models.lookups import IsNull
from django.db.models.query_utils import DeferredAttribute
from django.utils.translation import gettext_lazy as _

from confidentiality import vault
from confidentiality.records import CONTROLS
from confidentiality.sealed import Held, Sealed, Stored, kept_closed, stays_closed
from confidentiality.wall import Confidential, content_opened

log = logging.getLogger(__name__)

PAD = 64  # bytes
LARGEST_JSON = 256 * 1024  # bytes, written out
LONG = 255  # characters from which a form shows a text area
SURROGATES = re.compile("[\ud800-\udfff]")
FIELD_ID = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")

BY_SAVING = "is written by saving a record, not by update(), bulk_update(), upsert or F()"
IN_PYTHON = "is nothing the database can search, compare, sort, group or compute with; read the records and do it there"


# Whether a text did not open since the request began, so that no page passes over it in silence.
_unopened: ContextVar[bool] = ContextVar("unopened", default=False)


def forget_unopened() -> None:
    """A new request begins."""
    _unopened.set(False)


def something_did_not_open() -> bool:
    """Whether a text that was asked for did not open, shown or not, since the request began."""
    return _unopened.get()


def only_text(value: str) -> None:
    """Characters that cannot be seen and turn what is around them, and halves of characters."""
    if CONTROLS.search(value) or SURROGATES.search(value):
        text = _("This holds characters that cannot be seen and change the text around them. Type it anew.")
        raise ValidationError(text, code="controls")


class Moved(Exception):
    """A record with sealed texts was about to be written to another row or scope, where they would not open."""


class OpensAttribute(DeferredAttribute):
    """The attribute of a record: opens at the first look, and remembers."""

    field: Any

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        if instance is None:
            return self
        found = super().__get__(instance, cls)
        if stays_closed():
            return found
        if isinstance(found, Sealed):
            found = self._open(instance, found)
        return found.plain if isinstance(found, Held) else found

    def __set__(self, instance: Any, value: Any) -> None:
        name = self.field.attname
        before = instance.__dict__.get(name)
        if value is None or isinstance(value, Sealed | Held):
            instance.__dict__[name] = value
        elif not (isinstance(before, Held) and self.field.same(before.plain, value)):
            sealed = before.sealed if isinstance(before, Held | Sealed) else None
            instance.__dict__[name] = Held(value, sealed, assigned=True)

    def _open(self, instance: Any, found: Sealed) -> Held:
        try:
            held = Held(self.field.opened(instance, found.sealed), found.sealed, assigned=False)
        except vault.CannotOpen:
            log.error("%s of %s does not open", self.field.field_id, instance.pk)
            _unopened.set(True)
            raise
        instance.__dict__[self.field.attname] = held
        if not getattr(instance._state, "content_opened", False):
            instance._state.content_opened = True
            content_opened.send(sender=type(instance), scope=instance.key_scope, record_id=instance.pk)
        return held


class SealedCol(Col):
    """The column in a query: it can be read, and nothing else can be made of it."""

    target: Any

    def resolve_expression(self, *args: Any, **kwargs: Any) -> Any:
        """Asked when it is to be sorted by."""
        raise FieldError(self.target._told(IN_PYTHON))

    @property
    def contains_aggregate(self) -> bool:
        """Asked of everything that stands within an expression."""
        raise FieldError(self.target._told(IN_PYTHON))

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        # Until its columns are chosen, a query asks for what it reads; afterwards for what it sorts and groups by.
        # One that reads no columns asks for an aggregate.
        if compiler.select is not None or not (compiler.query.default_cols or compiler.query.select):
            raise FieldError(self.target._told(IN_PYTHON))
        return super().as_sql(compiler, connection)


class SealedIsNull(IsNull):
    """Whether there is a value at all: the one thing the database knows."""

    contains_aggregate = False

    def process_lhs(self, compiler: Any, connection: Any, lhs: Any = None) -> Any:
        return Col.as_sql(lhs or self.lhs, compiler, connection)


class Encrypted(models.Field):
    """What encrypted fields have in common. Subclasses say how a value becomes bytes."""

    descriptor_class = OpensAttribute

    def __init__(self, *args: Any, field_id: str, pad: int = PAD, **kwargs: Any) -> None:
        self.field_id, self.pad = field_id, pad
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "field_id": self.field_id, "pad": self.pad}

    def get_internal_type(self) -> str:
        return "BinaryField"

    # --- Bytes ---

    def to_bytes(self, value: Any) -> bytes:
        raise NotImplementedError

    def to_value(self, plain: bytes) -> Any:
        raise NotImplementedError

    def same(self, one: Any, other: Any) -> bool:
        """Whether two values would be stored alike (1 and True are equal in Python)."""
        try:
            return self.to_bytes(one) == self.to_bytes(other)
        except (TypeError, ValueError):
            return False

    def opened(self, instance: Any, sealed: bytes) -> Any:
        return self.to_value(vault.unseal(sealed, **self._place(instance)))

    def sealed(self, instance: Any, plain: bytes) -> bytes:
        return vault.seal(plain, pad=self.pad, **self._place(instance))

    def _place(self, instance: Any) -> dict[str, Any]:
        row = instance.pk if isinstance(instance.pk, UUID) else UUID(str(instance.pk))
        return {"field_id": self.field_id, "row": row, "scope": instance.key_scope}

    # --- To and from the database ---

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Sealed | None:
        return None if value is None else Sealed(bytes(value))

    def pre_save(self, model_instance: Any, add: bool) -> Stored | None:
        """What was not changed is written as it was; nothing is written that would not open where it lies."""
        held = model_instance.__dict__.get(self.attname)
        if held is None:
            return None
        assigned = isinstance(held, Held) and held.assigned
        before = self._before(model_instance, held.sealed, assigned)
        if isinstance(held, Sealed):
            return Stored(held.sealed)
        if hasattr(held.plain, "resolve_expression"):
            raise FieldError(self._told(BY_SAVING))
        plain = self.to_bytes(held.plain)
        sealed = held.sealed
        if sealed is None or before != plain:
            sealed = self.sealed(model_instance, plain)
            model_instance.__dict__[self.attname] = Held(held.plain, sealed, assigned=False)
        return Stored(sealed)

    def _before(self, instance: Any, sealed: bytes | None, assigned: bool) -> bytes | None:
        """What lies in the row so far; None if it does not open and is about to be replaced anyway."""
        if sealed is None:
            return None
        try:
            return vault.unseal(sealed, **self._place(instance))
        except vault.CannotOpen:
            if not assigned:
                raise Moved(
                    self._told("does not open in this row and scope; to move it, see reseal")
                ) from None
            return None

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, Stored):
            raise FieldError(self._told(BY_SAVING))
        return connection.Database.Binary(value.sealed)

    def get_placeholder(self, value: Any, compiler: Any, connection: Any) -> str:
        """An upsert would write into a row what was sealed for another."""
        if (
            getattr(compiler.query, "on_conflict", None) is OnConflict.UPDATE
            and self in compiler.query.update_fields
        ):
            raise FieldError(self._told(BY_SAVING))
        return "%s"

    def value_to_string(self, obj: Any) -> str:
        raise FieldError(self._told("is not written into fixtures"))

    # --- What the database cannot do ---

    def get_col(self, alias: Any, output_field: Any = None) -> SealedCol:
        return SealedCol(alias, self, output_field)

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name == "isnull":
            return SealedIsNull
        raise FieldError(self._told(IN_PYTHON))

    def get_transform(self, lookup_name: str) -> Any:
        raise FieldError(self._told(IN_PYTHON))

    def _told(self, what: str) -> str:
        return f"{self.model._meta.label}.{self.name} is encrypted: it {what}."

    # --- System checks ---

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        return [*super().check(**kwargs), *self._check_declaration()]

    def _check_declaration(self) -> Iterator[CheckMessage]:
        if not issubclass(self.model, Confidential):
            yield self._error(
                "E010", "is encrypted, and its model is not Confidential: it has no key and no wall."
            )
        if not FIELD_ID.fullmatch(self.field_id):
            yield self._error("E011", f"has the field_id {self.field_id!r}; expected one like `brief.title`.")
        if self.unique or getattr(self, "db_index", False) or self.name in _names_in_constraints(self.model):
            yield self._error("E012", "is encrypted: no index and no constraint can be made of it.")

    def _error(self, number: str, text: str) -> Error:
        return Error(f"{self.model._meta.label}.{self.name} {text}", obj=self, id=f"confidentiality.{number}")


class EncryptedTextField(Encrypted, models.TextField):
    """A text. Its length shows in steps of `pad` bytes only, so that short ones all look alike."""

    default_validators = [only_text]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.max_length is not None:
            self.validators.append(MaxLengthValidator(self.max_length))

    def to_bytes(self, value: Any) -> bytes:
        return str(value).encode()

    def to_value(self, plain: bytes) -> str:
        return plain.decode()

    def formfield(self, **kwargs: Any) -> Any:
        short = self.max_length is not None and self.max_length <= LONG
        widget = {"widget": forms.TextInput} if short else {}
        return super().formfield(**{**widget, **kwargs})


class EncryptedJSONField(Encrypted, models.JSONField):
    """A value of JSON: objects with texts as names, lists, texts, numbers, true, false and null."""

    def to_bytes(self, value: Any) -> bytes:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()

    def to_value(self, plain: bytes) -> Any:
        return json.loads(plain)

    def validate(self, value: Any, model_instance: Any) -> None:
        models.Field.validate(self, value, model_instance)
        try:
            plain = self.to_bytes(value)
            same = self.to_value(plain) == value
        except (TypeError, ValueError, RecursionError):
            same = False
        if not same:
            raise ValidationError(self.error_messages["invalid"], code="invalid", params={"value": "..."})
        if len(plain) > LARGEST_JSON:
            raise ValidationError(_("This is too much to be stored."), code="large")


# --- Models with encrypted fields -----------------------------------------------------------------------------


def encrypted_fields(model: type[models.Model]) -> list[Encrypted]:
    return [field for field in model._meta.concrete_fields if isinstance(field, Encrypted)]


def reseal(record: Confidential, **moved: Any) -> None:
    """Take a record to another scope or row together with its texts: reseal(draft, initiative=initiative).

    Opens every text where it is and sets the attributes; the next full save closes them in their new place.
    """
    plain = {field: _plain(field, record) for field in encrypted_fields(type(record))}
    for name, value in moved.items():
        setattr(record, name, value)
    for field, value in plain.items():
        record.__dict__[field.attname] = None if value is None else Held(value, None, assigned=True)


def if_it_opens(record: Confidential, name: str) -> Any:
    """A value for a list, of which one damaged text must not take away the rest: None where it does not open, which
    is logged. Where somebody looks at one record, an error is better than an empty place."""
    try:
        return getattr(record, name)
    except vault.CannotOpen:
        return None


def _plain(field: Encrypted, record: Confidential) -> Any:
    """Without telling of an opening: nobody is shown it."""
    with kept_closed():
        held = getattr(record, field.attname)
    return field.opened(record, held.sealed) if isinstance(held, Sealed) else getattr(held, "plain", None)


def _names_in_constraints(model: type[models.Model]) -> set[str]:
    made = [*model._meta.indexes, *model._meta.constraints]
    return {name for one in made for name in getattr(one, "fields", ())} | {
        name for names in model._meta.unique_together for name in names
    }


def field_ids_are_unique(**kwargs: Any) -> list[CheckMessage]:
    """E013: two fields with one id could be swapped for each other within a row."""
    fields = [field for model in apps.get_models() for field in encrypted_fields(model)]
    times = Counter(field.field_id for field in fields)
    return [
        field._error("E013", f"shares the field_id {field.field_id!r} with another field.")
        for field in fields
        if times[field.field_id] > 1
    ]
