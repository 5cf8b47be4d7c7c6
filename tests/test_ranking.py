"""What the search has learned: the closed form on a few rows, the files it is kept in, and the encoder under it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from coach import models
from coach.cards import Card, Library
from coach.encoder import TUNED, MiniLM, WordEncoder
from coach.errors import InputError, KnowledgeError, ModelError
from coach.ranking import read_ranking, save_ranking
from coach.retrieval import CardSearch
from evals import train_ranking
from evals.train_ranking import Told, learned, read_rows


def _library(library: Library, *ids: str) -> Library:
    return Library({id: library.cards[id] for id in ids})


@pytest.fixture(scope="module")
def few(library: Library) -> Library:
    return _library(library, "siblings", "fair-chores", "siblings", "long-distance")


ROWS = [
    *(Told(f"the plates stand in the sink again, evening {n}", {"fair-chores": 2}) for n in range(12)),
    *(Told(f"my brother has mother's ring, visit {n}", {"siblings": 2, "fair-chores": 1}) for n in range(12)),
    *(Told(f"how long do I bake a loaf of bread, try {n}", {}) for n in range(12)),
]


def test_what_was_told_is_learned_and_foreign_messages_do_not_fit(few: Library) -> None:
    encoder = WordEncoder()
    ranking = learned(ROWS, few, encoder)

    def judged(text: str) -> tuple[str, float]:
        found = ranking.judge(encoder.encode([text])[0], text)
        return max(found.grades, key=lambda card: found.grades[card]), found.fits

    assert judged("plates in the sink")[0] == "fair-chores"
    assert judged("my brother took the ring")[0] == "siblings"
    assert judged("plates in the sink")[1] > 0.5 > judged("bake a loaf of bread")[1]


def test_weights_are_kept_and_read_again(few: Library, tmp_path: Path) -> None:
    encoder = WordEncoder()
    ranking = learned(ROWS, few, encoder)
    save_ranking(ranking, tmp_path / "ranking.npz")
    again = read_ranking(tmp_path / "ranking.npz")
    assert (again.cards, again.terms, again.encoder) == (ranking.cards, ranking.terms, "words")
    text = "my brother has left plates in the sink"
    deep = encoder.encode([text])[0]
    before, after = ranking.judge(deep, text), again.judge(deep, text)
    for card, grade in before.grades.items():
        assert after.grades[card] == pytest.approx(grade, abs=0.02)
    assert after.fits == pytest.approx(before.fits, abs=0.02)


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 cut off"])
def test_weights_that_are_damaged_are_a_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "ranking.npz").write_bytes(content)
    with pytest.raises(KnowledgeError, match="cannot be read"):
        read_ranking(tmp_path / "ranking.npz")


def test_a_card_that_was_not_learned_is_found_by_its_texts(
    library: Library, few: Library, tmp_path: Path
) -> None:
    ranking = learned(ROWS, few, WordEncoder())
    new: Card = replace(
        library.cards["boss"], id="new-card", situations=("the heron by the canal stood still",) * 5
    )
    more = Library({**few.cards, "new-card": new})
    search = CardSearch(more, WordEncoder(), tmp_path, ranking=lambda: ranking)
    told = "the heron by the canal stood still"
    matched = search.match(WordEncoder().encode([told])[0], told)
    scores = {card: matched.score(card, search.weighting) for card in more.cards}
    assert max(scores, key=lambda card: scores[card]) == "new-card"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "line 1"),
        ('{"text": "a"}', "'grades'"),
        ('{"text": "a", "grades": {"no-such-card": 2}}', "there is no card 'no-such-card'"),
    ],
)
def test_a_broken_training_row_is_named(library: Library, tmp_path: Path, line: str, told: str) -> None:
    (tmp_path / "rows.jsonl").write_text(line, encoding="utf-8")
    with pytest.raises(InputError, match=told):
        read_rows(tmp_path / "rows.jsonl", library)


def test_the_training_rows_that_ship_are_whole_and_apart_from_the_queries(library: Library) -> None:
    from evals import data

    rows = read_rows(train_ranking.DATA, library)
    assert len(rows) > 5000
    queries = {" ".join(row.text.lower().split()) for row in data.read(data.RETRIEVAL)}
    assert not queries & {" ".join(row.text.lower().split()) for row in rows}


@pytest.mark.integration
def test_the_weights_that_ship_are_for_this_library_and_this_encoder(library: Library) -> None:
    ranking = read_ranking()
    assert ranking.encoder == MiniLM(models.encoder_folder).name
    assert set(ranking.cards) <= set(library.cards)  # a newer card goes by its texts until it is learned


@pytest.mark.integration
def test_tuning_changes_the_vectors_and_their_name() -> None:
    tuned, published = (MiniLM(models.encoder_folder, tuned=file) for file in (TUNED, None))
    assert published.name == "all-MiniLM-L6-v2" != tuned.name
    one, other = (
        encoder.encode(["My wife and I had a row about the bins."])[0] for encoder in (tuned, published)
    )
    assert one.shape == other.shape == (384,)
    assert np.linalg.norm(one) == pytest.approx(1.0, abs=1e-5)
    assert 0.1 < float(one @ other) < 0.99


@pytest.mark.integration
def test_a_tuned_file_that_is_damaged_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "encoder.safetensors").write_bytes(TUNED.read_bytes()[:1000])
    with pytest.raises(ModelError, match="missing or damaged"):
        MiniLM(models.encoder_folder, tuned=tmp_path / "encoder.safetensors").encode(["hello"])
