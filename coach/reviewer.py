"""The review with its learned part: what the starter model makes of a reply, sentence by sentence.

    user's message, reply so far, sentence ─┬─ safety/review.py: rules and form ────────────┐
                                            └─ starter + adapter, one pass ─ linear heads ──┴→ faults

Rules read words, this reads meaning: "he cannot help how he loves you" is a fault in no word of it. Where it
is sure that a sentence is good, a rule for meanings yields; a fault of form (STAND) is never let through.
Trained by `python -m evals.train_review`.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

from coach.errors import ModelError
from coach.hidden_states import HiddenStates, damaged, pooled
from coach.safety.review import Fault, review
from coach.safety.review_rules import FAULTS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector = NDArray[np.float32]

ADAPTER = Path(__file__).parent / "reviewer.gguf"
HEADS = Path(__file__).parent / "reviewer.npz"

ASKED = 140  # tokens of the user's message that are read, its last
SO_FAR = 160  # tokens of the reply so far, its last
WINDOW = 100  # tokens of a sentence
OUTPUTS = ("fault", *FAULTS)
# Faults of form, which stand whatever a sentence means.
STAND = frozenset(("phone_number", "link_or_email", "markup", "looping", "echo", "unreadable"))


@dataclass(frozen=True)
class Heads:
    """What is learned beside the adapter: attentions, weights and bias as in the classifier of the screen.

    A sentence is faulty from the probability `cut`; below `doubt`, a rule for its meaning yields. `adapter`
    is the SHA-256 of the adapter that all this belongs to.
    """

    attend: Vector
    weights: Vector
    bias: Vector
    cut: float
    doubt: float
    adapter: str = ""

    def outputs(self, told: Vector) -> Vector:
        """The outputs, as log odds, from a sentence's token vectors."""
        return self.weights @ pooled(told, self.attend) + self.bias


class Reviewer:
    """Called like `review`; `problem` says why the learned part could not read the last sentence."""

    def __init__(self, states: HiddenStates, *, adapter: Path = ADAPTER, heads: Path = HEADS) -> None:
        self._states, self._adapter, self._heads_file = states, adapter, heads
        self._heads: Heads | None = None
        self.problem: ModelError | None = None

    def load(self) -> None:
        """Load now rather than at the first sentence; a failure is kept in `problem`."""
        try:
            self._loaded()
        except ModelError as problem:
            self.problem = problem

    def __call__(
        self,
        sentence: str,
        *,
        user: str = "",
        said: Sequence[str] = (),
        so_far: Sequence[str] = (),
        unsafe: bool = False,
        to_say: bool = False,
    ) -> tuple[Fault, ...]:
        """What is wrong with one sentence; nothing when it may be shown.

        As `review`. Words for the user to say are left to the rules.
        """
        found = review(sentence, user=user, said=said, so_far=so_far, unsafe=unsafe, to_say=to_say)
        if to_say or not sentence.strip() or any(fault.kind in STAND for fault in found):
            return found
        try:
            chance, kind = self.look(sentence, user=user, so_far=so_far)
            heads = self._loaded()
        except ModelError as problem:
            self.problem = problem
            return found
        self.problem = None
        if chance < heads.doubt:
            return ()
        return found or ((Fault(kind, sentence.strip()[:60]),) if chance >= heads.cut else ())

    def look(self, sentence: str, *, user: str, so_far: Sequence[str]) -> tuple[float, str]:
        """The probability that a sentence is faulty, and the likeliest fault."""
        import numpy as np

        heads = self._loaded()
        before, own = read(self._states, user, so_far, sentence)
        odds = heads.outputs(self._states.vectors(self._adapter, before, own))
        return float(1 / (1 + np.exp(-odds[0]))), FAULTS[int(odds[1:].argmax())]

    def _loaded(self) -> Heads:
        if self._heads is None:
            heads = read_heads(self._heads_file)
            self._states.load(self._adapter, heads.adapter)
            self._heads = heads
        return self._heads


def read(
    states: HiddenStates, user: str, so_far: Sequence[str], sentence: str
) -> tuple[list[int], list[int]]:
    """The tokens before a sentence (the message that is answered, the reply so far), and its own."""
    reply = [token for part in so_far for token in states.tokens(f" {part.strip()}")]
    before = [
        *states.tokens("<|im_start|>user\n", special=True),
        *states.tokens(user)[-ASKED:],
        *states.tokens("<|im_end|>\n<|im_start|>assistant\n", special=True),
        *reply[-SO_FAR:],
    ]
    return before, states.tokens(f" {sentence.strip()}")[:WINDOW]


def read_heads(path: Path = HEADS) -> Heads:
    """Read what came with the program; raises ModelError where it is missing or damaged."""
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as held:
            return Heads(
                attend=held["attend"].astype(np.float32),
                weights=held["weights"].astype(np.float32),
                bias=held["bias"],
                cut=float(held["cut"]),
                doubt=float(held["doubt"]),
                adapter=str(held["adapter"]),
            )
    except (OSError, EOFError, ValueError, KeyError, BadZipFile, zlib.error) as exc:
        raise damaged(path) from exc


def save_heads(heads: Heads, path: Path = HEADS) -> None:
    """Write them, in half precision."""
    import numpy as np

    part = path.with_name(f"part-{path.name}")
    np.savez_compressed(
        part,
        attend=heads.attend.astype(np.float16),
        weights=heads.weights.astype(np.float16),
        bias=heads.bias,
        cut=np.array(heads.cut),
        doubt=np.array(heads.doubt),
        adapter=np.array(heads.adapter),
    )
    part.replace(path)
