"""A world with something to hide, for the generated proofs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest

from conftest import World
from tests import factories as make


@dataclass
class Secrets:
    """Records that only Alice's team (and, for the pair, the coordinator) may know of, and public ones."""

    records: dict[str, Any]

    def ids(self) -> dict[str, UUID]:
        return {kind: record.pk for kind, record in self.records.items()}

    def words(self) -> list[str]:
        """Every text by which the hidden initiative could be recognised, ids included."""
        hidden = ("initiative", "member", "flag", "link", "token", "declaration")
        ids = [form for kind in hidden for form in (str(self.records[kind].pk), self.records[kind].pk.hex)]
        initiative = self.records["initiative"]
        return [*ids, initiative.codename, initiative.public_line, self.records["member"].user.name]


# Kinds whose records everybody in the network may read.
REFERENCE = {"conflict", "party", "track", "deadline", "organisation"}


@pytest.fixture
def secrets(world: World) -> Secrets:
    initiative = world.secret
    initiative.public_line = "Canary of the hidden public line"
    initiative.save()
    alice = world.alice
    token, _plain = _token(alice)
    return Secrets(
        {
            "initiative": initiative,
            "member": initiative.members.get(user=world.bob),
            "flag": make.make_flag(initiative, world.rival),
            "link": make.make_link(initiative, world.rival),
            "declaration": make.make_declaration(world.house, make.make_conflict("Elsewhere")),
            "token": token,
            "conflict": world.conflict,
            "party": world.up,
            "track": make.make_track(world.conflict),
            "deadline": make.make_deadline(world.conflict),
            "organisation": world.house,
        }
    )


def _token(user: Any) -> Any:
    from accounts.services import create_token

    return create_token(by=user, scope="write")


@pytest.fixture
def missing() -> UUID:
    return uuid4()
