"""Ties in words: what pages say of who reaches an office."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import TextChoices
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from participants.enums import Authorised, LinkAccess, LinkType
from participants.services import Way


@dataclass(frozen=True, slots=True)
class Told:
    """A tie as a page tells it. `facts`: sentences' parts in their order."""

    way: Way
    facts: tuple[str, ...]
    age: str


def label(codes: type[TextChoices], code: str) -> str:
    """The words of a code; the code itself where it is of a newer version."""
    return str(codes(code).label) if code in codes.values else code


def told(way: Way) -> Told:
    facts = [label(LinkType, way.link_type), label(LinkAccess, way.access)]
    facts.append(_("strength %(number)d of 4") % {"number": way.strength})
    if way.two_way is not None:
        facts.append(_("answers come back") if way.two_way else _("one way only"))
    if way.authorised != Authorised.UNKNOWN:
        facts.append(_("the body: %(words)s") % {"words": label(Authorised, way.authorised)})
    days = (timezone.localdate() - way.last_confirmed_on).days
    age = ngettext("confirmed %(number)d day ago", "confirmed %(number)d days ago", days) % {"number": days}
    return Told(way, tuple(facts), age if days else _("confirmed today"))


def all_told(ways: Iterable[Way]) -> list[Told]:
    return [told(way) for way in ways]


def reads_links(user: Any) -> bool:
    """Whether the user may see any links at all: of "nobody" speaks only to somebody who would know."""
    from_teams = user.team_memberships.live().exclude(role="observer")
    return from_teams.exists() or user.memberships.standing().filter(role="registrar").exists()
