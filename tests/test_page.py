"""The page in a real browser, and the guard in front of it; the coach here is a small scripted one.

Every browser test fails on a request that is not for this machine and on any error in the console.
"""

from __future__ import annotations

import gc
import http.client
import logging
import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from chromium import Watched, any_port, composer, free, said, say, settled, wait_for
from playwright.sync_api import Browser, Page, expect

from coach import settings as settings_file
from coach.cards import Card, Library, Topic
from coach.errors import InputError, PageError
from coach.safety import support
from coach.safety.screen import Screen
from coach.safety.support import Directory
from coach.settings import Settings
from coach.turn import (
    Conversation,
    Event,
    Finished,
    Found,
    Message,
    Passage,
    ReframeSheet,
    Reply,
    Rewrite,
    Risk,
    Said,
    Stage,
)
from coach.web import server
from coach.web.both_sides import Sides
from coach.web.tabs import Tab, Tabs

GIST = "Name your own part first, in one sentence, and let it stand without a but."
SAYS = (
    "You snapped, and since then it is quiet. ",
    "That silence seems to weigh more. ",
    "What do you wish you had said?",
)
HOSTILE = {
    "script": "<script>window.hit = 1</script>",
    "image": '<img src="http://evil.example/x" onerror="window.hit = 1">',
    "style": "</div></p><style>* { display: none !important }</style>",
    "link": "[click me](javascript:window.hit=1) http://evil.example",
    "picture": "![x](http://evil.example/x.png)",
    "latex": "$$x$$ %%%LATEX_BLOCK_0%%%",
    "right-to-left": "שלום \u202eabc",
    "emoji": "😢😢😢",
    "long-word": "x" * 3000,
}


# What can be pressed and is lower than a finger is wide.
SMALL = """() => [...document.querySelectorAll("button, summary, select, #skill label")]
    .filter((one) => one.checkVisibility({visibilityProperty: true}))
    .filter((one) => one.getBoundingClientRect().height < 44)
    .map((one) => one.outerHTML.slice(0, 80))"""


class ScriptedCoach:
    """Says three sentences, waits where it is told to, and keeps what it was asked."""

    guess = "GB"
    screen = Screen()

    def __init__(self, directory: Directory) -> None:
        self.directory = directory
        self.asked: list[tuple[str, str | None, Conversation]] = []
        self.forgot = 0
        self.go_on = threading.Event()
        self.saw_stop = threading.Event()
        self.stopped: Callable[[], bool] = lambda: False

    def forget(self) -> None:
        self.forgot += 1

    def respond(
        self,
        conversation: Conversation,
        text: str,
        *,
        skill: str | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Iterator[Event]:
        """Answer by the words in the message (afraid, too long, crash, slowly) and by the skill (reframe)."""
        self.asked.append((text, skill, conversation))
        self.stopped = stopped
        if "afraid" in text or (conversation.paused and "go back" not in text):
            yield from self._support(conversation, text)
            return
        yield Stage("reading")
        if "too long" in text:
            raise InputError("That is longer than one message can be.", "Send it in parts.")
        if "crash" in text:
            raise RuntimeError(f"seen: {text}")
        passages = (Passage("own-part", "Own your part first", GIST, 0.7),)
        yield Found(passages)
        yield Stage("writing")
        reply = Reply("", skill or "listen", "model", passages=passages)
        if skill == "reframe":
            yield Said("as text")
            yield self._finished(
                conversation, text, replace(reply, text="as text", origin="composed", sheet=SHEET)
            )
            return
        said = ""
        for sentence in SAYS:
            if stopped():
                self.saw_stop.set()
                break
            said += sentence
            yield Said(sentence)
            if "slowly" in text and not self.go_on.wait(20):
                return
        yield self._finished(conversation, text, replace(reply, text=said))

    def _support(self, before: Conversation, text: str) -> Iterator[Event]:
        risk = Risk(2, "partner_violence", "self")
        first = support.first(
            risk, self.directory, country=before.country, guess=self.guess, said=before.coach_texts
        )
        yield Said(first.text)
        reply = Reply(first.text, "support", "fixed", risk, support=first.contacts)
        done = self._finished(before, text, reply)
        yield replace(done, conversation=replace(done.conversation, risk=risk, paused=True, unsafe=True))

    def _finished(self, before: Conversation, text: str, reply: Reply) -> Finished:
        said = (Message("user", text), Message("coach", reply.text))
        return Finished(reply, replace(before, messages=before.messages + said, paused=False))


SHEET = ReframeSheet(
    "At dinner you spoke and she looked at her phone.",
    "I do not matter to her.",
    ("lonely",),
    ("to be taken in",),
    ("criticism",),
    "She may have been waiting for news.",
    (Rewrite("warmer", "Could we eat without phones tonight?"),),
    "Phones away for dinner?",
)


@pytest.fixture(scope="session")
def small_library() -> Library:
    words = "Own **your part**. <script>window.hit = 1</script>"
    steps = "1. First, *breathe*.\n2. Then say\n   your part."
    body = f"## The idea\n\n{words}\n\n## What to try\n\n{steps}\n\n## When not to\n\nWhen you are afraid."
    own = Card("own-part", "Own your part first", "practice", (), (), (), (), "study", (), True, GIST, body)
    return Library({own.id: own}, topics=(Topic("Making up", (own.id,)),))


@pytest.fixture(scope="session")
def house_guard(small_library: Library, directory: Directory) -> server.Guard:
    def find(text: str, restricted: bool) -> tuple[Passage, ...]:
        return (Passage("own-part", "Own your part first", GIST, 0.7),) if "own part" in text else ()

    settings = Settings(open_browser=False)
    return server.build(ScriptedCoach(directory), small_library, directory, settings, find=find)


@pytest.fixture
def scripted(guard: server.Guard, directory: Directory) -> Iterator[ScriptedCoach]:
    coach = ScriptedCoach(directory)
    guard.house.coach = coach
    yield coach
    coach.go_on.set()


@pytest.fixture
def own_page(profile: Watched, port: int, scripted: ScriptedCoach) -> Page:
    return profile.open(port)


@pytest.fixture(scope="module")
def shared(browser: Browser, port: int) -> Iterator[tuple[Watched, Page]]:
    watched = Watched(browser)
    yield watched, watched.open(port)
    watched.context.close()


@pytest.fixture
def page(shared: tuple[Watched, Page], scripted: ScriptedCoach) -> Iterator[Page]:
    """One page that the tests share, which loads slowly; each begins with a new conversation."""
    watched, page = shared
    yield page
    scripted.go_on.set()
    settled(page)
    page.evaluate("document.querySelector('#new').click()")
    expect(page.locator("#transcript .me")).to_have_count(0)
    composer(page).fill("")
    page.get_by_role("radio", name="Talk").check(force=True)
    page.locator("select.country").first.select_option("", force=True)
    page.set_viewport_size({"width": 1280, "height": 844})
    faults, watched.faults = watched.faults, []
    assert faults == []


# In the browser


@pytest.mark.browser
def test_a_message_is_answered_sentence_by_sentence_with_sources(page: Page, scripted: ScriptedCoach) -> None:
    composer(page).press_sequentially("One line")
    composer(page).press("Shift+Enter")
    composer(page).press_sequentially("and, slowly, another")
    composer(page).press("Enter")
    expect(said(page)).to_have_text(SAYS[0].strip())
    expect(page.locator("#transcript .thinking")).to_contain_text("Writing")
    expect(page.locator("#transcript .me")).to_contain_text(
        "One line\nand, slowly, another", use_inner_text=True
    )
    expect(composer(page)).to_have_value("")
    expect(composer(page)).to_be_focused()
    expect(page.locator("#stop")).to_be_visible()
    expect(page.locator("#send")).to_be_hidden()
    scripted.go_on.set()
    settled(page)
    expect(said(page)).to_have_text("".join(SAYS).strip())
    expect(page.locator("#transcript .sources")).to_contain_text("written with the starter model")
    assert scripted.asked[0][:2] == ("One line\nand, slowly, another", None)


@pytest.mark.browser
def test_a_click_on_a_source_shows_what_was_read_and_the_card(page: Page) -> None:
    say(page, "hello")
    settled(page)
    source = page.locator("#transcript details.src")
    expect(source.get_by_text(GIST)).to_be_hidden()
    source.locator("summary").click()
    expect(source.get_by_text(GIST)).to_be_visible()
    expect(source.get_by_text("When you are afraid.")).to_be_visible()
    expect(source.get_by_text("Kind: practice · evidence: study")).to_be_visible()
    say(page, "and more")
    expect(said(page)).to_have_count(2)
    settled(page)
    expect(source.first.get_by_text(GIST)).to_be_visible()  # what was opened stays open


@pytest.mark.browser
def test_stop_ends_the_answer_and_leaves_the_page_usable(page: Page, scripted: ScriptedCoach) -> None:
    say(page, "slowly please")
    expect(said(page)).to_have_text(SAYS[0].strip())
    page.locator("#stop").click()
    wait_for(lambda: scripted.stopped())
    scripted.go_on.set()
    settled(page)
    expect(page.locator("#transcript .aside")).to_contain_text("Stopped")
    expect(said(page)).to_have_text(SAYS[0].strip())
    assert scripted.saw_stop.is_set()
    say(page, "again then")
    expect(said(page).nth(1)).to_have_text("".join(SAYS).strip())


@pytest.mark.browser
def test_try_again_asks_the_same_once_more(page: Page, scripted: ScriptedCoach) -> None:
    say(page, "hello")
    settled(page)
    page.locator("#again").click()
    wait_for(lambda: len(scripted.asked) == 2)
    settled(page)
    expect(said(page)).to_have_count(1)
    assert scripted.asked[0] == scripted.asked[1]


@pytest.mark.browser
def test_edit_gives_the_message_back_and_keeps_a_draft(page: Page, scripted: ScriptedCoach) -> None:
    say(page, "I said it badly")
    settled(page)
    composer(page).fill("a draft")
    page.locator("#edit").click()
    expect(composer(page)).to_have_value("I said it badly\na draft")
    expect(page.locator("#transcript .me")).to_have_count(0)
    say(page, "better")
    settled(page)
    assert scripted.asked[1][2].messages == ()


@pytest.mark.browser
def test_a_new_conversation_begins_empty(page: Page, scripted: ScriptedCoach, guard: server.Guard) -> None:
    say(page, "hello")
    settled(page)
    page.locator("#new").click()
    expect(page.locator("#transcript .me")).to_have_count(0)
    expect(page.locator("#new")).to_be_hidden()
    say(page, "and now")
    settled(page)
    assert scripted.asked[1][2].messages == ()


@pytest.mark.browser
def test_the_chosen_skill_is_passed_on_and_a_worksheet_is_laid_out(
    page: Page, scripted: ScriptedCoach
) -> None:
    page.get_by_role("radio", name="Reframe").check(force=True)
    expect(page.locator("#intro .reframe h1")).to_be_visible()
    expect(page.locator("#intro .talk h1")).to_be_hidden()
    say(page, "You never listen!")
    expect(page.locator("#transcript .sheet")).to_contain_text("At dinner you spoke")
    expect(page.locator("#transcript .note")).to_contain_text("Criticism")
    expect(page.locator("#transcript .card")).to_contain_text("Could we eat without phones tonight?")
    assert scripted.asked[0][1] == "reframe"


@pytest.mark.browser
def test_what_is_typed_is_shown_and_nothing_more(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for number, text in enumerate(HOSTILE.values()):
        say(page, text)
        expect(page.locator("#transcript .sources")).to_have_count(number + 1)
        assert page.locator("#transcript .me p").nth(number).inner_text() == text
    page.locator("#transcript summary").first.click()
    assert page.evaluate("window.hit") is None
    assert page.locator("#transcript script, #transcript img, #transcript style, #transcript a").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.browser
def test_nothing_is_sent_for_an_empty_message(page: Page, scripted: ScriptedCoach) -> None:
    composer(page).fill("  \n ")
    composer(page).press("Enter")
    page.wait_for_timeout(300)
    expect(page.locator("#transcript .me")).to_have_count(0)
    say(page, "hello")
    settled(page)
    assert [text for text, _, _ in scripted.asked] == ["hello"]


@pytest.mark.browser
def test_trouble_is_explained_and_the_words_are_kept(
    page: Page, scripted: ScriptedCoach, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    say(page, "this is too long")
    expect(page.locator("#transcript .trouble")).to_contain_text("Send it in parts.")
    page.locator("#edit").click()
    expect(composer(page)).to_have_value("this is too long")
    say(page, "crash, secret words")
    expect(page.locator("#transcript .trouble")).to_contain_text("Something went wrong")
    expect(page.locator("#transcript .me")).to_contain_text("crash, secret words")
    assert "RuntimeError" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.browser
def test_support_is_one_click_away_and_follows_the_country(page: Page, clean_home: Path) -> None:
    panel = page.get_by_role("dialog", name="People who can help")
    expect(panel).to_be_hidden()
    page.get_by_role("button", name="Support").click()
    expect(panel.get_by_text("findahelpline.com").first).to_be_visible()
    expect(panel.get_by_text("0808 2000 247")).to_be_hidden()
    panel.get_by_role("button", name="This computer is set to United Kingdom").click()
    expect(panel.get_by_text("0808 2000 247")).to_be_visible()
    panel.get_by_label("Numbers for").select_option("Ireland")
    expect(panel.get_by_text("1800 341 900").first).to_be_visible()
    expect(panel.get_by_text("0808 2000 247")).to_be_hidden()
    wait_for(lambda: settings_file.load().country == "IE")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


@pytest.mark.browser
def test_a_support_reply_shows_numbers_whose_country_can_be_changed(
    page: Page, scripted: ScriptedCoach
) -> None:
    say(page, "I am afraid of him")
    block = page.locator("#transcript .support")
    expect(block).to_contain_text("findahelpline.com")
    expect(block).to_contain_text("Perhaps, by this computer's settings: United Kingdom")
    block.get_by_label("Numbers for").select_option("United States")
    expect(block).to_contain_text("1-800-799-7233")
    expect(block).to_contain_text("call 911")
    expect(block).not_to_contain_text("0808 2000 247")
    say(page, "he reads my phone")
    expect(page.locator("#transcript .support")).to_have_count(2)
    assert scripted.asked[-1][2].country == "US"
    assert scripted.asked[-1][2].paused
    page.get_by_role("button", name="Go back to talking").click()
    expect(said(page)).to_have_count(1)
    expect(page.locator("#back")).to_be_hidden()
    assert scripted.asked[-1][0] == "I want to go back to coaching"


@pytest.mark.browser
def test_taking_a_message_back_does_not_take_back_its_risk(page: Page, scripted: ScriptedCoach) -> None:
    say(page, "I am afraid of him")
    expect(page.locator("#transcript .support")).to_be_visible()
    page.locator("#edit").click()
    expect(page.locator("#transcript .me")).to_have_count(0)
    expect(page.locator("#back")).to_be_visible()
    say(page, "never mind")
    expect(page.locator("#transcript .support")).to_be_visible()
    before = scripted.asked[-1][2]
    assert (before.risk.level, before.paused, before.unsafe) == (2, True, True)


def gone(page: Page, guard: server.Guard) -> None:
    """The chat is neither on screen, nor behind the back button, nor in the server's memory."""
    page.wait_for_url("**/measures")
    expect(page.get_by_role("heading", name="Kitchen measures")).to_be_visible()
    assert page.title() == "Kitchen measures"
    wait_for(lambda: len(guard.house.tabs) == 0)
    page.go_back()
    assert "secret" not in page.content()
    assert "Secure Base" not in page.content()


@pytest.mark.browser
def test_the_library_is_browsed_searched_and_read(page: Page) -> None:
    page.get_by_role("button", name="Library").click()
    panel = page.get_by_role("dialog", name="The library")
    panel.locator("summary", has_text="Making up").click()
    panel.get_by_role("button", name="Own your part first").click()
    expect(panel.get_by_role("heading", name="Own your part first")).to_be_visible()
    expect(panel.get_by_text("When you are afraid.")).to_be_visible()
    expect(panel.get_by_role("button", name="Practise this")).to_have_count(0)  # it has no exercise
    panel.get_by_label("What are you looking for?").fill("my own part")
    panel.get_by_label("What are you looking for?").press("Enter")
    expect(panel.get_by_role("button", name="Own your part first")).to_be_visible()
    panel.get_by_label("What are you looking for?").fill("a recipe")
    panel.get_by_role("button", name="Search").click()
    expect(panel).to_contain_text("No card fits that.")
    panel.get_by_label("What are you looking for?").fill("I want to die")
    panel.get_by_role("button", name="Search").click()
    expect(panel.get_by_role("alert")).to_contain_text("Support")
    panel.get_by_role("button", name="Support").click()
    expect(page.get_by_role("dialog", name="People who can help")).to_be_visible()
    page.keyboard.press("Escape")
    panel.get_by_role("button", name="Close").click()
    expect(panel).to_be_hidden()


@pytest.mark.browser
def test_leave_now_replaces_the_page_in_every_tab_and_forgets(
    own_page: Page, profile: Watched, guard: server.Guard, port: int, scripted: ScriptedCoach
) -> None:
    page, other = own_page, profile.open(port)
    say(other, "another secret")
    settled(other)
    say(page, "my secret")
    settled(page)
    page.get_by_role("button", name="Leave now").click()
    gone(page, guard)
    gone(other, guard)
    page.goto(f"http://127.0.0.1:{port}/")
    expect(composer(page)).to_be_visible()
    assert "secret" not in page.content()
    assert scripted.forgot


@pytest.mark.browser
def test_shift_three_times_leaves_in_the_middle_of_an_answer(
    own_page: Page, guard: server.Guard, scripted: ScriptedCoach
) -> None:
    page = own_page
    say(page, "my secret, slowly")
    expect(said(page)).to_have_text(SAYS[0].strip())
    for _ in range(3):
        page.keyboard.press("Shift")
    gone(page, guard)
    scripted.go_on.set()
    wait_for(scripted.saw_stop.is_set)
    assert len(guard.house.tabs) == 0


@pytest.mark.browser
def test_typing_capitals_does_not_leave(page: Page) -> None:
    composer(page).press_sequentially("HE SAID NO")
    for letter in "ABC":
        page.keyboard.press(f"Shift+{letter}")
    page.keyboard.press("Shift")
    page.keyboard.press("Shift")
    expect(composer(page)).to_have_value("HE SAID NOABC")


@pytest.mark.browser
def test_leaving_forgets_what_gradio_kept_too(own_page: Page, guard: server.Guard) -> None:
    page = own_page
    marker = "".join(("marm", "alade-", str(os.getpid())))
    say(page, marker)
    settled(page)

    def kept() -> int:
        gc.collect()
        holders = [o for o in gc.get_objects() if type(o) is dict and not isinstance(o.get("marker"), str)]
        return sum(1 for o in holders for v in list(o.values()) if isinstance(v, str) and marker in v)

    assert kept() > 0
    page.get_by_role("button", name="Leave now").click()
    page.wait_for_url("**/measures")
    wait_for(lambda: kept() == 0)


@pytest.mark.browser
def test_leaving_works_when_the_server_is_gone(browser: Browser, port: int, scripted: ScriptedCoach) -> None:
    watched = Watched(browser)  # its console may complain: nothing answers any more
    page = watched.open(port)
    say(page, "my secret")
    settled(page)
    watched.context.set_offline(True)
    page.get_by_role("button", name="Leave now").click()
    expect(page.get_by_role("heading", name="Kitchen measures")).to_be_visible()
    wait_for(lambda: page.url.endswith("/measures"))
    assert "secret" not in page.content()
    assert page.title() == "Kitchen measures"
    watched.context.close()


@pytest.mark.browser
def test_two_tabs_hold_two_conversations(
    own_page: Page, profile: Watched, port: int, guard: server.Guard, scripted: ScriptedCoach
) -> None:
    page, other = own_page, profile.open(port)
    say(page, "first tab, slowly")
    expect(said(page)).to_have_text(SAYS[0].strip())
    say(other, "second tab")
    settled(other)  # it did not wait for the first
    expect(said(other)).to_have_count(1)
    scripted.go_on.set()
    settled(page)
    expect(page.locator("#transcript")).not_to_contain_text("second tab")
    expect(other.locator("#transcript")).not_to_contain_text("first tab")
    assert [conversation.messages for _, _, conversation in scripted.asked] == [(), ()]
    known, connected = len(guard.house.tabs), guard.open
    other.close()
    wait_for(lambda: guard.open < connected)  # by this the server knows when no tab is left

    def one_less() -> bool:
        guard.house.tabs.sweep(after=0)
        return len(guard.house.tabs) == known - 1

    wait_for(one_less)


@pytest.mark.browser
def test_each_sentence_is_read_aloud_once(page: Page, scripted: ScriptedCoach) -> None:
    say(page, "slowly")
    aloud = page.locator("#announce")
    expect(aloud).to_contain_text(SAYS[0].strip())
    scripted.go_on.set()
    settled(page)
    expect(aloud).to_contain_text(SAYS[2])
    text = aloud.inner_text()
    assert [text.count(sentence.strip()) for sentence in SAYS] == [1, 1, 1]
    assert aloud.get_attribute("aria-live") == "polite"


@pytest.mark.browser
def test_what_can_be_pressed_is_large_enough_and_named(page: Page) -> None:
    say(page, "hello")
    settled(page)
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 844})
        small = page.evaluate(SMALL)
        assert small == []
    names = page.locator("button:visible").all_inner_texts()
    assert all(name.strip() for name in names)
    assert page.title() == "Notes"
    box = page.locator("#text textarea")
    assert (box.get_attribute("spellcheck"), box.get_attribute("autocomplete")) == ("false", "off")


@pytest.mark.browser
def test_the_program_stops_from_the_page_after_asking(
    profile: Watched,
    scripted: ScriptedCoach,
    small_library: Library,
    directory: Directory,
    capsys: pytest.CaptureFixture[str],
) -> None:
    at = any_port()
    settings = Settings(open_browser=False)
    run = threading.Thread(
        target=server.serve,
        args=(scripted, small_library, directory, settings),
        kwargs={"port": at},
        daemon=True,
    )
    run.start()
    wait_for(lambda: not free(at))
    page = profile.open(at)
    wait_for(lambda: f"\nhttp://127.0.0.1:{at}/\n" in "\n" + capsys.readouterr().out)
    ask = page.get_by_role("dialog", name="Stop the program?")
    page.get_by_role("button", name="Stop the program").click()
    ask.get_by_role("button", name="Keep it running").click()
    assert run.is_alive()
    page.get_by_role("button", name="Stop the program").click()
    ask.get_by_role("button", name="Stop it").click()
    expect(page.get_by_text("Secure Base has stopped. You can close this tab.")).to_be_visible()
    run.join(10)
    assert not run.is_alive()
    assert free(at)


# The guard, without a browser


def ask(port: int, path: str = "/", method: str = "GET", **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    named = {name.replace("_", "-"): value.replace("PORT", str(port)) for name, value in headers.items()}
    connection.request(method, path, body=b"{}" if method == "POST" else None, headers=named)
    return connection.getresponse()


@pytest.mark.parametrize(
    ("status", "path", "method", "headers"),
    [
        pytest.param(200, "/", "GET", {}, id="the page"),
        pytest.param(200, "/", "GET", {"Host": "localhost:PORT"}, id="localhost"),
        pytest.param(200, "/measures", "GET", {}, id="the neutral page"),
        pytest.param(421, "/", "GET", {"Host": "evil.example"}, id="another host"),
        pytest.param(421, "/", "GET", {"Host": "evil.example:PORT"}, id="another host, our port"),
        pytest.param(421, "/", "GET", {"Host": "127.0.0.1"}, id="no port"),
        pytest.param(403, "/", "GET", {"Origin": "http://evil.example"}, id="another origin"),
        pytest.param(403, "/leave", "POST", {"Origin": "http://evil.example"}, id="another origin posts"),
        pytest.param(403, "/leave", "POST", {"Origin": "null"}, id="no origin to tell"),
        pytest.param(403, "/leave", "POST", {"Origin": "http://127.0.0.1:1"}, id="another port posts"),
        pytest.param(403, "/stop", "POST", {"Sec-Fetch-Site": "cross-site"}, id="another site posts"),
        pytest.param(403, "/page.js", "GET", {"Sec-Fetch-Site": "cross-site"}, id="another site reads"),
        pytest.param(204, "/leave", "POST", {"Origin": "http://127.0.0.1:PORT"}, id="leave"),
        pytest.param(422, "/country", "POST", {"Origin": "http://127.0.0.1:PORT"}, id="no country"),
        pytest.param(404, "/gradio_api/info", "GET", {}, id="schema"),
        pytest.param(404, "/gradio_api/openapi.json", "GET", {}, id="openapi"),
        pytest.param(404, "/openapi.json", "GET", {}, id="our openapi"),
        pytest.param(404, "/docs", "GET", {}, id="docs"),
        pytest.param(404, "/config", "GET", {}, id="config"),
        pytest.param(404, "/monitoring", "GET", {}, id="monitoring"),
        pytest.param(404, "/gradio_api/runs", "GET", {}, id="run history"),
        pytest.param(404, "/gradio_api/file=/etc/passwd", "GET", {}, id="files"),
        pytest.param(404, "/static/../../../etc/passwd", "GET", {}, id="outside static"),
        pytest.param(404, "/gradio_api/upload", "POST", {}, id="upload"),
        pytest.param(405, "/", "DELETE", {}, id="another method"),
    ],
)
def test_the_guard_lets_in_only_its_own_page(
    port: int, status: int, path: str, method: str, headers: dict[str, str]
) -> None:
    assert ask(port, path, method, **headers).status == status


def test_every_answer_carries_the_headers_and_none_of_gradios(port: int) -> None:
    for path in ("/", "/measures", "/gradio_api/info", "/theme.css"):
        answer = ask(port, path)
        found = {name.lower(): value for name, value in answer.getheaders()}
        assert found["cache-control"] == "no-store"
        assert found["referrer-policy"] == "no-referrer"
        assert found["x-content-type-options"] == "nosniff"
        assert found["x-frame-options"] == "DENY"
        assert "unsafe-eval" not in found["content-security-policy"]
        assert "frame-ancestors 'none'" in found["content-security-policy"]
        assert not [name for name in found if name.startswith("access-control-") or name == "server"]


def test_the_first_page_names_nothing_but_notes_and_no_other_address(port: int) -> None:
    text = ask(port).read().decode()
    assert "<title>Notes</title>" in text
    assert not re.findall(r"<meta[^>]*(?:og:|twitter:)", text)
    scripts = re.findall(r"<script[^>]*>", text)
    assert scripts
    assert all("nonce=" in script for script in scripts)
    assert not re.findall(r"""(?:src|href)=["']?https?:""", text)


# The run


def test_a_free_port_is_taken_when_the_usual_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(socket.socket()) as taken:
        taken.bind((server.HOST, 0))
        taken.listen()
        monkeypatch.setattr(server, "PORT", taken.getsockname()[1])
        with closing(server.listen(None)) as listening:
            host, port = listening.getsockname()
    assert host == "127.0.0.1"
    assert port not in (0, server.PORT)


def test_a_fixed_port_that_is_taken_is_an_error_with_a_way_out() -> None:
    with closing(socket.socket()) as taken:
        taken.bind((server.HOST, 0))
        taken.listen()
        number = taken.getsockname()[1]
        with pytest.raises(PageError) as refused:
            server.listen(number)
    assert str(number) in refused.value.message
    assert "COACH_PORT" in refused.value.hint


def test_the_server_ends_when_it_lies_idle_with_no_tab_open() -> None:
    guard = SimpleNamespace(
        ending=threading.Event(),
        house=SimpleNamespace(tabs=Tabs()),
        sides=Sides(),
        open=1,
        last=time.monotonic() - 100,
    )
    web = SimpleNamespace(should_exit=False)
    thread = threading.Thread(target=server._watch, args=(web, guard, 50.0), daemon=True)
    thread.start()
    time.sleep(1.3)
    assert not web.should_exit  # a tab is open
    guard.open = 0
    thread.join(5)
    assert web.should_exit


def test_a_tab_that_was_closed_is_forgotten_after_a_while(scripted: ScriptedCoach) -> None:
    forgotten: list[str] = []
    tabs = Tabs(on_forget=forgotten.append)
    tabs.at("closed"), tabs.at("open"), tabs.at("came back")
    tabs.leave("closed")
    tabs.leave("came back")
    tabs.at("came back")
    tabs.sweep(after=1000)
    assert len(tabs) == 3
    tabs.sweep(after=-1)
    assert (len(tabs), forgotten) == (2, ["closed"])


def test_an_answer_that_is_abandoned_leaves_the_tab_usable(scripted: ScriptedCoach) -> None:
    tab = Tab()
    answer = tab.answer(scripted, "hello", skill=None, country=None)
    for _ in answer:
        if tab.turns[-1].said:
            break
    assert list(tab.answer(scripted, "at the same time", skill=None, country=None)) == []
    answer.close()
    assert tab.turns[-1].stopped
    assert [message.text for message in tab.conversation.messages] == ["hello", SAYS[0]]
    list(tab.answer(scripted, "and now", skill=None, country=None))
    assert tab.turns[-1].reply is not None
