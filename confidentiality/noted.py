"""What was looked at and changed while one request was answered: ids by stream, never content.

Filled by what every confidential model does (wall.py, records.py) and read once, at the end of the request, by
audit.py. Nothing is noted outside of a request: the site's own work opens no text.

A stream is a chain of the audit: an initiative's id or an organisation's, by the scope of the record's key.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from confidentiality.codes import AuditAction


@dataclass
class Seen:
    """Of one stream: records by kind of access, each {id: name of the model}."""

    opened: dict[UUID, str] = field(default_factory=dict)
    written: dict[UUID, str] = field(default_factory=dict)
    found: dict[UUID, str] = field(default_factory=dict)

    def action(self) -> AuditAction:
        """The one word for it: a change is more than a look, a hit of a search is said as such."""
        if self.written:
            return AuditAction.WRITE
        return AuditAction.SEARCH if self.found else AuditAction.OPEN

    def records(self, untied: Container[str] = ()) -> list[UUID]:
        """Ids, but for those of models that are named as `untied`."""
        seen = {**self.opened, **self.written, **self.found}
        return sorted(pk for pk, model in seen.items() if model not in untied)

    def kinds(self) -> dict[str, int]:
        """How many records of which model."""
        models = {**self.opened, **self.found, **self.written}
        return dict(sorted(Counter(models.values()).items()))


@dataclass(frozen=True, slots=True)
class Export:
    """The file that is the answer, for the ledger.

    facts: codes, said in every chain. counts: numbers of each stream, for its own chain alone. total: of the whole
    file, where it holds nothing of a team.
    """

    facts: Mapping[str, Any]
    counts: Mapping[UUID, Mapping[str, Any]]
    total: Mapping[str, Any]

    def told_in(self, stream: UUID) -> dict[str, Any]:
        return {**self.facts, **self.counts.get(stream, {})}

    def told_of_all(self) -> dict[str, Any]:
        return {**self.facts, **self.total}


@dataclass
class Noted:
    """Of one request. `export`: what the ledger says of the file that is the answer."""

    streams: dict[UUID, Seen] = field(default_factory=dict)
    export: Export | None = None
    # Names of models of which no id stands in any of its events: see Confidential.untied.
    untied: set[str] = field(default_factory=set)

    def of(self, stream: UUID) -> Seen:
        return self.streams.setdefault(stream, Seen())

    def __bool__(self) -> bool:
        return bool(self.streams) or self.export is not None


_current: ContextVar[Noted | None] = ContextVar("noted", default=None)


@contextmanager
def noting(noted: Noted | None) -> Iterator[Noted | None]:
    """Note into this from now on; None: nothing is noted."""
    before = _current.get()
    _current.set(noted)
    try:
        yield noted
    finally:
        _current.set(before)


def looking_through() -> Any:
    """While texts are opened only to be compared, and what fits is noted by `found`: a search opens everything that
    its reader may read, and shows next to nothing of it."""
    return noting(None)


def loaded(record: Any) -> None:
    """A confidential record came from the database. Where its scope was left out of the query, the opening of its
    first text says the rest."""
    noted = _current.get()
    if noted is None or not record.audited:
        return
    stream = record.__dict__.get(f"{record.scope}_id")
    if stream is not None:
        noted.of(stream).opened[record.pk] = record._meta.model_name
        noted.untied.update(record.untied)


def hear_opened(sender: Any, scope: str, record_id: UUID, **kwargs: Any) -> None:
    """Receiver of wall.content_opened."""
    noted = _current.get()
    if noted is not None and getattr(sender, "audited", True):
        noted.of(UUID(scope.partition(":")[2])).opened[record_id] = sender._meta.model_name


def opened(stream: UUID, record: Any) -> None:
    """A record that lies elsewhere is looked at in the name of this stream, too: a person of a register."""
    noted = _current.get()
    if noted is not None:
        noted.of(stream).opened[record.pk] = record._meta.model_name


def written(record: Any) -> None:
    """A record that belongs to a stream was saved."""
    noted = _current.get()
    if noted is not None and (stream := record.audit_stream) is not None:
        noted.of(stream).written[record.pk] = record._meta.model_name
        noted.untied.update(getattr(record, "untied", ()))


def touched(stream: UUID) -> None:
    """Something of this stream is answered that is no record of a confidential model: its own chain."""
    noted = _current.get()
    if noted is not None:
        noted.of(stream)


def found(stream: UUID, record: Any) -> None:
    """A search shows that this record holds what was looked for."""
    noted = _current.get()
    if noted is not None:
        noted.of(stream).found[record.pk] = record._meta.model_name


def exported(
    what: str,
    *,
    counts: Mapping[UUID, Mapping[str, Any]] | None = None,
    total: Mapping[str, Any] | None = None,
    **facts: Any,
) -> None:
    """The answer is a file. Codes and numbers, for the ledger: see Export. A number that spans several teams stands in
    none of their chains: it would tell one of the other."""
    noted = _current.get()
    if noted is not None:
        noted.export = Export({"what": what, **facts}, counts or {}, total or {})


def taken_back() -> None:
    """What was saved so far in this request was rolled back: it was looked at, and no more."""
    noted = _current.get()
    for seen in noted.streams.values() if noted is not None else ():
        seen.written.clear()
