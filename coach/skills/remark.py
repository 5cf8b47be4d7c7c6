"""Judges and takes apart one sentence said to somebody: "You never listen to me!"

    horsemen(text)     criticism, contempt, defensiveness, stonewalling that it holds
    faults(text)       what is wrong with its form, in plain words; empty if nothing is
    restricts(text)    what it asks the other to give up, if that is theirs alone ("who you see")
    is_limit, is_fine  whether it should be left as it is
    complaint(text)    what was done, what is wanted, what else is told: the material of a rewrite

All of it looks at the sentence as said to the other, with "you" for them; what is told about a third
person is turned by `story.to_address` first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from coach.skills.story import split_sentences
from coach.skills.wording import WORD, bare

ALWAYS, YOU_ARE, NAMES, SARCASM = "always or never", "you are", "name-calling", "sarcasm"
MIND, THREAT, NO_I, NO_REQUEST = "mind-reading", "threat", "no I", "no request or limit"
TOPIC, FACTS, CONTROL = "loses the topic", "invents facts", "restricts the other"

_NAMES = re.compile(
    r"\b(?:idiots?|stupid|moron\w*|pathetic|losers?|lazy|lazi\w+|selfish|disgusting"
    r"|useless|worthless|bastard|bitch\w*|asshole|arsehole|dick(?:head)?|prick|twat"
    r"|jerk|slob|pig|cow|crazy|psycho|insane|mental|hysterical|nuts|dumb|clown|baby"
    r"|brat|man-?child|child(?:ish)|immature|drama queen|princess|liar|coward"
    r"|cheapskate|fat|ugly|slag|slut|whore|narcissist\w*|toxic|control freak|nag"
    r"|hypocrite|fool|incompetent|spoilt|spoiled|cold-hearted|heartless|ungrateful|"
    r"gobshite|eejit|wanker|knob(?:head)?|plonker|leech|parasite|fraud|crook|goblin|trash|sponger|freeloader|"
    r"cretin|muppet|numpty|waste of space|piece of (?:shit|crap|work)|monster|shit\w*"
    r"|(?:got|have) no (?:spine|backbone|guts|shame|manners|brains?|class|balls|clue))\b",
    re.I,
)
_SWEAR = re.compile(
    (
        r"\b(?:fuck\w*|bloody|sodding|goddamn|damn|effing|freaking|frigging|bullshit"
        r"|crap)\b ?"
    ),
    re.I,
)
_ALWAYS = re.compile(
    r"\b(?:you|you'?re|you'?ve|your|you'?d|you'?ll|do you|are you|can you|could you"
    r"|u|ur) (?:\w+ ){0,2}?(?:always|never|constantly|forever|every single time|not "
    r"once|all the time)\b"
    r"|\b(?:always|never) (?:you|your)\b|\ball you (?:ever )?do\b|\beverything you "
    r"(?:do|say)\b|\byou (?:only|just) ever\b|\b(?:for once|for a change)\b"
    r"|\byou (?:[\w']+ ){1,6}(?:all the time|every (?:single )?time|constantly)\b"
    r"|\b(?:nobody|no one)\b[^.]{0,30}\bever\b",
    re.I,
)
_STATE = frozenset(
    """
    late home here there away out back busy free able ready willing tired upset hurt worried at on in
    with up not going coming working leaving talking speaking doing right okay ok welcome my the sorry
    okay fine gone around near asleep awake left sick ill stressed exhausted angry quiet done having
    getting trying looking listening using to from under meant supposed
    """.split()
)
_YOU_ARE = re.compile(
    (
        r"\b(?:you'?re|you are|you were|are you|ur|u r|you've been|you sound|you look"
        r"|you act)\s+(?:(?:always|never|just|really|being|still)\s+)?(so|such|too|like"
        r"|a|an|the|nothing but|[\w-]+)\b(?:\s+([\w-]+))?"
    ),
    re.I,
)
_SARCASM = re.compile(
    r"\b(?:thanks a lot|thanks a bunch|thanks for nothing|well done|oh great|oh sure"
    r"|oh,? (?:great|sure|lovely|brilliant|of course|wonderful)|how nice of you|must "
    r"be nice|bravo|genius|einstein"
    r"|congratulations|congrats|your (?:highness|majesty)|big surprise|what a "
    r"surprise|shocker|slow clap|don't strain yourself|nice of you to|glad you could"
    r"|god forbid|heaven forbid|as if you|sherlock|good for you|lucky me|another "
    r"(?:brilliant|lovely)|give (?:him|her|you) a medal|oh wow|how generous|would it "
    r"kill you|aren't you (?:clever|special|sweet))\b",
    re.I,
)
_MIND = re.compile(
    r"\b(?:you (?:obviously |clearly |just |really |probably |still )?(?:don't|do "
    r"not|didn't|couldn't|never) (?:even )?(?:care|love|respect|want me|give a|think "
    r"of me|bother|appreciate|value|like me)"
    r"|you (?:just|only|clearly|obviously) (?:want|wanted|think|care|did|do|said"
    r"|love)\b|you think (?:i'm|you're|that|everything|only)|you (?:did|do|said|say) "
    r"(?:it|that|this) (?:on purpose|to (?:hurt|annoy|punish|spite))"
    r"|you (?:wanted|want|meant|mean|'re trying|are trying|tried|like|love|enjoy) "
    r"(?:to )?(?:hurt|punish|annoy|ruin|control|see me|make me)\w*|you're trying to"
    r"|are you trying to|because you(?:'re| (?:hate|don't|want|think|feel|can't))"
    r"|you know (?:exactly|full well|perfectly)|you couldn't care less|you don't "
    r"(?:even )?(?:notice|see|want)|you (?:obviously|clearly)|you(?:'d| would) "
    r"rather|you hate|on purpose|i know you)\b",
    re.I,
)
_THREAT = re.compile(
    r"\b(?:or else|or i'?m (?:leaving|gone|done|out)|or (?:it'?s|we'?re) over"
    r"|you'?ll (?:regret|be sorry|see|pay)|last chance|you'?ll never see|i'?ll "
    r"(?:divorce|leave you|tell everyone|tell your"
    r"|take the kids|kick you|throw (?:you|your)|make you|ruin)|i'?m (?:leaving you"
    r"|divorcing|done with you)|don't (?:bother coming|come) (?:home|back)|we'?re "
    r"(?:done|over|finished)|pack your|find someone else|watch what happens|don't "
    r"make me)\b",
    re.I,
)
_I = re.compile(r"(?<![\w'])I(?:'m|'d|'ve|'ll)?(?![\w'])")
_REQUEST = re.compile(
    r"\b(?:(?:could|can|would|will|shall|may|might) (?:you|we|i)|are you (?:up for"
    r"|willing|able|free|ok|okay)|do you (?:think we|have (?:ten|a few|time))|i'?d "
    r"(?:like|love|prefer|appreciate|be glad|rather)|i would (?:like|love|appreciate"
    r"|prefer)"
    r"|please|i'?d be grateful|let'?s|how about|when would|what would|i wish|it "
    r"would help(?: me)? if|i want us|i want to|i hope we|tell me)\b",
    re.I,
)
_LIMIT = re.compile(
    (
        r"\b(?:i'?ll|i will|i won'?t|i'?m not (?:going|willing|ok|okay|comfortable|ready"
        r"|doing|having|able)|i'?m going to|i can'?t|i need|i don'?t want|i'?m "
        r"(?:leaving|stopping|taking|stepping)|i am not)\b"
    ),
    re.I,
)
_HARD_LIMIT = re.compile(
    r"^\W*(?:no\b[.,! ]|no$|stop\b|please stop\b|don't\b|do not\b|please don't\b|i "
    r"don'?t want (?:to |you to |sex|it|this|that|any)|i do not want|i'?m not "
    r"(?:coming|comfortable|ready|ok|okay|going to|willing|having|in the mood)|i won'?t\b|i "
    r"said no"
    r"|leave me alone|not (?:tonight|now)\b|i need (?:some )?(?:time|space|a break"
    r"|an hour|to be alone|to think)|i'?m going to (?:bed|my)|let go|get off|that'?s "
    r"private|i can'?t (?:do|lend|talk about|come|take)|my answer is no)",
    re.I,
)
_MINE = re.compile(r"\b(?:my|me|i|i'm|i've|us|our|mine|no)\b", re.I)

_DEFENCE = re.compile(
    r"\b(?:(?:it'?s|it wasn'?t|that'?s|it was) not my fault|not my fault|isn'?t my "
    r"fault|wasn'?t my fault|i only (?:did|said) (?:it|that) because|because you "
    r"(?:started|made|always|never)|you (?:started|made me)|what about you|you do it "
    r"too|i didn'?t do anything"
    r"|look who'?s talking|i (?:already )?said sorry|i was only|i was just|well,? "
    r"you|don'?t blame me|you can talk|yeah but|yes,? but you|how is that my"
    r"|you(?:'re| are) the one who|it'?s your fault|your fault)\b",
    re.I,
)
_WALL = re.compile(
    r"^\W*(?:fine|whatever|forget it|never ?mind|drop it|i'?m done|nothing|do what "
    r"you want|suit yourself|leave it|i don'?t care(?: any ?more)?|no comment"
    r"|k)\b\W*(?:then|whatever|fine|forget it|i'?m done)?\W*$"
    r"|\b(?:i'?m done talking|i have nothing to say|i'?m not (?:talking|discussing"
    r"|doing this)|not talking to you|silent treatment|i'?m not speaking|talk to the "
    r"hand|whatever you say|end of discussion|subject closed)\b",
    re.I,
)
_CONTEMPT_ACT = re.compile(
    (
        r"\b(?:rolled my eyes|mocked|sneered|laughed at (?:you|him|her)|made fun of|you "
        r"disgust|you make me sick|grow up|get a life|shut up|what'?s wrong with you|act "
        r"your age|just like your (?:mother|father|mum|dad))\b"
    ),
    re.I,
)
_CRITICISM = re.compile(
    (
        r"\b(?:why (?:can'?t|don'?t|do|are|must) you|you (?:always|never|don'?t ever)"
        r"|what is wrong with|typical|you should(?:n'?t)? have|how (?:could|hard)"
        r"|you'?re (?:so|such|always|never)|all you (?:ever )?do|i have to do everything"
        r"|every time)\b"
    ),
    re.I,
)


def horsemen(text: str) -> tuple[str, ...]:
    """Which of the four are in a remark; an empty tuple if none."""
    found = []
    form = faults(text)
    if ALWAYS in form or YOU_ARE in form or _CRITICISM.search(text) or MIND in form:
        found.append("criticism")
    if NAMES in form or SARCASM in form or _CONTEMPT_ACT.search(text):
        found.append("contempt")
    if _DEFENCE.search(text):
        found.append("defensiveness")
    if _WALL.search(text):
        found.append("stonewalling")
    return tuple(found)


def faults(text: str) -> tuple[str, ...]:
    """What is wrong with the form of a remark to the other, without regard to a request."""
    found = []
    if _ALWAYS.search(text):
        found.append(ALWAYS)
    if _judges(text):
        found.append(YOU_ARE)
    if _NAMES.search(
        re.sub(
            (
                r"\b(?:the|our|a|my|new|with) (?:baby|child)\b|\bI(?:'m| am| was| feel| felt) "
                r"(?:so |like an? )?(?:idiot|fool|stupid|useless|crazy|worthless|ugly|fat|lazy"
                r"|selfish)|\bI called you (?:an? )?\w+|\bme (?:feel|look) (?:so |like an? )?\w+"
            ),
            "",
            text,
            flags=re.I,
        )
    ):
        found.append(NAMES)
    if _SARCASM.search(text):
        found.append(SARCASM)
    if _MIND.search(text):
        found.append(MIND)
    if _THREAT.search(text) or _condition(text):
        found.append(THREAT)
    return tuple(found)


def lacks(text: str) -> tuple[str, ...]:
    """What a rewrite must have and this one does not: an I, and a request or a limit."""
    found = []
    if not _I.search(text):
        found.append(NO_I)
    if not (_REQUEST.search(text) or _LIMIT.search(text)):
        found.append(NO_REQUEST)
    return tuple(found)


def _judges(text: str) -> bool:
    for match in _YOU_ARE.finditer(text):
        word = match[1].lower()
        asked = match.group().lower().startswith("are you")
        if asked and word in {
            "up",
            "ok",
            "okay",
            "free",
            "willing",
            "able",
            "coming",
            "home",
            "in",
            "around",
            "ready",
            "all",
        }:
            continue
        if word in {"so", "such", "too", "like", "nothing but"}:
            nxt = (match[2] or "").lower()
            if nxt not in {"late", "tired", "busy", "quiet", "far", "upset", "stressed"}:
                return True
        elif word in {"a", "an", "the"}:
            if (match[2] or "").lower() not in {"bit", "little", "few"}:
                return True
        elif word not in _STATE and not word.endswith("ing") and not word.endswith("ed"):
            return True
    return False


def _condition(text: str) -> bool:
    """ "If you …, I'll leave", but not "if …, I'll leave the room"."""
    match = re.search(
        (
            r"\bif you\b[^.!?]{3,80}?,? (?:then )?(?:i'?ll|i'?m|i will|we'?re|i am"
            r"|it'?s)\b([^.!?]{0,50})"
        ),
        text,
        re.I,
    )
    if not match:
        return False
    harmless = re.search(
        (
            r"\b(?:leave the (?:room|table|talk|house for)|step (?:out|away|back)|stop|wait"
            r"|come back|take a|go for a walk|glad|happy|pause|grateful|there)\b"
        ),
        match[1],
        re.I,
    )
    return (
        bool(
            re.search(
                (
                    r"\b(?:leav|gone|done|over|tell|divorc|kick|throw|never|moving out|find|cancel"
                    r"|cut)\w*"
                ),
                match[1],
                re.I,
            )
        )
        and not harmless
    )


# --- what is asked for ------------------------------------------------------------------------

_ASKING = (
    r"(?:stop|don't|do not|quit|no more|never|not|delete|block|unfollow|unfriend|cut "
    r"off|drop|give|show|send|share|tell|let me|hand over|unlock|answer|reply|pick "
    r"up|be home|come (?:straight )?home|stay (?:at )?home"
    r"|could you|can you|would you|will you|please|i'd (?:like|love|prefer|rather"
    r"|feel)|i would (?:like|love|prefer|rather|feel)|i want you|i need you|if you "
    r"(?:loved|love|cared|really|would|could|didn't|don't|stopped|just|wouldn't)"
    r"|you (?:can't|cannot|can not|shouldn't|should|must|need to|have to|ought"
    r"|aren't (?:going|allowed)|are not|owe|better|'re not|may not|won't)|you're "
    r"(?:not|my)|mean (?:a lot|so much|the world)|i forbid|mind|get you to|make you"
    r"|stop you|let you|allow you"
    r"|told you|asked you|fair|not too much to ask|why (?:can't|won't|don't|didn't"
    r"|do|are|is) (?:you|your)|prove|promise me|choose|it's me or|rule|permission)"
)
_OFF_LIMITS: tuple[tuple[str, str], ...] = (
    (
        "who you see and talk to",
        r"(?:see(?:ing)?|talk(?:ing)? to|speak(?:ing)? (?:to|with)|text(?:ing)?"
        r"|messag(?:e|ing)|meet(?:ing)?(?: up)?(?: with)?|hang(?:ing)? (?:out|around)(?: "
        r"with)?|go(?:ing)? out with|be(?:ing)? friends with|contact(?:ing)?"
        r"|call(?:ing)?|visit(?:ing)?"
        r"|follow(?:ing)?|spend(?:ing)? (?:so much )?time with|block(?:ing)?|delet(?:e"
        r"|ing)|unfollow(?:ing)?|unfriend(?:ing)?|cut(?:ting)? off|drop(?:ping)?|have"
        r"|having|be around|being around|lunch(?:es)? with)\s+(?:out with\s+|any\s+"
        r"|all\s+|those\s+|that\s+|with\s+)*"
        r"(?:your (?:\w+ )?(?:friends?|mates?|ex|family|mother|mum|mom|sister|brother"
        r"|parents|colleagues?|coworkers?|contacts|best friend|exes)|other (?:men|women"
        r"|guys|girls|people|blokes)|any (?:men|women|guys|girls)|guy friends|male "
        r"friends|female friends|men\b|women\b|guys\b|girls\b"
        r"|friends of the|anyone|him\b|them\b|her\b|that (?:guy|girl|man|woman|friend)|[A-Z][a-z]+\b)",
    ),
    (
        "who you see and talk to",
        (
            r"(?:your (?:friends?|family|sister|brother|mother|mum|ex|mates)) or me|me or "
            r"(?:your|him|her|them)|(?:male|female|guy|girl) friends"
        ),
    ),
    (
        "where you go",
        (
            r"(?:go(?:ing)? out(?: without me| at night| alone| tonight| with)?|leav(?:e"
            r"|ing) the house|stay(?:ing)? (?:at )?home|be(?:ing)? home by|come straight "
            r"home|ask (?:me )?(?:first )?(?:before|for permission)[^.]{0,20}(?:go|leav"
            r"|see)\w*|my permission|travel(?:ling)? (?:alone|without)|go(?:ing)? anywhere "
            r"without|go(?:ing)? to (?:the gym|work|that party|parties|the pub|university"
            r"|uni|church|classes))"
        ),
    ),
    (
        "what you do with your body",
        (
            r"(?:lose (?:some )?weight|gain weight|shave|abortion|termination|keep the baby"
            r"|get pregnant|have (?:a|my|another) (?:baby|child)|birth control|the pill|your "
            r"hair (?:long|short|back)|cut your hair|dye your hair|eat(?:ing)? (?:less|so "
            r"much|that)|tattoo|piercing|implant)"
        ),
    ),
    (
        "what you wear",
        (
            r"(?:wear(?:ing)?|dress(?:ing|ed)?|put(?:ting)? on|cover(?:ing)? up|make-?up"
            r"|skirt|heels|that (?:top|dress|outfit)|chang(?:e|ing) (?:your clothes|before "
            r"we)|less revealing|more modest)"
        ),
    ),
    (
        "your phone and your messages",
        (
            r"(?:(?:see|check(?:ing)?|read(?:ing)?|look(?:ing)? (?:at|through)|go(?:ing)? "
            r"through|unlock|show me|hand over|give me|access to|have access|password"
            r"|passcode|pin|open|let me (?:see|check|read)|know)\s+(?:\w+ ){0,3}?(?:your "
            r")?(?:phone|messages|texts|emails?|whatsapp|dms|instagram|password|passcode"
            r"|accounts?|pin|call log)|your (?:phone )?(?:password|passcode|pin)|share "
            r"passwords|phone (?:unlocked|open) (?:to|for) me)"
        ),
    ),
    (
        "where you are",
        (
            r"(?:(?:your|share|sharing|send|turn on|live|keep) (?:\w+ ){0,2}?location"
            r"|track(?:ing|er)?(?: app| you)?|(?:photo|picture|pic|selfie|proof|video) (?:of "
            r"|to show )?(?:where|who) you|tell me where you are (?:at all|every|always)"
            r"|where you are at all times|know where you are (?:at all|every|all)|find my "
            r"(?:phone|friends)|check in every|text me every (?:hour|half|\d+))"
        ),
    ),
    (
        "your own money",
        (
            r"(?:your (?:wages?|salary|pay|paycheck|bank (?:card|account|login)|card"
            r"|inheritance|savings|tips|earnings)\b|ask (?:me )?before you (?:spend|buy)"
            r"|(?:all )?your receipts|an allowance|quit (?:your|that) job|stop working|give "
            r"up (?:your|that) job|your own (?:account|money))"
        ),
    ),
    (
        "your body, and whether you want sex",
        (
            r"(?:sex\b|sleep with me|make love|in bed with me|touch me more in bed|your "
            r"(?:wifely|marital|husbandly) dut\w+|a blow ?job|nudes?|naked (?:photo|picture"
            r"|pic)s?|be intimate|intimacy (?:tonight|twice|every)|put out|satisfy me)"
        ),
    ),
    (
        "when you answer",
        (
            r"(?:(?:answer|reply|respond|text (?:me )?back|message (?:me )?back|pick up|call "
            r"(?:me )?back)(?:ed|ing)?\b[^.!?]{0,25}\b(?:right now|right away|immediately|at "
            r"once|straight away|instantly|within|every time|always|now\b|in (?:five|ten|two"
            r"|\d+) minutes|the (?:second|minute|moment)|when i (?:call|text)|whenever))"
        ),
    ),
)
_SELF = re.compile(
    (
        r"\b(?:telling me|tell me (?:what|who|how|when) (?:i|to)|me what to|who i can"
        r"|what i (?:can )?wear|where i (?:go|can)|my (?:phone|messages|location|body"
        r"|money|wages|account|password|texts|friends)|i don'?t want (?:to|sex)|i'?m not"
        r"|i won'?t|with my (?:phone|money)|i'm sorry)\b"
    ),
    re.I,
)
_PRESS_SEX = re.compile(
    (
        r"\b(?:you owe|your duty|it'?s been (?:\w+ )?(?:weeks|months|days)|you (?:have"
        r"|need|ought) to|why (?:won'?t|don'?t|can'?t) you (?:just |ever )?(?:have|want"
        r"|sleep|let)|if you (?:loved|love|really|cared)|could(?:n'?t)? you (?:just )?"
        r"|would you (?:just )?|can you (?:just )?|can we (?:just )?|i (?:need|want"
        r"|deserve|expect) (?:you|us|more|it|sex)|just (?:do it|this once)|tonight"
        r"|please|a man has|a (?:wife|husband) should|get you to|make you|get you)\b"
    ),
    re.I,
)
_TIES = re.compile(
    (
        r"\b(?:school|kids|nursery|dentist|doctor|dinner|the cat|the dog|bins|landlord"
        r"|plumber|bank|vet|teacher|when you get (?:there|in|home safe)|the meeting|our "
        r"(?:son|daughter|child))\b"
    ),
    re.I,
)


def restricts(text: str) -> str:
    """What the text asks of the other that is theirs alone to decide, as "who you see"; else empty."""
    for sentence in split_sentences(text):
        if _SELF.search(sentence) and not re.search(
            r"\b(?:your|you) (?:phone|friends|location|password|ex)\b", sentence, re.I
        ):
            continue
        for what, pattern in _OFF_LIMITS:
            if _asks_for(sentence, what, pattern):
                return what
    return ""


def _asks_for(sentence: str, what: str, pattern: str) -> bool:
    found = re.search(rf"\b{pattern}", sentence, re.I if what != "who you see and talk to" else 0) or (
        what == "who you see and talk to"
        and re.search(rf"\b{pattern.replace('|[A-Z][a-z]+', '')}", sentence, re.I)
    )
    if not found:
        return False
    left = sentence[: found.start()] + sentence[found.start() : found.end()]
    asking = re.search(rf"\b{_ASKING}\b", left, re.I) or re.match(rf"\W*{_ASKING}\b", sentence, re.I)
    if what == "your body, and whether you want sex":
        return bool(_PRESS_SEX.search(sentence))
    if what == "who you see and talk to":
        no = (
            r"\b(?:stop|don't|do not|didn't|wouldn't|quit|no more|never|not|n't|block|delete"
            r"|unfollow|unfriend|cut off|drop|forbid|rather you|less|fewer|without|or me|me "
            r"or|can't|cannot|allowed|permission|mind|instead of|choose|won't let)\b"
        )
        asked = (
            re.search(no, left, re.I)
            and asking
            and not re.search(
                (
                    r"\b(?:talk|speak|text|call|message|say|see|listen|talking|speaking|calling) "
                    r"(?:to |with )?(?:me|us)\b"
                ),
                sentence,
                re.I,
            )
        )
        help_each_other = re.search(
            (
                r"\b(?:don't|never|won't|didn't|not|can't) (?:you )?(?:\w+ )?(?:see|call|visit"
                r"|talk to|text|meet) (?:your|my|our) (?:mother|mum|mom|parents|father|dad"
                r"|brother|sister)\b"
            ),
            sentence,
            re.I,
        )
        return bool(asked) and not (
            help_each_other and re.search(r"\bwhy|you (?:never|don't)\b", sentence, re.I)
        )
    if (
        what == "where you go"
        and _TIES.search(sentence)
        and not re.search(r"permission|without me|leave the house|stay(?:ing)? (?:at )?home", sentence, re.I)
    ):
        return False
    if what == "what you wear":
        worn = re.search(r"\b(?:you|your|that|it|those|these|less|more|out)\b", sentence, re.I)
        return bool(asking and worn) and not re.search(
            r"\b(?:coat|jacket|seat ?belt|helmet|gloves|mask|sunscreen|shoes off|a tie)\b", sentence, re.I
        )
    return bool(asking)


# --- leave it as it is ------------------------------------------------------------------------


def is_limit(text: str) -> bool:
    """A plain no, or a stop to what is done to the speaker: not to be softened."""
    if faults(text) or _WALL.search(text) or restricts(text):
        return False
    if re.match(r"\W*(?:please )?(?:stop|don't|do not|quit)\b", text, re.I):
        return bool(_MINE.search(text)) and not re.match(
            r"\W*(?:please )?(?:stop|don't) (?:being|acting|be)\b", text, re.I
        )
    return bool(_HARD_LIMIT.search(text))


def is_fine(text: str) -> bool:
    """Nothing to mend: no fault, and it speaks for itself, asks, thanks or owns."""
    if horsemen(text) or faults(text) or restricts(text) or _SWEAR.search(text):
        return False
    kind = re.search(
        (
            r"\b(?:thank you|thanks for|i'?m sorry|sorry (?:i|for)|i appreciate|i love|i "
            r"miss|i forgave|well played|i'?m (?:glad|proud|grateful))\b"
        ),
        text,
        re.I,
    )
    if kind:
        return True
    feels = re.search(r"\bI(?:'m| am| feel| felt| was| get|'ve been)\b", text)
    return bool(
        _REQUEST.search(text)
        or (feels and _LIMIT.search(text))
        or (feels and not re.search(r"\byou\b", text, re.I))
    )


# --- what a remark is made of -----------------------------------------------------------------


@dataclass(frozen=True)
class Complaint:
    """A remark taken apart: `when` tells what the other did ("you don't listen to me"), `want` what is
    wished ("listen to me"), `facts` are the speaker's own plain sentences, `label` the name given."""

    when: str = ""
    want: str = ""
    past: bool = False
    facts: tuple[str, ...] = ()
    label: str = ""
    matter: str = ""
    greeting: str = ""
    time: str = ""


_PAST_TO_BASE = dict(
    pair.split(":")
    for pair in """
    asked:ask forgot:forget came:come went:go took:take made:make said:say told:tell gave:give got:get
    did:do had:have was:be were:be left:leave bought:buy brought:bring called:call let:let put:put
    thought:think knew:know heard:hear saw:see found:find kept:keep paid:pay picked:pick planned:plan
    stopped:stop listened:listen helped:help thanked:thank tried:try cried:cry noticed:notice
    invited:invite cooked:cook cleaned:clean loved:love cared:care used:use apologised:apologise
    apologized:apologize done:do been:be gone:go taken:take given:give forgotten:forget seen:see
    written:write spoken:speak known:know shown:show eaten:eat told:tell sent:send spent:spend lost:lose
    won:win stood:stand sat:sit slept:sleep read:read ate:eat drank:drink broke:break chose:choose
    drove:drive felt:feel fell:fall fought:fight held:hold hurt:hurt lent:lend meant:mean met:meet
    ran:run sold:sell spoke:speak threw:throw woke:wake wore:wear wrote:write hid:hide lied:lie
    turned:turn showed:show
    """.split()
)
_PARTICIPLES = frozenset(
    ("done been gone taken given forgotten seen written spoken known shown eaten were").split()
)
_E_VERBS = frozenset(
    (
        "leav com tak mak us giv hav writ driv smok complain_ blam argu ignor criticis "
        "criticiz mov chang los clos hid dat caus shar smil star patronis patronis tim "
        "wast danc bak invit compar excus promis behav"
    ).split()
)
_VOCATIVE = re.compile(
    (
        r"^\W*(?!(?:Oh|Well|Fine|Yes|No|Look|Hey|Why|You|Stop|So|And|But|God|Please|Sure"
        r"|Great|Thanks|Honestly|Seriously)\b)([A-Z][a-z]{2,14}|mum|dad|mom|babe|love"
        r"|honey|darling),\s+"
    ),
    re.I,
)
_FILL = re.compile(
    (
        r"\b(?:always|constantly|forever|for once|for a change|ever|even|just|every "
        r"single time|every time|as usual|like an idiot|like a fool|all the time"
        r"|literally|seriously|so-called|obviously|clearly|every bloody time)\b,? ?"
    ),
    re.I,
)
_NEG = (
    r"(?:don't|do not|didn't|did not|won't|wouldn't|can't|cannot|couldn't|haven't"
    r"|hardly|barely|rarely|dont|didnt|wont|cant)"
)


def complaint(text: str) -> Complaint:
    """Take a remark apart; fields that cannot be found stay empty."""
    greeting = ""
    if match := _VOCATIVE.match(text):
        greeting, text = match[1], text[match.end() :]
    elif match := re.search(r",\s+([A-Z][a-z]{2,14})(?=[.!?]*$)", text):
        greeting, text = match[1], text[: match.start()]
    facts: list[str] = []
    found = Complaint()
    for sentence in split_sentences(text):
        plain = _unwrapped(bare(unsworn(sentence)))
        if re.match(r"I(?:'m|'ve|'d)? ", plain) and "you" not in plain.lower().split() and _own_fact(plain):
            facts.append(plain)
            continue
        part = _part(plain)
        if not (found.when or found.want) and (part.when or part.want):
            found = Complaint(
                part.when,
                part.want,
                part.past,
                label=found.label or part.label,
                matter=part.matter or found.matter,
            )
        elif part.facts:
            facts += part.facts
        elif part.label and not found.label:
            found = Complaint(found.when, found.want, found.past, label=part.label, matter=found.matter)
        elif part.matter and not found.matter:
            found = Complaint(found.when, found.want, found.past, label=found.label, matter=part.matter)
        elif _own_fact(plain):
            facts.append(plain)
    return Complaint(
        found.when, found.want, found.past, tuple(facts[:2]), found.label, found.matter, greeting
    )


def _own_fact(plain: str) -> bool:
    """A plain sentence of the speaker's own that can stand in a rewrite."""
    return (
        bool(_I.search(plain))
        and not faults(plain)
        and not horsemen(plain)
        and len(plain.split()) <= 22
        and not re.match(r"(?:why|how|if)\b", plain, re.I)
    )


def _part(text: str) -> Complaint:
    text = re.sub(
        (
            r"^\W*(?:(?:oh|well|look|honestly|seriously|god|ugh|and|but|so|hey|come on|wow"
            r"|right|i swear|i can't believe(?: that)?|it's like|i feel like|i feel that|i "
            r"think)[,!.]? )+"
        ),
        "",
        text,
        flags=re.I,
    )
    text = re.sub(r"\bu\b", "you", re.sub(r"\bur\b", "you're", text))
    for build in (
        _blame,
        _never,
        _always,
        _label,
        _negative,
        _question,
        _all_you,
        _hate_when,
        _demand,
        _stop,
        _past_act,
        _thing,
    ):
        part = build(text)
        if part:
            return part
    return Complaint()


def _blame(text: str) -> Complaint | None:
    match = re.match(r"(?:it's|this is|that's) (?:all )?your fault(?: that| if)? ?(.*)", text, re.I)
    if not match:
        return None
    rest = match[1]
    if re.match(r"(?:we|i|he|she|they|it|the|my|our)\b", rest, re.I):
        return Complaint(facts=(rest[:1].upper() + rest[1:],))
    return Complaint(matter=rest or "how this went")


def _never(text: str) -> Complaint | None:
    match = re.search(
        (
            r"\byou(?P<have>'ve| have)?(?: can| will|'ll|'re| are)? never (?:ever |once "
            r"|even |really |actually )*(?P<vp>[^,;]+(?:, [^,;]+)?)"
        ),
        text,
        re.I,
    )
    if not match:
        return None
    vp = tidy(match["vp"])
    first, _, rest = vp.partition(" ")
    if re.search(r"\byou(?:'re| are) never\b", text, re.I):
        return Complaint(when=f"you're not {vp}", want=f"be {vp}")
    base = _PAST_TO_BASE.get(first.lower()) or (_unpast(first) if first.lower().endswith("ed") else first)
    want = f"{base} {rest}".strip()
    if match["have"]:
        return Complaint(when=f"you haven't {vp}", want=want, past=True)
    if base != first:
        return Complaint(when=f"you didn't {want}", want=want, past=True)
    return Complaint(when=f"you don't {vp}", want=vp)


def _always(text: str) -> Complaint | None:
    only = re.search(r"\byou (?:only|just) ever (?P<vp>.+)", text, re.I)
    if only:
        return Complaint(when=f"you only {re.sub(r' when you ', ' if you ', tidy(only['vp']))}")
    match = re.search(
        (
            r"\byou(?P<be>'re| are)? (?:always|constantly|forever|keep on|keep) "
            r"(?P<vp>[^;]+)"
        ),
        text,
        re.I,
    )
    if not match:
        return None
    vp = tidy(match["vp"])
    if re.search(r"\byou keep\b", text, re.I):
        return Complaint(when=f"you keep {vp}")
    if match["be"] and _NAMES.search(vp):
        return Complaint(label=vp)
    return Complaint(when=f"you're {vp}" if match["be"] else f"you {vp}")


def _label(text: str) -> Complaint | None:
    match = re.match(
        (
            r"(?:why are |stop being )?(?:you(?:'re| are|'ve been)?|are you) (?:being "
            r")?(?:so|such an?|too|just|really|an?|the|nothing but|acting like an?)? "
            r"?((?:[\w-]+ ){0,3}[\w-]+)"
        ),
        text,
        re.I,
    )
    if not match or not (_judges(text) or re.match(r"(?:why are you|stop being)", text, re.I)):
        return None
    rest = re.search(r",? (?:that you|because you|you) (.+)$", text[5:], re.I)
    when = tidy(f"you {rest[1]}") if rest and not _NAMES.search(rest[1]) else ""
    return Complaint(when=when, past=is_past(when), label=tidy(match[1]))


def _negative(text: str) -> Complaint | None:
    match = re.search(rf"\byou (?P<neg>{_NEG}) (?P<vp>[^;]+)", text, re.I)
    if not match or re.match(r"why|if", text, re.I):
        return None
    vp, neg = tidy(match["vp"]), match["neg"].lower()
    if _MIND.search(f"you {neg} {vp}"):
        about = re.search(r"\b(?:about|for|of) (.+)", vp)
        return Complaint(
            matter=about[1]
            if about and about[1].lower().split()[0] not in {"me", "us", "it", "you"}
            else "how much I count here"
        )
    past = neg in {"didn't", "did not", "didnt", "haven't", "couldn't", "wouldn't"}
    return Complaint(
        when=f"you {neg} {vp}", want="" if neg in {"haven't", "hardly", "barely", "rarely"} else vp, past=past
    )


def _question(text: str) -> Complaint | None:
    match = re.match(rf"why (?P<neg>{_NEG}) you (?P<vp>.+)", text, re.I)
    if match:
        vp = tidy(match["vp"])
        return Complaint(
            when=f"you {match['neg'].lower()} {vp}",
            want=vp,
            past=match["neg"].lower() in {"didn't", "did not"},
        )
    match = re.match(r"why (?:do|must|did) you (?:have to |need to )?(?P<vp>.+)", text, re.I)
    if match:
        return Complaint(when=f"you {tidy(match['vp'])}")
    match = re.match(r"(?:can|could|would|will)(?:n't)? you (?:please )?(?P<vp>.+)", text, re.I)
    return Complaint(want=tidy(match["vp"])) if match else None


def _all_you(text: str) -> Complaint | None:
    match = re.match(r"all you (?:ever )?do is (?P<vp>.+)", text, re.I)
    return Complaint(when=f"you {tidy(match['vp'])}") if match else None


def _hate_when(text: str) -> Complaint | None:
    match = re.search(
        r"\b(?:hate|love|mind|like|annoys|bothers|kills|hurts|tired of|sick of|stand"
        r"|feel \w+|am \w+|I'm \w+)\b"
        r"[^.]{0,12}\b(?:when|that|how) you (?P<vp>.+)",
        text,
        re.I,
    ) or re.match(r"\W*(?:when|that|how) you (?P<vp>.+)", text, re.I)
    if not match:
        return None
    vp = re.split(r", (?:i|it|that)\b", tidy(match["vp"]), maxsplit=1, flags=re.I)[0]
    return Complaint(when=f"you {vp}")


def _demand(text: str) -> Complaint | None:
    match = re.search(
        (
            r"\byou (?:should|need to|have to|must|ought to|could at least|better|had "
            r"better) (?!have\b)(?P<vp>.+)"
        ),
        text,
        re.I,
    )
    if match:
        return Complaint(want=tidy(match["vp"]))
    match = re.match(r"if you don't (?P<vp>[^,]+),", text, re.I)
    return Complaint(want=tidy(match["vp"])) if match else None


def _stop(text: str) -> Complaint | None:
    if being := re.match(
        r"(?:please )?(?:stop|quit) (?:being|acting) (?:so |such an? |like an? )?(.+)", text, re.I
    ):
        return Complaint(label=tidy(being[1]))
    match = re.match(r"(?:please )?(?:stop|quit) (?P<verb>\w+ing)\b ?(?P<rest>.*)", text, re.I)
    return Complaint(when=tidy(f"you {_unging(match['verb'])} {match['rest']}")) if match else None


def is_past(when: str) -> bool:
    """True if "you …" tells of one time in the past."""
    verb = re.match(r"you (?:just |then |even )?([\w']+)", when, re.I)
    word = verb[1].lower() if verb else ""
    return (
        (word in _PAST_TO_BASE and _PAST_TO_BASE[word] != word)
        or word.endswith("ed")
        or word in {"didn't", "haven't", "have"}
    )


def _past_act(text: str) -> Complaint | None:
    match = re.search(r"\byou (?P<vp>(?P<verb>[\w']+)(?: .+)?)$", text, re.I)
    if not match:
        return None
    verb = match["verb"].lower()
    if (
        verb
        in {
            "and",
            "or",
            "make",
            "know",
            "think",
            "are",
            "were",
            "should",
            "would",
            "could",
            "must",
            "can",
            "will",
        }
        or not match["vp"].strip()
    ):
        made = re.search(r"\byou (?:make|made) me (?:feel )?(.+)", text, re.I)
        return None if not made else Complaint()
    past = is_past(f"you {verb}")
    return Complaint(when=f"you {tidy(match['vp'])}", past=past)


def _thing(text: str) -> Complaint | None:
    """No clause to use, only a thing: "you and your phone", "another night alone with the telly"."""
    match = re.search(
        (
            r"\b(you and your [\w -]+)$|\b(another [\w' -]+)|\b(?:about|with|of) (the [\w' "
            r"-]+)$"
        ),
        _SARCASM.sub("", text),
        re.I,
    )
    if not match:
        return None
    thing = next(g for g in match.groups() if g)
    return Complaint(matter=tidy(re.sub(r"^you and ", "", thing, flags=re.I)))


def unsworn(text: str) -> str:
    """The text without swear words."""
    return _SWEAR.sub("", text)


def tidy(text: str) -> str:
    """A part without exaggeration and insult, ready to stand in a sentence."""
    text = _FILL.sub("", re.sub(r"\bnever (?:ever |once |even )?(\w+)", _not_now, unsworn(text), flags=re.I))
    text = re.sub(
        (
            r"\b(your|the|that|those|a) (?:stupid|dumb|lazy|pathetic|precious|useless"
            r"|ridiculous) "
        ),
        r"\1 ",
        text,
        flags=re.I,
    )
    text = re.sub(
        (
            r",? (?:you (?:lazy|selfish|stupid|useless|absolute|complete|total"
            r"|bloody)?\s?\w+)$"
        ),
        lambda m: "" if _NAMES.search(m.group()) else m.group(),
        text,
        flags=re.I,
    )
    text = re.split(
        (
            r",? (?:and it's|and i'm|or (?:i'm|i'll|else)|do you|don't you|are you|or what"
            r"|what the|what is wrong)\b"
        ),
        text,
        maxsplit=1,
        flags=re.I,
    )[0]
    text = re.split(
        (
            r",? and (?:then )?you (?:have the (?:nerve|cheek|audacity|gall)|wonder|expect"
            r"|act|still|just|think)\b|,? and (?:if|that's)\b|, you\b"
        ),
        text,
        maxsplit=1,
        flags=re.I,
    )[0]
    return _unwrapped(" ".join(bare(text).split()).strip(", "))


def _unwrapped(text: str) -> str:
    """The text without quotation marks around it or a single one left over; marks within stay."""
    inner = text.count('"') - text.startswith('"') - text.endswith('"')
    return text if inner and text.count('"') % 2 == 0 else text.strip("\"'")


def _not_now(match: re.Match[str]) -> str:
    """ "never visit" as "don't visit", "never asked" as "didn't ask": the fact stays, the sum goes."""
    verb = match[1].lower()
    base = _PAST_TO_BASE.get(verb) or (_unpast(verb) if verb.endswith("ed") else verb)
    return f"{'didn' if base != verb else 'don'}'t {base}"


def past_form(verb: str) -> str:
    """The past of a verb: "leave" to "left"."""
    for past, base in _PAST_TO_BASE.items():
        if base == verb.lower() and past not in _PARTICIPLES:
            return past
    if verb.endswith("e"):
        return f"{verb}d"
    if verb.endswith("y") and verb[-2:-1] not in "aeou":
        return f"{verb[:-1]}ied"
    return f"{verb}ed"


def _unpast(word: str) -> str:
    low = word.lower()
    if low.endswith("ied"):
        return low[:-3] + "y"
    root = low[:-2]
    if len(root) > 3 and root[-1] == root[-2] and root[-1] not in "ls":
        return root[:-1]
    return (
        root + "e"
        if root in _E_VERBS or root.endswith(("iv", "ak", "ok", "uc", "rg", "is", "iz", "at", "v"))
        else root
    )


def _unging(word: str) -> str:
    root = word.lower().removesuffix("ing")
    if len(root) > 2 and root[-1] == root[-2] and root[-1] not in "ls":
        return root[:-1]
    return root + "e" if root in _E_VERBS or root.endswith(("iv", "ak", "uc", "is", "iz", "v")) else root


def has_words(text: str) -> bool:
    """True if there is anything to judge."""
    return bool(WORD.search(text))
