"""Puts the real parts together; the only place that knows them all."""

from __future__ import annotations

from coach import models, offline
from coach.cards import Library, read_knowledge
from coach.classifier import Classifier
from coach.documents import Documents
from coach.encoder import Encoder, MiniLM
from coach.engine import LlamaEngine
from coach.language import language_of
from coach.pipeline import Coach
from coach.ranking import read_ranking
from coach.retrieval import CardSearch
from coach.safety.screen import Screen
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


def search(cards: Library, encoder: Encoder | None = None) -> CardSearch:
    """Search over these cards and the user's documents; indexes in the user's cache folder."""
    encoder = encoder or MiniLM(models.encoder_folder)
    return CardSearch(cards, encoder, places().index, documents=documents(), ranking=read_ranking)


def screen(settings: Settings) -> Screen:
    """The safety screen."""
    return Screen(classifier(settings, MiniLM(models.encoder_folder)))


def classifier(settings: Settings, encoder: Encoder) -> Classifier:
    """What reads meaning for the screen: on the starter model, whatever model the user talks to."""
    return Classifier(lambda: models.checked(models.STARTER), encoder, threads=settings.threads)


def coach(settings: Settings) -> Coach:
    """A coach with the real engine and the real search; both load at first use."""
    offline.prepare()
    cards, lines = library(), directory()
    engine = LlamaEngine(
        lambda: models.language_model(settings), context=settings.context, threads=settings.threads
    )
    encoder = MiniLM(models.encoder_folder)
    found, reader = search(cards, encoder), classifier(settings, encoder)
    looked = Screen(reader)

    def warm() -> None:
        looked.load()
        language_of("warm up")
        engine.load()
        found.search("warm up")  # loads the encoder as well

    def forget() -> None:
        engine.forget()
        reader.forget()

    return Coach(engine, found, cards, lines, looked, guess_country(), warm, forget)
