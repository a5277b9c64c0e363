"""The search: words as people write them, and only in what one may read."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from conftest import World
from initiatives.models import Initiative
from initiatives.services import briefs_with, find
from initiatives.services.search import fold, words_of
from tests import factories as make

pytestmark = pytest.mark.django_db

SEARCH_QUERIES = 18


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
