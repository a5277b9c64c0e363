"""Somebody logs a session: from home, with few touches, through a connection that is cut, on a desk and on a phone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from t2d.demo import DOMAIN, PASSWORD
from tests.browser.conftest import SignIn

MOST_TOUCHES, SIGNING_IN = 25, 3
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


class Hand:
    """Counts what a person does: each touch, each field that is typed into."""

    def __init__(self, page: Page) -> None:
        self.page, self.touches = page, 0

    def touch(self, name: str, role: str = "button") -> None:
        self.touches += 1
        self.page.locator(
            f":visible:is({'a' if role == 'link' else 'button, a'})", has_text=name
        ).last.click()

    def type(self, label: str, text: str) -> None:
        self.touches += 1
        self.page.get_by_label(label, exact=False).first.fill(text)

    def choose(self, label: str, option: str) -> None:
        self.touches += 2  # It is opened, and one is taken.
        self.page.get_by_label(label, exact=False).first.select_option(label=option)


@pytest.mark.parametrize(("width", "purpose"), [(1280, "Gauges at a desk"), (390, "Gauges on a phone")])
def test_a_session_is_logged_from_home_through_a_cut_connection(
    sign_in: SignIn, width: int, purpose: str
) -> None:
    page = sign_in("rapporteur")
    page.set_viewport_size({"width": width, "height": 844})
    page.goto("/")
    hand = Hand(page)
    hand.touch("Log a session", "link")
    expect(page.get_by_role("heading", level=1)).to_have_text("Log a session")
    assert page.evaluate(SIDEWAYS) <= 0
    # Of the initiatives the one last used is there already, and today.
    expect(page.locator("#id_initiative option:checked")).to_have_text(re.compile("Reading the river"))
    hand.choose("Format", "Workshop")
    hand.type("Upstream side", "4")
    page.context.set_offline(True)
    hand.type("Downstream side", "3")
    hand.type("Purpose, in a line", purpose)
    state = page.locator("[data-draft-state]")
    expect(state).to_contain_text("No connection", timeout=15000)
    hand.touch("Log the session")
    expect(page.get_by_label("Purpose, in a line")).to_have_value(purpose)
    hand.type("Next step, in a line", "Send the map")
    page.context.set_offline(False)
    expect(state).to_contain_text("Draft kept", timeout=15000)
    hand.touch("Log the session")
    expect(page.get_by_role("status").filter(has_text="Logged.")).to_be_visible(timeout=15000)

    main = page.get_by_role("main")
    for text in (purpose, "Send the map", "Upstream side", "Downstream side"):
        expect(main).to_contain_text(text)
    assert hand.touches < MOST_TOUCHES
    page.goto("/sessions/new/")
    expect(page.get_by_text("restored. It is not saved yet.")).to_be_hidden()


@pytest.mark.parametrize(("width", "purpose"), [(1280, "Weirs at a desk"), (390, "Weirs on a phone")])
def test_a_session_is_logged_through_an_expired_sign_in(sign_in: SignIn, width: int, purpose: str) -> None:
    page = sign_in("rapporteur")
    page.set_viewport_size({"width": width, "height": 844})
    page.goto("/")
    hand = Hand(page)
    hand.touch("Log a session", "link")
    hand.choose("Format", "Workshop")
    hand.type("Upstream side", "5")
    hand.type("Purpose, in a line", purpose)
    state = page.locator("[data-draft-state]")
    expect(state).to_contain_text("Draft kept", timeout=15000)
    page.context.clear_cookies(name="t2d_session")
    hand.type("Next step, in a line", "Ask who reads the weir")
    hand.touch("Log the session")
    expect(state).to_contain_text("You are signed out")
    assert page.evaluate(SIDEWAYS) <= 0

    # What is typed stands on the page; one signs in beside it, and goes on.
    with page.context.expect_page() as opened:
        hand.touch("Sign in in another window", "link")
    beside = opened.value
    beside.locator("#id_login").fill(f"rapporteur@{DOMAIN}")
    beside.locator("#id_password").fill(PASSWORD)
    beside.get_by_role("main").get_by_role("button", name="Sign in").click()
    beside.wait_for_url("**/")
    beside.close()
    expect(page.get_by_label("Next step, in a line")).to_have_value("Ask who reads the weir")
    hand.type("Downstream side", "2")
    expect(state).to_contain_text("Draft kept", timeout=15000)
    expect(page.get_by_role("link", name="Sign in in another window")).to_be_hidden()
    hand.touch("Log the session")
    expect(page.get_by_role("status").filter(has_text="Logged.")).to_be_visible(timeout=15000)

    for text in (purpose, "Ask who reads the weir", "Upstream side", "Downstream side", "7"):
        expect(page.get_by_role("main")).to_contain_text(text)
    assert hand.touches + SIGNING_IN < MOST_TOUCHES


def test_a_reload_after_an_expired_sign_in_leads_back_to_what_was_typed(sign_in: SignIn) -> None:
    """The window was closed, or the telephone has thrown the page away: signing in leads to the form as it was kept."""
    page = sign_in("rapporteur")
    page.goto("/sessions/new/")
    page.get_by_label("Purpose, in a line").fill("Half of it in the tram")
    page.get_by_label("Upstream side").fill("6")
    expect(page.locator("[data-draft-state]")).to_contain_text("Draft kept", timeout=15000)
    page.context.clear_cookies(name="t2d_session")
    page.reload()
    page.locator("#id_login").fill(f"rapporteur@{DOMAIN}")
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("restored. It is not saved yet.")).to_be_visible()
    expect(page.get_by_label("Purpose, in a line")).to_have_value("Half of it in the tram")
    expect(page.get_by_label("Upstream side")).to_have_value("6")
    page.get_by_role("button", name="Discard the draft").click()


def test_another_initiative_shows_its_own_sides_and_keeps_what_was_typed(sign_in: SignIn) -> None:
    page = sign_in("mediator")
    page.goto("/sessions/new/")
    page.get_by_label("Purpose, in a line").fill("Half a sentence")
    page.locator("#id_initiative").select_option(label="Harbour light")
    expect(page.locator("#sides")).to_contain_text("Island assembly")
    expect(page.locator("#sides")).not_to_contain_text("Upstream side")
    expect(page.get_by_label("Purpose, in a line")).to_have_value("Half a sentence")
    expect(page.locator("[data-draft-state]")).to_contain_text("Draft kept")
    page.reload()

    expect(page.locator("#id_initiative option:checked")).to_have_text("Harbour light")
    expect(page.get_by_label("Purpose, in a line")).to_have_value("Half a sentence")
