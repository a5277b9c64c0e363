"""Cards, teams, visibility, circles: what the services do, refuse, and leave behind."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from confidentiality.policy import Forbidden, Hidden
from confidentiality.records import Stale
from conftest import World
from coordination.models import OutboxEntry
from initiatives import services
from initiatives.models import CircleDeclaration, Initiative, TeamMember
from tests import factories as make

Card = dict[str, Any]


@pytest.fixture
def card(world: World) -> Card:
    """The least that opens an initiative."""
    return {
        "conflict": world.conflict,
        "registered_by": world.house,
        "matching": "on",
        "track_type": "t2_soft",
        "began_on": date(2026, 1, 1),
        "began_precision": "year",
    }


def refused(act: Callable[..., Any], **given: Any) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as caught:
        act(**given)
    return caught.value.message_dict


def test_opener_becomes_lead_and_the_initiative_waits_to_be_compared(world: World, card: Card) -> None:
    initiative = services.open_initiative(by=world.alice, parties=[world.up], **card)

    assert list(initiative.members.values_list("user", "role")) == [(world.alice.pk, "lead")]
    assert list(initiative.named.values_list("organisation", "role")) == [(world.house.pk, "convener")]
    assert list(initiative.parties.all()) == [world.up]
    assert initiative.visibility == "team"
    assert len(initiative.codename.split()) == 2
    assert OutboxEntry.objects.filter(initiative=initiative).exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("matching", ""),
        ("matching", "maybe"),
        ("track_type", "t9"),
        ("themes", ["peace"]),
        ("themes", ["ceasefire", "ceasefire"]),
        ("began_on", date(2026, 2, 1)),
        ("began_on", date(1799, 1, 1)),
        ("began_on", date(2201, 1, 1)),
        ("ended_on", date(9999, 12, 31)),
        ("ended_on", date(2025, 12, 31)),
        ("public_line", "x" * 301),
        ("visibility", "everybody"),
    ],
)
def test_bad_field_is_named_and_nothing_is_left(world: World, card: Card, field: str, value: Any) -> None:
    before = Initiative.objects.count(), OutboxEntry.objects.count(), TeamMember.objects.count()

    errors = refused(services.open_initiative, by=world.alice, **card | {field: value})

    assert list(errors) == [field]
    assert (Initiative.objects.count(), OutboxEntry.objects.count(), TeamMember.objects.count()) == before


def test_party_of_another_conflict_is_named(world: World, card: Card) -> None:
    strange = make.make_party(make.make_conflict("Elsewhere"), "Strangers")

    errors = refused(services.open_initiative, by=world.alice, parties=[strange], **card)

    assert errors == {"parties": ["Not a party of this conflict: Strangers."]}


def test_nobody_opens_in_the_name_of_another_organisation(world: World, card: Card) -> None:
    with pytest.raises(Forbidden):
        services.open_initiative(by=world.rita, **card)


@pytest.mark.parametrize("who", ["bob", "rita", "cora", "stella", "sam", "harry"])
def test_only_leads_edit(world: World, who: str) -> None:
    expected = Forbidden if who == "bob" else Hidden

    with pytest.raises(expected):
        services.edit_initiative(by=getattr(world, who), initiative=world.secret, public_line="Hello")


def test_second_editor_gets_an_answer_instead_of_overwriting(world: World) -> None:
    read = world.secret.version
    services.edit_initiative(by=world.alice, initiative=world.secret, version=read, public_line="First")

    with pytest.raises(Stale) as caught:
        services.edit_initiative(by=world.alice, initiative=world.secret, version=read, public_line="Second")

    assert caught.value.current == read + 1
    assert Initiative.objects.get(pk=world.secret.pk).public_line == "First"


def test_failed_edit_leaves_the_card_as_it_was(world: World) -> None:
    strange = make.make_party(make.make_conflict("Elsewhere"))

    refused(
        services.edit_initiative,
        by=world.alice,
        initiative=world.secret,
        public_line="New",
        parties=[strange],
    )

    stored = Initiative.objects.get(pk=world.secret.pk)
    assert (stored.public_line, stored.version) == ("", 1)
    assert not OutboxEntry.objects.exists()


def test_preview_names_exactly_who_gains(world: World) -> None:
    partner, circle = make.make_organisation("P"), make.make_organisation("C")
    make.make_declaration(circle, world.child)

    preview = services.preview_visibility(
        by=world.alice, initiative=world.secret, visibility="circle", partners=[partner]
    )

    assert preview.gains == [circle, partner]
    assert preview.widens
    assert preview.coordinators_gain
    assert world.secret.visibility == "team"


def test_widening_and_narrowing_do_what_was_previewed(world: World) -> None:
    partner = make.make_organisation("P")
    reader = make.make_member_of(partner)

    services.change_visibility(
        by=world.alice, initiative=world.secret, visibility="partners", partners=[partner]
    )
    assert list(Initiative.objects.visible_to(reader)) == [world.secret]
    services.change_visibility(by=world.alice, initiative=world.secret, visibility="team")
    assert list(Initiative.objects.visible_to(reader)) == []


def test_partners_visibility_wants_a_partner(world: World) -> None:
    errors = refused(
        services.change_visibility,
        by=world.alice,
        initiative=world.secret,
        visibility="partners",
        partners=[],
    )

    assert list(errors) == ["partners"]
    assert Initiative.objects.get(pk=world.secret.pk).visibility == "team"


def test_stranger_learns_the_level_only(world: World) -> None:
    Initiative.objects.filter(pk=world.secret.pk).update(visibility="network")

    known = services.who_can_see(by=world.rita, initiative=Initiative.objects.get(pk=world.secret.pk))

    assert (known.team_size, known.organisations) == (0, [])


def test_last_lead_leaves_only_to_a_successor(world: World) -> None:
    lead = world.secret.members.get(user=world.alice)

    errors = refused(services.remove_team_member, by=world.alice, member=lead)
    assert list(errors) == ["successor"]

    services.remove_team_member(by=world.alice, member=lead, successor=world.bob)
    roles = list(world.secret.members.live().values_list("user", "role"))
    assert roles == [(world.bob.pk, "lead")]
    assert world.secret not in Initiative.objects.visible_to(world.alice)


def test_last_lead_cannot_expire_or_step_down_without_successor(world: World) -> None:
    lead = world.secret.members.get(user=world.alice)
    later = timezone.now() + timedelta(days=3)

    expiring = refused(
        services.change_team_member, by=world.alice, member=lead, role="lead", expires_at=later
    )
    stepping = refused(
        services.change_team_member, by=world.alice, member=lead, role="observer", expires_at=None
    )

    assert (list(expiring), list(stepping)) == (["expires_at"], ["role"])


def test_successor_takes_over_when_the_last_lead_expires(world: World) -> None:
    services.name_successor(by=world.alice, initiative=world.secret, successor=world.harry)
    lead = world.secret.members.get(user=world.alice)
    TeamMember.objects.filter(pk=lead.pk).update(expires_at=timezone.now())

    assert services.hand_over_to_successors() == 1
    assert services.hand_over_to_successors() == 0
    leads = world.secret.members.live().filter(role="lead")
    assert list(leads.values_list("user", flat=True)) == [world.harry.pk]


def test_same_person_is_on_a_team_once_at_a_time(world: World) -> None:
    errors = refused(
        services.add_team_member, by=world.alice, initiative=world.secret, user=world.bob, role="observer"
    )
    assert errors == {"user": ["This person is on the team already."]}

    services.remove_team_member(by=world.alice, member=world.secret.members.get(user=world.bob))
    again = services.add_team_member(by=world.alice, initiative=world.secret, user=world.bob, role="observer")
    assert again.is_live


def test_expiry_in_the_past_is_refused(world: World) -> None:
    past = timezone.now() - timedelta(minutes=1)

    errors = refused(
        services.add_team_member,
        by=world.alice,
        initiative=world.secret,
        user=world.harry,
        role="observer",
        expires_at=past,
    )

    assert list(errors) == ["expires_at"]


def test_circle_is_declared_by_owners_and_confirmed_by_others(world: World) -> None:
    with pytest.raises(Forbidden):
        services.declare_for_circle(by=world.bob, organisation=world.house, conflict=world.child)
    declaration = services.declare_for_circle(by=world.alice, organisation=world.house, conflict=world.child)
    assert list(CircleDeclaration.objects.visible_to(world.rita)) == []

    with pytest.raises(Forbidden):
        services.confirm_declaration(by=world.alice, declaration=declaration)
    services.confirm_declaration(by=world.cora, declaration=declaration)
    services.confirm_declaration(by=world.cora, declaration=declaration)

    assert CircleDeclaration.objects.standing().count() == 1
    assert list(CircleDeclaration.objects.visible_to(world.rita)) == []


def test_own_organisation_is_not_confirmed_by_its_coordinator(world: World) -> None:
    own = world.cora.memberships.get().organisation
    declaration = services.declare_for_circle(by=world.cora, organisation=own, conflict=world.child)

    errors = refused(services.confirm_declaration, by=world.cora, declaration=declaration)

    assert list(errors) == ["organisation"]


@pytest.mark.parametrize("act", ["open", "edit"])
def test_nobody_names_another_organisation_as_convener(world: World, card: Card, act: str) -> None:
    if act == "open":
        errors = refused(services.open_initiative, by=world.alice, convener=world.other, **card)
    else:
        errors = refused(
            services.edit_initiative, by=world.alice, initiative=world.secret, convener=world.other
        )

    assert list(errors) == ["convener"]


@pytest.mark.parametrize("partner_vetted", [True, False])
@pytest.mark.parametrize("visibility", ["team", "partners", "circle", "network"])
@pytest.mark.parametrize("before", ["team", "partners", "circle", "network"])
def test_preview_equals_effect(world: World, before: str, visibility: str, partner_vetted: bool) -> None:
    """For every organisation there is: who the preview says gains or loses, gains or loses."""
    partner = make.make_organisation("Partner", vetted=partner_vetted)
    circle = make.make_organisation("Circle")
    make.make_partner(world.secret, partner)
    make.make_declaration(circle, world.child)
    members = {
        organisation: make.make_member_of(organisation)
        for organisation in (partner, circle, world.house, world.other)
    }
    Initiative.objects.filter(pk=world.secret.pk).update(visibility=before)
    world.secret.refresh_from_db()

    def readers() -> set[Any]:
        seen = Initiative.objects.visible_to
        return {organisation for organisation, user in members.items() if world.secret in seen(user)}

    old = readers()
    preview = services.preview_visibility(by=world.alice, initiative=world.secret, visibility=visibility)
    Initiative.objects.filter(pk=world.secret.pk).update(visibility=visibility)
    new = readers()

    assert set(preview.gains) & set(members) == new - old
    assert set(preview.loses) & set(members) == old - new
    assert set(preview.readers) & set(members) == new


def test_unvetted_organisation_is_no_partner(world: World) -> None:
    unvetted = make.make_organisation("Nobody", vetted=False)

    errors = refused(
        services.change_visibility,
        by=world.alice,
        initiative=world.secret,
        visibility="partners",
        partners=[unvetted],
    )

    assert errors == {"partners": ["Not a vetted organisation: Nobody."]}


def test_opening_for_partners_wants_a_partner_too(world: World, card: Card) -> None:
    errors = refused(services.open_initiative, by=world.alice, **card | {"visibility": "partners"})

    assert list(errors) == ["partners"]


@pytest.mark.parametrize("text", ["\u202eabc", "a\x00b", "a\u2066b"])
def test_text_that_turns_its_neighbours_is_refused(world: World, text: str) -> None:
    errors = refused(services.edit_initiative, by=world.alice, initiative=world.secret, codename=text)

    assert list(errors) == ["codename"]


def test_arabic_with_its_marks_is_kept(world: World) -> None:
    text = "\u200fحوار\u200c الوادي"
    services.edit_initiative(by=world.alice, initiative=world.secret, public_line=text)

    assert Initiative.objects.get(pk=world.secret.pk).public_line == text


def test_readers_of_a_card_do_not_see_that_a_successor_was_named(world: World) -> None:
    before = Initiative.objects.values("version", "updated_at").get(pk=world.secret.pk)

    services.name_successor(by=world.alice, initiative=world.secret, successor=world.harry)

    assert Initiative.objects.values("version", "updated_at").get(pk=world.secret.pk) == before
    assert Initiative.objects.get(pk=world.secret.pk).successor == world.harry


def test_successor_who_cannot_sign_in_is_none(world: World) -> None:
    services.name_successor(by=world.alice, initiative=world.secret, successor=world.harry)
    world.harry.is_active = False
    world.harry.save()

    errors = refused(
        services.remove_team_member, by=world.alice, member=world.secret.members.get(user=world.alice)
    )

    assert list(errors) == ["successor"]


@pytest.mark.django_db(transaction=True)
def test_right_that_ended_while_waiting_for_the_lock_is_gone(
    transactional_db: None, request: pytest.FixtureRequest
) -> None:
    """The lead is removed by somebody who holds the card, while the lead's own change waits for it."""
    world: World = request.getfixturevalue("world")
    asked = threading.Event()
    answers: list[type[BaseException] | None] = []

    def edit() -> None:
        asked.set()
        try:
            services.edit_initiative(by=world.alice, initiative=world.secret, public_line="Too late")
        except (Hidden, Forbidden) as refusal:
            answers.append(type(refusal))
        else:
            answers.append(None)
        finally:
            connection.close()

    editor = threading.Thread(target=edit)
    with transaction.atomic():
        Initiative.objects.select_for_update(no_key=True).get(pk=world.secret.pk)
        editor.start()
        asked.wait()
        editor.join(timeout=0.5)
        assert editor.is_alive(), "the change did not wait for the lock"
        TeamMember.objects.filter(user=world.alice).update(expires_at=timezone.now())
    editor.join(timeout=10)

    assert answers == [Hidden]
    assert Initiative.objects.get(pk=world.secret.pk).public_line == ""
