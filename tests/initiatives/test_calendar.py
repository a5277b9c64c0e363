"""The calendar: what stands on which day, what on none, months and filters that cannot be shown; and whom it is for."""

from __future__ import annotations

import re
from datetime import date
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from conftest import World
from initiatives.dates import Days
from initiatives.models import Session
from initiatives.views.months import Entry, beside, laid_out
from tests import factories as make
from tests.record import make_body, make_outcome, make_session, make_transfer

QUERIES = 18
DECEMBER = date(2026, 12, 1)


def entry(
    first: date, last: date, precision: str = "day", name: str = "Heron", state: str = "planned"
) -> Entry:
    return Entry("session", state, state, Days(first, last), precision, "", name, "workshop", "/")


def numbers(month: Any) -> list[list[int]]:
    """Days of each week, 0 for those of other months."""
    return [[day.on.day if day.inside else 0 for day in week] for week in month.weeks]


# --- A month on paper -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "week", "weekday"),
    [
        ("en", [0, 1, 2, 3, 4, 5, 6], "Monday"),
        ("fr", [0, 1, 2, 3, 4, 5, 6], "lundi"),
        ("ar", [0, 0, 0, 1, 2, 3, 4], "السبت"),
    ],
)
def test_a_week_begins_as_where_the_language_is_spoken(language: str, week: list[int], weekday: str) -> None:
    with override(language):
        month = laid_out(DECEMBER, [], DECEMBER)
        assert (numbers(month)[0], str(month.weekdays[0][0]).lower()) == (week, weekday.lower())


def test_all_days_of_a_month_stand_in_it_once() -> None:
    for first in (date(2026, 2, 1), date(2027, 2, 1), date(2028, 2, 1), DECEMBER):
        inside = [day for week in numbers(laid_out(first, [], first)) for day in week if day]
        assert inside == list(range(1, len(inside) + 1))
        assert len(inside) in (28, 29, 31)


def test_what_lasts_stands_on_each_of_its_days_and_once_in_the_list() -> None:
    long = entry(date(2026, 11, 29), date(2026, 12, 2))
    month = laid_out(DECEMBER, [long], date(2026, 12, 2))
    on = [day.on.day for week in month.weeks for day in week if day.entries]

    assert on == [1, 2]
    assert [(day.on.day, len(day.entries)) for day in month.days] == [(1, 1)]
    assert [day.on.day for week in month.weeks for day in week if day.is_today] == [2]


def test_what_is_not_known_to_the_day_stands_on_none() -> None:
    loose = [
        entry(DECEMBER, date(2026, 12, 31), "month", "Month"),
        entry(date(2026, 10, 1), date(2026, 12, 31), "quarter", "Quarter"),
        entry(date(2026, 1, 1), date(2026, 12, 31), "year", "Year"),
        entry(date(2026, 9, 1), date(2026, 9, 30), "month", "Elsewhere"),
    ]
    month = laid_out(DECEMBER, loose, DECEMBER)

    assert not any(day.entries for week in month.weeks for day in week)
    assert [(title, [one.name for one in found]) for title, found in month.loose] == [
        ("Some time in this month", ["Month"]),
        ("Some time in this quarter", ["Quarter"]),
        ("Some time in this year", ["Year"]),
    ]


def test_what_does_not_come_about_stands_last_on_its_day() -> None:
    day = date(2026, 12, 4)
    called_off = entry(day, day, name="Avocet", state="cancelled")
    month = laid_out(DECEMBER, [called_off, entry(day, day)], day)
    assert [one.name for one in month.days[0].entries] == ["Heron", "Avocet"]


def test_months_end_where_dates_do() -> None:
    assert beside(date(1800, 1, 1)) == (None, date(1800, 2, 1))
    assert beside(date(2200, 12, 1)) == (date(2200, 11, 1), None)
    assert beside(DECEMBER) == (date(2026, 11, 1), date(2027, 1, 1))


# --- The page -------------------------------------------------------------------------------------------------


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page_of(user: Any, **query: str) -> str:
    answer = signed_in(user).get("/calendar/", query)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def shown_on(page: str) -> dict[str, list[str]]:
    """What the table says of each day, tags left out; the day as it is written for programs."""
    table = page[page.index('<table class="cal">') : page.index("</table>")]
    cells = re.findall(r'datetime="([\d-]+)">(.*?)</td>', table, re.DOTALL)
    return {
        day: [
            " ".join(re.sub(r"<[^>]+>", " ", one).split())
            for one in re.findall(r"<li>(.*?)</li>", cell, re.DOTALL)
        ]
        for day, cell in cells
        if "<li>" in cell
    }


@pytest.mark.django_db
@time_machine.travel("2026-12-10 12:00:00+00:00", tick=False)
def test_sessions_stand_on_their_days_with_their_status_in_words(world: World) -> None:
    for day, status in ((3, "held"), (11, "planned"), (17, "postponed"), (18, "cancelled")):
        make_session(world.secret, world.alice, began_on=date(2026, 12, day), status=status)
    page = page_of(world.alice)

    assert shown_on(page) == {
        "2026-12-03": ["Secret Heron Held · Workshop"],
        "2026-12-11": ["Secret Heron Planned · Workshop"],
        "2026-12-17": ["Secret Heron Postponed · Workshop"],
        "2026-12-18": ["Secret Heron Cancelled · Workshop"],
    }
    assert page.count('aria-current="date"') == 1
    assert reverse("initiatives:session", args=[Session.objects.first().pk]) in page  # type: ignore[union-attr]
    # Neither why they meet nor what follows: it stands open on a screen all day.
    assert "Gauges" not in page
    assert "A map" not in page


@pytest.mark.django_db
def test_in_the_list_each_stands_once_with_its_days(world: World) -> None:
    make_session(world.secret, world.alice, began_on=date(2026, 12, 3), ended_on=date(2026, 12, 5))
    page = page_of(world.alice, month="2026-12")
    listed = page[page.index('<div class="d-md-none">') :]

    assert sorted(shown_on(page)) == ["2026-12-03", "2026-12-04", "2026-12-05"]
    assert listed.count("Secret Heron") == 1
    assert "Thursday 3 December" in listed
    assert "3 December 2026 to 5 December 2026" in listed


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("began", "precision", "row"),
    [
        (date(2026, 12, 1), "month", "Some time in this month"),
        (date(2026, 10, 1), "quarter", "Some time in this quarter"),
        (date(2026, 1, 1), "year", "Some time in this year"),
    ],
)
def test_an_inexact_session_stands_in_a_row_of_its_own(
    world: World, began: date, precision: str, row: str
) -> None:
    make_session(world.secret, world.alice, began_on=began, began_precision=precision, status="planned")
    page = page_of(world.alice, month="2026-12")

    assert row in page
    assert shown_on(page) == {}
    assert page.count('<bdi dir="auto">Secret Heron</bdi>') == 1
    assert "Secret Heron</bdi>" not in page_of(world.alice, month="2027-01")


@pytest.mark.django_db
def test_an_end_that_is_known_to_the_year_reaches_its_last_month(world: World) -> None:
    """In the database as in dates.py: whatever precision an end has."""
    session = make_session(world.secret, world.alice)
    months = [date(2025 + past // 12, past % 12 + 1, 1) for past in range(36)]
    for began, ended in (
        ((date(2026, 3, 4), "day"), (date(2026, 5, 6), "day")),
        ((date(2026, 3, 4), "day"), (date(2026, 1, 1), "year")),
        ((date(2026, 3, 1), "month"), (date(2026, 4, 1), "quarter")),
        ((date(2026, 4, 1), "quarter"), (None, "day")),
        ((date(2026, 1, 1), "year"), (date(2026, 8, 1), "month")),
    ):
        session.began_on, session.began_precision = began
        session.ended_on, session.ended_precision = ended
        session.save()
        reached = {first for first in months if Session.objects.from_day(first).exists()}
        assert reached == {first for first in months if first <= session.days.last}, (began, ended)


@pytest.mark.django_db
def test_deadlines_of_ones_conflicts_and_their_families(world: World) -> None:
    elsewhere = make.make_conflict("Elsewhere")
    for conflict, name in ((world.conflict, "Mandate"), (world.child, "Election"), (elsewhere, "Ceasefire")):
        make.make_deadline(conflict, name, date(2026, 12, 20))
    assert shown_on(page_of(world.alice, month="2026-12")) == {
        "2026-12-20": ["Election Deadline · Lower Test", "Mandate Deadline · Valley of Test"]
    }
    # A mandate for all covers all; a colleague who is on no team and a member of an unvetted house get none.
    assert len(shown_on(page_of(world.cora, month="2026-12"))["2026-12-20"]) == 3
    for other in (world.harry, world.sam, world.stella):
        assert shown_on(page_of(other, month="2026-12")) == {}


@pytest.mark.django_db
def test_planned_transfers_and_none_that_was_carried(world: World) -> None:
    body = make_body(world.conflict, "Ministry of Water")
    outcome = make_outcome(world.secret, world.alice)
    for day, status in ((7, "planned"), (8, "done"), (9, "abandoned")):
        make_transfer(outcome, world.alice, body, sent_on=date(2026, 12, day), status=status)
    make_transfer(outcome, world.alice, body, sent_on=None, status="planned")
    assert shown_on(page_of(world.alice, month="2026-12")) == {
        "2026-12-07": ["Secret Heron Planned · Transfer to Ministry of Water"]
    }


@pytest.mark.django_db
def test_deleted_hidden_and_others_sessions_do_not_stand_in_it(world: World) -> None:
    olga = make.make_member_of(world.house, "Olga")
    make.make_member(world.secret, olga, "observer")
    on = date(2026, 12, 3)
    make_session(world.secret, world.alice, began_on=on, deleted_at=timezone.now())
    make_session(world.rival, world.rita, began_on=on)
    make_session(world.secret, world.alice, began_on=on, rule="participants_only", format="shuttle")
    make_session(world.secret, world.alice, began_on=on, audience="named", format="bilateral")

    assert len(shown_on(page_of(world.alice, month="2026-12"))["2026-12-03"]) == 2
    for other in (olga, world.cora, world.stella, world.harry, world.sam):
        assert shown_on(page_of(other, month="2026-12")) == {}, other.name


@pytest.mark.django_db
def test_one_initiative_alone(world: World) -> None:
    other = make.make_initiative(world.child, world.house, lead=world.alice, codename="Other Plover")
    make_session(world.secret, world.alice, began_on=date(2026, 12, 3))
    make_session(other, world.alice, began_on=date(2026, 12, 4))
    page = page_of(world.alice, month="2026-12", initiative=str(other.pk))

    assert list(shown_on(page)) == ["2026-12-04"]
    # And the ways to other months keep it.
    assert f"month=2027-01&initiative={other.pk}" in page
    assert f"month=2026-11&initiative={other.pk}" in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    "month", ["2026-13", "2026-00", "december", "2026", "1799-12", "0000-01", "2026-12-01x"]
)
def test_a_bad_month_is_said_and_the_filter_stays(world: World, month: str) -> None:
    answer = signed_in(world.alice).get("/calendar/", {"month": month, "initiative": str(world.secret.pk)})
    page = unescape(answer.content.decode())

    assert answer.status_code == 422
    assert 'href="#id_month"' in page
    assert 'aria-invalid="true"' in page
    # As a text: where a browser has a control for months, it would show nothing in its place.
    assert f'<input type="text" name="month" value="{month}"' in page
    assert f'<option value="{world.secret.pk}" selected>' in page
    assert '<table class="cal">' in page


@pytest.mark.django_db
def test_an_initiative_that_is_not_ones_own_is_refused_like_one_that_is_none(world: World) -> None:
    client, said = signed_in(world.alice), set()
    for pk in (world.rival.pk, uuid4(), "nonsense"):
        answer = client.get("/calendar/", {"month": "2026-12", "initiative": str(pk)})
        said.add((answer.status_code, "none of your initiatives" in answer.content.decode()))
        assert f'value="{pk}"' not in answer.content.decode()
    assert said == {(422, True)}


@pytest.mark.django_db
def test_an_empty_month_leads_to_the_next_that_is_not(world: World) -> None:
    assert "Nothing has a date here yet" in page_of(world.harry, month="2026-12")
    assert "nor in one that comes after it" in page_of(world.alice, month="2026-12")
    make_session(world.secret, world.alice, began_on=date(2027, 3, 9), status="planned")
    page = page_of(world.alice, month="2026-12")
    assert "The next is in March 2027" in page
    assert "month=2027-03" in page


@pytest.mark.django_db
def test_as_many_queries_for_thirty_sessions_as_for_one(world: World) -> None:
    client, counted = signed_in(world.alice), []
    for number in (1, 29):
        for day in range(1, number + 1):
            make_session(world.secret, world.alice, began_on=date(2026, 12, day))
        client.get("/calendar/?month=2026-12")
        with CaptureQueriesContext(connection) as queries:
            page = client.get("/calendar/?month=2026-12").content.decode()
        counted.append(len(queries))
        assert page.count('class="ev ') >= number
    assert counted == [QUERIES, QUERIES]


@pytest.mark.django_db
def test_it_is_found_in_the_navigation(world: World) -> None:
    page = page_of(world.alice)
    assert (
        page.count('href="/calendar/" aria-current="page"') == 2
    )  # the rail, and the sheet of a small screen
    assert "<title>Calendar - " in page
