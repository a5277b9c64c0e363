"""Versions of a record: what one said and changed, who reads it, and how it comes back."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from confidentiality.actor import actor
from confidentiality.policy import Forbidden, Hidden
from confidentiality.records import Stale
from conftest import World
from initiatives.models import Session
from initiatives.services import bring_back_session, edit_session, log_session, session_versions
from initiatives.services.overriding import Doubt
from tests import factories as make
from tests.record import make_attendance, make_participation

pytestmark = pytest.mark.django_db


@pytest.fixture
def session(world: World) -> Session:
    """Logged by Alice, then corrected by Bob."""
    made = log_session(
        by=world.alice,
        initiative=world.secret,
        began_on=date(2026, 3, 4),
        format="workshop",
        purpose="First purpose",
        notes="Who said what",
        present={str(world.up.pk): 4},
    )
    return edit_session(by=world.bob, session=made, purpose="Second purpose", present={})


def observer(world: World) -> Any:
    user = make.make_member_of(world.house, "Olga")
    make.make_member(world.secret, user, "observer")
    return user


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def at(session: Session, number: int) -> str:
    return reverse("initiatives:session_version", args=[session.pk, session.revisions.get(number=number).pk])


def numbers(user: Any, session: Session) -> list[int]:
    return [version.number for version in session_versions(by=user, session=session)]


def test_a_version_says_what_stood_there_and_what_it_changed(world: World, session: Session) -> None:
    first, second = (signed_in(world.alice).get(at(session, number)).content.decode() for number in (1, 2))

    assert "First purpose" in first
    assert "What stood there before" not in first
    assert "changed: Numbers present, Purpose" in second
    assert '<del class="prose quiet" dir="auto">First purpose</del>' in second
    assert '<del class="prose quiet" dir="auto">Upstream: 4</del>' in second
    assert second.count("changed here") == 2
    assert ("Bring it back" in first, "Bring it back" in second) == (True, False)


def test_an_older_version_comes_back_as_a_new_one_with_a_reason(world: World, session: Session) -> None:
    alice, path = signed_in(world.alice), at(session, 1)
    sent = {"version": "2", "reason": "It was right"}
    answers = [alice.post(path, data) for data in ({"version": "2"}, sent, sent)]
    shown = session_versions(by=world.alice, session=session)[0]

    assert [answer.status_code for answer in answers] == [422, 302, 409]
    assert answers[1].url == reverse("initiatives:session", args=[session.pk])
    assert "Somebody saved another version meanwhile" in answers[2].content.decode()
    assert (shown.number, shown.by, shown.reason) == (3, world.alice, "It was right")
    assert shown.fields["purpose"] == "First purpose"
    assert shown.fields["present"] == {str(world.up.pk): 4}
    assert sorted(shown.changed) == ["present", "purpose"]


def test_who_may_not_write_brings_nothing_back(world: World, session: Session) -> None:
    olga = observer(world)
    page = signed_in(olga).get(at(session, 1)).content.decode()
    refused = signed_in(olga).post(at(session, 1), {"version": "2", "reason": "Mine"})

    assert "First purpose" in page
    assert "Bring it back" not in page
    assert refused.status_code == 403
    with pytest.raises(Forbidden):
        bring_back_session(by=olga, session=session, number=1, reason="Mine")
    with pytest.raises(Hidden):
        bring_back_session(by=world.harry, session=session, number=1, reason="Mine")
    assert signed_in(world.harry).get(at(session, 1)).status_code == 404


def test_what_cannot_come_back_is_refused(world: World, session: Session) -> None:
    with actor(world.alice):
        with pytest.raises(Stale):
            bring_back_session(by=world.alice, session=session, number=1, reason="Right", version=1)
        with pytest.raises(Hidden):
            bring_back_session(by=world.alice, session=session, number=7, reason="Right")
        with pytest.raises(ValidationError, match="how it stands now"):
            bring_back_session(by=world.alice, session=session, number=2, reason="Right")
        with pytest.raises(ValidationError) as error:
            bring_back_session(by=world.alice, session=session, number=1, reason=" ")

    assert set(error.value.message_dict) == {"reason"}


def test_under_a_rule_without_notes_no_version_shows_those_of_before(world: World, session: Session) -> None:
    with pytest.raises(Doubt) as asked:
        edit_session(by=world.alice, session=session, notes="", rule="no_notes")
    edit_session(
        by=world.alice, session=session, notes="", rule="no_notes", override_reason="They asked for it"
    )
    page = signed_in(world.alice).get(at(session, 1)).content.decode()
    edit_session(by=world.alice, session=session, rule="on_record", override_reason="They agreed to it")

    assert "Earlier versions hold notes" in str(asked.value)
    assert "Who said what" not in page
    assert "First purpose" in page
    # They are gone, not hidden: another rule does not show them again.
    assert [version.fields["notes"] for version in session_versions(by=world.alice, session=session)] == [
        ""
    ] * 4


def test_bringing_back_leaves_who_reads_it(world: World, session: Session) -> None:
    olga = observer(world)
    edit_session(by=world.alice, session=session, rule="participants_only", audience="named")
    bring_back_session(by=world.alice, session=session, number=1, reason="The first purpose was right")
    stands = Session.objects.get(pk=session.pk)

    assert (stands.purpose, stands.rule, stands.audience) == ("First purpose", "participants_only", "named")
    assert signed_in(olga).get(at(session, 1)).status_code == 404


@pytest.mark.parametrize(
    "closed", [{"rule": "participants_only"}, {"audience": "named"}, {"rule": "agreed_text_only"}]
)
def test_who_will_read_it_is_said_before_it_happens(
    world: World, session: Session, closed: dict[str, str]
) -> None:
    edit_session(by=world.alice, session=session, **closed)
    open_again = {"rule": "on_record", "audience": "team"}
    with pytest.raises(Doubt) as loosened:
        edit_session(by=world.alice, session=session, **open_again)
    assert "observer" not in str(loosened.value)  # Nobody observes.
    edit_session(by=world.alice, session=session, override_reason="The group said so", **open_again)
    edit_session(by=world.alice, session=session, **closed)
    observer(world)
    with pytest.raises(Doubt) as asked:
        edit_session(by=world.alice, session=session, **open_again)

    assert "1 observer of the team will read what was closed" in str(asked.value)
    edit_session(by=world.alice, session=session, override_reason="The group said so", **open_again)


@pytest.mark.parametrize("closed", [{"rule": "participants_only"}, {"audience": "named"}])
def test_an_observer_reads_no_version_that_was_closed_as_it_stood(
    world: World, session: Session, closed: dict[str, str]
) -> None:
    olga = observer(world)
    edit_session(by=world.alice, session=session, purpose="Behind the door", **closed)
    assert signed_in(olga).get(at(session, 1)).status_code == 404
    edit_session(
        by=world.alice,
        session=session,
        purpose="Open",
        rule="on_record",
        audience="team",
        override_reason="Open now",
    )
    history = signed_in(olga).get(reverse("initiatives:session_history", args=[session.pk]))

    assert numbers(olga, session) == [4, 2, 1]
    assert numbers(world.bob, session) == [4, 3, 2, 1]
    assert history.status_code == 200
    assert signed_in(olga).get(at(session, 3)).status_code == 404
    assert "Behind the door" not in signed_in(olga).get(at(session, 4)).content.decode()
    assert "Behind the door" in signed_in(world.bob).get(at(session, 4)).content.decode()


def test_what_is_asked_about_when_a_version_comes_back_passes_with_a_tick(
    world: World, session: Session
) -> None:
    edit_session(by=world.alice, session=session, status="planned", override_reason="Once more")
    edit_session(by=world.alice, session=session, status="held")
    alice, path = signed_in(world.alice), at(session, 3)
    asked = alice.post(path, {"version": "4", "reason": "As agreed"})
    with pytest.raises(Doubt):
        bring_back_session(by=world.alice, session=session, number=3, reason="As agreed")
    given = alice.post(path, {"version": "4", "reason": "As agreed", "all_the_same": "on"})

    assert asked.status_code == 422
    assert "Is the session still planned?" in asked.content.decode()
    assert 'type="checkbox" name="all_the_same"' in asked.content.decode()
    assert given.status_code == 302
    assert Session.objects.get().status == "planned"


def test_who_came_goes_when_the_rule_forbids_to_store_it(world: World, session: Session) -> None:
    """And is not brought back with an older version: it stands in none."""
    make_attendance(session, make_participation(world.secret))
    with pytest.raises(Doubt) as asked:
        edit_session(by=world.alice, session=session, rule="non_attributed_summary")
    assert session.attendances.count() == 1
    edit_session(
        by=world.alice, session=session, rule="non_attributed_summary", override_reason="They asked for it"
    )
    newest = session_versions(by=world.alice, session=session)[0]

    assert set(asked.value.message_dict) == {"rule"}
    assert session.attendances.count() == 0
    assert (newest.changed, newest.reason) == (["rule", "attendance"], "They asked for it")
    bring_back_session(by=world.alice, session=session, number=2, reason="On second thoughts")
    assert session.attendances.count() == 0
