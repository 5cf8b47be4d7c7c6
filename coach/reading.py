"""Reads the user's files into paragraphs: Markdown, plain text, PDF and DOCX; and finds them in folders.

Every file that cannot be read raises a DocumentError, one sentence and a cure; nothing else escapes.
What is read is untrusted: control characters go, and nothing in it is ever followed.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coach.errors import DocumentError, InputError

KINDS = (".md", ".markdown", ".txt", ".pdf", ".docx")
_MOST_BYTES = 500 * 2**20
_MOST_TEXT = 30 * 2**20  # characters kept of one document: some 60 books
_UNPACKED = 50 * 2**20  # bytes that a DOCX may unpack to
_LEAST_A_PAGE = 20  # characters; fewer on average, and a PDF is pictures of pages
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")
_DATA = re.compile(r"data:[\w/+.-]+;base64,[A-Za-z0-9+/=]+")  # a picture inside a Markdown file
_OLE = b"\xd0\xcf\x11\xe0"  # how a DOCX begins that is locked with a password


@dataclass(frozen=True)
class Text:
    """What a file says, as paragraphs without line breaks; `cut` where it was too long to be kept whole."""

    paragraphs: tuple[str, ...]
    cut: bool = False


def files(path: Path) -> Iterator[Path]:
    """The file itself, or every readable kind of file under a folder, in order.

    Hidden files and folders are left out, and links to folders are not followed: they may lead anywhere.
    """
    if not path.exists():
        raise InputError(f"There is nothing at {path}.", "Check the path; quote it if it holds spaces.")
    if not path.is_dir():
        yield path
        return
    for folder, inner, names in os.walk(path):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and Path(name).suffix.lower() in KINDS:
                yield Path(folder) / name


def fingerprint(path: Path) -> str:
    """The SHA-256 of a file."""
    with _readable(path):
        if not stat.S_ISREG(path.stat().st_mode):
            raise DocumentError("is not an ordinary file.", "Add a file that holds text.")
        if path.stat().st_size > _MOST_BYTES:
            raise DocumentError(
                f"is larger than {_MOST_BYTES // 2**20} MB.",
                "Split it, or add the parts you need.",
            )
        told = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(2**20):
                told.update(block)
        return told.hexdigest()


def read(path: Path) -> Text:
    """The text of one file; a DocumentError where there is none."""
    kind = path.suffix.lower()
    if kind not in KINDS:
        raise DocumentError("is of a kind that cannot be read.", f"Known are {', '.join(KINDS)}.")
    paragraphs: list[str] = []
    length = 0
    with _readable(path):
        for part in {".pdf": _pdf, ".docx": _docx}.get(kind, _plain)(path):
            told = _DATA.sub(" ", part.encode("utf-8", "ignore").decode("utf-8"))
            told = " ".join(_CONTROL.sub(" ", told).split())
            if any(c.isalnum() for c in told):
                paragraphs.append(told)
                length += len(told)
            if length > _MOST_TEXT:
                return Text(tuple(paragraphs), cut=True)
    if not paragraphs:
        raise DocumentError("has no text in it.", "There is nothing to add.")
    return Text(tuple(paragraphs))


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise DocumentError(
            f"cannot be opened ({exc.strerror or type(exc).__name__}).",
            "Check that it is there and may be read.",
        ) from exc


@contextmanager
def _whole(what: str, cure: str) -> Iterator[None]:
    """Another's parser at work on a file that may be damaged, or made to do harm: its every fault is told.

    The one place besides the page's wrapper that catches everything: what such parsers raise has no end.
    """
    try:
        yield
    except (DocumentError, OSError):
        raise
    except Exception as exc:
        raise DocumentError(f"is damaged, or not a {what}.", cure) from exc


def _plain(path: Path) -> Iterator[str]:
    with path.open("rb") as file:
        data = file.read(4 * _MOST_TEXT)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = data.decode("utf-16", "replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1252", "replace")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    odd = len(_CONTROL.findall(text)) + text.count("\ufffd")
    if "\x00" in text or odd * 20 > len(text):
        raise DocumentError(
            "is not a text, whatever its name says.", "Save it as text (UTF-8) and add it again."
        )
    if path.suffix.lower() != ".txt":  # the marks of Markdown: rules, fences, headings, quotes and lists
        text = re.sub(r"^[ \t]*(`{3,}.*|[-=*_]{3,}[ \t]*)$", "", text, flags=re.M)
        text = re.sub(r"^[ \t]{0,3}(#{1,6}|>|[-*+]|\d+\.)[ \t]+", "", text, flags=re.M)
    yield from re.split(r"\n[ \t]*\n", text)


def _pdf(path: Path) -> Iterator[str]:
    import logging

    import pypdf

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it tells of every oddity that it gets over
    length = pages = 0
    with path.open("rb") as file, _whole("PDF", "Open it in a viewer and save it anew."):
        reader = pypdf.PdfReader(file)
        if reader.is_encrypted and not reader.decrypt(""):
            raise DocumentError("is locked with a password.", "Save a copy without one and add that.")
        for page in reader.pages:
            told = _page(page)
            length, pages = length + len(told), pages + 1
            yield from re.split(r"\n\s*\n", told)
    if length < _LEAST_A_PAGE * pages:
        raise DocumentError(
            "has hardly any text in it; it may be a scan.",
            "Run text recognition (OCR) on it and add the result.",
        )


def _page(page: Any) -> str:
    """The text of one page; a page that breaks the reader is left out and the others are read."""
    try:
        with _whole("page", ""):
            return re.sub(r"(\w)-\n(\w)", r"\1\2", page.extract_text())
    except DocumentError:
        return ""


def _docx(path: Path) -> Iterator[str]:
    import docx
    from docx.table import Table

    with path.open("rb") as file:
        if file.read(4) == _OLE:
            raise DocumentError("is locked with a password.", "Save a copy without one and add that.")
    with _whole("Word document", "Open it and save it anew as .docx."):
        with zipfile.ZipFile(path) as inside:
            if sum(part.file_size for part in inside.infolist()) > _UNPACKED:
                raise DocumentError("unpacks to more than it should.", "Save its text alone and add that.")
        for part in docx.Document(str(path)).iter_inner_content():
            if isinstance(part, Table):
                for row in part.rows:
                    yield " · ".join(cell.text for cell in row.cells)
            else:
                yield part.text
