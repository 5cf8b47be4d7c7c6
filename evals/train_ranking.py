"""Learns `coach/ranking.npz` from evals/training/ranking.jsonl: `python -m evals.train_ranking`.

    row   {"text", "grades": {card id: 0.5 … 2}}, no grades where no card can help

Ridge regression in its dual form: with K the kernel of all training texts and Y their grades, the weights are
features.T (K + ridge I)^-1 (Y - mean Y). Every situation of a card, and its gist, is one more text for
that card. Nothing random: the same data gives the same weights.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coach import models, start
from coach.cards import Library
from coach.encoder import Encoder, MiniLM
from coach.errors import CoachError, InputError
from coach.ranking import KINDS, LEXICAL, WEIGHTS, Ranking, save_ranking, vectorizer
from coach.retrieval import indexed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DATA = Path(__file__).parent / "training" / "ranking.jsonl"
RIDGE = 2.0  # chosen on the development rows, as the weight of the lexical part was


@dataclass(frozen=True)
class Told:
    """One training text, and how much each card helps its writer; none where it is out of scope."""

    text: str
    grades: Mapping[str, float]


def read_rows(path: Path, library: Library) -> list[Told]:
    """The training rows; an InputError names the first bad line."""
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            given = json.loads(line)
            rows.append(Told(given["text"], given["grades"]))
        except (ValueError, KeyError, TypeError) as exc:
            raise InputError(f"{path.name}, line {number}: {exc!r}.", "Give text and grades.") from exc
        for card in rows[-1].grades:
            if card not in library.cards:
                raise InputError(
                    f"{path.name}, line {number}: there is no card {card!r}.", "Correct or remove it."
                )
    return rows


def own_texts(library: Library) -> list[Told]:
    """The cards' own texts, each as a message that this card is for."""
    return [Told(text, {card: 2.0}) for card, text in indexed(library)]


def learned(rows: Sequence[Told], library: Library, encoder: Encoder) -> Ranking:
    """The weights for these rows and the cards' own texts."""
    import numpy as np
    from scipy.linalg import cho_factor, cho_solve
    from scipy.sparse import csr_matrix, hstack

    told = [*rows, *own_texts(library)]
    texts = [one.text for one in told]
    vectors = encoder.encode(texts)
    middle = vectors.mean(axis=0)
    centred = (vectors - middle).astype(np.float64)
    vectorizers = [vectorizer(kind) for kind in KINDS]
    terms = csr_matrix(hstack([v.fit_transform(texts) for v in vectorizers])) * LEXICAL**0.5
    kernel = centred @ centred.T + (terms @ terms.T).toarray()
    target, mean = _target(told, tuple(library.cards))
    kernel[np.diag_indices_from(kernel)] += RIDGE
    dual = cho_solve(cho_factor(kernel, overwrite_a=True), target - mean)
    return Ranking(
        encoder=encoder.name,
        cards=tuple(library.cards),
        terms=tuple(_terms(v) for v in vectorizers),
        idf=tuple(v.idf_.astype(np.float32) for v in vectorizers),
        middle=middle.astype(np.float32),
        offset=mean.astype(np.float32),
        weights=np.concatenate([centred.T @ dual, terms.T @ dual]).astype(np.float32),
    )


def _target(told: Sequence[Told], cards: tuple[str, ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Grades as shares of 2, with a last column that is 1 where any card helps; and the columns' means."""
    import numpy as np

    column = {card: number for number, card in enumerate(cards)}
    target = np.zeros((len(told), len(cards) + 1))
    for row, one in enumerate(told):
        for card, grade in one.grades.items():
            target[row, column[card]] = grade / 2
        target[row, -1] = float(bool(one.grades))
    return target, target.mean(axis=0)


def _terms(vectorizer: Any) -> tuple[str, ...]:
    return tuple(map(str, vectorizer.get_feature_names_out()))


def main() -> int:
    """Learn from the data that ships and write the weights."""
    try:
        library = start.library()
        rows = read_rows(DATA, library)
        save_ranking(learned(rows, library, MiniLM(models.encoder_folder)))
    except CoachError as error:
        print(error.message, error.hint, sep="\n", file=sys.stderr)
        return 2
    print(f"{len(rows)} rows; wrote {WEIGHTS.name}, {WEIGHTS.stat().st_size / 1e6:.1f} MB.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
