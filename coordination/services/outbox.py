"""The outbox: which initiatives wait to be compared, and how old the wait is."""

from __future__ import annotations

import time
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import redis
from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from kombu.exceptions import KombuError

TASK = "coordination.tasks.compare_waiting"
BREAK_SECONDS = 5.0
BROKER_PATIENCE_SECONDS = 0.05
BROKER_ERRORS = (redis.RedisError, KombuError, OSError)

# Until when the broker is taken to be down; a fact about this process, so a module variable.
_closed_until = 0.0


def enqueue(*, initiative_ids: Collection[UUID], family_ids: Collection[UUID] = ()) -> None:
    """Remember the initiatives in the running transaction, and hint at the worker when it commits.

    One row per initiative: a second change before the comparison only refreshes the row. The rows are written by
    a function of the database, since nobody but the detector may read who waits, and a family holds initiatives
    that the actor cannot see.
    """
    if not initiative_ids and not family_ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT enqueue(%s::uuid[], %s::uuid[], %s)",
            [list(initiative_ids), list(family_ids), timezone.now()],
        )
    if not any(entry[1] is hint for entry in connection.run_on_commit):
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
    with connection.cursor() as cursor:
        cursor.execute("SELECT oldest_wait()")
        (since,) = cursor.fetchone()
    return since
