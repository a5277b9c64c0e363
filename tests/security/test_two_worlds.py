"""A world in which another organisation works, and the same world in which it does not, look alike to outsiders.

Random sequences of everything a house can do with initiatives that stay closed to the reader, through the services
and over the API, in the role of whoever acts, with detection running afterwards. The reader's transcript (status,
headers, body and number of queries of every address, with searches, filters and orders; mails) is the same as before.
Readers are a rival on the same conflict, a colleague of the house, a steward, and somebody whose organisation nobody
vetted. Fifty sequences, each followed by a part of the addresses and the first of ten by all of them; T2D_LONG=1 runs
five hundred and asks everything each time. A control shows that an act which the reader may see makes a difference.
Not proved: what a coordinator learns, who is to see flags (tests/coordination); nor equal times.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Organisation, User
from accounts.services import create_token
from confidentiality.actor import actor
from confidentiality.policy import Forbidden, Hidden
from conftest import World
from coordination.models import CoordinationLink, OverlapFlag
from coordination.services import links
from coordination.services.comparison import compare_waiting
from initiatives import services
from initiatives.models import Initiative
from tests.clients import client_of, post
from tests.security.asking import Answer, Request, answer, request_as, routes
from tests.security.conftest import REFERENCE, Secrets
from tests.security.operations import Operation, places
from tests.security.rows import canary

LONG = bool(os.environ.get("T2D_LONG"))
SEQUENCES = 500 if LONG else 50
PER_TEST = 10
# Whoever reads in a run of ten sequences; the rival, who has most to gain, every second time.
READERS = ("rita", "harry", "rita", "stella", "sam")
ACTS = 8
KINDS = 13  # of acts, at the least
ASKED = 40
OF_PAGES = ("?q=heron", "?conflict={conflict}")
OF_THE_API = ("?search=canary", "?conflict={conflict}", "?ordering=codename", "?page_size=1")
NEW = {"track_type": "t2_hard", "matching": "on", "began_on": "2024-01-01", "codename": "Canary"}
THEMES = ["ceasefire", "elections", "recognition", "nuclear_risk"]
# What a reader outside may well notice, or what shows the initiative to others: reference, and acts done above.
NOTICED = (
    "organisations", "conflicts", "parties", "official-tracks", "deadlines", "official-bodies", "overlaps",
    "coordination-links", "circle-declarations", "initiatives/<pk>/visibility",
)  # fmt: skip
BY_PROGRAM = 3  # acts of each sequence


class House:
    """Alice's house at work, by a seed. What it does is seen by nobody outside but a partner and the coordinator."""

    def __init__(self, world: World, secrets: Secrets, seed: int, reader: str) -> None:
        self.world, self.draw, self.reader = world, random.Random(seed), reader
        self.own = secrets.ids()
        self.initiatives = [world.secret]
        self.done: list[str] = []
        self.answers: list[tuple[str, int]] = []

    def one(self) -> Initiative:
        return Initiative.objects.get(pk=self.draw.choice(self.initiatives).pk)

    def opens(self) -> None:
        world = self.world
        opened = services.open_initiative(
            by=world.alice,
            conflict=self.draw.choice((world.conflict, world.child)),
            registered_by=world.house,
            matching=self.draw.choice(("on", "off")),
            track_type="t2_hard",
            began_on=date(2024, 1, 1),
            themes=self.draw.sample(THEMES, 2),
            parties=(world.up, world.down),
            public_line="Canary of a line",
        )
        self.initiatives.append(opened)

    def edits(self) -> None:
        changes = {
            "codename": f"Canary {self.draw.random()}",
            "themes": self.draw.sample(THEMES, 3),
            "matching": self.draw.choice(("on", "off")),
            "began_on": date(2020 + self.draw.randrange(5), 1, 1),
        }
        services.edit_initiative(by=self.world.alice, initiative=self.one(), **changes)

    def changes_status(self) -> None:
        status = self.draw.choice(("active", "paused", "closed"))
        services.change_status(by=self.world.alice, initiative=self.one(), status=status)

    def shows_to_partner(self) -> None:
        (office,) = self.world.cora.organisation_ids()
        partners = list(Organisation.objects.filter(pk=office))
        services.change_visibility(
            by=self.world.alice, initiative=self.one(), visibility="partners", partners=partners
        )

    def hides(self) -> None:
        services.change_visibility(by=self.world.alice, initiative=self.one(), visibility="team")

    def adds_member(self) -> None:
        until = timezone.now() + timedelta(days=self.draw.randrange(1, 90))
        services.add_team_member(
            by=self.world.alice,
            initiative=self.one(),
            user=self.world.bob,
            role=self.draw.choice(("facilitator", "rapporteur", "observer")),
            expires_at=self.draw.choice((None, until)),
        )

    def removes_member(self) -> None:
        member = self.one().members.live().filter(user=self.world.bob).first()
        if member:
            services.remove_team_member(by=self.world.alice, member=member)

    def names_successor(self) -> None:
        services.name_successor(by=self.world.alice, initiative=self.one(), successor=self.world.bob)

    def writes_brief(self) -> None:
        services.edit_brief(
            by=self.world.alice,
            initiative=self.one(),
            title="Canary title",
            objective=str(self.draw.random()),
        )

    def adopts_rules(self) -> None:
        rules = services.adopt_ground_rules(by=self.world.alice, initiative=self.one(), text="Canary rules")
        services.record_assent(by=self.world.alice, rules=rules, who="Canary who")

    def keeps_draft(self) -> None:
        data = {"title": ["Canary draft"], "version": ["0"]}
        services.keep_draft(by=self.world.alice, place="brief", data=data, initiative=self.one())

    def declares(self) -> None:
        """A coordinator has not confirmed it, so that nobody else hears of it."""
        services.declare_for_circle(
            by=self.world.alice, organisation=self.world.house, conflict=self.world.child
        )

    def arranges(self) -> None:
        first, second = self.draw.sample(self.initiatives, 2)
        links.arrange_coordination(
            by=self.world.alice, first=first, second=second, mechanism="joint_analysis", depth="aware"
        )

    def calls_the_api(self) -> None:
        """The same acts as programs do them."""
        one, client = self.one(), client_of(self.world.alice)
        path, body = self.draw.choice(
            (
                (f"initiatives/{one.pk}/status/", {"status": "paused"}),
                (f"initiatives/{one.pk}/visibility/", {"visibility": "team"}),
                ("ground-rules/", {"initiative": str(one.pk), "text": f"Canary {self.draw.random()}"}),
                ("initiatives/", {**NEW, "conflict": str(self.world.conflict.pk)}),
            )
        )
        answered = post(client, path, body)
        assert answered.status_code in (200, 201, 400), answered.content

    def works_by_program(self) -> None:
        """Any operation that the API describes, on what lies inside the initiative: a new endpoint is used at once."""
        # Colleagues and stewards read, on the page of the organisation, how somebody who works there is called.
        besides = ("me",) if self.reader in ("harry", "stella") else ()
        operation, path = self.draw.choice(operations_inside(self.own, besides))
        body = operation.example(self.own)
        if operation.method == "patch" and (texts := operation.texts()):
            body[self.draw.choice(texts)] = canary()
        answered = request_as(self.world.alice)(operation.method, path, data=json.dumps(body))
        assert answered.status_code < 500, (operation.name, answered.content)
        self.answers.append((operation.name, answered.status_code))

    def makes_token(self) -> None:
        create_token(by=self.world.alice, scope="read", label="Canary token")

    def asks_to_purge(self) -> None:
        one = self.initiatives[-1]
        if not one.members.live().filter(user=self.world.bob).exists():
            services.add_team_member(
                by=self.world.alice, initiative=one, user=self.world.bob, role="facilitator"
            )
        services.ask_purge(by=self.world.alice, initiative=one, reason="entered_in_error")

    def acts(self) -> None:
        """Some acts, drawn by the seed. One that is refused (a member twice) is left out and leaves nothing."""
        acts: list[Callable[[], None]] = [
            self.opens, self.edits, self.changes_status, self.shows_to_partner, self.hides, self.adds_member,
            self.removes_member, self.names_successor, self.writes_brief, self.adopts_rules, self.makes_token,
            self.asks_to_purge, self.keeps_draft, self.declares, self.arranges, self.calls_the_api,
        ]  # fmt: skip
        if self.reader == "harry":
            acts.remove(self.declares)  # A colleague reads what his own house has declared.
        for act in [self.opens, *self.draw.choices(acts, k=ACTS), *[self.works_by_program] * BY_PROGRAM]:
            try:
                with actor(self.world.alice):
                    act()
            except (ValidationError, Hidden, Forbidden):
                continue
            self.done.append(act.__name__)
        compare_waiting()


def operations_inside(own: dict[str, UUID], besides: tuple[str, ...] = ()) -> list[tuple[Operation, str]]:
    found = [(operation, path) for operation, path in places(own)]
    noticed = (*NOTICED, *besides)
    return [(one, path) for one, path in found if not one.pattern.removeprefix("api/v1/").startswith(noticed)]


def addresses(world: World, secrets: Secrets, reader: str) -> list[str]:
    """Everything there is to ask, with the rival's own records and with ids of nothing."""
    rival = {"initiative": world.rival.pk, "member": world.rival.members.get().pk}
    own = rival if reader == "rita" else {}
    found = []
    for route in routes():
        values: dict[str, Any] = {
            name: secrets.ids()[kind] if kind in REFERENCE else own.get(kind, UUID(int=7))
            for name, kind in route.kinds().items()
        }
        queries = OF_THE_API if route.pattern.startswith("api/") else OF_PAGES
        queries = ("", *(() if values else queries))
        found += [route.path(values) + query.format(conflict=world.conflict.pk) for query in queries]
    return found


def transcript(request: Request, paths: list[str]) -> dict[str, Answer]:
    cache.clear()
    connection.queries_log.clear()
    return {path: answer(request, "get", path) for path in paths}


def differences(one: dict[str, Answer], other: dict[str, Answer]) -> list[str]:
    return [path for path in one.keys() | other.keys() if one.get(path) != other.get(path)]


def reader_of(world: World, user: User | None) -> Request:
    request = request_as(user)
    request("get", "/api/v1/me/")  # Marks the token as used, before the page that shows its last use is read.
    return request


@pytest.mark.parametrize("start", range(0, SEQUENCES, PER_TEST))
def test_what_another_house_does_changes_nothing_for_a_reader(
    world: World, secrets: Secrets, start: int
) -> None:
    reader = READERS[start // PER_TEST % len(READERS)]
    request, paths = reader_of(world, getattr(world, reader)), addresses(world, secrets, reader)
    before = transcript(request, paths)
    done: list[str] = []
    accepted: list[str] = []
    for seed in range(start, start + PER_TEST):
        with transaction.atomic():
            house = House(world, secrets, seed, reader)
            house.acts()
            asked = paths if LONG or seed == start else house.draw.sample(paths, ASKED)
            changed = differences({path: before[path] for path in asked}, transcript(request, asked))
            transaction.set_rollback(True)
        done += house.done
        accepted += [name for name, status in house.answers if status < 300]
        assert (changed, len(mail.outbox)) == ([], 0), (reader, seed, house.done)

    assert len(done) > PER_TEST * ACTS / 2  # Most acts were really done, of every kind.
    assert len(set(done)) >= KINDS
    assert len(set(accepted)) > 3


@pytest.mark.parametrize("reader", ["anonymous", "rita", "sam", "harry", "stella"])
def test_a_world_in_which_it_never_was_looks_the_same(world: World, secrets: Secrets, reader: str) -> None:
    request, paths = reader_of(world, getattr(world, reader, None)), addresses(world, secrets, reader)
    with_it = transcript(request, paths)
    CoordinationLink.objects.all().delete()
    OverlapFlag.objects.all().delete()
    Initiative.objects.filter(pk=world.secret.pk).delete()

    assert differences(with_it, transcript(request, paths)) == []


def test_a_card_for_the_network_is_noticed(world: World, secrets: Secrets) -> None:
    """The control: were the transcript blind, the proof above would show nothing."""
    request = reader_of(world, world.rita)
    paths = [path for path in addresses(world, secrets, "rita") if path.startswith("/api/")]
    before = transcript(request, paths)
    with actor(world.alice):
        services.change_visibility(by=world.alice, initiative=world.secret, visibility="network")

    assert len(differences(before, transcript(request, paths))) > 3
