"""What runs a language model: `LlamaEngine` in this process, and `ScriptedEngine`, the shipped fake.

An engine has one method, `stream(prompt, *, stopped)`, which yields pieces of text. It raises
`ContextFull` when the prompt does not fit (the pipeline then drops the oldest exchanges) and
`ModelError` when there is no usable model (the pipeline then composes the reply from the cards).
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coach.errors import ModelError
from coach.turn import ContextFull, Prompt, never

if TYPE_CHECKING:
    from llama_cpp import Llama

_ROLES = {"user": "user", "coach": "assistant"}
LARGE = 600_000_000  # bytes: about a billion parameters in four bits
_OPEN, _CLOSE = "\ue000", "\ue001"  # private-use marks around a message's place in the template


@dataclass(frozen=True)
class Usage:
    """The engine's own counters for one stream, in tokens: in the prompt, evaluated anew, generated."""

    prompt: int
    evaluated: int
    generated: int


class LlamaEngine:
    """One GGUF model through llama-cpp-python; loaded at first use, one lock held across each stream."""

    def __init__(self, find: Callable[[], Path], *, context: int = 4096, threads: int | None = None) -> None:
        self._find, self._context, self._threads = find, context, threads
        self._lock = threading.Lock()
        self._llama: Llama | None = None
        self.usage = Usage(0, 0, 0)

    @property
    def large(self) -> bool:
        """Whether the model file holds LARGE bytes or more; a missing one does not."""
        try:
            return self._find().stat().st_size >= LARGE
        except (ModelError, OSError):
            return False

    def load(self) -> None:
        """Load the model now rather than at the first message."""
        with self._lock:
            self._loaded()

    def forget(self) -> None:
        """Drop what the model holds of earlier prompts, once a stream that is under way has ended."""
        with self._lock:
            if self._llama is not None:
                self._llama.reset()  # type: ignore[no-untyped-call]
                self._llama._ctx.kv_cache_clear()  # type: ignore[no-untyped-call]
                self._llama.input_ids[:] = 0

    def stream(self, prompt: Prompt, *, stopped: Callable[[], bool] = never) -> Iterator[str]:
        """Yield the answer piece by piece; ends early when `stopped` turns true, in the prompt phase too."""
        with self._lock:
            llama = self._loaded()
            tokens = self._tokens(llama, prompt)
            if len(tokens) + prompt.max_tokens > llama.n_ctx():
                raise ContextFull(len(tokens) + prompt.max_tokens, llama.n_ctx())
            yield from self._generate(llama, tokens, prompt, stopped)

    def _generate(
        self, llama: Llama, tokens: list[int], prompt: Prompt, stopped: Callable[[], bool]
    ) -> Iterator[str]:
        import llama_cpp

        raw = llama._ctx.ctx
        llama_cpp.llama_synchronize(raw)  # what an earlier, stopped stream left uncounted is not ours
        llama_cpp.llama_perf_context_reset(raw)
        # llama.cpp asks this between graph nodes, so a stop works while a long prompt is evaluated. It is
        # taken off for decoding, where it costs up to 5% of the speed.
        abort = llama_cpp.ggml_abort_callback(lambda _: stopped())
        llama_cpp.llama_set_abort_callback(raw, abort, None)
        pieces = llama.create_completion(
            prompt=tokens,
            max_tokens=prompt.max_tokens,
            temperature=prompt.temperature,
            repeat_penalty=1.1,
            seed=prompt.seed,
            stream=True,
        )
        count = 0
        try:
            for piece in pieces:
                if count == 0:
                    llama_cpp.llama_set_abort_callback(raw, llama_cpp.ggml_abort_callback(), None)
                count += 1
                if stopped():
                    return
                yield piece["choices"][0]["text"]  # type: ignore[index]
        except RuntimeError:
            if not stopped():  # "llama_decode returned 2" is our own abort
                raise
        finally:
            llama_cpp.llama_set_abort_callback(raw, llama_cpp.ggml_abort_callback(), None)
            counted = llama_cpp.llama_perf_context(raw)
            self.usage = Usage(len(tokens), counted.n_p_eval, counted.n_eval)

    def _loaded(self) -> Llama:
        if self._llama is None:
            self._llama = self._load(self._find())
        return self._llama

    def _load(self, path: Path) -> Llama:
        cores = os.cpu_count() or 1
        return opened(
            path,
            n_ctx=self._context,
            # All cores while decoding spin against any other work (150 to 20 tokens a second with one
            # of two cores busy), so one is left free; the prompt phase gains from every core.
            n_threads=self._threads or max(1, min(8, cores - 1)),
            n_threads_batch=self._threads or min(8, cores),
            no_perf=False,
        )

    def _tokens(self, llama: Llama, prompt: Prompt) -> list[int]:
        """The prompt as tokens. Messages are tokenised apart from the template, so that template words
        inside a message (`<|im_end|>` and the like) stay plain text."""
        contents = [prompt.system, *((m.sent or m.text) for m in prompt.messages)]
        roles = ["system", *(_ROLES[m.role] for m in prompt.messages)]
        marked: list[Any] = [{"role": role, "content": f"{_OPEN}{i}{_CLOSE}"} for i, role in enumerate(roles)]
        tokens: list[int] = []
        for piece in _render(llama, marked).split(_OPEN):
            number, mark, rest = piece.partition(_CLOSE)
            if mark:
                tokens += llama.tokenize(contents[int(number)].encode(), add_bos=False, special=False)
            tokens += llama.tokenize((rest if mark else piece).encode(), add_bos=False, special=True)
        if prompt.start:
            tokens += llama.tokenize(prompt.start.encode(), add_bos=False, special=False)
        return tokens


def opened(path: Path, **settings: Any) -> Llama:
    """A GGUF model, loaded; raises ModelError where llama-cpp-python or the file is not usable."""
    try:
        from llama_cpp import Llama
    except ImportError as exc:
        raise ModelError(
            "llama-cpp-python is not installed.", "Run make install, or pip install llama-cpp-python."
        ) from exc
    _silence()
    try:
        return Llama(model_path=str(path), verbose=False, **settings)
    except (ValueError, RuntimeError, OSError) as exc:
        raise ModelError(
            f"The model file {path} does not load; it may be damaged or of an unknown kind.",
            "Download it again, or choose another file with COACH_MODEL.",
        ) from exc


def _render(llama: Llama, messages: list[Any]) -> str:
    """Fill the model's own chat template."""
    from llama_cpp.llama_chat_format import Jinja2ChatFormatter

    template = llama.metadata.get("tokenizer.chat_template")
    if not template:
        raise ModelError(
            "This model file has no chat template.", "Choose an instruct or chat model in GGUF form."
        )

    def word(token: int) -> str:
        return str(llama._model.token_get_text(token)) if token >= 0 else ""

    formatter = Jinja2ChatFormatter(
        template, eos_token=word(llama.token_eos()), bos_token=word(llama.token_bos())
    )
    return formatter(messages=messages).prompt


@functools.cache
def _silence() -> Any:
    """Turn llama.cpp's own log off for good; the callback is cached so that it is never collected."""
    import llama_cpp

    callback = llama_cpp.llama_log_callback(lambda level, text, data: None)
    llama_cpp.llama_log_set(callback, None)
    return callback


class ScriptedEngine:
    """The shipped fake: answers from a list, over and over, and keeps what it was asked."""

    def __init__(self, replies: Sequence[str] = ("That sounds hard.",), *, large: bool = False) -> None:
        self.replies, self.large = list(replies), large
        self.prompts: list[Prompt] = []

    def stream(self, prompt: Prompt, *, stopped: Callable[[], bool] = never) -> Iterator[str]:
        """Yield the next scripted answer, word by word."""
        self.prompts.append(prompt)
        answer = self.replies[(len(self.prompts) - 1) % len(self.replies)]
        for word in answer.split(" "):
            if stopped():
                return
            yield word + " "
