"""What a stolen copy of the database tells of the content: nothing, and after a purge not even with the keys.

Proved, with a canary in every confidential text: a dump holds none of what is encrypted, in plain, hex, base64 or
compressed form, and neither do the files of PostgreSQL and of the queue on the disk; every text and identity of
content is an encrypted field. A dump that was taken before a purge, restored and read by the application with all
the keys there are, opens nothing of the purged initiative and everything else.
Not proved, because it is not so: that a dump tells nothing at all. Cards, teams, flags and times are in clear; the
proofs find those canaries, which shows that they would find others. A copy of the key store that is older than the
purge opens the dump: see docs/howto/keys.md.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.db import connection

from confidentiality.actor import actor
from confidentiality.fields import Encrypted, encrypted_fields
from confidentiality.vault import CannotOpen
from confidentiality.wall import Confidential, walled_models
from conftest import World
from initiatives import services
from tests import factories as make
from tests.dumps import as_superuser, backup, empty_database, restore
from tests.logins import WEB, WORKER, logged_in_as
from tests.security.canaries import CARD, CONTENT, confidential_texts, disguises, found_in, plant
from tests.security.conftest import Secrets

CONTENT_MODELS = [model for model in walled_models() if issubclass(model, Confidential)]


# --- What is in clear -----------------------------------------------------------------------------------------


# Drawn by the desk, and typed by nobody.
DRAWN = {"participants.Person.pseudonym"}


def test_every_text_of_content_is_encrypted() -> None:
    clear = [field for field in confidential_texts() if issubclass(field.model, Confidential)]

    assert {str(field) for field in clear if not isinstance(field, Encrypted)} == DRAWN
    assert not [field for field in clear if str(field) in DRAWN and field.editable]
    assert len(clear) > 5


def test_a_dump_holds_no_word_of_content(transactional_db: None, secrets: Secrets) -> None:
    planted = plant(secrets.hidden)
    # As SQL, which is what can be searched: the other formats hold the same, compressed.
    text = backup("-Fp")

    assert found_in(text, [CONTENT]) == set()
    assert planted.names(found_in(text, [CARD])) >= planted.fields(CARD)
    assert planted.fields(CONTENT)


def test_the_disk_holds_no_word_of_content(transactional_db: None, secrets: Secrets) -> None:
    """Tables, the log of changes, the queue, and what the services write about themselves."""
    plant(secrets.hidden)
    with as_superuser(str(connection.settings_dict["NAME"])) as asking:
        asking.execute("CHECKPOINT")
    inside, clear = looks(CONTENT), looks(CARD)
    found: dict[str, list[str]] = {"content": [], "card": []}
    for path in files(Path(os.environ["T2D_DATA"])):
        held = path.read_bytes()
        found["content"] += [str(path)] * any(look in held for look in inside)
        found["card"] += [str(path)] * any(look in held for look in clear)

    assert found["content"] == []
    assert any("/base/" in path for path in found["card"])
    assert any("/pg_wal/" in path for path in found["card"])


def looks(mark: str) -> list[bytes]:
    return [mark.encode(), *disguises(mark).values()]


def files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


# --- After a purge --------------------------------------------------------------------------------------------


Opened = dict[tuple[str, str], Any]


def seen_by(user: Any) -> Opened:
    """{(key scope, field of a row): text, or CannotOpen}, of all content that the user sees in the database to which
    the connection leads just now."""
    found: Opened = {}
    with actor(user):
        for model in CONTENT_MODELS:
            for record in model._default_manager.order_by("pk") if encrypted_fields(model) else ():
                for field in encrypted_fields(model):
                    place = (record.key_scope, f"{model._meta.label}.{field.name} {record.pk}")
                    found[place] = tried(record, field)
    return found


def tried(record: Any, field: Any) -> Any:
    try:
        return getattr(record, field.attname)
    except CannotOpen:
        return CannotOpen


def test_a_dump_from_before_a_purge_opens_nothing_after_it(
    transactional_db: None, world: World, secrets: Secrets, tmp_path: Path
) -> None:
    make.make_brief(world.rival, world.rita, title="Of the rival")
    make.make_draft(world.alice, "open_initiative", conflict=world.conflict)
    scope, made = f"initiative:{world.secret.pk}", backup()
    with empty_database() as restored:
        restore(made, restored, tmp_path / "a.dump")
        with logged_in_as(WEB, NAME=restored):
            before = seen_by(world.alice)
        with logged_in_as(WORKER):
            services.purge_now(
                initiative_id=world.secret.pk,
                reason="risk_to_participants",
                asked_by=world.alice,
                confirmed_by=world.bob,
            )
        with logged_in_as(WEB, NAME=restored):
            after, of_rita = seen_by(world.alice), seen_by(world.rita)
    fields = {name.split()[0] for place, name in after if place == scope}

    assert CannotOpen not in before.values()
    assert set(after) == set(before)
    assert {text for (place, _name), text in after.items() if place == scope} == {CannotOpen}
    assert fields >= {"initiatives.Brief.title", "initiatives.GroundRules.text", "initiatives.Draft.data"}
    others = {f"user:{world.alice.pk}", f"organisation:{world.house.pk}"}
    assert {place for place, _name in after if place != scope} == others
    assert [place for place, text in after.items() if text is CannotOpen and place[0] != scope] == []
    assert "Of the rival" in of_rita.values()
