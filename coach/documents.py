"""The user's own documents: read, cut into passages, kept apart from the library, searched beside it.

    add ─ files ─→ reading.read ─→ passages ─→ documents.db (text, words, vectors) ─→ chroma (vectors)
    search ─ encode, words ─→ the nearest passages ─→ Passage(own=True)

`documents.db` in the user's data folder is the truth. Chroma holds a copy of the vectors, apart from the
cards, and is made again from it without encoding. A passage of the user's own is never `sure`: it is shown as
"your document", may be read by the model as a quotation, and is never offered as the library's idea.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from coach.encoder import Encoder, words
from coach.errors import DocumentError, IndexUnavailable
from coach.index import Index, Kept
from coach.reading import Text, fingerprint, read
from coach.turn import Passage

_FORMAT = 1
_FLOOR = 0.45  # cosine from which an own passage is offered; tried on a few pairs only, not yet measured
_LEXICAL = 0.10
_CANDIDATES = 40
_ASKED = 400  # characters at the end of a query that are looked up: what was said last
_BATCH = 64
_COMMON = 1000  # passages that the words of a query may match in all: keeps BM25 over 100,000 at some 5 ms
_WORDS, _CHARACTERS = 60, 400  # of a passage, which a model reads whole: some 80 tokens

_SCHEMA = """
CREATE TABLE IF NOT EXISTS document(
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, path TEXT NOT NULL, sha256 TEXT NOT NULL UNIQUE,
    added TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS passage(  -- an id is never used twice: the index knows passages by it
    id INTEGER PRIMARY KEY AUTOINCREMENT, document INTEGER NOT NULL REFERENCES document ON DELETE CASCADE,
    text TEXT NOT NULL, encoder TEXT, vector BLOB);
CREATE INDEX IF NOT EXISTS passage_document ON passage(document);
CREATE INDEX IF NOT EXISTS passage_waiting ON passage(id) WHERE vector IS NULL;
CREATE TABLE IF NOT EXISTS birth(mark TEXT NOT NULL);
INSERT INTO birth SELECT hex(randomblob(8)) WHERE NOT EXISTS (SELECT 1 FROM birth);
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(
    text, content='passage', content_rowid='id', tokenize='porter unicode61 remove_diacritics 2');
CREATE TRIGGER IF NOT EXISTS passage_in AFTER INSERT ON passage BEGIN
    INSERT INTO words(rowid, text) VALUES (new.id, new.text); END;
CREATE TRIGGER IF NOT EXISTS passage_out AFTER DELETE ON passage BEGIN
    INSERT INTO words(words, rowid, text) VALUES ('delete', old.id, old.text); END;
"""


@dataclass(frozen=True)
class Document:
    """One document of the user's; `number` names it in commands."""

    number: int
    name: str
    path: str
    added: str
    passages: int
    waiting: int


@dataclass(frozen=True)
class Outcome:
    """What became of one file, in one line; `taken` is false where it was left out."""

    name: str
    taken: bool
    told: str


class Documents:
    """The collection; makes nothing on disk until the first document is added."""

    def __init__(self, file: Path, encoder: Encoder, folder: Path) -> None:
        self.file, self.encoder = file, encoder
        self._lock = threading.RLock()
        self._db: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None  # of the file that is open; a reset makes another
        self._vectors = Kept(folder, self._key, self._fill, private=True)
        self._seen: int | None = None  # the database's version when the vectors were last compared with it

    def add(self, path: Path, *, progress: Callable[[int, int], None] = lambda done, of: None) -> Outcome:
        """Take in one file; `progress` is told how many of its passages are encoded.

        What was added before, under whatever name, is recognised; a file whose content changed is read anew
        in place of its old version. Broken off in the middle, the next `add` of the same file goes on.
        Call `sync` after the last file.
        """
        name = _shown(path.name)
        try:
            sha = fingerprint(path)
            known = self._known(sha)
            text = None if known else read(path)
        except DocumentError as error:
            return Outcome(name, False, f"{error.message} {error.hint}")
        if text is not None:
            with self._changing() as db:
                known = self._known(sha) or (self._insert(db, name, path, sha, text), "")
        assert known is not None
        number, before = known
        encoded = self._encode(number, progress)
        self._seen = None
        count = self._one("SELECT count(*) FROM passage WHERE document = ?", number)
        told = f"{count} passage{'' if count == 1 else 's'}"
        if text is None and not encoded:
            told = "is here already" + (f" as {before}" if before != name else "")
        elif text is None:
            told += ", finished"
        elif text.cut:
            told += "; it is longer than can be kept, and its end was left out"
        return Outcome(name, True, f"{told}.")

    def all(self) -> list[Document]:
        """Every document, in the order in which they came."""
        if not self.file.exists():
            return []
        with self._reading() as db:
            rows = db.execute(
                "SELECT d.id, d.name, d.path, d.added, count(p.id), total(p.encoder IS NOT ?)"
                " FROM document d LEFT JOIN passage p ON p.document = d.id GROUP BY d.id ORDER BY d.id",
                (self.encoder.name,),
            ).fetchall()
        return [
            Document(number, name, path, added, count, int(waiting))
            for number, name, path, added, count, waiting in rows
        ]

    def remove(self, which: str) -> Document:
        """Remove a document by its number or its exact name, and every trace of its words."""
        found = [d for d in self.all() if which in (str(d.number), d.name)]
        if len(found) != 1:
            told = (
                f"There is no document {which!r}." if not found else f"{len(found)} have the name {which!r}."
            )
            raise DocumentError(told, "Use the number that coach knowledge list shows.")
        with self._changing() as db:
            db.execute("DELETE FROM document WHERE id = ?", (found[0].number,))
            db.execute("INSERT INTO words(words) VALUES ('optimize')")  # else it keeps what was deleted
        self._vectors.rebuild()
        return found[0]

    def search(self, query: str, *, count: int = 3) -> tuple[Passage, ...]:
        """The nearest passages above the floor, best first, never more than two of one document."""
        if not self.file.exists():
            return ()
        with self._lock:
            if not self._one("SELECT EXISTS(SELECT 1 FROM passage WHERE encoder = ?)", self.encoder.name):
                return ()
            self.sync()
            query = query[-_ASKED:]
            vector = self.encoder.encode([query])[0]
            near = {int(one.id): one.cosine for one in self._vectors.nearest(vector, _CANDIDATES)}
            lexical = self._words(query)
            with self._reading() as db:
                marks = ",".join("?" * len(near))
                rows = db.execute(
                    "SELECT p.id, p.text, d.id, d.name FROM passage p JOIN document d ON d.id = p.document"
                    f" WHERE p.id IN ({marks})",
                    tuple(near),
                ).fetchall()
        scored = sorted(
            (
                (near[id] + _LEXICAL * lexical.get(id, 0.0), id, text, document, name)
                for id, text, document, name in rows
            ),
            key=lambda row: (-row[0], row[1]),
        )
        found: list[Passage] = []
        for score, _, text, document, name in scored:
            card = f"document-{document}"
            if score >= _FLOOR and sum(passage.card == card for passage in found) < 2:
                found.append(Passage(card, name, text, round(min(score, 1.0), 4), sure=False, own=True))
        return tuple(found[:count])

    def sync(self) -> None:
        """Make the vectors' index hold what the database holds, whoever changed it since the last time."""
        with self._lock:
            seen = self._one("PRAGMA data_version")
            if seen == self._seen:
                return
            self._vectors.close()
            with self._reading() as db:
                told = db.execute("SELECT id FROM passage WHERE encoder = ?", (self.encoder.name,))
                wanted = {str(id) for (id,) in told}
            held = self._vectors.use(lambda index: index.ids())
            if held - wanted:
                self._vectors.use(lambda index: index.remove(sorted(held - wanted)))
            if wanted - held:
                self._vectors.use(lambda index: self._fill(index, wanted - held))
            self._seen = seen

    def close(self) -> None:
        """Let go of the files."""
        with self._lock:
            self._vectors.close()
            db, self._db = self._db, None
            if db:
                db.close()

    # The database

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._open()
            except (sqlite3.Error, OSError) as exc:
                raise _unusable(self.file, exc) from exc

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, which other processes wait for."""
        with self._reading() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

    def _open(self) -> sqlite3.Connection:
        if self._db and self._identity != _identity(self.file):
            self._db.close()
            self._vectors.close()
            self._db, self._seen = None, None
        if self._db is None:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            db = sqlite3.connect(self.file, timeout=30, isolation_level=None, check_same_thread=False)
            try:
                self.file.chmod(0o600)
                db.execute("PRAGMA foreign_keys = ON")
                db.execute("PRAGMA secure_delete = ON")
                db.executescript(_SCHEMA)
            except BaseException:
                db.close()
                raise
            self._db, self._identity = db, _identity(self.file)
        return self._db

    def _one(self, sql: str, *values: Any) -> Any:
        with self._reading() as db:
            return db.execute(sql, values).fetchone()[0]

    def _known(self, sha: str) -> tuple[int, str] | None:
        """Number and name of the document with this content."""
        if not self.file.exists():
            return None
        with self._reading() as db:
            found = db.execute("SELECT id, name FROM document WHERE sha256 = ?", (sha,)).fetchone()
        return (int(found[0]), str(found[1])) if found else None

    def _insert(self, db: sqlite3.Connection, name: str, path: Path, sha: str, text: Text) -> int:
        place = _shown(str(path.resolve()))
        db.execute("DELETE FROM document WHERE path = ?", (place,))  # its old version
        document = db.execute(
            "INSERT INTO document(name, path, sha256, added) VALUES (?, ?, ?, ?)",
            (name, place, sha, date.today().isoformat()),
        ).lastrowid
        assert document is not None
        db.executemany(
            "INSERT INTO passage(document, text) VALUES (?, ?)",
            ((document, passage) for passage in passages(text)),
        )
        return document

    # Vectors

    def _encode(self, document: int, progress: Callable[[int, int], None]) -> int:
        """Encode what has no vector of this encoder, a batch at a time; returns how many that were."""
        with self._reading() as db:
            todo = db.execute(
                "SELECT id, text FROM passage WHERE document = ? AND (encoder IS NULL OR encoder != ?)"
                " ORDER BY id",
                (document, self.encoder.name),
            ).fetchall()
        for start in range(0, len(todo), _BATCH):
            batch = todo[start : start + _BATCH]
            vectors = self.encoder.encode([text for _, text in batch])
            with self._changing() as db:
                db.executemany(
                    "UPDATE passage SET encoder = ?, vector = ? WHERE id = ?",
                    [
                        (self.encoder.name, vector.astype("<f2").tobytes(), id)
                        for (id, _), vector in zip(batch, vectors, strict=True)
                    ],
                )
            progress(start + len(batch), len(todo))
        return len(todo)

    def _key(self) -> str:
        """What an index is made of: this very database, not another that stood in its place before."""
        mark = self._one("SELECT mark FROM birth")
        return hashlib.sha256(f"{_FORMAT} {mark} {self.encoder.name}".encode()).hexdigest()

    def _fill(self, index: Index, missing: set[str] | None = None) -> None:
        """Put stored vectors into the index: all, or those that it lacks."""
        import numpy as np

        with self._reading() as db:
            rows = db.execute(
                "SELECT id, document, vector FROM passage WHERE encoder = ?", (self.encoder.name,)
            ).fetchall()
        rows = [row for row in rows if missing is None or str(row[0]) in missing]
        if rows:
            held = b"".join(vector for _, _, vector in rows)
            index.add(
                [str(id) for id, _, _ in rows],
                [str(document) for _, document, _ in rows],
                np.frombuffer(held, dtype="<f2").reshape(len(rows), -1).astype("f4"),
            )

    def _words(self, query: str) -> dict[int, float]:
        """BM25 of the passages that share the query's rarest words, 0 to 1 of the best."""
        with self._reading() as db:
            counted = []
            for word in sorted(set(words(query))):
                quoted = f'"{word}"'
                found = db.execute(
                    "SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH ? LIMIT ?)",
                    (quoted, _COMMON),
                ).fetchone()[0]
                counted.append((found, quoted))
            chosen: list[str] = []
            matched = 0
            for found, quoted in sorted(counted):
                matched += found
                if found and (matched <= _COMMON or not chosen):
                    chosen.append(quoted)
            if not chosen:
                return {}
            rows = db.execute(
                "SELECT rowid, -bm25(words) FROM words WHERE words MATCH ? ORDER BY rank LIMIT ?",
                (" OR ".join(chosen), _CANDIDATES),
            ).fetchall()
        best = max((score for _, score in rows), default=0.0)
        return {id: score / best for id, score in rows} if best > 0 else {}


def passages(text: Text) -> Iterator[str]:
    """Cut a text at its paragraphs and sentences into pieces of at most 60 words and 400 characters."""
    for paragraph in text.paragraphs:
        piece: list[str] = []
        for sentence in _sentences(paragraph):
            if piece and not _short([*piece, *sentence]):
                yield " ".join(piece)
                piece = []
            piece += sentence
        if piece:
            yield " ".join(piece)


def _sentences(paragraph: str) -> Iterator[list[str]]:
    """The words of each sentence; a sentence or a word that is too long is cut."""
    for sentence in re.split(r"(?<=[.!?…])\s+|(?<=[。！？])", paragraph):
        piece: list[str] = []
        for word in sentence.split():
            for start in range(0, len(word), _CHARACTERS):
                part = word[start : start + _CHARACTERS]
                if piece and not _short([*piece, part]):
                    yield piece
                    piece = []
                piece.append(part)
        if piece:
            yield piece


def _short(words: list[str]) -> bool:
    return len(words) <= _WORDS and sum(map(len, words)) + len(words) - 1 <= _CHARACTERS


def _shown(name: str) -> str:
    """A name without what a terminal or a database cannot show."""
    told = name.encode("utf-8", "replace").decode("utf-8")
    return "".join(c if c.isprintable() else "\ufffd" for c in told)


def _identity(file: Path) -> tuple[int, int] | None:
    """Which file this is on disk."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _unusable(file: Path, exc: Exception) -> IndexUnavailable:
    if isinstance(exc, sqlite3.OperationalError) and "locked" in str(exc):
        return IndexUnavailable(
            "Your documents are being changed by another run of the program.", "Wait for it, and try again."
        )
    return IndexUnavailable(
        f"Your documents in {file} cannot be read or written ({exc}).",
        "Free some disk space or make that folder writable; if that does not help, remove the file and add "
        "your documents again.",
    )
