"""A letter in flight at a takeover, carried for who led: it is sent once, or cut off soon."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass, field

from monitor.app.away import Outage
from monitor.app.several import Alternate
from monitor.channels.port import MemoryChannel, Message
from monitor.clock import SystemClock, stopwatch
from monitor.store.courier import Courier
from monitor.store.opening import living, open_shared
from monitor.store.postgres import Shared
from monitor.store.records import Change
from tests.app.policed import AT
from tests.app.test_several_quiet import LETTER


@dataclass
class Paced:
    """A channel whose sends wait for their turn."""

    name: str = "telegram"
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    turn: asyncio.Event = field(default_factory=asyncio.Event)
    sent: list[Message] = field(default_factory=list)

    async def send(self, message: Message) -> None:
        self.begun.set()
        await self.turn.wait()
        self.sent.append(message)


def taking_turns(shared: Shared, carried: Paced, lead: Callable[[], Awaitable[None]]) -> Alternate:
    return Alternate(
        shared=shared,
        clock=SystemClock(),
        carriers=lambda _stack: [carried],
        hush=lambda _alert, _at: False,
        lead=lead,
        outage=Outage(name="b", clock=SystemClock(), people=lambda _stack: []),
    )


async def test_a_letter_in_flight_at_a_takeover_is_sent_once(postgres_url: str) -> None:
    before, after = [open_shared(postgres_url, now=AT, name=n, lasts_s=5.0) for n in ("a", "b")]
    carried, led, leads = Paced(), MemoryChannel(name="telegram"), asyncio.Event()
    stop = asyncio.Event()

    async def lead() -> None:
        leads.set()
        await Courier(after.store, led, SystemClock(), random.random).run(stop)

    alternate = taking_turns(after, carried, lead)
    with closing(before), closing(after):
        assert before.lease.take()
        before.store.commit(Change(alerts=(LETTER,)))
        async with asyncio.timeout(20), asyncio.TaskGroup() as group:
            group.create_task(alternate.run())
            await carried.begun.wait()
            before.lease.release()
            while not any(one.leads for one in living(postgres_url)):
                await SystemClock().sleep(0.01)
            began = stopwatch()
            while not led.sent and stopwatch() - began < 0.3:
                await SystemClock().sleep(0.01)
            carried.turn.set()
            await leads.wait()
            while before.store.outbox.backlog():
                await SystemClock().sleep(0.01)
            stop.set()
    assert [one.repeat for one in (*carried.sent, *led.sent)] == [False]


async def test_a_send_that_hangs_keeps_nobody_from_the_lead(postgres_url: str) -> None:
    before, after = [open_shared(postgres_url, now=AT, name=n, lasts_s=5.0) for n in ("a", "b")]
    carried, leads, stop = Paced(), asyncio.Event(), asyncio.Event()

    async def lead() -> None:
        leads.set()
        await stop.wait()

    with closing(before), closing(after):
        assert before.lease.take()
        before.store.commit(Change(alerts=(LETTER,)))
        async with asyncio.timeout(20), asyncio.TaskGroup() as group:
            group.create_task(taking_turns(after, carried, lead).run())
            await carried.begun.wait()
            before.lease.release()
            while not any(one.leads for one in living(postgres_url)):
                await SystemClock().sleep(0.01)
            taken = stopwatch()
            await leads.wait()
            waited = stopwatch() - taken
            stop.set()
    assert waited < 2.0, "of 15 s, of which a lease just taken lasts 12"
