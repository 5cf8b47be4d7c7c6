"""Reads the user's files into paragraphs: Markdown, plain text, PDF and DOCX; and finds them in folders.

Every file that cannot be read raises a DocumentError, one sentence and a cure; nothing else escapes.
What is read is untrusted: control characters go, and nothing in it is ever followed.
"""

from __future__ import annotations

import hashlib
import os
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from coach.errors import DocumentError, InputError

KINDS = (".md", ".markdown", ".txt", ".pdf", ".docx")
_MOST_BYTES = 500 * 2**20
_MOST_TEXT = 30 * 2**20  # characters kept of one document: some 60 books
_UNPACKED = 200 * 2**20  # bytes that a DOCX may unpack to
_LEAST_A_PAGE = 20  # characters; fewer on average, and a PDF is pictures of pages
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")


@dataclass(frozen=True)
class Text:
    """What a file says, as paragraphs without line breaks."""

    paragraphs: tuple[str, ...]


def files(path: Path) -> Iterator[Path]:
    """The file itself, or every readable kind of file under a folder, in order; each folder once.

    Hidden files and folders are left out. A link that leads back is not followed again.
    """
    if not path.exists():
        raise InputError(f"There is nothing at {path}.", "Check the path; quote it if it holds spaces.")
    if path.is_file():
        yield path
        return
    seen: set[tuple[int, int]] = set()
    for folder, inner, names in os.walk(path, followlinks=True):
        here = Path(folder).stat()
        if (here.st_dev, here.st_ino) in seen:
            inner.clear()
            continue
        seen.add((here.st_dev, here.st_ino))
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and Path(name).suffix.lower() in KINDS:
                yield Path(folder) / name


def fingerprint(path: Path) -> str:
    """The SHA-256 of a file."""
    with _readable(path):
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
    with _readable(path):
        raw = {".pdf": _pdf, ".docx": _docx}.get(kind, _plain)(path)
    paragraphs: list[str] = []
    length = 0
    for part in raw:
        told = " ".join(_CONTROL.sub(" ", part.encode("utf-8", "ignore").decode("utf-8")).split())
        if any(c.isalnum() for c in told):
            paragraphs.append(told)
            length += len(told)
        if length > _MOST_TEXT:
            break
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


def _plain(path: Path) -> list[str]:
    data = path.read_bytes()
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = data.decode("utf-16", "replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1252", "replace")
    odd = len(_CONTROL.findall(text)) + text.count("\ufffd")
    if "\x00" in text or odd * 20 > len(text):
        raise DocumentError(
            "is not a text, whatever its name says.", "Save it as text (UTF-8) and add it again."
        )
    text = re.sub(r"^(```|---|===).*$", "", text, flags=re.M)  # fences and rules of Markdown
    text = re.sub(r"^\s{0,3}(#{1,6}|>|[-*+]|\d+\.)\s+", "", text, flags=re.M)
    return re.split(r"\n\s*\n", text.replace("\r\n", "\n"))


def _pdf(path: Path) -> list[str]:
    import logging

    import pypdf
    from pypdf.errors import PyPdfError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it tells of every oddity that it gets over
    pages: list[str] = []
    try:
        with path.open("rb") as file:
            reader = pypdf.PdfReader(file)
            if reader.is_encrypted and not reader.decrypt(""):
                raise DocumentError("is locked with a password.", "Save a copy without one and add that.")
            for page in reader.pages:
                pages.append(_page(page))
    except DocumentError:
        raise
    except (PyPdfError, *_PDF_FAULTS) as exc:
        raise DocumentError("is damaged, or not a PDF.", "Open it in a viewer and save it anew.") from exc
    if sum(map(len, pages)) < _LEAST_A_PAGE * max(1, len(pages)):
        raise DocumentError(
            "has hardly any text in it; it may be a scan.",
            "Run text recognition (OCR) on it and add the result.",
        )
    return [part for page in pages for part in re.split(r"\n\s*\n", page)]


_PDF_FAULTS = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
    RecursionError,
    NotImplementedError,
    AssertionError,
    OverflowError,
    ZeroDivisionError,
    MemoryError,
    ImportError,
)


def _page(page: object) -> str:
    """The text of one page; a page that breaks the reader is left out and the others are read."""
    from pypdf import PageObject
    from pypdf.errors import PyPdfError

    assert isinstance(page, PageObject)
    try:
        return re.sub(r"(\w)-\n(\w)", r"\1\2", page.extract_text())
    except (PyPdfError, *_PDF_FAULTS):
        return ""


def _docx(path: Path) -> list[str]:
    import docx
    from docx.opc.exceptions import OpcError
    from lxml.etree import LxmlError

    try:
        with zipfile.ZipFile(path) as inside:
            if sum(part.file_size for part in inside.infolist()) > _UNPACKED:
                raise DocumentError("unpacks to more than it should.", "Save its text alone and add that.")
        return [paragraph.text for paragraph in docx.Document(str(path)).paragraphs]
    except DocumentError:
        raise
    except (
        OpcError,
        LxmlError,
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        AttributeError,
        NotImplementedError,
    ) as exc:
        raise DocumentError(
            "is damaged, or not a Word document.", "Open it and save it anew as .docx."
        ) from exc
