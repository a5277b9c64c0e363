"""A steward sets up an account anew: it opens nothing until those who know the person say that it is really them."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AccessToken, Membership, User
from accounts.services import admit_member_again, create_token, end_account, recover_account
from confidentiality.actor import actor
from confidentiality.policy import Forbidden, Hidden
from conftest import World
from initiatives.models import Brief, Initiative, TeamMember
from initiatives.services import (
    admit_lead,
    hand_over_to_successors,
    leads_to_admit,
    name_successor,
)
from tests import factories as make
from tests.clients import client_with

pytestmark = pytest.mark.django_db
ORIGIN = "https://desk.example/"
PASSWORD = "boats-in-the-rain-7"


@pytest.fixture(autouse=True)
def _letters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.letters._beside", lambda user_id, write: write())


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def recovered(world: World, user: User) -> User:
    with actor(world.stella):
        recover_account(by=world.stella, user=user, origin=ORIGIN)
    return User.objects.get(pk=user.pk)


def behind_the_wall(user: User, table: str) -> int:
    """What the database shows, whatever Python would."""
    with actor(user), connection.connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return int(cursor.fetchone()[0])


def reads(user: User, initiative: Initiative) -> tuple[int, int, int]:
    """The page; the brief in Python; the brief behind the wall."""
    user = User.objects.get(pk=user.pk)
    with actor(user):
        seen = Brief.objects.visible_to(user).count()
    page = signed_in(user).get(reverse("initiatives:brief", args=[initiative.pk])).status_code
    return page, seen, behind_the_wall(user, "initiatives_brief")


def test_nothing_is_open_before_and_everything_after_a_lead_said_so(world: World) -> None:
    make.make_brief(world.secret, world.alice, title="Canary")
    assert reads(world.bob, world.secret) == (200, 1, 1)
    bob = recovered(world, world.bob)

    assert reads(bob, world.secret) == (404, 0, 0)
    assert not bob.has_usable_password()
    path = re.search(r"://[^/]+(/once/\S+)", str(mail.outbox[-1].body))
    assert path is not None
    assert Client().post(path[1], {"password": PASSWORD}).status_code == 302
    assert User.objects.get(pk=bob.pk).check_password(PASSWORD)
    assert Client().post(path[1], {"password": PASSWORD}).status_code == 404
    assert reads(bob, world.secret) == (404, 0, 0)

    member = TeamMember.objects.get(initiative=world.secret, user=bob)
    home = signed_in(world.alice).get("/").content.decode()
    assert "Is it really them?" in home
    answer = signed_in(world.alice).post(
        reverse("initiatives:member", args=[world.secret.pk, member.pk]),
        {"act": "admit", "version": member.version},
    )
    assert answer.status_code == 302
    assert reads(bob, world.secret) == (200, 1, 1)


def test_sign_ins_tokens_and_the_second_factor_end(world: World) -> None:
    client = signed_in(world.bob)
    _token, plain = create_token(by=world.bob, scope="read")
    assert client.get("/account/").status_code == 200
    assert client_with(plain).get("/api/v1/me/").status_code == 200
    recovered(world, world.bob)

    assert client.get("/account/").status_code == 302
    assert client_with(plain).get("/api/v1/me/").status_code == 401
    assert not AccessToken.objects.live().filter(user=world.bob).exists()


def test_a_place_in_an_organisation_counts_again_once_an_owner_said_so(world: World) -> None:
    harry = recovered(world, world.harry)
    assert harry.organisation_ids() == []
    assert behind_the_wall(harry, "(SELECT own_organisations()) found") == 0
    place = Membership.objects.get(user=harry)
    with actor(world.alice):
        admit_member_again(by=world.alice, membership=place)

    assert User.objects.get(pk=harry.pk).organisation_ids() == [world.house.pk]
    assert behind_the_wall(harry, "(SELECT own_organisations()) found") == 1


def test_nobody_says_it_of_themselves_and_not_the_steward_who_did_it(world: World) -> None:
    alice = recovered(world, world.alice)
    place = Membership.objects.get(user=alice)
    with actor(world.stella), pytest.raises(ValidationError):
        admit_member_again(by=world.stella, membership=place)
    with actor(alice), pytest.raises(Hidden):
        admit_member_again(by=alice, membership=place)
    member = TeamMember.objects.get(initiative=world.secret, user=alice)
    page = reverse("initiatives:member", args=[world.secret.pk, member.pk])
    assert signed_in(alice).post(page, {"act": "admit", "version": member.version}).status_code == 404
    # Nor by a statement of one's own.
    with actor(alice), connection.connection.cursor() as cursor:
        cursor.execute("UPDATE initiatives_teammember SET admitted_at = now() WHERE id = %s", [member.pk])
        assert cursor.rowcount == 0
    other = make.make_user("Otto", is_steward=True)
    with actor(other):
        admit_member_again(by=other, membership=place)
    assert User.objects.get(pk=alice.pk).organisation_ids() == [world.house.pk]


def test_of_the_only_lead_the_successor_says_it_and_reads_nothing_by_that(world: World) -> None:
    make.make_brief(world.secret, world.alice, title="Canary")
    with actor(world.alice):
        name_successor(by=world.alice, initiative=world.secret, successor=world.harry)
    member = TeamMember.objects.get(initiative=world.secret, user=world.alice)
    with actor(world.harry), pytest.raises(Hidden):
        admit_lead(by=world.harry, member=member.pk)  # Nothing to say yet.
    alice = recovered(world, world.alice)
    for who, pk in ((world.bob, member.pk), (world.rita, member.pk), (world.harry, uuid4())):
        with actor(who), pytest.raises(Hidden):
            admit_lead(by=who, member=pk)
    with actor(world.harry):
        assert leads_to_admit() == [(member.pk, "Alice")]
    home = signed_in(world.harry).get("/").content.decode()
    assert "Leads an initiative whose successor you are." in home
    assert "Secret Heron" not in home
    # A lead who waits is no lead who has gone: the successor is not made lead meanwhile.
    assert hand_over_to_successors() == 0
    assert signed_in(world.harry).post(reverse("initiatives:admit_lead", args=[member.pk])).status_code == 302

    assert reads(alice, world.secret) == (200, 1, 1)
    assert reads(world.harry, world.secret) == (404, 0, 0)


def test_a_successor_whose_account_was_recovered_waits_when_the_lead_expires(world: World) -> None:
    with actor(world.alice):
        name_successor(by=world.alice, initiative=world.secret, successor=world.harry)
    harry = recovered(world, world.harry)
    TeamMember.objects.filter(initiative=world.secret).update(
        began_at=timezone.now() - timedelta(days=2), expires_at=timezone.now() - timedelta(days=1)
    )
    assert hand_over_to_successors() == 1
    assert reads(harry, world.secret) == (404, 0, 0)


def test_stewards_alone_and_never_for_themselves(world: World) -> None:
    for who in (world.alice, world.cora):
        with actor(who), pytest.raises((Hidden, Forbidden)):
            recover_account(by=who, user=world.bob, origin=ORIGIN)
    with actor(world.stella), pytest.raises(ValidationError):
        recover_account(by=world.stella, user=world.stella, origin=ORIGIN)
    with actor(world.stella):
        end_account(by=world.stella, user=world.bob)
    client = Client()
    client.post("/account/login/", {"login": world.bob.email, "password": make.PASSWORD})
    assert client.get("/account/").status_code == 302
    page = signed_in(world.stella)
    missing = page.post(reverse("accounts:recover"), {"address": "nobody@test.example", "act": "recover"})
    assert missing.status_code == 422
    done = page.post(reverse("accounts:recover"), {"address": world.rita.email.upper(), "act": "recover"})
    assert done.status_code == 302
    assert User.objects.get(pk=world.rita.pk).recovered_by == world.stella


def test_a_reset_by_hand_is_a_recovery_where_no_second_factor_stands_in_the_way(
    world: World, settings: object
) -> None:
    from accounts.letters import send_reset_link
    from accounts.models import Letter

    settings.SENDS_MAIL = False  # type: ignore[attr-defined]
    send_reset_link(user_id=world.bob.pk, origin=ORIGIN)
    with actor(world.stella):
        path = re.search(r"://[^/]+(/\S+)", Letter.objects.get().text)
    assert path is not None
    client = Client()
    form = client.get(path[1], follow=True)
    client.post(form.redirect_chain[-1][0], {"password1": PASSWORD, "password2": PASSWORD})

    bob = User.objects.get(pk=world.bob.pk)
    assert bob.check_password(PASSWORD)
    assert bob.recovered_at is not None
    assert reads(bob, world.secret)[0] == 404
