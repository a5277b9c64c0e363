"""What the pages of the record cost with much on record: whole requests, and the numbers of the transfer page alone.

40 official bodies against 6 sides, 60 people with three links each, 50 sessions with 12 people, 2,000 outcomes, 5,000
transfers and 10,000 steps, on four initiatives on whose teams the reader is, beside as many of somebody else.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.support.services import migrated_services

ROUNDS = 25
CARDS = 500


@dataclass(frozen=True, slots=True)
class Cost:
    """One round, in ms: what passed, and processor time of this program and of the database's process."""

    passed: float
    program: float
    database: float

    @property
    def worked(self) -> float:
        return self.program + self.database


def main() -> None:
    with migrated_services():
        from django.core.management import call_command
        from django.db import connection

        from benchmarks.support.record import fill
        from confidentiality.roles import as_owner
        from t2d.collection import settle

        settle()
        call_command("collectstatic", verbosity=0, interactive=False, ignore_patterns=["redoc"])
        reader = fill()
        with as_owner(), connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        print(f"{'':<50} {'passed':>17} {'program':>9} {'database':>9} {'both':>9}", flush=True)
        _numbers(reader)
        _pages(reader)
        _many_cards(reader)


def _numbers(reader: Any) -> None:
    from django.db import transaction

    from confidentiality.actor import actor
    from transfer.services import transfer_overview

    def gathered() -> None:
        with transaction.atomic(), actor(reader):
            transfer_overview(by=reader)

    _told("transfer page, numbers alone", _costs(gathered))


def _pages(reader: Any) -> None:
    from django.test import Client

    client = Client()
    client.force_login(reader)
    for what, path, words in _addresses(reader):

        def asked(path: str = path, words: dict[str, str] | None = words) -> Any:
            response = client.post(path, words) if words else client.get(path)
            assert response.status_code == 200, (path, response.status_code)
            return response

        _told(f"{what} ({len(asked().content) // 1000} kB)", _costs(asked))


def _addresses(reader: Any) -> list[tuple[str, str, dict[str, str] | None]]:
    from django.db import transaction

    from confidentiality.actor import actor
    from initiatives.models import Session

    with transaction.atomic(), actor(reader):
        session = Session.objects.visible_to(reader).order_by("began_on")[0]
    inside = f"/initiatives/{session.initiative_id}/"
    return [
        ("home", "/", None),
        ("initiative", inside, None),
        ("sessions of an initiative", f"{inside}sessions/", None),
        ("one session", f"/sessions/{session.pk}/", None),
        ("people of an initiative", f"{inside}people/", None),
        ("outcomes of an initiative", f"{inside}outcomes/", None),
        ("transfers of an initiative", f"{inside}transfers/", None),
        ("people", "/people/", None),
        ("network", "/network/", None),
        ("transfer page, all initiatives", "/transfer/", None),
        ("transfer page, one initiative", f"/transfer/?initiative={session.initiative_id}", None),
        ("search, found everywhere", "/search/", {"q": "gauge"}),
        ("search, found nowhere", "/search/", {"q": "unheard-of"}),
    ]


def _many_cards(reader: Any) -> None:
    """One call that opens many initiatives at once."""
    from django.db import transaction

    from accounts.models import Membership
    from confidentiality.actor import actor
    from initiatives.models import Conflict
    from tests.clients import client_of, post

    with transaction.atomic(), actor(reader):
        conflict = Conflict.objects.get()
        house = Membership.objects.get(user=reader).organisation_id
        client = client_of(reader)
    card = {
        "conflict": str(conflict.pk),
        "registered_by": str(house),
        "track_type": "t2_hard",
        "matching": "on",
        "began_on": "2024-03-01",
        "began_precision": "month",
    }

    def sent() -> None:
        assert post(client, "initiatives/", [card] * CARDS).status_code == 201

    _told(f"REST, {CARDS} initiatives in one call", _costs(sent, rounds=2))


# --- Time ---------------------------------------------------------------------------------------------------------


def _costs(act: Callable[[], Any], rounds: int = ROUNDS) -> list[Cost]:
    """The first round warms up and is not counted."""
    return [_cost(act) for _round in range(rounds + 1)][1:]


def _cost(act: Callable[[], Any]) -> Cost:
    database = Path(f"/proc/{_database()}/schedstat")
    before, used, began = _on_processor(database), time.process_time(), time.perf_counter()
    act()
    passed, program = time.perf_counter() - began, time.process_time() - used
    return Cost(1000 * passed, 1000 * program, (_on_processor(database) - before) / 1e6)


def _database() -> int:
    """The process of the database that works for this connection. Its processor time holds no waiting."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def _on_processor(process: Path) -> int:
    """Nanoseconds."""
    return int(process.read_text().split()[0])


def _told(what: str, costs: list[Cost]) -> None:
    passed = [cost.passed for cost in costs]
    medians = [
        statistics.median(getattr(cost, name) for cost in costs) for name in ("program", "database", "worked")
    ]
    print(
        f"{what:<50} {statistics.median(passed):6.1f} ({min(passed):6.1f}) ms"
        + "".join(f" {median:6.1f} ms" for median in medians),
        flush=True,
    )


if __name__ == "__main__":
    main()
