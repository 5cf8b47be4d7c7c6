"""Puts the real parts together; the only place that knows them all."""

from __future__ import annotations

from dataclasses import dataclass

from coach import models, offline
from coach.cards import Library, read_knowledge
from coach.classifier import Classifier
from coach.documents import Documents
from coach.encoder import Encoder, MiniLM
from coach.engine import LlamaEngine
from coach.hidden_states import HiddenStates
from coach.language import language_of
from coach.meaning import MeaningReader
from coach.pipeline import Coach
from coach.ranking import read_ranking
from coach.retrieval import CardSearch
from coach.reviewer import Reviewer
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


@dataclass(frozen=True)
class Safety:
    """What reads messages and replies with one starter model, beside the user's own."""

    screen: Screen
    review: Reviewer
    meaning: MeaningReader
    states: HiddenStates

    def load(self) -> None:
        """Load what was trained; a failure is kept in the `problem` of each."""
        self.screen.load()
        self.review.load()
        self.meaning.load()


def safety(settings: Settings, encoder: Encoder | None = None) -> Safety:
    """What keeps users safe."""
    states = HiddenStates(lambda: models.checked(models.STARTER), threads=settings.threads)
    encoder = encoder or MiniLM(models.encoder_folder)
    reader = Classifier(states, encoder)
    return Safety(Screen(reader), Reviewer(states), MeaningReader(states, encoder), states)


def coach(settings: Settings) -> Coach:
    """A coach with the real engine and the real search; both load at first use."""
    offline.prepare()
    cards, lines = library(), directory()
    engine = LlamaEngine(
        lambda: models.language_model(settings), context=settings.context, threads=settings.threads
    )
    encoder = MiniLM(models.encoder_folder)
    found, safe = search(cards, encoder), safety(settings, encoder)

    def warm() -> None:
        safe.load()
        language_of("warm up")
        engine.load()
        found.search("warm up")  # loads the encoder as well

    def forget() -> None:
        engine.forget()
        safe.states.forget()

    return Coach(
        engine,
        found,
        cards,
        lines,
        safe.screen,
        safe.review,
        understand=safe.meaning,
        guess=guess_country(),
        warm=warm,
        forget=forget,
    )
