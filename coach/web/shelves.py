"""The library as HTML: shelves of cards, what a search found, and the user's own documents by name. Pure.

    shelves()  all topics, each with its cards by title       found()  cards that fit some words
    card()     one card, whole, with its sources and what to practise

The page fetches these pieces when they are opened (`page.js`). Unlike the transcript, they do not pass
through Gradio, so `data-` attributes stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from coach.cards import Card, Library
from coach.documents import Document
from coach.turn import Passage
from coach.web.transcript import card_text, rests_on, shown


def shelves(library: Library, documents: Sequence[Document] = ()) -> str:
    """Every topic with its cards, closed; then the user's own documents by name."""
    parts = [_shelf(topic.name, [library.cards[id] for id in topic.cards]) for topic in library.topics]
    if documents:
        names = "".join(f"<li>{shown(one.name)}</li>" for one in documents)
        parts.append(
            '<details class="shelf"><summary>Your documents</summary>'
            '<p class="fine">Yours alone, and kept apart from the cards. '
            f"Add or remove them in a terminal with coach knowledge.</p><ul>{names}</ul></details>"
        )
    return "".join(parts)


def found(passages: Sequence[Passage], library: Library) -> str:
    """The cards that fit, best first, or a sentence that none does."""
    cards = [library.cards[passage.card] for passage in passages if passage.card in library.cards]
    own = [passage for passage in passages if passage.own]
    quoted = "".join(
        f'<li><span class="name">Your document: {shown(one.title)}</span>'
        f"<blockquote>{shown(one.text)}</blockquote></li>"
        for one in own
    )
    if not cards and not own:
        return '<p class="fine">No card fits that. Try it as a sentence about what happened.</p>'
    return f'<ul class="titles">{_titles(cards)}{quoted}</ul>'


def card(one: Card, library: Library) -> str:
    """One card whole: its sections, what it rests on, related cards, and its exercise to be opened."""
    parts = "".join(f"<h4>{shown(heading)}</h4>{card_text(text)}" for heading, text in one.sections.items())
    practise = f'<button type="button" class="pill" data-exercise="{shown(one.id)}">Practise this</button>'
    kind = f'<p class="fine">Kind: {shown(one.kind)} · evidence: {shown(one.evidence)}</p>'
    return (
        f"<h3>{shown(one.title)}</h3>{parts}{kind}{rests_on(one, library.sources)}{_related(one, library)}"
        f"{practise if one.exercise else ''}"
    )


def _shelf(name: str, cards: Iterable[Card]) -> str:
    return (
        f'<details class="shelf"><summary>{shown(name)}</summary>'
        f'<ul class="titles">{_titles(cards)}</ul></details>'
    )


def _titles(cards: Iterable[Card]) -> str:
    return "".join(
        f'<li><button type="button" class="title" data-card="{shown(one.id)}">{shown(one.title)}</button>'
        f'<span class="fine">{shown(one.gist)}</span></li>'
        for one in cards
    )


def _related(one: Card, library: Library) -> str:
    near = [library.cards[id] for id in one.related if id in library.cards]
    return f'<p class="fine">See also</p><ul class="titles near">{_titles(near)}</ul>' if near else ""
