"""Overlaps and links over REST: reasons from the matching cards alone."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from coordination.models import CoordinationLink
from initiatives.models import Initiative
from tests import factories as make
from tests.clients import client_of, get, patch, pointers, post

MATCHING_CARD = {
    "id",
    "codename",
    "conflict",
    "track_type",
    "began_on",
    "began_precision",
    "ended_on",
    "ended_precision",
    "parties",
    "themes",
}


@pytest.fixture
def flag(world):
    return make.make_flag(world.secret, world.rival)


def rows(response: Any) -> list[dict[str, Any]]:
    assert response.status_code == 200, response.content
    return response.json()["results"]


def test_a_coordinator_reads_reasons_and_nobody_else_anything(world, flag):
    row = rows(get(client_of(world.cora), "overlaps/"))[0]
    assert {row["first"], row["second"]} == {str(world.secret.pk), str(world.rival.pk)}
    assert (row["band"], row["points"], row["state"], row["assessment"]) == ("flag", 16, "new", "")
    assert row["kinds"] == ["same_conflict_same_goal"]
    assert row["factors"]["themes"] == {"points": 8, "shared": 2, "union": 2}
    assert row["coordinated"] is False
    assert row["first_seen_at"]
    assert row["last_seen_at"]
    for user in (world.alice, world.bob, world.rita, world.stella, world.sam):
        client = client_of(user)
        assert rows(get(client, "overlaps/")) == []
        assert get(client, f"overlaps/{flag.pk}/").content == get(client, f"overlaps/{uuid4()}/").content
        body = {"assessment": "neutral"}
        assert post(client, f"overlaps/{flag.pk}/assess/", body).status_code == 404


def test_a_closed_card_is_shown_by_its_matching_card_alone(world, flag):
    Initiative.objects.filter(pk=world.rival.pk).update(visibility="network", public_line="Read me")
    client = client_of(world.cora)
    row = get(client, f"overlaps/{flag.pk}/", expand="first,second").json()
    sides = {side["id"]: side for side in (row["first"], row["second"])}
    closed, opened = sides[str(world.secret.pk)], sides[str(world.rival.pk)]
    assert set(closed) == MATCHING_CARD
    assert closed["codename"] == "Secret Heron"
    assert closed["parties"] == sorted([str(world.up.pk), str(world.down.pk)])
    assert opened["public_line"] == "Read me"
    assert opened["convener"] == str(world.other.pk)
    assert get(client, f"initiatives/{world.secret.pk}/").status_code == 404


def test_filters_of_overlaps(world, flag):
    below = make.make_initiative(world.child, make.make_organisation(), codename="Below")
    watched = make.make_flag(
        world.secret, below, band="watch", points=9, state="assessed", assessment="neutral"
    )
    make.make_link(world.secret, world.rival)
    one, two = str(flag.pk), str(watched.pk)
    client = client_of(world.cora)
    for query, expected in [
        ({}, {one, two}),
        ({"band": "flag"}, {one}),
        ({"band": ["flag", "watch"]}, {one, two}),
        ({"conflict": world.conflict.pk}, {one, two}),
        ({"conflict": world.child.pk}, {two}),
        ({"conflict": uuid4()}, set()),
        ({"state": "assessed"}, {two}),
        ({"assessment": "neutral"}, {two}),
        ({"coordinated": "true"}, {one}),
        ({"coordinated": "false"}, {two}),
        ({"initiative": world.rival.pk}, {one}),
        ({"kind": "same_conflict_same_goal"}, {one, two}),
        ({"kind": "shared_people"}, set()),
    ]:
        assert {row["id"] for row in rows(get(client, "overlaps/", **query))} == expected, query
    ordered = rows(get(client, "overlaps/", ordering="-points"))
    assert [row["points"] for row in ordered] == [16, 9]
    for query in ({"band": "low"}, {"conflict": "x"}, {"points": "16"}, {"coordinated": "maybe"}):
        answer = get(client, "overlaps/", **query)
        assert list(pointers(answer)) == [f"/{name}" for name in query]


def test_superseded_flags_are_history(world, flag):
    make.make_flag(world.secret, make.make_initiative(world.child, world.other), superseded=True)
    assert len(rows(get(client_of(world.cora), "overlaps/"))) == 1


def test_assessing_dismissing_and_taking_it_back(world, flag):
    client, path = client_of(world.cora), f"overlaps/{flag.pk}/"
    tag = get(client, path)["ETag"]
    body = {"assessment": "complementary", "note": "They differ in whom they reach."}
    done = post(client, f"{path}assess/", body, **{"If-Match": tag})
    assert done.status_code == 200, done.content
    assert (done.json()["state"], done.json()["assessment"]) == ("assessed", "complementary")
    assert post(client, f"{path}assess/", body, **{"If-Match": tag}).status_code == 412
    assert pointers(post(client, f"{path}assess/", {"assessment": "harmful"})) == {"/harms": "invalid"}
    assert pointers(post(client, f"{path}assess/", {"assessment": "bad", "harms": ["x"]})) == {
        "/assessment": "invalid_choice",
        "/harms/0": "invalid_choice",
    }
    assert set(pointers(post(client, f"{path}dismiss/", {"why": "x"}))) == {"/why"}
    done = post(client, f"{path}dismiss/", {"reason": "Known to both.", "review_on": "2099-01-01"}).json()
    assert (done["state"], done["note"], done["review_on"]) == ("dismissed", "Known to both.", "2099-01-01")
    assert post(client, f"{path}reopen/", None).json()["state"] == "new"
    assert patch(client, path, {"state": "new"}).status_code == 405
    assert post(client, "overlaps/", {}).status_code == 405


def test_linking_a_pair_shows_it_as_coordinated_until_it_ends(world, flag):
    client = client_of(world.cora)
    body = {"first": str(world.rival.pk), "second": str(world.secret.pk), "mechanism": "sequencing"}
    made = post(client, "coordination-links/", body)
    assert made.status_code == 201, made.content
    assert made.json()["depth"] == "aware"
    assert get(client, f"overlaps/{flag.pk}/").json()["coordinated"] is True
    assert post(client, "coordination-links/", body).status_code == 400
    path = f"coordination-links/{made.json()['id']}/"
    for user in (world.alice, world.rita, world.stella):
        assert get(client_of(user), path).status_code == 404
        assert rows(get(client_of(user), "coordination-links/")) == []
    assert len(rows(get(client, "coordination-links/", live="true", conflict=world.conflict.pk))) == 1
    ended = post(client, f"{path}end/", None, **{"If-Match": made["ETag"]})
    assert ended.json()["ended_at"]
    assert get(client, f"overlaps/{flag.pk}/").json()["coordinated"] is False
    assert post(client, f"{path}end/", None).status_code == 400
    sides = get(client, path, expand="first,second").json()
    assert set(sides["first"]) == set(sides["second"]) == MATCHING_CARD


def test_a_link_names_only_what_the_caller_knows_of(world, flag):
    hidden = make.make_initiative(world.conflict, make.make_organisation())
    client = client_of(world.cora)
    answers = set()
    for pk in (hidden.pk, uuid4()):
        body = {"first": str(world.secret.pk), "second": str(pk), "mechanism": "sequencing"}
        answer = post(client, "coordination-links/", body)
        assert pointers(answer) == {"/second": "does_not_exist"}
        answers.add(answer.content)
    assert len(answers) == 1
    same = {"first": str(world.secret.pk), "second": str(world.secret.pk), "mechanism": "sequencing"}
    assert pointers(post(client, "coordination-links/", same)) == {"/second": "same"}
    rita = {"first": str(world.rival.pk), "second": str(world.secret.pk), "mechanism": "sequencing"}
    assert pointers(post(client_of(world.rita), "coordination-links/", rita)) == {"/second": "does_not_exist"}
    assert not CoordinationLink.objects.exists()


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("overlaps/", 11),
        ("overlaps/?expand=first,second", 22),
        ("coordination-links/", 14),
        ("coordination-links/?expand=first", 19),
    ],
)
def test_as_many_queries_for_three_rows_as_for_one(world, flag, django_assert_num_queries, path, expected):
    make.make_link(world.secret, world.rival)
    client = client_of(world.cora)
    get(client, "me/")
    with django_assert_num_queries(expected):
        assert len(client.get(f"/api/v1/{path}").json()["results"]) == 1
    for _number in range(2):
        other = make.make_initiative(world.child, make.make_organisation(), parties=(world.up,))
        make.make_flag(world.secret, other)
        make.make_link(world.secret, other)
    with django_assert_num_queries(expected):
        assert len(client.get(f"/api/v1/{path}").json()["results"]) == 3
