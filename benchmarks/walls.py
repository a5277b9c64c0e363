"""What the second wall costs: lists and counts over 200,000 rows, with row security and without it.

Cards (200,000, half of them open to the network) and content (200,000 rows of 1 kB on 20,000 of the initiatives),
each read through `visible_to`, as pages do, by a user on 40 initiatives, one on 5,000, and one who is on 10,000 and
so reads half of each table. The same statement runs with the policies on and off, by turns, on one connection.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.support.services import migrated_services

CARDS, WITH_CONTENT, ROWS_EACH = 200_000, 20_000, 10
READERS = {"on 40 initiatives": 40, "on 5,000 initiatives": 5_000, "reads half the table": 10_000}
TURNS, ROUNDS = 4, 15

CARD = """
INSERT INTO initiatives_initiative (
    id, version, created_at, updated_at, codename, public_line, conflict_id, track_type, definition_school, modality,
    status, themes, countries, began_on, began_precision, ended_precision, visibility, matching, official_relation,
    timing_basis, registered_by_id, public_record, title, reference, source, confidence
)
SELECT md5('card ' || n)::uuid, 1, now(), now(), 'Bench ' || n, repeat('x', 120), c.id, 't2_hard', 'un_dppa', 'unknown',
    'active', ARRAY['ceasefire'], '{}', date '2000-01-01' + (n %% 9000), 'day', 'day',
    (ARRAY['network', 'team', 'network', 'team', 'network', 'team', 'network', 'partners', 'network', 'circle'])
        [n %% 10 + 1],
    'on', 'unknown', 'unknown', %s, false, '', '', '', ''
FROM generate_series(1, %s) n
JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM initiatives_conflict) c
    ON c.place = n %% (SELECT count(*) FROM initiatives_conflict)
"""
CONTENT = """
INSERT INTO initiatives_briefrevision (id, version, created_at, updated_at, initiative_id, number, by_id, kept)
SELECT gen_random_uuid(), 1, now() - n * interval '7 seconds', now(), md5('card ' || (n %% %s + 1))::uuid, n / %s + 1,
    %s, convert_to(repeat(md5(n::text), 32), 'UTF8')
FROM generate_series(0, %s) n
"""
MEMBER = """
INSERT INTO initiatives_teammember (id, version, created_at, updated_at, initiative_id, user_id, role, began_at,
    admitted_at, in_emergency)
SELECT gen_random_uuid(), 1, now(), now(), md5('card ' || (n * %s + 1))::uuid, %s, 'lead', now() - interval '1 day',
    now(), false
FROM generate_series(0, %s) n
"""


def main() -> None:
    with migrated_services():
        from django.db import connection

        from confidentiality.actor import actor

        readers = _fill()
        with connection.cursor() as cursor:
            cursor.execute("SELECT version()")
            print(cursor.fetchone()[0].split(" on ")[0])
        for name, user in readers.items():
            with actor(user):
                statements = _statements(user)
            for what, table, sql, params in statements:
                _compare(f"{what}, {name}", user, table, sql, params)


def _fill() -> dict[str, Any]:
    from django.db import connection, transaction

    from accounts.models import Membership, Organisation, User
    from benchmarks.support.register import conflicts
    from confidentiality.roles import as_owner

    with as_owner(), transaction.atomic():
        house = Organisation.objects.create(name="House", vetted_at="2020-01-01T00:00Z")
        other = Organisation.objects.create(name="Other", vetted_at="2020-01-01T00:00Z")
        conflicts(400)
        readers = {
            name: User.objects.create_user(email=f"reader{size}@bench.example", name=name)
            for name, size in READERS.items()
        }
        for user in readers.values():
            Membership.objects.create(user=user, organisation=other)
        with connection.cursor() as cursor:
            cursor.execute(CARD, [house.pk, CARDS])
            author = next(iter(readers.values())).pk
            rows = WITH_CONTENT * ROWS_EACH
            cursor.execute(CONTENT, [WITH_CONTENT, WITH_CONTENT, author, rows - 1])
            for name, size in READERS.items():
                cursor.execute(MEMBER, [WITH_CONTENT // size, readers[name].pk, size - 1])
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return readers


def _statements(user: Any) -> Iterator[tuple[str, str, str, Any]]:
    """What pages ask, as SQL with both walls in it; the second is added by PostgreSQL."""
    from initiatives.models import Initiative
    from initiatives.models.brief import BriefRevision

    cards = Initiative.objects.visible_to(user)
    content = BriefRevision.objects.visible_to(user).order_by("-created_at")
    found = []
    for what, rows in (("cards", cards), ("content", content)):
        listed = rows[:50].query.sql_with_params()
        counted = rows.order_by().values("pk").query.sql_with_params()
        table = rows.model._meta.db_table
        found.append((f"{what}: list of 50", table, *listed))
        found.append((f"{what}: count", table, f"SELECT count(*) FROM ({counted[0]}) AS seen", counted[1]))
    return iter(found)


def _compare(name: str, user: Any, table: str, sql: str, params: Any) -> None:
    with_wall: list[float] = []
    without: list[float] = []
    for _turn in range(TURNS):
        with_wall += _times(user, sql, params)
        with _row_security_off(table):
            without += _times(user, sql, params)
    ratio = statistics.median(with_wall) / statistics.median(without)
    print(
        f"{name}: with {_middle(with_wall):.1f} ms (p95 {_p95(with_wall):.1f}), "
        f"without {_middle(without):.1f} ms (p95 {_p95(without):.1f}), ratio {ratio:.2f}",
        flush=True,
    )


def _times(user: Any, sql: str, params: Any) -> list[float]:
    """Milliseconds of planning, running and fetching; the first run of each turn warms up and is left out."""
    from django.db import connection

    from confidentiality.actor import actor

    found = []
    with actor(user), connection.cursor() as cursor:
        for _round in range(ROUNDS + 1):
            began = time.perf_counter()
            cursor.execute(sql, params)
            cursor.fetchall()
            found.append(1000 * (time.perf_counter() - began))
    return found[1:]


@contextmanager
def _row_security_off(table: str) -> Iterator[None]:
    from django.db import connection

    from confidentiality.roles import as_owner

    def switch(word: str) -> None:
        with as_owner(), connection.cursor() as cursor:
            cursor.execute(f'ALTER TABLE "{table}" {word} ROW LEVEL SECURITY')

    switch("DISABLE")
    try:
        yield
    finally:
        switch("ENABLE")


_middle: Callable[[list[float]], float] = statistics.median


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[18]


if __name__ == "__main__":
    main()
