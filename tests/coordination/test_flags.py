"""What coordinators decide about flags, what is refused with which words, and who may not even ask."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.utils import timezone

from confidentiality.policy import Hidden
from confidentiality.records import Stale
from conftest import World
from coordination.enums import FlagState
from coordination.models import CoordinationLink, OutboxEntry, OverlapFlag
from coordination.services import flags, outbox
from coordination.services.comparison import compare_waiting
from initiatives import services
from initiatives.models import Initiative
from tests import factories as make


@pytest.fixture
def flag(world: World) -> OverlapFlag:
    outbox.enqueue(initiative_ids=[world.secret.pk])
    compare_waiting()
    return OverlapFlag.objects.get()


def refused(act: Callable[..., Any], **given: Any) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as caught:
        act(**given)
    return caught.value.message_dict


def test_assessment_is_stored_with_who_and_when(world: World, flag: OverlapFlag) -> None:
    flags.assess_flag(
        by=world.cora,
        flag=flag,
        assessment="harmful",
        note=" Same week. ",
        harms=["mixed_messages"],
        version=1,
    )

    flag.refresh_from_db()
    assert (flag.state, flag.assessment, flag.harms) == ("assessed", "harmful", ["mixed_messages"])
    assert (flag.note, flag.decided_by, flag.version) == ("Same week.", world.cora, 2)
    assert flag.decided_at is not None


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"assessment": "bad"}, "assessment", "harmful, neutral, complementary"),
        ({"assessment": ""}, "assessment", "Expected one of"),
        ({"assessment": "harmful"}, "harms", "at least one"),
        ({"assessment": "harmful", "harms": ["noise"]}, "harms", "forum_shopping"),
        ({"assessment": "harmful", "harms": ["other", "other"]}, "harms", "once"),
        ({"assessment": "neutral", "harms": ["other"]}, "harms", "Only a harmful"),
        ({"assessment": "neutral", "note": "x" * 501}, "note", "500"),
    ],
)
def test_refused_assessment_names_the_field_and_changes_nothing(
    world: World, flag: OverlapFlag, given: dict[str, Any], field: str, words: str
) -> None:
    errors = refused(flags.assess_flag, by=world.cora, flag=flag, **given)

    assert list(errors) == [field]
    assert words in errors[field][0]
    flag.refresh_from_db()
    assert (flag.state, flag.version) == ("new", 1)


def test_public_record_is_not_judged(world: World, flag: OverlapFlag) -> None:
    Initiative.objects.filter(pk=world.rival.pk).update(public_record=True, visibility="network")

    for assessment in ("harmful", "deliberate_redundancy"):
        errors = refused(
            flags.assess_flag, by=world.cora, flag=flag, assessment=assessment, harms=[], note=""
        )
        assert "complementary, neutral, not_an_overlap" in errors["assessment"][0]
    for assessment in ("complementary", "neutral", "not_an_overlap"):
        flags.assess_flag(by=world.cora, flag=flag, assessment=assessment)


def test_dismissal_wants_a_reason_and_a_day_to_come(world: World, flag: OverlapFlag) -> None:
    yesterday = timezone.localdate() - timedelta(days=1)

    assert list(refused(flags.dismiss_flag, by=world.cora, flag=flag, reason="  ")) == ["reason"]
    assert list(refused(flags.dismiss_flag, by=world.cora, flag=flag, reason="x" * 501)) == ["reason"]
    assert list(
        refused(flags.dismiss_flag, by=world.cora, flag=flag, reason="Known.", review_on=yesterday)
    ) == ["review_on"]

    flags.dismiss_flag(by=world.cora, flag=flag, reason="Known.", review_on=timezone.localdate(), version=1)
    flag.refresh_from_db()
    assert (flag.state, flag.note, flag.review_on) == ("dismissed", "Known.", timezone.localdate())


def test_dismissing_takes_an_assessment_away_and_reopening_everything(
    world: World, flag: OverlapFlag
) -> None:
    flags.assess_flag(by=world.cora, flag=flag, assessment="neutral")
    dismissed = flags.dismiss_flag(by=world.cora, flag=flag, reason="Known.")
    assert (dismissed.assessment, dismissed.state) == ("", FlagState.DISMISSED)

    opened = flags.reopen_flag(by=world.cora, flag=flag)
    assert (opened.state, opened.note, opened.decided_by, opened.decided_at) == ("new", "", None, None)


def test_second_of_two_editors_is_told(world: World, flag: OverlapFlag) -> None:
    flags.assess_flag(by=world.cora, flag=flag, assessment="neutral", version=1)

    for act, given in (
        (flags.assess_flag, {"assessment": "complementary"}),
        (flags.dismiss_flag, {"reason": "Known."}),
        (flags.reopen_flag, {}),
    ):
        with pytest.raises(Stale) as caught:
            act(by=world.cora, flag=flag, version=1, **given)
        assert caught.value.current == 2
    flag.refresh_from_db()
    assert flag.assessment == "neutral"


def test_only_who_opens_the_pair_may_ask(world: World, flag: OverlapFlag) -> None:
    elsewhere = make.make_member_of(world.house, "Nora")
    make.make_mandate(elsewhere, make.make_conflict())
    of_the_house = make.make_member_of(world.house, "Otto")
    make.make_mandate(of_the_house)
    make.make_mandate(world.alice)

    for user in (world.alice, world.bob, world.rita, world.stella, world.sam, elsewhere, of_the_house):
        for act, given in (
            (flags.assess_flag, {"assessment": "neutral"}),
            (flags.dismiss_flag, {"reason": "Known."}),
            (flags.reopen_flag, {}),
        ):
            with pytest.raises(Hidden):
                act(by=user, flag=flag, **given)


def test_matching_off_closes_the_flag_at_once_and_for_good(world: World, flag: OverlapFlag) -> None:
    flags.assess_flag(by=world.cora, flag=flag, assessment="neutral")
    services.edit_initiative(by=world.alice, initiative=world.secret, matching="off")

    for _moment in ("before the worker comes by", "after it"):
        assert not OverlapFlag.objects.visible_to(world.cora).exists()
        with pytest.raises(Hidden):
            flags.reopen_flag(by=world.cora, flag=flag)
        compare_waiting()
    assert OverlapFlag.objects.get().state == FlagState.EXPIRED


DECISIONS = (
    (flags.assess_flag, {"assessment": "neutral"}),
    (flags.dismiss_flag, {"reason": "Known."}),
    (flags.reopen_flag, {}),
)


def test_nothing_is_decided_on_a_flag_that_a_newer_one_replaced(world: World, flag: OverlapFlag) -> None:
    OverlapFlag.objects.update(superseded=True)
    make.make_flag(world.secret, world.rival, previous=flag)

    for act, given in DECISIONS:
        assert list(refused(act, by=world.cora, flag=flag, **given)) == ["state"]


def test_pair_that_overlaps_no_more_shows_nothing_of_either(world: World, flag: OverlapFlag) -> None:
    """A matching card is shown only if another initiative overlaps; the history of the pair goes with it."""
    OverlapFlag.objects.update(superseded=True)
    newest = make.make_flag(world.secret, world.rival, previous=flag, state="expired")
    make.make_link(world.secret, world.rival)

    assert not OverlapFlag.objects.visible_to(world.cora).exists()
    assert not CoordinationLink.objects.visible_to(world.cora).exists()
    for over in (flag, newest):
        for act, given in DECISIONS:
            with pytest.raises(Hidden):
                act(by=world.cora, flag=over, **given)


def test_up_to_date_as_of_the_oldest_that_waits(world: World) -> None:
    before = timezone.now()
    assert flags.up_to_date_as_of() >= before
    assert not flags.worker_is_behind()

    outbox.enqueue(initiative_ids=[world.secret.pk])
    assert not flags.worker_is_behind()
    long_ago = before - timedelta(seconds=11)
    OutboxEntry.objects.update(queued_at=long_ago)

    assert flags.up_to_date_as_of() == long_ago
    assert flags.worker_is_behind()


def test_command_prints_counts_and_progress_apart(world: World) -> None:
    out, err = StringIO(), StringIO()

    call_command("detect_overlaps", stdout=out, stderr=err)

    assert json.loads(out.getvalue()) == {
        "initiatives": 2,
        "created": 1,
        "updated": 0,
        "removed": 0,
        "unchanged": 0,
        "faults": 1,
    }
    assert "2 of 2" in err.getvalue()
    out = StringIO()
    call_command("detect_overlaps", stdout=out, stderr=err)
    counts = json.loads(out.getvalue())
    assert (counts["unchanged"], counts["created"], counts["faults"]) == (1, 0, 0)
