"""Outcomes: who writes them, what is refused at which field, what passes with a reason, and what is kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from confidentiality.actor import actor
from confidentiality.policy import Forbidden, Hidden
from confidentiality.records import Stale
from conftest import World
from initiatives.services.overriding import Doubt
from tests import factories as make
from tests import record
from transfer.models import Outcome, OutcomeRevision, Transfer
from transfer.services import (
    bring_back_outcome,
    delete_outcome,
    edit_outcome,
    record_outcome,
    restore_outcome,
)

pytestmark = pytest.mark.django_db


def individual(world: World, **fields: Any) -> Outcome:
    given = {
        "kind": "individual",
        "content_kind": "attitude_change",
        "travel_permission": "team",
        "party": world.up if "participation" not in fields else None,
        "change": {"from": -1, "to": 1},
        "statement": "Reads the gauges of the other side",
    }
    return record_outcome(by=world.alice, initiative=world.secret, **(given | fields))


def collective(world: World, **fields: Any) -> Outcome:
    given = {
        "kind": "collective",
        "content_kind": "framework",
        "travel_permission": "officials",
        "statement": "One gauge, read by both",
    }
    return record_outcome(by=world.alice, initiative=world.secret, **(given | fields))


def refused(act: Callable[[], Any]) -> dict[str, str]:
    """What is wrong: code by field."""
    with pytest.raises(ValidationError) as caught:
        act()
    return {name: errors[0].code for name, errors in caught.value.error_dict.items()}


def doubted(act: Callable[..., Any]) -> list[str]:
    """The fields of which somebody has to be sure; with a reason it passes."""
    with pytest.raises(Doubt) as caught:
        act()
    assert {errors[0].code for errors in caught.value.error_dict.values()} == {"confirm"}
    act(override_reason="We asked them")
    return sorted(caught.value.error_dict)


# --- Who ---

MAY = {"lead": "w", "facilitator": "w", "rapporteur": "w", "observer": "r", "rival": "-", "coordinator": "-"}


def member(world: World, role: str) -> Any:
    if role in ("rival", "coordinator"):
        return {"rival": world.rita, "coordinator": world.cora}[role]
    user = make.make_member_of(world.house, role.title())
    make.make_member(world.secret, user, role)
    return user


@pytest.mark.parametrize("role", MAY)
def test_each_role_may_what_the_table_says(world: World, role: str) -> None:
    outcome = collective(world)
    user = member(world, role)
    acts = (
        lambda: record_outcome(
            by=user,
            initiative=world.secret,
            kind="collective",
            content_kind="framework",
            travel_permission="none",
            statement="Another gauge",
        ),
        lambda: edit_outcome(by=user, outcome=outcome, statement=f"Two gauges, says {role}"),
        lambda: delete_outcome(by=user, outcome=outcome, reason="Twice"),
        lambda: restore_outcome(by=user, outcome=outcome),
    )
    with actor(user):
        assert Outcome.objects.visible_to(user).count() == (0 if MAY[role] == "-" else 1)
        for act in acts:
            if MAY[role] == "w":
                act()
                continue
            with pytest.raises(Forbidden if MAY[role] == "r" else Hidden):
                act()


def test_an_observer_sees_no_outcome_of_a_session_closed_to_observers(world: World) -> None:
    closed = record.make_session(world.secret, world.alice, rule="participants_only")
    named = record.make_session(world.secret, world.alice, audience="named")
    collective(world, session=closed)
    collective(world, session=named)
    open_one = collective(world)
    observer = member(world, "observer")
    with actor(observer):
        assert list(Outcome.objects.visible_to(observer)) == [open_one]
        assert list(Outcome.objects.all()) == [open_one]
        assert {row.outcome_id for row in OutcomeRevision.objects.all()} == {open_one.pk}


# --- What is kept ---


def test_an_individual_change_is_kept_with_its_first_version(world: World) -> None:
    session = record.make_session(world.secret, world.alice)
    someone = record.make_participation(world.secret, consents=["to_be_recorded"])
    outcome = individual(world, session=session, participation=someone, observed_by="facilitator")
    kept = OutcomeRevision.objects.get()

    assert (outcome.version, outcome.change, outcome.participation) == (1, {"from": -1, "to": 1}, someone)
    assert (kept.number, kept.by, kept.kept["reason"]) == (1, world.alice, "")
    assert kept.kept["fields"] == {
        "kind": "individual",
        "content_kind": "attitude_change",
        "statement": "Reads the gauges of the other side",
        "participation": str(someone.pk),
        "party": None,
        "change": {"from": -1, "to": 1},
        "observed_by": "facilitator",
        "consented": None,
        "endorsed_by": [],
        "session": str(session.pk),
        "travel_permission": "team",
        "interest_addressed": "",
        "repeats": None,
        "contributes_to": "unknown",
        "confidence": "medium",
        "evidence": "",
        "deleted": False,
    }


def test_a_collective_outcome_says_who_stands_behind_it(world: World) -> None:
    outcome = collective(world, endorsed_by=[world.up, world.down, world.up])

    assert outcome.endorsed_by == sorted([world.up.pk, world.down.pk])


def test_every_save_keeps_what_changed_and_why(world: World) -> None:
    outcome = collective(world)
    outcome = edit_outcome(by=world.bob, outcome=outcome, version=1, statement="Two gauges", confidence="low")
    edit_outcome(by=world.bob, outcome=outcome, version=2, statement="Two gauges")
    delete_outcome(by=world.alice, outcome=outcome, reason=" Said twice ")
    delete_outcome(by=world.alice, outcome=outcome, reason="Once more")
    restore_outcome(by=world.bob, outcome=outcome)
    restore_outcome(by=world.bob, outcome=outcome)
    rows = [
        (row.number, row.by.name, row.kept["changed"], row.kept["reason"], row.kept["fields"]["deleted"])
        for row in OutcomeRevision.objects.all()
    ]

    assert rows == [
        (4, "Bobirian", ["deleted"], "", False),
        (3, "Alice", ["deleted"], "Said twice", True),
        (2, "Bobirian", ["statement", "confidence"], "", False),
        (1, "Alice", ["content_kind", "statement", "travel_permission"], "", False),
    ]


def test_a_lost_update_is_told(world: World) -> None:
    outcome = collective(world)
    edit_outcome(by=world.bob, outcome=outcome, version=1, statement="Bob's")
    with pytest.raises(Stale):
        edit_outcome(by=world.alice, outcome=outcome, version=1, statement="Alice's")
    with pytest.raises(Stale):
        delete_outcome(by=world.alice, outcome=outcome, version=1, reason="Twice")

    assert Outcome.objects.get().statement == "Bob's"


def test_a_deleted_outcome_is_restored_before_it_is_changed(world: World) -> None:
    outcome = collective(world)
    delete_outcome(by=world.alice, outcome=outcome, reason="Twice")
    with pytest.raises(ValidationError) as caught:
        edit_outcome(by=world.alice, outcome=outcome, statement="Still here")

    assert caught.value.code == "deleted"
    assert refused(lambda: delete_outcome(by=world.alice, outcome=outcome, reason=" ")) == {
        "reason": "required"
    }
    assert not Outcome.objects.visible_to(world.alice).kept().exists()


# --- Bad input, each at its field ---

INDIVIDUALS: dict[str, tuple[dict[str, Any], str]] = {
    "a kind of the group": ({"content_kind": "framework"}, "content_kind"),
    "no such kind": ({"content_kind": "magic"}, "content_kind"),
    "nobody's": ({"party": None}, "participation"),
    "beyond the scale": ({"change": {"from": 0, "to": 3}}, "change"),
    "half a number": ({"change": {"from": 0, "to": 0.5}}, "change"),
    "one end alone": ({"change": {"to": 1}}, "change"),
    "nothing said": ({"statement": ""}, "statement"),
    "too much said": ({"statement": "x" * 4001}, "statement"),
    "turned text": ({"evidence": "a\u202eb"}, "evidence"),
    "a side is not asked": ({"consented": True}, "consented"),
    "no such permission": ({"travel_permission": "everywhere"}, "travel_permission"),
    "no such observer": ({"observed_by": "a bird"}, "observed_by"),
    "no such confidence": ({"confidence": "sure"}, "confidence"),
    "no such contribution": ({"contributes_to": "peace"}, "contributes_to"),
}


@pytest.mark.parametrize("what", INDIVIDUALS)
def test_what_cannot_be_of_an_individual_is_refused_at_its_field(world: World, what: str) -> None:
    fields, field = INDIVIDUALS[what]

    assert list(refused(lambda: individual(world, **fields))) == [field]
    assert not Outcome.objects.exists()


def test_a_participant_and_a_side_are_not_both_meant(world: World) -> None:
    someone = record.make_participation(world.secret, consents=["to_be_recorded"])

    assert list(refused(lambda: individual(world, participation=someone, party=world.up))) == ["party"]


def test_what_belongs_to_people_is_refused_of_a_group(world: World) -> None:
    someone = record.make_participation(world.secret)
    fields: dict[str, Any] = {
        "participation": someone,
        "party": world.up,
        "change": {"from": 0, "to": 1},
        "observed_by": "self",
        "consented": True,
    }
    for name, value in fields.items():
        assert name in refused(lambda name=name, value=value: collective(world, **{name: value})), name
    assert list(refused(lambda: individual(world, endorsed_by=[world.up]))) == ["endorsed_by"]
    assert list(refused(lambda: collective(world, content_kind="attitude_change"))) == ["content_kind"]


def test_nothing_comes_from_another_initiative(world: World) -> None:
    other = make.make_initiative(world.conflict, world.house, lead=world.alice)
    elsewhere = make.make_party(make.make_conflict("Elsewhere"), "Third side")
    session = record.make_session(other, world.alice)
    someone = record.make_participation(other, consents=["to_be_recorded"])
    outcome = record.make_outcome(other, world.alice)

    assert list(refused(lambda: collective(world, session=session))) == ["session"]
    assert list(refused(lambda: individual(world, participation=someone))) == ["participation"]
    assert list(refused(lambda: individual(world, party=elsewhere))) == ["party"]
    assert list(refused(lambda: collective(world, endorsed_by=[elsewhere]))) == ["endorsed_by"]
    assert list(refused(lambda: collective(world, repeats=outcome))) == ["repeats"]


def test_a_deleted_session_or_outcome_is_no_origin(world: World) -> None:
    session = record.make_session(world.secret, world.alice, deleted_at=timezone.now())
    gone = collective(world)
    delete_outcome(by=world.alice, outcome=gone, reason="Twice")

    assert list(refused(lambda: collective(world, session=session))) == ["session"]
    assert list(refused(lambda: collective(world, repeats=gone))) == ["repeats"]


def test_only_an_earlier_outcome_is_repeated_and_in_no_circle(world: World) -> None:
    march = record.make_session(world.secret, world.alice, began_on=date(2026, 3, 4))
    may = record.make_session(world.secret, world.alice, began_on=date(2026, 5, 4))
    first, late = collective(world, session=march), collective(world, session=may)
    second = collective(world, repeats=first)
    third = collective(world, repeats=second)

    assert list(refused(lambda: collective(world, session=march, repeats=late))) == ["repeats"]
    assert list(refused(lambda: edit_outcome(by=world.alice, outcome=first, repeats=first))) == ["repeats"]
    assert list(refused(lambda: edit_outcome(by=world.alice, outcome=first, repeats=third))) == ["repeats"]
    assert collective(world, session=may, repeats=first).repeats == first


def test_a_session_whose_rule_stores_nobody_names_nobody(world: World) -> None:
    session = record.make_session(world.secret, world.alice, rule="non_attributed_summary")
    someone = record.make_participation(world.secret, consents=["to_be_recorded"])

    assert list(refused(lambda: individual(world, session=session, participation=someone))) == [
        "participation"
    ]
    assert individual(world, session=session).session == session


def test_a_side_that_left_the_card_stays_where_it_stands(world: World) -> None:
    outcome = collective(world, endorsed_by=[world.up, world.down])
    world.secret.sides.filter(party=world.down).delete()
    edit_outcome(by=world.alice, outcome=outcome, statement="Two gauges", endorsed_by=[world.up, world.down])
    changed = edit_outcome(by=world.alice, outcome=outcome, endorsed_by=[world.down])

    assert changed.endorsed_by == [world.down.pk]


def test_a_damaged_text_is_replaced_or_nothing_is_saved(world: World) -> None:
    outcome = collective(world)
    damage(outcome)
    fresh = Outcome.objects.get()

    assert list(refused(lambda: edit_outcome(by=world.alice, outcome=fresh, confidence="low"))) == [
        "statement"
    ]
    assert edit_outcome(by=world.alice, outcome=fresh, statement="Anew").statement == "Anew"


def damage(outcome: Outcome) -> None:
    """Turn the last byte of its statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE transfer_outcome SET statement = set_byte(statement, length(statement) - 1,"
            " get_byte(statement, length(statement) - 1) # 1) WHERE id = %s",
            [outcome.pk],
        )


# --- What passes with a reason ---


def test_a_change_from_where_it_stands_is_doubted(world: World) -> None:
    def act(**reason: str) -> Outcome:
        return individual(world, change={"from": 1, "to": 1}, **reason)

    assert doubted(act) == ["change"]
    assert OutcomeRevision.objects.get().kept["reason"] == "We asked them"


@pytest.mark.parametrize("status", ["planned", "postponed", "cancelled"])
def test_nothing_comes_out_of_a_session_that_was_not_held(world: World, status: str) -> None:
    session = record.make_session(world.secret, world.alice, status=status)

    assert doubted(lambda **reason: collective(world, session=session, **reason)) == ["session"]


def test_a_session_without_notes_is_asked_about(world: World) -> None:
    session = record.make_session(world.secret, world.alice, rule="no_notes")

    assert doubted(lambda **reason: collective(world, session=session, **reason)) == ["session"]


def test_who_did_not_agree_to_be_on_record_is_asked_about(world: World) -> None:
    silent = record.make_participation(world.secret)
    agreed = record.make_participation(world.secret, consents=["to_be_recorded"])

    assert doubted(lambda **reason: individual(world, participation=silent, **reason)) == ["participation"]
    assert doubted(lambda **reason: individual(world, participation=agreed, consented=False, **reason)) == [
        "consented"
    ]
    assert individual(world, participation=silent, consented=True).consented is True
    assert individual(world, participation=agreed).consented is None


def test_narrowing_says_what_has_gone_out(world: World) -> None:
    outcome = collective(world, travel_permission="public")
    body = record.make_body(world.conflict, "Water Office", world.up)
    record.make_transfer(outcome, world.alice, body)
    record.make_transfer(outcome, world.alice, None, channel="media_oped")
    record.make_transfer(outcome, world.alice, body, status="planned", channel="joint_paper")

    def narrow(permission: str, **reason: str) -> Outcome:
        return edit_outcome(by=world.alice, outcome=outcome, travel_permission=permission, **reason)

    with pytest.raises(Doubt) as caught:
        narrow("officials")
    (text,) = caught.value.message_dict["travel_permission"]
    assert "Opinion piece" in text
    assert "Water Office" not in text
    with pytest.raises(Doubt) as caught:
        narrow("none")
    (text,) = caught.value.message_dict["travel_permission"]
    assert "Water Office (Private memo)" in text
    assert "Joint paper" not in text
    assert narrow("none", override_reason="They took it back").travel_permission == "none"


@pytest.mark.parametrize("back", ["edit", "version"])
def test_what_went_out_is_read_again_by_a_decision_only(world: World, back: str) -> None:
    outcome = collective(world, travel_permission="officials")
    body = record.make_body(world.conflict, "Water Office", world.up)
    record.make_transfer(outcome, world.alice, body)
    edit_outcome(
        by=world.alice, outcome=outcome, travel_permission="none", override_reason="They took it back"
    )
    rapporteur = make.make_member_of(world.house, "Rapporteur")
    make.make_member(world.secret, rapporteur, "rapporteur")

    def widen(by: Any, override_reason: str = "") -> None:
        if back == "edit":
            edit_outcome(by=by, outcome=outcome, travel_permission="public", override_reason=override_reason)
        else:
            bring_back_outcome(
                by=by, outcome=outcome, number=1, reason="A typo", override_reason=override_reason
            )

    for reason in ("", "I think so"):
        with pytest.raises(ValidationError) as refused:
            widen(rapporteur, reason)
        assert "A lead or facilitator decides that" in str(refused.value)
    with pytest.raises(Doubt) as asked:
        widen(world.alice)
    assert "Water Office (Private memo)" in str(asked.value)
    assert "read there again" in str(asked.value)
    widen(world.alice, "They agreed once more")


def test_narrowing_what_has_not_gone_out_is_nobody_s_doubt(world: World) -> None:
    outcome = collective(world, travel_permission="public")
    body = record.make_body(world.conflict, "Water Office", world.up)
    record.make_transfer(outcome, world.alice, body)
    record.make_transfer(outcome, world.alice, None, channel="media_oped", deleted_at=timezone.now())

    edit_outcome(by=world.alice, outcome=outcome, travel_permission="officials")
    edit_outcome(by=world.alice, outcome=outcome, travel_permission="public")

    assert Transfer.objects.count() == 2


def test_what_was_saved_with_a_reason_is_not_asked_about_again(world: World) -> None:
    outcome = individual(world, change={"from": 1, "to": 1}, override_reason="A first step")
    edit_outcome(by=world.alice, outcome=outcome, evidence="Two of us heard it")

    assert Outcome.objects.get().evidence == "Two of us heard it"


# --- Whatever is typed ---

VALUES: dict[str, Any] = {
    "kind": st.sampled_from(["individual", "collective"]),
    "content_kind": st.sampled_from(["attitude_change", "framework", "other", "nonsense"]),
    "travel_permission": st.sampled_from(["none", "team", "officials", "public", "nonsense"]),
    "change": st.one_of(
        st.none(), st.fixed_dictionaries({}, optional={"from": st.integers(-4, 4), "to": st.integers(-4, 4)})
    ),
    "party": st.sampled_from([None, "up", "down", "elsewhere"]),
    "endorsed_by": st.lists(st.sampled_from(["up", "down", "elsewhere"]), max_size=3),
    "consented": st.sampled_from([None, True, False]),
    "statement": st.text(max_size=20),
    "repeats": st.sampled_from([None, "first", "second", "own"]),
}


def made_or_refused(world: World, fields: dict[str, Any]) -> tuple[Outcome | None, dict[str, Any]]:
    try:
        made = record_outcome(by=world.alice, initiative=world.secret, override_reason="Sure", **fields)
    except ValidationError as error:
        return None, error.error_dict
    return made, {}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.fixed_dictionaries(VALUES))
def test_what_is_stored_never_contradicts_itself(world: World, drawn: dict[str, Any]) -> None:
    """A service refuses by field or stores something sound; nothing in between, and never an unexplained error."""
    first = Outcome.objects.filter(repeats=None).first() or collective(world)
    second = Outcome.objects.filter(repeats=first).first() or collective(world, repeats=first)
    elsewhere = make.make_party(make.make_conflict(), "Third side")
    sides = {"up": world.up, "down": world.down, "elsewhere": elsewhere}
    fields = drawn | {
        "party": sides.get(drawn["party"]),
        "endorsed_by": [sides[name] for name in drawn["endorsed_by"]],
        "repeats": {"first": first, "second": second, "own": None}.get(drawn["repeats"]),
    }
    made, errors = made_or_refused(world, fields)
    assert set(errors) <= {*fields, "participation"}
    if made is None:
        return
    stored = Outcome.objects.get(pk=made.pk)
    allowed = {world.up.pk, world.down.pk}
    assert stored.statement == drawn["statement"] != ""
    assert set(stored.endorsed_by) <= allowed
    assert (stored.party_id is not None) == (stored.kind == "individual")
    assert stored.party_id in {None, *allowed}
    assert all(-2 <= value <= 2 for value in stored.change.values())
    assert len(stored.change) in (0, 2)
    seen = {stored.pk}
    while stored.repeats_id:
        assert stored.repeats_id not in seen
        seen.add(stored.repeats_id)
        stored = Outcome.objects.get(pk=stored.repeats_id)
