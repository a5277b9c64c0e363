"""Handlers of queued work: no arguments or ids only, results ignored, safe to run twice and to be killed.

The services open their own transactions as the detector, one for each family of conflicts; one around the whole
task would hold every lock until the last family is done.
"""

from __future__ import annotations

from celery import shared_task

from coordination.services import comparison


@shared_task(name="coordination.tasks.compare_waiting")
def compare_waiting() -> None:
    """Compare what waits; sent as a hint after a change, and every few seconds by the schedule."""
    comparison.compare_waiting()


@shared_task(name="coordination.tasks.compare_everything")
def compare_everything() -> None:
    """The nightly full run."""
    comparison.compare_everything()
