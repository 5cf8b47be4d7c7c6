"""The repair suite: is there one message that may be sent, and none where none should be?

    row ─ text ─→ the coach, skill repair ─→ worksheet ─→ a message where it may be? by the rules?

The rules are those of evals/rewrite_rules.py, not the coach's own. `coach eval repair`, or `inspect eval
evals/repair.py -T split=held_out`.
"""

# No `from __future__ import annotations`: `inspect eval` runs this file outside sys.modules, where a
# dataclass cannot look up annotations that are text.
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.scorer import Metric, SampleScore, Score, Scorer, Target, Value, metric, scorer
from inspect_ai.solver import TaskState

from coach import start
from coach.pipeline import Coach
from coach.settings import Settings
from coach.turn import RepairSheet, Reply
from evals import data
from evals.figures import Figure, share, to_values
from evals.reframe import answered
from evals.rewrite_rules import broken_by_message, keeps


@dataclass(frozen=True)
class Mended:
    """One row: what was expected, whether a message came, and what is wrong with it."""

    expect: str
    role: str
    message: bool
    broken: tuple[str, ...]
    kept: bool
    origin: str


@task
def repair(split: str = "dev") -> Task:
    """The repair worksheet, by the coach as it ships."""
    return made(data.read(data.REPAIR, split=split), start.coach(Settings()))


def made(rows: Sequence[data.RepairRow], coach: Coach) -> Task:
    """The task over these rows, with this coach."""
    samples = [Sample(id=row.id, input=row.text, target=row.expect, metadata=asdict(row)) for row in rows]
    return Task(
        dataset=MemoryDataset(samples, name="repair"),
        solver=answered(coach, "repair", worksheet),
        scorer=rules(),
        name="repair",
    )


def worksheet(reply: Reply) -> dict[str, object]:
    """The message, and all that the worksheet says."""
    if not isinstance(reply.sheet, RepairSheet):
        return {"message": ""}
    return {"message": reply.sheet.message}


@metric
def repair_figures() -> Metric:
    """All figures of the suite, see `figures`."""

    def measure(scores: list[SampleScore]) -> Value:
        return to_values(figures([Mended(**(score.score.metadata or {})) for score in scores]))

    return measure


@scorer(metrics=[repair_figures()])
def rules() -> Scorer:
    """1 where a message came only if it may, keeps the rules and names what was done."""

    async def score(state: TaskState, target: Target) -> Score:
        row, found = state.metadata, json.loads(state.output.completion)
        message = found["message"]
        judged = Mended(
            row["expect"],
            row["role"],
            bool(message),
            broken_by_message(message) if message else (),
            bool(message) and keeps(message, row["facts"]),
            found["origin"],
        )
        good = judged.message == (judged.expect == "message") and not judged.broken
        return Score(
            value=float(good and (judged.kept or not judged.message)),
            answer=message or "no message",
            explanation=f"Expected {target.text}; broken: {', '.join(judged.broken) or 'nothing'}; "
            f"facts {'kept' if judged.kept else 'not kept'}.",
            metadata=asdict(judged),
        )

    return score


def figures(rows: Sequence[Mended]) -> list[Figure | None]:
    """Messages given and withheld, rules kept, facts kept."""
    wanted = [row for row in rows if row.expect == "message"]
    given = [row for row in wanted if row.message]
    roles = sorted({row.role for row in rows})
    return [
        share("messages given where wanted", (row.message for row in wanted)),
        share("messages that keep the rules", (not row.broken for row in given)),
        share("facts kept, where given", (row.kept for row in given)),
        share("asked first: no message", (not row.message for row in rows if row.expect == "ask_first")),
        share("no message, and none given", (not row.message for row in rows if row.expect == "none")),
        share("origin: model", (row.origin == "model" for row in rows)),
        share("origin: composed", (row.origin == "composed" for row in rows)),
        share("origin: fixed", (row.origin == "fixed" for row in rows)),
        *(
            share(f"message given where wanted / {role}", (row.message for row in wanted if row.role == role))
            for role in roles
        ),
    ]
