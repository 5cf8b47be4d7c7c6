"""What a message is for: the kind of remark, the skill that it asks for, and a role for each of its pieces.

    message, after what came before ─ starter + the screen's adapter: the pass that the screen made anyway
        ─ mean and attentions over all its tokens ─┬─ linear ─→ kind and intent       (coach/skills/parts.py)
    message ─ sentence vector, words, letter runs ─┘
        ─ over each piece's tokens, its neighbours, its sentence vector, words ─ linear ─→ roles

The adapter and its attentions are the classifier's; only the linear maps are learned here, from some 4,700
messages (`python -m evals.train_meaning`). They are bound to the adapter's SHA-256.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

from coach import classifier
from coach.classifier import ADAPTER, WHOLE, WINDOW, history
from coach.errors import ModelError
from coach.hidden_states import HiddenStates, damaged, pooled
from coach.ranking import vectorizers
from coach.skills.parts import Meaning, Part, goes_on, pieces
from coach.skills.story import clean

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from coach.encoder import Encoder

    Vector = NDArray[np.float32]

HEADS = Path(__file__).parent / "meaning.npz"
WORDS, LETTERS = 0, 1  # kinds of terms, see coach/ranking.py
READS = {"kinds": (WORDS, LETTERS), "intents": (WORDS, LETTERS), "roles": (WORDS,)}


@dataclass(frozen=True)
class Linear:
    """A linear map from a dense vector and the terms of a text to one of several names.

    `weights` has shape (dimensions + terms, names); `terms` are words, or words and letter runs, with `idf`.
    """

    names: tuple[str, ...]
    weights: Vector
    offset: Vector
    terms: tuple[tuple[str, ...], ...]
    idf: tuple[Vector, ...]

    def chances(self, dense: Vector, text: str) -> dict[str, float]:
        """How likely each name is; together they are 1."""
        import numpy as np

        start = len(dense)
        odds = self.offset + dense @ self.weights[:start]
        for one in self._vectorizers:
            row = one.transform([text])
            odds = odds + row.data @ self.weights[start + row.indices]
            start += row.shape[1]
        shares = np.exp(odds - odds.max())
        return dict(zip(self.names, map(float, shares / shares.sum()), strict=True))

    @cached_property
    def _vectorizers(self) -> list[Any]:
        return vectorizers(self.terms, self.idf)


class MeaningReader:
    """Reads what messages are for; loads at first use. `problem` says why it could not read the last one."""

    def __init__(self, states: HiddenStates, encoder: Encoder, *, heads: Path = HEADS) -> None:
        self._states, self._encoder, self._file = states, encoder, heads
        self._maps: dict[str, Linear] = {}
        self._attend: Vector | None = None
        self.problem: ModelError | None = None

    def load(self) -> None:
        """Load now rather than at the first message; a failure is kept in `problem`."""
        try:
            self._load()
        except ModelError as problem:
            self.problem = problem

    def _load(self) -> None:
        with self._states.lock:
            if self._attend is None:
                adapter, self._maps = read_maps(self._file)
                heads = classifier.read_heads()
                if heads.adapter != adapter:
                    raise damaged(self._file)
                self._states.load(ADAPTER, adapter)
                self._attend = heads.attend

    def meaning(self, text: str, before: Sequence[str] = ()) -> Meaning:
        """What the message is for, and its parts; of a long one, those of its beginning and its end.

        Raises ModelError.
        """
        with self._states.lock:
            self._load()
            told = clean(text)
            earlier = history(self._states, before)
            found = [self._read(told, run, earlier) for run in runs(pieces(told))]
        if not found:
            return Meaning()
        gravest = max(found, key=lambda one: one.kinds["unsafe"])  # one frightened passage makes it so
        return Meaning(gravest.kinds, found[-1].intents, tuple(part for one in found for part in one.parts))

    def _read(self, told: str, spans: list[tuple[int, int]], earlier: list[int]) -> Meaning:
        """The meaning of a run of pieces, read in one pass."""
        import numpy as np

        assert self._attend is not None
        start = spans[0][0]
        text = told[start : spans[-1][1]]
        own, places = in_tokens(self._states, text, [(begin - start, end - start) for begin, end in spans])
        vectors = self._states.vectors(ADAPTER, earlier, own)
        whole = np.concatenate([pooled(vectors, self._attend), self._encoder.encode([text])[0]])
        texts = [told[begin:end] for begin, end in spans]
        read = of_pieces(vectors, places, self._attend, self._encoder.encode(texts))
        parts: list[Part] = []
        for at, (piece, dense) in enumerate(zip(texts, read, strict=True)):
            chances = self._maps["roles"].chances(dense, piece)
            role = max(chances, key=lambda name: chances[name])
            parts.append(Part(piece, role, at > 0 and goes_on(told, spans[at - 1], spans[at])))
        return Meaning(
            self._maps["kinds"].chances(whole, text), self._maps["intents"].chances(whole, text), tuple(parts)
        )


def of_pieces(
    vectors: Vector, places: Sequence[tuple[int, int]], attend: Vector, sentences: Vector
) -> list[Vector]:
    """Of each piece what is read: it, pooled; the means of those before and after it; its sentence vector."""
    import numpy as np

    own = [pooled(vectors[first:last], attend) for first, last in places]
    none = np.zeros(vectors.shape[1], np.float32)
    means = [none, *(one[: len(none)] for one in own), none]
    return [
        np.concatenate([one, means[at], means[at + 2], sentences[at]]).astype(np.float32)
        for at, one in enumerate(own)
    ]


def runs(spans: list[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """Pieces in runs of at most WHOLE characters; of many runs, the first two and the last."""
    found: list[list[tuple[int, int]]] = []
    for span in spans:
        if found and span[1] - found[-1][0][0] <= WHOLE:
            found[-1].append(span)
        else:
            found.append([span])
    return found if len(found) <= 3 else [*found[:2], found[-1]]


def in_tokens(
    states: HiddenStates, text: str, spans: Sequence[tuple[int, int]]
) -> tuple[list[int], list[tuple[int, int]]]:
    """The text's tokens, and which of them each span of characters takes in; at least one."""
    tokens = states.tokens(text)[:WINDOW]
    ends = states.ends(tokens)
    places = []
    for begin, end in spans:
        first_byte, last_byte = len(text[:begin].encode()), len(text[:end].encode())
        first = next((at for at, byte in enumerate(ends) if byte > first_byte), len(ends) - 1)
        last = next((at + 1 for at, byte in enumerate(ends) if byte >= last_byte), len(ends))
        places.append((first, max(last, first + 1)))
    return tokens, places


def read_maps(path: Path = HEADS) -> tuple[str, dict[str, Linear]]:
    """The adapter's SHA-256 and the maps that came with the program; ModelError where they are damaged."""
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as held:
            maps = {
                name: Linear(
                    names=tuple(map(str, held[f"{name} names"])),
                    weights=(held[f"{name} weights"] * held[f"{name} scale"]).astype(np.float32),
                    offset=held[f"{name} offset"],
                    terms=tuple(
                        tuple(held[f"{name} terms{n}"].tobytes().decode().split("\n")) for n in reads
                    ),
                    idf=tuple(held[f"{name} idf{n}"] for n in reads),
                )
                for name, reads in READS.items()
            }
            return str(held["adapter"]), maps
    except (OSError, EOFError, ValueError, KeyError, BadZipFile, zlib.error) as exc:
        raise damaged(path) from exc


def save_maps(adapter: str, maps: dict[str, Linear], path: Path = HEADS) -> None:
    """Write them, weights as bytes in columns of one scale."""
    import numpy as np

    held: dict[str, Any] = {"adapter": np.array(adapter)}
    for name, one in maps.items():
        scale = np.maximum(np.abs(one.weights).max(axis=1, keepdims=True), 1e-9) / 127
        held |= {
            f"{name} names": np.array(one.names),
            f"{name} weights": np.round(one.weights / scale).astype(np.int8),
            f"{name} scale": scale.astype(np.float32),
            f"{name} offset": one.offset,
        }
        for kind, (terms, idf) in enumerate(zip(one.terms, one.idf, strict=True)):
            held[f"{name} terms{kind}"] = np.frombuffer("\n".join(terms).encode(), dtype=np.uint8)
            held[f"{name} idf{kind}"] = idf
    part = path.with_name(f"part-{path.name}")
    np.savez_compressed(part, **held)
    part.replace(path)
