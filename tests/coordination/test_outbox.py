"""The outbox: one row for each initiative, in the transaction of the change, whatever the broker does."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from confidentiality import hints
from conftest import World
from coordination.models import OutboxEntry
from coordination.services import outbox
from initiatives import services


def waiting() -> list[Any]:
    return list(OutboxEntry.objects.values_list("initiative_id", flat=True))


def test_second_change_refreshes_the_row(world: World) -> None:
    outbox.enqueue(initiative_ids=[world.secret.pk])
    OutboxEntry.objects.update(queued_at=timezone.now() - timedelta(hours=1))
    before = OutboxEntry.objects.get()

    outbox.enqueue(initiative_ids=[world.secret.pk, world.secret.pk, world.rival.pk])

    assert sorted(waiting()) == sorted([world.secret.pk, world.rival.pk])
    assert OutboxEntry.objects.get(initiative=world.secret).queued_at > before.queued_at


def test_refused_or_failed_change_leaves_no_row(world: World) -> None:
    with pytest.raises(ValidationError):
        services.edit_initiative(by=world.alice, initiative=world.secret, themes=["no such theme"])
    with transaction.atomic():
        services.edit_initiative(by=world.alice, initiative=world.secret, themes=["ceasefire"])
        assert waiting() == [world.secret.pk]
        transaction.set_rollback(True)

    assert waiting() == []


def test_one_hint_for_a_transaction(
    world: World, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        services.edit_initiative(by=world.alice, initiative=world.secret, themes=["ceasefire"])
        services.change_status(by=world.alice, initiative=world.secret, status="paused")
        outbox.enqueue(initiative_ids=[])

    assert callbacks == [outbox.hint]


@pytest.fixture
def silent_broker(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Takes connections and never says a word, like a broker that is frozen."""
    listener = socket.socket(socket.AF_UNIX)
    address = Path("/tmp") / f"t2d-silent-{time.monotonic_ns()}.sock"
    listener.bind(str(address))
    listener.listen(8)
    settings.CELERY_BROKER_URL = f"redis+socket://{address}?virtual_host=0"
    monkeypatch.setattr(hints, "_closed_until", 0.0)
    yield listener
    listener.close()
    address.unlink()


def test_silent_broker_is_asked_once_and_then_left_alone(silent_broker: socket.socket) -> None:
    silent_broker.settimeout(0.2)
    began = time.monotonic()
    for _ in range(20):
        outbox.hint()
    assert time.monotonic() - began < 2.0

    silent_broker.accept()[0].close()
    with pytest.raises(TimeoutError):
        silent_broker.accept()


def test_absent_broker_does_not_matter(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CELERY_BROKER_URL = f"redis+socket://{tmp_path}/nobody.sock?virtual_host=0"
    monkeypatch.setattr(hints, "_closed_until", 0.0)

    outbox.hint()

    assert hints._closed_until > time.monotonic()
