"""Every number of the transfer page against one counted anew, in another way, on generated records."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from statistics import median
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from transfer import analysis
from transfer.analysis import Carried, Idea, Move, Office, Tie

TODAY = date(2026, 11, 22)
# Written out again on purpose.
LADDER = [
    "not_sent",
    "sent",
    "received_confirmed",
    "acknowledged",
    "discussed_internally",
    "more_requested",
    "used_in_position",
    "tabled_in_t1",
    "reflected_in_agreed_text",
    "implemented",
]
BESIDE = ["rejected", "ignored", "distorted", "leaked", "overtaken", "blocked_by_gatekeeper"]


def key(number: int) -> str:
    return f"key {number:04}"


SIDES = [key(number) for number in range(1, 4)]
OFFICES = [key(number) for number in range(11, 16)]
PEOPLE = [key(number) for number in range(21, 26)]


class Records(NamedTuple):
    ideas: list[Idea]
    carried: list[Carried]
    moves: dict[str, list[Move]]
    ties: list[Tie]
    offices: list[Office]

    @property
    def owners(self) -> dict[str, frozenset[str]]:
        return {idea.id: idea.owners for idea in self.ideas}

    @property
    def far(self) -> dict[str, analysis.Reached]:
        return analysis.reached(self.carried, self.moves)


days = st.integers(0, 120).map(lambda ago: TODAY - timedelta(days=ago))
maybe_side = st.sampled_from([None, *SIDES])


@st.composite
def records(draw: Any) -> Records:
    ideas = [
        Idea(
            key(100 + number),
            key(1),
            draw(st.sampled_from(["none", "team", "officials", "public"])),
            draw(days),
            draw(st.none() | days),
            draw(st.booleans()),
            draw(st.frozensets(st.sampled_from(SIDES), max_size=3)),
        )
        for number in range(draw(st.integers(0, 6)))
    ]
    carried = [draw(_carried(key(1000 + n), ideas)) for n in range(draw(st.integers(0, 8)) if ideas else 0)]
    moves = {
        transfer.id: draw(st.lists(_move(), max_size=4).map(_in_order))
        for transfer in carried
        if draw(st.booleans())
    }
    person_side = {person: draw(maybe_side) for person in PEOPLE}
    ties = [
        Tie(person, person_side[person], draw(st.sampled_from(OFFICES)), draw(st.booleans()))
        for person in draw(st.lists(st.sampled_from(PEOPLE), max_size=10))
    ]
    offices = [
        Office(pk, draw(maybe_side), draw(st.sampled_from([None, *OFFICES[:2]])))
        for pk in OFFICES[: draw(st.integers(0, 4))]
    ]
    return Records(ideas, carried, moves, ties, offices)


@st.composite
def _carried(draw: Any, pk: str, ideas: list[Idea]) -> Carried:
    status = draw(st.sampled_from(["planned", "done", "done", "abandoned"]))
    on = draw(days) if status == "done" else draw(st.none() | days)
    exact = on if draw(st.booleans()) else None
    return Carried(
        pk,
        draw(st.sampled_from(ideas)).id,
        draw(st.sampled_from([None, *OFFICES])),
        status == "done",
        status == "planned",
        draw(st.booleans()),
        on,
        on if exact or on is None else on + timedelta(days=29),
        exact,
        draw(st.sampled_from([None, *PEOPLE])),
        draw(maybe_side),
    )


@st.composite
def _move(draw: Any) -> Move:
    on = draw(days)
    exact = draw(st.booleans())
    uptake = draw(st.sampled_from([*LADDER, *BESIDE]))
    return Move(uptake, on if exact else on + timedelta(days=6), on if exact else None)


def _in_order(moves: list[Move]) -> list[Move]:
    return sorted(moves, key=lambda move: move.last)


def rungs_of(records: Records, transfer: Carried) -> list[str]:
    """Every rung on which it ever stood, in order."""
    start = ["sent"] if transfer.done else ["not_sent"]
    return start + [move.uptake for move in records.moves.get(transfer.id, []) if move.uptake in LADDER]


def of_idea(records: Records, idea: Idea) -> list[Carried]:
    return [transfer for transfer in records.carried if transfer.idea == idea.id]


def highest(codes: Iterable[str]) -> int:
    return max((LADDER.index(code) for code in codes), default=0)


@given(records())
def test_the_board_shows_the_highest_rung_ever_and_the_best_current_one(records: Records) -> None:
    found = analysis.board(records.ideas, records.carried, records.far)
    assert set(found) == {idea.id for idea in records.ideas}
    for idea in records.ideas:
        transfers = of_idea(records, idea)
        last = [(records.moves.get(transfer.id) or [None])[-1] for transfer in transfers]
        assert found[idea.id] == (
            highest(code for transfer in transfers for code in rungs_of(records, transfer)),
            highest(rungs_of(records, transfer)[-1] for transfer in transfers),
            {move.uptake for move in last if move and move.uptake in BESIDE},
        )


@given(records())
@settings(max_examples=200)
def test_the_gap_matrix_counts_links_and_transfers_of_each_side_to_each_body(records: Records) -> None:
    found = analysis.gap_matrix(
        records.offices, SIDES, records.ties, records.carried, records.owners, records.far
    )
    assert list(found) == [office.id for office in records.offices]
    for office in records.offices:
        for side in SIDES:
            cell = found[office.id].cells[side]
            mine = [tie for tie in records.ties if (tie.side, tie.body) == (side, office.id)]
            sent = [transfer for transfer in done_to(records, office.id) if side in whose(records, transfer)]
            assert cell.live == sum(1 for tie in mine if tie.live)
            assert cell.stale == len(mine) - cell.live
            assert cell.needed == (office.side is None or office.side == side)
            assert cell.nobody == (cell.needed and not any(tie.live for tie in mine))
            assert cell.blank == (not cell.needed and not mine and not sent)
            assert_carried(cell, records, sent)
            assert cell.gate == len(
                [
                    tie
                    for tie in records.ties
                    if tie.live
                    and tie.side == side
                    and tie.body == office.gate
                    and office.gate in [other.id for other in records.offices]
                ]
            )
        row = found[office.id]
        assert_carried(row.whole, records, done_to(records, office.id))
        assert row.whole.live == len([tie for tie in records.ties if tie.body == office.id and tie.live])
        needing = [side for side in SIDES if office.side in (None, side)]
        reaching = {tie.side for tie in records.ties if tie.live and tie.body == office.id}
        assert row.nobody == (not reaching & set(needing))


def assert_carried(cell: analysis.Cell, records: Records, sent: list[Carried]) -> None:
    assert cell.carried == len(sent)
    assert cell.last_on == max((transfer.sent_on for transfer in sent if transfer.sent_on), default=None)
    rungs = [code for transfer in sent for code in rungs_of(records, transfer)]
    assert cell.highest == (highest(rungs) if sent else None)


def done_to(records: Records, body: str) -> list[Carried]:
    return [transfer for transfer in records.carried if transfer.body == body and transfer.done]


def whose(records: Records, transfer: Carried) -> set[str]:
    owners = next(idea.owners for idea in records.ideas if idea.id == transfer.idea)
    return {*owners, *([transfer.side] if transfer.side else [])}


@given(records())
def test_asymmetry_counts_people_and_ideas_that_went_up_each_once(records: Records) -> None:
    found = analysis.asymmetry(SIDES, records.ties, records.carried, records.owners)
    up = [transfer for transfer in records.carried if transfer.done and transfer.upward]
    for side in SIDES:
        ideas = [idea for idea in records.ideas if side in idea.owners]
        went = [transfer for transfer in up if transfer.idea in [idea.id for idea in ideas]]
        share = found[side]
        assert sorted(share.ideas) == sorted(
            idea.id for idea in ideas if idea.id in [transfer.idea for transfer in went]
        )
        assert len(share.carriers) == len({t.person for t in up if t.side == side and t.person is not None})
        assert len(share.offices) == len({t.body for t in went} - {None})
        assert len(share.linked) == len({tie.person for tie in records.ties if tie.live and tie.side == side})


@given(records())
@settings(max_examples=200)
def test_stuck_is_what_may_travel_and_waits_and_nothing_else(records: Records) -> None:
    found = analysis.stuck(records.ideas, records.carried, records.far, TODAY)
    expected = set()
    for idea in records.ideas:
        if idea.soft or idea.permission in ("none", "team"):
            continue
        done = [transfer for transfer in of_idea(records, idea) if transfer.done]
        if not done and idea.since <= TODAY - timedelta(days=30):
            expected.add((idea.id, None, (TODAY - idea.since).days))
        for transfer in done:
            steps = records.moves.get(transfer.id, [])
            heard = max([transfer.sent_last or date.min, *(step.last for step in steps)])
            ended = rungs_of(records, transfer)[-1] == "implemented"
            ended |= bool(steps) and steps[-1].uptake in ("rejected", "overtaken")
            if not ended and heard <= TODAY - timedelta(days=60):
                expected.add((idea.id, transfer.id, (TODAY - heard).days))
    assert {(one.idea, one.transfer if one.done else None, one.days) for one in found} == expected
    assert len(found) == len(expected)
    assert [one.days for one in found] == sorted((one.days for one in found), reverse=True)


@given(records())
def test_what_is_planned_for_a_stuck_outcome_is_named(records: Records) -> None:
    for one in analysis.stuck(records.ideas, records.carried, records.far, TODAY):
        planned = [t.id for t in records.carried if t.idea == one.idea and t.planned]
        assert one.done or one.transfer == (planned[0] if planned else None)


@given(records())
def test_lags_are_taken_between_days_that_are_known(records: Records) -> None:
    to_transfer, to_rungs = analysis.lags(records.ideas, records.carried, records.moves)
    waits, climbs = [], {}
    for idea in records.ideas:
        sent = [t.sent_exact for t in of_idea(records, idea) if t.done and t.sent_exact]
        if idea.session_on and sent:
            waits.append((sorted(sent)[0] - idea.session_on).days)
    for rank in range(2, 10):
        climbs[rank] = []
        for transfer in records.carried:
            on = [m for m in records.moves.get(transfer.id, []) if m.uptake == LADDER[rank]][:1]
            if transfer.done and transfer.sent_exact and on and on[0].exact:
                climbs[rank].append((on[0].exact - transfer.sent_exact).days)
    assert to_transfer == summary(waits)
    assert to_rungs == {rank: summary(found) for rank, found in climbs.items() if found}


def summary(found: list[int]) -> tuple[int, int, int, int] | None:
    if not found:
        return None
    lower = [day for day in found if day <= median(found)]
    return len(found), sorted(found)[0], max(lower), sorted(found)[-1]


# A few by hand


def idea(number: int = 1, **fields: Any) -> Idea:
    plain = {
        "initiative": key(1),
        "permission": "officials",
        "since": TODAY - timedelta(days=30),
        "session_on": None,
        "soft": False,
        "owners": frozenset({SIDES[0]}),
    }
    return Idea(id=key(100 + number), **(plain | fields))


def sent(days_ago: int, **fields: Any) -> Carried:
    on = TODAY - timedelta(days=days_ago)
    plain = {
        "id": key(1000),
        "idea": key(101),
        "body": OFFICES[0],
        "done": True,
        "planned": False,
        "upward": True,
        "sent_on": on,
        "sent_last": on,
        "sent_exact": on,
        "person": None,
        "side": None,
    }
    return Carried(**(plain | fields))


def test_an_outcome_is_stuck_from_the_thirtieth_day() -> None:
    assert [one.days for one in analysis.stuck([idea()], [], {}, TODAY)] == [30]
    assert analysis.stuck([idea(since=TODAY - timedelta(days=29))], [], {}, TODAY) == []


def test_a_transfer_is_stuck_from_the_sixtieth_day_without_a_step() -> None:
    for ago, expected in ((59, []), (60, [60])):
        carried = [sent(ago)]
        far = analysis.reached(carried, {})
        assert [one.days for one in analysis.stuck([idea()], carried, far, TODAY)] == expected


def test_soft_track_two_and_what_stays_in_the_room_are_never_stuck() -> None:
    for quiet in (idea(soft=True), idea(permission="none"), idea(permission="team"), idea(permission="?")):
        carried = [sent(300)]
        assert analysis.stuck([quiet], carried, analysis.reached(carried, {}), TODAY) == []
        assert analysis.stuck([quiet], [], {}, TODAY + timedelta(days=300)) == []


def test_a_code_that_nobody_knows_is_no_rung() -> None:
    carried = [sent(10)]
    far = analysis.reached(carried, {carried[0].id: [Move("praised", TODAY, TODAY)]})
    assert far[carried[0].id] == (1, 1, "praised", TODAY)
    assert analysis.board([idea()], carried, far)[idea().id] == (1, 1, frozenset())
