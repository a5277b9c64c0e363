"""/people/, /participations/, /attendances/, /selection-ratings/: by role, and no answer but one holds an identity."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from confidentiality.codes import TeamRole
from conftest import World
from participants.models import Attendance, Participation, Person, PersonIdentity, SelectionRating
from participants.services import edit_person
from tests import factories as make
from tests import record
from tests.clients import V1, client_of, get, patch, pointers, post

pytestmark = pytest.mark.django_db

NAME = "Kestrel of the upper mill"
QUERIES = {"people/": 11, "participations/": 12, "attendances/": 10, "selection-ratings/": 11}
LISTS = tuple(QUERIES)


@pytest.fixture
def part(world: World) -> Participation:
    person = record.make_person(world.house, NAME, party=world.up)
    return record.make_participation(world.secret, person, note="Note of the weir")


def role_of(world: World, role: str) -> Any:
    user = world.alice if role == "lead" else make.make_member_of(world.house, role.title())
    if role != "lead":
        make.make_member(world.secret, user, role)
    return client_of(user)


def fill(world: World, part: Participation) -> Any:
    session = record.make_session(world.secret, world.alice)
    record.make_attendance(session, part)
    record.make_rating(part, world.alice)
    return session


@pytest.mark.parametrize("role", TeamRole.values)
def test_no_answer_but_one_holds_an_identity(world: World, part: Participation, role: str) -> None:
    fill(world, part)
    client = role_of(world, role)
    for path in (*LISTS, f"people/{part.person_id}/", f"participations/{part.pk}/?expand=person"):
        answer = client.get(V1 + path)
        assert answer.status_code == 200
        assert "estrel" not in answer.content.decode()
    opened = get(client, f"people/{part.person_id}/identity/")
    if role in ("lead", "facilitator"):
        assert opened.json()["name"] == NAME
    else:
        assert opened.status_code == 403
        assert "estrel" not in opened.content.decode()


def test_an_observer_reads_pseudonyms_without_notes_and_ratings(world: World, part: Participation) -> None:
    fill(world, part)
    client = role_of(world, "observer")

    assert get(client, f"participations/{part.pk}/").json()["note"] == ""
    assert (
        get(role_of(world, "rapporteur"), f"participations/{part.pk}/").json()["note"] == "Note of the weir"
    )
    assert get(client, "selection-ratings/").json()["results"] == []
    assert len(get(client, "attendances/").json()["results"]) == 1
    assert patch(client, f"participations/{part.pk}/", {"status": "blocked"}).status_code == 403
    assert patch(client, f"people/{part.person_id}/", {"background": "media"}).status_code == 403


@pytest.mark.parametrize("who", ["harry", "rita", "cora", "stella", "sam"])
def test_outsiders_find_nothing_and_write_nothing(world: World, part: Participation, who: str) -> None:
    session = fill(world, part)
    client = client_of(getattr(world, who))
    for path in LISTS:
        assert get(client, path).json()["results"] == []
    for path in (
        f"people/{part.person_id}/",
        f"people/{part.person_id}/identity/",
        f"participations/{part.pk}/",
    ):
        missing = get(client, path.replace(path.split("/")[1], str(uuid4())))
        assert (get(client, path).status_code, get(client, path).content) == (404, missing.content)
    assert pointers(post(client, "people/", {"initiative": str(world.secret.pk)})) == {
        "/initiative": "does_not_exist"
    }
    body = {"session": str(session.pk), "participation": str(part.pk)}
    assert set(pointers(post(client, "attendances/", body))) == {"/session", "/participation"}


def test_an_overheard_id_is_no_key(world: World, part: Participation) -> None:
    """To an initiative of one's own, of another register: the person does not exist there."""
    body = {"initiative": str(world.rival.pk), "person": str(part.person_id)}

    assert pointers(post(client_of(world.rita), "participations/", body)) == {"/person": "does_not_exist"}


def test_a_rapporteur_adds_a_person_with_an_identity_and_does_not_read_it(world: World) -> None:
    client = role_of(world, "rapporteur")
    body = {
        "initiative": str(world.secret.pk), "party": str(world.up.pk), "background": "scholar",
        "status": "invited", "identity": {"name": NAME, "other_names": [{"name": "صقر"}]},
    }  # fmt: skip
    made = post(client, "people/", body)

    assert made.status_code == 201
    assert "estrel" not in made.content.decode()
    assert set(made.json()) == {
        "id", "version", "organisation", "pseudonym", "party", "background", "created_at", "updated_at",
    }  # fmt: skip
    assert PersonIdentity.objects.get().other_names == [{"name": "صقر", "script": "Arab"}]
    assert get(client, f"people/{made.json()['id']}/identity/").status_code == 403
    assert get(client, "participations/").json()["results"][0]["status"] == "invited"


def test_where_somebody_is_added_is_said_once(world: World) -> None:
    client = role_of(world, "lead")
    both = {"initiative": str(world.secret.pk), "organisation": str(world.house.pk)}

    assert set(pointers(post(client, "people/", {}))) == {"/initiative"}
    assert set(pointers(post(client, "people/", both))) == {"/initiative"}
    assert post(client, "people/", {"organisation": str(world.house.pk)}).status_code == 404
    registrar = client_of(make.make_member_of(world.house, "Reggie", "registrar"))
    assert post(registrar, "people/", {"organisation": str(world.house.pk)}).status_code == 201
    refused = post(registrar, "people/", {"organisation": str(world.house.pk), "role": "host"})
    assert set(pointers(refused)) == {"/role"}


def test_an_identity_is_erased_once_with_a_key(
    world: World, part: Participation, django_capture_on_commit_callbacks: Any
) -> None:
    client, path = client_of(world.alice), f"people/{part.person_id}/erase/"
    answers = []
    for _again in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            answers.append(post(client, path, {"reason": "Asked"}, **{"Idempotency-Key": "erase-1"}))

    assert [answer.status_code for answer in answers] == [204, 204]
    assert (answers[0].get("Idempotency-Replayed"), answers[1]["Idempotency-Replayed"]) == (None, "true")
    assert get(client, f"people/{part.person_id}/identity/").json()["name"] == ""


@pytest.mark.parametrize("day", ["0001-01-01", "2099-01-01"])
def test_nobody_withdrew_on_a_day_that_cannot_be(world: World, part: Participation, day: str) -> None:
    change = {"status": "withdrew", "withdrew_on": day}
    assert set(pointers(patch(client_of(world.alice), f"participations/{part.pk}/", change))) == {
        "/withdrew_on"
    }


def test_no_name_turns_what_stands_around_it(world: World, part: Participation) -> None:
    names = {"other_names": [{"name": "\u202egnp.exe"}]}
    answer = patch(client_of(world.alice), f"people/{part.person_id}/identity/", names)
    assert answer.status_code == 400
    assert "characters that cannot be seen" in answer.content.decode()


def test_whoever_keeps_the_register_does_not_learn_who_is_on_a_team(
    world: World, part: Participation
) -> None:
    keeper = make.make_member_of(world.house, "Keeper", role="registrar")
    edit_person(by=world.bob, person=part.person, background="scholar", override_reason="Told at dinner")
    seen = {}
    for user in (keeper, world.alice):
        browser = Client()
        browser.force_login(user)
        seen[user.name] = browser.get(reverse("participants:person", args=[part.person_id])).content.decode()

    assert "Somebody of another team" in seen["Keeper"]
    assert world.bob.name not in seen["Keeper"]
    assert "Told at dinner" not in seen["Keeper"]
    assert world.bob.name in seen["Alice"]
    assert "Told at dinner" in seen["Alice"]


def test_an_identity_is_corrected_and_erased(world: World, part: Participation) -> None:
    client = role_of(world, "lead")
    path = f"people/{part.person_id}/identity/"
    assert patch(client, path, {"birth_year": "1x"}).status_code == 400
    assert patch(client, path, {"name": "Merlin"}, **{"If-Match": '"7"'}).status_code == 412
    changed = patch(client, path, {"name": "Merlin"}, **{"If-Match": '"1"'})
    assert (changed.status_code, changed.json()["name"], changed["ETag"]) == (200, "Merlin", '"2"')
    assert set(pointers(post(client, f"people/{part.person_id}/erase/", {}))) == {"/reason"}
    assert post(client, f"people/{part.person_id}/erase/", {"reason": "Asked for it"}).status_code == 204
    assert get(client, path).json()["name"] == ""


def test_what_is_doubted_says_confirm_and_passes_with_a_reason(world: World, part: Participation) -> None:
    client = role_of(world, "lead")
    body = {"party": str(world.down.pk)}
    path = f"people/{part.person_id}/"

    assert pointers(patch(client, path, body)) == {"/party": "confirm"}
    assert patch(client, path, {**body, "override_reason": "A mistake"}).status_code == 200
    assert pointers(patch(client, path, {"identity": {"name": "X"}})) == {"/identity": "set_once"}


def test_attendance_is_written_once_and_taken_out(world: World, part: Participation) -> None:
    client = role_of(world, "rapporteur")
    session = record.make_session(world.secret, world.alice)
    body = {"session": str(session.pk), "participation": str(part.pk)}
    first, again = post(client, "attendances/", body), post(client, "attendances/", body)
    assert (first.status_code, first.json()) == (201, again.json())
    quiet = record.make_session(world.secret, world.alice, rule="no_notes")
    assert post(client, "attendances/", {**body, "session": str(quiet.pk)}).status_code == 400
    assert client.delete(f"{V1}attendances/{first.json()['id']}/").status_code == 204
    assert not Attendance.objects.exists()


def test_ratings_are_given_changed_and_taken_back(world: World, part: Participation) -> None:
    client = role_of(world, "rapporteur")
    body = {"participation": str(part.pk), "criterion": "language", "rating": 3}
    made = post(client, "selection-ratings/", body)
    path = f"selection-ratings/{made.json()['id']}/"
    assert made.status_code == 201
    assert set(pointers(post(client, "selection-ratings/", {**body, "rating": 5}))) == {"/rating"}
    assert patch(client, path, {"rating": 0}, **{"If-Match": '"7"'}).status_code == 412
    assert patch(client, path, {"rating": 0}).json()["rating"] == 0
    assert client.delete(V1 + path).status_code == 204
    assert not SelectionRating.objects.exists()


def test_lists_ask_a_fixed_number_of_questions(world: World, part: Participation) -> None:
    client = role_of(world, "lead")
    get(client, "me/")  # The use of a token is written down once a minute.
    record.make_rating(part, world.alice)  # A list with nothing in it is not written down.
    for more in (0, 2):
        for _each in range(more):
            another = record.make_participation(world.secret, record.make_person(world.house, NAME))
            record.make_rating(another, world.alice)
        for path, number in QUERIES.items():
            with CaptureQueriesContext(connection) as queries:
                assert get(client, path).status_code == 200
            assert len(queries) == number, path

    assert Person.objects.count() == 3
