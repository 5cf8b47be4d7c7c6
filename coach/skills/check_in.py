"""Check-in: how somebody is right now, said back in their own words. No model takes part, nothing is judged.

    form.read(text) ─→ what is felt ─ what is needed ─ how far away calm is ─→ one idea, one question at most

A level is somebody's own mark for one moment: it is not compared with anybody's, nor with an earlier one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from coach.cards import Card
from coach.form import SCALES, read
from coach.skills.grounding import may_be_said
from coach.skills.lexicon import lexicon
from coach.skills.skill import Draft
from coach.skills.story import Story, read_story, split_sentences, to_second_person
from coach.skills.wording import bare, count, listed, lower_first, pick, sentence, upper_first
from coach.skills.wording import words as words_of
from coach.turn import CheckInSheet

LEAST, MOST = 25, 80
_LOW, _HIGH, _LITTLE_HOPE = 3, 6, 2
_LONG = 14  # words, from which one clause of a text is taken instead of the whole
_IDEA = 30
_HELP = re.compile(r"(?:please )?help(?: me)?(?: please)?$", re.I)
_UNSURE = re.compile(r"(?:i )?(?:do not|don't|dunno|not sure|no idea|can't|cannot|hard to|idk)\b", re.I)
_NONE = re.compile(r"(?:nothing|none|no)\b(?: (?:really|much|at all|now|right now|just now))*$", re.I)
_LEAD = re.compile(
    r"(?:i(?:'m| am)? )?feel(?:ing)? |i (?:just |really |only )?(?:need|want) |i(?:'d| would) like ", re.I
)
_LIKE = re.compile(r"like (?!i\b)", re.I)
_OTHER = re.compile(  # a clause that would stand as a fact about somebody
    r"(?:he|she|they|it|that|there|this|everything|everyone|nobody|nothing)(?:'s|'re)? (?!to\b)"
    r"|your [\w-]+ (?:is|was|has|keeps?|does|did|should|won't|never|always|\w+ed)\b",
    re.I,
)
_SOMEBODY = re.compile(
    r"(?:him|her|them|everyone|everybody|your [\w-]+(?: [A-Z]\w+)?|[A-Z]\w+) (?:not )?to\b"
)


def compose(story: Story, cards: Sequence[Card], shown: Sequence[str]) -> Draft:
    """The check-in said back, 25 to 80 words, and what was marked as a sheet."""
    sheet, said = read(story.orders or story.text), read(story.text)
    if _HELP.match(said.feeling) and not said.need:
        return Draft(_NEEDS_HELP, sheet=sheet)
    idea, ask = _idea(said, cards, little_hope=_little_hope(sheet)), _ask(said, f"{story.text}{story.turn}")
    parts = [*_mirror(said, story), _levels(sheet), _low(sheet), idea, ask]
    if count(" ".join(parts)) > MOST:
        parts.remove(idea)
    if count(" ".join(parts)) < LEAST:
        parts.insert(-1, pick(_ROOM, f"{story.text}room"))
    return Draft(" ".join(filter(None, parts)), sheet=sheet)


_NEEDS_HELP = (
    'You wrote "help". If you or somebody near you is in danger, Support lists people to call, and your '
    "local emergency number comes first. If it is another kind of help, what is happening just now, in a few "
    "words?"
)
_ROOM = (
    "Nothing has to follow from that; having it on the page can be enough for the moment.",
    "It can stay as it is for now, and it doesn't have to be explained to anyone.",
    "That is how it is at this hour, and it needn't be solved at this hour.",
    "You can leave it at that, or say more of it if you like.",
)


# --- what was felt and needed -----------------------------------------------------------------


def _mirror(said: CheckInSheet, story: Story) -> list[str]:
    """Feeling and need in the user's own words, as one sentence where they join."""
    felt, need = _feeling(said.feeling, story), _need(said.need, story)
    if felt.startswith("You feel ") and need.startswith("What you need is ") and "," not in felt:
        return [f"{bare(felt)}, and {lower_first(need)}"]
    return [felt, need]


def _feeling(words: str, story: Story) -> str:
    clause, told = _own(words, story)
    if not told:
        return "You wrote how you are in your own way, and it stands as you wrote it." if words else ""
    if _UNSURE.match(clause):
        return "There is no word for it just now, and that is an answer too."
    if re.match(r"you(?:'re|'ve|'d|'ll)?\b", told, re.I):
        return sentence(told)
    named = _LIKE.match(told) or lexicon().feeling_pattern.search(told) or _pseudo(told)
    if named and not _OTHER.match(told):
        return f"You feel {lower_first(_as_list(told))}."
    return f'You put it as "{clause}".'


def _need(words: str, story: Story) -> str:
    clause, told = _own(words, story)
    if not told:
        return "What you need is on the page as you wrote it." if words else ""
    if _NONE.match(clause):
        return "There is nothing that you need just now."
    if _UNSURE.match(clause):
        return "What you need isn't clear yet, and it needn't be."
    if _OTHER.match(told) or re.match(r"you\b", told, re.I):
        return f'What you need, as you put it: "{clause}".'
    names = {name for person in story.people for name in (person.name, person.alias) if name}
    return f"What you need is {'for ' if _SOMEBODY.match(told) else ''}{lower_first(told, names)}."


def _own(words: str, story: Story) -> tuple[str, str]:
    """The user's words, of many the clause that tells most, and the same turned to "you".

    Both are empty where they may not be said back.
    """
    words = bare(_LEAD.sub("", words, count=1) if _LEAD.match(words) else words)
    if count(words) > _LONG:
        words = next((clause for clause in read_story(words).telling if count(clause) <= _IDEA), "")
    turned = bare(to_second_person(words))
    return (words, turned) if turned and may_be_said(sentence(turned), story) else ("", "")


def _as_list(told: str) -> str:
    """ "sad, lonely" as "sad and lonely"; longer phrases stay as they are."""
    pieces = re.split(r",\s+", told)
    return listed(pieces) if " and " not in told and all(count(piece) <= 3 for piece in pieces) else told


def _pseudo(told: str) -> str:
    """The word of `told` that tells what somebody did, "ignored"; empty where there is none."""
    found = lexicon().pseudo_pattern.search(told)
    return lexicon().pseudo_of[found.group().lower()] if found else ""


# --- what was marked --------------------------------------------------------------------------


def _levels(sheet: CheckInSheet) -> str:
    """What is furthest away, or that nothing is; the numbers themselves only where no word was said."""
    named = words_of(f"{sheet.feeling} {sheet.need}")
    marked = {name: level for name in SCALES if (level := getattr(sheet, name)) is not None}
    if _little_hope(sheet):
        del marked["hope"]  # which has a sentence of its own
    marked = {name: level for name, level in marked.items() if name not in named}
    if not marked:
        return ""
    lowest = min(marked.values())
    if lowest <= _LOW:
        short = [name for name, level in marked.items() if level == lowest]
        return f"There is little {listed(short, last='or')} just now."
    if lowest >= _HIGH:
        are = "are" if len(marked) > 1 else "is"
        return f"{upper_first(listed(list(marked)))} {are} within reach just now."
    if named:
        return ""
    return f"You put {listed([f'{name} at {level}' for name, level in marked.items()])}."


def _low(sheet: CheckInSheet) -> str:
    low = "Hope is low just now; if it gets lower, Support lists people to talk with."
    return low if _little_hope(sheet) else ""


def _little_hope(sheet: CheckInSheet) -> bool:
    return sheet.hope is not None and sheet.hope <= _LITTLE_HOPE


# --- one idea, one question -------------------------------------------------------------------


def _idea(said: CheckInSheet, cards: Sequence[Card], *, little_hope: bool) -> str:
    """What a card that fits begins with; nothing where something hurts too much, or nothing is wrong."""
    if little_hope or _disclosed(said) or _is_well(said):
        return ""
    gist = next((card.gist for card in cards if card.kind in ("idea", "skill", "practice")), "")
    idea = ""
    for line in split_sentences(gist):
        if count(f"{idea} {line}") > _IDEA:
            break
        idea = idea if "?" in line else f"{idea} {sentence(line)}".strip()
    intro = pick(_INTROS, f"{said.feeling}{said.need}")
    if not idea:
        return ""
    return f"{intro}. {idea}" if ":" in idea else f"{intro}: {lower_first(idea)}"


_INTROS = (
    "One idea, to take or to leave",
    "An idea, if you want one",
    "Here is something that may fit",
)


def _disclosed(said: CheckInSheet) -> str:
    """A word that may tell of harm: then nothing is advised, and it is asked what happened."""
    word = _pseudo(said.feeling)
    return word if word and lexicon().pseudo[word].ask else ""


def _is_well(said: CheckInSheet) -> bool:
    book = lexicon()
    named = [book.feeling_of[found.group().lower()] for found in book.feeling_pattern.finditer(said.feeling)]
    well = bool(named) and all(book.feelings[name].family == "warmth" for name in named)
    return well and (not said.need or bool(_NONE.match(said.need)))


def _ask(said: CheckInSheet, seed: str) -> str:
    if word := _disclosed(said):
        return f"When you say '{word}', what happened, as plainly as you can put it?"
    if _is_well(said):
        options = ["What would you like to keep of it?", "Which part of it would you like to remember?"]
    elif said.need and not (_NONE.match(said.need) or _UNSURE.match(said.need)):
        options = [
            "What would be the smallest piece of what you need, today?",
            "Which part of what you need is in your own hands today?",
            "What would even a little of what you need look like?",
        ]
    elif said.feeling:
        options = [
            "What do you need, if you had to name one thing?",
            "What would make the next hour a little easier?",
            "When today did you first notice the feeling?",
        ]
    else:
        options = [
            "Would you like to put a word to it?",
            "What would you say first, if somebody asked how you are?",
        ]
    return pick(options, f"{seed}ask")
