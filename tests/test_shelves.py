"""The Library view's pieces: all text inert, every card and every exercise reachable."""

from __future__ import annotations

from dataclasses import replace

from coach.cards import Card, Library, Source, Topic
from coach.documents import Document
from coach.turn import Passage
from coach.web import shelves
from coach.web.transcript import source_line

HOSTILE = "<img src=x onerror=alert(1)>"


def test_every_card_stands_on_a_shelf_and_can_be_opened(library: Library) -> None:
    html = shelves.shelves(library)
    for id in library.cards:
        assert f'data-card="{id}"' in html


def test_every_card_has_its_sources_and_the_exercise_that_it_carries(library: Library) -> None:
    for card in library.cards.values():
        html = shelves.card(card, library)
        assert "What it rests on" in html, card.id
        assert (f'data-exercise="{card.id}"' in html) == bool(card.exercise)
        for id in card.sources:
            assert source_line(library.sources[id]) in html


def test_a_popular_article_is_said_to_be_one() -> None:
    assert "a popular article" in source_line(Source("Anyone", "A title", "article"))
    assert "a popular article" not in source_line(Source("Anyone", "A title", "study", 2013, doi="10.1/x"))


def test_hostile_texts_are_inert(library: Library) -> None:
    card: Card = next(iter(library.cards.values()))
    bad = replace(card, title=HOSTILE, gist=HOSTILE, body=f"## What to try\n1. {HOSTILE}\n", sources=("x",))
    held = Library(
        {card.id: bad},
        sources={"x": Source(HOSTILE, HOSTILE, "study", where=HOSTILE)},
        topics=(Topic(HOSTILE, (card.id,)),),
    )
    own = Passage("document-1", HOSTILE, HOSTILE, 0.5, sure=False, own=True)
    document = Document(1, HOSTILE, HOSTILE, "2026-01-01", 1, 0)
    for html in (shelves.shelves(held, [document]), shelves.card(bad, held), shelves.found([own], held)):
        assert "<img" not in html and "&lt;img" in html


def test_what_no_card_fits_is_said(library: Library) -> None:
    assert "No card fits" in shelves.found((), library)
