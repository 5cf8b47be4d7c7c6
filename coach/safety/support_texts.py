"""The fixed texts of prompts/support: Markdown with strict front matter, read once. Pure.

`purpose` says when a text is used: `first` answers a message at risk, `again` the next one like it,
`follow_up` an answer in the dialogue, `plan` asks for one step of the safety plan, `beside` stands with a
first text where a flag is set, `country` asks for the country, and `language` answers in another language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from coach.cards import read_mapping
from coach.errors import KnowledgeError
from coach.safety.answers import ANSWERS, PLAN_STEPS, QUESTIONS
from coach.safety.cases import CASES
from coach.safety.schema import choice_of, fail, known_keys, number_of, read, text_of, texts_of
from coach.settings import bundled
from coach.turn import CATEGORIES, FLAGS

ABOUT = ("suicide", "abuse", "someone_else", "other", "any")
PLAN_STEP = (
    "plan_step"  # in `to`: any step of the plan; in `awaits`, next_step is the first one not asked yet
)
LANGUAGES = ("es", "fr", "de", "pt", "it", "nl", "pl", "hi", "hi-Latn", "ar", "zh")
OTHER_LANGUAGE = "other"
PLACEHOLDERS = ("lines", "country", "emergency", "plan")
_TEXT_KEYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {  # purpose: needed, allowed
    "first": (("category", "level", "subject", "awaits"), ("flag", "case")),
    "again": (("about", "level", "awaits"), ()),
    "follow_up": (("about", "to", "answer", "awaits"), ("turn", "level")),
    "plan": (("awaits", "heading"), ()),
    "beside": (("flag",), ()),
    "country": ((), ()),
    "language": (("language", "level", "awaits", "emergency", "read_by_native_speaker"), ("back", "turn")),
}


@dataclass(frozen=True)
class Text:
    """One file of prompts/support; which of the fields are used depends on `purpose`."""

    name: str
    purpose: str
    body: str
    awaits: str | None = None
    categories: tuple[str, ...] = ()
    levels: tuple[int, ...] = ()
    subject: str | None = None
    flag: str | None = None
    case: str | None = None
    about: str | None = None
    to: str | None = None
    answer: str | None = None
    turn: int = 1
    heading: str = ""
    language: str | None = None
    emergency: str = ""  # how that language says "your local emergency number"
    back: str = ""  # translated back into English, for a reader to check

    @property
    def mark(self) -> str:
        """The longest stretch that stands in every rendering, by which the text is known again."""
        return max((piece.strip() for piece in re.split(r"\{\w+\}", self.body)), key=len)

    def said_in(self, words: str) -> bool:
        """Whether a reply of the coach is this text."""
        return self.mark in words


@dataclass(frozen=True)
class Texts:
    """All usable texts, in the order of their file names, and what was wrong with the others."""

    texts: tuple[Text, ...] = ()
    problems: tuple[KnowledgeError, ...] = ()

    @property
    def plan(self) -> list[Text]:
        """The questions of the safety plan, in their order."""
        return sorted(
            (t for t in self.texts if t.purpose == "plan"), key=lambda t: PLAN_STEPS.index(str(t.awaits))
        )


@lru_cache(maxsize=1)
def bundled_texts() -> Texts:
    """The texts that travel with the program, read once."""
    return read_texts(bundled("prompts") / "support")


def read_texts(folder: Path) -> Texts:
    """Read every text under `folder`; broken files become `problems`."""
    texts: list[Text] = []
    problems: list[KnowledgeError] = []
    for path in sorted(folder.glob("*.md")):
        try:
            texts.append(read_text(path))
        except KnowledgeError as problem:
            problems.append(problem)
    return Texts(tuple(texts), tuple(problems))


def read_text(path: Path) -> Text:
    """Read one text; a KnowledgeError names file, line and cure."""
    match = re.match(r"\A---\r?\n(.*?\r?\n)---\r?\n(.*)\Z", read(path), re.S)
    if not match:
        fail(
            path,
            1,
            "there is no front matter",
            "Begin with a line of three hyphens, the entries, three hyphens again",
        )
    front, lines = read_mapping(match[1], path.name, first_line=2)
    purpose = front.get("purpose")
    if purpose not in _TEXT_KEYS:
        fail(
            path, lines.get("purpose", 2), f"purpose is {purpose!r}", f"Choose one of {', '.join(_TEXT_KEYS)}"
        )
    needed, optional = _TEXT_KEYS[purpose]
    known_keys(path, front, lines, known=("purpose", *needed, *optional), needed=needed)
    body, start = match[2].strip(), match[1].count("\n") + 3
    _check_body(path, body, start)
    if not isinstance(front.get("read_by_native_speaker", False), bool):
        fail(
            path,
            lines["read_by_native_speaker"],
            "read_by_native_speaker is not true or false",
            "Write one of them",
        )

    def words(key: str) -> str:
        return text_of(path, front, key, lines[key]) if key in front else ""

    category = front.get("category")
    front_categories = {"category": category if isinstance(category, list) else [category]}
    return Text(
        name=path.stem,
        purpose=purpose,
        body=body,
        awaits=choice_of(path, front, lines, "awaits", (*QUESTIONS, "same", "none", "next_step")),
        categories=texts_of(path, front_categories, "category", lines["category"], allowed=CATEGORIES)
        if category
        else (),
        levels=_levels(path, front, lines),
        subject=choice_of(path, front, lines, "subject", ("self", "other", "any")),
        flag=choice_of(path, front, lines, "flag", FLAGS),
        case=choice_of(path, front, lines, "case", CASES),
        about=choice_of(path, front, lines, "about", ABOUT),
        to=choice_of(path, front, lines, "to", (*QUESTIONS, PLAN_STEP, "any")),
        answer=choice_of(path, front, lines, "answer", ANSWERS),
        turn=number_of(path, front, lines, "turn", range(1, 10)) or 1,
        language=choice_of(path, front, lines, "language", (*LANGUAGES, OTHER_LANGUAGE)),
        heading=words("heading"),
        emergency=words("emergency"),
        back=words("back"),
    )


def _levels(path: Path, front: Mapping[str, Any], lines: Mapping[str, int]) -> tuple[int, ...]:
    """One level, or a list of them."""
    given = front.get("level")
    each = given if isinstance(given, list) else [] if given is None else [given]
    return tuple(
        number for one in each if (number := number_of(path, {"level": one}, lines, "level", (1, 2, 3)))
    )


def _check_body(path: Path, body: str, start: int) -> None:
    if not body:
        fail(path, start, "the text is empty", "Write what the user should read")
    for offset, line in enumerate(body.split("\n")):
        for name in re.findall(r"\{([^}]*)\}?", line):
            if name not in PLACEHOLDERS or f"{{{name}}}" not in line:
                cure = f"Use only {', '.join('{' + p + '}' for p in PLACEHOLDERS)}"
                fail(path, start + offset, f"{{{name}}} is not a known placeholder", cure)
        if re.search(r"\d", line):
            fail(
                path,
                start + offset,
                "a digit stands in the text",
                "Numbers belong in knowledge/support; write it in words",
            )
