"""Every error that a user can meet, each with a message (what happened) and a hint (what to do).

    CoachError
    ├── InputError        what was typed, piped in or set cannot be used
    ├── KnowledgeError    a file of knowledge/ or prompts/ breaks its schema (names file and line)
    ├── ModelError        a model file is missing, damaged or does not load
    ├── DocumentError     a file of the user's own cannot be added or found
    ├── IndexUnavailable  the search index cannot be built or read
    └── PageError         the local page cannot be served

They are shown in two places only, `cli.main` and the page; both print `message` and `hint`.
"""

from __future__ import annotations


class CoachError(Exception):
    """Something a user can act on: one sentence of what happened and one of what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(f"{message} {hint}")
        self.message = message
        self.hint = hint


class InputError(CoachError):
    """The user's input or settings cannot be used as they are."""


class KnowledgeError(CoachError):
    """A file of the library, the directory or the prompts breaks its schema."""


class ModelError(CoachError):
    """No usable model file: missing, damaged, or refused by the runtime."""


class DocumentError(CoachError):
    """A document of the user's own cannot be read, added or found."""


class IndexUnavailable(CoachError):
    """The search index can be neither read nor built."""


class PageError(CoachError):
    """The page cannot be served on this machine as asked."""
