"""Accesses extended and revoked from the page where they stand: in two clicks, with undo, and effective at once."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from conftest import World
from initiatives.models import TeamMember
from tests import factories as make
from tests.clients import client_of, get

pytestmark = pytest.mark.django_db

WHO_QUERIES = 56
PLACES = {"team": "initiatives:team", "who": "initiatives:who", "home": "home"}


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def alice(world: World) -> Client:
    return signed_in(world.alice)


@pytest.fixture
def guest(world: World) -> TeamMember:
    """Harry on Alice's team for some minutes more."""
    soon = timezone.now() + timedelta(minutes=10)
    return make.make_member(world.secret, world.harry, "rapporteur", expires_at=soon)


def address(place: str, world: World) -> str:
    return reverse(PLACES[place], args=[] if place == "home" else [world.secret.pk])


def press(client: Client, member: TeamMember, page: str, **button: str) -> Any:
    """Send the form of the page that stands for this member and has this button, with all that is hidden in it."""
    action = reverse("initiatives:member", args=[member.initiative_id, member.pk])
    body = client.get(page).content.decode()
    forms = re.findall(rf'<form[^>]*action="{action}">.*?</form>', body, re.DOTALL)
    for form in forms:
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form))
        buttons = re.findall(r'<button[^>]*?(?: name="(\w+)" value="(\w+)")?>', form)
        if hidden.get("act") == button.get("act", "extend") and (
            "act" in button or ("days", button["days"]) in buttons
        ):
            return client.post(action, {**hidden, **button}, follow=True)
    raise LookupError(f"no such button on {page}")


def undo(client: Client, answer: Any) -> Any:
    (action,) = re.findall(r'<form[^>]*action="([^"]*/undo/)">', answer.content.decode())
    return client.post(action, follow=True)


def stored(member: TeamMember) -> tuple[str, datetime | None]:
    member.refresh_from_db()
    return member.role, member.expires_at


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("days", "further"), [("30", 30), ("90", 90), ("none", None)])
def test_an_access_is_extended_where_it_stands_and_undone(
    world: World, alice: Client, guest: TeamMember, place: str, days: str, further: int | None
) -> None:
    before, page = guest.expires_at, address(place, world)

    answer = press(alice, guest, page, days=days)

    after = None if further is None else before + timedelta(days=further)
    assert stored(guest) == ("rapporteur", after)
    assert answer.redirect_chain == [(page, 302)]
    assert ("Harry has access without an end." if after is None else "Harry has access until") in answer.text
    undone = undo(alice, answer)
    assert stored(guest) == ("rapporteur", before)
    assert "Undone. Harry has access until" in undone.text


@pytest.mark.parametrize("place", PLACES)
def test_an_access_is_revoked_where_it_stands_and_undone(
    world: World, alice: Client, guest: TeamMember, place: str
) -> None:
    before, page = guest.expires_at, address(place, world)

    answer = press(alice, guest, page, act="end")

    assert not world.secret.members.live().filter(user=world.harry).exists()
    assert answer.redirect_chain == [(page, 302)]
    assert "Harry has no access any more." in answer.text
    undo(alice, answer)
    again = world.secret.members.live().get(user=world.harry)
    assert (again.role, again.expires_at) == ("rapporteur", before)
    assert again.pk != guest.pk


def test_what_has_no_end_is_revoked_and_not_extended(world: World, alice: Client) -> None:
    member, page = world.secret.members.get(user=world.bob), address("team", world)
    with pytest.raises(LookupError):
        press(alice, member, page, days="30")

    answer = undo(alice, press(alice, member, page, act="end"))

    assert "Undone. Bobirian has access without an end." in answer.text
    assert world.secret.members.live().get(user=world.bob).role == "facilitator"


def test_undo_is_offered_once_to_whoever_did_it(world: World, alice: Client, guest: TeamMember) -> None:
    make.make_member(world.secret, world.rita, "lead")
    answer = press(alice, guest, address("team", world), days="none")
    path = reverse("initiatives:undo_access", args=[world.secret.pk, guest.pk])

    assert "/undo/" not in alice.get(address("team", world)).content.decode()
    assert "There is nothing to undo any more." in signed_in(world.rita).post(path, follow=True).text
    undo(alice, answer)
    assert "There is nothing to undo any more." in alice.post(path, follow=True).text


def test_undo_overwrites_nobody(world: World, alice: Client, guest: TeamMember) -> None:
    make.make_member(world.secret, world.rita, "lead")
    answer = press(alice, guest, address("team", world), days="30")
    press(signed_in(world.rita), guest, address("team", world), days="none")

    refused = undo(alice, answer)

    assert "Somebody else changed this access meanwhile. Nothing was undone." in refused.text
    assert stored(guest) == ("rapporteur", None)


@pytest.mark.parametrize("button", [{"days": "30"}, {"act": "end"}])
def test_who_was_slower_is_told_what_stands_and_can_do_it_there(
    world: World, alice: Client, guest: TeamMember, button: dict[str, str]
) -> None:
    path = reverse("initiatives:member", args=[world.secret.pk, guest.pk])
    before = stored(guest)
    sent = {"act": "extend", "back": "home", "version": "7", **button}

    answer = alice.post(path, sent)

    assert answer.status_code == 422
    assert "Somebody else changed this access while you had it open. It is now: Rapporteur." in answer.text
    assert stored(guest) == before
    assert press(alice, guest, path, days="30").status_code == 200
    assert stored(guest) != before


def test_the_last_lead_is_not_revoked_and_the_answer_says_what_to_do(world: World, alice: Client) -> None:
    lead = make.make_member(world.secret, world.rita, "lead")
    own = world.secret.members.get(user=world.alice)
    TeamMember.objects.filter(pk=own.pk).update(expires_at=timezone.now() + timedelta(days=3))

    answer = press(alice, lead, address("team", world), act="end")

    assert answer.status_code == 422
    said = "This is the last lead. Name a successor first, who then becomes lead."
    assert answer.context["ending"].errors["successor"] == [said]
    assert f'<a href="#id_successor">Successor: {said}</a>' in answer.text
    assert lead in world.secret.members.live()


@pytest.mark.parametrize("place", PLACES)
def test_who_leads_nothing_is_offered_nothing(world: World, guest: TeamMember, place: str) -> None:
    for user in (world.bob, world.harry):
        body = signed_in(user).get(address(place, world)).content.decode()
        assert ">Extend<" not in body
        assert ">Revoke<" not in body


@pytest.mark.parametrize("sent", [{"act": "extend", "days": "30"}, {"act": "end"}])
def test_who_leads_nothing_extends_and_revokes_nobody(
    world: World, guest: TeamMember, sent: dict[str, str]
) -> None:
    path = reverse("initiatives:member", args=[world.secret.pk, guest.pk])
    before = stored(guest)

    answers = {
        user.name: signed_in(user).post(path, {**sent, "version": "1"}).status_code
        for user in (world.bob, world.rita, world.cora, world.stella)
    }

    assert answers == {"Bobirian": 403, "Rita": 404, "Cora": 404, "Stella": 404}
    assert stored(guest) == before


def test_nobody_extends_their_own_access_without_leading(world: World, guest: TeamMember) -> None:
    path = reverse("initiatives:member", args=[world.secret.pk, guest.pk])

    assert (
        signed_in(world.harry).post(path, {"act": "extend", "days": "30", "version": "1"}).status_code == 403
    )


# Effective at once: with the very next request of a window and of a program that were open all the time.


class Open:
    """A browser and a program of one person that have what they ask for, and are not told of anything."""

    def __init__(self, world: World, user: Any) -> None:
        self.browser, self.program = signed_in(user), client_of(user, "read")
        self.pages = [
            reverse(f"initiatives:{name}", args=[world.secret.pk]) for name in ("initiative", "team", "who")
        ]
        self.records = [f"initiatives/{world.secret.pk}/", f"initiatives/{world.secret.pk}/who/"]
        self.lists = [f"team-members/?live=true&initiative={world.secret.pk}", "initiatives/?own=true"]

    def statuses(self) -> set[int]:
        pages = {self.browser.get(page).status_code for page in self.pages}
        return pages | {get(self.program, record).status_code for record in self.records}

    def listed(self) -> int:
        return sum(len(get(self.program, path).json()["results"]) for path in self.lists)


def test_who_is_revoked_sees_nothing_from_the_next_request_on(
    world: World, alice: Client, guest: TeamMember
) -> None:
    harry = Open(world, world.harry)
    assert (harry.statuses(), harry.listed()) == ({200}, 4)

    answer = press(alice, guest, address("team", world), act="end")
    assert (harry.statuses(), harry.listed()) == ({404}, 0)

    undo(alice, answer)
    assert (harry.statuses(), harry.listed()) == ({200}, 4)


def test_time_ends_an_access_at_its_moment(world: World, guest: TeamMember) -> None:
    harry = Open(world, world.harry)
    with time_machine.travel(guest.expires_at - timedelta(seconds=2), tick=False):
        assert (harry.statuses(), harry.listed()) == ({200}, 4)
    with time_machine.travel(guest.expires_at, tick=False):
        assert (harry.statuses(), harry.listed()) == ({404}, 0)


def test_an_extended_access_outlives_its_old_end(world: World, alice: Client, guest: TeamMember) -> None:
    harry, old = Open(world, world.harry), guest.expires_at

    press(alice, guest, address("team", world), days="30")

    with time_machine.travel(old + timedelta(seconds=1), tick=False):
        assert (harry.statuses(), harry.listed()) == ({200}, 4)


# The list behind the sentence, on the page and in the API.


def test_a_lead_reads_the_whole_list(world: World, alice: Client, guest: TeamMember) -> None:
    circle = make.make_organisation("Circle")
    make.make_declaration(circle, world.child)
    world.secret.visibility = "circle"
    world.secret.save()
    client_of(world.bob)

    text = alice.get(address("who", world)).text

    for words in (
        "circle, by its declaration for Lower Test",
        "Writes the card and the team",
        "Signed in, and by an API token",
        "Signed in only; no API token",
    ):
        assert words in text


@pytest.mark.parametrize("visibility", ["team", "circle", "network"])
def test_others_on_the_team_read_names_and_no_reasons(world: World, visibility: str) -> None:
    circle = make.make_organisation("Circle")
    make.make_declaration(circle, world.child)
    world.secret.visibility = visibility
    world.secret.save()
    client_of(world.alice)

    text = signed_in(world.bob).get(address("who", world)).text

    assert "Alice" in text
    assert ("Circle</bdi>" in text) is (visibility == "circle")
    for words in ("by its declaration", "API token", "Extend", "Writes the card"):
        assert words not in text


def test_an_outsider_reads_the_level_alone(world: World) -> None:
    make.make_partner(world.secret, make.make_organisation("Partner"))
    world.secret.visibility = "network"
    world.secret.save()

    text = signed_in(world.rita).get(address("who", world)).text

    assert "Members of every vetted organisation" in text
    for words in ("Partner", "Alice", "Bobirian", "today"):
        assert words not in text


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_asks_as_much_for_three_of_each_as_for_one(
    world: World, alice: Client, number: int, django_assert_num_queries: Any
) -> None:
    world.secret.visibility = "circle"
    world.secret.save()
    for _ in range(number):
        user = make.make_member_of(world.house)
        make.make_member(world.secret, user, expires_at=timezone.now() + timedelta(days=9))
        client_of(user)
        make.make_partner(world.secret, make.make_organisation())
        make.make_declaration(make.make_organisation(), world.child)
    with django_assert_num_queries(WHO_QUERIES):
        answer = alice.get(address("who", world))
    assert len(answer.context["access"]["members"]) == number + 2
    assert len(answer.context["access"]["readers"]) == 2 * number


def test_the_api_tells_a_lead_the_whole_list_and_others_the_short_answer(
    world: World, guest: TeamMember
) -> None:
    circle = make.make_organisation("Circle")
    make.make_declaration(circle, world.child)
    world.secret.visibility = "circle"
    world.secret.save()
    path = f"initiatives/{world.secret.pk}/who/"

    clients = client_of(world.alice), client_of(world.bob)
    lead, other = (get(client, path).json() for client in clients)

    assert lead["readers"] == [
        {
            "id": str(circle.pk),
            "name": "Circle",
            "relations": ["circle"],
            "declared_for": [str(world.child.pk)],
        }
    ]
    assert {member["name"]: member["by_token"] for member in lead["members"]} == {
        "Alice": True,
        "Bobirian": True,
        "Harry": False,
    }
    assert lead["members"][0]["areas"]["card"] == "write"
    assert (other["readers"], other["members"]) == (None, None)
    assert [organisation["name"] for organisation in other["organisations"]] == ["Circle"]
