"""Whether a page reads from right to left, and nothing in it was left in English. Not a test."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.test_look import OVERFLOW, violations

PHONE = {"width": 390, "height": 844}
# Words in Latin letters, but for names, addresses and what people typed, which stand apart from the text around them.
LATIN = """() => {
    const shown = document.querySelector('main').cloneNode(true);
    shown.querySelectorAll('bdi, [lang], [dir=ltr], .brand, pre').forEach(part => part.remove());
    return shown.textContent.match(/[A-Za-z]{2,}/g) || [];
}"""


def choose_arabic(page: Page) -> None:
    """By the button of the page that is open, which comes back to it."""
    page.locator("button[value=ar]:visible, [lang=ar] button:visible").first.click()
    page.wait_for_load_state()


def wrong_in_arabic(page: Page, allowed: str = "") -> list[str]:
    """What is wrong with the page that is open, on a phone. `allowed`: names that it shows among its own words."""
    page.set_viewport_size(PHONE)
    root = page.locator("html")
    wrong = [f"{page.url}: {problem}" for problem in violations(page)]
    if (root.get_attribute("lang"), root.get_attribute("dir")) != ("ar", "rtl"):
        wrong.append(f"{page.url}: not in Arabic")
    if words := [word for word in page.evaluate(LATIN) if word not in allowed]:
        wrong.append(f"{page.url}: {words}")
    if (over := page.evaluate(OVERFLOW)) > 0:
        wrong.append(f"{page.url}: {over} px too wide")
    return wrong
