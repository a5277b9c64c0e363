"""The quadrant of an initiative as a drawing: four fields with the pseudonyms in them. Pure.

No scale and no distances: within a field nobody stands before anybody else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from initiatives.drawings import Sheet, isolated
from initiatives.drawings.sheet import cut_short
from participants.enums import Quadrant

WIDE, NARROW = 684, 318
GAP, INSET, PITCH = 8, 10, 20
HEAD, FOOT, TITLE = 20, 8, 26
# From the top down: versed, less versed. From the beginning of a line on: without a link, linked.
FIELDS = (
    (Quadrant.EXPERT_UNLINKED, Quadrant.BRIDGE),
    (Quadrant.NEITHER, Quadrant.CONNECTOR_UNVERSED),
)


@dataclass(frozen=True, slots=True)
class Dot:
    """Somebody in a field: what they are called, and the shape of their side ("a", "b", "c", or none)."""

    name: str
    side: str = ""


def quadrant_chart(*, prefix: str, dots: Mapping[str, Sequence[Dot]], narrow: bool = False) -> SafeString:
    """The four fields, each with its name, its number and those who stand in it."""
    sheet = Sheet(NARROW if narrow else WIDE)
    columns = 1 if narrow else 2
    width = (sheet.width - GAP) / 2
    for number, label in enumerate((_("without a live link"), _("with a live link"))):
        sheet.text(number * (width + GAP) + INSET, 13, label, "t2 ts")
    top: float = HEAD
    for row in FIELDS:
        most = max(-(-len(dots.get(quadrant, ())) // columns) for quadrant in row)
        height = TITLE + max(1, most) * PITCH + FOOT
        for number, quadrant in enumerate(row):
            _field(
                sheet, number * (width + GAP), top, width, height, quadrant, dots.get(quadrant, ()), columns
            )
        top += height + GAP
    total = sum(len(each) for each in dots.values())
    title = _("Versed and linked, in four fields: %(number)d") % {"number": total}
    description = " ".join(
        f"{Quadrant(quadrant).label}: {len(dots.get(quadrant, ()))}." for row in FIELDS for quadrant in row
    )
    return sheet.svg(top, prefix=prefix, title=title, description=description)


def _field(
    sheet: Sheet,
    left: float,
    top: float,
    width: float,
    height: float,
    quadrant: Quadrant,
    dots: Sequence[Dot],
    columns: int,
) -> None:
    sheet.rect(left, top, width, height, "sok" if quadrant is Quadrant.BRIDGE else "sn")
    label = cut_short(f"{quadrant.label}: {len(dots)}", width - 2 * INSET)
    sheet.text(left + INSET, top + 18, label, "tb")
    step = (width - 2 * INSET) / columns
    for number, dot in enumerate(dots):
        x = left + INSET + (number % columns) * step
        y = top + TITLE + (number // columns) * PITCH + 10
        mark(sheet, x + 5, y - 4, dot.side)
        sheet.text(x + 15, y, isolated(cut_short(dot.name, step - 18)))


def mark(sheet: Sheet, x: float, y: float, side: str) -> None:
    """The shape of a side around a point: square, disc, triangle; a hollow disc for whoever is on none of them."""
    if side == "a":
        sheet.rect(x - 4.5, y - 4.5, 9, 9, "fa")
    elif side == "b":
        sheet.disc(x, y, 5, "fb")
    elif side == "c":
        sheet.polygon([(x, y - 5.5), (x + 5.5, y + 4.5), (x - 5.5, y + 4.5)], "fc")
    else:
        sheet.disc(x, y, 4, "sn")
