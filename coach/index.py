"""Vectors in chroma on disk: a cache that is built aside, pointed to, and rebuilt where it is damaged.

    folder/current.json ─→ folder/<key>-<random>/   (chroma's own files)

A half-built index is never read, since only `current.json` makes one count; two processes do not disturb
each other, since each build has a folder of its own (chroma answers "readonly database" when a path is
opened again after its files went). Vectors are passed in; chroma embeds nothing.
"""

from __future__ import annotations

import json
import logging
import shutil
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from coach.errors import IndexUnavailable

if TYPE_CHECKING:
    from coach.encoder import Vectors

log = logging.getLogger(__name__)
T = TypeVar("T")

_STALE_SECONDS = 86_400.0  # another process may still read an index that was replaced today
_AT_ONCE = 5000  # chroma takes at most 5,461 rows in one call


@dataclass(frozen=True)
class Near:
    """One stored vector near a query: its id, what it belongs to, and the cosine."""

    id: str
    of: str
    cosine: float


class Index:
    """One collection of chroma, searched by cosine."""

    def __init__(self, folder: Path) -> None:
        import chromadb
        from chromadb.config import Settings as ChromaSettings

        settings = ChromaSettings(anonymized_telemetry=False)
        self._client: Any = chromadb.PersistentClient(path=str(folder), settings=settings)
        self._rows = self._client.get_or_create_collection(
            "vectors", embedding_function=None, metadata={"hnsw:space": "cosine"}
        )

    def add(self, ids: Sequence[str], of: Sequence[str], vectors: Vectors) -> None:
        """Store vectors of shape (ids, dimensions), each with the name of what it belongs to."""
        for start in range(0, len(ids), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            self._rows.add(
                ids=list(ids[part]), embeddings=vectors[part], metadatas=[{"of": name} for name in of[part]]
            )

    def nearest(self, vector: Any, count: int) -> list[Near]:
        """The nearest stored vectors, nearest first."""
        found: Any = self._rows.query(
            query_embeddings=[vector], n_results=count, include=["metadatas", "distances"]
        )
        return [
            Near(str(id), str(meta["of"]), 1.0 - float(distance))
            for id, meta, distance in zip(
                found["ids"][0], found["metadatas"][0], found["distances"][0], strict=True
            )
        ]

    def ids(self) -> set[str]:
        """Every id that is stored."""
        return set(self._rows.get(include=[])["ids"])

    def remove(self, ids: Sequence[str]) -> None:
        """Forget these; unknown ids do no harm."""
        for start in range(0, len(ids), _AT_ONCE):
            self._rows.delete(ids=list(ids[start : start + _AT_ONCE]))

    def count(self) -> int:
        """How many vectors are stored."""
        return int(self._rows.count())

    def close(self) -> None:
        """Let go of the files."""
        self._client.close()


class Kept:
    """An index that is opened at first use, built where there is none, and built again where it is damaged.

    `key` says what it is made of; an index of another key is replaced. `fill` adds all that belongs into a
    new one, and `whole` tells of a stored one whether it can be used. `private` removes what was replaced at
    once, instead of a day later; other processes then open the new one at their next fault.
    """

    def __init__(
        self,
        folder: Path,
        key: Callable[[], str],
        fill: Callable[[Index], None],
        whole: Callable[[Index], bool] = lambda index: True,
        *,
        private: bool = False,
    ) -> None:
        self.folder, self.key, self.fill, self.whole = folder, key, fill, whole
        self.private = private
        self._lock = threading.RLock()
        self._index: Index | None = None

    def open(self) -> Index:
        """The index, ready to be searched."""
        with self._lock:
            if self._index is None:
                self._index = self._stored() or self._built()
            return self._index

    def nearest(self, vector: Any, count: int) -> list[Near]:
        """The nearest vectors, nearest first."""
        return self.use(lambda index: index.nearest(vector, count))

    def use(self, act: Callable[[Index], T]) -> T:
        """Do something with the index; one that fails while it is in use is built again, once."""
        with self._lock:
            try:
                return act(self.open())
            except faults():
                log.warning("The search index in %s was damaged; it has been built again.", self.folder)
                return act(self.rebuild())

    def rebuild(self) -> Index:
        """Build the index again from what it is made of."""
        with self._lock:
            self.close()
            self._index = self._built()
            return self._index

    def is_current(self) -> bool:
        """Whether a stored index has this key, without opening it."""
        return self._pointed() is not None

    def close(self) -> None:
        """Let go of the files; the next use opens them again."""
        with self._lock, suppress(*faults()):
            index, self._index = self._index, None
            if index:
                index.close()

    def _pointed(self) -> Path | None:
        """The folder of the stored index, if it has this key."""
        try:
            current = json.loads((self.folder / "current.json").read_text(encoding="utf-8"))
            place = self.folder / str(current["folder"])
            return place if current["key"] == self.key() and (place / "chroma.sqlite3").is_file() else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _stored(self) -> Index | None:
        place = self._pointed()
        if place is None:
            return None
        with suppress(*faults()):
            index = Index(place)
            if self.whole(index):
                return index
            index.close()
        log.warning("The search index in %s was damaged; it is being built again.", self.folder)
        return None

    def _built(self) -> Index:
        """Build aside, in a folder that nobody else writes, then point to it."""
        key = self.key()
        name = f"{key[:12]}-{uuid.uuid4().hex[:8]}"
        place = self.folder / name
        done = False
        try:
            place.mkdir(parents=True, mode=0o700)
            index = Index(place)
            self.fill(index)
            part = self.folder / f"{name}.part"
            part.write_text(json.dumps({"key": key, "folder": name}), encoding="utf-8")
            part.replace(self.folder / "current.json")
            done = True
        except faults() as exc:
            raise IndexUnavailable(
                f"The search index cannot be written to {self.folder}.",
                "Free some disk space or make that folder writable, or set COACH_HOME to another folder.",
            ) from exc
        finally:
            if not done:
                shutil.rmtree(place, ignore_errors=True)
        self._sweep(keep=name)
        return index

    def _sweep(self, *, keep: str) -> None:
        """Remove indexes that were replaced a day ago or more; another process may still read a newer one."""
        for old in self.folder.iterdir():
            with suppress(OSError):
                marked = old / "replaced"
                if not old.is_dir() or old.name == keep:
                    continue
                if not marked.exists():
                    marked.touch()
                if self.private or time.time() - marked.stat().st_mtime > _STALE_SECONDS:
                    shutil.rmtree(old, ignore_errors=True)


def faults() -> tuple[type[Exception], ...]:
    """What a damaged, read-only or full disk makes chroma raise."""
    from chromadb.errors import ChromaError

    return OSError, ChromaError, sqlite3.Error
