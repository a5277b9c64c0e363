"""The uptake ladder, drawn. Pure: rungs in, markup out; whoever shows it says the same in words."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language_bidi

from initiatives.drawings.sheet import Sheet, wrapped
from transfer.enums import LADDER

BAR, PITCH, WIDTH, HEIGHT = 6, 7, 70, 18
STAIRS, BASE, RISE = 990, 160, 14
MARK, MARK_PITCH, MOST_MARKS = 14, 19, 3


def rung_bars(rank: int) -> SafeString:
    """Ten small bars, filled up to a rung; silent, since the name of the rung stands next to it."""
    return _framed(_bars(rank, get_language_bidi()))


def drawn_once() -> SafeString:
    """The bars of every rung, out of sight, for a page that shows hundreds of them: see `same_bars`."""
    groups = ((rank, _bars(rank, get_language_bidi())) for rank in range(len(LADDER)))
    drawn = format_html_join("", '<g id="rung-{}">{}</g>', groups)
    return format_html(
        '<svg width="0" height="0" aria-hidden="true" focusable="false"><defs>{}</defs></svg>', drawn
    )


@cache
def same_bars(rank: int) -> SafeString:
    """The bars of a rung, on a page that holds them already: a twelfth of the markup."""
    return _framed(format_html('<use href="#rung-{}"/>', rank))


def _framed(drawn: SafeString) -> SafeString:
    return format_html(
        '<svg class="gl" width="{0}" height="{1}" viewBox="0 0 {0} {1}" aria-hidden="true" focusable="false">{2}</svg>',
        WIDTH,
        HEIGHT,
        drawn,
    )


@cache
def _bars(rank: int, rtl: bool) -> SafeString:
    bars = (
        (
            WIDTH - place * PITCH - BAR if rtl else place * PITCH,
            f"{HEIGHT - 4 - 1.4 * place:.1f}",
            BAR,
            f"{4 + 1.4 * place:.1f}",
            "facc" if place <= rank else "sn",
        )
        for place in range(len(LADDER))
    )
    return format_html_join("", '<rect x="{}" y="{}" width="{}" height="{}" class="{}"/>', bars)


def staircase(counts: Sequence[int], *, prefix: str, title: str, description: str) -> SafeString:
    """A stair for each rung, with as many marks on it as outcomes got there and no further, and their number."""
    sheet = Sheet(STAIRS)
    column = (STAIRS - 12) / len(LADDER)
    for rank, (rung, number) in enumerate(zip(LADDER, counts, strict=True)):
        x, y = 6 + rank * column, BASE - RISE * rank
        sheet.rect(x, y, column - 3, BASE + 4 - y, "sn")
        sheet.rect(x, y, column - 3, 3, "fink")
        marks = min(number, MOST_MARKS)
        for mark in range(marks):
            sheet.rect(x + 6 + MARK_PITCH * mark, y - 20, MARK, MARK, "facc")
        sheet.text(x + 6 + MARK_PITCH * marks, y - 8, str(number), "tb" if number else "t2")
        for line, text in enumerate(wrapped(str(rung.label), column - 8)):
            sheet.text(x + 2, BASE + 21 + 15 * line, text, "tb" if number else "t2")
    return sheet.svg(BASE + 62, prefix=prefix, title=title, description=description)
