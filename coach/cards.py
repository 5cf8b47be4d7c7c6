"""Reads and checks knowledge/cards/*.md: Markdown with strict front matter, one idea a file. Pure.

A card that breaks the schema is left out and reported with file, line and cure; the rest are used.
The schema is described for writers in knowledge/README.md.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from coach.errors import KnowledgeError
from coach.exercise import InvalidExercise, Step, read_exercise

KINDS = ("idea", "skill", "practice", "caution", "myth")
SKILLS = ("listen", "reframe", "repair", "practice", "both_sides", "check_in")
SOURCE_KINDS = ("article", "book", "review", "study", "trial")
EVIDENCE = ("trial", "study", "clinical practice", "popular", "contested")
SECTIONS = ("The idea", "Why it helps", "What to try", "Words to say", "When not to")

_YAML: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one is six times as fast

_FRONT = re.compile(r"\A---\r?\n(.*?\r?\n)---\r?\n(.*)\Z", re.S)
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
_SEPARATORS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)])


@dataclass(frozen=True)
class Card:
    """One idea of the library; `gist` is what a small model reads, at most 60 tokens.

    `exercise` are the steps of a practice card that can be gone through; empty for all others.
    """

    id: str
    title: str
    kind: str
    skills: tuple[str, ...]
    tags: tuple[str, ...]
    sources: tuple[str, ...]
    teaches: tuple[str, ...]
    evidence: str
    situations: tuple[str, ...]
    off_when_unsafe: bool
    gist: str
    body: str
    related: tuple[str, ...] = ()
    exercise: tuple[Step, ...] = ()

    @property
    def sections(self) -> dict[str, str]:
        """Section heading to its text, in the order of the card."""
        parts = re.split(r"^## (.+)$", self.body, flags=re.M)
        return {parts[i].strip(): parts[i + 1].strip() for i in range(1, len(parts) - 1, 2)}


@dataclass(frozen=True)
class Source:
    """Where an idea comes from; `where` is the journal or the publisher, `kind` one of SOURCE_KINDS."""

    author: str
    title: str
    kind: str
    year: int | None = None
    where: str | None = None
    doi: str | None = None
    url: str | None = None


@dataclass(frozen=True)
class Topic:
    """One shelf of the library."""

    name: str
    cards: tuple[str, ...]


@dataclass(frozen=True)
class Library:
    """All usable cards by id, in the order of their file names, and what was wrong with the others.

    `topics` are the shelves; `needs` are those of the exercises, each of which stands under one.
    """

    cards: dict[str, Card]
    problems: tuple[KnowledgeError, ...] = ()
    sources: dict[str, Source] = field(default_factory=dict)
    topics: tuple[Topic, ...] = ()
    needs: tuple[Topic, ...] = ()


def read_knowledge(folder: Path) -> Library:
    """Read cards, sources and topics of a knowledge folder; what is broken becomes `problems`."""
    library = read_library(folder / "cards")
    problems = list(library.problems)
    sources: dict[str, Source] = {}
    for id, entry in _entries(folder / "sources.yaml", problems):
        try:
            sources[id] = Source(**entry)
        except TypeError:
            known = ", ".join(Source.__dataclass_fields__)
            problems.append(KnowledgeError(f"sources.yaml, {id}: not as it must be.", f"It has {known}."))
    topics = _shelves(folder / "topics.yaml", library, problems)
    needs = _shelves(folder / "needs.yaml", library, problems)
    return Library(library.cards, tuple(problems), sources, topics, needs)


def _shelves(file: Path, library: Library, problems: list[KnowledgeError]) -> tuple[Topic, ...]:
    """Names with lists of cards; a card that is not there is a problem, and the others are used."""
    shelves: list[Topic] = []
    for name, cards in _entries(file, problems):
        listed = [str(card) for card in cards] if isinstance(cards, list) else []
        for card in listed if isinstance(cards, list) else [str(cards)]:
            if card not in library.cards:
                problems.append(
                    KnowledgeError(
                        f"{file.name}, {name}: there is no card {card!r}.", "Correct or remove it."
                    )
                )
        shelves.append(Topic(name, tuple(card for card in listed if card in library.cards)))
    return tuple(shelves)


def _entries(file: Path, problems: list[KnowledgeError]) -> list[tuple[str, Any]]:
    """The entries of a YAML mapping; one that cannot be read is a problem, and the others are used."""
    try:
        return [(str(name), value) for name, value in read_yaml(file).items()]
    except KnowledgeError as problem:
        problems.append(problem)
        return []


def read_yaml(file: Path) -> dict[str, Any]:
    """A YAML mapping; a KnowledgeError names file, line and cure."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise KnowledgeError(f"{file.name}: cannot be read as UTF-8 text.", "Restore that file.") from exc
    return read_mapping(text, file.name)[0]


def read_library(folder: Path) -> Library:
    """Read every card under `folder`; broken ones become `problems`."""
    cards: dict[str, Card] = {}
    problems: list[KnowledgeError] = []
    for path in sorted(folder.glob("*.md")):
        try:
            card = read_card(path)
            if card.id in cards:
                raise KnowledgeError(f"{path.name}, line 2: the id {card.id!r} is taken.", "Rename it.")
            cards[card.id] = card
        except KnowledgeError as problem:
            problems.append(problem)
    return Library(cards, tuple(problems))


def read_card(path: Path) -> Card:
    """Read one card; a KnowledgeError names file, line and cure."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise KnowledgeError(f"{path.name}: cannot be read as UTF-8 text.", "Save it as UTF-8.") from exc
    match = _FRONT.match(text)
    if not match:
        raise KnowledgeError(
            f"{path.name}, line 1: there is no front matter.",
            "Begin the file with a line of three hyphens, the entries, and three hyphens again.",
        )
    front, lines = read_mapping(match[1], path.name, first_line=2)
    return _Checker(path, front, lines).card(match[2].strip())


def read_mapping(text: str, name: str, *, first_line: int = 1) -> tuple[dict[str, Any], dict[str, int]]:
    """Parse a YAML mapping; returns it with the line of each top-level key. Duplicate keys are errors."""
    try:
        loader = _YAML(text)
        node = loader.get_single_node()
        if not isinstance(node, yaml.MappingNode):
            raise KnowledgeError(
                f"{name}, line {first_line}: expected entries of the form key: value.", "Add them."
            )
        lines: dict[str, int] = {}
        for key, _ in node.value:
            line = key.start_mark.line + first_line
            if key.value in lines:
                raise KnowledgeError(f"{name}, line {line}: {key.value} stands twice.", "Keep one of them.")
            lines[str(key.value)] = line
        return loader.construct_document(node), lines
    except yaml.YAMLError as exc:
        mark = getattr(exc, "problem_mark", None)
        line = (mark.line if mark else 0) + first_line
        problem = getattr(exc, "problem", None) or "not valid YAML"
        raise KnowledgeError(
            f"{name}, line {line}: {problem}.",
            "Quote text that holds a colon, and indent lists by two spaces.",
        ) from exc


class _Checker:
    """Checks the entries of one card; every complaint carries its line."""

    def __init__(self, path: Path, front: dict[str, Any], lines: dict[str, int]) -> None:
        self.path, self.front, self.lines = path, front, lines

    def card(self, body: str) -> Card:
        known = [name for name in Card.__dataclass_fields__ if name != "body"]
        for key in self.front:
            if key not in known:
                self.fail(key, f"{key} is not a known entry", f"Remove it; known are {', '.join(known)}")
        for key in known:
            if key not in self.front and key not in ("related", "exercise"):  # these may be left out
                self.fail(key, f"{key} is missing", f"Add a line that begins with {key}:")
        card = Card(
            id=self.text("id"),
            title=self.text("title"),
            kind=self.one_of("kind", KINDS),
            skills=self.texts("skills", allowed=SKILLS),
            tags=self.texts("tags"),
            sources=self.texts("sources"),
            teaches=self.texts("teaches", least=0),
            evidence=self.one_of("evidence", EVIDENCE),
            situations=self.texts("situations", least=5, most=10),
            off_when_unsafe=self.flag("off_when_unsafe"),
            gist=self.text("gist"),
            body=_plain(body),
            related=self.texts("related", least=0) if "related" in self.front else (),
            exercise=self.exercise() if "exercise" in self.front else (),
        )
        if not _ID.match(card.id) or card.id != self.path.stem:
            self.fail("id", f"the id {card.id!r} is not the file's name", f"Write id: {self.path.stem}")
        missing = [name for name in SECTIONS if name not in card.sections]
        if missing:
            raise KnowledgeError(
                f"{self.path.name}: the body has no section {missing[0]!r}.", f"Add a line: ## {missing[0]}"
            )
        return card

    def exercise(self) -> tuple[Step, ...]:
        if self.front["kind"] != "practice":
            self.fail(
                "exercise", "only a practice card has an exercise", "Write kind: practice, or remove it"
            )
        try:
            return read_exercise(self.front["exercise"])
        except InvalidExercise as problem:
            self.fail("exercise", str(problem), problem.cure)
        return ()

    def fail(self, key: str, what: str, cure: str) -> None:
        line = self.lines.get(key, 2)
        raise KnowledgeError(f"{self.path.name}, line {line}: {what}.", f"{cure}.")

    def text(self, key: str) -> str:
        value = self.front[key]
        if not isinstance(value, str) or not value.strip():
            self.fail(key, f"{key} must be text", "Put words behind the colon")
        return _plain(" ".join(str(value).split()))

    def one_of(self, key: str, allowed: Sequence[str]) -> str:
        value = self.text(key)
        if value not in allowed:
            self.fail(key, f"{key} is {value!r}", f"Choose one of {', '.join(allowed)}")
        return value

    def texts(
        self, key: str, *, allowed: Sequence[str] | None = None, least: int = 1, most: int = 99
    ) -> tuple[str, ...]:
        value = self.front[key]
        if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
            self.fail(
                key, f"{key} must be a list of texts", "Write it as [one, two] or as lines that begin with - "
            )
        if not least <= len(value) <= most:
            self.fail(key, f"{key} has {len(value)} entries", f"Give between {least} and {most}")
        for item in value:
            if allowed and item not in allowed:
                self.fail(key, f"{item!r} in {key} is not known", f"Choose among {', '.join(allowed)}")
        return tuple(_plain(" ".join(item.split())) for item in value)

    def flag(self, key: str) -> bool:
        value = self.front[key]
        if not isinstance(value, bool):
            self.fail(key, f"{key} must be true or false", "Write true or false")
        return bool(value)


def _plain(text: str) -> str:
    """Drop control characters other than line breaks and tabs."""
    keep = {k: v for k, v in _SEPARATORS.items() if k not in (0x09, 0x0A)}
    return text.translate(keep)
