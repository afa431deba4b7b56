"""A person's words by command, heard by a running daemon: what is printed, and what it does."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from monitor.alerts.wire import from_json
from monitor.timetravel.story import moments

FIRST = next(moments())
ADDS = {"L1.add", "L2.add", "L3.add"}
CALLS = "vix.call 2020-06-17 18"
Say = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture
async def play(set_stage: Any, watching: Any) -> AsyncIterator[Any]:
    """A daemon that has proposed three layers."""
    play = await set_stage("alvh")
    play.stage.cboe.set_settlements(FIRST.at.date(), FIRST.settlements)
    play.stage.set_clock(FIRST.at)
    play.stage.cboe.set_quote(13.68, FIRST.at - timedelta(minutes=75))
    async with watching(play.stage.config):
        await play.until(lambda: play.firing() >= ADDS, "the three adds")
        yield play


@pytest.fixture
def say(play: Any) -> Say:
    """Return a speaker of commands, each a process of its own as a person's is."""

    async def speaker(*words: str) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "monitor", *words, "--config", str(play.stage.config)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        told, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, told.decode().strip()

    return speaker


async def test_words_are_answered_with_what_became_of_them(play: Any, say: Say) -> None:
    ids = {
        alert.rule: alert.id
        for alert in (from_json(event.payload) for event in play.store.history.events())
    }
    filled, refused, acked, snoozed, unknown = await asyncio.gather(
        say("layer", "fill", "L2", "--leg", f"{CALLS} +4 @1.60"),
        say("layer", "close", "L1"),
        say("ack", ids["L1.add"].lower()),
        say("snooze", ids["L3.add"], "2h"),
        say("ack", "000000"),
    )
    assert filled == (0, "L2 on: 4 × VIX 17 Jun 2020 18 call")
    assert refused == (1, "refused: L1 is off: there is nothing to close")
    status, told = acked
    assert status == 0
    assert told.startswith(f"{ids['L1.add']} acked by ")
    status, told = snoozed
    assert status == 0
    assert told.startswith(f"{ids['L3.add']} snoozed until 2020-02-15 00:30 UTC by ")
    status, told = unknown
    assert status == 1
    assert told.startswith("refused: no alert 000000 is firing; firing: ")
    assert play.store.inbox.unheard() == ()
    done = [from_json(event.payload) for event in play.store.history.events()]
    assert [(a.rule, a.state.value) for a in done if a.rule == "L2.add"] == [
        ("L2.add", "firing"),
        ("L2.add", "filled"),
    ]
    instances = play.state().instances
    assert instances["L1.add|book"].acked_by
    assert instances["L3.add|book"].snoozed_until == FIRST.at + timedelta(hours=2)
