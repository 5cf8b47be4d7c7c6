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

from coach.web import transcript
from coach.web.tabs import House, Tab

BACK = "I want to go back to coaching"
SKILLS = (("Talk", "talk"), ("Reframe", "reframe"), ("Repair", "repair"))
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
}
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


def blocks(house: House) -> gr.Blocks:
    """The page; `house` is kept by the caller, who may clear its tabs at any time."""
    page = gr.Blocks(title="Notes", analytics_enabled=False)
    with page:
        _wire(house, page, _laid_out())
    return page


def _laid_out() -> _Parts:
    with gr.Column(elem_id="talk"):
        gr.Markdown(_intro(), elem_id="intro", latex_delimiters=[])
        shown = gr.Markdown("", elem_id="transcript", latex_delimiters=[])
        with gr.Row(elem_id="after"):
            back = gr.Button("Go back to talking", elem_id="back")
            again = gr.Button("Try again", elem_id="again")
            edit = gr.Button("Edit my message", elem_id="edit")
            new = gr.Button("New conversation", elem_id="new")
            refresh = gr.Button("Refresh", elem_id="refresh")
    skill = gr.Radio(list(SKILLS), value="talk", label="What would help now", elem_id="skill")
    with gr.Row(elem_id="composer"):
        text = _composer()
        send = gr.Button("Send", variant="primary", elem_id="send")
        stop = gr.Button("Stop", elem_id="stop")
    return _Parts(text, shown, skill, send, stop, again, edit, new, back, refresh)


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


def _wire(house: House, page: gr.Blocks, parts: _Parts) -> None:
    """Tie every button to its step."""

    def tab(request: gr.Request) -> Tab:
        return house.tabs.at(str(request.session_hash))

    def send(text: str, skill: str, request: gr.Request) -> Iterator[tuple[Any, Any]]:
        words = transcript.clean(text)
        if words.strip():
            for number, html in enumerate(_answered(house, request, words, skill)):
                yield (gr.skip() if number else ""), html

    def again(skill: str, request: gr.Request) -> Iterator[str]:
        words = tab(request).take_back()
        if words:
            yield from _answered(house, request, words, skill)

    def back(skill: str, request: gr.Request) -> Iterator[str]:
        yield from _answered(house, request, BACK, skill)

    def edit(draft: str, request: gr.Request) -> tuple[Any, Any]:
        words = tab(request).take_back()
        if words is None:
            return gr.skip(), gr.skip()
        rest = transcript.clean(draft).strip()
        return (f"{words}\n{rest}" if rest else words), house.shown(tab(request))

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

    for step in (send, again, back, edit, new, stop, refresh, closed):
        step.__annotations__["request"] = gr.Request  # Gradio wants the class here, not its name
    gr.on(
        [parts.send.click, parts.text.submit],
        send,
        [parts.text, parts.skill],
        [parts.text, parts.shown],
        **_QUIET,
    )
    parts.again.click(again, parts.skill, parts.shown, **_QUIET)
    parts.back.click(back, parts.skill, parts.shown, **_QUIET)
    parts.edit.click(edit, parts.text, [parts.text, parts.shown], **_QUIET)
    parts.new.click(new, None, parts.shown, **_QUIET)
    parts.refresh.click(refresh, None, parts.shown, **_QUIET)
    parts.stop.click(stop, None, None, queue=False, **_QUIET)
    page.unload(closed)


def _answered(house: House, request: gr.Request, text: str, skill: str) -> Generator[str, None, None]:
    """One message through the coach: the whole transcript after each change, until the tab is forgotten."""
    key = str(request.session_hash)
    tab = house.tabs.at(key)
    chosen = None if skill == "talk" else skill
    with closing(tab.answer(house.coach, text, skill=chosen, country=house.country)) as steps:
        for _ in steps:
            if not house.tabs.holds(key, tab):
                return
            yield house.shown(tab)
    named = tab.conversation.country
    if named and named != house.country:  # the user wrote where they are
        house.choose(named)
        yield house.shown(tab)
