"""How something travels, played by three people in three windows: a mediator records what changed in somebody and what
the group made of it, has it carried to an office, the office says that it arrived, and it gets further. The office's
liaison learns nothing but the message; of the coordinator's flag on the initiative nothing changes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import SignIn
from tests.browser.crawl import crawl

INITIATIVE, CODENAME, OFFICE = "Reading the river", "Amber Heron", "Ministry of Water"
PURPOSE = "Agree on one reading of the gauges that both could show at home"
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
EVERY_LINK = 30  # Of a kind, and more than there are.
TIME = re.compile(r"up to date as of[^\n]*|\d\d:\d\d")


@dataclass(frozen=True)
class Words:
    """What is typed, different each time. Only `message` is for the office."""

    change: str
    framework: str
    interest: str
    note: str
    heard: str
    message: str

    @property
    def inside(self) -> tuple[str, ...]:
        return (self.change, self.framework, self.interest, self.note, self.heard)


def words(place: str) -> Words:
    return Words(
        change=f"Asked {place} how the other bank counts its winters",
        framework=f"A joint sheet of readings, kept {place} by both banks",
        interest=f"Neither bank wants to be surprised {place}",
        note=f"The chair of the other bank knows of it {place}",
        heard=f"The deputy has read it aloud {place}",
        message=f"Both banks can live with one sheet of readings {place}.",
    )


def main(page: Page) -> Locator:
    return page.get_by_role("main")


def go(page: Page, name: str) -> None:
    """One tap on what stands on the page."""
    with page.expect_navigation():
        main(page).get_by_role("link", name=name).first.click()
    assert page.evaluate(SIDEWAYS) <= 0


def save(page: Page, name: str, said: str) -> str:
    """One tap on the button; answers with the address where one comes to stand."""
    main(page).get_by_role("button", name=name, exact=True).click()
    expect(page.get_by_role("status").filter(has_text=said)).to_be_visible()
    assert page.evaluate(SIDEWAYS) <= 0
    return urlsplit(page.url).path


def choose(page: Page, label: str, option: str | re.Pattern[str]) -> None:
    """The first option that says so."""
    field = main(page).get_by_label(label).first
    value = field.locator("option", has_text=option).first.get_attribute("value")
    field.select_option(value=value)


def record_change(page: Page, said: Words) -> None:
    """From home: a change in one participant."""
    page.goto("/")
    go(page, "Record an outcome")
    go(page, INITIATIVE)
    go(page, "Something changed in somebody")
    choose(page, "What it is", "Change of perception")
    main(page).get_by_label("What happened, in a sentence or two").fill(said.change)
    choose(page, "Whose change it is", re.compile(r"\d"))
    choose(page, "Where it stood before", "strongly against")
    choose(page, "Where it stands now", "+1")
    choose(page, "Who noticed it", "facilitator")
    choose(page, "Did the participant agree", "yes")
    choose(page, "Out of which session", PURPOSE[:30])
    main(page).get_by_label("No: it stays in the room").check()
    save(page, "Record the outcome", "Recorded.")
    expect(main(page)).to_contain_text("−2 strongly against")


def record_framework(page: Page, said: Words) -> None:
    """What that made possible: one tap from the change, and its session stands in the form already."""
    go(page, "Record another outcome")
    go(page, "The group made something")
    expect(main(page).get_by_label("Out of which session").locator("option:checked")).to_contain_text(
        PURPOSE[:30]
    )
    choose(page, "What it is", "Framework")
    main(page).get_by_label("What happened, in a sentence or two").fill(said.framework)
    for side in ("Upstream side", "Downstream side"):
        main(page).get_by_label(side, exact=True).check()
    main(page).get_by_label("Yes, to officials").check()
    main(page).get_by_label("Which interest it serves").fill(said.interest)
    save(page, "Record the outcome", "Recorded.")


def carry(page: Page, said: Words) -> str:
    """By a joint briefing: planned, then done. Answers with the page of the transfer."""
    go(page, "Record a transfer")
    message = main(page).get_by_label("The message")
    expect(message).to_have_value(said.framework)
    main(page).get_by_label("Not yet, it is planned").check()
    choose(page, "To which office", OFFICE)
    choose(page, "By which way", "Joint briefing")
    choose(page, "Who carries it", "jointly")
    choose(page, "Which participant", "(was there)")
    message.fill(said.message)
    main(page).get_by_text("More: stances").click()
    main(page).get_by_label("Note").fill(said.note)
    path = save(page, "Record the transfer", "Planned.")
    go(page, "Has it happened?")
    main(page).get_by_label("When it was carried").fill(date.today().isoformat())
    save(page, "It was carried", "Recorded.")
    return path


def acknowledge(page: Page, said: Words) -> None:
    """The liaison comes from home to the message, and says that it has arrived."""
    page.goto("/received/")
    row = main(page).get_by_role("listitem").filter(has_text=said.message)
    expect(row).to_contain_text("not acknowledged yet")
    row.get_by_role("link", name="Joint briefing").click()
    expect(main(page)).to_contain_text(said.message)
    save(page, "Acknowledge", "Acknowledged")


def get_further(page: Page, path: str, said: Words) -> None:
    """The mediator reads that the office has answered, and records what was heard since."""
    page.goto(path)
    expect(page.locator("[aria-current=step]")).to_contain_text("Acknowledged")
    expect(main(page)).to_contain_text(f"said by the office: {OFFICE}")
    go(page, "Record a step")
    expect(main(page).get_by_label("What happened")).to_be_visible()
    choose(page, "What happened", "Discussed internally")
    main(page).get_by_label("When").fill(date.today().isoformat())
    choose(page, "On what this rests", "official")
    choose(page, "How sure you are", "High")
    main(page).locator("#steps ~ details, details").filter(has_text="What happened").get_by_label(
        "Note"
    ).fill(said.heard)
    save(page, "Record the step", "The step is recorded.")
    expect(page.locator("[aria-current=step]")).to_contain_text("Discussed internally")
    page.goto("/transfer/")
    expect(main(page)).to_contain_text(said.framework[:60])


def pseudonyms(page: Page) -> list[str]:
    """Of everybody who takes part in the initiative."""
    page.goto("/initiatives/")
    main(page).get_by_role("link", name=INITIATIVE).first.click()
    page.get_by_role("link", name="People").locator("visible=true").last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("People")
    found = set(page.locator("main th[scope=row] bdi.name").all_text_contents())
    assert len(found) > 5
    return sorted(found)


def flag(page: Page) -> tuple[str, str, str]:
    """The row of the queue, its page in words, and where that is; without the time of day."""
    page.goto("/overlaps/")
    row = page.locator("li.q", has_text=CODENAME).first
    said = row.inner_text()
    path = row.get_by_role("link", name=CODENAME).first.get_attribute("href")
    assert path
    page.goto(path)
    return TIME.sub("", said), TIME.sub("", main(page).inner_text()), path


def assert_none_of(page: Page, starts: list[str], of_a_kind: int, traces: list[str]) -> None:
    pages = list(crawl(page, starts, of_a_kind=of_a_kind))
    assert len(pages) > 3
    for found in pages:
        for trace in traces:
            assert trace not in found.body, f"{trace!r} on {found.path}"


def travels(mediator: Page, liaison: Page, said: Words) -> str:
    """The whole way, from home to a rung beyond what the office said. Answers with the page of the transfer."""
    record_change(mediator, said)
    record_framework(mediator, said)
    path = carry(mediator, said)
    acknowledge(liaison, said)
    get_further(mediator, path, said)
    return path


def windows(sign_in: SignIn, width: int, *names: str) -> list[Page]:
    found = [sign_in(name) for name in names]
    for page in found:
        page.set_viewport_size({"width": width, "height": 844})
    return found


def test_the_office_learns_the_message_and_nothing_else(sign_in: SignIn) -> None:
    said = words("on the road")
    mediator, liaison = windows(sign_in, 390, "mediator", "liaison")
    travels(mediator, liaison, said)
    people = pseudonyms(mediator)
    initiative = urlsplit(mediator.url).path.split("/")[2]
    hidden = [*said.inside, *people, INITIATIVE, CODENAME, PURPOSE, "Mara", initiative]
    assert_none_of(liaison, ["/", "/received/"], EVERY_LINK, hidden)


def test_the_flag_stays_as_it_was_and_its_reader_learns_nothing(sign_in: SignIn) -> None:
    said = words("at the desk")
    mediator, liaison, coordinator = windows(sign_in, 1280, "mediator", "liaison", "coordinator")
    before = flag(coordinator)
    transfer = travels(mediator, liaison, said).split("/")[2]
    assert flag(coordinator) == before
    hidden = [*said.inside, said.message, *pseudonyms(mediator), PURPOSE, INITIATIVE, transfer]
    card = urlsplit(mediator.url).path.removesuffix("people/")
    # One of a kind: those that lie nearest to the initiative.
    assert_none_of(coordinator, [before[2], card, f"/initiatives/?q={CODENAME.split()[0]}", "/"], 1, hidden)
