"""What the coach says when somebody is at risk: fixed words and the nearest help. No model, index or network.

Two folders that travel with the program are all it needs:

    knowledge/support/<country>.yaml  ─ read_directory ─→ Directory  (who can help, by country)
    prompts/support/*.md              ─ read_texts ─────→ Texts      (what is said, what it waits for)

`first` answers a message in which the screen found risk; `follow_up` carries on the small dialogue after it,
until the user chooses to go back; `answered` and `after_answer` read the reply to a level 1 question. For
thoughts of suicide the dialogue can lead to a safety plan in the user's own words: a question at a time, each
may be skipped, and the plan is nothing but what stands in the conversation. A file that breaks its schema is
left out and named in `problems`; with no file left, a short text built in here is shown. The choice among
texts is fixed by the message and by what was said before, never by chance.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from coach.safety.answers import LEVEL_ONE_QUESTIONS, PLAN_STEPS, after_answer, answered, recognised
from coach.safety.cases import cases
from coach.safety.directory import WORLD, Directory, country_named, guess_country, read_directory
from coach.safety.support_texts import LANGUAGES, OTHER_LANGUAGE, PLAN_STEP, Text, Texts, bundled_texts
from coach.turn import ABUSE, Contact, Conversation, Message, Risk

__all__ = [
    "Directory",
    "SupportReply",
    "after_answer",
    "answered",
    "asks_once_more",
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
    message: str = "",
    language: str = "en",
    texts: Texts | None = None,
) -> SupportReply:
    """The reply to a message at risk, or in another language than English.

    `said` is what the coach answered so far, so that nothing comes twice; `message` is what the user wrote,
    by which cases that need words of their own are told apart; `language` is the one it is written in.
    """
    texts = texts if texts is not None else bundled_texts()
    level = max(risk.level, 1)
    candidates = _first_texts(texts, risk, level, message)
    foreign = _language_texts(texts, language, level)
    contacts = _contacts(directory, risk, country, guess)
    if not candidates + foreign:
        return SupportReply(_last_resort(said), contacts, None, level >= 2)
    chosen = _fresh(foreign or candidates, said)
    awaited = candidates[0].awaits if chosen.awaits == "same" else chosen.awaits
    beside = [] if chosen in foreign else _beside(texts, chosen, risk, country)
    words = _rendered(chosen, directory, risk, country, guess, beside=beside)
    return SupportReply(words, contacts, awaited if risk.level else None, level >= 2)


def asks_once_more(conversation: Conversation, text: str, *, texts: Texts | None = None) -> bool:
    """Whether `text` passes over a level 1 question that was asked only once: `first` then asks it gently."""
    texts = texts if texts is not None else bundled_texts()
    asked = conversation.awaited in LEVEL_ONE_QUESTIONS and not conversation.paused
    gentler = [t for t in texts.texts if t.purpose == "again" and 1 in t.levels]
    twice = any(t.said_in(words) for t in gentler for words in conversation.coach_texts)
    return asked and not twice and answered(conversation.awaited, text) == "unsure"


def follow_up(
    conversation: Conversation,
    text: str,
    directory: Directory,
    *,
    guess: str | None,
    language: str = "en",
    texts: Texts | None = None,
) -> SupportReply:
    """The next step after a support reply, from what the user wrote; it ends when they choose to go back."""
    texts = texts if texts is not None else bundled_texts()
    risk, awaited, said = conversation.risk, conversation.awaited, conversation.coach_texts
    named = country_named(text, directory, asked=awaited == "country")
    answer = "country" if named else recognised(text, awaited)
    if awaited == "back" and answer == "yes":
        answer = "back"
    country = named or conversation.country
    contacts = _contacts(directory, risk, country, guess)
    paused = answer != "back"

    new = [t for t in _case_texts(texts, risk, text) if not any(map(t.said_in, said))]
    foreign = [] if answer in ("back", "country") else _language_texts(texts, language, risk.level)
    if new and risk.level >= 2 and not foreign:
        words = _rendered(new[0], directory, risk, country, guess)
        return SupportReply(words, contacts, new[0].awaits, True, named)

    plan = written_plan(conversation, text, texts)
    step = next((t for t in texts.plan if not any(map(t.said_in, said))), None)
    answer = _in_the_plan(answer, awaited, plan, step)
    candidates = foreign or _follow_up_texts(texts, conversation, answer)
    if not candidates:
        return SupportReply(_last_resort(said), contacts, None, paused, named)
    chosen = _fresh(candidates, said)
    own = {"same": awaited, "none": None, "next_step": step.awaits if step else "back"}
    awaits = own.get(chosen.awaits or "none", chosen.awaits)
    words = _rendered(chosen, directory, risk, country, guess, plan=plan)
    if awaits in PLAN_STEPS:
        words += "".join(f"\n\n{t.body}" for t in texts.plan if t.awaits == awaits)
    return SupportReply(words, contacts, awaits, paused, named)


def written_plan(conversation: Conversation, text: str, texts: Texts) -> tuple[tuple[str, str], ...]:
    """The safety plan so far, `text` included: each step's heading and the user's own words under it.

    It is read from the conversation and kept nowhere else. A message counts where the coach had asked for
    that step and then went on with the plan.
    """
    acknowledged = [t for t in texts.texts if t.to == PLAN_STEP]
    messages = [*conversation.messages, Message("user", text)]
    replies = [*messages[2:], None]
    found: dict[str, tuple[str, str]] = {}
    for (asked, answer), reply in zip(pairwise(messages), replies, strict=False):
        if reply and not any(t.said_in(reply.text) for t in acknowledged):
            continue
        for step in texts.plan:
            if answer.role == "user" and asked.role == "coach" and step.said_in(asked.text):
                words = " ".join(answer.text.split())
                if recognised(answer.text, step.awaits) == "other":
                    found[step.name] = (step.heading, words)
    return tuple(found[step.name] for step in texts.plan if step.name in found)


def _in_the_plan(answer: str, awaited: str | None, plan: Sequence[object], step: Text | None) -> str:
    """The answer, or "done" where the plan is at its end, or "empty" where nothing was written in it."""
    over = awaited in PLAN_STEPS and answer in ("other", "skip")
    begins = answer == "safety_plan" or (awaited == "plan_offer" and answer == "yes")
    if answer == "done" or (step is None and (over or begins)):
        return "done" if plan else "empty"
    return "safety_plan" if begins else answer


def about(risk: Risk) -> str:
    """Which of the small dialogues fits."""
    if risk.category in ("suicide", "self_harm"):
        return "someone_else" if risk.subject == "other" else "suicide"
    if {"controlling_request", "both_hurt", "perinatal"} & set(risk.flags):
        return "other"  # "it is not your fault" would be a guess
    if risk.subject == "other":
        return "someone_else"
    return "abuse" if risk.category in ABUSE else "other"


def _may_plan(conversation: Conversation, texts: Texts) -> bool:
    """A written plan is for thoughts of suicide, and never where somebody else in the house is the danger."""
    asked = [t for t in texts.texts if t.to == "suicide" and t.answer == "yes"]
    said_yes = any(t.said_in(words) for t in asked for words in conversation.coach_texts)
    return not conversation.unsafe and (about(conversation.risk) == "suicide" or said_yes)


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


def _first_texts(texts: Texts, risk: Risk, level: int, message: str) -> list[Text]:
    """The text made for this risk, then those for going on with it; the most particular one first."""
    made = _case_texts(texts, risk, message) or _made_for(texts, risk, [None])
    topics = (about(risk), "any")
    again = [t for t in texts.texts if t.purpose == "again" and level in t.levels and t.about in topics]
    return made[:1] + again


def _case_texts(texts: Texts, risk: Risk, message: str) -> list[Text]:
    """Texts for what the message is about more closely than its category, the most urgent first."""
    if {"controlling_request", "both_hurt"} & set(risk.flags):
        return []  # those texts are about the writer as the one who is hurt
    return _made_for(texts, risk, cases(message, risk))


def _made_for(texts: Texts, risk: Risk, wanted: Sequence[str | None]) -> list[Text]:
    """First texts that fit the risk and one of the cases, the most particular first."""

    def fits(text: Text) -> bool:
        return (
            text.purpose == "first"
            and max(risk.level, 1) in text.levels
            and risk.category in text.categories
            and text.subject in ("any", risk.subject or "self")
            and text.case in wanted
            and (text.flag is None or text.flag in risk.flags)
        )

    order = ("controlling_request", "both_hurt", "perinatal", "minor", None)  # the first that fits decides
    fitting = [text for text in texts.texts if fits(text)]
    return sorted(
        fitting,
        key=lambda t: (list(wanted).index(t.case), order.index(t.flag), t.subject == "any", t.name),
    )


def _language_texts(texts: Texts, language: str, level: int) -> list[Text]:
    """Texts in the user's language, or in English for one that the coach has no texts in."""
    if language == "en":
        return []
    known = language if language in LANGUAGES else OTHER_LANGUAGE
    found = [t for t in texts.texts if t.language == known and max(level, 1) in t.levels]
    return sorted(found, key=lambda t: t.turn)


def _beside(texts: Texts, chosen: Text, risk: Risk, country: str | None) -> list[str]:
    """What stands below the lines: for each flag that the text does not speak to itself, and the country."""
    flags = set(risk.flags) - {chosen.flag}
    beside = [t.body for t in texts.texts if t.purpose == "beside" and t.flag in flags]
    return beside + [t.body for t in texts.texts if t.purpose == "country" and country is None]


def _follow_up_texts(texts: Texts, conversation: Conversation, answer: str) -> list[Text]:
    """Texts for this answer to this question, the most particular first, and general ones to fall back on."""
    topic, awaited = about(conversation.risk), conversation.awaited
    may_plan = _may_plan(conversation, texts)
    topics = (topic, "suicide", "any") if may_plan else (topic, "any")
    of_plan = answer in ("skip", "done", "empty") or (answer == "other" and awaited in PLAN_STEPS)
    alone = answer in ("back", "country", "where") or (answer == "safety_plan" and may_plan)
    kinds = (answer,) if alone or of_plan else (answer, "other")
    free = answer in ("yes", "no", "unsure", "other")  # an answer in the sense of the question

    def place(text: Text) -> tuple[bool, bool, bool, bool, int, str]:
        aside = text.answer != answer and not (free and text.answer == "any")
        return aside, text.to == "any", text.about == "any", not text.levels, text.turn, text.name

    def fits(text: Text) -> bool:
        return (
            text.purpose == "follow_up"
            and text.about in topics
            and (text.to == PLAN_STEP if of_plan else text.to in (awaited, "any"))
            and (text.answer in kinds or (free and text.answer == "any"))
            and (not text.levels or conversation.risk.level in text.levels)
            and (may_plan or text.awaits not in ("plan_offer", "next_step"))
        )

    return sorted(filter(fits, texts.texts), key=place)


def _fresh(candidates: Sequence[Text], said: Sequence[str]) -> Text:
    """The first text that was not said yet; else the one whose last use is longest ago."""

    def last_use(text: Text) -> int:
        return max((i for i, words in enumerate(said) if text.said_in(words)), default=-1)

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
    plan: Sequence[tuple[str, str]] = (),
) -> str:
    entry = directory.entry(country)
    nowhere = entry is None or entry.code == WORLD
    values = {
        "lines": "\n\n".join(["\n".join(_lines(directory, risk, country, guess)), *beside]),
        "country": entry.name if entry else "any country",
        "emergency": entry.emergency.said if entry else "your local emergency number",
        "plan": "\n\n".join(f"{heading}: “{words}”" for heading, words in plan),
    }
    if nowhere and text.emergency:
        values["emergency"] = text.emergency
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
