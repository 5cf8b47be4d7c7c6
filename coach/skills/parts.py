"""Cuts a message into pieces and holds what each is: what they did, what I did, a wish, a verdict … Pure.

    text ─ pieces ─→ a role for each, which the classifier reads (coach/classifier.py) ─→ Part

The cut is by marks and by joining words before a subject; it is the one that the roles were learned on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from coach.skills.story import split_sentences

KINDS = ("rewrite", "fine", "limit", "controlling", "unsafe")
REFUSED = ("controlling", "unsafe")
# By maps that had not learned the author, 97 of a hundred that are to be refused are refused from 0.4 on, and
# 4 of a hundred that are to be rewritten; from 0.5 on it is 95 and 3, from 0.3 on 97 and 7.
LIKELY = 0.4
INTENTS = ("listen", "reframe", "repair", "practice", "both_sides", "check_in")
# deed: what the other did or said; own: what the user did or said; rest: words to the coach, fillers
ROLES = ("deed", "own", "wish", "context", "feeling", "verdict", "rest")

_SUBJECT = (
    r"(?:i|i'm|i've|i'd|i'll|he|he's|he'd|she|she's|she'd|they|they're|we|we're|we'd|you|you're|u|ur|it|it's"
    r"|that|this|there|now|nobody|everyone|my|our|his|her|their|your|the|[A-Z][a-z]+|don't|stop|please|could"
    r"|can|not|no)"
)
_CUT = re.compile(
    r",?\s+(?=(?:and then|and|but|so|then|because|cos|cause|when|while|after|before|until|although|though|if"
    rf"|which|like)\s+{_SUBJECT}\b)|\s*[;–—]\s*|\s+-+\s+|:\s+|,\s+(?={_SUBJECT}\b)|\s*\.\.\.?\s*"
)
_OPENED, _CLOSED = re.compile(r"(?<!\w)'(?=\w)"), re.compile(r"(?<=[\w.,!?])'(?!\w)")
_LEAST = 3  # words before a cut


@dataclass(frozen=True)
class Part:
    """A piece of a message and its role, one of ROLES; `goes_on` if it stands in the sentence of the last."""

    text: str
    role: str
    goes_on: bool = False


@dataclass(frozen=True)
class Meaning:
    """What a message is for: chances of KINDS (of a remark) and INTENTS (of a skill), and its parts."""

    kinds: dict[str, float] = field(default_factory=dict)
    intents: dict[str, float] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()

    @property
    def kind(self) -> str:
        """The likeliest kind; empty where none is likely. Those that are refused count together."""
        refused = max(REFUSED, key=lambda kind: self.kinds.get(kind, 0.0))
        if sum(self.kinds.get(kind, 0.0) for kind in REFUSED) > LIKELY:
            return refused
        best = max(self.kinds, key=lambda kind: self.kinds[kind], default="")
        return best if self.kinds.get(best, 0.0) > LIKELY else ""

    @property
    def intent(self) -> str:
        """The likeliest intent; listen where none is likely."""
        best = max(self.intents, key=lambda intent: self.intents[intent], default="listen")
        return best if self.intents.get(best, 0.0) > LIKELY else "listen"


class Understands(Protocol):
    """What reads the meaning of a message."""

    def meaning(self, text: str, before: Sequence[str] = ()) -> Meaning:
        """What this message is for; raises ModelError."""
        ...


def pieces(text: str) -> list[tuple[int, int]]:
    """Where each piece of a cleaned message begins and ends."""
    found: list[tuple[int, int]] = []
    at = 0
    for line in text.split("\n"):
        for sentence in split_sentences(line):
            start = text.index(sentence, at)
            at = start + len(sentence)
            cuts = _cuts(sentence)
            begins = [0, *(cut.end() for cut in cuts)]
            ends = [*(cut.start() for cut in cuts), len(sentence)]
            for begin, end in zip(begins, ends, strict=True):
                piece = sentence[begin:end]
                if re.search(r"\w", piece):
                    begin += len(piece) - len(piece.lstrip())
                    found.append((start + begin, start + begin + len(piece.strip())))
    return found


def goes_on(text: str, before: tuple[int, int], piece: tuple[int, int]) -> bool:
    """Whether a piece stands in the same sentence as the one before it."""
    return not re.search(r"[.!?\n]", text[before[1] - 1 : piece[0]])


def _cuts(sentence: str) -> list[re.Match[str]]:
    """The places to cut; not within quotation marks, and not after fewer than three words."""
    cuts: list[re.Match[str]] = []
    start = 0
    for match in _CUT.finditer(sentence):
        left = sentence[: match.start()]
        quoted = left.count('"') % 2 or len(_OPENED.findall(left)) > len(_CLOSED.findall(left))
        if not quoted and len(sentence[start : match.start()].split()) >= _LEAST:
            cuts.append(match)
            start = match.end()
    return cuts
