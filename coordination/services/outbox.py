"""The outbox: which initiatives wait to be compared, and how old the wait is."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import redis
from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from kombu.exceptions import KombuError

from coordination.models import OutboxEntry

TASK = "coordination.tasks.compare_waiting"
BREAK_SECONDS = 5.0
BROKER_PATIENCE_SECONDS = 0.05
CHUNK = 1000
BROKER_ERRORS = (redis.RedisError, KombuError, OSError)

# Until when the broker is taken to be down; a fact about this process, so a module variable.
_closed_until = 0.0


def enqueue(*, initiative_ids: Sequence[UUID]) -> None:
    """Remember the initiatives in the running transaction, and hint at the worker when it commits.

    One row per initiative: a second change before the comparison only refreshes the row. Sorted, so that two
    transactions cannot wait for each other in a circle.
    """
    now = timezone.now()
    waiting = [OutboxEntry(initiative_id=pk, queued_at=now) for pk in sorted(set(initiative_ids))]
    for start in range(0, len(waiting), CHUNK):
        OutboxEntry.objects.bulk_create(
            waiting[start : start + CHUNK],
            update_conflicts=True,
            unique_fields=["initiative"],
            update_fields=["queued_at"],
        )
    if waiting and not any(entry[1] is hint for entry in connection.run_on_commit):
        transaction.on_commit(hint, robust=True)


def hint() -> None:
    """Tell a worker that something waits. Only a hint: nothing is lost when it fails, the sweep comes by.

    With the broker down, publishing would block for seconds whatever the retry settings, so a short question
    comes first, and after a failure nobody asks again for a few seconds. A save never fails for the broker.
    """
    global _closed_until
    if time.monotonic() < _closed_until:
        return
    try:
        with _broker() as broker:
            broker.ping()
        current_app.send_task(TASK, retry=False, ignore_result=True)
    except BROKER_ERRORS:
        _closed_until = time.monotonic() + BREAK_SECONDS


def _broker() -> redis.Redis:
    url = settings.CELERY_BROKER_URL.replace("redis+socket://", "unix://").replace("virtual_host=", "db=")
    return redis.Redis.from_url(
        url,
        socket_timeout=BROKER_PATIENCE_SECONDS,
        socket_connect_timeout=BROKER_PATIENCE_SECONDS,
        retry=None,
    )


def oldest_wait() -> datetime | None:
    """Since when the oldest initiative has waited; None when everything is compared.

    An initiative of which the reader knows nothing counts here like any other: the answer is one time for the
    whole site, and says nothing of what waits.
    """
    return OutboxEntry.objects.order_by("queued_at").values_list("queued_at", flat=True).first()
