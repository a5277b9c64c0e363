"""Setting up an app and a passkey, with a browser's own passkeys, and signing in by them."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.browser.test_look import looks, set_language
from tests.faults.test_server import manage
from tests.second_factor import OF_SECOND_FACTOR, shown_for

KEYS = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def make_account(folder: Path, email: str) -> str:
    """An account that is not of the demonstration, made as an operator makes one; returns its password."""
    organisation = ("--organisation", "Harbour Dialogue")
    run = manage(folder / "data", "create_user", email, "--as", "steward@demo.example", *organisation)
    assert run.returncode == 0, run.stderr
    return run.stdout.rsplit(maxsplit=1)[-1]


def give_password(page: Page, email: str, password: str) -> None:
    page.goto("/account/login/")
    page.locator("#id_login").fill(email)
    page.locator("#id_password").fill(password)
    page.locator("#id_password").press("Enter")


def set_up_app(page: Page) -> None:
    """From the page to which a sign-in with a password alone leads."""
    page.get_by_role("link", name="Set up an app").click()
    page.locator("#id_code").fill(shown_for(page.locator("#secret").inner_text()))
    page.get_by_role("button", name="Set up", exact=True).click()
    expect(page.locator("main li code")).to_have_count(10)
    page.get_by_role("link", name="I have kept them").click()
    page.wait_for_url(re.compile(r"\d/$"))


def looks_at(page: Page, route: str, language: str = "en") -> list[str]:
    """What is wrong with a page that is reached, at every width and display."""
    wrong = looks(page, f"/{route}", language)
    return wrong if page.url.endswith(f"/{route}") else [f"{route}: led to {page.url}"]


def test_an_app_and_a_passkey_are_set_up_and_sign_in(browser: Browser, address: str, folder: Path) -> None:
    email = "nadia@desk.example"
    password = make_account(folder, email)
    # A passkey belongs to a name; the number of a machine is none.
    # Without motion, or a colour is measured while it still changes.
    here = {"base_url": address.replace("127.0.0.1", "localhost"), "reduced_motion": "reduce"}
    context = browser.new_context(**here)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": KEYS})

    give_password(page, email, password)
    page.wait_for_url("**/account/second-factor/")
    page.goto("/people/")
    page.wait_for_url("**/account/second-factor/")
    set_up_app(page)

    page.goto("/account/second-factor/webauthn/add/")
    page.locator("#passkey").click()
    page.wait_for_url("**/account/second-factor/")
    page.locator(".rail").get_by_role("button", name="Sign out").click()
    give_password(page, email, password)
    page.wait_for_url("**/account/second-factor/authenticate/")
    seen = looks_at(page, "account/second-factor/authenticate/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(re.compile(r"\d/$"))
    page.goto("/account/second-factor/webauthn/")
    key = re.search(r"/webauthn/keys/(\d+)/edit/", page.content())
    assert key is not None
    for language in ("ar", "en"):
        set_language(page, language)
        for route in sorted(OF_SECOND_FACTOR - {"account/second-factor/authenticate/"}):
            seen += looks_at(page, route.replace("<int:pk>", key[1]), language)

    assert "\n".join(seen) == ""
    assert complaints == []
    context.close()
