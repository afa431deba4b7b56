"""The page over moments made by hand, and served for real on the loopback."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from monitor.clock import ManualClock
from monitor.config.web_settings import WebSettings
from monitor.errors import Transient
from monitor.web.seen import Seen
from monitor.web.server import serve
from tests.web.moments import PEAK, storm


@dataclass
class Given:
    """A source whose moment the test puts there; None where there is none."""

    seen: Seen | None
    looks: int = 0

    async def look(self) -> Seen:
        self.looks += 1
        if self.seen is None:
            raise Transient("the store is busy")
        return replace(self.seen)  # nothing worked out before is kept


@dataclass
class Served:
    """A page that is served. url: with its port."""

    url: str
    source: Given
    clock: ManualClock


@pytest.fixture(scope="session")
def stormy(hand: Any) -> Seen:
    """The afternoon of 16 March 2020."""
    return storm(hand)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextmanager
def environment(**values: str) -> Iterator[None]:
    os.environ.update(values)
    try:
        yield
    finally:
        for name in values:
            del os.environ[name]


Serving = Callable[..., AbstractAsyncContextManager[Served]]


@pytest.fixture
def serving() -> Serving:
    """Return what serves a moment for the length of a block."""

    @asynccontextmanager
    async def served(seen: Seen | None, token: str | None = None) -> AsyncIterator[Served]:
        settings = WebSettings(port=free_port(), token=token)
        source, stop, begun = Given(seen), asyncio.Event(), asyncio.Event()
        clock = ManualClock(PEAK if seen is None else seen.now)
        async with asyncio.TaskGroup() as group:
            page = serve(settings, source, clock=clock, stop=stop, begun=begun.set)
            group.create_task(page)
            await begun.wait()
            url = f"http://127.0.0.1:{settings.port}"
            yield Served(url=url, source=source, clock=clock)
            stop.set()

    return served
