"""grant_mandate EMAIL --as STEWARD: let somebody coordinate all conflicts, or one and what is part of it."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from confidentiality.actor import actor
from confidentiality.policy import Forbidden, Hidden
from initiatives.models import Conflict
from initiatives.models.conflict import normalised
from initiatives.services import grant_mandate


class Command(BaseCommand):
    help = "Make an account a coordinator: it imports registers and reads the queue of overlaps."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument("--as", dest="steward", required=True, metavar="STEWARD", help="who grants it")
        parser.add_argument("--conflict", default="", metavar="NAME", help="by default all conflicts")

    def handle(self, *, email: str, steward: str, conflict: str, **options: Any) -> None:
        user, by = _account(email), _account(steward)
        try:
            with actor(by):
                grant_mandate(by=by, user=user, conflict=_conflict(conflict) if conflict else None)
        except (Forbidden, Hidden) as error:
            raise CommandError(f"{steward} is not a steward.") from error
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"{user.email} coordinates {conflict or 'all conflicts'}.")


def _account(email: str) -> User:
    found = User.objects.filter(email__iexact=email.strip(), is_active=True).first()
    if found is None:
        raise CommandError(f"There is no active account {email}.")
    return found


def _conflict(name: str) -> Conflict:
    found = list(Conflict.objects.filter(normalised_name=normalised(name))[:2])
    if len(found) != 1:
        raise CommandError(f"{'Several conflicts are' if found else 'No conflict is'} called {name}.")
    return found[0]
