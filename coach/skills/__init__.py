"""The skills: what each writes without a model, and how each reads and checks a model's draft.

    listen   talk: reflects, offers at most one idea and one question; shown sentence by sentence
    reframe  a worksheet and three ways to say it; checked whole before it is shown
    repair   three steps and one message; checked whole before it is shown
    check_in how somebody is right now, said back; no model takes part
    practice offers the exercise that fits; the way through it runs beside the one path, each answer screened
    close    ends a longer talk: what was told, one person to tell, sleep; no model takes part

`both_sides` is for two people and no conversation: it runs beside the one path, from the page alone.

Under them: `story` (what the user told), `lexicon` (words for feelings and themes, from knowledge/),
`wording` (small joins and choices), `remark` (what is wrong, or fine, with a sentence to somebody).
"""

from __future__ import annotations

from coach.skills import check_in, close, listen, practice, reframe, repair
from coach.skills.skill import Draft, Skill

SKILLS: dict[str, Skill] = {
    "listen": Skill(
        "listen", listen.compose, opening=listen.opening, fits=listen.fits, off_when_unsafe=False
    ),
    "reframe": Skill("reframe", reframe.compose, reframe.read),
    "repair": Skill("repair", repair.compose, repair.read),
    "check_in": Skill("check_in", check_in.compose, speaks=False, off_when_unsafe=False),
    "practice": Skill("practice", practice.compose, speaks=False, off_when_unsafe=False),
    "close": Skill("close", close.compose, speaks=False, reads_cards=False, off_when_unsafe=False),
}

# What is offered where a message asks for another skill than the one that answers; the user decides.
OFFERS: dict[str, str] = {
    "reframe": "Shall we look for other words for that together?",
    "repair": "Shall we look for a way to mend it?",
    "practice": "Would a short exercise help now?",
    "both_sides": "Are both of you here? There is a way to take turns.",
    "check_in": "Shall we note how you are, in twenty seconds?",
}

__all__ = ["OFFERS", "SKILLS", "Draft", "Skill"]
