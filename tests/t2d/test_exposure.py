"""What could be read: measured as the site is set up, told so that it follows what was measured."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models
from django.test import Client
from django.urls import reverse

from confidentiality.declared import own_models
from confidentiality.wall import walled_models
from conftest import World
from t2d import exposure
from t2d.exposure.measured import Measured, Place, Records, look
from t2d.exposure.told import OK, TELLS, WEAK

CARD = Records("initiatives.Initiative", ("codename", "conflict"), (), walled=True, holds=True)
BRIEF = Records("initiatives.Brief", ("initiative",), ("title", "objective"), walled=True, holds=True)
USER = Records("accounts.User", ("email", "name"), (), walled=False, holds=False)
CLOSED = Place("/keys/store", there=True, own=True, mode=0o700, disk=2)
SERVER = Measured(
    records=(CARD, BRIEF, USER),
    login="t2d_app",
    way_around="",
    link="tls",
    database_here=False,
    database_folder=None,
    key_process=True,
    key_socket=Place("/keys/socket", there=True, own=False, mode=0o660, disk=3),
    key_file=None,
    key_store=CLOSED,
    hashed_sessions=True,
    second_factor=True,
    session_hours=8,
    idle_minutes=15,
    ends_with_browser=True,
    only_https=True,
    pages_kept=False,
)


def weaknesses(measured: Measured) -> set[str]:
    """Everything that the page calls weak."""
    found = [finding for scenario in exposure.told(measured) for finding in scenario.findings]
    return {finding.text for finding in (*found, *exposure.inside(measured)) if finding.level == WEAK}


def scenario(measured: Measured, name: str) -> exposure.Scenario:
    return next(each for each in exposure.told(measured) if each.name == name)


def test_a_careful_server_has_no_weakness() -> None:
    assert weaknesses(SERVER) == set()


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"records": (CARD,)}, "Nothing is encrypted"),
        ({"link": "clear"}, "way to the database is not encrypted"),
        ({"key_process": False, "key_socket": None}, "pages themselves read the master key"),
        ({"key_socket": None}, "process that holds the keys is not there"),
        (
            {"key_store": replace(CLOSED, mode=0o750)},
            "Other users of the machine can open the key store (mode 0750)",
        ),
        ({"second_factor": False}, "no second factor yet"),
        ({"session_hours": 24}, "after 24 hours at the latest"),
        ({"idle_minutes": 60}, "after 60 idle minutes"),
        ({"ends_with_browser": False}, "outlives the browser"),
        ({"only_https": False}, "sent without encryption"),
        ({"way_around": "is a superuser"}, "can pass that wall"),
        ({"records": (replace(CARD, holds=False), BRIEF)}, "apart of: initiatives.Initiative"),
        ({"database_folder": CLOSED, "key_file": CLOSED}, "keys lie on the disk of the database"),
    ],
)
def test_each_weak_setting_is_named_alone_with_something_to_do(change: dict[str, Any], word: str) -> None:
    measured = replace(SERVER, **change)
    (text,) = weaknesses(measured)
    assert word in text
    found = [finding for each in exposure.told(measured) for finding in each.findings]
    assert all(finding.todo for finding in (*found, *exposure.inside(measured)) if finding.level != OK)


def test_an_open_key_file_is_named_besides_being_one() -> None:
    opened = Place("/keys/file", there=True, own=True, mode=0o644, disk=3)
    told = weaknesses(replace(SERVER, key_process=False, key_file=opened))
    assert any("can open the file with the master key" in text and "0644" in text for text in told)
    assert len(told) == 2


def test_one_disk_for_all_makes_the_first_theft_the_second() -> None:
    apart = replace(SERVER, database_folder=replace(CLOSED, disk=9))
    together = replace(SERVER, database_folder=CLOSED, key_file=CLOSED)
    assert scenario(apart, "disk").closed[0].startswith("What teams wrote inside")
    assert scenario(together, "disk").read[0].startswith("Everything of the second case too")
    assert scenario(together, "disk").closed == ()


@pytest.mark.parametrize(
    ("database", "store", "file", "apart"),
    [
        (2, 2, 2, False),
        (2, 3, 2, True),
        (2, 2, 3, True),
        (2, 3, None, True),
        (2, 2, None, None),
        (None, 2, 2, None),
    ],
)
def test_all_of_the_keys_have_to_lie_there(
    database: int | None, store: int | None, file: int | None, apart: bool | None
) -> None:
    places = [disk and replace(CLOSED, disk=disk) for disk in (database, store, file)]
    names = ("database_folder", "key_store", "key_file")
    assert replace(SERVER, **dict(zip(names, places, strict=True))).keys_apart is apart


def test_sign_ins_that_could_be_taken_over_are_said_to_be_readable() -> None:
    assert any(
        "Sign-ins that still last" in text
        for text in scenario(replace(SERVER, hashed_sessions=False), "disk").read
    )
    assert not any("Sign-ins" in text for text in scenario(SERVER, "disk").read)


def test_pages_kept_by_browsers_are_said_to_be_readable() -> None:
    assert any("has kept" in text for text in scenario(replace(SERVER, pages_kept=True), "laptop").read)
    assert not any("has kept" in text for text in scenario(SERVER, "laptop").read)


def test_a_record_without_a_sentence_is_named_with_its_fields() -> None:
    new = Records("later.Thing", ("place", "colour"), ("story",), walled=True, holds=True)
    assert scenario(replace(SERVER, records=(new,)), "disk").read == ("later.Thing: place, colour",)


def test_every_record_of_the_house_has_a_sentence() -> None:
    spoken = set().union(*(labels for labels, _sentence in TELLS))
    assert {model._meta.label for model in own_models()} - spoken == set()


def test_a_place_is_looked_at(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("-")
    file.chmod(0o640)
    found = look(file)
    assert (found.there, found.own, found.mode, found.closed) == (True, True, 0o640, False)
    assert found.disk == look(tmp_path).disk
    assert look(tmp_path / "nothing").there is False


@pytest.mark.django_db
def test_every_field_of_every_record_is_counted_on_one_side() -> None:
    measured = exposure.measure()
    assert {records.label for records in measured.records if records.walled} == {
        model._meta.label for model in walled_models()
    }
    for records in measured.records:
        model: type[models.Model] = apps.get_model(records.label)
        names = {field.name for field in model._meta.concrete_fields} - {
            "id",
            "version",
            "created_at",
            "updated_at",
        }
        assert set(records.clear) | set(records.encrypted) == names
        assert set(records.clear) & set(records.encrypted) == set()


@pytest.mark.django_db
def test_row_security_is_asked_of_the_database_itself() -> None:
    assert all(records.holds for records in exposure.measure().records if records.walled)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE initiatives_teammember NO FORCE ROW LEVEL SECURITY")
    fallen = [records.label for records in exposure.measure().records if records.walled and not records.holds]
    assert fallen == ["initiatives.TeamMember"]


# --- The page ---------------------------------------------------------------------------------------------


def page(user: Any) -> Any:
    client = Client()
    client.force_login(user)
    return client.get(reverse("what_could_be_read"))


@pytest.mark.django_db
def test_the_page_follows_the_settings(world: World, settings: Any, tmp_path: Path) -> None:
    keys, store = tmp_path / "keys.json", tmp_path / "store"
    keys.write_text("{}")
    keys.chmod(0o644)
    store.mkdir(mode=0o755)
    settings.KEY_SERVICE, settings.KEY_STORE = f"file:{keys}", store
    settings.SESSION_EXPIRE_AT_BROWSER_CLOSE = False
    before = page(world.stella).content.decode()
    keys.chmod(0o600)
    store.chmod(0o700)
    settings.KEY_SERVICE = f"unix:{keys}"
    settings.SESSION_EXPIRE_AT_BROWSER_CLOSE = True
    after = page(world.stella).content.decode()

    said = [
        "The pages themselves read the master key",
        "Other users of the machine can open the file with the master key (mode 0644)",
        "Other users of the machine can open the key store (mode 0755)",
        "A sign-in outlives the browser",
    ]
    assert [text in before for text in said] == [True] * 4
    assert [text in after for text in said] == [False] * 4
    assert "A process of its own holds the master key" in after


@pytest.mark.django_db
def test_it_says_nothing_of_what_is_recorded(world: World) -> None:
    text = page(world.stella).content.decode()
    assert not any(word in text for word in ("Secret", "Heron", world.conflict.name, world.house.name))


@pytest.mark.django_db
def test_others_find_no_such_page(world: World) -> None:
    for user in (world.alice, world.cora, world.sam):
        assert page(user).status_code == 404
    assert Client().get(reverse("what_could_be_read")).url.startswith(reverse("account_login"))
