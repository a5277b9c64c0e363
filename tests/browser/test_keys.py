"""Pages under the keyboard: search, help, the queue; letters stay letters where people type."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import SignIn


def test_slash_goes_to_the_search_where_letters_are_letters(sign_in: SignIn) -> None:
    page = sign_in("mediator")
    page.keyboard.press("/")
    page.keyboard.type("njx?")

    expect(page.locator("#find")).to_be_focused()
    expect(page.locator("#find")).to_have_value("njx?")


def test_question_mark_opens_the_keys_and_escape_closes_them(sign_in: SignIn) -> None:
    page = sign_in("mediator")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("n")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.locator("#keys")).to_be_hidden()


def test_n_logs_a_session_and_for_coordinators_opens_an_initiative(sign_in: SignIn) -> None:
    page = sign_in("mediator")
    page.keyboard.press("n")
    expect(page).to_have_url(re.compile("/sessions/new/$"))
    page = sign_in("coordinator")
    page.keyboard.press("n")

    expect(page).to_have_url(re.compile("/initiatives/new/$"))


def test_queue_is_walked_marked_and_opened(sign_in: SignIn) -> None:
    page = sign_in("coordinator")
    page.goto("/overlaps/")
    rows = page.locator(".rows > .q")
    for key in "jjk":
        page.keyboard.press(key)
    current = page.locator(".q[aria-current]")
    expect(current).to_have_count(1)
    name = current.locator(".pair").inner_text()
    page.keyboard.press("x")
    expect(current.locator("input")).to_be_checked()
    expect(rows.locator("input:checked")).to_have_count(1)
    current.locator("input").focus()
    page.keyboard.press("k")
    page.keyboard.press("j")
    expect(current.locator(".pair")).to_have_text(name)
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def test_a_and_d_lead_to_the_answer(sign_in: SignIn) -> None:
    page = sign_in("coordinator")
    page.goto("/overlaps/")
    page.keyboard.press("j")
    page.keyboard.press("d")
    expect(page).to_have_url(re.compile("#dismiss$"))
    expect(page.locator("details:has(#dismiss)")).to_have_attribute("open", "")
    page.keyboard.press("a")

    expect(page.locator("#assess")).to_be_focused()


def test_second_click_does_not_send_twice(sign_in: SignIn) -> None:
    page = sign_in("mediator")
    page.goto("/account/")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.locator("main form[method=post] button").first.dblclick()
    page.wait_for_load_state("networkidle")

    assert len(sent) == 1
