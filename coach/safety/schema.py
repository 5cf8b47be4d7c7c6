"""Checks for the files of knowledge/support and prompts/support: every complaint has file, line and cure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from coach.errors import KnowledgeError


def read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise KnowledgeError(
            f"{path.name}, line 1: cannot be read as UTF-8 text.", "Save it as UTF-8."
        ) from exc


def fail(path: Path, line: int, what: str, cure: str) -> NoReturn:
    raise KnowledgeError(f"{path.name}, line {line}: {what}.", f"{cure}.")


def known_keys(
    path: Path, row: Mapping[Any, Any], at: Mapping[str, int], *, known: Sequence[str], needed: Sequence[str]
) -> None:
    start = min(at.values(), default=1)
    for key in row:
        if key not in known:
            fail(
                path,
                at.get(str(key), start),
                f"{key} is not a known entry",
                f"Remove it; known are {', '.join(known)}",
            )
    for key in needed:
        if key not in row:
            fail(path, start, f"{key} is missing", f"Add a line that begins with {key}:")


def text_of(path: Path, row: Mapping[Any, Any], key: str, line: int) -> str:
    value = row[key]
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        fail(path, line, f"{key} must be text", "Put it in quotes")
    return " ".join(value.split())


def texts_of(
    path: Path,
    row: Mapping[Any, Any],
    key: str,
    line: int,
    *,
    allowed: Sequence[str] | None = None,
    least: int = 1,
) -> tuple[str, ...]:
    value = row.get(key) or []
    if (
        not isinstance(value, list)
        or not all(isinstance(v, str) and v.strip() for v in value)
        or len(value) < least
    ):
        fail(path, line, f"{key} must be a list of texts", "Write it as [one, two]")
    for item in value:
        if allowed and item not in allowed:
            fail(path, line, f"{item!r} in {key} is not known", f"Choose among {', '.join(allowed)}")
    return tuple(value)


def choice_of(
    path: Path, front: Mapping[str, Any], lines: Mapping[str, int], key: str, allowed: Sequence[str]
) -> str | None:
    if key not in front:
        return None
    value = front[key]
    if value not in allowed or not isinstance(value, str):
        fail(
            path,
            lines[key],
            f"{key} is {value!r}",
            f"Choose one of {', '.join(allowed)}; put yes and no in quotes",
        )
    return value


def number_of(
    path: Path, front: Mapping[str, Any], lines: Mapping[str, int], key: str, allowed: Sequence[int]
) -> int | None:
    if key not in front:
        return None
    value = front[key]
    if isinstance(value, bool) or value not in allowed:
        fail(path, lines[key], f"{key} is {value!r}", f"Choose one of {', '.join(map(str, allowed))}")
    return int(value)
