"""Django's flush, run as the owning role: the application may not truncate."""

from __future__ import annotations

from typing import Any

from django.core.management.commands.flush import Command as Flush

from confidentiality.roles import as_owner


class Command(Flush):
    def handle(self, **options: Any) -> None:
        with as_owner(options["database"]):
            super().handle(**options)
