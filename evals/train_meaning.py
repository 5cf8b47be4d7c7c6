"""Trains what reads a message's purpose: `python -m evals.train_meaning`, some ten minutes on two cores.

    message ─ starter with the screen's adapter, as it ships ─ pooled ─┬─ logistic regressions ─→ kind, intent
    message ─ sentence vector, words, letter runs ─────────────────────┘
    each piece ─ see coach/meaning.py, of_pieces ─ logistic regression ─→ role

Data: training/remarks.jsonl and the development rows of reframe.jsonl and repair.jsonl, with those of
intent.jsonl that ask for repair (kinds); the development rows of intent.jsonl; training/parts.jsonl (roles).
First each author's rows are read by maps that learned from the others, and the shares that were right are
printed; then the maps learn from all, and coach/meaning.npz is written. Run it again after `make classifier`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from coach import classifier, meaning, models
from coach.encoder import MiniLM
from coach.errors import CoachError
from coach.hidden_states import HiddenStates, pooled
from coach.meaning import READS, Linear
from coach.ranking import vectorizer
from coach.skills.parts import INTENTS, KINDS, ROLES, pieces
from coach.skills.story import clean
from evals import data
from evals.figures import share

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FREEDOM = 3.0  # of the regressions; less regularised is larger
POOLED = 0.05  # weight of the model's vectors against words and letter runs
SENTENCE = {"kinds": 2.0, "intents": 2.0, "roles": 1.0}  # and of the sentence vector
SENTENCE_WIDTH = 384
FOLDS = 5  # of the authors, for the report
NAMES = {"kinds": KINDS, "intents": INTENTS, "roles": ROLES}


@dataclass(frozen=True)
class Labelled:
    """One text to learn from: the dense vector that is read with it, its label, and who wrote it."""

    text: str
    dense: NDArray[np.float32]
    label: str
    author: str


class Reads:
    """What the program would read of a text: the model's vectors, pooled, and the sentence vector."""

    def __init__(self, model: Path) -> None:
        self.states = HiddenStates(lambda: model)
        self.heads = classifier.read_heads()
        self.states.load(classifier.ADAPTER, self.heads.adapter)
        self.encoder = MiniLM(models.encoder_folder)

    def whole(self, text: str) -> NDArray[np.float32]:
        """Of a whole message."""
        import numpy as np

        told = clean(text)
        tokens, _ = meaning.in_tokens(self.states, told, [(0, len(told))])
        whole = pooled(self._vectors(tokens), self.heads.attend)
        return np.concatenate([whole, self.encoder.encode([told])[0]])

    def pieces(self, told: str) -> list[tuple[str, NDArray[np.float32]]]:
        """Of each piece of a message."""
        spans = pieces(told)
        tokens, places = meaning.in_tokens(self.states, told, spans)
        texts = [told[begin:end] for begin, end in spans]
        found = meaning.of_pieces(
            self._vectors(tokens), places, self.heads.attend, self.encoder.encode(texts)
        )
        return list(zip(texts, found, strict=True))

    def _vectors(self, tokens: list[int]) -> NDArray[np.float32]:
        return self.states.vectors(classifier.ADAPTER, classifier.history(self.states, ()), tokens)


def labelled(reads: Reads) -> dict[str, list[Labelled]]:
    """All rows to learn from, by what is learned."""
    kinds = [
        Labelled(clean(row["text"]), reads.whole(row["text"]), row["kind"], data.author(row["id"]))
        for row in data.training("remarks")
    ]
    kinds += [
        Labelled(clean(row.text), reads.whole(row.text), row.why or row.expect, data.author(row.id))
        for row in data.read(data.REFRAME, split="dev")
    ]
    kinds += [  # who tells what they did themselves is in no danger; without these, one in five was read so
        Labelled(clean(text), reads.whole(text), kind, author) for text, kind, author in confessions()
    ]
    intents = [
        Labelled(clean(row.text), reads.whole(row.text), row.skill, data.author(row.id))
        for row in data.read(data.INTENT, split="dev")
    ]
    roles = [
        Labelled(text, dense, role, data.author(row["id"]))
        for row in data.training("parts")
        for (text, dense), role in zip(reads.pieces(clean(row["text"])), row["roles"], strict=True)
    ]
    return {"kinds": kinds, "intents": intents, "roles": roles}


def confessions() -> list[tuple[str, str, str]]:
    """Text, kind and author of what is told to be mended: words may be found, or none where none may be."""
    asked = [row for row in data.read(data.INTENT, split="dev") if row.skill == "repair"]
    told = [row for row in data.read(data.REPAIR, split="dev") if row.expect != "ask_first"]
    return [
        *((row.text, "rewrite", data.author(row.id)) for row in asked),
        *((row.text, {"none": "unsafe"}.get(row.expect, "rewrite"), data.author(row.id)) for row in told),
    ]


def learned(rows: Sequence[Labelled], name: str) -> Linear:
    """The map that these rows teach."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    vectorizers = [vectorizer(kind) for kind in READS[name]]
    texts = [row.text for row in rows]
    dense = np.stack([row.dense for row in rows])
    spread = np.full(dense.shape[1], POOLED, np.float32)
    spread[-SENTENCE_WIDTH:] = SENTENCE[name]
    # As one dense matrix: most of it is dense, and ten times faster so than sparse.
    terms = [one.fit_transform(texts).toarray().astype(np.float32) for one in vectorizers]
    read = np.hstack([dense * spread, *terms])
    # Balanced, a deed is often taken for one of the rarer verdicts, and is lost to the rewrite.
    weight = None if name == "roles" else "balanced"
    fitted = LogisticRegression(C=FREEDOM, max_iter=3000, class_weight=weight).fit(
        read, [row.label for row in rows]
    )
    order = [list(fitted.classes_).index(label) for label in NAMES[name]]
    weights = fitted.coef_.T[:, order].astype(np.float32)
    weights[: len(spread)] *= spread[:, None]
    return Linear(
        names=NAMES[name],
        weights=weights,
        offset=fitted.intercept_[order].astype(np.float32),
        terms=tuple(tuple(map(str, one.get_feature_names_out())) for one in vectorizers),
        idf=tuple(one.idf_.astype(np.float32) for one in vectorizers),
    )


def report(rows: Sequence[Labelled], name: str) -> None:
    """Print how often rows are read rightly by maps that had not learned their author."""
    authors = sorted({row.author for row in rows})
    right: dict[str, list[bool]] = {author: [] for author in authors}
    for fold in range(FOLDS):
        unseen = set(authors[fold::FOLDS])
        one = learned([row for row in rows if row.author not in unseen], name)
        for row in rows:
            if row.author in unseen:
                chances = one.chances(row.dense, row.text)
                right[row.author].append(max(chances, key=lambda at: chances[at]) == row.label)
    for author in authors:
        print(share(f"{name}, {author}", right[author]))
    print(share(f"{name}, all", [one for author in authors for one in right[author]]), flush=True)


def main() -> int:
    """Train on the data that ships and write the maps."""
    try:
        reads = Reads(models.checked(models.STARTER))
    except CoachError as error:
        print(error.message, error.hint, sep="\n", file=sys.stderr)
        return 2
    rows = labelled(reads)
    for name in READS:
        report(rows[name], name)
    meaning.save_maps(reads.heads.adapter, {name: learned(rows[name], name) for name in READS})
    print(f"wrote {meaning.HEADS.name}, {meaning.HEADS.stat().st_size / 1e6:.1f} MB.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
