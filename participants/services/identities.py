"""Who a person is: written down by whoever adds the person, opened deliberately, erased with a reason.

Nothing here is kept in a history: an identity that was corrected or erased is gone.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from confidentiality import noted, policy
from confidentiality.codes import Action
from confidentiality.fields import if_it_opens, only_text
from confidentiality.records import Stale, hold, save
from initiatives.models import Initiative
from initiatives.models.conflict import normalised
from initiatives.services.turns import take_turn
from participants.models import Participation, Person, PersonIdentity
from participants.models.person import NAME_LENGTH
from participants.services.history import keep_person

IDENTITY_FIELDS = ("name", "other_names", "birth_year", "contacts", "affiliation")
MOST_NAMES = 30
EARLIEST_BIRTH = 1900
# First word of the Unicode name of a letter, and the code of its script in ISO 15924.
SCRIPTS: Mapping[str, str] = {
    "LATIN": "Latn",
    "ARABIC": "Arab",
    "CYRILLIC": "Cyrl",
    "HEBREW": "Hebr",
    "GREEK": "Grek",
    "ARMENIAN": "Armn",
    "GEORGIAN": "Geor",
    "DEVANAGARI": "Deva",
    "ETHIOPIC": "Ethi",
    "CJK": "Hani",
    "HANGUL": "Hang",
    "HIRAGANA": "Hira",
    "KATAKANA": "Kana",
    "THAI": "Thai",
    "SYRIAC": "Syrc",
    "TIFINAGH": "Tfng",
}


def script_of(name: str) -> str:
    """The script of a name by its first letter; nothing where it is not one of the known."""
    letter = next((letter for letter in name if letter.isalpha()), "")
    return SCRIPTS.get(unicodedata.name(letter, "").split(" ")[0], "") if letter else ""


@transaction.atomic
def open_identity(*, by: User, person: Person) -> PersonIdentity | None:
    """Who somebody is, for those who may know it; None where nobody has written it down. A deliberate act: every
    field is opened here, which is told of, and never as a by-product of a list."""
    policy.require(by, Action.OPEN_IDENTITY, person)
    identity = PersonIdentity.objects.visible_to(by).filter(person=person).first()
    if identity is not None:
        for name in IDENTITY_FIELDS:
            if_it_opens(identity, name)
        # Their teams read of it in their own chains, beside the participation.
        for part in Participation.objects.visible_to(by).filter(person=person):
            noted.opened(part.initiative_id, identity)
    return identity


def names_inside(*, by: User, initiative: Initiative) -> dict[str, list[str]]:
    """{normalised name: pseudonyms} of those who take part, as far as `by` may open who they are and it opens.

    To know somebody again before they are written down twice; nothing of it is shown but a pseudonym.
    """
    inside = Participation.objects.visible_to(by).filter(initiative=initiative).values("person_id")
    found: dict[str, list[str]] = {}
    known = PersonIdentity.objects.visible_to(by).filter(person__in=inside).select_related("person")
    with noted.looking_through():
        for one in known.order_by("created_at"):
            if name := if_it_opens(one, "name"):
                found.setdefault(normalised(name), []).append(one.person.pseudonym)
    return found


@transaction.atomic
def write_identity(*, by: User, person: Person, version: int | None = None, **fields: Any) -> PersonIdentity:
    """Write down or correct who somebody is: any of IDENTITY_FIELDS. `version`: that was read, 0 for none."""
    policy.require(by, Action.EDIT_IDENTITY, person)
    take_turn("identity", person.pk)
    policy.require(by, Action.EDIT_IDENTITY, person)  # Again: the turn was waited for.
    found = PersonIdentity.objects.filter(person=person).first()
    if found is None:
        if version:
            raise Stale(0)
        identity = first_identity(person, fields)
    else:
        identity = hold(PersonIdentity, found.pk, version)
        given = _cleaned(fields)
        if all(if_it_opens(identity, name) == value for name, value in given.items()):
            return identity
        _refuse_taking_away(identity, given)
        for name, value in given.items():
            setattr(identity, name, value)
        save(identity)
    _tell(by, person)
    return identity


@transaction.atomic
def erase_identity(*, by: User, person: Person, reason: str) -> None:
    """Destroy what is written of who somebody is. The pseudonym and what hangs on it stay; the reason is kept."""
    policy.require(by, Action.EDIT_IDENTITY, person)
    if not reason.strip():
        raise ValidationError({"reason": _("Say why: it is kept in the history of the person.")})
    take_turn("identity", person.pk)
    policy.require(by, Action.EDIT_IDENTITY, person)
    _refuse_borrowed(person)
    if PersonIdentity.objects.filter(person=person).delete()[0]:
        _tell(by, person, reason.strip())


def _refuse_taking_away(identity: PersonIdentity, given: Mapping[str, Any]) -> None:
    """What stood there is kept nowhere. Another team's person is added to, not written over; and to take everything out
    is to erase, which has a reason."""
    after = {name: given.get(name, if_it_opens(identity, name)) for name in IDENTITY_FIELDS}
    if not any(after.values()):
        text = _("To take everything out, erase the identity and say why.")
        raise ValidationError({"name": text})
    gone = [name for name, value in given.items() if (if_it_opens(identity, name) or value) != value]
    if gone and not _may_erase(identity.person):
        text = _(
            "Another team brought this person in: what is written stays, and you can add what is missing. Ask whoever "
            "keeps the register."
        )
        raise ValidationError(dict.fromkeys(gone, text))


def _may_erase(person: Person) -> bool:
    """It is gone for every team in which the person takes part: for the first of them, or the register, to decide.
    Which teams there are is not seen from here; the database knows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s IN (SELECT erasable_persons())", [person.pk])
        ((allowed,),) = cursor.fetchall()
    return bool(allowed)


def _refuse_borrowed(person: Person) -> None:
    if not _may_erase(person):
        text = _(
            "Another team brought this person in, and would lose the identity as well. Ask whoever keeps the register."
        )
        raise ValidationError({"reason": text})


def first_identity(person: Person, fields: Mapping[str, Any]) -> PersonIdentity:
    """The identity of a person who has none; for services that have asked the policy."""
    identity = PersonIdentity(organisation=person.organisation, person=person, **_cleaned(fields))
    save(identity)
    return identity


def _tell(by: User, person: Person, reason: str = "") -> None:
    """The history of the person says that the identity changed, never how."""
    held = hold(Person, person.pk, None)
    save(held)
    keep_person(held, by=by, changed=["identity"], reason=reason)


def _cleaned(fields: Mapping[str, Any]) -> dict[str, Any]:
    if unknown := sorted(set(fields) - set(IDENTITY_FIELDS)):
        raise TypeError(f"unknown fields: {', '.join(unknown)}")
    given = dict(fields)
    errors: dict[str, Any] = {}
    year = given.get("birth_year", "")
    if year and not (
        year.isascii() and year.isdigit() and EARLIEST_BIRTH <= int(year) <= timezone.localdate().year
    ):
        errors["birth_year"] = _("Expected a year of four digits, not in the future.")
    if "other_names" in given:
        given["other_names"] = _names(given["other_names"], errors)
    if errors:
        raise ValidationError(errors)
    return given


def _names(names: Any, errors: dict[str, Any]) -> list[dict[str, str]]:
    """Names, each as {"name", "script"}; the script is found out where it is not given."""
    found = []
    for entry in names:
        text = " ".join(str(entry.get("name", "")).split())
        if text:
            found.append({"name": text, "script": entry.get("script") or script_of(text)})
    if len(found) > MOST_NAMES or any(len(entry["name"]) > NAME_LENGTH for entry in found):
        errors["other_names"] = _("At most 30 names of at most 200 characters.")
    try:
        for entry in found:
            only_text(entry["name"])
    except ValidationError as error:
        errors["other_names"] = error
    return found
