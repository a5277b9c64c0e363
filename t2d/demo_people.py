"""The people of the demonstration: about forty, on both sides, by pseudonym. All invented.

Those whose identity is written down bear the name of a bird and a place of the invented landscape: nobody can take them
for somebody. Added as whoever would do it: in Amber Heron the rapporteur, who does not see the names again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.models import User
from confidentiality.actor import actor
from confidentiality.policy import WITHOUT_ATTENDANCE
from initiatives.enums import SessionStatus
from initiatives.models import Initiative, Party, Session
from participants.enums import ParticipationStatus
from participants.models import Participation
from participants.services import add_person, mark_attendance, participate, rate

RECORD, CONTACT, CARRY, NAMED = (
    "to_be_recorded",
    "to_be_contacted",
    "to_carry",
    "to_be_named_to_officials",
)
# How much somebody was found to know: ratings of the four kinds of knowledge, or of some of them.
VERSED = {
    "substantive_competence": 4,
    "political_knowledge": 3,
    "technical_knowledge": 3,
    "creativity_flexibility": 2,
}
LEARNED = {"substantive_competence": 3, "technical_knowledge": 4, "discretion_record": 4}
PRACTICAL = {"substantive_competence": 1, "political_knowledge": 3, "credibility_with_other_side": 3}
NEW = {"openness_to_learning": 4, "availability": 3, "creativity_flexibility": 2}
EXPOSED = {**PRACTICAL, "security_exposure": 3, "legal_exposure": 2}


@dataclass(frozen=True, slots=True)
class Somebody:
    """Somebody of an initiative. `name`: what is written down of who it is; most have only a pseudonym."""

    side: str
    background: str
    role: str = "participant"
    capacity: str = "personal"
    status: str = "accepted"
    name: str = ""
    ratings: dict[str, int] | None = None
    consents: tuple[str, ...] = (RECORD, CONTACT)
    note: str = ""


UP, DOWN, COUNCILS = "Upstream side", "Downstream side", "Downstream river councils"
MAIN, ISLES = "Mainland government", "Island assembly"
ALL = (RECORD, CONTACT, CARRY, NAMED)
PEOPLE: dict[str, tuple[Somebody, ...]] = {
    "Amber Heron": (
        Somebody(UP, "former_official", name="Kestrel of the upper mill", ratings=VERSED, consents=ALL),
        Somebody(UP, "scholar", name="Avocet of the gauge house", ratings=LEARNED),
        Somebody(UP, "politician", capacity="advisory", ratings=PRACTICAL, consents=(RECORD, CARRY)),
        Somebody(UP, "business", status="attended", name="Dipper of the three locks", ratings=NEW),
        Somebody(UP, "youth", status="invited"),
        Somebody(
            DOWN,
            "former_official",
            name="Godwit of the long weir",
            ratings=VERSED,
            consents=ALL,
            note="Comes if the chair of the other side comes.",
        ),
        Somebody(DOWN, "expert", name="Curlew of the pump yard", ratings=LEARNED),
        Somebody(DOWN, "military", ratings=EXPOSED, consents=(CONTACT,)),
        Somebody(COUNCILS, "community", role="insider_mediator", ratings=PRACTICAL),
        Somebody(
            DOWN,
            "media",
            status="withdrew",
            note="Left after the second session; stays in touch through the host.",
        ),
        Somebody("", "civil_society", role="host", capacity="personal", consents=()),
    ),
    "Cedar Bridge": (
        Somebody(UP, "serving_official", capacity="instructed", ratings=VERSED, consents=ALL),
        Somebody(UP, "expert", name="Plover of the survey barge", ratings=LEARNED),
        Somebody(UP, "lawyer", ratings=NEW),
        Somebody(DOWN, "serving_official", capacity="instructed", ratings=PRACTICAL, consents=ALL),
        Somebody(DOWN, "expert", name="Redshank of the delta school", ratings=LEARNED),
        Somebody(DOWN, "business", status="declined"),
        Somebody("", "scholar", role="third_party_panel", consents=(RECORD,)),
    ),
    "Quiet Lantern": (
        Somebody(MAIN, "community", name="Eider of the north pier", ratings=PRACTICAL, consents=ALL),
        Somebody(MAIN, "military", capacity="advisory", ratings=EXPOSED),
        Somebody(MAIN, "business", ratings=NEW),
        Somebody(ISLES, "community", name="Fulmar of the lamp house", ratings=LEARNED, consents=ALL),
        Somebody(ISLES, "politician", ratings=VERSED),
        Somebody(ISLES, "religious", role="insider_mediator", status="invited"),
        Somebody(ISLES, "diaspora", status="blocked", note="Was not given leave to travel."),
    ),
    "Slate Harbour": (
        Somebody(MAIN, "scholar", name="Gannet of the tide tables", ratings=LEARNED),
        Somebody(MAIN, "former_official", ratings=VERSED, consents=ALL),
        Somebody(ISLES, "lawyer", ratings=LEARNED),
        Somebody(ISLES, "business", name="Petrel of the drying sheds", ratings=PRACTICAL),
        Somebody(ISLES, "serving_official", capacity="official", role="official_observer"),
    ),
    "Copper Kite": (
        Somebody(UP, "community", name="Wagtail of the rope ferry", ratings=PRACTICAL),
        Somebody(UP, "youth", ratings=NEW),
        Somebody(COUNCILS, "community", ratings=PRACTICAL, consents=(CONTACT, CARRY)),
        Somebody(DOWN, "religious", role="insider_mediator", ratings=NEW),
        Somebody(DOWN, "business", status="considered"),
    ),
    "Reed Basket": (
        Somebody(COUNCILS, "scholar", name="Lapwing of the lower school", ratings=LEARNED),
        Somebody(COUNCILS, "youth", ratings=NEW),
        Somebody(COUNCILS, "community", status="attended"),
        Somebody("", "expert", role="resource_expert", consents=(RECORD,)),
    ),
}
# Who adds the people, where it is not the lead.
BY_OTHERS = {"Amber Heron": "rapporteur"}
# From one initiative into another of the same register: whose how manieth, and in what role.
ALSO = (("Cedar Bridge", 1, "Copper Kite", "resource_expert"),)
NEVER_CAME = (ParticipationStatus.CONSIDERED, ParticipationStatus.DECLINED, ParticipationStatus.BLOCKED)


CONTACTS = "By letter, care of the host"
ON_PAPER = "The name is on paper, in the host's drawer. By letter, care of the host"


def load_people(people: dict[str, User], leads: dict[str, str], cards: dict[str, Initiative]) -> None:
    """Everybody, initiative by initiative; then those who take part in two, and who was at which session."""
    for codename, somebodies in PEOPLE.items():
        by = people[BY_OTHERS.get(codename, leads[codename])]
        with actor(by):
            for somebody in somebodies:
                _add(by, cards[codename], somebody)
    for codename, number, other, role in ALSO:
        by = people[leads[codename]]
        with actor(by):
            part = _parts(cards[codename])[number]
            participate(by=by, initiative=cards[other], person=part.person, role=role, status="accepted")
    for codename in PEOPLE:
        by = people[leads[codename]]
        with actor(by):
            _came(by, cards[codename])


def _add(by: User, initiative: Initiative, somebody: Somebody) -> None:
    party = Party.objects.filter(name=somebody.side).first() if somebody.side else None
    more: dict[str, Any] = {}
    if somebody.status == ParticipationStatus.WITHDREW:
        more["withdrew_on"] = timezone.localdate() - timedelta(days=200)
    person = add_person(
        by=by,
        initiative=initiative,
        party=party,
        background=somebody.background,
        identity={"name": somebody.name, "contacts": CONTACTS if somebody.name else ON_PAPER},
        role=somebody.role,
        capacity=somebody.capacity,
        status=somebody.status,
        consents=list(somebody.consents),
        note=somebody.note,
        **more,
    )
    part = Participation.objects.get(initiative=initiative, person=person)
    for criterion, rating in (somebody.ratings or {}).items():
        rate(by=by, participation=part, criterion=criterion, rating=rating)


def _parts(initiative: Initiative) -> list[Participation]:
    """In the order in which they were added."""
    parts = Participation.objects.filter(initiative=initiative).select_related("person__party")
    return list(parts.order_by("created_at"))


def _came(by: User, initiative: Initiative) -> None:
    """Most came to most sessions that were held; nobody by pseudonym where the rule stores nobody."""
    parts = [part for part in _parts(initiative) if part.status not in NEVER_CAME]
    held = Session.objects.filter(initiative=initiative, status=SessionStatus.HELD, deleted_at=None)
    for number, session in enumerate(held.order_by("began_on")):
        if session.rule in WITHOUT_ATTENDANCE:
            continue
        there = [
            part
            for index, part in enumerate(parts)
            if (index + number) % 4 and not (part.withdrew_on and part.withdrew_on < session.days.first)
        ]
        session.initiative = initiative
        mark_attendance(by=by, session=session, participations=there)
