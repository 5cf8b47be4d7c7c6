"""The retrieval suite: does a query find the cards that help, and does a foreign one find none?

    row ─ text ─→ CardSearch.search ─→ passages ─→ a relevant card among the first? none where none fits?

Beside the search as it ships, cut-down ones show what each part is worth: `no_situations` (learned and
indexed without them), and with MiniLM as it was published and nothing learned, `unlearned` (nearness and
BM25), `dense` (nearness alone) and `words` (BM25 alone, which cannot abstain). Needs the embedding model, no
language model. `coach eval retrieval`, or `inspect eval evals/retrieval.py -T variant=dense`.
"""

# No `from __future__ import annotations`: `inspect eval` runs this file outside sys.modules, where a
# dataclass cannot look up annotations that are text.
import functools
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ModelOutput
from inspect_ai.scorer import Metric, SampleScore, Score, Scorer, Target, Value, metric, scorer
from inspect_ai.solver import Generate, Solver, TaskState, solver

from coach import models, start
from coach.cards import Library
from coach.encoder import Encoder, MiniLM
from coach.errors import InputError
from coach.ranking import Ranking, read_ranking
from coach.report import passage_record
from coach.retrieval import CardSearch, Lexical, Weighting
from coach.settings import places
from coach.turn import Passage
from evals import data, train_ranking
from evals.figures import Figure, mean, ndcg, share, to_values

if TYPE_CHECKING:
    from coach.encoder import Vectors

VARIANTS = ("shipped", "no_situations", "unlearned", "dense", "words")
IN_SCOPE = ("keyword", "question", "story", "typos", "partner_view")
_COUNT = 5  # passages asked for; the coach itself shows three


@dataclass(frozen=True)
class Searched:
    """One row: its style, how much each card helps, and those found, in order."""

    style: str
    grades: dict[str, float]
    found: tuple[str, ...]

    @property
    def relevant(self) -> tuple[str, ...]:
        """The cards that help."""
        return data.helping(self.grades)


class Search(Protocol):
    """What is measured: the coach's search, or a part of it."""

    def search(self, query: str, *, count: int) -> Sequence[Passage]:
        """Return the best passages first, or none."""
        ...


@task
def retrieval(split: str = "dev", variant: str = "shipped") -> Task:
    """The search over the cards that ship."""
    cards = start.library()
    return made(data.read(data.RETRIEVAL, split=split), cards, search_of(variant, cards), variant=variant)


def made(
    rows: Sequence[data.RetrievalRow], cards: Library, search: Search, *, variant: str = "shipped"
) -> Task:
    """The task over these rows; rows that name a card which is not there are refused."""
    for row in rows:
        for card in row.grades:
            if card not in cards.cards:
                raise InputError(
                    f"The retrieval row {row.id} names the card {card!r}, which is not in the library.",
                    "Correct the row, or run coach knowledge check to see whether that card was left out.",
                )
    samples = [
        Sample(id=row.id, input=row.text, target=list(row.relevant) or "none", metadata=asdict(row))
        for row in rows
    ]
    name = "retrieval" if variant == "shipped" else f"retrieval_{variant}"
    return Task(
        dataset=MemoryDataset(samples, name=name), solver=searched(search), scorer=cards_found(), name=name
    )


def search_of(variant: str, cards: Library) -> Search:
    """The shipped search, or one of the cut-down ones; each keeps the user's own index as it is."""
    if variant == "words":
        return Words(cards)
    folder = places().cache / "evals" / f"index-{variant}"
    if variant == "no_situations":
        bare = Library({card.id: replace(card, situations=()) for card in cards.cards.values()})
        return CardSearch(bare, _encoder(True), folder, ranking=lambda: _learned_without(bare))
    if variant == "shipped":
        return CardSearch(cards, _encoder(True), places().index, ranking=read_ranking)
    if variant in VARIANTS:
        weighting = Weighting(near_lexical=0.0) if variant == "dense" else Weighting()
        return CardSearch(cards, _encoder(False), folder, weighting)
    raise InputError(f"There is no variant {variant!r}.", f"Choose one of {', '.join(VARIANTS)}.")


def _learned_without(bare: Library) -> Ranking:
    """The ranking as it would be without the cards' situations."""
    return train_ranking.learned(train_ranking.read_rows(train_ranking.DATA, bare), bare, _encoder(True))


class Words:
    """BM25 alone: every card that shares a word is found."""

    def __init__(self, cards: Library) -> None:
        self._cards, self._lexical = cards.cards, Lexical(cards)

    def search(self, query: str, *, count: int) -> Sequence[Passage]:
        """The cards with the highest scores."""
        best = sorted(self._lexical.scores(query).items(), key=lambda pair: (-pair[1], pair[0]))[:count]
        return [
            Passage(id, self._cards[id].title, self._cards[id].gist, round(score, 4)) for id, score in best
        ]


class Remembering:
    """An encoder that keeps every vector, so that a query is encoded once for all variants."""

    def __init__(self, encoder: Encoder) -> None:
        self.name, self._encoder = encoder.name, encoder
        self._known: dict[str, Any] = {}

    def encode(self, texts: Sequence[str]) -> "Vectors":
        """Return what the encoder under it returns."""
        import numpy as np

        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            self._known.update(zip(new, self._encoder.encode(new), strict=True))
        return np.stack([self._known[text] for text in texts])


@functools.cache
def _encoder(tuned: bool) -> Encoder:
    """The encoder as it ships, or as it was published."""
    return Remembering(MiniLM(models.encoder_folder) if tuned else MiniLM(models.encoder_folder, tuned=None))


@solver
def searched(search: Search) -> Solver:
    """The coach's own search; its passages as JSON stand where a model's answer would."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        record = [passage_record(passage) for passage in search.search(state.metadata["text"], count=_COUNT)]
        state.output = ModelOutput.from_content("none", json.dumps(record, ensure_ascii=False))
        return state

    return solve


@metric
def retrieval_figures() -> Metric:
    """All figures of the suite, see `figures`."""

    def measure(scores: list[SampleScore]) -> Value:
        told = [score.score.metadata or {} for score in scores]
        return to_values(
            figures([Searched(one["style"], one["grades"], tuple(one["found"])) for one in told])
        )

    return measure


@scorer(metrics=[retrieval_figures()])
def cards_found() -> Scorer:
    """1 where one of the first three cards helps, or where none fits and none was found."""

    async def score(state: TaskState, target: Target) -> Score:
        passages = json.loads(state.output.completion)
        row = Searched(
            state.metadata["style"],
            state.metadata["grades"],
            tuple(passage["card"] for passage in passages),
        )
        told = ", ".join(f"{passage['card']} {passage['score']:.2f}" for passage in passages) or "none"
        return Score(
            value=float(_helped(row) if row.relevant else not row.found),
            answer=told,
            explanation=f"Expected {', '.join(row.relevant) or 'none'}. Found {told}.",
            metadata=asdict(row),
        )

    return score


def figures(rows: Sequence[Searched]) -> list[Figure | None]:
    """Cards found and well ordered, answered and abstained, and the first by style."""
    inside = [row for row in rows if row.relevant]
    outside = [row for row in rows if not row.relevant]
    return [
        share("recall@3", (_helped(row) for row in inside)),
        share(
            "the first card helps", (row.found[:1] != () and row.found[0] in row.relevant for row in inside)
        ),
        mean("nDCG@5", (ndcg(row.found, row.grades, at=_COUNT) for row in inside)),
        share("answered: in scope", (bool(row.found) for row in inside)),
        share("abstained: out of scope", (not row.found for row in outside)),
        share(
            "abstained: near misses of these", (not row.found for row in outside if row.style == "near_miss")
        ),
        *(
            share(f"recall@3 / {style}", (_helped(row) for row in inside if row.style == style))
            for style in IN_SCOPE
        ),
    ]


def _helped(row: Searched) -> bool:
    return bool(set(row.found[:3]) & set(row.relevant))
