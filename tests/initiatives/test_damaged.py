"""One text that does not open: the page says so, everything else works, and nothing is written over it unseen."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, models
from django.test import Client
from django.urls import reverse

from conftest import World
from initiatives.models import Brief, BriefRevision, Draft, GroundRules, GroundRulesAssent, Session
from initiatives.services import edit_session
from tests import factories as make
from tests import record

pytestmark = pytest.mark.django_db

SAID = "cannot be opened"
TEXTS = {"title": "Coffee", "objective": "", "guiding_theory": "", "criteria_and_roles": "", "legal_note": ""}


def damage(row: models.Model, column: str) -> None:
    """One bit of a sealed text."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {row._meta.db_table} SET {column} = set_byte({column}, 30, get_byte({column}, 30) # 1)"
            " WHERE id = %s",
            [row.pk],
        )


@pytest.fixture
def client(world: World) -> Client:
    signed_in = Client()
    signed_in.force_login(world.alice)
    return signed_in


def of(world: World, name: str, *more: Any) -> str:
    return reverse(f"initiatives:{name}", args=[world.secret.pk, *more])


def test_a_brief_is_not_saved_over_a_text_that_nobody_could_see(world: World, client: Client) -> None:
    brief = make.make_brief(world.secret, world.alice, objective="Gauges", exit_plan="Ends")
    damage(brief, "objective")
    form = client.get(of(world, "edit_brief"))
    refused = client.post(of(world, "edit_brief"), {**TEXTS, "exit_plan": "Ends", "version": brief.version})
    anew = {**TEXTS, "objective": "Gauges anew", "exit_plan": "Ends", "version": brief.version}

    assert SAID in form.content.decode()
    assert refused.status_code == 422
    assert list(refused.context["form"].errors) == ["objective"]
    assert client.post(of(world, "edit_brief"), anew).status_code == 302
    assert Brief.objects.get().objective == "Gauges anew"


def test_a_session_is_not_saved_over_a_text_that_nobody_could_see(world: World) -> None:
    session = record.make_session(world.secret, world.alice, purpose="Gauges")
    damage(session, "purpose")
    session = Session.objects.get(pk=session.pk)

    with pytest.raises(ValidationError) as refused:
        edit_session(by=world.alice, session=session, purpose="", next_step="A map")
    assert list(refused.value.message_dict) == ["purpose"]
    assert edit_session(by=world.alice, session=session, purpose="Anew", next_step="A map").purpose == "Anew"


def test_a_draft_that_does_not_open_is_none(world: World, client: Client) -> None:
    make.make_brief(world.secret, world.alice)
    draft = make.make_draft(world.alice, initiative=world.secret)
    damage(draft, "data")

    assert client.get(of(world, "edit_brief")).context["draft"] is None
    kept = client.post(
        reverse("initiatives:keep_draft"),
        {"draft": f"brief:{world.secret.pk}", "draft_seen": 0, "title": "New"},
    )
    assert kept.status_code < 500
    assert Draft.objects.get().data["title"] == ["New"]


def test_a_version_that_does_not_open_takes_no_other_away(world: World, client: Client) -> None:
    make.make_brief(world.secret, world.alice)
    revision = BriefRevision.objects.get()
    damage(revision, "kept")

    for page in (of(world, "brief_history"), of(world, "brief_revision", revision.pk)):
        answer = client.get(page)
        assert (answer.status_code, SAID in answer.content.decode()) == (200, True)
    assert client.get(f"{of(world, 'edit_brief')}?from={revision.pk}").status_code == 200


def test_rules_that_do_not_open_can_be_written_anew(world: World, client: Client) -> None:
    rules = make.make_rules(world.secret, world.alice)
    damage(rules, "text")
    pages = [client.get(of(world, name)) for name in ("ground_rules", "adopt_rules")]
    anew = {"text": "Nobody is quoted.", "version": rules.number, "adopted_on": "2026-01-02"}

    assert [(page.status_code, SAID in page.content.decode()) for page in pages] == [(200, True)] * 2
    assert client.post(of(world, "adopt_rules"), anew).status_code == 302
    assert GroundRules.objects.first().text == "Nobody is quoted."


def test_an_assent_that_does_not_open_hinders_no_other(world: World, client: Client) -> None:
    rules = make.make_rules(world.secret, world.alice)
    assent = make.make_assent(rules, world.alice)
    damage(assent, "who")
    page = client.get(of(world, "ground_rules"))
    more = client.post(of(world, "assent", rules.pk), {"who": "Third", "assented_on": "2026-01-01"})
    back = client.post(of(world, "withdraw_assent", assent.pk))

    assert (page.status_code, SAID in page.content.decode()) == (200, True)
    assert (more.status_code, back.status_code) == (302, 302)
    assert GroundRulesAssent.objects.exclude(pk=assent.pk).get().who == "Third"
    assert GroundRulesAssent.objects.get(pk=assent.pk).withdrawn_on is not None


def test_a_page_on_which_everything_opens_says_nothing(world: World, client: Client) -> None:
    make.make_brief(world.secret, world.alice)

    assert SAID not in client.get(of(world, "brief")).content.decode()
