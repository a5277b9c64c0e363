"""/transfers/, /uptake-steps/ and /received-transfers/: by role, with versions; nothing beyond its permission."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from conftest import World
from tests import factories as make
from tests import record
from tests.clients import client_of, get, patch, pointers, post
from transfer.enums import PUBLIC_CHANNELS, Channel, TravelPermission
from transfer.models import Outcome, Transfer, UptakeStep

pytestmark = pytest.mark.django_db

TRANSFER_QUERIES, STEP_QUERIES, RECEIVED_QUERIES = 13, 11, 11
OUTSIDERS = ["harry", "rita", "cora", "stella", "sam"]
ENDPOINTS = ("transfers", "uptake-steps", "received-transfers")


@pytest.fixture
def made(world: World) -> dict[str, Any]:
    body = record.make_body(world.conflict, "Ministry of Water", party=world.up)
    return {**record.make_record(world.secret, world.alice, body, "Heard"), "body": body}


def body_of(made: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "outcome": str(made["outcome"].pk),
        "status": "done",
        "agent": "facilitator",
        "channel": "private_memo",
        "body": str(made["body"].pk),
        "sent_on": "2026-04-05",
        "message": "One gauge",
        **more,
    }


def test_a_transfer_is_made_listed_filtered_and_changed(world: World, made: dict[str, Any]) -> None:
    client = client_of(world.alice)
    new = post(client, "transfers/", body_of(made, status="planned", sent_on=None, stances={"ceasefire": -1}))
    path = f"transfers/{new.json()['id']}/"
    changed = patch(client, path, {"status": "done", "sent_on": "2026-04-06"}, **{"If-Match": new["ETag"]})
    late = patch(client, path, {"note": "Mine"}, **{"If-Match": new["ETag"]})
    listed = get(
        client, "transfers/", status="done", body=str(made["body"].pk), channel="private_memo"
    ).json()
    expanded = get(client, path, expand="initiative").json()

    assert (new.status_code, changed.status_code, late.status_code) == (201, 200, 412)
    assert set(new.json()) == {
        "id", "version", "initiative", "outcome", "status", "direction", "channel", "agent", "carrier", "link",
        "body", "track", "sent_on", "sent_precision", "fidelity", "message", "note", "stances", "standing", "by",
        "deleted_at", "created_at", "updated_at",
    }  # fmt: skip
    assert (new.json()["stances"], new.json()["standing"]) == ({"ceasefire": -1}, "not_sent")
    assert (changed.json()["status"], changed.json()["standing"]) == ("done", "sent")
    assert {row["id"] for row in listed["results"]} == {new.json()["id"], str(made["transfer"].pk)}
    assert expanded["initiative"]["codename"] == "Secret Heron"


def test_by_whose_link_it_went_is_for_those_who_read_links(world: World, made: dict[str, Any]) -> None:
    part = record.make_participation(world.secret)
    tie = record.make_tie(part.person, made["body"], by=world.alice)
    sent = record.make_transfer(made["outcome"], world.alice, made["body"], carrier=part, link=tie)
    record.make_step(sent, world.alice)
    seen = {}
    for role in ("lead", "facilitator", "rapporteur", "observer"):
        user = make.make_member_of(world.house, role.title())
        make.make_member(world.secret, user, role)
        client = client_of(user)
        seen[role] = [
            str(tie.pk) in get(client, path, **query).content.decode()
            for path, query in (
                ("transfers/", {}),
                (f"transfers/{sent.pk}/", {}),
                ("uptake-steps/", {"expand": "transfer"}),
                ("transfers/", {"export": "csv"}),
            )
        ]

    assert seen["observer"] == [False] * 4
    assert seen["rapporteur"][:2] == seen["facilitator"][:2] == seen["lead"][:2] == [True] * 2
    assert [row[3] for row in seen.values()] == [False] * 4


def test_giving_up_deleting_and_restoring(world: World, made: dict[str, Any]) -> None:
    client = client_of(world.alice)
    path = f"transfers/{post(client, 'transfers/', body_of(made, status='planned')).json()['id']}/"
    assert pointers(patch(client, path, {"status": "abandoned"})) == {"/reason": "required"}
    given_up = patch(client, path, {"status": "abandoned", "reason": "The office closed"})
    gone = post(client, f"{path}delete/", {"reason": "Never meant"})
    listed = get(client, "transfers/").json()["results"]
    back = post(client, f"{path}restore/", {})

    assert given_up.json()["status"] == "abandoned"
    assert gone.json()["deleted_at"]
    assert [row["id"] for row in listed] == [str(made["transfer"].pk)]
    assert back.json()["deleted_at"] is None
    assert pointers(patch(client, path, {"status": "planned"})) == {"/status": "invalid"}
    assert pointers(patch(client, path, {"outcome": str(made["outcome"].pk)})) == {"/outcome": "set_once"}


def test_what_looks_wrong_passes_with_a_reason(world: World, made: dict[str, Any]) -> None:
    client, absent = client_of(world.alice), record.make_participation(world.secret)
    asked = post(client, "transfers/", body_of(made, carrier=str(absent.pk)))
    told = post(client, "transfers/", body_of(made, carrier=str(absent.pk), override_reason="She read it"))

    assert (asked.status_code, told.status_code) == (400, 201)
    assert pointers(asked) == {"/carrier": "confirm"}


@pytest.mark.parametrize("permission", TravelPermission.values)
def test_nothing_travels_or_is_sent_out_beyond_its_permission(
    world: World, made: dict[str, Any], permission: str
) -> None:
    lina = make.make_user("Lina")
    record.make_liaison(lina, made["body"])
    Outcome.objects.update(travel_permission="public")
    client, office = client_of(world.alice), client_of(lina)
    sent = {
        channel: post(client, "transfers/", body_of(made, channel=channel)).json()["id"]
        for channel in Channel.values
    }
    Outcome.objects.update(travel_permission=permission)

    def free(channel: str) -> bool:
        return permission == "public" or (permission == "officials" and channel not in PUBLIC_CHANNELS)

    for channel in Channel.values:
        answer = post(client, "transfers/", body_of(made, channel=channel, override_reason="We insist"))
        assert answer.status_code == (201 if free(channel) else 400), channel
    file = get(client, "transfers/", export="csv").content.decode("utf-8-sig")
    steps = get(client, "uptake-steps/", export="csv").content.decode("utf-8-sig")
    assert {channel for channel, pk in sent.items() if pk in file} == set(filter(free, Channel.values))
    assert (str(made["step"].pk) in steps) is free("private_memo")
    received = get(office, "received-transfers/", page_size=200).json()["results"]
    # A liaison is an official: what may go to officials may be read there, whichever way it went before.
    assert bool(received) is (permission in {"officials", "public"})


@pytest.mark.parametrize("who", OUTSIDERS)
def test_outsiders_find_nothing_and_write_nothing(world: World, made: dict[str, Any], who: str) -> None:
    client = client_of(getattr(world, who))
    for name in ENDPOINTS:
        assert get(client, f"{name}/").json()["results"] == []
    for path in (
        f"transfers/{made['transfer'].pk}/",
        f"uptake-steps/{made['step'].pk}/",
        f"received-transfers/{made['transfer'].pk}/",
    ):
        hidden, missing = get(client, path), get(client, path.replace(path.split("/")[1], str(uuid4())))
        assert (hidden.status_code, hidden.content) == (404, missing.content)
    assert "/outcome" in pointers(post(client, "transfers/", body_of(made)))
    step = {"transfer": str(made["transfer"].pk), "uptake": "acknowledged", "on": "2026-04-08"}
    assert pointers(post(client, "uptake-steps/", step)) == {"/transfer": "does_not_exist"}
    assert post(client, f"received-transfers/{made['transfer'].pk}/acknowledge/", {}).status_code == 404


def test_steps_are_added_and_never_changed(world: World, made: dict[str, Any]) -> None:
    client = client_of(world.bob)
    step = {"transfer": str(made["transfer"].pk), "uptake": "discussed_internally", "on": "2026-04-08"}
    new = post(client, "uptake-steps/", step)
    down = post(client, "uptake-steps/", step | {"uptake": "acknowledged", "on": "2026-04-09"})
    listed = get(client, "uptake-steps/", transfer=str(made["transfer"].pk), ordering="on").json()["results"]

    assert (new.status_code, new.json()["by"]) == (201, str(world.bob.pk))
    assert pointers(down) == {"/reason": "invalid"}
    assert [row["uptake"] for row in listed] == ["sent", "discussed_internally"]
    assert patch(client, f"uptake-steps/{new.json()['id']}/", {"note": "No"}).status_code == 405


def test_observers_and_rapporteurs_read(world: World, made: dict[str, Any]) -> None:
    for role in ("rapporteur", "observer"):
        user = make.make_member_of(world.house, role)
        make.make_member(world.secret, user, role)
        client = client_of(user)
        assert len(get(client, "transfers/").json()["results"]) == 1
        assert post(client, "transfers/", body_of(made)).status_code == 403
        assert patch(client, f"transfers/{made['transfer'].pk}/", {"note": "No"}).status_code == 403


def test_a_liaison_reads_and_acknowledges_for_the_office(world: World, made: dict[str, Any]) -> None:
    lina = make.make_user("Lina")
    record.make_liaison(lina, made["body"])
    client, path = client_of(lina), f"received-transfers/{made['transfer'].pk}/"
    one = get(client, path)
    early = post(client, f"{path}acknowledge/", {"on": "2026-04-01"})
    done = post(client, f"{path}acknowledge/", {"on": "2026-04-09"})
    post(client, f"{path}acknowledge/", {})
    waiting = get(client, "received-transfers/", acknowledged="false").json()["results"]
    seen = get(client_of(world.alice), "uptake-steps/", uptake="acknowledged").json()["results"]

    assert set(one.json()) == {
        "id", "conflict", "conflict_name", "body", "body_name", "track", "direction", "channel", "sent_on",
        "sent_precision", "message", "acknowledged_on",
    }  # fmt: skip
    assert "ETag" not in one
    assert one.json()["message"] == "Heard message"
    assert str(world.secret.pk) not in one.content.decode()
    assert pointers(early) == {"/on": "invalid"}
    assert (done.status_code, done.json()["acknowledged_on"]) == (200, "2026-04-09")
    assert (waiting, [row["by"] for row in seen]) == ([], [None])
    assert UptakeStep.objects.filter(uptake="acknowledged").count() == 1
    assert get(client, "transfers/").json()["results"] == get(client, "uptake-steps/").json()["results"] == []


@pytest.mark.parametrize("number", [1, 3])
def test_lists_cost_the_same_whatever_their_length(
    world: World, made: dict[str, Any], number: int, django_assert_num_queries: Any
) -> None:
    lina = make.make_user("Lina")
    record.make_liaison(lina, made["body"])
    for _ in range(number - 1):
        more: Transfer = record.make_transfer(made["outcome"], world.alice, made["body"])
        record.make_stance(more)
        record.make_step(more, world.alice)
    for user, path, queries in (
        (world.alice, "transfers/", TRANSFER_QUERIES),
        (world.alice, "uptake-steps/", STEP_QUERIES),
        (lina, "received-transfers/", RECEIVED_QUERIES),
    ):
        client = client_of(user)
        get(client, path)
        with django_assert_num_queries(queries):
            assert len(get(client, path).json()["results"]) == number
