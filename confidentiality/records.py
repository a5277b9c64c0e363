"""What every record has: a random key, a version, and the two times it was touched."""

from __future__ import annotations

import re
import uuid
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from confidentiality import noted
from confidentiality.policy import Hidden
from confidentiality.sealed import closed_fields

RecordT = TypeVar("RecordT", bound="Record")


class Stale(Exception):
    """Somebody else saved this record since it was read. Carries the version that stands now."""

    def __init__(self, current: int) -> None:
        super().__init__(_("Somebody else has changed this since you opened it."))
        self.current = current


class Record(models.Model):
    """A stored record: key made in Python, at random, so that it says nothing and can be known before the insert.

    `version` counts the writes. It is compared on every change from a page or the API, so that two people who
    edit at the same time get a clear answer instead of a silent overwrite.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(auto_now_add=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True, editable=False)

    class Meta:
        abstract = True

    @property
    def audit_stream(self) -> uuid.UUID | None:
        """The chain in which a change of it is written down; None for what belongs to no initiative."""
        return getattr(self, "initiative_id", None)


def hold(model: type[RecordT], pk: Any, version: int | None) -> RecordT:
    """Lock one record for a change and compare its version; version None means "whatever it is".

    The lock is weak enough not to wait for rows that merely point here. Raises Hidden where the row is gone,
    Stale where somebody was quicker.
    """
    record = model._default_manager.select_for_update(no_key=True, of=("self",)).filter(pk=pk).first()
    if record is None:
        raise Hidden
    if version is not None and record.version != version:
        raise Stale(record.version)
    return record


# Characters that turn the text around them or are not text at all. Marks (U+200E, U+200F) and joiners are needed
# to write Arabic and stay.
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


def _refuse_controls(record: Record) -> None:
    """A name that reverses its neighbours on a page, or ends a line in a log, is refused with its field named."""
    texts, closed = models.CharField | models.TextField, closed_fields(record)
    fields = (field for field in record._meta.concrete_fields if isinstance(field, texts))
    bad = [
        field.name
        for field in fields
        if field.name not in closed and CONTROLS.search(str(getattr(record, field.attname) or ""))
    ]
    if bad:
        text = _("This holds characters that cannot be seen and change the text around them. Type it anew.")
        raise ValidationError(dict.fromkeys(bad, text))


def save(record: Record) -> None:
    """Validate whole and store, counting the version up for a record that was stored before."""
    if not record._state.adding:
        record.version += 1
    _refuse_controls(record)
    record.full_clean()
    record.save()
    noted.written(record)
