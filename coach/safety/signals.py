"""What a classifier makes of a message, and how one is asked; the one that ships is coach/classifier.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from coach.turn import CATEGORIES, FLAGS, Evidence, Level, Risk, Subject


@dataclass(frozen=True)
class Signals:
    """What the classifier makes of a message: the level, and probabilities of 0 to 1.

    `levels` are of level 1, 2 and 3 or higher; `categories` and `other` (the risk is somebody else's)
    hold if there is a risk at all.
    """

    level: Level
    levels: tuple[float, float, float]
    categories: tuple[float, ...]
    other: float
    flags: tuple[float, ...]

    @property
    def risk(self) -> Risk:
        """The risk that these signals stand for."""
        if self.level == 0:
            return Risk()
        category = CATEGORIES[max(range(len(CATEGORIES)), key=lambda at: self.categories[at])]
        flags = tuple(flag for flag, chance in zip(FLAGS, self.flags, strict=True) if chance >= 0.5)
        sure = f"{category}, {self.levels[self.level - 1]:.2f}"
        subject: Subject = "other" if self.other >= 0.5 else "self"
        return Risk(self.level, category, subject, flags, (Evidence("classifier", sure),))


class Reader(Protocol):
    """What reads the meaning of a message."""

    @property
    def loaded(self) -> bool:
        """Whether it can read without loading first."""
        ...

    def load(self) -> None:
        """Load now; raises ModelError where that is not possible."""
        ...

    def read(self, text: str, before: Sequence[str] = ()) -> Signals:
        """The signals of this message in its conversation; raises ModelError."""
        ...
