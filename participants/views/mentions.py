"""Where the name of a person stands in texts of one's own teams: to be corrected before the name is forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from confidentiality import noted
from confidentiality.fields import if_it_opens
from confidentiality.words import listed
from coordination.models import CoordinationLink
from initiatives.models import Brief, GroundRules, GroundRulesAssent, Initiative, Retention, Session
from initiatives.models.session import SESSION_TEXTS
from initiatives.services.brief import BRIEF_FIELDS
from initiatives.services.cards import SAID
from initiatives.templatetags.desk import days
from participants.models import Participation, Person, PersonIdentity
from participants.services.attribution import names_of
from participants.services.likeness import Known, said_in
from transfer.models import Outcome, Transfer, UptakeStep

MOST = 50


@dataclass(frozen=True, slots=True)
class Mention:
    """A record in whose texts a name stands: where it is read, what it is, and which words."""

    href: str
    what: str
    words: str


@dataclass(frozen=True, slots=True)
class _Place:
    """Texts of a kind of record: which, what it is called, at which address it is read, and one of its versions."""

    model: Any
    texts: Iterable[str]
    what: Callable[[Any], str]
    href: Callable[[Any], str]
    version: Callable[[Any, Any], str] | None = None


def _at(name: str, *keys: str) -> Callable[[Any], str]:
    return lambda record: reverse(name, args=[getattr(record, key) for key in keys])


def _version_at(name: str, key: str = "pk") -> Callable[[Any, Any], str]:
    return lambda record, row: reverse(name, args=[getattr(record, key), row.pk])


# Of what has versions the records stand first; and what is read most before what is read least.
_PLACES = (
    _Place(Initiative, SAID, lambda card: _("Card"), _at("initiatives:initiative", "pk")),
    _Place(
        Brief, BRIEF_FIELDS, lambda brief: _("Brief"), _at("initiatives:brief", "initiative_id"),
        _version_at("initiatives:brief_revision", "initiative_id"),
    ),
    _Place(
        Session, SESSION_TEXTS, lambda session: _("Session: %(days)s") % {"days": days(session)},
        _at("initiatives:session", "pk"), _version_at("initiatives:session_version"),
    ),
    _Place(
        Outcome, ("statement", "interest_addressed", "evidence"), lambda outcome: _("Outcome"),
        _at("transfer:outcome", "pk"), _version_at("transfer:outcome_revision"),
    ),
    _Place(
        Transfer, ("message", "note"), lambda transfer: _("Transfer"),
        _at("transfer:transfer", "pk"), _version_at("transfer:transfer_revision"),
    ),
    _Place(UptakeStep, ("reason", "note"), lambda step: _("Step of uptake"), _at("transfer:transfer", "transfer_id")),
    _Place(
        Participation, ("note",), lambda part: _("Note on taking part: %(person)s") % {"person": part.person.pseudonym},
        _at("participants:participation", "pk"),
    ),
    _Place(
        GroundRules, ("text",), lambda rules: _("Ground rules"),
        _at("initiatives:ground_rules_version", "initiative_id", "pk"),
    ),
    _Place(
        GroundRulesAssent, ("who",), lambda assent: _("Assent to the ground rules"),
        _at("initiatives:ground_rules_version", "initiative_id", "rules_id"),
    ),
    _Place(
        Retention, ("hold_reason",), lambda kept: _("Why it is kept"),
        _at("initiatives:retention", "initiative_id"),
    ),
)  # fmt: skip


def mentions(user: Any, person: Person) -> list[Mention]:
    """At most so many. Texts are opened to be compared, and what fits is noted as found, as by a search."""
    identity = PersonIdentity.objects.visible_to(user).filter(person=person).first()
    if identity is None:
        return []
    known = names_of(identity)
    parts = Participation.objects.visible_to(user).filter(person=person)
    inside = list(parts.values_list("initiative", flat=True))
    found: list[Mention] = []
    for stream, record, mention in _found(user, inside, known):
        if len(found) == MOST:
            break
        noted.found(stream, record)
        found.append(mention)
    return found


def _found(user: Any, inside: list[Any], known: Known) -> Iterator[tuple[Any, Any, Mention]]:
    yield from _in_records(user, inside, known)
    yield from _in_arrangements(user, inside, known)
    yield from _in_versions(user, inside, known)


def _in_records(user: Any, inside: list[Any], known: Known) -> Iterator[tuple[Any, Any, Mention]]:
    for place in _PLACES:
        for record in _records(place, user, inside):
            with noted.looking_through():
                text = "\n".join(if_it_opens(record, name) or "" for name in place.texts)
            if words := said_in(text, known):
                stream = getattr(record, "initiative_id", record.pk)
                yield stream, record, Mention(place.href(record), place.what(record), listed(words))


def _records(place: _Place, user: Any, inside: list[Any]) -> Any:
    within = {"pk__in" if place.model is Initiative else "initiative__in": inside}
    records = place.model.objects.visible_to(user).filter(**within).order_by("created_at")
    return records.select_related("person") if place.model is Participation else records


def _in_arrangements(user: Any, inside: list[Any], known: Known) -> Iterator[tuple[Any, Any, Mention]]:
    touching = Q(first__in=inside) | Q(second__in=inside)
    for link in CoordinationLink.objects.visible_to(user).filter(touching):
        if words := said_in(link.note, known):
            own = link.first_id if link.first_id in inside else link.second_id
            href = reverse("initiatives:initiative", args=[own])
            yield own, link, Mention(href, _("Arrangement with another initiative"), listed(words))


def _in_versions(user: Any, inside: list[Any], known: Known) -> Iterator[tuple[Any, Any, Mention]]:
    """What stood there before, and why it was changed; not what stands there now once more."""
    for place in (place for place in _PLACES if place.version):
        for record in _records(place, user, inside):
            of = record.revisions
            rows = of.model.objects.visible_to(user).filter(**{of.field.name: of.instance})
            for row in rows.order_by("-number"):
                with noted.looking_through():
                    kept = if_it_opens(row, "kept") or {}
                fields = kept.get("fields", kept.get("texts", {})) if row.number != record.version else {}
                text = "\n".join(str(fields.get(name) or "") for name in place.texts)
                if words := said_in(f"{text}\n{kept.get('reason', '')}", known):
                    yield record.initiative_id, record, _of_version(place, record, row, words)


def _of_version(place: _Place, record: Any, row: Any, words: list[str]) -> Mention:
    said = {"what": place.what(record), "number": row.number}
    href = place.version(record, row) if place.version else ""
    return Mention(href, _("%(what)s, earlier version %(number)d") % said, listed(words))
