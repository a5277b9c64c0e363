"""Pages of conflicts and initiatives, as people use them: read, filter, open, edit, widen, team, circle."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from conftest import World
from tests import factories as make

pytestmark = pytest.mark.django_db

LIST_QUERIES, TREE_QUERIES, CONFLICT_QUERIES, TEAM_QUERIES, CARD_QUERIES = 20, 18, 31, 40, 41


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def alice(world: World) -> Client:
    return signed_in(world.alice)


@pytest.mark.parametrize("name", ["initiative", "edit", "status", "visibility", "team", "who"])
def test_every_page_of_an_initiative_opens_for_its_lead(world: World, alice: Client, name: str) -> None:
    answer = alice.get(reverse(f"initiatives:{name}", args=[world.secret.pk]))
    assert answer.status_code == 200
    assert "Secret Heron" in answer.content.decode()


@pytest.mark.parametrize("name", ["initiative", "edit", "status", "visibility", "team", "who"])
def test_a_hidden_initiative_is_missing_on_every_page(world: World, name: str) -> None:
    for user in (world.rita, world.harry, world.cora, world.stella, world.sam):
        answer = signed_in(user).get(reverse(f"initiatives:{name}", args=[world.secret.pk]))
        assert answer.status_code == 404
        assert "Secret Heron" not in answer.content.decode()


def test_lists_and_conflict_page_open(world: World, alice: Client) -> None:
    make.make_track(world.conflict)
    make.make_deadline(world.conflict)
    for path in (
        reverse("initiatives:conflicts"),
        reverse("initiatives:initiatives"),
        reverse("initiatives:conflict", args=[world.conflict.pk]),
        reverse("initiatives:open"),
        reverse("initiatives:open") + f"?conflict={world.child.pk}",
    ):
        answer = alice.get(path)
        assert answer.status_code == 200, path
        assert "<h1>" in answer.content.decode()


# Constant numbers of queries: one row or three, the database is asked the same.


def _initiatives(world: World, number: int) -> None:
    for _ in range(number):
        initiative = make.make_initiative(
            world.conflict,
            world.house,
            lead=world.alice,
            themes=["ceasefire"],
            parties=(world.up, world.down),
        )
        make.make_partner(initiative, world.other)


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_asks_as_much_for_three_rows_as_for_one(
    world: World, alice: Client, number: int, django_assert_num_queries: Any
) -> None:
    _initiatives(world, number)
    with django_assert_num_queries(LIST_QUERIES):
        answer = alice.get(reverse("initiatives:initiatives"))
    assert answer.context["page"].paginator.count == number + 1


@pytest.mark.parametrize("number", [1, 3])
def test_the_tree_asks_as_much_for_three_rows_as_for_one(
    world: World, alice: Client, number: int, django_assert_num_queries: Any
) -> None:
    for place in range(number):
        part = make.make_conflict(f"Part {place}", world.child)
        make.make_track(part)
        make.make_deadline(part)
    with django_assert_num_queries(TREE_QUERIES):
        answer = alice.get(reverse("initiatives:conflicts"))
    assert len(answer.context["rows"]) == number + 2


@pytest.mark.parametrize("number", [1, 3])
def test_a_conflict_asks_as_much_for_three_of_each_as_for_one(
    world: World, alice: Client, number: int, django_assert_num_queries: Any
) -> None:
    for place in range(number):
        make.make_track(world.conflict, f"Talks {place}")
        make.make_deadline(world.conflict)
        make.make_declaration(make.make_organisation(), world.conflict)
    make.make_declaration(world.house, world.conflict)
    _initiatives(world, number)
    with django_assert_num_queries(CONFLICT_QUERIES):
        answer = alice.get(reverse("initiatives:conflict", args=[world.conflict.pk]))
    assert len(answer.context["declarations"]) == number + 1
    assert len(answer.context["initiatives"]) == number + 1


@pytest.mark.parametrize("number", [1, 3])
def test_the_team_page_asks_as_much_for_three_members_as_for_one(
    world: World, alice: Client, number: int, django_assert_num_queries: Any
) -> None:
    for _ in range(number):
        make.make_member(world.secret, make.make_member_of(world.house))
    with django_assert_num_queries(TEAM_QUERIES):
        answer = alice.get(reverse("initiatives:team", args=[world.secret.pk]))
    assert len(answer.context["members"]) == number + 2


@pytest.mark.parametrize("number", [1, 3])
def test_a_card_asks_as_much_for_three_of_each_as_for_one(
    world: World, alice: Client, number: int, django_assert_num_queries: Any
) -> None:
    for _ in range(number):
        make.make_member(world.secret, make.make_member_of(world.house))
        make.make_partner(world.secret, make.make_organisation())
        other = make.make_initiative(world.child, world.house, lead=world.alice)
        make.make_link(world.secret, other)
    with django_assert_num_queries(CARD_QUERIES):
        answer = alice.get(reverse("initiatives:initiative", args=[world.secret.pk]))
    assert len(answer.context["links"]) == number
    assert len(answer.context["team"]) == number + 2


# Reading.


def listed(client: Client, **filters: str) -> set[str]:
    answer = client.get(reverse("initiatives:initiatives"), filters)
    return {row.codename for row in answer.context["page"].object_list}


def test_filters_and_search_narrow_the_list(world: World, alice: Client) -> None:
    public = {"visibility": "network", "lead": world.rita}
    make.make_initiative(
        world.child,
        world.other,
        codename="Open Gate",
        track_type="t3",
        status="paused",
        themes=["recognition"],
        **public,
    )
    make.make_initiative(
        make.make_conflict("Far"), world.other, codename="Far Hill", public_line="About wells", **public
    )
    assert listed(alice) == {"Secret Heron", "Open Gate", "Far Hill"}
    assert listed(alice, scope="mine") == {"Secret Heron"}
    assert listed(alice, conflict=str(world.conflict.pk)) == {"Secret Heron", "Open Gate"}
    assert listed(alice, conflict=str(world.child.pk)) == {"Open Gate"}
    assert listed(alice, track_type="t3") == {"Open Gate"}
    assert listed(alice, theme="recognition") == {"Open Gate"}
    assert listed(alice, status="paused") == {"Open Gate"}
    assert listed(alice, q="WELLS about") == {"Far Hill"}
    assert listed(alice, q="rival") == set()
    # What is no choice filters nothing, and never fails.
    assert listed(alice, theme="'", status="nonsense", conflict="x") == {
        "Secret Heron",
        "Open Gate",
        "Far Hill",
    }


def test_the_conflict_page_draws_only_what_the_reader_may_see(world: World, alice: Client) -> None:
    seen = alice.get(reverse("initiatives:conflict", args=[world.conflict.pk])).content.decode()
    assert "Secret Heron" in seen
    assert "Rival Kite" not in seen
    harry = (
        signed_in(world.harry).get(reverse("initiatives:conflict", args=[world.conflict.pk])).content.decode()
    )
    assert "Secret Heron" not in harry
    assert "None. There may be others" in harry


def test_the_timeline_is_said_as_a_list(world: World, alice: Client) -> None:
    track = make.make_track(world.conflict, "Lake Talks")
    track.phases.create(phase="stalled", began_on="2024-03-01")
    make.make_deadline(world.conflict, name="Mandate of the observers", due_on="2999-01-01")
    answer = alice.get(reverse("initiatives:conflict", args=[world.conflict.pk]))
    assert [(event.name, event.kind) for event in answer.context["coming"]] == [
        ("Mandate of the observers", "deadline")
    ]
    assert ("Lake Talks", "Stalled") in [(event.name, event.text) for event in answer.context["past"]]
    assert "<svg" in answer.context["drawing"]


def test_conflicts_are_found_by_a_part_of_the_name_with_what_leads_to_them(
    world: World, alice: Client
) -> None:
    make.make_conflict("Elsewhere")
    rows = alice.get(reverse("initiatives:conflicts"), {"q": "lower"}).context["rows"]
    assert [(row["conflict"].name, row["depth"]) for row in rows] == [
        ("Valley of Test", 0),
        ("Lower Test", 1),
    ]


def test_a_conflict_counts_its_parts_as_the_list_behind_the_number_does(world: World, alice: Client) -> None:
    make.make_initiative(world.child, world.house, lead=world.alice)
    rows = alice.get(reverse("initiatives:conflicts"), {"q": "valley"}).context["rows"]
    assert [row["initiatives"] for row in rows] == [2]
    assert len(listed(alice, conflict=str(world.conflict.pk))) == 2


def test_who_is_outside_the_network_is_told_why_it_is_empty(world: World) -> None:
    answer = signed_in(world.sam).get(reverse("initiatives:conflicts"))
    assert "Conflicts are read by members of vetted organisations" in answer.content.decode()
    assert (
        "Your organisation has to be vetted first"
        in signed_in(world.sam).get(reverse("initiatives:open")).content.decode()
    )


def test_a_card_names_the_team_to_the_team_alone(world: World, alice: Client) -> None:
    world.secret.visibility = "network"
    world.secret.save()
    path = reverse("initiatives:initiative", args=[world.secret.pk])
    own, other = alice.get(path).content.decode(), signed_in(world.rita).get(path).content.decode()
    assert "Bob" in own
    assert "your team of 2" in own
    assert "Bob" not in other
    assert "Alice" not in other.replace("House of Alice", "")
    assert "members of every vetted organisation" in other


def test_a_link_stands_on_the_card_only_when_both_cards_are_readable(world: World, alice: Client) -> None:
    make.make_link(world.secret, world.rival)
    path = reverse("initiatives:initiative", args=[world.secret.pk])
    assert "Rival Kite" not in alice.get(path).content.decode()
    world.rival.visibility = "network"
    world.rival.save()
    assert "Rival Kite" in alice.get(path).content.decode()


# Opening.


def opening(world: World, **changes: Any) -> dict[str, Any]:
    fields = {
        "registered_by": str(world.house.pk),
        "track_type": "t2_hard",
        "definition_school": "un_dppa",
        "modality": "unknown",
        "began": "2026-07",
        "official_relation": "unaware",
        "timing_basis": "unknown",
        "matching": "on",
        "themes": ["ceasefire", "elections"],
        "parties": [str(world.up.pk)],
    }
    return fields | changes


def test_opening_shows_earlier_efforts_and_makes_the_opener_lead(world: World, alice: Client) -> None:
    path = reverse("initiatives:open") + f"?conflict={world.child.pk}"
    shown = alice.get(path)
    assert [row.codename for row in shown.context["efforts"]] == ["Secret Heron"]
    assert "Rival Kite" not in shown.content.decode()
    assert "only if another initiative overlaps, this initiative" in shown.content.decode()
    answer = alice.post(path, opening(world), follow=True)
    opened = answer.context["initiative"]
    assert (opened.conflict, opened.visibility, opened.began_precision) == (world.child, "team", "month")
    assert [member.user for member in opened.members.all()] == [world.alice]
    assert [side.party for side in opened.sides.all()] == [world.up]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("matching", "", "required"),
        ("track_type", "", "required"),
        ("began", "July", "Write a date as 2002"),
        ("ended", "2020", "The end lies before the beginning."),
        ("countries", "QQ", "two-letter country code"),
        ("registered_by", "", "required"),
    ],
)
def test_a_refused_opening_names_the_field_and_loses_nothing(
    world: World, alice: Client, field: str, value: str, said: str
) -> None:
    path = reverse("initiatives:open") + f"?conflict={world.conflict.pk}"
    answer = alice.post(path, opening(world, public_line="Typed by hand", **{field: value}))
    assert answer.status_code == 422
    assert said in " ".join(answer.context["form"].errors[field])
    assert "Typed by hand" in answer.content.decode()
    assert not type(world.secret).objects.filter(public_line="Typed by hand").exists()


def test_nobody_opens_in_the_name_of_another_organisation(world: World, alice: Client) -> None:
    path = reverse("initiatives:open") + f"?conflict={world.conflict.pk}"
    answer = alice.post(path, opening(world, registered_by=str(world.other.pk)))
    assert "registered_by" in answer.context["form"].errors


def test_a_conflict_that_is_none_leads_nowhere(alice: Client) -> None:
    assert alice.get(reverse("initiatives:open") + "?conflict=nonsense").status_code == 404


# Editing.


def typed(client: Client, path: str, **changes: Any) -> dict[str, Any]:
    """What the browser would send: everything that stands in the form, with the changes."""
    form = client.get(path).context["form"]
    fields = {field.html_name: field.value() for field in form}
    return {name: value for name, value in (fields | changes).items() if value is not None}


def test_an_edit_changes_the_card(world: World, alice: Client) -> None:
    path = reverse("initiatives:edit", args=[world.secret.pk])
    data = typed(alice, path, public_line="Talks on water", began="2025-Q2", themes=["recognition"])
    assert alice.post(path, data).status_code == 302
    world.secret.refresh_from_db()
    assert (world.secret.public_line, world.secret.themes) == ("Talks on water", ["recognition"])
    assert (str(world.secret.began_on), world.secret.began_precision) == ("2025-04-01", "quarter")
    assert world.secret.parties.count() == 2


@pytest.mark.parametrize("countries", ["ch, no", "CH NO", "CH، NO"])
def test_countries_are_separated_as_the_writer_does(world: World, alice: Client, countries: str) -> None:
    path = reverse("initiatives:edit", args=[world.secret.pk])

    assert alice.post(path, typed(alice, path, countries=countries)).status_code == 302
    world.secret.refresh_from_db()
    assert world.secret.countries == ["CH", "NO"]


def test_who_edits_at_the_same_time_is_told_and_loses_nothing(world: World, alice: Client) -> None:
    path = reverse("initiatives:edit", args=[world.secret.pk])
    first = typed(alice, path, public_line="Mine", codename="Typed Name")
    alice.post(path, typed(alice, path, public_line="Theirs", themes=["recognition"]))
    answer = alice.post(path, first)
    assert answer.status_code == 409
    words = answer.content.decode()
    assert "Somebody else saved this card" in words
    assert [(label, now) for _id, label, now in answer.context["disputed"]] == [("Public line", "Theirs")]
    assert [(label, now) for _id, label, now in answer.context["taken"]] == [("Themes", "Recognition")]
    form = answer.context["form"]
    assert form["public_line"].value() == "Mine"
    assert form["codename"].value() == "Typed Name"
    assert form["themes"].value() == ["recognition"]
    again = {field.html_name: field.value() for field in form if field.value() is not None}
    assert alice.post(path, again).status_code == 302
    world.secret.refresh_from_db()
    assert (world.secret.public_line, world.secret.codename) == ("Mine", "Typed Name")
    assert world.secret.themes == ["recognition"]


def test_facilitators_read_the_card_and_do_not_write_it(world: World) -> None:
    bob = signed_in(world.bob)
    assert bob.get(reverse("initiatives:initiative", args=[world.secret.pk])).status_code == 200
    for name in ("edit", "status", "visibility"):
        assert bob.get(reverse(f"initiatives:{name}", args=[world.secret.pk])).status_code == 403


def test_status_changes_with_an_end(world: World, alice: Client) -> None:
    path = reverse("initiatives:status", args=[world.secret.pk])
    alice.post(path, typed(alice, path, status="closed", ended="2026-Q1"))
    world.secret.refresh_from_db()
    assert (world.secret.status, str(world.secret.ended_on)) == ("closed", "2026-01-01")
    assert world.secret.ended_precision == "quarter"
    stale = alice.post(path, {"status": "active", "version": "1"})
    assert stale.status_code == 422
    assert "Its status is now: Closed" in stale.content.decode()


# Visibility: nobody gains sight unnamed.


def test_widening_names_who_gains_before_it_happens(world: World, alice: Client) -> None:
    path = reverse("initiatives:visibility", args=[world.secret.pk])
    data = typed(alice, path, visibility="partners", partners=[str(world.other.pk)], step="preview")
    preview = alice.post(path, data)
    assert [organisation.name for organisation in preview.context["preview"].gains] == ["Other House"]
    assert (
        signed_in(world.rita).get(reverse("initiatives:initiative", args=[world.secret.pk])).status_code
        != 200
    )
    unseen = alice.post(path, data | {"step": "confirm"})
    assert unseen.context["again"]
    alice.post(path, data | {"step": "confirm", "seen": preview.context["seen"]})
    answer = signed_in(world.rita).get(reverse("initiatives:initiative", args=[world.secret.pk]))
    assert answer.status_code == 200


def test_whoever_joins_between_preview_and_confirmation_is_named_first(world: World, alice: Client) -> None:
    path = reverse("initiatives:visibility", args=[world.secret.pk])
    data = typed(alice, path, visibility="network", step="preview")
    seen = alice.post(path, data).context["seen"]
    make.make_organisation("Late Comer")
    answer = alice.post(path, data | {"step": "confirm", "seen": seen})
    assert "Late Comer" in answer.content.decode()
    world.secret.refresh_from_db()
    assert world.secret.visibility == "team"


def test_partners_without_a_partner_are_refused_at_the_field(world: World, alice: Client) -> None:
    path = reverse("initiatives:visibility", args=[world.secret.pk])
    data = typed(alice, path, visibility="partners", step="confirm", seen="partners,False")
    answer = alice.post(path, data)
    assert "Name at least one partner" in " ".join(answer.context["form"].errors["partners"])


# The team.


def test_a_lead_adds_changes_and_ends_an_access(world: World, alice: Client) -> None:
    path = reverse("initiatives:team", args=[world.secret.pk])
    harry = {"user": str(world.harry.pk), "role": "rapporteur", "until": "2999-12-31"}
    assert alice.post(path, harry).status_code == 302
    member = world.secret.members.get(user=world.harry)
    assert (member.role, member.expires_at.year) == ("rapporteur", 2999)
    page = reverse("initiatives:member", args=[world.secret.pk, member.pk])
    alice.post(page, {"act": "change", "role": "observer", "until": "", "version": member.version})
    member.refresh_from_db()
    assert (member.role, member.expires_at) == ("observer", None)
    stale = alice.post(page, {"act": "change", "role": "lead", "until": "", "version": "1"})
    assert "It is now: Observer" in stale.content.decode()
    alice.post(page, {"act": "end", "version": member.version})
    assert not world.secret.members.live().filter(user=world.harry).exists()


def test_strangers_cannot_be_added_and_are_not_offered(world: World, alice: Client) -> None:
    path = reverse("initiatives:team", args=[world.secret.pk])
    assert "Rita" not in alice.get(path).content.decode()
    answer = alice.post(path, {"user": str(world.rita.pk), "role": "observer"})
    assert "user" in answer.context["form"].errors


def test_the_last_lead_leaves_only_to_a_successor(world: World, alice: Client) -> None:
    member = world.secret.members.get(user=world.alice)
    page = reverse("initiatives:member", args=[world.secret.pk, member.pk])
    refused = alice.post(page, {"act": "end", "version": member.version})
    assert "This is the last lead" in " ".join(refused.context["ending"].errors["successor"])
    alice.post(page, {"act": "end", "version": member.version, "successor": str(world.bob.pk)})
    assert world.secret.members.live().get(user=world.bob).role == "lead"
    assert not world.secret.members.live().filter(user=world.alice).exists()


def test_a_facilitator_may_leave_and_manages_nobody(world: World, alice: Client) -> None:
    bob = signed_in(world.bob)
    mine = world.secret.members.get(user=world.bob)
    hers = world.secret.members.get(user=world.alice)
    assert bob.get(reverse("initiatives:member", args=[world.secret.pk, hers.pk])).status_code == 403
    assert bob.post(reverse("initiatives:team", args=[world.secret.pk]), {}).status_code == 403
    bob.post(
        reverse("initiatives:member", args=[world.secret.pk, mine.pk]),
        {"act": "end", "version": mine.version},
    )
    assert bob.get(reverse("initiatives:initiative", args=[world.secret.pk])).status_code == 404


def test_who_leaves_without_leading_names_no_successor(world: World) -> None:
    mine = world.secret.members.get(user=world.bob)
    path = reverse("initiatives:member", args=[world.secret.pk, mine.pk])
    data = {"act": "end", "version": mine.version, "successor": str(world.harry.pk)}
    assert signed_in(world.bob).post(path, data).status_code == 403
    world.secret.refresh_from_db()
    assert world.secret.successor is None


def test_a_successor_is_named(world: World, alice: Client) -> None:
    path = reverse("initiatives:successor", args=[world.secret.pk])
    alice.post(path, {"successor": str(world.harry.pk), "version": world.secret.version})
    world.secret.refresh_from_db()
    assert world.secret.successor == world.harry
    again = alice.post(path, {"successor": "", "version": "1", "seen": ""}, follow=True)
    assert "Somebody else changed this card" in again.content.decode()


# The circle.


def test_an_owner_declares_and_a_coordinator_of_another_organisation_confirms(
    world: World, alice: Client
) -> None:
    page = reverse("initiatives:conflict", args=[world.conflict.pk])
    alice.post(
        reverse("initiatives:declare", args=[world.conflict.pk]), {"organisation": str(world.house.pk)}
    )
    assert "waits for a coordinator" in alice.get(page).content.decode()
    declaration = world.house.declarations.get()
    confirm = reverse("initiatives:confirm", args=[declaration.pk])
    assert signed_in(world.rita).post(confirm).status_code == 404
    assert alice.post(confirm).status_code == 403
    cora = signed_in(world.cora)
    assert "House of Alice" in cora.get(page).content.decode()
    cora.post(confirm)
    declaration.refresh_from_db()
    assert declaration.confirmed_at is not None
    alice.post(reverse("initiatives:withdraw", args=[declaration.pk]))
    declaration.refresh_from_db()
    assert declaration.withdrawn_at is not None


def test_members_who_own_nothing_declare_nothing(world: World) -> None:
    harry = signed_in(world.harry)
    assert harry.get(reverse("initiatives:conflict", args=[world.conflict.pk])).context["declare"] is None
    harry.post(
        reverse("initiatives:declare", args=[world.conflict.pk]), {"organisation": str(world.house.pk)}
    )
    assert not world.house.declarations.exists()
