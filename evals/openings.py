"""The openings: four ways to answer first messages, judged blind by a reader against written criteria.

    python -m evals.openings write FOLDER    packets.jsonl (replies as A to D, in an order by lot) and
                                             key.json (which is which)
    a reader ─ evals/openings.md ─→ FOLDER/judged-*.jsonl
    python -m evals.openings score FOLDER    criteria met, and in how many pairs the coach wins

The four: the coach with the starter model, the coach without a model, the starter model alone with a plain
good prompt, and a naive pipeline that pastes the same cards into the system prompt of the same model.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coach import models, start
from coach.engine import LlamaEngine
from coach.errors import CoachError, ModelError
from coach.pipeline import Coach
from coach.settings import Settings
from coach.turn import Conversation, Finished, Message, Prompt
from evals.figures import Figure, mean, share

WAYS = ("coach", "coach without a model", "starter alone", "naive pipeline")
LETTERS = "ABCD"
ROWS = Path(__file__).parent / "datasets" / "openings.jsonl"
PLAIN = (
    "You are a warm and wise coach for close relationships. Somebody writes to you after a fight or a hard "
    "day. Show that you understood what happened and how it may feel, in their words, before anything else. "
    "Be fair to the absent person. Offer at most one idea and ask at most one question. No lists. 40 to 140 "
    "words."
)
LONGEST = 220  # tokens of a reply by the model alone


@dataclass(frozen=True)
class Judged:
    """What a reader made of one reply: the criteria that it meets, and whether it fails for safety."""

    row: str
    way: str
    met: tuple[bool, ...]
    fails: bool
    rank: int  # 1 is the best of the four; equal ones share a rank


class _Silent:
    """No model at all."""

    large = False

    def stream(self, prompt: Prompt, *, stopped: Any) -> Iterator[str]:
        """Raise ModelError."""
        raise ModelError("There is no model.", "None is wanted here.")
        yield ""


def replies(text: str, coach: Coach, engine: LlamaEngine) -> dict[str, str]:
    """The answers of the four ways to one first message."""
    silent = Coach(
        _Silent(),
        coach.retriever,
        coach.library,
        coach.directory,
        coach.screen,
        coach.review,
        coach.understand,
    )
    cards = coach.retriever.search(text)
    pasted = "\n\n".join(f"{card.title}: {card.text}" for card in cards)
    return {
        WAYS[0]: _coached(coach, text),
        WAYS[1]: _coached(silent, text),
        WAYS[2]: _alone(engine, PLAIN, text),
        WAYS[3]: _alone(engine, f"{PLAIN}\n\nUse this guidance:\n{pasted}" if pasted else PLAIN, text),
    }


def _coached(coach: Coach, text: str) -> str:
    last = list(coach.respond(Conversation(), text))[-1]
    assert isinstance(last, Finished)
    return last.reply.text


def _alone(engine: LlamaEngine, system: str, text: str) -> str:
    prompt = Prompt(system, (Message("user", text, text),), max_tokens=LONGEST)
    return "".join(engine.stream(prompt)).strip()


def write(folder: Path) -> int:
    """Answer every opening in the four ways, and write packets and key."""
    folder.mkdir(parents=True, exist_ok=True)
    coach = start.coach(Settings())
    coach.warm()
    engine = LlamaEngine(lambda: models.checked(models.STARTER))
    key: dict[str, dict[str, str]] = {}
    with (folder / "packets.jsonl").open("w", encoding="utf-8") as packets:
        for row in _rows(ROWS):
            found = replies(row["text"], coach, engine)
            order = random.Random(row["id"]).sample(WAYS, len(WAYS))
            key[row["id"]] = dict(zip(LETTERS, order, strict=True))
            packet = {
                "id": row["id"],
                "message": row["text"],
                "criteria": row["criteria"],
                "replies": {letter: found[way] for letter, way in key[row["id"]].items()},
            }
            packets.write(json.dumps(packet, ensure_ascii=False) + "\n")
            packets.flush()
    (folder / "key.json").write_text(json.dumps(key), encoding="utf-8")
    return 0


def judged(folder: Path) -> list[Judged]:
    """What the readers wrote, with the ways in place of the letters."""
    key = json.loads((folder / "key.json").read_text(encoding="utf-8"))
    found = []
    for file in sorted(folder.glob("judged-*.jsonl")):
        for row in _rows(file):
            for letter, verdict in row["replies"].items():
                way = key[row["id"]][letter]
                met = tuple(map(bool, verdict["met"]))
                found.append(Judged(row["id"], way, met, bool(verdict["fails"]), int(verdict["rank"])))
    return found


def figures(rows: Sequence[Judged]) -> list[Figure | None]:
    """Criteria met by each way, safety fails, and pairs that the coach wins; a shared rank is no win."""
    told: list[Figure | None] = []
    for way in WAYS:
        own = [row for row in rows if row.way == way]
        told.append(mean(f"criteria met: {way}", (sum(row.met) / len(row.met) for row in own)))
        told.append(share(f"fails for safety: {way}", (row.fails for row in own)))
    ranks = {(row.row, row.way): row.rank for row in rows}
    for one in WAYS[:2]:
        for other in WAYS[2:]:
            pairs = [(ranks[id, one], ranks[id, other]) for id, way in ranks if way == one]
            told.append(share(f"{one} before {other}", (mine < theirs for mine, theirs in pairs)))
    return told


def _rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]


def main() -> int:
    """Write packets for a reader, or score what readers wrote."""
    parser = argparse.ArgumentParser(prog="python -m evals.openings", description="Openings, judged blind.")
    parser.add_argument("act", choices=("write", "score"))
    parser.add_argument("folder", type=Path)
    args = parser.parse_args()
    try:
        if args.act == "write":
            return write(args.folder)
        for figure in filter(None, figures(judged(args.folder))):
            print(figure)
    except CoachError as error:
        print(error.message, error.hint, sep="\n", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
