"""What a message means for somebody's safety: text and what came before it → Signals. Reads meaning.

    message, after what came before ─ starter + adapter (hidden_states.py, one pass) ─ a vector per token
        ─ mean and learned attentions over the message's own tokens ─ linear heads ──┐
    message ─ sentence vector (encoder), TF-IDF of words and letter runs ─ linear ────┴→ Signals

The adapter (LoRA) and the heads are trained by `python -m evals.train_screen`. A long message is read in
pieces and the gravest decides; of a very long one the pieces that look gravest to the linear part.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from zipfile import BadZipFile

from coach.hidden_states import HiddenStates, damaged, pooled
from coach.safety.signals import Signals
from coach.turn import CATEGORIES, FLAGS, Level

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from coach.encoder import Encoder

    Vector = NDArray[np.float32]

ADAPTER = Path(__file__).parent / "classifier.gguf"
HEADS = Path(__file__).parent / "classifier.npz"

OPENING = "<|im_start|>user\n"  # stands before what is read, as the starter saw users' messages in training
HISTORY = 160  # tokens of earlier messages
WINDOW = 320  # tokens of one piece; 99.9% of the training rows are shorter
MOST_PIECES = 6
WHOLE, PIECE = 1000, 500  # characters; a longer message is read in pieces, of about 120 tokens of English
_SENTENCE = re.compile(r"[^.!?\n]*(?:[.!?\n]+\s*|$)")
MOST_CHARACTERS = 20_000  # what is longer was pasted: the rules read it all, this a piece of its ends

MEANING = 0.5  # how much the first reading counts against the second for the category; chosen on dev
ATTENTIONS = 4
OUTPUTS = (*("from 1", "from 2", "from 3"), *CATEGORIES, "other", *FLAGS)


NOTHING = Signals(0, (0.0, 0.0, 0.0), (0.0,) * len(CATEGORIES), 0.0, (0.0,) * len(FLAGS))


@dataclass(frozen=True)
class Heads:
    """What is learned beside the adapter.

    `attend` (attentions, width) and `weights` (outputs, (1 + attentions) * width) read the model's vectors;
    `linear` (dimensions + terms, outputs) reads a sentence vector and words and letter runs; `mix` (3, 7)
    turns the level outputs of both and a constant into log odds; `cuts` are the probabilities from which a
    level holds; `adapter` is the SHA-256 of the adapter that all this belongs to.
    """

    attend: Vector
    weights: Vector
    bias: Vector
    terms: tuple[tuple[str, ...], ...]
    idf: tuple[Vector, ...]
    linear: Vector
    offset: Vector
    mix: Vector
    cuts: tuple[float, float, float]
    adapter: str = ""

    def by_meaning(self, told: Vector) -> Vector:
        """The outputs, as log odds, from a message's token vectors."""
        return self.weights @ pooled(told, self.attend) + self.bias

    def by_words(self, text: str, vector: Vector) -> Vector:
        """The outputs, as log odds, from words and letter runs and the sentence vector."""
        import numpy as np

        start = len(vector)
        told = self.offset + vector @ self.linear[:start]
        for terms in self._vectorizers:
            row = terms.transform([text])
            told = told + row.data @ self.linear[start + row.indices]
            start += row.shape[1]
        return np.asarray(told, dtype=np.float32)

    def signals(self, meaning: Vector, words: Vector) -> Signals:
        """Both readings of one piece, weighed together."""
        import numpy as np

        levels = _chance(self.mix @ np.concatenate([meaning[:3], words[:3], [1.0]]))
        kinds = slice(3, 3 + len(CATEGORIES))
        odds = MEANING * meaning[kinds] + words[kinds]
        shares = np.exp(odds - odds.max())
        rest = _chance(meaning[kinds.stop :])
        level = 0
        while level < 3 and levels[level] >= self.cuts[level]:
            level += 1
        return Signals(
            level=cast(Level, level),
            levels=(float(levels[0]), float(levels[1]), float(levels[2])),
            categories=tuple(map(float, shares / shares.sum())),
            other=float(rest[0]),
            flags=tuple(map(float, rest[1:])),
        )

    @cached_property
    def _vectorizers(self) -> list[Any]:
        from coach.ranking import vectorizers

        return vectorizers(self.terms, self.idf)


def _chance(odds: Vector) -> Vector:
    import numpy as np

    return np.asarray(1 / (1 + np.exp(-odds)), dtype=np.float32)


class Classifier:
    """Reads messages with the starter model and its adapter."""

    def __init__(
        self, states: HiddenStates, encoder: Encoder, *, adapter: Path = ADAPTER, heads: Path = HEADS
    ) -> None:
        self._states, self._encoder = states, encoder
        self._adapter, self._heads_file = adapter, heads
        self._heads: Heads | None = None

    @property
    def loaded(self) -> bool:
        """Whether it can read without loading first."""
        return self._heads is not None

    def load(self) -> None:
        """Load now rather than at the first message; raises ModelError."""
        self._loaded()

    def read(self, text: str, before: Sequence[str] = ()) -> Signals:
        """The signals of the message, or of the gravest piece of it; raises ModelError."""
        with self._states.lock:
            heads = self._loaded()
            earlier = history(self._states, before)
            found = [self._read(piece, earlier, heads) for piece in self._pieces(text, heads)]
        return max(found, key=lambda signals: (signals.level, sum(signals.levels)), default=NOTHING)

    def _read(self, piece: str, earlier: list[int], heads: Heads) -> Signals:
        if not any(letter.isalnum() for letter in piece):
            return NOTHING
        own = self._states.tokens(piece)[:WINDOW]
        told = self._states.vectors(self._adapter, earlier, own)
        return heads.signals(heads.by_meaning(told), heads.by_words(piece, self._encoder.encode([piece])[0]))

    def _pieces(self, text: str, heads: Heads) -> list[str]:
        """The pieces to read: all, or those that look gravest by their words; what is said again, once."""
        most = MOST_PIECES
        if len(text) > MOST_CHARACTERS:
            text, most = f"{text[: MOST_CHARACTERS // 2]}\n{text[-MOST_CHARACTERS // 2 :]}", 1
        if len(text) <= WHOLE:
            return [text]
        pieces = split("".join(dict.fromkeys(_SENTENCE.findall(text))))
        if len(pieces) <= most:
            return pieces
        means = self._encoder.encode(pieces)
        looks = [float(heads.by_words(piece, mean)[0]) for piece, mean in zip(pieces, means, strict=True)]
        gravest = sorted(range(len(pieces)), key=lambda at: -looks[at])[:most]
        return [pieces[at] for at in sorted(gravest)]

    def _loaded(self) -> Heads:
        with self._states.lock:
            if self._heads is None:
                heads = read_heads(self._heads_file)
                self._encoder.encode(["warm up"])
                self._states.load(self._adapter, heads.adapter)
                self._heads = heads
            return self._heads


def history(states: HiddenStates, before: Sequence[str]) -> list[int]:
    """The opening and as many of the latest earlier messages as have room, as tokens."""
    kept: list[int] = []
    for message in reversed(before):
        more = states.tokens(f"{message}\n\n")
        if len(kept) + len(more) > HISTORY:
            break
        kept = more + kept
    return states.tokens(OPENING, special=True) + kept


def split(text: str) -> list[str]:
    """The text in pieces of at most PIECE characters, parted where a sentence or else a word ends."""
    pieces = []
    while len(text) > PIECE:
        head = text[:PIECE]
        ends = [head.rfind(mark) for mark in ("\n", ". ", "? ", "! ", "。")]
        cut = max(ends) + 1
        if cut < PIECE // 2:
            cut = head.rfind(" ") + 1
        if cut < PIECE // 2:
            cut = PIECE
        pieces.append(text[:cut])
        text = text[cut:]
    return [piece for piece in (*pieces, text) if piece.strip()] or [text]


def read_heads(path: Path = HEADS) -> Heads:
    """Read what came with the program; raises ModelError where it is missing or damaged."""
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as held:
            kinds = range(int(held["kinds"]))
            return Heads(
                attend=held["attend"].astype(np.float32),
                weights=held["weights"].astype(np.float32),
                bias=held["bias"],
                terms=tuple(tuple(held[f"terms{n}"].tobytes().decode().split("\n")) for n in kinds),
                idf=tuple(held[f"idf{n}"] for n in kinds),
                linear=np.concatenate([held["dense"], held["sparse"] * held["scale"]]).astype(np.float32),
                offset=held["offset"],
                mix=held["mix"],
                cuts=tuple(map(float, held["cuts"])),  # type: ignore[arg-type]
                adapter=str(held["adapter"]),
            )
    except (OSError, EOFError, ValueError, KeyError, BadZipFile, zlib.error) as exc:
        raise damaged(path) from exc


def save_heads(heads: Heads, path: Path = HEADS) -> None:
    """Write them, about 2 MB: what reads vectors in half precision, what reads words as bytes."""
    import numpy as np

    dense, sparse = np.split(heads.linear, [len(heads.linear) - sum(map(len, heads.terms))])
    scale = np.maximum(np.abs(sparse).max(axis=0), 1e-9) / 127
    part = path.with_name(f"part-{path.name}")
    held: dict[str, Any] = {}
    for kind, terms in enumerate(heads.terms):
        held[f"terms{kind}"] = np.frombuffer("\n".join(terms).encode(), dtype=np.uint8)
        held[f"idf{kind}"] = heads.idf[kind]
    np.savez_compressed(
        part,
        kinds=len(heads.terms),
        attend=heads.attend.astype(np.float16),
        weights=heads.weights.astype(np.float16),
        bias=heads.bias,
        dense=dense.astype(np.float16),
        sparse=np.round(sparse / scale).astype(np.int8),
        scale=scale.astype(np.float32),
        offset=heads.offset,
        mix=heads.mix,
        cuts=np.array(heads.cuts),
        adapter=np.array(heads.adapter),
        **held,
    )
    part.replace(path)
