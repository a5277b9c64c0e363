"""A purge that is killed, disturbed, or outlived by a backup.

Proved: killed before any of its steps, the next run finishes it, and nothing says "done" before it is; people who
write to the initiative at that moment get "missing", no error; a dump that was taken before opens nothing afterwards,
and when it is restored next to the tombstones, the rows go again.
Not proved: that a copy of the key which somebody kept is gone. See docs/howto/purge.md.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection

from confidentiality import vault
from confidentiality.actor import OWNER, actor
from confidentiality.fields import Encrypted
from confidentiality.policy import Hidden
from confidentiality.vault import CannotOpen
from confidentiality.wall import walled_models
from conftest import World
from initiatives import services
from initiatives.embargo import begun_everywhere
from initiatives.models import Brief, Initiative, PurgeRequest, Tombstone
from initiatives.tasks import destroy_returned_keys, purge_due
from tests import factories as make
from tests.dumps import BACKUP, as_superuser, backup, empty_database, name, program, restore
from tests.logins import WORKER, logged_in_as

pytestmark = [
    pytest.mark.serial,
    pytest.mark.xdist_group("worker"),
    pytest.mark.django_db(transaction=True),
]
PROJECT = Path(__file__).resolve().parents[2]
MOST_STEPS = 200


def fill(world: World, card: Initiative) -> None:
    make.make_brief(card, world.alice, title="Tea at the weir")
    make.make_assent(make.make_rules(card, world.alice), world.alice)
    make.make_draft(world.alice, initiative=card)


def confirmed(world: World, card: Initiative) -> PurgeRequest:
    """A purge of the initiative that is due now."""
    request = services.ask_purge(by=world.alice, initiative=card, reason="risk_to_participants")
    return services.confirm_purge(by=world.bob, request=request, name=card.codename)


def opened() -> Iterator[tuple[str, UUID | None, str | None]]:
    """Every sealed field of every row there is: (field, initiative, the text or None)."""
    for model in walled_models():
        sealed = [field for field in model._meta.concrete_fields if isinstance(field, Encrypted)]
        for row in model._default_manager.all() if sealed else ():
            for field in sealed:
                try:
                    text: str | None = str(getattr(row, field.attname))
                except CannotOpen:
                    text = None
                yield f"{model.__name__}.{field.name}", getattr(row, "initiative_id", None), text


def rows_left(pk: UUID) -> int:
    return Initiative.objects.filter(pk=pk).count() + Brief.objects.filter(initiative=pk).count()


def has_key(pk: UUID) -> bool:
    held = vault.configured()
    return held.name_of(f"initiative:{pk}") in held.store.names()


# --- Killed ---------------------------------------------------------------------------------------------------


class Dying:
    """The process that dies in the middle, on the test's database, with the worker's rights."""

    def __init__(self) -> None:
        url = urlsplit(os.environ["DATABASE_URL"])
        query = f"{url.query}&assume_role=t2d_app"
        place = urlunsplit(
            url._replace(netloc=f"{WORKER}@", path=f"/{connection.settings_dict['NAME']}", query=query)
        )
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.purging_in_steps"],
            cwd=PROJECT,
            env=os.environ | {"DATABASE_URL": place, "T2D_MODE": "embedded"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._said() == "ready"

    def _said(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def purge(self, before_step: int) -> str:
        assert self.process.stdin is not None
        print(before_step, file=self.process.stdin, flush=True)
        return self._said()

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def dying(transactional_db: None) -> Iterator[Dying]:
    process = Dying()
    yield process
    process.end()


def test_killed_before_any_step_the_next_run_finishes(world: World, dying: Dying) -> None:
    make.make_brief(world.rival, world.rita, title="Untouched")
    states = set()
    for step in range(1, MOST_STEPS):
        card = make.make_initiative(world.conflict, world.house, lead=world.alice, codename=f"Card {step}")
        make.make_member(card, world.bob)
        fill(world, card)
        request = confirmed(world, card)

        end = dying.purge(step)

        tombstone = Tombstone.objects.filter(pk=request.pk).first()
        left, key = rows_left(card.pk), has_key(card.pk)
        states.add((tombstone.state if tombstone else "none", left > 0, key))
        if tombstone is None:
            assert (left, key) == (2, True), f"killed before step {step}"
        if tombstone and tombstone.purged_at:
            assert (left, key) == (0, False), f"killed before step {step}"
        assert left in (0, 2), f"half of it is gone, killed before step {step}"
        with logged_in_as(WORKER):
            purge_due()
        tombstone = Tombstone.objects.get(pk=request.pk)
        assert (tombstone.state, rows_left(card.pk), has_key(card.pk)) == ("done", 0, False)
        Tombstone.objects.all().delete()
        if end != "killed":
            break

    assert end == "done 0"
    assert step > 20, "there are more steps than these"
    # Not begun; begun; the key gone and the rows still there; done.
    assert states == {
        ("none", True, True),
        ("running", True, True),
        ("running", True, False),
        ("done", False, False),
    }
    assert world.rival.brief.title == "Untouched"


def test_killed_after_it_began_nobody_is_told_that_it_is_held(world: World, dying: Dying) -> None:
    """Of an initiative whose time is over: what the page says of a hold is so, wherever the worker died."""
    said = set()
    for step in range(1, MOST_STEPS):
        card = make.make_initiative(world.conflict, world.house, lead=world.alice, codename=f"Card {step}")
        make.make_member(card, world.bob)
        make.make_retention(card, world.alice, keep_until=begun_everywhere())

        end = dying.purge(step)

        if not rows_left(card.pk):
            break
        begun = Tombstone.objects.filter(purged_id=card.pk).exists()
        with actor(world.bob):
            try:
                services.hold_retention(by=world.bob, initiative=card, reason="A court asked for it")
                held = True
            except ValidationError:
                held = False
        assert held is not begun, f"killed before step {step}"
        said.add(held)
        with logged_in_as(WORKER):
            purge_due()
        assert (rows_left(card.pk), has_key(card.pk)) == ((1, True) if held else (0, False))
        if end != "killed":
            break

    assert said == {True, False}


# --- Disturbed ------------------------------------------------------------------------------------------------


@contextmanager
def writing(world: World, user: Any) -> Iterator[list[str]]:
    """Somebody saves the brief again and again, as pages do; what came of it, by kind."""
    ends: list[str] = []
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            try:
                with actor(user):
                    services.edit_brief(
                        by=user,
                        initiative=world.secret,
                        title=f"{user.name} {number}",
                        objective="x" * number,
                    )
                ends.append("saved")
            except Hidden:
                ends.append("missing")
                break
            except Exception as error:
                ends.append(f"{type(error).__name__}: {error}")
                break
        connection.close()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield ends
    finally:
        stop.set()
        thread.join()


def test_who_writes_at_that_moment_meets_nothing_there(world: World) -> None:
    fill(world, world.secret)
    pk = world.secret.pk
    confirmed(world, world.secret)
    with logged_in_as(WORKER), writing(world, world.alice) as alice, writing(world, world.bob) as bob:
        while min(alice.count("saved"), bob.count("saved")) < 3:
            threading.Event().wait(0.02)
        purge_due()
        while "missing" not in alice or "missing" not in bob:
            assert set(alice) | set(bob) <= {"saved", "missing"}
            threading.Event().wait(0.02)
        destroy_returned_keys()

    assert set(alice) | set(bob) == {"saved", "missing"}
    assert (rows_left(pk), has_key(pk)) == (0, False)
    assert Tombstone.objects.get().state == "done"


# --- Outlived by a backup -------------------------------------------------------------------------------------


@pytest.fixture
def empty(transactional_db: None) -> Iterator[str]:
    with empty_database() as database:
        yield database


@contextmanager
def reading(database: str) -> Iterator[None]:
    """Everything of another database, whatever the walls say: somebody who has the dump is the superuser of it."""
    with logged_in_as("postgres", NAME=database, ACTOR=OWNER):
        yield


def test_a_dump_from_before_opens_nothing_afterwards(world: World, empty: str, tmp_path: Path) -> None:
    fill(world, world.secret)
    make.make_brief(world.rival, world.rita, title="Untouched")
    restore(backup(), empty, tmp_path / "t2d.dump")
    secret, rival = world.secret.pk, world.rival.pk
    with reading(empty):
        before = list(opened())
        vault.configured().forget()
    assert {field.partition(".")[0] for field, of, text in before if of == secret} == {
        "Brief", "BriefRevision", "Draft", "GroundRules", "GroundRulesAssent",
    }  # fmt: skip
    assert None not in [text for _field, _of, text in before], "the control: it opens while the key is there"

    confirmed(world, world.secret)
    with logged_in_as(WORKER):
        purge_due()

    with reading(empty):
        after = list(opened())
    assert len(after) == len(before)
    assert {text for _field, of, text in after if of == secret} == {None}
    assert None not in {text for _field, of, text in after if of == rival}


def test_an_older_dump_with_the_tombstones_is_purged_again(world: World, empty: str, tmp_path: Path) -> None:
    """As docs/howto/purge.md says: keep the tombstones, restore the dump, let the worker run."""
    fill(world, world.secret)
    pk, dumped = world.secret.pk, backup()
    confirmed(world, world.secret)
    with logged_in_as(WORKER):
        purge_due()
    only = ("--enable-row-security", "-a", "-t", "initiatives_tombstone")
    kept = program("pg_dump", *only, database=name(), role=BACKUP)
    assert kept.returncode == 0, kept.stderr.decode()
    file = tmp_path / "tombstones.sql"
    file.write_bytes(kept.stdout)

    restore(dumped, empty, tmp_path / "t2d.dump")
    with reading(empty):
        assert rows_left(pk) == 2
    with as_superuser(empty) as asking:
        asking.execute("TRUNCATE initiatives_tombstone")
    stop = ("-v", "ON_ERROR_STOP=1")
    loaded = program("psql", *stop, "-f", str(file), database=empty, role="postgres")
    assert loaded.returncode == 0, loaded.stderr.decode()
    with logged_in_as(WORKER, NAME=empty):
        purge_due()

    with reading(empty):
        assert rows_left(pk) == 0
        assert Initiative.objects.filter(pk=world.rival.pk).exists()


def test_a_key_store_from_before_gets_its_key_destroyed_again(world: World) -> None:
    fill(world, world.secret)
    held = vault.configured()
    name = held.name_of(f"initiative:{world.secret.pk}")
    file = Path(settings.KEY_STORE) / name
    copy = file.read_bytes()
    confirmed(world, world.secret)
    with logged_in_as(WORKER):
        purge_due()
        assert not file.exists()
        file.write_bytes(copy)

        destroy_returned_keys()

    assert not file.exists()
