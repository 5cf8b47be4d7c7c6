"""Finds the cards that fit a story: encode, index (chroma on disk), search (dense and BM25, fused).

    CardSearch.search(query) ── encode ─→ nearest vectors (a card's score is its best vector's) ─┐
                              └ words ─→ BM25 ─────────────────────────────────────────────────┴→ passages

The index is a cache. It is named by the hash of what it was made from, built in a folder of its own and
then pointed to, so that a half-built one is never read and two processes do not disturb each other.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from coach.cards import Card, Library
from coach.errors import IndexUnavailable
from coach.turn import Passage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from sentence_transformers import SentenceTransformer

    Vectors = NDArray[np.float32]

_FORMAT = "1"  # change when what is indexed, or how, changes
_NEAREST = 200  # vectors asked for, of about 1,300; a card has at most eleven
_GATE_CARDS = 5
_STALE_SECONDS = 86_400.0  # another process may still read an index that was replaced today


@dataclass(frozen=True)
class Weighting:
    """How a score is made; chosen on the development queries (`coach eval retrieval`).

    Whether anything fits is decided by `gate`, the least mean cosine of the five nearest cards: one card
    that shares a word with a recipe comes near it, five do not. A match is `sure` where meaning and words
    agree, or where the meaning alone is very near; on the development queries the first sure card helped in
    0.60 of 30, the first card of all in 0.47 of 60.
    """

    gate: float = 0.36
    floor: float = 0.30
    lexical: float = 0.20
    skill: float = 0.01
    caution: float = 0.02
    sure_dense: float = 0.50
    sure_lexical: float = 0.50
    sure_alone: float = 0.70


class Encoder(Protocol):
    """Turns texts into unit vectors."""

    name: str

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return float32 of shape (texts, dimensions), each row of length 1."""
        ...


class MiniLM:
    """all-MiniLM-L6-v2 through sentence-transformers, from local files; loaded at first use."""

    name = "all-MiniLM-L6-v2"

    def __init__(self, find: Callable[[], Path]) -> None:
        self._find = find
        self._lock = threading.Lock()
        self._model: SentenceTransformer | None = None

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return float32 of shape (texts, 384); text beyond 256 word pieces is not read."""
        import numpy as np

        with self._lock:
            if self._model is None:
                from sentence_transformers import SentenceTransformer
                from transformers.utils.logging import disable_progress_bar

                disable_progress_bar()  # type: ignore[no-untyped-call]
                self._model = SentenceTransformer(str(self._find()), device="cpu", local_files_only=True)
            found = self._model.encode(
                list(texts), normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False
            )
        return np.asarray(found, dtype=np.float32)


class WordEncoder:
    """The shipped fake: every word is a direction, so texts that share words are near."""

    name = "words"

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return float32 of shape (texts, 512)."""
        import numpy as np

        vectors = np.zeros((len(texts), 512), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in _words(text):
                vectors[row, int(hashlib.sha256(word.encode()).hexdigest()[:8], 16) % 512] += 1.0
        length = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.maximum(length, 1e-9), dtype=np.float32)


class CardSearch:
    """Searches the cards of a library; the index is opened, or built, at first use."""

    def __init__(
        self, library: Library, encoder: Encoder, folder: Path, weighting: Weighting = Weighting()
    ) -> None:
        self.library, self.encoder, self.folder, self.weighting = library, encoder, folder, weighting
        self._lock = threading.Lock()
        self._index: Index | None = None
        self._lexical: Lexical | None = None

    def search(
        self, query: str, *, count: int = 3, skill: str | None = None, restricted: bool = False
    ) -> tuple[Passage, ...]:
        """The best passages first, each of another card; none where nothing reaches the floor.

        `restricted` leaves out every card that is marked `off_when_unsafe`.
        """
        if not query.strip() or not self.library.cards:
            return ()
        dense, lexical = self.scores(query)
        nearest = sorted(dense.values(), reverse=True)[:_GATE_CARDS]
        if sum(nearest) / len(nearest) < self.weighting.gate:
            return ()
        ranked: list[tuple[float, Card, bool]] = []
        for card in self.library.cards.values():
            near, words = dense.get(card.id, 0.0), lexical.get(card.id, 0.0)
            sure = self._sure(near, words)
            # A card that stays on when someone is unsafe speaks of danger; without need it would alarm.
            if (card.off_when_unsafe and restricted) or not (card.off_when_unsafe or restricted or sure):
                continue
            ranked.append((self._weighted(card, near + self.weighting.lexical * words, skill), card, sure))
        ranked.sort(key=lambda found: (-found[0], found[1].id))
        return tuple(
            Passage(card.id, card.title, card.gist, round(min(score, 1.0), 4), sure)
            for score, card, sure in ranked[:count]
            if score >= self.weighting.floor
        )

    def _sure(self, near: float, words: float) -> bool:
        least = self.weighting
        return near >= least.sure_alone or (near >= least.sure_dense and words >= least.sure_lexical)

    def scores(self, query: str) -> tuple[dict[str, float], dict[str, float]]:
        """Every near card's cosine, and every card's lexical score, 0 to 1 each."""
        self.load()
        assert self._index is not None and self._lexical is not None
        return self._index.nearest(self.encoder.encode([query])[0]), self._lexical.scores(query)

    def load(self) -> None:
        """Open the index, building it first where it is missing, old or damaged."""
        with self._lock:
            if self._index is None:
                self._index = open_index(self.library, self.encoder, self.folder)
            if self._lexical is None:
                self._lexical = Lexical(self.library)

    def _weighted(self, card: Card, score: float, skill: str | None) -> float:
        score += self.weighting.skill if skill in card.skills else 0.0
        return score + (self.weighting.caution if card.kind == "caution" else 0.0)


class Lexical:
    """BM25 over whole cards, in memory; scores are shares of the query's best."""

    def __init__(self, library: Library) -> None:
        import bm25s

        self._ids = list(library.cards)
        self._bm25 = bm25s.BM25()
        if self._ids:
            self._bm25.index([_words(_whole(card)) for card in library.cards.values()], show_progress=False)

    def scores(self, query: str) -> dict[str, float]:
        """Card id to 0..1; cards without a shared word are left out."""
        words = [word for word in set(_words(query)) if word in self._bm25.vocab_dict]
        if not words:
            return {}
        found = self._bm25.get_scores(sorted(words))
        top = float(found.max())
        return (
            {id: float(s) / top for id, s in zip(self._ids, found, strict=True) if s > 0} if top > 0 else {}
        )


class Index:
    """Vectors of titles, gists and situations in chroma; vectors are passed in, chroma embeds nothing."""

    def __init__(self, folder: Path) -> None:
        import chromadb
        from chromadb.config import Settings as ChromaSettings

        settings = ChromaSettings(anonymized_telemetry=False)
        self._client: Any = chromadb.PersistentClient(path=str(folder), settings=settings)
        self._cards = self._client.get_or_create_collection(
            "cards", embedding_function=None, metadata={"hnsw:space": "cosine"}
        )

    def add(self, parts: Sequence[tuple[str, str]], vectors: Vectors) -> None:
        """Store one vector for each (card id, text)."""
        if parts:
            self._cards.add(
                ids=[f"{card}#{number}" for number, (card, _) in enumerate(parts)],
                embeddings=vectors,
                metadatas=[{"card": card} for card, _ in parts],
            )

    def nearest(self, vector: Any) -> dict[str, float]:
        """Card id to the cosine of its best vector."""
        found = self._cards.query(
            query_embeddings=[vector], n_results=_NEAREST, include=["metadatas", "distances"]
        )
        best: dict[str, float] = {}
        for meta, distance in zip(
            (found["metadatas"] or [[]])[0], (found["distances"] or [[]])[0], strict=True
        ):
            card = str(meta["card"])
            best[card] = max(best.get(card, -1.0), 1.0 - float(distance))
        return best

    def count(self) -> int:
        """How many vectors are stored."""
        return int(self._cards.count())

    def close(self) -> None:
        """Let go of the files."""
        self._client.close()


def open_index(library: Library, encoder: Encoder, folder: Path) -> Index:
    """The index of this library: the one on disk if it is whole and current, else built anew."""
    key = content_hash(library, encoder)
    return _stored(library, folder, key) or _build(library, encoder, folder, key)


def _stored(library: Library, folder: Path, key: str) -> Index | None:
    """The index that `current.json` points to, or None where it is missing, old or damaged."""
    # rebuilding cures them all
    faults: tuple[type[Exception], ...] = (OSError, ValueError, KeyError, TypeError, *_chroma_faults())
    try:
        current = json.loads((folder / "current.json").read_text(encoding="utf-8"))
        if current["key"] != key or not (folder / current["folder"]).is_dir():
            return None
        index = Index(folder / current["folder"])
        if index.count() == len(_parts(library)):
            return index
        index.close()
    except faults:
        pass
    return None


def _chroma_faults() -> tuple[type[Exception], ...]:
    """What chroma raises on damaged, read-only and full storage."""
    import sqlite3

    from chromadb.errors import ChromaError

    return ChromaError, sqlite3.Error, RuntimeError


def content_hash(library: Library, encoder: Encoder) -> str:
    """What an index depends on, as a hash: the cards' indexed texts, the encoder and the format."""
    told = json.dumps([_FORMAT, encoder.name, _parts(library)], ensure_ascii=False)
    return hashlib.sha256(told.encode()).hexdigest()


def _build(library: Library, encoder: Encoder, folder: Path, key: str) -> Index:
    """Build aside in a folder that nobody else writes, then point to it."""
    name = f"{key[:12]}-{uuid.uuid4().hex[:8]}"
    parts = _parts(library)
    vectors = encoder.encode([text for _, text in parts]) if parts else None
    faults: tuple[type[Exception], ...] = (OSError, *_chroma_faults())
    try:
        (folder / name).mkdir(parents=True)
        index = Index(folder / name)
        if vectors is not None:
            index.add(parts, vectors)
        part = folder / f"{name}.part"
        part.write_text(json.dumps({"key": key, "folder": name}), encoding="utf-8")
        part.replace(folder / "current.json")
    except faults as exc:
        shutil.rmtree(folder / name, ignore_errors=True)
        raise IndexUnavailable(
            f"The search index cannot be written to {folder}.",
            "Free some disk space or make that folder writable, or set COACH_HOME to another folder.",
        ) from exc
    _sweep(folder, keep=name)
    return index


def _sweep(folder: Path, *, keep: str) -> None:
    """Remove indexes that were replaced a day ago or more."""
    for old in folder.iterdir():
        if old.is_dir() and old.name != keep and time.time() - old.stat().st_mtime > _STALE_SECONDS:
            shutil.rmtree(old, ignore_errors=True)


def _parts(library: Library) -> list[tuple[str, str]]:
    """What gets a vector: each card's title with its gist, and each of its situations."""
    return [
        (card.id, text)
        for card in library.cards.values()
        for text in (f"{card.title}. {card.gist}", *card.situations)
    ]


def _whole(card: Card) -> str:
    return " ".join([card.title, card.gist, " ".join(card.tags), " ".join(card.situations), card.body])


def _words(text: str) -> list[str]:
    """Words for BM25 and the fake encoder: lower case, without the commonest."""
    return [w for w in re.findall(r"[a-z][a-z']+", text.lower().replace("’", "'")) if w not in _COMMON]


_COMMON = frozenset(
    """a about after again all also am an and any are as at be been before being but by can could did do
    does doing don't down even every few for from get got had has have having he he's her hers here him his
    how i i'd i'll i'm i've if in into is isn't it it's its just know like make me more most much my never no
    not now of off on one only or other our out over own really said say says she she's so some still such
    than that that's the their them then there these they they're this those to too up us very was way we
    were what when where which who why will with would yes you your""".split()
)
