"""/outcomes/: for the team, by role; with versions, reasons and a history; in OpenAPI's words."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from conftest import World
from tests import factories as make
from tests import record
from tests.clients import V1, client_of, get, patch, pointers, post
from transfer.models import Outcome, OutcomeRevision
from transfer.services import record_outcome

pytestmark = pytest.mark.django_db

OUTSIDERS = ["harry", "rita", "cora", "stella", "sam"]
LIST_QUERIES, HISTORY_QUERIES = 11, 14
NOWHERE = "00000000-0000-4000-8000-000000000000"


def collective(world: World, **fields: Any) -> dict[str, Any]:
    return {
        "initiative": str(world.secret.pk),
        "kind": "collective",
        "content_kind": "framework",
        "statement": "One gauge, read by both",
        "travel_permission": "officials",
    } | fields


def individual(world: World, **fields: Any) -> dict[str, Any]:
    return {
        "initiative": str(world.secret.pk),
        "kind": "individual",
        "content_kind": "attitude_change",
        "statement": "Reads the gauges of the other side",
        "travel_permission": "none",
        "party": str(world.up.pk),
    } | fields


def found(client: Any, **query: Any) -> list[str]:
    return sorted(row["statement"] for row in get(client, "outcomes/", **query).json()["results"])


def delete(client: Any, pk: Any, body: Any, **headers: str) -> Any:
    return client.delete(f"{V1}outcomes/{pk}/", body, format="json", headers=headers)


def test_an_outcome_is_recorded_and_read_with_all_its_fields(world: World) -> None:
    session = record.make_session(world.secret, world.alice)
    someone = record.make_participation(world.secret, consents=["to_be_recorded"])
    client = client_of(world.alice)
    body = individual(
        world,
        party=None,
        participation=str(someone.pk),
        session=str(session.pk),
        change={"from": -1, "to": 1},
        observed_by="facilitator",
        consented=True,
        contributes_to="process",
        confidence="high",
        evidence="Two of us heard it",
        interest_addressed="A dry cellar",
    )
    made = post(client, "outcomes/", body)
    one = get(client, f"outcomes/{made.json()['id']}/")

    assert made.status_code == 201
    assert (one["ETag"], one.json()) == ('"1"', made.json())
    assert {name: one.json()[name] for name in body} == body
    assert set(one.json()) - set(body) == {
        "id", "version", "endorsed_by", "repeats", "travelled", "by", "deleted_at", "created_at", "updated_at",
    }  # fmt: skip
    assert (one.json()["by"], one.json()["travelled"]) == (str(world.alice.pk), False)


@pytest.mark.parametrize("who", OUTSIDERS)
def test_outsiders_find_nothing_and_write_nothing(world: World, who: str) -> None:
    outcome = record.make_outcome(world.secret, world.alice)
    client = client_of(getattr(world, who))

    assert found(client) == []
    for path in ("outcomes/{}/", "outcomes/{}/history/"):
        hidden, missing = get(client, path.format(outcome.pk)), get(client, path.format(uuid4()))
        assert (hidden.status_code, hidden.content) == (404, missing.content)
    assert patch(client, f"outcomes/{outcome.pk}/", {"statement": "Mine"}).status_code == 404
    assert delete(client, outcome.pk, {"reason": "Mine"}).status_code == 404
    assert post(client, f"outcomes/{outcome.pk}/restore/", {}).status_code == 404
    assert pointers(post(client, "outcomes/", collective(world))) == {"/initiative": "does_not_exist"}


def test_an_observer_reads_what_is_not_closed_and_writes_nothing(world: World) -> None:
    closed = record.make_session(world.secret, world.alice, rule="participants_only")
    hidden = record.make_outcome(world.secret, world.alice, session=closed, statement="Behind the door")
    seen = record.make_outcome(world.secret, world.alice, repeats=hidden, statement="Said aloud")
    user = make.make_member_of(world.house, "Olga")
    make.make_member(world.secret, user, "observer")
    client = client_of(user)

    assert found(client) == ["Said aloud"]
    assert get(client, f"outcomes/{hidden.pk}/").status_code == 404
    assert get(client, f"outcomes/{seen.pk}/").json()["repeats"] is None
    assert str(hidden.pk) not in get(client, f"outcomes/{seen.pk}/history/").content.decode()
    assert get(client_of(world.bob), f"outcomes/{seen.pk}/").json()["repeats"] == str(hidden.pk)
    assert patch(client, f"outcomes/{seen.pk}/", {"statement": "Mine"}).status_code == 403
    assert delete(client, seen.pk, {"reason": "Mine"}).status_code == 403
    assert delete(client, seen.pk, {}).status_code == 403
    assert post(client, "outcomes/", collective(world)).status_code == 403


BAD = {
    "no permission": ({"travel_permission": None}, {"/travel_permission": "null"}),
    "no such permission": ({"travel_permission": "far"}, {"/travel_permission": "invalid_choice"}),
    "no statement": ({"statement": ""}, {"/statement": "blank"}),
    "too long": ({"statement": "x" * 4001}, {"/statement": "max_length"}),
    "of people": ({"content_kind": "attitude_change"}, {"/content_kind": "invalid"}),
    "no such session": ({"session": NOWHERE}, {"/session": "does_not_exist"}),
    "no such side": ({"endorsed_by": [NOWHERE]}, {"/endorsed_by/0": "does_not_exist"}),
    "no such outcome": ({"repeats": NOWHERE}, {"/repeats": "does_not_exist"}),
    "a change of a group": (
        {"change": {"from": 0, "to": 1}},
        {"/change": "invalid", "/participation": "invalid"},
    ),
    "beyond the scale": ({"change": {"from": 0, "to": 3}}, {"/change/to": "max_value"}),
    "another end": ({"change": {"begin": 0}}, {"/change/begin": "unknown_field"}),
    "misspelt": ({"statment": "x"}, {"/statment": "unknown_field"}),
    "not set here": ({"travelled": True}, {"/travelled": "read_only"}),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_named(world: World, what: str) -> None:
    fields, expected = BAD[what]
    answer = post(client_of(world.alice), "outcomes/", collective(world, **fields))

    assert answer.status_code == 400
    assert expected.items() >= pointers(answer).items()
    assert not Outcome.objects.exists()


def test_the_permission_has_no_default(world: World) -> None:
    body = collective(world)
    del body["travel_permission"]

    assert pointers(post(client_of(world.alice), "outcomes/", body)) == {"/travel_permission": "required"}


def test_what_looks_wrong_passes_with_a_reason(world: World) -> None:
    planned = record.make_session(world.secret, world.alice, status="planned")
    client = client_of(world.alice)
    body = collective(world, session=str(planned.pk))
    asked = post(client, "outcomes/", body)
    passed = post(client, "outcomes/", body | {"override_reason": "It was held after all"})

    assert (asked.status_code, pointers(asked)) == (400, {"/session": "confirm"})
    assert passed.status_code == 201
    assert OutcomeRevision.objects.get().kept["reason"] == "It was held after all"


def test_a_change_needs_the_version_that_was_read(world: World) -> None:
    client = client_of(world.alice)
    made = post(client, "outcomes/", collective(world))
    path = f"outcomes/{made.json()['id']}/"
    changed = patch(client, path, {"statement": "Two gauges"}, **{"If-Match": made["ETag"]})
    late = patch(client, path, {"statement": "Three"}, **{"If-Match": made["ETag"]})

    assert (changed.status_code, changed.json()["statement"], changed["ETag"]) == (200, "Two gauges", '"2"')
    assert late.status_code == 412
    assert pointers(patch(client, path, {"kind": "individual"})) == {"/kind": "set_once"}
    assert pointers(patch(client, path, {"initiative": str(world.rival.pk)})) == {"/initiative": "set_once"}


def test_deleting_takes_a_reason_and_restoring_brings_back(world: World) -> None:
    client = client_of(world.alice)
    outcome = record.make_outcome(world.secret, world.alice, statement="Said twice")
    without = delete(client, outcome.pk, {})
    late = delete(client, outcome.pk, {"reason": "Twice"}, **{"If-Match": '"7"'})
    done = delete(client, outcome.pk, {"reason": "Twice"}, **{"If-Match": '"1"'})
    gone, asked = found(client), found(client, deleted="true")
    restored = post(client, f"outcomes/{outcome.pk}/restore/", {})
    rows = get(client, f"outcomes/{outcome.pk}/history/").json()

    assert pointers(without) == {"/reason": "required"}
    assert (late.status_code, done.status_code, restored.status_code) == (412, 204, 200)
    assert (gone, asked, found(client)) == ([], ["Said twice"], ["Said twice"])
    assert [(row["version"], row["name"], row["changed"], row["reason"]) for row in rows] == [
        (3, "Alice", ["deleted"], ""),
        (2, "Alice", ["deleted"], "Twice"),
        (1, "Alice", [], ""),
    ]
    assert rows[1]["fields"]["deleted"] is True
    assert rows[0]["fields"]["statement"] == "Said twice"


def test_the_list_is_filtered_searched_and_expanded(world: World) -> None:
    client = client_of(world.alice)
    session = record.make_session(world.secret, world.alice)
    sent = record.make_outcome(world.secret, world.alice, statement="Sent", endorsed_by=[world.up.pk])
    record.make_transfer(sent, world.alice, record.make_body(world.conflict, party=world.up))
    one = post(client, "outcomes/", individual(world, statement="Kept", session=str(session.pk)))
    other = make.make_initiative(world.conflict, world.house, lead=world.alice)
    record.make_outcome(other, world.alice, statement="Elsewhere")

    assert found(client) == ["Elsewhere", "Kept", "Sent"]
    assert found(client, initiative=world.secret.pk) == ["Kept", "Sent"]
    assert found(client, session=session.pk) == ["Kept"]
    assert found(client, kind="individual") == ["Kept"]
    assert found(client, content_kind="framework") == ["Elsewhere", "Sent"]
    assert found(client, travel_permission="none") == ["Kept"]
    assert found(client, travelled="true") == ["Sent"]
    assert found(client, party=world.up.pk) == ["Kept"]
    assert found(client, search="ELSE") == ["Elsewhere"]
    assert get(client, "outcomes/", kind="nonsense").status_code == 400
    assert get(client, "outcomes/", ordering="statement").status_code == 400
    row = get(client, f"outcomes/{one.json()['id']}/", expand="initiative,party").json()
    assert (row["initiative"]["codename"], row["party"]["name"]) == ("Secret Heron", "Upstream")
    row = get(client, f"outcomes/{sent.pk}/", expand="endorsed_by").json()
    assert [side["name"] for side in row["endorsed_by"]] == ["Upstream"]


@pytest.mark.parametrize("number", [1, 3])
def test_lists_ask_as_much_for_three_rows_as_for_one(
    world: World, number: int, django_assert_num_queries: Any
) -> None:
    base = {"kind": "individual", "content_kind": "other", "party": world.up}
    last = record.make_outcome(world.secret, world.alice, **base)
    for _index in range(number):
        last = record_outcome(
            by=world.alice,
            initiative=world.secret,
            kind="collective",
            content_kind="framework",
            travel_permission="none",
            statement="One gauge",
            endorsed_by=[world.up],
            repeats=last,
        )
    client = client_of(world.alice)
    for index in range(number - 1):
        patch(client, f"outcomes/{last.pk}/", {"statement": f"Words {index}"})
    get(client, "me/")  # Marks the token as used.
    with django_assert_num_queries(LIST_QUERIES):
        assert len(get(client, "outcomes/", kind="collective").json()["results"]) == number
    with django_assert_num_queries(HISTORY_QUERIES):
        assert len(get(client, f"outcomes/{last.pk}/history/").json()) == number
