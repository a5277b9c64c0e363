"""REST clients as programs use them: with a real token in the header."""

from __future__ import annotations

from typing import Any

from rest_framework.test import APIClient

from accounts.models import User
from accounts.services import create_token

V1 = "/api/v1/"


def client_of(user: User, scope: str = "write") -> APIClient:
    """A client that sends a token of the user. Bodies are JSON."""
    _token, plain = create_token(by=user, scope=scope)
    return client_with(plain)


def client_with(plain: str) -> APIClient:
    client = APIClient(enforce_csrf_checks=True)
    client.default_format = "json"
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {plain}")
    return client


def post(client: APIClient, path: str, body: Any, **headers: str) -> Any:
    return client.post(V1 + path, body, format="json", headers=headers)


def patch(client: APIClient, path: str, body: Any, **headers: str) -> Any:
    return client.patch(V1 + path, body, format="json", headers=headers)


def get(client: APIClient, path: str, **query: Any) -> Any:
    return client.get(V1 + path, query)


def pointers(response: Any) -> dict[str, str]:
    """Where what is wrong, by code."""
    assert response["Content-Type"] == "application/problem+json", response.content
    return {error["pointer"]: error["code"] for error in response.json()["errors"]}
