"""The page itself: a Gradio Blocks of one transcript, one composer and a few quiet buttons.

    composer ─ send ─→ Tab.answer ─→ transcript        (try again, edit, new, back: the same two outputs)

What the buttons may do is read off the transcript by style.css (`.thinking`, `.paused`), so no event has to
show or hide anything. What must work without Gradio (support, leave now, stop the program) is in frame.html.
Neither `gr.HTML` nor `js=` is used: both evaluate strings, which the content security policy forbids.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import gradio as gr

from coach import form
from coach.skills.close import END
from coach.turn import CheckInSheet
from coach.web import transcript
from coach.web.tabs import House, Tab

BACK = "I want to go back to coaching"
SKILLS = (("Talk", "talk"), ("Reframe", "reframe"), ("Repair", "repair"), ("Check in", "check_in"))
INTRO = {
    "talk": ("What is on your mind?", "Say it the way it comes. You can stop at any time."),
    "reframe": (
        "Say it so that it can be heard",
        "Write the sentence as you would say it now. It comes apart into what happened and what you made of "
        "it, and comes back as other ways to say it.",
    ),
    "repair": (
        "Find a way back",
        "Write what happened and what you wish you had done. It looks at your part, at theirs, and for words "
        "that you could send.",
    ),
    "check_in": (
        "How are you right now?",
        "A word for what you feel, one for what you need, and three marks from 0, none, to 10, full. It "
        "takes twenty seconds, and any of it may stay empty.",
    ),
    "decide": (  # Talk, chosen by need
        "What are you torn between?",
        "Write what you are torn between. It helps you to look at it; it does not decide.",
    ),
}
# The first screen, by need: needs.js gives each its meaning.
NEEDS = (
    ("Calm me down", "calm"),
    ("Hear me", "hear"),
    ("Find words", "words"),
    ("Decide something", "decide"),
    ("Practise", "practise"),
)
NATURE = "A program that listens and asks. Not a therapist, not a person. Everything stays on this laptop."

# Every event: nothing drawn over the text, no name in an API, and no tab that waits for another.
_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": None}


@dataclass(frozen=True)
class _Parts:
    """The components that events read and write."""

    text: gr.Textbox
    shown: gr.Markdown
    skill: gr.Radio
    send: gr.Button
    stop: gr.Button
    again: gr.Button
    edit: gr.Button
    new: gr.Button
    back: gr.Button
    refresh: gr.Button
    end: gr.Button
    check_in: tuple[gr.components.FormComponent, ...]


def blocks(house: House) -> gr.Blocks:
    """The page; `house` is kept by the caller, who may clear its tabs at any time."""
    page = gr.Blocks(title="Notes", analytics_enabled=False)
    with page:
        _wire(house, page, _laid_out())
    return page


def _laid_out() -> _Parts:
    with gr.Column(elem_id="talk"):
        gr.Markdown(_intro(), elem_id="intro", latex_delimiters=[])
        with gr.Row(elem_id="needs"):
            for need, name in NEEDS:
                gr.Button(need, elem_id=f"need-{name}")
        shown = gr.Markdown("", elem_id="transcript", latex_delimiters=[])
        with gr.Row(elem_id="after"):
            back = gr.Button("Go back to talking", elem_id="back")
            again = gr.Button("Try again", elem_id="again")
            edit = gr.Button("Edit my message", elem_id="edit")
            new = gr.Button("New conversation", elem_id="new")
            refresh = gr.Button("Refresh", elem_id="refresh")
            end = gr.Button("End for tonight", elem_id="end")
    skill = gr.Radio(list(SKILLS), value="talk", label="What would help now", elem_id="skill")
    with gr.Row(elem_id="composer"):
        with gr.Column(elem_id="check-in"):
            checked = (
                _field("Feeling", "Tired, hurt, all right…"),
                _field("Need", "Quiet, a hug…"),
                *_scales(),
            )
        text = _composer()
        send = gr.Button("Send", variant="primary", elem_id="send")
        stop = gr.Button("Stop", elem_id="stop")
    return _Parts(text, shown, skill, send, stop, again, edit, new, back, refresh, end, checked)


def _intro() -> str:
    parts = (
        f'<div class="intro {skill}"><h1>{transcript.shown(title)}</h1>'
        f'<p class="lead">{transcript.shown(lead)}</p><p class="nature">{transcript.shown(NATURE)}</p></div>'
        for skill, (title, lead) in INTRO.items()
    )
    return "\n\n".join(parts)


def _composer() -> gr.Textbox:
    attributes = gr.InputHTMLAttributes(
        spellcheck=False,
        autocomplete="off",
        autocorrect="off",
        autocapitalize="sentences",
        enterkeyhint="send",
    )
    return gr.Textbox(
        label="Your message",
        show_label=False,
        placeholder="Write as you would to a friend…",
        lines=1,  # with one line to begin with, Enter sends and Shift+Enter breaks
        max_lines=9,
        container=False,
        elem_id="text",
        html_attributes=attributes,
    )


def _field(label: str, example: str) -> gr.Textbox:
    """A short line of a check-in."""
    attributes = gr.InputHTMLAttributes(
        spellcheck=False, autocomplete="off", autocorrect="off", enterkeyhint="send"
    )
    return gr.Textbox(
        label=label, placeholder=example, max_lines=1, elem_classes="field", html_attributes=attributes
    )


def _scales() -> Iterator[gr.Radio]:
    """Marks from 0 to 10, each of which is left out unless it is chosen."""
    marks = [("skip", ""), *((str(level), str(level)) for level in range(form.MOST + 1))]
    for name in form.SCALES:
        yield gr.Radio(marks, value="", label=name.capitalize(), elem_classes="scale")


def _checked(feeling: str, need: str, *levels: str) -> str:
    """What the fields and marks of a check-in say, as one message."""
    marks = (int(level) if level else None for level in levels)
    return form.as_text(CheckInSheet(transcript.clean(feeling), transcript.clean(need), *marks))


def _fields(sheet: CheckInSheet) -> tuple[str, ...]:
    """A check-in as its fields and marks show it."""
    levels = (getattr(sheet, name) for name in form.SCALES)
    return (sheet.feeling, sheet.need, *("" if level is None else str(level) for level in levels))


def _wire(house: House, page: gr.Blocks, parts: _Parts) -> None:
    """Tie every button to its step."""

    def tab(request: gr.Request) -> Tab:
        return house.tabs.at(str(request.session_hash))

    def send(
        text: str,
        skill: str,
        feeling: str,
        need: str,
        connection: str,
        calm: str,
        hope: str,
        request: gr.Request,
    ) -> Iterator[tuple[Any, ...]]:
        checks = skill == "check_in"
        words = _checked(feeling, need, connection, calm, hope) if checks else transcript.clean(text)
        kept = (gr.skip(),) * 7
        # What comes after a check-in is talk: an answer to a question, for one.
        sent = (gr.skip(), "talk", *_fields(CheckInSheet())) if checks else ("", *kept[1:])
        yield (*kept, gr.skip())  # after nothing at all, Gradio would empty every field
        if words.strip():
            for number, html in enumerate(_answered(house, request, words, skill)):
                yield (*(kept if number else sent), html)

    def again(skill: str, request: gr.Request) -> Iterator[str]:
        words = tab(request).take_back()
        if words:
            yield from _answered(house, request, words, skill)

    def back(skill: str, request: gr.Request) -> Iterator[str]:
        yield from _answered(house, request, BACK, skill)

    def edit(draft: str, request: gr.Request) -> tuple[Any, ...]:
        words, kept = tab(request).take_back(), (gr.skip(),) * 7
        if words is None:
            return (*kept, gr.skip())
        if form.is_form(words):
            return gr.skip(), "check_in", *_fields(form.read(words)), house.shown(tab(request))
        rest = transcript.clean(draft).strip()
        return (f"{words}\n{rest}" if rest else words), *kept[1:], house.shown(tab(request))

    def end(skill: str, request: gr.Request) -> Iterator[str]:
        yield from _answered(house, request, END, skill)

    def new(request: gr.Request) -> str:
        house.tabs.forget(str(request.session_hash))
        return ""

    def stop(request: gr.Request) -> None:
        tab(request).halt.set()

    def refresh(request: gr.Request) -> str:
        tab(request).move(house.coach, house.country)
        return house.shown(tab(request))

    def closed(request: gr.Request) -> None:
        house.tabs.leave(str(request.session_hash))

    for step in (send, again, back, edit, end, new, stop, refresh, closed):
        step.__annotations__["request"] = gr.Request  # Gradio wants the class here, not its name
    written = [parts.text, parts.skill, *parts.check_in]
    lines = [parts.text, *(field for field in parts.check_in if isinstance(field, gr.Textbox))]
    gr.on(
        [parts.send.click, *(line.submit for line in lines)],
        send,
        written,
        [*written, parts.shown],
        **_QUIET,
    )
    parts.again.click(again, parts.skill, parts.shown, **_QUIET)
    parts.back.click(back, parts.skill, parts.shown, **_QUIET)
    parts.edit.click(edit, parts.text, [*written, parts.shown], **_QUIET)
    parts.end.click(end, parts.skill, parts.shown, **_QUIET)
    parts.new.click(new, None, parts.shown, **_QUIET)
    parts.refresh.click(refresh, None, parts.shown, **_QUIET)
    parts.stop.click(stop, None, None, queue=False, **_QUIET)
    page.unload(closed)


def _skill_of(text: str, skill: str) -> str | None:
    """The skill that a message goes to: its own where it has one, else the one that was chosen, if any."""
    if text == END:
        return "close"
    if form.is_form(text):
        return "check_in"
    return None if skill in ("talk", "check_in") else skill


def _answered(house: House, request: gr.Request, text: str, skill: str) -> Generator[str, None, None]:
    """One message through the coach: the whole transcript after each change, until the tab is forgotten."""
    key = str(request.session_hash)
    tab = house.tabs.at(key)
    chosen = _skill_of(text, skill)
    with closing(tab.answer(house.coach, text, skill=chosen, country=house.country)) as steps:
        for _ in steps:
            if not house.tabs.holds(key, tab):
                return
            yield house.shown(tab)
    named = tab.conversation.country
    if named and named != house.country:  # the user wrote where they are
        house.choose(named)
        yield house.shown(tab)
