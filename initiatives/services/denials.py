"""Telling teams that somebody asked for something of theirs and was refused. The site's own work."""

from __future__ import annotations

from django.db import connection

AT_ONCE = 1000


def tell_teams() -> int:
    """Carry refusals from the site's chain into those of the teams they concern. How many were looked at."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tell_of_denials(%s)", [AT_ONCE])
        return int(cursor.fetchone()[0])
