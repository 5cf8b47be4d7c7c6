"""Both sides: two people at one laptop, each alone with it first. A state machine; pure, and no model.

    ready ─ tells ─ picks  (the first)  ─→  ready ─ tells ─ picks  (the second)  ─→  together ─┬─→ stopped
                                                                                               └─→ shared
    shared ─→ speaks (the first) ─→ speaks (the second) ─→ thanks ─→ agrees ─→ ended

The steps up to `together` are the same whatever is typed or answered. A session knows only *that* it will
stop, never why or because of whom: chance and every worry are one bit from the moment they arise, so that
there is nothing to find out, on the page or in memory. Words live until their author has chosen, and then
only the chosen ones; where it will stop, not even those.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from coach.errors import KnowledgeError
from coach.language import language_of
from coach.skills.remark import restricts
from coach.turn import Risk

Step: TypeAlias = Literal[
    "ready",
    "tells",
    "picks",
    "together",
    "stopped",
    "shared",
    "speaks",
    "thanks",
    "agrees",
    "ended",
]
Field: TypeAlias = Literal["happened", "felt", "need"]

FIELDS: tuple[Field, ...] = ("happened", "felt", "need")
QUESTIONS = ("free", "afraid", "rather")
CHANCE = 6  # one run of so many stops without a cause
# Fear of the other, and words that may disclose it. The screen reads danger; here less is enough: a stop too
# many costs half an hour, and one too few may cost more.
_FEAR = re.compile(
    r"\b(?:afraid|scared|frightened|terrified)"
    r" (?:of (?:you|him|her|them|what|how|my|his|their|saying|telling)"
    r"|what|how|when|that (?:you|he|she|they)(?:'ll| will| would|'d) (?:hit|hurt|shout|lose)"
    r"|to (?:say|tell|ask|speak|disagree|refuse|come|go|be|sleep))\b"
    r"|\b(?:on eggshells|unsafe|not safe|threatened|trapped|controlled|forced|violated)\b",
    re.I,
)
_ENDS = re.compile(r"(?<=[.!?…])\s+|\n")  # whatever follows: many people write without capitals
_BRIEF = 4  # words; in fewer, a language cannot be told


@dataclass(frozen=True)
class Line:
    """One line that somebody wrote, and the box that it stands in."""

    field: Field
    text: str


@dataclass(frozen=True)
class Session:
    """Where two people are, and what may be shown now.

    `turn` is 0 for the first of the two and 1 for the second. `draft` holds the lines of the one who is
    choosing; `shown` what each has chosen.
    """

    step: Step = "ready"
    turn: Literal[0, 1] = 0
    stops: bool = False
    draft: tuple[Line, ...] = ()
    shown: tuple[tuple[Line, ...], ...] = ((), ())


def cards_only() -> Session:
    """A session without the private part: taking turns, with cards."""
    return Session("speaks")


def onward(session: Session) -> Session:
    """The step after one in which nothing is typed; a session that is waiting for words stays as it is."""
    if session.step == "ready":
        return replace(session, step="tells")
    if session.step == "together":
        return Session("stopped") if session.stops else replace(session, step="shared")
    if session.step == "shared":
        return Session("speaks")
    if session.step == "speaks":
        return Session("thanks") if session.turn else Session("speaks", 1)
    if session.step == "thanks":
        return Session("agrees")
    return Session("ended") if session.step == "agrees" else session


def told(session: Session, words: Sequence[Line], *, worry: bool) -> Session:
    """What one of them wrote in each box, cut into lines to choose from."""
    assert session.step == "tells"
    lines = [Line(box.field, line) for box in words for line in _lines(box.text)]
    return replace(session, step="picks", draft=tuple(lines), stops=session.stops or worry)


def picked(session: Session, chosen: Sequence[Line], *, worry: bool) -> Session:
    """What one of them lets the other read; all other words of theirs are gone."""
    assert session.step == "picks"
    stops = session.stops or worry
    shown = (*session.shown[: session.turn], tuple(chosen), *session.shown[session.turn + 1 :])
    return Session("together" if session.turn else "ready", 1, stops, shown=((), ()) if stops else shown)


def refuses(answers: Mapping[str, str]) -> bool:
    """Whether a private answer is anything but a plain no; one left open counts as a yes."""
    return any(answers.get(question) != "no" for question in QUESTIONS)


def worrying(written: Sequence[Line], screen: Callable[[str], Risk]) -> bool:
    """Whether anything in one person's words speaks against showing them to the other.

    Each text is read alone and all of them together, whatever was found before: one reading must not take
    longer than another. What the screen cannot read (it is broken, or this is not English) counts too.
    """
    written = [line for line in written if line.text.strip()]
    whole = "\n".join(line.text for line in written)
    try:
        risks = [screen(text) for text in dict.fromkeys([*(line.text for line in written), whole]) if text]
    except KnowledgeError:
        return True
    foreign = len(whole.split()) >= _BRIEF and language_of(whole) != "en"
    told = [bool(_FEAR.search(line.text)) or _controls(line) for line in written]
    return any(risk.level or risk.flags for risk in risks) or foreign or any(told)


def _controls(line: Line) -> bool:
    """Whether a line asks for what is the other's alone to decide; in the last box, all is asked for."""
    asked = "Please, " if line.field == "need" else ""
    return any(restricts(asked + sentence) for sentence in _lines(line.text))


def _lines(text: str) -> list[str]:
    """The sentences of a text, each on one line; short pieces, so that one can be shown without another."""
    return [" ".join(piece.split()) for piece in _ENDS.split(text) if piece.strip()]
