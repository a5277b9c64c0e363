"""Stewards say on a page who is liaison of which office; an ended mandate is over at once, and stays as history."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from confidentiality.actor import actor
from confidentiality.policy import Hidden
from conftest import World
from participants.models import LiaisonMandate, OfficialBody
from participants.services import end_liaison, grant_liaison
from tests import factories as make
from tests.clients import client_of, get
from tests.record import make_body, make_liaison, make_outcome, make_transfer
from transfer.models import ReceivedTransfer

QUERIES = 15
PAGE = "/liaisons/"


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def body(world: World) -> OfficialBody:
    return make_body(world.conflict, "Ministry of Gauges")


@pytest.fixture
def steward(world: World) -> Client:
    return signed_in(world.stella)


def grant(client: Client, email: str, body: OfficialBody) -> Any:
    return client.post(PAGE, {"user": email, "body": str(body.pk)})


def test_a_steward_grants_by_address_in_any_case(world: World, steward: Client, body: OfficialBody) -> None:
    official = make.make_user("Olga")
    answer = grant(steward, f" {official.email.upper()} ", body)
    mandate = LiaisonMandate.objects.get(user=official)
    seen = steward.get(PAGE).content.decode()

    assert (answer.status_code, mandate.body, mandate.granted_by) == (302, body, world.stella)
    assert all(
        text in seen for text in ("Olga", official.email, "Ministry of Gauges", "granted by", "Stella")
    )


def test_ending_is_at_once_and_kept(world: World, steward: Client, body: OfficialBody) -> None:
    official = make.make_user("Olga")
    mandate = make_liaison(official, body)
    make_transfer(make_outcome(world.secret, world.alice), world.alice, body)
    window = signed_in(official)
    before = window.get(reverse("transfer:received")).content.decode()
    answer = steward.post(reverse("participants:end_liaison", args=[mandate.pk]))
    after = window.get(reverse("transfer:received")).content.decode()
    seen = steward.get(PAGE)

    assert answer.status_code == 302
    assert ("Ministry of Gauges" in before, "Ministry of Gauges" in after) == (True, False)
    assert [row.ended_by for row in seen.context["page"].object_list] == [world.stella]
    assert list(seen.context["live"]) == []


def test_ending_twice_is_once_and_granting_again_is_another(world: World, body: OfficialBody) -> None:
    official = make.make_user("Olga")
    first = grant_liaison(by=world.stella, user=official, body=body)
    ended = end_liaison(by=world.stella, mandate=first)
    again = end_liaison(by=make.make_user("Sten", is_steward=True), mandate=first)
    second = grant_liaison(by=world.stella, user=official, body=body)

    assert (again.ended_at, again.ended_by, again.version) == (ended.ended_at, world.stella, ended.version)
    assert second.pk != first.pk


@pytest.mark.parametrize("who", ["alice", "cora", "sam"])
def test_nobody_else_grants_or_ends(world: World, body: OfficialBody, who: str) -> None:
    user = getattr(world, who)
    own = make_liaison(user, body)
    client = signed_in(user)

    assert client.get(PAGE).status_code == 404
    assert grant(client, world.rita.email, body).status_code == 404
    assert client.post(reverse("participants:end_liaison", args=[own.pk])).status_code == 404
    with pytest.raises(Hidden):
        end_liaison(by=user, mandate=own)
    own.refresh_from_db()
    assert own.ended_at is None


def test_what_is_wrong_is_said_at_its_field(world: World, steward: Client, body: OfficialBody) -> None:
    """A steward runs the accounts, and may know that there is none."""
    official = make.make_user("Olga")
    make_liaison(official, body)
    unknown = grant(steward, "nobody@nowhere.example", body)
    twice = grant(steward, official.email, body)
    empty = steward.post(PAGE, {"user": "x", "body": "y"})

    assert [answer.status_code for answer in (unknown, twice, empty)] == [422, 422, 422]
    assert list(unknown.context["form"].errors) == ["user"]
    assert twice.context["form"].errors["user"] == ["This person is liaison of this office already."]
    assert list(empty.context["form"].errors) == ["user", "body"]
    assert LiaisonMandate.objects.count() == 1


@pytest.mark.parametrize("who", ["stella", "rita", "bob", "cora"])
def test_who_works_here_otherwise_is_no_liaison(
    world: World, steward: Client, body: OfficialBody, who: str
) -> None:
    """Neither the steward, nor members, nor a coordinator: they would read what rival teams say to the office."""
    make_transfer(make_outcome(world.secret, world.alice), world.alice, body, message="For the office alone")
    user = getattr(world, who)
    answer = grant(steward, user.email, body)

    assert answer.status_code == 422
    assert "somebody of the office" in answer.context["form"].errors["user"][0]
    assert "For the office alone" not in signed_in(user).get(reverse("transfer:received")).content.decode()


def test_a_closed_account_is_no_liaison(world: World, steward: Client, body: OfficialBody) -> None:
    world.rita.is_active = False
    world.rita.save()

    assert grant(steward, world.rita.email, body).status_code == 422


def test_the_office_says_to_stewards_who_answers_for_it(world: World, body: OfficialBody) -> None:
    make_liaison(world.rita, body)
    make.make_member_of(world.other, "unused")
    both = make.make_member_of(world.house, "Stewardess")
    both.is_steward = True
    both.save()
    page = reverse("participants:body", args=[body.pk])
    told, coordinator, liaison = (
        signed_in(user).get(page).content.decode() for user in (both, world.cora, world.rita)
    )

    assert (world.rita.email in told, f"{PAGE}?body={body.pk}" in told) == (True, True)
    assert world.rita.email not in coordinator
    assert "Who can see who is liaison" not in liaison
    assert signed_in(both).get(f"{PAGE}?body={body.pk}").content.decode().count(" selected") >= 1


@pytest.mark.parametrize("number", [1, 3])
def test_three_mandates_ask_as_much_as_one(
    world: World, steward: Client, body: OfficialBody, number: int, django_assert_num_queries: Any
) -> None:
    for _ in range(number):
        make_liaison(make.make_user(), body)
        ended = make_liaison(make.make_user(), make_body(world.conflict))
        end_liaison(by=world.stella, mandate=ended)
    with django_assert_num_queries(QUERIES):
        answer = steward.get(PAGE)

    assert (len(answer.context["live"]), answer.context["page"].paginator.count) == (number, number)


@pytest.mark.parametrize("becomes", ["steward", "coordinator", "member", "team"])
def test_who_comes_to_work_here_reads_nothing_as_a_liaison_any_more(
    world: World, body: OfficialBody, becomes: str
) -> None:
    official = make.make_user("Olga")
    make_liaison(official, body)
    make_transfer(make_outcome(world.secret, world.alice), world.alice, body)
    client = client_of(official)
    assert len(get(client, "received-transfers/").json()["results"]) == 1
    if becomes == "steward":
        official.is_steward = True
        official.save()
    elif becomes == "coordinator":
        make.make_mandate(official, world.conflict)
    elif becomes == "member":
        make.make_membership(official, world.house)
    else:
        make.make_member(world.rival, official, "observer")
    with actor(official):
        walled = list(ReceivedTransfer.objects.values_list("pk", flat=True))

    assert get(client_of(official), "received-transfers/").json()["results"] == []
    assert walled == []
