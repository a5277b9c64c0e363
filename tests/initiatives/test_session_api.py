"""/sessions/: for the team, by role; filters, versions, history, deletion with a reason, moving."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conftest import World
from initiatives.models import Session
from tests import factories as make
from tests.clients import V1, client_of, get, patch, pointers, post
from tests.record import make_session

pytestmark = pytest.mark.django_db

LIST_QUERIES = 17
OUTSIDERS = ["harry", "rita", "cora", "stella", "sam"]


def body(world: World, **fields: Any) -> dict[str, Any]:
    return {"initiative": str(world.secret.pk), "began_on": "2026-03-04", "format": "workshop"} | fields


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()["results"]]


def test_a_session_is_made_read_changed_and_remembered(world: World) -> None:
    client = client_of(world.bob)
    made = post(client, "sessions/", body(world, purpose="Gauges", present={str(world.up.pk): 4, "": 1}))
    assert made.status_code == 201
    row = made.json()
    assert set(row) == {
        "id", "version", "initiative", "status", "began_on", "began_precision", "ended_on", "ended_precision",
        "format", "rule", "embargo_until", "keep_texts_until", "audience", "country", "product_made", "present",
        "agenda_themes", "purpose", "next_step", "place", "notes", "incidents", "clock_set_by", "clock_set_at",
        "texts_gone_at", "by", "deleted_at", "created_at", "updated_at",
    }  # fmt: skip
    assert row["present"] == {"": 1, str(world.up.pk): 4}
    path = f"sessions/{row['id']}/"
    changed = patch(client, path, {"next_step": "A map"}, **{"If-Match": '"1"'})
    assert (changed.status_code, changed["ETag"]) == (200, '"2"')
    assert patch(client, path, {"next_step": "A list"}, **{"If-Match": '"1"'}).status_code == 412
    told = get(client, f"{path}history/").json()
    assert [(one["version"], one["changed"]) for one in told] == [
        (2, ["next_step"]),
        (1, ["began_on", "format", "present", "purpose"]),
    ]
    assert told[0]["fields_then"]["next_step"] == "A map"
    assert get(client, f"{path}?expand=initiative").json()["initiative"]["codename"] == "Secret Heron"


@pytest.mark.parametrize("who", OUTSIDERS)
def test_outsiders_find_nothing_and_write_nothing(world: World, who: str) -> None:
    session = make_session(world.secret, world.alice)
    client = client_of(getattr(world, who))
    assert ids(get(client, "sessions/")) == []
    for path in (f"sessions/{session.pk}/", f"sessions/{session.pk}/history/"):
        hidden, missing = get(client, path), get(client, path.replace(str(session.pk), str(uuid4())))
        assert (hidden.status_code, hidden.content) == (404, missing.content)
    assert patch(client, f"sessions/{session.pk}/", {"purpose": "Mine"}).status_code == 404
    assert client.delete(f"{V1}sessions/{session.pk}/", {"reason": "Mine"}, format="json").status_code == 404
    assert pointers(post(client, "sessions/", body(world))) == {"/initiative": "does_not_exist"}


def test_observers_read_what_is_not_closed_to_them_and_write_nothing(world: World) -> None:
    observer = make.make_member_of(world.house, "Olga")
    make.make_member(world.secret, observer, "observer")
    session = make_session(world.secret, world.alice)
    make_session(world.secret, world.alice, rule="participants_only")
    client = client_of(observer)
    assert ids(get(client, "sessions/")) == [str(session.pk)]
    assert patch(client, f"sessions/{session.pk}/", {"purpose": "Mine"}).status_code == 403
    assert post(client, "sessions/", body(world)).status_code == 403


def test_filters(world: World) -> None:
    client = client_of(world.alice)
    other = make.make_initiative(world.conflict, world.house, lead=world.alice)
    first = make_session(world.secret, world.alice, country="CH", rule="no_notes")
    second = make_session(
        other, world.alice, began_on=date(2026, 5, 1), status="planned", format="online", country="NO"
    )
    gone = make_session(other, world.alice, began_on=date(2020, 5, 1), deleted_at=timezone.now())
    for query, expected in (
        ({"initiative": str(world.secret.pk)}, {first}),
        ({"status": "planned"}, {second}),
        ({"session_format": "online"}, {second}),
        ({"rule": "no_notes"}, {first}),
        ({"country": "no"}, {second}),
        ({"began_after": "2026-05-01"}, {second}),
        ({"began_before": "2026-03-04", "deleted": "false"}, {first}),
        ({"deleted": "true"}, {gone}),
    ):
        assert set(ids(get(client, "sessions/", **query))) == {str(one.pk) for one in expected}, query
    assert ids(get(client, "sessions/", ordering="began_on")) == [
        str(one.pk) for one in (gone, first, second)
    ]
    for wrong in ({"status": "done"}, {"began_after": "soon"}, {"place": "x"}):
        assert get(client, "sessions/", **wrong).status_code == 400


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"ended_on": "2026-03-03"}, "/ended_on"),
        ({"began_on": "2026-02-30"}, "/began_on"),
        ({"began_on": "2026-03-04", "began_precision": "month"}, "/began_on"),
        ({"format": "picnic"}, "/format"),
        ({"country": "XX"}, "/country"),
        ({"present": {"nobody": 4}}, "/present"),
        ({"present": {"": 10000}}, "/present/"),
        ({"present": [4]}, "/present"),
        ({"agenda_themes": ["weather"]}, "/agenda_themes/0"),
        ({"notes": "Said", "rule": "no_notes"}, "/notes"),
        ({"purpose": "turned\u202e"}, "/purpose"),
        ({"weather": "fine"}, "/weather"),
    ],
)
def test_what_is_wrong_is_named(world: World, fields: dict[str, Any], expected: str) -> None:
    client = client_of(world.alice)
    assert list(pointers(post(client, "sessions/", body(world, **fields)))) == [expected]
    assert not Session.objects.exists()


def test_a_doubt_is_overridden_with_a_reason(world: World) -> None:
    client = client_of(world.alice)
    tomorrow = str(timezone.localdate() + timedelta(days=1))
    assert pointers(post(client, "sessions/", body(world, began_on=tomorrow))) == {"/began_on": "confirm"}
    made = post(client, "sessions/", body(world, began_on=tomorrow, override_reason="Tomorrow there"))
    assert made.status_code == 201
    assert get(client, f"sessions/{made.json()['id']}/history/").json()[0]["reason"] == "Tomorrow there"


def test_deleting_takes_a_reason_and_is_undone(world: World) -> None:
    client = client_of(world.alice)
    session = make_session(world.secret, world.alice)
    path = f"{V1}sessions/{session.pk}/"
    assert pointers(client.delete(path, {}, format="json")) == {"/reason": "required"}
    stale = client.delete(path, {"reason": "Twice"}, format="json", headers={"If-Match": '"7"'})
    assert stale.status_code == 412
    assert client.delete(path, {"reason": "Twice"}, format="json").status_code == 204
    assert client.get(path).json()["deleted_at"]
    assert patch(client, f"sessions/{session.pk}/", {"purpose": "Again"}).status_code == 400
    assert post(client, f"sessions/{session.pk}/restore/", {}).json()["deleted_at"] is None


def test_moving_answers_the_new_session(world: World) -> None:
    client = client_of(world.alice)
    other = make.make_initiative(world.conflict, world.house, lead=world.alice)
    session = make_session(world.secret, world.alice, notes="Said")
    path = f"sessions/{session.pk}/move/"
    assert pointers(post(client, path, {"initiative": str(world.rival.pk)})) == {
        "/initiative": "does_not_exist"
    }
    assert "/initiative" in pointers(post(client, path, {"initiative": str(world.secret.pk)}))
    moved = post(client, path, {"initiative": str(other.pk)})
    assert moved.status_code == 201
    assert (moved.json()["initiative"], moved.json()["notes"]) == (str(other.pk), "Said")
    assert pointers(patch(client, f"sessions/{moved.json()['id']}/", {"initiative": str(other.pk)})) == {
        "/initiative": "set_once"
    }


def test_queries_do_not_grow(world: World) -> None:
    client = client_of(world.alice)
    numbers = []
    for _ in range(3):
        make_session(world.secret, world.alice, present={str(world.up.pk): 3})
        get(client, "sessions/")
        with CaptureQueriesContext(connection) as found:
            get(client, "sessions/", expand="initiative")
        numbers.append(len(found))
    assert numbers == [LIST_QUERIES] * 3
