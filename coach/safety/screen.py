"""What a message says about danger, before anything else is done with it: text → Risk.

    text ─┬─ by_rules: normalise ─ matches of the rules ─ spares (idiom, negation, fiction …) ─ recasts ─┐
          │  before (the user's earlier messages), each read the same way ────────── together ───┴─┐
          └─ the classifier, which reads meaning: coach/classifier.py ──────────────────── joined ┴→ Risk

What a rule found is never lowered by the classifier. Rules decide at once while the classifier is loading,
and alone where it cannot be loaded. The Risk is that of this message in its conversation; keeping the
highest so far is the pipeline's part.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import cast

from coach.errors import ModelError
from coach.form import spoken
from coach.language import language_of
from coach.safety import check_in
from coach.safety.normalise import normalise
from coach.safety.patterns import Pattern
from coach.safety.rules import Cue, FlagRule, Recast, Rule, Rules, Spare, Together, shipped_rules
from coach.safety.signals import Reader, Signals
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
# A doubtful rule yields where the classifier sees less than this chance of level 2. On the development rows
# that it had not learned from, half of them written to look like danger: 0.902 seen, 0.076 false alarms if
# they never yield; 0.894 and 0.041 like this.
DOUBT = 0.15
_WRITER = frozenset("i me my myself mine we us our".split())
_MOST_MATCHES = 60  # of one pattern in one message
_MOST_EARLIER = 60  # messages of the user that are read again


@dataclass(frozen=True)
class Match:
    """One place where a rule matched, after spares and recasts; if not `plain`, it can be doubted."""

    signal: str
    words: str
    start: int
    end: int
    level: int
    category: str
    subject: str
    flags: tuple[str, ...] = ()
    plain: bool = True


@dataclass(frozen=True)
class Reading:
    """What one message holds by itself; `names` are the rules, cues and `category@level` that it shows."""

    matches: tuple[Match, ...]
    names: frozenset[str]
    flags: frozenset[str]


class _Asked:
    """What has been asked of a message and parts of it, so that nothing is looked up twice."""

    def __init__(self, plain: str) -> None:
        self.plain = plain
        self.answers: dict[tuple[int, str], bool] = {}

    def shows(self, patterns: Sequence[Pattern], text: str) -> bool:
        """Whether one of the patterns, which belong to a rule or spare, is in this part of the message."""
        if not patterns:
            return False
        key = (id(patterns), text)
        if key not in self.answers:
            self.answers[key] = any(next(_hits(pattern, text), None) for pattern in patterns)
        return self.answers[key]


class Screen:
    """Rules and classifier together; `problem` says why the classifier could not read the last message."""

    def __init__(self, reader: Reader | None = None) -> None:
        self._reader = reader
        self.problem: ModelError | None = None

    def load(self) -> None:
        """Load the classifier now rather than at the first message."""
        if self._reader is not None:
            try:
                self._reader.load()
            except ModelError as problem:
                self.problem = problem

    def __call__(self, text: str, before: Sequence[str] = ()) -> Risk:
        """The risk of this message in its conversation; `before` is what the user wrote, oldest first."""
        return check_in.with_hope(self._read(text, before), text, before)

    def _read(self, text: str, before: Sequence[str]) -> Risk:
        matches, flags = _found(text, before)
        risk = _gravest(matches, flags)
        if self._reader is None or (risk.level >= 2 and not self._reader.loaded):
            return risk
        said, earlier = spoken(text), map(spoken, before)
        if not said.strip() or language_of(text) != "en":
            return risk  # the classifier was seen to read no other language (evals/datasets/screen.md)
        try:
            signals = self._reader.read(said, [words for words in earlier if words])
        except ModelError as problem:
            self.problem = problem
            return risk
        self.problem = None
        if signals.levels[1] < DOUBT and said == text:  # it knows too little of a check-in to doubt a rule
            risk = _gravest([match for match in matches if match.plain], flags)
        return joined(risk, signals)


def joined(risk: Risk, signals: Signals) -> Risk:
    """What rules and classifier say together: the higher level, the classifier's category at the same one."""
    seen = signals.risk
    if seen.level < risk.level or seen.level == 0:
        return risk
    evidence = (*seen.evidence, *risk.evidence)
    if risk.level == 0:
        return seen
    flags = tuple(flag for flag in FLAGS if flag in {*seen.flags, *risk.flags})
    return replace(seen, flags=flags, evidence=evidence)


def by_rules(text: str, before: Sequence[str] = ()) -> Risk:
    """What the rules alone say of this message in its conversation."""
    return check_in.with_hope(_gravest(*_found(text, before)), text, before)


def _found(text: str, before: Sequence[str]) -> tuple[list[Match], frozenset[str]]:
    """What the rules match in a message, by itself and with what came before, and the flags raised."""
    rules = shipped_rules()
    now = read(text, rules)
    earlier = [read(message, rules) for message in before[-_MOST_EARLIER:]]
    matches = [*now.matches, *_together(now, earlier, rules)]
    flags = now.flags.union(*(reading.flags for reading in earlier))
    return [_recast(match, _Asked(""), rules.recasts, flags) for match in matches], flags


def read(text: str, rules: Rules) -> Reading:
    """Match, spare and recast one message, without what came before it."""
    plain = normalise(check_in.for_rules(text))
    found, cues = _matches(plain, rules)
    asked = _Asked(plain)
    kept = [match for match in (_spared(match, asked, rules.spares) for match in found) if match.level]
    flags = frozenset(rule.flag for rule in rules.flags if asked.shows(rule.patterns, plain))
    kept = [_recast(match, asked, rules.recasts, flags) for match in kept]
    return Reading(tuple(kept), frozenset(_names(kept)) | cues, flags)


def _matches(plain: str, rules: Rules) -> tuple[list[Match], frozenset[str]]:
    """Every place where a rule matches, and the cues that are there; a sentence said again is read once."""
    found: list[Match] = []
    cues: set[str] = set()
    often: Counter[int] = Counter()
    start = 0
    seen: set[str] = set()
    for sentence in plain.split("\n"):
        if sentence not in seen:
            seen.add(sentence)
            for pattern, entry in _places(sentence, rules):
                if often[id(pattern)] >= _MOST_MATCHES or (isinstance(entry, Cue) and entry.id in cues):
                    continue
                for hit in pattern.find(sentence):
                    often[id(pattern)] += 1
                    if isinstance(entry, Cue):
                        cues.add(entry.id)
                        break
                    found.append(_match(entry, hit, start))
        start += len(sentence) + 1
    return sorted(found, key=lambda match: (match.start, match.signal)), frozenset(cues)


def _places(sentence: str, rules: Rules) -> Iterable[tuple[Pattern, Rule | Cue]]:
    """The patterns whose anchors are in the sentence, each once, and whose they are."""
    tried: set[int] = set()
    for lead in rules.index.present(sentence):
        for entry, pattern in lead.places:
            if id(pattern) not in tried:
                tried.add(id(pattern))
                yield pattern, entry


def _match(rule: Rule, hit: re.Match[str], start: int) -> Match:
    """The match of a rule in the sentence that begins at `start`."""
    at, end = start + hit.start(), start + hit.end()
    return Match(
        rule.id, hit[0], at, end, rule.level, rule.category, rule.subject, rule.flags, not rule.doubtful
    )


def _spared(match: Match, asked: _Asked, spares: Iterable[Spare]) -> Match:
    """The match at the lowest level, and about the person, that the spares leave it."""
    for spare in spares:
        if match.level == 0:
            break
        if spare.categories and match.category not in spare.categories:
            continue
        if match.signal in spare.except_rules or not _applies(spare, match, asked):
            continue
        if spare.subject:
            match = replace(match, subject=spare.subject)
        else:
            match = replace(match, level=min(match.level, spare.to))
    return match


def _applies(spare: Spare, match: Match, asked: _Asked) -> bool:
    plain = asked.plain
    start, end = _sentence(plain, match)
    sentence = plain[start:end]
    if spare.where == "message":
        there = not _of_the_writer(match, plain) and asked.shows(spare.patterns, plain)
    elif spare.where == "sentence":
        there = asked.shows(spare.patterns, sentence)
    else:
        there = any(
            start + hit.start() <= match.end + 1 and start + hit.end() >= match.start - 1
            for pattern in spare.patterns
            for hit in _hits(pattern, sentence)
        )
    if not there or (spare.also and not asked.shows(spare.also, plain)):
        return False
    return not asked.shows(spare.unless, plain if spare.also or spare.where == "message" else sentence)


def _of_the_writer(match: Match, plain: str) -> bool:
    """Whether the match, or one of the three words before it in its sentence, speaks of the writer."""
    before = plain[max(0, match.start - 60) : match.start].rpartition("\n")[2].split()[-3:]
    return not _WRITER.isdisjoint([*before, *match.words.split()])


def _sentence(plain: str, match: Match) -> tuple[int, int]:
    """The sentence around a match, at most 300 characters either way."""
    start = plain.rfind("\n", max(0, match.start - 300), match.start) + 1 or max(0, match.start - 300)
    end = plain.find("\n", match.end, match.end + 300)
    return start, end if end >= 0 else min(len(plain), match.end + 300)


def _recast(match: Match, asked: _Asked, recasts: Iterable[Recast], flags: Iterable[str]) -> Match:
    """File the match under the category that fits who is spoken of."""
    for recast in recasts:
        if match.category not in recast.was or (recast.flag and recast.flag not in flags):
            continue
        if recast.patterns and not asked.shows(recast.patterns, asked.plain):
            continue
        if not asked.shows(recast.unless, asked.plain):
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


def _gravest(matches: Sequence[Match], flags: Iterable[str]) -> Risk:
    """The highest level wins, then the graver category; all that matched is evidence."""
    rules = shipped_rules()
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


def _hits(pattern: Pattern, text: str) -> Iterator[re.Match[str]]:
    return pattern.find(text) if any(anchor in text for anchor in pattern.anchors) else iter(())
