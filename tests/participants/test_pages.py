"""Pages of people: who opens which, what stands on them, what a refusal keeps, and that no list opens an identity."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from conftest import World
from participants.models import Attendance, Participation, Person, PersonIdentity, SelectionRating
from tests import factories as make
from tests import record

pytestmark = pytest.mark.django_db

NAME = "Kestrel of the upper mill"
PEOPLE_QUERIES, INSIDE_QUERIES, ATTENDANCE_QUERIES = 19, 28, 24
NEW = {"background": "scholar", "role": "participant", "status": "invited", "capacity": "personal"}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def role_of(world: World, role: str) -> Client:
    if role == "lead":
        return signed_in(world.alice)
    if role == "registrar":
        return signed_in(make.make_member_of(world.house, "Reggie", "registrar"))
    user = make.make_member_of(world.house, role.title())
    make.make_member(world.secret, user, role)
    return signed_in(user)


@pytest.fixture
def person(world: World) -> Person:
    return record.make_person(world.house, NAME, party=world.up)


@pytest.fixture
def part(world: World, person: Person) -> Participation:
    return record.make_participation(world.secret, person, note="Note of the weir")


def at(name: str, pk: Any) -> str:
    return reverse(f"participants:{name}", args=[pk])


def text_of(client: Client, path: str, code: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == code, (path, answer.status_code)
    return answer.content.decode()


def paths(world: World, part: Participation, session: Any) -> list[str]:
    return [
        reverse("participants:people"),
        at("person", part.person_id),
        at("edit", part.person_id),
        at("erase", part.person_id),
        at("initiative_people", world.secret.pk),
        at("invite", world.secret.pk),
        at("participation", part.pk),
        at("ratings", part.pk),
        at("attendance", session.pk),
        f"{reverse('participants:add')}?initiative={world.secret.pk}",
    ]


@pytest.mark.parametrize("role", ["lead", "facilitator", "rapporteur", "observer"])
def test_no_page_but_the_opened_one_holds_an_identity(world: World, part: Participation, role: str) -> None:
    client = role_of(world, role)
    session = record.make_session(world.secret, world.alice)
    for path in paths(world, part, session):
        answer = client.get(path)
        assert answer.status_code in (200, 403)
        assert "estrel" not in answer.content.decode(), path
    opened = client.post(at("identity", part.person_id))
    if role in ("lead", "facilitator"):
        assert NAME in opened.content.decode()
        assert opened["Cache-Control"] == "no-store, private"
        assert "Who else can open this" in opened.content.decode()
    else:
        assert opened.status_code == 403
        assert "estrel" not in opened.content.decode()


@pytest.mark.parametrize("role", ["rapporteur", "observer"])
def test_no_query_of_theirs_reads_an_identity(world: World, part: Participation, role: str) -> None:
    """Beyond asking whether there is one, which the second wall answers with no."""
    client = role_of(world, role)
    session = record.make_session(world.secret, world.alice)
    for path in paths(world, part, session):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(path)
        read = [query["sql"] for query in queries if '"participants_personidentity"."name"' in query["sql"]]
        assert read == [], path


@pytest.mark.parametrize("who", ["harry", "rita", "cora", "stella", "sam"])
def test_outsiders_find_nothing(world: World, part: Participation, who: str) -> None:
    client = signed_in(getattr(world, who))
    session = record.make_session(world.secret, world.alice)
    for path in paths(world, part, session)[1:]:
        hidden = client.get(path)
        assert hidden.status_code == 404, path
        assert part.person.pseudonym not in hidden.content.decode()
    assert part.person.pseudonym not in text_of(client, reverse("participants:people"))
    for name in ("identity", "write_identity", "erase"):
        assert client.post(at(name, part.person_id), {"reason": "x", "version": 1}).status_code == 404
    missing = client.post(at("identity", uuid4()))
    assert missing.status_code == 404


def test_who_keeps_the_register_sees_everybody_in_it(world: World, part: Participation) -> None:
    """By pseudonym, without the initiatives; and opens whoever it is."""
    alone = record.make_person(world.house, "Wren of the bank")
    client = role_of(world, "registrar")
    page = text_of(client, reverse("participants:people"))

    assert part.person.pseudonym in page
    assert alone.pseudonym in page
    assert "Secret Heron" not in page
    assert NAME in client.post(at("identity", part.person_id)).content.decode()
    add = f"{reverse('participants:add')}?organisation={world.house.pk}"
    assert "Who this is" in text_of(client, add)
    made = client.post(add, {"organisation": world.house.pk, "background": "media", "name": "Teal"})
    assert made.status_code == 302
    assert text_of(signed_in(world.alice), add, 404)


def test_a_person_is_added_by_a_rapporteur_who_does_not_see_the_name_again(world: World) -> None:
    client = role_of(world, "rapporteur")
    path = reverse("participants:add")
    body = {
        **NEW,
        "initiative": world.secret.pk,
        "party": world.up.pk,
        "name": NAME,
        "other_names": "صقر\nКобчик",
    }
    answer = client.post(path, body, follow=True)
    made = Person.objects.get()

    assert answer.redirect_chain[-1][0] == at("person", made.pk)
    assert made.pseudonym in answer.content.decode()
    assert "estrel" not in answer.content.decode()
    identity = PersonIdentity.objects.get(person=made)
    assert [entry["script"] for entry in identity.other_names] == ["Arab", "Cyrl"]


def test_a_name_that_is_there_already_asks_for_a_reason_beside_it(world: World, part: Participation) -> None:
    client = role_of(world, "lead")
    body = {**NEW, "initiative": world.secret.pk, "name": NAME}
    asked = client.post(reverse("participants:add"), body)
    page = asked.content.decode()
    made = client.post(reverse("participants:add"), body | {"override_reason": "A namesake"})

    assert (asked.status_code, made.status_code) == (422, 302)
    assert "bears this name" in page
    reason = page[page.index('for="id_override_reason"') :]
    assert "optional" not in reason[: reason.index("</label>")]
    assert (
        "id_override_reason"
        not in client.get(f"{reverse('participants:add')}?initiative={world.secret.pk}").content.decode()
    )


def test_a_refused_form_keeps_what_was_typed(world: World) -> None:
    client = role_of(world, "lead")
    body = {
        **NEW,
        "initiative": world.secret.pk,
        "name": NAME,
        "birth_year": "19x1",
        "withdrew_on": "2026-01-01",
    }
    answer = client.post(reverse("participants:add"), body)

    assert answer.status_code == 422
    assert NAME in answer.content.decode()
    assert "Only somebody who withdrew has a day of withdrawal." in answer.content.decode()
    assert not Person.objects.exists()


def test_a_draft_of_a_person_is_restored_and_goes_when_saved(world: World) -> None:
    client = signed_in(world.alice)
    add = f"{reverse('participants:add')}?initiative={world.secret.pk}"
    draft = {"draft": f"person:{world.secret.pk}", "draft_seen": "0", **NEW, "name": NAME}
    kept = client.post(reverse("initiatives:keep_draft"), draft)
    assert kept.status_code == 200
    assert NAME in text_of(client, add)
    other = signed_in(world.bob)
    assert NAME not in text_of(other, add)
    client.post(add, {**NEW, "initiative": world.secret.pk, "name": NAME, "draft_seen": kept.json()["seen"]})
    assert NAME not in text_of(client, add)


def test_the_search_is_sent_and_does_not_look_at_names(world: World, part: Participation) -> None:
    record.make_participation(world.secret, record.make_person(world.house, pseudonym="Godwit 12"))
    client = signed_in(world.alice)
    path = reverse("participants:people")
    found = client.post(path, {"q": "gódwit"}).content.decode()

    assert "Godwit 12" in found
    assert part.person.pseudonym not in found
    assert part.person.pseudonym in client.post(path, {"q": "upstream"}).content.decode()
    assert "Nobody whom you may see fits" in client.post(path, {"q": "Kestrel"}).content.decode()
    assert part.person.pseudonym in text_of(client, f"{path}?initiative={world.secret.pk}&side={world.up.pk}")


def test_changing_sides_asks_why(world: World, part: Participation) -> None:
    client = signed_in(world.alice)
    body = {"version": 1, "party": world.down.pk, "background": "scholar"}
    path = at("edit", part.person_id)
    assert "Why it is right all the same" not in text_of(client, path)
    doubted = client.post(path, body)
    assert doubted.status_code == 422
    assert "Why it is right all the same" in doubted.content.decode()
    assert client.post(path, {**body, "override_reason": "A mistake"}).status_code == 302
    page = text_of(client, at("person", part.person_id))
    assert "A mistake" in page
    overtaken = client.post(path, {**body, "background": "media"})
    assert overtaken.status_code == 409
    assert "Somebody else has changed this" in overtaken.content.decode()


def test_an_identity_is_corrected_and_erased(world: World, part: Participation) -> None:
    client = signed_in(world.alice)
    path = at("write_identity", part.person_id)
    assert client.post(path, {"version": 7, "name": "Late"}).status_code == 409
    assert client.post(path, {"version": 1, "name": "N", "birth_year": "3"}).status_code == 422
    assert client.post(path, {"version": 1, "name": "Merlin"}).status_code == 302
    assert "Merlin" in client.post(at("identity", part.person_id)).content.decode()
    erase = at("erase", part.person_id)
    assert client.post(erase, {"what": "identity", "reason": ""}).status_code == 422
    assert client.post(erase, {"what": "identity", "reason": "Asked for it"}).status_code == 302
    assert "Nobody has written it down." in text_of(client, at("person", part.person_id))


def test_somebody_of_the_register_is_brought_in(world: World, part: Participation) -> None:
    other = make.make_initiative(world.conflict, world.house, lead=world.alice, parties=(world.down,))
    client = signed_in(world.alice)
    path = at("invite", other.pk)
    assert part.person.pseudonym in text_of(client, path)
    body = {**NEW, "person": part.person_id}
    doubted = client.post(path, body)
    assert doubted.status_code == 422
    assert "not among the parties" in doubted.content.decode()
    assert client.post(path, {**body, "override_reason": "A guest"}).status_code == 302
    assert "Nobody to bring in" in text_of(client, path)
    stray = record.make_person(world.other)
    assert client.post(path, {**NEW, "person": stray.pk}).status_code == 422


def test_a_participation_and_its_ratings_are_changed(world: World, part: Participation) -> None:
    client = role_of(world, "rapporteur")
    path = at("participation", part.pk)
    body = {"version": 1, **NEW, "consents": ["to_carry"], "note": "Another note"}
    assert client.post(path, body).status_code == 302
    assert client.post(path, body).status_code == 409
    assert client.post(at("ratings", part.pk), {"language": "4", "availability": "0"}).status_code == 302
    assert dict(SelectionRating.objects.values_list("criterion", "rating")) == {
        "language": 4,
        "availability": 0,
    }
    assert client.post(at("ratings", part.pk), {"language": "7"}).status_code == 422
    client.post(at("ratings", part.pk), {"availability": "0"})
    assert dict(SelectionRating.objects.values_list("criterion", "rating")) == {"availability": 0}


@pytest.mark.parametrize(
    ("role", "offered"),
    [("lead", True), ("facilitator", True), ("rapporteur", True), ("observer", False), ("registrar", False)],
)
def test_from_somebody_to_what_changed_in_them(
    world: World, part: Participation, role: str, offered: bool
) -> None:
    path = f"/outcomes/new/?initiative={world.secret.pk}&amp;kind=individual&amp;whose=person:{part.pk}"
    client = role_of(world, role)
    assert (path in text_of(client, at("person", part.person_id))) is offered
    if role != "registrar":
        assert (path in text_of(client, at("initiative_people", world.secret.pk))) is offered
    if offered:
        form = text_of(client, path.replace("&amp;", "&"))
        assert f'<option value="person:{part.pk}" selected' in form


def test_observers_see_pseudonyms_and_no_quadrant(world: World, part: Participation) -> None:
    page = text_of(role_of(world, "observer"), at("initiative_people", world.secret.pk))

    assert part.person.pseudonym in page
    assert "Who is versed" not in page
    assert "Add a person" not in page


def test_the_quadrant_says_the_same_in_the_drawing_and_the_table(world: World, part: Participation) -> None:
    body = record.make_body(world.conflict)
    record.make_tie(part.person, body, strength=3)
    page = text_of(signed_in(world.alice), at("initiative_people", world.secret.pk))

    assert page.count('<svg class="pic"') == 2
    assert "Linked, less versed: 1" in page
    assert re.search(r'data-l="Field">Linked, less versed<', page)


def seen_of(page: str) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_who_was_there_is_ticked(world: World, part: Participation) -> None:
    client = role_of(world, "rapporteur")
    session = record.make_session(world.secret, world.alice)
    path = at("attendance", session.pk)
    page = text_of(client, path)
    assert client.post(path, {"participations": [part.pk], "seen": seen_of(page)}).status_code == 302
    assert Attendance.objects.get().participation == part
    # A window that was open since before unticks nobody.
    assert client.post(path, {"seen": seen_of(page)}).status_code == 302
    assert Attendance.objects.exists()
    assert client.post(path, {"seen": seen_of(text_of(client, path))}).status_code == 302
    assert not Attendance.objects.exists()


def test_presence_of_who_had_withdrawn_asks_why(world: World, part: Participation) -> None:
    Participation.objects.filter(pk=part.pk).update(status="withdrew", withdrew_on="2026-03-01")
    client = signed_in(world.alice)
    session = record.make_session(world.secret, world.alice)
    path = at("attendance", session.pk)
    body = {"participations": [part.pk], "seen": seen_of(text_of(client, path))}
    doubted = client.post(path, body)
    assert doubted.status_code == 422
    assert "withdrew on 1 March 2026" in doubted.content.decode()
    assert "Why it is right all the same" in doubted.content.decode()
    assert client.post(path, {**body, "override_reason": "Came once more"}).status_code == 302


def test_rules_that_store_nobody_say_so(world: World, part: Participation) -> None:
    session = record.make_session(world.secret, world.alice, rule="no_notes")
    client = signed_in(world.alice)
    path = at("attendance", session.pk)
    assert "it is not stored who was there" in text_of(client, path)
    assert client.post(path, {"participations": [part.pk], "seen": ""}).status_code == 422


def test_an_observer_reads_who_was_there(world: World, part: Participation) -> None:
    session = record.make_session(world.secret, world.alice)
    record.make_attendance(session, part)
    client = role_of(world, "observer")
    assert part.person.pseudonym in text_of(client, at("attendance", session.pk))
    assert client.post(at("attendance", session.pk), {}).status_code == 403
    closed = record.make_session(world.secret, world.alice, rule="participants_only")
    assert text_of(client, at("attendance", closed.pk), 404)


# --- How many queries ------------------------------------------------------------------------------------------


def fill(world: World, number: int) -> Any:
    session = record.make_session(world.secret, world.alice)
    body = record.make_body(world.conflict)
    for _each in range(number):
        person = record.make_person(world.house, NAME, party=world.up)
        part = record.make_participation(world.secret, person)
        record.make_attendance(session, part)
        record.make_rating(part, world.alice)
        record.make_tie(person, body)
    return session


@pytest.mark.parametrize("number", [1, 3])
def test_lists_ask_a_fixed_number_of_questions(
    world: World, number: int, django_assert_num_queries: Any
) -> None:
    session = fill(world, number)
    client = signed_in(world.alice)
    for path, queries in (
        (reverse("participants:people"), PEOPLE_QUERIES),
        (at("initiative_people", world.secret.pk), INSIDE_QUERIES),
        (at("attendance", session.pk), ATTENDANCE_QUERIES),
    ):
        with django_assert_num_queries(queries):
            assert text_of(client, path).count("Sandpiper") >= number
