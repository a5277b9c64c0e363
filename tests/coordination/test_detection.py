"""The points table: against the written-out oracle, on every edge of its levels, and on the real register."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coordination import detection
from coordination.detection import MatchingCard, overlaps, score
from initiatives.dates import days_of, first_day, parse
from initiatives.enums import Theme, TrackType
from tests.coordination import oracle

DEMO = Path(__file__).parents[2] / "demo"
ROOT, CHILD, GRANDCHILD, SIBLING, OTHER_ROOT = (UUID(int=number) for number in range(100, 105))
PATHS = [
    (ROOT,),
    (ROOT, CHILD),
    (ROOT, CHILD, GRANDCHILD),
    (ROOT, SIBLING),
    (OTHER_ROOT,),
]
SIDES = [UUID(int=number) for number in range(200, 206)]
FACTIONS = {UUID(int=300): SIDES[0], UUID(int=301): SIDES[0], UUID(int=302): SIDES[1]}


def matching_card(pk: int, card: dict[str, Any]) -> MatchingCard:
    return MatchingCard(
        id=UUID(int=pk),
        lineage=card["path"],
        track_type=card["track_type"],
        days=days_of(card["began_on"], card["began_precision"], card["ended_on"], card["ended_precision"]),
        themes=frozenset(card["themes"]),
        parties=frozenset(card["sides"]),
    )


def plain(**fields: Any) -> dict[str, Any]:
    return {
        "path": (ROOT,),
        "track_type": "t2_hard",
        "began_on": date(2001, 1, 1),
        "began_precision": "day",
        "ended_on": date(2001, 12, 31),
        "ended_precision": "day",
        "themes": [],
        "sides": [],
        "matching": "on",
    } | fields


@st.composite
def cards(draw: st.DrawFn) -> dict[str, Any]:
    precisions = st.sampled_from(["day", "month", "quarter", "year"])
    begins, ends = draw(precisions), draw(precisions)
    dates = st.dates(date(2000, 1, 1), date(2004, 12, 31))
    began = first_day(draw(dates), begins)
    ended = draw(st.none() | dates)
    if ended is not None:
        ended = max(first_day(ended, ends), first_day(began, ends))
    return plain(
        path=draw(st.sampled_from(PATHS)),
        track_type=draw(st.sampled_from(["t2_hard", "t2_soft"])),
        began_on=began,
        began_precision=begins,
        ended_on=ended,
        ended_precision=ends,
        themes=draw(st.lists(st.sampled_from(Theme.values[:7]), unique=True)),
        sides=draw(st.lists(st.sampled_from(SIDES), unique=True, max_size=4)),
    )


@given(one=cards(), other=cards())
@settings(max_examples=1500, deadline=None)
def test_points_equal_the_oracle(one: dict[str, Any], other: dict[str, Any]) -> None:
    expected = oracle.points(one, other)
    factors = detection.factors_of(matching_card(1, one), matching_card(2, other))

    assert (factors is None) == (expected is None)
    if factors is not None:
        assert sum(factor["points"] for factor in factors.values()) == expected
    found = score(matching_card(1, one), matching_card(2, other))
    assert (found.points if found else None) == (expected if expected is not None and expected >= 8 else None)


@given(one=cards(), other=cards())
@settings(max_examples=300, deadline=None)
def test_order_of_the_pair_does_not_matter(one: dict[str, Any], other: dict[str, Any]) -> None:
    first, second = matching_card(1, one), matching_card(2, other)

    assert score(first, second) == score(second, first)


@given(register=st.lists(cards(), max_size=14), chosen=st.sets(st.integers(1, 14), max_size=5))
@settings(max_examples=400, deadline=None)
def test_search_finds_exactly_what_looking_at_every_pair_finds(
    register: list[dict[str, Any]], chosen: set[int]
) -> None:
    by_id = {UUID(int=pk): card for pk, card in enumerate(register, 1)}
    packed = [matching_card(pk, card) for pk, card in enumerate(register, 1)]
    among = {UUID(int=pk) for pk in chosen}
    expected = oracle.pairs(by_id)

    found = list(overlaps(packed))
    some = list(overlaps(packed, among))

    assert {(o.first, o.second): (o.score.points, o.score.band) for o in found} == expected
    assert len(found) == len(expected), "a pair was found twice"
    touching = {pair: value for pair, value in expected.items() if among & set(pair)}
    assert {(o.first, o.second): (o.score.points, o.score.band) for o in some} == touching
    assert len(some) == len(touching), "a pair was found twice"


# A third way to say the table: the edges of each level, by hand.
@pytest.mark.parametrize(
    ("shared", "union", "points"),
    [(3, 5, 8), (1, 2, 8), (2, 5, 6), (7, 20, 6), (1, 3, 3), (1, 5, 3), (1, 6, 1), (0, 4, -4), (6, 6, 8)],
)
def test_themes_at_their_edges(shared: int, union: int, points: int) -> None:
    assert detection.theme_points(shared, union) == points


@pytest.mark.parametrize(
    ("shared", "smaller", "points"), [(2, 2, 3), (1, 2, 2), (2, 3, 2), (1, 3, 1), (0, 1, -3)]
)
def test_parties_at_their_edges(shared: int, smaller: int, points: int) -> None:
    assert detection.party_points(shared, smaller) == points


@pytest.mark.parametrize(("shared", "shorter", "points"), [(5, 10, 2), (4, 10, 1), (1, 4, 1), (1, 5, 0)])
def test_time_at_its_edges(shared: int, shorter: int, points: int) -> None:
    assert detection.time_points(shared, shorter) == points


def test_two_that_still_run_share_all_of_the_shorter() -> None:
    one = matching_card(1, plain(ended_on=None))
    other = matching_card(2, plain(began_on=date(2020, 1, 1), ended_on=None))

    factors = detection.factors_of(one, other)

    assert factors is not None
    assert factors["time"]["points"] == 2
    assert factors["time"]["open"] is True
    assert factors["time"]["shared_days"] == factors["time"]["shorter_days"]


def test_missing_evidence_adds_nothing() -> None:
    bare, full = plain(), plain(themes=["ceasefire"], sides=[SIDES[0]])

    factors = detection.factors_of(matching_card(1, bare), matching_card(2, full))

    assert factors is not None
    assert factors["themes"] == {"points": 0, "shared": 0, "union": 1}
    assert factors["parties"] == {"points": 0, "shared": 0, "smaller": 0}


def test_a_year_means_the_whole_year() -> None:
    year = plain(began_on=date(2001, 1, 1), began_precision="year", ended_on=date(2001, 1, 1))
    year["ended_precision"] = "year"
    december = plain(began_on=date(2001, 12, 31), ended_on=date(2002, 12, 31))

    assert detection.factors_of(matching_card(1, year), matching_card(2, december)) is not None


def test_fingerprint_ignores_a_day_and_notices_a_theme() -> None:
    base = plain(themes=["ceasefire"], sides=SIDES[:2])
    other = matching_card(2, base)
    before = score(matching_card(1, base), other)
    day_later = score(matching_card(1, base | {"ended_on": date(2001, 12, 30)}), other)
    theme_more = score(matching_card(1, base | {"themes": ["ceasefire", "elections"]}), other)

    assert before is not None
    assert day_later is not None
    assert theme_more is not None
    assert before.fingerprint == day_later.fingerprint != theme_more.fingerprint
    assert before.factors != day_later.factors


def test_only_integers_and_truth_values_are_stored() -> None:
    found = score(*(matching_card(pk, plain(themes=["ceasefire"], sides=SIDES[:1])) for pk in (1, 2)))

    assert found is not None
    assert {type(value) for factor in found.factors.values() for value in factor.values()} == {int, bool}
    assert set(found.factors) == {"themes", "parties", "time", "conflict", "track_type"}


def rows_of(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((DEMO / name).read_text(encoding="utf-8").splitlines()))


def register_of_the_demo() -> dict[str, MatchingCard]:
    """The historic register as matching cards, read here without the importer."""
    rows = rows_of("historic_initiatives.csv")
    names = sorted({row["conflict"] for row in rows} | {row["parent_conflict"] for row in rows} - {""})
    conflict = {name: UUID(int=1000 + number) for number, name in enumerate(names)}
    above = {row["conflict"]: row["parent_conflict"] for row in rows}
    sides = sorted({side for row in rows for side in row["sides"].split(";")})
    found = {}
    for number, row in enumerate(rows, 1):
        path = [row["conflict"]]
        while above.get(path[0]):
            path.insert(0, above[path[0]])
        began = parse(row["start"])
        ended = parse(row["end"]) if row["end"] else None
        assert row["track_type"] in TrackType.values
        found[row["ref"]] = MatchingCard(
            id=UUID(int=number),
            lineage=tuple(conflict[name] for name in path),
            track_type=row["track_type"],
            days=days_of(*began, *(ended or (None, "day"))),
            themes=frozenset(row["themes"].split(";")),
            parties=frozenset(UUID(int=5000 + sides.index(side)) for side in row["sides"].split(";")),
        )
    return found


def expected_of_the_demo() -> list[tuple[str, str, str]]:
    rows = rows_of("historic_expected_overlaps.csv")
    return [(row["first"], row["second"], row["expected"]) for row in rows]


@pytest.mark.parametrize(("first", "second", "expected"), expected_of_the_demo())
def test_real_register(first: str, second: str, expected: str) -> None:
    register = register_of_the_demo()

    factors = detection.factors_of(register[first], register[second])

    points = sum(factor["points"] for factor in factors.values()) if factors else None
    if expected == "flag":
        assert points is not None
        assert points >= 13
    else:
        assert points is None or points <= 3
