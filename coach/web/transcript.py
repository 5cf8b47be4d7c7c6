"""The conversation as HTML: turns, sources, worksheets, support replies and errors. Pure.

    Turn…  →  render()  →  one line of HTML for each block, with a blank line between blocks

The page shows the result in a `gr.Markdown`, which keeps a block that did not change in the document
(an opened source stays open) and passes every block through its own sanitiser, which drops `data-` and
`aria-` attributes: what the style and the script need to know is said by classes. A block never holds a
line break or a percent sign as such, since both mean something to that component. All text of the user,
the model, the cards and the directory goes through `shown` or `prose`; nothing else enters the markup.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from itertools import groupby

from coach.cards import Card, Source
from coach.errors import CoachError
from coach.safety.directory import check_state
from coach.turn import (
    Contact,
    Conversation,
    Notice,
    Origin,
    Passage,
    ReframeSheet,
    RepairSheet,
    Reply,
)

STAGES = {
    "reading": "Reading what you wrote, and the library",
    "loading": "Getting the model ready, which takes a moment the first time",
    "writing": "Writing",
    "checking": "Checking the words before you see them",
}
HORSEMEN = {
    "criticism": "it speaks about who someone is. A softer start speaks about one moment and one wish.",
    "contempt": "it looks down on the other. What hurts is easier to hear when it is said without mockery.",
    "defensiveness": "it hands everything back. Owning even a small part takes some heat out of it.",
    "stonewalling": "it shuts the door. Asking for a pause, and saying until when, leaves it open.",
}
WORLD = "world"
MESSAGE = "a message you could send"
# What the button under an offer says; the reply has asked already.
TAKEN_UP = {
    "reframe": "Yes, other words",
    "repair": "Yes, a way to mend it",
    "practice": "Yes, an exercise",
    "both_sides": "Yes, take turns",
    "check_in": "Yes, note it",
}
_LONG = 3  # turns of coaching, from which an ending is offered

_LOST = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_BREAKS = re.compile(r"\r\n?|\x0b|\x0c|\u2028|\u2029|\x85")
_MARKUP = str.maketrans({"\n": "&#10;", "%": "&#37;"})


@dataclass(frozen=True)
class Turn:
    """One message and what came of it so far; `stage` is set while the coach is at work.

    `whole` keeps back what is said until the reply is there: worksheets and fixed texts come in one piece.
    """

    asked: str
    before: Conversation = field(default_factory=Conversation)
    whole: bool = False
    stage: str | None = None
    said: str = ""
    reply: Reply | None = None
    notice: Notice | None = None
    trouble: CoachError | None = None
    stopped: bool = False

    @property
    def text(self) -> str:
        """What may be shown of the answer by now."""
        if self.reply:
            return self.reply.text
        return "" if self.whole else self.said


@dataclass(frozen=True)
class Surroundings:
    """What a transcript is shown with: the cards, the countries of the directory, the model's name."""

    cards: Mapping[str, Card] = field(default_factory=dict)
    countries: Mapping[str, str] = field(default_factory=dict)
    country: str | None = None
    model: str = "the starter model"
    sources: Mapping[str, Source] = field(default_factory=dict)


def render(turns: Sequence[Turn], around: Surroundings, *, paused: bool = False, asked: bool = False) -> str:
    """The whole conversation as blocks of HTML.

    `paused` lets the page offer the way back to talking; a longer talk in which no question about safety was
    just `asked` may be ended.
    """
    blocks = [_block("div", "mark paused", "")] if paused else []
    if not paused and not asked and long_enough([turn.reply for turn in turns]):
        blocks = [_block("div", "mark long", "")]
    for number, turn in enumerate(turns):
        blocks += _turn(turn, number, around)
    # a block is told from its neighbours by the line break behind it, which the last one would not have
    return "\n\n".join([*blocks, _block("div", "mark", "")]) if blocks else ""


def long_enough(replies: Sequence[Reply | None]) -> bool:
    """Whether a talk may be ended: three turns of coaching, and not one that was ended just now."""
    coached = [reply for reply in replies if reply and reply.origin != "fixed"]
    return len(coached) >= _LONG and coached[-1].skill != "close"


def clean(text: str) -> str:
    """Text with one kind of line break, without control characters and halves of characters."""
    return _CONTROL.sub("", _LOST.sub("\ufffd", _BREAKS.sub("\n", text)))


def shown(text: str) -> str:
    """Text that a reader sees as it was typed: escaped, and on one line of markup."""
    return html.escape(clean(text), quote=True).translate(_MARKUP)


def prose(text: str) -> str:
    """Paragraphs of plain text, each with its own writing direction."""
    parts = re.split(r"\n\s*\n", clean(text).strip())
    return "".join(f'<p dir="auto">{shown(part.strip())}</p>' for part in parts if part.strip())


def _block(tag: str, classes: str, inside: str, attributes: str = "") -> str:
    opening = f'<{tag} class="{classes}"{" " + attributes if attributes else ""}>'
    return f"{opening}{inside}</{tag}>".translate(_MARKUP)


def _turn(turn: Turn, number: int, around: Surroundings) -> list[str]:
    blocks = [_block("div", "me", '<span class="sr">You wrote: </span>' + prose(turn.asked))]
    at = f"turn t-{number}"
    if turn.reply and (turn.reply.support or turn.reply.skill == "support"):
        blocks.append(_support(turn, around, at))
    elif turn.text or (turn.reply and turn.reply.sheet):
        blocks.append(_said(turn, at))
    if turn.stage:
        blocks.append(_thinking(turn.stage, at))
    if turn.reply:
        blocks += _begin(turn.reply, around)
        blocks += _offer(turn.reply)
        blocks.append(_sources(turn.reply, around))
    if turn.notice:
        blocks.append(_block("div", "aside", shown(f"{turn.notice.message} {turn.notice.hint}")))
    if turn.stopped:
        blocks.append(_block("div", "aside", "Stopped. You can try again, or edit your message."))
    if turn.trouble:
        words = f"<p>{shown(turn.trouble.message)}</p><p>{shown(turn.trouble.hint)}</p>"
        blocks.append(_block("div", "trouble", words, 'role="alert"'))
    return blocks


def _thinking(stage: str, at: str) -> str:
    line = STAGES.get(stage, "Working")
    return _block("div", f"thinking {at}", f'<span class="pulse"></span>{shown(line)}…')


def _said(turn: Turn, at: str) -> str:
    sheet = turn.reply.sheet if turn.reply else None
    words = f'<div class="say">{prose(turn.text)}</div>'
    if isinstance(sheet, ReframeSheet | RepairSheet):  # a check-in holds nothing that the text lacks
        words = _sheet(sheet)
    return _block("div", f"coach {at}", f'<span class="sr">Answer: </span>{words}')


def _begin(reply: Reply, around: Surroundings) -> list[str]:
    """The button that opens the reply's exercise, which its class names."""
    card = around.cards.get(reply.exercise or "")
    if card is None or not card.exercise:
        return []
    button = (
        f'<button type="button" class="pill begin begin-{shown(card.id)}">Begin: {shown(card.title)}</button>'
    )
    return [_block("div", "begins", button)]


def _offer(reply: Reply) -> list[str]:
    """A button that takes up the offer of another skill, which its class names; needs.js acts on it."""
    if reply.suggests not in TAKEN_UP:
        return []
    name = f"pill suggest suggest-{reply.suggests}"
    return [
        _block("div", "begins", f'<button type="button" class="{name}">{TAKEN_UP[reply.suggests]}</button>')
    ]


# Sources


def _sources(reply: Reply, around: Surroundings) -> str:
    """The cards that the reply rests on, each to be opened, and how the reply came about."""
    used = "the model" if reply.origin == "model" else "this answer"
    cards = "".join(_source(passage, around, used) for passage in reply.passages)
    lead = '<span class="lead-in">read:</span>' if cards else ""
    how = f'<span class="origin">{shown(origin(reply.origin, around.model))}</span>'
    return _block("div", "sources", lead + cards + how)


def origin(how: Origin, model: str = "the starter model") -> str:
    """How a reply came about, in the words that the user reads."""
    return {
        "model": f"written with {model}",
        "composed": "put together from the library, without the model",
        "fixed": "fixed text, not written by a model",
    }[how]


def _source(passage: Passage, around: Surroundings, used: str) -> str:
    card = around.cards.get(passage.card)
    inside = f'<p class="h">What {used} read</p><blockquote>{prose(passage.text)}</blockquote>'
    title = shown(f"your document: {passage.title}" if passage.own else passage.title)
    if passage.own:
        inside += '<p class="fine">From a file that you added; taken as your words, not as advice.</p>'
    if card:
        title = shown(card.title)
        inside += '<p class="h">The whole card</p>' + _card(card) + rests_on(card, around.sources)
    return f'<details class="src"><summary>{title}</summary><div>{inside}</div></details>'


@lru_cache(maxsize=512)
def _card(card: Card) -> str:
    parts = "".join(
        f'<p class="h2">{shown(heading)}</p>{card_text(text)}' for heading, text in card.sections.items()
    )
    return f'{parts}<p class="fine">Kind: {shown(card.kind)} · evidence: {shown(card.evidence)}</p>'


@lru_cache(maxsize=1024)
def card_text(text: str) -> str:
    """A card's own Markdown: paragraphs, lists and emphasis; links, images and HTML stay plain text."""
    from markdown_it import MarkdownIt

    marked = MarkdownIt("zero").enable(["list", "emphasis"])
    return str(marked.render(clean(text))).translate(_MARKUP)


def rests_on(card: Card, sources: Mapping[str, Source]) -> str:
    """A card's sources, to be opened."""
    lines = "".join(f"<li>{source_line(sources[id])}</li>" for id in card.sources if id in sources)
    summary = "<summary>What it rests on</summary>"
    return f'<details class="again">{summary}<ul class="fine">{lines}</ul></details>' if lines else ""


def source_line(source: Source) -> str:
    """A source as a reader may look it up; addresses are text, as everywhere on the page."""
    year = f" ({source.year})" if source.year else ""
    place = ", ".join(filter(None, (source.where, f"doi {source.doi}" if source.doi else source.url)))
    kind = " · a popular article" if source.kind == "article" else ""
    return shown(f"{source.author}{year}: {source.title}{'. ' + place if place else ''}{kind}")


# Worksheets


def _sheet(sheet: ReframeSheet | RepairSheet) -> str:
    return _reframe(sheet) if isinstance(sheet, ReframeSheet) else _repair(sheet)


NO_TRAP = "None shows in these words. The hurt is real."


def _reframe(sheet: ReframeSheet) -> str:
    cells = (
        ("What a camera would have seen", sheet.observation),
        ("The story about it", sheet.story),
        ("A trap in the thinking?", sheet.trap or (sheet.observation and NO_TRAP)),
        ("Feeling", ", ".join(sheet.feelings)),
        ("Need", ", ".join(sheet.needs)),
        ("How it may look from the other side", sheet.other_view),
        ("How it may look to somebody who wishes you both well", sheet.third_view),
        ("What you could ask for", sheet.request),
    )
    notes = "".join(
        f'<div class="note"><b>{shown(name.capitalize())}</b>'
        + (f": {shown(HORSEMEN[name])}" if name in HORSEMEN else "")
        + "</div>"
        for name in sheet.horsemen
    )
    return _grid(cells) + notes + "".join(_words(rewrite.kind, rewrite.text) for rewrite in sheet.rewrites)


def _repair(sheet: RepairSheet) -> str:
    cells = (
        ("Your own part", sheet.own),
        ("What it may have been like for them", sheet.acknowledge),
        ("A way forward", sheet.path),
    )
    return _grid(cells) + (_words(MESSAGE, sheet.message) if sheet.message else "")


def _grid(cells: Iterable[tuple[str, str]]) -> str:
    filled = [(heading, text) for heading, text in cells if text.strip()]
    inside = "".join(f'<div><p class="h">{shown(heading)}</p>{prose(text)}</div>' for heading, text in filled)
    return f'<div class="sheet">{inside}</div>' if inside else ""


def _words(kind: str, text: str) -> str:
    """Words to say or send, with a button to change them (change.js)."""
    of = "message" if kind == MESSAGE else "remark"
    head = f'<p class="h">{shown(kind)}</p>'
    change = f'<button type="button" class="plain change change-{of}">Change it</button>'
    return f'<div class="card">{head}<div class="words">{prose(text)}</div>{change}</div>'


# Support


def _support(turn: Turn, around: Surroundings, at: str) -> str:
    """A fixed reply; the lines that its text lists give way to the same ones, with a choice of country."""
    reply = turn.reply
    assert reply is not None
    before, listed, after = _parted(turn.text)
    lines = contacts(reply.support, around, first=3) + country_line(around)
    if not listed:  # later in the dialogue the numbers stay at hand without being said again
        lines = f'<details class="again"><summary>The numbers again</summary>{lines}</details>'
    words = f'<span class="sr">Support: </span><div class="say">{prose(before)}</div>{lines}'
    return _block("div", f"support {at}", words + f'<div class="say">{prose(after)}</div>')


def _parted(text: str) -> tuple[str, bool, str]:
    """What stands before a text's list of numbers, whether there is one, and what stands after it."""
    rows = clean(text).split("\n")
    items = [number for number, row in enumerate(rows) if row.startswith("- ")]
    if not items:
        return text, False, ""
    start = items[0] - (1 if rows[items[0] - 1].startswith("Numbers for") else 0)
    return "\n".join(rows[:start]), True, "\n".join(rows[items[-1] + 1 :])


def contacts(lines: Sequence[Contact], around: Surroundings, *, first: int = 99) -> str:
    """The lines of the directory by country, the `first` of each in sight and the others to be opened."""
    home = around.countries.get(around.country or WORLD)
    parts = []
    for country, group in groupby(lines, key=lambda line: line.country):
        own = [_contact(line) for line in group]
        name = f'<p class="h">{shown(_elsewhere(country, around))}</p>' if country != home else ""
        near, rest = _listed(own[:first]), _listed(own[first:])
        more = f'<details class="again"><summary>More in this list</summary>{rest}</details>' if rest else ""
        parts.append(name + near + more)
    return "".join(parts)


def _elsewhere(country: str, around: Surroundings) -> str:
    """The heading over the lines of a country that was not chosen."""
    if around.country is None:
        return f"Perhaps, by this computer's settings: {country}"
    return "In any country" if country == around.countries.get(WORLD) else country


def _listed(items: Sequence[str]) -> str:
    return f'<ul class="lines">{"".join(items)}</ul>' if items else ""


def _contact(line: Contact) -> str:
    ways = [line.number, f"text {line.text}" if line.text else None, _address(line.url)]
    number = " · ".join(f"<b>{shown(way)}</b>" for way in ways if way)
    checked = check_state(line.verified_on, date.today())
    fine = " · ".join(shown(part) for part in (line.hours, line.note, checked) if part)
    name = f'<span class="name">{shown(line.name)}</span><span class="num">{number}</span>'
    return f'<li>{name}<span>{shown(line.what_for)}</span><span class="fine">{fine}</span></li>'


def _address(url: str | None) -> str:
    """An address to read and type: a link would leave a trace in the browser's history at one click."""
    return re.sub(r"^https?://(www\.)?|/$", "", url or "")


def country_line(around: Surroundings) -> str:
    """Whose numbers these are, with a list to change that in one click."""
    return f'<label class="numbers">Numbers for: {_country_choice(around)}</label>'


def _country_choice(around: Surroundings) -> str:
    chosen = around.country if around.country in around.countries else ""
    named = [(code, name) for code, name in around.countries.items() if code != WORLD]
    listed = "".join(
        f'<option value="{shown(code)}"{" selected" if code == chosen else ""}>{shown(name)}</option>'
        for code, name in [("", "any country"), *named]
    )
    return f'<select class="country" autocomplete="off">{listed}</select>'
