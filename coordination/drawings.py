"""The ruler of overlap points, and two initiatives on one axis. Pure: plain values in, markup out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language_bidi
from django.utils.translation import gettext as _

from initiatives.dates import FOREVER, Days, first_day
from initiatives.drawings import Axis, Sheet, isolated, text_width, wrapped

CELLS, WATCH, FLAG = 16, 8, 12
LEFT_TO_RIGHT_MARK = "\u200e"


def small_ruler(points: int) -> SafeString:
    """Sixteen cells, filled up to the points, marked at watch and flag; silent, the number stands next to it."""
    sheet = Sheet(74)
    _cells(sheet, points, 0, 7)
    for mark in (WATCH, FLAG):
        sheet.rect(mark * 75 / CELLS - 1.5, 0, 1.5, 11, "fink")
    return format_html(
        '<svg class="gl" width="74" height="11" viewBox="0 0 74 11" aria-hidden="true" focusable="false">{}</svg>',
        _joined(sheet),
    )


def big_ruler(points: int, steps: Sequence[int], width: int = 430) -> SafeString:
    """The same with the points of each factor above its run of cells. `steps`: the positive ones, in order."""
    sheet = Sheet(width)
    _cells(sheet, points, 16, 20)
    cell = (width + 1) / CELLS
    for mark, name in ((WATCH, _("8 watch")), (FLAG, _("12 flag"))):
        sheet.rect(mark * cell - 1.5, 15, 1.5, 25, "fink")
        sheet.text(mark * cell - 1, 54, name, "ts t2", "middle")
    done = 0
    for step in steps:
        if done + step > CELLS:
            break
        sheet.text((done + step / 2) * cell - 0.5, 11, f"{LEFT_TO_RIGHT_MARK}+{step}", "ts", "middle")
        done += step
    return format_html(
        '<svg class="pic" viewBox="0 0 {} 58" aria-hidden="true" focusable="false">{}</svg>',
        width,
        _joined(sheet),
    )


def _cells(sheet: Sheet, points: int, y: float, height: float) -> None:
    width = (sheet.width - CELLS + 1) / CELLS
    for number in range(CELLS):
        css = "fboth" if number < points else "off"
        sheet.rect(number * (width + 1), y, width, height, css)


def _joined(sheet: Sheet) -> SafeString:
    return format_html_join("", "{}", ((part,) for part in sheet.parts))


@dataclass(frozen=True)
class Line:
    """One of the two: what it is called, when it runs, its dates in words."""

    name: str
    days: Days
    sure_until: date | None
    text: str


def two_on_one_axis(
    *, prefix: str, one: Line, other: Line, shared: str, today: date, narrow: bool = False
) -> SafeString:
    """Two bars on one axis with the time together hatched between them; `shared` is its length in words."""
    width, gutter, edge = (318, 88, 14) if narrow else (684, 150, 14)
    axis = _axis(one.days, other.days, today, gutter, width - edge)
    sheet = Sheet(width, rtl=get_language_bidi())
    sheet.hatch(f"{prefix}-h", "hl")
    first, last = max(one.days.first, other.days.first), min(one.days.last, other.days.last)
    if first <= last:
        left, right = axis.x(first), axis.x(min(last, axis.last))
        sheet.rect(left, 24, right - left, 92, "crowd")
        sheet.rect(left, 66, right - left, 16, "", fill=f"{prefix}-h")
    axis.draw(sheet, 24, 116, "ts")
    _bar(sheet, axis, one, 36, "sa", "fa", gutter)
    _bar(sheet, axis, other, 86, "sb", "fb", gutter)
    if first <= last:
        half = text_width(shared, 11) / 2
        middle = min(max((left + right) / 2, gutter + half), width - half)
        sheet.text(middle, 78, shared, "tp ts halo", "middle")
    _today(sheet, axis, today)
    told = _("%(one)s: %(one_text)s. %(other)s: %(other_text)s. Together: %(shared)s.") % {
        "one": one.name,
        "one_text": one.text,
        "other": other.name,
        "other_text": other.text,
        "shared": shared,
    }
    return sheet.svg(140, prefix=prefix, title=_("Both timelines on one axis"), description=told)


def _axis(one: Days, other: Days, today: date, left: float, right: float) -> Axis:
    ends = [days.last for days in (one, other) if days.last != FOREVER]
    running = len(ends) < 2
    last = max([*ends, today]) if running else max(ends)
    first = first_day(min(one.first, other.first), "year")
    return Axis(first, max(last, first + timedelta(days=365)), left, right)


def _bar(sheet: Sheet, axis: Axis, line: Line, y: float, css: str, tip: str, gutter: float) -> None:
    left = axis.x(line.days.first)
    running = line.days.last == FOREVER
    right = axis.right if running else max(left + 3, axis.x(line.days.last))
    sure = right if line.sure_until is None else min(right, max(left, axis.x(line.sure_until)))
    if sure > left:
        sheet.rect(left, y, sure - left, 26, css)
    if sure < right:
        sheet.rect(sure, y, right - sure, 26, f"{css} dash")
    if running:
        sheet.polygon([(axis.right, y), (axis.right + 12, y + 13), (axis.right, y + 26)], tip)
    _name(sheet, line.name, y, gutter)
    if text_width(line.text) + 14 <= right - left:
        sheet.text(left + 8, y + 17, line.text, "")


def _name(sheet: Sheet, name: str, y: float, gutter: float) -> None:
    """In one line of 12 px if it fits, else in lines of 11 px, the last one cut short."""
    if text_width(name) <= gutter - 6:
        sheet.text(0, y + 17, isolated(name), "tb")
        return
    lines = wrapped(name, gutter - 18, 11)
    for number, line in enumerate(lines[:3]):
        text = line + ("…" if number == 2 and len(lines) > 3 else "")
        sheet.text(0, y + 6 + 12 * number, isolated(text), "tb ts")


def _today(sheet: Sheet, axis: Axis, today: date) -> None:
    if axis.first <= today <= axis.last:
        x = axis.x(today)
        sheet.line(x, 17, x, 122, "today")
        half = text_width(_("Today"), 11) / 2
        sheet.text(min(x, sheet.width - half), 13, _("Today"), "tb ts", "middle")
