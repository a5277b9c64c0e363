"""The main job, played by three people in three windows: two initiatives that know nothing of each other overlap,
a coordinator is told, understands why, and links the two."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from tests.browser.conftest import SignIn
from tests.browser.crawl import crawl

CONFLICT = "Valley of Two Rivers"
SECRET, RIVAL = "Hidden Otter", "Patient Marten"
LINE = "Words that the other side must not read"
THEMES = ("Elections", "Prisoners and missing persons", "Media and narratives")
SECONDS = 1000


def open_initiative(page: Page, codename: str, line: str = "") -> str:
    """Open an initiative for the team alone, with matching on; answers with the address of its page."""
    page.goto("/initiatives/new/")
    page.get_by_label("Conflict").select_option(label=CONFLICT)
    page.get_by_role("button", name="See earlier efforts").click()
    page.get_by_label("Track type").select_option(label="Track Two, hard")
    page.get_by_label("Began", exact=False).first.fill("2026")
    page.get_by_label("Codename").fill(codename)
    page.get_by_label("Public line").fill(line)
    for theme in THEMES:
        page.get_by_label(theme, exact=True).check()
    for party in ("Upstream side", "Downstream side"):
        page.get_by_label(party, exact=True).check()
    page.get_by_label("Compare with other initiatives").check()
    page.get_by_role("button", name="Open the initiative").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(codename)
    return urlsplit(page.url).path


def assert_sees_nothing(page: Page, path: str) -> None:
    """Not on any page that links lead to, not by search, not by its address."""
    key = path.strip("/").split("/")[-1]
    starts = ["/", f"/initiatives/?q={SECRET.split()[0]}", "/initiatives/?q=words+that+the+other"]
    pages = list(crawl(page, starts, of_a_kind=3))
    assert len(pages) > 10
    for found in pages:
        body = found.body.replace(f'value="{SECRET.split()[0]}"', "")
        for trace in (SECRET, key, key.replace("-", ""), LINE):
            assert trace not in body, f"{trace} on {found.path}"
    for hidden in (path, f"{path}who/", "/overlaps/", "/import/"):
        response = page.goto(hidden)
        assert response is not None
        assert response.status == 404


def test_two_initiatives_overlap_and_a_coordinator_links_them(sign_in: SignIn) -> None:
    mediator, rival, coordinator = sign_in("mediator"), sign_in("rival"), sign_in("coordinator")
    secret = open_initiative(mediator, SECRET, LINE)
    assert_sees_nothing(rival, secret)

    coordinator.goto("/overlaps/")
    expect(coordinator.get_by_text(SECRET)).to_have_count(0)
    open_initiative(rival, RIVAL)
    # The page that is already open says so by itself.
    coordinator.get_by_role("link", name=re.compile("new pairs?: show")).click(timeout=15 * SECONDS)
    row = coordinator.locator("li.q", has_text=SECRET).filter(has_text=RIVAL)
    expect(row).to_contain_text("Flag")
    expect(row).to_contain_text("3 of 3 themes, all parties, both still running, same type")

    row.get_by_role("link", name=SECRET).first.click()
    page = coordinator.get_by_role("main")
    for reason in ("They share 3 of the 3 themes that either lists.", "Same conflict.", "Same type."):
        expect(page).to_contain_text(reason)
    expect(page.get_by_text("Matching card: all you may see")).to_have_count(2)
    for hidden in (LINE, "Harbour Dialogue", "Bridgewater Centre", "Mara", "Ravi"):
        expect(page).not_to_contain_text(hidden)

    page.get_by_label("Complementary").check()
    page.get_by_label("Why, in a sentence").fill("One talks of votes, the other of the missing.")
    page.get_by_role("button", name="Save assessment").click()
    expect(page).to_contain_text("Assessment saved.")
    page.get_by_label("Arrangement").select_option(label="Sequencing")
    page.get_by_role("button", name="Link the two").click()
    expect(page).to_contain_text("The two are linked.")

    coordinator.goto("/overlaps/")
    expect(row).to_contain_text("Coordinated")
    expect(row).to_contain_text("Complementary")
    assert_sees_nothing(rival, secret)


def test_the_queue_is_worked_through_with_keys(sign_in: SignIn) -> None:
    page = sign_in("coordinator")
    page.goto("/overlaps/")
    first = page.locator("li.q").first
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(first).to_have_attribute("aria-current", "true")
    page.keyboard.press("x")
    expect(first.get_by_role("checkbox")).to_be_checked()
    expect(page.get_by_text("1 selected")).to_be_visible()
    page.keyboard.press("x")
    expect(page.get_by_text("selected")).to_be_hidden()
    page.keyboard.press("d")
    page.wait_for_url("**/overlaps/*/#dismiss")
    expect(page.get_by_label("Reason")).to_be_visible()


def test_a_register_is_imported_after_a_look(sign_in: SignIn) -> None:
    page = sign_in("coordinator")
    page.goto("/import/")
    header = "ref,title,conflict,ucdp_conflict_id,parent_conflict,countries,convener,co_conveners,track_type,start,"
    header += "end,sides,themes,objective,source,confidence\n"
    bad = "B1,Lakeside talks,Invented dispute,,,CY,Lakeside Institute,,t2_soft,1999-13,,North;South,elections,,,high\n"
    for text, heading in (
        (bad, "This file cannot be imported yet"),
        (bad.replace("1999-13", "1999"), "What this"),
    ):
        page.goto("/import/")
        page.get_by_label("CSV file").set_input_files(
            {"name": "register.csv", "mimeType": "text/csv", "buffer": (header + text).encode()}
        )
        page.get_by_role("button", name="Show what it would do").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(heading)
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text("Imported. New: 1, changed: 0, the same as before: 0.")
