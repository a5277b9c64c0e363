"""The queue and the comparison: who finds them, what they show and keep to themselves, what can be done there."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from confidentiality.actor import DETECTOR, actor
from conftest import World
from coordination.enums import FlagState
from coordination.models import CoordinationLink, OutboxEntry, OverlapFlag
from coordination.services.comparison import compare_everything
from tests import factories as make

QUEUE = "/overlaps/"
HIDDEN = "Words that only the team reads"
LISTED = {"themes": ["ceasefire", "elections"]}


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(response: Any, status: int = 200) -> str:
    assert response.status_code == status, response.content.decode()[:2000]
    return re.sub(r"\s+", " ", response.content.decode())


def text(html: str) -> str:
    """The words of a page, without its markup."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def flag_of(world: World) -> OverlapFlag:
    pair = {world.secret.pk, world.rival.pk}
    return OverlapFlag.objects.current().get(first__in=pair, second__in=pair)


def address(flag: OverlapFlag, name: str = "overlap") -> str:
    return reverse(f"coordination:{name}", kwargs={"pk": flag.pk})


def public_card(world: World, codename: str, **fields: Any) -> Any:
    card = {"visibility": "network", "public_record": True, "title": f"The {codename} talks"}
    return make.make_initiative(
        world.conflict,
        world.other,
        codename=codename,
        parties=(world.up, world.down),
        **card,
        **LISTED,
        **fields,
    )


@pytest.fixture
def flagged(world: World) -> World:
    world.secret.public_line = HIDDEN
    world.secret.save()
    compare_everything()
    return world


@pytest.fixture
def cora(flagged: World) -> Client:
    return signed_in(flagged.cora)


# --- Who finds the pages ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["alice", "bob", "rita", "stella", "sam", "harry"])
def test_without_a_mandate_there_is_no_queue_and_no_pair(flagged: World, name: str) -> None:
    client, flag = signed_in(getattr(flagged, name)), flag_of(flagged)
    for path in (QUEUE, address(flag), "/import/"):
        assert client.get(path).status_code == 404
    for act in ("assess", "dismiss", "reopen", "link"):
        assert client.post(address(flag, act)).status_code == 404


def test_visitors_are_sent_to_sign_in(flagged: World) -> None:
    for path in (QUEUE, address(flag_of(flagged)), "/import/"):
        assert Client().get(path).status_code == 302


def test_a_coordinator_who_mediates_there_finds_the_queue_empty(flagged: World) -> None:
    make.make_mandate(flagged.rita)
    client = signed_in(flagged.rita)
    assert "No overlaps on your conflicts" in page(client.get(QUEUE))
    assert client.get(address(flag_of(flagged))).status_code == 404


# --- The queue --------------------------------------------------------------------------------------------


def test_queue_shows_pairs_with_points_and_reasons(cora: Client) -> None:
    words = text(page(cora.get(QUEUE)))
    assert "Secret Heron" in words
    assert "Rival Kite" in words
    assert "2 of 2 themes, all parties, both still running, same type" in words
    assert "Waiting on your conflicts: 1 flagged, 0 watched." in words
    assert "Up to date as of" in words
    assert HIDDEN not in words


def test_queue_says_when_the_worker_is_behind(flagged: World, cora: Client) -> None:
    with actor(DETECTOR):
        OutboxEntry.objects.create(initiative=flagged.secret, queued_at="2020-01-01T08:15:00Z")
    words = text(page(cora.get(QUEUE)))
    assert "The list may be incomplete." in words
    assert "Up to date as of 08:15" in words


@pytest.mark.parametrize(("pairs", "expected"), [(1, 25), (3, 25)])
def test_queue_takes_as_many_queries_for_three_rows_as_for_one(
    flagged: World, cora: Client, pairs: int, expected: int, django_assert_num_queries: Any
) -> None:
    if pairs == 3:
        parties = (flagged.up, flagged.down)
        make.make_initiative(flagged.conflict, flagged.other, lead=flagged.rita, parties=parties, **LISTED)
        compare_everything()
    assert OverlapFlag.objects.count() == pairs
    cora.get(QUEUE)
    with django_assert_num_queries(expected):
        page(cora.get(QUEUE))


def test_queue_filters(flagged: World, cora: Client) -> None:
    assert "Secret Heron" in page(cora.get(QUEUE, {"conflict": flagged.conflict.pk, "band": "all"}))
    for query in (
        {"band": "watch"},
        {"state": "coordinated"},
        {"state": "dismissed"},
    ):
        html = page(cora.get(QUEUE, query))
        assert "Secret Heron" not in html
        assert "No pair matches these filters" in html


def test_queue_offers_conflicts_of_pairs_that_may_be_opened(flagged: World, cora: Client) -> None:
    make.make_conflict("Elsewhere")
    select = re.search(r'<select name="conflict".*?</select>', page(cora.get(QUEUE)))
    assert select
    assert "Valley of Test" in select[0]
    assert "Elsewhere" not in select[0]
    make.make_partner(flagged.secret, flagged.cora.memberships.get().organisation)
    flagged.secret.named.filter(role="convener").delete()
    flagged.secret.named.filter(role="partner").update(role="convener")
    assert "Valley of Test" not in page(cora.get(QUEUE))


def test_queue_goes_on_where_the_page_ends(flagged: World, cora: Client, monkeypatch: Any) -> None:
    public_card(flagged, "Third")
    compare_everything()
    monkeypatch.setattr("coordination.views.queue.PAGE_SIZE", 2)
    first = page(cora.get(QUEUE))
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following
    second = page(cora.get(following[1].replace("&amp;", "&")))
    found = [set(re.findall(r'data-pair="([^"]+)"', html)) for html in (first, second)]
    assert [len(pairs) for pairs in found] == [2, 1]
    assert not found[0] & found[1]
    assert "From the start" in second


def test_preview_shows_the_pair_that_was_asked_for(flagged: World, cora: Client) -> None:
    public_card(flagged, "Third")
    compare_everything()
    for flag in OverlapFlag.objects.all():
        html = page(cora.get(QUEUE, {"preview": flag.pk}))
        assert f'aria-current="true" data-pair="{flag.pk}"' in html


def test_news_are_counted_since_the_page_was_opened(flagged: World, cora: Client) -> None:
    since = re.search(r"since=(\d+)", page(cora.get(QUEUE)))
    assert since
    query = {"part": "news", "since": since[1]}
    assert "new pair" not in page(cora.get(QUEUE, query))
    public_card(flagged, "Third")
    compare_everything()
    assert "2 new pairs: show them" in page(cora.get(QUEUE, query))
    assert "new pair" not in page(cora.get(QUEUE, {"part": "news", "since": "nonsense"}))


def test_several_are_dismissed_with_one_reason(flagged: World, cora: Client) -> None:
    public_card(flagged, "Third")
    compare_everything()
    ticked = [f"{flag.pk}.{flag.version}" for flag in OverlapFlag.objects.all()]
    response = cora.post(
        "/overlaps/dismiss/", {"pair": ticked, "reason": "other_level", "words": "Villages."}
    )
    assert response.status_code == 302
    assert set(OverlapFlag.objects.values_list("state", "note")) == {
        ("dismissed", "Different level of society. Villages.")
    }


def test_dismissing_several_is_all_or_nothing(flagged: World, cora: Client) -> None:
    public_card(flagged, "Third")
    compare_everything()
    flags = list(OverlapFlag.objects.all())
    for ticked, said in (
        ([f"{flags[0].pk}.1", f"{flags[1].pk}.7"], "has changed since you opened the list"),
        ([], "Select at least one pair first."),
        (["nonsense"], "Select the pairs again."),
    ):
        response = cora.post("/overlaps/dismiss/", {"pair": ticked, "reason": "past"})
        assert said in page(response, 422)
    assert not OverlapFlag.objects.filter(state=FlagState.DISMISSED).exists()


# --- The comparison ---------------------------------------------------------------------------------------


def test_comparison_shows_the_matching_card_and_no_more(flagged: World, cora: Client) -> None:
    html = page(cora.get(address(flag_of(flagged))))
    words = text(html)
    for shown in ("Secret Heron", "Valley of Test", "Ceasefire", "Upstream", "Track Two, hard", "2024"):
        assert shown in words
    assert words.count("Matching card: all you may see") == 2
    assert words.count("not on a matching card") == 10
    for hidden in (HIDDEN, "House of Alice", "Other House", "Alice", "Rita", str(flagged.secret.pk)):
        assert hidden not in html
    for sentence in (
        "They share 2 of the 2 themes that either lists.",
        "All 2 parties of the one with fewer take part in both.",
        "Both are still running, side by side, with no end known.",
        "Same conflict.",
        "Same type.",
    ):
        assert sentence in words


def test_comparison_shows_the_full_card_where_it_may_be_read(flagged: World, cora: Client) -> None:
    flagged.secret.visibility = "circle"
    flagged.secret.save()
    words = text(page(cora.get(address(flag_of(flagged)))))
    assert HIDDEN in words
    assert "House of Alice" in words
    assert "Other House" not in words
    assert "Full card: seen by the circle" in words
    assert words.count("not on a matching card") == 5


def test_titles_are_shown_for_the_public_record(flagged: World, cora: Client) -> None:
    card = public_card(flagged, "Third")
    compare_everything()
    flag = OverlapFlag.objects.touching([card.pk]).touching([flagged.secret.pk]).get()
    html = page(cora.get(address(flag)))
    assert "The Third talks" in html
    assert "Secret Heron" in html
    assert 'value="complementary"' in html
    assert 'value="harmful"' not in html
    assert "living organisations are not judged here" in html


def test_comparison_leads_to_the_pairs_around_it(flagged: World, cora: Client) -> None:
    public_card(flagged, "Third")
    compare_everything()
    seen, path = [], address(OverlapFlag.objects.order_by("-points", "id").first())
    for number in (1, 2, 3):
        html = page(cora.get(path))
        assert f"<span>{number} of 3</span>" in html
        seen.append(path)
        following = re.search(r'rel="next"[^>]* href="([^"]+)"', html)
        path = following[1] if following else ""
    assert len(set(seen)) == 3
    assert not path
    assert f'href="{seen[1]}"' in page(cora.get(seen[2]))


def test_assessing(flagged: World, cora: Client) -> None:
    flag = flag_of(flagged)
    data = {"assessment": "complementary", "note": "One trains, one talks.", "version": flag.version}
    response = cora.post(address(flag, "assess"), data, follow=True)
    assert "Assessment saved." in page(response)
    flag.refresh_from_db()
    assert (flag.state, flag.assessment, flag.note) == ("assessed", "complementary", data["note"])
    assert (flag.decided_by, flag.harms) == (flagged.cora, [])
    assert "Complementary" in text(page(cora.get(QUEUE)))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"assessment": "", "note": "x"}, "This field is required"),
        ({"assessment": "splendid", "note": "x"}, "Select a valid choice"),
        ({"assessment": "harmful", "note": "x"}, "Name at least one harm."),
        ({"assessment": "neutral", "note": "x" * 501}, "at most 500"),
    ],
)
def test_a_refused_assessment_says_why_and_keeps_what_was_typed(
    flagged: World, cora: Client, data: dict[str, str], said: str
) -> None:
    flag = flag_of(flagged)
    html = page(cora.post(address(flag, "assess"), data | {"version": flag.version}), 422)
    assert said in html
    assert data["note"] in html
    flag.refresh_from_db()
    assert flag.state == FlagState.NEW


def test_who_was_overtaken_is_told_and_can_send_again(flagged: World, cora: Client) -> None:
    flag = flag_of(flagged)
    data = {"assessment": "neutral", "note": "Mine", "version": flag.version}
    cora.post(address(flag, "assess"), data)
    html = page(cora.post(address(flag, "assess"), data | {"note": "Late"}), 409)
    assert "Somebody else has changed this since you opened it." in html
    assert "Late" in html
    version = re.search(r'name="version" value="(\d+)" id="assess_version"', html)
    assert version
    assert (
        cora.post(address(flag, "assess"), data | {"note": "Late", "version": version[1]}).status_code == 302
    )
    flag.refresh_from_db()
    assert flag.note == "Late"


def test_dismissing_and_undoing_it(flagged: World, cora: Client) -> None:
    flag = flag_of(flagged)
    data = {
        "reason": "other",
        "words": "Years apart in practice.",
        "review_on": "2099-01-01",
        "version": flag.version,
    }
    words = text(page(cora.post(address(flag, "dismiss"), data, follow=True)))
    assert "Years apart in practice." in words
    assert "Look again on 1 January 2099." in words
    assert "Secret Heron" not in page(cora.get(QUEUE))
    assert "Secret Heron" in page(cora.get(QUEUE, {"state": "dismissed"}))
    flag.refresh_from_db()
    cora.post(address(flag, "reopen"), {"version": flag.version})
    flag.refresh_from_db()
    assert flag.state == FlagState.NEW


def test_another_reason_asks_for_words(flagged: World, cora: Client) -> None:
    flag = flag_of(flagged)
    response = cora.post(address(flag, "dismiss"), {"reason": "other", "version": flag.version})
    assert "Say the reason in a sentence." in page(response, 422)


def test_linking_and_ending_the_link(flagged: World, cora: Client) -> None:
    flag = flag_of(flagged)
    data = {"mechanism": "sequencing", "depth": "coordinate", "note": "Alternate months"}
    words = text(page(cora.post(address(flag, "link"), data, follow=True)))
    assert "The two are linked." in words
    assert "Alternate months" in words
    assert "Coordinated" in text(page(cora.get(QUEUE)).split('<ol class="rows">')[1])
    assert "arranged between the two already" in page(cora.post(address(flag, "link"), data), 422)
    link = CoordinationLink.objects.get()
    response = cora.post(f"/links/{link.pk}/end/", {"version": link.version}, follow=True)
    assert response.redirect_chain == [(address(flag), 302)]
    assert "The arrangement has ended." in page(response)
    assert 'tag ok"' not in page(cora.get(QUEUE)).split('<ol class="rows">')[1].split("</ol>")[0]


def test_only_those_who_see_a_link_can_end_it(flagged: World, cora: Client) -> None:
    flag = flag_of(flagged)
    cora.post(address(flag, "link"), {"mechanism": "sequencing", "depth": "aware"})
    link = CoordinationLink.objects.get()
    for user in (flagged.alice, flagged.rita, flagged.sam, flagged.stella):
        assert signed_in(user).post(f"/links/{link.pk}/end/", {"version": 1}).status_code == 404
    link.refresh_from_db()
    assert link.ended_at is None


def test_a_dismissal_that_no_longer_holds_is_shown_as_history(flagged: World, cora: Client) -> None:
    old = flag_of(flagged)
    cora.post(address(old, "dismiss"), {"reason": "past", "version": old.version})
    flagged.secret.track_type = "t1_5"
    flagged.secret.save()
    compare_everything()
    new = flag_of(flagged)
    assert new.pk != old.pk
    assert "Both are over." in text(page(cora.get(address(new))))
    html = page(cora.get(address(old)))
    assert "Go to the pair as it stands now" in html
    assert "Save assessment" not in html
    assert address(new) in html


@pytest.mark.parametrize("language", ["en", "fr", "ar"])
def test_pages_stand_in_every_language(flagged: World, language: str) -> None:
    flagged.cora.language = language
    flagged.cora.save()
    client = signed_in(flagged.cora)
    for path in (QUEUE, address(flag_of(flagged)), "/import/"):
        html = page(client.get(path))
        assert f'lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"' in html


def test_pages_stay_small(flagged: World, cora: Client) -> None:
    for path in (QUEUE, address(flag_of(flagged))):
        assert len(cora.get(path).content) < 100_000


@pytest.mark.parametrize(("links", "expected"), [(1, 25), (3, 25)])
def test_comparison_takes_as_many_queries_for_three_links_as_for_one(
    flagged: World, cora: Client, links: int, expected: int, django_assert_num_queries: Any
) -> None:
    flag = flag_of(flagged)
    for mechanism in ("sequencing", "network", "pause")[:links]:
        make_link(flag, mechanism)
    cora.get(address(flag))
    with django_assert_num_queries(expected):
        page(cora.get(address(flag)))


def make_link(flag: OverlapFlag, mechanism: str) -> CoordinationLink:
    return CoordinationLink.objects.create(
        first_id=flag.first_id, second_id=flag.second_id, mechanism=mechanism
    )
