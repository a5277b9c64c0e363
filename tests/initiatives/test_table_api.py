"""/sessions/import/ and /people/import/: a table in one call, looked at first, all rows or none."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import World
from initiatives.models import Session
from participants.models import Participation
from tests import factories as make
from tests.clients import client_of, get, pointers, post

pytestmark = pytest.mark.django_db

GOOD = "date,format,purpose\n2026-03-04,workshop,=Read the gauges\n2026-03,online,A map\n"
PEOPLE = "name,side\nKestrel of the mill,Upstream\n"


def sent(world: World, table: str, **more: Any) -> dict[str, Any]:
    return {"initiative": str(world.secret.pk), "table": table, "dry_run": False, **more}


def test_a_table_is_looked_at_written_and_known_again(world: World) -> None:
    client = client_of(world.alice)
    looked = post(client, "sessions/import/", sent(world, GOOD, dry_run=True))
    before = Session.objects.count()
    written = post(client, "sessions/import/", sent(world, GOOD))
    again = post(client, "sessions/import/", sent(world, GOOD))

    assert [answer.status_code for answer in (looked, written, again)] == [200, 200, 200]
    assert looked.json() == {"written": False, "new": [2, 3], "known": [], "rejected": [], "doubts": []}
    assert (before, Session.objects.count()) == (0, 2)
    assert written.json() == {"written": True, "new": [2, 3], "known": [], "rejected": [], "doubts": []}
    assert (again.json()["new"], again.json()["known"]) == ([], [2, 3])
    assert "'=Read the gauges" in get(client, "sessions/", export="csv").content.decode()


def test_what_is_wrong_is_said_at_its_row_and_column(world: World) -> None:
    client = client_of(world.alice)
    bad = GOOD + "2026-02-30,workshop,Never\n2030-01-01,workshop,To come\n"
    looked = post(client, "sessions/import/", sent(world, bad, dry_run=True)).json()
    refused = post(client, "sessions/import/", sent(world, bad))
    doubted = post(client, "sessions/import/", sent(world, GOOD + "2190-01-01,workshop,To come\n"))
    passed = post(
        client,
        "sessions/import/",
        sent(world, GOOD + "2190-01-01,workshop,x\n", override_reason="Their calendar"),
    )

    assert [(one["row"], one["column"]) for one in looked["rejected"]] == [(4, "date")]
    assert pointers(refused) == {"/table/4/date": "invalid"}
    assert pointers(doubted) == {"/table/4/date": "confirm"}
    assert passed.json()["new"] == [2, 3, 4]
    assert pointers(post(client, "sessions/import/", {"table": GOOD})) == {
        "/initiative": "required",
        "/dry_run": "required",
    }


def test_people_come_under_pseudonyms(world: World) -> None:
    answer = post(client_of(world.alice), "people/import/", sent(world, PEOPLE))

    assert answer.json()["new"] == [2]
    assert "Kestrel" not in answer.content.decode()
    assert Participation.objects.get().person.party == world.up


@pytest.mark.parametrize("name", ["sessions", "people"])
def test_for_those_who_log_and_hidden_from_others(world: World, name: str) -> None:
    observer = make.make_member_of(world.house, "Olga")
    make.make_member(world.secret, observer, "observer")
    table = sent(world, GOOD if name == "sessions" else PEOPLE)
    assert post(client_of(observer), f"{name}/import/", table).status_code == 403
    for user in (world.harry, world.rita, world.cora, world.stella):
        assert pointers(post(client_of(user), f"{name}/import/", table)) == {"/initiative": "does_not_exist"}
    assert post(client_of(world.alice, "read"), f"{name}/import/", table).status_code == 403
    assert not Session.objects.exists()
    assert not Participation.objects.exists()


def test_a_table_sent_again_with_a_key_adds_nobody_twice(
    world: World, django_capture_on_commit_callbacks: Any
) -> None:
    """Also where whoever sends it may not open names, and so is not told that somebody is there already."""
    noor = make.make_member_of(world.house, "Noor")
    make.make_member(world.secret, noor, "rapporteur")
    answers = []
    for table in (sent(world, PEOPLE, dry_run=True), sent(world, PEOPLE), sent(world, PEOPLE)):
        key = {"Idempotency-Key": f"people-{table['dry_run']}"}
        with django_capture_on_commit_callbacks(execute=True):
            answers.append(post(client_of(noor), "people/import/", table, **key))

    assert [answer.status_code for answer in answers] == [200] * 3
    assert answers[1].json() == answers[2].json()
    assert [answer.get("Idempotency-Replayed") for answer in answers] == [None, None, "true"]
    assert Participation.objects.count() == 1
