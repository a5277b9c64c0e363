"""A statement on a confidential table while nobody acts is loud in Python, and yields nothing in PostgreSQL.

Proved, as a web process that is logged in as the application: for every confidential table and every kind of
statement, through models and as plain SQL; in autocommit, in callbacks on commit, in streamed bodies, in the
operator's shell, after an exception and on a new connection. Migrations, savepoints and what merely sounds alike
pass. Each of the two is shown with the other one out of the way.
Not proved: that the guard sees a table behind a view or a function. It looks at names; row security does not.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, models, transaction
from django.test import Client
from psycopg.errors import InsufficientPrivilege, NotNullViolation

from accounts.models import Organisation
from confidentiality.actor import actor, current
from confidentiality.guard import NoActor, table_in
from confidentiality.wall import walled_models
from conftest import World
from initiatives.models import Brief, Initiative
from tests import factories as make
from tests.logins import WEB, WORKER, logged_in_as
from tests.security.conftest import Secrets

WALLED = sorted(walled_models(), key=lambda model: model._meta.label)
STATEMENTS = {
    "select": 'SELECT * FROM "{}"',
    "insert": 'INSERT INTO "{}" DEFAULT VALUES',
    "update": 'UPDATE "{}" SET "{}" = "{}"',
    "delete": 'DELETE FROM "{}"',
    "join": 'SELECT 1 FROM accounts_user, "{}"',
    "in lower and upper case, without quotes": "sELECT count(*) fROM {}",
}


def statement(kind: str, model: type[models.Model]) -> str:
    key = model._meta.pk.column
    return STATEMENTS[kind].format(model._meta.db_table, key, key)


@pytest.fixture
def nobody(transactional_db: None, secrets: Secrets) -> Any:
    """A world with a row in every confidential table, and a web process in which nobody acts."""
    with logged_in_as(WEB):
        yield secrets


# --- Every table, every statement -----------------------------------------------------------------------------


def test_plain_sql_raises_for_every_table(nobody: Secrets) -> None:
    for model in WALLED:
        for kind in STATEMENTS:
            with pytest.raises(NoActor) as raised, transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement(kind, model))

            assert str(raised.value) == model._meta.db_table


def test_models_raise_for_every_table(nobody: Secrets) -> None:
    records = {type(record): record for record in nobody.hidden}
    for model in WALLED:
        rows = model._default_manager.all()
        key = model._meta.pk.name
        acts = [
            rows.count, rows.exists, rows.first, rows.delete, lambda rows=rows: list(rows.iterator()),
            lambda rows=rows: list(rows.values_list("pk")), lambda rows=rows, key=key: rows.update(**{key: None}),
            lambda model=model: model._default_manager.bulk_create([records[model]]),
            lambda rows=rows: list(rows.raw(f'SELECT * FROM "{rows.model._meta.db_table}"')),
            records[model].save, records[model].delete, records[model].refresh_from_db,
        ]  # fmt: skip
        for act in acts:
            with pytest.raises(NoActor):
                act()


def test_past_the_guard_the_database_yields_nothing(nobody: Secrets) -> None:
    """By the driver itself, as if the guard were not there."""
    connection.ensure_connection()
    driver: Any = connection.connection
    for model in WALLED:
        reached = {kind: past_the_guard(driver, statement(kind, model)) for kind in STATEMENTS}

        assert set(reached.values()) <= {0, "refused"}, model._meta.label


def test_there_is_something_to_be_reached(transactional_db: None, secrets: Secrets) -> None:
    """The control of what is above: as the owner, whom the tests are otherwise."""
    assert [model._meta.label for model in WALLED if not model._default_manager.exists()] == []


def past_the_guard(driver: Any, sql: str) -> int | str:
    """How many rows a statement reaches."""
    try:
        with driver.transaction(), driver.cursor() as cursor:
            cursor.execute(sql)
            found = cursor.fetchall() if cursor.description else [(cursor.rowcount,)]
    except (InsufficientPrivilege, NotNullViolation):
        return "refused"
    return int(found[0][0]) if len(found) == 1 and isinstance(found[0][0], int) else len(found)


# --- Where nobody acts ----------------------------------------------------------------------------------------


def test_in_autocommit_and_in_a_transaction_of_ones_own(nobody: Secrets) -> None:
    with pytest.raises(NoActor):
        Brief.objects.count()
    with pytest.raises(NoActor), transaction.atomic():
        Brief.objects.count()

    assert current() == ""


def test_before_and_after_somebody_acted(nobody: Secrets, world: World) -> None:
    with actor(world.alice):
        assert Brief.objects.count() == 1
    with pytest.raises(NoActor):
        Brief.objects.count()
    with pytest.raises(ZeroDivisionError), actor(world.alice):
        assert 1 / (Brief.objects.count() - 1)
    with pytest.raises(NoActor):
        Brief.objects.count()
    with actor(world.alice), pytest.raises(NoActor), actor(None):
        Brief.objects.count()


def test_on_a_new_connection(nobody: Secrets) -> None:
    for _time in range(2):
        connection.close()
        with pytest.raises(NoActor):
            Brief.objects.count()


def test_in_a_callback_on_commit_unless_it_acts_anew(nobody: Secrets, world: World) -> None:
    heard: list[Any] = []

    def bare() -> None:
        try:
            heard.append(Brief.objects.count())
        except NoActor as raised:
            heard.append(str(raised))

    def acting() -> None:
        with actor(world.alice):
            heard.append(Brief.objects.count())

    with actor(world.alice):
        transaction.on_commit(bare)
        transaction.on_commit(acting)

    assert heard == ["initiatives_brief", 1]


@pytest.mark.parametrize(
    ("how", "answer"),
    [("commits", "nobody acts"), ("streams-as-nobody", "nobody acts"), ("streams", "Tea at the weir\n")],
)
def test_in_a_request_whose_transaction_is_over(
    transactional_db: None, world: World, settings: Any, how: str, answer: str
) -> None:
    settings.ROOT_URLCONF = "tests.security.strange"
    make.make_brief(world.secret, world.alice)
    client = Client()
    client.force_login(world.alice)
    with logged_in_as(WEB):
        response = client.get(f"/strange/{world.secret.pk}/{how}/")
        body = b"".join(response.streaming_content) if response.streaming else response.content

    assert body.decode() == answer


def test_in_the_operators_shell(transactional_db: None, world: World, capsys: Any) -> None:
    lines = "from initiatives.models import Initiative\nprint(Initiative.objects.count())"
    with logged_in_as(WORKER), pytest.raises(NoActor, match="initiatives_initiative"):
        call_command("shell", command=lines, verbosity=0)

    assert capsys.readouterr().out == ""


# --- What passes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 FROM accounts_user",
        "SELECT user_of_token('initiative')",
        "SAVEPOINT s1",
        "SELECT nextval('coordination_outboxentry_id_seq')",
        'SELECT "initiatives_initiatives", my_initiatives_brief FROM initiatives_briefing',
    ],
)
def test_what_merely_sounds_alike_passes(sql: str) -> None:
    assert table_in(sql) == ""


def test_open_tables_and_savepoints_pass_without_anybody(nobody: Secrets) -> None:
    with transaction.atomic():
        with transaction.atomic():
            made = Organisation.objects.create(name="Open")
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            Organisation.objects.create(name=str(1 / 0))

    assert Organisation.objects.get(name="Open") == made


def test_migrations_and_flush_pass(transactional_db: None, world: World) -> None:
    """As a deployment's process that knows the owner's login: nothing acts there but the owner."""
    with logged_in_as(WEB):
        call_command("migrate", verbosity=0)
        call_command("migrate", "initiatives", plan=True, verbosity=0)
        call_command("check", databases=["default"], verbosity=0)
        with pytest.raises(NoActor):
            Initiative.objects.count()
        call_command("flush", interactive=False, verbosity=0)

    assert Initiative.objects.count() == 0
