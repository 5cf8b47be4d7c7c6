"""A check-in as the text of one message, and the text as a check-in again. Pure.

    Feeling: tired.                                    each line only where something was said
    Need: a hug.
    Connection 4 of 10, calm 2 of 10, hope 6 of 10.

The form goes through the one path like any message, so that nothing typed or chosen in it is left unscreened.
Words that are not in this form are read as they come: "tired, need a hug, hope 3/10".
"""

from __future__ import annotations

import re

from coach.turn import CheckInSheet

SCALES = ("connection", "calm", "hope")
MOST = 10

_SCALE = re.compile(
    rf"(?<!\w)({'|'.join(SCALES)})[ \t:=]{{1,3}}(?:(?:is|at|now) ){{0,2}}(10|\d)\s?(?:(?:out )?of|/)\s?{MOST}"
    r"(?!\d)[,;.]?",
    re.I,
)
_LABEL = re.compile(r"(?:^|(?<=\n)|(?<=[.;!?…]\s))[ \t]*(feeling|need)[ \t]*:", re.I)
_NEED = re.compile(  # where a need begins in words without labels
    r"(?:^|[\s,;.–—-]+(?:and\s+|but\s+)?)(?:i\s+(?:just\s+|really\s+)?need|needing|need|i(?:'d|\s+would)\s+like)\s+",
    re.I,
)
_WITH_SUBJECT = re.compile(r"(?:i|he|she|it|we|they|my|our|the|nobody|no one|everyone|everything)\b", re.I)
_OPEN = re.compile(r"(?:like|as if|as though|that)\b|[a-z]+ (?:of|that|about)\b", re.I)  # needs "I feel"
_AROUND = " \t\n,;:–—-."


def as_text(sheet: CheckInSheet) -> str:
    """The check-in as a message; empty where nothing was said."""
    words = [
        (label, " ".join(said.split())) for label, said in (("Feeling", sheet.feeling), ("Need", sheet.need))
    ]
    levels = [(name, getattr(sheet, name)) for name in SCALES]
    scales = ", ".join(f"{name} {level} of {MOST}" for name, level in levels if level is not None)
    lines = [*(f"{label}: {said}" for label, said in words if said), scales[:1].upper() + scales[1:]]
    return "\n".join(line if line[-1] in ".!?…" else f"{line}." for line in lines if line)


def read(text: str) -> CheckInSheet:
    """What a message says as a check-in; what it leaves out stays empty."""
    levels = {found[1].lower(): int(found[2]) for found in _SCALE.finditer(text)}
    feeling, need = _words(_SCALE.sub("\n", text))
    return CheckInSheet(feeling, need, *(levels.get(name) for name in SCALES))


def is_form(text: str) -> bool:
    """Whether a message begins as a check-in does, with a label or a level."""
    return bool(_LABEL.match(text) or _SCALE.match(text))


def spoken(text: str) -> str:
    """The words of a check-in as a short message, empty where it has levels alone; other text unchanged.

    Labels and levels hide what stands beside them: the classifier sees danger in "he hit me again" and none
    in "Feeling: he hit me again. Calm 4 of 10", and the search finds less. A bare "numb" is read better than
    "I feel numb", which is taken for the start of despair; "I feel like ending it" and
    "I feel scared of losing him" better than their ends alone.
    """
    if not is_form(text):
        return text
    said = read(text)
    feeling = f"I feel {said.feeling}" if _OPEN.match(said.feeling) else said.feeling
    need = said.need if not said.need or _WITH_SUBJECT.match(said.need) else f"I need {said.need}"
    return "\n".join(filter(None, (feeling, need)))


def levels_of(text: str, name: str) -> tuple[int, ...]:
    """Every level that a message gives for one of `SCALES`, in order."""
    return tuple(int(found[2]) for found in _SCALE.finditer(text) if found[1].lower() == name)


def _words(text: str) -> tuple[str, str]:
    """Feeling and need: by their labels, else by where a need begins."""
    free, *labelled = _LABEL.split(text)
    if labelled:
        said = {"feeling": [free], "need": [""]}
        for label, words in zip(labelled[::2], labelled[1::2], strict=True):
            said[label.lower()].append(words)
        return _joined(said["feeling"]), _joined(said["need"])
    first, *rest = _NEED.split(text, maxsplit=1)
    return _joined([first]), _joined(rest)


def _joined(parts: list[str]) -> str:
    return " ".join(" ".join(parts).split()).strip(_AROUND)
