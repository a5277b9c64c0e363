"""How long something is kept: clocks that everybody sees, that are held with a reason, and that end by themselves."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, ProgrammingError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from psycopg import errors

from accounts.models import User
from confidentiality import vault
from confidentiality.actor import actor
from confidentiality.policy import Forbidden, Hidden
from confidentiality.records import Stale
from conftest import World
from initiatives import services
from initiatives.embargo import begun_everywhere
from initiatives.models import Draft, Initiative, Retention, Session, SessionRevision, TeamMember, Tombstone
from initiatives.models.retention import NOTICE_DAYS, earliest_end
from initiatives.models.session import SESSION_TEXTS, SESSION_TOLD, untold
from initiatives.services import change_team_member, remove_team_member, retention
from initiatives.services.purging import _begin_ended
from initiatives.services.sessions import (
    bring_back_session,
    delete_session,
    edit_session,
    log_session,
    was_moved,
)
from initiatives.services.turns import take_turn
from initiatives.tasks import forget_ended_texts, purge_due
from initiatives.views.everything import LISTS
from participants.models import Attendance
from participants.services.attendance import mark_attendance
from t2d.api import router
from tests import factories as make
from tests import record
from tests.clients import client_of as program_of
from tests.clients import get, patch, pointers, post
from tests.logins import WORKER, logged_in_as

pytestmark = pytest.mark.django_db
YESTERDAY = begun_everywhere() - timedelta(1)


def over(world: World, **more: Any) -> Retention:
    """An end that was set in time, and has come."""
    retention = services.set_retention(by=world.alice, initiative=world.secret, keep_until=earliest_end())
    Retention.objects.update(keep_until=YESTERDAY)
    retention.refresh_from_db()
    return retention


def worded(world: World, **more: Any) -> Session:
    """A session with texts, a version before, somebody who came, an outcome and an unfinished form."""
    fields = {name: f"Said in {name}" for name in SESSION_TEXTS}
    session = log_session(
        by=world.alice,
        initiative=world.secret,
        began_on="2026-03-04",
        format="workshop",
        present={"": 7},
        **fields,
        **more,
    )
    edit_session(by=world.alice, session=session, place="Elsewhere")
    somebody = record.make_participation(world.secret)
    mark_attendance(by=world.alice, session=session, participations=[somebody], seen=())
    record.make_outcome(world.secret, world.alice, session=session, statement="What came out of it")
    make.make_draft(world.bob, initiative=world.secret, place="session_details", about=session.pk)
    session.refresh_from_db()
    return session


def its_time_is_over(world: World, session: Session) -> None:
    edit_session(by=world.alice, session=session, keep_texts_until=earliest_end())
    Session.objects.filter(pk=session.pk).update(keep_texts_until=YESTERDAY)


# --- Setting, holding, letting go ---------------------------------------------------------------------------------


def test_an_end_lies_a_month_ahead(world: World) -> None:
    for days in (-1, 0, NOTICE_DAYS - 1):
        soon = begun_everywhere() + timedelta(days)
        with pytest.raises(ValidationError) as refused:
            services.set_retention(by=world.alice, initiative=world.secret, keep_until=soon)
        assert set(refused.value.message_dict) == {"keep_until"}
    kept = services.set_retention(by=world.alice, initiative=world.secret, keep_until=earliest_end())
    assert (kept.keep_until, kept.set_by, kept.is_near) == (earliest_end(), world.alice, True)
    later = services.set_retention(
        by=world.alice, initiative=world.secret, keep_until=earliest_end() + timedelta(400), version=1
    )
    assert not later.is_near
    with pytest.raises(Stale):
        services.set_retention(by=world.alice, initiative=world.secret, keep_until=None, version=1)
    assert services.set_retention(by=world.alice, initiative=world.secret, keep_until=None).keep_until is None


def test_it_is_kept_as_long_as_it_runs(world: World) -> None:
    Initiative.objects.filter(pk=world.secret.pk).update(ended_on=date(2199, 5, 6))
    world.secret.refresh_from_db()
    with pytest.raises(ValidationError) as refused:
        services.set_retention(by=world.alice, initiative=world.secret, keep_until=date(2199, 5, 5))
    assert "6 May 2199" in str(refused.value)


@pytest.mark.parametrize(
    ("who", "sets", "holds"),
    [("alice", True, True), ("bob", False, True), ("observer", False, False), ("harry", None, None),
     ("rita", None, None), ("cora", None, None), ("stella", None, None), ("sam", None, None)],
)  # fmt: skip
def test_who_sets_an_end_and_who_holds_it(
    world: World, who: str, sets: bool | None, holds: bool | None
) -> None:
    """None: does not know of the initiative."""
    user = make.make_member_of(world.house, "Olga") if who == "observer" else getattr(world, who)
    if who == "observer":
        make.make_member(world.secret, user, "observer")
    # Whoever holds it lets go of it.
    may = {"set": sets, "hold": holds, "release": holds}
    acts = {
        "set": lambda: services.set_retention(by=user, initiative=world.secret, keep_until=earliest_end()),
        "hold": lambda: services.hold_retention(
            by=user, initiative=world.secret, reason="For the evaluation"
        ),
        "release": lambda: services.release_retention(by=user, initiative=world.secret),
    }
    for name, act in acts.items():
        if may[name]:
            act()
        else:
            with pytest.raises(Hidden if may[name] is None else Forbidden), transaction.atomic():
                act()
    browser = Client()
    browser.force_login(user)
    page = browser.get(reverse("initiatives:retention", args=[world.secret.pk]))
    assert page.status_code == (404 if sets is None else 200)
    assert ('value="set"' in page.content.decode()) is bool(sets)


def test_what_is_held_needs_a_reason_and_is_let_go_with_notice(world: World) -> None:
    over(world)
    with pytest.raises(ValidationError) as refused:
        services.hold_retention(by=world.bob, initiative=world.secret, reason="  ")
    assert set(refused.value.message_dict) == {"reason"}
    services.hold_retention(by=world.bob, initiative=world.secret, reason="For the evaluation")
    with pytest.raises(ValidationError):
        services.hold_retention(by=world.alice, initiative=world.secret, reason="Me too")
    kept = services.release_retention(by=world.bob, initiative=world.secret)
    assert (kept.held, kept.hold_reason, kept.keep_until) == (False, "", earliest_end())
    assert kept.set_by == world.alice


def test_the_database_stores_no_end_that_was_not_announced(world: World) -> None:
    """Whoever goes past the service still waits for a month."""
    with actor(world.alice):
        row = Retention(initiative=world.secret, set_by=world.alice, keep_until=begun_everywhere())
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            row.save()
        row.keep_until = earliest_end()
        row.save()
        row.keep_until = begun_everywhere() + timedelta(2)
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            row.save()


# --- Nobody overrules a hold alone --------------------------------------------------------------------------------


def held_by_bob(world: World) -> None:
    services.set_retention(by=world.alice, initiative=world.secret, keep_until=earliest_end())
    with actor(world.bob):
        services.hold_retention(by=world.bob, initiative=world.secret, reason="It is needed")


def lets_go(world: World, who: User) -> bool:
    """Whether it is let go; fails where one wall says otherwise than the other."""
    kept = Retention.objects.get()
    sql = "UPDATE initiatives_retention SET held_at = NULL, held_by_id = NULL, keep_until = %s WHERE id = %s"
    with transaction.atomic(), actor(who):
        try:
            with transaction.atomic(), connection.connection.cursor() as cursor:
                passed = cursor.execute(sql, [kept.keep_until and earliest_end(), kept.pk]).rowcount == 1
        except errors.InsufficientPrivilege:
            passed = False
        transaction.set_rollback(True)
    with actor(who):
        try:
            services.release_retention(by=who, initiative=world.secret)
        except (ValidationError, Forbidden):
            assert not passed, "the database lets go of what the service does not"
            return False
    assert passed, "the database refuses what the service does"
    return True


def test_who_set_the_end_does_not_let_go_of_what_somebody_else_holds(world: World) -> None:
    held_by_bob(world)
    assert not lets_go(world, world.alice)
    carol = make.make_member_of(world.house, "Carol")
    member = make.make_member(world.secret, carol, "facilitator")
    assert not lets_go(world, carol)
    TeamMember.objects.filter(pk=member.pk).update(role="lead")
    assert lets_go(world, carol)


def test_before_an_end_is_set_whoever_holds_it_lets_go(world: World) -> None:
    with actor(world.bob):
        services.hold_retention(by=world.bob, initiative=world.secret, reason="It is needed")
    assert not lets_go(world, world.alice)
    assert lets_go(world, world.bob)


@pytest.mark.parametrize("how", ["put out", "another role", "another role, then put out", "waits"])
def test_nor_by_emptying_the_team_first(world: World, how: str) -> None:
    held_by_bob(world)
    member = TeamMember.objects.get(user=world.bob)
    with actor(world.alice):
        if "another role" in how:
            change_team_member(by=world.alice, member=member, role="observer", expires_at=None)
        if "put out" in how:
            remove_team_member(by=world.alice, member=TeamMember.objects.get(pk=member.pk))
    if how == "waits":
        User.objects.filter(pk=world.bob.pk).update(recovered_at=timezone.now())
    assert not lets_go(world, world.alice)
    if how == "waits":
        return
    with actor(world.alice), pytest.raises(ValidationError, match="You lead alone since"):
        services.release_retention(by=world.alice, initiative=world.secret)
    # A month later nobody else answers for it.
    then = timezone.now() - timedelta(NOTICE_DAYS, minutes=1)
    ended = {"expires_at": then} if "put out" in how else {}
    TeamMember.objects.filter(pk=member.pk).update(began_at=then - timedelta(9), updated_at=then, **ended)
    assert lets_go(world, world.alice)
    assert Retention.objects.get().keep_until == earliest_end()


def test_nobody_signs_an_end_or_a_clock_in_the_name_of_somebody_else(world: World) -> None:
    """Whoever set it lets go of less: a statement that names another would let its writer pass."""
    services.set_retention(by=world.alice, initiative=world.secret, keep_until=earliest_end())
    session = worded(world)
    edit_session(by=world.alice, session=session, keep_texts_until=earliest_end())
    carol = make.make_member_of(world.house, "Carol")
    make.make_member(world.secret, carol, "lead")
    kept, clock = Retention.objects.filter(), Session.objects.filter(pk=session.pk)
    long_ago = timezone.now() - timedelta(days=9)
    later, ahead = earliest_end() + timedelta(9), timezone.now() + timedelta(days=9)
    end, day = "an end is signed by who sets it", "a clock is signed by who sets it"
    a_month = "a clock is set by who leads"
    for who, rows, fields, said in (
        (world.alice, kept, {"set_by": carol}, end),
        (world.alice, kept, {"set_at": long_ago}, end),
        (world.alice, kept, {"keep_until": later, "set_at": ahead}, end),
        (carol, kept, {"keep_until": later}, end),
        (world.alice, clock, {"clock_set_by": carol}, day),
        (world.alice, clock, {"clock_set_at": long_ago}, day),
        (carol, clock, {"clock_set_by": carol}, day),
        (world.alice, clock, {"keep_texts_until": later, "clock_set_at": ahead}, a_month),
    ):
        with actor(who), pytest.raises(ProgrammingError, match=said), transaction.atomic():
            rows.update(**fields)
    # The control: a lead who says so anew signs it.
    with actor(carol):
        signed = {"set_by": carol, "set_at": timezone.now()}
        assert kept.update(keep_until=later, **signed) == 1
        assert clock.update(keep_texts_until=later, clock_set_by=carol, clock_set_at=timezone.now()) == 1
    # Nor with the first row.
    Retention.objects.all().delete()
    with actor(world.alice), pytest.raises(ProgrammingError, match=end), transaction.atomic():
        Retention(initiative=world.secret, set_by=world.alice, set_at=ahead, keep_until=later).save()


def test_who_is_put_out_is_told_and_may_object(world: World) -> None:
    held_by_bob(world)
    bob, said = Client(), "You were on its team, and it will be purged"
    bob.force_login(world.bob)
    assert said not in bob.get("/").content.decode()
    with actor(world.alice):
        remove_team_member(by=world.alice, member=TeamMember.objects.get(user=world.bob))
    assert said not in bob.get("/").content.decode()
    Retention.objects.update(held_by=None, held_at=None)
    page = bob.get("/").content.decode()
    assert said in page
    assert "Secret Heron" in page
    for stranger in (world.harry, world.rita, world.alice):
        other = Client()
        other.force_login(stranger)
        assert said not in other.get("/").content.decode()
    # Whoever holds the account now need not be who was on the team.
    User.objects.filter(pk=world.bob.pk).update(recovered_at=timezone.now())
    bob.force_login(User.objects.get(pk=world.bob.pk))
    assert said not in bob.get("/").content.decode()


# --- The end of an initiative -------------------------------------------------------------------------------------


def test_it_is_purged_when_its_time_is_over(world: World) -> None:
    over(world)
    purge_due()
    assert not Initiative.objects.filter(pk=world.secret.pk).exists()
    stone = Tombstone.objects.get(purged_id=world.secret.pk)
    assert (stone.reason, stone.asked_by, stone.confirmed_by) == ("retention_ended", world.alice, None)
    assert stone.purged_at is not None
    assert world.alice.pk in stone.readers
    purge_due()
    assert Tombstone.objects.count() == 1
    browser = Client()
    browser.force_login(world.alice)
    for address in (reverse("initiatives:purge", args=[stone.pk]), reverse("initiatives:purges")):
        assert world.alice.name in browser.get(address).content.decode()
    assert get(program_of(world.alice), "tombstones/").json()["results"][0]["confirmed_by"] is None


@pytest.mark.parametrize("why", ["held", "later", "no end"])
def test_it_stays(world: World, why: str) -> None:
    retention = over(world)
    if why == "held":
        services.hold_retention(by=world.bob, initiative=world.secret, reason="A court asked for it")
    else:
        until = earliest_end() if why == "later" else None
        services.set_retention(by=world.alice, initiative=world.secret, keep_until=until)
    purge_due()
    assert Retention.objects.filter(pk=retention.pk).exists()
    assert not Tombstone.objects.exists()


def test_the_whole_team_sees_it_coming(world: World) -> None:
    olga = make.make_member_of(world.house, "Olga")
    make.make_member(world.secret, olga, "observer")
    services.set_retention(by=world.alice, initiative=world.secret, keep_until=earliest_end())
    said = f"{earliest_end():%-d %B %Y}"
    for user in (world.alice, olga):
        browser = Client()
        browser.force_login(user)
        for name in ("initiative", "brief", "sessions", "team"):
            page = browser.get(reverse(f"initiatives:{name}", args=[world.secret.pk])).content.decode()
            assert f"will be purged on {said}" in page
        assert "Will be purged, as their time is over" in browser.get("/").content.decode()
    harry = Client()
    harry.force_login(world.harry)
    assert "Will be purged" not in harry.get("/").content.decode()


@pytest.mark.parametrize("why", ["nobody stands", "who set it was recovered"])
def test_an_end_that_nobody_could_have_held_is_put_off(world: World, why: str) -> None:
    over(world)
    who = [world.alice, world.bob] if why == "nobody stands" else [world.alice]
    User.objects.filter(pk__in=[user.pk for user in who]).update(recovered_at=timezone.now())
    purge_due()
    assert not Tombstone.objects.exists()
    assert Retention.objects.get().keep_until == earliest_end()
    lead = User.objects.get(pk=world.alice.pk)
    TeamMember.objects.filter(user=lead).update(admitted_at=timezone.now() + timedelta(minutes=1))
    browser = Client()
    browser.force_login(lead)
    page = browser.get(reverse("initiatives:retention", args=[world.secret.pk])).content.decode()
    assert "was set up anew since" in page
    # Said again, it counts.
    services.set_retention(by=lead, initiative=world.secret, keep_until=earliest_end() + timedelta(1))
    Retention.objects.update(keep_until=YESTERDAY, set_at=timezone.now() + timedelta(minutes=1))
    purge_due()
    assert Tombstone.objects.get().purged_at is not None


def test_nobody_is_told_that_it_is_held_once_the_purge_has_begun(world: World) -> None:
    over(world)
    _begin_ended(world.secret.pk)
    later = earliest_end() + timedelta(9)
    acts = (
        lambda: services.hold_retention(by=world.bob, initiative=world.secret, reason="Wait"),
        lambda: services.set_retention(by=world.alice, initiative=world.secret, keep_until=later),
    )
    for act in acts:
        with pytest.raises(ValidationError, match="too late"):
            act()
    browser = Client()
    browser.force_login(world.bob)
    page = reverse("initiatives:retention", args=[world.secret.pk])
    refused = browser.post(page, {"act": "hold", "version": "1", "reason": "A court"})
    assert (refused.status_code, "too late" in refused.content.decode()) == (422, True)
    sql = "UPDATE initiatives_retention SET held_at = now(), held_by_id = %s"
    with (
        pytest.raises(DatabaseError, match="the purge has begun"),
        actor(world.bob),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql, [world.bob.pk])
    purge_due()
    assert not Initiative.objects.filter(pk=world.secret.pk).exists()


# --- The end of the texts of a session ----------------------------------------------------------------------------


def test_texts_versions_and_who_was_there_go_and_the_facts_stay(world: World) -> None:
    """With the texts, what is told with them: the agenda, and whether something was made."""
    session = worded(world)
    services.edit_session(by=world.alice, session=session, agenda_themes=["ceasefire"], product_made=True)
    its_time_is_over(world, session)
    forget_ended_texts()
    session.refresh_from_db()
    assert {name: getattr(session, name) for name in SESSION_TOLD} == untold()
    assert (session.present, str(session.began_on), session.format) == ({"": 7}, "2026-03-04", "workshop")
    assert session.texts_gone_at is not None
    for model in (SessionRevision, Attendance):
        assert not model.objects.filter(session=session).exists()
    assert not Draft.objects.filter(about=session.pk).exists()
    assert session.outcomes.get().statement == "What came out of it"
    assert not was_moved(session)
    version = session.version
    forget_ended_texts()
    session.refresh_from_db()
    assert session.version == version
    browser = Client()
    browser.force_login(world.alice)
    for name in ("session", "session_history", "session_details", "edit_session"):
        assert browser.get(reverse(f"initiatives:{name}", args=[session.pk])).status_code == 200
    page = browser.get(reverse("initiatives:session", args=[session.pk])).content.decode()
    assert "were destroyed on" in page
    assert edit_session(by=world.alice, session=session, country="CH").revisions.count() == 1


def test_another_session_keeps_its_own(world: World) -> None:
    gone, stays = worded(world), worded(world)
    its_time_is_over(world, gone)
    forget_ended_texts()
    stays.refresh_from_db()
    assert (stays.purpose, stays.revisions.count(), stays.attendances.count()) == ("Said in purpose", 2, 1)


def test_texts_stay_while_somebody_holds_the_initiative(world: World) -> None:
    session = worded(world)
    its_time_is_over(world, session)
    services.hold_retention(by=world.bob, initiative=world.secret, reason="A court asked for it")
    forget_ended_texts()
    session.refresh_from_db()
    assert (session.purpose, session.attendances.count()) == ("Said in purpose", 1)
    services.release_retention(by=world.bob, initiative=world.secret)
    forget_ended_texts()
    session.refresh_from_db()
    # Announced for a month again, as the end of an initiative is.
    assert (session.purpose, session.keep_texts_until) == ("Said in purpose", earliest_end())
    assert session.clock_set_by == world.alice
    Session.objects.filter(pk=session.pk).update(keep_texts_until=YESTERDAY)
    forget_ended_texts()
    session.refresh_from_db()
    assert session.purpose == ""


def test_the_clock_of_a_session_is_announced_too_and_an_older_version_does_not_bring_it_back(
    world: World,
) -> None:
    session = worded(world)
    with pytest.raises(ValidationError) as refused:
        edit_session(by=world.alice, session=session, keep_texts_until=begun_everywhere() + timedelta(3))
    assert set(refused.value.message_dict) == {"keep_texts_until"}
    edit_session(by=world.alice, session=session, keep_texts_until=earliest_end())
    edit_session(by=world.alice, session=session, keep_texts_until=None, place="Here")
    session.refresh_from_db()
    back = bring_back_session(by=world.alice, session=session, number=3, reason="As it was")
    assert (back.place, back.keep_texts_until) == ("Elsewhere", None)


def test_leads_and_facilitators_set_the_clock_of_a_session(world: World) -> None:
    """Whoever logs writes the rest of it. Both walls say so."""
    session = worded(world)
    ruth = make.make_member_of(world.house, "Ruth")
    make.make_member(world.secret, ruth, "rapporteur")
    sql = "UPDATE initiatives_session SET keep_texts_until = %s, clock_set_by_id = %s WHERE id = %s"
    for who, day, passes in (
        (ruth, earliest_end(), False),
        (world.bob, earliest_end() - timedelta(1), False),
        (world.bob, earliest_end(), True),
    ):
        with transaction.atomic(), actor(who):
            try:
                with transaction.atomic(), connection.connection.cursor() as cursor:
                    passed = cursor.execute(sql, [day, who.pk, session.pk]).rowcount == 1
            except errors.InsufficientPrivilege:
                passed = False
            transaction.set_rollback(True)
        assert passed == passes
    with actor(ruth), pytest.raises(ValidationError) as refused:
        edit_session(by=ruth, session=session, keep_texts_until=earliest_end())
    assert set(refused.value.message_dict) == {"keep_texts_until"}
    with actor(world.bob):
        edit_session(by=world.bob, session=session, keep_texts_until=earliest_end())
    with actor(ruth):
        kept = edit_session(by=ruth, session=session, country="CH")
        assert (kept.country, kept.clock_set_by) == ("CH", world.bob)
        for day in (None, earliest_end() + timedelta(40)):
            with pytest.raises(ValidationError):
                edit_session(by=ruth, session=session, keep_texts_until=day)
        log_session(by=ruth, initiative=world.secret, began_on="2026-03-06", format="workshop",
                    keep_texts_until=None)  # fmt: skip
    with actor(world.alice):
        assert edit_session(by=world.alice, session=session, keep_texts_until=None).clock_set_by is None


def test_the_details_ask_those_for_the_clock_who_set_it(world: World) -> None:
    session, asked = worded(world), 'name="keep_texts_until"'
    ruth = make.make_member_of(world.house, "Ruth")
    make.make_member(world.secret, ruth, "rapporteur")
    for who, shown in ((world.bob, True), (ruth, False)):
        browser = Client()
        browser.force_login(who)
        page = browser.get(reverse("initiatives:session_details", args=[session.pk]))
        assert (asked in page.content.decode()) is shown
    typed = {"version": session.version, "audience": "team", "country": "CH"}
    answer = browser.post(reverse("initiatives:session_details", args=[session.pk]), typed)
    session.refresh_from_db()
    assert (answer.status_code, session.country) == (302, "CH")


def test_the_team_sees_the_end_of_texts_coming_of_a_deleted_session_too(world: World) -> None:
    olga = make.make_member_of(world.house, "Olga")
    make.make_member(world.secret, olga, "observer")
    session = worded(world)
    edit_session(by=world.bob, session=session, keep_texts_until=earliest_end())
    delete_session(by=world.bob, session=session, reason="Entered twice")
    said = f"Texts of a session will be destroyed on {earliest_end():%-d %B %Y}"
    for who in (world.alice, olga):
        browser = Client()
        browser.force_login(who)
        for name in ("initiative", "brief", "sessions", "team"):
            assert (
                said in browser.get(reverse(f"initiatives:{name}", args=[world.secret.pk])).content.decode()
            )
        home = browser.get("/").content.decode()
        assert "Texts of sessions that will be destroyed" in home
        page = browser.get(reverse("initiatives:retention", args=[world.secret.pk])).content.decode()
        assert f"Set by {world.bob.name} on" in page
        assert "<b>deleted</b>" in page
    services.hold_retention(by=world.bob, initiative=world.secret, reason="It is needed")
    assert said not in browser.get(reverse("initiatives:brief", args=[world.secret.pk])).content.decode()
    harry = Client()
    harry.force_login(world.harry)
    assert "will be destroyed" not in harry.get("/").content.decode()


def test_nothing_is_written_where_the_time_is_over(world: World) -> None:
    session = worded(world)
    its_time_is_over(world, session)
    forget_ended_texts()
    session.refresh_from_db()
    for changes in ({"notes": "Typed again"}, {"keep_texts_until": earliest_end() + timedelta(5)}):
        with pytest.raises(ValidationError) as refused:
            edit_session(by=world.alice, session=session, **changes)
        assert set(refused.value.message_dict) == set(changes)
    old_client = patch(program_of(world.bob), f"sessions/{session.pk}/", {"notes": "From Bob's machine"})
    assert (old_client.status_code, pointers(old_client)) == (400, {"/notes": "invalid"})
    with pytest.raises(ValidationError) as refused:
        mark_attendance(
            by=world.bob, session=session, participations=[record.make_participation(world.secret)]
        )
    assert set(refused.value.message_dict) == {"participations"}
    about: dict[str, Any] = {"initiative": world.secret, "about": session.pk}
    with pytest.raises(ValidationError) as refused:
        services.keep_draft(by=world.bob, place="session_details", data={"notes": ["Old"]}, **about)
    assert set(refused.value.message_dict) == {"notes"}
    services.keep_draft(by=world.bob, place="session_details", data={"country": ["CH"]}, **about)
    session.refresh_from_db()
    assert [getattr(session, name) for name in SESSION_TEXTS] == [""] * len(SESSION_TEXTS)


def test_nor_does_the_database_store_it(world: World) -> None:
    session, somebody = worded(world), record.make_participation(world.secret)
    its_time_is_over(world, session)
    forget_ended_texts()
    with actor(world.alice), connection.connection.cursor() as cursor:
        for change in ("notes = 'x'", "product_made = true", "texts_gone_at = NULL"):
            with pytest.raises(errors.InsufficientPrivilege), transaction.atomic():
                cursor.execute(f"UPDATE initiatives_session SET {change} WHERE id = %s", [session.pk])
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            Attendance(initiative=world.secret, session=session, participation=somebody).save()


def test_the_forms_of_such_a_session_save_the_facts(world: World) -> None:
    session = worded(world)
    its_time_is_over(world, session)
    forget_ended_texts()
    session.refresh_from_db()
    browser = Client()
    browser.force_login(world.alice)
    for name in ("edit_session", "session_details"):
        page = browser.get(reverse(f"initiatives:{name}", args=[session.pk])).content.decode()
        assert not [text for text in (*SESSION_TOLD, "keep_texts_until") if f'name="{text}"' in page]
    seven = {
        "version": session.version, "status": "held", "began": "2026-03-05", "began_precision": "day",
        "format": "workshop", "rule": session.rule,
    }  # fmt: skip
    answer = browser.post(reverse("initiatives:edit_session", args=[session.pk]), seven)
    session.refresh_from_db()
    assert (answer.status_code, str(session.began_on)) == (302, "2026-03-05")
    typed = {"version": session.version, "audience": "team", "country": "CH", "notes": "Old"}
    answer = browser.post(reverse("initiatives:session_details", args=[session.pk]), typed)
    session.refresh_from_db()
    assert (answer.status_code, session.country, session.notes) == (302, "CH", "")


@pytest.mark.parametrize("why", ["nobody stands", "who set it was recovered"])
def test_texts_that_nobody_could_have_held_stay_a_month_longer(world: World, why: str) -> None:
    session = worded(world)
    its_time_is_over(world, session)
    who = [world.alice, world.bob] if why == "nobody stands" else [world.alice]
    User.objects.filter(pk__in=[user.pk for user in who]).update(recovered_at=timezone.now())
    forget_ended_texts()
    session.refresh_from_db()
    assert (session.purpose, session.keep_texts_until) == ("Said in purpose", earliest_end())


def test_no_key_is_made_anew_for_what_was_purged_before_its_turn(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = worded(world)
    its_time_is_over(world, session)
    over(world)

    def purged_meanwhile(kind: str, pk: Any) -> None:
        monkeypatch.setattr(retention, "take_turn", take_turn)
        purge_due()
        take_turn(kind, pk)

    monkeypatch.setattr(retention, "take_turn", purged_meanwhile)
    forget_ended_texts()
    held = vault.configured()
    assert Tombstone.objects.get().purged_at is not None
    assert held.name_of(f"initiative:{world.secret.pk}") not in held.store.names()


@pytest.mark.django_db(transaction=True)
def test_the_worker_may_and_the_pages_may_not(world_on_disk: World) -> None:
    world = world_on_disk
    session = worded(world)
    its_time_is_over(world, session)
    with (
        logged_in_as("t2d_app"),
        pytest.raises(DatabaseError, match="permission denied"),
        actor(world.alice),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT forget_texts(%s, '', '', '', '', '', '')", [session.pk])
    with logged_in_as(WORKER):
        forget_ended_texts()
    session.refresh_from_db()
    assert (session.purpose, session.revisions.count(), session.attendances.count()) == ("", 0, 0)
    over(world)
    with logged_in_as(WORKER):
        purge_due()
    assert not Initiative.objects.filter(pk=world.secret.pk).exists()


@pytest.fixture
def world_on_disk(transactional_db: None, world: World) -> Iterator[World]:
    return world


# --- Pages, files and REST ----------------------------------------------------------------------------------------


def test_the_page_sets_holds_and_says_what_is_wrong(world: World) -> None:
    browser, page = Client(), reverse("initiatives:retention", args=[world.secret.pk])
    browser.force_login(world.alice)
    assert "No end is set" in browser.get(page).content.decode()
    soon = {"act": "set", "version": "0", "ends": "until", "keep_until": str(begun_everywhere())}
    refused = browser.post(page, soon)
    assert refused.status_code == 422
    assert "keep_until" in refused.context["forms"]["set"].errors
    assert browser.post(page, {**soon, "keep_until": ""}).status_code == 422
    assert browser.post(page, {**soon, "keep_until": str(earliest_end())}).status_code == 302
    overtaken = browser.post(page, {**soon, "ends": "no_end"})
    assert overtaken.status_code == 422
    assert browser.post(page, {"act": "hold", "version": "1", "reason": ""}).status_code == 422
    assert browser.post(page, {"act": "hold", "version": "1", "reason": "For the court"}).status_code == 302
    held = browser.get(page).content.decode()
    assert "For the court" in held
    assert "will be purged on" not in held
    assert browser.post(page, {"act": "release", "version": "2"}).status_code == 302
    assert not Retention.objects.get().held


def test_over_rest(world: World) -> None:
    client, end = program_of(world.alice), str(earliest_end())
    made = post(client, "retentions/", {"initiative": str(world.secret.pk), "keep_until": end})
    assert (made.status_code, made.json()["keep_until"]) == (201, end)
    again = post(client, "retentions/", {"initiative": str(world.secret.pk), "keep_until": end})
    assert again.status_code == 400
    path = f"retentions/{world.secret.pk}/"
    assert post(client, f"{path}hold/", {"reason": "For the court"}).json()["hold_reason"] == "For the court"
    assert get(client, "retentions/", held="true").json()["results"][0]["initiative"] == str(world.secret.pk)
    assert patch(client, path, {"keep_until": "2026-01-01"}).status_code == 400
    assert post(client, f"{path}release/", {}).json()["held_at"] is None
    assert patch(client, path, {"keep_until": None}).json()["keep_until"] is None
    assert get(program_of(world.harry), path).status_code == 404


def test_over_rest_it_is_held_before_an_end_is_set(world: World) -> None:
    path = f"retentions/{world.secret.pk}/hold/"
    for stranger in (world.harry, world.rita, world.stella):
        assert post(program_of(stranger), path, {"reason": "For the court"}).status_code == 404
    bob = program_of(world.bob)
    assert post(bob, path, {"reason": "For the court"}, **{"If-Match": '"1"'}).status_code == 412
    held = post(bob, path, {"reason": "For the court"})
    assert (held.status_code, held.json()["keep_until"], held.json()["held_by"]) == (
        200,
        None,
        str(world.bob.pk),
    )


def test_everything_that_may_leave_as_one_file(world: World) -> None:
    log_session(by=world.alice, initiative=world.secret, began_on="2026-03-04", format="workshop",
                rule="on_record", purpose="Said in the open")  # fmt: skip
    log_session(by=world.alice, initiative=world.secret, began_on="2026-03-05", format="workshop",
                rule="participants_only", purpose="Said inside")  # fmt: skip
    make.make_brief(world.secret, world.alice, title="Tea at the weir")
    person = record.make_person(world.house, "Viktor Zhdanovsky", party=world.up)
    record.make_participation(world.secret, person)
    rules = services.adopt_ground_rules(
        by=world.alice, initiative=world.secret, text="As Zhdanovsky asked for"
    )
    browser, page = Client(), reverse("initiatives:everything", args=[world.secret.pk])
    browser.force_login(world.alice)
    shown = browser.get(page)
    assert shown.status_code == 200
    assert reverse("initiatives:ground_rules_version", args=[world.secret.pk, rules.pk]) in shown.text
    assert browser.post(page, {"why": ""}).status_code == 422
    taken = browser.post(page, {"why": "hand_over"})
    assert taken["Content-Disposition"] == 'attachment; filename="initiative.zip"'
    with zipfile.ZipFile(io.BytesIO(taken.content)) as archive:
        files = {name: archive.read(name).decode("utf-8-sig") for name in archive.namelist()}
    assert {"briefs.csv", "sessions.csv", "team-members.csv", "READ-ME.txt"} <= set(files)
    assert "Tea at the weir" in files["briefs.csv"]
    assert "Said in the open" in files["sessions.csv"]
    assert "Said inside" not in "".join(files.values())
    assert world.alice.name in files["sessions.csv"]
    assert "1 stayed" in files["READ-ME.txt"]
    told = get(program_of(world.alice), "audit-events/", initiative=str(world.secret.pk)).json()["results"]
    exports = [event for event in told if event["action"] == "export"]
    assert len(exports) == 1
    for who, status in ((world.bob, 403), (world.harry, 404), (world.stella, 404)):
        other = Client()
        other.force_login(who)
        assert other.get(page).status_code == status
        assert other.post(page, {"why": "hand_over"}).status_code == status


def test_everything_knows_every_list_of_what_is_inside() -> None:
    """Left out are lists of what is not inside: registers, flags, purges, and what was received."""
    asked = {
        name
        for name, view, _basename in router.registry
        if "initiative" in getattr(view, "filterset_class", None).base_filters
    }
    assert asked - set(LISTS) == {"purge-requests", "tombstones", "people", "overlaps"} & asked
    assert set(LISTS) <= asked
