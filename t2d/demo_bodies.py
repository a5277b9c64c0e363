"""The demonstration's official bodies, who is liaison of one of them, and the ties of people to them. Fictional.

One office on each conflict is reached by nobody; some ties have gone stale; every kind of tie occurs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import count, cycle

from django.utils import timezone

from accounts.models import User
from confidentiality.actor import actor
from initiatives.models import Conflict, Initiative, OfficialTrack, Party
from participants.enums import Authorised, LinkAccess, LinkType
from participants.models import OfficialBody, Person
from participants.services import create_body, grant_liaison, record_link

VALLEY, STRAITS = "Valley of Two Rivers", "Northern Straits"
UP, DOWN = "Upstream side", "Downstream side"
MAINLAND, ISLANDS = "Mainland government", "Island assembly"
WATER, CEASEFIRE, FISHING = "Joint Water Talks", "Ceasefire Commission", "Straits Fishing Round"
LIAISON_OF = "Ministry of Water"


@dataclass(frozen=True, slots=True)
class Office:
    """An office of the demonstration. `gate`: the name of its gatekeeper, made before it. `parts`: in which track."""

    conflict: str
    name: str
    side: str
    themes: tuple[str, ...]
    gate: str = ""
    parts: tuple[tuple[str, str], ...] = ()
    reached: bool = True


OFFICES = (
    Office(
        VALLEY, "Prime Minister's Private Office", UP, ("third_party_guarantees",), parts=((WATER, "advises"),)
    ),
    Office(
        VALLEY, "Office of the Prime Minister", UP, ("natural_resources_water", "third_party_guarantees"),
        "Prime Minister's Private Office", ((WATER, "decides"), (CEASEFIRE, "decides")),
    ),
    Office(VALLEY, LIAISON_OF, UP, ("natural_resources_water",), parts=((WATER, "negotiates"),)),
    Office(
        VALLEY, "Defence Council", UP, ("ceasefire", "security_arrangements"), "Office of the Prime Minister",
        ((CEASEFIRE, "blocks"),), reached=False,
    ),
    Office(VALLEY, "Ministry of Foreign Affairs", DOWN, ("borders_territory",), parts=((WATER, "negotiates"),)),
    Office(
        VALLEY, "Presidency", DOWN, ("natural_resources_water", "ceasefire"), "Ministry of Foreign Affairs",
        ((WATER, "decides"), (CEASEFIRE, "decides")),
    ),
    Office(VALLEY, "Congress of the river councils", DOWN, ("cross_border_movement", "humanitarian_access")),
    Office(
        VALLEY, "Joint Water Commission", "", ("natural_resources_water", "confidence_building"),
        parts=((WATER, "advises"),),
    ),
    Office(STRAITS, "Cabinet Secretariat", MAINLAND, ("borders_territory",), parts=((FISHING, "decides"),)),
    Office(
        STRAITS, "Fisheries Directorate", MAINLAND, ("trade_economy",), "Cabinet Secretariat",
        ((FISHING, "negotiates"),),
    ),
    Office(
        STRAITS, "Naval Staff", MAINLAND, ("security_arrangements",), "Cabinet Secretariat",
        ((FISHING, "blocks"),), reached=False,
    ),
    Office(STRAITS, "Presidium of the Assembly", ISLANDS, ("borders_territory",), parts=((FISHING, "decides"),)),
    Office(STRAITS, "Harbour Board", ISLANDS, ("trade_economy",), parts=((FISHING, "advises"),)),
    Office(STRAITS, "Secretariat of the Council of the Coast", "", ("trade_economy", "third_party_guarantees")),
)  # fmt: skip
# How many days ago ties were confirmed, how strong they are, and how people come through: in turn.
AGES = (4, 35, 120, 210, 61, 17, 320)
STRENGTHS = (3, 2, 4, 1, 2, 3, 0)


def load_bodies(people: Mapping[str, User], conflicts: Mapping[str, Conflict]) -> None:
    """The offices, by the coordinator, and the liaison's mandate, by the steward."""
    coordinator, steward = people["coordinator"], people["steward"]
    with actor(coordinator):
        made: dict[str, OfficialBody] = {}
        for office in OFFICES:
            conflict = conflicts[office.conflict]
            tracks = {track.name: track for track in OfficialTrack.objects.filter(conflict=conflict)}
            made[office.name] = create_body(
                by=coordinator,
                conflict=conflict,
                name=office.name,
                party=Party.objects.filter(conflict=conflict, name=office.side).first(),
                agenda_themes=list(office.themes),
                gatekeeper=made.get(office.gate),
                parts=[(tracks[name], part) for name, part in office.parts],
            )
    with actor(steward):
        grant_liaison(by=steward, user=people["liaison"], body=made[LIAISON_OF])


def load_ties(people: Mapping[str, User], leads: Mapping[str, str], cards: Mapping[str, Initiative]) -> None:
    """Ties of those who take part, recorded by the lead; not of everybody, and to no office that nobody reaches.

    `leads`: the account of each initiative's lead, by codename. After the people are there.
    """
    numbers, kinds = count(), cycle(LinkType.values)
    known: set[object] = set()
    for codename, name in leads.items():
        lead = people[name]
        with actor(lead):
            offices = _offices(cards[codename])
            found = Person.objects.filter(participations__initiative=cards[codename]).order_by("created_at")
            for person in found:
                number = next(numbers)
                if person.pk in known or number % 3 == 2:
                    continue
                known.add(person.pk)
                near = [office for office in offices if office.party_id in (person.party_id, None)]
                if near:
                    _tie(lead, person, near[number % len(near)], number, next(kinds))


def _offices(card: Initiative) -> list[OfficialBody]:
    reached = [office.name for office in OFFICES if office.reached]
    return list(OfficialBody.objects.filter(conflict=card.conflict.root_id, name__in=reached))


def _tie(lead: User, person: Person, office: OfficialBody, number: int, kind: str) -> None:
    days = AGES[number % len(AGES)]
    record_link(
        by=lead,
        person=person,
        body=office,
        link_type=kind,
        access=LinkAccess.values[number % len(LinkAccess.values)],
        authorised=Authorised.values[number % len(Authorised.values)],
        two_way=(True, False, None)[number % 3],
        strength=STRENGTHS[number % len(STRENGTHS)],
        last_confirmed_on=timezone.localdate() - timedelta(days=days),
    )
