"""Listen, the default skill: reflects a particular of this story, then at most one idea and one question.

    compose(story, cards, shown)   a whole reply without a model; after `shown`, only what is missing
    fits(sentence, story, cards)   whether a model's sentence may be shown in talk

A whole reply is: what stood out, in the user's words · a guess at what lies under it · one idea from
the first card, offered · one open question. What is not a story (a greeting, an insult, a recipe,
another language) has a short answer of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from coach.cards import Card
from coach.skills.deed import Deed, find_deed
from coach.skills.grounding import PLAIN, feelings_have_ground, may_be_said, stays_with
from coach.skills.lexicon import lexicon
from coach.skills.lines import filled, person_for, themes_of
from coach.skills.skill import Draft
from coach.skills.story import (
    FOREIGN,
    Quote,
    Story,
    split_sentences,
    thing_of,
    to_second_person,
    trimmed,
    weigh,
)
from coach.skills.wording import (
    STOP,
    bare,
    content,
    count,
    listed,
    lower_first,
    pick,
    sentence,
    stem,
    upper_first,
    words,
)

MOST = 120
_IDEA_WORDS = 34
LEAST = 40


def compose(story: Story, cards: Sequence[Card], shown: Sequence[str]) -> Draft:
    """A reply that needs no model, or after `shown` the idea and question that it lacks."""
    if shown:
        return Draft(_ending(story, cards, shown))
    return Draft(_other_than_a_story(story) or _whole(story, cards))


def opening(story: Story) -> str:
    """What stood out in a story, in the user's own words; nothing where it is not a story."""
    return "" if _other_than_a_story(story) else _reflect(story)


def _other_than_a_story(story: Story) -> str:
    """The answer to what has nothing in it to work on; empty where there is."""
    answers = (_not_words, _language, _repeated, _small_talk, _at_the_coach, _elsewhere, _good_news)
    return next(filter(None, (answer(story) for answer in answers)), "")


# --- a whole reply ----------------------------------------------------------------------------


def _whole(story: Story, cards: Sequence[Card]) -> str:
    reflection = _reflect(story)
    if story.rant:
        return _bounded(" ".join(filter(None, (reflection, _rest(story), _ask(story, reflection)))))
    answer = _answer(story, reflection)
    guess = _guess(story, f"{reflection} {answer}")
    felt = _felt(story, reflection)
    said = " ".join(filter(None, (reflection, felt, guess, answer)))
    idea = _idea(story, cards) if not _has_words_to_say(answer) and not story.offer else ""
    ask = _ask(story, said) if "?" not in answer or story.offer else ""
    parts = [reflection, felt, answer, guess, idea, ask]
    if story.asks:
        parts = [reflection, answer, felt or guess, idea, ask]
    for drop in (felt, guess):
        if count(" ".join(filter(None, parts))) > MOST and drop in parts:
            parts.remove(drop)
    text = " ".join(filter(None, parts))
    if count(text) < LEAST:
        parts = [*parts[:-2], _more(story, text), *parts[-2:]]
    heard = _bounded(" ".join(filter(None, parts[:-2])), MOST - count(f"{idea} {ask}"))
    return "\n\n".join(filter(None, (heard, " ".join(filter(None, (idea, ask))))))


def _rest(story: Story) -> str:
    """What else is in a long text, by the names of its themes."""
    things = [
        t
        for t in dict.fromkeys(thing_of(t, story.text) for t in themes_of(story)[1:4])
        if t not in {"it", "this"}
    ]
    if not things:
        return "There is a good deal more in what you wrote, and it needn't all be carried at once."
    return pick(
        [
            (
                f"There is more in it, {listed(things)} among the rest, and it doesn't all have "
                f"to be dealt with in one go."
            ),
            f"You also write about {listed(things)}; that is a lot for one night.",
            f"Beside that there's {listed(things)}, each of them enough for an evening.",
        ],
        story.text,
    )


def _bounded(text: str, most: int = MOST) -> str:
    """Drop sentences from the end until the text is short enough; the first stays."""
    parts = split_sentences(text)
    while count(" ".join(parts)) > most and len(parts) > 1:
        del parts[-1]
    return " ".join(parts)


def _reflect(story: Story) -> str:
    if story.raw:
        return _reflect_remark(story)
    telling = [p for p in story.telling if _may_be_said(p, story)]
    pieces = [p for p in telling if weigh(p) > -1] or telling[:1]
    if story.again and len(pieces) > 1:
        pieces = pieces[1:]
    if not pieces:
        return _reflect_little(story)
    if wish := _wish(pieces[0]):
        return wish
    first = _second(pieces[0], story)
    if count(first) > 30:
        return _quoted(pieces[0], story)
    more = next(
        (p for p in pieces[1:4] if count(p) + count(first) <= 42 and _stands(p, pieces[0], story)), ""
    )
    text = _framed(first, story)
    if more and count(first) < 24:
        order = story.text.find(more[:20]) < story.text.find(pieces[0][:20])
        other = _second(more, story)
        text = f"{sentence(other)} {sentence(first)}" if order else f"{sentence(first)} {sentence(other)}"
    return text


def _may_be_said(clause: str, story: Story) -> bool:
    return may_be_said(sentence(_second(clause, story)), story)


def _wish(clause: str) -> str:
    """A question as what it shows: "How do I tell him?" to "You're looking for a way to tell him."."""
    match = re.match(
        (
            r"(how (?:do|can|should|could|would) i|should i|what (?:do|can|should|could) i "
            r"(?:say|do))\b (.+)\?"
        ),
        clause,
        re.I,
    )
    if not match:
        return ""
    turned = bare(to_second_person(match[2]))
    low = match[1].lower()
    if low.startswith("how"):
        return f"You're looking for a way to {turned}."
    return f"You're asking yourself whether to {turned}." if low.startswith("should") else ""


def _stands(clause: str, beside: str, story: Story) -> bool:
    """True if a second clause adds something and points at nothing that was left out."""
    if _overlap(clause, beside):
        return False
    follows = 0 <= story.text.find(clause) - story.text.find(beside) - len(beside) < 6
    return follows or not re.search(r"\b(?:it|that|this|those|these|one|there)\b", clause, re.I)


def _overlap(one: str, other: str) -> bool:
    a, b = set(content(one)), set(content(other))
    return bool(a) and len(a & b) > 0.5 * len(a)


def _second(clause: str, story: Story) -> str:
    turned = to_second_person(trimmed(clause) or clause)
    names = {n for p in story.people for n in (p.name, p.alias) if n}
    if story.people and story.people[0].name.startswith("my ") is False and story.people[0].name:
        names.add(story.people[0].name)
    return lower_first(turned, names) if turned[:1].isupper() and not _named_start(turned, names) else turned


def _named_start(text: str, names: set[str]) -> bool:
    first = text.split()[0] if text.split() else ""
    return first.removesuffix("'s") in names


def _framed(clause: str, story: Story) -> str:
    """The clause as a sentence; most stand plain, since frames soon sound alike."""
    low = clause.lower()
    plain = sentence(clause)
    if (
        not re.match(r"(?:you|your|he|she|they|the|it|my|that)\b|[a-z]+ (?:said|told|called)", low)
        or count(clause) > 22
    ):
        return plain
    that = bare(clause)
    return pick(
        [
            plain,
            plain,
            plain,
            f"So {that}.",
            f"What stands out is that {that}.",
            f"The heaviest part may be that {that}.",
        ],
        story.text + "frame",
    )


def _quoted(clause: str, story: Story) -> str:
    """For a clause too long to turn: its beginning, in the user's own words."""
    start = " ".join(clause.split()[:16]).rstrip(",;:")
    return f'You wrote "{start}…", and that is where this seems to sit.'


def _reflect_remark(story: Story) -> str:
    said = bare(story.sentences[0]).strip('"')
    if count(said) > 16:
        said = " ".join(said.split()[:14]).rstrip(",;") + "…"
    mark = "" if said.endswith("…") else ("!" if "!" in story.text else "")
    return pick(
        [
            f'"{said}{mark}" sounds like something that has been waiting a while to be said.',
            f'There is a plea folded into "{said}{mark}", as well as a complaint.',
            f'"{said}{mark}": that comes out when the quieter ways have been used up.',
            f'In "{said}{mark}" there is something you want, and it may be easier to hear than it sounds.',
        ],
        story.text + "remark",
    )


def _reflect_little(story: Story) -> str:
    told = bare(story.text).split()
    thing = " ".join(told[:10]) + ("…" if len(told) > 10 else "")
    if not thing:
        return "There isn't much on the page yet, and that is fine."
    return pick(
        [
            f'"{thing}" is where you start.',
            f'You put it in very few words: "{thing}".',
            f'"{thing}", you write.',
        ],
        story.text,
    )


_FAMILY = {
    "anger": [
        "Being {f} usually means that something here matters to you.",
        "Under {f} there may be something quieter that hasn't had a turn yet.",
        "{F} can be the part that shows, with hurt or worry just behind it.",
    ],
    "sadness": [
        "And it leaves you {f}, which may be why it's hard to put down.",
        "{F} is a fair word for it.",
        "That you're {f} says something about what you had hoped for.",
    ],
    "fear": [
        "Being {f} tends to fill every gap with the worst version.",
        "And {f} on top of it, which makes clear thinking hard.",
        "Some of the {f} part may be about what comes next.",
    ],
    "shame": [
        "Feeling {f} about it may mean that you'd have liked to be different in that minute.",
        "{F} is a heavy thing to sit with on your own.",
        "You're {f} about it, and that can drown out the rest of the story.",
    ],
    "tiredness": [
        "And {f} as you are, there's not much left to be patient with.",
        "Being {f} makes each small thing count double.",
        "{F} may be the first fact here, before any question of who is right.",
    ],
    "loneliness": [
        "It's a particular way to be {f}, with someone so near.",
        "{F} may be the word to hold on to here.",
        "To be {f} in it seems to be the part that aches.",
    ],
    "confusion": [
        "Feeling {f} may simply be accurate, since more than one thing is true here.",
        "Being {f} can mean that two things you want pull different ways.",
        "It makes sense to be {f} where the pieces don't fit.",
    ],
    "warmth": [
        "There's something {f} in it too, and that may be worth keeping.",
        "And you're {f}, which belongs in the picture as well.",
        "The {f} side of it counts too.",
    ],
}


def _felt(story: Story, said: str) -> str:
    """The feeling, if the user gave ground for it and it has not just been said."""
    book = lexicon()
    if story.pseudo:
        entry = book.pseudo[story.pseudo[0]]
        if entry.ask:
            return ""
        return pick(
            [
                (
                    f"'{upper_first(entry.word)}' can have something plainer under it, "
                    f"{listed(entry.under, last='or')} perhaps."
                ),
                f"With '{entry.word}' it may help to know which is nearer, {listed(entry.under, last='or')}.",
                f"Under '{entry.word}' there is sometimes {listed(entry.under, last='or')}; you'd know.",
            ],
            story.text,
        )
    for name, typed in zip(story.feelings, story.feeling_words, strict=True):
        if typed not in said.lower():
            line = pick(_FAMILY[book.feelings[name].family], story.text + name)
            return line.replace("{f}", name).replace("{F}", upper_first(name))
    return ""


def _guess(story: Story, said: str) -> str:
    """A tentative line on what may lie under it, from the plainest theme."""
    deed, themes = _deed(story), themes_of(story)
    lines = filled(deed.harm.sense, None, story, said) if deed else []
    if not deed and themes:
        lines = filled(themes[0].sense, themes[0], story, said)
    if not lines and not story.raw and (story.people or story.telling) and count(story.text) > 8:
        lines = list(lexicon().general)
    return pick(lines, f"{story.text}{story.turn}guess") if lines else ""


def _deed(story: Story) -> Deed | None:
    return None if story.raw else find_deed(story, story.main or person_for(None, story))


def _more(story: Story, said: str) -> str:
    """One more true thing to say where the reply is thin: a second fact, a second theme, or an invitation."""
    for theme in themes_of(story)[1:2]:
        if not _deed(story):
            return pick(filled(theme.sense, theme, story, said), story.text)
    if count(story.text) > 12 and not story.raw:
        return pick([line for line in lexicon().general if line not in said], f"{story.text}more")
    options = [
        "Tell it in any order you like; it doesn't have to come out tidy.",
        "A sentence or two about how it went would be enough to go on, and you can stop whenever you want.",
        "There's no hurry with it, and no need to be fair to everyone in the first telling.",
        "What was said, and what you made of it, can be two different things, and both are welcome here.",
    ]
    return pick(options, story.text)


# --- idea and question ------------------------------------------------------------------------

_INTROS = (
    "One thing that can help:",
    "Something you could try, if it fits:",
    "An idea, to take or leave:",
    "This may be of use:",
    "One step that is open to you:",
    "When you have the energy for it:",
    "What might make it easier:",
    "A possible next move:",
    "What sometimes helps:",
    "Only if it suits you:",
    "It could be worth a try:",
    "If you'd like something to do with it:",
)


def _idea(story: Story, cards: Sequence[Card]) -> str:
    """One idea of the first card, offered; empty without a card, or where asking comes first."""
    if not cards or story.disclosures:
        return ""
    idea = ""
    for line in split_sentences(cards[0].gist):
        if idea and count(f"{idea} {line}") > _IDEA_WORDS:
            break
        idea = f"{idea} {sentence(line)}".strip()
    if not idea or cards[0].kind in ("myth", "caution"):
        return idea
    intro = pick(_INTROS, story.text + "intro")
    if ":" in idea:  # two colons in one sentence are one too many
        return f"{intro[:-1]}. {idea}"
    return f"{intro} {lower_first(idea)}"


def _ask(story: Story, said: str) -> str:
    """One open question that fits the story, or the offer of what it asks for."""
    if story.disclosures:
        return f"When you say '{story.disclosures[0]}', what happened, as plainly as you can put it?"
    if story.offer:
        return story.offer
    if story.rant:
        return pick(
            [
                "Which part of it should come first?",
                "If you could only take up one of these tonight, which would it be?",
                "Where would you like to begin?",
            ],
            story.text,
        )
    options: list[str] = []
    deed = _deed(story)
    if event := _ask_about_event(story, said):
        options += [event, event]
    if deed:
        options += filled(deed.harm.ask, None, story, said)
    for theme in themes_of(story)[:1]:
        if not deed or theme.name == "silence":
            options += filled(theme.ask, theme, story, said)
    options += _asks_about_words(story)
    if not options or (len(options) < 3 and not story.themes):
        options += _plain_asks(story)
    return pick(options, f"{story.text}{story.turn}ask")


def _ask_about_event(story: Story, said: str) -> str:
    """A question about something that the other did, which the reply has not yet named."""
    for clause in story.telling[1:]:
        if not _may_be_said(clause, story):
            continue
        turned = _second(clause, story)
        low = turned.lower()
        other = re.match(
            (
                r"(?:he|she|they|your [\w-]+|[A-Z][a-z]+) (?!and\b|would|could|may|might|is\b"
                r"|was\b|has\b)\w+"
            ),
            turned,
        )
        plain = (
            4 <= count(turned) <= 13 and '"' not in turned and "," not in turned and low not in said.lower()
        )
        if other and plain and _happened(turned) and not _overlap(clause, said):
            return pick(
                [
                    f"What went through you when {bare(turned)}?",
                    f"When {bare(turned)}, what did you need just then?",
                    f"What did you make of it when {bare(turned)}?",
                    f"What did you do next, when {bare(turned)}?",
                ],
                story.text,
            )
    return ""


def _happened(clause: str) -> bool:
    """True for one event in the past, not for a habit."""
    return bool(
        re.match(
            r"(?:he|she|they|your [\w-]+|[A-Z][a-z]+) (?:just |then |even |only )?(?:\w+ed"
            r"|said|told|went|left|came|took|found|forgot|broke|threw|saw|got|gave"
            r"|made|put|sat|hung|kept|didn't|smiled|turned|ate|slept|stood|laughed|read|sent"
            r"|let)\b",
            clause,
        )
    )


def _asks_about_words(story: Story) -> list[str]:
    return [_ask_about(quote) for quote in story.quotes[:2] if quote.by and count(quote.words) <= 9]


def _ask_about(quote: Quote) -> str:
    said = bare(quote.words)
    if quote.by == "me":
        return f'What did you most want understood when you said "{said}"?'
    return f'What went through you when you heard "{said}"?'


def _plain_asks(story: Story) -> list[str]:
    them = {"she": "her", "he": "him", "they": "them"}[story.main.pronoun] if story.main else ""
    if story.main and story.main.name:
        them = story.main.second
    if not them:
        return [
            "Who is it about, and what happened last?",
            "What happened, the last time it came up?",
            "Who else is in this, and what did they do or say?",
        ]
    return [
        f"What would you most want {them} to understand about it?",
        f"What is the moment with {them} that stays with you most?",
        "What happened in the minute just before that?",
        f"What do you wish you could have said to {them}?",
    ]


# --- answers to a question --------------------------------------------------------------------

_STAY = re.compile(
    (
        r"\b(?:leave|stay|break up|divorce|end it|end things|dump|separate|split up|move "
        r"out|give (?:him|her|them) another)\b"
    ),
    re.I,
)
_SHOULD_I = re.compile(r"\bshould i (?!have\b)((?:just |even |still )?[^?.!,\n]{3,60})", re.I)
_IS_IT_ME = re.compile(
    (
        r"\b(?:am i|was i|is it me|i'm i)\b|\b(?:overreact\w*|too sensitive|in the wrong"
        r"|unreasonable|asking too much)\b"
    ),
    re.I,
)
_WHY = re.compile(r"\bwhy (?:do|does|did|is|are|can't|won't|would|doesn't)\b", re.I)
_READ_MIND = re.compile(r"\b(?:does|do|will|is|are) (?:he|she|they|it|we|this|my \w+)\b", re.I)
_HOW = re.compile(
    (
        r"\b(?:how (?:do|can|should|could|would|to)|what (?:do|can|should|could|would) i"
        r"|any (?:advice|ideas|tips|thoughts)|what now|help me)\b"
    ),
    re.I,
)


def _answer(story: Story, said: str) -> str:
    """What can honestly be said to the user's question."""
    question = story.question
    if not question:
        return ""
    if _STAY.search(question) and re.search(r"\b(?:should|do i|is it time|worth)\b", question, re.I):
        return pick(
            [
                "Whether to stay or go is yours to weigh, and a program shouldn't lean on the scale.",
                "That decision is yours, and it needn't be made tonight.",
                (
                    "No one outside can weigh staying or going for you, but you can get clearer on "
                    "what it hangs on."
                ),
            ],
            story.text,
        )
    if (match := _SHOULD_I.search(question)) and _may_be_said(f"You could {match[1].strip()}", story):
        act = to_second_person(match[1].strip())
        return pick(
            [
                f"Whether to {act} may depend on what you hope comes back.",
                f"You could {act}, or wait a day; it's worth knowing first what you want from it.",
                (
                    f"If you picture having done it, you'd find out whether you want to {act} or "
                    f"want the worry to stop."
                ),
            ],
            story.text,
        )
    if _IS_IT_ME.search(question):
        return pick(
            [
                "A reaction like that has something real under it, which doesn't settle yet who is right.",
                "That you ask shows you're willing to look at your side; the hurt can be real all the same.",
                "It may not be a matter of too much or too little, only of what it touched.",
            ],
            story.text,
        )
    if _WHY.search(question) or _READ_MIND.search(question):
        who = _they(story)
        return pick(
            [
                f"Only {who} can say why, and any answer from here would be a guess.",
                f"That can't be read from outside; {who} would have to tell you.",
                f"There could be several reasons, and {who} may not know them all either.",
            ],
            story.text,
        )
    if _HOW.search(question):
        return _sayable(story, said)
    return ""


def _they(story: Story) -> str:
    person = person_for(themes_of(story)[0] if story.themes else None, story)
    if person.name:
        return person.second
    return person.pronoun if story.people else "the other person"


def _has_words_to_say(answer: str) -> bool:
    return '"' in answer


_WITH_WHOM_ONLY = frozenset(
    {"parents", "sibling", "friendship", "work", "grown child", "break-up", "holidays"}
)


def _sayable(story: Story, said: str) -> str:
    """Words to say, where the user asked how; off where something may have to be asked first."""
    if story.disclosures:
        return ""
    told = re.search(
        (
            r"\b(?:tell|say to|explain to|let) .{2,40}? (?:that|know(?: that)?) "
            r"(.{4,90}?)[?.!]*$"
        ),
        story.question,
        re.I,
    )
    if told and re.match(r"i\b|we\b|i'm\b|we're\b|i've\b", told[1], re.I):
        plain = bare(upper_first(re.sub(r"\bi\b", "I", told[1])))
        return (
            f'It can be said in two sentences: "{plain}. I wanted you to hear it from me, and in good time."'
        )
    what = [t for t in themes_of(story) if t.name not in _WITH_WHOM_ONLY]
    if not what:
        return ""
    theme = what[0]
    request = pick(filled(theme.request, theme, story, said), story.text)
    intro = pick(
        [
            "If you want words for it, you could try:",
            "One way to put it:",
            "It could begin like this:",
            "You might say something like:",
        ],
        story.text + "say",
    )
    return f'{intro} "{bare(request)}?"' if request.endswith("?") else f'{intro} "{request}"'


# --- the ending after a model's sentences -----------------------------------------------------


def _ending(story: Story, cards: Sequence[Card], shown: Sequence[str]) -> str:
    said = " ".join(shown)
    room = MOST - count(said)
    parts: list[str] = []
    idea = _idea(story, cards) if not story.offer else ""
    if idea and "?" not in said and not _has_idea(said, cards) and count(idea) < room - 12:
        parts.append(idea)
    if ("?" not in said or story.offer) and room > 12:
        parts.append(_ask(story, said))
    return " ".join(parts)


def _has_idea(said: str, cards: Sequence[Card]) -> bool:
    gist = set(content(cards[0].gist))
    return len(gist & set(content(said))) >= 4 or bool(
        re.search(r"\byou (?:could|can|might) (?:try|say|ask|tell|begin)\b", said, re.I)
    )


# --- what is not a story ----------------------------------------------------------------------

_FACES = (
    ("😭😢😥😿🥺😞😔💔", "Tears, or close to it."),
    ("😡🤬😠👿💢", "That looks like anger."),
    ("😱😰😨😟😬", "That looks like worry."),
    ("❤💕😍🥰💖😊🙂😀😁😄", "That looks warmer than most evenings."),
)


def _not_words(story: Story) -> str:
    if words(story.text):
        return ""
    if not story.text:
        return (story.orders and _at_the_coach(story)) or (
            "There's nothing on the page yet. One sentence is enough to begin with: who is "
            "it about, and what happened?"
        )
    face = next(
        (line for faces, line in _FACES if any(c in faces for c in story.text)), "A sign without words."
    )
    return (
        f"{face} A sentence or two in words would make it clearer, as rough as you like: "
        f"what happened, and with whom?"
    )


_OWN = {
    "es": "Este programa entiende mejor el inglés y en español puede equivocarse.",
    "fr": "Ce programme comprend mieux l'anglais et peut se tromper en français.",
    "de": "Dieses Programm versteht Englisch am besten und kann sich auf Deutsch irren.",
    "it": "Questo programma capisce meglio l'inglese e in italiano può sbagliare.",
    "pt": "Este programa entende melhor o inglês e em português pode errar.",
    "nl": "Dit programma begrijpt Engels het best en kan zich in het Nederlands vergissen.",
}


def _language(story: Story) -> str:
    if story.english:
        return ""
    found = words(story.text)
    hits = {name: sum(w in FOREIGN[name] for w in found) for name in _OWN}
    best = max(hits, key=lambda name: hits[name])
    own = f"{_OWN[best]} " if hits[best] >= 2 else ""
    return (
        f"{own}This program understands English best and may miss what matters in "
        f"another language. If you can, write it "
        "in English, in a few short sentences; mistakes are no trouble. If you are in "
        "danger, please open Support now."
    )


_GREETING = re.compile(
    (
        r"^\W*(?:hi|hello|hey|hiya|good (?:morning|evening|afternoon)|yo|greetings|howdy"
        r"|hello there|hi there|hey there)\W*(?:coach|there|you|again|everyone)?\W*$"
    ),
    re.I,
)
_THANKS_LAST = re.compile(
    r"^(?:ok|okay|right|yes|good|alright|i'll)\b[^?]*\b(?:thanks|thank you|cheers)\W*$", re.I
)
_THANKS = re.compile(
    (
        r"^\W*(?:ok(?:ay)?,? |right,? |great,? |oh,? )?(?:thanks|thank you|ta|cheers|thx"
        r"|ty|many thanks|thank u|much appreciated)\b"
    ),
    re.I,
)
_HELP = re.compile(
    (
        r"^\W*(?:please |pls |i need |can you |can someone |somebody |someone "
        r")?(?:please )?help(?: me)?(?: please)?\W*$"
    ),
    re.I,
)
_BYE = re.compile(r"^\W*(?:bye|goodbye|good night|goodnight|see you|i'm going to bed)\b[^?]{0,30}$", re.I)
_YES = re.compile(
    (
        r"^\W*(?:yes|yeah|yep|no|nope|ok|okay|maybe|i don't know|idk|dunno|sure|fine"
        r"|nothing)\W*$"
    ),
    re.I,
)


_SAYS_HELLO = re.compile(r"\bsays (?:hello|hi|hey)\W*$", re.I)
_SPEAKS = re.compile(
    r"\b(?:do|can|could) you (?:also )?(?:speak|understand|talk|write) (?:in )?[A-Z][a-z]{3,}"
    r"(?:ish|ch|an|se|ic|di|i|sh)\b"
)


def _small_talk(story: Story) -> str:
    text = story.text
    if _GREETING.match(text):
        return (
            "Hello. This is a place to talk through something between you and somebody you "
            "care about, and nothing you write "
            "leaves this computer. What is on your mind tonight, and who is it about?"
        )
    if _HELP.match(text):
        return (
            "Yes. Small steps, then. If you are in danger or thinking of ending your life, "
            "say so and that comes first. "
            "Otherwise, one sentence will do to begin: what happened, and with whom?"
        )
    if (_THANKS.match(text) or _THANKS_LAST.search(text)) and count(text) <= 14:
        return (
            "You're welcome. If you stop here, it may be enough to keep one thing from this "
            "and let the rest wait until you've "
            "slept. Someone close to you might like to hear it too."
        )
    if _BYE.match(text) and not story.people:
        return (
            "Good night. Nothing has to be settled before morning, and things tend to look "
            "a size smaller after sleep."
        )
    if _YES.match(text):
        return _after_a_word(story)
    if _SAYS_HELLO.search(text) and count(text) <= 16:
        return (
            "Hello to you both. You can go on alone or together; under Both sides each of you has a turn to "
            "oneself first. What would you like to look at?"
        )
    if _SPEAKS.search(text) and count(text) <= 16:
        return (
            "This program understands English best. In other languages it may miss what matters, though it "
            "names people who can help in ten of them. Plain English with mistakes is fine. What is on your "
            "mind?"
        )
    return ""


def _after_a_word(story: Story) -> str:
    who = story.main.second if story.main and story.main.name else ""
    about = f"about {who}" if who else "of it"
    return pick(
        [
            f"Fine, a short answer will do. What comes up next when you think {about}, "
            "even if it seems small?",
            "That's an answer too. Would it be easier to begin with what happened, or with how you are now?",
            "All right. Take your time with it. What is the part that you keep going back to?",
        ],
        f"{story.text}{story.turn}",
    )


_INSULT = re.compile(
    (
        r"\b(?:useless|stupid|dumb|idiot\w*|shit\w*|crap|rubbish|suck\w*|garbage|trash"
        r"|pathetic|worthless|waste of time|moron|fuck (?:you|off)|piss off|screw you"
        r"|not helping|no help|clueless|shut up)\b"
    ),
    re.I,
)
_MACHINE = re.compile(
    (
        r"\b(?:bot|chatbot|robot|machine|computer|program|programme|app|ai|this thing"
        r"|this is|software|algorithm|answers?|advice)\b"
    ),
    re.I,
)
_WHAT_ARE_YOU = re.compile(
    (
        r"\b(?:are you|r u|is this)\b[^?.]{0,20}\b(?:human|real|a person|bot|robot|ai"
        r"|therapist|a program|machine|alive|listening|there)\b|\b(?:who|what) are you\b"
        r"|\bdo you (?:have feelings|love|remember|care)\b"
    ),
    re.I,
)
_DOUBTS = re.compile(
    r"\byou(?:'re| are) (?:just|only|nothing but) (?:an? |some )?(?:\w+ )?"
    r"(?:chatbot|bot|machine|computer|program|robot|ai|app)\b"
    r"|\bwhat (?:would|does|could) (?:you|an? (?:machine|bot|program|computer|chatbot|robot)) know\b",
    re.I,
)
_KNOWS = re.compile(
    r"\bknow about ((?:being|having|raising|losing|living|loving|caring)\b[^.?!]{3,60})", re.I
)
_ROLE = re.compile(
    (
        r"\b(?:pretend (?:to be|you're|you are)|role-?play|act as|act like (?:my|you)|be "
        r"my (?:boyfriend|girlfriend|wife|husband|mum|mom|dad)|speak as)\b"
    ),
    re.I,
)


def _at_the_coach(story: Story) -> str:
    text = story.orders or story.text
    if count(text) > 40:
        return ""
    if _ROLE.search(text):
        return (
            "This program stays itself and doesn't play somebody you know; it would only be "
            "guessing at them. What it can do is "
            "help you get ready for the talk. What would you want to say first, and what answer do you fear?"
        )
    if _WHAT_ARE_YOU.search(text) and not story.people:
        return (
            "This is a program, not a person, and it runs only on this computer. It has no "
            "feelings and no view of you beyond "
            "what you write. It can help you look at something between you and another "
            "person. What brought you here tonight?"
        )
    if _DOUBTS.search(text):
        match = _KNOWS.search(text)
        of = to_second_person(match[1].strip()) if match else "a life like yours"
        return (
            f"That's true: this is a program. What it has of {of} is only what people have written down; "
            "you know it from the inside. Nobody has to talk to it, and it can stay closed. If there is "
            "something you would like to put into words, it will do its best. What would that be?"
        )
    named = _MACHINE.search(text) and re.search(r"\byou\b", text, re.I)
    if _INSULT.search(text) and (named or not story.people):
        if _MACHINE.search(text) or story.turn or re.search(r"fuck (?:you|off)|you suck|shut up", text, re.I):
            return (
                "Fair enough. This is a program, and it can miss the point badly. If you'd like "
                "to go on, say in a few words "
                "what it got wrong, or leave it and tell the thing itself again. What matters most in it?"
            )
        if story.raw and count(text) <= 4:
            return (
                f'"{bare(text)}": it isn\'t plain from here if that is meant for someone at home '
                f"or for this program. Either may be "
                "said. If it's for someone, what had just happened when those words came up?"
            )
    return ""


_OFF_TOPIC = re.compile(
    r"\b(?:recipe|lasagne|lasagna|bake|pancakes?|weather|forecast|capital of|python"
    r"|javascript|write (?:me )?(?:a |an |some )?(?:poem|essay|code|story|"
    r"cv|resume|cover letter)|translate|bitcoin|stock price|football score|who won"
    r"|president|solve|equation|\d+ ?[+*/x] ?\d+|movie|film recommend\w*|"
    r"lottery|horoscope|diet plan|workout|fix my (?:car|computer|printer|phone)"
    r"|install|wifi|wi-fi|how (?:many|tall|far|old) (?:is|are)|joke)\b",
    re.I,
)


def _elsewhere(story: Story) -> str:
    text = story.text
    if story.people or story.feelings or story.pseudo or count(text) > 40:
        return ""
    general = story.asks and not re.search(
        (
            r"\b(?:i|i'm|my|me|we|us|our|someone|people|friend\w*|couple\w*|relationship\w*"
            r"|love|partner\w*|marriage)\b"
        ),
        text,
        re.I,
    )
    told = not story.themes and not story.raw
    if (
        _OFF_TOPIC.search(text)
        and (
            story.asks
            or told
            or re.match(r"\W*(?:write|give|tell|translate|solve|explain|how)\b", text, re.I)
        )
    ) or (general and told):
        matter = _matter(text)
        return (
            f"{matter} is outside what this program can do well; it is made for what goes on "
            f"between people, and it would only "
            "guess. If there's somebody behind the question, a meal that should make up for "
            "something, say, what is that about?"
        )
    return ""


_JOY = re.compile(
    r"\b(?:(?:she|he|they) said yes|thrilled|delighted|laughed (?:and everything|together|so much|until)"
    r"|(?:feel|feeling|felt) light|over the moon|so happy|really happy|happy tears"
    r"|(?:first|really|such an?) (?:nice|good|lovely)"
    r"|went (?:so |really )?well|proud of (?:him|her|us|them|my)|we made up|made me smile|chuffed"
    r"|can't stop smiling|good news|wanted (?:someone|somebody) to know)\b",
    re.I,
)
_NOT_ONLY_JOY = re.compile(
    r"\b(?:but|except|however|unfortunately|worried|scared|should i|how do i|what do i|then (?:he|she|they)"
    r"|not|never|no longer|isn't|wasn't|didn't|don't|doesn't|won't|can't(?! stop smiling)|if only|wish)\b|\?",
    re.I,
)


def _good_news(story: Story) -> str:
    """Something good that was told to be told: it is heard, and nothing is made of it."""
    text = story.text
    low = [f for f in story.feelings if lexicon().feelings[f].family != "warmth"]
    if low or story.pseudo or story.asks or not _JOY.search(text) or _NOT_ONLY_JOY.search(text):
        return ""
    lost = re.search(
        r"\b(?:died|death|dead|passed|funeral|buried|cancer|late (?:wife|husband))\b", text, re.I
    )
    glad = (
        "A small thing like that can hold a great deal, the good and the sad at once."
        if lost
        else pick(
            [
                "That is good to hear, and it can simply be good.",
                "What a thing to be able to tell somebody tonight.",
                "Nothing needs doing about that; it is there to be enjoyed.",
            ],
            text,
        )
    )
    ask = pick(
        [
            "Which moment of it would you like to keep?",
            "What was the best of it for you?",
            "Whom else would you like to tell?",
        ],
        text + glad,
    )
    return " ".join(filter(None, (_reflect(story), glad, ask)))


def _matter(text: str) -> str:
    match = _OFF_TOPIC.search(text)
    if match and re.match(r"recipe|lasagn|bake|pancake", match.group(), re.I):
        return "Cooking"
    return "That"


def _repeated(story: Story) -> str:
    if not story.again or count(story.text) < 3:
        return ""
    known = story.telling[story.turn % len(story.telling)] if story.telling else bare(story.text)
    again = to_second_person(trimmed(known) or known)
    if count(again) > 26 or story.raw or not _may_be_said(known, story):
        again = f'"{" ".join(bare(known).split()[:16])}"'
    opening = pick(
        [
            "You've sent this more than once, so the answer before may have missed it.",
            "Here it is again, which may mean that it still sits just as heavily.",
            "The same words again; perhaps what came back didn't reach it.",
        ],
        f"{story.turn}{story.text}",
    )
    ask = pick(
        [
            "What did you hope to hear?",
            "What was missing in the answer?",
            "If one person understood this, what would they know now?",
            "Which word of it is the one that matters?",
        ],
        f"{story.text}{story.turn}",
    )
    return f"{opening} {sentence(again)} It can be said as often as you need. {ask}"


# --- a model's sentence -----------------------------------------------------------------------

_OWN_LIFE = re.compile(
    (
        r"(?<![\w'])(?:i|i'm|i've|i'd|i'll|me|my|mine|myself|we|we're|we've|we'll|us|our"
        r"|ours|let's)(?![\w])"
    ),
    re.I,
)
_MACHINERY = re.compile(
    r"\b(?:the user|user's|as an ai|language model|assistant|instruction\w*|system "
    r"prompt|prompt|passage\w*|the card|coach|chatbot"
    r"|sentence\w*|paragraph|reply in|respond|example|open question|reflect(?:ion|ing)?|bullet|user:)\b",
    re.I,
)
_ORDER = re.compile(
    r"\byou (?:must|should|need to|have to|ought to|had better)\b|\b(?:never|always) "
    r"(?:let|forget|remember)\b|\b(?:great job|well done|good for you"
    r"|proud of you|you're (?:so |very )?(?:strong|brave|amazing|wonderful))\b"
    r"|\b(?:sorry to hear|so sorry|sorry that)\b|\b(?:toxic|narciss\w+|gasli\w+"
    r"|abusive"
    r"|codependent|disorder|diagnos\w+)\b|\bat least\b",
    re.I,
)
_MIND = re.compile(
    r"\b(?:[Hh]e|[Ss]he|[Tt]hey|[Yy]our (?:\w+ )?[\w-]+|[A-Z][a-z]+) (?:really |just "
    r"|clearly |probably |obviously |still )?(?:is trying|was trying|wants?|wanted"
    r"|feels?|felt|thinks?|thought"
    r"|loves?|loved|hates?|cares?|cared|means?|meant|intends?|intended|knows?|knew"
    r"|doesn't (?:care|love|want|respect|think)|didn't (?:care|want|mean)"
    r"|is (?:angry|jealous|selfish|hurt|upset|sorry|afraid|insecure|lying|being)|was "
    r"(?:angry|jealous|selfish|hurt|upset|sorry|afraid|insecure))\b"
)
_OPEN = re.compile(
    (
        r"\b(?:may|might|perhaps|maybe|could|seems?|sounds?|wonder|possibly|if|whether"
        r"|what|how)\b"
    ),
    re.I,
)
_DOER = re.compile(
    r"\b([Ii]|[Ww]e|[Yy]ou|[Hh]e|[Ss]he|[Tt]hey|[Mm]y (?:best |old |older |younger "
    r"|ex-)?[\w-]+|[Yy]our [\w-]+|[A-Z][a-z]+)\s+(?:(?:just|really|then|also|even"
    r"|always|never)\s+)?(\w{3,})\b"
)


def fits(sentence_: str, story: Story, cards: Sequence[Card]) -> bool:
    """True if a model's sentence may be shown: whole, to the user, of this story, claiming nothing new."""
    line = " ".join(sentence_.replace("’", "'").replace("“", '"').replace("”", '"').split())
    checks: tuple[Callable[[], bool], ...] = (
        lambda: _is_whole(line),
        lambda: not _OWN_LIFE.search(_unquoted(line)),
        lambda: not (_MACHINERY.search(line) or _ORDER.search(line)),
        lambda: _to_the_user(line, story),
        lambda: _known_names(line, story),
        lambda: stays_with(line, story),
        lambda: feelings_have_ground(line, story),
        lambda: not _claims_mind(line, story),
        lambda: _same_doers(line, story),
    )
    return all(check() for check in checks)


def _unquoted(line: str) -> str:
    return re.sub(r'"[^"]*"', " ", line)


def _is_whole(line: str) -> bool:
    if not 3 <= count(line) <= 45 or line.count('"') % 2 or not re.search(r"[.!?…][\"')]?$", line):
        return False
    if re.match(r"[-*#>•\d]", line) or re.search(r"[*#`_<>{}\[\]|]|https?:|\bwww\.", line):
        return False
    return line[:1].isupper() or line[:1] in "\"'"


def _to_the_user(line: str, story: Story) -> bool:
    bare_line = _unquoted(line)
    if re.search(r"\byou(?:r|rs|'re|'ve|'d|'ll|rself)?\b", bare_line, re.I):
        return True
    return bool(
        re.match(
            (
                r"(?:That|It|This|There|What|Who|When|Which|How|Being|Silence|Waiting|Perhaps"
                r"|Maybe)\b"
            ),
            bare_line,
        )
    )


def _known_names(line: str, story: Story) -> bool:
    """Names and numbers must stand in the story."""
    told = set(words(story.text)) | {w for p in story.people for w in words(f"{p.name} {p.alias}")}
    for match in re.finditer(r"\b[A-Z][a-z]+\b", line):
        opens = match.start() == 0 or bool(re.search(r"[.!?:\"] ?$", line[: match.start()]))
        if not opens and match.group().lower() not in told:
            return False
        if (
            opens
            and not story.text.count(match.group())
            and match.group().lower() not in STOP
            and stem(match.group()) not in PLAIN
        ):
            follows = line[match.end() :].split()
            if follows and re.match(r"(?:is|was|has|said|may|might|will|and|doesn't|didn't)\b", follows[0]):
                return match.group().lower() in told or match.group().lower().endswith("ing")
    numbers = re.findall(r"\d+(?:[.,:]\d+)*", line)
    counted = re.findall(
        (
            r"\b(?:three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty"
            r"|forty|fifty|hundred|thousand)\b"
        ),
        line.lower(),
    )
    return all(re.search(rf"(?<!\d){re.escape(n)}(?!\d)", story.text) for n in numbers) and all(
        c in told for c in counted
    )


def _claims_mind(line: str, story: Story) -> bool:
    match = _MIND.search(line)
    if not match or _OPEN.search(line):
        return False
    verb = match.group().split()[-1]
    return not re.search(
        rf"\b(?:he|she|they|[A-Z][a-z]+)\b[^.]{{0,20}}\b{re.escape(verb)}\b", story.text
    ) or verb in {"wants", "thinks", "feels"}


def _same_doers(line: str, story: Story) -> bool:
    """Who did what is as the user told it: "you snapped" is not turned into "she snapped"."""
    told: dict[str, set[str]] = {}
    for match in _DOER.finditer(story.text):
        who = "user" if match[1].lower() in {"i", "we"} else "other"
        told.setdefault(stem(match[2]), set()).add(who)
    for match in _DOER.finditer(_unquoted(line)):
        low = match[1].lower()
        if match[2].lower() in STOP or low in {"what", "that", "how", "when"}:
            continue
        who = "user" if low == "you" else "other"
        known = told.get(stem(match[2]))
        if known and who not in known:
            return False
    return True
