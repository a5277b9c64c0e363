"""verify_audit: whether the chains of the audit are whole; and copies of the checkpoints, to be kept elsewhere."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from confidentiality import checkpoints, vault
from confidentiality.actor import SITE, actor
from confidentiality.keys import KeyServiceAway
from confidentiality.verification import Finding, verify

SHOWN = 100


class Command(BaseCommand):
    help = (
        "Read every chain of the audit, or those named, from its first event to its head, and say what does not fit. "
        "What was written anew from some event on is found only with --against a copy made before."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "streams", nargs="*", type=UUID, metavar="ID", help="of initiatives; by default all"
        )
        parser.add_argument(
            "--against", type=Path, metavar="FILE", help="compare with a copy of the checkpoints"
        )
        parser.add_argument("--copy", type=Path, metavar="FILE", help="write a copy; nothing is verified")
        parser.add_argument("--key", default="", metavar="HEX", help="the public key that signed the copy")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["copy"]:
                self._copy(options["copy"])
            else:
                self._verify(options["streams"] or None, options["against"], bytes.fromhex(options["key"]))
        except (KeyServiceAway, checkpoints.Broken, OSError, ValueError) as error:
            raise CommandError(str(error)) from None

    def _copy(self, path: Path) -> None:
        """As it stands now. For the operator alone: it tells how many initiatives there are."""
        with (
            actor(SITE),
            open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file,
        ):
            checkpoints.sign_checkpoint()
            number = checkpoints.copy_to(file)
        key = vault.key_service().verifying_key().hex()
        self.stdout.write(f"{number} checkpoints. Keep the file and this public key elsewhere: {key}")

    def _verify(self, streams: list[UUID] | None, against: Path | None, key: bytes) -> None:
        with actor(SITE):
            verified = verify(streams)
            findings = verified.findings
            if against is not None:
                with against.open(encoding="utf-8") as file:
                    findings += checkpoints.compare(file, key or None)
        if findings:
            raise CommandError(_listed(findings))
        self.stdout.write(
            f"{verified.events} events in {verified.streams} chains: nothing missing, nothing changed."
        )


def _listed(findings: list[Finding]) -> str:
    lines = [str(finding) for finding in findings[:SHOWN]]
    return "\n".join(
        [*lines, f"{len(findings)} findings. Somebody wrote into these chains with the owner's rights."]
    )
