"""The token bucket and the cap, by a clock that moves when told."""

import asyncio
from datetime import UTC, datetime

import pytest

from monitor.chain.pacing import Allowance, Pace
from monitor.clock import ManualClock

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Runners:
    """Enter a pace together, and note when each was let in."""

    def __init__(self, allowance: Allowance) -> None:
        self.clock = ManualClock(present=NOON)
        self.pace = Pace(allowance, seconds=self.seconds, sleep=self.clock.sleep)
        self.let_in: list[float] = []
        self.inside = self.most_inside = 0

    def seconds(self) -> float:
        return (self.clock.now() - NOON).total_seconds()

    async def run(self, stay_s: float = 0.0) -> None:
        async with self.pace:
            self.let_in.append(self.seconds())
            self.inside += 1
            self.most_inside = max(self.most_inside, self.inside)
            if stay_s:
                await self.clock.sleep(stay_s)
            self.inside -= 1


async def test_a_burst_goes_out_and_the_rest_at_the_rate() -> None:
    runners = Runners(Allowance(rps=2, burst=3, at_once=64))
    async with asyncio.TaskGroup() as group:
        for _ in range(7):
            group.create_task(runners.run())
        await runners.clock.advance(10)
    assert runners.let_in == pytest.approx([0, 0, 0, 0.5, 1.0, 1.5, 2.0])


async def test_a_rest_gives_back_no_more_than_a_burst() -> None:
    runners = Runners(Allowance(rps=1, burst=2))
    await runners.run()
    await runners.clock.advance(3600)
    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(runners.run())
        await runners.clock.advance(5)
    assert runners.let_in == pytest.approx([0, 3600, 3600, 3601])


async def test_without_a_rate_nothing_waits() -> None:
    runners = Runners(Allowance())
    for _ in range(1_000):
        await runners.run()
    assert runners.let_in == [0.0] * 1_000


async def test_no_more_than_the_cap_are_in_flight() -> None:
    runners = Runners(Allowance(at_once=3))
    async with asyncio.TaskGroup() as group:
        for _ in range(10):
            group.create_task(runners.run(stay_s=1))
        await runners.clock.advance(10)
    assert (len(runners.let_in), runners.most_inside) == (10, 3)


async def test_one_given_up_while_it_waits_takes_nothing_with_it() -> None:
    runners = Runners(Allowance(rps=1, burst=1, at_once=2))
    await runners.run()
    waiting = asyncio.ensure_future(runners.run())
    await runners.clock.advance(0.5)
    waiting.cancel()
    await asyncio.wait([waiting])
    async with asyncio.TaskGroup() as group:
        for _ in range(2):
            group.create_task(runners.run())
        await runners.clock.advance(5)
    assert runners.let_in == pytest.approx([0, 1, 2])


async def test_a_clock_set_back_neither_gives_nor_takes() -> None:
    seconds = [100.0]

    async def sleep(wait: float) -> None:
        seconds[0] += wait

    pace = Pace(Allowance(rps=1, burst=2), seconds=lambda: seconds[0], sleep=sleep)
    async with pace:
        seconds[0] = 10.0
    async with pace:
        pass
    async with pace:
        assert seconds[0] == pytest.approx(11.0)
