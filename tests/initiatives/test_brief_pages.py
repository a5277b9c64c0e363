"""Pages inside an initiative: the brief, its history, ground rules; and the title in place of the codename."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from conftest import World
from initiatives.models import Brief, BriefRevision, GroundRules, GroundRulesAssent, Initiative
from initiatives.services import adopt_ground_rules, edit_brief
from tests import factories as make

pytestmark = pytest.mark.django_db

LIST_QUERIES = 21
BRIEF_QUERIES, HISTORY_QUERIES, RULES_QUERIES = 25, 22, 22
OUTSIDERS = ["harry", "rita", "cora", "stella", "sam"]
PAGES = ["brief", "edit_brief", "brief_history", "ground_rules", "adopt_rules"]


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def alice(world: World) -> Client:
    return signed_in(world.alice)


def at(name: str, world: World, *more: Any) -> str:
    return reverse(f"initiatives:{name}", args=[world.secret.pk, *more])


def text_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def role_of(world: World, role: str) -> Client:
    user = make.make_member_of(world.house, role.title())
    make.make_member(world.secret, user, role)
    return signed_in(user)


# Who opens what


@pytest.mark.parametrize("filled", [False, True])
def test_every_page_opens_for_the_lead_empty_and_filled(world: World, alice: Client, filled: bool) -> None:
    if filled:
        make.make_brief(world.secret, world.alice)
        make.make_assent(make.make_rules(world.secret, world.alice), world.alice)
    for name in PAGES:
        answer = alice.get(at(name, world))
        assert answer.status_code == 200
        assert "your team of 2" in answer.content.decode()
        assert answer["Cache-Control"] == "no-store, private"


@pytest.mark.parametrize("role", ["facilitator", "rapporteur", "observer"])
def test_roles_read_and_only_facilitators_write(world: World, role: str) -> None:
    make.make_brief(world.secret, world.alice)
    rules = make.make_rules(world.secret, world.alice)
    assent = make.make_assent(rules, world.alice)
    client = role_of(world, role)
    expected = 200 if role == "facilitator" else 403
    for name in ("brief", "brief_history", "ground_rules"):
        assert client.get(at(name, world)).status_code == 200
    for name in ("edit_brief", "adopt_rules"):
        assert client.get(at(name, world)).status_code == expected
    page = text_of(client, at("brief", world)) + text_of(client, at("ground_rules", world))
    assert ("Edit the brief" in page) is (role == "facilitator")
    assert ("Withdraw" in page) is (role == "facilitator")
    posted = [
        client.post(at("edit_brief", world), {"version": "1", "title": "Mine"}).status_code,
        client.post(
            at("adopt_rules", world), {"version": "1", "text": "M", "adopted_on": "2026-03-01"}
        ).status_code,
        client.post(at("assent", world, rules.pk), {"who": "Me", "assented_on": "2026-03-01"}).status_code,
        client.post(at("withdraw_assent", world, assent.pk)).status_code,
    ]
    assert posted == [302 if role == "facilitator" else 403] * 4


@pytest.mark.parametrize("who", OUTSIDERS)
def test_outsiders_find_nothing(world: World, who: str) -> None:
    make.make_brief(world.secret, world.alice)
    rules = make.make_rules(world.secret, world.alice)
    assent = make.make_assent(rules, world.alice)
    client = signed_in(getattr(world, who))
    paths = [at(name, world) for name in PAGES]
    paths.append(at("brief_revision", world, BriefRevision.objects.get().pk))
    paths.append(at("ground_rules_version", world, rules.pk))
    for path in paths:
        hidden, missing = client.get(path), client.get(path.replace(str(world.secret.pk), str(uuid4())))
        assert (hidden.status_code, missing.status_code) == (404, 404)
        assert "weir" not in hidden.content.decode()
    assert client.post(at("edit_brief", world), {"version": "1", "title": "Mine"}).status_code == 404
    assert client.post(at("assent", world, rules.pk), {"who": "Me"}).status_code == 404
    assert client.post(at("withdraw_assent", world, assent.pk)).status_code == 404


def test_a_partner_who_reads_the_card_finds_no_inside(world: World) -> None:
    make.make_partner(world.secret, world.other)
    Initiative.objects.filter(pk=world.secret.pk).update(visibility="partners")
    make.make_brief(world.secret, world.alice)
    client = signed_in(world.rita)
    card = text_of(client, at("initiative", world))

    assert "Secret Heron" in card
    assert "weir" not in card
    assert "Ground rules" not in card
    assert [client.get(at(name, world)).status_code for name in PAGES] == [404] * len(PAGES)


def test_records_of_another_initiative_lead_nowhere(world: World, alice: Client) -> None:
    other = make.make_initiative(world.conflict, world.house, lead=world.alice)
    make.make_brief(other, world.alice)
    rules = make.make_rules(other, world.alice)
    assent = make.make_assent(rules, world.alice)

    assert alice.get(at("brief_revision", world, BriefRevision.objects.get().pk)).status_code == 404
    assert alice.get(at("ground_rules_version", world, rules.pk)).status_code == 404
    assert alice.post(at("assent", world, rules.pk), {"who": "Me"}).status_code == 404
    assert alice.post(at("withdraw_assent", world, assent.pk)).status_code == 404


# The title in place of the codename


def test_the_team_reads_the_title_everywhere_with_the_codename_beside_it(world: World, alice: Client) -> None:
    make.make_brief(world.secret, world.alice)
    member = world.secret.members.get(user=world.bob)
    paths = [
        reverse("home"),
        reverse("initiatives:initiatives"),
        reverse("initiatives:conflict", args=[world.conflict.pk]),
        *(at(name, world) for name in ("initiative", "edit", "status", "visibility", "team", "who", *PAGES)),
        at("member", world, member.pk),
        f"{reverse('initiatives:open')}?conflict={world.conflict.pk}",
    ]
    for path in paths:
        page = text_of(alice, path)
        assert "Tea at the weir" in page, path
        assert "Secret Heron" in page, path


def test_the_name_of_the_window_is_the_codename(world: World, alice: Client) -> None:
    """It stands in the history of the browser and in the list of windows, next to which others may look."""
    make.make_brief(world.secret, world.alice)
    for name in ("initiative", "edit", "status", "visibility", "team", "who", *PAGES):
        page = text_of(alice, at(name, world))
        title = page[page.index("<title>") : page.index("</title>")]
        assert "Secret Heron" in title, name
        assert "weir" not in title, name


def test_drawings_that_are_looked_at_together_keep_the_codename(world: World, alice: Client) -> None:
    make.make_brief(world.secret, world.alice)
    page = text_of(alice, reverse("initiatives:conflict", args=[world.conflict.pk]))
    drawn = page[page.index('<svg class="pic') : page.index("</svg>", page.index('<svg class="pic'))]

    assert "Secret Heron" in drawn
    assert "weir" not in drawn


def test_the_coordinator_goes_on_seeing_the_codename(world: World) -> None:
    make.make_brief(world.secret, world.alice)
    flag = make.make_flag(world.secret, world.rival)
    client = signed_in(world.cora)
    for path in (reverse("coordination:overlaps"), reverse("coordination:overlap", args=[flag.pk]), "/"):
        page = text_of(client, path)
        assert "Secret Heron" in page
        assert "weir" not in page


# Writing


def body(version: int, **texts: str) -> dict[str, str]:
    return {"version": str(version), "title": "", "objective": "", **texts}


def test_the_first_brief_is_written_and_read(world: World, alice: Client) -> None:
    answer = alice.post(at("edit_brief", world), body(0, title="One", objective="First\r\n\r\nSecond"))
    page = text_of(alice, at("brief", world))

    assert answer.status_code == 302
    assert Brief.objects.get().objective == "First\n\nSecond"
    assert "First\n\nSecond" in page
    assert "Version 1" in page


def test_what_cannot_be_stored_is_said_and_nothing_is_lost(world: World, alice: Client) -> None:
    answer = alice.post(at("edit_brief", world), body(0, title="x" * 201, objective="Kept"))
    page = answer.content.decode()

    assert answer.status_code == 422
    assert "Nothing was saved yet" in page
    assert "Kept</textarea>" in page


def test_two_who_write_at_the_same_time_see_both_texts(world: World, alice: Client) -> None:
    edit_brief(by=world.alice, initiative=world.secret, title="One", objective="Aim", exit_plan="Plan")
    edit_brief(by=world.bob, initiative=world.secret, title="Bob's title", objective="Bob's aim")
    mine = body(1, title="My title", objective="Aim", exit_plan="My plan")
    answer = alice.post(at("edit_brief", world), mine)
    page = answer.content.decode()

    assert answer.status_code == 409
    assert Brief.objects.get().title == "Bob&#x27;s title".replace("&#x27;", "'")
    assert "Bob&#x27;s title" in page
    assert 'value="My title"' in page
    assert "Bob&#x27;s aim</textarea>" in page
    assert "My plan</textarea>" in page
    assert "Bobirian" in page
    again = alice.post(at("edit_brief", world), mine | {"version": "2", "objective": "Bob's aim"})
    assert again.status_code == 302
    brief = Brief.objects.get()
    assert (brief.title, brief.objective, brief.exit_plan) == ("My title", "Bob's aim", "My plan")


def test_an_old_version_is_read_and_brought_back(world: World, alice: Client) -> None:
    edit_brief(by=world.alice, initiative=world.secret, title="First words", objective="Aim")
    edit_brief(by=world.bob, initiative=world.secret, title="Second words")
    old = BriefRevision.objects.get(number=1)
    listed = text_of(alice, at("brief_history", world))
    shown = text_of(alice, at("brief_revision", world, old.pk))
    back = {"version": "2", "reason": "It was better"}
    answers = [
        alice.post(at("brief_revision", world, old.pk), sent) for sent in ({"version": "2"}, back, back)
    ]

    assert "Version 2" in listed
    assert "Bobirian" in listed
    assert "changed: Title" in listed
    assert "First words" in shown
    assert '<div class="prose" dir="auto">Second words' not in shown
    assert 'name="version" value="2"' in shown
    assert [answer.status_code for answer in answers] == [422, 302, 409]
    assert Brief.objects.get().title == "First words"
    assert BriefRevision.objects.count() == 3
    assert "It was better" in text_of(alice, at("brief_history", world))


def test_the_newest_version_is_not_brought_back(world: World, alice: Client) -> None:
    make.make_brief(world.secret, world.alice)
    page = text_of(alice, at("brief_revision", world, BriefRevision.objects.get().pk))

    assert "this is how it stands now" in page
    assert "Bring it back" not in page


def test_ground_rules_are_adopted_and_older_ones_stay(world: World, alice: Client) -> None:
    path = at("adopt_rules", world)
    first = alice.post(path, {"version": "0", "text": "One", "adopted_on": "2026-01-05"})
    second = alice.post(path, {"version": "1", "text": "Two", "adopted_on": "2026-02-05"})
    old = GroundRules.objects.get(number=1)
    now, before = (
        text_of(alice, at("ground_rules", world)),
        text_of(alice, at("ground_rules_version", world, old.pk)),
    )

    assert (first.status_code, second.status_code) == (302, 302)
    assert "Two" in now
    assert "This is an older version" not in now
    assert "One" in before
    assert "This is an older version" in before


def test_two_who_adopt_at_the_same_time_see_both_texts(world: World, alice: Client) -> None:
    adopt_ground_rules(by=world.bob, initiative=world.secret, text="Bob's rules")
    answer = alice.post(
        at("adopt_rules", world), {"version": "0", "text": "Mine", "adopted_on": "2026-01-05"}
    )
    page = answer.content.decode()

    assert answer.status_code == 409
    assert "Bob&#x27;s rules" in page
    assert "Mine</textarea>" in page
    assert 'name="version" value="1"' in page
    assert GroundRules.objects.count() == 1


def test_an_assent_is_recorded_refused_twice_and_withdrawn(world: World, alice: Client) -> None:
    rules = make.make_rules(world.secret, world.alice)
    path = at("assent", world, rules.pk)
    recorded = alice.post(path, {"who": "Kestrel", "assented_on": "2026-02-01"})
    twice = alice.post(path, {"who": "kestrel", "assented_on": "2026-02-02"})
    withdrawn = alice.post(at("withdraw_assent", world, GroundRulesAssent.objects.get().pk), follow=True)

    assert (recorded.status_code, twice.status_code) == (302, 422)
    assert "recorded already" in twice.content.decode()
    assert "withdrawn on" in withdrawn.content.decode()


def test_the_successor_stands_on_the_brief(world: World, alice: Client) -> None:
    make.make_brief(world.secret, world.alice)
    before = text_of(alice, at("brief", world))
    Initiative.objects.filter(pk=world.secret.pk).update(successor=world.bob)

    assert "Nobody is named yet" in before
    assert "becomes lead when the last lead goes" in text_of(alice, at("brief", world))


# Constant numbers of queries


@pytest.mark.parametrize("number", [1, 3])
def test_pages_ask_as_much_for_three_of_each_as_for_one(
    world: World, alice: Client, number: int, django_assert_num_queries: Any
) -> None:
    for index in range(1, number + 1):
        edit_brief(by=world.alice, initiative=world.secret, title=f"Words {index}")
        rules = make.make_rules(world.secret, world.alice, number=index)
    for index in range(number):
        make.make_assent(rules, world.alice, f"Bird {index}")
    for name, expected in (
        ("brief", BRIEF_QUERIES),
        ("brief_history", HISTORY_QUERIES),
        ("ground_rules", RULES_QUERIES),
    ):
        with django_assert_num_queries(expected):
            alice.get(at(name, world))


@pytest.mark.parametrize("number", [1, 3])
def test_titles_of_a_whole_list_are_one_query(
    world: World, alice: Client, number: int, django_assert_num_queries: Any
) -> None:
    for index in range(number):
        own = make.make_initiative(world.conflict, world.house, lead=world.alice)
        make.make_brief(own, world.alice, title=f"Weir {index}")
    with django_assert_num_queries(LIST_QUERIES):
        page = text_of(alice, reverse("initiatives:initiatives"))

    assert page.count("Weir ") == number
