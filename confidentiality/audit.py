"""Who looked at what: written as the last statement of the request that did it, or there is no answer.

    opened, changed, found, taken out  ->  one event for each initiative, in its chain
    refused with 404 or 403            ->  one event in the site's chain, hidden and missing alike

The heads of the chains are locked only from here to the commit, so that readers do not wait for each other. What a
view opened before it refused is not shown to anybody, and is not an event: that tells loading for a permission check
from reading. What an answer could not be made of (5xx) is not one either. Why it is so: docs/decisions, 0024.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from django.db import connection

from confidentiality.actor import actor, current
from confidentiality.codes import AuditAction
from confidentiality.models import SITE_STREAM
from confidentiality.noted import Noted, noting

REFUSALS = (403, 404)
FAULT = 500
LONGEST_ROUTE = 100

Event = Mapping[str, Any]


def account_for(noted: Noted, *, status: int, route: str, asked: Iterable[Any]) -> None:
    """Write down what a request came to. `route`: the name of its address, empty where there is none; `asked`: the
    values of the parameters in it."""
    if status in REFUSALS:
        if route:
            append([denial(asked)], route=route)
    elif status < FAULT and noted:
        append(events_of(noted), route=route)


def denial(asked: Iterable[Any]) -> Event:
    """Somebody asked in vain. Only ids are kept of what stood in the address."""
    return _event(SITE_STREAM, AuditAction.DENY, sorted({value for value in map(_id, asked) if value}))


def events_of(noted: Noted) -> list[Event]:
    """One for each stream; a file in which nothing of a team stands is the site's."""
    if noted.export is not None and not noted.streams:
        return [_event(SITE_STREAM, AuditAction.EXPORT, [], noted.export.told_of_all())]
    found = []
    for stream, seen in noted.streams.items():
        facts: dict[str, Any] = {"kinds": seen.kinds()}
        action = seen.action()
        if noted.export is not None:
            action, facts = AuditAction.EXPORT, {**facts, **noted.export.told_in(stream)}
        found.append(_event(stream, action, seen.records(noted.untied), facts))
    return found


def append(events: list[Event], *, route: str) -> None:
    """At the end of their chains, in one statement. Raises a database error where that is not possible."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT append_audit(%s, %s, %s)", [current(), route[:LONGEST_ROUTE], json.dumps(events)]
        )


def accounted(body: Iterable[bytes], noted: Noted, *, who: str, route: str) -> Iterator[bytes]:
    """A streaming answer: whatever a part of it was made of is written down before that part is sent."""
    parts = iter(body)
    while True:
        fresh = Noted(export=noted.export, untied=noted.untied)
        with noting(fresh):
            part = next(parts, None)
        if part is None:
            return
        if fresh.streams:
            with actor(who or None):
                append(events_of(fresh), route=route)
        yield part


def _event(
    stream: UUID, action: AuditAction, records: list[UUID], facts: Mapping[str, Any] | None = None
) -> Event:
    # The facts as text: they are hashed as they stand.
    text = json.dumps(facts, sort_keys=True, separators=(",", ":")) if facts else ""
    return {
        "stream": str(stream),
        "action": action.value,
        "records": [str(pk) for pk in records],
        "facts": text,
    }


def _id(value: Any) -> UUID | None:
    try:
        return value if isinstance(value, UUID) else UUID(str(value))
    except ValueError:
        return None
