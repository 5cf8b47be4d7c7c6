"""Rewrites from the parts of a message, threads, and what a remark is taken for; roles are given by hand here."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coach.skills import reframe, repair
from coach.skills.material import material, owned
from coach.skills.parts import ROLES, Meaning, Part, goes_on, pieces
from coach.skills.remark import faults, lacks
from coach.skills.rewrites import rewrites
from coach.skills.story import Story, clean, read_story
from coach.skills.thread import read_thread
from coach.turn import ReframeSheet, RepairSheet

LETTERS = {role[0]: role for role in ROLES}  # d o w c f v r


def told(text: str, roles: str, kind: str = "rewrite") -> Story:
    """A story with these roles, one letter a piece; the last letter holds for all that follow."""
    whole = clean(text)
    spans = pieces(whole)
    roles = roles.ljust(len(spans), roles[-1:] or "r")
    assert len(spans) == len(roles), [whole[a:b] for a, b in spans]
    parts = tuple(
        Part(whole[a:b], LETTERS[role], n > 0 and goes_on(whole, spans[n - 1], (a, b)))
        for n, ((a, b), role) in enumerate(zip(spans, roles, strict=True))
    )
    return replace(read_story(text), kind=kind, parts=parts)


def three(story: Story) -> list[str]:
    found = material(story)
    return [one.text for one in rewrites(found, seed=story.text)] if found else []


CASES = [
    ("You forgot our anniversary for the golf. You're so selfish.", "dv", ["anniversary", "golf"]),
    (
        "Your mother rearranged my whole kitchen while I was at work and you just stood there like a houseplant.",
        "cd",
        ["mother", "kitchen", "you just stood there"],
    ),
    (
        "u ate my shift again!! manager gave u my saturday",
        "dd",
        ["you ate my shift again", "you my saturday"],
    ),
    (
        "My boss moved my desk next to the toilet. I said whatever and banged the drawer.",
        "do",
        ["you moved my desk", "I said whatever and banged the drawer"],
    ),
    (
        "Put the bloody phone down when I'm talking about the scan",
        "w",
        ["Could you put the phone down", "scan"],
    ),
    (
        "I told you THREE times the boiler man was coming and you went out",
        "od",
        ["three times the boiler man was coming, and you went out"],
    ),
    ("You wore the dress I chose. To MY engagement.", "dc", ["the dress I chose to my engagement"]),
    ("My business partner paid himself a bonus in March.", "d", ["you paid yourself a bonus in March"]),
    (
        "My mother came for 'ten days' and it is now seven weeks. My husband said adjust a little.",
        "ccd",
        ["ten days', and it is now seven weeks", "you said adjust a little"],
    ),
    (
        "I spent a whole weekend on the seating chart. On Thursday my daughter handed it to the planner.",
        "cd",
        ["the seating chart, and on Thursday you handed it to the planner"],
    ),
    (
        "My mum told all my aunties in the group. I want her to know it's about the group not the car.",
        "dw",
        ["It's about the group not the car"],
    ),
    ("I send money every month. My sister sends nothing.", "cd", ["I send money every month"]),
    ("Jo told her work mates. My mum was there, she knows him.", "dc", ["you told your work mates"]),
    (
        "Is it so hard to wipe the hob after you fry? I clean all day.",
        "vdc",
        ["Could you wipe the hob after you fry?"],
    ),
    ("Why can't you just pick up your towel? It's every day.", "vv", ["Could you pick up your towel?"]),
    ("My ex dropped the twins back at nine. No dinner, no homework done.", "co", ["at nine, no dinner"]),
    (
        "You come in, salt it before you even taste it.",
        "vd",
        ["you come in, salt it before you even taste it"],
    ),
    (
        "He told her, laughing, that I'd cried at work. My husband did.",
        "dor",
        ["you told her, laughing that I'd cried at work"],
    ),
]


@pytest.mark.parametrize(("text", "roles", "kept"), CASES)
def test_a_rewrite_says_the_users_own_facts_to_the_other(text: str, roles: str, kept: list[str]) -> None:
    warmer, shorter, firmer = three(told(text, roles))
    for words in kept:
        assert words.lower() in warmer.lower(), warmer
    for one in (warmer, shorter, firmer):
        assert not faults(one) and not lacks(one), one
    assert "houseplant" not in warmer and "selfish" not in warmer and "bloody" not in warmer


def test_a_question_to_the_other_is_no_fact_to_be_told() -> None:
    story = told("Even the 150k I sent in March, did you say thank you? You did not. You left early.", "d")
    made = " ".join(three(story))
    assert "You left early" in made or "you left early" in made
    assert "did you say" not in made and "did not" not in made


def test_who_did_it_is_turned_to_you_whoever_else_is_in_the_story() -> None:
    text = "My stepdad went through my backpack. He dumped it all out in front of my little brother."
    warmer = three(told(text, "dd"))[0]
    assert "you went through my backpack" in warmer and "you dumped it" in warmer.lower()


def test_a_complaint_is_answered_and_an_insult_is_not() -> None:
    complaint = "Wife just said 'you care more about that allotment than me.' What do I go up and say?"
    warmer = three(told(complaint, "dr"))[0]
    assert "allotment" in warmer and "on me" in warmer
    insult = 'He said "you\'re a lazy cow". What do I answer?'
    assert all("cow" not in one and "on me" not in one for one in three(told(insult, "dr")))


THREAD = """[Sun 9:14] Me: Are we still on for mum's grave at 11?
[Sun 10:50] Paul: cant mate, hungover
[Sun 10:51] Me: You're a disgrace. It's her birthday."""


def test_a_thread_is_read_by_who_wrote_what() -> None:
    thread = read_thread(read_story(THREAD))
    assert thread and thread.other == "Paul" and [line.mine for line in thread.lines] == [True, False, True]
    assert read_thread(read_story("Kaz: Can u have kids fri nite\nMe: no\nKaz: ok")) is not None
    assert read_thread(read_story("I said: no. He said: yes.")) is None
    named = read_thread(read_story("Dele: late x\nMarcus: again\n\nI'm Marcus."))
    assert named and named.other == "Dele"


def test_a_pasted_thread_is_quoted_and_not_taken_for_a_deed() -> None:
    roles = "".join("r" for _ in pieces(clean(THREAD)))
    warmer = three(told(THREAD, roles))[0]
    assert "mum's grave" in warmer and "hungover" in warmer and "disgrace" not in warmer
    assert warmer.startswith("Paul, ")


def test_in_a_group_the_user_is_who_wrote_most_beside_the_other() -> None:
    thread = read_thread(
        read_story(
            "Sam: whoever used my pan, its ruined\nPriya: not me\nLiam: its a pan\nSam: it was my grandpas\n\n"
            "need to write to liam privately"
        )
    )
    assert thread and thread.other == "Liam"
    assert [line.mine for line in thread.lines] == [True, False, True]


@pytest.mark.parametrize("kind", ["fine", "limit"])
def test_what_is_read_as_fine_or_a_limit_stays(kind: str) -> None:
    text = "I'm not lending you any more money, Gary."
    sheet = reframe.compose(told(text, "w", kind), [], ()).sheet
    assert isinstance(sheet, ReframeSheet) and [one.text for one in sheet.rewrites] == [text]


def test_an_insult_is_never_fine_whatever_was_read() -> None:
    sheet = reframe.compose(told("You put our money into crypto, you idiot.", "d", "limit"), [], ()).sheet
    assert isinstance(sheet, ReframeSheet) and sheet.rewrites[0].kind != reframe.AS_IT_IS


def test_a_wish_that_is_read_as_control_is_named_and_not_rewritten() -> None:
    text = "It would mean the world to me if you gave the Thursday netball a miss from now on."
    draft = reframe.compose(told(text, "w", "controlling"), [], ())
    assert isinstance(draft.sheet, ReframeSheet) and not draft.sheet.rewrites and "decide" in draft.text


@pytest.mark.parametrize("kind", ["", "rewrite", "fine", "limit"])
def test_control_that_the_rules_know_is_refused_whatever_was_read(kind: str) -> None:
    text = "I'd feel so much calmer if you shared your location with me and stopped seeing Ben."
    draft = reframe.compose(told(text, "w", kind), [], ())
    assert isinstance(draft.sheet, ReframeSheet) and not draft.sheet.rewrites and "say over" in draft.text


def test_there_are_no_words_for_somebody_who_is_feared() -> None:
    draft = reframe.compose(told("How do I say dinner is late so that he stays calm?", "r", "unsafe"), [], ())
    assert isinstance(draft.sheet, ReframeSheet) and not draft.sheet.rewrites and "Support" in draft.text


def test_an_insult_that_is_not_the_first_is_met_with_a_question() -> None:
    again = 'He called me that again: "you\'re a useless cow". What do I say back?'
    draft = reframe.compose(told(again, "ddr"), [], ())
    assert isinstance(draft.sheet, ReframeSheet) and not draft.sheet.rewrites
    assert "ask for it to stop" in draft.text and "Support" in draft.text


def test_what_the_user_did_is_owned_in_their_own_clauses() -> None:
    assert owned(told("read her diary. she knows. help", "ocr")) == ("I read your diary",)
    text = "Sold the guitar. My husband's. I thought it was the cheap one but it was his dead brother's."
    sheet = repair.compose(told(text, "oco"), [], ()).sheet
    assert isinstance(sheet, RepairSheet)
    assert "I sold the guitar" in sheet.message and "but" not in sheet.message.split()


def test_what_was_done_is_owned_with_its_place_and_out_of_a_long_sentence() -> None:
    fragments = told("I used the wrong name for my housemate. In front of two strangers at the shop.", "o")
    assert owned(fragments) == ("I used the wrong name for you in front of two strangers at the shop",)
    long = told(
        "My wife of fifty-six years has started losing her words as we all do in the end and last night at "
        "cards with the neighbours I finished her sentence for her.",
        "o",
    )
    assert owned(long) == ("I finished your sentence for you",)


def test_what_the_user_did_is_found_where_it_was_read_as_something_else() -> None:
    beside = told(
        "My husband saw the alert. I collected 200k and sent it to my brother without asking him.", "dc"
    )
    assert owned(beside) == ("I collected 200k and sent it to my brother without asking you",)
    as_theirs = told("The boss asked who did the dashboard and I just said 'we'.", "d")
    assert owned(as_theirs) and "I just said 'we'" in owned(as_theirs)[0]
    assert owned(told("Tunde forgot my birthday. I turned 35.", "dc")) == ()
    assert owned(told("I shouted at my son. I was tired.", "o")) == ("I shouted at you",)


def test_who_was_wronged_is_the_main_person_whoever_else_did_something() -> None:
    story = told(
        "My sister Joan and I divided the silver. I said she only ever visited. Lincoln laughed.", "cod"
    )
    sheet = repair.compose(story, [], ()).sheet
    assert isinstance(sheet, RepairSheet) and sheet.message.startswith("Joan, ")
    assert "I said you only visited" in sheet.message


def test_a_message_that_asks_for_repair_takes_nothing_back() -> None:
    story = told("My sister borrowed my coat and lost it, but she bought me lunch. It was mum's.", "dc")
    sheet = repair.compose(story, [], ()).sheet
    assert isinstance(sheet, RepairSheet) and "coat" in sheet.message
    assert "but" not in sheet.message.split()


def test_who_was_hurt_asks_for_repair_and_owns_nothing() -> None:
    sheet = repair.compose(told("Tunde forgot my birthday. I turned 35.", "dc"), [], ()).sheet
    assert isinstance(sheet, RepairSheet) and sheet.own == ""
    assert "you forgot my birthday" in sheet.message and "sorry" not in sheet.message


TEXT = st.text(st.sampled_from("abc YouIhe sayid,.!?'\"\n-:und0"), max_size=160)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TEXT, st.lists(st.sampled_from(sorted(LETTERS)), max_size=40))
def test_pieces_stand_in_the_text_in_order_and_any_roles_give_a_lawful_worksheet(
    text: str, roles: list[str]
) -> None:
    whole = clean(text)
    spans = pieces(whole)
    assert all(a < b for a, b in spans) and spans == sorted(spans)
    assert all(one[1] <= two[0] for one, two in pairwise(spans))
    letters = "".join(roles[n] if n < len(roles) else "r" for n in range(len(spans)))
    story = told(text, letters)
    for line in three(story):
        assert not faults(line) and not lacks(line)
    assert reframe.compose(story, [], ()).text and repair.compose(story, [], ()).text


def test_an_intent_or_kind_counts_only_where_it_is_likely_and_danger_sooner() -> None:
    unsure = Meaning({"fine": 0.38, "limit": 0.36, "rewrite": 0.26}, {"listen": 0.3, "reframe": 0.35})
    assert unsure.kind == "" and unsure.intent == "listen" and Meaning().kind == ""
    assert Meaning({"rewrite": 0.55, "unsafe": 0.3, "controlling": 0.15}).kind == "unsafe"
    assert Meaning({"fine": 0.6}, {"repair": 0.7}).intent == "repair"
