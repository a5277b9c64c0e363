"""Leaving an organisation, or being put out: everything that came with it ends in the same moment, in both walls."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, User
from accounts.services import create_token
from confidentiality.actor import actor
from confidentiality.policy import Forbidden
from conftest import World
from initiatives.models import Draft, Initiative, InitiativeOrganisation, TeamMember
from initiatives.services import end_membership, name_successor
from tests import factories as make
from tests.clients import client_with

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def place_of(user: User) -> Membership:
    return Membership.objects.active().get(user=user)


def test_an_owner_ends_it_and_everything_goes(world: World) -> None:
    client = signed_in(world.bob)
    _token, plain = create_token(by=world.bob, scope="read")
    make.make_draft(world.bob, initiative=world.secret, data={"title": ["Canary"]})
    make.make_draft(world.bob, data={"codename": ["Canary"]})
    with actor(world.alice):
        name_successor(by=world.alice, initiative=world.secret, successor=world.bob)
    assert client.get(reverse("initiatives:initiative", args=[world.secret.pk])).status_code == 200
    # Everything here is one transaction, whose now() lies before the moment at which the access began.
    TeamMember.objects.filter(user=world.bob).update(began_at=timezone.now() - timedelta(days=1))
    page = reverse("accounts:organisation", args=[world.house.pk])
    ended = signed_in(world.alice).post(page, {"act": "end", "member": str(place_of(world.bob).pk)})

    assert ended.status_code == 302
    assert client.get(reverse("initiatives:initiative", args=[world.secret.pk])).status_code == 302
    assert client_with(plain).get("/api/v1/me/").status_code == 401
    bob = User.objects.get(pk=world.bob.pk)
    assert signed_in(bob).get(reverse("initiatives:initiative", args=[world.secret.pk])).status_code == 404
    assert not TeamMember.objects.live().filter(user=bob).exists()
    assert Initiative.objects.get(pk=world.secret.pk).successor is None
    assert not Draft.objects.filter(user=bob).exists()
    with actor(bob), connection.connection.cursor() as cursor:
        cursor.execute("SELECT visible_initiative_ids()")
        assert cursor.fetchone() == ([],)


def test_what_another_organisation_of_theirs_convenes_stays(world: World) -> None:
    elsewhere = make.make_initiative(world.conflict, world.other, lead=world.rita, codename="Other Team")
    make.make_member(elsewhere, world.bob)
    make.make_membership(world.bob, world.other)
    draft = make.make_draft(world.bob, data={"codename": ["Canary"]})
    with actor(world.alice):
        end_membership(
            by=world.alice, membership=Membership.objects.get(user=world.bob, organisation=world.house)
        )

    live = TeamMember.objects.live().filter(user=world.bob)
    assert [member.initiative_id for member in live] == [elsewhere.pk]
    assert Draft.objects.filter(pk=draft.pk).exists()


@pytest.mark.parametrize("role", ["co_convener", "convener"])
def test_what_a_lead_writes_on_the_card_keeps_no_place(world: World, role: str) -> None:
    """Another organisation of theirs is named by whoever leads, without its word; as convener, too."""
    make.make_member_of(world.house, "Second", "owner")
    make.make_membership(world.alice, world.other)
    if role == "convener":
        world.secret.named.filter(role=role).delete()
    InitiativeOrganisation.objects.create(initiative=world.secret, organisation=world.other, role=role)
    with actor(world.stella):
        end_membership(
            by=world.stella, membership=Membership.objects.get(user=world.alice, organisation=world.house)
        )
    assert not TeamMember.objects.live().filter(user=world.alice).exists()


def test_who_leaves_a_co_convener_stays_for_the_organisation_that_opened_it(world: World) -> None:
    make.make_membership(world.bob, world.other)
    InitiativeOrganisation.objects.create(
        initiative=world.secret, organisation=world.other, role="co_convener"
    )
    with actor(world.rita):
        end_membership(
            by=world.rita, membership=Membership.objects.get(user=world.bob, organisation=world.other)
        )
    assert TeamMember.objects.live().filter(user=world.bob).exists()


def test_the_only_lead_names_a_successor_before_leaving_but_is_put_out_at_once(world: World) -> None:
    make.make_member_of(world.house, "Second", "owner")
    place = place_of(world.alice)
    with actor(world.alice), pytest.raises(ValidationError, match="Secret Heron"):
        end_membership(by=world.alice, membership=place)
    assert place_of(world.alice) == place
    with actor(world.stella):
        end_membership(by=world.stella, membership=place)  # She knows of no initiative, and is told of none.
    assert not TeamMember.objects.live().filter(user=world.alice).exists()


def test_leaving_by_oneself_signs_out(world: World) -> None:
    client = signed_in(world.harry)
    page = reverse("accounts:organisation", args=[world.house.pk])
    left = client.post(page, {"act": "end", "member": str(place_of(world.harry).pk)})
    assert (left.status_code, left["Location"]) == (302, reverse("account_login"))
    assert "You left House of Alice" in client.get(reverse("account_login")).content.decode()
    assert not Membership.objects.active().filter(user=world.harry).exists()


def test_the_last_owner_stays_until_there_is_another(world: World) -> None:
    page = reverse("accounts:organisation", args=[world.other.pk])
    place = place_of(world.rita)
    answer = signed_in(world.rita).post(
        page, {"act": "role", "member": str(place.pk), "role": "member", "version": 1}, follow=True
    )
    assert "This is the last owner." in answer.content.decode()
    assert place_of(world.rita).role == "owner"


@pytest.mark.parametrize("who", ["bob", "harry", "rita", "cora"])
def test_nobody_else_ends_a_membership(world: World, who: str) -> None:
    user = getattr(world, who)
    for place in Membership.objects.exclude(user=user).filter(organisation=world.house):
        with actor(user), pytest.raises(Forbidden):
            end_membership(by=user, membership=place)


def test_the_database_ends_nothing_of_somebody_who_has_not_left(world: World) -> None:
    for who, house in ((world.bob.pk, world.house.pk), (world.rita.pk, world.house.pk)):
        with (
            actor(world.rita),
            connection.cursor() as cursor,
            pytest.raises(DatabaseError),
            transaction.atomic(),
        ):
            cursor.execute("SELECT end_accesses(%s, %s)", [who, house])
    assert TeamMember.objects.live().filter(user=world.bob).exists()
