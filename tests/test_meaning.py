"""What a message is for, with the model and the maps that ship; and their files, whole and damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from coach import classifier, meaning, models
from coach.encoder import MiniLM
from coach.errors import ModelError
from coach.hidden_states import HiddenStates
from coach.meaning import HEADS, MeaningReader, in_tokens, read_maps, runs, save_maps
from coach.skills.parts import INTENTS, KINDS, ROLES

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def states() -> HiddenStates:
    return HiddenStates(lambda: models.checked(models.STARTER))


@pytest.fixture(scope="module")
def reader(states: HiddenStates) -> MeaningReader:
    return MeaningReader(states, MiniLM(models.encoder_folder))


PLAIN = [
    ("You never listen to me, you selfish pig!", "rewrite"),
    ("I felt left out on Friday when you all went without me. Could you ask me next time?", "fine"),
    ("No. I'm not lending you any more money.", "limit"),
    (
        "Darling, just share your location with me all day so that I don't worry, it's what couples do.",
        "controlling",
    ),
    ("How do I tell him dinner is late without him exploding again? Last time he threw the plate.", "unsafe"),
]


@pytest.mark.parametrize(("text", "kind"), PLAIN)
def test_plain_remarks_are_told_apart(reader: MeaningReader, text: str, kind: str) -> None:
    assert reader.meaning(text).kind == kind


def test_pieces_get_roles(reader: MeaningReader) -> None:
    found = reader.meaning(
        "My boss moved my desk next to the toilet. I called him a clown. How do I say sorry?"
    )
    assert [part.role for part in found.parts] == ["deed", "own", "rest"]
    assert set(found.kinds) == set(KINDS) and set(found.intents) == set(INTENTS)


@pytest.mark.parametrize("text", ["", " ", "!!!", "😡", "\n\n", "a", "é" * 5000, "So. " * 4000])
def test_any_text_is_survived(reader: MeaningReader, text: str) -> None:
    assert all(part.role in ROLES for part in reader.meaning(text, ["before"]).parts)


def test_the_screens_pass_is_not_made_again(states: HiddenStates) -> None:
    tokens = states.tokens("You forgot my birthday.")
    states.load(classifier.ADAPTER, classifier.read_heads().adapter)
    first = states.vectors(classifier.ADAPTER, [1], tokens)
    assert states.vectors(classifier.ADAPTER, [1], tokens) is first
    states.forget()
    assert states.vectors(classifier.ADAPTER, [1], tokens) is not first


def test_spans_of_characters_are_found_in_tokens(states: HiddenStates) -> None:
    text = "Café closed — I cried 😡 all night."
    tokens, places = in_tokens(states, text, [(0, 11), (14, 21), (0, len(text))])
    ends = states.ends(tokens)
    assert ends[-1] == len(text.encode()) and places[2] == (0, len(tokens))
    assert places[0][1] <= places[1][0] < places[1][1]


def test_long_texts_are_read_at_both_ends() -> None:
    spans = [(at, at + 90) for at in range(0, 9000, 100)]
    found = runs(spans)
    assert len(found) == 3 and found[0][0] == spans[0] and found[-1][-1] == spans[-1]


def test_maps_are_written_and_read_and_damage_is_named(tmp_path: Path, states: HiddenStates) -> None:
    adapter, maps = read_maps()
    save_maps(adapter, maps, tmp_path / "maps.npz")
    again, read = read_maps(tmp_path / "maps.npz")
    assert again == adapter and read["kinds"].names == maps["kinds"].names
    (tmp_path / "broken.npz").write_bytes(HEADS.read_bytes()[:500])
    save_maps("another adapter", maps, tmp_path / "foreign.npz")
    for name in ("broken.npz", "foreign.npz", "missing.npz"):
        with pytest.raises(ModelError):
            MeaningReader(states, MiniLM(models.encoder_folder), heads=tmp_path / name).meaning("hello there")
    assert meaning.HEADS.stat().st_size < 1_000_000
