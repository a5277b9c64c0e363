"""Files that people send stay in memory, whatever their size and number."""

from __future__ import annotations

import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.test import RequestFactory

BOUNDARY = "between"


def sent(*files: bytes) -> Any:
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file{number}"; filename="a.csv"\r\n'
        f"Content-Type: text/csv\r\n\r\n".encode()
        + content
        + b"\r\n"
        for number, content in enumerate(files)
    ]
    body = b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    return RequestFactory().post("/import/", data=body, content_type=kind)


@pytest.fixture
def no_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_file_arrives_whole(settings: Any, no_disk: Path) -> None:
    settings.IMPORT_LIMIT_BYTES = 300_000
    content = bytes(range(256)) * 1000
    file = sent(content, b"").FILES["file0"]
    assert (file.read(), file.size, file.name, file.content_type) == (
        content,
        len(content),
        "a.csv",
        "text/csv",
    )


@pytest.mark.parametrize("size", [1001, 64 * 1024, 200_000])
def test_of_what_is_too_large_one_byte_more_than_the_limit_is_kept(
    settings: Any, no_disk: Path, size: int
) -> None:
    """Enough for a form to see that it is too large; and no file is written, however large the body."""
    settings.IMPORT_LIMIT_BYTES = settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    file = sent(b"x" * size).FILES["file0"]
    assert isinstance(file.file, BytesIO)
    assert file.size == len(file.read()) == 1001
    assert list(no_disk.iterdir()) == []


def test_several_files_share_the_limit(settings: Any) -> None:
    settings.IMPORT_LIMIT_BYTES = 1000
    files = sent(b"x" * 800, b"y" * 800, b"z" * 800).FILES
    assert [files[f"file{number}"].size for number in range(3)] == [800, 201, 0]
