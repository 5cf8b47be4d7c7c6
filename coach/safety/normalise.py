"""Brings a message into the one form that the safety rules are written for. Pure and linear in time.

    raw text ─ characters ─ disguises ─ contractions ─ sentences ─ words ─→ lower-case words, one space
               (NFKC, zero-width,  (k i l l, k1ll,   (i'm → i am)  (one a    apart, one sentence a line
                accents, look-alikes) killll, k*ll)                 line)    (kms → kill myself)

The result is for matching only and is never shown or kept. Accents are dropped, so rules in every
language are written without them; `fold` does that to a rule's own text.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import product

# Words that people disguise. Undoing a disguise is only safe towards a word that one expects.
_DISGUISED = frozenset(
    """die died dying dead death kill kills killed killing killer suicide suicidal myself yourself himself
    herself self harm harmed harming hurt hurting cut cuts cutting blade knife gun shoot shot pills overdose
    hang hanging life end ending hit hits hitting hate beat beats beaten choke choked choking strangle strangled
    rape raped raping rapist abuse abused abusive assault assaulted molest molested drunk drugs heroin cocaine
    meth purge purging starve starving vomit want wanna goodbye help scared alone live living unalive
    slap slapped stab stabbed burn murder sex sexual""".split()
)
_BY_SHAPE = {
    shape: tuple(sorted(word for word in _DISGUISED if (word[0], len(word)) == shape))
    for shape in {(word[0], len(word)) for word in _DISGUISED if len(word) > 2}
}
_JOINED = tuple(
    """myself yourself himself herself suicidal suicide killing kill ending end dying died die dead my life
    want wanna need to go going self harming harm hurt cutting cut hate me him her it all be not alive
    anymore live i am over dose overdose rape raped help please""".split()
)
_JOINED_RUN = re.compile("(?:" + "|".join(sorted(_JOINED, key=len, reverse=True)) + ")+")
_JOINED_WORD = re.compile("|".join(sorted(_JOINED, key=len, reverse=True)))

_LEET = str.maketrans("013457@$!|+", "oieastasilt")
_LEET_OTHER = str.maketrans("1!|", "lll")
_LEET_MARK = re.compile(r"[013457@$!|+*#]")
_LEET_TOKEN = re.compile(r"(?<![^\s\"'(])[a-z0-9@$!|+*#-]*[a-z][a-z0-9@$!|+*#-]*")

# Code points that look like a Latin letter (Cyrillic, Greek, Armenian and small capitals).
_LOOKALIKE_PAIRS = (
    "аa вb сc ԁd еe ёe һh іi їi јj кk мm нh оo рp ԛq гr ѕs тt уy ѵv хx үy ӏl зz пn "
    "αa βb δd εe ηn ιi κk νv οo ρp τt υu χx ωw ϲc ϳj սu օo ոn հh ɑa ɡg ɩi ʟl ɪi ᴋk ᴇe ᴅd ᴀa ᴜu ꜱs ᴄc ᴏo ᴛt ʜh ʏy ᴍm ɴn"
)
_LOOKALIKES = {ord(pair[0]): pair[1] for pair in _LOOKALIKE_PAIRS.split()}
_FOREIGN = re.compile("[\u0250-\u02af\u0370-\u052f\u0530-\u058f\u1d00-\u1dbf\ua720-\ua7ff]")
_TOKEN = re.compile(r"\S+")
_STROKES = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "þ": "th"})

_EMOJI = {
    "🔫": " gun ", "🔪": " knife ", "🗡": " knife ", "💊": " pills ", "⚰": " coffin ", "🪦": " grave ",
    "🩸": " blood ", "🪢": " rope ", "👊": " punch ", "🤰": " pregnant ", "🆘": " help ",
}  # fmt: skip
_EMOJI_MARK = re.compile("[" + "".join(_EMOJI) + "]")
_MOST_EMOJI = 500  # a wall of them would grow the text sevenfold

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u0640\u115f\u1160\u17b4\u17b5\u180b-\u180e"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]+"
)
# Ligatures of which one character unfolds to a whole sentence: 200,000 of them would be millions.
_UNFOLDING = re.compile("[\ufdf0-\ufdff\u3300-\u33ff]+")
_MARKS = re.compile("[\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u064b-\u065f\u0670\u093c\u20d0-\u20ff]+")
_QUOTES = str.maketrans(dict.fromkeys("’‘‛ʼʹ`´′＇ʻ", "'") | dict.fromkeys("“”„‟«»″", '"'))

_SPACED = re.compile(r"(?<![\w'])[a-z](?:[ .\-_*]{1,2}[a-z](?![\w'])){2,}")
_LETTERS = re.compile(r"[a-z]{3,}")
_RUN = re.compile(r"([a-z])\1{2,}")

_CONTRACTIONS = (
    (
        re.compile(r"\b(ca|wo|sha|ai)n't\b"),
        {"ca": "can not", "wo": "will not", "sha": "shall not", "ai": "is not"},
    ),
)
_TAILS = {"'m": " am", "'re": " are", "'ve": " have", "'ll": " will", "'d": " would"}
_TAIL = re.compile(r"(?<=[a-z])('m|'re|'ve|'ll|'d)(?![a-z])")
_IS = re.compile(r"\b(he|she|it|that|there|who|what|where|here|how|everyone|everything|nobody|nothing)'s\b")
_NOUN_IS = re.compile(  # "my arm's gone", "mum's drinking", but not "mum's car"
    r"(?<=[a-z])'s (?=(?:gone|been|got|not|never|always|just|going|taken|took|given|stopped|started|said|told|in|on|at"
    r"|only|really|so|still|too|very|a|[a-z]{2,12}ing)\b)"
)
_NOT = re.compile(r"(?<=[a-z])n't\b")

_PARAGRAPH = re.compile(r"\r?\n[ \t]*(?:\r?\n)+|\r\r+|\u2029|\x85\x85")
_SENTENCE = re.compile("[.!?;\u2026\u3002\uff01\uff1f\u0964\u0965\u061f\u06d4\u061b]+")
# Indic and Thai vowel signs are not \w for Python, and are part of the word.
_NOT_WORD = re.compile(r"[^\w\n\u0900-\u0dff\u0e00-\u0e7f]+|_+")

_WORDS = {
    "im": "i am", "iam": "i am", "ive": "i have", "dont": "do not", "didnt": "did not", "doesnt": "does not",
    "isnt": "is not", "wasnt": "was not", "wouldnt": "would not", "couldnt": "could not",
    "shouldnt": "should not", "havent": "have not", "hasnt": "has not", "hadnt": "had not",
    "arent": "are not", "werent": "were not", "cant": "can not", "cannot": "can not", "wont": "will not",
    "hes": "he is", "shes": "she is", "theyre": "they are", "youre": "you are", "thats": "that is",
    "wanna": "want to", "gonna": "going to", "gotta": "have to", "tryna": "trying to", "kinda": "kind of",
    "u": "you", "ur": "your", "r": "are", "cuz": "because", "coz": "because", "bc": "because", "b4": "before",
    "2nite": "tonight", "tonite": "tonight", "2day": "today", "2moro": "tomorrow", "tmrw": "tomorrow",
    "tmr": "tomorrow", "tomoz": "tomorrow", "rn": "right now", "ppl": "people", "sb": "somebody",
    "bf": "boyfriend", "gf": "girlfriend", "hubby": "husband", "bfs": "boyfriends", "missus": "wife",
    "kms": "kill myself", "kmself": "kill myself", "kys": "kill yourself", "kyself": "kill yourself",
    "ksing": "killing myself",
    "unalive": "kill", "unalived": "killed", "unaliving": "killing", "unalives": "kills",
    "sewerslide": "suicide", "sewercide": "suicide", "sueicide": "suicide", "sucide": "suicide",
    "suiside": "suicide", "suicid": "suicide", "suacide": "suicide", "suicde": "suicide", "sucidal": "suicidal",
    "suisidal": "suicidal", "suicidial": "suicidal", "suicical": "suicidal", "suididal": "suicidal",
    "selfharm": "self harm", "selfharming": "self harming", "selfharmed": "self harmed",
    "overdosing": "overdose", "od": "overdose", "oding": "overdose", "oded": "overdosed",
    "myslef": "myself", "mysefl": "myself", "mself": "myself", "meself": "myself", "mysel": "myself",
    "killin": "killing", "diein": "dying", "dieing": "dying", "dyin": "dying", "hitted": "hit",
    "straggled": "strangled", "strangeled": "strangled", "stragled": "strangled", "chocked": "choked",
    "chocking": "choking", "r4ped": "raped", "graped": "raped", "pregnate": "pregnant", "preggo": "pregnant",
    "anymore": "any more", "nomore": "no more", "everytime": "every time", "alot": "a lot", "aswell": "as well",
    "throught": "through", "thru": "through", "w": "with", "abt": "about", "smth": "something",
    "sth": "something", "n": "and", "coffin": "coffin", "meds": "medication", "mum's": "mum",
}  # fmt: skip
_PHRASES = (
    (re.compile(r"(?<!\S)sewer slide(?!\S)"), "suicide"),
    (re.compile(r"(?<!\S)(feeling|thoughts|am|so|bit|attempt|get|getting) sui(?!\S)"), r"\1 suicidal"),
    (re.compile(r"(?<!\S)sui (thoughts|attempt|ideation|note)(?!\S)"), r"suicide \1"),
    (
        re.compile(
            r"(?<!\S)my self(?! \w*(?:esteem|confidence|worth|respect|care|image|control|harm))(?!\S)"
        ),
        "myself",
    ),
    (re.compile(r"(?<!\S)(him|her) self(?!\S)"), r"\1self"),
    (re.compile(r"(?<!\S)can not stop (?:my self|myself)(?!\S)"), "can not stop myself"),
    (re.compile(r"(?<!\S)over dos(e|ed|ing)(?!\S)"), "overdose"),
)


def normalise(text: str) -> str:
    """Lower-case words one space apart, one sentence a line, disguises undone, accents dropped."""
    text = _characters(text)
    text = _disguises(text)
    text = _contractions(text)
    text = _PARAGRAPH.sub(". ", text).replace("\n", " ").replace("\r", " ").replace("&", " and ")
    text = _NOT_WORD.sub(" ", _SENTENCE.sub("\n", text))
    lines = (_words(line.split()) for line in text.split("\n"))
    text = "\n".join(line for line in lines if line)
    for pattern, plain in _PHRASES:
        text = pattern.sub(plain, text)
    return text


def fold(text: str) -> str:
    """Characters only: lower case, no accents; what a rule's pattern needs to meet normalised text."""
    text = _MARKS.sub("", unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text)))
    return unicodedata.normalize("NFC", text).translate(_STROKES)


def _characters(text: str) -> str:
    if text.isascii():
        return _INVISIBLE.sub("", text).lower()
    text = text.encode("utf-8", "ignore").decode("utf-8")
    text = _EMOJI_MARK.sub(lambda found: _EMOJI[found[0]], _UNFOLDING.sub(" ", text), count=_MOST_EMOJI)
    text = _MARKS.sub("", _INVISIBLE.sub("", text).translate(_QUOTES))
    text = _few_marks(text)
    text = unicodedata.normalize("NFKC", text).casefold()
    text = fold(text).translate(_QUOTES)
    return _TOKEN.sub(_plain_letters, text) if _FOREIGN.search(text) else text


def unhidden(text: str) -> str:
    """Lower-case text without invisible characters and added marks, look-alike letters as Latin ones."""
    text = _MARKS.sub("", _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).lower())
    return _TOKEN.sub(_plain_letters, text) if _FOREIGN.search(text) else text


def _few_marks(text: str) -> str:
    """At most three combining marks in a row: Unicode sorts a run of them in quadratic time."""
    kept: list[str] = []
    run = 0
    for char in text:
        run = run + 1 if char > "\u02ff" and unicodedata.combining(char) else 0
        if run < 4:
            kept.append(char)
    return "".join(kept)


def _plain_letters(found: re.Match[str]) -> str:
    """Latin letters for a token that mixes scripts or consists of look-alikes only."""
    token = found[0]
    if not _FOREIGN.search(token):
        return token
    plain = token.translate(_LOOKALIKES)
    mixed = any("a" <= char <= "z" for char in token)
    return plain if mixed or plain.isascii() else token


def _disguises(text: str) -> str:
    text = _SPACED.sub(_unspaced, text)
    if _LEET_MARK.search(text):
        text = _LEET_TOKEN.sub(_unleet, text)
    return _LETTERS.sub(_unrepeated, text) if _RUN.search(text) else text


def _unspaced(found: re.Match[str]) -> str:
    joined = re.sub(r"[^a-z]", "", found[0])
    return _apart(joined)


def _apart(joined: str) -> str:
    """`killmyself` as `kill myself`, if it is made of expected words only."""
    if len(joined) < 400 and _JOINED_RUN.fullmatch(joined):
        return " ".join(_JOINED_WORD.findall(joined))
    return joined


def _unleet(found: re.Match[str]) -> str:
    token = found[0]
    if not _LEET_MARK.search(token) or len(token) > 40:
        return token
    core = token.rstrip("!+|#*$-")
    for plain in (
        core.translate(_LEET),
        core.translate(_LEET_OTHER).translate(_LEET),
        token.translate(_LEET),
    ):
        bare = plain.replace("-", "")
        if bare in _DISGUISED:
            return bare
    if "*" in token or "#" in token:
        return _unmasked(core) or token
    return token


def _unmasked(token: str) -> str | None:
    """`k*ll` as `kill`: the first expected word that fits; its first letter must be given."""
    for word in _BY_SHAPE.get((token[0], len(token)), ()):
        if all(mark in ("*", "#", letter) for mark, letter in zip(token, word, strict=True)):
            return word
    return None


def _unrepeated(found: re.Match[str]) -> str:
    """`killll` as `kill`, `diiie` as `die`: one letter or two, whichever makes an expected word."""
    token = found[0]
    runs = len(_RUN.findall(token)) if len(token) < 60 else 9
    if not runs:
        return token
    for lengths in product((1, 2), repeat=runs) if runs <= 3 else ():
        left = iter(lengths)
        plain = _RUN.sub(lambda run, left=left: run[1] * next(left), token)  # type: ignore[misc]
        if plain in _DISGUISED:
            return plain
    return _RUN.sub(r"\1", token)


def _contractions(text: str) -> str:
    if "'" not in text:
        return text
    text = re.sub(r"\bsa'd\b", "sexually assaulted", text)
    text = re.sub(r"\bod'?d\b", "overdosed", text)
    for pattern, table in _CONTRACTIONS:
        text = pattern.sub(lambda found, table=table: table[found[1]], text)  # type: ignore[misc]
    text = _NOT.sub(" not", text)
    text = _TAIL.sub(lambda found: _TAILS[found[1]], _NOUN_IS.sub(" is ", _IS.sub(r"\1 is", text)))
    return text.replace("'", "")


def _words(tokens: list[str]) -> str:
    return " ".join(_WORDS.get(token, token) for token in tokens)
