"""Exercises: their schema, the way through them, what is screened, what is said of a sentence, the terminal."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Literal, TypeAlias
from urllib.parse import unquote

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from shared import Answers

from coach import practising
from coach.cards import Card, Library, read_card, read_knowledge
from coach.cli import main
from coach.errors import CoachError, InputError, KnowledgeError
from coach.exercise import InvalidExercise, Step, read_exercise
from coach.librarian import check
from coach.report import practice_record
from coach.safety.support import Directory
from coach.settings import bundled
from coach.skills import SKILLS, remark
from coach.skills.practice import (
    ALWAYS_FITS,
    LONGEST,
    MOST_LINES,
    Place,
    Screens,
    answer,
    asks_first,
    compose,
)
from coach.skills.story import read_story
from coach.skills.verdict import _SAID_OF, message_verdict, verdict
from coach.turn import Risk
from coach.web import practice as pieces
from coach.web.tabs import House

TODAY = date(2026, 10, 31)
ASK = {"name": "need", "label": "What I need", "kind": "text"}
AGAIN = {"after": "4 months", "note": "A few quiet minutes"}
GOOD: list[Any] = [
    {"say": "Breathe.", "seconds": 10},
    {"say": "What do you need?", "ask": ASK},
    {"say": "You need: {need}\nThat is all."},
]
Level: TypeAlias = Literal[0, 1, 2, 3]
LEVELS: tuple[Level, ...] = (0, 1, 2, 3)
_NONE: Level = 0
SOFT = "I felt alone when the news went on. Could you turn it down for five minutes?"


class Noted:
    """A screen that finds what it is told to find, and notes what it was given."""

    def __init__(self, **levels: Level) -> None:
        self.levels, self.given = levels, list[tuple[str, tuple[str, ...]]]()

    def __call__(self, text: str, before: Sequence[str] = ()) -> Risk:
        self.given.append((text, tuple(before)))
        level = max((level for word, level in self.levels.items() if word in text), default=_NONE)
        return Risk(level, "partner_violence", "self") if level else Risk()


def steps(entries: list[Any] | None = None) -> tuple[Step, ...]:
    return read_exercise(GOOD if entries is None else entries)


def of(library: Library) -> list[Card]:
    return [card for card in library.cards.values() if card.exercise]


# The schema


def test_the_fifteen_ship_and_each_stands_under_one_need(library: Library) -> None:
    assert library.problems == ()
    listed = [id for need in library.needs for id in need.cards]
    assert sorted(listed) == sorted(card.id for card in of(library))
    assert len(listed) == 15
    assert ALWAYS_FITS in listed
    first = library.cards[ALWAYS_FITS]
    assert not any(step.ask for step in first.exercise)  # without typing
    assert sum(step.seconds for step in first.exercise) == 60
    assert not first.off_when_unsafe


def test_what_an_exercise_may_hold() -> None:
    breathe, need, last = steps()
    assert (breathe.seconds, breathe.ask) == (10, None)
    assert need.ask and (need.ask.name, need.ask.label, need.ask.kind) == ("need", "What I need", "text")
    assert last.say == ("You need: {need}", "That is all.")


@pytest.mark.parametrize(
    ("number", "change", "complaint"),
    [
        (0, {"seconds": 4}, "step 1 of exercise: seconds is 4"),
        (0, {"seconds": 601}, "seconds is 601"),
        (0, {"seconds": True}, "seconds is True"),
        (0, {"say": ""}, "step 1 of exercise: say must be text"),
        (0, {"say": "x" * 700}, "say has 700 characters"),
        (0, {"minutes": 1}, "minutes is not a known entry"),
        (0, {"say": "You need: {need}\nGo on."}, "nothing was asked for under the name 'need'"),
        (2, {"say": "You need: {need}"}, "would be empty where nothing was typed"),
        (1, {"ask": "need"}, "step 2 of exercise, ask: expected entries"),
        (1, {"ask": {**ASK, "kind": "number"}}, "kind is 'number'"),
        (1, {"ask": {**ASK, "name": "my need"}}, "the name 'my need' is taken, or no name"),
        (1, {"ask": {**ASK, "label": None}}, "label must be text"),
        (1, {"ask": {**ASK, "options": ["a", "b"]}}, "options does not go with kind text"),
        (1, {"ask": {**ASK, "kind": "choice"}}, "options must be different texts"),
        (1, {"ask": {**ASK, "kind": "choice", "options": [False, "a little"]}}, "in quotes"),
        (1, {"ask": {**ASK, "kind": "choice", "options": ["a", "a"]}}, "options must be different texts"),
        (1, {"ask": {**ASK, "kind": "scale", "each": "lines", "keep_from": 7}}, "which are no lines"),
        (1, {"ask": {**ASK, "kind": "scale", "keep_from": 7}}, "each and keep_from go together"),
        (1, {"ask": {**ASK, "check": "spelling"}}, "check is 'spelling'"),
        (0, {"again": AGAIN}, "step 1 of exercise: it has again. Move it to the last step"),
        (2, {"again": "4 months"}, "step 3 of exercise, again: expected entries"),
        (2, {"again": {**AGAIN, "after": "13 months"}}, "after is '13 months'. Give 1 to 12 days"),
        (2, {"again": {**AGAIN, "after": 120}}, "after must be text"),
        (2, {"again": {**AGAIN, "note": "Row; with\nAnna"}}, "Give up to 40 letters and blanks"),
        (2, {"again": {**AGAIN, "hour": 18}}, "hour is not a known entry"),
    ],
)
def test_what_is_broken_is_named_with_its_step_and_a_cure(
    number: int, change: dict[str, Any], complaint: str
) -> None:
    entries = [dict(entry) for entry in GOOD]
    entries[number] = {**entries[number], **change}
    with pytest.raises(InvalidExercise) as caught:
        steps(entries)
    assert complaint in f"{caught.value}. {caught.value.cure}"


@pytest.mark.parametrize("entries", [None, [], "say", [GOOD[0]], GOOD[:1] * 17])
def test_an_exercise_is_a_list_of_a_few_steps(entries: Any) -> None:
    with pytest.raises(InvalidExercise, match="must be a list of steps"):
        read_exercise(entries)


def test_a_broken_one_is_named_with_file_and_line(tmp_path: Path) -> None:
    text = (bundled("knowledge") / "cards" / "sixty-seconds.md").read_text(encoding="utf-8")
    line = text[: text.index("exercise:")].count("\n") + 1
    for change, complaint in (
        (("seconds: 10", "seconds: 1"), "seconds is 1"),
        (("kind: practice", "kind: idea"), "only a practice card"),
    ):
        path = tmp_path / "sixty-seconds.md"
        path.write_text(text.replace(*change, 1), encoding="utf-8")
        with pytest.raises(KnowledgeError) as caught:
            read_card(path)
        assert caught.value.message.startswith(f"sixty-seconds.md, line {line}: ")
        assert complaint in caught.value.message
        assert caught.value.hint


def test_an_exercise_without_a_need_is_reported(tmp_path: Path) -> None:
    folder = tmp_path / "knowledge"
    shutil.copytree(bundled("knowledge"), folder)
    needs = folder / "needs.yaml"
    needs.write_text(
        needs.read_text(encoding="utf-8").replace("sixty-seconds, ", "siblings, "), encoding="utf-8"
    )
    told = [problem.message for problem in check(folder)]
    assert any("'sixty-seconds' stands under 0 needs" in one for one in told)
    assert any("'siblings' stands under 1 needs" in one for one in told)


def test_the_example_for_writers_is_a_good_one() -> None:
    readme = (bundled("knowledge") / "README.md").read_text(encoding="utf-8")
    example = re.search(r"```\n(exercise:\n.*?)```", readme, re.S)
    assert example
    assert len(read_exercise(yaml.safe_load(example[1])["exercise"])) == 4


# The way through


def typed(step: Step) -> st.SearchStrategy[str]:
    ask = step.ask
    if ask is None:
        return st.just("")
    if ask.kind == "choice":
        return st.sampled_from(["", *ask.options])
    if ask.kind == "scale":
        return st.lists(st.sampled_from(["", "0", "6", "7", "10"]), max_size=5).map("\n".join)
    return st.lists(st.text("ab {}need.\n", max_size=12), max_size=4).map("\n".join)


@given(st.data())
def test_every_way_through_every_exercise_ends_and_shows_something(data: st.DataObject) -> None:
    card = data.draw(st.sampled_from(of(_LIBRARY)))
    place = Place(card.exercise)
    for _ in range(60):
        if place.step is None:
            break
        told = place.shown()
        assert told and all(part.strip() for part in told)
        if place.step.ask and place.step.ask.each:
            assert place.to_rate
        kept = list(place.answers)
        kept[place.at] = data.draw(typed(place.step))
        before = place = replace(place, answers=tuple(kept))
        place = place.move(data.draw(st.sampled_from([1, 1, 1, -1])))
        assert place.answers == before.answers  # nothing is lost, forward or back
        assert place.at != before.at or before.at == 0
    own = "".join(place.answers)
    for _, lines in place.summary():
        assert lines and all(line in own for line in lines)


_LIBRARY = read_knowledge(bundled("knowledge"))


@given(st.integers(-3, 99), st.lists(st.text(max_size=5), max_size=9))
def test_a_place_is_always_within_its_exercise(at: int, answers: list[str]) -> None:
    place = Place(steps(), tuple(answers), at)
    assert 0 <= place.at <= 3
    assert len(place.answers) == 3
    assert 0 <= place.move(1).at <= 3 and 0 <= place.move(-1).at <= 3


def test_a_paragraph_whose_words_were_never_typed_falls_away() -> None:
    assert Place(steps(), ("", "a {need} of rest", ""), 2).shown() == (
        "You need: a {need} of rest",
        "That is all.",
    )
    assert Place(steps(), ("", " \n", ""), 2).shown() == ("That is all.",)


def test_lines_are_kept_from_seven_on(library: Library) -> None:
    place = Place(
        library.cards["lines-you-can-believe"].exercise, ("", "one\ntwo\nthree\nfour", "7\n6\n10\n"), 3
    )
    assert place.shown()[0] == "You believe: \n– one\n– three"
    assert place.summary() == (("Lines that I believe", ("one", "three")),)
    unrated = replace(place, answers=("", "one\ntwo", ""))
    assert unrated.summary() == (("Lines that I tried", ("one", "two")),)
    assert len(unrated.shown()) == 1


def test_nothing_is_rated_where_no_line_was_written(library: Library) -> None:
    place = Place(library.cards["lines-you-can-believe"].exercise, at=1)
    assert place.move(1).at == 3
    assert place.move(1).move(-1).at == 1


def test_seven_minutes_take_seven() -> None:
    assert sum(step.seconds for step in _LIBRARY.cards["seven-minutes"].exercise) == 7 * 60


def test_answers_are_taken_as_they_may_be() -> None:
    text, lines = steps()[1].ask, steps([GOOD[0], {"say": "Lines?", "ask": {**ASK, "kind": "lines"}}])[1].ask
    choice = steps([GOOD[0], {"say": "?", "ask": {**ASK, "kind": "choice", "options": ["a", "b"]}}])[1].ask
    scale = steps([GOOD[0], {"say": "?", "ask": {**ASK, "kind": "scale"}}])[1].ask
    assert text and lines and choice and scale
    assert answer(text, " x \n") == "x"
    assert answer(choice, "c") == ""
    assert answer(scale, "11") == answer(scale, "x") == ""
    assert answer(scale, "7\n٣\n0") == "7\n\n0"
    with pytest.raises(InputError, match="still there"):
        answer(text, "x" * (LONGEST + 1))
    with pytest.raises(InputError, match="lines"):
        answer(lines, "x\n" * (MOST_LINES + 1))


# What is screened


def test_what_is_typed_is_read_after_what_was_typed_before() -> None:
    screen = Noted()
    first, second = {**ASK, "name": "one"}, {**ASK, "name": "two"}
    place = Place(steps([{"say": "1", "ask": first}, {"say": "2", "ask": second}]), ("a", "b"), 1)
    place.worry(screen)
    assert screen.given == [("b", ("a",))]


def test_choices_and_empty_fields_need_no_screen() -> None:
    screen = Noted()
    asks = {**ASK, "kind": "choice", "options": ["a", "b"]}
    place = Place(
        steps([{"say": "1", "ask": asks}, {"say": "2", "ask": {**ASK, "name": "two"}}]), ("a", " "), 0
    )
    assert place.worry(screen) == replace(place, at=1).worry(screen) == Risk()
    assert screen.given == []


def test_which_exercises_ask_first(library: Library) -> None:
    calm, near = library.cards["sixty-seconds"], library.cards["three-step-repair"]
    at = Place(near.exercise)
    assert [asks_first(near, at, Risk(level)) for level in LEVELS] == [False, True, False, False]
    assert not asks_first(near, replace(at, safe=True), Risk(1))
    assert not any(asks_first(calm, Place(calm.exercise), Risk(level)) for level in LEVELS)


# The drill


def test_the_ten_sentences_are_found_hard_and_soft_ones_are_not(library: Library) -> None:
    drill = library.cards["ten-soft-starts"].exercise
    hard = [step.ask.label.strip('"') for step in drill if step.ask and step.ask.name != "own"]
    assert len(hard) == 10
    for text in hard:
        assert "can be heard" not in verdict(text), text
    for text in (SOFT, "I'm worried. The card is over the limit. Can we look at it on Sunday?"):
        assert "can be heard" in verdict(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("You are a selfish idiot", "a name for them"),
        ("Stop it or I'm leaving you", "threat"),
        ("You always do that, I hate it", "always"),
        ("I feel hurt when you see your friends. Could you stop seeing them?", "theirs alone"),
        ("No. I don't want sex tonight.", "plain limit"),
        ("I feel sad", "What would you like?"),
        (" ", "empty"),
    ],
)
def test_what_stands_in_the_way_is_said_kindly(text: str, said: str) -> None:
    assert said in verdict(text)


@given(st.text(max_size=200))
def test_every_sentence_gets_a_word(text: str) -> None:
    assert verdict(text).strip()


def test_every_fault_of_form_has_its_words() -> None:
    for name in (remark.ALWAYS, remark.YOU_ARE, remark.NAMES, remark.SARCASM, remark.MIND, remark.THREAT):
        assert _SAID_OF[name]


# Which exercise is offered


def test_the_first_card_with_an_exercise_is_offered(library: Library) -> None:
    cards = [library.cards[id] for id in ("start-softly", "lines-you-can-believe", "sixty-seconds")]
    draft = compose(read_story("My head keeps calling me names", ()), cards, ())
    assert draft.exercise == "lines-you-can-believe"
    assert "Lines you can believe" in draft.text and "our head keeps calling you names" in draft.text
    assert 40 <= len(draft.text.split()) <= 140
    assert SKILLS["practice"].off_when_unsafe is SKILLS["practice"].speaks is False


def test_where_none_fits_the_minute_is_offered(library: Library) -> None:
    draft = compose(read_story("give me something", ()), [library.cards["siblings"]], ())
    assert draft.exercise == ALWAYS_FITS
    assert not draft.text.startswith("Give")


# The pieces of the page


@pytest.fixture
def house(library: Library, directory: Directory) -> Callable[..., House]:
    def made(**levels: Level) -> House:
        return House(Answers(screen=Noted(**levels)), library, directory)

    return made


def piece(house: House, **told: Any) -> str:
    return pieces.answered(pieces.told(json.dumps(told).encode()), house, today=TODAY)


def test_every_exercise_can_be_gone_through_on_the_page(
    house: Callable[..., House], library: Library
) -> None:
    for card in of(library):
        answers, at = [""] * len(card.exercise), 0
        while at < len(answers):
            html = piece(house(), exercise=card.id, at=at, answers=answers)
            assert f"Step {at + 1} of {len(card.exercise)}" in html
            html = piece(house(), exercise=card.id, at=at, answers=answers, do="next")
            found = re.search(r'data-at="(\d+)"', html)
            at = int(found[1]) if found else len(answers)
        assert "Nothing is written down" in html


def test_all_that_is_typed_comes_back_inert(house: Callable[..., House]) -> None:
    hostile = "<img src=x onerror=alert(1)>\"'\n{need}"
    for do in ("next", "back", "end", "check", ""):
        html = piece(house(), exercise="name-the-feeling", at=1, answers=["", hostile], do=do)
        assert "<img" not in html and "&lt;img" in html


@pytest.mark.parametrize("do", ["next", "back", "end", "check"])
def test_danger_rests_every_exercise_before_anything_is_said(house: Callable[..., House], do: str) -> None:
    asked = house(afraid=2)
    html = piece(asked, exercise="name-the-feeling", at=1, answers=["", "I am afraid"], do=do)
    assert "rests here" in html and 'data-open="support"' in html and "0808 2000 247" in html
    assert "You feel" not in html
    assert 'value="I am afraid"' in html  # nothing is lost
    again = piece(asked, exercise="name-the-feeling", at=1, answers=["", "I am afraid"])
    assert "<textarea" in again and "I am afraid" in again


def test_after_abuse_was_told_what_asks_to_come_closer_is_off_until_it_is_forgotten(
    house: Callable[..., House],
) -> None:
    asked = house(afraid=2)
    assert "three-step-repair" in piece(asked)
    piece(asked, exercise="name-the-feeling", at=1, answers=["", "I am afraid"], do="next")
    assert asked.tabs.wary
    assert "three-step-repair" not in piece(asked) and "sixty-seconds" in piece(asked)
    off = piece(asked, exercise="three-step-repair", at=1, answers=["", "I shouted"])
    assert "choose Talk" in off and "I shouted" in off and "Step" not in off
    assert "Step 1" in piece(asked, exercise="sixty-seconds")
    asked.tabs.forget_all()
    assert "three-step-repair" in piece(asked)


def test_the_end_offers_a_reminder_unless_somebody_is_unsafe(house: Callable[..., House]) -> None:
    asked, told = house(), {"exercise": "do-not-send-it-yet", "answers": ["marker"], "do": "next"}
    html = piece(asked, **told, at=6)
    assert "Sunday 1 November 2026" in html
    link = re.search(r'href="data:text/calendar;charset=utf-8,([^"]+)" download="reminder.ics"', html)
    assert link
    assert "20261101\r\nSUMMARY:A few quiet minutes\r\n" in unquote(link[1])
    assert "marker" not in unquote(link[1])
    assert "calendar" in piece(asked, **{**told, "do": "end"}, at=6)
    assert "calendar" not in piece(asked, **{**told, "do": "end"}, at=2)
    asked.tabs.warned = True
    assert "marker" in piece(asked, **told, at=6) and "calendar" not in piece(asked, **told, at=6)


def test_in_doubt_a_calming_one_goes_on_with_a_line(house: Callable[..., House]) -> None:
    html = piece(house(unsure=1), exercise="name-the-feeling", at=1, answers=["", "unsure"], do="next")
    assert "Step 3 of 6" in html and "not wanting to live" in html and 'data-open="support"' in html


def test_in_doubt_the_others_ask_once_and_a_no_goes_on(house: Callable[..., House]) -> None:
    asked, told = house(unsure=1, afraid=2), {"exercise": "ask-directly", "at": 0, "answers": ["unsure", ""]}
    for do in ("next", "check", "end", "back"):
        html = piece(asked, **told, do=do)
        assert "is somebody in danger" in html and "unsure" in html and "Step" not in html
    on = piece(asked, **told, do="go_on")
    assert "Step 2 of 6" in on and "data-safe" in on
    later = piece(asked, **{**told, "at": 1, "answers": ["unsure", "unsure"]}, do="next", safe=True)
    assert "Step 3 of 6" in later
    assert "0808 2000 247" in piece(asked, **told, do="unsure")
    assert asked.tabs.warned  # by their own word
    worse = {**told, "answers": ["afraid", ""]}
    assert "rests here" in piece(
        house(afraid=2), **worse, do="go_on", safe=True
    )  # danger rests it all the same


def test_where_the_screen_does_not_work_no_step_follows(library: Library, directory: Directory) -> None:
    def broken(text: str, before: Sequence[str] = ()) -> Risk:
        raise KnowledgeError("rules.yaml, line 1: broken.", "Restore that file.")

    asked = House(Answers(screen=broken), library, directory)
    with pytest.raises(CoachError, match="did not start") as caught:
        piece(asked, exercise="name-the-feeling", at=1, answers=["", "sad"], do="next")
    assert "Support" in caught.value.hint
    assert "Step 2 of 5" in piece(asked, exercise="sixty-seconds", do="next")


@pytest.mark.parametrize(
    "body", [b"", b"x", b"[]", b'{"exercise": 3, "answers": "x", "at": "1"}', b'{"exercise": "no-such"}']
)
def test_what_is_not_as_it_must_be_shows_the_list(house: Callable[..., House], body: bytes) -> None:
    assert "To calm down" in pieces.answered(pieces.told(body), house(), today=TODAY)


@given(st.binary(max_size=60))
def test_any_request_is_read(body: bytes) -> None:
    told = pieces.told(body)
    assert isinstance(told.exercise, str) and type(told.at) is int


# The terminal


def gone(card: Card, lines: list[str], screen: Screens) -> tuple[practising.Outcome, list[str], list[int]]:
    said, waits, left = list[str](), list[int](), iter(lines)

    def ask(label: str) -> str:
        said.append(label)
        return next(left)

    outcome = practising.gone_through(card, screen, practising.Prompts(ask, said.append, waits.append))
    assert next(left, None) is None
    return outcome, said, waits


def test_an_exercise_is_gone_through_at_the_prompt(library: Library) -> None:
    lines = ["the silence", "I got through today", "I am wonderful", "", "8", "x", "3", "", ""]
    outcome, said, _ = gone(library.cards["lines-you-can-believe"], lines, Noted())
    assert outcome.place.summary() == (
        ("What is hard", ("the silence",)),
        ("Lines that I believe", ("I got through today",)),
    )
    assert any("That is no number from 0 to 10" in one for one in said)
    assert "the silence" in practising.ending(outcome, (), today=TODAY)


def test_the_minute_only_waits(library: Library) -> None:
    _, _, waits = gone(library.cards["sixty-seconds"], [""], Noted())
    assert waits == [10, 20, 10, 20]


def test_back_and_end_at_the_prompt(library: Library) -> None:
    lines = ["sad", "/back", "sadder", "7", "/end"]
    outcome, _, _ = gone(library.cards["name-the-feeling"], lines, Noted())
    assert outcome.place.summary() == (("What I feel", ("sadder",)), ("How strong", ("7",)))


def test_the_next_time_is_said_at_the_prompt(library: Library) -> None:
    card = library.cards["week-of-backing"]
    outcome, _, _ = gone(card, [""] * len(card.exercise), Noted())
    assert "look at this again: Saturday 7 November 2026." in practising.ending(outcome, (), today=TODAY)
    stopped, _, _ = gone(card, ["/end"], Noted())
    assert "look at this again" not in practising.ending(stopped, (), today=TODAY)


def test_the_drill_is_tried_again_at_the_prompt(library: Library) -> None:
    outcome, said, _ = gone(
        library.cards["ten-soft-starts"], ["", "You never listen", SOFT, "", "/end"], Noted()
    )
    assert [lines for _, lines in outcome.place.summary()] == [(SOFT,)]
    assert sum("can be heard" in one for one in said) == 1


@pytest.mark.parametrize("lines", [["I am afraid"], ["", "You never listen", "I am afraid"]])
def test_danger_ends_it_at_the_prompt(library: Library, directory: Directory, lines: list[str]) -> None:
    card = library.cards["ask-directly" if len(lines) == 1 else "ten-soft-starts"]
    outcome, _, _ = gone(card, lines, Noted(afraid=2))
    assert outcome.rested
    people = directory.contacts("GB", outcome.risk.category)
    told = practising.ending(outcome, people, today=TODAY)
    assert "rests here" in told and "0808 2000 247" in told
    record = practice_record(card, outcome, people)
    assert (record["rested"], record["level"], record["category"]) == (True, 2, "partner_violence")
    assert record["support"][0]["name"]


@pytest.mark.parametrize(("said", "rested"), [("no", False), ("yes", True), ("", True)])
def test_a_doubt_at_the_prompt_is_asked_about(library: Library, said: str, rested: bool) -> None:
    lines = ["unsure", said, *([] if rested else ["unsure", "/end"])]
    outcome, told, _ = gone(library.cards["ask-directly"], lines, Noted(unsure=1))
    assert outcome.rested == rested
    assert sum("is somebody in danger" in one for one in told) == 1


def test_too_much_is_said_and_asked_for_again(library: Library) -> None:
    outcome, said, _ = gone(library.cards["do-not-send-it-yet"], ["x" * 6001, "short", "/end"], Noted())
    assert any("longer than 6000" in one for one in said)
    assert outcome.place.answers[0] == "short"


def test_the_list_in_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["practice", "--list", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["exercises"]
    assert len(found) == 15 and found[0]["id"] == "sixty-seconds"
    assert main(["practice"]) == 0
    assert "Sixty seconds without typing" in capsys.readouterr().out
    assert main(["practice", "no-such"]) == 2
    assert "coach practice --list" in capsys.readouterr().err


# The texts


def test_the_texts_are_short_and_speak_to_anybody(library: Library) -> None:
    for card in of(library):
        for step in card.exercise:
            assert sum(len(part.split()) for part in step.say) <= 90, card.id
            assert not re.search(r"\b(?:he|she|husband|wife)\b (?:is|must|should)", " ".join(step.say)), (
                card.id
            )
            if step.ask:
                assert len(step.ask.label) <= 44, step.ask.label
        last = card.exercise[-1]
        assert last.ask is None and last.say  # each ends with a word, not with a field
        if card.off_when_unsafe:
            told = " ".join(part for step in card.exercise for part in step.say)
            assert re.search(r"afraid|fear|frighten|hurts|control|safe", told), card.id


def test_a_message_that_mends_is_looked_at_by_its_own_rules() -> None:
    assert "takes the first half back" in message_verdict(
        "I'm sorry I shouted, but you were late. I'll wait."
    )
    assert "asks for an answer" in message_verdict("I'm sorry I shouted. Please forgive me.")
    good = "I shouted at you on Sunday, and I'm sorry. You didn't deserve that."
    assert message_verdict(good).startswith("That owns your part")
    assert message_verdict("  ").startswith("The box is empty")
