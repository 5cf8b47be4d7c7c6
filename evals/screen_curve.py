"""Draws how much danger the classifier sees at which rate of false alarms: `python -m evals.screen_curve`.

Reads the newest log of `coach eval screen --held-out` and writes docs/screen-curve.svg: a curve for the
chance of level 2 that the classifier gives, a point for the whole screen, and one for the rules alone.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from inspect_ai.log import EvalLog, list_eval_logs, read_eval_log

from coach.settings import places

PICTURE = Path(__file__).parents[1] / "docs" / "screen-curve.svg"
INK, PALE = "#3f5a4a", "#b0896b"


def main() -> int:
    """Draw, or say which command is to be run first."""
    log = newest()
    if log is None:
        print(
            "There is no log of the screen on the rows set aside.",
            "Run: coach eval screen --held-out",
            sep="\n",
        )
        return 2
    draw(log, PICTURE)
    print(f"Wrote {PICTURE.name}.")
    return 0


def newest() -> EvalLog | None:
    """The newest log of the screen suite on the rows set aside."""
    folder = places().cache / "evals" / "logs"
    for found in list_eval_logs(str(folder)) if folder.exists() else []:
        log = read_eval_log(found)
        if log.eval.task == "screen" and log.samples and log.samples[0].metadata["split"] == "held_out":
            return log
    return None


def draw(log: EvalLog, path: Path) -> None:
    """Write the picture."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    told = [(sample.metadata["level"], json.loads(sample.output.completion)) for sample in log.samples or []]
    grave = [found for level, found in told if level >= 2]
    none = [found for level, found in told if level == 0]
    cuts = sorted({found["chance"] for _, found in told}, reverse=True)
    curve = [
        (
            sum(f["chance"] >= cut for f in none) / len(none),
            sum(f["chance"] >= cut for f in grave) / len(grave),
        )
        for cut in cuts
    ]
    figure, axes = pyplot.subplots(figsize=(6.4, 4))
    axes.plot([x for x, _ in curve], [y for _, y in curve], color=INK, label="classifier, at every cut")
    for name, key, color in (("the screen as it ships", "level", INK), ("rules alone", "rules", PALE)):
        x = sum(f[key] >= 2 for f in none) / len(none)
        y = sum(f[key] >= 2 for f in grave) / len(grave)
        axes.plot([x], [y], "o", color=color, label=f"{name}: {y:.2f} at {x:.3f}")
    axes.set(
        xlim=(0, 0.12),
        ylim=(0, 1),
        xlabel=f"false alarms on harmless messages (n = {len(none)})",
        ylabel=f"danger seen (n = {len(grave)})",
    )
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right", frameon=False)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    sys.exit(main())
