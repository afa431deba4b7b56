"""A long past in the inbox: taken up a few stretches at a time, and people before it."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from pydantic import TypeAdapter

from monitor.clock import ManualClock
from monitor.model.observation import Past, Verb, Word
from monitor.signals.bars import point
from monitor.sources.live import AT_ONCE, Ears, Live
from monitor.store.records import Said

NOON = datetime(2020, 2, 14, 17, tzinfo=UTC)
ADAPTER: TypeAdapter[Word | Past] = TypeAdapter(Word | Past)


@dataclass
class Inbox:
    """What lies there, in order; heard: what the road has taken up."""

    lying: list[Word | Past]
    heard: list[str] = field(default_factory=list)

    def unheard(self) -> Iterable[Said]:
        return [
            Said(id=one.id, json=ADAPTER.dump_json(one).decode(), at=NOON)
            for one in self.lying
            if one.id not in self.heard
        ]


def past(number: int) -> Past:
    day = date(2020, 1, 2)
    bars = (point(day, 15.0, datetime(2020, 1, 2, 21, 15, tzinfo=UTC)),)
    return Past(id=f"past:{number:03}", source="x", observed_at=NOON, name="vix", bars=bars)


def word(name: str) -> Word:
    return Word(id=name, verb=Verb.ACK, observed_at=NOON, by="ann", alert="A17F3C")


async def test_people_come_before_the_past_and_all_of_it_comes_once_in_order() -> None:
    inbox = Inbox([past(n) for n in range(30)] + [word("ann")])
    live = Live(
        ManualClock(NOON),
        (),
        ears=Ears(unheard=inbox.unheard, refuse=lambda *_: None, pulse=lambda _: ()),
    )
    stop, seen, most = asyncio.Event(), list[Word | Past](), 0
    async with asyncio.timeout(20):
        async for one in live.observations(stop):
            if isinstance(one, Word | Past):
                most = max(most, live._queue.qsize())
                seen.append(one)
                inbox.heard.append(one.id)
                live.heard(one.id)
            if len(seen) == 31:
                stop.set()
    assert [one.id for one in seen] == ["ann", *(f"past:{n:03}" for n in range(30))]
    assert isinstance(seen[1], Past)
    assert seen[1] == past(0)
    assert most <= AT_ONCE + 1, "and blocks are never behind a long queue of it"
