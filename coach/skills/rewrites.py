"""Puts what is to be said into three rewrites: warmer, shorter, firmer. Pure.

    Material (material.py) ─ joined ─ each checked; the part that breaks a rule is left out ─→ Rewrite

The words that join the user's clauses ask for nothing that the user did not ask, but to talk.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from coach.skills import remark as said
from coach.skills.material import DAY, TIMED, Material, unquoted
from coach.skills.wording import bare, count, lower_first, pick, sentence, upper_first
from coach.turn import Rewrite

LONGEST = 66  # words of a rewrite

# Feelings that one has at something: "I'm hurt that you left", but "I felt lonely when you left".
AT = frozenset(
    """
    hurt angry sad upset gutted frustrated irritated disappointed shocked resentful heartbroken worried
    ashamed
    """.split()
)
_ASK = (
    "Could we talk about it for ten minutes tonight?",
    "Could you tell me how it was from your side?",
    "Can we find ten quiet minutes for this today?",
    "Could we talk about it when you have a moment?",
)
_SHORT_ASK = ("Can we talk about it?", "Could we talk it through?", "Can we sort this out together?")
_NOT_FINE = (
    "That's not all right with me",
    "I'm not willing to shrug that off",
    "I don't want to act as if that were nothing",
)
LIMITS = (
    "If we can't talk about it calmly tonight, I'll stop there and ask again tomorrow.",
    "If it turns into a row, I'll take a walk and we can go on afterwards.",
    "I'll leave it for this evening, and I won't let it drop.",
    "I'll say it once, and then I'd like an answer this week.",
)
_SORRY = ("and I'm sorry for that", "and that wasn't fair to you", "and I wish I hadn't")


def rewrites(found: Material, *, seed: str) -> tuple[Rewrite, ...]:
    """The three rewrites; none where no wording keeps the rules."""
    if found.heard:
        for texts in _answers(found):
            kept = [_first(iter((text,))) for text in texts]
            if all(kept):
                kinds = ("warmer", "shorter", "firmer")
                return tuple(Rewrite(kind, text) for kind, text in zip(kinds, kept, strict=True))
    made = (
        Rewrite("warmer", _first(_warmer(found, seed))),
        Rewrite("shorter", _first(_shorter(found, seed))),
        Rewrite("firmer", _first(_firmer(found, seed))),
    )
    return tuple(one for one in made if one.text) if made[0].text else ()


def _answers(found: Material) -> Iterator[tuple[str, str, str]]:
    """Answers to what was said to the user: an insult gets a limit, a complaint one part of it owned."""
    around = " ".join(map(_said, found.around))
    if is_insult(found.heard):
        yield (
            f"I'm glad to talk about what's bothering you. {around} I won't be called names while we do.",
            "I won't be called that. Say it another way, and I'm listening.",
            "I'm not going to answer that. When it can be said without names, I'll listen.",
        )
    theirs = re.sub(r"\byou (?=you\b)", "you, ", bare(found.heard))
    for heard in filter(None, (theirs, bare(_mirrored(found.heard)))):
        quoted = f'"{heard}"' if heard == theirs else heard
        yield (
            f"You said {quoted}, and some of that may be on me. {around} "
            "Could you tell me when it felt like that most?",
            f"I heard you say {quoted}. Some of it may be fair. Can we talk about it?",
            f"I take it seriously that you said {quoted}. {around} "
            "I'd like to talk about it, and I won't do it in a row.",
        )


def is_insult(heard: str) -> bool:
    """Whether words are a name for the user, and no complaint that could be answered."""
    return bool({said.NAMES, said.YOU_ARE} & set(said.faults(heard))) and count(heard) <= 12


_TURN = dict(
    pair.split(":")
    for pair in """
    you:I you're:I'm you've:I've you'd:I'd you'll:I'll your:my yours:mine yourself:myself me:you my:your
    mine:yours i:you i'm:you're i've:you've i'd:you'd i'll:you'll myself:yourself
    """.split()
)


def _mirrored(heard: str) -> str:
    """What they complain of, as the user would own it: "you never help me" as "that I don't help you"."""
    when = said.complaint(heard).when
    if not when or said.faults(when):
        return ""
    turned = re.sub(r"[\w']+", lambda match: _TURN.get(match.group().lower(), match.group()), when)
    turned = re.sub(r"\bI are\b", "I am", re.sub(r"(?<=\w )I$", "me", turned))
    return f"that {turned}"


def _first(wordings: Iterator[str]) -> str:
    """The first wording without a fault and within the length."""
    for text in wordings:
        spoken = " ".join(text.split())
        # What they wrote may say "you were short with her"; a name is not said again, not even quoted.
        harsh = said.faults(unquoted(spoken)) or said.NAMES in said.faults(spoken)
        lawful = not (harsh or said.lacks(spoken) or said.restricts(spoken))
        if lawful and count(spoken) <= LONGEST:
            return spoken
    return ""


def _warmer(found: Material, seed: str) -> Iterator[str]:
    own = f"{found.own}, {pick(_SORRY, seed)}." if found.own else ""
    for acts, around in _choices(found):
        text = " ".join(filter(None, [own, _felt(acts, found), *map(_said, around), _ask(found, _ASK, seed)]))
        named = found.name and not text.lower().startswith(f"{found.name.lower()}, ")
        yield f"{found.name}, {_small(text)}" if named else upper_first(text)


def _shorter(found: Material, seed: str) -> Iterator[str]:
    for acts, around in _choices(found):
        about = _felt(acts[:1], found) or " ".join(map(_said, around[:1]))
        yield upper_first(f"{about} {_ask(found, _SHORT_ASK, seed)}".strip())


def _firmer(found: Material, seed: str) -> Iterator[str]:
    limit = sentence(found.limit) if found.limit else pick(LIMITS, seed)
    wish = found.wish if not found.acts else ""
    stand = f"{pick(_NOT_FINE, seed)}." if found.acts or found.around else ""
    for acts, around in _choices(found):
        yield " ".join(filter(None, [*map(_said, (*acts, *around[:1])), wish, stand, limit]))


def _small(text: str) -> str:
    """As it stands after a name: days and names keep their capital."""
    return (
        text
        if re.match(rf"{DAY}\b|[A-Z][a-z]+ (?:and|is|was|has|had|told|said)\b", text, re.I)
        and not re.match(r"(?:You|It|The|My|Your|This|That|He|She|They|We) ", text)
        else lower_first(text)
    )


def _ask(found: Material, asks: Sequence[str], seed: str) -> str:
    if found.wish and not found.acts and found.wish.endswith("?"):
        return f"{found.wish} I'd be glad of it."
    return found.wish or pick(asks, seed)


def _choices(found: Material) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Acts and circumstances to name, the most first."""
    acts = found.acts
    for run in dict.fromkeys([acts[:3], acts[:2], *((act,) for act in acts), ()]):
        for around in dict.fromkeys((found.around[:3], found.around[:2], found.around[:1], ())):
            if run or around or found.wish:
                yield run, around


def _felt(acts: Sequence[str], found: Material) -> str:
    """The acts as what the feeling is about: "I felt hurt when you left"; other clauses stand alone."""
    if not acts:
        return ""
    first, feeling = acts[0], found.feeling
    rest = [_said(act) for act in acts[1:]]
    timed = TIMED.match(first)
    act = first[timed.end() :] if timed else first
    if not re.match(r"you(?:'ve|'re|'d)? \w", act, re.I):
        return " ".join([_said(first), *rest, f"I felt {feeling} about it."])
    past = said.is_past(act)
    time = _time(timed[1]) if timed else ""
    if past and feeling in AT:
        start = f"I'm {feeling} that {time}{lower_first(act)}"
    else:
        start = f"I {'felt' if past else 'feel'} {feeling} when {time}{lower_first(act)}"
    if rest and re.match(r"you\b", acts[1], re.I) and count(start) + count(acts[1]) < 34:
        that = "that " if past and feeling in AT else ""
        return " ".join([f"{start}, and {that}{_full(lower_first(acts[1]))}", *rest[1:]])
    return " ".join([_full(start), *rest])


def _time(time: str) -> str:
    """ "Sunday" as "on Sunday "; "last night" stays."""
    bare_day = re.fullmatch(DAY, time, re.I)
    return f"on {time.capitalize()} " if bare_day else f"{lower_first(time)} "


def _said(text: str) -> str:
    return upper_first(_full(text))


def _full(text: str) -> str:
    """The text with a full stop, unless a quotation ends it with one."""
    return text if re.search(r"[.!?][\"']?$", text) else f"{text}."
