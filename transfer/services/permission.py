"""How far an outcome may travel, and how far it has gone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from confidentiality.policy import (
    AGREED_TO_OFFICIALS,
    ATTENDANCE_IN_FILES,
    FACTS_IN_FILES,
    IN_NO_FILE,
    NOT_TO_OFFICIALS,
)
from confidentiality.words import listed
from transfer.enums import LEAVES_THE_TEAM, PUBLIC_CHANNELS, OutcomeKind, TransferStatus, TravelPermission
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
    rule = outcome.session.rule if outcome.session else None
    if rule in AGREED_TO_OFFICIALS:
        return outcome.kind != OutcomeKind.COLLECTIVE or len(outcome.endorsed_by) < 2
    return rule in NOT_TO_OFFICIALS


def may_leave(outcome: Outcome, channel: str) -> bool:
    """Whether it may go this way: by what the group agreed, and by the rule of its session."""
    return allows(outcome.travel_permission, channel) and not held_back(outcome)


@dataclass(frozen=True, slots=True)
class InFiles:
    """What of an outcome, and of what hangs on it, leaves the room in a file: the row, its texts, who it was."""

    row: bool
    texts: bool
    people: bool


def in_files(outcome: Outcome) -> InFiles:
    """By the rule of its session, and for texts by what the group agreed as well."""
    rule = outcome.session.rule if outcome.session else None
    texts = rule not in FACTS_IN_FILES and outcome.travel_permission in LEAVES_THE_TEAM
    return InFiles(rule not in IN_NO_FILE, texts, rule is None or rule in ATTENDANCE_IN_FILES)


def gone_out(*, by: Any, outcome: Outcome) -> list[Transfer]:
    """The transfers by which an outcome has left the team, the first of them first."""
    sent = Transfer.objects.visible_to(by).kept().filter(outcome=outcome, status=TransferStatus.DONE)
    return list(sent.select_related("body").order_by("sent_on", "created_at"))


def told(sent: list[Transfer]) -> str:
    """Where an outcome has gone, in words: "Water Office (Private memo), Opinion piece"."""
    return listed(
        f"{one.body.name} ({one.get_channel_display()})" if one.body else one.get_channel_display()
        for one in sent
    )
