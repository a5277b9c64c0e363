"""A change of one's own address: by a link to the new one, told to the old one, for nobody else."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import SingleUseLink, User
from accounts.services import ask_for_address, recover_account
from confidentiality.actor import actor
from conftest import World

pytestmark = pytest.mark.django_db
ORIGIN = "https://desk.example/"


@pytest.fixture(autouse=True)
def _letters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.letters._beside", lambda user_id, write: write())


def asked(user: User, address: str = "other@test.example") -> str:
    """The path of the link that went to the new address."""
    with actor(user):
        ask_for_address(by=user, address=address, origin=ORIGIN)
    letter = [each for each in mail.outbox if each.to == [address]][-1]
    found = re.search(r"://[^/]+(/once/\S+)", str(letter.body))
    assert found is not None
    return found[1]


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def address_of(user: User) -> str:
    return User.objects.get(pk=user.pk).email


def test_whoever_reads_the_new_letters_and_is_signed_in_takes_it_on(world: World) -> None:
    former, path = world.alice.email, asked(world.alice)
    assert [letter.subject for letter in mail.outbox if letter.to == [former]] == ["Your account"]
    client = signed_in(world.alice)
    assert client.get(path).status_code == 200
    assert address_of(world.alice) == former
    assert client.post(path).status_code == 302
    assert address_of(world.alice) == "other@test.example"
    assert client.get(path).status_code == 404


def test_it_is_nobody_elses(world: World) -> None:
    former, path = world.alice.email, asked(world.alice)
    assert signed_in(world.bob).post(path).status_code == 422
    assert Client().post(path).status_code == 200  # Asked to sign in first.
    assert (address_of(world.alice), address_of(world.bob)) == (former, world.bob.email)


def test_asking_again_lets_the_link_before_die(world: World) -> None:
    first = asked(world.alice, "first@test.example")
    second = asked(world.alice, "second@test.example")
    client = signed_in(world.alice)
    assert client.post(first).status_code == 404
    assert client.post(second).status_code == 302
    assert address_of(world.alice) == "second@test.example"


def test_what_somebody_else_has_is_not_taken_and_not_told(world: World) -> None:
    client, said = signed_in(world.alice), []
    for address in (world.rita.email, "free@test.example"):
        answer = client.post(reverse("accounts:change_address"), {"address": address}, follow=True)
        said.append((answer.status_code, "A link is on its way" in answer.content.decode()))
    assert len(set(said)) == 1
    former = address_of(world.alice)
    assert signed_in(world.alice).post(asked(world.alice, world.rita.email)).status_code == 422
    assert address_of(world.alice) == former


def test_a_steward_who_gives_an_account_another_address_leaves_word_at_the_old_one(world: World) -> None:
    former = world.bob.email
    with actor(world.stella):
        recover_account(by=world.stella, user=world.bob, address="new@test.example", origin=ORIGIN)
    assert {tuple(letter.to) for letter in mail.outbox} == {(former,), ("new@test.example",)}
    (told,) = [str(letter.body) for letter in mail.outbox if letter.to == [former]]
    assert "/once/" not in told


def test_nobody_floods_others_with_letters(world: World) -> None:
    for number in range(5):
        asked(world.alice, f"flooded{number}@test.example")
    sent = len(mail.outbox)
    client = signed_in(world.alice)
    answer = client.post(reverse("accounts:change_address"), {"address": "flooded6@test.example"})
    assert answer.status_code == 422
    assert "often enough today" in answer.content.decode()
    assert len(mail.outbox) == sent
    # The last link still opens; others are not held back; tomorrow it goes on.
    asked(world.bob)
    SingleUseLink.objects.filter(user=world.alice).update(created_at=timezone.now() - timedelta(days=1))
    asked(world.alice)
