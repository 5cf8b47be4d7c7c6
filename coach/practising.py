"""Exercises in the terminal: lists them, and goes through one at the prompt. Nothing that is typed is kept.

    gone_through ─ a step ─ timer (Enter skips) ─ a field ─ screen ─→ the next … ─→ Outcome

`/back` goes a step back and `/end` ends, at every prompt. What is shown goes to `say`, so that a script can
have the outcome alone.
"""

from __future__ import annotations

import select
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from textwrap import indent

from coach.cards import Card, Library
from coach.errors import InputError
from coach.exercise import TOP, Ask
from coach.prompting import fixed_text
from coach.reminder import said
from coach.skills.practice import Place, Screens, answer, asks_first
from coach.turn import Contact, Risk

BACK, END = "/back", "/end"


@dataclass(frozen=True)
class Prompts:
    """What asks and shows: `wait` takes seconds and comes back early where Enter is pressed."""

    ask: Callable[[str], str]
    say: Callable[[str], None]
    wait: Callable[[int], None]


@dataclass(frozen=True)
class Outcome:
    """How far somebody came; `rested` where danger ended it, and then `risk` says why."""

    place: Place
    risk: Risk
    rested: bool = False


class _Moved(Exception):
    """Somebody typed /back (-1) or /end (0) instead of an answer."""

    def __init__(self, by: int) -> None:
        self.by = by


def listed(library: Library) -> Iterator[tuple[str, Card]]:
    """Every exercise with its need, in the order in which they are shown."""
    for need in library.needs:
        for id in need.cards:
            yield need.name, library.cards[id]


def gone_through(card: Card, screen: Screens, prompts: Prompts) -> Outcome:
    """Go through an exercise; everything typed is screened before the program says anything on it."""
    place, risk = Place(card.exercise), Risk()
    prompts.say(f"{card.title}\nEnter goes on, {BACK} goes back, {END} ends. Any answer may stay empty.")
    while place.step:
        prompts.say("\n".join(["", f"Step {place.at + 1} of {len(place.steps)}", *place.shown()]))
        try:
            if place.step.seconds:
                prompts.wait(place.step.seconds)
            place = _with(place, _typed(place, prompts))
            while True:
                risk = place.worry(screen)
                if asks_first(card, place, risk):
                    prompts.say(f"\n{fixed_text('practice_ask')}")
                    place = replace(place, safe=_asked(prompts, "Type no to go on: ").lower() in ("no", "n"))
                if risk.level >= 2 or asks_first(card, place, risk):
                    return Outcome(place, risk, rested=True)
                if risk.level and not place.safe:
                    prompts.say(f"\n{fixed_text('practice_note')}")
                verdict = place.checked()
                again = _asked(prompts, f"{verdict}\nTry again, or Enter goes on: ") if verdict else ""
                if not again:
                    break
                place = _with(place, again)
            place = place.move(1)
        except _Moved as moved:
            if not moved.by:
                break
            place = place.move(moved.by)
        except InputError as error:
            prompts.say(f"\n{error.message} {error.hint}")
    return Outcome(place, risk)


def _with(place: Place, text: str) -> Place:
    assert place.step
    kept = list(place.answers)
    kept[place.at] = answer(place.step.ask, text) if place.step.ask else ""
    return replace(place, answers=tuple(kept))


def _asked(prompts: Prompts, label: str) -> str:
    told = prompts.ask(label).strip()
    if told in (BACK, END):
        raise _Moved(-1 if told == BACK else 0)
    return told


def _typed(place: Place, prompts: Prompts) -> str:
    """What is typed on this step, in the form in which answers are kept."""
    ask = place.step.ask if place.step else None
    if ask is None:
        if place.step and not place.step.seconds:
            _asked(prompts, "(Enter) ")
        return ""
    if ask.kind == "choice":
        return _chosen(ask, prompts)
    if ask.kind == "scale":
        return "\n".join(_mark(label, prompts) for label in place.to_rate or (ask.label,))
    if ask.kind == "text":
        return _asked(prompts, f"{ask.label}: ")
    lines: list[str] = []
    prompts.say(f"{ask.label}, a line each; an empty line goes on.")
    while line := _asked(prompts, "- "):
        lines.append(line)
    return "\n".join(lines)


def _chosen(ask: Ask, prompts: Prompts) -> str:
    prompts.say("\n".join(f"{number}. {option}" for number, option in enumerate(ask.options, start=1)))
    told = _number(f"{ask.label}, 1 to {len(ask.options)}: ", 1, len(ask.options), prompts)
    return ask.options[int(told) - 1] if told else ""


def _mark(label: str, prompts: Prompts) -> str:
    return _number(f"{label}, 0 to {TOP}: ", 0, TOP, prompts)


def _number(label: str, least: int, most: int, prompts: Prompts) -> str:
    """A number as typed, or nothing; asked for again where it is neither."""
    while told := _asked(prompts, label):
        if told.isascii() and told.isdigit() and least <= int(told) <= most:
            return str(int(told))
        prompts.say(f"That is no number from {least} to {most}. Type one, or press Enter to leave it out.")
    return ""


def ending(outcome: Outcome, people: Sequence[Contact], *, today: date) -> str:
    """What was written and when to look at it again, or why the exercise rests, with people who can help."""
    if outcome.rested:
        lines = [f"- {one.name}: {_way(one)}" for one in people]
        return "\n".join(["", fixed_text("practice_terminal"), "", *lines])
    written = [f"\n{label}\n{indent(chr(10).join(lines), '  ')}" for label, lines in outcome.place.summary()]
    if written:
        written.append("\nThis is kept nowhere but in this window.")
    else:
        written = ["\nNothing is written down, and that is all right. You can stop at any point."]
    if outcome.place.again:
        written.append(f"A good day to look at this again: {said(outcome.place.again.after(today))}.")
    return "\n".join(written)


def _way(line: Contact) -> str:
    text = f"text {line.text}" if line.text else None
    return " · ".join(filter(None, (line.number, text, line.url))) or line.note or line.what_for


def waited(seconds: int) -> None:
    """Let the time pass, in sight; Enter skips the rest. Without a terminal nothing is waited for."""
    if not sys.stdin.isatty():
        return
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        print(f"\r{int(left) + 1:>4} s (Enter skips) ", end="", file=sys.stderr, flush=True)
        if _pressed(min(1.0, left)):
            break
    print("\r" + " " * 24 + "\r", end="", file=sys.stderr, flush=True)


def _pressed(seconds: float) -> bool:
    """Whether Enter was pressed within that time."""
    if sys.platform == "win32":  # where a console cannot be selected on
        import msvcrt

        time.sleep(seconds)
        return msvcrt.kbhit() and msvcrt.getwch() in "\r\n"
    ready, _, _ = select.select([sys.stdin], [], [], seconds)
    return bool(ready and sys.stdin.readline())
