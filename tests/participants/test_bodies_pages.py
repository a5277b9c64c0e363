"""Pages of official bodies and of ties: who reads and writes what, in words, and what happens to bad input."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from conftest import World
from initiatives.models import Draft
from participants.models import OfficialBody, OfficialLink, Person
from tests import factories as make
from tests.record import make_body, make_outcome, make_participation, make_person, make_tie, make_transfer

pytestmark = pytest.mark.django_db

LIST_QUERIES, BODY_QUERIES = 20, 20


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def body(world: World) -> OfficialBody:
    return make_body(world.conflict, "Water Ministry", world.up, agenda_themes=["ceasefire"])


@pytest.fixture
def person(world: World) -> Person:
    return make_participation(world.secret, make_person(world.house, pseudonym="Kestrel")).person


def observer(world: World) -> User:
    user = make.make_member_of(world.house, "Observer")
    make.make_member(world.secret, user, "observer")
    return user


def text_of(user: Any, name: str, *args: Any, query: str = "") -> str:
    answer = signed_in(user).get(reverse(f"participants:{name}", args=args) + query)
    assert answer.status_code == 200, (name, answer.status_code)
    return answer.content.decode()


def typed(who: Person | None, where: OfficialBody, **fields: Any) -> dict[str, Any]:
    stored = {
        "version": "0",
        "body": str(where.pk),
        "link_type": "kinship",
        "strength": "3",
        "access": "can_call",
        "two_way": "yes",
        "authorised": "knows",
        "track": "",
        "last_confirmed_on": timezone.localdate().isoformat(),
        "note": "A cousin",
        "override_reason": "",
    }
    return {**stored, **({"person": str(who.pk)} if who else {}), **fields}


# Reading


def test_an_office_in_words(world: World, body: OfficialBody, person: Person) -> None:
    gate = make_body(world.conflict, "Chamberlain")
    OfficialBody.objects.filter(pk=body.pk).update(gatekeeper=gate)
    make_tie(person, body, last_confirmed_on=timezone.localdate() - timedelta(days=20))
    make_tie(person, gate, link_type="kinship", last_confirmed_on=timezone.localdate() - timedelta(days=200))

    page = text_of(world.alice, "body", body.pk)

    for words in ("1 live tie", "Kestrel", "Current adviser", "Can call", "strength 3 of 4", "20 days ago"):
        assert words in page
    assert "Ceasefire" in page
    assert "Chamberlain" in page
    assert "It still holds" in page
    other = text_of(world.alice, "body", gate.pk)
    assert "1 stale tie only" in other
    assert "Nobody has confirmed a tie" in other
    assert "Water Ministry" in other


def test_nobody_is_said_only_to_those_who_would_know(
    world: World, body: OfficialBody, person: Person
) -> None:
    make_tie(person, body)
    for user in (observer(world), world.harry, world.cora):
        for page in (text_of(user, "body", body.pk), text_of(user, "bodies")):
            assert "Kestrel" not in page
            assert "nobody" not in page
            assert "live tie" not in page
    assert "nobody" in text_of(world.rita, "bodies")
    registrar = make.make_member_of(world.house, "Reg", "registrar")
    assert "Kestrel" in text_of(registrar, "body", body.pk)


def test_the_way_in_is_named_where_nobody_reaches_the_office(
    world: World, body: OfficialBody, person: Person
) -> None:
    gate = make_body(world.conflict, "Chamberlain")
    OfficialBody.objects.filter(pk=body.pk).update(gatekeeper=gate)
    make_tie(person, gate)
    assert "A way in leads through" in text_of(world.alice, "body", body.pk)
    assert "Known way in: through" in text_of(world.alice, "bodies")


def test_last_transfer_is_the_last_that_one_may_see(world: World, body: OfficialBody) -> None:
    make_transfer(make_outcome(world.secret, world.alice), world.alice, body)
    assert "5 April 2026" in text_of(world.alice, "bodies")
    assert "5 April 2026" in text_of(world.alice, "body", body.pk)
    assert "5 April 2026" not in text_of(world.rita, "bodies")


def test_the_list_is_of_one_conflict(world: World, body: OfficialBody) -> None:
    hills = make.make_conflict("Hills")
    make_body(hills, "Hill Council")
    here = text_of(world.alice, "bodies", query=f"?conflict={world.child.pk}")
    there = text_of(world.alice, "bodies", query=f"?conflict={hills.pk}")
    assert "Water Ministry" in here
    assert "Hill Council" not in here
    assert "Hill Council" in there
    for wrong in ("nonsense", uuid4()):
        assert (
            signed_in(world.alice).get(reverse("participants:bodies") + f"?conflict={wrong}").status_code
            == 404
        )
    assert signed_in(world.sam).get(reverse("participants:body", args=[body.pk])).status_code == 404


def test_conflict_page_has_the_offices(world: World, body: OfficialBody) -> None:
    page = signed_in(world.alice).get(reverse("initiatives:conflict", args=[world.child.pk])).content.decode()
    assert "Water Ministry" in page


@pytest.mark.parametrize("rows", [1, 3])
def test_lists_ask_as_often_for_three_as_for_one(world: World, rows: int) -> None:
    for _row in range(rows):
        gate = make_body(world.conflict, party=world.up)
        body = make_body(world.conflict, gatekeeper=gate)
        for _link in range(rows):
            make_tie(make_participation(world.secret).person, body)
    client = signed_in(world.alice)
    for path, number in (
        (reverse("participants:bodies"), LIST_QUERIES),
        (reverse("participants:body", args=[body.pk]), BODY_QUERIES),
    ):
        with CaptureQueriesContext(connection) as asked:
            assert client.get(path).status_code == 200
        assert len(asked) == number, path


# Offices, by coordinators


def test_coordinator_adds_and_changes_an_office(world: World) -> None:
    track = make.make_track(world.child)
    client = signed_in(world.cora)
    assert world.conflict.name in client.get(reverse("participants:new_body")).content.decode()
    path = reverse("participants:new_body") + f"?conflict={world.conflict.pk}"
    fields = {
        "name": "Defence Council",
        "party": str(world.up.pk),
        f"track-{track.pk}": ["decides", "blocks"],
    }

    made = client.post(path, {**fields, "agenda_themes": ["ceasefire"]})

    stored = OfficialBody.objects.get(name="Defence Council")
    assert made.url == reverse("participants:body", args=[stored.pk])
    assert sorted(stored.parts.values_list("part", flat=True)) == ["blocks", "decides"]
    edit = reverse("participants:edit_body", args=[stored.pk])
    assert "Defence Council" in client.get(edit).content.decode()
    assert client.post(edit, {"name": "War Council", "version": "1"}).status_code == 302
    stored.refresh_from_db()
    assert (stored.name, stored.party, stored.parts.count()) == ("War Council", None, 0)
    late = client.post(edit, {"name": "Late Council", "version": "1"})
    assert late.status_code == 409
    assert "Late Council" in late.content.decode()


def test_bad_input_about_an_office(world: World, body: OfficialBody) -> None:
    client = signed_in(world.cora)
    path = reverse("participants:new_body") + f"?conflict={world.conflict.pk}"
    for name, fields in (
        ("name", {"name": ""}),
        ("name", {"name": "x" * 201}),
        ("party", {"name": "A", "party": str(uuid4())}),
        ("gatekeeper", {"name": "A", "gatekeeper": str(make_body(make.make_conflict()).pk)}),
        ("agenda_themes", {"name": "A", "agenda_themes": ["weather"]}),
        ("__all__", {"name": "water ministry"}),
    ):
        answer = client.post(path, fields)
        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == [name]
    assert signed_in(world.alice).get(path).status_code == 404
    assert signed_in(world.alice).get(reverse("participants:new_body")).status_code == 404
    assert signed_in(world.alice).get(reverse("participants:edit_body", args=[body.pk])).status_code == 403


# Ties


def test_a_tie_is_recorded_confirmed_corrected_and_ended(
    world: World, body: OfficialBody, person: Person
) -> None:
    client = signed_in(world.alice)
    new = reverse("participants:new_link")
    form = client.get(f"{new}?person={person.pk}&body={body.pk}").content.decode()
    assert f'value="{person.pk}" selected' in form
    assert f'value="{body.pk}" selected' in form
    assert "all the same" not in form

    made = client.post(new, typed(person, body))

    link = OfficialLink.objects.get()
    assert made.url == reverse("participants:body", args=[body.pk])
    assert (link.tie["link_type"], link.tie["two_way"], link.strength) == ("kinship", True, 3)
    back = {"back": "/bodies/"}
    assert client.post(reverse("participants:confirm_link", args=[link.pk]), back).url == "/bodies/"
    abroad = client.post(reverse("participants:confirm_link", args=[link.pk]), {"back": "//evil.example/"})
    assert abroad.url == made.url
    edit = reverse("participants:edit_link", args=[link.pk])
    assert "A cousin" in client.get(edit).content.decode()
    assert client.post(edit, typed(None, body, version="3", two_way="")).status_code == 302
    assert client.post(edit, typed(None, body, version="3", two_way="")).status_code == 409
    link = OfficialLink.objects.get()
    assert (link.tie["two_way"], link.version) == (None, 4)
    day = timezone.localdate().isoformat()
    assert (
        client.post(reverse("participants:end_link", args=[link.pk]), {"end-ended_on": day}).status_code
        == 302
    )
    assert OfficialLink.objects.get().ended_on == timezone.localdate()
    assert "nobody" in text_of(world.alice, "body", body.pk)


def test_bad_input_about_a_tie(world: World, body: OfficialBody, person: Person) -> None:
    client, new = signed_in(world.alice), reverse("participants:new_link")
    tomorrow = (timezone.localdate() + timedelta(days=1)).isoformat()
    stranger = make_person(world.other)
    far = make.make_track(make.make_conflict("Hills"))
    for name, fields in (
        ("person", {"person": ""}),
        ("person", {"person": str(stranger.pk)}),
        ("body", {"body": str(uuid4())}),
        ("strength", {"strength": "5"}),
        ("link_type", {"link_type": "enemy"}),
        ("last_confirmed_on", {"last_confirmed_on": tomorrow}),
        ("last_confirmed_on", {"last_confirmed_on": "31.2.2026"}),
        ("track", {"track": str(far.pk)}),
        ("note", {"note": "x" * 2001}),
    ):
        answer = client.post(new, typed(person, body, **fields))
        assert answer.status_code == 422, name
        assert list(answer.context["form"].errors) == [name]
    assert not OfficialLink.objects.exists()


def test_a_doubt_opens_the_field_for_the_reason(world: World, person: Person) -> None:
    far = make_body(make.make_conflict("Hills"))
    client, new = signed_in(world.alice), reverse("participants:new_link")
    asked = client.post(new, typed(person, far))
    assert asked.status_code == 422
    assert list(asked.context["form"].errors) == ["body"]
    assert "all the same" in asked.content.decode()
    assert client.post(new, typed(person, far, override_reason="His old ministry")).status_code == 302
    assert OfficialLink.objects.get().tie["reason"] == "His old ministry"


def test_observers_and_outsiders_find_no_ties(world: World, body: OfficialBody, person: Person) -> None:
    link = make_tie(person, body)
    for user in (observer(world), world.harry, world.rita, world.cora, world.stella):
        client = signed_in(user)
        assert client.get(reverse("participants:edit_link", args=[link.pk])).status_code == 404
        for name in ("confirm_link", "end_link"):
            assert client.post(reverse(f"participants:{name}", args=[link.pk])).status_code == 404
        assert client.get(reverse("participants:new_link") + f"?person={person.pk}").status_code == 404
        assert client.post(reverse("participants:new_link"), typed(person, body)).status_code == 422
    assert OfficialLink.objects.get().version == 1


def test_the_draft_of_a_tie_comes_back_for_its_person(
    world: World, body: OfficialBody, person: Person
) -> None:
    client, new = signed_in(world.alice), reverse("participants:new_link")
    other = make_participation(world.secret).person
    kept = client.post(
        reverse("initiatives:keep_draft"),
        typed(person, body, note="Half a no", draft="official_link:", draft_seen="0"),
    )
    assert kept.status_code == 200

    assert "Half a no" in client.get(new).content.decode()
    assert "Half a no" in client.get(f"{new}?person={person.pk}").content.decode()
    assert "Half a no" not in client.get(f"{new}?person={other.pk}").content.decode()
    client.post(new, typed(person, body, draft_seen="1"))
    assert not Draft.objects.exists()
    client.post(
        reverse("initiatives:keep_draft"), typed(person, body, draft="official_link:", draft_seen="0")
    )
    gone = client.post(reverse("initiatives:discard_draft"), {"draft": "official_link:"})
    assert gone.url == new


def test_a_damaged_tie_is_written_anew(world: World, body: OfficialBody, person: Person) -> None:
    link = make_tie(person, body)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE participants_officiallink SET tie = substring(tie for 20)")
    client, day = signed_in(world.alice), timezone.localdate().isoformat()
    edit = reverse("participants:edit_link", args=[link.pk])
    assert "cannot be opened" in client.get(edit).content.decode()
    for name in ("confirm_link", "end_link"):
        answer = client.post(
            reverse(f"participants:{name}", args=[link.pk]), {"end-ended_on": day}, follow=True
        )
        assert "Write it anew first" in answer.content.decode()
    assert OfficialLink.objects.get().ended_on is None
    assert client.post(edit, typed(None, body, version="1")).status_code == 302
    assert OfficialLink.objects.get().strength == 3
