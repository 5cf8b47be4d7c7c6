"""Who can help, by country: knowledge/support/<country>.yaml, checked strictly. Pure, and no network.

A file that breaks the schema is left out and named in `Directory.problems` with line and cure.
"""

from __future__ import annotations

import contextlib
import locale
import os
import re
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from coach.cards import read_mapping
from coach.errors import KnowledgeError
from coach.safety.schema import fail, known_keys, read, text_of, texts_of
from coach.settings import bundled
from coach.turn import ABUSE, CATEGORIES, Contact

WORLD = "world"
# What is more particular than a category; as a flag it puts its lines right behind those of the category.
PARTICULAR = ("perinatal", "stalking", "image_abuse", "forced_marriage", "elder")
SERVES = (
    *(*CATEGORIES, *PARTICULAR),
    *("general", "perpetrator", "children", "finding_help", "poison", "lgbtq"),
)
_CLOSE = {  # lines that stand in for those of the category, ahead of the general ones
    "family_violence": ("partner_violence",),
    "self_harm": ("suicide",),
    "substance_crisis": ("poison",),
    "medical_emergency": ("poison",),
}
_BESIDE = {  # lines for a part of what the category may mean, behind the general ones
    "partner_violence": ("stalking", "image_abuse", "forced_marriage"),
    "family_violence": ("forced_marriage", "elder"),
    "sexual_assault": ("image_abuse",),
}

_COUNTRY_KEYS = ("country", "name", "also_called", "emergency", "none_verified", "lines")
_LINE_KEYS = (
    *("name", "what_for", "serves", "number", "text", "url", "hours", "languages", "nation", "note"),
    *("source_seen", "verified_on"),
)
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_NEEDED = ("name", "what_for", "serves", "source_seen", "verified_on")


@dataclass(frozen=True)
class Emergency:
    """How to reach emergency help; `said` is the number as it stands in a sentence."""

    number: str | None
    said: str
    note: str | None = None


@dataclass(frozen=True)
class Country:
    """One file of the directory."""

    code: str
    name: str
    also_called: tuple[str, ...]
    emergency: Emergency
    contacts: tuple[Contact, ...]
    none_verified: tuple[str, ...] = ()  # what no line could be found for that somebody had read in a source
    of_a_nation: frozenset[str] = frozenset()  # names of the lines that serve only a part of the country

    @property
    def emergency_contact(self) -> Contact:
        """The emergency number as a line of its own."""
        return Contact(
            "Emergency services",
            "danger to life, now",
            self.name,
            number=self.emergency.number,
            note=self.emergency.note,
        )


@dataclass(frozen=True)
class Directory:
    """Who can help, by country code; `world` is for everywhere else. `problems` names the files left out."""

    entries: Mapping[str, Country] = field(default_factory=dict)
    problems: tuple[KnowledgeError, ...] = ()

    @property
    def countries(self) -> dict[str, str]:
        """Code to name, by name, the world entry last."""
        named = sorted((c.name, code) for code, c in self.entries.items() if code != WORLD)
        names = {code: name for name, code in named}
        return names | ({WORLD: self.entries[WORLD].name} if WORLD in self.entries else {})

    def contacts(
        self,
        country: str | None,
        category: str | None,
        *,
        guess: str | None = None,
        level: int = 0,
        subject: str | None = None,
        flags: Collection[str] = (),
    ) -> tuple[Contact, ...]:
        """Everyone who can help with it, the nearest first; all lines where `category` is None.

        A known country comes with the world's finders of help behind it. Without one the world comes first
        and the guess after it. The emergency number leads where it is urgent, and follows otherwise.
        """
        urgent = level >= 3 or category in (None, "medical_emergency")
        wanted = wanted_lines(category, subject=subject, flags=flags)
        found: list[Contact] = []
        for code in self._codes(country, guess):
            entry = self.entries[code]
            lines = [contact for _, contact in ranked(entry.contacts, wanted)]
            behind_known = code == WORLD and country in self.entries and country != WORLD
            if behind_known:
                found += [c for c in entry.contacts if "finding_help" in c.serves]
            else:
                found += [entry.emergency_contact, *lines] if urgent else [*lines, entry.emergency_contact]
        return tuple(found)

    def nearest(
        self,
        country: str | None,
        category: str | None,
        *,
        level: int = 0,
        subject: str | None = None,
        flags: Collection[str] = (),
    ) -> tuple[Contact, ...]:
        """The one to three lines of one country that a reply names itself, without the emergency number.

        Lines of the nations of one country, such as England's and Scotland's, go together as one. Where the
        country has none for the risk itself, the world's finder of help comes last.
        """
        entry = self.entry(country)
        if entry is None:
            return ()
        wanted = wanted_lines(category, subject=subject, flags=flags)
        # what stands behind the general lines is for the whole list only
        found = ranked(entry.contacts, wanted[: wanted.index("general") + 1] if wanted else None)
        general = wanted.index("general") if wanted else 1
        # two kinds of line, so two of a kind at most
        mixed = bool({"both_hurt", "minor", *PARTICULAR} & set(flags))
        places: dict[tuple[int, str], list[Contact]] = {}
        taken: dict[int, int] = {}
        for rank, contact in found:
            key = (rank, "" if contact.name in entry.of_a_nation else contact.name)
            if key not in places:
                if taken.get(rank, 0) >= (2 if mixed else 3):
                    continue
                taken[rank] = taken.get(rank, 0) + 1
            places.setdefault(key, []).append(contact)
        most = 2 if level >= 3 and not mixed else 3
        chosen = list(places.values())[:most]
        if chosen and len(chosen[0]) > 2 and not mixed:
            del chosen[most - 1 :]
        lines = [contact for place in chosen for contact in place]
        if entry.code != WORLD and WORLD in self.entries and all(rank >= general for rank, _ in found):
            finder = [c for c in self.entries[WORLD].contacts if "finding_help" in c.serves][:1]
            lines = [*lines[: most - 1], *finder]
        return tuple(lines)

    def entry(self, country: str | None) -> Country | None:
        """The country's entry, or the world's where it has none."""
        return self.entries.get(country or WORLD) or self.entries.get(WORLD)

    def _codes(self, country: str | None, guess: str | None) -> list[str]:
        order = (country, WORLD) if country else (WORLD, guess)
        return [code for code in dict.fromkeys(order) if code is not None and code in self.entries]


def wanted_lines(
    category: str | None, *, subject: str | None, flags: Collection[str]
) -> tuple[str, ...] | None:
    """What a line should serve, the most fitting first; None means all lines."""
    if category is None:
        return None
    if "controlling_request" in flags and category in (*ABUSE, "harm_to_others"):
        return ("perpetrator", "harm_to_others", "general", "finding_help")
    if category == "harm_to_others" and "both_hurt" in flags:
        return ("partner_violence", "perpetrator", "general", "finding_help")
    if "perinatal" in flags and category in ("harm_to_others", "child_abuse"):
        return ("perinatal", "general", "finding_help")
    if category == "harm_to_others" and subject != "other":
        first: tuple[str, ...] = ("perpetrator", "harm_to_others")
    else:
        first = (category, *(what for what in PARTICULAR if what in flags), *_CLOSE.get(category, ()))
    if "both_hurt" in flags:
        first = (*first, "perpetrator")
    if "minor" in flags:
        first = ("children", *first)
    return (*first, "general", *_BESIDE.get(category, ()), "lgbtq", "finding_help")


def ranked(contacts: Iterable[Contact], wanted: Sequence[str] | None) -> list[tuple[int, Contact]]:
    """Contacts that serve something wanted, by how early it stands there; order of the file otherwise."""
    if wanted is None:
        return [(0, contact) for contact in contacts]
    places = {what: rank for rank, what in enumerate(wanted)}
    found = [(min((places[s] for s in c.serves if s in places), default=-1), c) for c in contacts]
    return sorted((pair for pair in found if pair[0] >= 0), key=lambda pair: pair[0])


def check_state(verified_on: str | None, today: date) -> str:
    """When a person last checked a line at the service itself, in words."""
    if verified_on is None:
        return "not yet checked at the service"
    day = date.fromisoformat(verified_on)
    words = f"last checked in {_MONTHS[day.month - 1]} {day.year}"
    return f"{words}, more than a year ago" if _is_old(day, today) else words


def check_summary(directory: Directory, today: date) -> str:
    """How many lines of the directory nobody checked at the service, and how many too long ago."""
    days = [line.verified_on for entry in directory.entries.values() for line in entry.contacts]
    never = sum(day is None for day in days)
    old = sum(day is not None and _is_old(date.fromisoformat(day), today) for day in days)
    return f"{never} lines not yet checked at the service, {old} last checked more than a year ago"


def _is_old(day: date, today: date) -> bool:
    return (day.year + 1, day.month, day.day) < (today.year, today.month, today.day)


def country_named(text: str, directory: Directory, *, asked: bool = False) -> str | None:
    """The country that a short message names, such as "I'm in Ireland"; None where it names none."""
    said = re.sub(
        r"^(?:i'?m|i am|we are|we're|i live|we live|it'?s|living)?\s*(?:in|from)?\s*(?:the )?",
        "",
        text.strip()[:80],
        flags=re.I,
    )
    said = said.strip(" .,!?")
    for code, entry in directory.entries.items():
        for name in (entry.name, *entry.also_called):
            plain = name.removeprefix("the ").strip(" .")
            # "us" is a word: two and three letters count in capitals only, unless the country was asked for
            if said.strip(".") == plain or (
                said.casefold() == plain.casefold() and (asked or len(plain) > 3)
            ):
                return code
    return None


def guess_country(among: Collection[str] | None = None) -> str | None:
    """The country of the operating system's locale where the directory has it; no network, only a guess."""
    if among is None:
        among = {path.stem for path in (bundled("knowledge") / "support").glob("*.yaml")}
    for name in _locale_names():
        match = re.match(r"[A-Za-z]{2,3}[_-](?:[A-Za-z]{4}[_-])?([A-Za-z]{2})(?![A-Za-z])", name)
        if match:
            code = match[1].upper()
            return code if code in among else None
    return None


def _locale_names() -> list[str]:
    """Locale names, those that tell of a place before those that tell of a language."""
    keys = ("LC_ALL", "LC_TELEPHONE", "LC_ADDRESS", "LC_MONETARY", "LC_MEASUREMENT", "LC_TIME", "LANG")
    names = [os.environ.get(key, "") for key in keys]
    if sys.platform == "win32":
        import ctypes

        region = ctypes.create_unicode_buffer(16)
        if ctypes.windll.kernel32.GetUserDefaultGeoName(region, len(region)):
            names.insert(0, f"xx_{region.value}")
    with contextlib.suppress(ValueError):  # a locale name that Python cannot read
        names.append(locale.getlocale()[0] or "")
    return [name for name in names if name]


def read_directory(folder: Path | None = None) -> Directory:
    """Read every country under `folder` (the program's own by default); broken files become `problems`."""
    entries: dict[str, Country] = {}
    problems: list[KnowledgeError] = []
    for path in sorted((folder or bundled("knowledge") / "support").glob("*.yaml")):
        try:
            entry = read_country(path)
            entries[entry.code] = entry
        except KnowledgeError as problem:
            problems.append(problem)
    return Directory(entries, tuple(problems))


def read_country(path: Path) -> Country:
    """Read one country; a KnowledgeError names file, line and cure."""
    text = read(path)
    entries, lines = read_mapping(text, path.name)
    known_keys(path, entries, lines, known=_COUNTRY_KEYS, needed=("country", "name", "emergency", "lines"))
    if entries["country"] != path.stem:
        # an unquoted NO is read as false by YAML, so this catches that too
        fail(path, lines["country"], f"country is {entries['country']!r}", f'Write country: "{path.stem}"')
    name = text_of(path, entries, "name", lines["name"])
    emergency = _emergency(path, entries["emergency"], lines["emergency"], world=path.stem == WORLD)
    rows = entries["lines"]
    if not isinstance(rows, list) or not rows:
        fail(path, lines["lines"], "lines must be a list of at least one line", "Begin each with - name:")
    starts = _row_lines(text)
    contacts = tuple(_contact(path, row, starts[i], name) for i, row in enumerate(rows))
    also = texts_of(path, entries, "also_called", lines.get("also_called", 1), least=0)
    none = texts_of(path, entries, "none_verified", lines.get("none_verified", 1), allowed=SERVES, least=0)
    parts = frozenset(c.name for c, row in zip(contacts, rows, strict=True) if row.get("nation"))
    return Country(path.stem, name, also, emergency, contacts, none, parts)


def _emergency(path: Path, row: Any, line: int, *, world: bool) -> Emergency:
    if not isinstance(row, dict):
        fail(path, line, "emergency must hold number and note", "Indent number: and note: below it")
    known_keys(
        path, row, dict.fromkeys(row, line), known=("number", "said", "note"), needed=("number", "note")
    )
    number = None if row["number"] is None else text_of(path, row, "number", line)
    said = text_of(path, row, "said", line) if row.get("said") is not None else number
    if said is None or (number is None and not world):
        fail(path, line, "the emergency number is missing", 'Write it in quotes, such as number: "112"')
    note = None if row["note"] is None else text_of(path, row, "note", line)
    return Emergency(number, said, note)


def _contact(path: Path, row: Any, at: dict[str, int], country: str) -> Contact:
    start = min(at.values(), default=1)
    if not isinstance(row, dict):
        fail(path, start, "a line must hold entries", "Begin it with - name:")
    known_keys(path, row, at, known=_LINE_KEYS, needed=_NEEDED)
    given = {
        key: text_of(path, row, key, at[key])
        for key in row
        if key not in ("serves", "languages") and row[key] is not None
    }
    serves = texts_of(path, row, "serves", at["serves"], allowed=SERVES)
    if not {"number", "text", "url"} & given.keys():
        fail(
            path,
            start,
            f"{given.get('name')!r} has no number, text or url",
            "Give one of them, or remove the line",
        )
    if "url" in given and not re.fullmatch(r"https://[\w./-]+", given["url"]):
        fail(path, at["url"], f"url is {given['url']!r}", "Write a plain address that begins with https://")
    if "verified_on" in given and not _is_day(given["verified_on"]):
        what = f"verified_on is {given['verified_on']!r}"
        fail(path, at["verified_on"], what, 'Write null, or the day in quotes, such as "2025-03-14"')
    languages = texts_of(path, row, "languages", at.get("languages", start), least=0)
    notes = [f"Languages: {', '.join(languages)}"] if languages else []
    notes += [given["note"]] if "note" in given else []
    return Contact(
        name=f"{given['name']} ({given['nation']})" if "nation" in given else given["name"],
        what_for=given["what_for"],
        country=country,
        serves=serves,
        number=given.get("number"),
        text=given.get("text"),
        url=given.get("url"),
        hours=given.get("hours"),
        note=". ".join(notes) or None,
        source_seen=given["source_seen"],
        verified_on=given.get("verified_on"),
    )


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _row_lines(text: str) -> list[dict[str, int]]:
    """For each entry of `lines`, the line on which each of its keys stands."""
    node: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    rows = next(value for key, value in node.value if key.value == "lines").value
    return [
        {str(key.value): key.start_mark.line + 1 for key, _ in row.value}
        if isinstance(row, yaml.MappingNode)
        else {"": row.start_mark.line + 1}
        for row in rows
    ]
