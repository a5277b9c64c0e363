"""Which passwords are refused, wherever one is set: nothing is saved, the field says why, and the page says how it is
done better. How often somebody may guess: test_sign_in.py."""

from __future__ import annotations

import html
from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client

from accounts.letters import send_reset_link
from accounts.models import User
from conftest import World
from tests import factories as make
from tests.accounts.test_invitations import invited
from tests.accounts.test_letters import ORIGIN, path_in
from tests.second_factor import sign_in

WEAK = {
    "boats-rain": "12 characters",
    "1q2w3e4r5t6y": "too common",
    "bobirian@test.example": "too similar",
}
STRONG = "boats-in-the-rain-7"
pytestmark = pytest.mark.django_db
# Sends a password; answers with what the page says.
Door = Callable[[str], str]


def by_invitation(world: World) -> Door:
    address = "bobirian.new@test.example"
    path, client = invited(world, mail.outbox, address), Client()
    return lambda password: text_of(client.post(path, {"name": "Bobirian", "password": password}))


def when_forgotten(world: World) -> Door:
    send_reset_link(user_id=world.bob.pk, origin=ORIGIN)
    client = Client()
    form = client.get(path_in(str(mail.outbox[-1].body)), follow=True).redirect_chain[-1][0]
    return lambda password: text_of(client.post(form, {"password1": password, "password2": password}))


def by_a_change(world: World) -> Door:
    client = Client()
    sign_in(client, world.bob)
    path = "/account/password/change/"

    def send(password: str) -> str:
        new = {"oldpassword": make.PASSWORD, "password1": password, "password2": password}
        return text_of(client.post(path, new))

    return send


def text_of(answer: object) -> str:
    return html.unescape(answer.content.decode())  # type: ignore[attr-defined]


@pytest.mark.parametrize("door", [by_invitation, when_forgotten, by_a_change])
def test_a_weak_one_is_refused_with_the_reason(
    world: World, monkeypatch: pytest.MonkeyPatch, door: Callable[[World], Door]
) -> None:
    monkeypatch.setattr("accounts.letters._beside", lambda user_id, write: write())
    send, kept, people = door(world), world.bob.password, User.objects.count()
    for password, why in WEAK.items():
        assert why in send(password), (password, why)

    assert User.objects.get(pk=world.bob.pk).password == kept
    assert User.objects.count() == people
    send(STRONG)
    assert User.objects.latest("updated_at").check_password(STRONG)
