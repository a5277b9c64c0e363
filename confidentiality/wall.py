"""The declaration that makes a model confidential: who reaches its rows, and under which key its texts lie.

Every model of the house either declares a `wall` or says in `open_because` why it needs none; a system check
refuses a model that does neither. From the declaration follow the row policies of every database role
(rowsecurity.py), the guard that raises on a statement without an actor (guard.py), the scope of its data key
(vault.py), the signal that tells of every opening (`content_opened`), and that it is noted who looked (noted.py).

A predicate is SQL over the row, written by us and never from input. It may call the functions of the apps'
functions.sql. Where it stands alone, write `column = ANY ((SELECT f())::uuid[])` with a function that answers with
an array, which then serves an index. Inside an OR, write `column IN (SELECT f())` with a function that answers with
rows: an array is forty times slower there (measured with 20,000 cards and 5,000 memberships), and inside unnest()
PostgreSQL would run the function a second time while it plans.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from django.apps import apps
from django.db import models
from django.dispatch import Signal

from confidentiality import noted, sealed
from confidentiality.records import Record

# The acting user, as an id; NULL for a visitor and for the site's own work.
ME = "(SELECT actor_id())"

# For what belongs to no conflict and is one's own: out of reach of a token that is narrowed to some conflicts.
NOT_NARROWED = "(SELECT actor_conflicts()) IS NULL"

# Sent when the vault opens a text of a record: sender is the model, with `scope` and `record_id`. Never content.
content_opened = Signal()


# A condition on a row; for an update it may be two: on the row as it was, and as it becomes.
Predicate = str | tuple[str, str]
EVERYTHING: Mapping[str, Predicate] = {"SELECT": "true", "INSERT": "true", "UPDATE": "true", "DELETE": "true"}


@dataclass(frozen=True, slots=True)
class Wall:
    """Which rows each role reaches. An empty predicate leaves the command to nobody.

    select, insert, update, delete: for the application, about the acting user. others: for further roles, by role
    and command, such as {"t2d_detector": {"SELECT": "matching = 'on'"}}. columns: by role and command what such a
    role may touch, where that is not the whole row.

    A policy sees a row as it was or as it becomes, never both, so it cannot say that something stays: a row could be
    moved to another initiative, or be signed with another name. For the application, therefore, every foreign key
    keeps the value that it was inserted with, unless it is named in `free`; and so do the columns in `kept`. And a key
    of a user that is named `by`, or something with `_by`, is a signature: it is written by that user alone.

    triggers: further functions of functions.sql that run for each row, by name, and when: "BEFORE INSERT".
    """

    select: str
    insert: str = ""
    update: Predicate = ""
    delete: str = ""
    others: Mapping[str, Mapping[str, Predicate]] = field(default_factory=dict)
    columns: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    free: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    triggers: Mapping[str, str] = field(default_factory=dict)

    def commands(self) -> dict[str, Predicate]:
        """The application's predicates by SQL command."""
        found: dict[str, Predicate] = {
            "SELECT": self.select,
            "INSERT": self.insert,
            "UPDATE": self.update,
            "DELETE": self.delete,
        }
        return {command: predicate for command, predicate in found.items() if predicate}


def same_for_all(predicate: str, **more: Any) -> Wall:
    """One predicate for reading and writing."""
    return Wall(select=predicate, insert=predicate, update=predicate, delete=predicate, **more)


# Content of an initiative: its live team, and nobody else.
TEAM_CONTENT = same_for_all("initiative_id = ANY ((SELECT visible_initiative_ids())::uuid[])")


class Confidential(Record):
    """Content of an initiative, unless it says otherwise. Not a card, which others may learn of.

    A subclass has a foreign key named by `scope` (`initiative` by default) with on_delete=DATABASE_CASCADE, which
    leads in its indexes. The scope decides the data key under which its texts are encrypted: each initiative,
    each organisation's register and each user has its own.
    """

    scope: ClassVar[str] = "initiative"
    wall: ClassVar[Wall] = TEAM_CONTENT
    # Whether it is noted who looks at it (audit.py). Not for what one user alone ever sees.
    audited: ClassVar[bool] = True
    # Names of models whose ids stand in no event together with one of this: side by side they would say what this row
    # says, and the chain outlives the row.
    untied: ClassVar[tuple[str, ...]] = ()

    class Meta:
        abstract = True

    @property
    def key_scope(self) -> str:
        """The name of the data key, such as `initiative:<id>`. Raises ValueError while it is not known whose."""
        whose = getattr(self, f"{self.scope}_id")
        if whose is None:
            raise ValueError(f"{self._meta.label} has no {self.scope} yet, and so no key.")
        return f"{self.scope}:{whose}"

    @property
    def audit_stream(self) -> Any:
        return getattr(self, f"{self.scope}_id") if self.audited else None

    @classmethod
    def from_db(cls, db: str | None, field_names: Any, values: Any, **how: Any) -> Self:
        record = super().from_db(db, field_names, values, **how)
        noted.loaded(record)
        return record

    # Reloading, validating, copying and pickling open no text that was closed, and leave none open.

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        with sealed.kept_closed():
            super().refresh_from_db(*args, **kwargs)

    def clean_fields(self, exclude: Iterable[str] | None = None) -> None:
        super().clean_fields({*(exclude or ()), *sealed.closed_fields(self)})

    def __getstate__(self) -> dict[str, Any]:
        return sealed.sealed_state(self, super().__getstate__())


def DATABASE_CASCADE(collector: Any, field: Any, sub_objs: Any, using: Any) -> None:
    """on_delete for what hangs on a confidential record: the database deletes it (see rowsecurity.cascade).

    Django's own cascade reads the rows first. Those that the actor does not see it leaves behind, and deleting
    the team member first hides the rest: an initiative would be half gone, without an error.
    """


def walled_models() -> Iterator[type[models.Model]]:
    """Every model with a wall."""
    return (model for model in apps.get_models() if wall_of(model))


def wall_of(model: type[models.Model]) -> Wall | None:
    return getattr(model, "wall", None)
