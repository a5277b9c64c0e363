"""The caller and the organisations over REST."""

from __future__ import annotations

from accounts.models import Organisation
from tests import factories as make
from tests.clients import client_of, get, patch, pointers, post


def test_who_calls(world):
    me = get(client_of(world.cora, "read"), "me/").json()
    assert (me["email"], me["name"], me["scope"], me["steward"]) == (world.cora.email, "Cora", "read", False)
    assert me["mandates"] == ["all"]
    assert [(row["name"], row["role"], row["vetted"]) for row in me["organisations"]] == [
        ("Coordination Office", "owner", True)
    ]
    assert me["expires_at"]


def test_changing_ones_own_account(world):
    client = client_of(world.alice)
    tag = get(client, "me/")["ETag"]
    done = patch(client, "me/", {"language": "fr", "theme": "dark"}, **{"If-Match": tag})
    assert (done.status_code, done.json()["language"], done.json()["theme"]) == (200, "fr", "dark")
    assert patch(client, "me/", {"name": "B"}, **{"If-Match": tag}).status_code == 412
    assert pointers(patch(client, "me/", {"steward": True, "email": "a@b.example"})) == {
        "/steward": "read_only",
        "/email": "read_only",
    }
    assert pointers(patch(client, "me/", {"language": "tlh"})) == {"/language": "invalid_choice"}


def test_organisations_are_made_and_vetted_by_stewards(world):
    stella, alice = client_of(world.stella), client_of(world.alice)
    made = post(stella, "organisations/", {"name": " New   House ", "kind": "ngo", "country": "de"})
    assert made.status_code == 201, made.content
    assert (made.json()["name"], made.json()["country"], made.json()["vetted"]) == ("New House", "DE", False)
    path = f"organisations/{made.json()['id']}/"
    assert post(alice, "organisations/", {"name": "Mine"}).status_code == 404
    assert post(alice, f"{path}vet/", {"note": "fine"}).status_code == 403
    assert post(stella, f"{path}vet/", {}).status_code == 400
    assert post(stella, f"{path}vet/", {"note": "fine"}).json()["vetted"] is True
    assert patch(alice, path, {"name": "Mine"}).status_code == 403
    assert patch(stella, path, {"country": "XX"}).status_code == 400
    assert patch(stella, path, {"website": "https://new.example"}, **{"If-Match": '"2"'}).status_code == 200


def test_a_name_that_is_taken_is_one_neutral_problem(world):
    answer = post(client_of(world.stella), "organisations/", {"name": world.house.name.upper()})
    assert answer.status_code in (400, 409)
    assert world.house.name not in answer.content.decode()


def test_who_is_not_vetted_sees_the_own_organisation_alone(world):
    rows = get(client_of(world.sam), "organisations/").json()["results"]
    assert [row["name"] for row in rows] == ["Unvetted"]


def test_filters_of_organisations(world):
    Organisation.objects.filter(pk=world.house.pk).update(kind="ngo", country="CH")
    client = client_of(world.stella)

    def names(**query):
        return [
            row["name"] for row in get(client, "organisations/", ordering="name", **query).json()["results"]
        ]

    assert names(kind="ngo") == names(country="ch") == names(search="alice house") == ["House of Alice"]
    assert names(vetted="false") == ["Unvetted"]
    assert "Unvetted" not in names(vetted="true")


def test_as_many_queries_for_three_rows_as_for_one(world, django_assert_num_queries):
    client = client_of(world.sam)
    get(client, "me/")
    with django_assert_num_queries(11):
        assert len(get(client, "organisations/").json()["results"]) == 1
    for _number in range(2):
        make.make_membership(world.sam, make.make_organisation(vetted=False))
    with django_assert_num_queries(11):
        assert len(get(client, "organisations/").json()["results"]) == 3
    with django_assert_num_queries(11):
        assert len(get(client, "me/").json()["organisations"]) == 3
