"""What a message says about danger, before anything else is done with it: text → Risk. Pure, no model.

    text ─ normalise ─ matches of the rules ─ spares (idiom, negation, fiction …) ─ recasts ─┐
    before (the user's earlier messages), each read the same way ────────────── together ────┴─ the gravest

A second signal that reads meaning will join the matches just before `_gravest`; what a rule found
plainly is never lowered by it. The Risk is that of this message in its conversation; keeping the
highest so far is the pipeline's part.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import cast

from coach.safety.normalise import normalise
from coach.safety.patterns import Pattern
from coach.safety.rules import Cue, FlagRule, Recast, Rule, Rules, Spare, Together, shipped_rules
from coach.turn import FLAGS, Evidence, Level, Risk, Subject

# Of two matches at one level the earlier in this list names the risk: it chooses the reply.
GRAVITY = (
    "suicide",
    "child_abuse",
    "partner_violence",
    "sexual_assault",
    "family_violence",
    "psychosis",
    "harm_to_others",
    "self_harm",
    "substance_crisis",
    "medical_emergency",
    "eating_disorder",
)
_WRITER = frozenset("i me my myself mine we us our".split())
_MOST_EARLIER = 60  # messages of the user that are read again


@dataclass(frozen=True)
class Match:
    """One place where a rule matched, after spares and recasts."""

    signal: str
    words: str
    start: int
    end: int
    level: int
    category: str
    subject: str
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reading:
    """What one message holds by itself; `names` are the rules, cues and `category@level` that it shows."""

    matches: tuple[Match, ...]
    names: frozenset[str]
    flags: frozenset[str]


def screen(text: str, before: Sequence[str] = ()) -> Risk:
    """The risk of this message in its conversation; `before` is what the user wrote, oldest first."""
    rules = shipped_rules()
    now = read(text, rules)
    earlier = [read(message, rules) for message in before[-_MOST_EARLIER:]]
    matches = [*now.matches, *_together(now, earlier, rules)]
    flags = now.flags.union(*(reading.flags for reading in earlier))
    return _gravest([_recast(match, "", rules.recasts, flags) for match in matches], flags, rules)


def read(text: str, rules: Rules) -> Reading:
    """Match, spare and recast one message, without what came before it."""
    plain = normalise(text)
    found, cues = _matches(plain, rules)
    kept = [match for match in (_spared(match, plain, rules.spares) for match in found) if match.level]
    flags = frozenset(rule.flag for rule in rules.flags if _any(rule.patterns, plain))
    kept = [_recast(match, plain, rules.recasts, flags) for match in kept]
    return Reading(tuple(kept), frozenset(_names(kept)) | cues, flags)


def _matches(plain: str, rules: Rules) -> tuple[list[Match], frozenset[str]]:
    """Every place where a rule matches, and the cues that are there."""
    places: dict[int, tuple[Rule | Cue, Pattern]] = {}
    for anchor, leads in rules.index:
        if anchor in plain:
            places.update((id(pattern), (entry, pattern)) for entry, pattern in leads)
    found: list[Match] = []
    cues: set[str] = set()
    for entry, pattern in places.values():
        if isinstance(entry, Cue):
            if entry.id not in cues and next(pattern.find(plain), None):
                cues.add(entry.id)
            continue
        found.extend(
            Match(
                entry.id,
                hit[0],
                hit.start(),
                hit.end(),
                entry.level,
                entry.category,
                entry.subject,
                entry.flags,
            )
            for hit in pattern.find(plain)
        )
    return sorted(found, key=lambda match: (match.start, match.signal)), frozenset(cues)


def _spared(match: Match, plain: str, spares: Iterable[Spare]) -> Match:
    """The match at the lowest level, and about the person, that the spares leave it."""
    for spare in spares:
        if match.level == 0:
            break
        if spare.categories and match.category not in spare.categories:
            continue
        if match.signal in spare.except_rules or not _applies(spare, match, plain):
            continue
        if spare.subject:
            match = replace(match, subject=spare.subject)
        else:
            match = replace(match, level=min(match.level, spare.to))
    return match


def _applies(spare: Spare, match: Match, plain: str) -> bool:
    start, end = _sentence(plain, match)
    sentence = plain[start:end]
    if spare.where == "message":
        there = not _WRITER.intersection(match.words.split()) and _any(spare.patterns, plain)
    elif spare.where == "sentence":
        there = _any(spare.patterns, sentence)
    else:
        there = any(
            start + hit.start() <= match.end + 1 and start + hit.end() >= match.start - 1
            for pattern in spare.patterns
            for hit in _found(pattern, sentence)
        )
    if not there or (spare.also and not _any(spare.also, plain)):
        return False
    return not _any(spare.unless, plain if spare.also else sentence)


def _sentence(plain: str, match: Match) -> tuple[int, int]:
    """The sentence around a match, at most 300 characters either way."""
    start = plain.rfind("\n", max(0, match.start - 300), match.start) + 1 or max(0, match.start - 300)
    end = plain.find("\n", match.end, match.end + 300)
    return start, end if end >= 0 else min(len(plain), match.end + 300)


def _recast(match: Match, plain: str, recasts: Iterable[Recast], flags: Iterable[str]) -> Match:
    """File the match under the category that fits who is spoken of."""
    for recast in recasts:
        if match.category not in recast.was or (recast.flag and recast.flag not in flags):
            continue
        if recast.patterns and not _any(recast.patterns, plain):
            continue
        if not _any(recast.unless, plain):
            match = replace(match, category=recast.becomes)
    return match


def _together(now: Reading, earlier: Sequence[Reading], rules: Rules) -> list[Match]:
    """What signals mean side by side; one of them at least is in this message."""
    before = frozenset[str]().union(*(reading.names for reading in earlier))
    found: list[Match] = []
    for entry in rules.together:
        names = now.names | before if entry.turns else now.names
        groups = [names.intersection(group) for group in entry.all_of]
        if all(groups) and any(group & now.names for group in groups):
            found.extend(_combined(entry, groups, now, earlier))
    return found


def _combined(
    entry: Together, groups: Sequence[frozenset[str]], now: Reading, earlier: Sequence[Reading]
) -> list[Match]:
    words = " + ".join(sorted({min(group) for group in groups}))
    if entry.category != "same":
        return [Match(entry.id, words, 0, 0, entry.level, entry.category, entry.subject, entry.flags)]
    past = [match for reading in earlier for match in reading.matches]
    if not past:
        return []
    gravest = min(past, key=_rank)
    return [replace(gravest, signal=entry.id, words=words, level=min(gravest.level, entry.level))]


def _gravest(matches: Sequence[Match], flags: Iterable[str], rules: Rules) -> Risk:
    """The highest level wins, then the graver category; all that matched is evidence."""
    if not matches:
        return Risk()
    ranked = sorted(matches, key=_rank)
    first = ranked[0]
    beside = {flag for match in matches if match.level == first.level for flag in match.flags}
    beside.update(flag for flag in flags if _fits(flag, first.category, rules.flags))
    return Risk(
        cast(Level, first.level),
        first.category,
        cast(Subject, first.subject),
        tuple(flag for flag in FLAGS if flag in beside),
        tuple(dict.fromkeys(Evidence(match.signal, match.words) for match in ranked)),
    )


def _fits(flag: str, category: str, rules: Iterable[FlagRule]) -> bool:
    return any(rule.flag == flag and (not rule.categories or category in rule.categories) for rule in rules)


def _rank(match: Match) -> tuple[int, int, int, int]:
    return (-match.level, GRAVITY.index(match.category), match.subject == "other", match.start)


def _names(matches: Iterable[Match]) -> Iterable[str]:
    for match in matches:
        yield match.signal
        for level in range(1, match.level + 1):
            yield f"{match.category}@{level}"


def _any(patterns: Iterable[Pattern], text: str) -> bool:
    return any(next(_found(pattern, text), None) for pattern in patterns)


def _found(pattern: Pattern, text: str):  # type: ignore[no-untyped-def]
    return pattern.find(text) if any(anchor in text for anchor in pattern.anchors) else iter(())
