"""Reads and checks coach/safety/rules/*.yaml, the screen's knowledge as data. How to write: README.md here.

The files are one body, in the order of their names; each holds any of these sections:

    words      named fragments of patterns, written {name}
    rules      patterns that are a risk by themselves: category, level, subject
    cues       patterns that mean little alone and count in `together`
    together   rules and cues that mean more side by side, in one message or over turns
    spares     idiom, hyperbole, negation, fiction …: which matches are harmless, or about someone else
    recasts    which category it is in the light of who is spoken of
    flags      minor, perinatal …: what stands beside the category
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import yaml

from coach.errors import KnowledgeError
from coach.safety.patterns import Pattern, PatternError, read_pattern
from coach.turn import CATEGORIES, FLAGS

FOLDER = Path(__file__).with_name("rules")
SECTIONS = "words rules cues together spares recasts flags"
KINDS = ("idiom", "hyperbole", "negation", "resolved", "quotation", "fiction", "study", "about", "ordinary")
WHERE = ("overlap", "sentence", "message")
SUBJECTS = ("self", "other")
_GRAM = 4
_T = TypeVar("_T")


@dataclass(frozen=True)
class Rule:
    """A risk by itself; where `doubtful`, the classifier may overrule it."""

    id: str
    category: str
    level: int
    subject: str
    flags: tuple[str, ...]
    reason: str
    example: str
    patterns: tuple[Pattern, ...]
    doubtful: bool


@dataclass(frozen=True)
class Cue:
    """Words that mean little alone."""

    id: str
    reason: str
    example: str
    patterns: tuple[Pattern, ...]


@dataclass(frozen=True)
class Together:
    """Signals that mean more side by side.

    `all_of` holds groups of ids, one of each group is needed; `suicide@1` stands for any match of that
    category and at least that level. `turns`: earlier messages count too. Category `same` repeats the
    strongest earlier match, at most at this level. `example` is one message a line, oldest first.
    """

    id: str
    category: str
    level: int
    subject: str
    flags: tuple[str, ...]
    reason: str
    example: tuple[str, ...]
    all_of: tuple[tuple[str, ...], ...]
    turns: bool


@dataclass(frozen=True)
class Spare:
    """Lowers a match to `to`, or makes it about `subject`.

    `where` is overlap (only a match that these words touch), sentence, or message (only matches that do
    not speak of the writer). `also` must be in the message; `unless` must not be in the sentence, nor
    anywhere where there is an `also` or `where` is message.
    """

    id: str
    kind: str
    where: str
    reason: str
    example: str
    patterns: tuple[Pattern, ...]
    also: tuple[Pattern, ...]
    unless: tuple[Pattern, ...]
    categories: tuple[str, ...]
    except_rules: tuple[str, ...]
    to: int
    subject: str | None


@dataclass(frozen=True)
class Recast:
    """Files a match under another category when `patterns` (or a flag) are there and `unless` is not."""

    id: str
    was: tuple[str, ...]
    becomes: str
    reason: str
    example: str
    patterns: tuple[Pattern, ...]
    unless: tuple[Pattern, ...]
    flag: str | None


@dataclass(frozen=True)
class FlagRule:
    """What stands beside the category, if there is one."""

    id: str
    flag: str
    reason: str
    example: str
    patterns: tuple[Pattern, ...]
    categories: tuple[str, ...]


@dataclass(frozen=True)
class Lead:
    """An anchor, and the patterns that are worth trying where it stands."""

    anchor: str
    places: tuple[tuple[Rule | Cue, Pattern], ...]


@dataclass(frozen=True)
class Index:
    """The leads by the rarest four characters of their anchor; `short` anchors have fewer.

    `foreign` are the short anchors that no text in plain ASCII can hold.
    """

    by_gram: dict[str, tuple[Lead, ...]]
    short: tuple[Lead, ...]
    foreign: tuple[Lead, ...]

    def present(self, text: str) -> list[Lead]:
        """The leads whose anchor is in the text."""
        grams = {text[at : at + _GRAM] for at in range(len(text) - _GRAM + 1)}
        found = [lead for lead in self.short if lead.anchor in text]
        if not text.isascii():
            found += [lead for lead in self.foreign if lead.anchor in text]
        for gram in grams & self.by_gram.keys():
            found += [lead for lead in self.by_gram[gram] if lead.anchor in text]
        return found


@dataclass(frozen=True)
class Rules:
    """All of the files, and every anchor of their rules and cues with the places that it leads to."""

    rules: tuple[Rule, ...]
    cues: tuple[Cue, ...]
    together: tuple[Together, ...]
    spares: tuple[Spare, ...]
    recasts: tuple[Recast, ...]
    flags: tuple[FlagRule, ...]
    index: Index


@cache
def shipped_rules() -> Rules:
    """The rules that come with the program, read once."""
    return read_rules(FOLDER)


def read_rules(folder: Path) -> Rules:
    """Read and check a folder of rules files; a KnowledgeError names file, line and cure."""
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        raise KnowledgeError(f"{folder.name}: no rules files are there.", "Install the program again.")
    return _Reader().rules([(path.name, _composed(path)) for path in paths])


def _composed(path: Path) -> yaml.Node | None:
    """A file's nodes, which know their lines."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise KnowledgeError(f"{path.name}: cannot be read as UTF-8 text.", "Save it as UTF-8.") from exc
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.compose(text, Loader=loader)
    except yaml.YAMLError as exc:
        mark = getattr(exc, "problem_mark", None)
        line = (mark.line if mark else 0) + 1
        raise KnowledgeError(
            f"{path.name}, line {line}: not valid YAML.", "Quote patterns with '…'."
        ) from exc


@dataclass(frozen=True)
class _Entry:
    """One mapping of the file with the line of each key."""

    file: str
    line: int
    values: dict[str, Any]
    lines: dict[str, int]

    def fail(self, key: str, what: str, cure: str) -> KnowledgeError:
        name = self.values.get("id", "an entry")
        return KnowledgeError(f"{self.file}, line {self.lines.get(key, self.line)}: {name}: {what}.", cure)

    def only(self, needed: str, optional: str = "") -> None:
        for key in self.values:
            if key not in needed.split() + optional.split():
                raise self.fail(
                    key, f"{key} is not a known key", f"Remove it; known are {needed} {optional}."
                )
        for key in needed.split():
            if key not in self.values:
                raise self.fail(key, f"{key} is missing", f"Add a line {key}: …")

    def text(self, key: str) -> str:
        value = self.values[key]
        if not isinstance(value, str) or not value.strip():
            raise self.fail(key, f"{key} must be text", "Put words behind the colon.")
        return value

    def one_of(self, key: str, allowed: Sequence[str]) -> str:
        value = self.text(key)
        if value not in allowed:
            raise self.fail(key, f"{key} is {value!r}", f"Choose one of {', '.join(allowed)}.")
        return value

    def texts(self, key: str, allowed: Sequence[str] | None = None) -> tuple[str, ...]:
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.fail(key, f"{key} must be a list of texts", "Write lines that begin with - ")
        for item in value:
            if allowed is not None and item not in allowed:
                raise self.fail(key, f"{item!r} is not known", f"Choose among {', '.join(allowed)}.")
        return tuple(value)

    def level(self, key: str, lowest: int) -> int:
        value = self.values[key]
        if value not in [str(n) for n in range(lowest, 4)]:
            raise self.fail(key, f"{key} is {value!r}", f"Write a number from {lowest} to 3.")
        return int(value)


class _Reader:
    """Turns the files' nodes into dataclasses; every complaint carries its file and line."""

    def __init__(self) -> None:
        self.words: dict[str, dict[str, str]] = {}
        self.shared: dict[str, str] = {}
        self.ids: set[str] = set()

    def rules(self, files: Sequence[tuple[str, yaml.Node | None]]) -> Rules:
        """Section by section over all files, so that each may name what another file holds."""
        tops = [self.entry(file, node) for file, node in files]
        for top in tops:
            top.only("", SECTIONS)
            self.collect_words(top)
        rules = self.each(tops, "rules", self.rule)
        cues = self.each(tops, "cues", self.cue)
        together = self.each(tops, "together", self.together)
        spares = self.each(tops, "spares", lambda entry: self.spare(entry, rules))
        recasts = self.each(tops, "recasts", self.recast)
        flags = self.each(tops, "flags", self.flag)
        return Rules(rules, cues, together, spares, recasts, flags, _index([*rules, *cues]))

    def collect_words(self, top: _Entry) -> None:
        """Every file may use every fragment; where two files give one name, each keeps its own."""
        own: dict[str, str] = {}
        if "words" in top.values:
            words = self.entry(top.file, top.values["words"])
            own = {key: words.text(key) for key in words.values}
        self.words[top.file] = own
        self.shared = {**own, **self.shared}

    def each(self, tops: Sequence[_Entry], section: str, read: Callable[[_Entry], _T]) -> tuple[_T, ...]:
        return tuple(read(entry) for top in tops for entry in self.entries(top, section))

    def entry(self, file: str, node: yaml.Node | None) -> _Entry:
        line = node.start_mark.line + 1 if isinstance(node, yaml.Node) else 1
        if not isinstance(node, yaml.MappingNode):
            raise KnowledgeError(f"{file}, line {line}: expected key: value.", "Indent keys by two spaces.")
        values: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key, value in node.value:
            if key.value in values:
                raise KnowledgeError(
                    f"{file}, line {key.start_mark.line + 1}: {key.value} stands twice.", "Keep one."
                )
            values[key.value], lines[key.value] = _plain(value), key.start_mark.line + 1
        return _Entry(file, line, values, lines)

    def entries(self, top: _Entry, key: str) -> Iterator[_Entry]:
        value = top.values.get(key, [])
        if not isinstance(value, list):
            raise top.fail(key, f"{key} must be a list", "Begin each entry with - id: …")
        for node in value:
            entry = self.entry(top.file, node)
            identifier = entry.text("id") if "id" in entry.values else ""
            if not identifier or identifier in self.ids:
                raise entry.fail(
                    "id", f"the id {identifier!r} is missing or taken", "Give it a name of its own."
                )
            self.ids.add(identifier)
            yield entry

    def patterns(self, entry: _Entry, key: str = "patterns") -> tuple[Pattern, ...]:
        glued = entry.values.get("glued") == "true"
        words = {**self.shared, **self.words[entry.file]}
        found = []
        for source in entry.texts(key):
            try:
                found.append(read_pattern(source, words, glued=glued))
            except PatternError as exc:
                raise entry.fail(
                    key, f"the pattern {source!r} cannot be used: {exc}", "See README.md here."
                ) from exc
        return tuple(found)

    def rule(self, entry: _Entry) -> Rule:
        entry.only("id category level subject reason example patterns", "flags glued doubtful")
        return Rule(
            entry.text("id"),
            entry.one_of("category", CATEGORIES),
            entry.level("level", 1),
            entry.one_of("subject", SUBJECTS),
            entry.texts("flags", FLAGS),
            entry.text("reason"),
            entry.text("example"),
            self.patterns(entry),
            entry.values.get("doubtful") == "true",
        )

    def cue(self, entry: _Entry) -> Cue:
        entry.only("id reason example patterns", "glued")
        return Cue(entry.text("id"), entry.text("reason"), entry.text("example"), self.patterns(entry))

    def together(self, entry: _Entry) -> Together:
        entry.only("id category level subject reason example all", "flags turns")
        groups = tuple(tuple(group.replace("|", " ").split()) for group in entry.texts("all"))
        for name in (name for group in groups for name in group):
            if name not in self.ids and name.split("@")[0] not in CATEGORIES:
                raise entry.fail(
                    "all", f"{name!r} is no rule or cue", "Name ids that stand above, parted by |."
                )
        return Together(
            entry.text("id"),
            entry.one_of("category", (*CATEGORIES, "same")),
            entry.level("level", 1),
            entry.one_of("subject", (*SUBJECTS, "same")),
            entry.texts("flags", FLAGS),
            entry.text("reason"),
            entry.texts("example"),
            groups,
            entry.values.get("turns") == "true",
        )

    def spare(self, entry: _Entry, rules: Sequence[Rule]) -> Spare:
        entry.only(
            "id kind where reason example patterns", "also unless categories except_rules to subject glued"
        )
        return Spare(
            entry.text("id"),
            entry.one_of("kind", KINDS),
            entry.one_of("where", WHERE),
            entry.text("reason"),
            entry.text("example"),
            self.patterns(entry),
            self.patterns(entry, "also"),
            self.patterns(entry, "unless"),
            entry.texts("categories", CATEGORIES),
            entry.texts("except_rules", [rule.id for rule in rules]),
            entry.level("to", 0) if "to" in entry.values else 0,
            entry.one_of("subject", SUBJECTS) if "subject" in entry.values else None,
        )

    def recast(self, entry: _Entry) -> Recast:
        entry.only("id was becomes reason example", "patterns unless flag glued")
        return Recast(
            entry.text("id"),
            entry.texts("was", CATEGORIES),
            entry.one_of("becomes", CATEGORIES),
            entry.text("reason"),
            entry.text("example"),
            self.patterns(entry),
            self.patterns(entry, "unless"),
            entry.one_of("flag", FLAGS) if "flag" in entry.values else None,
        )

    def flag(self, entry: _Entry) -> FlagRule:
        entry.only("id flag reason example patterns", "categories glued")
        return FlagRule(
            entry.text("id"),
            entry.one_of("flag", FLAGS),
            entry.text("reason"),
            entry.text("example"),
            self.patterns(entry),
            entry.texts("categories", CATEGORIES),
        )


def _plain(node: yaml.Node) -> Any:
    """Text, a list of texts, or the node itself where entries are nested; numbers stay text."""
    if isinstance(node, yaml.ScalarNode):
        return node.value
    if isinstance(node, yaml.SequenceNode):
        return [item.value if isinstance(item, yaml.ScalarNode) else item for item in node.value]
    return node


def _index(entries: Sequence[Rule | Cue]) -> Index:
    places: dict[str, list[tuple[Rule | Cue, Pattern]]] = {}
    for entry in entries:
        for pattern in entry.patterns:
            for anchor in pattern.anchors:
                places.setdefault(anchor, []).append((entry, pattern))
    common = Counter(gram for anchor in places for gram in _grams(anchor))
    by_gram: dict[str, tuple[Lead, ...]] = {}
    short: list[Lead] = []
    for anchor, found in sorted(places.items()):
        lead = Lead(anchor, tuple(found))
        if len(anchor) < _GRAM:
            short.append(lead)
            continue
        gram = min(_grams(anchor), key=lambda gram: (common[gram], gram))
        by_gram[gram] = (*by_gram.get(gram, ()), lead)
    ascii_short = tuple(lead for lead in short if lead.anchor.isascii())
    return Index(by_gram, ascii_short, tuple(lead for lead in short if lead not in ascii_short))


def _grams(anchor: str) -> list[str]:
    return [anchor[at : at + _GRAM] for at in range(len(anchor) - _GRAM + 1)]
