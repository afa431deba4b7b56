"""No feed can block a poll: all of them hanging at once, and a chain that goes on being read."""

import asyncio
import gc
import logging
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from time import thread_time
from typing import Final

import httpx
import pytest

from monitor.clock import SystemClock, stopwatch
from monitor.feeds.chooser import FallbackFeed
from monitor.feeds.http import HttpSettings, Web
from monitor.feeds.provider import FeedSettings, providers
from monitor.feeds.settings import DEFAULT_ORDER
from monitor.feeds.shared import SharedFeed
from monitor.model.observation import Block, Gap, Readings, Snapshot
from monitor.sources.live import Ears, Live, Polled

GAP_S: Final = 0.1
CHAIN_S: Final = 0.02
WATCHED_S: Final = 4.5
ARRIVES_S: Final = 0.5
"""Dozens of questions give up in the same instant and are asked anew; a block waits for that."""
HANGS_S: Final = 1.0
"""Less than the daemon's 20 s, so that what follows a hanging question is seen too."""


@dataclass
class Chain:
    """Brings a new block at every poll."""

    number: int = 0

    async def snapshot(self, observed_at: datetime) -> Snapshot | None:
        self.number += 1
        block = Block(number=self.number, hash=f"0x{self.number:064x}", timestamp=observed_at)
        return Snapshot(
            chain="main",
            chain_id=1,
            block=block,
            observed_at=observed_at,
            pools=(),
            positions=(),
        )


@dataclass
class Pulse:
    """Notes when the loop came round, and how long it worked before each time.

    Work is measured on this thread's own clock: on a busy machine others take their turns.
    """

    at: list[float] = field(default_factory=list)
    worked_s: list[float] = field(default_factory=list)

    def beat(self, loop: asyncio.AbstractEventLoop) -> None:
        self.at.append(stopwatch())
        self.worked_s.append(thread_time())
        loop.call_later(0.002, self.beat, loop)


def longest(moments: Sequence[float]) -> float:
    return max(later - earlier for earlier, later in pairwise(moments))


def best_third(moments: Sequence[float]) -> float:
    """Return the longest time between two moments in that third of them where it is shortest."""
    third = len(moments) // 3
    return min(longest(moments[n * third : (n + 1) * third]) for n in range(3))


@pytest.fixture
def hanging() -> Iterator[str]:
    """A port that takes whoever connects and never says a word, at no cost to the loop."""
    with socket.create_server(("127.0.0.1", 0), backlog=1_024) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
async def hanging_web() -> AsyncIterator[Web]:
    settings = HttpSettings(connect_s=HANGS_S, read_s=HANGS_S, total_s=HANGS_S)
    async with httpx.AsyncClient(
        trust_env=False,
        timeout=HANGS_S,
        limits=httpx.Limits(max_connections=None),
    ) as client:
        yield Web(client, SystemClock(), settings=settings)


def every_feed(url: str, web: Web) -> list[Polled]:
    """Return a poll of every signal there is, of all its providers, the opt-in ones too."""
    clock = SystemClock()
    own = FeedSettings(base_url=url, names={"uni": "uniswap"})
    shared = {
        name: SharedFeed(one.build(web, clock, own), fresh_s=0.05)
        for name, one in providers().items()
        if name != "manual"
    }
    return [
        Polled(
            name=signal,
            every_s=0.1,
            feed=FallbackFeed(
                signal=signal,
                feeds=[
                    feed for name, feed in shared.items() if signal in providers()[name].signals
                ],
                clock=clock,
            ),
        )
        for signal in DEFAULT_ORDER
    ]


async def test_with_every_feed_hanging_the_chain_is_read_and_the_loop_is_free(
    hanging: str, hanging_web: Web, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    gc.freeze()  # as the daemon does: a sweep of all the tests before is not the loop's
    loop, chain, pulse, stop = asyncio.get_running_loop(), Chain(), Pulse(), asyncio.Event()
    feeds = [polled for polled in every_feed(hanging, hanging_web) if polled.feed]
    live = Live(
        SystemClock(),
        [Polled(name="main", every_s=CHAIN_S, reader=chain), *feeds],
        ears=Ears(unheard=list, refuse=lambda *_: None, pulse=lambda _: ()),
    )
    arrived: list[float] = []
    told: dict[str, str] = {}
    loop.call_later(WATCHED_S, stop.set)
    async for one in live.observations(stop):
        if isinstance(one, Snapshot):
            if not arrived:
                pulse.beat(loop)  # from the first block on: starting up is not polling
            arrived.append(stopwatch())
        elif isinstance(one, Gap):
            told[one.source] = one.reason
        else:
            assert isinstance(one, Readings)
    assert longest(pulse.worked_s) < GAP_S
    assert best_third(pulse.at) < GAP_S
    assert len(arrived) > WATCHED_S / CHAIN_S / 2
    assert best_third(arrived) < ARRIVES_S
    asked_of_the_server = {
        signal for signal, reason in told.items() if "did not answer in full within 1 s" in reason
    }
    assert asked_of_the_server >= {"vix", "dvol.eth", "eth.price", "funding.eth_annual"}
