"""Keeping what a person, a tie or a participation was after each save, with who saved it and why."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from accounts.models import User
from initiatives.services.versions import keep_version
from participants.models import OfficialLink, Participation, Person

PERSON_FIELDS = ("party_id", "background")
PARTICIPATION_FIELDS = ("role", "capacity", "status", "consents", "withdrew_on", "note")


def keep_person(person: Person, *, by: User, changed: Iterable[str], reason: str = "") -> None:
    """Write down how a person stands now."""
    keep_version(person, by=by, fields=_fields(person, PERSON_FIELDS), changed=changed, reason=reason)


def keep_participation(
    participation: Participation, *, by: User, changed: Iterable[str], reason: str = ""
) -> None:
    """Write down how a participation stands now."""
    fields = _fields(participation, PARTICIPATION_FIELDS)
    keep_version(participation, by=by, fields=fields, changed=changed, reason=reason)


def _fields(record: Any, names: Iterable[str]) -> dict[str, Any]:
    return {name.removesuffix("_id"): getattr(record, name) for name in names}


def keep_link(link: OfficialLink, *, by: User, changed: Iterable[str], reason: str = "") -> None:
    """Write down how a tie stands now. `tie` holds a reason of its own: why an unlikely office was right."""
    tie = {name: value for name, value in link.tie.items() if name != "reason"}
    rest = {name: getattr(link, name) for name in ("note", "last_confirmed_on", "ended_on")}
    keep_version(link, by=by, fields={**tie, **rest}, changed=changed, reason=reason)
