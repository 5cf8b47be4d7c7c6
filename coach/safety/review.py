"""Review: what a model wrote is checked sentence by sentence before anyone reads it.

    token pieces ─ sentences ─→ sentence ─ review ─→ (), or the faults that keep it from being shown

What a coach must never say stands as data in review_rules.yaml, each rule with its reason, an
example that is blocked and a near miss that passes. Only what no pattern can hold is code here:
looping, the user's story told as the coach's own, phone numbers in any disguise (phone.py), and
text that cannot be read. Long input is cut before any pattern sees it, so the time stays linear.
"""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from coach.safety.normalise import unhidden
from coach.safety.phone import phone_numbers
from coach.safety.review_rules import Rules, read_rules

LONGEST = 400  # characters of a sentence; beyond it we cut at the next white space
_ENDS = ".!?…。！？।؟"
_ENDS_WITHOUT_SPACE = "。！？"
_CLOSERS = "\"')]”’»"
_SHORT_FORM = re.compile(
    r"(?:^|[\s(\"'“])(?:dr|mr|mrs|ms|prof|st|vs|etc|e\.g|i\.e|eg|ie|approx|a\.m|p\.m|[b-hj-z])\.$", re.I
)
_LIST_MARKER = re.compile(r"\s*\(?\d{1,2}\.")
_QUOTED = re.compile(r"\"[^\"]{1,600}\"|“[^”]{1,600}”|(?<!\w)'[^']{1,600}'(?!\w)")
_SAYABLE = re.compile(
    r"(\b(?:say|tell|write|ask|try|send|text|words?|message|sentence|like|begin|start|put it)\b"
    r"(?:[^:]{0,40}:|[^:,]{0,20}, ?(?=i\b))).*",
    re.S,
)
_OFFERS_WORDS = re.compile(r":$|\b(?:say|tell (?:him|her|them)|write|words?|sentence|put it|like this)\b")
_FIRST_PERSON = frozenset({"i", "i'm", "i've", "i'd", "me", "my", "mine", "myself", "we", "us", "our"})
_NO_WORD = re.compile(r"^.{31}|[bcdfghjklmnpqrstvwxz]{6}|[a-z]\d[a-z]|^[b-df-hj-np-tv-xz]{4,}$")
_SPELLED = re.compile(r"\b(?:[a-z]-){2,}[a-z]\b")
_RUN = re.compile(r"[A-Za-z0-9+/]{20,}")
_SMALL = frozenset(
    """a an and are as at be but by can did do for from had has have he her him his how i if in is it me my no
    not of on one or she so that the their them there they this to was we what when who will with would you
    your""".split()
)
_FOREIGN_SMALL = frozenset(
    """ich du er wir ist bei mit und nicht sollst solltest bleiben ihm eine kannst mir el los las con por que
    soy tu debes deberias deberías quedarte una te puedo je suis avec lui une dois devrais rester ne
    peux""".split()
)
_LIKE_TO_LIKE = str.maketrans("‘’‛´`“”„«»‐‑‒–—−", "'" * 5 + '"' * 5 + "-" * 6)
_INVISIBLE = dict.fromkeys([0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFE0F, 0x20E3, 0xFEFF])


@dataclass(frozen=True)
class Fault:
    """One reason not to show a sentence: the kind of fault and the words that decided."""

    kind: str
    words: str


def review(
    sentence: str,
    *,
    user: str = "",
    said: Sequence[str] = (),
    so_far: Sequence[str] = (),
    unsafe: bool = False,
    to_say: bool = False,
) -> tuple[Fault, ...]:
    """What is wrong with one sentence of the coach's; nothing when it may be shown.

    `user` is the message that it answers, `said` the coach's earlier replies, `so_far` the sentences of
    this one, `unsafe` whether somebody is being hurt: then no technique for two.
    `to_say` marks words for the user to say (a worksheet's rewrite): "I" is then the user.
    """
    said = [*said, *so_far]
    if len(sentence) > 2 * LONGEST:
        parts = [part for part in sentences([sentence]) if part.strip()]
        return tuple(f for p in parts for f in review(p, user=user, said=said, unsafe=unsafe, to_say=to_say))
    text, asked = plain(sentence), plain(user)
    if not text:
        return ()
    to_say = to_say or _is_offered(text, said)
    found = [*_by_rule(text, asked, unsafe=unsafe, to_say=to_say), *_by_form(sentence, text, asked, said)]
    if not to_say and (echoed := _echo(text, asked)):
        found.append(Fault("echo", echoed))
    return tuple(dict.fromkeys(found))


def _is_offered(text: str, said: Sequence[str]) -> bool:
    """Whether a sentence in quotation marks is words for the user: the coach spoke before in its own."""
    if not said or text[0] not in "\"'":
        return False
    before = plain(said[-1])
    return bool(_OFFERS_WORDS.search(before)) or (text[-1] in "\"'" and before[:1] not in "\"'")


class Review(Protocol):
    """What finds the faults of a sentence: `review` itself, or a Reviewer."""

    def __call__(
        self,
        sentence: str,
        *,
        user: str = "",
        said: Sequence[str] = (),
        so_far: Sequence[str] = (),
        unsafe: bool = False,
        to_say: bool = False,
    ) -> tuple[Fault, ...]:
        """The faults of one sentence."""
        ...


def review_reply(user: str, reply: str, *, unsafe: bool = False, by: Review = review) -> tuple[Fault, ...]:
    """The faults of a whole reply, each once; plain signs of danger in `user` count as unsafe."""
    unsafe = unsafe or any(sign.search(plain(user)) for sign in rules().danger)
    said: list[str] = []
    found: list[Fault] = []
    for sentence in sentences([reply]):
        found += by(sentence, user=user, so_far=said[-40:], unsafe=unsafe)
        said.append(sentence)
    return tuple(dict.fromkeys(found)) if reply.strip() else (Fault("unreadable", ""),)


def sentences(pieces: Iterable[str]) -> Iterator[str]:
    """Cut a stream of text pieces into sentences as they complete.

    White space stays with the sentence before it, so joining the sentences gives the text again
    (without white space at its very end); how the text was cut into pieces makes no difference.
    A quotation is kept whole up to LONGEST characters, a line break always ends a sentence.
    """
    held: list[str] = []
    inked = ready = quoted = False  # `ready`: a sentence may be complete, the next letter decides
    for ch in itertools.chain.from_iterable(pieces):
        blank = ch.isspace()
        starts_anew = ready and not blank and not ch.islower() and ch not in ",;:)]”’»"
        too_long = len(held) >= LONGEST and (blank or len(held) >= LONGEST + 100)
        if held and (starts_anew or too_long):
            yield "".join(held)
            held, inked, ready, quoted = [], False, False, False
        elif not blank:
            ready = False
        if ch in '"“”':
            quoted = ch == "“" or (ch == '"' and not quoted)
        held.append(ch)
        inked = inked or not blank
        if ch == "\n" and inked:
            yield "".join(held)
            held, inked, ready, quoted = [], False, False, False
        elif (blank or ch in _ENDS_WITHOUT_SPACE) and inked and not quoted and not ready:
            ready = _may_end(held)
    if inked:
        yield "".join(held).rstrip()


def _may_end(held: list[str]) -> bool:
    """Whether a sentence can end here: end mark, closers, white space; no short form, no list marker."""
    if len(held) > 1 and held[-1].isspace() and held[-2].isspace():
        return False
    tail = "".join(held[-24:]).rstrip()
    core = tail.rstrip(_CLOSERS)
    if not core or core[-1] not in _ENDS:
        return False
    list_marker = len(held) < 8 and _LIST_MARKER.fullmatch("".join(held).rstrip())
    return not list_marker and not _SHORT_FORM.search(core)


def plain(text: str) -> str:
    """Lower case, one kind of quote and dash, single spaces, nothing invisible: what patterns read."""
    text = _SPELLED.sub(lambda found: found[0].replace("-", ""), unhidden(text.translate(_INVISIBLE)))
    return " ".join(text.translate(_LIKE_TO_LIKE).split())


@functools.cache
def rules() -> Rules:
    """The rules of review_rules.yaml, read once."""
    return read_rules(Path(__file__).with_name("review_rules.yaml"))


def _by_rule(text: str, asked: str, *, unsafe: bool, to_say: bool) -> Iterator[Fault]:
    """Faults that the rules find; the user's own words, given back in quotation marks, are not read."""
    said_back = _QUOTED.sub(lambda m: " " if m[0][1:-1].strip(" .,!?") in asked else m[0], text)
    unquoted = _QUOTED.sub(" ", text)
    # All of it in quotation marks: then it is the coach who speaks.
    own_voice = _SAYABLE.sub(r"\1", unquoted if unquoted.strip(" .,") else said_back)
    for rule in rules().rules:
        if not rule.holds_for(asked, unsafe=unsafe, to_say=to_say):
            continue
        words = rule.find(own_voice if rule.own_voice else said_back)
        if words and not (rule.unless_user_said and words in asked):
            yield Fault(rule.fault, words)


def _by_form(sentence: str, text: str, asked: str, said: Sequence[str]) -> Iterator[Fault]:
    """Faults of form, which hold whatever the words mean."""
    before = " ".join(plain(part) for part in said[-3:])[-80:]
    yield from (Fault("phone_number", number) for number in phone_numbers(text, before))
    if repeated := _looping(text, said):
        yield Fault("looping", repeated)
    if _unreadable(sentence, text, asked):
        yield Fault("unreadable", text[:60])


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+(?:'[^\W_]+)*", text)


def _looping(text: str, said: Sequence[str]) -> str:
    """The words that come again: a run within the sentence, or most of a sentence said before."""
    words = _words(text)
    runs = Counter(zip(words, words[1:], words[2:], strict=False))
    if runs and (top := runs.most_common(1)[0])[1] >= 3:
        return " ".join(top[0])
    if any(len(set(words[i : i + 5])) == 1 for i in range(len(words) - 4)):
        return words[0]
    if len(words) < 4:
        return ""
    bag = set(words)
    for earlier in (s for whole in said for s in sentences([whole])):
        other = set(_words(plain(earlier)))
        if other == bag or (len(words) >= 6 and len(bag & other) >= 0.85 * len(bag)):
            return " ".join(words[:8])
    return ""


def _echo(text: str, asked: str) -> str:
    """Five words of the user's own story in the first person, told as if it were the coach's."""
    words, theirs = _words(_SAYABLE.sub(r"\1", _QUOTED.sub(" ", text))), _words(asked)
    told = {run for run in zip(*(theirs[i:] for i in range(5)), strict=False) if _FIRST_PERSON & set(run)}
    runs = zip(*(words[i:] for i in range(5)), strict=False)
    return next((" ".join(run) for run in runs if run in told), "")


def _unreadable(sentence: str, text: str, asked: str) -> bool:
    """Broken script, another script than the user's, or too many strings that are no words."""
    if "\ufffd" in sentence or any(unicodedata.category(ch) in ("Cc", "Co", "Cs") for ch in text):
        return True
    letters = [ch for ch in text if ch.isalpha()]
    if len(text) >= 8 and sum(map(str.isalnum, text)) < 0.45 * len(text.replace(" ", "")):
        return True
    foreign = sum(ch > "\u024f" for ch in letters)
    if foreign > 0.2 * len(letters) and sum(ch > "\u024f" for ch in asked) < 0.2 * len(asked):
        return True
    if any(run != run.lower() or re.search(r"\d", run) for run in _RUN.findall(sentence)):
        return True
    words = _words(text)
    if len(words) >= 6 and _SMALL.isdisjoint(words):
        return True
    if len(_FOREIGN_SMALL.intersection(words)) >= 2:
        return True
    odd = sum(bool(_NO_WORD.search(word)) for word in words)
    return odd >= 2 and odd > 0.3 * len(words)
