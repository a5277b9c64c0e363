"""Requests are read as UTF-8, and what claims another charset is refused before Django sees it.

Django looks the charset of a Content-Type up among all that Python can encode, `hex` and `zlib` included, and reads
the query with it while it builds the request: what comes of it escapes every middleware. Says nothing of bodies.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from email.message import Message
from typing import Any

from django.utils.http import parse_header_parameters

READ = {"utf-8", "utf8", "us-ascii", "ascii"}
STATUS = "415 Unsupported Media Type"
PROBLEM = {
    "type": "urn:t2d:problem:unsupported_media_type",
    "title": "Unsupported media type.",
    "status": 415,
    "detail": "Send UTF-8.",
}

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def only_utf8(application: Application) -> Application:
    """The same application, without requests in another charset. Pages and API refuse alike."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        kind = environ.get("CONTENT_TYPE", "")
        charset = charset_of(kind)
        if charset is None:
            return application(environ, start_response)
        if charset in READ:
            return application({**environ, "CONTENT_TYPE": without_charset(kind)}, start_response)
        return refused(start_response)

    return answer


def charset_of(content_type: str) -> str | None:
    """As the header names it; None where it names none, nonsense where it cannot be read."""
    try:
        _kind, parameters = parse_header_parameters(content_type)
    except (ValueError, LookupError):
        return ""
    charset = parameters.get("charset")
    return charset if charset is None else charset.strip().lower()


def without_charset(content_type: str) -> str:
    """All else as it is: the boundary of a form's parts, for instance."""
    header = Message()
    header["Content-Type"] = content_type
    header.del_param("charset")
    return str(header["Content-Type"])


def refused(start_response: Callable[..., Any]) -> list[bytes]:
    body = json.dumps(PROBLEM).encode()
    headers = {
        "Content-Type": "application/problem+json",
        "Content-Length": str(len(body)),
        "Cache-Control": "no-store, private",
        "X-Content-Type-Options": "nosniff",
    }
    start_response(STATUS, list(headers.items()))
    return [body]
