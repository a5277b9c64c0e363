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


def test_team_table() -> None:
    assert {
        (role, area): policy.team_access(role, area) for role in TeamRole for area in ("card", "coordination")
    } == {
        (TeamRole.LEAD, "card"): Access.WRITE,
        (TeamRole.LEAD, "coordination"): Access.WRITE,
        (TeamRole.FACILITATOR, "card"): Access.READ,
        (TeamRole.FACILITATOR, "coordination"): Access.READ,
        (TeamRole.RAPPORTEUR, "card"): Access.READ,
        (TeamRole.RAPPORTEUR, "coordination"): Access.NONE,
        (TeamRole.OBSERVER, "card"): Access.READ,
        (TeamRole.OBSERVER, "coordination"): Access.NONE,
    }
    assert policy.team_access(None, "card") is Access.NONE


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
