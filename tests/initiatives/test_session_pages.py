"""Pages of sessions: the log on one page, what is asked about, two editors, the list, the history, moving."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from confidentiality.actor import actor
from conftest import World
from initiatives.models import Draft, Session, SessionReader
from initiatives.services import delete_session, edit_session
from tests import factories as make
from tests.clients import client_of, pointers
from tests.record import make_attendance, make_outcome, make_participation, make_person, make_session

pytestmark = pytest.mark.django_db

LIST_QUERIES, SESSION_QUERIES, LOG_QUERIES, HISTORY_QUERIES = 22, 22, 19, 22
OUTSIDERS = ["harry", "rita", "cora", "stella", "sam"]
OF_SESSION = [
    "session",
    "edit_session",
    "session_details",
    "session_history",
    "move_session",
    "delete_session",
]
LOG = "/sessions/new/"


@pytest.fixture
def alice(world: World) -> Client:
    return signed_in(world.alice)


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def at(name: str, record: Any) -> str:
    return reverse(f"initiatives:{name}", args=[record.pk])


def seven(world: World, **fields: str) -> dict[str, str]:
    return {
        "initiative": str(world.secret.pk),
        "status": "held",
        "began": "2026-03-04",
        "began_precision": "day",
        "format": "workshop",
        "rule": "chatham_house",
        f"present_{world.up.pk}": "4",
        f"present_{world.down.pk}": "",
        "present_none": "1",
        "purpose": "Read the gauges",
        "next_step": "Send the map",
    } | fields


def text_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


# The log


def test_seven_fields_make_a_session(world: World, alice: Client) -> None:
    answer = alice.post(LOG, seven(world))
    session = Session.objects.get()

    assert answer["Location"] == at("session", session)
    assert session.present == {str(world.up.pk): 4, "": 1}
    assert (session.status, session.format, session.rule) == ("held", "workshop", "chatham_house")
    page = text_of(alice, at("session", session))
    for text in ("Logged.", "4 March 2026", "Read the gauges", "Send the map", "Upstream", "your team of 2"):
        assert text in page
    assert "Downstream" not in page


def test_a_month_is_stored_as_its_first_day(world: World, alice: Client) -> None:
    alice.post(
        LOG,
        seven(
            world, began="2026-03-17", began_precision="month", ended="2026-05-02", ended_precision="quarter"
        ),
    )
    session = Session.objects.get()
    assert (str(session.began_on), session.began_precision) == ("2026-03-01", "month")
    assert (str(session.ended_on), session.ended_precision) == ("2026-04-01", "quarter")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"began": "2026-02-30"}, "began"),
        ({"began": ""}, "began"),
        ({"ended": "2026-03-03"}, "ended"),
        ({"format": "picnic"}, "format"),
        ({"present_none": "10000"}, "present_none"),
        ({"present_none": "four"}, "present_none"),
        ({"purpose": ""}, "purpose"),
        ({"purpose": "x" * 501}, "purpose"),
        ({"next_step": "turned\u202e"}, "next_step"),
        ({"initiative": str(uuid4())}, "initiative"),
    ],
)
def test_a_refusal_stands_at_its_field_and_keeps_what_was_typed(
    world: World, alice: Client, fields: dict[str, str], field: str
) -> None:
    answer = alice.post(LOG, seven(world, **fields))
    form = answer.context["form"]
    assert answer.status_code == 422
    assert list(form.errors) == [field]
    assert form["next_step"].value() == fields.get("next_step", "Send the map")
    assert not Session.objects.exists()


def test_a_doubt_asks_for_a_reason_and_keeps_it(world: World, alice: Client) -> None:
    tomorrow = str(timezone.localdate() + timedelta(days=1))
    assert "override_reason" not in text_of(alice, LOG)
    asked = alice.post(LOG, seven(world, began=tomorrow))
    assert asked.status_code == 422
    assert "This day is still to come" in asked.content.decode()
    assert 'name="override_reason"' in asked.content.decode()
    given = alice.post(LOG, seven(world, began=tomorrow, override_reason="It is tomorrow there"))
    assert given.status_code == 302
    history = text_of(alice, at("session_history", Session.objects.get()))
    assert "It is tomorrow there" in history


def test_the_only_initiative_is_chosen_already(world: World, alice: Client) -> None:
    page = text_of(alice, LOG)
    assert "Secret Heron" in page
    assert "Upstream" in page
    assert "Show its sides" not in page


def test_of_several_the_last_used_or_the_one_in_the_address(world: World, alice: Client) -> None:
    other = make.make_initiative(world.conflict, world.house, lead=world.alice, codename="Aaa")
    assert alice.get(LOG).context["chosen"] is None
    assert "Show its sides" in text_of(alice, LOG)
    assert alice.get(f"{LOG}?initiative={other.pk}").context["chosen"] == other
    make_session(world.secret, world.alice)
    assert alice.get(LOG).context["chosen"] == world.secret
    for hidden in (world.rival.pk, uuid4(), "nonsense"):
        assert alice.get(f"{LOG}?initiative={hidden}").status_code == 404


def test_choosing_shows_its_sides_and_keeps_what_was_typed(world: World, alice: Client) -> None:
    make.make_initiative(world.conflict, world.house, lead=world.alice)
    chosen = alice.post(LOG, seven(world, choose="1", purpose="Half", format=""))
    page = chosen.content.decode()
    assert chosen.status_code == 200
    assert f"present_{world.up.pk}" in page
    assert "Half" in page
    assert "Nothing was saved yet" not in page
    assert not Session.objects.exists()


def test_who_logs_nowhere_is_told_how_one_comes_to_it(world: World) -> None:
    observer = make.make_member_of(world.house, "Olga")
    make.make_member(world.secret, observer, "observer")
    for user in (observer, world.harry):
        page = text_of(signed_in(user), LOG)
        assert "No initiative in which you log sessions" in page
        assert "Heron" not in page
        assert signed_in(user).post(LOG, seven(world)).status_code == 422
    assert not Session.objects.exists()


# Drafts


def keep(client: Client, world: World, draft: str, **fields: str) -> Any:
    return client.post("/drafts/", seven(world, draft=draft, draft_seen="0", **fields))


def test_a_draft_lies_in_the_initiative_that_is_chosen(world: World, alice: Client) -> None:
    other = make.make_initiative(world.conflict, world.house, lead=world.alice)
    first = keep(alice, world, "session:", initiative="")
    assert (first.status_code, first.json()["key"]) == (200, "session:")
    assert Draft.objects.get().initiative_id is None
    assert keep(alice, world, "session:").json()["key"] == f"session:{world.secret.pk}"
    assert Draft.objects.get().initiative_id == world.secret.pk
    keep(alice, world, f"session:{world.secret.pk}", initiative=str(other.pk), purpose="Elsewhere")
    assert Draft.objects.get().initiative_id == other.pk
    opened = alice.get(LOG)
    assert opened.context["chosen"] == other
    assert opened.context["form"]["purpose"].value() == "Elsewhere"
    assert "restored. It is not saved yet." in opened.content.decode()


@pytest.mark.parametrize("who", OUTSIDERS)
def test_nobody_else_keeps_a_draft_there(world: World, who: str) -> None:
    client = signed_in(getattr(world, who))
    assert keep(client, world, "session:").status_code == 404
    assert keep(client, world, f"session:{world.secret.pk}", initiative="").status_code == 404


def test_what_was_saved_is_no_draft_any_more(world: World, alice: Client) -> None:
    kept = keep(alice, world, "session:").json()
    alice.post(LOG, seven(world, draft=kept["key"], draft_seen=str(kept["seen"])))
    assert not Draft.objects.exists()
    keep(alice, world, "session:")
    gone = alice.post("/drafts/discard/", {"draft": f"session:{world.secret.pk}"})
    assert gone["Location"] == f"{LOG}?initiative={world.secret.pk}"
    assert not Draft.objects.exists()


# One session


@pytest.mark.parametrize("who", OUTSIDERS)
def test_outsiders_find_nothing(world: World, who: str) -> None:
    session = make_session(world.secret, world.alice)
    client = signed_in(getattr(world, who))
    for name in OF_SESSION:
        path = at(name, session)
        hidden, missing = client.get(path), client.get(path.replace(str(session.pk), str(uuid4())))
        assert (hidden.status_code, missing.status_code) == (404, 404)
        assert "Gauges" not in hidden.content.decode()
    assert client.get(at("sessions", world.secret)).status_code == 404
    assert client.post(at("restore_session", session)).status_code == 404


def test_observers_read_and_do_not_write(world: World) -> None:
    session = make_session(world.secret, world.alice)
    closed = make_session(world.secret, world.alice, rule="participants_only", purpose="Closed to some")
    observer = make.make_member_of(world.house, "Olga")
    make.make_member(world.secret, observer, "observer")
    client = signed_in(observer)
    assert [client.get(at(name, session)).status_code for name in OF_SESSION] == [
        200,
        403,
        403,
        200,
        403,
        403,
    ]
    assert [client.get(at(name, closed)).status_code for name in OF_SESSION] == [404] * 6
    listed = text_of(client, at("sessions", world.secret))
    assert "Gauges" in listed
    assert "Closed to some" not in listed
    assert "Log a session" not in listed.split("<main")[1].split("</main>")[0]
    lead = text_of(signed_in(world.alice), at("session", closed))
    assert "2 of your team; it is closed to its other observers" in lead


def test_edit_shows_what_stands_and_saves_it(world: World, alice: Client) -> None:
    alice.post(LOG, seven(world))
    session = Session.objects.get()
    form = alice.get(at("edit_session", session)).context["form"]
    sent = {name: form[name].value() or "" for name in form.fields}
    alice.post(at("edit_session", session), {**sent, "status": "cancelled", "present_none": ""})
    session.refresh_from_db()
    assert (session.status, session.version) == ("cancelled", 2)
    assert session.present == {str(world.up.pk): 4}
    assert session.revisions.get(number=2).kept["changed"] == ["status", "present"]


def test_two_editors_lose_nothing(world: World, alice: Client) -> None:
    alice.post(LOG, seven(world))
    session = Session.objects.get()
    with actor(world.bob):
        edit_session(
            by=world.bob,
            session=session,
            next_step="Bob's step",
            purpose="Bob's purpose",
            present={str(world.up.pk): 4, str(world.down.pk): 7},
        )
    typed = seven(world, version="1", purpose="Alice's purpose", present_none="2")
    answer = alice.post(at("edit_session", session), typed)
    form, page = answer.context["form"], answer.content.decode()
    assert answer.status_code == 409
    assert form["purpose"].value() == "Alice's purpose"
    assert form["next_step"].value() == "Bob's step"
    assert form[f"present_{world.down.pk}"].value() == "7"
    assert form["present_none"].value() == "2"
    assert "Bob&#x27;s purpose" in page
    assert "Bobirian" in page
    assert Session.objects.get().purpose == "Bob's purpose"
    again = {name: form[name].value() or "" for name in form.fields}
    assert alice.post(at("edit_session", session), again).status_code == 302
    stands = Session.objects.get()
    assert (stands.purpose, stands.next_step) == ("Alice's purpose", "Bob's step")
    assert stands.present == {str(world.up.pk): 4, str(world.down.pk): 7, "": 2}


def test_details_and_the_observers_who_read_it(world: World, alice: Client) -> None:
    observer = make.make_member_of(world.house, "Olga")
    make.make_member(world.secret, observer, "observer")
    session = make_session(world.secret, world.alice)
    typed = {
        "version": "1",
        "agenda_themes": ["ceasefire", "elections"],
        "country": "CH",
        "place": "The weir",
        "notes": "One\r\nTwo",
        "product_made": "no",
        "incidents": "",
        "embargo_until": "2199-03-01",
        "audience": "named",
        "readers": [str(observer.pk)],
    }
    assert alice.post(at("session_details", session), typed).status_code == 302
    session.refresh_from_db()
    assert (session.country, session.notes, session.product_made) == ("CH", "One\nTwo", False)
    assert SessionReader.objects.get().user_id == observer.pk
    page = text_of(alice, at("session", session))
    for text in ("Switzerland", "The weir", "Ceasefire", "Olga", "Embargo until 1 March 2199"):
        assert text in page
    assert "embargo until 1 March 2199" in text_of(
        alice, reverse("initiatives:sessions", args=[world.secret.pk])
    )
    told = reverse("initiatives:session_version", args=[session.pk, session.revisions.first().pk])
    assert "1 March 2199" in text_of(alice, told)
    assert 'value="2199-03-01"' in text_of(alice, at("session_details", session))
    overtaken = alice.post(at("session_details", session), {**typed, "place": "The ford"})
    assert overtaken.status_code == 409
    assert overtaken.context["form"]["place"].value() == "The ford"
    fresh = {**typed, "version": str(session.version), "readers": [], "notes": "turned\u202e"}
    refused = alice.post(at("session_details", session), fresh)
    assert refused.status_code == 422
    assert "notes" in refused.context["form"].errors
    assert alice.post(at("session_details", session), {**fresh, "notes": ""}).status_code == 302
    assert not SessionReader.objects.exists()


def test_a_session_is_opened_to_observers_with_a_reason(world: World, alice: Client) -> None:
    make.make_member(world.secret, make.make_member_of(world.house, "Olga"), "observer")
    session = make_session(world.secret, world.alice, audience="named")
    typed = {"version": "1", "audience": "team"}
    assert "override_reason" not in text_of(alice, at("session_details", session))
    asked = alice.post(at("session_details", session), typed)
    told = alice.post(at("session_details", session), {**typed, "override_reason": "They belong here"})

    assert asked.status_code == 422
    assert 'name="override_reason"' in asked.content.decode()
    assert told.status_code == 302
    assert Session.objects.get().audience == "team"


def test_notes_are_refused_where_the_rule_allows_none(world: World, alice: Client) -> None:
    session = make_session(world.secret, world.alice, rule="no_notes")
    answer = alice.post(
        at("session_details", session), {"version": "1", "audience": "team", "notes": "What was said"}
    )
    assert answer.context["form"].errors["notes"] == ["Under this rule no notes are kept."]


def test_deleting_needs_a_reason_and_is_undone_by_a_button(world: World, alice: Client) -> None:
    session = make_session(world.secret, world.alice)
    assert alice.post(at("delete_session", session), {"version": "1", "reason": " "}).status_code == 422
    assert alice.post(at("delete_session", session), {"version": "7", "reason": "Twice"}).status_code == 409
    gone = alice.post(at("delete_session", session), {"version": "1", "reason": "Entered twice"})
    page = text_of(alice, gone["Location"])
    assert at("restore_session", session) in page
    assert "No session yet" in page
    assert "Entered twice" in text_of(alice, at("session", session))
    assert (
        alice.post(at("edit_session", session), seven(world, version="2", purpose="New")).status_code == 422
    )
    assert alice.post(at("restore_session", session)).status_code == 302
    assert Session.objects.get().deleted_at is None
    assert "Entered twice" in text_of(alice, at("session_history", session))


def test_moving_to_another_initiative(world: World, alice: Client) -> None:
    session = make_session(world.secret, world.alice)
    assert "There is no other initiative" in text_of(alice, at("move_session", session))
    other = make.make_initiative(world.conflict, world.house, lead=world.alice, codename="Linen Compass")
    assert "Linen Compass" in text_of(alice, at("move_session", session))
    typed = {"version": "1", "initiative": str(other.pk)}
    assert (
        alice.post(at("move_session", session), {**typed, "initiative": str(world.rival.pk)}).status_code
        == 422
    )
    answer = alice.post(at("move_session", session), typed)
    moved = Session.objects.get(initiative=other)
    assert answer["Location"] == at("session", moved)
    assert "moved between initiatives" in text_of(alice, at("session", session))
    second = make_session(world.secret, world.alice)
    make_attendance(second, make_participation(world.secret))
    refused = alice.post(at("move_session", second), typed)
    assert "who came" in str(refused.context["form"].errors["initiative"])


def test_a_moved_session_is_compared_with_who_takes_part_there(world: World, alice: Client) -> None:
    other = make.make_initiative(world.conflict, world.house, lead=world.alice)
    make_participation(other, make_person(world.house, "Amina Haddad"))
    session = make_session(world.secret, world.alice, rule="chatham_house", notes="Haddad spoke")
    typed = {"version": "1", "initiative": str(other.pk)}
    asked = alice.post(at("move_session", session), typed)
    assert asked.status_code == 422
    assert "haddad" in str(asked.context["form"].errors["initiative"])
    assert 'name="override_reason"' in asked.content.decode()
    sent = client_of(world.alice).post(f"/api/v1/sessions/{session.pk}/move/", {"initiative": str(other.pk)})
    assert pointers(sent) == {"/initiative": "confirm"}
    assert not Session.objects.filter(initiative=other).exists()
    (signs,) = re.findall(r'name="override_reason_asked" value="([^"]+)"', asked.content.decode())
    why = {"override_reason": "She agrees", "override_reason_asked": signs}
    assert alice.post(at("move_session", session), {**typed, **why}).status_code == 302
    assert Session.objects.get(initiative=other).revisions.latest("number").kept["reason"] == "She agrees"


# The list


def test_the_list_is_in_the_order_of_what_is_to_do(world: World, alice: Client) -> None:
    today = timezone.localdate()
    assert "No session yet" in text_of(alice, at("sessions", world.secret))
    made = {
        name: make_session(
            world.secret, world.alice, purpose=name, status=status, began_on=today + timedelta(days=days)
        )
        for name, status, days in (
            ("Long ago", "held", -90),
            ("Lately", "held", -9),
            ("Later", "planned", 40),
            ("Soon", "planned", 4),
            ("Overdue", "planned", -4),
            ("Called off", "cancelled", 8),
            ("Withdrawn", "held", -5),
        )
    }
    with actor(world.alice):
        delete_session(by=world.alice, session=made["Withdrawn"], reason="Entered twice")
    page = text_of(alice, at("sessions", world.secret)).split("<main")[1]
    order = sorted(made, key=page.index)
    assert order == ["Overdue", "Soon", "Later", "Called off", "Lately", "Long ago", "Withdrawn"]


def test_what_came_out_of_it_is_one_tap_away(world: World, alice: Client) -> None:
    held = make_session(world.secret, world.alice, status="held")
    path = f"/outcomes/new/?initiative={world.secret.pk}&amp;session={held.pk}"
    page = text_of(alice, at("session", held))
    assert path in page
    assert "What came out of it" not in page
    kinds = text_of(alice, path.replace("&amp;", "&"))
    assert f"session={held.pk}&amp;kind=individual" in kinds
    form = text_of(alice, f"{path}&kind=individual".replace("&amp;", "&"))
    assert f'<option value="{held.pk}" selected' in form
    # The other kind keeps where one comes from, and so does what is refused.
    assert f"session={held.pk}" in form.split("No, the group made something")[0].split("<p class")[-1]
    make_outcome(world.secret, world.alice, session=held, statement="Both banks read one gauge")
    page = text_of(alice, at("session", held))
    assert "What came out of it" in page
    assert "Both banks read one gauge" in page


@pytest.mark.parametrize("status", ["planned", "cancelled", "postponed"])
def test_nothing_comes_out_of_what_was_not_held(world: World, alice: Client, status: str) -> None:
    session = make_session(world.secret, world.alice, status=status)
    assert "/outcomes/new/" not in text_of(alice, at("session", session)).split("<main")[1]


def test_observers_record_nothing(world: World, alice: Client) -> None:
    session = make_session(world.secret, world.alice, status="held")
    make.make_member(world.secret, world.harry, "observer")
    assert "/outcomes/new/" not in text_of(signed_in(world.harry), at("session", session)).split("<main")[1]


def queries(client: Client, path: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as found:
        assert client.get(path).status_code == 200
    return len(found)


def test_queries_do_not_grow_with_the_number_of_sessions(world: World, alice: Client) -> None:
    session = make_session(world.secret, world.alice, present={str(world.up.pk): 3})
    numbers = [queries(alice, at("sessions", world.secret))]
    for _ in range(2):
        make_session(world.secret, world.alice, present={str(world.up.pk): 3})
    numbers.append(queries(alice, at("sessions", world.secret)))
    assert numbers == [LIST_QUERIES, LIST_QUERIES]
    with actor(world.alice):
        edit_session(by=world.alice, session=session, purpose="Words")
    others = [queries(alice, path) for path in (at("session", session), LOG, at("session_history", session))]
    assert others == [SESSION_QUERIES, LOG_QUERIES, HISTORY_QUERIES]
    with actor(world.alice):
        for number in range(3):
            edit_session(by=world.alice, session=session, purpose=f"Words {number}")
    assert queries(alice, at("session_history", session)) == HISTORY_QUERIES


def test_a_damaged_text_takes_nothing_else_away(world: World, alice: Client) -> None:
    session = make_session(world.secret, world.alice, place="The weir")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE initiatives_session SET purpose = place, present = place WHERE id = %s", [session.pk]
        )
    for name, record in (("sessions", world.secret), ("session", session), ("edit_session", session)):
        page = text_of(alice, at(name, record))
        assert "A map" in page
    assert "The weir" in text_of(alice, at("session", session))
