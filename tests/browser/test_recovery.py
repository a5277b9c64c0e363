"""An account that a steward set up anew: the way in, what it waits for, and who says that it is really them."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from t2d.demo import PASSWORD
from tests.browser.arabic import PHONE, choose_arabic, wrong_in_arabic
from tests.browser.conftest import SignIn
from tests.browser.house import INSIDE, House, found_house
from tests.browser.letters import link_in, read_letter
from tests.browser.test_invitation import assert_opens_nothing, fits
from tests.browser.test_look import set_language
from tests.browser.test_second_factor import give_password, set_up_app

CHOSEN = "boats-in-the-rain-7"
PARTS = ("", "brief/", "team/", "sessions/")
# On the page of an account: languages by their own names, the browser.
LEFT_IN_LATIN = "English Français Chrome Linux"


def recover(sign_in: SignIn, address: str) -> str:
    """A steward sets up the account of this address anew, and hands over the link."""
    steward = sign_in("steward")
    steward.goto("/accounts/recover/")
    steward.get_by_label("Address of the account").fill(address)
    steward.get_by_role("button", name="Do it").click()
    expect(steward.get_by_text("A link for a new password is on its way.")).to_be_visible()
    return link_in(read_letter(sign_in, address))


def statuses(page: Page, house: House) -> set[int]:
    found = set()
    for part in PARTS:
        answer = page.goto(f"{house.initiative}{part}")
        assert answer is not None
        found.add(answer.status)
    return found


def reads_brief(page: Page, house: House) -> bool:
    page.goto(f"{house.initiative}brief/")
    return INSIDE in page.content()


def say_it_is_them(page: Page, name: str) -> None:
    """From home, where it is asked."""
    page.goto("/")
    page.get_by_role("region", name="Is it really them?").locator("li", has_text=name).get_by_role(
        "link", name="Look"
    ).click()
    row = page.get_by_role("main").locator("li", has_text=name).filter(has_text="to be admitted again")
    row.get_by_role("button", name="It is really them").click()
    expect(page.get_by_text(f"{name} is admitted again.")).to_be_visible()


def test_what_was_open_before_opens_again_by_an_owner_and_a_lead(sign_in: SignIn, folder: Path) -> None:
    address = "rosa@desk.example"
    house = found_house(folder, "Tiller House", "Slow Pennant", guest=address)
    name = house.account("guest")
    lost = sign_in("")
    give_password(lost, address, PASSWORD)
    lost.wait_for_url("**/account/second-factor/")
    set_up_app(lost)
    assert reads_brief(lost, house)

    link = recover(sign_in, address)
    lost.goto(f"{house.initiative}brief/")
    expect(lost.locator("#id_password")).to_be_visible()
    assert INSIDE not in lost.content()
    give_password(lost, address, PASSWORD)
    expect(lost.get_by_role("alert")).to_be_visible()

    page = sign_in("")
    page.set_viewport_size(PHONE)
    page.goto(link)
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Set a password")
    assert not [word for word in (house.name, name, address) if word in page.content()]
    page.get_by_label("Password").fill("short")
    page.get_by_role("button", name="Set a password").click()
    expect(page.get_by_role("alert")).to_contain_text("Password")
    page.get_by_label("Password").fill(CHOSEN)
    page.get_by_role("button", name="Set a password").click()
    assert_opens_nothing(sign_in(""), link)
    give_password(page, address, CHOSEN)
    page.wait_for_url("**/account/second-factor/")
    set_up_app(page)
    assert_says_what_it_waits_for(page, house)
    assert statuses(page, house) == {404}

    say_it_is_them(sign_in(house.account("first")), name)
    page.goto("/")
    expect(page.get_by_role("region", name="Your account waits for a word")).to_contain_text("a lead of each")
    page.goto(house.organisation)
    expect(page.get_by_role("region", name="Members")).to_contain_text(name)
    assert statuses(page, house) == {404}

    say_it_is_them(sign_in(house.account("lead")), name)
    assert statuses(page, house) == {200}
    assert reads_brief(page, house)
    page.goto("/")
    expect(page.get_by_text("Your account waits for a word")).to_have_count(0)
    expect(page.get_by_role("region", name="Your initiatives")).to_contain_text(house.codename)


def assert_says_what_it_waits_for(page: Page, house: House) -> None:
    """On the page one begins with and on the account's; what it cannot open it does not lead to."""
    page.goto("/")
    waits = page.get_by_role("region", name="Your account waits for a word")
    expect(waits).to_contain_text("until an owner there says that it is really you")
    expect(page.get_by_role("main")).not_to_contain_text("waits to be vetted")
    assert house.codename not in page.content()
    fits(page)
    page.goto("/account/")
    own = page.get_by_role("region", name="Your organisations")
    expect(own).to_contain_text("an owner has to admit you again")
    expect(own.get_by_role("link")).to_have_count(0)
    fits(page)


def test_its_pages_in_arabic(sign_in: SignIn, folder: Path) -> None:
    address = "samira@desk.example"
    house = found_house(folder, "Hawser House", "Slow Burgee", guest=address)
    page = sign_in("")
    page.goto(recover(sign_in, address))
    choose_arabic(page)
    wrong = wrong_in_arabic(page)
    page.locator("#id_password").fill(CHOSEN)
    page.locator("main form.pane button").click()
    give_password(page, address, CHOSEN)
    page.wait_for_url("**/account/second-factor/")
    set_up_app(page)
    set_language(page, "ar")
    for path in ("/", "/account/"):
        page.goto(path)
        wrong += wrong_in_arabic(page, LEFT_IN_LATIN)
    for who, path in (("first", house.organisation), ("lead", f"{house.initiative}team/")):
        asked = sign_in(house.account(who))
        set_language(asked, "ar")
        asked.goto("/")
        wrong += wrong_in_arabic(asked, f"{house.people} {house.codename}")
        asked.goto(path)
        wrong += wrong_in_arabic(asked, f"{address} {house.people} {house.codename}")
    steward = sign_in("steward")
    set_language(steward, "ar")
    steward.goto("/accounts/recover/")
    wrong += wrong_in_arabic(steward)
    set_language(steward, "en")

    assert wrong == []
