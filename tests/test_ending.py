"""Ending well: a closing in the user's own words, with one person to tell and nothing to come back for."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from io import StringIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shared import Forbidden
from test_pipeline import CRISES, STORY, Shelf, Silent, _finish

from coach import cli
from coach.cards import Library
from coach.pipeline import Coach
from coach.safety.support import Directory
from coach.skills import SKILLS
from coach.skills.close import END
from coach.skills.story import read_story
from coach.turn import Conversation, Reply
from coach.web.transcript import Surroundings, Turn, render

TALK = [
    STORY,
    "I'd had a twelve hour shift and could hardly think. My sister listened to me on the phone today.",
    "I wish I had just said that I was tired. I miss her.",
]
HOOKS = re.compile(
    r"\b(?:come back|see you|tomorrow|next time|look forward|check in again|return|waiting for you)\b", re.I
)


def closing(texts: Sequence[str]) -> str:
    return SKILLS["close"].compose(read_story(END, texts), (), ()).text


def test_it_says_what_was_told_in_the_users_words_names_one_person_and_sleep() -> None:
    text = closing(TALK)
    assert "You snapped at your girlfriend last night about the dishes" in text
    assert "You wish you had just said that you were tired." in text
    assert "your sister may be the one" in text
    assert re.search(r"\bsle(?:ep|pt)\b", text)


@pytest.mark.parametrize(
    "texts",
    [TALK, [], ["ok", "no", "help"], ["You never listen to me!"], [*TALK, CRISES["suicide"]], TALK * 30],
)
def test_it_is_of_one_length_without_hooks_and_without_a_question(texts: list[str]) -> None:
    text = closing(texts)
    assert 40 <= len(text.split()) <= 110
    assert not HOOKS.search(text) and "?" not in text and "Support" in text


def test_different_talks_end_differently() -> None:
    other = [
        "My dad forgot my graduation and I cried in the car park.",
        "I want him to know that it mattered.",
    ]
    assert "graduation" in closing(other) and "graduation" not in closing(TALK)


def test_what_was_dangerous_or_a_verdict_on_the_user_is_not_said_again() -> None:
    text = closing([CRISES["suicide"], "I want to go back to coaching", "he says it's my fault", TALK[2]])
    assert not re.search(r"alive|ending it|fault|go back", text)
    assert "You miss her" in text or "You wish" in text


@pytest.mark.parametrize(
    ("said", "person"),
    [
        ("My friend Anna listened for an hour yesterday.", "Anna"),
        ("I can always talk to my brother.", "your brother"),
        ("My brother never listens.", None),
        ("I wish my mum was there for me.", None),
        ("My wife helped me with the kids.", None),
        ("My dad is always there for me. My dad shouted at me on Sunday.", None),
        ("Nobody listens.", None),
    ],
)
def test_only_somebody_who_was_named_as_kind_is_proposed(said: str, person: str | None) -> None:
    found = re.search(r"a little of it, (.+) may be the one", closing([said]))
    assert (found[1] if found else None) == person


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.text(max_size=120) | st.sampled_from([*TALK, *CRISES.values(), "Feeling: low.\nNeed: rest."]),
        max_size=8,
    )
)
def test_any_talk_can_be_ended(texts: list[str]) -> None:
    text = closing(texts)
    assert 40 <= len(text.split()) <= 110


def test_it_needs_neither_model_nor_library_and_works_after_abuse(
    library: Library, directory: Directory
) -> None:
    coach = Coach(Forbidden(), Forbidden(), library, directory, guess="GB")
    end, _ = _finish(coach.respond(Conversation(unsafe=True), END, skill="close"))
    assert (end.reply.skill, end.reply.origin, end.reply.passages) == ("close", "composed", ())
    assert not re.search(
        r"\b(?:talk to|approach|reach out|message|apologise|tell) (?:him|her|them)\b", end.reply.text
    )


def test_while_the_coach_is_silent_an_ending_is_no_way_round_it(
    library: Library, directory: Directory
) -> None:
    coach = Coach(Forbidden(), Forbidden(), library, directory, guess="GB")
    paused, _ = _finish(coach.respond(Conversation(), CRISES["partner_violence"]))
    end, _ = _finish(coach.respond(paused.conversation, END, skill="close"))
    assert end.reply.origin == "fixed" and end.conversation.paused


def test_the_page_offers_it_after_three_turns_of_coaching_and_not_twice() -> None:
    turns = [Turn(text, reply=Reply("Heard.", "listen", "composed")) for text in TALK]
    support = Turn("x", reply=Reply("Help.", "support", "fixed"))
    ended = Turn(END, reply=Reply("Done.", "close", "composed"))

    def offered(shown: list[Turn], **state: bool) -> bool:
        return 'class="mark long"' in render(shown, Surroundings(), **state)

    assert offered(turns) and offered([*turns, ended, turns[0]])
    assert not offered(turns[:2]) and not offered([*turns[:2], support]) and not offered([*turns, ended])
    assert not offered(turns, paused=True) and not offered(turns, asked=True)


def test_a_talk_in_the_terminal_can_be_ended(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    library: Library,
    directory: Directory,
) -> None:
    from coach import start

    coach = Coach(Silent(), Shelf(library), library, directory, guess="GB")
    monkeypatch.setattr(start, "coach", lambda settings: coach)
    monkeypatch.setattr(sys, "stdin", StringIO("\n".join([*TALK, "/end", "not read any more"])))
    assert cli.main(["chat"]) == 0
    assert "your sister may be the one" in capsys.readouterr().out


def test_in_a_pause_the_terminal_goes_on(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    library: Library,
    directory: Directory,
) -> None:
    from coach import start

    coach = Coach(Forbidden(), Forbidden(), library, directory, guess="GB")
    monkeypatch.setattr(start, "coach", lambda settings: coach)
    monkeypatch.setattr(sys, "stdin", StringIO(f"{CRISES['suicide']}\n/end\n"))
    assert cli.main(["chat"]) == 0
    said = capsys.readouterr().out
    assert said.count("a fixed text") == 2 and "may be the one" not in said
