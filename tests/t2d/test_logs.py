"""A log tells where something went wrong, and repeats nothing that was typed.

Shown for exceptions of the database, of Django, of a task and of a web server, each with a word in it that must not
come out. That a whole site writes none either is shown by tests/security/test_canary.py.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Any

import pytest
from celery.app.trace import LOG_FAILURE
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, OperationalError, connection
from django.utils.log import AdminEmailHandler
from gunicorn.glogging import SafeAtoms

from accounts.models import Organisation
from confidentiality.guard import NoActor
from conftest import World
from initiatives.models import Initiative
from t2d.logs import Discreet, make_discreet

WORD = "Harbour of Tern"


def written(message: Any, *arguments: Any, error: BaseException | None = None) -> str:
    """The line or lines of a record, as the settings lay them out."""
    caught = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("a", logging.ERROR, "a.py", 1, message, arguments, caught)
    record.exc_text = f"formatted by somebody else: {WORD}"
    return Discreet("%(levelname)s %(message)s").format(record)


def caught(act: Callable[[], Any]) -> BaseException:
    try:
        act()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


def from_another() -> None:
    try:
        raise KeyError(WORD)
    except KeyError as error:
        raise ValueError(f"no {WORD}") from error


def test_a_traceback_names_class_and_place_of_all_that_led_to_it() -> None:
    told = written("Internal Server Error: %s", "/brief/", error=caught(from_another))

    assert WORD not in told
    assert told.startswith("ERROR Internal Server Error: /brief/\n")
    assert told.index("builtins.KeyError") < told.index("builtins.ValueError")
    assert "in from_another" in told


@pytest.mark.parametrize(
    "error",
    [ValidationError(WORD), UnicodeDecodeError("utf-8", WORD.encode(), 0, 1, WORD), AssertionError(WORD)],
)
def test_messages_are_left_out(error: Exception) -> None:
    assert WORD not in written("It failed", error=error) + written("It failed: %s", error) + written(error)
    assert type(error).__name__ in written(error)


@pytest.mark.django_db
def test_the_database_repeats_a_row_and_the_log_does_not() -> None:
    """Its own message does: the proof that there is something to be left out."""
    Organisation.objects.create(name=WORD)
    error = caught(lambda: Organisation.objects.create(name=WORD.upper()))
    told = written("Internal Server Error", error=error)

    assert isinstance(error, IntegrityError)
    assert WORD.lower() in str(error)
    assert WORD.lower() not in told.lower()
    assert "organisation_name_once" in told


@pytest.mark.django_db
def test_of_a_confidential_row_the_database_itself_says_nothing(world: World) -> None:
    """PostgreSQL leaves the row out where row security is on."""
    card = Initiative.objects.filter(pk=world.secret.pk)
    card.update(public_line=WORD)
    error = caught(lambda: card.update(title="Not public record"))

    assert "only_public_record_has_title" in str(error)
    assert WORD not in str(error)


@pytest.mark.django_db
def test_a_value_of_the_wrong_type_is_not_repeated() -> None:
    with connection.cursor() as cursor:
        error = caught(lambda: cursor.execute("SELECT CAST(%s AS int)", [WORD]))

    assert isinstance(error, DataError)
    assert WORD in str(error)
    assert WORD not in written("It failed", error=error)


@pytest.mark.parametrize("error", [OperationalError("could not connect"), NoActor("accounts_accesstoken")])
def test_what_whoever_runs_the_site_must_know_is_told(error: Exception) -> None:
    assert str(error) in written("It failed", error=error)


def test_a_failed_task_tells_its_name_and_the_class() -> None:
    context = {"name": "compare", "id": "7", "description": "raised", "exc": f"ValueError('{WORD}')"}
    record = logging.LogRecord("celery", logging.ERROR, "a.py", 1, LOG_FAILURE, (context,), None)

    assert Discreet("%(message)s").format(record).strip() == "Task compare[7] raised: ValueError"


def test_a_web_server_with_handlers_of_its_own_is_made_discreet() -> None:
    server = logging.getLogger("a web server")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s", "%Y"))
    server.addHandler(handler)
    make_discreet("a web server")
    record = logging.LogRecord(
        "a", logging.ERROR, "a.py", 1, "Error handling %s", (f"/search/?q={WORD}",), None
    )

    assert handler.format(record) == "Error handling /search/"


def test_a_line_of_the_web_server_holds_no_key_no_query_and_no_fault() -> None:
    """Also where a header that the operator wants to see did not come."""
    atoms = SafeAtoms({
        "r": f"GET /search/?q={WORD.split()[-1]} HTTP/1.1", "U": "/search/", "q": f"q={WORD}",
        "f": f"https://desk.example/initiatives/?q={WORD.split()[-1]}", "{authorization}i": f"Bearer {WORD}",
    })  # fmt: skip
    record = logging.LogRecord(
        "gunicorn.access",
        logging.INFO,
        "a.py",
        1,
        '%({x-forwarded-for}i)s "%(r)s" "%(f)s" "%(q)s"',
        (atoms,),
        None,
    )
    line = Discreet("%(message)s").format(record)
    assert line == '- "GET /search/ HTTP/1.1" "https://desk.example/initiatives/" ""'
    assert atoms["q"] == f"q={WORD}"  # Another handler gets it as it was.


def test_every_handler_of_the_settings_is_discreet_and_none_sends_mail(settings: Any) -> None:
    handlers = {name: handler.get("formatter") for name, handler in settings.LOGGING["handlers"].items()}
    kinds = {name: formatter["()"] for name, formatter in settings.LOGGING["formatters"].items()}
    live = [
        handler for handler in logging.getLogger("django").handlers if isinstance(handler, AdminEmailHandler)
    ]

    assert {kinds[formatter] for formatter in handlers.values()} == {"t2d.logs.Discreet"}
    assert live == []


@pytest.mark.parametrize(
    "address",
    [
        "/once/4nY-secret_of_a_link/",
        "/account/password/reset/key/2k-c9xyz-secret/?next=/",
        "/calendar/feed/secret-4nY_of_a_calendar.ics",
        "GET /calendar/feed/secret-4nY_of_a_calendar.ics HTTP/1.1",
        "https://desk.example/once/4nY-secret_of_a_link/",
    ],
)
def test_an_address_that_is_a_key_is_not_repeated(address: str) -> None:
    line = written("Unprocessable Entity: %s", address)
    assert "secret" not in line
    assert address[:6] in line
