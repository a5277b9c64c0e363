"""Handlers of queued work: three lines each, safe to run twice."""

from __future__ import annotations

from celery import shared_task

from accounts.services import forget_old_letters
from confidentiality.actor import SITE, actor


@shared_task(name="accounts.tasks.forget_old_letters")
def forget_letters() -> None:
    """Remove letters that nobody handed over in time."""
    with actor(SITE):
        forget_old_letters()
