"""Trains an adapter (LoRA) for the starter model, and heads that read what a layer of it tells.

    tokens ─ starter, its first layers, as they are ─ layers up to LAYER with an adapter
        ─ mean and attentions over each span of the tokens ─ linear heads ─→ outputs, as log odds

Needs torch, transformers, peft, accelerate and gguf: pip install -e ".[dev]". Two threads will do; a GPU is
used where there is one.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coach.classifier import ATTENTIONS
from coach.hidden_states import LAYER

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FROM, RANK, ALPHA = 10, 16, 32  # the first layer, counted from 0, that gets an adapter; its size and weight
BATCH_TOKENS, BATCH = 1100, 24
DROPOUT = 0.1
MODULES = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
_NAMES = dict(
    zip(MODULES, ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"), strict=True)
)


@dataclass(frozen=True)
class Example:
    """Tokens to read, and the spans of them, from and to, that the heads read."""

    tokens: list[int]
    spans: list[tuple[int, int]]


# How wrong the outputs of a batch are: the rows in it, the outputs of shape (spans, outputs), and which of
# the batch's rows each span belongs to.
Loss = Callable[[Sequence[int], Any, Sequence[int]], Any]


class Tuner:
    """The starter in torch, its middle layers with an adapter, and the heads; in training."""

    def __init__(self, model: Path, examples: Sequence[Example], outputs: int) -> None:
        import torch
        from peft import LoraConfig, inject_adapter_in_model
        from transformers import AutoModelForCausalLM, GgufConfig

        language_model = AutoModelForCausalLM.from_pretrained(
            str(model.parent),
            gguf_file=model.name,
            dtype=torch.bfloat16,
            quantization_config=GgufConfig(dequantize=True),
        )
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.model = language_model.model.to(self.device)
        width = self.model.config.hidden_size
        config = LoraConfig(
            r=RANK,
            lora_alpha=ALPHA,
            target_modules=list(MODULES),
            layers_to_transform=list(range(FROM, LAYER)),
        )
        inject_adapter_in_model(config, language_model)
        self.adapter = {name: w for name, w in self.model.named_parameters() if "lora_" in name}
        for name, weight in self.model.named_parameters():
            weight.requires_grad_(name in self.adapter)
        for weight in self.adapter.values():
            weight.data = weight.data.float()
        self.attend = torch.nn.Parameter((torch.randn(ATTENTIONS, width) * 0.02).to(self.device))
        self.head = torch.nn.Linear(width * (1 + ATTENTIONS), outputs, device=self.device)
        torch.nn.init.normal_(self.head.weight, std=0.01)
        torch.nn.init.zeros_(self.head.bias)
        self.examples = examples
        self.lower = self._lower()

    def learn(self, rows: Sequence[int], loss: Loss, *, epochs: int, rate: float, head_rate: float) -> None:
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
                missed = loss(batch, *self._outputs(batch, dropout=DROPOUT))
                made.zero_grad()
                missed.backward()
                torch.nn.utils.clip_grad_norm_([*weights, *heads], 1.0)
                made.step()
                if pace.last_epoch < steps - 1:
                    pace.step()
                losses.append(float(missed.detach()))
            mean = sum(losses) / len(losses)
            print(f"epoch {epoch + 1}: loss {mean:.3f}, {time.perf_counter() - begun:.0f} s", flush=True)

    def read(self, rows: Sequence[int]) -> list[NDArray[np.float32]]:
        """The outputs of each row, as log odds, of shape (spans, outputs)."""
        import numpy as np
        import torch

        found: dict[int, NDArray[np.float32]] = {}
        with torch.no_grad():
            for batch in self._batches(rows, shuffled=False):
                outputs, owner = self._outputs(batch, dropout=0.0)
                for at, row in enumerate(batch):
                    found[row] = np.asarray(outputs[[one == at for one in owner]].cpu(), dtype=np.float32)
        return [found[row] for row in rows]

    def write_adapter(self, path: Path) -> None:
        """Write the adapter as GGUF, float16. llama.cpp orders queries and keys in another way than torch."""
        import gguf
        import numpy as np

        config = self.model.config
        part = path.with_name(f"part-{path.name}")
        writer = gguf.GGUFWriter(part, "llama")
        writer.add_type(gguf.GGUFType.ADAPTER)
        writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
        writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, float(ALPHA))
        for name, weight in self.adapter.items():
            fields = name.split(".")
            layer = fields[fields.index("layers") + 1]
            module = next(field for field in fields if field in _NAMES)
            side = "a" if "lora_A" in fields else "b"
            values = weight.detach().float().cpu().numpy()
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

    def _lower(self) -> list[Any]:
        """What the layers without an adapter make of each example; computed once."""
        import torch

        found: list[Any] = [None] * len(self.examples)
        with torch.no_grad():
            for batch in self._batches(range(len(self.examples)), shuffled=False):
                read = [self.examples[row].tokens for row in batch]
                ids = torch.zeros(len(batch), max(map(len, read)), dtype=torch.long)
                for at, tokens in enumerate(read):
                    ids[at, : len(tokens)] = torch.tensor(tokens)
                hidden = self._through(self.model.embed_tokens(ids.to(self.device)), self.model.layers[:FROM])
                for at, row in enumerate(batch):
                    found[row] = hidden[at, : len(read[at])].clone()
        return found

    def _through(self, hidden: Any, layers: Any) -> Any:
        import torch

        # What is read comes first and padding after it, so the causal mask alone keeps padding out.
        places = torch.arange(hidden.shape[1], device=self.device)[None]
        turned = self.model.rotary_emb(hidden, places)
        for layer in layers:
            told = layer(hidden, position_embeddings=turned, position_ids=places)
            hidden = told[0] if isinstance(told, tuple) else told
        return hidden

    def _outputs(self, batch: Sequence[int], *, dropout: float) -> tuple[Any, list[int]]:
        """The outputs of every span in the batch, and which of the batch's rows each belongs to."""
        import torch
        from torch.nn.functional import dropout as dropped

        longest = max(len(self.lower[row]) for row in batch)
        shape = (len(batch), longest, self.attend.shape[1])
        hidden = torch.zeros(shape, dtype=torch.bfloat16, device=self.device)
        for at, row in enumerate(batch):
            hidden[at, : len(self.lower[row])] = self.lower[row]
        hidden = self._through(hidden, self.model.layers[FROM:LAYER]).float()
        hidden = hidden * (hidden.pow(2).mean(-1, keepdim=True) + 1e-5).rsqrt()
        owner = [at for at, row in enumerate(batch) for _ in self.examples[row].spans]
        own = torch.zeros(len(owner), longest, dtype=torch.bool)
        for at, (start, end) in enumerate(span for row in batch for span in self.examples[row].spans):
            own[at, start:end] = True
        own = own.to(self.device)
        told = hidden[owner]
        mean = (told * own[..., None]).sum(1) / own.sum(1, keepdim=True)
        shares = (told @ self.attend.T).masked_fill(~own[..., None], -1e4).softmax(1)
        seen = torch.einsum("stk,std->skd", shares, told).flatten(1)
        return self.head(dropped(torch.cat([mean, seen], 1), dropout)), owner

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
            for row in sorted(part, key=lambda row: len(self.examples[row].tokens)):
                longest = len(self.examples[row].tokens)
                if batch and (longest * (len(batch) + 1) > BATCH_TOKENS or len(batch) >= BATCH):
                    batches.append(batch)
                    batch = []
                batch.append(row)
            batches.append(batch)
        if shuffled:
            random.shuffle(batches)
        return iter(batches)
