"""The stream of changes: what is new and no more, whoever is slow."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from monitor.clock import ManualClock, stopwatch
from monitor.web.board import EVERY_S, Board
from monitor.web.seen import Seen
from tests.web.conftest import Given
from tests.web.moments import many


class Stopwatch:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def board(seen: Seen, **more: Any) -> tuple[Board, Given, ManualClock, Stopwatch]:
    source, clock, watch = Given(seen), ManualClock(seen.now), Stopwatch()
    return Board(source, clock=clock, boot="b00t", seconds=watch, **more), source, clock, watch


def later(seen: Seen) -> Seen:
    """Return the same five seconds on, with one more thing to tell in one section."""
    backlog = tuple(replace(one, waiting=9) for one in seen.delivered.backlog)
    delivered = replace(seen.delivered, backlog=backlog)
    return replace(seen, now=seen.now + timedelta(seconds=5), delivered=delivered)


async def frame(stream: AsyncIterator[bytes]) -> tuple[str, dict[str, str]]:
    """Return the next event's id and sections; heartbeats and hints are passed over."""
    async for raw in stream:
        fields = dict(one.split(": ", 1) for one in raw.decode().splitlines() if ": " in one)
        if fields.get("event") == "parts":
            return fields["id"], json.loads(fields["data"])["parts"]
    raise AssertionError("the stream ended")


async def turn(board: Board, watch: Stopwatch) -> None:
    """Have the board look anew."""
    watch.at += EVERY_S
    await board.page()


async def test_a_reader_is_given_all_and_then_what_changed(stormy: Seen) -> None:
    one, source, _, watch = board(stormy)
    await one.page()
    stream = one.stream("")
    stamp, parts = await frame(stream)
    assert stamp == "b00t-1"
    names = ("charts", "headline", "layers", "outbox", "positions", "rules", "signals", "sources")
    assert tuple(sorted(parts)) == names
    source.seen = later(stormy)
    await turn(one, watch)
    stamp, parts = await frame(stream)
    assert (stamp, tuple(parts)) == ("b00t-2", ("outbox",))
    assert "9 waiting" in parts["outbox"]
    await stream.aclose()  # type: ignore[attr-defined]
    assert one.readers == 0


async def test_ages_alone_are_no_news(stormy: Seen) -> None:
    one, source, _, watch = board(stormy)
    await one.page()
    source.seen = replace(stormy, now=stormy.now + timedelta(seconds=2))
    first = await one.page()
    await turn(one, watch)
    assert source.looks == 2
    assert stamped(first) == stamped(await one.page())


async def test_how_long_something_lasts_is_told_from_time_to_time(stormy: Seen) -> None:
    one, source, _, watch = board(stormy)
    first = await one.page()
    for passed in (2, 12, 16):
        source.seen = replace(stormy, now=stormy.now + timedelta(seconds=passed))
        watch.at = float(passed)
        told = await one.page()
        assert (stamped(told) == stamped(first)) is (passed < 15)


def stamped(page: str) -> str:
    return page.partition('data-stamp="')[2].partition('"')[0]


@pytest.mark.parametrize(
    ("last", "given"),
    [
        pytest.param("b00t-1", {"outbox"}, id="from where it was"),
        pytest.param("b00t-2", set(), id="it has all"),
        pytest.param("other-2", {"outbox", "positions"}, id="of another run"),
        pytest.param("b00t-99", {"outbox", "positions"}, id="of no version there is"),
        pytest.param(f"b00t-{'9' * 5_000}", {"outbox", "positions"}, id="of no number there is"),
        pytest.param("<script>", {"outbox", "positions"}, id="nonsense"),
    ],
)
async def test_a_reader_goes_on_where_it_stopped(stormy: Seen, last: str, given: set[str]) -> None:
    one, source, _, watch = board(stormy, heartbeat_s=0.01)
    await one.page()
    source.seen = later(stormy)
    await turn(one, watch)
    stream = one.stream(last)
    await anext(stream)  # the hint when to ask again
    raw = (await anext(stream)).decode()
    if not given:
        assert raw.startswith(": alive\n")
        return
    assert given <= set(json.loads(raw.partition("data: ")[2])["parts"])
    assert ('"positions"' in raw) is ("positions" in given)


async def test_a_slow_reader_holds_nobody_and_is_given_the_last_alone(stormy: Seen) -> None:
    one, source, _, watch = board(stormy)
    await one.page()
    slow = one.stream("b00t-1")
    await anext(slow)
    for waiting in range(10, 60):
        backlog = tuple(replace(b, waiting=waiting) for b in stormy.delivered.backlog)
        source.seen = replace(stormy, delivered=replace(stormy.delivered, backlog=backlog))
        await turn(one, watch)
    stamp, parts = await frame(slow)
    assert stamp == "b00t-51"
    assert set(parts) == {"outbox"}
    assert "59 waiting" in parts["outbox"]


async def test_a_heartbeat_tells_the_time_where_nothing_changes(stormy: Seen) -> None:
    one, *_ = board(stormy, heartbeat_s=0.01)
    await one.page()
    stream = one.stream("b00t-1")
    await anext(stream)
    told = (await anext(stream)).decode()
    assert told == f": alive\nevent: alive\ndata: {stormy.now.isoformat()}\n\n"


async def test_nothing_is_written_while_nobody_reads(stormy: Seen) -> None:
    one, source, clock, _ = board(stormy)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(one.run())
        await clock.advance(3_600)
        assert source.looks == 0
        stream = one.stream("")
        await anext(stream)
        await frame(stream)
        assert source.looks == 1
        running.cancel()


async def test_a_store_that_is_busy_is_told_once_and_read_again(
    stormy: Seen, caplog: pytest.LogCaptureFixture
) -> None:
    one, source, clock, _ = board(stormy)
    source.seen = None
    async with asyncio.TaskGroup() as group:
        running = group.create_task(one.run())
        stream = one.stream("")
        await anext(stream)
        reading = group.create_task(frame(stream))
        await clock.advance(10 * EVERY_S)
        assert source.looks > 5
        source.seen = stormy
        while not reading.done():
            await clock.advance(EVERY_S)
        running.cancel()
    told = [record.getMessage() for record in caplog.records if record.name == "monitor.web.board"]
    assert told == ["status page: the store is busy", "status page: it is written again"]


async def test_a_stream_that_has_nothing_to_tell_gives_no_sign_of_life(stormy: Seen) -> None:
    one, source, clock, watch = board(stormy)
    await one.page()
    stream = one.stream("b00t-1")
    await anext(stream)
    source.seen = None
    async with asyncio.TaskGroup() as group:
        running = group.create_task(one.run())
        told = group.create_task(anext(stream))
        await clock.advance(EVERY_S)
        assert await told == b": alive\nevent: dark\ndata: the store is busy\n\n"
        late = one.stream("")
        await anext(late)
        assert b"event: parts" in await anext(late)
        assert b"event: dark" in await anext(late)
        source.seen, watch.at = later(stormy), EVERY_S
        again = group.create_task(anext(stream))
        while not again.done():
            await clock.advance(EVERY_S)
        assert b"event: parts" in await again
        assert b"event: alive" in await anext(stream)
        running.cancel()


async def test_a_look_that_does_not_end_is_told(stormy: Seen) -> None:
    one, _, _, watch = board(stormy, heartbeat_s=0.01)
    await one.page()
    stream = one.stream("b00t-1")
    await anext(stream)
    assert b"event: alive" in await anext(stream)
    watch.at = 91.0
    assert b"event: dark\ndata: the last look at it has not ended" in await anext(stream)


async def test_a_closed_board_ends_its_streams(stormy: Seen) -> None:
    one, *_ = board(stormy)
    await one.page()
    stream = one.stream("b00t-1")
    await anext(stream)
    async with asyncio.TaskGroup() as group:
        rest = group.create_task(anext(stream, b"end"))
        await one.close()
        assert await rest == b"end"


async def test_a_page_of_500_positions_holds_the_loop_for_less_than_a_tenth(hand: Any) -> None:
    one, _, _, watch = board(many(hand, 500))
    await one.page()
    loop, ticks = asyncio.get_running_loop(), [stopwatch()]

    def tick() -> None:
        ticks.append(stopwatch())
        loop.call_later(0.001, tick)

    tick()
    for _ in range(3):
        await turn(one, watch)
    gaps = [after - before for before, after in pairwise(ticks)]
    assert len(gaps) > 20
    assert max(gaps) < 0.1, f"{max(gaps) * 1000:.0f} ms"
