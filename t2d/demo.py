"""The demonstration: the historic register as public record, and an invented world beside it.

Everything but the register is fictional, on fictional conflicts, so that nobody takes an invented meeting for a
real one. Made through the services, each as the account that would do it. Days are counted from the day of
loading, so that countdowns run.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts.models import Organisation, User
from accounts.services import add_membership, create_organisation, vet_organisation
from confidentiality.actor import SETUP, actor
from coordination.services.comparison import compare_waiting
from coordination.services.links import arrange_coordination
from initiatives.dates import first_day
from initiatives.models import Conflict, Initiative, Party
from initiatives.services import (
    add_team_member,
    ask_purge,
    confirm_declaration,
    create_conflict,
    create_deadline,
    create_party,
    create_track,
    declare_for_circle,
    grant_mandate,
    open_initiative,
    record_phase,
)
from initiatives.services.importing import import_initiatives
from t2d.demo_bodies import load_bodies, load_ties
from t2d.demo_briefs import load_briefs
from t2d.demo_outcomes import load_outcomes
from t2d.demo_people import load_people
from t2d.demo_sessions import load_sessions
from t2d.demo_transfers import load_transfers

PASSWORD = "two-rivers-meet-here"  # nosec B105 # of fictional accounts, printed at every start
DOMAIN = settings.DEMO_DOMAIN
REGISTER = Path(__file__).resolve().parent.parent / "demo" / "historic_initiatives.csv"

# Name of the account, first name, organisation, role there, what one sees with it. The researcher does not
# sign in: somebody has to lead what the third organisation does.
PEOPLE = (
    ("steward", "Stella", "", "", "runs the site: organisations to vet"),
    (
        "coordinator",
        "Tomas",
        "Common Table Office",
        "owner",
        "reads the queue of overlaps, imports the register",
    ),
    ("mediator", "Mara", "Harbour Dialogue", "owner", "leads Amber Heron and Quiet Lantern"),
    ("rapporteur", "Noor", "Harbour Dialogue", "member", "rapporteur of Amber Heron; a purge waits for her"),
    (
        "registrar",
        "Rana",
        "Harbour Dialogue",
        "registrar",
        "keeps the register of persons of her organisation",
    ),
    ("rival", "Ravi", "Bridgewater Centre", "owner", "leads Cedar Bridge on the same conflict"),
    ("liaison", "Lena", "", "", "receives what is transferred to the Ministry of Water"),
    ("researcher", "Ines", "Slate & Field Institute", "owner", ""),
)
ORGANISATIONS = (
    ("Common Table Office", "other"),
    ("Harbour Dialogue", "ngo"),
    ("Bridgewater Centre", "ngo"),
    ("Slate & Field Institute", "university"),
)
SIGNING_IN = tuple((name, sees) for name, _first, _organisation, _role, sees in PEOPLE if sees)

VALLEY, FORD, STRAITS = "Valley of Two Rivers", "Lower Ford", "Northern Straits"
# Name and what it is part of; then the sides, with the side that a faction belongs to.
CONFLICTS = ((VALLEY, ""), (FORD, VALLEY), (STRAITS, ""))
PARTIES = (
    (VALLEY, "Upstream side", "", "state"),
    (VALLEY, "Downstream side", "", "state"),
    (VALLEY, "Downstream river councils", "Downstream side", "political_movement"),
    (STRAITS, "Mainland government", "", "state"),
    (STRAITS, "Island assembly", "", "political_movement"),
)
# Conflict, name, fields, and the phases with the number of days since each began.
TRACKS: tuple[tuple[str, str, dict[str, Any], tuple[tuple[str, int], ...]], ...] = (
    (
        VALLEY,
        "Joint Water Talks",
        {
            "mandate_holder": "Assembly of the Basin",
            "lead_mediator": "Envoy of the Assembly",
            "roadblock": "Who may read the river gauges of the other side",
            "agenda_themes": ["natural_resources_water", "borders_territory", "third_party_guarantees"],
        },
        (("covert_contacts", 980), ("prenegotiation", 760), ("negotiation", 520), ("stalled", 240)),
    ),
    (
        VALLEY,
        "Ceasefire Commission",
        {
            "mandate_holder": "Assembly of the Basin",
            "agenda_themes": ["ceasefire", "implementation_monitoring"],
        },
        (("agreement", 640), ("implementation", 610), ("collapsed", 65)),
    ),
    (
        STRAITS,
        "Straits Fishing Round",
        {"mandate_holder": "Council of the Coast", "agenda_themes": ["trade_economy", "borders_territory"]},
        (("prenegotiation", 400), ("negotiation", 150)),
    ),
)
# Conflict, track, kind, name, in how many days, known to the.
DEADLINES = (
    (VALLEY, "Ceasefire Commission", "mandate_expiry", "Monitoring mandate expires", 17, "day"),
    (VALLEY, "", "election", "General election upstream", 46, "day"),
    (VALLEY, "Joint Water Talks", "other", "Water year opens", 110, "month"),
    (STRAITS, "", "military_option", "Naval escort authorised from this day", 30, "day"),
    (STRAITS, "Straits Fishing Round", "agreement_lapses", "Fishing accord lapses", 78, "day"),
)


@dataclass(frozen=True, slots=True)
class Card:
    """An initiative of the demonstration; `began` is months ago, `ends` months from now (0: still running,
    negative: ended)."""

    codename: str
    lead: str
    organisation: str
    conflict: str
    track_type: str
    modality: str
    began: int
    ends: int
    parties: tuple[str, ...]
    themes: tuple[str, ...]
    public_line: str
    matching: str = "on"
    status: str = "active"


_BOTH_BANKS = ("Upstream side", "Downstream side")
_BOTH_COASTS = ("Mainland government", "Island assembly")
# Amber Heron and Cedar Bridge overlap and do not know of each other. Quiet Lantern and Slate Harbour overlap and
# coordinate. Copper Kite would overlap too, and is never compared. Reed Basket is in nobody's way. Grey Sluice ended
# long ago, and its lead asks to purge it.
CARDS = (
    Card(
        "Amber Heron", "mediator", "Harbour Dialogue", VALLEY, "t2_hard", "problem_solving_workshop", 20, 0,
        _BOTH_BANKS,
        ("natural_resources_water", "cross_border_movement", "confidence_building", "humanitarian_access"),
        "Workshops of former officials on river gauges and crossing points.",
    ),
    Card(
        "Cedar Bridge", "rival", "Bridgewater Centre", VALLEY, "t1_5", "expert_working_group", 13, 3,
        _BOTH_BANKS,
        ("natural_resources_water", "cross_border_movement", "confidence_building", "third_party_guarantees"),
        "Technical talks on river gauges and crossing points.",
    ),
    Card(
        "Quiet Lantern", "mediator", "Harbour Dialogue", STRAITS, "t2_hard", "shuttle_contact", 11, 0,
        _BOTH_COASTS,
        ("trade_economy", "borders_territory", "security_arrangements"),
        "Contacts between harbour masters of both coasts.",
    ),
    Card(
        "Slate Harbour", "researcher", "Slate & Field Institute", STRAITS, "t2_hard", "drafting_group", 9, 6,
        _BOTH_COASTS,
        ("trade_economy", "borders_territory", "security_arrangements", "natural_resources_water"),
        "Drafting of a shared fishing calendar.",
    ),
    Card(
        "Copper Kite", "rival", "Bridgewater Centre", FORD, "t2_hard", "sustained_dialogue", 8, 0,
        _BOTH_BANKS,
        ("natural_resources_water", "cross_border_movement", "confidence_building"),
        "Dialogue of ferry operators and farmers at the ford.",
        matching="off",
    ),
    Card(
        "Reed Basket", "researcher", "Slate & Field Institute", FORD, "t3", "training_with_dialogue", 15, 4,
        ("Downstream river councils",),
        ("education_history", "inclusion_women_youth"),
        "Teachers of both banks write a local history.",
    ),
    Card(
        "Grey Sluice", "mediator", "Harbour Dialogue", VALLEY, "t2_soft", "sustained_dialogue", 74, -38,
        _BOTH_BANKS,
        ("natural_resources_water",),
        "Dike wardens of both banks, after the winter flood.",
        matching="off",
        status="archived",
    ),
)  # fmt: skip


class NotEmpty(Exception):
    """The site has accounts of its own; an account with a known password does not belong there."""


def load_demo() -> bool:
    """Make the demonstration in one transaction; False when it is there already."""
    with actor(SETUP):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('t2d.demo'))")
        if is_loaded():
            return False
        if User.objects.exists():
            raise NotEmpty
        people = _people()
        organisations = _organisations(people)
        conflicts = _reference(people["coordinator"])
        cards = _initiatives(people, organisations, conflicts)
        leads = {card.codename: card.lead for card in CARDS}
        load_briefs(people, leads, cards)
        load_bodies(people, conflicts)
        _public_record(people["coordinator"])
        # Compared here, so that whoever opens the first page finds the flags, and since a coordinator links
        # only what a flag has shown.
        compare_waiting()
        _coordination(people, organisations, conflicts, cards)
        compare_waiting()
        # Each rests on those before it: who was at which session, who is tied to whom, who carried what.
        load_sessions(people, leads, cards)
        load_people(people, leads, cards)
        load_ties(people, leads, cards)
        load_outcomes(people, leads, cards)
        load_transfers(people, leads, cards)
    return True


def is_loaded() -> bool:
    return User.objects.filter(email=f"coordinator@{DOMAIN}").exists()


def accounts_text() -> str:
    """The accounts of the demonstration, as the server prints them."""
    lines = [f"Demo accounts, all with the password {PASSWORD}"]
    lines += [f"  {f'{name}@{DOMAIN}':<26} {sees}" for name, sees in SIGNING_IN]
    return "\n".join(lines) + "\n"


def _people() -> dict[str, User]:
    return {
        name: User.objects.create_user(
            email=f"{name}@{DOMAIN}",
            password=PASSWORD if sees else None,
            name=first,
            is_steward=name == "steward",
        )
        for name, first, _organisation, _role, sees in PEOPLE
    }


def _organisations(people: dict[str, User]) -> dict[str, Organisation]:
    steward = people["steward"]
    with actor(steward):
        made = {}
        for name, kind in ORGANISATIONS:
            organisation = create_organisation(by=steward, name=name, kind=kind)
            made[name] = vet_organisation(
                by=steward, organisation=organisation, note="Invented for the demonstration."
            )
        for name, _first, house, role, _sees in PEOPLE:
            if house:
                add_membership(by=steward, organisation=made[house], user=people[name], role=role)
        grant_mandate(by=steward, user=people["coordinator"], conflict=None)
    return made


def _reference(coordinator: User) -> dict[str, Conflict]:
    today = timezone.localdate()
    with actor(coordinator):
        conflicts: dict[str, Conflict] = {}
        for name, parent in CONFLICTS:
            conflicts[name] = create_conflict(by=coordinator, name=name, parent=conflicts.get(parent))
        parties: dict[str, Party] = {}
        for conflict, name, parent, kind in PARTIES:
            parties[name] = create_party(
                by=coordinator, conflict=conflicts[conflict], name=name, parent=parties.get(parent), kind=kind
            )
        tracks = {}
        for conflict, name, fields, phases in TRACKS:
            began_on = today - timedelta(days=phases[0][1])
            track = create_track(
                by=coordinator, conflict=conflicts[conflict], name=name, began_on=began_on, **fields
            )
            for phase, days in phases:
                record_phase(by=coordinator, track=track, phase=phase, began_on=today - timedelta(days=days))
            tracks[name] = track
        for conflict, track_name, kind, name, days, precision in DEADLINES:
            create_deadline(
                by=coordinator,
                conflict=conflicts[conflict],
                track=tracks.get(track_name),
                kind=kind,
                name=name,
                due_on=first_day(today + timedelta(days=days), precision),
                due_precision=precision,
            )
    return conflicts


def _initiatives(
    people: dict[str, User], organisations: dict[str, Organisation], conflicts: dict[str, Conflict]
) -> dict[str, Initiative]:
    cards = {}
    for card in CARDS:
        lead = people[card.lead]
        with actor(lead):
            cards[card.codename] = _open(
                card, lead, organisations[card.organisation], conflicts[card.conflict]
            )
    mediator = people["mediator"]
    with actor(mediator):
        add_team_member(
            by=mediator, initiative=cards["Amber Heron"], user=people["rapporteur"], role="rapporteur"
        )
        old = cards["Grey Sluice"]
        add_team_member(by=mediator, initiative=old, user=people["rapporteur"], role="facilitator")
        ask_purge(by=mediator, initiative=old, reason="retention_ended")
    return cards


def _open(card: Card, lead: User, organisation: Organisation, conflict: Conflict) -> Initiative:
    sides = Party.objects.filter(conflict=conflict.root_id, name__in=card.parties)
    return open_initiative(
        by=lead,
        registered_by=organisation,
        conflict=conflict,
        codename=card.codename,
        track_type=card.track_type,
        modality=card.modality,
        status=card.status,
        matching=card.matching,
        visibility="team",
        parties=sides,
        themes=list(card.themes),
        public_line=card.public_line,
        began_on=_month(-card.began),
        began_precision="month",
        ended_on=_month(card.ends) if card.ends else None,
        ended_precision="month" if card.ends else "day",
    )


def _month(months: int) -> date:
    """First day of the month so many months from now."""
    today = timezone.localdate()
    year, month = divmod(today.year * 12 + today.month - 1 + months, 12)
    return date(year, month + 1, 1)


def _coordination(
    people: dict[str, User],
    organisations: dict[str, Organisation],
    conflicts: dict[str, Conflict],
    cards: dict[str, Initiative],
) -> None:
    """A circle with one member and one that waits, and the pair that coordinates."""
    coordinator, valley = people["coordinator"], conflicts[VALLEY]
    declarations = []
    for name, organisation in (("mediator", "Harbour Dialogue"), ("rival", "Bridgewater Centre")):
        with actor(people[name]):
            declarations.append(
                declare_for_circle(by=people[name], organisation=organisations[organisation], conflict=valley)
            )
    with actor(coordinator):
        confirm_declaration(by=coordinator, declaration=declarations[0])
        arrange_coordination(
            by=coordinator,
            first=cards["Quiet Lantern"],
            second=cards["Slate Harbour"],
            mechanism="sequencing",
            depth="coordinate",
            note="The harbour masters meet first, the drafting group takes up what they agree on.",
        )


def _public_record(coordinator: User) -> None:
    with actor(coordinator), REGISTER.open("rb") as lines:
        report = import_initiatives(by=coordinator, lines=lines)
    if not report.ok:
        raise ValueError(f"{REGISTER.name}: {report.rejected[0]}")
