"""Who is versed and who has access: the quadrant of a participation, and pairs that could complete each other. Pure.

Fisher, Kelman and Mitchell: those who know most often reach nobody, those who reach decision makers often know less.
Never a judgement or a ranking of persons: where somebody stands depends on what was rated and which links are live.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from participants.enums import COMPETENCE, Quadrant

COMPETENT_FROM = 2.5
LINKED_FROM = 2

KeyT = TypeVar("KeyT", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Standpoint(Generic[KeyT]):
    """One participation: its side (None for no side), its ratings by criterion, the strengths of its live links."""

    key: KeyT
    side: Hashable | None
    ratings: Mapping[str, int]
    strengths: tuple[int, ...] = ()

    @property
    def competent(self) -> bool:
        """The mean of what was rated of the four is 2.5 at least; nothing rated is not competent, nor the contrary."""
        rated = [self.ratings[criterion] for criterion in COMPETENCE if criterion in self.ratings]
        # Compared without a division: 2.5 is half of five.
        return bool(rated) and 2 * sum(rated) >= 2 * COMPETENT_FROM * len(rated)

    @property
    def linked(self) -> bool:
        return max(self.strengths, default=0) >= LINKED_FROM

    @property
    def unrated(self) -> bool:
        """None of the four was rated: it stands below for want of a word, and pages say so."""
        return not any(criterion in self.ratings for criterion in COMPETENCE)

    @property
    def quadrant(self) -> Quadrant:
        if self.competent:
            return Quadrant.BRIDGE if self.linked else Quadrant.EXPERT_UNLINKED
        return Quadrant.CONNECTOR_UNVERSED if self.linked else Quadrant.NEITHER


@dataclass(frozen=True, slots=True)
class Suggestion(Generic[KeyT]):
    """On one side: who knows and reaches nobody, and who reaches and knows less. Any of the one with any of the other.

    In the order in which they were given: no pair is better than another.
    """

    side: Hashable
    experts: tuple[KeyT, ...]
    connectors: tuple[KeyT, ...]

    def pairs(self) -> list[tuple[KeyT, KeyT]]:
        return [(expert, connector) for expert in self.experts for connector in self.connectors]


def suggestions(standpoints: Iterable[Standpoint[KeyT]]) -> list[Suggestion[KeyT]]:
    """For each side with both, those who could be paired. Who is on no side is paired with nobody."""
    sides: dict[Hashable, dict[Quadrant, list[KeyT]]] = {}
    for each in standpoints:
        if each.side is not None:
            sides.setdefault(each.side, {}).setdefault(each.quadrant, []).append(each.key)
    found = []
    for side, by_quadrant in sides.items():
        experts = tuple(by_quadrant.get(Quadrant.EXPERT_UNLINKED, ()))
        connectors = tuple(by_quadrant.get(Quadrant.CONNECTOR_UNVERSED, ()))
        if experts and connectors:
            found.append(Suggestion(side, experts, connectors))
    return found
