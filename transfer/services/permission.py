"""How far an outcome may travel, and how far it has gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from confidentiality.codes import KeptBy
from confidentiality.policy import (
    AGREED_FOR_OBSERVERS,
    AGREED_TO_OFFICIALS,
    ATTENDANCE_IN_FILES,
    FACTS_IN_FILES,
    IN_NO_FILE,
    NOT_TO_OFFICIALS,
)
from confidentiality.words import listed
from initiatives import embargo
from initiatives.models import Session
from transfer.enums import (
    LEAVES_THE_TEAM,
    PUBLIC_CHANNELS,
    SIDES_THAT_AGREE,
    OutcomeKind,
    TransferStatus,
    TravelPermission,
)
from transfer.models import Outcome, Transfer


def allows(permission: str, channel: str) -> bool:
    """Whether an outcome with this permission may go this way."""
    if channel in PUBLIC_CHANNELS:
        return permission == TravelPermission.PUBLIC
    return permission in LEAVES_THE_TEAM


def held_back(outcome: Outcome) -> bool:
    """Whether the rule of its session keeps it from officials and the public, whatever the group agreed.

    Under "agreed text only" an outcome goes out once two sides or more stand behind it.
    """
    return _held_by(outcome.session.rule if outcome.session else None, outcome)


def _held_by(rule: str | None, outcome: Outcome) -> bool:
    if rule in AGREED_TO_OFFICIALS:
        return outcome.kind != OutcomeKind.COLLECTIVE or len(outcome.endorsed_by) < SIDES_THAT_AGREE
    return rule in NOT_TO_OFFICIALS


def embargo_of(outcome: Outcome) -> date | None:
    """Before which day nothing of its session leaves the team."""
    return outcome.session.embargo_until if outcome.session else None


def is_closed_to_observers(outcome: Outcome) -> bool:
    """Beyond what closes the session itself: under "agreed text only" they see what is agreed."""
    return outcome.session is not None and outcome.session.rule in AGREED_FOR_OBSERVERS and held_back(outcome)


def may_leave(outcome: Outcome, channel: str) -> bool:
    """Whether it may go this way now: by what the group agreed, and by the rule and the embargo of its session."""
    held = held_back(outcome) or embargo.stands(embargo_of(outcome))
    return allows(outcome.travel_permission, channel) and not held


@dataclass(frozen=True, slots=True)
class Reach:
    """How far an outcome may go as it stands: whether at all, with which permission, and not before which day.

    An embargo ends by itself: what it holds counts as what leaves."""

    leaves: bool
    permission: str
    until: date | None = None

    def allows(self, channel: str) -> bool:
        return self.leaves and allows(self.permission, channel)


NOWHERE = Reach(False, TravelPermission.NONE)


def reach_of(outcome: Outcome) -> Reach:
    """By everything that decides it: the permission, the rule of its session, the sides behind it, a deletion."""
    if outcome.deleted_at is not None or outcome.travel_permission not in LEAVES_THE_TEAM:
        return Reach(False, outcome.travel_permission)
    return Reach(not held_back(outcome), outcome.travel_permission, embargo_of(outcome))


@dataclass(frozen=True, slots=True)
class InFiles:
    """What of an outcome, and of what hangs on it, leaves the room in a file: the row, its texts, who it was. `why`:
    what keeps the first of them that stays, as a code; "" where nothing does."""

    row: bool
    texts: bool
    people: bool
    why: str


def in_files(outcome: Outcome) -> InFiles:
    """By the rule and the embargo of its session, and for texts by what the group agreed as well. Who it was is said of
    sessions on the record alone: where no session is named, nobody agreed to that."""
    rule = outcome.session.rule if outcome.session else None
    wordless = _keeps_texts(rule, outcome)
    people = rule in ATTENDANCE_IN_FILES and not embargo.stands(embargo_of(outcome))
    return InFiles(
        rule not in IN_NO_FILE, not wordless, people, wordless or ("" if people else KeptBy.PEOPLE.value)
    )


def _keeps_texts(rule: str | None, outcome: Outcome) -> str:
    if rule is not None and rule in IN_NO_FILE | FACTS_IN_FILES:
        return rule
    if embargo.stands(embargo_of(outcome)):
        return KeptBy.EMBARGO.value
    return "" if outcome.travel_permission in LEAVES_THE_TEAM else KeptBy.PERMISSION.value


def keeps_way(outcome: Outcome, channel: str) -> str:
    """What keeps out of files that it was carried this way, as a code; "" where nothing does."""
    if outcome.session is not None and (held_back(outcome) or outcome.session.rule in IN_NO_FILE):
        return outcome.session.rule
    if embargo.stands(embargo_of(outcome)):
        return KeptBy.EMBARGO.value
    return "" if allows(outcome.travel_permission, channel) else KeptBy.PERMISSION.value


# Of what the rule of a session keeps inside: what only says who it was.
PEOPLE = "people"


def kept_inside(session: Session | None, outcome: Outcome) -> set[str]:
    """What the rule of this session keeps in the room of an outcome that comes out of it."""
    rule = session.rule if session else None
    kept = {
        "row": rule in IN_NO_FILE,
        "texts": rule in IN_NO_FILE | FACTS_IN_FILES,
        "officials": _held_by(rule, outcome),
        PEOPLE: rule not in ATTENDANCE_IN_FILES,
    }
    return {name for name, holds in kept.items() if holds}


def embargo_ends(before: Session | None, now: Session | None) -> bool:
    """Whether an outcome escapes an embargo that stands, or is held by it for less long, with another session."""
    return before is not None and embargo.ends_earlier(
        before.embargo_until, now.embargo_until if now else None
    )


def gone_out(*, by: Any, outcome: Outcome) -> list[Transfer]:
    """The transfers by which an outcome has left the team, the first of them first."""
    done = {"status": TransferStatus.DONE, "deleted_at": None}
    sent = Transfer.objects.visible_to(by).filter(outcome=outcome, **done)
    return list(sent.select_related("body").order_by("sent_on", "created_at"))


def read_again(*, by: Any, outcome: Outcome, before: Reach) -> list[Transfer]:
    """What was withdrawn with the outcome, and comes before its readers again now that it may leave, or sooner."""
    now = reach_of(outcome)
    if not now.leaves or (before.leaves and not embargo.ends_earlier(before.until, now.until)):
        return []
    return gone_out(by=by, outcome=outcome)


@dataclass(frozen=True, slots=True)
class Turned:
    """What has gone out, and with a new rule or embargo comes before its readers again, or is kept from them."""

    again: list[Transfer]
    kept: list[Transfer]


def turned_by(*, by: Any, session: Session, before: Mapping[str, Any]) -> Turned:
    """`before`: the rule and the embargo that the session had."""
    inside = Outcome.objects.visible_to(by).kept()
    leaving = inside.filter(session=session, travel_permission__in=LEAVES_THE_TEAM).order_by("created_at")
    sooner = embargo.ends_earlier(before["embargo_until"], session.embargo_until)
    later = embargo.stands(session.embargo_until) and not embargo.stands(before["embargo_until"])
    again: list[Transfer] = []
    kept: list[Transfer] = []
    for outcome in leaving:
        held, was_held = _held_by(session.rule, outcome), _held_by(before["rule"], outcome)
        if not held and (was_held or sooner):
            again += gone_out(by=by, outcome=outcome)
        elif later and not was_held:
            kept += gone_out(by=by, outcome=outcome)
    return Turned(again, kept)


def told(sent: list[Transfer]) -> str:
    """Where an outcome has gone, in words: "Water Office (Private memo), Opinion piece"."""
    return listed(
        f"{one.body.name} ({one.get_channel_display()})" if one.body else one.get_channel_display()
        for one in sent
    )
