"""import_initiatives FILE.csv --as EMAIL: store a register of public initiatives as the public record."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.models import Organisation, User
from confidentiality.actor import actor
from confidentiality.policy import Forbidden, Hidden
from initiatives.services.importing import ImportReport, import_initiatives


class Command(BaseCommand):
    help = (
        "Import a CSV register of public initiatives. Prints what was done as JSON; progress goes to stderr."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.csv")
        parser.add_argument(
            "--as", dest="email", required=True, metavar="EMAIL", help="the coordinator who imports"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, write nothing")
        parser.add_argument(
            "--organisation",
            default="",
            metavar="NAME",
            help="which of the coordinator's organisations keeps it",
        )

    def handle(self, *, file: Path, email: str, dry_run: bool, organisation: str, **options: Any) -> None:
        user = User.objects.filter(email__iexact=email.strip(), is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active account {email}.")
        try:
            with file.open("rb") as lines, actor(user):
                report = import_initiatives(
                    by=user,
                    lines=lines,
                    dry_run=dry_run,
                    organisation=_organisation(organisation),
                    progress=self._progress,
                )
        except OSError as error:
            raise CommandError(f"Cannot read {file}: {error.strerror}.") from error
        except (Forbidden, Hidden) as error:
            raise CommandError(f"{email} is not a coordinator: importing needs a mandate.") from error
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self._print(report)

    def _progress(self, stage: str, done: int, total: int) -> None:
        self.stderr.write(f"{stage} {done} of {total}")

    def _print(self, report: ImportReport) -> None:
        self.stdout.write(json.dumps(report.as_dict(), ensure_ascii=False))
        if not report.ok:
            count = len(report.rejected)
            raise CommandError(f"Nothing was written: {count} problem{'s' if count > 1 else ''}.")


def _organisation(name: str) -> Organisation | None:
    """By name; None for "not asked for". That it is one's own is for the service to say."""
    if not name:
        return None
    found = Organisation.objects.filter(name__iexact=" ".join(name.split())).first()
    if found is None:
        raise CommandError(f"There is no organisation {name}.")
    return found
