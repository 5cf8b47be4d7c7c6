"""Reads what a user answers to a fixed question, by small word lists: yes, no, unsure, angry, back, silence.

It decides which fixed text comes next, and nothing else: every message goes through the screen as well.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Literal, TypeAlias

from coach.turn import Level, Risk

Answer: TypeAlias = Literal["yes", "no", "unsure"]

ANSWERS = (
    *("yes", "no", "unsure", "angry", "silence", "other", "calling", "where", "country", "back", "any"),
    *(
        "safety_plan",
        "skip",
        "done",
        "empty",
    ),  # about the safety plan: asked for, left open, finished, finished bare
)
LEVEL_ONE_QUESTIONS = (
    *("suicide", "suicide_other", "self_harm", "self_harm_other", "control", "control_other", "feared"),
    *("afraid", "still_happening", "child_safe", "baby_thoughts", "hurt_someone", "symptoms", "unwell"),
    *("eating", "using"),
)
# The steps of a safety plan, in their order; each has its question in prompts/support/plan-*.md.
PLAN_STEPS = ("plan_signs", "plan_alone", "plan_places", "plan_people", "plan_professionals", "plan_safer")
PAUSED_QUESTIONS = (
    *("plan", "someone", "someone_there", "safe_here", "safe_now", "child_safe_now", "distance", "call"),
    *("they_safe", "breathing", "helps", "country", "back", "free"),
    "plan_offer",
    *PLAN_STEPS,
)
QUESTIONS = (*LEVEL_ONE_QUESTIONS, *PAUSED_QUESTIONS)


def _one_of(lines: str) -> str:
    """Patterns, one or more to a line and parted by |, as one alternative."""
    return "(?:" + "|".join(line.strip() for line in lines.strip().splitlines()) + ")"


# Words that a message may begin with; what follows does not matter much.
_YES = _one_of(
    """yes|yeah|yep|yup|yea|ya|aye|sure|ok|okay|definitely|absolutely|of course|mhm
    i think so|i do think (?:so|about)|i have been"""
)
_NO = _one_of("nope|nah|not at all|not any ?more|of course not|god no|hell no|absolutely not|no")
_UNSURE = _one_of(
    """maybe|perhaps|possibly|not sure|unsure|i'?m not sure|i am not sure|not really|not exactly|yes and no
    i don'?t know|i do not know|don'?t know|dunno|idk|i guess|i suppose|hard to say|it depends|depends
    no idea|no clue|i can'?t tell|who knows|i don'?t remember"""
)
_NO_ANSWER = _one_of(
    r"""no (?:one|body|point|reason|hope|way out|way to|way i can|longer|matter|more|future|use)\b
    nobody|nothing|never mind|ok so|okay so|sure thing"""
)

# Words that are an answer only where little else is said.
_BRIEF_YES = _one_of(
    """y|i am|i do|i have|i did|i will|i can|i could|i would|he is|she is|they are|they do|he does|she does
    there is|it is|we are|i'?m safe|it'?s safe|i'?ll try|i will try|i'?ll call|i will call|correct|true|right
    sometimes|often|always|constantly|a bit|a little|a lot|kind of|kinda|sort of|probably|lately|very much
    all the time|every day|every night|most days|now and then"""
)
_BRIEF_NO = _one_of(
    """n|never|not now|not yet|no ?one|nobody|no ?body is|not safe|alone|i'?m alone|i am alone|stay(?: here)?
    (?:i'?m|i am|he'?s|she'?s|they'?re|it'?s|it is|we'?re) not|there isn'?t|there is no ?one
    (?:i|they|we) (?:don'?t|do not|haven'?t|didn'?t|can'?t|cannot|won'?t|wouldn'?t|couldn'?t)
    (?:he|she) (?:doesn'?t|isn'?t|hasn'?t)"""
)
_BRIEF_END = (
    r"(?: (?:at all|really|now|right now|sorry|yet|actually|yes|thanks|thank you|i think|with it)){0,2}"
)

_TURNS = r"\b(?:but|though|although|except|actually|or maybe|not really|well maybe|well yes)\b"
_FILLER = r"^(?:(?:um+|uh+|er+|well|honestly|oh|hm+|so|please|to be honest|tbh)\b ?)+"

_BACK = re.compile(
    r"(?:ok |okay |yes |please )*"
    r"(?:(?:let'?s|let us|i want to|i'?d like to|i would like to|can we|could we|we can) )?"
    r"(?:just )?(?:go(?:ing)? back|back|return|carry on|go on|continue|move on|resume)"
    r"(?: (?:to|with) (?:the |our |what we were )?(?:coaching|coach|talk|talking|talking about|conversation|"
    r"chat|chatting|topic|subject|fight|argument|discussing))?"
    r"(?: please| now| thanks| thank you)*"
)
_CALLING = re.compile(
    _one_of(
        r"""what (?:happens|will happen|would happen|is it like) (?:if|when) i (?:call|ring|text|phone)
        what (?:do|should|would|can|will) i (?:say|tell them)|is it (?:free|anonymous|confidential|private)
        (?:does|will) it cost|what does it cost|how much does it cost
        how does (?:it|calling|a call) (?:work|go)
        (?:will|would|do) they (?:call|send|tell|contact|inform|trace|record)
        show up on (?:my|the) (?:phone )?bill"""
    )
)
_WHERE = re.compile(
    _one_of(
        r"""(?:what|which|whats|what's|give me|show me|where) (?:(?:is |are )?(?:the|a) )?numbers?\b
        (?:give me|show me|is there) (?:a|the) (?:hotline|helpline|line)\b
        who (?:can|should|do) i (?:call|ring|text)
        change (?:the |my )?country|wrong country|not my country|numbers? (?:for|in) my country"""
    )
)
_SAFETY_PLAN = re.compile(r"\bsafety plan\b")
_NO_SAFETY_PLAN = re.compile(r"\b(?:no|not|don'?t|without|never)\b(?: \w+){0,4} safety plan\b")
_SKIP = re.compile(
    _one_of(
        r"""(?:please )?(?:skip|pass|next|move on|go on|continue|no answer|n/?a)
        (?:please )?leave (?:it|that|this) (?:open|out|empty|blank)|next (?:one|step|question)
        (?:skip|leave) (?:it|this|that|this one|that one)
        (?:nothing|none|no one|no ?body|nowhere|never)(?: (?:really|helps?|works?|comes to mind))?
        (?:i )?(?:can'?t|cannot|don'?t) (?:think of (?:any|one|a)\w*|say|want to say|want to)
        i (?:don'?t|do not) have (?:any|one)\w*"""
    )
    + r"(?: (?:please|now|right now|at the moment|sorry|thanks))*"
)
_ENOUGH = re.compile(
    _one_of(
        r"""(?:please )?(?:stop|finish|enough|cancel|quit|no more)(?: (?:it|this|the plan|now|here|please))*
        (?:that'?s|that is|this is) (?:enough|it|all)(?: (?:for now|for today|thanks|thank you|please))*
        i (?:don'?t|do not) want to (?:do this|go on|(?:do|make) (?:the|a) plan)(?: any ?more| now)?
        i'?m done|i am done|done"""
    )
)
# Anger at this program; anger, or despair, about life is not meant ("I am useless", "it is all pointless").
_ANGRY = re.compile(
    _one_of(
        r"""\bfuck (?:you|off|this|your)\b|\bpiss off\b|\bshut up\b|\bscrew (?:you|this)\b|\bbullshit\b|^wtf\b
        ^(?:just )?leave me alone|^stop (?:it|asking|this)\b
        \bthis is (?:useless|pointless|ridiculous|stupid|a joke)\b
        \byou(?:'re| are) (?:useless|pointless|no help|not helping|not listening|just a|stupid)\b
        \b(?:stupid|dumb|useless|bloody) (?:bot|program|machine|thing|computer|answer|app)\b
        \bwhat a joke\b
        ^you don'?t (?:care|listen|understand|get it)\b|\bthanks for nothing\b
        \bi hate (?:you|this (?:thing|app|bot))\b
        \bi (?:don'?t|didn'?t) (?:want|ask for|need) (?:a |your |any )?(?:number|hotline|helpline|lecture)s?\b
        \bsame (?:thing|answer|text) again\b"""
    )
)

_FEAR = "afraid|scared|terrified|frightened|frightens me|scares me|fear(?:ful)?|petrified|dread"
_NOT = r"\b(?:not|never|no longer|isn'?t|aren'?t|wasn'?t|don'?t|doesn'?t|didn'?t|without)\b(?: \w+){0,3} "


# A question's own words: what counts as yes and as no where nobody wrote "yes" or "no".
_OWN_WORDS: dict[str, tuple[str, str]] = {
    "suicide": (
        _one_of(
            r"""suicid\w*|kill(?:ing)? myself|end(?:ing)? (?:it|my life|things)|want(?:ed)? to die|not wake up
            wish i (?:was|were) dead|(?:not|don'?t) (?:want to )?(?:be|being) (?:here|alive)|never wake up
            better off (?:dead|without me)|don'?t want to live"""
        ),
        _one_of(
            r"""not suicidal|no thoughts|not thinking (?:about|of) (?:that|it|suicide)|nothing like that
            would never (?:do|kill)|not going to (?:kill|hurt|do)|don'?t want to die"""
        ),
    ),
    "self_harm": ("hurt(?:ing)? myself|did it again|started again|it'?s close", "not hurt(?:ing)? myself"),
    "control": (
        _one_of(
            rf"""{_FEAR}|threat\w*|hit(?:s|ting)?|shov\w*|push(?:es|ed)|throw\w*|smash\w*|punish\w*|rages?
            screams?
            break(?:s|ing)? (?:things|stuff)|explode\w*|loses (?:it|control)|lock\w*|walk(?:ing)? on eggshells
            tak(?:es|ing) (?:my|the) (?:phone|keys|card|money)|(?:don'?t|never|can'?t) (?:ever )?say no
            not allowed
            won'?t let me|makes me pay|forces? me|keeps going (?:until|till) i|until i (?:give in|say yes)
            does it anyway|doesn'?t talk to me for|stops talking to me for|silent for|silent treatment
            wouldn'?t dare|can'?t refuse"""
        ),
        _one_of(
            r"""nothing
            (?:he|she|they) (?:accepts?|respects?|understands?|listens?|is fine|are fine|shrugs?|lets? it go)
            we talk|grumpy|sulks? (?:for )?(?:a bit|a while|an hour)|it'?s fine
            that'?s (?:it|ok|okay|fine)|no problem"""
        ),
    ),
    "afraid": (f"(?:{_FEAR})", "safe with (?:him|her|them)|trust (?:him|her|them)"),
    "safe_here": (
        _one_of(
            r"""safe|alone|at work|at (?:my|a) (?:sister|brother|friend|mum|mom|mother|parents?|neighbou?r)\w*
            library|(?:different|another|new) (?:phone|device|computer)"""
        ),
        r"(?:not|isn'?t) (?:\w+ )?safe|next room|(?:checks|reads) my|can see|watching|coming back|is home",
    ),
    "someone": (
        _one_of(
            r"""(?:is|are) (?:here|with me|with (?:him|her|them)|coming|on (?:his|her|the|their) way)
            with me|next door
            my (?:mum|mom|dad|sister|brother|friend|wife|husband|partner|neighbou?r|flatmate|son|daughter)"""
        ),
        r"alone|no ?one|nobody|by myself|on my own|not anyone|there'?s not",
    ),
    "distance": (
        "left|outside|away|in (?:the|my) car|(?:different|another) room",
        "next to|same room|still here",
    ),
    "hurt_someone": ("(?:want to|could|might|going to) (?:hurt|kill)", "would never|nothing like that"),
    "baby_thoughts": (
        "want to|part of me|urge|tempted",
        r"horrif\w*|would never|terrif\w*|makes? me sick|don'?t want (?:to|them)|do not want (?:to|them)",
    ),
    "back": ("go back|back to|carry on|continue", "stay|not yet|here for now|leave it"),
}
_LIKE = {
    "suicide_other": "suicide",
    "control_other": "control",
    "feared": "afraid",
    "child_safe": "afraid",
    "self_harm_other": "self_harm",
    "safe_now": "safe_here",
    "they_safe": "safe_here",
    "someone_there": "someone",
}


def recognised(text: str, awaited: str | None) -> str:
    """Which of `ANSWERS` a message is; "other" for all that is none of them."""
    words = _plain(text)
    if not re.search(r"[^\W_]", words):
        return "skip" if awaited in PLAN_STEPS else "silence"
    if _SAFETY_PLAN.search(words) and not _NO_SAFETY_PLAN.search(words):
        return "safety_plan"
    if awaited in PLAN_STEPS:
        return _in_plan(words)
    if _BACK.fullmatch(words):
        return "back"
    for answer, pattern in (("calling", _CALLING), ("where", _WHERE), ("angry", _ANGRY)):
        if pattern.search(words):
            return answer
    return _yes_or_no(words, awaited) or "other"


def _in_plan(words: str) -> str:
    """Within the plan all that is not plainly something else is the user's own words for it."""
    if _SKIP.fullmatch(words):
        return "skip"
    if _ENOUGH.fullmatch(words):
        return "done"
    if _BACK.fullmatch(words):
        return "back"
    for answer, pattern in (("calling", _CALLING), ("where", _WHERE), ("angry", _ANGRY)):
        if pattern.search(words):
            return answer
    bare = _yes_or_no(words, None) and len(words.split()) <= 3  # "no", "I don't know": nothing to write down
    return "skip" if bare else "other"


def answered(awaited: str | None, text: str) -> Answer:
    """Whether a level 1 question was answered with yes (danger is there), with no, or neither clearly."""
    return _yes_or_no(_plain(text), awaited) or "unsure"


def after_answer(risk: Risk, *, awaited: str | None, text: str) -> Risk:
    """The risk once a question is answered: a yes may raise it, and a "maybe" too where life hangs on it.

    A yes about suicide makes it the category, whatever it was; a plan makes it level 3. A no, or a text that
    does not answer, leaves it as it was; a risk never falls here.
    """
    found = _yes_or_no(_plain(text), awaited)
    if awaited == "plan" and found == "yes":
        return replace(risk, level=3, category="suicide", subject="self")
    if awaited not in LEVEL_ONE_QUESTIONS or found not in ("yes", "unsure"):
        return risk
    if found == "unsure" and awaited not in ("suicide", "baby_thoughts", "hurt_someone"):
        return risk
    least: Level = 3 if awaited == "baby_thoughts" and found == "yes" else 2
    level = max(risk.level, least)
    if awaited == "suicide" and (found == "yes" or risk.level < 2):
        return replace(risk, level=level, category="suicide", subject="self")
    if awaited == "suicide_other":
        return replace(risk, level=level, category="suicide", subject="other")
    return replace(risk, level=level)


def _plain(text: str) -> str:
    """Small letters, straight apostrophes, single spaces, no other punctuation; the first 600 characters."""
    words = text[:600].casefold().replace("\u2019", "'").replace("\u2018", "'")
    return " ".join(re.sub(r"[^\w' ]+", " ", words).split())


def _yes_or_no(words: str, awaited: str | None) -> Answer | None:
    words = re.sub(_FILLER, "", words)
    if re.match(rf"{_UNSURE}\b", words):
        return "unsure"
    if re.fullmatch(_BRIEF_NO + _BRIEF_END, words):
        return "no"
    if re.fullmatch(_BRIEF_YES + _BRIEF_END, words):
        return "yes"
    if not re.match(_NO_ANSWER, words):
        if re.match(rf"{_YES}\b", words):
            return "yes"
        if hit := re.match(rf"{_NO}\b", words):
            return _after_no(words[hit.end() :].strip(), awaited)
    return _by_own_words(words, awaited)


def _after_no(rest: str, awaited: str | None) -> Answer:
    """A "no" that turns round ("no, but sometimes…") is no clear no."""
    if not re.search(_TURNS, rest):
        return "no"
    return "yes" if _by_own_words(rest, awaited) == "yes" else "unsure"


def _by_own_words(words: str, awaited: str | None) -> Answer | None:
    pair = _OWN_WORDS.get(_LIKE.get(awaited or "", awaited or ""))
    if pair is None:
        return None
    yes, no = rf"\b(?:{pair[0]})\b", rf"\b(?:{pair[1]})\b"
    denied = re.search(rf"{_NOT}(?:{pair[0]})\b", words)
    if not re.search(no, words):
        if denied:
            return "no"
        return "yes" if re.search(yes, words) else None
    affirmed = re.search(yes, re.sub(no, " ", words)) and not denied
    return "unsure" if affirmed else "no"
