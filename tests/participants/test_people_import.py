"""People from a spreadsheet: each under a drawn pseudonym, who they are apart, all or nothing."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.test import Client

from confidentiality.actor import actor
from confidentiality.policy import Forbidden, Hidden
from conftest import World
from initiatives.services.importing.records import TableReport
from participants.models import Participation, PersonIdentity
from participants.services.importing import import_people
from tests.initiatives.test_table_import import table

GOOD = {"side": "Upstream", "role": "participant", "status": "accepted", "name": "Kestrel of the mill"}


def imported(world: World, data: bytes, by: Any = None, **how: Any) -> TableReport:
    by = by or world.alice
    with actor(by):
        return import_people(by=by, initiative=world.secret, lines=io.BytesIO(data), **how)


def test_a_row_becomes_a_person_who_takes_part(world: World) -> None:
    row = {
        **GOOD,
        "background": "scholar",
        "capacity": "personal",
        "consents": "",
        "note": "Knows the river",
        "other_names": "Kestrel; \u0639\u0627\u0635\u0648\u0642",
        "birth_year": "1961",
        "affiliation": "The mill",
        "contacts": "By letter\nnever by phone",
    }
    assert imported(world, table(row)).made == [2]
    part = Participation.objects.get(initiative=world.secret)
    identity = PersonIdentity.objects.get(person=part.person)
    assert (part.person.party, part.role, part.status, part.note) == (
        world.up, "participant", "accepted", "Knows the river",
    )  # fmt: skip
    assert (identity.name, identity.birth_year, identity.contacts) == (
        "Kestrel of the mill", "1961", "By letter\nnever by phone",
    )  # fmt: skip
    assert [name["script"] for name in identity.other_names] == ["Latn", "Arab"]


def test_who_is_there_already_is_not_added_again(world: World) -> None:
    data = table(GOOD, {**GOOD, "name": "Heron of the ford"})
    assert imported(world, data).made == [2, 3]
    again = imported(world, data)
    assert (again.known, again.made, Participation.objects.count()) == ([2, 3], [], 2)


def test_one_name_on_two_sides_is_asked_about(world: World) -> None:
    data = table(GOOD, {**GOOD, "side": "Downstream"})
    asked, passed = imported(world, data), imported(world, data, override_reason="Cousins of one name")

    assert (asked.made, [(one.row, one.column) for one in asked.doubts]) == ([2], [(3, "name")])
    assert not asked.done
    assert passed.made == [2, 3]


def test_who_may_not_open_identities_writes_them_and_recognises_nobody(world: World) -> None:
    """Otherwise the answer would tell who is behind the pseudonyms."""
    imported(world, table(GOOD))
    world.secret.members.filter(user=world.bob).update(role="rapporteur")
    assert imported(world, table(GOOD), by=world.bob, dry_run=True).made == [2]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ({"side": "Nowhere"}, "side"),
        ({"role": "king"}, "role"),
        ({"status": "maybe"}, "status"),
        ({"consents": "everything"}, "consents"),
        ({"birth_year": "61"}, "birth_year"),
        ({"name": "x" * 201}, "name"),
    ],
)
def test_one_bad_row_and_nobody_is_added(world: World, row: dict[str, str], column: str) -> None:
    report = imported(world, table(dict.fromkeys(row, "") | GOOD, {**GOOD, "name": "Other", **row}))
    assert [(problem.row, problem.column) for problem in report.rejected] == [(3, column)]
    assert not Participation.objects.exists()


def test_only_who_logs_imports(world: World) -> None:
    world.secret.members.filter(user=world.bob).update(role="observer")
    for user, refusal in ((world.bob, Forbidden), (world.rita, Hidden)):
        with pytest.raises(refusal):
            imported(world, table(GOOD), by=user)


def test_the_page_says_which_sides_there_are(world: World) -> None:
    client = Client()
    client.force_login(world.alice)
    text = client.get(f"/initiatives/{world.secret.pk}/people/import/").content.decode()
    assert "A side is one of: Downstream, Upstream" in text
