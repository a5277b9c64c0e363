"""What a coordinator reads of a pair: the two sides as far as they may be seen, and the reasons in words.

Not a judgement and not a score: detection.py scores, this only reads what it left. Reasons are built from the
counts of the flag, sides from the card where it may be read and from the matching card alone where not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When, prefetch_related_objects
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from confidentiality.words import listed
from coordination.enums import FlagState
from coordination.models import MatchingCard, OverlapFlag
from initiatives.dates import Days
from initiatives.enums import OrganisationRole, Theme
from initiatives.models import Initiative, Party
from initiatives.querysets import CONVENING

MOST_POINTS = 16
DAYS_IN_MONTH = 30.4375
FEW_DAYS = 61

WAITING, ASSESSED, COORDINATED, SETTLED = range(4)


# --- The order of the queue -------------------------------------------------------------------------------


class Place(NamedTuple):
    """Where a flag stands in the queue: what waits comes first, then the most points."""

    stage: int
    points: int
    pk: UUID

    def __str__(self) -> str:
        return f"{self.stage}.{self.points}.{self.pk}"

    @classmethod
    def parse(cls, text: str) -> Place | None:
        try:
            stage, points, pk = text.split(".")
            place = cls(int(stage), int(points), UUID(pk))
        except ValueError:
            return None
        return place if 0 <= place.stage <= SETTLED and abs(place.points) <= 1000 else None


def staged(flags: QuerySet[OverlapFlag]) -> QuerySet[OverlapFlag]:
    """In the order of the queue, with `stage`; asks for the annotation `coordinated`."""
    stage = Case(
        When(state=FlagState.DISMISSED, then=Value(SETTLED)),
        When(coordinated=True, then=Value(COORDINATED)),
        When(state=FlagState.NEW, then=Value(WAITING)),
        default=Value(ASSESSED),
        output_field=IntegerField(),
    )
    return flags.annotate(stage=stage).order_by("stage", "-points", "id")


def place_of(flag: Any) -> Place:
    return Place(flag.stage, flag.points, flag.pk)


def behind(place: Place) -> Q:
    """What comes after a place in the queue."""
    same_stage = Q(points__lt=place.points) | Q(points=place.points, id__gt=place.pk)
    return Q(stage__gt=place.stage) | Q(stage=place.stage) & same_stage


# --- The two sides ----------------------------------------------------------------------------------------


class Item(NamedTuple):
    """One theme or party of a side, and whether the other side has it, too."""

    name: str
    shared: bool


@dataclass(frozen=True, slots=True)
class Full:
    """What only a reader of the card sees, beyond the matching card."""

    visibility: str
    public_record: bool
    convener: str
    public_line: str
    modality: str
    status: str
    official_relation: str
    official_relation_on: date | None


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two, as far as the reader may see it. `full` is None where that is the matching card alone."""

    pk: UUID
    name: str
    conflict_id: UUID
    conflict: str
    track_type: str
    began_on: date
    began_precision: str
    ended_on: date | None
    ended_precision: str
    days: Days
    themes: list[Item] = field(default_factory=list)
    parties: list[Item] = field(default_factory=list)
    full: Full | None = None


def readable(cards: Iterable[MatchingCard], user: Any) -> dict[UUID, Initiative]:
    """Those of the initiatives that the user reads in full."""
    return Initiative.objects.visible_to(user).in_bulk({card.pk for card in cards})


def name_of(card: MatchingCard, full: bool) -> str:
    """The published title where the card may be read; the matching card has the codename alone."""
    return card.label if full else card.codename


def sides_of(flag: OverlapFlag, full: Mapping[UUID, Initiative]) -> tuple[Side, Side]:
    """Both sides of a pair that the reader may open; `full` holds the cards that are `readable`."""
    pair = [flag.first, flag.second]
    prefetch_related_objects(pair, "parties__parent")
    prefetch_related_objects([full[one.pk] for one in pair if one.pk in full], "named__organisation")
    first, second = pair
    return _side(first, second, full.get(first.pk)), _side(second, first, full.get(second.pk))


def _side(one: MatchingCard, other: MatchingCard, full: Initiative | None) -> Side:
    return Side(
        pk=one.pk,
        name=name_of(one, full is not None),
        conflict_id=one.conflict_id,
        conflict=one.conflict.name,
        track_type=one.get_track_type_display(),
        began_on=one.began_on,
        began_precision=one.began_precision,
        ended_on=one.ended_on,
        ended_precision=one.ended_precision,
        days=one.days,
        themes=_themes(one, other),
        parties=_parties(one, other),
        full=_full(full) if full else None,
    )


def _themes(one: MatchingCard, other: MatchingCard) -> list[Item]:
    items = [Item(str(Theme(code).label), code in other.themes) for code in one.themes]
    return sorted(items, key=lambda item: (not item.shared, item.name))


def _parties(one: MatchingCard, other: MatchingCard) -> list[Item]:
    """Factions count as their party, and are shown with it."""
    others = {party.parent_id or party.pk for party in other.parties.all()}
    items = [Item(_party_name(party), (party.parent_id or party.pk) in others) for party in one.parties.all()]
    return sorted(items, key=lambda item: (not item.shared, item.name))


def _party_name(party: Party) -> str:
    return f"{party.name} ({party.parent.name})" if party.parent else party.name


def _full(one: Initiative) -> Full:
    named = sorted(one.named.all(), key=lambda row: (row.role != OrganisationRole.CONVENER, str(row.pk)))
    return Full(
        visibility=one.visibility,
        public_record=one.public_record,
        convener=listed(row.organisation.name for row in named if row.role in CONVENING),
        public_line=one.public_line,
        modality=one.get_modality_display(),
        status=one.get_status_display(),
        official_relation=one.get_official_relation_display(),
        official_relation_on=one.official_relation_on,
    )


# --- The reasons ------------------------------------------------------------------------------------------


class Reason(NamedTuple):
    """Why a factor has its points: a few words for the queue, a line for a list, a sentence for the comparison.

    `brief` is empty where the queue need not mention it.
    """

    factor: str
    points: int
    brief: str
    line: str
    sentence: str


def reasons(factors: Mapping[str, Mapping[str, Any]]) -> dict[str, Reason]:
    """The stored counts in words, in the order of the table."""
    return {
        name: Reason(name, int(factors[name]["points"]), *words(factors[name]))
        for name, words in _WORDS.items()
        if name in factors
    }


def brief(factors: Mapping[str, Mapping[str, Any]]) -> str:
    """Such as "3 of 5 themes, all parties, 15 of 15 months"."""
    return listed(reason.brief for reason in reasons(factors).values() if reason.brief)


def _theme_words(counts: Mapping[str, Any]) -> tuple[str, str, str]:
    numbers = {"shared": counts["shared"], "union": counts["union"]}
    if not counts["shared"] and counts["points"] < 0:
        return (
            _("no shared theme"),
            _("No shared theme"),
            _("Both list themes, and none is the same. This subtracts."),
        )
    if not counts["shared"]:
        return "", _("Themes not known"), _("One of them lists no themes. This neither adds nor subtracts.")
    several = ngettext("%(shared)d of %(union)d theme", "%(shared)d of %(union)d themes", counts["union"])
    line = ngettext(
        "%(shared)d of %(union)d theme shared", "%(shared)d of %(union)d themes shared", counts["union"]
    )
    sentence = ngettext(
        "They share %(shared)d of the %(union)d theme that either lists.",
        "They share %(shared)d of the %(union)d themes that either lists.",
        counts["union"],
    )
    return several % numbers, line % numbers, sentence % numbers


def _party_words(counts: Mapping[str, Any]) -> tuple[str, str, str]:
    shared, smaller = counts["shared"], counts["smaller"]
    numbers = {"shared": shared, "smaller": smaller}
    if not shared and counts["points"] < 0:
        return (
            _("no shared party"),
            _("No shared party"),
            _("Both list parties, and none is the same. This subtracts."),
        )
    if not shared:
        return "", _("Parties not known"), _("One of them lists no parties. This neither adds nor subtracts.")
    if shared == smaller:
        return (
            _("all parties"),
            _("All parties of the smaller one shared"),
            ngettext(
                "The %(shared)d party of the one with fewer takes part in both.",
                "All %(shared)d parties of the one with fewer take part in both.",
                shared,
            )
            % numbers,
        )
    some = ngettext("%(shared)d of %(smaller)d party", "%(shared)d of %(smaller)d parties", smaller) % numbers
    line = ngettext(
        "%(shared)d of %(smaller)d party shared", "%(shared)d of %(smaller)d parties shared", smaller
    )
    sentence = ngettext(
        "Of the %(smaller)d party of the one with fewer, %(shared)d takes part in both.",
        "Of the %(smaller)d parties of the one with fewer, in both: %(shared)d.",
        smaller,
    )
    return some, line % numbers, sentence % numbers


def _time_words(counts: Mapping[str, Any]) -> tuple[str, str, str]:
    shared, shorter = counts["shared_days"], counts["shorter_days"]
    if counts["open"]:
        return (
            _("both still running"),
            _("Both still running"),
            _("Both are still running, side by side, with no end known."),
        )
    if shorter < FEW_DAYS:
        numbers = {"shared": shared, "shorter": shorter}
        some = ngettext("%(shared)d of %(shorter)d day", "%(shared)d of %(shorter)d days", shorter) % numbers
    else:
        numbers = {"shared": months(shared), "shorter": max(months(shared), months(shorter))}
        some = (
            ngettext(
                "%(shared)d of %(shorter)d month", "%(shared)d of %(shorter)d months", numbers["shorter"]
            )
            % numbers
        )
    if shared == shorter:
        sentence = _("The whole of the shorter one falls within the longer one: %(some)s.")
    else:
        sentence = _("They run side by side for %(some)s of the shorter one.")
    return some, _("%(some)s together") % {"some": some}, sentence % {"some": some}


def _conflict_words(counts: Mapping[str, Any]) -> tuple[str, str, str]:
    distance = counts["distance"]
    if distance == 0:
        return "", _("Same conflict"), _("Same conflict.")
    if distance == 1:
        return (
            _("a conflict and a part of it"),
            _("A conflict and a part of it"),
            _("One conflict is directly part of the other."),
        )
    return (
        _("a conflict and a distant part of it"),
        _("A conflict and a distant part of it"),
        _("One conflict is part of the other, further down. This adds nothing."),
    )


def _type_words(counts: Mapping[str, Any]) -> tuple[str, str, str]:
    if counts["equal"]:
        return _("same type"), _("Same track type"), _("Same type.")
    return "", _("Different track type"), _("Different types. This neither adds nor subtracts.")


_WORDS = {
    "themes": _theme_words,
    "parties": _party_words,
    "time": _time_words,
    "conflict": _conflict_words,
    "track_type": _type_words,
}


def months(days: int) -> int:
    """Days in rounded months, at least one."""
    return max(1, round(days / DAYS_IN_MONTH))
