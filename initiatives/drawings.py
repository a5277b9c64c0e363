"""Timelines as inline SVG: classes only, no style, mirrored for right-to-left pages.

Pure: plain values in, markup out. A drawing never shows more than it is given, and the page that uses it says the
same as a list. Lengths are in CSS pixels at the drawing's full width.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language_bidi, ngettext
from django.utils.translation import gettext as _

from initiatives.dates import FOREVER, first_day

WIDE = 994
GUTTER = 158
EDGE = 16
NARROW_LETTERS = frozenset("iljtfr.,:;'|I()1 ")
BROAD_LETTERS = frozenset("mwMWQO@%")


def text_width(text: str, size: float = 12) -> float:
    """An estimate of a text's width, good enough to decide whether a label fits."""
    return 1.06 * size * sum(_letter(letter) for letter in text)


def _letter(letter: str) -> float:
    if letter in NARROW_LETTERS:
        return 0.33
    if letter in BROAD_LETTERS:
        return 0.86
    return 0.50 if "\u0600" <= letter <= "\u06ff" else 0.56


def wrapped(text: str, width: float, size: float = 12) -> list[str]:
    """The words of a label in lines that fit; a single word that does not fit keeps a line of its own."""
    lines: list[str] = []
    for word in text.split():
        if lines and text_width(f"{lines[-1]} {word}", size) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


@dataclass
class Sheet:
    """A drawing in the making. Every x is given left to right and mirrored here when the page runs the other way."""

    width: float
    rtl: bool = field(default_factory=get_language_bidi)
    parts: list[SafeString] = field(default_factory=list)

    def rect(self, x: float, y: float, width: float, height: float, css: str, fill: str = "") -> None:
        paint = format_html(' fill="url(#{})"', fill) if fill else ""
        self.parts.append(
            format_html(
                '<rect x="{}" y="{}" width="{}" height="{}" class="{}"{}/>',
                *_numbers(self._x(x, width), y, width, height),
                css,
                paint,
            )
        )

    def line(self, x1: float, y1: float, x2: float, y2: float, css: str) -> None:
        self.polygon([(x1, y1), (x2, y2)], css, close=False)

    def polygon(self, points: Sequence[tuple[float, float]], css: str, close: bool = True) -> None:
        path = "L".join("{} {}".format(*_numbers(self._x(x), y)) for x, y in points)
        self.parts.append(format_html('<path d="M{}{}" class="{}"/>', path, "z" if close else "", css))

    def text(self, x: float, y: float, text: str, css: str = "", anchor: str = "start") -> None:
        self.parts.append(
            format_html(
                '<text x="{}" y="{}" class="{}" text-anchor="{}">{}</text>',
                *_numbers(self._x(x), y),
                css,
                anchor,
                text,
            )
        )

    def hatch(self, name: str, css: str, step: int = 6) -> None:
        """A pattern that rect() can be filled with."""
        self.parts.append(
            format_html(
                '<defs><pattern id="{}" width="{}" height="{}" patternUnits="userSpaceOnUse" '
                'patternTransform="rotate(45)"><path d="M0 0V{}" class="{}"/></pattern></defs>',
                name,
                step,
                step,
                step,
                css,
            )
        )

    def svg(
        self, height: float, *, prefix: str, title: str, description: str, css: str = "pic"
    ) -> SafeString:
        """The whole drawing, named for those who do not see it."""
        return format_html(
            '<svg class="{}" viewBox="0 0 {} {}" role="img" aria-labelledby="{}-t {}-d">'
            '<title id="{}-t">{}</title><desc id="{}-d">{}</desc>{}</svg>',
            css,
            *_numbers(self.width, height),
            prefix,
            prefix,
            prefix,
            title,
            prefix,
            description,
            format_html_join("", "{}", ((part,) for part in self.parts)),
        )

    def _x(self, x: float, width: float = 0) -> float:
        return self.width - x - width if self.rtl else x


def _numbers(*values: float) -> list[str]:
    return [f"{value:.1f}".removesuffix(".0") for value in values]


@dataclass(frozen=True)
class Axis:
    """Days from `first` to `last`, drawn from `left` to `right`."""

    first: date
    last: date
    left: float
    right: float

    def x(self, day: date) -> float:
        share = (day - self.first).days / max(1, (self.last - self.first).days)
        return self.left + min(1.0, max(0.0, share)) * (self.right - self.left)

    def ticks(self) -> Iterable[tuple[date, bool]]:
        """Days to mark, each with whether it begins a year. The longer the axis, the wider the step."""
        years = (self.last - self.first).days / 365
        day = first_day(self.first, "year")
        while day <= self.last:
            if day >= self.first and (years <= 14 or day.year % 5 == 0):
                yield day, day.month == 1
            day = _months_later(day, 3 if years <= 3 else 12)

    def draw(self, sheet: Sheet, top: float, bottom: float, css: str = "") -> None:
        for day, year in self.ticks():
            sheet.line(self.x(day), top, self.x(day), bottom, "axis" if year else "grid")
            name = str(day.year) if year else date_format(day, "M")
            if self.x(day) + 3 + text_width(name) <= sheet.width:
                sheet.text(self.x(day) + 3, bottom + 16, name, f"{'tb' if year else 't2'} {css}".strip())
        sheet.line(self.left, bottom, self.right, bottom, "axis")


def _months_later(day: date, months: int) -> date:
    month = day.month - 1 + months
    return date(day.year + month // 12, month % 12 + 1, 1)


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
    """An initiative; `sure_until` is where exact knowledge of its end stops, `last` FOREVER while it runs."""

    name: str
    kind: str
    first: date
    last: date
    sure_until: date | None = None
    own: bool = False
    note: str = ""


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
        return mark_safe("")
    axis = _axis(tracks, bars, deadlines, today, width)
    sheet = Sheet(width)
    for name, css in (("stalled", "hg"), ("collapsed", "hb")):
        sheet.hatch(f"{prefix}-{name}", css)
    coming = sorted((mark for mark in deadlines if mark.on >= today), key=lambda mark: mark.on)
    top = 16 * len(coming) + 18
    labels = _label_rows(tracks, bars)
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
    begins += [mark.on for mark in deadlines]
    ends = [mark.on for mark in deadlines] + [bar.last for bar in bars if bar.last != FOREVER] + [today]
    last = _months_later(first_day(max(ends), "month"), 1)
    first = first_day(min([*begins, today]), "year")
    return Axis(first, max(last, first + timedelta(days=365)), GUTTER, width - EDGE)


Row = tuple[TrackRow | Bar, list[str], float]


def _label_rows(tracks: Sequence[TrackRow], bars: Sequence[Bar]) -> list[Row]:
    rows: list[Row] = []
    items: list[TrackRow | Bar] = [*tracks, *bars]
    for item in items:
        lines = wrapped(item.name, GUTTER - 10)
        extra = 12 if isinstance(item, Bar) and item.kind else 0
        rows.append((item, lines, max(36.0, 14.0 * len(lines) + extra + 8)))
    return rows


def _draw_rows(sheet: Sheet, axis: Axis, rows: list[Row], top: float, prefix: str, today: date) -> None:
    y, before = top, None
    for item, lines, height in rows:
        if type(item) is not before:
            heading = _("Official tracks") if isinstance(item, TrackRow) else _("Initiatives you may see")
            sheet.text(0, y + 14, heading, "tb t2 ts")
            y, before = y + 20, type(item)
        for number, line in enumerate(lines):
            sheet.text(0, y + 14 + 14 * number, line, "tb")
        if isinstance(item, TrackRow):
            for band in item.bands:
                _draw_band(sheet, axis, band, y, prefix, today)
        else:
            sheet.text(0, y + 13 + 14 * len(lines), item.kind, "t2 ts")
            _draw_bar(sheet, axis, item, y)
        y += height


def _draw_band(sheet: Sheet, axis: Axis, band: Band, y: float, prefix: str, today: date) -> None:
    if band.phase == "none":
        return
    left, right = axis.x(band.first), axis.x(band.last or max(today, band.first))
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
        sheet.rect(left, y, sure - left, 24, css)
    if sure < right:
        sheet.rect(sure, y, right - sure, 24, f"{css} dash")
    if bar.last == FOREVER:
        tip = axis.right + 11
        sheet.polygon([(axis.right, y), (tip, y + 12), (axis.right, y + 24)], "facc" if bar.own else "off")
    if bar.note and text_width(bar.note, 11) + 12 <= right - left:
        sheet.text(left + 7, y + 16, bar.note, "ts")


def _draw_today(sheet: Sheet, axis: Axis, today: date, top: float, bottom: float) -> None:
    x = axis.x(today)
    sheet.line(x, top - 4, x, bottom + 4, "today")
    half = text_width(_("Today"), 11) / 2
    sheet.text(min(x, sheet.width - half), bottom + 30, _("Today"), "tb ts", "middle")


def _draw_coming(sheet: Sheet, axis: Axis, coming: Sequence[Mark], today: date, bottom: float) -> None:
    """Latest in the top row, each label left of its line, so that no line crosses a label."""
    for number, mark in enumerate(reversed(coming)):
        y, x = 10 + 16 * number, axis.x(mark.on)
        label = _("%(name)s, %(days)s") % {"name": mark.name, "days": days_left(mark.on, today)}
        sheet.line(x, y, x, bottom, "dl")
        sheet.polygon([(x, y - 4), (x - 6, y), (x, y + 4)], "dlf")
        sheet.text(x - 9, y + 4, label, "tw", "end")


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
    facts += [f"{mark.name} {days_left(mark.on, today)}" for mark in coming[:1]]
    return _("%(facts)s. The list below the drawing says the same.") % {"facts": "; ".join(facts)}
