"""Django's migrate, run as the owning role; the application's rights are granted at the end."""

from __future__ import annotations

from typing import Any

from django.core.management.commands.migrate import Command as Migrate
from django.db import connections, transaction

from confidentiality.roles import as_owner, grant


class Command(Migrate):
    def handle(self, *args: Any, **options: Any) -> None:
        alias = options["database"]
        with as_owner(alias):
            super().handle(*args, **options)
            if not options.get("check_unapplied") and not options.get("plan"):
                with transaction.atomic(using=alias):
                    grant(alias)
            connections[alias].close()
