"""Both sides on the page: one piece of HTML for each step, and the sessions, in memory only.

    answered(sides, told, …) ─→ opening | a step of a session | stopped | gone | trouble     (pieces: pure)

`told` is what the browser sends: `do` (begin, cards, next, leave), and for a step also `key`, `step`, `turn`
and what was typed. The key is made anew for each session and stands in the page's own markup, nowhere else.
What a piece shows depends on the step and on the author's own lines, never on an answer: a page that differed
would tell.
"""

from __future__ import annotations

import functools
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from coach.cards import read_yaml
from coach.errors import InputError
from coach.settings import bundled
from coach.skills import both_sides
from coach.skills.both_sides import FIELDS, QUESTIONS, Line, Session
from coach.turn import Risk
from coach.web.transcript import clean, prose, shown

EXPIRE_S = 3600.0  # after the last step
REST_S = 12 * 3600.0  # after a stop: who starts over and over would learn what one stop does not tell
BEAT_S = 2.0  # an answer to typed words comes on the beat, so that its time does not tell what was found
LONGEST = 6000  # characters of one box


def by_chance() -> bool:
    """Whether a new session will stop without a cause; one in both_sides.CHANCE."""
    return secrets.randbelow(both_sides.CHANCE) == 0


@dataclass
class _Held:
    session: Session
    last: float


class Sides:
    """The sessions of this run of the program, by key; nothing of them is anywhere else.

    Once a session is bound to stop, all that begin after it are too, until a stop was seen and its rest is
    over: closing it early and starting again shows nothing new. `beat_s` is in seconds.
    """

    def __init__(self, *, chance: Callable[[], bool] = by_chance, beat_s: float = BEAT_S) -> None:
        self.chance = chance
        self.beat_s = beat_s
        self._held: dict[str, _Held] = {}
        self._lock = threading.Lock()
        self._bound = False
        self._rests_until: float | None = None

    def __len__(self) -> int:
        return len(self._held)

    @property
    def resting(self) -> bool:
        """Whether a stop was seen in the last REST_S seconds."""
        with self._lock:
            if self._rests_until is not None and time.monotonic() > self._rests_until:
                self._rests_until, self._bound = None, False
            return self._rests_until is not None

    def begin(self, *, wary: bool) -> tuple[str, Session]:
        """A new session; where something unsafe was said before (`wary`), it will stop like any other."""
        chance = self.chance()
        with self._lock:
            self._bound = self._bound or wary or chance
            return self._keep(Session(stops=self._bound))

    def cards(self) -> tuple[str, Session]:
        """A new session without the private part."""
        with self._lock:
            return self._keep(both_sides.cards_only())

    def at(self, key: str) -> Session | None:
        """The session of a key, unless it ended."""
        self.sweep()
        held = self._held.get(key)
        return held.session if held else None

    def move(self, key: str, before: Session, after: Session) -> bool:
        """Put a session one step on; False where it ended, or moved, while the step was made."""
        with self._lock:
            held = self._held.get(key)
            if held is None or held.session is not before:
                return False
            self._bound = self._bound or after.stops
            if after.step in ("stopped", "ended"):
                del self._held[key]
            else:
                held.session, held.last = after, time.monotonic()
            if after.step == "stopped":
                self._rests_until = time.monotonic() + REST_S
            return True

    def forget(self, key: str) -> None:
        """Drop one session."""
        with self._lock:
            self._held.pop(key, None)

    def forget_all(self) -> None:
        """Drop every session."""
        with self._lock:
            self._held.clear()

    def sweep(self) -> None:
        """Drop the sessions in which nothing was done for EXPIRE_S seconds."""
        now = time.monotonic()
        with self._lock:
            self._held = {key: held for key, held in self._held.items() if now - held.last <= EXPIRE_S}

    def _keep(self, session: Session) -> tuple[str, Session]:
        key = secrets.token_urlsafe(24)
        self._held[key] = _Held(session, time.monotonic())
        return key, session


def answered(
    sides: Sides, told: Mapping[str, str], *, screen: Callable[[str], Risk], wary: bool, people: str
) -> str:
    """The piece of HTML that comes next; `people` is the support directory as HTML.

    InputError where a box holds too much; nothing has moved then, and the browser keeps what was typed.
    """
    do, key = told.get("do", ""), told.get("key", "")
    if do == "leave":
        sides.forget(key)
        return ""
    if do == "cards":
        return view(*sides.cards(), people=people)
    if do == "begin" and not sides.resting:
        return view(*sides.begin(wary=wary), people=people)
    if do != "next":
        return opening(resting=sides.resting)
    session = sides.at(key)
    if session and (told.get("step"), told.get("turn")) == (session.step, str(session.turn)):
        after = _taken(session, told, screen, sides.beat_s)
        if sides.move(key, session, after):
            return view(key, after, people=people)
        session = sides.at(key)
    return view(key, session, people=people) if session else gone()  # pressed twice, or in an old copy


def _taken(
    session: Session, told: Mapping[str, str], screen: Callable[[str], Risk], beat_s: float
) -> Session:
    """The session after this step, with what was typed in it."""
    if session.step not in ("tells", "picks"):
        return both_sides.onward(session)
    begun = time.monotonic()
    if session.step == "tells":
        lines = [Line(name, _typed(told, name)) for name in FIELDS]
        worry = both_sides.worrying(lines, screen)
        after = both_sides.told(session, lines, worry=worry or both_sides.refuses(told))
    else:
        lines = [Line(line.field, _typed(told, f"line-{n}")) for n, line in enumerate(session.draft)]
        changed = [new for new, old in zip(lines, session.draft, strict=True) if new != old]
        worry = both_sides.worrying(changed, screen)
        ticked = [line for n, line in enumerate(lines) if line.text and told.get(f"show-{n}")]
        after = both_sides.picked(session, ticked, worry=worry)
    time.sleep(-(time.monotonic() - begun) % beat_s)
    return after


def _typed(told: Mapping[str, str], name: str) -> str:
    text = clean(told.get(name, "")).strip()
    if len(text) > LONGEST:
        raise InputError(
            f"One of the boxes holds more than {LONGEST} characters.",
            "Keep what matters most in it; everything that you typed is still there.",
        )
    return text


# The pieces


@functools.cache
def _texts() -> dict[str, Any]:
    return read_yaml(bundled("prompts") / "both_sides.yaml")


def opening(*, resting: bool) -> str:
    """What it is, and the two ways in; while it rests, one."""
    told = _texts()["opening"]
    begin = f'<p class="aside">{shown(told["resting"])}</p>' if resting else _button(told["go"], "begin")
    cards = f'<p class="fine">{shown(told["aside"])}</p>{_button(told["cards"], "cards")}'
    return _piece(told["title"], prose(told["text"]) + begin + cards)


def gone() -> str:
    """What is left of a session that ended."""
    return _ending("gone")


def view(key: str, session: Session, *, people: str) -> str:
    """The page of a session's step."""
    step, turn = session.step, session.turn
    if step in ("stopped", "ended"):
        return _ending(step)
    told = _texts()[step]
    names = _names(turn)
    form = ""
    if step == "tells":
        form = _tells(told) + _help(people)
    elif step == "picks":
        form = _picks(told, session.draft) + _help(people)
    elif step == "shared":
        form = _shared(told, session)
    elif "cards" in told:
        form = _cards(told["cards"]) + (_clock(told) if "clock" in told else "")
    end = "" if step in ("ready", "tells", "picks") else _button(_texts()["end"], "end")
    inside = (
        f'{prose(told["text"].format(**names))}<form data-next autocomplete="off">{form}'
        f'<div class="row">{end}<button type="submit" class="pill go">{shown(told["go"])}</button></div>'
        "</form>"
    )
    at = f' data-key="{shown(key)}" data-step="{step}" data-turn="{turn}"'
    return _piece(told["title"].format(**names), inside, at)


def _names(turn: int) -> dict[str, str]:
    names = _texts()["names"]
    first, second = (names["first"], names["second"])[:: -1 if turn else 1]
    return {
        "first": first,
        "second": second,
        "First": first.capitalize(),
        "Second": second.capitalize(),
    }


def _ending(name: str) -> str:
    told = _texts()[name]
    return _piece(told["title"], prose(told["text"]) + _button(_texts()["close"], "end"))


def _piece(title: str, inside: str, at: str = "") -> str:
    return f'<section{at}><h3 tabindex="-1">{shown(title)}</h3>{inside}</section>'


def _button(label: str, do: str) -> str:
    return f'<button type="button" class="pill" data-do="{do}">{shown(label)}</button>'


def _tells(told: Mapping[str, str]) -> str:
    boxes = "".join(f'<label class="box">{shown(told[name])}{_box(name, 4)}</label>' for name in FIELDS)
    asked = "".join(
        f'<fieldset class="asked"><legend>{shown(told[name])}</legend>'
        + "".join(
            f'<label><input type="radio" name="{name}" value="{value}" autocomplete="off">'
            f"{shown(told[value])}</label>"
            for value in ("no", "yes")
        )
        + "</fieldset>"
        for name in QUESTIONS
    )
    return f"{boxes}{prose(told['asks'])}{asked}"


def _box(name: str, rows: int, text: str = "", label: str = "") -> str:
    named = f' aria-label="{shown(label)}"' if label else ""
    return (
        f'<textarea name="{name}" rows="{rows}" autocomplete="off" autocorrect="off" spellcheck="false"'
        f"{named}>{shown(text)}</textarea>"
    )


def _picks(told: Mapping[str, str], draft: tuple[Line, ...]) -> str:
    if not draft:
        return prose(told["none"])
    fields = _texts()["tells"]
    parts = []
    for n, line in enumerate(draft):
        label = told["line"].format(number=n + 1, field=fields[line.field])
        rows = min(6, 1 + len(line.text) // 36)  # as on a phone; where the browser can, style.css fits it
        parts.append(
            f'<li>{_box(f"line-{n}", rows, line.text, label)}<label><input type="checkbox" name="show-{n}"'
            f' value="yes" autocomplete="off">{shown(told["show"])}'
            f'<span class="sr">: {shown(label)}</span></label></li>'
        )
    return f'<ol class="lines-to-show">{"".join(parts)}</ol>'


def _help(people: str) -> str:
    """The same for everybody, whatever was typed."""
    told = _texts()["help"]
    return (
        f'<details class="again"><summary>{shown(told["title"])}</summary>{prose(told["text"])}{people}'
        f'</details><div class="fine">{prose(told["leave"])}</div>'
    )


def _shared(told: Mapping[str, str], session: Session) -> str:
    fields = _texts()["tells"]
    columns = []
    for turn, lines in enumerate(session.shown):
        inside = ""
        for name in FIELDS:
            own = "".join(prose(line.text) for line in lines if line.field == name)
            inside += f'<p class="h">{shown(fields[name])}</p>{own}' if own else ""
        inside = inside or f'<p class="fine">{shown(told["nothing"])}</p>'
        columns.append(f'<section class="side"><h4>{shown(_names(turn)["First"])}</h4>{inside}</section>')
    return f'<div class="sides">{"".join(columns)}</div>'


def _cards(cards: list[str]) -> str:
    return f'<ul class="prompts">{"".join(f"<li>{shown(card)}</li>" for card in cards)}</ul>'


def _clock(told: Mapping[str, str]) -> str:
    return (
        f'<div class="row clock"><button type="button" class="pill" data-clock="120">{shown(told["clock"])}'
        f'</button><span role="timer" data-left></span></div>'
        f'<p class="fine" aria-live="polite" data-over="{shown(told["over"])}"></p>'
    )
