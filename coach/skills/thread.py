"""Reads a pasted message thread: who wrote what, and which of them is the user. Pure.

lines "Name 18:02: words" or "[18:02] Name: words" ─→ Thread(lines, other), or None if it is none
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from coach.skills.story import Story, split_sentences

_DAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)\w*,? )?"
_TIME = rf"(?:[\[(]?{_DAY}\d{{1,2}}[:.]\d{{2}}\s?(?:am|pm)?[\])]?|[\[(]\d[^\])]{{0,20}}[\])])"
_LINE = re.compile(
    rf"^\s*(?:{_TIME}[\s,-]*)?([A-Z][\w']*(?: [A-Z][\w']*)?|me|i)\s*(?:{_TIME})?\s*:\s+(?=\S)(.*)$", re.I
)
_ME = re.compile(r"\b(?:i'?m|i am|me is|this is me,?|my name is) ([A-Z][a-z]+)\b", re.I)
_TO = re.compile(r"\b(?:to|tell|answer|text|with|for) ([A-Z][a-z]+)\b", re.I)
_LEAST = 2  # lines with a speaker


@dataclass(frozen=True)
class Line:
    """What one of them wrote; `mine` if it was the user."""

    mine: bool
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Thread:
    """The lines in order, and the other's name as it stands there; empty where it is not plain."""

    lines: tuple[Line, ...]
    other: str = ""


def read_thread(story: Story) -> Thread | None:
    """The thread in a story, or None where there are not two lines with a speaker."""
    spoken: list[tuple[str, str]] = []
    beside: list[str] = []
    for line in (story.orders or story.text).split("\n"):
        match = _LINE.match(line)
        if match and match[1].lower() not in ("am", "pm"):
            spoken.append((match[1], match[2]))
        elif line.strip():
            beside.append(line)
    names = list(dict.fromkeys(name for name, _ in spoken))
    if len(spoken) < _LEAST:
        return None
    me = _me(names, " ".join(beside))
    others = [name for name in names if name != me]
    wanted = next(
        (name for name in others for to in _TO.findall(" ".join(beside)) if name.lower() == to.lower()), ""
    )
    if not me and wanted:  # in a group, the one who wrote most beside the other
        wrote = Counter(name for name, _ in spoken if name != wanted).most_common(2)
        me = wrote[0][0] if wrote and (len(wrote) < 2 or wrote[0][1] > wrote[1][1]) else ""
    other = wanted or (others[-1] if len(others) == 1 else "")
    lines = tuple(
        Line(name == me, tuple(split_sentences(words)))
        for name, words in spoken
        if not other or name in (me, other)
    )
    return Thread(lines, other)


def _me(names: list[str], beside: str) -> str:
    """The name that the user goes by in the thread."""
    told = {name.lower() for name in _ME.findall(beside)}
    return next((name for name in names if name.lower() in {"me", "i"} | told), "")
