"""The uptake ladder: steps, what needs a reason, where a transfer stands, and how long each rung took."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from confidentiality.policy import Forbidden, Hidden
from conftest import World
from initiatives.dates import Days, days_of, first_day
from initiatives.enums import Precision
from tests import factories as make
from tests import record
from transfer import ladder
from transfer.enums import LADDER, OFF_THE_LADDER, Uptake
from transfer.models import Transfer, UptakeStep
from transfer.services import record_step

SENT = date(2026, 4, 5)


def transfer_of(world: World, **fields: Any) -> Transfer:
    outcome = record.make_outcome(world.secret, world.alice)
    return record.make_transfer(outcome, world.alice, record.make_body(world.conflict), **fields)


def step(world: World, transfer: Transfer, uptake: str, day: int = 6, **fields: Any) -> UptakeStep:
    return record_step(by=world.alice, transfer=transfer, uptake=uptake, on=date(2026, 4, day), **fields)


def refused(error: Any) -> dict[str, list[str]]:
    return error.value.message_dict


# Recording


@pytest.mark.django_db
def test_a_step_is_a_claim_with_its_evidence(world: World) -> None:
    transfer = transfer_of(world)
    made = step(
        world,
        transfer,
        "acknowledged",
        evidence="official_said",
        confidence="high",
        substantiated=True,
        note="Call",
    )

    stored = UptakeStep.objects.get()
    assert stored == made
    assert (stored.by, stored.initiative_id, stored.on) == (world.alice, world.secret.pk, date(2026, 4, 6))
    assert (stored.evidence, stored.confidence, stored.substantiated) == ("official_said", "high", True)
    assert (stored.note, stored.reason) == ("Call", "")


@pytest.mark.django_db
@pytest.mark.parametrize("status", ["planned", "abandoned"])
def test_what_was_not_carried_was_not_taken_up(world: World, status: str) -> None:
    transfer = transfer_of(world, status=status)
    for uptake in Uptake:
        if uptake is Uptake.NOT_SENT:
            step(world, transfer, uptake)
            continue
        with pytest.raises(ValidationError) as error:
            step(world, transfer, uptake, reason="We insist")
        assert list(refused(error)) == ["uptake"]


@pytest.mark.django_db
def test_down_the_ladder_only_with_a_reason(world: World) -> None:
    transfer = transfer_of(world)
    with pytest.raises(ValidationError) as unsent:
        step(world, transfer, "not_sent")
    step(world, transfer, "discussed_internally", 6)
    step(world, transfer, "rejected", 7)
    with pytest.raises(ValidationError) as down:
        step(world, transfer, "acknowledged", 8)
    step(world, transfer, "acknowledged", 8, reason="We had misunderstood the deputy")
    step(world, transfer, "more_requested", 9)

    assert (list(refused(unsent)), list(refused(down))) == (["reason"], ["reason"])
    steps = list(transfer.steps.all())
    assert ladder.standing("done", steps) == "more_requested"
    assert ladder.standing("done", steps[:2]) == "rejected"
    assert ladder.rung("done", steps[:2]) == Uptake.DISCUSSED_INTERNALLY


@pytest.mark.django_db
def test_an_earlier_date_only_with_a_reason_and_it_does_not_become_where_it_stands(world: World) -> None:
    transfer = transfer_of(world)
    step(world, transfer, "acknowledged", 10)
    with pytest.raises(ValidationError) as error:
        step(world, transfer, "discussed_internally", 9)
    step(world, transfer, "received_confirmed", 9, reason="Found in the minutes")

    assert list(refused(error)) == ["reason"]
    assert ladder.standing("done", transfer.steps.all()) == "acknowledged"


@pytest.mark.django_db
def test_no_step_in_the_future_or_on_what_was_deleted(world: World) -> None:
    transfer, tomorrow = transfer_of(world), timezone.localdate() + timedelta(days=1)
    with pytest.raises(ValidationError) as future:
        record_step(by=world.alice, transfer=transfer, uptake="acknowledged", on=tomorrow)
    with pytest.raises(ValidationError) as middle:
        record_step(
            by=world.alice, transfer=transfer, uptake="acknowledged", on=date(2026, 4, 6), precision="month"
        )
    Transfer.objects.update(deleted_at=timezone.now())
    with pytest.raises(ValidationError):
        step(world, transfer, "acknowledged")

    assert (list(refused(future)), list(refused(middle))) == (["on"], ["on"])


@pytest.mark.django_db
def test_leads_and_facilitators_record_steps(world: World) -> None:
    transfer = transfer_of(world)
    for role in ("rapporteur", "observer"):
        user = make.make_member_of(world.house, role)
        make.make_member(world.secret, user, role)
        with pytest.raises(Forbidden):
            record_step(by=user, transfer=transfer, uptake="acknowledged", on=SENT)
        assert UptakeStep.objects.visible_to(user).count() == 0
    for outsider in (world.harry, world.rita, world.cora, world.stella, world.sam):
        with pytest.raises(Hidden):
            record_step(by=outsider, transfer=transfer, uptake="acknowledged", on=SENT)
    record_step(by=world.bob, transfer=transfer, uptake="acknowledged", on=SENT)
    assert UptakeStep.objects.get().by == world.bob


# The ladder by itself


@dataclass
class Dated:
    uptake: str
    on: date
    precision: str = "day"
    created_at: datetime = datetime(2026, 1, 1, tzinfo=UTC)


def test_without_a_step_the_status_says_where_it_stands() -> None:
    found = {status: ladder.standing(status, []) for status in ("planned", "done", "abandoned")}
    assert found == {"planned": "not_sent", "done": "sent", "abandoned": "not_sent"}


def test_a_code_that_nobody_knows_stands_and_is_no_rung() -> None:
    steps = [Dated("acknowledged", SENT), Dated("carved_in_stone", SENT + timedelta(days=1))]
    assert ladder.standing("done", steps) == "carved_in_stone"
    assert ladder.rung("done", steps) == Uptake.ACKNOWLEDGED
    assert list(ladder.reached(steps)) == [Uptake.ACKNOWLEDGED]


CREATED = st.datetimes(datetime(2026, 1, 1), datetime(2026, 1, 9), timezones=st.just(UTC))
STEPS = st.lists(
    st.builds(
        lambda uptake, on, precision, created_at: Dated(
            uptake, first_day(on, precision), precision, created_at
        ),
        st.sampled_from(Uptake.values),
        st.dates(date(2025, 1, 1), date(2026, 12, 31)),
        st.sampled_from(Precision.values),
        CREATED,
    ),
    max_size=9,
)
EXACT = st.dates(date(2025, 1, 1), date(2026, 12, 31)).map(
    lambda on: Days(on, on + timedelta(days=on.day % 3))
)


@given(STEPS)
def test_where_it_stands_is_the_last_step_by_brute_force(steps: list[Dated]) -> None:
    standing = "sent"
    last = None
    for one in steps:
        if last is None or (one.on, one.created_at) >= (last.on, last.created_at):
            last, standing = one, one.uptake
    on_ladder = [one for one in steps if one.uptake not in OFF_THE_LADDER]

    assert ladder.standing("done", steps) == standing
    assert (ladder.rung("done", steps) == "sent") is (
        not on_ladder or ladder.in_order(on_ladder)[-1].uptake == "sent"
    )


@given(STEPS, st.one_of(st.none(), EXACT), st.one_of(st.none(), EXACT))
def test_lags_hold_every_pair_of_days_that_is_possible(
    steps: list[Dated], session: Days | None, sent: Days | None
) -> None:
    found = ladder.lags(session=session, sent=sent, steps=steps)
    start = session or sent

    assert found.from_session is (session is not None) or start is None
    assert (found.to_transfer is None) is (session is None or sent is None)
    if session and sent and found.to_transfer:
        assert found.to_transfer == brute(session, sent)
    codes = {one.uptake for one in steps} - OFF_THE_LADDER if start else set()
    assert list(found.to_rungs) == [code for code in LADDER if code in codes]
    for code, lag in found.to_rungs.items():
        first = min((one for one in steps if one.uptake == code), key=lambda one: (one.on, one.created_at))
        assert start is not None
        assert lag == brute(start, days_of(first.on, first.precision, first.on, first.precision))


def brute(start: Days, end: Days) -> tuple[int, int]:
    """The fewest and the most days between any day of one and any day of the other."""
    numbers = [(there - here).days for here in start for there in end]
    return min(numbers), max(numbers)


@given(STEPS, st.sampled_from(Uptake.values))
def test_backwards_is_below_the_rung_where_it_stands(steps: list[Dated], uptake: str) -> None:
    ranks = {code: number for number, code in enumerate(LADDER)}
    backwards = uptake in ranks and ranks[Uptake(uptake)] < ranks[ladder.rung("done", steps)]
    assert ladder.is_backwards(uptake, "done", steps) is backwards
