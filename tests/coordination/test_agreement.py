"""After any run of changes, what was compared piece by piece equals a full run, and both equal the oracle."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Organisation, User
from coordination.enums import Assessment, FlagState, Mechanism
from coordination.models import CoordinationLink, OutboxEntry, OverlapFlag
from coordination.services import flags, links
from coordination.services.comparison import compare_everything, compare_waiting
from initiatives import services
from initiatives.dates import first_day
from initiatives.enums import InitiativeStatus, Theme
from initiatives.models import Conflict, Initiative, Party
from tests import factories as make
from tests.coordination import oracle

TABLES = (
    "coordination_outboxentry",
    "coordination_coordinationlink",
    "coordination_overlapflag",
    "initiatives_initiativeparty",
    "initiatives_initiativeorganisation",
    "initiatives_teammember",
    "initiatives_initiative",
    "initiatives_party",
    "initiatives_coordinatormandate",
    "initiatives_conflict",
    "accounts_membership",
    "accounts_organisation",
    "accounts_user",
)

Change = dict[str, Any]
NAMES = ("North", "South", "East")


def sweep_up() -> None:
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"DELETE FROM {table}")  # names from the list above


class Desk:
    """A small register with the changes that can be made to it, each through the services."""

    def __init__(self) -> None:
        self.lead: User = make.make_user("Lead")
        self.house: Organisation = make.make_organisation("House")
        make.make_membership(self.lead, self.house, "owner")
        self.cora: User = make.make_member_of(make.make_organisation("Office"), "Cora")
        make.make_mandate(self.cora)
        first, second = make.make_conflict("First"), make.make_conflict("Second")
        child = make.make_conflict("Child", first)
        self.conflicts = [first, second, child, make.make_conflict("Grandchild", child)]
        self.conflicts.append(make.make_conflict("Sibling", first))
        for root in (first, second):
            for name in NAMES:
                make.make_party(root, name)
        make.make_party(first, "North (Left)", Party.objects.get(conflict=first, name="North"))

    def sides(self, conflict: Conflict, names: list[str]) -> list[Party]:
        return list(Party.objects.filter(conflict=conflict.root_id, name__in=names))

    def apply(self, change: Change) -> None:
        getattr(self, change["act"])(**{name: value for name, value in change.items() if name != "act"})

    def conflict(self, number: int) -> Conflict:
        return Conflict.objects.get(pk=self.conflicts[number].pk)

    def initiative(self, number: int) -> Initiative | None:
        found = list(Initiative.objects.order_by("created_at"))
        return found[number % len(found)] if found else None

    def open(self, *, conflict: int, sides: list[str], **card: Any) -> None:
        place = self.conflict(conflict)
        services.open_initiative(
            by=self.lead,
            conflict=place,
            registered_by=self.house,
            parties=self.sides(place, sides),
            **card,
        )

    def edit(self, *, which: int, sides: list[str] | None, conflict: int | None, **card: Any) -> None:
        initiative = self.initiative(which)
        if initiative is None:
            return
        place = self.conflict(conflict) if conflict is not None else initiative.conflict
        if sides is None:
            sides = [party.name for party in initiative.parties.all()]
        parties = self.sides(place, sides)
        services.edit_initiative(by=self.lead, initiative=initiative, conflict=place, parties=parties, **card)

    def status(self, *, which: int, status: str) -> None:
        if initiative := self.initiative(which):
            services.change_status(by=self.lead, initiative=initiative, status=status)

    def move(self, *, which: int, below: int | None) -> None:
        parent = self.conflict(below) if below is not None else None
        services.edit_conflict(by=self.cora, conflict=self.conflict(which), parent=parent)

    def fold(self, *, name: str, into: str | None) -> None:
        party = Party.objects.filter(conflict__parent=None, name=name).order_by("pk").first()
        parent = (
            Party.objects.filter(conflict=party.conflict_id, name=into).first() if party and into else None
        )
        if party:
            services.edit_party(by=self.cora, party=party, parent=parent)

    def link(self, *, which: int, mechanism: str) -> None:
        if flag := self.flag(which):
            links.arrange_coordination(
                by=self.cora, first=flag.first, second=flag.second, mechanism=mechanism, depth="aware"
            )

    def unlink(self, *, which: int) -> None:
        live = list(CoordinationLink.objects.live().order_by("created_at"))
        if live:
            links.end_coordination(by=self.cora, link=live[which % len(live)])

    def decide(self, *, which: int, assessment: str) -> None:
        flag = self.flag(which)
        if flag and assessment:
            flags.assess_flag(by=self.cora, flag=flag, assessment=assessment)
        elif flag:
            flags.dismiss_flag(by=self.cora, flag=flag, reason="Known to both.")

    def compare(self) -> None:
        compare_waiting(limit=3)

    def flag(self, number: int) -> OverlapFlag | None:
        found = OverlapFlag.objects.visible_to(self.cora).current().order_by("first", "second")
        return found[number % len(found)] if found else None

    def as_plain_cards(self) -> dict[UUID, dict[str, Any]]:
        return {
            initiative.pk: {
                "path": tuple(initiative.conflict.lineage),
                "track_type": initiative.track_type,
                "began_on": initiative.began_on,
                "began_precision": initiative.began_precision,
                "ended_on": initiative.ended_on,
                "ended_precision": initiative.ended_precision,
                "themes": initiative.themes,
                "sides": [party.parent_id or party.pk for party in initiative.parties.all()],
                "matching": initiative.matching,
            }
            for initiative in Initiative.objects.select_related("conflict")
        }


which = st.integers(0, 7)
# Drawn so that many pairs overlap and many are on the edge of it.
place = st.sampled_from([0, 0, 2, 2, 3, 4, 1])
themes = st.lists(st.sampled_from(Theme.values[:3]), unique=True, min_size=1, max_size=3)
sides = st.lists(st.sampled_from([*NAMES, "North (Left)"]), unique=True, max_size=2)
precision = st.sampled_from(["day", "month", "quarter", "year"])
matching = st.sampled_from(["on", "on", "on", "off"])
track = st.sampled_from(["t2_hard", "t2_soft"])


@st.composite
def dates(draw: st.DrawFn) -> dict[str, Any]:
    begins, ends = draw(precision), draw(precision)
    day = st.dates(date(2001, 1, 1), date(2002, 12, 31))
    began, ended = first_day(draw(day), begins), draw(st.none() | day)
    return {
        "began_on": began,
        "began_precision": begins,
        "ended_on": first_day(max(ended, began), ends) if ended else None,
        "ended_precision": ends,
    }


@st.composite
def opened(draw: st.DrawFn) -> Change:
    card = {"themes": draw(themes), "matching": draw(matching), "track_type": draw(track), **draw(dates())}
    return {"act": "open", "conflict": draw(place), "sides": draw(sides), **card}


@st.composite
def edited(draw: st.DrawFn) -> Change:
    card: Change = {"themes": draw(themes)} if draw(st.booleans()) else {}
    if draw(st.booleans()):
        card |= draw(dates())
    if draw(st.booleans()):
        card |= {"matching": draw(matching), "track_type": draw(track)}
    chosen = {"sides": draw(st.none() | sides), "conflict": draw(st.none() | place)}
    return {"act": "edit", "which": draw(which), **chosen, **card}


def act(name: str, /, **given: st.SearchStrategy[Any]) -> st.SearchStrategy[Change]:
    return st.fixed_dictionaries({"act": st.just(name), **given})


changes = st.one_of(
    opened(),
    edited(),
    edited(),
    act("status", which=which, status=st.sampled_from(InitiativeStatus.values)),
    act("move", which=place, below=st.none() | place),
    act("fold", name=st.sampled_from(NAMES), into=st.none() | st.sampled_from(NAMES)),
    act("link", which=which, mechanism=st.sampled_from(Mechanism.values[:2])),
    act("unlink", which=which),
    act("decide", which=which, assessment=st.sampled_from(["", Assessment.NEUTRAL])),
    act("compare"),
    act("compare"),
)


@pytest.mark.django_db(transaction=True)
@given(beginning=st.lists(opened(), min_size=3, max_size=6), then=st.lists(changes, min_size=4, max_size=14))
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
def test_piece_by_piece_equals_everything_at_once(beginning: list[Change], then: list[Change]) -> None:
    sweep_up()
    desk = Desk()
    for change in [*beginning, *then]:
        try:
            desk.apply(change)
        except ValidationError:
            continue  # a change that is refused leaves nothing behind, which is part of what is proved here
    compare_waiting()
    assert not OutboxEntry.objects.exists()
    before = list(OverlapFlag.objects.order_by("pk").values())
    counts = compare_everything()

    assert list(OverlapFlag.objects.order_by("pk").values()) == before
    assert (counts.created, counts.updated, counts.removed, counts.faults) == (0, 0, 0, 0)

    expected = oracle.pairs(desk.as_plain_cards())
    live = CoordinationLink.objects.live().values_list("first_id", "second_id")
    current = OverlapFlag.objects.current().exclude(state=FlagState.EXPIRED)
    stored = {(flag.first_id, flag.second_id): (flag.points, str(flag.band)) for flag in current}
    kept = {pair for pair in live if pair in stored and pair not in expected}
    assert {pair: value for pair, value in stored.items() if pair not in kept} == expected
