"""Small joins and choices that the skills share: no meaning of their own, no state.

Choices are made by a checksum of the story, so that the same story always gets the same words and
different stories get different ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TypeVar
from zlib import crc32

T = TypeVar("T")

WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
_QUOTED = re.compile(r'"[^"\n]{1,400}"|“[^”\n]{1,400}”|' + r"(?<!\w)'(?:[^'\n]|(?<=\w)'(?=\w)){2,300}'(?!\w)")

STOP = frozenset(
    """
    a about after again all also always am an and any anyone anything are aren't around as at away back
    be because been before being both but by can can't could couldn't did didn't do does doesn't doing
    don't done down each else even ever every everyone everything few for from get gets getting give go
    goes going gone got had hadn't has hasn't have haven't having he he'd he'll he's her here hers
    herself him himself his how i i'd i'll i'm i've if im in into is isn't it it's its itself ive just
    keep keeps kind know knows last least less let like little lot lots made make makes many may maybe
    me mean might mine more most much must my myself never no nobody none nor not nothing now of off
    often ok okay on once one ones only or other others our ours ourselves out over own perhaps please
    put quite rather really right said same say saying says see seems should shouldn't since so some
    somebody someone something sometimes soon still such sure take tell than that that's the their
    theirs them themselves then there there's these they they'd they'll they're they've thing things
    think this those though through til till to today told tomorrow tonight too took try trying two
    under until up upon us use used very want wants was wasn't way we we'd we'll we're we've well went
    were weren't what what's whatever when whenever where whether which while who who's whole whose why
    will with within without won't would wouldn't yeah yes yesterday yet you you'd you'll you're you've
    your yours yourself yourselves hi hello hey help basically actually honestly literally anyway guess
    feel feels feeling felt come came comes day days time times people ask asked start started bit
    """.split()
)


def pick(options: Sequence[T], seed: str) -> T:
    """One of `options`, the same for the same seed."""
    return options[crc32(seed.encode("utf-8", "replace")) % len(options)]


def words(text: str) -> list[str]:
    """The words of a text, lower case."""
    return [w.lower() for w in WORD.findall(text)]


def count(text: str) -> int:
    """How many words a reader sees."""
    return len(text.split())


def stem(word: str) -> str:
    """A rough stem: enough to see that "listens" and "listening" are one word."""
    word = word.lower().removesuffix("'s").removesuffix("n't")
    for ending in ("ings", "ing", "edly", "ies", "ied", "ed", "es", "ly", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lse":
        word = word[:-1]
    return word.rstrip("ei") if len(word) > 4 else word


def content(text: str) -> list[str]:
    """The stems of the words that carry meaning, in order, each once."""
    return list(dict.fromkeys(stem(w) for w in words(text) if w not in STOP and len(w) > 2))


def outside_quotes(text: str) -> list[tuple[str, bool]]:
    """The text in pieces, each with True where it is quoted speech."""
    pieces: list[tuple[str, bool]] = []
    at = 0
    for match in _QUOTED.finditer(text):
        pieces += [(text[at : match.start()], False), (match.group(), True)]
        at = match.end()
    pieces.append((text[at:], False))
    return [piece for piece in pieces if piece[0]]


def upper_first(text: str) -> str:
    """The text with its first letter large, behind a quotation mark too."""
    match = re.match(r"[\s\"'(]*", text)
    at = match.end() if match else 0
    return text[:at] + text[at : at + 1].upper() + text[at + 1 :]


def lower_first(text: str, names: Iterable[str] = ()) -> str:
    """The text with its first letter small, unless it is I, a known name or a set of capitals."""
    match = WORD.match(text)
    first = match.group() if match else ""
    keep = (
        first in {"I", "I'm", "I'd", "I've", "I'll"}
        or first in set(names)
        or (len(first) > 1 and first.isupper())
    )
    return text if keep else text[:1].lower() + text[1:]


def sentence(text: str) -> str:
    """The text as one sentence: large letter first, an end mark last."""
    text = text.strip().rstrip(",;:-– ")
    if not text:
        return ""
    end = "" if re.search(r"[.!?…][\"')]*$", text) else "."
    return upper_first(text + end)


def bare(text: str) -> str:
    """A sentence without its end mark, to be built into another."""
    return text.strip().rstrip(".!?…,;: -–—")


def listed(items: Sequence[str], *, last: str = "and") -> str:
    """Items as people list them: "a, b and c"."""
    if len(items) < 2:
        return items[0] if items else ""
    return f"{', '.join(items[:-1])} {last} {items[-1]}"
