"""What several test files use: parts that must not be touched, and the numbers that stand in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from coach.safety.directory import Country
from coach.turn import Passage, Prompt


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
