"""The transfer page: what it says, to whom, and in how many queries."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone, translation

from conftest import World
from tests import factories as make
from tests import record

pytestmark = pytest.mark.django_db

QUERIES = 23
# Asked each time: a run may last past midnight.
today = timezone.localdate


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page_of(user: Any, **query: Any) -> str:
    answer = signed_in(user).get("/transfer/", query)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def carry(world: World, number: int, side: Any, body: Any) -> None:
    """So many ideas of one side carried up, each by somebody of that side."""
    for _number in range(number):
        carrier = record.make_participation(world.secret, record.make_person(world.house, party=side))
        outcome = record.make_outcome(world.secret, world.alice, endorsed_by=[side.pk])
        record.make_transfer(outcome, world.alice, body, carrier=carrier)


def test_the_empty_page_teaches(world: World) -> None:
    page = page_of(world.harry)
    assert "Nothing to carry yet" in page
    assert "It gives no score" in page
    assert "<table" not in page


def test_a_team_without_anything_on_record_is_told_what_will_stand_here(world: World) -> None:
    page = page_of(world.alice)
    assert "No official body of this conflict is on record yet" in page
    assert "No outcome is on record yet" in page
    assert "Nothing waits" in page


def test_the_matrix_says_nobody_in_words_and_the_way_in(world: World) -> None:
    gate = record.make_body(world.conflict, "Foreign Ministry", world.down)
    record.make_body(world.conflict, "Presidency", world.down, gatekeeper=gate)
    person = record.make_person(world.house, party=world.down)
    record.make_participation(world.secret, person)
    record.make_tie(person, gate)
    page = page_of(world.alice)
    assert "1 office can be reached by nobody." in page
    assert "✕ Nobody" in page
    assert "Way in: \u2068Foreign Ministry\u2069, 1 live link" in page
    assert page.count('scope="row"') >= 2
    assert "not this side’s office" in page


def test_nobody_and_no_way_in(world: World) -> None:
    record.make_body(world.conflict, "Presidency", world.down)
    assert "Way in: none known" in page_of(world.alice)


def test_asymmetry_is_said_in_words(world: World) -> None:
    body = record.make_body(world.conflict, "Joint Commission")
    carry(world, 6, world.up, body)
    carry(world, 1, world.down, body)
    page = page_of(world.alice)
    assert "1 idea of \u2068Downstream\u2069 travelled; 6 ideas of \u2068Upstream\u2069 travelled." in page
    assert "1 person of \u2068Downstream\u2069 carried; 6 people of \u2068Upstream\u2069 carried." in page


def test_an_outcome_that_waits_is_named_with_its_days(world: World) -> None:
    session = record.make_session(world.secret, world.alice, began_on=today() - timedelta(days=41))
    record.make_outcome(world.secret, world.alice, session=session, statement="List of crossing points")
    page = page_of(world.alice)
    assert "1 waits for a next step." in page
    assert "<b>41<small>days</small></b>" in page
    assert "List of crossing points" in page
    assert "It may travel, and nobody carries it." in page
    assert f'href="/outcomes/{world.secret.outcomes.get().pk}/"' in page


def test_the_board_shows_where_an_outcome_fell_back_and_what_is_off_the_ladder(world: World) -> None:
    made = record.make_record(world.secret, world.alice, record.make_body(world.conflict))
    record.make_step(made["transfer"], world.alice, "tabled_in_t1", on=date(2026, 5, 1))
    record.make_step(made["transfer"], world.alice, "sent", on=date(2026, 5, 2))
    record.make_step(made["transfer"], world.alice, "leaked", on=date(2026, 5, 3))
    page = page_of(world.alice)
    assert "Tabled in Track One: 1" in page
    assert "now: Sent" in page
    assert "Off the ladder: Leaked: 1" in page


def test_an_observer_is_told_that_links_are_not_shown(world: World) -> None:
    record.make_record(world.secret, world.alice, record.make_body(world.conflict, party=world.up))
    olga = make.make_member_of(world.house, "Olga")
    make.make_member(world.secret, olga, "observer")
    page = page_of(olga)
    assert "ties to officials are not shown to observers" in page
    for word in ("Nobody</span>", "live link", "People with a live link", "reached by nobody"):
        assert word not in page
    assert "1 live link" in page_of(world.bob)


def test_filters_and_what_is_hidden_or_missing(world: World) -> None:
    record.make_outcome(world.secret, world.alice, statement="Shared gauge")
    client = signed_in(world.alice)
    assert "Shared gauge" in page_of(world.alice, initiative=world.secret.pk)
    assert "Shared gauge" in page_of(world.alice, conflict=world.conflict.pk)
    assert "Shared gauge" in page_of(world.alice, initiative="nonsense", conflict="\x00")
    for name in ("initiative", "conflict"):
        hidden = client.get("/transfer/", {name: world.rival.pk})
        missing = client.get("/transfer/", {name: uuid4()})
        assert (hidden.status_code, missing.status_code) == (404, 404)


def test_nothing_of_another_team_is_said(world: World) -> None:
    body = record.make_body(world.conflict, "Water Office", world.up)
    record.make_record(world.rival, world.rita, body, mark="Heard by others")
    before = page_of(world.alice)
    assert "Heard by others" not in before
    assert "Rival Kite" not in before
    record.make_record(world.rival, world.rita, body, mark="Heard again")
    assert strip(page_of(world.alice)) == strip(before)


def strip(page: str) -> str:
    """Without the tokens that differ from one answer to the next."""
    return re.sub(r'value="\w{64}"', "", page.partition("<h1>")[2])


def test_more_than_fits_is_counted_and_leads_to_the_list_of_the_only_initiative(world: World) -> None:
    for _number in range(10):
        record.make_outcome(world.secret, world.alice)
    address = f'<a href="/initiatives/{world.secret.pk}/outcomes/">and 2 more</a>'
    assert address in page_of(world.alice)
    make.make_initiative(world.child, world.house, lead=world.alice)
    page = page_of(world.alice)
    assert "and 2 more" in page
    assert address not in page
    assert address in page_of(world.alice, initiative=world.secret.pk)


def test_no_score_and_no_percentage(world: World) -> None:
    carry(world, 3, world.up, record.make_body(world.conflict))
    text = page_of(world.alice).partition('<main id="main"')[2]
    assert "%" not in text
    assert "success" not in text.lower()


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_other_languages(world: World, language: str) -> None:
    carry(world, 2, world.up, record.make_body(world.conflict))
    world.alice.language = language
    world.alice.save()
    client = signed_in(world.alice)
    client.cookies["django_language"] = language
    with translation.override(language):
        answer = client.get("/transfer/", headers={"accept-language": language})
    assert answer.status_code == 200


@pytest.mark.parametrize("number", [1, 3])
def test_queries_do_not_grow(world: World, number: int, django_assert_num_queries: Any) -> None:
    for _number in range(number):
        body = record.make_body(world.conflict, party=world.up)
        carry(world, number, world.up, body)
        record.make_record(world.secret, world.alice, body)
    client = signed_in(world.alice)
    with django_assert_num_queries(QUERIES):
        assert client.get("/transfer/").status_code == 200
