"""Both sides without a browser: nobody sees what its author did not choose, and a stop tells nothing.

A run is played through `answered` as the page would, and every piece that was sent is looked at.
"""

from __future__ import annotations

import html
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coach.errors import InputError, KnowledgeError
from coach.safety.screen import Screen
from coach.skills import both_sides as machine
from coach.skills.both_sides import FIELDS, QUESTIONS, Session
from coach.turn import Risk
from coach.web import both_sides
from coach.web.both_sides import Sides, answered

CALM = dict.fromkeys(QUESTIONS, "no")
PLAIN = ("It rained and we missed the bus again.", "I felt tired and a little sad.", "I need a slow evening.")
PEOPLE = "<p>people who can help</p>"
PRIVATE = [("ready", "0"), ("tells", "0"), ("picks", "0"), ("ready", "1"), ("tells", "1"), ("picks", "1")]
JOINT = ["shared", "speaks", "speaks", "thanks", "agrees", "ended"]


def harmless(text: str) -> Risk:
    return Risk(2, "partner_violence", "self") if "danger" in text else Risk()


@dataclass
class Side:
    """What one person types, answers and ticks; `edits` are new words for lines by number."""

    words: tuple[str, str, str] = PLAIN
    answers: dict[str, str] = field(default_factory=lambda: dict(CALM))
    ticks: frozenset[int] = frozenset({0})
    edits: dict[int, str] = field(default_factory=dict)


@dataclass
class Run:
    """The pieces that a browser was sent, by what it stood at when it asked for them."""

    pieces: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)

    @property
    def steps(self) -> list[tuple[str, str]]:
        return [at(piece) for piece in self.pieces]

    def without_keys(self) -> list[str]:
        return [re.sub(r'data-key="[^"]*"', "", piece) for piece in self.pieces]


def at(piece: str) -> tuple[str, str]:
    found = re.search(r'data-step="(\w+)" data-turn="(\d)"', piece)
    return (found[1], found[2]) if found else ("", "")


def key_in(piece: str) -> str:
    found = re.search(r'data-key="([^"]+)"', piece)
    return found[1] if found else ""


def sides(*, chance: bool = False) -> Sides:
    return Sides(chance=lambda: chance, beat_s=1e-6)


def ask(
    store: Sides, told: dict[str, str], *, screen: Callable[[str], Risk] = harmless, wary: bool = False
) -> str:
    return answered(store, told, screen=screen, wary=wary, people=PEOPLE)


def next_of(piece: str, side: Side | None = None) -> dict[str, str]:
    """What the browser sends from this piece."""
    step, turn = at(piece)
    told = {"do": "next", "key": key_in(piece), "step": step, "turn": turn}
    if side and step == "tells":
        told |= dict(zip(FIELDS, side.words, strict=True)) | side.answers
    if side and step == "picks":
        lines = [
            _unescaped(text)
            for text in re.findall(r'<textarea name="line-\d+"[^>]*>([^<]*)</textarea>', piece)
        ]
        told |= {f"line-{n}": side.edits.get(n, line) for n, line in enumerate(lines)}
        told |= {f"show-{n}": "yes" for n in side.ticks}
    return told


def _unescaped(text: str) -> str:
    return html.unescape(text)


def play(
    store: Sides, first: Side, second: Side, *, wary: bool = False, screen: Callable[[str], Risk] = harmless
) -> Run:
    run = Run([ask(store, {"do": "begin"}, wary=wary, screen=screen)])
    while key_in(run.pieces[-1]):
        side = (first, second)[int(at(run.pieces[-1])[1])]
        run.pieces.append(ask(store, next_of(run.pieces[-1], side), screen=screen))
        run.held.append(repr([held.session for held in store._held.values()]))
    return run


STOP = play(sides(chance=True), Side(), Side()).pieces[-1]


def test_a_run_without_a_cause_goes_all_the_way() -> None:
    run = play(sides(), Side(), Side())
    assert [step for step, _ in run.steps[:7]] == [*(step for step, _ in PRIVATE), "together"]
    assert [step for step, _ in run.steps[7:]] == [*JOINT[:-1], ""]
    assert "That is all" in run.pieces[-1]


CAUSES: dict[str, tuple[Side, Side]] = {
    **{
        f"{who} says {answer or 'nothing'} to {question}": pair(Side(answers=given_answers))
        for question in QUESTIONS
        for answer in ("yes", "")
        for given_answers in [{k: v for k, v in {**CALM, question: answer}.items() if v}]
        for who, pair in (
            ("the first", lambda side: (side, Side())),
            ("the second", lambda side: (Side(), side)),
            ("each", lambda side: (side, side)),
        )
    },
    "danger in the first's words": (Side(words=("danger", "", "")), Side()),
    "danger in the second's words": (Side(), Side(words=("", "", "danger"))),
    "danger in a changed line of the first's": (Side(edits={0: "danger"}), Side()),
    "danger in a changed line that is not ticked": (Side(), Side(edits={1: "danger"}, ticks=frozenset())),
    "a need that is not theirs to have": (
        Side(words=("", "", "I need you to stop seeing your friends.")),
        Side(),
    ),
    "a language that it cannot read": (
        Side(),
        Side(words=("Gestern Abend haben wir uns wieder gestritten.", "", "")),
    ),
}


@pytest.mark.parametrize("cause", CAUSES)
def test_every_cause_stops_at_the_same_place_with_the_same_bytes(cause: str) -> None:
    run = play(sides(), *CAUSES[cause])
    assert run.steps[:7] == [*PRIVATE, ("together", "1")]
    assert run.pieces[7:] == [STOP]


def test_what_was_said_in_talk_stops_it_like_any_other_cause() -> None:
    assert play(sides(), Side(), Side(), wary=True).pieces[7:] == [STOP]


def test_a_broken_screen_stops_it_like_any_other_cause() -> None:
    def broken(text: str) -> Risk:
        raise KnowledgeError("The rules are gone.", "Restore them.")

    assert play(sides(), Side(), Side(), screen=broken).pieces[7:] == [STOP]


def test_the_stop_blames_nobody_and_says_that_chance_does_it_too() -> None:
    assert "chance" in STOP and "People who can help" not in STOP and "data-key" not in STOP
    assert not re.search(r"\b(afraid|worr|safe|answered yes|cards)\b", STOP)


@pytest.mark.parametrize("cause", CAUSES)
def test_the_pages_on_the_way_do_not_depend_on_the_cause(cause: str) -> None:
    """What each person sees is the same as in a run without a cause in which the same words were written."""
    first, second = CAUSES[cause]
    calm = play(sides(), Side(first.words), Side(second.words))
    assert play(sides(), first, second).without_keys()[:7] == calm.without_keys()[:7]


def test_both_turns_look_alike_and_offer_help() -> None:
    run = play(sides(), Side(), Side())
    for step in (1, 2):
        mine, theirs = run.without_keys()[step], run.without_keys()[step + 3]
        assert mine.replace('data-turn="0"', "") == theirs.replace('data-turn="1"', "")
        assert PEOPLE in mine
    for piece in (run.pieces[0], run.pieces[3], *run.pieces[6:]):
        assert PEOPLE not in piece


def marked(who: str) -> st.SearchStrategy[Side]:
    """Words in which every sentence has a marker of its own, and any answers and ticks."""

    def words(counts: tuple[int, int, int]) -> tuple[str, str, str]:
        texts = [
            " ".join(f"I saw the {who}{name}{n}x thing." for n in range(count))
            for name, count in zip(FIELDS, counts, strict=True)
        ]
        return texts[0], texts[1], texts[2]

    count = st.integers(0, 3)
    return st.builds(
        Side,
        st.tuples(count, count, count).map(words),
        st.fixed_dictionaries(
            {}, optional={name: st.sampled_from(["no", "no", "no", "yes"]) for name in QUESTIONS}
        )
        | st.just(CALM),
        st.frozensets(st.integers(0, 9)),
        st.dictionaries(
            st.integers(0, 9), st.sampled_from(["calm words", "danger", "", "<b>x</b>"]), max_size=2
        ),
    )


@settings(max_examples=150, deadline=None)
@given(first=marked("one"), second=marked("two"), chance=st.booleans(), wary=st.booleans())
def test_nothing_is_ever_shown_that_was_not_chosen(
    first: Side, second: Side, chance: bool, wary: bool
) -> None:
    store = sides(chance=chance)
    run = play(store, first, second, wary=wary)
    assert run.steps[:7] == [*PRIVATE, ("together", "1")]
    assert len(store) == 0
    worried = [
        machine.refuses(side.answers)
        or any("danger" in text for n, text in side.edits.items() if n < _count(side))
        for side in (first, second)
    ]
    assert (run.pieces[7] == STOP) == (chance or wary or any(worried))
    assert [step for step, _ in run.steps[8:]] in ([], ["speaks", "speaks", "thanks", "agrees", ""])

    allowed = [_allowed(side, who) for side, who in ((first, "one"), (second, "two"))]
    for number, piece in enumerate(run.pieces):
        seen = set(re.findall(r"(?:one|two)\w+?\d+x", piece))
        if number == 2:
            assert seen <= set(_marks(first.words))
        elif number == 5:
            assert seen <= set(_marks(second.words))
        elif number == 7 and piece != STOP:
            assert seen == allowed[0] | allowed[1]
        else:
            assert not seen
        assert "<b>" not in piece
    for number, held in enumerate(run.held[2:5], start=2):  # what memory holds while it is the second's turn
        here = set(re.findall(r"\bone\w+?\d+x", held))
        assert here == (set() if chance or wary or worried[0] else allowed[0]), number


def _marks(words: tuple[str, ...]) -> list[str]:
    return re.findall(r"(?:one|two)\w+?\d+x", " ".join(words))


def _count(side: Side) -> int:
    return len(_marks(side.words))


def _allowed(side: Side, who: str) -> set[str]:
    return {mark for n, mark in enumerate(_marks(side.words)) if n in side.ticks and n not in side.edits}


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_strange_requests_move_nothing_and_show_nothing(data: st.DataObject) -> None:
    """Keys, steps and orders that no page sends, in the middle of a run."""
    store = sides()
    piece = ask(store, {"do": "begin"})
    until = data.draw(st.integers(0, 6))
    for _ in range(until):
        piece = ask(store, next_of(piece, Side(words=("The secretmark bus.", "", ""), ticks=frozenset())))
    here = at(piece)
    for _ in range(3):
        told = data.draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "do": st.sampled_from(["next", "cards", "", "back"]),
                    "key": st.sampled_from(["", "other", key_in(piece)]),
                    "step": st.sampled_from(["stopped", "shared", "ready", ""]),
                    "turn": st.sampled_from(["0", "1", "7"]),
                    "show-0": st.just("yes"),
                },
            )
        )
        if (told.get("step"), told.get("turn")) == here:
            continue
        answer = ask(store, told)
        if told.get("key") != key_in(piece) or here[0] != "picks":
            assert "secretmark" not in answer
    session = store.at(key_in(piece))
    assert session is not None and (session.step, str(session.turn)) == here


def test_a_second_press_shows_the_step_again_and_moves_nothing() -> None:
    store = sides()
    piece = ask(store, {"do": "begin"})
    told = next_of(piece)
    assert ask(store, told) == ask(store, told)


def test_chance_stops_one_run_in_six() -> None:
    stops = sum(both_sides.by_chance() for _ in range(6000))
    assert 850 < stops < 1150  # five standard deviations
    drawn: list[bool] = []

    def chance() -> bool:
        drawn.append(False)
        return drawn[-1]

    store = Sides(chance=chance, beat_s=1e-6)
    play(store, Side(answers={}), Side())
    play(store, Side(), Side())
    assert len(drawn) == 1  # drawn as a run begins and at no other time; resting, none begins


def test_starting_over_tells_nothing() -> None:
    store = sides()
    piece = ask(store, {"do": "begin"})
    for _ in range(2):
        piece = ask(store, next_of(piece, Side(answers={"free": "yes"})))
    ask(store, {"do": "leave", "key": key_in(piece)})
    assert len(store) == 0
    assert play(store, Side(), Side()).pieces[7:] == [STOP]  # bound to stop before it began
    rests = ask(store, {"do": "begin"})
    assert "rests for twelve hours" in rests and "We both want this" not in rests
    assert "Only take turns, with cards" in rests
    store._rests_until = time.monotonic() - 1
    assert play(store, Side(), Side()).pieces[-1] != STOP


def test_what_is_left_alone_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    store = sides()
    piece = ask(store, next_of(ask(store, {"do": "begin"})))
    monkeypatch.setattr(both_sides, "EXPIRE_S", -1.0)
    assert "This has ended" in ask(store, next_of(piece, Side()))
    assert len(store) == 0


def test_a_session_that_is_wiped_while_words_are_read_stays_wiped() -> None:
    store = sides()
    piece = ask(store, next_of(ask(store, {"do": "begin"})))

    def leaving(text: str) -> Risk:
        store.forget_all()
        return Risk()

    assert "This has ended" in ask(store, next_of(piece, Side()), screen=leaving)
    assert len(store) == 0


def test_too_much_in_a_box_is_said_and_nothing_moves() -> None:
    store = sides()
    piece = ask(store, next_of(ask(store, {"do": "begin"})))
    with pytest.raises(InputError, match="still there"):
        ask(store, next_of(piece, Side(words=("a " * 4000, "", ""))))
    session = store.at(key_in(piece))
    assert session is not None and session.step == "tells"


def test_empty_boxes_are_a_complete_answer() -> None:
    run = play(sides(), Side(words=("", " ", "\n"), ticks=frozenset()), Side(ticks=frozenset()))
    assert "That is a complete answer" in run.pieces[2]
    assert run.pieces[7].count("Nothing in writing") == 2


def test_words_are_read_as_often_and_answered_on_the_same_beat_whatever_they_hold() -> None:
    def asked(words: tuple[str, str, str]) -> tuple[int, float]:
        read: list[str] = []

        def screen(text: str) -> Risk:
            read.append(text)
            time.sleep(0 if "danger" in text else 0.02)  # danger is often recognised sooner
            return harmless(text)

        store = Sides(chance=lambda: False, beat_s=0.5)
        piece = ask(store, next_of(ask(store, {"do": "begin"})))
        begun = time.monotonic()
        ask(store, next_of(piece, Side(words)), screen=screen)
        return len(read), time.monotonic() - begun

    calm, afraid = asked(PLAIN), asked(("danger", "danger!", "danger?"))
    assert calm[0] == afraid[0] == 4
    assert all(0.5 <= seconds < 0.95 for _, seconds in (calm, afraid))


def test_the_real_rules_stop_it_softly_worded_control_too() -> None:
    screen = Screen()
    for words in (
        "He said he would hit me again.",
        "I am scared of what she does when I say no.",
        "I need to be able to check your phone, you owe me that.",
    ):
        run = play(sides(), Side(words=("", "", words)), Side(), screen=screen)
        assert run.pieces[7:] == [STOP], words
    for words in (
        PLAIN[0],
        "I was scared of losing you.",
        "You hurt my feelings and I was afraid you would leave.",
    ):
        run = play(sides(), Side(words=(words, "", "")), Side(), screen=screen)
        assert run.pieces[-1] != STOP, words


def test_turns_with_cards_need_no_private_part() -> None:
    store = sides(chance=True)
    pieces = [ask(store, {"do": "cards"})]
    while key_in(pieces[-1]):
        pieces.append(ask(store, next_of(pieces[-1])))
    assert [at(piece) for piece in pieces[:-1]] == [
        ("speaks", "0"),
        ("speaks", "1"),
        ("thanks", "0"),
        ("agrees", "0"),
    ]
    assert "textarea" not in "".join(pieces) and "What I heard you say is…" in pieces[0]
    assert not store.resting


def test_typed_markup_is_inert() -> None:
    hostile = "<img src=x onerror=alert(1)> </textarea><script>1</script>"
    run = play(sides(), Side(words=(hostile, "", "")), Side(words=("", hostile, ""), edits={0: hostile}))
    for piece in run.pieces:
        assert "<img" not in piece and "<script" not in piece
        assert piece.count("<textarea") == piece.count("</textarea>")
    assert "&lt;img" in run.pieces[7]


def test_a_session_knows_that_it_stops_and_never_why() -> None:
    chance = machine.told(Session("tells", stops=True), (), worry=False)
    worry = machine.told(Session("tells"), (), worry=True)
    assert chance == worry


def test_a_step_that_is_sent_twice_at_once_is_taken_once() -> None:
    store = sides()
    piece = ask(store, next_of(ask(store, {"do": "begin"})))
    calm = next_of(piece, Side())
    pressed: list[str] = []

    def slowly(text: str) -> Risk:
        if not pressed:
            pressed.append(ask(store, calm))
            pressed.append(ask(store, next_of(pressed[0], Side())))
        return Risk()

    late = ask(store, calm, screen=slowly)
    session = store.at(key_in(piece))
    assert session is not None and (session.step, session.turn) == ("ready", 1)
    assert late == pressed[1]
