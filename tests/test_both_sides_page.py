"""Both sides in a real browser: the whole way, and every way out of it, with nothing left behind."""

from __future__ import annotations

import pytest
from chromium import Watched, composer, say, wait_for
from playwright.sync_api import Locator, Page, expect
from shared import Answers

from coach.cards import Library
from coach.safety.support import Directory
from coach.settings import Settings
from coach.turn import Reply, Risk
from coach.web import server
from coach.web.both_sides import Sides

pytestmark = pytest.mark.browser

SECRET = "Nobody may read marker-one."
CHOSEN = "You may read marker-two."
PRIVATE = "marker-one"

# All that the document holds, text in boxes included, and what the browser would give back.
LEFT = """() => [document.documentElement.outerHTML, ...[...document.querySelectorAll("textarea, input")].map((box) => box.value),
    JSON.stringify({...localStorage}), JSON.stringify({...sessionStorage}), location.href, JSON.stringify(history.state)].join("\\n")"""
LOW = """() => [...document.querySelectorAll("#both button, #both summary, #both input, #both label")]
    .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 24)
    .map((one) => one.outerHTML.slice(0, 80))"""


def quiet(text: str, skill: str | None) -> Reply:
    """One sentence, with the risk of the message."""
    risk = Risk(2, "partner_violence", "self") if "afraid" in text else Risk()
    return Reply("I see.", "listen", "composed", risk)


@pytest.fixture(scope="module")
def house_guard(directory: Directory) -> server.Guard:
    return server.build(Answers(quiet), Library({}), directory, Settings(open_browser=False))


@pytest.fixture
def guard(guard: server.Guard) -> server.Guard:
    guard.sides = Sides(chance=lambda: False, beat_s=0.01)
    return guard


def enter(page: Page) -> None:
    page.get_by_role("button", name="Both sides").click()
    page.get_by_role("button", name="We both want this").click()
    expect(heading(page)).to_have_text("The first of you, alone")


def heading(page: Page) -> Locator:
    return page.locator("#both h3")


def press(page: Page, name: str) -> None:
    page.get_by_role("dialog", name="Both sides").get_by_role("button", name=name).click()


def write(page: Page, happened: str, *, afraid: str = "No") -> None:
    press(page, "I am alone with the screen")
    page.get_by_label("What happened, from my side").fill(happened)
    page.get_by_label("What I need").fill("A slow evening.")
    for asked in page.locator("#both fieldset").all():
        answer = afraid if "Are you afraid" in asked.inner_text() else "No"
        asked.get_by_label(answer).check()
    press(page, "Go on to choosing")
    expect(heading(page)).to_have_text("What may the other read?")


def choose(page: Page, *lines: int) -> None:
    assert page.locator("#both input:checked").count() == 0
    for line in lines:
        page.get_by_label(f"Show this line: Line {line}").check()
    press(page, "That is all; clear this page")


def close(page: Page, *, by_key: bool = False) -> None:
    """Close it after it was begun, which brings a fresh page."""
    with page.expect_navigation():
        if by_key:
            page.keyboard.press("Escape")
        else:
            page.locator("#both .panel-head").get_by_role("button", name="Close").click()
    expect(page.locator("#both")).to_be_hidden()
    expect(composer(page)).to_be_visible(timeout=20_000)


def left(page: Page) -> str:
    return str(page.evaluate(LEFT))


@pytest.mark.browser
def test_two_people_go_all_the_way(page: Page, guard: server.Guard) -> None:
    enter(page)
    write(page, f"{SECRET} {CHOSEN}")
    choose(page, 2)
    expect(heading(page)).to_have_text("The second of you, alone")
    assert "marker" not in left(page)
    write(page, "The bus was late. marker-three is mine.")
    assert "marker-one" not in left(page) and "marker-two" not in left(page)
    choose(page, 1)
    press(page, "We are both here")
    expect(page.locator("#both .side").first).to_contain_text(CHOSEN)
    expect(page.locator("#both .side").last).to_contain_text("The bus was late.")
    assert PRIVATE not in left(page) and "marker-three" not in left(page)
    press(page, "Take turns")
    expect(heading(page)).to_have_text("The first of you speaks, the second of you listens")
    expect(page.get_by_text("What I heard you say is…")).to_be_visible()
    page.get_by_role("button", name="Start two minutes").click()
    expect(page.get_by_role("timer")).to_have_text("1:59", timeout=3000)
    press(page, "Next")
    expect(heading(page)).to_have_text("The second of you speaks, the first of you listens")
    expect(page.get_by_role("timer")).to_have_text("")
    press(page, "Next")
    expect(page.get_by_text("I pass for today.")).to_be_visible()
    press(page, "Next")
    expect(page.get_by_text("No, and that is all right.")).to_be_visible()
    press(page, "Finish")
    expect(heading(page)).to_have_text("That is all")
    assert len(guard.sides) == 0
    close(page)
    assert "marker" not in left(page)


@pytest.mark.browser
def test_the_timer_says_when_it_is_over(page: Page) -> None:
    page.clock.install()
    page.get_by_role("button", name="Both sides").click()
    press(page, "Only take turns, with cards")
    page.get_by_role("button", name="Start two minutes").click()
    page.clock.run_for(121_000)
    expect(page.get_by_role("timer")).to_have_text("0:00")
    expect(page.get_by_text("Two minutes are over.")).to_be_visible()


@pytest.mark.browser
def test_fear_of_the_first_and_chance_look_the_same(page: Page, guard: server.Guard) -> None:
    stops = []
    for chance, afraid in ((False, "Yes"), (True, "No")):
        guard.sides = Sides(chance=lambda chance=chance: chance, beat_s=0.01)  # type: ignore[misc]
        enter(page)
        write(page, "It rained.", afraid=afraid)
        choose(page, 1)
        write(page, "The bus was late.")
        choose(page, 1)
        expect(heading(page)).to_have_text("Come back together")
        press(page, "We are both here")
        expect(heading(page)).to_have_text("It stops here")
        stops.append(page.locator("#both").evaluate("it => it.outerHTML"))
        close(page)
    assert stops[0] == stops[1]
    page.get_by_role("button", name="Both sides").click()
    expect(page.get_by_role("button", name="Only take turns, with cards")).to_be_visible()
    expect(page.get_by_role("button", name="We both want this")).to_have_count(0)


@pytest.mark.browser
def test_what_stood_in_talk_is_wiped_as_it_begins_and_still_counts(page: Page, guard: server.Guard) -> None:
    say(page, "I am afraid of him, marker-talk")
    expect(page.locator("#transcript .me")).to_have_count(1)
    enter(page)
    assert len(guard.house.tabs) == 0
    write(page, "It rained.")
    close(page, by_key=True)
    expect(page.locator("#transcript .me")).to_have_count(0)
    assert "marker-talk" not in left(page)
    enter(page)
    assert all(held.session.stops for held in guard.sides._held.values())


@pytest.mark.browser
@pytest.mark.parametrize("way", ["leave", "shift", "escape", "reload", "back", "another page"])
def test_every_way_out_wipes_it(page: Page, guard: server.Guard, port: int, way: str) -> None:
    page.evaluate("history.pushState(null, '', location.href)")  # so that Back stays in reach of this page
    entries = page.evaluate("history.length")
    enter(page)
    write(page, SECRET)
    assert PRIVATE in left(page)
    assert page.evaluate("history.length") == entries
    if way == "leave":
        page.locator("#both [data-leave]").click()
    elif way == "shift":
        for _ in range(3):
            page.keyboard.press("Shift")
    elif way == "escape":
        close(page, by_key=True)
    elif way == "reload":
        page.reload()
    else:
        page.goto(f"http://127.0.0.1:{port}/measures")
        if way == "back":
            page.go_back()
    wait_for(lambda: len(guard.sides) == 0)
    if way in ("leave", "shift", "another page"):
        expect(page).to_have_title("Kitchen measures")
        page.wait_for_url("**/measures")
        assert PRIVATE not in left(page)
        page.go_back()
    expect(page.locator("#both")).to_be_hidden()
    wait_for(lambda: PRIVATE not in left(page))
    if page.url.endswith("/measures"):
        return
    page.get_by_role("button", name="Both sides").click()
    expect(page.get_by_role("button", name="We both want this")).to_be_visible()
    assert PRIVATE not in left(page)


@pytest.mark.browser
def test_a_stray_click_and_a_dead_server_lose_nothing(
    page: Page, profile: Watched, guard: server.Guard
) -> None:
    enter(page)
    press(page, "I am alone with the screen")
    page.get_by_label("What I felt").fill(SECRET)
    page.mouse.click(5, 400)
    expect(page.get_by_label("What I felt")).to_have_value(SECRET)
    page.get_by_label("What I need").fill("a" * 6001)
    press(page, "Go on to choosing")
    expect(page.locator("#both [role=alert]")).to_contain_text("everything that you typed is still there")
    page.get_by_label("What I need").fill("a")
    page.route("**/both-sides", lambda route: route.fulfill(status=500, body=""))
    press(page, "Go on to choosing")
    expect(page.locator("#both [role=alert]")).to_contain_text("What you typed is still here")
    page.unroute("**/both-sides")
    assert all("500" in fault for fault in profile.faults)
    profile.faults.clear()
    expect(page.get_by_label("What I felt")).to_have_value(SECRET)
    press(page, "Go on to choosing")
    expect(page.locator("#both [role=alert]")).to_be_hidden()
    expect(heading(page)).to_have_text("What may the other read?")


@pytest.mark.browser
def test_help_shows_in_the_private_turns_only(page: Page, guard: server.Guard) -> None:
    page.get_by_role("button", name="Both sides").click()
    people = page.locator("#both").get_by_text("People who can help")
    expect(heading(page)).to_be_visible()
    expect(people).to_have_count(0)
    press(page, "We both want this")
    press(page, "I am alone with the screen")
    people.click()
    expect(page.locator("#both ul.lines").first).to_be_visible()
    expect(page.locator("#both").get_by_text("0808 2000 247").first).to_be_attached()
    assert guard.house.country is None


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_it_works_by_keyboard_and_fits_a_phone(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    if width == 390:
        page.get_by_role("button", name="More").click()
    enter(page)
    expect(heading(page)).to_be_focused()
    for _ in range(2):
        page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(heading(page)).to_have_text("Your side, for you alone")
    expect(heading(page)).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type("x" * 300 + " and a bus.")
    assert page.evaluate(LOW) == []
    assert page.evaluate(
        "() => { const it = document.querySelector('#both'); return it.scrollWidth <= it.clientWidth; }"
    )
    press(page, "Go on to choosing")
    page.get_by_label("Line 1, from").first.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.locator("#both input:checked")).to_have_count(1)
    assert page.evaluate(LOW) == []


@pytest.mark.browser
def test_nothing_of_it_prints(page: Page) -> None:
    enter(page)
    page.emulate_media(media="print")
    expect(page.locator("#both")).to_be_hidden()
    page.emulate_media(media="screen")
