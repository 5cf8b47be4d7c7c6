"""What a rewrite, or a message that mends, must and must not hold; apart from the coach's own checks. Pure.

The coach checks its drafts with coach/skills/remark.py. These rules share no pattern with it, so that a hole
in one is less likely a hole in the other. They see words only: whether a sentence sounds like a person is for
a reader.
"""

from __future__ import annotations

import re
from collections.abc import Sequence


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.I)


_SLURS = "|".join(
    """lazy selfish stupid idiot moron pathetic useless worthless rude mean childish immature crazy insane
    mental disgusting cruel liar coward narcissist narcissistic toxic hypocrite drama ungrateful jealous
    inconsiderate thoughtless careless irresponsible unreliable cold heartless needy clingy controlling
    manipulative paranoid dramatic impossible hopeless ridiculous""".split()
)
_NEVER = {
    "always or never": _any(
        r"\byou(?:'re|'ve| are| have)? (?:just |only |simply )?(?:always|never|constantly)\b",
        r"\b(?:always|never) (?:do|did|are|have|can|could|will|would) you\b",
        r"\bevery single time you\b",
    ),
    "you are": _any(
        rf"\byou(?:'re| are| were) (?:being |acting |such |so |too |just |really |an? )*(?:{_SLURS})\b"
    ),
    "name-calling": _any(rf"\b(?:an?|you|total|complete|such) (?:{_SLURS}|jerk|pig|brat|bully|slob|loser)\b"),
    "sarcasm": _any(
        r"\b(?:congratulations|well done|bravo|thanks a lot|thanks for nothing|how nice of you)\b",
        r"\b(?:your highness|oh great|lucky me|what a surprise|as usual)\b",
    ),
    "mind-reading": _any(
        r"\byou (?:don't|do not|didn't|never) (?:care|love me|want me|respect me|think of me)",
        r"\byou (?:just |only |really )?(?:want|wanted|meant|mean|enjoy|like) to (?:hurt|punish|annoy)",
        r"\byou (?:just |only |really )?(?:want|wanted|like) to (?:embarrass|humiliate|control|get)",
        r"\byou (?:just |only |really )?(?:think|thought) (?:I'm|I am)\b",
        r"\bon purpose\b|\bdeliberately\b|\bto spite\b",
    ),
    "threat": _any(
        r"\bor else\b|\blast chance\b|\bfinal warning\b",
        r"\byou(?:'ll| will) (?:regret|be sorry|lose me)\b",
        r"\bif you (?:don't|do not|ever)\b[^.?!]{0,60}\b(?:I'm leaving|we're done|it's over|I'll be gone)\b",
        r"\bif you (?:don't|do not|ever)\b[^.?!]{0,60}\bI(?:'ll| will) (?:leave you|divorce|go|be gone)\b",
    ),
    "broken": _any(
        r"\{\w*\}|\b(\w+) \1 \1\b|\b(?-i:None)\b|\s[.,?!]|[.?!]{4,}",
        r"\b(?:you you|the the|I I|to to|a a|and and|my my|your your)\b",
    ),
}
_NEVER_IN_A_MESSAGE = {
    "but": _any(r"\bbut\b"),
    "if you felt": _any(
        r"\bif (?:you|I|that|it|this)(?: \w+){0,2} (?:felt|feel|hurt|offended|upset|took|came across)"
    ),
    "demand": _any(
        r"\b(?:forgive me|please forgive|you (?:have to|must|need to|should)|can we move on)\b",
        r"\b(?:get over it|let it go|answer me|reply (?:now|soon|as soon))\b",
    ),
    "excuse": _any(r"\byou made me\b|\bI only did it because\b|\byou (?:started|pushed|provoked)\b"),
}
_I = re.compile(r"\b(?:I|I'm|I'd|I've|I'll|me|my)\b")
_ASKS_OR_LIMITS = _any(
    r"\b(?:could|can|would|will) (?:you|we|I)\b|\bplease\b|\blet's\b|\bshall we\b",
    r"\bI(?:'d| would) (?:like|love)\b|\bI(?:'ll| will| won't|'m going to)\b",
    r"\bI'm not (?:going to|willing|able|okay|ok|available)\b",
    r"\bnot (?:all right|okay|ok|fine) with me\b|\bI (?:need|want|can't|ask)\b|\bnext time\b",
    r"\bhow about\b|\bwhat if we\b|\bare you (?:free|willing|up for)\b",
)


_SIDED = _any(
    r"\byou(?:'re| are) (?:right|in the right|the one who is right)\b",
    r"\byou(?:'ve| have) every right\b",
    r"\b(?:he|she|they)(?:'s| is| was|'re| are| were) (?:wrong|in the wrong|to blame|at fault|unfair)\b",
    r"\b(?:he|she|they) (?:should|shouldn't|should not) have\b",
    r"\b(?:his|her|their|your|my) fault\b|\bto blame\b|\btoxic\b|\bdeserve better\b",
)


def takes_sides(text: str) -> bool:
    """Whether a reply says who is right or whose fault it is."""
    return bool(_SIDED.search(text))


def broken_by(text: str) -> tuple[str, ...]:
    """The rules that a rewrite breaks, by name; none if it may stand."""
    found = [name for name, pattern in _NEVER.items() if pattern.search(text)]
    if not _I.search(text):
        found.append("no I")
    if not _ASKS_OR_LIMITS.search(text):
        found.append("no request or limit")
    if not 3 <= len(text.split()) <= 70:
        found.append("length")
    return tuple(found)


def broken_by_message(text: str) -> tuple[str, ...]:
    """The rules that a message of repair breaks, by name."""
    rules = {**_NEVER, **_NEVER_IN_A_MESSAGE}
    found = [name for name, pattern in rules.items() if pattern.search(text)]
    if not _I.search(text):
        found.append("no I")
    if not 5 <= len(text.split()) <= 120:
        found.append("length")
    return tuple(found)


def keeps(text: str, facts: Sequence[Sequence[str]]) -> bool:
    """Whether a text names every fact, each told by one of several beginnings of words."""
    return all(
        any(re.search(rf"(?<!\w){re.escape(start)}", text, re.I) for start in alternatives)
        for alternatives in facts
    )
