"""What the pages of the record cost with much on record: whole requests, and the gap matrix alone.

The transfer page adds up 40 official bodies, 6 sides, 60 people with three links each, 2,000 outcomes, 5,000
transfers and 10,000 steps, of four initiatives on whose teams the reader is, beside as many of others.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from benchmarks.support.services import migrated_services

SIDES, BODIES, PEOPLE, LINKS_EACH = 6, 40, 60, 3
OUTCOMES, TRANSFERS, STEPS_EACH, SESSIONS = 2_000, 5_000, 2, 50
INITIATIVES = 4
ROUNDS = 15
PERMISSIONS = ("none", "team", "officials", "public")
BATCH = 500


def main() -> None:
    with migrated_services():
        from django.core.management import call_command
        from django.db import connection

        from confidentiality.roles import as_owner

        call_command("collectstatic", verbosity=0, interactive=False, ignore_patterns=["redoc"])
        reader = _fill()
        with as_owner(), connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        _measure(reader)


# --- What is on record --------------------------------------------------------------------------------------------


def _fill() -> Any:
    from django.db import transaction

    from accounts.models import Membership, Organisation, User
    from confidentiality.roles import as_owner
    from initiatives.models import Conflict

    draw = random.Random(7)
    with as_owner(), transaction.atomic():
        house = Organisation.objects.create(name="House", vetted_at="2020-01-01T00:00Z")
        conflict = Conflict(name="Valley")
        conflict.place()
        conflict.save()
        readers = []
        for name in ("Reader", "Other"):
            user = User.objects.create_user(email=f"{name.lower()}@bench.example", name=name)
            Membership.objects.create(user=user, organisation=house)
            readers.append(user)
        sides, bodies = _reference(conflict, draw)
    for user in readers:
        with as_owner(), transaction.atomic():
            _record(user, house, conflict, sides, bodies, draw)
    return readers[0]


def _reference(conflict: Any, draw: random.Random) -> tuple[list[Any], list[Any]]:
    from initiatives.models import Party
    from participants.models import OfficialBody

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
    user: Any, house: Any, conflict: Any, sides: list[Any], bodies: list[Any], draw: random.Random
) -> None:
    """Everything of one user: initiatives, sessions, people with links, outcomes, transfers, steps."""
    from initiatives.models import Initiative, Session, TeamMember
    from participants.models import OfficialLink, Participation, Person
    from transfer.models import Outcome, Transfer, UptakeStep

    cards = [
        Initiative.objects.create(
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
        for number in range(INITIATIVES)
    ]
    for card in cards:
        TeamMember.objects.create(initiative=card, user=user, role="lead")
    people = [
        Person(organisation=house, pseudonym=f"{user.name} {number}", party=draw.choice(sides))
        for number in range(PEOPLE)
    ]
    takes_part = [
        Participation(initiative=cards[number % INITIATIVES], person=person, status="accepted")
        for number, person in enumerate(people)
    ]
    # All people of the pages that are measured on their own take part in the first initiative.
    takes_part += [
        Participation(initiative=cards[0], person=person, status="accepted")
        for number, person in enumerate(people)
        if number % INITIATIVES
    ]
    links = [_link(house, person, draw.choice(bodies), draw) for person in people for _n in range(LINKS_EACH)]
    sessions = [
        Session(
            initiative=cards[0],
            by=user,
            began_on=_day(draw),
            format="workshop",
            purpose="Gauges",
            next_step="Map",
        )
        for _number in range(SESSIONS)
    ]
    outcomes = [_outcome(draw.choice(cards), user, sessions, sides, draw) for _number in range(OUTCOMES)]
    transfers = [
        _transfer(draw.choice(outcomes), user, takes_part, bodies, draw) for _number in range(TRANSFERS)
    ]
    steps = [
        UptakeStep(initiative=one.initiative, transfer=one, by=user, uptake=_rung(draw), on=_day(draw))
        for one in transfers
        for _number in range(STEPS_EACH)
    ]
    for model, rows in (
        (Person, people),
        (Participation, takes_part),
        (OfficialLink, links),
        (Session, sessions),
        (Outcome, outcomes),
        (Transfer, transfers),
        (UptakeStep, steps),
    ):
        model.objects.bulk_create(rows, batch_size=BATCH)  # type: ignore[attr-defined]


def _day(draw: random.Random) -> date:
    return date.today() - timedelta(days=draw.randrange(700))


def _rung(draw: random.Random) -> str:
    from transfer.enums import Uptake

    return str(draw.choice(list(Uptake)))


def _link(house: Any, person: Any, body: Any, draw: random.Random) -> Any:
    from participants.models import OfficialLink

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


def _outcome(card: Any, user: Any, sessions: list[Any], sides: list[Any], draw: random.Random) -> Any:
    from transfer.models import Outcome

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


def _transfer(outcome: Any, user: Any, takes_part: list[Any], bodies: list[Any], draw: random.Random) -> Any:
    from transfer.models import Transfer

    return Transfer(
        initiative=outcome.initiative,
        outcome=outcome,
        by=user,
        status=draw.choice(["done", "done", "done", "planned", "abandoned"]),
        agent="participant",
        carrier=draw.choice(takes_part),
        body=draw.choice(bodies),
        sent_on=_day(draw),
        message="Both sides would read one gauge. " * 6,
    )


# --- What it costs ------------------------------------------------------------------------------------------------


def _measure(reader: Any) -> None:
    from django.db import transaction
    from django.test import Client

    from confidentiality.actor import actor
    from initiatives.models import Initiative
    from transfer.services import transfer_overview

    def gathered() -> None:
        with transaction.atomic(), actor(reader):
            transfer_overview(by=reader)

    _told("gap matrix, board, asymmetry, stuck, lags: numbers alone", _times(gathered))
    client = Client()
    client.force_login(reader)
    with transaction.atomic(), actor(reader):
        first = Initiative.objects.of_team(reader).order_by("codename").first()
    for what, path in _paths(first.pk if first else UUID(int=0)):

        def asked(path: str = path) -> None:
            assert client.get(path).status_code == 200, path

        times = _times(asked)
        _told(f"{what} ({len(client.get(path).content) // 1000} kB)", times)


def _paths(pk: UUID) -> Iterator[tuple[str, str]]:
    yield "transfer page, all initiatives", "/transfer/"
    yield "transfer page, one initiative", f"/transfer/?initiative={pk}"


def _times(act: Callable[[], None]) -> list[tuple[float, float]]:
    """For each round the time that passed and the processor time of this program, in ms."""
    found = []
    for _round in range(ROUNDS + 1):
        began, used = time.perf_counter(), time.process_time()
        act()
        found.append((1000 * (time.perf_counter() - began), 1000 * (time.process_time() - used)))
    return found[1:]


def _told(what: str, times: list[tuple[float, float]]) -> None:
    passed, used = zip(*times, strict=True)
    print(
        f"{what:<64} {statistics.median(passed):6.1f} ms, best {min(passed):6.1f}, "
        f"of which this program {statistics.median(used):6.1f}, best {min(used):6.1f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
