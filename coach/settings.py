"""Settings and paths: one frozen object from a TOML file and `COACH_*` variables; defaults that run.

Nothing is created at import. `COACH_HOME` moves everything that the program writes into one folder,
which the tests use; otherwise the operating system's own folders are used (platformdirs).
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import platformdirs
import tomli_w

from coach.errors import InputError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

APP = "secure-base"


@dataclass(frozen=True)
class Settings:
    """What a user may choose; each field can stand in settings.toml or as COACH_<NAME>."""

    country: str | None = None
    port: int | None = None
    model: Path | None = None
    threads: int | None = None
    context: int = 4096
    open_browser: bool = True
    idle_minutes: int = 120


@dataclass(frozen=True)
class Places:
    """Every folder and file that the program reads or writes outside itself."""

    settings: Path
    cache: Path
    data: Path

    @property
    def index(self) -> Path:
        """The search index: a cache, safe to delete."""
        return self.cache / "index"

    @property
    def models(self) -> Path:
        """Model files that the user adds."""
        return self.data / "models"

    @property
    def history(self) -> Path:
        """The user's own database; not there unless history was turned on."""
        return self.data / "history.db"

    @property
    def documents(self) -> Path:
        """The text of documents that the user added; not there unless one was."""
        return self.data / "documents.db"


def places() -> Places:
    """Where things live on this machine; makes nothing."""
    home = os.environ.get("COACH_HOME")
    if home:
        root = Path(home).expanduser()
        return Places(root / "settings.toml", root / "cache", root / "data")
    return Places(
        platformdirs.user_config_path(APP, appauthor=False) / "settings.toml",
        platformdirs.user_cache_path(APP, appauthor=False),
        platformdirs.user_data_path(APP, appauthor=False),
    )


def bundled(name: str) -> Path:
    """A folder that travels with the program: `knowledge` or `prompts`, in a checkout or a wheel."""
    here = Path(__file__).resolve().parent
    inside = here / name
    return inside if inside.is_dir() else here.parent / name


def load(path: Path | None = None) -> Settings:
    """Read the settings file and the environment, which wins; unknown keys are errors."""
    file = path or places().settings
    found: dict[str, Any] = {}
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        pass
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise InputError(
            f"The settings file {file} cannot be read: {exc}.",
            "Mend that line, or delete the file to start from the defaults.",
        ) from exc
    names = {f.name for f in fields(Settings)}
    for key in found:
        if key not in names:
            raise InputError(
                f"The settings file {file} has an unknown entry, {key!r}.",
                f"Remove it; known are {', '.join(sorted(names))}.",
            )
    found = {key: _checked(key, value, str(file)) for key, value in found.items()}
    for name in names:
        raw = os.environ.get(f"COACH_{name.upper()}")
        if raw:
            found[name] = _checked(name, raw, f"COACH_{name.upper()}")
    return Settings(**found)


def save(change: dict[str, Any], path: Path | None = None) -> None:
    """Write changed fields into the settings file, keeping the rest of it; None removes one."""
    file = path or places().settings
    now: dict[str, Any] = {}
    if file.exists():
        now = tomllib.loads(file.read_text(encoding="utf-8"))
    now.update(change)
    kept = {key: value for key, value in now.items() if value is not None}
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.write_text(tomli_w.dumps(kept), encoding="utf-8")
    part.replace(file)


def _checked(name: str, value: object, where: str) -> Any:
    """One value as its field wants it; ranges are the sensible ones, not the possible ones."""
    ranges = {
        "port": (1, 65535),
        "threads": (1, 256),
        "context": (1024, 131072),
        "idle_minutes": (0, 100_000),
    }
    try:
        if name in ranges:
            if isinstance(value, bool) or not isinstance(value, (int, str)):
                raise ValueError("not a whole number")
            number = int(value)
            low, high = ranges[name]
            if not low <= number <= high:
                raise ValueError(f"not between {low} and {high}")
            return number
        if name == "open_browser":
            if isinstance(value, bool):
                return value
            word = str(value).lower()
            if word not in {"1", "0", "true", "false", "yes", "no"}:
                raise ValueError("not yes or no")
            return word in {"1", "true", "yes"}
        if name == "model":
            return Path(str(value)).expanduser()
        return str(value)
    except ValueError as exc:
        raise InputError(
            f"{name} in {where} is {value!r}, which is {exc}.", "Correct it or remove it."
        ) from exc


def remove(targets: Sequence[Path]) -> None:
    """Delete files and whole folders that the program made; an InputError where one cannot be removed."""
    for target in targets:
        try:
            if target.is_dir():
                shutil.rmtree(target)
            else:
                target.unlink(missing_ok=True)
        except OSError as exc:
            raise InputError(
                f"{target} could not be removed ({exc.strerror or type(exc).__name__}).",
                "Stop the program where it runs, and try again.",
            ) from exc
