"""A local Bot API server: hands out updates as scripted, and keeps what is sent to it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, TypeAlias

from aiohttp import web
from aiohttp.test_utils import TestServer

AT = datetime(2026, 11, 20, 14, 31, 7, tzinfo=UTC)
TOKEN = "123456789:" + "AAcanary-Canary_canary-Canary_canar"
OWNER, STRANGER, CHAT = 501, 502, -100
ME = {"id": 123456789, "is_bot": True, "first_name": "b", "username": "hedge_bot"}

Batch: TypeAlias = list[dict[str, Any]] | int
"""Updates that come as one, or an HTTP status in their place."""


@dataclass(frozen=True)
class Call:
    """One request. files: by the name of their field."""

    method: str
    given: dict[str, str]
    files: dict[str, bytes] = field(default_factory=dict)


@dataclass
class BotApi:
    """Hands out each batch of updates once, then waits until there is another.

    deaf: how many messages fail before one is taken. refuse: by method, what is answered
    instead, as (status, description), each once. waiting: what was there before anybody asked;
    it is handed out to who does not wait for more. now: its clock, the machine's where None.
    """

    batches: list[Batch] = field(default_factory=list)
    deaf: int = 0
    waiting: list[dict[str, Any]] = field(default_factory=list)
    refuse: dict[str, list[tuple[int, str, dict[str, Any]]]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    url: str = ""
    idle: asyncio.Event = field(default_factory=asyncio.Event)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)
    numbers: int = 1000
    now: Callable[[], datetime] | None = None

    @property
    def sent(self) -> list[str]:
        """Return the texts of all messages."""
        return [one.given["text"] for one in self.of("sendMessage")]

    def of(self, method: str) -> list[Call]:
        return [one for one in self.calls if one.method == method]

    def add(self, *batches: Batch) -> None:
        """Hand these out too; `idle` is set again once all were taken."""
        self.idle.clear()
        self.batches += batches
        self._wake()

    def _wake(self) -> None:
        self._more.set()

    def __post_init__(self) -> None:
        self._more = asyncio.Event()

    async def until(self, method: str, count: int) -> list[Call]:
        """Wait for so many calls of a method."""
        async with asyncio.timeout(10), self.news:
            await self.news.wait_for(lambda: len(self.of(method)) >= count)
        return self.of(method)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        post = await request.post()
        files = {k: v.file.read() for k, v in post.items() if isinstance(v, web.FileField)}
        given = {k: str(v) for k, v in post.items() if not isinstance(v, web.FileField)}
        if method == "getUpdates":
            return await self._updates(given)
        if method == "getMe":
            return _ok(ME)
        if method == "sendMessage" and self.deaf:
            self.deaf -= 1
            return _refused(502, "Bad Gateway")
        if self.refuse.get(method):
            return _refused(*self.refuse[method].pop(0))
        async with self.news:
            self.calls.append(Call(method, given, files))
            self.news.notify_all()
        if method.startswith(("send", "editMessage")):
            self.numbers += 1
            return _ok({"message_id": self.numbers, "date": 1, "chat": chat_of(CHAT)})
        return _ok(True)

    async def _updates(self, given: dict[str, str]) -> web.StreamResponse:
        if int(given.get("timeout", "0")) == 0:  # the farewell of whoever stops polling, too
            first = int(given.get("offset", "0"))
            return _ok([one for one in self.waiting if one["update_id"] >= first][:100])
        self.offsets.append(int(given.get("offset", "0")))
        while not self.batches:
            self.idle.set()
            self._more.clear()
            await self._more.wait()
        batch = self.batches.pop(0)
        if isinstance(batch, int):
            return _refused(batch, "Bad Gateway")
        answer = _ok(batch)
        if self.now is not None:
            answer.headers["Date"] = format_datetime(self.now(), usegmt=True)
        return answer


def _ok(result: Any) -> web.Response:
    return web.json_response({"ok": True, "result": result})


def _refused(code: int, why: str, parameters: dict[str, Any] | None = None) -> web.Response:
    body: dict[str, Any] = {"ok": False, "error_code": code, "description": why}
    return web.json_response(body | ({"parameters": parameters} if parameters else {}), status=code)


def chat_of(chat: int) -> dict[str, Any]:
    return {"id": chat, "type": "supergroup" if chat < 0 else "private", "title": "t"}


def person(user: int, **changes: Any) -> dict[str, Any]:
    return {"id": user, "is_bot": False, "first_name": "x"} | changes


def asked(
    number: int,
    text: str,
    *,
    user: int = OWNER,
    chat: int | dict[str, Any] = CHAT,
    at: datetime = AT,
    **more: Any,
) -> dict[str, Any]:
    """Return an update: a message that somebody sent."""
    message = {
        "message_id": number,
        "date": int(at.timestamp()),
        "chat": chat_of(chat) if isinstance(chat, int) else chat,
        "from": person(user),
        "text": text,
    }
    return {"update_id": number, "message": message | more}


def pressed(
    number: int,
    data: str,
    *,
    user: int = OWNER,
    chat: int = CHAT,
    message: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Return an update: a button was pressed. message: changes to what it stands under."""
    shown = {
        "message_id": 900,
        "date": int(AT.timestamp()),
        "chat": chat_of(chat),
        "from": ME,
        "text": "ADD · L2",
    }
    query = {
        "id": f"q{number}",
        "from": person(user, username=f"user{user}"),
        "chat_instance": "1",
        "data": data,
        "message": shown | (message or {}),
    }
    return {"update_id": number, "callback_query": query | more}


def buttons(call: Call) -> list[list[tuple[str, str]]]:
    """Return the rows of buttons of a message that was sent or edited, each its name and data."""
    markup = json.loads(call.given.get("reply_markup", "{}"))
    rows = markup.get("inline_keyboard", [])
    return [[(one["text"], one["callback_data"]) for one in row] for row in rows]


@asynccontextmanager
async def serving(*batches: Batch, **more: Any) -> AsyncIterator[BotApi]:
    api = BotApi(list(batches), **more)
    app = web.Application()
    app.router.add_post("/bot{token}/{method}", api.answer)
    server = TestServer(app)
    await server.start_server(access_log=None, shutdown_timeout=0.1)
    api.url = str(server.make_url("/bot"))
    try:
        yield api
    finally:
        await server.close()
