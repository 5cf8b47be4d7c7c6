"""The skills: what each writes without a model, and how each reads and checks a model's draft.

    listen   talk: reflects, offers at most one idea and one question; shown sentence by sentence
    reframe  a worksheet and three ways to say it; checked whole before it is shown
    repair   three steps and one message; checked whole before it is shown

Under them: `story` (what the user told), `lexicon` (words for feelings and themes, from knowledge/),
`wording` (small joins and choices), `remark` (what is wrong, or fine, with a sentence to somebody).
"""

from __future__ import annotations

from coach.skills import listen, reframe, repair
from coach.skills.skill import Draft, Skill

SKILLS: dict[str, Skill] = {
    "listen": Skill(
        "listen", listen.compose, opening=listen.opening, fits=listen.fits, off_when_unsafe=False
    ),
    "reframe": Skill("reframe", reframe.compose, reframe.read),
    "repair": Skill("repair", repair.compose, repair.read),
}

__all__ = ["SKILLS", "Draft", "Skill"]
