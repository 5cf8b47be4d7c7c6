"""Trains the classifier: `python -m evals.train_screen`, about an hour on two cores, minutes on a GPU.

    message, after what came before ─ starter with an adapter, and heads: evals/tuner.py ─→ levels, category,
                                      whose risk, flags; kind of remark, intent, a role for each of its pieces
    message ─ sentence vector, words and letter runs ─ logistic regressions ─→ levels, category

Data: the development rows of screen.jsonl, each message of conversation.jsonl with those before it, the
development rows of intent.jsonl, and training/remarks.jsonl and parts.jsonl. Four of five voices are learned
first; on the fifth, what reads meaning and what reads words are weighed against each other and the cuts are
set (`FALSE_ALARMS`). Then all rows are gone through once more. Written are the adapter for llama.cpp
(coach/classifier.gguf) and the rest (classifier.npz). Seeded, not bit for bit.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coach import classifier, models
from coach.classifier import OUTPUTS, RISK_OUTPUTS, WINDOW, Heads, history, within
from coach.encoder import MiniLM
from coach.errors import CoachError
from coach.hidden_states import HiddenStates, digest
from coach.ranking import KINDS as WORDS_AND_LETTERS
from coach.ranking import vectorizer
from coach.skills.parts import INTENTS, KINDS, ROLES, pieces
from coach.skills.story import clean
from coach.turn import CATEGORIES, FLAGS
from evals import data
from evals.tuner import Example, Loss, Tuner

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

EPOCHS, ONCE_MORE = 3, 1
RATE, HEAD_RATE, LAST_RATE = 5e-4, 1e-3, 1e-4
CATEGORY_WEIGHT, OTHER_WEIGHT, FLAG_WEIGHT = 1.5, 0.5, 0.3  # of the losses, beside that of the levels
KIND_WEIGHT, INTENT_WEIGHT, ROLE_WEIGHT = 1.0, 1.0, 1.0
WORDS_C = 10.0  # how freely words and letter runs are learned; less regularised is larger
VECTOR_WEIGHT = 1.0  # of the sentence vector against the words
SHARE = 5  # one voice in so many is kept for weighing
# The outputs that are added up for level 1, 2 and 3; freely weighed, they fitted the small fifth too closely.
SUMMED = ([0], [0, 1], [2])
# How much of level 0 may be read as level 1, as level 2; how much of level 2 as level 3. Much of level 0
# there was written to look like danger: a cut that raises 0.03 of it raised 0.02 of 252 everyday messages.
FALSE_ALARMS = (0.1, 0.03, 0.05)


@dataclass(frozen=True)
class Told:
    """One message to learn from: what came before it, and how it is labelled; None where it is not.

    `roles` are those of its pieces, in order.
    """

    text: str
    voice: str
    before: tuple[str, ...] = ()
    level: int | None = None
    category: str | None = None
    subject: str | None = None
    flags: tuple[str, ...] = ()
    kind: str | None = None
    intent: str | None = None
    roles: tuple[str, ...] = ()

    @property
    def target(self) -> list[float]:
        """What the outputs should be, in the order of RISK_OUTPUTS."""
        return [
            *(float((self.level or 0) >= level) for level in (1, 2, 3)),
            *(float(self.category == category) for category in CATEGORIES),
            float(self.subject == "other"),
            *(float(flag in self.flags) for flag in FLAGS),
        ]


def messages() -> list[Told]:
    """All rows to learn from; in English, since the model knows little else."""
    singles = [
        Told(
            row.text,
            f"v{row.voice}",
            level=row.level,
            category=row.category,
            subject=row.subject,
            flags=row.flags,
        )
        for row in data.read(data.SCREEN, split="dev")
        if not row.kind.startswith("language:")
    ]
    turns = [
        Told(
            text,
            row.id,
            row.turns[:at],
            level,
            row.category if level else None,
            row.subject if level else None,
            row.flags if level else (),
        )
        for row in data.read(data.CONVERSATION, split="dev")
        for at, (text, level) in enumerate(zip(row.turns, row.levels, strict=True))
    ]
    harmless = {"rewrite", "fine", "limit"}  # whether the others tell of danger was not labelled
    remarks = [
        Told(row["text"], _author(row["id"]), level=0 if row["kind"] in harmless else None, kind=row["kind"])
        for row in _training("remarks")
    ]
    intents = [
        Told(row.text, _author(row.id), intent=row.skill) for row in data.read(data.INTENT, split="dev")
    ]
    parts = [Told(clean(row["text"]), row["id"], roles=tuple(row["roles"])) for row in _training("parts")]
    return [*singles, *turns, *remarks, *intents, *parts]


def _training(name: str) -> list[dict[str, Any]]:
    file = Path(__file__).parent / "training" / f"{name}.jsonl"
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def _author(id: str) -> str:
    return id.rsplit("-", 1)[0]


def examples(told: Sequence[Told], tokenizer: HiddenStates) -> list[Example]:
    """What the model reads of each message, after what came before; its spans: the message, and its parts."""
    found = []
    for one in told:
        before = history(tokenizer, one.before)
        own = tokenizer.tokens(one.text)[:WINDOW]
        spans = [(len(before), len(before) + len(own))]
        if one.roles:
            ends = tokenizer.ends(own)
            for begin, end in pieces(one.text):
                first, last = within(ends, one.text, begin, end)
                spans.append((len(before) + first, len(before) + max(last, first + 1)))
        found.append(Example([*before, *own], [span for span in spans if span[1] <= len(before) + len(own)]))
    return found


def missed(told: Sequence[Told]) -> Loss:
    """The loss of levels, category, whose risk it is, and flags; of kind, intent and roles."""
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits as crossed
    from torch.nn.functional import cross_entropy

    kinds = slice(3, 3 + len(CATEGORIES))
    other = kinds.stop
    start = len(RISK_OUTPUTS)
    places = [
        slice(start, start + len(KINDS)),
        slice(start + len(KINDS), start + len(KINDS) + len(INTENTS)),
        slice(start + len(KINDS) + len(INTENTS), len(OUTPUTS)),
    ]

    def risk_lost(batch: Sequence[int], found: Any) -> Any:
        wanted = torch.tensor([told[row].target for row in batch], device=found.device)
        lost = crossed(found[:, :3], wanted[:, :3], reduction="none").sum(1).mean()
        lost = lost + FLAG_WEIGHT * crossed(found[:, other + 1 : start], wanted[:, other + 1 :])
        risk = wanted[:, 0] > 0
        if bool(risk.any()):
            share = risk.float().mean()
            lost = lost + CATEGORY_WEIGHT * share * cross_entropy(found[risk, kinds], wanted[risk, kinds])
            lost = lost + OTHER_WEIGHT * share * crossed(found[risk, other], wanted[risk, other])
        return lost

    def loss(batch: Sequence[int], found: Any, owner: Sequence[int]) -> Any:
        whole = [owner.index(at) for at in range(len(batch))]  # the first span of each row is the message
        lost = found.sum() * 0
        risky = [at for at, row in enumerate(batch) if told[row].level is not None]
        if risky:
            share = len(risky) / len(batch)
            lost = lost + share * risk_lost([batch[at] for at in risky], found[[whole[at] for at in risky]])
        for weight, place, names, label in (
            (KIND_WEIGHT, places[0], KINDS, "kind"),
            (INTENT_WEIGHT, places[1], INTENTS, "intent"),
        ):
            labels = [(whole[at], getattr(told[row], label)) for at, row in enumerate(batch)]
            spans = [(span, names.index(name)) for span, name in labels if name]
            if spans:
                right = torch.tensor([name for _, name in spans], device=found.device)
                share = len(spans) / len(batch)
                lost = lost + weight * share * cross_entropy(found[[span for span, _ in spans], place], right)
        roles = [
            (span, ROLES.index(told[batch[at]].roles[span - whole[at] - 1]))
            for span, at in enumerate(owner)
            if span != whole[at]
        ]
        if roles:
            right = torch.tensor([role for _, role in roles], device=found.device)
            share = len({owner[span] for span, _ in roles}) / len(batch)
            lost = lost + ROLE_WEIGHT * share * cross_entropy(
                found[[span for span, _ in roles], places[2]], right
            )
        return lost

    return loss


def words_learned(told: Sequence[Told], vectors: NDArray[np.float32]) -> Heads:
    """Heads of which only the part that reads words and sentence vectors is filled: logistic regressions."""
    import numpy as np
    from scipy.sparse import csr_matrix, hstack
    from sklearn.linear_model import LogisticRegression

    levelled = [at for at, one in enumerate(told) if one.level is not None]
    told, vectors = [told[at] for at in levelled], vectors[levelled]
    texts = [one.text for one in told]
    vectorizers = [vectorizer(kind) for kind in WORDS_AND_LETTERS]
    spread = csr_matrix(VECTOR_WEIGHT * vectors)
    terms = csr_matrix(hstack([spread, *(one.fit_transform(texts) for one in vectorizers)]))
    linear = np.zeros((terms.shape[1], len(RISK_OUTPUTS)))
    offset = np.zeros(len(RISK_OUTPUTS))
    levels = np.array([one.level for one in told])
    for level in (1, 2, 3):
        fitted = LogisticRegression(C=WORDS_C, max_iter=500).fit(terms, levels >= level)
        linear[:, level - 1], offset[level - 1] = fitted.coef_[0], fitted.intercept_[0]
    risky = [at for at, one in enumerate(told) if one.category]
    fitted = LogisticRegression(C=WORDS_C, max_iter=500).fit(
        terms[risky], [told[at].category for at in risky]
    )
    for at, category in enumerate(fitted.classes_):
        column = RISK_OUTPUTS.index(category)
        linear[:, column], offset[column] = fitted.coef_[at], fitted.intercept_[at]
    linear[: vectors.shape[1]] *= VECTOR_WEIGHT
    empty = np.zeros((0, 0), np.float32)
    return Heads(
        attend=empty,
        weights=empty,
        bias=empty,
        terms=tuple(tuple(map(str, one.get_feature_names_out())) for one in vectorizers),
        idf=tuple(one.idf_.astype(np.float32) for one in vectorizers),
        linear=linear.astype(np.float32),
        offset=offset.astype(np.float32),
        mix=empty,
        cuts=(1.0, 1.0, 1.0),
    )


def mixed(told: Sequence[Told], meaning: Any, words: Any) -> tuple[Any, tuple[float, float, float]]:
    """How the two readings weigh together, shape (3, 7), and from which probability a level holds."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    levels = np.array([one.level for one in told])
    rows, chances = [], []
    for level, outputs in zip((1, 2, 3), SUMMED, strict=True):
        sums = [reading[:, outputs].sum(axis=1) for reading in (meaning, words)]
        both = np.stack(sums, axis=1)
        fitted = LogisticRegression(max_iter=500).fit(both, levels >= level)
        row = np.zeros(7, np.float32)
        for reading, weight in enumerate(fitted.coef_[0]):
            row[[3 * reading + output for output in outputs]] = weight
        row[-1] = fitted.intercept_[0]
        rows.append(row)
        chances.append(fitted.predict_proba(both)[:, 1])
    harmless = [chances[0][levels == 0], chances[1][levels == 0], chances[2][levels == 2]]
    cuts = [
        float(np.quantile(chance, 1 - share)) for chance, share in zip(harmless, FALSE_ALARMS, strict=True)
    ]
    return np.stack(rows), (cuts[0], cuts[1], cuts[2])


def parted(told: Sequence[Told]) -> tuple[list[int], list[int]]:
    """Rows of one voice in five, and the others."""
    voices = sorted({one.voice for one in told})
    random.shuffle(voices)
    kept = set(voices[::SHARE])
    aside = [at for at, one in enumerate(told) if one.voice in kept]
    return aside, [at for at, one in enumerate(told) if one.voice not in kept]


def report(told: Sequence[Told], read: Sequence[NDArray[np.float32]]) -> None:
    """Print how often kind, intent and role are right on rows that were not learned."""
    start = len(RISK_OUTPUTS)
    for label, names in (("kind", KINDS), ("intent", INTENTS)):
        right = [
            names[int(outputs[0, start : start + len(names)].argmax())] == getattr(one, label)
            for one, outputs in zip(told, read, strict=True)
            if getattr(one, label)
        ]
        print(f"{label}: {sum(right)} of {len(right)} right.")
        start += len(names)
    roles = [
        ROLES[int(outputs.argmax())] == role
        for one, spans in zip(told, read, strict=True)
        for outputs, role in zip(spans[1:, start:], one.roles, strict=False)
    ]
    print(f"role: {sum(roles)} of {len(roles)} right.")


def main() -> int:
    """Train on the data that ships and write the weights."""
    import numpy as np
    import torch

    try:
        told = messages()
        model = models.checked(models.STARTER)
    except CoachError as error:
        print(error.message, error.hint, sep="\n", file=sys.stderr)
        return 2
    torch.manual_seed(1)
    random.seed(1)
    aside, rest = parted(told)
    vectors = MiniLM(models.encoder_folder).encode([one.text for one in told])
    tuner = Tuner(model, examples(told, HiddenStates(lambda: model)), len(OUTPUTS))
    loss = missed(told)
    tuner.learn(rest, loss, epochs=EPOCHS, rate=RATE, head_rate=HEAD_RATE)
    read = tuner.read(aside)
    report([told[at] for at in aside], read)
    levelled = [at for at, one in enumerate(aside) if told[one].level is not None]
    meaning = np.array([read[at][0] for at in levelled])
    aside = [aside[at] for at in levelled]
    by_words = words_learned([told[at] for at in rest], vectors[rest])
    words = np.array([by_words.by_words(told[at].text, vectors[at]) for at in aside])
    mix, cuts = mixed([told[at] for at in aside], meaning, words)
    tuner.learn(range(len(told)), loss, epochs=ONCE_MORE, rate=LAST_RATE, head_rate=LAST_RATE)
    tuner.write_adapter(classifier.ADAPTER)
    classifier.save_heads(
        replace(
            words_learned(told, vectors),
            attend=tuner.attend.detach().cpu().numpy(),
            weights=tuner.head.weight.detach().cpu().numpy(),
            bias=tuner.head.bias.detach().cpu().numpy(),
            mix=mix,
            cuts=cuts,
            adapter=digest(classifier.ADAPTER),
        )
    )
    sizes = sum(path.stat().st_size for path in (classifier.ADAPTER, classifier.HEADS)) / 1e6
    print(
        f"{len(told)} messages; wrote {classifier.ADAPTER.name} and {classifier.HEADS.name}, {sizes:.1f} MB."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
