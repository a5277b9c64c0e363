"""A forgotten password: a letter that says nothing but that, written by a worker, and a link that opens once."""

from __future__ import annotations

import re
import threading
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client

from accounts.letters import send_reset_link
from accounts.models import Letter, User
from confidentiality.actor import actor
from tests import factories as make

pytestmark = pytest.mark.django_db
ORIGIN = "https://desk.example/"


def path_in(body: str) -> str:
    found = re.search(r"https://desk\.example(/\S+)", body)
    assert found is not None
    return found[1]


@pytest.mark.django_db(transaction=True)
def test_it_arrives_and_for_an_address_that_nobody_has_nothing_does() -> None:
    ann = make.make_user("Ann")
    for address in (ann.email.upper(), "nobody@test.example"):
        answer = Client().post("/account/password/reset/", {"email": address})
        assert (answer.status_code, answer.url) == (302, "/account/password/reset/done/")
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and thread.daemon:
            thread.join(10)

    assert [letter.to for letter in mail.outbox] == [[ann.email]]


def test_the_letter_names_nothing_and_its_link_sets_a_password_once() -> None:
    ann = make.make_user("Ann", language="fr")
    send_reset_link(user_id=ann.pk, origin=ORIGIN)
    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == ([ann.email], "Un nouveau mot de passe")
    assert "Ann" not in letter.body
    path, client = path_in(letter.body), Client()
    form = client.get(path, follow=True)
    new = {"password1": "boats-in-the-rain-7", "password2": "boats-in-the-rain-7"}
    done = client.post(form.redirect_chain[-1][0], new)
    again = Client().get(path, follow=True)

    assert done.status_code == 302
    assert User.objects.get().check_password("boats-in-the-rain-7")
    assert "password1" not in again.content.decode()
    # It signs nobody in, and the second factor is asked for as ever.
    assert client.get("/account/").status_code == 302
    assert settings.PASSWORD_RESET_TIMEOUT == 3600


def test_nobody_and_a_closed_account_get_no_letter() -> None:
    closed = make.make_user("Ann", is_active=False)
    for user_id in (closed.pk, uuid4()):
        send_reset_link(user_id=user_id, origin=ORIGIN)

    assert mail.outbox == []


@pytest.mark.parametrize("sends_mail", [True, False])
def test_a_steward_gets_one_by_mail_and_never_out_of_another_stewards_hand(
    sends_mail: bool, settings: Any, django_assert_num_queries: Any
) -> None:
    settings.SENDS_MAIL = sends_mail
    steward = make.make_user("Stella", is_steward=True)
    for user_id in (steward.pk, uuid4()):
        if sends_mail:
            send_reset_link(user_id=user_id, origin=ORIGIN)
            continue
        with django_assert_num_queries(1):  # As for an address that nobody has.
            send_reset_link(user_id=user_id, origin=ORIGIN)

    with actor(steward):
        assert not Letter.objects.exists()
    assert [letter.to for letter in mail.outbox] == ([[steward.email]] if sends_mail else [])
