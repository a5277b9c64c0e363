"""Arranging coordination: who may, what it does to the flag, and that guessing an id finds nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from confidentiality.policy import Forbidden, Hidden
from confidentiality.records import Stale
from conftest import World
from coordination.models import CoordinationLink, OutboxEntry, OverlapFlag
from coordination.services import flags, links, outbox
from coordination.services.comparison import compare_waiting
from initiatives import services
from initiatives.models import Initiative
from tests import factories as make

HOW = {"mechanism": "shared_calendar", "depth": "inform"}


@pytest.fixture
def flagged(world: World) -> World:
    outbox.enqueue(initiative_ids=[world.secret.pk, world.rival.pk])
    compare_waiting()
    return world


def refused(act: Callable[..., Any], **given: Any) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as caught:
        act(**given)
    return caught.value.message_dict


def test_coordinator_links_a_flagged_pair_in_any_order(flagged: World) -> None:
    first, second = sorted((flagged.secret, flagged.rival), key=lambda initiative: initiative.pk)

    link = links.arrange_coordination(
        by=flagged.cora, first=second, second=first, note=" Weekly. ", began_on=date(2026, 1, 5), **HOW
    )

    assert (link.first, link.second, link.note) == (first, second, "Weekly.")
    assert (link.arranged_by, link.began_on) == (flagged.cora, date(2026, 1, 5))
    assert set(OutboxEntry.objects.values_list("initiative", flat=True)) == {first.pk, second.pk}
    assert OverlapFlag.objects.with_coordinated().get().coordinated


def test_flag_comes_back_when_the_link_ends(flagged: World) -> None:
    link = links.arrange_coordination(by=flagged.cora, first=flagged.secret, second=flagged.rival, **HOW)
    compare_waiting()
    links.end_coordination(by=flagged.cora, link=link, version=1)
    compare_waiting()

    flag = OverlapFlag.objects.with_coordinated().get()
    assert (flag.coordinated, flag.state, flag.points) == (False, "new", 16)


def test_mandate_alone_does_not_show_a_team_only_card(world: World) -> None:
    """Without a flag, a coordinator who guesses two ids learns nothing."""
    services.edit_initiative(by=world.alice, initiative=world.secret, matching="off")
    compare_waiting()

    with pytest.raises(Hidden):
        links.arrange_coordination(by=world.cora, first=world.secret, second=world.rival, **HOW)


def test_coordinator_links_cards_that_are_readable_without_a_flag(world: World) -> None:
    Initiative.objects.update(visibility="circle")

    links.arrange_coordination(by=world.cora, first=world.secret, second=world.rival, **HOW)


def test_lead_of_both_links_them(flagged: World) -> None:
    make.make_member(flagged.rival, flagged.alice, "lead")

    link = links.arrange_coordination(by=flagged.alice, first=flagged.secret, second=flagged.rival, **HOW)
    links.end_coordination(by=flagged.alice, link=link)

    link.refresh_from_db()
    assert link.ended_at is not None


def test_others_find_nothing(flagged: World) -> None:
    make.make_mandate(flagged.bob)  # mediates in this family, so the mandate does not count here
    of_the_house = make.make_member_of(flagged.house, "Otto")
    make.make_mandate(of_the_house)

    for user in (flagged.alice, flagged.bob, flagged.rita, flagged.sam, flagged.stella, of_the_house):
        with pytest.raises(Hidden):
            links.arrange_coordination(by=user, first=flagged.secret, second=flagged.rival, **HOW)
    link = links.arrange_coordination(by=flagged.cora, first=flagged.secret, second=flagged.rival, **HOW)
    for user in (flagged.alice, flagged.rita, flagged.sam, flagged.stella, of_the_house):
        with pytest.raises(Hidden):
            links.end_coordination(by=user, link=link)
    assert CoordinationLink.objects.live().exists()


def test_who_reads_both_cards_is_refused_openly(flagged: World) -> None:
    Initiative.objects.update(visibility="network")

    with pytest.raises(Forbidden):
        links.arrange_coordination(by=flagged.alice, first=flagged.secret, second=flagged.rival, **HOW)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"mechanism": "telepathy"}, "mechanism"),
        ({"depth": "deep"}, "depth"),
        ({"note": "x" * 501}, "note"),
    ],
)
def test_refusal_names_the_field(flagged: World, given: dict[str, Any], field: str) -> None:
    pair = {"first": flagged.secret, "second": flagged.rival}

    assert list(refused(links.arrange_coordination, by=flagged.cora, **pair, **(HOW | given))) == [field]
    assert not CoordinationLink.objects.exists()


def test_one_live_link_of_each_mechanism(flagged: World) -> None:
    pair = {"first": flagged.secret, "second": flagged.rival}
    link = links.arrange_coordination(by=flagged.cora, **pair, **HOW)
    assert list(refused(links.arrange_coordination, by=flagged.cora, **pair, **HOW)) == ["mechanism"]

    links.arrange_coordination(by=flagged.cora, **pair, **(HOW | {"mechanism": "sequencing"}))
    links.end_coordination(by=flagged.cora, link=link)
    links.arrange_coordination(by=flagged.cora, **pair, **HOW)
    assert CoordinationLink.objects.live().count() == 2


def test_initiative_is_not_linked_with_itself(flagged: World) -> None:
    Initiative.objects.update(visibility="circle")

    errors = refused(
        links.arrange_coordination, by=flagged.cora, first=flagged.secret, second=flagged.secret, **HOW
    )
    assert list(errors) == ["second"]


def test_ending_twice_and_ending_what_changed_are_told(flagged: World) -> None:
    link = links.arrange_coordination(by=flagged.cora, first=flagged.secret, second=flagged.rival, **HOW)
    with pytest.raises(Stale):
        links.end_coordination(by=flagged.cora, link=link, version=7)
    links.end_coordination(by=flagged.cora, link=link)

    assert list(refused(links.end_coordination, by=flagged.cora, link=link)) == ["ended_at"]


def test_rule_for_a_pair_to_be_linked_equals_the_rule_for_a_stored_pair(flagged: World) -> None:
    """The lockout is written for stored pairs and for two initiatives; both must answer alike."""
    for name, house in (("Otto", flagged.house), ("Nora", flagged.other), ("Pia", make.make_organisation())):
        user = make.make_member_of(house, name)
        make.make_mandate(user, flagged.conflict if name == "Pia" else None)
        opens = OverlapFlag.objects.visible_to(user).exists()
        pair = links.Pair.of(flagged.secret, flagged.rival)
        assert pair.standing_of(user).visible == opens == (name == "Pia")
    flag = OverlapFlag.objects.get()
    flags.assess_flag(by=flagged.cora, flag=flag, assessment="neutral")


def test_coordinator_loses_a_link_with_the_flag_that_showed_it(world: World) -> None:
    """A matching card is shown inside a flag and nowhere else: switching matching off closes the link as well."""
    make.make_flag(world.secret, world.rival)
    link = make.make_link(world.secret, world.rival)
    assert list(CoordinationLink.objects.visible_to(world.cora)) == [link]

    Initiative.objects.filter(pk=world.secret.pk).update(matching="off")

    assert list(CoordinationLink.objects.visible_to(world.cora)) == []


def test_naming_the_coordinators_organisation_does_not_blind_the_coordinator(world: World) -> None:
    flag = make.make_flag(world.secret, world.rival)
    office = world.cora.memberships.get().organisation

    services.edit_initiative(by=world.rita, initiative=world.rival, co_conveners=[office])
    assert list(OverlapFlag.objects.visible_to(world.cora)) == [flag]

    make.make_member(world.rival, make.make_member_of(office, "Colleague"))
    assert list(OverlapFlag.objects.visible_to(world.cora)) == []
