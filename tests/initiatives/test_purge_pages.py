"""The pages of a purge: ask, second word, progress, tombstone; and that nobody else meets a trace of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership
from confidentiality.actor import actor
from conftest import World
from initiatives import services
from initiatives.models import Initiative, PurgeRequest, Tombstone
from initiatives.services.purge_requests import _hanging_on
from initiatives.tasks import purge_due
from initiatives.views.purging import KINDS
from tests import factories as make

pytestmark = pytest.mark.django_db
OUTSIDERS = ["harry", "rita", "cora", "stella", "sam"]
PURGES_QUERIES = 15


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def ask_page(world: World) -> str:
    return reverse("initiatives:ask_purge", args=[world.secret.pk])


def page_of(purge: Any) -> str:
    return reverse("initiatives:purge", args=[purge.pk])


def text_of(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, path
    return answer.content.decode()


def whole(answer: Any) -> str:
    """Without what is another in every answer: the token against forged requests, and the id that was asked for."""
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", answer.content.decode())
    return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", text)


def requested(world: World, reason: str = "risk_to_participants", **more: Any) -> PurgeRequest:
    return services.ask_purge(by=world.alice, initiative=world.secret, reason=reason, **more)


def test_from_the_team_page_to_the_tombstone(world: World) -> None:
    """As two people do it, with what each of them sees."""
    make.make_brief(world.secret, world.alice, title="Tea at the weir")
    alice, bob = signed_in(world.alice), signed_in(world.bob)
    assert ask_page(world) in text_of(alice, reverse("initiatives:team", args=[world.secret.pk]))
    page = text_of(alice, ask_page(world))
    for words in ("To purge is to destroy", "Bobirian", "Saved versions of the brief", "A tombstone"):
        assert words in page
    answer = alice.post(ask_page(world), {"reason": "risk_to_participants"})
    purge = PurgeRequest.objects.get()
    assert answer["Location"] == page_of(purge)
    assert "You are the second person" not in text_of(alice, page_of(purge))

    home = text_of(bob, "/")
    assert "Purges that wait for you" in home
    assert page_of(purge) in home
    assert "Alice asks to purge this initiative." in text_of(
        bob, reverse("initiatives:brief", args=[world.secret.pk])
    )
    page = text_of(bob, page_of(purge))
    assert "Purge it now, for good" in page
    assert "Tea at the weir" in page
    refused = bob.post(page_of(purge), {"act": "confirm", "name": "Amber Heron"})
    assert refused.status_code == 422
    assert "It is called otherwise" in refused.content.decode()
    answer = bob.post(page_of(purge), {"act": "confirm", "name": "Secret Heron"})
    assert answer["Location"] == page_of(purge)
    assert "Being purged" in text_of(bob, page_of(purge))
    assert "Nobody can stop it any more" in text_of(
        alice, reverse("initiatives:initiative", args=[world.secret.pk])
    )

    purge_due()

    done = alice.get(page_of(purge) + "?part=progress")
    assert (done.status_code, done["HX-Refresh"]) == (200, "true")
    for client in (alice, bob):
        page = text_of(client, page_of(purge))
        assert "A purged initiative" in page
        assert "Heron" not in page
        assert "weir" not in page
        assert "Who can see this: you and whoever else led it" in page
        assert page_of(purge) in text_of(client, reverse("initiatives:purges"))
        assert client.post(page_of(purge), {"act": "cancel"}).status_code == 302


def test_everything_of_it_is_missing_afterwards(world: World) -> None:
    """For its own lead as for everybody: like what never was."""
    make.make_brief(world.secret, world.alice)
    names = (
        "initiative",
        "edit",
        "status",
        "visibility",
        "team",
        "who",
        "brief",
        "ground_rules",
        "ask_purge",
    )
    clients = {name: signed_in(getattr(world, name)) for name in ("alice", "rita", "stella")}
    services.confirm_purge(by=world.bob, request=requested(world), name="secret heron")
    purge_due()

    for client in clients.values():
        for name in names:
            gone = client.get(reverse(f"initiatives:{name}", args=[world.secret.pk]))
            never = client.get(reverse(f"initiatives:{name}", args=[uuid4()]))
            assert (gone.status_code, whole(gone)) == (404, whole(never))
        assert client.get(f"/api/v1/initiatives/{world.secret.pk}/").status_code in (401, 404)
        assert "Heron" not in text_of(client, "/")


@pytest.mark.parametrize("who", OUTSIDERS)
def test_others_find_no_page_at_any_time(world: World, who: str) -> None:
    client = signed_in(getattr(world, who))
    purge = requested(world)

    def statuses() -> list[int]:
        asked = [client.get(page_of(purge)), client.post(page_of(purge), {"act": "cancel"})]
        return [answer.status_code for answer in (*asked, client.get(ask_page(world)))]

    assert statuses() == [404, 404, 404]
    services.confirm_purge(by=world.bob, request=purge, name="secret heron")
    assert statuses() == [404, 404, 404]
    purge_due()
    assert statuses() == [404, 404, 404]
    assert "<li" not in text_of(client, reverse("initiatives:purges")).split("<main")[1].split("</main")[0]


@pytest.mark.parametrize("role", ["facilitator", "rapporteur", "observer"])
def test_only_leads_ask_and_every_member_sees_that_it_was_asked(world: World, role: str) -> None:
    user = make.make_member_of(world.house, role.title())
    make.make_member(world.secret, user, role)
    client = signed_in(user)
    assert client.get(ask_page(world)).status_code == 403
    assert client.post(ask_page(world), {"reason": "other"}).status_code == 403
    assert ask_page(world) not in text_of(client, reverse("initiatives:team", args=[world.secret.pk]))
    purge = requested(world)

    page = text_of(client, page_of(purge))
    assert ("You are the second person" in page) is (role == "facilitator")
    assert ("Refuse, keep the initiative" in page) is (role == "facilitator")
    if role == "facilitator":
        return
    for act in ("confirm", "cancel"):
        assert client.post(page_of(purge), {"act": act, "name": "secret heron"}).status_code == 403
    assert PurgeRequest.objects.get().state == "asked"


def test_the_second_person_may_refuse_and_not_stop_what_another_confirmed(world: World) -> None:
    bob = signed_in(world.bob)
    purge = requested(world, "other")
    answer = bob.post(page_of(purge), {"act": "cancel"}, follow=True)
    assert "By Bobirian, on" in answer.content.decode()

    make.make_member(world.secret, world.cora)
    purge = services.confirm_purge(by=world.cora, request=requested(world, "other"), name="secret heron")
    assert "Cancel the purge" not in text_of(bob, page_of(purge))
    assert bob.post(page_of(purge), {"act": "cancel"}).status_code == 403


def test_a_lead_alone_lets_one_owner_in_and_reads_what_that_means(world: World) -> None:
    world.secret.members.filter(user=world.bob).update(role="rapporteur")
    olga = make.make_member_of(world.house, "Olga", "owner")
    alice = signed_in(world.alice)
    page = text_of(alice, ask_page(world))
    assert "Whom you choose learns that this initiative exists" in page
    assert "Olga" in page
    assert alice.post(ask_page(world), {"reason": "other"}).status_code == 422
    chosen = Membership.objects.get(user=olga)
    alice.post(ask_page(world), {"reason": "other", "asked_of": str(chosen.pk)})
    purge = PurgeRequest.objects.get()

    owner = signed_in(olga)
    home, page = text_of(owner, "/"), text_of(owner, page_of(purge))
    for text in (home, page):
        assert "Heron" not in text
        assert "Valley" not in text
    assert "An initiative that Alice leads" in home
    assert "Alice leads it and asks you, as an owner of House of Alice" in page
    assert "you, who were let in on it" in page
    assert "Accesses to the team" not in page
    assert "and Olga, who was let in on it" in text_of(alice, page_of(purge))
    owner.post(page_of(purge), {"act": "confirm", "name": "Secret Heron"})
    assert PurgeRequest.objects.get().state == "confirmed"
    assert owner.get(reverse("initiatives:initiative", args=[world.secret.pk])).status_code == 404


def test_where_nobody_can_confirm_the_page_says_what_to_do(world: World) -> None:
    world.secret.members.filter(user=world.bob).update(role="observer")

    page = text_of(signed_in(world.alice), ask_page(world))

    assert "Nobody could confirm it" in page
    assert 'name="reason"' not in page


def test_stopping_it_within_the_window(world: World) -> None:
    make.make_member(world.secret, world.cora, "lead")
    purge = services.confirm_purge(by=world.bob, request=requested(world, "other"), name="secret heron")
    cora = signed_in(world.cora)
    assert "Will be purged: Alice asked, Bobirian confirmed." in text_of(cora, "/")
    assert "This initiative will be purged on" in text_of(
        cora, reverse("initiatives:team", args=[world.secret.pk])
    )

    answer = cora.post(page_of(purge), {"act": "cancel"}, follow=True)

    assert "Cancelled. Nothing was destroyed." in answer.content.decode()
    assert "By Cora, on" in answer.content.decode()
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        purge_due()
    assert Initiative.objects.filter(pk=world.secret.pk).exists()
    assert "Will be purged" not in text_of(signed_in(world.alice), "/")


@contextmanager
def purged_after(number: int) -> Iterator[list[str]]:
    """The worker carries out the purge in the middle of a page: after so many of its statements."""
    seen: list[str] = []

    def run(execute: Any, sql: str, *args: Any) -> Any:
        answer = execute(sql, *args)
        if len(seen) <= number and not sql.startswith(("SAVEPOINT", "RELEASE")):
            seen.append(sql)
            if len(seen) == number:
                seen.append("purged")
                purge_due()
        return answer

    with connection.execute_wrapper(run):
        yield seen


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("reader", ["alice", "olga"])
def test_purged_while_the_page_is_made(world: World, reader: str, method: str) -> None:
    """A request or a tombstone, never an error and never "missing", whenever the worker comes by."""
    world.secret.members.filter(user=world.bob).update(role="rapporteur")
    olga = make.make_member_of(world.house, "Olga", "owner")
    purge = requested(world, asked_of=Membership.objects.get(user=olga))
    with actor(olga):
        services.confirm_purge(by=olga, request=purge, name="secret heron")
    client = signed_in({"alice": world.alice, "olga": olga}[reader])
    outcomes = set()
    for number in range(1, 60):
        with transaction.atomic():
            with purged_after(number) as seen:
                answer = getattr(client, method)(page_of(purge), {"act": "cancel"})
            transaction.set_rollback(True)
        if "purged" not in seen:
            break
        outcomes.add((answer.status_code, "A purged initiative" in answer.content.decode()))

    assert outcomes == ({(200, False), (200, True)} if method == "get" else {(302, False)})


def test_too_late_to_stop(world: World) -> None:
    purge = services.confirm_purge(by=world.bob, request=requested(world), name="secret heron")
    alice = signed_in(world.alice)

    answer = alice.post(page_of(purge), {"act": "cancel"}, follow=True)

    assert "It is too late: the purge has begun." in answer.content.decode()
    assert PurgeRequest.objects.get().state == "confirmed"


def test_lapsed_can_be_asked_anew(world: World) -> None:
    purge = requested(world)
    PurgeRequest.objects.filter(pk=purge.pk).update(asked_at=timezone.now() - timedelta(days=15))
    alice, bob = signed_in(world.alice), signed_in(world.bob)
    assert "Nobody confirmed it in time" in text_of(bob, page_of(purge))
    assert "Purges that wait for you" not in text_of(bob, "/")
    assert ask_page(world) in text_of(alice, page_of(purge))
    alice.post(ask_page(world), {"reason": "other"})

    assert sorted(PurgeRequest.objects.values_list("state", flat=True)) == ["asked", "cancelled"]


def test_a_request_that_stands_is_where_asking_leads(world: World) -> None:
    purge = requested(world)

    answer = signed_in(world.alice).get(ask_page(world))

    assert answer["Location"] == page_of(purge)


def test_without_the_key_service_the_tombstone_says_so(world: World) -> None:
    purge = services.confirm_purge(by=world.bob, request=requested(world), name="secret heron")
    purge_due()
    Tombstone.objects.update(purged_at=None)

    page = text_of(signed_in(world.alice), page_of(purge))

    assert "The key is destroyed as soon as whoever keeps it answers" in page


def test_every_kind_that_goes_has_its_words() -> None:
    """A new model that hangs on a card is counted on the page; here it gets a name."""
    assert {model._meta.label for model in _hanging_on(Initiative)} == set(KINDS)


@pytest.mark.parametrize("number", [1, 3])
def test_lists_ask_as_much_for_three_as_for_one(
    world: World, number: int, django_assert_num_queries: Any
) -> None:
    for place in range(number):
        card = make.make_initiative(world.conflict, world.house, lead=world.alice, codename=f"Card {place}")
        make.make_purge_request(card, world.alice)
        gone = make.make_initiative(world.conflict, world.house, lead=world.alice)
        services.purge_now(
            initiative_id=gone.pk, reason="other", asked_by=world.alice, confirmed_by=world.bob
        )
    client = signed_in(world.alice)
    client.get("/")
    with django_assert_num_queries(PURGES_QUERIES):
        page = text_of(client, reverse("initiatives:purges"))
    assert page.count('<li class="todo">') == 2 * number
