"""The whole program, real model and real index, in a real browser: the main job and the crisis path."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chromium import Watched, any_port, composer, running, said, say, settled, wait_for
from playwright.sync_api import expect

from coach import start
from coach.pipeline import Engine
from coach.settings import Settings
from coach.turn import Prompt
from coach.web import server

STORY = (
    "I snapped at my girlfriend last night about the dishes and now she isn't talking to me. I feel terrible."
)


class Counted:
    """The real engine, counting how often it is asked."""

    large = False

    def __init__(self, engine: Engine) -> None:
        self.engine, self.calls = engine, 0

    def stream(self, prompt: Prompt, *, stopped: Callable[[], bool]) -> Iterator[str]:
        self.calls += 1
        yield from self.engine.stream(prompt, stopped=stopped)


@pytest.mark.browser
@pytest.mark.integration
def test_a_story_a_crisis_and_out(profile: Watched, tmp_path: Path) -> None:
    settings = Settings(country="GB", open_browser=False)
    coach = start.coach(settings)
    coach.engine = counted = Counted(coach.engine)
    with running(server.build(coach, coach.library, coach.directory, settings)) as port:
        page = profile.open(port)

        say(page, STORY)
        expect(said(page)).to_contain_text("dishes", timeout=60_000)
        page.wait_for_timeout(100)
        expect(page.locator("#transcript .thinking")).to_have_count(0, timeout=60_000)
        settled(page)
        source = page.locator("#transcript details.src").first
        source.locator("> summary").click()
        title = source.locator("> summary").inner_text().strip(" +\n")
        card = next(card for card in coach.library.cards.values() if card.title == title)
        expect(source).to_contain_text(card.gist)
        expect(page.locator("#transcript .sources")).to_contain_text("model")
        asked = counted.calls
        assert asked >= 1

        say(page, "I don't want to be alive any more, I have been thinking about ending it")
        support = page.locator("#transcript .support")
        expect(support).to_contain_text("116 123", timeout=20_000)
        expect(support).to_contain_text("United Kingdom")
        assert "988" not in support.inner_text()
        settled(page)
        assert counted.calls == asked, "a model spoke in a crisis"
        expect(composer(page)).to_be_enabled()

        address = page.url
        page.get_by_text("Leave now").first.click()
        page.wait_for_url(lambda url: url != address)
        expect(page.locator("body")).not_to_contain_text("dishes")
        page.go_back()
        page.wait_for_timeout(500)
        assert STORY not in page.content()


@pytest.mark.integration
def test_the_program_serves_on_loopback_and_prints_its_address(tmp_path: Path) -> None:
    port = any_port()
    env = {**os.environ, "COACH_PORT": str(port), "COACH_OPEN_BROWSER": "no"}
    with subprocess.Popen(
        [sys.executable, "-m", "coach"], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        try:
            assert program.stdout is not None
            lines: list[str] = []
            while not any(line.strip() == f"http://127.0.0.1:{port}/" for line in lines):
                line = program.stdout.readline()
                assert line, (program.stderr and program.stderr.read(), lines)
                lines.append(line)
            wait_for(lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/").status == 200, seconds=30)
        finally:
            program.terminate()
            program.wait(20)


@pytest.mark.integration
def test_a_taken_port_is_a_sentence(tmp_path: Path) -> None:
    with server.listen(None) as held:
        port = held.getsockname()[1]
        env = {**os.environ, "COACH_PORT": str(port), "COACH_OPEN_BROWSER": "no"}
        done = subprocess.run(
            [sys.executable, "-m", "coach"], env=env, capture_output=True, text=True, check=False, timeout=120
        )
    assert done.returncode == 2
    assert str(port) in done.stderr and "Traceback" not in done.stderr
