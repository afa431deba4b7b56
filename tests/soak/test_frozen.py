"""Whatever else stands still, the daemon does not: its loop turns, and the rest is polled."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest
from aiohttp import web

from monitor.clock import SystemClock, stopwatch, wait
from monitor.devnet.cboe_server import Failure
from tests.channels.test_telegram import TOKEN

LIMIT_MS = 100.0
FROZEN_S = 2.0
# A neighbour's load is felt in other ways, too: what is too long once is tried again, so often.
ROUNDS = 3
OWED = {"broker": "mqtt", "telegram": "telegram"}
SYSTEM = SystemClock()
SCHEDULE = Path("/proc/thread-self/schedstat")


class Gaps:
    """Watches how long the loop lets a sleeper of a millisecond wait.

    longest_ms: without what this thread stood in line for a core, which is its neighbours' doing
    and no blocking; whole_ms: with it.
    """

    def __init__(self) -> None:
        self.longest_ms = self.whole_ms = 0.0

    async def watch(self) -> None:
        while True:
            began, stood = stopwatch(), in_line_ms()
            await SYSTEM.sleep(0.001)
            gap = (stopwatch() - began) * 1000 - 1
            self.whole_ms = max(self.whole_ms, gap)
            self.longest_ms = max(self.longest_ms, gap - (in_line_ms() - stood))


def in_line_ms() -> float:
    """Return how long this thread has stood in line for a core since it began; 0 where unknown."""
    if not SCHEDULE.exists():
        return 0.0
    return int(SCHEDULE.read_text().split()[1]) / 1e6


class Telegram:
    """A Bot API that answers, or does not."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.open.set()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        await self.open.wait()
        result: dict[str, Any] = {"id": 1, "is_bot": True, "first_name": "b", "username": "b"}
        if not request.path.endswith("/getMe"):
            result = {"message_id": 1, "date": 1, "chat": {"id": 7, "type": "private"}}
        return web.json_response({"ok": True, "result": result})


class Process(Protocol):
    @property
    def pid(self) -> int: ...


@contextmanager
def stopped(process: Process) -> Iterator[None]:
    """Keep a process from running, its connections open."""
    os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process.pid, signal.SIGCONT)


@contextmanager
def hanging(play: Any, telegram: Telegram, what: str) -> Iterator[None]:
    """Have one of those the daemon talks to stand still."""
    if what == "broker":
        with stopped(play.stage.broker):
            yield
    elif what == "rpc":
        with stopped(play.stage.node):
            yield
    elif what == "telegram":
        telegram.open.clear()
        yield
        telegram.open.set()
    else:
        play.stage.cboe.fail(Failure.HANG)
        yield
        play.stage.cboe.fail(None)


@pytest.fixture
def telegram() -> Telegram:
    return Telegram()


@pytest.fixture
def on_air(
    set_stage: Any, watching: Any, serve: Any, telegram: Telegram, tmp_path: Path
) -> Callable[[], Any]:
    """Return a runner of a daemon with every channel, waves to tell of, and a feed."""

    @asynccontextmanager
    async def runner() -> AsyncIterator[Any]:
        play = await set_stage("waves", "alvh")
        token = tmp_path / "token"
        token.write_text(TOKEN)
        token.chmod(0o600)
        server = await serve(telegram.answer)
        lines = f'[channel.telegram]\ntoken = "file:{token}"\nchat = 7\n'
        lines += f'base_url = "{server.url}/bot"\ntimeout_s = 1.0\n[channel.mqtt]\ntimeout_s = 1.0'
        play.edit("[channel.mqtt]", lines)
        async with watching(play.stage.config):
            await play.until(play.blocks, "the first block")
            yield play

    return runner


async def lived_through(play: Any, what: str, price: float) -> None:
    """Go on with the story, as far as what stands still lets it go on."""
    began, asked = stopwatch(), play.stage.cboe.asked
    if what != "rpc":
        await play.stage.devnet.trade_to(price, volume_usd=30_000)
        head = (await play.stage.devnet.head()).number
        await play.until(lambda: head in play.blocks(), f"block {head}, the {what} frozen")
    if what in OWED:
        await play.until(lambda: play.owed(OWED[what]), f"alerts that wait for the {what}")
    await play.until(lambda: play.stage.cboe.asked > asked, "a poll of the feed")
    while stopwatch() - began < FROZEN_S:
        await SYSTEM.sleep(0.05)


@pytest.mark.parametrize("what", ["broker", "telegram", "rpc", "feed"])
async def test_what_is_frozen_never_blocks_the_poll(
    what: str, on_air: Any, telegram: Telegram, figure: Any
) -> None:
    rounds = list[Gaps]()
    async with on_air() as play:
        while len(rounds) < ROUNDS and (not rounds or rounds[-1].longest_ms > LIMIT_MS):
            rounds.append(gaps := Gaps())
            async with asyncio.TaskGroup() as group:
                watch = group.create_task(gaps.watch(), name="gaps")
                with hanging(play, telegram, what):
                    await lived_through(play, what, 260.0 if len(rounds) % 2 else 240.0)
                watch.cancel()
    best = min(rounds, key=lambda one: one.longest_ms)
    told = f"round {len(rounds)} of at most {ROUNDS}, {FROZEN_S:.0f} s each; "
    told += f"{best.whole_ms:.0f} ms with the wait for a core"
    figure(f"frozen.{what}.gap", best.longest_ms, "ms", most=LIMIT_MS, measured=told)


async def test_a_call_that_blocks_is_seen_as_a_gap() -> None:
    gaps = Gaps()
    async with asyncio.TaskGroup() as group:
        watch = group.create_task(gaps.watch(), name="gaps")
        await SYSTEM.sleep(0.01)
        wait(0.15)  # the fault itself: it holds the loop
        await SYSTEM.sleep(0.01)
        watch.cancel()
    assert gaps.longest_ms > LIMIT_MS
