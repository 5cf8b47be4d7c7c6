"""Finds what fits a story: cards of the library, and passages of the user's own documents beside them.

    Search.search(query) ── encode ─→ nearest vectors (a card's score is its best vector's) ─┐
                          └ words ─→ BM25 ─────────────────────────────────────────────────┴→ passages

The index is a cache, named by the hash of what it was made from.
"""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coach.cards import Card, Library
from coach.documents import Documents
from coach.encoder import Encoder, words
from coach.index import Index, Kept
from coach.turn import Passage

_FORMAT = "2"  # change when what is indexed, or how, changes
_NEAREST = 200  # vectors asked for, of about 1,300; a card has at most eleven
_GATE_CARDS = 5


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


class CardSearch:
    """Searches the cards of a library; the index is opened, or built, at first use."""

    def __init__(
        self,
        library: Library,
        encoder: Encoder,
        folder: Path,
        weighting: Weighting = Weighting(),
        documents: Documents | None = None,
    ) -> None:
        self.library, self.encoder, self.weighting, self.documents = library, encoder, weighting, documents
        self._lock = threading.Lock()
        self._vectors = Kept(
            folder,
            lambda: content_hash(library, encoder),
            self._fill,
            whole=lambda index: index.count() == len(_parts(library)),
        )
        self._lexical: Lexical | None = None

    def search(
        self, query: str, *, count: int = 3, skill: str | None = None, restricted: bool = False
    ) -> tuple[Passage, ...]:
        """The best passages first, each of another card; none where nothing reaches the floor.

        At most one of them, the last, is of the user's own documents. `restricted` leaves those out, and
        every card that is marked `off_when_unsafe`.
        """
        if not query.strip():
            return ()
        vector = self.encoder.encode([query])[0]
        own: tuple[Passage, ...] = ()
        if self.documents and not restricted:
            own = self.documents.search(vector, query, count=1)
        cards = self._cards(vector, query, skill=skill, restricted=restricted)
        return (*cards[: count - len(own)], *own)

    def _cards(self, vector: Any, query: str, *, skill: str | None, restricted: bool) -> list[Passage]:
        """Every card that fits, best first."""
        dense, lexical = self.scores(vector, query)
        if not dense:
            return []
        nearest = sorted(dense.values(), reverse=True)[:_GATE_CARDS]
        if sum(nearest) / len(nearest) < self.weighting.gate:
            return []
        ranked: list[tuple[float, Card, bool]] = []
        for card in self.library.cards.values():
            near, shared = dense.get(card.id, 0.0), lexical.get(card.id, 0.0)
            sure = self._sure(near, shared)
            # A card that stays on when someone is unsafe speaks of danger; without need it would alarm.
            if (card.off_when_unsafe and restricted) or not (card.off_when_unsafe or restricted or sure):
                continue
            ranked.append((self._weighted(card, near + self.weighting.lexical * shared, skill), card, sure))
        ranked.sort(key=lambda found: (-found[0], found[1].id))
        return [
            Passage(card.id, card.title, card.gist, round(min(score, 1.0), 4), sure)
            for score, card, sure in ranked
            if score >= self.weighting.floor
        ]

    def _sure(self, near: float, shared: float) -> bool:
        least = self.weighting
        return near >= least.sure_alone or (near >= least.sure_dense and shared >= least.sure_lexical)

    def scores(self, vector: Any, query: str) -> tuple[dict[str, float], dict[str, float]]:
        """Every near card's cosine, and every card's lexical score, 0 to 1 each."""
        best: dict[str, float] = {}
        for near in self._vectors.nearest(vector, _NEAREST):
            best[near.of] = max(best.get(near.of, -1.0), near.cosine)
        with self._lock:
            self._lexical = self._lexical or Lexical(self.library)
        return best, self._lexical.scores(query)

    def load(self) -> None:
        """Open the index, building it first where it is missing, old or damaged."""
        self._vectors.open()

    def is_current(self) -> bool:
        """Whether an index of this library and encoder is stored."""
        return self._vectors.is_current()

    def _fill(self, index: Index) -> None:
        parts = _parts(self.library)
        if parts:
            vectors = self.encoder.encode([text for _, text in parts])
            index.add([str(number) for number in range(len(parts))], [card for card, _ in parts], vectors)

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
            self._bm25.index([words(_whole(card)) for card in library.cards.values()], show_progress=False)

    def scores(self, query: str) -> dict[str, float]:
        """Card id to 0..1; cards without a shared word are left out."""
        known = sorted(word for word in set(words(query)) if word in self._bm25.vocab_dict)
        if not known:
            return {}
        found = self._bm25.get_scores(known)
        top = float(found.max())
        return (
            {id: float(s) / top for id, s in zip(self._ids, found, strict=True) if s > 0} if top > 0 else {}
        )


def content_hash(library: Library, encoder: Encoder) -> str:
    """What an index depends on, as a hash: the cards' indexed texts, the encoder and the format."""
    told = json.dumps([_FORMAT, encoder.name, _parts(library)], ensure_ascii=False)
    return hashlib.sha256(told.encode()).hexdigest()


def _parts(library: Library) -> list[tuple[str, str]]:
    """What gets a vector: each card's title with its gist, and each of its situations."""
    return [
        (card.id, text)
        for card in library.cards.values()
        for text in (f"{card.title}. {card.gist}", *card.situations)
    ]


def _whole(card: Card) -> str:
    return " ".join([card.title, card.gist, " ".join(card.tags), " ".join(card.situations), card.body])
