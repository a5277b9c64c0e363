"""create_user EMAIL --as STEWARD: an account, and its place in an organisation."""

from __future__ import annotations

import secrets
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.enums import MembershipRole
from accounts.models import Organisation, Register, User
from accounts.services import add_membership, create_organisation
from confidentiality import policy
from confidentiality.actor import actor
from confidentiality.codes import Action
from confidentiality.policy import Forbidden, Hidden


class Command(BaseCommand):
    help = (
        "Make an account and print its password once. The organisation is made, unvetted, if it is not there."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument("--as", dest="steward", required=True, metavar="STEWARD", help="who makes it")
        parser.add_argument("--name", default="", help="as others see it; by default the part before the @")
        parser.add_argument("--organisation", default="", metavar="NAME")
        parser.add_argument("--role", choices=MembershipRole.values, default=MembershipRole.MEMBER.value)

    def handle(
        self, *, email: str, steward: str, name: str, organisation: str, role: str, **options: Any
    ) -> None:
        by = User.objects.filter(email__iexact=steward.strip(), is_active=True).first()
        if by is None:
            raise CommandError(f"There is no active account {steward}.")
        password = secrets.token_urlsafe(15)
        try:
            with actor(by):
                policy.require(by, Action.EDIT_ORGANISATION, Register())
                name = name.strip() or email.partition("@")[0]
                user = User.objects.create_user(email=email, password=password, name=name)
                if organisation:
                    house = _organisation(by, organisation)
                    add_membership(by=by, organisation=house, user=user, role=role)
        except (Forbidden, Hidden) as error:
            raise CommandError(f"{steward} is not a steward.") from error
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"{user.email} can sign in. Password, shown this once: {password}")


def _organisation(by: User, name: str) -> Organisation:
    found = Organisation.objects.filter(name__iexact=" ".join(name.split())).first()
    return found or create_organisation(by=by, name=name)
