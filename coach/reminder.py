"""A day for the next time, and a small calendar file that says so (RFC 5545). Pure: nothing is written.

The file must give nothing away to somebody who sees the calendar: it holds a day and the neutral note of the
card, and neither the name of this program nor a word that was typed.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta

FILE = "reminder.ics"


@dataclass(frozen=True)
class Again:
    """How long after an exercise its next time is, and the note that stands in a calendar on that day."""

    months: int
    days: int
    note: str

    def after(self, today: date) -> date:
        """The day of the next time; where a month is too short for it, that month's last."""
        years, month = divmod(today.month - 1 + self.months, 12)
        year, month = today.year + years, month + 1
        then = date(year, month, min(today.day, monthrange(year, month)[1]))
        return then + timedelta(days=self.days)


def said(day: date) -> str:
    """A day as people write it."""
    return f"{day:%A} {day.day} {day:%B %Y}"


def calendar(day: date, note: str, *, now: datetime, uid: str) -> str:
    """A calendar with one entry for the whole of that day; `now` is in UTC, and `uid` like no other.

    The entry is private and leaves the day free. It needs neither escapes nor folded lines, since a note is
    short and holds letters and blanks only.
    """
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Notes//Notes//EN",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        f"DTSTAMP:{now:%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{day:%Y%m%d}",
        f"SUMMARY:{note}",
        "CLASS:PRIVATE",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
        "END:VCALENDAR",
    )
    return "".join(f"{line}\r\n" for line in lines)
