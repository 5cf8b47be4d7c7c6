"""Exercises in a real browser: the list, the steps with their timer, the end, the rest, and every way in."""

from __future__ import annotations

import time

import pytest
from chromium import Watched, composer, say, settled, wait_for
from playwright.sync_api import Locator, Page, expect
from shared import Answers

from coach.cards import Library
from coach.safety.support import Directory
from coach.settings import Settings
from coach.turn import Reply
from coach.web import server

pytestmark = pytest.mark.browser

LOW = """() => [...document.querySelectorAll("#practice button, #practice a, #practice label, #practice summary, .sb-top button")]
    .filter((one) => one.checkVisibility() && Math.min(one.getBoundingClientRect().height, one.getBoundingClientRect().width) < 24)
    .map((one) => one.outerHTML.slice(0, 80))"""
WIDE = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth || (() => { const one = document.querySelector('#practice'); return one.scrollWidth > one.clientWidth; })()"
HEADER = "() => { const one = document.querySelector('.sb-top'); return one.scrollWidth <= one.clientWidth && [...one.children].every((b) => b.getBoundingClientRect().right <= innerWidth + 1); }"


def offered(text: str, skill: str | None) -> Reply:
    """Offers the exercise whose card the message names."""
    return Reply("There is an exercise.", "practice", "composed", exercise=text)


@pytest.fixture(scope="module")
def house_guard(library: Library, directory: Directory) -> server.Guard:
    return server.build(Answers(offered), library, directory, Settings(open_browser=False))


def panel(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Practise")


def press(page: Page, name: str) -> None:
    panel(page).get_by_role("button", name=name, exact=True).click()
    expect(page.locator("#practice [data-view]")).not_to_have_attribute("aria-busy", "true")


def shows(page: Page, title: str) -> None:
    expect(panel(page).get_by_role("heading", name=title, exact=True)).to_be_visible()


def begin(page: Page, title: str) -> None:
    page.locator(".sb-top").get_by_role("button", name="Practise").click()
    press(page, title)
    shows(page, title)


def write(page: Page, text: str, *, then: str = "Next") -> None:
    panel(page).locator("textarea").fill(text)
    press(page, then)


@pytest.mark.browser
def test_the_exercises_are_listed_by_need_and_each_opens(page: Page, library: Library) -> None:
    page.locator(".sb-top").get_by_role("button", name="Practise").click()
    for need in library.needs:
        expect(panel(page).get_by_role("heading", name=need.name)).to_be_visible()
    titles = panel(page).locator(".title")
    assert titles.count() == sum(bool(card.exercise) for card in library.cards.values()) == 15
    for number in range(titles.count()):
        title = titles.nth(number).inner_text()
        titles.nth(number).click()
        shows(page, title)
        expect(panel(page).locator(".step")).to_be_focused()
        press(page, "End here")
        expect(panel(page).get_by_text("Nothing is written down")).to_be_visible()
        press(page, "All exercises")


@pytest.mark.browser
def test_words_are_kept_through_next_back_and_close_and_come_at_the_end(page: Page) -> None:
    begin(page, "Name what you feel")
    press(page, "Next")
    write(page, "heavy & <b>cold</b>\nlike lead")
    expect(panel(page).locator(".step")).to_contain_text(
        "You feel: heavy & <b>cold</b>\nlike lead", use_inner_text=True
    )
    panel(page).locator(".marks label").nth(7).click()
    press(page, "Next")
    panel(page).get_by_label("comfort").check(force=True)
    press(page, "Back")
    assert panel(page).locator(".marks input:checked").input_value() == "7"
    press(page, "Close")
    page.locator(".sb-top").get_by_role("button", name="Practise").click()
    press(page, "Back")
    expect(panel(page).locator("textarea")).to_have_value("heavy & <b>cold</b>\nlike lead")
    press(page, "Next")
    press(page, "Next")
    assert panel(page).get_by_label("comfort").is_checked()
    press(page, "End here")
    written = panel(page).locator("[data-written]").inner_text()
    for part in ("What I feel", "heavy & <b>cold</b>", "How strong", "7", "What I need", "comfort"):
        assert part in written
    press(page, "Back")
    assert panel(page).get_by_label("comfort").is_checked()


@pytest.mark.browser
def test_the_minute_runs_by_itself_can_be_paused_and_skipped(page: Page) -> None:
    begin(page, "Sixty seconds without typing")
    expect(panel(page).get_by_role("timer")).to_have_text("0:09", timeout=3000)
    assert panel(page).locator("textarea, input:not([type=hidden])").count() == 0
    press(page, "Pause")
    stands = panel(page).get_by_role("timer").inner_text()
    time.sleep(1.6)
    assert panel(page).get_by_role("timer").inner_text() == stands
    press(page, "Go on")
    expect(panel(page).get_by_text("Step 2 of 5")).to_be_visible(timeout=15_000)  # by itself
    expect(panel(page).locator(".step")).to_be_focused()
    press(page, "Next")
    expect(panel(page).get_by_text("Step 3 of 5")).to_be_visible()
    press(page, "Close")
    closed = page.locator("#practice [data-left]").text_content()
    time.sleep(1.6)
    assert page.locator("#practice [data-left]").text_content() == closed


@pytest.mark.browser
def test_lines_that_are_not_believed_are_dropped(page: Page) -> None:
    begin(page, "Lines you can believe")
    write(page, "the silence")
    write(page, "I got through today\nI am wonderful\nOthers know this too")
    rows = panel(page).locator("fieldset")
    expect(rows).to_have_count(3)
    for row, mark in zip(rows.all(), (7, 3, 9), strict=True):
        row.locator("label").nth(mark).click()
    press(page, "Next")
    expect(panel(page).locator(".step")).to_contain_text("I got through today")
    expect(panel(page).locator(".step")).not_to_contain_text("wonderful")
    press(page, "End here")
    expect(panel(page).locator("[data-written]")).to_contain_text("Others know this too")
    expect(panel(page).locator("[data-written]")).not_to_contain_text("wonderful")


@pytest.mark.browser
def test_a_sentence_of_the_drill_is_looked_at_and_tried_again(page: Page) -> None:
    begin(page, "Ten soft starts, a drill")
    press(page, "Next")
    write(page, "You never listen to me", then="Look at it")
    expect(panel(page).get_by_role("status").first).to_contain_text("never")
    expect(panel(page).locator("textarea")).to_have_value("You never listen to me")
    expect(panel(page).locator("textarea")).to_be_focused()
    write(
        page,
        "I felt alone when the news went on. Could you turn it down for five minutes?",
        then="Look at it",
    )
    expect(panel(page).get_by_text("That can be heard")).to_be_visible()


@pytest.mark.browser
def test_danger_rests_the_exercise_loses_nothing_and_keeps_others_off(page: Page) -> None:
    begin(page, "Ask for what you need")
    write(page, "He hit me last night and I am afraid of him")
    alert = panel(page).get_by_role("alert").first
    expect(alert).to_contain_text("the exercise rests here")
    expect(panel(page).locator("ul.lines li").first).to_be_visible()
    panel(page).locator(".row").get_by_role("button", name="Support").click()
    expect(page.get_by_role("dialog", name="People who can help")).to_be_visible()
    page.keyboard.press("Escape")
    page.reload()
    expect(composer(page)).to_be_visible(timeout=20_000)
    page.locator(".sb-top").get_by_role("button", name="Practise").click()
    expect(panel(page).get_by_role("button", name="Sixty seconds without typing")).to_be_visible()
    expect(panel(page).get_by_role("button", name="Repair in three steps")).to_have_count(0)


@pytest.mark.browser
def test_back_from_a_rest_shows_what_was_typed(page: Page) -> None:
    begin(page, "Don't send it yet")
    write(page, "I want to die")
    expect(panel(page).get_by_role("alert").first).to_contain_text("rests here")
    press(page, "Back")
    expect(panel(page).locator("textarea")).to_have_value("I want to die")
    write(page, "I want to sleep")
    expect(panel(page).get_by_text("Step 2 of 7")).to_be_visible()


@pytest.mark.browser
def test_a_doubt_is_asked_about_once_and_a_no_goes_on(page: Page) -> None:
    begin(page, "Ask for what you need")
    write(page, "he goes through my phone")
    expect(panel(page).get_by_role("alert").first).to_contain_text("is somebody in danger")
    press(page, "Yes, or not sure")
    expect(panel(page).locator("ul.lines li").first).to_be_visible()
    press(page, "Back")  # it is off now; the words are there
    expect(panel(page)).to_contain_text("choose Talk")
    expect(panel(page).locator("[data-written]")).to_contain_text("he goes through my phone")
    press(page, "All exercises")
    expect(panel(page).get_by_role("button", name="Repair in three steps")).to_have_count(0)


@pytest.mark.browser
def test_a_no_to_the_question_goes_on_and_is_not_asked_again(page: Page) -> None:
    begin(page, "Don't send it yet")
    press(page, "End here")
    press(page, "All exercises")
    press(page, "A week of backing, one small act a day")
    write(page, "what's the point of anything")
    press(page, "No, go on")
    expect(panel(page).get_by_text("Step 2 of 6")).to_be_visible()
    write(page, "what's the point of anything")
    expect(panel(page).get_by_text("Step 3 of 6")).to_be_visible()
    expect(panel(page).locator(".note")).to_have_count(0)


@pytest.mark.browser
def test_too_much_is_said_and_kept(page: Page) -> None:
    begin(page, "Don't send it yet")
    write(page, "so angry " * 900)
    expect(panel(page).get_by_role("alert")).to_contain_text("longer than 6000 characters")
    assert len(panel(page).locator("textarea").input_value()) == 8100
    expect(panel(page).get_by_role("button", name="Next")).to_be_enabled()


@pytest.mark.browser
def test_a_reply_and_the_library_lead_into_an_exercise(page: Page) -> None:
    say(page, "evening-thanks")
    settled(page)
    page.get_by_role("button", name="Begin: Three small kindnesses, each evening").click()
    shows(page, "Three small kindnesses, each evening")
    press(page, "Close")
    say(page, "no-such-card")
    settled(page)
    expect(page.locator("#transcript .begin")).to_have_count(1)
    page.get_by_role("button", name="Library").click()
    shelves = page.get_by_role("dialog", name="The library")
    shelves.locator("summary", has_text="Seeing it another way").click()
    shelves.get_by_role("button", name="Down the ladder, rung by rung").click()
    shelves.get_by_role("button", name="Practise this").click()
    shows(page, "Down the ladder, rung by rung")


@pytest.mark.browser
def test_what_was_written_can_be_copied_and_printed_alone(page: Page, profile: Watched) -> None:
    profile.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("window.print = () => { window.printed = true; }")
    begin(page, "One chases, one backs off")
    write(page, "ask")
    write(page, "go quiet", then="End here")
    press(page, "Copy")
    expect(panel(page).get_by_text("Copied.")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "The more I…" in copied and "go quiet" in copied
    press(page, "Print")
    assert page.evaluate("window.printed")
    page.emulate_media(media="print")
    expect(panel(page).get_by_text("go quiet")).to_be_visible()
    expect(page.locator(".sb-top")).to_be_hidden()
    expect(panel(page).get_by_role("button", name="Copy")).to_be_hidden()


def test_a_reminder_is_saved_only_by_a_click_and_holds_nothing_that_was_typed(page: Page) -> None:
    begin(page, "Don't send it yet")
    write(page, "marker-one")
    for _ in range(6):
        press(page, "Next")
    with page.expect_download() as saved:
        panel(page).get_by_role("link", name="Save a reminder").click()
    assert saved.value.suggested_filename == "reminder.ics"
    text = saved.value.path().read_bytes().decode()
    assert text.startswith("BEGIN:VCALENDAR\r\n") and "SUMMARY:A few quiet minutes\r\n" in text
    assert "marker" not in text
    expect(panel(page).locator("[data-written]")).to_contain_text("marker-one")  # the page stays as it was
    assert page.evaluate(LOW) == []


@pytest.mark.browser
def test_leave_now_and_a_new_conversation_leave_nothing(page: Page) -> None:
    begin(page, "Don't send it yet")
    write(page, "marker-one")
    press(page, "Close")
    say(page, "hello")
    settled(page)
    page.locator("#new").click()
    wait_for(lambda: "marker-one" not in page.content())
    begin(page, "Don't send it yet")
    write(page, "marker-two")
    panel(page).get_by_role("button", name="Leave now").click()
    page.wait_for_url("**/measures")
    assert "marker" not in page.content()
    page.go_back()
    assert "marker" not in page.content()


@pytest.mark.browser
def test_a_stray_click_beside_it_does_not_close_it(page: Page) -> None:
    begin(page, "Don't send it yet")
    page.mouse.click(4, 400)
    expect(panel(page)).to_be_visible()


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 360, 1280])
def test_it_fits_a_phone_and_a_desk(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    assert page.evaluate(HEADER)
    begin(page, "Lines you can believe")
    write(page, "the silence")
    write(page, "I got through today\nOthers know this too")
    assert page.evaluate(LOW) == []
    assert not page.evaluate(WIDE)


@pytest.mark.browser
def test_it_can_be_gone_through_by_keyboard_alone(page: Page) -> None:
    page.locator(".sb-top").get_by_role("button", name="Practise").focus()
    page.keyboard.press("Enter")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Lines you can believe":
            break
    page.keyboard.press("Enter")
    shows(page, "Lines you can believe")
    page.keyboard.press("Tab")
    page.keyboard.type("the silence")
    for _ in range(3):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Next":
            break
    page.keyboard.press("Enter")
    expect(panel(page).get_by_text("Step 2 of 5")).to_be_visible()
