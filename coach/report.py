"""Dataclasses to the JSON records that the command line promises (see README, "For scripts")."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from coach.cards import Card
from coach.practising import Outcome
from coach.turn import Contact, Passage, Reply, Risk


def risk_record(risk: Risk) -> dict[str, Any]:
    """Level, category and subject (null at level 0), flags and evidence."""
    return {
        "level": risk.level,
        "category": risk.category,
        "subject": risk.subject,
        "flags": list(risk.flags),
        "evidence": [asdict(evidence) for evidence in risk.evidence],
    }


def passage_record(passage: Passage) -> dict[str, Any]:
    """Card, title and score of one passage, and whether it is of the user's own documents."""
    return {"card": passage.card, "title": passage.title, "score": passage.score, "own": passage.own}


def contact_record(contact: Contact) -> dict[str, Any]:
    """One line of the support directory."""
    return {
        "name": contact.name,
        "number": contact.number,
        "text": contact.text,
        "url": contact.url,
        "hours": contact.hours,
        "country": contact.country,
    }


def practice_record(card: Card, outcome: Outcome, people: Sequence[Contact]) -> dict[str, Any]:
    """An exercise that was gone through: what was written, by label, and the risk of the last answer."""
    return {
        "exercise": card.id,
        "written": [{"label": label, "lines": list(lines)} for label, lines in outcome.place.summary()],
        "rested": outcome.rested,
        "level": outcome.risk.level,
        "category": outcome.risk.category,
        "support": [contact_record(contact) for contact in people],
    }


def reply_record(reply: Reply) -> dict[str, Any]:
    """A reply with all that a script may want; a worksheet's fields stand beside it."""
    support = [contact_record(contact) for contact in reply.support]
    sheet = asdict(reply.sheet) if reply.sheet else {}
    if reply.sheet is None and reply.origin == "fixed":
        sheet = {"rewrites": []}
    return {
        "reply": reply.text,
        "skill": reply.skill,
        "origin": reply.origin,
        "sources": [passage_record(passage) for passage in reply.passages],
        "suggests": reply.suggests,
        "exercise": reply.exercise,
        "level": reply.risk.level,
        "category": reply.risk.category,
        "subject": reply.risk.subject,
        "unsafe": reply.origin == "fixed",
        "support": support,
        "timing": asdict(reply.timing),
        **sheet,
    }
