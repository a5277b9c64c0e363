"""Home, health and language."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from conftest import World
from tests import factories as make
from tests import record

pytestmark = pytest.mark.django_db

MEDIATOR_QUERIES, COORDINATOR_QUERIES, STEWARD_QUERIES = 34, 32, 23
RECORD_QUERIES = 37


def home(user: Any) -> Any:
    client = Client()
    client.force_login(user)
    return client.get(reverse("home"))


def test_home_asks_to_sign_in() -> None:
    assert Client().get(reverse("home")).url.startswith(reverse("account_login"))


def test_health_needs_nobody_and_says_nothing_else() -> None:
    answer = Client().get(reverse("healthz"))
    assert (answer.status_code, answer.content) == (200, b"ok")


@pytest.mark.parametrize("number", [1, 3])
def test_a_mediator_sees_own_initiatives_and_what_ends(
    world: World, number: int, django_assert_num_queries: Any
) -> None:
    soon = timezone.now() + timedelta(days=5)
    for _ in range(number):
        initiative = make.make_initiative(world.conflict, world.house, lead=world.alice)
        make.make_member(initiative, world.harry, expires_at=soon)
        make.make_deadline(world.conflict, due_on=timezone.localdate() + timedelta(days=9))
    client = Client()
    client.force_login(world.alice)
    with django_assert_num_queries(MEDIATOR_QUERIES):
        answer = client.get(reverse("home"))
    assert len(answer.context["own"]) == number + 1
    assert len(answer.context["expiring"]) == number
    assert len(answer.context["incomplete"]) == number + 1
    assert [days for _deadline, days in answer.context["deadlines"]] == [9] * number
    assert "Rival Kite" not in answer.content.decode()


@pytest.mark.parametrize("number", [1, 3])
def test_a_coordinator_sees_flags_and_declarations(
    world: World, number: int, django_assert_num_queries: Any
) -> None:
    for _ in range(number):
        make.make_flag(world.secret, make.make_initiative(world.conflict, world.other, lead=world.rita))
        make.make_declaration(make.make_organisation(), world.conflict, confirmed=False)
    client = Client()
    client.force_login(world.cora)
    with django_assert_num_queries(COORDINATOR_QUERIES):
        answer = client.get(reverse("home"))
    assert len(answer.context["flags"]) == answer.context["flags_number"] == number
    assert len(answer.context["declarations"]) == number


def test_only_a_coordinator_sees_flags(world: World) -> None:
    make.make_flag(world.secret, world.rival)
    for user in (world.alice, world.rita, world.stella, world.sam):
        assert "flags" not in home(user).context
    assert "Secret Heron" not in home(world.rita).content.decode()


def test_one_flag_that_is_coordinated_waits_for_nobody(world: World) -> None:
    make.make_flag(world.secret, world.rival)
    make.make_link(world.secret, world.rival)
    assert home(world.cora).context["flags"] == []


@pytest.mark.parametrize("number", [1, 3])
def test_a_steward_sees_organisations_to_vet(
    world: World, number: int, django_assert_num_queries: Any
) -> None:
    for place in range(number):
        make.make_member_of(make.make_organisation(f"Waiting {place}", vetted=False))
    make.make_organisation("Imported", vetted=False)
    client = Client()
    client.force_login(world.stella)
    with django_assert_num_queries(STEWARD_QUERIES):
        answer = client.get(reverse("home"))
    assert answer.context["unvetted_number"] == number + 1
    assert "Imported" not in answer.content.decode()
    assert "Secret Heron" not in answer.content.decode()


def test_whose_organisation_waits_is_told(world: World) -> None:
    assert "Your organisation waits to be vetted" in home(world.sam).content.decode()
    assert "You are on no team yet" in home(world.harry).content.decode()


def test_language_of_a_visitor_is_kept_in_a_cookie() -> None:
    client = Client()
    answer = client.post(reverse("set_language"), {"language": "ar", "next": "/account/login/"})
    assert answer.url == "/account/login/"
    assert answer.cookies["t2d_language"]["httponly"]
    assert 'dir="rtl"' in client.get(reverse("account_login")).content.decode()


def test_language_of_a_user_is_kept_on_the_account(world: World) -> None:
    client = Client()
    client.force_login(world.alice)
    client.post(reverse("set_language"), {"language": "fr", "next": "/"})
    world.alice.refresh_from_db()
    assert world.alice.language == "fr"
    assert 'lang="fr"' in client.get(reverse("home")).content.decode()


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "\\\\evil.example", "javascript:x", ""]
)
def test_a_change_of_language_leads_nowhere_else(target: str) -> None:
    answer = Client().post(reverse("set_language"), {"language": "en", "next": target})
    assert answer.url == "/"


def test_a_language_that_there_is_not_is_refused() -> None:
    assert Client().post(reverse("set_language"), {"language": "xx"}).status_code == 400
    assert Client().get(reverse("set_language")).status_code == 405


# --- What of the record waits ---------------------------------------------------------------------------------


def test_what_waits_of_the_record(world: World) -> None:
    today = timezone.localdate()
    body = record.make_body(world.conflict, "Water office", world.up)
    person = record.make_person(world.house, party=world.up)
    record.make_participation(world.secret, person)
    old = today - timedelta(days=200)
    record.make_tie(person, body, last_confirmed_on=old)
    passed = record.make_session(
        world.secret, world.alice, status="planned", began_on=today - timedelta(days=3)
    )
    bare = record.make_session(world.secret, world.alice, began_on=today - timedelta(days=9), next_step="")
    ahead = record.make_session(
        world.secret, world.alice, status="planned", began_on=today + timedelta(days=3)
    )
    record.make_session(world.secret, world.alice, began_on=today)
    outcome = record.make_outcome(world.secret, world.alice)
    type(outcome).objects.filter(pk=outcome.pk).update(created_at=timezone.now() - timedelta(days=40))
    context = home(world.alice).context

    assert context["coming"] == [ahead]
    assert context["unfinished"] == [(passed, ["held"]), (bare, ["next_step"])]
    assert [way.person for way in context["stale"]] == [person.pk]
    assert [(row["initiative"], row["label"]) for row in context["stuck"]] == [
        (world.secret, outcome.statement)
    ]
    assert context["waiting"] >= 4
    others = home(world.rita).context
    assert [others[name] for name in ("coming", "unfinished", "stale", "stuck")] == [[], [], [], []]


@pytest.mark.parametrize("number", [1, 3])
def test_home_asks_as_much_for_three_of_each_as_for_one(
    world: World, number: int, django_assert_num_queries: Any
) -> None:
    ago = timezone.localdate() - timedelta(days=100)
    for index in range(number):
        body = record.make_body(world.conflict, f"Water office {index}", world.up)
        made = record.make_record(world.secret, world.alice, body)
        record.make_session(world.secret, world.alice, next_step="", began_on=timezone.localdate())
        record.make_tie(made["person"], record.make_body(world.conflict), last_confirmed_on=ago)
        waits = record.make_outcome(world.secret, world.alice)
        record.make_transfer(waits, world.alice, body, sent_on=ago)
    client = Client()
    client.force_login(world.alice)
    with django_assert_num_queries(RECORD_QUERIES):
        context = client.get(reverse("home")).context
    assert (len(context["unfinished"]), len(context["stuck"])) == (number, min(5, 2 * number))


def test_an_observer_is_not_asked_to_complete_what_others_write(world: World) -> None:
    observer = make.make_member_of(world.house, "Olga")
    make.make_member(world.secret, observer, "observer")
    record.make_session(world.secret, world.alice, next_step="", began_on=timezone.localdate())
    context = home(observer).context

    assert (context["unfinished"], context["stuck"], context["stale"]) == ([], [], [])


def test_a_liaison_finds_what_waits_for_the_office(world: World) -> None:
    body = record.make_body(world.conflict, "Water office", world.up)
    liaison = make.make_user("Lia")
    record.make_liaison(liaison, body)
    outcome = record.make_outcome(world.secret, world.alice)
    transfer = record.make_transfer(outcome, world.alice, body)
    page = home(liaison)

    assert [message.pk for message in page.context["received"]] == [transfer.pk]
    assert world.secret.codename not in page.content.decode()
    # What the team heard is not the office's own word.
    record.make_step(transfer, world.alice, "acknowledged")
    assert [message.pk for message in home(liaison).context["received"]] == [transfer.pk]
    record.make_step(transfer, liaison, "acknowledged")
    assert home(liaison).context["received"] == []


@pytest.mark.parametrize("origin", ["http://testserver", "https://elsewhere.example", ""])
def test_a_form_that_comes_too_late_shows_what_was_typed_to_its_writer_alone(
    world: World, origin: str
) -> None:
    client = Client(enforce_csrf_checks=True)
    typed = {
        "notes": "A long afternoon <b>of words</b>",
        "login-password": "a-long-password",
        "pk": str(world.secret.pk),
    }
    answer = client.post("/sessions/new/", typed, headers={"Origin": origin} if origin else {})
    page = answer.content.decode()

    assert answer.status_code == 403
    assert ("A long afternoon &lt;b&gt;of words" in page) == (origin == "http://testserver")
    assert "a-long-password" not in page
    assert str(world.secret.pk) not in page
