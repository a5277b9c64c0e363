"""The full run over 1,000 and 10,000 synthetic initiatives: first when nothing is stored, then again unchanged."""

from __future__ import annotations

import logging
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.support.services import migrated_services

SIZES = (1_000, 10_000)


@contextmanager
def taken(what: str) -> Iterator[None]:
    """Prints elapsed seconds, and the processor seconds of this process: the database's are not in them."""
    elapsed, busy = time.perf_counter(), time.process_time()
    yield
    elapsed, busy = time.perf_counter() - elapsed, time.process_time() - busy
    print(f"  {what}: {elapsed:.2f} s, of which {busy:.2f} s in Python", flush=True)


def main() -> None:
    with migrated_services():
        from django.db import connection, transaction

        from benchmarks.support import register
        from confidentiality.actor import DETECTOR, actor
        from confidentiality.roles import as_owner
        from coordination.detection import overlaps
        from coordination.models import OverlapFlag
        from coordination.services import comparison
        from initiatives.models import Initiative

        logging.getLogger("coordination").setLevel(logging.CRITICAL)  # a first run finds everything missing
        for size in SIZES:
            with as_owner(), transaction.atomic():
                Initiative.objects.all().delete()
                register.fill(size, seed=size)
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
            with taken("reading the cards"), actor(DETECTOR):
                cards = comparison._cards(Initiative.objects.comparable())
            with taken("scoring alone"):
                found = sum(1 for _overlap in overlaps(cards))
            with taken("full run, nothing stored before"):
                first = comparison.compare_everything()
            with taken("full run, nothing changed"):
                second = comparison.compare_everything()
            with actor(DETECTOR):
                assert first.created == second.unchanged == OverlapFlag.objects.count() == found
                flags = OverlapFlag.objects.filter(band="flag").count()
            print(f"{size} initiatives: {found} pairs stored, of which {flags} in band flag", flush=True)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(f"peak memory of the process {peak} MB")


if __name__ == "__main__":
    main()
