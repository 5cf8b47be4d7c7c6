"""The support directory: every number as it was read in a source, none twice, and the right line first.

A wrong number costs lives. So each stands here a second time, as digits: whoever changes one in
knowledge/support changes it here as well, with the source in hand.
"""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import date
from functools import lru_cache
from pathlib import Path

import pytest
from shared import dialled, numbers_in

from coach.errors import KnowledgeError
from coach.safety.directory import (
    PARTICULAR,
    SERVES,
    WORLD,
    Directory,
    check_state,
    check_summary,
    read_country,
    read_directory,
)
from coach.settings import bundled
from coach.turn import CATEGORIES, Contact

READ_IN_A_SOURCE = {
    "AT": "014064343 0800133133 0800222555 0800246247 112 133 142 144 147",
    "AU": """000 0477131114 1300224636 1300659467 1300726306 1300766491 1300789978 131114 131126 
        1800184527 1800250015 1800334673 1800353374 1800385578 1800551800 1800737732""",
    "BR": "100 180 188 190 192 6196100180",
    "CA": """18004635060 18006686868 18447647669 18552423310 18666334220  911 988""",
    "CH": "117 143 144 145 147",
    "DE": """01806313031 0221892031 022819240 03019240 0361730730 055119240 0613119240 0684119240 076119240
        08001110111 08001110222 08001110550  08004040020 08919240 110 112
        116016  116123""",
    "ES": "016 024 112  600000016 600505152 717003717 900202010 915620420",
    "EU": "112 116006 116016  116123",
    "FR": """0140054848 0148064241 0241482121 0383225050 0472116911 0491752525 0556964080 
        0800231313 0800235236 0800595959 0801901911 0969325900 0972394050 0980980930 112 114 119 15 17
        18 3018 3114 3919 3977""",
    "GB": """02070080151 03001236600 03456000459 07860077333 08000119100 08000271234 08000684141 08001111
        08004708090 08005999247 08009995428 08081961776 08082000247  08088005000
        08088010302 08088010327 08088010432 08088010433 08088010434 08088010677 08088010800
        08088020300 08088021414 08088024040 08088088141 111 116123 55 85258 999""",
    "IE": """012107906 015543811 018092166 112 116123 1800111888 1800247247 1800341900 1800459459
        1800778888 1800816588  999""",
    "IN": "1091 1098 112 14416 14446 14490 14567 18008914416 181 7827170170",
    "IT": "0223272327 0266101029 112 114 1522 19696 3240117252 800180969 800883300",
    "MX": "079 5552598121 8009112000 911",
    "NL": "08000113 08000188  08002000 0880767000 112 113",
    "NZ": """0508326459 0508744633 0508828865 0800044334 0800233269 08003266865 0800376633 0800456450
        0800543354 08006885463 0800733843 0800764766 0800787797 111 1737 4334 5032 8681""",
    "PL": "112 116111 116123 800120002 800121212 800199990 800702222 888883388",
    "PT": """112 116006 116111 1411 213544545 3060 800202148 800250250 808242424 912802669 963524660""",
    "US": """18002221222 18004224453 18004874889 18006564673 18006624357 18006771116 18007873224
        18007997233 18338526262 18447628483 18448782274 18663319474 18664887386 18883757767 678678
        741741 88788 911 988""",
    "ZA": """0214479762 0800150150 0800428428 0800567567 0861322322 0861555777 10111 10177 116 31393 31531""",
    "world": "112",
}
ASKED_FOR = "US GB IE CA AU NZ IN ZA DE FR ES NL IT PT BR PL AT CH MX EU world".split()
# Fake, superseded, misprinted, not answered, or claimed by several services at once.
NEVER = {
    "0800111757": "a known fake in one public list, a helpline in another",
    "18002738255": "superseded by 988",
    "18005990019": "KIRAN, folded into Tele-MANAS",
    "0800744633": "a misprint of Shine's 0508 744 633",
    "18009312237": "the line of NEDA, closed in 2023",
    "0810037037": "the earlier, dearer number of Anorexie Boulimie",
    "166111": "a misprint of 116 111 in the description of a film",
    "08007226001": "did not answer in Rio de Janeiro",
    "18339435746": "superseded by 1-833-852-6262",
    "08009171414": "superseded by 0808 802 1414",
    "801120002": "superseded by 800 120 002",
    "0800121314": "sources disagree whose it is",
    "0800400777": "sources disagree whose it is",
    "900161515": "sources disagree whose it is",
    "09001450": "sources disagree whose it is",
    "18003639010": "sources disagree whose it is",
    "09000113": "cost money, and 113 and 0800-0113 replaced it",
    **dict.fromkeys(
        """08085002222 686868 18668630511 50808 139276 1800666666 08001239900 08002255530 0800059595
        08000432""".split(),
        "only remembered, until somebody has checked it",
    ),
}
VIOLENCE = {"partner_violence", "family_violence", "sexual_assault"}
TODAY = date(2026, 11, 25)


@lru_cache(maxsize=1)
def shipped() -> Directory:
    return read_directory()


@pytest.fixture(name="directory")
def _directory() -> Directory:
    return shipped()


def ways(contact: Contact) -> set[str]:
    return numbers_in(contact.number or "") | numbers_in(contact.text or "")


def names(found: tuple[Contact, ...]) -> list[str]:
    return [contact.name for contact in found]


# ── the files ────────────────────────────────────────────────────────────────────────────────────────────


def test_every_country_that_was_asked_for_is_there_and_sound(directory: Directory) -> None:
    assert directory.problems == ()
    assert set(directory.countries) == set(ASKED_FOR) and list(directory.countries)[-1] == WORLD


@pytest.mark.parametrize("code", ASKED_FOR)
def test_every_number_was_read_in_a_source(directory: Directory, code: str) -> None:
    assert dialled(directory.entries[code]) == set(READ_IN_A_SOURCE[code].split())


@pytest.mark.parametrize("code", ASKED_FOR)
def test_a_country_has_emergency_suicide_and_violence_or_says_what_none_was_verified_for(
    directory: Directory, code: str
) -> None:
    entry = directory.entries[code]
    assert entry.emergency.said and (entry.emergency.number or code == WORLD)
    by_number = {s for c in entry.contacts if c.number or c.text or code == WORLD for s in c.serves}
    for what in ("suicide", *VIOLENCE):
        assert (what in by_number) != (what in entry.none_verified), what


@pytest.mark.parametrize("code", ASKED_FOR)
def test_numbers_are_made_of_digits_and_belong_to_one_service(directory: Directory, code: str) -> None:
    owners = defaultdict(set)
    for contact in directory.entries[code].contacts:
        for number in (contact.number or "").split(" or "):
            assert not number or re.fullmatch(r"\+?\d[\d -]*\d", number), number
        assert not contact.text or len(numbers_in(contact.text)) == 1, contact.text
        for way in ways(contact):
            owners[way].add(contact.name)
    assert {way: found for way, found in owners.items() if len(found) > 1} == {}


def test_every_line_says_where_it_was_read_and_is_not_yet_checked(directory: Directory) -> None:
    for code, entry in directory.entries.items():
        assert len({c.name for c in entry.contacts}) == len(entry.contacts), code
        for contact in entry.contacts:
            assert contact.source_seen and contact.verified_on is None, contact
            assert check_state(contact.verified_on, TODAY) == "not yet checked at the service"
            assert len(contact.what_for.split()) <= 20, contact.what_for
            assert not re.search(r"\d{3}", contact.hours or ""), contact.hours


# ── conflicts between sources ────────────────────────────────────────────────────────────────────────────


def test_no_fake_superseded_misprinted_or_contested_number(directory: Directory) -> None:
    everything = set().union(*(dialled(entry) for entry in directory.entries.values()))
    assert {number: NEVER[number] for number in everything & set(NEVER)} == {}


def test_new_zealands_lines_have_their_own_numbers(directory: Directory) -> None:
    numbers = {c.name: c.number for c in directory.entries["NZ"].contacts}
    assert numbers["Shine"] == "0508 744 633" and numbers["Are You OK"] == "0800 456 450"


def test_englands_violence_line_is_not_given_as_scotlands(directory: Directory) -> None:
    numbers = {c.name: c.number for c in directory.entries["GB"].contacts}
    assert numbers["National Domestic Abuse Helpline (England)"] == "0808 2000 247"
    assert numbers["Scotland's Domestic Abuse Helpline (Scotland)"] == "0800 027 1234"
    assert numbers["Live Fear Free (Wales)"] == "0808 80 10 800"
    assert numbers["Domestic and Sexual Abuse Helpline (Northern Ireland)"] == "0808 802 1414"


def test_both_numbers_of_the_dutch_suicide_line_are_there(directory: Directory) -> None:
    assert directory.nearest("NL", "suicide")[0].number == "113 or 0800-0113"


def test_the_french_line_for_women_is_open_round_the_clock(directory: Directory) -> None:
    line = directory.nearest("FR", "partner_violence")[0]
    assert line.number == "3919" and line.hours == "24 hours"


# ── no number anywhere else ──────────────────────────────────────────────────────────────────────────────


def test_no_other_file_holds_a_number_of_the_directory(directory: Directory) -> None:
    known = {n for entry in directory.entries.values() for n in dialled(entry) if len(n) >= 6}
    short = {n for entry in directory.entries.values() for n in dialled(entry) if 3 <= len(n) < 6}
    to_dial = re.compile(
        r"\b(?:call|ring|dial|phone|text|number)s? (?:(?:to|is|on|at) )?(\d{3,5})(?![\d.,:%])"
    )
    written = re.compile(
        r"\b(?:0800|0808|0508|1800|1300)[ -]\d{2,3}[ -]?\d{2,4}|\b1-8\d\d-\d{3}-\d{4}|"
        r"\b\d{3}-\d{3}-\d{4}\b|\b116 ?\d{3}\b"
    )
    root = bundled("prompts").parent
    ours = bundled("knowledge") / "support"
    files = [
        path
        for folder in (root / "coach", bundled("prompts"), bundled("knowledge"))
        for path in folder.rglob("*")
        if path.suffix in {".py", ".md", ".yaml", ".html", ".js", ".css", ".svg", ".txt", ".json"}
        and path.parent != ours
    ]
    assert len(files) > 300
    for path in files:
        words = path.read_text(encoding="utf-8")
        assert not known & numbers_in(words), path
        assert not short & set(to_dial.findall(words)), path
        if path.suffix in (".py", ".md") and bundled("knowledge") not in path.parents:
            assert not written.search(words), path


# ── the right line first ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("code", ASKED_FOR)
@pytest.mark.parametrize("category", CATEGORIES)
def test_the_first_line_serves_the_risk_or_somebody_to_talk_to(
    directory: Directory, code: str, category: str
) -> None:
    for level in (1, 2, 3):
        found = directory.nearest(code, category, level=level)
        assert 1 <= len(found) <= (5 if code == "GB" else 3), names(found)
        close = {category, "partner_violence", "suicide", "poison", "perpetrator", "general"}
        assert close & set(found[0].serves), found[0]
        has_own = any(category in c.serves for c in directory.entries[code].contacts)
        assert not has_own or category in found[0].serves or category == "harm_to_others"


def test_lines_of_the_four_nations_go_together(directory: Directory) -> None:
    urgent = names(directory.nearest("GB", "partner_violence", level=3))
    assert [re.findall(r"\((.+)\)", name)[0] for name in urgent] == [
        "England",
        "Scotland",
        "Wales",
        "Northern Ireland",
    ]
    assert names(directory.nearest("GB", "partner_violence", level=2)) == [*urgent, "Men's Advice Line"]
    mixed = names(directory.nearest("GB", "partner_violence", level=2, flags=("both_hurt",)))
    assert mixed == [*urgent, "Men's Advice Line", "Respect Phoneline"]


def test_specific_lines_come_before_general_ones(directory: Directory) -> None:
    def first(code: str, category: str, *flags: str) -> str:
        return directory.nearest(code, category, level=2, flags=flags)[0].name

    assert first("US", "eating_disorder") == "ANAD Helpline"
    assert first("GB", "eating_disorder") == "Beat (England)"
    assert first("AU", "substance_crisis") == "National Alcohol and Other Drug Hotline"
    assert first("CA", "medical_emergency") == "Poison centres"
    assert first("DE", "family_violence") == "Hilfetelefon Gewalt gegen Frauen"
    assert first("FR", "harm_to_others") == "Ligne d'écoute pour auteurs de violences conjugales"
    assert first("AU", "harm_to_others", "perinatal") == "PANDA"
    assert first("GB", "suicide", "minor") == "PAPYRUS"
    assert names(directory.nearest("GB", "suicide", level=3, flags=("perinatal",)))[-1] == "PANDAS Foundation"


@pytest.mark.parametrize("what", PARTICULAR)
def test_a_flag_for_something_particular_brings_its_line(directory: Directory, what: str) -> None:
    category = {"perinatal": "suicide", "elder": "family_violence"}.get(what, "partner_violence")
    found = directory.nearest("GB", category, level=2, flags=(what,))
    assert category in found[0].serves and any(what in contact.serves for contact in found)
    plain = directory.nearest("GB", category, level=2)
    assert not any(contact.serves == (what,) for contact in plain)
    everything = directory.contacts("GB", None)
    assert any(contact.serves == (what,) for contact in everything)


def test_the_world_answers_where_a_country_has_nothing(directory: Directory) -> None:
    for code in ("BR", "NL"):
        assert names(directory.nearest(code, "medical_emergency", level=3))[-1] == "Find A Helpline"
    assert names(directory.nearest("CH", "sexual_assault", level=3))[0].startswith("Opferhilfe")
    assert "Find A Helpline" not in names(directory.nearest("US", "suicide", level=2))


def test_nothing_is_left_over_that_no_risk_leads_to(directory: Directory) -> None:
    used = {s for entry in directory.entries.values() for c in entry.contacts for s in c.serves}
    assert used == set(SERVES)


# ── how long ago it was checked ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("checked", "today", "words"),
    [
        (None, date(2026, 1, 1), "not yet checked at the service"),
        ("2025-03-14", date(2025, 3, 14), "last checked in March 2025"),
        ("2025-03-14", date(2026, 3, 14), "last checked in March 2025"),
        ("2025-03-14", date(2026, 3, 15), "last checked in March 2025, more than a year ago"),
        ("2024-02-29", date(2025, 2, 28), "last checked in February 2024"),
        ("2024-02-29", date(2025, 3, 1), "last checked in February 2024, more than a year ago"),
    ],
)
def test_the_state_of_a_line_is_said_in_words(checked: str | None, today: date, words: str) -> None:
    assert check_state(checked, today) == words


GOOD = """country: XX
name: Testland
emergency:
  number: "112"
  note: null
none_verified: [sexual_assault]
lines:
  - name: Someone
    what_for: anyone
    serves: [suicide]
    number: "12345"
    source_seen: a page
    verified_on: "2025-03-14"
  - name: Someone else
    what_for: anyone
    serves: [suicide]
    number: "23456"
    source_seen: a page
    verified_on: null
"""


def test_the_directory_counts_what_nobody_checked(tmp_path: Path) -> None:
    (tmp_path / "XX.yaml").write_text(GOOD, encoding="utf-8")
    directory = read_directory(tmp_path)
    assert directory.problems == () and directory.entries["XX"].none_verified == ("sexual_assault",)
    words = "1 lines not yet checked at the service, {} last checked more than a year ago"
    assert check_summary(directory, date(2025, 4, 1)) == words.format(0)
    assert check_summary(directory, date(2026, 4, 1)) == words.format(1)


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ('"2025-03-14"', '"March 2025"', 13, "verified_on is 'March 2025'"),
        ('"2025-03-14"', '"20250314"', 13, "verified_on is '20250314'"),
        ("[sexual_assault]", "[sexual_asault]", 6, "'sexual_asault' in none_verified is not known"),
    ],
)
def test_a_mistake_names_file_line_and_cure(tmp_path: Path, old: str, new: str, line: int, what: str) -> None:
    path = tmp_path / "XX.yaml"
    path.write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(KnowledgeError) as caught:
        read_country(path)
    assert f"XX.yaml, line {line}:" in caught.value.message and what in caught.value.message
