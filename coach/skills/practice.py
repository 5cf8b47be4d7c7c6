"""Guided exercises: the way through one step by step, and which of them fits a message. Pure.

    Place(steps, answers, at) ─ move(by) ─→ Place ─ shown() ───→ what stands on the step
                                                  ─ worry() ───→ what the screen finds in what was typed on it
                                                  ─ summary() ─→ what was written, in the user's own words

There is one answer for each step: what was typed, the option of a choice, the number of a scale, or a number
for each line that is rated, a line each. Any may be empty. Nothing is judged but the sentences of the drill.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from coach.cards import Card
from coach.errors import InputError
from coach.exercise import SLOT, TOP, Ask, Step
from coach.reminder import Again
from coach.skills import listen
from coach.skills.skill import Draft
from coach.skills.story import Story
from coach.skills.verdict import verdict
from coach.turn import Risk

ALWAYS_FITS = "sixty-seconds"  # where no card that fits has an exercise: a minute for the body
LONGEST = 6000  # characters of one answer
MOST_LINES = 12


class Screens(Protocol):
    """The safety screen, which reads a text after those before it."""

    def __call__(self, text: str, before: Sequence[str] = ()) -> Risk: ...


@dataclass(frozen=True)
class Place:
    """Where somebody is in an exercise; behind the last step, `at` is their number.

    `answers` has one text for each step, those still to come included: Back loses nothing. `safe` means that
    the question about danger, which a doubt raises, was answered with no.
    """

    steps: tuple[Step, ...]
    answers: tuple[str, ...] = ()
    at: int = 0
    safe: bool = False

    def __post_init__(self) -> None:
        told = tuple(self.answers[: len(self.steps)])
        object.__setattr__(self, "answers", told + ("",) * (len(self.steps) - len(told)))
        object.__setattr__(self, "at", min(max(self.at, 0), len(self.steps)))

    @property
    def step(self) -> Step | None:
        """The step to show, or None at the end."""
        return self.steps[self.at] if self.at < len(self.steps) else None

    def move(self, by: int) -> Place:
        """One step on (1) or back (-1), past those that have nothing to ask about."""
        place = replace(self, at=self.at + by)
        while place.step and place.step.ask and place.step.ask.each and not place.to_rate:
            place = replace(place, at=place.at + by)
        return place

    @property
    def to_rate(self) -> tuple[str, ...]:
        """The lines that this step asks to rate."""
        each = self.step.ask.each if self.step and self.step.ask else ""
        return next((self._lines(n) for n, ask in self._asked() if ask.name == each), ())

    @property
    def again(self) -> Again | None:
        """When the next time is, for somebody who came to the last step or past it."""
        return self.steps[-1].again if self.at >= len(self.steps) - 1 else None

    def shown(self) -> tuple[str, ...]:
        """The paragraphs of this step; one whose words were never typed falls away."""
        if self.step is None:
            return ()
        said = self._said()
        told = (part for part in self.step.say if all(said[name] for name in SLOT.findall(part)))
        return tuple(SLOT.sub(lambda slot: said[slot[1]], part) for part in told)

    def summary(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """What was written, by label, in the user's own words; without what was left empty or rated low."""
        asked = self._asked()
        rated = {ask.each for number, ask in asked if self.answers[number].strip()}
        found = ((ask.label, self._lines(number)) for number, ask in asked if ask.name not in rated)
        return tuple((label, lines) for label, lines in found if lines)

    def worry(self, screen: Screens) -> Risk:
        """What the screen finds in what was typed on this step, read after what was typed before."""
        typed = [
            self.answers[n] for n, ask in self._asked() if ask.kind in ("text", "lines") and n <= self.at
        ]
        ask = self.step.ask if self.step else None
        here = self.answers[self.at] if ask and ask.kind in ("text", "lines") else ""
        return screen(here, [text for text in typed[:-1] if text.strip()]) if here.strip() else Risk()

    def checked(self) -> str:
        """What the rules say of the sentence on this step; empty where it has none."""
        ask = self.step.ask if self.step else None
        return verdict(self.answers[self.at]) if ask and ask.check else ""

    def _asked(self) -> list[tuple[int, Ask]]:
        return [(number, step.ask) for number, step in enumerate(self.steps) if step.ask]

    def _lines(self, number: int) -> tuple[str, ...]:
        """An answer as its lines; of rated ones, those that are kept."""
        ask, text = self.steps[number].ask, self.answers[number]
        if ask is None or not ask.each:
            return tuple(line.strip() for line in text.splitlines() if line.strip())
        rated = zip(replace(self, at=number).to_rate, text.split("\n"), strict=False)
        return tuple(line for line, mark in rated if mark.isdigit() and int(mark) >= ask.keep_from)

    def _said(self) -> Mapping[str, str]:
        said: dict[str, str] = {}
        for number, ask in self._asked():
            lines = self._lines(number)
            listed = ask.kind == "lines" or ask.each
            said[ask.name] = "".join(f"\n– {line}" for line in lines) if listed else "\n".join(lines)
        return said


def answer(ask: Ask, told: str) -> str:
    """What was typed or chosen as it is kept; InputError where it is too much to go on with."""
    if ask.kind == "choice":
        return told if told in ask.options else ""
    if ask.kind == "scale":
        return "\n".join(mark if mark in map(str, range(TOP + 1)) else "" for mark in told.split("\n"))
    if len(told) > LONGEST:
        raise InputError(
            f"That is longer than {LONGEST} characters.",
            "Keep what matters most in it; everything that you typed is still there.",
        )
    if ask.kind == "lines" and sum(bool(line.strip()) for line in told.splitlines()) > MOST_LINES:
        raise InputError(
            f"That is more than {MOST_LINES} lines.", "Keep those that matter most; they are all still there."
        )
    return told.strip()


def asks_first(card: Card, place: Place, risk: Risk) -> bool:
    """Whether a doubt must be cleared before the exercise goes on: where it is off when unsafe, and once."""
    return risk.level == 1 and card.off_when_unsafe and not place.safe


# --- which exercise fits -----------------------------------------------------------------------


def compose(story: Story, cards: Sequence[Card], shown: Sequence[str]) -> Draft:
    """Offers the exercise of the first card that fits and has one; else the minute that always fits."""
    card = next((card for card in cards if card.exercise), None)
    heard = "" if _ASKS.match(story.text) else listen.opening(story)
    if card is None:
        offer = (
            "None of the exercises is made for just this. There is one that asks for nothing: sixty seconds "
            "for the body, without typing. The others are listed under Practise."
        )
        return Draft(" ".join(filter(None, [heard, offer, _ENDING])), exercise=ALWAYS_FITS)
    offer = f'There is an exercise that may suit this, "{card.title}". {card.gist}'
    return Draft(" ".join(filter(None, [heard, offer, _ENDING])), exercise=card.id)


_ASKS = re.compile(  # a request has nothing in it to be said back
    r"\W*(?:please|can|could|help|give|show|calm|something|anything|any|an?|exercise|let'?s|practi[sc]e|how"
    r"|is there|i(?:'d| would) like|i (?:want|need) (?:to|an?|some\w*|help))\b",
    re.I,
)
_ENDING = "You can stop at any step and leave any of it empty, and nothing that you write in it is kept."
