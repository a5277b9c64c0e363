"""Nobody looks without a trace, and nobody changes a trace unnoticed.

Proved: every page and every address of the API inside an initiative leaves exactly one event in its chain, with ids and
no word; a refusal leaves exactly one in the site's chain, hidden and missing alike, and its team is told; without its
event there is no answer; two who read one initiative do not wait for each other; of 1,000 random tampers with the
rights of the owner (changes, deletions, exchanges, cut tails) every one is found; and a chain that was written anew
shows against a copied checkpoint.
Not proved, because it is not so: that a chain which the owner wrote anew, head included, shows without such a copy.
"""

from __future__ import annotations

import csv
import io
import json
import os
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.test import Client
from django.urls import resolve

from accounts.models import User
from accounts.services import create_token
from confidentiality import checkpoints
from confidentiality.actor import SITE, actor
from confidentiality.models import GENESIS, SITE_STREAM, AuditCheckpoint, AuditEvent, AuditHead
from confidentiality.verification import verify
from conftest import World
from initiatives import services
from initiatives.services.denials import tell_teams
from participants.models import ParticipationRevision
from tests import factories as make
from tests.clients import client_of
from tests.logins import WEB, logged_in_as
from tests.record import make_participation, make_person, make_session
from tests.security.asking import Request, request_as, routes
from tests.security.conftest import Secrets

TAMPERS = int(os.environ.get("T2D_TAMPERS", "1000"))
SLOW = 0.8  # seconds


def events(stream: UUID) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(stream=stream).order_by("position"))


def since(before: list[AuditEvent], stream: UUID) -> list[AuditEvent]:
    return events(stream)[len(before) :]


# --- One event for each access --------------------------------------------------------------------------------


def test_every_address_inside_leaves_one_event_and_no_more(world: World, secrets: Secrets) -> None:
    request, wrong, seen = request_as(world.alice), [], set()
    for route in routes():
        path = route.path({name: secrets.ids().get(kind, uuid4()) for name, kind in route.kinds().items()})
        before, denied = events(world.secret.pk), events(SITE_STREAM)
        with transaction.atomic():
            response = request("get", path)
            added, refused = since(before, world.secret.pk), since(denied, SITE_STREAM)
            transaction.set_rollback(True)
        if response.status_code in (403, 404):
            if [event.action for event in refused] != ["deny"] or added:
                wrong.append((path, response.status_code, added, refused))
        elif len(added) > 1 or refused:
            wrong.append((path, response.status_code, added, refused))
        elif added:
            seen.add(route.pattern)
            assert added[0].actor == str(world.alice.pk)
            assert added[0].route == resolve(path).view_name
            assert added[0].records == sorted(added[0].records) != []

    assert wrong == []
    inside = {
        "initiatives/<uuid:pk>/brief/", "initiatives/<uuid:pk>/sessions/", "initiatives/<uuid:pk>/audit/",
        "sessions/<uuid:pk>/", "sessions/<uuid:pk>/history/", "people/<uuid:pk>/", "outcomes/<uuid:pk>/",
        "transfers/<uuid:pk>/", "api/v1/briefs/<pk>/", "api/v1/sessions/", "api/v1/sessions/<pk>/",
        "api/v1/participations/", "api/v1/outcomes/<pk>/", "api/v1/transfers/<pk>/",
    }  # fmt: skip
    assert inside <= seen, inside - seen
    assert len(seen) > 40


def test_an_event_holds_no_word_of_what_was_read(world: World, secrets: Secrets) -> None:
    request_as(world.alice)("get", f"/sessions/{secrets.ids()['session']}/?q=Canary+of+a+search")
    (event,) = events(world.secret.pk)[-1:]
    named = {*map(str, event.records), str(world.secret.pk), event.actor}
    texts = (event.route, event.actor, event.action, event.facts)

    assert secrets.ids()["session"] in event.records
    assert [
        word for word in secrets.words() if any(word in text for text in texts) and word not in named
    ] == []
    assert "Canary" not in "".join(texts)


def test_pages_without_content_leave_nothing(world: World) -> None:
    before = AuditEvent.objects.count()
    request = request_as(world.rita)
    for path in ("/healthz/", "/account/", "/conflicts/", "/api/v1/conflicts/", "/api/v1/me/"):
        assert request("get", path).status_code == 200

    assert AuditEvent.objects.count() == before


def test_a_change_and_a_file_are_told_as_such(world: World, secrets: Secrets) -> None:
    client, chain = client_of(world.alice), world.secret.pk
    body = {"initiative": str(chain), "text": "New rules"}
    assert client.post("/api/v1/ground-rules/", body).status_code == 201
    wrote = events(chain)[-1]
    assert (
        client.get(
            "/api/v1/sessions/", {"export": "csv", "why": "report", "initiative": str(chain)}
        ).status_code
        == 200
    )
    took = events(chain)[-1]

    assert (wrote.action, wrote.route) == ("write", "api-ground-rules-list")
    assert took.action == "export"
    assert took.told()["what"] == "sessions"
    assert took.told()["format"] == "csv"
    assert took.told()["why"] == "report"
    assert set(took.told()) == {"kinds", "what", "format", "rows", "why", "left_out", "without_texts"}


def test_a_file_of_two_teams_tells_each_chain_of_its_own_rows(world: World) -> None:
    """Bob is on both teams. Whoever leads one of them must not learn from its chain what lies in the other."""
    make.make_member(world.rival, world.bob, role="rapporteur")
    make_session(world.rival, world.rita, rule="on_record")

    def told_to_rita() -> dict[str, Any]:
        asked = {"export": "csv", "why": "report"}
        assert client_of(world.bob).get("/api/v1/sessions/", asked).status_code == 200
        return json.loads(events(world.rival.pk)[-1].facts)

    alone = told_to_rita()
    for rule in ("participants_only", "no_notes", "on_record"):
        make_session(world.secret, world.alice, rule=rule)
    assert told_to_rita() == alone
    assert alone["rows"] == 1
    own = json.loads(events(world.secret.pk)[-1].facts)
    assert (own["rows"], own["left_out"]) == (2, {"participants_only": 1})


def test_who_was_at_a_session_stands_in_no_event_beside_it(world: World) -> None:
    """The chain outlives the row, and a rule may come that forbids to store it."""
    session = make_session(world.secret, world.alice, rule="on_record")
    there = make_participation(world.secret, make_person(world.house, party=world.up))
    client = client_of(world.alice)
    body = {"session": str(session.pk), "participation": str(there.pk)}
    assert client.post("/api/v1/attendances/", body).status_code == 201
    client.get("/api/v1/attendances/")
    client.get(f"/sessions/{session.pk}/")

    tying = {
        there.pk,
        *ParticipationRevision.objects.filter(participation=there).values_list("pk", flat=True),
    }
    found = [set(event.records) for event in events(world.secret.pk)]
    assert [ids for ids in found if session.pk in ids] != []
    assert [ids for ids in found if session.pk in ids and ids & tying] == []


def test_a_file_of_the_audit_does_not_speak_of_what_no_file_speaks_of(world: World) -> None:
    """Neither by an id nor by a row that counts a session and names none."""
    client = Client()
    client.force_login(world.alice)
    closed, told = (
        make_session(world.secret, world.alice, rule=rule) for rule in ("participants_only", "on_record")
    )
    for session in (closed, told):
        assert client.get(f"/sessions/{session.pk}/").status_code == 200
    assert client.get(f"/initiatives/{world.secret.pk}/sessions/").status_code == 200
    asked = {"initiative": str(world.secret.pk), "export": "csv", "why": "report"}
    file = client_of(world.alice).get("/api/v1/audit-events/", asked)
    rows = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"))))

    assert [str(told.pk) in row["records"] for row in rows if row["route"] == "initiatives:session"] == [True]
    # A list shows both: its event would count one more than a file of sessions holds.
    assert [row for row in rows if row["route"] == "initiatives:sessions"] == []
    assert str(closed.pk) not in file.content.decode()
    preview = client_of(world.alice).get(
        "/api/v1/audit-events/", {"initiative": asked["initiative"], "preview": "yes"}
    )
    assert preview.json()["left_out"] == {"participants_only": 2}


def test_a_table_that_was_only_tried_is_no_change(world: World) -> None:
    table = {
        "initiative": str(world.secret.pk),
        "table": "date,format\n2026-03-04,plenary\n",
        "dry_run": True,
    }
    assert client_of(world.alice).post("/api/v1/sessions/import/", table).status_code == 200
    assert {event.action for event in events(world.secret.pk)} <= {"open"}


def test_a_search_notes_what_it_shows_and_not_what_it_looked_through(world: World) -> None:
    make.make_brief(world.secret, world.alice, title="Kestrel over the weir")
    other = make.make_initiative(world.conflict, world.house, lead=world.alice, codename="Other Wren")
    make.make_brief(other, world.alice, title="Nothing of that kind")
    client = Client()
    client.force_login(world.alice)
    before = events(other.pk)
    assert client.post("/search/", {"q": "Kestrel"}).status_code == 200

    assert events(world.secret.pk)[-1].action == "search"
    assert since(before, other.pk) == []


# --- Refusals -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/initiatives/{}/brief/", "/sessions/{}/", "/api/v1/sessions/{}/"])
def test_a_refusal_leaves_one_event_hidden_and_missing_alike(
    world: World, secrets: Secrets, path: str
) -> None:
    request, missing = request_as(world.rita), uuid4()
    kind = "initiative" if "initiatives" in path else "session"
    before = events(SITE_STREAM)
    for pk in (secrets.ids()[kind], missing):
        assert request("get", path.format(pk)).status_code == 404
    hidden, absent = since(before, SITE_STREAM)

    assert hidden.records == [secrets.ids()[kind]]
    assert absent.records == [missing]
    assert (hidden.actor, hidden.action, hidden.route) == (absent.actor, absent.action, absent.route)
    assert hidden.actor == str(world.rita.pk)


def test_forbidden_is_a_refusal_too(world: World, secrets: Secrets) -> None:
    observer = make.make_member_of(world.house, "Olga")
    make.make_member(world.secret, observer, "observer")
    before, inside = events(SITE_STREAM), events(world.secret.pk)
    assert request_as(observer)("get", f"/initiatives/{world.secret.pk}/audit/").status_code == 403

    assert [(e.action, e.records) for e in since(before, SITE_STREAM)] == [("deny", [world.secret.pk])]
    assert since(inside, world.secret.pk) == []


@pytest.mark.parametrize("acting", ["nobody", "alice"])
def test_nobody_is_named_who_does_not_act(world: World, acting: str) -> None:
    who = {"nobody": None, "alice": world.alice}[acting]
    with (
        pytest.raises(DatabaseError, match="in another's name"),
        transaction.atomic(),
        actor(who),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT append_audit(%s, '', '[]')", [str(world.bob.pk)])


@pytest.mark.parametrize("method", ["get", "patch"])
@pytest.mark.parametrize("cookie", [True, False])
def test_a_token_beside_the_cookie_of_somebody_else_is_whose_it_is(
    world: World, secrets: Secrets, method: str, cookie: bool
) -> None:
    """Or alone. A refusal rolls back; who asked stays who asked. Hidden and missing alike."""
    client = Client(raise_request_exception=False)
    if cookie:
        client.force_login(world.alice)
    with actor(world.rita):
        token = {"HTTP_AUTHORIZATION": f"Bearer {create_token(by=world.rita, scope='write')[1]}"}
    body = {} if method == "get" else {"data": "{}", "content_type": "application/json"}
    answers = []
    for pk in (world.secret.pk, uuid4()):
        response = getattr(client, method)(f"/api/v1/initiatives/{pk}/", **body, **token)
        answers.append((response.status_code, response.content.replace(str(pk).encode(), b"")))
        event = AuditEvent.objects.filter(stream=SITE_STREAM).latest("position")
        assert (event.actor, event.action, event.records) == (str(world.rita.pk), "deny", [pk])
    assert answers[0] == answers[1]


def test_the_team_is_told_that_somebody_asked_and_who_only_of_its_own(world: World, secrets: Secrets) -> None:
    observer = make.make_member_of(world.house, "Olga")
    make.make_member(world.secret, observer, "observer")
    request_as(world.rita)("get", f"/sessions/{secrets.ids()['session']}/")
    request_as(observer)("get", f"/initiatives/{world.secret.pk}/audit/")
    request_as(world.rita)("get", f"/sessions/{uuid4()}/")
    for _twice in range(2):
        with actor(SITE):
            tell_teams()
    told = [event for event in events(world.secret.pk) if event.action == "refused"]

    assert [(event.actor, event.records, event.route) for event in told] == [
        ("", [secrets.ids()["session"]], "initiatives:session"),
        (str(observer.pk), [world.secret.pk], "initiatives:audit"),
    ]
    client = Client()
    client.force_login(world.alice)
    page = client.get(f"/initiatives/{world.secret.pk}/audit/?action=refused").content.decode()
    assert "somebody outside the team" in page
    assert "Rita" not in page.replace("Rita Rival", "")


# --- The page -------------------------------------------------------------------------------------------------


def test_leads_read_their_own_chain_and_are_told_whether_it_is_whole(world: World, secrets: Secrets) -> None:
    client = Client()
    client.force_login(world.alice)
    client.get(f"/sessions/{secrets.ids()['session']}/")
    address = f"/initiatives/{world.secret.pk}/audit/"
    page = client.get(f"{address}?record={secrets.ids()['session']}&verify=1").content.decode()
    assert "Alice" in page
    assert "are as they were written" in page

    AuditEvent.objects.filter(stream=world.secret.pk, position=1).update(actor="somebody else")
    assert "This chain was tampered with." in client.get(f"{address}?verify=1").content.decode()


@pytest.mark.parametrize(
    ("name", "number"), [("person", "nonsense"), ("since", "x"), ("record", "x"), ("page", "x")]
)
def test_filters_take_nonsense(world: World, name: str, number: str) -> None:
    client = Client()
    client.force_login(world.alice)

    assert client.get(f"/initiatives/{world.secret.pk}/audit/", {name: number}).status_code == 200


# --- Chains ---------------------------------------------------------------------------------------------------


def test_the_application_changes_and_inserts_nothing_itself(world: World, secrets: Secrets) -> None:
    event = secrets.records["event"]
    for act in (
        lambda: AuditEvent.objects.filter(pk=event.pk).update(actor=""),
        lambda: AuditEvent.objects.filter(pk=event.pk).delete(),
        lambda: AuditEvent.objects.create(stream=world.secret.pk, position=99, action="open"),
        lambda: AuditHead.objects.filter(pk=world.secret.pk).update(position=0),
    ):
        with (
            pytest.raises(DatabaseError, match="permission denied"),
            transaction.atomic(),
            actor(world.alice),
        ):
            act()


def test_every_tamper_is_found(db: None) -> None:
    draw = random.Random(20261123)
    streams = [_chain_of(draw, 12) for _number in range(8)]
    with actor(SITE):
        assert verify().findings == []
    missed = []
    for number in range(TAMPERS):
        stream, tamper = draw.choice(streams), draw.choice(TAMPERING)
        with transaction.atomic():
            said = tamper(draw, stream)
            found = verify([stream]).findings
            transaction.set_rollback(True)
        if not found:
            missed.append((number, tamper.__name__, said))

    assert missed == []
    assert verify(streams).findings == []


def _chain_of(draw: random.Random, length: int) -> UUID:
    stream = uuid4()
    for _number in range(length):
        AuditEvent.objects.create(
            stream=stream,
            position=0,
            actor=str(uuid4()),
            action=draw.choice(["open", "write"]),
            route="initiatives:brief",
            records=[uuid4() for _record in range(draw.randrange(4))],
            facts=draw.choice(["", '{"kinds":{"brief":1}}']),
        )
    return stream


def _one(draw: random.Random, stream: UUID) -> AuditEvent:
    return draw.choice(events(stream))


def flips(draw: random.Random, stream: UUID) -> str:
    """One character, number or second of one column, in whatever way."""
    event = _one(draw, stream)
    name = draw.choice(
        ["actor", "action", "route", "records", "facts", "previous", "hash", "at", "position", "id"]
    )
    before = getattr(event, name)
    changes: dict[str, Any] = {
        "records": [*before, uuid4()] if name == "records" else None,
        "at": event.at + timedelta(microseconds=draw.choice([-1, 1])),
        "position": event.position + 100,
        "id": uuid4(),
    }
    value = changes.get(name) or _flipped(draw, str(before))
    AuditEvent.objects.filter(pk=event.pk).update(**{name: value})
    return name


def _flipped(draw: random.Random, text: str) -> str:
    """With another character in one place; where there is none, with one."""
    place = draw.randrange(len(text)) if text else 0
    other = draw.choice([sign for sign in "0123456789abcdef, " if sign != text[place : place + 1]])
    return text[:place] + other + text[place + 1 :]


def deletes(draw: random.Random, stream: UUID) -> str:
    event = _one(draw, stream)
    AuditEvent.objects.filter(pk=event.pk).delete()
    return str(event.position)


def cuts_the_tail(draw: random.Random, stream: UUID) -> str:
    from_here = draw.randrange(1, 13)
    AuditEvent.objects.filter(stream=stream, position__gte=from_here).delete()
    return str(from_here)


def exchanges(draw: random.Random, stream: UUID) -> str:
    """Two events change places; sometimes with their links."""
    one, other = draw.sample(events(stream), 2)
    places = {"position": (one.position, other.position)}
    if draw.random() < 0.5:
        places |= {"previous": (one.previous, other.previous)}
    AuditEvent.objects.filter(pk=one.pk).update(position=-1)
    AuditEvent.objects.filter(pk=other.pk).update(**{name: pair[0] for name, pair in places.items()})
    AuditEvent.objects.filter(pk=one.pk).update(**{name: pair[1] for name, pair in places.items()})
    return f"{one.position} {other.position}"


def mends_one(draw: random.Random, stream: UUID) -> str:
    """A changed event with a hash that fits it: those after it do not."""
    event = _one(draw, stream)
    event.actor = str(uuid4())
    AuditEvent.objects.filter(pk=event.pk).update(actor=event.actor, hash=event.expected_hash())
    return str(event.position)


TAMPERING = (flips, deletes, cuts_the_tail, exchanges, mends_one)


def rewrite(stream: UUID) -> None:
    """What the owner can do: another history, whole in itself, head included."""
    previous = GENESIS
    for event in events(stream):
        event.actor, event.previous = str(uuid4()), previous
        previous = event.expected_hash()
        AuditEvent.objects.filter(pk=event.pk).update(
            actor=event.actor, previous=event.previous, hash=previous
        )
    AuditHead.objects.filter(pk=stream).update(hash=previous)


def test_a_chain_that_was_written_anew_shows_against_a_copy_only(db: None) -> None:
    stream = _chain_of(random.Random(1), 5)
    copy = _copied()
    AuditEvent.objects.create(stream=stream, position=0, action="open")
    assert checkpoints.compare(copy) == []
    rewrite(stream)

    assert verify([stream]).findings == []
    assert [finding.what for finding in checkpoints.compare(copy)] == ["not as copied"]


def test_a_cut_tail_with_its_head_shows_against_a_copy_only(db: None) -> None:
    stream = _chain_of(random.Random(1), 5)
    copy = _copied()
    AuditEvent.objects.filter(stream=stream, position=5).delete()
    AuditHead.objects.filter(pk=stream).update(position=4, hash=events(stream)[-1].hash)

    assert verify([stream]).findings == []
    assert [finding.what for finding in checkpoints.compare(copy)] == ["gone"]


def _copied() -> list[str]:
    file = io.StringIO()
    with actor(SITE):
        checkpoints.sign_checkpoint()
        checkpoints.copy_to(file)
    return file.getvalue().splitlines()


def test_a_copy_that_was_changed_is_not_trusted(db: None) -> None:
    _chain_of(random.Random(1), 2)
    copy = [*_copied()[:-1], *_copied()]
    assert len(copy) == 2
    forged = json.loads(copy[0])
    forged["body"] = forged["body"].replace('"version": 1', '"version": 2')
    for lines in ([json.dumps(forged), copy[1]], [copy[1]], ["nonsense"]):
        with pytest.raises(checkpoints.Broken):
            checkpoints.compare(lines)


def test_a_purge_takes_the_chain_along_and_leaves_where_it_ended(
    transactional_db: None, world: World, secrets: Secrets
) -> None:
    AuditCheckpoint.objects.all().delete()  # One without a word of sense, made with a row of every model.
    request_as(world.alice)("get", f"/initiatives/{world.secret.pk}/brief/")
    last, copy = events(world.secret.pk)[-1], _copied()
    services.purge_now(
        initiative_id=world.secret.pk,
        reason="risk_to_participants",
        asked_by=world.alice,
        confirmed_by=world.bob,
    )
    (left,) = AuditEvent.objects.filter(stream=SITE_STREAM, action="purge")

    assert events(world.secret.pk) == []
    assert not AuditHead.objects.filter(pk=world.secret.pk).exists()
    assert left.records == [world.secret.pk]
    assert left.told() == {"position": last.position, "hash": last.hash}
    assert checkpoints.compare(copy) == []
    assert verify([world.secret.pk, SITE_STREAM]).findings == []


# --- No answer without an event, and no waiting ----------------------------------------------------------------


@contextmanager
def broken_at_the_last_moment() -> Iterator[None]:
    def kill(execute: Any, sql: str, *rest: Any) -> Any:
        if "append_audit" in sql:
            connection.connection.close()
        return execute(sql, *rest)

    with connection.execute_wrapper(kill):
        yield


def test_what_cannot_be_written_down_is_not_shown(transactional_db: None, world: World) -> None:
    make.make_brief(world.secret, world.alice, title="Kestrel over the weir")
    address = f"/initiatives/{world.secret.pk}/brief/"
    client = Client(raise_request_exception=False)
    client.force_login(world.alice)
    assert "Kestrel" in client.get(address).content.decode()
    before = events(world.secret.pk)
    with broken_at_the_last_moment():
        answer = client.get(address)
    connection.close()

    assert answer.status_code == 500
    assert b"Kestrel" not in answer.content
    assert since(before, world.secret.pk) == []
    assert "Kestrel" in client.get(address).content.decode()


def test_two_readers_of_one_initiative_do_not_wait(
    transactional_db: None, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two requests that each take their time after opening: together as long as one, and both in the chain."""
    make.make_brief(world.secret, world.alice, title="Kestrel over the weir")
    address = f"/initiatives/{world.secret.pk}/brief/"
    clients = [_signed_in(world.alice), _signed_in(world.bob)]
    for client in clients:
        client.get(address)  # Nothing is read for the first time below.
    before = len(events(world.secret.pk))
    real, barrier = services.open_request, threading.Barrier(2)

    def slow(**given: Any) -> Any:
        time.sleep(SLOW)
        return real(**given)

    monkeypatch.setattr(services, "open_request", slow)
    answers: list[int] = []

    def ask(client: Client) -> None:
        barrier.wait()
        answers.append(client.get(address).status_code)
        connections.close_all()

    with logged_in_as(WEB):
        began = time.monotonic()
        threads = [threading.Thread(target=ask, args=[client]) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took = time.monotonic() - began

    assert answers == [200, 200]
    assert took < 2 * SLOW, took
    assert len(events(world.secret.pk)) == before + 2
    assert verify([world.secret.pk]).findings == []


def _signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_writers_at_once_leave_one_unbroken_chain(transactional_db: None, world: World) -> None:
    """Ten threads, two initiatives in different orders: no deadlock, no gap."""
    rita = world.rita
    make.make_member(world.secret, rita, "facilitator")
    for initiative in (world.secret, world.rival):
        make.make_brief(initiative, rita, title="Title")
    failed: list[int] = []

    def ask() -> None:
        request: Request = request_as(rita)
        failed.extend(
            status for _time in range(5) if (status := request("get", "/initiatives/").status_code) != 200
        )
        connections.close_all()

    threads = [threading.Thread(target=ask) for _number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert verify().findings == []
    assert len(events(world.secret.pk)) == 50


@pytest.mark.parametrize("page", ["files", "everything"])
def test_a_token_on_a_page_acts_for_nobody(world: World, page: str) -> None:
    """What a page asks of the API it asks as whoever is signed in."""
    make_session(world.secret, world.alice)
    _token, plain = create_token(by=world.bob, scope="read")
    client = Client(headers={"Authorization": f"Bearer {plain}"})
    client.force_login(world.alice)
    inside = f"/initiatives/{world.secret.pk}/everything/"
    if page == "files":
        answer = client.get(f"/files/sessions/?initiative={world.secret.pk}")
    else:
        answer = client.post(inside, {"why": "report"})
    b"".join(answer.streaming_content) if answer.streaming else answer.content
    with actor(world.alice):
        acted = set(AuditEvent.objects.filter(stream=world.secret.pk).values_list("actor", flat=True))

    assert answer.status_code == 200
    assert str(world.bob.pk) not in {str(one) for one in acted}
    assert str(world.alice.pk) in {str(one) for one in acted}
