"""Who may do what, as data, with the pure functions that read it.

This file knows no model. A record that is governed says how a user stands to it (`standing_of`), the tables
say what that standing allows. Nobody is exempt: there is no superuser here.

Hidden answers like missing: `require` raises Hidden where the user may not even know of the record, and
Forbidden only where the record is visible and the act is not allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol

from django.utils.translation import gettext_lazy

from confidentiality.codes import Access, Action, CardView, Relation, Rule, TeamRole, Visibility


class Hidden(Exception):
    """The record does not exist for this user. Answered with 404, like a record that never existed."""


class Forbidden(Exception):
    """The record is visible, the act is not allowed. Answered with 403; `why`, where it is not the role alone."""

    def __init__(self, action: Action, why: str = "") -> None:
        super().__init__(action)
        self.why = why


@dataclass(frozen=True, slots=True)
class Standing:
    """How one user stands to one record.

    relations: every relation that holds. team_role: set when TEAM holds. visible: whether the record can be
    seen at all. grants: further acts that the record itself opens to this user. for_a_day: TEAM holds by emergency
    access, and ends by itself.
    """

    relations: frozenset[Relation] = frozenset()
    team_role: TeamRole | None = None
    visible: bool = False
    grants: frozenset[Action] = field(default_factory=frozenset)
    for_a_day: bool = False


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

_R, _W, _N = Access.READ, Access.WRITE, Access.NONE

# Team role x area of the initiative. `identity` is who a participant is, `links` their ties to officials: an observer
# knows participants by their pseudonyms. `audit` is who looked; nobody writes it.
_AREAS = (
    "card",
    "brief",
    "sessions",
    "people",
    "identity",
    "links",
    "outcomes",
    "transfers",
    "coordination",
    "audit",
)
TEAM: Mapping[TeamRole, Mapping[str, Access]] = {
    TeamRole.LEAD: dict(zip(_AREAS, (_W, _W, _W, _W, _W, _W, _W, _W, _W, _R), strict=True)),
    TeamRole.FACILITATOR: dict(zip(_AREAS, (_R, _W, _W, _W, _W, _W, _W, _W, _R, _R), strict=True)),
    TeamRole.RAPPORTEUR: dict(zip(_AREAS, (_R, _R, _W, _W, _N, _W, _W, _R, _N, _N), strict=True)),
    TeamRole.OBSERVER: dict(zip(_AREAS, (_R, _R, _R, _R, _N, _N, _R, _R, _N, _N), strict=True)),
}


class Part(Enum):
    """How much of a session somebody gets, the most first. `agreed`: only what the sides agreed on."""

    ALL, FACTS, AGREED, NOTHING = "all", "facts", "agreed", "nothing"


class Who(Enum):
    """Where it stands who was there and who spoke, the widest first."""

    ANYWHERE, TEAM_PAGES, NOT_STORED = "anywhere", "team pages", "not stored"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a rule means. notes: whether any are kept. observers: of the team. files: what leaves in an export.
    officials: what may reach them, where the group agreed that it travels. who: where it is said who was there."""

    notes: bool
    observers: Part
    files: Part
    officials: Part
    who: Who


# Session rule x reader, as docs/confidentiality.md has it. Facts: that it took place, when, and how many came.
RULES: Mapping[Rule, Terms] = {
    Rule.ON_RECORD: Terms(True, Part.ALL, Part.ALL, Part.ALL, Who.ANYWHERE),
    Rule.CHATHAM_HOUSE: Terms(True, Part.ALL, Part.ALL, Part.ALL, Who.TEAM_PAGES),
    Rule.NON_ATTRIBUTED_SUMMARY: Terms(True, Part.ALL, Part.ALL, Part.ALL, Who.NOT_STORED),
    Rule.AGREED_TEXT_ONLY: Terms(True, Part.AGREED, Part.FACTS, Part.AGREED, Who.TEAM_PAGES),
    Rule.NO_NOTES: Terms(False, Part.FACTS, Part.FACTS, Part.NOTHING, Who.NOT_STORED),
    Rule.PARTICIPANTS_ONLY: Terms(True, Part.NOTHING, Part.NOTHING, Part.NOTHING, Who.TEAM_PAGES),
}


def lets_out_more(rule: str, than: str) -> bool:
    """Whether anybody is given more under a rule than under another, or more is written down."""
    mine, other = RULES[Rule(rule)], RULES[Rule(than)]
    return any(_less(getattr(mine, name)) < _less(getattr(other, name)) for name in Terms.__slots__)


def _less(given: Part | Who | bool) -> int:
    """Parts and places stand in their order, the most first."""
    return not given if isinstance(given, bool) else list(type(given)).index(given)


def _where(holds: Callable[[Terms], bool]) -> frozenset[Rule]:
    return frozenset(rule for rule, terms in RULES.items() if holds(terms))


# Rules under which nobody may write down what was said, and under which it is not stored who was there.
WITHOUT_NOTES = _where(lambda terms: not terms.notes)
WITHOUT_ATTENDANCE = _where(lambda terms: terms.who is Who.NOT_STORED)
# What leaves in a file: sessions that do not, those of which only facts and numbers do, and those of which it is said
# who was there. Everywhere else, who was in a room is for the pages of the team.
IN_NO_FILE = _where(lambda terms: terms.files is Part.NOTHING)
FACTS_IN_FILES = _where(lambda terms: terms.files is Part.FACTS)
ATTENDANCE_IN_FILES = _where(lambda terms: terms.who is Who.ANYWHERE)
# Rules under which an observer of the team does not see the session at all, and those under which an observer reads
# no text of it.
CLOSED_TO_OBSERVERS = _where(lambda terms: terms.observers is Part.NOTHING)
FACTS_FOR_OBSERVERS = _where(lambda terms: terms.observers in (Part.FACTS, Part.AGREED))
# And those of which an observer sees only such outcomes as the sides agreed on.
AGREED_FOR_OBSERVERS = _where(lambda terms: terms.observers is Part.AGREED)
# What came out of such a session reaches no official; and of such, only what the sides agreed on.
NOT_TO_OFFICIALS = _where(lambda terms: terms.officials is Part.NOTHING)
AGREED_TO_OFFICIALS = _where(lambda terms: terms.officials is Part.AGREED)

# Rules under which texts leave the team in a file, or in a message to an office, and the people they are of do not:
# what is written is looked through for them.
UNATTRIBUTED_IN_FILES = _where(lambda terms: terms.who is not Who.ANYWHERE and terms.files is Part.ALL)
UNATTRIBUTED_TO_OFFICIALS = _where(
    lambda terms: terms.who is not Who.ANYWHERE and terms.officials is not Part.NOTHING
)

# Which area of the team table governs an act on an initiative, and which of the acts are no more than reading.
AREA: Mapping[Action, str] = {
    Action.EDIT_CARD: "card",
    Action.CHANGE_VISIBILITY: "card",
    Action.MANAGE_TEAM: "card",
    Action.ASK_PURGE: "card",
    Action.TAKE_OUT: "card",
    Action.ARRANGE_COORDINATION: "coordination",
    Action.READ_BRIEF: "brief",
    Action.EDIT_BRIEF: "brief",
    Action.HOLD_RETENTION: "brief",
    Action.READ_SESSIONS: "sessions",
    Action.EDIT_SESSIONS: "sessions",
    Action.MOVE_SESSION: "sessions",
    Action.END_TEXTS: "brief",
    Action.READ_PEOPLE: "people",
    Action.EDIT_PEOPLE: "people",
    Action.OPEN_IDENTITY: "identity",
    Action.EDIT_IDENTITY: "identity",
    Action.READ_LINKS: "links",
    Action.EDIT_LINKS: "links",
    Action.READ_OUTCOMES: "outcomes",
    Action.EDIT_OUTCOMES: "outcomes",
    Action.READ_TRANSFERS: "transfers",
    Action.EDIT_TRANSFERS: "transfers",
    Action.READ_AUDIT: "audit",
}
READING = frozenset(
    {
        Action.READ_BRIEF,
        Action.READ_SESSIONS,
        Action.READ_PEOPLE,
        Action.OPEN_IDENTITY,
        Action.READ_LINKS,
        Action.READ_OUTCOMES,
        Action.READ_TRANSFERS,
        Action.READ_AUDIT,
    }
)

# What outlives the day for which two owners let somebody in: that the initiative or its texts are destroyed, that they
# leave as a whole, that they lie elsewhere. Decided by those who are still there afterwards.
OUTLASTING = frozenset({Action.ASK_PURGE, Action.TAKE_OUT, Action.MOVE_SESSION, Action.END_TEXTS})
FOR_A_DAY = gettext_lazy(
    "You were let in for a day, in an emergency. What outlives that day is decided by the team: until when something "
    "is kept, that it is purged, moved, or taken out as a whole."
)

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
    if _outlasts(standing, action):
        return False
    area = AREA.get(action)
    access = team_access(standing.team_role, area) if area else Access.NONE
    return access is Access.WRITE or (access is Access.READ and action in READING)


def _outlasts(standing: Standing, action: Action) -> bool:
    return standing.for_a_day and action in OUTLASTING


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
        raise Forbidden(action, str(FOR_A_DAY) if _outlasts(standing, action) else "")
    return standing
