"""What was learned about which card helps with which message: one linear map from a message to grades.

    message ─┬─→ sentence vector (encoder) ───────┬─ x weights ─→ a grade for each card, and whether any fits
             └─→ word and letter runs (TF-IDF) ───┘

The weights are the closed-form solution of a ridge regression on messages written for this project
(`python -m evals.train_ranking`; its data and what is known to be wrong with it: evals/training/ranking.md).
Cards that are not in the weights (newer ones) are ranked by nearness alone.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

from coach.errors import KnowledgeError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WEIGHTS = Path(__file__).parent / "ranking.npz"
LEXICAL = 0.3  # how much words and letters count against the vector, in the kernel; chosen on dev
_SETTINGS: tuple[dict[str, Any], ...] = (
    {"ngram_range": (1, 2), "min_df": 3},
    {"ngram_range": (3, 5), "min_df": 8, "analyzer": "char_wb"},
)
KINDS = range(len(_SETTINGS))  # of terms


@dataclass(frozen=True)
class Judged:
    """Grades of cards by id, about 0 (no help) to 1 (among the first to hand over).

    `fits` is about 1 where the library has something for the message, and 0 where it has not.
    """

    grades: Mapping[str, float]
    fits: float


@dataclass(frozen=True)
class Ranking:
    """The learned weights.

    `weights` has shape (dimensions + terms, cards + 1), its last column is whether any card fits; `middle` is
    the mean of the training messages' vectors; `terms` are the words and letter runs, with their `idf`.
    """

    encoder: str
    cards: tuple[str, ...]
    terms: tuple[tuple[str, ...], ...]
    idf: tuple[NDArray[np.float32], ...]
    middle: NDArray[np.float32]
    offset: NDArray[np.float32]
    weights: NDArray[np.float32]

    def judge(self, vector: NDArray[np.float32], text: str) -> Judged:
        """Grade every known card for one message and its sentence vector."""
        import numpy as np

        told = self.offset + (vector - self.middle) @ self.weights[: len(self.middle)]
        start = len(self.middle)
        for terms in self._vectorizers:
            row = terms.transform([text])
            told = told + row.data @ self.weights[start + row.indices] * np.float32(LEXICAL**0.5)
            start += row.shape[1]
        return Judged(dict(zip(self.cards, map(float, told[:-1]), strict=True)), float(told[-1]))

    @cached_property
    def _vectorizers(self) -> list[Any]:
        return vectorizers(self.terms, self.idf)


def vectorizer(kind: int, **more: Any) -> Any:
    """TF-IDF over words and pairs (kind 0) or over runs of three to five letters within words (kind 1)."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(sublinear_tf=True, **{**_SETTINGS[kind], **more})


def vectorizers(terms: Sequence[tuple[str, ...]], idf: Sequence[NDArray[np.float32]]) -> list[Any]:
    """The vectorizers of the kinds 0, 1 … that were learned with these terms and their idf."""
    made = []
    for kind, (own, weights) in enumerate(zip(terms, idf, strict=True)):
        one = vectorizer(kind, vocabulary={term: number for number, term in enumerate(own)})
        one.idf_ = weights
        made.append(one)
    return made


def read_ranking(path: Path = WEIGHTS) -> Ranking:
    """Read the weights that came with the program."""
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as held:
            scale = held["scale"].astype(np.float32)
            return Ranking(
                encoder=str(held["encoder"]),
                cards=tuple(map(str, held["cards"])),
                terms=tuple(_unpacked(held[f"terms{kind}"]) for kind in KINDS),
                idf=tuple(held[f"idf{kind}"] for kind in KINDS),
                middle=held["middle"],
                offset=held["offset"],
                weights=held["weights"].astype(np.float32) * scale,
            )
    except (OSError, EOFError, ValueError, KeyError, BadZipFile, zlib.error) as exc:
        raise KnowledgeError(
            f"{path.name}: the learned part of the search cannot be read.", "Install the program again."
        ) from exc


def save_ranking(ranking: Ranking, path: Path = WEIGHTS) -> None:
    """Write weights as bytes, each column scaled by its own largest value; about 3 MB."""
    import numpy as np

    scale = np.abs(ranking.weights).max(axis=0) / 127
    part = path.with_name(f"part-{path.name}")
    held: dict[str, Any] = {
        **{f"terms{kind}": _packed(ranking.terms[kind]) for kind in KINDS},
        **{f"idf{kind}": ranking.idf[kind] for kind in KINDS},
    }
    np.savez_compressed(
        part,
        encoder=np.array(ranking.encoder),
        cards=np.array(ranking.cards),
        middle=ranking.middle,
        offset=ranking.offset,
        weights=np.round(ranking.weights / scale).astype(np.int8),
        scale=scale.astype(np.float32),
        **held,
    )
    part.replace(path)


def _packed(terms: tuple[str, ...]) -> NDArray[np.uint8]:
    import numpy as np

    return np.frombuffer("\n".join(terms).encode(), dtype=np.uint8)


def _unpacked(held: NDArray[np.uint8]) -> tuple[str, ...]:
    return tuple(held.tobytes().decode().split("\n"))
