"""Figures: a value with its 95% interval and the number of rows behind it. Pure.

A suite's metric returns many figures at once; inspect keeps them as plain numbers ("recall@3",
"recall@3 low", …), and `from_values` reads them back from a log.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

_Z = 1.959964  # the normal distribution's 97.5% point


@dataclass(frozen=True)
class Figure:
    """One measured value, from `low` to `high` with 95% confidence, over `n` rows.

    A name with " / " in it is the same figure over a part of the rows, as "recall@3 / story".
    """

    name: str
    value: float
    low: float
    high: float
    n: int

    @property
    def part(self) -> str:
        """The part of the rows that it is over; empty for all."""
        return self.name.partition(" / ")[2]

    def __str__(self) -> str:
        return f"{self.name}: {self.value:.3f} [{self.low:.3f}, {self.high:.3f}] n={self.n}"


def share(name: str, hits: Iterable[bool]) -> Figure | None:
    """The share of rows that hit, with Wilson's interval; None without rows."""
    told = list(hits)
    if not told:
        return None
    low, high = wilson(sum(told), len(told))
    return Figure(name, sum(told) / len(told), low, high, len(told))


def mean(name: str, values: Iterable[float]) -> Figure | None:
    """The mean of values from 0 to 1, with the normal interval; None without rows."""
    told = list(values)
    n = len(told)
    if not n:
        return None
    middle = math.fsum(told) / n
    spread = math.sqrt(math.fsum((value - middle) ** 2 for value in told) / (n - 1)) if n > 1 else 1.0
    reach = _Z * spread / math.sqrt(n)
    return Figure(name, middle, max(0.0, middle - reach), min(1.0, middle + reach), n)


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Wilson's 95% interval for `hits` of `n`; it stays inside 0 to 1 and holds for small n."""
    rate, square = hits / n, _Z * _Z
    middle = (rate + square / (2 * n)) / (1 + square / n)
    reach = _Z / (1 + square / n) * math.sqrt(rate * (1 - rate) / n + square / (4 * n * n))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def shared_runs(texts: Sequence[str], *, length: int = 5) -> float:
    """How much texts repeat each other: the mean over pairs of the runs of words that both hold.

    Of each pair the share of the shorter's runs of `length` words; 0 for fewer than two texts.
    """
    held = []
    for text in texts:
        words = text.lower().split()
        held.append({tuple(words[at : at + length]) for at in range(len(words) - length + 1)})
    pairs = [(one, two) for at, one in enumerate(held) for two in held[:at] if one and two]
    return sum(len(one & two) / min(len(one), len(two)) for one, two in pairs) / len(pairs) if pairs else 0.0


def ndcg(found: Sequence[str], grades: Mapping[str, float], *, at: int = 5) -> float:
    """How well a list is ordered, 0 to 1, the grades as gains (Järvelin and Kekäläinen 2002)."""
    ideal = _discounted(sorted(grades.values(), reverse=True)[:at])
    return _discounted([grades.get(card, 0.0) for card in found[:at]]) / ideal if ideal else 0.0


def to_values(figures: Iterable[Figure | None]) -> dict[str, float]:
    """Figures as the plain numbers that a log keeps; those without rows are left out."""
    values: dict[str, float] = {}
    for figure in figures:
        if figure:
            name = figure.name
            values |= {
                name: figure.value,
                f"{name} low": figure.low,
                f"{name} high": figure.high,
                f"{name} n": figure.n,
            }
    return values


def from_values(values: Mapping[str, float]) -> tuple[Figure, ...]:
    """The figures that `to_values` wrote, in their order."""
    names = [name for name in values if f"{name} n" in values]
    return tuple(
        Figure(name, values[name], values[f"{name} low"], values[f"{name} high"], int(values[f"{name} n"]))
        for name in names
    )


def _discounted(gains: Sequence[float]) -> float:
    return math.fsum(gain / math.log2(place + 2) for place, gain in enumerate(gains))
