"""The library's form: what ships is whole, and a broken card is named with file, line and cure."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coach import librarian, models
from coach.cards import Library, read_library
from coach.errors import KnowledgeError
from coach.settings import Settings, bundled

LONG = (
    "1. Notwithstanding considerable organisational complexity, participants characteristically appreciate "
    "comprehensive psychoeducational communication, unquestionably facilitating interpersonal reconciliation "
) * 12

GOOD = """---
id: good
title: A card: with a colon
kind: idea
skills: [listen]
tags: [test]
sources: [someone]
teaches: []
evidence: study
off_when_unsafe: false
gist: A plain sentence.
situations:
  - one
  - two
  - three
  - four
  - five
---
## The idea
Words.
## Why it helps
Words.
## What to try
Words.
## Words to say
Words.
## When not to
Words.
""".replace("A card: with a colon", '"A card: with a colon"')


def _write(folder: Path, text: str, name: str = "good.md") -> Library:
    (folder / name).write_text(text, encoding="utf-8")
    return read_library(folder)


def test_what_ships_is_whole(library: Library) -> None:
    assert library.problems == ()
    assert len(library.cards) >= 110
    sources = yaml.safe_load((bundled("knowledge") / "sources.yaml").read_text(encoding="utf-8"))
    for card in library.cards.values():
        assert 120 <= len(card.body.split()) <= 320, card.id
        assert len(card.gist.split()) <= 45, card.id
        assert set(card.sources) <= set(sources), card.id
        if card.off_when_unsafe:
            told = card.sections["When not to"].lower()
            assert any(word in told for word in ("afraid", "fear", "control", "scare", "hurt")), card.id


def test_a_good_card_is_read(tmp_path: Path) -> None:
    card = _write(tmp_path, GOOD).cards["good"]
    assert card.title == "A card: with a colon"
    assert list(card.sections) == ["The idea", "Why it helps", "What to try", "Words to say", "When not to"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("kind: idea", "kind: opinion"), "good.md, line 4: kind is 'opinion'"),
        (("tags: [test]\n", ""), "tags is missing"),
        (("gist: A", "mood: blue\ngist: A"), "good.md, line 11: mood is not a known entry"),
        (("  - five\n", ""), "good.md, line 12: situations has 4 entries"),
        (
            ("off_when_unsafe: false", "off_when_unsafe: perhaps"),
            "line 10: off_when_unsafe must be true or false",
        ),
        (("id: good", "id: other"), "line 2: the id 'other' is not the file's name"),
        (("skills: [listen]", "skills: [juggle]"), "line 5: 'juggle' in skills is not known"),
        (("tags: [test]", "tags: [test"), "good.md, line"),
        (("gist: A", "id: good\ngist: A"), "line 11: id stands twice"),
        (("## When not to", "### When not to"), "has no section 'When not to'"),
        (("---\nid", "id"), "line 1: there is no front matter"),
    ],
    ids=lambda value: value[0][:18] if isinstance(value, tuple) else "",
)
def test_a_broken_card_is_named_and_the_rest_is_used(
    tmp_path: Path, change: tuple[str, str], told: str
) -> None:
    (tmp_path / "fine.md").write_text(GOOD.replace("id: good", "id: fine"), encoding="utf-8")
    library = _write(tmp_path, GOOD.replace(*change, 1))
    assert list(library.cards) == ["fine"]
    assert told in library.problems[0].message
    assert library.problems[0].hint


def test_bytes_that_are_not_text_are_a_problem(tmp_path: Path) -> None:
    (tmp_path / "bad.md").write_bytes(b"---\nid: \xff\xfe\n---\n")
    assert "UTF-8" in read_library(tmp_path).problems[0].message


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=400), at=st.integers(0, len(GOOD)))
def test_no_text_breaks_the_reader(tmp_path: Path, text: str, at: int) -> None:
    (tmp_path / "good.md").write_bytes((GOOD[:at] + text + GOOD[at:]).encode("utf-8", "ignore"))
    library = read_library(tmp_path)
    assert len(library.cards) + len(library.problems) == 1
    assert all(isinstance(problem, KnowledgeError) for problem in library.problems)


def test_every_teaching_is_carried_or_corrected_by_cards_that_say_so(library: Library) -> None:
    coverage = yaml.safe_load((bundled("knowledge") / "coverage.yaml").read_text(encoding="utf-8"))
    assert len(coverage) == 145  # what the four source articles teach
    for teaching, entry in coverage.items():
        assert entry["as"] in {"carried", "corrected"} and entry["cards"], teaching
        assert entry["as"] == "carried" or entry["note"], teaching
        for card in entry["cards"]:
            assert teaching in library.cards[card].teaches, (teaching, card)
    claimed = {teaching for card in library.cards.values() for teaching in card.teaches}
    assert claimed <= set(coverage)


def test_the_library_passes_its_own_check() -> None:
    assert librarian.check(bundled("knowledge")) == []


@pytest.mark.parametrize(
    ("file", "change", "told"),
    [
        (
            "cards/siblings.md",
            ("sources: [", "sources: [nobody-1900, "),
            "the source 'nobody-1900' is not in",
        ),
        (
            "cards/siblings.md",
            ("off_when_unsafe:", "related: [gone]\noff_when_unsafe:"),
            "related card 'gone'",
        ),
        ("cards/siblings.md", ("## Words to say", f"{LONG}\n## Words to say"), "the reading grade is"),
        ("cards/siblings.md", ("gist: ", "gist: " + "word " * 50), "the gist is too long"),
        ("coverage.yaml", ("as: carried", "as: forgotten"), "as must be carried or corrected"),
        ("coverage.yaml", ("  - base-to-go-out\n", "  - no-such-card\n"), "there is no card 'no-such-card'"),
        ("topics.yaml", ("siblings,", ""), "the card 'siblings' stands on 0 shelves"),
        ("sources.yaml", ("kind: study", "kind: rumour"), "the kind is 'rumour'"),
        ("sources.yaml", ("adams-2008:", "unused-2000:"), "no card uses this source"),
        ("sources.yaml", ("  year: 2008", "  mood: blue"), "not as it must be"),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value else "",
)
def test_the_check_finds(tmp_path: Path, file: str, change: tuple[str, str], told: str) -> None:
    shutil.copytree(bundled("knowledge"), tmp_path / "k")
    text = (tmp_path / "k" / file).read_text(encoding="utf-8")
    assert change[0] in text
    (tmp_path / "k" / file).write_text(text.replace(*change, 1), encoding="utf-8")
    assert any(told in problem.message for problem in librarian.check(tmp_path / "k"))


def test_the_numbers_add_up(library: Library) -> None:
    found = librarian.stats(library)
    assert found.cards == sum(found.kinds.values()) == sum(found.evidence.values()) == len(library.cards)
    assert found.mean_grade is not None and found.mean_grade <= 8
    assert found.highest_grade is not None and found.highest_grade <= 10


@pytest.mark.integration
def test_a_gist_has_at_most_sixty_tokens_of_the_starter_model(library: Library) -> None:
    import llama_cpp

    path = models.language_model(Settings())
    model = llama_cpp.Llama(str(path), vocab_only=True, verbose=False)
    for card in library.cards.values():
        assert len(model.tokenize(card.gist.encode(), add_bos=False)) <= 60, card.id
