"""A real browser on a real server: script/server with its demonstration, on a data folder of its own.

Without Chromium these tests are skipped; with T2D_REQUIRE_BROWSER=1 its absence is a failure.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from t2d.demo import DOMAIN, PASSWORD
from tests.faults.test_server import running

FOLDER = Path(__file__).parent
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Run as root, as in a container, the sandbox of Chromium cannot start; shared memory is small there, too.
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]

SignIn = Callable[[str], Page]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder runs in one worker, which is that of the other whole servers: they share one."""
    for item in items:
        if item.path.is_relative_to(FOLDER):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("server"))


@pytest.fixture(scope="session")
def chromium() -> str:
    found = next((path for name in CHROMIUM if (path := shutil.which(name))), "")
    if not found and os.environ.get("T2D_REQUIRE_BROWSER") == "1":
        pytest.fail("T2D_REQUIRE_BROWSER=1, and there is no Chromium.")
    if not found:
        pytest.skip("there is no Chromium")
    return found


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server keeps its data, under data/."""
    return tmp_path_factory.mktemp("browser")


@pytest.fixture(scope="session")
def address(chromium: str, folder: Path) -> Iterator[str]:
    """Where the server answers, without a slash at the end."""
    with running(folder / "data", folder) as server:
        yield server.address.rstrip("/")


# Of the module and not of the session: while it is open, Django takes its thread for an asynchronous one.
@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def sign_in(browser: Browser, address: str) -> Iterator[SignIn]:
    """Sign in with a demo account, each in a window of its own; no page may complain to the console."""
    complaints: list[str] = []
    contexts = []

    def open_window(name: str) -> Page:
        # Without motion, or a colour is measured while it still changes.
        view = {"width": 1280, "height": 900}
        context = browser.new_context(base_url=address, viewport=view, reduced_motion="reduce")
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: _note(complaints, message.type, message.text))
        if name:
            page.goto("/account/login/")
            page.get_by_label("E-mail").or_(page.get_by_label("Email")).fill(f"{name}@{DOMAIN}")
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("main").get_by_role("button", name="Sign in").click()
            page.wait_for_url("**/")
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert not complaints


def _note(complaints: list[str], kind: str, text: str) -> None:
    """A refused address or a cut line is what some tests ask for; anything else that Chromium dislikes is a fault."""
    asked_for = ("the server responded with a status of 4", "net::ERR_INTERNET_DISCONNECTED")
    if kind in {"error", "warning"} and not any(text_of in text for text_of in asked_for):
        complaints.append(text)
