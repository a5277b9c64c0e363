"""What the chain costs: events appended to the audit against the same rows in a table without one.

Four connections append one event each to one of 64 streams, as the last statement of a transaction, as requests do; by
turns into the audit (head locked, SHA-256, trigger) and into a plain copy of its table. Then one single stream, where
whoever appends waits for the commit before. Then verify_audit over everything that was written.
"""

from __future__ import annotations

import json
import random
import statistics
import threading
import time
from typing import Any
from uuid import UUID

from benchmarks.support.services import migrated_services

CONNECTIONS, EVENTS, ROUNDS = 4, 1_500, 5
STREAMS = {"64 streams": 64, "one stream": 1}
CHAINED = "SELECT append_audit(%s, %s, %s)"
PLAIN = """
INSERT INTO plain_events SELECT gen_random_uuid(), event.stream, 0, clock_timestamp(), %s, event.action, %s,
    event.records, event.facts, '', ''
FROM jsonb_to_recordset(%s::jsonb) AS event (stream uuid, action text, records uuid[], facts text)
"""
TABLE = """
CREATE TABLE plain_events (LIKE confidentiality_auditevent INCLUDING DEFAULTS);
ALTER TABLE plain_events ADD PRIMARY KEY (id);
CREATE INDEX ON plain_events (stream, position);
GRANT SELECT, INSERT ON plain_events TO t2d_app;
"""


def main() -> None:
    with migrated_services():
        from django.db import connection

        from confidentiality.actor import SITE, actor
        from confidentiality.roles import as_owner
        from confidentiality.verification import verify

        with as_owner(), connection.cursor() as cursor:
            cursor.execute(TABLE)
        with connection.cursor() as cursor:
            cursor.execute("SELECT version()")
            print(cursor.fetchone()[0].split(" on ")[0])
        for name, number in STREAMS.items():
            chained, plain = _compared(number)
            print(f"{name}: chained {chained:,.0f}/s, plain {plain:,.0f}/s, ratio {chained / plain:.2f}")
        with actor(SITE):
            began = time.perf_counter()
            verified = verify()
            took = time.perf_counter() - began
        assert not verified.findings
        print(f"verified {verified.events:,} events in {took:.1f} s: {verified.events / took:,.0f}/s")


def _compared(streams: int) -> tuple[float, float]:
    """Events a second, chained and plain: medians of rounds by turns."""
    found: dict[str, list[float]] = {CHAINED: [], PLAIN: []}
    for _round in range(ROUNDS):
        for sql, rates in found.items():
            rates.append(_rate(sql, streams))
    return statistics.median(found[CHAINED]), statistics.median(found[PLAIN])


def _rate(sql: str, streams: int) -> float:
    threads = [threading.Thread(target=_append, args=(sql, streams, seed)) for seed in range(CONNECTIONS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return CONNECTIONS * EVENTS / (time.perf_counter() - began)


def _append(sql: str, streams: int, seed: int) -> None:
    from django.db import connection

    draw = random.Random(seed)
    who = str(UUID(int=draw.getrandbits(128)))
    for _number in range(EVENTS):
        with connection.cursor() as cursor:
            cursor.execute(sql, [who, "initiatives:session", json.dumps([_event(draw, streams)])])
    connection.close()


def _event(draw: random.Random, streams: int) -> dict[str, Any]:
    return {
        "stream": str(UUID(int=1 + draw.randrange(streams))),
        "action": "open",
        "records": [str(UUID(int=draw.getrandbits(128))) for _record in range(3)],
        "facts": '{"kinds":{"brief":1,"session":2}}',
    }


if __name__ == "__main__":
    main()
