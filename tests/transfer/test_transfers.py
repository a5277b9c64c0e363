"""Transfers: planned, done, given up, corrected, deleted; what may travel where, by whom, and when."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from confidentiality.policy import Forbidden, Hidden
from confidentiality.records import Stale
from conftest import World
from initiatives.services.overriding import Doubt
from participants.models import OfficialBody, Participation
from tests import factories as make
from tests import record
from tests.clients import client_of, get
from transfer.enums import PUBLIC_CHANNELS, Channel, Direction, TransferStatus, TravelPermission
from transfer.models import Outcome, Transfer, TransferRevision
from transfer.services import (
    abandon_transfer,
    carry_out,
    delete_outcome,
    delete_transfer,
    edit_transfer,
    plan_transfer,
    record_step,
    record_transfer,
    restore_outcome,
    restore_transfer,
)

pytestmark = pytest.mark.django_db

ON = date(2026, 4, 5)


def body_of(world: World, **fields: Any) -> OfficialBody:
    return record.make_body(world.conflict, **fields)


def outcome_of(world: World, **fields: Any) -> Outcome:
    session = fields.pop("session", None) or record.make_session(world.secret, world.alice)
    return record.make_outcome(world.secret, world.alice, session=session, **fields)


def done(world: World, outcome: Outcome, body: OfficialBody | None, **fields: Any) -> Transfer:
    given = {"agent": "facilitator", "channel": "private_memo", "sent_on": ON} | fields
    return record_transfer(by=world.alice, outcome=outcome, body=body, **given)


def planned(world: World, outcome: Outcome, body: OfficialBody | None, **fields: Any) -> Transfer:
    given = {"agent": "facilitator", "channel": "private_memo"} | fields
    return plan_transfer(by=world.alice, outcome=outcome, body=body, **given)


def refused(error: Any) -> dict[str, list[str]]:
    return error.value.message_dict


def member(world: World, role: str) -> Any:
    user = make.make_member_of(world.house, role.title())
    make.make_member(world.secret, user, role)
    return user


# What hangs together


def test_what_was_carried_of_a_deleted_outcome_stands_in_no_list(world: World) -> None:
    body = body_of(world)
    transfer = done(world, outcome_of(world), body, message="One gauge")
    delete_outcome(by=world.alice, outcome=transfer.outcome, reason="Never said")
    client = client_of(world.alice)
    browser = Client()
    browser.force_login(world.alice)
    listed = [
        get(client, "transfers/"),
        get(client, "transfers/", export="csv"),
        browser.get(reverse("transfer:transfers", args=[world.secret.pk])),
        browser.get(reverse("transfer:overview")),
        browser.get(reverse("participants:body", args=[body.pk])),
        browser.get(reverse("initiatives:conflict", args=[world.conflict.pk])),
        browser.post(reverse("initiatives:search"), {"q": "gauge"}),
    ]
    page = browser.get(reverse("transfer:transfer", args=[transfer.pk])).content.decode()

    assert [str(transfer.pk) in answer.content.decode() for answer in listed] == [False] * 7
    assert "The outcome that was carried was deleted" in page
    with pytest.raises(ValidationError, match="outcome was deleted"):
        record_step(by=world.alice, transfer=transfer, uptake="acknowledged", on=ON)
    restore_outcome(by=world.alice, outcome=transfer.outcome)
    assert str(transfer.pk) in get(client, "transfers/").content.decode()


def test_steps_stay_with_the_office_that_took_them(world: World) -> None:
    lina, office, other = make.make_user("Lina"), body_of(world), body_of(world)
    record.make_liaison(lina, other)
    transfer = done(world, outcome_of(world), office)
    edit_transfer(by=world.alice, transfer=transfer, body=other)
    record_step(by=world.alice, transfer=transfer, uptake="acknowledged", on=ON, evidence="official_said")
    with pytest.raises(ValidationError) as caught:
        edit_transfer(by=world.alice, transfer=transfer, body=office, override_reason="It was this one")
    # That the team heard of an acknowledgement is not told to the office, which says so itself.
    received = get(client_of(lina), "received-transfers/").json()["results"]

    assert set(refused(caught)) == {"body"}
    assert [row["acknowledged_on"] for row in received] == [None]


def test_no_step_lies_before_the_day_of_sending(world: World) -> None:
    transfer = done(world, outcome_of(world), body_of(world))
    for on, precision in (
        (ON - timedelta(days=1), "day"),
        (date(2026, 3, 1), "month"),
        (date(1, 1, 1), "year"),
    ):
        with pytest.raises(ValidationError) as caught:
            record_step(
                by=world.alice, transfer=transfer, uptake="sent", on=on, precision=precision, reason="So"
            )
        assert set(refused(caught)) == {"on"}
    record_step(
        by=world.alice, transfer=transfer, uptake="acknowledged", on=date(2026, 4, 1), precision="month"
    )


@pytest.mark.parametrize("direction", Direction.values)
def test_only_what_goes_up_or_out_reaches_an_office(world: World, direction: str) -> None:
    lina, office, outcome = make.make_user("Lina"), body_of(world), outcome_of(world)
    record.make_liaison(lina, office)
    free = direction in {"upward", "outward"}
    if free:
        done(world, outcome, office, direction=direction)
    else:
        with pytest.raises(ValidationError) as caught:
            done(world, outcome, office, direction=direction)
        assert set(refused(caught)) == {"body"}
        done(world, outcome, None, direction=direction)
    # One that was stored before this was refused.
    record.make_transfer(outcome, world.alice, office, direction=direction)
    assert len(get(client_of(lina), "received-transfers/").json()["results"]) == 2 * free


def test_what_was_given_up_is_asked_about_whole_when_it_happened_after_all(world: World) -> None:
    foreign = make.make_track(make.make_conflict("Elsewhere"))
    transfer = planned(world, outcome_of(world), body_of(world))
    abandon_transfer(by=world.alice, transfer=transfer, reason="The office closed")
    edit_transfer(by=world.alice, transfer=transfer, track=foreign)
    with pytest.raises(ValidationError) as caught:
        carry_out(by=world.alice, transfer=transfer, sent_on=ON)

    assert set(refused(caught)) == {"track"}


def test_years_that_nobody_means_are_refused(world: World) -> None:
    for year in (1, 1799, 2201):
        with pytest.raises(ValidationError) as caught:
            planned(
                world, outcome_of(world), body_of(world), sent_on=date(year, 1, 1), override_reason="So it is"
            )
        assert set(refused(caught)) == {"sent_on"}


# Making, changing, giving up


def test_a_transfer_is_planned_and_then_carried_out(world: World) -> None:
    transfer = planned(
        world, outcome_of(world), body_of(world), message="One gauge", sent_on=date(2030, 1, 1)
    )
    carried = carry_out(by=world.bob, transfer=transfer, version=1, sent_on=ON, channel="non_paper")

    assert (transfer.status, carried.status, carried.version) == ("planned", "done", 2)
    assert (carried.sent_on, carried.channel, carried.message) == (ON, "non_paper", "One gauge")
    first, second = TransferRevision.objects.order_by("number")
    assert (first.by, second.by) == (world.alice, world.bob)
    assert second.kept["changed"] == ["channel", "sent_on", "status"]
    assert second.kept["fields"]["sent_on"] == "2026-04-05"
    assert second.kept["fields"]["body"] == str(transfer.body_id)


def test_what_stands_already_makes_no_version(world: World) -> None:
    transfer = done(world, outcome_of(world), body_of(world), stances={"ceasefire": 1})
    same = edit_transfer(by=world.alice, transfer=transfer, message="", stances={"ceasefire": 1})

    assert (same.version, TransferRevision.objects.count()) == (1, 1)


def test_stances_are_set_changed_and_taken_back(world: World) -> None:
    transfer = done(world, outcome_of(world), body_of(world), stances={"ceasefire": 1, "elections": -2})
    edit_transfer(by=world.alice, transfer=transfer, stances={"ceasefire": 2, "recognition": 0})

    assert dict(transfer.stances.values_list("theme", "stance")) == {"ceasefire": 2, "recognition": 0}
    kept = TransferRevision.objects.order_by("-number")[0].kept
    assert (kept["changed"], kept["fields"]["stances"]) == (["stances"], {"ceasefire": 2, "recognition": 0})


@pytest.mark.parametrize("stances", [{"tea": 1}, {"ceasefire": 3}, {"ceasefire": True}, {"ceasefire": 0.5}])
def test_stances_that_do_not_exist_are_refused(world: World, stances: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as error:
        done(world, outcome_of(world), body_of(world), stances=stances)
    assert list(refused(error)) == ["stances"]
    assert Transfer.objects.count() == 0


def test_somebody_quicker_is_noticed(world: World) -> None:
    transfer = done(world, outcome_of(world), body_of(world))
    edit_transfer(by=world.bob, transfer=transfer, version=1, note="Mine")
    with pytest.raises(Stale):
        edit_transfer(by=world.alice, transfer=transfer, version=1, note="Mine too")


def test_giving_up_needs_a_reason_and_is_not_for_what_was_done(world: World) -> None:
    outcome, body = outcome_of(world), body_of(world)
    plan, sent = planned(world, outcome, body), done(world, outcome, body)
    with pytest.raises(ValidationError) as empty:
        abandon_transfer(by=world.alice, transfer=plan, reason=" ")
    with pytest.raises(ValidationError) as too_late:
        abandon_transfer(by=world.alice, transfer=sent, reason="Changed our mind")
    given_up = abandon_transfer(by=world.alice, transfer=plan, reason="The office closed")

    assert (list(refused(empty)), list(refused(too_late))) == (["reason"], ["status"])
    assert given_up.status == TransferStatus.ABANDONED
    assert given_up.revisions.first().kept["reason"] == "The office closed"


def test_what_was_given_up_too_early_can_still_be_done_once(world: World) -> None:
    plan = planned(world, outcome_of(world), body_of(world))
    abandon_transfer(by=world.alice, transfer=plan, reason="Too early to say")
    carried = carry_out(by=world.alice, transfer=plan, sent_on=ON)
    with pytest.raises(ValidationError) as again:
        carry_out(by=world.alice, transfer=plan, sent_on=ON)

    assert carried.status == TransferStatus.DONE
    assert list(refused(again)) == ["status"]


def test_deleting_needs_a_reason_and_can_be_undone(world: World) -> None:
    transfer = done(world, outcome_of(world), body_of(world))
    with pytest.raises(ValidationError) as empty:
        delete_transfer(by=world.alice, transfer=transfer, reason="")
    delete_transfer(by=world.alice, transfer=transfer, reason="Entered twice")
    assert Transfer.objects.visible_to(world.bob).kept().count() == 0
    with pytest.raises(ValidationError):
        edit_transfer(by=world.alice, transfer=transfer, note="Too late")
    restore_transfer(by=world.bob, transfer=transfer)

    assert list(refused(empty)) == ["reason"]
    assert Transfer.objects.visible_to(world.bob).kept().count() == 1
    reasons = [row.kept["reason"] for row in transfer.revisions.order_by("number")]
    assert reasons == ["", "Entered twice", ""]


def test_a_transfer_is_not_brought_back_once_its_outcome_may_not_travel(world: World) -> None:
    outcome = outcome_of(world)
    transfer = done(world, outcome, body_of(world))
    delete_transfer(by=world.alice, transfer=transfer, reason="Entered twice")
    Outcome.objects.filter(pk=outcome.pk).update(travel_permission="team")
    with pytest.raises(ValidationError) as error:
        restore_transfer(by=world.alice, transfer=transfer)
    assert list(refused(error)) == ["outcome"]


# Who


@pytest.mark.parametrize("role", ["rapporteur", "observer"])
def test_who_only_reads_transfers_makes_none(world: World, role: str) -> None:
    outcome, body, user = outcome_of(world), body_of(world), member(world, role)
    transfer = done(world, outcome, body)
    with pytest.raises(Forbidden):
        plan_transfer(by=user, outcome=outcome, body=body, agent="facilitator")
    for act in (edit_transfer, carry_out, restore_transfer):
        with pytest.raises(Forbidden):
            act(by=user, transfer=transfer)
    for act in (abandon_transfer, delete_transfer):
        with pytest.raises(Forbidden):
            act(by=user, transfer=transfer, reason="Mine")
    assert Transfer.objects.visible_to(user).count() == 1


@pytest.mark.parametrize("who", ["harry", "rita", "cora", "stella", "sam"])
def test_outsiders_find_nothing(world: World, who: str) -> None:
    user, outcome, body = getattr(world, who), outcome_of(world), body_of(world)
    transfer = done(world, outcome, body)
    with pytest.raises(Hidden):
        plan_transfer(by=user, outcome=outcome, body=body, agent="facilitator")
    with pytest.raises(Hidden):
        edit_transfer(by=user, transfer=transfer, note="Mine")
    assert Transfer.objects.visible_to(user).count() == 0


# What may travel where


@pytest.mark.parametrize("permission", TravelPermission.values)
@pytest.mark.parametrize("channel", Channel.values)
def test_nothing_travels_beyond_its_permission(world: World, permission: str, channel: str) -> None:
    outcome = outcome_of(world, travel_permission=permission)
    open_to = {
        "none": set(),
        "team": set(),
        "officials": set(Channel.values) - PUBLIC_CHANNELS,
        "public": set(Channel.values),
    }[permission]
    for service in (done, planned):
        if channel in open_to:
            service(world, outcome, body_of(world), channel=channel)
            continue
        with pytest.raises(ValidationError) as error:
            service(world, outcome, body_of(world), channel=channel, override_reason="We insist")
        assert list(refused(error)) == (["channel"] if permission == "officials" else ["outcome"])
    assert Transfer.objects.count() == (2 if channel in open_to else 0)


def test_a_transfer_is_not_led_past_a_permission_by_editing_it(world: World) -> None:
    transfer = planned(world, outcome_of(world), body_of(world))
    with pytest.raises(ValidationError) as wider:
        edit_transfer(by=world.alice, transfer=transfer, channel="publication", override_reason="We insist")
    Outcome.objects.update(travel_permission="none")
    with pytest.raises(ValidationError) as later:
        carry_out(by=world.alice, transfer=transfer, sent_on=ON, override_reason="We insist")
    with pytest.raises(ValidationError) as message:
        edit_transfer(by=world.alice, transfer=transfer, message="More", override_reason="We insist")
    edit_transfer(by=world.alice, transfer=transfer, note="Not any more: the group has changed its mind")
    abandon_transfer(by=world.alice, transfer=transfer, reason="The group has changed its mind")

    assert [list(refused(error)) for error in (wider, later, message)] == [
        ["channel"],
        ["outcome"],
        ["outcome"],
    ]


def test_a_deleted_outcome_travels_nowhere(world: World) -> None:
    outcome = outcome_of(world)
    Outcome.objects.update(deleted_at=timezone.now())
    with pytest.raises(ValidationError) as error:
        done(world, outcome, body_of(world))
    assert list(refused(error)) == ["outcome"]


def test_it_goes_to_a_body_of_this_conflict(world: World) -> None:
    elsewhere = make.make_conflict("Hills of Test")
    track = make.make_track(elsewhere)
    outcome = outcome_of(world)
    for body, named in ((None, "body"), (record.make_body(elsewhere), "body")):
        with pytest.raises(ValidationError) as error:
            done(world, outcome, body, override_reason="We insist")
        assert list(refused(error)) == [named]
    with pytest.raises(ValidationError) as error:
        done(world, outcome, body_of(world), track=track)
    assert list(refused(error)) == ["track"]
    assert done(world, outcome, body_of(world), track=make.make_track(world.child)).track_id


def test_only_what_goes_to_no_office_needs_none(world: World) -> None:
    outcome = outcome_of(world, travel_permission="public")
    pressed = done(world, outcome, None, channel="media_oped")
    told = done(world, outcome, None, direction="outward", channel="re_entry_talk")

    assert (pressed.body, told.body) == (None, None)


# By whom


def test_a_link_is_the_carriers_and_goes_to_the_body(world: World) -> None:
    outcome, body, other = outcome_of(world), body_of(world), body_of(world)
    carrier, colleague = (record.make_participation(world.secret) for _ in range(2))
    link = record.make_tie(carrier.person, body)
    foreign = record.make_participation(world.rival)
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"body": body, "link": link}, "link"),
        ({"body": body, "link": link, "carrier": colleague}, "link"),
        ({"body": other, "link": link, "carrier": carrier}, "link"),
        ({"body": body, "carrier": foreign}, "carrier"),
    ]
    for fields, named in wrong:
        with pytest.raises(ValidationError) as error:
            done(world, outcome, agent="participant", override_reason="We insist", **fields)
        assert list(refused(error)) == [named]
    right = done(world, outcome, body, agent="participant", carrier=carrier, link=link)
    with pytest.raises(ValidationError) as error:
        edit_transfer(by=world.alice, transfer=right, body=other)

    assert (right.carrier, right.link) == (carrier, link)
    assert list(refused(error)) == ["link"]


@pytest.mark.parametrize("rule", ["chatham_house", "non_attributed_summary"])
@pytest.mark.parametrize("somebody_was_written_down", [True, False])
def test_a_carrier_who_was_not_in_the_room_is_asked_about(
    world: World, rule: str, somebody_was_written_down: bool
) -> None:
    session = record.make_session(world.secret, world.alice, rule=rule)
    outcome, body, carrier = outcome_of(world, session=session), body_of(world), participation(world)
    present = participation(world)
    if somebody_was_written_down:
        record.make_attendance(session, present)
    if not somebody_was_written_down or rule != "chatham_house":
        done(world, outcome, body, carrier=carrier)
        return
    with pytest.raises(Doubt) as error:
        done(world, outcome, body, carrier=carrier)
    transfer = done(world, outcome, body, carrier=carrier, override_reason="She read the notes")
    done(world, outcome, body, carrier=present)

    assert list(refused(error)) == ["carrier"]
    assert [one.code for one in error.value.error_dict["carrier"]] == ["confirm"]
    assert transfer.revisions.get().kept["reason"] == "She read the notes"
    edit_transfer(by=world.alice, transfer=transfer, note="Nobody asks again")


def participation(world: World, **fields: Any) -> Participation:
    return record.make_participation(world.secret, **fields)


def test_who_withdrew_carries_nothing_any_more(world: World) -> None:
    outcome, body = outcome_of(world), body_of(world)
    gone = participation(world, status="withdrew", withdrew_on=ON)
    with pytest.raises(ValidationError) as plan:
        planned(world, outcome, body, carrier=gone, override_reason="We insist")
    with pytest.raises(Doubt) as late:
        done(world, outcome, body, carrier=gone, sent_on=ON)
    before = done(world, outcome, body, carrier=gone, sent_on=ON - timedelta(days=1))

    assert not isinstance(plan.value, Doubt)
    assert [list(refused(error)) for error in (plan, late)] == [["carrier"], ["carrier"]]
    assert before.carrier == gone


# When


def test_what_was_done_has_a_day_that_has_come(world: World) -> None:
    outcome, body, tomorrow = outcome_of(world), body_of(world), timezone.localdate() + timedelta(days=1)
    for fields in ({"sent_on": None}, {"sent_on": tomorrow}, {"sent_on": ON, "sent_precision": "month"}):
        with pytest.raises(ValidationError) as error:
            done(world, outcome, body, override_reason="We insist", **fields)
        assert list(refused(error)) == ["sent_on"]
    this_year = timezone.localdate().replace(month=1, day=1)
    assert done(world, outcome, body, sent_on=this_year, sent_precision="year").sent_on == this_year
    assert planned(world, outcome, body, sent_on=tomorrow).sent_on == tomorrow


def test_a_transfer_before_its_outcome_is_asked_about(world: World) -> None:
    session = record.make_session(world.secret, world.alice, began_on=date(2026, 3, 4))
    outcome, body = outcome_of(world, session=session), body_of(world)
    without = record.make_outcome(world.secret, world.alice)
    cases: list[tuple[Outcome, date, str, bool]] = [
        (outcome, date(2026, 3, 3), "day", False),
        (outcome, date(2026, 3, 4), "day", True),
        (outcome, date(2026, 3, 1), "month", True),
        (outcome, date(2026, 2, 1), "month", False),
        (without, timezone.localdate() - timedelta(days=1), "day", False),
        (without, timezone.localdate(), "day", True),
    ]
    for origin, on, precision, passes in cases:
        if passes:
            done(world, origin, body, sent_on=on, sent_precision=precision)
            continue
        with pytest.raises(Doubt) as error:
            done(world, origin, body, sent_on=on, sent_precision=precision)
        assert list(refused(error)) == ["sent_on"]
        done(world, origin, body, sent_on=on, sent_precision=precision, override_reason="Written down late")


def test_text_that_turns_its_neighbours_around_is_refused(world: World) -> None:
    with pytest.raises(ValidationError) as error:
        done(world, outcome_of(world), body_of(world), message="safe \u202e text")
    assert list(refused(error)) == ["message"]
