"""Finds phone numbers in what a model wrote, however they are dressed: no such number may be shown.

A wrong number in a crisis costs lives, so numbers come from the support directory alone. We read
digits, number words ("nine eight eight"), letters in the place of digits ("O8OO"), other scripts
and any separators; years, times, dates, sums of money, counts and breathing rhythms pass.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator

_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve"
    " thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_VALUE = {word: str(n) for n, word in enumerate(_UNITS)} | {"oh": "0", "nought": "0"}
_VALUE |= {word: f"{n}0" for n, word in enumerate(_TENS, start=2)}
_TEN_AND_ONE = re.compile(rf"\b({'|'.join(_TENS)})[- ]({'|'.join(_UNITS[1:10])})\b")
_REPEATED = re.compile(rf"\b(double|triple)[- ]({'|'.join(_UNITS[:10])}|oh|\d)\b")
_WORD = re.compile(rf"(?<![a-z])(?:{'|'.join(_VALUE)})(?![a-z])")
_LOOKALIKE = re.compile(r"(?<![a-z\d])[\doil]*\d[\doil]*(?![a-z\d])")
_VANITY = re.compile(r"(?<!\d)\+?[01][-. ]?8\d\d[-. ]{1,3}[a-z]{3,}")
_RUN = re.compile(r"\d(?:[\s\-().+/,:;*|_·•'#]{0,4}\d)*")
_TIME = re.compile(r"(?<![\d.:])(?:[01]?\d|2[0-4])[.:][0-5]\d(?![\d.:])")
_DATE = re.compile(r"(?<!\d)(?:\d{4}[-/.]\d\d?[-/.]\d\d?|\d\d?[-/.]\d\d?[-/.](?:\d{4}|\d\d))(?!\d)")
_AMOUNT = re.compile(
    r"[£$€] ?[\d.,]+|(?<!\d)\d{1,3}(?:,\d{3})+(?![\d,])"
    r"|\d[\d.,]*(?:[- ](?:or |to )?\d+){0,4} ?(?:%|per ?cent|times|messages|texts|calls|seconds|minutes|hours"
    r"|days|nights|weeks|months|years|people|words|pounds|dollars|euros|rupees|rand|quid|miles|km|kilometres|metres"
    r"|photos|pages|steps|k\b)"
)
_YEARS = re.compile(r"(?:(?:19|20)\d\d(?:[\s\-/,]{1,3}(?:(?:19|20)\d\d|\d\d)(?!\d))*)")
_CONTACT = re.compile(
    r"\b(?:call(?:ing)?|ring|dial|phone|telephone|tel|text(?:ing)?|sms|whatsapp|hotline|helpline|lifeline|line|number"
    r"|reach|contact|emergency|samaritans|police|ambulance|message|press|try)\b"
)
_COUNTED = re.compile(r"\b(?:breath|breathe|breathing|inhale|exhale|count|counting)\b")
_EMERGENCY = frozenset({"911", "988", "999"})


def phone_numbers(text: str, before: str = "") -> Iterator[str]:
    """The phone numbers in `text` (lower case); `before` is what was said just before it.

    A number that begins in `before` and ends in `text` is found too.
    """
    digits = _as_digits(f"{before}\n{text}")
    start = digits.index("\n")
    asks_to_call = bool(_CONTACT.search(digits))
    passing = [_AMOUNT, _YEARS] if asks_to_call else [_AMOUNT, _YEARS, _DATE]
    if not asks_to_call and _COUNTED.search(digits):
        passing.append(re.compile(r"(?<!\d)\d(?:[- ,]{1,2}\d){2,3}(?!\d)"))
    spans = [m.span() for pattern in passing for m in pattern.finditer(digits)]
    allowed = set(spans) | {m.span() for m in _TIME.finditer(digits) if _only_digits(m[0]) not in _EMERGENCY}
    yield from (m[0] for m in _VANITY.finditer(text))
    for run in _RUN.finditer(digits):
        if run.end() > start and _is_phone(run, allowed, asks_to_call):
            yield " ".join(run[0].split())


def _is_phone(run: re.Match[str], allowed: set[tuple[int, int]], asks_to_call: bool) -> bool:
    if any(a <= run.start() and run.end() <= b for a, b in allowed):
        return False
    groups = re.findall(r"\d+", run[0])
    number = "".join(groups)
    steps = {int(b) - int(a) for a, b in itertools.pairwise(groups)}
    if len(groups) > 2 and steps in ({1}, {-1}):
        return False
    if number in _EMERGENCY or len(number) >= 5:
        return True
    return len(number) >= 3 and (asks_to_call or all(len(g) == 1 for g in groups))


def _as_digits(text: str) -> str:
    """Number words, other scripts and lookalike letters as plain digits."""
    text = "".join(str(unicodedata.decimal(ch)) if ch.isdecimal() else ch for ch in text)
    text = _LOOKALIKE.sub(lambda m: m[0].translate(str.maketrans("oil", "011")), text)
    text = _TEN_AND_ONE.sub(lambda m: _VALUE[m[1]][0] + _VALUE[m[2]], text)
    text = _REPEATED.sub(lambda m: _VALUE.get(m[2], m[2]) * (2 if m[1] == "double" else 3), text)
    text = _WORD.sub(lambda m: _VALUE[m[0]], text)
    return re.sub(r"(?<=\d) hundred\b", "00", text)


def _only_digits(text: str) -> str:
    return "".join(ch for ch in text if ch.isdigit())
