"""What cannot be, typed on a phone: the message stands at its field and is led to, and nothing typed is lost."""

from __future__ import annotations

from datetime import date, timedelta

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import SignIn

SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
today = date.today


def phone(sign_in: SignIn, name: str) -> Page:
    page = sign_in(name)
    page.set_viewport_size({"width": 390, "height": 844})
    return page


def refused(page: Page, field: Locator, message: str) -> None:
    """The summary has the focus, leads to the field, and the field says what is wrong with it."""
    alert = page.get_by_role("main").get_by_role("alert")
    expect(alert).to_contain_text(message)
    expect(alert).to_be_focused()
    alert.get_by_role("link", name=message).click()
    expect(field).to_be_focused()
    expect(field).to_be_in_viewport()
    expect(field).to_have_attribute("aria-invalid", "true")
    described = field.get_attribute("aria-describedby") or ""
    notes = [page.locator(f"[id='{key}']").inner_text() for key in described.split()]
    assert message in " ".join(notes)
    assert page.evaluate(SIDEWAYS) <= 0


def leave(page: Page) -> None:
    """Without the draft, which would stand in the way of others who open this form."""
    page.goto(page.url.split("#")[0])
    page.get_by_role("button", name="Discard the draft").click()


def open_outcome(page: Page, words: str) -> None:
    """One of the demonstration that may travel."""
    page.goto("/transfers/new/")
    page.get_by_role("link", name=words).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Record a transfer")


def test_a_session_that_ends_before_it_begins(sign_in: SignIn) -> None:
    page = phone(sign_in, "mediator")
    page.goto("/sessions/new/")
    page.get_by_label("Format").select_option(label="Workshop")
    page.get_by_label("Purpose, in a line").fill("Over before it began")
    page.get_by_text("It ended on another day").click()
    page.locator("#id_ended").fill((today() - timedelta(days=3)).isoformat())
    page.get_by_role("button", name="Log the session").last.click()
    refused(page, page.locator("#id_ended"), "before")
    expect(page.get_by_label("Purpose, in a line")).to_have_value("Over before it began")
    leave(page)


def test_a_change_of_nobody(sign_in: SignIn) -> None:
    page = phone(sign_in, "mediator")
    page.goto("/outcomes/new/")
    page.get_by_role("link", name="Reading the river").first.click()
    page.get_by_role("link", name="Something changed in somebody").click()
    page.get_by_label("What it is", exact=True).select_option(index=1)
    page.get_by_label("What happened, in a sentence or two").fill("Somebody thinks otherwise now")
    page.get_by_label("Where it stood before").select_option(index=2)
    page.get_by_label("No: it stays in the room").check()
    page.get_by_role("button", name="Record the outcome").click()
    refused(page, page.get_by_label("Whose change it is"), "required")
    expect(page.get_by_label("What happened, in a sentence or two")).to_have_value(
        "Somebody thinks otherwise now"
    )
    expect(page.get_by_label("Where it stood before")).not_to_have_value("")
    leave(page)


def test_a_transfer_before_its_outcome_by_somebody_who_was_not_there(sign_in: SignIn) -> None:
    page = phone(sign_in, "mediator")
    open_outcome(page, "dry year")
    page.get_by_label("Yes, it was carried").check()
    page.get_by_label("To which office").select_option(label="Ministry of Water")
    page.get_by_label("By which way").select_option(label="Private memo")
    page.get_by_label("Who carries it").select_option(label="A participant")
    absent = page.get_by_label("Which participant").locator("option:not(:has-text('(was there)'))").nth(1)
    page.get_by_label("Which participant").select_option(value=absent.get_attribute("value"))
    page.get_by_label("When", exact=False).first.fill("2001-05")
    page.get_by_label("The message").fill("Typed with one thumb")
    page.get_by_role("button", name="Record the transfer").click()
    refused(page, page.get_by_label("When", exact=False).first, "before the session")
    refused_too = page.get_by_label("Which participant")
    expect(refused_too).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("The message")).to_have_value("Typed with one thumb")
    expect(page.get_by_label("Why it is right all the same")).to_be_visible()
    leave(page)


def test_a_step_down_without_a_reason(sign_in: SignIn) -> None:
    page = phone(sign_in, "mediator")
    page.goto("/transfer/")
    page.get_by_role("main").get_by_role("link", name="dry year").first.click()
    page.get_by_role("main").locator("ul a[href^='/transfers/']").first.click()
    page.get_by_role("link", name="Record a step").click()
    form = page.locator("form[action$='/steps/']")
    form.get_by_label("What happened").select_option(label="Sent")
    form.get_by_label("When").fill(today().isoformat())
    form.get_by_label("Note").fill("They say it was only sent")
    form.get_by_role("button", name="Record the step").click()
    refused(page, form.get_by_label("Reason"), "This leads down the ladder. Say why.")
    expect(form.get_by_label("Note")).to_have_value("They say it was only sent")
