"""The site's own work under the login that a deployment gives it: every scheduled task, every operator's command.

A test's connection otherwise rests as the owner, who may do everything; here a missing right shows.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import ProgrammingError
from django.utils import timezone

from accounts.models import User
from confidentiality.actor import OWNER, actor
from conftest import World
from coordination.models import OutboxEntry, OverlapFlag
from coordination.services.outbox import enqueue
from initiatives.models import CoordinatorMandate, TeamMember
from t2d.celery import app
from tests import factories as make
from tests.logins import WORKER, logged_in_as


@pytest.fixture
def real_world(transactional_db: None, world: World) -> Iterator[World]:
    """The usual world, committed, with everything waiting to be compared and a lead whose time is over."""
    world.secret.successor = world.bob
    world.secret.save()
    world.secret.members.filter(user=world.alice).update(
        began_at=timezone.now() - timedelta(days=9), expires_at=timezone.now() - timedelta(days=1)
    )
    enqueue(initiative_ids=[world.secret.pk, world.rival.pk])
    with logged_in_as(WORKER):
        yield world


@pytest.fixture(scope="module", autouse=True)
def _loaded() -> None:
    """As a worker does at its start."""
    app.loader.import_default_modules()


def scheduled() -> list[str]:
    return sorted(entry["task"] for entry in app.conf.beat_schedule.values())


@pytest.mark.parametrize("name", scheduled())
def test_scheduled_task_may_do_its_work(real_world: World, name: str) -> None:
    app.tasks[name].apply(throw=True)
    app.tasks[name].apply(throw=True)  # And may run twice.


def test_comparison_finds_the_pair_and_ends_it_when_one_withdraws(real_world: World) -> None:
    app.tasks["coordination.tasks.compare_waiting"].apply(throw=True)
    with actor(real_world.cora):
        assert OverlapFlag.objects.visible_to(real_world.cora).count() == 1
    with actor(real_world.rita):
        real_world.rival.matching = "off"
        real_world.rival.save()
        enqueue(initiative_ids=[real_world.rival.pk])
    app.tasks["coordination.tasks.compare_waiting"].apply(throw=True)

    with actor("system:detector"):
        assert (OverlapFlag.objects.count(), OutboxEntry.objects.count()) == (0, 0)


def test_full_run_finds_the_pair(real_world: World) -> None:
    app.tasks["coordination.tasks.compare_everything"].apply(throw=True)

    with actor(real_world.cora):
        assert OverlapFlag.objects.visible_to(real_world.cora).count() == 1


def test_successor_follows(real_world: World) -> None:
    app.tasks["initiatives.tasks.hand_over_to_successors"].apply(throw=True)

    with actor(real_world.bob):
        mine = TeamMember.objects.visible_to(real_world.bob).live().get(user=real_world.bob)
    assert mine.role == "lead"


def test_operators_commands_may_do_their_work(real_world: World) -> None:
    def run(*words: str) -> str:
        out = io.StringIO()
        call_command(*words, stdout=out)
        return out.getvalue()

    run("create_steward", "first@desk.example")
    run(
        "create_user",
        "second@desk.example",
        "--as",
        "first@desk.example",
        "--organisation",
        "Fresh Office",
        "--role",
        "owner",
    )
    run("grant_mandate", "second@desk.example", "--as", "first@desk.example")
    token = run("create_token", "second@desk.example", "--scope", "read")
    run("detect_overlaps")

    second = User.objects.get(email="second@desk.example")
    with actor(second):
        assert CoordinatorMandate.objects.filter(user=second).count() == 1
        assert second.access_tokens.count() == 1
    assert token.strip()


def test_register_is_imported(real_world: World, tmp_path: Any) -> None:
    register = Path(__file__).parents[2] / "demo" / "historic_initiatives.csv"
    call_command("import_initiatives", str(register), "--as", real_world.cora.email, stdout=io.StringIO())

    with actor(real_world.rita):
        seen = type(real_world.secret).objects.visible_to(real_world.rita).filter(public_record=True)
        assert seen.count() > 20


def test_owner_is_not_among_what_a_worker_may_become(real_world: World) -> None:
    with pytest.raises(ProgrammingError, match="permission denied to set role"), actor(OWNER):
        make.make_conflict("Never")
