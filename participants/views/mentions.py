"""Where the name of a person stands in texts of one's own teams: to be corrected before the name is forgotten."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from confidentiality import noted
from confidentiality.fields import if_it_opens
from confidentiality.words import listed
from initiatives.models import Brief, Session
from initiatives.models.session import SESSION_TEXTS
from initiatives.services.brief import BRIEF_FIELDS
from initiatives.templatetags.desk import days
from participants.models import Participation, Person, PersonIdentity
from participants.services.attribution import Known, names_of, said_in
from transfer.models import Outcome, Transfer

MOST = 50


@dataclass(frozen=True, slots=True)
class Mention:
    """A record in whose texts a name stands: where it is read, what it is, and which words."""

    href: str
    what: str
    words: str


def mentions(user: Any, person: Person) -> list[Mention]:
    """At most so many. Texts are opened to be compared, and what fits is noted as found, as by a search."""
    identity = PersonIdentity.objects.visible_to(user).filter(person=person).first()
    if identity is None:
        return []
    known = names_of(identity)
    inside = list(
        Participation.objects.visible_to(user).filter(person=person).values_list("initiative", flat=True)
    )
    found = []
    for record, href, what, words in _found(user, inside, known):
        if len(found) == MOST:
            break
        noted.found(record.initiative_id, record)
        found.append(Mention(href, what, listed(words)))
    return found


def _found(user: Any, inside: list[Any], known: Known) -> Iterator[tuple[Any, str, str, list[str]]]:
    places: tuple[tuple[Any, str, Iterable[str]], ...] = (
        (Brief, "initiatives:brief", BRIEF_FIELDS),
        (Session, "initiatives:session", SESSION_TEXTS),
        (Outcome, "transfer:outcome", ("statement", "interest_addressed", "evidence")),
        (Transfer, "transfer:transfer", ("message", "note")),
    )
    for model, address, names in places:
        for record in model.objects.visible_to(user).filter(initiative__in=inside).order_by("created_at"):
            with noted.looking_through():
                text = "\n".join(if_it_opens(record, name) or "" for name in names)
            if words := said_in(text, known):
                pk = record.initiative_id if model is Brief else record.pk
                yield record, reverse(address, args=[pk]), _what(record), words


def _what(record: Any) -> str:
    if isinstance(record, Session):
        return _("Session: %(days)s") % {"days": days(record)}
    kinds = {Brief: _("Brief"), Outcome: _("Outcome"), Transfer: _("Transfer")}
    return kinds[type(record)]
