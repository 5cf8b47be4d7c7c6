"""The pattern language of the rules files: a small part of regular expressions that cannot blow up.

Allowed: plain characters, (?:…), (?!…), |, [abc], \\d, \\S, ?, {m,n} up to 12, and \\S+ or \\d+ for one word.
No *, no other +, no nested unbounded repeat. Named fragments are written {name}. A pattern begins
and ends at a word's edge unless it is `glued` (scripts that do not put spaces between words).

Every pattern must hold some literal text that each match contains, its *anchors*: a substring test
for them decides whether the expression is run at all, and where in a long text. What else each match
must contain, its *needs*, is tested in the same cheap way before the expression is run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice

from coach.safety.normalise import fold

_NAME = re.compile(r"\{([a-z_]+)\}")
_REPEAT = re.compile(r"\{(\d{1,2})(?:,(\d{1,2}))?\}")
_EVERYWHERE = frozenset(
    """i me my to he she the and you it is am not in of a that was have has had with for on they her him his
    be do so we at this if will would can but as or an are no did does all just what when""".split()
)
_COMMON = frozenset(
    """about after again always any anyone anything as ask asked at away back because been before
    being bit both boyfriend by call came come could day days did does done even ever every everyone
    everything feel feels felt find first friend friends from get gets getting girlfriend give go
    goes going gone good got happy having here home house how husband into job keep keeps kids know
    last let like little live long look lot love made make makes man me mean more most mother mum
    mom much need never new night nothing now off old one only or other our out over own partner
    people put really right said same saw say saying says see seen she should sister so some someone
    something sometimes still stop such sure take talk talking tell tells than that their them then
    there these thing things think thinking thinks this those time times to told too took tried try
    trying two until up us used very wants want wanted was way week well went were what when where
    which while who why wife without won words work world year years yes yet your room door phone
    baby son daughter brother dad""".split()
)
_LONG = 2_000  # characters; in a longer text an expression runs only around its anchors
_REACH = 240  # characters on either side of an anchor, more than any match spans
_MOST_MATCHES = 60  # of one pattern in one stretch of text, and stretches in one text


class PatternError(ValueError):
    """A pattern uses something outside the language above; the text says what."""


@dataclass(frozen=True)
class Pattern:
    """One expression over normalised text, and the literal texts of which each match holds one."""

    source: str
    anchors: frozenset[str]
    needs: tuple[frozenset[str], ...] = ()
    glued: bool = False

    def find(self, text: str) -> Iterator[re.Match[str]]:
        """Matches in the order of the text, at most a few dozen."""
        if not self.may_match(text):
            return
        expression = _compiled(self.source, self.glued)
        windows = [(0, len(text))] if len(text) <= _LONG else _windows(text, self.anchors)
        for start, end in windows:
            yield from islice(expression.finditer(text, start, end), _MOST_MATCHES)

    def may_match(self, sentence: str) -> bool:
        """Whether all that a match must contain is there."""
        for need in self.needs:  # loops, for this is asked some hundred times a message
            for literal in need:
                if literal in sentence:
                    break
            else:
                return False
        return True


def read_pattern(source: str, fragments: Mapping[str, str], *, glued: bool = False) -> Pattern:
    """Check a pattern and find its anchors; raises PatternError."""
    whole = fold(_expand(source, fragments).casefold().replace("\\s", "\\S").replace("\\D", "\\d"))
    groups, end = _alternatives(whole, 0)
    if end != len(whole):
        raise PatternError("a bracket is closed that was never opened")
    if not groups:
        raise PatternError("no part of it must always be there, so it would run on every text")
    needs = tuple(group for group in groups[1:] if _worth(group) > -1.5)
    return Pattern(whole, groups[0], needs, glued)


def _expand(source: str, fragments: Mapping[str, str], depth: int = 0) -> str:
    def fragment(found: re.Match[str]) -> str:
        if found[1] not in fragments:
            raise PatternError(f"the fragment {{{found[1]}}} is not among `words`")
        if depth > 5:
            raise PatternError(f"the fragment {{{found[1]}}} holds itself")
        return _expand(fragments[found[1]], fragments, depth + 1)

    return _NAME.sub(fragment, source)


@cache
def _compiled(source: str, glued: bool) -> re.Pattern[str]:
    return re.compile(source if glued else rf"(?<!\S)(?:{source})(?!\S)")


def _windows(text: str, anchors: Iterable[str]) -> list[tuple[int, int]]:
    """Where to look in a long text: around each anchor, merged."""
    spans: list[tuple[int, int]] = []
    for anchor in anchors:
        at = text.find(anchor)
        while at >= 0:
            spans.append(_to_spaces(text, at - _REACH, at + len(anchor) + _REACH))
            at = text.find(anchor, at + _REACH // 2)
    return list(_merged(sorted(spans)))[:_MOST_MATCHES]


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


def _alternatives(text: str, at: int) -> tuple[list[frozenset[str]], int]:
    """What each match of `a|b|c` holds, from `at` to its closing bracket or the end, and where that is."""
    branches: list[list[frozenset[str]]] = []
    while True:
        branch, at = _sequence(text, at)
        branches.append(branch)
        if at < len(text) and text[at] == "|":
            at += 1
            continue
        if len(branches) == 1:
            return branch, at
        if all(branches):
            return [frozenset().union(*(branch[0] for branch in branches))], at
        return [], at


def _sequence(text: str, at: int) -> tuple[list[frozenset[str]], int]:
    """The literal runs and groups of one branch that cannot be left out, the most telling first."""
    groups: list[frozenset[str]] = []
    run = ""
    while at < len(text) and text[at] not in "|)":
        literal, inner, after = _atom(text, at)
        optional, after = _quantifier(text, after, one_word=text[at : at + 2] in ("\\S", "\\d"))
        if literal and not optional:
            run += literal
        else:
            groups.extend([frozenset({run})] if run.strip() else [])
            groups.extend([] if optional else inner)
            run = ""
        at = after
    groups.extend([frozenset({run})] if run.strip() else [])
    return sorted(groups, key=_worth, reverse=True), at


def _atom(text: str, at: int) -> tuple[str, list[frozenset[str]], int]:
    """The literal character, or what the group there always holds, and what follows it."""
    char = text[at]
    if char == "(":
        if text[at : at + 3] not in ("(?:", "(?!"):
            raise PatternError("only (?:…) and (?!…) are allowed as brackets")
        groups, end = _alternatives(text, at + 3)
        if end >= len(text):
            raise PatternError("a bracket is opened and not closed")
        return "", [] if text[at + 2] == "!" else groups, end + 1
    if char == "[":
        end = text.find("]", at)
        if end < 0 or not re.fullmatch(r"\[\^?[\w ऀ-෿-]+\]", text[at : end + 1]):
            raise PatternError("[…] may hold letters, digits and spaces only")
        return "", [], end + 1
    if char == "\\":
        if text[at + 1 : at + 2] not in ("S", "d"):
            raise PatternError("only \\S and \\d are allowed behind a backslash")
        return "", [], at + 2
    if char in "*+?{}.^$":
        raise PatternError(f"{char!r} is not allowed here")
    return char, [], at + 1


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


def _worth(group: frozenset[str]) -> float:
    """How telling: the less often one of the group stands in a message, the more."""
    return -sum(_often(literal) for literal in group)


def _often(literal: str) -> float:
    """Roughly how many times a message of 100 words holds this text."""
    if not literal.isascii():
        return 0.3 / len(literal)
    rates = [0.0]
    for word in literal.split():
        rates.append(2.0 if word in _EVERYWHERE else 0.3 if word in _COMMON else 0.5 / len(word) ** 2)
    ordered = sorted(rates[1:])
    beside = 0.3 ** (len(ordered) - 1)
    return ordered[0] * beside if len(literal.strip()) > 3 or ordered[0] > 0.3 else 0.5
