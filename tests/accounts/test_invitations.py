"""Inviting somebody: one answer for every address, a link that names nothing, opens once, and only by a form."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, SingleUseLink, User
from accounts.services import invite, join_as_new, live_link
from conftest import World
from tests import factories as make

pytestmark = pytest.mark.django_db
ORIGIN = "https://desk.example/"
NEW = {"name": "New colleague", "password": "boats-in-the-rain-7"}


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch) -> list[mail.EmailMessage]:
    """What is written, at once and not beside the answer."""
    monkeypatch.setattr("accounts.letters._beside", lambda user_id, write: write())
    return mail.outbox


def path_in(letter: mail.EmailMessage) -> str:
    found = re.search(r"://[^/]+(/once/\S+)", str(letter.body))
    assert found is not None
    return found[1]


def invited(
    world: World, letters: list[mail.EmailMessage], address: str = "new@test.example", **more: str
) -> str:
    role = more.get("role", "member")
    invite(by=world.alice, organisation=world.house, address=address, role=role, origin=ORIGIN)
    return path_in(letters[-1])


def test_the_page_answers_alike_for_addresses_known_and_unknown(world: World, letters: list) -> None:
    client = client_of(world.alice)
    page = reverse("accounts:organisation", args=[world.house.pk])
    answers, queries = [], []
    for address in ("nobody@test.example", world.rita.email, world.bob.email):
        with CaptureQueriesContext(connection) as asked:
            answer = client.post(page, {"act": "invite", "address": address, "role": "member"}, follow=True)
        answers.append(answer.content.decode().count("Invitation sent."))
        queries.append(len(asked))
    assert answers == [1, 1, 1]
    assert len(set(queries)) == 1, queries
    # One neutral letter each: nothing in it differs but the address and the key.
    bodies = {re.sub(r"/once/\S+", "", str(letter.body)) for letter in letters}
    assert len(bodies) == 1
    assert world.house.name not in bodies.pop()


def test_looking_uses_nothing_up_and_names_nothing(world: World, letters: list) -> None:
    path = invited(world, letters)
    for method in ("get", "head", "get"):
        answer = getattr(Client(), method)(path)
        assert answer.status_code == 200
    page = Client().get(path).content.decode()
    assert world.house.name not in page
    assert "new@test.example" not in page
    assert live_link(path.split("/")[2]) is not None


def test_somebody_new_joins_once(world: World, letters: list) -> None:
    path = invited(world, letters, role="registrar")
    weak = Client().post(path, {**NEW, "password": "short"})
    assert weak.status_code == 422
    assert "New colleague" in weak.content.decode()
    done = Client().post(path, NEW)
    again = Client().post(path, {**NEW, "name": "Somebody else"})

    assert (done.status_code, done["Location"]) == (302, reverse("account_login"))
    assert again.status_code == 404
    user = User.objects.get(email="new@test.example")
    assert user.check_password(NEW["password"])
    (membership,) = user.memberships.all()
    assert (membership.organisation, membership.role) == (world.house, "registrar")
    # The address is not kept in the link that is used up.
    assert SingleUseLink.objects.get().address == ""


def test_somebody_with_an_account_joins_with_it_and_nobody_else_does(world: World, letters: list) -> None:
    path = invited(world, letters, address=world.rita.email)
    as_new = Client().post(path, NEW)
    as_other = client_of(world.sam).post(path)
    assert (as_new.status_code, as_other.status_code) == (422, 422)
    assert "Sign in, then open the link again." in as_new.content.decode()
    done = client_of(world.rita).post(path)

    assert done.status_code == 302
    assert Membership.objects.active().filter(user=world.rita, organisation=world.house).count() == 1
    assert not Membership.objects.active().filter(user=world.sam, organisation=world.house).exists()


def test_two_who_open_it_at_once_are_one_account(world: World, letters: list) -> None:
    path = invited(world, letters)
    plain = path.split("/")[2]
    first, second = live_link(plain), live_link(plain)
    assert first is not None
    assert second is not None
    join_as_new(link=first, name="One", password=NEW["password"], language="en")
    with pytest.raises(Exception, match="used already"):
        join_as_new(link=second, name="Two", password=NEW["password"], language="en")
    assert User.objects.filter(email="new@test.example").count() == 1


@pytest.mark.parametrize("how", ["old", "withdrawn", "never"])
def test_a_dead_link_opens_nothing_and_says_so(world: World, letters: list, how: str) -> None:
    path = invited(world, letters)
    link = SingleUseLink.objects.get()
    if how == "old":
        SingleUseLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    if how == "withdrawn":
        page = reverse("accounts:organisation", args=[world.house.pk])
        client_of(world.alice).post(page, {"act": "withdraw", "link": str(link.pk)})
    if how == "never":
        path = "/once/never-was-one/"
    answers = [Client().get(path), Client().post(path, NEW)]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert "This link opens nothing" in answers[0].content.decode()
    assert not User.objects.filter(email="new@test.example").exists()


@pytest.mark.parametrize("who", ["bob", "rita", "cora"])
def test_only_owners_and_stewards_invite(world: World, letters: list, who: str) -> None:
    page = reverse("accounts:organisation", args=[world.house.pk])
    answer = client_of(getattr(world, who)).post(
        page, {"act": "invite", "address": "x@test.example", "role": "owner"}
    )
    assert answer.status_code == 403
    assert not SingleUseLink.objects.exists()


def test_what_is_typed_wrong_is_said_at_its_field(world: World, letters: list) -> None:
    page = reverse("accounts:organisation", args=[world.house.pk])
    answer = client_of(world.stella).post(page, {"act": "invite", "address": "no address", "role": "member"})
    assert answer.status_code == 422
    assert 'value="no address"' in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_without_a_mail_server_a_steward_hands_it_over(world: World, settings: object) -> None:
    settings.SENDS_MAIL = False  # type: ignore[attr-defined]
    page = reverse("accounts:organisation", args=[world.house.pk])
    sent = client_of(world.stella).post(
        page, {"act": "invite", "address": "new@test.example", "role": "member"}
    )
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and thread.daemon:
            thread.join(10)
    steward = client_of(world.stella)
    listed = steward.get(reverse("accounts:letters")).content.decode()
    found = re.search(r'name="letter" value="([^"]+)"', listed)
    assert sent.status_code == 302
    assert found is not None
    assert "/once/" not in listed
    shown = steward.post(reverse("accounts:letters"), {"letter": found[1], "act": "show"}).content.decode()
    path = re.search(r"://[^/]+(/once/[\w-]+/)", shown)
    assert path is not None
    assert Client().post(path[1], NEW).status_code == 302
    steward.post(reverse("accounts:letters"), {"letter": found[1], "act": "done"})

    assert "new@test.example" not in steward.get(reverse("accounts:letters")).content.decode()
    for other in (world.alice, world.sam):
        assert client_of(other).get(reverse("accounts:letters")).status_code in (403, 404)


@pytest.mark.parametrize("role", ["owner", "registrar"])
def test_a_steward_makes_the_first_owner_and_no_more(world: World, letters: list, role: str) -> None:
    """Registrars open identities, and two owners an initiative."""
    page = reverse("accounts:organisation", args=[world.house.pk])
    steward = client_of(world.stella)
    sent = steward.post(page, {"act": "invite", "address": "mine@test.example", "role": role})
    assert (sent.status_code, letters) == (422, [])
    harry = Membership.objects.get(user=world.harry)
    steward.post(page, {"act": "role", "member": str(harry.pk), "role": role, "version": harry.version})
    # Putting the last owner out does not make way for another.
    alice = Membership.objects.get(user=world.alice)
    steward.post(page, {"act": "end", "member": str(alice.pk)})
    steward.post(page, {"act": "invite", "address": "mine@test.example", "role": role})
    harry.refresh_from_db()
    assert (harry.role, letters) == ("member", [])


def test_of_two_first_owners_whom_a_steward_invited_one_is_owner(world: World, letters: list) -> None:
    fresh = make.make_organisation("Without an owner yet")
    page = reverse("accounts:organisation", args=[fresh.pk])
    steward = client_of(world.stella)
    registrar = steward.post(page, {"act": "invite", "address": "r@test.example", "role": "registrar"})
    for address in ("a@test.example", "b@test.example"):
        steward.post(page, {"act": "invite", "address": address, "role": "owner"})
    for letter in list(letters):
        Client().post(path_in(letter), NEW)
    late = steward.post(page, {"act": "invite", "address": "c@test.example", "role": "owner"})
    roles = fresh.memberships.order_by("user__email").values_list("role", flat=True)
    assert (registrar.status_code, late.status_code, list(roles)) == (422, 422, ["owner", "member"])


def test_who_joins_by_a_letter_out_of_a_stewards_hand_is_a_member(
    world: World, letters: list, settings: object
) -> None:
    path = invited(world, letters, role="registrar")
    settings.SENDS_MAIL = False  # type: ignore[attr-defined]
    assert Client().post(path, NEW).status_code == 302
    assert Membership.objects.get(user__email="new@test.example").role == "member"
