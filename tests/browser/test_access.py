"""An access extended and revoked where it stands: in two clicks, undone in one, with a window that was open all the
time. On a wide screen and a phone, and without a script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from t2d.demo import DOMAIN, PASSWORD
from tests.browser.conftest import SignIn
from tests.browser.test_look import OVERFLOW, UNFOLD, violations

CARD, GUEST = "Amber Heron", "Noor"
PLACES = ("team/", "who/", "")


def card_of(page: Page) -> str:
    """The address of the card, from the reader's own list."""
    page.goto("/initiatives/?scope=mine")
    row = page.get_by_role("main").locator(".rows > li", has_text=CARD)
    return str(row.get_by_role("link").first.get_attribute("href"))


def row_of(page: Page) -> Locator:
    return page.get_by_role("main").locator("li.todo", has_text=GUEST)


def set_last_day(page: Page, card: str, day: str) -> None:
    page.goto(f"{card}team/")
    row_of(page).get_by_role("link", name="Change").click()
    page.locator("#id_until").fill(day)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text("Saved.")


@pytest.fixture
def lead(sign_in: SignIn) -> Iterator[tuple[Page, str]]:
    """The lead's window, with a guest on the team whose access ends soon; it has no end again afterwards."""
    page = sign_in("mediator")
    card = card_of(page)
    set_last_day(page, card, (date.today() + timedelta(days=12)).isoformat())
    yield page, card
    page.set_viewport_size({"width": 1280, "height": 900})
    set_last_day(page, card, "")


def two_clicks(page: Page, opens: str, chooses: str) -> None:
    row_of(page).locator("summary", has_text=opens).click()
    row_of(page).get_by_role("button", name=re.compile(chooses)).click()


@pytest.mark.parametrize("width", [1280, 390])
def test_two_clicks_extend_and_two_clicks_revoke(lead: tuple[Page, str], sign_in: SignIn, width: int) -> None:
    page, card = lead
    guest = sign_in("rapporteur")
    page.set_viewport_size({"width": width, "height": 900})
    for place in PLACES:
        extend_and_revoke(page, guest, card, f"{card}{place}" if place else "/")


def extend_and_revoke(page: Page, guest: Page, card: str, path: str) -> None:
    """Both, and both undone; the guest's window asks again after each."""
    main = page.get_by_role("main")
    assert opens(guest, card) == 200
    page.goto(path)
    two_clicks(page, "Extend", "30 more days")
    expect(main).to_contain_text(f"{GUEST} has access until")
    assert urlsplit(page.url).path == path
    page.get_by_role("button", name="Undo").click()
    expect(main).to_contain_text(f"Undone. {GUEST} has access until")

    page.goto(path)
    two_clicks(page, "Revoke", "Revoke now")
    expect(main).to_contain_text(f"{GUEST} has no access any more.")
    assert opens(guest, card) == 404
    page.get_by_role("button", name="Undo").click()
    expect(main).to_contain_text(f"Undone. {GUEST} has access until")
    assert opens(guest, card) == 200


def opens(page: Page, path: str) -> int:
    answer = page.goto(path)
    assert answer is not None
    return answer.status


@pytest.mark.parametrize("width", [1280, 390])
def test_the_choices_are_accessible_and_fit(lead: tuple[Page, str], width: int) -> None:
    page, card = lead
    page.set_viewport_size({"width": width, "height": 900})
    wrong = []
    for place in PLACES:
        page.goto(f"{card}{place}" if place else "/")
        page.evaluate(UNFOLD)
        wrong += violations(page)
        assert page.evaluate(OVERFLOW) <= 0
        row_of(page).get_by_role("button", name="30 more days").click()
        expect(page.get_by_role("button", name="Undo")).to_be_visible()
        wrong += violations(page)
        page.get_by_role("button", name="Undo").click()

    assert wrong == []


def test_it_works_with_keys_alone(lead: tuple[Page, str]) -> None:
    page, card = lead
    page.goto(f"{card}team/")
    row_of(page).locator("summary", has_text="Extend").focus()
    for key in ("Enter", "Tab", "Tab", "Enter"):
        page.keyboard.press(key)

    expect(page.get_by_role("main")).to_contain_text(f"{GUEST} has access until")


def test_it_works_without_a_script(lead: tuple[Page, str], browser: Browser, address: str) -> None:
    card = lead[1]
    context = browser.new_context(base_url=address, java_script_enabled=False)
    page = context.new_page()
    page.goto("/account/login/")
    page.locator("#id_login").fill(f"mediator@{DOMAIN}")
    page.locator("#id_password").fill(PASSWORD)
    page.locator("#id_password").press("Enter")
    page.goto(f"{card}team/")

    two_clicks(page, "Revoke", "Revoke now")
    expect(page.get_by_role("main")).to_contain_text(f"{GUEST} has no access any more.")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("main")).to_contain_text("Undone.")
    two_clicks(page, "Extend", "90 more days")
    expect(page.get_by_role("main")).to_contain_text(f"{GUEST} has access until")
    context.close()
