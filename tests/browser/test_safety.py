"""Ending sign-ins from another device: all of them for whoever fears, one for whoever forgot to sign out."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from t2d.demo import DOMAIN, PASSWORD
from tests.browser.conftest import SignIn


def give_password(page: Page, name: str) -> None:
    page.locator("#id_login").fill(f"{name}@{DOMAIN}")
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()


def test_the_button_ends_every_sign_in_and_keeps_what_was_half_typed(sign_in: SignIn) -> None:
    lost, here = sign_in("rapporteur"), sign_in("rapporteur")
    lost.goto("/sessions/new/")
    lost.get_by_label("Purpose, in a line").fill("Typed on the phone that was taken")
    expect(lost.locator("[data-draft-state]")).to_contain_text("Draft kept", timeout=15000)

    here.set_viewport_size({"width": 390, "height": 844})
    here.goto("/")
    here.locator(".bar summary").click()
    here.locator(".bar").get_by_role("link", name="End all sign-ins").click()
    here.get_by_role("button", name="End everything now").click()
    expect(here.get_by_text("All your sign-ins and tokens are ended.")).to_be_visible()

    lost.reload()
    expect(lost.locator("#id_password")).to_be_visible()
    assert "Typed on the phone" not in lost.content()
    lost.goto("/people/")
    expect(lost.locator("#id_password")).to_be_visible()

    here.goto("/sessions/new/")
    give_password(here, "rapporteur")
    expect(here.get_by_label("Purpose, in a line")).to_have_value("Typed on the phone that was taken")
    here.get_by_role("button", name="Discard the draft").click()


def test_one_sign_in_is_ended_from_the_account(sign_in: SignIn) -> None:
    left_open, here = sign_in("rapporteur"), sign_in("rapporteur")
    here.goto("/account/")
    signed = here.get_by_role("region", name="Where you are signed in")
    expect(signed.get_by_text("this one")).to_have_count(1)
    others = signed.get_by_role("button", name="End it")
    for _other in range(others.count()):
        others.first.click()
        expect(here.get_by_text("That sign-in is ended.")).to_be_visible()

    left_open.goto("/people/")
    expect(left_open.locator("#id_password")).to_be_visible()
    here.goto("/people/")
    expect(here.get_by_role("heading", level=1)).to_be_visible()


def test_what_one_person_typed_is_never_kept_for_the_next_in_the_same_browser(sign_in: SignIn) -> None:
    """Signed out in another window, where somebody else signs in then."""
    first = sign_in("rapporteur")
    first.goto("/sessions/new/")
    purpose = first.get_by_label("Purpose, in a line")
    purpose.fill("Words of the first")
    expect(first.locator("[data-draft-state]")).to_contain_text("Draft kept", timeout=15000)
    second = first.context.new_page()
    second.goto("/account/")
    second.get_by_role("region", name="Safety").get_by_role("button", name="Sign out").click()
    give_password(second, "rival")
    expect(second.get_by_role("heading", level=1)).to_be_visible()

    purpose.fill("Words of the first, and more of them")
    expect(first.locator("[data-draft-state]")).to_contain_text("nothing was sent", timeout=15000)
    first.get_by_role("button", name="Log the session").last.click()
    expect(first.locator("[data-draft-state]")).to_contain_text("nothing was sent")
    expect(purpose).to_have_value("Words of the first, and more of them")
    second.goto("/sessions/new/")
    assert "Words of the first" not in second.content()
