"""The pattern language of the rules files: a small part of regular expressions that cannot blow up.

Allowed: plain characters, (?:…), (?!…), |, [abc], \\d, \\S, ?, {m,n} up to 12, and \\S+ or \\d+ for one word.
No *, no other +, no nested unbounded repeat. Named fragments are written {name}. A pattern begins
and ends at a word's edge unless it is `glued` (scripts that do not put spaces between words).

Every pattern must hold some literal text that each match contains, its *anchors*: a substring test
for them decides whether the expression is run at all, and where in a long text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from coach.safety.normalise import fold

_NAME = re.compile(r"\{([a-z_]+)\}")
_REPEAT = re.compile(r"\{(\d{1,2})(?:,(\d{1,2}))?\}")
_COMMON = frozenset(
    """i me my to he she the and you it is am not in of a that was have has had with for on they her him his
    be do so we at this if will would can""".split()
)
_LONG = 4_000  # characters; beyond, an expression runs only around its anchors
_REACH = 240  # characters on either side of an anchor, more than any match spans
_MOST_MATCHES = 60  # of one pattern in one text


class PatternError(ValueError):
    """A pattern uses something outside the language above; the text says what."""


@dataclass(frozen=True)
class Pattern:
    """One expression over normalised text, and the literal texts of which each match holds one."""

    source: str
    anchors: frozenset[str]
    glued: bool = False

    def find(self, text: str) -> Iterator[re.Match[str]]:
        """Matches in the order of the text, at most a few dozen."""
        count = 0
        for start, end in _windows(text, self.anchors):
            for found in _compiled(self.source, self.glued).finditer(text, start, end):
                yield found
                count += 1
                if count >= _MOST_MATCHES:
                    return


def read_pattern(source: str, fragments: Mapping[str, str], *, glued: bool = False) -> Pattern:
    """Check a pattern and find its anchors; raises PatternError."""
    whole = fold(_expand(source, fragments).casefold().replace("\\s", "\\S").replace("\\D", "\\d"))
    anchors, end = _alternatives(whole, 0)
    if end != len(whole):
        raise PatternError("a bracket is closed that was never opened")
    if not anchors:
        raise PatternError("no part of it must always be there, so it would run on every text")
    return Pattern(whole, anchors, glued)


def _expand(source: str, fragments: Mapping[str, str], depth: int = 0) -> str:
    def fragment(found: re.Match[str]) -> str:
        if found[1] not in fragments:
            raise PatternError(f"the fragment {{{found[1]}}} is not among `words`")
        if depth > 5:
            raise PatternError(f"the fragment {{{found[1]}}} holds itself")
        return _expand(fragments[found[1]], fragments, depth + 1)

    return _NAME.sub(fragment, source)


@lru_cache(maxsize=None)
def _compiled(source: str, glued: bool) -> re.Pattern[str]:
    return re.compile(source if glued else rf"(?<!\S)(?:{source})(?!\S)")


def _windows(text: str, anchors: frozenset[str]) -> list[tuple[int, int]]:
    """Where to look: all of a short text, else the surroundings of each anchor, merged."""
    if len(text) <= _LONG:
        return [(0, len(text))]
    spans: list[tuple[int, int]] = []
    for anchor in anchors:
        at = text.find(anchor)
        while at >= 0:
            spans.append((at - _REACH, at + len(anchor) + _REACH))
            at = text.find(anchor, at + _REACH // 2)
    return [_to_spaces(text, start, end) for start, end in _merged(sorted(spans))]


def _merged(spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    if not spans:
        return
    start, end = spans[0]
    for next_start, next_end in spans[1:]:
        if next_start > end:
            yield start, end
            start, end = next_start, next_end
        else:
            end = max(end, next_end)
    yield start, end


def _to_spaces(text: str, start: int, end: int) -> tuple[int, int]:
    """Widen a window to whole words, by at most 60 characters."""
    start = max(0, start)
    space = text.rfind(" ", max(0, start - 60), start)
    later = text.find(" ", end, end + 60)
    return (space + 1 if space >= 0 else start), (later if later >= 0 else min(end, len(text)))


def _alternatives(text: str, at: int) -> tuple[frozenset[str] | None, int]:
    """Anchors of `a|b|c` from `at` to its closing bracket or the end, and where that is."""
    branches: list[frozenset[str] | None] = []
    while True:
        branch, at = _sequence(text, at)
        branches.append(branch)
        if at < len(text) and text[at] == "|":
            at += 1
            continue
        known = [branch for branch in branches if branch]
        return (frozenset().union(*known) if len(known) == len(branches) else None), at


def _sequence(text: str, at: int) -> tuple[frozenset[str] | None, int]:
    """Anchors of one branch: its most telling literal run or group that cannot be left out."""
    best: frozenset[str] | None = None
    run = ""
    while at < len(text) and text[at] not in "|)":
        literal, group, after = _atom(text, at)
        optional, after = _quantifier(text, after, one_word=text[at : at + 2] in ("\\S", "\\d"))
        if literal and not optional:
            run += literal
        else:
            best, run = _better(best, run), ""
            if group and not optional:
                best = group if best is None or _worth(group) > _worth(best) else best
        at = after
    return _better(best, run), at


def _atom(text: str, at: int) -> tuple[str, frozenset[str] | None, int]:
    """The literal character or the group's anchors at `at`, and what follows it."""
    char = text[at]
    if char == "(":
        if text[at : at + 3] not in ("(?:", "(?!"):
            raise PatternError("only (?:…) and (?!…) are allowed as brackets")
        anchors, end = _alternatives(text, at + 3)
        if end >= len(text):
            raise PatternError("a bracket is opened and not closed")
        return "", None if text[at + 2] == "!" else anchors, end + 1
    if char == "[":
        end = text.find("]", at)
        if end < 0 or not re.fullmatch(r"\[\^?[\w ऀ-෿-]+\]", text[at : end + 1]):
            raise PatternError("[…] may hold letters, digits and spaces only")
        return "", None, end + 1
    if char == "\\":
        if text[at + 1 : at + 2] not in ("S", "d"):
            raise PatternError("only \\S and \\d are allowed behind a backslash")
        return "", None, at + 2
    if char in "*+?{}.^$":
        raise PatternError(f"{char!r} is not allowed here")
    return char, None, at + 1


def _quantifier(text: str, at: int, *, one_word: bool) -> tuple[bool, int]:
    """Whether the atom before may be missing, and what follows its quantifier."""
    if text[at : at + 1] == "?":
        return True, at + 1
    if text[at : at + 1] == "+":
        if not one_word:
            raise PatternError("+ is allowed behind \\S and \\d only")
        return False, at + 1
    if text[at : at + 1] == "{":
        found = _REPEAT.match(text, at)
        if not found or int(found[2] or found[1]) > 12 or int(found[2] or found[1]) < int(found[1]):
            raise PatternError("a repeat is written {m,n}, with n at most 12")
        return int(found[1]) == 0, found.end()
    return False, at


def _better(best: frozenset[str] | None, run: str) -> frozenset[str] | None:
    literal = frozenset({run}) if run.strip() else None
    if literal is None:
        return best
    return literal if best is None or _worth(literal) > _worth(best) else best


def _worth(anchors: frozenset[str]) -> float:
    """How telling: the length of the weakest anchor, common words and long lists counting less."""
    weakest = min(_length(anchor) for anchor in anchors)
    return weakest - 0.02 * len(anchors)


def _length(anchor: str) -> float:
    words = anchor.split()
    telling = sum(len(word) for word in words if word not in _COMMON)
    return telling * (3 if not anchor.isascii() else 1) + 0.3 * len(words)
