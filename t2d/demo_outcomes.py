"""What came out of the initiatives of the demonstration: changes in people, and what groups made. All invented.

Some repeats an earlier one, some stays in the room. Where the initiative has sessions and participants who agreed to be
on record, an outcome names its origin and whose change it is; else the side alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accounts.models import User
from confidentiality.actor import actor
from confidentiality.policy import WITHOUT_ATTENDANCE, WITHOUT_NOTES
from initiatives.enums import SessionStatus
from initiatives.models import Initiative, Party, Session
from participants.enums import Consent
from participants.models import Participation
from transfer.models import Outcome
from transfer.services import edit_outcome, record_outcome


@dataclass(frozen=True, slots=True)
class Change:
    """In one side, or in somebody of it; `session`: the how manieth held one, from the first."""

    content_kind: str
    statement: str
    side: str
    ends: tuple[int, int]
    permission: str = "none"
    session: int = 0
    evidence: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """By the group. `name` is for `repeats` of a later one."""

    name: str
    content_kind: str
    statement: str
    sides: tuple[str, ...]
    permission: str
    session: int = 0
    repeats: str = ""
    interest: str = ""
    contributes_to: str = "outcome"


UP, DOWN, COUNCILS = "Upstream side", "Downstream side", "Downstream river councils"
MAINLAND, ISLAND = "Mainland government", "Island assembly"
BANKS, COASTS = (UP, DOWN), (MAINLAND, ISLAND)
OUTCOMES: dict[str, tuple[Change | Made, ...]] = {
    "Amber Heron": (
        Change(
            "perception_change",
            "No longer takes a low reading upstream for a lie; asks how the gauge is read, and when.",
            DOWN, (-2, 0), session=0, evidence="Said so twice, unasked, in front of the others.",
        ),
        Made(
            "landing", "option_or_proposal",
            "One gauge at the old ferry landing, read on the same morning by somebody from each bank.",
            BANKS, "team", session=1, interest="Neither wants to be the one who is told by the other.",
        ),
        Change(
            "empathy_recognition",
            "Told the others of the dry year on his own bank, and heard that it had been the same on theirs.",
            UP, (-1, 1), session=1,
        ),
        Made(
            "facts", "agreed_facts",
            "In the dry year the seven gauges of both banks differed by less than a hand.",
            BANKS, "officials", session=2, contributes_to="both",
        ),
        Made(
            "framework", "framework",
            "The gauge at the ferry landing is read by both; the numbers go to both delegations the same day, "
            "and to the public a week later.",
            BANKS, "officials", session=3, repeats="landing",
            interest="Downstream needs to plan the sowing; upstream needs not to be accused of it.",
        ),
        Change(
            "willingness_to_talk", "Would sit at one table with the water officers of the other bank.",
            UP, (0, 2), "team", session=3, by="rapporteur",
        ),
        Made(
            "crossing", "confidence_building_measure",
            "On market days farmers cross with a slip from either bank.",
            BANKS, "officials", session=4, contributes_to="process",
        ),
    ),
    "Cedar Bridge": (
        Made(
            "sheet", "joint_analysis",
            "A sheet of what each side measures at which gauge, and where the two series part.",
            BANKS, "public", session=0,
        ),
        Change(
            "trust_relationship", "Calls the engineer of the other bank before writing to the commission.",
            DOWN, (-1, 1), session=1,
        ),
        Made(
            "guarantee", "option_or_proposal", "A third party keeps the key of the gauge house.",
            (UP,), "officials", session=1,
        ),
    ),
    "Quiet Lantern": (
        Change("willingness_to_talk", "Would answer a call at night from the other coast.", ISLAND, (-1, 1)),
        Made(
            "call", "process_design",
            "A harbour master who stops a boat of the other coast calls there within the hour.",
            COASTS, "officials", session=1, contributes_to="process",
        ),
        Change(
            "attitude_change", "Speaks of the other coast by its name and not by an insult.",
            MAINLAND, (-2, -1), session=1,
        ),
        Made(
            "tow", "joint_statement",
            "A boat in trouble is towed in by whoever is nearest; papers are asked for ashore.",
            COASTS, "officials", session=1,
        ),
    ),
    "Slate Harbour": (
        Made(
            "calendar", "text_draft", "First draft of a fishing calendar, with three weeks left open.",
            COASTS, "team", session=0,
        ),
        Made(
            "second calendar", "text_draft",
            "Second draft: the three weeks are shared, day about, and boats of both coasts are counted together.",
            COASTS, "officials", session=1, repeats="calendar",
        ),
        Change("skill_knowledge", "Reads the catch tables of the other coast without help.", ISLAND, (0, 1)),
    ),
    "Copper Kite": (
        Made(
            "ferry", "confidence_building_measure", "Both ferries keep running while a quarrel is heard.",
            BANKS, "team", session=0, contributes_to="process",
        ),
        Change("trust_relationship", "Lends the winch to the operator across the ford.", DOWN, (0, 1), session=1),
    ),
    "Reed Basket": (
        Made(
            "chapter", "reframed_issue",
            "The flood year is told as something that happened to both banks.",
            (COUNCILS,), "public", session=0, contributes_to="process",
        ),
        Change("network_tie", "Two teachers write to each other between the courses.", COUNCILS, (0, 2)),
    ),
    "Grey Sluice": (
        Change("empathy_recognition", "Dike wardens of one bank brought sandbags to the other.", UP, (-1, 2)),
        Change("attitude_change", "Says “the river” now where he used to say “their water”.", DOWN, (-1, 0)),
    ),
}  # fmt: skip
CORRECTED = (
    "In the dry year the seven gauges of both banks differed by less than a hand, measured in the same week."
)


def load_outcomes(people: dict[str, User], leads: dict[str, str], cards: dict[str, Initiative]) -> None:
    """Each as the lead of its initiative would write it, one as the rapporteur, and one corrected afterwards."""
    for codename, told in OUTCOMES.items():
        _tell(people, people[leads[codename]], cards[codename], told)
    mediator = people["mediator"]
    with actor(mediator):
        facts = Outcome.objects.get(initiative=cards["Amber Heron"], content_kind="agreed_facts")
        edit_outcome(by=mediator, outcome=facts, statement=CORRECTED, confidence="high")


def _tell(
    people: dict[str, User], lead: User, initiative: Initiative, told: tuple[Change | Made, ...]
) -> None:
    made: dict[str, Outcome] = {}
    for one in told:
        writer = people[one.by] if isinstance(one, Change) and one.by else lead
        with actor(writer):
            session = _held(initiative, one.session)
            sides = {side.name: side for side in Party.objects.filter(conflict=initiative.conflict.root_id)}
            if isinstance(one, Made):
                fields: dict[str, Any] = {
                    "kind": "collective",
                    "endorsed_by": [sides[name] for name in one.sides],
                    "repeats": made.get(one.repeats),
                    "interest_addressed": one.interest,
                    "contributes_to": one.contributes_to,
                }
            else:
                fields = {"kind": "individual", **_whose(initiative, session, sides[one.side])}
                fields |= {"change": dict(zip(("from", "to"), one.ends, strict=True))}
                fields |= {"observed_by": "facilitator", "evidence": one.evidence}
            recorded = record_outcome(
                by=writer,
                initiative=initiative,
                content_kind=one.content_kind,
                statement=one.statement,
                travel_permission=one.permission,
                session=session,
                **fields,
            )
            if isinstance(one, Made):
                made[one.name] = recorded


def _held(initiative: Initiative, number: int) -> Session | None:
    """The how manieth held session of which may be written; the last one where there are fewer."""
    held = Session.objects.filter(initiative=initiative, status=SessionStatus.HELD, deleted_at=None)
    sessions = list(held.exclude(rule__in=WITHOUT_NOTES).order_by("began_on", "created_at"))
    return sessions[min(number, len(sessions) - 1)] if sessions else None


def _whose(initiative: Initiative, session: Session | None, side: Party) -> dict[str, Any]:
    """Somebody of the side who agreed to be on record and whom the rule of the session lets be named; else the side."""
    willing = Participation.objects.filter(
        initiative=initiative, person__party=side, consents__contains=[Consent.TO_BE_RECORDED]
    )
    if session is not None and session.rule in WITHOUT_ATTENDANCE:
        return {"party": side}
    someone = willing.order_by("created_at").first()
    return {"participation": someone, "consented": True} if someone else {"party": side}
