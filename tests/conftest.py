"""For every test: a home of its own, a clean environment, and no network but loopback."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import browser, guard, page, port, profile  # noqa: F401

from coach import offline
from coach.cards import Library, read_knowledge
from coach.safety.support import Directory, read_directory
from coach.settings import bundled

offline.prepare()  # the program's own guard holds the suite too


@pytest.fixture(autouse=True)
def clean_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings, index and history in a temporary folder; no COACH_* variable of the caller's."""
    for name in [name for name in os.environ if name.startswith("COACH_") and name != "COACH_CHROMIUM"]:
        monkeypatch.delenv(name)
    home = tmp_path / "home"
    monkeypatch.setenv("COACH_HOME", str(home))
    return home


@pytest.fixture(autouse=True)
def nothing_left_the_machine() -> Iterator[None]:
    """A test that so much as tried an outside connection fails."""
    before = offline.refused()
    yield
    assert offline.refused() == before, "an outside connection was tried"


@pytest.fixture(scope="session")
def library() -> Library:
    """The cards that ship."""
    return read_knowledge(bundled("knowledge"))


@pytest.fixture(scope="session")
def directory() -> Directory:
    """The support directory that ships."""
    return read_directory(bundled("knowledge") / "support")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fast tests first; the browser's last, since Playwright keeps an event loop open in this thread."""
    items.sort(
        key=lambda item: (
            item.get_closest_marker("browser") is not None,
            item.get_closest_marker("integration") is not None,
        )
    )
