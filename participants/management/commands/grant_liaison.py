"""grant_liaison EMAIL BODY --as STEWARD: let somebody receive what is transferred to an official body."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from confidentiality.actor import actor
from confidentiality.policy import Forbidden, Hidden
from initiatives.models.conflict import normalised
from participants.models import OfficialBody
from participants.services import grant_liaison


class Command(BaseCommand):
    help = (
        "Make an account the liaison of an official body: it sees the transfers done to it, and nothing else."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument("body", metavar="BODY", help="its name")
        parser.add_argument("--as", dest="steward", required=True, metavar="STEWARD", help="who grants it")
        parser.add_argument("--conflict", default="", metavar="NAME", help="where several have that name")

    def handle(self, *, email: str, body: str, steward: str, conflict: str, **options: Any) -> None:
        user, by = _account(email), _account(steward)
        try:
            with actor(by):
                mandate = grant_liaison(by=by, user=user, body=_body(body, conflict))
        except (Forbidden, Hidden) as error:
            raise CommandError(f"{steward} is not a steward.") from error
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"{user.email} is liaison for {mandate.body.name}.")


def _account(email: str) -> User:
    found = User.objects.filter(email__iexact=email.strip(), is_active=True).first()
    if found is None:
        raise CommandError(f"There is no active account {email}.")
    return found


def _body(name: str, conflict: str) -> OfficialBody:
    found = OfficialBody.objects.filter(normalised_name=normalised(name))
    if conflict:
        found = found.filter(conflict__normalised_name=normalised(conflict))
    rows = list(found[:2])
    if len(rows) != 1:
        raise CommandError(
            f"{'Several official bodies are' if rows else 'No official body is'} called {name}."
        )
    return rows[0]
