"""The import page: preview first, then all or nothing, for coordinators alone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from conftest import World
from coordination.models import OutboxEntry
from initiatives.forms import importing
from initiatives.models import Initiative
from initiatives.services.importing import COLUMNS

PAGE = "/import/"
ROW = {
    "ref": "R1",
    "title": "Lakeside talks",
    "conflict": "Invented dispute",
    "countries": "XA",
    "convener": "Lakeside Institute",
    "track_type": "t2_soft",
    "start": "1999",
    "end": "2001-06",
    "sides": "North;South",
    "themes": "ceasefire;elections",
    "objective": "Meetings of teachers",
    "source": "A book",
    "confidence": "high",
}


def register(*changes: dict[str, str]) -> bytes:
    lines = [",".join(COLUMNS)]
    for change in changes:
        lines.append(",".join((ROW | change).get(column, "") for column in COLUMNS))
    return "\n".join(lines).encode()


def upload(client: Client, content: bytes) -> Any:
    return client.post(PAGE, {"file": SimpleUploadedFile("register.csv", content)})


@pytest.fixture
def cora(world: World) -> Client:
    client = Client()
    client.force_login(world.cora)
    return client


def test_preview_writes_nothing_and_the_import_writes_what_was_shown(cora: Client) -> None:
    before = Initiative.objects.count()
    response = upload(
        cora, register({"countries": "CY"}, {"ref": "R2", "title": "Hill talks", "countries": "CY"})
    )
    html = re.sub(r"\s+", " ", response.content.decode())
    assert response.status_code == 200
    assert "2 rows" in html
    assert "<dt>New cards</dt><dd>2</dd>" in html
    assert "<dt>New parties</dt><dd>2</dd>" in html
    assert Initiative.objects.count() == before
    packed = re.search(r'name="register" value="([^"]+)"', html)
    assert packed
    response = cora.post(PAGE, {"register": packed[1]}, follow=True)
    assert "Imported. New: 2, changed: 0, the same as before: 0." in response.content.decode()
    assert set(Initiative.objects.filter(public_record=True).values_list("title", flat=True)) == {
        "Lakeside talks",
        "Hill talks",
    }
    assert OutboxEntry.objects.count() == 2
    again = upload(cora, register({"countries": "CY"})).content.decode()
    assert "There is nothing to change." in again
    assert "<dt>Cards that stay as they are</dt><dd>1</dd>" in again


def test_bad_rows_are_named_and_nothing_is_offered(cora: Client) -> None:
    response = upload(
        cora, register({"countries": "CY", "start": "1999-13"}, {"ref": "R2", "track_type": "t9"})
    )
    html = response.content.decode()
    assert response.status_code == 422
    assert "This file cannot be imported yet" in html
    for word in ("start", "1999-13", "track_type", "t9"):
        assert word in html
    assert 'name="register"' not in html


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "Choose a file."),
        ({"register": "nonsense"}, "The file got lost on the way."),
        ({"register": importing.packed(b"x" * 200)[:-8]}, "The file got lost on the way."),
        ({"file": SimpleUploadedFile("empty.csv", b"")}, "The submitted file is empty."),
    ],
)
def test_what_is_no_register_is_refused(cora: Client, data: dict[str, Any], said: str) -> None:
    response = cora.post(PAGE, data)
    assert response.status_code == 422
    assert said in response.content.decode()


def test_a_small_page_cannot_unpack_to_a_large_file() -> None:
    assert importing.unpacked(importing.packed(b"x" * 1000), 1000) == b"x" * 1000
    with pytest.raises(ValueError, match="too large"):
        importing.unpacked(importing.packed(b"x" * 1001), 1000)


def test_too_large_a_file_is_refused(cora: Client, settings: Any) -> None:
    settings.IMPORT_LIMIT_BYTES = 10
    response = upload(cora, register({}))
    assert response.status_code == 422
    assert "The file is larger than" in response.content.decode()


def test_progress_is_shown_to_whoever_imports(world: World, cora: Client) -> None:
    cache.set(f"import:{world.cora.pk}", {"stage": "written", "done": 500, "total": 2000}, 10)
    for query in ({}, {"part": "progress"}):
        html = cora.get(PAGE, query).content.decode()
        assert "row 500 of 2000" in html
        assert 'max="2000" value="500"' in html


@pytest.mark.parametrize("name", ["alice", "stella", "sam"])
def test_without_a_mandate_there_is_no_import(world: World, name: str) -> None:
    client = Client()
    client.force_login(getattr(world, name))
    assert client.get(PAGE).status_code == 404
    assert upload(client, register({})).status_code == 404
    assert not Initiative.objects.filter(public_record=True).exists()
