"""What the database itself refuses to write, whatever the code above it does: SQL sent as the application's role.

Proved: nobody changes, deletes or forges a row of somebody else's, for every confidential model there is; an
initiative is opened in nobody else's name, and the door through which its first team member enters is shut when
the transaction that opened it ends.
Not proved: that those who may write can; the tests of the services do that. And it is a wall against mistakes:
whoever can send SQL of his own can set the actor as well.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, models, transaction
from django.utils import timezone
from psycopg import errors

from accounts.models import Organisation, User
from confidentiality.actor import actor
from confidentiality.rowsecurity import kept_columns, signed_columns
from confidentiality.wall import wall_of, walled_models
from conftest import World
from initiatives import services
from initiatives.models import Conflict, Initiative, TeamMember
from tests import factories as make
from tests.logins import WEB, logged_in_as
from tests.security.conftest import Secrets

OUTSIDERS = (None, "rita", "harry", "sam", "stella", "cora")
WALLED = sorted(walled_models(), key=lambda model: model._meta.label)

# What an outsider may do all the same, by model and command, with the reason.
OPEN: dict[tuple[str, str], dict[str, str]] = {
    ("CoordinatorMandate", "INSERT"): {"stella": "stewards grant mandates"},
    ("CoordinatorMandate", "UPDATE"): {"stella": "stewards end mandates"},
    ("Letter", "DELETE"): {"stella": "stewards hand letters over"},
    ("LiaisonMandate", "INSERT"): {"stella": "stewards grant mandates"},
    ("LiaisonMandate", "UPDATE"): {"stella": "stewards end mandates"},
    # Not Harry, though it is his own organisation's word: this one is confirmed, which is a coordinator's to write.
    ("CircleDeclaration", "UPDATE"): {"cora": "coordinators confirm declarations"},
    ("OverlapFlag", "UPDATE"): {"cora": "coordinators assess what their mandate opens"},
    ("CoordinationLink", "INSERT"): {"cora": "coordinators arrange between two that overlap"},
    ("CoordinationLink", "UPDATE"): {"cora": "coordinators end what they arranged"},
}


def sent(who: Any, sql: str, values: Any = None) -> int | str:
    """How many rows a statement would write, sent as somebody: past the guard, so that the wall alone answers.

    `refused` where the wall says no, `let in` where it said yes and something else no. Nothing of it stays.
    """
    with transaction.atomic(), actor(who):
        try:
            with transaction.atomic(), connection.connection.cursor() as cursor:
                return cursor.execute(sql, values).rowcount
        except errors.InsufficientPrivilege:
            return "refused"
        except errors.IntegrityError:
            return "let in"
        finally:
            transaction.set_rollback(True)


def stored(row: models.Model) -> dict[str, Any]:
    """A row as it lies in the table, sealed texts included."""
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT * FROM "{row._meta.db_table}" WHERE id = %s', [row.pk])
        names = [column.name for column in cursor.description or ()]
        return dict(zip(names, cursor.fetchone(), strict=True))


def inserted(who: Any, table: str, values: dict[str, Any]) -> int | str:
    columns, places = ", ".join(f'"{name}"' for name in values), ", ".join(["%s"] * len(values))
    return sent(who, f'INSERT INTO "{table}" ({columns}) VALUES ({places})', list(values.values()))


# --- Rows of one's own, moved or signed with another name ------------------------------------------------------


def keys_of(row: models.Model) -> list[models.Field]:
    """Foreign keys that a user may not change in a row of this model."""
    return [
        field
        for field in row._meta.concrete_fields
        if field.column in kept_columns(type(row)) and field.is_relation
    ]


@pytest.mark.parametrize("insider", ["alice", "bob", "cora", "stella"])
def test_nobody_moves_a_row_or_signs_it_with_another_name(
    world: World, secrets: Secrets, insider: str
) -> None:
    """Every foreign key of every confidential row, pointed at somebody or something else."""
    others = {
        User: (world.rita.pk, world.alice.pk),
        Initiative: (world.rival.pk, world.secret.pk),
        Organisation: (world.other.pk, world.house.pk),
        Conflict: (world.child.pk, world.conflict.pk),
    }
    who, done = getattr(world, insider), {}
    for row in secrets.hidden:
        for field in keys_of(row):
            now = getattr(row, field.attname)
            target = next(pk for pk in others.get(field.related_model, (uuid4(),)) if pk != now)
            sql = f'UPDATE "{row._meta.db_table}" SET "{field.column}" = %s WHERE id = %s'
            done[type(row).__name__, field.column] = sent(who, sql, [target, row.pk])

    assert {key: how for key, how in done.items() if how not in (0, "refused")} == {}
    assert insider != "alice" or list(done.values()).count("refused") > 15


@pytest.mark.parametrize("insider", ["alice", "cora", "stella"])
def test_nobody_signs_with_another_name(world: World, secrets: Secrets, insider: str) -> None:
    """A new row of every kind, and every signature that may be changed, in the name of a colleague."""
    who, done = getattr(world, insider), {}
    for row in secrets.hidden:
        table = row._meta.db_table
        for column in signed_columns(type(row)):
            copy = {**stored(row), "id": _another(row.pk), column: world.bob.pk}
            changed = f'UPDATE "{table}" SET "{column}" = %s WHERE id = %s AND "{column}" IS DISTINCT FROM %s'
            done[type(row).__name__, column, "INSERT"] = inserted(who, table, copy)
            done[type(row).__name__, column, "UPDATE"] = sent(
                who, changed, [world.bob.pk, row.pk, world.bob.pk]
            )

    assert {key: how for key, how in done.items() if how not in (0, "refused")} == {}
    assert len(done) > 30


def test_who_is_named_in_a_row_signs_it_or_is_its_subject() -> None:
    """A key of a user that is no signature: of whom the row tells."""
    subjects = {
        (model.__name__, field.name)
        for model in WALLED
        for field in model._meta.concrete_fields
        if field.related_model is User and field.column not in signed_columns(model)
    }

    assert subjects == {
        ("AccessToken", "user"),
        ("CoordinatorMandate", "user"),
        ("Draft", "user"),
        ("Initiative", "successor"),
        ("LiaisonMandate", "user"),
        ("PurgeRequest", "asked_of"),
        ("SessionReader", "user"),
        ("TeamMember", "user"),
    }


def test_keys_that_may_change_are_few_and_known() -> None:
    free = {(model.__name__, column) for model in WALLED for column in wall_of(model).free}

    assert free == {
        ("CircleDeclaration", "confirmed_by_id"),
        ("EmergencyAccess", "confirmed_by_id"),
        ("Initiative", "conflict_id"),
        ("Initiative", "successor_id"),
        ("LiaisonMandate", "ended_by_id"),
        ("Outcome", "participation_id"),
        ("Outcome", "party_id"),
        ("Outcome", "repeats_id"),
        ("Outcome", "session_id"),
        ("OverlapFlag", "decided_by_id"),
        ("Person", "party_id"),
        ("PurgeRequest", "cancelled_by_id"),
        ("PurgeRequest", "confirmed_by_id"),
        ("Retention", "held_by_id"),
        ("Retention", "set_by_id"),
        ("SelectionRating", "by_id"),
        ("Session", "clock_set_by_id"),
        ("Transfer", "body_id"),
        ("Transfer", "carrier_id"),
        ("Transfer", "link_id"),
        ("Transfer", "track_id"),
    }


FORGED = [
    ("initiatives_initiative", "public_record = true, visibility = 'network'"),
    ("initiatives_initiative", "visibility = 'network'"),
    ("initiatives_teammember", "role = 'lead'"),
    ("initiatives_brief", "version = version + 1"),
]


@pytest.mark.parametrize(("table", "change"), FORGED)
def test_an_observer_changes_neither_card_nor_team_nor_brief(
    world: World, secrets: Secrets, table: str, change: str
) -> None:
    world.secret.members.filter(user=world.bob).update(role="observer")

    assert sent(world.bob, f"UPDATE {table} SET {change}") in (0, "refused")


def test_who_does_not_lead_may_only_leave(world: World) -> None:
    """Sooner than otherwise, and in no other role."""
    member = world.secret.members.get(user=world.bob)
    rises = "UPDATE initiatives_teammember SET role = 'lead', expires_at = now() + interval '59 min' WHERE id = %s"
    stays = "UPDATE initiatives_teammember SET expires_at = now() + interval '59 min' WHERE id = %s"
    began = "UPDATE initiatives_teammember SET began_at = began_at - interval '9 y', expires_at = now() WHERE id = %s"
    leaves = "UPDATE initiatives_teammember SET expires_at = now() + interval '1 min' WHERE id = %s"
    for role in ("observer", "facilitator"):
        world.secret.members.filter(pk=member.pk).update(role=role, expires_at=None)
        assert [sent(world.bob, sql, [member.pk]) for sql in (rises, began, leaves)] == [
            "refused",
            "refused",
            1,
        ]
        world.secret.members.filter(pk=member.pk).update(expires_at=timezone.now() + timedelta(minutes=2))
        assert [sent(world.bob, sql, [member.pk]) for sql in (stays, leaves)] == ["refused", 1]


def test_a_declaration_that_was_withdrawn_is_not_revived_by_a_coordinator(world: World) -> None:
    declared = make.make_declaration(world.other, world.conflict, confirmed=True)
    revives = "UPDATE initiatives_circledeclaration SET withdrawn_at = NULL WHERE id = %s"
    type(declared).objects.filter(pk=declared.pk).update(withdrawn_at=timezone.now())

    assert sent(world.cora, revives, [declared.pk]) in (0, "refused")
    assert sent(world.rita, revives, [declared.pk]) == "refused"


def test_nobody_confirms_the_declaration_of_their_own_organisation(world: World) -> None:
    declared = make.make_declaration(world.other, world.conflict, confirmed=False)
    copy = {**stored(declared), "id": uuid4(), "conflict_id": world.child.pk, "confirmed_at": timezone.now()}
    confirms = "UPDATE initiatives_circledeclaration SET confirmed_at = now() WHERE id = %s"

    assert inserted(world.rita, "initiatives_circledeclaration", copy) == "refused"
    assert sent(world.rita, confirms, [declared.pk]) == "refused"
    assert sent(world.cora, confirms, [declared.pk]) == 1


def test_a_purge_is_nobodys_alone(world: World) -> None:
    """Neither by naming somebody else as the one who asked, nor by taking a request to another initiative."""
    asked = make.make_purge_request(world.secret, world.alice)
    for change in ("asked_by_id = %s", "asked_of_id = %s"):
        assert sent(world.alice, f"UPDATE initiatives_purgerequest SET {change}", [world.bob.pk]) == "refused"
    moved = "UPDATE initiatives_purgerequest SET initiative_id = %s WHERE id = %s"
    assert sent(world.alice, moved, [world.rival.pk, asked.pk]) == "refused"
    confirms = (
        "UPDATE initiatives_purgerequest SET state = 'confirmed', confirmed_by_id = %s, confirmed_at = now(), "
        "reason = 'retention_ended', due_at = now() WHERE id = %s"
    )
    assert sent(world.bob, confirms, [world.bob.pk, asked.pk]) == "refused"


def test_a_request_to_purge_is_dated_and_cancelled_by_those_concerned(world: World) -> None:
    asked = make.make_purge_request(world.secret, world.alice)
    later = {**stored(asked), "id": uuid4(), "asked_at": timezone.now() + timedelta(days=3000)}
    cancels = (
        "UPDATE initiatives_purgerequest SET state = 'cancelled', cancelled_by_id = %s, cancelled_at = now()"
        " WHERE id = %s"
    )
    earlier = (
        "UPDATE initiatives_purgerequest SET state = 'confirmed', confirmed_by_id = %s, due_at = now() + interval"
        " '2 days', confirmed_at = now() - interval '9 days' WHERE id = %s"
    )

    assert inserted(world.alice, "initiatives_purgerequest", later) == "refused"
    assert sent(world.bob, earlier, [world.bob.pk, asked.pk]) == "refused"
    assert sent(world.bob, cancels, [world.bob.pk, asked.pk]) == 1
    world.secret.members.filter(user=world.bob).update(role="observer")
    assert sent(world.bob, cancels, [world.bob.pk, asked.pk]) in (0, "refused")


@pytest.mark.django_db(transaction=True)
def test_nobody_reads_how_far_a_counter_has_come(transactional_db: None, world: World) -> None:
    with logged_in_as(WEB):
        assert sent(world.rita, "SELECT nextval('coordination_outboxentry_id_seq')") == "refused"


def test_the_detectors_questions_are_not_the_applications(world: World) -> None:
    assert sent(world.rita, "SELECT once_compared_cards()") == "refused"


# --- Rows of others -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("outsider", OUTSIDERS)
def test_nobody_writes_rows_of_others(world: World, secrets: Secrets, outsider: str | None) -> None:
    """A changed row, a deleted one, and a copy of one under a new id; of every confidential model."""
    who = getattr(world, outsider) if outsider else None
    written = {}
    for row in secrets.hidden:
        table, copy = row._meta.db_table, {**stored(row), "id": _another(row.pk)}
        done = {
            "INSERT": inserted(who, table, copy),
            "UPDATE": sent(who, f'UPDATE "{table}" SET id = id WHERE id = %s', [row.pk]),
            "DELETE": sent(who, f'DELETE FROM "{table}" WHERE id = %s', [row.pk]),
        }
        written |= {(type(row).__name__, act): how for act, how in done.items() if how not in (0, "refused")}

    assert set(written) == {act for act, known in OPEN.items() if outsider in known}


def _another(pk: Any) -> Any:
    return uuid4() if isinstance(pk, UUID) else pk + 1_000_000


def test_there_is_a_row_of_every_model(secrets: Secrets) -> None:
    assert {type(row) for row in secrets.hidden} == set(walled_models())


def test_a_refusal_does_not_tell_a_hidden_record_from_none(world: World, secrets: Secrets) -> None:
    """A row of one's own that hangs on a hidden initiative: the foreign key must not answer before the wall does."""
    told = {}
    for row in secrets.hidden:
        naming = [field for field in row._meta.concrete_fields if field.related_model is Initiative]
        for field in naming:
            for initiative in (world.secret.pk, uuid4()):
                copy = {**stored(row), "id": _another(row.pk), field.column: initiative}
                copy |= {column: world.rita.pk for column in ("user_id", "by_id") if column in copy}
                told.setdefault((type(row).__name__, field.name), []).append(
                    inserted(world.rita, row._meta.db_table, copy)
                )

    assert told
    assert {act: how for act, how in told.items() if how != ["refused", "refused"]} == {}


# --- Opening an initiative ------------------------------------------------------------------------------------


def new_card(world: World, **values: Any) -> dict[str, Any]:
    """The card that Rita might open in the name of her organisation, as a row."""
    like = stored(world.rival)
    like.pop("founded_in")
    return {
        **like,
        "id": uuid4(),
        "created_by_id": world.rita.pk,
        "registered_by_id": world.other.pk,
        **values,
    }


def test_a_card_is_opened_in_ones_own_name(world: World) -> None:
    """The control of what is refused below."""
    assert inserted(world.rita, "initiatives_initiative", new_card(world)) == 1


@pytest.mark.parametrize(
    "forged",
    [
        lambda world: {"created_by_id": world.alice.pk},
        lambda world: {"created_by_id": None},
        lambda world: {"registered_by_id": world.house.pk},
        lambda world: {"registered_by_id": make.make_organisation("Nobody's").pk},
        lambda world: {"founded_in": 3},
        lambda world: {"founded_in": None},
        lambda world: {"public_record": True, "visibility": "network", "registered_by_id": world.house.pk},
    ],
    ids=["of another", "of nobody", "for another house", "for nobody", "long ago", "never", "as record"],
)
def test_a_card_is_not_opened_in_anothers_name(world: World, forged: Any) -> None:
    assert inserted(world.rita, "initiatives_initiative", new_card(world, **forged(world))) == "refused"


def test_a_card_is_not_opened_for_an_organisation_that_nobody_vetted(world: World) -> None:
    own = world.sam.memberships.get().organisation_id
    card = new_card(world, created_by_id=world.sam.pk, registered_by_id=own)

    assert inserted(world.sam, "initiatives_initiative", card) == "refused"


def test_nobody_else_is_put_on_the_team_of_a_card_that_is_being_opened(world: World) -> None:
    card, member = new_card(world), stored(world.rival.members.get())
    member |= {"id": uuid4(), "initiative_id": card["id"]}
    columns = ", ".join(f'"{name}"' for name in card)
    places = ", ".join(["%s"] * len(card))
    with transaction.atomic(), actor(world.rita), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO initiatives_initiative ({columns}) VALUES ({places})", list(card.values())
        )
        for user, expected in ((world.harry, "refused"), (world.alice, "refused"), (world.rita, 1)):
            row = {**member, "user_id": user.pk}
            assert inserted(world.rita, "initiatives_teammember", row) == expected


# --- In transactions of their own -----------------------------------------------------------------------------


def opened(world: World) -> Initiative:
    """An initiative of Rita's, opened as the web process does it, whose team has gone since."""
    with logged_in_as(WEB), actor(world.rita):
        card = services.open_initiative(
            by=world.rita, conflict=world.conflict, registered_by=world.other, matching="on",
            visibility="network", track_type="t2_hard", began_on=timezone.localdate(),
        )  # fmt: skip
    TeamMember.objects.filter(initiative=card).delete()
    return card


@pytest.mark.django_db(transaction=True)
def test_nobody_founds_an_initiative_again(transactional_db: None, world: World) -> None:
    """Not even its creator: neither as it is, nor after claiming that this is the transaction that made it."""
    card = opened(world)
    member = stored(world.rival.members.get()) | {"id": uuid4(), "initiative_id": card.pk}
    claim = "UPDATE initiatives_initiative SET founded_in = pg_current_xact_id()::text::bigint WHERE id = %s"
    with logged_in_as(WEB):
        tried = {}
        for who in (world.rita, world.harry, world.alice):
            row = {**member, "user_id": who.pk}
            tried[who.name] = (
                inserted(who, "initiatives_teammember", row),
                sent(who, claim, [card.pk]),
            )
            with actor(who):
                assert Initiative.objects.filter(pk=card.pk).exists(), "seen by the whole network"

    assert set(tried.values()) == {("refused", 0)}


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_failed_opens_nothing(transactional_db: None, world: World) -> None:
    """The number of a transaction that was rolled back is not given out again."""
    card = new_card(world)
    with logged_in_as(WEB):
        assert inserted(world.rita, "initiatives_initiative", card) == 1
        member = {"id": uuid4(), "initiative_id": card["id"], "user_id": world.rita.pk}
        row = {
            **member, "role": "lead", "version": 1, "began_at": timezone.now(), "created_at": timezone.now(),
            "updated_at": timezone.now(),
        }  # fmt: skip
        assert inserted(world.rita, "initiatives_teammember", row) == "refused"
