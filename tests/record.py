"""Explicit makers of what is inside an initiative: sessions, people, outcomes, transfers. Rows, without services."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from itertools import count
from typing import Any
from uuid import UUID

from django.db.models import Model
from django.utils import timezone

from accounts.models import Organisation, User
from initiatives.models import Conflict, Initiative, Party, Session, SessionRevision
from initiatives.models.conflict import normalised
from participants.models import (
    Attendance,
    LiaisonMandate,
    OfficialBody,
    OfficialLink,
    OfficialLinkRevision,
    Participation,
    Person,
    PersonIdentity,
    SelectionRating,
)
from transfer.models import (
    Outcome,
    OutcomeRevision,
    Transfer,
    TransferRevision,
    TransferStance,
    UptakeStep,
)

_number = count(1)
# Kinds of records that make_record makes inside an initiative, by the names that tests give them.
INSIDE = (
    "session",
    "session_revision",
    "person",
    "participation",
    "attendance",
    "rating",
    "tie",
    "tie_revision",
    "outcome",
    "outcome_revision",
    "transfer",
    "transfer_revision",
    "step",
)


def make_session(initiative: Initiative, by: User, **fields: Any) -> Session:
    session = Session(
        initiative=initiative,
        by=by,
        **{"began_on": date(2026, 3, 4), "format": "workshop", "purpose": "Gauges", "next_step": "A map"}
        | fields,
    )
    session.save()
    make_revision(SessionRevision, session=session, by=by)
    return session


def make_revision(model: Any, *, by: User, **of: Any) -> Any:
    """The version of a record as it stands."""
    (record,) = of.values()
    kept = {"fields": {}, "changed": [], "reason": ""}
    revision = model(initiative=record.initiative, number=record.version, by=by, kept=kept, **of)
    revision.save()
    return revision


def make_person(organisation: Organisation, name: str = "", **fields: Any) -> Person:
    """A person in a register; with an identity where a name is given."""
    person = Person(organisation=organisation, **{"pseudonym": f"Sandpiper {next(_number)}"} | fields)
    person.save()
    if name:
        PersonIdentity(organisation=organisation, person=person, name=name).save()
    return person


def make_participation(initiative: Initiative, person: Person | None = None, **fields: Any) -> Participation:
    person = person or make_person(initiative.registered_by)
    participation = Participation(initiative=initiative, person=person, **{"status": "accepted"} | fields)
    participation.save()
    return participation


def make_attendance(session: Session, participation: Participation) -> Attendance:
    attendance = Attendance(initiative=session.initiative, session=session, participation=participation)
    attendance.save()
    return attendance


def make_rating(
    participation: Participation, by: User, criterion: str = "language", rating: int = 3
) -> SelectionRating:
    stored = SelectionRating(
        initiative=participation.initiative,
        participation=participation,
        by=by,
        criterion=criterion,
        rating=rating,
    )
    stored.save()
    return stored


def make_body(conflict: Conflict, name: str = "", party: Party | None = None, **fields: Any) -> OfficialBody:
    name = name or f"Office {next(_number)}"
    root = Conflict.objects.get(pk=conflict.root_id)
    return OfficialBody.objects.create(
        conflict=root, party=party, name=name, normalised_name=normalised(name), **fields
    )


def make_liaison(user: User, body: OfficialBody) -> LiaisonMandate:
    return LiaisonMandate.objects.create(user=user, body=body)


def make_tie(
    person: Person, body: OfficialBody, *, note: str = "", by: User | None = None, **fields: Any
) -> OfficialLink:
    """`fields`: of the tie (link_type, access, authorised, two_way, strength, track), and last_confirmed_on. With a
    version in its history where it is said who wrote it."""
    on = fields.pop("last_confirmed_on", timezone.localdate())
    tie = {
        "body": str(body.pk),
        "track": "",
        "link_type": "current_adviser",
        "access": "can_call",
        "authorised": "knows",
        "two_way": True,
        "strength": 3,
    } | fields
    link = OfficialLink(
        organisation=person.organisation, person=person, tie=tie, note=note, last_confirmed_on=on
    )
    link.save()
    if by is not None:
        kept = {"fields": {**tie, "note": note}, "changed": [], "reason": ""}
        whose = {"organisation": person.organisation, "person": person, "link": link}
        OfficialLinkRevision(**whose, number=link.version, by=by, kept=kept).save()
    return link


def make_outcome(initiative: Initiative, by: User, **fields: Any) -> Outcome:
    outcome = Outcome(
        initiative=initiative,
        by=by,
        **{
            "kind": "collective",
            "content_kind": "framework",
            "travel_permission": "officials",
            "statement": "One gauge, read by both",
        }
        | fields,
    )
    outcome.save()
    make_revision(OutcomeRevision, outcome=outcome, by=by)
    return outcome


def make_transfer(outcome: Outcome, by: User, body: OfficialBody | None, **fields: Any) -> Transfer:
    transfer = Transfer(
        initiative=outcome.initiative,
        outcome=outcome,
        body=body,
        by=by,
        **{
            "status": "done",
            "channel": "private_memo",
            "agent": "facilitator",
            "sent_on": date(2026, 4, 5),
            "message": "Both sides would read one gauge",
        }
        | fields,
    )
    transfer.save()
    make_revision(TransferRevision, transfer=transfer, by=by)
    return transfer


def make_stance(transfer: Transfer, theme: str = "ceasefire", stance: int = 1) -> TransferStance:
    stored = TransferStance(initiative=transfer.initiative, transfer=transfer, theme=theme, stance=stance)
    stored.save()
    return stored


def make_step(transfer: Transfer, by: User, uptake: str = "sent", **fields: Any) -> UptakeStep:
    step = UptakeStep(
        initiative=transfer.initiative,
        transfer=transfer,
        by=by,
        uptake=uptake,
        **{"on": date(2026, 4, 6)} | fields,
    )
    step.save()
    return step


def make_record(
    initiative: Initiative, by: User, body: OfficialBody, mark: str = "Heard"
) -> dict[str, Model]:
    """One of everything inside an initiative, hanging together; `mark` begins every text. Keys: INSIDE."""
    session = make_session(
        initiative,
        by,
        purpose=f"{mark} purpose",
        next_step=f"{mark} next step",
        notes=f"{mark} notes",
        place=f"{mark} place",
        present={str(body.party_id): 4} if body.party_id else {},
        agenda_themes=["ceasefire"],
    )
    person = make_person(initiative.registered_by, f"{mark} name", party=body.party)
    participation = make_participation(initiative, person, note=f"{mark} note")
    outcome = make_outcome(initiative, by, session=session, statement=f"{mark} statement")
    transfer = make_transfer(outcome, by, body, carrier=participation, message=f"{mark} message")
    make_stance(transfer)
    tie = make_tie(person, body, note=f"{mark} tie", by=by)
    return {
        "session": session,
        "session_revision": session.revisions.get(),
        "person": person,
        "participation": participation,
        "attendance": make_attendance(session, participation),
        "rating": make_rating(participation, by),
        "tie": tie,
        "tie_revision": tie.revisions.get(),
        "outcome": outcome,
        "outcome_revision": outcome.revisions.get(),
        "transfer": transfer,
        "transfer_revision": transfer.revisions.get(),
        "step": make_step(transfer, by, note=f"{mark} step"),
    }


def ids_of(record: Mapping[str, Model]) -> dict[str, UUID]:
    return {kind: made.pk for kind, made in record.items()}
