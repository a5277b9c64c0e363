"""Sessions: who writes them, what is refused, what is asked about, and what the history keeps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from confidentiality.actor import actor
from confidentiality.policy import Forbidden, Hidden
from confidentiality.records import Stale
from conftest import World
from initiatives.dates import first_day
from initiatives.embargo import begun_everywhere
from initiatives.enums import Precision
from initiatives.models import Retention, Session, SessionReader, SessionRevision
from initiatives.models.retention import earliest_end
from initiatives.services import (
    delete_session,
    edit_session,
    hold_retention,
    log_session,
    move_session,
    name_reader,
    release_retention,
    restore_session,
    session_versions,
    set_retention,
    unname_reader,
    writes_sessions_in,
)
from initiatives.services.overriding import Doubt
from initiatives.tasks import forget_ended_texts
from tests import factories as make
from tests.clients import client_of, post
from tests.record import make_attendance, make_outcome, make_participation, make_person, make_session

pytestmark = pytest.mark.django_db

DAY = date(2026, 3, 4)
SEVEN = {"began_on": DAY, "format": "workshop", "purpose": "Read the gauges", "next_step": "Send the map"}


@pytest.fixture
def people(world: World) -> dict[str, Any]:
    gone = make.make_member_of(world.house, "Gone")
    now = timezone.now()
    make.make_member(world.secret, gone, "lead", expires_at=now, began_at=now - timedelta(days=9))
    found = {"lead": world.alice, "facilitator": world.bob, "gone": gone}
    for role in ("rapporteur", "observer"):
        found[role] = make.make_member_of(world.house, role.title())
        make.make_member(world.secret, found[role], role)
    return found | {
        "house": world.harry,
        "rival": world.rita,
        "coordinator": world.cora,
        "steward": world.stella,
        "unvetted": world.sam,
    }


def acts(world: World) -> dict[str, Callable[[Any], Any]]:
    session = make_session(world.secret, world.alice)
    gone = make_session(world.secret, world.alice, deleted_at=timezone.now())
    other = make.make_initiative(world.conflict, world.house, lead=world.alice)
    return {
        "log": lambda by: log_session(by=by, initiative=world.secret, **SEVEN),
        "edit": lambda by: edit_session(by=by, session=session, purpose="Other words"),
        "name": lambda by: name_reader(by=by, session=session, user=world.harry),
        "unname": lambda by: unname_reader(by=by, session=session, user=world.harry),
        "delete": lambda by: delete_session(by=by, session=session, reason="Entered twice"),
        "restore": lambda by: restore_session(by=by, session=gone),
        "move": lambda by: move_session(by=by, session=session, initiative=other),
    }


WRITES = ("lead", "facilitator", "rapporteur")
READS = ("observer",)
NOTHING = ("gone", "house", "rival", "coordinator", "steward", "unvetted")


@pytest.mark.parametrize("who", READS + NOTHING)
def test_nobody_else_writes_sessions(world: World, people: dict[str, Any], who: str) -> None:
    for act in acts(world).values():
        with actor(people[who]), pytest.raises(Forbidden if who in READS else Hidden):
            act(people[who])


@pytest.mark.parametrize("who", WRITES)
def test_leads_facilitators_and_rapporteurs_log_edit_delete_and_restore(
    world: World, people: dict[str, Any], who: str
) -> None:
    with actor(people[who]):
        session = log_session(by=people[who], initiative=world.secret, **SEVEN)
        edit_session(by=people[who], session=session, status="cancelled")
        delete_session(by=people[who], session=session, reason="Entered twice")
        assert not Session.objects.visible_to(people[who]).kept().exists()
        restore_session(by=people[who], session=session)
        found = Session.objects.visible_to(people[who]).kept().get()
    assert (found.status, found.version, found.purpose) == ("cancelled", 4, "Read the gauges")


def test_the_history_keeps_every_version_with_what_changed_and_why(world: World) -> None:
    with actor(world.alice):
        session = log_session(by=world.alice, initiative=world.secret, **SEVEN, present={str(world.up.pk): 4})
    with actor(world.bob):
        edit_session(
            by=world.bob, session=session, version=1, next_step="Send the list", purpose=SEVEN["purpose"]
        )
        edit_session(by=world.bob, session=session, version=2, next_step="Send the list")
    with actor(world.alice):
        delete_session(by=world.alice, session=session, reason="Entered twice", version=2)
        kept = list(SessionRevision.objects.visible_to(world.alice).order_by("number"))

    assert [(row.number, row.by_id) for row in kept] == [
        (1, world.alice.pk),
        (2, world.bob.pk),
        (3, world.alice.pk),
    ]
    assert [row.kept["changed"] for row in kept] == [
        ["began_on", "format", "present", "purpose", "next_step"],
        ["next_step"],
        ["deleted"],
    ]
    assert kept[0].kept["fields"]["next_step"] == "Send the map"
    assert kept[1].kept["fields"]["next_step"] == "Send the list"
    assert kept[0].kept["fields"]["began_on"] == "2026-03-04"
    assert (kept[2].kept["reason"], kept[2].kept["fields"]["deleted"]) == ("Entered twice", True)


def test_two_editors_do_not_overwrite_each_other(world: World) -> None:
    with actor(world.alice):
        session = log_session(by=world.alice, initiative=world.secret, **SEVEN)
    with actor(world.bob):
        edit_session(by=world.bob, session=session, version=1, purpose="Bob's words")
    with actor(world.alice):
        for act in (
            lambda: edit_session(by=world.alice, session=session, version=1, purpose="Alice's"),
            lambda: delete_session(by=world.alice, session=session, version=1, reason="Why not"),
            lambda: move_session(by=world.alice, session=session, version=1, initiative=world.secret),
        ):
            with pytest.raises(Stale):
                act()
        assert Session.objects.get().purpose == "Bob's words"


def refused(act: Callable[[], Any]) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as caught:
        act()
    return dict(caught.value.message_dict)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"ended_on": date(2026, 3, 3)}, "ended_on"),
        ({"began_on": date(2026, 3, 4), "began_precision": "month"}, "began_on"),
        ({"began_on": date(1700, 1, 1)}, "began_on"),
        ({"began_on": None}, "began_on"),
        ({"began_precision": "minute"}, "began_precision"),
        ({"format": "picnic"}, "format"),
        ({"rule": "whatever"}, "rule"),
        ({"country": "XX"}, "country"),
        ({"agenda_themes": ["weather"]}, "agenda_themes"),
        ({"agenda_themes": "ceasefire"}, "agenda_themes"),
        ({"present": {"": -1}}, "present"),
        ({"present": {"": 10000}}, "present"),
        ({"present": {"": True}}, "present"),
        ({"present": {"": "4"}}, "present"),
        ({"present": {str(uuid4()): 4}}, "present"),
        ({"present": [4]}, "present"),
        ({"purpose": "x" * 501}, "purpose"),
        ({"next_step": "two\u202esides"}, "next_step"),
        ({"notes": "What was said", "rule": "no_notes"}, "notes"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(world: World, fields: dict[str, Any], field: str) -> None:
    with actor(world.alice):
        errors = refused(lambda: log_session(by=world.alice, initiative=world.secret, **{**SEVEN, **fields}))
        assert field in errors
        session = log_session(by=world.alice, initiative=world.secret, **SEVEN)
        assert field in refused(lambda: edit_session(by=world.alice, session=session, **fields))
        assert Session.objects.get().version == 1


def test_notes_stand_in_the_way_of_a_rule_without_notes(world: World) -> None:
    with actor(world.alice):
        session = log_session(by=world.alice, initiative=world.secret, **SEVEN, notes="What was said")
        assert "rule" in refused(lambda: edit_session(by=world.alice, session=session, rule="no_notes"))
        edit_session(by=world.alice, session=session, rule="no_notes", notes="", override_reason="Asked for")
        assert "notes" in refused(lambda: edit_session(by=world.alice, session=session, notes="Again"))


@pytest.mark.parametrize(("status", "days"), [("held", 9), ("planned", -9)])
def test_days_that_do_not_go_with_the_status_are_asked_about(world: World, status: str, days: int) -> None:
    fields = {**SEVEN, "status": status, "began_on": timezone.localdate() + timedelta(days=days)}
    with actor(world.alice):
        with pytest.raises(Doubt) as caught:
            log_session(by=world.alice, initiative=world.secret, **fields)
        assert caught.value.error_dict["began_on"][0].code == "confirm"
        session = log_session(
            by=world.alice, initiative=world.secret, override_reason="Their calendar", **fields
        )
        assert session.revisions.get().kept["reason"] == "Their calendar"
        # What was said once is not asked again while other things are corrected.
        edit_session(by=world.alice, session=session, purpose="Other words")
        for fitting in ("postponed", "cancelled"):
            edit_session(by=world.alice, session=session, status=fitting)


def test_the_current_month_is_neither_past_nor_to_come(world: World) -> None:
    month = first_day(timezone.localdate(), "month")
    with actor(world.alice):
        for status in ("held", "planned"):
            fields = {"status": status, "began_on": month, "began_precision": "month"}
            log_session(by=world.alice, initiative=world.secret, **{**SEVEN, **fields})


def test_a_reason_is_needed_to_delete_and_deleted_ones_are_not_changed(world: World) -> None:
    with actor(world.alice):
        session = log_session(by=world.alice, initiative=world.secret, **SEVEN)
        for reason in ("", "  ", "x" * 501, "turned\u202e"):
            assert "reason" in refused(
                lambda reason=reason: delete_session(by=world.alice, session=session, reason=reason)
            )
        delete_session(by=world.alice, session=session, reason="Entered twice")
        delete_session(by=world.alice, session=session, reason="Again")
        assert session.revisions.count() == 2
        with pytest.raises(ValidationError):
            edit_session(by=world.alice, session=session, purpose="Other words")
        with pytest.raises(ValidationError):
            name_reader(by=world.alice, session=session, user=world.bob)


# Who reads it


def test_named_observers_read_and_others_do_not(world: World, people: dict[str, Any]) -> None:
    observer = people["observer"]
    with actor(world.alice):
        session = log_session(by=world.alice, initiative=world.secret, **SEVEN, audience="named")
        assert "user" in refused(lambda: name_reader(by=world.alice, session=session, user=world.bob))
        assert "user" in refused(lambda: name_reader(by=world.alice, session=session, user=world.rita))
    with actor(observer):
        assert not Session.objects.visible_to(observer).exists()
    with actor(world.alice):
        name_reader(by=world.alice, session=session, user=observer)
        name_reader(by=world.alice, session=session, user=observer)
    with actor(observer):
        assert Session.objects.visible_to(observer).get().purpose == SEVEN["purpose"]
    with actor(world.alice):
        unname_reader(by=world.alice, session=session, user=observer)
        unname_reader(by=world.alice, session=session, user=observer)
        changed = [row.kept["changed"] for row in session.revisions.order_by("number")][1:]
        listed = [row.kept["fields"]["readers"] for row in session.revisions.order_by("number")]
    with actor(observer):
        assert not Session.objects.visible_to(observer).exists()
    assert changed == [["readers"], ["readers"]]
    assert listed == [[], [str(observer.pk)], []]
    assert not SessionReader.objects.exists()


# Moving


@pytest.fixture
def other(world: World) -> Any:
    """Another initiative of Alice's, with one of the two sides."""
    return make.make_initiative(world.conflict, world.house, lead=world.alice, parties=(world.up,))


def moving(world: World) -> Session:
    session = log_session(
        by=world.alice, initiative=world.secret, **SEVEN, notes="Notes", present={str(world.up.pk): 4, "": 1}
    )
    return edit_session(by=world.alice, session=session, place="The weir")


def test_a_moved_session_is_sealed_under_the_other_key_with_its_history(world: World, other: Any) -> None:
    with actor(world.alice):
        session = moving(world)
        before = list(session.revisions.order_by("number"))
        moved = move_session(by=world.alice, session=session, initiative=other, version=2)
        found = Session.objects.get(pk=moved.pk)
        after = list(found.revisions.order_by("number"))
        old = Session.objects.get(pk=session.pk)

        assert found.initiative_id == other.pk
        assert (found.purpose, found.notes, found.place) == (SEVEN["purpose"], "Notes", "The weir")
        assert found.present == {str(world.up.pk): 4, "": 1}
        assert (old.deleted_at is not None, old.revisions.first().kept["reason"]) == (True, "moved")
        assert [row.number for row in after] == [1, 2, 3]
        assert [row.kept["fields"] for row in after[:2]] == [row.kept["fields"] for row in before]
        assert [row.kept["at"] for row in after[:2]] == [row.created_at.isoformat() for row in before]
        assert [row.by_id for row in after] == [world.alice.pk] * 3
        with connection.cursor() as cursor:
            cursor.execute("SELECT notes FROM initiatives_session WHERE id IN (%s, %s)", [old.pk, found.pk])
            sealed = [bytes(row[0]) for row in cursor.fetchall()]
        assert len(set(sealed)) == 2
        # What stays behind says no word of it: what is taken out there is nowhere else.
        assert (old.purpose, old.notes, old.place, old.present) == ("", "", "", found.present)
        left = [row.kept["fields"] for row in SessionRevision.objects.filter(session=old)]
        assert {fields[name] for fields in left for name in ("purpose", "notes", "place", "next_step")} == {
            ""
        }
    with actor(world.bob):
        assert not Session.objects.visible_to(world.bob).filter(pk=found.pk).exists()
        assert str(found.pk) not in str(
            [row.kept for row in SessionRevision.objects.visible_to(world.bob).filter(session=old)]
        )


def test_a_session_that_a_colleague_logged_is_moved_and_tells_of_nobody_elsewhere(
    world: World, other: Any
) -> None:
    noor = make.make_member_of(world.house, "Noor")
    make.make_member(world.secret, noor, "rapporteur")
    session = log_session(by=noor, initiative=world.secret, **SEVEN)
    make.make_member(world.secret, observing := make.make_member_of(world.house, "Olga"), "observer")
    name_reader(by=world.alice, session=session, user=observing)
    answer = post(client_of(world.alice), f"sessions/{session.pk}/move/", {"initiative": str(other.pk)})
    assert answer.status_code == 201, answer.content
    moved = Session.objects.get(initiative=other)
    told = [session_versions(by=world.alice, session=moved), [row.kept for row in moved.revisions.all()]]

    assert moved.by == world.alice
    assert {version.by for version in told[0]} == {world.alice}
    assert str(noor.pk) not in str(told[1])
    assert str(observing.pk) not in str(told[1])


@pytest.mark.parametrize("leads_there", [True, False])
def test_who_logs_moves_nothing_whoever_is_on_the_other_team(
    world: World, other: Any, leads_there: bool
) -> None:
    """Whoever leads there can let somebody in, or put somebody out, a moment later."""
    noor = make.make_member_of(world.house, "Noor")
    make.make_member(world.secret, noor, "rapporteur")
    there = make.make_initiative(world.conflict, world.house, lead=noor) if leads_there else other
    make.make_member(there, world.alice, "lead") if leads_there else make.make_member(
        there, noor, "rapporteur"
    )
    session = log_session(by=noor, initiative=world.secret, **SEVEN)

    assert "initiative" in refused(lambda: move_session(by=noor, session=session, initiative=there))
    assert move_session(by=world.alice, session=session, initiative=there).initiative == there


@pytest.mark.parametrize("who", ["logged it", "logged it long ago", "another", "let in for a day"])
def test_a_facilitator_moves_what_they_just_logged_in_the_wrong_place(world: World, who: str) -> None:
    """And nothing else: it takes a record away from a team for good."""
    bob = make.make_member_of(world.house, "First", "owner") if who == "let in for a day" else world.bob
    if who == "let in for a day":
        tomorrow = timezone.now() + timedelta(1)
        make.make_member(world.secret, bob, "facilitator", in_emergency=True, expires_at=tomorrow)
    own = make.make_initiative(world.conflict, world.house, lead=bob, parties=(world.up, world.down))
    session = log_session(
        by=bob if who.startswith("logged") else world.alice, initiative=world.secret, **SEVEN
    )
    if who == "logged it long ago":
        Session.objects.filter(pk=session.pk).update(created_at=timezone.now() - timedelta(days=7, minutes=1))
    with actor(bob):
        if who == "logged it":
            assert move_session(by=bob, session=session, initiative=own).initiative == own
            return
        if who == "let in for a day":
            with pytest.raises(Forbidden):
                move_session(by=bob, session=session, initiative=own)
        else:
            assert "initiative" in refused(lambda: move_session(by=bob, session=session, initiative=own))
    session.refresh_from_db()
    assert (session.deleted_at, session.purpose) == (None, SEVEN["purpose"])


def test_nothing_is_taken_out_of_what_somebody_holds_nor_off_before_its_day(world: World, other: Any) -> None:
    session = moving(world)
    edit_session(by=world.alice, session=session, keep_texts_until=earliest_end())
    hold_retention(by=world.bob, initiative=world.secret, reason="A court asked for it")
    with actor(world.alice):
        held = refused(lambda: move_session(by=world.alice, session=session, initiative=other))
    assert "holds" in held["initiative"][0]
    release_retention(by=world.bob, initiative=world.secret)
    Session.objects.filter(pk=session.pk).update(keep_texts_until=begun_everywhere())
    with actor(world.alice):
        due = refused(lambda: move_session(by=world.alice, session=session, initiative=other))
    assert "is over" in due["initiative"][0]


@pytest.mark.parametrize("why", ["its end is near", "somebody asks to purge it"])
def test_nothing_is_taken_to_where_it_is_destroyed_soon(world: World, other: Any, why: str) -> None:
    """A way to destroy in two days what is announced for a month."""
    session = moving(world)
    if why == "its end is near":
        set_retention(by=world.alice, initiative=other, keep_until=earliest_end())
        Retention.objects.update(keep_until=begun_everywhere() + timedelta(3))
    else:
        request = make.make_purge_request(other, world.alice)
    with actor(world.alice):
        ending = refused(lambda: move_session(by=world.alice, session=session, initiative=other))
    assert "purged soon" in ending["initiative"][0]
    if why == "its end is near":
        Retention.objects.update(keep_until=earliest_end())
    else:
        request.delete()
    with actor(world.alice):
        assert move_session(by=world.alice, session=session, initiative=other).initiative == other


def test_a_moved_session_takes_its_clock_along_with_a_month_to_see_it(world: World, other: Any) -> None:
    far = earliest_end() + timedelta(90)
    for stood, then in ((begun_everywhere() + timedelta(2), earliest_end()), (far, far)):
        session = moving(world)
        edit_session(by=world.bob, session=session, keep_texts_until=far)
        Session.objects.filter(pk=session.pk).update(keep_texts_until=stood)
        with actor(world.alice):
            moved = move_session(by=world.alice, session=session, initiative=other)
        moved.refresh_from_db()
        session.refresh_from_db()
        assert (moved.keep_texts_until, moved.clock_set_by) == (then, world.alice)
        assert (session.keep_texts_until, session.clock_set_by) == (None, None)
    # Who only logs there would not set it there either.
    there = make.make_initiative(world.conflict, world.house, lead=world.bob, parties=(world.up,))
    make.make_member(there, world.alice, "rapporteur")
    session = moving(world)
    edit_session(by=world.bob, session=session, keep_texts_until=far)
    with actor(world.alice):
        assert "initiative" in refused(
            lambda: move_session(by=world.alice, session=session, initiative=there)
        )


def test_texts_that_are_gone_stay_gone_elsewhere(world: World, other: Any) -> None:
    session = moving(world)
    edit_session(by=world.alice, session=session, keep_texts_until=earliest_end())
    Session.objects.filter(pk=session.pk).update(keep_texts_until=begun_everywhere())
    forget_ended_texts()
    session.refresh_from_db()
    with actor(world.alice):
        moved = move_session(by=world.alice, session=session, initiative=other)
        assert moved.texts_gone_at == session.texts_gone_at is not None
        assert "notes" in refused(lambda: edit_session(by=world.alice, session=moved, notes="Again"))


def test_what_stays_behind_of_a_move_does_not_say_who_was_there(world: World, other: Any) -> None:
    """Nor does an outcome that was deleted before: nobody could clean it afterwards."""
    session = moving(world)
    participation = make_participation(world.secret, make_person(world.house, party=world.up))
    outcome = make_outcome(
        world.secret,
        world.alice,
        session=session,
        kind="individual",
        content_kind="attitude_change",
        participation=participation,
        deleted_at=timezone.now(),
    )
    with actor(world.alice):
        move_session(by=world.alice, session=session, initiative=other)
    outcome.refresh_from_db()
    assert outcome.participation is None


def test_what_was_moved_does_not_come_back_beside_it(world: World, other: Any) -> None:
    session = moving(world)
    move_session(by=world.alice, session=session, initiative=other)
    answer = post(client_of(world.alice), f"sessions/{session.pk}/restore/", {})

    assert answer.status_code == 400
    assert "Bringing it back would make two" in answer.content.decode()
    browser = Client()
    browser.force_login(world.alice)
    back = browser.post(reverse("initiatives:restore_session", args=[session.pk]), follow=True)
    assert "Bringing it back would make two" in unescape(back.content.decode())
    # A reason that somebody types is not taken for a move.
    another = moving(world)
    delete_session(by=world.alice, session=another, reason="moved")
    page = browser.get(reverse("initiatives:session", args=[another.pk])).content.decode()
    assert reverse("initiatives:restore_session", args=[another.pk]) in page
    assert restore_session(by=world.alice, session=another).deleted_at is None


@pytest.mark.parametrize("hanging", ["attendance", "outcome"])
def test_what_hangs_on_a_session_stands_in_the_way(world: World, other: Any, hanging: str) -> None:
    with actor(world.alice):
        session = moving(world)
    if hanging == "attendance":
        make_attendance(session, make_participation(world.secret))
    else:
        make_outcome(world.secret, world.alice, session=session)
    with actor(world.alice):
        errors = refused(lambda: move_session(by=world.alice, session=session, initiative=other))
        assert "Take that out first" in errors["initiative"][0]


def test_where_a_session_cannot_go(world: World, other: Any) -> None:
    observed = make.make_initiative(world.conflict, world.house, lead=world.bob)
    make.make_member(observed, world.alice, "observer")
    with actor(world.alice):
        session = moving(world)
        with pytest.raises(Hidden):
            move_session(by=world.alice, session=session, initiative=world.rival)
        with pytest.raises(Forbidden):
            move_session(by=world.alice, session=session, initiative=observed)
        assert "initiative" in refused(
            lambda: move_session(by=world.alice, session=session, initiative=world.secret)
        )
        edit_session(by=world.alice, session=session, present={str(world.down.pk): 2})
        assert "side" in str(refused(lambda: move_session(by=world.alice, session=session, initiative=other)))
        assert Session.objects.count() == 1


def test_initiatives_to_log_in_begin_with_the_one_last_used(world: World) -> None:
    first = make.make_initiative(world.conflict, world.house, lead=world.alice, codename="Aaa")
    observed = make.make_initiative(world.conflict, world.house, lead=world.bob)
    make.make_member(observed, world.alice, "observer")
    with actor(world.alice):
        assert writes_sessions_in(world.alice) == [first, world.secret]
        log_session(by=world.alice, initiative=world.secret, **SEVEN)
        assert writes_sessions_in(world.alice) == [world.secret, first]


# Whatever numbers and days are given


dates = st.dates(date(1990, 1, 1), date(2025, 12, 31))
precisions = st.sampled_from(Precision.values)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    began=dates,
    precision=precisions,
    ended=st.none() | dates,
    end_precision=precisions,
    numbers=st.lists(st.integers(-2, 12000), min_size=3, max_size=3),
)
def test_days_and_numbers_are_stored_whole_or_not_at_all(
    world: World, began: date, precision: str, ended: date | None, end_precision: str, numbers: list[int]
) -> None:
    present = dict(zip((str(world.up.pk), str(world.down.pk), ""), numbers, strict=True))
    fields = {
        "began_on": first_day(began, precision),
        "began_precision": precision,
        "ended_on": first_day(ended, end_precision) if ended else None,
        "ended_precision": end_precision,
    }
    with actor(world.alice):
        before = Session.objects.count()
        try:
            session = log_session(
                by=world.alice, initiative=world.secret, **{**SEVEN, **fields}, present=present
            )
        except ValidationError as error:
            found = set(error.message_dict)
            wrong_numbers = any(not 0 <= number <= 9999 for number in numbers)
            assert found == {"present"} if wrong_numbers else found == {"ended_on"}
            assert Session.objects.count() == before
            return
        stored = Session.objects.get(pk=session.pk)
        assert stored.present == present
        assert stored.days.first <= stored.days.last
        assert stored.days.first == fields["began_on"]
