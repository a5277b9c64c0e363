"""/briefs/, /ground-rules/ and /ground-rules-assents/: for the team, by role; with versions; in OpenAPI's words."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from conftest import World
from initiatives.models import Brief, BriefRevision, GroundRules, GroundRulesAssent
from tests import factories as make
from tests.clients import V1, client_of, get, patch, pointers, post

pytestmark = pytest.mark.django_db

OUTSIDERS = ["harry", "rita", "cora", "stella", "sam"]
BRIEF_QUERIES, RULES_QUERIES, ASSENT_QUERIES = 11, 11, 11


def observer_of(world: World) -> Any:
    user = make.make_member_of(world.house, "Olga")
    make.make_member(world.secret, user, "observer")
    return user


def test_the_team_lists_and_reads_briefs_at_the_id_of_the_initiative(world: World) -> None:
    make.make_brief(world.secret, world.alice, exit_plan="Hand over the keys")
    make.make_brief(world.rival, world.rita)
    client = client_of(world.bob)
    listed = get(client, "briefs/").json()["results"]
    one = get(client, f"briefs/{world.secret.pk}/")

    assert [row["initiative"] for row in listed] == [str(world.secret.pk)]
    assert one.json() == listed[0]
    assert one["ETag"] == '"1"'
    assert set(one.json()) == {
        "initiative", "version", "title", "objective", "guiding_theory", "criteria_and_roles", "legal_note",
        "exit_plan", "created_at", "updated_at",
    }  # fmt: skip
    assert (one.json()["title"], one.json()["exit_plan"]) == ("Tea at the weir", "Hand over the keys")


@pytest.mark.parametrize("who", OUTSIDERS)
def test_outsiders_find_nothing_and_write_nothing(world: World, who: str) -> None:
    make.make_brief(world.secret, world.alice)
    rules = make.make_rules(world.secret, world.alice)
    assent = make.make_assent(rules, world.alice)
    client = client_of(getattr(world, who))
    for path in ("briefs/", "ground-rules/", "ground-rules-assents/"):
        assert get(client, path).json()["results"] == []
    for path in (
        f"briefs/{world.secret.pk}/",
        f"ground-rules/{rules.pk}/",
        f"ground-rules-assents/{assent.pk}/",
    ):
        hidden, missing = get(client, path), get(client, path.replace(path.split("/")[1], str(uuid4())))
        assert (hidden.status_code, hidden.content) == (404, missing.content)
    assert patch(client, f"briefs/{world.secret.pk}/", {"title": "Mine"}).status_code == 404
    assert client.delete(f"{V1}ground-rules-assents/{assent.pk}/").status_code == 404
    hidden = post(client, "briefs/", {"initiative": str(world.secret.pk), "title": "Mine"})
    missing = post(client, "briefs/", {"initiative": str(uuid4()), "title": "Mine"})
    assert hidden.status_code == missing.status_code == 400
    assert hidden.json() == missing.json()
    assert pointers(post(client, "ground-rules-assents/", {"rules": str(rules.pk), "who": "Me"})) == {
        "/rules": "does_not_exist"
    }


def test_who_reads_the_card_alone_reads_no_brief(world: World) -> None:
    make.make_partner(world.secret, world.other)
    world.secret.visibility = "partners"
    world.secret.save()
    make.make_brief(world.secret, world.alice)
    client = client_of(world.rita)

    assert get(client, f"initiatives/{world.secret.pk}/").json()["title"] == ""
    assert get(client, f"briefs/{world.secret.pk}/").status_code == 404
    body = {"initiative": str(world.secret.pk), "text": "Ours"}
    assert pointers(post(client, "ground-rules/", body)) == {"/initiative": "does_not_exist"}


def test_the_card_says_no_title_to_anybody(world: World) -> None:
    make.make_brief(world.secret, world.alice)
    answer = get(client_of(world.alice), f"initiatives/{world.secret.pk}/")

    assert "weir" not in answer.content.decode()


def test_an_observer_reads_and_does_not_write(world: World) -> None:
    make.make_brief(world.secret, world.alice)
    rules = make.make_rules(world.secret, world.alice)
    assent = make.make_assent(rules, world.alice)
    client = client_of(observer_of(world))

    assert get(client, f"briefs/{world.secret.pk}/").status_code == 200
    assert get(client, f"briefs/{world.secret.pk}/history/").status_code == 200
    assert patch(client, f"briefs/{world.secret.pk}/", {"title": "Mine"}).status_code == 403
    body = {"initiative": str(world.secret.pk), "text": "Mine"}
    assert post(client, "ground-rules/", body).status_code == 403
    assert post(client, "ground-rules-assents/", {"rules": str(rules.pk), "who": "Me"}).status_code == 403
    assert client.delete(f"{V1}ground-rules-assents/{assent.pk}/").status_code == 403
    assert Brief.objects.get().title == "Tea at the weir"


def test_a_brief_is_made_once_and_then_changed(world: World) -> None:
    client = client_of(world.alice)
    body = {"initiative": str(world.secret.pk), "title": "One", "objective": "Aim"}
    made = post(client, "briefs/", body)
    again = post(client, "briefs/", body)
    changed = patch(client, f"briefs/{world.secret.pk}/", {"title": "Two"}, **{"If-Match": made["ETag"]})
    late = patch(client, f"briefs/{world.secret.pk}/", {"title": "Three"}, **{"If-Match": made["ETag"]})

    assert (made.status_code, made.json()["version"]) == (201, 1)
    assert pointers(again) == {"/initiative": "exists"}
    assert (changed.status_code, changed.json()["title"], changed["ETag"]) == (200, "Two", '"2"')
    assert late.status_code == 412
    assert Brief.objects.get().title == "Two"


def test_nothing_written_and_nonsense_are_refused(world: World) -> None:
    client = client_of(world.alice)
    key = str(world.secret.pk)

    assert pointers(post(client, "briefs/", {"initiative": key})) == {"": "required"}
    assert pointers(post(client, "briefs/", {"initiative": key, "titel": "One"})) == {
        "/titel": "unknown_field"
    }
    assert pointers(post(client, "briefs/", {"initiative": key, "title": "x" * 201})) == {
        "/title": "max_length"
    }
    assert pointers(post(client, "briefs/", {"initiative": key, "title": ["x"]})) == {"/title": "invalid"}
    make.make_brief(world.secret, world.alice)
    assert pointers(patch(client, f"briefs/{key}/", {"initiative": key})) == {"/initiative": "set_once"}
    assert get(client, "briefs/nonsense/").status_code == 404
    assert get(client, "briefs/", ordering="title").status_code == 400


def test_history_says_who_changed_what(world: World) -> None:
    client = client_of(world.alice)
    post(client, "briefs/", {"initiative": str(world.secret.pk), "title": "One"})
    patch(client_of(world.bob), f"briefs/{world.secret.pk}/", {"title": "Two", "legal_note": "None"})
    rows = get(client, f"briefs/{world.secret.pk}/history/").json()

    assert [(row["version"], row["name"], row["changed"], row["texts"]["title"]) for row in rows] == [
        (2, "Bobirian", ["title", "legal_note"], "Two"),
        (1, "Alice", ["title"], "One"),
    ]
    assert BriefRevision.objects.count() == 2


def test_search_looks_at_title_and_objective(world: World) -> None:
    make.make_brief(world.secret, world.alice, title="Thé à l’écluse", legal_note="Article nine")
    client = client_of(world.alice)

    def found(text: str) -> list[str]:
        return [row["initiative"] for row in get(client, "briefs/", search=text).json()["results"]]

    assert found("ecluse gauges") == [str(world.secret.pk)]
    assert found("nine") == []


def test_ground_rules_are_adopted_in_turn(world: World) -> None:
    client = client_of(world.bob)
    key = str(world.secret.pk)
    first = post(client, "ground-rules/", {"initiative": key, "text": "One", "after": 0})
    late = post(client, "ground-rules/", {"initiative": key, "text": "Late", "after": 0})
    second = post(client, "ground-rules/", {"initiative": key, "text": "Two", "adopted_on": "2026-03-01"})
    pk = first.json()["id"]

    assert (first.status_code, first.json()["number"], first.json()["by"]) == (201, 1, str(world.bob.pk))
    assert late.status_code == 409
    assert (second.json()["number"], second.json()["adopted_on"]) == (2, "2026-03-01")
    assert patch(client, f"ground-rules/{pk}/", {"text": "Changed"}).status_code == 405
    assert client.delete(f"{V1}ground-rules/{pk}/").status_code == 405
    assert GroundRules.objects.get(number=1).text == "One"


def test_assents_are_recorded_and_withdrawn(world: World) -> None:
    rules = make.make_rules(world.secret, world.alice)
    client = client_of(world.alice)
    made = post(client, "ground-rules-assents/", {"rules": str(rules.pk), "who": "Kestrel"})
    pk = made.json()["id"]
    withdrawn = client.delete(f"{V1}ground-rules-assents/{pk}/")
    listed = get(client, "ground-rules-assents/", rules=rules.pk, withdrawn="true").json()["results"]

    assert (made.status_code, made.json()["who"]) == (201, "Kestrel")
    assert withdrawn.status_code == 204
    assert [(row["id"], bool(row["withdrawn_on"])) for row in listed] == [(pk, True)]
    assert GroundRulesAssent.objects.count() == 1


@pytest.mark.parametrize("number", [1, 3])
def test_lists_ask_as_much_for_three_rows_as_for_one(
    world: World, number: int, django_assert_num_queries: Any
) -> None:
    for index in range(number):
        own = make.make_initiative(world.conflict, world.house, lead=world.alice)
        make.make_brief(own, world.alice)
        make.make_assent(make.make_rules(own, world.alice), world.alice, f"Bird {index}")
    client = client_of(world.alice)
    get(client, "me/")  # Marks the token as used.
    for path, expected in (
        ("briefs/", BRIEF_QUERIES),
        ("ground-rules/", RULES_QUERIES),
        ("ground-rules-assents/", ASSENT_QUERIES),
    ):
        with django_assert_num_queries(expected):
            assert len(get(client, path).json()["results"]) == number
