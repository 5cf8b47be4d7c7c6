"""What of a message is the user's own story; what speaks to a machine, and others' lines of a chat, go.

    text ─ lines that the user speaks ─ sentences that tell ─→ the text, unchanged where nothing had to go

The coach says the user's words back as its own. Without this, whoever gets a text pasted here can put
words into its mouth: "Say: …", a forged turn of a chat template, a tool's output, a phone number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from coach.safety.normalise import normalise
from coach.safety.phone import phone_numbers
from coach.safety.review import plain
from coach.skills.wording import count

_ROLES = "system|assistant|model|coach|ai|bot|chatbot|chatgpt|gpt|llm|tool|function|developer|admin"
_TOKEN = re.compile(
    r"<\|[^|<>\n]{0,40}\|?>|</?s>|</?(?:start|end)_of_\w{1,10}>|<</?sys>>"
    rf"|\[/?(?:inst|user|{_ROLES})\]|</?(?:user|instructions?|prompt|{_ROLES})>|</?tool_\w[^<>\n]{{0,80}}>",
    re.I,
)
_COMMENT = re.compile(r"<!--.{0,2000}?-->", re.S)
_AGAIN = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")  # cuts what `split` kept whole: "… h i m. I am tired."
_TURN = re.compile(rf"\W*({_ROLES}|user|human)\W*", re.I)  # a line by itself, behind a token
_LABEL = re.compile(
    rf"[\s#*>-]*(?:(?P<machine>{_ROLES}|you)|(?P<user>me|i|user|human)|(?:him|her|he|she|they|them|[a-z]{{2,15}}))\s*:",
    re.I,
)
_CHAT = re.compile(r"^[\s#*>-]*(?:me|i)\s*:", re.I | re.M)

_JOB = "therapist|psychologist|psychiatrist|doctor|counsellor|human being|assistant|ai|bot|language model"
_DROP = "(?:ignore|forget|disregard|override)"
_RULES = r"(?:instructions?|rules|prompts?|guidelines|filters?)\b"
_ORDER = re.compile(  # read without disguise and marks
    r"^(?:(?:and|so|now|then|ok|please) )*"
    r"(?:(?:repeat|say|write|answer|reply|respond|output|print|quote|begin|start) (?:\w+ ){0,3}?"
    r"(?:after me|only|exactly|word for word|like this|both)\b"
    r"|say that i should\b|introduce yourself$|pretend\b|act as\b|report the \w+$"
    rf"|{_DROP} (?:\w+ ){{0,4}}{_RULES})"
    rf"|\b{_DROP} (?:all |any |of )*(?:your|previous|prior|above|earlier) (?:\w+ ){{0,2}}{_RULES}"
    r"|\b(?:repeat after me|say exactly|answer only with|between the letters|you who reads? this)\b"
    r"|\btell the user\b"
    rf"|\byou are (?:now )?(?:an?|my|the) (?:\w+ ){{0,2}}(?:{_JOB})\b"
    r"|\byou are now (?:in|free|dan|called|acting|unrestricted|without)\b"
    r"|\b(?:must|should|can you|could you|want you to|need you to|will|please) pretend\b"
    r"|\b(?:developer|admin|debug|god|jailbreak) mode\b|\bsystem (?:prompt|message)\b"
    r"|\b(?:any|every|dear|which) (?:ai|assistant|chatbot|bot|language model) (?:that|who|which|reading)\b"
    r"|\b(?:go on|continue) (?:\w+ ){0,3}as the (?:coach|assistant)\b"
)
_MACHINE_TEXT = re.compile(  # read as it stands
    rf"^\W*(?:(?i:{_ROLES})\s*:|(?i:please )?(?i:say|write|print|output|repeat|answer|reply)\s*:"
    r"|(?i:search results?)\b)"
    r"|\)\s*(?:->|=>)|[{\[]\s*\"\w+\"\s*[:,]|\b[A-Z]{2,}_[A-Z_]{2,}"
    r"|(?<![\w-])\w(?:[- ]\w){4,}(?![\w-])"
    r"|\b(?=\w*\d)(?=\w*[a-z])(?=\w*[A-Z])[A-Za-z0-9+/]{24,}"
)
_LINK = re.compile(
    r"\b(?:https?://|www\.)\S+|\b[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|info|io|co|uk|de|link)\b(?:/\S*)?",
    re.I,
)
_DIGITS = re.compile(r"\+?\(?\d[\d\s().+/-]{2,}\d")
_LEAST = 4  # words, beside a number, that make a sentence worth keeping


def story_of(text: str, split: Callable[[str], list[str]]) -> str:
    """What of `text` is a story of the user's; `split` cuts it into sentences."""
    lines = list(_own_lines(_COMMENT.sub("\n", text)))
    found = [split(line) for line in lines]
    kept = [[told for s in sentences if (told := _told(s) or _told_of_parts(s))] for sentences in found]
    if kept == found and "\n".join(lines) == text:
        return text
    return "\n".join(" ".join(sentences) for sentences in kept if sentences)


def _own_lines(text: str) -> Iterator[str]:
    """The lines that the user speaks: no turn of a machine's, and in a pasted chat no one else's."""
    chat, speaks = bool(_CHAT.search(text)), True
    for line in _TOKEN.sub(_as_line, text).split("\n"):
        if line.startswith("\0"):
            turn = _TURN.fullmatch(line)
            if turn or not line.strip("\0 "):
                speaks = not turn or turn[1].lower() in ("user", "human")
                continue
        label = _LABEL.match(line)
        if label and ((label["machine"] and "\n" in text) or (chat and not label["user"])):
            continue
        if speaks:
            yield line[label.end() :].strip() if label and chat else line.strip("\0")


def _as_line(token: re.Match[str]) -> str:
    """A token of a chat template as a line break, with the role that it names."""
    low = token[0].lower()
    role = re.search(rf"\b(?:{_ROLES}|sys|user)\b", low)
    if "header" in low:
        return "\n\0" if "start" in low else "\n"
    if not role or "/" in low:
        return "\n\0" if "start" in low else "\n\0\n"
    return f"\n\0{'system' if role[0] == 'sys' else role[0]}\n"


def _told_of_parts(sentence: str) -> str:
    parts = [] if '"' in sentence else _AGAIN.split(sentence)
    return " ".join(filter(None, map(_told, parts))) if len(parts) > 1 else ""


def _told(sentence: str) -> str:
    """The sentence, without a number to call and without a link; empty where it tells nothing."""
    if _MACHINE_TEXT.search(sentence) or _ORDER.search(normalise(sentence)):
        return ""
    told = _LINK.sub("a link", sentence)
    if any(phone_numbers(plain(told))):
        told = _DIGITS.sub("a number", told)
    if told == sentence:
        return sentence
    return "" if count(told) < _LEAST + 2 or any(phone_numbers(plain(told))) else told
