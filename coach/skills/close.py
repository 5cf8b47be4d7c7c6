"""Ending well: what somebody told in this talk, one person to tell, and sleep. No model takes part.

    all that was written ─┬─ two or three particulars, turned to "you"
                          └─ somebody who was named as kind, if there is one ─→ a closing

It is the same closing whatever was flagged: it never proposes to approach anybody whom the trouble is with,
and has nothing in it to come back for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from coach.cards import Card
from coach.form import is_form, read
from coach.safety.answers import recognised
from coach.safety.screen import by_rules
from coach.skills.grounding import may_be_said
from coach.skills.skill import Draft
from coach.skills.story import (
    PARTNER,
    Person,
    Story,
    clean,
    find_people,
    read_story,
    split_sentences,
    to_second_person,
    trimmed,
    weigh,
)
from coach.skills.wording import bare, content, count, pick, sentence

END = "I want to end here for tonight."
LEAST, MOST = 40, 110
_PARTICULARS = 3
_TOLD_WORDS = 44
_MESSAGES = 40  # of the user, the latest, that are read again

_INSIGHT = re.compile(
    r"\bi (?:\w+ )?(?:realis|realiz|notic|wish|want|need|miss|understand|think|know|could have|should have"
    r"|would rather|care|love|regret)|\bi'd (?:like|rather)\b|\bmatters? to me\b"
    r"|\bi was (?:tired|scared|afraid|hurt|jealous|ashamed)\b",
    re.I,
)
_KIND = re.compile(
    r"\b(?:listens|listened|helps me|helped me|supports|supported|understands|understood|gets it|has my back"
    r"|(?:is|was|'s) (?:always )?(?:there for me|on my side|kind|lovely|good to me|great about)"
    r"|looks out for me|checks? (?:in )?on me|asked (?:me )?how i (?:am|was)|hugged me|held me|came over"
    r"|stood by me)\b"
    r"|\bi (?:can|could) (?:always )?(?:talk|speak|tell|call|ring|count|rely|lean)\b"
    r"|\bi (?:talked|spoke|opened up) (?:to|with) .{2,40} about (?:it|this|him|her|us|them)\b",
    re.I,
)
_NOT = re.compile(
    r"n't\b|\b(?:never|not|no longer|used to|hardly|only|if|wish|would|stopped|nobody|no one|instead)\b", re.I
)
# What somebody else says, of the user above all, must not come back as the coach's own word.
_VERDICT = re.compile(
    r"^(?!you\b)(?:\S+ ){0,3}(?:says?|said|saying|tells?|told|calls?|called|thinks?)\b"
    r"|\bfaults?\b|\bto blame\b",
    re.I,
)
_QUARREL = re.compile(
    r"\b(?:shout|yell|scream|argu|fight|fought|row|snap|lie[ds]?\b|lying|ignor|hit|hurt|blam|critic|forgot|angry|furious|cheat"
    r"|mad at|threat|contemp|sulk|slam|insult|mock|leave me|left me|against me)",
    re.I,
)


@dataclass(frozen=True)
class _Told:
    """One clause of what was written: in which message, and how much it tells."""

    message: int
    words: str
    weight: float


def compose(story: Story, cards: Sequence[Card], shown: Sequence[str]) -> Draft:
    """A closing of 40 to 110 words."""
    texts = [text for text in story.before[-_MESSAGES:] if recognised(text, None) == "other" and text != END]
    told = _particulars(texts)
    seed = "".join(texts)
    first = (
        " ".join([pick(_OPENINGS, seed), *told])
        if told
        else "You have said what was on your mind, as far as it would go for now."
    )
    return Draft(f"{first}\n\n{_person_line(texts, seed)} {pick(_REST, seed)} {_SUPPORT}")


_OPENINGS = (
    "This is what stands out from what you told.",
    "Before you close this, here is what you put into words.",
    "What was found in this talk, in your own words:",
)
_REST = (
    "Nothing of it has to be settled now. Put it down for the night, and sleep if you can.",
    "It doesn't have to be solved at this hour. Let it lie, and get some sleep if it comes.",
    "The rest can wait until you have slept, somewhere you feel at ease.",
)
_SUPPORT = "If the night gets heavy, Support lists people you can reach."


# --- what was found ---------------------------------------------------------------------------


def _particulars(texts: Sequence[str]) -> list[str]:
    """Two or three things that were told, in the order in which they came."""
    found = sorted(_told(texts), key=lambda one: -one.weight)
    chosen: list[_Told] = []
    for one in [*_best_of_each(found), *found]:
        room = _TOLD_WORDS - sum(count(other.words) for other in chosen)
        if len(chosen) < _PARTICULARS and count(one.words) <= room and not _said_already(one, chosen):
            chosen.append(one)
    return [sentence(one.words) for one in sorted(chosen, key=lambda one: one.message)]


def _told(texts: Sequence[str]) -> Iterator[_Told]:
    for number, text in enumerate(texts):
        for clause in _clauses(text):
            turned = bare(to_second_person(trimmed(clause) or clause))
            if (
                not 4 <= count(turned) <= 24
                or "?" in clause
                or _VERDICT.search(turned)
                or by_rules(clause).level
            ):
                continue
            weight = weigh(clause) + (2 if _INSIGHT.search(clause) else 0)
            if weight > 0 and may_be_said(sentence(turned), read_story(text)):
                yield _Told(number, turned, weight)


def _clauses(text: str) -> Sequence[str]:
    if is_form(text):
        said = read(text)
        return [f"I need {said.need}"] if said.need else []
    return read_story(text).telling


def _best_of_each(found: Sequence[_Told]) -> list[_Told]:
    """The weightiest of the first message, which tells what it is about, and of each later one."""
    best: dict[int, _Told] = {}
    for one in found:
        best.setdefault(one.message, one)
    opening = [best.pop(0)] if 0 in best else []
    return [*opening, *sorted(best.values(), key=lambda one: -one.weight)]


def _said_already(one: _Told, chosen: Sequence[_Told]) -> bool:
    words = set(content(one.words))
    return any(len(words & set(content(other.words))) > 0.5 * len(words) for other in chosen) or not words


# --- one person to tell -----------------------------------------------------------------------


def _person_line(texts: Sequence[str], seed: str) -> str:
    person = _kind_person(texts)
    if person:
        return (
            f"If you want to tell one person a little of it, {person.second} may be the one, as you tell it."
        )
    return pick(
        (
            "If you want to tell one person a little of it, choose somebody who can keep it to themselves.",
            "One person could be told a little of it: somebody you trust, who has no part in it.",
            "One other person could know: somebody you trust, and only as much as you want to say.",
        ),
        seed,
    )


def _kind_person(texts: Sequence[str]) -> Person | None:
    """Somebody who was named as kind, in no sentence that tells of a quarrel or of danger, and no partner."""
    sentences = [one for text in texts for one in split_sentences(clean(text))]
    around = [(one, [person for person in find_people(one) if person.name]) for one in sentences]
    hard = {p.name for one, people in around for p in people if _QUARREL.search(one) or by_rules(one).level}
    kind = [
        person
        for one, people in around
        if len(people) == 1 and _KIND.search(one) and not _NOT.search(one)
        for person in people
        if person.name not in hard and person.role not in PARTNER and not person.role.startswith("ex")
    ]
    return kind[-1] if kind else None
