"""Import of a register of 10,000 initiatives: new, the same again, one row in a hundred changed, a dry run.

    script/bench importing
    python -m benchmarks.importing 50000

The register is invented and shaped like a real one: few conflicts have many initiatives, organisations return,
a fifth of the conflicts lie within others. Runs on an empty database that is then removed. Prints one line per
import: seconds, rows per second, queries, and the most memory so far.
"""

from __future__ import annotations

import csv
import io
import os
import random
import resource
import sys
import time
from typing import Any

ROWS = 10_000
LIMIT = 30.0  # seconds for the first import of so many


def register(rows: int, *, seed: int = 1, changed: int = 0) -> bytes:
    """A register; every `changed`-th row has another title, 0 for none."""
    from initiatives.enums import Theme, TrackType
    from initiatives.services.importing import COLUMNS

    drawn = random.Random(seed)
    conflicts = max(20, rows // 25)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for number in range(rows):
        conflict = min(int(drawn.paretovariate(0.7)) - 1, conflicts - 1)
        region = conflict % 17
        start = drawn.randint(1980, 2024)
        end = drawn.choice(["", f"{start + drawn.randint(0, 8)}", f"{start + 1}-Q{drawn.randint(1, 4)}"])
        conveners = drawn.sample(range(rows // 10 + 10), drawn.choice([1, 1, 1, 2, 3]))
        sides = [f"Party {side} of region {region}" for side in drawn.sample(range(6), drawn.randint(1, 3))]
        title = f"Dialogue {number}" + (", renamed" if changed and number % changed == 0 else "")
        row: dict[str, Any] = {
            "ref": f"B{number:06d}",
            "title": title,
            "conflict": f"Conflict {conflict}",
            "ucdp_conflict_id": 1000 + conflict,
            "parent_conflict": f"Region {region}" if conflict % 5 == 0 else "",
            "countries": " ".join(drawn.sample(["CH", "KE", "IN", "PK", "SN", "CO", "PH"], 2)),
            "convener": f"Organisation {conveners[0]}",
            "co_conveners": ";".join(f"Organisation {other}" for other in conveners[1:]),
            "track_type": drawn.choice(TrackType.values),
            "start": drawn.choice([f"{start}", f"{start}-{drawn.randint(1, 12):02d}"]),
            "end": end if not end or end[:4] > str(start) else "",
            "sides": ";".join(sides),
            "themes": ";".join(drawn.sample(Theme.values, drawn.randint(1, 5))),
            "objective": "Meetings of people from both sides who are close to decision makers",
            "source": "Invented",
            "confidence": drawn.choice(["high", "medium", "low"]),
        }
        writer.writerow([row[column] for column in COLUMNS])
    return out.getvalue().encode()


def measure(name: str, user: Any, data: bytes, rows: int, **options: Any) -> float:
    from django.db import connection

    from confidentiality.actor import actor
    from initiatives.services.importing import import_initiatives

    queries = 0

    def counted(execute: Any, *arguments: Any) -> Any:
        nonlocal queries
        queries += 1
        return execute(*arguments)

    began = time.perf_counter()
    with connection.execute_wrapper(counted), actor(user):
        report = import_initiatives(by=user, lines=io.BytesIO(data), **options)
    seconds = time.perf_counter() - began
    if not report.ok:
        raise SystemExit(f"{name}: refused, {report.rejected[0]}")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    counts = f"{report.created} created, {report.updated} updated, {report.unchanged} unchanged"
    print(
        f"{name:<22} {seconds:6.2f} s {rows / seconds:8.0f} rows/s {queries:4d} queries {memory:5d} MB  {counts}"
    )
    return seconds


def coordinator() -> Any:
    from accounts.models import Membership, Organisation, User
    from confidentiality.roles import as_owner
    from initiatives.models import CoordinatorMandate

    with as_owner():
        user = User.objects.create_user(email="bench@bench.example", name="Bench")
        Membership.objects.create(user=user, organisation=Organisation.objects.create(name="Bench Office"))
        CoordinatorMandate.objects.create(user=user)
    return user


def main(rows: int) -> int:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    user, data = coordinator(), register(rows)
    print(f"{rows} rows, {len(data) / 2**20:.1f} MB")
    measure("dry run", user, data, rows, dry_run=True)
    first = measure("first import", user, data, rows)
    measure("the same again", user, data, rows)
    measure("one in 100 changed", user, register(rows, changed=100), rows)
    return int(first > LIMIT * rows / ROWS)


if __name__ == "__main__":
    if not os.environ.get("DATABASE_URL"):
        command = [sys.executable, "-m", "t2d.embedded", "run", "--throwaway", "--"]
        os.execv(sys.executable, [*command, sys.executable, "-m", "benchmarks.importing", *sys.argv[1:]])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "t2d.settings")
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS))
