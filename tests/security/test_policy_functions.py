"""Functions of the database that look behind the wall answer nobody whom their caller is not: each is called as an
outsider with the ids of what is hidden. A function that comes new has no row here, and fails until it gets one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from psycopg import errors

from accounts.models import User
from confidentiality.actor import APPLICATION_ROLE, actor
from confidentiality.records import Record
from conftest import World
from initiatives.models import PurgeRequest
from tests import factories as make
from tests.security.conftest import Secrets

pytestmark = pytest.mark.django_db
OUTSIDERS = ("rita", "harry", "sam", "stella")
REFUSED = "refused"

Arguments = Callable[[World, Secrets], tuple[Any, ...]]


def of(*kinds: str) -> Arguments:
    """The ids of hidden records, by kind."""
    return lambda world, secrets: tuple(secrets.records[kind].pk for kind in kinds)


# What each is asked with, and what an outsider may get: rows that hold nothing, or a refusal.
NOTHING: tuple[Any, ...] = ([], [(False,)], [(None,)], REFUSED)
ASKED: dict[str, Arguments] = {
    "asks_for": lambda world, secrets: (world.alice.pk,),
    "locked_families": lambda world, secrets: (world.alice.pk, 90),
    "convened_cards": lambda world, secrets: (world.alice.pk, 90),
    "leaves": lambda world, secrets: (secrets.records["member"].pk, "lead", secrets.records["member"].began_at, None),
    "may_found": of("initiative"),
    "circle_declarations": of("conflict"),
    "circle_organisations": of("conflict"),
    "token_holder_ids": of("initiative"),
    "purge_is_called": lambda world, secrets: (secrets.records["purge"].pk, world.secret.codename),
    "purge_asker_leads": of("purge"),
    "purge_has_begun": lambda world, secrets: (
        make.make_tombstone(world.alice, world.bob, purged_id=world.secret.pk).purged_id,
    ),
    "end_accesses": lambda world, secrets: (world.alice.pk, world.house.pk),
    "admit_lead": of("member"),
    "unlink_ties": of("person"),
    "open_in_emergency": lambda world, secrets: (uuid4(),),
    "may_take_part": of("initiative", "person"),
    "may_register": lambda world, secrets: (secrets.records["person"].pk, world.house.pk),
    "may_identify": lambda world, secrets: (secrets.records["person"].pk, world.house.pk),
    "append_audit": lambda world, secrets: (str(world.alice.pk), "forged", _event(world.secret)),
    "acknowledge_transfer": lambda world, secrets: (
        secrets.records["transfer"].pk, uuid4(), secrets.records["transfer"].sent_on, b"", b"",
    ),
}  # fmt: skip
# Which tell nothing of anybody, or do what is everybody's to ask for.
HARMLESS = {
    "actor_id": "who acts",
    "audit_part": "a length and a text",
    "user_of_token": "asked by who holds the token",
    "forget_drafts": "what somebody left unfinished, within a minute of a recovery",
    "enqueue": "that something is to be compared, by whoever saved it",
    "exchange_party": "changes a party for its twin, for a coordinator's move; tests/initiatives/test_reference.py",
}


def _event(record: Record) -> str:
    return f'[{{"stream": "{record.pk}", "action": "open", "records": [], "facts": ""}}]'


def asked_with_arguments() -> set[str]:
    """Every function of the policy's role that the application may call with arguments."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname FROM pg_proc WHERE proowner = 't2d_policy'::regrole AND pronargs > 0"
            " AND prorettype <> 'trigger'::regtype AND has_function_privilege(%s, oid, 'EXECUTE')",
            [APPLICATION_ROLE],
        )
        return {name for (name,) in cursor.fetchall()}


def answer(user: User, name: str, arguments: tuple[Any, ...]) -> Any:
    """What the database answers somebody, past the guard. Nothing of it stays."""
    places = ", ".join(["%s"] * len(arguments))
    if name == "leaves":
        places = "%s, %s, %s, %s::timestamptz"
    if name == "append_audit":
        places = "%s, %s, %s::jsonb"
    with transaction.atomic(), actor(user):
        try:
            with transaction.atomic(), connection.connection.cursor() as cursor:
                cursor.execute(f"SELECT * FROM {name}({places})", arguments)
                return cursor.fetchall()
        except errors.InsufficientPrivilege:
            return REFUSED
        finally:
            transaction.set_rollback(True)


def test_every_function_has_a_row() -> None:
    assert asked_with_arguments() == {*ASKED, *HARMLESS} - {"actor_id"}


@pytest.mark.parametrize("outsider", OUTSIDERS)
@pytest.mark.parametrize("name", sorted(ASKED))
def test_an_outsider_learns_nothing_and_changes_nothing(
    world: World, secrets: Secrets, name: str, outsider: str
) -> None:
    user = getattr(world, outsider)
    if name in ("circle_declarations", "circle_organisations"):
        # Rita has a team on that conflict: who would read her card is hers to know.
        if outsider == "rita":
            return
        make.make_declaration(make.make_organisation(), world.conflict)
    found = answer(user, name, ASKED[name](world, secrets))
    assert found in NOTHING or not any(any(row) for row in found), found


def test_whose_it_is_is_answered(world: World, secrets: Secrets) -> None:
    """Or the rows above could be empty for everybody."""
    alice, purge = world.alice, secrets.records["purge"]
    for name, arguments in (
        ("asks_for", (alice.pk,)),
        ("locked_families", (alice.pk, 90)),
        ("convened_cards", (alice.pk, 90)),
        ("token_holder_ids", (world.secret.pk,)),
        ("purge_asker_leads", (purge.pk,)),
        ("purge_has_begun", ASKED["purge_has_begun"](world, secrets)),
    ):
        assert answer(alice, name, arguments) not in NOTHING, name


def test_an_organisation_that_nobody_vetted_reads_no_card(world: World) -> None:
    make.make_declaration(make.make_organisation("Not vetted yet", vetted=False), world.conflict)
    vetted = make.make_organisation("Vetted by now")
    make.make_declaration(vetted, world.conflict)
    found = answer(world.alice, "circle_organisations", (world.conflict.pk,))
    assert found == [(vetted.pk,)]


def test_who_asked_for_a_purge_and_leads_no_more_is_known_as_such(world: World, secrets: Secrets) -> None:
    purge: PurgeRequest = secrets.records["purge"]
    world.secret.members.filter(user=world.alice).update(role="facilitator")
    assert answer(world.bob, "purge_asker_leads", (purge.pk,)) == [(False,)]
    world.secret.members.filter(user=world.alice).update(role="lead")
    assert answer(world.bob, "purge_asker_leads", (purge.pk,)) == [(True,)]
