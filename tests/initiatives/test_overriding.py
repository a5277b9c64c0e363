"""A reason covers what was shown to whoever gives it, and is asked for again where something else turns up."""

from __future__ import annotations

import re
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from confidentiality.actor import actor
from confidentiality.codes import Rule
from conftest import World
from initiatives.models import Brief, Session
from initiatives.services import edit_brief, edit_initiative, edit_session, log_session
from initiatives.services.importing.sessions import import_sessions
from initiatives.services.overriding import Doubt, Naming, Reason, doubt, together
from tests import factories as make
from tests.clients import client_of, patch, pointers, post
from tests.record import make_participation, make_person, make_session

pytestmark = pytest.mark.django_db
LATER = date.today() + timedelta(days=7)
NAMES = {"notes": Naming("This says “haddad, nassar”", ["haddad", "nassar"])}
DATES = {"began_on": "This day is still to come."}


def table_of(lines: list[str]) -> BytesIO:
    return BytesIO("\n".join(lines).encode())


@pytest.fixture
def inside(world: World) -> World:
    make_participation(world.secret, make_person(world.house, "Amina Haddad"))
    make_participation(world.secret, make_person(world.house, "Zuhra Nassar"))
    return world


def asked_of(user: Any, errors: dict[str, str], about: str = "session") -> list[str]:
    with pytest.raises(Doubt) as refused:
        doubt(errors, "", by=user, about=about)
    return refused.value.asked


def test_a_reason_covers_the_questions_that_it_brings_along(world: World) -> None:
    asked = asked_of(world.alice, {**NAMES, **DATES})
    doubt({**NAMES, **DATES}, Reason("So agreed", asked), by=world.alice, about="session")
    # One name less is no new question.
    fewer = {"notes": Naming("This says “nassar”", ["nassar"])}
    doubt(fewer, Reason("So agreed", asked), by=world.alice, about="session")


@pytest.mark.parametrize(
    ("errors", "about"),
    [
        (NAMES, "session"),
        ({**NAMES, "began_on": "This day has passed."}, "session"),
        ({"notes": Naming("", ["haddad", "nassar", "elsewhere"])}, "session"),
        ({"purpose": NAMES["notes"]}, "session"),
        (DATES, "outcome"),
    ],
)
def test_it_covers_no_other_question(world: World, errors: dict[str, str], about: str) -> None:
    reason = Reason("The calendar of the venue is a day ahead", asked_of(world.alice, DATES))
    with pytest.raises(Doubt):
        doubt(errors, reason, by=world.alice, about=about)
    theirs = Reason("So agreed", asked_of(world.bob, errors, about))
    with pytest.raises(Doubt):
        doubt(errors, theirs, by=world.alice, about=about)


def test_only_what_is_new_is_asked_and_its_signs_hold_for_both(world: World) -> None:
    reason = Reason("A day ahead", asked_of(world.alice, DATES))
    with pytest.raises(Doubt) as refused:
        doubt({**NAMES, **DATES}, reason, by=world.alice, about="session")
    assert set(refused.value.message_dict) == {"notes"}
    both = Reason("A day ahead", refused.value.asked)
    doubt({**NAMES, **DATES}, both, by=world.alice, about="session")


def test_nothing_of_a_text_is_in_what_goes_out(world: World) -> None:
    (sign,) = asked_of(world.alice, NAMES)
    assert re.fullmatch(r"[\w-]{16}\.[\w-]{16}", sign)
    assert "haddad" not in sign.lower()


def test_a_reason_alone_never_covers_a_name(world: World) -> None:
    doubt(DATES, "A day ahead", by=world.alice, about="session")
    with pytest.raises(Doubt):
        doubt(NAMES, "A day ahead", by=world.alice, about="session")
    mixed = together({"notes": "Steps say what became of it."}, NAMES)
    with pytest.raises(Doubt) as refused:
        doubt(mixed, "", by=world.alice, about="session")
    assert refused.value.message_dict == {
        "notes": ["Steps say what became of it. This says “haddad, nassar”"]
    }


def test_a_reason_for_the_day_does_not_let_a_name_pass(inside: World) -> None:
    with actor(inside.alice), pytest.raises(Doubt) as refused:
        log_session(
            by=inside.alice, initiative=inside.secret, began_on=LATER, format="workshop", rule=Rule.CHATHAM_HOUSE,
            purpose="Amina Haddad speaks", override_reason="The calendar of the venue is a day ahead",
        )  # fmt: skip
    assert set(refused.value.message_dict) == {"purpose"}


def signs_on(answer: Any) -> str:
    (signs,) = re.findall(r'name="override_reason_asked" value="([^"]*)"', answer.content.decode())
    return signs


def test_a_page_asks_once_and_again_for_what_is_new(inside: World) -> None:
    client, card = Client(), inside.secret
    client.force_login(inside.alice)
    session = make_session(card, inside.alice, rule=Rule.CHATHAM_HOUSE)
    page = reverse("initiatives:session_details", args=[session.pk])
    typed = {"version": session.version, "audience": "team", "notes": "Haddad spoke"}

    first = client.post(page, typed)
    seen = {**typed, "override_reason": "She asked for it", "override_reason_asked": signs_on(first)}
    more = client.post(page, {**seen, "notes": "Haddad spoke, and Nassar"})
    assert (first.status_code, more.status_code) == (422, 422)
    assert client.post(page, seen).status_code == 302
    session.refresh_from_db()
    everything = {
        **seen,
        "version": session.version,
        "notes": "Haddad spoke, and Nassar",
        "override_reason_asked": signs_on(more),
    }
    assert client.post(page, everything).status_code == 302
    session.refresh_from_db()
    assert session.notes == "Haddad spoke, and Nassar"


def test_seen_of_one_session_or_under_one_rule_is_not_seen_of_another(inside: World) -> None:
    def refused(**more: Any) -> Doubt:
        with pytest.raises(Doubt) as caught:
            edit_session(by=inside.alice, notes="Haddad spoke", **more)
        return caught.value

    first, other = (
        make_session(inside.secret, inside.alice, rule=Rule.CHATHAM_HOUSE) for _number in range(2)
    )
    with actor(inside.alice):
        reason = Reason("She asked for it", refused(session=first).asked)
        refused(session=other, override_reason=reason)
        refused(session=first, rule=Rule.NON_ATTRIBUTED_SUMMARY, override_reason=reason)
        kept = edit_session(by=inside.alice, session=first, notes="Haddad spoke", override_reason=reason)
    assert kept.notes == "Haddad spoke"


def test_a_program_sends_back_what_the_problem_says(inside: World) -> None:
    session = make_session(inside.secret, inside.alice, rule=Rule.CHATHAM_HOUSE)
    client, path = client_of(inside.alice), f"sessions/{session.pk}/"
    body = {"notes": "Haddad spoke", "override_reason": "She asked for it"}
    refused = patch(client, path, body)
    assert pointers(refused) == {"/notes": "confirm"}
    asked = [error["asked"] for error in refused.json()["errors"]]
    assert patch(client, path, {**body, "asked": ["nonsense"]}).status_code == 400
    assert patch(client, path, {**body, "notes": "Nassar spoke", "asked": asked}).status_code == 400
    assert patch(client, path, {**body, "asked": asked}).status_code == 200


def test_of_many_each_brings_its_own(inside: World) -> None:
    client = client_of(inside.alice)
    row = {"initiative": str(inside.secret.pk), "began_on": "2026-03-04", "format": "workshop"}
    rows = [{**row, "purpose": "Haddad speaks"}, {**row, "purpose": "A map"}]
    refused = post(client, "sessions/", rows)
    (error,) = refused.json()["errors"]
    assert error["pointer"] == "/0/purpose"
    rows[0] |= {"override_reason": "She asked for it", "asked": [error["asked"]]}
    assert post(client, "sessions/", rows).status_code == 201


def test_a_reason_for_one_row_of_a_table_is_none_for_another(inside: World) -> None:
    def run(*purposes: str, reason: str = "", dry_run: bool = False) -> Any:
        lines = [
            "date,format,purpose",
            *(f"2026-03-0{day},workshop,{text}" for day, text in enumerate(purposes, 1)),
        ]
        with actor(inside.alice):
            return import_sessions(
                by=inside.alice,
                initiative=inside.secret,
                lines=table_of(lines),
                override_reason=reason,
                dry_run=dry_run,
            )

    assert not run("A map", "Haddad speaks", reason="As the file says").done
    asked = [one.asked for one in run("A map", "Haddad speaks", dry_run=True).doubts]
    report = run("Haddad too", "Haddad speaks", reason=Reason("As the file says", asked))
    assert [one.row for one in report.doubts] == [2]
    assert run("A map", "Haddad speaks", reason=Reason("As the file says", asked)).done
    assert Session.objects.count() == 2


def test_the_page_of_an_import_shows_all_that_its_reason_covers(inside: World) -> None:
    client = Client()
    client.force_login(inside.alice)
    page = reverse("initiatives:import_sessions", args=[inside.secret.pk])
    rows = "".join(f"2026-03-04,workshop,Haddad {number}\n" for number in range(120))
    file = table_of(["date,format,purpose", rows])
    file.name = "sessions.csv"
    shown = client.post(page, {"file": file})
    body = shown.content.decode()
    assert body.count("“haddad”") == 120
    (register,) = re.findall(r'name="register" value="([^"]*)"', body)
    sent = {"register": register, "override_reason": "As the file says"}
    assert client.post(page, sent).status_code == 422
    assert client.post(page, {**sent, "override_reason_asked": signs_on(shown)}).status_code == 302
    assert Session.objects.count() == 120


def test_the_brief_and_the_words_of_a_card_are_asked_about(inside: World) -> None:
    make.make_brief(inside.secret, inside.alice, objective="A map")
    with actor(inside.alice):
        with pytest.raises(Doubt) as refused:
            edit_brief(by=inside.alice, initiative=inside.secret, objective="Amina Haddad wants it")
        reason = Reason("She asked for it", refused.value.asked)
        edit_brief(
            by=inside.alice,
            initiative=inside.secret,
            objective="Amina Haddad wants it",
            override_reason=reason,
        )
        assert Brief.objects.get().objective == "Amina Haddad wants it"
        assert Brief.objects.get().revisions.order_by("-number")[0].kept["reason"] == "She asked for it"
        for name in ("public_line", "codename"):
            with pytest.raises(Doubt) as refused:
                edit_initiative(by=inside.alice, initiative=inside.secret, **{name: "Circle of Haddad"})
            assert set(refused.value.message_dict) == {name}
        # What stands already is not asked about again.
        edit_brief(by=inside.alice, initiative=inside.secret, exit_plan="None")


def test_their_pages_and_addresses_ask_for_the_reason(inside: World) -> None:
    make.make_brief(inside.secret, inside.alice, objective="A map")
    client = Client()
    client.force_login(inside.alice)
    page = reverse("initiatives:edit_brief", args=[inside.secret.pk])
    typed = {"version": 1, "objective": "Haddad wants it"}
    first = client.post(page, typed)
    again = {**typed, "override_reason": "She asked for it", "override_reason_asked": signs_on(first)}
    assert (first.status_code, client.post(page, again).status_code) == (422, 302)

    program, path = client_of(inside.alice), f"initiatives/{inside.secret.pk}/"
    line = {"public_line": "Haddad convenes", "override_reason": "She says so herself"}
    refused = patch(program, path, line)
    assert pointers(refused) == {"/public_line": "confirm"}
    asked = [error["asked"] for error in refused.json()["errors"]]
    assert patch(program, path, {**line, "asked": asked}).status_code == 200
    brief = f"briefs/{inside.secret.pk}/"
    assert pointers(patch(program, brief, {"objective": "Nassar wants it"})) == {"/objective": "confirm"}
