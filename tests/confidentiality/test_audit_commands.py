"""The operator's side of the audit: verify_audit, copies of the checkpoints, and what the schedule does."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from confidentiality.models import AuditCheckpoint, AuditEvent
from confidentiality.tasks import sign_checkpoint
from conftest import World
from initiatives.tasks import tell_of_denials
from t2d.celery import app
from tests import factories as make

pytestmark = pytest.mark.django_db


def verified(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    call_command("verify_audit", *arguments)
    return capsys.readouterr().out


def test_whole_chains_are_said_to_be_whole(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    make.make_event(world.secret, world.alice)
    make.make_event(world.rival, world.rita)

    assert "nothing missing, nothing changed" in verified(capsys)
    assert "1 events in 1 chains" in verified(capsys, str(world.secret.pk))


def test_what_does_not_fit_ends_with_an_error_that_names_the_place(world: World) -> None:
    for _number in range(3):
        event = make.make_event(world.secret, world.alice)
    AuditEvent.objects.filter(stream=world.secret.pk, position=2).delete()

    with pytest.raises(CommandError, match=f"{event.stream} at 3: events before this one are missing"):
        call_command("verify_audit")


def test_a_copy_is_for_its_owner_and_is_compared(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    event, copy = make.make_event(world.secret, world.alice), tmp_path / "copy.jsonl"
    sign_checkpoint()
    key = verified(capsys, "--copy", str(copy)).split()[-1]

    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert "nothing missing" in verified(capsys, "--against", str(copy), "--key", key)
    with pytest.raises(CommandError, match="exists"):
        call_command("verify_audit", "--copy", str(copy))
    with pytest.raises(CommandError, match="the signature does not hold"):
        call_command("verify_audit", "--against", str(copy), "--key", "00" * 32)
    event.actor = "somebody else"
    AuditEvent.objects.filter(pk=event.pk).update(actor=event.actor, hash=event.expected_hash())
    with pytest.raises(CommandError, match="the event is not the one that was signed"):
        call_command("verify_audit", "--against", str(copy), "--key", key)


def test_checkpoints_hold_what_changed_and_follow_each_other(world: World) -> None:
    make.make_event(world.secret, world.alice)
    sign_checkpoint()
    make.make_event(world.rival, world.rita)
    sign_checkpoint()
    first, second = AuditCheckpoint.objects.order_by("number")

    assert [first.number, second.number] == [1, 2]
    assert str(world.secret.pk) in first.body
    assert str(world.secret.pk) not in second.body
    assert str(world.rival.pk) in second.body


def test_the_schedule_signs_and_tells() -> None:
    scheduled = {entry["task"] for entry in app.conf.beat_schedule.values()}
    app.loader.import_default_modules()

    assert {sign_checkpoint.name, tell_of_denials.name} <= scheduled & set(app.tasks)
