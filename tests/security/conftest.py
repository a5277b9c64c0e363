"""A world with something to hide, for the generated proofs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db.models import Model

from accounts.api import authentication
from accounts.services import create_token
from conftest import World
from tests import factories as make
from tests import record
from tests.security.rows import made_of_every_model, words_of

# Kinds whose records everybody in the network may read.
REFERENCE = {"conflict", "party", "track", "deadline", "organisation", "body"}


@pytest.fixture(autouse=True)
def _a_long_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """A token's last use is written once a minute: on a slow machine that would be a query more, now and then."""
    monkeypatch.setattr(authentication, "TOUCH_EVERY", timedelta(days=1))


@pytest.fixture(autouse=True)
def _nobody_is_told_to_wait(settings: Any) -> None:
    """Whoever is told to wait is told nothing else: a proof asks more in a minute than a program may."""
    rates = {"user": "1000000/min"}
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates}


@dataclass
class Secrets:
    """Records that only Alice's team (and, for the pair, the coordinator) may know of, and public ones.

    records: what the parameters of addresses stand for, by kind (see KINDS in routes.py). hidden: a row of every
    confidential model, found by introspection.
    """

    records: dict[str, Any]
    hidden: list[Model]

    def ids(self) -> dict[str, UUID]:
        return {kind: record.pk for kind, record in self.records.items()}

    def words(self) -> list[str]:
        """Every text by which the hidden initiative could be recognised, ids included."""
        texts = [word for row in self.hidden for word in words_of(row)]
        return [*texts, self.records["member"].user.name]


@pytest.fixture
def secrets(world: World) -> Secrets:
    initiative, alice = world.secret, world.alice
    initiative.public_line = "Canary of the hidden public line"
    initiative.save()
    token, _plain = create_token(by=alice, scope="write", label="Canary of a label")
    body = record.make_body(world.conflict, "Office of the gauges", world.up)
    inside = record.make_record(initiative, alice, body, "Canary of the")
    brief = make.make_brief(initiative, alice, title="Canary of the title", objective="Canary of the aim")
    rules = make.make_rules(initiative, alice, "Canary of the ground rules")
    records = {
        "initiative": initiative,
        "member": initiative.members.get(user=world.bob),
        "flag": make.make_flag(initiative, world.rival, note="Canary of what a coordinator thinks"),
        "link": make.make_link(initiative, world.rival, note="Canary of an arrangement"),
        "declaration": make.make_declaration(world.house, make.make_conflict("Elsewhere")),
        "token": token,
        "revision": initiative.brief_revisions.get(),
        "rules": rules,
        "assent": make.make_assent(rules, alice, "Canary who assented"),
        "purge": make.make_purge_request(initiative, alice),
        "event": make.make_event(initiative, alice),
        "tombstone": make.make_tombstone(alice, world.bob),
        "liaison": record.make_liaison(make.make_user("Liaison"), body),
        **inside,
    }
    hidden = [
        *records.values(),
        brief,
        initiative.named.get(),
        initiative.sides.first(),
        world.cora.mandates.get(),
        make.make_draft(alice, initiative=initiative, data={"title": ["Canary of a draft"]}),
        inside["person"].identity,
        inside["transfer"].stances.get(),
    ]
    around = ([alice, world.bob], [world.house], [world.conflict], [world.up, world.down])
    named = [*([row] for row in hidden), *around]
    hidden += made_of_every_model({type(rows[0]): rows for rows in named})
    public = {
        "conflict": world.conflict,
        "party": world.up,
        "track": make.make_track(world.conflict),
        "deadline": make.make_deadline(world.conflict),
        "organisation": world.house,
        "body": body,
    }
    return Secrets({**records, **public}, hidden)
