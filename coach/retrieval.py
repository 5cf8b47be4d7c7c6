"""Finds what fits a story: cards of the library, and passages of the user's own documents beside them.

    query ─ encode ─┬─→ nearest vectors (a card's is its best) ─┐
                    ├─→ learned grades (ranking) ───────────────┼─→ passages
                    └─→ shared words (BM25) ────────────────────┘

The index is a cache, named by the hash of what it was made from.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coach.cards import Card, Library
from coach.documents import Documents
from coach.encoder import Encoder, words
from coach.errors import IndexUnavailable, KnowledgeError
from coach.index import Index, Kept
from coach.ranking import Judged, Ranking
from coach.turn import Passage

log = logging.getLogger(__name__)

_FORMAT = "2"  # change when what is indexed, or how, changes
_NEAREST = 60  # vectors asked for, of about 1,400: what lies beyond them adds nothing to a score
_GATE_CARDS = 5


@dataclass(frozen=True)
class Weighting:
    """How a score is made; chosen on the development queries (`coach eval retrieval`).

    A card's score is its learned grade, 0 to 1, plus a little for the nearness of its nearest text and for
    shared words. Nothing is offered where the learned `fits` stays under `gate`, unless a card's own text is
    named. A match is `sure`, good enough to be offered as an idea and not only to be read, from `sure` on.
    """

    gate: float = 0.55
    named: float = 0.65  # cosine of the nearest text from which the gate is open: the card itself is named
    near_gate: float = 0.36  # the same without a ranking, for the mean cosine of the five nearest cards
    floor: float = 0.05
    near: float = 0.10
    lexical: float = 0.06
    near_lexical: float = 0.20  # of shared words against nearness, without a ranking
    skill: float = 0.01
    exercise: float = 0.3  # for a card with an exercise, where somebody wants to practise
    caution: float = 0.02
    sure: float = 0.35
    near_sure: float = 0.65  # the same without a ranking


class CardSearch:
    """Searches the cards of a library; the index is opened, or built, at first use.

    Without a `ranking`, as with the shipped fake encoder, nearness and shared words alone decide.
    """

    def __init__(
        self,
        library: Library,
        encoder: Encoder,
        folder: Path,
        weighting: Weighting = Weighting(),
        documents: Documents | None = None,
        ranking: Callable[[], Ranking] | None = None,
    ) -> None:
        self.library, self.encoder, self.weighting, self.documents = library, encoder, weighting, documents
        self._lock = threading.Lock()
        self._vectors = Kept(
            folder,
            lambda: content_hash(library, encoder),
            self._fill,
            whole=lambda index: index.count() == len(indexed(library)),
        )
        self._lexical: Lexical | None = None
        self._read_ranking = ranking
        self._ranking: Ranking | None = None

    def search(
        self, query: str, *, count: int = 3, skill: str | None = None, restricted: bool = False
    ) -> tuple[Passage, ...]:
        """The best passages first, each of another card; none where nothing fits.

        At most one of them, the last, is of the user's own documents. `restricted` leaves those out, and
        every card that is marked `off_when_unsafe`.
        """
        if not query.strip():
            return ()
        own: tuple[Passage, ...] = ()
        if self.documents and not restricted:
            try:
                own = self.documents.search(query, count=1)
            except IndexUnavailable as problem:  # the library answers without them
                log.warning("%s", problem)
        cards = self._cards(self.encoder.encode([query])[0], query, skill=skill, restricted=restricted)
        return (*cards[: count - len(own)], *own)

    def _cards(self, vector: Any, query: str, *, skill: str | None, restricted: bool) -> list[Passage]:
        """Every card that fits, best first."""
        matched = self.match(vector, query)
        if not matched.fits(self.weighting):
            return []
        ranked = [
            (matched.score(card.id, self.weighting) + self._favour(card, skill), card)
            for card in self.library.cards.values()
            if not (restricted and card.off_when_unsafe)
        ]
        sure = self.weighting.sure if matched.judged else self.weighting.near_sure
        # A caution that surely fits comes first, whatever else does.
        ranked.sort(key=lambda of: (of[1].kind != "caution" or of[0] < sure, -of[0], of[1].id))
        return [
            Passage(card.id, card.title, card.gist, round(min(score, 1.0), 4), score >= sure)
            for score, card in ranked
            if score >= self.weighting.floor
        ]

    def match(self, vector: Any, query: str) -> Matched:
        """All that is known of how the cards match one query."""
        nearest: dict[str, float] = {}
        for near in self._vectors.nearest(vector, _NEAREST):
            nearest[near.of] = max(nearest.get(near.of, -1.0), near.cosine)
        with self._lock:
            self._lexical = self._lexical or Lexical(self.library)
            if self._ranking is None and self._read_ranking:
                self._ranking = fitting(self._read_ranking(), self.encoder)
        judged = self._ranking.judge(vector, query) if self._ranking else None
        return Matched(nearest, self._lexical.scores(query), judged)

    def load(self) -> None:
        """Open the index, building it first where it is missing, old or damaged."""
        self._vectors.open()

    def is_current(self) -> bool:
        """Whether an index of this library and encoder is stored."""
        return self._vectors.is_current()

    def _fill(self, index: Index) -> None:
        parts = indexed(self.library)
        if parts:
            vectors = self.encoder.encode([text for _, text in parts])
            index.add([str(number) for number in range(len(parts))], [card for card, _ in parts], vectors)

    def _favour(self, card: Card, skill: str | None) -> float:
        weighting = self.weighting
        return (
            (weighting.skill if skill in card.skills else 0.0)
            + (weighting.exercise if skill == "practice" and card.exercise else 0.0)
            + (weighting.caution if card.kind == "caution" else 0.0)
        )


@dataclass(frozen=True)
class Matched:
    """One query against the cards: cosine of each card's nearest text, shared words, and what was learned."""

    nearest: Mapping[str, float]
    lexical: Mapping[str, float]
    judged: Judged | None

    def fits(self, weighting: Weighting) -> bool:
        """Whether the library has anything for this message."""
        if self.judged:
            named = max(self.nearest.values(), default=0.0) >= weighting.named
            return named or self.judged.fits >= weighting.gate
        best = sorted(self.nearest.values(), reverse=True)[:_GATE_CARDS]
        return bool(best) and sum(best) / len(best) >= weighting.near_gate

    def score(self, card: str, weighting: Weighting) -> float:
        """One card's score; a card that was not there when the ranking was learned goes by nearness."""
        near, shared = self.nearest.get(card, 0.0), self.lexical.get(card, 0.0)
        if self.judged is None:
            return near + weighting.near_lexical * shared
        grade = self.judged.grades.get(card, max(0.0, near - 0.3))
        return grade + weighting.near * near + weighting.lexical * shared


def fitting(ranking: Ranking, encoder: Encoder) -> Ranking:
    """The ranking, if it was learned on this encoder's vectors."""
    if ranking.encoder != encoder.name:
        raise KnowledgeError(
            f"The learned part of the search is for another encoder ({ranking.encoder}, not {encoder.name}).",
            "Install the program again, or run make ranking.",
        )
    return ranking


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
    told = json.dumps([_FORMAT, encoder.name, indexed(library)], ensure_ascii=False)
    return hashlib.sha256(told.encode()).hexdigest()


def indexed(library: Library) -> list[tuple[str, str]]:
    """What gets a vector: each card's title with its gist, and each of its situations."""
    return [
        (card.id, text)
        for card in library.cards.values()
        for text in (f"{card.title}. {card.gist}", *card.situations)
    ]


def _whole(card: Card) -> str:
    return " ".join([card.title, card.gist, " ".join(card.tags), " ".join(card.situations), card.body])
