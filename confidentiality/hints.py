"""Hints to a worker that something waits in the database. Only hints: whoever sends one also has a sweep.

A hint carries the name of a task and nothing else. With the broker down, publishing would block for seconds
whatever the retry settings, so a short question comes first, and after a failure nobody asks again for a few
seconds. A save never fails for the broker.
"""

from __future__ import annotations

import time

import redis
from celery import current_app
from django.conf import settings
from kombu.exceptions import KombuError

BREAK_SECONDS = 5.0
BROKER_PATIENCE_SECONDS = 0.05
BROKER_ERRORS = (redis.RedisError, KombuError, OSError)

# Until when the broker is taken to be down; a fact about this process, so a module variable.
_closed_until = 0.0


def send(task: str) -> None:
    """Ask any worker to run a task that takes no arguments."""
    global _closed_until
    if time.monotonic() < _closed_until:
        return
    try:
        with _broker() as broker:
            broker.ping()
        current_app.send_task(task, retry=False, ignore_result=True)
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
