"""Sessions from a spreadsheet: read, looked at, imported all or nothing, and not twice."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from confidentiality.policy import Forbidden, Hidden
from conftest import World
from initiatives.models import Session
from initiatives.services.importing.records import MOST_ROWS, TableReport
from initiatives.services.importing.sessions import import_sessions

GOOD = {"date": "2024-05-06", "format": "workshop", "purpose": "Read the gauges together"}


def table(*rows: dict[str, str], separator: str = ",") -> bytes:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, delimiter=separator)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def imported(world: World, data: bytes, **how: Any) -> TableReport:
    return import_sessions(by=world.alice, initiative=world.secret, lines=io.BytesIO(data), **how)


def problems(report: TableReport) -> list[tuple[int, str]]:
    return [(problem.row, problem.column) for problem in [*report.rejected, *report.doubts]]


def test_a_row_becomes_a_session_with_everything_it_says(world: World) -> None:
    row = {
        "Date": "2024-05",
        "until": "2024-06",
        "format": "workshop",
        "status": "held",
        "rule": "on_record",
        "present: Upstream": "4",
        "present: no side": "2",
        "purpose": "=SUM(A1) gauges",
        "next_step": "A map",
        "themes": "ceasefire elections",
        "country": "CH",
        "place": "By the lake",
        "notes": "First line\nsecond line",
        "product_made": "Yes",
        "incidents": "",
        "embargo_until": "2024-09-01",
    }
    for separator in ",;":
        Session.objects.all().delete()
        report = imported(world, table(row, separator=separator))
        assert (report.rejected, report.doubts, report.made) == ([], [], [2])
        session = Session.objects.get()
        assert (str(session.began_on), session.began_precision, str(session.ended_on)) == (
            "2024-05-01", "month", "2024-06-01",
        )  # fmt: skip
        assert session.present == {"": 2, str(world.up.pk): 4}
        assert session.purpose == "=SUM(A1) gauges"  # a text is a text; files neutralise it on the way out
        assert session.notes == "First line\nsecond line"
        assert session.embargo_until == date(2024, 9, 1)
        assert (session.agenda_themes, session.product_made) == (["ceasefire", "elections"], True)
        assert session.revisions.count() == 1


def test_looking_writes_nothing(world: World) -> None:
    report = imported(world, table(GOOD), dry_run=True)
    assert (report.made, report.done, Session.objects.count()) == ([2], False, 0)


def test_the_same_file_again_adds_nothing(world: World) -> None:
    """Two alike in one file are two; what is deleted is no longer there."""
    data = table(GOOD, GOOD, {**GOOD, "purpose": "Another"})
    assert imported(world, data).made == [2, 3, 4]
    again = imported(world, data)
    assert (again.made, again.known, Session.objects.count()) == ([], [2, 3, 4], 3)


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ({"date": "6 May 2024"}, "date"),
        ({"date": "1066"}, "date"),
        ({"until": "2023-01-01"}, "until"),
        ({"format": "party"}, "format"),
        ({"rule": "secret"}, "rule"),
        ({"present: Upstream": "many"}, "present: upstream"),
        ({"present: Upstream": "-1"}, "present: upstream"),
        ({"themes": "ceasefire football"}, "themes"),
        ({"country": "Switzerland"}, "country"),
        ({"product_made": "perhaps"}, "product_made"),
        ({"embargo_until": "2024-09"}, "embargo_until"),
        ({"purpose": "x" * 501}, "purpose"),
        ({"purpose": "a\x00b"}, "purpose"),
        ({"purpose": "a\u202eb"}, "purpose"),
        ({"rule": "no_notes", "notes": "Written all the same"}, "notes"),
    ],
)
def test_one_bad_row_and_nothing_is_written(world: World, row: dict[str, str], column: str) -> None:
    report = imported(world, table(dict.fromkeys(row, "") | GOOD, {**GOOD, **row}))
    assert problems(report) == [(3, column)]
    assert not report.done
    assert not Session.objects.exists()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "The file is empty"),
        (b"date\n2024-01-01\n", "Expected columns"),
        (b"date,format,colour\n2024-01-01,workshop,blue\n", "There is no such column"),
        (b"date,format,date\n2024-01-01,workshop,2024-01-02\n", "there twice"),
        (b"date,format\n2024-01-01\n", "Expected 2 cells"),
        ("date,format,purpose\n2024-01-01,workshop,caf\xe9\n".encode("cp1252"), "not UTF-8"),
        ("date,format\n".encode("utf-16"), "UTF-16"),
        (table(*[GOOD] * (MOST_ROWS + 1)), "At most 500 rows"),
        (b"date,format\n" + b"x" * (5 * 2**20), "larger than 5 MB"),
    ],
)
def test_what_is_no_table_is_refused_with_a_reason(world: World, data: bytes, said: str) -> None:
    (problem, *_rest) = imported(world, data).rejected
    assert said in problem.problem


def test_what_is_unlikely_passes_with_a_reason_which_is_kept(world: World) -> None:
    data = table({**GOOD, "date": "2100-05-06", "status": "held"})
    asked = imported(world, data)
    assert (len(asked.doubts), asked.done, Session.objects.count()) == (1, False, 0)
    assert imported(world, data, override_reason="The calendar of the sheet is odd").done
    assert Session.objects.get().revisions.get().kept["reason"] == "The calendar of the sheet is odd"


def test_only_who_logs_imports(world: World) -> None:
    world.secret.members.filter(user=world.bob).update(role="observer")
    for user, refusal in ((world.bob, Forbidden), (world.rita, Hidden)):
        with pytest.raises(refusal):
            import_sessions(by=user, initiative=world.secret, lines=io.BytesIO(table(GOOD)))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.one_of(
        st.binary(max_size=300), st.text(max_size=300).map(lambda text: f"date,format\n{text}".encode())
    )
)
def test_no_file_makes_it_fall(world: World, data: bytes) -> None:
    report = imported(world, data, dry_run=True)
    assert report.rejected or report.doubts or report.made or not report.known


def test_a_row_costs_as_much_as_any_other(world: World) -> None:
    imported(world, table({**GOOD, "purpose": "What is asked once for all rows"}))
    counts = []
    for number in (1, 3, 5):
        rows = [{**GOOD, "purpose": f"{number} {row}"} for row in range(number)]
        with CaptureQueriesContext(connection) as queries:
            imported(world, table(*rows))
        counts.append(len(queries))
    assert counts[2] - counts[1] == counts[1] - counts[0]


# --- The page -------------------------------------------------------------------------------------------------


def page_of(world: World, user: Any) -> tuple[Client, str]:
    client = Client()
    client.force_login(user)
    return client, f"/initiatives/{world.secret.pk}/sessions/import/"


def test_a_file_is_looked_at_and_then_imported(world: World) -> None:
    client, page = page_of(world, world.alice)
    assert "needed" in client.get(page).content.decode()
    shown = client.post(page, {"file": SimpleUploadedFile("a.csv", table(GOOD, GOOD))})
    assert (shown.status_code, shown.context["new"], Session.objects.count()) == (200, 2, 0)
    done = client.post(page, {"register": shown.context["register"]}, follow=True)
    assert Session.objects.count() == 2
    assert "Imported. New: 2, there already: 0." in done.content.decode()


def test_a_doubt_is_asked_about_on_the_page(world: World) -> None:
    client, page = page_of(world, world.alice)
    data = table({**GOOD, "date": "2100-05-06", "status": "held"})
    shown = client.post(page, {"file": SimpleUploadedFile("a.csv", data)})
    assert "Is this right?" in shown.content.decode()
    register = shown.context["register"]
    again = client.post(page, {"register": register})
    assert (again.status_code, "Say why" in again.content.decode()) == (422, True)
    done = client.post(page, {"register": register, "override_reason": "It is so"})
    assert (done.status_code, Session.objects.count()) == (302, 1)


def test_an_empty_table_can_be_had_and_is_read_again(world: World) -> None:
    client, page = page_of(world, world.alice)
    empty = client.get(page, {"part": "empty"}).content
    report = imported(world, empty)
    assert (report.rejected, report.made) == ([], [])


def test_problems_stand_on_the_page(world: World) -> None:
    client, page = page_of(world, world.alice)
    shown = client.post(page, {"file": SimpleUploadedFile("a.csv", table({**GOOD, "format": "party"}))})
    text = shown.content.decode()
    assert shown.status_code == 422
    assert "Expected one of" in text
    assert "“party”" in text
