"""load_demo: make the demonstration once, and print its accounts."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from t2d.demo import NotEmpty, accounts_text, load_demo


class Command(BaseCommand):
    help = "Load the demonstration into an empty site; does nothing when it is there. Prints the accounts."

    def handle(self, **options: Any) -> None:
        try:
            load_demo()
        except NotEmpty:
            self.stdout.write("This site has accounts of its own, so the demonstration was not loaded.")
            return
        self.stdout.write(accounts_text(), ending="")
