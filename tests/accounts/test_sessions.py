"""A sign-in cannot be taken over by somebody who has read the table of sessions."""

from __future__ import annotations

import asyncio
import re

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import SignIn
from accounts.sessions import SessionStore, device_of
from tests import factories as make
from tests.second_factor import sign_in

pytestmark = pytest.mark.django_db


def signed_in() -> Client:
    client = Client()
    sign_in(client, make.make_user("Ann"))
    return client


def opens(key: str) -> bool:
    """Whether a browser with this key is signed in."""
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = key
    return client.get("/").status_code == 200


def test_what_is_stored_opens_nothing() -> None:
    cookie = signed_in().cookies[settings.SESSION_COOKIE_NAME].value
    stored = list(SignIn.objects.values_list("session_key", flat=True))

    assert cookie not in stored
    assert [opens(key) for key in (cookie, *stored)] == [True, *[False] * len(stored)]


def test_signing_out_ends_it_everywhere() -> None:
    client = signed_in()
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    client.post("/account/logout/")

    assert (opens(cookie), SignIn.objects.count()) == (False, 0)


def test_a_changed_password_ends_every_other_sign_in() -> None:
    user = make.make_user("Ann")
    here, lost = Client(), Client()
    for client in (here, lost):
        sign_in(client, user)
    new = {
        "oldpassword": make.PASSWORD,
        "password1": "boats-in-the-rain-7",
        "password2": "boats-in-the-rain-7",
    }
    here.post("/account/password/change/", new)

    assert (here.get("/").status_code, lost.get("/").status_code) == (200, 302)


def test_it_ends_with_the_browser() -> None:
    """When else: test_time_out.py."""
    cookie = signed_in().cookies[settings.SESSION_COOKIE_NAME]

    assert (cookie["expires"], cookie["max-age"]) == ("", "")


def test_an_expired_one_is_not_opened() -> None:
    client = signed_in()
    SignIn.objects.update(expire_date="2001-01-01T00:00:00Z")

    assert client.get("/").status_code == 302


def test_kept_read_changed_and_removed() -> None:
    store = SessionStore()
    store["place"] = "Harbour"
    store.create()
    again = SessionStore(store.session_key)
    again["time"] = "noon"
    again.save()

    assert dict(SessionStore(store.session_key).items()) == {"place": "Harbour", "time": "noon"}
    assert store.exists(str(store.session_key))
    again.delete()
    assert not store.exists(str(store.session_key))


def test_the_way_that_stores_the_key_itself_is_closed() -> None:
    with pytest.raises(NotImplementedError):
        asyncio.run(SessionStore().acreate_model_instance({}))


PHONE = "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0"
LAPTOP = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/139.0 Safari/537.36"


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (PHONE, "Firefox (Android)"),
        (LAPTOP, "Chrome (Mac)"),
        ("curl/8.1", ""),
        ("", ""),
        ("X Linux", "Linux"),
    ],
)
def test_a_browser_is_known_by_two_words(agent: str, words: str) -> None:
    assert device_of(agent) == words


def test_a_user_sees_the_own_sign_ins_and_ends_another_one() -> None:
    ann, ben = make.make_user("Ann"), make.make_user("Ben")
    phone, laptop, other = Client(HTTP_USER_AGENT=PHONE), Client(HTTP_USER_AGENT=LAPTOP), Client()
    for client, user in ((phone, ann), (laptop, ann), (other, ben)):
        sign_in(client, user)
    page = laptop.get("/account/").content.decode()
    shown = re.findall(r'name="sign_in" value="([0-9a-f]{40})"', page)
    assert ("Firefox (Android)" in page, "Chrome (Mac)" in page, "this one" in page) == (True, True, True)
    assert shown == [SignIn.objects.get(user=ann, device="Firefox (Android)").pk]
    theirs = SignIn.objects.get(user=ben).pk
    answers = [
        laptop.post("/account/sign-ins/end/", {"sign_in": key}).status_code
        for key in (*shown, theirs, "no", "")
    ]

    assert answers == [302, 404, 404, 404]
    assert [client.get("/account/").status_code for client in (phone, laptop, other)] == [302, 200, 200]
    assert SignIn.objects.filter(user=ann).count() == 1


def test_ended_sign_ins_are_not_listed_any_more() -> None:
    """Whoever fears for a device shall not read that it is still in."""
    user = make.make_user("Ann")
    here, lost = Client(), Client()
    for client in (here, lost):
        sign_in(client, user)
    new = {"oldpassword": make.PASSWORD, "password1": make.PASSWORD + "-2", "password2": make.PASSWORD + "-2"}
    assert here.post("/account/password/change/", new).status_code == 302
    assert SignIn.objects.count() == 1
    assert here.get("/account/").content.decode().count("this one") == 1

    here.post("/account/end-everything/")
    assert not SignIn.objects.filter(user=user).exists()


@pytest.mark.parametrize("named", ["\x00", "", "' OR 1", "ab" * 400])
def test_nonsense_ends_no_sign_in(named: str) -> None:
    assert signed_in().post("/account/sign-ins/end/", {"sign_in": named}).status_code == 404
