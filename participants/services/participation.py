"""Persons in initiatives: inviting somebody of the register, and how far the invitation is."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from confidentiality import policy
from confidentiality.codes import Action
from confidentiality.policy import Forbidden, Hidden
from confidentiality.records import hold, save
from initiatives.models import Initiative
from initiatives.services.overriding import doubt
from initiatives.services.turns import take_turn
from participants.enums import ParticipationStatus
from participants.models import Participation, Person
from participants.querysets import OPENING
from participants.services.history import PARTICIPATION_FIELDS, keep_participation


def invitable(*, by: User, initiative: Initiative) -> QuerySet[Person]:
    """Persons of the register whom one knows well enough to bring into this initiative, and who are not in it.

    A lead or facilitator opens the identities of those who take part, so they bring in only persons whose identity
    is open to them already: otherwise an invitation would be a key.
    """
    policy.require(by, Action.EDIT_PEOPLE, Participation(initiative=initiative))
    inside = Participation.objects.filter(initiative=initiative).values("person_id")
    register = Person.objects.filter(organisation=initiative.registered_by_id)
    return register.known_to(by, OPENING).exclude(pk__in=inside)


@transaction.atomic
def participate(
    *, by: User, initiative: Initiative, person: Person, override_reason: str = "", **fields: Any
) -> Participation:
    """Bring a person of the register into another initiative: role, capacity, status, consents, withdrew_on, note."""
    policy.require(by, Action.EDIT_PEOPLE, Participation(initiative=initiative))
    if not person.standing_of(by).visible:
        raise Hidden
    if person.organisation_id != initiative.registered_by_id:
        text = _("This person stands in the register of another organisation.")
        raise ValidationError({"person": text})
    take_turn("participation", initiative.pk)
    if Participation.objects.filter(initiative=initiative, person=person).exists():
        raise ValidationError({"person": _("This person takes part already.")})
    if not invitable(by=by, initiative=initiative).filter(pk=person.pk).exists():
        raise Forbidden(Action.OPEN_IDENTITY)
    _doubt_side(by, person, initiative, override_reason)
    participation = Participation(initiative=initiative, person=person, **fields)
    save(participation)
    keep_participation(participation, by=by, changed=["status"], reason=override_reason)
    return participation


def _doubt_side(by: User, person: Person, initiative: Initiative, reason: str) -> None:
    """Somebody of a side that the card does not name: perhaps on two sides, perhaps a guest."""
    if person.party is None:
        return
    named = set(initiative.sides.values_list("party_id", flat=True))
    own = {person.party_id, person.party.parent_id}
    if person.party.conflict_id == initiative.conflict.root_id and (own & named or not named):
        return
    text = _("%(person)s is on the side %(side)s, which is not among the parties of this initiative.")
    said = text % {"person": person.pseudonym, "side": person.party.name}
    doubt({"person": said}, reason, by=by, about="participation")


@transaction.atomic
def change_participation(
    *, by: User, participation: Participation, version: int | None = None, reason: str = "", **fields: Any
) -> Participation:
    """Change the role, capacity, status, consents, day of withdrawal or note. What stands changes nothing."""
    policy.require(by, Action.EDIT_PEOPLE, participation)
    if unknown := sorted(set(fields) - set(PARTICIPATION_FIELDS)):
        raise TypeError(f"unknown fields: {', '.join(unknown)}")
    held = hold(Participation, participation.pk, version)
    if fields.get("status", held.status) != ParticipationStatus.WITHDREW and "withdrew_on" not in fields:
        fields["withdrew_on"] = None  # Whoever is back has no day of withdrawal.
    changed = [name for name, value in fields.items() if getattr(held, name) != value]
    if not changed:
        return held
    for name in changed:
        setattr(held, name, fields[name])
    if "withdrew_on" in changed and held.withdrew_on and held.withdrew_on > timezone.localdate():
        raise ValidationError({"withdrew_on": _("This day has not come yet.")})
    save(held)
    keep_participation(held, by=by, changed=changed, reason=reason)
    return held
