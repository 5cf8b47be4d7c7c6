"""The one path that every message takes. Read this first.

    text ─ screen ─┬─ risk ≥ 2 ─→ support reply (fixed text, resources of the user's country) ──────────┐
                   ├─ risk 1, not yet asked ─→ one fixed question ──────────────────────────────────────┤
                   ├─ not in English ─→ a fixed text that says so ──────────────────────────────────────┤
                   └─ else ─→ skill ─→ retrieve ─→ prompt ─→ engine ─→ review, sentence by sentence ─→ Reply
                              └ one in which no model speaks,   └ a draft that fails ─→ composed from the
                                as a check-in: composed                                 user's words and cards

The pass that screens also tells what a message is for: its kind, another skill to offer, its parts.
`Coach.respond(conversation, text)` yields events and stores nothing: the last event, `Finished`, holds
the reply and the next `Conversation`, which the caller carries.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Protocol

from coach import prompting
from coach.cards import Card, Library
from coach.errors import InputError, KnowledgeError, ModelError
from coach.form import spoken
from coach.language import language_of
from coach.safety import support
from coach.safety.review import Review, review, sentences
from coach.safety.screen import Screen
from coach.skills import OFFERS, SKILLS, Draft, Skill
from coach.skills.grounding import adds_to
from coach.skills.parts import Meaning, Understands
from coach.skills.story import Story, read_story
from coach.turn import (
    ContextFull,
    Conversation,
    Event,
    Evidence,
    Finished,
    Found,
    Message,
    Notice,
    Origin,
    Passage,
    Prompt,
    Reply,
    Risk,
    Said,
    Stage,
    Timing,
    never,
)

_DRAFTS = 2  # a draft that fails its checks is tried once more, then replaced by the composed reply
_BRIEF = 4  # words; in fewer, a language cannot be told without what came before
_REMEMBERED = 3  # messages that a search looks at: "and then he did it again" needs what came before
_HALF_A_SCREEN = (
    "The part of this program that notices danger between the lines is not working, so it may miss some. "
    "Support is one click away."
)
_UNSAFE = Risk(1, "partner_violence", "self", evidence=(Evidence("classifier", "unsafe"),))
_DROPPED = dict.fromkeys(c for c in [*range(0x20), *range(0x7F, 0xA0)] if c not in (0x09, 0x0A))


class Engine(Protocol):
    """What runs a language model; a `large` one can follow a longer prompt."""

    @property
    def large(self) -> bool: ...

    def stream(self, prompt: Prompt, *, stopped: Callable[[], bool]) -> Iterator[str]:
        """Yield the answer in pieces; raises ContextFull or ModelError, ends early once `stopped()`."""
        ...


class Retriever(Protocol):
    """What finds passages."""

    def search(
        self, query: str, *, count: int = 3, skill: str | None = None, restricted: bool = False
    ) -> tuple[Passage, ...]:
        """Return the passages that fit, best first; none where nothing fits."""
        ...


def nothing() -> None:
    """There is nothing to do."""


@dataclass
class Coach:
    """Answers messages with the parts it was handed; holds nothing of any conversation.

    `understand` reads what a message is for; `guess` is a country to offer while none was chosen; `warm`
    loads the parts ahead of the first message, `forget` drops what they hold of earlier ones.
    """

    engine: Engine
    retriever: Retriever
    library: Library
    directory: support.Directory
    screen: Screen = field(default_factory=Screen)
    review: Review = review
    understand: Understands | None = None
    guess: str | None = None
    warm: Callable[[], None] = nothing
    forget: Callable[[], None] = nothing

    def respond(
        self,
        conversation: Conversation,
        text: str,
        *,
        skill: str | None = None,
        stopped: Callable[[], bool] = never,
    ) -> Iterator[Event]:
        """Answer one message; `skill` is the user's own choice, `stopped` is asked while a model writes."""
        begun = time.perf_counter()
        before = conversation
        text = readable(text)
        try:
            risk = screened(text, conversation, self.screen)
        except KnowledgeError as problem:
            yield from self._without_screen(conversation, text, problem)
            return
        if self.screen.problem and not before.messages:
            yield Notice(_HALF_A_SCREEN, self.screen.problem.hint)
        chosen = SKILLS[skill or "listen"]
        meaning = self._meaning(text, before) if chosen.speaks and risk.level < 2 else Meaning()
        if meaning.kind == "unsafe" and chosen.name == "reframe" and risk.level == 0:
            risk = _UNSAFE  # words for somebody one is afraid of: first the question what happens at a no
        conversation = remembered(conversation, text, risk)
        screen_time = time.perf_counter() - begun

        restricted = conversation.unsafe or conversation.awaited is not None
        answer = self._support(before, conversation, text, risk)
        if answer is None and restricted and chosen.off_when_unsafe:
            answer = self._not_now(conversation)
        if answer:
            yield Said(answer.text)
            now = time.perf_counter() - begun
            yield fixed(conversation, text, risk, answer, Timing(screen_time, now, now))
            return

        yield Stage("reading")
        query = "\n".join(map(spoken, [*before.user_texts, text][-_REMEMBERED:]))
        careful = restricted or self.screen.problem is not None
        passages: tuple[Passage, ...] = ()
        if chosen.reads_cards:
            passages = self.retriever.search(query, skill=chosen.name, restricted=careful)
        yield Found(passages)

        wanted = meaning.intent if skill is None and not restricted else ""
        offer = wanted if wanted in OFFERS and wanted not in conversation.offered else None
        story = replace(
            read_story(text, before.user_texts),
            kind=meaning.kind,
            parts=meaning.parts,
            offer=OFFERS.get(offer or "", ""),
        )
        cards = [self.library.cards[passage.card] for passage in passages if passage.sure]
        written: Iterator[Event | Draft]
        if chosen.speaks:
            template = prompting.template_for(chosen.name, large=self.engine.large)
            sent = prompting.sent_text(template, text, passages)
            conversation = with_message(conversation, Message("user", text, sent))
            writing = _Writing(self.engine, self.review, template, conversation, stopped)
            written = (_talk if chosen.read is None else _sheet)(writing, chosen, story, cards)
            yield Stage("writing")
        else:
            conversation = with_message(conversation, Message("user", text))
            written = _composed(chosen, story, cards)

        first = 0.0
        draft = Draft("")
        for event in written:
            if isinstance(event, Draft):
                draft = event
                continue
            first = first or time.perf_counter() - begun
            yield event
        total = time.perf_counter() - begun

        origin: Origin = "model" if draft.model else "composed"
        reply = Reply(
            draft.text,
            chosen.name,
            origin,
            risk,
            passages,
            sheet=draft.sheet,
            suggests=offer,
            exercise=draft.exercise,
            timing=Timing(screen_time, first, total),
        )
        if chosen.speaks:
            conversation = writing.conversation  # which may have let its oldest exchanges go
        if offer:
            conversation = replace(conversation, offered=(*conversation.offered, offer))
        yield Finished(reply, with_message(conversation, Message("coach", draft.text)))

    def _meaning(self, text: str, before: Conversation) -> Meaning:
        """What the message is for; nothing where that cannot be read, and the skills go by rules alone."""
        if self.understand is None or language_of(text) != "en":
            return Meaning()
        try:
            return self.understand.meaning(text, before.user_texts)
        except ModelError:
            return Meaning()

    def _support(
        self, before: Conversation, now: Conversation, text: str, risk: Risk
    ) -> support.SupportReply | None:
        """The fixed reply that is due, or None where coaching may go on."""
        raised = risk.level > before.risk.level or risk.category != before.risk.category
        new = risk.level >= 2 and (raised or not before.paused)
        asks = risk.level == 1 and raised and before.awaited is None
        again = risk.level == 1 and support.asks_once_more(before, text)
        brief = len(text.split()) < _BRIEF
        language = language_of("\n".join([*before.user_texts[-_REMEMBERED:], text]) if brief else text)
        if before.paused and not new:
            return support.follow_up(now, text, self.directory, guess=self.guess, language=language)
        if new or asks or again or language != "en":
            return support.first(
                risk,
                self.directory,
                country=now.country,
                guess=self.guess,
                said=now.coach_texts,
                message=text,
                language=language,
            )
        return None

    def _without_screen(
        self, conversation: Conversation, text: str, problem: KnowledgeError
    ) -> Iterator[Event]:
        """Where the screen itself cannot work, support is shown, and no coaching."""
        yield Notice(problem.message, problem.hint)
        contacts = self.directory.contacts(conversation.country, "general", guess=self.guess)
        answer = support.SupportReply(
            prompting.fixed_text("screen_down"), contacts, conversation.awaited, conversation.paused
        )
        yield Said(answer.text)
        yield fixed(conversation, text, Risk(), answer, Timing())

    def _not_now(self, conversation: Conversation) -> support.SupportReply:
        """Why a worksheet is off after abuse, or until a question about safety is answered."""
        category = conversation.risk.category or "general"
        contacts = self.directory.contacts(conversation.country, category, guess=self.guess)
        return support.SupportReply(
            prompting.fixed_text("not_now"), contacts, conversation.awaited, paused=False
        )


def fixed(
    conversation: Conversation, text: str, risk: Risk, answer: support.SupportReply, timing: Timing
) -> Finished:
    """The end of a turn in which no model spoke."""
    conversation = with_message(conversation, Message("user", text))
    conversation = with_message(conversation, Message("coach", answer.text))
    conversation = replace(
        conversation,
        paused=answer.paused,
        awaited=answer.awaited,
        country=answer.country or conversation.country,
    )
    reply = Reply(answer.text, "support", "fixed", risk, support=answer.contacts, timing=timing)
    return Finished(reply, conversation)


@dataclass
class _Writing:
    """One reply in the making: asks the engine for drafts, and lets the oldest exchanges go if it must."""

    engine: Engine
    review: Review
    template: prompting.Template
    conversation: Conversation
    stopped: Callable[[], bool]

    def draft(self, *, seed: int, after: str = "") -> Iterator[str]:
        """Yield a draft piece by piece, beginning with the words that the template starts it with.

        `after` is what was shown of the reply already; the model goes on from there.
        """
        while True:
            prompt = prompting.build(self.template, self.conversation, seed=seed, after=after)
            with closing(self.engine.stream(prompt, stopped=self.stopped)) as pieces:  # type: ignore[type-var]
                try:
                    first = next(pieces, "")
                except ContextFull as exc:
                    smaller = prompting.drop_oldest(self.conversation)
                    if smaller is None:
                        raise ModelError(
                            "The message does not fit into this model's context.", "Write it in two parts."
                        ) from exc
                    self.conversation = smaller
                    continue
                yield self.template.start + first
                yield from pieces
                return


def _talk(writing: _Writing, skill: Skill, story: Story, cards: list[Card]) -> Iterator[Event | Draft]:
    """Show the opening, then a draft's sentences as they pass; at the first that fails, compose the rest.

    The opening, which needs no model, keeps a small model to this story. Where there is none (a greeting,
    another language, a recipe), the whole reply is composed.
    """
    opening = skill.opening(story) if skill.opening else ""
    shown: list[str] = [opening] if opening else []
    if opening:
        yield Said(opening)
    by_model = False
    try:
        for seed in range(1, _DRAFTS + 1) if opening else ():
            with closing(writing.draft(seed=seed, after=opening)) as pieces:  # type: ignore[type-var]
                for sentence in filter(None, map(str.strip, sentences(pieces))):
                    if not passes(sentence, shown, skill, story, cards, writing):
                        break
                    yield Said(f" {sentence}")
                    shown.append(sentence)
                    by_model = True
            if by_model or writing.stopped():
                break
    except ModelError as problem:
        yield Notice(problem.message, problem.hint)
    text = " ".join(shown)
    ending = "" if writing.stopped() else _ending(skill, story, cards, shown, by_model)
    if ending:
        yield Said(ending)
    yield Draft(text + ending, model=by_model)


def _ending(skill: Skill, story: Story, cards: list[Card], shown: list[str], by_model: bool) -> str:
    """What is still to be said: after the opening alone, the composed reply just goes on."""
    whole = "" if by_model else skill.compose(story, cards, ()).text
    if whole.startswith("".join(shown)):
        return whole[len("".join(shown)) :]
    ending = skill.compose(story, cards, shown).text
    return f"\n\n{ending}" if ending else ""


def _sheet(writing: _Writing, skill: Skill, story: Story, cards: list[Card]) -> Iterator[Event | Draft]:
    """Show the composed worksheet up to the line that a model may write; if two fail, the composed one."""
    assert skill.read is not None
    composed = skill.compose(story, cards, ())
    shown = composed.text[: composed.text.index(composed.line)] if composed.line else ""
    if shown:
        yield Said(shown)
    draft: Draft | None = None
    try:
        for seed in range(1, _DRAFTS + 1) if composed.line else ():
            text = "".join(writing.draft(seed=seed))
            yield Stage("checking")
            if not any(writing.review(line, user=story.text, to_say=True) for line in sentences([text])):
                draft = skill.read(text, story, composed)
            if draft or writing.stopped():
                break
    except ModelError as problem:
        yield Notice(problem.message, problem.hint)
    draft = draft or composed
    yield Said(draft.text[len(shown) :])
    yield draft


def _composed(skill: Skill, story: Story, cards: list[Card]) -> Iterator[Event | Draft]:
    """The reply of a skill in which no model takes part."""
    draft = skill.compose(story, cards, ())
    yield Said(draft.text)
    yield draft


def passes(
    sentence: str, shown: list[str], skill: Skill, story: Story, cards: list[Card], writing: _Writing
) -> bool:
    """Whether a model's sentence may be shown: it belongs to this story, and has no fault of safety."""
    if not adds_to(sentence, shown) or (skill.fits and not skill.fits(sentence, story, cards)):
        return False
    before = writing.conversation
    return not writing.review(
        sentence, user=story.text, said=before.coach_texts, so_far=shown, unsafe=before.unsafe
    )


def readable(text: str) -> str:
    """The message without broken surrogates and control characters; InputError if nothing is left."""
    text = text.encode("utf-8", "ignore").decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    text = text.translate(_DROPPED).strip()
    if not text:
        raise InputError("There is no text in that message.", "Write a sentence or two about what happened.")
    return text


def screened(text: str, conversation: Conversation, screen: Screen) -> Risk:
    """The screen's verdict, or what the answer to a question about safety makes of the risk."""
    risk = screen(text, conversation.user_texts)
    answered = support.after_answer(conversation.risk, awaited=conversation.awaited, text=text)
    return answered if answered.level > max(risk.level, conversation.risk.level) else risk


def remembered(conversation: Conversation, text: str, risk: Risk) -> Conversation:
    """The conversation with this message's risk in it: risk never falls, and a `no` ends a question."""
    awaited = conversation.awaited
    if awaited and not conversation.paused and support.answered(awaited, text) == "no":
        awaited = None
    higher = risk if risk.level > conversation.risk.level else conversation.risk
    unsafe = conversation.unsafe or (risk.level >= 2 and risk.is_abuse)
    return replace(conversation, risk=higher, unsafe=unsafe, awaited=awaited)


def with_message(conversation: Conversation, message: Message) -> Conversation:
    """The conversation with one more message."""
    return replace(conversation, messages=(*conversation.messages, message))
