"""Every page, as people with different eyes, hands, screens and languages meet it.

Pages are found by following links from the home page of each reader, and every page of the URLconf must be among
them: one that is new is looked at at once, one that nobody can reach fails the test.
"""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import SignIn
from tests.browser.crawl import crawl
from tests.second_factor import OF_SECOND_FACTOR
from tests.security.routes import every_route

WIDTHS = (1280, 390)
# What axe judges, by language, width and display. A display changes colours alone; a direction changes none.
EVERYTHING: dict[str, Any] = {"resultTypes": ["violations"]}
COLOURS = {**EVERYTHING, "runOnly": ["color-contrast"]}
JUDGED = {
    "en": {1280: {"light": EVERYTHING, "dark": COLOURS}, 390: {"light": EVERYTHING}},
    "ar": {1280: {}, 390: {"light": EVERYTHING}},
}
READERS = ("coordinator", "mediator", "steward", "liaison", "")
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
UNFOLD = "document.querySelectorAll('main details').forEach(fold => { fold.open = true; })"
DISPLAY = "theme => { document.documentElement.dataset.bsTheme = theme; }"

# No pages: acts that are only ever sent, a health check, a mailed key, a file that a phone fetches, and what leads
# whoever has a password, as everybody here has, to where it is changed.
NO_PAGES = {
    "healthz/",
    "language/",
    "account/address/",
    "account/password/reset/key/<uidb36>-<key>/",
    "account/password/set/",
    "account/second-factor/recovery-codes/download/",
    "account/sign-ins/end/",
    "account/tokens/",
    "account/tokens/<uuid:pk>/revoke/",
    "calendar/feed/<slug:plain>.ics",
    "circle/<uuid:pk>/confirm/",
    "circle/<uuid:pk>/withdraw/",
    "conflicts/<uuid:pk>/circle/",
    "drafts/",
    "drafts/discard/",
    "initiatives/<uuid:pk>/assents/<uuid:assent>/withdraw/",
    "received/<uuid:pk>/acknowledge/",
    "transfers/<uuid:pk>/abandon/",
    "transfers/<uuid:pk>/delete/",
    "transfers/<uuid:pk>/done/",
    "transfers/<uuid:pk>/restore/",
    "transfers/<uuid:pk>/steps/",
    "initiatives/<uuid:pk>/rules/<uuid:rules>/assent/",
    "initiatives/<uuid:pk>/successor/",
    "initiatives/<uuid:pk>/team/<uuid:member>/undo/",
    "liaisons/<uuid:pk>/end/",
    "links/<uuid:pk>/end/",
    "official-links/<uuid:pk>/confirm/",
    "once/<slug:plain>/",
    "organisations/<uuid:pk>/emergency/",
    "official-links/<uuid:pk>/end/",
    "outcomes/<uuid:pk>/restore/",
    "overlaps/dismiss/",
    "people/<uuid:pk>/identity/",
    "people/<uuid:pk>/identity/write/",
    "sessions/<uuid:pk>/restore/",
    "teams/admit/<uuid:member>/",
    "overlaps/<uuid:pk>/assess/",
    "overlaps/<uuid:pk>/dismiss/",
    "overlaps/<uuid:pk>/link/",
    "overlaps/<uuid:pk>/reopen/",
}


def routes() -> set[str]:
    """The pages of the URLconf, with <name> for each parameter."""
    found = {route.pattern for route in every_route() if not route.pattern.startswith("api/")}
    return found - NO_PAGES - OF_SECOND_FACTOR


def found_by_readers(sign_in: SignIn) -> list[tuple[Page, list[str]]]:
    """For each reader the window, and the addresses that nobody before has; together all pages of the URLconf."""
    starts = ["/", *sorted(f"/{route}" for route in routes() if "<" not in route and route)]
    covered: set[str] = set()
    found = []
    for reader in READERS:
        page = sign_in(reader)
        paths = []
        for reached in crawl(page, starts):
            # A page that sends elsewhere is looked at where it ends, for whom it is meant.
            if reached.status == 200 and reached.landed == reached.path and reached.route not in covered:
                covered.add(reached.route)
                paths.append(reached.path)
        found.append((page, paths))
    assert routes() - covered == set(), "nobody reaches these pages"
    return found


def set_language(page: Page, language: str) -> None:
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    page.goto("/")
    page.locator(f"button[value={language}]:visible, [lang={language}] button:visible").first.click()
    page.wait_for_load_state()
    assert page.locator("html").get_attribute("lang") == language


def looks(page: Page, path: str, language: str) -> list[str]:
    """What is wrong with one page at every width and display."""
    response = page.goto(path)
    assert response is not None
    wrong = [] if response.status == 200 else [f"{path}: {response.status}"]
    page.evaluate(UNFOLD)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for theme, judged in JUDGED[language][width].items():
            page.evaluate(DISPLAY, theme)
            name = f"{path} {width} {language} {theme}"
            wrong += [f"{name}: {problem}" for problem in violations(page, judged)]
        if (over := page.evaluate(OVERFLOW)) > 0:
            wrong.append(f"{path} {width} {language}: {over} px too wide")
    return wrong


def violations(page: Page, judged: dict[str, Any] = EVERYTHING) -> list[str]:
    response: dict[str, Any] = Axe().run(page, options=judged).response
    return [
        f"{rule['id']} {[node['target'] for node in rule['nodes'][:3]]}" for rule in response["violations"]
    ]


def test_every_page_is_accessible_and_fits(sign_in: SignIn) -> None:
    wrong = []
    for page, paths in found_by_readers(sign_in):
        for language in ("ar", "en"):
            set_language(page, language)
            for path in paths:
                wrong += looks(page, path, language)
    assert not wrong, "\n".join(wrong)
