"""The demonstration is what it says it is, and the real register is judged as expected. Without a demonstration:
test_demo_command.py."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.db import transaction

from accounts.models import Organisation, User
from confidentiality.actor import actor
from coordination.models import CoordinationLink, OutboxEntry, OverlapFlag
from coordination.services.comparison import compare_everything
from initiatives.models import Conflict, Deadline, Initiative, Session
from initiatives.services import waiting_for
from participants.models import OfficialBody, Person, PersonIdentity
from participants.services import reach_of
from t2d.demo import CARDS, DOMAIN, PASSWORD, SIGNING_IN, load_demo
from transfer.enums import TransferStatus, Uptake
from transfer.models import Transfer, UptakeStep

EXPECTED = Path(__file__).resolve().parents[2] / "demo" / "historic_expected_overlaps.csv"


# In one worker: each would load it, and that takes longer than all that is asked of it.
pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(scope="module")
def _loaded(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Loaded once, around the transaction of every test, and taken back after the last."""
    with django_db_blocker.unblock(), transaction.atomic():
        assert load_demo()
        with django_db_blocker.block():
            yield
        transaction.set_rollback(True)


@pytest.fixture
def demo(_loaded: None, db: None) -> None:
    """What a test does to it is gone before the next."""


def account(name: str) -> User:
    return User.objects.get(email=f"{name}@{DOMAIN}")


def points() -> dict[frozenset[str], int]:
    """Points of every stored pair, by reference or codename."""
    names = {card.pk: card.reference or card.codename for card in Initiative.objects.all()}
    flags = OverlapFlag.objects.current()
    return {frozenset({names[flag.first_id], names[flag.second_id]}): flag.points for flag in flags}


def test_the_real_register_is_judged_as_expected(demo: None) -> None:
    found = points()
    bands = dict(OverlapFlag.objects.current().values_list("points", "band"))
    with EXPECTED.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert {row["expected"] for row in rows} == {"flag", "none"}
    for row in rows:
        scored = found.get(frozenset({row["first"], row["second"]}), 0)
        if row["expected"] == "flag":
            assert scored >= 13, row
            assert bands[scored] == "flag"
        else:
            assert scored == 0, row


# Points of table v1, added up by hand from the register: themes, parties, time, conflict, track type.
BY_HAND = {
    ("H001", "H006"): 6 + 3 + 2 + 2 + 0,
    ("H002", "H007"): 8 + 3 + 2 + 2 + 1,
    ("H003", "H004"): 8 + 3 + 2 + 2 + 0,
    ("H003", "H008"): 8 + 3 + 1 + 1 + 1,
    ("H004", "H005"): 6 + 3 + 2 + 2 + 0,
    ("H010", "H011"): 8 + 3 + 2 + 2 + 1,
    ("H010", "H012"): 6 + 3 + 2 + 2 + 1,
    ("H010", "H013"): 6 + 3 + 2 + 1 + 1,
    ("H010", "H014"): 8 + 3 + 2 + 2 + 1,
    ("H011", "H012"): 8 + 3 + 2 + 2 + 1,
    ("H029", "H030"): 8 + 2 + 2 + 2 + 0,
}


def test_points_of_the_real_register_to_the_letter(demo: None) -> None:
    found = points()
    assert {pair: found[frozenset(pair)] for pair in BY_HAND} == BY_HAND


def test_a_full_run_finds_nothing_to_change(demo: None) -> None:
    assert not OutboxEntry.objects.exists()
    counts = compare_everything()
    assert (counts.created, counts.updated, counts.removed) == (0, 0, 0)


def test_pairs_of_the_invented_conflicts(demo: None) -> None:
    names = {card.codename for card in CARDS}
    pairs = {pair: scored for pair, scored in points().items() if pair & names}
    assert pairs == {
        frozenset({"Amber Heron", "Cedar Bridge"}): 15,
        frozenset({"Quiet Lantern", "Slate Harbour"}): 16,
    }
    link = CoordinationLink.objects.live().get()
    assert {link.first.codename, link.second.codename} == {"Quiet Lantern", "Slate Harbour"}
    coordinated = OverlapFlag.objects.current().with_coordinated().filter(coordinated=True).get()
    assert (coordinated.first_id, coordinated.second_id) == (link.first_id, link.second_id)


def test_invented_initiatives_are_seen_by_their_teams_alone(demo: None) -> None:
    cards = Initiative.objects.filter(public_record=False)
    assert cards.count() == 7
    assert set(cards.values_list("visibility", flat=True)) == {"team"}
    off = cards.filter(matching="off").order_by("codename")
    assert list(off.values_list("codename", flat=True)) == ["Copper Kite", "Grey Sluice"]
    seen = {
        name: set(cards.visible_to(account(name)).values_list("codename", flat=True))
        for name, _sees in SIGNING_IN
    }
    assert seen == {
        "steward": set(),
        "coordinator": set(),
        "mediator": {"Amber Heron", "Grey Sluice", "Quiet Lantern"},
        "rapporteur": {"Amber Heron", "Grey Sluice"},
        "registrar": set(),
        "rival": {"Cedar Bridge", "Copper Kite"},
        "liaison": set(),
    }


def test_people_are_seen_by_role(demo: None) -> None:
    """About forty, by pseudonym; a rapporteur who added some of them opens nobody, a registrar her own register."""
    assert 38 <= Person.objects.count() <= 45
    for name, opens in (("mediator", True), ("rapporteur", False), ("registrar", True)):
        user = account(name)
        with actor(user):
            person = Person.objects.visible_to(user).filter(identity__isnull=False).first()
            assert (person is not None) is opens
            assert PersonIdentity.objects.count() == (18 if opens else 0)
            assert Person.objects.visible_to(user).count() == (11 if name == "rapporteur" else 18)


def test_a_purge_waits_for_a_second_person(demo: None) -> None:
    waiting = {name: waiting_for(account(name)) for name, _sees in SIGNING_IN}
    found = {name: [purge.initiative.codename for purge in purges] for name, purges in waiting.items()}
    assert {name: codenames for name, codenames in found.items() if codenames} == {
        "rapporteur": ["Grey Sluice"]
    }


def test_sessions_tell_two_years_with_some_ahead(demo: None) -> None:
    sessions = Session.objects.kept()
    days = [session.began_on for session in sessions]
    assert sessions.count() == 30
    assert (max(days) - min(days)).days > 600
    assert set(sessions.values_list("status", flat=True)) == {"planned", "held", "postponed", "cancelled"}
    assert Session.objects.exclude(deleted_at=None).count() == 1
    for session in Session.objects.all():
        session.full_clean()


def test_the_coordinator_opens_every_flag(demo: None) -> None:
    """Those of the register, which the same account imported, included."""
    coordinator = account("coordinator")
    assert OverlapFlag.objects.visible_to(coordinator).count() == OverlapFlag.objects.count() > 12
    assert Initiative.objects.visible_to(coordinator).filter(public_record=True).count() == 35
    for name in ("mediator", "rapporteur", "rival", "steward"):
        assert not OverlapFlag.objects.visible_to(account(name)).exists()


def test_accounts_sign_in(demo: None) -> None:
    for name, _sees in SIGNING_IN:
        user = account(name)
        assert user.check_password(PASSWORD)
        assert user.is_vetted() is (name not in ("steward", "liaison"))
    assert not account("researcher").has_usable_password()
    assert authenticate(None, email=f"researcher@{DOMAIN}", password="") is None
    own = Organisation.objects.get(memberships__user=account("coordinator"))
    assert own.is_vetted
    assert not own.named_on.exists()


def test_invented_conflicts_are_alive(demo: None) -> None:
    valley = Conflict.objects.get(name="Valley of Two Rivers")
    assert [child.name for child in valley.children.all()] == ["Lower Ford"]
    assert {track.name: track.phase for track in valley.official_tracks.all()} == {
        "Joint Water Talks": "stalled",
        "Ceasefire Commission": "collapsed",
    }
    assert Deadline.objects.filter(conflict=valley).count() == 3
    assert Deadline.objects.filter(conflict__name="Northern Straits").count() == 2


def test_offices_stand_on_every_side_and_one_has_a_liaison(demo: None) -> None:
    sides = {(body.conflict.name, body.party and body.party.name) for body in OfficialBody.objects.all()}
    assert {party for _conflict, party in sides} >= {
        "Upstream side", "Downstream side", "Mainland government", "Island assembly", None,
    }  # fmt: skip
    assert OfficialBody.objects.exclude(gatekeeper=None).count() == 5
    assert OfficialBody.objects.exclude(parts=None).exists()
    mandates = account("liaison").liaison_mandates.values_list("body__name", flat=True)
    assert list(mandates) == ["Ministry of Water"]
    reach = reach_of(account("mediator"), OfficialBody.objects.all())
    unreached = {one.body.name for one in reach.values() if not one.ways}
    assert unreached >= {"Defence Council", "Naval Staff"}


def test_every_rung_is_reached_by_something(demo: None) -> None:
    reached: set[str] = set()
    for user in User.objects.all():
        with actor(user):
            reached |= set(UptakeStep.objects.visible_to(user).values_list("uptake", flat=True))
            planned = Transfer.objects.visible_to(user).filter(status=TransferStatus.PLANNED)
            reached |= {Uptake.NOT_SENT} if planned.exists() else set()
    assert {rung for rung in Uptake if rung.rank is not None} - reached == set()
    assert {Uptake.REJECTED, Uptake.BLOCKED_BY_GATEKEEPER} <= reached


def test_everything_made_is_sound(demo: None) -> None:
    for one in (*Initiative.objects.all(), *Conflict.objects.all(), *Deadline.objects.all()):
        one.full_clean()
    for one, other in combinations(CARDS, 2):
        assert one.codename != other.codename
