"""The support replies and the directory: complete for every risk, true to sources, never the same twice."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shared import dialled, numbers_in

from coach.errors import KnowledgeError
from coach.safety import answers, support
from coach.safety.cases import CASES, cases
from coach.safety.directory import Directory, country_named, guess_country, read_country, read_directory
from coach.safety.support_texts import LANGUAGES, Text, Texts, bundled_texts, read_text, read_texts
from coach.turn import ABUSE, CATEGORIES, FLAGS, Conversation, Level, Message, Risk, Subject

LEVELS: tuple[Level, ...] = (1, 2, 3)
PROFESSIONAL = re.compile(r"doctor|therapist|advocate|midwife|school nurse|police", re.I)
SUBJECTS: tuple[Subject, ...] = ("self", "other")


@pytest.fixture(scope="module")
def texts() -> Texts:
    return bundled_texts()


@lru_cache(maxsize=1)
def shipped() -> Directory:
    return read_directory()


def test_all_files_are_sound(directory: Directory, texts: Texts) -> None:
    assert directory.problems == () and texts.problems == ()
    assert set(directory.countries) >= {"US", "GB", "IE", "CA", "AU", "NZ", "IN", "world"}
    assert list(directory.countries)[-1] == "world"
    assert len(texts.texts) > 100
    marks = [text.mark for text in texts.texts]
    assert len(set(marks)) == len(marks) and min(map(len, marks)) > 20
    assert not any(one != other and one in other for one in marks for other in marks)


def test_uk_lines_carry_their_nation(directory: Directory) -> None:
    words = support.first(Risk(2, "partner_violence", "self"), directory, country="GB", guess=None).text
    assert (
        "(England): call 0808 2000 247" in words
        and "Scotland's Domestic Abuse Helpline (Scotland): call 0800 027 1234" in words
    )


@pytest.mark.parametrize("country", ["US", "GB", "IE", "CA", "AU", "NZ", "IN", "world", None])
@pytest.mark.parametrize("category", CATEGORIES)
def test_every_risk_has_a_complete_reply(directory: Directory, category: str, country: str | None) -> None:
    shown = (country, "world") if country else ("world", "IE")
    allowed = set().union(*(dialled(directory.entries[code]) for code in shown))
    for contact in (c for code in shown for c in directory.entries[code].contacts):
        allowed |= numbers_in(f"{contact.name} {contact.url}")  # such as 1800RESPECT
    for level in LEVELS:
        for subject in SUBJECTS:
            for flags in ((), *((flag,) for flag in FLAGS)):
                risk = Risk(level, category, subject, flags)
                reply = support.first(risk, directory, country=country, guess="IE")
                words = reply.text
                assert re.search(r"I am (?:still )?a program", words) and "cannot call" in words
                assert f"Numbers for: {directory.entries[country or 'world'].name}\n- " in words
                assert not re.search(r"[{}]", words)
                assert numbers_in(words) <= allowed
                assert "?" in words.rsplit("\n\n", 1)[1]
                assert reply.awaited in answers.QUESTIONS and reply.paused == (level >= 2)
                assert category == "medical_emergency" or PROFESSIONAL.search(words)
                assert re.search(r"you trust|friend|neighbour|someone|another adult", words)
                if level == 3:
                    emergency = directory.entries[country or "world"].emergency.said
                    assert emergency in "\n\n".join(words.split("\n\n")[:2])
                    assert reply.contacts[0].name == "Emergency services"
                assert len(reply.contacts) >= 2


def test_every_first_text_is_short_and_made_for_it(directory: Directory, texts: Texts) -> None:
    made = [text for text in texts.texts if text.purpose == "first"]
    for text in made:
        assert 60 <= len(words_of(text)) <= 130, text.name
        assert max(len(s.split()) for s in re.split(r"[.?!:]\s", text.body.replace("{lines}", "."))) <= 42, (
            text.name
        )
    covered = {
        (c, level, s)
        for t in made
        if not t.flag and not t.case
        for level in t.levels
        for c in t.categories
        for s in _subjects(t.subject)
    }
    assert covered == {(c, level, s) for c in CATEGORIES for level in LEVELS for s in ("self", "other")}


def words_of(text: Text) -> list[str]:
    return re.sub(r"\{\w+\}", "x", text.body).split()


def _subjects(subject: str | None) -> tuple[str, ...]:
    return ("self", "other") if subject == "any" else (str(subject),)


FORBIDDEN = {
    "leading negative": r"you(?:'re| are) not (?:thinking|going|suicidal)[^.?]*\?|don't you\b",
    "promise of secrecy or rescue": r"your secret|never tell|safe with me|I will keep you|I promise",
    "contract": r"promise me|must promise",
    "odds": r"percent|per cent|times more likely|most abuse|statistic",
    "order about the relationship": r"you (?:must|should|have to) (?:leave|stay)|leave (?:him|her)",
    "therapy-speak": r"valid\b|so sorry|sorry to hear|reach out\b|safe space|are so strong|brave",
    "method": r"\b(?:pills?|rope|bridge|gun|firearm|knife|blade|razor|overdose|hang|jump|gas|dose)\b",
    "diagnosis": r"you (?:have|suffer from) (?:depression|a disorder|psychosis|anorexia)|narciss|toxic",
}


@pytest.mark.parametrize("fault", FORBIDDEN)
def test_no_text_has_a_known_fault(texts: Texts, fault: str) -> None:
    pattern = re.compile(FORBIDDEN[fault], re.I)
    for text in texts.texts:
        assert not pattern.search(text.body), (text.name, pattern.search(text.body))
    assert not any(pattern.search(words) for words in support.LAST_RESORT)


def test_what_each_kind_of_risk_needs_is_said(directory: Directory) -> None:
    def words(level: Level, category: str, subject: Subject = "self", *flags: str) -> str:
        risk = Risk(level, category, subject, flags)
        return support.first(risk, directory, country="GB", guess=None).text

    assert "are you thinking about suicide now?" in words(2, "suicide")
    assert "thoughts of suicide" in words(1, "suicide")
    assert "Be with someone" in words(3, "suicide") and "Move away from anything" in words(3, "suicide")
    friend = words(2, "suicide", "other")
    assert "Take it as real" in friend and "ask them straight out" in friend and "call 999" in friend
    for level in LEVELS[1:]:
        for needed in ("safe", "fault", "confront", "neck", "doctor"):
            assert needed in words(level, "partner_violence")
    assert words(2, "partner_violence").startswith("First: is it safe to read this here?")
    assert "what happens when you say no?" in words(1, "partner_violence")
    family = words(2, "family_violence")
    assert "outside the family" in family and "relative" not in family.split("Numbers for")[0]
    assert "within three days" in words(2, "sexual_assault") and "I believe you" in words(3, "sexual_assault")
    baby = words(1, "harm_to_others", "other", "perinatal")
    assert "very common" in baby and "midwife" in baby and "NSPCC" not in baby and "0808 802 4040" not in baby
    request = words(1, "partner_violence", "self", "controlling_request")
    assert "I will not help" in request and "0808 802 4040" in request
    assert "not stop all at once" in words(2, "substance_crisis") and "not stop all at once" in words(
        3, "substance_crisis"
    )
    for level in LEVELS:
        minor = words(level, "suicide", "self", "minor")
        assert "0800 1111" in minor and re.search("teacher|school nurse", minor)
        assert "home is safe for you" in minor and ("suicide" in minor) == (level < 3)
    assert "under eighteen" in words(2, "eating_disorder", "self", "minor")


def test_both_kinds_of_help_for_someone_who_hit_back_and_never_the_perpetrators_line_first(
    directory: Directory,
) -> None:
    for category in ("partner_violence", "harm_to_others"):
        risk = Risk(2, category, "self", ("both_hurt",))
        words = support.first(risk, directory, country="GB", guess=None).text
        assert words.index("0808 2000 247") < words.index("0808 802 4040")
        assert "afraid of them" in words


def test_unknown_country_puts_the_world_first_and_names_the_guess(directory: Directory) -> None:
    found = directory.contacts(None, "suicide", guess="US", level=2)
    assert found[0].name == "Find A Helpline" and found[0].country == "any country"
    us = [i for i, c in enumerate(found) if c.country == "United States"]
    assert us and min(us) > max(i for i, c in enumerate(found) if c.country == "any country")
    words = support.first(Risk(2, "suicide", "self"), directory, country=None, guess="US").text
    assert words.index("findahelpline.com") < words.index("you are in: United States") < words.index("988")
    assert "do not know your country" in words
    assert "988" not in support.first(Risk(2, "suicide", "self"), directory, country=None, guess=None).text
    assert {c.country for c in directory.contacts("XX", "suicide", guess="US")} == {"any country"}


def test_a_known_country_brings_no_other_countrys_numbers(directory: Directory) -> None:
    for category in (*CATEGORIES, None):
        found = directory.contacts("NZ", category, guess="US", level=3)
        assert {c.country for c in found} == {"New Zealand", "any country"}
        assert found[0].number == "111" and found[-1].url


def test_perpetrator_lines_are_only_for_those_who_may_harm(directory: Directory) -> None:
    for category in ABUSE:
        assert all("Respect" not in c.name for c in directory.contacts("GB", category, level=2))
    assert directory.contacts("GB", "harm_to_others", subject="self", level=2)[0].name == "Respect Phoneline"


DOOR = re.compile(r"go on writing|come back|keep writing|write (?:here )?again|write more|stay open")


def test_every_text_at_level_two_and_three_says_what_it_must(texts: Texts) -> None:
    for text in texts.texts:
        if text.purpose not in ("first", "again") or text.levels == (1,):
            continue
        body = text.body
        assert "Numbers for: {country}\n{lines}" in body and "{emergency}" in body, text.name
        assert re.search(r"I am (?:still )?a program|As a program", body) and "cannot" in body, text.name
        assert re.search(
            r"you trust|friend|neighbour|someone|somebody|(?:another|calm) (?:adult|person)|colleague", body
        ), text.name
        # one question, at the end; only whether it is safe to read may stand before it
        assert DOOR.search(body) and body.split("{lines}")[1].count("?") == 1, text.name
        assert body.count("?") == 1 + body.startswith("First: is it safe to read"), text.name


def test_nobody_who_may_be_the_danger_is_offered_as_the_trusted_person(texts: Texts) -> None:
    for text in texts.texts:
        at_home = {"family_violence", "child_abuse"} & set(text.categories)
        if text.purpose == "first" and at_home and text.subject == "self":
            offered = r"\b(?:parents?|family|relatives?|elders?) (?:can|could|may|will|might)\b"
            assert not re.search(offered, text.body), text.name
        if text.case == "honour":
            assert "faith leader" in text.body and "relative" in text.body and "mediate" in text.body
        if text.flag == "minor" and text.purpose == "first":
            assert "at home, if home is safe" in text.body or "home if home is safe" in text.body, text.name


# ── cases with words of their own ────────────────────────────────────────────────────────────────────────

PV, FV = "partner_violence", "family_violence"
REACHED: list[tuple[str, Risk, str]] = [
    ("throat-now-self", Risk(3, PV, "self"), "He choked me last night and now I feel fine"),
    (
        "throat-now-self",
        Risk(2, PV, "self"),
        "on sunday he had his hands round my neck. my voice is still hoarse",
    ),
    ("throat-now-self", Risk(2, PV, "self"), "3 days ago he put his arm across my throat"),
    ("throat-now-self", Risk(2, PV, "self", ("perinatal",)), "he pressed on my throat again"),
    ("throat-now-self", Risk(2, PV, "self"), "he strangled me, I'm twenty weeks pregnant, was it my fault"),
    (
        "throat-now-self",
        Risk(2, "sexual_assault", "self"),
        "he choked me during sex yesterday without asking",
    ),
    ("throat-now-self", Risk(2, PV, "self"), "no he strangled me on tuesday and I blacked out"),
    ("throat-now-self", Risk(2, PV, "self"), "two months ago he choked me and my voice is still hoarse"),
    ("throat-self", Risk(2, PV, "self"), "two years ago he choked me once, we laugh about it now"),
    ("throat-self", Risk(2, PV, "self"), "he likes to hold me by the throat"),
    ("throat-now-other", Risk(3, PV, "other"), "my sister says he had his hands around her neck tonight"),
    ("throat-other", Risk(2, PV, "other"), "last year he strangled my sister"),
    ("throat-done", Risk(2, "harm_to_others", "self"), "I grabbed her by the throat yesterday"),
    ("weapon-self", Risk(2, PV, "self"), "he keeps a gun by the bed and pats it when we argue"),
    ("weapon-self", Risk(3, FV, "self"), "my son came at me with the kitchen knife"),
    ("weapon-other", Risk(3, PV, "other"), "her husband is outside with a machete"),
    ("forced-2-self", Risk(2, PV, "self"), "he had sex with me while I was asleep"),
    ("if_left-2", Risk(2, "suicide", "other"), "my boyfriend says he'll kill himself if I leave him"),
    ("if_left-2", Risk(2, "suicide", "other"), "we broke up and now she says she can't live"),
    ("if_left-3", Risk(3, "suicide", "other"), "I told him I want a divorce and he is on the roof"),
    ("withdrawal-self", Risk(2, "substance_crisis", "self"), "I stopped drinking on sunday and I see bugs"),
    ("withdrawal-other", Risk(3, "substance_crisis", "other"), "he came off the benzos and had a seizure"),
    ("honour-2-self", Risk(2, FV, "self"), "they took my passport and say I will marry my cousin"),
    ("honour-3-self", Risk(3, FV, "self"), "the wedding is friday, I don't want it, they have my passport"),
    ("honour-2-self", Risk(2, "child_abuse", "self", ("minor",)), "my dad says I bring shame on the family"),
    ("honour-other", Risk(2, FV, "other"), "my cousin is being forced to marry"),
    ("voices-3-self", Risk(3, "psychosis", "self"), "the voice tells me to do it before she wakes"),
    ("psychosis-3-self", Risk(3, "psychosis", "self"), "I know she has been replaced and I must stop it"),
    ("psychosis-3-perinatal", Risk(3, "psychosis", "self", ("perinatal",)), "the baby was swapped"),
    ("baby-1", Risk(1, "harm_to_others", "self", ("perinatal",)), "pictures of dropping her, I would never"),
    (
        "baby-unwanted",
        Risk(2, "harm_to_others", "self", ("perinatal",)),
        "these pictures of him falling horrify me",
    ),
    (
        "baby-2",
        Risk(2, "harm_to_others", "self", ("perinatal",)),
        "I had the urge to shake her, I'm horrified",
    ),
    ("baby-3", Risk(3, "child_abuse", "self", ("perinatal",)), "I am scared, I shook him"),
    ("both_hurt-2", Risk(2, PV, "self", ("both_hurt",)), "he choked me last week and I hit back"),
    (
        "controlling_request-2",
        Risk(2, PV, "self", ("controlling_request",)),
        "how do I track her phone, I have a gun",
    ),
    ("sexual_assault-2-self", Risk(2, "sexual_assault", "self"), "a man at work forced me on friday"),
    ("suicide-2-minor", Risk(2, "suicide", "self", ("minor",)), "I don't want to be here"),
    ("suicide-3-minor", Risk(3, "suicide", "self", ("minor",)), "tonight after school"),
    ("self_harm-2-minor", Risk(2, "self_harm", "self", ("minor",)), "I cut"),
]
# Words of danger that are about something else, or said not to be so.
NOT_REACHED: list[tuple[str, Risk, str]] = [
    ("throat", Risk(2, PV, "self"), "he has never choked me but he hits the wall beside me"),
    ("throat", Risk(2, PV, "self"), "it is choking my social life and I get choked up"),
    ("weapon", Risk(2, PV, "self"), "maybe I am jumping the gun, he took the car keys"),
    ("if_left", Risk(2, "suicide", "other"), "my friend wants to die. should I leave him alone tonight"),
    ("honour", Risk(2, FV, "self"), "my son hits me, I am his mother, my wife is afraid"),
    ("withdrawal", Risk(2, "substance_crisis", "self"), "I drink every evening and cannot stop"),
    ("unwanted", Risk(2, "harm_to_others", "self"), "I wanted to shake him, I see pictures, it scares me"),
]


@pytest.mark.parametrize(("name", "risk", "message"), REACHED, ids=lambda value: str(value)[:32])
def test_a_special_case_is_answered_in_its_own_words(
    directory: Directory, texts: Texts, name: str, risk: Risk, message: str
) -> None:
    (text,) = (t for t in texts.texts if t.name == name)
    reply = support.first(risk, directory, country="IE", guess=None, message=message)
    assert text.said_in(reply.text), reply.text
    again = support.first(risk, directory, country="IE", guess=None, message=message, said=[reply.text])
    assert again.text != reply.text


@pytest.mark.parametrize(("case", "risk", "message"), NOT_REACHED, ids=lambda value: str(value)[:32])
def test_words_of_danger_about_something_else_change_nothing(case: str, risk: Risk, message: str) -> None:
    assert not any(found.startswith(case) for found in cases(message, risk))


def test_every_case_has_texts_and_every_special_text_is_reached(texts: Texts) -> None:
    special = {t.name: t for t in texts.texts if t.case}
    assert {t.case for t in special.values()} == set(CASES)
    assert special.keys() <= {name for name, _, _ in REACHED}


def test_what_the_special_texts_say(texts: Texts) -> None:
    body = {t.name: " ".join(t.body.split()) for t in texts.texts}
    for name in ("throat-now-self", "throat-now-other", "throat-self", "throat-other"):
        for needed in ("pregnant", "voice", "swallowing", "doctor", "{emergency}"):
            assert needed in body[name], (name, needed)
    assert "during sex" in body["throat-now-self"] and "seven days" in body["throat-self"]
    for needed in (
        "Take it as real",
        "not yours to prevent by staying",
        "Do not go there alone",
        "afraid of them",
    ):
        assert needed in body["if_left-2"]
    assert "help for them" in body["if_left-2"] and "not yours to prevent by staying" in body["if_left-3"]
    for name in (
        "withdrawal-self",
        "withdrawal-other",
        "substance_crisis-2-self",
        "substance_crisis-2-other",
    ):
        assert re.search(r"all at once", body[name]) and "seizure" in body[name]
    assert "child protection" not in body["baby-unwanted"] and "very common" in body["baby-unwanted"]
    assert (
        "within three days" in body["forced-2-self"] and "Each step is your choice" in body["forced-2-self"]
    )
    assert (
        "afraid of whom" in body["both_hurt-1"]
        and "before you confront them or leave" in body["forced-2-self"].lower()
    )


def test_strangling_told_in_the_middle_of_a_dialogue_is_not_passed_over(directory: Directory) -> None:
    replies = talk(
        directory, Risk(2, PV, "self"), ["yes it's safe", "yes. yesterday he choked me", "go back"]
    )
    assert "needs a doctor now" in replies[2].text and replies[2].awaited == "someone" and replies[2].paused
    assert not replies[3].paused
    plain = talk(directory, Risk(2, PV, "self"), ["yes", "he never choked me or anything"])
    assert "needs a doctor now" not in plain[2].text


@given(st.text(), st.sampled_from(LEVELS), st.sampled_from(CATEGORIES), st.sampled_from(((), ("perinatal",))))
def test_any_message_is_sorted_without_an_error(
    text: str, level: Level, category: str, flags: tuple[str, ...]
) -> None:
    assert set(cases(text, Risk(level, category, "self", flags))) <= set(CASES)


def test_a_long_message_takes_no_time() -> None:
    for piece in ("i left ", "he came with a ", "hands ", "my ex says ", "see the the ", "choked " * 3):
        begun = time.perf_counter()
        cases(piece * 20_000, Risk(2, PV, "self"))
        assert time.perf_counter() - begun < 0.2, piece


# ── the dialogue ─────────────────────────────────────────────────────────────────────────────────────────

ANSWERS_TO_TRY = (
    *(
        "yes",
        "no",
        "maybe",
        "",
        "...",
        "fuck you",
        "what happens if I call?",
        "which number?",
        "I'm in Ireland",
    ),
    *(
        "go back",
        "he came home late again",
        "no, but sometimes",
        "stop asking",
        "I don't know",
        "UK",
        "stay here",
        "safety plan",
        "skip",
        "stop",
        "I go out with my brother's dog",
        "he choked me last night",
    ),
)


def talk(
    directory: Directory,
    risk: Risk,
    said: list[str],
    *,
    message: str = "I have to tell somebody",
    language: str = "en",
    unsafe: bool = False,
) -> list[support.SupportReply]:
    """A first reply and the dialogue after it, carried as the pipeline carries it."""
    opening = support.first(risk, directory, country=None, guess="US", message=message, language=language)
    replies = [opening]
    conversation = Conversation(
        (Message("user", message), Message("coach", opening.text)),
        risk=risk,
        paused=True,
        awaited=opening.awaited,
        unsafe=unsafe,
    )
    for text in said:
        reply = support.follow_up(conversation, text, directory, guess="US", language=language)
        replies.append(reply)
        conversation = Conversation(
            (*conversation.messages, Message("user", text), Message("coach", reply.text)),
            risk=risk,
            paused=True,
            awaited=reply.awaited,
            country=reply.country or conversation.country,
            unsafe=unsafe,
        )
    return replies


@settings(deadline=None)  # the first call reads the files
@given(
    st.sampled_from(CATEGORIES),
    st.sampled_from((2, 3)),
    st.sampled_from(SUBJECTS),
    st.sampled_from(((), *((flag,) for flag in FLAGS))),
    st.lists(st.one_of(st.sampled_from(ANSWERS_TO_TRY), st.text(max_size=30)), max_size=14),
    st.sampled_from(("en", "en", "en", "es", "hi", "tr")),
    st.booleans(),
)
def test_never_the_same_text_twice_in_a_row(
    category: str,
    level: Level,
    subject: Subject,
    flags: tuple[str, ...],
    said: list[str],
    language: str,
    unsafe: bool,
) -> None:
    said = [re.sub(r"[{}]", "", text) for text in said]  # a plan gives them back
    replies = talk(shipped(), Risk(level, category, subject, flags), said, language=language, unsafe=unsafe)
    for before, after in pairwise(replies):
        assert after.text != before.text
        assert before.text.split("\n")[0] != after.text.split("\n")[0]
    for reply in replies:
        assert not re.search(r"[{}]", reply.text) and reply.contacts
        assert reply.awaited is None or reply.awaited in answers.QUESTIONS


@settings(deadline=None)  # the first call reads the files
@given(
    st.sampled_from(CATEGORIES),
    st.sampled_from(LEVELS),
    st.sampled_from(SUBJECTS),
    st.integers(2, 6),
)
def test_the_same_risk_again_is_answered_in_other_words(
    category: str, level: Level, subject: Subject, times: int
) -> None:
    said = [""]
    for _ in range(times):
        reply = support.first(Risk(level, category, subject), shipped(), country="AU", guess=None, said=said)
        assert reply.text != said[-1] and reply.awaited in answers.QUESTIONS
        said.append(reply.text)


def test_a_suicide_dialogue_takes_its_steps(directory: Directory) -> None:
    replies = talk(
        directory, Risk(2, "suicide", "self"), ["yes", "no", "ok", "my sister's dog", "no", "no", "go back"]
    )
    assert [r.awaited for r in replies] == [
        "suicide",
        "plan",
        "call",
        "plan_offer",
        "plan_offer",
        "back",
        "free",
        None,
    ]
    assert [r.paused for r in replies] == [True] * 7 + [False]


SUICIDAL = Risk(2, "suicide", "self")
WORDS = [
    "I stop answering",
    "the long way round the lake",
    "Mara's kitchen",
    "my aunt",
    "Dr Bell",
    "he keeps the key",
]


def test_a_safety_plan_is_given_back_in_the_users_own_words(directory: Directory, texts: Texts) -> None:
    replies = talk(directory, SUICIDAL, ["yes", "no", "no", "yes please", *WORDS])
    assert [r.awaited for r in replies[3:]] == ["plan_offer", *answers.PLAN_STEPS, "back"]
    for reply, step in zip(replies[4:10], texts.plan, strict=True):
        assert reply.text.endswith(step.body) and reply.text.count("?") == 1
    end = replies[-1].text
    for step, words in zip(texts.plan, WORDS, strict=True):
        assert f"{step.heading}: “{words}”" in end
    assert "history" in end and replies[-1].paused


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(("skip", "", "no", "I don't know", "my sister", "a walk")), min_size=6, max_size=6
    )
)
def test_each_step_of_the_plan_may_be_skipped(given_answers: list[str]) -> None:
    replies = talk(shipped(), SUICIDAL, ["safety plan", *given_answers])
    assert [r.awaited for r in replies[1:]] == [*answers.PLAN_STEPS, "back"]
    wanted = [words for words in given_answers if words in ("my sister", "a walk")]
    assert re.findall(r": “(.*)”", replies[-1].text) == wanted
    assert ("stays empty" in replies[-1].text) == (not wanted)
    for before, after in pairwise(replies):
        assert before.text.split("\n")[0] != after.text.split("\n")[0]


def test_the_plan_can_be_left_resumed_and_ended_early(directory: Directory) -> None:
    said = [
        "safety plan",
        "I stop eating",
        "what happens when I call?",
        "yes",
        "safety plan",
        "a bath",
        "stop",
    ]
    replies = talk(directory, SUICIDAL, said)
    assert [r.awaited for r in replies[1:]] == [
        *("plan_signs", "plan_alone", "call", "plan_offer", "plan_places", "plan_people", "back")
    ]
    assert "“I stop eating”" in replies[-1].text and "“a bath”" in replies[-1].text
    assert "what happens" not in replies[-1].text
    abroad = talk(directory, SUICIDAL, ["safety plan", "I'm in Ireland", "I stop eating", "that's enough"])
    assert abroad[2].awaited == "plan_signs" and "Numbers for: Ireland" in abroad[2].text
    assert "“I stop eating”" in abroad[-1].text and "“I'm in Ireland”" not in abroad[-1].text
    assert talk(directory, SUICIDAL, ["safety plan", "go back"])[-1].paused is False
    twice = talk(directory, SUICIDAL, ["safety plan", "my breath", "stop", "safety plan", "stop"])
    assert "“my breath”" in twice[-1].text


def test_danger_in_the_middle_of_a_plan_does_not_become_part_of_it(directory: Directory) -> None:
    opening = talk(directory, SUICIDAL, ["safety plan"])
    severe = support.first(Risk(3, "suicide", "self"), directory, country=None, guess=None)
    conversation = Conversation(
        (
            Message("coach", opening[1].text),
            Message("user", "they are in front of me"),
            Message("coach", severe.text),
        ),
        risk=Risk(3, "suicide", "self"),
        paused=True,
        awaited="someone",
    )
    assert support.written_plan(conversation, "yes", bundled_texts()) == ()


def test_no_plan_is_written_where_somebody_is_the_danger(directory: Directory) -> None:
    for risk in (Risk(2, PV, "self"), Risk(2, "child_abuse", "self"), Risk(2, "harm_to_others", "self")):
        reply = talk(directory, risk, ["can we make a safety plan"])[-1]
        assert reply.awaited == "call" and "I do not write" in reply.text
    assert "advocate" in talk(directory, Risk(2, PV, "self"), ["safety plan"])[-1].text
    for said in (["safety plan"], ["yes", "no", "yes", "my dog"], ["yes", "no", "no"]):
        for reply in talk(directory, SUICIDAL, said, unsafe=True):
            assert reply.awaited not in ("plan_offer", *answers.PLAN_STEPS)
    assert "theirs" in talk(directory, Risk(2, "suicide", "other"), ["safety plan"])[-1].text


def test_a_yes_to_the_question_about_suicide_opens_the_plan_whatever_came_first(directory: Directory) -> None:
    replies = talk(directory, Risk(2, "eating_disorder", "self"), ["yes", "no", "no"])
    assert replies[-1].awaited == "plan_offer"
    assert talk(directory, Risk(2, "eating_disorder", "self"), ["no", "a friend"])[-1].awaited == "back"


def test_unwilling_to_call_at_level_three_is_not_the_end(directory: Directory) -> None:
    for risk in (Risk(3, "suicide", "self"), Risk(3, PV, "self"), Risk(3, "medical_emergency", "self")):
        conversation = Conversation((Message("coach", "x"),), risk=risk, paused=True, awaited="call")
        reply = support.follow_up(conversation, "no", directory, guess=None)
        assert reply.awaited == "free" and "your local emergency number" in reply.text
        assert "someone else make the call" in reply.text


def test_a_level_one_question_that_was_passed_over_is_asked_once_more_and_no_oftener(
    directory: Directory,
) -> None:
    risk = Risk(1, "suicide", "self")
    opening = support.first(risk, directory, country=None, guess=None)
    asked = Conversation((Message("coach", opening.text),), risk=risk, awaited=opening.awaited)
    assert support.asks_once_more(asked, "I am just in everyone's way, and the dishes again")
    assert not support.asks_once_more(asked, "no, nothing like that")
    gentler = support.first(risk, directory, country=None, guess=None, said=asked.coach_texts)
    assert "a moment longer" in gentler.text and gentler.awaited == "suicide" and not gentler.paused
    twice = replace(asked, messages=(*asked.messages, Message("user", "…"), Message("coach", gentler.text)))
    assert not support.asks_once_more(twice, "I am just in everyone's way")


def test_how_it_is_to_call(directory: Directory) -> None:
    for risk in (SUICIDAL, Risk(2, PV, "self"), Risk(2, "suicide", "other"), Risk(2, "psychosis", "self")):
        words = talk(directory, risk, ["what happens when I call, and what does it cost?"])[-1].text
        assert (
            "answers" in words and "first sentence" in words and "free" in words and "Numbers for:" in words
        )


def test_an_abuse_dialogue_stops_where_reading_is_not_safe(directory: Directory) -> None:
    replies = talk(
        directory,
        Risk(2, "partner_violence", "self"),
        ["no he's in the next room", "yes now it is", "yes", "go back"],
    )
    assert "Press Leave now" in replies[1].text and replies[1].awaited == "safe_here"
    assert replies[2].awaited == "afraid" and "counts" in replies[3].text
    assert "meant for two" in replies[4].text and not replies[4].paused


@pytest.mark.parametrize("awaited", answers.PAUSED_QUESTIONS)
def test_each_paused_question_has_texts_of_its_own(texts: Texts, awaited: str) -> None:
    own = {t.answer for t in texts.texts if t.purpose == "follow_up" and t.to == awaited}
    wanted = {"free": set[str](), "country": {"other"}, "helps": {"any"}, "back": {"no", "unsure"}}
    wanted |= {"plan_offer": {"no", "unsure", "other"}} | {step: set[str]() for step in answers.PLAN_STEPS}
    assert own >= wanted.get(awaited, {"yes", "no"})
    assert own or awaited in ("free", *answers.PLAN_STEPS)


def test_every_question_that_a_text_asks_is_one_that_is_read(texts: Texts) -> None:
    asked = {t.awaits for t in texts.texts} - {None, "same", "none", "next_step"}
    assert asked == set(answers.QUESTIONS)


def test_going_back_is_the_users_own_choice_and_not_a_way_back_to_a_person(directory: Directory) -> None:
    for text in ("go back", "Go back to the coaching, please", "let's carry on", "back"):
        assert answers.recognised(text, "call") == "back", text
    for text in (
        "I want to go back to him",
        "I can't go back home",
        "should I go back?? he said sorry",
        "he came back",
    ):
        assert answers.recognised(text, "call") != "back", text


def test_the_country_may_be_named_in_the_dialogue(directory: Directory) -> None:
    for text, code in {
        "I'm in Ireland": "IE",
        "Scotland": "GB",
        "new zealand.": "NZ",
        "US": "US",
        "i live in the USA": "US",
        "Northern Ireland": "GB",
    }.items():
        assert country_named(text, directory) == code, text
    assert country_named("us", directory) is None and country_named("us", directory, asked=True) == "US"
    assert country_named("he is from Ireland and he hits me", directory) is None
    reply = talk(directory, Risk(2, "suicide", "self"), ["I'm in Ireland"])[1]
    assert reply.country == "IE" and "Numbers for: Ireland" in reply.text and reply.awaited == "suicide"


@pytest.mark.parametrize(
    ("awaited", "text", "expected"),
    [
        ("suicide", "yes", "yes"),
        ("suicide", "Yeah, sometimes", "yes"),
        ("suicide", "i think so", "yes"),
        ("suicide", "I don't want to be here anymore", "yes"),
        ("suicide", "a bit", "yes"),
        ("suicide", "no", "no"),
        ("suicide", "No, nothing like that. I'm just worn out.", "no"),
        ("suicide", "I'm not", "no"),
        ("suicide", "god no", "no"),
        ("suicide", "not really", "unsure"),
        ("suicide", "maybe", "unsure"),
        ("suicide", "idk", "unsure"),
        ("suicide", "no but sometimes i wish i was dead", "yes"),
        ("suicide", "no… well, actually", "unsure"),
        ("suicide", "No one would miss me", "unsure"),
        ("suicide", "nothing matters", "unsure"),
        ("suicide", "sometimes he forgets the dishes and then we fight", "unsure"),
        ("suicide", "never mind", "unsure"),
        ("suicide", "", "unsure"),
        ("control", "he gets so angry that I'm scared", "yes"),
        ("control", "I don't say no", "yes"),
        ("control", "she takes my phone", "yes"),
        ("control", "nothing, he sulks a bit", "no"),
        ("control", "I'm not afraid of him, he just sulks", "no"),
        ("control", "she respects it", "no"),
        ("baby_thoughts", "no, they horrify me", "no"),
        ("baby_thoughts", "they make me sick, I would never", "no"),
        ("baby_thoughts", "yes, when he screams", "yes"),
        ("feared", "she is scared of me I think", "yes"),
        ("afraid", "I'm not scared of him", "no"),
        ("afraid", "terrified", "yes"),
    ],
)
def test_level_one_answers_are_read(awaited: str, text: str, expected: str) -> None:
    assert answers.answered(awaited, text) == expected


def test_a_yes_raises_the_risk_and_nothing_lowers_it() -> None:
    hopeless = Risk(1, "suicide", "self")
    assert answers.after_answer(hopeless, awaited="suicide", text="yes").level == 2
    assert answers.after_answer(hopeless, awaited="suicide", text="maybe").level == 2
    assert answers.after_answer(hopeless, awaited="suicide", text="no") == hopeless
    assert answers.after_answer(hopeless, awaited="suicide", text="the dishes are still there") == hopeless
    assert (
        answers.after_answer(
            Risk(1, "harm_to_others", "other", ("perinatal",)), awaited="baby_thoughts", text="yes"
        ).level
        == 3
    )
    assert (
        answers.after_answer(Risk(1, "partner_violence", "self"), awaited="control", text="he hits me").level
        == 2
    )
    hungry = Risk(2, "eating_disorder", "self")
    assert answers.after_answer(hungry, awaited="suicide", text="yes") == Risk(2, "suicide", "self")
    assert answers.after_answer(hungry, awaited="suicide", text="no") == hungry
    assert answers.after_answer(hopeless, awaited="plan", text="yes, tonight").level == 3
    severe = Risk(3, "suicide", "self")
    assert answers.after_answer(severe, awaited="suicide", text="yes") == severe
    assert answers.after_answer(severe, awaited="suicide", text="no") == severe


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("", "silence"),
        ("...", "silence"),
        ("😔", "silence"),
        ("\u200b", "silence"),
        ("you are useless", "angry"),
        ("leave me alone", "angry"),
        ("I don't want a hotline", "angry"),
        ("i feel useless", "other"),
        ("I feel like shit", "other"),
        ("everything is pointless", "other"),
        ("I told him to leave me alone", "other"),
        ("what happens when I call?", "calling"),
        ("will they send the police", "calling"),
        ("wrong country", "where"),
    ],
)
def test_other_answers_are_told_apart(text: str, answer: str) -> None:
    assert answers.recognised(text, "call") == answer


@given(st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    for awaited in (None, *answers.QUESTIONS):
        assert answers.recognised(text, awaited) in answers.ANSWERS
        assert answers.answered(awaited, text) in ("yes", "no", "unsure")


# ── broken and absent files ──────────────────────────────────────────────────────────────────────────────

GOOD = """country: XX
name: Testland
emergency:
  number: "112"
  note: null
lines:
  - name: A line
    what_for: anything
    serves: [general]
    number: "12345"
    source_seen: a test
    verified_on: null
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("name: Testland", "name: Testland\nflag: blue", 3, "flag is not a known entry"),
        ("    number:", "    nummer:", 10, "nummer is not a known entry"),
        ("[general]", "[everything]", 9, "'everything' in serves is not known"),
        ('number: "12345"', "number: 12345", 10, "number must be text"),
        ('    number: "12345"\n', "", 7, "has no number, text or url"),
        ("    verified_on: null\n", "", 7, "verified_on is missing"),
        ("country: XX", "country: YY", 1, "country is 'YY'"),
        ("  note: null", "  note: [", 7, "expected"),
        ('  number: "112"\n', "", 3, "number is missing"),
        ("name: Testland", "name: Testland\nname: Other", 3, "name stands twice"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_a_broken_country_names_file_line_and_cure(
    tmp_path: Path, old: str, new: str, line: int, what: str
) -> None:
    path = tmp_path / "XX.yaml"
    path.write_text(GOOD, encoding="utf-8")
    assert read_country(path).name == "Testland"
    path.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(KnowledgeError) as caught:
        read_country(path)
    assert f"XX.yaml, line {line}:" in caught.value.message and what in caught.value.message
    assert caught.value.hint


def test_a_broken_country_is_left_out_and_the_rest_is_used(tmp_path: Path) -> None:
    (tmp_path / "XX.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "YY.yaml").write_text(GOOD, encoding="utf-8")  # says XX inside
    (tmp_path / "ZZ.yaml").write_bytes(b"\xff\xfe")
    found = read_directory(tmp_path)
    assert list(found.entries) == ["XX"] and len(found.problems) == 2


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("level: 2", "level: 4", 4, "level is 4"),
        ("awaits: call", "awaits: tea", 6, "awaits is 'tea'"),
        ("awaits: call", "awaits: call\nmood: kind", 7, "mood is not a known entry"),
        ("{lines}", "{line}", 10, "{line} is not a known placeholder"),
        ("Call.", "Call 12.", 9, "a digit stands in the text"),
        ("category: suicide", "category: sorrow", 3, "'sorrow' in category is not known"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_a_broken_text_names_file_line_and_cure(
    tmp_path: Path, old: str, new: str, line: int, what: str
) -> None:
    path = tmp_path / "t.md"
    front = "purpose: first\ncategory: suicide\nlevel: 2\nsubject: self\nawaits: call\n"
    good = f"---\n{front}---\nHello.\nCall.\n{{lines}}\n"
    path.write_text(good, encoding="utf-8")
    assert read_text(path).levels == (2,)
    path.write_text(good.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(KnowledgeError) as caught:
        read_text(path)
    assert f"t.md, line {line}:" in caught.value.message and what in caught.value.message


def test_without_any_file_there_is_still_a_reply(tmp_path: Path) -> None:
    nothing, none = read_directory(tmp_path), read_texts(tmp_path)
    for directory in (nothing, read_directory()):
        reply = support.first(Risk(3, "suicide", "self"), directory, country="GB", guess=None, texts=none)
        assert "emergency number" in reply.text and "I am a program" in reply.text and reply.paused
        after = support.follow_up(
            Conversation((Message("coach", reply.text),), risk=Risk(3, "suicide", "self"), paused=True),
            "hello",
            directory,
            guess=None,
            texts=none,
        )
        assert after.text != reply.text and "emergency" in after.text
    words = support.first(Risk(3, "suicide", "self"), nothing, country="GB", guess="US").text
    assert "your local emergency number" in words and "findahelpline.com" in words


def test_the_guess_comes_from_the_locale_and_only_names_countries_of_the_directory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("LC_ALL", "LC_TELEPHONE", "LC_ADDRESS", "LC_MONETARY", "LC_MEASUREMENT", "LC_TIME", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "en_IE.UTF-8")
    assert guess_country() == "IE"
    assert guess_country(among=["GB"]) is None
    monkeypatch.setenv("LC_TELEPHONE", "en_NZ.UTF-8")
    assert guess_country() == "NZ"
    monkeypatch.setenv("LC_ALL", "is_IS.UTF-8")
    assert guess_country() is None
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    assert guess_country() == "NZ"


# ── other languages ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("level", [2, 3])
def test_the_users_own_language(directory: Directory, texts: Texts, language: str, level: Level) -> None:
    risk = Risk(level, "suicide", "self")
    said: list[str] = []
    for _ in range(4):
        reply = support.first(risk, directory, country="IE", guess=None, said=said, language=language)
        assert reply.text not in said[-1:] and reply.paused and reply.awaited == "free"
        assert "112" in reply.text and "Numbers for: Ireland\n- " in reply.text
        assert [t.language for t in texts.texts if t.said_in(reply.text)] == [language]
        said.append(reply.text)
    own = {t.name: t for t in texts.texts if t.language == language}
    assert set(own) == {f"language-{language}-{kind}" for kind in ("1", "1-again", "2", "3", "again")}
    for text in own.values():
        assert "{emergency}" in text.body and len(text.back) > 200 and "program" in text.back
        assert not re.search(r"\d", text.back)
    for text in (own[f"language-{language}-{kind}"] for kind in ("2", "3", "again")):
        assert (
            "English" in text.back
            and "trust" in text.back
            and "go on writing"
            in text.back.replace("write on", "go on writing")
            .replace("write further", "go on writing")
            .replace("write again", "go on writing")
        )
        assert "doctor" in text.back
    assert re.search(r"[?？؟]", own[f"language-{language}-{level}"].body)
    lost = support.first(risk, directory, country=None, guess=None, language=language)
    assert own[f"language-{language}-2"].emergency in lost.text and "your local emergency" not in lost.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_below_level_two_it_is_said_in_the_language_that_it_is_not_understood_well(
    directory: Directory, texts: Texts, language: str
) -> None:
    said: list[str] = []
    for risk in (Risk(), Risk(1, "suicide", "self"), Risk()):
        reply = support.first(risk, directory, country="IE", guess=None, said=said, language=language)
        assert reply.text not in said[-1:] and not reply.paused and reply.contacts
        assert (reply.awaited is None) == (risk.level == 0)
        names = [t.name for t in texts.texts if t.said_in(reply.text)]
        assert names == [f"language-{language}-1" + ("-again" if len(said) % 2 else "")]
        said.append(reply.text)


def test_unknown_languages(directory: Directory) -> None:
    for level in (0, 1, 2, 3):
        reply = support.first(Risk(level), directory, country="IE", guess=None, language="tr")
        assert "I understand English best" in reply.text and "Numbers for: Ireland\n- " in reply.text
        assert reply.paused == (level >= 2)


def test_the_dialogue_goes_on_in_the_users_language(directory: Directory) -> None:
    replies = talk(directory, SUICIDAL, ["sí", "no sé", "go back"], language="es")
    assert "También he leído" in replies[1].text and "He leído lo que" in replies[2].text
    assert not replies[3].paused
