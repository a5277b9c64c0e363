"""create_steward EMAIL: the first account of a site, and a way back in when its stewards are gone or locked out."""

from __future__ import annotations

import getpass
import secrets
import sys
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from accounts.services import set_up_steward_anew
from confidentiality.actor import SETUP, actor
from confidentiality.records import save


class Command(BaseCommand):
    help = (
        "Make an account that runs the site (it opens no dialogue). Prints a password, unless --ask is given."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument("--name", default="", help="as others see it; by default the part before the @")
        parser.add_argument(
            "--ask", action="store_true", help="type the password instead of having one drawn"
        )
        parser.add_argument(
            "--anew",
            action="store_true",
            help="for a steward who cannot get in: a new password, the second factor is taken away",
        )

    def handle(self, *, email: str, name: str, ask: bool, anew: bool, **options: Any) -> None:
        email = email.strip().lower()
        password = _asked() if ask else secrets.token_urlsafe(15)
        try:
            with actor(SETUP):
                made = _steward(email, name.strip() or email.partition("@")[0], password, anew)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        if not made:
            self.stdout.write(f"{email} has an account already and is a steward now; the password stays.")
        elif ask:
            self.stdout.write(f"{email} is a steward.")
        else:
            self.stdout.write(f"{email} is a steward. Password, shown this once: {password}")


def _asked() -> str:
    if not sys.stdin.isatty():
        raise CommandError("--ask needs a terminal.")
    return getpass.getpass("Password: ")


def _steward(email: str, name: str, password: str, anew: bool) -> bool:
    """Whether the password counts. An account that exists keeps its own, unless it is set up anew."""
    user = User.objects.filter(email__iexact=email).first()
    if user is not None and anew:
        validate_password(password, user)
        set_up_steward_anew(user=user, password=password)
        return True
    if user is not None:
        if not (user.is_steward and user.is_active):
            user.is_steward = user.is_active = True
            save(user)
        return False
    validate_password(password, User(email=email, name=name))
    User.objects.create_user(email=email, password=password, name=name, is_steward=True)
    return True
