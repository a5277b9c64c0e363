"""A form sent twice is done once; an address for forms, opened as a page, says so."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from conftest import World
from initiatives.models import Session
from tests import record
from transfer.models import UptakeStep
from transfer.services import edit_transfer

PAGE = "/sessions/new/"


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def log(world: World, token: str) -> dict[str, Any]:
    return {
        "csrfmiddlewaretoken": token,
        "initiative": str(world.secret.pk),
        "began": timezone.localdate().isoformat(),
        "format": "workshop",
        "rule": "chatham_house",
        "status": "held",
        "purpose": "Read the gauges",
    }


@pytest.mark.django_db
def test_a_session_sent_twice_is_one(world: World, django_capture_on_commit_callbacks: Any) -> None:
    alice = signed_in(world.alice)
    answers = []
    for token in ("one", "one", "other"):
        with django_capture_on_commit_callbacks(execute=True):
            answers.append(alice.post(PAGE, log(world, token)))
    told = alice.get(answers[1].url).content.decode()

    assert [answer.status_code for answer in answers] == [302] * 3
    assert answers[0].url == answers[1].url != answers[2].url
    assert Session.objects.count() == 2
    assert "It was not saved a second time" in told


@pytest.mark.django_db
def test_the_same_page_with_something_else_in_it_is_something_else(
    world: World, django_capture_on_commit_callbacks: Any
) -> None:
    """Two alike are logged one after the other by going back."""
    alice = signed_in(world.alice)
    for purpose in ("Read the gauges", "Read them again"):
        with django_capture_on_commit_callbacks(execute=True):
            answer = alice.post(PAGE, {**log(world, "one"), "purpose": purpose})
        assert answer.status_code == 302

    assert {session.purpose for session in Session.objects.all()} == {"Read the gauges", "Read them again"}


@pytest.mark.django_db
def test_what_was_refused_is_corrected_and_sent_again(world: World) -> None:
    alice = signed_in(world.alice)
    wrong = alice.post(PAGE, {**log(world, "one"), "format": "no such"})
    right = alice.post(PAGE, log(world, "one"))

    assert (wrong.status_code, right.status_code) == (422, 302)


@pytest.mark.django_db
def test_a_page_of_somebody_else_is_another_one(
    world: World, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        signed_in(world.alice).post(PAGE, log(world, "one"))
        signed_in(world.bob).post(PAGE, log(world, "one"))
    assert Session.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_at_the_same_moment_are_one(world: World) -> None:
    clients = [signed_in(world.alice) for _twice in range(2)]
    answers: list[Any] = []

    def send(client: Client) -> None:
        answers.append(client.post(PAGE, log(world, "same")))
        connection.close()

    threads = [threading.Thread(target=send, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    made = reverse("initiatives:session", args=[Session.objects.get().pk])
    assert {answer.url for answer in answers} == {made}


@pytest.mark.django_db
def test_an_address_for_forms_says_so_and_leads_to_the_record(world: World) -> None:
    made = record.make_record(world.secret, world.alice, record.make_body(world.conflict))
    transfer, steps = made["transfer"], UptakeStep.objects.count()
    page = signed_in(world.alice).get(reverse("transfer:add_step", args=[transfer.pk]))

    assert (page.status_code, page["Allow"]) == (405, "POST")
    assert "Nothing was done" in page.content.decode()
    assert f'href="{reverse("transfer:transfer", args=[transfer.pk])}"' in page.content.decode()
    assert UptakeStep.objects.count() == steps


@pytest.mark.django_db
@pytest.mark.parametrize("act", ["carry_out", "abandon_transfer", "delete_transfer"])
def test_a_button_of_a_page_that_somebody_overtook_does_nothing(world: World, act: str) -> None:
    outcome = record.make_outcome(world.secret, world.alice, travel_permission="officials")
    office = record.make_body(world.conflict)
    transfer = record.make_transfer(outcome, world.alice, office, status="planned", sent_on=None)
    alice, path = signed_in(world.alice), reverse(f"transfer:{act}", args=[transfer.pk])
    edit_transfer(by=world.bob, transfer=transfer, message="Not seen by Alice")
    sent = {"sent": timezone.localdate().isoformat(), "reason": "As planned", "version": "1"}
    late = alice.post(path, sent)
    transfer.refresh_from_db()
    stood = (transfer.status, transfer.deleted_at)
    now = alice.post(path, {**sent, "version": "2"})

    assert (late.status_code, stood, now.status_code) == (409, ("planned", None), 302)
    assert "Somebody changed this transfer meanwhile" in late.content.decode()
    assert 'name="version" value="2"' in late.content.decode()
