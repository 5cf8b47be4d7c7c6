"""Finds what the user did that may have hurt: the clause, turned to the other, and the kind of harm."""

from __future__ import annotations

import re
from dataclasses import dataclass

from coach.skills.lexicon import Harm, lexicon
from coach.skills.story import Person, Story, clauses, to_address, trimmed
from coach.skills.wording import STOP, bare, count, upper_first


@dataclass(frozen=True)
class Deed:
    """What the user did, said to the other ("I snapped at you"), and the kind of harm it was."""

    said: str
    harm: Harm


_CUT = re.compile(
    (
        r"(?:,|;)? (?:and now|and then (?=she|he|they|it)|and (?=she|he|they|it|now|my"
        r"|we|i)|but|so (?=she|he|they|now|we|my|i)|because|cause|cos|since|even though"
        r"|although|while|as (?=she|he|they)|which|just because|until|after which)\b.*$"
    ),
    re.I,
)
_FIRST = re.compile(
    (
        r"\bI(?:'ve|'d| have| had)? (?:\w+ly |just |then |also |even |so |kind of "
        r"|totally )*"
    ),
    re.I,
)


def find_deed(story: Story, person: Person) -> Deed | None:
    """The clause in which the user did something that may have hurt, turned to the other."""
    alone = not any(p.pronoun == person.pronoun for p in story.people if p != person)
    book = lexicon()
    best: tuple[int, int, str, Harm] | None = None
    for order, text in enumerate(c for s in story.sentences[:60] for c in _pieces(s)):
        for rank, (harm, pattern) in enumerate(zip(book.harms, book.harm_patterns, strict=True)):
            match = pattern.search(text)
            if not match or not _by_me(text[: match.start()], text):
                continue
            found = (-count(match.group()), rank + order, text, harm)
            if best is None or found[:2] < best[:2]:
                best = found
    if best is None:
        return None
    act = _CUT.sub("", trimmed(best[2]))
    act = re.sub(r"^.*?(?=\bI\b)", "", act) if not re.match(r"I\b", act) else act
    turned = bare(to_address(act, person, alone=alone))
    turned = re.sub(r"\b(?:always|never|like an idiot|again and again)\b ?", "", turned)
    if count(turned) < 2 or count(turned) > 26:
        turned = " ".join(turned.split()[:22])
    return Deed(upper_first(turned), best[3])


def _pieces(text: str) -> list[str]:
    pieces = re.split(
        (
            r"(?:,|;)? (?:and then|and|but|so|then) (?=(?:i|he|she|they|we|my|it)\b)|, "
            r"(?=i\b)"
        ),
        text,
        flags=re.I,
    )
    return [p for piece in pieces for p in clauses(piece)]


def _by_me(left: str, text: str) -> bool:
    """True if "I" is the last one named before the act, and it is not denied."""
    named = re.findall(r"\b(i|i'm|i've|i'd|he|she|they|we|my \w+|it|[A-Z][a-z]+)\b", left, re.I)
    named = [
        n
        for n in named
        if n.lower() not in STOP or n.lower() in {"i", "i'm", "i've", "i'd", "he", "she", "they", "we", "it"}
    ]
    if not named or named[-1].lower() not in {"i", "i'm", "i've", "i'd"}:
        return False
    return not re.search(r"\b(?:not|n't|never|nearly|almost)\s*$", left, re.I)
