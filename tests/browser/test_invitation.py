"""Somebody is invited and comes to work here: the letter, the account, the second factor, the colleagues; on a phone,
with keys alone, and in Arabic."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.browser.arabic import PHONE, choose_arabic, wrong_in_arabic
from tests.browser.conftest import SignIn
from tests.browser.house import INSIDE, House, found_house
from tests.browser.letters import link_in, read_letter
from tests.browser.test_look import OVERFLOW, set_language
from tests.browser.test_second_factor import give_password, set_up_app
from tests.second_factor import shown_for

CHOSEN = "boats-in-the-rain-7"
MOST_TABS = 60
SHOWS = "element => ['outlineStyle', 'boxShadow'].some(mark => getComputedStyle(element)[mark] !== 'none')"


def fits(page: Page) -> None:
    assert page.evaluate(OVERFLOW) <= 0, page.url


def open_house(page: Page, house: House) -> None:
    """The organisation's page, by the links that lead there."""
    page.goto("/account/")
    page.get_by_role("region", name="Your organisations").get_by_role("link", name=house.name).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(house.name)


def invite(page: Page, address: str, role: str = "Member") -> None:
    form = page.get_by_role("region", name="Invite somebody")
    form.get_by_label("E-mail address").fill(address)
    form.get_by_label("As", exact=True).select_option(label=role)
    form.get_by_role("button", name="Send the invitation").click()


def assert_opens_nothing(page: Page, path: str) -> None:
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_role("heading", level=1)).to_have_text("This link opens nothing")
    expect(page.get_by_role("main")).to_contain_text("It was used already")


def assert_reads_nothing_of(page: Page, house: House) -> None:
    """Somebody who belongs to the house, and to no team."""
    page.goto("/initiatives/?scope=mine")
    expect(page.get_by_text(house.codename)).to_have_count(0)
    for part in ("", "brief/", "team/", "sessions/"):
        answer = page.goto(f"{house.initiative}{part}")
        assert answer is not None
        assert answer.status == 404
        assert INSIDE not in page.content()
    page.goto("/")
    expect(page.get_by_role("main")).to_contain_text("You are on no team yet")


def test_a_colleague_is_invited_from_a_phone_and_joins(sign_in: SignIn, folder: Path) -> None:
    house, address = found_house(folder, "Ferry House", "Plain Anchor"), "tova@desk.example"
    owner = sign_in(house.account("first"))
    owner.set_viewport_size(PHONE)
    open_house(owner, house)
    members = owner.get_by_role("region", name="Members").locator(".rows > li")
    expect(members).to_have_count(4)
    invite(owner, "no address")
    expect(owner.locator("#id_address")).to_have_value("no address")
    expect(owner.get_by_role("alert")).to_contain_text("E-mail address")
    fits(owner)
    invite(owner, address, "Member")
    expect(owner.get_by_role("status").filter(has_text="Invitation sent.")).to_be_visible()
    waiting = owner.get_by_role("region", name="Invite somebody").locator("li", has_text=address)
    expect(waiting).to_contain_text(house.account("first"))
    expect(members).to_have_count(4)
    fits(owner)

    letter = read_letter(sign_in, address)
    for name in (house.name, house.codename, house.account("first")):
        assert name not in letter
    link = link_in(letter)
    guest = sign_in("")
    guest.set_viewport_size(PHONE)
    guest.goto(link)
    for _again in range(2):
        expect(guest.get_by_role("heading", level=1)).to_have_text("An invitation")
        for name in (house.name, house.account("first"), address):
            assert name not in guest.content()
        fits(guest)
        guest.reload()
    guest.get_by_label("Name").fill("Tova")
    guest.get_by_label("Password").fill("short")
    guest.get_by_role("button", name="Make the account").click()
    expect(guest.get_by_role("alert")).to_contain_text("Password")
    expect(guest.get_by_label("Name")).to_have_value("Tova")
    guest.get_by_label("Password").fill(CHOSEN)
    guest.get_by_role("button", name="Make the account").click()
    expect(guest.get_by_text("Your account is there. Sign in with it.")).to_be_visible()

    give_password(guest, address, CHOSEN)
    guest.wait_for_url("**/account/second-factor/")
    guest.goto(house.organisation)
    guest.wait_for_url("**/account/second-factor/")
    fits(guest)
    set_up_app(guest)
    open_house(guest, house)
    expect(
        guest.get_by_role("region", name="Members").locator(".rows > li", has_text="Tova")
    ).to_contain_text("you")
    expect(guest.get_by_role("region", name="Invite somebody")).to_have_count(0)
    assert_reads_nothing_of(guest, house)

    assert_opens_nothing(guest, link)
    assert_opens_nothing(sign_in(""), link)
    owner.reload()
    joined = members.filter(has_text="Tova")
    expect(joined).to_contain_text("Member · since")
    expect(joined).to_contain_text(address)
    expect(waiting).to_have_count(0)
    fits(owner)


def reach(page: Page, wanted: Locator) -> None:
    """Press Tab until it has the focus, and see that this shows."""
    expect(wanted).to_have_count(1)
    for _tab in range(MOST_TABS):
        if wanted.evaluate("element => element === document.activeElement"):
            break
        page.keyboard.press("Tab")
    expect(wanted).to_be_focused()
    assert wanted.evaluate(SHOWS), f"nothing shows that {wanted} has the focus"


def press(page: Page, wanted: Locator) -> None:
    reach(page, wanted)
    page.keyboard.press("Enter")


def type_into(page: Page, wanted: Locator, text: str) -> None:
    reach(page, wanted)
    page.keyboard.type(text)


def test_it_works_with_keys_alone(sign_in: SignIn, folder: Path) -> None:
    house, address = found_house(folder, "Lock House", "Plain Rudder"), "yara@desk.example"
    owner = sign_in(house.account("first"))
    owner.goto("/account/")
    press(owner, owner.get_by_role("main").get_by_role("link", name=house.name))
    expect(owner.get_by_role("heading", level=1)).to_have_text(house.name)
    type_into(owner, owner.locator("#id_address"), address)
    type_into(owner, owner.locator("#id_role"), "Registrar")
    press(owner, owner.get_by_role("button", name="Send the invitation"))
    expect(owner.get_by_role("status").filter(has_text="Invitation sent.")).to_be_visible()
    expect(owner.locator("li", has_text=address)).to_contain_text("Registrar")

    guest = sign_in("")
    guest.goto(link_in(read_letter(sign_in, address)))
    type_into(guest, guest.locator("#id_name"), "Yara")
    type_into(guest, guest.locator("#id_password"), CHOSEN)
    press(guest, guest.get_by_role("button", name="Make the account"))
    expect(guest.get_by_text("Your account is there. Sign in with it.")).to_be_visible()
    type_into(guest, guest.locator("#id_login"), address)
    type_into(guest, guest.locator("#id_password"), CHOSEN)
    press(guest, guest.get_by_role("main").get_by_role("button", name="Sign in"))
    press(guest, guest.get_by_role("link", name="Set up an app"))
    code = guest.locator("#id_code")
    expect(code).to_have_count(1)
    type_into(guest, code, shown_for(guest.locator("#secret").inner_text()))
    press(guest, guest.get_by_role("button", name="Set up", exact=True))
    press(guest, guest.get_by_role("link", name="I have kept them"))
    guest.wait_for_url(re.compile(r"\d/$"))

    owner.goto(house.organisation)
    # By a letter that went through a steward's hands nobody becomes more than a member; the owner makes them more.
    row = owner.get_by_role("region", name="Members").locator(".rows > li", has_text="Yara")
    expect(row).to_contain_text("Member · since")
    press(owner, row.locator("summary"))
    type_into(owner, row.locator("select"), "Registrar")
    press(owner, row.get_by_role("button", name="Save the role"))
    expect(row).to_contain_text("Registrar · since")


def test_its_pages_in_arabic(sign_in: SignIn, folder: Path) -> None:
    house, address = found_house(folder, "Quay House", "Plain Capstan"), "hana@desk.example"
    owner = sign_in(house.account("first"))
    open_house(owner, house)
    invite(owner, address)
    link = link_in(read_letter(sign_in, address))
    set_language(owner, "ar")
    owner.goto(house.organisation)
    wrong = wrong_in_arabic(owner, f"{address} {house.people}")

    guest = sign_in("")
    guest.goto(link)
    choose_arabic(guest)
    wrong += wrong_in_arabic(guest)
    guest.locator("#id_name").fill("هناء")
    guest.locator("#id_password").fill(CHOSEN)
    guest.locator("main form.pane button").click()
    wrong += wrong_in_arabic(guest)
    give_password(guest, address, CHOSEN)
    guest.wait_for_url("**/account/second-factor/")
    # Who joined reading Arabic has an account in Arabic.
    wrong += wrong_in_arabic(guest)
    gone = sign_in("")
    gone.goto(link)
    choose_arabic(gone)
    wrong += wrong_in_arabic(gone)

    assert wrong == []
