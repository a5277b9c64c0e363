"""Names in what goes out: where no session is named, when the rule becomes another one, when another office gets it."""

from __future__ import annotations

from typing import Any

import pytest

from confidentiality.codes import Rule
from conftest import World
from initiatives.models import Session
from initiatives.services import edit_session
from initiatives.services.overriding import Doubt, Reason
from participants.models import Participation
from tests import factories as make
from tests.clients import client_of, get
from tests.record import (
    make_body,
    make_outcome,
    make_participation,
    make_person,
    make_session,
    make_tie,
    make_transfer,
)
from transfer.models import Outcome
from transfer.services import edit_outcome, edit_transfer, plan_transfer, record_outcome, record_transfer

pytestmark = pytest.mark.django_db
NAMED = "Amina Haddad will table it"
# Under these, texts may go out and people may not: in files, and in messages.
IN_TEXTS = {Rule.CHATHAM_HOUSE, Rule.NON_ATTRIBUTED_SUMMARY}
IN_MESSAGES = {*IN_TEXTS, Rule.AGREED_TEXT_ONLY}


@pytest.fixture
def amina(world: World) -> Participation:
    person = make_person(world.house, "Amina Haddad", party=world.up)
    make_tie(person, make_body(world.conflict, "Water Ministry"))
    return make_participation(world.secret, person, consents=["to_be_recorded"])


def outcome_of(world: World, session: Session | None, **fields: Any) -> Outcome:
    given = {"travel_permission": "public", "statement": "A map", **fields}
    return make_outcome(world.secret, world.alice, session=session, **given)


def office(world: World) -> Any:
    return make_body(world.conflict, "Harbour Office")


def way(world: World, outcome: Outcome, **fields: Any) -> dict[str, Any]:
    return {
        "by": world.alice,
        "outcome": outcome,
        "channel": "private_memo",
        "agent": "facilitator",
        **fields,
    }


def seen(asked: Any, why: str) -> Reason:
    """A reason by somebody who saw what was asked: names pass with no other."""
    return Reason(why, asked.value.asked)


def test_where_no_session_is_named_nobody_is_either(world: World, amina: Participation) -> None:
    made = {
        "by": world.alice, "initiative": world.secret, "kind": "individual", "content_kind": "attitude_change",
        "travel_permission": "public", "participation": amina,
    }  # fmt: skip
    with pytest.raises(Doubt) as asked:
        record_outcome(**made, statement=NAMED)
    assert "on record of somebody who takes part" in asked.value.message_dict["statement"][0]
    outcome = record_outcome(**made, statement=NAMED, override_reason=seen(asked, "She said so in public"))
    edit_outcome(by=world.alice, outcome=outcome, statement="She will table it")
    planned = way(world, outcome, body=office(world))
    with pytest.raises(Doubt) as asked:
        plan_transfer(**planned, message="Haddad of the Water Ministry would talk")
    assert list(asked.value.message_dict) == ["message"]
    # The office it goes to may be called by its name.
    plan_transfer(**planned, message="To the Harbour Office: a map")


def test_a_file_says_who_it_was_of_sessions_on_the_record_alone(world: World, amina: Participation) -> None:
    whose = {"kind": "individual", "content_kind": "attitude_change", "participation": amina}
    nowhere = outcome_of(world, None, **whose, statement=NAMED)
    public = outcome_of(
        world, make_session(world.secret, world.alice, rule="on_record"), **whose, statement=NAMED
    )
    make_transfer(nowhere, world.alice, office(world), carrier=amina, note="Amina rang")
    client = client_of(world.alice)
    lines = get(client, "outcomes/", export="csv").content.decode().splitlines()
    carried = get(client, "transfers/", export="csv").content.decode()
    counted = get(client, "outcomes/", preview="yes").json()

    said = {pk: next(line for line in lines if str(pk) in line) for pk in (nowhere.pk, public.pk)}
    assert [str(amina.pk) in said[pk] for pk in (nowhere.pk, public.pk)] == [False, True]
    assert str(amina.pk) not in carried
    assert "Amina rang" not in carried
    assert [one["id"] for one in counted["named"]] == [str(nowhere.pk)]
    assert counted["without_texts"] == {"people": 1}


@pytest.mark.parametrize("rule", [rule for rule in Rule.values if rule != Rule.ON_RECORD])
@pytest.mark.parametrize("where", ["outcome", "planned", "done", "deleted"])
def test_a_rule_that_keeps_people_inside_asks_what_came_out_before(
    world: World, amina: Participation, rule: str, where: str
) -> None:
    session = make_session(world.secret, world.alice, rule="on_record")
    outcome = outcome_of(world, session, statement=NAMED if where == "outcome" else "A map")
    if where != "outcome":
        status = {"status": "planned", "sent_on": None} if where == "planned" else {}
        sent = make_transfer(outcome, world.alice, office(world), message=NAMED, **status)
        if where == "deleted":
            sent.deleted_at = sent.created_at
            sent.save()
    asks = rule in (IN_TEXTS if where == "outcome" else IN_MESSAGES)
    if not asks:
        edit_session(by=world.alice, session=session, rule=rule)
        return
    with pytest.raises(Doubt) as asked:
        edit_session(by=world.alice, session=session, rule=rule)
    said = asked.value.message_dict["rule"][0]

    assert "Names on record of somebody who takes part stand in what came out of it" in said
    assert ("Framework" if where == "outcome" else "Harbour Office (Private memo)") in said
    edit_session(by=world.alice, session=session, rule=rule, override_reason=seen(asked, "She agrees"))


def test_who_opens_no_identity_learns_none_by_a_rule(world: World, amina: Participation) -> None:
    ruth = make.make_member_of(world.house, "Ruth")
    make.make_member(world.secret, ruth, "rapporteur")
    session = make_session(world.secret, world.alice, rule="on_record")
    outcome_of(world, session, statement=NAMED)
    edit_session(by=ruth, session=session, rule="chatham_house")


def test_a_session_that_is_named_later_asks_what_was_carried_before(
    world: World, amina: Participation
) -> None:
    session = make_session(world.secret, world.alice, rule="chatham_house")
    outcome = outcome_of(world, None)
    make_transfer(outcome, world.alice, office(world), message=NAMED)
    with pytest.raises(Doubt) as asked:
        edit_outcome(by=world.alice, outcome=outcome, session=session)
    assert "Harbour Office (Private memo)" in asked.value.message_dict["session"][0]
    assert list(asked.value.message_dict) == ["session"]
    edit_outcome(by=world.alice, outcome=outcome, session=session, override_reason=seen(asked, "She agrees"))


def test_another_office_gets_the_message(world: World, amina: Participation) -> None:
    """The first one may be called by its name in it; to the second it says who has a tie there."""
    ministry, other = make_body(world.conflict, "Harbour Ministry"), office(world)
    make_tie(amina.person, ministry)
    session = make_session(world.secret, world.alice, rule="chatham_house")
    planned = plan_transfer(
        **way(world, outcome_of(world, session), body=ministry, message="To the Harbour Ministry")
    )
    with pytest.raises(Doubt) as asked:
        edit_transfer(by=world.alice, transfer=planned, body=other)
    assert list(asked.value.message_dict) == ["message"]
    done = way(world, outcome_of(world, session), body=other, sent_on=session.began_on, message="A map")
    edit_transfer(by=world.alice, transfer=record_transfer(**done), body=ministry)
