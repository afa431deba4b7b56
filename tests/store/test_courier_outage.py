"""An outage that is over: what it put off goes out at once, but for what may have arrived."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

import pytest

from monitor.channels.port import MemoryChannel
from monitor.clock import ManualClock
from monitor.errors import Transient
from monitor.store.courier import Courier
from monitor.store.port import Store
from monitor.store.records import Change, Outgoing

Letters: TypeAlias = Callable[..., Outgoing]


@pytest.fixture
def clock(start: datetime) -> ManualClock:
    return ManualClock(start)


@pytest.fixture
def channel() -> MemoryChannel:
    return MemoryChannel(name="mqtt")


def idems(channel: MemoryChannel) -> list[str]:
    return [message.alert.idem for message in channel.sent]


async def test_once_an_outage_is_over_nothing_waits_for_its_next_try(
    store: Store, channel: MemoryChannel, clock: ManualClock, letter: Letters
) -> None:
    courier, stop = Courier(store, channel, clock, lambda: 0.5), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(courier.run(stop))
        channel.failures += [Transient("broker down")] * 18
        store.commit(Change(alerts=tuple(letter(name, key=name) for name in "abc")))
        courier.poke()
        await clock.advance(20)
        assert len(channel.failures) == 0, "six tries each, the seventh at 31.5 s"
        assert idems(channel) == []
        store.commit(Change(alerts=(letter("news", key="news"),)))
        courier.poke()
        await clock.advance(0)
        assert sorted(idems(channel)) == ["a", "b", "c", "news"]
        stop.set()


async def test_what_may_have_arrived_waits_on_when_an_outage_is_over(
    store: Store, channel: MemoryChannel, clock: ManualClock, letter: Letters
) -> None:
    courier, stop = Courier(store, channel, clock, lambda: 0.5), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(courier.run(stop))
        lost, down = Transient("no answer", ambiguous=True), Transient("broker down")
        channel.failures += [lost, *[down] * 5, lost, down]  # of a at 0 and 10 s, else of b
        store.commit(Change(alerts=(letter("a", key="a"), letter("b", key="b"))))
        courier.poke()
        await clock.advance(19)
        assert (channel.failures, idems(channel)) == ([], [])
        store.commit(Change(alerts=(letter("news", key="news"),)))
        courier.poke()
        await clock.advance(0)
        assert idems(channel) == ["news", "b"]
        stop.set()


async def test_however_many_may_have_arrived_those_that_did_not_go_out_once_it_is_over(
    store: Store, channel: MemoryChannel, clock: ManualClock, letter: Letters
) -> None:
    courier, stop = Courier(store, channel, clock, lambda: 0.9), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(courier.run(stop))
        channel.failures += [Transient("no answer", ambiguous=True)] * 40
        lost = tuple(letter(f"lost{n}", key=f"lost{n}") for n in range(40))
        store.commit(Change(alerts=lost))
        courier.poke()
        await clock.advance(0)
        channel.failures += [Transient("broker down")] * 1000
        store.commit(Change(alerts=(letter("put off", key="put off"),)))
        courier.poke()
        await clock.advance(120)
        channel.failures.clear()
        assert idems(channel) == []
        store.commit(Change(alerts=(letter("news", key="news"),)))
        courier.poke()
        await clock.advance(0)
        assert idems(channel) == ["news", "put off"]
        stop.set()
