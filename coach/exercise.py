"""What a card's `exercise:` holds: steps to be gone through, one at a time. Pure; read by cards.py.

    say      what is shown; {name} is what was typed earlier, and its paragraph falls away where that is empty
    seconds  a timer
    ask      what may be typed or chosen: text, lines, choice (with options), scale (0 to 10)
    again    on the last step: when the next time is, and a neutral note for a calendar

knowledge/README.md describes it for writers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from coach.reminder import Again

ASKS = ("text", "lines", "choice", "scale")
CHECKS = ("soft_start",)
TOP = 10  # of a scale
STEPS = (2, 16)
SECONDS = (5, 600)
OPTIONS = (2, 8)
LONGEST = 600  # characters of one step

SLOT = re.compile(r"\{(\w+)\}")
_NAME = re.compile(r"[a-z]+(?:_[a-z]+)*\Z")
_AFTER = re.compile(r"(1[0-2]|[1-9]) (day|week|month)s?")
_NOTE = re.compile(r"[A-Za-z ]{3,40}")
_STEP_KEYS = ("say", "seconds", "ask", "again")
_ASK_KEYS = ("name", "label", "kind", "options", "each", "keep_from", "check")


class InvalidExercise(ValueError):
    """What is wrong with an exercise, and the cure."""

    def __init__(self, what: str, cure: str) -> None:
        super().__init__(what)
        self.cure = cure


@dataclass(frozen=True)
class Ask:
    """What a step asks for: `label` names the field and heads it in the end.

    A scale with `each` is asked of each line that was typed under that name, and its own name stands for the
    lines that were rated at `keep_from` or more. `check` names what looks at a sentence.
    """

    name: str
    label: str
    kind: str
    options: tuple[str, ...] = ()
    each: str = ""
    keep_from: int = 0
    check: str = ""


@dataclass(frozen=True)
class Step:
    """One step: paragraphs to show, perhaps a timer in seconds (0: none), perhaps something to fill in.

    The last one may say when to go through the exercise again.
    """

    say: tuple[str, ...]
    seconds: int = 0
    ask: Ask | None = None
    again: Again | None = None


def read_exercise(entries: object) -> tuple[Step, ...]:
    """The steps of an exercise; InvalidExercise names the step and the field."""
    if not isinstance(entries, list) or not STEPS[0] <= len(entries) <= STEPS[1]:
        raise InvalidExercise(
            "exercise must be a list of steps",
            f"Give between {STEPS[0]} and {STEPS[1]} lines that begin with - say:",
        )
    steps: list[Step] = []
    for number, entry in enumerate(entries, start=1):
        if steps and steps[-1].again:
            raise InvalidExercise(f"step {number - 1} of exercise: it has again", "Move it to the last step")
        steps.append(_step(entry, steps, f"step {number} of exercise"))
    return tuple(steps)


def _step(entry: object, before: Sequence[Step], at: str) -> Step:
    told = _mapping(entry, _STEP_KEYS, at)
    asked = {step.ask.name: step.ask for step in before if step.ask}
    say = _text(told, "say", at)
    if len(say) > LONGEST:
        raise InvalidExercise(f"{at}: say has {len(say)} characters", f"Keep it under {LONGEST}")
    paragraphs = tuple(part.strip() for part in say.split("\n") if part.strip())
    for name in SLOT.findall(say):
        if name not in asked:
            raise InvalidExercise(
                f"{at}: nothing was asked for under the name {name!r}", "Ask for it in an earlier step"
            )
    if all(SLOT.search(part) for part in paragraphs):
        raise InvalidExercise(
            f"{at}: say would be empty where nothing was typed", "Add a paragraph that holds no {name}"
        )
    ask = _ask(told["ask"], asked, f"{at}, ask") if "ask" in told else None
    return Step(
        paragraphs,
        _number(told, "seconds", SECONDS, at) if "seconds" in told else 0,
        ask,
        _again(told["again"], f"{at}, again") if "again" in told else None,
    )


def _ask(entry: object, asked: Mapping[str, Ask], at: str) -> Ask:
    told = _mapping(entry, _ASK_KEYS, at)
    name, kind = _text(told, "name", at), _one_of(told, "kind", ASKS, at)
    if not _NAME.match(name) or name in asked:
        raise InvalidExercise(
            f"{at}: the name {name!r} is taken, or no name", "Write small letters, such as need"
        )
    allowed = {"choice": {"options"}, "scale": {"each", "keep_from"}, "text": {"check"}, "lines": set()}[kind]
    for key in set(told) - {"name", "label", "kind"} - allowed:
        raise InvalidExercise(f"{at}: {key} does not go with kind {kind}", "Remove it")
    each = _text(told, "each", at) if "each" in told else ""
    if each and (each not in asked or asked[each].kind != "lines"):
        raise InvalidExercise(
            f"{at}: each names {each!r}, which are no lines", "Name an earlier ask of kind lines"
        )
    if bool(each) != ("keep_from" in told):
        raise InvalidExercise(f"{at}: each and keep_from go together", "Add the other one, or remove both")
    return Ask(
        name,
        _text(told, "label", at),
        kind,
        _options(told.get("options"), at) if kind == "choice" else (),
        each,
        _number(told, "keep_from", (1, TOP), at) if each else 0,
        _one_of(told, "check", CHECKS, at) if "check" in told else "",
    )


def _again(entry: object, at: str) -> Again:
    told = _mapping(entry, ("after", "note"), at)
    after, note = _text(told, "after", at), _text(told, "note", at)
    found = _AFTER.fullmatch(after)
    if not found:
        raise InvalidExercise(f"{at}: after is {after!r}", "Give 1 to 12 days, weeks or months: 4 months")
    if not _NOTE.fullmatch(note):
        raise InvalidExercise(
            f"{at}: note is {note!r}", "Give up to 40 letters and blanks that tell a stranger nothing"
        )
    count, unit = int(found[1]), found[2]
    months, days = (count, 0) if unit == "month" else (0, count * (7 if unit == "week" else 1))
    return Again(months, days, note)


def _mapping(entry: object, known: Sequence[str], at: str) -> Mapping[str, Any]:
    if not isinstance(entry, dict):
        raise InvalidExercise(
            f"{at}: expected entries of the form key: value", f"Known are {', '.join(known)}"
        )
    for key in entry:
        if key not in known:
            raise InvalidExercise(
                f"{at}: {key} is not a known entry", f"Remove it; known are {', '.join(known)}"
            )
    return entry


def _text(told: Mapping[str, Any], key: str, at: str) -> str:
    value = told.get(key)
    if not isinstance(value, str) or not value.strip():
        raise InvalidExercise(f"{at}: {key} must be text", "Put words behind the colon")
    return value.strip()


def _one_of(told: Mapping[str, Any], key: str, allowed: Sequence[str], at: str) -> str:
    value = _text(told, key, at)
    if value not in allowed:
        raise InvalidExercise(f"{at}: {key} is {value!r}", f"Choose one of {', '.join(allowed)}")
    return value


def _number(told: Mapping[str, Any], key: str, within: tuple[int, int], at: str) -> int:
    value = told[key]
    if type(value) is not int or not within[0] <= value <= within[1]:
        raise InvalidExercise(
            f"{at}: {key} is {value!r}", f"Give a whole number from {within[0]} to {within[1]}"
        )
    return value


def _options(value: object, at: str) -> tuple[str, ...]:
    least, most = OPTIONS
    given = value if isinstance(value, list) else []
    good = [one.strip() for one in given if isinstance(one, str) and one.strip()]
    if len(good) != len(given) or not least <= len(set(good)) == len(good) <= most:
        raise InvalidExercise(
            f"{at}: options must be different texts",
            f'Give between {least} and {most}, in quotes: ["no", "a little"]',
        )
    return tuple(good)
