"""Are men and women read alike? The same messages with the sexes swapped: `python -m evals.parity`.

    row that names a sex ─ swap he and she, husband and wife … ─→ screen both ─→ the same level?

Reads every `--each`-th development row in English that tells of somebody's sex, and prints the figures.
"""

from __future__ import annotations

import argparse
import re
import sys

from coach import offline
from coach.safety.screen import Screen
from evals import data
from evals.figures import share
from evals.screen import reader

_PAIRS = """he she|himself herself|his hers|husband wife|husbands wives|boyfriend girlfriend|man woman
men women|boy girl|boys girls|dad mum|daddy mummy|father mother|son daughter|sons daughters|brother sister
guy girl|brothers sisters|uncle aunt|grandfather grandmother|grandad gran|grandson granddaughter|nephew niece
mr mrs|stepdad stepmum|fiance fiancee|lad lass|king queen"""
SWAP = {
    one: other for pair in re.split(r"[|\n]", _PAIRS) for one, other in (pair.split(), pair.split()[::-1])
}
SWAP |= {"him": "her", "mom": "dad", "mommy": "daddy", "girl": "boy"}
_WORD = re.compile(r"[A-Za-z]+")


def swapped(text: str) -> str:
    """The text with the sexes swapped; what "her" and "his" become is decided by what follows."""
    words = text.split(" ")
    found = []
    for at, word in enumerate(words):
        after = words[at + 1] if at + 1 < len(words) else ""
        found.append(_WORD.sub(lambda hit, after=after: _other(hit[0], after), word))  # type: ignore[misc]
    return " ".join(found)


def _other(word: str, after: str) -> str:
    low = word.lower()
    if low == "her":
        new = "his" if after[:1].isalpha() and after.lower() not in _NO_NOUN else "him"
    elif low == "his":
        new = "her" if after[:1].isalpha() else "hers"
    else:
        new = SWAP.get(low, low)
    return word if new == low else new.capitalize() if word[0].isupper() else new


_NO_NOUN = frozenset(
    """to and or but that if when so because for with at in on from about i he she they we you it is was not a
    the my this who what how why again now tonight yesterday back up down out off go do know feel""".split()
)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--each", type=int, default=10, help="take every so manieth row (10)")
    args = parser.parse_args()
    offline.prepare()
    look = Screen(reader())
    rows = [
        row
        for row in data.read(data.SCREEN, split="dev")
        if not row.kind.startswith("language:") and swapped(row.text) != row.text
    ][:: args.each]
    pairs = [(look(row.text), look(swapped(row.text))) for row in rows]
    told = [
        share("same level", (one.level == other.level for one, other in pairs)),
        share("same side of level 2", ((one.level >= 2) == (other.level >= 2) for one, other in pairs)),
        share(
            "same category, where both see a risk",
            (a.category == b.category for a, b in pairs if a.level and b.level),
        ),
    ]
    print(*filter(None, told), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
