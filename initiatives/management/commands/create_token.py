"""create_token EMAIL --scope read|write: a token for a REST client. Prints the token and nothing else."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.enums import RecordKind, TokenScope
from accounts.models import User
from accounts.services import TOKEN_DAYS, create_token
from confidentiality.actor import actor
from initiatives.models import Conflict


def _known(conflicts: list[UUID]) -> list[UUID]:
    """A token for a conflict that does not exist would open nothing, and say nothing of it."""
    found = set(Conflict.objects.filter(pk__in=conflicts).values_list("pk", flat=True))
    if unknown := [str(pk) for pk in conflicts if pk not in found]:
        raise CommandError(f"There is no conflict {', '.join(unknown)}.")
    return conflicts


class Command(BaseCommand):
    help = "Make a token for a REST client of this account. Prints the token only; it is stored as a digest."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument("--scope", required=True, choices=[TokenScope.READ.value, TokenScope.WRITE.value])
        parser.add_argument("--days", type=int, default=TOKEN_DAYS, help="how long it works")
        parser.add_argument(
            "--kind",
            action="append",
            default=[],
            choices=RecordKind.values,
            dest="kinds",
            help="a kind of record for which it is, as often as needed; none: for all",
        )
        parser.add_argument(
            "--conflict",
            action="append",
            default=[],
            type=UUID,
            dest="conflicts",
            help="the id of a conflict on which it is, with all below it, as often as needed; none: on all",
        )
        parser.add_argument("--label", default="", help="what it is for")

    def handle(
        self,
        *,
        email: str,
        scope: str,
        days: int,
        label: str,
        kinds: list[str],
        conflicts: list[UUID],
        **options: Any,
    ) -> None:
        user = User.objects.filter(email__iexact=email.strip(), is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active account {email}.")
        try:
            with actor(user):
                _token, plain = create_token(
                    by=user, scope=scope, label=label, days=days, kinds=kinds, conflicts=_known(conflicts)
                )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(plain)
