"""Versions of outcomes and transfers: what one said, who reads it, and how it comes back."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from confidentiality.policy import Forbidden, Hidden
from confidentiality.records import Stale
from conftest import World
from tests import factories as make
from tests import record
from transfer.models import Outcome, Transfer
from transfer.services import (
    bring_back_outcome,
    bring_back_transfer,
    delete_outcome,
    edit_outcome,
    edit_transfer,
    outcome_versions,
    plan_transfer,
    record_outcome,
    transfer_versions,
)

pytestmark = pytest.mark.django_db


def outcome_of(world: World, **fields: Any) -> Outcome:
    given = {"kind": "collective", "content_kind": "framework", "travel_permission": "officials"} | fields
    return record_outcome(by=world.alice, initiative=world.secret, statement="First words", **given)


@pytest.fixture
def transfer(world: World) -> Transfer:
    """Planned by Alice through a tie of somebody, then corrected."""
    body = record.make_body(world.conflict, "Ministry of Water", party=world.up)
    carrier = record.make_participation(world.secret)
    made = plan_transfer(
        by=world.alice,
        outcome=outcome_of(world),
        agent="participant",
        channel="private_memo",
        body=body,
        carrier=carrier,
        link=record.make_tie(carrier.person, body),
        sent_on=date(2026, 4, 1),
        sent_precision="month",
        message="One gauge",
        stances={"ceasefire": 2},
        override_reason="It was carried before it was written down",
    )
    changed = {"message": "Two gauges", "body": None, "link": None, "sent_on": None, "direction": "lateral"}
    return edit_transfer(by=world.bob, transfer=made, stances={}, **changed)


def observer(world: World) -> Any:
    user = make.make_member_of(world.house, "Olga")
    make.make_member(world.secret, user, "observer")
    return user


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def version_of(kept: Any, number: int) -> str:
    name = type(kept).__name__.lower()
    return reverse(f"transfer:{name}_revision", args=[kept.pk, kept.revisions.get(number=number).pk])


def test_a_version_of_a_transfer_is_told_and_brought_back(world: World, transfer: Transfer) -> None:
    alice, path = signed_in(world.alice), version_of(transfer, 1)
    first = alice.get(path).content.decode()
    sent = {"version": "2", "reason": "It was right"}
    sure = {
        **sent,
        "all_the_same": "on",
    }  # That it lies before the outcome was recorded is asked about again.
    answers = [alice.post(path, data) for data in ({"version": "2"}, sent, sure, sure)]
    stored = Transfer.objects.get()

    for said in ("One gauge", "Ministry of Water", "ceasefire", "a tie of", "April 2026", "Month"):
        assert said.casefold() in first.casefold(), said
    assert [answer.status_code for answer in answers] == [422, 422, 302, 409]
    assert (stored.message, stored.body.name) == ("One gauge", "Ministry of Water")
    assert (stored.sent_on, stored.sent_precision, stored.link is None) == (date(2026, 4, 1), "month", False)
    assert dict(stored.stances.values_list("theme", "stance")) == {"ceasefire": 2}
    assert transfer_versions(by=world.alice, transfer=stored)[0].reason == "It was right"


def test_an_observer_reads_versions_without_the_tie_and_brings_none_back(
    world: World, transfer: Transfer
) -> None:
    olga = observer(world)
    page = signed_in(olga).get(version_of(transfer, 1))
    refused = signed_in(olga).post(version_of(transfer, 1), {"version": "2", "reason": "Mine"})

    assert page.status_code == 200
    assert "One gauge" in page.content.decode()
    assert "Through which link" not in page.content.decode()
    assert refused.status_code == 403
    assert all("link" not in one.fields for one in transfer_versions(by=olga, transfer=transfer))
    with pytest.raises(Forbidden):
        bring_back_transfer(by=olga, transfer=transfer, number=1, reason="Mine")
    with pytest.raises(Hidden):
        bring_back_transfer(by=world.harry, transfer=transfer, number=1, reason="Mine")


def test_what_a_version_names_and_is_gone_does_not_come_back(world: World, transfer: Transfer) -> None:
    record.OfficialLink.objects.all().delete()
    with pytest.raises(ValidationError) as error:
        bring_back_transfer(by=world.alice, transfer=transfer, number=1, reason="It was right")

    assert set(error.value.message_dict) == {"link"}
    assert Transfer.objects.get().version == 2


def test_an_outcome_comes_back_with_everything_it_named(world: World) -> None:
    session = record.make_session(world.secret, world.alice)
    outcome = outcome_of(world, session=session, endorsed_by=[world.up])
    edit_outcome(by=world.bob, outcome=outcome, statement="Second words", session=None, endorsed_by=[])
    with pytest.raises(Stale):
        bring_back_outcome(by=world.alice, outcome=outcome, number=1, reason="Right", version=1)
    back = bring_back_outcome(by=world.alice, outcome=outcome, number=1, reason="Right", version=2)

    assert (back.statement, back.session, back.endorsed_by) == ("First words", session, [world.up.pk])
    assert outcome_versions(by=world.alice, outcome=back)[0].reason == "Right"
    delete_outcome(by=world.alice, outcome=back, reason="Twice")
    assert "Bring it back" not in signed_in(world.alice).get(version_of(back, 2)).content.decode()


@pytest.mark.parametrize(
    ("closed", "said"),
    [
        (
            {"rule": "participants_only"},
            "Who can see this: 3 of your team; it is closed to its other observers.",
        ),
        ({"audience": "named"}, "Who can see this: 3 of your team; it is closed to its other observers."),
        ({}, "Who can see this: your team of 4."),
    ],
)
def test_what_came_out_of_a_session_says_who_sees_it(world: World, closed: dict[str, str], said: str) -> None:
    """As the session itself does: on every page of the outcome and of what carries it."""
    observer(world)
    make.make_member(world.secret, make.make_member_of(world.house, "Frida"), "facilitator")
    session = record.make_session(world.secret, world.alice, **closed)
    outcome = record.make_outcome(world.secret, world.alice, session=session)
    sent = record.make_transfer(outcome, world.alice, None)
    names = ("outcome", "edit_outcome", "outcome_history", "delete_outcome")
    paths = [reverse(f"transfer:{name}", args=[outcome.pk]) for name in names]
    paths += [reverse(f"transfer:{name}", args=[sent.pk]) for name in ("transfer", "transfer_history")]
    paths += [version_of(outcome, 1), version_of(sent, 1), reverse("initiatives:session", args=[session.pk])]

    assert [path for path in paths if said not in signed_in(world.alice).get(path).content.decode()] == []


def test_an_observer_reads_no_version_that_came_out_of_a_closed_session(world: World) -> None:
    """Nor which hidden outcome a version repeated."""
    closed = record.make_session(world.secret, world.alice, rule="participants_only")
    hidden = record.make_outcome(world.secret, world.alice, session=closed)
    outcome = outcome_of(world, session=closed, repeats=hidden)
    edit_outcome(
        by=world.alice, outcome=outcome, session=None, statement="Said aloud", override_reason="So agreed"
    )
    edit_outcome(by=world.alice, outcome=outcome, statement="Said again")
    olga = observer(world)
    versions = outcome_versions(by=olga, outcome=outcome)

    assert [one.number for one in versions] == [3, 2]
    assert [one.fields["repeats"] for one in versions] == [None, None]
    assert signed_in(olga).get(version_of(outcome, 1)).status_code == 404
    assert "First words" not in signed_in(olga).get(version_of(outcome, 2)).content.decode()
    assert len(outcome_versions(by=world.bob, outcome=outcome)) == 3
