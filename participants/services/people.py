"""Persons of a register: adding them, and changing what is known of them beside their identity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Organisation, User
from confidentiality import policy
from confidentiality.codes import Action
from confidentiality.records import hold, save
from confidentiality.words import listed
from initiatives.models import Initiative, Party
from initiatives.models.conflict import normalised
from initiatives.services.overriding import doubt
from participants import pseudonyms
from participants.enums import Background, ParticipationStatus
from participants.models import Participation, Person
from participants.services.history import keep_participation, keep_person
from participants.services.identities import first_identity, names_inside

TAKING_PART = (ParticipationStatus.INVITED, ParticipationStatus.ACCEPTED, ParticipationStatus.ATTENDED)
EDITED = ("party", "background")


@transaction.atomic
def add_person(
    *,
    by: User,
    initiative: Initiative | None = None,
    organisation: Organisation | None = None,
    party: Party | None = None,
    background: str = Background.UNKNOWN,
    identity: Mapping[str, Any] | None = None,
    override_reason: str = "",
    known: Mapping[str, Sequence[str]] | None = None,
    **participation: Any,
) -> Person:
    """Add a person to a register, under a pseudonym that is drawn: as taking part in an initiative of one's own, or,
    by those who keep the register, without one.

    `identity`: fields of PersonIdentity; whoever adds a person may write down who it is, and need not be allowed to
    read it afterwards. `participation`: role, capacity, status, consents, withdrew_on, note. `known`: names inside, as
    `names_inside` gives them, for whoever has compared already. A name that somebody bears who takes part is doubted.
    """
    if initiative is None:
        if organisation is None:
            raise TypeError("an initiative or an organisation")
        policy.require(by, Action.EDIT_PEOPLE, Person(organisation=organisation))
        if participation:
            raise TypeError("a participation needs an initiative")
    else:
        policy.require(by, Action.EDIT_PEOPLE, Participation(initiative=initiative))
        organisation = initiative.registered_by
        _refuse_foreign_side(party, {initiative.conflict.root_id})
        _doubt_known_name(by, initiative, identity or {}, known, override_reason)
    taken = Person.objects.visible_to(by).filter(organisation=organisation)
    person = Person(
        organisation=organisation,
        pseudonym=pseudonyms.draw(set(taken.values_list("pseudonym", flat=True))),
        party=party,
        background=background,
    )
    if initiative is not None:
        # First, although the person is not there yet: the database lets those who log add whoever takes part.
        part = Participation(initiative=initiative, person=person, **participation)
        save(part)
        keep_participation(part, by=by, changed=["status"], reason=override_reason)
    save(person)
    keep_person(person, by=by, changed=[*EDITED, *(["identity"] if identity else [])])
    if identity:
        first_identity(person, identity)
    return person


@transaction.atomic
def edit_person(
    *,
    by: User,
    person: Person,
    version: int | None = None,
    override_reason: str = "",
    **fields: Any,
) -> Person:
    """Change the side or the background. What stands already changes nothing.

    A person who takes part for one side is not moved to another without a reason.
    """
    policy.require(by, Action.EDIT_PEOPLE, person)
    if unknown := sorted(set(fields) - set(EDITED)):
        raise TypeError(f"unknown fields: {', '.join(unknown)}")
    person = hold(Person, person.pk, version)
    changed = [name for name, value in fields.items() if getattr(person, name) != value]
    if not changed:
        return person
    if "party" in changed:
        parts = list(
            Participation.objects.visible_to(by).filter(person=person).select_related("initiative__conflict")
        )
        _refuse_foreign_side(fields["party"], {part.initiative.conflict.root_id for part in parts})
        _doubt_new_side(by, person, parts, override_reason)
    for name in changed:
        setattr(person, name, fields[name])
    save(person)
    keep_person(person, by=by, changed=changed, reason=override_reason)
    return person


def _refuse_foreign_side(party: Party | None, roots: set[Any]) -> None:
    """A side belongs to the conflict at the root of its tree, and so do the initiatives on anything below it."""
    if party is not None and roots and party.conflict_id not in roots:
        raise ValidationError({"party": _("This party belongs to another conflict.")})


def _doubt_known_name(
    by: User,
    initiative: Initiative,
    identity: Mapping[str, Any],
    known: Mapping[str, Sequence[str]] | None,
    reason: str,
) -> None:
    """The same person entered twice, perhaps on two sides; or a namesake. Told to those who may open identities."""
    name = normalised(str(identity.get("name", "")))
    if not name:
        return
    if there := (names_inside(by=by, initiative=initiative) if known is None else known).get(name):
        text = _("%(person)s, who takes part already, bears this name. Is it somebody else?")
        doubt({"name": text % {"person": listed(there)}}, reason, by=by, about="person")


def _doubt_new_side(by: User, person: Person, parts: Iterable[Participation], reason: str) -> None:
    number = sum(part.status in TAKING_PART for part in parts)
    if person.party is None or not number:
        return
    text = ngettext(
        "Takes part for %(side)s in %(number)d initiative: with another side, the same person would have been on two.",
        "Takes part for %(side)s in %(number)d initiatives: with another side, the same person would have been on two.",
        number,
    )
    doubt({"party": text % {"side": person.party.name, "number": number}}, reason, by=by, about="person")


def sides_of(initiative: Initiative) -> list[Party]:
    """Sides that a person of this initiative may be on: those of the card first, then the others of the conflict."""
    named = set(initiative.sides.values_list("party_id", flat=True))
    parties = Party.objects.filter(conflict=initiative.conflict.root_id)
    return sorted(parties, key=lambda party: (party.pk not in named, party.normalised_name))
