"""Ties to officials: recorded, confirmed, corrected, ended; who sees them; and who reaches whom."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from confidentiality.policy import Hidden
from confidentiality.records import Stale
from conftest import World
from initiatives.services.overriding import Doubt
from participants.models import OfficialBody, OfficialLink, Person
from participants.services import (
    closed_links_of,
    confirm_link,
    edit_link,
    end_link,
    reach_of,
    record_link,
    ways_of,
)
from tests import factories as make
from tests.record import make_body, make_participation, make_person, make_tie

pytestmark = pytest.mark.django_db

# The links with their persons, whether the reader reads reference, and all bodies of the conflicts.
REACH_QUERIES = 3
today = timezone.localdate


@pytest.fixture
def body(world: World) -> OfficialBody:
    return make_body(world.conflict, "Water Ministry", world.up)


@pytest.fixture
def person(world: World) -> Person:
    return make_participation(world.secret).person


def registrar(world: World) -> User:
    return make.make_member_of(world.house, "Reg", "registrar")


def with_role(world: World, role: str) -> User:
    user = make.make_member_of(world.house, role)
    make.make_member(world.secret, user, role)
    return user


def refused(service: Any, **call: Any) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as caught:
        service(**call)
    return caught.value.message_dict


# Writing


def test_a_link_keeps_what_is_said(world: World, body: OfficialBody, person: Person) -> None:
    track = make.make_track(world.child)
    fields: dict[str, Any] = {
        "link_type": "kinship",
        "access": "can_call",
        "authorised": "unaware",
        "two_way": False,
        "strength": 4,
    }
    day = today() - timedelta(days=3)

    link = record_link(
        by=world.alice,
        person=person,
        body=body,
        track=track,
        note="A cousin",
        last_confirmed_on=day,
        **fields,
    )

    stored = OfficialLink.objects.get(pk=link.pk)
    assert stored.tie == {"body": str(body.pk), "track": str(track.pk), "reason": "", **fields}
    assert (stored.note, stored.last_confirmed_on, stored.organisation) == ("A cousin", day, world.house)
    assert (stored.body_id, stored.track_id) == (body.pk, track.pk)


def test_the_least_that_is_known_is_enough(world: World, body: OfficialBody, person: Person) -> None:
    link = record_link(by=world.alice, person=person, body=body)
    assert (link.tie["link_type"], link.tie["two_way"], link.strength) == ("unknown", None, 0)
    assert link.last_confirmed_on == today()
    assert link.is_live()


def test_who_may_write(world: World, body: OfficialBody, person: Person) -> None:
    for user in (with_role(world, "rapporteur"), with_role(world, "facilitator"), registrar(world)):
        link = record_link(by=user, person=person, body=body, strength=1, override_reason="Another way")
        confirm_link(by=user, link=link)
    for user in (with_role(world, "observer"), world.harry, world.rita, world.cora, world.stella, world.sam):
        for service, about in (
            (record_link, {"person": person, "body": body}),
            (confirm_link, {"link": link}),
            (edit_link, {"link": link, "strength": 2}),
            (end_link, {"link": link}),
        ):
            with pytest.raises(Hidden):
                service(by=user, **about)
    assert OfficialLink.objects.count() == 3


def test_what_is_wrong_is_said_at_its_field(world: World, body: OfficialBody, person: Person) -> None:
    tomorrow = today() + timedelta(days=1)
    far = make.make_track(make.make_conflict("Hills"))
    cases: list[tuple[str, dict[str, Any]]] = [
        ("strength", {"strength": 5}),
        ("strength", {"strength": -1}),
        ("strength", {"strength": True}),
        ("strength", {"strength": "3"}),
        ("link_type", {"link_type": "enemy"}),
        ("access", {"access": ""}),
        ("authorised", {"authorised": None}),
        ("two_way", {"two_way": "yes"}),
        ("two_way", {"two_way": 1}),
        ("last_confirmed_on", {"last_confirmed_on": tomorrow}),
        ("last_confirmed_on", {"last_confirmed_on": None}),
        ("track", {"track": far}),
        ("note", {"note": "x" * 2001}),
    ]
    link = record_link(by=world.alice, person=person, body=body)
    for field, fields in cases:
        assert list(refused(record_link, by=world.alice, person=person, body=body, **fields)) == [field], (
            fields
        )
        assert list(refused(edit_link, by=world.alice, link=link, **fields)) == [field], fields
    assert OfficialLink.objects.get().version == 1


def test_an_office_of_another_conflict_is_doubted_until_a_reason_is_given(
    world: World, person: Person
) -> None:
    far = make_body(make.make_conflict("Hills"))
    with pytest.raises(Doubt) as caught:
        record_link(by=world.alice, person=person, body=far)
    assert [error.code for error in caught.value.error_dict["body"]] == ["confirm"]
    with pytest.raises(Doubt):
        record_link(by=world.alice, person=person, body=far, override_reason="  ")

    link = record_link(by=world.alice, person=person, body=far, override_reason="Her brother works there")

    assert link.tie["reason"] == "Her brother works there"
    edit_link(by=world.alice, link=link, strength=2)
    assert OfficialLink.objects.get().tie["reason"] == "Her brother works there"


def test_one_way_in_is_not_recorded_as_two(world: World, body: OfficialBody, person: Person) -> None:
    first = record_link(by=world.alice, person=person, body=body, link_type="kinship")
    with pytest.raises(Doubt) as asked:
        record_link(by=world.alice, person=person, body=body, link_type="kinship")
    record_link(
        by=world.alice, person=person, body=body, link_type="business", override_reason="Two ways indeed"
    )
    # It is corrected without a question, and one that has ended stands in no way.
    edit_link(by=world.alice, link=first, strength=3)
    other = record_link(by=world.alice, person=make_participation(world.secret).person, body=body)
    end_link(by=world.alice, link=other)
    record_link(by=world.alice, person=other.person, body=body)

    assert set(asked.value.message_dict) == {"body"}


def test_a_party_of_the_conflict_or_an_initiative_on_it_is_relation_enough(world: World) -> None:
    hills = make.make_conflict("Hills")
    far = make_body(hills)
    on_side = make_person(world.house, party=make.make_party(hills))
    invited = make_person(world.house)
    elsewhere = make.make_initiative(hills, world.house, lead=world.alice)
    for person in (on_side, invited):
        make_participation(world.secret, person)
    make_participation(elsewhere, invited)

    record_link(by=world.bob, person=on_side, body=far)
    record_link(by=world.alice, person=invited, body=far)
    # Bob is not on the other initiative's team, and must not learn of it from being let through.
    with pytest.raises(Doubt):
        record_link(by=world.bob, person=invited, body=far)
    # Of somebody who takes part in nothing, nothing is unlikely.
    record_link(by=registrar(world), person=make_person(world.house), body=far)


def test_confirming_makes_a_stale_link_live(world: World, body: OfficialBody, person: Person) -> None:
    link = make_tie(person, body, last_confirmed_on=today() - timedelta(days=181))
    assert not link.is_live()
    with pytest.raises(Stale):
        confirm_link(by=world.alice, link=link, version=7)

    confirm_link(by=world.alice, link=link, version=1)

    stored = OfficialLink.objects.get()
    assert (stored.last_confirmed_on, stored.version, stored.is_live()) == (today(), 2, True)
    assert stored.tie["strength"] == 3


def test_an_ended_link_leads_nowhere_and_stays_as_it_is(
    world: World, body: OfficialBody, person: Person
) -> None:
    link = make_tie(person, body, last_confirmed_on=today() - timedelta(days=10))
    late, early = today() + timedelta(days=1), today() - timedelta(days=11)
    assert list(refused(end_link, by=world.alice, link=link, ended_on=late)) == ["ended_on"]
    assert list(refused(end_link, by=world.alice, link=link, ended_on=early)) == ["ended_on"]

    end_link(by=world.alice, link=link, ended_on=today() - timedelta(days=1))

    assert not OfficialLink.objects.get().is_live()
    assert ways_of(world.alice) == {}
    for service in (confirm_link, edit_link, end_link):
        with pytest.raises(ValidationError, match="has ended"):
            service(by=world.alice, link=link)


def test_nothing_of_the_tie_lies_open(world: World, body: OfficialBody, person: Person) -> None:
    record_link(by=world.alice, person=person, body=body, link_type="kinship", note="A cousin")
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(l)::text FROM participants_officiallink l")
        stored = cursor.fetchone()[0]
    assert str(body.pk) not in stored
    assert "kinship" not in stored


# Reading


def test_who_sees_links(world: World, body: OfficialBody, person: Person) -> None:
    make_tie(person, body)
    seeing = [world.alice, world.bob, with_role(world, "rapporteur"), registrar(world)]
    blind = [with_role(world, "observer"), world.harry, world.rita, world.cora, world.stella, world.sam]
    for user in seeing:
        assert [way.pseudonym for way in ways_of(user)[body.pk]] == [person.pseudonym]
    for user in blind:
        assert ways_of(user) == {}
        assert reach_of(user, [body])[body.pk].nobody


def test_reach_says_through_whom(world: World) -> None:
    inner = make_body(world.conflict, "Palace")
    gate = make_body(world.conflict, "Chamberlain", gatekeeper=inner)
    outer = make_body(world.conflict, "Guard", gatekeeper=gate)
    person = make_participation(world.secret).person
    stale = make_tie(person, outer, last_confirmed_on=today() - timedelta(days=200), strength=4)
    weak, strong = make_tie(person, inner, strength=1), make_tie(person, inner, strength=3)

    found = reach_of(world.alice, [outer, gate, inner])

    assert [way.link for way in found[inner.pk].live] == [strong.pk, weak.pk]
    assert found[inner.pk].gates == ()
    assert found[gate.pk].nobody
    assert [way.link for way in found[outer.pk].stale] == [stale.pk]
    assert [door.body for door in found[outer.pk].gates] == [gate, inner]
    assert found[outer.pk].nobody
    assert found[outer.pk].way_in == found[outer.pk].gates[1]
    assert found[inner.pk].way_in is None


def test_a_damaged_link_takes_no_other_away(world: World, body: OfficialBody, person: Person) -> None:
    whole, damaged = make_tie(person, body), make_tie(person, body)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE participants_officiallink SET tie = substring(tie for 20) WHERE id = %s", [damaged.pk]
        )

    assert [way.link for way in ways_of(world.alice)[body.pk]] == [whole.pk]
    assert closed_links_of(world.alice, person=person.pk) == [damaged]
    edit_link(by=world.alice, link=damaged, body=body, link_type="academic")
    assert len(ways_of(world.alice)[body.pk]) == 2


def test_codes_of_a_newer_version_do_not_break_a_page(
    world: World, body: OfficialBody, person: Person
) -> None:
    make_tie(person, body, link_type="telepathy", access="dream")
    (way,) = ways_of(world.alice)[body.pk]
    assert (way.link_type, way.access) == ("telepathy", "dream")


@pytest.mark.parametrize("rows", [1, 3])
def test_reach_asks_the_database_as_often_for_three_as_for_one(world: World, rows: int) -> None:
    bodies = []
    for _row in range(rows):
        gate = make_body(world.conflict)
        bodies.append(make_body(world.conflict, gatekeeper=gate))
        for _link in range(rows):
            make_tie(make_participation(world.secret).person, bodies[-1])
    with CaptureQueriesContext(connection) as asked:
        found = reach_of(world.alice, bodies)
    assert [len(found[body.pk].live) for body in bodies] == [rows] * rows
    assert len(asked) == REACH_QUERIES


SMALL = st.integers(0, 3)
LINKS = st.lists(st.tuples(SMALL, SMALL, st.integers(0, 400), st.integers(0, 4), st.booleans()), max_size=12)


@given(
    links=LINKS, gates=st.lists(st.one_of(st.none(), SMALL), min_size=4, max_size=4), on_team=st.sets(SMALL)
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_reach_equals_a_recomputation(
    world: World, links: list[Any], gates: list[int | None], on_team: set[int]
) -> None:
    bodies = [make_body(world.conflict) for _body in range(4)]
    for number, gate in enumerate(gates):
        if gate is not None and gate < number:  # Only to an earlier one: no circle.
            OfficialBody.objects.filter(pk=bodies[number].pk).update(gatekeeper=bodies[gate])
            bodies[number].gatekeeper_id = bodies[gate].pk
    persons = [make_person(world.house) for _person in range(4)]
    for number in on_team:
        make_participation(world.secret, persons[number])
    expected: dict[int, set[tuple[Any, int, bool]]] = {number: set() for number in range(4)}
    for who, where, days, strength, ended in links:
        link = make_tie(
            persons[who], bodies[where], strength=strength, last_confirmed_on=today() - timedelta(days=days)
        )
        if ended:
            link.ended_on = date(2020, 1, 1)
            link.save()
        elif who in on_team:
            expected[where].add((link.pk, strength, days <= 180))

    found = reach_of(world.alice, bodies)

    for number, body in enumerate(bodies):
        reach = found[body.pk]
        assert {(way.link, way.strength, way.live) for way in reach.ways} == expected[number]
        assert list(reach.ways) == sorted(reach.ways, key=lambda way: way.rank)
        assert reach.nobody is not any(live for _pk, _strength, live in expected[number])
        chain, step = [], gates[number] if gates[number] is not None and gates[number] < number else None
        while step is not None:
            chain.append(bodies[step].pk)
            before, step = step, gates[step]
            step = step if step is not None and step < before else None
        assert [gate.body.pk for gate in reach.gates] == chain
