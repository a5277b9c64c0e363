"""Whatever charset a request claims, it is answered, and alike everywhere: never a fault, never misread.

Asked of the application as the web server calls it: Django's own test client builds its requests past this door.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from encodings.aliases import aliases
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client, RequestFactory

from conftest import World
from t2d.charset import PROBLEM, READ, charset_of, only_utf8, without_charset

ODD = [
    "hex", "zlib", "base64", "rot13", "undefined", "punycode", "utf-7", "utf-16", "unicode_escape", "nonsense", "",
    '"', "\0", "\xe9", "x" * 5000, "utf-8\0",
]  # fmt: skip
WRITTEN = ["application/json; charset={}", "text/csv;CHARSET={}", "application/json; charset*=utf-8''{}"]
UNREADABLE = ["a/b; charset*=undefined''a", "a/b; charset*=nonsense''a", "a/b; charset*=utf-8''a%00"]
FORM = b'--b\r\nContent-Disposition: form-data; name="login"\r\n\r\nn\xc3\xa9\r\n--b--\r\n'


def ask(application: Any, path: str, content_type: str, body: bytes = b"", **more: Any) -> tuple[int, bytes]:
    """Status and body, as a web server would hear them."""
    environ = RequestFactory()._base_environ(
        PATH_INFO=path, CONTENT_TYPE=content_type, CONTENT_LENGTH=str(len(body)), **more
    ) | {"wsgi.input": io.BytesIO(body), "REQUEST_METHOD": "POST" if body else "GET"}  # fmt: skip
    heard: list[str] = []
    answer = application(environ, lambda status, headers: heard.append(status))
    return int(heard[0].split()[0]), b"".join(answer)


def never(environ: Any, start_response: Any) -> list[bytes]:
    raise AssertionError("was let through")


def odd_headers() -> list[str]:
    """Every encoding of Python's that is not ours, and nonsense, in every way of writing it."""
    known = {name.replace("_", "-") for name in aliases} | set(aliases) | set(aliases.values())
    charsets = sorted(known - READ) + ODD
    return [form.format(charset) for charset in charsets for form in WRITTEN] + UNREADABLE


@pytest.mark.parametrize("path", ["/", "/api/v1/conflicts/", "/nowhere/"])
def test_another_charset_is_refused_alike(path: str) -> None:
    door = only_utf8(never)
    answers = {ask(door, path, header, b"a=b", QUERY_STRING="a=%FF") for header in odd_headers()}

    assert answers == {(415, json.dumps(PROBLEM).encode())}


def test_no_charset_and_ours_are_let_through() -> None:
    def echo(environ: Any, start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", [])
        return [environ["CONTENT_TYPE"].encode()]

    door = only_utf8(echo)
    told = {
        "": "",
        "application/json": "application/json",
        "application/json; charset=UTF-8": "application/json",
        'text/csv; charset="utf-8"; header=present': 'text/csv; header="present"',
        "multipart/form-data; charset=ascii; boundary=x-y": 'multipart/form-data; boundary="x-y"',
    }

    assert {header: ask(door, "/", header) for header in told} == {
        header: (200, seen.encode()) for header, seen in told.items()
    }


def test_what_is_let_through_django_can_read(transactional_db: None, world: World) -> None:
    """Also with more parameters in the query than anybody sends: that is refused, and no fault."""
    application = only_utf8(WSGIHandler())
    client = Client()
    client.force_login(world.alice)
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    header = "multipart/form-data; boundary=b; charset=utf-8"
    form = ask(application, "/account/login/", header, FORM)
    query = {"QUERY_STRING": "&".join("a" * 2000), "HTTP_COOKIE": cookie}
    pages = ask(application, "/initiatives/", "application/json; charset=utf-8", **query)

    assert form[0] == 403  # Without a token against forgery.
    assert pages[0] == 400


def test_a_name_of_a_charset_is_read_as_django_reads_it() -> None:
    assert charset_of("a/b; charset=hex; charset=utf-8") == "utf-8"
    assert charset_of("a/b; boundary*=hex''61") is None
    assert without_charset("a/b; charset=hex; charset=utf-8") == "a/b"
