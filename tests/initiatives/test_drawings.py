"""Timelines: everything inside the sheet, mirrored for right-to-left pages, no style, no script."""

from __future__ import annotations

import re
from datetime import date, timedelta
from xml.etree import ElementTree

from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from coordination.drawings import Line, big_ruler, small_ruler, two_on_one_axis
from initiatives.dates import FOREVER, Days
from initiatives.drawings import Band, Bar, Mark, TrackRow, timeline, wrapped

TODAY = date(2026, 1, 15)
days = st.dates(date(1985, 1, 1), date(2032, 1, 1))
names = st.text("abcdefg ABC<>&\"'مرحبا", min_size=1, max_size=60).filter(str.strip)


def bar(name: str, first: date, length: int | None) -> Bar:
    last = FOREVER if length is None else first + timedelta(days=length)
    return Bar(
        name, "Track Two, soft", first, last, sure_until=first + timedelta(days=10), note="known to the year"
    )


def drawn(tracks: tuple[TrackRow, ...] = (), bars: tuple[Bar, ...] = (), marks: tuple[Mark, ...] = ()) -> str:
    return timeline(prefix="t", title="T", tracks=tracks, bars=bars, deadlines=marks, today=TODAY)


@given(
    st.lists(st.builds(bar, names, days, st.none() | st.integers(0, 9000)), max_size=4),
    st.lists(days, max_size=3),
)
def test_everything_lies_on_the_sheet(bars: list[Bar], due: list[date]) -> None:
    picture = drawn(bars=tuple(bars), marks=tuple(Mark("Election", on) for on in due))
    if not bars and not due:
        assert picture == ""
        return
    root = ElementTree.fromstring(picture)
    _zero, _zero, width, height = map(float, root.attrib["viewBox"].split())
    for box in root.iter("rect"):
        x, y, w, h = (float(box.attrib[name]) for name in ("x", "y", "width", "height"))
        assert w >= 0
        assert 0 <= x <= x + w <= width + 0.1
        assert 0 <= y <= y + h <= height
    for text in root.iter("text"):
        assert 0 <= float(text.attrib["x"]) <= width
        assert 0 < float(text.attrib["y"]) <= height


def test_arabic_page_is_mirrored() -> None:
    one = bar("Heron", date(2024, 1, 1), 100)
    with translation.override("en"):
        left = ElementTree.fromstring(drawn(bars=(one,)))
    with translation.override("ar"):
        right = ElementTree.fromstring(drawn(bars=(one,)))

    def boxes(root: ElementTree.Element) -> list[tuple[float, float]]:
        return [(float(box.attrib["x"]), float(box.attrib["width"])) for box in root.iter("rect")]

    assert [round(994 - x - w) for x, w in boxes(left)] == [round(x) for x, _w in boxes(right)]


def test_phases_are_named_and_nothing_carries_style() -> None:
    track = TrackRow("Talks", (Band("negotiation", "Negotiation", date(2024, 1, 1), date(2025, 1, 1)),))
    picture = drawn(tracks=(track,), marks=(Mark("Election <soon>", TODAY + timedelta(days=1)),))

    assert "Negotiation" in picture
    assert "Election &lt;soon&gt;, in 1 day" in picture
    assert not re.search(r"style=|<script|on\w+=", picture)


@given(names)
def test_wrapping_cuts_no_word(name: str) -> None:
    assert " ".join(wrapped(name, 80)).split() == name.split()


@given(st.integers(-7, 16))
def test_ruler_fills_as_many_cells_as_points(points: int) -> None:
    assert small_ruler(points).count('"fboth"') == max(0, points)
    assert big_ruler(points, [8, 3]).count('"fboth"') == max(0, points)


@given(days, st.integers(0, 3000), days, st.none() | st.integers(0, 3000), st.booleans())
def test_two_bars_stay_on_the_sheet(
    one: date, length: int, other: date, rest: int | None, narrow: bool
) -> None:
    first = Line("Amber Heron", Days(one, one + timedelta(days=length)), None, "one")
    last = FOREVER if rest is None else other + timedelta(days=rest)
    second = Line("Pakistan-India Peoples' Forum", Days(other, last), None, "other")
    picture = two_on_one_axis(
        prefix="p", one=first, other=second, shared="3 months", today=TODAY, narrow=narrow
    )

    root = ElementTree.fromstring(picture)
    width = float(root.attrib["viewBox"].split()[2])
    for box in root.iter("rect"):
        x, w = float(box.attrib["x"]), float(box.attrib["width"])
        assert w >= 0
        assert 0 <= x <= x + w <= width + 0.1
