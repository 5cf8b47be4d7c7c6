"""Checks of an installation, each with one sentence: what is there, or what to do."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from coach import models
from coach.errors import CoachError
from coach.settings import Settings, bundled, places


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    told: str


def examine(settings: Settings) -> list[Check]:
    """Look at everything that the program needs; nothing is sent anywhere."""
    looks: list[tuple[str, Callable[[], str]]] = [
        ("python", lambda: sys.version.split()[0]),
        ("library", _library),
        ("support directory", _directory),
        ("safety screen", lambda: _screen(settings)),
        ("language model", lambda: str(models.language_model(settings))),
        ("embedding model", lambda: str(models.encoder_folder())),
        ("learned search", _learned),
        ("your documents", _documents),
        ("index folder", _index_folder),
        ("sqlite", lambda: sqlite3.sqlite_version),
    ]
    return [_check(name, look) for name, look in looks]


def _check(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, True, look())
    except CoachError as error:
        return Check(name, False, str(error))


def _library() -> str:
    from coach.cards import read_knowledge

    library = read_knowledge(bundled("knowledge"))
    if library.problems:
        raise library.problems[0]
    return f"{len(library.cards)} cards"


def _directory() -> str:
    from coach.safety.directory import check_summary, read_directory
    from coach.safety.support_texts import bundled_texts

    directory, texts = read_directory(), bundled_texts()
    for problem in (*directory.problems, *texts.problems):
        raise problem
    lines = sum(len(entry.contacts) for entry in directory.entries.values())
    checked = check_summary(directory, date.today())
    return f"{len(directory.countries)} entries, {lines} lines, {len(texts.texts)} fixed texts; {checked}"


def _screen(settings: Settings) -> str:
    from coach import start
    from coach.safety.screen import by_rules

    by_rules("I want to talk about my sister")
    safe = start.safety(settings)
    safe.load()
    for problem in filter(None, (safe.screen.problem, safe.review.problem, safe.meaning.problem)):
        raise problem
    return "rules and classifiers loaded"


def _learned() -> str:
    from coach.encoder import MiniLM
    from coach.ranking import read_ranking
    from coach.retrieval import fitting

    ranking = fitting(read_ranking(), MiniLM(models.encoder_folder))
    return f"{len(ranking.cards)} cards, {sum(map(len, ranking.terms)):,} words and letter runs"


def _documents() -> str:
    from coach import start

    found = start.documents().all()
    return f"{len(found)}, {sum(one.passages for one in found)} passages" if found else "none"


def _index_folder() -> str:
    from coach.errors import IndexUnavailable

    folder = places().index
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    if not os.access(nearest, os.W_OK):
        raise IndexUnavailable(
            f"The folder {nearest} cannot be written to.", "Make it writable, or set COACH_HOME."
        )
    return str(folder)
