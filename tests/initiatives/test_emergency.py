"""Emergency access: two owners, a day, the team told at once; no answer tells what an organisation convenes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import DatabaseError, ProgrammingError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, User
from accounts.services import end_account, recover_account
from confidentiality.actor import actor
from confidentiality.models import AuditEvent
from confidentiality.policy import Forbidden, Hidden
from conftest import World
from initiatives.models import EmergencyAccess, PurgeRequest, Retention, TeamMember
from initiatives.models.retention import earliest_end
from initiatives.services import (
    add_team_member,
    ask_emergency,
    ask_purge,
    change_team_member,
    confirm_emergency,
    confirm_purge,
    extend_access,
    hold_retention,
    move_session,
    release_retention,
    remove_team_member,
    set_retention,
)
from initiatives.services.sessions import edit_session
from tests import factories as make
from tests import record

pytestmark = pytest.mark.django_db
ORIGIN = "https://desk.example/"


@pytest.fixture(autouse=True)
def _letters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.letters._beside", lambda user_id, write: write())


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def owners(world: World) -> tuple[User, User]:
    return (
        make.make_member_of(world.house, "First", "owner"),
        make.make_member_of(world.house, "Second", "owner"),
    )


def asked(world: World, by: User, codename: str = " secret  heron") -> EmergencyAccess:
    with actor(by):
        return ask_emergency(by=by, organisation=world.house, codename=codename, reason="lead_gone")


def test_the_second_owner_lets_the_first_one_in_for_a_day(world: World, owners: tuple[User, User]) -> None:
    first, second = owners
    place = reverse("initiatives:initiative", args=[world.secret.pk])
    page = reverse("accounts:organisation", args=[world.house.pk])
    form = {"act": "ask", "codename": "Secret Heron", "reason": "lead_gone"}
    assert signed_in(first).post(page + "emergency/", form).status_code == 302
    assert signed_in(first).get(place).status_code == 404
    request = EmergencyAccess.objects.get()
    home = signed_in(second).get("/").content.decode()
    assert "Emergency access that waits for a second owner" in home
    own = signed_in(first).post(page + "emergency/", {"act": "confirm", "request": str(request.pk)})
    assert own.status_code == 403
    done = signed_in(second).post(page + "emergency/", {"act": "confirm", "request": str(request.pk)})

    assert done.status_code == 302
    member = TeamMember.objects.get(user=first)
    assert (member.role, member.in_emergency, member.added_by) == ("facilitator", True, second)
    assert member.expires_at is not None
    assert timedelta(hours=23) < member.expires_at - timezone.now() <= timedelta(hours=24)
    assert signed_in(first).get(place).status_code == 200
    assert signed_in(second).get(place).status_code == 404
    # The team is told at once: on the page they begin with, in the audit, and by a letter that says nothing.
    assert "Emergency access to your initiatives" in signed_in(world.bob).get("/").content.decode()
    assert {tuple(letter.to) for letter in mail.outbox} == {(world.alice.email,), (world.bob.email,)}
    assert "Heron" not in "".join(str(letter.body) + letter.subject for letter in mail.outbox)
    with actor(world.alice):
        event = AuditEvent.objects.visible_to(world.alice).get(route="initiatives:emergency")
    assert (event.actor, event.records) == (str(second.pk), [member.pk])


def test_it_cannot_be_made_longer(world: World, owners: tuple[User, User]) -> None:
    first, second = owners
    world.secret.members.filter(user=world.alice).update(role="facilitator")  # Nobody leads: first will.
    member = let_in(first, second, world)
    with actor(first):
        with pytest.raises(ValidationError):
            extend_access(by=first, member=member, days=None)
        with pytest.raises(ValidationError):
            change_team_member(by=first, member=member, role="lead", expires_at=None)


def let_in(first: User, second: User, world: World) -> TeamMember:
    request = asked(world, first)
    with actor(second):
        confirm_emergency(by=second, request=request, origin=ORIGIN)
    return TeamMember.objects.get(user=first, in_emergency=True)


def test_who_is_let_in_does_not_change_the_team_while_somebody_leads(
    world: World, owners: tuple[User, User]
) -> None:
    """Else two owners would stay as long as they like, and put out whoever leads."""
    first, second = owners
    let_in(first, second, world)
    with actor(first):
        with pytest.raises(Forbidden):
            add_team_member(by=first, initiative=world.secret, user=second, role="lead")
        with pytest.raises(Forbidden):
            remove_team_member(by=first, member=world.secret.members.get(user=world.alice))
        with pytest.raises(Forbidden):
            ask_purge(by=first, initiative=world.secret, reason="other")
        # Nor past the services.
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            TeamMember(initiative=world.secret, user=second, role="lead", added_by=first).save()


@pytest.mark.parametrize("how", ["ended", "deactivated"])
def test_where_nobody_leads_any_more_whoever_is_let_in_appoints_somebody(
    world: World, owners: tuple[User, User], how: str
) -> None:
    lead = world.secret.members.filter(user=world.alice)
    if how == "ended":
        lead.update(began_at=timezone.now() - timedelta(90), expires_at=timezone.now() - timedelta(31))
    else:
        ended = timezone.now() - timedelta(31)
        User.objects.filter(pk=world.alice.pk).update(is_active=False, updated_at=ended)
    first, second = owners
    assert let_in(first, second, world).role == "lead"
    with actor(first):
        add_team_member(by=first, initiative=world.secret, user=world.harry, role="lead")
    assert world.secret.members.filter(user=world.harry, role="lead", in_emergency=False).exists()


@pytest.mark.parametrize("how", ["recovered", "recovered long ago", "deactivated"])
def test_an_owner_who_is_a_steward_does_not_make_way_for_themselves(
    world: World, owners: tuple[User, User], how: str
) -> None:
    first, second = owners
    User.objects.filter(pk=second.pk).update(is_steward=True)
    second = User.objects.get(pk=second.pk)
    with actor(second):
        if how == "deactivated":
            end_account(by=second, user=world.alice)
        else:
            recover_account(by=second, user=world.alice, origin=ORIGIN)
    if how == "recovered long ago":
        long_ago = timezone.now() - timedelta(90)
        world.secret.members.filter(user=world.alice).update(admitted_at=long_ago - timedelta(1))
        User.objects.filter(pk=world.alice.pk).update(recovered_at=long_ago, updated_at=long_ago)
    assert let_in(first, second, world).role == "facilitator"


def leads_for_a_day(world: World, owners: tuple[User, User]) -> User:
    world.secret.members.filter(user=world.alice).update(role="facilitator")
    assert let_in(*owners, world).role == "lead"
    return User.objects.get(pk=owners[0].pk)


def test_what_outlives_the_day_is_not_decided_by_whoever_is_let_in(
    world: World, owners: tuple[User, User]
) -> None:
    session, first = record.make_session(world.secret, world.bob), leads_for_a_day(world, owners)
    part = record.make_participation(world.secret, record.make_person(world.house, party=world.up))
    attended = record.make_session(world.secret, world.bob)
    record.make_attendance(attended, part)
    elsewhere = make.make_initiative(world.conflict, world.house, lead=first)
    acts: list[Callable[[], object]] = [
        lambda: set_retention(by=first, initiative=world.secret, keep_until=earliest_end()),
        lambda: release_retention(by=first, initiative=world.secret),
        lambda: ask_purge(by=first, initiative=world.secret, reason="risk_to_participants"),
        lambda: move_session(by=first, session=session, initiative=elsewhere),
        lambda: edit_session(by=first, session=session, keep_texts_until=earliest_end()),
        lambda: edit_session(by=first, session=attended, rule="no_notes", override_reason="So agreed"),
    ]
    with actor(first):
        for act in acts:
            with pytest.raises(Forbidden) as refused:
                act()
            assert "let in for a day" in refused.value.why
        hold_retention(by=first, initiative=world.secret, reason="Asked by a court")
        # Nor past the services.
        for statement in (
            lambda: Retention.objects.update(held_at=None, held_by=None),
            lambda: PurgeRequest(initiative=world.secret, asked_by=first, reason="other").save(),
        ):
            with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
                statement()
    client = signed_in(first)
    taken = client.post(reverse("initiatives:everything", args=[world.secret.pk]), {"why": "copy"})
    assert taken.status_code == 403
    assert "let in for a day" in taken.content.decode()
    team = client.get(reverse("initiatives:team", args=[world.secret.pk])).content.decode()
    assert "Purge this initiative" not in team
    # It is the day that forbids it, not the role: once nobody holds it, a facilitator moves what they logged.
    Retention.objects.update(held_at=None, held_by=None)
    session.refresh_from_db()
    bobs = make.make_initiative(world.conflict, world.house, lead=world.bob)
    with actor(world.bob):
        assert move_session(by=world.bob, session=session, initiative=bobs).initiative == bobs


def test_a_purge_is_confirmed_by_those_who_are_there_afterwards(
    world: World, owners: tuple[User, User]
) -> None:
    """The word of somebody who is let in for a day counts in neither wall; that of somebody who stays, in both."""
    first = let_in(*owners, world).user
    with actor(world.alice):
        request = ask_purge(by=world.alice, initiative=world.secret, reason="risk_to_participants")
    said = {
        "state": "confirmed",
        "confirmed_at": timezone.now(),
        "due_at": timezone.now() + timedelta(days=2),
    }
    for who, may in ((first, False), (world.bob, True)):
        with actor(who):
            confirmed = PurgeRequest.objects.filter(pk=request.pk)
            try:
                with transaction.atomic():
                    passed = confirmed.update(confirmed_by=who, **said) == 1
                    transaction.set_rollback(True)
            except ProgrammingError:
                passed = False
            assert passed is may
            if may:
                confirm_purge(by=who, request=request, name="Secret Heron")
            else:
                with pytest.raises(Forbidden):
                    confirm_purge(by=who, request=request, name="Secret Heron")
    request.refresh_from_db()
    assert (request.state, request.confirmed_by) == ("confirmed", world.bob)


def test_a_hold_of_ones_own_is_not_let_go_by_whoever_is_let_in(
    world: World, owners: tuple[User, User]
) -> None:
    first = let_in(*owners, world).user
    with actor(first):
        hold_retention(by=first, initiative=world.secret, reason="Asked by a court")
        with pytest.raises(Forbidden) as refused:
            release_retention(by=first, initiative=world.secret)
    assert "let in for a day" in refused.value.why


def test_whoever_comes_back_later_is_told_all_the_same(world: World, owners: tuple[User, User]) -> None:
    member, home = let_in(*owners, world), "Emergency access to your initiatives"
    for days, told in ((3, True), (20, False)):
        TeamMember.objects.filter(pk=member.pk).update(
            began_at=timezone.now() - timedelta(days + 1), expires_at=timezone.now() - timedelta(days)
        )
        assert (home in signed_in(world.bob).get("/").content.decode()) is told


def test_a_revoked_one_is_not_given_back_by_undo(world: World, owners: tuple[User, User]) -> None:
    member, alice = let_in(*owners, world), signed_in(world.alice)
    page = reverse("initiatives:member", args=[world.secret.pk, member.pk])
    done = alice.post(page, {"act": "end", "version": member.version}, follow=True)
    assert "Undo" not in done.content.decode()
    alice.post(reverse("initiatives:undo_access", args=[world.secret.pk, member.pk]))
    assert not world.secret.members.current().filter(user=owners[0]).exists()


def test_a_name_that_is_nobodys_is_answered_alike(world: World, owners: tuple[User, User]) -> None:
    first, second = owners
    answers = []
    for codename in ("Secret Heron", "Nothing Such", world.rival.codename):
        request = asked(world, first, codename)
        client = signed_in(second)
        client.get("/account/")
        page = reverse("accounts:emergency", args=[world.house.pk])
        done = client.post(page, {"act": "confirm", "request": str(request.pk)}, follow=True)
        answers.append(("its team is told now" in done.content.decode(), done.status_code))
    assert set(answers) == {(True, 200)}
    # Only what the organisation itself convenes was opened.
    assert [member.initiative_id for member in TeamMember.objects.filter(in_emergency=True)] == [
        world.secret.pk
    ]


def test_who_is_no_owner_sees_and_does_nothing(world: World, owners: tuple[User, User]) -> None:
    request = asked(world, owners[0])
    for who in (world.bob, world.rita, world.stella):
        with actor(who):
            assert not EmergencyAccess.objects.visible_to(who).exists()
            with pytest.raises((Hidden, Forbidden)):
                confirm_emergency(by=who, request=request, origin=ORIGIN)
            with pytest.raises((Hidden, Forbidden)):
                ask_emergency(by=who, organisation=world.house, codename="Secret Heron", reason="safety")
    path = reverse("accounts:emergency", args=[world.house.pk])
    for who, status in ((world.bob, 403), (world.rita, 403), (world.sam, 404)):
        assert signed_in(who).post(path, {"act": "confirm", "request": str(request.pk)}).status_code == status


@pytest.mark.parametrize("how", ["old", "withdrawn", "left", "recovered", "often"])
def test_when_it_does_not_count(world: World, owners: tuple[User, User], how: str) -> None:
    first, second = owners
    request = asked(world, first)
    if how == "often":
        for _ in range(4):
            asked(world, first)
        with pytest.raises(ValidationError):
            asked(world, second)
        return
    if how == "old":
        EmergencyAccess.objects.update(asked_at=timezone.now() - timedelta(days=4))
    if how == "withdrawn":
        path = reverse("accounts:emergency", args=[world.house.pk])
        signed_in(first).post(path, {"act": "withdraw", "request": str(request.pk)})
    if how == "left":
        first.memberships.update(ended_at=timezone.now())
    if how == "recovered":
        User.objects.filter(pk=first.pk).update(recovered_at=timezone.now())
    request.refresh_from_db()
    with actor(second), pytest.raises((Forbidden, DatabaseError)), transaction.atomic():
        confirm_emergency(by=second, request=request, origin=ORIGIN)
    assert not TeamMember.objects.filter(in_emergency=True).exists()


def test_one_owner_alone_opens_nothing_by_a_statement_either(world: World, owners: tuple[User, User]) -> None:
    first, _second = owners
    request = asked(world, first)
    with actor(first), connection.cursor() as cursor:
        with pytest.raises(DatabaseError), transaction.atomic():
            cursor.execute("SELECT * FROM open_in_emergency(%s)", [request.pk])
        with pytest.raises(DatabaseError), transaction.atomic():
            cursor.execute(
                "UPDATE initiatives_emergencyaccess SET confirmed_by_id = %s, confirmed_at = now() WHERE id = %s",
                [first.pk, request.pk],
            )


@pytest.mark.parametrize("who", ["first", "second"])
def test_an_owner_since_yesterday_is_nobodys_second_word(
    world: World, owners: tuple[User, User], who: str
) -> None:
    """Or one owner makes another, and is two."""
    first, second = owners
    request = asked(world, first)
    new = first if who == "first" else second
    Membership.objects.filter(user=new).update(updated_at=timezone.now() - timedelta(6))
    if who == "first":
        with actor(first), pytest.raises(ValidationError, match="seven days"):
            ask_emergency(by=first, organisation=world.house, codename="secret heron", reason="lead_gone")
    else:
        with actor(second), pytest.raises(ValidationError, match="seven days"):
            confirm_emergency(by=second, request=request, origin=ORIGIN)
    # Nor past the service.
    with actor(second):
        EmergencyAccess.objects.filter(pk=request.pk).update(confirmed_by=second, confirmed_at=timezone.now())
        with pytest.raises(ProgrammingError, match="two owners"), transaction.atomic():
            connection.cursor().execute("SELECT open_in_emergency(%s)", [request.pk])
    assert not TeamMember.objects.filter(in_emergency=True).exists()
