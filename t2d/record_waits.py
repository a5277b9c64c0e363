"""What of the record waits for somebody today: sessions, outcomes and transfers, links, messages received.

Part of the home page. Each list goes through `visible_to`; it holds what its reader can do something about.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from django.utils.text import Truncator

from confidentiality.codes import Action
from confidentiality.fields import if_it_opens
from confidentiality.policy import Standing, allows
from initiatives.enums import SessionStatus
from initiatives.models import Session, TeamMember
from initiatives.services import entitle
from participants.services.reach import ways_of
from transfer.models import ReceivedTransfer
from transfer.services.overview import statements_of, what_waits

SHOWN = 5
COMING_DAYS = 30
COMPLETE_DAYS = 60  # A session that lacks something for longer will not get it any more.
LABEL_LENGTH = 90
LACKING = ("purpose", "next_step")


def of_record(user: Any, memberships: list[TeamMember]) -> dict[str, Any]:
    """Lists for the home page, by name. `received`: what an office waits to acknowledge."""
    logging = _with(memberships, Action.EDIT_SESSIONS)
    found: dict[str, Any] = {"received": _received(user)}
    if not memberships:
        return found
    found |= _sessions(user, logging)
    found["stuck"] = _stuck(user, _with(memberships, Action.EDIT_OUTCOMES))
    found["stale"] = _stale(user)
    return found


def _with(memberships: list[TeamMember], action: Action) -> set[UUID]:
    """Initiatives in which one's role includes the act."""
    return {
        member.initiative_id
        for member in memberships
        if allows(Standing(team_role=member.role, visible=True), action)
    }


def _sessions(user: Any, logging: Collection[UUID]) -> dict[str, Any]:
    """Sessions ahead, and those of one's own writing that lack something."""
    today = timezone.localdate()
    seen = Session.objects.visible_to(user).kept().select_related("initiative")
    ahead = Q(
        status=SessionStatus.PLANNED, began_on__gte=today, began_on__lte=today + timedelta(days=COMING_DAYS)
    )
    passed = Q(status=SessionStatus.PLANNED, began_on__lt=today)
    held = Q(status=SessionStatus.HELD, began_on__gte=today - timedelta(days=COMPLETE_DAYS))
    rows = list(seen.filter(ahead | passed | held).order_by("began_on", "pk"))
    coming = [
        session for session in rows if session.status == SessionStatus.PLANNED and session.began_on >= today
    ]
    unfinished = []
    for session in reversed(rows):
        if session.initiative_id in logging and session not in coming:
            lacks = _lacks(session)
            if lacks:
                unfinished.append((session, lacks))
    entitle(by=user, initiatives=[session.initiative for session in rows])
    return {"coming": coming[:SHOWN], "unfinished": unfinished[:SHOWN]}


def _lacks(session: Session) -> list[str]:
    """`held`: nobody said whether it took place; else the fields that are empty."""
    if session.status == SessionStatus.PLANNED:
        return ["held"]
    return [name for name in LACKING if if_it_opens(session, name) == ""]


def _stuck(user: Any, carrying: Collection[UUID]) -> list[dict[str, Any]]:
    """Outcomes that may travel and have not, and transfers without an answer; of initiatives that one writes in."""
    # The overview names records by their ids as text.
    overview = what_waits(by=user)
    cards = {str(card.pk): card for card in overview.chosen if card.pk in carrying}
    waiting = (one for one in overview.stuck if overview.ideas[one.idea].initiative in cards)
    shown = list(islice(waiting, SHOWN))
    texts = statements_of(by=user, outcomes=[one.idea for one in shown])
    return [
        {
            "one": one,
            "initiative": cards[overview.ideas[one.idea].initiative],
            "label": Truncator(" ".join((texts.get(one.idea) or "").split())).chars(LABEL_LENGTH),
        }
        for one in shown
    ]


def _stale(user: Any) -> list[Any]:
    """Links that nobody has confirmed for 180 days, the oldest last confirmed first."""
    stale = [way for ways in ways_of(user).values() for way in ways if not way.live]
    return sorted(stale, key=lambda way: (way.last_confirmed_on, way.pseudonym))[:SHOWN]


def _received(user: Any) -> list[ReceivedTransfer]:
    waiting = ReceivedTransfer.objects.visible_to(user).filter(acknowledged_on=None)
    return list(waiting.select_related("body")[:SHOWN])
