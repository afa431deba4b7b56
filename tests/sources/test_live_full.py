"""A road that stands while its queue is full: what is cut off then is brought once it moves."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter

from monitor.clock import ManualClock
from monitor.model.observation import Block, Observation, Reorg, Snapshot, Verb, Word
from monitor.sources.live import QUEUE, Ears, Live, Polled
from monitor.store.records import Said

NOON = datetime(2020, 2, 14, 17, tzinfo=UTC)
ADAPTER: TypeAdapter[Word] = TypeAdapter(Word)


class CutOff(logging.Handler):
    """Hears that a poll was cut off."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.heard = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage().startswith(f"{self.name}: no answer within"):
            self.heard.set()


@dataclass
class Chain:
    """A chain of which each answer is another block; the last of them says what was dropped."""

    left: int
    reorg: Reorg
    given: list[Snapshot] = field(default_factory=list)

    async def snapshot(self, observed_at: datetime) -> Snapshot | None:
        number = len(self.given) + 1
        seen = Snapshot(
            chain="main",
            chain_id=1,
            observed_at=observed_at,
            block=block(number),
            positions=(),
            pools=(),
            reorg=self.reorg if number == self.left else None,
        )
        self.given.append(seen)
        return seen


def block(number: int) -> Block:
    return Block(number=number, hash=f"0x{number:064x}", timestamp=NOON)


def words(count: int) -> Sequence[Said]:
    spoken = (
        Word(id=f"w{n:03}", verb=Verb.ACK, observed_at=NOON, by="ann", alert="A17F3C")
        for n in range(count)
    )
    return [Said(id=one.id, json=ADAPTER.dump_json(one).decode(), at=NOON) for one in spoken]


async def gone_through(
    polled: Sequence[Polled], said: Sequence[Said], name: str, enough: int
) -> list[Observation]:
    """Return what comes after the road stood until a poll of that name was cut off."""
    heard = set[str]()

    def unheard() -> Iterable[Said]:
        return [one for one in said if one.id not in heard]

    ears = Ears(unheard=unheard, refuse=lambda *_: None, pulse=lambda _: ())
    live = Live(ManualClock(NOON), polled, ears=ears)
    live.least_s = 0.01
    stop, seen, cut = asyncio.Event(), list[Observation](), CutOff(name)
    logging.getLogger("monitor.sources.live").addHandler(cut)
    try:
        async with asyncio.timeout(20):
            async for one in live.observations(stop):
                await cut.heard.wait()
                seen.append(one)
                if isinstance(one, Word):
                    heard.add(one.id)
                    live.heard(one.id)
                if sum(isinstance(each, Word | Snapshot) for each in seen) == enough:
                    stop.set()
    except TimeoutError:
        pass
    finally:
        logging.getLogger("monitor.sources.live").removeHandler(cut)
    return seen


@pytest.mark.parametrize("more", [2, 40])
async def test_a_word_that_found_no_room_is_heard_later(more: int) -> None:
    said = words(QUEUE + more)
    seen = await gone_through((), said, "inbox", len(said))
    assert [one.id for one in seen if isinstance(one, Word)] == [one.id for one in said]


async def test_what_a_chain_dropped_is_told_though_its_snapshot_found_no_room() -> None:
    dropped = Reorg(ancestor=1, dropped=(block(2),))
    chain = Chain(left=QUEUE + 1, reorg=dropped)
    polled = Polled(name="main", every_s=0.001, reader=chain)
    seen = await gone_through((polled,), (), "main", QUEUE + 20)
    reorgs = [one.reorg for one in seen if isinstance(one, Snapshot) and one.reorg is not None]
    assert reorgs == [dropped]
