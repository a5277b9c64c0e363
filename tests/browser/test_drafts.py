"""What is typed survives: a reload, an expired sign-in, a lost connection, a second window."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import SignIn


def open_form(page: Page) -> None:
    """The form of a brief that nobody else of these tests writes, without a draft in it."""
    page.goto("/initiatives/?scope=mine")
    page.get_by_role("link", name="Technical").or_(
        page.get_by_role("link", name="technical table")
    ).first.click()
    page.get_by_role("link", name="Brief", exact=True).click()
    page.locator("a.btn-primary", has_text=re.compile("brief|draft")).last.click()
    if page.get_by_role("button", name="Discard the draft").is_visible():
        page.get_by_role("button", name="Discard the draft").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Edit the brief")


def type_aim(page: Page, text: str) -> None:
    page.get_by_label("Objective").fill(text)
    expect(page.locator("[data-draft-state]")).to_contain_text("Draft kept")


def test_a_draft_survives_a_reload_and_goes_when_saved(sign_in: SignIn) -> None:
    page = sign_in("rival")
    open_form(page)
    type_aim(page, "Words before the reload")
    page.reload()
    expect(page.get_by_text("restored. It is not saved yet.")).to_be_visible()
    expect(page.get_by_label("Objective")).to_have_value("Words before the reload")
    page.get_by_role("button", name="Save the brief").click()
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    page.get_by_role("link", name="Edit the brief").click()

    expect(page.get_by_label("Objective")).to_have_value("Words before the reload")
    expect(page.get_by_text("restored. It is not saved yet.")).to_be_hidden()


def test_who_signs_in_again_in_another_window_types_on(sign_in: SignIn) -> None:
    page = sign_in("rival")
    open_form(page)
    type_aim(page, "Before the end")
    other = page.context.new_page()
    other.goto("/account/")
    other.locator(".rail").get_by_role("button", name="Sign out").click()
    page.get_by_label("Objective").fill("Typed when signed out")
    expect(page.locator("[data-draft-state]")).to_contain_text("You are signed out")
    page.get_by_role("button", name="Save the brief").click()
    expect(page.get_by_label("Objective")).to_have_value("Typed when signed out")
    other.goto("/account/login/")
    other.locator("#id_login").fill("rival@demo.example")
    other.locator("#id_password").fill("two-rivers-meet-here")
    other.get_by_role("main").get_by_role("button", name="Sign in").click()
    other.wait_for_url("**/")
    page.get_by_role("button", name="Save the brief").click()
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()

    expect(page.get_by_role("main")).to_contain_text("Typed when signed out")


def test_a_lost_connection_is_said_and_nothing_is_sent(sign_in: SignIn) -> None:
    page = sign_in("rival")
    open_form(page)
    # Not by an aborted request: of that the browser complains itself.
    page.evaluate(
        "() => { window.there = window.fetch; window.fetch = () => Promise.reject(new TypeError('lost')); }"
    )
    page.get_by_label("Objective").fill("Typed in a tunnel")
    page.get_by_role("button", name="Save the brief").click()
    expect(page.locator("[data-draft-state]")).to_contain_text("No connection")
    expect(page.get_by_label("Objective")).to_have_value("Typed in a tunnel")
    page.evaluate("() => { window.fetch = window.there; }")
    page.get_by_role("button", name="Save the brief").click()

    expect(page.get_by_role("main")).to_contain_text("Typed in a tunnel")


def test_a_second_window_is_told_that_its_words_replaced_newer_ones(sign_in: SignIn) -> None:
    first = sign_in("rival")
    open_form(first)
    second = first.context.new_page()
    second.goto(first.url)
    type_aim(first, "From the first window")
    second.get_by_label("Objective").fill("From the second window")
    expect(second.locator("[data-draft-state]")).to_contain_text("Another window had a newer draft")
    second.get_by_role("button", name="Save the brief").click()

    expect(second.get_by_role("main")).to_contain_text("From the second window")
