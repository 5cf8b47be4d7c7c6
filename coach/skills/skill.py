"""What a skill is, and what it hands back: `Draft` and `Skill`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from coach.cards import Card
from coach.skills.story import Story
from coach.turn import Sheet


@dataclass(frozen=True)
class Draft:
    """A finished text of a skill, with its worksheet or exercise; `model` if a model wrote in it.

    `line` is the part of the text that a model may write anew; empty where it may write nothing.
    """

    text: str
    line: str = ""
    sheet: Sheet | None = None
    exercise: str | None = None
    model: bool = False


@dataclass(frozen=True)
class Skill:
    """One skill; one without `read` is talk, shown sentence by sentence.

    `compose(story, cards, shown)` needs no model: `shown` are sentences that stand already, and the ending
    is returned. `read(text, story, composed)` puts a model's line into a composed draft, or None if it fails.
    `opening(story)` begins a talk before the model goes on, and is empty where a model could add nothing.
    `fits(sentence, story, cards)` tells whether a model's sentence belongs to this story. Where `speaks` is
    false no model takes part, and there is no prompt: the reply is composed. Without `reads_cards` the
    library is not searched.
    """

    name: str
    compose: Callable[[Story, Sequence[Card], Sequence[str]], Draft]
    read: Callable[[str, Story, Draft], Draft | None] | None = None
    opening: Callable[[Story], str] | None = None
    fits: Callable[[str, Story, Sequence[Card]], bool] | None = None
    off_when_unsafe: bool = True
    speaks: bool = True
    reads_cards: bool = True
