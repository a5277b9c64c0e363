"""Ways back in that somebody might try: through accounts set up anew, links made before, undo, emergencies."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.letters import ask_for_reset
from accounts.models import Letter, Membership, User
from accounts.services import admit_member_again, end_account, end_everything, invite, recover_account
from confidentiality.actor import actor
from confidentiality.policy import Hidden
from conftest import World
from initiatives.models import Brief, Draft, Initiative, TeamMember
from initiatives.services import (
    add_team_member,
    admit_again,
    admit_lead,
    ask_emergency,
    confirm_emergency,
    end_membership,
    hand_over_to_successors,
    keep_draft,
    leads_to_admit,
    name_successor,
    open_initiative,
    remove_team_member,
)
from participants.models import LiaisonMandate, PersonIdentity
from participants.services import erase_identity
from tests import factories as make
from tests import record
from tests.clients import client_of as program_of
from tests.clients import get

pytestmark = pytest.mark.django_db
ORIGIN = "https://desk.example/"
PASSWORD = "boats-in-the-rain-7"


@pytest.fixture(autouse=True)
def _letters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.letters._beside", lambda user_id, write: write())


@pytest.fixture(autouse=True)
def _a_brief(world: World) -> None:
    make.make_brief(world.secret, world.alice, title="Tea at the weir")


def again(user: User) -> User:
    return User.objects.get(pk=user.pk)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(again(user))
    return client


def recovered(by: User, user: User) -> User:
    with actor(by):
        recover_account(by=by, user=user, origin=ORIGIN)
    return again(user)


def last_path() -> str:
    found = re.search(r"://[^/]+(/once/\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def reads(user: User) -> bool:
    user = again(user)
    with actor(user):
        return Brief.objects.visible_to(user).exists()


def otto() -> User:
    return make.make_user("Otto", is_steward=True)


# --- Through accounts that were set up anew -----------------------------------------------------------------------


def test_one_steward_is_not_two_by_the_account_of_another(world: World) -> None:
    recovered(world.stella, world.alice)
    with actor(world.stella), pytest.raises(ValidationError, match="whoever operates the site"):
        recover_account(by=world.stella, user=otto(), origin=ORIGIN)


def test_a_successor_whose_own_account_was_set_up_anew_says_so_of_nobody(world: World) -> None:
    with actor(world.alice):
        name_successor(by=world.alice, initiative=world.secret, successor=world.harry)
    recovered(world.stella, world.harry)
    recovered(world.stella, world.alice)
    lead = TeamMember.objects.get(initiative=world.secret, user=world.alice)
    address = reverse("initiatives:admit_lead", args=[lead.pk])
    assert signed_in(world.harry).post(address).status_code == 404
    assert not reads(world.alice)
    # Once somebody has said it of the successor, the word counts.
    steward = otto()
    with actor(steward):
        admit_member_again(by=steward, membership=Membership.objects.get(user=world.harry))
    assert signed_in(world.harry).post(address).status_code == 302
    assert reads(world.alice)


def test_what_was_said_before_the_account_was_taken_back_does_not_count(world: World) -> None:
    recovered(world.stella, world.bob)
    path, member = last_path(), TeamMember.objects.get(initiative=world.secret, user=world.bob)
    with actor(world.alice):
        admit_again(by=world.alice, member=member)
    assert Client().post(path, {"password": PASSWORD}).status_code == 302
    assert not reads(world.bob)
    with actor(world.alice):
        admit_again(by=world.alice, member=TeamMember.objects.get(pk=member.pk))
    assert reads(world.bob)


def test_unfinished_forms_outside_initiatives_are_not_for_whoever_comes_after(world: World) -> None:
    with actor(world.alice):
        keep_draft(
            by=world.alice,
            place="open_initiative",
            conflict=world.conflict,
            data={"codename": ["Hidden Otter"]},
        )
        assert Draft.objects.visible_to(world.alice).count() == 1
    alice = recovered(world.stella, world.alice)
    with actor(alice):
        assert not Draft.objects.visible_to(alice).exists()
        assert not Draft.objects.filter(user=alice).exclude(initiative=None).exists()
        keep_draft(
            by=alice, place="open_initiative", conflict=world.conflict, data={"codename": ["New Otter"]}
        )
        assert Draft.objects.visible_to(alice).count() == 1


def test_a_recovered_liaison_and_a_recovered_coordinator_wait_for_a_new_mandate(world: World) -> None:
    lina, office = make.make_user("Lina"), record.make_body(world.conflict, "Ministry of Water")
    record.make_liaison(lina, office)
    outcome = record.make_outcome(world.secret, world.alice, travel_permission="officials")
    record.make_transfer(outcome, world.alice, office, message="Told to the office")
    assert "Told to the office" in get(program_of(lina), "received-transfers/").content.decode()
    make.make_flag(world.secret, world.rival)
    assert get(program_of(world.cora), "overlaps/").json()["results"]
    for user in (lina, world.cora):
        recovered(world.stella, user)
    assert get(program_of(again(lina)), "received-transfers/").json()["results"] == []
    assert get(program_of(again(world.cora)), "overlaps/").json()["results"] == []
    LiaisonMandate.objects.filter(user=lina).delete()
    record.make_liaison(lina, office)
    assert "Told to the office" in get(program_of(again(lina)), "received-transfers/").content.decode()


def reset_by_hand(steward: User, user: User) -> None:
    """Somebody forgot the password on a site without mail; a steward reads the letter, and uses its link."""
    ask_for_reset(address=user.email, origin=ORIGIN)
    with actor(steward):
        letter = Letter.objects.order_by("-created_at").first()
    assert letter is not None
    found = re.search(r"://[^/]+(/\S+)", letter.text)
    assert found
    client = Client()
    form = client.get(found[1], follow=True)
    client.post(form.redirect_chain[-1][0], {"password1": PASSWORD, "password2": PASSWORD})
    assert again(user).check_password(PASSWORD)


def registrar(world: World) -> Membership:
    record.make_person(world.house, "Ingrid Vallhund")
    return Membership.objects.get(user=make.make_member_of(world.house, "Reggie", "registrar"))


def identities(user: User) -> list[str]:
    user = again(user)
    with actor(user):
        return [identity.name for identity in PersonIdentity.objects.visible_to(user)]


@pytest.mark.parametrize("before", ["recovered", "nothing"])
def test_without_mail_a_steward_opens_no_register_by_a_letter_that_they_handed_over(
    world: World, settings: object, before: str
) -> None:
    settings.SENDS_MAIL = False  # type: ignore[attr-defined]
    place = registrar(world)
    if before == "recovered":
        recovered(world.stella, place.user)
    reset_by_hand(world.stella, again(place.user))
    for steward in (world.stella, otto()):  # Either may have read the letter.
        with actor(steward), pytest.raises(ValidationError, match="Somebody else"):
            admit_member_again(by=steward, membership=Membership.objects.get(pk=place.pk))
    assert identities(place.user) == []
    # Nor does an owner's place make more of a steward's word; another owner's counts.
    second = make.make_member_of(world.house, "Second", "owner", is_steward=True)
    with actor(second), pytest.raises(ValidationError, match="Somebody else"):
        admit_member_again(by=second, membership=Membership.objects.get(pk=place.pk))
    with actor(world.alice):
        admit_member_again(by=world.alice, membership=Membership.objects.get(pk=place.pk))
    assert identities(place.user) == ["Ingrid Vallhund"]


def test_without_mail_a_link_after_a_recovery_is_any_stewards(world: World, settings: object) -> None:
    settings.SENDS_MAIL = False  # type: ignore[attr-defined]
    place, other = registrar(world), otto()
    recovered(world.stella, place.user)
    with actor(other), pytest.raises(ValidationError, match="Somebody else"):
        admit_member_again(by=other, membership=Membership.objects.get(pk=place.pk))


def test_whoever_recovered_an_account_first_stays_named(world: World, settings: object) -> None:
    """Or an owner who did it would be somebody else once the link was used a second time."""
    User.objects.filter(pk=world.alice.pk).update(is_steward=True)
    place = registrar(world)
    recovered(again(world.alice), place.user)
    settings.SENDS_MAIL = False  # type: ignore[attr-defined]
    reset_by_hand(world.stella, again(place.user))
    # No steward any more, but still who began it.
    User.objects.filter(pk=world.alice.pk).update(is_steward=False)
    alice = again(world.alice)
    with actor(alice), pytest.raises(ValidationError, match="Somebody else"):
        admit_member_again(by=alice, membership=Membership.objects.get(pk=place.pk))


def test_a_stewards_invitation_leaves_whom_a_letter_let_in_waiting(world: World, settings: object) -> None:
    settings.SENDS_MAIL = False  # type: ignore[attr-defined]
    reset_by_hand(world.stella, world.harry)
    harry, steward = again(world.harry), otto()
    with actor(steward):
        end_membership(by=steward, membership=Membership.objects.get(user=harry))
        invite(by=steward, organisation=world.house, address=harry.email, role="member", origin=ORIGIN)
        letter = Letter.objects.order_by("-created_at")[0]
        path = re.search(r"://[^/]+(/once/\S+)", letter.text)
    assert path is not None
    assert signed_in(harry).post(path[1]).status_code == 302
    assert again(harry).memberships.active().exists()
    assert not again(harry).organisation_ids()


def test_without_mail_no_letter_makes_two_stewards_of_one(world: World, settings: object) -> None:
    settings.SENDS_MAIL = False  # type: ignore[attr-defined]
    ask_for_reset(address=otto().email, origin=ORIGIN)
    with actor(world.stella):
        assert not Letter.objects.exists()


def test_nobody_is_a_steward_by_an_account_that_was_set_up_anew(world: World, settings: object) -> None:
    """An operator made a steward of somebody while a link to the account was out."""
    recovered(world.stella, world.bob)
    User.objects.filter(pk=world.bob.pk).update(is_steward=True)
    assert Client().post(last_path(), {"password": PASSWORD}).status_code == 302
    settings.SENDS_MAIL = False  # type: ignore[attr-defined]
    ask_for_reset(address=world.harry.email, origin=ORIGIN)
    User.objects.filter(pk=world.harry.pk).update(is_steward=True)
    with actor(world.stella):
        found = re.search(r"://[^/]+(/\S+)", Letter.objects.get().text)
    assert found is not None
    client = Client()
    form = client.get(found[1], follow=True)
    client.post(form.redirect_chain[-1][0], {"password1": PASSWORD, "password2": PASSWORD})
    for user in (world.bob, world.harry):
        assert again(user).check_password(PASSWORD)
        assert not again(user).is_steward
        with actor(user), connection.cursor() as cursor:
            cursor.execute("SELECT actor_is_steward()")
            assert cursor.fetchone() == (False,)


def a_lead_who_is_a_steward(world: World) -> User:
    User.objects.filter(pk=world.alice.pk).update(is_steward=True)
    return again(world.alice)


@pytest.mark.parametrize("how", ["recovered", "by hand"])
def test_a_lead_who_set_an_account_up_anew_is_not_whoever_says_that_it_is_them(
    world: World, settings: object, how: str
) -> None:
    alice = a_lead_who_is_a_steward(world)
    if how == "recovered":
        recovered(alice, world.bob)
        assert Client().post(last_path(), {"password": PASSWORD}).status_code == 302
    else:
        settings.SENDS_MAIL = False  # type: ignore[attr-defined]
        reset_by_hand(alice, world.bob)
    member = TeamMember.objects.get(initiative=world.secret, user=world.bob)
    with actor(alice), pytest.raises(ValidationError, match="Another lead"):
        admit_again(by=alice, member=member)
    assert not reads(world.bob)
    # Neither is it offered, nor done past the service, nor by adding the person anew.
    assert "Is it really them?" not in signed_in(alice).get("/").content.decode()
    page = signed_in(alice).get(reverse("initiatives:team", args=[world.secret.pk])).content.decode()
    assert "to be admitted again" in page
    assert 'value="admit"' not in page
    with actor(alice), pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        TeamMember.objects.filter(pk=member.pk).update(admitted_at=timezone.now())
    with actor(alice):
        remove_team_member(by=alice, member=member)
    with actor(alice), pytest.raises(ValidationError, match="An owner has to say first"):
        add_team_member(by=alice, initiative=world.secret, user=again(world.bob), role="facilitator")
    with actor(alice), pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        TeamMember(initiative=world.secret, user=again(world.bob), role="facilitator").save()
    assert not reads(world.bob)


def test_another_lead_says_it_and_an_owner_makes_way_for_a_new_access(world: World) -> None:
    alice = a_lead_who_is_a_steward(world)
    bob, harry = recovered(alice, world.bob), recovered(alice, world.harry)
    second = make.make_member_of(world.house, "Second", "owner")
    make.make_member(world.secret, second, "lead")
    with actor(second):
        admit_again(by=second, member=TeamMember.objects.get(initiative=world.secret, user=bob))
        admit_member_again(by=second, membership=Membership.objects.get(user=harry))
    assert reads(bob)
    with actor(alice):
        add_team_member(by=alice, initiative=world.secret, user=again(harry), role="observer")
    assert reads(harry)


def test_who_was_admitted_again_opens_initiatives_and_is_added_as_anybody(world: World) -> None:
    harry = recovered(world.stella, world.harry)
    with actor(world.alice):
        admit_member_again(by=world.alice, membership=Membership.objects.get(user=harry))
    harry = again(harry)
    with actor(harry):
        opened = open_initiative(
            by=harry,
            conflict=world.conflict,
            registered_by=world.house,
            matching="off",
            track_type="t2_soft",
            began_on=date(2026, 1, 1),
        )
    assert opened.members.live().get().user == harry
    # By a lead who is no steward even before an owner's word, as it was.
    bob = recovered(world.stella, world.bob)
    with actor(world.alice):
        remove_team_member(by=world.alice, member=TeamMember.objects.get(user=bob, initiative=world.secret))
        add_team_member(by=world.alice, initiative=world.secret, user=again(bob), role="observer")
    assert reads(bob)


def sham(world: World, user: User) -> None:
    """An organisation that a steward had made for the purpose says that it is really them."""
    made = make.make_organisation("Made for the purpose")
    puppet = make.make_member_of(made, "Puppet", "owner")
    with actor(puppet):
        invite(by=puppet, organisation=made, address=user.email, role="member", origin=ORIGIN)
    assert signed_in(user).post(last_path()).status_code == 302
    assert again(user).organisation_ids() == [made.pk]


def test_an_organisation_made_for_the_purpose_says_nothing_to_a_team(world: World) -> None:
    alice = a_lead_who_is_a_steward(world)
    make.make_membership(world.bob, make.make_organisation("Elsewhere"))
    member = TeamMember.objects.get(initiative=world.secret, user=world.bob)
    with actor(alice):
        remove_team_member(by=alice, member=member)
    sham(world, recovered(alice, world.bob))
    with actor(alice), pytest.raises(ValidationError, match="An owner has to say first"):
        add_team_member(by=alice, initiative=world.secret, user=again(world.bob), role="facilitator")
    with actor(alice):
        name_successor(by=alice, initiative=world.secret, successor=again(world.bob))
        lead = TeamMember.objects.get(initiative=world.secret, user=alice)
        with pytest.raises(ValidationError, match="really them"):
            remove_team_member(by=alice, member=lead)


@pytest.mark.parametrize("how", ["recovered", "by hand"])
def test_a_successor_who_set_the_lead_up_anew_is_not_whoever_says_it(
    world: World, settings: object, how: str
) -> None:
    make.make_membership(world.stella, world.house)
    with actor(world.alice):
        name_successor(by=world.alice, initiative=world.secret, successor=world.stella)
    if how == "recovered":
        recovered(world.stella, world.alice)
    else:
        settings.SENDS_MAIL = False  # type: ignore[attr-defined]
        reset_by_hand(world.stella, world.alice)
    lead = TeamMember.objects.get(initiative=world.secret, user=world.alice)
    with actor(world.stella):
        assert leads_to_admit() == []
        with pytest.raises(Hidden):
            admit_lead(by=world.stella, member=lead.pk)
    assert not reads(world.alice)


def test_a_successor_is_vouched_for_where_the_initiative_was_opened(world: World) -> None:
    with actor(world.alice):
        name_successor(by=world.alice, initiative=world.secret, successor=world.harry)
    sham(world, recovered(world.stella, world.harry))
    recovered(world.stella, world.alice)
    with actor(world.harry):
        assert leads_to_admit() == []


# --- Through links made before ------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["put out", "account ended", "panic", "recovered", "another role"])
def test_an_invitation_dies_with_the_word_of_whoever_made_it(world: World, how: str) -> None:
    second = make.make_member_of(world.house, "Second", "owner")
    with actor(second):
        invite(by=second, organisation=world.house, address="back@door.example", role="owner", origin=ORIGIN)
    path = last_path()
    if how == "put out":
        with actor(world.alice):
            end_membership(by=world.alice, membership=Membership.objects.get(user=second))
    elif how == "account ended":
        with actor(world.stella):
            end_account(by=world.stella, user=second)
    elif how == "panic":
        with actor(second):
            end_everything(by=second, user=second)
    elif how == "recovered":
        recovered(world.stella, second)
    else:
        Membership.objects.filter(user=second).update(role="member")
    Client().post(path, {"name": "Back", "password": PASSWORD})
    assert not User.objects.filter(email="back@door.example").exists()


# --- Through the team -------------------------------------------------------------------------------------------------


def test_undo_lets_nobody_in_who_has_left_the_organisation(world: World) -> None:
    member = TeamMember.objects.get(initiative=world.secret, user=world.bob)
    lead = signed_in(world.alice)
    page = reverse("initiatives:member", args=[world.secret.pk, member.pk])
    assert lead.post(page, {"act": "end", "version": member.version}).status_code == 302
    with actor(world.stella):
        end_membership(by=world.stella, membership=Membership.objects.get(user=world.bob))
    lead.post(reverse("initiatives:undo_access", args=[world.secret.pk, member.pk]))
    assert not reads(world.bob)


def test_an_account_that_was_ended_leads_nothing(world: World) -> None:
    make.make_member(world.secret, world.harry, "lead")
    with actor(world.stella):
        end_account(by=world.stella, user=world.harry)
    lead = TeamMember.objects.get(initiative=world.secret, user=world.alice)
    with actor(world.alice), pytest.raises(ValidationError):
        remove_team_member(by=world.alice, member=lead)


def test_the_successor_follows_a_lead_whose_account_was_ended(world: World) -> None:
    with actor(world.alice):
        name_successor(by=world.alice, initiative=world.secret, successor=world.bob)
    with actor(world.stella):
        end_account(by=world.stella, user=world.alice)
    assert hand_over_to_successors() == 1
    assert TeamMember.objects.get(initiative=world.secret, user=world.bob).role == "lead"


@pytest.mark.parametrize("why", ["ended", "recovered"])
def test_who_leaves_while_the_only_lead_is_gone_installs_nobody(world: World, why: str) -> None:
    olga = make.make_member_of(world.house, "Olga")
    member = make.make_member(world.secret, olga, "observer")
    with actor(world.alice):
        name_successor(by=world.alice, initiative=world.secret, successor=world.harry)
    if why == "recovered":
        recovered(world.stella, world.alice)
    else:
        with actor(world.stella):
            end_account(by=world.stella, user=world.alice)
    page = reverse("initiatives:member", args=[world.secret.pk, member.pk])
    assert signed_in(olga).post(page, {"act": "end", "version": member.version}).status_code == 302
    member.refresh_from_db()
    assert member.expires_at is not None
    assert not TeamMember.objects.filter(user=world.harry).exists()
    # The site hands over, where somebody is gone for good.
    assert hand_over_to_successors() == (why == "ended")


def test_nobody_leaves_to_a_successor_who_waits(world: World) -> None:
    with actor(world.alice):
        name_successor(by=world.alice, initiative=world.secret, successor=world.bob)
    recovered(world.stella, world.bob)
    lead = TeamMember.objects.get(initiative=world.secret, user=world.alice)
    with actor(world.alice), pytest.raises(ValidationError, match="really them"):
        remove_team_member(by=world.alice, member=lead)


def test_owners_who_put_the_lead_out_do_not_take_the_place(world: World) -> None:
    first = make.make_member_of(world.house, "First", "owner")
    second = make.make_member_of(world.house, "Second", "owner")
    with actor(second):
        end_membership(by=second, membership=Membership.objects.get(user=world.alice))
    with actor(first):
        request = ask_emergency(
            by=first, organisation=world.house, codename="secret heron", reason="lead_gone"
        )
    with actor(second):
        confirm_emergency(by=second, request=request, origin=ORIGIN)
    assert TeamMember.objects.get(user=first).role == "facilitator"


def test_who_leads_in_an_emergency_does_not_follow_themselves(world: World) -> None:
    world.secret.members.filter(user=world.alice).update(role="facilitator")
    first = make.make_member_of(world.house, "First", "owner")
    second = make.make_member_of(world.house, "Second", "owner")
    with actor(first):
        request = ask_emergency(
            by=first, organisation=world.house, codename="secret heron", reason="lead_gone"
        )
    with actor(second):
        confirm_emergency(by=second, request=request, origin=ORIGIN)
    assert TeamMember.objects.get(user=first).role == "lead"
    with actor(first), pytest.raises(ValidationError, match="ends by itself"):
        name_successor(by=first, initiative=Initiative.objects.get(pk=world.secret.pk), successor=first)
    member = TeamMember.objects.filter(user=first)
    member.update(began_at=timezone.now() - timedelta(2), expires_at=timezone.now() - timedelta(hours=1))
    hand_over_to_successors()
    assert not reads(first)


def test_who_is_let_in_for_a_day_destroys_no_identity(world: World) -> None:
    part = record.make_participation(world.secret, record.make_person(world.house, "Ingrid Vallhund"))
    first = make.make_member_of(world.house, "First", "owner")
    make.make_member(
        world.secret, first, "facilitator", in_emergency=True, expires_at=timezone.now() + timedelta(1)
    )
    with actor(first), pytest.raises(ValidationError):
        erase_identity(by=first, person=part.person, reason="Because")
    with actor(world.alice):
        erase_identity(by=world.alice, person=part.person, reason="Asked for it")


def test_whoever_recovered_an_account_does_not_let_it_in_by_inviting_it(world: World) -> None:
    harry = recovered(world.stella, world.harry)
    with actor(world.stella):
        end_membership(by=world.stella, membership=Membership.objects.get(user=harry))
        invite(by=world.stella, organisation=world.house, address=harry.email, role="member", origin=ORIGIN)
    assert signed_in(harry).post(last_path()).status_code == 302
    assert again(harry).memberships.active().exists()
    assert not again(harry).organisation_ids()


def test_an_invitation_from_before_is_no_word_for_whoever_comes_after(world: World) -> None:
    """Sent to the person, found by whoever has the account now. One that is sent afterwards is a word."""
    with actor(world.alice):
        end_membership(by=world.alice, membership=Membership.objects.get(user=world.harry))
    for sent in ("before", "after"):
        if sent == "after":
            recovered(world.stella, world.harry)
        with actor(world.alice):
            invite(
                by=world.alice,
                organisation=world.house,
                address=world.harry.email,
                role="member",
                origin=ORIGIN,
            )
        if sent == "before":
            path = last_path()
            recovered(world.stella, world.harry)
            assert signed_in(world.harry).post(path).status_code == 302
            assert not again(world.harry).organisation_ids()
            Membership.objects.filter(user=world.harry).delete()
    assert signed_in(world.harry).post(last_path()).status_code == 302
    assert again(world.harry).organisation_ids() == [world.house.pk]


@pytest.mark.parametrize("times", [1, 2])
def test_after_two_stewards_set_an_account_up_neither_says_that_it_is_them(world: World, times: int) -> None:
    """One name is kept, and either may have used the link; the second one again, and the first is still one of them."""
    steward = otto()
    recovered(world.stella, world.harry)
    for _time in range(times):
        harry = recovered(steward, again(world.harry))
    assert harry.recovered_by_hand
    place = Membership.objects.get(user=harry)
    for who in (world.stella, steward):
        with actor(who), pytest.raises(ValidationError, match="Somebody else"):
            admit_member_again(by=who, membership=place)
    with actor(world.alice):
        admit_member_again(by=world.alice, membership=place)
    assert again(harry).organisation_ids() == [world.house.pk]


def test_a_steward_who_owns_does_not_leave_as_the_last_owner(world: World) -> None:
    User.objects.filter(pk=world.alice.pk).update(is_steward=True)
    own = Membership.objects.get(user=world.alice)
    with actor(world.alice):
        name_successor(by=world.alice, initiative=world.secret, successor=world.bob)
        with pytest.raises(ValidationError):
            end_membership(by=again(world.alice), membership=own)


def test_without_mail_no_letter_tells_a_steward_who_is_on_a_team(world: World, settings: object) -> None:
    settings.SENDS_MAIL = False  # type: ignore[attr-defined]
    first = make.make_member_of(world.house, "First", "owner")
    second = make.make_member_of(world.house, "Second", "owner")
    with actor(first):
        request = ask_emergency(
            by=first, organisation=world.house, codename="secret heron", reason="lead_gone"
        )
    with actor(second):
        confirm_emergency(by=second, request=request, origin=ORIGIN)
    page = signed_in(world.stella).get(reverse("accounts:letters")).content.decode()
    assert world.alice.email not in page
    assert world.bob.email not in page
