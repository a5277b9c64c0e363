"""The tree of conflicts and what hangs on it."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.exceptions import ValidationError

from confidentiality.actor import actor
from confidentiality.policy import Forbidden, Hidden
from conftest import World
from coordination.models import OutboxEntry
from initiatives import services
from initiatives.models import Conflict, Initiative, Party
from tests import factories as make
from tests.logins import WEB, logged_in_as
from tests.record import make_body, make_person


def test_child_knows_its_line(world: World) -> None:
    child = services.create_conflict(by=world.cora, parent=world.child, name="Ford  Market")

    assert child.lineage == [world.conflict.pk, world.child.pk, child.pk]
    assert child.root == world.conflict
    assert set(Conflict.objects.within([world.child.pk])) == {world.child, child}


def test_no_conflict_is_part_of_itself(world: World) -> None:
    grandchild = services.create_conflict(by=world.cora, parent=world.child, name="Ford Market")

    for parent in (world.conflict, world.child, grandchild):
        with pytest.raises(ValidationError) as caught:
            services.edit_conflict(by=world.cora, conflict=world.conflict, parent=parent)
        assert list(caught.value.message_dict) == ["parent"]


def test_same_name_twice_in_one_parent_is_refused(world: World) -> None:
    with pytest.raises(ValidationError):
        services.create_conflict(by=world.cora, parent=world.conflict, name="lower  TEST")


def test_moved_subtree_takes_its_parties_along(world: World) -> None:
    target = make.make_conflict("Straits")
    upstream = make.make_party(target, "UPSTREAM")
    local = make.make_initiative(world.child, world.house, lead=world.alice, parties=(world.up, world.down))

    services.edit_conflict(by=world.cora, conflict=world.child, parent=target)

    local.refresh_from_db()
    parties = {party.name: party for party in local.parties.all()}
    assert parties["UPSTREAM"] == upstream
    assert parties["Downstream"].conflict == target
    assert Conflict.objects.get(pk=world.child.pk).lineage == [target.pk, world.child.pk]
    assert {world.up, world.down} <= set(Party.objects.filter(conflict=world.conflict))
    assert set(OutboxEntry.objects.values_list("initiative", flat=True)) == set(
        Initiative.objects.values_list("pk", flat=True)
    )


def test_moved_root_takes_parties_and_bodies_along(world: World) -> None:
    """The former parties stay, for what named them before, and are offered nowhere."""
    target = make.make_conflict("Straits")
    make.make_party(world.conflict, "Faction", parent=world.up)
    body = make_body(world.conflict, "Water office", world.up)
    person = make_person(world.house, party=world.up)

    services.edit_conflict(by=world.cora, conflict=world.conflict, parent=target)

    moved = Party.objects.filter(conflict=target)
    assert sorted(moved.values_list("name", flat=True)) == ["Downstream", "Faction", "Upstream"]
    body.refresh_from_db()
    person.refresh_from_db()
    assert (body.conflict, body.party) == (target, moved.get(name="Upstream"))
    assert person.party == world.up
    assert Conflict.objects.get(pk=world.child.pk).lineage == [target.pk, world.conflict.pk, world.child.pk]


@pytest.mark.parametrize("mandated", ["everything", "both places"])
@pytest.mark.django_db(transaction=True)
def test_a_coordinator_takes_along_the_sides_of_initiatives_that_nobody_else_sees(
    transactional_db: None, world: World, mandated: str
) -> None:
    """As the application, whose rows end at the wall: a side that stayed behind would tell of a hidden initiative."""
    target, who = make.make_conflict("Straits"), world.cora
    if mandated == "both places":
        who = make.make_member_of(make.make_organisation("Narrow"), "Nina", "owner")
        make.make_mandate(who, world.conflict)
        make.make_mandate(who, target)
    make.make_party(target, "Upstream")
    faction = make.make_party(world.conflict, "Faction", parent=world.up)
    hidden = make.make_initiative(world.child, world.house, lead=world.alice, parties=(faction, world.down))

    with logged_in_as(WEB), actor(who):
        assert not Initiative.objects.filter(pk=hidden.pk).exists()
        conflict = Conflict.objects.get(pk=world.conflict.pk)
        services.edit_conflict(by=who, conflict=conflict, parent=target)

    sides = hidden.sides.values_list("party__name", "party__conflict__name")
    assert set(sides) == {("Faction", "Straits"), ("Downstream", "Straits")}


def test_a_root_does_not_move_onto_an_office_of_the_same_name(world: World) -> None:
    target = make.make_conflict("Straits")
    make_body(world.conflict, "Water office")
    make_body(target, "Water Office")

    with pytest.raises(ValidationError) as caught:
        services.edit_conflict(by=world.cora, conflict=world.conflict, parent=target)
    assert list(caught.value.message_dict) == ["parent"]


def test_reference_is_written_by_coordinators_of_the_conflict_only(world: World) -> None:
    with pytest.raises(Forbidden):
        services.create_deadline(
            by=world.alice, conflict=world.conflict, name="Election", due_on=date(2030, 1, 1)
        )
    with pytest.raises(Hidden):
        services.create_deadline(
            by=world.sam, conflict=world.conflict, name="Election", due_on=date(2030, 1, 1)
        )


def test_mandate_for_one_conflict_covers_what_is_below_and_nothing_else(world: World) -> None:
    local = make.make_member_of(make.make_organisation(), "Lena")
    make.make_mandate(local, world.child)

    assert list(Conflict.objects.covered_by(local)) == [world.child]
    with pytest.raises(Forbidden):
        services.create_conflict(by=local, name="A new root")


def test_phases_make_the_present_phase(world: World) -> None:
    track = services.create_track(by=world.cora, conflict=world.conflict, name="Talks")
    services.record_phase(by=world.cora, track=track, phase="negotiation", began_on=date(2025, 1, 1))
    services.record_phase(by=world.cora, track=track, phase="prenegotiation", began_on=date(2024, 1, 1))

    assert track.phase == "negotiation"


def test_who_mediates_in_a_family_does_not_move_it(world: World) -> None:
    make.make_member(world.secret, world.cora)

    with pytest.raises(ValidationError) as caught:
        services.edit_conflict(by=world.cora, conflict=world.child, parent=None)

    assert list(caught.value.message_dict) == ["parent"]


def test_ended_mandate_opens_nothing(world: World) -> None:
    lone = make.make_user("Lone")
    mandate = make.make_mandate(lone)
    assert world.conflict in Conflict.objects.visible_to(lone)

    services.end_mandate(by=world.stella, mandate=mandate)

    assert list(Conflict.objects.visible_to(lone)) == []
