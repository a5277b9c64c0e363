"""A new master key for the vault (see confidentiality/rotation.py and docs/howto/keys.md)."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from confidentiality import rotation, vault
from confidentiality.keys import KeyServiceAway


class Command(BaseCommand):
    help = (
        "Make a new master key, wrap every data key with it, forget the old one. The site goes on working. "
        "If it was cut off, run it again: it goes on where it was."
    )
    requires_system_checks: list[str] = []  # No table is read.

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing; try to open every data key")

    def handle(self, *args: Any, **options: Any) -> None:
        held = vault.configured()
        try:
            if options["check"]:
                self._check(held)
            else:
                self._rotate(held)
        except KeyServiceAway as error:
            raise CommandError(f"{error} Nothing is lost; run it again when it is there.") from None
        except rotation.Busy:
            raise CommandError("Another rotation is under way.") from None

    def _rotate(self, held: vault.Vault) -> None:
        try:
            done = rotation.rotate(held.service, held.store, self.stdout.write)
        except rotation.Unreadable as error:
            raise CommandError(
                f"{_listed(error.names)}\nNo master key opens these. The old master key was kept. Restore the files, "
                "or remove those of what was purged, and run it again."
            ) from None
        self.stdout.write(
            f"Done: {done.keys} data keys under the new master key, {done.rewrapped} wrapped anew by this run. "
            "The old master key is forgotten. Back up the key file and the key store now."
        )

    def _check(self, held: vault.Vault) -> None:
        names = rotation.unreadable(held.service, held.store)
        if names:
            raise CommandError(f"{_listed(names)}\nNo master key opens these.")
        self.stdout.write(f"All {len(held.store.names())} data keys open.")


def _listed(names: list[str]) -> str:
    return "\n".join(names)
