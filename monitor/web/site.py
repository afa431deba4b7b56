"""The routes: all of them read, none changes anything."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitor.errors import HedgewatchError
from monitor.logs import redact
from monitor.web.board import MOST_READERS, Board
from monitor.web.gate import COOKIE, LASTS, Asked, Gate, asked_of
from monitor.web.health import unready
from monitor.web.markup import Markup, el
from monitor.web.metrics import told
from monitor.web.page import document

STATIC: Final = Path(__file__).resolve().parent / "static"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = (
    ("content-security-policy", POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
)
_OPEN: Final = ("/healthz", "/login", "/static/")
"""What tells nothing of anybody, and is had without the token."""
_AGAIN_S: Final = 10
_LONGEST_FORM: Final = 4_096

Answer = Callable[[Request], Awaitable[Response]]


def site(board: Board, gate: Gate) -> ASGIApp:
    """Return the application."""
    routes = [
        Route("/", _of_board(board, _page)),
        Route("/events", _of_board(board, _events)),
        Route("/series.json", _of_board(board, _series)),
        Route("/metrics", _of_board(board, _metrics)),
        Route("/healthz", _alive),
        Route("/readyz", _of_board(board, _ready)),
        Route("/login", _login(gate), methods=["GET", "POST"]),
        Mount("/static", StaticFiles(directory=STATIC, check_dir=False)),
    ]
    return _Guard(Starlette(routes=routes), gate)


class _Guard:
    """Lets in whom the gate lets in, and puts the headers on every answer."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app, self._gate = app, gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return

        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                fixed = [(name.encode(), value.encode()) for name, value in _HEADERS]
                message["headers"] = [*message["headers"], *fixed]
                kept = scope["path"].startswith("/static/")  # and asked for anew after an upgrade
                message["headers"].append((b"cache-control", b"no-cache" if kept else b"no-store"))
            await send(message)

        refused = self._refusal(Request(scope))
        await (refused or self._app)(scope, receive, headed)

    def _refusal(self, request: Request) -> Response | None:
        # Not the URL's path: that is put together with the Host, which is whatever they say.
        asked, path = _asked(request), request.scope["path"]
        if self._gate.misled(asked):
            return PlainTextResponse("this page is asked for by its own name only\n", 421)
        if path == _OPEN[0] or path.startswith(_OPEN[1:]) or self._gate.lets_in(asked):
            return None
        if path == "/":
            return RedirectResponse("login", 303)
        return PlainTextResponse(
            "the token is missing\n", 401, headers={"www-authenticate": "Bearer"}
        )


def _asked(request: Request) -> Asked:
    client = request.client.host if request.client else ""
    return asked_of(request.headers, request.cookies, client)


def _of_board(board: Board, answer: Callable[[Board, Request], Awaitable[Response]]) -> Answer:
    """Return a route's endpoint; where there is no moment to tell of, it says so."""

    async def endpoint(request: Request) -> Response:
        try:
            return await answer(board, request)
        except HedgewatchError as error:
            why = redact(str(error))
            if request.scope["path"] == "/":
                body = el("main", el("h1", "Hedgewatch"), el("p", why, class_="why"))
                return _html(document("Hedgewatch", body, again_s=_AGAIN_S), 503)
            return PlainTextResponse(f"{why}\n", 503)

    return endpoint


def _html(text: str, status: int = 200) -> Response:
    return Response(text, status, media_type="text/html; charset=utf-8")


async def _page(board: Board, _: Request) -> Response:
    return _html(await board.page())


async def _series(board: Board, _: Request) -> Response:
    return Response(await board.series(), media_type="application/json")


async def _events(board: Board, request: Request) -> Response:
    if board.readers >= MOST_READERS:
        return PlainTextResponse("too many read already\n", 503, headers={"retry-after": "30"})
    # The first time a page tells by its address what it was written with.
    last = request.headers.get("last-event-id") or request.query_params.get("since", "")
    return StreamingResponse(
        board.stream(last),
        media_type="text/event-stream",
        headers={"x-accel-buffering": "no"},
    )


async def _metrics(board: Board, request: Request) -> Response:
    seen, accept = await board.seen(), request.headers.get("accept", "")
    body, kind = await asyncio.to_thread(
        told, seen, accept, build_s=board.took_s, readers=board.readers
    )
    return Response(body, headers={"content-type": kind})


async def _alive(_: Request) -> Response:
    return PlainTextResponse("alive\n")


async def _ready(board: Board, _: Request) -> Response:
    why = list(unready(await board.seen()))
    if why:
        return PlainTextResponse("".join(f"{one}\n" for one in why), 503)
    return PlainTextResponse("ready\n")


def _login(gate: Gate) -> Answer:
    async def endpoint(request: Request) -> Response:
        if not gate.asks:
            return RedirectResponse("./", 303)
        if request.method != "POST":
            return _html(_form(""))
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > _LONGEST_FORM:
                return PlainTextResponse("too long\n", 413)
        if gate.tired_of(_asked(request).client):
            return _html(_form("Too many wrong tokens: try again in a minute."), 429)
        given = parse_qs(body.decode("utf-8", "replace")).get("token", [""])[0]
        session = gate.session(given.strip(), _asked(request).client)
        if session is None:
            return _html(_form("That is not the token."), 403)
        answer = RedirectResponse("./", 303)
        answer.set_cookie(
            COOKIE,
            session,
            max_age=int(LASTS.total_seconds()),
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return answer

    return endpoint


def _form(wrong: str) -> Markup:
    """Return the page that asks for the token once. wrong: what was wrong with the last one."""
    inside = el(
        "form",
        el("h1", "Hedgewatch"),
        el("label", "Token", for_="token"),
        el(
            "input",
            id="token",
            name="token",
            type="password",
            autocomplete="current-password",
            required=True,
            autofocus=True,
        ),
        el("p", wrong, role="alert", class_="why") if wrong else None,
        el("button", "Open", type="submit"),
        method="post",
        class_="login",
    )
    return document("Hedgewatch", el("main", inside))
