"""A daemon that takes the lead while it carries a letter for who led sends that letter once."""

import asyncio
import random
from contextlib import closing
from dataclasses import dataclass, field

from monitor.app.away import Outage
from monitor.app.several import Alternate
from monitor.channels.port import MemoryChannel, Message
from monitor.clock import SystemClock, stopwatch
from monitor.store.courier import Courier
from monitor.store.opening import living, open_shared
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


async def test_a_letter_in_flight_at_a_takeover_is_sent_once(postgres_url: str) -> None:
    before, after = [open_shared(postgres_url, now=AT, name=n, lasts_s=5.0) for n in ("a", "b")]
    carried, led, leads = Paced(), MemoryChannel(name="telegram"), asyncio.Event()
    stop = asyncio.Event()

    async def lead() -> None:
        leads.set()
        await Courier(after.store, led, SystemClock(), random.random).run(stop)

    alternate = Alternate(
        shared=after,
        clock=SystemClock(),
        carriers=lambda _stack: [carried],
        hush=lambda _alert, _at: False,
        lead=lead,
        outage=Outage(name="b", clock=SystemClock(), people=lambda _stack: []),
    )
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
            while not led.sent and stopwatch() - began < 1.0:
                await SystemClock().sleep(0.01)
            carried.turn.set()
            await leads.wait()
            while before.store.outbox.backlog():
                await SystemClock().sleep(0.01)
            stop.set()
    assert [one.repeat for one in (*carried.sent, *led.sent)] == [False]
