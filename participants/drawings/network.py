"""The network of people, initiatives and official bodies, drawn.

Pure: plain values in, markup out. A drawing never shows more than it is given, and the page says the same as a table.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from confidentiality.words import isolated
from initiatives.drawings import Sheet, text_width, wrapped

WIDE, HEAD, PITCH = 994, 32, 23
BOX, BOX_HEIGHT, APART = 118, 44, 60
PERSON_LETTERS, BODY_LETTERS = 18, 26
SIDES: Mapping[int | None, str] = {0: "fa", 1: "fb", 2: "fc"}


@dataclass(frozen=True)
class PersonDot:
    """A person: in which initiatives (by key), and of which side (0, 1, 2 or None for others)."""

    key: Hashable
    name: str
    side: int | None
    initiatives: tuple[Hashable, ...]

    @property
    def shared(self) -> bool:
        return len(self.initiatives) > 1


@dataclass(frozen=True)
class InitiativeBox:
    key: Hashable
    name: str


@dataclass(frozen=True)
class BodyBar:
    """An office; `nobody`: no live tie leads there."""

    key: Hashable
    name: str
    side: int | None
    nobody: bool


@dataclass(frozen=True)
class Edge:
    """From an initiative to an office: the strongest tie of its people, 0 to 4, and whether all of them are stale."""

    initiative: Hashable
    body: Hashable
    strength: int
    stale: bool


Places = Mapping[Hashable, tuple[float, float]]


def network(
    *,
    prefix: str,
    people: Sequence[PersonDot],
    initiatives: Sequence[InitiativeBox],
    bodies: Sequence[BodyBar],
    edges: Sequence[Edge],
) -> SafeString:
    """Three columns and the curves between them. Empty where there is nobody to draw."""
    if not (people and initiatives):
        return SafeString("")
    order = {box.key: number for number, box in enumerate(initiatives)}
    ordered = sorted(people, key=lambda dot: (_mean([order[key] for key in dot.initiatives]), dot.name))
    left = max(_width(dot.name, PERSON_LETTERS) for dot in ordered) + 34
    right = max((_width(bar.name, BODY_LETTERS) for bar in bodies), default=100) + 26
    height = max(HEAD + PITCH * len(ordered), HEAD + 46 * len(bodies), HEAD + APART * len(initiatives)) + 20
    dots = {dot.key: (left, HEAD + PITCH * (number + 0.5)) for number, dot in enumerate(ordered)}
    boxes = _boxes(ordered, initiatives, dots, (left + WIDE - right - BOX) / 2)
    step = (height - HEAD) / max(1, len(bodies))
    bars = {bar.key: (WIDE - right, HEAD + step * (number + 0.5)) for number, bar in enumerate(bodies)}
    sheet = Sheet(WIDE)
    _curves(sheet, ordered, edges, dots, boxes, bars)
    _draw_people(sheet, ordered, dots)
    _draw_initiatives(sheet, initiatives, boxes)
    _draw_bodies(sheet, bodies, bars)
    _heads(sheet, (left - 15, boxes[initiatives[0].key][0] + BOX / 2, WIDE - right))
    bottom = max([height, *(y + BOX_HEIGHT for _x, y in boxes.values())])
    return sheet.svg(
        bottom,
        prefix=prefix,
        title=_("People, initiatives and official bodies"),
        description=_("The table below says the same."),
        css="pic fix",
    )


def _mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers) if numbers else 0.0


def _lines(name: str, letters: int) -> list[str]:
    return wrapped(name, letters * 7.1)


def _width(name: str, letters: int) -> float:
    return max((text_width(line) for line in _lines(name, letters)), default=0)


def _boxes(
    people: Sequence[PersonDot], initiatives: Sequence[InitiativeBox], dots: Places, x: float
) -> dict[Hashable, tuple[float, float]]:
    """Each at the mean height of its people, in their order, never on top of one another."""
    found: dict[Hashable, tuple[float, float]] = {}
    least = HEAD + BOX_HEIGHT / 2
    for box in initiatives:
        y = max(least, _mean([dots[dot.key][1] for dot in people if box.key in dot.initiatives]))
        found[box.key] = (x, y)
        least = y + APART
    return found


def _curves(
    sheet: Sheet,
    people: Sequence[PersonDot],
    edges: Sequence[Edge],
    dots: Places,
    boxes: Places,
    bars: Places,
) -> None:
    for dot in people:
        for key in dot.initiatives:
            _curve(
                sheet,
                (dots[dot.key][0] + 6, dots[dot.key][1]),
                boxes[key],
                "ed w2 sh" if dot.shared else "ed w1",
            )
    for edge in edges:
        x, y = boxes[edge.initiative]
        css = f"ed w{max(1, edge.strength)}{' stale' if edge.stale else ''}"
        _curve(sheet, (x + BOX, y), bars[edge.body], css)


def _curve(sheet: Sheet, start: tuple[float, float], end: tuple[float, float], css: str) -> None:
    """Cubic, both handles half way."""
    middle = (start[0] + end[0]) / 2
    points = (start, (middle, start[1]), (middle, end[1]), end)
    a, b, c, d = (f"{(WIDE - x if sheet.rtl else x):.1f} {y:.1f}" for x, y in points)
    sheet.parts.append(format_html('<path d="M{}C{} {} {}" class="{}"/>', a, b, c, d, css))


def _draw_people(sheet: Sheet, people: Sequence[PersonDot], dots: Places) -> None:
    for dot in people:
        x, y = dots[dot.key]
        if dot.shared:
            _disc(sheet, x, y, 9, "ring")
        _mark(sheet, x, y, dot.side)
        lines = _lines(dot.name, PERSON_LETTERS)
        for number, line in enumerate(lines):
            at = y + 4 + 12 * (number - (len(lines) - 1) / 2)
            sheet.text(x - 14, at, isolated(line), "tp" if dot.shared else "", anchor="end")


def _mark(sheet: Sheet, x: float, y: float, side: int | None) -> None:
    """The side's shape: a square, a disc, a triangle; a small bar for everybody else."""
    if side == 0:
        sheet.rect(x - 5, y - 5, 10, 10, "fa")
    elif side == 1:
        _disc(sheet, x, y, 5.3, "fb")
    elif side == 2:
        sheet.polygon([(x, y - 6), (x + 6, y + 5), (x - 6, y + 5)], "fc")
    else:
        sheet.rect(x - 5, y - 2, 10, 4, "fink")


def _disc(sheet: Sheet, x: float, y: float, radius: float, css: str) -> None:
    at = f"{(WIDE - x if sheet.rtl else x):.1f}", f"{y:.1f}"
    sheet.parts.append(format_html('<circle cx="{}" cy="{}" r="{}" class="{}"/>', *at, radius, css))


def _draw_initiatives(sheet: Sheet, initiatives: Sequence[InitiativeBox], boxes: Places) -> None:
    for box in initiatives:
        x, y = boxes[box.key]
        sheet.rect(x, y - BOX_HEIGHT / 2, BOX, BOX_HEIGHT, "sown")
        lines = wrapped(box.name, BOX - 10)
        for number, line in enumerate(lines):
            at = y + 4 + 14 * (number - (len(lines) - 1) / 2)
            sheet.text(x + BOX / 2, at, isolated(line), "tb", anchor="middle")


def _draw_bodies(sheet: Sheet, bodies: Sequence[BodyBar], bars: Places) -> None:
    for bar in bodies:
        x, y = bars[bar.key]
        lines = _lines(bar.name, BODY_LETTERS)
        rows = len(lines) + bar.nobody
        sheet.rect(x, y - 7 * rows, 5, 14 * rows, SIDES.get(bar.side, "fink"))
        for number, line in enumerate(lines):
            sheet.text(x + 12, y + 11 - 7 * rows + 14 * number, isolated(line))
        if bar.nobody:
            text = "✕ " + _("nobody with a live tie")
            sheet.text(x + 12, y + 11 - 7 * rows + 14 * len(lines), text, "ts tbad")


def _heads(sheet: Sheet, places: tuple[float, float, float]) -> None:
    for x, name, anchor in zip(
        places, (_("People"), _("Initiatives"), _("Official bodies")), ("end", "middle", "start"), strict=True
    ):
        sheet.text(x, 18, name, "tb t2", anchor=anchor)
