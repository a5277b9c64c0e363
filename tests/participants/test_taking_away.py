"""What is written of who somebody is, is kept nowhere else: another team's person is added to, not written over."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from confidentiality.actor import actor
from conftest import World
from initiatives.models import Draft, TeamMember
from participants.models import PersonIdentity
from participants.services import write_identity
from tests import factories as make
from tests.record import make_participation, make_person

pytestmark = pytest.mark.django_db


def test_a_team_that_borrows_adds_and_takes_nothing_away(world: World) -> None:
    person = make_person(world.house, "Real Name")
    make_participation(world.secret, person)
    mate = make.make_member_of(world.house, "Mate")
    there = make.make_initiative(world.conflict, world.house, lead=world.bob)
    make.make_member(there, mate, "facilitator")
    make_participation(there, person)
    with actor(mate):
        for name in ("", "Another Name"):
            with pytest.raises(ValidationError) as refused:
                write_identity(by=mate, person=person, name=name)
            assert "name" in refused.value.message_dict
        write_identity(by=mate, person=person, name="Real Name", affiliation="Institute")
    stands = PersonIdentity.objects.get(person=person)
    assert (stands.name, stands.affiliation) == ("Real Name", "Institute")


def test_taking_everything_out_is_erasing(world: World) -> None:
    person = make_person(world.house, "Real Name")
    make_participation(world.secret, person)
    with actor(world.alice):
        write_identity(by=world.alice, person=person, name="Corrected Name")
        with pytest.raises(ValidationError, match="erase the identity"):
            write_identity(by=world.alice, person=person, name="")
    assert PersonIdentity.objects.get(person=person).name == "Corrected Name"


def test_an_unfinished_tie_is_gone_when_one_does_not_work_with_the_person_any_more(world: World) -> None:
    person = make_person(world.house, "Real Name")
    make_participation(world.secret, person)
    there = make.make_initiative(world.conflict, world.house, lead=world.bob)
    make_participation(there, make_person(world.house))
    client = Client()
    client.force_login(world.bob)
    typed = {"draft": "official_link:", "draft_seen": "0", "person": str(person.pk), "note": "A cousin"}
    assert client.post(reverse("initiatives:keep_draft"), typed).status_code == 200
    page = reverse("participants:new_link")
    assert "A cousin" in client.get(page).content.decode()
    TeamMember.objects.filter(initiative=world.secret, user=world.bob).delete()

    assert "A cousin" not in client.get(page).content.decode()
    assert not Draft.objects.filter(user=world.bob).exists()
