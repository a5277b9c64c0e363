"""The sheet that drawings are made on, its axis of days, and how wide a text will be.

Inline SVG with classes only, no style, mirrored for right-to-left pages. Lengths are in CSS pixels at full width.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date

from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language_bidi

from initiatives.dates import first_day

NARROW_LETTERS = frozenset("iljtfr.,:;'|I()1 ")
ISOLATES = frozenset("\u2068\u2069")
BROAD_LETTERS = frozenset("mwMWQO@%")


def text_width(text: str, size: float = 12) -> float:
    """An estimate of a text's width, good enough to decide whether a label fits."""
    return 1.06 * size * sum(_letter(letter) for letter in text)


def _letter(letter: str) -> float:
    if letter in ISOLATES:
        return 0
    if letter in NARROW_LETTERS:
        return 0.33
    if letter in BROAD_LETTERS:
        return 0.86
    return 0.50 if "\u0600" <= letter <= "\u06ff" else 0.56


def wrapped(text: str, width: float, size: float = 12) -> list[str]:
    """A label in lines that fit: broken at spaces, else after hyphens, inside a word only where nothing else helps."""
    lines: list[str] = []
    for word in text.split():
        if lines and text_width(f"{lines[-1]} {word}", size) <= width:
            lines[-1] += f" {word}"
            continue
        lines.append("")
        for piece in _pieces(word, width, size):
            if lines[-1] and text_width(lines[-1] + piece, size) > width:
                lines.append("")
            lines[-1] += piece
    return lines


def _pieces(word: str, width: float, size: float) -> list[str]:
    """A word as one piece if it fits in a line, else cut after its hyphens, else letter by letter."""
    if text_width(word, size) <= width:
        return [word]
    parts = [part for part in re.split(r"(?<=-)", word) if part]
    return [piece for part in parts for piece in ([part] if text_width(part, size) <= width else part)]


def cut_short(text: str, width: float, size: float = 12) -> str:
    """The text if it fits, else its beginning and an ellipsis; whoever draws it says the whole in a list."""
    if text_width(text, size) <= width:
        return text
    while text and text_width(f"{text}…", size) > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


@dataclass
class Sheet:
    """A drawing in the making. Every x is given left to right and mirrored here when the page runs the other way."""

    width: float
    rtl: bool = field(default_factory=get_language_bidi)
    parts: list[SafeString] = field(default_factory=list)
    linked: bool = False

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

    def disc(self, x: float, y: float, radius: float, css: str) -> None:
        self.parts.append(
            format_html('<circle cx="{}" cy="{}" r="{}" class="{}"/>', *_numbers(self._x(x), y, radius), css)
        )

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

    @contextmanager
    def link(self, href: str, told: str) -> Iterator[None]:
        """What is drawn inside leads to a page, for the mouse; for others, the list beside the drawing does."""
        outer, self.parts = self.parts, []
        yield
        inner = format_html_join("", "{}", ((part,) for part in self.parts))
        outer.append(format_html('<a href="{}" tabindex="-1"><title>{}</title>{}</a>', href, told, inner))
        self.parts, self.linked = outer, True

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
        """The whole drawing, named for those who do not see it. An image must not hold links: then it is a group."""
        drawn = format_html_join("", "{}", ((part,) for part in self.parts))
        if self.linked:
            drawn = format_html('<g aria-hidden="true">{}</g>', drawn)
        return format_html(
            '<svg class="{}" viewBox="0 0 {} {}" role="{}" aria-labelledby="{}-t {}-d">'
            '<title id="{}-t">{}</title><desc id="{}-d">{}</desc>{}</svg>',
            css,
            *_numbers(self.width, height),
            "group" if self.linked else "img",
            prefix,
            prefix,
            prefix,
            title,
            prefix,
            description,
            drawn,
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
            day = months_later(day, 3 if years <= 3 else 12)

    def draw(self, sheet: Sheet, top: float, bottom: float, css: str = "") -> None:
        for day, year in self.ticks():
            sheet.line(self.x(day), top, self.x(day), bottom, "axis" if year else "grid")
        for left, name, year in self._names(sheet.width):
            sheet.text(left, bottom + 16, name, f"{'tb' if year else 't2'} {css}".strip())
        sheet.line(self.left, bottom, self.right, bottom, "axis")

    def _names(self, width: float) -> list[tuple[float, str, bool]]:
        """Names of the ticks that have room: years first, then months between them."""
        placed: list[tuple[float, str, bool]] = []
        for day, year in sorted(self.ticks(), key=lambda tick: (not tick[1], tick[0])):
            left, name = self.x(day) + 3, str(day.year) if year else date_format(day, "M")
            right = left + text_width(name)
            if right <= width and all(
                right + 4 <= other or other + text_width(text) + 4 <= left for other, text, _year in placed
            ):
                placed.append((left, name, year))
        return placed


def months_later(day: date, months: int) -> date:
    month = day.month - 1 + months
    return date(day.year + month // 12, month % 12 + 1, 1)
