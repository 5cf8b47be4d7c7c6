"""The support replies and the directory: complete for every risk, true to sources, never the same twice."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coach.errors import KnowledgeError
from coach.safety import answers, support
from coach.safety.directory import Directory, country_named, guess_country, read_country, read_directory
from coach.safety.support_texts import Texts, bundled_texts, read_text, read_texts
from coach.settings import bundled
from coach.turn import ABUSE, CATEGORIES, FLAGS, Conversation, Level, Message, Risk, Subject

# Every number that was read in a source, by country, copied by hand. A number that is not here does not ship.
READ_IN_A_SOURCE = {
    "US": """911 988 741741 18007997233 88788 18007873224 18447628483 18663319474 18004224453
        18006564673""",
    "GB": """999 55 116123 85258 08000684141 08082000247 08000271234 08088010327 08009995428 08088024040
        08088005000 08001111""",
    "IE": "999 112 116123 1800247247 1800341900 015543811 1800816588 1800778888",
    "CA": "911 988 18552423310 18006686868",
    "AU": "000 131114 0477131114 1300659467 1800737732 1300789978 1800551800",
    "NZ": """111 1737 0508828865 0800543354 0800733843 0508744633 0800456450 0508326459 0800376633
        0800044334 4334""",
    "IN": "112 14416 18008914416 181 14490 7827170170 1091 1098",
    "world": "112",
}
# Fake, superseded, misprinted, or only remembered.
NEVER = "0800111757 18002738255 18005990019 0800744633 08085002222 686868 18668630511 50808 139276 1800666666"
LEVELS: tuple[Level, ...] = (1, 2, 3)
PROFESSIONAL = re.compile(r"doctor|therapist|advocate|midwife|school nurse|police", re.I)
SUBJECTS: tuple[Subject, ...] = ("self", "other")


@pytest.fixture(scope="module")
def texts() -> Texts:
    return bundled_texts()


def numbers_in(words: str) -> set[str]:
    """Every run of digits that could be dialled, without its blanks and hyphens; hours are not numbers."""
    words = re.sub(r"\b24(?: hours|/7)", "", words)
    return {re.sub(r"\D", "", run) for run in re.findall(r"\d[\d -]*", words)}


@lru_cache(maxsize=1)
def shipped() -> Directory:
    return read_directory()


def dialled(directory: Directory, code: str) -> set[str]:
    entry = directory.entries[code]
    found = numbers_in(f"{entry.emergency.said} {entry.emergency.note or ''}")
    for contact in entry.contacts:
        for part in (contact.number, contact.text, contact.note):
            found |= numbers_in(part or "")
    return found


def test_all_files_are_sound(directory: Directory, texts: Texts) -> None:
    assert directory.problems == () and texts.problems == ()
    assert set(directory.countries) == {"US", "GB", "IE", "CA", "AU", "NZ", "IN", "world"}
    assert list(directory.countries)[-1] == "world"
    assert len(texts.texts) > 100
    marks = [text.mark for text in texts.texts]
    assert len(set(marks)) == len(marks) and min(map(len, marks)) > 40


@pytest.mark.parametrize("code", READ_IN_A_SOURCE)
def test_every_number_was_read_in_a_source(directory: Directory, code: str) -> None:
    assert dialled(directory, code) == set(READ_IN_A_SOURCE[code].split())


def test_no_fake_superseded_or_remembered_number(directory: Directory) -> None:
    everything = set().union(*(dialled(directory, code) for code in directory.entries))
    assert not everything & set(NEVER.split())
    names = {c.name: c.number for c in directory.entries["NZ"].contacts}
    assert names["Shine"] == "0508 744 633" and names["Are You OK"] == "0800 456 450"


def test_every_line_says_where_it_was_read_and_is_not_yet_checked(directory: Directory) -> None:
    for entry in directory.entries.values():
        for contact in entry.contacts:
            assert contact.source_seen and contact.verified_on is None


def test_uk_lines_carry_their_nation(directory: Directory) -> None:
    words = support.first(Risk(2, "partner_violence", "self"), directory, country="GB", guess=None).text
    assert (
        "(England): call 0808 2000 247" in words
        and "Scotland's Domestic Abuse Helpline (Scotland): call 0800 027 1234" in words
    )


def test_no_number_outside_the_directory(directory: Directory) -> None:
    known = {n for code in directory.entries for n in dialled(directory, code) if len(n) >= 5}
    written = re.compile(
        r"\b(?:0800|0808|0508|1800|1300)[ -]\d{2,3}[ -]?\d{2,4}|\b1-8\d\d-\d{3}-\d{4}|"
        r"\b\d{3}-\d{3}-\d{4}\b|\b116 ?\d{3}\b"
    )
    root = bundled("prompts").parent
    files = [*bundled("prompts").rglob("*.md"), *(root / "coach").rglob("*.py")]
    assert len(files) > 100
    for path in files:
        words = path.read_text(encoding="utf-8")
        assert not written.search(words), path
        assert not known & numbers_in(words), path


@pytest.mark.parametrize("country", ["US", "GB", "IE", "CA", "AU", "NZ", "IN", "world", None])
@pytest.mark.parametrize("category", CATEGORIES)
def test_every_risk_has_a_complete_reply(directory: Directory, category: str, country: str | None) -> None:
    shown = (country, "world") if country else ("world", "IE")
    allowed = set().union(*(dialled(directory, code) for code in shown))
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
        assert 60 <= len(re.sub(r"\{\w+\}", "x", text.body).split()) <= 135, text.name
        assert max(len(s.split()) for s in re.split(r"[.?!:]\s", text.body.replace("{lines}", "."))) <= 42, (
            text.name
        )
    covered = {
        (c, t.level, s) for t in made if not t.flag for c in t.categories for s in _subjects(t.subject)
    }
    assert covered == {(c, level, s) for c in CATEGORIES for level in LEVELS for s in ("self", "other")}


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
    threat = words(2, "suicide", "other")
    for needed in ("Take it as real", "call 999", "not go there alone", "not yours to prevent by staying"):
        assert needed in threat
    assert threat.endswith("Are you afraid of them?")
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
    minor = words(2, "suicide", "self", "minor")
    assert "0800 1111" in minor and "under eighteen" in minor and "suicide" in minor


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
    assert {c.country for c in directory.contacts("FR", "suicide", guess="US")} == {"any country"}


def test_a_known_country_brings_no_other_countrys_numbers(directory: Directory) -> None:
    for category in (*CATEGORIES, None):
        found = directory.contacts("NZ", category, guess="US", level=3)
        assert {c.country for c in found} == {"New Zealand", "any country"}
        assert found[0].number == "111" and found[-1].url


def test_perpetrator_lines_are_only_for_those_who_may_harm(directory: Directory) -> None:
    for category in ABUSE:
        assert all("Respect" not in c.name for c in directory.contacts("GB", category, level=2))
    assert directory.contacts("GB", "harm_to_others", subject="self", level=2)[0].name == "Respect Phoneline"


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
    ),
)


def talk(directory: Directory, risk: Risk, said: list[str]) -> list[support.SupportReply]:
    """A first reply and the dialogue after it, carried as the pipeline carries it."""
    opening = support.first(risk, directory, country=None, guess="US")
    replies = [opening]
    conversation = Conversation(
        (Message("coach", opening.text),), risk=risk, paused=True, awaited=opening.awaited
    )
    for text in said:
        reply = support.follow_up(conversation, text, directory, guess="US")
        replies.append(reply)
        conversation = Conversation(
            (*conversation.messages, Message("user", text), Message("coach", reply.text)),
            risk=risk,
            paused=True,
            awaited=reply.awaited,
            country=reply.country or conversation.country,
        )
    return replies


@settings(deadline=None)  # the first call reads the files
@given(
    st.sampled_from(CATEGORIES),
    st.sampled_from((2, 3)),
    st.sampled_from(SUBJECTS),
    st.sampled_from(((), *((flag,) for flag in FLAGS))),
    st.lists(st.one_of(st.sampled_from(ANSWERS_TO_TRY), st.text(max_size=30)), max_size=14),
)
def test_never_the_same_text_twice_in_a_row(
    category: str, level: Level, subject: Subject, flags: tuple[str, ...], said: list[str]
) -> None:
    replies = talk(shipped(), Risk(level, category, subject, flags), said)
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
        directory, Risk(2, "suicide", "self"), ["yes", "yes", "no", "ok", "my sister's dog", "no", "go back"]
    )
    assert [r.awaited for r in replies] == [
        "suicide",
        "plan",
        "someone",
        "call",
        "helps",
        "back",
        "free",
        None,
    ]
    assert "Please call your local emergency number" in replies[2].text
    assert [r.paused for r in replies] == [True] * 7 + [False]


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
    assert own >= wanted.get(awaited, {"yes", "no"})
    assert own or awaited == "free"


def test_every_question_that_a_text_asks_is_one_that_is_read(texts: Texts) -> None:
    asked = {t.awaits for t in texts.texts} - {None, "same", "none"}
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
    assert read_text(path).level == 2
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
    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8")
    assert guess_country() is None
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    assert guess_country() == "NZ"
