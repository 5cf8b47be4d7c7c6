"""The classifier: its arithmetic on small numbers, its pieces, its file; and the real one, with the real model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coach import models
from coach.classifier import (
    HEADS,
    OUTPUTS,
    PIECE,
    Classifier,
    Heads,
    read_heads,
    save_heads,
    split,
)
from coach.encoder import MiniLM
from coach.errors import ModelError
from coach.hidden_states import HiddenStates, pooled
from coach.safety.screen import Screen, by_rules, joined
from coach.safety.signals import Signals
from coach.turn import CATEGORIES, FLAGS, Risk


def signals(level: int = 0, category: str = "suicide", other: float = 0.0, flag: str = "") -> Signals:
    """Signals at a level, as the classifier would give them."""
    chances = [0.9 if one <= level else 0.01 for one in (1, 2, 3)]
    return Signals(
        level,  # type: ignore[arg-type]
        (chances[0], chances[1], chances[2]),
        tuple(float(one == category) for one in CATEGORIES),
        other,
        tuple(float(one == flag) for one in FLAGS),
    )


class Told:
    """A reader that says what it was told to."""

    def __init__(self, said: Signals | ModelError, *, loaded: bool = True) -> None:
        self.said, self.loaded, self.asked = said, loaded, 0

    def load(self) -> None:
        if isinstance(self.said, ModelError):
            raise self.said

    def read(self, text: str, before: object = ()) -> Signals:
        self.asked += 1
        if isinstance(self.said, ModelError):
            raise self.said
        return self.said


class TestJoined:
    """What rules and classifier say together."""

    def test_the_higher_level_wins(self) -> None:
        rule = by_rules("I want to kill myself")
        assert rule.level == 2
        assert joined(rule, signals(0)) == rule
        assert joined(rule, signals(3)).level == 3
        assert joined(Risk(), signals(0)) == Risk()
        assert joined(Risk(), signals(2, "psychosis", 0.8)).category == "psychosis"
        assert joined(Risk(), signals(2, "psychosis", 0.8)).subject == "other"

    def test_flags_and_evidence_of_both_are_kept(self) -> None:
        rule = by_rules("I am 14 and I want to kill myself")
        both = joined(rule, signals(2, "suicide", flag="perinatal"))
        assert both.flags == ("minor", "perinatal")
        assert {one.signal for one in both.evidence} > {"classifier"}

    @settings(deadline=None)  # the first call reads the rules
    @given(st.integers(0, 3), st.sampled_from(["I want to kill myself", "We argued.", "i wish i was dead"]))
    def test_plain_danger_is_never_lowered(self, level: int, text: str) -> None:
        assert Screen(Told(signals(level)))(text).level >= by_rules(text).level

    def test_rules_decide_at_once_while_it_loads_and_it_is_awaited_before_coaching(self) -> None:
        loading = Told(signals(2), loaded=False)
        assert Screen(loading)("I want to kill myself").level == 2
        assert loading.asked == 0
        assert Screen(loading)("Nothing is left for me here after Friday").level == 2
        assert loading.asked == 1

    def test_rules_decide_alone_where_it_cannot_be_read_and_it_says_why(self) -> None:
        screen = Screen(Told(ModelError("It is broken.", "Mend it.")))
        assert screen("I want to kill myself").level == 2
        assert screen.problem is not None and screen.problem.hint == "Mend it."
        screen.load()
        assert screen.problem is not None


class TestSplit:
    """A long message is read in pieces, and nothing of it is lost."""

    @given(st.text(max_size=4000))
    def test_pieces_are_short_and_make_the_text_again(self, text: str) -> None:
        pieces = split(text)
        assert all(len(piece) <= PIECE for piece in pieces)
        assert "".join("".join(pieces).split()) == "".join(text.split())

    def test_it_cuts_where_a_sentence_ends(self) -> None:
        text = "We talked about it all evening. " * 60
        assert all(piece.strip().endswith(".") for piece in split(text))


def small() -> Heads:
    """Heads for vectors of two numbers and a sentence vector of three."""
    rng = np.random.default_rng(1)
    return Heads(
        attend=np.array([[1, 0], [0, 1], [1, 1], [0, 0]], np.float32),
        weights=rng.normal(size=(len(OUTPUTS), 10)).astype(np.float32),
        bias=np.zeros(len(OUTPUTS), np.float32),
        terms=(("alone", "tonight"), ("one",)),
        idf=(np.ones(2, np.float32), np.ones(1, np.float32)),
        linear=rng.normal(size=(6, len(OUTPUTS))).astype(np.float32),
        offset=np.zeros(len(OUTPUTS), np.float32),
        mix=np.eye(3, 7, dtype=np.float32),
        cuts=(0.5, 0.5, 0.5),
    )


class TestHeads:
    """Arithmetic, by hand."""

    def test_an_attention_of_zeros_is_the_mean(self) -> None:
        told = np.array([[1, 0], [3, 2]], np.float32)
        seen = pooled(told, small().attend)
        assert seen[:2] == pytest.approx([2, 1])
        assert seen[8:] == pytest.approx([2, 1])
        weight = 1 / (1 + np.exp(-2.0))  # the first attention sees 1 and 3
        assert seen[2] == pytest.approx((1 - weight) * 1 + weight * 3)

    def test_levels_hold_from_their_cuts_and_one_upon_another(self) -> None:
        heads, none = small(), np.zeros(len(OUTPUTS), np.float32)
        meaning = none.copy()
        assert heads.signals(meaning - 1, none).level == 0
        meaning[:3] = (1, 1, -1)
        assert heads.signals(meaning, none).level == 2
        meaning[:3] = (1, -1, 1)
        assert heads.signals(meaning, none).level == 1
        assert sum(heads.signals(meaning, none).categories) == pytest.approx(1)

    def test_words_and_vector_add_up(self) -> None:
        heads = small()
        nothing = heads.by_words("zzz", np.zeros(3, np.float32))
        assert nothing == pytest.approx(heads.offset)
        assert heads.by_words("tonight", np.zeros(3, np.float32)) == pytest.approx(heads.linear[4], abs=1e-5)
        assert heads.by_words("zzz", np.array([0, 1, 0], np.float32)) == pytest.approx(heads.linear[1])

    def test_they_survive_their_file(self, tmp_path: Path) -> None:
        path = tmp_path / "heads.npz"
        save_heads(small(), path)
        again = read_heads(path)
        assert again.terms == small().terms and again.cuts == small().cuts
        assert np.abs(again.linear - small().linear).max() < 0.02
        path.write_bytes(path.read_bytes()[:100])
        with pytest.raises(ModelError, match="cannot be read"):
            read_heads(path)
        with pytest.raises(ModelError, match="cannot be read"):
            read_heads(tmp_path / "none.npz")


def starter() -> HiddenStates:
    return HiddenStates(lambda: models.checked(models.STARTER))


@pytest.fixture(scope="module")
def real() -> Classifier:
    found = Classifier(starter(), MiniLM(models.encoder_folder))
    found.load()
    return found


@pytest.mark.integration
class TestReal:
    """The weights that ship, on the starter model."""

    @pytest.mark.parametrize(
        ("text", "level"),
        [
            (
                "I have been giving my things away this week. After Sunday nobody will have to drive me anywhere.",
                2,
            ),
            (
                "He only takes my phone at night so that I sleep better, and he keeps my bank card so I don't overspend.",
                2,
            ),
            (
                "My wage goes straight into his account and I ask him for the bus fare, he says it is simpler.",
                2,
            ),
            ("We argued about the dishes again and I slammed the door. I love her, how do I say sorry?", 0),
            ("My boss is killing me with these deadlines and I snapped at my husband.", 0),
            ("Mum died in March and I still set a place for her at table.", 0),
        ],
    )
    def test_it_reads_between_the_lines(self, real: Classifier, text: str, level: int) -> None:
        found = real.read(text).level
        assert found >= 2 if level else found < 2

    @pytest.mark.parametrize(
        "text", ["", " \n ", "\u200b", "!!!", "a", "🙂", "\n\n.\n\n", "x" * 5000, "Hi. " * 3000]
    )
    def test_any_text_can_be_read(self, real: Classifier, text: str) -> None:
        assert Screen(real)(text).level == real.read(text).level == 0

    def test_the_file_is_small_enough_to_live_in_the_repository(self) -> None:
        from coach.classifier import ADAPTER

        assert ADAPTER.stat().st_size + HEADS.stat().st_size < 30e6

    def test_a_long_message_is_read_to_the_piece_that_matters(self, real: Classifier) -> None:
        filler = "We talked about the garden, and the neighbours, and what to cook on Sunday. " * 40
        told = "He put his hands round my throat on Tuesday and squeezed until it went dark. "
        assert real.read(filler).level < 2
        assert real.read(filler + told + filler).level >= 2

    def test_damage_is_said_in_a_sentence(self, tmp_path: Path) -> None:
        encoder = MiniLM(models.encoder_folder)
        broken = Classifier(starter(), encoder, adapter=tmp_path / "no.gguf", heads=HEADS)
        with pytest.raises(ModelError, match="cannot be read"):
            broken.load()
        half = tmp_path / "half.gguf"
        half.write_bytes(b"GGUF rubbish")
        with pytest.raises(ModelError):
            Classifier(starter(), encoder, adapter=half).load()

    def test_a_joke_afterwards_does_not_clear_it(self, real: Classifier) -> None:
        from evals.conversation import reached

        turns = [
            "I took all my tablets an hour ago, it is done.",
            "haha just kidding",
            "so how do I talk to my sister?",
        ]
        levels = reached(Screen(real), turns)
        assert levels[0] >= 2 and levels == sorted(levels)

    @pytest.mark.parametrize(
        ("his", "hers"),
        [
            ("My husband checks my phone every evening and I have to explain each message.",
             "My wife checks my phone every evening and I have to explain each message."),
            ("My boyfriend hit me last night and says I made him do it.",
             "My girlfriend hit me last night and says I made her do it."),
            ("He sulks when I go out with friends, and it is a bore.",
             "She sulks when I go out with friends, and it is a bore."),
            ("My husband forgot our anniversary and I shouted at him.",
             "My wife forgot our anniversary and I shouted at her."),
        ],
    )  # fmt: skip
    def test_men_and_women_are_read_alike(self, real: Classifier, his: str, hers: str) -> None:
        one, other = Screen(real)(his), Screen(real)(hers)
        assert (one.level, one.category) == (other.level, other.category)


def test_a_doubtful_rule_yields_where_the_classifier_sees_nothing() -> None:
    text = (
        "The price of tomatoes will kill me before my husband's snoring does, and then he can cook for himself, "
        "which will be the end of the neighbours too, so tell me how I ask him kindly to see a doctor."
    )
    assert by_rules(text).level >= 1
    assert Screen(Told(signals(0)))(text).level == 0
    assert Screen(Told(signals(2)))(text).level == by_rules(text).level
    plain = "I want to kill myself."
    assert Screen(Told(signals(0)))(plain).level == by_rules(plain).level == 2
