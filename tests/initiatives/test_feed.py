"""The calendar as a file: what may stand in it by the table of rules, who gets it, and what its address gives away."""

from __future__ import annotations

import logging
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import AccessToken, User
from accounts.services import create_feed, create_token, end_everything, mark_recovered, revoke_token
from confidentiality.actor import actor
from confidentiality.codes import Rule
from confidentiality.models import AuditEvent
from conftest import World
from initiatives.services.feeds import mark_of
from initiatives.services.icalendar import AllDay, escaped, folded, written
from t2d.logs import Discreet
from tests import factories as make
from tests.record import make_session

# In the past: the database has its own clock, and does not let in whoever comes to a team in its future.
NOW = "2025-12-10 12:00:00+00:00"
TODAY = date(2025, 12, 10)
# Statements of a fetch that works, and of one that does not.
QUERIES, REFUSED_QUERIES = 12, 11
TEXTS = ("purpose", "next_step", "place", "notes", "incidents")

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _one_day() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def feed_of(user: User, wording: str = "busy", **more: Any) -> str:
    """The address of a new feed."""
    with actor(user):
        _token, plain = create_feed(by=user, wording=wording, **more)
    return reverse("initiatives:feed", args=[plain])


def fetched(address: str) -> str:
    answer = Client().get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def events_in(text: str) -> list[dict[str, str]]:
    """Each entry as {property: value}, read as a calendar does: lines unfolded, parameters left out."""
    whole = text.replace("\r\n ", "")
    found = []
    for block in re.findall(r"BEGIN:VEVENT\r\n(.*?)END:VEVENT", whole, re.DOTALL):
        lines = [line.partition(":") for line in block.split("\r\n") if line]
        found.append({name.partition(";")[0]: value for name, _colon, value in lines})
    return found


def observer(world: World) -> User:
    olga = make.make_member_of(world.house, "Olga")
    make.make_member(world.secret, olga, "observer")
    return olga


# --- What stands in it ----------------------------------------------------------------------------------------

# Rule against whether it stands in a calendar at all: of a lead, and of an observer. Written again, on purpose.
STANDS = {
    "on_record": (True, True),
    "chatham_house": (True, True),
    "non_attributed_summary": (True, True),
    "agreed_text_only": (True, True),
    "no_notes": (True, True),
    "participants_only": (False, False),
}


def test_the_table_knows_every_rule() -> None:
    assert set(STANDS) == set(Rule.values)


@pytest.mark.parametrize("embargo", [None, date(2199, 1, 1)])
@pytest.mark.parametrize("wording", ["busy", "codename"])
@pytest.mark.parametrize("rule", STANDS)
def test_every_rule_and_no_word_of_what_was_said(
    world: World, rule: str, wording: str, embargo: date | None
) -> None:
    texts = {name: f"Canary {name}" for name in TEXTS if rule != "no_notes" or name != "notes"}
    session = make_session(
        world.secret, world.alice, rule=rule, began_on=TODAY, embargo_until=embargo, country="CH",
        present={str(world.up.pk): 4711}, **texts,
    )  # fmt: skip
    make.make_brief(world.secret, world.alice, title="Canary title")
    for user, stands in zip((world.alice, observer(world)), STANDS[rule], strict=True):
        text = fetched(feed_of(user, wording))
        said = [one["SUMMARY"] for one in events_in(text)]
        assert said == [{"busy": "Busy", "codename": "Secret Heron · Workshop"}[wording]] * stands
        for word in (
            "Canary",
            "CH",
            "4711",
            "Upstream",
            world.conflict.name,
            world.house.name,
            user.name,
            rule,
        ):
            assert word not in text
        assert (str(session.pk) in text) is (stands and wording == "codename")
        assert ("Heron" in text) is (stands and wording == "codename")


def test_only_what_its_owner_sees_and_nobody_deleted(world: World) -> None:
    make_session(world.rival, world.rita, began_on=TODAY)
    make_session(world.secret, world.alice, began_on=TODAY, deleted_at=timezone.now())
    make_session(world.secret, world.alice, began_on=TODAY, audience="named")
    olga = observer(world)
    assert len(events_in(fetched(feed_of(world.alice)))) == 1
    for other in (olga, world.harry, world.cora, world.stella):
        assert events_in(fetched(feed_of(other))) == []


def test_days_statuses_and_how_far_back(world: World) -> None:
    for days, status, more in (
        (-91, "held", {}),
        (-92, "held", {"ended_on": TODAY - timedelta(days=90)}),
        (0, "held", {}),
        (5, "planned", {"ended_on": TODAY + timedelta(days=7)}),
        (6, "cancelled", {}),
        (8, "postponed", {}),
        (400, "planned", {}),
    ):
        make_session(world.secret, world.alice, began_on=TODAY + timedelta(days=days), status=status, **more)
    found = events_in(fetched(feed_of(world.alice)))

    assert [(one["DTSTART"], one["DTEND"], one["STATUS"], one["TRANSP"]) for one in found] == [
        ("20250909", "20250912", "CONFIRMED", "OPAQUE"),
        ("20251210", "20251211", "CONFIRMED", "OPAQUE"),
        ("20251215", "20251218", "CONFIRMED", "OPAQUE"),
        ("20251216", "20251217", "CANCELLED", "TRANSPARENT"),
        ("20270114", "20270115", "CONFIRMED", "OPAQUE"),
    ]
    assert {one["CLASS"] for one in found} == {"PRIVATE"}


@pytest.mark.parametrize(
    "dates",
    [
        {"began_on": date(2025, 12, 1), "began_precision": "month"},
        {"began_on": date(2025, 1, 1), "began_precision": "year"},
        {"began_on": TODAY, "ended_on": date(2026, 1, 1), "ended_precision": "quarter"},
    ],
)
def test_what_is_not_known_to_the_day_stays(world: World, dates: dict[str, Any]) -> None:
    make_session(world.secret, world.alice, **dates)
    assert events_in(fetched(feed_of(world.alice))) == []


def test_the_page_alone_is_linked_and_beside_the_codename_alone(world: World) -> None:
    session = make_session(world.secret, world.alice, began_on=TODAY)
    (plain,), (named,) = (events_in(fetched(feed_of(world.alice, one))) for one in ("busy", "codename"))
    assert "URL" not in plain
    assert named["URL"] == f"http://testserver/sessions/{session.pk}/"


def test_it_speaks_the_language_of_its_owner(world: World) -> None:
    User.objects.filter(pk=world.alice.pk).update(language="fr")
    make_session(world.secret, world.alice, began_on=TODAY)
    answer = Client(HTTP_ACCEPT_LANGUAGE="ar").get(feed_of(world.alice))
    assert answer["Content-Language"] == "fr"


def test_two_feeds_are_not_laid_side_by_side(world: World) -> None:
    """Nothing of one entry stands in the other feed but the day; and in one feed it keeps its id."""
    session = make_session(world.secret, world.alice, began_on=TODAY)
    mine, again, his = feed_of(world.alice), feed_of(world.alice), feed_of(world.bob)
    ids = [events_in(fetched(one))[0]["UID"] for one in (mine, again, his, mine)]
    assert len(set(ids)) == 3
    assert ids[0] == ids[3]
    assert str(session.pk) not in "".join(ids)
    assert session.pk.hex not in "".join(ids)


# --- As calendars read it -------------------------------------------------------------------------------------


def test_the_frame_of_the_file(world: World) -> None:
    answer = Client().get(feed_of(world.alice))
    lines = answer.content.decode().split("\r\n")

    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="dates.ics"'
    assert answer["Cache-Control"] == "no-store, private"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "RateLimit-Remaining" in answer
    assert (lines[0], lines[-2:]) == ("BEGIN:VCALENDAR", ["END:VCALENDAR", ""])
    assert {"VERSION:2.0", "REFRESH-INTERVAL;VALUE=DURATION:PT12H", "X-PUBLISHED-TTL:PT12H"} <= set(lines)
    # Whoever finds it does not read which product wrote it.
    assert not re.search("t2d|track|desk", answer.content.decode(), re.IGNORECASE)


@pytest.mark.parametrize(
    "name",
    [
        "Heron, Amber; \\n",
        "Two\r\nBEGIN:VEVENT\r\nlines",
        "هرون الكهرمان " * 12,
        "🕊" * 60,
        "a" * 300,
        "nul\x00 \x1b",
    ],
)
def test_odd_names_begin_no_line_and_break_no_character(name: str) -> None:
    entry = AllDay("1", TODAY, TODAY, name)
    body = written([entry], name="Dates", mark="m", at=datetime(2025, 12, 10, tzinfo=UTC))
    physical = body.split(b"\r\n")

    assert max(len(line) for line in physical) <= 75
    assert all(line.decode() or True for line in physical)  # No character is cut in two.
    assert body.count(b"BEGIN:VEVENT") - body.count(b"\\nBEGIN:VEVENT") == 1
    (read,) = events_in(body.decode())
    plain = re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], read["SUMMARY"])
    assert plain == name.replace("\r\n", "\n").replace("\x00", "").replace("\x1b", "")


def test_a_line_of_just_enough_is_not_folded() -> None:
    assert folded("a" * 75) == "a" * 75
    assert folded("a" * 76) == "a" * 75 + "\r\n a"
    assert escaped("a,b;c\\d\ne") == "a\\,b\\;c\\\\d\\ne"


# --- Who gets it ----------------------------------------------------------------------------------------------


def answer_of(address: str) -> tuple[int, bytes, dict[str, str], int]:
    client = Client()
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(address)
    return answer.status_code, answer.content, dict(answer.headers), len(queries)


def test_whatever_does_not_open_it_answers_alike(world: World) -> None:
    addresses = [reverse("initiatives:feed", args=[word]) for word in ("t2d_nobody_has_this", "x" * 43)]
    with actor(world.alice):
        for scope in ("read", "write"):
            _token, plain = create_token(by=world.alice, scope=scope)
            addresses.append(reverse("initiatives:feed", args=[plain]))
    addresses += [ended(world, how) for how in ("expired", "revoked", "round", "inactive")]
    told = [answer_of(address) for address in addresses]

    assert told == [told[0]] * len(addresses)
    assert told[0][0] == 404
    assert told[0][3] == REFUSED_QUERIES
    assert [event.route for event in AuditEvent.objects.filter(action="deny")] == ["initiatives:feed"] * len(
        told
    )


def ended(world: World, how: str) -> str:
    user = make.make_member_of(world.house, how.title())
    with actor(user):
        token, plain = create_feed(by=user, wording="busy", days=1)
        address = reverse("initiatives:feed", args=[plain])
    assert Client().get(address).status_code == 200
    if how == "expired":
        AccessToken.objects.filter(pk=token.pk).update(expires_at=timezone.now())
    elif how == "revoked":
        with actor(user):
            revoke_token(by=user, token=token)
    elif how == "round":
        with actor(user):
            end_everything(by=user, user=user)
    else:
        User.objects.filter(pk=user.pk).update(is_active=False)
    return address


def test_who_was_recovered_gets_nothing_by_old_or_new_addresses(world: World) -> None:
    make_session(world.secret, world.alice, began_on=TODAY)
    old = feed_of(world.bob)
    assert len(events_in(fetched(old))) == 1
    with time_machine.travel("2025-12-10 13:00:00+00:00", tick=False):
        mark_recovered(User.objects.get(pk=world.bob.pk), by=world.stella)
        assert Client().get(old).status_code == 404
        assert events_in(fetched(feed_of(User.objects.get(pk=world.bob.pk)))) == []


def test_who_leaves_the_team_keeps_no_date(world: World) -> None:
    make_session(world.secret, world.alice, began_on=TODAY)
    address = feed_of(world.bob)
    world.secret.members.filter(user=world.bob).delete()
    assert events_in(fetched(address)) == []


def test_the_address_opens_no_page_and_takes_nothing(world: World) -> None:
    plain = feed_of(world.alice).rpartition("/")[2].removesuffix(".ics")
    client = Client()
    assert client.get("/", HTTP_AUTHORIZATION=f"Bearer {plain}").status_code == 302
    for method in ("post", "put", "patch", "delete"):
        assert getattr(client, method)(feed_of(world.alice)).status_code == 405


def test_as_often_as_the_api_and_no_more(world: World, settings: Any) -> None:
    rates = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": {"user": "2/min"}}
    settings.REST_FRAMEWORK = rates
    address = feed_of(world.alice)
    codes = [Client().get(address).status_code for _time in range(3)]
    assert codes == [200, 200, 429]
    assert int(Client().get(address)["Retry-After"]) > 0


def test_as_many_queries_for_thirty_sessions_as_for_one(world: World) -> None:
    address = feed_of(world.alice, "codename")
    fetched(address)  # Its use is written down once a minute.
    for number in (1, 29):
        for day in range(number):
            make_session(world.secret, world.alice, began_on=TODAY + timedelta(days=day))
        assert answer_of(address)[3] == QUERIES


# --- What is kept of it ---------------------------------------------------------------------------------------


def test_each_fetch_stands_in_the_ledger_of_each_team(world: World) -> None:
    """With the mark of the file, and without a number: they are of all one's teams."""
    other = make.make_initiative(world.child, world.house, lead=world.alice)
    for initiative in (world.secret, world.secret, other):
        make_session(initiative, world.alice, began_on=TODAY)
    address = feed_of(world.alice)
    text = fetched(address)
    mark = mark_of(AccessToken.objects.get())
    events = AuditEvent.objects.filter(action="export", route="initiatives:feed")

    assert f"X-WATERMARK:{mark}\\, 2025-12-10 12:00 UTC" in text
    assert {event.stream for event in events} == {world.secret.pk, other.pk}
    for event in events:
        number = 2 if event.stream == world.secret.pk else 1
        assert event.actor == str(world.alice.pk)
        told = event.told()
        assert told["kinds"]["session"] == number
        assert {name: told[name] for name in told if name != "kinds"} == {
            "what": "calendar", "format": "ics", "mark": mark,
        }  # fmt: skip
    client = Client()
    client.force_login(world.alice)
    assert "calendar on a phone" in client.get(f"/initiatives/{world.secret.pk}/audit/").content.decode()


def test_the_key_is_stored_as_a_digest_and_its_use_is_known(world: World) -> None:
    address = feed_of(world.alice, label="My phone")
    plain = address.rpartition("/")[2].removesuffix(".ics")
    fetched(address)
    token = AccessToken.objects.get()
    assert token.digest == AccessToken.digest_of(plain)
    assert token.last_used_at == timezone.now()
    assert plain not in "".join(str(value) for value in AccessToken.objects.values_list().get())


@pytest.mark.parametrize("known", [True, False])
def test_no_log_repeats_the_key(world: World, caplog: pytest.LogCaptureFixture, known: bool) -> None:
    """With the control: Django's own line holds the address, and what the settings lay out does not."""
    address = ended(world, "revoked") if known else reverse("initiatives:feed", args=["k" * 43])
    plain = address.rpartition("/")[2].removesuffix(".ics")
    with caplog.at_level(logging.DEBUG):
        Client().get(address)
        Client().post(address)
    lines = [Discreet("%(levelname)s %(name)s %(message)s").format(record) for record in caplog.records]
    assert any(plain in record.getMessage() for record in caplog.records)
    assert not any(plain in line for line in lines)


# --- Making one -----------------------------------------------------------------------------------------------


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_the_preview_says_what_leaves_and_why_not_the_rest(world: World) -> None:
    make_session(world.secret, world.alice, began_on=TODAY)
    make_session(world.secret, world.alice, began_on=TODAY, rule="participants_only")
    make_session(world.secret, world.alice, began_on=TODAY, status="postponed")
    make_session(world.secret, world.alice, began_on=date(2025, 12, 1), began_precision="month")
    page = signed_in(world.alice).get("/calendar/feed/").content.decode()

    assert ">1 session<" in page
    assert "10 December 2025" in page
    assert "Secret Heron · Workshop" in page
    assert page.count("<b>1 session stays</b>") == 3
    for why in ("Participants only", "The day is not known", "Postponed: its day is free again"):
        assert why in page
    assert "Gauges" not in page


def test_it_is_made_shown_once_and_ended_on_the_account(world: World) -> None:
    client = signed_in(world.alice)
    made = client.post("/calendar/feed/", {"wording": "codename", "label": "My phone", "days": "30"})
    (address,) = re.findall(r"http://testserver(/calendar/feed/[\w-]+\.ics)", made.content.decode())
    token = AccessToken.objects.get()

    assert (token.scope, token.wording, token.label) == ("calendar", "codename", "My phone")
    assert token.expires_at == timezone.now() + timedelta(days=30)
    assert made["Cache-Control"] == "no-store, private"
    assert Client().get(address).status_code == 200
    for page in ("/calendar/feed/", "/account/"):
        assert address not in client.get(page).content.decode()
    account = client.get("/account/").content.decode()
    assert "Dates for a calendar, and nothing else · Codename and format" in account
    client.post(reverse("accounts:revoke_token", args=[token.pk]))
    assert Client().get(address).status_code == 404


def test_busy_is_what_is_chosen_for_whoever_does_not_choose(world: World) -> None:
    page = signed_in(world.alice).get("/calendar/feed/").content.decode()
    (checked,) = [one for one in re.findall(r"<input[^>]*>", page) if "checked" in one]
    assert 'value="busy"' in checked


@pytest.mark.parametrize(
    "fields", [{"wording": "title"}, {"days": "0"}, {"days": "366"}, {"label": "x" * 81}]
)
def test_nonsense_makes_nothing(world: World, fields: dict[str, str]) -> None:
    sent = {"wording": "busy", "label": "", "days": "30", **fields}
    answer = signed_in(world.alice).post("/calendar/feed/", sent)
    assert answer.status_code == 422
    assert not AccessToken.objects.exists()


def test_scope_and_wording_go_together(world: World) -> None:
    """Neither way around the look at what leaves: not the account's form, nor a service, nor the database."""
    sent = {"token-scope": "calendar", "token-days": "9", "token-label": "x"}
    assert signed_in(world.alice).post("/account/tokens/", sent).status_code == 422
    with actor(world.alice), pytest.raises(ValidationError):
        create_token(by=world.alice, scope="calendar")
    with actor(world.alice), pytest.raises(ValidationError):
        create_feed(by=world.alice, wording="")
    with actor(world.alice):
        token, _plain = create_token(by=world.alice, scope="read")
    with pytest.raises(IntegrityError), transaction.atomic():
        AccessToken.objects.filter(pk=token.pk).update(wording="busy")


def test_what_it_says_is_for_good(world: World) -> None:
    feed_of(world.alice)
    with pytest.raises(Exception, match="wording"), actor(world.alice):
        AccessToken.objects.update(wording="codename")


def test_it_is_not_made_for_somebody_else(world: World) -> None:
    feed_of(world.alice)
    assert AccessToken.objects.visible_to(world.bob).count() == 0
    assert signed_in(world.bob).post(
        reverse("accounts:revoke_token", args=[AccessToken.objects.get().pk])
    ).status_code == 404  # fmt: skip
