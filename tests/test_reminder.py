"""Reminders: the day of the next time, the calendar file, and who is offered one."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.cards import Library
from coach.exercise import read_exercise
from coach.reminder import Again, calendar, said
from coach.skills.practice import Place

DAYS = st.dates(min_value=date(2000, 1, 1), max_value=date(2900, 1, 1))
NOTES = st.from_regex(r"[A-Za-z ]{3,40}", fullmatch=True)
NOW = datetime(2026, 10, 31, 17, 5, tzinfo=timezone.utc)
BLAND = {"a", "few", "seven", "quiet", "minutes"}  # all that a shipped note may say


def again(after: str) -> Again:
    last = {"say": "Done.", "again": {"after": after, "note": "A few quiet minutes"}}
    found = read_exercise([{"say": "Breathe."}, last])[-1].again
    assert found
    return found


@pytest.mark.parametrize(
    ("today", "after", "then"),
    [
        (date(2026, 1, 15), "4 months", "Friday 15 May 2026"),
        (date(2026, 10, 31), "4 months", "Sunday 28 February 2027"),
        (date(2027, 10, 31), "4 months", "Tuesday 29 February 2028"),
        (date(2026, 8, 1), "4 months", "Tuesday 1 December 2026"),
        (date(2026, 12, 31), "1 day", "Friday 1 January 2027"),
        (date(2026, 2, 25), "1 week", "Wednesday 4 March 2026"),
    ],
)
def test_the_day_of_the_next_time(today: date, after: str, then: str) -> None:
    assert said(again(after).after(today)) == then


@given(DAYS, st.integers(1, 12), st.sampled_from(["day", "week", "month"]))
def test_the_next_time_is_as_far_off_as_was_said(today: date, count: int, unit: str) -> None:
    gone = again(f"{count} {unit}s").after(today) - today
    least, most = {"day": (1, 1), "week": (7, 7), "month": (28, 31)}[unit]
    assert timedelta(days=count * least) <= gone <= timedelta(days=count * most)


@given(DAYS, NOTES, st.datetimes(min_value=datetime(2000, 1, 1)), st.uuids())
def test_the_file_is_a_calendar_of_one_whole_day(day: date, note: str, now: datetime, uid: object) -> None:
    text = calendar(day, note, now=now.replace(tzinfo=timezone.utc), uid=str(uid))
    assert text.isascii() and text.endswith("\r\n")
    lines = text.removesuffix("\r\n").split("\r\n")
    assert all(line and len(line) < 75 and line.isprintable() for line in lines)
    told = dict(line.split(":", 1) for line in lines[1:-1] if not line.startswith(("BEGIN", "END")))
    assert told["SUMMARY"] == note and told["UID"] == str(uid)
    assert told["DTSTART;VALUE=DATE"] == f"{day:%Y%m%d}"
    assert datetime.strptime(told["DTSTAMP"], "%Y%m%dT%H%M%SZ") == now.replace(microsecond=0)
    assert [line for line in lines if line.startswith(("BEGIN", "END"))] == [
        "BEGIN:VCALENDAR",
        "BEGIN:VEVENT",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    assert {"VERSION", "PRODID", "UID", "DTSTAMP"} <= set(told)  # what the standard asks for


def test_the_shipped_ones_give_nothing_away(library: Library) -> None:
    found = {id: card.exercise[-1].again for id, card in library.cards.items() if card.exercise}
    offered = {id: one for id, one in found.items() if one}
    assert set(offered) == {"seven-minutes", "do-not-send-it-yet", "week-of-backing"}
    assert (offered["seven-minutes"].months, offered["seven-minutes"].note) == (4, "Seven quiet minutes")
    for one in offered.values():
        text = calendar(one.after(NOW.date()), one.note, now=NOW, uid="x")
        assert set(one.note.lower().split()) <= BLAND
        assert not re.search(r"coach|secure|base|relation|partner|exercise", text, re.I)


def test_only_who_came_to_the_last_step_is_offered_one(library: Library) -> None:
    steps = library.cards["seven-minutes"].exercise
    assert [bool(Place(steps, at=at).again) for at in range(6)] == [False] * 4 + [True] * 2
    assert Place(library.cards["evening-thanks"].exercise, at=99).again is None
