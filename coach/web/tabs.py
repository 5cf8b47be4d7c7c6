"""What the server remembers: a `House` for all, and in its `Tabs` one `Tab` for each open tab of a browser.

`Tab.answer` takes a message through the coach and folds its events into turns; the page only shows
them. Forgetting a tab stops the coach in it and drops it from the dictionary; an answer that is still
on its way then writes into an object that nobody looks at any more.
"""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Protocol

from coach import settings
from coach.cards import Library
from coach.documents import Document
from coach.errors import CoachError
from coach.skills.practice import Screens
from coach.turn import (
    Contact,
    Conversation,
    Event,
    Finished,
    Found,
    Message,
    Notice,
    Passage,
    Said,
    Stage,
)
from coach.web.transcript import Surroundings, Turn, render

log = logging.getLogger(__name__)


class Responds(Protocol):
    """What the page asks of the coach."""

    @property
    def screen(self) -> Screens: ...

    def forget(self) -> None: ...

    def respond(
        self,
        conversation: Conversation,
        text: str,
        *,
        skill: str | None = None,
        stopped: Callable[[], bool] = ...,
    ) -> Iterator[Event]: ...


class Directory(Protocol):
    """The two things that the page asks of the support directory."""

    @property
    def countries(self) -> dict[str, str]: ...

    def contacts(self, country: str | None, category: str | None) -> tuple[Contact, ...]: ...


class Find(Protocol):
    """The search of the Library view; `restricted` leaves out what is off when somebody is unsafe."""

    def __call__(self, text: str, restricted: bool) -> Sequence[Passage]: ...


def nothing_found(text: str, restricted: bool) -> Sequence[Passage]:
    """The search of a page without a library."""
    return ()


class Tab:
    """One conversation, as one browser tab sees it."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self.conversation = Conversation()
        self.left: float | None = None
        self.halt = threading.Event()
        self._at_work = threading.Lock()

    def answer(
        self, coach: Responds, text: str, *, skill: str | None, country: str | None
    ) -> Generator[None, None, None]:
        """Take one message through the coach; yields after every change that can be seen.

        Nothing is yielded while an earlier message is still being answered.
        """
        if not self._at_work.acquire(blocking=False):
            return
        try:
            self.halt.clear()
            before = replace(self.conversation, country=country)
            self.turns.append(Turn(text, before, whole=True, stage="reading"))
            yield
            yield from self._fold(coach, text, before, skill)
        finally:
            self._settle()
            self._at_work.release()
        yield

    def move(self, coach: Responds, country: str | None) -> None:
        """Give the support replies of this conversation again, with another country's numbers."""
        if self._at_work.locked():
            return
        for number, turn in enumerate(self.turns):
            if turn.reply and turn.reply.support and turn.reply.origin == "fixed":
                found = _fixed(coach, replace(turn.before, country=country), turn.asked)
                if found:
                    self.turns[number] = replace(turn, reply=found.reply)
                    last = number == len(self.turns) - 1
                    self.conversation = found.conversation if last else self.conversation
        self.conversation = replace(self.conversation, country=country)

    def take_back(self) -> str | None:
        """Undo the last turn and return what was typed; what it showed of risk stays known."""
        if not self.turns or self._at_work.locked():
            return None
        last, after = self.turns.pop(), self.conversation
        self.conversation = replace(
            last.before, risk=after.risk, unsafe=after.unsafe, paused=after.paused, awaited=after.awaited
        )
        return last.asked

    def _fold(self, coach: Responds, text: str, before: Conversation, skill: str | None) -> Iterator[None]:
        try:
            with closing(_events(coach, before, text, skill, self.halt.is_set)) as events:
                for event in events:
                    if isinstance(event, Finished) or not self.halt.is_set():
                        self._take(event, whole=skill is not None)
                        yield
        except CoachError as trouble:
            self._last(trouble=trouble)
        except (
            Exception
        ) as exc:  # the page's one catch-all: the type and the place are logged, never the text
            place = traceback.extract_tb(exc.__traceback__)[-1]
            log.error("an answer failed: %s in %s, line %s", type(exc).__name__, place.filename, place.lineno)
            self._last(
                trouble=CoachError(
                    "Something went wrong inside the program.",
                    "Your words are still here: try again, or stop the program and start it anew.",
                )
            )

    def _take(self, event: Event, *, whole: bool) -> None:
        turn = self.turns[-1]
        if isinstance(event, Stage):  # fixed text comes without one, and is shown in one piece
            self._last(stage=event.name, whole=whole)
        elif isinstance(event, Said):
            self._last(said=turn.said + event.text)
        elif isinstance(event, Notice):
            self._last(notice=event)
        elif isinstance(event, Finished):
            self._last(reply=event.reply, stage=None)
            self.conversation = event.conversation
        else:
            assert isinstance(event, Found)  # its passages come again with the reply

    def _settle(self) -> None:
        """End the last turn, however it ended; half an answer counts as one for what comes next."""
        turn = self.turns[-1]
        unfinished = turn.reply is None and turn.trouble is None
        if unfinished and turn.said:
            said = (Message("user", turn.asked), Message("coach", turn.said))
            self.conversation = replace(turn.before, messages=turn.before.messages + said)
        self._last(stage=None, stopped=self.halt.is_set() or unfinished)

    def _last(self, **changes: object) -> None:
        self.turns[-1] = replace(self.turns[-1], **changes)  # type: ignore[arg-type]


def _events(
    coach: Responds, before: Conversation, text: str, skill: str | None, stopped: Callable[[], bool]
) -> Generator[Event, None, None]:
    """The coach's events as a generator that can be closed, whatever iterator it hands out."""
    yield from coach.respond(before, text, skill=skill, stopped=stopped)


def _fixed(coach: Responds, before: Conversation, text: str) -> Finished | None:
    """The fixed reply to a message, which no model takes part in; None as soon as coaching would begin."""
    with closing(_events(coach, before, text, None, lambda: True)) as events:
        for event in events:
            if isinstance(event, Finished):
                return event if event.reply.origin == "fixed" else None
            if not isinstance(event, Said):
                return None
    return None


class Tabs:
    """All conversations of this server, by the session that the browser tab made up for itself."""

    def __init__(self, *, on_forget: Callable[[str], None] = lambda key: None) -> None:
        self._tabs: dict[str, Tab] = {}
        self._lock = threading.Lock()
        self.warned = False  # abuse was told of in an exercise; it goes with the last conversation
        self.on_forget = on_forget

    def __len__(self) -> int:
        return len(self._tabs)

    def at(self, key: str) -> Tab:
        """This tab's conversation, made on first use."""
        with self._lock:
            tab = self._tabs.setdefault(key, Tab())
            tab.left = None
            return tab

    def holds(self, key: str, tab: Tab) -> bool:
        """Whether this conversation is still the one that the tab shows."""
        return self._tabs.get(key) is tab

    def forget(self, key: str) -> None:
        """Drop one conversation and stop what the coach is doing in it."""
        with self._lock:
            tab = self._tabs.pop(key, None)
            self.warned = self.warned and bool(self._tabs)
        if tab:
            tab.halt.set()
        self.on_forget(key)

    def forget_all(self) -> None:
        """Drop every conversation."""
        self.warned = False
        for key in list(self._tabs):
            self.forget(key)

    @property
    def wary(self) -> bool:
        """Whether anything said in any conversation is a reason against exercises for two."""
        return self.unsafe or any(one.risk.level for one in self._held())

    @property
    def unsafe(self) -> bool:
        """Whether what is marked `off_when_unsafe` is off in any conversation."""
        return self.warned or any(one.unsafe or one.awaited for one in self._held())

    def _held(self) -> list[Conversation]:
        return [tab.conversation for tab in list(self._tabs.values())]

    def leave(self, key: str) -> None:
        """Note that the tab was closed; a connection that was only cut can still come back."""
        tab = self._tabs.get(key)
        if tab:
            tab.left = time.monotonic()

    def sweep(self, *, after: float) -> None:
        """Forget the tabs that were closed more than `after` seconds ago."""
        now = time.monotonic()
        for key, tab in list(self._tabs.items()):
            if tab.left is not None and now - tab.left > after:
                self.forget(key)


@dataclass
class House:
    """What all tabs share: the coach, the library, the directory, and the country that was chosen.

    `find` searches the library and `documents` lists the user's own, for the Library view.
    """

    coach: Responds
    library: Library
    directory: Directory
    country: str | None = None
    model: str = "the starter model"
    find: Find = nothing_found
    documents: Callable[[], Sequence[Document]] = lambda: ()
    tabs: Tabs = field(default_factory=Tabs)

    @property
    def around(self) -> Surroundings:
        """What a transcript is shown with now."""
        library = self.library
        return Surroundings(
            library.cards, self.directory.countries, self.country, self.model, library.sources
        )

    def shown(self, tab: Tab) -> str:
        """A tab's conversation as HTML."""
        now = tab.conversation
        return render(tab.turns, self.around, paused=now.paused, asked=now.awaited is not None)

    def choose(self, country: str | None) -> bool:
        """Take a country for all tabs from now on; False where it could not be kept for the next start."""
        self.country = country
        try:
            settings.save({"country": country})
        except OSError as exc:  # the choice holds for this run, which is what matters now
            log.warning("the country could not be saved: %s", type(exc).__name__)
            return False
        return True
