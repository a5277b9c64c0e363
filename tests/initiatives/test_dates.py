"""Dates with precision: what they cover, and that writing and reading them are inverse."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from initiatives.dates import FOREVER, Days, days_of, first_day, last_day, length, parse, shared_days, text_of
from initiatives.enums import Precision

any_date = st.dates(date(1900, 1, 1), date(2100, 12, 31))
precision = st.sampled_from(Precision.values)
ranges = st.tuples(any_date, st.integers(0, 4000)).map(lambda r: Days(r[0], r[0] + timedelta(days=r[1])))


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2002", date(2002, 1, 1), date(2002, 12, 31)),
        ("2002-Q3", date(2002, 7, 1), date(2002, 9, 30)),
        ("2004-02", date(2004, 2, 1), date(2004, 2, 29)),
        ("2002-07-15", date(2002, 7, 15), date(2002, 7, 15)),
    ],
)
def test_text_covers_its_period(text: str, first: date, last: date) -> None:
    read = parse(text)

    assert (first_day(*read), last_day(*read)) == (first, last)
    assert text_of(*read) == text


@pytest.mark.parametrize(
    "text",
    ["", "02", "2002-13", "2002-02-30", "2002-Q5", "15.7.2002", "2002-7", "٢٠٠٢", "2002-07-15T00:00", "0000"],
)
def test_nonsense_says_what_was_expected(text: str) -> None:
    with pytest.raises(ValueError, match=r"2002|no such date"):
        parse(text)


@given(any_date, precision)
def test_period_holds_its_date_and_starts_at_its_own_start(on: date, known: str) -> None:
    first, last = first_day(on, known), last_day(on, known)

    assert first <= on <= last
    assert (first_day(first, known), last_day(first, known)) == (first, last)
    assert first_day(last + timedelta(days=1), known) == last + timedelta(days=1)
    assert parse(text_of(first, known)) == (first, known)


@given(any_date, precision, st.none() | any_date, precision)
def test_range_runs_from_first_to_last_day(began: date, b: str, ended: date | None, e: str) -> None:
    days = days_of(began, b, ended, e)

    assert days.first == first_day(began, b)
    assert days.last == (FOREVER if ended is None else last_day(ended, e))


@given(ranges, ranges)
def test_shared_days_count_the_days_in_both(one: Days, other: Days) -> None:
    def listed(days: Days) -> set[int]:
        return set(range(days.first.toordinal(), days.last.toordinal() + 1))

    assert shared_days(one, other) == shared_days(other, one) == len(listed(one) & listed(other))
    assert length(one) == len(listed(one))
