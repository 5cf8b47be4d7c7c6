"""What the starter model makes of a text within itself: tokens → a vector per token, from one of its layers.

The starter stays loaded beside whatever model the user talks to. It is read with a small trained adapter
(LoRA), on a context of its own that stops after LAYER: later layers would cost a fifth more time and are
about the next word.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import itertools
import os
import threading
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coach.errors import ModelError

if TYPE_CHECKING:
    import numpy as np
    from llama_cpp import Llama
    from numpy.typing import NDArray

    Vector = NDArray[np.float32]

LAYER = 24  # of the starter's 30; what it tells is read
MOST = 512  # tokens in one reading
_LEAST = 1e-5  # keeps a vector of zeros from division by its length


class HiddenStates:
    """The starter's inner layers, and the adapters that read with them; one reading at a time."""

    def __init__(self, find: Callable[[], Path], *, threads: int | None = None) -> None:
        self._find, self._threads = find, threads
        self.lock = threading.RLock()
        self._llama: Llama | None = None
        self._context: Any = None
        self._adapters: dict[Path, Any] = {}
        self._in_use: Path | None = None
        self._held: list[int] = []  # the tokens that the context holds
        self._told: Vector | None = None  # what the layer told of those last read
        self._asked: tuple[int, ...] = ()  # of `vectors`, last
        self._answer: Vector | None = None
        self._watch: Any = None  # kept, so that the callback outlives the context

    def load(self, adapter: Path, sha256: str) -> None:
        """Load the model and one adapter with this digest; raises ModelError."""
        with self.lock:
            # llama.cpp takes some broken adapters without a word, and reads on without them (0.3.36).
            if digest(adapter) != sha256:
                raise damaged(adapter)
            self._adapter(adapter)

    def tokens(self, text: str, *, special: bool = False) -> list[int]:
        """The text as tokens; unless `special`, template words in it stay plain text."""
        with self.lock:
            return list(self._opened().tokenize(text.encode(), add_bos=False, special=special))

    def ends(self, tokens: Sequence[int]) -> list[int]:
        """At which byte of the text each of its tokens ends."""
        with self.lock:
            model = self._opened()
            lengths = [len(model.detokenize([token], special=True)) for token in tokens]
        return list(itertools.accumulate(lengths))

    def vectors(self, adapter: Path, before: Sequence[int], own: Sequence[int]) -> Vector:
        """A vector of length 1 (root mean square) for each of `own`, read after `before`; (tokens, width).

        What was read last and stands at the beginning of `before` again is not read anew, and the same
        text twice only once.
        """
        import llama_cpp
        import numpy as np

        with self.lock:
            self._use(adapter)
            asked = (*before, 0, *own)
            if asked == self._asked and self._answer is not None:
                return self._answer
            kept = 0
            while kept < min(len(self._held), len(before)) and self._held[kept] == before[kept]:
                kept += 1
            llama_cpp.llama_memory_seq_rm(llama_cpp.llama_get_memory(self._context), 0, kept, -1)
            self._held, self._told = [*before, *own], None
            new = self._held[kept:]
            tokens = (llama_cpp.llama_token * len(new))(*new)
            failed = llama_cpp.llama_decode(self._context, llama_cpp.llama_batch_get_one(tokens, len(new)))
            if failed or self._told is None:
                self.forget()
                raise ModelError("The starter model could not read the message.", "Start the program again.")
            found = self._told.reshape(len(new), -1)[len(before) - kept :]
            lengths = np.sqrt((found**2).mean(axis=1, keepdims=True) + _LEAST)
            self._answer = np.asarray(found / lengths, dtype=np.float32)
            self._asked = asked
            return self._answer

    def forget(self) -> None:
        """Drop what the model holds of earlier texts."""
        import llama_cpp

        with self.lock:
            self._held, self._told, self._asked, self._answer = [], None, (), None
            if self._context is not None:
                llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self._context), True)

    def _opened(self) -> Llama:
        if self._llama is not None:
            return self._llama
        import llama_cpp

        from coach.engine import opened

        llama = opened(self._find(), n_ctx=32)  # its own context is not used
        threads = self._threads or min(8, os.cpu_count() or 1)
        self._watch = llama_cpp.ggml_backend_sched_eval_callback(self._stop_after_layer)
        settings = llama_cpp.llama_context_default_params()
        settings.n_ctx = settings.n_batch = settings.n_ubatch = MOST
        settings.n_threads = settings.n_threads_batch = threads
        settings.cb_eval = self._watch
        self._context = llama_cpp.llama_init_from_model(llama.model, settings)
        if self._context is None:
            raise ModelError(
                "There is not enough memory for the safety screen.", "Close other programs and start again."
            )
        weakref.finalize(self, llama_cpp.llama_free, self._context)  # before the model, which it points to
        self._llama = llama
        return llama

    def _adapter(self, path: Path) -> Any:
        import llama_cpp

        if path not in self._adapters:
            made = llama_cpp.llama_adapter_lora_init(self._opened().model, str(path).encode())
            if made is None:
                raise damaged(path)
            self._adapters[path] = made
        return self._adapters[path]

    def _use(self, path: Path) -> None:
        import llama_cpp

        if self._in_use != path:
            adapter = self._adapter(path)
            adapters = (llama_cpp.llama_adapter_lora_p_ctypes * 1)(adapter)
            if llama_cpp.llama_set_adapters_lora(self._context, adapters, 1, (ctypes.c_float * 1)(1.0)):
                raise damaged(path)
            self._in_use = path
            self.forget()

    def _stop_after_layer(self, tensor: Any, asked: bool, _: Any) -> bool:
        """Called by llama.cpp before each step (is it wanted?) and after those wanted (to go on?)."""
        import numpy as np

        ggml = _ggml()
        if asked:
            return bool(ggml.ggml_get_name(tensor) == b"l_out-%d" % (LAYER - 1))
        held = np.empty(ggml.ggml_nbytes(tensor) // 4, np.float32)
        ggml.ggml_backend_tensor_get(tensor, held.ctypes.data, 0, held.nbytes)
        self._told = held
        return False


def pooled(told: Vector, attend: Vector) -> Vector:
    """The mean of vectors, shape (tokens, width), and what each attention, (attentions, width), sees."""
    import numpy as np

    scores = told @ attend.T
    shares = np.exp(scores - scores.max(axis=0))
    shares /= shares.sum(axis=0)
    return np.concatenate([told.mean(axis=0), (shares.T @ told).ravel()]).astype(np.float32)


@functools.cache
def _ggml() -> Any:
    """The tensor library under llama.cpp, of which llama-cpp-python declares nothing."""
    import llama_cpp
    from llama_cpp._ctypes_extensions import load_shared_library

    library = load_shared_library("ggml-base", Path(llama_cpp.__file__).parent / "lib")
    library.ggml_get_name.restype = ctypes.c_char_p
    library.ggml_get_name.argtypes = [ctypes.c_void_p]
    library.ggml_nbytes.restype = ctypes.c_size_t
    library.ggml_nbytes.argtypes = [ctypes.c_void_p]
    library.ggml_backend_tensor_get.restype = None
    library.ggml_backend_tensor_get.argtypes = [ctypes.c_void_p] * 2 + [ctypes.c_size_t] * 2
    return library


def digest(file: Path) -> str:
    """The SHA-256 of a file; of one that cannot be read it is empty."""
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""


def damaged(file: Path) -> ModelError:
    """The error where a trained part cannot be read."""
    return ModelError(f"{file.name}: this trained part cannot be read.", "Install the program again.")
