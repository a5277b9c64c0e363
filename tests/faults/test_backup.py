"""A backup is whole and can be restored; whoever may not see everything gets none instead of half of one.

What of a dump can be read is proved in tests/security/test_dump.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import World
from tests import factories as make
from tests.dumps import as_superuser, backup, dump, empty_database, name, restore

pytestmark = pytest.mark.django_db(transaction=True)


def contents(database: str) -> dict[str, int]:
    """How many rows each table has, and how many policies and functions there are."""
    with as_superuser(database) as asking:
        tables = asking.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        found = {name: asking.execute(f'SELECT count(*) FROM "{name}"').fetchone() for (name,) in tables}
        found["policies"] = asking.execute("SELECT count(*) FROM pg_policies").fetchone()
        found["functions"] = asking.execute(
            "SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        ).fetchone()
    return {name: row[0] for name, row in found.items() if row is not None}


def test_a_dump_is_whole_and_can_be_restored(world: World, tmp_path: Path) -> None:
    make.make_flag(world.secret, world.rival)
    before = contents(name())
    with empty_database() as empty:
        restore(backup(), empty, tmp_path / "t2d.dump")
        after = contents(empty)

    assert before["initiatives_initiative"] == 2
    assert after == before


@pytest.mark.parametrize("role", ["t2d_app", "t2d_worker", "t2d_owner", "t2d_backup"])
def test_a_dump_without_the_switch_stops_with_an_error(world: World, role: str) -> None:
    assert dump(role).returncode != 0


@pytest.mark.parametrize("role", ["t2d_app", "t2d_worker"])
def test_a_dump_of_pages_or_worker_stops_with_an_error(world: World, role: str) -> None:
    assert dump(role, "--enable-row-security").returncode != 0
