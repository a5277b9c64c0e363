"""The transfer page: how far outcomes got, who can reach whom, which side's ideas travel, and what waits.

Numbers come from services.overview; here they become words. It gives no score, and puts nobody in an order.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from confidentiality.words import isolated, listed
from initiatives.models import Initiative, Party
from initiatives.templatetags.desk import when
from participants.models import OfficialBody
from transfer.analysis import Cell, Place, Row, Share, Spread, Stuck
from transfer.drawings import drawn_once, same_bars, staircase
from transfer.enums import LADDER, Uptake
from transfer.services import Overview, Part, statements_of, transfer_overview

ON_A_RUNG, WAITING = 8, 12  # rows shown; the numbers count all
STATEMENT = 110
SHAPES = ("a", "b", "c")


@login_required
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """Of all of one's initiatives, or of ?initiative= or ?conflict=. What is not an id filters nothing."""
    chosen = {name: _id(request.GET.get(name, "")) for name in ("initiative", "conflict")}
    found = transfer_overview(by=request.user, **chosen)
    rungs = _by_rung(found)
    shown = {pk for ids in rungs.values() for pk in ids[:ON_A_RUNG]}
    shown |= {one.idea for one in found.stuck[:WAITING]}
    statements = statements_of(by=request.user, outcomes=shown) if shown else {}
    parts = [_part(part, found) for part in found.parts]
    context = {
        # Not the numbers of everything: they would outlive the page, in a circle that a context makes with itself.
        "own": found.own,
        "inside": found.chosen[0].pk if len(found.chosen) == 1 else None,
        "counted": bool(found.chosen),
        "waiting": len(found.stuck),
        "outcomes": len(found.places),
        "chosen": {name: str(pk) if pk else "" for name, pk in chosen.items()},
        "conflicts": _conflicts(found.own),
        "parts": parts,
        "drawn_once": drawn_once(),
        "unreached": sum(part.unreached for part in parts),
        "unlinked": listed(isolated(card.label) for card in found.unlinked),
        "links_closed": bool(found.chosen) and len(found.unlinked) == len(found.chosen),
        "board": _board(found, rungs, statements),
        "drawing": _drawing(rungs),
        "off": _beside(found),
        "stuck": [_stuck(one, found, statements) for one in found.stuck[:WAITING]],
        "more_stuck": max(0, len(found.stuck) - WAITING),
        "lags": _lags(found),
    }
    return render(request, "transfer/overview.html", context)


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _conflicts(own: Collection[Initiative]) -> list[Any]:
    """The conflicts of one's initiatives and the roots above them, to choose from."""
    found = {card.conflict_id: card.conflict for card in own}
    found |= {card.conflict.root_id: card.conflict.root for card in own}
    return sorted(
        found.values(), key=lambda conflict: (conflict.root_id.bytes, len(conflict.lineage), conflict.name)
    )


# --- Who can reach whom -------------------------------------------------------------------------------------------


@dataclass
class ShownCell:
    """One cell in words. `state`: "none" where nobody reaches an office of that side, "na" where it is not theirs."""

    side: str
    state: str = ""
    live: str = ""
    stale: str = ""
    way: str = ""
    bars: str = ""
    rung: str = ""
    last: str = ""


@dataclass
class ShownRow:
    body: OfficialBody
    nobody: bool
    whole: str
    cells: list[ShownCell] = field(default_factory=list)


@dataclass
class ShownPart:
    """One family of conflicts, for the template. `groups`: offices of each side, and those of no side."""

    root: Any
    sides: list[tuple[str, Party]]
    groups: list[tuple[str, list[ShownRow]]]
    sentences: list[str]
    measures: list[tuple[str, list[int]]]
    unreached: int
    # Said in most cells; looked up once.
    nobody: str
    no_link: str
    nothing: str
    not_theirs: str

    @property
    def columns(self) -> int:
        return len(self.sides) + 1


def _part(part: Part, found: Overview) -> ShownPart:
    shapes = [*SHAPES, *[""] * len(part.sides)]
    closed = len(found.unlinked) == len(found.chosen)
    names = {str(body.pk): body.name for body in part.bodies}
    groups: dict[str, list[ShownRow]] = defaultdict(list)
    for body in part.bodies:
        row = part.rows[str(body.pk)]
        side = next((pk for pk, cell in row.cells.items() if cell.needed), "") if body.party_id else ""
        groups[side].append(_row(body, row, part.sides, names, found, closed))
    grouped = [
        (_("Offices of %(side)s") % {"side": isolated(side.name)}, groups[str(side.pk)])
        for side in part.sides
        if groups[str(side.pk)]
    ]
    if groups[""]:
        grouped.append((_("Joint offices, and those of no side"), groups[""]))
    return ShownPart(
        root=part.root,
        sides=list(zip(shapes, part.sides, strict=False)),
        groups=grouped,
        sentences=_sentences(part, closed),
        measures=_measures(part, closed),
        unreached=0 if closed else sum(row.nobody for row in part.rows.values()),
        nobody=_("Nobody"),
        no_link=_("no live link"),
        nothing=_("nothing carried yet"),
        not_theirs=_("not this side’s office"),
    )


def _row(
    body: OfficialBody,
    row: Row,
    sides: list[Party],
    names: Mapping[str, str],
    found: Overview,
    closed: bool,
) -> ShownRow:
    gate = names.get(str(body.gatekeeper_id), "")
    shown = ShownRow(body, row.nobody and not closed, "")
    if row.whole.carried:
        times = ngettext("%(number)d carried in all", "%(number)d carried in all", row.whole.carried)
        last = when(row.whole.last_on, row.whole.precision)
        shown.whole = _("%(times)s, last %(date)s") % {
            "times": times % {"number": row.whole.carried},
            "date": last,
        }
    shown.cells = [_cell(side, row.cells[str(side.pk)], gate, found, closed) for side in sides]
    return shown


def _cell(side: Party, cell: Cell, gate: str, found: Overview, closed: bool) -> ShownCell:
    shown = ShownCell(side.name)
    if cell.blank:
        shown.state = "na"
        return shown
    if not closed:
        if cell.live:
            shown.live = ngettext("%(number)d live link", "%(number)d live links", cell.live) % {
                "number": cell.live
            }
        if cell.stale:
            shown.stale = ngettext("%(number)d stale", "%(number)d stale", cell.stale) % {
                "number": cell.stale
            }
        if cell.nobody:
            shown.state, shown.way = "none", _way_in(cell, gate)
    if cell.highest is not None:
        shown.bars, shown.rung = same_bars(cell.highest), str(LADDER[cell.highest].label)
    if cell.last_on is not None:
        days = (found.today - cell.last_on).days
        ago = ngettext("%(number)d day ago", "%(number)d days ago", days) % {"number": days}
        shown.last = _("last %(date)s, %(ago)s") % {"date": when(cell.last_on, cell.precision), "ago": ago}
    return shown


def _way_in(cell: Cell, gate: str) -> str:
    if not gate:
        return _("Way in: none known")
    if not cell.gate:
        return _("Way in: %(body)s, which nobody reaches either") % {"body": isolated(gate)}
    links = ngettext("%(number)d live link", "%(number)d live links", cell.gate) % {"number": cell.gate}
    return _("Way in: %(body)s, %(links)s") % {"body": isolated(gate), "links": links}


# --- The sides beside each other ----------------------------------------------------------------------------------


def _sentences(part: Part, closed: bool) -> list[str]:
    """The asymmetry in words: counts of each side beside each other, and what a gap may mean."""
    shares = [(isolated(side.name), part.shares[str(side.pk)]) for side in part.sides]
    if not any(share.ideas or share.carriers for _name, share in shares):
        return [_("Nothing of any side has travelled yet.")] if shares else []
    ideas = listed((_ideas(name, len(share.ideas)) for name, share in shares), facts=True)
    people = listed((_people(name, len(share.carriers)) for name, share in shares), facts=True)
    sentences = [capfirst(_("%(facts)s.") % {"facts": facts}) for facts in (ideas, people)]
    unheard = [
        name for name, side in zip([n for n, _s in shares], part.sides, strict=True) if _unheard(part, side)
    ]
    if unheard and not closed and len(unheard) < len(shares):
        text = _(
            "Nobody reaches any office that decides for %(sides)s. A balanced text may look one-sided when only one "
            "side hears it."
        )
        sentences.append(text % {"sides": listed(unheard)})
    return sentences


def _unheard(part: Part, side: Party) -> bool:
    """The side has offices of its own or shares some, and none of its people has a live link to one."""
    cells = [row.cells[str(side.pk)] for row in part.rows.values() if row.cells[str(side.pk)].needed]
    return bool(cells) and all(cell.nobody for cell in cells)


def _ideas(name: str, number: int) -> str:
    if not number:
        return _("no idea of %(side)s travelled") % {"side": name}
    text = ngettext("%(number)d idea of %(side)s travelled", "%(number)d ideas of %(side)s travelled", number)
    return text % {"number": number, "side": name}


def _people(name: str, number: int) -> str:
    if not number:
        return _("nobody of %(side)s carried") % {"side": name}
    text = ngettext("%(number)d person of %(side)s carried", "%(number)d people of %(side)s carried", number)
    return text % {"number": number, "side": name}


def _measures(part: Part, closed: bool) -> list[tuple[str, list[int]]]:
    shares: list[Share] = [part.shares[str(side.pk)] for side in part.sides]
    linked = [] if closed else [(_("People with a live link"), [len(share.linked) for share in shares])]
    return [
        *linked,
        (_("People who carried something"), [len(share.carriers) for share in shares]),
        (_("Ideas that travelled"), [len(share.ideas) for share in shares]),
        (_("Offices they came to"), [len(share.offices) for share in shares]),
    ]


# --- How far outcomes got -----------------------------------------------------------------------------------------


@dataclass
class ShownOutcome:
    id: str
    text: str
    initiative: str
    now: str
    beside: list[str]


@dataclass
class ShownRung:
    """One rung of the board: what reached it and got no further."""

    rung: Uptake
    number: int
    counts: list[tuple[str, int]]
    outcomes: list[ShownOutcome]
    more: int


def _by_rung(found: Overview) -> dict[int, list[str]]:
    """Outcomes by the highest rung that they ever reached, the newest first."""
    rungs: dict[int, list[str]] = {rank: [] for rank in range(len(LADDER))}
    newest = sorted(found.ideas.values(), key=lambda idea: (idea.since, str(idea.id)), reverse=True)
    for idea in newest:
        rungs[found.places[idea.id].highest].append(idea.id)
    return rungs


def _board(
    found: Overview, rungs: Mapping[int, list[str]], statements: Mapping[str, str | None]
) -> list[ShownRung]:
    names = {str(card.pk): card.label for card in found.chosen}
    shown = []
    for rank, ids in rungs.items():
        outcomes = [
            ShownOutcome(
                pk,
                _text(statements.get(pk)),
                names[found.ideas[pk].initiative],
                _now(found.places[pk]),
                [_label(code) for code in sorted(found.places[pk].beside)],
            )
            for pk in ids[:ON_A_RUNG]
        ]
        shown.append(
            ShownRung(LADDER[rank], len(ids), _owners(found, ids), outcomes, max(0, len(ids) - ON_A_RUNG))
        )
    return shown


def _owners(found: Overview, ids: Collection[str]) -> list[tuple[str, int]]:
    """Whose they are: of each side alone, of several sides, or nobody's in particular."""
    owners = Counter(found.ideas[pk].owners for pk in ids)
    sides = [side for part in found.parts for side in part.sides]
    counts = [(side.name, owners[frozenset({str(side.pk)})]) for side in sides]
    several = sum(number for who, number in owners.items() if len(who) > 1)
    return [*counts, (_("Several sides"), several), (_("No side said"), owners[frozenset()])]


def _text(statement: str | None) -> str:
    if statement is None:
        return _("This text cannot be opened")
    line = " ".join(statement.split())
    return line if len(line) <= STATEMENT else f"{line[:STATEMENT].rstrip()}…"


def _now(place: Place) -> str:
    return str(LADDER[place.current].label) if place.current != place.highest else ""


def _label(code: str) -> str:
    return str(Uptake(code).label) if code in Uptake.values else code


def _beside(found: Overview) -> str:
    """What came off the ladder, in words: "Ignored: 2, Leaked: 1"."""
    times = Counter(code for place in found.places.values() for code in place.beside)
    return listed(
        _("%(what)s: %(number)d") % {"what": _label(code), "number": times[code]} for code in sorted(times)
    )


def _drawing(rungs: Mapping[int, Collection[str]]) -> SafeString:
    return staircase(
        [len(ids) for ids in rungs.values()],
        prefix="st",
        title=_("How far outcomes got"),
        description=_("Each outcome at the highest rung it has reached. The table below says the same."),
    )


# --- What waits, and how long it takes ----------------------------------------------------------------------------


@dataclass
class ShownStuck:
    days: int
    outcome: str
    transfer: str | None
    done: bool
    text: str
    initiative: str
    why: str


def _stuck(one: Stuck, found: Overview, statements: Mapping[str, str | None]) -> ShownStuck:
    names = {str(card.pk): card.label for card in found.chosen}
    if one.done:
        why = _("%(rung)s, and no step since. Ask whoever carried it, and record what became of it.") % {
            "rung": LADDER[one.current].label
        }
    elif one.transfer:
        why = _("It may travel and is planned, and nobody has carried it yet.")
    else:
        why = _("It may travel, and nobody carries it.")
    return ShownStuck(
        one.days,
        one.idea,
        one.transfer,
        one.done,
        _text(statements.get(one.idea)),
        names[found.ideas[one.idea].initiative],
        why,
    )


def _lags(found: Overview) -> list[tuple[str, Spread]]:
    first = [(_("From the session to the first transfer"), found.to_transfer)] if found.to_transfer else []
    text = _("From a transfer to “%(rung)s”")
    rest = [(text % {"rung": LADDER[rank].label}, spread) for rank, spread in found.to_rungs.items()]
    return [*first, *rest]
