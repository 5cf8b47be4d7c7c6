"""Exercises on the page: one piece of HTML for each step. Nothing that is typed is kept.

    answered(told, house) ─→ the list | a step | the end | a rest, where what was typed tells of danger

`told` is what the browser sends, all of it every time: `exercise`, `at`, `answers`, and in `do` the button
that was pressed (next, back, check, end; none: show the step as it is). What stands on the current step is
screened before anything else is done with it. `safe` carries the no to the question that a doubt raises; the
buttons under that are go_on and unsure.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timezone
from urllib.parse import quote
from uuid import uuid4

from coach.cards import Card, Library
from coach.errors import CoachError, KnowledgeError
from coach.exercise import TOP, Ask, Step
from coach.prompting import fixed_text
from coach.reminder import FILE, Again, calendar, said
from coach.skills.practice import Place, answer, asks_first
from coach.turn import Risk
from coach.web.tabs import House
from coach.web.transcript import clean, contacts, prose, shown

_SUPPORT = '<button type="button" class="pill" data-open="support" aria-haspopup="dialog">Support</button>'
_CALM = Risk()
_ALL = '<button type="button" class="pill" data-exercise="">All exercises</button>'


@dataclass(frozen=True)
class Told:
    """What the browser sends; the first place of an exercise where it sends less."""

    exercise: str = ""
    answers: tuple[str, ...] = ()
    at: int = 0
    do: str = ""
    safe: bool = False


def told(body: bytes) -> Told:
    """Read a request; what is not as it must be counts as left out."""
    try:
        given = json.loads(body or b"{}")
    except ValueError:
        given = {}
    given = given if isinstance(given, dict) else {}
    answers, at = given.get("answers"), given.get("at")
    return Told(
        str(given.get("exercise") or ""),
        tuple(clean(str(one)) for one in answers) if isinstance(answers, list) else (),
        at if type(at) is int else 0,
        str(given.get("do") or ""),
        given.get("safe") is True,
    )


def answered(told: Told, house: House, *, today: date) -> str:
    """The piece that comes next.

    CoachError where an answer holds too much, or where it cannot be screened; nothing has moved then.
    """
    card, unsafe = house.library.cards.get(told.exercise), house.tabs.unsafe
    if card is None or not card.exercise:
        return listed(house.library, unsafe=unsafe)
    place = Place(card.exercise, told.answers, told.at, told.safe or told.do == "go_on")
    if unsafe and card.off_when_unsafe:
        off = f'<div tabindex="-1" data-first>{prose(fixed_text("not_now"))}</div>'
        return f"{off}{_row(_ALL, _SUPPORT)}{_written(card, place)}"
    remind = None if unsafe else today  # an entry in a calendar may be read by whom they fear
    if not told.do:
        return _shown(card, place, remind)
    place = _taken(place)
    try:
        risk = place.worry(house.coach.screen)
    except KnowledgeError as problem:
        raise CoachError(*fixed_text("screen_down").split("\n\n", 1)) from problem
    if risk.level >= 2 or told.do == "unsure":
        house.tabs.warned = house.tabs.warned or risk.is_abuse
        return _rest(card, place, risk, house)
    if asks_first(card, place, risk):
        return _question(card, place)
    if told.do == "end":
        return _end(card, place, remind, risk)
    if told.do == "check":
        return _shown(card, place, remind, risk, place.checked())
    return _shown(card, place.move(-1 if told.do == "back" else 1), remind, risk)


def _taken(place: Place) -> Place:
    """The place with what was typed on its step as it is kept."""
    if place.step is None or place.step.ask is None:
        return place
    kept = list(place.answers)
    kept[place.at] = answer(place.step.ask, kept[place.at])
    return replace(place, answers=tuple(kept))


# The pieces


def listed(library: Library, *, unsafe: bool) -> str:
    """All exercises by need; while somebody is unsafe, without those that ask to come closer."""
    parts = []
    for need in library.needs:
        cards = [library.cards[id] for id in need.cards]
        near = [card for card in cards if not (unsafe and card.off_when_unsafe)]
        items = "".join(
            f'<li><button type="button" class="title" data-exercise="{shown(card.id)}">'
            f"{shown(card.title)}</button>"
            f'<span class="fine">{shown(card.gist)}</span></li>'
            for card in near
        )
        parts.append(f'<h3>{shown(need.name)}</h3><ul class="titles">{items}</ul>' if near else "")
    lead = "You can stop at any step, and any box may stay empty. Nothing is kept once you close the page."
    return f'<p class="lead" tabindex="-1" data-first>{lead}</p>{"".join(parts)}'


def _shown(card: Card, place: Place, remind: date | None, risk: Risk = _CALM, verdict: str = "") -> str:
    """A step, or the end; `remind` is the day from which the next time counts, where one may be offered."""
    step = place.step
    if step is None:
        return _end(card, place, remind, risk)
    says = "".join(prose(part) for part in place.shown())
    back = _do("Back", "back") if place.at else ""
    check = _do("Look at it", "check") if step.ask and step.ask.check else ""
    after = f'<div class="note" role="status">{prose(verdict)}</div>' if verdict else ""
    return _form(
        card,
        place,
        f'<h3>{shown(card.title)}</h3><p class="fine">Step {place.at + 1} of {len(place.steps)}</p>'
        f'{_note(place, risk)}<div class="step" tabindex="-1" data-first>{says}</div>{_timer(step)}'
        f"{_field(place)}{after}"
        f'<div class="row">{_do("End here", "end")}{back}{check}'
        '<button type="submit" class="pill go">Next</button></div>',
    )


def _form(card: Card, place: Place, inside: str) -> str:
    """A form that carries every answer along, so that nobody else has to."""
    kept = "".join(
        f'<input type="hidden" data-kept value="{shown(text)}" autocomplete="off">' for text in place.answers
    )
    safe = " data-safe" if place.safe else ""
    at = f'data-at="{place.at}" data-of="{shown(card.id)}"{safe}'
    return f'<form data-step {at} autocomplete="off">{kept}{inside}</form>'


def _timer(step: Step) -> str:
    """The time as a bar and in seconds; where nothing is to be filled in, the next step comes by itself."""
    if not step.seconds:
        return ""
    goes_on = "" if step.ask else " data-goes-on"
    return (
        f'<div class="timer" data-seconds="{step.seconds}"{goes_on}><progress max="{step.seconds}" value="0" '
        'aria-hidden="true"></progress><span role="timer" aria-live="off" data-left></span>'
        '<button type="button" class="pill" data-pause>Pause</button></div>'
        '<p class="fine" role="status" data-over></p>'
    )


def _field(place: Place) -> str:
    ask = place.step.ask if place.step else None
    if ask is None:
        return ""
    given = place.answers[place.at]
    if ask.kind == "choice":
        return _choice(ask.label, "answer", [(option, option) for option in ask.options], given, "choice")
    if ask.kind == "scale":
        marks = [(str(mark), str(mark)) for mark in range(TOP + 1)]
        lines = place.to_rate or (ask.label,)
        old = [*given.split("\n"), *[""] * len(lines)]
        return "".join(
            _choice(line, f"answer-{number}", marks, old[number], "marks")
            for number, line in enumerate(lines)
        )
    return _box(ask, given)


def _box(ask: Ask, given: str) -> str:
    hint = '<span class="fine"> a line each</span>' if ask.kind == "lines" else ""
    return (
        f'<label class="box">{shown(ask.label)}{hint}<textarea data-answer rows="4" autocomplete="off" '
        f'autocorrect="off" spellcheck="false">{shown(given)}</textarea></label>'
    )


def _choice(label: str, name: str, options: Sequence[tuple[str, str]], given: str, kind: str) -> str:
    inside = "".join(
        f'<label><input type="radio" name="{name}" value="{shown(value)}" autocomplete="off"'
        f"{' checked' if value == given else ''}><span>{shown(text)}</span></label>"
        for value, text in options
    )
    return (
        f'<fieldset class="{kind}" data-answer><legend>{shown(label)}</legend><div>{inside}</div></fieldset>'
    )


def _note(place: Place, risk: Risk) -> str:
    if not risk.level or place.safe:
        return ""
    return f'<div class="note">{prose(fixed_text("practice_note"))}{_SUPPORT}</div>'


def _question(card: Card, place: Place) -> str:
    """The one question that a doubt raises; a no goes on, anything else leads to people."""
    buttons = _row(_do("Back", ""), _SUPPORT, _do("Yes, or not sure", "unsure"), _do("No, go on", "go_on"))
    return _form(
        card,
        place,
        f'<div role="alert" tabindex="-1" data-first>{prose(fixed_text("practice_ask"))}</div>{buttons}',
    )


def _rest(card: Card, place: Place, risk: Risk, house: House) -> str:
    code = house.country or getattr(house.coach, "guess", None)
    people = contacts(house.directory.contacts(code, risk.category), house.around, first=3)
    return _form(
        card,
        place,
        f'<div role="alert" tabindex="-1" data-first>{prose(fixed_text("practice"))}</div>'
        f"{_row(_do('Back', ''), _SUPPORT)}{people}",
    )


def _end(card: Card, place: Place, remind: date | None, risk: Risk) -> str:
    again = f'<button type="button" class="pill" data-exercise="{shown(card.id)}">Begin again</button>'
    back = _do("Back", "" if place.step else "back")
    written = _written(card, place) or (
        f'<h3 tabindex="-1" data-first>{shown(card.title)}</h3>'
        "<p>Nothing is written down, and that is all right. You can stop at any point.</p>"
    )
    next_time = _reminder(place.again, remind) if place.again and remind else ""
    return _form(card, place, f"{_note(place, risk)}{written}{next_time}{_row(back, again, _ALL)}")


def _reminder(again: Again, today: date) -> str:
    """The day of the next time, with a calendar file that stands in the link itself until it is clicked."""
    day = again.after(today)
    text = calendar(day, again.note, now=datetime.now(timezone.utc), uid=str(uuid4()))
    file = f"data:text/calendar;charset=utf-8,{quote(text)}"
    return (
        f"<h4>A good day to look at this again</h4><p>{said(day)}</p>"
        f'<p class="fine">A small file for your own calendar. It says “{shown(again.note)}” and no more; who '
        "can see your calendar or your downloads can find it.</p>"
        f'<div class="row"><a class="pill" href="{file}" download="{FILE}">Save a reminder</a></div>'
    )


def _written(card: Card, place: Place) -> str:
    """What was written, to be copied or printed; empty where nothing was."""
    lines = "".join(
        f"<h4>{shown(label)}</h4>{''.join(prose(line) for line in lines)}" for label, lines in place.summary()
    )
    if not lines:
        return ""
    copy = '<button type="button" class="pill" data-copy>Copy</button>'
    print_ = '<button type="button" class="pill" data-print>Print</button>'
    return (
        f'<div data-written><h3 tabindex="-1" data-first>{shown(card.title)}</h3>{lines}</div>'
        '<p class="fine">This is nowhere else: it is gone when you close the page. Others can find a copy or '
        f'a print.</p><p class="fine" role="status" data-copied></p>{_row(copy, print_)}'
    )


def _do(label: str, do: str) -> str:
    return f'<button type="button" class="pill" data-do="{do}">{shown(label)}</button>'


def _row(*buttons: str) -> str:
    return f'<div class="row">{"".join(buttons)}</div>'
