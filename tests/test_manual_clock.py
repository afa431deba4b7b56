import asyncio
from datetime import UTC, datetime, timedelta

from monitor.clock import ManualClock

START = datetime(2020, 3, 9, tzinfo=UTC)


async def test_sleepers_wake_in_order_and_see_their_own_instant() -> None:
    clock = ManualClock(START)
    woke: list[tuple[str, float]] = []

    async def sleeper(name: str, seconds: float, times: int = 1) -> None:
        for _ in range(times):
            await clock.sleep(seconds)
            woke.append((name, (clock.now() - START).total_seconds()))

    async with asyncio.TaskGroup() as group:
        group.create_task(sleeper("late", 3))
        group.create_task(sleeper("twice", 2, times=2))
        never = group.create_task(sleeper("cancelled", 1))
        await clock.advance(0)
        never.cancel()
        await clock.advance(3.5)
        assert woke == [("twice", 2), ("late", 3)]
        await clock.advance(0.5)
    assert woke[-1] == ("twice", 4)
    assert clock.now() == START + timedelta(seconds=4)
