"""Asking for a purge, the second person's word, and taking it back.

A purge takes two people, and nothing here destroys anything: what two agreed on is carried out by purging.py, in the
worker, as a database role that the pages cannot take on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connection, models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.enums import MembershipRole
from accounts.models import Membership, User
from confidentiality import hints, policy
from confidentiality.codes import Action, TeamRole
from confidentiality.records import hold, save
from confidentiality.wall import DATABASE_CASCADE
from initiatives.enums import OrganisationRole, PurgeState
from initiatives.models import Initiative, PurgeRequest, TeamMember
from initiatives.models.purging import WINDOW
from initiatives.services.brief import entitle, titles_of
from initiatives.services.turns import take_turn

TASK = "initiatives.tasks.purge_due"


@dataclass(frozen=True, slots=True)
class SecondPersons:
    """Who may confirm a purge. Either others who lead or facilitate, or, where there is none, owners to choose from.

    An owner of the convening organisation knows nothing of the initiative until a lead lets one of them in on it.
    """

    members: list[TeamMember]
    owners: list[Membership]


def second_persons(*, by: User, initiative: Initiative) -> SecondPersons:
    """Who may give the second word when this lead asks."""
    policy.require(by, Action.ASK_PURGE, initiative)
    roles = (TeamRole.LEAD, TeamRole.FACILITATOR)
    stays = {"initiative": initiative, "role__in": roles, "in_emergency": False}
    team = TeamMember.objects.visible_to(by).live().filter(**stays)
    members = list(team.filter(user__is_active=True).exclude(user=by).select_related("user"))
    if members:
        return SecondPersons(members, [])
    conveners = initiative.named.filter(role=OrganisationRole.CONVENER).values("organisation")
    owners = Membership.objects.active().filter(organisation__in=conveners, role=MembershipRole.OWNER)
    owners = owners.filter(user__is_active=True).exclude(user=by).select_related("user", "organisation")
    return SecondPersons([], list(owners.order_by("user__name")))


@transaction.atomic
def ask_purge(
    *, by: User, initiative: Initiative, reason: str, asked_of: Membership | None = None
) -> PurgeRequest:
    """Ask that an initiative be purged. Nothing is destroyed until somebody else confirms it.

    `asked_of`: the owner who is let in on it, one of `second_persons(...).owners`; only where nobody else on the
    team can confirm.
    """
    policy.require(by, Action.ASK_PURGE, initiative)
    take_turn("purge", initiative.pk)
    policy.require(by, Action.ASK_PURGE, initiative)  # Again: the turn was waited for.
    _make_way(by, initiative)
    owner = _chosen_owner(second_persons(by=by, initiative=initiative), asked_of)
    request = PurgeRequest(
        initiative=initiative,
        reason=reason,
        asked_by=by,
        asked_of=owner.user if owner else None,
        organisation=owner.organisation if owner else None,
    )
    save(request)
    return request


def _make_way(by: User, initiative: Initiative) -> None:
    """One request at a time; one that nobody confirmed in time makes way."""
    standing = PurgeRequest.objects.open().filter(initiative=initiative).first()
    if standing is None:
        return
    if not standing.has_lapsed:
        raise ValidationError(_("Somebody has asked for this already."))
    _cancel(standing, by)


def _chosen_owner(persons: SecondPersons, asked_of: Membership | None) -> Membership | None:
    if persons.members:
        if asked_of is not None:
            text = _("Somebody on the team can confirm this: nobody else needs to know of the initiative.")
            raise ValidationError({"asked_of": text})
        return None
    if asked_of is None or asked_of.pk not in {owner.pk for owner in persons.owners}:
        raise ValidationError({"asked_of": _("Choose who is to confirm it.")})
    return asked_of


@transaction.atomic
def confirm_purge(*, by: User, request: PurgeRequest, name: str, version: int | None = None) -> PurgeRequest:
    """Give the second word. `name`: what the initiative is called, typed in; its codename or its title.

    Where the reason cannot wait it begins at once, else when the window is over.
    """
    policy.require(by, Action.CONFIRM_PURGE, request)
    take_turn("purge", request.initiative_id)
    request = hold(PurgeRequest, request.pk, version)
    policy.require(by, Action.CONFIRM_PURGE, request)
    if request.state != PurgeState.ASKED:
        raise ValidationError(_("Somebody else has confirmed this already."))
    _refuse_what_lapsed(request)
    if request.asked_of_id == by.pk and request.organisation_id not in by.owned_organisation_ids():
        raise ValidationError(_("You do not speak for the convening organisation any more."))
    if not is_called(by=by, request=request, name=name):
        raise ValidationError({"name": _("It is called otherwise. Type its codename or its title.")})
    now = timezone.now()
    request.state, request.confirmed_by, request.confirmed_at = PurgeState.CONFIRMED, by, now
    request.due_at = begins_at(request, now)
    save(request)
    if request.is_due:
        transaction.on_commit(hint, robust=True)
    return request


def begins_at(request: PurgeRequest, confirmed_at: datetime) -> datetime:
    """When a purge begins that is confirmed at this time."""
    return confirmed_at if request.at_once else confirmed_at + WINDOW


def _refuse_what_lapsed(request: PurgeRequest) -> None:
    if request.has_lapsed:
        raise ValidationError(_("This was asked too long ago. Whoever leads the team can ask anew."))
    # The second person may be no member of the team, so the database is asked.
    if not _asked("SELECT purge_asker_leads(%s)", request.pk):
        raise ValidationError(_("Who asked for this does not lead the team any more. A lead can ask anew."))


def is_called(*, by: User, request: PurgeRequest, name: str) -> bool:
    """Whether the name is that of the initiative: its codename, or for the team also its title."""
    typed = " ".join(name.split())
    initiative = Initiative.objects.of_team(by).filter(pk=request.initiative_id).first()
    if initiative is None:
        # Somebody outside the team sees no card. Who asked tells the codename; the database says yes or no.
        return _asked("SELECT purge_is_called(%s, %s)", request.pk, typed)
    names = [initiative.codename, *titles_of(by=by, initiatives=[initiative.pk]).values()]
    return typed.casefold() in {" ".join(each.split()).casefold() for each in names}


def _asked(question: str, *values: UUID | str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(question, list(values))
        (answer,) = cursor.fetchone()
    return bool(answer)


@transaction.atomic
def cancel_purge(*, by: User, request: PurgeRequest, version: int | None = None) -> PurgeRequest:
    """Take a request or a confirmation back, until the purge begins. Any lead may, and the two concerned."""
    policy.require(by, Action.CANCEL_PURGE, request)
    take_turn("purge", request.initiative_id)
    request = hold(PurgeRequest, request.pk, version)
    policy.require(by, Action.CANCEL_PURGE, request)
    if request.is_due:
        raise ValidationError(_("It is too late: the purge has begun."))
    return _cancel(request, by)


def _cancel(request: PurgeRequest, by: User) -> PurgeRequest:
    request.state, request.cancelled_by, request.cancelled_at = PurgeState.CANCELLED, by, timezone.now()
    save(request)
    return request


def open_request(*, by: User, initiative: Initiative) -> PurgeRequest | None:
    """The request that stands, as its team sees it."""
    seen = PurgeRequest.objects.visible_to(by).open().filter(initiative=initiative)
    found = seen.select_related("asked_by", "confirmed_by", "asked_of", "organisation").first()
    return found if found is not None and found.is_open else None


def with_cards(*, by: User, requests: list[PurgeRequest]) -> None:
    """Give each request its `card`, called by its title, where the reader is on the team; else None.

    Not by a join: who was asked from outside the team would see no request either.
    """
    of_team = Initiative.objects.of_team(by).select_related("conflict")
    cards = of_team.in_bulk([request.initiative_id for request in requests]) if requests else {}
    entitle(by=by, initiatives=cards.values())
    for request in requests:
        request.card = cards.get(request.initiative_id)


def what_would_go(*, by: User, initiative: Initiative) -> list[tuple[type[models.Model], int]]:
    """How much of each kind a purge would take along, as far as the reader sees it: (model, number), most first.

    Overlaps that coordinators see, and unfinished forms of others, go too and are not counted: no reader sees them.
    """
    if initiative.standing_of(by).team_role is None:
        return []
    counted = [(model, _number(model, by, initiative)) for model in _hanging_on(Initiative)]
    return sorted(((model, number) for model, number in counted if number), key=lambda pair: -pair[1])


def _hanging_on(target: type[models.Model]) -> list[type[models.Model]]:
    """Models whose rows the database deletes together with a card, and which say who reads them."""
    return [
        model
        for model in apps.get_models()
        if _ways(model, target)
        and model is not PurgeRequest
        and hasattr(model._default_manager.all(), "visible_to")
    ]


def _ways(model: type[models.Model], target: type[models.Model]) -> list[str]:
    return [
        field.name
        for field in model._meta.concrete_fields
        if field.related_model is target
        and getattr(field.remote_field, "on_delete", None) is DATABASE_CASCADE
    ]


def _number(model: Any, by: User, initiative: Initiative) -> int:
    belongs = Q()
    for name in _ways(model, Initiative):
        belongs |= Q(**{name: initiative})
    return int(model.objects.visible_to(by).filter(belongs).count())


def waiting_for(user: User) -> list[PurgeRequest]:
    """Requests to which this user may give the second word, and confirmed ones that this user may still stop."""
    seen = PurgeRequest.objects.visible_to(user).open().exclude(asked_by=user, state=PurgeState.ASKED)
    found = seen.select_related("asked_by", "confirmed_by", "organisation").order_by("asked_at")
    acts = {PurgeState.ASKED: Action.CONFIRM_PURGE, PurgeState.CONFIRMED: Action.CANCEL_PURGE}
    return [
        request
        for request in found
        if request.is_open and policy.may(user, acts[PurgeState(request.state)], request)
    ]


def hint() -> None:
    """Tell a worker that a purge is due. Only a hint: the sweep comes by within seconds."""
    hints.send(TASK)
