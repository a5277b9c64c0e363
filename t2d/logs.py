"""What is written into a log: where something went wrong, and never what somebody typed.

The message of an exception often repeats a value ("Failing row contains ...", "'...' is not a valid choice"), and a
web server's own log the query of an address. Not an audit: who looked at what is not in a log at all.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from copy import copy
from traceback import format_tb
from typing import Any

from django.db import OperationalError

# Exceptions that speak of connections, keys and roles, never of a row; whoever runs the site needs their words.
TELLING = (OperationalError, OSError)
OWN = "confidentiality."
# What stands behind the question mark of an address; and the name under which a web server hands it over alone.
ASKED = re.compile(r"(/[^\s?\"]*)\?[^\s\"]*")
QUERY = "q"
# Addresses that are keys: whoever reads them takes an account, a place in an organisation, or somebody's calendar.
SECRET = re.compile(r"(/once/|/reset/key/|/calendar/feed/)[^/]+")


class Discreet(logging.Formatter):
    """Exceptions by their class and place, without their messages; addresses without their query."""

    def format(self, record: logging.LogRecord) -> str:
        # A copy: another handler gets the record as it was, and its formatted exception is not ours to reuse.
        discreet = copy(record)
        discreet.exc_text = None
        discreet.msg = _without_words(record.msg) if isinstance(record.msg, BaseException) else record.msg
        discreet.args = _arguments(record.args)
        return super().format(discreet)

    def formatException(self, ei: Any) -> str:
        return "".join(
            f"{''.join(format_tb(error.__traceback__))}{_without_words(error)}\n" for error in _chain(ei[1])
        ).rstrip()


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and those that led to it, the first one first."""
    if error is None:
        return
    led_to_it = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    yield from _chain(led_to_it)
    yield error


def _without_words(error: BaseException) -> str:
    """Its class; of a refusal by the database which rule it was; its words where they hold no value."""
    kind = type(error)
    name = f"{kind.__module__}.{kind.__qualname__}"
    if isinstance(error, TELLING) or kind.__module__.startswith(OWN):
        return f"{name}: {error}"
    rule = [getattr(error, "sqlstate", None), getattr(getattr(error, "diag", None), "constraint_name", None)]
    told = ", ".join(str(part) for part in rule if part)
    return f"{name} ({told})" if told else name


def _arguments(given: Any) -> Any:
    if isinstance(given, dict):
        # Of its own kind: a web server's answers for headers that did not come, and an error here would be printed
        # with all that did.
        discreet = copy(given)
        discreet.update({name: _argument(value, name) for name, value in given.items()})
        return discreet
    return tuple(_argument(value) for value in given) if isinstance(given, tuple) else given


def _argument(value: Any, name: str = "") -> Any:
    """Celery hands an exception over as text, under the name `exc`."""
    if isinstance(value, BaseException):
        return _without_words(value)
    if name == "exc":
        return str(value).partition("(")[0]
    if name == QUERY:
        return ""
    if isinstance(value, str) and value.startswith("/"):
        return SECRET.sub(r"\1-", value.partition("?")[0])
    # An address with its host, or a line of a request.
    return SECRET.sub(r"\1-", ASKED.sub(r"\1", value)) if isinstance(value, str) else value


def make_discreet(*names: str) -> None:
    """Loggers with handlers of their own, which Django's settings do not reach: a web server's."""
    for handler in (handler for name in names for handler in logging.getLogger(name).handlers):
        plain = handler.formatter or logging.Formatter()
        handler.setFormatter(Discreet(plain._fmt, plain.datefmt))
