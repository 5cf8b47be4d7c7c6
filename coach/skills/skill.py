"""What a skill is, and what it hands back: `Draft` and `Skill`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from coach.cards import Card
from coach.skills.story import Story
from coach.turn import Sheet


@dataclass(frozen=True)
class Draft:
    """A finished text of a skill, with its worksheet or exercise; `model` if a model wrote in it."""

    text: str
    sheet: Sheet | None = None
    exercise: str | None = None
    model: bool = False


@dataclass(frozen=True)
class Skill:
    """One skill; one without `read` is talk, shown sentence by sentence.

    `compose(story, cards, shown)` needs no model: `shown` are sentences that stand already, and the ending
    is returned. `read(text, story, cards)` makes a checked draft of a model's text, or None if it fails.
    `opening(story)` begins a talk before the model goes on, and is empty where a model could add nothing.
    `fits(sentence, story, cards)` tells whether a model's sentence belongs to this story. Where `speaks` is
    false no model takes part, and there is no prompt: the reply is composed.
    """

    name: str
    compose: Callable[[Story, Sequence[Card], Sequence[str]], Draft]
    read: Callable[[str, Story, Sequence[Card]], Draft | None] | None = None
    opening: Callable[[Story], str] | None = None
    fits: Callable[[str, Story, Sequence[Card]], bool] | None = None
    off_when_unsafe: bool = True
    speaks: bool = True
