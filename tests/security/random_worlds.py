"""Random worlds of organisations, users, initiatives and what is between them, drawn small and then stored.

What is drawn is plain numbers and words, so that an opinion can be formed on it without asking the database.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations
from typing import Any

from django.utils import timezone
from hypothesis import strategies as st

from accounts.models import Membership, Organisation, User
from coordination.models import CoordinationLink, OverlapFlag
from initiatives.models import (
    CircleDeclaration,
    Conflict,
    CoordinatorMandate,
    Initiative,
    InitiativeOrganisation,
    TeamMember,
)
from tests import factories as make
from tests.security.rows import made_of_every_model

USERS, ORGANISATIONS = 4, 3
# Parent of each conflict: a root, its child and grandchild, another child of it, another root.
PARENTS = (None, 0, 1, 0, None)
LEVELS = ("team", "partners", "circle", "network")
ROLES = ("lead", "facilitator", "rapporteur", "observer")
# Days before and after today between which somebody is on a team; none for no end.
SPANS: dict[str, tuple[int, int | None]] = {
    "live": (-200, None),
    "ends": (-200, 20),
    "ended lately": (-200, -30),
    "ended": (-300, -120),
    "not yet": (10, None),
    # Granted before the account was recovered, and not admitted again.
    "waits": (-200, None),
}
# Every account was recovered, so long ago; what is said to wait was admitted before that.
RECOVERED, BEFORE = timedelta(days=1), timedelta(days=2)
STATES = ("new", "assessed", "dismissed", "expired")


@dataclass(frozen=True)
class Place:
    """A user's membership in an organisation; `state` is active, waits, left (lately) or gone (long ago)."""

    user: int
    organisation: int
    role: str
    state: str


@dataclass(frozen=True)
class Mandate:
    user: int
    conflict: int | None
    ended: bool


@dataclass(frozen=True)
class Declaration:
    organisation: int
    conflict: int
    state: str


@dataclass(frozen=True)
class Member:
    user: int
    role: str
    span: str

    @property
    def is_live(self) -> bool:
        return self.span in ("live", "ends")


@dataclass(frozen=True)
class Card:
    conflict: int
    visibility: str
    public_record: bool
    matching: str
    registered_by: int
    convener: int
    co_convener: int | None
    partners: tuple[int, ...]
    team: tuple[Member, ...]


@dataclass(frozen=True)
class Pair:
    """What was between two cards: the states of their flags, the newest last, and whether a link lives."""

    first: int
    second: int
    flags: tuple[str, ...]
    linked: bool | None


@dataclass(frozen=True)
class Spec:
    vetted: tuple[bool, ...]
    stewards: frozenset[int]
    memberships: tuple[Place, ...]
    mandates: tuple[Mandate, ...]
    declarations: tuple[Declaration, ...]
    cards: tuple[Card, ...]
    pairs: tuple[Pair, ...]

    def path_to(self, conflict: int) -> set[int]:
        """The conflict and everything above it."""
        parent = PARENTS[conflict]
        return {conflict} | (self.path_to(parent) if parent is not None else set())

    def line_of(self, conflict: int) -> set[int]:
        """The conflict, everything above it and everything below it."""
        below = {other for other in range(len(PARENTS)) if conflict in self.path_to(other)}
        return below | self.path_to(conflict)


# --- Drawing --------------------------------------------------------------------------------------------------

users, organisations = st.integers(0, USERS - 1), st.integers(0, ORGANISATIONS - 1)
conflicts = st.integers(0, len(PARENTS) - 1)


def _each(*strategies: Any, key: Any, most: int) -> Any:
    """A few of a kind, none twice by its key."""
    return st.lists(strategies[0], max_size=most, unique_by=key).map(tuple)


places = st.builds(
    Place,
    user=users,
    organisation=organisations,
    role=st.sampled_from(("member", "owner", "registrar")),
    state=st.sampled_from(("active", "active", "waits", "left", "gone")),
)
mandates = st.builds(
    Mandate, user=users, conflict=st.none() | conflicts, ended=st.sampled_from((False, False, True))
)
declarations = st.builds(
    Declaration,
    organisation=organisations,
    conflict=conflicts,
    state=st.sampled_from(("confirmed", "confirmed", "asked", "withdrawn")),
)
members = st.builds(Member, user=users, role=st.sampled_from(ROLES), span=st.sampled_from(("live", *SPANS)))


@st.composite
def cards(draw: Any) -> Card:
    public = draw(st.sampled_from((False, False, False, True)))
    return Card(
        conflict=draw(conflicts),
        visibility="network" if public else draw(st.sampled_from(LEVELS)),
        public_record=public,
        matching=draw(st.sampled_from(("on", "on", "off"))),
        registered_by=draw(organisations),
        convener=draw(organisations),
        co_convener=draw(st.none() | organisations),
        partners=draw(_each(organisations, key=lambda number: number, most=2)),
        team=() if public else draw(_each(members, key=lambda member: member.user, most=3)),
    )


@st.composite
def specs(draw: Any) -> Spec:
    chosen = tuple(draw(st.lists(cards(), min_size=1, max_size=4)))
    states = st.lists(st.sampled_from(STATES), max_size=2).map(tuple)
    return Spec(
        vetted=tuple(draw(st.booleans()) for _number in range(ORGANISATIONS)),
        stewards=frozenset(draw(st.sets(users, max_size=1))),
        memberships=draw(_each(places, key=lambda place: (place.user, place.organisation), most=6)),
        mandates=draw(_each(mandates, key=lambda mandate: (mandate.user, mandate.conflict), most=3)),
        declarations=draw(_each(declarations, key=lambda said: (said.organisation, said.conflict), most=4)),
        cards=chosen,
        pairs=tuple(
            Pair(first, second, draw(states), draw(st.sampled_from((None, True, False))))
            for first, second in combinations(range(len(chosen)), 2)
        ),
    )


# Two teams that know nothing of each other, and a coordinator between them: somebody sees a row of every model.
PLAIN = Spec(
    vetted=(True, True, False),
    stewards=frozenset({3}),
    memberships=(Place(0, 0, "owner", "active"), Place(1, 1, "owner", "active")),
    mandates=(Mandate(3, None, ended=False),),
    declarations=(Declaration(0, 0, "confirmed"), Declaration(1, 1, "confirmed")),
    cards=(
        Card(0, "team", False, "on", 0, 0, None, (), (Member(0, "lead", "live"),)),
        Card(1, "team", False, "on", 1, 1, None, (), (Member(1, "lead", "live"),)),
    ),
    pairs=(Pair(0, 1, ("new",), linked=True),),
)


# --- Storing --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Built:
    users: list[User]
    cards: list[Initiative]
    conflicts: list[Conflict]


def build(spec: Spec) -> Built:
    """Store a drawn world. A row of every further confidential model hangs on each card."""
    now = timezone.now()
    houses = [make.make_organisation(vetted=vetted) for vetted in spec.vetted]
    people = [make.make_user(is_steward=number in spec.stewards) for number in range(USERS)]
    tree: list[Conflict] = []
    for parent in PARENTS:
        tree.append(make.make_conflict(parent=tree[parent] if parent is not None else None))
    for person in people:
        person.recovered_at = now - RECOVERED
        person.save()
    ends = {
        "active": None,
        "waits": None,
        "left": now - timedelta(days=30),
        "gone": now - timedelta(days=120),
    }
    Membership.objects.bulk_create(
        Membership(
            user=people[place.user],
            organisation=houses[place.organisation],
            role=place.role,
            ended_at=ends[place.state],
            admitted_at=now - BEFORE if place.state == "waits" else now,
        )
        for place in spec.memberships
    )
    CoordinatorMandate.objects.bulk_create(
        CoordinatorMandate(
            user=people[mandate.user],
            conflict=None if mandate.conflict is None else tree[mandate.conflict],
            ended_at=now if mandate.ended else None,
        )
        for mandate in spec.mandates
    )
    for said in spec.declarations:
        _declare(houses[said.organisation], tree[said.conflict], said.state)
    stored = [_card(card, people, houses, tree) for card in spec.cards]
    for pair in spec.pairs:
        _join(pair, stored[pair.first], stored[pair.second])
    return Built(people, stored, tree)


def _declare(house: Organisation, conflict: Conflict, state: str) -> None:
    declared = make.make_declaration(house, conflict, confirmed=state != "asked")
    if state == "withdrawn":
        CircleDeclaration.objects.filter(pk=declared.pk).update(withdrawn_at=timezone.now())


def _card(card: Card, people: list[User], houses: list[Organisation], tree: list[Conflict]) -> Initiative:
    now = timezone.now()
    stored = Initiative.objects.create(
        codename="Random",
        conflict=tree[card.conflict],
        track_type="t2_hard",
        began_on=now.date(),
        visibility=card.visibility,
        public_record=card.public_record,
        matching=card.matching,
        registered_by=houses[card.registered_by],
    )
    named = {("convener", card.convener), *(("partner", partner) for partner in card.partners)}
    if card.co_convener is not None:
        named.add(("co_convener", card.co_convener))
    InitiativeOrganisation.objects.bulk_create(
        InitiativeOrganisation(initiative=stored, organisation=houses[number], role=role)
        for role, number in named
    )
    for member in card.team:
        begins, ends = SPANS[member.span]
        make.make_member(
            stored,
            people[member.user],
            member.role,
            began_at=now + timedelta(days=begins),
            expires_at=None if ends is None else now + timedelta(days=ends),
            admitted_at=now - BEFORE if member.span == "waits" else now,
        )
    _fill(stored, people, houses, tree)
    make.make_event(stored, people[0])
    return stored


# What is drawn; a row of everything else is made for each card.
DRAWN = (
    TeamMember, InitiativeOrganisation, CircleDeclaration, CoordinatorMandate, OverlapFlag, CoordinationLink,
)  # fmt: skip


def _fill(stored: Initiative, people: list[User], houses: list[Organisation], tree: list[Conflict]) -> None:
    root = Conflict.objects.get(pk=stored.conflict.root_id)
    team = [member.user for member in stored.members.select_related("user")]
    authors = list(dict.fromkeys([*team, *people]))
    known: dict[Any, list[Any]] = {model: [] for model in DRAWN}
    known |= {Initiative: [stored], Organisation: houses, Conflict: tree}
    made_of_every_model({**known, User: authors, type(make.make_party(root)): [make.make_party(root)]})


def _join(pair: Pair, one: Initiative, other: Initiative) -> None:
    for number, state in enumerate(pair.flags, 1):
        make.make_flag(one, other, state=state, superseded=number < len(pair.flags))
    if pair.linked is not None:
        make.make_link(one, other, ended_at=None if pair.linked else timezone.now())
