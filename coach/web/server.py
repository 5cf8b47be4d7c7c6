"""Serves the page to this machine only: the app, the guard in front of it, and the run until it ends.

    serve ─→ a socket on 127.0.0.1 ─→ uvicorn ─→ Guard ─→ our few routes, and Gradio's behind them

`Guard` is plain ASGI: it refuses what does not come from this page, sets the headers, puts frame.html into
Gradio's first page, and counts open connections, by which the server knows that no tab is open.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import socket
import sys
import threading
import time
import webbrowser
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

from coach import offline
from coach.cards import Library
from coach.documents import Document
from coach.errors import CoachError, KnowledgeError, PageError
from coach.prompting import fixed_text
from coach.settings import Settings
from coach.skills.verdict import message_verdict, verdict
from coach.web import both_sides, practice, shelves, transcript
from coach.web.tabs import Directory, Find, House, Responds, Tabs, nothing_found

HOST = "127.0.0.1"
PORT = 7860
FORGET_AFTER_S = 120.0
_LONGEST_SEARCH = 2000  # characters
HERE = Path(__file__).parent

Scope: TypeAlias = MutableMapping[str, Any]
Sent: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Sent]]
Send: TypeAlias = Callable[[Sent], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

# What the page itself asks for; all else that Gradio serves (files, uploads, proxy, schema) stays shut.
FILES = {
    "/style.css": ("style.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
    "/both_sides.js": ("both_sides.js", "text/javascript"),
    "/change.js": ("change.js", "text/javascript"),
    "/practice.js": ("practice.js", "text/javascript"),
    "/needs.js": ("needs.js", "text/javascript"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
    "/favicon.ico": ("icon.svg", "image/svg+xml"),
    "/measures": ("leave.html", "text/html; charset=utf-8"),
}
OURS = frozenset({"/", "/stopped", *FILES})
OURS_POST = frozenset({"/leave", "/stop", "/country", "/library", "/both-sides", "/practice", "/check"})
GRADIO_GET = ("/assets/", "/static/", "/theme.css", "/gradio_api/queue/data", "/gradio_api/heartbeat/")
GRADIO_POST = ("/gradio_api/queue/join", "/gradio_api/run/", "/gradio_api/cancel", "/gradio_api/reset")


def build(
    coach: Responds,
    library: Library,
    directory: Directory,
    settings: Settings,
    *,
    find: Find = nothing_found,
    documents: Callable[[], Sequence[Document]] = lambda: (),
) -> Guard:
    """The whole page as an ASGI app; imports Gradio, and loads no model."""
    offline.prepare()
    import gradio as gr
    from fastapi import FastAPI

    from coach.web.page import blocks

    house = House(coach, library, directory, settings.country, _model_name(settings), find, documents)
    page = blocks(house)
    house.tabs = Tabs(on_forget=lambda key: _forget_in_gradio(page, key))
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    guard = Guard(app, house)
    _routes(app, guard)
    gr.mount_gradio_app(
        app,
        page,
        path="/",
        server_name=HOST,
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        show_error=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        max_file_size=1,
        theme=gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["monospace"]),
    )
    return guard


def _model_name(settings: Settings) -> str:
    return f"the model {settings.model.stem}" if settings.model else "the starter model"


def _forget_in_gradio(page: Any, key: str) -> None:
    """Gradio keeps the last value of every component of a session; those go with the conversation.

    What it keeps of an answer under way goes by itself when that answer ends, which forgetting brings about.
    """
    page.state_holder.session_data.pop(key, None)
    page.state_holder.time_last_used.pop(key, None)


def _routes(app: Any, guard: Guard) -> None:
    """Our own few routes, in front of Gradio's."""
    from starlette.background import BackgroundTask
    from starlette.concurrency import run_in_threadpool
    from starlette.requests import Request
    from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, Response

    house = guard.house

    def file(name: str, kind: str) -> Callable[[Request], Response]:
        return lambda request: FileResponse(HERE / name, media_type=kind)

    def stopped(request: Request) -> Response:
        guard.told.set()
        return FileResponse(HERE / "stopped.html", media_type="text/html; charset=utf-8")

    def leave(request: Request) -> Response:
        house.tabs.forget_all()
        guard.sides.forget_all()
        return Response(status_code=204, background=BackgroundTask(house.coach.forget))

    def stop(request: Request) -> Response:
        house.tabs.forget_all()
        guard.ending.set()
        return Response(status_code=204)

    async def country(request: Request) -> Response:
        code = _country_in(await request.body())
        if code is not None and code not in house.directory.countries:
            return JSONResponse({"saved": False}, status_code=422)
        return JSONResponse({"saved": house.choose(code)})

    async def look(request: Request) -> Response:
        asked = _asked(await request.body())
        return HTMLResponse(await run_in_threadpool(_looked_up, house, asked))

    async def check(request: Request) -> Response:
        asked = _asked(await request.body())
        return HTMLResponse(await run_in_threadpool(_checked, house, asked))

    async def both(request: Request) -> Response:
        asked = _asked(await request.body())
        try:
            return HTMLResponse(await run_in_threadpool(_both_sides, guard, asked))
        except CoachError as error:
            return PlainTextResponse(f"{error.message} {error.hint}")  # the page keeps what was typed

    async def exercise(request: Request) -> Response:
        told = practice.told(await request.body())
        try:
            return HTMLResponse(await run_in_threadpool(practice.answered, told, house, today=date.today()))
        except CoachError as error:
            return PlainTextResponse(f"{error.message} {error.hint}")  # the page keeps what was typed

    for path, (name, kind) in FILES.items():
        app.add_route(path, file(name, kind))
    app.add_route("/stopped", stopped)
    app.add_route("/leave", leave, methods=["POST"])
    app.add_route("/stop", stop, methods=["POST"])
    app.add_route("/country", country, methods=["POST"])
    app.add_route("/library", look, methods=["POST"])
    app.add_route("/both-sides", both, methods=["POST"])
    app.add_route("/practice", exercise, methods=["POST"])
    app.add_route("/check", check, methods=["POST"])


def _asked(body: bytes) -> dict[str, str]:
    """What the Library view asks for: `{"card": id}`, `{"find": words}`, or nothing, for the shelves."""
    try:
        told = json.loads(body or b"{}")
    except ValueError:
        return {}
    return (
        {key: value for key, value in told.items() if isinstance(value, str)}
        if isinstance(told, dict)
        else {}
    )


def _looked_up(house: House, asked: Mapping[str, str]) -> str:
    """A piece of the Library view; words that tell of danger find people, not cards."""
    chosen = house.library.cards.get(asked.get("card", ""))
    if chosen:
        return shelves.card(chosen, house.library)
    words = transcript.clean(asked.get("find", "")).strip()[:_LONGEST_SEARCH]
    try:
        if not words:
            return shelves.shelves(house.library, house.documents())
        level = house.coach.screen(words).level
        if level >= 2:
            return f'<div class="trouble" role="alert">{transcript.prose(fixed_text("library"))}</div>'
        return shelves.found(house.find(words, level >= 1), house.library)
    except KnowledgeError:
        return f'<div class="trouble" role="alert">{transcript.prose(fixed_text("screen_down"))}</div>'
    except CoachError as error:
        return f'<p class="trouble" role="alert">{transcript.shown(f"{error.message} {error.hint}")}</p>'


def _checked(house: House, asked: Mapping[str, str]) -> str:
    """What stands in the way of a line that the user changed; where it tells of danger, people come first."""
    words = transcript.clean(asked.get("text", "")).strip()[:_LONGEST_SEARCH]
    try:
        if words and house.coach.screen(words).level >= 2:
            return f'<div class="trouble">{transcript.prose(fixed_text("change"))}</div>'
    except KnowledgeError:
        return f'<div class="trouble">{transcript.prose(fixed_text("screen_down"))}</div>'
    told = message_verdict(words) if asked.get("kind") == "message" else verdict(words)
    return f"<p>{transcript.shown(told)}</p>"


def _both_sides(guard: Guard, told: Mapping[str, str]) -> str:
    """The next piece of Both sides; as one begins, the conversations go, which the other could read."""
    house = guard.house
    wary = house.tabs.wary
    if told.get("do") == "begin" and not guard.sides.resting:
        house.tabs.forget_all()
    code = house.country or getattr(house.coach, "guess", None)
    people = transcript.contacts(house.directory.contacts(code, None), house.around, first=4)
    return both_sides.answered(guard.sides, told, screen=house.coach.screen, wary=wary, people=people)


def _country_in(body: bytes) -> str | None:
    """The code in `{"country": code}`; anything else counts as an unknown country, which is refused."""
    try:
        choice = json.loads(body)
    except ValueError:
        return "?"
    if not isinstance(choice, dict):
        return "?"
    code = choice.get("country", "?")
    return str(code) if code else None


def _support(house: House) -> str:
    """The directory of every country, of which page.js shows one: the world's until a country is chosen."""
    around = house.around
    guess = getattr(house.coach, "guess", None) or ""
    parts = [
        transcript.country_line(around),
        f'<button type="button" class="pill" data-guess="{transcript.shown(guess)}" hidden></button>',
    ]
    for code, name in {"": "any country", **around.countries}.items():
        if code != transcript.WORLD:
            lines = transcript.contacts(
                house.directory.contacts(code or None, None), replace(around, country=code or None)
            )
            hidden = "" if code == (around.country or "") else " hidden"
            named = f'data-for="{transcript.shown(code)}" data-name="{transcript.shown(name)}"'
            parts.append(f"<section {named}{hidden}>{lines}</section>")
    return "\n".join(parts)


class Guard:
    """Lets in what this page sends, from this machine, and nothing else; knows whether a tab is open."""

    def __init__(self, app: App, house: House) -> None:
        self.app = app
        self.house = house
        self.sides = both_sides.Sides()
        self.open = 0
        self.last = time.monotonic()
        self.ending = threading.Event()
        self.told = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        status = refusal(scope)
        if status:
            await _refuse(send, status)
            return
        self.open += 1
        try:
            await self._pass_on(scope, receive, send)
        finally:
            self.open -= 1
            self.last = time.monotonic()

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        nonce = secrets.token_urlsafe(16)
        if scope["path"] == "/":
            # a compressed page could not be dressed
            scope["headers"] = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
            await self.app(scope, receive, _Dresser(send, self.house, nonce))
            return

        async def headed(message: Sent) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = _headers(message.get("headers", []), nonce)
            await send(message)

        await self.app(scope, receive, headed)


class _Dresser:
    """Holds Gradio's first page back until it is whole, and sends it on with our frame in it."""

    def __init__(self, send: Send, house: House, nonce: str) -> None:
        self.send, self.house, self.nonce = send, house, nonce
        self.start: Sent = {}
        self.body = bytearray()

    async def __call__(self, message: Sent) -> None:
        if message["type"] == "http.response.start":
            self.start = message
            return
        self.body.extend(message.get("body", b""))
        if message.get("more_body"):
            return
        frame = (HERE / "frame.html").read_text(encoding="utf-8").replace("{{support}}", _support(self.house))
        page = dress(self.body.decode("utf-8"), frame, self.nonce).encode() if self.body else b""
        kept = [pair for pair in self.start.get("headers", []) if pair[0].lower() != b"content-length"]
        length = (b"content-length", str(len(page)).encode())
        await self.send({**self.start, "headers": _headers([*kept, length], self.nonce)})
        await self.send({"type": "http.response.body", "body": page})


def refusal(scope: Scope) -> int:
    """The status that a request is refused with, or 0: by host, origin, site and path, in this order."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    port = (scope.get("server") or (HOST, 0))[1]
    hosts = {f"{name}:{port}" for name in (HOST, "localhost", "[::1]")}
    if headers.get("host", "") not in hosts:
        return 421
    origin = headers.get("origin")
    if origin is not None and origin not in {f"http://{host}" for host in hosts}:
        return 403
    path, method = scope["path"], scope["method"]
    navigates = method == "GET" and headers.get("sec-fetch-mode") == "navigate" and path in OURS
    if headers.get("sec-fetch-site", "none") not in {"same-origin", "none"} and not navigates:
        return 403
    if ".." in path:
        return 404
    if method in {"GET", "HEAD"}:
        return 0 if path in OURS or path.startswith(GRADIO_GET) else 404
    if method != "POST":
        return 405
    if origin is None and "sec-fetch-site" in headers:
        return 403
    return 0 if path in OURS_POST or path.startswith(GRADIO_POST) else 404


def dress(page: str, frame: str, nonce: str) -> str:
    """Gradio's first page with our title, style, script and frame in it, and without its advertising."""
    page = re.sub(r'\s*<meta\s+(?:property|name)="(?:og|twitter):[^>]*>', "", page)
    page = re.sub(r'\s*<link rel="manifest"[^>]*>', "", page)
    head = (
        '<title>Notes</title>\n<meta name="color-scheme" content="light dark">\n'
        '<link rel="icon" href="/icon.svg" type="image/svg+xml">\n<link rel="stylesheet" href="/style.css">\n'
        + "".join(f'<script src="{path}"></script>\n' for path in FILES if path.endswith(".js"))
        + "</head>"
    )
    page = page.replace("</head>", head, 1).replace("<gradio-app", f"{frame}\n<gradio-app", 1)
    return re.sub(r"<script(?=[\s>])", f'<script nonce="{nonce}"', page)


def _headers(given: Iterable[tuple[bytes, bytes]], nonce: str) -> list[tuple[bytes, bytes]]:
    """What the app says of its answer, with our rules in place of its own on caching, origins and scripts."""
    policy = (
        f"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'self'; "
        "form-action 'none'; frame-ancestors 'none'"
    )
    ours = {
        "cache-control": "no-store",
        "content-security-policy": policy,
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), microphone=(), geolocation=()",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
    }
    dropped = {*ours, "server", "etag", "last-modified"}
    kept = [
        (name, value)
        for name, value in given
        if name.decode("latin-1").lower() not in dropped and not name.lower().startswith(b"access-control-")
    ]
    return kept + [(name.encode(), value.encode()) for name, value in ours.items()]


async def _refuse(send: Send, status: int) -> None:
    words = b"This address answers only to its own page on this laptop.\n"
    given = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(words)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": _headers(given, "none")})
    await send({"type": "http.response.body", "body": words})


# The run


def serve(
    coach: Responds,
    library: Library,
    directory: Directory,
    settings: Settings,
    *,
    port: int | None = None,
    open_browser: bool = True,
    find: Find = nothing_found,
    documents: Callable[[], Sequence[Document]] = lambda: (),
) -> None:
    """Serve the page until it is stopped from the page, by an interrupt, or by lying idle."""
    listening = listen(port or settings.port)
    address = f"http://{HOST}:{listening.getsockname()[1]}/"
    guard = build(coach, library, directory, settings, find=find, documents=documents)
    import uvicorn

    server = uvicorn.Server(configured(guard))
    open_browser = open_browser and settings.open_browser and _has_browser()
    watch = threading.Thread(target=_watch, args=(server, guard, settings.idle_minutes * 60), daemon=True)
    welcome = threading.Thread(target=_welcome, args=(server, coach, address, open_browser), daemon=True)
    watch.start()
    welcome.start()
    with listening:
        server.run(sockets=[listening])


def configured(guard: Guard) -> Any:
    """How uvicorn is run: silent, since its log would name what was asked for, and quick to end."""
    import uvicorn

    return uvicorn.Config(
        guard,
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
        ws="none",
    )


def _welcome(server: Any, coach: Any, address: str, open_browser: bool) -> None:
    """Once the page is up: say where it is, open it, and get ready behind it what the first answer needs."""
    while not server.started:
        if server.should_exit:
            return
        time.sleep(0.02)
    print("Secure Base is at this address, on this machine only:", address, sep="\n", flush=True)
    print("Stop it from the page, or here with Ctrl+C.", flush=True)
    if open_browser:
        webbrowser.open(address)
    with contextlib.suppress(CoachError):  # it is said when an answer needs what is missing
        getattr(coach, "warm", lambda: None)()


def _watch(server: Any, guard: Guard, idle_s: float) -> None:
    """Forget the tabs that were closed, and end the server when the page or the clock says so."""
    while not guard.ending.wait(1.0):
        guard.house.tabs.sweep(after=FORGET_AFTER_S)
        guard.sides.sweep()
        if idle_s and guard.open == 0 and time.monotonic() - guard.last > idle_s:
            break
    else:
        guard.told.wait(1.5)
        time.sleep(0.2)  # the page that says so is on its way
    server.should_exit = True


def listen(port: int | None) -> socket.socket:
    """A listening socket on this machine: the port asked for, or 7860, or any free one."""
    for wanted in (port,) if port else (PORT, 0):
        try:
            return _bound(wanted)
        except OSError as exc:
            if wanted != PORT or port:
                raise PageError(
                    f"The port {wanted} on this machine cannot be used: {exc.strerror or exc}.",
                    "Close the program that uses it, or choose another with COACH_PORT.",
                ) from exc
    raise PageError("No port is free on this machine.", "Close other programs and start again.")


def _bound(port: int) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # elsewhere this option would let two programs share the port
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((HOST, port))
        opened.listen(128)
    except OSError:
        opened.close()
        raise
    return opened


def _has_browser() -> bool:
    """Whether a browser window can be opened; without a screen, some systems offer one in the terminal."""
    screen = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if sys.platform.startswith("linux") and not screen:
        return False
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True
