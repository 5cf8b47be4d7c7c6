"""Puts the real parts together; the only place that knows them all."""

from __future__ import annotations

from coach import models, offline
from coach.cards import Library, read_knowledge
from coach.documents import Documents
from coach.encoder import Encoder, MiniLM
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


def encoder() -> MiniLM:
    """The encoder that comes with the program; loads at first use."""
    return MiniLM(models.encoder_folder)


def documents(shared: Encoder | None = None) -> Documents:
    """The user's own documents."""
    here = places()
    return Documents(here.documents, shared or encoder(), here.cache / "documents")


def search(cards: Library) -> CardSearch:
    """Search over these cards and the user's documents; indexes in the user's cache folder."""
    one = encoder()
    return CardSearch(cards, one, places().index, documents=documents(one), ranking=read_ranking)


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
