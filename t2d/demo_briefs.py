"""What is inside the initiatives of the demonstration: briefs with a history, ground rules, assents. All invented.

Nobody in these texts exists: those who assent do so under the name of a bird, as the invented rules ask of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from accounts.models import User
from confidentiality.actor import actor
from initiatives.models import Initiative
from initiatives.services import (
    adopt_ground_rules,
    edit_brief,
    name_successor,
    record_assent,
    withdraw_assent,
)


@dataclass(frozen=True, slots=True)
class Inside:
    """Of one initiative: the brief in the words of its lead."""

    title: str
    objective: str
    guiding_theory: str
    criteria_and_roles: str
    legal_note: str
    exit_plan: str


BRIEFS = {
    "Amber Heron": Inside(
        "Reading the river together",
        "By the opening of the water year, four former officials from each bank can explain to their own delegation "
        "how a shared reading of the gauges would work, and what it would cost to leave it.\n\n"
        "We would notice it if the Joint Water Talks take the question of the gauges off the list of what blocks them.",
        "The dispute over the gauges is about trust in numbers more than about water. People who once signed for those "
        "numbers, and do not any more, can say to each other what an official cannot. What they work out only counts "
        "once somebody carries it home: so each session ends with who tells whom what, and by when.",
        "Four from each bank who have left office within six years, have the ear of somebody in the talks, and have "
        "read a gauge themselves. At least one engineer and one woman from each side.\n\n"
        "Two facilitators, one of whom writes nothing down. The rapporteur keeps what was agreed, without names.",
        "Contact with delegates of the other bank is no offence upstream. Downstream, the emergency decree asks former "
        "officials to report it within a week: we ask before each invitation whether they have, or will.",
        "Ends well: the talks adopt a shared reading, and the group meets once more to say what was learned.\n\n"
        "Ends at once: if a participant is questioned, nobody meets for thirty days, phones are left at home, and the "
        "successor tells each person in person. Papers are with the notary and are not fetched.",
    ),
    "Quiet Lantern": Inside(
        "Harbour light",
        "The harbour masters of both coasts have a number to call when boats meet at night, and have used it twice "
        "before the fishing accord lapses.",
        "Masters of harbours solve the same storms with the same charts. Shuttle contact lets them agree on something "
        "small and useful without having to be seen together.",
        "Three harbours on each coast. Whoever speaks for a harbour must have stood watch there. The facilitator "
        "travels, the parties do not.",
        "Radio contact across the line is licensed. A list of telephone numbers is not: it is kept on paper.",
        "Handed to the coast guards of both sides as soon as they ask for it; until then the drafting group is told "
        "what was agreed, by sequence and not by date.",
    ),
    "Cedar Bridge": Inside(
        "The technical table",
        "An annex on gauges and crossing points that the Joint Water Talks can adopt without amendment.",
        "Officials in a private capacity can draft what they could not propose. The text is written first, the forum "
        "that may table it is looked for afterwards.",
        "Two serving officials and two hydrologists from each side. The chair is from neither bank and drafts nothing.",
        "Serving officials need leave to attend; it is given by word of mouth and we keep no copy.",
        "When the annex has been tabled, or when one side withdraws its officials: a last session agrees on who keeps "
        "the drafts.",
    ),
    "Slate Harbour": Inside(
        "One calendar for one sea",
        "A fishing calendar that both coasts print, with the closed weeks of each.",
        "A shared calendar is the smallest treaty there is: it is kept by those who need it.",
        "Six who own a boat or count fish. No lawyers until the third draft.",
        "The island assembly may not conclude agreements; a calendar is none.",
        "The calendar is printed by both almanacs. If the accord lapses first, the drafts go to the harbour masters.",
    ),
    "Copper Kite": Inside(
        "Ferry talk",
        "Ferry operators and farmers at the ford settle next season's crossings themselves.",
        "They meet every day. What they lack is an hour in which nobody is watching.",
        "Four operators and four farmers, chosen by their own. One of us makes tea and listens.",
        "A gathering of more than ten needs a permit at the ford. We are nine.",
        "The last ferry before the floods is the end of the season, and of this unless they ask for another.",
    ),
    "Reed Basket": Inside(
        "A schoolbook with two banks",
        "Ten lessons of local history that teachers of both banks are willing to teach as they stand.",
        "Writing a page together changes what its authors believe of each other, whatever becomes of the page.",
        "Teachers who have taught for ten years; half of them women. No ministry in the room.",
        "Schoolbooks need approval; handouts do not.",
        "The handouts belong to the teachers. We leave when they meet without us.",
    ),
}

RULES = (
    "What is said here may be used; who said it, and who was here, may not.\n"
    "Nobody speaks for a government.\n"
    "Nobody is photographed.",
    "What is said here may be used; who said it, and who was here, may not.\n"
    "Nobody speaks for a government, and nobody is asked to.\n"
    "Nobody is photographed, and telephones stay outside.\n"
    "Whoever has to leave may leave without giving a reason.\n"
    "If the meeting becomes known, nobody confirms or denies it for two days; then all say the same three lines.\n"
    "What goes to the talks is read out here first.",
)
ASSENTS = (("Kestrel", 160), ("Lapwing", 160), ("Sandpiper", 159), ("Night Heron", 158), ("Swift", 155))


def load_briefs(people: dict[str, User], leads: dict[str, str], cards: dict[str, Initiative]) -> None:
    """Written by the lead of each; of Amber Heron there are older versions, too."""
    for codename, inside in BRIEFS.items():
        lead, card = people[leads[codename]], cards[codename]
        texts = {name: getattr(inside, name) for name in Inside.__dataclass_fields__}
        with actor(lead):
            if codename == "Amber Heron":
                _history(lead, people["rapporteur"], card, inside)
            if codename == "Quiet Lantern":
                adopt_ground_rules(by=lead, initiative=card, text=RULES[0])
            edit_brief(by=lead, initiative=card, **texts)


def _history(lead: User, successor: User, card: Initiative, inside: Inside) -> None:
    first, _paragraph, _rest = inside.objective.partition("\n")
    edit_brief(by=lead, initiative=card, title="Gauges", objective=first)
    edit_brief(
        by=lead, initiative=card, title=inside.title, legal_note="To be asked of a lawyer on each bank."
    )
    today = timezone.localdate()
    old = adopt_ground_rules(by=lead, initiative=card, text=RULES[0], adopted_on=today - timedelta(days=540))
    record_assent(by=lead, rules=old, who=ASSENTS[0][0], assented_on=old.adopted_on)
    rules = adopt_ground_rules(
        by=lead, initiative=card, text=RULES[1], adopted_on=today - timedelta(days=160)
    )
    assents = [
        record_assent(by=lead, rules=rules, who=who, assented_on=today - timedelta(days=days))
        for who, days in ASSENTS
    ]
    withdraw_assent(by=lead, assent=assents[-1])
    name_successor(by=lead, initiative=card, successor=successor)
