"""Drafts: one's own, kept as typed, restored, discarded, removed when saved, gone when old."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from confidentiality.actor import SITE, actor
from confidentiality.policy import Hidden
from conftest import World
from initiatives.models import Brief, Draft, Initiative
from initiatives.services import discard_draft, draft_in, edit_brief, keep_draft, purge_drafts
from initiatives.services.drafts import LIMIT_BYTES, MOST_DRAFTS
from tests import factories as make

pytestmark = pytest.mark.django_db

KEEP, DISCARD = "initiatives:keep_draft", "initiatives:discard_draft"


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def typed(world: World, title: str = "Half a title", **more: str) -> dict[str, str]:
    return {"draft": f"brief:{world.secret.pk}", "draft_seen": "0", "version": "0", "title": title, **more}


def keep(client: Client, data: dict[str, Any]) -> Any:
    return client.post(reverse(KEEP), data)


def edit_page(world: World) -> str:
    return reverse("initiatives:edit_brief", args=[world.secret.pk])


# Services


def test_the_newest_wins_and_there_is_one(world: World) -> None:
    keep_draft(by=world.alice, place="brief", initiative=world.secret, data={"title": ["One"]})
    draft = keep_draft(by=world.alice, place="brief", initiative=world.secret, data={"title": ["Two"]})

    assert (draft.version, draft.data) == (2, {"title": ["Two"]})
    assert Draft.objects.count() == 1


def test_each_user_and_place_has_its_own(world: World) -> None:
    for by, place, about in (
        (world.alice, "brief", {"initiative": world.secret}),
        (world.alice, "ground_rules", {"initiative": world.secret}),
        (world.alice, "open_initiative", {"conflict": world.conflict}),
        (world.alice, "open_initiative", {"conflict": world.child}),
        (world.bob, "brief", {"initiative": world.secret}),
    ):
        keep_draft(by=by, place=place, data={"title": [by.name]}, **about)

    assert Draft.objects.count() == 5
    assert draft_in(by=world.bob, place="brief", initiative=world.secret).data == {"title": ["Bobirian"]}


def test_a_draft_lies_under_the_key_of_its_initiative_or_of_its_author(world: World) -> None:
    inside = make.make_draft(world.alice, initiative=world.secret)
    outside = make.make_draft(world.alice, "open_initiative", conflict=world.conflict)

    assert inside.key_scope == f"initiative:{world.secret.pk}"
    assert outside.key_scope == f"user:{world.alice.pk}"


def test_a_team_mate_does_not_see_it_and_neither_does_anybody_else(world: World) -> None:
    make.make_draft(world.alice, initiative=world.secret)
    make.make_draft(world.alice, "open_initiative", conflict=world.conflict)
    for user in (world.bob, world.harry, world.rita, world.cora, world.stella, world.sam):
        with actor(user):
            assert not Draft.objects.visible_to(user).exists()
            assert not Draft.objects.exists()
    with actor(world.alice):
        assert Draft.objects.visible_to(world.alice).count() == 2


def test_who_left_the_team_sees_no_draft_from_inside(world: World) -> None:
    make.make_draft(world.bob, initiative=world.secret)
    make.make_draft(world.bob, "open_initiative", conflict=world.conflict)
    now = timezone.now()
    ended = {"began_at": now - timedelta(days=9), "expires_at": now - timedelta(days=1)}
    world.secret.members.filter(user=world.bob).update(**ended)
    with actor(world.bob):
        assert [draft.place for draft in Draft.objects.visible_to(world.bob)] == ["open_initiative"]
        assert [draft.place for draft in Draft.objects.all()] == ["open_initiative"]
        with pytest.raises(Hidden):
            keep_draft(by=world.bob, place="brief", initiative=world.secret, data={"title": ["Mine"]})


def test_nobody_keeps_drafts_where_nothing_is_to_be_seen(world: World) -> None:
    for user in (world.harry, world.rita, world.cora, world.stella, world.sam):
        with actor(user), pytest.raises(Hidden):
            keep_draft(by=user, place="brief", initiative=world.secret, data={})


def test_discarding_twice_is_once(world: World) -> None:
    make.make_draft(world.alice, initiative=world.secret)
    make.make_draft(world.bob, initiative=world.secret)
    for _ in range(2):
        discard_draft(by=world.alice, place="brief", initiative=world.secret)

    assert [draft.user for draft in Draft.objects.all()] == [world.bob]


def test_what_is_too_long_is_refused_and_the_last_draft_stays(world: World) -> None:
    keep_draft(by=world.alice, place="brief", initiative=world.secret, data={"title": ["Short"]})
    long = {"objective": ["é" * (LIMIT_BYTES // 2)]}
    with pytest.raises(ValidationError):
        keep_draft(by=world.alice, place="brief", initiative=world.secret, data=long)

    assert Draft.objects.get().data == {"title": ["Short"]}


def test_the_oldest_makes_room(world: World) -> None:
    conflicts = [make.make_conflict() for _ in range(MOST_DRAFTS + 1)]
    for conflict in conflicts:
        keep_draft(by=world.alice, place="open_initiative", conflict=conflict, data={})
    kept = set(Draft.objects.values_list("conflict", flat=True))

    assert kept == {conflict.pk for conflict in conflicts[1:]}


def test_old_drafts_are_purged_by_the_site_which_reads_none(world: World) -> None:
    old = make.make_draft(world.alice, initiative=world.secret)
    make.make_draft(world.bob, initiative=world.secret)
    Draft.objects.filter(pk=old.pk).update(updated_at=timezone.now() - timedelta(days=31))
    with actor(SITE):
        assert purge_drafts() == 1
        assert purge_drafts() == 0

    assert [draft.user for draft in Draft.objects.all()] == [world.bob]
    with pytest.raises(Exception, match="permission denied"), actor(SITE):
        list(Draft.objects.all())


# Keeping, by the script


def test_what_is_typed_is_kept_and_answered_with_the_time(world: World) -> None:
    answer = keep(signed_in(world.alice), typed(world, objective="Half a sentence"))
    draft = Draft.objects.get()

    assert answer.status_code == 200
    assert answer.json()["seen"] == 1
    assert answer.json()["text"].startswith("Draft kept, ")
    assert "no-store" in answer["Cache-Control"]
    assert draft.data == {"version": ["0"], "title": ["Half a title"], "objective": ["Half a sentence"]}


def test_another_window_is_told(world: World) -> None:
    client = signed_in(world.alice)
    first = keep(client, typed(world, "From one window")).json()
    second = keep(client, typed(world, "From the other") | {"draft_seen": "0"}).json()
    third = keep(client, typed(world, "Typed on") | {"draft_seen": str(second["seen"])}).json()

    assert "Another window" not in first["text"]
    assert "Another window" in second["text"]
    assert "Another window" not in third["text"]
    assert Draft.objects.get().data["title"] == ["Typed on"]


@pytest.mark.parametrize("key", ["", "brief", "brief:", "brief:7", "nonsense:{secret}", "brief:{missing}"])
def test_nonsense_leads_nowhere(world: World, key: str) -> None:
    key = key.format(secret=world.secret.pk, missing="00000000-0000-4000-8000-000000000000")
    for name in (KEEP, DISCARD):
        assert signed_in(world.alice).post(reverse(name), {"draft": key}).status_code == 404


def test_a_place_one_may_not_see_is_missing(world: World) -> None:
    for user in (world.harry, world.rita, world.cora, world.stella, world.sam):
        for name in (KEEP, DISCARD):
            answer = signed_in(user).post(reverse(name), {"draft": f"brief:{world.secret.pk}"})
            assert answer.status_code == 404
    assert not Draft.objects.exists()


def test_too_long_is_said_to_the_script(world: World) -> None:
    answer = keep(signed_in(world.alice), typed(world, objective="x" * LIMIT_BYTES))

    assert answer.status_code == 422
    assert "too long" in answer.json()["problem"]


def test_who_is_signed_out_is_sent_to_sign_in_and_the_draft_stays(world: World) -> None:
    client = signed_in(world.alice)
    keep(client, typed(world))
    client.logout()
    kept = keep(client, typed(world, "Typed after the end"))
    posted = client.post(edit_page(world), typed(world, "Sent after the end"))
    client.force_login(world.alice)
    page = client.get(posted["Location"].partition("next=")[2]).content.decode()

    assert kept.status_code == posted.status_code == 302
    assert not Brief.objects.exists()
    assert "Half a title" in page


# Restoring


def test_a_draft_is_restored_with_a_notice(world: World) -> None:
    client = signed_in(world.alice)
    keep(client, typed(world))
    page = client.get(edit_page(world)).content.decode()

    assert 'value="Half a title"' in page
    assert "restored. It is not saved yet." in page
    assert 'name="draft_seen" value="1"' in page


def test_a_draft_that_says_nothing_new_is_not_shown(world: World) -> None:
    make.make_brief(world.secret, world.alice, title="As saved", objective="Same")
    client = signed_in(world.alice)
    keep(client, typed(world, "As saved", objective="Same", version="1"))

    assert "restored" not in client.get(edit_page(world)).content.decode()


def test_saving_removes_the_draft(world: World) -> None:
    client = signed_in(world.alice)
    seen = keep(client, typed(world)).json()["seen"]
    answer = client.post(edit_page(world), typed(world, "A whole title") | {"draft_seen": str(seen)})

    assert answer.status_code == 302
    assert not Draft.objects.exists()
    assert Brief.objects.get().title == "A whole title"


def test_saving_leaves_a_newer_draft_of_another_window(world: World) -> None:
    client = signed_in(world.alice)
    seen = keep(client, typed(world)).json()["seen"]
    keep(client, typed(world, "From the other window") | {"draft_seen": str(seen)})
    client.post(edit_page(world), typed(world, "Saved here") | {"draft_seen": str(seen)})
    page = client.get(edit_page(world)).content.decode()

    assert Brief.objects.get().title == "Saved here"
    assert 'value="From the other window"' in page
    assert "This has been saved since your draft" in page


def test_discarding_shows_what_is_saved(world: World) -> None:
    client = signed_in(world.alice)
    edit_brief(by=world.alice, initiative=world.secret, title="As saved")
    keep(client, typed(world, version="1"))
    answer = client.post(reverse(DISCARD), {"draft": f"brief:{world.secret.pk}"}, follow=True)

    assert answer.redirect_chain[-1][0] == edit_page(world)
    assert 'value="As saved"' in answer.content.decode()


def test_a_draft_is_merged_with_what_was_saved_since(world: World) -> None:
    edit_brief(by=world.alice, initiative=world.secret, title="One", objective="Old aim")
    client = signed_in(world.alice)
    keep(client, typed(world, "My title", objective="Old aim", version="1"))
    edit_brief(by=world.bob, initiative=world.secret, version=1, title="Their title", objective="Their aim")
    page = client.get(edit_page(world)).content.decode()

    assert 'value="My title"' in page
    assert "Their title" in page
    assert "Their aim</textarea>" in page
    assert 'name="version" value="2"' in page


def test_ground_rules_have_a_draft_too(world: World) -> None:
    client = signed_in(world.alice)
    path = reverse("initiatives:adopt_rules", args=[world.secret.pk])
    body = {"draft": f"ground_rules:{world.secret.pk}", "draft_seen": "0", "version": "0"}
    body |= {"text": "Nobody is quo", "adopted_on": "2026-03-01"}
    seen = keep(client, body).json()["seen"]
    page = client.get(path).content.decode()
    answer = client.post(path, body | {"text": "Nobody is quoted.", "draft_seen": str(seen)})

    assert "Nobody is quo</textarea>" in page
    assert 'value="2026-03-01"' in page
    assert answer.status_code == 302
    assert not Draft.objects.exists()


def test_opening_an_initiative_has_a_draft_for_each_conflict(world: World) -> None:
    client = signed_in(world.alice)
    path = f"{reverse('initiatives:open')}?conflict={world.conflict.pk}"
    body = {"draft": f"open_initiative:{world.conflict.pk}", "draft_seen": "0", "codename": "Quick Otter"}
    body |= {"themes": ["ceasefire", "elections"], "parties": [str(world.up.pk)], "matching": "off"}
    body |= {"track_type": "t2_soft", "began": "2026-03"}
    seen = keep(client, body).json()["seen"]
    page = client.get(path).content.decode()
    elsewhere = client.get(f"{reverse('initiatives:open')}?conflict={world.child.pk}").content.decode()

    assert 'value="Quick Otter"' in page
    assert page.count("checked") == 4
    assert "Quick Otter" not in elsewhere
    whole = body | {
        "registered_by": str(world.house.pk),
        "definition_school": "un_dppa",
        "draft_seen": str(seen),
    }
    whole |= {"modality": "unknown", "official_relation": "unknown", "timing_basis": "unknown"}
    assert client.post(path, whole).status_code == 302
    assert Initiative.objects.filter(codename="Quick Otter").exists()
    assert not Draft.objects.exists()


def test_a_draft_lies_encrypted(world: World) -> None:
    keep(signed_in(world.alice), typed(world))
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT data FROM initiatives_draft")
        stored = bytes(cursor.fetchone()[0])

    assert b"Half a title" not in stored
    assert json.dumps("Half a title").encode() not in stored
