"""What the browser tests share: a headless Chromium, a watched profile, a served page, and small steps."""

from __future__ import annotations

import gc
import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from coach.web import server


@contextmanager
def running(app: server.Guard) -> Iterator[int]:
    """Serve an app on a free port in a thread, as `serve` does."""
    import uvicorn

    with closing(server.listen(None if free(server.PORT) else any_port())) as listening:
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
            ws="none",
        )
        web = uvicorn.Server(config)
        thread = threading.Thread(target=web.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        wait_for(lambda: web.started)
        yield listening.getsockname()[1]
        web.should_exit = True
        thread.join(10)


def free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex((server.HOST, port)) != 0


def any_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind((server.HOST, 0))
        return int(probe.getsockname()[1])


def wait_for(true: Callable[[], object], *, seconds: float = 15) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it did not come about in time"
        time.sleep(0.02)


@contextmanager
def launched() -> Iterator[Browser]:
    """A headless Chromium of the system's."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    mac = [
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
    ]
    found = [
        os.environ.get("COACH_CHROMIUM"),
        *map(shutil.which, names),
        *(m for m in mac if Path(m).exists()),
    ]
    path = next((name for name in found if name), None)
    assert path, "no Chromium was found: tests/browser.sh installs one"
    args = (
        "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync"
    )
    with sync_playwright() as play:
        args += " --no-first-run --disable-quic"
        opened = play.chromium.launch(executable_path=path, args=args.split())
        yield opened
        opened.close()
    gc.collect()  # what playwright leaves behind must not be collected in the middle of something else


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for the session."""
    with launched() as opened:
        yield opened


class Watched:
    """A fresh browser profile that remembers every outside request and every fault in its console."""

    def __init__(self, browser: Browser) -> None:
        self.faults: list[str] = []
        self.context = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 844})
        self.context.on("request", lambda request: self._asked(request.url))
        self.context.on("console", lambda said: self._logged(said.type, said.text))
        self.context.on("weberror", lambda error: self.faults.append(f"error {error.error}"))

    def _asked(self, url: str) -> None:
        if not url.startswith(("http://127.0.0.1:", "data:", "blob:", "about:")):
            self.faults.append(f"request {url}")

    def _logged(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.faults.append(f"console {text}")

    def open(self, port: int) -> Page:
        page = self.context.new_page()
        page.goto(f"http://127.0.0.1:{port}/")
        expect(composer(page)).to_be_visible(timeout=20_000)
        expect(page.locator("#intro .talk h1")).to_be_visible(timeout=20_000)
        return page


@pytest.fixture
def profile(browser: Browser) -> Iterator[Watched]:
    """A profile of the test's own, for what leaves or closes the page."""
    watched = Watched(browser)
    yield watched
    watched.context.close()
    assert watched.faults == []


@pytest.fixture(scope="module")
def port(house_guard: server.Guard) -> Iterator[int]:
    """Where the module's own app is served."""
    with running(house_guard) as at:
        yield at


@pytest.fixture
def guard(house_guard: server.Guard) -> server.Guard:
    """The module's own app, as it is at its start."""
    house_guard.house.tabs.forget_all()
    house_guard.house.country = None
    return house_guard


@pytest.fixture
def page(profile: Watched, port: int, guard: server.Guard) -> Page:
    """The page, opened anew."""
    return profile.open(port)


def composer(page: Page) -> Locator:
    return page.get_by_label("Your message")


def said(page: Page) -> Locator:
    return page.locator("#transcript .coach .say")


def say(page: Page, text: str) -> None:
    composer(page).fill(text)
    composer(page).press("Enter")
    expect(composer(page)).to_have_value("")


def settled(page: Page) -> None:
    expect(page.locator("#send")).to_be_visible()
    expect(page.locator("#transcript .thinking")).to_have_count(0)
