"""What a liaison sees: done transfers to their body, as far as they may travel, and nothing else."""

from __future__ import annotations

import os
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from accounts.models import User
from confidentiality.actor import actor
from confidentiality.policy import Hidden
from confidentiality.wall import Confidential, walled_models
from conftest import World
from initiatives.models import Initiative, Session
from participants.models import LiaisonMandate, OfficialBody, OfficialLink, Person
from tests import factories as make
from tests import record
from transfer.models import Outcome, ReceivedTransfer, Transfer, UptakeStep
from transfer.services import acknowledge, message_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def lina(db: None) -> User:
    return make.make_user("Lina")


@pytest.fixture
def office(world: World, lina: User) -> OfficialBody:
    body = record.make_body(world.conflict, "Ministry of Water")
    record.make_liaison(lina, body)
    return body


def sent(world: World, body: OfficialBody, permission: str = "officials", **fields: Any) -> Transfer:
    session = record.make_session(world.secret, world.alice)
    outcome = record.make_outcome(world.secret, world.alice, session=session, travel_permission=permission)
    return record.make_transfer(outcome, world.alice, body, **fields)


def received_by(user: User) -> list[Any]:
    with actor(user):
        return list(ReceivedTransfer.objects.visible_to(user).values_list("pk", flat=True))


def test_done_transfers_to_the_own_body_and_no_others(world: World, lina: User, office: OfficialBody) -> None:
    other = record.make_body(world.conflict)
    seen = [sent(world, office).pk, sent(world, office, "public").pk]
    for transfer in (sent(world, office, status="planned"), sent(world, office, status="abandoned")):
        assert transfer.pk not in received_by(lina)
    sent(world, other), sent(world, office, "team"), sent(world, office, "none")
    sent(world, office, deleted_at=timezone.now())

    assert sorted(received_by(lina)) == sorted(seen)
    for user in (world.alice, world.rita, world.cora, world.stella):
        assert received_by(user) == []


def test_the_message_is_opened_and_nothing_else_is_told(
    world: World, lina: User, office: OfficialBody
) -> None:
    sent(world, office, message="Both sides would read one gauge")
    with actor(lina):
        received = ReceivedTransfer.objects.visible_to(lina).get()
        assert message_of(received) == "Both sides would read one gauge"
    names = {field.name for field in ReceivedTransfer._meta.get_fields()}
    assert names == {
        "id", "initiative_id", "conflict", "body", "track", "direction", "channel", "sent_on", "sent_precision",
        "message", "acknowledged_on",
    }  # fmt: skip


def test_a_damaged_message_is_blank(world: World, lina: User, office: OfficialBody) -> None:
    sent(world, office)
    with actor(lina):
        received = ReceivedTransfer.objects.visible_to(lina).get()
        received.message = bytes(received.message)[:-1] + b"!"
        assert message_of(received) == ""


def test_acknowledging_is_one_step_on_the_ladder(world: World, lina: User, office: OfficialBody) -> None:
    transfer = sent(world, office)
    with actor(lina):
        received = ReceivedTransfer.objects.visible_to(lina).get()
        acknowledge(by=lina, received=received, on=date(2026, 4, 8))
        acknowledge(by=lina, received=received, on=date(2026, 4, 9))
        assert ReceivedTransfer.objects.visible_to(lina).get().acknowledged_on == date(2026, 4, 8)
    step = UptakeStep.objects.get()

    assert (step.transfer, step.initiative, step.by) == (transfer, world.secret, lina)
    assert (step.uptake, step.on, step.evidence, step.confidence) == (
        "acknowledged",
        date(2026, 4, 8),
        "official_said",
        "high",
    )
    assert (step.reason, step.note) == ("", "")
    assert UptakeStep.objects.visible_to(world.alice).get() == step


def test_an_acknowledgement_has_a_day_between_then_and_now(
    world: World, lina: User, office: OfficialBody
) -> None:
    sent(world, office, sent_on=date(2026, 4, 5))
    with actor(lina):
        received = ReceivedTransfer.objects.visible_to(lina).get()
        for on in (date(2026, 4, 4), timezone.localdate() + timedelta(days=1)):
            with pytest.raises(ValidationError) as error:
                acknowledge(by=lina, received=received, on=on)
            assert list(error.value.message_dict) == ["on"]
    assert UptakeStep.objects.count() == 0


def test_nobody_else_acknowledges(world: World, lina: User, office: OfficialBody) -> None:
    sent(world, office)
    with actor(lina):
        received = ReceivedTransfer.objects.visible_to(lina).get()
    for user in (world.alice, world.bob, world.rita, world.stella):
        with actor(user), pytest.raises(Hidden):
            acknowledge(by=user, received=received)
    assert UptakeStep.objects.count() == 0


def _end_mandate(world: World) -> None:
    LiaisonMandate.objects.update(ended_at=timezone.now())


def _stay(world: World) -> None:
    Outcome.objects.update(travel_permission="team")


def _delete(world: World) -> None:
    Transfer.objects.update(deleted_at=timezone.now())


def _delete_outcome(world: World) -> None:
    Outcome.objects.update(deleted_at=timezone.now())


@pytest.mark.parametrize("withdraw", [_end_mandate, _stay, _delete, _delete_outcome])
def test_what_is_withdrawn_is_gone_at_once(
    world: World, lina: User, office: OfficialBody, withdraw: Any
) -> None:
    sent(world, office)
    with actor(lina):
        received = ReceivedTransfer.objects.visible_to(lina).get()
    withdraw(world)

    assert received_by(lina) == []
    with actor(lina), pytest.raises(Hidden):
        acknowledge(by=lina, received=received)
    assert UptakeStep.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_by_raw_sql_a_liaison_gets_no_row_of_the_record(
    world: World, lina: User, office: OfficialBody
) -> None:
    transfer = sent(world, office)
    record.make_record(world.secret, world.alice, office)
    other = sent(world, record.make_body(world.conflict))
    inside = [Initiative, *(model for model in walled_models() if issubclass(model, Confidential))]
    assert {Session, Person, OfficialLink, Outcome, Transfer, UptakeStep} <= set(inside)
    with raw_as(lina) as sql:
        for model in inside:
            found = sql.execute(f'SELECT count(*) FROM "{model._meta.db_table}"').fetchone()
            assert found == (0,), model._meta.label
        rows = sql.execute("SELECT id FROM received_transfer").fetchall()
        assert transfer.pk in {pk for (pk,) in rows}
        assert other.pk not in {pk for (pk,) in rows}
        refused = "SELECT acknowledge_transfer(%s, gen_random_uuid(), current_date, '', '')"
        assert sql.execute(refused, [other.pk]).fetchone() == (False,)
    with raw_as(world.alice) as sql:
        assert sql.execute("SELECT count(*) FROM received_transfer").fetchone() == (0,)


def raw_as(user: User) -> Any:
    """A connection of the application's own role, in which the user acts."""
    settings = connection.settings_dict
    address = os.environ["DATABASE_URL"].replace("t2d_test@", "t2d_app@")
    opened = psycopg.connect(address, dbname=settings["NAME"])
    opened.execute("SELECT set_config('t2d.actor', %s, true)", [str(user.pk)])
    return opened
