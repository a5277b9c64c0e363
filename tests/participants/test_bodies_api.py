"""Official bodies and ties to them over REST."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conftest import World
from participants.models import OfficialBody, OfficialLink, Person
from tests import factories as make
from tests.clients import client_of, get, patch, pointers, post
from tests.record import make_body, make_participation, make_tie

BODIES, LINKS = "official-bodies/", "official-links/"
BODY_QUERIES, LINK_QUERIES = 13, 11


@pytest.fixture
def body(world: World) -> OfficialBody:
    return make_body(world.conflict, "Water Ministry", world.up, agenda_themes=["ceasefire"])


@pytest.fixture
def person(world: World) -> Person:
    return make_participation(world.secret).person


def ids(answer: Any) -> set[str]:
    return {row["id"] for row in answer.json()["results"]}


def test_an_office_with_its_parts(world: World) -> None:
    track, cora = make.make_track(world.child), client_of(world.cora)
    parts = [{"track": str(track.pk), "part": "decides"}]
    fields = {"conflict": str(world.conflict.pk), "name": "Defence Council", "agenda_themes": ["ceasefire"]}

    made = post(cora, BODIES, {**fields, "party": str(world.up.pk), "parts": parts})

    assert made.status_code == 201, made.content
    row = made.json()
    assert (row["party"], row["gatekeeper"], row["parts"]) == (str(world.up.pk), None, parts)
    changed = patch(cora, f"{BODIES}{row['id']}/", {"parts": [], "party": None})
    assert (changed.json()["parts"], changed.json()["party"], changed.json()["version"]) == ([], None, 2)
    for pointer, wrong in (
        ("/parts/0/part", {"parts": [{"track": str(track.pk), "part": "rules"}]}),
        ("/parts/0/track", {"parts": [{"track": str(uuid4()), "part": "decides"}]}),
        ("/parts", {"parts": [*parts, *parts]}),
        ("/gatekeeper", {"gatekeeper": row["id"]}),
        ("/name", {"name": ""}),
    ):
        answer = patch(cora, f"{BODIES}{row['id']}/", wrong)
        assert answer.status_code == 400, wrong
        assert list(pointers(answer)) == [pointer]
    assert patch(client_of(world.alice), f"{BODIES}{row['id']}/", {"name": "Mine"}).status_code == 403


def test_offices_are_filtered(world: World, body: OfficialBody) -> None:
    gate = make_body(world.conflict, "Chamberlain")
    far = make_body(make.make_conflict("Hills"), "Hill Council")
    OfficialBody.objects.filter(pk=body.pk).update(gatekeeper=gate)
    alice = client_of(world.alice)
    for query, expected in (
        ("", {body, gate, far}),
        (f"?conflict={world.conflict.pk}", {body, gate}),
        (f"?party={world.up.pk}", {body}),
        ("?theme=ceasefire", {body}),
        (f"?gatekeeper={gate.pk}", {body}),
        ("?search=hill", {far}),
    ):
        assert ids(get(alice, BODIES + query)) == {str(each.pk) for each in expected}, query
    assert get(alice, f"{BODIES}?theme=weather").status_code == 400
    row = get(alice, f"{BODIES}{body.pk}/?expand=gatekeeper,party").json()
    assert (row["gatekeeper"]["name"], row["party"]["name"]) == ("Chamberlain", "Upstream")


def test_a_tie_is_flat_and_goes_its_way(world: World, body: OfficialBody, person: Person) -> None:
    alice = client_of(world.alice)
    fields = {
        "link_type": "kinship",
        "access": "can_call",
        "authorised": "knows",
        "two_way": False,
        "strength": 3,
    }

    made = post(alice, LINKS, {"person": str(person.pk), "body": str(body.pk), "note": "A cousin", **fields})

    assert made.status_code == 201, made.content
    row = made.json()
    assert {name: row[name] for name in fields} == fields
    assert (row["person"], row["body"], row["track"], row["live"]) == (
        str(person.pk),
        str(body.pk),
        None,
        True,
    )
    assert "tie" not in row
    at = f"{LINKS}{row['id']}/"
    assert patch(alice, at, {"two_way": None}).json()["two_way"] is None
    assert post(alice, f"{at}confirm/", {}).json()["version"] == 3
    assert post(alice, f"{at}end/", {}).json()["live"] is False
    assert post(alice, f"{at}confirm/", {}).status_code == 400


def test_bad_input_and_doubt(world: World, body: OfficialBody, person: Person) -> None:
    alice = client_of(world.alice)
    least = {"person": str(person.pk), "body": str(body.pk)}
    tomorrow = (timezone.localdate() + timedelta(days=1)).isoformat()
    far = make_body(make.make_conflict("Hills"))
    for pointer, wrong in (
        ("/strength", {"strength": 5}),
        ("/link_type", {"link_type": "enemy"}),
        ("/last_confirmed_on", {"last_confirmed_on": tomorrow}),
        ("/person", {"person": str(uuid4())}),
        ("/body", {"body": str(uuid4())}),
        ("/track", {"track": str(make.make_track(far.conflict).pk)}),
        ("/tie", {"tie": {}}),
    ):
        answer = post(alice, LINKS, {**least, **wrong})
        assert answer.status_code == 400, wrong
        assert list(pointers(answer)) == [pointer]
    doubted = post(alice, LINKS, {**least, "body": str(far.pk)})
    assert [(each["pointer"], each["code"]) for each in doubted.json()["errors"]] == [("/body", "confirm")]
    assert (
        post(alice, LINKS, {**least, "body": str(far.pk), "override_reason": "A brother"}).status_code == 201
    )
    assert OfficialLink.objects.count() == 1


def test_ties_are_filtered_in_memory_and_seen_by_few(
    world: World, body: OfficialBody, person: Person
) -> None:
    other, gate = make_participation(world.secret).person, make_body(world.conflict)
    old = timezone.localdate() - timedelta(days=181)
    one, two = make_tie(person, body), make_tie(other, body, last_confirmed_on=old)
    three = make_tie(person, gate)
    alice = client_of(world.alice)
    for query, expected in (
        ("", {one, two, three}),
        (f"?body={body.pk}", {one, two}),
        (f"?body={uuid4()}", set()),
        (f"?person={person.pk}", {one, three}),
        ("?live=true", {one, three}),
        ("?live=false", {two}),
        (f"?body={body.pk}&live=true", {one}),
    ):
        assert ids(get(alice, LINKS + query)) == {str(each.pk) for each in expected}, query
    observer = make.make_member_of(world.house, "Observer")
    make.make_member(world.secret, observer, "observer")
    for user in (observer, world.harry, world.rita, world.cora):
        assert ids(get(client_of(user), LINKS)) == set()
        assert get(client_of(user), f"{LINKS}{one.pk}/").status_code == 404


@pytest.mark.parametrize("rows", [1, 3])
def test_lists_ask_as_often_for_three_as_for_one(world: World, rows: int) -> None:
    alice, track = client_of(world.alice), make.make_track(world.conflict)
    for _row in range(rows):
        body = make_body(world.conflict, gatekeeper=make_body(world.conflict))
        body.parts.create(track=track, part="decides")
        make_tie(make_participation(world.secret).person, body)
    for path, number in ((BODIES, BODY_QUERIES), (LINKS, LINK_QUERIES)):
        with CaptureQueriesContext(connection) as asked:
            assert get(alice, path).status_code == 200
        assert len(asked) == number, path
