"""Explicit makers of test data. They write rows directly, without services, as whoever acts at the moment."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

from django.utils import timezone

from accounts.models import Membership, Organisation, User
from confidentiality.models import AuditEvent
from coordination.models import CoordinationLink, OverlapFlag
from initiatives import codenames
from initiatives.enums import OrganisationRole
from initiatives.models import (
    Brief,
    BriefRevision,
    CircleDeclaration,
    Conflict,
    CoordinatorMandate,
    Deadline,
    Draft,
    GroundRules,
    GroundRulesAssent,
    Initiative,
    InitiativeOrganisation,
    InitiativeParty,
    OfficialTrack,
    Party,
    PurgeRequest,
    Retention,
    TeamMember,
    Tombstone,
)
from initiatives.models.conflict import normalised

PASSWORD = "a-long-test-password"
_number = count(1)


def make_user(name: str = "Ann", **fields: Any) -> User:
    email = fields.pop("email", f"{name.lower()}{next(_number)}@test.example")
    return User.objects.create_user(email=email, password=PASSWORD, name=name, **fields)


def make_organisation(name: str = "", *, vetted: bool = True, **fields: Any) -> Organisation:
    return Organisation.objects.create(
        name=name or f"Organisation {next(_number)}", vetted_at=timezone.now() if vetted else None, **fields
    )


def make_membership(user: User, organisation: Organisation, role: str = "member") -> Membership:
    """For long: a new owner opens nothing in an emergency."""
    membership = Membership.objects.create(user=user, organisation=organisation, role=role)
    long_ago = timezone.now() - timedelta(30)
    Membership.objects.filter(pk=membership.pk).update(updated_at=long_ago)
    user.forget_standing()
    return membership


def make_member_of(
    organisation: Organisation, name: str = "Ann", role: str = "member", **fields: Any
) -> User:
    """A new user who is a member of the organisation."""
    user = make_user(name, **fields)
    make_membership(user, organisation, role)
    return user


def make_conflict(name: str = "", parent: Conflict | None = None, **fields: Any) -> Conflict:
    conflict = Conflict(name=name or f"Conflict {next(_number)}", parent=parent, **fields)
    conflict.place()
    conflict.save()
    return conflict


def make_party(conflict: Conflict, name: str = "", parent: Party | None = None) -> Party:
    name = name or f"Party {next(_number)}"
    return Party.objects.create(
        conflict_id=conflict.root_id, name=name, normalised_name=normalised(name), parent=parent
    )


def make_track(conflict: Conflict, name: str = "Official talks", **fields: Any) -> OfficialTrack:
    return OfficialTrack.objects.create(conflict=conflict, name=name, **fields)


def make_deadline(
    conflict: Conflict, name: str = "Mandate expires", due_on: date = date(2030, 1, 1)
) -> Deadline:
    return Deadline.objects.create(conflict=conflict, name=name, due_on=due_on)


def make_initiative(
    conflict: Conflict,
    organisation: Organisation,
    *,
    lead: User | None = None,
    parties: tuple[Party, ...] = (),
    **fields: Any,
) -> Initiative:
    """A card convened and registered by the organisation; with a team when a lead is given."""
    card = {
        "codename": codenames.draw(),
        "track_type": "t2_hard",
        "status": "active",
        "matching": "on",
        "began_on": date(2024, 1, 1),
        "began_precision": "year",
    } | fields
    initiative = Initiative.objects.create(
        conflict=conflict, registered_by=organisation, created_by=lead, **card
    )
    InitiativeOrganisation.objects.create(
        initiative=initiative, organisation=organisation, role=OrganisationRole.CONVENER
    )
    for party in parties:
        InitiativeParty.objects.create(initiative=initiative, party=party)
    if lead:
        make_member(initiative, lead, "lead")
    return initiative


def make_member(
    initiative: Initiative,
    user: User,
    role: str = "facilitator",
    expires_at: datetime | None = None,
    **fields: Any,
) -> TeamMember:
    return TeamMember.objects.create(
        initiative=initiative, user=user, role=role, expires_at=expires_at, **fields
    )


def make_partner(initiative: Initiative, organisation: Organisation) -> InitiativeOrganisation:
    return InitiativeOrganisation.objects.create(
        initiative=initiative, organisation=organisation, role=OrganisationRole.PARTNER
    )


def make_mandate(user: User, conflict: Conflict | None = None) -> CoordinatorMandate:
    return CoordinatorMandate.objects.create(user=user, conflict=conflict)


def make_declaration(
    organisation: Organisation, conflict: Conflict, *, confirmed: bool = True
) -> CircleDeclaration:
    return CircleDeclaration.objects.create(
        organisation=organisation, conflict=conflict, confirmed_at=timezone.now() if confirmed else None
    )


def ordered(one: Initiative, other: Initiative) -> tuple[Initiative, Initiative]:
    """A pair as it is stored: by id."""
    return (one, other) if one.pk < other.pk else (other, one)


def make_flag(one: Initiative, other: Initiative, **fields: Any) -> OverlapFlag:
    first, second = ordered(one, other)
    factors = {
        "themes": {"points": 8, "shared": 2, "union": 2},
        "parties": {"points": 3, "shared": 2, "smaller": 2},
        "time": {"points": 2, "shared_days": 366, "shorter_days": 366, "open": False},
        "conflict": {"points": 2, "distance": 0},
        "track_type": {"points": 1, "equal": True},
    }
    stored = {
        "kinds": ["same_conflict_same_goal"],
        "band": "flag",
        "points": 16,
        "factors": factors,
        "table_version": 1,
        "fingerprint": "f" * 64,
    } | fields
    return OverlapFlag.objects.create(first_id=first.pk, second_id=second.pk, **stored)


def make_link(one: Initiative, other: Initiative, **fields: Any) -> CoordinationLink:
    first, second = ordered(one, other)
    return CoordinationLink.objects.create(
        first=first, second=second, **{"mechanism": "information_sharing"} | fields
    )


def make_brief(initiative: Initiative, by: User, **texts: str) -> Brief:
    """A brief in its first version, with the revision that keeps it."""
    brief = Brief(
        initiative=initiative,
        **{"title": "Tea at the weir", "objective": "Gauges that both sides read"} | texts,
    )
    brief.save()
    fields = ("title", "objective", "guiding_theory", "criteria_and_roles", "legal_note", "exit_plan")
    kept = {"fields": {name: getattr(brief, name) for name in fields}, "changed": list(texts) or ["title"]}
    BriefRevision(initiative=initiative, number=brief.version, by=by, kept=kept).save()
    return brief


def make_retention(initiative: Initiative, by: User, **fields: Any) -> Retention:
    """Kept until a day that is far."""
    retention = Retention(initiative=initiative, set_by=by, **{"keep_until": date(2199, 1, 1)} | fields)
    retention.save()
    return retention


def make_rules(
    initiative: Initiative, by: User, text: str = "Nobody is quoted.", number: int = 1
) -> GroundRules:
    rules = GroundRules(
        initiative=initiative, by=by, text=text, number=number, adopted_on=date(2026, 1, number)
    )
    rules.save()
    return rules


def make_assent(rules: GroundRules, by: User, who: str = "Kestrel") -> GroundRulesAssent:
    assent = GroundRulesAssent(
        initiative=rules.initiative, rules=rules, by=by, who=who, assented_on=date(2026, 2, 1)
    )
    assent.save()
    return assent


def make_purge_request(initiative: Initiative, by: User, **fields: Any) -> PurgeRequest:
    return PurgeRequest.objects.create(
        initiative=initiative, asked_by=by, **{"reason": "retention_ended"} | fields
    )


def make_event(initiative: Initiative, by: User, **fields: Any) -> AuditEvent:
    """At the end of the initiative's chain; the database says where that is."""
    stored = {"action": "open", "route": "initiatives:brief", "records": [uuid4()], "position": 0} | fields
    made = AuditEvent.objects.create(stream=initiative.pk, actor=str(by.pk), **stored)
    return AuditEvent.objects.get(pk=made.pk)


def make_tombstone(asked_by: User, confirmed_by: User, **fields: Any) -> Tombstone:
    """Of something that was purged a while ago, and that nobody else led."""
    then = timezone.now() - timedelta(days=1)
    stored = {
        "purged_id": uuid4(),
        "reason": "retention_ended",
        "asked_at": then,
        "confirmed_at": then,
        "rows_gone_at": then,
        "purged_at": then,
        "readers": [asked_by.pk, confirmed_by.pk],
    } | fields
    return Tombstone.objects.create(asked_by=asked_by, confirmed_by=confirmed_by, **stored)


def make_draft(
    user: User, place: str = "brief", *, data: dict[str, list[str]] | None = None, **about: Any
) -> Draft:
    draft = Draft(user=user, place=place, data=data or {"title": ["Half a title"], "version": ["0"]}, **about)
    draft.save()
    return draft
