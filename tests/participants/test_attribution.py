"""A text that says who was in the room, under a rule that keeps that inside: asked about before it is saved."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from confidentiality.actor import actor
from confidentiality.codes import Rule
from conftest import World
from initiatives.models import Session
from initiatives.services import edit_session, log_session
from initiatives.services.overriding import Doubt, Reason
from participants.models import PersonIdentity
from tests import factories as make
from tests.clients import client_of, patch, pointers
from tests.record import (
    make_attendance,
    make_body,
    make_outcome,
    make_participation,
    make_person,
    make_session,
    make_tie,
)
from transfer.services import edit_outcome, record_transfer

pytestmark = pytest.mark.django_db
ASKED = {Rule.CHATHAM_HOUSE, Rule.NON_ATTRIBUTED_SUMMARY}
ASKED_OF_MESSAGES = {*ASKED, Rule.AGREED_TEXT_ONLY}


@pytest.fixture
def held(world: World) -> Session:
    """A session with one who was there and one who was not."""
    session = make_session(world.secret, world.alice, rule=Rule.CHATHAM_HOUSE)
    for name, other, affiliation in (
        ("Amina Haddād", "أمينة حدّاد", "Gauge Institute"),
        ("Viktor Elsewhere", "", "Harbour Board"),
    ):
        person = make_person(world.house, party=world.up)
        others = [{"name": other, "script": "Arab"}] if other else []
        PersonIdentity(
            organisation=world.house, person=person, name=name, other_names=others, affiliation=affiliation
        ).save()
        participation = make_participation(world.secret, person)
        if other:
            make_attendance(session, participation)
            make_tie(person, make_body(world.conflict, "Water Ministry"))
    return session


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Amina Haddad said it", "amina haddad"),
        ("as HADDAD put it", "haddad"),
        ("قالت امينه حداد ذلك", "امينه حداد"),
        ("somebody of the Gauge  Institute", "gauge institute"),
        ("the Water Ministry will not", "water ministry"),
        # Who takes part and was not in this room is told by it as well.
        ("Viktor was in the next room", "viktor"),
        ("The haddadian school of thought", ""),
        ("A map", ""),
        # A name that is a common word as well.
        ("a haddad, which is a smith", ""),
    ],
)
def test_a_text_of_a_session_is_asked_about(world: World, held: Session, text: str, found: str) -> None:
    with actor(world.alice):
        if not found:
            edit_session(by=world.alice, session=held, notes=text)
            return
        with pytest.raises(Doubt) as refused:
            edit_session(by=world.alice, session=held, notes=text)
        assert found in refused.value.message_dict["notes"][0]
        # A reason that knows nothing of the question answers another one.
        with pytest.raises(Doubt):
            edit_session(by=world.alice, session=held, notes=text, override_reason="She asked for it")
        reason = Reason("She asked for it", refused.value.asked)
        edit_session(by=world.alice, session=held, notes=text, override_reason=reason)
    assert Session.objects.get(pk=held.pk).notes == text


@pytest.mark.parametrize("rule", Rule.values)
def test_it_is_asked_where_texts_leave_and_people_do_not(world: World, held: Session, rule: str) -> None:
    if rule == Rule.NO_NOTES:
        return  # There are no notes under it at all.
    Session.objects.filter(pk=held.pk).update(rule=rule)
    held.refresh_from_db()
    with actor(world.alice):
        if rule in ASKED:
            with pytest.raises(Doubt):
                edit_session(by=world.alice, session=held, notes="Haddad spoke")
        else:
            edit_session(by=world.alice, session=held, notes="Haddad spoke")


def test_where_it_is_not_kept_who_was_there_everybody_counts_who_takes_part(
    world: World, held: Session
) -> None:
    with actor(world.alice), pytest.raises(Doubt):
        log_session(
            by=world.alice,
            initiative=world.secret,
            began_on=date(2026, 3, 4),
            format="workshop",
            rule=Rule.NON_ATTRIBUTED_SUMMARY,
            notes="Viktor proposed a map",
        )


@pytest.mark.parametrize("rule", sorted(ASKED_OF_MESSAGES | {Rule.ON_RECORD}))
def test_a_message_to_an_office(world: World, held: Session, rule: str) -> None:
    Session.objects.filter(pk=held.pk).update(rule=rule)
    outcome = make_outcome(
        world.secret,
        world.alice,
        session=Session.objects.get(pk=held.pk),
        travel_permission="officials",
        endorsed_by=[str(world.up.pk), str(world.down.pk)],
    )
    body = make_body(world.conflict, "Harbour Office")
    way: dict[str, Any] = {
        "by": world.alice,
        "outcome": outcome,
        "body": body,
        "direction": "upward",
        "channel": "private_memo",
        "agent": "facilitator",
        "sent_on": date(2026, 3, 20),
    }
    with actor(world.alice):
        # The office it goes to may be named; one that somebody has a tie to may not.
        record_transfer(**way, message="To the Harbour Office: a map")
        if rule == Rule.ON_RECORD:
            record_transfer(**way, message="Amina Haddad says: a map")
            return
        with pytest.raises(Doubt) as refused:
            record_transfer(**way, message="Amina Haddad of the Water Ministry says: a map")
        assert "message" in refused.value.message_dict
        reason = Reason("She carries it herself", refused.value.asked)
        record_transfer(**way, message="Amina Haddad says: a map", override_reason=reason)


def test_an_outcome_and_one_that_gets_such_a_session_later(world: World, held: Session) -> None:
    outcome = make_outcome(world.secret, world.alice, statement="Haddad and the others agree")
    with actor(world.alice), pytest.raises(Doubt) as refused:
        edit_outcome(by=world.alice, outcome=outcome, session=held)
    assert "statement" in refused.value.message_dict


def test_the_page_keeps_what_was_typed_and_asks_why(world: World, held: Session) -> None:
    client = Client()
    client.force_login(world.alice)
    page = reverse("initiatives:session_details", args=[held.pk])
    answer = client.post(page, {"version": held.version, "notes": "Haddad spoke", "audience": "team"})
    body = answer.content.decode()

    assert answer.status_code == 422
    assert "which is on record of somebody who takes part" in body
    assert "Haddad spoke" in body
    assert 'name="override_reason"' in body


def test_rest_names_the_field(world: World, held: Session) -> None:
    answer = patch(client_of(world.alice), f"sessions/{held.pk}/", {"notes": "Haddad spoke"})
    assert (answer.status_code, pointers(answer)) == (400, {"/notes": "confirm"})


def test_a_rapporteur_who_opens_no_identity_learns_none_by_typing(world: World, held: Session) -> None:
    rapporteur = make.make_member_of(world.house, "Rapporteur")
    make.make_member(world.secret, rapporteur, "rapporteur")
    with actor(rapporteur):
        edit_session(by=rapporteur, session=held, notes="Haddad spoke")


@pytest.mark.parametrize("rule", [Rule.CHATHAM_HOUSE, Rule.ON_RECORD])
def test_a_file_is_looked_through_for_people_who_were_added_later(world: World, rule: str) -> None:
    """The usual order on a phone: the session first, the people when there is time."""
    session = log_session(
        by=world.alice, initiative=world.secret, began_on="2026-03-04", format="workshop", rule=rule,
        purpose="Hear what Zuhra Nassar brings",
    )  # fmt: skip
    outcome = make_outcome(
        world.secret, world.alice, session=session, travel_permission="public", statement="Nassar agrees"
    )
    make_participation(world.secret, make_person(world.house, "Zuhra Nassar"))
    asked = rule == Rule.CHATHAM_HOUSE
    client = client_of(world.alice)
    for name, record in (("sessions", session), ("outcomes", outcome)):
        named = client.get(f"/api/v1/{name}/", {"preview": "yes"}).json()["named"]
        assert [one["id"] for one in named] == ([str(record.pk)] if asked else [])
        browser = Client()
        browser.force_login(world.alice)
        page = browser.get(reverse("initiatives:files", args=[name])).content.decode()
        assert ("Names on record in texts that leave" in page) is asked
    rapporteur = make.make_member_of(world.house, "Ruth")
    make.make_member(world.secret, rapporteur, "rapporteur")
    told = client_of(rapporteur).get("/api/v1/sessions/", {"preview": "yes"}).json()
    assert told["named"] == []  # Opens no identity, and learns none by a preview.
