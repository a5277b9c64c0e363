"""Initiatives, teams, circles and shared reference over REST."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from coordination.models import OutboxEntry
from initiatives.models import Conflict, Initiative, TeamMember
from tests import factories as make
from tests.clients import client_of, get, patch, pointers, post


def card(world: Any, **fields: Any) -> dict[str, Any]:
    return {
        "conflict": str(world.conflict.pk),
        "track_type": "t2_soft",
        "matching": "on",
        "began_on": "2025-03-01",
        "began_precision": "month",
    } | fields


# --- Opening --------------------------------------------------------------------------------------------------


def test_opening_an_initiative(world):
    body = card(
        world,
        parties=[str(world.up.pk), str(world.down.pk), str(world.up.pk)],
        themes=["ceasefire", "land_grazing"],
        countries=["de", "CH"],
        public_line="Elders meet.",
        hosts=[str(world.other.pk)],
        partners=[str(world.other.pk)],
        visibility="partners",
        status="active",
    )
    response = post(client_of(world.alice), "initiatives/", body)
    assert response.status_code == 201, response.content
    assert response["ETag"] == '"1"'
    made = response.json()
    assert made["registered_by"] == made["convener"] == str(world.house.pk)
    assert made["hosts"] == made["partners"] == [str(world.other.pk)]
    assert made["parties"] == sorted([str(world.up.pk), str(world.down.pk)])
    assert (made["countries"], made["themes"]) == (["DE", "CH"], ["ceasefire", "land_grazing"])
    assert (made["began_on"], made["began_precision"], made["ended_on"]) == ("2025-03-01", "month", None)
    assert (made["visibility"], made["status"], made["matching"]) == ("partners", "active", "on")
    assert (made["title"], made["reference"], made["public_record"]) == ("", "", False)
    assert made["codename"]
    assert OutboxEntry.objects.filter(initiative=made["id"]).exists()
    seen = get(client_of(world.rita), f"initiatives/{made['id']}/").json()
    assert (seen["partners"], seen["successor"]) == (None, None)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"matching": None}, {"/matching": "null"}),
        ({"matching": "maybe"}, {"/matching": "invalid_choice"}),
        ({"track_type": "t9"}, {"/track_type": "invalid_choice"}),
        ({"began_on": "2025-03-02"}, {"/began_on": "invalid"}),
        ({"began_on": "soon"}, {"/began_on": "invalid"}),
        ({"ended_on": "2024-01-01"}, {"/ended_on": "invalid"}),
        ({"themes": ["ceasefire", "gossip"]}, {"/themes/1": "invalid_choice"}),
        ({"themes": ["ceasefire", "ceasefire"]}, {"/themes": "invalid"}),
        ({"countries": ["DE", "XX"]}, {"/countries/1": "invalid_choice"}),
        ({"parties": "all"}, {"/parties": "not_a_list"}),
        ({"title": "A title"}, {"/title": "public_record_only"}),
        ({"reference": "R1"}, {"/reference": "read_only"}),
        ({"lead": "me"}, {"/lead": "unknown_field"}),
        ({"visibility": "everybody"}, {"/visibility": "invalid_choice"}),
        ({"public_line": "x" * 301}, {"/public_line": "max_length"}),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_stored(world, change, expected):
    before = Initiative.objects.count()
    assert pointers(post(client_of(world.alice), "initiatives/", card(world, **change))) == expected
    assert Initiative.objects.count() == before


def test_matching_has_no_default(world):
    body = card(world)
    del body["matching"]
    assert pointers(post(client_of(world.alice), "initiatives/", body)) == {"/matching": "required"}


def test_in_whose_name(world):
    second = make.make_organisation("Second house")
    make.make_membership(world.alice, second)
    client = client_of(world.alice)
    assert pointers(post(client, "initiatives/", card(world))) == {"/registered_by": "required"}
    for body in (card(world, convener=str(second.pk)), card(world, registered_by=str(second.pk))):
        made = post(client, "initiatives/", body).json()
        assert (made["registered_by"], made["convener"]) == (str(second.pk), str(second.pk))
    foreign = post(client, "initiatives/", card(world, registered_by=str(world.other.pk)))
    assert foreign.status_code == 403


def test_a_hidden_relation_answers_like_a_missing_one(world, django_assert_num_queries):
    """Sam's organisation is not vetted: nothing of the reference is there for him."""
    client = client_of(world.sam)
    get(client, "me/")
    answers = set()
    for conflict, party, house in (
        (world.conflict.pk, world.up.pk, world.house.pk),
        (uuid4(), uuid4(), uuid4()),
    ):
        body = card(world, conflict=str(conflict), parties=[str(party)], convener=str(house))
        with django_assert_num_queries(15):
            answer = post(client, "initiatives/", body)
        assert pointers(answer) == {
            "/conflict": "does_not_exist",
            "/parties/0": "does_not_exist",
            "/convener": "does_not_exist",
        }
        answers.add(answer.content)
    assert len(answers) == 1


# --- Many at once ---------------------------------------------------------------------------------------------


def test_many_at_once_are_all_or_nothing(world):
    client = client_of(world.alice)
    before = Initiative.objects.count()
    rows = [card(world, codename=f"Number {number}") for number in range(5)]
    rows[3] |= {"themes": ["gossip"]}
    rows[4] |= {"matching": ""}
    assert pointers(post(client, "initiatives/", rows)) == {
        "/3/themes/0": "invalid_choice",
        "/4/matching": "invalid_choice",
    }
    rows[3:] = [card(world, ended_on="1999-01-01"), card(world)]
    assert pointers(post(client, "initiatives/", rows)) == {"/3/ended_on": "invalid"}
    assert Initiative.objects.count() == before
    rows[3:] = [card(world, codename=f"Number {number}") for number in (3, 4)]
    made = post(client, "initiatives/?expand=conflict", rows)
    assert made.status_code == 201
    assert [row["codename"] for row in made.json()] == [f"Number {number}" for number in range(5)]
    assert made.json()[0]["conflict"]["name"] == world.conflict.name


def test_more_than_five_hundred_are_refused(world):
    assert pointers(post(client_of(world.alice), "initiatives/", [{}] * 501)) == {"": "bulk"}


# --- The same request again -----------------------------------------------------------------------------------


@pytest.fixture
def committed(django_capture_on_commit_callbacks):
    """Requests whose transaction is taken to be committed."""

    def send(*args: Any, **headers: str) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            return post(*args, **headers)

    return send


def test_a_repeated_post_is_done_once(world, committed):
    client, key = client_of(world.alice), {"Idempotency-Key": "abc"}
    first = committed(client, "initiatives/", card(world), **key)
    again = committed(client, "initiatives/", card(world), **key)
    assert (again.status_code, again.json()) == (201, first.json())
    assert again["Idempotency-Replayed"] == "true"
    assert again["ETag"] == first["ETag"]
    assert Initiative.objects.count() == 3
    other = committed(client, "initiatives/", card(world, matching="off"), **key)
    assert other.status_code == 422
    bob = committed(client_of(world.bob), "initiatives/", card(world), **key)
    assert (bob.status_code, bob.json()["id"] == first.json()["id"]) == (201, False)


def test_a_repeated_answer_is_rendered_under_the_policy_of_today(world, committed):
    client, key = client_of(world.alice), {"Idempotency-Key": "abc"}
    made = committed(client, "initiatives/", card(world), **key).json()
    Initiative.objects.filter(pk=made["id"]).update(codename="Renamed")
    assert committed(client, "initiatives/", card(world), **key).json()["codename"] == "Renamed"
    TeamMember.objects.filter(initiative=made["id"]).update(expires_at=timezone.now())
    assert committed(client, "initiatives/", card(world), **key).status_code == 404


def test_a_refused_post_may_be_mended_under_its_key(world, committed):
    client, key = client_of(world.alice), {"Idempotency-Key": "abc"}
    assert committed(client, "initiatives/", card(world, matching="x"), **key).status_code == 400
    assert committed(client, "initiatives/", card(world), **key).status_code == 201


def test_a_preview_does_not_use_up_the_key_of_the_change(world, committed):
    """The same body at another address is another request: never replayed as if it had been done."""
    client, key = client_of(world.alice), {"Idempotency-Key": "abc"}
    path, body = f"initiatives/{world.secret.pk}/visibility/", {"visibility": "network"}
    committed(client, f"{path}?preview=true", body, **key)
    answer = committed(client, path, body, **key)
    assert "Idempotency-Replayed" not in answer
    stored = Initiative.objects.get(pk=world.secret.pk).visibility
    assert stored == ("network" if answer.status_code == 200 else "team")


def test_a_request_that_still_runs(world):
    client, key = client_of(world.alice), {"Idempotency-Key": "abc"}
    assert post(client, "initiatives/", card(world), **key).status_code == 201  # not committed yet
    assert post(client, "initiatives/", card(world), **key).status_code == 409
    assert Initiative.objects.count() == 3


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_that_is_none(world, key):
    refused = post(client_of(world.alice), "initiatives/", card(world), **{"Idempotency-Key": key})
    assert pointers(refused) == {"/Idempotency-Key": "idempotency_key"}


def test_a_repeated_list_and_a_repeated_act(world, committed):
    client = client_of(world.alice)
    rows = [card(world), card(world)]
    first = committed(client, "initiatives/", rows, **{"Idempotency-Key": "list"}).json()
    assert committed(client, "initiatives/", rows, **{"Idempotency-Key": "list"}).json() == first
    path, body = f"initiatives/{world.secret.pk}/status/", {"status": "paused"}
    version = committed(client, path, body, **{"Idempotency-Key": "act"}).json()["version"]
    assert committed(client, path, body, **{"Idempotency-Key": "act"}).json()["version"] == version


@pytest.mark.django_db(transaction=True)
def test_two_at_the_same_moment_make_one(django_db_serialized_rollback):
    house, conflict = make.make_organisation(), make.make_conflict()
    user = make.make_member_of(house, "Alice")
    clients = [client_of(user), client_of(user)]
    body = {"conflict": str(conflict.pk), "track_type": "t3", "matching": "off", "began_on": "2025-01-01"}
    answers: list[int] = []

    def send(client: Any) -> None:
        from django.db import connection

        answers.append(post(client, "initiatives/", body, **{"Idempotency-Key": "same"}).status_code)
        connection.close()

    threads = [threading.Thread(target=send, args=(client,)) for client in clients]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert 201 in answers
    assert set(answers) <= {201, 409}
    assert Initiative.objects.count() == 1


# --- Changing -------------------------------------------------------------------------------------------------


def test_changing_a_card_and_losing_no_update(world):
    client, path = client_of(world.alice), f"initiatives/{world.secret.pk}/"
    read = get(client, path)
    done = patch(client, path, {"public_line": "One"}, **{"If-Match": read["ETag"]})
    assert (done.status_code, done["ETag"], done.json()["version"]) == (200, '"2"', 2)
    lost = patch(client, path, {"public_line": "Two"}, **{"If-Match": read["ETag"]})
    assert lost.status_code == 412
    assert lost["Content-Type"] == "application/problem+json"
    assert get(client, path).json()["public_line"] == "One"
    for tag in ("*", '"1", "2"'):
        done = patch(client, path, {"public_line": "Three"}, **{"If-Match": tag})
        assert done.status_code == 200, tag
        Initiative.objects.filter(pk=world.secret.pk).update(version=2)
    for tag in ("3", 'W/"2"', "nonsense", '"99999999999999"', '""'):
        assert patch(client, path, {"public_line": "Four"}, **{"If-Match": tag}).status_code == 412, tag
    assert patch(client, path, {"public_line": "Five"}).status_code == 200


def test_what_is_changed_elsewhere_says_where(world):
    body = {"status": "closed", "visibility": "network", "partners": [], "successor": None}
    refused = patch(client_of(world.alice), f"initiatives/{world.secret.pk}/", body)
    assert set(pointers(refused).values()) == {"set_once"}
    assert "status/" in refused.json()["errors"][0]["detail"]


def test_an_empty_change_and_a_change_that_is_no_object(world):
    client, path = client_of(world.alice), f"initiatives/{world.secret.pk}/"
    assert patch(client, path, {}).status_code == 200
    assert patch(client, path, []).status_code == 400
    assert patch(client, path, "x").status_code == 400


def test_changing_parties_and_organisations(world):
    client, path = client_of(world.alice), f"initiatives/{world.secret.pk}/"
    body = {"parties": [str(world.up.pk)], "funders": [str(world.other.pk)], "ended_on": "2026-01-01"}
    done = patch(client, path, body).json()
    assert (done["parties"], done["funders"]) == ([str(world.up.pk)], [str(world.other.pk)])
    assert patch(client, path, {"ended_on": None, "funders": []}).json()["funders"] == []
    strange = make.make_party(make.make_conflict("Elsewhere"))
    assert pointers(patch(client, path, {"parties": [str(strange.pk)]})) == {"/parties": "invalid"}


def test_who_may_only_read_is_told_so(world):
    client, path = client_of(world.bob), f"initiatives/{world.secret.pk}/"
    assert get(client, path).status_code == 200
    for answer in (
        patch(client, path, {"public_line": "Mine"}),
        post(client, f"{path}status/", {"status": "closed"}),
        post(client, f"{path}visibility/", {"visibility": "network"}),
        get(client, f"{path}visibility/", visibility="network"),
        post(client, f"{path}successor/", {"successor": None}),
    ):
        assert answer.status_code == 403


def test_status_with_an_end(world):
    client, path = client_of(world.alice), f"initiatives/{world.secret.pk}/status/"
    body = {"status": "closed", "ended_on": "2025-01-01", "ended_precision": "year"}
    done = post(client, path, body, **{"If-Match": '"1"'}).json()
    assert (done["status"], done["ended_on"], done["ended_precision"]) == ("closed", "2025-01-01", "year")
    assert post(client, path, body, **{"If-Match": '"1"'}).status_code == 412
    assert pointers(post(client, path, {"status": "done"})) == {"/status": "invalid_choice"}
    assert pointers(post(client, path, {"state": "closed"})) == {"/state": "unknown_field"}


def test_widening_names_first_who_will_see(world):
    client, path = client_of(world.alice), f"initiatives/{world.secret.pk}/visibility/"
    preview = get(client, path, visibility="partners", partners=str(world.other.pk)).json()
    assert preview["gains"] == [{"id": str(world.other.pk), "name": world.other.name}]
    assert (preview["widens"], preview["coordinators"]) == (True, False)
    body = {"visibility": "partners", "partners": [str(world.other.pk)]}
    assert post(client, f"{path}?preview=true", body).json() == preview
    rita = client_of(world.rita)
    assert get(rita, f"initiatives/{world.secret.pk}/").status_code == 404
    assert post(client, path, body).json()["visibility"] == "partners"
    assert get(rita, f"initiatives/{world.secret.pk}/").status_code == 200
    assert pointers(get(client, path)) == {"/visibility": "invalid_choice"}
    assert pointers(get(client, path, visibility="team", partners="x,y")) == {
        "/partners/0": "invalid",
        "/partners/1": "invalid",
    }
    who = get(client, f"initiatives/{world.secret.pk}/who/").json()
    assert (who["visibility"], who["team_size"]) == ("partners", 2)


def test_a_card_of_the_public_record(world):
    fields = {"public_record": True, "visibility": "network", "title": "Talks at Oslo", "reference": "R-1"}
    public = make.make_initiative(world.conflict, world.other, **fields)
    client = client_of(world.rita)
    seen = get(client, "initiatives/", reference="R-1").json()["results"]
    assert [(row["title"], row["reference"]) for row in seen] == [("Talks at Oslo", "R-1")]
    done = patch(client, f"initiatives/{public.pk}/", {"title": "Talks near Oslo", "confidence": "low"})
    assert done.json()["title"] == "Talks near Oslo"
    assert pointers(patch(client, f"initiatives/{world.rival.pk}/", {"title": "A"})) == {
        "/title": "public_record_only"
    }


# --- Lists ----------------------------------------------------------------------------------------------------


def ids(response: Any) -> set[str]:
    assert response.status_code == 200, response.content
    return {row["id"] for row in response.json()["results"]}


def test_filters(world):
    second = make.make_initiative(
        world.child,
        world.house,
        lead=world.alice,
        codename="Plain Fox",
        public_line="About wells",
        themes=["elections"],
        status="closed",
        track_type="t3",
        began_on=date(2020, 1, 1),
        matching="off",
        countries=["DE"],
    )
    one, two = str(world.secret.pk), str(second.pk)
    client = client_of(world.alice)
    for query, expected in [
        ({}, {one, two}),
        ({"conflict": world.conflict.pk}, {one, two}),
        ({"conflict": world.child.pk}, {two}),
        ({"conflict": uuid4()}, set()),
        ({"party": world.up.pk}, {one}),
        ({"organisation": world.house.pk}, {one, two}),
        ({"organisation": world.other.pk}, set()),
        ({"status": ["closed", "active"]}, {one, two}),
        ({"status": "closed"}, {two}),
        ({"running": "true"}, {one}),
        ({"running": "false"}, {two}),
        ({"track_type": "t3"}, {two}),
        ({"theme": "ceasefire"}, {one}),
        ({"matching": "off"}, {two}),
        ({"country": "de"}, {two}),
        ({"began_before": "2021-01-01"}, {two}),
        ({"began_after": "2021-01-01"}, {one}),
        ({"own": "true"}, {one, two}),
        ({"own": "false"}, set()),
        ({"search": "wells fox"}, {two}),
        ({"search": "heron"}, {one}),
        ({"search": "heron wells"}, set()),
        ({"search": "%"}, set()),
        ({"visibility": "network"}, set()),
        ({"public_record": "true"}, set()),
    ]:
        assert ids(get(client, "initiatives/", **query)) == expected, query
    ordered = get(client, "initiatives/", ordering="began_on").json()["results"]
    assert [row["id"] for row in ordered] == [two, one]


def test_filters_and_orders_find_nothing_that_is_hidden(world):
    client = client_of(world.rita)
    rival = {str(world.rival.pk)}
    for query in (
        {},
        {"conflict": world.conflict.pk},
        {"party": world.up.pk},
        {"theme": "ceasefire"},
        {"ordering": "codename"},
        {"page_size": 1},
    ):
        answer = get(client, "initiatives/", **query)
        assert ids(answer) == rival
        assert answer.json()["next"] is None
    for query in ({"organisation": world.house.pk}, {"search": "Secret"}, {"registered_by": world.house.pk}):
        assert ids(get(client, "initiatives/", **query)) == set()
    assert ids(get(client, "team-members/", initiative=world.secret.pk)) == set()
    assert ids(get(client, "team-members/", user=world.alice.pk)) == set()


def test_partners_of_others_are_not_asked_for(world):
    third = make.make_organisation("Third")
    Initiative.objects.filter(pk=world.secret.pk).update(visibility="network")
    make.make_partner(world.secret, third)
    assert ids(get(client_of(world.rita), "initiatives/", organisation=third.pk)) == set()


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("conflicts/", 11),
        ("parties/", 11),
        ("official-tracks/", 12),
        ("deadlines/", 11),
        ("team-members/", 10),
        ("circle-declarations/", 13),
        ("initiatives/", 15),
        ("initiatives/?expand=conflict,parties,convener,funders", 18),
    ],
)
def test_as_many_queries_for_three_rows_as_for_one(world, django_assert_num_queries, path, expected):
    user = world.cora
    make.make_declaration(world.house, world.conflict)
    mine = make.make_initiative(world.conflict, world.house, lead=user, parties=(world.up,))
    make.make_track(world.conflict).phases.create(phase="stalled", began_on=date(2025, 1, 1))
    make.make_deadline(world.conflict)
    client = client_of(user)
    get(client, "me/")
    with django_assert_num_queries(expected):
        assert len(client.get(f"/api/v1/{path}").json()["results"]) >= 1
    for number in range(2):
        conflict = make.make_conflict(f"More {number}")
        party = make.make_party(conflict)
        make.make_declaration(world.other, conflict)
        make.make_member(mine, make.make_user())
        make.make_initiative(conflict, make.make_organisation(), lead=user, parties=(party,))
        make.make_track(conflict).phases.create(phase="none", began_on=date(2025, 1, 1))
        make.make_deadline(conflict)
    with django_assert_num_queries(expected):
        assert len(client.get(f"/api/v1/{path}").json()["results"]) >= 3


def test_expansion_shows_what_the_reader_sees_and_ids_for_the_rest(world):
    make.make_member(world.secret, world.sam)
    client = client_of(world.sam)
    row = get(client, f"initiatives/{world.secret.pk}/", expand="conflict,convener,parties").json()
    assert row["conflict"] == str(world.conflict.pk)
    assert row["convener"] == str(world.house.pk)
    row = get(
        client_of(world.alice), f"initiatives/{world.secret.pk}/", expand="conflict,convener,parties"
    ).json()
    assert row["conflict"]["name"] == world.conflict.name
    assert row["convener"]["name"] == world.house.name
    assert {party["name"] for party in row["parties"]} == {"Upstream", "Downstream"}


# --- Teams ----------------------------------------------------------------------------------------------------


def test_teams_are_managed_by_their_lead(world):
    client = client_of(world.alice)
    body = {"initiative": str(world.secret.pk), "user": str(world.harry.pk), "role": "rapporteur"}
    made = post(client, "team-members/", body)
    assert made.status_code == 201, made.content
    assert (made.json()["name"], made.json()["live"]) == ("Harry", True)
    assert pointers(post(client, "team-members/", body)) == {"/user": "invalid"}
    path = f"team-members/{made.json()['id']}/"
    until = (timezone.now() + timedelta(days=3)).isoformat()
    done = patch(client, path, {"expires_at": until}, **{"If-Match": made["ETag"]})
    assert (done.json()["role"], done.json()["version"]) == ("rapporteur", 2)
    assert patch(client, path, {"role": "lead"}, **{"If-Match": made["ETag"]}).status_code == 412
    assert set(pointers(patch(client, path, {"user": str(world.bob.pk)}))) == {"/user"}
    assert patch(client_of(world.bob), path, {"role": "lead"}).status_code == 403
    assert patch(client_of(world.rita), path, {"role": "lead"}).status_code == 404
    assert client.delete(f"/api/v1/{path}", headers={"If-Match": '"1"'}).status_code == 412
    assert client.delete(f"/api/v1/{path}").status_code == 204
    assert ids(get(client, "team-members/", live="false")) == {made.json()["id"]}
    assert get(client_of(world.harry), f"initiatives/{world.secret.pk}/").status_code == 404


def test_strangers_cannot_be_named_and_the_last_lead_needs_a_successor(world):
    client = client_of(world.alice)
    answers = set()
    for user in (world.rita.pk, uuid4()):
        body = {"initiative": str(world.secret.pk), "user": str(user), "role": "observer"}
        answers.add(post(client, "team-members/", body).content)
    assert len(answers) == 1
    lead = world.secret.members.get(user=world.alice)
    assert client.delete(f"/api/v1/team-members/{lead.pk}/").status_code == 400
    path = f"initiatives/{world.secret.pk}/successor/"
    assert post(client, path, {"successor": str(world.bob.pk)}).json()["successor"] == str(world.bob.pk)
    assert client.delete(f"/api/v1/team-members/{lead.pk}/").status_code == 204
    assert world.secret.members.live().get(role="lead").user == world.bob


# --- Reference and circles ------------------------------------------------------------------------------------


def test_reference_is_written_by_coordinators(world):
    cora, alice = client_of(world.cora), client_of(world.alice)
    body = {
        "name": "New valley",
        "countries": ["ch"],
        "alternative_names": [{"name": "Neutal", "language": "de"}],
        "parent": str(world.child.pk),
    }
    refused = post(alice, "conflicts/", {"name": "New valley", "parent": str(world.child.pk)})
    assert refused.status_code == 403
    made = post(cora, "conflicts/", body).json()
    assert (made["root"], made["parent"]) == (str(world.conflict.pk), str(world.child.pk))
    assert (made["countries"], made["alternative_names"][0]["language"]) == (["CH"], "de")
    again = post(cora, "conflicts/", body)
    assert again.status_code == 400
    path = f"conflicts/{made['id']}/"
    assert pointers(patch(cora, f"conflicts/{world.conflict.pk}/", {"parent": made["id"]})) == {
        "/parent": "invalid"
    }
    assert patch(cora, path, {"parent": None}, **{"If-Match": '"1"'}).json()["root"] == made["id"]
    assert patch(cora, path, {"name": "Old"}, **{"If-Match": '"1"'}).status_code == 412
    assert patch(alice, path, {"name": "Mine"}).status_code == 403
    assert patch(client_of(world.sam), path, {"name": "Mine"}).status_code == 404
    assert Conflict.objects.get(pk=made["id"]).name == "New valley"


def test_errors_inside_a_list_inside_a_list_name_their_place(world):
    names = [{"name": "Neutal"}, {"nom": "Vallée"}]
    rows = [{"name": "A"}, {"name": "B", "alternative_names": names}]
    refused = post(client_of(world.cora), "conflicts/", rows)
    assert pointers(refused) == {"/1/alternative_names/1/nom": "unknown_field"}


def test_yes_and_no_are_words_that_exist(world):
    client = client_of(world.alice)
    assert pointers(get(client, "initiatives/", running="yes")) == {"/running": "invalid"}
    assert ids(get(client, "initiatives/", running="1")) == ids(get(client, "initiatives/", running="TRUE"))


def test_parties_tracks_and_deadlines(world):
    cora = client_of(world.cora)
    root, child = str(world.conflict.pk), str(world.child.pk)
    assert pointers(post(cora, "parties/", {"conflict": child, "name": "P"})) == {"/conflict": "invalid"}
    party = post(
        cora, "parties/", {"conflict": root, "name": "P", "parent": str(world.up.pk), "kind": "community"}
    )
    assert party.status_code == 201, party.content
    assert set(pointers(patch(cora, f"parties/{party.json()['id']}/", {"conflict": child}))) == {"/conflict"}
    found = get(cora, "parties/", conflict=child, kind="community").json()["results"]
    assert [row["name"] for row in found] == ["P"]

    track = post(
        cora, "official-tracks/", {"conflict": child, "name": "Talks", "agenda_themes": ["ceasefire"]}
    )
    assert (track.json()["phase"], track.json()["phases"]) == ("none", [])
    path = f"official-tracks/{track.json()['id']}/phases/"
    assert post(cora, path, {"phase": "negotiation", "began_on": "2024-01-01"}).status_code == 201
    with_phases = post(cora, path, {"phase": "stalled", "began_on": "2025-01-01"}).json()
    assert with_phases["phase"] == "stalled"
    assert [phase["phase"] for phase in with_phases["phases"]] == ["negotiation", "stalled"]
    assert pointers(post(cora, path, {"phase": "stalled", "began_on": "2025-01-01"})) == {
        "/began_on": "invalid"
    }
    assert pointers(post(cora, path, {"phase": "lull", "began_on": "now"})) == {
        "/phase": "invalid_choice",
        "/began_on": "invalid",
    }

    body = {
        "conflict": child,
        "track": track.json()["id"],
        "kind": "summit",
        "name": "S",
        "due_on": "2030-01-01",
    }
    deadline = post(cora, "deadlines/", body)
    assert deadline.status_code == 201, deadline.content
    other = {**body, "conflict": root}
    assert pointers(post(cora, "deadlines/", other)) == {"/track": "invalid"}
    assert ids(get(cora, "deadlines/", conflict=root, due_before="2031-01-01", kind="summit"))
    assert ids(get(cora, "deadlines/", due_after="2031-01-01")) == set()
    moved = patch(cora, f"deadlines/{deadline.json()['id']}/", {"due_on": "2031-01-01"})
    assert moved.json()["due_on"] == "2031-01-01"


def test_circles(world):
    rita, cora = client_of(world.rita), client_of(world.cora)
    body = {"organisation": str(world.other.pk), "conflict": str(world.conflict.pk)}
    made = post(rita, "circle-declarations/", body)
    assert made.status_code == 201, made.content
    path = f"circle-declarations/{made.json()['id']}/"
    assert get(client_of(world.alice), path).status_code == 404
    assert post(rita, f"{path}confirm/", None).status_code == 403
    assert post(cora, f"{path}confirm/", None).json()["confirmed_at"]
    assert rita.delete(f"/api/v1/{path}").status_code == 204
    assert post(client_of(world.alice), "circle-declarations/", body).status_code == 403
