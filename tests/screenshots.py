"""Takes the README's pictures of the page with the real model: `make screenshots`."""

from __future__ import annotations

import sys
from pathlib import Path

from chromium import Watched, launched, running, said, say, settled
from playwright.sync_api import expect

from coach import start
from coach.settings import Settings
from coach.web import server

STORY = (
    "I snapped at my girlfriend last night about the dishes and now she isn't talking to me. I feel terrible."
)
REMARK = "You never listen to me! You're always on that phone."
FEAR = "my husband hit me again and I am scared to go home"
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}


def main(folder: Path) -> None:
    """Write <view>-<size>-<scheme>.png into `folder`."""
    settings = Settings(country="GB", open_browser=False)
    coach = start.coach(settings)
    coach.warm()
    with (
        running(server.build(coach, coach.library, coach.directory, settings)) as port,
        launched() as browser,
    ):
        for size, (width, height) in SIZES.items():
            for scheme in ("light", "dark"):
                watched = Watched(browser)
                page = watched.open(port)
                page.set_viewport_size({"width": width, "height": height})
                page.emulate_media(color_scheme=scheme)
                for view, text, skill in (
                    ("talk", STORY, ""),
                    ("reframe", REMARK, "Reframe"),
                    ("support", FEAR, "Talk"),
                ):
                    if skill:
                        page.get_by_role("radio", name=skill).check(force=True)
                    say(page, text)
                    expect(page.locator("#transcript .thinking")).to_have_count(0, timeout=90_000)
                    expect(page.locator("#transcript .me")).to_have_count(
                        {"talk": 1, "reframe": 2, "support": 3}[view]
                    )
                    expect(said(page).or_(page.locator("#transcript .support")).first).to_be_visible(
                        timeout=90_000
                    )
                    settled(page)
                    page.wait_for_timeout(400)
                    page.screenshot(path=folder / f"{view}-{size}-{scheme}.png")
                watched.context.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
