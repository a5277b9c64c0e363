"""How far an outcome may travel, and how far it has gone."""

from __future__ import annotations

from typing import Any

from confidentiality.words import listed
from transfer.enums import PUBLIC_CHANNELS, TransferStatus, TravelPermission
from transfer.models import Outcome, Transfer

LEAVES_THE_TEAM = frozenset({TravelPermission.OFFICIALS, TravelPermission.PUBLIC})


def allows(permission: str, channel: str) -> bool:
    """Whether an outcome with this permission may go this way."""
    if channel in PUBLIC_CHANNELS:
        return permission == TravelPermission.PUBLIC
    return permission in LEAVES_THE_TEAM


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
