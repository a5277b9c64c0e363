"""The brief, its history, ground rules and assents: who may do what, and what is kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from confidentiality.actor import actor
from confidentiality.policy import Forbidden, Hidden
from confidentiality.records import Stale
from conftest import World
from initiatives.models import Brief, BriefRevision, GroundRules, GroundRulesAssent
from initiatives.services import (
    adopt_ground_rules,
    edit_brief,
    entitle,
    record_assent,
    titles_of,
    withdraw_assent,
)
from tests import factories as make
from tests.clients import client_of, get, patch, pointers

pytestmark = pytest.mark.django_db

DAY = date(2026, 3, 1)


@pytest.fixture
def people(world: World) -> dict[str, Any]:
    """Everybody in a relation to `secret`, by a name for it; a partner reads the card and nothing inside."""
    partner_house = make.make_organisation("Partner House")
    make.make_partner(world.secret, partner_house)
    world.secret.visibility = "partners"
    world.secret.save()
    gone = make.make_member_of(world.house, "Gone")
    now = timezone.now()
    make.make_member(world.secret, gone, "lead", expires_at=now, began_at=now - timedelta(days=9))
    found = {"lead": world.alice, "facilitator": world.bob, "gone": gone}
    for role in ("rapporteur", "observer"):
        found[role] = make.make_member_of(world.house, role.title())
        make.make_member(world.secret, found[role], role)
    return found | {
        "partner": make.make_member_of(partner_house, "Paula"),
        "house": world.harry,
        "rival": world.rita,
        "coordinator": world.cora,
        "steward": world.stella,
        "unvetted": world.sam,
    }


def acts(world: World) -> dict[str, Callable[[Any], Any]]:
    rules = make.make_rules(world.secret, world.alice)
    assent = make.make_assent(rules, world.alice)
    return {
        "edit": lambda by: edit_brief(by=by, initiative=world.secret, title="Other words"),
        "adopt": lambda by: adopt_ground_rules(by=by, initiative=world.secret, text="Stay for tea."),
        "assent": lambda by: record_assent(by=by, rules=rules, who="Merlin"),
        "withdraw": lambda by: withdraw_assent(by=by, assent=assent),
    }


# The table of the policy written out again: w writes, r reads, - learns nothing of it.
ROLES = {
    "lead": "w",
    "facilitator": "w",
    "rapporteur": "r",
    "observer": "r",
    "gone": "-",
    "partner": "-",
    "house": "-",
    "rival": "-",
    "coordinator": "-",
    "steward": "-",
    "unvetted": "-",
}


@pytest.mark.parametrize("who", ROLES)
def test_each_relation_may_what_the_table_says(world: World, people: dict[str, Any], who: str) -> None:
    make.make_brief(world.secret, world.alice)
    for act in acts(world).values():
        with actor(people[who]):
            if ROLES[who] == "w":
                act(people[who])
                continue
            with pytest.raises(Forbidden if ROLES[who] == "r" else Hidden):
                act(people[who])


@pytest.mark.parametrize("who", ROLES)
def test_only_the_live_team_reads(world: World, people: dict[str, Any], who: str) -> None:
    make.make_brief(world.secret, world.alice)
    acts(world)
    expected = 0 if ROLES[who] == "-" else 1
    with actor(people[who]):
        for model in (Brief, BriefRevision, GroundRules, GroundRulesAssent):
            assert model.objects.visible_to(people[who]).count() == expected, model
        assert len(titles_of(by=people[who], initiatives=[world.secret.pk])) == expected


def test_removal_closes_the_brief_at_once(world: World) -> None:
    make.make_brief(world.secret, world.alice)
    world.secret.members.filter(user=world.bob).update(expires_at=timezone.now())

    with actor(world.bob):
        assert not Brief.objects.visible_to(world.bob).exists()
        with pytest.raises(Hidden):
            edit_brief(by=world.bob, initiative=world.secret, title="Still here")


def test_the_first_text_makes_the_brief(world: World) -> None:
    brief = edit_brief(by=world.alice, initiative=world.secret, version=0, objective="Read the gauges")
    kept = BriefRevision.objects.get()

    assert (brief.version, brief.objective, brief.title) == (1, "Read the gauges", "")
    assert (kept.number, kept.by, kept.kept["changed"]) == (1, world.alice, ["objective"])


def test_every_save_keeps_all_texts_and_says_what_changed(world: World) -> None:
    edit_brief(by=world.alice, initiative=world.secret, title="One", legal_note="None")
    edit_brief(by=world.bob, initiative=world.secret, version=1, title="Two")
    edit_brief(by=world.alice, initiative=world.secret, version=2, title="Three", exit_plan="Hand over")
    rows = [
        (
            row.number,
            row.by.name,
            row.kept["changed"],
            row.kept["fields"]["title"],
            row.kept["fields"]["legal_note"],
        )
        for row in BriefRevision.objects.all()
    ]

    assert rows == [
        (3, "Alice", ["title", "exit_plan"], "Three", "None"),
        (2, "Bobirian", ["title"], "Two", "None"),
        (1, "Alice", ["title", "legal_note"], "One", "None"),
    ]


def test_saving_what_stands_there_is_no_version(world: World) -> None:
    edit_brief(by=world.alice, initiative=world.secret, title="One")
    brief = edit_brief(by=world.alice, initiative=world.secret, version=1, title="One", objective="")

    assert brief.version == 1
    assert BriefRevision.objects.count() == 1


def test_nothing_written_makes_no_brief(world: World) -> None:
    edit_brief(by=world.alice, initiative=world.secret, version=0, title="")

    assert not Brief.objects.exists()


@pytest.mark.parametrize("version", [0, 1, 3])
def test_an_outdated_or_unknown_version_is_refused(world: World, version: int) -> None:
    edit_brief(by=world.alice, initiative=world.secret, title="One")
    edit_brief(by=world.alice, initiative=world.secret, title="Two")
    with pytest.raises(Stale) as stale:
        edit_brief(by=world.bob, initiative=world.secret, version=version, title="Mine")

    assert stale.value.current == 2
    assert Brief.objects.get().title == "Two"


@pytest.mark.parametrize(
    ("field", "text"), [("title", "x" * 201), ("objective", "x" * 8001), ("title", "turned \u202e around")]
)
def test_what_is_too_long_or_turns_its_neighbours_is_refused(world: World, field: str, text: str) -> None:
    with pytest.raises(ValidationError) as refused:
        edit_brief(by=world.alice, initiative=world.secret, **{field: text})

    assert list(refused.value.message_dict) == [field]
    assert not Brief.objects.exists()


def test_paragraphs_and_arabic_come_back_as_they_were(world: World) -> None:
    text = "أوّلًا: الماء\n\nثانيًا: المعابر\tو“كلام” 🜄"
    edit_brief(by=world.alice, initiative=world.secret, objective=text)

    assert Brief.objects.get().objective == text


def test_a_record_does_not_say_what_it_holds(world: World) -> None:
    brief = make.make_brief(world.secret, world.alice)
    rules = make.make_rules(world.secret, world.alice)
    told = " ".join(repr(row) + str(row) for row in (brief, rules, make.make_assent(rules, world.alice)))

    assert not any(word in told for word in ("weir", "quoted", "Kestrel"))


def test_a_title_is_shown_to_its_team_and_the_codename_to_everybody_else(world: World) -> None:
    make.make_brief(world.secret, world.alice)
    entitle(by=world.alice, initiatives=[world.secret, world.rival])
    own = world.secret.label, world.rival.label
    entitle(by=world.rita, initiatives=[world.secret, world.rival])

    assert own == ("Tea at the weir", "Rival Kite")
    assert (world.secret.label, world.rival.label) == ("Secret Heron", "Rival Kite")
    assert str(world.secret) == "Secret Heron"


def test_ground_rules_are_numbered_and_stay(world: World) -> None:
    first = adopt_ground_rules(by=world.alice, initiative=world.secret, text="One", adopted_on=DAY, after=0)
    second = adopt_ground_rules(by=world.bob, initiative=world.secret, text="Two", after=1)

    assert (first.number, second.number, second.adopted_on) == (1, 2, timezone.localdate())
    assert [(rules.number, rules.text) for rules in GroundRules.objects.all()] == [(2, "Two"), (1, "One")]


def test_two_who_adopt_at_the_same_time_get_an_answer(world: World) -> None:
    adopt_ground_rules(by=world.alice, initiative=world.secret, text="One")
    with pytest.raises(Stale):
        adopt_ground_rules(by=world.bob, initiative=world.secret, text="Mine", after=0)

    assert GroundRules.objects.count() == 1


def test_the_same_rules_are_no_new_version(world: World) -> None:
    adopt_ground_rules(by=world.alice, initiative=world.secret, text="One")
    with pytest.raises(ValidationError):
        adopt_ground_rules(by=world.alice, initiative=world.secret, text="One")


def test_an_assent_belongs_to_one_version_and_is_given_once(world: World) -> None:
    rules = make.make_rules(world.secret, world.alice)
    record_assent(by=world.alice, rules=rules, who=" Kestrel  of the ford ", assented_on=DAY)
    with pytest.raises(ValidationError):
        record_assent(by=world.bob, rules=rules, who="kestrel of the FORD")
    later = make.make_rules(world.secret, world.alice, "Two", number=2)
    record_assent(by=world.bob, rules=later, who="Kestrel of the ford")

    assert [assent.who for assent in rules.assents.all()] == ["Kestrel of the ford"]
    assert later.assents.count() == 1


def test_an_assent_is_not_given_tomorrow(world: World) -> None:
    rules = make.make_rules(world.secret, world.alice)
    tomorrow = timezone.localdate() + timedelta(days=1)
    with pytest.raises(ValidationError):
        record_assent(by=world.alice, rules=rules, who="Kestrel", assented_on=tomorrow)


def test_a_withdrawn_assent_stays_with_its_day_and_may_be_given_again(world: World) -> None:
    rules = make.make_rules(world.secret, world.alice)
    assent = make.make_assent(rules, world.alice)
    withdraw_assent(by=world.bob, assent=assent)
    again = withdraw_assent(by=world.bob, assent=assent)
    record_assent(by=world.alice, rules=rules, who="Kestrel")

    assert (again.withdrawn_on, again.version) == (timezone.localdate(), 2)
    assert rules.assents.count() == 2


def test_the_database_changes_and_deletes_no_version(world: World) -> None:
    """Not even for the team: append-only is a rule of the table, not of a service."""
    make.make_brief(world.secret, world.alice)
    make.make_rules(world.secret, world.alice)
    with actor(world.alice):
        for model in (BriefRevision, GroundRules):
            for act in (
                lambda model=model: model.objects.update(number=9),
                lambda model=model: model.objects.all().delete(),
            ):
                with pytest.raises(Exception, match="permission denied"), actor(world.alice):
                    act()


def _damage(brief: Brief, column: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE initiatives_brief SET {column} = set_byte({column}, 30, get_byte({column}, 30) # 1) WHERE id = %s",
            [brief.pk],
        )


def test_a_damaged_text_takes_nothing_else_away_and_is_written_anew(world: World) -> None:
    brief = make.make_brief(world.secret, world.alice, title="Tea", objective="Gauges", exit_plan="Ends well")
    _damage(brief, "objective")
    page, api = Client(), client_of(world.alice)
    page.force_login(world.alice)
    address = reverse("initiatives:brief", args=[world.secret.pk])

    shown = page.get(address).content.decode()
    assert "cannot be opened" in shown
    assert "Ends well" in shown
    rows = get(api, "briefs/").json()["results"]
    assert [(row["title"], row["objective"]) for row in rows] == [("Tea", None)]
    # What cannot be read is not lost unnoticed by changing something else.
    refused = patch(api, f"briefs/{world.secret.pk}/", {"title": "Coffee"})
    assert (refused.status_code, set(pointers(refused))) == (400, {"/objective"})
    assert page.get(reverse("initiatives:edit_brief", args=[world.secret.pk])).status_code == 200
    done = patch(api, f"briefs/{world.secret.pk}/", {"objective": "Gauges anew"})
    assert (done.status_code, done.json()["objective"], done.json()["title"]) == (200, "Gauges anew", "Tea")
