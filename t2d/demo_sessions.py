"""Sessions of the initiatives of the demonstration: two years of them, some ahead. All invented, like everybody there.

Told in days from the day of loading, so that what is ahead stays ahead. Each is logged by whoever would do it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.models import User
from confidentiality.actor import actor
from initiatives.dates import first_day
from initiatives.models import Initiative, Session
from initiatives.services import delete_session, edit_session, log_session

UP, DOWN, COUNCILS = "Upstream side", "Downstream side", "Downstream river councils"
MAINLAND, ISLAND = "Mainland government", "Island assembly"


@dataclass(frozen=True, slots=True)
class Meeting:
    """A session of the demonstration. `days` from today on which it began, before it negative; `present` by name of
    the side, "" for none; `embargo` days from today; `more` whatever else is told of it."""

    days: int
    format: str
    purpose: str
    next_step: str
    present: Mapping[str, int] = field(default_factory=dict)
    status: str = "held"
    rule: str = "chatham_house"
    length: int = 1
    precision: str = "day"
    embargo: int | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


_GAUGES = {"agenda_themes": ["natural_resources_water", "confidence_building"]}
_CROSSING = {"agenda_themes": ["cross_border_movement", "humanitarian_access"]}
_CALENDAR = {"agenda_themes": ["trade_economy", "natural_resources_water"]}

SESSIONS: Mapping[str, tuple[Meeting, ...]] = {
    "Amber Heron": (
        Meeting(
            -590, "bilateral", "Ask the upstream four what they would need to come", "Ask the downstream four the same",
            {UP: 4, "": 2},
        ),
        Meeting(
            -575, "bilateral", "Ask the downstream four what they would need to come", "Invite all eight to one table",
            {DOWN: 4, "": 2},
        ),
        Meeting(
            -520, "workshop", "Hear how each bank came to mistrust the other's numbers",
            "Each side brings one winter of its own readings", {UP: 4, DOWN: 4, "": 3}, length=3,
            more={**_GAUGES, "country": "CH", "place": "A school by a lake", "product_made": False,
                  "notes": "Both banks told the flood of their own year. Nobody had heard the other's dates before."},
        ),
        Meeting(
            -410, "workshop", "Lay two winters of readings side by side", "Two engineers draft one page on the weir",
            {UP: 4, DOWN: 3, "": 3}, length=2,
            more={**_GAUGES, "country": "CH", "product_made": True, "notes": "The readings differ by a constant: two "
                  "weirs, one error. An engineer of each bank signs the sketch."},
        ),
        Meeting(-330, "online", "Read the page on the weir before it is shown to anybody", "Correct figure two",
                {UP: 3, DOWN: 4, "": 2}, more=_GAUGES),
        Meeting(
            -236, "plenary", "Say what the page would cost each delegation", "Carry questions, not answers",
            {UP: 4, DOWN: 4, "": 3}, rule="non_attributed_summary", length=2,
            more={**_GAUGES, "country": "CH", "incidents": "One participant was asked at the border where to."},
        ),
        Meeting(-150, "working_group", "Where people cross the river while the talks stand still",
                "A map of crossing points, without names", {UP: 3, DOWN: 3, COUNCILS: 2, "": 2}, more=_CROSSING),
        Meeting(-96, "workshop", "Agree on one reading of the gauges that both could show at home",
                "Each side tells its delegation, in its own words", {UP: 4, DOWN: 4, "": 3}, length=2,
                more={**_GAUGES, "country": "CH", "product_made": True}),
        Meeting(-61, "shuttle", "Hear from each bank what its delegation said", "Ask again after the collapse",
                {UP: 2, DOWN: 2, "": 1}, rule="participants_only", more=_GAUGES),
        Meeting(-19, "working_group", "The map of crossing points, after the ceasefire commission fell apart",
                "Send both sides the map by Thursday", {UP: 3, DOWN: 2, "": 2}, more=_CROSSING),
        Meeting(-6, "workshop", "Water year: what is read, by whom, since when", "", status="planned", more=_GAUGES),
        Meeting(24, "workshop", "Prepare the opening of the water year", "Book the school by the lake",
                status="planned", length=2, more={**_GAUGES, "country": "CH"}),
        Meeting(75, "plenary", "Look back with both delegations' advisers in the room", "Ask who may come",
                status="planned", precision="month"),
    ),
    "Quiet Lantern": (
        Meeting(-300, "shuttle", "First calls on both coasts", "Bring one chart to both harbours",
                {MAINLAND: 2, ISLAND: 1, "": 2}),
        Meeting(-205, "shuttle", "Who answers when boats meet at night", "Two numbers, exchanged on paper",
                {MAINLAND: 2, ISLAND: 2, "": 2}, rule="no_notes", more={"agenda_themes": ["security_arrangements"]}),
        Meeting(-122, "bilateral", "Try the numbers in a calm month", "Write down what went wrong",
                {MAINLAND: 2, ISLAND: 2, "": 1}, more={"agenda_themes": ["security_arrangements"]}),
        Meeting(-40, "site_visit", "See the light on the island together", "", status="cancelled",
                more={"incidents": "The ferry was stopped two days before; nobody was on it."}),
        Meeting(12, "bilateral", "After the naval escort: do the numbers still hold", "A quiet room on neutral ground",
                status="planned"),
    ),
    "Cedar Bridge": (
        Meeting(-350, "working_group", "Experts list what the talks left open on the gauges", "A paper of two pages",
                {UP: 5, DOWN: 5, "": 2}, rule="non_attributed_summary", length=2, more=_GAUGES),
        Meeting(-210, "working_group", "The paper, line by line", "Annex on third-party readings",
                {UP: 5, DOWN: 4, "": 2}, rule="agreed_text_only", more={**_GAUGES, "product_made": True}),
        Meeting(-88, "working_group", "The annex", "Ask both desks for a date", {UP: 4, DOWN: 5, "": 2},
                rule="agreed_text_only", more=_GAUGES),
        Meeting(-14, "plenary", "Present the annex to both desks", "A new date after the election upstream",
                status="postponed", more=_GAUGES),
    ),
    "Slate Harbour": (
        Meeting(-230, "working_group", "Whose fish, in which month", "A calendar with empty weeks",
                {MAINLAND: 4, ISLAND: 4, "": 3}, length=2, more=_CALENDAR),
        Meeting(-110, "working_group", "Fill the empty weeks", "Ask fishermen on both coasts",
                {MAINLAND: 4, ISLAND: 3, "": 3}, more={**_CALENDAR, "product_made": True}),
        Meeting(38, "working_group", "The calendar, before the accord lapses", "Print it in both scripts",
                status="planned", more=_CALENDAR),
    ),
    "Copper Kite": (
        Meeting(-200, "reception", "Ferry operators and farmers eat together", "Meet again at the ford",
                {UP: 9, DOWN: 11, "": 2}, rule="on_record"),
        Meeting(-70, "workshop", "Who waits for whom at the ford", "A board with the times of the ferry",
                {UP: 6, DOWN: 8, "": 2}, embargo=20, more=_CROSSING),
    ),
    "Reed Basket": (
        Meeting(-400, "workshop", "Teachers choose ten years to write about", "Each brings one photograph",
                {COUNCILS: 12, "": 3}, rule="on_record", length=2, more={"agenda_themes": ["education_history"]}),
        Meeting(-180, "workshop", "Read each other's first chapter", "Leave the disputed page empty",
                {COUNCILS: 10, "": 3}, more={"agenda_themes": ["education_history"], "product_made": True}),
        Meeting(55, "workshop", "The empty page", "Invite two young teachers", status="planned",
                precision="month", more={"agenda_themes": ["education_history", "inclusion_women_youth"]}),
    ),
}  # fmt: skip


def load_sessions(
    people: Mapping[str, User], leads: Mapping[str, str], cards: Mapping[str, Initiative]
) -> dict[str, list[Session]]:
    """All of SESSIONS, by codename and in their order; one that was entered twice is deleted again."""
    made = {}
    for codename, meetings in SESSIONS.items():
        card = cards[codename]
        lead = people[leads[codename]]
        with actor(lead):
            sides = {side.party.name: str(side.party_id) for side in card.sides.select_related("party")}
        made[codename] = [
            _log(_writer(codename, meeting, people, lead), card, meeting, sides) for meeting in meetings
        ]
    _correct(people["rapporteur"], cards["Amber Heron"], made["Amber Heron"])
    return made


def _writer(codename: str, meeting: Meeting, people: Mapping[str, User], lead: User) -> User:
    """Once Amber Heron has a rapporteur, she writes what was held; the lead plans."""
    return people["rapporteur"] if codename == "Amber Heron" and -300 < meeting.days < 0 else lead


def _log(by: User, card: Initiative, meeting: Meeting, sides: Mapping[str, str]) -> Session:
    today = timezone.localdate()
    began = today + timedelta(days=meeting.days)
    ended = began + timedelta(days=meeting.length - 1) if meeting.length > 1 else None
    # A faction that is no side of its own on the card is counted with none.
    present: dict[str, int] = {}
    for name, number in meeting.present.items():
        key = sides.get(name, "")
        present[key] = present.get(key, 0) + number
    overdue = meeting.status == "planned" and meeting.days < 0
    with actor(by):
        return log_session(
            by=by,
            initiative=card,
            status=meeting.status,
            began_on=first_day(began, meeting.precision),
            began_precision=meeting.precision,
            ended_on=ended,
            format=meeting.format,
            rule=meeting.rule,
            embargo_until=today + timedelta(days=meeting.embargo) if meeting.embargo else None,
            present=present,
            purpose=meeting.purpose,
            next_step=meeting.next_step,
            override_reason="Planned before; nobody has said yet what became of it." if overdue else "",
            **meeting.more,
        )


def _correct(by: User, card: Initiative, sessions: list[Session]) -> None:
    """A history to look at: a next step put right, and a session entered twice."""
    with actor(by):
        edit_session(
            by=by, session=sessions[-4], next_step="Send both sides the map by Thursday, without the ford"
        )
        twice = log_session(
            by=by,
            initiative=card,
            began_on=sessions[-4].began_on,
            format="working_group",
            purpose="The map of crossing points",
        )
        delete_session(by=by, session=twice, reason="Entered twice, from two phones.")
