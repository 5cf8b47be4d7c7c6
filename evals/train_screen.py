"""Trains the classifier of the safety screen: `python -m evals.train_screen`, about an hour on two cores.

    message, after what came before ─ starter, layers 1-14, as they are ─ layers 15-30 with an adapter (LoRA)
        ─ mean and attentions over the message's own tokens ─ heads: level, category, whose risk, flags

Data: the development rows of screen.jsonl, and each message of conversation.jsonl with those before it. Four
of five voices are learned first; on the fifth, what reads meaning and what reads words are weighed against
each other and the cuts are set (`FALSE_ALARMS`). Then all rows are gone through once more. Written are the
adapter for llama.cpp (coach/classifier.gguf) and the rest (classifier.npz). Seeded, not bit for bit.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coach import classifier, models
from coach.classifier import ATTENTIONS, OUTPUTS, Heads
from coach.encoder import MiniLM
from coach.engine import opened
from coach.errors import CoachError
from coach.language import language_of
from coach.ranking import KINDS, vectorizer
from coach.turn import CATEGORIES, FLAGS
from evals import data

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FROM, RANK, ALPHA = 14, 16, 32  # the first layer, counted from 0, that gets an adapter; its size and weight
EPOCHS, ONCE_MORE, BATCH_TOKENS, BATCH = 3, 1, 1100, 24
RATE, HEAD_RATE, LAST_RATE, DROPOUT = 5e-4, 1e-3, 1e-4, 0.1
CATEGORY_WEIGHT, OTHER_WEIGHT, FLAG_WEIGHT = 1.5, 0.5, 0.3  # of the losses, beside that of the levels
WORDS_C = 10.0  # how freely words and letter runs are learned; less regularised is larger
VECTOR_WEIGHT = 1.0  # of the sentence vector against the words
SHARE = 5  # one voice in so many is kept for weighing
# The outputs that are added up for level 1, 2 and 3; freely weighed, they fitted the small fifth too closely.
SUMMED = ([0], [0, 1], [2])
# How much of level 0 may be read as level 1, as level 2; how much of level 2 as level 3.
FALSE_ALARMS = (0.08, 0.015, 0.05)
MODULES = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
_NAMES = dict(
    zip(MODULES, ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"), strict=True)
)


@dataclass(frozen=True)
class Told:
    """One message to learn from: what came before it, and how it is labelled."""

    text: str
    before: tuple[str, ...]
    level: int
    category: str | None
    subject: str | None
    flags: tuple[str, ...]
    voice: str

    @property
    def target(self) -> list[float]:
        """What the outputs should be, in the order of OUTPUTS."""
        return [
            *(float(self.level >= level) for level in (1, 2, 3)),
            *(float(self.category == category) for category in CATEGORIES),
            float(self.subject == "other"),
            *(float(flag in self.flags) for flag in FLAGS),
        ]


def messages() -> list[Told]:
    """The development rows, single and in conversations."""
    singles = [
        Told(row.text, (), row.level, row.category, row.subject, row.flags, f"v{row.voice}")
        for row in data.read(data.SCREEN, split="dev")
    ]
    turns = [
        Told(
            text,
            row.turns[:at],
            level,
            row.category if level else None,
            row.subject if level else None,
            row.flags if level else (),
            row.id,
        )
        for row in data.read(data.CONVERSATION, split="dev")
        for at, (text, level) in enumerate(zip(row.turns, row.levels, strict=True))
    ]
    return [*singles, *turns]


class Tuner:
    """The starter in torch, its upper layers with an adapter, and the heads; in training."""

    def __init__(self, model: Path, told: Sequence[Told]) -> None:
        import torch
        from peft import LoraConfig, inject_adapter_in_model
        from transformers import AutoModelForCausalLM, GgufConfig

        language_model = AutoModelForCausalLM.from_pretrained(
            str(model.parent),
            gguf_file=model.name,
            dtype=torch.bfloat16,
            quantization_config=GgufConfig(dequantize=True),
        )
        self.model = language_model.model
        width = self.model.config.hidden_size
        config = LoraConfig(
            r=RANK,
            lora_alpha=ALPHA,
            target_modules=list(MODULES),
            layers_to_transform=list(range(FROM, len(self.model.layers))),
        )
        inject_adapter_in_model(config, language_model)
        self.adapter = {name: w for name, w in self.model.named_parameters() if "lora_" in name}
        for name, weight in self.model.named_parameters():
            weight.requires_grad_(name in self.adapter)
        for weight in self.adapter.values():
            weight.data = weight.data.float()
        self.attend = torch.nn.Parameter(torch.randn(ATTENTIONS, width) * 0.02)
        self.head = torch.nn.Linear(width * (1 + ATTENTIONS), len(OUTPUTS))
        torch.nn.init.normal_(self.head.weight, std=0.01)
        torch.nn.init.zeros_(self.head.bias)
        tokenizer = opened(model, vocab_only=True)
        self.told = told
        self.tokens: list[tuple[list[int], int]] = []  # all that is read, and where the message begins
        for one in told:
            history = classifier.history(tokenizer, one.before)
            own = classifier.tokens(tokenizer, one.text)[: classifier.WINDOW]
            self.tokens.append(([*history, *own], len(history)))
        self.lower = self._lower()

    def learn(self, rows: Sequence[int], *, epochs: int, rate: float, head_rate: float) -> None:
        """Go through these rows so many times, with a rate that falls along a cosine."""
        import torch

        weights = list(self.adapter.values())
        heads = [self.attend, *self.head.parameters()]
        made = torch.optim.AdamW(
            [{"params": weights, "lr": rate}, {"params": heads, "lr": head_rate}], weight_decay=0.01
        )
        steps = epochs * sum(1 for _ in self._batches(rows, shuffled=True)) + 10
        pace = torch.optim.lr_scheduler.OneCycleLR(made, [rate, head_rate], total_steps=steps, pct_start=0.06)
        begun = time.perf_counter()
        for epoch in range(epochs):
            losses = []
            for batch in self._batches(rows, shuffled=True):
                loss = self._loss(batch)
                made.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_([*weights, *heads], 1.0)
                made.step()
                if pace.last_epoch < steps - 1:
                    pace.step()
                losses.append(float(loss.detach()))
            mean = sum(losses) / len(losses)
            print(f"epoch {epoch + 1}: loss {mean:.3f}, {time.perf_counter() - begun:.0f} s", flush=True)

    def read(self, rows: Sequence[int]) -> NDArray[np.float32]:
        """The outputs, as log odds, of shape (rows, outputs)."""
        import numpy as np
        import torch

        found = np.zeros((len(rows), len(OUTPUTS)), np.float32)
        place = {row: at for at, row in enumerate(rows)}
        with torch.no_grad():
            for batch in self._batches(rows, shuffled=False):
                found[[place[row] for row in batch]] = self._outputs(batch, dropout=0.0).numpy()
        return found

    def _lower(self) -> list[Any]:
        """What the layers without an adapter make of each message; computed once."""
        import torch

        found: list[Any] = [None] * len(self.tokens)
        with torch.no_grad():
            for batch in self._batches(range(len(self.tokens)), shuffled=False):
                longest = max(len(self.tokens[row][0]) for row in batch)
                ids = torch.zeros(len(batch), longest, dtype=torch.long)
                for at, row in enumerate(batch):
                    ids[at, : len(self.tokens[row][0])] = torch.tensor(self.tokens[row][0])
                hidden = self._through(self.model.embed_tokens(ids), self.model.layers[:FROM])
                for at, row in enumerate(batch):
                    found[row] = hidden[at, : len(self.tokens[row][0])].clone()
        return found

    def _through(self, hidden: Any, layers: Any) -> Any:
        import torch

        # What is read comes first and padding after it, so the causal mask alone keeps padding out.
        places = torch.arange(hidden.shape[1])[None]
        turned = self.model.rotary_emb(hidden, places)
        for layer in layers:
            told = layer(hidden, position_embeddings=turned, position_ids=places)
            hidden = told[0] if isinstance(told, tuple) else told
        return hidden

    def _outputs(self, batch: Sequence[int], *, dropout: float) -> Any:
        import torch
        from torch.nn.functional import dropout as dropped

        longest = max(len(self.lower[row]) for row in batch)
        hidden = torch.zeros(len(batch), longest, self.attend.shape[1], dtype=torch.bfloat16)
        own = torch.zeros(len(batch), longest, dtype=torch.bool)
        for at, row in enumerate(batch):
            hidden[at, : len(self.lower[row])] = self.lower[row]
            own[at, self.tokens[row][1] : len(self.lower[row])] = True
        hidden = self.model.norm(self._through(hidden, self.model.layers[FROM:])).float()
        mean = (hidden * own[..., None]).sum(1) / own.sum(1, keepdim=True)
        shares = (hidden @ self.attend.T).masked_fill(~own[..., None], -1e4).softmax(1)
        seen = torch.einsum("btk,btd->bkd", shares, hidden).flatten(1)
        return self.head(dropped(torch.cat([mean, seen], 1), dropout))

    def _loss(self, batch: Sequence[int]) -> Any:
        import torch
        from torch.nn.functional import binary_cross_entropy_with_logits as crossed
        from torch.nn.functional import cross_entropy

        found = self._outputs(batch, dropout=DROPOUT)
        wanted = torch.tensor([self.told[row].target for row in batch])
        kinds = slice(3, 3 + len(CATEGORIES))
        loss = crossed(found[:, :3], wanted[:, :3], reduction="none").sum(1).mean()
        loss = loss + FLAG_WEIGHT * crossed(found[:, kinds.stop + 1 :], wanted[:, kinds.stop + 1 :])
        risk = wanted[:, 0] > 0
        if bool(risk.any()):
            share = risk.float().mean()
            loss = loss + CATEGORY_WEIGHT * share * cross_entropy(found[risk, kinds], wanted[risk, kinds])
            other = kinds.stop
            loss = loss + OTHER_WEIGHT * share * crossed(found[risk, other], wanted[risk, other])
        return loss

    def _batches(self, rows: Iterable[int], *, shuffled: bool) -> Iterator[list[int]]:
        """The rows in batches of like length, in random order if wanted."""
        order = list(rows)
        if shuffled:
            random.shuffle(order)
            parts = [order[at : at + 400] for at in range(0, len(order), 400)]
        else:
            parts = [order]
        batches: list[list[int]] = []
        for part in parts:
            batch: list[int] = []
            for row in sorted(part, key=lambda row: len(self.tokens[row][0])):
                if batch and (
                    len(self.tokens[row][0]) * (len(batch) + 1) > BATCH_TOKENS or len(batch) >= BATCH
                ):
                    batches.append(batch)
                    batch = []
                batch.append(row)
            batches.append(batch)
        if shuffled:
            random.shuffle(batches)
        return iter(batches)


def write_adapter(adapter: dict[str, Any], config: Any, path: Path) -> None:
    """Write the adapter as GGUF, float16. llama.cpp keeps queries and keys in another order than torch."""
    import gguf
    import numpy as np

    part = path.with_name(f"part-{path.name}")
    writer = gguf.GGUFWriter(part, "llama")
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, float(ALPHA))
    for name, weight in adapter.items():
        fields = name.split(".")
        layer = fields[fields.index("layers") + 1]
        module = next(field for field in fields if field in _NAMES)
        side = "a" if "lora_A" in fields else "b"
        values = weight.detach().float().numpy()
        if side == "b" and module in ("q_proj", "k_proj"):
            count = config.num_attention_heads if module == "q_proj" else config.num_key_value_heads
            values = values.reshape(count, 2, -1, values.shape[1]).swapaxes(1, 2).reshape(values.shape)
        writer.add_tensor(
            f"blk.{layer}.{_NAMES[module]}.weight.lora_{side}",
            np.ascontiguousarray(values.astype(np.float16)),
        )
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    part.replace(path)


def words_learned(told: Sequence[Told], vectors: NDArray[np.float32]) -> Heads:
    """Heads of which only the part that reads words and sentence vectors is filled: logistic regressions."""
    import numpy as np
    from scipy.sparse import csr_matrix, hstack
    from sklearn.linear_model import LogisticRegression

    texts = [one.text for one in told]
    vectorizers = [vectorizer(kind) for kind in KINDS]
    spread = csr_matrix(VECTOR_WEIGHT * vectors)
    terms = csr_matrix(hstack([spread, *(one.fit_transform(texts) for one in vectorizers)]))
    linear = np.zeros((terms.shape[1], len(OUTPUTS)))
    offset = np.zeros(len(OUTPUTS))
    for level in (1, 2, 3):
        fitted = LogisticRegression(C=WORDS_C, max_iter=500).fit(terms, [one.level >= level for one in told])
        linear[:, level - 1], offset[level - 1] = fitted.coef_[0], fitted.intercept_[0]
    risky = [at for at, one in enumerate(told) if one.category]
    fitted = LogisticRegression(C=WORDS_C, max_iter=500).fit(
        terms[risky], [told[at].category for at in risky]
    )
    for at, category in enumerate(fitted.classes_):
        column = OUTPUTS.index(category)
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

    read = np.array([language_of(one.text) == "en" for one in told])  # the screen reads no other by meaning
    levels = np.array([one.level for one in told])[read]
    rows, chances = [], []
    for level, outputs in zip((1, 2, 3), SUMMED, strict=True):
        sums = [reading[read][:, outputs].sum(axis=1) for reading in (meaning, words)]
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
    voices = sorted({one.voice for one in told})
    random.shuffle(voices)
    kept = set(voices[::SHARE])
    aside = [at for at, one in enumerate(told) if one.voice in kept]
    rest = [at for at, one in enumerate(told) if one.voice not in kept]
    vectors = MiniLM(models.encoder_folder).encode([one.text for one in told])
    tuner = Tuner(model, told)
    tuner.learn(rest, epochs=EPOCHS, rate=RATE, head_rate=HEAD_RATE)
    meaning = tuner.read(aside)
    by_words = words_learned([told[at] for at in rest], vectors[rest])
    words = np.array([by_words.by_words(told[at].text, vectors[at]) for at in aside])
    mix, cuts = mixed([told[at] for at in aside], meaning, words)
    tuner.learn(range(len(told)), epochs=ONCE_MORE, rate=LAST_RATE, head_rate=LAST_RATE)
    write_adapter(tuner.adapter, tuner.model.config, classifier.ADAPTER)
    classifier.save_heads(
        replace(
            words_learned(told, vectors),
            attend=tuner.attend.detach().numpy(),
            weights=tuner.head.weight.detach().numpy(),
            bias=tuner.head.bias.detach().numpy(),
            mix=mix,
            cuts=cuts,
            adapter=classifier.digest(classifier.ADAPTER),
        )
    )
    sizes = sum(path.stat().st_size for path in (classifier.ADAPTER, classifier.HEADS)) / 1e6
    print(
        f"{len(told)} messages; wrote {classifier.ADAPTER.name} and {classifier.HEADS.name}, {sizes:.1f} MB."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
