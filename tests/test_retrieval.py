"""Search over the real library with the real encoder and chroma on disk, and the index as a cache."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from coach import models
from coach.cards import Library
from coach.encoder import MiniLM, WordEncoder
from coach.errors import IndexUnavailable
from coach.ranking import read_ranking
from coach.retrieval import CardSearch, Weighting


@pytest.fixture(scope="module")
def search(library: Library, tmp_path_factory: pytest.TempPathFactory) -> CardSearch:
    """The real search, its index built once."""
    found = CardSearch(
        library, MiniLM(models.encoder_folder), tmp_path_factory.mktemp("index"), ranking=read_ranking
    )
    found.load()
    return found


@pytest.mark.integration
@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ("I lost it again before she had even put her bag down, all about the bins", "start-softly"),
        ("he just goes quiet and walks off and I follow him from room to room", "chase-and-retreat"),
        ("how do I say sorry so that it doesn't sound hollow", "good-apology"),
    ],
)
def test_a_story_finds_its_card(search: CardSearch, story: str, expected: str) -> None:
    assert expected in [passage.card for passage in search.search(story)]


@pytest.mark.integration
def test_a_card_that_is_named_is_found(search: CardSearch) -> None:
    assert "myth-love-languages" in [p.card for p in search.search("what are love languages")]


@pytest.mark.integration
@pytest.mark.parametrize(
    "text", ["How long do I bake a sourdough loaf?", "my python list index is out of range", "😀😀", "?"]
)
def test_what_no_card_fits_gets_none(search: CardSearch, text: str) -> None:
    assert search.search(text) == ()


@pytest.mark.integration
def test_restricted_leaves_out_what_is_off_when_unsafe(search: CardSearch, library: Library) -> None:
    story = "how do I say sorry to him so that he calms down"
    assert any(library.cards[p.card].off_when_unsafe for p in search.search(story))
    assert not any(library.cards[p.card].off_when_unsafe for p in search.search(story, restricted=True))


@pytest.mark.integration
def test_the_passage_is_the_cards_own_gist(search: CardSearch, library: Library) -> None:
    for passage in search.search("we had a fight about the dishes and now it is silent"):
        assert passage.text == library.cards[passage.card].gist
        assert 0 < passage.score <= 1


class Counting(WordEncoder):
    """A word encoder that knows how often it was asked."""

    def __init__(self) -> None:
        self.texts = 0

    def encode(self, texts: Sequence[str]):  # type: ignore[no-untyped-def]
        self.texts += len(texts)
        return super().encode(texts)


def test_the_index_is_rebuilt_only_when_content_changed(library: Library, tmp_path: Path) -> None:
    encoder = Counting()
    CardSearch(library, encoder, tmp_path).load()
    built = encoder.texts
    CardSearch(library, encoder, tmp_path).load()
    assert encoder.texts == built
    fewer = Library(dict(list(library.cards.items())[1:]))
    CardSearch(fewer, encoder, tmp_path).load()
    assert encoder.texts > built


def _no_pointer(folder: Path) -> None:
    (folder / "current.json").unlink()


def _bad_pointer(folder: Path) -> None:
    (folder / "current.json").write_text("{")


def _no_folder(folder: Path) -> None:
    shutil.rmtree(folder / json.loads((folder / "current.json").read_text())["folder"])


def _cut(folder: Path) -> None:
    for file in folder.glob("*/chroma.sqlite3"):
        os.truncate(file, 1000)


@pytest.mark.parametrize("damage", [_no_pointer, _bad_pointer, _no_folder, _cut])
def test_a_damaged_index_is_rebuilt(library: Library, tmp_path: Path, damage: Callable[[Path], None]) -> None:
    first = CardSearch(library, WordEncoder(), tmp_path, Weighting(near_gate=0.0))
    wanted = first.search("the dishes and the silence after the fight")
    damage(tmp_path)
    again = CardSearch(library, WordEncoder(), tmp_path, Weighting(near_gate=0.0))
    assert again.search("the dishes and the silence after the fight") == wanted != ()


def test_two_at_once_both_work(library: Library, tmp_path: Path) -> None:
    one, two = (CardSearch(library, WordEncoder(), tmp_path, Weighting(near_gate=0.0)) for _ in range(2))
    one.load()
    two.load()
    assert one.search("the dishes again") == two.search("the dishes again")


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="needs a user whom permissions bind")
def test_a_read_only_cache_is_a_sentence(library: Library, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(IndexUnavailable, match="cannot be written"):
        CardSearch(library, WordEncoder(), tmp_path / "index").load()


def test_a_cache_that_cannot_be_made_is_a_sentence(library: Library, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(IndexUnavailable, match="cannot be written"):
        CardSearch(library, WordEncoder(), tmp_path / "file" / "index").load()


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_nothing_finds_nothing(library: Library, tmp_path: Path, text: str) -> None:
    assert CardSearch(library, WordEncoder(), tmp_path).search(text) == ()
