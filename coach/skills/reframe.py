"""Reframe, the flagship: a worksheet from something said, or from a story.

    compose   what happened · the story on top · feelings · need · other view · three rewrites · a request
    read      puts a model's one sentence in as the warmer rewrite, if it passes `check_rewrite`
    check_rewrite(text, story)   the faults of a rewrite, in plain words

Three results carry no rewrite of our own: what is fine or a plain limit stays as it is; a demand over
what is the other's alone is named for what it is; a word that may tell of harm is asked about first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from coach.cards import Card
from coach.skills import remark as said
from coach.skills.deed import find_deed
from coach.skills.grounding import may_be_said, stays_with
from coach.skills.lexicon import Harm, Theme, lexicon
from coach.skills.lines import fill, filled, person_for, themes_of
from coach.skills.material import heard_words, is_spoken, material, whom
from coach.skills.remark import Complaint
from coach.skills.rewrites import AT, LIMITS, is_insult, rewrites
from coach.skills.skill import Draft
from coach.skills.story import (
    Person,
    Story,
    clauses,
    find_themes,
    split_sentences,
    thing_of,
    to_address,
    to_second_person,
    trimmed,
    weigh,
)
from coach.skills.thread import read_thread
from coach.skills.wording import (
    STOP,
    bare,
    content,
    count,
    listed,
    lower_first,
    pick,
    sentence,
    stem,
    upper_first,
    words,
)
from coach.turn import ReframeSheet, Rewrite

AS_IT_IS = "as it is"

_NEED_SAID = {
    "to be heard": "I want to feel heard",
    "to be noticed": "I'd like to feel noticed by you",
    "to be understood": "I want to be understood",
    "to matter": "I want to matter to you",
    "appreciation": "it would do me good to hear that it's seen",
    "help with the load": "I can't carry it alone",
    "fairness": "I want it to be fair for both of us",
    "respect": "I want us to talk to each other with respect",
    "honesty": "I need to be able to believe what I'm told",
    "someone to rely on": "I want to be able to rely on us",
    "closeness": "I miss being close to you",
    "space": "I need a bit of room",
    "belonging": "I'd like to feel that I belong",
    "acceptance": "I'd like to be taken as I am",
    "calm": "I want us to be able to talk calmly",
    "a say in it": "I'd like to have a say in it",
    "trust": "I want to be able to trust this",
    "rest": "I need some rest",
    "room to choose": "I need room to choose for myself",
    "safety": "I need to feel safe",
}
_TELLS = {
    "to be heard": "that what you say doesn't count with {them}",
    "to be noticed": "that you've become part of the furniture",
    "to be understood": "that {they} won't ever get it",
    "to matter": "that you come last",
    "appreciation": "that nobody sees what you do",
    "help with the load": "that it will all stay with you",
    "fairness": "that you give and {they} take",
    "respect": "that {they} think less of you",
    "honesty": "that nothing {they} said was true",
    "someone to rely on": "that you can't count on {them} for anything",
    "closeness": "that you're not wanted any more",
    "space": "that you'll never have a minute to yourself",
    "belonging": "that you're not really one of them",
    "acceptance": "that you're never going to be good enough",
    "calm": "that the two of you can't talk without a fight",
    "a say in it": "that your wish has no weight",
    "trust": "that it will all happen again",
    "rest": "that nobody would notice if you dropped",
    "room to choose": "that your no doesn't count",
    "safety": "that you have to be on guard",
}
_ASK_FOR = {
    "to be heard": "Could you hear me out for ten minutes tonight?",
    "to be noticed": "Could we have ten minutes together this evening, with nothing else on?",
    "to be understood": "Could you tell me what you heard me say, before you answer?",
    "to matter": "Could we keep one evening this week for us?",
    "appreciation": "Could you tell me one thing that you noticed I did this week?",
    "help with the load": "Could we sit down on Sunday and share out the week?",
    "fairness": "Could we agree tonight how we share this out?",
    "respect": "Could you say it to me calmly, when we're alone?",
    "honesty": "Could you tell me plainly what happened?",
    "someone to rely on": "Could you tell me as soon as you know that plans change?",
    "closeness": "Could we take a walk together this week?",
    "space": "Could I have an hour to myself on Saturday?",
    "belonging": "Could you tell me beforehand next time, so that I can be part of it?",
    "acceptance": "Could we leave that subject alone for a month?",
    "calm": "Could we talk about it for ten minutes, and stop if it gets loud?",
    "a say in it": "Could we decide this together, on Saturday?",
    "trust": "Could you answer what I ask about it, once, honestly?",
    "rest": "Could you take over for an hour on Saturday?",
    "room to choose": "Could you ask me first, and take no for an answer?",
    "safety": "Could you lower your voice, or give me ten minutes before we go on?",
}
_ANTIDOTE = {
    "criticism": (
        "There's some criticism in it, a verdict on the person; what helps is to name "
        "the one thing that happened, and a wish."
    ),
    "contempt": (
        "There's a bit of contempt in it, and that is the part that wounds; what helps "
        "is to leave the label out and say what you'd like."
    ),
    "defensiveness": (
        "It defends itself, as anyone would under fire; what helps is to own one small part before the rest."
    ),
    "stonewalling": "It shuts the door; what helps is to say that you need a break and when you'll be back.",
}
_LABELS = {
    "lazy": "help with the load",
    "slob": "help with the load",
    "selfish": "fairness",
    "rude": "respect",
    "cold": "closeness",
    "distant": "closeness",
    "immature": "someone to rely on",
    "childish": "someone to rely on",
    "irresponsible": "someone to rely on",
    "unreliable": "someone to rely on",
    "useless": "help with the load",
    "liar": "honesty",
    "ungrateful": "appreciation",
    "inconsiderate": "fairness",
    "thoughtless": "to matter",
    "needy": "space",
    "clingy": "space",
    "dramatic": "calm",
    "sensitive": "calm",
    "mean": "respect",
    "insensitive": "to be understood",
    "cheap": "fairness",
    "stubborn": "to be heard",
    "arrogant": "respect",
    "baby": "someone to rely on",
    "child": "someone to rely on",
}


@dataclass(frozen=True)
class _Matter:
    """Everything that the rewrites are built from."""

    remark: str
    part: Complaint
    theme: Theme | None
    person: Person
    feelings: tuple[str, ...]
    need: str
    own: str = ""
    harm: str = ""


def compose(story: Story, cards: Sequence[Card], shown: Sequence[str]) -> Draft:
    """A whole worksheet without a model."""
    remark = _remark(story)
    for special in (_nothing, _restricted, _feared, _disclosed, _as_it_is, _insulted_again):
        draft = special(story, remark)
        if draft:
            return draft
    matter = _matter(story, remark)
    sheet = _of_parts(matter, story) if story.parts else None
    if not sheet and not (remark or matter.harm or matter.part.when or _about(matter, story)):
        return _not_enough(story, matter.person)
    sheet = sheet or _sheet(matter, story)
    return Draft(as_text(sheet, _opening(matter, sheet)), sheet.rewrites[0].text, sheet)


def _no_words(text: str, story: Story) -> Draft:
    """A text in place of a worksheet: nothing is rewritten."""
    return Draft(text, sheet=ReframeSheet("", "", story.feelings, (), (), "", (), ""))


def _not_enough(story: Story, person: Person) -> Draft:
    """Nothing to build a sentence from: ask for the one thing that happened."""
    they = person.second if person.name else forms(person)[0]
    if they == "they" and not story.people:
        they = "the other person"
    text = (
        f"To find words for this it needs one thing that happened. What did {they} do or "
        f"say, as a camera would have it? "
        "Or write the sentence as it comes to you, as sharp as it is, and it can be worked on."
    )
    return _no_words(text, story)


def read(text: str, story: Story, composed: Draft) -> Draft | None:
    """The composed worksheet with a model's sentence as its warmer rewrite, or None if it has a fault."""
    line = _one_line(text)
    if not line or not stays_with(line, story, share=0.3) or check_rewrite(line, story):
        return None
    assert isinstance(composed.sheet, ReframeSheet)
    sheet = replace(composed.sheet, rewrites=(Rewrite("warmer", line), *composed.sheet.rewrites[1:]))
    return Draft(composed.text.replace(composed.line, line, 1), line, sheet, model=True)


def _one_line(text: str) -> str:
    """The first paragraph of a model's draft, without a heading or quotation marks around it."""
    first = next((p.strip() for p in text.strip().splitlines() if p.strip()), "")
    first = re.sub(r"^(?:warmer|rewrite|here(?: is|'s)[^:]{0,40})\s*:\s*", "", first, flags=re.I).replace(
        "’", "'"
    )
    return first.strip('"“” ') if len(first) < 500 else ""


def check_rewrite(text: str, story: Story) -> tuple[str, ...]:
    """What is wrong with a rewrite, in plain words; empty if it may be shown."""
    found = [*said.faults(text), *said.lacks(text)]
    if said.restricts(text):
        found.append(said.CONTROL)
    if count(text) > 70 or _loses_topic(text, story):
        found.append(said.TOPIC)
    if invents(text, story):
        found.append(said.FACTS)
    return tuple(dict.fromkeys(found))


def _loses_topic(text: str, story: Story) -> bool:
    part = said.complaint(story.text) if story.raw else Complaint()
    if any(clause and clause in text for clause in (part.want, part.when)):
        return False
    if not story.topics:
        return False
    here = set(content(text)) | {stem(w) for w in words(text)}
    if here & set(story.topics):
        return False
    if len({w for w in words(text) if w in words(story.text)} - _EMPTY) >= 2:
        return False
    if any(
        thing_of(t, story.text).lower() in text.lower() for t in story.themes if t.it not in {"this", "it"}
    ):
        return False
    kept = {t.name for t in find_themes(text)} & {t.name for t in story.themes}
    return not kept


_EMPTY = frozenset(
    """
    you the and that when could would about this with for not don't didn't your what have had has was
    were it's i'm are but how me my it to a i in of on at so is be we us our she he her him they them
    his their from out up all if can will want feel felt talk tell time again one no do did just
    """.split()
)
_PROPOSED = frozenset(
    """
    monday tuesday wednesday thursday friday saturday sunday mondays fridays saturdays sundays i i'm i'd
    i've i'll
    """.split()
)


def invents(text: str, story: Story) -> bool:
    """True for a name, a number or much matter that the story does not hold; days may be proposed."""
    told = set(words(story.text))
    for match in re.finditer(r"(?<![.!?\"] )(?<!^)\b[A-Z][a-z]+\b", text):
        if match.group().lower() not in told | _PROPOSED:
            return True
    opening = re.match(r"[A-Z][a-z]+(?=,)", text)
    if (
        opening
        and opening.group().lower() not in told | STOP
        and opening.group().lower() not in {"honestly", "love", "darling", "look", "mum", "dad"}
    ):
        return True
    if any(n not in re.findall(r"\d+", story.text) for n in re.findall(r"\d+", text)):
        return True
    ours = _our_words() | set(content(story.text))
    strange = [s for s in content(text) if s not in ours]
    return len(strange) > max(2, len(content(text)) * 0.4)


@lru_cache(maxsize=1)
def _our_words() -> frozenset[str]:
    """Words that a rewrite may use in any story: plain ones, and those of the lines that we offer."""
    book = lexicon()
    lines = [
        *_NEED_SAID.values(),
        *_ASK_FOR.values(),
        *_FIRM_NOW,
        *_FIRM_PAST,
        *_MEND_ASK,
        *_COMMON,
        *LIMITS,
        *book.feelings,
    ]
    lines += [line for t in book.themes for line in (*t.request, *t.limit, t.it)]
    lines += [line for h in book.harms for line in (*h.acknowledge, *h.path)]
    return frozenset(s for line in lines for s in content(line))


_COMMON = """
    feel feeling hurt sad lonely tired worried frustrated angry upset ashamed scared anxious overwhelmed
    disappointed alone talk talking listen hear heard help share spend evening tonight tomorrow weekend
    minutes hour week morning love miss close matter matters important need want wish together both
    dinner moment calm quiet slowly ready agree plan find way start stop pause break room walk sit ask
    tell understand understood appreciate notice respect trust honest fair sorry willing hard easier
    better support care felt mean means instead next time when please ten fifteen twenty thirty half
    """.split()


# --- results without rewrites of our own ---------------------------------------------------------


def _nothing(story: Story, remark: str) -> Draft | None:
    if story.text and words(story.text) and story.english:
        return None
    text = (
        "There's nothing to work with yet. Write the sentence as you said it, or would "
        "like to, and who it is for."
    )
    if story.text and not story.english:
        text = (
            "This works in English only so far. If you can, write the sentence in English, "
            "just as you'd say it."
        )
    return Draft(text, sheet=ReframeSheet("", "", (), (), (), "", (), ""))


def _restricted(story: Story, remark: str) -> Draft | None:
    """A demand over what is the other's alone: named, and not rewritten."""
    # In a thread, one line's request meets another line's noun; there the learned kind decides alone.
    what = "" if read_thread(story) else said.restricts(remark) or said.restricts(_as_said(story))
    if not what and story.kind != "controlling":
        return None
    person = story.main or Person("")
    they, them, their = forms(person)
    what = re.sub(r"\byours?\b", lambda m: their if m.group() == "your" else f"{their} own", what)
    what = re.sub(r"\byou\b", they, what)
    observation = f"This asks for a say over {what or 'something in ' + their + ' life'}."
    text = (
        f"{observation} That is {_possessive(person)} to decide, and it would be so "
        f"however gently it was put, so there are no rewrites "
        f"here. What is yours is whatever stands behind it: a fear, or a hurt, or "
        f"something missed. That can be said without asking {them} "
        f"to give anything up. What do you fear would happen if {they} went on deciding "
        f"this {'alone' if they == 'they' else 'for ' + them + 'self'}?"
    )
    return Draft(text, sheet=ReframeSheet(observation, "", story.feelings, (), (), "", (), ""))


def _possessive(person: Person) -> str:
    if person.name:
        return f"{person.second}'s"
    return {"she": "hers", "he": "his", "they": "theirs"}[person.pronoun]


def _disclosed(story: Story, remark: str) -> Draft | None:
    """A word that may tell of harm: what happened comes before any rewrite."""
    if not story.disclosures:
        return None
    word = story.disclosures[0]
    known = lexicon().pseudo[word]
    text = (
        f"'{upper_first(word)}' can mean several things, and some of them should not be "
        f"met with a softer sentence. Before any words for it: what "
        "happened, as plainly as you can say it? And if you said no, what would follow? "
        "If the answer frightens you, Support has people who know this."
    )
    return Draft(
        text,
        sheet=ReframeSheet(
            f"You felt {word}.", "", (*story.feelings, *known.under), (known.need,), (), "", (), ""
        ),
    )


def _feared(story: Story, remark: str) -> Draft | None:
    """Words for somebody who is feared; the question about safety was asked, and answered, before."""
    if story.kind != "unsafe":
        return None
    text = (
        "This still reads as if what comes back may not be safe for one of you, so there are no rewrites "
        "here: a softer sentence does not make that safe. I am a program and may be misreading it. Support "
        "has people who know such evenings. In Talk you can tell what happens when somebody says no."
    )
    return _no_words(text, story)


_AGAIN = re.compile(
    r"\b(?:again|always|constantly|every (?:day|night|time|week)|all the time|keeps? (?:call|say|tell)ing"
    r"|calls me|over and over|second time|third time)\b",
    re.I,
)


def _insulted_again(story: Story, remark: str) -> Draft | None:
    """A name for the user that was not said for the first time: a question before any words."""
    heard = heard_words(story)
    if not heard or not is_insult(heard) or not _AGAIN.search(story.text.replace(heard, "")):
        return None
    text = (
        "Being called names, and more than once, comes before any words for an answer. What happens when "
        "you ask for it to stop? And are you ever afraid of what comes next? If the answer frightens you, "
        "Support has people who know this. If it does not, say so, and we can look for a limit that is yours."
    )
    return _no_words(text, story)


def _as_it_is(story: Story, remark: str) -> Draft | None:
    """A plain limit or a remark with nothing to mend: left as it is."""
    if story.kind:
        sharp = bool(remark and said.faults(remark))
        limit, fine = story.kind == "limit" and not sharp, story.kind == "fine" and not sharp
        remark = remark or next((q.words for q in story.quotes if q.by == "me"), story.text)
    else:
        limit, fine = bool(remark) and said.is_limit(remark), bool(remark) and said.is_fine(remark)
    if not (limit or fine):
        return None
    if limit:
        text = (
            f'"{remark}" is a plain limit, and it is clear. It needs no softening and no '
            f"reason. If it isn't respected, that is worth taking seriously."
        )
    else:
        text = (
            f'"{remark}" is fine as it stands: it speaks for you and leaves the other person '
            f"room to answer. There is nothing here to soften."
        )
    kept = (Rewrite(AS_IT_IS, remark),)
    return Draft(text, sheet=ReframeSheet("", "", story.feelings, (), (), "", kept, ""))


# --- the worksheet ----------------------------------------------------------------------------


def _is_remark(story: Story) -> bool:
    asked = re.search(r"\b(?:could|can|would|will|shall) (?:we|you)\b", story.question, re.I)
    short = count(story.text) <= 25 and not story.people and (not story.asks or bool(asked))
    return story.raw or short


def _remark(story: Story) -> str:
    """What was or would be said to the other: the whole text, or what the user quotes of themself."""
    if _is_remark(story):
        return story.text.strip().strip('"').strip()
    own = [q.words for q in story.quotes if q.by == "me" and re.search(r"\byou", q.words, re.I)]
    if own:
        return own[0]
    meant = re.search(
        (
            r"\b(?:say|tell (?:him|her|them)|ask (?:him|her|them)|text (?:him|her"
            r"|them))\s+(?:that\s+)?[\"']([^\"\n]{6,200})[\"']"
        ),
        story.text,
    )
    if meant:
        return meant[1]
    told = re.search(
        (
            r"\bhow (?:do|can|should|could) i (?:\w+ )?(?:tell|say to|explain to) .{2,40}? "
            r"that (i\b.{4,90}?)[?.]"
        ),
        story.text,
        re.I,
    )
    return sentence(re.sub(r"\bi\b", "I", told[1])) if told else ""


def _as_said(story: Story) -> str:
    """The story's own words said to the other."""
    if story.raw:
        return story.text
    alone = not story.shared_pronoun
    return " ".join(to_address(s, story.main, alone=alone) for s in story.sentences[:30])


def _matter(story: Story, remark: str) -> _Matter:
    themes = themes_of(story)
    theme = themes[0] if themes else None
    person = person_for(theme, story)
    if remark:
        part = said.complaint(remark)
    elif deed := find_deed(story, story.main or person):
        felt, need = inner(story, theme, Complaint())
        feelings = felt if story.feelings or story.pseudo else ("ashamed", "worried")
        return _Matter(
            "", Complaint(), theme, story.main or person, feelings, need, deed.said, deed.harm.name
        )
    else:
        part, person = other_did(story, person)
    feelings, need = inner(story, theme, part)
    return _Matter(remark, part, theme, person, feelings, need)


def matches_theme(text: str, story: Story) -> bool:
    """True if the text speaks of what the story is mostly about."""
    themes = themes_of(story)
    return bool(themes) and themes[0] in find_themes(text)


def other_did(story: Story, person: Person) -> tuple[Complaint, Person]:
    """What was done to the user, and by whom: the theme's person if there is such a clause, else another."""
    for other in (person, *(p for p in story.people if p != person)):
        part = _done_by(story, other)
        if part.when:
            return part, other
    return Complaint(), person


def _done_by(story: Story, person: Person) -> Complaint:
    alone = not any(p.pronoun == person.pronoun for p in story.people if p != person)
    best: tuple[float, str] = (0.0, "")
    time = ""
    for text in [c for s in story.sentences[:40] for c in _short_clauses(s)]:
        turned = to_address(trimmed(text), person, alone=alone)
        match = _DID.search(turned) or _WHEN_DID.match(turned)
        if not match or re.match(r"you (?:may|might|could|would|know)\b", match[2], re.I):
            continue
        if not _worth_raising(match[2], story):
            continue
        act = _joined(_cut_short(match[2]))
        score = weigh(text) - (
            1.5 if re.search(r"\b(?:isn't|aren't|not|won't) (?:talking|speaking|talk|speak)", text) else 0
        )
        score += 1.5 if matches_theme(act, story) else 0
        score -= 1.2 if re.match(r"you (?:just )?(?:said|say|says)\b", act) and '"' not in act else 0
        if said.MIND in said.faults(act) or re.search(r"\b(?:he|she)\b", act):
            score -= 3
        if score > best[0]:
            best, time = (score, act), bare(match[1] or "")
    if not best[1]:
        return Complaint()
    part = said.complaint(best[1])
    if not part.when:
        part = Complaint(when=said.tidy(best[1]), past=said.is_past(best[1]))
    return replace(part, time=lower_first(time))


_DID = re.compile(
    r"(?:^|[,;–-] |\b(?:and|but|so|then|because|where|that|found out|discovered"
    r"|learned|realised|realized|noticed|saw that) )"
    r"((?:last (?:night|week|month|year|\w+day)|this (?:morning|evening|week)"
    r"|yesterday|today|tonight|on \w+day|at (?:christmas|dinner|the weekend)|for "
    r"(?:our|my) \w+)\b,? )?"
    r"(you(?:'re|'ve|'d)? (?!and I\b).+)",
    re.I,
)


_WHEN_DID = re.compile(
    r"((?:last|this|on|at|when|after|yesterday|today|every|the (?:day|night"
    r"|moment))\b(?:(?! you ).){2,60}?),? "
    r"(you (?:just |then )?(?:\w+(?:'t|ed)|said|told|went|left|came|look|looks|got"
    r"|gave|took|put|sat|hung|laugh)\b.*)",
    re.I,
)
_PLAINT = re.compile(
    r"n't\b|\b(?:not|never|without|again|only|every|keeps?|instead|ignor\w+|laugh\w*"
    r"|shout\w*|late|before|interrupt\w*|behind|alone|still"
    r"|back|change\w*|turn\w*|correct\w*|use|uses|leave|let|roll\w*|call)\b",
    re.I,
)
_HARMLESS = re.compile(
    r"^you(?:'re| are| were|'ve been)? (?:very |so |really )?(?:works?|kind|good"
    r"|nice|sweet|lovely|love|a good|a kind|busy|ashamed|tired|went very quiet"
    r"|needs?|plays?|sorry|smiled|cried|cry|texted \"(?:are you|is everything))\b",
    re.I,
)


def _worth_raising(act: str, story: Story) -> bool:
    """True for something done that one might bring up, not for a trait, a habit or a kindness."""
    if _HARMLESS.match(act):
        return False
    return said.is_past(act) or bool(_PLAINT.search(act)) or matches_theme(act, story)


def _joined(act: str) -> str:
    """ "get home, kick off your shoes" with its missing "and"."""
    if re.search(r"\band\b", act):
        return act
    return re.sub(r", (?=(?:don't |didn't )?[a-z]+ [^,]+$)", " and ", act) if act.count(",") == 1 else act


def _cut_short(act: str) -> str:
    """The act within twenty words, cut where a new thought begins."""
    while count(act) > 20:
        shorter = re.sub(
            (
                r"(?:,| -|;|\s(?:and|but|while|so|because|then|when|which))\s(?:(?!,| -|;"
                r"|\s(?:and|but|while|so|because|then|when|which)\s).)*$"
            ),
            "",
            act,
        )
        if shorter == act:
            return " ".join(act.split()[:20])
        act = shorter
    return act


def _short_clauses(text: str) -> list[str]:
    pieces = re.split(r"(?:, | )(?:and then|and|but|so) (?=(?:i|he|she|they|we|it|my|now)\b)|; ", text)
    return [p for piece in pieces for p in clauses(piece)]


def inner(story: Story, theme: Theme | None, part: Complaint) -> tuple[tuple[str, ...], str]:
    """The feelings and the need: named by the user, under a pseudo-feeling, or guessed from the theme."""
    book = lexicon()
    feelings = [f for f in story.feelings if book.feelings[f].family != "warmth"]
    need = ""
    for word in story.pseudo:
        feelings += [f for f in book.pseudo[word].under if f not in feelings]
        need = need or book.pseudo[word].need
    label = next((n for w, n in _LABELS.items() if w in part.label.lower()), "")
    hinted = next((n for n, p in book.need_patterns.items() if p.search(story.text)), "")
    need = need or (theme.need if theme else "") or label or hinted or "to be understood"
    if not feelings:
        feelings = [theme.feeling] if theme else ["frustrated" if said.horsemen(story.text) else "hurt"]
    return tuple(dict.fromkeys(feelings))[:3], need


def _of_parts(matter: _Matter, story: Story) -> ReframeSheet | None:
    """The worksheet from what the classifier read in the pieces; None where it found nothing to name."""
    found = material(story)
    made = found and rewrites(found, seed=story.text)
    if not (found and made):
        return None
    spoken = is_spoken(story)
    person = Person(found.name) if spoken else whom(story)  # said to somebody, who may be nobody named in it
    matter = replace(matter, person=person, feelings=matter.feelings if story.feelings else (found.feeling,))
    if matter.theme not in find_themes(" ".join(found.acts)):  # a word in passing is no theme
        matter = replace(matter, theme=None, need=inner(story, None, matter.part)[1])
    seen = [_seen(part.text) for part in story.parts if part.role == "deed"]
    camera = [text for text in seen[:3] if may_be_said(text, story)]
    if spoken:
        camera = [sentence(_told_of(act, person)) for act in found.acts[:3]]
    return replace(
        _sheet(matter, story),
        observation=" ".join(map(upper_first, camera)) or _observation(matter, story),
        rewrites=made,
        request=found.wish or made[1].text.rsplit(". ", 1)[-1],
    )


def _sheet(matter: _Matter, story: Story) -> ReframeSheet:
    judged = matter.remark or " ".join(q.words for q in story.quotes if q.by == "me")
    own = (
        " ".join(s for s in story.sentences if re.match(r"\W*(?:i|so i|and i|then i)\b", s, re.I))
        if not matter.remark
        else ""
    )
    riders = (
        tuple(dict.fromkeys([*said.horsemen(judged), *(h for h in said.horsemen(own) if h != "criticism")]))
        if judged or own
        else ()
    )
    request = _request(matter, story)
    return ReframeSheet(
        observation=_observation(matter, story),
        story=_told(matter),
        feelings=matter.feelings,
        needs=(matter.need,),
        horsemen=riders,
        other_view=_other_view(matter, story),
        rewrites=_rewrites(matter, story, request),
        request=request,
        trap=_trap(matter, story),
        third_view=_third_view(matter, story),
    )


def forms(person: Person) -> tuple[str, str, str]:
    return {"she": ("she", "her", "her"), "he": ("he", "him", "his"), "they": ("they", "them", "their")}[
        person.pronoun
    ]


def _observation(matter: _Matter, story: Story) -> str:
    """What a camera would have seen; where the words only sum up, it says so."""
    if not matter.remark:
        seen = [f for f in story.facts if weigh(f) > 1 and count(f) <= 34] or [
            t for t in story.telling if count(t) <= 34
        ]
        if seen := [f for f in seen if may_be_said(_seen(f), story)]:
            best = sorted(sorted(seen, key=lambda f: -weigh(f))[:2], key=lambda f: story.text.find(f))
            return " ".join(_seen(f) for f in best if count(f) < 30)
    summed = re.search(r"\b(always|never|constantly|every time|all)\b", matter.remark, re.I)
    part = matter.part
    thing = part.want or part.when or part.matter
    if part.when and (part.past or not summed):
        return f"A camera would have seen this much: {_told_of(part.when, matter.person)}."
    if summed and thing:
        again = _last_time(part, matter.person) or f"it was about {_bare_thing(part, matter.person)}"
        return pick(
            [
                (
                    f"A camera has no '{summed[1].lower()}', only the last time {again}. Where were "
                    f"you both, and what was said?"
                ),
                (
                    f"'{upper_first(summed[1].lower())}' is a sum. What a camera would have is one "
                    f"time that {again}; which one comes up first?"
                ),
                f"Take just the last time {again}: what would a camera have seen and heard?",
            ],
            story.text,
        )
    return (
        "A camera would have seen one moment only: where you both were, and what was "
        "said. Which moment is it about?"
    )


def _seen(fact: str) -> str:
    return sentence(to_second_person(trimmed(fact)))


def _told_of(when: str, person: Person) -> str:
    """ "you forgot my birthday" as the user would hear it: "they forgot your birthday"."""
    they, them, their = forms(person)
    start = person.second if person.name else they
    swap = {
        "my": "your",
        "me": "you",
        "i": "you",
        "i'm": "you're",
        "we": "you",
        "our": "your",
        "us": "you",
        "your": their,
        "yourself": f"{them}self",
        "myself": "yourself",
        "mine": "yours",
    }
    tokens = re.findall(r"[\w']+|[^\w']+", when)
    out = []
    for n, token in enumerate(tokens):
        low = token.lower()
        if n == 0 and low.startswith("you"):
            out.append(start + low[3:])
        elif low == "you":
            out.append(them)
        else:
            out.append(swap.get(low, token))
    text = "".join(out)
    if person.name or they != "they":
        text = re.sub(
            rf"^{re.escape(start)} (don't|haven't|keep|are|have|do)\b",
            lambda m: f"{start} {_third(m[1])}",
            text,
        )
        text = re.sub(rf"^{re.escape(start)}'re\b", f"{start} is" if person.name else f"{start}'s", text)
        text = re.sub(rf"^{re.escape(start)}'ve\b", f"{start} has" if person.name else f"{start}'s", text)
    return text


def _last_time(part: Complaint, person: Person) -> str:
    """What was done, as it was the last time: "you don't listen to me" to "they didn't listen to you"."""
    swaps = (
        (r"^you don't\b", "you didn't"),
        (r"^you're\b", "you were"),
        (r"^you can't\b", "you couldn't"),
        (r"^you won't\b", "you wouldn't"),
    )
    for pattern, past in swaps:
        if re.match(pattern, part.when):
            return _were(_told_of(re.sub(pattern, past, part.when), person), person)
    match = re.match(r"^you (\w+)(.*)", part.when)
    if not match or part.past:
        return _told_of(part.when, person) if part.past else ""
    return _told_of(f"you {said.past_form(match[1])}{match[2]}", person)


def _were(text: str, person: Person) -> str:
    start = person.second if person.name else forms(person)[0]
    return text if start == "they" or person.plural else text.replace(f"{start} were", f"{start} was", 1)


def _third(verb: str) -> str:
    return {
        "don't": "doesn't",
        "haven't": "hasn't",
        "keep": "keeps",
        "are": "is",
        "have": "has",
        "do": "does",
    }[verb]


def _bare_thing(part: Complaint, person: Person) -> str:
    thing = part.want or re.sub(r"^you(?:'re)? (?:don't |didn't |keep )?", "", part.when) or part.matter
    thing = re.sub(
        r"\b(?:my|our)\b",
        "your",
        re.sub(r"\b(?:me|us)\b", "you", re.sub(r"\byour\b", forms(person)[2], thing)),
    )
    return f'"{thing}"'


def _told(matter: _Matter) -> str:
    they, them, _ = forms(matter.person)
    if matter.harm:
        return pick(
            [
                (
                    "The story on top of it may be that this is simply who you are. One hour is not "
                    "that much evidence."
                ),
                "It's easy to go from 'I did that' to 'I'm like that'. Only the first is on film.",
                "You may be telling yourself that it can't be put right now. That isn't known yet.",
            ],
            matter.own,
        )
    line = (
        _TELLS[matter.need]
        .replace("{them}", them)
        .replace("{they} think", f"{they} think" if they == "they" else f"{they} thinks")
    )
    line = line.replace("{they} take", f"{they} take" if they == "they" else f"{they} takes").replace(
        "{they}", they
    )
    seed = f"{matter.remark}{matter.part.when}{matter.own}{matter.feelings}"
    return pick(
        [
            f"The story on top of it may be {line}. It may hold, or only partly.",
            f"What it came to mean, perhaps, is {line}. That part no camera sees, and it's worth checking.",
            f"Behind it there could be the thought {line}. You can ask whether it's so.",
            (
                f"It's a short step from there to thinking {line}. Sometimes that's true and "
                f"sometimes it's the tiredness talking."
            ),
            (
                f"The meaning you give it may be {line}. Does that fit, or is it harsher than "
                f"you'd say by daylight?"
            ),
            f"Maybe the thought that stings most is {line}.",
        ],
        seed,
    )


def _other_view(matter: _Matter, story: Story) -> str:
    if matter.harm:
        they, them, _ = forms(matter.person)
        who = upper_first(matter.person.second) if matter.person.name else upper_first(they)
        return pick(
            [
                f"{who} may need to know that you saw it before anything else can be heard.",
                (
                    f"{who} may be waiting to see whether it comes up, or be glad of some quiet "
                    f"first; only {they} can say."
                ),
                (
                    f"For {matter.person.second or them} it may have been about more than that "
                    f"moment, or less; it would have to be asked."
                ),
            ],
            story.text,
        )
    if matter.theme:
        lines = filled(matter.theme.view, matter.theme, story)
        if lines:
            return pick(lines, story.text)
    they = matter.person.second if matter.person.name else forms(matter.person)[0]
    return pick(
        [
            (
                f"{upper_first(they)} may remember it differently, and may have needed something "
                f"in that moment too."
            ),
            f"{upper_first(they)} may not know how it landed; perhaps nobody has said it calmly yet.",
            f"Perhaps {they} would tell it with another beginning.",
        ],
        story.text,
    )


_QUOTED_BEFORE = re.compile(
    r"\b(?:said|says|saying|told|tells|texted|wrote|goes|went|shouted)\b[^.!?]{0,30}$", re.I
)
_CLAUSE_END = re.compile(r"[^\w\s'’-]|\b(?:and|but|so|because|when|while|which|if|or|then)\b", re.I)
_QUOTED_WORDS = 7  # of a thought; a longer one is quoted in part


def _trap(matter: _Matter, story: Story) -> str:
    """A question about one thought in the user's words that may be a trap; empty if none shows."""
    book = lexicon()
    theirs = [quote.words for quote in story.quotes if quote.by != "me"]
    for trap, pattern in zip(book.traps, book.trap_patterns, strict=True):
        for match in pattern.finditer(story.text):
            before, after = story.text[: match.start()], story.text[match.end() :]
            if _QUOTED_BEFORE.search(before) or any(match[0] in words for words in theirs):
                continue  # that was said aloud, so it is no guess
            clause = match[0] + after[: end.start() if (end := _CLAUSE_END.search(after)) else len(after)]
            said = (clause if count(clause) <= _QUOTED_WORDS else match[0]).strip()
            lines = [line.replace("{said}", said) for line in filled(trap.says, matter.theme, story)]
            return pick(lines, story.text)
    return ""


def _third_view(matter: _Matter, story: Story) -> str:
    """How it may look to somebody who wishes both well."""
    lines = filled(lexicon().third_views, matter.theme, story)
    line = pick(lines, f"{story.text} from outside")
    return line.replace("{need}", matter.need).replace("{feeling}", matter.feelings[0])


# --- rewrites ---------------------------------------------------------------------------------


def _request(matter: _Matter, story: Story, other: bool = False) -> str:
    """One thing to ask for that can be done and may be refused."""
    part = matter.part
    if matter.harm:
        return _MEND_ASK[1] if other and "words" in matter.harm else _MEND_ASK[2] if other else _MEND_ASK[0]
    if "stonewalling" in said.horsemen(matter.remark) and not part.when:
        return "Could we go on in half an hour?"
    if matter.theme and not part.want:
        lines = filled(matter.theme.request, matter.theme, story)
        if lines:
            lines.sort(key=lambda r: count(r))
            return lines[0] if other else pick(lines, story.text)
    if (
        part.want
        and not said.faults(f"you {part.want}")
        and count(part.want) <= 14
        and not (part.past and " when " in part.want)
    ):
        want = part.want
        if matter.theme and (
            len(content(want)) < 2
            or re.match(r"(?:be|care|love|understand|appreciate|respect|see|get|know|trust|notice)\b", want)
        ):
            lines = sorted(filled(matter.theme.request, matter.theme, story), key=count)
            return lines[0] if other else pick(lines, story.text)
        soon = (
            ""
            if re.search(
                r"\b(?:tonight|today|tomorrow|this|next|on|at|when|day|week|before|after|every)\b", want
            )
            else pick([" this week", " tonight", " next time"], story.text + want)
        )
        if soon == " tonight" and re.search(r"\b(?:call|visit|book|plan|ask|thank|invite)\b", want):
            soon = " this week"
        return f"Could you {want}{soon}?"
    if part.past and not part.want:
        return pick(
            [
                "Could we talk about it for ten minutes tonight?",
                "Could you tell me how it was from your side, tonight or tomorrow?",
                _ASK_FOR[matter.need],
            ],
            story.text,
        )
    return _ASK_FOR[matter.need]


def _rewrites(matter: _Matter, story: Story, request: str) -> tuple[Rewrite, ...]:
    made = [
        Rewrite("warmer", _warmer(matter, story, request)),
        Rewrite("shorter", _shorter(matter, story)),
        Rewrite("firmer", _firmer(matter, story)),
    ]
    return tuple(r for r in made if r.text)


def _called(matter: _Matter) -> str:
    name = matter.part.greeting
    if not name and matter.person.alias:
        name = matter.person.alias
    if not name and matter.person.name and not matter.person.name.startswith(("my ", "our ")):
        name = matter.person.name
    return f"{upper_first(name)}, " if name else ""


def _event(matter: _Matter) -> str:
    """What happened, to stand behind "I feel …": "when you leave the dishes", "that you forgot"."""
    part = matter.part
    if not part.when or said.faults(part.when):
        return ""
    return f"{'that' if part.past else 'when'} {lower_first(part.when)}"


_VAGUE_THINGS = frozenset(
    "parents|sibling|friendship|work|grown child|put down|caring|sharing a home|in-laws".split("|")
)


def _about(matter: _Matter, story: Story) -> str:
    """The matter as a thing, where there is no clause: "about your phone"."""
    if matter.part.matter and not said.faults(matter.part.matter):
        return f"about {lower_first(matter.part.matter)}"
    if matter.part.want and not said.faults(matter.part.want):
        return f"and I'd like you to {matter.part.want}"
    if matter.theme and not matter.own:
        thing = fill("{it}", matter.theme, story) or ""
        if thing.lower() != matter.theme.it or matter.theme.name not in _VAGUE_THINGS:
            return f"about {lower_first(thing)}"
    return ""


def _warmer(matter: _Matter, story: Story, request: str) -> str:
    feeling = matter.feelings[0]
    need = _NEED_SAID[matter.need]
    facts = [f"{f}." for f in matter.part.facts if not said.faults(f)]
    name = _called(matter)
    if "stonewalling" in said.horsemen(matter.remark) and not matter.part.when:
        return f"{name}I'm too worked up to talk well just now, and I do want to sort this out. {request}"
    if matter.harm:
        sorry = pick(
            ["and I wish I hadn't", "and that wasn't fair to you", "and it keeps coming back to me"],
            matter.own,
        )
        return f"{name}{matter.own}, {sorry}. {pick(_harm(matter).acknowledge, matter.own)} {_MEND_ASK[0]}"
    event, about = _event(matter), _about(matter, story)
    body = feel(feeling, event, past=matter.part.past) if event else _bare_feeling(feeling, about)
    if facts and not event:
        return _say(name, f"{bare(facts[0])}, and I feel {feeling} about it. {upper_first(need)}. {request}")
    if event and matter.part.time:
        felt = "felt" if matter.part.past else "feel"
        return _say(
            name,
            (
                f"{matter.part.time} {matter.part.when}, and I {felt} {feeling}. "
                f"{upper_first(need)}. {request}"
            ),
        )
    joined = facts and any(w in facts[0].lower() for w in (f"i feel {feeling}", feeling))
    if joined:
        body = upper_first(event or about or "this one thing matters to me")
        return " ".join(
            filter(
                None, [name + facts[0], f"It's {event}." if event else "", upper_first(need) + ".", request]
            )
        )
    line = f"{body}, and {need}." if event else f"{body}. {upper_first(need)}."
    return _say(name, f"{facts[0]} {line} {request}" if facts else f"{line} {request}")


_FIRM_PAST = (
    "It's not all right with me",
    "I'm not willing to shrug it off",
    "I can't act as if it were nothing",
)
_FIRM_NOW = ("It's not all right with me", "It doesn't work for me", "I don't want to keep quiet about it")


def feel(feeling: str, event: str, *, past: bool) -> str:
    """ "I'm hurt that you forgot", "I felt lonely when you left", "I feel tired when you leave it"."""
    if past and feeling in AT:
        return f"I'm {feeling} {event}".strip()
    if past:
        return f"I felt {feeling} {re.sub('^that', 'when', event)}".strip()
    return f"I feel {feeling} {event}".strip()


def _shorter(matter: _Matter, story: Story) -> str:
    feeling = matter.feelings[-1]
    name = f"{matter.part.greeting}, " if matter.part.greeting else ""
    request = _request(matter, story, other=True)
    if "stonewalling" in said.horsemen(matter.remark) and not matter.part.when:
        return f"{name}I need half an hour. Can we talk after that?"
    if matter.harm:
        return f"{name}{matter.own}. That part is mine. {request}"
    if (
        _event(matter)
        and re.match(r"last|yesterday|this", matter.part.time)
        and " when " not in matter.part.time
    ):
        return _say(name, f"I'm still thinking of {matter.part.time}, when {matter.part.when}. {request}")
    if matter.part.past and _event(matter):
        return _say(name, f"{feel(feeling, _event(matter), past=True)}. {request}")
    if matter.part.want and matter.part.when and not matter.part.past:
        if matter.theme and len(content(matter.part.want)) < 2:
            return f"{name}{feel(feeling, _event(matter), past=False)}. {request}"
        return f"{name}I'd like you to {matter.part.want}. Is that possible{_when_asked(matter.part.want)}?"
    event = _event(matter)
    if event:
        mind = pick(["I find it hard", "I don't like it", "I mind it"], story.text)
        return _say(name, f"{mind} {event}. {request}")
    if matter.part.facts:
        return _say(name, f"{matter.part.facts[0]}, and I'm {feeling}. {request}")
    return _say(name, f"{_bare_feeling(feeling, _about(matter, story))}. {request}")


def _bare_feeling(feeling: str, about: str) -> str:
    """ "It's about the children, and I feel small": where no act is told."""
    return (
        f"It's {about}, and I feel {feeling}"
        if about.startswith("about")
        else f"I feel {feeling} {about}".strip()
    )


def _say(name: str, text: str) -> str:
    """The text, behind a name where there is one."""
    return f"{name}{lower_first(text)}" if name else upper_first(text)


def _harm(matter: _Matter) -> Harm:
    return next(h for h in lexicon().harms if h.name == matter.harm)


_MEND_ASK = (
    "Could we talk for ten minutes, when you're ready?",
    "Can I have another go at saying it, when it suits you?",
    "Could you tell me how it was for you, whenever you want to?",
)


def _when_asked(want: str) -> str:
    return "" if re.search(r"\b(?:tonight|today|tomorrow|this|next|day|week)\b", want) else " this week"


def _firmer(matter: _Matter, story: Story) -> str:
    feeling = matter.feelings[0]
    name = f"{matter.part.greeting}, " if matter.part.greeting else ""
    limit = ""
    if matter.theme:
        lines = filled(matter.theme.limit, matter.theme, story)
        limit = pick(lines, story.text)
    limit = limit or pick(LIMITS, story.text)
    if "stonewalling" in said.horsemen(matter.remark) and not matter.part.when:
        return f"{name}I'm not able to go on now. I'll take half an hour, and then I'll come back to it."
    if matter.harm:
        lines = [p for p in _harm(matter).path if said.lacks(p) == ()] or list(_harm(matter).path)
        return (
            f"{name}{matter.own}, and "
            f"{pick(['I answer for that', 'that is on me', 'I own that'], matter.own)}. "
            f"{pick(lines, story.text)}"
        )
    event = _event(matter)
    if event:
        if matter.part.time and not re.match(r"when|every|after", matter.part.time):
            name += f"about {matter.part.time}: " if name else f"About {matter.part.time}: "
        start = pick(_FIRM_PAST if matter.part.past else _FIRM_NOW, story.text)
        if matter.theme and matter.theme.name == "closeness":
            return f"{name}I miss us, and I don't want to act as if I didn't. {limit}"
        return _say(name, f"{start} {event}. {limit}")
    if matter.part.facts:
        return _say(name, f"{matter.part.facts[0]}, and I don't want to pretend it's fine. {limit}")
    about = _about(matter, story)
    if about.startswith("about"):
        return _say(name, f"It's {about}, and I'm not going to swallow it. {limit}")
    return _say(
        name, f"I feel {feeling} {about}, and I'm not going to swallow it. {limit}".replace(" ,", ",")
    )


# --- as text ----------------------------------------------------------------------------------


def _opening(matter: _Matter, sheet: ReframeSheet) -> str:
    if sheet.horsemen:
        return _ANTIDOTE[sheet.horsemen[0]]
    return ""


_REFUSABLE = (
    "The question in it may be answered with a no; that is what makes it a request.",
    "Change whatever doesn't sound like you, and leave room for a no.",
    "They can say no to it, and then there's something to talk about.",
    "Say it in your own voice. A no is allowed.",
    "Pick one, or none; nothing has to be sent tonight.",
)


def as_text(sheet: ReframeSheet, opening: str = "") -> str:
    """The worksheet as paragraphs, for the terminal and for copying."""
    felt = listed(sheet.feelings, last="or")
    need = listed(sheet.needs)
    inner = ""
    if felt:
        inner = pick(
            [
                f"You may be {felt}, and what you're after could be {need}.",
                f"Under that, perhaps: {felt}. And a need: {need}.",
                f"Softer than the words, there may be someone {felt} who needs {need}.",
                f"If it had to be said in two words: {felt}; and the wish would be {need}.",
            ],
            sheet.observation + sheet.story,
        )
    ways = "\n".join(f"{upper_first(r.kind)}: {r.text}" for r in sheet.rewrites)
    thought = " ".join(filter(None, (sheet.story, sheet.trap)))
    outside = " ".join(filter(None, (sheet.other_view, sheet.third_view)))
    paragraphs = [sheet.observation, thought, inner, opening, outside, ways]
    if sheet.request:
        paragraphs.append(pick(_REFUSABLE, sheet.observation + sheet.request))
    return "\n\n".join(p for p in paragraphs if p)


def sentences_of(sheet: ReframeSheet) -> list[str]:
    """Every sentence of the rewrites, for checks."""
    return [s for r in sheet.rewrites for s in split_sentences(r.text)]
