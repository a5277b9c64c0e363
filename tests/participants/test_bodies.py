"""Official bodies, their gatekeepers and their parts in official tracks; and who is liaison for them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from confidentiality.policy import Forbidden, Hidden
from confidentiality.records import Stale
from conftest import World
from participants.models import BodyTrack, LiaisonMandate, OfficialBody
from participants.services import create_body, edit_body, end_liaison, grant_liaison
from participants.services.bodies import gates_above
from tests import factories as make
from tests.record import make_body

pytestmark = pytest.mark.django_db


def refused(**call: Any) -> dict[str, list[str]]:
    service = call.pop("service")
    with pytest.raises(ValidationError) as caught:
        service(**call)
    return caught.value.message_dict


def test_coordinator_adds_an_office_with_its_parts(world: World) -> None:
    track = make.make_track(world.child)
    gate = make_body(world.conflict, "Cabinet Office", world.up)

    body = create_body(
        by=world.cora,
        conflict=world.conflict,
        name="Water  Ministry",
        party=world.up,
        agenda_themes=["ceasefire"],
        gatekeeper=gate,
        parts=[(track, "negotiates"), (track, "decides")],
    )

    stored = OfficialBody.objects.get(pk=body.pk)
    assert (stored.name, stored.normalised_name) == ("Water  Ministry", "water ministry")
    assert (stored.party, stored.gatekeeper, stored.agenda_themes) == (world.up, gate, ["ceasefire"])
    assert sorted(stored.parts.values_list("track", "part")) == [
        (track.pk, "decides"),
        (track.pk, "negotiates"),
    ]


def test_editing_changes_what_is_given_and_keeps_the_rest(world: World) -> None:
    track = make.make_track(world.conflict)
    body = create_body(
        by=world.cora, conflict=world.conflict, name="Ministry", party=world.up, parts=[(track, "advises")]
    )

    edit_body(by=world.cora, body=body, version=1, name="Water Ministry")
    body.refresh_from_db()
    assert (body.name, body.party, body.version) == ("Water Ministry", world.up, 2)
    assert list(body.parts.values_list("part", flat=True)) == ["advises"]

    edit_body(by=world.cora, body=body, party=None, parts=[(track, "blocks")])
    body.refresh_from_db()
    assert body.party is None
    assert list(body.parts.values_list("part", flat=True)) == ["blocks"]


def test_only_coordinators_of_the_conflict_write(world: World) -> None:
    body = make_body(world.conflict)
    elsewhere = make.make_member_of(world.other, "Elsewhere")
    make.make_mandate(elsewhere, make.make_conflict("Hills"))
    for user, refusal in ((world.alice, Forbidden), (elsewhere, Forbidden), (world.sam, Hidden)):
        with pytest.raises(refusal):
            create_body(by=user, conflict=world.conflict, name="Ministry")
        with pytest.raises(refusal):
            edit_body(by=user, body=body, name="Ministry")
    assert OfficialBody.objects.count() == 1


def test_two_editors(world: World) -> None:
    body = make_body(world.conflict)
    edit_body(by=world.cora, body=body, version=1, name="First")
    with pytest.raises(Stale):
        edit_body(by=world.cora, body=body, version=1, name="Second")


def test_gatekeepers_do_not_lead_in_a_circle(world: World) -> None:
    inner = make_body(world.conflict)
    middle = make_body(world.conflict, gatekeeper=inner)
    outer = make_body(world.conflict, gatekeeper=middle)
    for keeper in (middle, outer, inner):
        found = refused(service=edit_body, by=world.cora, body=inner, gatekeeper=keeper)
        assert list(found) == ["gatekeeper"]
    inner.refresh_from_db()
    assert inner.gatekeeper is None


def test_what_does_not_belong_together_is_refused_at_its_field(world: World) -> None:
    hills = make.make_conflict("Hills")
    body = make_body(world.conflict, "Ministry")
    track, far = make.make_track(world.child), make.make_track(hills)
    cases: list[tuple[str, dict[str, Any]]] = [
        ("party", {"party": make.make_party(hills)}),
        ("gatekeeper", {"gatekeeper": make_body(hills)}),
        ("agenda_themes", {"agenda_themes": ["ceasefire", "ceasefire"]}),
        ("agenda_themes", {"agenda_themes": ["no_such_theme"]}),
        ("name", {"name": ""}),
        ("name", {"name": "x" * 201}),
        ("name", {"name": "Ministry \u202e of water"}),
        ("parts", {"parts": [(far, "decides")]}),
        ("parts", {"parts": [(track, "rules")]}),
        ("parts", {"parts": [(track, "decides"), (track, "decides")]}),
    ]
    for field, fields in cases:
        assert list(refused(service=edit_body, by=world.cora, body=body, **fields)) == [field], fields
    assert list(refused(service=create_body, by=world.cora, conflict=world.child, name="Local office")) == [
        "conflict"
    ]
    assert list(refused(service=create_body, by=world.cora, conflict=world.conflict, name="MINISTRY ")) == [
        "__all__"
    ]
    assert not BodyTrack.objects.exists()


def test_gates_above_end_even_where_a_circle_was_stored() -> None:
    one, two, three = uuid4(), uuid4(), uuid4()
    assert gates_above(one, {one: two, two: three, three: two}) == [two, three]
    assert gates_above(one, {one: None}) == []


def test_stewards_grant_and_end_the_mandate_of_a_liaison(world: World) -> None:
    body, user = make_body(world.conflict), make.make_user("Lio")

    mandate = grant_liaison(by=world.stella, user=user, body=body)
    assert list(refused(service=grant_liaison, by=world.stella, user=user, body=body)) == ["user"]
    end_liaison(by=world.stella, mandate=mandate)
    first = LiaisonMandate.objects.get(pk=mandate.pk).ended_at
    end_liaison(by=world.stella, mandate=mandate)

    assert first is not None
    assert LiaisonMandate.objects.get(pk=mandate.pk).ended_at == first
    assert grant_liaison(by=world.stella, user=user, body=body).pk != mandate.pk
    for other in (world.cora, world.alice, user):
        with pytest.raises(Hidden):
            grant_liaison(by=other, user=user, body=body)


def test_command_grants_a_liaison(world: World, capsys: pytest.CaptureFixture) -> None:
    make_body(world.conflict, "Water Ministry")
    user = make.make_user("Lio", email="lio@test.example")
    call_command("grant_liaison", "LIO@test.example", "water ministry", "--as", world.stella.email)

    assert list(user.liaison_mandates.values_list("body__name", flat=True)) == ["Water Ministry"]
    assert "Water Ministry" in capsys.readouterr().out
    for arguments in (
        ("nobody@test.example", "Water Ministry", "--as", world.stella.email),
        (user.email, "No such office", "--as", world.stella.email),
        (user.email, "Water Ministry", "--as", world.cora.email),
        (user.email, "Water Ministry", "--as", world.stella.email),
    ):
        with pytest.raises(CommandError):
            call_command("grant_liaison", *arguments)
    make_body(make.make_conflict("Hills"), "Water Ministry")
    with pytest.raises(CommandError, match="Several"):
        call_command("grant_liaison", user.email, "Water Ministry", "--as", world.stella.email)
