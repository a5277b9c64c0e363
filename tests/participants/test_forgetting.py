"""Forgetting a person on request: identity, ties and notes go, what was counted stays, texts are found before."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from confidentiality.actor import actor
from confidentiality.policy import Forbidden, Hidden
from conftest import World
from initiatives.enums import DraftPlace
from initiatives.models import Draft, Session
from initiatives.services import (
    adopt_ground_rules,
    edit_brief,
    edit_session,
    hold_retention,
    keep_draft,
    record_assent,
)
from initiatives.services.sessions import log_session
from participants.models import (
    Attendance,
    OfficialLink,
    OfficialLinkRevision,
    Participation,
    PersonIdentity,
)
from participants.services import change_participation, forget_person, participate
from participants.services.attendance import mark_attendance
from tests import factories as make
from tests import record
from tests.clients import client_of as program_of
from tests.clients import post
from transfer.models import Transfer
from transfer.services import record_step

pytestmark = pytest.mark.django_db


@pytest.fixture
def part(world: World) -> Participation:
    """Somebody with a name, a tie by which something went, a note in two versions, and a session."""
    made = record.make_participation(world.secret, record.make_person(world.house, "Ingrid Vallhund"))
    session = log_session(
        by=world.alice, initiative=world.secret, began_on="2026-03-04", format="workshop",
        rule="on_record", purpose="Hear what Vallhund brings",
    )  # fmt: skip
    mark_attendance(by=world.alice, session=session, participations=[made], seen=())
    change_participation(by=world.alice, participation=made, note="Has a cousin in the ministry")
    change_participation(by=world.alice, participation=made, note="Calls on Sundays")
    office = record.make_body(world.conflict, "Ministry of Water")
    tie = record.make_tie(made.person, office, by=world.alice)
    outcome = record.make_outcome(world.secret, world.alice, travel_permission="officials")
    record.make_transfer(outcome, world.alice, office, carrier=made, link=tie)
    made.refresh_from_db()
    return made


def kept(part: Participation) -> str:
    return "".join(str(row.kept) for row in part.revisions.all())


def test_what_tells_who_it_is_goes_and_what_was_counted_stays(world: World, part: Participation) -> None:
    with actor(world.alice):
        forget_person(by=world.alice, person=part.person, reason="Asked for it")
        forget_person(by=world.alice, person=part.person, reason="Asked again")
    assert not PersonIdentity.objects.filter(person=part.person).exists()
    assert not OfficialLink.objects.exists()
    assert not OfficialLinkRevision.objects.exists()
    part.refresh_from_db()
    assert part.note == ""
    assert [word for word in ("cousin", "Sundays") if word in kept(part)] == []
    assert Attendance.objects.filter(participation=part).count() == 1
    sent = Transfer.objects.get()
    assert (sent.carrier_id, sent.link_id) == (part.pk, None)
    assert "Asked for it" in str(part.person.revisions.first().kept)


def test_also_where_another_team_sent_something_by_the_same_tie(world: World, part: Participation) -> None:
    """That team is not seen from here, and must not be left with a tie that is gone."""
    leads = make.make_member_of(world.house, "Leila")
    theirs = make.make_initiative(world.conflict, world.house, lead=leads, parties=(world.up, world.down))
    make.make_member(world.secret, leads, "facilitator")
    their_part = participate(by=leads, initiative=theirs, person=part.person, override_reason="Lent")
    change_participation(by=leads, participation=their_part, note="Said yes by telephone")
    tie = OfficialLink.objects.get()
    outcome = record.make_outcome(theirs, leads, travel_permission="officials")
    record.make_transfer(outcome, leads, record.make_body(world.conflict, "Ministry of Fish"))
    Transfer.objects.filter(initiative=theirs).update(link=tie, carrier=their_part)
    with actor(world.alice):
        forget_person(by=world.alice, person=part.person, reason="Asked for it")
    assert set(Transfer.objects.values_list("link", flat=True)) == {None}
    their_part.refresh_from_db()
    assert their_part.note == "Said yes by telephone"  # Theirs, and said so on the page.


@pytest.mark.parametrize(
    ("who", "refused"),
    [("harry", Hidden), ("rita", Hidden), ("cora", Hidden), ("stella", Hidden), ("ruth", Forbidden)],
)
def test_whoever_may_not_open_an_identity_forgets_nobody(
    world: World, part: Participation, who: str, refused: Any
) -> None:
    user = make.make_member_of(world.house, "Ruth") if who == "ruth" else getattr(world, who)
    if who == "ruth":
        make.make_member(world.secret, user, "rapporteur")
    with pytest.raises(refused):
        forget_person(by=user, person=part.person, reason="Because")
    assert (PersonIdentity.objects.count(), OfficialLink.objects.count()) == (1, 1)


def test_nothing_goes_without_a_reason(world: World, part: Participation) -> None:
    with pytest.raises(ValidationError):
        forget_person(by=world.alice, person=part.person, reason=" ")
    assert (PersonIdentity.objects.count(), OfficialLink.objects.count()) == (1, 1)


def test_the_page_shows_where_the_name_stands_first(world: World, part: Participation) -> None:
    browser, page = Client(), reverse("participants:erase", args=[part.person_id])
    browser.force_login(world.alice)
    make.make_brief(world.secret, world.alice, title="Tea", objective="Bring INGRID VALLHUND to the weir")
    record.make_outcome(world.secret, world.alice, statement="Nothing of the kind")
    shown = browser.get(page)
    assert [one.words for one in shown.context["mentions"]] == ["ingrid vallhund", "vallhund"]
    assert reverse("initiatives:brief", args=[world.secret.pk]) in shown.content.decode()
    assert browser.post(page, {"what": "all", "reason": ""}).status_code == 422
    assert browser.post(page, {"what": "all", "reason": "Asked for it"}).status_code == 302
    assert not OfficialLink.objects.exists()
    assert browser.get(page).context["mentions"] == []


def test_over_rest(world: World, part: Participation) -> None:
    path = f"people/{part.person_id}/forget/"
    assert post(program_of(world.alice), path, {}).status_code == 400
    assert post(program_of(world.harry), path, {"reason": "Asked"}).status_code == 404
    assert post(program_of(world.alice), path, {"reason": "Asked for it"}).status_code == 204
    assert not OfficialLink.objects.exists()


def test_what_was_left_unfinished_about_the_person_goes_for_everybody(
    world: World, part: Participation
) -> None:
    colleague = make.make_member_of(world.house, "Leila")
    make.make_member(world.secret, colleague, "facilitator")
    typed = {"note": ["Ingrid Vallhund's cousin"], "person": [str(part.person_id)]}
    for user, about in ((world.alice, part.person_id), (colleague, None), (world.rita, None)):
        with actor(user):
            keep_draft(by=user, place=DraftPlace.OFFICIAL_LINK, about=about, data=typed)
    with actor(world.alice):
        forget_person(by=world.alice, person=part.person, reason="Asked for it")
    # Rita works with nobody who could have typed of this person.
    assert [draft.user for draft in Draft.objects.all()] == [world.rita]


def test_why_somebody_takes_part_goes_with_the_note(world: World, part: Participation) -> None:
    own = make.make_initiative(world.conflict, world.house, lead=world.alice, parties=(world.up, world.down))
    taken = participate(
        by=world.alice,
        initiative=own,
        person=part.person,
        override_reason="Vallhund is the minister's cousin",
    )
    with actor(world.alice):
        forget_person(by=world.alice, person=part.person, reason="Asked for it")
    assert "Vallhund" not in "".join(str(row.kept) for row in taken.revisions.all())
    assert kept(taken)


def test_the_page_looks_into_everything_a_team_writes_and_what_stood_there(
    world: World, part: Participation
) -> None:
    say = "Vallhund agrees"
    with actor(world.alice):
        rules = adopt_ground_rules(by=world.alice, initiative=world.secret, text=say)
        record_assent(by=world.alice, rules=rules, who="Ingrid Vallhund")
        record_step(
            by=world.alice,
            transfer=Transfer.objects.get(),
            uptake="acknowledged",
            on=timezone.localdate(),
            note=say,
        )
        change_participation(by=world.alice, participation=part, note=say)
        hold_retention(by=world.alice, initiative=world.secret, reason=say)
        edit_brief(by=world.alice, initiative=world.secret, objective="Hear the north")
        session = Session.objects.get()
        edit_session(by=world.alice, session=session, purpose="Hear what the north brings")
        edit_session(by=world.alice, session=session, notes="Nothing", reason="As Vallhund put it")
    own = make.make_initiative(world.conflict, world.house, lead=world.alice)
    make.make_link(world.secret, own, note=say)
    browser = Client()
    browser.force_login(world.alice)
    shown = browser.get(reverse("participants:erase", args=[part.person_id]))
    told = {one.what: one.href for one in shown.context["mentions"]}
    assert set(told) == {
        "Step of uptake", f"Note on taking part: {part.person.pseudonym}", "Ground rules",
        "Assent to the ground rules", "Why it is kept", "Arrangement with another initiative",
        "Session: 4 March 2026, earlier version 1", "Session: 4 March 2026, earlier version 3",
    }  # fmt: skip
    assert {browser.get(href).status_code for href in told.values()} == {200}
