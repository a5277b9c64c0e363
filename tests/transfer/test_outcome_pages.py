"""Pages of outcomes: recorded in two steps, listed, read, corrected by two at a time, deleted and brought back."""

from __future__ import annotations

import re
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from confidentiality.actor import actor
from conftest import World
from initiatives.models import Draft
from tests import factories as make
from tests import record
from tests.transfer.test_outcomes import damage
from transfer.models import Outcome, OutcomeRevision
from transfer.services import delete_outcome, edit_outcome, record_outcome

pytestmark = pytest.mark.django_db

LIST_QUERIES, PAGE_QUERIES, HISTORY_QUERIES, FORM_QUERIES = 25, 27, 25, 26

NOWHERE = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def alice(world: World, client: Client) -> Client:
    client.force_login(world.alice)
    return client


def at(name: str, *args: Any) -> str:
    return reverse(f"transfer:{name}", args=args)


def new(world: World, kind: str = "collective", **more: Any) -> str:
    query = "".join(f"&{name}={value}" for name, value in more.items())
    return f"{at('new_outcome')}?initiative={world.secret.pk}&kind={kind}{query}"


def text_of(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status
    return answer.content.decode()


def collective(**fields: Any) -> dict[str, Any]:
    return {
        "version": "0",
        "kind": "collective",
        "content_kind": "framework",
        "statement": "One gauge, read by both",
        "travel_permission": "officials",
        "contributes_to": "outcome",
        "confidence": "high",
    } | fields


def individual(**fields: Any) -> dict[str, Any]:
    return {
        "version": "0",
        "kind": "individual",
        "content_kind": "attitude_change",
        "statement": "Reads the gauges of the other side",
        "change_from": "-1",
        "change_to": "1",
        "travel_permission": "none",
        "contributes_to": "process",
        "confidence": "medium",
    } | fields


# --- Recording ---


def test_recording_asks_for_the_initiative_then_for_the_kind(world: World, alice: Client) -> None:
    only = alice.get(at("new_outcome"))
    other = make.make_initiative(world.conflict, world.house, lead=world.alice)
    observed = make.make_initiative(world.conflict, world.house, lead=world.bob, codename="Watched Reed")
    make.make_member(observed, world.alice, "observer")
    where = text_of(alice, at("new_outcome"))
    kinds = text_of(alice, f"{at('new_outcome')}?initiative={world.secret.pk}&session=x")

    assert (only.status_code, only["Location"]) == (302, f"{at('new_outcome')}?initiative={world.secret.pk}")
    assert f"?initiative={other.pk}" in where
    assert "Watched Reed" not in where
    assert re.findall(r"session=x&amp;kind=(\w+)", kinds) == ["individual", "collective"]


def test_who_writes_no_outcomes_is_told_who_does(world: World, client: Client) -> None:
    client.force_login(world.harry)
    page = text_of(client, at("new_outcome"))

    assert "No initiative whose outcomes you write" in page


def test_an_individual_change_is_recorded_by_pseudonym(world: World, alice: Client) -> None:
    session = record.make_session(world.secret, world.alice)
    someone = record.make_participation(world.secret, consents=["to_be_recorded"])
    form = text_of(alice, new(world, "individual", session=session.pk))
    body = individual(whose=f"person:{someone.pk}", session=str(session.pk), observed_by="facilitator")
    answer = alice.post(new(world, "individual"), body, follow=True)
    outcome = Outcome.objects.get()
    page = answer.content.decode()

    assert f'value="{session.pk}" selected' in form
    assert "endorsed_by" not in form
    assert '<option value="unknown" selected>' in form
    assert (outcome.participation, outcome.session, outcome.party) == (someone, session, None)
    assert (outcome.change, outcome.observed_by) == ({"from": -1, "to": 1}, "facilitator")
    assert someone.person.pseudonym in page
    assert "from −1 against to +1 in favour" in page
    assert "It stays in the room: the group has not agreed that it travels." in page


def test_a_collective_outcome_is_recorded_with_the_sides_behind_it(world: World, alice: Client) -> None:
    first = record.make_outcome(world.secret, world.alice, statement="A gauge for each")
    body = collective(endorsed_by=[str(world.up.pk), str(world.down.pk)], repeats=str(first.pk))
    answer = alice.post(new(world), body, follow=True)
    outcome = Outcome.objects.get(statement__isnull=False, repeats=first)
    page = answer.content.decode()

    assert sorted(outcome.endorsed_by) == sorted([world.up.pk, world.down.pk])
    assert "Upstream" in page
    assert "Downstream" in page
    assert "It has come up more than once" in page
    assert "A gauge for each" in page
    assert "It has not left the team." in page


BAD = {
    "content_kind": ({"content_kind": "attitude_change"}, "content_kind"),
    "nothing said": ({"statement": " "}, "statement"),
    "nobody asked": ({"travel_permission": ""}, "travel_permission"),
    "no such session": ({"session": NOWHERE}, "session"),
    "no such side": ({"endorsed_by": [NOWHERE]}, "endorsed_by"),
    "no such outcome": ({"repeats": NOWHERE}, "repeats"),
    "turned": ({"evidence": "a\u202eb"}, "evidence"),
    "too long": ({"statement": "x" * 4001}, "statement"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_said_at_its_field_and_nothing_is_lost(world: World, alice: Client, what: str) -> None:
    fields, field = BAD[what]
    answer = alice.post(new(world), collective(interest_addressed="A dry cellar", **fields))
    page = answer.content.decode()

    assert answer.status_code == 422
    assert f'href="#id_{field}"' in page
    assert "A dry cellar" in page
    assert not Outcome.objects.exists()


def test_whose_change_it_is_has_to_be_said(world: World, alice: Client) -> None:
    answer = alice.post(new(world, "individual"), individual(whose=""))
    lopsided = alice.post(new(world, "individual"), individual(whose=f"side:{world.up.pk}", change_from=""))

    assert 'href="#id_whose"' in answer.content.decode()
    assert 'href="#id_change_to"' in lopsided.content.decode()
    assert not Outcome.objects.exists()


def test_what_looks_wrong_passes_with_a_reason(world: World, alice: Client) -> None:
    planned = record.make_session(world.secret, world.alice, status="planned")
    body = collective(session=str(planned.pk))
    first = text_of(alice, new(world))
    asked = alice.post(new(world), body)
    saved = alice.post(new(world), body | {"override_reason": "It was held after all"})

    assert "override_reason" not in first
    assert asked.status_code == 422
    assert 'name="override_reason"' in asked.content.decode()
    assert 'href="#id_session"' in asked.content.decode()
    assert saved.status_code == 302
    assert OutcomeRevision.objects.get().kept["reason"] == "It was held after all"


def test_a_draft_comes_back_with_its_kind_and_goes_when_it_was_saved(world: World, alice: Client) -> None:
    typed = individual(
        draft=f"outcome:{world.secret.pk}", statement="Half a sent", whose=f"side:{world.up.pk}"
    )
    kept = alice.post(reverse("initiatives:keep_draft"), typed)
    form = text_of(alice, f"{at('new_outcome')}?initiative={world.secret.pk}")
    other = text_of(alice, new(world))
    seen = kept.json()["seen"]
    alice.post(new(world, "individual"), typed | {"draft_seen": str(seen)})

    assert kept.status_code == 200
    assert "Half a sent</textarea>" in form
    assert 'name="kind" value="individual"' in form
    assert "Half a sent" not in other
    assert Outcome.objects.get().party == world.up
    assert not Draft.objects.exists()


def test_a_discarded_draft_leads_back_to_the_first_step(world: World, alice: Client) -> None:
    key = {"draft": f"outcome:{world.secret.pk}"}
    alice.post(reverse("initiatives:keep_draft"), individual(**key))
    answer = alice.post(reverse("initiatives:discard_draft"), key)

    assert answer["Location"] == f"{at('new_outcome')}?initiative={world.secret.pk}"
    assert not Draft.objects.exists()


@pytest.mark.parametrize("initiative", ["nonsense", NOWHERE])
def test_what_is_no_initiative_leads_nowhere(alice: Client, initiative: str) -> None:
    assert alice.get(f"{at('new_outcome')}?initiative={initiative}").status_code == 404


# --- Who sees what ---


def test_outsiders_find_nothing_and_observers_write_nothing(world: World, client: Client) -> None:
    outcome = record.make_outcome(world.secret, world.alice)
    observer = make.make_member_of(world.house, "Olga")
    make.make_member(world.secret, observer, "observer")
    paths = [at("outcome", outcome.pk), at("outcome_history", outcome.pk), at("outcomes", world.secret.pk)]
    forms = [at("edit_outcome", outcome.pk), at("delete_outcome", outcome.pk), new(world)]
    for user, reads, writes in ((world.rita, 404, 404), (world.harry, 404, 404), (observer, 200, 403)):
        client.force_login(user)
        assert [client.get(path).status_code for path in paths] == [reads] * 3
        assert [client.get(path).status_code for path in forms] == [writes] * 3
        assert client.post(at("restore_outcome", outcome.pk)).status_code == writes


def test_an_observer_meets_no_outcome_of_a_closed_session(world: World, client: Client) -> None:
    closed = record.make_session(
        world.secret, world.alice, rule="participants_only", purpose="Behind the door"
    )
    hidden = record.make_outcome(world.secret, world.alice, session=closed, statement="Said behind the door")
    seen = record.make_outcome(world.secret, world.alice, repeats=hidden, statement="Said aloud")
    observer = make.make_member_of(world.house, "Olga")
    make.make_member(world.secret, observer, "observer")
    client.force_login(observer)
    listed = text_of(client, at("outcomes", world.secret.pk))
    page = text_of(client, at("outcome", seen.pk))

    assert client.get(at("outcome", hidden.pk)).status_code == 404
    assert client.get(at("outcome_history", hidden.pk)).status_code == 404
    assert "behind the door" not in (listed + page).casefold()
    assert "Said aloud" in listed


# --- The list ---


def test_the_list_is_filtered(world: World, alice: Client) -> None:
    session = record.make_session(world.secret, world.alice)
    body = record.make_body(world.conflict, "Water Office", world.up)
    gone = record.make_outcome(world.secret, world.alice, statement="Gone out")
    record.make_transfer(gone, world.alice, body)
    kept = record.make_outcome(
        world.secret,
        world.alice,
        kind="individual",
        content_kind="attitude_change",
        party=world.up,
        session=session,
        travel_permission="none",
        statement="Kept inside",
    )
    planned = record.make_outcome(world.secret, world.alice, statement="Not yet sent")
    record.make_transfer(planned, world.alice, body, status="planned")
    deleted = record.make_outcome(world.secret, world.alice, statement="Said twice")
    delete_outcome(by=world.alice, outcome=deleted, reason="Twice")
    path = at("outcomes", world.secret.pk)

    def found(**query: Any) -> set[str]:
        page = alice.get(path, query).content.decode()
        return {text for text in ("Gone out", "Kept inside", "Not yet sent", "Said twice") if text in page}

    assert found() == {"Gone out", "Kept inside", "Not yet sent"}
    assert found(kind="individual") == {"Kept inside"}
    assert found(travel_permission="officials") == {"Gone out", "Not yet sent"}
    assert found(session=session.pk) == {"Kept inside"}
    assert found(travelled="no") == {"Kept inside", "Not yet sent"}
    assert found(travelled="yes") == {"Gone out"}
    assert found(kind="nonsense", session="nonsense") == {"Gone out", "Kept inside", "Not yet sent"}
    assert found(travel_permission="public") == set()
    assert kept.pk != planned.pk


def test_an_empty_list_teaches(world: World, alice: Client, client: Client) -> None:
    assert "No outcome yet" in text_of(alice, at("outcomes", world.secret.pk))
    assert "No outcome fits" in text_of(alice, at("outcomes", world.secret.pk) + "?kind=individual")


def test_soft_track_two_counts_changes_in_people(world: World, alice: Client) -> None:
    world.secret.track_type = "t2_soft"
    world.secret.save()
    record.make_outcome(world.secret, world.alice)
    record.make_outcome(world.secret, world.alice, kind="individual", content_kind="other", party=world.up)
    page = text_of(alice, at("outcomes", world.secret.pk))

    assert "1 change in somebody" in page
    assert '<span class="tag">not yet travelled</span>' not in page


def test_what_does_not_open_takes_no_page_away(world: World, alice: Client) -> None:
    outcome = record.make_outcome(world.secret, world.alice)
    record.make_outcome(world.secret, world.alice, statement="Still whole", repeats=outcome)
    damage(outcome)

    assert "Still whole" in text_of(alice, at("outcomes", world.secret.pk))
    assert "cannot be opened" in text_of(alice, at("outcome", outcome.pk))
    assert text_of(alice, at("edit_outcome", outcome.pk))


# --- Correcting ---


def test_two_who_correct_at_the_same_time_see_both(world: World, alice: Client) -> None:
    outcome = record_outcome(
        by=world.alice,
        initiative=world.secret,
        kind="collective",
        content_kind="framework",
        travel_permission="team",
        statement="One gauge",
        endorsed_by=[world.up],
    )
    edit_outcome(
        by=world.bob,
        outcome=outcome,
        statement="Bob's gauge",
        travel_permission="officials",
        endorsed_by=[world.up, world.down],
    )
    mine = collective(
        version="1",
        statement="My gauge",
        travel_permission="team",
        endorsed_by=[str(world.up.pk)],
        contributes_to="unknown",
        confidence="medium",
        evidence="Two of us heard it",
    )
    answer = alice.post(at("edit_outcome", outcome.pk), mine)
    page = answer.content.decode()

    assert answer.status_code == 409
    assert "My gauge</textarea>" in page
    assert "Bob&#x27;s gauge" in page
    assert "Two of us heard it</textarea>" in page
    assert 'name="version" value="2"' in page
    again = mine | {
        "version": "2",
        "travel_permission": "officials",
        "endorsed_by": [str(world.up.pk), str(world.down.pk)],
    }
    assert alice.post(at("edit_outcome", outcome.pk), again).status_code == 302
    stored = Outcome.objects.get()
    assert (stored.statement, stored.travel_permission, len(stored.endorsed_by), stored.version) == (
        "My gauge",
        "officials",
        2,
        3,
    )


def test_what_is_named_and_gone_stays_named(world: World, alice: Client) -> None:
    session = record.make_session(world.secret, world.alice)
    outcome = record.make_outcome(world.secret, world.alice, session=session, endorsed_by=[world.down.pk])
    type(session).objects.filter(pk=session.pk).update(deleted_at="2026-05-05T00:00Z")
    world.secret.sides.filter(party=world.down).delete()
    form = text_of(alice, at("edit_outcome", outcome.pk))
    body = collective(
        version="1", statement="Anew", session=str(session.pk), endorsed_by=[str(world.down.pk)]
    )
    saved = alice.post(at("edit_outcome", outcome.pk), body)
    stored = Outcome.objects.get()

    assert "no longer here" in form
    assert saved.status_code == 302
    assert (stored.statement, stored.session_id, stored.endorsed_by) == ("Anew", session.pk, [world.down.pk])
    assert "A session that is no longer here." in text_of(alice, at("outcome", outcome.pk))


def test_an_old_version_is_read_and_brought_back(world: World, alice: Client) -> None:
    outcome = record_outcome(
        by=world.alice,
        initiative=world.secret,
        kind="collective",
        content_kind="framework",
        travel_permission="team",
        statement="First words",
    )
    edit_outcome(by=world.bob, outcome=outcome, statement="Second words")
    old = OutcomeRevision.objects.get(number=1)
    listed = text_of(alice, at("outcome_history", outcome.pk))
    shown = text_of(alice, at("outcome_revision", outcome.pk, old.pk))
    newer = text_of(alice, at("outcome_revision", outcome.pk, OutcomeRevision.objects.get(number=2).pk))
    back = {"version": "2", "reason": "It was better"}
    sents = ({"version": "2"}, back, back)
    answers = [alice.post(at("outcome_revision", outcome.pk, old.pk), sent) for sent in sents]

    assert "Version 2" in listed
    assert "Bobirian" in listed
    assert "First words" in shown
    assert 'name="version" value="2"' in shown
    assert '<del class="prose quiet" dir="auto">First words</del>' in newer
    assert "Bring it back" not in newer
    assert [answer.status_code for answer in answers] == [422, 302, 409]
    assert Outcome.objects.get().statement == "First words"
    assert "It was better" in text_of(alice, at("outcome_history", outcome.pk))
    assert alice.get(at("outcome_revision", outcome.pk, uuid4())).status_code == 404


def test_deleting_takes_a_reason_and_restoring_brings_back(world: World, alice: Client) -> None:
    outcome = record.make_outcome(world.secret, world.alice)
    record.make_transfer(outcome, world.alice, record.make_body(world.conflict, "Water Office", world.up))
    path = at("delete_outcome", outcome.pk)
    form = text_of(alice, path)
    without = alice.post(path, {"version": "1", "reason": " "})
    late = alice.post(path, {"version": "7", "reason": "Twice"})
    done = alice.post(path, {"version": "1", "reason": "Twice"}, follow=True)
    page = text_of(alice, at("outcome", outcome.pk))
    refused = alice.post(at("edit_outcome", outcome.pk), collective(version="2"))
    restored = alice.post(at("restore_outcome", outcome.pk), follow=True)

    assert "Water Office" in form
    assert (without.status_code, late.status_code, refused.status_code) == (422, 409, 422)
    assert "No outcome yet" in done.content.decode()
    assert "It stands in no list" in page
    assert "It stands in no list" not in restored.content.decode()
    assert "Twice" in text_of(alice, at("outcome_history", outcome.pk))


# --- Constant numbers of queries ---


@pytest.mark.parametrize("number", [1, 3])
def test_pages_ask_as_much_for_three_of_each_as_for_one(
    world: World, alice: Client, number: int, django_assert_num_queries: Any
) -> None:
    last = None
    for index in range(number):
        session = record.make_session(world.secret, world.alice, began_on=date(2026, 3, 4 + index))
        someone = record.make_participation(world.secret, consents=["to_be_recorded"])
        record.make_outcome(
            world.secret,
            world.alice,
            kind="individual",
            content_kind="other",
            participation=someone,
            session=session,
            change={"from": 0, "to": 1},
        )
        last = record.make_outcome(
            world.secret, world.alice, session=session, endorsed_by=[world.up.pk], repeats=last
        )
        body = record.make_body(world.conflict, party=world.up)
        record.make_transfer(last, world.alice, body)
        with actor(world.alice):
            edit_outcome(by=world.alice, outcome=last, statement=f"Words {index}")
    assert last is not None
    for path, expected in (
        (at("outcomes", world.secret.pk), LIST_QUERIES),
        (at("outcome", last.pk), PAGE_QUERIES),
        (at("outcome_history", last.pk), HISTORY_QUERIES),
        (new(world, "individual"), FORM_QUERIES),
    ):
        with django_assert_num_queries(expected):
            assert alice.get(path).status_code == 200
