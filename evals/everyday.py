"""How often the screen stops people who are in no danger: `python -m evals.everyday`, five minutes.

    remark or message by an author of whom the screen learned nothing ─ screen ─→ raised?

The rows are those of training/remarks.jsonl, training/tellings.jsonl and intent.jsonl by the authors LATER:
limits, fine remarks, harsh ones, quarrels told, first messages, less those that do tell of danger; and,
against them, remarks told in fear.
"""

from __future__ import annotations

import sys

from coach import offline
from coach.safety.screen import Screen
from evals import data
from evals.figures import share
from evals.screen import reader
from evals.train_screen import HARMLESS, LATER, NOT_HARMLESS


def main() -> int:
    """Measure and print."""
    offline.prepare()
    look = Screen(reader())
    rows = [(row["id"], row["kind"], row["text"]) for row in data.training("remarks")]
    rows += [(row.id, "message", row.text) for row in data.read(data.INTENT, split="dev")]
    rows += [(row["id"], "telling", row["text"]) for row in data.training("tellings")]
    levels = [
        (kind, look(text).level)
        for id, kind, text in rows
        if data.author(id) in LATER and id not in NOT_HARMLESS
    ]
    kinds = (*HARMLESS, "message", "telling")
    told = [
        share("harmless: met with a question or a stop", (at > 0 for kind, at in levels if kind in kinds)),
        *(share(f"… {name}", (at > 0 for kind, at in levels if kind == name)) for name in kinds),
        share("told in fear or of own violence: met", (at > 0 for kind, at in levels if kind == "unsafe")),
    ]
    print(*filter(None, told), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
