"""One's own account with its tokens, and the steward's page of organisations."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AccessToken
from conftest import World
from tests import factories as make

pytestmark = pytest.mark.django_db

ORGANISATION_QUERIES = 13


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def account(user: Any, **changes: Any) -> dict[str, Any]:
    return {"name": user.name, "language": "en", "theme": "light", "version": user.version} | changes


def test_name_language_and_display_are_kept(world: World) -> None:
    client = signed_in(world.alice)
    data = account(world.alice, name="Alice B.", language="ar", theme="dark")
    answer = client.post(reverse("accounts:account"), data, follow=True)
    assert 'data-bs-theme="dark"' in answer.content.decode()
    assert 'dir="rtl"' in answer.content.decode()
    world.alice.refresh_from_db()
    assert world.alice.name == "Alice B."


def test_two_windows_do_not_overwrite_each_other(world: World) -> None:
    client = signed_in(world.alice)
    data = account(world.alice, name="First")
    client.post(reverse("accounts:account"), data)
    answer = client.post(reverse("accounts:account"), data | {"name": "Second"})
    assert answer.status_code == 422
    assert 'value="Second"' in answer.content.decode()
    form = {field.html_name: field.value() for field in answer.context["form"]}
    client.post(reverse("accounts:account"), form)
    world.alice.refresh_from_db()
    assert world.alice.name == "Second"


def test_a_refused_account_loses_nothing(world: World) -> None:
    answer = signed_in(world.alice).post(
        reverse("accounts:account"), account(world.alice, name="", theme="dark")
    )
    assert answer.status_code == 422
    assert answer.context["form"]["theme"].value() == "dark"


def token(client: Client, **changes: Any) -> Any:
    fields = {"token-label": "Calendar", "token-scope": "read", "token-days": "30"}
    return client.post(reverse("accounts:create_token"), fields | changes)


def test_a_token_is_shown_once_and_works(world: World) -> None:
    client = signed_in(world.alice)
    answer = token(client)
    plain = answer.context["plain"]
    assert plain in answer.content.decode()
    assert plain not in client.get(reverse("accounts:account")).content.decode()
    assert AccessToken.objects.get().digest == AccessToken.digest_of(plain)
    me = Client().get("/api/v1/me/", headers={"authorization": f"Bearer {plain}"})
    assert me.status_code == 200


def test_a_refused_token_names_its_field(world: World) -> None:
    answer = token(signed_in(world.alice), **{"token-days": "4000"})
    assert "days" in answer.context["token_form"].errors
    assert not AccessToken.objects.exists()


def test_a_token_is_revoked_by_its_owner_alone(world: World) -> None:
    alice = signed_in(world.alice)
    token(alice)
    path = reverse("accounts:revoke_token", args=[AccessToken.objects.get().pk])
    assert signed_in(world.bob).post(path).status_code == 404
    assert alice.post(path).status_code == 302
    assert not AccessToken.objects.live().exists()


def test_only_stewards_find_the_organisations(world: World) -> None:
    vet = reverse("accounts:vet", args=[world.house.pk])
    for user in (world.alice, world.cora, world.sam):
        assert signed_in(user).get(reverse("accounts:organisations")).status_code == 404
        assert signed_in(user).get(vet).status_code in (403, 404)
    assert signed_in(world.stella).get(vet).status_code == 200


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_asks_as_much_for_three_rows_as_for_one(
    world: World, number: int, django_assert_num_queries: Any
) -> None:
    for place in range(number):
        make.make_member_of(make.make_organisation(f"Waiting {place}", vetted=False))
    client = signed_in(world.stella)
    with django_assert_num_queries(ORGANISATION_QUERIES):
        answer = client.get(reverse("accounts:organisations"))
    assert answer.context["page"].paginator.count == number + 1


def test_a_steward_lets_an_organisation_in_and_out_again(world: World) -> None:
    waiting = world.sam.memberships.get().organisation
    path = reverse("accounts:vet", args=[waiting.pk])
    stella = signed_in(world.stella)
    refused = stella.post(path, {"note": "", "version": waiting.version})
    assert refused.status_code == 422
    stella.post(path, {"note": "Register seen", "version": waiting.version})
    waiting.refresh_from_db()
    assert (waiting.is_vetted, waiting.vetting_note) == (True, "Register seen")
    late = stella.post(path, {"note": "Somebody else's", "version": 1})
    assert "Somebody else decided about this organisation" in late.content.decode()
    stella.post(path, {"note": "Gone", "version": waiting.version})
    waiting.refresh_from_db()
    assert not waiting.is_vetted
