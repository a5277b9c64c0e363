"""Signing in: limited, alike for known and unknown addresses, under strict headers, and closed to strangers."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import Client

from tests import factories as make

pytestmark = pytest.mark.django_db


def attempt(client: Client, address: str, password: str = "wrong-password-1") -> HttpResponse:
    return client.post("/account/login/", {"login": address, "password": password})


def test_address_and_password_lead_to_the_second_factor(client: Client) -> None:
    user = make.make_user("Ann")

    answer = attempt(client, user.email.upper(), make.PASSWORD)

    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.get("/").url == "/account/second-factor/"
    assert client.get("/account/").status_code == 200


def test_known_and_unknown_addresses_are_answered_alike(client: Client) -> None:
    user = make.make_user("Ann")

    known, unknown = attempt(client, user.email), attempt(client, "nobody@test.example")

    assert known.status_code == unknown.status_code == 200
    assert known.context["form"].errors == unknown.context["form"].errors


def test_guessing_is_stopped_and_the_right_password_waits_too(client: Client) -> None:
    user = make.make_user("Ann")
    answers = [attempt(client, user.email) for _attempt in range(8)]
    attempt(client, user.email, make.PASSWORD)

    assert any("Too many failed" in answer.content.decode() for answer in answers)
    assert client.get("/account/").status_code == 302


def test_nobody_signs_up(client: Client) -> None:
    answer = client.get("/account/signup/")

    assert "Accounts are made by a steward" in answer.content.decode()
    assert b'type="password"' not in answer.content


def test_closed_account_does_not_sign_in(client: Client) -> None:
    user = make.make_user("Ann", is_active=False)
    attempt(client, user.email, make.PASSWORD)

    assert client.get("/account/").status_code == 302


@pytest.mark.parametrize("path", ["/account/login/", "/", "/nothing/", "/api/v1/me/"])
def test_headers_are_strict_everywhere(client: Client, path: str) -> None:
    answer = client.get(path)

    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    assert "no-store" in answer["Cache-Control"]


def test_cookies_are_closed_to_scripts(client: Client) -> None:
    user = make.make_user("Ann")
    answer = attempt(client, user.email, make.PASSWORD)

    assert all(cookie["httponly"] for cookie in answer.cookies.values())
    assert {cookie["samesite"] for cookie in answer.cookies.values()} <= {"Lax", "Strict"}
