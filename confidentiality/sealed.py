"""What an encrypted field keeps in a record: the value as it lies in the database, or the open one.

The fields themselves are in fields.py. These are apart so that Confidential can treat closed texts as closed when
it reloads, validates, copies or pickles a record.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any


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
    """An open value in a record. `sealed` is what it was opened from, or what stood there before it was assigned."""

    plain: Any
    sealed: bytes | None
    assigned: bool

    def __repr__(self) -> str:
        return "<held>"

    def __reduce__(self) -> Any:
        raise TypeError("An open text is not pickled.")


_closed: ContextVar[bool] = ContextVar("_closed", default=False)


@contextmanager
def kept_closed() -> Iterator[None]:
    """Attributes give what they hold without opening it: for moving it from one record object to another."""
    before = _closed.set(True)
    try:
        yield
    finally:
        _closed.reset(before)


def stays_closed() -> bool:
    return _closed.get()


def closed_fields(record: Any) -> set[str]:
    """Names of the fields that nobody has opened or assigned."""
    fields = record._meta.concrete_fields
    return {field.name for field in fields if isinstance(record.__dict__.get(field.attname), Sealed)}


def sealed_state(record: Any, state: dict[str, Any]) -> dict[str, Any]:
    """The state of a record for copying and pickling, with every open text closed. Who opens it next is told of."""
    state["_state"].content_opened = False
    for field in record._meta.concrete_fields:
        if isinstance(state.get(field.attname), Held):
            state[field.attname] = Sealed(field.pre_save(record, False).sealed)
    return state
