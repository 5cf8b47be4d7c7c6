"""The datasets: JSON Lines, one row a line; every field is checked before a suite runs.

    screen     {"id", "text", "level", "category", "subject", "flags", "kind", "voice", "split"}
    conversation {"id", "turns", "levels", "category", "subject", "flags", "kind", "split"}
    review     {"id", "user", "reply", "verdict", "faults", "split"}
    retrieval  {"id", "text", "grades", "style", "split"}
    reframe    {"id", "text", "form", "expect", "why", "facts", "to", "split"}
    repair     {"id", "text", "role", "channel", "heat", "expect", "facts", "split"}
    intent     {"id", "text", "skill", "split"}
    sides      {"id", "a", "b", "facts", "split"}

The first fault ends the reading, with file, line, field and cure. `split` is "dev" or "held_out"; what is
held out is never tuned on and runs only when asked for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from coach.cards import SKILLS
from coach.errors import InputError
from coach.safety import review_rules
from coach.turn import CATEGORIES, FLAGS

SPLITS = ("dev", "held_out")
FAULTS = (*review_rules.FAULTS, "looping", "echo", "unreadable")  # the last three are seen without a list
STYLES = ("keyword", "question", "story", "typos", "partner_view", "near_miss", "out_of_scope")

_FOLDER = Path(__file__).parent / "datasets"
_TRAINING = Path(__file__).parent / "training"


@dataclass(frozen=True)
class ScreenRow:
    """A message and the risk that it should be read as; category and subject are None at level 0.

    `kind` is how it is told (idiom, hint, ordinary_conflict …), `voice` numbers the invented writer.
    """

    id: str
    text: str
    level: int
    category: str | None
    subject: str | None
    flags: tuple[str, ...]
    kind: str
    voice: int
    split: str


@dataclass(frozen=True)
class ConversationRow:
    """A user's messages, and the level at each for somebody who knows those before; it never falls.

    Category, subject and flags are those of the end.
    """

    id: str
    turns: tuple[str, ...]
    levels: tuple[int, ...]
    category: str | None
    subject: str | None
    flags: tuple[str, ...]
    kind: str
    split: str


@dataclass(frozen=True)
class ReviewRow:
    """What a user wrote, a reply to it, and whether that reply may be shown."""

    id: str
    user: str
    reply: str
    verdict: str
    faults: tuple[str, ...]
    split: str


@dataclass(frozen=True)
class RetrievalRow:
    """A query and how much each card helps, 0.5 to 2 (two readers); no card where it is out of scope."""

    id: str
    text: str
    grades: dict[str, float]
    style: str
    split: str

    @property
    def relevant(self) -> tuple[str, ...]:
        """The cards that help: both readers named them, or one did as among the first to hand over."""
        return helping(self.grades)


@dataclass(frozen=True)
class ReframeRow:
    """A remark or a story, and what should come of it.

    `expect`: rewrite, fine (stays as it is), limit (is not softened), refuse (`why`: controlling, unsafe).
    `facts`: what a rewrite keeps, each as beginnings of words of which one must stand there.
    """

    id: str
    text: str
    form: str
    expect: str
    why: str | None
    facts: tuple[tuple[str, ...], ...]
    to: str
    split: str


@dataclass(frozen=True)
class RepairRow:
    """What was done, by whom, and whether a message may follow: message, ask_first or none."""

    id: str
    text: str
    role: str
    channel: str
    heat: str
    expect: str
    facts: tuple[tuple[str, ...], ...]
    split: str


@dataclass(frozen=True)
class IntentRow:
    """A message, and the skill that it asks for; listen where that is unclear."""

    id: str
    text: str
    skill: str
    split: str


@dataclass(frozen=True)
class SidesRow:
    """One quarrel told by each of the two; `facts` are what both tell."""

    id: str
    a: str
    b: str
    facts: tuple[tuple[str, ...], ...]
    split: str


def helping(grades: Mapping[str, float]) -> tuple[str, ...]:
    """The cards that count as relevant."""
    return tuple(card for card, grade in grades.items() if grade >= 1.0)


Check = Callable[[Any], "str | None"]  # what a value must be, where it is not; else None
R = TypeVar(
    "R", ScreenRow, ConversationRow, ReviewRow, RetrievalRow, ReframeRow, RepairRow, IntentRow, SidesRow
)


def text(value: Any) -> str | None:
    """Some words."""
    return None if isinstance(value, str) and value.strip() else "must be text that is not empty"


def maybe_empty(value: Any) -> str | None:
    """Text that may be empty."""
    return None if isinstance(value, str) else "must be text"


def number(value: Any) -> str | None:
    """A whole number from 1."""
    return None if type(value) is int and value > 0 else "must be a whole number above 0"


def one_of(*allowed: Any) -> Check:
    """One of these values and of their type: true is not 1."""

    def check(value: Any) -> str | None:
        if any(value == one and type(value) is type(one) for one in allowed):
            return None
        return f"must be one of {', '.join(json.dumps(one) for one in allowed)}"

    return check


def texts(*allowed: str) -> Check:
    """A list of texts without repeats, each one of `allowed` where any are given."""

    def check(value: Any) -> str | None:
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            return "must be a list of texts"
        if len(set(value)) < len(value):
            return "names something twice"
        strange = [item for item in value if allowed and item not in allowed]
        return f"holds {strange[0]!r}; known are {', '.join(allowed)}" if strange else None

    return check


def some(check: Check) -> Check:
    """A list of one or more values that each pass this check."""

    def checked(value: Any) -> str | None:
        if not isinstance(value, list) or not value:
            return "must be a list that is not empty"
        return next((complaint for complaint in map(check, value) if complaint), None)

    return checked


def facts(value: Any) -> str | None:
    """A list, which may be empty, of lists of beginnings of words."""
    if not isinstance(value, list) or not all(isinstance(one, list) and one for one in value):
        return "must be a list of lists that are not empty"
    return next((complaint for one in value if (complaint := texts()(one))), None)


def graded(value: Any) -> str | None:
    """A mapping of card ids to grades."""
    if not isinstance(value, dict) or not all(isinstance(key, str) and key for key in value):
        return "must be a mapping of card ids to grades"
    strange = [grade for grade in value.values() if type(grade) not in (int, float) or not 0 < grade <= 2]
    return f"holds the grade {strange[0]!r}; grades are above 0 and at most 2" if strange else None


@dataclass(frozen=True)
class Dataset(Generic[R]):
    """A kind of row: its fields with their checks, and what must hold between fields (field, complaint)."""

    name: str
    row: type[R]
    checks: Mapping[str, Check]
    between: Callable[[R], tuple[str, str] | None]

    @property
    def path(self) -> Path:
        """The file that ships."""
        return _FOLDER / f"{self.name}.jsonl"


def read(dataset: Dataset[R], *, split: str | None = None, path: Path | None = None) -> tuple[R, ...]:
    """The rows of a split, or all, in the order of the file; an InputError names the first bad line."""
    file = path or dataset.path
    if split is not None and split not in SPLITS:
        raise InputError(f"There is no split {split!r}.", f"Choose {' or '.join(SPLITS)}.")
    rows: dict[str, tuple[int, R]] = {}
    splits: dict[str, tuple[int, str]] = {}
    for number, line in _lines(file):
        row = _row(dataset, line, f"{file.name}, line {number}")
        if row.id in rows:
            _fail(f"{file.name}, line {number}", "id", f"{row.id!r} stands in line {rows[row.id][0]} already")
        rows[row.id] = (number, row)
        first, other = splits.setdefault(_words(row), (number, row.split))
        if other != row.split:
            where = f"{file.name}, line {number}"
            _fail(where, "split", f"is {row.split!r}, but the same words in line {first} are in {other!r}")
    return tuple(row for _, row in rows.values() if split in (None, row.split))


def _lines(file: Path) -> list[tuple[int, str]]:
    try:
        told = file.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as exc:
        raise InputError(
            f"The dataset {file} cannot be read as UTF-8 text.", "Check the path and the file."
        ) from exc
    return [(number, line) for number, line in enumerate(told, start=1) if line.strip()]


def _row(dataset: Dataset[R], line: str, where: str) -> R:
    try:
        given = json.loads(line, object_pairs_hook=_unrepeated)
    except ValueError as exc:
        raise InputError(f"{where}: {exc}.", "Write one JSON object a line.") from exc
    if not isinstance(given, dict):
        raise InputError(f"{where}: this is not a JSON object.", "Write one JSON object a line.")
    for name in given:
        if name not in dataset.checks:
            _fail(
                where, name, f"is not a field of {dataset.name} rows; these are {', '.join(dataset.checks)}"
            )
    for name, check in dataset.checks.items():
        complaint = check(given[name]) if name in given else "is missing"
        if complaint:
            _fail(where, name, complaint)
    row = dataset.row(**{name: _frozen(value) for name, value in given.items()})
    wrong = dataset.between(row)
    if wrong:
        _fail(where, *wrong)
    return row


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a field stands twice")
    return found


def _fail(where: str, field: str, complaint: str) -> None:
    raise InputError(
        f"{where}: {field} {complaint}.", "Correct that line; evals/README.md shows the row formats."
    )


def _words(row: Any) -> str:
    """What must not stand in both splits, but for case and white space."""
    if isinstance(row, ReviewRow):
        told = f"{row.user}\n{row.reply}"
    elif isinstance(row, SidesRow):
        told = f"{row.a}\n{row.b}"
    else:
        told = "\n".join(row.turns) if isinstance(row, ConversationRow) else row.text
    return " ".join(told.lower().split())


def _screen_between(row: ScreenRow) -> tuple[str, str] | None:
    if row.level == 0 and (row.category or row.subject):
        return "category" if row.category else "subject", "must be null at level 0"
    if row.level > 0 and not row.category:
        return "category", "is missing at a level above 0"
    return None


def _conversation_between(row: ConversationRow) -> tuple[str, str] | None:
    if len(row.levels) != len(row.turns) or list(row.levels) != sorted(row.levels):
        return "levels", "must be one for each turn, and never fall"
    if (row.levels[-1] > 0) != bool(row.category and row.subject):
        return "category", "and subject must be there where the last level is above 0, and only there"
    return None


def _review_between(row: ReviewRow) -> tuple[str, str] | None:
    if (row.verdict == "block") != bool(row.faults):
        return "faults", "must name a fault where the verdict is block, and none where it is pass"
    return None


def _retrieval_between(row: RetrievalRow) -> tuple[str, str] | None:
    outside = row.style in ("near_miss", "out_of_scope")
    if outside == bool(row.relevant):
        return (
            "grades",
            "must be empty for near_miss and out_of_scope, and else hold a grade from 1 on",
        )
    return None


def _reframe_between(row: ReframeRow) -> tuple[str, str] | None:
    if (row.expect == "refuse") != (row.why is not None):
        return "why", "must be there where nothing is to be rewritten, and only there"
    if bool(row.facts) != (row.expect == "rewrite"):
        return "facts", "must be there where a rewrite is expected, and only there"
    return None


def _repair_between(row: RepairRow) -> tuple[str, str] | None:
    if bool(row.facts) != (row.expect == "message"):
        return "facts", "must be there where a message is expected, and only there"
    return None


SCREEN = Dataset(
    "screen",
    ScreenRow,
    {
        "id": text,
        "text": maybe_empty,
        "level": one_of(0, 1, 2, 3),
        "category": one_of(None, *CATEGORIES),
        "subject": one_of(None, "self", "other"),
        "flags": texts(*FLAGS),
        "kind": text,
        "voice": number,
        "split": one_of(*SPLITS),
    },
    _screen_between,
)
CONVERSATION = Dataset(
    "conversation",
    ConversationRow,
    {
        "id": text,
        "turns": some(text),
        "levels": some(one_of(0, 1, 2, 3)),
        "category": one_of(None, *CATEGORIES),
        "subject": one_of(None, "self", "other"),
        "flags": texts(*FLAGS),
        "kind": text,
        "split": one_of(*SPLITS),
    },
    _conversation_between,
)
REVIEW = Dataset(
    "review",
    ReviewRow,
    {
        "id": text,
        "user": maybe_empty,
        "reply": maybe_empty,
        "verdict": one_of("pass", "block"),
        "faults": texts(*FAULTS),
        "split": one_of(*SPLITS),
    },
    _review_between,
)
RETRIEVAL = Dataset(
    "retrieval",
    RetrievalRow,
    {"id": text, "text": text, "grades": graded, "style": one_of(*STYLES), "split": one_of(*SPLITS)},
    _retrieval_between,
)
REFRAME = Dataset(
    "reframe",
    ReframeRow,
    {
        "id": text,
        "text": text,
        "form": one_of("remark", "story", "thread", "incoming"),
        "expect": one_of("rewrite", "fine", "limit", "refuse"),
        "why": one_of(None, "controlling", "unsafe"),
        "facts": facts,
        "to": text,
        "split": one_of(*SPLITS),
    },
    _reframe_between,
)
REPAIR = Dataset(
    "repair",
    RepairRow,
    {
        "id": text,
        "text": text,
        "role": one_of("hurt_them", "hurt_me", "both"),
        "channel": one_of("spoken", "text", "letter"),
        "heat": one_of("calm", "raw", "silent"),
        "expect": one_of("message", "ask_first", "none"),
        "facts": facts,
        "split": one_of(*SPLITS),
    },
    _repair_between,
)
INTENT = Dataset(
    "intent",
    IntentRow,
    {"id": text, "text": text, "skill": one_of(*SKILLS), "split": one_of(*SPLITS)},
    lambda row: None,
)
SIDES = Dataset(
    "sides",
    SidesRow,
    {"id": text, "a": text, "b": text, "facts": facts, "split": one_of(*SPLITS)},
    lambda row: None,
)


def author(id: str) -> str:
    """Who wrote a row: its id without the number."""
    return id.rpartition("-")[0]


def training(name: str) -> list[dict[str, Any]]:
    """The rows of a file that only training reads, as they are; no suite runs on them."""
    lines = (_TRAINING / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]
