"""Ties have a history like everything else: sealed, read by whoever reads the tie, and brought back with a reason."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from confidentiality.actor import actor
from confidentiality.policy import Forbidden, Hidden
from confidentiality.records import Stale
from conftest import World
from initiatives.services.overriding import Doubt
from initiatives.services.versions import versions_of
from participants.models import OfficialLink, OfficialLinkRevision
from participants.services import bring_back_link, confirm_link, edit_link, end_link, record_link
from tests import factories as make
from tests import record

pytestmark = pytest.mark.django_db


@pytest.fixture
def link(world: World) -> OfficialLink:
    """Recorded by Alice, made stronger by Bob."""
    body = record.make_body(world.conflict, "Ministry of Water", party=world.up)
    person = record.make_participation(world.secret).person
    made = record_link(
        by=world.alice, person=person, body=body, strength=1, link_type="kinship", note="A cousin"
    )
    return edit_link(by=world.bob, link=made, strength=3, note="A close cousin")


def member(world: World, role: str) -> Any:
    user = make.make_member_of(world.house, role.title())
    make.make_member(world.secret, user, role)
    return user


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def at(link: OfficialLink, number: int) -> str:
    return reverse("participants:link_version", args=[link.pk, link.revisions.get(number=number).pk])


def test_every_save_of_a_tie_is_kept(world: World, link: OfficialLink) -> None:
    edit_link(by=world.bob, link=link, strength=3)  # As it stands.
    confirm_link(by=world.alice, link=link)
    end_link(by=world.alice, link=link)
    kept = [(one.number, one.by, one.changed) for one in versions_of(world.alice, link)]

    assert kept[:3] == [
        (4, world.alice, ["ended_on"]),
        (3, world.alice, ["last_confirmed_on"]),
        (2, world.bob, ["strength", "note"]),
    ]
    assert versions_of(world.alice, link)[0].fields["ended_on"] == date.today().isoformat()


def test_a_version_is_told_and_brought_back(world: World, link: OfficialLink) -> None:
    rapporteur = signed_in(member(world, "rapporteur"))
    history = rapporteur.get(reverse("participants:link_history", args=[link.pk])).content.decode()
    first, second = (rapporteur.get(at(link, number)).content.decode() for number in (1, 2))
    sent = {"version": "2", "reason": "It was right"}
    answers = [rapporteur.post(at(link, 1), data) for data in ({"version": "2"}, sent, sent)]
    back = OfficialLink.objects.get()

    assert "changed: How strong, Note" in history
    assert "Ministry of Water" in first
    assert "A cousin" in first
    assert "kinship" in first.casefold()
    assert '<del class="prose quiet" dir="auto">A cousin</del>' in second
    assert [answer.status_code for answer in answers] == [422, 302, 409]
    assert (back.strength, back.note, back.version) == (1, "A cousin", 3)
    assert versions_of(world.alice, back)[0].reason == "It was right"


def test_another_office_is_asked_about_again(world: World, link: OfficialLink) -> None:
    elsewhere = record.make_body(make.make_conflict("Elsewhere"), "Ministry of Salt")
    edit_link(by=world.alice, link=link, body=elsewhere, override_reason="She moved")
    edit_link(by=world.alice, link=link, body=record.make_body(world.conflict))
    with pytest.raises(Doubt):
        bring_back_link(by=world.alice, link=link, number=3, reason="She moved after all")
    with pytest.raises(Stale):
        bring_back_link(by=world.alice, link=link, number=3, reason="She moved", version=1)
    back = bring_back_link(
        by=world.alice, link=link, number=3, reason="She moved", override_reason="She moved"
    )

    assert back.body_id == elsewhere.pk


def test_who_reads_no_ties_reads_no_history_of_one(world: World, link: OfficialLink) -> None:
    olga = member(world, "observer")
    for user in (olga, world.harry, world.cora, world.stella, world.rita):
        client = signed_in(user)
        assert client.get(reverse("participants:link_history", args=[link.pk])).status_code == 404
        assert client.get(at(link, 1)).status_code == 404
        assert client.post(at(link, 1), {"version": "2", "reason": "Mine"}).status_code == 404
        assert versions_of(user, link) == []
        with pytest.raises((Hidden, Forbidden)):
            bring_back_link(by=user, link=link, number=1, reason="Mine")
        with actor(user):
            assert not OfficialLinkRevision.objects.exists()


def test_a_history_of_a_tie_is_sealed(world: World, link: OfficialLink) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM participants_officiallinkrevision")
        rows = str(
            [[bytes(cell) if isinstance(cell, memoryview) else cell for cell in row] for row in cursor]
        )

    assert "cousin" not in rows
    assert "kinship" not in rows
