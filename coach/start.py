"""Puts the real parts together; the only place that knows them all."""

from __future__ import annotations

from coach import models, offline
from coach.cards import Library, read_knowledge
from coach.documents import Documents
from coach.encoder import MiniLM
from coach.engine import LlamaEngine
from coach.pipeline import Coach
from coach.ranking import read_ranking
from coach.retrieval import CardSearch
from coach.safety.support import Directory, guess_country, read_directory
from coach.settings import Settings, bundled, places


def library() -> Library:
    """The library that came with the program."""
    return read_knowledge(bundled("knowledge"))


def directory() -> Directory:
    """The support directory that came with the program."""
    return read_directory(bundled("knowledge") / "support")


def documents() -> Documents:
    """The user's own documents; they are no guidance, so the encoder for them is the published one."""
    here = places()
    return Documents(here.documents, MiniLM(models.encoder_folder, tuned=None), here.cache / "documents")


def search(cards: Library) -> CardSearch:
    """Search over these cards and the user's documents; indexes in the user's cache folder."""
    encoder = MiniLM(models.encoder_folder)
    return CardSearch(cards, encoder, places().index, documents=documents(), ranking=read_ranking)


def coach(settings: Settings) -> Coach:
    """A coach with the real engine and the real search; both load at first use."""
    offline.prepare()
    cards, lines = library(), directory()
    engine = LlamaEngine(
        lambda: models.language_model(settings), context=settings.context, threads=settings.threads
    )
    found = search(cards)

    def warm() -> None:
        engine.load()
        found.search("warm up")  # loads the encoder as well

    return Coach(engine, found, cards, lines, guess_country(), warm)
