"""Handlers of queued work: three lines each, safe to run twice."""

from __future__ import annotations

from celery import shared_task

from confidentiality.actor import SITE, actor
from initiatives.services import hand_over_to_successors as hand_over
from initiatives.services import purge_drafts


@shared_task
def hand_over_to_successors() -> None:
    """Make successors lead where the last lead has expired."""
    with actor(SITE):
        hand_over()


@shared_task
def purge_old_drafts() -> None:
    """Remove drafts that nobody came back to."""
    with actor(SITE):
        purge_drafts()
