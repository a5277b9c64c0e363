"""Opening an initiative and changing its card."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Organisation, User
from confidentiality import policy
from confidentiality.codes import Action, TeamRole, Visibility
from confidentiality.records import hold, save
from confidentiality.words import listed
from initiatives import codenames
from initiatives.enums import InitiativeStatus, Matching, OrganisationRole, Precision
from initiatives.models import (
    Conflict,
    Initiative,
    InitiativeOrganisation,
    InitiativeParty,
    Party,
    TeamMember,
)
from initiatives.services.overriding import concerning, doubt
from initiatives.services.reach import require_reach
from initiatives.services.rules import tells_of_people
from initiatives.signals import initiative_changed

# The fields of a card that its editors write as they stand. Visibility, status and team have services of their own.
CARD_FIELDS = (
    "codename",
    "public_line",
    "conflict",
    "track_type",
    "definition_school",
    "modality",
    "themes",
    "countries",
    "began_on",
    "began_precision",
    "ended_on",
    "ended_precision",
    "matching",
    "official_relation",
    "official_relation_on",
    "timing_basis",
    "timing_basis_on",
)
# Of these its team's own words, which others read.
SAID = ("codename", "public_line")
PUBLIC_RECORD_FIELDS = ("title", "source", "confidence")
ROLES_BY_FIELD = {
    "co_conveners": OrganisationRole.CO_CONVENER,
    "funders": OrganisationRole.FUNDER,
    "hosts": OrganisationRole.HOST,
    "partners": OrganisationRole.PARTNER,
}


@transaction.atomic
def open_initiative(
    *,
    by: User,
    conflict: Conflict,
    registered_by: Organisation,
    matching: str = "",
    visibility: str = Visibility.TEAM,
    status: str = InitiativeStatus.IDEA,
    codename: str = "",
    parties: Iterable[Party] = (),
    convener: Organisation | None = None,
    successor: User | None = None,
    **card: Any,
) -> Initiative:
    """Open an initiative in the name of one of one's vetted organisations; the opener becomes its lead.

    `matching` has no default: whoever opens an initiative decides whether it is compared. Further keywords are
    the fields of CARD_FIELDS and the organisation roles of ROLES_BY_FIELD.
    """
    policy.require(by, Action.OPEN_INITIATIVE, registered_by)
    policy.require(by, Action.READ_REFERENCE, conflict)
    require_reach(by, conflict)
    _refuse_unknown(card, {*CARD_FIELDS, *ROLES_BY_FIELD})
    if matching not in Matching.values:
        raise ValidationError({"matching": _("Choose on or off: nobody decides this for you.")})
    if "track_type" not in card:
        raise ValidationError({"track_type": _("Choose a track type.")})
    initiative = Initiative(
        created_by=by,
        registered_by=registered_by,
        conflict=conflict,
        matching=matching,
        visibility=visibility,
        status=status,
        codename=codename.strip() or codenames.draw(),
        successor=successor,
        **{name: value for name, value in card.items() if name in CARD_FIELDS},
    )
    _require_own(by, registered_by, convener)
    save(initiative)
    save(TeamMember(initiative=initiative, user=by, role=TeamRole.LEAD, added_by=by))
    set_parties(initiative, parties)
    set_organisations(initiative, OrganisationRole.CONVENER, [convener or registered_by])
    for field, role in ROLES_BY_FIELD.items():
        if card.get(field):
            set_organisations(initiative, role, card[field])
    require_partners(initiative)
    _check_successor(initiative)
    initiative_changed.send(Initiative, initiative_ids=[initiative.pk])
    return initiative


@transaction.atomic
def edit_initiative(
    *, by: User, initiative: Initiative, version: int | None = None, override_reason: str = "", **changes: Any
) -> Initiative:
    """Change the card. Takes any of CARD_FIELDS, `parties`, `convener`, and co_conveners, funders, hosts.

    A card of the public record also takes title, source and confidence. Raises Doubt where its words say who takes
    part.
    """
    policy.require(by, Action.EDIT_CARD, initiative)
    initiative = hold(Initiative, initiative.pk, version)
    policy.require(by, Action.EDIT_CARD, initiative)  # Again: the lock may have been waited for.
    fields = (*CARD_FIELDS, *(PUBLIC_RECORD_FIELDS if initiative.public_record else ()))
    roles = {field: role for field, role in ROLES_BY_FIELD.items() if field != "partners"}
    _refuse_unknown(changes, {*fields, "parties", "convener", *roles})
    if "conflict" in changes:
        policy.require(by, Action.READ_REFERENCE, changes["conflict"])
        require_reach(by, changes["conflict"])
    said = {
        name: changes[name] for name in SAID if name in changes and changes[name] != getattr(initiative, name)
    }
    doubt(tells_of_people(by, initiative, said), override_reason, by=by, about=concerning("card", initiative))
    for name in fields:
        if name in changes:
            setattr(initiative, name, changes[name])
    save(initiative)
    parties = changes.get("parties")
    set_parties(initiative, initiative.parties.all() if parties is None else parties)
    if changes.get("convener"):
        _require_own(by, initiative.registered_by, changes["convener"], initiative)
        set_organisations(initiative, OrganisationRole.CONVENER, [changes["convener"]])
    for field, role in roles.items():
        if field in changes:
            set_organisations(initiative, role, changes[field])
    initiative_changed.send(Initiative, initiative_ids=[initiative.pk])
    return initiative


@transaction.atomic
def change_status(
    *,
    by: User,
    initiative: Initiative,
    status: str,
    version: int | None = None,
    ended_on: Any = None,
    ended_precision: str = Precision.DAY,
) -> Initiative:
    """Move an initiative to another status; an end given here is stored with it."""
    policy.require(by, Action.EDIT_CARD, initiative)
    initiative = hold(Initiative, initiative.pk, version)
    policy.require(by, Action.EDIT_CARD, initiative)
    initiative.status = status
    if ended_on is not None:
        initiative.ended_on, initiative.ended_precision = ended_on, ended_precision
    save(initiative)
    initiative_changed.send(Initiative, initiative_ids=[initiative.pk])
    return initiative


def set_parties(initiative: Initiative, parties: Iterable[Party]) -> None:
    """Name exactly these parties; each must be at the root of the initiative's conflict."""
    wanted = {party.pk: party for party in parties}
    strange = [party.name for party in wanted.values() if party.conflict_id != initiative.conflict.root_id]
    if strange:
        text = _("Not a party of this conflict: %(names)s.") % {"names": listed(sorted(strange))}
        raise ValidationError({"parties": text})
    _replace(InitiativeParty, initiative, "party_id", set(wanted), {})


def set_organisations(initiative: Initiative, role: str, organisations: Iterable[Organisation]) -> None:
    """Name exactly these organisations in this role. Partners read the card, so they have to be vetted."""
    chosen = list(organisations)
    unvetted = sorted(organisation.name for organisation in chosen if not organisation.is_vetted)
    if role == OrganisationRole.PARTNER and unvetted:
        text = _("Not a vetted organisation: %(names)s.") % {"names": listed(unvetted)}
        raise ValidationError({"partners": text})
    wanted = {organisation.pk for organisation in chosen}
    _replace(InitiativeOrganisation, initiative, "organisation_id", wanted, {"role": role})


def require_partners(initiative: Initiative) -> None:
    """Visibility `partners` without a partner would be a card that says more than it does."""
    named = initiative.named.filter(role=OrganisationRole.PARTNER)
    if initiative.visibility == Visibility.PARTNERS and not named.exists():
        raise ValidationError({"partners": _("Name at least one partner, or choose another visibility.")})


def _require_own(
    by: User, registered_by: Organisation, convener: Organisation | None, initiative: Initiative | None = None
) -> None:
    """Nobody names another organisation as the convener: it would lock out that one's coordinators, and more.

    The convener that stands on the card may stay.
    """
    own = {None, registered_by.pk, *by.organisation_ids()}
    if initiative is not None:
        named = initiative.named.filter(role=OrganisationRole.CONVENER)
        own |= set(named.values_list("organisation", flat=True))
    if getattr(convener, "pk", None) not in own:
        raise ValidationError(
            {"convener": _("Choose one of your own organisations; name others as co-conveners.")}
        )


def _replace(
    model: Any, initiative: Initiative, key: str, wanted: set[UUID], fixed: Mapping[str, Any]
) -> None:
    rows = model.objects.filter(initiative=initiative, **fixed)
    present = set(rows.values_list(key, flat=True))
    if present - wanted:
        rows.filter(**{f"{key}__in": present - wanted}).delete()
    model.objects.bulk_create(
        model(initiative=initiative, **{key: pk}, **fixed) for pk in sorted(wanted - present)
    )


def _check_successor(initiative: Initiative) -> None:
    if initiative.successor_id and initiative.successor_id == initiative.created_by_id:
        raise ValidationError({"successor": _("Name somebody else than the lead.")})


def _refuse_unknown(given: Mapping[str, Any], known: set[str]) -> None:
    """A caller's spelling mistake must not silently change nothing."""
    if unknown := sorted(set(given) - known):
        raise TypeError(f"unknown fields: {unknown}")
