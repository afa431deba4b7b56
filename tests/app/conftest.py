"""A stage for the real daemon: local chain, mosquitto, feed server, and rules of many words."""

import asyncio
import io
import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from monitor.app.live import run
from monitor.clock import SystemClock, stopwatch
from monitor.devnet.stage import DaemonProcess, Stage, open_stage
from monitor.logs import RedactingFormatter
from monitor.pipeline import State
from monitor.rules.lifecycle import Phase
from monitor.shipped import rules_dir
from monitor.store.rows import restore
from monitor.store.sqlite import SqliteStore, open_sqlite
from monitor.timetravel.story import Moment, moments

_CLOCK = SystemClock()
VALUE_USD = 100_000.0
# The waves of `swayed` cross 250 at every moment, so each rule speaks at each of them.
WAVES = """\
schema = 1
[pack]
id = "waves"
title = "Rules that speak at every moment"
evidence = "claim"
sources = []
[[rule]]
id = "wave.high"
scope = "position"
action = "notify"
when = 'pool.price > 250.0'
text = "{position.label} at {pool.price:,.2f}"
[[rule]]
id = "wave.low"
scope = "pool"
action = "notify"
when = 'pool.price < 250.0'
text = "{pool.pair} at {pool.price:,.2f}"
"""


@dataclass(frozen=True, kw_only=True)
class Play:
    """A stage, its daemon (not started), and the daemon's store opened beside it."""

    stage: Stage
    daemon: DaemonProcess
    store: SqliteStore

    async def until(
        self, reached: Callable[[], object], what: str, *, within_s: float = 30
    ) -> None:
        """Wait, looking often; say what never came to be."""
        began = stopwatch()
        while not reached():
            if stopwatch() - began > within_s:
                raise AssertionError(f"not within {within_s:.0f} s: {what}")
            await _CLOCK.sleep(0.005)

    def daemon_log(self) -> str:
        """Return what the daemon has logged."""
        return (self.stage.folder / "daemon.log").read_text("utf-8")

    def edit(self, old: str, new: str) -> None:
        """Replace a text that must be in the daemon's config."""
        text = self.stage.config.read_text("utf-8")
        assert old in text
        self.stage.config.write_text(text.replace(old, new), "utf-8")

    def state(self) -> State:
        """Return the state as the daemon last saved it."""
        saved = self.store.load()
        return restore(saved.rows, saved.samples)

    def firing(self) -> set[str]:
        """Return the rules that fire somewhere."""
        return {i.rule for i in self.state().instances.values() if i.phase is Phase.FIRING}

    def gaps(self, source: str) -> list[str]:
        """Return each gap of a source once, in words, the newest first."""
        polls = self.store.history.polls(source, 500)
        return list(dict.fromkeys(poll.gap for poll in polls if poll.gap))

    def blocks(self) -> list[int]:
        """Return the blocks taken, the newest first."""
        polls = self.store.history.polls("devnet", 500)
        return [poll.number for poll in polls if poll.number is not None]

    def owed(self, channel: str = "mqtt") -> int:
        """Return how many letters wait for a channel."""
        return sum(one.waiting for one in self.store.outbox.backlog() if one.channel == channel)


@pytest.fixture
async def set_stage(
    tmp_path: Path,
    mosquitto: Path,  # noqa: ARG001 - the stage's broker
) -> AsyncIterator[Callable[..., Awaitable[Play]]]:
    """Return a setter of stages, each in a folder of its own; all is ended after the test.

    more: arguments of its daemon, in which `{folder}` is that folder.
    """
    numbers = count()
    async with AsyncExitStack() as stack:

        async def setter(*packs: str, more: Sequence[str] = ()) -> Play:
            folder = tmp_path / f"stage{next(numbers)}"
            folder.mkdir()
            first = next(moments())
            opened = open_stage(folder, start=first.at, price=first.price, value_usd=VALUE_USD)
            stage = await stack.enter_async_context(opened)
            write_rules(stage, packs)
            stage.set_clock(first.at - timedelta(minutes=1))
            daemon = DaemonProcess(stage, *(one.format(folder=folder) for one in more))
            stack.callback(daemon.kill)
            store = stack.enter_context(closing(open_sqlite(stage.store_url, now=first.at)))
            return Play(stage=stage, daemon=daemon, store=store)

        yield setter


def write_rules(stage: Stage, packs: tuple[str, ...]) -> None:
    """Configure the stage's daemon for packs from a folder of its own, the shipped ones in it."""
    folder = stage.folder / "rules"
    folder.mkdir()
    for file in rules_dir().glob("*.toml"):
        (folder / file.name).write_text(file.read_text("utf-8"), "utf-8")
    (folder / "waves.toml").write_text(WAVES, "utf-8")
    stage.write_config(packs)
    text = stage.config.read_text("utf-8")
    stage.config.write_text(text.replace("[rules]", f'[rules]\nfolder = "{folder}"'), "utf-8")


@pytest.fixture
def swayed() -> Callable[[date], list[Moment]]:
    """Return the story up to a day, its price swaying about 250 instead of history's."""

    def told(until: date) -> list[Moment]:
        return [
            replace(moment, price=260.0 if number % 2 else 240.0)
            for number, moment in enumerate(moments(until))
        ]

    return told


async def said(play: Any, *words: str) -> list[str]:
    """Return the lines that `hedgewatch`, beside the daemon, answers words with."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "monitor", *words, "--config", str(play.stage.config)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await process.communicate()
    return told.decode().splitlines()


# --- the daemon within this process, and other people's servers -------------------------------


@dataclass(kw_only=True)
class Watch:
    """A daemon that runs in this process: what it prints, and what it logs."""

    console: io.StringIO
    log: io.StringIO
    task: asyncio.Task[None]


@pytest.fixture
def watching() -> Iterator[Callable[[Path], AbstractAsyncContextManager[Watch]]]:
    """Return a runner of the daemon within this process, for the length of a block."""
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    handler.setFormatter(RedactingFormatter("%(levelname)s %(message)s"))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)

    @asynccontextmanager
    async def runner(config: Path) -> AsyncIterator[Watch]:
        console = io.StringIO()
        async with asyncio.TaskGroup() as group:
            task = group.create_task(run(config, console), name="daemon")
            yield Watch(console=console, log=log, task=task)
            task.cancel()

    yield runner
    root.removeHandler(handler)
    root.setLevel(level)


Answer = Callable[[str, list[Any]], "web.Response | dict[str, Any] | None"]


@dataclass
class Server:
    """A loopback server whose every answer is the test's own; paths: what it was asked."""

    answer: Callable[[web.Request], Awaitable[web.StreamResponse]]
    url: str = ""
    paths: list[str] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.paths.append(request.path)
        return await self.answer(request)


@asynccontextmanager
async def serving(server: Server) -> AsyncIterator[Server]:
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", server.handle)
    test_server = TestServer(app)
    await test_server.start_server(access_log=None)
    server.url = str(test_server.make_url("/")).rstrip("/")
    try:
        yield server
    finally:
        await test_server.close()


@pytest.fixture
async def serve() -> AsyncIterator[Callable[..., Awaitable[Server]]]:
    """Return a starter of servers that answer as given."""
    async with AsyncExitStack() as stack:

        async def starter(answer: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> Server:
            return await stack.enter_async_context(serving(Server(answer)))

        yield starter


@dataclass
class Relay:
    """Stands between the daemon and the node. fault: what it answers instead, where not None."""

    node: str
    url: str = ""
    fault: Answer = lambda _method, _params: None

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        calls, answers = body if isinstance(body, list) else [body], list[Any]()
        for call in calls:
            wrong = self.fault(call["method"], call["params"])
            if isinstance(wrong, dict):
                answers.append({"jsonrpc": "2.0", "id": call["id"], **wrong})
            elif wrong is not None:
                return wrong
            else:
                answers.append(await self._ask(call))
        return web.json_response(answers if isinstance(body, list) else answers[0])

    async def _ask(self, call: Any) -> Any:
        async with ClientSession() as session, session.post(self.node, json=call) as response:
            return await response.json()


@pytest.fixture
def relay_to(serve: Any) -> Callable[[Play], Awaitable[Relay]]:
    """Return a relay before a play's node; its daemon is told to use it."""

    async def placed(play: Play) -> Relay:
        relay = Relay(play.stage.devnet.url)
        relay.url = (await serve(relay.answer)).url
        play.edit(relay.node, relay.url)
        return relay

    return placed
