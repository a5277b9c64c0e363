"""The full run over 1,000 and 10,000 synthetic initiatives: first when nothing is stored, then again unchanged."""

from __future__ import annotations

import resource
import time

from benchmarks.support.services import migrated_services

SIZES = (1_000, 10_000)


def main() -> None:
    with migrated_services():
        from django.db import connection

        from benchmarks.support import register
        from confidentiality.actor import SETUP, actor
        from coordination.detection import overlaps
        from coordination.models import OverlapFlag
        from coordination.services import comparison
        from initiatives.models import Initiative

        for size in SIZES:
            with actor(SETUP):
                Initiative.objects.all().delete()
                register.fill(size, seed=size)
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
            began = time.perf_counter()
            cards = comparison._cards(Initiative.objects.comparable())
            loaded = time.perf_counter()
            found = sum(1 for _overlap in overlaps(cards))
            scored = time.perf_counter()
            first = comparison.compare_everything()
            written = time.perf_counter()
            second = comparison.compare_everything()
            again = time.perf_counter()
            assert first.created == second.unchanged == OverlapFlag.objects.count() == found
            flags = OverlapFlag.objects.filter(band="flag").count()
            print(f"{size} initiatives: {found} pairs stored, of which {flags} in band flag")
            print(f"  reading the cards {loaded - began:.2f} s, scoring alone {scored - loaded:.2f} s")
            print(
                f"  full run, nothing stored before {written - scored:.2f} s, unchanged {again - written:.2f} s"
            )
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(f"peak memory of the process {peak} MB")


if __name__ == "__main__":
    main()
