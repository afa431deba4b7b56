"""A small local server whose answers a test scripts, and a client that talks to it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NoReturn

import httpx
import pytest
from aiohttp import web

from monitor.clock import ManualClock
from monitor.errors import HedgewatchError
from monitor.feeds.http import HttpSettings, Web
from monitor.feeds.port import Feed

FRIDAY_EVENING = datetime(2026, 10, 2, 20, 30, tzinfo=UTC)  # 16:30 in New York


@dataclass(slots=True)
class Answer:
    """What the server says once. hang: never begin; drip: blanks without end.

    content_type: the one that is asked for, where it is empty.
    """

    body: str | bytes = ""
    status: int = 200
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    hang: bool = False
    drip: bool = False


@dataclass(slots=True)
class Server:
    """Answers as scripted, then repeats the last; keeps what it was asked and its body.

    places: what is answered where a part of the path and query is met, first of all.
    """

    url: str = ""
    script: list[Answer] = field(default_factory=list)
    places: dict[str, Answer] = field(default_factory=dict)
    asked: list[web.Request] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    never: asyncio.Future[None] = field(default_factory=asyncio.Future)

    def answers(self, **answer: Any) -> None:
        self.script.append(Answer(**answer))

    def serves(self, place: str, **answer: Any) -> None:
        """Answer so whatever's path and query have `place` in them, in place of the script."""
        self.places[place] = Answer(**answer)

    def _scripted(self) -> Answer:
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        self.said.append(await request.text())
        place = next((p for p in self.places if p in request.path_qs), None)
        answer = self.places[place] if place is not None else self._scripted()
        if answer.hang:
            await self.never
        if answer.drip:
            await self._drip(request, answer)
        body = answer.body if isinstance(answer.body, bytes) else answer.body.encode()
        kind = answer.content_type or request.headers["Accept"].partition(",")[0]
        headers = {"Content-Type": kind, **answer.headers}
        return web.Response(status=answer.status, body=body, headers=headers)

    async def _drip(self, request: web.Request, answer: Answer) -> NoReturn:
        response = web.StreamResponse(headers={"Content-Type": answer.content_type})
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.wait([self.never], timeout=0.05)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    served = Server()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", served.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.01)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    served.url = f"http://{host}:{port}"
    yield served
    await runner.cleanup()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(FRIDAY_EVENING)


@pytest.fixture
async def site(clock: ManualClock) -> AsyncIterator[Web]:
    """The shared client, impatient: nothing on loopback takes half a second."""
    async with httpx.AsyncClient(trust_env=False, timeout=0.5) as client:
        settings = HttpSettings(total_s=0.5, max_bytes=200_000)
        yield Web(client, clock, settings=settings)


Fails = Callable[[Callable[..., Feed], dict[str, Any]], Awaitable[tuple[type, str]]]


@pytest.fixture
def fails(server: Server, site: Web, clock: ManualClock) -> Fails:
    """Return what a feed raises when the server answers so: its verdict and its sentence."""

    async def read(build: Callable[..., Feed], answer: dict[str, Any]) -> tuple[type, str]:
        server.answers(**answer)
        feed = build(web=site, clock=clock, base_url=server.url)
        with pytest.raises(HedgewatchError) as caught:
            await feed.read()
        return caught.type, str(caught.value)

    return read
