"""A rewrite changed on the page, and looked at while one writes."""

from __future__ import annotations

import pytest
from chromium import say
from playwright.sync_api import Page, expect
from shared import Answers

from coach.cards import Library
from coach.safety.support import Directory
from coach.settings import Settings
from coach.turn import ReframeSheet, Reply, Rewrite
from coach.web import server

pytestmark = pytest.mark.browser

LINE = "I'm hurt that you forgot. Could we talk about it tonight?"


SHEET = ReframeSheet("It was forgotten.", "", (), (), (), "", (Rewrite("warmer", LINE),), "")


def one_sheet(text: str, skill: str | None) -> Reply:
    """The same worksheet each time; the reply names the skill that was asked for."""
    return Reply(
        f"Answered as {skill}.",
        skill or "listen",
        "composed",
        sheet=SHEET if skill else None,
        suggests="reframe",
    )


@pytest.fixture(scope="module")
def house_guard(library: Library, directory: Directory) -> server.Guard:
    return server.build(Answers(one_sheet), library, directory, Settings(open_browser=False))


def test_a_suggestion_answers_again_and_a_line_can_be_changed(page: Page) -> None:
    say(page, "You forgot my birthday.")
    page.get_by_role("button", name="Yes, other words").click()
    expect(page.locator("#transcript .words")).to_have_text(LINE)
    expect(page.locator("#transcript .me")).to_have_count(1)
    page.get_by_role("button", name="Change it").click()
    box, told = page.locator("#changed"), page.locator("#change [data-verdict]")
    expect(box).to_have_value(LINE)
    expect(told).to_contain_text("That can be heard")
    box.fill("You always forget everything, you idiot.")
    expect(told).to_contain_text("a name for them")
    box.fill("He hit me again last night and I am scared to go home.")
    expect(told).to_contain_text("Support")
    page.locator("#change").get_by_role("button", name="Close").click()
    expect(box).to_have_value("")
