"""What `coach knowledge` does with the library: check it, and count it. Pure but for reading files.

check(folder)  schema, sources, coverage, links between cards, length, reading grade → complaints
stats(library) how many cards of each kind, grade, skill and topic
"""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from coach.cards import SOURCE_KINDS, Card, Library, read_knowledge, read_yaml
from coach.errors import KnowledgeError

GRADE = 10.0  # Flesch-Kincaid, of any one card
MEAN_GRADE = 8.0  # over all cards
BODY_WORDS = (120, 300)
GIST_WORDS = 45  # about 60 tokens of the starter model


def check(folder: Path) -> list[KnowledgeError]:
    """Everything that is wrong with a knowledge folder, each with its file and a cure."""
    library, coverage = read_knowledge(folder), read_yaml(folder / "coverage.yaml")
    found = [*library.problems]
    for card in library.cards.values():
        found += _card(card, library, coverage)
    found += _sources(library)
    found += _topics(library)
    found += _coverage(coverage, library)
    mean = _mean_grade(library)
    if mean is not None and mean > MEAN_GRADE:
        found.append(
            KnowledgeError(
                f"The cards' reading grade is {mean:.1f} on average.", f"Bring it under {MEAN_GRADE:g}."
            )
        )
    return found


def grades() -> bool:
    """Whether reading grades can be measured: textstat is a tool for writers, in the extra `dev`."""
    return find_spec("textstat") is not None


def grade(card: Card) -> float:
    """The Flesch-Kincaid reading grade of a card's body, in US school years (textstat)."""
    import textstat

    return float(textstat.flesch_kincaid_grade(_running(card.body)))


@dataclass(frozen=True)
class Stats:
    """Numbers of a library."""

    cards: int
    situations: int
    kinds: Mapping[str, int]
    evidence: Mapping[str, int]
    skills: Mapping[str, int]
    off_when_unsafe: int
    mean_grade: float | None
    highest_grade: float | None
    mean_words: float


def stats(library: Library) -> Stats:
    """Count the cards."""
    cards = list(library.cards.values())
    mean = _mean_grade(library)
    return Stats(
        cards=len(cards),
        situations=sum(len(card.situations) for card in cards),
        kinds=_counted(card.kind for card in cards),
        evidence=_counted(card.evidence for card in cards),
        skills=_counted(skill for card in cards for skill in card.skills),
        off_when_unsafe=sum(card.off_when_unsafe for card in cards),
        mean_grade=None if mean is None else round(mean, 1),
        highest_grade=None if mean is None else round(max(grade(card) for card in cards), 1),
        mean_words=round(statistics.fmean([len(card.body.split()) for card in cards] or [0.0])),
    )


def _mean_grade(library: Library) -> float | None:
    """Over all cards; None where it cannot be measured."""
    if not library.cards or not grades():
        return None
    return statistics.fmean(grade(card) for card in library.cards.values())


def _counted(names: Iterable[str]) -> dict[str, int]:
    return dict(Counter(names).most_common())


def _card(card: Card, library: Library, coverage: Mapping[str, Any]) -> Iterator[KnowledgeError]:
    name = f"{card.id}.md"
    for id in card.sources:
        if id not in library.sources:
            yield KnowledgeError(f"{name}: the source {id!r} is not in sources.yaml.", "Add it there.")
    for id in card.teaches:
        if card.id not in _carriers(coverage.get(id)):
            yield KnowledgeError(
                f"{name}: coverage.yaml does not name this card for the teaching {id!r}.", "Add it there."
            )
    for id in card.related:
        if id not in library.cards or id == card.id:
            yield KnowledgeError(f"{name}: the related card {id!r} is not there.", "Correct or remove it.")
    least, most = BODY_WORDS
    length = len(card.body.split())
    if not least <= length <= most + 20:  # section headings are counted too
        yield KnowledgeError(f"{name}: the body has {length} words.", f"Keep it from {least} to {most}.")
    if len(card.gist.split()) > GIST_WORDS:
        yield KnowledgeError(f"{name}: the gist is too long.", f"Keep it under {GIST_WORDS} words.")
    if grades() and grade(card) > GRADE:
        yield KnowledgeError(
            f"{name}: the reading grade is {grade(card):.1f}.",
            f"Shorten sentences until it is under {GRADE:g}.",
        )


def _sources(library: Library) -> Iterator[KnowledgeError]:
    used = {id for card in library.cards.values() for id in card.sources}
    for id, source in library.sources.items():
        where = f"sources.yaml, {id}"
        if source.kind not in SOURCE_KINDS:
            yield KnowledgeError(
                f"{where}: the kind is {source.kind!r}.", f"Choose one of {', '.join(SOURCE_KINDS)}."
            )
        if not (source.doi or source.url or source.where):
            yield KnowledgeError(f"{where}: there is no doi, url or where.", "Say where it can be found.")
        if id not in used:
            yield KnowledgeError(f"{where}: no card uses this source.", "Remove it, or name it on a card.")


def _topics(library: Library) -> Iterator[KnowledgeError]:
    shelves = Counter(id for topic in library.topics for id in topic.cards)
    needs = Counter(id for need in library.needs for id in need.cards)
    for id, card in library.cards.items():
        if shelves[id] != 1:
            yield KnowledgeError(
                f"topics.yaml: the card {id!r} stands on {shelves[id]} shelves.", "Name it under one topic."
            )
        if needs[id] != bool(card.exercise):
            yield KnowledgeError(
                f"needs.yaml: the card {id!r} stands under {needs[id]} needs.",
                "Name it under one if it has an exercise, else under none.",
            )


def _coverage(coverage: Mapping[str, Any], library: Library) -> Iterator[KnowledgeError]:
    for id, entry in coverage.items():
        where = f"coverage.yaml, {id}"
        if not isinstance(entry, dict) or entry.get("as") not in ("carried", "corrected"):
            yield KnowledgeError(f"{where}: as must be carried or corrected.", "Correct it.")
            continue
        if entry["as"] == "corrected" and not entry.get("note"):
            yield KnowledgeError(
                f"{where}: it is corrected, and the note is missing.", "Say what is known better."
            )
        cards = _carriers(entry)
        if not cards:
            yield KnowledgeError(f"{where}: no card carries it.", "Name one.")
        for card in cards:
            if card not in library.cards:
                yield KnowledgeError(f"{where}: there is no card {card!r}.", "Correct it.")


def _carriers(entry: Any) -> list[str]:
    """The cards that an entry of coverage.yaml names."""
    cards = entry.get("cards") if isinstance(entry, dict) else None
    return [str(card) for card in cards] if isinstance(cards, list) else []


def _running(body: str) -> str:
    """A body as running text: no headings, list marks or quotes, and a full stop behind every item."""
    lines = [re.sub(r"^\s*(?:[-*]|\d+\.)\s+", "", line).strip() for line in body.splitlines()]
    told = [line.replace("*", "").replace('"', "") for line in lines if line and not line.startswith("#")]
    return " ".join(line if line.endswith((".", "?", "!", ":")) else f"{line}." for line in told)
