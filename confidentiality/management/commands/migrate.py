"""Django's migrate, run as the owning role; grants, functions and row policies are written at the end."""

from __future__ import annotations

from typing import Any

from django.core.management.commands.migrate import Command as Migrate
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from confidentiality import rowsecurity
from confidentiality.roles import as_owner


class Command(Migrate):
    def get_check_kwargs(self, options: dict[str, Any]) -> dict[str, Any]:
        """Without asking the database: that row security is missing is no reason to stop, but what this mends."""
        return {**super().get_check_kwargs(options), "databases": []}

    def handle(self, *args: Any, **options: Any) -> None:
        alias = options["database"]
        with as_owner(alias):
            only_looks = options.get("check_unapplied") or options.get("plan")
            if not only_looks:
                rowsecurity.make_way(alias)
            super().handle(*args, **options)
            # Half-way (`migrate app 0001`) the tables are not what the models say: nobody may do anything.
            if not only_looks and _is_whole(alias):
                rowsecurity.sync(alias)
            connections[alias].close()


def _is_whole(alias: str) -> bool:
    executor = MigrationExecutor(connections[alias])
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())
