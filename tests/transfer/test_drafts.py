"""What is typed into the form of a record that exists is kept, offered again, and goes when it was saved."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from conftest import World
from initiatives.models import Draft, Session
from initiatives.services import edit_session
from tests import factories as make
from tests import record
from tests.security.forms import every_form
from transfer.models import Outcome, Transfer
from transfer.services import edit_outcome, edit_transfer

pytestmark = pytest.mark.django_db

# The address of each form, the record that it changes, and a text in it.
FORMS = {
    "initiatives:edit_session": ("session", "purpose"),
    "initiatives:session_details": ("session", "notes"),
    "transfer:edit_outcome": ("outcome", "evidence"),
    "transfer:edit_transfer": ("transfer", "message"),
}


@pytest.fixture
def made(world: World) -> dict[str, Any]:
    body = record.make_body(world.conflict, "Ministry of Water", party=world.up)
    return record.make_record(world.secret, world.alice, body, "Heard")


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def typed(client: Client, path: str, **texts: str) -> dict[str, Any]:
    """What the page's own form would send, with something typed into it."""
    page = client.get(path).content.decode()
    (form,) = [one for one in every_form(page) if "draft_seen" in one.values]
    return {**form.values, **texts}


def kept(client: Client, data: dict[str, Any]) -> Any:
    return client.post(reverse("initiatives:keep_draft"), data)


@pytest.mark.parametrize("name", FORMS)
def test_it_is_kept_offered_and_goes_with_the_save(world: World, made: dict[str, Any], name: str) -> None:
    kind, field = FORMS[name]
    alice, path = signed_in(world.alice), reverse(name, args=[made[kind].pk])
    data = typed(alice, path, **{field: "Typed on the train"})
    answer = kept(alice, data)
    again = alice.get(path).content.decode()
    stored = type(made[kind]).objects.get(pk=made[kind].pk)

    assert answer.status_code == 200
    assert "Typed on the train" in again
    assert "restored. It is not saved yet." in again
    assert getattr(stored, field) != "Typed on the train"
    assert "Typed on the train" not in signed_in(world.bob).get(path).content.decode()
    sent = {**data, "draft_seen": str(answer.json()["seen"]), "override_reason": "It was so"}
    assert alice.post(path, sent).status_code == 302
    assert not Draft.objects.exists()
    assert getattr(type(stored).objects.get(pk=stored.pk), field) == "Typed on the train"


@pytest.mark.parametrize("name", FORMS)
def test_it_is_thrown_away_with_one_button(world: World, made: dict[str, Any], name: str) -> None:
    kind, field = FORMS[name]
    alice, path = signed_in(world.alice), reverse(name, args=[made[kind].pk])
    data = typed(alice, path, **{field: "Typed on the train"})
    kept(alice, data)
    gone = alice.post(reverse("initiatives:discard_draft"), {"draft": data["draft"][0]})

    assert (gone.status_code, gone.url) == (302, path)
    assert "Typed on the train" not in alice.get(path).content.decode()


@pytest.mark.parametrize("name", FORMS)
def test_a_form_as_it_stands_is_no_draft(world: World, made: dict[str, Any], name: str) -> None:
    alice, path = signed_in(world.alice), reverse(name, args=[made[FORMS[name][0]].pk])
    kept(alice, typed(alice, path))

    assert "restored" not in alice.get(path).content.decode()


@pytest.mark.parametrize("name", FORMS)
def test_a_draft_that_was_overtaken_takes_over_what_somebody_saved(
    world: World, made: dict[str, Any], name: str
) -> None:
    kind, field = FORMS[name]
    alice, path = signed_in(world.alice), reverse(name, args=[made[kind].pk])
    kept(alice, typed(alice, path, **{field: "Typed on the train"}))
    edit = {Session: edit_session, Outcome: edit_outcome, Transfer: edit_transfer}[type(made[kind])]
    edit(by=world.bob, **{kind: made[kind]}, override_reason="So it was", **{field: "Saved by Bob"})
    page = alice.get(path)

    assert page.status_code == 200
    assert "This has been saved since your draft. Nothing you typed is lost." in page.content.decode()
    assert "Typed on the train" in page.content.decode()
    assert 'name="version" value="2"' in page.content.decode()


def test_another_window_is_told_that_it_replaces_a_newer_draft(world: World, made: dict[str, Any]) -> None:
    alice, path = signed_in(world.alice), reverse("initiatives:edit_session", args=[made["session"].pk])
    one, other = typed(alice, path, purpose="One"), typed(alice, path, purpose="Other")
    first = kept(alice, one).json()
    second = kept(alice, other).json()
    alice.post(path, {**one, "draft_seen": str(first["seen"])})

    assert "Another window" not in first["text"]
    assert "Another window had a newer draft" in second["text"]
    assert Draft.objects.get().data["purpose"] == ["Other"], "saved in one window, typed on in the other"


def test_each_record_has_a_draft_of_its_own(world: World, made: dict[str, Any]) -> None:
    other = record.make_session(world.secret, world.alice)
    alice = signed_in(world.alice)
    paths = [reverse("initiatives:edit_session", args=[one.pk]) for one in (made["session"], other)]
    for path, text in zip(paths, ("First", "Second"), strict=True):
        kept(alice, typed(alice, path, purpose=text))

    assert Draft.objects.count() == 2
    assert [text in alice.get(path).content.decode() for path in paths for text in ("First<", "Second<")] == [
        True,
        False,
        False,
        True,
    ]


@pytest.mark.parametrize("key", ["edit_session:{0}", "edit_session:{0}:nonsense", "edit_session::{1}"])
def test_a_place_that_is_none_leads_nowhere(world: World, made: dict[str, Any], key: str) -> None:
    draft = key.format(world.secret.pk, made["session"].pk)

    assert kept(signed_in(world.alice), {"draft": draft, "purpose": "Typed"}).status_code == 404


def test_a_stranger_keeps_none_for_a_hidden_record(world: World, made: dict[str, Any]) -> None:
    for pk in (made["session"].pk, make.make_conflict("Elsewhere").pk):
        draft = f"edit_session:{world.secret.pk}:{pk}"
        assert kept(signed_in(world.rita), {"draft": draft, "purpose": "Typed"}).status_code == 404
