"""Reads what a user told, without a model: who is in it, what was said, what was felt, what happened.

    text ─ clean ─ told ─ sentences ─┬─ people, with the pronoun that the text gives them
                                     ├─ feelings, pseudo-feelings (the user's own, not denied)
                                     ├─ quotes, and by whom
                                     └─ clauses, each weighed: `telling` are the best of them

`to_second_person` turns the user's words round ("I snapped at my girlfriend" to "you snapped at your
girlfriend"); `to_address` turns them to the other ("she forgot my birthday" to "you forgot my
birthday"). Neither touches quoted speech. Any text is survived; long ones are clipped first.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from coach.skills.lexicon import Theme, lexicon
from coach.skills.told import story_of
from coach.skills.wording import STOP, WORD, content, outside_quotes, stem, words

if TYPE_CHECKING:
    from coach.skills.parts import Part

LONGEST = 6000
RANT = 230

_SHE = """
    girlfriend wife fiancee fiancée mum mom mother mama sister daughter aunt auntie gran grandma granny
    nan nana grandmother mother-in-law sister-in-law daughter-in-law stepmum stepmom stepmother
    stepsister stepdaughter niece ex-wife ex-girlfriend missus girl lass
    """.split()
_HE = """
    boyfriend husband fiance fiancé dad father papa brother son uncle grandad granddad grandpa
    grandfather father-in-law brother-in-law son-in-law stepdad stepfather stepbrother stepson nephew
    ex-husband ex-boyfriend hubby boy lad
    """.split()
_THEY = """
    partner friend friends mate best-friend colleague colleagues coworker co-worker co-workers coworkers
    boss manager flatmate flatmates housemate housemates roommate roommates neighbour neighbours
    neighbor neighbors cousin kid kids child children teenager teen baby parents in-laws family siblings
    sibling twin ex spouse other-half supervisor co-founder cofounder assistant intern nanny
    landlord team teammate date crush bestie gf bf cousins
    sons daughters brothers sisters stepkids step-kids grandparents grandkids grandchildren godmother
    godfather tenant client student teacher
    """.split()
_THEY += ["team lead", "team leader"]
PARTNER = frozenset(
    """girlfriend boyfriend wife husband partner fiancee fiance fiancée fiancé spouse hubby missus gf bf
    other-half""".split()
)
_PLURAL = frozenset(
    """
    friends colleagues coworkers co-workers flatmates housemates roommates neighbours neighbors kids
    children parents in-laws family siblings team cousins sons daughters brothers sisters stepkids
    step-kids grandparents grandkids grandchildren
    """.split()
)
_ROLES = {
    **dict.fromkeys(_SHE, "she"),
    **dict.fromkeys(_HE, "he"),
    **dict.fromkeys(_THEY, ""),
    "gf": "she",
    "bf": "he",
}
_ROLE = "|".join(sorted((re.escape(r) for r in _ROLES), key=len, reverse=True))
_MY = re.compile(
    rf"\b(my|our)\s+((?:(?:best|old|oldest|older|younger|youngest|little|big|twin|ex"
    rf"|new|close|closest|dear|late"
    rf"|first|other|good|work|school|teenage|adult|grown-up|childhood|then|own"
    rf"|soon-to-be|long-term|line|long-distance|business|study|senior|junior|elder|eldest|middle|former|baby|kid"
    rf"|downstairs|upstairs|next-door|gym|lab|wee"
    rf"|\d{{1,2}}-year-old|half)\s+){{0,2}})({_ROLE})(?![\w-])(?:,?\s+([A-Z][a-z]{{2,14}})\b)?",
    re.I,
)
_TITLES = {
    "mum": "she",
    "mom": "she",
    "mam": "she",
    "dad": "he",
    "gran": "she",
    "grandma": "she",
    "nan": "she",
    "grandad": "he",
    "granddad": "he",
    "grandpa": "he",
}
_TITLE = re.compile(
    r"(?<!\w )(?<![Mm]y )(?<![Ii]s )(?<![Ee]r )\b(Mum|Mom|Mam|Dad|Gran|Grandma|Nan"
    r"|Grandad|Granddad|Grandpa)\b"
)
_NAME = re.compile(
    r"(?<!\bat )(?<!\bin )(?<!\bon )(?<!\bvia )(?<!\bnear )(?<!\bsince )(?<!\bthe )(?<!\ba "
    r")(?<=[a-z0-9,;:\"'] )([A-Z][a-z]{2,14}|[A-Z][a-z]{1,14}-[A-Z]?[a-z]{2,14})\b"
)
_FIRST_NAME = re.compile(
    r"(?:^|[.!?\n] |day )([A-Z][a-z]{1,14})(?= (?:and (?:I|me)|says?|said|told|tells|is"
    r"|was|has|had|never|always|keeps|kept|won't"
    r"|didn't|doesn't|isn't|just|still|got|gets|went|left|called|calls|texted|forgot"
    r"|thinks|wants|promised|asked|came|stood|put|gave|sat"
    r"|took|made|snapped|borrowed|cancelled|used)\b)"
)
_NOT_NAMES = frozenset(
    """
    monday tuesday wednesday thursday friday saturday sunday january february march april may june july
    august september october november december christmas easter thanksgiving ramadan diwali hanukkah eid
    valentine english british american french german spanish italian indian chinese instagram tiktok
    facebook whatsapp netflix google youtube xbox playstation zoom london paris york spain france italy
    germany ireland india america england scotland wales australia canada god jesus covid mum mom dad
    gran nan grandma grandad the this that these those there then they what when where which who why how
    everything nothing everyone nobody someone something work dinner sex money life love home today
    yesterday tomorrow tonight last every each his her our your she you and but for not now once here
    one people things sorry please thanks hello maybe sometimes also just even like after before because
    since while although though well anyway basically honestly again it's i'm he's she's don't can't
    won't all both another any some most many house dishes breakfast lunch school silence sleep half
    part never always still only yes amazon uber facetime skype discord slack teams excel dublin
    manchester new year day mothers fathers wife husband girlfriend boyfriend partner hers his ours mine
    with about from into
    """.split()
)
_SAID = (
    r"(?:said|says|saying|told|tells|called|shouted|yelled|screamed|replied|answered"
    r"|asked|goes|went|was like|is like"
    r"|texted|wrote|snapped|whispered|muttered|sneered|laughed|joked|messaged|sent"
    r"|screaming|yelling|shouting|telling)"
)
_ME_SAID = re.compile(rf"\b(?:I|i|I'd|I've)\s+(?:\w+\s+)?{_SAID}\b[^.\"]{{0,40}}$")
_SAID_ME = re.compile(rf"^[,.!?]?\s*(?:I|i)\s+(?:\w+\s+)?{_SAID}\b")
_OTHER_SAID = re.compile(
    rf"(?:\b(he|she|they|[A-Z][a-z]+|(?:my"
    rf"|our)\s+[\w-]+))\s+(?:\w+\s+)?{_SAID}\b[^.\"]{{0,40}}$"
)
_SAID_OTHER = re.compile(rf"^[,.!?]?\s*(he|she|they|[A-Z][a-z]+)\s+(?:\w+\s+)?{_SAID}\b")
_ABBREVIATED = re.compile(r"(?:\b(?:mr|mrs|ms|dr|st|vs|e\.g|i\.e|etc|approx|no)|\b[a-z])\.$", re.I)
_END = re.compile(r"[.!?…]+[\"')\]]*(?=\s|$)|\n+")

_TO_COACH = re.compile(
    r"\b(?:(?:can|could|will|would|do|are|did|have|what|how|if) (?:do |would |can |should )?you\b[^.?!]{0,30}"
    r"\b(?:help|advise|suggest|recommend|think|tell me|explain|write|say to|human"
    r"|real|robot|bot|ai|therapist|a person"
    r"|program|machine|computer|remember|speak|know about|understand|give me|name|work)"
    r"|advice|any ideas|any tips|any thoughts|thoughts\?|your opinion|what would you "
    r"do|who are you|what are you|are you there)\b",
    re.I,
)
_SHOULD = re.compile(
    r"\b(?:should i|shall i|what (?:do|can|should|would|could) i|how (?:do|can"
    r"|should|would|could) i|am i|was i|"
    r"is (?:it|this|that)|do i|did i|would it|why (?:do|does|did|is|am|are|can't"
    r"|won't|doesn't|would)|does (?:he|she|this)"
    r"|is (?:he|she)|will (?:he|she|they|it|we)|can (?:we|i|this)|could i|what if"
    r"|where do|how long|are we|what's wrong)\b",
    re.I,
)
_THIRD = re.compile(r"\b(?:he|she|him|his|her|hers|he's|she's|they|them|their|they're)\b", re.I)
_TO_OTHER = re.compile(
    r"^\W*(?:[A-Z][a-z]+,\s+)?(?:why\b|you\b|you're\b|you've\b|your\b|stop\b|don't\b"
    r"|do not\b|no\b|leave\b|please\b|can you\b"
    r"|could you\b|will you\b|would you\b|are you\b|do you\b|did you\b|have you\b"
    r"|fine\b|whatever\b|oh\b|well\b|so you\b|if you\b"
    r"|i hate (?:it )?(?:when|how) you|when you\b|how (?:could|dare|can) you|all you\b"
    r"|must be\b|thanks\b|thank you\b|nice\b|great\b"
    r"|wow\b|grow up|shut up|get\b|give\b|send\b|show\b|tell\b|answer\b|it's "
    r"(?:always|all|not) |typical\b|is it too much)",
    re.I,
)
_ENGLISH = frozenset(
    """
    the and to of i my is it that for you she but with have not we they this just what her him don't are
    when about can know if had get like his because now your how there help hello hey thanks never
    always please want feel why should stop i'm love hate nothing said told again forgot from out were
    been mad tired
    """.split()
)
FOREIGN: dict[str, frozenset[str]] = {
    "es": frozenset(
        (
            "que mi no el con por pero está estoy muy yo ella él una como cuando siempre "
            "nunca es se lo y de qué"
        ).split()
    ),
    "fr": frozenset(
        (
            "je ne pas mon ma et les que avec mais suis est il elle nous une pour toujours "
            "jamais moi me de la"
        ).split()
    ),
    "de": frozenset(
        (
            "ich nicht mein meine und der die das ist mit mir aber sie er wir immer nie auf "
            "habe bin hat eine seit"
        ).split()
    ),
    "it": frozenset(
        ("che non mio mia il la con per ma sono è lui lei una come quando sempre mai mi si ho di").split()
    ),
    "pt": frozenset(
        ("que não meu minha com por mas estou está ele ela uma como quando sempre nunca eu me e de").split()
    ),
    "nl": frozenset(
        ("ik niet mijn en het is met maar zij hij wij altijd nooit op heb ben een van dat de").split()
    ),
}


_WHY_YOU = re.compile(r"\W*(?:why|how) (?:\w+(?:'t)? ){1,2}you\b", re.I)
_PLACE = re.compile(r"\b(?:went|go|going|drove|moved|got|trip|back|way|flew) to $")


@dataclass(frozen=True)
class Person:
    """Somebody in the story, as the user names them; `name` is empty where only a pronoun stands."""

    name: str
    pronoun: str = "they"
    alias: str = ""
    role: str = ""

    @property
    def second(self) -> str:
        """How we name them back: "your wife", "Tom"."""
        if self.alias:
            return self.alias
        if self.name.lower() in _TITLES:
            return f"your {self.name.lower()}"
        return re.sub(r"^(?:my|our)\b", "your", self.name, flags=re.I)

    @property
    def plural(self) -> bool:
        """True for more than one person, "my parents"."""
        return self.role in _PLURAL


@dataclass(frozen=True)
class Quote:
    """Words that somebody said; `by` is "me", a name or pronoun as it stands, or empty."""

    words: str
    by: str = ""


@dataclass(frozen=True)
class Story:
    """What a message tells, as far as rules can see."""

    text: str
    sentences: tuple[str, ...] = ()
    people: tuple[Person, ...] = ()
    feelings: tuple[str, ...] = ()
    pseudo: tuple[str, ...] = ()
    quotes: tuple[Quote, ...] = ()
    facts: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    telling: tuple[str, ...] = ()
    themes: tuple[Theme, ...] = ()
    asks: bool = False
    question: str = ""
    raw: bool = False
    again: bool = False
    turn: int = 0
    english: bool = True
    feeling_words: tuple[str, ...] = ()
    orders: str = ""  # the whole message, where some of it is no story
    before: tuple[str, ...] = ()  # what the user wrote earlier, oldest first
    kind: str = ""  # of a remark, one of parts.KINDS, where the classifier is sure of it
    parts: tuple[Part, ...] = ()  # what the classifier reads in its pieces
    offer: str = ""  # of another skill, in words, where the message asks for it

    @property
    def main(self) -> Person | None:
        """The other person, the one that the story is most about."""
        return self.people[0] if self.people else None

    @property
    def disclosures(self) -> tuple[str, ...]:
        """Pseudo-feelings that may tell of harm: ask what happened."""
        known = lexicon().pseudo
        return tuple(word for word in self.pseudo if word in known and known[word].ask)

    @property
    def rant(self) -> bool:
        """True for a text so long that one has to choose."""
        return len(self.text.split()) > RANT

    @property
    def shared_pronoun(self) -> bool:
        """True if a second person goes by the main one's pronoun, so that a name is clearer."""
        return len(self.people) > 1 and any(p.pronoun == self.people[0].pronoun for p in self.people[1:])


def read_story(text: str, before: Sequence[str] = ()) -> Story:
    """Read one message; `before` are the user's earlier ones, oldest first."""
    whole = clean(text)
    shown = story_of(whole, split_sentences).strip()
    orders = "" if shown == whole else whole
    if not WORD.search(shown):
        return Story(shown, turn=len(before), orders=orders, before=tuple(before))
    sentences = tuple(split_sentences(shown))
    people = find_people(shown, " \n".join(clean(b) for b in before[-4:]))
    said = tuple(find_quotes(shown))
    feelings, typed = _feelings(shown)
    pseudo = _pseudo(shown)
    question = _question(sentences)
    raw = _is_raw(shown, sentences, question) and (not orders or _is_raw(whole, sentences, question))
    telling = _telling(sentences, raw=raw)
    return Story(
        text=shown,
        sentences=sentences,
        people=people,
        feelings=feelings,
        pseudo=pseudo,
        quotes=said,
        facts=tuple(s for s in sentences if _is_fact(s)),
        topics=_topics(shown, people),
        telling=telling,
        themes=find_themes(shown, people, pseudo),
        asks=bool(question) and not raw,
        question="" if raw else question,
        raw=raw,
        again=any(_same(text, b) for b in before),
        turn=len(before),
        english=looks_english(shown),
        feeling_words=typed,
        orders=orders,
        before=tuple(before),
    )


def clean(text: str) -> str:
    """One plain form: quotes straight, control and direction marks gone, shouting lowered, length bounded."""
    if len(text) > LONGEST:
        text = text[: LONGEST * 3 // 4] + "\n" + text[-LONGEST // 4 :]
    text = unicodedata.normalize("NFC", text)
    text = text.translate(
        {0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"', 0x00AB: '"', 0x00BB: '"', 0x2032: "'"}
    )
    text = "".join(
        c
        for c in text
        if c == "\n" or unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co"} or c == "\u200d"
    )
    text = re.sub(r"^\s*\[?\d{1,2}[/.:]\d{1,2}[^\]\n]{0,22}[\]-]\s*", "", text, flags=re.M)
    text = re.sub(r"[^\S\n]+", " ", text)
    text = re.sub(r"([!?])[!?]{2,}", r"\1", text)
    text = _BARE.sub(_with_apostrophe, text)
    text = _IN_LAW.sub(r"\1-in-law", text)
    text = _NO_MY.sub(r"\1My \2", text)
    letters = [c for c in text if c.isalpha()]
    if len(letters) > 12 and sum(c.isupper() for c in letters) > 0.7 * len(letters):
        lowered = re.sub(r"\bi\b", "I", text.lower())
        text = re.sub(r"(^|[.!?]\s)([a-z])", lambda m: m[1] + m[2].upper(), lowered)
    return text.strip()


_IN_LAW = re.compile(r"\b((?:mother|father|sister|brother|daughter|son)s?) in law\b", re.I)
_NO_MY = re.compile(  # "Boss gave my shift away", as people write it
    r"(^|[.!?\n]\s+)(boss|manager|wife|husband|girlfriend|boyfriend|partner|flatmate|housemate|roommate"
    r"|best friend)(?= (?:said|says|just|told|has|had|gave|read|forgot|won't|keeps|is|was|left|went|took|sent"
    r"|texted|got|wants|never|always|made|called|did|didn't|does|doesn't|goes)\b)",
    re.I,
)
_BARE = re.compile(
    (
        r"(?<![\w'])(im|ive|dont|doesnt|didnt|isnt|wasnt|cant|couldnt|wouldnt|havent"
        r"|hasnt|youre|youve|hes|shes|theyre|thats)(?![\w'])"
    ),
    re.I,
)


def _with_apostrophe(match: re.Match[str]) -> str:
    """ "dont" as "don't", "im" as "I'm": what follows looks for the full form."""
    word = match.group()
    cut = -1 if word.lower().endswith(("nt", "im", "hes", "ats")) or word.lower() == "shes" else -2
    whole = f"{word[:cut]}'{word[cut:]}"
    return f"I{whole[1:]}" if whole.lower().startswith(("i'm", "i've")) else whole


def split_sentences(text: str) -> list[str]:
    """Sentences in order; end marks inside a quotation or an abbreviation do not end one."""
    pieces: list[str] = []
    at = 0
    for match in _END.finditer(text):
        piece = text[at : match.end()]
        if _ABBREVIATED.search(piece) and match.end() < len(text):
            continue
        follows = text[match.end() : match.end() + 2].strip()
        if len(piece) < 500 and (piece.count('"') % 2 or (piece[-1:] in "\"'" and follows[:1].islower())):
            continue
        pieces.append(piece)
        at = match.end()
    pieces.append(text[at:])
    return [p.strip() for p in pieces if WORD.search(p)]


def find_quotes(text: str) -> list[Quote]:
    """What was said in quotation marks, and by whom where it is plain."""
    found = []
    for match in re.finditer(
        r'"([^"\n]{2,300})"|' + r"(?<!\w)'((?:[^'\n]|(?<=\w)'(?=\w)){4,300})'(?!\w)", text
    ):
        said = (match[1] or match[2]).strip()
        left, right = text[max(0, match.start() - 60) : match.start()].rstrip(" ,:"), text[match.end() :][:40]
        by = ""
        if _ME_SAID.search(left) or _SAID_ME.search(right):
            by = "me"
        elif other := (_OTHER_SAID.search(left) or _SAID_OTHER.search(right)):
            by = other[1]
        if len(words(said)) >= 2 or by:
            found.append(Quote(said, by))
    return found[:6]


def find_people(text: str, before: str = "") -> tuple[Person, ...]:
    """Everyone named, the one that matters most first; pronouns given earlier in `before` hold."""
    both = f"{before} \n{text}" if before else text
    spoken = "".join(piece for piece, quoted in outside_quotes(both) if not quoted)
    seen: dict[str, Person] = {}
    for match in _MY.finditer(spoken):
        role, name = match[3].lower(), match[4] or ""
        if name.lower() in _NOT_NAMES or name.lower() in STOP or not name[:1].isupper():
            name = ""
        full = re.sub(r"\s+", " ", f"my {match[2]}{match[3]}").lower()
        full = re.sub(r"(?<!\w)(gf|bf)$", lambda m: {"gf": "girlfriend", "bf": "boyfriend"}[m[1]], full)
        pronoun = _ROLES[role]
        if role == "partner" and re.search(r"business|study", match[2], re.I):
            role = "colleague"
        if full not in seen or (name and not seen[full].alias):
            seen[full] = Person(full, pronoun, name, role)
    for match in _TITLE.finditer(spoken):
        seen.setdefault(match[1].lower(), Person(match[1], _TITLES[match[1].lower()], "", match[1].lower()))
    for match in [*_NAME.finditer(spoken), *_FIRST_NAME.finditer(spoken)]:
        name = match[1]
        if name.lower() in _NOT_NAMES or name.lower() in STOP or any(p.alias == name for p in seen.values()):
            continue
        if _PLACE.search(spoken[: match.start(1)]):
            continue
        within = match.re is _NAME  # a capital in mid-sentence is a name, however it is written elsewhere
        if within or not _known_elsewhere_as_word(name, spoken):
            seen.setdefault(name.lower(), Person(name, ""))
    people = _with_pronouns(list(seen.values())[:8], spoken)
    if not people:
        return _pronoun_only(spoken)
    weight = {p: _mentions(p, text) for p in people}
    now = [p for p in people if weight[p]] or people
    later = [p for p in people if p not in now]
    first = sorted(now, key=lambda p: -weight[p])
    return (*first, *later)


_WITH_WHOM = {
    "parents": frozenset(
        ("mum mom mam mother mama dad father papa parents gran nan grandma grandad stepmum stepdad").split()
    ),
    "sibling": frozenset(
        "brother sister sibling siblings twin brothers sisters stepbrother stepsister".split()
    ),
    "friendship": frozenset("friend friends mate best-friend bestie".split()),
    "grown child": frozenset("son daughter sons daughters stepson stepdaughter".split()),
    "closeness": PARTNER,
    "drifting": PARTNER,
}
_WITHOUT = {"parenting": frozenset("son daughter sons daughters mum mom dad mother father friend".split())}


def find_themes(text: str, people: Sequence[Person] = (), pseudo: Sequence[str] = ()) -> tuple[Theme, ...]:
    """The kinds of trouble that the text speaks of, the plainest first.

    A theme for parents, partners and so on counts only if one of them is the main person.
    """
    book = lexicon()
    needs = {book.pseudo[word].need for word in pseudo}
    scored: list[tuple[float, int, Theme]] = []
    for index, (theme, pattern) in enumerate(zip(book.themes, book.theme_patterns, strict=True)):
        hits = {m.group().lower() for m in pattern.finditer(text)}
        if people and people[0].name and people[0].role not in _WITH_WHOM.get(theme.name, {people[0].role}):
            continue
        if people and people[0].role in _WITHOUT.get(theme.name, frozenset()):
            continue
        if hits:
            weight = sum(1 + len(re.findall(r"[ -]", hit)) * 0.6 for hit in hits) + (
                1.5 if theme.need in needs else 0
            )
            scored.append((-weight, index, theme))
    return tuple(theme for _, _, theme in sorted(scored, key=lambda row: row[:2])[:4])


def thing_of(theme: Theme, text: str) -> str:
    """What the user calls the matter: "the dishes" if they do, else the theme's own word."""
    low = f" {' '.join(words(text))} "
    for noun in theme.nouns:
        tail = noun.split(" ", 1)[1] if noun.startswith(("the ", "that ")) else noun
        if f" {tail.lower()} " in low:
            return noun
    return theme.it


def looks_english(text: str) -> bool:
    """False where most letters are of another script, or the small words are of another language."""
    letters = [c for c in text if c.isalpha()]
    if letters and sum(ord(c) < 0x250 for c in letters) < 0.6 * len(letters):
        return False
    found = words(text)
    english = sum(w in _ENGLISH or w in _ROLES for w in found)
    foreign = max(sum(w in small for w in found) for small in FOREIGN.values())
    if len(found) < 4:
        return not any(ord(c) > 0xBF for c in letters) and not {
            "hola",
            "bonjour",
            "hallo",
            "ciao",
            "ola",
        } & set(found)
    if foreign >= 2 and foreign > english:
        return False
    return len(found) < 8 or english >= 0.06 * len(found)


# --- turning the words round ------------------------------------------------------------------

_YOU = {
    "i": "you",
    "i'm": "you're",
    "im": "you're",
    "i've": "you've",
    "ive": "you've",
    "i'd": "you'd",
    "i'll": "you'll",
    "me": "you",
    "my": "your",
    "mine": "yours",
    "myself": "yourself",
    "meself": "yourself",
    "we": "you",
    "we're": "you're",
    "we've": "you've",
    "we'd": "you'd",
    "we'll": "you'll",
    "us": "you",
    "our": "your",
    "ours": "yours",
    "ourselves": "yourselves",
}
_BE = {"am": "are", "was": "were", "wasn't": "weren't", "wasnt": "weren't"}
_ADVERBS = frozenset(
    """
    just really also so still never always only even ever probably actually honestly already almost
    often usually sometimes maybe perhaps then now quite too simply clearly suddenly literally basically
    kind not
    """.split()
)
_JOINS = frozenset("and but or then yet".split())
_SUBJECTS = frozenset("i he she they we it you who this that there someone everyone nobody which".split())
_OPENERS = frozenset("and but when because that so if while then as since after before where until".split())
_KEEP = re.compile(r"\b(?:oh my god|my god|omg|oh my|my goodness|my oh my)\b", re.I)
_AND_I = re.compile(
    r"(^|[.,;!?]\s|\b(?:when|because|that|if|so|but|where|since|while|after|before)\s)"
    r"((?:my|his|her|the|our)\s(?:[\w-]+\s){0,2}?[\w-]+|[A-Z]\w+|he|she"
    r"|they)\sand\s(I|me|myself)\b(?!\s+(?:got|went)\s+home\s+and)",
    re.I,
)


def to_second_person(sentence: str) -> str:
    """The user's sentence, said to the user: I to you, my to your; quoted speech stays as it was said."""
    pieces = outside_quotes(sentence)
    return "".join(
        piece if quoted else _turned(piece, start=n == 0) for n, (piece, quoted) in enumerate(pieces)
    )


def _turned(piece: str, *, start: bool) -> str:
    piece = _AND_I.sub(lambda m: f"{m[1]}I and {_small(m[2])}", piece)
    tokens = re.findall(r"[^\W_]+(?:['-][^\W_]+)*|[\W_]+", piece)
    kept = {i for m in _KEEP.finditer(piece) for i in range(m.start(), m.end())}
    out, at = [], 0
    for n, token in enumerate(tokens):
        low = token.lower()
        fresh = (
            (start and n == 0)
            or (n == 1 and start and not WORD.search(tokens[0]))
            or (n > 0 and bool(re.search(r"[.!?]\s*$", tokens[n - 1])))
        )
        new = token
        if at not in kept:
            if low in _BE and (low == "am" or _subject_is_i(tokens, n)):
                new = _BE[low]
            elif low.removesuffix("'s") in _TITLES and not _possessed(tokens, n):
                new = f"your {low}"
            elif low in _YOU and not (low == "us" and token.isupper()) and not _initial(tokens, n):
                new = _YOU[low]
            if new is not token and (
                fresh or (token[0].isupper() and low not in {"i", "i'm", "i've", "i'd", "i'll"})
            ):
                new = new[:1].upper() + new[1:] if fresh else new
        out.append(new)
        at += len(token)
    return "".join(out)


def _possessed(tokens: list[str], n: int) -> bool:
    """True if "mum" here is already somebody's: "my mum", "her dad", "my mum and dad"."""
    back = [t.lower() for t in reversed(tokens[:n]) if WORD.match(t)][:3]
    owners = {"my", "his", "her", "their", "our", "the", "a", "your"}
    if back[:1] in (["and"], ["or"]):
        return len(back) == 3 and back[1].removesuffix("'s") in _TITLES and back[2] in owners
    return bool(owners & set(back[:2]))


def _initial(tokens: list[str], n: int) -> bool:
    return tokens[n].lower() == "i" and n + 1 < len(tokens) and tokens[n + 1].startswith(".e")


def _small(name: str) -> str:
    return (
        name[:1].lower() + name[1:]
        if name.split()[0].lower() in {"my", "his", "her", "the", "our", "he", "she", "they"}
        else name
    )


def _subject_is_i(tokens: list[str], n: int) -> bool:
    """True if the verb at `n` belongs to I: beside it, before a question's I, or behind "and"."""
    after = [t.lower() for t in tokens[n + 1 : n + 4] if WORD.match(t)]
    back = [(i, tokens[i].lower()) for i in range(n - 1, -1, -1) if WORD.match(tokens[i])]
    skipped = [(i, t) for i, t in back if not (t in _ADVERBS or t.endswith("ly"))]
    if not skipped:
        return bool(after) and after[0] == "i"
    at, word = skipped[0]
    if "," in "".join(tokens[at + 1 : n]) and word != "i":
        return False
    if word in {"i", "we"}:
        return True
    if after[:1] == ["i"] and word not in _SUBJECTS:
        return True
    if word not in _JOINS:
        return False
    for position, (_, token) in enumerate(skipped[1:], start=1):
        before = skipped[position + 1][1] if position + 1 < len(skipped) else "and"
        if token in {"i", "we", "i'm", "i'd", "i've"}:
            return True
        if token in _SUBJECTS:
            return False
        if token in {"my", "the", "his", "her", "their", "our", "a"} and before in _OPENERS:
            return False
    return False


_AGREE = {
    "is": "are",
    "isn't": "aren't",
    "was": "were",
    "wasn't": "weren't",
    "has": "have",
    "hasn't": "haven't",
    "does": "do",
    "doesn't": "don't",
}
_VERBS = frozenset(
    """
    goes says tells gets takes makes comes leaves walks sits plays looks turns starts stops acts thinks
    blames calls texts asks wants needs keeps lets puts shouts yells slams ignores refuses complains
    expects forgets spends watches stays sleeps eats rolls laughs cries storms pretends disappears
    scrolls uses buys brings gives interrupts corrects changes criticises criticizes treats snaps sulks
    promises kicks heads sinks grabs visits helps cooks cleans rings moves buries talks cancels invites
    borrows lies hides throws drops picks waits answers talks speaks works comments shares
    """.split()
)
_AFTER_OBJECT = frozenset(
    """
    and but when because to for at in on about that if so again off out up down over back away yesterday
    last this with from after before while as like how what why who the a an my i not he she it is was
    or then by into of something everything nothing until tonight today too than where we they lies were
    had without it's i'm anyway anymore any no once every during even just really still right how later
    """.split()
)


def to_address(sentence: str, person: Person | None, *, alone: bool = True) -> str:
    """The user's sentence said to the other: "my wife forgot" to "you forgot". Quoted speech stays.

    `alone` is False where somebody else shares the pronoun; then only the name is turned.
    """
    pieces = outside_quotes(sentence)
    return "".join(p if quoted else _addressed(p, person, alone) for p, quoted in pieces)


def _addressed(piece: str, person: Person | None, alone: bool) -> str:
    mark = "\x00"
    if person and person.name:
        names = [re.escape(n) for n in (person.name, person.alias) if n]
        if person.name.startswith("my "):
            names.append(re.escape("our " + person.name[3:]))
            if person.alias:
                names.insert(0, re.escape(f"{person.name} {person.alias}"))
        piece = (
            re.sub(
                rf"\b(?:{'|'.join(names)})(?!\w)(?:,\s{re.escape(person.alias)},)?", mark, piece, flags=re.I
            )
            if (person.alias)
            else re.sub(rf"\b(?:{'|'.join(names)})(?![\w-])", mark, piece, flags=re.I)
        )
    forms = {
        "she": ("she", "her", "hers", "herself"),
        "he": ("he", "him", "his", "himself"),
        "they": ("they", "them", "theirs", "themselves"),
    }[person.pronoun if person else "they"]
    tokens = re.findall(r"\x00|[^\W_]+(?:['-][^\W_]+)*|[^\x00\w]+|_", piece)
    out: list[str] = []
    subject, present, theirs = False, False, False
    for n, token in enumerate(tokens):
        low, nxt = token.lower(), _next_word(tokens, n)
        ours = token == mark or (
            alone and low in (*forms, "their", "they're", "they've") and _fits_form(low, forms)
        )
        short = re.fullmatch(r"(he|she|they)'(s|d|ll|re|ve)", low) if alone else None
        if short and short[1] == forms[0]:
            out.append(_contracted(short[2], nxt))
            subject = theirs = True
        elif ours:
            if token == mark and n + 1 < len(tokens) and tokens[n + 1].startswith("'"):
                out.append("\x01")
                continue
            new = _you_form(low, nxt, forms)
            out.append(new)
            subject = new == "you" and (low == forms[0] or (token == mark and _opens(tokens, n)))
            theirs = theirs or subject
        elif theirs and low in _AGREE and _joined(tokens, n):
            out.append(_AGREE[low])
        elif subject and low in _AGREE:
            out.append(_AGREE[low])
            subject, present = False, True
        elif subject and (
            low in _VERBS
            or (low.endswith("s") and not low.endswith("ss") and WORD.match(token) and low not in _ADVERBS)
        ):
            out.append(base_form(low))
            subject, present = False, True
        elif present and low in _VERBS and _joined(tokens, n):
            out.append(_AGREE.get(low) or base_form(low))
        else:
            out.append(token)
            if subject and WORD.match(token) and low not in _ADVERBS:
                subject = False
                present = False
            if WORD.match(token) and low in {"i", "we", "it", "he", "she", "they", "who", "that", "which"}:
                present = theirs = False
    text = "".join(out)
    text = re.sub(
        (
            r"\x01's\b(?=\s+(?:always|never|been|got|so|being|just|not|a|an|the|very|still"
            r"|(?!wedding|evening|morning|clothing|painting|building|meeting|hearing|feeling|thing)\w+ing)\b)"
        ),
        "you're",
        text,
    )
    text = re.sub(r"\x01'?s?", "your", text)
    text = re.sub(
        (
            r"\b(pick|picked|drop|dropped|call|called|wake|woke|let|put|leave|left|cut|stand"
            r"|stood|ring|turn) (up|off|down|back|out|in) you\b"
        ),
        r"\1 you \2",
        text,
    )
    return re.sub(r"\bi\b(?!\.)", "I", text)


def _fits_form(low: str, forms: tuple[str, ...]) -> bool:
    return low in forms or (forms[0] == "they" and low in {"their", "they're", "they've"})


def _you_form(low: str, nxt: str, forms: tuple[str, ...]) -> str:
    if low in {"hers", "theirs"}:
        return "yours"
    if low in {"herself", "himself", "themselves"}:
        return "yourself"
    if low in {"they're", "they've"}:
        return low.replace("they", "you")
    if low in {"his", "their"}:
        return "your" if nxt else "yours"
    if low == "her":
        owned = nxt and nxt.split("'")[0] not in _AFTER_OBJECT and not nxt.endswith("ly")
        return "your" if owned else "you"
    return "you"


def _contracted(ending: str, nxt: str) -> str:
    done = {
        "been",
        "got",
        "had",
        "done",
        "forgotten",
        "taken",
        "said",
        "told",
        "made",
        "left",
        "lost",
        "never",
        "stopped",
    }
    if ending == "s":
        return "you've" if nxt in done else "you're"
    return f"you'{ending}"


def _next_word(tokens: list[str], n: int) -> str:
    for token in tokens[n + 1 : n + 3]:
        if WORD.match(token):
            return token.lower()
        if re.search(r"[.,;!?:]", token):
            return ""
    return ""


def _previous_word(tokens: list[str], n: int) -> str:
    return next((t.lower() for t in reversed(tokens[:n]) if WORD.match(t)), "")


def _joined(tokens: list[str], n: int) -> bool:
    """True if the word stands behind "and" or the like, adverbs aside."""
    back = [t.lower() for t in reversed(tokens[:n]) if WORD.match(t)]
    if n and tokens[n - 1].strip() == ",":
        return True
    return next((t for t in back if t not in _ADVERBS), "") in {"and", "then", "or", "but"}


def _opens(tokens: list[str], n: int) -> bool:
    previous = _previous_word(tokens, n)
    gap = tokens[n - 1] if n else "."
    return not previous or previous in _OPENERS or bool(re.search(r"[.,;!?:]", gap))


def base_form(verb: str) -> str:
    """The base of a verb in the third person: "forgets" to "forget"."""
    if verb in _AGREE:
        return _AGREE[verb]
    if verb.endswith("ies") and len(verb) > 4:
        return verb[:-3] + "y"
    if verb.endswith(("sses", "shes", "ches", "xes", "oes", "zzes")):
        return verb[:-2]
    return verb[:-1] if verb.endswith("s") and not verb.endswith("ss") else verb


# --- what is in it ---------------------------------------------------------------------------


def _same(one: str, other: str) -> bool:
    return words(one[:LONGEST]) == words(other[:LONGEST]) and bool(words(one[:LONGEST]))


def _known_elsewhere_as_word(name: str, text: str) -> bool:
    """True if the same word stands small in the text, so that it is hardly a name."""
    return bool(re.search(rf"\b{name.lower()}\b", text))


def _mentions(person: Person, text: str) -> float:
    names = [person.name, person.alias] if person.alias else [person.name]
    if person.name.startswith("my "):
        names.append("our " + person.name[3:])
    found = [m.start() for n in names for m in re.finditer(rf"\b{re.escape(n)}(?![\w-])", text, re.I)]
    if not found:
        return 0.0
    love = 0.3 if person.role in PARTNER else 0.0
    return len(found) + love + (0.8 if person.role else 0.0) + 0.5 * (1 - min(found) / max(len(text), 1))


def _with_pronouns(people: list[Person], text: str) -> list[Person]:
    used = {
        p
        for p, forms in {
            "she": "she|her|hers|herself|she's|she'd|she'll",
            "he": "he|him|his|himself|he's|he'd|he'll",
        }.items()
        if re.search(rf"\b(?:{forms})\b", text, re.I)
    }
    they = bool(re.search(r"\b(?:they|them|their|they're|themself|nonbinary|non-binary)\b", text, re.I))
    people = [
        replace(p, pronoun=_said_next(p, people, text)) if not (p.pronoun or p.plural) else p for p in people
    ]
    taken = {p.pronoun for p in people if p.pronoun}
    open_people = [p for p in people if not p.pronoun and not p.plural]
    free = used - taken
    result = []
    for person in people:
        pronoun = person.pronoun
        if person.plural:
            pronoun = "they"
        elif not pronoun:
            pronoun = next(iter(free)) if len(free) == 1 and person is open_people[0] else "they"
        elif they and not used and len(people) == 1 and person.role in PARTNER:
            pronoun = "they"
        result.append(Person(person.name, pronoun, person.alias, person.role))
    return result


_SHE_OR_HE = re.compile(r"\b(?:(she|her|hers|herself)|(?:he|him|his|himself))\b", re.I)
_NEAR = 60  # characters


def _said_next(person: Person, people: Sequence[Person], text: str) -> str:
    """The pronoun that most often comes next after somebody's name, before others are named; or empty."""
    others = "|".join(re.escape(p.name) for p in people if p.name and p != person)
    counts = {"she": 0, "he": 0}
    for match in re.finditer(rf"\b{re.escape(person.name)}\b(?!')", text, re.I) if person.name else ():
        after = text[match.end() : match.end() + _NEAR]
        found = _SHE_OR_HE.search(after)
        if found and not (others and re.search(rf"\b(?:{others})\b", after[: found.start()], re.I)):
            counts["she" if found[1] else "he"] += 1
    return max(counts, key=lambda p: counts[p]) if counts["she"] != counts["he"] else ""


def _pronoun_only(text: str) -> tuple[Person, ...]:
    counts = {
        p: len(re.findall(rf"\b(?:{p}|{p}'s|{o})\b", text, re.I))
        for p, o in (("she", "her"), ("he", "him|his"))
    }
    best = max(counts, key=lambda p: counts[p])
    if not counts[best]:
        return ()
    return (Person("", best),)


_MINE = re.compile(r"\b(?:i|i'm|im|i've|i'd|me|myself|my|we|makes? me|leaves? me|left me)\b", re.I)
_THEIRS = re.compile(
    (
        r"\b(?:he|she|they|he's|she's|they're|you|you're|him|her)\b(?! (?:makes?|made"
        r"|leaves?|left))"
    ),
    re.I,
)
_DENIED = re.compile(
    (
        r"\b(?:not|n't|never|no longer|wasn't|isn't|don't|didn't|aren't|without|stop "
        r"being)\s+(?:\w+\s+){0,2}$"
    ),
    re.I,
)
_VAGUE = frozenset(
    """
    lost broken small blue low flat empty cross stuck alone dropped played floored torn choked crowded
    accused dread stupid silly cornered cheated concerned stung hurt upset crushed mortified interrupted
    mocked criticised over it fuming awkward distant drifted happy glad proud annoying mad used judged
    shattered insulted
    """.split()
)
_FEELS = re.compile(
    r"\b(?:feel|feels|feeling|felt|am|i'm|im|was|been|being|so|really|very|just|bit"
    r"|totally|completely|pretty|me|left|utterly)\s+"
    r"(?:\w+\s+){0,2}$",
    re.I,
)


def _owned(text: str, start: int, word: str) -> bool:
    """True if the feeling at `start` is the user's own and not denied."""
    left = re.split(r"[.!?;\n\"]", text[max(0, start - 90) : start])[-1]
    if _DENIED.search(left) or re.search(r"\b(?:a|an|the|his|her|their|this|that|your|its) (?:\w+ )?$", left):
        return False
    if word in _VAGUE and not _FEELS.search(left) and WORD.search(left):
        return False
    mine = [m.start() for m in _MINE.finditer(left)]
    theirs = [m.start() for m in _THEIRS.finditer(left)]
    if not mine and not theirs:
        return len(words(left)) <= 3
    return bool(mine) and (not theirs or max(mine) > max(theirs))


def _feelings(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    book = lexicon()
    names: dict[str, str] = {}
    for match in book.feeling_pattern.finditer(text):
        word = match.group().lower()
        name = book.feeling_of.get(word)
        if name and name not in names and _owned(text, match.start(), word):
            names[name] = word
    return tuple(names), tuple(names.values())


def _pseudo(text: str) -> tuple[str, ...]:
    book = lexicon()
    found: dict[str, None] = {}
    for match in book.pseudo_pattern.finditer(text):
        word = match.group().lower()
        left = text[max(0, match.start() - 40) : match.start()]
        felt = _FEELS.search(left) or word.startswith(("feel", "like ", "taken", "not "))
        if felt and not _DENIED.search(left) and _owned(text, match.start(), word):
            found[book.pseudo_of[word]] = None
    return tuple(found)


def _question(sentences: tuple[str, ...]) -> str:
    """The question to the coach that the text ends on, or an empty text."""
    for sentence in reversed(sentences[-2:]):
        ends = sentence.rstrip("\"')] ").endswith("?")
        if (ends or _SHOULD.match(sentence)) and (_SHOULD.search(sentence) or _TO_COACH.search(sentence)):
            return sentence
    last = sentences[-1] if sentences else ""
    if last.rstrip().endswith("?") and not _TO_OTHER.match(last):
        return last
    return ""


def _is_raw(text: str, sentences: tuple[str, ...], question: str) -> bool:
    """True if the whole text is something said to somebody, not told about them."""
    spoken = "".join(piece for piece, quoted in outside_quotes(text) if not quoted)
    whole_quote = not WORD.search(spoken) and WORD.search(text)
    if whole_quote:
        return True
    if len(words(text)) > 70 or _TO_COACH.search(text):
        return False
    if _SHOULD.match(text) and not _WHY_YOU.match(text):
        return False
    if re.search(
        (
            r"\b(?:he|she|my (?:wife|husband|girlfriend|boyfriend|partner)) (?:\w+ )?(?:said"
            r"|says|told|is|was|never|always)\b"
        ),
        spoken,
        re.I,
    ):
        return False
    yours = re.search(r"\byou(?:r|rs|'re|'ve|'d|'ll|rself)?\b", spoken, re.I)
    if _MY.search(spoken) and _THIRD.search(spoken) and not (yours and _TO_OTHER.match(text)):
        return False
    if yours and (_TO_OTHER.match(text) or not (_MY.search(spoken) or _THIRD.search(spoken))):
        return True
    return (
        bool(_TO_OTHER.match(text))
        and not _THIRD.search(spoken)
        and len(words(text)) <= 25
        and not re.match(r"\W*(?:please help|no idea|well|oh|fine|whatever|why|great|nice)\W*$", text, re.I)
    )


_ALWAYS = re.compile(r"\b(?:always|never|every time|constantly|all the time)\b", re.I)
_WHEN = re.compile(
    r"\b(?:yesterday|last night|tonight|this morning|today|last week|weekend|monday"
    r"|tuesday|wednesday|thursday|friday|saturday"
    r"|sunday|o'clock|minutes?|hours?|weeks?|months?|years?|ago|since|after|christmas|\d+)\b",
    re.I,
)
_PAST = re.compile(
    r"\b(?:\w{3,}ed|said|told|went|left|came|took|found|forgot|broke|threw|lost|ate"
    r"|saw|heard|got|gave|made|spent|put|cut|sat"
    r"|slept|woke|hung|lied|bought|sold|kept|felt|cried|read|wrote|rang|met|drove|stood|began|let|had)\b",
    re.I,
)
_META = re.compile(
    r"\b(?:don't know what to do|do not know what to do|dont know what to do|please "
    r"help|any advice|sorry (?:for|about) the|long story"
    r"|for context|background|thanks for reading|need (?:some )?advice|hi there"
    r"|where to (?:start|begin)|what do i do|just (?:need to )?vent"
    r"|idk|anyway|throwaway)\b",
    re.I,
)
_STRONG = re.compile(
    r"\b(?:isn't talking|won't talk|not speaking|cried|crying|walked out|left me"
    r"|laughed|shouted|yelled|snapped|slammed|alone|silence"
    r"|forgot|lied|hung up|in front of|without|rolled|ignored|deleted|sofa|tears"
    r"|nobody|called me|stood there|hurt)\b",
    re.I,
)
_SUBJECT_NEXT = (
    r"(?=(?:i|i'm|i've|i'd|he|he's|she|she's|they|they're|we|we're|it|it's|that|this"
    r"|there|now|nobody|my [\w-]+|our [\w-]+|the [\w-]+"
    r"|[A-Z][a-z]+)\b)"
)
_CUT = re.compile(
    rf"(?:,?\s+(?:and then|and|but|so|then|although|though|yet)\s+|\s*[;–—]\s*|\s+-\s+|,\s+){_SUBJECT_NEXT}",
)
_LEAD = re.compile(
    r"^(?:(?:and|but|so|then|also|well|ok|okay|anyway|basically|honestly|like|yeah"
    r"|look|right|i mean|you know|ugh|hi|hello|hey|sorry"
    r"|tbh|ok so|oh|now|seriously|plus|because|lol|haha|(?:i know )?(?:this|it) "
    r"(?:is|sounds|may sound|might sound) (?:so |really |a bit )?(?:stupid|silly"
    r"|petty|dumb|small|trivial)(?: but)?)[\s,:.!-]+)+",
    re.I,
)
_TAIL = re.compile(
    (
        r"[\s,]*(?:\b(?:lol|tbh|idk|haha|ffs|smh|lmao|or something|or whatever|you know"
        r"|i guess|tho|though|right)\b[\s.!?,]*)+$"
    ),
    re.I,
)
_EMOJI = re.compile(r"[\U0001F000-\U0001FAFF\u2600-\u27BF\uFE0F\u200d\u20E3]+")


def clauses(sentence: str) -> list[str]:
    """A sentence as pieces that can stand alone, each trimmed of fillers."""
    pieces = [sentence] if len(sentence.split()) <= 24 else [p for p in _CUT.split(sentence) if p]
    return [t for t in (trimmed(p) for p in pieces) if t]


def trimmed(text: str) -> str:
    """A clause without emoji, fillers in front and behind, and dangling marks."""
    text = _EMOJI.sub("", text).strip(" \t-*>•")
    text = _TAIL.sub("", _LEAD.sub("", text))
    text = re.sub(r"\s+", " ", text).strip().strip(",;:- ")
    return text if WORD.search(text) else ""


def weigh(clause: str) -> float:
    """How much a clause tells: events, speech, people and times count; questions and fillers do not."""
    length = len(clause.split())
    score = 0.0
    said = re.search(rf"\b{_SAID}\b", clause)
    score += (
        1.6
        if '"' in clause or (said and not re.search(r"(?:n't|never|not|without)\s*$", clause[: said.start()]))
        else 0
    )
    score += 1.2 if _MY.search(clause) or _THIRD.search(clause) else 0
    score += 1.3 if _PAST.search(clause) else 0
    score += 0.8 if _WHEN.search(clause) else 0
    score += 0.7 if re.search(r"\b(?:i|me|my|i'm)\b", clause, re.I) else 0
    score += 1.6 if _STRONG.search(clause) else 0
    score += min(1.5, 0.25 * len(content(clause)))
    score -= 3 if clause.rstrip("\"' ").endswith("?") else 0
    score -= 4 if _META.search(clause) else 0
    score -= 0.8 if _ALWAYS.search(clause) else 0
    score -= 2.5 if length < 4 else 0
    score -= 0.25 * max(0, length - 22)
    return score


def _telling(sentences: tuple[str, ...], *, raw: bool) -> tuple[str, ...]:
    if raw:
        return ()
    pieces = [c for s in sentences[:80] if looks_english(s) for c in clauses(s)]
    many = len(pieces)
    rated = [
        (weigh(c) + 0.5 * n / many - (0.6 if n == 0 and many > 3 else 0), n, c) for n, c in enumerate(pieces)
    ]
    best = sorted(rated, key=lambda row: (-row[0], row[1]))
    return tuple(c for score, _, c in best if len(c.split()) <= 34)[:6]


def _is_fact(sentence: str) -> bool:
    if sentence.rstrip("\"')").endswith("?") or _ALWAYS.search(sentence) or _META.search(sentence):
        return False
    return bool(_PAST.search(sentence) or _WHEN.search(sentence) or '"' in sentence)


def _topics(text: str, people: tuple[Person, ...]) -> tuple[str, ...]:
    book = lexicon()
    names = {stem(w) for p in people for w in words(f"{p.name} {p.alias}")}
    felt = {stem(w) for word in [*book.feeling_of, *book.pseudo_of] for w in word.split()}
    counts: dict[str, int] = {}
    for word in words(text):
        root = stem(word)
        if (
            word not in STOP
            and len(word) > 2
            and root not in names
            and root not in felt
            and not word.isdigit()
        ):
            counts[root] = counts.get(root, 0) + 1
    return tuple(sorted(counts, key=lambda w: -counts[w]))[:24]
