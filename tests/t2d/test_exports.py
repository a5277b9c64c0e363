"""Every list as a file: the same rows as the API answers, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.api import export
from accounts.api.export import FORMATS, FORMULA, LONGEST_CELL, neutral
from conftest import World
from t2d.api import router
from tests import factories as make
from tests.clients import client_of, pointers
from tests.record import make_body, make_outcome, make_participation, make_person, make_rating, make_tie
from transfer.enums import TravelPermission

V1 = "/api/v1/"
LISTS = sorted(
    name for name, view, _base in router.registry if hasattr(view, "list") and hasattr(view, "model")
)
BAD = '=HYPERLINK("http://x.example","y")'


def rows_of(response: Any) -> list[dict[str, str]]:
    assert response.status_code == 200, response.content
    rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))
    return [{name: value for name, value in row.items() if name != "exported"} for row in rows]


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("format", sorted(FORMATS))
def test_every_list_is_a_file_too(world: World, name: str, format: str) -> None:
    response = client_of(world.alice).get(f"{V1}{name}/?export={format}")

    assert (response.status_code, response["Content-Type"]) == (200, FORMATS[format][0])
    assert response["Content-Disposition"].endswith(f'.{format}"')
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("who", ["alice", "rita", "cora", "sam"])
@pytest.mark.parametrize("name", LISTS)
def test_a_file_holds_what_the_list_answers(world: World, name: str, who: str) -> None:
    make.make_deadline(world.conflict)
    make.make_flag(world.secret, world.rival)
    make.make_brief(world.secret, world.alice)
    client = client_of(getattr(world, who))
    answered = client.get(f"{V1}{name}/").json()["results"]
    written = rows_of(client.get(f"{V1}{name}/?export=csv"))

    keys = [next(key for key in ("id", "initiative") if key in row) for row in answered]
    assert [row[key] for key, row in zip(keys, written, strict=True)] == [
        row[key] for key, row in zip(keys, answered, strict=True)
    ]
    assert all(set(row) == set(other) for row, other in zip(written, answered, strict=True))


def test_filters_search_and_order_hold(world: World) -> None:
    for number in range(3):
        make.make_deadline(world.conflict, name=f"Deadline {number}", due_on=f"2027-0{number + 1}-01")
    client = client_of(world.cora)
    asked = f"{V1}deadlines/?conflict={world.conflict.pk}&due_before=2027-02-15&ordering=-due_on"
    listed = client.get(asked)
    written = client.get(f"{asked}&export=csv")
    if listed.status_code == 400:
        pytest.fail(str(listed.json()))

    assert [row["name"] for row in rows_of(written)] == [row["name"] for row in listed.json()["results"]]


def test_formulas_are_written_as_texts(world: World) -> None:
    make.make_deadline(world.conflict, name=BAD)
    client = client_of(world.cora)
    (row,) = rows_of(client.get(f"{V1}deadlines/?export=csv"))
    book = zipfile.ZipFile(io.BytesIO(client.get(f"{V1}deadlines/?export=xlsx").content))
    sheet, texts = (book.read(f"xl/{name}.xml") for name in ("worksheets/sheet1", "sharedStrings"))

    assert row["name"] == f"'{BAD}"
    assert b"<f>" not in sheet
    assert b"'=HYPERLINK" in texts
    assert "xl/externalLinks" not in " ".join(book.namelist())


@given(st.text())
def test_no_text_begins_like_a_formula(text: str) -> None:
    written = neutral(text)

    assert not written.lstrip(" ").startswith(FORMULA)
    assert written in (text, f"'{text}")


def test_numbers_stay_numbers_and_lists_are_joined() -> None:
    assert export.cell_of(-2) == -2
    assert export.cell_of(["a", "=b"]) == "a; =b"
    assert export.cell_of(["=b", "a"]) == "'=b; a"
    assert export.cell_of([{"a": "ب"}]) == '[{"a": "ب"}]'
    assert export.cell_of(None) is None


def test_arabic_and_long_texts_survive() -> None:
    rows = [{"text": "مياه"}, {"text": "x" * (LONGEST_CELL + 9)}]
    response = export.as_file("csv", "texts", ["text"], rows)

    assert [len(row["text"]) for row in rows_of(response)] == [4, LONGEST_CELL + 9]
    assert response.content.startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize("asked", ["", "pdf", "CSV", "csv,xlsx"])
def test_another_format_is_refused_by_name(world: World, asked: str) -> None:
    response = client_of(world.alice).get(f"{V1}initiatives/?export={asked}")

    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == "/export"


def test_too_many_rows_are_said_and_not_cut(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.api.resource.MOST_ROWS", 1)
    make.make_deadline(world.conflict, name="one")
    make.make_deadline(world.conflict, name="two")
    response = client_of(world.cora).get(f"{V1}deadlines/?export=csv")

    assert response.status_code == 400
    assert "narrow" in response.json()["errors"][0]["detail"]


def test_pages_may_ask_with_their_session(world: World, client: Any) -> None:
    """The link on a page is followed by the browser, which has no token."""
    client.force_login(world.alice)

    assert client.get(f"{V1}initiatives/?export=csv&why=copy").status_code == 200
    client.logout()
    assert client.get(f"{V1}initiatives/?export=csv&why=copy").status_code == 401


def test_every_row_says_who_took_it_out_and_when(world: World) -> None:
    make.make_deadline(world.conflict, name="one")
    text = client_of(world.cora).get(f"{V1}deadlines/?export=csv").content.decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text))

    assert re.fullmatch(r"Cora, \d{4}-\d\d-\d\d \d\d:\d\d UTC", row["exported"])


@pytest.mark.parametrize("permission", TravelPermission.values)
def test_what_stays_in_the_room_is_in_no_file(world: World, permission: str) -> None:
    make_outcome(world.secret, world.alice, travel_permission=permission, statement="Heard", evidence="Seen")
    client = client_of(world.alice)
    book = zipfile.ZipFile(io.BytesIO(client.get(f"{V1}outcomes/?export=xlsx").content)).read(
        "xl/sharedStrings.xml"
    )
    (row,) = rows_of(client.get(f"{V1}outcomes/?export=csv"))

    stays = permission in {TravelPermission.NONE, TravelPermission.TEAM}
    assert (row["statement"], row["evidence"]) == (("", "") if stays else ("Heard", "Seen"))
    assert (b"Heard" in book) is not stays
    assert row["travel_permission"] == permission


@pytest.mark.parametrize(
    ("why", "code"), [("", "unknown_reason"), ("curiosity", "unknown_reason"), ("report", "")]
)
def test_a_person_says_for_what_a_program_need_not(world: World, why: str, code: str) -> None:
    person = Client()
    person.force_login(world.alice)
    path = f"{V1}sessions/?export=csv{f'&why={why}' if why else ''}"
    answers = person.get(path), client_of(world.alice).get(path)

    assert answers[0].status_code == (400 if code else 200)
    assert answers[1].status_code == (400 if why == "curiosity" else 200)
    if code:
        assert pointers(answers[0]) == {"/why": code}


def test_what_a_team_notes_of_people_is_in_no_file(world: World) -> None:
    said = "Vallhund, cousin of the minister"
    part = make_participation(world.secret, make_person(world.house), note=said)
    make_tie(part.person, make_body(world.conflict), note=said)
    make.make_retention(
        world.secret, world.alice, held_at=timezone.now(), held_by=world.alice, hold_reason=said
    )
    make.make_assent(make.make_rules(world.secret, world.alice), world.alice, who=said)
    make.make_link(
        world.secret, make.make_initiative(world.conflict, world.house, lead=world.alice), note=said
    )
    client = client_of(world.alice)
    for name in (
        "participations",
        "official-links",
        "retentions",
        "ground-rules-assents",
        "coordination-links",
    ):
        assert said in client.get(f"{V1}{name}/").content.decode()
        assert said not in client.get(f"{V1}{name}/?export=csv").content.decode("utf-8-sig")
        counted = client.get(f"{V1}{name}/?preview=yes").json()
        assert (counted["rows"], counted["left_out"], counted["without_texts"]) == (1, {}, {"": 1})


def test_of_what_somebody_is_in_danger_is_in_no_file(world: World) -> None:
    part = make_participation(world.secret)
    for criterion in ("language", "security_exposure", "legal_exposure"):
        make_rating(part, world.alice, criterion=criterion)
    client = client_of(world.alice)
    assert len(client.get(f"{V1}selection-ratings/").json()["results"]) == 3
    rows = rows_of(client.get(f"{V1}selection-ratings/?export=csv"))
    assert [row["criterion"] for row in rows] == ["language"]


def test_of_two_briefs_both_leave_whole(world: World) -> None:
    other = make.make_initiative(world.conflict, world.house, lead=world.alice)
    for card in (world.secret, other):
        make.make_brief(card, world.alice)
    counted = client_of(world.alice).get(f"{V1}briefs/?preview=yes").json()
    assert (counted["rows"], counted["left_out"], counted["without_texts"]) == (2, {}, {})
