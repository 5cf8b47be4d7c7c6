"""What is read from a message, and the user's words turned round: to the user, and to the other."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coach.errors import KnowledgeError
from coach.settings import bundled
from coach.skills.lexicon import lexicon, read_lexicon
from coach.skills.story import (
    Person,
    looks_english,
    read_story,
    split_sentences,
    to_address,
    to_second_person,
)
from coach.skills.wording import outside_quotes

SECOND = [
    (
        "I snapped at my girlfriend and now she isn't talking to me",
        "You snapped at your girlfriend and now she isn't talking to you",
    ),
    ("I am tired and I was rude.", "You are tired and you were rude."),
    ("I shouted and was rude.", "You shouted and were rude."),
    ("I wasn't there, and I'm ashamed of myself.", "You weren't there, and you're ashamed of yourself."),
    ("We were late and our car broke down.", "You were late and your car broke down."),
    ("She told us it was mine.", "She told you it was yours."),
    ("My sister and I haven't spoken since May.", "You and your sister haven't spoken since May."),
    ("My mum called me and was annoyed.", "Your mum called you and was annoyed."),
    (
        "He said I'm lazy, and I was so tired I cried.",
        "He said you're lazy, and you were so tired you cried.",
    ),
    ('I told him "I am done with my job" and I left.', 'You told him "I am done with my job" and you left.'),
    ("I said 'leave me alone' to my dad", "You said 'leave me alone' to your dad"),
    ("He said “I hate my life” to me.", "He said “I hate my life” to you."),
    ("i've had it, im done, ive tried", "You've had it, you're done, you've tried"),
    ("Was I wrong to tell her?", "Were you wrong to tell her?"),
    ("I was and still am sorry", "You were and still are sorry"),
    (
        "Dad says I never call, and mum agrees with him.",
        "Your dad says you never call, and your mum agrees with him.",
    ),
    ("Our daughter hugged him, not me.", "Your daughter hugged him, not you."),
    ("It hurt me that he laughed at my accent.", "It hurt you that he laughed at your accent."),
    ("Oh my god, I forgot.", "Oh my god, you forgot."),
    ("I just was so angry", "You just were so angry"),
    ("He and I were fine, but dinner was cold.", "You and he were fine, but dinner was cold."),
    ("They live in the US and told us late.", "They live in the US and told you late."),
    ("A friend of mine saw me.", "A friend of yours saw you."),
    ("I'd like to, and I'll try, but I can't.", "You'd like to, and you'll try, but you can't."),
]


@pytest.mark.parametrize(("mine", "yours"), SECOND, ids=[m for m, _ in SECOND])
def test_the_users_words_are_turned_to_the_user(mine: str, yours: str) -> None:
    assert to_second_person(mine) == yours


WIFE, TOM = Person("my wife", "she", "", "wife"), Person("Tom", "he")
ADDRESS = [
    (WIFE, "My wife forgot our anniversary.", "you forgot our anniversary."),
    (
        WIFE,
        "I snapped at my wife and she isn't talking to me",
        "I snapped at you and you aren't talking to me",
    ),
    (
        WIFE,
        "she never helps me and leaves her cups everywhere",
        "you never help me and leave your cups everywhere",
    ),
    (WIFE, "I told her about her mother", "I told you about your mother"),
    (WIFE, "my wife's mother says she's late", "your mother says you're late"),
    (WIFE, 'I said "she is lazy" to my wife', 'I said "she is lazy" to you'),
    (TOM, "Tom said he doesn't care and he has gone", "you said you don't care and you have gone"),
    (TOM, "I lent him his bike", "I lent you your bike"),
    (
        TOM,
        "Tom borrowed my car and hasn't brought it back",
        "you borrowed my car and haven't brought it back",
    ),
]


@pytest.mark.parametrize(("person", "told", "said"), ADDRESS, ids=[t for _, t, _ in ADDRESS])
def test_a_story_is_turned_to_the_other(person: Person, told: str, said: str) -> None:
    assert to_address(told, person) == said


PEOPLE = [
    ("I snapped at my girlfriend and now she isn't talking", "my girlfriend", "she"),
    ("My partner forgot. He always does.", "my partner", "he"),
    ("My partner forgot and they didn't say sorry.", "my partner", "they"),
    ("My boss shouted at me. She said I'm slow.", "my boss", "she"),
    ("Yesterday Tom lied to me, and he laughed.", "Tom", "he"),
    ("I called Robin and got no answer.", "Robin", "they"),
    ("Mum keeps ringing me at work.", "Mum", "she"),
    ("My best friend Priya got married and I wasn't invited.", "my best friend", "they"),
    ("my husband's mother hates me and my husband says nothing", "my husband", "he"),
    ("He never texts back.", "", "he"),
    ("My parents say their house is too small for us.", "my parents", "they"),
    ("My younger brother took the car.", "my younger brother", "he"),
]


@pytest.mark.parametrize(("text", "name", "pronoun"), PEOPLE, ids=[t for t, _, _ in PEOPLE])
def test_people_are_named_as_the_user_names_them(text: str, name: str, pronoun: str) -> None:
    main = read_story(text).main
    assert main is not None and (main.name, main.pronoun) == (name, pronoun)


@pytest.mark.parametrize(
    "text", ["On Monday I went to Tesco in Leeds.", "I love Christmas.", "Work is awful."]
)
def test_places_and_days_are_nobody(text: str) -> None:
    assert read_story(text).people == ()


def test_who_was_named_before_is_still_known() -> None:
    story = read_story("She still won't answer.", ["My sister Ana hung up on me."])
    assert story.main is not None and story.main.second == "Ana" and story.main.pronoun == "she"


FELT = [
    ("I'm gutted and knackered", ("gutted", "tired"), ()),
    ("I feel so unappreciated", (), ("unappreciated",)),
    ("I'm not angry, I'm fed up", ("fed up",), ()),
    ("She was angry with me", (), ()),
    ("I lost my keys", (), ()),
    ("I feel lost", ("confused",), ()),
    ("He makes me feel used and small", ("small",), ("used",)),
    ("I used to feel fine", (), ()),
    ("It leaves me feeling trapped", (), ("trapped",)),
]


@pytest.mark.parametrize(("text", "feelings", "pseudo"), FELT, ids=[t for t, _, _ in FELT])
def test_only_the_users_own_feelings_are_found(
    text: str, feelings: tuple[str, ...], pseudo: tuple[str, ...]
) -> None:
    story = read_story(text)
    assert (story.feelings, story.pseudo) == (feelings, pseudo)


def test_words_that_may_disclose_are_marked() -> None:
    assert read_story("I feel trapped and ignored at home.").disclosures == ("trapped",)


@pytest.mark.parametrize(
    ("text", "words", "by"),
    [
        ('He said "you are so dramatic" and left.', "you are so dramatic", "He"),
        ('I told her "do it yourself then" and walked off.', "do it yourself then", "me"),
        ('"Grow up, will you", Tom said.', "Grow up, will you", "Tom"),
    ],
)
def test_quotes_keep_their_speaker(text: str, words: str, by: str) -> None:
    quote = read_story(text).quotes[0]
    assert (quote.words.rstrip(","), quote.by) == (words, by)


RAW = [
    "You never listen to me!",
    "Why can't you ever be on time?",
    "Stop reading my phone",
    '"You are so lazy"',
    "You and your bloody phone!",
]
TOLD = [
    "You know what, my husband said I'm lazy and he laughed.",
    "Can you help me write to my sister?",
    "My wife never listens to me.",
    "What do you think I should do?",
    "I shouted at him.",
    "Do you speak Spanish?",
]


@pytest.mark.parametrize("text", RAW)
def test_a_remark_to_somebody_is_raw(text: str) -> None:
    assert read_story(text).raw


@pytest.mark.parametrize("text", TOLD)
def test_a_story_or_a_question_to_the_coach_is_not_raw(text: str) -> None:
    assert not read_story(text).raw


def test_a_question_at_the_end_is_seen() -> None:
    assert read_story("He left again. Should I call him?").question == "Should I call him?"
    assert not read_story('He asked "are you mad?" and left.').asks


def test_the_telling_part_is_not_the_preamble() -> None:
    story = read_story(
        "Hi, sorry for the long text. I don't know where to start. My brother told "
        "everyone at dinner that I got fired. Anyway, any advice?"
    )
    assert story.telling[0].startswith("My brother told everyone")


def test_sentences_do_not_break_in_quotes_or_titles() -> None:
    assert split_sentences('She said "Why? Just why." and left. Dr. Low saw it at 3.30 p.m. on Friday.') == [
        'She said "Why? Just why." and left.',
        "Dr. Low saw it at 3.30 p.m. on Friday.",
    ]


ENGLISH = [
    ("gf mad again", True),
    ("help", True),
    ("My husband forgot our anniversary", True),
    ("Mi marido no me habla desde hace una semana", False),
    ("Mon mari ne me parle pas depuis une semaine et je suis triste", False),
    ("Meine Frau redet nicht mit mir", False),
    ("夫が話を聞いてくれない", False),
    ("Hola", False),
]


@pytest.mark.parametrize(("text", "english"), ENGLISH, ids=[t for t, _ in ENGLISH])
def test_other_languages_are_noticed(text: str, english: bool) -> None:
    assert looks_english(text) is english


@pytest.mark.parametrize("text", ["", "   ", "😭😭", "...", "\u202e\u200f", "\x00\x01"])
def test_nothing_to_read_is_read(text: str) -> None:
    story = read_story(text)
    assert story.people == () and story.telling == () and not story.raw


@given(st.text(max_size=400))
@settings(max_examples=200, deadline=None)
def test_turning_never_raises_and_never_touches_quotes(text: str) -> None:
    turned = to_second_person(text)
    for piece, quoted in outside_quotes(text):
        if quoted:
            assert piece in turned
    to_address(text, WIFE)
    read_story(text, [text])


@pytest.mark.parametrize(
    "text",
    ["I love my " * 20_000, "a'" * 100_000, '"I said ' * 25_000, "I\n" * 100_000, "she said she " * 15_000],
)
def test_two_hundred_thousand_characters_are_read_in_half_a_second(text: str) -> None:
    read_story("warm")
    began = time.perf_counter()
    read_story(text)
    assert time.perf_counter() - began < 0.5


# --- the lexicon ------------------------------------------------------------------------------


def test_the_bundled_lexicon_is_whole() -> None:
    book = lexicon()
    assert (
        len(book.feelings) >= 35
        and len(book.pseudo) >= 30
        and len(book.needs) >= 20
        and len(book.themes) >= 25
    )
    asked = {word for word, entry in book.pseudo.items() if entry.ask}
    assert {"threatened", "trapped", "controlled", "forced", "unsafe", "violated", "attacked"} <= asked
    for theme in book.themes:
        assert theme.feeling in book.feelings and theme.need in book.needs
        assert all("?" not in line for line in (*theme.sense, *theme.view, *theme.limit))
        assert all(line.count("?") == 1 for line in theme.ask)
    for entry in book.pseudo.values():
        assert set(entry.under) <= set(book.feelings) and entry.need in book.needs


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("families:", "famlies:", "famlies"),
        ("family: anger", "family: angr", "angr"),
        ("need: to be noticed, ask: false", "need: to be seen, ask: false", "to be seen"),
        (", ask: true}", ", ask: maybe}", "true or false"),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = (bundled("knowledge") / "feelings.yaml").read_text(encoding="utf-8")
    broken = tmp_path / "feelings.yaml"
    broken.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(KnowledgeError, match="feelings") as caught:
        read_lexicon(broken, bundled("knowledge") / "themes.yaml", bundled("knowledge") / "thoughts.yaml")
    assert said in str(caught.value)


def test_an_unknown_place_in_a_line_is_named(tmp_path: Path) -> None:
    text = (bundled("knowledge") / "themes.yaml").read_text(encoding="utf-8")
    broken = tmp_path / "themes.yaml"
    broken.write_text(text.replace("about {it} than", "about {thing} than", 1), encoding="utf-8")
    with pytest.raises(KnowledgeError, match="thing"):
        read_lexicon(bundled("knowledge") / "feelings.yaml", broken, bundled("knowledge") / "thoughts.yaml")
