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
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import FieldError, ValidationError
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models.lookups import IsNull
from django.db.models.query_utils import DeferredAttribute
from django.utils.translation import gettext_lazy as _

from confidentiality import vault
from confidentiality.wall import content_opened

PAD = 64  # bytes
LARGEST_JSON = 256 * 1024  # bytes, written out
LONG = 255  # characters from which a form shows a text area


class Sealed:
    """A value as it lies in the database. Says nothing of itself; only its record opens it."""

    __slots__ = ("sealed",)

    def __init__(self, sealed: bytes) -> None:
        self.sealed = sealed

    def __repr__(self) -> str:
        return "<sealed>"

    def __str__(self) -> str:
        return "sealed"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sealed) and other.sealed == self.sealed

    def __hash__(self) -> int:
        return hash(self.sealed)


class Stored(Sealed):
    """Sealed for the very row it is about to be written to. Made by `pre_save` and by nothing else."""

    __slots__ = ()


@dataclass(frozen=True, repr=False, eq=False)
class Held:
    """An open value in a record. `sealed` is what it was opened from, or stood there before it was assigned."""

    plain: Any
    sealed: bytes | None
    assigned: bool

    def __repr__(self) -> str:
        return "<held>"

    def __reduce__(self) -> Any:
        raise TypeError("An open text is not pickled.")


class Moved(Exception):
    """A record with sealed texts was about to be written to another row or scope, where they would not open."""


class OpensAttribute(DeferredAttribute):
    """The attribute of a record: opens at the first look, and remembers."""

    field: Any

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        if instance is None:
            return self
        found = super().__get__(instance, cls)
        if isinstance(found, Sealed):
            found = self._open(instance, found)
        return found.plain if isinstance(found, Held) else found

    def __set__(self, instance: Any, value: Any) -> None:
        name = self.field.attname
        before = instance.__dict__.get(name)
        if value is None or isinstance(value, Sealed):
            instance.__dict__[name] = value
        elif not (isinstance(before, Held) and self.field.same(before.plain, value)):
            sealed = before.sealed if isinstance(before, Held | Sealed) else None
            instance.__dict__[name] = Held(value, sealed, assigned=True)

    def _open(self, instance: Any, found: Sealed) -> Held:
        held = Held(self.field.opened(instance, found.sealed), found.sealed, assigned=False)
        instance.__dict__[self.field.attname] = held
        if not getattr(instance._state, "content_opened", False):
            instance._state.content_opened = True
            content_opened.send(sender=type(instance), scope=instance.key_scope, record_id=instance.pk)
        return held


class Encrypted(models.Field):
    """What encrypted fields have in common. Subclasses say how a value becomes bytes."""

    descriptor_class = OpensAttribute

    def __init__(self, *args: Any, field_id: str, pad: int = PAD, **kwargs: Any) -> None:
        self.field_id, self.pad = field_id, pad
        super().__init__(*args, **kwargs)
        # Fixtures and dumpdata would write it in clear.
        self.serialize = False

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("serialize", None)
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
        before: bytes | None = None
        if held.sealed is not None:
            try:
                before = vault.unseal(held.sealed, **self._place(model_instance))
            except vault.CannotOpen:
                if not (isinstance(held, Held) and held.assigned):
                    raise Moved(
                        self._told("does not open in this row and scope; see fields.reseal")
                    ) from None
        if isinstance(held, Sealed):
            return Stored(held.sealed)
        plain = self.to_bytes(held.plain)
        if held.sealed is not None and before == plain:
            return Stored(held.sealed)
        sealed = self.sealed(model_instance, plain)
        model_instance.__dict__[self.attname] = Held(held.plain, sealed, assigned=False)
        return Stored(sealed)

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, Stored):
            raise FieldError(self._told("is written by saving a record, not by update, bulk_update or F()"))
        return connection.Database.Binary(value.sealed)

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name == "isnull":
            return IsNull
        raise FieldError(self._told("cannot be searched by the database; read the records and compare there"))

    def get_transform(self, lookup_name: str) -> Any:
        raise FieldError(self._told("cannot be looked into by the database; read the records"))

    def _told(self, what: str) -> str:
        return f"{self.model._meta.label}.{self.name} is encrypted and {what}."


class EncryptedTextField(Encrypted, models.TextField):
    """A text. Short ones are stored in steps of `pad` bytes, so that their length does not tell which it is."""

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
    """A value of JSON: objects, lists, texts, numbers, true, false and null."""

    default_error_messages = {"large": _("This is too much to be stored.")}

    def to_bytes(self, value: Any) -> bytes:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()

    def to_value(self, plain: bytes) -> Any:
        return json.loads(plain)

    def get_lookup(self, lookup_name: str) -> Any:
        return Encrypted.get_lookup(self, lookup_name)

    def validate(self, value: Any, model_instance: Any) -> None:
        models.Field.validate(self, value, model_instance)
        try:
            size = len(self.to_bytes(value))
        except (TypeError, ValueError):
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None
        if size > LARGEST_JSON:
            raise ValidationError(self.error_messages["large"], code="large")
