"""What lets somebody in, takes something out or destroys asks again who one is; nothing typed is lost on the way."""

from __future__ import annotations

import re
import time
from html import unescape
from typing import Any

import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from django.conf import settings
from django.test import Client
from django.urls import resolve, reverse
from django.utils.http import urlencode

from accounts.models import AccessToken
from conftest import World
from initiatives.models import PurgeRequest, TeamMember
from initiatives.models.retention import earliest_end
from t2d.confirming import ALL_THE_SAME, DELICATE
from tests import factories as make
from tests.clients import client_of
from tests.record import make_session
from tests.security.asking import routes

pytestmark = pytest.mark.django_db
ASKED = "Confirm that it is you"


def long_signed_in(user: Any) -> Client:
    """Who signed in so long ago that they may have left their screen."""
    client = Client()
    client.force_login(user)
    session: Any = client.session
    before = time.time() - settings.ACCOUNT_REAUTHENTICATION_TIMEOUT - 1
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "mfa", "type": "totp", "at": before}]
    session.save()
    return client


def sent_on(page: str, password: str) -> dict[str, str]:
    """What the page would send, with a password."""
    form = page[page.index('<form method="post" class="pane form"') :]
    held = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form[: form.index("</form>")])
    return {**{name: unescape(value) for name, value in held}, "confirm-password": password}


def test_every_delicate_address_asks_before_it_looks_at_what_is_sent(world: World) -> None:
    """Hidden and missing alike: whoever asks learns nothing by the question."""
    client, met = long_signed_in(world.sam), set()
    for route in routes():
        path = route.path(dict.fromkeys(route.kinds(), world.secret.pk))
        if (name := resolve(path).view_name) in DELICATE:
            met.add(name)
            answer = client.post(path, {"act": "extend", ALL_THE_SAME.get(name, ""): "2199-01-01"})
            page = unescape(answer.content.decode())
            assert (answer.status_code, ASKED in page, str(DELICATE[name][0]) in page) == (422, True, True), (
                name
            )
    assert met == set(DELICATE)


def test_a_grant_goes_on_with_what_was_typed(world: World) -> None:
    client, path = long_signed_in(world.alice), reverse("initiatives:team", args=[world.secret.pk])
    colleague = make.make_member_of(world.house, "Colleague")
    typed = {"user": str(colleague.pk), "role": "observer", "until": ""}
    asked = client.post(path, typed)
    wrong = client.post(path, sent_on(asked.content.decode(), "not it"))
    assert (asked.status_code, wrong.status_code) == (422, 422)
    assert not TeamMember.objects.filter(user=colleague).exists()
    done = client.post(path, sent_on(wrong.content.decode(), make.PASSWORD))

    assert done.status_code == 302, done.content.decode()
    assert TeamMember.objects.get(user=colleague).role == "observer"
    # Not asked again for a while, and the password stands nowhere.
    assert make.PASSWORD not in asked.content.decode() + wrong.content.decode()
    assert client.post(path, {"user": ""}).content.decode().count(ASKED) == 0


def test_taking_access_away_asks_nothing(world: World) -> None:
    member = TeamMember.objects.get(initiative=world.secret, user=world.bob)
    path = reverse("initiatives:member", args=[world.secret.pk, member.pk])
    ended = long_signed_in(world.alice).post(path, {"act": "end", "version": member.version})
    assert ended.status_code == 302
    member.refresh_from_db()
    assert member.expires_at is not None


def test_a_purge_and_a_token_ask(world: World) -> None:
    client = long_signed_in(world.alice)
    client.post(reverse("initiatives:ask_purge", args=[world.secret.pk]), {"reason": "Found out"})
    client.post(reverse("accounts:create_token"), {"token-scope": "write", "token-days": "9"})

    assert not PurgeRequest.objects.exists()
    assert not AccessToken.objects.filter(user=world.alice).exists()


def test_a_file_is_had_after_confirming_and_a_token_is_not_asked(world: World) -> None:
    client, path = long_signed_in(world.alice), "/api/v1/sessions/?initiative=1&export=csv&why=copy"
    asked = client.get(path)
    # Never on to the file itself: it would be saved, and the password would stay on the page.
    before = "/files/sessions/?initiative=1&why=copy"
    assert (asked.status_code, asked.url) == (
        302,
        f"{reverse('account_reauthenticate')}?{urlencode({'next': before})}",
    )
    on = client.post(asked.url, {"password": make.PASSWORD, "next": before})
    assert (on.status_code, on.url) == (302, before)
    path = "/api/v1/sessions/?export=csv&why=copy"
    assert client.get(path)["Content-Disposition"].startswith("attachment")
    assert client_of(world.alice).get(path).status_code == 200
    chosen = client.get("/files/sessions/?why=copy").content.decode()
    assert '<option value="copy" selected>' in chosen or "No row of this list" in chosen


def test_nobody_is_let_in_by_an_act_that_ends(world: World) -> None:
    """Whoever leaves, or puts somebody out, names who follows in the same form."""
    client = long_signed_in(world.alice)
    mate = make.make_member_of(world.house, "Mate")
    for who in (world.alice, world.bob):
        member = TeamMember.objects.get(initiative=world.secret, user=who)
        path = reverse("initiatives:member", args=[world.secret.pk, member.pk])
        answer = client.post(path, {"act": "end", "version": member.version, "successor": str(mate.pk)})
        assert (answer.status_code, ASKED in answer.content.decode()) == (422, True)
    world.secret.refresh_from_db()
    assert world.secret.successor is None
    assert TeamMember.objects.live().filter(initiative=world.secret).count() == 2


def test_details_of_a_session_ask_when_they_say_when_its_texts_go(world: World) -> None:
    client, session = long_signed_in(world.alice), make_session(world.secret, world.alice)
    path = reverse("initiatives:session_details", args=[session.pk])
    typed = {"version": 1, "audience": "team", "country": "CH"}
    assert client.post(path, typed).status_code == 302
    clock = {**typed, "version": 2, "keep_texts_until": str(earliest_end())}
    asked = client.post(path, clock)
    assert ASKED in asked.content.decode()
    session.refresh_from_db()
    assert (session.country, session.keep_texts_until) == ("CH", None)
    assert client.post(path, sent_on(asked.content.decode(), make.PASSWORD)).status_code == 302
    session.refresh_from_db()
    assert session.keep_texts_until == earliest_end()


def test_an_ended_access_does_not_come_back_unasked(world: World) -> None:
    client = long_signed_in(world.alice)
    member = TeamMember.objects.get(initiative=world.secret, user=world.bob)
    client.post(
        reverse("initiatives:member", args=[world.secret.pk, member.pk]),
        {"act": "end", "version": member.version},
    )
    asked = client.post(reverse("initiatives:undo_access", args=[world.secret.pk, member.pk]))
    assert ASKED in asked.content.decode()
    assert not TeamMember.objects.live().filter(user=world.bob).exists()


def test_the_page_that_asks_sent_twice_hands_no_password_on(world: World) -> None:
    client = long_signed_in(world.alice)
    path = reverse("accounts:create_token")
    form = {
        "token-label": "Calendar",
        "token-scope": "read",
        "token-days": "9",
        "confirm-password": make.PASSWORD,
    }
    seen = [client.post(path, form) for _ in range(2)]
    assert [answer.status_code for answer in seen] == [200, 200]
    assert make.PASSWORD not in seen[1].content.decode()
    assert "confirm-password" not in seen[1].wsgi_request.POST


def test_every_list_of_the_api_asks_before_it_becomes_a_file(world: World) -> None:
    client = long_signed_in(world.alice)
    lists = [route for route in routes() if route.pattern.startswith("api/v1/") and "<" not in route.pattern]
    taken = []
    for route in lists:
        answer = client.get(f"/{route.pattern}", {"export": "csv"})
        if answer.headers.get("Content-Disposition") or answer.status_code == 200:
            taken.append(route.pattern)

    assert len(lists) > 20
    assert taken == []


def test_what_is_written_over_the_api_with_a_sign_in_asks_too(world: World) -> None:
    client, path = long_signed_in(world.alice), "/api/v1/team-members/"
    answer = client.post(path, {"initiative": str(world.secret.pk)}, content_type="application/json")
    assert answer.status_code == 403
    assert "Confirm on the site who you are" in answer.json()["title"]


def test_passwords_are_not_tried_out_here(world: World) -> None:
    client, path = long_signed_in(world.alice), reverse("initiatives:team", args=[world.secret.pk])
    answers = [client.post(path, {"confirm-password": f"guess {number}"}).status_code for number in range(12)]

    assert answers[0] == 422
    assert answers[-1] == 429
    right = client.post(path, {"confirm-password": make.PASSWORD})
    assert right.status_code == 429
