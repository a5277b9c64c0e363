"""Keeping what a person or a participation was after each save, with who saved it and why."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from accounts.models import User
from confidentiality.records import save
from participants.models import Participation, ParticipationRevision, Person, PersonRevision

PERSON_FIELDS = ("party_id", "background")
PARTICIPATION_FIELDS = ("role", "capacity", "status", "consents", "withdrew_on", "note")


def keep_person(person: Person, *, by: User, changed: Iterable[str], reason: str = "") -> None:
    """Write down how a person stands now."""
    kept = _kept(person, PERSON_FIELDS, changed, reason)
    save(
        PersonRevision(
            organisation=person.organisation, person=person, number=person.version, by=by, kept=kept
        )
    )


def keep_participation(
    participation: Participation, *, by: User, changed: Iterable[str], reason: str = ""
) -> None:
    """Write down how a participation stands now."""
    kept = _kept(participation, PARTICIPATION_FIELDS, changed, reason)
    save(
        ParticipationRevision(
            initiative=participation.initiative,
            participation=participation,
            number=participation.version,
            by=by,
            kept=kept,
        )
    )


def _kept(record: Any, names: Iterable[str], changed: Iterable[str], reason: str) -> dict[str, Any]:
    fields = {name.removesuffix("_id"): _plain(getattr(record, name)) for name in names}
    return {"fields": fields, "changed": list(changed), "reason": reason}


def _plain(value: Any) -> Any:
    """A value as JSON keeps it."""
    if isinstance(value, date):
        return value.isoformat()
    return value if value is None or isinstance(value, str | list) else str(value)
