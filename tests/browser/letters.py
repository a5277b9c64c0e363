"""A site without a mail server: a steward shows a letter and hands it over. Not a test."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import SignIn


def read_letter(sign_in: SignIn, address: str) -> str:
    """What stands in the only letter to this address, which is gone from the steward's list afterwards."""
    page = sign_in("steward")
    page.goto("/letters/")
    row = page.get_by_role("main").locator("li.todo", has_text=address)
    # Written beside the answer that the sender saw.
    for _again in range(20):
        if row.count():
            break
        page.wait_for_timeout(250)
        page.reload()
    expect(row).to_have_count(1)
    assert "/once/" not in page.content()
    row.get_by_role("button", name="Show").click()
    text = page.locator("pre.secret").inner_text()
    page.get_by_role("button", name="It is handed over").click()
    expect(page.get_by_text("The letter is gone.")).to_be_visible()
    expect(row).to_have_count(0)
    return text


def link_in(text: str) -> str:
    """The address that stands in a letter, on this site."""
    found = re.search(r"://[^/]+(/once/[\w-]+/)", text)
    assert found is not None, text
    return found[1]
