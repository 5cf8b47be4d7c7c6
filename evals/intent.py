"""The intent suite: is it heard what a message asks for, and is nothing suggested where that is unclear?

    row ─ text ─→ the classifier ─→ the skill that is suggested; listen where none is

`coach eval intent`, or `inspect eval evals/intent.py -T split=held_out`.
"""

# No `from __future__ import annotations`: `inspect eval` runs this file outside sys.modules, where a
# dataclass cannot look up annotations that are text.
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ModelOutput
from inspect_ai.scorer import Metric, SampleScore, Score, Scorer, Target, Value, metric, scorer
from inspect_ai.solver import Generate, Solver, TaskState, solver

from coach import start
from coach.settings import Settings
from coach.skills.parts import INTENTS, Understands
from evals import data
from evals.figures import Figure, share, to_values


@dataclass(frozen=True)
class Heard:
    """One row: the skill that the message asks for, and the one that was heard."""

    wanted: str
    heard: str


@task
def intent(split: str = "dev") -> Task:
    """What a message asks for, as the classifier that ships reads it."""
    return made(data.read(data.INTENT, split=split), start.safety(Settings()).meaning)


def made(rows: Sequence[data.IntentRow], understand: Understands) -> Task:
    """The task over these rows, with this reader."""
    samples = [Sample(id=row.id, input=row.text, target=row.skill) for row in rows]
    return Task(
        dataset=MemoryDataset(samples, name="intent"),
        solver=heard(understand),
        scorer=same(),
        name="intent",
    )


@solver
def heard(understand: Understands) -> Solver:
    """The skill that a first message is heard to ask for."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        state.output = ModelOutput.from_content("none", understand.meaning(state.input_text).intent)
        return state

    return solve


@metric
def intent_figures() -> Metric:
    """All figures of the suite, see `figures`."""

    def measure(scores: list[SampleScore]) -> Value:
        return to_values(figures([Heard(**(score.score.metadata or {})) for score in scores]))

    return measure


@scorer(metrics=[intent_figures()])
def same() -> Scorer:
    """1 where the skill that is wanted was heard."""

    async def score(state: TaskState, target: Target) -> Score:
        found = Heard(target.text, state.output.completion)
        return Score(value=float(found.wanted == found.heard), answer=found.heard, metadata=asdict(found))

    return score


def figures(rows: Sequence[Heard]) -> list[Figure | None]:
    """Intents heard, in all and by skill; suggestions that were wanted."""
    suggested = [row for row in rows if row.heard != "listen"]
    return [
        share("intent heard", (row.wanted == row.heard for row in rows)),
        share("suggestions that were wanted", (row.wanted == row.heard for row in suggested)),
        *(
            share(f"intent heard / {skill}", (row.heard == skill for row in rows if row.wanted == skill))
            for skill in INTENTS
        ),
    ]
