"""The timeline of a conflict: official phases, initiatives with what happened inside, deadlines, today.

Pure: plain values in, markup out. A drawing never shows more than it is given, and the page that uses it says the
same as a list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from confidentiality.words import isolated, listed
from initiatives.dates import FOREVER, first_day
from initiatives.drawings.sheet import Axis, Sheet, cut_short, months_later, text_width, wrapped
from initiatives.drawings.ticks import LANE, Tick, draw_ticks, lanes

WIDE = 994
GUTTER = 158
EDGE = 16
BAR = 24


@dataclass(frozen=True)
class Band:
    """A phase of an official track; `last` None: until now."""

    phase: str
    label: str
    first: date
    last: date | None = None


@dataclass(frozen=True)
class TrackRow:
    name: str
    bands: tuple[Band, ...]


@dataclass(frozen=True)
class Bar:
    """An initiative; `sure_until` is where exact knowledge of its end stops, `last` FOREVER while it runs.

    `ticks`: what happened inside, as far as the reader may know.
    """

    name: str
    kind: str
    first: date
    last: date
    sure_until: date | None = None
    own: bool = False
    note: str = ""
    ticks: tuple[Tick, ...] = ()

    @property
    def height(self) -> float:
        """A line for the note, then one for each lane of ticks."""
        used = LANE * len(lanes(self.ticks))
        return max(BAR, used + (BAR - 4 if self.note else 6)) if used else BAR


@dataclass(frozen=True)
class Mark:
    """A dated external pressure."""

    name: str
    on: date


BAND_CSS = {"negotiation": "smid", "agreement": "sok", "implementation": "sok"}
BAND_HATCH: dict[str, Literal["stalled", "collapsed"]] = {"stalled": "stalled", "collapsed": "collapsed"}


def timeline(
    *,
    prefix: str,
    title: str,
    tracks: Sequence[TrackRow],
    bars: Sequence[Bar],
    deadlines: Sequence[Mark],
    today: date,
    width: int = WIDE,
) -> SafeString:
    """Official phases as bands, initiatives as bars, deadlines as lines, today. Empty when there is nothing to draw."""
    if not (tracks or bars or deadlines):
        return SafeString("")
    axis = _axis(tracks, bars, deadlines, today, width)
    sheet = Sheet(width)
    for name, css in (("stalled", "hg"), ("collapsed", "hb")):
        sheet.hatch(f"{prefix}-{name}", css)
    coming = sorted((mark for mark in deadlines if mark.on >= today), key=lambda mark: mark.on)
    top = 16 * len(coming) + 18
    labels = _label_rows(axis, tracks, bars, today)
    bottom = top + sum(height for _item, _lines, height in labels) + 20 * (bool(tracks) + bool(bars))
    axis.draw(sheet, top, bottom)
    for mark in deadlines:
        if axis.first <= mark.on < today:
            sheet.line(axis.x(mark.on), top, axis.x(mark.on), bottom, "axis dash")
    _draw_rows(sheet, axis, labels, top, prefix, today)
    _draw_today(sheet, axis, today, top, bottom)
    _draw_coming(sheet, axis, coming, today, bottom)
    return sheet.svg(
        bottom + 34,
        prefix=prefix,
        title=title,
        description=_described(tracks, bars, coming, today),
        css="pic fix",
    )


def _axis(
    tracks: Sequence[TrackRow], bars: Sequence[Bar], deadlines: Sequence[Mark], today: date, width: int
) -> Axis:
    begins = [band.first for row in tracks for band in row.bands] + [bar.first for bar in bars]
    begins += [mark.on for mark in deadlines] + [tick.first for bar in bars for tick in bar.ticks]
    ends = [mark.on for mark in deadlines] + [bar.last for bar in bars if bar.last != FOREVER] + [today]
    ends += [tick.last for bar in bars for tick in bar.ticks]
    last = months_later(first_day(max(ends), "month"), 1)
    first = first_day(min([*begins, today]), "year")
    return Axis(first, max(last, first + timedelta(days=365)), GUTTER, width - EDGE)


Row = tuple[TrackRow | Bar, list[str], float]


def _label_rows(axis: Axis, tracks: Sequence[TrackRow], bars: Sequence[Bar], today: date) -> list[Row]:
    rows: list[Row] = []
    items: list[TrackRow | Bar] = [*tracks, *bars]
    for item in items:
        lines = wrapped(item.name, GUTTER - 10)
        extra = 12 if isinstance(item, Bar) and item.kind else 0
        if isinstance(item, TrackRow) and _outside(axis, item, today):
            lines, extra = ["", *lines], 6
        inside = item.height if isinstance(item, Bar) else BAR
        rows.append((item, lines, max(inside + 12.0, 14.0 * len(lines) + extra + 8)))
    return rows


def _outside(axis: Axis, row: TrackRow, today: date) -> list[Band]:
    """Bands too narrow for their word; it stands above them."""
    return [band for band in row.bands if band.phase != "none" and not _fits(axis, band, today)]


def _fits(axis: Axis, band: Band, today: date) -> bool:
    left, right = _ends(axis, band, today)
    return text_width(band.label, 11) <= right - left


def _ends(axis: Axis, band: Band, today: date) -> tuple[float, float]:
    return axis.x(band.first), axis.x(band.last or max(today, band.first))


def _draw_rows(sheet: Sheet, axis: Axis, rows: list[Row], top: float, prefix: str, today: date) -> None:
    y, before = top, None
    for item, lines, height in rows:
        if type(item) is not before:
            heading = _("Official tracks") if isinstance(item, TrackRow) else _("Initiatives you may see")
            sheet.text(0, y + 14, heading, "tb t2 ts")
            y, before = y + 20, type(item)
        for number, line in enumerate(lines):
            if line:
                sheet.text(0, y + 14 + 14 * number, isolated(line), "tb")
        if isinstance(item, TrackRow):
            _draw_track(sheet, axis, item, y, prefix, today)
        else:
            sheet.text(0, y + 13 + 14 * len(lines), item.kind, "t2 ts")
            _draw_bar(sheet, axis, item, y)
        y += height


def _draw_track(sheet: Sheet, axis: Axis, row: TrackRow, y: float, prefix: str, today: date) -> None:
    """Bands side by side; above them, in their order, the words that found no room inside."""
    outside = _outside(axis, row, today)
    for band in row.bands:
        if band.phase != "none":
            _draw_band(sheet, axis, band, y + (14 if outside else 0), prefix, today)
    taken = 0.0
    for band in outside:
        width = text_width(band.label, 11)
        left = max(axis.left, _ends(axis, band, today)[1] - width, taken)
        if left + width <= sheet.width:
            sheet.text(left, y + 10, band.label, "ts halo")
            taken = left + width + 6


def _draw_band(sheet: Sheet, axis: Axis, band: Band, y: float, prefix: str, today: date) -> None:
    left, right = _ends(axis, band, today)
    sheet.rect(left, y, right - left, 28, BAND_CSS.get(band.phase, "sn"))
    if band.phase in BAND_HATCH:
        sheet.rect(left, y, right - left, 28, "", fill=f"{prefix}-{BAND_HATCH[band.phase]}")
    width = text_width(band.label)
    if width + 10 <= right - left:
        sheet.text(left + 6, y + 18, band.label, "halo" if band.phase in BAND_HATCH else "")
    elif text_width(band.label, 11) <= right - left:
        sheet.text(left + 2, y + 18, band.label, "ts halo")


def _draw_bar(sheet: Sheet, axis: Axis, bar: Bar, y: float) -> None:
    css = "sown" if bar.own else "sn"
    left = axis.x(bar.first)
    right = axis.right if bar.last == FOREVER else max(left + 3, axis.x(bar.last + timedelta(days=1)))
    sure = right if bar.sure_until is None else min(right, max(left, axis.x(bar.sure_until)))
    if sure > left:
        sheet.rect(left, y, sure - left, bar.height, css)
    if sure < right:
        sheet.rect(sure, y, right - sure, bar.height, f"{css} dash")
    if bar.last == FOREVER:
        tip, low = axis.right + 11, y + bar.height
        sheet.polygon([(axis.right, y), (tip, y + bar.height / 2), (axis.right, low)], _tip_css(bar))
    draw_ticks(sheet, axis, bar.ticks, y + bar.height - LANE * len(lanes(bar.ticks)) - 2)
    if bar.note and text_width(bar.note, 11) + 12 <= right - left:
        sheet.text(left + 7, y + 16, isolated(bar.note), "ts")


def _tip_css(bar: Bar) -> str:
    return "facc" if bar.own else "smid"


def _draw_today(sheet: Sheet, axis: Axis, today: date, top: float, bottom: float) -> None:
    x = axis.x(today)
    sheet.line(x, top - 4, x, bottom + 4, "today")
    half = text_width(_("Today"), 11) / 2
    sheet.text(min(x, sheet.width - half), bottom + 30, _("Today"), "tb ts", "middle")


def _draw_coming(sheet: Sheet, axis: Axis, coming: Sequence[Mark], today: date, bottom: float) -> None:
    """Latest in the top row, each label left of its line, so that no line crosses a label; right of it only when
    the left has no room, with a halo where it meets later lines."""
    rows = [(10 + 16 * number, axis.x(mark.on), mark) for number, mark in enumerate(reversed(coming))]
    for y, x, _mark in rows:
        sheet.line(x, y, x, bottom, "dl")
        sheet.polygon([(x, y - 4), (x - 6, y), (x, y + 4)], "dlf")
    for y, x, mark in rows:
        days = days_left(mark.on, today)
        left, right = x - 9, sheet.width - x - 9
        label = _("%(name)s, %(days)s") % {"name": isolated(mark.name), "days": days}
        if text_width(label) > max(left, right):
            room = max(left, right) - text_width(_("%(name)s, %(days)s") % {"name": "", "days": days})
            label = _("%(name)s, %(days)s") % {"name": isolated(cut_short(mark.name, room)), "days": days}
        if text_width(label) <= left or left >= right:
            sheet.text(x - 9, y + 4, label, "tw", "end")
        else:
            sheet.text(x + 9, y + 4, label, "tw halo")


def days_left(on: date, today: date) -> str:
    """How far off a day is, in words."""
    days = (on - today).days
    if days == 0:
        return _("today")
    return ngettext("in %(days)d day", "in %(days)d days", days) % {"days": days}


def _described(tracks: Sequence[TrackRow], bars: Sequence[Bar], coming: Sequence[Mark], today: date) -> str:
    facts = [
        ngettext("%(n)d official track", "%(n)d official tracks", len(tracks)) % {"n": len(tracks)},
        ngettext("%(n)d initiative", "%(n)d initiatives", len(bars)) % {"n": len(bars)},
    ]
    if inside := sum(len(bar.ticks) for bar in bars):
        facts.append(
            ngettext("%(n)d session or transfer", "%(n)d sessions and transfers", inside) % {"n": inside}
        )
    facts += [f"{mark.name} {days_left(mark.on, today)}" for mark in coming[:1]]
    return _("%(facts)s. The list below the drawing says the same.") % {"facts": listed(facts, facts=True)}
