"""From a saved card to a visible flag, through a real broker and a real worker, among 10,000 initiatives.

Each round opens one side of a pair apart from the others, or takes it away again, and polls until the flag is
there or gone. The time includes the commit, the publishing, and on average half a millisecond of polling.
"""

from __future__ import annotations

import contextlib
import logging
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.support.services import migrated_services
from t2d.embedded.folder import PROJECT

REGISTER = 10_000
ROUNDS = 200
WARM_UP = 10


@contextlib.contextmanager
def worker(log: Path) -> Iterator[None]:
    """As script/server starts it, and without a schedule: nothing but the hint wakes it."""
    command = [sys.executable, "-m", "celery", "-A", "t2d", "worker", "-c", "2", "-l", "INFO"]
    command += ["--without-gossip", "--without-mingle"]
    with open(log, "wb") as output:
        process = subprocess.Popen(command, cwd=PROJECT, stdout=output, stderr=subprocess.STDOUT)
    try:
        while b" ready." not in log.read_bytes():
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


def _flagged(initiative: Any) -> bool:
    from confidentiality.actor import DETECTOR, actor
    from coordination.models import OverlapFlag

    with actor(DETECTOR):
        return OverlapFlag.objects.touching([initiative.pk]).exists()


def main() -> None:
    with migrated_services() as folder:
        from django.db import connection, transaction

        from benchmarks.support import register
        from confidentiality.actor import actor
        from confidentiality.roles import as_owner
        from coordination.services.comparison import compare_everything
        from initiatives.services import edit_initiative

        logging.getLogger("coordination").setLevel(logging.CRITICAL)  # a first run finds everything missing
        with as_owner(), transaction.atomic():
            register.fill(REGISTER)
            user, one = register.pair()
        compare_everything()
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        saves, waits = [], []
        with worker(folder / "worker.log"):
            for number in range(WARM_UP + ROUNDS):
                themes = ["nuclear_risk"] if number % 2 else ["ceasefire", "elections"]
                began = time.perf_counter()
                with actor(user):
                    edit_initiative(by=user, initiative=one, themes=themes)
                saved = time.perf_counter()
                while _flagged(one) is bool(number % 2):
                    time.sleep(0.001)
                    if time.perf_counter() > saved + 30:
                        raise SystemExit(f"round {number}: no answer in 30 s")
                saves.append(1000 * (saved - began))
                waits.append(1000 * (time.perf_counter() - saved))
        print(f"{REGISTER + 2} initiatives, {ROUNDS} saves")
        for name, values in (
            ("the save itself", saves[WARM_UP:]),
            ("from saved to visible", waits[WARM_UP:]),
        ):
            cuts = statistics.quantiles(values, n=100)
            print(f"  {name}: p50 {cuts[49]:.0f} ms, p95 {cuts[94]:.0f} ms, longest {max(values):.0f} ms")


if __name__ == "__main__":
    main()
