"""A synthetic register: conflicts of very different size, nested; cards that are alike as real ones are.

The same seed gives the same register. Rows are written directly, since it is detection that is measured.
"""

from __future__ import annotations

import random
from datetime import date
from itertools import accumulate
from uuid import UUID

from accounts.models import Organisation, User
from confidentiality.codes import TeamRole
from initiatives.dates import first_day
from initiatives.enums import Theme
from initiatives.models import Conflict, Initiative, InitiativeParty, Party, TeamMember

PER_CONFLICT = 25
TYPES = ("t1_5", "t2_hard", "t2_hard", "t2_soft", "t2_soft", "t3")
PRECISIONS = ("day", "month", "month", "year")


def fill(count: int, seed: int = 2) -> None:
    """`count` initiatives on about count / 25 conflicts, whose sizes follow Zipf's law."""
    draw = random.Random(seed)
    house = Organisation.objects.create(name=f"House {seed}")
    conflicts = _conflicts(max(4, count // PER_CONFLICT), draw, f"Conflict {seed}")
    parties = _parties(conflicts)
    weights = list(accumulate(1 / rank for rank in range(1, len(conflicts) + 1)))
    initiatives, sides = [], []
    for number in range(count):
        conflict = draw.choices(conflicts, cum_weights=weights)[0]
        initiative = _initiative(number, conflict, house, draw)
        initiatives.append(initiative)
        named = draw.sample(parties[conflict.root_id], draw.choice((0, 2, 2, 2, 3)))
        sides += [InitiativeParty(initiative=initiative, party_id=party) for party in named]
    Initiative.objects.bulk_create(initiatives, batch_size=1000)
    InitiativeParty.objects.bulk_create(sides, batch_size=2000)


def conflicts(count: int, seed: int = 2) -> None:
    """Only the tree of conflicts."""
    _conflicts(count, random.Random(seed), f"Conflict {seed}")


def _conflicts(count: int, draw: random.Random, name: str) -> list[Conflict]:
    """One in three lies below another one."""
    made: list[Conflict] = []
    for number in range(count):
        above = draw.choice(made) if made and number % 3 == 0 else None
        conflict = Conflict(name=f"{name}.{number}", parent=above)
        conflict.place()
        conflict.save()
        made.append(conflict)
    return made


def _parties(conflicts: list[Conflict]) -> dict[UUID, list[UUID]]:
    """Four sides at each root; the last is a faction of the first."""
    found: dict[UUID, list[UUID]] = {}
    for root in (conflict for conflict in conflicts if conflict.parent is None):
        rows = [Party(conflict=root, name=f"Side {n}", normalised_name=f"side {n}") for n in range(4)]
        rows[3].parent = rows[0]
        Party.objects.bulk_create(rows)
        found[root.pk] = [party.pk for party in rows]
    return found


def _initiative(number: int, conflict: Conflict, house: Organisation, draw: random.Random) -> Initiative:
    begins, ends = draw.choice(PRECISIONS), draw.choice(PRECISIONS)
    began = date.fromordinal(draw.randint(date(1995, 1, 1).toordinal(), date(2026, 1, 1).toordinal()))
    ended = date.fromordinal(began.toordinal() + int(draw.expovariate(1 / 900)) + 366)
    return Initiative(
        codename=f"Bench {number}",
        conflict=conflict,
        registered_by=house,
        track_type=draw.choice(TYPES),
        matching="on",
        themes=draw.sample(Theme.values, draw.choice((0, 2, 3, 3, 4, 5))),
        began_on=first_day(began, begins),
        began_precision=begins,
        ended_on=None if draw.random() < 0.25 else first_day(ended, ends),
        ended_precision=ends,
    )


def pair() -> tuple[User, Initiative]:
    """Two cards on the largest conflict, at a time at which nothing else ran; and the lead of the first."""
    lead = User.objects.create_user(email="lead@bench.example", name="Lead")
    house = Organisation.objects.create(name="House of the lead")
    largest = Conflict.objects.order_by("created_at")[0]
    card = {
        "matching": "on",
        "track_type": "t2_hard",
        "began_on": date(1980, 1, 1),
        "ended_on": date(1981, 1, 1),
    }
    one, _other = (
        Initiative.objects.create(
            conflict=largest, registered_by=house, codename=f"Pair {number}", themes=["ceasefire"], **card
        )
        for number in range(2)
    )
    TeamMember.objects.create(initiative=one, user=lead, role=TeamRole.LEAD)
    return lead, one
