"""What comes before the observers of a team is asked about: of sessions of which they read what the sides agreed."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import World
from initiatives.models import Session
from tests import factories as make
from tests.clients import client_of, patch
from tests.record import make_outcome, make_session

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("change", ["no session", "another session", "two sides"])
def test_an_outcome_that_nobody_agreed_on_is_asked_about(world: World, change: str) -> None:
    observer = make.make_member_of(world.house, "Observer")
    rapporteur = make.make_member_of(world.house, "Rapporteur")
    make.make_member(world.secret, observer, "observer")
    make.make_member(world.secret, rapporteur, "rapporteur")
    session = make_session(world.secret, world.alice, rule="agreed_text_only")
    elsewhere: Session = make_session(world.secret, world.alice, rule="on_record")
    outcome = make_outcome(world.secret, world.alice, session=session, endorsed_by=[])
    sent: dict[str, Any] = {
        "no session": {"session": None},
        "another session": {"session": str(elsewhere.pk)},
        "two sides": {"endorsed_by": [str(world.up.pk), str(world.down.pk)]},
    }[change]
    path = f"outcomes/{outcome.pk}/"
    reads = client_of(observer)
    assert reads.get(f"/api/v1/{path}").status_code == 404

    # Out of its session it is taken by those who may send it; which sides stand behind it, whoever writes says.
    writes = client_of(rapporteur if change == "two sides" else world.bob)
    if change != "two sides":
        assert patch(client_of(rapporteur), path, sent).json()["errors"][0]["code"] == "invalid"
    asked = patch(writes, path, sent)
    assert (asked.status_code, asked.json()["errors"][0]["code"]) == (400, "confirm")
    assert reads.get(f"/api/v1/{path}").status_code == 404
    done = patch(writes, path, {**sent, "override_reason": "The group said so"})
    assert done.status_code == 200, done.content
    assert reads.get(f"/api/v1/{path}").status_code == 200
