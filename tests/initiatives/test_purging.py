"""Purging an initiative: two people, a day in between, nothing left but a tombstone without content."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from django.conf import settings as django_settings
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone

from accounts.models import Membership, Organisation, User
from confidentiality import keys, vault
from confidentiality.actor import PURGE, actor
from confidentiality.keystore import KeyStore
from confidentiality.policy import Forbidden, Hidden
from confidentiality.wall import walled_models
from conftest import World
from coordination.services.outbox import enqueue
from initiatives import services
from initiatives.enums import AT_ONCE, PurgeReason, PurgeState
from initiatives.models import Conflict, Initiative, Party, PurgeRequest, TeamMember, Tombstone
from initiatives.models.content import InitiativeContent
from initiatives.tasks import destroy_returned_keys, purge_due
from tests import factories as make
from tests.logins import WORKER, logged_in_as
from tests.security.rows import made_of_every_model

AT_ONCE_REASON, LATER_REASON = "risk_to_participants", "retention_ended"
NAME = "secret  HERON"  # as people type

# Every foreign key of the database, with what happens to the row when what it refers to is deleted.
FOREIGN_KEYS = """
    SELECT conrelid::regclass::text, a.attname, confrelid::regclass::text, confdeltype::text
    FROM pg_constraint JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = conkey[1]
    WHERE contype = 'f'
"""
CARD = "initiatives_initiative"


def ask(world: World, reason: str = LATER_REASON, by: str = "alice", **more: Any) -> PurgeRequest:
    return services.ask_purge(by=getattr(world, by), initiative=world.secret, reason=reason, **more)


def confirmed(world: World, reason: str = AT_ONCE_REASON) -> PurgeRequest:
    return services.confirm_purge(by=world.bob, request=ask(world, reason), name=NAME)


def owner_of(world: World, name: str = "Olga") -> Membership:
    user = make.make_member_of(world.house, name, "owner")
    return Membership.objects.get(user=user)


def alone(world: World) -> None:
    """Alice is the only one who leads or facilitates."""
    world.secret.members.filter(user=world.bob).update(role="observer")


def fill(world: World) -> None:
    """A row in every table that can hold something of an initiative."""
    brief = make.make_brief(world.secret, world.alice, title="Tea at the weir")
    assert brief.title
    make.make_assent(make.make_rules(world.secret, world.alice), world.alice)
    make.make_draft(world.alice, initiative=world.secret)
    make.make_draft(world.bob, initiative=world.secret)
    make.make_flag(world.secret, world.rival)
    make.make_link(world.secret, world.rival)
    make.make_partner(world.secret, world.other)
    enqueue(initiative_ids=[world.secret.pk])
    made = {model for model in walled_models() if model.objects.exists()}
    known: dict[Any, list[Any]] = {model: list(model.objects.all()) for model in made}
    known |= {PurgeRequest: [], Tombstone: [], Initiative: [world.secret], User: [world.alice, world.bob]}
    known |= {Organisation: [world.house], Conflict: [world.conflict], Party: [world.up, world.down]}
    made_of_every_model(known)


def hanging() -> dict[str, set[str]]:
    """Tables whose rows go with a card, directly or through another, and the columns by which they do."""
    with connection.cursor() as cursor:
        cursor.execute(FOREIGN_KEYS)
        rows = cursor.fetchall()
    found: dict[str, set[str]] = {CARD: set()}
    while True:
        more = {
            (table, column)
            for table, column, target, on_delete in rows
            if target in found and on_delete == "c" and column not in found.get(table, set())
        }
        if not more:
            return found
        for table, column in more:
            found.setdefault(table, set()).add(column)


def rows_of(initiative_id: UUID) -> dict[str, int]:
    """By table, the rows that refer to the initiative."""
    found = {}
    with connection.cursor() as cursor:
        for table, columns in hanging().items():
            named = sorted(columns & {"initiative_id", "first_id", "second_id"}) or ["id"]
            where = " OR ".join(f"{column} = %s" for column in named)
            cursor.execute(f"SELECT count(*) FROM {table} WHERE {where}", [initiative_id] * len(named))
            (found[table],) = cursor.fetchone()
    return found


def key_names() -> list[str]:
    return KeyStore(Path(django_settings.KEY_STORE)).names()


def has_key(initiative_id: UUID) -> bool:
    return vault.configured().name_of(f"initiative:{initiative_id}") in key_names()


# --- Who may ask, who may confirm -----------------------------------------------------------------------------


def test_lead_asks_and_somebody_else_confirms(world: World) -> None:
    request = ask(world)
    assert (request.state, request.asked_by, request.due_at) == ("asked", world.alice, None)

    before = timezone.now()
    request = services.confirm_purge(by=world.bob, request=request, name="Secret Heron")

    assert (request.state, request.confirmed_by) == ("confirmed", world.bob)
    assert timedelta(0) <= request.due_at - before - timedelta(hours=24) < timedelta(minutes=1)
    assert Initiative.objects.filter(pk=world.secret.pk).exists()


@pytest.mark.parametrize("who", ["bob", "harry", "rita", "cora", "stella", "sam"])
def test_only_leads_ask(world: World, who: str) -> None:
    with pytest.raises(Forbidden if who == "bob" else Hidden):
        ask(world, by=who)


@pytest.mark.parametrize("role", ["rapporteur", "observer"])
def test_who_only_writes_or_reads_does_not_confirm(world: World, role: str) -> None:
    make.make_member(world.secret, world.harry, role)

    with pytest.raises(Forbidden):
        services.confirm_purge(by=world.harry, request=ask(world), name=NAME)


@pytest.mark.parametrize("who", ["harry", "rita", "cora", "stella", "sam"])
def test_whoever_is_not_concerned_does_not_know_of_it(world: World, who: str) -> None:
    request, user = ask(world), getattr(world, who)

    assert not PurgeRequest.objects.visible_to(user).exists()
    for act in (
        lambda: services.confirm_purge(by=user, request=request, name=NAME),
        lambda: services.cancel_purge(by=user, request=request),
    ):
        with pytest.raises(Hidden):
            act()


def test_one_person_is_not_two(world: World) -> None:
    with pytest.raises(Forbidden):
        services.confirm_purge(by=world.alice, request=ask(world), name=NAME)


def test_nor_in_the_database(world: World) -> None:
    request = ask(world)
    with pytest.raises(IntegrityError), transaction.atomic():
        PurgeRequest.objects.filter(pk=request.pk).update(
            state="confirmed", confirmed_by=world.alice, confirmed_at=timezone.now(), due_at=timezone.now()
        )


@pytest.mark.parametrize("name", ["", "Secret", "Rival Kite", "heron secret"])
def test_name_has_to_be_right(world: World, name: str) -> None:
    request = ask(world)

    with pytest.raises(ValidationError) as caught:
        services.confirm_purge(by=world.bob, request=request, name=name)

    assert list(caught.value.message_dict) == ["name"]
    assert PurgeRequest.objects.get().state == "asked"


def test_team_may_type_the_title_too(world: World) -> None:
    make.make_brief(world.secret, world.alice, title="Tea at the weir")

    request = services.confirm_purge(by=world.bob, request=ask(world), name=" tea at THE weir ")

    assert request.state == "confirmed"


def test_one_request_at_a_time(world: World) -> None:
    ask(world)

    with pytest.raises(ValidationError, match="asked for this already"):
        ask(world)


def test_what_nobody_confirms_lapses_and_can_be_asked_anew(world: World) -> None:
    request = ask(world)
    with time_machine.travel(timezone.now() + timedelta(days=15), tick=True):
        with pytest.raises(ValidationError, match="too long ago"):
            services.confirm_purge(by=world.bob, request=request, name=NAME)
        assert services.open_request(by=world.bob, initiative=world.secret) is None
        assert services.waiting_for(world.bob) == []
        again = ask(world)
    request.refresh_from_db()

    assert (request.state, again.state) == ("cancelled", "asked")


def test_who_has_gone_has_not_asked(world: World) -> None:
    make.make_member(world.secret, world.cora, "lead")
    request = ask(world)
    then = timezone.now() - timedelta(hours=1)
    world.secret.members.filter(user=world.alice).update(began_at=then - timedelta(days=1), expires_at=then)

    with pytest.raises(ValidationError, match="does not lead the team any more"):
        services.confirm_purge(by=world.bob, request=request, name=NAME)


def test_public_record_has_no_team_to_ask(world: World) -> None:
    card = make.make_initiative(world.conflict, world.house, public_record=True, visibility="network")

    with pytest.raises(Forbidden):
        services.ask_purge(by=world.alice, initiative=card, reason=LATER_REASON)


# --- An owner outside the team --------------------------------------------------------------------------------


def test_nobody_outside_is_asked_while_somebody_inside_can_confirm(world: World) -> None:
    olga = owner_of(world)

    assert services.second_persons(by=world.alice, initiative=world.secret).owners == []
    with pytest.raises(ValidationError) as caught:
        ask(world, asked_of=olga)
    assert list(caught.value.message_dict) == ["asked_of"]


def test_lead_alone_lets_one_owner_in_on_it(world: World) -> None:
    alone(world)
    olga = owner_of(world)
    oscar = owner_of(world, "Oscar")
    persons = services.second_persons(by=world.alice, initiative=world.secret)
    assert (persons.members, persons.owners) == ([], [olga, oscar])

    with pytest.raises(ValidationError):
        ask(world)
    request = ask(world, asked_of=olga)

    assert (request.asked_of, request.organisation) == (olga.user, world.house)
    assert services.waiting_for(olga.user) == [request]
    assert services.waiting_for(oscar.user) == []
    assert not PurgeRequest.objects.visible_to(oscar.user).exists()


@pytest.mark.parametrize("who", ["harry", "rita", "alice"])
def test_only_an_owner_of_the_convener_can_be_let_in(world: World, who: str) -> None:
    alone(world)
    owner_of(world)

    with pytest.raises(ValidationError):
        ask(world, asked_of=Membership.objects.get(user=getattr(world, who)))


def test_owner_confirms_without_ever_seeing_the_card(world: World) -> None:
    """By row security: what is done here runs as the application."""
    alone(world)
    olga = owner_of(world).user
    with actor(world.alice):
        chosen = services.second_persons(by=world.alice, initiative=world.secret).owners[0]
        ask(world, asked_of=chosen)

    with actor(olga):
        request = PurgeRequest.objects.visible_to(olga).get()
        assert not Initiative.objects.exists()
        assert not TeamMember.objects.exists()
        with pytest.raises(ValidationError), transaction.atomic():
            services.confirm_purge(by=olga, request=request, name="Rival Kite")
        request = services.confirm_purge(by=olga, request=request, name=NAME)

    assert (request.state, request.confirmed_by) == ("confirmed", olga)


def test_owner_may_take_the_word_back(world: World) -> None:
    alone(world)
    olga = owner_of(world).user
    with actor(world.alice):
        request = ask(world, asked_of=Membership.objects.get(user=olga))
    with actor(olga):
        services.confirm_purge(by=olga, request=request, name=NAME)
        services.cancel_purge(by=olga, request=request)

    assert PurgeRequest.objects.get().state == "cancelled"


def test_owner_who_left_sees_it_no_more(world: World) -> None:
    alone(world)
    olga = owner_of(world)
    request = ask(world, asked_of=olga)
    olga.ended_at = timezone.now()
    olga.save()
    olga.user.forget_standing()

    with actor(olga.user):
        assert not PurgeRequest.objects.exists()
        with pytest.raises(Hidden):
            services.confirm_purge(by=olga.user, request=request, name=NAME)


# --- The window -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", PurgeReason.values)
def test_only_what_cannot_wait_begins_at_once(world: World, reason: str) -> None:
    request = confirmed(world, reason)

    assert request.is_due is (reason in AT_ONCE) is (reason == "risk_to_participants")


def test_any_lead_can_take_it_back_until_it_begins(world: World) -> None:
    make.make_member(world.secret, world.cora, "lead")
    request = confirmed(world, LATER_REASON)
    with pytest.raises(ValidationError, match="too late"), time_machine.travel(request.due_at, tick=False):
        services.cancel_purge(by=world.cora, request=request)

    services.cancel_purge(by=world.cora, request=request)

    with time_machine.travel(timezone.now() + timedelta(days=2), tick=False):
        purge_due()
    request.refresh_from_db()
    assert (request.state, request.cancelled_by) == ("cancelled", world.cora)
    assert Initiative.objects.filter(pk=world.secret.pk).exists()


def test_nothing_is_begun_before_its_time(world: World) -> None:
    ask(world)
    purge_due()
    assert Tombstone.objects.count() == 0

    request = services.confirm_purge(by=world.bob, request=PurgeRequest.objects.get(), name=NAME)
    with time_machine.travel(request.due_at - timedelta(seconds=1), tick=False):
        purge_due()
    assert Initiative.objects.filter(pk=world.secret.pk).exists()

    with time_machine.travel(request.due_at, tick=False):
        purge_due()
    assert not Initiative.objects.filter(pk=world.secret.pk).exists()


# --- What is gone, what is left -------------------------------------------------------------------------------


@pytest.mark.django_db
def test_every_row_that_refers_to_it_goes_in_the_database() -> None:
    """Whatever refers to a card goes with it, in tables that are not there yet as well."""
    with connection.cursor() as cursor:
        cursor.execute(FOREIGN_KEYS)
        stay = {
            (table, column)
            for table, column, target, on_delete in cursor.fetchall()
            if target in hanging() and on_delete != "c"
        }
    # A flag that another replaced is a flag of the same pair, and goes at the same moment.
    assert stay == {("coordination_overlapflag", "previous_id")}


def test_nothing_of_it_is_left_and_nothing_of_others_is_gone(world: World) -> None:
    fill(world)
    request = confirmed(world)
    before, others = rows_of(world.secret.pk), rows_of(world.rival.pk)
    assert [table for table, number in before.items() if not number] == []
    assert has_key(world.secret.pk)
    make.make_brief(world.rival, world.rita, title="Untouched")

    purge_due()

    assert {table: number for table, number in rows_of(world.secret.pk).items() if number} == {}
    assert not has_key(world.secret.pk)
    assert has_key(world.rival.pk)
    gone_with_the_pair = {"coordination_overlapflag", "coordination_coordinationlink"}
    now = rows_of(world.rival.pk)
    assert {table for table in others if now[table] < others[table]} == gone_with_the_pair
    assert world.rival.brief.title == "Untouched"
    tombstone = Tombstone.objects.get()
    assert (tombstone.pk, tombstone.purged_id, tombstone.state) == (request.pk, world.secret.pk, "done")


def test_tombstone_has_no_word_of_it(world: World) -> None:
    """No text can be written on it: ids, times, and a reason from a list."""
    kinds = {type(field).__name__ for field in Tombstone._meta.concrete_fields}
    assert kinds == {
        "UUIDField",
        "PositiveIntegerField",
        "DateTimeField",
        "CharField",
        "ForeignKey",
        "ArrayField",
    }
    texts = [field for field in Tombstone._meta.concrete_fields if type(field).__name__ == "CharField"]
    assert [(field.name, bool(field.choices)) for field in texts] == [("reason", True)]
    related = {field.related_model for field in Tombstone._meta.concrete_fields if field.related_model}
    assert related == {User}

    fill(world)
    confirmed(world)
    purge_due()
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(t)::text FROM initiatives_tombstone t")
        (stored,) = cursor.fetchone()
    for word in ("heron", "weir", "valley", "house", "ceasefire", str(world.conflict.pk)):
        assert word not in stored.casefold()


def test_tombstone_is_read_by_those_who_knew(world: World) -> None:
    make.make_member(world.secret, world.cora, "lead")
    make.make_member(world.secret, world.harry, "observer")
    former = make.make_user("Former")
    make.make_member(
        world.secret,
        former,
        "lead",
        began_at=timezone.now() - timedelta(days=2),
        expires_at=timezone.now() - timedelta(days=1),
    )
    confirmed(world)
    purge_due()

    everybody = [world.alice, world.bob, world.cora, world.harry, world.rita, world.stella, world.sam, former]
    readers = []
    for user in everybody:
        with actor(user):
            seen = Tombstone.objects.count()
            assert Tombstone.objects.visible_to(user).count() == seen
            readers += [user] * seen
    assert readers == [world.alice, world.bob, world.cora]


def test_purged_twice_is_purged_once(world: World) -> None:
    fill(world)
    confirmed(world)
    purge_due()
    before = list(Tombstone.objects.values())

    purge_due()

    assert list(Tombstone.objects.values()) == before


def test_what_comes_back_with_an_old_copy_goes_again(world: World) -> None:
    """The cards were restored from an older backup, the tombstones were not overwritten."""
    confirmed(world)
    purge_due()
    again = make.make_initiative(world.conflict, world.house, lead=world.alice, pk=world.secret.pk)

    purge_due()

    assert not Initiative.objects.filter(pk=again.pk).exists()
    assert Tombstone.objects.get().state == PurgeState.DONE


def test_key_that_is_there_again_goes_again(world: World) -> None:
    """From an older copy of the key store, or made by a request that was under way."""
    make.make_brief(world.rival, world.rita)
    confirmed(world)
    purge_due()
    vault.seal(b"late", field_id="brief.title", row=uuid4(), scope=f"initiative:{world.secret.pk}")
    assert has_key(world.secret.pk)

    destroy_returned_keys()

    assert (has_key(world.secret.pk), has_key(world.rival.pk)) == (False, True)


def test_key_service_away_rows_go_and_the_key_follows(world: World, settings: Any, tmp_path: Path) -> None:
    fill(world)
    request = confirmed(world)
    here = settings.KEY_SERVICE
    settings.KEY_SERVICE = f"unix:{tmp_path}/nobody.sock"
    with pytest.raises(keys.KeyServiceAway):
        vault.configured().name_of("initiative:x")

    purge_due()

    tombstone = Tombstone.objects.get()
    assert (tombstone.state, tombstone.rows_gone_at is None) == ("running", False)
    assert not Initiative.objects.filter(pk=world.secret.pk).exists()
    settings.KEY_SERVICE = here
    assert has_key(world.secret.pk)
    purge_due()
    tombstone.refresh_from_db()
    assert (tombstone.pk, tombstone.state, has_key(world.secret.pk)) == (request.pk, "done", False)


def test_one_that_fails_keeps_no_other(world: World) -> None:
    """A foreign key that does not cascade: the first purge can never be committed, and its key stays."""
    fill(world)
    confirmed(world)
    make.make_member(world.rival, world.cora)
    other = services.ask_purge(by=world.rita, initiative=world.rival, reason=AT_ONCE_REASON)
    services.confirm_purge(by=world.cora, request=other, name="rival kite")
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE stubborn (card uuid REFERENCES {CARD} DEFERRABLE INITIALLY DEFERRED)")
        cursor.execute("INSERT INTO stubborn VALUES (%s)", [world.secret.pk])

    purge_due()

    states = {tombstone.purged_id: tombstone.state for tombstone in Tombstone.objects.all()}
    assert states == {world.secret.pk: "running", world.rival.pk: "done"}
    assert has_key(world.secret.pk)


def test_what_would_go_counts_what_the_reader_sees(world: World) -> None:
    fill(world)
    counted = {model._meta.label: number for model, number in what_goes(world, world.alice)}
    content = {model._meta.label: 1 for model in walled_models() if issubclass(model, InitiativeContent)}

    assert counted == content | {
        "initiatives.Brief": 1,
        "initiatives.BriefRevision": 1,
        "initiatives.Draft": 1,
        "initiatives.GroundRules": 1,
        "initiatives.GroundRulesAssent": 1,
        "initiatives.InitiativeOrganisation": 2,
        "initiatives.InitiativeParty": 2,
        "initiatives.TeamMember": 2,
    }
    assert what_goes(world, world.cora) == what_goes(world, world.rita) == []


def what_goes(world: World, who: User) -> list[Any]:
    with actor(who):
        return services.what_would_go(by=who, initiative=world.secret)


# --- The operator's command -----------------------------------------------------------------------------------


def command(world: World, **given: Any) -> str:
    out = io.StringIO()
    words = {
        "reason": "legal_order",
        "asked_by": world.rita.email,
        "confirmed_by": world.stella.email,
    } | given
    call_command("purge_initiative", str(words.pop("pk", world.secret.pk)), stdout=out, **words)
    return out.getvalue()


def test_operator_purges_at_once(world: World) -> None:
    fill(world)

    assert command(world) == f"Purged {world.secret.pk}.\n"

    assert not any(rows_of(world.secret.pk).values())
    tombstone = Tombstone.objects.get()
    assert (tombstone.asked_by, tombstone.confirmed_by) == (world.rita, world.stella)
    assert set(tombstone.readers) == {world.alice.pk, world.rita.pk, world.stella.pk}
    assert command(world) == f"Purged {world.secret.pk}.\n"  # Once more says the same and does nothing.
    assert Tombstone.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"asked_by": "stella"}, "takes two people"),
        ({"confirmed_by": "nobody@test.example"}, "no active account"),
        ({"pk": UUID(int=7)}, "no initiative"),
    ],
)
def test_operator_is_refused(world: World, given: dict[str, Any], said: str) -> None:
    if given.get("asked_by") == "stella":
        given = {"asked_by": world.stella.email.upper()}

    with pytest.raises(CommandError, match=said):
        command(world, **given)

    assert Initiative.objects.filter(pk=world.secret.pk).exists()
    assert not Tombstone.objects.exists()


def test_public_record_can_be_purged_by_the_operator(world: World) -> None:
    card = make.make_initiative(world.conflict, world.house, public_record=True, visibility="network")

    command(world, pk=card.pk)

    assert not Initiative.objects.filter(pk=card.pk).exists()


# --- Under the logins of a deployment -------------------------------------------------------------------------


@pytest.fixture
def agreed(transactional_db: None, world: World) -> Iterator[World]:
    fill(world)
    confirmed(world)
    return world


@pytest.mark.django_db(transaction=True)
def test_web_process_cannot_purge(agreed: World) -> None:
    deletes = f"DELETE FROM {CARD} WHERE id = %s"
    with logged_in_as("t2d_app"):
        with pytest.raises(ProgrammingError, match="permission denied to set role"), actor(PURGE):
            raise AssertionError("the web process took on the role")
        for who in (agreed.alice, agreed.bob):
            with (
                pytest.raises(ProgrammingError, match="permission denied"),
                actor(who),
                connection.cursor() as cursor,
            ):
                cursor.execute(deletes, [agreed.secret.pk])
            for table in ("initiatives_tombstone", "initiatives_purgerequest"):
                with (
                    pytest.raises(ProgrammingError, match="permission denied"),
                    actor(who),
                    connection.cursor() as cursor,
                ):
                    cursor.execute(f"DELETE FROM {table}")
        with pytest.raises(ProgrammingError, match="permission denied"):
            purge_due()

    assert all(rows_of(agreed.secret.pk).values())


@pytest.mark.django_db(transaction=True)
def test_worker_purges_with_its_own_rights(agreed: World) -> None:
    pk = agreed.secret.pk
    with logged_in_as(WORKER):
        purge_due()
        purge_due()

    assert not any(rows_of(pk).values())
    assert Tombstone.objects.get().state == "done"


@pytest.mark.django_db(transaction=True)
def test_command_works_with_the_rights_of_the_worker(agreed: World) -> None:
    with logged_in_as(WORKER):
        assert "Purged" in command(agreed)

    assert not any(rows_of(agreed.secret.pk).values())


@pytest.mark.django_db(transaction=True)
def test_the_wall_wants_two_people_and_a_request(transactional_db: None, world: World) -> None:
    """Written around the services, as the application with row security."""
    now = timezone.now()
    word = {"state": "confirmed", "confirmed_at": now, "due_at": now}
    with logged_in_as("t2d_app"):
        with actor(world.alice):
            request = ask(world)
        forged = {
            "asked and confirmed in one go": (
                world.alice,
                lambda: PurgeRequest(
                    initiative=world.secret,
                    reason="other",
                    asked_by=world.bob,
                    confirmed_by=world.alice,
                    **word,
                ).save(force_insert=True),
            ),
            "in another's name": (
                world.bob,
                lambda: PurgeRequest(initiative=world.secret, reason="other", asked_by=world.alice).save(),
            ),
            "without leading": (
                world.bob,
                lambda: PurgeRequest(initiative=world.secret, reason="other", asked_by=world.bob).save(),
            ),
            "another's word": (
                world.alice,
                lambda: PurgeRequest.objects.filter(pk=request.pk).update(confirmed_by=world.bob, **word),
            ),
        }
        for who, act in forged.values():
            with pytest.raises(ProgrammingError, match=r"row-level security|is signed by"), actor(who):
                act()
        for who in (world.harry, world.rita, world.cora):
            with actor(who):
                assert PurgeRequest.objects.count() == 0
                assert PurgeRequest.objects.filter(pk=request.pk).update(state="cancelled") == 0
