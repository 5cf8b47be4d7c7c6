"""Reads and checks review_rules.yaml: what a coach's sentence must never say, as data.

words:            macros, written {name} inside patterns
danger:           patterns over the user's message that count as danger for a whole-reply review
<rule id>:        fault, reason, blocked [examples], passes [near misses], patterns, and if need be
                  unless (patterns that excuse a match; § stands for the match, 70 characters
                  before and 50 after it are read), own_voice (quoted and suggested words are not
                  read), only_when_unsafe, unless_user_said (the same words stand in the message),
                  when_user (patterns; the rule holds only if the message matches one of them),
                  message (what the examples answer; needed with when_user)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coach.cards import read_mapping
from coach.errors import KnowledgeError

FAULTS = (
    "minimising",
    "urging_to_stay",
    "ordering_to_leave",
    "couples_technique_after_abuse",
    "diagnosis",
    "label",
    "medication",
    "method",
    "poses_as_human_or_therapist",
    "secrecy",
    "rescue_or_watching",
    "dependence",
    "retaliation",
    "manipulation",
    "victim_blaming",
    "sexual_content",
    "endorses_delusion",
    "wrong_suicide_fact",
    "leaks_instructions",
    "phone_number",
    "link_or_email",
    "invented_source",
    "motive_as_fact",
    "promised_outcome",
    "therapy_speak",
    "markup",
)
_LISTS = ("blocked", "passes", "patterns", "unless", "when_user")
_FLAGS = ("own_voice", "only_when_unsafe", "unless_user_said")
_BEFORE, _AFTER = 70, 50


@dataclass(frozen=True)
class Rule:
    """One thing that is never said, why, and how it looks and does not look."""

    id: str
    fault: str
    reason: str
    blocked: tuple[str, ...]
    passes: tuple[str, ...]
    patterns: tuple[re.Pattern[str], ...]
    unless: tuple[re.Pattern[str], ...] = ()
    when_user: tuple[re.Pattern[str], ...] = ()
    message: str = ""
    own_voice: bool = False
    only_when_unsafe: bool = False
    unless_user_said: bool = False

    def holds_for(self, asked: str, *, unsafe: bool, to_say: bool) -> bool:
        """Whether the rule is read at all, after this message and in this voice."""
        if (self.only_when_unsafe and not unsafe) or (self.own_voice and to_say):
            return False
        return not self.when_user or any(sign.search(asked) for sign in self.when_user)

    def find(self, text: str) -> str:
        """The first words of `text` that break the rule without excuse, or nothing."""
        for pattern in self.patterns:
            for match in pattern.finditer(text):
                if match[0].strip() and not self._excused(text, match):
                    return match[0].strip()
        return ""

    def _excused(self, text: str, match: re.Match[str]) -> bool:
        around = text[max(0, match.start() - _BEFORE) : match.start()] + "§" + text[match.end() :][:_AFTER]
        return any(excuse.search(around) for excuse in self.unless)


@dataclass(frozen=True)
class Rules:
    """All rules, and the plain signs of danger in a user's message."""

    rules: tuple[Rule, ...]
    danger: tuple[re.Pattern[str], ...]


def read_rules(path: Path) -> Rules:
    """Read the rules; a KnowledgeError names file, line and cure."""
    entries, lines = read_mapping(path.read_text(encoding="utf-8"), path.name)
    return _Checker(path.name, lines).rules(entries)


class _Checker:
    """Checks the entries of the file; every complaint carries the line of its rule."""

    def __init__(self, name: str, lines: dict[str, int]) -> None:
        self.name, self.lines = name, lines
        self.macros: dict[str, str] = {}

    def rules(self, entries: dict[str, Any]) -> Rules:
        words = entries.pop("words", {})
        if not isinstance(words, dict) or not all(isinstance(v, str) for v in words.values()):
            raise self.fault("words", "words must map names to patterns", "Write name: 'pattern'")
        for macro, pattern in words.items():
            self.macros[str(macro)] = f"(?:{self.expand('words', pattern)})"
        danger = self.patterns("danger", entries.pop("danger", []))
        return Rules(tuple(self.rule(key, entry) for key, entry in entries.items()), danger)

    def rule(self, key: str, entry: object) -> Rule:
        if not isinstance(entry, dict):
            raise self.fault(key, "a rule is a mapping", "Indent its entries by two spaces")
        known = ("fault", "reason", "message", *_LISTS, *_FLAGS)
        for name in entry:
            if name not in known:
                raise self.fault(key, f"{name} is not a known entry", f"Known are {', '.join(known)}")
        if entry.get("fault") not in FAULTS:
            raise self.fault(key, f"fault is {entry.get('fault')!r}", f"Choose one of {', '.join(FAULTS)}")
        if not isinstance(entry.get("reason"), str):
            raise self.fault(key, "reason is missing", "Say in one sentence why a coach must not say this")
        for name in _FLAGS:
            if not isinstance(entry.get(name, False), bool):
                raise self.fault(key, f"{name} must be true or false", "Write true, or leave it out")
        return Rule(
            id=key,
            fault=entry["fault"],
            reason=entry["reason"],
            blocked=self.texts(key, "blocked", entry.get("blocked")),
            passes=self.texts(key, "passes", entry.get("passes")),
            patterns=self.patterns(key, self.texts(key, "patterns", entry.get("patterns"))),
            unless=self.patterns(key, entry.get("unless", [])),
            when_user=self.patterns(key, entry.get("when_user", [])),
            message=str(entry.get("message", "")),
            **{name: entry.get(name, False) for name in _FLAGS},
        )

    def texts(self, key: str, name: str, value: object) -> tuple[str, ...]:
        if not isinstance(value, list) or not value or not all(isinstance(v, str) and v for v in value):
            raise self.fault(key, f"{name} must be a list of texts", "Write lines that begin with - ")
        return tuple(value)

    def patterns(self, key: str, value: object) -> tuple[re.Pattern[str], ...]:
        if not isinstance(value, (list, tuple)):
            raise self.fault(key, "patterns must be a list", "Write lines that begin with - ")
        return tuple(self.compiled(key, self.expand(key, str(pattern))) for pattern in value)

    def compiled(self, key: str, pattern: str) -> re.Pattern[str]:
        try:
            return re.compile(pattern)
        except re.error as exc:
            raise self.fault(key, f"the pattern {pattern!r} does not compile: {exc}", "Mend it") from exc

    def expand(self, key: str, pattern: str) -> str:
        """Put the macros' text in the place of their names."""

        def text(match: re.Match[str]) -> str:
            if match[1] not in self.macros:
                raise self.fault(key, f"{match[0]} is not among the words", "Define it under words:")
            return self.macros[match[1]]

        return re.sub(r"\{([a-z_]+)\}", text, pattern)

    def fault(self, key: str, what: str, cure: str) -> KnowledgeError:
        return KnowledgeError(f"{self.name}, line {self.lines.get(key, 1)}, {key}: {what}.", f"{cure}.")
