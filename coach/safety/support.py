"""What the coach says when somebody is at risk: fixed words and the nearest help. No model, index or network.

Two folders that travel with the program are all it needs:

    knowledge/support/<country>.yaml  ─ read_directory ─→ Directory  (who can help, by country)
    prompts/support/*.md              ─ read_texts ─────→ Texts      (what is said, what it waits for)

`first` answers a message in which the screen found risk; `follow_up` carries on the small dialogue after it,
until the user chooses to go back; `answered` and `after_answer` read the reply to a level 1 question. A file
that breaks its schema is left out and named in `problems`; with no file left, a short text built in here is
shown. The choice among texts is fixed by what was said before, never by chance.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from coach.safety.answers import after_answer, answered, recognised
from coach.safety.directory import WORLD, Directory, country_named, guess_country, read_directory
from coach.safety.support_texts import Text, Texts, bundled_texts
from coach.turn import ABUSE, Contact, Conversation, Risk

__all__ = [
    "Directory",
    "SupportReply",
    "after_answer",
    "answered",
    "country_named",
    "first",
    "follow_up",
    "guess_country",
    "read_directory",
]

LAST_RESORT = (
    "Please talk with a person about this. If someone is in danger, call your local emergency number now, or "
    "ask somebody near you to call. Be with someone you trust if you can.\n\n"
    "I am a program: I cannot call anyone. findahelpline.com lists free lines in your country.",
    "I have read what you wrote. I am a program and cannot call anyone, so please let a person hear it too: "
    "someone you trust, a doctor, or a line from findahelpline.com. If someone is in danger, call your local "
    "emergency number.",
)


@dataclass(frozen=True)
class SupportReply:
    """A fixed reply: `awaited` names its question, `paused` keeps the model silent.

    `country` is the code of a country that the user has just named, for the conversation to keep.
    """

    text: str
    contacts: tuple[Contact, ...] = ()
    awaited: str | None = None
    paused: bool = True
    country: str | None = None


def first(
    risk: Risk,
    directory: Directory,
    *,
    country: str | None,
    guess: str | None,
    said: Sequence[str] = (),
    texts: Texts | None = None,
) -> SupportReply:
    """The reply to a message at risk; `said` is what the coach answered so far, so that none comes twice."""
    texts = texts if texts is not None else bundled_texts()
    level = max(risk.level, 1)
    candidates = _first_texts(texts, risk, level)
    contacts = _contacts(directory, risk, country, guess)
    if not candidates:
        return SupportReply(_last_resort(said), contacts, None, level >= 2)
    chosen = _fresh(candidates, said)
    awaited = candidates[0].awaits if chosen.awaits == "same" else chosen.awaits
    beside = [t.body for t in texts.texts if t.purpose == "beside" and t.flag in risk.flags]
    if country is None:
        beside += [t.body for t in texts.texts if t.purpose == "country"]
    words = _rendered(chosen, directory, risk, country, guess, beside=beside)
    return SupportReply(words, contacts, awaited, level >= 2)


def follow_up(
    conversation: Conversation,
    text: str,
    directory: Directory,
    *,
    guess: str | None,
    texts: Texts | None = None,
) -> SupportReply:
    """The next step after a support reply, from what the user wrote; it ends when they choose to go back."""
    texts = texts if texts is not None else bundled_texts()
    risk, awaited = conversation.risk, conversation.awaited
    named = country_named(text, directory, asked=awaited == "country")
    answer = "country" if named else recognised(text, awaited)
    if awaited == "back" and answer == "yes":
        answer = "back"
    country = named or conversation.country
    contacts = _contacts(directory, risk, country, guess)
    paused = answer != "back"
    candidates = _follow_up_texts(texts, about(risk), awaited, answer)
    if not candidates:
        return SupportReply(_last_resort(conversation.coach_texts), contacts, None, paused, named)
    chosen = _fresh(candidates, conversation.coach_texts)
    awaits = {"same": awaited, "none": None}.get(chosen.awaits or "none", chosen.awaits)
    words = _rendered(chosen, directory, risk, country, guess)
    return SupportReply(words, contacts, awaits, paused, named)


def about(risk: Risk) -> str:
    """Which of the small dialogues fits."""
    if risk.category in ("suicide", "self_harm"):
        return "someone_else" if risk.subject == "other" else "suicide"
    if {"controlling_request", "both_hurt", "perinatal"} & set(risk.flags):
        return "other"  # "it is not your fault" would be a guess
    if risk.subject == "other":
        return "someone_else"
    return "abuse" if risk.category in ABUSE else "other"


def _contacts(
    directory: Directory, risk: Risk, country: str | None, guess: str | None
) -> tuple[Contact, ...]:
    return directory.contacts(
        country,
        risk.category or "general",
        guess=guess,
        level=risk.level,
        subject=risk.subject,
        flags=risk.flags,
    )


def _first_texts(texts: Texts, risk: Risk, level: int) -> list[Text]:
    """The text made for this risk, then those for going on with it; the most particular one first."""

    def fits(text: Text) -> bool:
        return (
            text.purpose == "first"
            and text.level == level
            and risk.category in text.categories
            and text.subject in ("any", risk.subject or "self")
            and (text.flag is None or text.flag in risk.flags)
        )

    order = ("controlling_request", "both_hurt", "perinatal", "minor", None)  # the first that fits decides
    fitting = [text for text in texts.texts if fits(text)]
    fitting.sort(key=lambda text: (order.index(text.flag), text.subject == "any", text.name))
    topics = (about(risk), "any")
    again = [t for t in texts.texts if t.purpose == "again" and t.level == level and t.about in topics]
    return fitting[:1] + again


def _follow_up_texts(texts: Texts, topic: str, awaited: str | None, answer: str) -> list[Text]:
    """Texts for this answer to this question, the most particular first, and general ones to fall back on."""
    kinds = (answer,) if answer in ("back", "country", "where") else (answer, "other")
    free = answer in ("yes", "no", "unsure", "other")  # an answer in the sense of the question

    def place(text: Text) -> tuple[bool, bool, bool, int, str]:
        aside = text.answer != answer and not (free and text.answer == "any")
        return aside, text.to == "any", text.about == "any", text.turn, text.name

    return sorted(
        (
            text
            for text in texts.texts
            if text.purpose == "follow_up"
            and text.about in (topic, "any")
            and text.to in (awaited, "any")
            and (text.answer in kinds or (free and text.answer == "any"))
        ),
        key=place,
    )


def _fresh(candidates: Sequence[Text], said: Sequence[str]) -> Text:
    """The first text that was not said yet; else the one whose last use is longest ago."""

    def last_use(text: Text) -> int:
        return max((i for i, words in enumerate(said) if text.mark in words), default=-1)

    return min(candidates, key=last_use)  # min keeps the order among equals


def _last_resort(said: Sequence[str]) -> str:
    return LAST_RESORT[1] if said and said[-1] == LAST_RESORT[0] else LAST_RESORT[0]


def _rendered(
    text: Text,
    directory: Directory,
    risk: Risk,
    country: str | None,
    guess: str | None,
    *,
    beside: Sequence[str] = (),
) -> str:
    entry = directory.entry(country)
    values = {
        "lines": "\n\n".join(["\n".join(_lines(directory, risk, country, guess)), *beside]),
        "country": entry.name if entry else "any country",
        "emergency": entry.emergency.said if entry else "your local emergency number",
    }
    return re.sub(r"\{(\w+)\}", lambda found: values[found[1]], text.body)


def _lines(directory: Directory, risk: Risk, country: str | None, guess: str | None) -> list[str]:
    """The nearest lines, one to a line; without a country the world's, then those of the guess, named so."""
    entry = directory.entry(country)
    lines = _nearest(directory, risk, country)
    if entry and entry.emergency.note and entry.code != WORLD and risk.level >= 3:
        lines.insert(0, f"- Emergency services: {entry.emergency.said}. {entry.emergency.note}")
    guessed = directory.entries.get(guess or "") if country is None else None
    if guessed and guessed.code != WORLD:
        lines.append(f"\nGoing by this computer's settings, perhaps you are in: {guessed.name}")
        lines.append(f"- Emergency services: {guessed.emergency.said}")
        lines += _nearest(directory, risk, guess)[:2]
    return lines or ["- findahelpline.com"]


def _nearest(directory: Directory, risk: Risk, country: str | None) -> list[str]:
    found = directory.nearest(
        country, risk.category or "general", level=risk.level, subject=risk.subject, flags=risk.flags
    )
    return [f"- {_line(contact, brief=risk.level >= 3)}" for contact in found]


def _line(contact: Contact, *, brief: bool) -> str:
    """Name and ways to reach it; whom it is for stands behind, where there is time to read it."""
    if contact.number and contact.number == contact.text:
        ways = [f"call or text {contact.number}"]
    else:
        ways = [f"call {contact.number}"] if contact.number else []
        ways += [f"text {contact.text}"] if contact.text else []
    if not ways and contact.url:
        ways = [contact.url.removeprefix("https://").removeprefix("www.")]
    if contact.hours:
        ways.append(contact.hours)
    words = f"{contact.name}: {', '.join(ways)}"
    return words if brief else f"{words} (for {contact.what_for})"
