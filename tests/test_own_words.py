"""No run of eight words of a card stands in a source article: checked against hashes, not texts.

`article_runs.bin` holds, sorted, the first six bytes of the SHA-256 of every run of eight words of the four
articles (lower case, letters, digits and apostrophes only); the articles themselves are not in the repository.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from coach.cards import Library
from coach.settings import bundled

RUN, KEPT = 8, 6


def runs(text: str) -> set[bytes]:
    """The fingerprint of every run of eight words."""
    words = re.findall(r"[a-z0-9']+", text.lower().replace("’", "'"))
    return {
        hashlib.sha256(" ".join(words[at : at + RUN]).encode()).digest()[:KEPT]
        for at in range(len(words) - RUN + 1)
    }


def articles() -> set[bytes]:
    held = (Path(__file__).parent / "article_runs.bin").read_bytes()
    return {held[at : at + KEPT] for at in range(0, len(held), KEPT)}


def test_the_fingerprint_is_whole() -> None:
    assert len(articles()) > 5000


def test_case_and_marks_do_not_hide_a_run() -> None:
    assert runs("One, two three; four FIVE six seven eight nine") == runs(
        "one two three four five six seven eight"
    ) | runs("two three four five six seven eight nine")


def test_no_card_shares_a_run_of_eight_words_with_an_article(library: Library) -> None:
    known = articles()
    for card in library.cards.values():
        for text in (card.body, card.gist, *card.situations):
            assert not runs(text) & known, card.id


def test_no_other_text_of_the_library_does(library: Library) -> None:
    known = articles()
    for name in ("coverage.yaml", "themes.yaml", "README.md"):
        assert not runs((bundled("knowledge") / name).read_text(encoding="utf-8")) & known, name
