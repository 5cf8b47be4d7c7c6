"""The rules of the house: what imports what, and what starts fast."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

HEAVY = (
    "torch",
    "llama_cpp",
    "chromadb",
    "sentence_transformers",
    "gradio",
    "bm25s",
    "numpy",
    "transformers",
)
ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize(
    "module",
    ["coach.cli", "coach.pipeline", "coach.start", "coach.engine", "coach.retrieval", "coach.doctor"],
)
def test_importing_is_light(module: str) -> None:
    code = f"import sys, {module}; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_help_answers_at_once() -> None:
    def seconds() -> float:
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-m", "coach", "--help"], capture_output=True, check=True, cwd=ROOT)
        return time.perf_counter() - begun

    def bare() -> float:
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        return time.perf_counter() - begun

    # 0.3 s on an idle laptop; a machine that is busy starts Python itself slowly, so that is allowed for.
    assert min(seconds() for _ in range(3)) < 0.3 + 3 * min(bare() for _ in range(3))


def test_installed_packages_agree() -> None:
    done = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_only_the_directory_holds_phone_numbers() -> None:
    import re

    digits = re.compile(r"(?<![\w.#-])(?:\+?\d[\d ().-]{6,}\d)(?![\w-])")
    for folder in ("coach", "prompts", "knowledge/cards"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in {".md", ".py", ".yaml", ".html"} and path.name != "review_rules.yaml":
                for found in digits.findall(path.read_text(encoding="utf-8")):
                    if sum(c.isdigit() for c in found) >= 7 and not re.fullmatch(r"[\d-]{9,}", found):
                        raise AssertionError(f"{path.name}: {found}")
