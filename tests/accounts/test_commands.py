"""The commands that make accounts and tokens."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import AccessToken, Organisation, User
from accounts.services import create_token
from tests import factories as make
from tests.second_factor import set_up_app

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_a_steward_is_made_with_a_password_shown_once() -> None:
    printed = run("create_steward", "Ada@Site.example")
    user = User.objects.get()
    assert (user.email, user.name, user.is_steward) == ("ada@site.example", "ada", True)
    assert user.check_password(printed.split()[-1])


def test_an_account_that_exists_becomes_steward_and_keeps_its_password() -> None:
    user = make.make_user("Ada")
    printed = run("create_steward", user.email)
    user.refresh_from_db()
    assert user.is_steward
    assert user.check_password(make.PASSWORD)
    assert "password stays" in printed


def test_a_steward_who_cannot_get_in_is_set_up_anew_from_the_command_line() -> None:
    """Stewards do not do it to each other, and without mail no letter goes to one."""
    user = make.make_user("Ada", is_steward=True)
    place = make.make_membership(user, make.make_organisation())
    set_up_app(user)
    create_token(by=user, scope="read")
    printed = run("create_steward", user.email, "--anew")
    user.refresh_from_db()
    assert user.check_password(printed.split()[-1])
    assert (user.is_steward, user.is_active) == (True, True)
    assert not Authenticator.objects.filter(user=user).exists()
    assert not AccessToken.objects.live().exists()
    place.refresh_from_db()
    assert place.waits


def test_a_steward_needs_an_address() -> None:
    with pytest.raises(CommandError):
        run("create_steward", "ada")
    assert not User.objects.exists()


def test_a_token_is_all_that_is_printed() -> None:
    user = make.make_user("Ada")
    plain = run("create_token", user.email.upper(), "--scope", "write", "--days", "7").removesuffix("\n")
    token = AccessToken.objects.live().get()
    assert token.digest == AccessToken.digest_of(plain)
    assert (token.user, token.scope) == (user, "write")
    assert timedelta(days=6) < token.expires_at - timezone.now() <= timedelta(days=7)


def test_no_token_for_nobody_or_for_ever() -> None:
    user = make.make_user("Ada")
    left = make.make_user("Left", is_active=False)
    for arguments in (
        ("nobody@site.example", "--scope", "read"),
        (left.email, "--scope", "read"),
        (user.email, "--scope", "admin"),
        (user.email, "--scope", "read", "--days", "0"),
        (user.email, "--scope", "read", "--days", "9999"),
        (user.email,),
    ):
        with pytest.raises(CommandError):
            run("create_token", *arguments)
    assert not AccessToken.objects.exists()


def test_a_steward_makes_accounts_and_coordinators() -> None:
    """What a new site needs before the first register can be imported."""
    steward = make.make_user("Ada", is_steward=True)
    printed = run(
        "create_user",
        "cora@site.example",
        "--as",
        steward.email,
        "--organisation",
        "Office",
        "--role",
        "owner",
    )
    cora = User.objects.get(email="cora@site.example")
    assert cora.check_password(printed.split()[-1])
    office = Organisation.objects.get()
    assert (office.name, office.is_vetted, cora.owned_organisation_ids()) == ("Office", False, [office.pk])
    make.make_conflict("Lake", make.make_conflict("Hills"))
    run("grant_mandate", cora.email, "--as", steward.email, "--conflict", "LAKE")
    run("grant_mandate", cora.email, "--as", steward.email)
    assert {getattr(mandate.conflict, "name", None) for mandate in cora.mandates.live()} == {"Lake", None}


def test_only_a_steward_makes_accounts_and_coordinators() -> None:
    ada, stella = make.make_user("Ada"), make.make_user("Stella", is_steward=True)
    for arguments in (
        ("create_user", "x@site.example", "--as", ada.email),
        ("create_user", "x@site.example", "--as", "nobody@site.example"),
        ("create_user", "x", "--as", stella.email),
        ("create_user", ada.email, "--as", stella.email),
        ("grant_mandate", ada.email, "--as", ada.email),
        ("grant_mandate", ada.email, "--as", stella.email, "--conflict", "Nowhere"),
        ("grant_mandate", "nobody@site.example", "--as", stella.email),
    ):
        with pytest.raises(CommandError):
            run(*arguments)
    assert User.objects.count() == 2
    assert not ada.mandates.exists()
