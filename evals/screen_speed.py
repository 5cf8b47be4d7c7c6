"""How fast the screen is on messages of about 100 words: `python -m evals.screen_speed`.

Rules alone and all signals, one message at a time, against one pass of the sentence encoder in the same run;
and a text of 200,000 characters. The rules have gone through all messages once before, since a pattern is
compiled where it is first needed (without that, 10 ms at the 95th percentile). Prints JSON, times in
milliseconds.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

from coach import models, offline, start
from coach.encoder import MiniLM
from coach.safety.screen import by_rules
from coach.settings import Settings
from evals import data

WORDS = range(85, 116)
THREADS = 2
MESSAGES = 200
LONG = 200_000


def main() -> int:
    """Measure and print the figures."""
    import torch

    offline.prepare()
    torch.set_num_threads(THREADS)
    encoder = MiniLM(models.encoder_folder)
    screen = start.safety(Settings(threads=THREADS)).screen
    screen.load()
    texts = [row.text for row in data.read(data.SCREEN, split="dev") if len(row.text.split()) in WORDS]
    texts = texts[:: len(texts) // MESSAGES][:MESSAGES]
    for text in texts:
        by_rules(text)
    ways: dict[str, Callable[[str], Any]] = {
        "rules": by_rules,
        "encoder": lambda text: encoder.encode([text]),
        "all signals": screen,
    }
    times = {name: [_milliseconds(way, text) for text in texts] for name, way in ways.items()}
    long = "\n".join(texts * (LONG // sum(map(len, texts)) + 1))[:LONG]
    reference = _share(times["encoder"], 0.5)
    told = {
        name: {
            "median": round(_share(found, 0.5), 1),
            "p95": round(_share(found, 0.95), 1),
            "of the encoder": round(_share(found, 0.5) / reference, 2),
        }
        for name, found in times.items()
    }
    longest = {name: round(_milliseconds(ways[name], long)) for name in ("rules", "all signals")}
    record = {"messages": len(texts), "threads": THREADS, **told, f"{LONG} characters": longest}
    print(json.dumps(record, indent=1))
    return 0


def _milliseconds(way: Callable[[str], Any], text: str) -> float:
    begun = time.perf_counter()
    way(text)
    return (time.perf_counter() - begun) * 1000


def _share(times: list[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(share * len(times)))]


if __name__ == "__main__":
    sys.exit(main())
