"""The search: words as people write them, and only in what one may read."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from conftest import World
from initiatives.models import Initiative
from initiatives.services import briefs_with, find
from initiatives.services.search import fold, words_of
from tests import factories as make
from tests import record

pytestmark = pytest.mark.django_db

SEARCH_QUERIES, INSIDE_QUERIES = 25, 29


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("Réunion à Genève", "GENEVE"),
        ("الجَدْوَلُ الزَّمَنِيّ", "الجدول"),
        ("المـــياه", "المياه"),
        ("إدارة الأنهار", "ادارة الانهار"),
        ("مستشفى", "مستشفي"),
        ("Straße", "strasse"),
        ("ﬁsh and ﬂow", "fish flow"),
        ("Ｆｕｌｌ", "full"),
    ],
)
def test_accents_vowel_signs_and_capitals_do_not_matter(written: str, typed: str) -> None:
    assert all(word in fold(written) for word in words_of(typed))


def test_words_are_those_that_were_typed() -> None:
    assert words_of("  Two\tRivers \n") == ["two", "rivers"]
    assert words_of("") == []
    assert len(words_of("a " * 400)) == 10


def hits(user: Any, text: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(hit.initiative.codename, hit.places) for hit in find(by=user, text=text, limit=50)]


def test_a_hit_says_where(world: World) -> None:
    make.make_brief(world.secret, world.alice, title="Tea at the weir", objective="Gauges at the weir")

    assert hits(world.alice, "weir") == [("Secret Heron", ("brief.title", "brief.objective"))]
    assert hits(world.alice, "tea heron") == [("Secret Heron", ("brief.title", "codename"))]
    assert hits(world.alice, "tea gauges") == [("Secret Heron", ("brief.title", "brief.objective"))]
    assert hits(world.alice, "heron") == [("Secret Heron", ("codename",))]
    assert hits(world.alice, "tea coffee") == []
    assert hits(world.alice, " ") == []


def test_other_texts_of_the_brief_are_not_searched(world: World) -> None:
    make.make_brief(world.secret, world.alice, legal_note="Article nine")

    assert hits(world.alice, "nine") == []


@pytest.mark.parametrize("who", ["harry", "rita", "cora", "stella", "sam"])
def test_strangers_find_nothing_inside(world: World, who: str) -> None:
    make.make_brief(world.secret, world.alice)
    user = getattr(world, who)

    assert hits(user, "weir") == []
    assert briefs_with(by=user, text="weir") == []


def test_cards_one_may_see_are_found_as_before(world: World) -> None:
    Initiative.objects.filter(pk=world.rival.pk).update(visibility="network", public_line="Talks by the lake")
    make.make_brief(world.rival, world.rita, title="Lake of secrets")

    assert hits(world.alice, "lake") == [("Rival Kite", ("public_line",))]
    assert hits(world.rita, "lake") == [("Rival Kite", ("brief.title", "public_line"))]


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_the_page_shows_the_title_to_the_team_and_where_the_words_stand(world: World) -> None:
    make.make_brief(world.secret, world.alice)
    page = signed_in(world.alice).post(reverse("initiatives:search"), {"q": "WEIR"}).content.decode()
    other = signed_in(world.rita).post(reverse("initiatives:search"), {"q": "WEIR"}).content.decode()

    assert "Tea at the weir" in page
    assert "found in the title" in page
    assert "Tea at" not in other
    assert "Secret Heron" not in other


def test_words_are_not_taken_from_the_address(world: World) -> None:
    make.make_brief(world.secret, world.alice)
    page = signed_in(world.alice).get(reverse("initiatives:search") + "?q=weir").content.decode()

    assert "Tea at the weir" not in page


@pytest.mark.parametrize("number", [1, 3])
def test_the_page_asks_as_much_for_three_hits_as_for_one(
    world: World, number: int, django_assert_num_queries: Any
) -> None:
    for index in range(number):
        own = make.make_initiative(world.conflict, world.house, lead=world.alice)
        make.make_brief(own, world.alice, title=f"Weir {index}")
        make.make_initiative(world.conflict, world.other, visibility="network", public_line="The weir")
    client = signed_in(world.alice)
    with django_assert_num_queries(SEARCH_QUERIES):
        client.post(reverse("initiatives:search"), {"q": "weir"})


@pytest.mark.parametrize("number", [1, 3])
def test_the_page_asks_as_much_for_three_hits_of_each_kind_as_for_one(
    world: World, number: int, django_assert_num_queries: Any
) -> None:
    for index in range(number):
        body = record.make_body(world.conflict, f"Weir office {index}", world.up)
        record.make_record(world.secret, world.alice, body, "Weir")
    client = signed_in(world.alice)
    with django_assert_num_queries(INSIDE_QUERIES):
        answer = client.post(reverse("initiatives:search"), {"q": "weir"})
    assert {len(rows) for _kind, rows, _more in answer.context["found"]} == {number}


# --- What is inside -------------------------------------------------------------------------------------------


def found(user: Any, text: str) -> dict[str, list[tuple[str, list[str]]]]:
    """By heading: what hits are called, and where the words stand."""
    client = Client()
    client.force_login(user)
    context = client.post("/search/", {"q": text}).context
    return {
        str(kind.heading): [(str(row["label"]), [str(place) for place in row["where"]]) for row in rows]
        for kind, rows, _more in context["found"]
    }


def test_what_a_team_wrote_inside_is_found_by_it_alone(world: World) -> None:
    body = record.make_body(world.conflict, "Weir office", world.up)
    inside = record.make_record(world.secret, world.alice, body, "Weir")
    pseudonym = inside["person"].pseudonym

    assert found(world.alice, "weir") == {
        "Sessions": [
            ("Weir purpose", ["in the purpose", "in the next step", "in the place", "in the notes"])
        ],
        "Outcomes": [("Weir statement", ["in the statement"])],
        "Transfers": [("Weir message", ["in the message"])],
        "Official bodies": [("Weir office", ["in the name"])],
    }
    assert found(world.alice, pseudonym) == {"People": [(pseudonym, ["in the pseudonym"])]}
    assert found(world.rita, "weir") == {"Official bodies": [("Weir office", ["in the name"])]}
    assert found(world.rita, pseudonym) == {}


def test_names_behind_pseudonyms_are_not_searched(world: World) -> None:
    person = record.make_person(world.house, "Kestrel of the upper mill")
    record.make_participation(world.secret, person)

    assert found(world.alice, "kestrel") == {}


def test_an_observer_finds_nothing_of_a_session_that_is_closed_to_observers(world: World) -> None:
    observer = make.make_member_of(world.house, "Olga")
    make.make_member(world.secret, observer, "observer")
    closed = record.make_session(world.secret, world.alice, purpose="Weir", rule="participants_only")
    record.make_outcome(world.secret, world.alice, session=closed, statement="Weir")

    assert set(found(world.alice, "weir")) == {"Sessions", "Outcomes"}
    assert found(observer, "weir") == {}


def test_deleted_and_damaged_texts_are_passed_over(world: World) -> None:
    record.make_session(world.secret, world.alice, purpose="Weir", deleted_at=timezone.now())
    damaged = record.make_session(world.secret, world.alice, purpose="Weir", notes="Mill")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE initiatives_session SET purpose = %s WHERE id = %s", [b"\x01x", damaged.pk])

    assert found(world.alice, "weir") == {}
    assert found(world.alice, "mill") == {"Sessions": [("Workshop", ["in the notes"])]}
