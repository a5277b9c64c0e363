"""Versions of a record: one kept with every save, read again by whoever reads the record, and brought back.

One piece for everything that has a history, in this app and those above: a record has `revisions`, rows of a
RecordRevision or of one in a register, whose `kept` is {"fields": {name: value}, "changed": [name], "reason": text}.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import User
from confidentiality.fields import if_it_opens
from confidentiality.policy import Hidden
from confidentiality.records import CONTROLS, Record, save

REASON_LENGTH = 500
Fields = Mapping[str, Any]
RecordT = TypeVar("RecordT", bound=Record)


@dataclass(frozen=True, slots=True)
class Version:
    """A record as it stood after one save, as far as the reader may read it. `opens`: its text is not damaged."""

    pk: UUID
    number: int
    by: User
    saved_at: datetime
    fields: Fields
    changed: list[str]
    reason: str
    opens: bool = True


def keep_version(
    record: Any,
    *,
    by: User,
    fields: Fields,
    changed: Iterable[str],
    reason: str = "",
    about: UUID | None = None,
) -> None:
    """Write down how a record stands now, with whatever it hangs on itself. `about`: the other record with which the
    change had to do, so that it can be forgotten with it (forget_change)."""
    rows = record.revisions
    keys = {key.name for key in rows.model._meta.concrete_fields if key.is_relation} - {"by", rows.field.name}
    whose = {rows.field.name: rows.instance, **{name: getattr(record, name) for name in keys}}
    written = {name: _written(value) for name, value in fields.items()}
    kept = {"fields": written, "changed": list(changed), "reason": reason.strip()}
    kept |= {"about": str(about)} if about else {}
    save(rows.model(**whose, number=record.version, by=by, kept=kept))


def kept_of(record: Any) -> list[Fields]:
    """The fields of every version that opens, for a service that looks for something in them; not for showing."""
    rows = record.revisions
    found = (if_it_opens(row, "kept") for row in rows.model.objects.filter(**{rows.field.name: record}))
    return [kept.get("fields", {}) for kept in found if kept is not None]


def reasons_of(record: Any) -> list[str]:
    """Why its versions were saved, of those that open; as `kept_of`."""
    rows = record.revisions
    found = (if_it_opens(row, "kept") for row in rows.model.objects.filter(**{rows.field.name: record}))
    return [kept["reason"] for kept in found if kept is not None and kept.get("reason")]


def change_versions(record: Any, change: Callable[[Fields], Fields], *, with_reasons: bool = True) -> None:
    """Take out of every version what must not be kept any more, and where they say too much why it was saved. For
    nothing else: a history is not corrected."""
    rows = record.revisions
    for row in rows.model.objects.filter(**{rows.field.name: record}):
        kept = if_it_opens(row, "kept")
        if kept is None:
            continue
        why = kept.get("reason", "") if with_reasons else ""
        changed = {**kept, "fields": change(kept.get("fields", {})), "reason": why}
        if changed != {"fields": {}, "reason": "", **kept}:
            row.kept = changed
            save(row)


def tells_of(kept: Any, name: str, about: UUID) -> bool:
    """Whether a version says that this changed, in what had to do with another record. One that does not say with which
    may mean it."""
    return (
        kept is not None and name in kept.get("changed", []) and kept.get("about", str(about)) == str(about)
    )


def forget_change(record: Any, name: str, about: UUID) -> None:
    """Take out of every version that this changed, and why, where that must not be kept any more."""
    rows = record.revisions
    for row in rows.model.objects.filter(**{rows.field.name: record}):
        kept = if_it_opens(row, "kept")
        if tells_of(kept, name, about):
            changed = [one for one in kept["changed"] if one != name]
            row.kept = {"fields": kept.get("fields", {}), "changed": changed, "reason": ""}
            save(row)


def _written(value: Any) -> Any:
    """A value as JSON keeps it."""
    if isinstance(value, date | UUID):
        return str(value)
    if isinstance(value, list | tuple | set):
        return [_written(one) for one in value]
    return value


def as_read(fields: Fields) -> Fields | None:
    """Whoever reads the record reads all that a version says."""
    return fields


def versions_of(
    user: Any, record: Any, seen: Callable[[Fields], Fields | None] = as_read, most: int | None = None
) -> list[Version]:
    """The newest first, at most so many. `seen`: what of a version's fields this reader reads; None: nothing of it."""
    rows = record.revisions
    revisions = rows.model.objects.visible_to(user).filter(**{rows.field.name: rows.instance})
    newest = revisions.select_related("by").order_by("-number")[:most]
    found = [(row, if_it_opens(row, "kept")) for row in newest]
    ids = {kept["by"] for _row, kept in found if kept and "by" in kept}
    writers = User.objects.in_bulk(ids) if ids else {}
    versions = (_version(row, kept, writers, seen) for row, kept in found)
    return [version for version in versions if version is not None]


def _version(row: Any, kept: Any, writers: Mapping[Any, User], seen: Any) -> Version | None:
    if kept is None:
        return Version(row.pk, row.number, row.by, row.created_at, {}, [], "", opens=False)
    # A brief kept its fields as "texts" once.
    fields = kept.get("fields", kept.get("texts", {}))
    shown = seen(fields)
    if shown is None:
        return None
    at = datetime.fromisoformat(kept["at"]) if "at" in kept else row.created_at
    by = writers.get(UUID(kept["by"]), row.by) if "by" in kept else row.by
    changed = [name for name in kept.get("changed", []) if name in shown or name not in fields]
    return Version(row.pk, row.number, by, at, shown, changed, kept.get("reason", ""))


def numbered(versions: Iterable[Version], number: int) -> Version | None:
    """The version of that number, where the reader sees it."""
    return next((version for version in versions if version.number == number), None)


def older_version(versions: Iterable[Version], number: int, record: Record) -> Version:
    """The version that is to come back. Raises Hidden for one that the reader does not see."""
    found = numbered(versions, number)
    if found is None:
        raise Hidden
    if number == record.version:
        raise ValidationError(_("This is how it stands now."))
    if not found.fields:
        raise ValidationError(_("This version cannot be opened."))
    return found


def named_then(by: User, model: type[RecordT], pk: Any, field: str) -> RecordT | None:
    """A record that a version names; None for none. Raises ValidationError where it is not here any more."""
    if not pk:
        return None
    rows: Any = model._default_manager.all()
    found = (rows.visible_to(by) if hasattr(rows, "visible_to") else rows).filter(pk=pk).first()
    if found is None:
        text = _("What this version names here is gone. Correct the record by hand.")
        raise ValidationError({field: ValidationError(text, code="gone")})
    return found


def needed_reason(text: str, field: str = "reason") -> str:
    """A reason that somebody can read afterwards; or a refusal at its field."""
    reason = text.strip()
    if not reason:
        raise ValidationError({field: ValidationError(_("Say why, in a few words."), code="required")})
    if len(reason) > REASON_LENGTH:
        raise ValidationError({field: _("At most %(most)d characters.") % {"most": REASON_LENGTH}})
    if CONTROLS.search(reason):
        text = _("This holds characters that cannot be seen and change the text around them. Type it anew.")
        raise ValidationError({field: text})
    return reason
