"""Repair: own your part, acknowledge theirs, offer a path; then one message that may be sent.

    compose   a worksheet without a model; asks first, with no message, where a message may do harm
    read      puts a model's message in, if it passes `check_message`
    check_message(text, story)   the faults of a message, in plain words

Where the user was the one hurt, the message asks for repair. After an ex, a block, a wish for no
contact or days of silence, the questions come first and the message stays empty.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from coach.cards import Card
from coach.skills import remark as said
from coach.skills.deed import Deed, find_deed
from coach.skills.grounding import stays_with
from coach.skills.lexicon import Harm, lexicon
from coach.skills.lines import filled, themes_of
from coach.skills.material import material, owned, whom, wronged
from coach.skills.reframe import feel, forms, inner, invents, other_did
from coach.skills.rewrites import rewrites
from coach.skills.skill import Draft
from coach.skills.story import Person, Story, split_sentences, weigh
from coach.skills.wording import content, count, lower_first, pick, sentence, upper_first, words
from coach.turn import RepairSheet

BUT, IF_FELT, DEMAND, EXCUSE = "but", "if you felt", "a demand", "an excuse"
LENGTH, NO_OWNING, THIRD = "not two to four sentences", "owns nothing", "speaks about them, not to them"

_LONG = r"(?:days|weeks?|months?|years?|(?:a |the )?fortnight)"
_SINCE = (
    r"since (?:easter|christmas|new year|last (?:week|month|year|summer|winter|spring|autumn)|january"
    r"|february|march|april|june|july|august|september|october|november|december)"
)
# Where contact may not be wanted: asked not to, an order, fear, the end of it, or a long silence.
_ASK_FIRST = re.compile(
    "|".join(
        (
            r"\b(?:do not|don't|not to|never) "
            r"(?:contact|message|write|call|text|ring|phone|come (?:near|round))",
            r"\basked (?:that I|me) (?:to )?not (?:to )?(?:write|call|ring|come|text|contact|message)",
            r"\bnever wants? (?:\w+ )?to (?:message|contact|see|hear|speak)",
            r"\bno contact|\bnot to contact|\bstop (?:contacting|texting|calling|messaging)",
            r"\bleave (?:her|him|them) alone|\btold me to (?:go away|leave|stop)",
            r"\bdoesn't want (?:to see|to talk to|anything)",
            r"\b(?:asked for|wants?|needs?|needed|wanted) (?:some |more |a bit of )?(?:space|distance)\b"
            r"(?! (?:in|for|the|to put)\b)",
            r"\b(?:blocked (?:me|my)|(?:unfriended|unfollowed|deleted|removed) me)\b",
            r"\bchanged (?:the locks|her number|his number|their number)\b",
            r"\b(?:an|the|court|restraining|protection|protective) order\b|\bjudge\b",
            r"\b(?:her|his|their) (?:lawyer|solicitor)\b",
            r"\b(?:afraid|scared|frightened) of me|\bflinch|\bback(?:ed|s) away from me",
            r"\bwon't be alone with me|\bhid(?:es|ing)? from me",
            r"\bmy ex\b|\bex-(?:wife|husband|girlfriend|boyfriend|partner)|\bbroke up with me|\bdumped me",
            r"\bleft me\b(?! (?:on|with|to|in|a|the|feeling|standing|waiting)\b)",
            r"\b(?:since|after) (?:we (?:split|broke up|separated|divorced)"
            r"|(?:the|our) (?:break-?up|split|divorce|separation))\b",
            r"\b(?:slept|staying|gone|moved) (?:at|to|out)[^.]{0,30}\b(?:week|weeks|days)",
            r"\b(?:days|weeks|months) now\b|\b(?:days|weeks|months|week)\b[^.]{0,20}\bnot a word",
            r"\b(?:days|weeks|months) of silence|\bsilent for (?:\w+ )?(?:days|weeks|months)",
            r"\bignor\w+ (?:me|my \w+) for (?:\w+ )?(?:days|weeks|months)",
            r"\b(?:days|weeks|months) (?:now )?(?:without|with no) (?:a )?(?:word|reply|answer)",
            r"\bno (?:reply|answer|word) (?:for|in|since)[^.]{0,20}(?:days|weeks|months)",
            r"(?:\bnot|\bnever|n't|nt) (?:spoken|talked|replied|answered|texted|responded|been in touch"
            rf"|said a word|seen|opened|picked up|heard)\b[^.]{{0,30}}\b(?:{_SINCE}|{_LONG})\b",
            rf"\b(?:won't|doesn't|will not) (?:pick up|open|read|answer)\b[^.]{{0,30}}\b{_LONG}\b",
        )
    ),
    re.I,
)
_VIOLENT = re.compile(
    (
        r"\bwe (?:hit|slapped|pushed|punched|hurt) each other\b"
        r"|\bI (?:\w+ ){0,2}?(?:hit|slapped|punched|pushed|shoved|grabbed|choked"
        r"|strangled|kicked|beat|threw [\w ]{1,20} at|restrained|pinned|shook|hurt "
        r"(?:her|him|them) physically)\b"
    ),
    re.I,
)
_DEMAND = re.compile(
    (
        r"\b(?:forgive|forgiveness|please (?:answer|reply|call|come back|respond|talk)"
        r"|call me|text me back|answer me|reply|get back to me|you (?:have to|must|need "
        r"to|should(?! have)|owe)|come (?:back|home)|give me (?:another|a) chance|let me "
        r"know|i hope you(?:'ll| will| can)|take me back|can we be ok)\b"
    ),
    re.I,
)
_NO_PRESSURE = re.compile(
    (
        r"\b(?:no need to (?:answer|reply)|you don't (?:have|need) to (?:answer|reply"
        r"|respond)|don't need to (?:answer|reply)|needn't (?:answer|reply)|without (?:a"
        r"|any) reply|not asking you to (?:forgive|reply|answer))[^.]*\."
    ),
    re.I,
)
_IF_FELT = re.compile(
    (
        r"\b(?:if (?:you|i|it|that|my|anything)|sorry (?:that )?you (?:feel|felt|were"
        r"|are)|any (?:hurt|offen[cs]e)|misunderst\w+|took it)\b"
    ),
    re.I,
)
_EXCUSE = re.compile(
    (
        r"\b(?:because (?:you|i was)|you (?:made me|started|provoked|pushed me)|it was "
        r"only|just a joke|i didn't mean|in my defen[cs]e|to be fair|everyone does)\b"
    ),
    re.I,
)
_OWNS = re.compile(
    (
        r"\bI(?:'m| am) (?:truly |really |so |very )?sorry\b|\bI apologi[sz]e\b|\bI was "
        r"wrong\b|\bthat was wrong of me\b|\bI regret\b|\bmy fault\b"
    ),
    re.I,
)


def compose(story: Story, cards: Sequence[Card], shown: Sequence[str]) -> Draft:
    """Three steps and one message, without a model."""
    if not words(story.text) or not story.english:
        return _unread(story)
    person = story.main or Person("")
    deed = (_deed_of_parts(story) if story.parts else None) or find_deed(story, person)
    if _VIOLENT.search(story.text):
        return _after_violence(person, deed)
    if _ASK_FIRST.search(story.text) or story.disclosures:
        return _ask_first(story, person, deed)
    if deed is None or (story.parts and not owned(story)):
        hurt = _asks_for_repair(story) or _for_the_hurt(story, person)
        return hurt if hurt else _too_little(story, person)
    sheet = _sheet(story, wronged(story) if story.parts else person, deed, also=_their_part(story))
    return Draft(as_text(sheet, pick(_LEAVE, story.text)), sheet.message, sheet)


_PLAIN = Harm(  # for what no harm in themes.yaml is known by its words
    "plain",
    words=(),
    acknowledge=(
        "I can imagine how that was for you.",
        "You had reason to expect something else from me.",
        "That was left with you to carry.",
    ),
    path=(
        "I'd like to hear how it was for you, whenever you want to tell me.",
        "Tell me what would help to put it right, and I'll do my part.",
        "I'd like to do it differently from here on.",
    ),
    sense=(),
    ask=(),
)


def _deed_of_parts(story: Story) -> Deed | None:
    """What the user did, as the classifier read it in the pieces, with the harm that its words show."""
    own = owned(story)
    if not own:
        return None
    book = lexicon()
    harm = next(
        (h for h, p in zip(book.harms, book.harm_patterns, strict=True) if any(p.search(one) for one in own)),
        _PLAIN,
    )
    own = tuple(re.sub(r"[.!]([\"'])$", r"\1", one) for one in own)
    joined = (
        ", and ".join(own) if all(one.startswith("I ") for one in own) else ". ".join(map(upper_first, own))
    )
    return Deed(upper_first(joined), harm)


def _asks_for_repair(story: Story) -> Draft | None:
    """The user was the one hurt: the message says what happened and asks for it to be put right."""
    found = material(story) if story.parts else None
    if not found or not found.acts or found.heard:
        return None
    acts, around = ([re.sub(r",? but\b.*", "", one) for one in all] for all in (found.acts, found.around))
    made = rewrites(replace(found, own="", acts=tuple(acts), around=tuple(around)), seed=story.text)
    message = made[0].text if made else ""
    if not message:
        return None
    they = forms(whom(story))[0]
    acknowledge = (
        f"From what you tell, the hurt is on your side here; there may be nothing for you to own, and "
        f"{they} may not know how it landed."
    )
    sheet = RepairSheet(
        "", acknowledge, "Ask for the repair, once and plainly, and leave room for a no.", message
    )
    ending = "If there is a part of yours in it as well, add it in one sentence and this can be turned round."
    return Draft(as_text(sheet, ending), sheet=sheet)


def read(text: str, story: Story, composed: Draft) -> Draft | None:
    """The composed worksheet with a model's message in it, or None if it has a fault."""
    line = " ".join(text.replace("’", "'").split()).strip('"“” ')
    line = re.sub(r"^(?:message|here(?: is|'s)[^:]{0,40})\s*:\s*", "", line, flags=re.I).strip('"“” ')
    if not stays_with(line, story, share=0.3) or check_message(line, story):
        return None
    assert isinstance(composed.sheet, RepairSheet)
    sheet = replace(composed.sheet, message=line)
    return Draft(composed.text.replace(composed.line, line, 1), line, sheet, model=True)


def check_message(text: str, story: Story) -> tuple[str, ...]:
    """What is wrong with a message of repair; empty if it may be shown."""
    found: list[str] = []
    spoken = _NO_PRESSURE.sub(" ", text)
    if not 2 <= len(split_sentences(text)) <= 4 or count(text) > 90:
        found.append(LENGTH)
    if re.search(r"\b(?:but|however|although|though)\b", text, re.I):
        found.append(BUT)
    if _IF_FELT.search(text):
        found.append(IF_FELT)
    if _DEMAND.search(spoken):
        found.append(DEMAND)
    if _EXCUSE.search(text):
        found.append(EXCUSE)
    if not _OWNS.search(text):
        found.append(NO_OWNING)
    found += said.faults(spoken)
    if not re.search(r"(?<![\w'])I(?![\w])|\bI'", text):
        found.append(said.NO_I)
    if story.main and not story.shared_pronoun and _about_them(text, story.main):
        found.append(THIRD)
    if said.restricts(spoken):
        found.append(said.CONTROL)
    if story.topics and not set(content(text)) & set(story.topics):
        found.append(said.TOPIC)
    if invents(text, story):
        found.append(said.FACTS)
    return tuple(dict.fromkeys(found))


def _about_them(text: str, person: Person) -> bool:
    if person.pronoun not in {"she", "he"}:
        return False
    forms = {"she": r"she|her|hers", "he": r"he|him|his"}[person.pronoun]
    return bool(re.search(rf"\b(?:{forms})\b", text, re.I)) or bool(
        person.name
        and re.search(rf"\b{re.escape(person.name)}\b", text, re.I)
        and person.name.startswith("my ")
    )


# --- worksheets -------------------------------------------------------------------------------

_LEAVE = (
    "Send it only if it is true for you, and leave the answer to them.",
    "Change any word that isn't yours; then it can go, or wait till morning.",
    "Read it once aloud before you send it. They are free not to answer.",
    "It asks for nothing back, so that they can take it as they like.",
)
_SORRY = (
    ", and I'm sorry.",
    ". I'm sorry.",
    ". That was wrong of me, and I'm sorry.",
    ". I'm sorry for that, and it's mine.",
)
_CLOSE = (
    "There's no need to answer this.",
    "Take whatever time you want with it.",
    "You don't have to reply.",
    "I'm here when it suits you, and it can wait.",
)


_MUTUAL = re.compile(
    r"\bboth\b|\beach other\b|\btheirs?\b[^.]{0,20}\bmine\b|\bmine\b.*\btheirs\b|\bthat's theirs\b", re.I
)


_MINE_ALONE = re.compile(
    r"\b(?:my (?:own )?(?:fault|doing)|I was wrong|I(?:'m| am| feel)(?: so)? (?:ashamed|sorry|guilty)"
    r"|apologi[sz]e)\b",
    re.I,
)


def _their_part(story: Story) -> str:
    """What the other did, where the user tells of a part on both sides; named once, without a verdict."""
    tit_for_tat = any(
        one.role == "own" and two.role == "deed" and two.goes_on
        for one, two in zip(story.parts, story.parts[1:], strict=False)
    )
    mutual = _MUTUAL.search(story.text) or (tit_for_tat and not _MINE_ALONE.search(story.text))
    found = material(story) if story.parts and mutual else None
    at_me = re.compile(r"(?:on \w+day )?you\b.*\b(?:I|me|my|mine)\b", re.I)
    acts = [act for act in found.acts if at_me.match(act)] if found else []
    act = max(acts, key=weigh, default="")
    return f"It stung when {lower_first(act)}, and I'd like to hear your side of that too." if act else ""


def _sheet(story: Story, person: Person, deed: Deed, also: str = "") -> RepairSheet:
    acknowledge = pick(deed.harm.acknowledge, story.text + "a")
    path = _path(story, deed)
    name = _name_of(person)
    own = deed.said
    start = f"{name}, {own[:1] if own.startswith('I') else own[:1].lower()}{own[1:]}" if name else own
    ending = f" {pick(_CLOSE, story.text)}"
    message = f"{start}{pick(_SORRY, story.text)} {acknowledge} {also or path}"
    if len(split_sentences(message + ending)) <= 4:
        message += ending
    return RepairSheet(sentence(own), acknowledge, path, _four(message))


def _four(message: str) -> str:
    parts = split_sentences(message)
    return " ".join(parts[:4])


def _name_of(person: Person) -> str:
    if person.alias:
        return person.alias
    if person.name and not person.name.startswith(("my ", "our ")):
        return upper_first(person.name)
    return {"mum": "Mum", "mom": "Mom", "dad": "Dad"}.get(person.role, "")


def _path(story: Story, deed: Deed) -> str:
    """A concrete mending: what the user already has in mind, else one that fits the harm."""
    match = re.search(
        (
            r"\bI (?:want|would like|'d like|plan|am going|'m going|could|can|will|'ll) "
            r"(?:to )?(make it up|cook|buy|replace|pay|fix|take|bring|invite|book|plan"
            r"|do)\b([^.!?,]{3,60})"
        ),
        story.text,
    )
    if match and not re.search(r"\b(?:her|him|them|she|he)\b", match[2]):
        return sentence(f"I'd like to {match[1]}{match[2]}")
    return pick(deed.harm.path, story.text + "p")


def _ask_first(story: Story, person: Person, deed: Deed | None) -> Draft:
    they, them, _ = forms(person)
    who = person.second if person.name else them
    are = "are" if they == "they" or person.plural else "is"
    have = "have" if they == "they" or person.plural else "has"
    path = (
        f"If {they} asked for no contact, or {are} afraid of you, then leaving {them} in peace is the repair."
    )
    own = sentence(deed.said) if deed else ""
    acknowledge = pick(deed.harm.acknowledge, story.text) if deed else ""
    text = (
        f"Two questions come before any words to {who}. {upper_first(have)} {they} asked "
        f"you not to be in touch, in words or by blocking you? And could {they} be "
        f"afraid of you? "
        f"{path} If neither is so, say that, and we can look at one short message which "
        f"leaves {them} free not to answer."
    )
    if story.disclosures:
        text = (
            f"You write that you feel {story.disclosures[0]}. What happened, as plainly as "
            f"you can say it? That comes before any message."
        )
        path = ""
    return Draft(text, sheet=RepairSheet(own, acknowledge, path, ""))


def _after_violence(person: Person, deed: Deed | None) -> Draft:
    they, them, _ = forms(person)
    path = (
        f"Distance now, no message, and a programme for people who have hurt somebody "
        f"they love; Support lists who to call. {upper_first(they)} may choose if and "
        f"when there is contact."
    )
    text = (
        "Writing this down is a beginning, and it was yours to stop. A message would ask something of "
        f"{them} now, even a kind one, so there is none here. {path}"
    )
    return Draft(text, sheet=RepairSheet(sentence(deed.said) if deed else "", "", path, ""))


_MEND = (
    "I would like us to put it right.",
    "It matters to me to mend this with you.",
    "I want this to be good between us again.",
)


def _for_the_hurt(story: Story, person: Person) -> Draft | None:
    """The user was the one hurt: what happened, how it is, and a wish for it to be put right."""
    part, person = other_did(story, person)
    if not part.when or said.faults(part.when):
        return None
    theme = themes_of(story)[0] if story.themes else None
    feelings, _ = inner(story, theme, part)
    name = _name_of(person)
    they = person.second if person.name else forms(person)[0]
    line = feel(feelings[0], f"{'that' if part.past else 'when'} {part.when}", past=part.past) + "."
    if part.time:
        felt = "felt" if part.past else "feel"
        line = f"{part.time if name else upper_first(part.time)} {part.when}, and I {felt} {feelings[0]}."
    request = ""
    if theme:
        request = pick(filled(theme.request, theme, story) or [""], story.text)
    request = request or "Could we find half an hour this week to talk about it?"
    message = f"{name}, {line}" if name else line
    message += f" {pick(_MEND, story.text)} {request}"
    acknowledge = (
        f"From what you tell, the hurt is on your side here; there may be nothing for "
        f"you to own, and {they} may not know how it landed."
    )
    path = "Ask for the repair, once and plainly, and leave room for a no."
    sheet = RepairSheet("", acknowledge, path, message)
    ending = "If there is a part of yours in it as well, add it in one sentence and this can be turned round."
    return Draft(as_text(sheet, ending), sheet=sheet)


def _too_little(story: Story, person: Person) -> Draft:
    who = person.second if person.name else "the other person"
    text = (
        f"To write something to {who} it helps to know the one thing that happened. What "
        f"did you do or say, as a camera would have seen it? "
        "If it was done to you, say that; then the message can ask for repair."
    )
    return Draft(text, sheet=RepairSheet("", "", "", ""))


def _unread(story: Story) -> Draft:
    text = "There's nothing to work with yet. In a sentence or two: what happened, and who is it about?"
    if words(story.text):
        text = (
            "This works in English only so far. If you can, say in English what happened, "
            "in a sentence or two."
        )
    return Draft(text, sheet=RepairSheet("", "", "", ""))


def as_text(sheet: RepairSheet, ending: str = "") -> str:
    """The worksheet as paragraphs, for the terminal and for copying."""
    lines = [
        f"Your part, in one line: {sheet.own}" if sheet.own else "",
        f"Theirs: {sheet.acknowledge}" if sheet.own else sheet.acknowledge,
        f"A way forward: {sheet.path}" if sheet.path else "",
        f"A message: {sheet.message}" if sheet.message else "",
        ending,
    ]
    return "\n\n".join(line for line in lines if line)
