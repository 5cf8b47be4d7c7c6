"""Twelve worksheets and twelve first replies as they come: `python -m evals.samples` writes docs/samples.md.

The messages in datasets/samples.jsonl were written for this page by a writer who had seen neither the other
data nor the program; nothing was tuned on them and no reply was picked.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from coach import start
from coach.errors import CoachError
from coach.settings import Settings
from coach.turn import Conversation, Finished

ROWS = Path(__file__).parent / "datasets" / "samples.jsonl"
PAGE = Path(__file__).parents[1] / "docs" / "samples.md"
SKILLS = {"worksheet": "reframe", "chat": "listen"}
_HEAD = """# Twelve worksheets and twelve first replies, as they came

With the starter model, not picked and not mended; `make samples` writes this page. The messages are invented.
"""


def main() -> int:
    """Answer every message once and write the page."""
    try:
        coach = start.coach(Settings())
        coach.warm()
        told = [_HEAD]
        for line in ROWS.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            last = list(coach.respond(Conversation(), row["text"], skill=SKILLS[row["kind"]]))[-1]
            assert isinstance(last, Finished)
            heading = f"## {row['id'].rpartition('-')[2]}. {row['kind'].capitalize()} ({last.reply.origin})"
            told += [heading, _quoted(row["text"]), last.reply.text.replace("\n- ", "\n\n- ", 1)]
    except CoachError as error:
        print(error.message, error.hint, sep="\n", file=sys.stderr)
        return 2
    PAGE.write_text("\n\n".join(part.strip() for part in told) + "\n", encoding="utf-8")
    print(f"wrote {PAGE.name}.")
    return 0


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}  " if line.strip() else ">" for line in text.splitlines())


if __name__ == "__main__":
    sys.exit(main())
