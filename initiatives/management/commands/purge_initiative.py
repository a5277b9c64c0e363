"""purge_initiative ID --reason CODE --asked-by EMAIL --confirmed-by EMAIL: destroy an initiative at once."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from confidentiality.policy import Hidden
from initiatives.enums import PurgeReason
from initiatives.services import purge_now

LATER = "Its rows are gone. Its key is not: the key service or the key store does not answer. The worker tries again."


class Command(BaseCommand):
    help = (
        "Purge an initiative at once and for good, whoever is on its team: with a court order, or lives in danger. "
        "Two different people answer for it, by name. See docs/howto/purge.md."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("initiative", metavar="ID", type=UUID, help="as in the address of its page")
        parser.add_argument("--reason", required=True, choices=PurgeReason.values)
        parser.add_argument("--asked-by", required=True, metavar="EMAIL", help="who demanded it")
        parser.add_argument("--confirmed-by", required=True, metavar="EMAIL", help="a second person")

    def handle(
        self, *, initiative: UUID, reason: str, asked_by: str, confirmed_by: str, **options: Any
    ) -> None:
        try:
            tombstone = purge_now(
                initiative_id=initiative,
                reason=reason,
                asked_by=_account(asked_by),
                confirmed_by=_account(confirmed_by),
            )
        except Hidden as error:
            raise CommandError(f"There is no initiative {initiative}.") from error
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"Purged {initiative}." if tombstone.purged_at else LATER)


def _account(email: str) -> User:
    found = User.objects.filter(email__iexact=email.strip(), is_active=True).first()
    if found is None:
        raise CommandError(f"There is no active account {email}.")
    return found
