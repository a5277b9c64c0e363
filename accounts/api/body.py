"""Reading what a client sends: JSON that PostgreSQL can store, and queries without surprises."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.parsers import BaseParser

from accounts.api.refusals import TooLarge

LIMIT_BYTES = 5 * 1024 * 1024
DEPTH = 12


class Body(BaseParser):
    """A JSON body, always UTF-8, of bounded size and depth, without what no text column can hold."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        raw = stream.read(LIMIT_BYTES + 1)
        if len(raw) > LIMIT_BYTES:
            raise TooLarge
        try:
            data = json.loads(raw.decode("utf-8"), parse_constant=_no_constant, parse_float=_finite)
        except UnicodeDecodeError as error:
            raise ParseError(_("The body is not UTF-8.")) from error
        except RecursionError as error:
            raise ParseError(_("The JSON is nested too deeply.")) from error
        except ValueError as error:
            raise ParseError(_("The body is not JSON: %(problem)s") % {"problem": error}) from error
        for pointer, text in _texts(data):
            if not storable(text):
                raise ValidationError({pointer: [_("A text cannot hold a NUL or half a character.")]})
        return data


def storable(text: str) -> bool:
    """PostgreSQL stores neither NUL nor half a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _no_constant(name: str) -> Any:
    raise ValueError(_("%(name)s is not a JSON number") % {"name": name})


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_constant(text)


def _texts(data: Any) -> Iterator[tuple[str, str]]:
    """Every text in the data with the place where it stands; walks without recursion."""
    waiting: list[tuple[str, int, Any]] = [("", 0, data)]
    while waiting:
        where, depth, value = waiting.pop()
        if depth > DEPTH:
            raise ParseError(_("The JSON is nested too deeply."))
        if isinstance(value, str):
            yield where.lstrip("/"), value
        elif isinstance(value, dict):
            for name, inner in value.items():
                yield where.lstrip("/"), name
                waiting.append((f"{where}/{name}" if storable(name) else where, depth + 1, inner))
        elif isinstance(value, list):
            waiting.extend((f"{where}/{index}", depth + 1, inner) for index, inner in enumerate(value))
