"""What several test files use: a coach that is told what to say, parts that must not be touched, numbers in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from coach.safety.directory import Country
from coach.safety.screen import Screen
from coach.skills.practice import Screens
from coach.turn import Conversation, Event, Finished, Message, Passage, Prompt, Reply, Said


def _unasked(text: str, skill: str | None) -> Reply:
    raise AssertionError("the coach was asked")


class Answers:
    """A coach that answers every message by one function; its screen is the real one's rules, or a given one."""

    guess = "GB"

    def __init__(
        self, reply: Callable[[str, str | None], Reply] = _unasked, *, screen: Screens | None = None
    ) -> None:
        self.reply, self.screen = reply, screen or Screen()

    def forget(self) -> None:
        """It holds nothing."""

    def respond(
        self,
        conversation: Conversation,
        text: str,
        *,
        skill: str | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Iterator[Event]:
        """Answer, and keep the risk of the reply."""
        reply = self.reply(text, skill)
        yield Said(reply.text)
        said = (Message("user", text), Message("coach", reply.text))
        yield Finished(
            reply,
            Conversation(conversation.messages + said, risk=reply.risk, unsafe=reply.risk.level > 0),
        )


class Forbidden:
    """An engine and a retriever that must not be touched."""

    large = False

    def stream(self, prompt: Prompt, *, stopped: Callable[[], bool]) -> Iterator[str]:
        raise AssertionError("the engine was touched")

    def search(
        self, query: str, *, count: int = 3, skill: str | None = None, restricted: bool = False
    ) -> tuple[Passage, ...]:
        raise AssertionError("the retriever was touched")


def numbers_in(words: str) -> set[str]:
    """Every run of digits that could be dialled, without its blanks and hyphens; hours are not numbers."""
    words = re.sub(r"\b24(?: hours|/7)", "", words)
    return {re.sub(r"\D", "", run) for run in re.findall(r"\d[\d -]*", words)}


def dialled(entry: Country) -> set[str]:
    """Every number of a country's entry."""
    told = [entry.emergency.said, entry.emergency.note]
    told += [part for line in entry.contacts for part in (line.number, line.text, line.note)]
    return set().union(*(numbers_in(part or "") for part in told))
