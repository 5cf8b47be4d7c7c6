"""Tunes the upper three layers of MiniLM to stories and cards: `python -m evals.train_encoder`.

    message ─ layers 1-3, as they are ─→ layers 4-6, tuned ─→ mean over words ─→ near each card's direction?

Every card has a learned direction, at first the mean of the texts that it helps with; one more stands for "no
card". The loss is the cross-entropy between the softmax of nearness and the graded labels of the rows.
Directions are only needed while training: what is kept is coach/encoder.safetensors, 10.7 MB in float16, on
which `evals.train_ranking` then learns its linear map. Seeded; what the lower layers say is computed once.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

from coach import models, start
from coach.encoder import TUNED, TUNED_LAYERS, MiniLM
from coach.errors import CoachError
from evals.train_ranking import DATA, Told, own_texts, read_rows

EPOCHS, BATCH, SCALE, SMOOTH = 4, 32, 20.0, 0.05
RATE, DIRECTION_RATE = 1e-4, 3e-3
WORD_PIECES = 128


def main() -> int:
    """Tune on the data that ships and write the weights."""
    import torch

    try:
        library = start.library()
        rows = [*read_rows(DATA, library), *own_texts(library)]
        encoder = MiniLM(models.encoder_folder, tuned=None)
    except CoachError as error:
        print(error.message, error.hint, sep="\n", file=sys.stderr)
        return 2
    torch.manual_seed(1)
    random.seed(1)
    tune(encoder.transformer(), encoder.tokenizer(), rows, tuple(library.cards))
    save(encoder.transformer())
    print(f"{len(rows)} rows; wrote {TUNED.name}, {TUNED.stat().st_size / 1e6:.1f} MB.")
    return 0


def tune(transformer: Any, tokenizer: Any, rows: Sequence[Told], cards: tuple[str, ...]) -> None:
    """Change the upper layers of `transformer` in place."""
    import torch
    from torch.nn.functional import cross_entropy, normalize

    upper = [transformer.encoder.layer[at] for at in TUNED_LAYERS]
    for weight in transformer.parameters():
        weight.requires_grad_(False)
    weights = [weight for layer in upper for weight in layer.parameters()]
    transformer.eval()
    lower = _lower(transformer, tokenizer, rows)
    target = _target(rows, cards)
    directions = torch.nn.Parameter(_means(upper, lower, target))
    for weight in weights:
        weight.requires_grad_(True)
    for layer in upper:
        layer.train()
    steps = EPOCHS * (len(rows) // BATCH + 1)
    made = torch.optim.AdamW(
        [{"params": weights, "lr": RATE}, {"params": [directions], "lr": DIRECTION_RATE}], weight_decay=0.01
    )
    pace = torch.optim.lr_scheduler.OneCycleLR(made, [RATE, DIRECTION_RATE], total_steps=steps, pct_start=0.1)
    begun = time.perf_counter()
    for epoch in range(EPOCHS):
        losses = []
        for batch in _batches(lower):
            near = _sentence(upper, [lower[at] for at in batch]) @ normalize(directions, dim=1).T
            wanted = target[batch] * (1 - SMOOTH) + SMOOTH / target.shape[1]
            loss = cross_entropy(near * SCALE, wanted)
            made.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            made.step()
            pace.step()
            losses.append(float(loss.detach()))
        mean = sum(losses) / len(losses)
        print(f"epoch {epoch + 1}: loss {mean:.3f}, {time.perf_counter() - begun:.0f} s", flush=True)
    for layer in upper:
        layer.eval()


def save(transformer: Any) -> None:
    """Write the tuned layers in float16."""
    import torch
    from safetensors.torch import save_file

    held = {
        f"{at}.{name}": weight.detach().to(torch.float16).contiguous()
        for at in TUNED_LAYERS
        for name, weight in transformer.encoder.layer[at].state_dict().items()
    }
    part = TUNED.with_name(f"part-{TUNED.name}")
    save_file(held, str(part))
    part.replace(TUNED)


def _lower(transformer: Any, tokenizer: Any, rows: Sequence[Told]) -> list[Any]:
    """What the lower layers make of each text: float16 of shape (word pieces, 384)."""
    import torch

    found: list[Any] = [None] * len(rows)
    order = sorted(range(len(rows)), key=lambda at: len(rows[at].text))
    with torch.no_grad():
        for start_at in range(0, len(order), 64):
            batch = order[start_at : start_at + 64]
            read = tokenizer(
                [rows[at].text for at in batch],
                padding=True,
                truncation=True,
                max_length=WORD_PIECES,
                return_tensors="pt",
            )
            layers = transformer(**read, output_hidden_states=True).hidden_states
            for row, at in enumerate(batch):
                length = int(read["attention_mask"][row].sum())
                found[at] = layers[TUNED_LAYERS[0]][row, :length].half()
    return found


def _sentence(upper: Sequence[Any], lower: Sequence[Any]) -> Any:
    """Sentence vectors of a batch, from what the lower layers made of it."""
    import torch
    from torch.nn.functional import normalize

    longest = max(len(one) for one in lower)
    hidden = torch.zeros(len(lower), longest, lower[0].shape[1])
    there = torch.zeros(len(lower), longest, 1)
    for row, one in enumerate(lower):
        hidden[row, : len(one)] = one.float()
        there[row, : len(one)] = 1.0
    hide = (1.0 - there.transpose(1, 2)[:, None]) * torch.finfo(torch.float32).min
    for layer in upper:
        told = layer(hidden, hide)
        hidden = told[0] if isinstance(told, tuple) else told
    return normalize((hidden * there).sum(1) / there.sum(1), dim=1)


def _target(rows: Sequence[Told], cards: tuple[str, ...]) -> Any:
    """Labels as shares that sum to 1; the last column is "no card"."""
    import torch

    column = {card: number for number, card in enumerate(cards)}
    target = torch.zeros(len(rows), len(cards) + 1)
    for row, one in enumerate(rows):
        for card, grade in one.grades.items():
            target[row, column[card]] = grade
        if not one.grades:
            target[row, -1] = 1.0
    return target / target.sum(1, keepdim=True)


def _means(upper: Sequence[Any], lower: Sequence[Any], target: Any) -> Any:
    """The first direction of each card: the mean of the texts that it helps with."""
    import torch
    from torch.nn.functional import normalize

    order = sorted(range(len(lower)), key=lambda at: len(lower[at]))
    vectors = torch.zeros(len(lower), lower[0].shape[1])
    with torch.no_grad():
        for start_at in range(0, len(order), 64):
            batch = order[start_at : start_at + 64]
            vectors[batch] = _sentence(upper, [lower[at] for at in batch])
    return normalize(target.T @ vectors, dim=1)


def _batches(lower: Sequence[Any]) -> Iterator[list[int]]:
    """All rows in random order, those of like length together."""
    order = list(range(len(lower)))
    random.shuffle(order)
    batches = []
    for start_at in range(0, len(order), BATCH * 8):
        part = sorted(order[start_at : start_at + BATCH * 8], key=lambda at: len(lower[at]))
        batches += [part[at : at + BATCH] for at in range(0, len(part), BATCH)]
    random.shuffle(batches)
    yield from batches


if __name__ == "__main__":
    sys.exit(main())
