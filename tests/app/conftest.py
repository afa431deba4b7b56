"""A stage for the real daemon: local chain, mosquitto, feed server, and rules of many words."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import count
from pathlib import Path

import pytest

from monitor.clock import SystemClock, stopwatch
from monitor.devnet.parts import mosquitto_path
from monitor.devnet.stage import DaemonProcess, Stage, open_stage
from monitor.devnet.story import Moment, moments
from monitor.shipped import rules_dir
from monitor.store.sqlite import SqliteStore, open_sqlite

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


@pytest.fixture
async def set_stage(tmp_path: Path) -> AsyncIterator[Callable[..., Awaitable[Play]]]:
    """Return a setter of stages, each in a folder of its own; all is ended after the test."""
    if mosquitto_path() is None:
        pytest.skip("mosquitto is missing: run `make setup`, or install it")
    numbers = count()
    async with AsyncExitStack() as stack:

        async def setter(*packs: str) -> Play:
            folder = tmp_path / f"stage{next(numbers)}"
            folder.mkdir()
            first = next(moments())
            opened = open_stage(folder, start=first.at, price=first.price, value_usd=VALUE_USD)
            stage = await stack.enter_async_context(opened)
            write_rules(stage, packs)
            stage.set_clock(first.at - timedelta(minutes=1))
            daemon = DaemonProcess(stage)
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


@pytest.fixture
def until() -> Callable[..., Awaitable[None]]:
    """Return a waiter that looks often, and says what never came to be."""

    async def waiter(reached: Callable[[], object], what: str, *, within_s: float = 30) -> None:
        began = stopwatch()
        while not reached():
            if stopwatch() - began > within_s:
                raise AssertionError(f"not within {within_s:.0f} s: {what}")
            await _CLOCK.sleep(0.005)

    return waiter
