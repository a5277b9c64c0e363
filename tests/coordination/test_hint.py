"""The hint to the worker: a broker that is gone, deaf or slow never fails a save."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from confidentiality import hints
from coordination.services import outbox


@pytest.fixture(autouse=True)
def _closed_breaker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hints, "_closed_until", 0.0)


@pytest.fixture
def deaf(tmp_path: Path) -> Iterator[Path]:
    """A socket that takes connections and never answers."""
    path = tmp_path / "deaf.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        yield path


def test_broker_that_is_gone_closes_the_breaker(settings: Any, tmp_path: Path) -> None:
    settings.CELERY_BROKER_URL = f"redis+socket://{tmp_path}/nobody.sock"

    outbox.hint()

    assert hints._closed_until > 0


def test_deaf_broker_is_asked_once(settings: Any, deaf: Path) -> None:
    settings.CELERY_BROKER_URL = f"redis+socket://{deaf}"

    outbox.hint()
    until = hints._closed_until
    outbox.hint()

    assert until > 0
    assert hints._closed_until == until
