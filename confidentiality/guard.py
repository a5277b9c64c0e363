"""Raises where a confidential table is touched while nobody acts.

PostgreSQL would answer with no rows, which looks like "nothing there"; a mistake should be loud. It matches the
names of tables in a statement, and of the house's views; a function hides a table from it. Row security does not
depend on it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

from django.apps import apps

from confidentiality.actor import acting_on
from confidentiality.wall import walled_models


class NoActor(Exception):
    """A statement on a confidential table outside of `with actor(...)`. Carries the name of the table."""


def install(connection: Any, **kwargs: Any) -> None:
    """Receiver of connection_created, which is sent at every reconnection."""
    if guard not in connection.execute_wrappers:
        connection.execute_wrappers.append(guard)


def guard(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    if not acting_on(context["connection"]) and (table := table_in(str(sql))):
        raise NoActor(table)
    return execute(sql, params, many, context)


@lru_cache(maxsize=4096)
def table_in(sql: str) -> str:
    """The first confidential table that a statement names; empty if there is none."""
    found = _tables().search(sql)
    return found[0] if found else ""


@cache
def _tables() -> re.Pattern[str]:
    views = (model for model in apps.get_models() if not model._meta.managed)
    names = sorted(model._meta.db_table for model in (*walled_models(), *views))
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b")
