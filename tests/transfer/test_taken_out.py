"""What a session keeps inside is not let out by taking it out of the session, nor by saying it again without one."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from accounts.models import User
from conftest import World
from initiatives.models import Session
from initiatives.services.overriding import Doubt
from tests import factories as make
from tests.clients import client_of, get, patch, pointers
from tests.record import make_outcome, make_session
from transfer.models import Outcome, OutcomeRevision
from transfer.services import bring_back_outcome, edit_outcome, record_outcome

pytestmark = pytest.mark.django_db
FAR, PAST = date(2199, 1, 2), date(2020, 1, 2)
CLOSED = ["participants_only", "no_notes", "agreed_text_only", "embargo"]


@pytest.fixture
def ruth(world: World) -> User:
    """Writes sessions and outcomes, and sends nothing."""
    user = make.make_member_of(world.house, "Ruth")
    make.make_member(world.secret, user, "rapporteur")
    return user


def closed(world: World, what: str) -> Session:
    if what == "embargo":
        return make_session(world.secret, world.alice, rule="on_record", embargo_until=FAR)
    return make_session(world.secret, world.alice, rule=what)


def said_in(world: World, session: Session | None, **fields: Any) -> Outcome:
    given = {"travel_permission": "public", "statement": "Said in the closed room", **fields}
    return make_outcome(world.secret, world.alice, session=session, **given)


def leaves(world: World) -> bool:
    file = get(client_of(world.alice), "outcomes/", export="csv").content.decode()
    return "Said in the closed room" in file


@pytest.mark.parametrize("what", CLOSED)
@pytest.mark.parametrize("elsewhere", [False, True])
def test_it_is_a_decision_of_those_who_send_and_has_a_reason(
    world: World, ruth: User, what: str, elsewhere: bool
) -> None:
    """Though nothing has gone out, and nobody observes."""
    outcome = said_in(world, closed(world, what))
    target = make_session(world.secret, world.alice, rule="on_record") if elsewhere else None
    with pytest.raises(ValidationError) as refused:
        edit_outcome(by=ruth, outcome=outcome, session=target, override_reason="I think so")
    assert list(refused.value.message_dict) == ["session"]
    assert "A lead or facilitator decides that" in str(refused.value)
    for by in (world.alice, world.bob):
        with pytest.raises(Doubt) as asked:
            edit_outcome(by=by, outcome=outcome, session=target)
        assert list(asked.value.message_dict) == ["session"]
    assert not leaves(world)
    edit_outcome(
        by=world.bob, outcome=outcome, session=target, override_reason="It was entered there by mistake"
    )

    assert leaves(world)
    newest = OutcomeRevision.objects.filter(outcome=outcome).order_by("-number")[0]
    assert newest.kept["reason"] == "It was entered there by mistake"


@pytest.mark.parametrize(
    ("rule", "until", "target"),
    [
        # Where no session is named nobody is either, as under the Chatham House rule.
        ("chatham_house", None, None),
        ("chatham_house", PAST, "chatham_house"),
        ("on_record", PAST, None),
        ("on_record", None, "participants_only"),
        ("no_notes", None, "participants_only"),
    ],
)
def test_what_is_kept_as_well_afterwards_is_not_asked_about(
    world: World, ruth: User, rule: str, until: date | None, target: str | None
) -> None:
    outcome = said_in(world, make_session(world.secret, world.alice, rule=rule, embargo_until=until))
    other = make_session(world.secret, world.alice, rule=target) if target else None
    assert edit_outcome(by=ruth, outcome=outcome, session=other).session == other


def test_a_shorter_embargo_counts_and_so_does_an_older_version(world: World, ruth: User) -> None:
    outcome = record_outcome(
        by=world.alice, initiative=world.secret, kind="collective", content_kind="framework",
        travel_permission="public", statement="Said in the closed room",
    )  # fmt: skip
    edit_outcome(by=ruth, outcome=outcome, session=closed(world, "embargo"))
    sooner = make_session(world.secret, world.alice, rule="on_record", embargo_until=date(2198, 1, 2))
    for act in (
        lambda: edit_outcome(by=ruth, outcome=outcome, session=sooner, override_reason="x"),
        lambda: bring_back_outcome(by=ruth, outcome=outcome, number=1, reason="x", override_reason="x"),
    ):
        with pytest.raises(ValidationError) as refused:
            act()
        assert list(refused.value.message_dict) == ["session"]


def test_page_and_rest_say_it_at_the_field_and_keep_the_rest(world: World, ruth: User) -> None:
    outcome = said_in(world, closed(world, "participants_only"))
    answer = patch(client_of(ruth), f"outcomes/{outcome.pk}/", {"session": None, "override_reason": "x"})
    assert (answer.status_code, pointers(answer)) == (400, {"/session": "invalid"})
    browser = Client()
    browser.force_login(ruth)
    typed = {
        "version": "1", "content_kind": "framework", "statement": "Typed anew", "session": "",
        "travel_permission": "public", "contributes_to": "unknown", "confidence": "medium",
    }  # fmt: skip
    page = browser.post(reverse("transfer:edit_outcome", args=[outcome.pk]), typed)

    assert page.status_code == 422
    assert "A lead or facilitator decides that" in str(page.context["form"].errors["session"])
    assert "Typed anew" in page.content.decode()


@pytest.mark.parametrize("what", CLOSED)
@pytest.mark.parametrize("removes", [0, 1])
def test_saying_it_again_without_its_session_is_asked_about(world: World, what: str, removes: int) -> None:
    """At whatever remove, and of whoever writes it."""
    first = said_in(world, closed(world, what))
    for _between in range(removes):
        first = said_in(world, None, repeats=first)
    again = {
        "by": world.alice, "initiative": world.secret, "kind": "collective", "content_kind": "framework",
        "statement": "Said in the closed room", "travel_permission": "public", "repeats": first,
    }  # fmt: skip
    with pytest.raises(Doubt) as asked:
        record_outcome(**again)
    assert list(asked.value.message_dict) == ["repeats"]
    made = record_outcome(**again, override_reason="All of them said it on television")
    assert made.repeats == first
    # In a session that keeps it as well it is not.
    inside = record_outcome(
        **again,
        session=closed(world, what),
        **({"override_reason": "So agreed"} if what == "no_notes" else {}),
    )
    with pytest.raises(ValidationError):
        edit_outcome(by=world.alice, outcome=inside, session=None)


def test_what_was_open_is_repeated_without_a_question(world: World) -> None:
    for session in (
        None,
        *(make_session(world.secret, world.alice, rule=r) for r in ("on_record", "chatham_house")),
    ):
        first = said_in(world, session)
        record_outcome(
            by=world.alice, initiative=world.secret, kind="collective", content_kind="framework",
            statement="Said again", travel_permission="public", repeats=first,
        )  # fmt: skip
