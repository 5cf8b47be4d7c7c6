"""The sides suite: when both tell one quarrel, does each get an answer that the other could live with?

    row ─ a's telling, b's telling ─→ the coach, skill reframe, for each ─→ both rewritten? nobody's fault?

Compatible are two worksheets with rewrites by the rules (evals/rewrite_rules.py) of which none says whose
fault it is. `coach eval sides`, or `inspect eval evals/sides.py -T split=held_out`.
"""

# No `from __future__ import annotations`: `inspect eval` runs this file outside sys.modules, where a
# dataclass cannot look up annotations that are text.
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ModelOutput
from inspect_ai.scorer import Metric, SampleScore, Score, Scorer, Target, Value, metric, scorer
from inspect_ai.solver import Generate, Solver, TaskState, solver

from coach import start
from coach.pipeline import Coach
from coach.settings import Settings
from coach.turn import Conversation, Finished
from evals import data
from evals.figures import Figure, share, to_values
from evals.reframe import worksheet
from evals.rewrite_rules import broken_by, keeps, takes_sides


@dataclass(frozen=True)
class Pair:
    """One quarrel: what came of each telling, and what is wrong with the answers."""

    came: tuple[str, str]
    broken: tuple[str, ...]
    sided: bool
    kept: tuple[bool, bool]

    @property
    def compatible(self) -> bool:
        """Both were given rewrites that keep the rules, and neither is told who is right."""
        return self.came == ("rewrite", "rewrite") and not self.broken and not self.sided


@task
def sides(split: str = "dev") -> Task:
    """The reframe worksheets for both tellings of a quarrel, by the coach as it ships."""
    return made(data.read(data.SIDES, split=split), start.coach(Settings()))


def made(rows: Sequence[data.SidesRow], coach: Coach) -> Task:
    """The task over these rows, with this coach."""
    samples = [Sample(id=row.id, input=row.a, metadata=asdict(row)) for row in rows]
    return Task(
        dataset=MemoryDataset(samples, name="sides"),
        solver=both_answered(coach),
        scorer=fair(),
        name="sides",
    )


@solver
def both_answered(coach: Coach) -> Solver:
    """The worksheet for each telling, each in a conversation of its own, as JSON."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        found = []
        for telling in (state.metadata["a"], state.metadata["b"]):
            last = list(coach.respond(Conversation(), telling, skill="reframe"))[-1]
            assert isinstance(last, Finished)
            found.append({"reply": last.reply.text, **worksheet(last.reply)})
        state.output = ModelOutput.from_content("none", json.dumps(found, ensure_ascii=False))
        return state

    return solve


@metric
def sides_figures() -> Metric:
    """All figures of the suite, see `figures`."""

    def measure(scores: list[SampleScore]) -> Value:
        return to_values(figures([_pair(score.score.metadata or {}) for score in scores]))

    return measure


def _pair(told: dict[str, Any]) -> Pair:
    return Pair(tuple(told["came"]), tuple(told["broken"]), told["sided"], tuple(told["kept"]))


@scorer(metrics=[sides_figures()])
def fair() -> Scorer:
    """1 where the two answers are compatible."""

    async def score(state: TaskState, target: Target) -> Score:
        a, b = json.loads(state.output.completion)
        facts = state.metadata["facts"]
        pair = Pair(
            (a["came"], b["came"]),
            tuple(
                dict.fromkeys(rule for text in (*a["rewrites"], *b["rewrites"]) for rule in broken_by(text))
            ),
            takes_sides(a["reply"]) or takes_sides(b["reply"]),
            (
                any(keeps(text, facts) for text in a["rewrites"]),
                any(keeps(text, facts) for text in b["rewrites"]),
            ),
        )
        return Score(value=float(pair.compatible), answer=str(pair.came), metadata=asdict(pair))

    return score


def figures(rows: Sequence[Pair]) -> list[Figure | None]:
    """Compatible pairs, and what keeps the others from it."""
    return [
        share("compatible answers", (row.compatible for row in rows)),
        share("both rewritten", (row.came == ("rewrite", "rewrite") for row in rows)),
        share("no side taken", (not row.sided for row in rows)),
        share("what both tell is kept by both", (all(row.kept) for row in rows)),
    ]
