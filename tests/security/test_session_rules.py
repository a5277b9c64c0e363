"""What the rule of a session keeps from whom: the table, written by hand again, against pages, REST and files."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from confidentiality.actor import actor
from confidentiality.codes import Rule
from conftest import World
from initiatives.models import Session, SessionRevision
from initiatives.services import edit_session, log_session
from initiatives.services.overriding import Doubt
from participants.models import Attendance
from participants.services.attendance import mark_attendance
from tests import factories as make
from tests import record
from tests.clients import client_of, get
from transfer.models import Outcome, OutcomeRevision
from transfer.services import edit_outcome, record_outcome

TEXTS = ("purpose", "next_step", "place", "notes", "incidents")


@dataclass(frozen=True)
class Row:
    """observers, files: "texts", "facts" or "nothing". officials: "sent", "agreed" or "nothing". named: in files."""

    observers: str
    files: str
    officials: str
    named: bool


TABLE = {
    "on_record": Row("texts", "texts", "sent", named=True),
    "chatham_house": Row("texts", "texts", "sent", named=False),
    "non_attributed_summary": Row("texts", "texts", "sent", named=False),
    "agreed_text_only": Row("facts", "facts", "agreed", named=False),
    "no_notes": Row("facts", "facts", "nothing", named=False),
    "participants_only": Row("nothing", "nothing", "nothing", named=False),
}
ROWS = sorted(TABLE.items())


def test_the_table_knows_every_rule() -> None:
    assert set(TABLE) == set(Rule.values)


def observer(world: World) -> Any:
    user = make.make_member_of(world.house, "Olga")
    make.make_member(world.secret, user, "observer")
    return user


def worded(world: World, rule: str) -> Session:
    texts = {name: f"Said in {name}" for name in TEXTS if rule != "no_notes" or name != "notes"}
    return log_session(
        by=world.alice, initiative=world.secret, began_on="2026-03-04", format="workshop", rule=rule, **texts
    )


@pytest.mark.django_db
@pytest.mark.parametrize(("rule", "row"), ROWS)
def test_what_an_observer_reads(world: World, rule: str, row: Row) -> None:
    session, olga = worded(world, rule), observer(world)
    client, browser = client_of(olga), Client()
    browser.force_login(olga)
    pages = [
        browser.get(reverse("initiatives:session", args=[session.pk])),
        browser.get(reverse("initiatives:session_history", args=[session.pk])),
        browser.get(reverse("initiatives:session_version", args=[session.pk, session.revisions.get().pk])),
        browser.get(reverse("initiatives:sessions", args=[session.initiative_id])),
        browser.get("/"),
        browser.post(reverse("initiatives:search"), {"q": "said"}),
    ]
    answers = [
        get(client, "sessions/"),
        get(client, f"sessions/{session.pk}/"),
        get(client, f"sessions/{session.pk}/history/"),
    ]
    said = "".join(answer.content.decode() for answer in (*pages, *answers))

    assert ("Said in" in said or "in the notes" in said) is (row.observers == "texts")
    # The pages that list; one that is asked for a session says its address again.
    listed = "".join(answer.content.decode() for answer in (*pages[3:], answers[0]))
    assert (str(session.pk) in listed) is (row.observers != "nothing")
    assert [pages[0].status_code, answers[1].status_code] == [404 if row.observers == "nothing" else 200] * 2


@pytest.mark.django_db
@pytest.mark.parametrize(("rule", "row"), ROWS)
@pytest.mark.parametrize("agreed", [True, False])
def test_what_leaves_in_a_file_and_reaches_an_official(
    world: World, rule: str, row: Row, agreed: bool
) -> None:
    lina, office = make.make_user("Lina"), record.make_body(world.conflict, "Ministry of Water")
    record.make_liaison(lina, office)
    session, somebody = worded(world, rule), record.make_participation(world.secret)
    whose = (
        {"kind": "collective", "content_kind": "text_draft", "endorsed_by": [world.up.pk, world.down.pk]}
        if agreed
        else {"participation": somebody}
    )
    outcome = record.make_outcome(
        world.secret,
        world.alice,
        session=session,
        travel_permission="officials",
        statement="Said to all",
        **whose,
    )
    tie = record.make_tie(somebody.person, office, by=world.alice)
    transfer = record.make_transfer(
        outcome, world.alice, office, carrier=somebody, link=tie, message="Told to the office"
    )
    client, at = client_of(world.alice), client_of(lina)
    files = {
        name: get(client, f"{name}/", export="csv").content.decode("utf-8-sig")
        for name in ("sessions", "outcomes", "transfers", "attendances")
    }
    free = row.officials == "sent" or (row.officials == "agreed" and agreed)

    assert ("Said in purpose" in files["sessions"]) is (row.files == "texts")
    assert (str(session.pk) in files["sessions"]) is (row.files != "nothing")
    assert ("Said to all" in files["outcomes"]) is (row.files == "texts")
    assert (str(outcome.pk) in files["outcomes"]) is (row.files != "nothing")
    assert (str(transfer.pk) in files["transfers"]) is free
    assert (str(somebody.pk) in files["outcomes"] + files["transfers"]) is row.named
    assert str(tie.pk) not in files["transfers"]
    received = get(at, "received-transfers/").content.decode()
    assert ("Told to the office" in received) is free


@pytest.mark.django_db
@pytest.mark.parametrize("permission", ["none", "team"])
def test_no_text_leaves_that_the_group_keeps(world: World, permission: str) -> None:
    for session in (None, worded(world, "on_record")):
        record.make_outcome(
            world.secret,
            world.alice,
            session=session,
            travel_permission=permission,
            statement="Said among us",
        )
    assert "Said among us" not in get(client_of(world.alice), "outcomes/", export="csv").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("rule", ["non_attributed_summary", "no_notes"])
def test_whose_change_it_was_goes_when_the_rule_forbids_to_store_it(world: World, rule: str) -> None:
    person = record.make_person(world.house, party=world.up)
    somebody = record.make_participation(world.secret, person, consents=["to_be_recorded"])
    session = worded(world, "chatham_house")
    edit_session(by=world.alice, session=session, notes="")
    outcome = record_outcome(
        by=world.alice, initiative=world.secret, kind="individual", content_kind="attitude_change",
        statement="Would talk", travel_permission="team", participation=somebody, session=session,
    )  # fmt: skip
    with pytest.raises(Doubt) as asked:
        edit_session(by=world.alice, session=session, rule=rule)
    edit_session(by=world.alice, session=session, rule=rule, override_reason="The group wants it so")
    outcome.refresh_from_db()
    kept = [row.kept["fields"] for row in OutcomeRevision.objects.filter(outcome=outcome)]

    assert "the side will stand there instead" in str(asked.value)
    assert (outcome.participation_id, outcome.party_id) == (None, world.up.pk)
    assert str(somebody.pk) not in str(kept)
    assert len(kept) == 2
    # It can be corrected afterwards like any other.
    edit_outcome(by=world.alice, outcome=outcome, statement="Would talk soon")
    notes = {row.kept["fields"]["notes"] for row in SessionRevision.objects.filter(session=session)}
    assert ("Said in notes" in notes) is (rule != "no_notes")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", ["attendance", "outcome"])
def test_who_was_there_is_not_stored_while_the_rule_changes(world: World, what: str) -> None:
    """One sets the rule, the other writes down who came, from pages that both opened before."""
    session = worded(world, "chatham_house")
    somebody = record.make_participation(world.secret, consents=["to_be_recorded"])
    stale = Session.objects.get(pk=session.pk)
    set_rule, told = threading.Event(), []

    def other() -> None:
        set_rule.wait(10)
        try:
            with actor(world.bob):
                if what == "attendance":
                    mark_attendance(by=world.bob, session=stale, participations=[somebody])
                else:
                    record_outcome(
                        by=world.bob, initiative=world.secret, kind="individual", content_kind="attitude_change",
                        statement="Would talk", travel_permission="team", participation=somebody, session=stale,
                    )  # fmt: skip
        except Exception as error:
            told.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=other)
    thread.start()
    with actor(world.alice):
        edit_session(by=world.alice, session=session, rule="non_attributed_summary")
        set_rule.set()
        thread.join(0.5)  # It waits for this transaction, which holds the session.
        assert thread.is_alive()
    thread.join(10)

    assert "not stored who was there" in str(told)
    assert not Attendance.objects.exists()
    assert not Outcome.objects.exists()
