"""Who may do what, as data, with the pure functions that read it.

This file knows no model. A record that is governed says how a user stands to it (`standing_of`), the tables
say what that standing allows. Nobody is exempt: there is no superuser here.

Hidden answers like missing: `require` raises Hidden where the user may not even know of the record, and
Forbidden only where the record is visible and the act is not allowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from confidentiality.codes import Access, Action, CardView, Relation, TeamRole, Visibility


class Hidden(Exception):
    """The record does not exist for this user. Answered with 404, like a record that never existed."""


class Forbidden(Exception):
    """The record is visible, the act is not allowed. Answered with 403."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How one user stands to one record.

    relations: every relation that holds. team_role: set when TEAM holds. visible: whether the record can be
    seen at all. grants: further acts that the record itself opens to this user.
    """

    relations: frozenset[Relation] = frozenset()
    team_role: TeamRole | None = None
    visible: bool = False
    grants: frozenset[Action] = field(default_factory=frozenset)


class Governed(Protocol):
    """A record that can say how a user stands to it."""

    def standing_of(self, user: Any) -> Standing: ...


FULL, IN_FLAG, NONE = CardView.FULL, CardView.IN_FLAG, CardView.NONE

# Relation x visibility: what of the card is read. A relation that is not listed reads nothing.
CARD: Mapping[Visibility, Mapping[Relation, CardView]] = {
    Visibility.TEAM: {Relation.TEAM: FULL, Relation.COORDINATOR: IN_FLAG},
    Visibility.PARTNERS: {Relation.TEAM: FULL, Relation.PARTNER: FULL, Relation.COORDINATOR: IN_FLAG},
    Visibility.CIRCLE: {
        Relation.TEAM: FULL,
        Relation.PARTNER: FULL,
        Relation.CIRCLE: FULL,
        Relation.COORDINATOR: FULL,
    },
    Visibility.NETWORK: {
        Relation.TEAM: FULL,
        Relation.RECORDER: FULL,
        Relation.HOUSE: FULL,
        Relation.PARTNER: FULL,
        Relation.CIRCLE: FULL,
        Relation.NETWORK: FULL,
        Relation.COORDINATOR: FULL,
    },
}

# Team role x area of the initiative.
TEAM: Mapping[TeamRole, Mapping[str, Access]] = {
    TeamRole.LEAD: {"card": Access.WRITE, "brief": Access.WRITE, "coordination": Access.WRITE},
    TeamRole.FACILITATOR: {"card": Access.READ, "brief": Access.WRITE, "coordination": Access.READ},
    TeamRole.RAPPORTEUR: {"card": Access.READ, "brief": Access.READ, "coordination": Access.NONE},
    TeamRole.OBSERVER: {"card": Access.READ, "brief": Access.READ, "coordination": Access.NONE},
}

# Which area of the team table governs an act on an initiative, and which of the acts are no more than reading.
AREA: Mapping[Action, str] = {
    Action.EDIT_CARD: "card",
    Action.CHANGE_VISIBILITY: "card",
    Action.MANAGE_TEAM: "card",
    Action.ASK_PURGE: "card",
    Action.ARRANGE_COORDINATION: "coordination",
    Action.READ_BRIEF: "brief",
    Action.EDIT_BRIEF: "brief",
}
READING = frozenset({Action.READ_BRIEF})

_WIDTH = (CardView.NONE, CardView.IN_FLAG, CardView.FULL)


def card_view(visibility: str, relations: frozenset[Relation]) -> CardView:
    """The widest view of a card that any of the relations opens."""
    table = CARD[Visibility(visibility)]
    return max((table.get(relation, NONE) for relation in relations), key=_WIDTH.index, default=NONE)


def team_access(role: TeamRole | str | None, area: str) -> Access:
    """What a team role may do in one area; no role, no access."""
    return TEAM[TeamRole(role)][area] if role else Access.NONE


def allows(standing: Standing, action: Action) -> bool:
    """Whether a standing allows an act. Says nothing of visibility: see `require`."""
    if action is Action.READ_CARD or action in standing.grants:
        return True  # Reading what is visible asks for no further right.
    area = AREA.get(action)
    access = team_access(standing.team_role, area) if area else Access.NONE
    return access is Access.WRITE or (access is Access.READ and action in READING)


def may(user: Any, action: Action, record: Governed) -> bool:
    """Whether the act is open to this user; for showing or leaving out a button, never instead of `require`."""
    standing = record.standing_of(user)
    return standing.visible and allows(standing, action)


def require(user: Any, action: Action, record: Governed) -> Standing:
    """Answer with the user's standing, or raise Hidden or Forbidden. The first line of every service."""
    standing = record.standing_of(user)
    if not standing.visible:
        raise Hidden
    if not allows(standing, action):
        raise Forbidden(action)
    return standing
