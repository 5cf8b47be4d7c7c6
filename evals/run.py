"""`coach eval`: runs suites through inspect, offline and without an account, and prints their figures.

Logs with every row go to the program's cache folder (`inspect view` opens them); what inspect would
write into the user's data folder goes there too.
"""

from __future__ import annotations

import json
import os
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from inspect_ai import Task
from inspect_ai import eval as inspect_eval
from inspect_ai.log import EvalLog

from coach.errors import InputError
from coach.settings import places
from evals.conversation import conversation
from evals.figures import Figure, from_values
from evals.intent import intent
from evals.reframe import reframe, reframe_alone
from evals.repair import repair
from evals.retrieval import VARIANTS, retrieval
from evals.review import review
from evals.screen import screen
from evals.sides import sides

SUITES: dict[str, Callable[[str], list[Task]]] = {
    "screen": lambda split: [screen(split)],
    "conversation": lambda split: [conversation(split)],
    "review": lambda split: [review(split)],
    "reframe": lambda split: [reframe(split), reframe_alone(split)],
    "repair": lambda split: [repair(split)],
    "intent": lambda split: [intent(split)],
    "sides": lambda split: [sides(split)],
    "retrieval": lambda split: [retrieval(split, variant) for variant in VARIANTS],
}


@dataclass(frozen=True)
class Result:
    """What one task came to; `fault` says why it failed."""

    name: str
    split: str
    rows: int
    seconds: float
    figures: tuple[Figure, ...]
    fault: str | None = None


def run(suites: Sequence[str], *, held_out: bool, as_json: bool) -> int:
    """Run these suites, or all; returns 1 if a task failed, else 0."""
    split = "held_out" if held_out else "dev"
    # Tasks are made first: paths asked of coach.settings while inspect runs would be inspect's.
    tasks = [task for name in chosen(suites) for task in SUITES[name](split)]
    folder = _folder()
    results = []
    for task in tasks:
        results.append(measured(task, split, folder))
        if not as_json:
            print(table(results[-1]), flush=True)
    if as_json:
        print(json.dumps({"suites": [asdict(result) for result in results]}, ensure_ascii=False))
    else:
        print(f"Every row: inspect view --log-dir {folder / 'logs'}")
    return int(any(result.fault for result in results))


def chosen(suites: Sequence[str]) -> list[str]:
    """The suites to run, each once; unknown names are refused."""
    for name in suites:
        if name not in SUITES:
            raise InputError(f"There is no suite {name!r}.", f"Choose among {', '.join(SUITES)}.")
    return list(dict.fromkeys(suites)) or list(SUITES)


def measured(task: Task, split: str, folder: Path) -> Result:
    """Run one task in `folder` and read its figures from the log."""
    begun = time.perf_counter()
    with _kept_in(folder):
        logs = inspect_eval(
            task,
            model="none/none",
            log_dir=str(folder / "logs"),
            log_level="error",
            display="none",
            score_display=False,
            log_realtime=False,
            ctl_server=False,
            max_samples=1,
        )
    if not logs or logs[0].status == "cancelled":  # inspect takes Ctrl-C for itself
        raise KeyboardInterrupt
    log = logs[0]
    return Result(
        name=task.name,
        split=split,
        rows=len(task.dataset),
        seconds=round(time.perf_counter() - begun, 2),
        figures=_figures(log),
        fault=(log.error.message if log.error else log.status) if log.status != "success" else None,
    )


def table(result: Result) -> str:
    """A result as a few aligned lines; those over parts of the rows stand together, as hits of n."""
    lines = [f"{result.name}: {result.split}, {result.rows} rows, {result.seconds:.1f} s"]
    if result.fault:
        lines.append(f"  FAILED: {result.fault}")
    whole = [figure for figure in result.figures if not figure.part]
    width = max((len(figure.name) for figure in whole), default=0)
    for figure in whole:
        interval = f"[{figure.low:.3f}, {figure.high:.3f}]"
        lines.append(f"  {figure.name:<{width}}  {figure.value:.3f}  {interval}  n={figure.n}")
    parts: dict[str, list[str]] = {}
    for figure in result.figures:
        if figure.part:
            hits = f"{figure.part} {round(figure.value * figure.n)}/{figure.n}"
            parts.setdefault(figure.name.partition(" / ")[0], []).append(hits)
    for name, told in parts.items():
        line = f"{name} by part: {', '.join(told)}"
        lines += textwrap.wrap(line, 100, initial_indent="  ", subsequent_indent="    ")
    return "\n".join(lines) + "\n"


def _figures(log: EvalLog) -> tuple[Figure, ...]:
    scores = log.results.scores if log.results else []
    return tuple(
        figure
        for score in scores
        for figure in from_values({name: metric.value for name, metric in score.metrics.items()})
    )


def _folder() -> Path:
    folder = places().cache / "evals"
    try:
        (folder / "logs").mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise InputError(
            f"The logs cannot be written to {folder}.",
            "Free some disk space or make that folder writable, or set COACH_HOME to another folder.",
        ) from exc
    return folder


@contextmanager
def _kept_in(folder: Path) -> Iterator[None]:
    """Move inspect's own files (traces, the last run's name) into `folder`; the environment comes back.

    inspect asks platformdirs, which reads these two variables (on Linux and macOS, and on Windows).
    """
    before = dict(os.environ)
    os.environ |= {
        "XDG_DATA_HOME": str(folder.resolve()),
        "WIN_PD_OVERRIDE_LOCAL_APPDATA": str(folder.resolve()),
    }
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
