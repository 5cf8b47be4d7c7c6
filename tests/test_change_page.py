"""A rewrite changed on the page, and looked at while one writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from chromium import Watched, running, say
from playwright.sync_api import Page, expect

from coach.cards import Library
from coach.safety.screen import Screen
from coach.safety.support import Directory
from coach.settings import Settings
from coach.turn import Conversation, Event, Finished, Message, ReframeSheet, Reply, Rewrite, Said
from coach.web import server

pytestmark = pytest.mark.browser

LINE = "I'm hurt that you forgot. Could we talk about it tonight?"


class OneSheet:
    """Answers every message with one worksheet, and an offer to mend."""

    guess = "GB"
    screen = Screen()

    def forget(self) -> None:
        """It holds nothing."""

    def respond(
        self,
        conversation: Conversation,
        text: str,
        *,
        skill: str | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Iterator[Event]:
        """The same worksheet each time; the reply names the skill that was asked for."""
        sheet = ReframeSheet("It was forgotten.", "", (), (), (), "", (Rewrite("warmer", LINE),), "")
        said = (Message("user", text), Message("coach", "Here."))
        yield Said("Here.")
        reply = Reply(
            f"Answered as {skill}.",
            skill or "listen",
            "composed",
            sheet=sheet if skill else None,
            suggests="reframe",
        )
        yield Finished(reply, Conversation(conversation.messages + said))


@pytest.fixture(scope="module")
def port(library: Library, directory: Directory) -> Iterator[int]:
    with running(server.build(OneSheet(), library, directory, Settings(open_browser=False))) as at:
        yield at


@pytest.fixture
def page(profile: Watched, port: int) -> Page:
    return profile.open(port)


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
