"""What the rule of a session keeps from whom: the table, written by hand again, against pages, REST and files."""

from __future__ import annotations

import csv
import threading
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from confidentiality.actor import actor
from confidentiality.codes import Rule
from conftest import World
from initiatives import embargo
from initiatives.models import Draft, Session, SessionRevision
from initiatives.models.session import SESSION_TOLD, untold
from initiatives.services import edit_session, log_session
from initiatives.services.drafts import forget_drafts_of_session, keep_draft
from initiatives.services.overriding import Doubt
from participants.models import Attendance
from participants.services.attendance import mark_attendance
from tests import factories as make
from tests import record
from tests.clients import client_of, get, patch, pointers
from transfer.models import Outcome, OutcomeRevision
from transfer.services import (
    carry_out,
    edit_outcome,
    edit_transfer,
    plan_transfer,
    record_outcome,
    record_step,
    record_transfer,
)

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
NOTES = ("notes", "incidents")
# Every field of a session is one or the other: a new one has to be judged here.
FACTS = {
    "id", "version", "created_at", "updated_at", "initiative", "status", "began_on", "began_precision", "ended_on",
    "ended_precision", "format", "rule", "embargo_until", "audience", "country", "present", "keep_texts_until",
    "clock_set_by", "clock_set_at", "texts_gone_at", "by", "deleted_at",
}  # fmt: skip
TOLD = {*TEXTS, "agenda_themes", "product_made"}


def test_the_table_knows_every_rule() -> None:
    assert set(TABLE) == set(Rule.values)


def test_every_field_of_a_session_is_a_fact_or_told_with_its_texts() -> None:
    assert {field.name for field in Session._meta.concrete_fields} == FACTS | TOLD
    assert FACTS.isdisjoint(TOLD)
    assert set(untold()) == set(SESSION_TOLD) == TOLD
    blank = Session(began_on=date(2026, 3, 4))
    assert untold() == {name: getattr(blank, name) for name in TOLD}


def observer(world: World) -> Any:
    user = make.make_member_of(world.house, "Olga")
    make.make_member(world.secret, user, "observer")
    return user


def worded(world: World, rule: str) -> Session:
    texts = {name: f"Said in {name}" for name in TEXTS if rule != "no_notes" or name not in NOTES}
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
@pytest.mark.parametrize("rule", ["no_notes", "agreed_text_only", "embargo"])
def test_the_agenda_and_what_came_of_it_are_no_facts(world: World, rule: str) -> None:
    olga, until = observer(world), FAR if rule == "embargo" else None
    session = record.make_session(
        world.secret, world.alice, rule="on_record" if until else rule, embargo_until=until,
        agenda_themes=["nuclear_risk"], product_made=True, purpose="", next_step="",
    )  # fmt: skip
    edit_session(by=world.alice, session=session, country="CH")
    mine, hers = client_of(world.alice), client_of(olga)
    (taken,) = csv.DictReader(get(mine, "sessions/", export="csv").content.decode("utf-8-sig").splitlines())
    read = get(hers, f"sessions/{session.pk}/").json()
    then = get(hers, f"sessions/{session.pk}/history/").json()[0]["fields_then"]

    assert (taken["agenda_themes"], taken["product_made"], taken["country"]) == ("", "", "CH")
    assert get(mine, "sessions/", preview="yes").json()["without_texts"] == {rule: 1}
    # An embargo is no rule for those inside.
    told = (["nuclear_risk"], True) if until else ([], None)
    assert (read["agenda_themes"], read["product_made"]) == told
    assert ("agenda_themes" in then, "product_made" in then) == (bool(until), bool(until))


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
    edit_session(by=world.alice, session=session, notes="", incidents="")
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
    kept = [row.kept["fields"] for row in SessionRevision.objects.filter(session=session)]
    for name in NOTES:
        assert (f"Said in {name}" in {fields[name] for fields in kept}) is (rule != "no_notes")


@pytest.mark.django_db
@pytest.mark.parametrize("rule", ["non_attributed_summary", "no_notes"])
def test_no_history_says_who_was_there_either(world: World, rule: str) -> None:
    """Neither of an outcome whose participant made way for the side before, nor of one that was taken out before."""
    person = record.make_person(world.house, party=world.up)
    somebody = record.make_participation(world.secret, person, consents=["to_be_recorded"])
    session = worded(world, "chatham_house")
    edit_session(by=world.alice, session=session, notes="", incidents="")
    made = {"kind": "individual", "content_kind": "attitude_change", "statement": "Would talk"}
    sided, elsewhere = (
        record_outcome(
            by=world.alice, initiative=world.secret, travel_permission="team", participation=somebody,
            session=session, **made,
        )
        for _two in range(2)
    )  # fmt: skip
    edit_outcome(by=world.alice, outcome=sided, participation=None, party=world.up)
    edit_outcome(by=world.alice, outcome=elsewhere, session=None)
    with pytest.raises(Doubt):
        edit_session(by=world.alice, session=session, rule=rule)
    edit_session(by=world.alice, session=session, rule=rule, override_reason="The group wants it so")
    rows = OutcomeRevision.objects.select_related("outcome")
    kept = [(row.outcome_id, row.kept["fields"]) for row in rows]

    for pk in (sided.pk, elsewhere.pk):
        said = " ".join(str(fields) for owner, fields in kept if owner == pk)
        assert not (str(session.pk) in said and str(somebody.pk) in said)
    elsewhere.refresh_from_db()
    assert elsewhere.participation == somebody
    # Nor does a later version, beside an earlier one that says where it came from.
    with pytest.raises(ValidationError) as refused:
        edit_outcome(
            by=world.alice,
            outcome=sided,
            session=None,
            participation=somebody,
            party=None,
            override_reason="x",
        )
    assert list(refused.value.message_dict) == ["participation"]


@pytest.mark.django_db
@pytest.mark.parametrize("name", NOTES)
def test_without_notes_there_are_none_typed_or_saved(world: World, name: str) -> None:
    """Neither in the session, nor in what a colleague has not saved yet or goes on typing on an open page."""
    session, other = worded(world, "chatham_house"), worded(world, "chatham_house")
    typed = {name: ["Word for word"], "place": ["A hall"]}
    form: dict[str, Any] = {"place": "session_details", "initiative": world.secret}
    for one in (session, other):
        keep_draft(by=world.bob, about=one.pk, data=typed, **form)
    with pytest.raises(ValidationError) as refused:
        edit_session(by=world.alice, session=session, rule="no_notes", override_reason="So agreed")
    assert list(refused.value.message_dict) == ["rule"]
    nothing = dict.fromkeys(NOTES, "")
    with actor(world.alice):  # The database asks who writes.
        edit_session(by=world.alice, session=session, rule="no_notes", **nothing, override_reason="So agreed")

    assert [draft.about for draft in Draft.objects.all()] == [other.pk]
    keep_draft(by=world.bob, about=session.pk, data=typed, **form)
    assert Draft.objects.get(about=session.pk).data == {name: [""], "place": ["A hall"]}
    with pytest.raises(ValidationError) as refused:
        edit_session(by=world.alice, session=session, **{name: "Word for word"})
    assert list(refused.value.message_dict) == [name]


@pytest.mark.django_db
def test_nobody_forgets_drafts_of_others_but_by_the_rule(world: World) -> None:
    """The function of the database asks for itself."""
    session, quiet = worded(world, "chatham_house"), worded(world, "no_notes")
    for one in (session, quiet):
        make.make_draft(world.bob, "edit_session", initiative=world.secret, about=one.pk)
    forget_drafts_of_session(session.pk)
    for user in (world.rita, observer(world)):
        with actor(user):
            forget_drafts_of_session(quiet.pk)
    assert Draft.objects.count() == 2
    with actor(world.alice):
        forget_drafts_of_session(quiet.pk)
    assert [draft.about for draft in Draft.objects.all()] == [session.pk]


@pytest.mark.django_db
@pytest.mark.parametrize("unticked", [False, True])
def test_no_history_of_who_takes_part_says_who_was_there(world: World, unticked: bool) -> None:
    """Of somebody who had withdrawn the history says that they came, and why; of another session it goes on so."""
    part = record.make_participation(world.secret, status="withdrew", withdrew_on=date(2026, 1, 1))
    session, other = worded(world, "chatham_house"), worded(world, "chatham_house")
    why = {"override_reason": "Came on 4 March all the same"}
    for one in (session, other):
        mark_attendance(by=world.alice, session=one, participations=[part], **why)
    if unticked:
        mark_attendance(by=world.alice, session=session, participations=[])
    edit_session(by=world.alice, session=session, rule="chatham_house", purpose="Gauges")
    with pytest.raises(Doubt) as asked:
        edit_session(by=world.alice, session=session, rule="non_attributed_summary")
    assert "It stands there who came" in str(asked.value)
    edit_session(by=world.alice, session=session, rule="non_attributed_summary", override_reason="So agreed")
    kept = [row.kept for row in part.revisions.order_by("number")]

    assert [(one["changed"], one["reason"]) for one in kept] == [
        ([], ""),
        (["attendance"], "Came on 4 March all the same"),
    ]
    assert str(session.pk) not in str(kept)


@pytest.mark.django_db
def test_a_side_has_to_be_there_to_stand_for_somebody(world: World) -> None:
    somebody = record.make_participation(world.secret, record.make_person(world.house))
    session = record.make_session(world.secret, world.alice, rule="chatham_house")
    record.make_outcome(world.secret, world.alice, session=session, participation=somebody, party=None)

    with pytest.raises(ValidationError) as refused:
        edit_session(by=world.alice, session=session, rule="no_notes", notes="", override_reason="So agreed")
    assert somebody.person.pseudonym in refused.value.message_dict["rule"][0]


@pytest.mark.django_db
@pytest.mark.parametrize("rule", ["agreed_text_only", "no_notes"])
def test_why_something_changed_is_a_text_as_well(world: World, rule: str) -> None:
    session, olga = worded(world, rule), observer(world)
    edit_session(by=world.alice, session=session, place="", reason="Heard from a driver")
    browser = Client()
    browser.force_login(olga)
    paths = [reverse(f"initiatives:{name}", args=[session.pk]) for name in ("session", "session_history")]
    told = [browser.get(path).content.decode() for path in paths]
    told.append(get(client_of(olga), f"sessions/{session.pk}/history/").content.decode())
    told.append(get(client_of(world.alice), f"sessions/{session.pk}/history/").content.decode())

    assert ["Heard from a driver" in one for one in told] == [False, False, False, True]


@pytest.mark.django_db
def test_an_observer_sees_of_agreed_texts_what_is_agreed(world: World) -> None:
    session, olga = worded(world, "agreed_text_only"), observer(world)
    made = {"session": session, "kind": "collective", "content_kind": "text_draft"}
    outcome = record_outcome(
        by=world.alice, initiative=world.secret, travel_permission="officials", statement="A first draft",
        endorsed_by=[world.up], **made,
    )  # fmt: skip
    transfer = record.make_transfer(outcome, world.alice, record.make_body(world.conflict))
    client = client_of(olga)

    assert get(client, f"outcomes/{outcome.pk}/").status_code == 404
    assert get(client, f"transfers/{transfer.pk}/").status_code == 404
    edit_outcome(
        by=world.alice, outcome=outcome, statement="What both want", endorsed_by=[world.up, world.down],
        override_reason="Both said so",
    )  # fmt: skip
    assert get(client, f"outcomes/{outcome.pk}/").json()["statement"] == "What both want"
    assert get(client, f"transfers/{transfer.pk}/").status_code == 200
    assert "A first draft" not in get(client, f"outcomes/{outcome.pk}/history/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("rule", ["agreed_text_only", "chatham_house"])
def test_of_agreed_texts_an_observer_reads_nothing_that_only_the_team_says(world: World, rule: str) -> None:
    session, olga = worded(world, rule), observer(world)
    outcome = record_outcome(
        by=world.alice, initiative=world.secret, session=session, kind="collective", content_kind="text_draft",
        statement="Agreed words", evidence="Said by us: the deputy", interest_addressed="Said by us: what they hide",
        travel_permission="officials", endorsed_by=[world.up, world.down],
    )  # fmt: skip
    edit_outcome(by=world.alice, outcome=outcome, statement="Agreed words, final", reason="Said by us: why")
    office = record.make_body(world.conflict, "Ministry of Water")
    transfer = plan_transfer(
        by=world.alice, outcome=outcome, body=office, channel="private_memo", agent="facilitator",
        message="Agreed words, sent", note="Said by us: his brother asked",
    )  # fmt: skip
    edit_transfer(by=world.alice, transfer=transfer, fidelity="faithful", reason="Said by us: corrected")
    carry_out(by=world.alice, transfer=transfer, sent_on=timezone.localdate())
    record_step(
        by=world.alice, transfer=transfer, uptake="sent", on=timezone.localdate(), note="Said by us: driver",
        reason="Said by us: late",
    )  # fmt: skip
    said = read_of(olga, outcome, transfer)

    assert all(words in said for words in ("Agreed words, final", "Agreed words, sent"))
    assert ("Said by us" in said) is (rule != "agreed_text_only")
    # A search for it finds nothing either.
    browser = Client()
    browser.force_login(olga)
    found = browser.post(reverse("initiatives:search"), {"q": "said by us"}).content.decode()
    assert (str(outcome.pk) in found, str(transfer.pk) in found) == ((rule != "agreed_text_only"),) * 2
    # What the team itself reads, a rapporteur too, is whole.
    assert read_of(rapporteur(world), outcome, transfer).count("Said by us") > 6


def rapporteur(world: World) -> Any:
    user = make.make_member_of(world.house, "Ruth")
    make.make_member(world.secret, user, "rapporteur")
    return user


def read_of(user: Any, outcome: Outcome, transfer: Any) -> str:
    """What somebody reads of an outcome and of how it was carried, on pages and over the API."""
    browser, client = Client(), client_of(user)
    browser.force_login(user)
    pages = [
        reverse("transfer:outcome", args=[outcome.pk]),
        reverse("transfer:outcome_history", args=[outcome.pk]),
        *(reverse("transfer:outcome_revision", args=[outcome.pk, one.pk]) for one in outcome.revisions.all()),
        reverse("transfer:transfer", args=[transfer.pk]),
        reverse("transfer:transfer_history", args=[transfer.pk]),
        *(
            reverse("transfer:transfer_revision", args=[transfer.pk, one.pk])
            for one in transfer.revisions.all()
        ),
    ]
    asked = [
        f"outcomes/{outcome.pk}/",
        f"outcomes/{outcome.pk}/history/",
        "outcomes/",
        f"transfers/{transfer.pk}/",
        "transfers/?expand=outcome",
        "uptake-steps/",
        "uptake-steps/?expand=transfer",
    ]
    answers = [*(browser.get(path) for path in pages), *(client.get(f"/api/v1/{path}") for path in asked)]
    assert [answer.status_code for answer in answers] == [200] * len(answers)
    return "".join(answer.content.decode() for answer in answers)


@pytest.mark.django_db
def test_no_file_holds_a_text_of_the_team_from_agreed_texts_only(world: World) -> None:
    outcome = record.make_outcome(
        world.secret, world.alice, session=worded(world, "agreed_text_only"), kind="collective",
        content_kind="text_draft", endorsed_by=[world.up.pk, world.down.pk], travel_permission="officials",
    )  # fmt: skip
    transfer = record.make_transfer(
        outcome, world.alice, record.make_body(world.conflict), note="Said to us", message="Said to them"
    )
    record.make_step(transfer, world.alice, "sent", note="Said on the way", reason="Said why")
    client = client_of(world.alice)
    files = [get(client, f"{name}/", export="csv").content.decode() for name in ("transfers", "uptake-steps")]

    assert [str(transfer.pk) in file for file in files] == [True, True]
    assert not any("Said " in file for file in files)


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


# --- Embargo: the same for a while, whatever the rule lets go ----------------------------------------------------


FAR, PAST = date(2199, 1, 2), date(2020, 1, 2)


def carried(world: World, session: Session) -> tuple[Any, Outcome, Any]:
    """A liaison, an outcome of the session that may go to officials, and its transfer to that liaison's office."""
    lina, office = make.make_user("Lina"), record.make_body(world.conflict, "Ministry of Water")
    record.make_liaison(lina, office)
    outcome = record.make_outcome(
        world.secret, world.alice, session=session, travel_permission="officials", statement="Said to all"
    )
    return lina, outcome, record.make_transfer(outcome, world.alice, office, message="Told to the office")


@pytest.mark.django_db
@pytest.mark.parametrize(("until", "released"), [(FAR, False), (PAST, True), (None, True)])
def test_nothing_leaves_before_the_embargo_ends(world: World, until: date | None, released: bool) -> None:
    session, somebody = worded(world, "on_record"), record.make_participation(world.secret)
    mark_attendance(by=world.alice, session=session, participations=[somebody], seen=())
    lina, _outcome, transfer = carried(world, session)
    edit_session(by=world.alice, session=session, embargo_until=until, override_reason="They asked for it")
    client = client_of(world.alice)
    files = {
        name: get(client, f"{name}/", export="csv").content.decode("utf-8-sig")
        for name in ("sessions", "outcomes", "transfers", "attendances")
    }
    received = get(client_of(lina), "received-transfers/").content.decode()

    assert str(session.pk) in files["sessions"]
    assert ("Said in purpose" in files["sessions"]) is released
    assert ("Said to all" in files["outcomes"]) is released
    assert (str(transfer.pk) in files["transfers"]) is released
    assert (str(somebody.pk) in files["attendances"]) is released
    assert ("Told to the office" in received) is released
    kept = get(client, "sessions/", preview="yes").json()["without_texts"]
    assert kept == ({} if released else {"embargo": 1})


@pytest.mark.django_db
def test_an_embargo_ends_once_its_day_has_begun_everywhere(world: World) -> None:
    session = worded(world, "on_record")
    lina, _outcome, _transfer = carried(world, session)
    client, at = client_of(world.alice), client_of(lina)
    edit_session(by=world.alice, session=session, embargo_until=date(2026, 5, 4), override_reason="Press day")
    for moment, released in (("2026-05-04T11:59:00Z", False), ("2026-05-04T12:01:00Z", True)):
        with time_machine.travel(moment, tick=False):
            session.refresh_from_db()
            assert session.embargoed is not released
            assert Session.objects.released().filter(pk=session.pk).exists() is released
    # The database has a clock of its own: the view counts as the module does.
    with connection.cursor() as cursor:
        cursor.execute("SELECT (now() AT TIME ZONE 'Etc/GMT+12')::date")
        assert cursor.fetchone() == (embargo.begun_everywhere(),)
    for until, seen in (
        (embargo.begun_everywhere(), True),
        (embargo.begun_everywhere() + timedelta(1), False),
    ):
        edit_session(by=world.alice, session=session, embargo_until=until, override_reason="Press day")
        assert ("Told to the office" in get(at, "received-transfers/").content.decode()) is seen
        assert ("Said in purpose" in get(client, "sessions/", export="csv").content.decode()) is seen


@pytest.mark.django_db
def test_what_went_out_under_an_embargo_lifted_early_is_decided_by_those_who_send(world: World) -> None:
    ruth = make.make_member_of(world.house, "Ruth")
    make.make_member(world.secret, ruth, "rapporteur")
    session = worded(world, "on_record")
    _lina, outcome, _transfer = carried(world, session)
    with pytest.raises(Doubt) as asked:
        edit_session(by=ruth, session=session, embargo_until=FAR)
    assert "Ministry of Water" in str(asked.value)
    edit_session(by=ruth, session=session, embargo_until=FAR, override_reason="They asked for it")

    sooner = {"embargo_until": embargo.begun_everywhere() + timedelta(1)}
    for less in ({"embargo_until": None}, sooner):
        with pytest.raises(ValidationError) as refused:
            edit_session(by=ruth, session=session, **less, override_reason="Why not")
        assert set(refused.value.message_dict) == {"embargo_until"}
    # Nor by taking the outcome out of its session.
    with pytest.raises(ValidationError) as refused:
        edit_outcome(by=ruth, outcome=outcome, session=None, override_reason="Why not")
    assert set(refused.value.message_dict) == {"session"}
    # Longer is for everybody who writes sessions; lifting it is asked of a lead.
    edit_session(by=ruth, session=session, embargo_until=FAR + timedelta(1))
    with pytest.raises(Doubt):
        edit_session(by=world.alice, session=session, embargo_until=None)
    edit_session(by=world.alice, session=session, embargo_until=None, override_reason="All sides agree")
    session.refresh_from_db()
    assert session.embargo_until is None


@pytest.mark.django_db
@pytest.mark.parametrize("until", [None, FAR - timedelta(1)])
def test_an_embargo_that_stands_is_cut_short_with_a_reason_by_those_who_send(
    world: World, until: date | None
) -> None:
    """Though nothing has gone out: on pages and over the API alike."""
    ruth, session = rapporteur(world), worded(world, "on_record")
    edit_session(by=ruth, session=session, embargo_until=FAR)
    day = until.isoformat() if until else ""
    answer = patch(
        client_of(ruth), f"sessions/{session.pk}/", {"embargo_until": day or None, "override_reason": "x"}
    )
    assert (answer.status_code, pointers(answer)) == (400, {"/embargo_until": "invalid"})
    browser = Client()
    typed = {"version": "2", "embargo_until": day, "audience": "team", "notes": "Typed and kept"}
    browser.force_login(ruth)
    page = browser.post(reverse("initiatives:session_details", args=[session.pk]), typed)
    assert page.status_code == 422
    assert list(page.context["form"].errors) == ["embargo_until"]
    assert "A lead or facilitator lifts it" in page.content.decode()
    assert "Typed and kept" in page.content.decode()

    lead = client_of(world.bob)
    asked = patch(lead, f"sessions/{session.pk}/", {"embargo_until": day or None})
    assert pointers(asked) == {"/embargo_until": "confirm"}
    browser.force_login(world.bob)
    page = browser.post(reverse("initiatives:session_details", args=[session.pk]), typed)
    assert 'name="override_reason"' in page.content.decode()
    reason = {"override_reason": "All sides agree"}
    assert (
        browser.post(
            reverse("initiatives:session_details", args=[session.pk]), {**typed, **reason}
        ).status_code
        == 302
    )
    session.refresh_from_db()
    assert session.embargo_until == until
    assert session.revisions.order_by("-number")[0].kept["reason"] == "All sides agree"


@pytest.mark.django_db
def test_an_embargo_that_is_over_is_corrected_by_whoever_writes(world: World) -> None:
    session = worded(world, "on_record")
    edit_session(by=world.alice, session=session, embargo_until=PAST)
    edit_session(by=rapporteur(world), session=session, embargo_until=None)


@pytest.mark.django_db
def test_what_was_withdrawn_meanwhile_is_not_brought_back_by_the_end_of_an_embargo(world: World) -> None:
    """Permission taken away and given again by a rapporteur while the embargo stands would come out by itself."""
    ruth = make.make_member_of(world.house, "Ruth")
    make.make_member(world.secret, ruth, "rapporteur")
    session = worded(world, "on_record")
    _lina, outcome, _transfer = carried(world, session)
    edit_session(by=world.alice, session=session, embargo_until=FAR, override_reason="They asked for it")
    edit_outcome(by=ruth, outcome=outcome, travel_permission="team", override_reason="Taken back")
    with pytest.raises(ValidationError):
        edit_outcome(by=ruth, outcome=outcome, travel_permission="officials", override_reason="Given again")


@pytest.mark.django_db
def test_under_an_embargo_it_is_planned_for_later_and_carried_by_nobody(world: World) -> None:
    session, office = worded(world, "on_record"), record.make_body(world.conflict, "Ministry of Water")
    edit_session(by=world.alice, session=session, embargo_until=FAR)
    outcome = record.make_outcome(world.secret, world.alice, session=session, travel_permission="officials")
    how = {
        "by": world.alice,
        "outcome": outcome,
        "body": office,
        "channel": "private_memo",
        "agent": "facilitator",
    }
    with pytest.raises(ValidationError) as refused:
        record_transfer(**how, sent_on=date(2026, 3, 5), override_reason="It was")
    assert "outcome" in refused.value.message_dict
    with pytest.raises(ValidationError) as refused:
        plan_transfer(**how, sent_on=FAR - timedelta(1))
    assert "sent_on" in refused.value.message_dict
    assert plan_transfer(**how, sent_on=FAR).sent_on == FAR
    assert plan_transfer(**how).sent_on is None


@pytest.mark.django_db
@pytest.mark.parametrize(("rule", "leaves"), [("on_record", True), ("chatham_house", False)])
def test_what_a_team_remarks_on_a_transfer_says_who_and_stays(world: World, rule: str, leaves: bool) -> None:
    _lina, _outcome, transfer = carried(world, worded(world, rule))
    edit_transfer(by=world.alice, transfer=transfer, note="Amina Haddad carried it")
    record_step(by=world.alice, transfer=transfer, uptake="sent", on=transfer.sent_on, note="Haddad phoned")
    client = client_of(world.alice)
    for name in ("transfers", "uptake-steps"):
        file = get(client, f"{name}/", export="csv").content.decode("utf-8-sig")
        assert ("Haddad" in file) is leaves
