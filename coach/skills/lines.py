"""Fills the lines of themes.yaml with the people and things of a story."""

from __future__ import annotations

import re
from collections.abc import Sequence

from coach.skills.lexicon import Theme
from coach.skills.story import PARTNER, Person, Story, thing_of
from coach.skills.wording import upper_first

_FORMS = {
    "she": ("she", "her", "her", "herself"),
    "he": ("he", "him", "his", "himself"),
    "they": ("they", "them", "their", "themselves"),
}
_KIN = frozenset(
    ("mum mom mam mother mama dad father papa parents gran nan grandma grandad stepmum stepdad").split()
)
_SIBLING = frozenset("brother sister sibling siblings twin brothers sisters stepbrother stepsister".split())
_FRIEND = frozenset("friend friends mate best-friend bestie".split())
_WORK = frozenset(
    ("boss manager colleague colleagues coworker co-worker coworkers supervisor teammate client").split()
)
_WHO = {
    "in-laws": PARTNER,
    "closeness": PARTNER,
    "drifting": PARTNER,
    "caring": _SIBLING | PARTNER,
    "parents": _KIN,
    "sibling": _SIBLING,
    "friendship": _FRIEND,
    "work": _WORK,
}
_SETTINGS = frozenset({"parents", "sibling", "friendship", "work", "grown child"})


def themes_of(story: Story) -> tuple[Theme, ...]:
    """The story's themes, what happened before who it happened with."""
    what = [t for t in story.themes if t.name not in _SETTINGS]
    return (*what, *(t for t in story.themes if t.name in _SETTINGS))


def person_for(theme: Theme | None, story: Story) -> Person:
    """The one whom the theme's lines are about."""
    wanted = _WHO.get(theme.name, frozenset()) if theme else frozenset()
    for person in story.people:
        if person.role in wanted:
            return person
    return story.main or Person("")


def filled(lines: Sequence[str], theme: Theme | None, story: Story, said: str = "") -> list[str]:
    """All of `lines` that can be filled."""
    made = (fill(line, theme, story, said) for line in lines)
    return [line for line in made if line]


def fill(line: str, theme: Theme | None, story: Story, said: str = "") -> str | None:
    """The line with the other's pronouns; their name stands first where `said` has not named them.

    None if the line needs a name and there is none.
    """
    person = person_for(theme, story)
    if "{name}" in line and not person.name:
        return None
    they, them, their, self_ = _FORMS[person.pronoun]
    shared = any(p.pronoun == person.pronoun for p in story.people if p != person)
    named = not person.name or (person.second.lower() in said.lower() and not shared)
    text = line.replace("{it}", thing_of(theme, story.text) if theme else "it").replace(
        "{name}", person.second
    )
    for place, pronoun in (
        ("{They}", they),
        ("{they}", they),
        ("{them}", them),
        ("{their}", their),
        ("{themself}", self_),
    ):
        while place in text:
            word = pronoun
            if not named and place != "{themself}" and text.find(place) == _first_place(text):
                word = f"{person.second}'s" if place == "{their}" else person.second
                named = True
            text = text.replace(place, upper_first(word) if place == "{They}" else word, 1)
    return upper_first(text)


def _first_place(text: str) -> int:
    match = re.search(r"\{(?:They|they|them|their)\}", text)
    return match.start() if match else -1
