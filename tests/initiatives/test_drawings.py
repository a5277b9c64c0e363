"""Timelines: everything inside the sheet, mirrored for right-to-left pages, no style, no script."""

from __future__ import annotations

import re
from datetime import date, timedelta
from itertools import pairwise
from xml.etree import ElementTree

from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from initiatives.dates import FOREVER
from initiatives.drawings import Axis, Band, Bar, Mark, Sheet, TrackRow, text_width, timeline, wrapped
from initiatives.drawings.sheet import cut_short

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
    assert "\u2068Election &lt;soon&gt;\u2069, in 1 day" in picture
    assert not re.search(r"style=|<script|on\w+=", picture)


def test_word_too_wide_for_its_band_stands_above_it() -> None:
    bands = (
        Band("implementation", "Implementation", date(2022, 1, 1), TODAY - timedelta(days=9)),
        Band("collapsed", "Collapsed", TODAY - timedelta(days=9)),
    )
    words = {
        text.text: float(text.attrib["y"])
        for text in ElementTree.fromstring(drawn(tracks=(TrackRow("Commission", bands),))).iter("text")
    }

    assert words["Collapsed"] < words["Implementation"]


def test_label_of_a_near_deadline_is_not_cut_at_the_edge() -> None:
    label = "The authorisation of the naval escort is up for renewal by the assembly of the basin"
    root = ElementTree.fromstring(drawn(marks=(Mark(label, TODAY + timedelta(days=3)),)))
    (text,) = (text for text in root.iter("text") if "authorisation" in (text.text or ""))
    left = float(text.attrib["x"])

    assert text.attrib["text-anchor"] == "start"
    assert left + text_width(text.text or "") <= 994


@given(days, st.integers(0, 20000), st.sampled_from([216.0, 520.0, 820.0]))
def test_names_on_the_axis_do_not_touch(first: date, length: int, room: float) -> None:
    sheet = Sheet(room + 100, rtl=False)
    Axis(first, first + timedelta(days=length), 88, 88 + room).draw(sheet, 0, 100)
    words = [text for text in sheet.parts if text.startswith("<text")]
    ends = sorted(
        (float(text.attrib["x"]), float(text.attrib["x"]) + text_width(text.text or ""))
        for text in map(ElementTree.fromstring, words)
    )

    assert all(end < begin for (_begin, end), (begin, _end) in pairwise(ends))


@given(names)
def test_wrapped_lines_fit_and_lose_no_letter(name: str) -> None:
    lines = wrapped(name, 80)

    assert "".join("".join(lines).split()) == "".join(name.split())
    assert all(text_width(line) <= 80 for line in lines)


def test_long_names_break_after_hyphens_first() -> None:
    assert wrapped("Israeli-Palestinian talks", 90) == ["Israeli-", "Palestinian", "talks"]


@given(names, st.integers(20, 200))
def test_cut_short_fits(name: str, room: int) -> None:
    assert text_width(cut_short(name, room)) <= room


def test_nothing_to_draw_is_no_drawing() -> None:
    assert drawn() == ""
