"""Lists of the record as files: offered on their pages, filtered as the pages are, without what stays in the room."""

from __future__ import annotations

import csv
import html
import io
import re
import zipfile
from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse

from accounts.services import create_token
from confidentiality.actor import actor
from confidentiality.codes import Rule
from confidentiality.models import AuditEvent
from conftest import World
from initiatives.services import delete_session
from initiatives.views.files import LEFT_OUT, NAMED
from tests import factories as make
from tests.clients import client_of, client_with
from tests.record import (
    make_attendance,
    make_body,
    make_liaison,
    make_outcome,
    make_participation,
    make_person,
    make_record,
    make_session,
    make_step,
    make_tie,
    make_transfer,
)
from transfer.services import delete_outcome

V1 = "/api/v1/"
EXPANDING_QUERIES = 15


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def previews_on(answer: Any) -> list[str]:
    """Where the lists of a page lead to that are to be had as files."""
    assert answer.status_code == 200
    return [html.unescape(found) for found in re.findall(r'href="(/files/[^"]*)"', answer.content.decode())]


def links_on(answer: Any) -> list[str]:
    """Addresses of the files that a page leads to, past the preview, once it was said for what."""
    client = answer.client
    found = []
    for preview in previews_on(answer):
        page = client.get(preview).content.decode()
        for address, form in re.findall(
            r'<form class="files[^>]*action="(/api/v1/[^"]*)">(.*?)</form>', page, re.DOTALL
        ):
            found += links_of(address, html.unescape(form))
    return found


def links_of(address: str, form: str) -> list[str]:
    held = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form)
    assert 'name="why" required' in form
    formats = re.findall(r'name="export" value="([a-z]+)"', form)
    return [f"{address}?{urlencode([*held, ('why', 'team'), ('export', format)])}" for format in formats]


def rows_of(client: Any, address: str) -> list[dict[str, str]]:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


Address = Callable[[World, Any], str]
PAGES: dict[str, Address] = {
    "sessions": lambda world, body: reverse("initiatives:sessions", args=[world.secret.pk]),
    "people": lambda world, body: reverse("participants:people"),
    "participations": lambda world, body: reverse("participants:initiative_people", args=[world.secret.pk]),
    "official-bodies": lambda world, body: reverse("participants:bodies") + f"?conflict={world.conflict.pk}",
    "official-links": lambda world, body: reverse("participants:body", args=[body.pk]),
    "outcomes": lambda world, body: reverse("transfer:outcomes", args=[world.secret.pk]),
    "transfers": lambda world, body: reverse("transfer:transfers", args=[world.secret.pk]),
    "received-transfers": lambda world, body: reverse("transfer:received"),
}


@pytest.mark.parametrize("name", sorted(PAGES))
def test_every_list_page_of_the_record_offers_its_list_as_files(world: World, name: str) -> None:
    body = make_body(world.conflict)
    made = make_record(world.secret, world.alice, body)
    make_liaison(official := make.make_user("Lina"), body)
    make_session(world.rival, world.rita)
    client = signed_in(official if name == "received-transfers" else world.alice)
    answer = client.get(PAGES[name](world, body))
    links = links_on(answer)

    assert [link.rsplit("=", 1)[1] for link in links] == ["csv", "xlsx"]
    assert all(link.startswith(f"{V1}{name}/?") for link in links)
    (preview,) = previews_on(answer)
    assert str(LEFT_OUT[name]).replace("'", "&#x27;") in client.get(preview).content.decode()
    (row,) = rows_of(client, links[0])
    assert row["id"] in {str(record.pk) for record in (*made.values(), body)}
    assert client.get(links[1]).status_code == 200


def test_every_sentence_belongs_to_a_page() -> None:
    assert set(LEFT_OUT) == set(NAMED) == {*PAGES, "audit-events"}


def test_the_preview_is_there_for_whoever_takes_pages_alone(world: World) -> None:
    signed = signed_in(world.alice)
    assert signed.get("/files/sessions/", headers={"Accept": "text/html"}).status_code == 200


def test_a_file_is_filtered_as_its_page_is(world: World) -> None:
    sent, kept = make_outcome(world.secret, world.alice), make_outcome(world.secret, world.alice)
    make_transfer(sent, world.alice, make_body(world.conflict))
    client = signed_in(world.alice)
    page = reverse("transfer:outcomes", args=[world.secret.pk])

    for asked, outcome in (("yes", sent), ("no", kept)):
        links = links_on(client.get(page, {"travelled": asked, "kind": "collective"}))
        assert [row["id"] for row in rows_of(client, links[0])] == [str(outcome.pk)]


def test_people_are_filtered_by_initiative_and_side_and_never_by_words_in_an_address(world: World) -> None:
    one = make_person(world.house, party=world.up)
    make_participation(world.secret, one)
    make_participation(world.secret, make_person(world.house, party=world.down))
    client = signed_in(world.alice)
    page = reverse("participants:people")
    asked = {"initiative": world.secret.pk, "side": world.up.pk}
    links = links_on(client.get(page, asked))
    searched = client.post(page, {"q": one.pseudonym})

    assert [row["id"] for row in rows_of(client, links[0])] == [str(one.pk)]
    assert all("andpiper" not in link for link in links_on(searched))
    told = "without the words you searched for"
    assert told in client.get(previews_on(searched)[0]).content.decode()
    assert told not in client.get(previews_on(client.get(page))[0]).content.decode()


@pytest.mark.parametrize("name", sorted(PAGES))
def test_who_has_no_list_is_offered_no_file_of_it(world: World, name: str) -> None:
    body = make_body(world.conflict)
    make_record(world.secret, world.alice, body)
    answer = signed_in(world.stella).get(PAGES[name](world, body))

    assert answer.status_code == 404 or name == "official-bodies" or links_on(answer) == []


@pytest.mark.parametrize("rule", Rule.values)
def test_a_file_of_sessions_holds_what_the_rule_of_each_lets_out(world: World, rule: str) -> None:
    session = make_session(
        world.secret, world.alice, rule=rule, notes="Said", place="A hall", incidents="None"
    )
    make_attendance(session, make_participation(world.secret))
    client = client_of(world.alice)
    rows = rows_of(client, f"{V1}sessions/?export=csv")
    came = rows_of(client, f"{V1}attendances/?export=csv")
    texts = [
        tuple(row[name] for name in ("purpose", "next_step", "notes", "place", "incidents")) for row in rows
    ]

    whole, facts = [("Gauges", "A map", "Said", "A hall", "None")], [("",) * 5]
    assert (
        texts
        == {
            "on_record": whole,
            "chatham_house": whole,
            "non_attributed_summary": whole,
            "agreed_text_only": facts,
            "no_notes": facts,
            "participants_only": [],
        }[rule]
    )
    assert len(came) == (1 if rule == "on_record" else 0)
    assert len(client.get(f"{V1}sessions/").json()["results"]) == 1


def test_a_file_is_not_expanded(world: World) -> None:
    """Or a list of transfers would bring the texts of outcomes that stay in the room."""
    make_record(world.secret, world.alice, make_body(world.conflict))
    client = client_of(world.alice)
    for asked in (
        "transfers/?expand=outcome",
        "uptake-steps/?expand=transfer",
        "attendances/?expand=session",
    ):
        answer = client.get(f"{V1}{asked}&export=csv")
        assert answer.status_code == 400
        assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [
            ("/expand", "not_in_a_file")
        ]


def test_sessions_participations_and_bodies_are_inlined_where_they_are_named(world: World) -> None:
    body = make_body(world.conflict, "Ministry of Gauges")
    made = make_record(world.secret, world.alice, body)
    outcome: Any = made["outcome"]
    outcome.participation, outcome.kind, outcome.content_kind = (
        made["participation"],
        "individual",
        "attitude_change",
    )
    outcome.save()
    client = client_of(world.alice)

    def first(asked: str) -> dict[str, Any]:
        return client.get(f"{V1}{asked}").json()["results"][0]

    row = first("outcomes/?expand=session,participation")
    assert row["session"]["purpose"] == "Heard purpose"
    assert row["participation"]["person"] == str(made["person"].pk)
    row = first("transfers/?expand=body,carrier,track")
    assert row["body"]["name"] == "Ministry of Gauges"
    assert row["carrier"]["id"] == str(made["participation"].pk)
    assert row["track"] is None
    row = first("attendances/?expand=session,participation")
    assert (row["session"]["id"], row["participation"]["id"]) == (
        str(made["session"].pk),
        str(made["participation"].pk),
    )


@pytest.mark.parametrize("number", [1, 3])
def test_three_rows_are_expanded_with_as_many_queries_as_one(
    world: World, number: int, django_assert_num_queries: Any
) -> None:
    for _ in range(number):
        session = make_session(world.secret, world.alice)
        outcome = make_outcome(
            world.secret,
            world.alice,
            session=session,
            kind="individual",
            content_kind="attitude_change",
            participation=make_participation(world.secret),
        )
        make_transfer(outcome, world.alice, make_body(world.conflict))
    client = client_of(world.alice)
    with django_assert_num_queries(EXPANDING_QUERIES):
        rows = client.get(f"{V1}outcomes/?expand=session,participation").json()["results"]

    assert len(rows) == number


def test_the_preview_says_what_leaves_and_why_not_the_rest(world: World) -> None:
    for rule in ("chatham_house", "no_notes", "participants_only", "participants_only"):
        make_session(world.secret, world.alice, rule=rule, notes="" if rule == "no_notes" else "Said")
    client = signed_in(world.alice)
    page = client.get(f"/files/sessions/?initiative={world.secret.pk}").content.decode()
    counted = client_of(world.alice).get(f"{V1}sessions/?preview=yes").json()
    taken = rows_of(client_of(world.alice), f"{V1}sessions/?export=csv")

    assert "2 rows stay" in page
    assert "1 row leaves with less" in page
    assert (counted["rows"], counted["left_out"], counted["without_texts"]) == (
        2,
        {"participants_only": 2},
        {"no_notes": 1},
    )
    assert [row["id"] for row in counted["first"]] == [row["id"] for row in taken]
    assert "Said" in page


def previewed(world: World, name: str) -> tuple[dict[str, Any], str]:
    """What the API counts of a list, and the page that says it; both as the ledger does."""
    counted = client_of(world.alice).get(f"{V1}{name}/?preview=yes").json()
    page = signed_in(world.alice).get(f"/files/{name}/?initiative={world.secret.pk}").content.decode()
    return counted, html.unescape(page)


@pytest.mark.parametrize("what", ["participants_only", "agreed_text_only", "embargo", "permission", "people"])
def test_why_an_outcome_stays_is_said_as_it_is(world: World, what: str) -> None:
    rule = what if what in Rule.values else "on_record"
    until = date(2199, 1, 2) if what == "embargo" else None
    whose = {"kind": "individual", "content_kind": "attitude_change", "party": world.up}
    make_outcome(
        world.secret,
        world.alice,
        session=None
        if what == "people"
        else make_session(world.secret, world.alice, rule=rule, embargo_until=until),
        travel_permission="none" if what == "permission" else "public",
        **(whose if what == "people" else {}),
    )
    counted, page = previewed(world, "outcomes")

    stays, less = ({what: 1}, {}) if what == "participants_only" else ({}, {what: 1})
    assert (counted["left_out"], counted["without_texts"]) == (stays, less)
    said = {
        "participants_only": "Participants only",
        "agreed_text_only": "Agreed text only",
        "embargo": "the embargo of the session",
        "permission": "the group did not agree that it travels, or not yet",
        "people": "who it was: only of a session on the record does a file say so",
    }
    assert [code for code, words in said.items() if f"<p>{words}</p>" in page] == [what]


@pytest.mark.parametrize("what", ["no_notes", "embargo", "permission", "people", "link"])
def test_why_a_transfer_stays_is_said_as_it_is(world: World, what: str) -> None:
    until = date(2199, 1, 2) if what == "embargo" else None
    rule = {"no_notes": "no_notes", "people": "chatham_house"}.get(what, "on_record")
    session = make_session(world.secret, world.alice, rule=rule, embargo_until=until)
    outcome = make_outcome(
        world.secret, world.alice, session=session,
        travel_permission="officials" if what == "permission" else "public",
    )  # fmt: skip
    body, part = make_body(world.conflict), make_participation(world.secret)
    transfer = make_transfer(
        outcome, world.alice, None if what == "permission" else body, carrier=part, note="Phoned",
        link=make_tie(part.person, body), channel="publication" if what == "permission" else "private_memo",
    )  # fmt: skip
    make_step(transfer, world.alice, note="Arrived")
    counted, page = previewed(world, "transfers")
    steps = client_of(world.alice).get(f"{V1}uptake-steps/?preview=yes").json()

    less = what in ("people", "link")
    assert (counted["left_out"], counted["without_texts"]) == (({}, {what: 1}) if less else ({what: 1}, {}))
    stay = ({}, {"people": 1} if what == "people" else {}) if less else ({what: 1}, {})
    assert (steps["left_out"], steps["without_texts"]) == stay
    said = {
        "no_notes": "No notes",
        "embargo": "the embargo of the session",
        "permission": "what it carried may not travel that way",
        "people": "who it was: only of a session on the record does a file say so",
        "link": "by whose tie it went: no file says so",
    }
    assert [code for code, words in said.items() if f"<p>{words}</p>" in page] == [what]


def test_what_was_deleted_leaves_in_no_file(world: World) -> None:
    session = make_session(world.secret, world.alice, rule="on_record", notes="Said by mistake")
    make_attendance(session, make_participation(world.secret))
    outcome = make_outcome(world.secret, world.alice, statement="Made by mistake")
    delete_session(by=world.alice, session=session, reason="Entered by mistake")
    delete_outcome(by=world.alice, outcome=outcome, reason="Entered by mistake")
    client = client_of(world.alice)

    for asked in ("sessions/?", "attendances/?", "outcomes/?deleted=true&"):
        assert rows_of(client, f"{V1}{asked}export=csv") == []
        assert client.get(f"{V1}{asked}preview=yes").json()["left_out"] == {"deleted": 1}
    assert "<p>it was deleted</p>" in previewed(world, "sessions")[1]
    # The team reads it on, to bring it back.
    assert len(client.get(f"{V1}sessions/").json()["results"]) == 1


def test_the_ledger_says_by_what_it_was_kept(world: World) -> None:
    for until in (None, date(2199, 1, 2)):
        make_session(world.secret, world.alice, rule="on_record", embargo_until=until)
    make_session(world.secret, world.alice, rule="participants_only")
    client = signed_in(world.alice)
    client.get(f"{V1}sessions/?export=csv&why=team")
    page = client.get(reverse("initiatives:audit", args=[world.secret.pk])).content.decode()

    assert "CSV with 2 rows; kept inside: 1 rows, and something of 1" in page
    assert "Participants only: 1" in page
    assert "the embargo of the session: 1" in page


@pytest.mark.parametrize(
    "asked", ["sessions/?nonsense=1", "sessions/?initiative=no", "nothing/", "webhooks/"]
)
def test_no_preview_of_what_is_no_list(world: World, asked: str) -> None:
    assert signed_in(world.alice).get(f"/files/{asked}").status_code == 404


def test_the_preview_of_a_stranger_counts_nothing_of_others(world: World) -> None:
    make_session(world.secret, world.alice, notes="Canary")
    page = signed_in(world.rita).get(f"/files/sessions/?initiative={world.secret.pk}").content.decode()
    assert "No row of this list may leave in a file." in page
    assert "Canary" not in page


def test_who_takes_the_audit_out_stands_in_it(world: World) -> None:
    client = signed_in(world.alice)
    client.get(reverse("initiatives:brief", args=[world.secret.pk]))
    make_session(world.secret, world.alice)
    client.get(reverse("initiatives:sessions", args=[world.secret.pk]))
    answer = client.get(f"{V1}audit-events/?export=csv&why=copy")
    assert answer.status_code == 200
    with actor(world.alice):
        events = AuditEvent.objects.visible_to(world.alice).filter(stream=world.secret.pk, action="export")
        assert [event.actor for event in events] == [str(world.alice.pk)]


def with_names(world: World) -> dict[str, Any]:
    """Texts that leave and hold a name, written down before anybody knew of the person."""
    session = make_session(world.secret, world.alice, rule=Rule.CHATHAM_HOUSE, purpose="Hear Zuhra Nassar")
    outcome = make_outcome(
        world.secret, world.alice, session=session, travel_permission="officials", statement="Nassar agrees"
    )
    office = make_body(world.conflict, "Ministry of Water")
    sent = make_transfer(outcome, world.alice, office, message="To the Ministry of Water: Nassar agrees")
    brief = make.make_brief(world.secret, world.alice, objective="Bring Nassar")
    part = make_participation(world.secret, make_person(world.house, "Zuhra Nassar"))
    make_tie(part.person, office)
    return {
        "sessions": session.pk,
        "outcomes": outcome.pk,
        "transfers": sent.pk,
        "briefs": brief.initiative_id,
    }


def test_every_list_with_texts_says_which_of_them_hold_names(world: World) -> None:
    made = with_names(world)
    for name, pk in made.items():
        counted = client_of(world.alice).get(f"{V1}{name}/", {"preview": "yes"}).json()
        words = ["zuhra nassar"] if name == "sessions" else ["nassar"]
        # The office that gets a message may be named in it.
        assert (counted["named"], counted["unsearched"]) == ([{"id": str(pk), "words": words}], 0)
    page = signed_in(world.alice).get("/files/transfers/").content.decode()
    assert "Names on record in texts that leave" in page
    assert reverse("transfer:transfer", args=[made["transfers"]]) in page


def test_who_opens_nobody_is_told_that_nobody_looked(world: World) -> None:
    with_names(world)
    ruth = make.make_member_of(world.house, "Ruth")
    make.make_member(world.secret, ruth, "rapporteur")
    told = "Nobody has looked through these texts for names of people"
    for name in ("sessions", "outcomes", "transfers", "briefs"):
        counted = client_of(ruth).get(f"{V1}{name}/", {"preview": "yes"}).json()
        assert (
            [one["words"] for one in counted["named"] if one["words"] != ["ministry of water"]],
            counted["unsearched"],
        ) == ([], 1)
        if name in NAMED:
            assert told in signed_in(ruth).get(f"/files/{name}/").content.decode()
            assert told not in signed_in(world.alice).get(f"/files/{name}/").content.decode()
    with actor(world.alice):
        _token, plain = create_token(by=world.alice, scope="read", kinds=["sessions"])
    counted = client_with(plain).get(f"{V1}sessions/", {"preview": "yes"}).json()
    assert (counted["named"], counted["unsearched"]) == ([], 1)


def test_everything_shows_the_names_in_each_list_before_it_is_taken(world: World) -> None:
    made = with_names(world)
    page = signed_in(world.alice).get(reverse("initiatives:everything", args=[world.secret.pk]))
    named = {name: [words for _href, words in places] for name, places in page.context["named"]}
    assert named == {
        "Brief": ["nassar"], "Sessions": ["zuhra nassar"], "Outcomes": ["nassar"], "Transfers": ["nassar"],
    }  # fmt: skip
    body = page.content.decode()
    for address in ("initiatives:session", "transfer:outcome", "transfer:transfer", "initiatives:brief"):
        kind = {"session": "sessions", "outcome": "outcomes", "transfer": "transfers", "brief": "briefs"}
        assert reverse(address, args=[made[kind[address.partition(":")[2]]]]) in body
    assert body.index("Names on record in texts that leave") < body.index('name="why"')


def test_a_list_that_no_file_holds_says_what_to_do(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.api.resource.MOST_ROWS", 2)
    for _ in range(3):
        make_session(world.secret, world.alice)
    client = signed_in(world.alice)
    page = client.get(f"/files/sessions/?initiative={world.secret.pk}")
    assert page.status_code == 200
    assert "More than 2 rows: narrow the filters." in page.content.decode()
    assert "take it out part by part" in page.content.decode()
    everything = reverse("initiatives:everything", args=[world.secret.pk])
    for answer in (client.get(everything), client.post(everything, {"why": "hand_over"})):
        assert "Sessions: More than 2 rows" in answer.content.decode()


def test_everything_takes_a_long_audit_in_parts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(7):
        make.make_event(world.secret, world.alice)
    monkeypatch.setattr("accounts.api.resource.MOST_ROWS", 5)
    client = signed_in(world.alice)
    page = reverse("initiatives:everything", args=[world.secret.pk])
    shown = client.get(page)
    assert [part.name for part in shown.context["parts"] if part.code == "audit-events"] == [
        "Audit 1",
        "Audit 2",
    ]
    taken = client.post(page, {"why": "hand_over"})
    with zipfile.ZipFile(io.BytesIO(taken.content)) as archive:
        names = [name for name in archive.namelist() if name.startswith("audit")]
        rows = [
            row
            for name in names
            for row in csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig")))
        ]
    assert names == ["audit-events-1.csv", "audit-events-2.csv"]
    positions = sorted(int(row["position"]) for row in rows)
    assert positions == list(range(1, len(rows) + 1))
    assert len(rows) > 7
