"""The ruler counts points; two bars on one axis stay on their sheet and say in words what they show."""

from __future__ import annotations

import re
from datetime import date, timedelta
from xml.etree import ElementTree

from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from coordination.drawings import Line, big_ruler, small_ruler, two_on_one_axis
from initiatives.dates import FOREVER, Days

TODAY = date(2026, 1, 15)
days = st.dates(date(1985, 1, 1), date(2032, 1, 1))
HERON = Line("Amber Heron", Days(date(2024, 3, 1), FOREVER), None, "March 2024, still running")
BRIDGE = Line(
    "Cedar Bridge",
    Days(date(2024, 10, 1), date(2025, 12, 31)),
    date(2025, 10, 1),
    "October 2024 to quarter 4 of 2025",
)


def pair(one: Line = HERON, other: Line = BRIDGE, narrow: bool = False) -> str:
    return two_on_one_axis(
        prefix="p", one=one, other=other, shared="15 months together", today=TODAY, narrow=narrow
    )


def boxes(picture: str, css: str) -> list[tuple[float, float]]:
    found = (box for box in ElementTree.fromstring(picture).iter("rect") if box.attrib["class"] == css)
    return [(float(box.attrib["x"]), float(box.attrib["width"])) for box in found]


@given(st.integers(-7, 16))
def test_ruler_fills_as_many_cells_as_points(points: int) -> None:
    assert small_ruler(points).count('"fboth"') == max(0, points)
    assert big_ruler(points, [8, 3]).count('"fboth"') == max(0, points)


def test_ruler_names_the_points_of_each_factor_and_the_two_marks() -> None:
    words = [text.text for text in ElementTree.fromstring(big_ruler(15, [8, 3, 2, 2])).iter("text")]

    assert words == ["8 watch", "12 flag", "\u200e+8", "\u200e+3", "\u200e+2", "\u200e+2"]


@given(days, st.integers(0, 3000), days, st.none() | st.integers(0, 3000), st.booleans())
def test_two_bars_stay_on_the_sheet(
    one: date, length: int, other: date, rest: int | None, narrow: bool
) -> None:
    first = Line("Amber Heron", Days(one, one + timedelta(days=length)), None, "one")
    last = FOREVER if rest is None else other + timedelta(days=rest)
    root = ElementTree.fromstring(
        pair(first, Line("Pakistan-India Peoples' Forum", Days(other, last), None, "other"), narrow)
    )

    width = float(root.attrib["viewBox"].split()[2])
    for box in root.iter("rect"):
        x, w = float(box.attrib["x"]), float(box.attrib["width"])
        assert w >= 0
        assert 0 <= x <= x + w <= width + 0.1


def test_inexact_end_is_dashed_and_begins_where_knowledge_stops() -> None:
    ((solid, width),) = boxes(pair(), "sb")
    ((dashed, _rest),) = boxes(pair(), "sb dash")

    assert dashed == round(solid + width, 1)
    assert boxes(pair(), "sa dash") == []


def test_time_together_is_shaded_from_the_later_start() -> None:
    ((shared, _width),) = boxes(pair(), "crowd")
    ((bridge, _width),) = boxes(pair(), "sb")

    assert shared == bridge


def test_two_that_never_met_share_nothing() -> None:
    early = Line("Reed Basket", Days(date(2001, 1, 1), date(2002, 1, 1)), None, "2001")

    assert boxes(pair(one=early), "crowd") == []
    assert "15 months together" not in re.sub(r"<desc.*?</desc>", "", pair(one=early))


def test_the_drawing_says_in_words_what_it_shows_and_carries_no_style() -> None:
    described = ElementTree.fromstring(pair()).findtext("desc")

    assert described == (
        "Amber Heron: March 2024, still running. Cedar Bridge: October 2024 to quarter 4 of 2025. "
        "Together: 15 months together."
    )
    assert not re.search(r"style=|<script| on\w+=", pair())


def test_arabic_page_is_mirrored() -> None:
    with translation.override("en"):
        ((left, width),) = boxes(pair(), "crowd")
    with translation.override("ar"):
        ((right, _width),) = boxes(pair(), "crowd")

    assert abs(684 - left - width - right) < 0.11


def test_long_name_is_shortened_in_the_gutter_and_whole_in_the_description() -> None:
    name = "Stockholm talks (Beilin-Abu Mazen understandings) of the nineties"
    root = ElementTree.fromstring(
        pair(one=Line(name, Days(date(1994, 9, 1), FOREVER), None, ""), narrow=True)
    )

    assert any("…" in (text.text or "") for text in root.iter("text"))
    assert name in (root.findtext("desc") or "")
