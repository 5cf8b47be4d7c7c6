"""Tells apart the cases that need words of their own, by a few words of the message. Pure.

Whether there is risk, and which, is for the screen to say. These checks only choose among fixed texts, so a
miss costs a text that fits less well: each text that may be shown instead is sound by itself.
"""

from __future__ import annotations

import re

from coach.safety.normalise import normalise
from coach.turn import Risk

# In the order in which they are looked for: what cannot wait comes first.
CASES = ("throat_now", "throat", "weapon", "withdrawal", "voices", "honour", "forced", "if_left", "unwanted")

_MOST = 4000  # characters that are looked at


def _words(lines: str) -> re.Pattern[str]:
    """One alternative a line, in the screen's normalised spelling ("can not", "i am"), at a word's start."""
    return re.compile(r"\b(?:" + "|".join(line.strip() for line in lines.strip().splitlines()) + ")")


_DENIED = re.compile(r"\b(?:never|(?:did|do|does|has|have|had|is|was) not)(?! stop)(?: \w+)? $")

_THROAT = _words(
    r"""(?:chok|strangl|strangul|throttl|suffocat|smother)\w* (?:me|her|him|them|us|each other)\b(?! up\b)
    (?:chok|strangl|throttl|suffocat|smother)\w* my (?:mum|mom|mother|dad|sister|brother|friend|child)\b
    (?:chok|strangl|throttl|smother)\w* my (?:wife|husband|partner|girlfriend|boyfriend|daughter|son)\b
    (?:got|gets?|been|being|was|were|be|am|is) (?:\w+ ){0,2}(?:chok|strangl|throttl|suffocat)ed\b(?! up\b)
    (?:hands?|arms?|forearm|fingers|thumbs) (?:\w+ ){0,3}(?:my|her|his|their|the) (?:neck|throat|windpipe)
    (?:elbow|knee|belt|scarf|cord) (?:\w+ ){0,3}(?:my|her|his|their|the) (?:neck|throat|windpipe)
    (?:grab|grip|held|hold|squeez|press|caught|pinn|seiz)\w* (?:\w+ ){0,4}(?:neck|throat|windpipe)
    (?:neck|throat) (?:was |got |is )?(?:squeezed|pressed|grabbed|held)
    (?:pillow|cushion|duvet|hands?) (?:\w+ ){0,2}(?:over|on|across) (?:my|her|his|their) (?:face|mouth|nose)
    put (?:me|her|him) out with (?:the|a) pillow
    choke ?hold|head ?lock|strangulation|strangling|suffocation|choking (?:\w+ ){0,4}(?:during|in|while)
    (?:during|in|while having) (?:sex|bed) (?:\w+ ){0,6}(?:chok|strangl)
    (?:stopped|stops|cut|cuts) (?:off )?(?:my|her|his|me|him) (?:air|breath)"""
)
_LONG_AGO = _words(
    r"""(?:weeks?|months?|years?|yrs?|ages) (?:ago|back|before)\b|(?:in|since) (?:19|20)\d\d\b
    (?:last|since) (?:year|month|summer|winter|spring|autumn|fall|christmas|easter)\b|back then\b
    used to\b|long ago\b
    in (?:january|february|march|april|june|july|august|september|october|november|december)\b
    when (?:we|i) (?:were|was) (?:\w+ )?(?:dating|young|younger|first)|at the (?:start|beginning)\b"""
)
_LATELY = _words(
    r"""(?:today|tonight|yesterday|just|right now|earlier|now)\b
    this (?:morning|afternoon|evening|week|weekend)\b
    (?:last|the other) (?:night|evening|week|weekend|day)\b
    (?:on )?(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b|at the weekend\b
    (?:minutes?|hours?|days?|nights?) (?:ago|back)\b|(?:is|are) (?:choking|strangling)\b|woke up\b"""
)
_SYMPTOM = _words(
    r"""(?:hoarse|croak|rasp|swallow|blurr|vision|eyesight|blackout|unconscious|faint|dizz|confus|headache|numb|weak)\w*
    voice (?:is |has |was |sounds? |still )*(?:\w+ )?(?:gone|lost|changed|hoarse|strange|different|funny)\b
    lost (?:my|her|his) voice\b
    (?:black|pass)(?:ed|ing)? out\b|went (?:black|dark)\b|(?:lost|losing) consciousness\b
    saw (?:spots|stars)\b|had spots\b
    (?:neck|throat) (?:is |are |still |so |really |feels )*(?:hurt|sore|pain|ache|swollen|stiff|tender|raw)
    (?:sore|stiff|swollen|painful) (?:neck|throat)\b
    (?:hurts?|hard|trouble|difficult\w*|struggl\w+) (?:to |with )?(?:swallow|breath|speak|talk)
    can not (?:\w+ )?(?:breathe|speak|talk|see)\b|wet (?:my|her)self\b|droop\w*"""
)
_STILL = _words(r"(?:still|since then|ever since|since it happened)\b")
_PREGNANT = _words(
    r"(?:pregnan\w+|weeks along|weeks gone|my bump|the bump|expecting (?:a|our|my|in|twins))\b"
)

_WEAPON = _words(  # {blade}: what is a weapon only in somebody's hand
    r"""(?<!jump the )(?<!jumped the )(?<!jumping the )(?:hand|shot)?guns?\b|pistol
    revolver|rifle|firearm|machete|panga\b|weapons?\b
    (?:held|hold|pull|point|wav|threat|took|take|grab|got|get|pick|put)\w* (?:\w+ ){0,5}{blade}
    (?:came|come|carr|swung|swing|went|stab|with)\w* (?:\w+ ){0,5}{blade}
    (?:knife|knives|axe) (?:\w+ ){0,3}(?:at|to|in|on) (?:me|my|her|his|hand|the table)\b""".replace(
        "{blade}", r"(?:knife|knives|axe|hammer|cleaver|acid|petrol|bat)\b"
    )
)
_STOPPING = _words(
    r"""(?:withdraw|detox|sober|abstain)\w*|cold turkey\b|the dts\b|dts\b|last drink\b|quit\b|dried out\b
    (?:stop\w*|(?:came|come|comes|coming) off|(?:gave|given|giving) up|(?:ran|run|running) out|cut out)\b
    (?:without|skip (?:it|one|a|my)|leave it past|late with it)\b"""
)
_DANGEROUS_WITHDRAWAL = _words(
    r"""(?:seizure|convuls|hallucinat|deliri|confus)\w*|(?:a|had|having|has|of a) (?:fit|fits)\b
    fitting\b|foam\w*|fell (?:\w+ )?stiff\b
    (?:see|sees|seeing|saw|hear|hears|hearing|heard) (?:\w+ ){0,2}(?:things|voices|people|someone|faces)\b
    (?:see|sees|seeing|saw) (?:\w+ ){0,2}(?:spiders|bugs|insects|shadows|animals)\b
    (?:talk|address)\w* (?:to )?(?:\w+ ){0,2}(?:people|soldiers|someone)\b
    (?:is|are) not (?:really )?there\b|not in the room\b
    (?:not|no idea) (?:\w+ )?(?:know )?(?:where|who|what day) (?:i am|he is|she is|they are|it is)\b
    the dts\b|dts\b"""
)
_VOICE = _words(r"(?:voices?|god|jinn|angels?|the devil|the radio|the tv)\b")
_ORDER = _words(
    r"""(?:tell|tells|telling|told|orders?|ordering|ordered|commands?|commanding|commanded)\b
    says? (?:i|to|now|that i)\b|do it\b|wants? me\b|i must\b"""
)
_HONOUR = _words(
    r"""(?:honou?r|izzat|dowry|bride price|caste|rishta|nikah|fgm)\b
    shame (?:on|to|for) (?:the|our|my) (?:family|house)
    forc\w+ (?:\w+ ){0,3}(?:marry|marriage|married)\b|married off\b|(?:am|are) not marrying\b"""
)
_MARRIAGE = _words(
    r"(?:marry|marries|marrying|married|marriage|wedding|engaged|bride|a wife|function|lehenga)\b"
)
_PRESSED = _words(
    r"""(?:passport|flight|one way|refuse|refusing|uncles|village|shame|shames|locked)\b
    promised (?:me|her|my)\b|back home\b
    ticket to\b|say no\b|says no\b|my no\b|(?:do|does|did) not want (?:it|him|to marry|this)\b
    found (?:out|the|my)\b"""
)
_TAKEN_AWAY = _words(
    r"""(?:one way ticket|my (?:flight|ticket))\b
    (?:took|taken|hid|keeps?|kept|has|have|brought) (?:\w+ ){0,2}passport\b"""
)
_FORCED = _words(
    r"""(?:rape|rapes|raped|raping)\b
    (?:forc\w+|made|makes|make) (?:me|her|him|them) (?:\w+ ){0,3}(?:sex|sexual|in bed|sleep with)
    forc\w+ (?:him|her)self on\b
    (?:held|holds|pinned|pins) (?:me|her|him) down\b|inside me\b
    without (?:a condom|my consent|consent|asking)\b|took the condom off\b
    (?:asleep|sleeping|sleep|drunk|passed out) (?:\w+ ){0,8}(?:sex|on top|inside)
    (?:sex|on top of me) (?:\w+ ){0,6}(?:asleep|sleeping|do not want|did not want|said no|against my will)
    said no (?:\w+ ){0,6}(?:anyway|did not stop|does not stop|carried on|carries on|kept going|keeps going)"""
)
_LEAVING = _words(
    r"""(?:if|when|whenever|unless|because|once|until|(?:every|each) time) i (?:\w+ ){0,2}{go}\b
    (?:i|we|me|to) (?:\w+ ){0,4}(?:leave|leaving|left|dump|dumped) (?:him|her|them|me|my \w+)\b{not_be}
    (?:i|we|me) (?:\w+ ){0,4}(?:(?:broke|break|breaking|broken|split|splitting) up|separat\w+|leaving)\b
    (?:i|we|me) (?:\w+ ){0,4}(?:(?:move|moved|moving|walk|walked) out|end(?:ed|ing)? (?:it|things|us))\b
    since i left\b|break(?:ing)? (?:it )?(?:up|off) with\b|divorc\w*
    my ex (?:\w+ ){0,3}(?:say|said|threat|will|text|tell|keep|swear)\w*""".replace(
        "{go}",
        "(?:leave|left|go|went|going|ended?|break|broke|split|moved?|walk|walked|stay|stayed|come|came|answer"
        "|reply|pick up|block|blocked|divorce|take (?:him|her|them) back)",
    ).replace("{not_be}", r"(?! (?:be|alone|with|to|a|for)\b)")  # "leave her be" is no parting
)
_PICTURE = _words(r"(?:pictur|image|thought|intrusive|flash|imagin|vision|see myself)\w*")
_HORROR = _words(
    r"""(?:horrif|terrif|scare|scaring|frighten|disgust|asham|monster|sick)\w*
    would (?:never|sooner|rather)\b|will never\b
    do not want (?:to|them|it|these)\b|hate (?:it|them|myself|that)\b
    i love (?:him|her|them|the baby|my)\b|i (?:cry|cried|am crying)\b|unwanted\b"""
)
_URGE = _words(
    r"""(?:urge|tempt|shook|shaken|shaking (?:him|her|the baby)|slapp|dropped|swap|real baby|voice)\w*
    grabbed\b
    (?:want|wanted|wanting) to (?:hurt|shake|harm|hit|drop|throw|kill|smother|squeeze)\b|so close\b
    this close\b"""
)


def cases(message: str, risk: Risk) -> tuple[str, ...]:
    """Which of `CASES` a message at risk may be, the most urgent first."""
    words = normalise(message[:_MOST]).replace("\n", " ")
    found = {
        "weapon": _has(_WEAPON, words),
        "withdrawal": _has(_STOPPING, words) and _has(_DANGEROUS_WITHDRAWAL, words),
        "voices": _has(_VOICE, words) and _has(_ORDER, words),
        "honour": _has(_HONOUR, words)
        or _has(_TAKEN_AWAY, words)
        or (_has(_MARRIAGE, words) and _has(_PRESSED, words)),
        "forced": _has(_FORCED, words),
        "if_left": _has(_LEAVING, words),
        "unwanted": _has(_PICTURE, words) and _has(_HORROR, words) and not _has(_URGE, words),
    }
    if _has(_THROAT, words):
        found["throat_now" if _needs_a_doctor_now(words, risk) else "throat"] = True
    return tuple(case for case in CASES if found.get(case))


def _needs_a_doctor_now(words: str, risk: Risk) -> bool:
    """Pressure on a neck within days, with a symptom, or in pregnancy; what is long over if it lingers."""
    symptom = _has(_SYMPTOM, words)
    if _has(_LONG_AGO, words):
        return (symptom and _has(_STILL, words)) or (risk.level >= 3 and _has(_LATELY, words))
    pregnant = "perinatal" in risk.flags or _has(_PREGNANT, words)
    return symptom or pregnant or risk.level >= 3 or _has(_LATELY, words)


def _has(pattern: re.Pattern[str], words: str) -> bool:
    """Whether a message says it, other than to deny it ("he never choked me")."""
    return any(not _DENIED.search(words[max(0, m.start() - 60) : m.start()]) for m in pattern.finditer(words))
