"""Handlers of queued work: three lines each, safe to run twice."""

from __future__ import annotations

from celery import shared_task

from confidentiality.actor import SITE, actor
from initiatives.services import hand_over_to_successors as hand_over
from initiatives.services import purge_drafts, purging, retention
from initiatives.services.denials import tell_teams


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


@shared_task(name="initiatives.tasks.purge_due")
def purge_due() -> None:
    """Carry out the purges that two people agreed on, and those of what was to be kept until now.

    Sent as a hint, and every few seconds by the schedule.
    """
    purging.purge_due()


@shared_task(name="initiatives.tasks.forget_ended_texts")
def forget_ended_texts() -> None:
    """Destroy the texts of sessions whose time is over."""
    retention.forget_ended_texts()


@shared_task(name="initiatives.tasks.destroy_returned_keys")
def destroy_returned_keys() -> None:
    """Destroy keys of purged initiatives that came back, as with an older copy of the key store."""
    purging.destroy_returned_keys()


@shared_task(name="initiatives.tasks.tell_of_denials")
def tell_of_denials() -> None:
    """Let teams know that somebody asked for something of theirs in vain."""
    with actor(SITE):
        tell_teams()
