"""What the timeline of a conflict shows inside its bars: to whom, by which shape, and again as a table."""

from __future__ import annotations

from datetime import date
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.urls import reverse

from conftest import World
from initiatives.dates import FOREVER
from initiatives.drawings import Bar, Tick, timeline
from initiatives.drawings.ticks import SHAPES
from initiatives.enums import SessionStatus
from tests import factories as make
from tests.record import make_body, make_liaison, make_outcome, make_session, make_transfer

QUERIES = 34
DAY = date(2026, 3, 4)


def page(world: World, user: Any) -> Any:
    client = Client()
    client.force_login(user)
    return client.get(reverse("initiatives:conflict", args=[world.conflict.pk]))


def what(answer: Any) -> list[tuple[str, str]]:
    return [(entry.what, entry.state) for entry in answer.context["happened"]]


def drawn(*ticks: Tick) -> ElementTree.Element:
    bar = Bar("Heron", "Track Two, soft", date(2026, 1, 1), FOREVER, ticks=ticks)
    return ElementTree.fromstring(
        timeline(prefix="t", title="T", tracks=(), bars=(bar,), deadlines=(), today=DAY)
    )


@pytest.mark.django_db
@pytest.mark.parametrize("number", [1, 3])
def test_three_of_each_ask_as_much_as_one(world: World, number: int, django_assert_num_queries: Any) -> None:
    for _ in range(number):
        make_session(world.secret, world.alice)
        make_transfer(make_outcome(world.secret, world.alice), world.alice, make_body(world.conflict))
    client = Client()
    client.force_login(world.alice)
    with django_assert_num_queries(QUERIES):
        answer = client.get(reverse("initiatives:conflict", args=[world.conflict.pk]))
    assert len(what(answer)) == 2 * number


@pytest.mark.django_db
def test_every_mark_leads_to_its_page_from_the_drawing_and_from_the_table(world: World) -> None:
    made = [
        make_session(world.secret, world.alice, status=status, began_on=DAY)
        for status in SessionStatus.values
    ]
    body = make_body(world.conflict, "Ministry of Gauges")
    sent = make_transfer(make_outcome(world.secret, world.alice), world.alice, body)
    make_transfer(make_outcome(world.secret, world.alice), world.alice, body, status="planned")
    answer = page(world, world.alice)
    links = [reverse("initiatives:session", args=[row.pk]) for row in made]
    links += [reverse("transfer:transfer", args=[sent.pk])]
    text = answer.content.decode()

    assert {state for _what, state in what(answer)} == {*SessionStatus.values, "carried"}
    assert "Transfer to Ministry of Gauges" in text
    assert all(text.count(f'<a href="{link}"') == 2 for link in links)


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["harry", "rita", "cora", "stella", "sam"])
def test_who_is_not_on_the_team_sees_the_card_at_most(world: World, who: str) -> None:
    """Even where the card is read by everybody."""
    world.secret.visibility = "network"
    world.secret.save()
    make_session(world.secret, world.alice)
    make_transfer(make_outcome(world.secret, world.alice), world.alice, make_body(world.conflict))
    answer = page(world, getattr(world, who))

    if answer.status_code == 200:
        assert what(answer) == []
        assert "/sessions/" not in str(answer.context["drawing"])


@pytest.mark.django_db
def test_a_liaison_does_not_learn_from_which_initiative_a_transfer_came(world: World) -> None:
    world.secret.visibility = "network"
    world.secret.save()
    body = make_body(world.conflict)
    make_liaison(world.rita, body)
    make_transfer(make_outcome(world.secret, world.alice), world.alice, body)

    assert what(page(world, world.rita)) == []


@pytest.mark.django_db
def test_an_observer_sees_neither_a_closed_session_nor_what_came_out_of_it(world: World) -> None:
    observer = make.make_member_of(world.house, "Otto")
    make.make_member(world.secret, observer, "observer")
    closed = make_session(world.secret, world.alice, rule="participants_only")
    make_session(world.secret, world.alice, format="plenary")
    outcome = make_outcome(world.secret, world.alice, session=closed)
    make_transfer(outcome, world.alice, make_body(world.conflict))

    assert what(page(world, observer)) == [("Plenary", "held")]
    assert len(what(page(world, world.alice))) == 3


@pytest.mark.django_db
def test_what_was_deleted_is_not_drawn(world: World) -> None:
    session = make_session(world.secret, world.alice)
    session.deleted_at = session.created_at
    session.save()

    assert what(page(world, world.alice)) == []


@pytest.mark.django_db
def test_a_month_is_a_month_in_the_table_too(world: World) -> None:
    make_session(world.secret, world.alice, began_on=date(2026, 3, 1), began_precision="month")
    (entry,) = page(world, world.alice).context["happened"]

    assert (entry.dated, entry.exact, entry.span) == (
        "March 2026",
        False,
        (date(2026, 3, 1), date(2026, 3, 31)),
    )


def test_each_state_has_a_shape_of_its_own() -> None:
    def shape(state: str) -> str:
        (link,) = drawn(Tick(state, DAY, DAY, "told", "/there/")).iter("a")
        return " ".join(
            f"{part.tag}.{part.get('class')}.{part.get('d')}" for part in link if part.tag != "title"
        )

    assert len({shape(state) for state in SHAPES}) == len(SHAPES) == len({*SessionStatus.values, "carried"})


def test_an_inexact_date_is_a_dashed_band_and_a_day_is_none() -> None:
    def bands(tick: Tick) -> list[str | None]:
        (link,) = drawn(tick).iter("a")
        return [box.get("class") for box in link.iter("rect")]

    month = (date(2026, 3, 1), date(2026, 3, 31))
    assert bands(Tick("held", DAY, DAY, "", "/x/")) == []
    assert bands(Tick("held", *month, "", "/x/", exact=False)) == ["span dash"]
    assert bands(Tick("held", *month, "", "/x/")) == ["span"]


def test_a_drawing_with_links_is_no_image_and_keeps_them_from_the_keyboard() -> None:
    root = drawn(Tick("held", DAY, DAY, "4 March", "/x/"))
    (link,) = root.iter("a")

    assert (root.get("role"), link.get("tabindex")) == ("group", "-1")
    assert [child.get("aria-hidden") for child in root if child.tag == "g"] == ["true"]
    assert "1 session or transfer" in str(root.findtext("desc"))
    assert drawn().get("role") == "img"
