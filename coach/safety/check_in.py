"""How the rules read a check-in (coach/form.py), and what a low hope in one asks for. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from coach.form import MOST, is_form, levels_of, read
from coach.turn import Evidence, Risk

FALLS = 4  # from one check-in to the next


def for_rules(text: str) -> str:
    """The message, and after it the words of a check-in as sentences, one a line."""
    if not is_form(text):
        return text
    said = read(text)
    lines = [f"{lead} {words}" for lead, words in (("I feel", said.feeling), ("I need", said.need)) if words]
    return "\n".join([text, *lines])


def with_hope(risk: Risk, text: str, before: Sequence[str] = ()) -> Risk:
    """The risk, at least level 1 about the writer's life, where hope is at 0 or fell by `FALLS` or more.

    `before` is what the user wrote, oldest first; hope is compared with the check-in before this one.
    """
    now = levels_of(text, "hope")
    if not now or risk.level >= 2:
        return risk
    earlier = next((levels for said in reversed(before) if (levels := levels_of(said, "hope"))), ())
    if min(now) > 0 and (not earlier or earlier[-1] - min(now) < FALLS):
        return risk
    words = f"hope {min(now)} of {MOST}" + (f", {earlier[-1]} before" if earlier else "")
    evidence = (Evidence("check-in-hope", words), *risk.evidence)
    return replace(risk, level=1, category="suicide", subject="self", evidence=evidence)
