"""What crosses a boundary in Secure Base: small frozen dataclasses, in the order of a turn.

A face (page, terminal, eval) hands `pipeline.Coach.respond` a `Conversation` and a text, folds the
events it yields (`Stage`, `Found`, `Said`, `Notice`, `Finished`) and carries the next `Conversation` from
`Finished`. Nothing here does work; derived values are properties.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Level: TypeAlias = Literal[0, 1, 2, 3]
Origin: TypeAlias = Literal["model", "composed", "fixed"]
Role: TypeAlias = Literal["user", "coach"]
Subject: TypeAlias = Literal["self", "other"]

CATEGORIES = (
    "suicide",
    "self_harm",
    "partner_violence",
    "family_violence",
    "sexual_assault",
    "child_abuse",
    "harm_to_others",
    "medical_emergency",
    "psychosis",
    "eating_disorder",
    "substance_crisis",
)
FLAGS = ("minor", "perinatal", "both_hurt", "controlling_request")
ABUSE = frozenset({"partner_violence", "family_violence", "sexual_assault", "child_abuse"})


@dataclass(frozen=True)
class Message:
    """One line of the conversation; `sent` is the text as the model was sent it, passages included."""

    role: Role
    text: str
    sent: str = ""


@dataclass(frozen=True)
class Evidence:
    """Why the screen decided as it did: the id of the signal and the words that it saw."""

    signal: str
    words: str


@dataclass(frozen=True)
class Risk:
    """What the screen found: level 0 to 3 as defined in coach/safety/README.md, and about whom."""

    level: Level = 0
    category: str | None = None
    subject: Subject | None = None
    flags: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()

    @property
    def is_abuse(self) -> bool:
        """True where somebody is being hurt or controlled: techniques for two stay off."""
        return self.level > 0 and (self.category in ABUSE or "controlling_request" in self.flags)


@dataclass(frozen=True)
class Passage:
    """A piece of a card that was retrieved; `text` is what the model reads, `score` 0 to 1.

    `sure` is false where the match is good enough to be read, but not to be offered as an idea. `own` marks
    a passage of the user's own documents: untrusted, never `sure`, and shown as theirs.
    """

    card: str
    title: str
    text: str
    score: float
    sure: bool = True
    own: bool = False


@dataclass(frozen=True)
class Contact:
    """One line of the support directory, knowledge/support/<country>.yaml."""

    name: str
    what_for: str
    country: str
    serves: tuple[str, ...] = ()
    number: str | None = None
    text: str | None = None
    url: str | None = None
    hours: str | None = None
    note: str | None = None
    source_seen: str | None = None
    verified_on: str | None = None


@dataclass(frozen=True)
class Rewrite:
    """One way to say it: `kind` is warmer, shorter or firmer."""

    kind: str
    text: str


@dataclass(frozen=True)
class ReframeSheet:
    """The reframe worksheet; `horsemen` is empty when nothing needs softening.

    `trap` asks about a trap of thinking, empty if none shows; `third_view` is how it may look to somebody
    who wishes both well. Where there is nothing to work on, as when it is fine as it is, all but the
    rewrites may be empty.
    """

    observation: str
    story: str
    feelings: tuple[str, ...]
    needs: tuple[str, ...]
    horsemen: tuple[str, ...]
    other_view: str
    rewrites: tuple[Rewrite, ...]
    request: str
    trap: str = ""
    third_view: str = ""


@dataclass(frozen=True)
class RepairSheet:
    """The repair worksheet: three steps and one message to send, which may be empty."""

    own: str
    acknowledge: str
    path: str
    message: str


@dataclass(frozen=True)
class CheckInSheet:
    """A check-in: words that may be empty, and levels from 0 to 10; None where one was left out."""

    feeling: str = ""
    need: str = ""
    connection: int | None = None
    calm: int | None = None
    hope: int | None = None


Sheet: TypeAlias = ReframeSheet | RepairSheet | CheckInSheet


@dataclass(frozen=True)
class Timing:
    """Seconds from the start of the turn: to the screen's verdict, the first shown words, the end."""

    screen: float = 0.0
    first: float = 0.0
    total: float = 0.0


@dataclass(frozen=True)
class Reply:
    """What the user is shown, and how it came about.

    `suggests` names a skill that would suit the message better than the one that answered, and `exercise`
    the card of an exercise to begin; both are offers, which the face shows as a button.
    """

    text: str
    skill: str
    origin: Origin
    risk: Risk = field(default_factory=Risk)
    passages: tuple[Passage, ...] = ()
    support: tuple[Contact, ...] = ()
    sheet: Sheet | None = None
    suggests: str | None = None
    exercise: str | None = None
    timing: Timing = field(default_factory=Timing)


@dataclass(frozen=True)
class Conversation:
    """All that `respond` needs to know of what came before; the caller carries it, nothing is stored.

    `risk` is the highest so far and never falls. `paused` means that a support reply was given and no
    model speaks until the user chooses to go back. `unsafe` keeps every card and skill that is marked
    `off_when_unsafe` off. `awaited` names the question that the coach waits on. `offered` are the skills
    that were suggested already. `dropped` counts messages at the front that no longer fit the context.
    """

    messages: tuple[Message, ...] = ()
    risk: Risk = field(default_factory=Risk)
    paused: bool = False
    unsafe: bool = False
    awaited: str | None = None
    offered: tuple[str, ...] = ()
    dropped: int = 0
    country: str | None = None

    @property
    def user_texts(self) -> Sequence[str]:
        """What the user wrote so far, oldest first."""
        return [m.text for m in self.messages if m.role == "user"]

    @property
    def coach_texts(self) -> Sequence[str]:
        """What the coach answered so far, oldest first."""
        return [m.text for m in self.messages if m.role == "coach"]


@dataclass(frozen=True)
class Prompt:
    """What an engine is asked: a system text, the conversation, and how the answer is to begin.

    `system` and the earlier messages are the same bytes from turn to turn, so that the engine's prefix
    cache holds; only the last message is new.
    """

    system: str
    messages: tuple[Message, ...]
    start: str = ""
    max_tokens: int = 160
    temperature: float = 0.3
    seed: int = 1


class ContextFull(Exception):
    """The prompt does not fit into the engine's context; the oldest exchanges have to go."""


def never() -> bool:
    """The stop signal of a caller that does not stop."""
    return False


@dataclass(frozen=True)
class Stage:
    """What the coach is doing now, for an honest "thinking" line: reading, writing, checking."""

    name: Literal["reading", "loading", "writing", "checking"]


@dataclass(frozen=True)
class Found:
    """The passages that the reply will rest on."""

    passages: tuple[Passage, ...]


@dataclass(frozen=True)
class Said:
    """Text that passed the review and may be shown; pieces join by plain concatenation."""

    text: str


@dataclass(frozen=True)
class Notice:
    """Something about the set-up that the user can mend while the coach goes on without it."""

    message: str
    hint: str


@dataclass(frozen=True)
class Finished:
    """The last event: the whole reply, and the conversation to hand in next time."""

    reply: Reply
    conversation: Conversation


Event: TypeAlias = Stage | Found | Said | Notice | Finished
