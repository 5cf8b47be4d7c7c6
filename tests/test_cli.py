"""The command line as people and scripts use it: real processes, real model, no network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

STORY = (
    "I snapped at my girlfriend last night about the dishes and now she isn't talking to me. I feel terrible."
)


def coach(*args: str, given: str | bytes | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    """Run one command; its home is the test's."""
    data = given.encode() if isinstance(given, str) else given
    done = subprocess.run(
        [sys.executable, "-m", "coach", *args],
        input=data if data is not None else b"",
        capture_output=True,
        env={**os.environ, **env},
        timeout=240,
        check=False,
    )
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8")
    )


def rows(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    """The JSON Lines that a command printed."""
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_screen_batch_keeps_order_and_survives_bad_lines() -> None:
    lines = [
        json.dumps({"id": "a", "text": "I snapped at my sister about the dishes"}),
        "not json",
        json.dumps({"id": "c", "text": "my husband hit me and I am scared"}),
        json.dumps({"id": "d"}),
        json.dumps(
            {
                "id": "e",
                "turns": ["I feel hopeless, a burden", {"role": "assistant", "content": "Tell me."}, "x"],
            }
        ),
        json.dumps({"id": "f", "turns": [{"role": "king", "content": "x"}]}),
        "[1]",
    ]
    done = coach("screen", "--batch", given="\n".join(lines) + "\n")
    found = rows(done)
    assert done.returncode == 0
    assert [row["id"] for row in found] == ["a", None, "c", "d", "e", "f", None]
    assert (found[0]["level"], found[0]["category"], found[0]["subject"]) == (0, None, None)
    assert (found[2]["level"] >= 2, found[2]["category"]) == (True, "partner_violence")
    assert set(found[2]) == {"id", "level", "category", "subject", "flags", "evidence"}
    assert ["error" in row for row in found] == [False, True, False, True, False, True, True]


def test_review_batch() -> None:
    given = [
        {"id": 1, "user": STORY, "reply": "You snapped about the dishes, and now it is quiet between you."},
        {"id": 2, "user": STORY, "reply": "Call 0800 123 4567. She is clearly a narcissist."},
        {"id": 3, "user": STORY},
    ]
    found = rows(coach("review", "--batch", given="\n".join(map(json.dumps, given))))
    assert found[0] == {"id": 1, "verdict": "pass", "faults": []}
    assert found[1]["verdict"] == "block" and found[1]["faults"]
    assert "error" in found[2]


@pytest.mark.integration
def test_ask_answers_with_sources_and_streams() -> None:
    done = coach("ask", STORY)
    assert done.returncode == 0, done.stderr
    assert "read: " in done.stdout
    assert "dishes" in done.stdout


@pytest.mark.integration
def test_ask_json_has_what_is_promised() -> None:
    done = coach("ask", "--json", given=STORY)
    (row,) = rows(done)
    assert {"reply", "skill", "origin", "sources", "level", "category", "support", "timing"} <= set(row)
    assert row["skill"] == "listen" and row["level"] == 0 and row["sources"]


@pytest.mark.integration
@pytest.mark.parametrize(
    ("command", "keys"),
    [
        (
            "reframe",
            {"observation", "story", "feelings", "needs", "horsemen", "other_view", "rewrites", "request"},
        ),
        ("repair", {"own", "acknowledge", "path", "message"}),
    ],
)
def test_worksheets_in_batch(command: str, keys: set[str]) -> None:
    given = [
        {
            "id": 1,
            "text": "You never listen to me! You're always on that phone." if command == "reframe" else STORY,
        },
        {"id": 2, "text": "he hits me and I am afraid to say it wrong"},
        {"id": 3, "text": " "},
    ]
    found = rows(coach(command, "--batch", given="\n".join(map(json.dumps, given)), COACH_COUNTRY="US"))
    assert keys | {"id", "unsafe", "level", "support", "origin"} <= set(found[0])
    assert found[0]["unsafe"] is False
    assert found[1]["unsafe"] is True and found[1]["level"] >= 2
    assert any(line["number"] for line in found[1]["support"])
    assert found[1].get("rewrites", []) == []
    assert "error" in found[2]


@pytest.mark.integration
def test_search_finds_and_abstains() -> None:
    given = [{"id": 1, "text": STORY}, {"id": 2, "text": "How long do I bake a sourdough loaf?"}]
    found = rows(coach("search", "--batch", given="\n".join(map(json.dumps, given))))
    assert found[0]["passages"] and set(found[0]["passages"][0]) == {"card", "title", "score", "own"}
    assert found[1]["passages"] == []


@pytest.mark.integration
@pytest.mark.parametrize("kind", ["missing", "truncated"])
def test_without_a_usable_model_the_library_answers_and_a_sentence_says_why(
    tmp_path: Path, kind: str
) -> None:
    file = tmp_path / "model.gguf"
    if kind == "truncated":
        file.write_bytes(b"GGUF\x03\x00\x00\x00")
    done = coach("ask", STORY, COACH_MODEL=str(file))
    assert done.returncode == 2
    assert "dishes" in done.stdout and "without a model" in done.stdout
    assert str(file) in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("args", "env", "told"),
    [
        (("ask", " "), {}, "There is no text"),
        (("doctor",), {"COACH_PORT": "x"}, "COACH_PORT"),
        (("search", "dishes"), {"COACH_HOME": "/dev/null/home"}, "search index cannot be written"),
    ],
)
def test_what_is_at_fault_is_said_in_a_sentence(
    args: tuple[str, ...], env: dict[str, str], told: str
) -> None:
    done = coach(*args, **env)
    assert done.returncode == 2
    assert told in done.stderr and "Traceback" not in done.stderr


@pytest.mark.integration
def test_doctor_finds_everything_in_place() -> None:
    done = coach("doctor")
    assert done.returncode == 0, done.stdout


def test_where_and_reset(clean_home: Path) -> None:
    assert str(clean_home) in coach("where").stdout
    (clean_home / "cache" / "index").mkdir(parents=True)
    (clean_home / "settings.toml").write_text('country = "GB"\n')
    refused = coach("reset", given="no\n")
    assert (clean_home / "cache").exists() and "Nothing was removed" in refused.stdout
    assert coach("reset", given="yes\n").returncode == 0
    assert not (clean_home / "cache").exists() and not (clean_home / "settings.toml").exists()


def test_odd_input_is_survived() -> None:
    done = coach("screen", "--json", "-", given=b"\xff\xfe caf\xe9 \x00 text")
    assert done.returncode == 0 and json.loads(done.stdout)["level"] == 0
    assert coach("screen", "--json", "😭" * 50 + " \u202e dishes").returncode == 0


def test_reading_stops_when_nobody_reads() -> None:
    command = f'"{sys.executable}" -m coach screen --batch | head -n 1'
    given = "\n".join(json.dumps({"id": n, "text": "hello there"}) for n in range(2000))
    done = subprocess.run(
        ["sh", "-c", command], input=given.encode(), capture_output=True, check=False, timeout=120
    )
    assert b"Traceback" not in done.stderr
