"""What a message means for somebody's safety: text and what came before it → Signals. Reads meaning.

    message, after what came before ─ starter + adapter (llama.cpp, one pass) ─ a vector per token
        ─ mean and learned attentions over the message's own tokens ─ linear heads ──┐
    message ─ sentence vector (encoder), TF-IDF of words and letter runs ─ linear ────┴→ Signals

The adapter (LoRA) and the heads are trained by `python -m evals.train_screen`. Every sentence is read by
itself as well, so that a clause of danger is not lost in a long story. A long message is read in pieces and
the gravest decides; of a very long one the pieces that look gravest to the linear part.
"""

from __future__ import annotations

import hashlib
import os
import re
import threading
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from zipfile import BadZipFile

from coach.errors import ModelError
from coach.safety.signals import Signals
from coach.turn import CATEGORIES, FLAGS, Level

if TYPE_CHECKING:
    import numpy as np
    from llama_cpp import Llama
    from numpy.typing import NDArray

    from coach.encoder import Encoder

    Vector = NDArray[np.float32]

ADAPTER = Path(__file__).parent / "classifier.gguf"
HEADS = Path(__file__).parent / "classifier.npz"

OPENING = "<|im_start|>user\n"  # stands before what is read, as the starter saw users' messages in training
HISTORY = 160  # tokens of earlier messages
WINDOW = 320  # tokens of one piece; 99.9% of the training rows are shorter
MOST_PIECES = 3
PIECE = 1000  # characters, about 240 tokens of English
MOST_CHARACTERS = 20_000  # what is longer was pasted: the rules read it all, this a piece of its ends

SENTENCE_CUT = 0.7  # a sentence by itself counts from this chance of level 2: 0 of 89 long harmless dev rows
SHORTEST = 9  # words of a sentence that is read by itself
_SENTENCE = re.compile(r"[^.!?\n]*(?:[.!?\n]+|$)")
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

    def pooled(self, told: Vector) -> Vector:
        """The mean of a message's token vectors, shape (tokens, width), and what each attention sees."""
        import numpy as np

        scores = told @ self.attend.T
        shares = np.exp(scores - scores.max(axis=0))
        shares /= shares.sum(axis=0)
        return np.concatenate([told.mean(axis=0), (shares.T @ told).ravel()]).astype(np.float32)

    def by_meaning(self, told: Vector) -> Vector:
        """The outputs, as log odds, from a message's token vectors."""
        return self.weights @ self.pooled(told) + self.bias

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
        from coach.ranking import vectorizer

        made = []
        for kind, (terms, idf) in enumerate(zip(self.terms, self.idf, strict=True)):
            one = vectorizer(kind, vocabulary={term: number for number, term in enumerate(terms)})
            one.idf_ = idf
            made.append(one)
        return made


def _chance(odds: Vector) -> Vector:
    import numpy as np

    return np.asarray(1 / (1 + np.exp(-odds)), dtype=np.float32)


class Classifier:
    """The starter model with its adapter, in this process beside whatever model the user talks to."""

    def __init__(
        self,
        find: Callable[[], Path],
        encoder: Encoder,
        *,
        adapter: Path = ADAPTER,
        heads: Path = HEADS,
        threads: int | None = None,
    ) -> None:
        self._find, self._encoder, self._threads = find, encoder, threads
        self._adapter, self._heads_file = adapter, heads
        self._lock = threading.Lock()
        self._ready: tuple[Llama, Heads] | None = None

    @property
    def loaded(self) -> bool:
        """Whether it can read without loading first."""
        return self._ready is not None

    def load(self) -> None:
        """Load now rather than at the first message; raises ModelError."""
        with self._lock:
            self._parts()

    def read(self, text: str, before: Sequence[str] = ()) -> Signals:
        """The signals of the message, or of the gravest part of it; raises ModelError."""
        with self._lock:
            llama, _ = self._parts()
            earlier = history(llama, before)
            found = [signals for piece in self._pieces(text) for signals in self._looked_at(piece, earlier)]
        return max(found, key=lambda signals: (signals.level, sum(signals.levels)), default=NOTHING)

    def forget(self) -> None:
        """Drop what the model holds of earlier messages."""
        with self._lock:
            if self._ready is not None:
                llama = self._ready[0]
                llama._batch.reset()  # type: ignore[no-untyped-call]
                llama._ctx.kv_cache_clear()  # type: ignore[no-untyped-call]

    def _looked_at(self, piece: str, earlier: list[int]) -> list[Signals]:
        """The signals of a piece as a whole, and of each sentence in it that looks grave by itself.

        One pass serves all: the vectors of a sentence's tokens know what stands before them.
        """
        llama, heads = self._parts()
        parts = sentences(piece)
        own = [tokens(llama, part) for part in parts]
        if not any(own):
            return []
        told = vectors(llama, earlier, [token for part in own for token in part][:WINDOW])
        means = self._encoder.encode([piece, *parts])
        found = [heads.signals(heads.by_meaning(told), heads.by_words(piece, means[0]))]
        end = 0
        for part, part_tokens, mean in zip(parts, own, means[1:], strict=True):
            start, end = end, end + len(part_tokens)
            if len(parts) > 1 and start < min(end, len(told)):
                alone = heads.signals(heads.by_meaning(told[start:end]), heads.by_words(part, mean))
                if alone.levels[1] >= SENTENCE_CUT:
                    found.append(alone)
        return found

    def _pieces(self, text: str) -> list[str]:
        """The pieces to read: all, or those that look gravest by their words."""
        most = MOST_PIECES
        if len(text) > MOST_CHARACTERS:
            text, most = f"{text[: MOST_CHARACTERS // 2]}\n{text[-MOST_CHARACTERS // 2 :]}", 1
        pieces = split(text)
        if len(pieces) <= most:
            return pieces
        _, heads = self._parts()
        means = self._encoder.encode(pieces)
        looks = [float(heads.by_words(piece, mean)[0]) for piece, mean in zip(pieces, means, strict=True)]
        gravest = sorted(range(len(pieces)), key=lambda at: -looks[at])[:most]
        return [pieces[at] for at in sorted(gravest)]

    def _parts(self) -> tuple[Llama, Heads]:
        if self._ready is None:
            heads = read_heads(self._heads_file)
            self._encoder.encode(["warm up"])
            self._ready = (self._load(self._find(), heads), heads)
        return self._ready

    def _load(self, model: Path, heads: Heads) -> Llama:
        from coach.engine import opened

        # llama-cpp-python takes a broken adapter without a word, and reads on without it (0.3.36).
        if digest(self._adapter) != heads.adapter:
            raise damaged(self._adapter)
        size = len(OPENING) + HISTORY + WINDOW
        cores = os.cpu_count() or 1
        return opened(
            model,
            lora_path=str(self._adapter),
            embedding=True,
            pooling_type=0,  # a vector for each token
            n_ctx=size,
            n_batch=size,
            n_ubatch=size,
            n_threads=self._threads or min(8, cores),
            n_threads_batch=self._threads or min(8, cores),
        )


def history(llama: Llama, before: Sequence[str]) -> list[int]:
    """The opening and as many of the latest earlier messages as have room, as tokens."""
    kept: list[int] = []
    for message in reversed(before):
        more = tokens(llama, f"{message}\n\n")
        if len(kept) + len(more) > HISTORY:
            break
        kept = more + kept
    return list(llama.tokenize(OPENING.encode(), add_bos=False, special=True)) + kept


def tokens(llama: Llama, text: str) -> list[int]:
    """The text as tokens; template words in it stay plain text."""
    return list(llama.tokenize(text.encode(), add_bos=False, special=False))


def vectors(llama: Llama, earlier: list[int], own: list[int]) -> Vector:
    """A vector for each of these tokens, read after the earlier ones; shape (tokens, width)."""
    import llama_cpp
    import numpy as np

    read = earlier + own
    llama._batch.reset()  # type: ignore[no-untyped-call]
    llama._batch.add_sequence(read, 0, True)
    llama._ctx.kv_cache_clear()  # type: ignore[no-untyped-call]
    llama._ctx.decode(llama._batch)
    held = llama_cpp.llama_get_embeddings(llama._ctx.ctx)
    return np.ctypeslib.as_array(held, shape=(len(read), llama.n_embd()))[len(earlier) :].copy()


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


def sentences(piece: str) -> list[str]:
    """The sentences of a piece, short ones joined to the next; together they are the piece again."""
    found: list[str] = []
    for sentence in _SENTENCE.findall(piece):
        if found and len(found[-1].split()) < SHORTEST:
            found[-1] += sentence
        else:
            found.append(sentence)
    if len(found) > 1 and len(found[-1].split()) < SHORTEST:
        last = found.pop()
        found[-1] += last
    return found or [piece]


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


def digest(file: Path) -> str:
    """The SHA-256 of a file; of one that cannot be read it is empty."""
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""


def damaged(file: Path) -> ModelError:
    """The error where a part of the classifier is missing or cannot be read."""
    return ModelError(
        f"{file.name}: the trained part of the safety screen cannot be read.", "Install the program again."
    )
