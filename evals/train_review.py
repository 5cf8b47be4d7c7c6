"""Trains the learned part of the review: `python -m evals.train_review`, about half an hour on two cores.

    message, reply ─ sentence by sentence, as the review reads it ─ starter with an adapter: evals/tuner.py
        ─→ faulty or not, and which fault

Data: the development rows of review.jsonl, and sentences of the cards, which a coach may say. A faulty reply
does not tell which of its sentences is at fault: the one that looks worst counts. Four of five messages with
their replies are learned first; on the fifth two cuts are set: PAST of the good replies look worse than the
one, UNSEEN of the faulty ones better than the other. Then all are gone through once more. Written are
coach/reviewer.gguf and reviewer.npz.
"""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from coach import models, reviewer
from coach.cards import Library
from coach.errors import CoachError
from coach.hidden_states import HiddenStates, digest
from coach.reviewer import OUTPUTS
from coach.safety.review import sentences
from coach.start import library
from evals import data
from evals.tuner import Example, Loss, Tuner

EPOCHS, ONCE_MORE = 3, 1
RATE, HEAD_RATE, LAST_RATE = 5e-4, 1e-3, 1e-4
KIND_WEIGHT = 5.0  # of the kinds of fault, all together, beside that of being faulty
SHARE = 5  # one message in so many is kept for the cut
PAST, UNSEEN = 0.015, 0.06
OF_A_CARD = 3  # sentences


@dataclass(frozen=True)
class Told:
    """A reply, or a sentence of a card, and its faults."""

    user: str
    sentences: tuple[str, ...]
    faults: tuple[str, ...]
    reply: bool = True

    @property
    def target(self) -> list[float]:
        """What the outputs should be, in the order of OUTPUTS."""
        return [float(bool(self.faults)), *(float(kind in self.faults) for kind in OUTPUTS[1:])]


def replies() -> list[Told]:
    """The development rows."""
    return [
        Told(row.user, tuple(s for s in sentences([row.reply]) if s.strip()), row.faults)
        for row in data.read(data.REVIEW, split="dev")
        if row.reply.strip()
    ]


def of_cards(cards: Library) -> list[Told]:
    """Some sentences of each card, each as the answer to one of its situations."""
    found = []
    for card in cards.cards.values():
        chosen = random.Random(card.id)
        body = re.sub(r"(?m)^(?:#.*|\s*(?:\d+\.|-)\s*)", "", card.body)
        told = [s for s in sentences([body]) if len(s.split()) > 4]
        for sentence in chosen.sample(told, min(OF_A_CARD, len(told))):
            found.append(Told(chosen.choice(card.situations), (sentence,), (), reply=False))
    return found


def examples(told: Sequence[Told], states: HiddenStates) -> list[Example]:
    """What the model reads: message and whole reply; the spans are the sentences."""
    found = []
    for one in told:
        tokens, _ = reviewer.read(states, one.user, (), "")
        spans = []
        for sentence in one.sentences:
            own = reviewer.read(states, "", (), sentence)[1]
            if own and len(tokens) < reviewer.ASKED + reviewer.SO_FAR + 40:
                spans.append((len(tokens), len(tokens) + len(own)))
                tokens = [*tokens, *own]
        found.append(Example(tokens, spans))
    return found


def missed(told: Sequence[Told]) -> Loss:
    """The loss of the sentence that looks worst in each reply."""
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits as crossed

    def loss(batch: Sequence[int], found: Any, owner: Sequence[int]) -> Any:
        wanted = torch.tensor([told[row].target for row in batch], device=found.device)
        worst = torch.stack([worst_of(found[[one == at for one in owner]]) for at in range(len(batch))])
        return crossed(worst[:, 0], wanted[:, 0]) + KIND_WEIGHT * crossed(worst[:, 1:], wanted[:, 1:])

    return loss


def worst_of(outputs: Any) -> Any:
    """The outputs of the sentence that looks worst; shape (sentences, outputs) → (outputs)."""
    return outputs[int(outputs[:, 0].argmax())]


def main() -> int:
    """Train on the data that ships and write the weights."""
    import numpy as np
    import torch

    try:
        told = [*replies(), *of_cards(library())]
        model = models.checked(models.STARTER)
    except CoachError as error:
        print(error.message, error.hint, sep="\n", file=sys.stderr)
        return 2
    torch.manual_seed(1)
    random.seed(1)
    users = sorted({one.user for one in told if one.reply})
    random.shuffle(users)
    kept = set(users[::SHARE])
    aside = [at for at, one in enumerate(told) if one.user in kept]
    rest = [at for at, one in enumerate(told) if one.user not in kept]
    tuner = Tuner(model, examples(told, HiddenStates(lambda: model)), len(OUTPUTS))
    loss = missed(told)
    tuner.learn(rest, loss, epochs=EPOCHS, rate=RATE, head_rate=HEAD_RATE)
    scores = np.array([worst_of(read)[0] for read in tuner.read(aside)])
    faulty = np.array([bool(told[at].faults) for at in aside])
    cut = float(np.quantile(scores[~faulty], 1 - PAST))
    doubt = float(np.quantile(scores[faulty], UNSEEN))
    blocked = [float(np.mean(scores[which] >= cut)) for which in (faulty, ~faulty)]
    print(
        f"on {len(aside)} replies: {blocked[0]:.3f} of the faulty and {blocked[1]:.3f} of the good blocked."
    )
    tuner.learn(range(len(told)), loss, epochs=ONCE_MORE, rate=LAST_RATE, head_rate=LAST_RATE)
    tuner.write_adapter(reviewer.ADAPTER)
    reviewer.save_heads(
        reviewer.Heads(
            attend=tuner.attend.detach().cpu().numpy(),
            weights=tuner.head.weight.detach().cpu().numpy(),
            bias=tuner.head.bias.detach().cpu().numpy(),
            cut=float(1 / (1 + np.exp(-cut))),
            doubt=float(1 / (1 + np.exp(-doubt))),
            adapter=digest(reviewer.ADAPTER),
        )
    )
    print(f"{len(told)} replies and sentences; wrote {reviewer.ADAPTER.name} and {reviewer.HEADS.name}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
