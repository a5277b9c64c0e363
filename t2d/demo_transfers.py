"""What became of the outcomes of the demonstration: carried, planned, stuck, given up, and taken up to every rung.

The message is what the group agreed on, in its own words. Soft Track Two owes nobody a conclusion: nothing of it is
carried here. Made as the lead of each initiative would, through the services.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import cycle
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from confidentiality.actor import actor
from initiatives.enums import TrackType
from initiatives.models import Initiative
from initiatives.services.overriding import Doubt
from participants.models import Attendance, LiaisonMandate, OfficialBody
from transfer.enums import LEAVES_THE_TEAM
from transfer.models import Outcome, ReceivedTransfer, Transfer
from transfer.services import abandon_transfer, acknowledge, plan_transfer, record_step, record_transfer
from transfer.services.carriers import carriers_of, links_of
from transfer.services.permission import may_leave

LATE = "Written down later, from the minutes; they were briefed by those who were there."


@dataclass(frozen=True, slots=True)
class Story:
    """What became of one outcome. `ago`: days since it was carried, below 0 for a plan. `steps`: uptake, days after
    that, evidence, how sure."""

    channel: str
    agent: str
    ago: int
    steps: tuple[tuple[str, int, str, str], ...] = ()
    given_up: str = ""
    stance: int = 1
    fidelity: str = "unknown"


SAID, TOLD, SEEN, TEXT = "official_said", "participant_said", "facilitator_observed", "public_text_match"
STORIES = (
    Story(
        "joint_briefing_both_sides", "participants_jointly", 120,
        (("received_confirmed", 3, SAID, "high"), ("discussed_internally", 20, TOLD, "medium"),
         ("more_requested", 34, SAID, "high"), ("used_in_position", 60, TOLD, "low")),
        fidelity="faithful", stance=2,
    ),
    Story("private_memo", "participant", 64, (("sent", 0, SEEN, "high"),)),  # stuck
    Story("participant_advises_negotiator", "participant", -10, stance=2),
    Story(
        "oral_briefing_one_side", "facilitator", 200,
        (("received_confirmed", 2, SAID, "high"), ("acknowledged", 9, SAID, "high"),
         ("discussed_internally", 30, TOLD, "medium"), ("tabled_in_t1", 80, TEXT, "medium")),
        fidelity="partial",
    ),
    Story(
        "non_paper", "participants_jointly", 330,
        (("acknowledged", 6, SAID, "high"), ("tabled_in_t1", 70, SAID, "medium"),
         ("reflected_in_agreed_text", 150, TEXT, "high")),
        fidelity="verbatim", stance=2,
    ),
    Story("embassy_briefing", "convener_org", -30, given_up="The embassy has closed its office on the coast."),
    Story("religious_or_tribal_channel", "insider_mediator", 70, (("blocked_by_gatekeeper", 12, TOLD, "low"),)),
    Story(
        "facilitator_shuttle", "facilitator", 400,
        (("received_confirmed", 4, SAID, "high"), ("reflected_in_agreed_text", 120, TEXT, "high"),
         ("implemented", 260, TEXT, "medium")),
        fidelity="faithful",
    ),
    Story(
        "briefing_to_lead_mediator", "convener_org", 45,
        (("received_confirmed", 1, SAID, "high"), ("rejected", 20, SAID, "high")), stance=-1,
    ),
    Story("joint_paper", "document_only", 21),  # nothing heard yet
)  # fmt: skip


def load_transfers(
    people: Mapping[str, User], leads: Mapping[str, str], cards: Mapping[str, Initiative]
) -> None:
    """`leads`: the account of each initiative's lead, by codename. After bodies, people, sessions and outcomes."""
    stories, served = cycle(STORIES), _served(people.get("liaison"))
    for codename, lead in leads.items():
        card = cards[codename]
        if card.track_type == TrackType.T2_SOFT:
            continue
        with actor(people[lead]):
            _carry(people[lead], card, stories, served)
    if "liaison" in people:
        with actor(people["liaison"]):
            _answer(people["liaison"])


def _served(liaison: User | None) -> set[UUID]:
    """Offices that somebody answers for."""
    if liaison is None:
        return set()
    with actor(liaison):
        return set(LiaisonMandate.objects.visible_to(liaison).live().values_list("body", flat=True))


def _carry(lead: User, card: Initiative, stories: Iterator[Story], served: Set[UUID]) -> None:
    """The outcomes in the order in which they came, each with the next story; to the offices in turn, first to one
    that answers."""
    found = Outcome.objects.visible_to(lead).kept().filter(initiative=card).select_related("session")
    ready = [outcome for outcome in found if outcome.travel_permission in LEAVES_THE_TEAM]
    ready.sort(key=lambda outcome: (_begun(outcome), outcome.created_at))
    offices = list(OfficialBody.objects.filter(conflict=card.conflict.root_id))
    offices.sort(key=lambda office: office.pk not in served)
    for number, outcome in enumerate(ready):
        story = next(stories)
        if may_leave(outcome, story.channel):
            office = offices[number % len(offices)] if offices else None
            _tell(lead, card, outcome, story, office)


def _begun(outcome: Outcome) -> date:
    return outcome.session.days.last if outcome.session else date.min


def _tell(lead: User, card: Initiative, outcome: Outcome, story: Story, office: OfficialBody | None) -> None:
    today = timezone.localdate()
    on = max(today - timedelta(days=story.ago), min(_begun(outcome) + timedelta(days=5), today))
    fields = {
        "body": office,
        "direction": "upward" if office else "lateral",
        "channel": story.channel,
        "agent": story.agent,
        "sent_on": on,
        "message": outcome.statement,
        "fidelity": story.fidelity,
        "stances": {theme: story.stance for theme in card.themes[:2]},
        **_by_whom(lead, outcome, story, office),
    }
    if story.ago < 0:
        plan = plan_transfer(by=lead, outcome=outcome, **fields)
        if story.given_up:
            abandon_transfer(by=lead, transfer=plan, reason=story.given_up)
        return
    try:
        sent = record_transfer(by=lead, outcome=outcome, **fields)
    except Doubt:
        sent = record_transfer(by=lead, outcome=outcome, override_reason=LATE, **fields)
    _follow(lead, sent, story, on)


def _by_whom(lead: User, outcome: Outcome, story: Story, office: OfficialBody | None) -> dict[str, Any]:
    """Who was there and has a live link to the office, where participants carry it."""
    if office is None or not story.agent.startswith("participant"):
        return {}
    came = set(
        Attendance.objects.filter(session=outcome.session_id).values_list("participation_id", flat=True)
    )
    ways = links_of(by=lead, carriers=carriers_of(by=lead, initiative=outcome.initiative))
    fit = (way for way in ways if way.body_id == office.pk and (not came or way.carrier.pk in came))
    way = next(fit, None)
    return {"carrier": way.carrier, "link": way.link} if way else {}


def _follow(lead: User, sent: Transfer, story: Story, on: date) -> None:
    """The steps, sooner after each other where it was carried too late for all of them to have happened by now."""
    gone, last = (timezone.localdate() - on).days, max((after for _, after, *_ in story.steps), default=0)
    for uptake, after, evidence, confidence in story.steps:
        record_step(
            by=lead,
            transfer=sent,
            uptake=uptake,
            on=on + timedelta(days=after if last <= gone else after * gone // last),
            evidence=evidence,
            confidence=confidence,
            substantiated=evidence == TEXT,
        )


def _answer(liaison: User) -> None:
    """The oldest that waits is acknowledged, the others wait."""
    waiting = ReceivedTransfer.objects.visible_to(liaison).filter(acknowledged_on=None)
    oldest = waiting.order_by("sent_on").first()
    if oldest is not None:
        acknowledge(by=liaison, received=oldest)
