"""Keeping what a person, a tie or a participation was after each save, with who saved it and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.enums import MembershipRole
from accounts.models import Membership, User
from initiatives.models import TeamMember
from initiatives.services.versions import Version, keep_version, versions_of
from participants.models import OfficialLink, Participation, Person

PERSON_FIELDS = ("party_id", "background")
PARTICIPATION_FIELDS = ("role", "capacity", "status", "consents", "withdrew_on", "note")


def versions_in_register(
    *, by: User, record: Person | OfficialLink, most: int | None = None
) -> list[Version]:
    """The versions of what stands in a register, the newest first.

    A register is read by its keepers and by several teams, none of which is told who is on another: whoever saved a
    version is named to those who are or were on a team with them, or where they keep the register; and so is the
    reason given.
    """
    versions = versions_of(by, record, most=most)
    colleagues = TeamMember.objects.visible_to(by).values_list("user_id", flat=True)
    keepers = Membership.objects.active().filter(
        organisation=record.organisation_id, role=MembershipRole.REGISTRAR
    )
    known = {by.pk, *colleagues, *keepers.values_list("user_id", flat=True)}
    nobody = User(name=_("Somebody of another team"))
    return [one if one.by.pk in known else _nameless(one, nobody) for one in versions]


def _nameless(version: Version, nobody: User) -> Version:
    """Why an identity is gone concerns everybody who could open it."""
    return replace(version, by=nobody, reason=version.reason if "identity" in version.changed else "")


def keep_person(person: Person, *, by: User, changed: Iterable[str], reason: str = "") -> None:
    """Write down how a person stands now."""
    keep_version(person, by=by, fields=_fields(person, PERSON_FIELDS), changed=changed, reason=reason)


def keep_participation(
    participation: Participation,
    *,
    by: User,
    changed: Iterable[str],
    reason: str = "",
    about: UUID | None = None,
) -> None:
    """Write down how a participation stands now. `about`: the session with which it had to do."""
    fields = _fields(participation, PARTICIPATION_FIELDS)
    keep_version(participation, by=by, fields=fields, changed=changed, reason=reason, about=about)


def _fields(record: Any, names: Iterable[str]) -> dict[str, Any]:
    return {name.removesuffix("_id"): getattr(record, name) for name in names}


def keep_link(link: OfficialLink, *, by: User, changed: Iterable[str], reason: str = "") -> None:
    """Write down how a tie stands now. `tie` holds a reason of its own: why an unlikely office was right."""
    tie = {name: value for name, value in link.tie.items() if name != "reason"}
    rest = {name: getattr(link, name) for name in ("note", "last_confirmed_on", "ended_on")}
    keep_version(link, by=by, fields={**tie, **rest}, changed=changed, reason=reason)
