"""The command line: thin, stable for people and for scripts. `coach --help` lists it.

Every command reads its text from the arguments, from a prompt, or with `--batch` as JSON Lines from
standard input. Exit codes: 0 done, 1 a check failed, 2 input or set-up at fault, 130 interrupted.
Heavy imports stand inside the commands, so that `--help` answers at once.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from coach import __version__, form
from coach.errors import CoachError, InputError, ModelError
from coach.turn import CheckInSheet

if TYPE_CHECKING:
    from pathlib import Path

    from coach.pipeline import Coach
    from coach.safety.screen import Screen
    from coach.settings import Settings
    from coach.turn import Contact, Conversation, Finished

_END = "/end"
_AGAIN = {
    f"/{name}": name for name in ("reframe", "repair", "practice")
}  # another skill for the last message
_PRIVACY = (
    "What stands in a command line can stay in the shell's history and shows in lists of processes. "
    "For anything private leave the text out and type it at the prompt, or pipe it in."
)


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code; errors end here as two sentences."""
    _plain_streams()
    args = _parser().parse_args(argv)
    try:
        return int(args.run(args) or 0)
    except CoachError as error:
        print(error.message, error.hint, sep="\n", file=sys.stderr)
        return 2
    except EOFError:
        print("The input ended before there was an answer.", "Nothing was done.", sep="\n", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="coach",
        description="A reflective coach for close relationships, on this laptop only. "
        "Without a command it opens the page in your browser.",
        epilog=_PRIVACY,
    )
    parser.add_argument("--version", action="version", version=f"coach {__version__}")
    parser.set_defaults(run=_page)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    def command(
        name: str, run: Callable[[argparse.Namespace], int | None] | None, text: str, *, says: str = ""
    ) -> Any:
        made = commands.add_parser(name, help=text, description=text)
        made.set_defaults(run=run, skill=None)
        if says:
            made.add_argument(
                "text", nargs="?", help=f"{says}; asked for if left out, - reads standard input"
            )
            made.add_argument("--json", action="store_true", help="print one JSON object")
            made.add_argument("--batch", action="store_true", help="JSON Lines in, JSON Lines out")
        return made

    command("page", _page, "open the page in your browser (the same as coach alone)")
    command("ask", _answer, "answer one message", says="what happened")
    command("reframe", _answer, "find other words for it", says="the remark or the story").set_defaults(
        skill="reframe"
    )
    command("repair", _answer, "mend after a fight", says="what happened").set_defaults(skill="repair")
    check_in = command("check-in", _check_in, "say how you are, in twenty seconds")
    check_in.set_defaults(skill="check_in")
    _check_in_parser(check_in)
    practise = command("practice", _practice, "go through an exercise, or list them")
    practise.add_argument("exercise", nargs="?", metavar="ID", help="which; without it they are listed")
    practise.add_argument("--list", action="store_true", help="list them")
    practise.add_argument("--json", action="store_true", help="print one JSON object")
    command("chat", _chat, "talk in the terminal")
    command("search", _search, "find the cards that fit a story", says="the story")
    command("screen", _screen, "show what the safety screen sees in a message", says="the message")
    command("review", _review, "show whether a reply would be let through", says="the reply")
    command("doctor", _doctor, "check that everything is in place").add_argument(
        "--json", action="store_true", help="print one JSON object"
    )
    command("where", _where, "print every path that the program uses").add_argument(
        "--json", action="store_true", help="print one JSON object"
    )
    reset = command("reset", _reset, "remove index, settings, history and your documents, after asking")
    reset.add_argument("--yes", action="store_true", help="do not ask")
    _knowledge_parser(command("knowledge", None, "the library, and documents of your own"))
    evals = command("eval", _eval, "run evaluation suites")
    evals.add_argument("suites", nargs="*", help="which (default: all)")
    evals.add_argument("--held-out", action="store_true", help="run on the rows that are never tuned on")
    evals.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def _check_in_parser(parser: Any) -> None:
    """What a check-in can be told; at a terminal, what is left out is asked for."""
    parser.add_argument("--feeling", help="a word or two for what you feel")
    parser.add_argument("--need", help="a word or two for what you need")
    for name in form.SCALES:
        parser.add_argument(f"--{name}", help=f"from 0, none, to {form.MOST}, full")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _knowledge_parser(parser: Any) -> None:
    """The commands under `coach knowledge`."""
    acts = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def act(name: str, run: Callable[[argparse.Namespace], int], text: str) -> Any:
        made = acts.add_parser(name, help=text, description=text)
        made.set_defaults(run=run)
        return made

    act("check", _check, "check cards, sources, coverage, links and reading grade")
    act("build", _build, "build the search index, if it is not there")
    act("stats", _stats, "count the cards").add_argument(
        "--json", action="store_true", help="print one JSON object"
    )
    add = act("add", _add, "add documents of your own (Markdown, text, PDF, DOCX)")
    add.add_argument(
        "paths", nargs="+", metavar="FILE|FOLDER", help="what to add; folders with all that is in them"
    )
    act("list", _list, "list your documents").add_argument(
        "--json", action="store_true", help="print one JSON object"
    )
    remove = act("remove", _remove, "remove documents of yours")
    remove.add_argument(
        "documents", nargs="+", metavar="NUMBER|NAME", help="as coach knowledge list shows them"
    )


def _page(args: argparse.Namespace) -> int:
    settings = _settings()
    from coach import offline

    offline.prepare()
    from coach import start
    from coach.web.server import serve

    coach = start.coach(settings)
    _report_problems(coach.library.problems)
    serve(
        coach,
        coach.library,
        coach.directory,
        settings,
        port=settings.port,
        open_browser=settings.open_browser,
        find=lambda text, restricted: coach.retriever.search(text, count=8, restricted=restricted),
        documents=start.documents().all,
    )
    return 0


def _answer(args: argparse.Namespace) -> int:
    from coach import start

    settings = _settings()
    coach = start.coach(settings)
    _report_problems(coach.library.problems)
    if args.batch:
        broken = _Once()
        code = _batch(lambda row: _answer_row(coach, settings, row, args.skill, broken))
        return 2 if broken.error else code
    return _answered(args, coach, settings, _text(args))


def _answered(args: argparse.Namespace, coach: Coach, settings: Settings, text: str) -> int:
    """Answer one message and show it, as text or as JSON."""
    from coach.report import reply_record

    streams = not args.json
    finished, notice = _fold(coach, _conversation(settings), text, args.skill, show=streams)
    if args.json:
        print(json.dumps(reply_record(finished.reply), ensure_ascii=False))
    else:
        _print_sources(finished)
    return 2 if notice else 0


def _check_in(args: argparse.Namespace) -> int:
    told = {name: getattr(args, name) for name in ("feeling", "need", *form.SCALES)}
    levels = {name: _level(name, told[name]) for name in form.SCALES if told[name] is not None}
    if sys.stdin.isatty():
        print("Enter skips.", file=sys.stderr)
        for name in (name for name, said in told.items() if said is None):
            if name in form.SCALES:
                levels[name] = _asked_level(name)
            else:
                told[name] = input(f"{name}: ")
    text = form.as_text(CheckInSheet(told["feeling"] or "", told["need"] or "", **levels))
    if not text:
        raise InputError("There is nothing in this check-in.", "Give a feeling, a need or one mark.")
    from coach import start

    settings = _settings()
    coach = start.coach(settings)
    _report_problems(coach.library.problems)
    return _answered(args, coach, settings, text)


def _asked_level(name: str) -> int | None:
    """A mark typed at the prompt, asked for again where it is none."""
    while True:
        try:
            return _level(name, input(f"{name}, 0 to {form.MOST}: "))
        except InputError as error:
            print(error.message, error.hint, file=sys.stderr)


def _level(name: str, said: str) -> int | None:
    """A mark as a number; None where it is empty."""
    said = said.strip()
    if said and not (said.isascii() and said.isdigit() and int(said) <= form.MOST):
        raise InputError(f"{said!r} is no mark for {name}.", f"Give a whole number from 0 to {form.MOST}.")
    return int(said) if said else None


def _practice(args: argparse.Namespace) -> int:
    from datetime import date

    from coach import practising, start
    from coach.report import practice_record
    from coach.safety.support import guess_country

    cards = start.library()
    _report_problems(cards.problems)
    if args.list or not args.exercise:
        found = [
            {"id": card.id, "title": card.title, "need": need} for need, card in practising.listed(cards)
        ]
        if args.json:
            print(json.dumps({"exercises": found}, ensure_ascii=False))
        for one in () if args.json else found:
            print(f"{one['id']:<22} {one['title']} ({one['need']})")
        return 0
    card = cards.cards.get(args.exercise)
    if card is None or not card.exercise:
        raise InputError(
            f"There is no exercise {args.exercise!r}.", "coach practice --list shows those there are."
        )
    settings = _settings()
    screen = start.safety(settings).screen
    screen.load()
    if screen.problem:
        _report_problems((screen.problem,))

    def say(text: str) -> None:
        print(text, file=sys.stderr if args.json else sys.stdout, flush=True)

    def ask(label: str) -> str:
        print(label, end="", file=sys.stderr if args.json else sys.stdout, flush=True)
        return input()

    prompts = practising.Prompts(ask, say, practising.waited)
    outcome = practising.gone_through(card, screen, prompts)
    category = outcome.risk.category if outcome.rested else None
    people: tuple[Contact, ...] = ()
    if outcome.rested:
        people = start.directory().contacts(settings.country, category, guess=guess_country())
    if args.json:
        print(json.dumps(practice_record(card, outcome, people), ensure_ascii=False))
    else:
        print(practising.ending(outcome, people, today=date.today()))
    return 0


class _Once:
    """Remembers and prints the first notice of a batch."""

    error: CoachError | None = None

    def __call__(self, error: CoachError) -> None:
        if self.error is None:
            print(error.message, error.hint, sep="\n", file=sys.stderr)
        self.error = error


def _answer_row(
    coach: Coach, settings: Settings, row: dict[str, Any], skill: str, broken: _Once
) -> dict[str, Any]:
    from coach.report import reply_record
    from coach.turn import Finished, Notice

    before, text = _turns(row)
    conversation = _after(coach.screen, _conversation(settings), before)
    for event in coach.respond(conversation, text, skill=skill):
        if isinstance(event, Notice):
            broken(ModelError(event.message, event.hint))
        if isinstance(event, Finished):
            return reply_record(event.reply)
    raise AssertionError("respond ends with Finished")


def _fold(
    coach: Coach, conversation: Conversation, text: str, skill: str | None, *, show: bool
) -> tuple[Finished, bool]:
    """Run one message, printing what is said as it comes; notices go to standard error."""
    from coach.turn import Finished, Notice, Said

    notice = False
    for event in coach.respond(conversation, text, skill=skill):
        if isinstance(event, Said) and show:
            print(event.text, end="", flush=True)
        elif isinstance(event, Notice):
            notice = True
            print(event.message, event.hint, sep="\n", file=sys.stderr)
        elif isinstance(event, Finished):
            if show:
                print()
            return event, notice
    raise AssertionError("respond ends with Finished")


_TAKE_UP = {
    "reframe": "in chat: /reframe; else coach reframe",
    "repair": "in chat: /repair; else coach repair",
    "practice": "in chat: /practice; else coach practice",
    "both_sides": "on the page: More, Both sides",
    "check_in": "coach check-in",
}


def _print_sources(finished: Finished) -> None:
    reply = finished.reply
    how = {
        "model": "written with the model on this machine",
        "composed": "put together from the library, without a model",
        "fixed": "a fixed text",
    }
    print()
    for passage in reply.passages:
        print(f"  read: {'your document ' if passage.own else ''}{passage.title} ({passage.card})")
    print(f"  {how[reply.origin]}")
    if reply.suggests:
        print(f"  to take that up: {_TAKE_UP[reply.suggests]}")
    if reply.exercise:
        print(f"  To begin: coach practice {reply.exercise}")


def _chat(args: argparse.Namespace) -> int:
    from coach import start
    from coach.skills.close import END

    settings = _settings()
    coach = start.coach(settings)
    _report_problems(coach.library.problems)
    conversation = _conversation(settings)
    print("A program that listens and asks. Not a therapist, not a person. An empty line ends it.")
    print(f"{_END} ends it with a few words on what was said.")
    before, last = conversation, ""
    while True:
        try:
            text = input("\n> ")
        except EOFError:
            return 0
        if not text.strip():
            return 0
        ends = text.strip() == _END and not (conversation.paused or conversation.awaited)
        skill = "close" if ends else None
        if last and text.strip() in _AGAIN:
            conversation, text, skill = before, last, _AGAIN[text.strip()]
        before, last = conversation, text
        finished, _ = _fold(coach, conversation, END if ends else text, skill, show=True)
        if finished.reply.skill == "close":
            return 0
        _print_sources(finished)
        conversation = finished.conversation


def _search(args: argparse.Namespace) -> int:
    from coach import offline, start
    from coach.report import passage_record

    offline.prepare()
    cards = start.library()
    _report_problems(cards.problems)
    found = start.search(cards)

    def look(row: dict[str, Any]) -> dict[str, Any]:
        before, text = _turns(row)
        told = [turn for role, turn in before if role == "user"]
        passages = found.search("\n".join([*told, text][-3:]))
        return {"passages": [passage_record(p) for p in passages]}

    def show(record: dict[str, Any]) -> None:
        if not record["passages"]:
            print("No card fits.")
        for passage in record["passages"]:
            yours = "your document " if passage["own"] else ""
            print(f"{passage['score']:.2f}  {yours}{passage['title']} ({passage['card']})")

    return _one_or_batch(args, look, show)


def _screen(args: argparse.Namespace) -> int:
    from coach import start
    from coach.pipeline import remembered, screened
    from coach.report import risk_record
    from coach.turn import Conversation

    screen = start.safety(_settings()).screen
    screen.load()
    if screen.problem:
        _report_problems((screen.problem,))

    def look(row: dict[str, Any]) -> dict[str, Any]:
        before, text = _turns(row)
        conversation = _after(screen, Conversation(), before)
        return risk_record(remembered(conversation, text, screened(text, conversation, screen)).risk)

    def show(record: dict[str, Any]) -> None:
        print(f"level {record['level']}", *(filter(None, (record["category"], record["subject"]))), sep=", ")
        for flag in record["flags"]:
            print(f"  flag: {flag}")
        for evidence in record["evidence"]:
            print(f"  {evidence['signal']}: {evidence['words']}")

    return _one_or_batch(args, look, show)


def _review(args: argparse.Namespace) -> int:
    from coach import start
    from coach.safety.review import review_reply

    safe = start.safety(_settings())
    safe.load()
    _report_problems(tuple(filter(None, (safe.screen.problem, safe.review.problem))))

    def look(row: dict[str, Any]) -> dict[str, Any]:
        reply = row.get("reply", row.get("text"))
        if not isinstance(reply, str):
            raise InputError("A row has no text in reply.", 'Give {"id": …, "user": …, "reply": …}.')
        user = str(row.get("user") or "")
        faults = review_reply(user, reply, unsafe=safe.screen(user).is_abuse, by=safe.review)
        return {
            "verdict": "block" if faults else "pass",
            "faults": [{"kind": fault.kind, "words": fault.words} for fault in faults],
        }

    def show(record: dict[str, Any]) -> None:
        print(record["verdict"])
        for fault in record["faults"]:
            print(f"  {fault['kind']}: {fault['words']}")

    return _one_or_batch(args, look, show)


def _doctor(args: argparse.Namespace) -> int:
    from coach import doctor, offline

    offline.prepare()
    checks = doctor.examine(_settings())
    if args.json:
        print(json.dumps({"checks": [vars(check) for check in checks]}, ensure_ascii=False))
    else:
        for check in checks:
            print(f"{'ok ' if check.ok else 'NO '} {check.name}: {check.told}")
    return 0 if all(check.ok for check in checks) else 1


def _where(args: argparse.Namespace) -> int:
    from coach.settings import bundled, places

    here = places()
    found = {
        "settings": str(here.settings),
        "index": str(here.index),
        "models": str(here.models),
        "history": str(here.history),
        "documents": str(here.documents),
        "knowledge": str(bundled("knowledge")),
        "prompts": str(bundled("prompts")),
    }
    if args.json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        for name, path in found.items():
            print(f"{name:<10} {path}")
    return 0


def _reset(args: argparse.Namespace) -> int:
    from coach.settings import places, remove

    here = places()
    targets = [path for path in (here.cache, here.settings, here.history, here.documents) if path.exists()]
    if not targets:
        print("There is nothing to remove.")
        return 0
    print("This removes:", *targets, sep="\n  ")
    if not args.yes and input("Remove them? Type yes: ").strip().lower() != "yes":
        print("Nothing was removed.")
        return 0
    remove(targets)
    print("Removed. Model files that you added were kept." if here.models.exists() else "Removed.")
    return 0


def _check(args: argparse.Namespace) -> int:
    from coach import librarian
    from coach.settings import bundled

    problems = librarian.check(bundled("knowledge"))
    _report_problems(tuple(problems))
    print("The library is whole." if not problems else f"{len(problems)} to mend.")
    if not librarian.grades():
        print("The reading grade was not measured; pip install 'secure-base[dev]' brings what it needs.")
    return 1 if problems else 0


def _build(args: argparse.Namespace) -> int:
    from coach import offline, start

    offline.prepare()
    cards = start.library()
    _report_problems(cards.problems)
    search = start.search(cards)
    current = search.is_current()
    if not current:
        search.load()
    print(f"{len(cards.cards)} cards; the index {'is current' if current else 'was built'}.")
    return 1 if cards.problems else 0


def _stats(args: argparse.Namespace) -> int:
    from dataclasses import asdict

    from coach import librarian, start

    found = asdict(librarian.stats(start.library()))
    if args.json:
        print(json.dumps(found, ensure_ascii=False))
        return 0
    for name, value in found.items():
        told = (
            ", ".join(f"{key} {count}" for key, count in value.items()) if isinstance(value, dict) else value
        )
        print(f"{name.replace('_', ' '):<16} {told}")
    return 0


def _add(args: argparse.Namespace) -> int:
    from tqdm import tqdm

    from coach import offline, start

    offline.prepare()
    documents = start.documents()
    taken = left = 0
    for path in _paths(args.paths):
        with tqdm(desc="reading", unit=" passages", leave=False, disable=None, delay=0.5) as bar:

            def progress(done: int, of: int, bar: Any = bar) -> None:
                bar.total = of
                bar.update(done - bar.n)

            outcome = documents.add(path, progress=progress)
        taken, left = taken + outcome.taken, left + (not outcome.taken)
        print(f"{outcome.name}: {outcome.told}", flush=True)
    if taken:
        documents.sync()
    print(
        f"{taken} here, {left} left out." if taken + left else "There is no file of a kind that can be read."
    )
    return 0 if taken else 2


def _paths(given: list[str]) -> Iterator[Path]:
    """The files to add; a path with nothing there is said, and the others go on."""
    from pathlib import Path

    from coach import reading

    for one in given:
        try:
            yield from reading.files(Path(one).expanduser())
        except InputError as error:
            _report_problems((error,))


def _list(args: argparse.Namespace) -> int:
    from dataclasses import asdict

    from coach import start

    found = start.documents().all()
    if args.json:
        print(json.dumps({"documents": [asdict(document) for document in found]}, ensure_ascii=False))
        return 0
    for document in found:
        left = f", {document.waiting} still to be read: add it again" if document.waiting else ""
        print(
            f"{document.number:>3}  {document.name}  ({document.passages} passages, {document.added}{left})"
        )
    if not found:
        print("There are no documents of yours. Add some with: coach knowledge add FILE")
    return 0


def _remove(args: argparse.Namespace) -> int:
    from coach import offline, start

    offline.prepare()
    documents = start.documents()
    for which in args.documents:
        print(f"Removed {documents.remove(which).name}.")
    return 0


def _eval(args: argparse.Namespace) -> int:
    from coach import offline

    offline.prepare()
    try:
        from evals.run import run
    except ModuleNotFoundError as exc:
        raise InputError(
            f"The evaluation suites need a package that is missing ({exc.name}).",
            "Install it with: pip install 'secure-base[evals]' (Python 3.11 or newer).",
        ) from exc
    return run(args.suites, held_out=args.held_out, as_json=args.json)


def _settings() -> Settings:
    from coach import settings

    return settings.load()


def _conversation(settings: Settings) -> Conversation:
    from coach.turn import Conversation

    return Conversation(country=settings.country)


def _after(screen: Screen, conversation: Conversation, before: list[tuple[str, str]]) -> Conversation:
    """The conversation after earlier turns: the user's are screened, no reply is generated in between."""
    from coach.pipeline import remembered, screened, with_message
    from coach.turn import Message

    for role, text in before:
        if role == "user":
            conversation = remembered(conversation, text, screened(text, conversation, screen))
            conversation = with_message(conversation, Message("user", text))
        else:
            conversation = with_message(conversation, Message("coach", text))
    return conversation


def _turns(row: dict[str, Any]) -> tuple[list[tuple[str, str]], str]:
    """A row's earlier turns as (role, text), and its last user text."""
    turns = row.get("turns", [row.get("text")])
    if not isinstance(turns, list) or not turns:
        raise InputError("A row has neither text nor turns.", 'Give {"id": …, "text": …}.')
    told: list[tuple[str, str]] = []
    for turn in turns:
        role, text = ("user", turn) if isinstance(turn, str) else _role_and_text(turn)
        told.append((role, text))
    if told[-1][0] != "user":
        raise InputError("The last turn of a row is not the user's.", "End turns with what the user wrote.")
    return told[:-1], told[-1][1]


def _role_and_text(turn: Any) -> tuple[str, str]:
    roles = {"user": "user", "assistant": "coach", "coach": "coach"}
    if isinstance(turn, dict) and isinstance(turn.get("content"), str) and turn.get("role") in roles:
        return roles[turn["role"]], turn["content"]
    raise InputError(
        "A turn is neither text nor {role, content}.", "Roles are user and assistant; content is text."
    )


def _one_or_batch(
    args: argparse.Namespace,
    look: Callable[[dict[str, Any]], dict[str, Any]],
    show: Callable[[dict[str, Any]], None],
) -> int:
    if args.batch:
        return _batch(look)
    record = look({"text": _text(args)})
    if args.json:
        print(json.dumps(record, ensure_ascii=False))
    else:
        show(record)
    return 0


def _batch(look: Callable[[dict[str, Any]], dict[str, Any]]) -> int:
    """JSON Lines in, JSON Lines out, in order; a bad line gives an error on its line."""
    for number, line in enumerate(_lines(), start=1):
        if not line.strip():
            continue
        given: object = None
        try:
            given = _row(line, number)
            record = look(given)
        except CoachError as error:
            record = {"error": str(error)}
        id = given.get("id") if isinstance(given, dict) else None
        print(json.dumps({"id": id, **record}, ensure_ascii=False), flush=True)
    return 0


def _row(line: str, number: int) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as exc:
        raise InputError(f"Line {number} is not JSON.", "Give one JSON object a line.") from exc
    if not isinstance(row, dict):
        raise InputError(f"Line {number} is not a JSON object.", "Give one JSON object a line.")
    return row


def _lines() -> Iterator[str]:
    for raw in sys.stdin.buffer:
        yield raw.decode("utf-8", "replace")


def _text(args: argparse.Namespace) -> str:
    """The text of a command: its argument, standard input, or typed at a prompt."""
    if args.text == "-" or (args.text is None and not sys.stdin.isatty()):
        return sys.stdin.buffer.read().decode("utf-8", "replace")
    return input("> ") if args.text is None else str(args.text)


def _report_problems(problems: tuple[CoachError, ...]) -> None:
    for problem in problems:
        print(problem.message, problem.hint, file=sys.stderr)


def _plain_streams() -> None:
    """UTF-8 in and out on every system, so that no emoji ends a command."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
