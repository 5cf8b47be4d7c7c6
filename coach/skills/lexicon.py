"""The words that the skills know: feelings, needs, themes, traps of thinking, from knowledge/*.yaml.

`lexicon()` reads the three files once, checks every key, and keeps compiled patterns beside the entries.
A mistake in a file is a KnowledgeError that names file, line and cure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from coach.cards import read_mapping
from coach.errors import KnowledgeError
from coach.settings import bundled

PLACES = frozenset({"{it}", "{they}", "{them}", "{their}", "{themself}", "{They}", "{name}"})
_LISTS = ("sense", "ask", "view", "request", "limit")


@dataclass(frozen=True)
class Feeling:
    """A feeling by its plain name, and what people type for it."""

    name: str
    family: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Pseudo:
    """A word that tells what somebody did; `ask` if it may be a disclosure."""

    word: str
    words: tuple[str, ...]
    under: tuple[str, ...]
    need: str
    ask: bool


@dataclass(frozen=True)
class Theme:
    """One kind of trouble, and lines about it with places for the person and the thing."""

    name: str
    it: str
    nouns: tuple[str, ...]
    words: tuple[str, ...]
    feeling: str
    need: str
    sense: tuple[str, ...]
    ask: tuple[str, ...]
    view: tuple[str, ...]
    request: tuple[str, ...]
    limit: tuple[str, ...]


@dataclass(frozen=True)
class Harm:
    """One kind of thing a user may have done, and lines to mend it, said to the other."""

    name: str
    words: tuple[str, ...]
    acknowledge: tuple[str, ...]
    path: tuple[str, ...]
    sense: tuple[str, ...]
    ask: tuple[str, ...]


@dataclass(frozen=True)
class Trap:
    """One trap of thinking, and lines about it with {said}, what the user typed."""

    name: str
    words: tuple[str, ...]
    says: tuple[str, ...]


@dataclass(frozen=True)
class Lexicon:
    """All entries, and the patterns that find them."""

    feelings: dict[str, Feeling]
    pseudo: dict[str, Pseudo]
    needs: dict[str, tuple[str, ...]]
    themes: tuple[Theme, ...]
    general: tuple[str, ...]
    harms: tuple[Harm, ...]
    traps: tuple[Trap, ...]
    third_views: tuple[str, ...]
    feeling_of: dict[str, str]
    pseudo_of: dict[str, str]
    feeling_pattern: re.Pattern[str]
    pseudo_pattern: re.Pattern[str]
    theme_patterns: tuple[re.Pattern[str], ...]
    need_patterns: dict[str, re.Pattern[str]]
    harm_patterns: tuple[re.Pattern[str], ...]
    trap_patterns: tuple[re.Pattern[str], ...]


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The bundled lexicon, read on first use."""
    folder = bundled("knowledge")
    return read_lexicon(folder / "feelings.yaml", folder / "themes.yaml", folder / "thoughts.yaml")


def read_lexicon(feelings_file: Path, themes_file: Path, thoughts_file: Path) -> Lexicon:
    """Read and check the files."""
    words, themes, thoughts = _File(feelings_file), _File(themes_file), _File(thoughts_file)
    words.only(words.data, ("families", "feelings", "pseudo", "needs"), "families")
    themes.only(themes.data, ("themes", "general", "harms"), "themes")
    thoughts.only(thoughts.data, ("traps", "third"), "traps")
    families = words.texts(words.data, "families", "families")
    needs = _needs(words)
    feelings = [_feeling(words, row, families) for row in words.rows("feelings")]
    names = {f.name for f in feelings}
    pseudo = [_pseudo(words, row, names, needs) for row in words.rows("pseudo")]
    found = [_theme(themes, row, names, needs) for row in themes.rows("themes")]
    harms = tuple(_harm(themes, row) for row in themes.rows("harms"))
    traps = tuple(_trap(thoughts, row) for row in thoughts.rows("traps"))
    feeling_of = {word: f.name for f in feelings for word in (f.name, *f.words)}
    pseudo_of = {word: p.word for p in pseudo for word in (p.word, *p.words)}
    for word in feeling_of.keys() & pseudo_of.keys():
        words.fail("pseudo", f"{word!r} stands under feelings and under pseudo", "Keep it in one of them")
    return Lexicon(
        {f.name: f for f in feelings},
        {p.word: p for p in pseudo if p.words},
        needs,
        tuple(found),
        themes.texts(themes.data, "general", "general"),
        harms,
        traps,
        _lines(thoughts, thoughts.data, "third", "third", PLACES | {"{need}", "{feeling}"}),
        feeling_of,
        {word: name for word, name in pseudo_of.items() if word != "used"},
        phrases(feeling_of),
        phrases([word for word in pseudo_of if word != "used"]),
        tuple(phrases(theme.words) for theme in found),
        {name: phrases(hints) for name, hints in needs.items()},
        tuple(phrases(harm.words) for harm in harms),
        tuple(phrases(trap.words) for trap in traps),
    )


def phrases(words: Iterable[str]) -> re.Pattern[str]:
    """One pattern for all `words`, longest first; a trailing * takes any ending, … up to four words."""
    parts = [
        re.escape(w.rstrip("*")).replace(r"\ …\ ", r"(?:\s[\w']+){0,4}?\s")
        + (r"\w*" if w.endswith("*") else "")
        for w in sorted(set(words), key=lambda w: (-len(w), w))
    ]
    return re.compile(r"(?<![\w])(?:" + "|".join(parts) + r")(?![\w])", re.I)


def _needs(file: _File) -> dict[str, tuple[str, ...]]:
    found = file.data["needs"]
    if not isinstance(found, dict) or not found:
        file.fail("needs", "needs must hold entries of the form name: [words]", "Write them so")
    return {str(name): file.texts(found, str(name), "needs") for name in found}


def _feeling(file: _File, row: dict[str, Any], families: tuple[str, ...]) -> Feeling:
    file.only(row, ("name", "family", "words"), "feelings")
    family = file.text(row, "family", "feelings")
    if family not in families:
        file.fail("feelings", f"the family {family!r} is not known", f"Choose one of {', '.join(families)}")
    return Feeling(file.text(row, "name", "feelings"), family, file.texts(row, "words", "feelings"))


def _pseudo(file: _File, row: dict[str, Any], feelings: set[str], needs: dict[str, Any]) -> Pseudo:
    file.only(row, ("word", "words", "under", "need", "ask"), "pseudo")
    under, need = file.texts(row, "under", "pseudo"), file.text(row, "need", "pseudo")
    for name in under:
        if name not in feelings:
            file.fail("pseudo", f"the feeling {name!r} is not known", "Name one from feelings")
    if need not in needs:
        file.fail("pseudo", f"the need {need!r} is not known", "Name one from needs")
    if not isinstance(row["ask"], bool):
        file.fail("pseudo", "ask must be true or false", "Write true or false")
    return Pseudo(
        file.text(row, "word", "pseudo"), file.texts(row, "words", "pseudo"), under, need, bool(row["ask"])
    )


def _theme(file: _File, row: dict[str, Any], feelings: set[str], needs: dict[str, Any]) -> Theme:
    keys = tuple(Theme.__dataclass_fields__)
    file.only(row, keys, "themes")
    lines = {key: _lines(file, row, key, "themes", PLACES) for key in _LISTS}
    feeling, need = file.text(row, "feeling", "themes"), file.text(row, "need", "themes")
    if feeling not in feelings or need not in needs:
        file.fail(
            "themes", f"{feeling!r} or {need!r} is not known", "Name a feeling and a need of feelings.yaml"
        )
    nouns = file.texts(row, "nouns", "themes", least=0)
    name, it = file.text(row, "name", "themes"), file.text(row, "it", "themes")
    return Theme(name, it, nouns, file.texts(row, "words", "themes"), feeling, need, **lines)


def _harm(file: _File, row: dict[str, Any]) -> Harm:
    file.only(row, tuple(Harm.__dataclass_fields__), "harms")
    lists = {key: file.texts(row, key, "harms") for key in ("words", "acknowledge", "path", "sense", "ask")}
    return Harm(file.text(row, "name", "harms"), **lists)


def _trap(file: _File, row: dict[str, Any]) -> Trap:
    file.only(row, tuple(Trap.__dataclass_fields__), "traps")
    says = _lines(file, row, "says", "traps", PLACES | {"{said}"})
    return Trap(file.text(row, "name", "traps"), file.texts(row, "words", "traps"), says)


def _lines(file: _File, row: dict[str, Any], key: str, where: str, places: frozenset[str]) -> tuple[str, ...]:
    """Texts whose places are known."""
    lines = file.texts(row, key, where)
    for place in re.findall(r"\{[^}]*\}", " ".join(lines)):
        if place not in places:
            file.fail(where, f"{place} is not a known place", f"Use one of {', '.join(sorted(places))}")
    return lines


class _File:
    """One YAML file with the lines of its top-level keys; every complaint names file and line."""

    def __init__(self, path: Path) -> None:
        self.name = path.name
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as exc:
            raise KnowledgeError(f"{path.name}: cannot be read as UTF-8 text.", "Restore the file.") from exc
        self.data, self.lines = read_mapping(text, path.name)

    def fail(self, key: str, what: str, cure: str) -> None:
        line = self.lines.get(key, 1)
        raise KnowledgeError(f"{self.name}, under {key} (from line {line}): {what}.", f"{cure}.")

    def only(self, row: dict[str, Any], keys: tuple[str, ...], where: str) -> None:
        if not isinstance(row, dict):
            self.fail(where, "an entry is not of the form key: value", "Write it so")
        for key in row:
            if key not in keys:
                self.fail(where, f"{key} is not a known entry", f"Remove it; known are {', '.join(keys)}")
        for key in keys:
            if key not in row:
                self.fail(where, f"{key} is missing", "Add it")

    def rows(self, key: str) -> list[dict[str, Any]]:
        value = self.data[key]
        if not isinstance(value, list) or not value:
            self.fail(key, f"{key} must be a list of entries", "Write lines that begin with - ")
        return list(value)

    def text(self, row: dict[str, Any], key: str, where: str) -> str:
        value = row[key]
        if not isinstance(value, str) or not value.strip():
            self.fail(where, f"{key} must be text", "Quote it")
        return " ".join(str(value).split())

    def texts(self, row: dict[str, Any], key: str, where: str, *, least: int = 1) -> tuple[str, ...]:
        value = row[key]
        if (
            not isinstance(value, list)
            or len(value) < least
            or not all(isinstance(v, str) and v.strip() for v in value)
        ):
            self.fail(where, f"{key} must be a list of texts", "Quote what YAML takes for something else")
        return tuple(" ".join(v.split()) for v in value)
