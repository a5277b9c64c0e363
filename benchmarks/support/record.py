"""The record of two users, much of it: initiatives, sessions, people with links, outcomes, transfers, steps.

The same seed gives the same record. Rows are written directly, since it is reading that is measured.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

from accounts.models import Membership, Organisation, User
from confidentiality.roles import as_owner
from initiatives.models import Conflict, Initiative, Party, Session, TeamMember
from participants.models import Attendance, OfficialBody, OfficialLink, Participation, Person
from transfer.enums import Uptake
from transfer.models import Outcome, Transfer, UptakeStep

SIDES, BODIES, PEOPLE, LINKS_EACH = 6, 40, 60, 3
OUTCOMES, TRANSFERS, STEPS_EACH, SESSIONS, AT_A_SESSION = 2_000, 5_000, 2, 50, 12
INITIATIVES = 4
PERMISSIONS = ("none", "team", "officials", "public")
STATUSES = ("done", "done", "done", "planned", "abandoned")
BATCH = 500


def fill() -> User:
    """Whoever reads, and somebody else with as much; answers with the first."""
    from django.db import transaction

    draw = random.Random(7)
    with as_owner(), transaction.atomic():
        house = Organisation.objects.create(name="House", vetted_at="2020-01-01T00:00Z")
        conflict = Conflict(name="Valley")
        conflict.place()
        conflict.save()
        sides, bodies = _reference(conflict, draw)
        users = [_user(name, house) for name in ("Reader", "Other")]
    for user in users:
        with as_owner(), transaction.atomic():
            _record(user, house, conflict, sides, bodies, draw)
    return users[0]


def _user(name: str, house: Organisation) -> User:
    user = User.objects.create_user(email=f"{name.lower()}@bench.example", name=name)
    Membership.objects.create(user=user, organisation=house)
    return user


def _reference(conflict: Conflict, draw: random.Random) -> tuple[list[Party], list[OfficialBody]]:
    sides = [
        Party(conflict=conflict, name=f"Side {number}", normalised_name=f"side {number}")
        for number in range(SIDES)
    ]
    Party.objects.bulk_create(sides)
    bodies = [
        OfficialBody(
            conflict=conflict,
            party=draw.choice([None, *sides]),
            name=f"Office {number}",
            normalised_name=f"office {number:02}",
        )
        for number in range(BODIES)
    ]
    for number, body in enumerate(bodies[1:], 1):
        body.gatekeeper = bodies[number // 2] if number % 3 == 0 else None
    OfficialBody.objects.bulk_create(bodies)
    return sides, bodies


def _record(
    user: User,
    house: Organisation,
    conflict: Conflict,
    sides: list[Party],
    bodies: list[OfficialBody],
    draw: random.Random,
) -> None:
    """Everything of one user. All sessions are of the first initiative."""
    cards = [_card(user, house, conflict, number) for number in range(INITIATIVES)]
    people = [
        Person(organisation=house, pseudonym=f"{user.name} {number}", party=draw.choice(sides))
        for number in range(PEOPLE)
    ]
    takes_part = _takes_part(cards, people)
    sessions = [_session(cards[0], user, draw) for _number in range(SESSIONS)]
    outcomes = [_outcome(draw.choice(cards), user, sessions, sides, draw) for _number in range(OUTCOMES)]
    transfers = [
        _transfer(draw.choice(outcomes), user, takes_part, bodies, draw) for _number in range(TRANSFERS)
    ]
    _insert(people)
    _insert(takes_part)
    _insert(
        [
            _link(house, person, draw.choice(bodies), draw)
            for person in people
            for _number in range(LINKS_EACH)
        ]
    )
    _insert(sessions)
    _insert([one for session in sessions for one in _there(session, takes_part, draw)])
    _insert(outcomes)
    _insert(transfers)
    _insert([_step(one, user, draw) for one in transfers for _number in range(STEPS_EACH)])


def _insert(rows: list[Any]) -> None:
    type(rows[0]).objects.bulk_create(rows, batch_size=BATCH)


def _card(user: User, house: Organisation, conflict: Conflict, number: int) -> Initiative:
    card = Initiative.objects.create(
        conflict=conflict,
        registered_by=house,
        created_by=user,
        codename=f"Bench {user.name} {number}",
        track_type="t2_hard",
        status="active",
        matching="off",
        began_on=date(2024, 1, 1),
        began_precision="year",
    )
    TeamMember.objects.create(initiative=card, user=user, role="lead")
    return card


def _takes_part(cards: list[Initiative], people: list[Person]) -> list[Participation]:
    """Everybody in the first initiative, whose pages are measured on their own, and three in four in another."""
    first = [Participation(initiative=cards[0], person=person, status="accepted") for person in people]
    more = [
        Participation(initiative=cards[number % INITIATIVES], person=person, status="accepted")
        for number, person in enumerate(people)
        if number % INITIATIVES
    ]
    return [*first, *more]


def _there(session: Session, takes_part: list[Participation], draw: random.Random) -> list[Attendance]:
    return [
        Attendance(initiative=session.initiative, session=session, participation=one)
        for one in draw.sample(takes_part[:PEOPLE], AT_A_SESSION)
    ]


def _session(card: Initiative, user: User, draw: random.Random) -> Session:
    return Session(
        initiative=card, by=user, began_on=_day(draw), format="workshop", purpose="Gauges", next_step="Map"
    )


def _step(transfer: Transfer, user: User, draw: random.Random) -> UptakeStep:
    return UptakeStep(
        initiative=transfer.initiative, transfer=transfer, by=user, uptake=_rung(draw), on=_day(draw)
    )


def _day(draw: random.Random) -> date:
    return date.today() - timedelta(days=draw.randrange(700))


def _rung(draw: random.Random) -> str:
    return str(draw.choice(list(Uptake)))


def _link(house: Organisation, person: Person, body: OfficialBody, draw: random.Random) -> OfficialLink:
    tie = {
        "body": str(body.pk),
        "track": "",
        "link_type": "academic",
        "access": "can_call",
        "authorised": "knows",
    }
    return OfficialLink(
        organisation=house,
        person=person,
        tie={**tie, "two_way": True, "strength": draw.randrange(5)},
        last_confirmed_on=date.today() - timedelta(days=draw.randrange(300)),
    )


def _outcome(
    card: Initiative, user: User, sessions: list[Session], sides: list[Party], draw: random.Random
) -> Outcome:
    return Outcome(
        initiative=card,
        session=draw.choice(sessions) if card.pk == sessions[0].initiative_id else None,
        by=user,
        kind="collective",
        content_kind="framework",
        travel_permission=draw.choice(PERMISSIONS),
        endorsed_by=[side.pk for side in draw.sample(sides, draw.randrange(3))],
        statement="One gauge that both sides read, and a day on which they read it together. " * 4,
    )


def _transfer(
    outcome: Outcome,
    user: User,
    takes_part: list[Participation],
    bodies: list[OfficialBody],
    draw: random.Random,
) -> Transfer:
    return Transfer(
        initiative=outcome.initiative,
        outcome=outcome,
        by=user,
        status=draw.choice(STATUSES),
        agent="participant",
        carrier=draw.choice(takes_part),
        body=draw.choice(bodies),
        sent_on=_day(draw),
        message="Both sides would read one gauge. " * 6,
    )
