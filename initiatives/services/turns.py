"""One after the other, where there is no row yet that could be locked."""

from __future__ import annotations

from typing import Any

from django.db import connection


def take_turn(kind: str, pk: Any) -> None:
    """Wait until no other transaction holds this turn; held until the end of the running one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"t2d.{kind}:{pk}"])
