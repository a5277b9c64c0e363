"""Nobody reaches anything with a password alone, and what the second factor rests on lies closed."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from allauth.mfa.utils import decrypt
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.utils import timezone

from accounts.middleware import BEFORE_SECOND_FACTOR
from accounts.models import SignIn
from accounts.sessions import note_second_factor
from conftest import World
from t2d.fictional import refuse_fictional_accounts
from tests import factories as make
from tests.second_factor import LOGIN, SECOND, set_up_app, shown_for, sign_in, with_password_alone
from tests.security.asking import routes

pytestmark = pytest.mark.django_db

PAGES = "/account/second-factor/"
ACTIVATE = f"{PAGES}totp/activate/"
# By pattern: what is reached without. Everything else of the URLconf is not.
REACHED = (r"account/(?!tokens/)", r"once/", r"healthz/", r"language/")


def with_password(user: object) -> Client:
    client = Client()
    client.post(LOGIN, {"login": user.email, "password": make.PASSWORD})  # type: ignore[attr-defined]
    return client


def secret_on(page: str) -> str:
    found = re.search(r'id="secret"[^>]*>([A-Z2-7]+)<', page)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("method", ["get", "post"])
def test_without_it_nothing_of_the_urlconf_is_reached(world: World, method: str) -> None:
    """By whoever else is let in everywhere: a lead, and every address that there is."""
    client = Client()
    with_password_alone(client, world.alice)
    asked, reached = 0, []
    for route in routes():
        if any(re.match(pattern, route.pattern) for pattern in REACHED):
            continue
        path = route.path(dict.fromkeys(route.kinds(), world.secret.pk))
        answer = getattr(client, method)(path)
        asked += 1
        led = answer.status_code == 302 and answer["Location"] == PAGES
        refused = (
            answer.status_code == 403 and path.startswith("/api/") and b"second factor" in answer.content
        )
        if not led and not refused:
            reached.append((route.pattern, answer.status_code))

    assert asked > 100
    assert reached == []


def test_what_is_reached_without_shows_nothing_of_anybody_else(world: World) -> None:
    client = Client()
    with_password_alone(client, world.alice)

    assert client.get("/account/").status_code == 200
    assert world.secret.codename not in client.get("/account/").content.decode()
    assert "accounts:create_token" not in BEFORE_SECOND_FACTOR


def test_setting_up_an_app_opens_the_site_and_shows_recovery_codes(world: World) -> None:
    client = with_password(world.alice)
    assert client.get("/").url == PAGES
    secret = secret_on(client.get(ACTIVATE).content.decode())
    answer = client.post(ACTIVATE, {"code": shown_for(secret)}, follow=True)

    assert len(re.findall(r"<code>\d{8}</code>", answer.content.decode())) == 10
    assert client.get("/").status_code == 200


def test_the_next_sign_in_asks_for_the_code(world: World) -> None:
    secret = set_up_app(world.alice)
    client = with_password(world.alice)
    before = client.get("/").status_code
    wrong = client.post(SECOND, {"code": "000000"})
    right = client.post(SECOND, {"code": shown_for(secret)})

    assert (before, wrong.status_code, right.status_code) == (302, 200, 302)
    assert client.get("/").status_code == 200


def test_an_older_sign_in_with_a_password_alone_adds_none(world: World) -> None:
    """Somebody who knew the password was there first."""
    thief = with_password(world.alice)
    set_up_app(world.alice)

    assert [thief.get(ACTIVATE).url, thief.get("/account/").status_code] == [LOGIN, 302]


def test_an_older_sign_in_changes_no_password_and_ends_nobody(world: World) -> None:
    thief = with_password(world.alice)
    set_up_app(world.alice)
    new = {
        "oldpassword": make.PASSWORD,
        "password1": "boats-in-the-rain-7",
        "password2": "boats-in-the-rain-7",
    }
    for path, form in (("/account/password/change/", new), ("/account/end-everything/", {})):
        again = with_password_before(thief, path, form)
        assert again == (302, LOGIN)
    world.alice.refresh_from_db()
    assert (world.alice.check_password(make.PASSWORD), world.alice.round) == (True, 0)


def with_password_before(client: Client, path: str, form: dict[str, str]) -> tuple[int, str]:
    answer = client.post(path, form)
    return answer.status_code, answer["Location"].split("?")[0]


def test_a_code_opens_once_as_long_as_it_is_good(world: World) -> None:
    """allauth forgets after thirty seconds that it was used, and takes it for ninety."""
    secret = set_up_app(world.alice)
    cache.clear()
    found = []
    with time_machine.travel(timezone.now() + timedelta(minutes=5), tick=False) as clock:
        code = shown_for(secret)
        for _again in range(2):
            client = with_password(world.alice)
            client.post(SECOND, {"code": code})
            found.append(client.get("/account/").status_code)
            clock.shift(31)
    assert found == [200, 302]


def test_a_code_is_typed_in_any_digits(world: World) -> None:
    secret = set_up_app(world.alice)
    cache.clear()
    with time_machine.travel(timezone.now() + timedelta(minutes=5), tick=False):
        code = shown_for(secret).translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
        client = with_password(world.alice)
        client.post(SECOND, {"code": code})
        assert client.get("/account/").status_code == 200


def test_a_recovery_code_opens_once(world: World) -> None:
    client = with_password(world.alice)
    secret = secret_on(client.get(ACTIVATE).content.decode())
    shown = client.post(ACTIVATE, {"code": shown_for(secret)}, follow=True).content.decode()
    code = re.findall(r"<code>(\d{8})</code>", shown)[0]
    found = []
    for _time in range(2):
        again = with_password(world.alice)
        again.post(SECOND, {"code": code})
        found.append(again.get("/").status_code)

    assert found == [200, 302]


def test_guessing_codes_is_stopped(world: World) -> None:
    secret = set_up_app(world.alice)
    client = with_password(world.alice)
    for guess in range(8):
        client.post(SECOND, {"code": f"{guess:06}"})
    client.post(SECOND, {"code": shown_for(secret)})

    assert client.get("/").status_code == 302


def test_another_users_proof_is_none(world: World) -> None:
    """A session that says whose second factor it saw opens for nobody else."""
    client = Client()
    with_password_alone(client, world.bob)
    session = client.session
    note_second_factor(session, world.alice)
    session.save()

    assert client.get("/").url == PAGES


def test_secrets_are_stored_closed(world: World) -> None:
    client = with_password(world.alice)
    secret = secret_on(client.get(ACTIVATE).content.decode())
    waiting = client.session[SECRET_SESSION_KEY]
    client.post(ACTIVATE, {"code": shown_for(secret)})
    stored = json.dumps(list(Authenticator.objects.values_list("data", flat=True)))

    assert secret not in waiting
    assert decrypt(waiting) == secret
    assert secret not in stored
    assert all(secret not in str(row.get_decoded()) for row in SignIn.objects.all())


def test_the_last_one_cannot_be_removed(world: World) -> None:
    set_up_app(world.alice)
    client = Client()
    sign_in(client, world.alice)
    client.post(f"{PAGES}totp/deactivate/")

    assert Authenticator.objects.filter(user=world.alice).count() == 1


def test_demo_accounts_sign_in_without_only_where_the_settings_say_so(settings: object) -> None:
    user = make.make_user("Mara", email="mara@demo.example")
    client = Client()
    with_password_alone(client, user)
    closed = client.get("/").status_code
    settings.DEMO_WITHOUT_SECOND_FACTOR = True  # type: ignore[attr-defined]
    opened = client.get("/")

    assert (closed, opened.status_code) == (302, 200)
    assert "signs in without a second factor" in opened.content.decode()
    other = Client()
    with_password_alone(other, make.make_user("Ann"))
    assert other.get("/").url == PAGES


def test_a_server_does_not_start_with_accounts_of_the_demonstration(settings: object) -> None:
    user = make.make_user("Mara", email="mara@demo.example")
    refuse_fictional_accounts()
    settings.PRODUCTION = True  # type: ignore[attr-defined]

    with pytest.raises(ImproperlyConfigured, match="whose password everybody knows"):
        refuse_fictional_accounts()
    user.is_active = False
    user.save()
    refuse_fictional_accounts()
