"""Emergency access as three people meet it: who asks, who confirms, and the team that is told; for a day."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.browser.arabic import wrong_in_arabic
from tests.browser.conftest import SignIn
from tests.browser.house import INSIDE, House, found_house, let_time_pass
from tests.browser.test_look import OVERFLOW, set_language

PARTS = ("", "brief/", "team/", "sessions/")


def pane(page: Page) -> Locator:
    return page.get_by_role("region", name="Emergency access", exact=True)


def ask(page: Page, house: House, codename: str) -> None:
    page.goto(house.organisation)
    pane(page).locator("summary").click()
    pane(page).get_by_label("Codename of the initiative").fill(codename)
    pane(page).get_by_label("Why").select_option(index=1)
    pane(page).get_by_role("button", name="Ask for emergency access").click()


def confirm(page: Page, codename: str) -> None:
    """From home, where the request waits."""
    page.goto("/")
    asked = page.get_by_role("region", name="Emergency access that waits for a second owner")
    asked.locator("li", has_text=codename).get_by_role("link", name="Look").click()
    pane(page).locator("li", has_text=codename).get_by_role("button", name="Confirm").click()


def statuses(page: Page, house: House) -> list[int]:
    found = []
    for part in PARTS:
        answer = page.goto(f"{house.initiative}{part}")
        assert answer is not None
        found.append(answer.status)
    return found


OPEN, CLOSED = [200] * len(PARTS), [404] * len(PARTS)


def test_two_owners_open_it_for_a_day(sign_in: SignIn, folder: Path) -> None:
    house = found_house(folder, "Beacon House", "Grey Windlass")
    first, second, lead = (sign_in(house.account(who)) for who in ("first", "second", "lead"))
    ask(first, house, house.codename.upper())
    expect(first.get_by_role("status").filter(has_text="Asked.")).to_be_visible()
    request = pane(first).locator("li", has_text=house.codename.upper())
    expect(request).to_contain_text("waits for a second owner")
    expect(request.get_by_role("button", name="Confirm")).to_have_count(0)
    assert statuses(first, house) == CLOSED
    lead.goto("/")
    expect(lead.get_by_text("Emergency access to your initiatives")).to_have_count(0)

    confirm(second, house.codename.upper())
    expect(second.get_by_role("status").filter(has_text="Confirmed.")).to_be_visible()
    assert statuses(second, house) == CLOSED
    assert statuses(first, house) == OPEN
    first.goto(f"{house.initiative}brief/")
    expect(first.get_by_role("main")).to_contain_text(INSIDE)
    first.goto(f"{house.initiative}team/")
    own = first.locator("li.todo", has_text=house.account("first"))
    expect(own).to_contain_text("emergency access")
    expect(own).to_contain_text("Facilitator")
    # Nobody is offered what is refused to everybody.
    expect(own.get_by_text("Extend")).to_have_count(0)
    assert_the_team_is_told(sign_in, lead, house)

    let_time_pass(folder, 23.5)
    assert statuses(first, house) == OPEN
    let_time_pass(folder, 0.5)
    assert statuses(first, house) == CLOSED
    first.goto("/")
    expect(first.get_by_role("main")).not_to_contain_text(house.codename)
    lead.goto(f"{house.initiative}team/")
    team = lead.get_by_role("region", name="On the team now")
    expect(team).to_contain_text(house.account("guest"))
    expect(team).not_to_contain_text(house.account("first"))
    assert_the_audit_says_so(lead, house)


def assert_the_audit_says_so(lead: Page, house: House) -> None:
    lead.goto(f"{house.initiative}audit/")
    entries = lead.get_by_role("region", name="Entries, newest first").locator("li")
    expect(entries.filter(has_text="emergency access")).to_have_count(1)
    assert entries.filter(has_text=house.account("first")).count() > 0


def assert_the_team_is_told(sign_in: SignIn, lead: Page, house: House) -> None:
    """On the page they begin with, on the team's, and in the audit."""
    lead.goto("/")
    told = lead.get_by_role("region", name="Emergency access to your initiatives")
    expect(told).to_contain_text(house.account("first"))
    expect(told).to_contain_text(house.codename)
    lead.set_viewport_size({"width": 390, "height": 844})
    assert lead.evaluate(OVERFLOW) <= 0
    lead.set_viewport_size({"width": 1280, "height": 900})
    told.get_by_role("link", name=house.account("first")).click()
    row = lead.locator("li.todo", has_text=house.account("first"))
    expect(row).to_contain_text("emergency access")
    expect(row.get_by_text("Extend")).to_have_count(0)
    assert_the_audit_says_so(lead, house)


def test_a_name_that_is_nobodys_looks_the_same(sign_in: SignIn, folder: Path) -> None:
    """To both owners, whatever the organisation convenes."""
    house = found_house(folder, "Pilot House", "Grey Bollard")
    first, second = sign_in(house.account("first")), sign_in(house.account("second"))
    seen = []
    for codename in (house.codename, "Gone Bollard"):
        ask(first, house, codename)
        confirm(second, codename)
        expect(second.get_by_role("status").filter(has_text="Confirmed.")).to_be_visible()
        row = pane(second).locator("li", has_text=codename).inner_text().replace(codename, "")
        seen.append((second.get_by_role("status").all_inner_texts(), re.sub(r"\d\d:\d\d", "", row)))
    assert seen[0] == seen[1]


def test_its_pages_in_arabic(sign_in: SignIn, folder: Path) -> None:
    house = found_house(folder, "Jetty House", "Grey Halyard")
    first, second, lead = (sign_in(house.account(who)) for who in ("first", "second", "lead"))
    ask(first, house, house.codename)
    wrong = []
    set_language(second, "ar")
    for path in ("/", house.organisation):
        second.goto(path)
        wrong += wrong_in_arabic(second, f"{house.people} {house.codename}")
    second.locator("button[value=confirm]").click()
    wrong += wrong_in_arabic(second, house.people)
    set_language(lead, "ar")
    for path in ("/", f"{house.initiative}team/"):
        lead.goto(path)
        wrong += wrong_in_arabic(lead, f"{house.people} {house.codename}")

    assert wrong == []
