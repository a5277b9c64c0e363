"""The outbox: which initiatives wait to be compared, and how old the wait is."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from confidentiality import hints

TASK = "coordination.tasks.compare_waiting"


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
    """Tell a worker that something waits. Only a hint: nothing is lost when it fails, the sweep comes by."""
    hints.send(TASK)


def oldest_wait() -> datetime | None:
    """Since when the oldest initiative has waited; None when everything is compared.

    An initiative of which the reader knows nothing counts here like any other: the answer is one time for the
    whole site, and says nothing of what waits.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT oldest_wait()")
        (since,) = cursor.fetchone()
    return since
