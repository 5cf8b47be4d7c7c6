"""Check-in, the first screen by need, and the ending, on the page in a real browser; no model takes part."""

from __future__ import annotations

import pytest
from chromium import composer, said, say, settled
from playwright.sync_api import Page, expect
from test_page import SMALL
from test_pipeline import Shelf, Silent

from coach.cards import Library
from coach.pipeline import Coach
from coach.safety.support import Directory
from coach.settings import Settings
from coach.web import server

pytestmark = pytest.mark.browser
TALK = (
    "I snapped at my girlfriend about the dishes.",
    "I was so tired that I could not think.",
    "I miss her.",
)


@pytest.fixture(scope="module")
def house_guard(library: Library, directory: Directory) -> server.Guard:
    coach = Coach(Silent(), Shelf(library, "evening-check-in"), library, directory, guess="GB")
    return server.build(coach, library, directory, Settings(open_browser=False))


def choose(page: Page, skill: str) -> None:
    page.get_by_role("radio", name=skill, exact=True).check(force=True)


def mark(page: Page, scale: str, level: str) -> None:
    page.get_by_role("radiogroup", name=scale).get_by_role("radio", name=level, exact=True).check(force=True)


# --- check-in ---------------------------------------------------------------------------------


def test_a_check_in_is_sent_as_one_message_and_talk_goes_on(page: Page) -> None:
    choose(page, "Check in")
    expect(page.locator("#intro .check_in h1")).to_be_visible()
    expect(composer(page)).to_be_hidden()
    page.get_by_label("Feeling").fill("tired")
    page.get_by_label("Need").fill("a hug")
    mark(page, "Calm", "2")
    page.get_by_label("Need").press("Enter")
    expect(page.locator("#transcript .me")).to_contain_text(
        "Feeling: tired.\nNeed: a hug.\nCalm 2 of 10.", use_inner_text=True
    )
    settled(page)
    expect(said(page)).to_contain_text(
        "You feel tired, and what you need is a hug. There is little calm just now."
    )
    expect(composer(page)).to_be_visible()
    expect(composer(page)).to_be_focused()
    choose(page, "Check in")
    expect(page.get_by_label("Feeling")).to_have_value("")
    expect(page.get_by_role("radiogroup", name="Calm").get_by_role("radio", name="skip")).to_be_checked()


def test_a_check_in_takes_the_keyboard_alone(page: Page) -> None:
    choose(page, "Check in")
    page.get_by_label("Feeling").focus()
    page.keyboard.type("low")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowLeft")  # there is nothing before "skip"
    page.keyboard.press("Tab")
    for _ in range(8):
        page.keyboard.press("ArrowUp")
    page.keyboard.press("Tab")
    expect(page.locator("#send")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#transcript .me")).to_contain_text(
        "Feeling: low.\nConnection 1 of 10, hope 7 of 10.", use_inner_text=True
    )
    settled(page)
    expect(composer(page)).to_be_focused()


def test_no_hope_asks_the_direct_question_and_leaves_room_for_an_answer(page: Page) -> None:
    choose(page, "Check in")
    mark(page, "Hope", "0")
    page.locator("#send").click()
    expect(page.locator("#transcript .support")).to_contain_text("suicide")
    settled(page)
    say(page, "no")
    settled(page)
    expect(page.locator("#transcript .me")).to_have_count(2)


def test_an_empty_check_in_sends_nothing_and_loses_nothing(page: Page) -> None:
    say_draft = "half a sentence"
    composer(page).fill(say_draft)
    choose(page, "Check in")
    page.locator("#send").click()
    page.wait_for_timeout(400)
    expect(page.locator("#transcript .me")).to_have_count(0)
    expect(page.locator("#check-in")).to_be_visible()
    choose(page, "Talk")
    expect(composer(page)).to_have_value(say_draft)


def test_a_check_in_can_be_edited_and_asked_again(page: Page) -> None:
    choose(page, "Check in")
    page.get_by_label("Feeling").fill("<b>cross</b> & 50% tired")
    mark(page, "Hope", "7")
    page.locator("#send").click()
    settled(page)
    expect(page.locator("#transcript .me")).to_contain_text("<b>cross</b> & 50% tired")
    page.locator("#again").click()
    settled(page)
    expect(said(page)).to_contain_text("Hope is within reach")
    page.locator("#edit").click()
    expect(page.get_by_label("Feeling")).to_have_value("<b>cross</b> & 50% tired")
    expect(page.get_by_role("radiogroup", name="Hope").get_by_role("radio", name="7")).to_be_checked()
    expect(page.locator("#transcript .me")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_check_in_fits_a_phone(page: Page, scheme: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    expect(page.locator("#needs button")).to_have_count(5)
    assert page.evaluate(SMALL) == []
    choose(page, "Check in")
    expect(page.locator("#check-in")).to_be_in_viewport()
    expect(page.locator("#intro .check_in h1")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    sizes = page.evaluate(
        "[...document.querySelectorAll('#check-in .scale label')].map(one => one.getBoundingClientRect())"
        ".map(box => [box.width, box.height, box.right])"
    )
    assert len(sizes) == 36
    assert all(width >= 24 and height >= 24 and right <= 390 for width, height, right in sizes)


# --- the first screen -------------------------------------------------------------------------


def test_the_first_screen_offers_by_need(page: Page) -> None:
    page.get_by_role("button", name="Hear me").click()
    expect(composer(page)).to_be_focused()
    page.get_by_role("button", name="Decide something").click()
    expect(page.locator("#intro .decide")).to_contain_text("it does not decide")
    expect(page.locator("#intro .talk")).to_be_hidden()
    expect(composer(page)).to_be_focused()
    page.get_by_role("button", name="Find words").click()
    expect(page.get_by_role("radio", name="Reframe")).to_be_checked()
    expect(page.locator("#intro .reframe h1")).to_be_visible()
    expect(page.locator("#needs")).to_be_hidden()
    choose(page, "Talk")
    expect(page.locator("#needs")).to_be_visible()
    say(page, TALK[0])
    settled(page)
    expect(page.locator("#needs")).to_be_hidden()


def test_what_was_chosen_by_need_is_what_is_sent(page: Page) -> None:
    page.get_by_role("button", name="Find words").click()
    say(page, "You never listen to me!")
    expect(page.locator("#transcript .sheet, #transcript .card").first).to_be_visible()
    settled(page)


@pytest.mark.parametrize("name", ["Calm me down", "Practise"])
def test_an_exercise_is_one_tap_away(page: Page, name: str) -> None:
    button = page.locator("#needs").get_by_role("button", name=name)
    expect(button).to_have_attribute("aria-haspopup", "dialog")
    button.press("Enter")
    expect(page.locator("#practice")).to_be_visible()


# --- ending well ------------------------------------------------------------------------------


def test_a_longer_talk_can_be_ended_once(page: Page) -> None:
    end = page.get_by_role("button", name="End for tonight")
    for text in TALK:
        expect(end).to_be_hidden()
        say(page, text)
        settled(page)
    end.click()
    expect(page.locator("#transcript .me").last).to_contain_text("I want to end here for tonight.")
    settled(page)
    expect(said(page).last).to_contain_text("You snapped at your girlfriend about the dishes")
    expect(end).to_be_hidden()
    page.locator("#again").click()
    settled(page)
    expect(said(page).last).to_contain_text("You snapped at your girlfriend about the dishes")


def test_no_ending_is_offered_in_a_pause(page: Page) -> None:
    for text in TALK:
        say(page, text)
        settled(page)
    say(page, "my husband hit me again and I am scared to go home")
    settled(page)
    expect(page.locator("#back")).to_be_visible()
    expect(page.get_by_role("button", name="End for tonight")).to_be_hidden()
