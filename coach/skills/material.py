"""Takes from a message what is to be said: their deeds, mine, circumstances, a wish, said to the other. Pure.

    pieces, by role ─ said to "you", without insult and exaggeration ─ joined where they go on ─→ Material
    pieces, by role ─→ what the user did, to own it in a message of repair

The user's own clauses carry the facts, so that a rewrite is about this quarrel.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from coach.skills import remark as said
from coach.skills.lexicon import lexicon
from coach.skills.parts import Part
from coach.skills.story import Person, Story, to_address, trimmed, weigh
from coach.skills.thread import Thread, read_thread
from coach.skills.wording import (
    WORD,
    bare,
    content,
    count,
    lower_first,
    outside_quotes,
    sentence,
    upper_first,
)

CLAUSE = 28  # words

_LEAD = re.compile(
    r"^(?:(?:and|but|so|then|because|cos|cause|coz|though|although|also|now|well|ok|okay|oh|wow|honestly"
    r"|look|plus|yes|yeah|right|like|anyway|again|seriously|ah|eh|hey|hi|i mean|you know|just|fair(?= but)"
    r"|dear coach|tell (?:him|her|them))\b[\s,:.!-]*)+",
    re.I,
)
_GOES_ON = re.compile(
    r"^(?:before|after|when|while|until|til|till|because|cos|cause|if|though|that|to|in|on|at)\b", re.I
)
# A sentence without a verb that goes on with the one before: "... the dress. To MY engagement."
_FRAGMENT = re.compile(r"(?:to|in|on|at|for|from|with|without|after|before|during|next to|no)\b", re.I)
_FRAGMENT_WORDS = 8
_CHAT = (
    (re.compile(r"\bu r\b|\bur (?=\w+ing\b|so\b|not\b|a\b|the\b|always\b|never\b)", re.I), "you're "),
    (re.compile(r"\bur\b|\byr\b", re.I), "your"),
    (re.compile(r"\bu\b", re.I), "you"),
    (re.compile(r"\br\b"), "are"),
    (
        re.compile(r"\b(?:cos|coz|cuz|bc|'cause|cause(?= (?:i|he|she|they|you|we|it|my)\b))\b", re.I),
        "because",
    ),
    (re.compile(r"\bwen\b", re.I), "when"),
    (re.compile(r"\bgonna\b", re.I), "going to"),
    (re.compile(r"\bwanna\b", re.I), "want to"),
    (re.compile(r"\bya\b", re.I), "you"),
    (re.compile(r"\bw/?(?= (?:my|the|your)\b)"), "with"),
)
_VOCATIVE = re.compile(
    r"(?<!\bold)(?<!\ba)(?<!\bthe)(?<!\bmy)(?<!\byour)"
    r",? (?:mate|bro|bruv|fam|love|babe|man|sis|pal|dude|honey|darling|sweetheart|lah|leh|hor|ffs|lol|smh)"
    r"(?=[\s.!?,]*$)",
    re.I,
)
_CALLED = re.compile(
    r"^(?:[A-Z][a-z]{1,14}|(?i:babe|love|mum|mom|dad|bro|mate|fam|sis)),? (?=(?i:you|your)\b)"
)
_LOUD = re.compile(
    r"\b(?:AGAIN|NOT|EMPTY|OUT|LOUD|MY|YOU|YOUR|ALL|EVERY|NEVER|ALWAYS|NO|ONE|TWO|THREE|FOUR|FIVE|TEN|STILL|HER"
    r"|HIM|AND|WILL|DID|SAID|TOLD|TIMES|HOURS|DAYS|WEEKS|SAME|OUR|THEIR|WHOLE|ENTIRE|ONLY|NOW|TODAY|ME|US)\b"
)
_SIMILE = re.compile(r"(?<! for)(?<! in)(?<! at),? like (?:an? |some )(?:[\w-]+ ){0,2}[\w-]+$", re.I)
_YOURS = re.compile(r"\b(?:you|your|you're|you've|u|ur)\b", re.I)
_QUESTION = re.compile(
    r"(?:is|are|do|did|does|was|were|have|has|why|how|what|where|can|could|would|am)(?:n't)? "
    r"(?:it|you|i|we|that|this|the|come|hard|many)\b",
    re.I,
)
# "even the money I sent, did you say thank you" and what answers it, "you did not": no facts to be told
_ASKED_AFTER = re.compile(
    r", (?:did|do|have|are|were|can|could|will|would) you\b"
    r"|^you (?:did|do|have|are|were|can|could|will|would)(?:n't| not)?$",
    re.I,
)
_PLAIN_SUBJECT = re.compile(r"(?:I|we|you|they|he|she|it)(?:'\w+)? (?:\w+ly )?[a-z]+", re.I)
_SUBJECT = re.compile(
    r"(?:I|I'm|I've|I'd|we|we're|we'd|we've|it|it's|he|she|they|you|my|our|your|his|her|their|the|this|that|there"
    r"|everyone|nobody|mum|mom|dad|[A-Z][a-z]+)\b"
)
DAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
TIMED = re.compile(
    rf"((?:on |last |this |every )?(?:{DAY}|night|week|weekend|month|year|morning|evening)"
    r"|yesterday|today|tonight|christmas|the other (?:day|night)),? (?=you\b)",
    re.I,
)
_VERB = re.compile(
    r"\b(?:\w+ed|\w+n't|is|are|was|were|am|has|have|had|do|does|did|said|told|went|left|came|took|found|forgot"
    r"|broke|threw|lost|ate|saw|heard|got|gave|made|spent|put|cut|sat|slept|woke|hung|bought|sold|kept|felt|read"
    r"|wrote|rang|met|drove|stood|began|let|paid|sent|wore|hid|lent|brought|called|keeps?|goes|go|comes?|makes?"
    r"|takes?|tells?|says?|leaves?|gets?|puts?|lets?|wants?|uses?|treats?|needs?|ain't|aint|given|shown|done|can|will|won't|would|could)\b"
    r"|'(?:s|re|m|ve)\b",
    re.I,
)
_SPEECH = re.compile(
    r"\b(?:said|says?|told|texted|wrote|goes|went|shouted|yelled|asked|posted|me|messaged)\W*$", re.I
)


@dataclass(frozen=True)
class Material:
    """What the rewrites are built from, said to the other; clauses without a full stop.

    `acts` are theirs, `own` is what the user did in the heat of it, `heard` what they said to the user that
    is to be answered, `wish` a request or a sentence of what is wanted, `limit` what the user will do.
    """

    acts: tuple[str, ...] = ()
    around: tuple[str, ...] = ()
    own: str = ""
    heard: str = ""
    wish: str = ""
    limit: str = ""
    name: str = ""
    feeling: str = "hurt"


def material(story: Story) -> Material | None:
    """What the parts of the story give, or None where there is nothing to name and nothing to ask."""
    thread = read_thread(story)
    if thread:
        return _of_thread(story, thread)
    person = whom(story)
    spoken = is_spoken(story)
    shared = any(p.pronoun == person.pronoun for p in story.people if p.name != person.name)
    acts: list[str] = []
    around: list[str] = []
    own: list[str] = []
    wishes: list[str] = []
    last: list[str] | None = None
    for part, after in zip(story.parts, (*story.parts[1:], None), strict=False):
        theirs = part.role in ("deed", "wish")  # then "he" is the other, whoever else is about
        text = addressed(part.text, person, alone=theirs or not shared, spoken=spoken)
        role = _role(part, text, after)
        asked = _asked(text) if role == "deed" else _asked_in_anger(text)
        if asked:
            wishes.append(asked)  # "don't you dare come in at two" is told as a deed, and is a wish
            last = wishes
            continue
        if last is wishes and part.goes_on and _GOES_ON.match(text) and wishes[-1].endswith("?"):
            wishes[-1] = (
                f"{wishes[-1][:-1]} {lower_first(text)}?"  # "is it so hard to wipe the hob | after you fry"
            )
            continue
        if count(text) > CLAUSE and role in ("deed", "context"):
            text = _first_clause(text)
        if last is acts and acts and _joins(part, text, acts[-1]):
            acts[-1] = _joined(acts[-1], text)
            continue
        kept = {"deed": acts, "context": around, "own": own, "wish": wishes}.get(role)
        if kept is around and last is around and around and _adds(part, text, around[-1]):
            around[-1] = f"{around[-1]}, and {lower_first(text)}"
        elif kept is not None and _stands(replace(part, role=role), text):
            if kept is acts and last is own and own and part.goes_on and not _HARSH.search(own[-1]):
                text = f"{own.pop()}, and {lower_first(text)}"  # "I told you three times, and you went out"
            elif kept is acts and _points_back(text):
                short = [one for one in around if count(one) + count(text) < CLAUSE]
                if short:  # "I spent a weekend on the chart, and you handed it over"
                    meant = max(short, key=weigh)
                    around.remove(meant)
                    text = f"{meant}, and {lower_first(text)}"
            kept.append(text)
        last = kept
    if not acts:
        acts = [when for part in story.parts if (when := _summed(part, person, spoken=spoken))][:1]
    heard = heard_words(story)
    wish = next(filter(None, map(_asked, wishes)), "")
    around += filter(None, map(_to_be_known, wishes))
    if not (acts or wish or heard):
        return None
    return Material(
        acts=_plainest([act for act in acts if count(act) <= CLAUSE]),
        around=_plainest([*own, *around, *(one for one in wishes if re.match(r"I\b", one))], 2)
        if heard
        else _plainest(around, 2 if len(acts) > 1 else 3),
        own=_harsh(own),
        heard=heard,
        wish=wish,
        limit=next((one for one in wishes if re.match(r"I(?:'m not|'ll| won't)\b", one)), ""),
        name=_name(person, story, spoken=spoken),
        feeling=_feeling(story, acts),
    )


def is_spoken(story: Story) -> bool:
    """Whether the message is said to the other, and not told of them."""
    told = (part for part in story.parts if part.role in ("deed", "verdict", "wish"))
    return story.raw or any(_YOURS.search(unquoted(part.text)) for part in told)


def whom(story: Story) -> Person:
    """The one that the deeds are told of; the main person where nobody is named in them."""
    deeds = unquoted(" ".join(part.text for part in story.parts if part.role == "deed"))

    def mentions(person: Person, text: str) -> int:
        names = "|".join(re.escape(name) for name in (person.name, person.alias) if name)
        found = re.findall(rf"\b(?:{names})\b('s)?", text, re.I) if names else []
        return sum(1 if owning else 2 for owning in found)

    def told(person: Person) -> int:
        return 2 * mentions(person, deeds) + mentions(person, story.text) + (person == story.main)

    heard = {pronoun for pronoun in ("she", "he") if re.search(rf"\b{pronoun}\b", deeds, re.I)}
    named = [person for person in story.people if mentions(person, deeds) > 1]
    if not named:
        named = [p for p in story.people if p.pronoun in heard]
    chosen = max(named or story.people or [Person("")], key=told)
    unsure = chosen.pronoun not in ("she", "he") and not chosen.plural and len(heard) == 1
    return replace(chosen, pronoun=heard.pop()) if unsure else chosen


_WITH = re.compile(
    r"\b(?:to|with|tell|text|write|ask|send|message|owe)\b[^.?!]{0,16}?\b(?:(her)|him)\b(?! \w+'s)",
    re.I,
)


def wronged(story: Story) -> Person:
    """The one to whom something is to be mended: the main person, unless the words mean another."""
    person = story.main or Person("")
    meant = [m for p in story.parts if p.role in ("rest", "wish") for m in _WITH.finditer(unquoted(p.text))]
    own = unquoted(" ".join(part.text for part in story.parts if part.role == "own"))
    heard = [
        p
        for p, form in (("she", "she|her"), ("he", "he|him|his"))
        if re.search(rf"\b(?:{form})\b", own, re.I)
    ]
    pronoun = ("she" if meant[-1][1] else "he") if meant else heard[0] if len(heard) == 1 else ""
    if not pronoun or person.plural or person.pronoun == pronoun:
        return person
    if person.pronoun not in ("she", "he"):
        return replace(person, pronoun=pronoun)
    return next((one for one in story.people if one.pronoun == pronoun), Person("", pronoun))


def addressed(text: str, person: Person, *, alone: bool, spoken: bool) -> str:
    """A clause said to the other: third person to "you", without fillers, chat spelling and swearing."""
    text = re.sub(r" \(\d{1,2}\w?\)", "", trimmed(text))  # "my son (24)"
    for pattern, plain in _CHAT:
        text = pattern.sub(plain, text)
    text = _CALLED.sub("", _LEAD.sub("", text))
    text = _LOUD.sub(lambda match: match.group().lower(), text)
    text = re.sub(r"\b(?:[A-Z]{2,}(?:ED|ING|LY|TH)|[A-Z]{7,})\b", lambda match: match.group().lower(), text)
    text = re.sub(
        r"^you (?:absolute|utter|total|complete|massive|proper) \w+,? (?=you\b)", "", text, flags=re.I
    )
    if re.match(r"who \w+s\b", text):
        text = to_address(f"he {text[4:]}", Person("", "he"))
    elif not spoken:
        text = to_address(text, person, alone=alone)
    text = bare(_VOCATIVE.sub("", said.unsworn(text)))
    text = _SIMILE.sub("", text) if re.match(r"you\b", text, re.I) else text
    text = _mended(text, spoken=spoken) if said.faults(text) else text
    text = re.sub(r"^when (?=you\b[^,]*$)", "", text, flags=re.I)  # "it hurt | when you made that joke"
    text = re.sub(r"\bi\b", "I", re.sub(r"\bi'(?=\w)", "I'", text))
    text = re.sub(
        r"[\s,]+(?:and|but|so|because|or|(?<!get )(?<!know )(?<!see )(?<!like )(?<!of )(?<!for )that)$",
        "",
        " ".join(text.split()).strip(" ,;:-"),
        flags=re.I,
    )
    return text if WORD.search(text) else ""


_DONE = re.compile(
    r"(?:\w+ed|read|told|said|went|left|let|made|forgot|lost|broke|took|hid|lied|sold|spent|gave|threw|ate|sent|kept"
    r"|put|cut|got|drove|missed|never|just|only|didn't|wasn't)\b",
    re.I,
)


_DID = (
    r"(?:just |only |even |never )?"
    r"(?:\w+ed|told|said|sent|took|sold|read|left|put|went|made|broke|forgot|lost|ate|let|threw|gave|hid)"
)
_BY_ME = re.compile(
    r"(?!you\b)(?:\w+[^\w.!?]+){0,6}?I\b(?!')"
    rf"|(?:(?!\byou \w)[^.!?])*(?:,|\band|\bthen|\bso)(?: \w+){{0,4}} I {_DID}\b",
    re.I,
)
_EXCUSES = re.compile(r"(?:I(?:'m| am| was| thought| had)|we|it's)\b", re.I)  # beside what was done
_I_DID = re.compile(rf"(?:\w+ ){{0,3}}?I {_DID}\b")


def owned(story: Story) -> tuple[str, ...]:
    """What the user did, said to the other: "read her diary" as "I read your diary"; the plainest."""
    person = wronged(story)
    found: list[str] = []
    beside: list[str] = []
    after_own = False
    for part in story.parts:
        text = addressed(part.text, person, alone=True, spoken=False)
        asks = part.text.rstrip("\"' ").endswith("?")
        if not asks and (is_own(part, text) or (after_own and _is_fragment(text))):
            found = _owned_with(found, text)
            after_own = True
            continue
        after_own = False
        if part.role == "context" and _I_DID.match(text) and _YOURS.search(text):
            beside = _owned_with(beside, text)
    found = found or beside  # else it is told as a circumstance: "I sent the money without asking him"
    told_again = [one for one in found if any(one != more and one.lower() in more.lower() for more in found)]
    kept = [one for one in found if one not in told_again]
    did = [one for one in kept if not _EXCUSES.match(one)] or kept
    most = 3 if sum(map(count, did)) <= 40 else 2
    return _plainest(did, most)


def is_own(part: Part, text: str) -> bool:
    """Whether a clause tells what the user did: it is read so, or as a deed of which "I" am the subject."""
    if re.match(r"you\b", text, re.I) and not re.search(r"\bI\b(?!')", text):
        return False
    read_as_theirs = part.role == "deed" and bool(_BY_ME.match(text))
    return part.role == "own" or read_as_theirs or (part.role == "context" and bool(_DONE.match(text)))


def _owned_with(found: list[str], text: str) -> list[str]:
    """What is owned so far, with one more clause if it can stand in a message."""
    if found and _is_fragment(text) and count(found[-1]) + count(text) <= CLAUSE:
        return [*found[:-1], _joined(found[-1], text)]  # "I used the wrong name. In front of two strangers."
    if _DONE.match(text):
        text = f"I {lower_first(text)}"
    text = _unnamed(re.sub(r",? but\b.*", "", text))  # what follows "but" takes the first half back
    first = re.search(r"\bI\b", text)
    if not first:
        return found
    if count(text[: first.start()]) > 12 or count(text) > CLAUSE:
        text = text[first.start() :]
    return [*found, text] if 3 <= count(text) <= CLAUSE and not said.faults(text) else found


def _plainest(acts: Sequence[str], most: int = 3) -> tuple[str, ...]:
    """Those that tell most, in their order."""
    best = sorted(
        acts, key=lambda act: -weigh(act) - 1.5 * bool(re.match(r"you\b", TIMED.sub("", act), re.I))
    )[:most]
    return tuple(act for act in acts if act in best)


def _mended(text: str, *, spoken: bool) -> str:
    """What is left of a clause without its insults: "you're so tight, still no money" as the second half."""
    tidy = said.tidy(text)
    if not said.faults(tidy) or re.search(r"(?:^|\s)'\w", text):
        return tidy
    halves = [half.strip(" ,") for half in re.split(r",\s+| (?=you\b)", text, flags=re.I)]
    kept = [half for half in halves if count(half) >= 4 and _VERB.search(half) and not said.faults(half)]
    if not kept:
        return tidy
    lacks_subject = spoken and not _SUBJECT.match(upper_first(kept[0]))
    return f"you {kept[0]}" if lacks_subject else kept[0]


def unquoted(text: str) -> str:
    return "".join(piece for piece, quoted in outside_quotes(text) if not quoted)


def _role(part: Part, text: str, after: Part | None) -> str:
    """The role of a clause said to the other, where the words show it: what "you" do is a deed."""
    told = re.match(r"you(?:'\w+)? (?!(?:and|or) I\b)\w", TIMED.sub("", text), re.I)
    by_me = re.search(r"\bI\b", text)
    if part.role in ("own", "context") and told and not by_me:
        return "deed"
    if part.role == "own" and not by_me:
        return "context"
    goes_on = after is not None and after.goes_on and after.role == "deed" and _GOES_ON.match(after.text)
    return (
        "deed" if part.role == "verdict" and told and goes_on else part.role
    )  # "you come in, salt it | before …"


def _joins(part: Part, text: str, before: str) -> bool:
    """Whether a clause belongs into the sentence of the deed before: it goes on, or is what was said."""
    if said.faults(text) or not text:
        return False
    if part.role == "deed" and text.startswith('"') and _SPEECH.search(before):
        return True
    if part.role in ("deed", "context", "own") and _is_fragment(text):
        return True
    short = part.role == "deed" or count(before) + count(text) <= CLAUSE
    return part.role != "wish" and part.goes_on and short and bool(_GOES_ON.match(text))


def _is_fragment(text: str) -> bool:
    bare_thing = re.match(r"no\b", text, re.I) or not _VERB.search(text)
    short = count(text) <= _FRAGMENT_WORDS and bool(bare_thing)
    return bool(_FRAGMENT.match(text)) and short and not said.faults(text)


def _first_clause(text: str) -> str:
    """The first clause of a long one, up to a comma, if it can stand alone."""
    head = text.split(",")[0]
    return head if 4 <= count(head) <= CLAUSE and _VERB.search(head) else text


def _adds(part: Part, text: str, before: str) -> bool:
    """Whether it goes on in the sentence of the last: "she came for ten days, and it is seven weeks now"."""
    told = part.goes_on and re.match(r"\W*and\b", part.text, re.I) and _stands(part, text)
    return bool(told) and count(before) + count(text) < CLAUSE


def _points_back(act: str) -> bool:
    """Whether an act speaks of a thing that it does not name: "you handed it to the planner"."""
    return bool(re.match(r"you \w+(?: \w+)? (?:it|them)\b", TIMED.sub("", act), re.I))


_TO_BE_KNOWN = re.compile(
    r"(?:I )?(?:just |only |really )?(?:want(?:ed)?|need|would like|'d like) "
    r"(?:to tell you|you to know)(?: that)? (?=\w)",
    re.I,
)


def _to_be_known(wish: str) -> str:
    """What the user wants to be known: "want to tell you it's about the chat" as "it's about the chat"."""
    told = _TO_BE_KNOWN.sub("", wish, count=1)
    return told if told != wish and _SUBJECT.match(told) and not said.faults(told) else ""


def _joined(before: str, text: str) -> str:
    comma = "," if re.match(r"no\b", text, re.I) else ""
    return f"{before.rstrip(':, ')}{comma} {text if text.startswith(chr(34)) else lower_first(text)}"


def _stands(part: Part, text: str) -> bool:
    """Whether a clause can stand in a rewrite."""
    if not text or said.faults(text) or not 2 <= count(text) <= CLAUSE:
        return False
    asks = (
        _QUESTION.match(text)
        or _QUESTION.match(part.text)
        or _ASKED_AFTER.search(text)
        or (part.role != "deed" and part.text.rstrip("\"' ").endswith("?"))
    )
    if asks and part.role != "wish":
        return False
    if part.role == "own":
        return bool(re.match(r"(?:all )?I\b", text, re.I))
    if part.role == "context":
        plain = TIMED.sub("", text)
        acts = _VERB.search(plain) or _PLAIN_SUBJECT.match(plain)
        return bool(acts and _SUBJECT.match(plain)) and not _GOES_ON.match(text)
    if part.role == "deed" and re.match(r"(?:before|after|until|because|if)\b[^,]*$", text, re.I):
        return False
    acts = _VERB.search(text) or re.match(r"you\b", text, re.I)
    return part.role == "wish" or bool(acts) or not part.goes_on


def _summed(part: Part, person: Person, *, spoken: bool) -> str:
    """What a verdict complains of, where it holds a deed at all: "you never help" as "you don't help"."""
    if part.role != "verdict":
        return ""
    text = trimmed(part.text) if spoken else to_address(trimmed(part.text), person)
    when = said.complaint(text).when
    empty = count(when) < 3 or re.fullmatch(r"you (?:\w+ )?(?:behave|act|look|think|sound|seem)", when)
    return "" if said.faults(when) or empty else when


def _asked(wish: str) -> str:
    """A wish as a request: "put the phone down" to "Could you put the phone down?"."""
    if re.match(r"(?:could|can|will|would) (?:you|we|I)\b", wish, re.I):
        return f"{upper_first(bare(wish))}?"
    wants = re.match(
        r"I(?:'d like| want| need| wish| would like|'d love|'d rather)\b(?! to (?:say|tell|write|ask))", wish
    )
    if wants and _YOURS.search(wish) and not _TO_BE_KNOWN.match(wish):
        return sentence(wish)
    if plain := re.match(r"(?:please |just )?(?:stop|quit) (\w+ing\b.*)", wish, re.I):
        return f"Could you stop {plain[1]}?"
    if plain := re.match(r"(?:please )?don't (?:you dare )?(?!you\b)(\w+.*)", wish, re.I):
        return f"Could you not {plain[1]}?"
    if plain := re.match(
        r"(?:please |just )*(put|give|tell|ask|call|text|ring|let|bring|pay|take|come|turn|clean|wash|send"
        r"|talk|listen|wait|keep|pick|move|say|share|show|help|check|look|sort|fix|get|leave)\b"
        r"(?! (?:me )?alone)(.*)",
        wish,
        re.I,
    ):
        return f"Could you {plain[1].lower()}{plain[2]}?"
    if plain := re.match(r"you (?:need to|must|have to)(?! have) (\w+.*)", wish, re.I):
        return f"Could you {plain[1]}?"
    return ""


_IN_ANGER = re.compile(
    r"(?:(?:is it|was it) (?:really )?(?:so|too|that) (?:hard|difficult|much)(?: to ask)?"
    r"|how hard (?:is|can) it(?: be)?|would it (?:kill|hurt) you|is it too much(?: to ask)?)"
    r"(?: for you)?,? to (?:just |at least )?(?P<one>\w+.*)"
    r"|(?:why )?(?:can't|couldn't|could) you (?:just|ever|even|for once|at least) (?P<two>\w+.*)"
    r"|when (?:are you (?:ever )?going to|will you (?:ever|finally)) (?P<three>\w+.*)",
    re.I,
)


def _asked_in_anger(text: str) -> str:
    """The request in an angry question: "is it so hard to wipe the hob" as "Could you wipe the hob?"."""
    found = _IN_ANGER.match(text)
    wanted = next(filter(None, found.groupdict().values()), "") if found else ""
    return "" if not wanted or said.faults(wanted) else f"Could you {bare(wanted)}?"


_HARSH = re.compile(
    r"\b(?:called you|shouted|yelled|screamed|snapped|swore|slammed|told you (?:that )?you|lost it|cussed?"
    r"|lost my temper|blew up|hung up|threw|banged|said (?:some|horrible|awful|nasty|things))\b",
    re.I,
)


def _harsh(own: Sequence[str]) -> str:
    """What the user did in the heat of it, if anything."""
    return _unnamed(next((one for one in own if _HARSH.search(one) and count(one) <= 20), ""))


def _unnamed(text: str) -> str:
    """ "I called you a useless fool" as "I called you a name": it would wound a second time."""
    return re.sub(
        r"\bcalled you (?:an?|the) (?:[\w-]+ ){0,3}?[\w-]+(?=$|,| in | over | and | with )",
        "called you a name",
        text,
    )


_ANSWER = re.compile(
    r"\b(?:what|how) (?:do|can|could|should|would|will) (?:i|we) (?:even |ever )?(?:say|answer|reply|respond)"
    r"|\b(?:what|how) (?:do|can|could|should) (?:i|we) go up\b|\bwhat (?:do|could|can) i\b"
    r"|\bwhat (?:to|should i) (?:tell|say|answer|reply)|\bwhat does one say\b"
    r"|\b(?:say|answer|write|reply) (?:him |her |them |to that |something )?back\b",
    re.I,
)


def heard_words(story: Story) -> str:
    """The words of the other that the user asks how to answer."""
    theirs = [quote.words for quote in story.quotes if quote.by != "me" and count(quote.words) >= 3]
    deeds = sum(part.role == "deed" and not part.text.endswith("?") for part in story.parts)
    return theirs[-1] if theirs and deeds <= 2 and _ANSWER.search(story.text) else ""


def _name(person: Person, story: Story, *, spoken: bool) -> str:
    if spoken:
        return upper_first(said.complaint(story.text).greeting)
    if person.alias:
        return person.alias
    return "" if person.name.startswith(("my ", "our ")) else upper_first(person.name)


def _feeling(story: Story, acts: Sequence[str]) -> str:
    """The user's own word; else a plain one, by whether it happened once or goes on."""
    book = lexicon()
    named = [feeling for feeling in story.feelings if book.feelings[feeling].family != "warmth"]
    under = [feeling for word in story.pseudo for feeling in book.pseudo[word].under]
    plain = "hurt" if acts and said.is_past(acts[0]) else "frustrated"
    return (*named, *under, plain)[0]


def _of_thread(story: Story, thread: Thread) -> Material | None:
    """A pasted thread: their lines are quoted, the user's own are taken as said."""
    around: list[str] = []
    wishes: list[str] = []
    for line in thread.lines:
        for text in line.sentences if line.mine else ():
            clause = addressed(text, Person(""), alone=True, spoken=True)
            if not clause or count(clause) > CLAUSE:
                continue
            if text.endswith("?") and (
                told := re.match(r"(?:so )?you (?:that )?(\w+ed|bought|said|told|left)\b.*", clause, re.I)
            ):
                around += [f"You {clause[told.start(1) :]}"] if not said.faults(clause) else []
            elif text.endswith("?"):
                wishes += [f"{upper_first(clause)}?"] if not said.faults(clause) else []
            elif said.faults(clause) or said.horsemen(clause):
                when = said.complaint(clause).when
                around += [upper_first(when)] if count(when) > 2 and not said.faults(when) else []
            elif request := _asked(clause):
                wishes.append(request)
            elif _VERB.search(clause):
                around.append(upper_first(clause))
    exchange = _exchange(thread)
    around = [clause for clause in around if len(set(content(clause)) - set(content(exchange))) > 1]
    if not (exchange or around):
        return None
    return Material(
        acts=(exchange,) if exchange else (),
        around=tuple(around[-2:]),
        wish=next((wish for wish in wishes if re.match(r"(?:could|can|will|would) you", wish, re.I)), ""),
        name=thread.other,
        feeling=_feeling(story, ()),
    )


def _exchange(thread: Thread) -> str:
    """What was written and what came back: the first two turns that can be quoted, as written."""
    turns = [
        (mine, _quoted([text for line in lines for text in line.sentences], mine))
        for mine, lines in groupby(thread.lines, key=lambda line: line.mine)
    ]
    for (mine, one), (_, other) in pairwise(turns):
        if one and other:
            who = ("I wrote", "you wrote") if mine else ("you wrote", "I wrote")
            return f'{who[0]} "{one}", and {who[1]} "{other}"'
    theirs = next((words for mine, words in turns if words and not mine), "")
    return f'you wrote "{theirs}"' if theirs else ""


def _quoted(sentences: Sequence[str], mine: bool) -> str:
    """What of them can be quoted: no attack of the user's own, no name for anybody."""
    kept: list[str] = []
    for words in map(bare, sentences):
        harsh = said.horsemen(words) if mine else said.NAMES in said.faults(words)
        if not harsh and count(words) >= 2 and count(" ".join([*kept, words])) <= 16:
            kept.append(words)
    return ". ".join(kept)
