"""How fast the search is, and what 100,000 passages of the user's own cost: `python -m evals.search_speed`.

One query is the whole of `CardSearch.search`, warm: encode, learned grades, nearest vectors, BM25. It is
timed against encoding alone, in the same run and in turns. The extra passages are words of the cards in
random order with random vectors, put into documents.db as `coach knowledge add` does. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Any

from coach import offline
from evals import data


def main() -> int:
    """Measure in a temporary home and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--passages", type=int, default=100_000, help="how many extra passages (100000)")
    parser.add_argument("--threads", type=int, default=2, help="threads of the encoder (2)")
    args = parser.parse_args()
    offline.prepare()
    with tempfile.TemporaryDirectory() as home:
        os.environ["COACH_HOME"] = home
        print(json.dumps(measured(args.passages, args.threads), indent=1))
    return 0


def measured(passages: int, threads: int) -> dict[str, Any]:
    """Milliseconds, seconds and megabytes; see the keys."""
    import torch

    from coach import start

    torch.set_num_threads(threads)
    queries = [row.text for row in data.read(data.RETRIEVAL, split="dev")]
    library = start.library()
    search = start.search(library)
    search.encoder.encode(["warm"])
    build = _seconds(search.load)
    again = _seconds(lambda: start.search(start.library()).is_current())
    found: dict[str, Any] = {
        "queries": len(queries),
        "threads": threads,
        "mean_words": round(sum(len(query.split()) for query in queries) / len(queries)),
        "index_build_s": round(build, 2),
        "unchanged_rebuild_s": round(again, 3),
        "rss_mb": _rss(),
    }
    found |= _timed("alone", queries, search.search, lambda text: search.encoder.encode([text]))
    documents = search.documents
    assert documents is not None
    _fill(documents, passages, library)
    found |= {"extra_passages": passages, "extra_index_s": round(_seconds(documents.sync), 1)}
    search.search("warm")
    found |= _timed("with_extra", queries, search.search, lambda text: search.encoder.encode([text]))
    return found | {"rss_with_extra_mb": _rss()}


def _timed(
    name: str, queries: Sequence[str], whole: Callable[[str], Any], encode: Callable[[str], Any]
) -> dict[str, float]:
    """Median and 95th percentile in milliseconds, and the ratio to encoding alone, taken in turns."""
    for query in queries[:20]:
        whole(query)
    pairs = [(_seconds(lambda q=query: whole(q)), _seconds(lambda q=query: encode(q))) for query in queries]  # type: ignore[misc]
    total, alone = (sorted(1000 * pair[side] for pair in pairs) for side in (0, 1))
    return {
        f"{name}_p50_ms": round(_at(total, 0.5), 1),
        f"{name}_p95_ms": round(_at(total, 0.95), 1),
        f"{name}_over_encoding_p50": round(_at(total, 0.5) / _at(alone, 0.5), 2),
        f"{name}_encoding_p95_ms": round(_at(alone, 0.95), 1),
    }


def _at(values: Sequence[float], share: float) -> float:
    return values[min(len(values) - 1, int(share * len(values)))]


def _seconds(act: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def _rss() -> int:
    """The most memory that this process has held, in megabytes; 0 on Windows, which keeps no such count."""
    if sys.platform == "win32":
        return 0
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(most / (2**20 if sys.platform == "darwin" else 2**10))


def _fill(documents: Any, count: int, library: Any) -> None:
    """Put passages with vectors into the user's documents, 1,000 to a document."""
    import numpy as np

    chance, directions = random.Random(7), np.random.default_rng(7)
    words = " ".join(card.body for card in library.cards.values()).split()
    names = [f"word{number}" for number in range(20_000)]  # rare ones, as names and places are
    with documents._changing() as db:
        for start in range(0, count, 1000):
            size = min(1000, count - start)
            vectors = directions.normal(size=(size, 384)).astype("<f4")
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            document = db.execute(
                "INSERT INTO document(name, path, sha256, added) VALUES (?, ?, ?, ?)",
                (f"extra {start}", f"/extra/{start}", f"{start:064}", "2026-01-01"),
            ).lastrowid
            db.executemany(
                "INSERT INTO passage(document, text, encoder, vector) VALUES (?, ?, ?, ?)",
                (
                    (
                        document,
                        " ".join([*chance.choices(words, k=50), *chance.choices(names, k=5)]),
                        documents.encoder.name,
                        vector.astype("<f2").tobytes(),
                    )
                    for vector in vectors
                ),
            )


if __name__ == "__main__":
    sys.exit(main())
