"""Texts to vectors: MiniLM from local files, and the shipped fake."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from coach.errors import ModelError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from sentence_transformers import SentenceTransformer

    Vectors = NDArray[np.float32]

TUNED = Path(__file__).parent / "encoder.safetensors"
TUNED_LAYERS = (3, 4, 5)  # counted from 0: the upper three


class Encoder(Protocol):
    """Turns texts into vectors; another `name` means other vectors."""

    @property
    def name(self) -> str: ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return float32 of shape (texts, dimensions), each row of length 1."""
        ...


class MiniLM:
    """all-MiniLM-L6-v2 through sentence-transformers, from local files; loaded at first use.

    Its upper three layers are replaced by those in `tuned`, which were trained on messages and cards
    (`evals/train_encoder.py`); None leaves the published model as it is.
    """

    def __init__(self, find: Callable[[], Path], *, tuned: Path | None = TUNED) -> None:
        self._find, self._tuned = find, tuned
        self._lock = threading.Lock()
        self._model: SentenceTransformer | None = None

    @cached_property
    def name(self) -> str:
        """The model's name, and the first digits of the SHA-256 of what was tuned."""
        if self._tuned is None:
            return "all-MiniLM-L6-v2"
        try:
            return f"all-MiniLM-L6-v2+{hashlib.sha256(self._tuned.read_bytes()).hexdigest()[:8]}"
        except OSError as exc:
            raise _damaged(self._tuned) from exc

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return float32 of shape (texts, 384); text beyond 256 word pieces is not read."""
        import numpy as np

        with self._lock:
            found = self._load().encode(
                list(texts), normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False
            )
        return np.asarray(found, dtype=np.float32)

    def transformer(self) -> Any:
        """The layers themselves, loaded."""
        with self._lock:
            return self._load()[0].auto_model

    def tokenizer(self) -> Any:
        """Text to word pieces."""
        with self._lock:
            return self._load().tokenizer

    def _load(self) -> SentenceTransformer:
        if self._model is None:
            from sentence_transformers import SentenceTransformer
            from transformers.utils.logging import disable_progress_bar

            disable_progress_bar()  # type: ignore[no-untyped-call]
            model = SentenceTransformer(str(self._find()), device="cpu", local_files_only=True)
            if self._tuned:
                _replace_layers(model[0].auto_model, self._tuned)
            self._model = model
        return self._model


def _replace_layers(transformer: Any, tuned: Path) -> None:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        held = load_file(str(tuned))
        for at in TUNED_LAYERS:
            part = {k.partition(".")[2]: w.float() for k, w in held.items() if k.startswith(f"{at}.")}
            transformer.encoder.layer[at].load_state_dict(part)
    except (OSError, SafetensorError, RuntimeError) as exc:
        raise _damaged(tuned) from exc


def _damaged(file: Path) -> ModelError:
    return ModelError(
        f"The file {file.name} of the program is missing or damaged.", "Install the program again."
    )


class WordEncoder:
    """The shipped fake: every word is a direction, so texts that share words are near."""

    name = "words"

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return float32 of shape (texts, 512)."""
        import numpy as np

        vectors = np.zeros((len(texts), 512), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in words(text):
                vectors[row, int(hashlib.sha256(word.encode()).hexdigest()[:8], 16) % 512] += 1.0
        length = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.maximum(length, 1e-9), dtype=np.float32)


def words(text: str) -> list[str]:
    """The words that lexical search counts: lower case, without the commonest."""
    return [w for w in re.findall(r"[a-z][a-z']+", text.lower().replace("’", "'")) if w not in _COMMON]


_COMMON = frozenset(
    """a about after again all also am an and any are as at be been before being but by can could did do
    does doing don't down even every few for from get got had has have having he he's her hers here him his
    how i i'd i'll i'm i've if in into is isn't it it's its just know like make me more most much my never no
    not now of off on one only or other our out over own really said say says she she's so some still such
    than that that's the their them then there these they they're this those to too up us very was way we
    were what when where which who why will with would yes you your""".split()
)
