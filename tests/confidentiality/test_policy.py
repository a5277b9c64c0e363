"""The policy's tables, written out again on purpose, and the two answers of `require`."""

from __future__ import annotations

import pytest

from confidentiality import policy
from confidentiality.codes import Access, Action, CardView, Relation, TeamRole, Visibility
from confidentiality.policy import Forbidden, Hidden, Standing

# r: reads the card; f: meets the matching card inside a flag; -: nothing.
CARD = {
    # visibility: team recorder house partner circle network coordinator steward stranger anonymous
    "team": "r - - - - - f - - -",
    "partners": "r - - r - - f - - -",
    "circle": "r - - r r - r - - -",
    "network": "r r r r r r r - - -",
}
VIEW = {"r": CardView.FULL, "f": CardView.IN_FLAG, "-": CardView.NONE}


@pytest.mark.parametrize("visibility", Visibility.values)
def test_card_table(visibility: str) -> None:
    expected = dict(zip(Relation, (VIEW[mark] for mark in CARD[visibility].split()), strict=True))

    assert {
        relation: policy.card_view(visibility, frozenset({relation})) for relation in Relation
    } == expected


def test_widest_relation_holds() -> None:
    both = frozenset({Relation.COORDINATOR, Relation.TEAM})

    assert policy.card_view("team", both) is CardView.FULL


AREAS = (
    "card", "brief", "sessions", "people", "identity", "links", "outcomes", "transfers", "coordination", "audit",
)  # fmt: skip


def test_team_table() -> None:
    assert {area for areas in policy.TEAM.values() for area in areas} == set(AREAS)
    assert {(role, area): policy.team_access(role, area) for role in TeamRole for area in AREAS} == {
        (TeamRole.LEAD, "card"): Access.WRITE,
        (TeamRole.LEAD, "brief"): Access.WRITE,
        (TeamRole.LEAD, "sessions"): Access.WRITE,
        (TeamRole.LEAD, "people"): Access.WRITE,
        (TeamRole.LEAD, "identity"): Access.WRITE,
        (TeamRole.LEAD, "links"): Access.WRITE,
        (TeamRole.LEAD, "outcomes"): Access.WRITE,
        (TeamRole.LEAD, "transfers"): Access.WRITE,
        (TeamRole.LEAD, "coordination"): Access.WRITE,
        (TeamRole.LEAD, "audit"): Access.READ,
        (TeamRole.FACILITATOR, "card"): Access.READ,
        (TeamRole.FACILITATOR, "brief"): Access.WRITE,
        (TeamRole.FACILITATOR, "sessions"): Access.WRITE,
        (TeamRole.FACILITATOR, "people"): Access.WRITE,
        (TeamRole.FACILITATOR, "identity"): Access.WRITE,
        (TeamRole.FACILITATOR, "links"): Access.WRITE,
        (TeamRole.FACILITATOR, "outcomes"): Access.WRITE,
        (TeamRole.FACILITATOR, "transfers"): Access.WRITE,
        (TeamRole.FACILITATOR, "coordination"): Access.READ,
        (TeamRole.FACILITATOR, "audit"): Access.READ,
        (TeamRole.RAPPORTEUR, "card"): Access.READ,
        (TeamRole.RAPPORTEUR, "brief"): Access.READ,
        (TeamRole.RAPPORTEUR, "sessions"): Access.WRITE,
        (TeamRole.RAPPORTEUR, "people"): Access.WRITE,
        (TeamRole.RAPPORTEUR, "identity"): Access.NONE,
        (TeamRole.RAPPORTEUR, "links"): Access.WRITE,
        (TeamRole.RAPPORTEUR, "outcomes"): Access.WRITE,
        (TeamRole.RAPPORTEUR, "transfers"): Access.READ,
        (TeamRole.RAPPORTEUR, "coordination"): Access.NONE,
        (TeamRole.RAPPORTEUR, "audit"): Access.NONE,
        (TeamRole.OBSERVER, "card"): Access.READ,
        (TeamRole.OBSERVER, "brief"): Access.READ,
        (TeamRole.OBSERVER, "sessions"): Access.READ,
        (TeamRole.OBSERVER, "people"): Access.READ,
        (TeamRole.OBSERVER, "identity"): Access.NONE,
        (TeamRole.OBSERVER, "links"): Access.NONE,
        (TeamRole.OBSERVER, "outcomes"): Access.READ,
        (TeamRole.OBSERVER, "transfers"): Access.READ,
        (TeamRole.OBSERVER, "coordination"): Access.NONE,
        (TeamRole.OBSERVER, "audit"): Access.NONE,
    }
    assert [policy.team_access(None, area) for area in AREAS] == [Access.NONE] * len(AREAS)


@pytest.mark.parametrize(
    ("role", "reads", "edits"),
    [
        ("lead", True, True),
        ("facilitator", True, True),
        ("rapporteur", True, False),
        ("observer", True, False),
    ],
)
def test_reading_takes_less_than_editing(role: str, reads: bool, edits: bool) -> None:
    standing = Standing(team_role=TeamRole(role), visible=True)

    assert policy.allows(standing, Action.READ_BRIEF) is reads
    assert policy.allows(standing, Action.EDIT_BRIEF) is edits


def test_who_sees_the_card_alone_reads_no_brief() -> None:
    seen = Standing(relations=frozenset({Relation.PARTNER}), visible=True)

    assert not policy.allows(seen, Action.READ_BRIEF)
    assert not policy.allows(seen, Action.EDIT_BRIEF)


class Governed:
    def __init__(self, standing: Standing) -> None:
        self.standing = standing

    def standing_of(self, user: object) -> Standing:
        return self.standing


@pytest.mark.parametrize("action", list(Action))
def test_hidden_whatever_is_asked(action: Action) -> None:
    with pytest.raises(Hidden):
        policy.require(None, action, Governed(Standing(team_role=TeamRole.LEAD, grants=frozenset(Action))))


@pytest.mark.parametrize("action", list(Action))
def test_visible_and_not_allowed_is_forbidden(action: Action) -> None:
    record = Governed(Standing(visible=True))

    if action is Action.READ_CARD:  # Reading what is visible asks for no further right.
        assert policy.require(None, action, record).visible
        return
    assert not policy.may(None, action, record)
    with pytest.raises(Forbidden):
        policy.require(None, action, record)


LEAD_ALONE = {Action.ASK_PURGE, Action.TAKE_OUT}
OUTLASTING = LEAD_ALONE | {Action.MOVE_SESSION, Action.END_TEXTS}


@pytest.mark.parametrize("action", list(Action))
def test_who_is_let_in_for_a_day_decides_nothing_that_outlives_it(action: Action) -> None:
    for role in TeamRole:
        stays = Standing(team_role=role, visible=True)
        ends = Standing(team_role=role, visible=True, for_a_day=True)
        expected = action not in OUTLASTING and policy.allows(stays, action)
        assert policy.allows(ends, action) is expected
        if action in OUTLASTING:
            with pytest.raises(Forbidden) as refused:
                policy.require(None, action, Governed(ends))
            assert "let in for a day" in refused.value.why
        if action in LEAD_ALONE:
            assert policy.allows(stays, action) is (role is TeamRole.LEAD)
