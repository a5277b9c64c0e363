"""What went out and was withdrawn comes before its readers again by a decision alone, whatever it was withdrawn by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import User
from conftest import World
from initiatives.services import edit_session, move_session
from initiatives.services.overriding import Doubt
from tests import factories as make
from tests import record
from tests.clients import client_of, get
from transfer.models import Outcome, Transfer
from transfer.services import delete_outcome, edit_outcome, edit_transfer, restore_outcome

pytestmark = pytest.mark.django_db


@pytest.fixture
def lina(world: World) -> User:
    user = make.make_user("Lina")
    record.make_liaison(user, record.make_body(world.conflict, "Water Office"))
    return user


@pytest.fixture
def noor(world: World) -> User:
    """Writes outcomes and sessions, and only reads transfers."""
    user = make.make_member_of(world.house, "Noor")
    make.make_member(world.secret, user, "rapporteur")
    return user


def gone_out(world: World, lina: User, **fields: Any) -> Transfer:
    given = {"kind": "collective", "content_kind": "framework", "travel_permission": "officials"}
    outcome = record.make_outcome(world.secret, world.alice, **{**given, **fields})
    return record.make_transfer(outcome, world.alice, lina.liaison_mandates.get().body)


def reads(lina: User, transfer: Transfer) -> bool:
    return get(client_of(lina), f"received-transfers/{transfer.pk}/").status_code == 200


def withdrawn(world: World, lina: User, door: str) -> tuple[Transfer, Callable[..., Any]]:
    """Something that went out and is read by nobody now, and the act by which it is read again."""
    rule = {"sides": "agreed_text_only"}.get(door, "no_notes")
    session = record.make_session(world.secret, world.alice, rule=rule)
    origin = {"session": session} if door != "deletion" else {}
    transfer = gone_out(world, lina, **origin)
    outcome = transfer.outcome
    if door == "deletion":
        delete_outcome(by=world.alice, outcome=outcome, reason="The group withdrew it")
    acts = {
        "session": lambda by, **why: edit_outcome(by=by, outcome=outcome, session=None, **why),
        "sides": lambda by, **why: edit_outcome(
            by=by, outcome=outcome, endorsed_by=[world.up, world.down], **why
        ),
        "rule": lambda by, **why: edit_session(by=by, session=session, rule="on_record", **why),
        "deletion": lambda by, **why: restore_outcome(by=by, outcome=outcome),
    }
    return transfer, acts[door]


@pytest.mark.parametrize("door", ["session", "sides", "rule", "deletion"])
def test_by_whoever_may_send_it_and_after_a_question(world: World, lina: User, noor: User, door: str) -> None:
    transfer, again = withdrawn(world, lina, door)
    assert not reads(lina, transfer)
    with pytest.raises(ValidationError) as refused:
        again(noor, override_reason="I think so")
    assert "A lead or facilitator decides that" in str(refused.value)
    if door != "deletion":  # There the page says it beside the button.
        with pytest.raises(Doubt) as asked:
            again(world.alice)
        assert "Water Office (Private memo)" in str(asked.value)
    assert not reads(lina, transfer)
    again(world.alice, override_reason="They agreed once more")

    assert reads(lina, transfer)


def test_the_page_of_a_deleted_outcome_says_where_it_would_be_read_again(
    world: World, lina: User, noor: User, client: Any
) -> None:
    transfer, _again = withdrawn(world, lina, "deletion")
    client.force_login(noor)
    page = client.get(f"/outcomes/{transfer.outcome_id}/").content.decode()
    told = client.post(f"/outcomes/{transfer.outcome_id}/restore/", follow=True).content.decode()

    assert "Water Office (Private memo). It would be read there again." in page
    assert "A lead or facilitator decides that" in told
    assert Outcome.objects.get().deleted_at is not None


def test_out_of_a_closed_session_it_opens_to_observers_after_a_question(world: World) -> None:
    make.make_member(world.secret, olga := make.make_member_of(world.house, "Olga"), "observer")
    closed = record.make_session(world.secret, world.alice, rule="participants_only")
    opened = record.make_session(world.secret, world.alice, rule="on_record")
    outcome = record.make_outcome(world.secret, world.alice, session=closed)
    for origin in (None, opened):
        with pytest.raises(Doubt) as asked:
            edit_outcome(by=world.alice, outcome=outcome, session=origin)
        assert "1 observer of the team will read" in str(asked.value)
    assert not Outcome.objects.visible_to(olga).exists()


def test_what_a_moved_session_left_behind_escapes_no_rule(world: World, lina: User) -> None:
    other = make.make_initiative(
        world.conflict, world.house, lead=world.alice, parties=(world.up, world.down)
    )
    session = record.make_session(world.secret, world.alice)
    transfer = gone_out(world, lina, session=session)
    delete_outcome(by=world.alice, outcome=transfer.outcome, reason="Recorded twice")
    move_session(by=world.alice, session=session, initiative=other)

    with pytest.raises(ValidationError, match="was moved to another initiative"):
        restore_outcome(by=world.alice, outcome=transfer.outcome)
    assert not reads(lina, transfer)


def test_what_an_office_acknowledged_keeps_its_words(world: World, lina: User) -> None:
    transfer = gone_out(world, lina)
    record.make_step(transfer, world.alice, "sent")
    edit_transfer(by=world.alice, transfer=transfer, message="Both would read one gauge.")
    record.make_step(transfer, world.alice, "discussed_internally")
    with pytest.raises(Doubt):
        edit_transfer(by=world.alice, transfer=transfer, message="Another message")
    edit_transfer(by=world.alice, transfer=transfer, message="Another message", override_reason="A typo")
    record.make_step(transfer, lina, "acknowledged")

    with pytest.raises(ValidationError, match="has acknowledged what was written here"):
        edit_transfer(by=world.alice, transfer=transfer, message="A third", override_reason="A typo")
    edit_transfer(by=world.alice, transfer=transfer, note="They rang")


def test_steps_of_what_is_deleted_stand_in_no_list(world: World, lina: User) -> None:
    transfer = gone_out(world, lina)
    record.make_step(transfer, world.alice, "sent")
    client = client_of(world.alice)
    assert len(get(client, "uptake-steps/").json()["results"]) == 1
    Outcome.objects.update(deleted_at=timezone.now())

    assert get(client, "uptake-steps/").json()["results"] == []
    assert str(transfer.pk) not in get(client, "uptake-steps/", export="csv").content.decode()
